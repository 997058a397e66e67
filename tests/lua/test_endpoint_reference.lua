-- Endpoints against R, which recomputes them from the tables alone
-- (tests/reference/endpoint.R).
local lu = require "luaunit"
local shared = require "tests.lua.endpoints"
local reference = require "tests.lua.reference"

local s = shared.study { intercurrent = {
  { "death", "Death from any cause", "adsl", date = "DTHDT" },
  { "stop", "Drug stopped", "adsl", date = "DCTDT",
    strategy = "treatment policy" } } }

local both = { "L vs P", "H vs P" }

local function define(id, def)
  local out = { parameter = "ALC", visit = "Day 29", variable = "AVAL",
    intercurrent = { death = "while alive" } }
  for key, value in pairs(def) do out[key] = value or nil end
  endpoint(id) (out)
end

define("TTEST", { analysis = "ttest", subgroups = "SEX",
  supplementary = { { "treated", population = "SAF" } } })
define("STOP", { analysis = "ttest", intercurrent = { death = "while alive",
  stop = "hypothetical" } })
define("VISITS", { visits = { "Day 8", "Day 29" }, compare = both,
  analysis = "ttest", adjust = "Holm" })
define("ANCOVA", { variable = "ln(AVAL)", subgroups = "SEX",
  analysis = { "lm", "~ ln(BASE) + TRT01P + SEX" },
  sensitivity = { { "carried", missing = "LOCF" } } })
define("DUNNETT", { compare = both, analysis = { "lm", "~ BASE + TRT01P" },
  adjust = "Dunnett" })
define("RANKS", { missing = "worst rank", analysis = "wilcoxon" })
define("SOFA", { parameter = "SOFA", variable = "CHG", analysis = "wilcoxon",
  intercurrent = { death = { "composite", AVAL = 24 } } })
define("KRUSKAL", { compare = "all arms", analysis = { "kruskal",
  exact = false } })
local responder = { variable = "AVAL >= 600", missing = "nonresponder",
  intercurrent = { death = "composite" } }
local function response(id, analysis, more)
  local def = { analysis = analysis }
  for _, part in ipairs { responder, more or {} } do
    for key, value in pairs(part) do def[key] = value end
  end
  define(id, def)
end
response("RESPONSE", { "riskdiff", ci = "Newcombe" }, { sensitivity = {
  { "exact", analysis = { "fisher", two_sided = "minlike" } } } })
response("PROPORTION", { "proportion", ci = "Clopper-Pearson" })
define("AE", { parameter = false, visit = false, data = "adae",
  where = "AETOXGR >= 3", variable = "any",
  analysis = { "fisher", two_sided = "minlike" } })
define("PAIRS", { variable = "AVAL >= 600",
  analysis = { "mcnemar", "~ I(BASE >= 600)" } })
define("MEAN", { visits = { "Day 8", "Day 29" }, variable = "ln(mean(AVAL))",
  analysis = { "lm", "~ ln(BASE) + TRT01P" } })
define("MMRM", { visits = { "Day 8", "Day 29" }, variable = "ln(AVAL)",
  missing = "at random",
  analysis = { "mmrm", "~ ln(BASE) * AVISIT + TRT01P * AVISIT" } })
define("DEATH", { parameter = "DEATH", visit = false, variable = false,
  intercurrent = { death = "outcome" },
  analysis = { "logrank", strata = "SITEID" } })

run(s)

function test_each_value_of_r()
  local n, heads = 0, true
  for line in io.lines "tests/reference/endpoint.csv" do
    local address, field, value = line:match "^(.*),([%w_]+),([^,]+)$"
    if not heads then
      reference.near(s:result(address)[field], tonumber(value), 1e-8,
        address .. "." .. field)
      n = n + 1
    end
    heads = false
  end
  lu.assertTrue(n >= 50, n)
end

os.exit(lu.LuaUnit.run())
