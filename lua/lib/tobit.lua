-- Regression of a response of which some values lie below or above a limit. The
-- numbers are C's (ts.tobit); means and contrasts are those of all models.

local NA = require "ts.na".NA
local core = require "ts.tobit"
local errors = require "ts.error"
local text = require "ts.text"
local coding = require "trialsh.model.coding"
local estimates = require "trialsh.model.estimates"
local limits = require "trialsh.limits"
local methods = require "trialsh.model.methods"
local reader = require "trialsh.model.read"
local format = require "trialsh.format"
local options = require "trialsh.options"
local result = require "trialsh.result"

local M = {}

local spec = {
  df = { { "residual", "none" }, "residual" },
  ci = { { "Wald", "profile" }, "Wald" },
  contrasts = { "any" }, reference = { "any" },
  conf_level = { "number", 0.95, above = 0, below = 1 },
  tolerance = { "number", 1e-11, above = 0, below = 1 },
}

-- Errors -----------------------------------------------------------------------

-- The levels of a category of which nothing is measured, "Placebo: all 5".
local function unmeasured(state)
  local list, place = {}, state.model:rows()
  for j, x in ipairs(state.info.x) do
    local column = x.type == "text" and state.model:column(j)
    local n, known = {}, {}
    for i = 1, column and #column or 0 do
      local level = tostring(column[i])
      n[level] = (n[level] or 0) + 1
      known[level] = known[level] or state.side[place[i]] == 0
    end
    for k = 1, x.n_level or 0 do
      local name = x.levels[k].name
      if n[name] and not known[name] then
        list[#list + 1] = ("all %d of %s"):format(n[name], name)
      end
    end
  end
  return list
end

local function fit(state, codings, opt)
  local ok, m = pcall(core.fit, state.model, codings, state.side,
    opt.tolerance, opt.df == "residual")
  if ok then return m end
  if not errors.is(m) or m.code == "interrupted" then error(m, 0) end
  local list = m.code == "degenerate" and m.message:find "no maximum"
    and unmeasured(state) or {}
  errors.fail(m.code, "tobit: " .. (#list > 0 and ("%s lie beyond their limit: "
    .. "there is no estimate; peto_prentice compares groups all the same")
    :format(table.concat(list, ", ")) or m.message))
end

-- Inference --------------------------------------------------------------------

-- By the profile likelihood; a mean holds the offsets, which a row has not.
local function profiled(state)
  return function(row, out, opt, shift)
    if out.estimate == NA or out.std_error == NA then return out end
    local r = state.core:profile(row, { mu = (opt.mu or 0) - shift,
      alternative = opt.alternative, conf_level = opt.conf_level })
    out.statistic, out.p_value = r.statistic, r.p_value
    out.conf_low, out.conf_high = r.conf_low + shift, r.conf_high + shift
    return out
  end
end

local function terms_of(state)
  local list = methods.terms(state)
  if not state.infer then return list end
  for j, term in ipairs(list) do
    local row = {}
    for i = 1, #state.fit.columns do row[i] = i == j and 1 or 0 end
    if #state.fit.aliases == 0 then
      state.infer(row, term, { conf_level = state.conf_level }, 0)
    end
  end
  return list
end

-- The result -------------------------------------------------------------------

