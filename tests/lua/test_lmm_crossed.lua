-- Nested and crossed random effects against the definitions (which the script
-- that made them holds against lme4, lmerTest and pbkrtest), and themselves.
local lu = require "luaunit"
local reference = require "tests.lua.reference"

local near, refuses = reference.near, reference.refuses

local function data(name)
  return read("tests/data/" .. name .. ".csv", { types = name == "cake"
    and { replicate = "text", temp = "text" } or name == "sleepstudy"
    and { USUBJID = "text" } or nil })
end

local penicillin, pastes = data "penicillin", data "pastes"
local cake, sleep = data "cake", data "sleepstudy"

local plates = { "~ 1 | plate", "~ 1 | sample" }
local halves = "~ 1 | replicate/recipe"

local calls = {
  penicillin = { "diameter ~ 1", penicillin, random = plates },
  ["penicillin ml"] = { "diameter ~ 1", penicillin, random = plates,
    method = "ML" },
  pastes = { "strength ~ 1", pastes, random = "~ 1 | batch/cask" },
  cake = { "angle ~ recipe * temp", cake, random = halves },
  unbalanced = { "angle ~ recipe + temp", cake:where "KEEP = 1",
    random = halves },
  apart = { "Y ~ DAY", sleep, random = { "~ 1", "~ DAY - 1" } },
  ["crossed slope"] = { "Y ~ DAY", sleep,
    random = { "~ DAY | USUBJID", "~ 1 | W" } },
}

local function fit(id, more)
  local opt = {}
  for key, value in pairs(calls[id]) do
    if type(key) == "string" then opt[key] = value end
  end
  for key, value in pairs(more or {}) do opt[key] = value end
  return lmm(calls[id][1], calls[id][2], opt)
end

-- Places of parameters in the reference: those of R are by columns.
local function parameter(m, field, name)
  return m:parameters()[field][tonumber(name)]
end

local function value(m, what, name)
  if what == "neg2_log_lik" then return m.neg2_log_lik end
  if what == "theta" then return parameter(m, "estimate", name) end
  if what == "theta_error" then return parameter(m, "std_error", name) end
  if what == "effect" then
    local of, level, effect = name:match "^(%S+) (%S+) (.*)$"
    if of:find ":" then -- R's order of the names
      of, level = calls[m.random:find "batch" and "pastes" or "cake"]
        .random:match "| (%S+)$":gsub("/", ":"), level
    end
    local first, second = of:match "^(.*):(.*)$"
    -- of subjects, "apart" has two terms
    for r in m:effects(effect == "DAY" and m.random:find "DAY %- 1" and 2
        or of):rows() do
      local own = r[of]
      if own == level or first and own == level:gsub("^(.*):(.*)$", "%2:%1") then
        return r[effect]
      end
    end
  end
  if what == "Kenward-Roger" then return m:term(name).std_error end
  if what == "F" or what == "df_2" then
    for r in m:anova():rows() do
      if r.term == name then return r[what == "F" and "statistic" or what] end
    end
  end
  return m:term(name)[what]
end

local tolerance = { neg2_log_lik = 1e-11, effect = 1e-8, F = 1e-8 }

function test_reference()
  local models, n = {}, 0
  for line in io.lines "tests/reference/lmm_crossed.csv" do
    local id, what, name, wanted = line:match "^([^;]*);([^;]*);([^;]*);([^;]*);"
    local roger = what == "Kenward-Roger" or what == "F" or what == "df_2"
    local key = id .. (roger and "KR" or "")
    models[key] = models[key] or fit(id, roger and { df = "Kenward-Roger" })
    local m = models[key]
    local x = value(m, what, name)
    lu.assertTrue(m.gradient < 1e-8, id)
    if what == "estimate" or what == "effect" then -- near 0 some of them
      local size = math.max(math.abs(x), m:term "(Intercept)".std_error)
      lu.assertAlmostEquals((x - tonumber(wanted)) / size, 0, 1e-8, line)
    else
      near(x, tonumber(wanted), tolerance[what] or 1e-8, line)
    end
    n = n + 1
  end
  lu.assertEquals(n, 220)
end

-- A term whose variance is 0 leaves the model of the others.
function test_bound()
  local d = pastes:by "batch":mutate "CENTRE = strength - mean(strength) + 60"
  for _, df in ipairs { "Satterthwaite", "Kenward-Roger", "residual" } do
    local both = lmm("CENTRE ~ cask", d, { random = "~ 1 | batch/cask", df = df })
    local one = lmm("CENTRE ~ cask", d, { random = "~ 1 | batch:cask", df = df })
    lu.assertStrContains(both.note,
      "the random effects of batch have no variance, its bound")
    near(both.neg2_log_lik, one.neg2_log_lik, 1e-12)
    lu.assertEquals(both.n_parameters, 2)
    for _, field in ipairs { "estimate", "std_error", "df", "p_value" } do
      near(both:term "caskb"[field], one:term "caskb"[field], 1e-9, field)
    end
    for r in both:effects "batch":rows() do
      lu.assertEquals(r["(Intercept)"], 0)
    end
  end
end

