-- Cox's regression of hazards. The numbers are C's (ts.cox); contrasts are those
-- of all models, here of log hazards, whose differences are hazard ratios.

local NA = require "ts.na".NA
local core = require "ts.cox"
local text = require "ts.text"
local fail = require "ts.error".fail
local coding = require "trialsh.model.coding"
local estimates = require "trialsh.model.estimates"
local methods = require "trialsh.model.methods"
local reader = require "trialsh.model.read"
local call = require "trialsh.model.call"
local format = require "trialsh.format"
local options = require "trialsh.options"
local result = require "trialsh.result"

local M = {}

local spec = {
  ties = { { "Efron", "Breslow", "exact" }, "Efron" },
  ci = { { "Wald", "profile" }, "Wald" },
  contrasts = { "any" }, reference = { "any" },
  conf_level = { "number", 0.95, above = 0, below = 1 },
  tolerance = { "number", 1e-11, above = 0, below = 1 },
}

-- Inference --------------------------------------------------------------------

-- By the profile likelihood where that is asked for, and where there is no finite
-- estimate, of which there is no other test.
local function inference_of(state, opt)
  return function(row, out, given, shift)
    out.df = math.huge
    if out.estimate == NA then return out end
    if opt.ci == "profile" or math.abs(out.estimate) == math.huge then
      local r = state.core:profile(row, { mu = (given.mu or 0) - shift,
        alternative = given.alternative, conf_level = given.conf_level })
      out.statistic, out.p_value = r.statistic, r.p_value
      out.conf_low, out.conf_high = r.conf_low + shift, r.conf_high + shift
      if out.conf_low == -math.huge and out.conf_high == math.huge then
        -- it runs off with others, and may go either way
        for _, key in ipairs { "estimate", "statistic", "p_value", "conf_low",
          "conf_high" } do out[key] = NA end
      end
    end
    return out
  end
end

