-- Rank tests of one and two samples. The numbers are C's (ts.rank); here are
-- formulas, names, notes and text.

local NA = require "ts.na".NA
local core = require "ts.rank"
local cdescribe = require "ts.describe"
local fail = require "ts.error".fail
local format = require "trialsh.format"
local options = require "trialsh.options"
local result = require "trialsh.result"
local sample = require "trialsh.sample"
local number = require "ts.text".number

local M = {}

local alternatives = { { "two-sided", "less", "greater" }, "two-sided" }
local level = { "number", 0.95, above = 0, below = 1 }

-- Notes -----------------------------------------------------------------------

local function unbounded(t, o)
  local low = t.conf_low == -math.huge and o.alternative ~= "less"
  local high = t.conf_high == math.huge and o.alternative ~= "greater"
  if not (low or high) then return nil end
  return ("too few values for a limit %s at %s"):format(
    low and high and "on either side" or low and "below" or "above",
    format.level(o.conf_level))
end

-- P and interval at mu itself: an open limit, or the rare case in which the
-- test's set of shifts has gaps.
local function at_mu(t, o)
  if t.inconsistent then
    return ("P at %s and the interval disagree: %s"):format(number(o.mu),
      t.n_zero > 0 and 'the zeros that are left out change the ranks; '
        .. 'zeros = "pratt" keeps them'
        or "the shifts that are not rejected are no single interval")
  end
  if t.low_open and t.conf_low == o.mu
    or t.high_open and t.conf_high == o.mu then
    return ("the interval ends at %s without it"):format(number(o.mu))
  end
end

-- "exact", "exact (absdev)", "normal approximation, ..."
local function manner(t, o)
  if t.exact then
    return o.two_sided == "absdev" and o.alternative == "two-sided"
      and "exact (absdev)" or "exact"
  end
  return o.continuity and "normal approximation, continuity corrected"
    or "normal approximation"
end

local function smallest_line(t, who)
  if t.p_smallest == NA then return {} end
  return { ("smallest P that %s can give: %s"):format(who,
    format.p(t.p_smallest)) }
end

-- What both kinds of result share.
local function fields_of(t, set, o, more)
  local fields = { estimate = t.estimate, std_error = NA,
    statistic = t.statistic, df = NA, p_value = t.p_value,
    conf_low = t.conf_low, conf_high = t.conf_high, conf_level = o.conf_level,
    alternative = o.alternative, n_missing = set.n_missing,
    p_smallest = t.p_smallest, z = t.z, mu = o.mu,
    two_sided = o.two_sided, variable = set.variable or NA,
    simulated = set.simulated }
  for key, value in pairs(more) do fields[key] = value end
  return fields
end

local function z_piece(t)
  return t.z ~= NA and ("z = %s"):format(format.fixed(t.z, 2)) or nil
end

-- Two samples -----------------------------------------------------------------

local wilcoxon_spec = {
  compare = { "string" }, reference = { "string" },
  alternative = alternatives, conf_level = level, mu = { "number", 0 },
  two_sided = { { "central", "absdev" }, "central" },
  exact = { "boolean" }, continuity = { "boolean", true },
}

local function two_samples(x, y, opt)
  local kind, given = sample.arguments("wilcoxon", x, y, opt)
  opt = options("wilcoxon", given, wilcoxon_spec)
  if kind == "formula" then
    return sample.formula("wilcoxon", x, y, opt), opt
  end
  if kind == "one" then
    fail("invalid", "wilcoxon compares two samples; signed_rank takes one")
  end
  if opt.compare then
    fail("invalid", "wilcoxon: compare is for a formula; arrays are a vs b")
  end
  return sample.two("wilcoxon", x, y), opt
end

local function check_two(set)
  if not set.y then
    fail("invalid", 'wilcoxon compares two groups, "y ~ group"; signed_rank '
      .. "takes one sample")
  end
  for _, side in ipairs { { set.x, set.a }, { set.y, set.b } } do
    if #side[1] == 0 then
      fail("degenerate", ("wilcoxon: %s has no values%s"):format(side[2],
        set.n_missing > 0 and (" (%d missing)"):format(set.n_missing) or ""))
    end
  end
end

local function median(column) return cdescribe.quantile(column, 0.5, 2) end

