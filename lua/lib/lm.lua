-- Linear models. The numbers are C's (ts.linear); here are formulas, options,
-- names, notes and text. Means and contrasts of a model are in trialsh.model.*.

local NA = require "ts.na".NA
local core = require "ts.linear"
local formulas = require "ts.formula"
local text = require "ts.text"
local coding = require "trialsh.model.coding"
local estimates = require "trialsh.model.estimates"
local methods = require "trialsh.model.methods"
local reader = require "trialsh.model.read"
local format = require "trialsh.format"
local options = require "trialsh.options"
local result = require "trialsh.result"
local with_name = require "trialsh.model.call"

local M = {}

local spec = {
  weights = { "string" },
  vcov = { { "classical", "HC0", "HC1", "HC2", "HC3", "HC4", "HC4m", "HC5" },
    "classical" },
  contrasts = { "any" }, reference = { "any" },
  conf_level = { "number", 0.95, above = 0, below = 1 },
  tolerance = { "number", 1e-11, above = 0, below = 1 },
}

local function call(...) return with_name("lm", ...) end

-- Notes ----------------------------------------------------------------------

local function notes_of(fit, info, opt, test)
  local notes = coding.alias_notes(fit)
  local function add(...) notes[#notes + 1] = string.format(...) end
  if fit.df == 0 then
    add("as many coefficients as rows: no standard errors and no tests")
  elseif fit.perfect then
    add(fit.tss == 0 and "the response is the same in all rows: there is no "
      .. "variation to test against"
      or "the fit is perfect: the residuals are rounding, there is no "
      .. "variation to test against")
  end
  if info.n_zero > 0 then
    add("%d row%s of weight 0 not used", info.n_zero,
      info.n_zero == 1 and "" or "s")
  end
  if opt.vcov == "HC0" and fit.df < 30 and fit.df > 0 then
    add("HC0 is too small in samples as small as this; HC3 is not")
  end
  if #notes == 0 and test.p_value == NA and #fit.terms > 0 then
    add("the robust variances of the coefficients are singular: there is no "
      .. "test of the whole")
  end
  return #notes > 0 and table.concat(notes, "; ") or NA
end

-- The result -----------------------------------------------------------------

local function r_squared(fit)
  if fit.unexplained == NA then return NA, NA end
  local n, constant = fit.n, fit.intercept and 1 or 0
  local r2 = 1 - fit.unexplained
  if not (fit.df > 0) then return r2, NA end
  return r2, 1 - (1 - r2) * (n - constant) / fit.df
end

local function print_lm(m, state)
  local f = state.fit
  local lines = { ("%s: %s, %d row%s"):format(m.method,
    text.escape(state.source), m.n, m.n == 1 and "" or "s") }
  lines[2] = estimates.table(state.terms, { "term", "estimate", "std_error",
    "interval", "statistic", "p_value" }, { term = "", statistic = "t",
    interval = format.level(m.conf_level) .. " CI", p_value = "P" })
  local pieces = {}
  if m:get "sigma" ~= NA then
    pieces[1] = ("residual SD %s on %d df"):format(format.cell(f.sigma,
      format.decimals(f.sigma)), f.df)
  end
  if m:get "r_squared" ~= NA and #f.terms > 0 then
    pieces[#pieces + 1] = ("R2 %s"):format(format.fixed(m.r_squared, 3))
  end
  if m:get "statistic" ~= NA then
    pieces[#pieces + 1] = ("F = %s on %d and %d df, %s"):format(
      format.fixed(m.statistic, 2), m.df, f.df, format.p_equals(m.p_value))
  end
  lines[#lines + 1] = result.lines(pieces)
  if m:get "note" ~= NA then lines[#lines + 1] = text.escape(m.note) end
  lines[#lines + 1] = state.left_out
  return table.concat(lines, "\n")
end

local order = { "method", "n", "n_missing", "df_residual", "sigma", "r_squared",
  "adj_r_squared", "statistic", "df", "p_value", "log_lik", "aic", "bic",
  "vcov", "conf_level", "note" }

local function fields_of(state, opt)
  local fit, test = state.fit, state.test
  local r2, adjusted = r_squared(fit)
  local function criterion(penalty)
    if fit.log_lik == NA then return NA end
    return -2 * fit.log_lik + penalty * (fit.rank + 1)
  end
  return { method = opt.vcov == "classical" and "Linear model"
      or ("Linear model, %s standard errors"):format(opt.vcov),
    formula = state.source, response = state.response, n = fit.n,
    n_missing = state.info.n_missing, df_residual = fit.df, sigma = fit.sigma,
    rss = fit.rss, rank = fit.rank, r_squared = r2, adj_r_squared = adjusted,
    statistic = test.statistic, df = test.df, p_value = test.p_value,
    log_lik = fit.log_lik, aic = criterion(2), bic = criterion(
      math.log(fit.n)), vcov = opt.vcov, conf_level = opt.conf_level,
    categories = coding.names(state.info), note = state.note,
    simulated = state.simulated }
end

--- lm(formula, data [, opt]) -> linear model
-- Least squares, by formulas of R: log() and ln() are natural; poly(x, 2),
-- ns(x, 3), bs(x, 5), I(), offset(), a*b, a:b, a/b, a %in% b, (a + b)^2.
--   weights     a column or expression: the inverse of the variance, up to a
--               factor; rows of weight 0 are not used
--   vcov        "classical" (default), "HC0" to "HC5", "HC4m": valid when
--               variances differ; HC3 is the one for small samples
--   reference   "Placebo", or { TRT01P = "Placebo", SEX = "F" }; the default is
--               the trial's reference, else the first level
--   contrasts   { TRT01P = "sum" }: "treatment" (default), "sum", "helmert", or
--               a matrix with a row for each level
--   conf_level  0.95
-- Columns that others give are named and have no coefficient (R drops them as
-- well; tolerance = 1e-7 drops as early as R does). Knots of splines come from
-- the rows used. m:tidy() and m:term "AGE" have the coefficients, m:glance()
-- the rest; m:means, m:contrast, m:slope, m:anova, m:predict and m:augment work
-- with the model.
-- Values of AVAL below their limit (BLQFL) are refused, unless blq says what stands
-- for them: relation:detect.
--
--   > d29 = demo.adlb:where { PARAMCD = "ALC", AVISIT = "Day 29" }
--   > m = lm("log(AVAL / BASE) ~ log(BASE) + TRT01P", d29)
--   > m
--   Linear model: log(AVAL / BASE) ~ log(BASE) + TRT01P, 18 rows
--                       estimate  std_error  95 % CI             t        P
--   1  (Intercept)         0.425      0.936  -1.583 to 2.432  0.45    0.657
--   2  log(BASE)           0.015      0.139  -0.282 to 0.313  0.11    0.914
--   3  TRT01PCYT107 LF     0.466      0.161  0.121 to 0.811   2.90    0.012
--   4  TRT01PCYT107 HF     0.621      0.147  0.305 to 0.937   4.21  0.00087
--   residual SD 0.250 on 14 df; R2 0.569; F = 6.16 on 3 and 14 df, P = 0.007
--   SIMULATED DATA
--   > m:term("log(BASE)").p_value > 0.9
--   true
--
-- See also: model:means, model:contrast, model:slope, model:anova,
-- model:predict, model:augment, ttest. R: lm. SAS: PROC GLM.
function M.lm(source, data, opt)
  opt = options("lm", opt, spec)
  local state = reader.read("lm", source, data, opt)
  state.reference = coding.references("lm", state.info, opt.reference,
    state.trial)
  local codings = coding.codings("lm", state.info, opt, state.reference)
  local function fit(model)
    local m = call(core.fit, model, codings, opt.tolerance)
    call(m.robust, m, opt.vcov)
    return m
  end
  state.core = fit(state.model)
  function state.refit(frame)
    return fit(formulas.model(source, frame, { weights = opt.weights }))
  end
  state.fit = state.core:info()
  state.df = state.fit.df > 0 and state.fit.df or NA
  state.test = state.core:whole()
  state.note = notes_of(state.fit, state.info, opt, state.test)
  state.terms, state.vcov = methods.terms(state), opt.vcov
  local fields = fields_of(state, opt)
  state.method = fields.method
  return methods.keep(result.model { name = "lm", order = order,
    terms = state.terms, fields = fields,
    methods = methods.of(state, { variances = "repeated",
      parameters = "repeated" }),
    print = function(m) return print_lm(m, state) end }, state)
end

--- lm.specs: the options of lm, for endpoints.
M.specs = { lm = spec }

return M
