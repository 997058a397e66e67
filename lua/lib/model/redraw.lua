-- The t of a model's comparisons for other arms of the same rows, quickly: what
-- does not depend on the arms is worked out once. Of repeated measures that is
-- the covariance matrix, which comes from the model in which the arms that are
-- compared are one: under the hypothesis it is the same for each allocation.

local NA = require "ts.na".NA
local core = require "ts.linear"
local mixed = require "ts.mixed"
local cframe = require "ts.frame"
local errors = require "ts.error"
local formulas = require "ts.formula"
local contrast = require "trialsh.model.contrast"
local methods = require "trialsh.model.methods"

local M = {}

-- How many levels each variable has in the rows used: another number makes
-- another design.
local function levels_of(model)
  local list = {}
  for i, v in ipairs(model:info().x) do
    list[i] = v.type == "text" and v.n_level or 0
  end
  return table.concat(list, ",")
end

-- The formula without the terms that hold a variable.
local function without(state, name)
  local terms = {}
  for _, term in ipairs(state.fit.terms) do
    local ok, names = pcall(formulas.variables, "y ~ " .. term.name)
    local has = not ok
    for _, other in ipairs(ok and names or {}) do has = has or other == name end
    if not has then terms[#terms + 1] = term.name end
  end
  if not state.fit.intercept then terms[#terms + 1] = "0" end
  if #terms == 0 then terms[1] = "1" end
  return ("%s ~ %s"):format(state.response, table.concat(terms, " + "))
end

-- The frame with the arms that are compared as one, and whether any other is
-- left.
local function merged(frame, name, compared)
  local old, values, first, others = frame:column(name), {}, nil, false
  for i = 1, #frame do
    values[i] = old[i]
    if compared[old[i]] then
      first = first or old[i]
      values[i] = first
    elseif old[i] ~= NA then
      others = true
    end
  end
  local names, columns = frame:names(), {}
  for j, other in ipairs(names) do
    columns[j] = other == name and values or frame:column(j)
  end
  return cframe.build(names, columns), others
end

-- { structure, parameters } of repeated measures without an effect; nil where
-- none can be fitted.
local function null_covariance(state, f, treatment, compared, opt)
  local frame, others = merged(state.original, treatment, compared)
  local data = require "trialsh.data".wrap(frame)
  local ok, m = pcall(f, others and state.source or without(state, treatment),
    data, opt)
  if not ok then
    if errors.is(m) and m.code ~= "interrupted" then return nil end
    error(m, 0)
  end
  local theta, own = {}, methods.state_of(m)
  for i, p in ipairs(own.fit.parameters) do theta[i] = p.estimate end
  return own.structure, theta
end

-- Fits a linear or a mixed model anew; repeated measures with what they have
-- without an effect.
local function refitter(state, f, treatment, compared, opt)
  if state.who == "lm" or state.who == "lmm" then return state.refit end
  if state.group or state.clda or state.who ~= "mmrm" then return nil end
  local structure, theta = null_covariance(state, f, treatment, compared, opt)
  if not structure then return nil end
  return function(frame, model)
    return mixed.fit(model, state.codings, { covariance = structure,
      ml = opt.method == "ML", subject = state.frames.subject,
      visit = state.frames.visit, time = structure:sub(1, 3) == "sp_"
        and state.frames.time or nil, hold = theta, tolerance = opt.tolerance })
  end
end

-- Of data that cannot be fitted nothing.
local function attempt(f, ...)
  local ok, found = pcall(f, ...)
  if ok then return found end
  if not errors.is(found) or found.code == "interrupted" then error(found, 0) end
end

--- redraw.tester(name, formula, data, opt, about) -> f(frame) -> list of P, or nil
-- where the model must be fitted anew. about: treatment, compared ({ [arm] = true
-- }), given (list: what contrast takes, one comparison in each), alternative.
-- false stands for what is not known.
function M.tester(name, formula, data, opt, about)
  local f = require("trialsh." .. name)[name]
  local state = methods.state_of(f(formula, data, opt))
  local lines = {}
  for i, given in ipairs(about.given) do
    local rows = contrast.rows(state, given)
    if #rows ~= 1 then return nil end
    lines[i] = rows[1]
  end
  local refit = refitter(state, f, about.treatment, about.compared, opt)
  if not refit then return nil end
  local levels, df = levels_of(state.model), state.df or math.huge
  local side = { alternative = about.alternative }
  return function(frame)
    local model = attempt(formulas.model, formula, frame,
      { weights = opt.weights })
    local m = model and levels_of(model) == levels
      and attempt(refit, frame, model)
    local out = {}
    for i, line in ipairs(lines) do
      local estimate, std_error = NA, NA
      if m and line then estimate, std_error = m:estimate(line) end
      out[i] = estimate ~= NA and std_error ~= NA and std_error > 0
        and df ~= NA and core.inference(estimate, std_error, df, side).p_value
        or false
    end
    return out
  end
end

return M
