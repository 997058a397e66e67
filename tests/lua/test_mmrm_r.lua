-- Models for repeated measures against R: tests/reference/mmrm.R and mmrm_more.R,
-- which have the definitions and no code in common with ours.
local lu = require "luaunit"
local reference = require "tests.lua.reference"

-- Of each set the file, its visits, the formula and the column of time.
local sets = {
  ortho = { "orthodont", { "age 8", "age 10", "age 12", "age 14" },
    "DIST ~ SEX + AVISIT", "DAY", "SEX" },
  chick = { "chick", { "day 02", "day 06", "day 10", "day 14", "day 18",
    "day 21" }, "LOGW ~ DIET * AVISIT" },
  dialyzer = { "dialyzer", { "V1", "V2", "V3", "V4", "V5", "V6", "V7" },
    "RATE ~ QB * AVISIT", "PRESSURE", "QB" },
  rats = { "rats", { "day 01", "day 08", "day 15", "day 22", "day 29", "day 36",
    "day 44", "day 50", "day 57", "day 64" }, "GRAMS ~ DIET * WEEK", "WEEK",
    "DIET" },
}
local data = {}
for name, set in pairs(sets) do
  data[name] = read("tests/data/" .. set[1] .. ".csv"):levels {
    AVISIT = set[2] }
end

-- "ortho ar1h group" -> the call
local function fit(id, opt)
  local set, covariance, more = id:match "^(%S+) (%S+) ?(%S*)$"
  local call = { covariance = covariance }
  if covariance:find "^sp_" then call.time = sets[set][4] end
  if more == "ml" then call.method = "ML" end
  if more == "group" then call.group = sets[set][5] end
  if more == "weights" then call.weights = "W" end
  for key, value in pairs(opt) do call[key] = value end
  return mmrm(id == "dialyzer un ml" and "RATE ~ QB + AVISIT" or sets[set][3],
    data[set], call)
end

-- Estimates to 1e-8. The reference has the second derivatives of the
-- likelihood, and so errors of parameters and degrees of freedom, by
-- differences: good to 1e-7 (their own disagreement with 26 exactly).
local tolerance = { neg2_log_lik = 1e-11, theta = 1e-8, theta_error = 1e-7,
  estimate = 1e-8, std_error = 1e-8, df = 1e-7, ["F statistic"] = 1e-7,
  ["F df_2"] = 1e-6 }

local models = {}
local function model(id, method)
  local key = id .. method
  if not models[key] then
    local opt = {}
    if method:find "^CR" then opt.vcov = method
    elseif method ~= "-" then opt.df = method end
    models[key] = fit(id, opt)
  end
  return models[key]
end

local function value(m, what, name)
  if what == "neg2_log_lik" then return m.neg2_log_lik end
  if what == "theta" then return m:parameters().estimate[tonumber(name)] end
  if what == "theta_error" then
    return m:parameters().std_error[tonumber(name)]
  end
  local field = what:match "^F (.*)$"
  if not field then return m:term(name)[what] end
  for row in m:anova():rows() do
    if row.term == name then return row[field] end
  end
end

TestR = {}

local function check(file)
  local n = 0
  for line in io.lines("tests/reference/" .. file .. ".csv") do
    local id, method, what, name, wanted =
      line:match "^([^;]*);([^;]*);([^;]*);([^;]*);([^;]*);"
    -- adjusted errors have second derivatives in them
    local adjusted = what == "std_error" and method:find "^Kenward"
    reference.near(value(model(id, method), what, name), tonumber(wanted),
      adjusted and 1e-7 or tolerance[what], line)
    n = n + 1
  end
  return n
end

function TestR.test_all() lu.assertEquals(check "mmrm", 2361) end

function TestR.test_more() lu.assertEquals(check "mmrm_more", 2742) end

os.exit(lu.LuaUnit.run())
