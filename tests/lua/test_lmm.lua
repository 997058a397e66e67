-- Linear mixed models against lme4 driven to its optimum, the definitions, and
-- themselves.
local lu = require "luaunit"
local NA = require "ts.na".NA
local reference = require "tests.lua.reference"

local near, refuses = reference.near, reference.refuses

local sleep = read("tests/data/sleepstudy.csv", { types = { USUBJID = "text" } })

local calls = {
  intercept = { "Y ~ DAY * ARM" },
  slope = { "Y ~ DAY * ARM", random = "~ DAY" },
  ["slope ml"] = { "Y ~ DAY", random = "~ DAY", method = "ML" },
  ["slope weights"] = { "Y ~ DAY", random = "~ DAY", weights = "W" },
  quadratic = { "Y ~ DAY + I(DAY^2)", random = "~ DAY" },
  flat = { "FLAT ~ DAY" },
  ["flat slope"] = { "FLAT ~ DAY", random = "~ DAY" },
  half = { "HALF ~ DAY", random = "~ DAY" },
}

local function fit(id, more)
  local opt = {}
  for key, value in pairs(calls[id]) do
    if type(key) == "string" then opt[key] = value end
  end
  for key, value in pairs(more or {}) do opt[key] = value end
  return lmm(calls[id][1], sleep, opt)
end

-- "USUBJID DAY NA" -> the covariance, from the matrix that print shows
local function covariance(m, name)
  local p = m:parameters()
  local of = {}
  for i = 1, #p do of[p.parameter[i]] = p.estimate[i] end
  if name:find "^Residual" then return of.Residual end
  local at = { ["USUBJID (Intercept) NA"] = { 1, 1 },
    ["USUBJID DAY NA"] = { 2, 2 }, ["USUBJID (Intercept) DAY"] = { 2, 1 } }
  local i, j = at[name][1], at[name][2]
  local whole = of[("UN(%d,%d)"):format(i, j)]
  if whole then return whole end
  return (of[("FA(%d,1)"):format(i)] or 0) * (of[("FA(%d,1)"):format(j)] or 0)
end

-- lme4's deviance is flat where it ends: its theta, and so variances and
-- effects, are good to 1e-7 at best.
local tolerance = { neg2_log_lik = 1e-11, estimate = 1e-8, std_error = 1e-7,
  vcov = 1e-6, effect = 1e-6, theta_error = 1e-8, df = 1e-8,
  ["Kenward-Roger"] = 1e-8 }

local function value(m, what, name)
  if what == "neg2_log_lik" then return m.neg2_log_lik end
  if what == "vcov" then return covariance(m, name) end
  if what == "theta_error" then
    return m:parameters().std_error[tonumber(name)]
  end
  if what == "effect" then
    local subject, effect = name:match "^(%S+) (.*)$"
    for r in m:effects():rows() do
      if r.USUBJID == subject then return r[effect] end
    end
  end
  if what == "Kenward-Roger" then return m:term(name).std_error end
  return m:term(name)[what]
end

function test_reference()
  local models, n = {}, 0
  for line in io.lines "tests/reference/lmm.csv" do
    local id, what, name, wanted = line:match "^([^;]*);([^;]*);([^;]*);([^;]*);"
    local roger = what == "Kenward-Roger"
    local key = id .. (roger and what or "")
    models[key] = models[key] or fit(id, roger and { df = what } or nil)
    local x = value(models[key], what, name)
    if wanted == "0" then
      lu.assertEquals(x, 0, line)
    elseif what == "estimate" then -- in standard errors, where it is near 0
      local size = math.max(math.abs(x), models[key]:term(name).std_error)
      lu.assertAlmostEquals((x - tonumber(wanted)) / size, 0, 1e-8, line)
    else
      near(x, tonumber(wanted), tolerance[what], line)
    end
    n = n + 1
  end
  lu.assertEquals(n, 148)
end

