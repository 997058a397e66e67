-- Tests of a model's terms.

local NA = require "ts.na".NA
local fail = require "ts.error".fail
local estimates = require "trialsh.model.estimates"
local options = require "trialsh.options"

local M = {}

local words = {
  "type I: each term beside those before it",
  "type II: each term beside all that do not contain it",
  "type III: no other term left out (as SAS)",
}

-- 2, "2" and "II" are types as well as numbers in options.
local function given(opt)
  local kinds = { I = 1, II = 2, III = 3, ["1"] = 1, ["2"] = 2, ["3"] = 3 }
  if type(opt) == "number" or type(opt) == "string" then opt = { type = opt } end
  if type(opt) ~= "table" or not kinds[opt.type] then return opt end
  local out = {}
  for key, value in pairs(opt) do out[key] = value end
  out.type = kinds[opt.type]
  return out
end

-- Of models whose terms have second degrees of freedom of their own.
local function tests(state, opt)
  opt = options(state.who, given(opt), { type = { "integer", 3 } })
  if opt.type ~= 3 then
    fail("invalid", ("%s: type = %d is for lm; tests of these models are of "
      .. "type 3, no other term left out"):format(state.who, opt.type))
  end
  local rows = {}
  for i, term in ipairs(state.fit.terms) do
    rows[i] = state.core:term(3, i)
    rows[i].term = term.name
  end
  return estimates.shown(rows, { "term", "df", "df_2", "statistic", "p_value" },
    { heads = { statistic = "F", p_value = "P" }, lines = { words[3] },
      simulated = state.simulated })
end

--- model:anova([opt]) -> frame
-- F tests of the terms of a linear model.
--   type  3 (default; that of SAS, with its rule for empty cells), 2 (each term
--         beside all that do not contain it), 1 (beside those before it, as R's
--         anova); "II" and anova(2) do as well
-- With vcov = "HC3" or the like they are Wald tests, without sums of squares,
-- of the hypotheses that the classical tests have: those of type 2 stay what
-- they are, while car::Anova(white.adjust) lets the variances change them.
-- Of mmrm they are of type 3 and have second degrees of freedom (df_2).
--
--   > d29 = demo.adlb:where { PARAMCD = "ALC", AVISIT = "Day 29" }
--   > lm("log(AVAL / BASE) ~ log(BASE) + TRT01P", d29):anova()
--      term       df     sum_sq    mean_sq     F      P
--   1  log(BASE)   1  0.0007508  0.0007508  0.01  0.914
--   2  TRT01P      2  1.140      0.5700     9.09  0.003
--   3  residuals  14  0.8778     0.06270      NA     NA
--   type III: no other term left out (as SAS)
--   SIMULATED DATA
--
-- See also: model:contrast. R: anova, car::Anova.
function M.anova(state, opt)
  if not state.fit.rss then return tests(state, opt) end
  opt = options(state.who, given(opt), { type = { "integer", 3, above = 0,
    below = 4 } })
  local rows, fit = {}, state.fit
  for i, term in ipairs(fit.terms) do
    local t = state.core:term(opt.type, i)
    t.term = term.name
    t.mean_sq = t.sum_sq ~= NA and t.df > 0 and t.sum_sq / t.df or NA
    rows[i] = t
  end
  local robust = state.vcov ~= "classical"
  rows[#rows + 1] = { term = "residuals", df = fit.df,
    sum_sq = robust and NA or fit.rss,
    mean_sq = not robust and fit.df > 0 and fit.rss ~= NA
      and fit.rss / fit.df or NA }
  local names = { "term", "df", "sum_sq", "mean_sq", "statistic", "p_value" }
  local lines = { words[opt.type] .. (robust and ", " .. state.vcov
    .. " variances" or "") }
  if fit.perfect or fit.df == 0 then lines[2] = state.note end
  return estimates.shown(rows, names, { heads = { statistic = "F",
    p_value = "P" }, lines = lines, simulated = state.simulated,
    print = robust and { "term", "df", "statistic", "p_value" } or nil })
end

return M
