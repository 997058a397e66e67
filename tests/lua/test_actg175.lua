-- ACTG 175 (2,139 patients): every value that R has for it
-- (published/r_reference.csv) of descriptions, means, ranks and linear models.
-- test_survival has its curves and log-rank tests.
local lu = require "luaunit"
local ref = require "tests.lua.reference"
local near = ref.near

local arms = { "ZDV", "ZDV+ddI", "ZDV+ddC", "ddI" }

local function published()
  return ref.values("published/r_reference.csv", "actg175")
end

local function patients()
  return ref.read "hiv/actg175.csv":mutate [[arm = case arms when 0 then 'ZDV'
    when 1 then 'ZDV+ddI' when 2 then 'ZDV+ddC' else 'ddI' end]]
    :levels { arm = arms }
end

-- Compares each value of a table with f(key); all of them are known.
local function compare(values, f, least)
  local count = 0
  for key, value in pairs(values) do
    near(f(key), value, 1e-11, key)
    count = count + 1
  end
  lu.assertTrue(count >= least, count .. " values")
end

TestActg175 = {}

function TestActg175.test_summaries()
  local values, data = published().summary, patients()
  compare(values, function(key)
    local name, arm = key:match "^n (%w+) nonmissing (.*)$"
    if name then return describe(name .. " ~ arm", data):group(arm).n end
    local what, column, of = key:match "^(%w+) (%w+) (.*)$"
    return describe(column .. " ~ arm", data):group(of)[what]
  end, 52)
end

function TestActg175.test_missing_values()
  local data, counts = patients(), published().counts
  local d = describe("cd496 ~ arm", data)
  for _, arm in ipairs(arms) do
    local group = d:group(arm)
    lu.assertEquals(group.n + group.n_missing, counts["n " .. arm])
  end
end

-- change of CD4 by any combination against zidovudine alone
function TestActg175.test_welch()
  local values, data = published(), patients()
  local r = ttest("cd420 - cd40 ~ treat", data, { compare = "0 vs 1" })
  compare(values["Welch t cd420-cd40 by treat"], function(key)
    return key == "t" and r.statistic or r[key]
  end, 2)
  near(r.p_value, values["Welch t"].p, 1e-11)
  lu.assertEquals({ r.n, r.compare }, { 2139, "0 vs 1" })
  -- the default is against the first level
  local s = ttest("cd420 - cd40 ~ treat", data)
  lu.assertEquals({ s.compare, s.estimate, s.p_value },
    { "1 vs 0", -r.estimate, r.p_value })
end

-- beyond the exact limit R's normal approximation
function TestActg175.test_wilcoxon()
  local values, data = published(), patients()
  local function test(mu)
    return wilcoxon("cd420 - cd40 ~ treat", data, { compare = "0 vs 1",
      mu = mu })
  end
  local r = test(0)
  compare(values["Wilcoxon cd420-cd40 by treat"], function(key)
    return key == "W" and r.statistic or r.p_value
  end, 2)
  lu.assertStrContains(r.method, "normal approximation, continuity corrected")
  lu.assertEquals(r.p_smallest, NA)
  -- the median of 532 x 1607 differences, and limits at which P passes 0.05
  lu.assertEquals({ r.estimate, r.conf_low, r.conf_high }, { -45, -55, -34 })
  for limit, inward in pairs { [r.conf_low] = 0.5, [r.conf_high] = -0.5 } do
    lu.assertTrue(test(limit - inward).p_value <= 0.05)
    lu.assertTrue(test(limit + inward).p_value > 0.05)
  end
end

function TestActg175.test_ancova()
  local values, m = published(), lm("cd420 ~ cd40 + arm", patients())
  compare(values["ANCOVA cd420~cd40+arm"], function(key)
    local term, what = key:match "^(.*) (%w+)$"
    if term == "residual" then return m.sigma end
    return m:term(term)[what == "est" and "estimate" or "std_error"]
  end, 11)
  lu.assertEquals({ m.n, m.df_residual, m.n_missing }, { 2139, 2134, 0 })
  local t, row = m:means "arm", {}
  for i = 1, #t do row[t.arm[i]] = t:row(i) end
  compare(values["ANCOVA lsmeans at mean cd40"], function(arm)
    return row[arm].estimate
  end, 4)
  compare(values["ANCOVA lsmeans se"], function(arm)
    return row[arm].std_error
  end, 4)
end

-- Beyond 1e-16 the largest of several is still above each and below their sum;
-- Tukey's is that of equal numbers, which nearly hold here.
function TestActg175.test_joint_tails()
  local m = lm("cd420 ~ factor(arms) + cd40", ref.read "hiv/actg175.csv")
  local t = m:contrast("pairwise", { adjust = "mvt" })
  local tukey = m:contrast("pairwise", { adjust = "Tukey" })
  for i = 1, #t do
    local p = t.p_adjusted[i]
    lu.assertTrue(p >= t.p_value[i] and p <= math.min(1, 6 * t.p_value[i]))
    lu.assertAlmostEquals(p / tukey.p_adjusted[i], 1, 0.01)
  end
  lu.assertTrue(t.p_adjusted[1] < 1e-21)
end

os.exit(lu.LuaUnit.run())