local function beyond(fields)
  local words = {}
  if fields.n_below > 0 then
    words[1] = ("%d below %s limit"):format(fields.n_below, fields.n_below == 1
      and "its" or "their")
  end
  if fields.n_above > 0 then
    words[#words + 1] = ("%d above"):format(fields.n_above)
  end
  return #words > 0 and table.concat(words, ", ") or "none beyond a limit"
end

local function print_tobit(m, state)
  local lines = { ("%s: %s, %d row%s, %s"):format(m.method,
    text.escape(state.source), m.n, m.n == 1 and "" or "s", beyond(m)) }
  lines[2] = estimates.table(state.terms, { "term", "estimate", "std_error",
    "interval", "statistic", "p_value" }, { term = "", statistic = "t",
    interval = format.level(m.conf_level) .. " CI", p_value = "P" })
  local pieces = { ("residual SD %s"):format(format.cell(m.sigma,
      format.decimals(m.sigma))),
    ("log likelihood %s"):format(format.fixed(m.log_lik, 3)),
    m:get "df_residual" ~= NA and ("t on %d df"):format(m.df_residual)
      or "normal", state.infer and "CI and P by the profile likelihood" or nil }
  lines[#lines + 1] = result.lines(pieces)
  if m:get "note" ~= NA then lines[#lines + 1] = text.escape(m.note) end
  lines[#lines + 1] = state.left_out
  return table.concat(lines, "\n")
end

local function notes_of(state, opt)
  local notes = coding.alias_notes(state.fit)
  if opt.df == "residual" and state.fit.df == math.huge then
    notes[#notes + 1] = "as many coefficients as rows: errors are those of "
      .. "large samples"
  end
  return #notes > 0 and table.concat(notes, "; ") or NA
end

--- tobit(formula, data [, opt]) -> linear model
-- Linear model of a response of which some values lie below their limit (BLQFL
-- is Y, AVAL the limit) or above one (ALQFL), by maximum likelihood. Limits may
-- differ between rows. The response is AVAL, or ln(AVAL) for a log-normal one,
-- whose differences are ratios of geometric means.
--   df          "residual" (default): variances times n / (n - p) and t on n - p
--               degrees of freedom, so that without a value beyond a limit it is
--               lm; "none": as survreg and SAS
--   ci          "Wald" (default); "profile": intervals and P by the likelihood
--   reference, contrasts, tolerance, conf_level  as in lm
-- m:tidy(), m:term, m:glance, m:means, m:contrast, m:slope, m:anova, m:design are
-- those of lm; m.n_below and m.n_above count, m.sigma is the residual SD, m.log_lik
-- that of the response as it stands in the formula. Where all values of a group
-- lie beyond a limit there is no estimate, which is an error; an endpoint has the P
-- of peto_prentice there, and says so.
--
--   > t = { AVAL = { 3.2, 7.5, 12, 3.2, 9.1, 6.4, 21, 33 },
--   >   BLQFL = { "Y", "N", "N", "Y", "N", "Y", "N", "N" },
--   >   ARM = { "B", "B", "B", "B", "A", "A", "A", "A" } }
--   > m = tobit("ln(AVAL) ~ ARM", t, { reference = "B" })
--   > m
--   Tobit model: ln(AVAL) ~ ARM, 8 rows, 3 below their limit
--                   estimate  std_error  95 % CI             t      P
--   1  (Intercept)     1.381      0.596  -0.077 to 2.840  2.32  0.060
--   2  ARMA            1.138      0.792  -0.800 to 3.075  1.44  0.201
--   residual SD 1.05; log likelihood -9.165; t on 6 df
--   > m:contrast { "A vs B", ratio = true }
--   Tobit model, two-sided: ln(AVAL), A (n = 4) vs B (n = 4)
--   geometric means 12.4 and 4.0; ratio of geometric means 3.1, 95 % CI 0.4 to 21.6
--   t = 1.44, df = 6; P = 0.201
--
-- See also: peto_prentice, relation:detect, lm, model:means, model:contrast.
-- Tobin 1958. R: survival::survreg. SAS: PROC LIFEREG.
function M.tobit(source, data, opt)
  opt = options("tobit", opt, spec)
  local columns = type(source) == "string" and data ~= nil
    and limits.need("tobit", data) or {}
  local state = reader.read("tobit", source, data, opt, columns)
  limits.check_response("tobit", state.response)
  state.side = limits.sides("tobit", state.frame)
  state.reference = coding.references("tobit", state.info, opt.reference,
    state.trial)
  local codings = coding.codings("tobit", state.info, opt, state.reference)
  state.core = fit(state, codings, opt)
  state.fit = state.core:info()
  state.df = state.fit.df
  state.note = notes_of(state, opt)
  state.infer = opt.ci == "profile" and profiled(state) or nil
  state.terms = terms_of(state)
  local f = state.fit
  local fields = { method = "Tobit model", formula = state.source,
    response = state.response, n = f.n, n_missing = state.info.n_missing,
    n_below = f.n_below, n_above = f.n_above, n_measured = f.n_measured,
    df_residual = f.df < math.huge and f.df or NA, sigma = f.sigma,
    log_lik = f.log_lik, aic = -2 * f.log_lik + 2 * (f.rank + 1),
    rank = f.rank, ci = opt.ci, conf_level = opt.conf_level, note = state.note,
    simulated = state.simulated }
  state.method = fields.method
  local own = methods.of(state)
  own.augment, own.predict = nil, nil
  return result.model { name = "tobit", terms = state.terms, fields = fields,
    order = { "method", "n", "n_missing", "n_below", "n_above", "n_measured",
      "df_residual", "sigma", "log_lik", "aic", "ci", "conf_level", "note" },
    methods = own, print = function(m) return print_tobit(m, state) end }
end

--- tobit.specs: the options of tobit, for endpoints.
M.specs = { tobit = spec }

return M
