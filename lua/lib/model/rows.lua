-- What a linear model says of rows: its design, diagnostics, predictions.

local NA = require "ts.na".NA
local cframe = require "ts.frame"
local errors = require "ts.error"
local formulas = require "ts.formula"
local call = require "trialsh.model.call"
local data_of = require "trialsh.data"
local estimates = require "trialsh.model.estimates"
local options = require "trialsh.options"

local fail = errors.fail

local M = {}

local function names_of(state)
  local names = {}
  for j, column in ipairs(state.fit.columns) do names[j] = column.name end
  return names
end

--- model:design() -> frame
-- The design matrix: a column for each coefficient, a row for each row used.
-- The names are those of R's model.matrix.
--
--   > m = lm("y ~ x * g", { y = { 1, 3, 2, 5 }, x = { 1, 2, 3, 4 },
--   >   g = { "a", "b", "a", "b" } })
--   > m:design()
--      (Intercept)  x  gb  x:gb
--   1            1  1   0     0
--   2            1  2   1     2
--   3            1  3   0     0
--   4            1  4   1     4
--
-- See also: lm.
function M.design(state)
  return data_of.wrap(cframe.build(names_of(state), state.core:design()),
    state.simulated)
end

--- model:covariance() -> frame
-- The covariances of the coefficients, as the model's vcov asks for.
--
--   > m = lm("y ~ x", { y = { 1, 3, 2, 5 }, x = { 1, 2, 3, 4 } })
--   > sqrt(m:covariance().x[2]) == m:term "x".std_error
--   true
--
-- See also: lm. R: vcov.
function M.covariance(state)
  local p, rows, names = #state.fit.columns, {}, { "term" }
  for i = 1, p do
    rows[i] = {}
    for j = 1, p do rows[i][j] = i == j and 1 or 0 end
  end
  local v, arrays = state.core:covariance(rows), { {} }
  for j, name in ipairs(names_of(state)) do
    arrays[1][j], names[j + 1], arrays[j + 1] = name, name, {}
    for i = 1, p do arrays[j + 1][i] = v[i][j] end
  end
  return data_of.wrap(cframe.build(names, arrays), state.simulated)
end

--- model:augment() -> frame
-- The rows used, by their place in the data, with the variables of the model
-- and fitted, residual, std_residual; of lm leverage, student_residual (by the
-- variance without the row) and cooks_distance; of mmrm scaled_residual: what
-- the subject's visits before do not tell (VCIRY of SAS).
--
--   > m = lm("y ~ x", { y = { 1, 3, 2, 5 }, x = { 1, 2, 3, 4 } })
--   > m:augment().leverage[1]
--   0.7
--
-- See also: model:predict. R: broom::augment.
function M.augment(state)
  local d = state.core:diagnostics()
  local names, columns, used = {}, {}, {}
  local function add(name, column)
    while used[name] do name = name .. "_" end
    used[name] = true
    names[#names + 1], columns[#columns + 1] = name, column
  end
  add("row", state.model:rows())
  add(state.info.response[1].name, state.model:column(0))
  for j, x in ipairs(state.info.x) do add(x.name, state.model:column(j)) end
  for _, name in ipairs { "fitted", "residual", "leverage", "std_residual",
    "scaled_residual", "student_residual", "cooks_distance" } do
    if d[name] then add(name, d[name]) end
  end
  return data_of.wrap(cframe.build(names, columns), state.simulated)
end

local function interval(state, opt, estimate, std_error, df)
  if opt.interval == "prediction" and std_error ~= NA then
    local sigma = state.fit.sigma
    std_error = sigma ~= NA and math.sqrt(std_error ^ 2 + sigma ^ 2) or NA
  end
  return estimates.infer(estimate, std_error, df, opt)
end

--- model:predict(data [, opt]) -> frame
-- What the model expects in new rows: their columns, estimate, std_error of the
-- expected value, conf_low and conf_high. Rows that lack a variable are NA.
--   interval    "confidence" (default): for the expected value; "prediction":
--               for one new value (of lm)
--   conf_level  that of the model
--
--   > m = lm("y ~ x", { y = { 1, 3, 2, 5 }, x = { 1, 2, 3, 4 } })
--   > m:predict({ x = { 5, NA } }, { interval = "prediction" })
--       x  estimate  std_error   conf_low  conf_high
--   1   5       5.5   1.423025  -2.404478   13.40448
--   2  NA        NA         NA         NA         NA
--
-- See also: model:means, model:augment. R: predict.lm.
function M.predict(state, data, opt)
  opt = options(state.who, opt, { conf_level = { "number", state.conf_level,
    above = 0, below = 1 }, interval = { { "confidence", "prediction" },
    "confidence" } })
  if data == nil then
    fail("type", ("%s: predict takes data; augment() has the fitted values")
      :format(state.who))
  end
  if opt.interval == "prediction" and not state.fit.sigma then
    fail("invalid", state.who .. ": predict has intervals for expected values")
  end
  local right = "~ " .. state.right
  local frame = data_of.frame(data, formulas.variables(right), state.who)
  local model = call(state.who, formulas.model, right, frame, { right = true })
  local info = model:info()
  local value, std_error, df = call(state.who, state.core.predict, state.core,
    model)
  local out, place = { {}, {}, {}, {} }, model:rows()
  for i = 1, info.n_row do
    for k = 1, 4 do out[k][i] = NA end
  end
  for i = 1, info.n do
    local r = interval(state, opt, value[i], std_error[i],
      df and df[i] or state.df)
    local at = place[i]
    out[1][at], out[2][at] = value[i], std_error[i]
    out[3][at], out[4][at] = r.conf_low, r.conf_high
  end
  local names, columns = frame:names(), {}
  for j in ipairs(names) do columns[j] = frame:column(j) end
  for k, name in ipairs { "estimate", "std_error", "conf_low", "conf_high" } do
    names[#names + 1], columns[#columns + 1] = name, out[k]
  end
  return data_of.wrap(cframe.build(names, columns), require "trialsh.mark"
    .both(state.simulated, data_of.simulated(data)))
end

return M
