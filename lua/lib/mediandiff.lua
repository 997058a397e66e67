-- Differences of medians.

local NA = require "ts.na".NA
local describe = require "ts.describe"
local fail = require "ts.error".fail
local linear = require "ts.linear"
local options = require "trialsh.options"
local ratio = require "trialsh.ratio"
local result = require "trialsh.result"
local sample = require "trialsh.sample"

local M = {}

local spec = {
  compare = { "string" }, reference = { "string" },
  alternative = { { "two-sided", "less", "greater" }, "two-sided" },
  mu = { "number" },
  conf_level = { "number", 0.95, above = 0, below = 1 },
}
-- Endpoints of a logarithm give ratios by themselves.
M.specs = { mediandiff = {} }
for name, rule in pairs(spec) do M.specs.mediandiff[name] = rule end
spec.ratio = { "boolean", false }

local function read(x, y, opt)
  local kind, given = sample.arguments("mediandiff", x, y, opt)
  opt = options("mediandiff", given, spec)
  local set
  if kind == "formula" then
    set = sample.formula("mediandiff", x, y, opt)
  elseif opt.compare then
    fail("invalid", "mediandiff: compare is for a formula; arrays are a vs b")
  elseif kind == "two" then
    set = sample.two("mediandiff", x, y)
  end
  if not (set and set.y) then
    fail("invalid", 'mediandiff compares two groups, "y ~ group"; describe has '
      .. "the median of one with its exact interval")
  end
  for _, side in ipairs { { set.x, set.a }, { set.y, set.b } } do
    if #side[1] == 0 then
      fail("degenerate", ("mediandiff: %s has no values%s"):format(side[2],
        set.n_missing > 0 and (" (%d missing)"):format(set.n_missing) or ""))
    end
  end
  return set, opt
end

-- Of both, their squares kept in range.
local function together(a, b)
  local most = math.max(a, b)
  return most == 0 and 0 or most * math.sqrt((a / most) ^ 2 + (b / most) ^ 2)
end

local function note_of(set, std_error, size)
  if std_error == NA then
    return ("%s has one value: without a standard error there is no test")
      :format(#set.x == 1 and set.a or set.b)
  elseif std_error == 0 then
    return "the values about both medians are equal: there is no variation to "
      .. "test against"
  elseif std_error <= 1e-15 * size then
    return "the values about both medians vary by no more than their rounding: "
      .. "there is no variation to test against"
  end
end

--- mediandiff(formula, data [, opt]) -> result
-- Difference of the medians of two groups, with the interval of Price and Bonett:
-- the variance of each median comes from two of its values, whatever the
-- distributions, of which one need not be the other moved. Arrays do as well:
-- mediandiff(a, b).
--   formula      "y ~ group"
--   compare      "A vs B": A minus B; with two groups the default is against
--                the trial's reference, else the first level
--   ratio        true: ratio of the medians, of a response that is a logarithm;
--                std_error stays that of the logarithm; mu is 1
--   alternative  "two-sided" (default), "less", "greater"
--   mu           0, the difference under the null hypothesis;  conf_level  0.95
-- The interval and the normal test agree, and want some ten values a group.
-- wilcoxon is exact; its shift is the median of all differences, which is the
-- difference of the medians only of distributions of one shape.
-- Values of AVAL below their limit (BLQFL) are refused, unless blq says what stands
-- for them: relation:detect.
--
--   > mediandiff({32, 39, 26, 35, 43, 27, 40, 37, 34, 29}, {36, 44, 47, 42, 49, 39, 46, 31, 33, 48})
--   Difference of medians, Price-Bonett, two-sided: a (n = 10) vs b (n = 10)
--   medians 34.5 and 43.0; difference in medians -8.5, 95 % CI -17.0 to 0.0
--   z = -1.97; P = 0.049
--   > mediandiff("log(AVAL) ~ TRT01P", demo.adlb:where { PARAMCD = "ALC",
--   >   AVISIT = "Day 29" }, { compare = "CYT107 HF vs Placebo", ratio = true }).estimate
--   1.8811659192825119
--
-- See also: wilcoxon, describe, ttest. Price and Bonett 2002.
-- R: statpsych::ci.median2.
function M.mediandiff(x, y, opt)
  local set, o = read(x, y, opt)
  local base = ratio.base("mediandiff", set, o)
  local mu = o.mu or base and 1 or 0
  local error_1, error_2 = describe.median_error(set.x),
    describe.median_error(set.y)
  local median_1, median_2 = describe.quantile(set.x, 0.5, 2),
    describe.quantile(set.y, 0.5, 2)
  local std_error = error_1 ~= NA and error_2 ~= NA
    and together(error_1, error_2) or NA
  local note = note_of(set, std_error, math.max(math.abs(median_1),
    math.abs(median_2)))
  local t = { statistic = NA, p_value = NA, conf_low = NA, conf_high = NA }
  if not note then
    t = linear.inference(median_1 - median_2, std_error, math.huge, {
      mu = base and math.log(mu) / math.log(base) or mu,
      alternative = o.alternative, conf_level = o.conf_level })
  end
  local fields = { method = "Difference of medians, Price-Bonett",
    estimate_name = "difference in medians", estimate = median_1 - median_2,
    std_error = std_error, statistic = t.statistic, df = NA,
    p_value = t.p_value, conf_low = t.conf_low, conf_high = t.conf_high,
    conf_level = o.conf_level, alternative = o.alternative,
    compare = set.a .. " vs " .. set.b, n = #set.x + #set.y, n_1 = #set.x,
    n_2 = #set.y, estimate_1 = median_1, estimate_2 = median_2,
    n_missing = set.n_missing, note = note or NA, mu = mu,
    variable = set.variable or NA, group = set.group or NA,
    simulated = set.simulated }
  if base then
    fields.method = "Ratio of medians, Price-Bonett"
    ratio.take(fields, base, "ratio of medians")
  end
  return result.comparison(fields, { variable = set.variable, a = set.a,
    b = set.b, estimates = base and ratio.of_what(set.variable, "medians")
      or "medians", reasons = set.reasons, unit = set.unit,
    statistic = mu == (base and 1 or 0) and "z"
      or ("z (mu = %s)"):format(require "ts.text".number(mu)) })
end

return M
