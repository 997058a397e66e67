-- What all models with means, contrasts and terms have.

local estimates = require "trialsh.model.estimates"

local M = {}

local places = { means = "means", slope = "means", contrast = "contrast",
  anova = "anova", design = "rows", augment = "rows", predict = "rows",
  covariance = "rows" }

local states = setmetatable({}, { __mode = "k" })

--- methods.keep(model, state) -> model;  methods.state_of(model) -> its state
function M.keep(model, state)
  states[model] = state
  return model
end

function M.state_of(model) return states[model] end

--- methods.of(state [, more]) -> the methods of a model; more: { name = module }
function M.of(state, more)
  local out = {}
  for _, list in ipairs { places, more or {} } do
    for name, module in pairs(list) do
      local view = setmetatable({ who = state.who .. ":" .. name },
        { __index = state, __newindex = state }) -- for errors
      out[name] = function(_, ...)
        return require("trialsh.model." .. module)[name](view, ...)
      end
    end
  end
  return out
end

--- methods.terms(state) -> the terms of result.model: each coefficient with its
-- test, by degrees of freedom of its own or the model's.
function M.terms(state)
  local list = {}
  for j, column in ipairs(state.fit.columns) do
    local estimate, std_error, df = state.core:coefficient(j)
    local term = estimates.infer(estimate, std_error, df or state.df,
      { conf_level = state.conf_level })
    term.term, term.statistic_name = column.name, "t"
    term.estimate_name = "coefficient"
    term.note = column.aliased and state.note or nil
    list[j] = term
  end
  return list
end

return M
