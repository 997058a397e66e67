-- Comparisons of several means at once, as functions of their own.

local NA = require "ts.na".NA
local core = require "ts.multiple"
local errors = require "ts.error"
local estimates = require "trialsh.model.estimates"
local format = require "trialsh.format"
local options = require "trialsh.options"

local fail = errors.fail

local M = {}

local dunnett = { factor = { "string" }, reference = { "any" },
  alternative = { { "two-sided", "less", "greater" }, "two-sided" },
  ratio = { "boolean", false }, vcov = { "string" },
  conf_level = { "number", 0.95, above = 0, below = 1 } }
local tukey = {} -- is two-sided alone
for name, rule in pairs(dunnett) do tukey[name] = rule end
tukey.alternative = nil
tukey.variance = { { "pooled", "welch" }, "pooled" }

-- What f gives; its errors are told as those of who.
local function as(who, f, ...)
  local out = table.pack(pcall(f, ...))
  if out[1] then return table.unpack(out, 2, out.n) end
  local err = out[2]
  if errors.is(err) and err.code ~= "interrupted" then
    fail(err.code, (err.message:gsub("^lm:?%a*:", who .. ":")))
  end
  error(err, 0)
end

-- The contrasts of a linear model; the category is the formula's first.
local function contrast(who, formula, data, opt, entry)
  local m = as(who, require "trialsh.lm".lm, formula, data, { vcov = opt.vcov,
    reference = opt.reference, conf_level = opt.conf_level })
  local factor = opt.factor or m.categories[1]
  if not factor then
    local x = require "ts.formula".variables("~"
      .. require "ts.formula".parse(formula).right)[1]
    fail("invalid", ("%s: \"%s\" has no groups to compare%s"):format(who,
      formula, x and ("; factor(%s) makes groups of numbers"):format(x) or ""))
  end
  return as(who, m.contrast, m, { entry, factor = factor, adjust = who,
    ratio = opt.ratio,
    alternative = opt.alternative,
    reference = type(opt.reference) == "string" and opt.reference or nil })
end

--- dunnett(formula, data [, opt]) -> frame, of two groups a result
-- Each mean against that of the reference, with P and intervals for all of them
-- together; of least-squares means if the formula has more than the groups.
--   formula      "y ~ group", "y ~ baseline + group"
--   reference    a group; the default is the trial's, else the first
--   alternative  "two-sided" (default), "less", "greater"
--   factor       the groups, if not the formula's first category
--   ratio, vcov, conf_level  as in lm and model:contrast
-- Exact by quadrature without covariates, and with them for up to three
-- comparisons; beyond by a fixed lattice, whose error is told.
--
--   > d29 = demo.adlb:where { PARAMCD = "ALC", AVISIT = "Day 29" }
--   > dunnett("log(AVAL / BASE) ~ TRT01P", d29)
--      compare               difference  95 % CI            t  df  P adjusted
--   1  CYT107 LF vs Placebo       0.460  0.105 to 0.816  3.14  15       0.012
--   2  CYT107 HF vs Placebo       0.619  0.275 to 0.963  4.37  15       0.001
--   difference in least-squares means
--   P and CI adjusted by Dunnett
--   SIMULATED DATA
--
-- See also: tukey, lm, model:contrast. Dunnett 1955. R: multcomp::glht.
function M.dunnett(formula, data, opt)
  return contrast("dunnett", formula, data, options("dunnett", opt, dunnett),
    "reference")
end

-- Unequal variances -------------------------------------------------------------

