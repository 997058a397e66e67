-- t tests.

local NA = require "ts.na".NA
local fail = require "ts.error".fail
local location = require "ts.location"
local options = require "trialsh.options"
local ratio = require "trialsh.ratio"
local result = require "trialsh.result"
local sample = require "trialsh.sample"

local M = {}

local spec = {
  compare = { "string" }, reference = { "string" },
  variance = { { "welch", "pooled" }, "welch" },
  alternative = { { "two-sided", "less", "greater" }, "two-sided" },
  mu = { "number" },
  conf_level = { "number", 0.95, above = 0, below = 1 },
  paired = { "boolean", false },
}
-- Endpoints of a logarithm give ratios by themselves.
M.specs = { ttest = {} }
for name, rule in pairs(spec) do M.specs.ttest[name] = rule end
spec.ratio = { "boolean", false }

local function read(x, y, opt)
  local kind, given = sample.arguments("ttest", x, y, opt)
  opt = options("ttest", given, spec)
  if kind == "formula" then
    if opt.paired then
      fail("invalid", 'ttest: a formula pairs by a difference: '
        .. 'ttest("AFTER - BEFORE ~ 1", data); paired = true is for two arrays')
    end
    return sample.formula("ttest", x, y, opt), opt
  end
  if opt.compare then
    fail("invalid", "ttest: compare is for a formula; arrays are a vs b")
  end
  if kind == "one" then
    if opt.paired then fail("invalid", "ttest: paired needs two arrays") end
    return sample.one("ttest", x), opt
  end
  return (opt.paired and sample.pairs or sample.two)("ttest", x, y), opt
end

local function check_values(set)
  for column, name in pairs { [set.x] = set.a or set.variable or "the sample",
    [set.y or set.x] = set.b } do
    if #column == 0 then
      fail("degenerate", ("ttest: %s has no values%s"):format(name,
        set.n_missing > 0 and (" (%d missing)"):format(set.n_missing) or ""))
    end
  end
end

local function method_of(set, opt)
  if not set.y then return "One-sample t test", "mean" end
  if opt.paired then return "Paired t test", "mean difference" end
  if opt.variance == "pooled" then
    return "Student t test, pooled variance", "difference in means"
  end
  return "Welch t test", "difference in means"
end

-- Why there is no test, in words.
local function note_of(t, set, opt)
  local function same(what)
    return t.std_error == 0 and ("all %s are equal"):format(what)
      or ("the %s vary by no more than their rounding"):format(what)
  end
  if t.reason == "one" then
    if not set.y or opt.paired then
      return "one value has no standard deviation: the test needs two"
    end
    return ("%s has one value: without a standard deviation there is no test")
      :format(t.n_1 == 1 and set.a or set.b)
  end
  if t.reason == "constant" then
    if not set.y then
      return same("values") .. ": there is no variation to test against"
    end
    if opt.paired then
      return same("differences") .. ": there is no variation to test against"
    end
    if t.std_error == 0 then
      return ("all values of %s are equal, and all of %s: there is no "
        .. "variation to test against"):format(set.a, set.b)
    end
    return ("%s and %s vary by no more than the rounding of their values: "
      .. "there is no variation to test against"):format(set.a, set.b)
  end
end

--- ttest(formula, data [, opt]) -> result
-- Tests and estimates a difference of two means, or one mean. Arrays do as
-- well: ttest(a, b), ttest(a, b, { paired = true }), ttest(a).
--   formula      "y ~ group"; "y ~ 1" for one mean, "after - before ~ 1" paired
--   compare      "A vs B": A minus B; with two groups the default is against
--                the trial's reference, else the first level
--   variance     "welch" (default) or "pooled"
--   alternative  "two-sided" (default), "less", "greater"
--   mu           0, the mean or difference under the null hypothesis
--   ratio        true: geometric means and their ratio, of a response that is a
--                logarithm; std_error stays that of the logarithm; mu is 1
--   conf_level   0.95;  paired  false;  reference  a group, for the default
-- Rows with a missing value are left out and counted in n_missing.
-- Values of AVAL below their limit (BLQFL) are refused, unless blq says what stands
-- for them: relation:detect.
--
--   > ttest({1.2, 0.8, 1.9}, {0.4, 0.3, 0.8})
--   Welch t test, two-sided: a (n = 3) vs b (n = 3)
--   means 1.30 and 0.50; difference in means 0.80, 95 % CI -0.36 to 1.96
--   t = 2.25, df = 2.9; P = 0.115
--   > ttest({5.1, 4.7, 5.6}, { mu = 5, alternative = "greater" }).p_value > 0.3
--   true
--   > d29 = demo.adlb:where { PARAMCD = "ALC", AVISIT = "Day 29" }
--   > ttest("log(AVAL / BASE) ~ TRT01P", d29, { compare = "CYT107 HF vs Placebo" })
--   Welch t test, two-sided: log(AVAL / BASE), CYT107 HF (n = 7) vs Placebo (n = 5)
--   means 1.146 and 0.527; difference in means 0.619, 95 % CI 0.298 to 0.940
--   t = 4.31, df = 9.9; P = 0.002
--   SIMULATED DATA
--
-- See also: mediandiff, wilcoxon, smd, describe. Welch 1947. R: t.test. SAS: PROC TTEST.
function M.ttest(x, y, opt)
  local set, o = read(x, y, opt)
  check_values(set)
  local base = ratio.base("ttest", set, o)
  local mu = o.mu or base and 1 or 0
  local t = location.ttest(set.x, set.y, { alternative = o.alternative,
    pooled = o.variance == "pooled", paired = o.paired,
    mu = base and math.log(mu) / math.log(base) or mu, conf_level = o.conf_level })
  local method, estimate_name = method_of(set, o)
  local two = set.y ~= nil
  local fields = {
    method = method, estimate_name = estimate_name, estimate = t.estimate,
    std_error = t.std_error, statistic = t.statistic, df = t.df,
    p_value = t.p_value, conf_low = t.conf_low, conf_high = t.conf_high,
    conf_level = o.conf_level, alternative = o.alternative,
    compare = two and set.a .. " vs " .. set.b or NA,
    n = (two and not o.paired) and t.n_1 + t.n_2 or t.n_1,
    n_1 = two and t.n_1 or NA, n_2 = two and t.n_2 or NA,
    estimate_1 = two and t.estimate_1 or NA,
    estimate_2 = two and t.estimate_2 or NA,
    n_missing = set.n_missing, note = note_of(t, set, o) or NA,
    sd_1 = t.sd_1, sd_2 = two and t.sd_2 or NA, mu = mu,
    variable = set.variable or NA, group = set.group or NA,
    simulated = set.simulated,
  }
  if base then
    ratio.take(fields, base, two and "ratio of geometric means"
      or "geometric mean")
  end
  return result.comparison(fields, { variable = set.variable, a = set.a,
    b = set.b, estimates = base
      and ratio.of_what(set.variable, "geometric means") or "means",
    reasons = set.reasons, unit = set.unit,
    statistic = mu == (base and 1 or 0) and "t"
      or ("t (mu = %s)"):format(require "ts.text".number(mu)) })
end

return M
