-- What models with a covariance matrix of a subject's records have in common:
-- notes, fields, print. A model hands over its state: core, fit, subject,
-- n_level (subjects in the data), title, about (what stands in the second line
-- of its print), covariance_lines.

local NA = require "ts.na".NA
local text = require "ts.text"
local coding = require "trialsh.model.coding"
local estimates = require "trialsh.model.estimates"
local format = require "trialsh.format"
local methods = require "trialsh.model.methods"
local repeated = require "trialsh.model.repeated"
local result = require "trialsh.result"

local M = {}

-- Options that all of them have.
M.spec = {
  df = { { "Satterthwaite", "Kenward-Roger", "Kenward-Roger linear",
    "between-within", "residual" }, "Satterthwaite" },
  method = { { "REML", "ML" }, "REML" },
  vcov = { { "model", "CR0", "CR2", "CR3" }, "model" },
  subject = { "string" }, weights = { "string" },
  contrasts = { "any" }, reference = { "any" },
  conf_level = { "number", 0.95, above = 0, below = 1 },
  tolerance = { "number", 1e-11, above = 0, below = 1 },
}

--- mixed.options(more) -> these options and more
function M.options(more)
  local out = {}
  for _, list in ipairs { M.spec, more } do
    for name, rule in pairs(list) do out[name] = rule end
  end
  return out
end

local function notes_of(state, opt, notes)
  local function add(...) notes[#notes + 1] = string.format(...) end
  if not state.clda then
    for _, note in ipairs(coding.alias_notes(state.fit)) do add("%s", note) end
  end
  if state.info.n_zero > 0 then
    add("%d row%s of weight 0 not used", state.info.n_zero,
      state.info.n_zero == 1 and "" or "s")
  end
  if state.fit.determinacy < 1e-4 and state.visit then
    add("the covariance matrix is nearly singular: of one visit's variance all "
      .. "but %.1g is given by the others", state.fit.determinacy)
  end
  if opt.vcov == "CR0" and state.fit.n_subject < 50 then
    add("CR0 is too small with so few subjects; CR2 and CR3 are not")
  end
  return #notes > 0 and table.concat(notes, "; ") or NA
end

local function counted(n, what)
  return ("%d %s%s"):format(n, what, n == 1 and "" or "s")
end

-- The coefficients, with their intervals where the screen is wide enough.
local function coefficients(m, state)
  local heads = { term = "", statistic = "t", p_value = "P",
    interval = format.level(m.conf_level) .. " CI" }
  local wide = estimates.table(state.terms, { "term", "estimate", "std_error",
    "interval", "df", "statistic", "p_value" }, heads)
  -- a table leaves columns out that do not fit
  if wide:match "^[^\n]*":find " P$" then return wide end
  return estimates.table(state.terms, { "term", "estimate", "std_error", "df",
    "statistic", "p_value" }, heads)
end

local function print_model(m, state)
  local f = state.fit
  local units = state.units and table.concat(state.units, ", ")
    or counted(f.n_subject, "subject")
  local lines = { ("%s: %s, %s, %s"):format(state.title, text.escape(
    state.source), units, counted(f.n, "record")) }
  local about = state.about(state, m)
  table.insert(about, 2, m.likelihood)
  table.insert(about, 3, m.df_method .. " degrees of freedom")
  if m.vcov ~= "model" then
    table.insert(about, 4, m.vcov .. " standard errors")
  end
  lines[2] = result.lines(about)
  lines[3] = coefficients(m, state)
  lines[4] = result.lines { ("-2 log likelihood %s"):format(format.fixed(
    m.neg2_log_lik, 3)), ("converged in %s, gradient %.0e"):format(counted(
    m.iterations, "step"), m.gradient), ("%s, AIC %s"):format(counted(
    m.n_parameters, "covariance parameter"), format.fixed(m.aic, 2)) }
  for _, line in ipairs(state.covariance_lines(state)) do
    lines[#lines + 1] = line
  end
  if m:get "note" ~= NA then lines[#lines + 1] = text.escape(m.note) end
  lines[#lines + 1] = state.left_out
  lines[#lines + 1] = repeated.unused_line(state)
  return table.concat(lines, "\n")
end

-- Akaike's and Schwarz's criteria as SAS counts them: REML with covariance
-- parameters alone, BIC by subjects.
local function fields_of(state, opt)
  local fit = state.fit
  local k = #fit.parameters + (opt.method == "ML" and fit.rank or 0)
  local n = opt.method == "ML" and fit.n or fit.n - fit.rank
  local value = fit.neg2_log_lik
  return { formula = state.source, response = state.response, n = fit.n,
    n_subject = state.n_subject or fit.n_subject,
    n_missing = state.info.n_missing,
    likelihood = opt.method, df_method = opt.df, vcov = opt.vcov,
    subject = state.subject,
    neg2_log_lik = value, log_lik = -value / 2, aic = value + 2 * k,
    aicc = n - k - 1 > 0 and value + 2 * k * n / (n - k - 1) or NA,
    bic = value + k * math.log(state.n_level),
    n_parameters = #fit.parameters, iterations = fit.iterations,
    gradient = fit.gradient, rank = fit.rank, conf_level = opt.conf_level,
    categories = coding.names(state.info), simulated = state.simulated }
end

local first = { "method", "n", "n_subject", "n_missing", "likelihood" }
local last = { "df_method", "vcov", "neg2_log_lik", "log_lik", "aic", "aicc",
  "bic", "n_parameters", "iterations", "gradient", "conf_level", "note" }

--- mixed.result(state, opt, own) -> the model; own: what it has beside the
-- others: fields (method among them), order of these, methods, notes
function M.result(state, opt, own)
  state.note = notes_of(state, opt, own.notes)
  state.terms, state.vcov = methods.terms(state), opt.vcov
  local fields, order = fields_of(state, opt), {}
  for name, value in pairs(own.fields) do fields[name] = value end
  for _, list in ipairs { first, own.order, last } do
    table.move(list, 1, #list, #order + 1, order)
  end
  fields.note, state.method = state.note, fields.method
  return methods.keep(result.model { name = state.who, order = order,
    terms = state.terms, fields = fields,
    methods = methods.of(state, own.methods),
    print = function(m) return print_model(m, state) end }, state)
end

return M
