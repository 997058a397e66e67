-- Comparisons of several means at once, as functions of their own.

local errors = require "ts.error"
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
tukey.variance = { { "pooled", "welch", "T3" }, "pooled" }
dunnett.variance = { { "pooled", "welch" }, "pooled" }

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
--   variance     "pooled" (default); "welch": Dunnett's T3, each difference by
--                its own variances and degrees of freedom, of groups alone
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
  opt = options("dunnett", opt, dunnett)
  if opt.variance == "welch" then
    local trial = require "trialsh.compare".trial_of(data)
    opt.usual = trial and trial.reference
    return require "trialsh.model.unequal".compare("dunnett", formula, data,
      opt)
  end
  return contrast("dunnett", formula, data, opt, "reference")
end

--- tukey(formula, data [, opt]) -> frame, of two groups a result
-- All differences of two means, with P and intervals for all of them together:
-- Tukey's honest differences, after Kramer where the groups differ in size.
--   formula  "y ~ group", "y ~ baseline + group"
--   factor   the groups, if not the formula's first category
--   variance  "pooled" (default); "welch": Games and Howell's, each difference
--             by its own variances and degrees of freedom, of groups alone;
--             "T3": Dunnett's of these, which keeps its level in small groups
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
  if opt.variance ~= "pooled" then
    opt.pairwise = true
    return require "trialsh.model.unequal".compare("tukey", formula, data, opt)
  end
  return contrast("tukey", formula, data, opt, "pairwise")
end

return M
