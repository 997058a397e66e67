-- Tests of a model's terms.

local NA = require "ts.na".NA
local estimates = require "trialsh.model.estimates"
local options = require "trialsh.options"

local M = {}

local words = {
  "type I: each term beside those before it",
  "type II: each term beside all that do not contain it",
  "type III: no other term left out (as SAS)",
}

-- Of models whose terms have second degrees of freedom of their own.
local function tests(state, opt)
  options(state.who, opt, { type = { "integer", 3, least = 3, below = 4 } })
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
--         anova)
-- With vcov = "HC3" or the like they are Wald tests, without sums of squares; of
-- mmrm they are of type 3 and have second degrees of freedom (df_2).
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
  opt = options(state.who, opt, { type = { "integer", 3, above = 0,
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