-- The coefficients, which are log hazard ratios; the intercept is none.
local function terms_of(state)
  local list, given = {}, { conf_level = state.conf_level }
  for j, column in ipairs(state.fit.columns) do
    if column.term ~= 0 then
      local estimate, std_error = state.core:coefficient(j)
      local term = estimates.infer(estimate, std_error, math.huge, given)
      state.infer(estimate ~= NA and state.core:row(j), term, given, 0)
      term.df, term.term = nil, column.name
      term.statistic_name, term.estimate_name = "z", "log hazard ratio"
      term.note = (column.aliased or std_error == NA) and state.note or nil
      list[#list + 1] = term
    end
  end
  return list
end

-- Notes --------------------------------------------------------------------------

local function names_of(list)
  if #list > 6 then
    list = { list[1], list[2], list[3], "...", list[#list] }
  end
  return table.concat(list, ", ")
end

local function notes_of(state)
  local fit = state.fit
  local notes, known, idle, infinite = coding.alias_notes(fit), {}, {}, {}
  for _, alias in ipairs(fit.aliases) do known[alias.column] = true end
  for j, column in ipairs(fit.columns) do
    if column.term ~= 0 and column.aliased and not known[j] then
      idle[#idle + 1] = column.name
    elseif column.term ~= 0 and not column.aliased
      and math.abs(state.core:coefficient(j)) == math.huge then
      infinite[#infinite + 1] = column.name
    end
  end
  if #idle > 0 then
    notes[#notes + 1] = ("%s has no coefficient: it does not vary%s among those "
      .. "at risk at an event"):format(names_of(idle), state.info.stratum
        and " within strata" or "")
  end
  if #infinite > 0 then
    notes[#notes + 1] = ("the likelihood rises for ever with the coefficient of "
      .. "%s: its hazard ratio is 0 or infinite, CI and P are by the profile "
      .. "likelihood"):format(names_of(infinite))
  end
  return #notes > 0 and table.concat(notes, "; ") or NA
end

-- Tests of terms -----------------------------------------------------------------

local function anova(state)
  local rows = {}
  for i, term in ipairs(state.fit.terms) do
    local test = state.core:term(i)
    rows[i] = { term = term.name, df = test.df > 0 and test.df or NA,
      statistic = test.statistic, p_value = test.p_value }
  end
  return estimates.shown(rows, { "term", "df", "statistic", "p_value" }, {
    heads = { statistic = "chi-square", p_value = "P" },
    lines = { "Wald's tests, type III: no other term left out" },
    simulated = state.simulated })
end

-- The result ---------------------------------------------------------------------

-- Hazard ratios of the coefficients.
local function ratios_of(state)
  local list = {}
  for i, term in ipairs(state.terms) do
    local row = { ratio = true }
    for key, value in pairs(term) do row[key] = value end
    for _, key in ipairs { "estimate", "conf_low", "conf_high" } do
      if row[key] ~= NA then row[key] = math.exp(row[key]) end
    end
    list[i] = row
  end
  return list
end

local function ratios(state)
  return estimates.shown(ratios_of(state), { "term", "estimate", "conf_low",
    "conf_high", "statistic", "p_value" }, {
    print = { "term", "estimate", "interval", "statistic", "p_value" },
    each = true, heads = { term = "", estimate = "hazard ratio", statistic = "z",
      interval = format.level(state.conf_level) .. " CI", p_value = "P" },
    simulated = state.simulated })
end

local function test_words(name, statistic, p)
  if statistic == NA then return nil end
  return ("%s %s, %s"):format(name, format.fixed(statistic, 2),
    format.p_equals(p))
end

local function print_cox(m, state)
  local lines = { ("%s: %s, %d row%s, %d event%s"):format(m.method,
    text.escape(state.source), m.n, m.n == 1 and "" or "s", m.n_event,
    m.n_event == 1 and "" or "s") }
  lines[2] = estimates.table(ratios_of(state), { "term", "estimate", "interval",
    "statistic", "p_value" }, { term = "", estimate = "hazard ratio",
    interval = format.level(m.conf_level) .. " CI", statistic = "z",
    p_value = "P" })
  local pieces = {}
  for _, piece in ipairs { { "likelihood ratio", "statistic", "p_value" },
    { "score", "statistic_score", "p_score" },
    { "Wald", "statistic_wald", "p_wald" } } do
    pieces[#pieces + 1] = test_words(piece[1], m:get(piece[2]),
      m:get(piece[3]))
  end
  if pieces[1] then
    lines[#lines + 1] = result.lines { ("chi-square on %d df: %s"):format(m.df,
      pieces[1]), table.unpack(pieces, 2) }
  end
  if state.info.stratum then
    lines[#lines + 1] = "baseline hazards by " .. text.escape(
      state.info.stratum.name)
  end
  if m:get "note" ~= NA then lines[#lines + 1] = text.escape(m.note) end
  lines[#lines + 1] = state.left_out
  return table.concat(lines, "\n")
end

local function hint(key)
  if key == "means" or key == "slope" or key == "predict" or key == "augment" then
    return ("a Cox model has no %s: the baseline hazard is not estimated; "
      .. "m:contrast compares hazards"):format(key)
  end
end

--- cox(formula, data [, opt]) -> Cox model
-- Regression of hazards by partial likelihood. The coefficients are logarithms of
-- hazard ratios; above 0 (a ratio above 1) is more events.
--   formula     "Surv(time, event) ~ TRT01P + AGE + strata(SITE)"; event is 1 for
--               an event; each stratum has a baseline hazard of its own
--   ties        "Efron" (default; as R), "Breslow" (SAS, Stata), "exact": the
--               conditional likelihood of discrete time
--   ci          "Wald" (default); "profile": intervals and P by the likelihood
--   reference, contrasts, tolerance, conf_level  as in lm
-- Where a group has no events its hazard ratio is 0 or infinite: there Wald's
-- test fails, and CI and P are those of the profile likelihood; where it runs off
-- together with others and may go either way it is NA.
-- m:contrast gives hazard ratios of groups, m:hazard_ratios() those of all
-- coefficients, m:tidy() and m:term the coefficients themselves, m:anova() Wald's
-- tests of the terms. m.statistic and m.p_value are those of the likelihood ratio
-- test on m.df, beside statistic_score and p_score, statistic_wald and p_wald.
--
--   > m = cox("Surv(AVAL, CNSR == 0) ~ TRT01P", demo.adtte)
--   > m
--   Cox regression: Surv(AVAL, CNSR == 0) ~ TRT01P, 24 rows, 15 events
--                       hazard ratio  95 % CI             z      P
--   1  TRT01PCYT107 LF         0.522  0.163 to 1.675  -1.09  0.274
--   2  TRT01PCYT107 HF         0.267  0.068 to 1.048  -1.89  0.058
--   chi-square on 2 df: likelihood ratio 4.00, P = 0.135; score 4.15, P = 0.125
--   Wald 3.77, P = 0.152
--   SIMULATED DATA
--   > m:contrast "CYT107 HF vs CYT107 LF".estimate
--   0.5117034548556171
--
-- See also: logrank, km, rmst, model:contrast. Cox 1972, Efron 1977.
-- R: survival::coxph. SAS: PROC PHREG.
function M.cox(source, data, opt)
  opt = options("cox", opt, spec)
  local state = reader.read_survival("cox", source, data, opt)
  if #state.info.x == 0 then
    fail("invalid", ('cox: "%s" has no variable to compare hazards by'):format(
      source))
  end
  state.reference = coding.references("cox", state.info, opt.reference,
    state.trial)
  local codings = coding.codings("cox", state.info, opt, state.reference)
  state.core = call("cox", core.fit, state.model, codings, opt.ties,
    opt.tolerance)
  state.fit = state.core:info()
  state.df, state.statistic, state.ratio_name = math.huge, "z", "hazard ratio"
  state.infer = inference_of(state, opt)
  function state.events(x, members)
    local events, n = state.core:events(x.place), 0
    for _, i in ipairs(members) do n = n + events[i] end
    return n
  end
  state.note = notes_of(state)
  state.terms = terms_of(state)
  local f = state.fit
  local fields = { method = opt.ties == "Efron" and "Cox regression"
      or ("Cox regression (ties: %s)"):format(opt.ties), formula = state.source,
    response = state.response, n = f.n, n_event = f.n_event,
    n_missing = state.info.n_missing, df = f.rank, log_lik = f.log_lik,
    log_lik_null = f.log_lik_null, aic = -2 * f.log_lik + 2 * f.rank,
    statistic = f.ratio.statistic, p_value = f.ratio.p_value,
    statistic_score = f.score.statistic, p_score = f.score.p_value,
    statistic_wald = f.wald.statistic, p_wald = f.wald.p_value,
    ties = opt.ties, ci = opt.ci, conf_level = opt.conf_level,
    note = state.note, simulated = state.simulated }
  state.method = fields.method
  local own = methods.of(state)
  return result.model { name = "cox", terms = state.terms, fields = fields,
    order = { "method", "n", "n_event", "n_missing", "statistic", "df",
      "p_value", "statistic_score", "p_score", "statistic_wald", "p_wald",
      "log_lik", "log_lik_null", "aic", "ties", "ci", "conf_level", "note" },
    methods = { contrast = own.contrast,
      anova = function() return anova(state) end,
      hazard_ratios = function() return ratios(state) end },
    hint = hint, print = function(m) return print_cox(m, state) end }
end

--- cox.specs: the options of cox, for endpoints.
M.specs = { cox = spec }

return M