--- wilcoxon(formula, data [, opt]) -> result
-- Wilcoxon-Mann-Whitney rank-sum test of two groups, exact with ties to some
-- 140 + 140 values, else normal. Arrays do as well: wilcoxon(a, b).
--   formula      "y ~ group"
--   compare      "A vs B": A minus B; with two groups the default is against
--                the trial's reference, else the first level
--   alternative  "two-sided" (default), "less", "greater"
--   two_sided    "central" (default): twice the smaller tail; "absdev": all as
--                far from the mean (coin, SAS)
--   exact        true or false decides, true up to some 250 + 250 values, which
--                take seconds; R's default is exact below 50 + 50 without ties
--   continuity   true (default; R, SAS); false leaves the correction out of the
--                normal test (Stata)
--   mu           shift under the null hypothesis, 0
--   conf_level   0.95
-- Where all values are decimals but for 1e-9 of their last place, as 0.3 - 0.1
-- is 0.2, they tie as such; others tie when the last bits alone differ. R ties
-- identical numbers alone unless digits.rank = 7 or the like is said.
-- r.estimate is the Hodges-Lehmann shift, the median of all differences A - B;
-- the interval holds the shifts that the same test does not reject.
-- r.superiority is P(A > B), ties half; r.statistic is U, the pairs with A > B
-- (R's W); r.p_smallest the smallest P that these values can give.
-- Values of AVAL below their limit (BLQFL) are refused, unless blq says what stands
-- for them: relation:detect.
--
--   > wilcoxon({1.2, 0.8, 1.9, 2.4}, {0.4, 0.3, 0.8})
--   Wilcoxon-Mann-Whitney test, exact, two-sided: a (n = 4) vs b (n = 3)
--   medians 1.55 and 0.40; shift (Hodges-Lehmann) 1.00, 95 % CI -Inf to Inf
--   P(A > B) 0.958; P = 0.114
--   smallest P that 4 + 3 can give: 0.057
--   too few values for a limit on either side at 95 %
--   > d29 = demo.adlb:where { PARAMCD = "ALC", AVISIT = "Day 29" }
--   > wilcoxon("log(AVAL / BASE) ~ TRT01P", d29, { compare = "CYT107 HF vs Placebo" })
--   Wilcoxon-Mann-Whitney test, exact, two-sided: log(AVAL / BASE), CYT107 HF (n = 7) vs Placebo (n = 5)
--   medians 1.122 and 0.526; shift (Hodges-Lehmann) 0.597, 95 % CI 0.281 to 0.940
--   P(A > B) 1.000; P = 0.003
--   smallest P that 7 + 5 can give: 0.003
--   SIMULATED DATA
--
-- See also: signed_rank, van_elteren, kruskal, ttest. Hodges and Lehmann 1963.
-- R: wilcox.test, coin::wilcox_test. SAS: PROC NPAR1WAY.
function M.wilcoxon(x, y, opt)
  local set, o = two_samples(x, y, opt)
  check_two(set)
  local t = core.wilcoxon(set.x, set.y, { alternative = o.alternative,
    two_sided = o.two_sided, exact = o.exact, mu = o.mu,
    conf_level = o.conf_level, no_continuity = not o.continuity })
  local fields = fields_of(t, set, o, {
    method = "Wilcoxon-Mann-Whitney test, " .. manner(t, o),
    estimate_name = "shift (Hodges-Lehmann)",
    compare = set.a .. " vs " .. set.b, group = set.group or NA,
    n = t.n_1 + t.n_2, n_1 = t.n_1, n_2 = t.n_2,
    estimate_1 = median(set.x), estimate_2 = median(set.y),
    superiority = t.superiority,
    note = result.note(unbounded(t, o), at_mu(t, o)) })
  return result.comparison(fields, { variable = set.variable, a = set.a,
    b = set.b, estimates = "medians", reasons = set.reasons, unit = set.unit,
    pieces = { ("P(A > B) %s"):format(format.fixed(t.superiority, 3)),
      z_piece(t) },
    after = smallest_line(t, ("%d + %d"):format(t.n_1, t.n_2)) })
end

-- One sample ------------------------------------------------------------------

-- The differences: one array, two paired ones, or a formula "y ~ 1".
local function differences(who, x, y, opt, spec)
  local kind, given = sample.arguments(who, x, y, opt)
  opt = options(who, given, spec)
  local set
  if kind == "formula" then
    set = sample.formula(who, x, y, {})
    if set.y then
      fail("invalid", ('%s takes one sample or pairs: %s("AFTER - BEFORE ~ 1", '
        .. "data); wilcoxon compares groups"):format(who, who))
    end
  elseif kind == "one" then
    set = sample.one(who, x)
  else
    set = sample.pairs(who, x, y)
    set.pairs = true
    local frame = require "ts.frame".build({ "a", "b" }, { set.x, set.y })
    local model = require "ts.formula".model("a - b ~ 1", frame)
    set.x = model:samples()[1]
  end
  if #set.x == 0 then
    fail("degenerate", ("%s: %s has no values%s"):format(who,
      set.variable or "the sample", set.n_missing > 0
        and (" (%d missing)"):format(set.n_missing) or ""))
  end
  return set, opt
end

local function one_result(t, set, o, method, estimate_name, statistic, note)
  local used = t.n_1 - t.n_zero
  local fields = fields_of(t, set, o, { method = method,
    estimate_name = estimate_name,
    compare = set.pairs and "a vs b" or NA,
    n = t.n_1, n_1 = set.pairs and t.n_1 or NA, n_2 = set.pairs and t.n_1 or NA,
    n_zero = t.n_zero, note = note })
  return result.comparison(fields, { variable = set.variable,
    a = set.pairs and "a", b = set.pairs and "b",
    reasons = set.reasons, unit = set.unit,
    pieces = { ("%s = %s"):format(statistic, number(t.statistic)), z_piece(t) },
    after = smallest_line(t, ("%d value%s"):format(used,
      used == 1 and "" or "s")) })
end

local function zeros_note(t, o, how)
  if t.n_zero == 0 then return nil end
  return ("%d value%s of %s left out%s"):format(t.n_zero,
    t.n_zero == 1 and "" or "s", number(o.mu), how)
end

--- signed_rank(formula, data [, opt]) -> result
-- Wilcoxon's signed-rank test of one sample, or of pairs by their differences,
-- exact with ties. Arrays do as well: signed_rank(x), signed_rank(a, b) for
-- pairs.
--   formula      "AFTER - BEFORE ~ 1" or "CHG ~ 1"
--   zeros        "wilcoxon" (default) leaves values equal to mu out before
--                ranking, "pratt" after it (coin's default)
--   alternative  "two-sided" (default), "less", "greater"
--   two_sided    "central" (default), "absdev"; here they are the same
--   exact        true or false decides; SAS is exact to 20 values, R below 50
--                without ties and zeros
--   continuity   true (default); false leaves the correction out of the normal
--                test
--   mu           0;  conf_level  0.95
-- Sizes tie as the decimals that they are, as in wilcoxon; R's if identical.
-- r.estimate is the Hodges-Lehmann pseudo-median, that of the averages of all
-- pairs of values, zeros too; the interval holds the mu that the same test does
-- not reject, zeros ranked. r.statistic is V, the sum of the ranks above mu.
-- Values of AVAL below their limit (BLQFL) are refused, unless blq says what stands
-- for them: relation:detect.
--
--   > signed_rank({0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0, 2})
--   Wilcoxon signed-rank test, exact, two-sided: n = 10
--   pseudo-median (Hodges-Lehmann) 0.70, 95 % CI -0.60 to 2.05; V = 31; P = 0.359
--   smallest P that 9 values can give: 0.004
--   1 value of 0 left out before ranking
--   > signed_rank("CHG ~ 1", demo.adlb:where { PARAMCD = "ALC", AVISIT = "Day 8" }).p_value
--   0.06503629684448242
--
-- See also: wilcoxon, sign_test, ttest. Wilcoxon 1945, Pratt 1959.
-- R: wilcox.test, coin::wilcoxsign_test. SAS: PROC UNIVARIATE.
function M.signed_rank(x, y, opt)
  local set, o = differences("signed_rank", x, y, opt, M.specs.signed_rank)
  local t = core.signed_rank(set.x, { alternative = o.alternative,
    two_sided = o.two_sided, exact = o.exact, mu = o.mu,
    conf_level = o.conf_level, no_continuity = not o.continuity,
    pratt = o.zeros == "pratt" })
  local note = result.note(t.n_zero == t.n_1
      and ("all values are %s: P is 1"):format(number(o.mu))
      or zeros_note(t, o, o.zeros == "pratt" and " after ranking (Pratt)"
        or " before ranking"),
    unbounded(t, o), at_mu(t, o))
  return one_result(t, set, o, "Wilcoxon signed-rank test, " .. manner(t, o),
    "pseudo-median (Hodges-Lehmann)", "V", note)
end

--- sign_test(formula, data [, opt]) -> result
-- Sign test that a median, or that of paired differences, is mu. Exact.
--   formula      "AFTER - BEFORE ~ 1" or "CHG ~ 1"; arrays: sign_test(x),
--                sign_test(a, b) for pairs
--   alternative  "two-sided" (default), "less", "greater"
--   mu           0;  conf_level  0.95
-- r.estimate is the median, its interval goes from one value to another and has
-- at least the level asked for; values equal to mu are left out of the test
-- alone. r.statistic is the number of values above mu.
-- Values of AVAL below their limit (BLQFL) are refused, unless blq says what stands
-- for them: relation:detect.
--
--   > sign_test({0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0, 2})
--   Sign test, exact, two-sided: n = 10
--   median 0.35, 95 % CI -1.20 to 3.40; values above = 5; P = 1
--   smallest P that 9 values can give: 0.004
--   1 value of 0 left out of the test
--
-- See also: signed_rank, describe. R: binom.test. SAS: PROC UNIVARIATE.
function M.sign_test(x, y, opt)
  local set, o = differences("sign_test", x, y, opt, M.specs.sign_test)
  local t = core.sign_test(set.x, { alternative = o.alternative, mu = o.mu,
    conf_level = o.conf_level })
  local note = result.note(t.n_zero == t.n_1
      and ("all values are %s: P is 1"):format(number(o.mu))
      or zeros_note(t, o, " of the test"), unbounded(t, o))
  return one_result(t, set, o, "Sign test, exact", "median", "values above",
    note)
end

--- rank.specs: the options of each, for endpoints.
M.specs = { wilcoxon = wilcoxon_spec,
  signed_rank = { zeros = { { "wilcoxon", "pratt" }, "wilcoxon" },
    alternative = alternatives, conf_level = level, mu = { "number", 0 },
    two_sided = { { "central", "absdev" }, "central" },
    exact = { "boolean" }, continuity = { "boolean", true } },
  sign_test = { alternative = alternatives, conf_level = level,
    mu = { "number", 0 } } }

return M