-- Four rows are enough for two crossed terms; without a fixed effect the mean
-- has the degrees of freedom that Satterthwaite gives.
function test_small()
  local d = { Y = { 1, 2, 3.5, 4 }, A = { "a", "a", "b", "b" },
    B = { "x", "y", "x", "y" } }
  local m = lmm("Y ~ 1", d, { random = { "~ 1 | A", "~ 1 | B" } })
  -- mean squares of the two ways, and of what is left
  local a, b, rest = 2.25 ^ 2, 0.75 ^ 2, 0.25 ^ 2
  local v = (a + b - rest) / 4
  near(m:term "(Intercept)".std_error, math.sqrt(v), 1e-9)
  near(m:term "(Intercept)".df, (a + b - rest) ^ 2 / (a ^ 2 + b ^ 2 + rest ^ 2),
    1e-9)
  refuses("A:B of its own", lmm, "Y ~ 1", d, { random = "~ 1 | A/B" })
end

-- Ways to write one model, orders of rows and terms, units.
function test_same()
  local a = fit "pastes"
  local others = { { "~ 1 | batch", "~ 1 | batch:cask" },
    { "~ 1 | cask:batch", "~ 1 | batch" }, "~1|`batch`/`cask`" }
  for _, random in ipairs(others) do
    local b = lmm("strength ~ 1", pastes:order "strength desc",
      { random = random })
    near(b.neg2_log_lik, a.neg2_log_lik, 1e-12)
    near(b:term "(Intercept)".df, a:term "(Intercept)".df, 1e-9)
  end
  local one = lmm("Y ~ DAY", sleep, { random = "~ DAY" })
  local same = lmm("Y ~ DAY", sleep, { random = "~ DAY | USUBJID" })
  lu.assertEquals(tostring(one), tostring(same))
  local b = lmm("D ~ 1", penicillin:mutate "D = diameter / 1000",
    { random = plates })
  near(b:term "(Intercept)".estimate * 1000, fit "penicillin":term "(Intercept)".estimate, 1e-11)
  near(b:term "(Intercept)".df, fit "penicillin":term "(Intercept)".df, 1e-9)
end

-- Means, contrasts and tests are those of the other models.
function test_use()
  local m = fit("cake", { df = "Kenward-Roger" })
  local means = m:means "recipe"
  lu.assertEquals(#means, 3)
  local c = m:contrast("B vs A", { factor = "recipe" })
  near(c.estimate, means.estimate[2] - means.estimate[1], 1e-12)
  near(c.df, 28, 1e-8)
  local text = tostring(m)
  for _, words in ipairs { "15 levels of replicate, 45 levels of "
      .. "replicate:recipe, 270 records", "random effects ~ 1 | replicate, "
      .. "~ 1 | replicate:recipe", "standard deviations of random effects" } do
    lu.assertStrContains(text, words)
  end
  local p = m:parameters().parameter
  lu.assertEquals({ p[1], p[2], p[3] }, { "UN(1,1) replicate",
    "UN(1,1) replicate:recipe", "Residual" })
end

function test_calls()
  refuses("USUBJID:DAY of its own: nothing tells the variance", lmm, "Y ~ DAY",
    sleep, { random = "~ 1 | USUBJID:DAY" })
  refuses("ONE has one level: nothing tells a variance among its levels", lmm,
    "Y ~ DAY", sleep:mutate "ONE = 1", { random = "~ 1 | ONE" })
  refuses("do not tell the random effects from each other", lmm, "Y ~ DAY",
    sleep, { random = { "~ 1", "~ 1 | USUBJID" } })
  refuses("the fixed effects already fit (Intercept) at each level of USUBJID",
    lmm, "Y ~ USUBJID", sleep)
  refuses("already fit DAY at each level of ARM: nothing tells its variance",
    lmm, "Y ~ DAY * ARM", sleep, { random = { "~ 1", "~ DAY - 1 | ARM" } })
  refuses("nearest: USUBJID", lmm, "Y ~ DAY", sleep, { random = "~ 1 | USUBID" })
  refuses("ARM is there twice", lmm, "Y ~ DAY", sleep,
    { random = "~ 1 | ARM/ARM" })
  refuses("one bar at most", lmm, "Y ~ DAY", sleep, { random = "~ 1 | ARM | W" })
  refuses("random is an empty list", lmm, "Y ~ DAY", sleep, { random = {} })
  refuses("random is text such as", lmm, "Y ~ DAY", sleep, { random = 3 })
  refuses("columns are needed behind the bar", lmm, "Y ~ DAY", sleep,
    { random = "~ 1 | ARM + W" })
  refuses("of subjects alone", lmm, "diameter ~ 1", penicillin,
    { random = plates, df = "between-within" })
  refuses("a sandwich needs independent ones", lmm, "diameter ~ 1", penicillin,
    { random = plates, vcov = "CR2" })
  refuses("which term? There are plate, sample", fit "penicillin".effects,
    fit "penicillin")
  refuses("nearest: sample", fit "penicillin".effects, fit "penicillin", "sampel")
  refuses("which column is the subject?", lmm, "diameter ~ 1", penicillin)
end

os.exit(lu.LuaUnit.run())