-- At the bound of the covariance matrix the note says so.
function test_bound()
  lu.assertStrContains(fit "flat".note, "the random effects have no variance")
  lu.assertStrContains(fit "flat slope".note,
    "singular, at its bound: of rank 1 for 2 effects")
  lu.assertEquals(fit "half":get "note", NA)
  local l, m = lm("FLAT ~ DAY", sleep), fit "flat"
  for _, field in ipairs { "estimate", "std_error", "df", "p_value" } do
    near(m:term "DAY"[field], l:term "DAY"[field], 1e-9, field)
  end
  for r in m:effects():rows() do lu.assertEquals(r["(Intercept)"], 0) end
  lu.assertStrContains(tostring(fit "flat slope"), "-1.000")
end

-- A random intercept is compound symmetry.
function test_intercept_is_cs()
  for _, df in ipairs { "Satterthwaite", "Kenward-Roger",
      "Kenward-Roger linear", "between-within", "residual" } do
    local a = fit("intercept", { df = df })
    local b = mmrm("Y ~ DAY * ARM", sleep, { covariance = "cs", visit = "DAY",
      df = df })
    near(a.neg2_log_lik, b.neg2_log_lik, 1e-12, df)
    for _, term in ipairs { "DAY", "ARMB", "DAY:ARMB" } do
      for _, field in ipairs { "estimate", "std_error", "df", "p_value" } do
        near(a:term(term)[field], b:term(term)[field], 1e-8, df .. field)
      end
    end
  end
end

-- Slopes and means are the model's; units and the order of rows are nothing.
function test_use()
  local m = fit "slope"
  local slopes = m:slope("DAY", { by = "ARM" })
  near(slopes.estimate[1], m:term "DAY".estimate, 1e-10)
  local c = m:contrast("B vs A", { slope = "DAY" })
  for _, field in ipairs { "estimate", "std_error", "df", "p_value" } do
    near(c[field], m:term "DAY:ARMB"[field], 1e-9, field)
  end
  local other = lmm("Y ~ DAY * ARM", sleep:mutate("Y = Y / 1000"):order "W desc",
    { random = "~ DAY" })
  near(other:term "DAY".estimate * 1000, m:term "DAY".estimate, 1e-11)
  near(other:term "DAY".df, m:term "DAY".df, 1e-8)
  lu.assertEquals(#m:effects(), 18)
  lu.assertEquals(#m:anova(), 3)
  lu.assertEquals(m:contrast("B vs A").n_1, 9)
  local text = tostring(m)
  for _, words in ipairs { "18 subjects, 163 records",
      "random effects of USUBJID: ~ DAY; REML; Satterthwaite",
      "standard deviations and correlations of random effects", "residual" } do
    lu.assertStrContains(text, words)
  end
  local robust = fit("slope", { vcov = "CR2" })
  near(robust:term "DAY".estimate, m:term "DAY".estimate, 1e-12)
end

function test_calls()
  refuses('random = "DAY"; a right side is needed', lmm, "Y ~ DAY", sleep,
    { random = "DAY" })
  refuses("nearest: DAY", lmm, "Y ~ DAY", sleep, { random = "~ DAYS" })
  refuses('which column is the subject? subject = "..." says it', lmm, "Y ~ DAY",
    { Y = { 1, 2, 3 }, DAY = { 1, 2, 3 } })
  refuses("lmm has no option covariance", lmm, "Y ~ DAY", sleep,
    { covariance = "un" })
  refuses("no variation to model", lmm, "ONE ~ DAY", sleep:mutate "ONE = 1")
  refuses("12 random effects; 8 are the most", lmm, "Y ~ DAY", sleep,
    { random = "~ factor(DAY) - 1 + W + FLAT" })
  local d = sleep:mutate "Z = case when DAY > 3 then DAY end"
  refuses("Z is missing in row", lmm, "Y ~ DAY", d, { random = "~ Z" })
end

os.exit(lu.LuaUnit.run())