-- Welch's comparison of two groups of a description, by the studentised range
-- of k groups.
local function welch_pair(a, b, k, opt)
  local row = { compare = a.name .. " vs " .. b.name, estimate = a.mean - b.mean,
    n_1 = a.n, n_2 = b.n, std_error = NA, df = NA, p_adjusted = NA }
  local e_1 = a.sd ~= NA and a.sd / math.sqrt(a.n)
  local e_2 = b.sd ~= NA and b.sd / math.sqrt(b.n)
  if e_1 and e_2 and math.max(e_1, e_2) > 0 then
    local most = math.max(e_1, e_2) -- squares stay in range
    local v_1, v_2 = (e_1 / most) ^ 2, (e_2 / most) ^ 2
    row.std_error = most * math.sqrt(v_1 + v_2)
    row.df = (v_1 + v_2) ^ 2 / (v_1 ^ 2 / (a.n - 1) + v_2 ^ 2 / (b.n - 1))
  end
  local t = estimates.infer(row.estimate, row.std_error, row.df, opt)
  for key, value in pairs(t) do row[key] = value end
  if row.statistic ~= NA then
    local half = core.range_quantile(k, row.df, 1 - opt.conf_level)
      / math.sqrt(2) * row.std_error
    row.p_adjusted = row.statistic == 0 and 1 or core.range_tail(k, row.df,
      math.abs(row.statistic) * math.sqrt(2))
    row.conf_low, row.conf_high = row.estimate - half, row.estimate + half
  end
  return row
end

local function games_howell(formula, data, opt)
  for _, key in ipairs { "factor", "reference", "vcov", "ratio" } do
    if opt[key] then
      fail("invalid", ("tukey: %s does not go with unequal variances"):format(
        key))
    end
  end
  local d = require "trialsh.describe".describe(formula, data)
  local t, groups = d:tidy(), {}
  if d.by == NA or d.by:find ", " then
    fail("invalid", ("tukey: \"%s\" is not \"y ~ group\": with unequal "
      .. "variances there are groups alone"):format(formula))
  end
  for i = 1, #t do
    if t.n[i] > 0 then
      groups[#groups + 1] = { name = tostring(t[d.by][i]), n = t.n[i],
        mean = t.mean[i], sd = t.sd[i] }
    end
  end
  if #groups < 2 then
    fail("degenerate", "tukey: two groups with values are needed")
  end
  local rows, lines = {}, { "difference in means; variances may differ",
    "P and CI adjusted by Games and Howell" }
  for j, b in ipairs(groups) do
    for i = j + 1, #groups do
      rows[#rows + 1] = welch_pair(groups[i], b, #groups, opt)
      if rows[#rows].std_error == NA then
        lines[3] = "no test where groups have one value or do not vary"
      end
    end
  end
  return estimates.shown(rows, { "compare", "estimate", "std_error", "df",
    "statistic", "p_value", "p_adjusted", "conf_low", "conf_high", "n_1",
    "n_2" }, { print = { "compare", "estimate", "interval", "statistic", "df",
    "p_adjusted" }, heads = { estimate = "difference", statistic = "t",
      interval = format.level(opt.conf_level) .. " CI",
      p_adjusted = "P adjusted" }, lines = lines,
    simulated = require "trialsh.data".simulated(data) or nil })
end

--- tukey(formula, data [, opt]) -> frame, of two groups a result
-- All differences of two means, with P and intervals for all of them together:
-- Tukey's honest differences, after Kramer where the groups differ in size.
--   formula  "y ~ group", "y ~ baseline + group"
--   factor   the groups, if not the formula's first category
--   variance  "pooled" (default); "welch": Games and Howell's, each difference
--             by its own variances and degrees of freedom, of groups alone
--   reference, ratio, vcov, conf_level  as in lm and model:contrast
--
--   > d29 = demo.adlb:where { PARAMCD = "ALC", AVISIT = "Day 29" }
--   > tukey("log(AVAL / BASE) ~ TRT01P", d29)
--      compare                 difference  95 % CI             t  df  P adjusted
--   1  CYT107 LF vs Placebo         0.460  0.080 to 0.841   3.14  15       0.017
--   2  CYT107 HF vs Placebo         0.619  0.251 to 0.987   4.37  15       0.001
--   3  CYT107 HF vs CYT107 LF       0.159  -0.191 to 0.509  1.18  15       0.483
--   difference in least-squares means
--   P and CI adjusted by Tukey-Kramer
--   SIMULATED DATA
--
-- See also: dunnett, lm, model:contrast. Kramer 1956. R: TukeyHSD.
function M.tukey(formula, data, opt)
  opt = options("tukey", opt, tukey)
  if opt.variance == "welch" then return games_howell(formula, data, opt) end
  return contrast("tukey", formula, data, opt, "pairwise")
end

return M
