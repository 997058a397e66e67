-- From a formula, data and options to the model frame of a model.

local errors = require "ts.error"
local formulas = require "ts.formula"
local data_of = require "trialsh.data"
local result = require "trialsh.result"
local call = require "trialsh.model.call"

local fail = errors.fail

local M = {}

local function union(a, b)
  local list, seen = {}, {}
  for _, names in ipairs { a, b } do
    for _, name in ipairs(names) do
      if not seen[name] then
        seen[name] = true
        list[#list + 1] = name
      end
    end
  end
  return list
end

local function weight_columns(who, weights)
  if not weights then return {} end
  local parsed = formulas.parse(weights, true)
  if parsed.right then
    fail("invalid", ('%s: weights = "%s" is a formula; a column or an '
      .. "expression is needed"):format(who, weights))
  end
  return parsed.variables
end

--- reader.columns(who, variables, weights) -> the columns of a formula and of its
-- weights
function M.columns(who, variables, weights)
  return union(variables, call(who, weight_columns, who, weights))
end

local function check_rows(who, source, info)
  if info.n == 0 then
    local left_out = result.left_out(info.n_missing, result.missing(info))
    fail("degenerate", ("%s: \"%s\" has no complete row%s"):format(who, source,
      left_out and "; " .. left_out or ""))
  end
end

local function check_response(who, source, info)
  if info.stratum then
    fail("invalid", who
      .. ": strata() is for survival; add the variable as a term")
  end
  if info.response[1].type == "text" then
    fail("type", ("%s: %s is text, numbers are needed; a comparison such as "
      .. "I(%s == '%s') is 1 and 0"):format(who, info.response[1].name,
      info.response[1].name, info.response[1].levels[1]
        and info.response[1].levels[1].name or "Y"))
  end
  check_rows(who, source, info)
end

--- read.log_base(response): of "log(y)" e, which takes estimates back from the
-- scale of the response; nil where it is no logarithm.
function M.log_base(response)
  for name, base in pairs { log = math.exp(1), ln = math.exp(1), log10 = 10,
    log2 = 2 } do
    local inner = response:match("^" .. name .. "(%b())$")
    if inner then return base end
  end
end

--- read.of_what(response, words): what stands for exp() of a logarithm: of
-- log(AVAL) that is clear, of log(AVAL + 1) it is said, "... of (AVAL + 1)".
function M.of_what(response, words)
  local inner = response:match "^%w+%((.*)%)$"
  local plain = inner:find "^[%a.][%w._]*$" or inner:find "^`[^`]*`$"
  return plain and words or ("%s of (%s)"):format(words, inner)
end

-- The parts of a formula that has a response.
local function parse(who, source, data)
  if type(source) ~= "string" then
    fail("type", ('%s: a formula, such as "y ~ x", comes first, not a %s')
      :format(who, type(source)))
  end
  if data == nil then
    fail("type", ('%s: data is missing: %s("%s", data)'):format(who, who,
      source))
  end
  local parsed = call(who, formulas.parse, source)
  if not parsed.response then
    fail("invalid", ('%s: "%s" has no response; write "y %s"'):format(who,
      source, source))
  end
  return parsed
end

local function state_of(who, source, parsed, data, opt, columns, change)
  local names = union(M.columns(who, parsed.variables, opt.weights), columns or {})
  local frame = data_of.frame(data, names, who)
  local original = frame
  if change then frame = change(frame) end
  local model = call(who, formulas.model, source, frame,
    { weights = opt.weights })
  local info = model:info()
  local reasons = result.missing(info)
  return { who = who, source = source, response = parsed.response,
    right = parsed.right, base = M.log_base(parsed.response), frame = frame,
    original = original,
    model = model, info = info, reasons = reasons,
    left_out = result.left_out(info.n_missing, reasons),
    data = data, trial = require "trialsh.compare".trial_of(data),
    conf_level = opt.conf_level,
    simulated = data_of.simulated(data) or nil }
end

--- reader.read(who, formula, data, opt [, columns [, change]]) -> the state of a
-- model, of the frame that change(frame) gives: source,
-- response, right (its sides as text), base (of a response that is a
-- logarithm), frame (with these columns, too; original: before the change), model and info (of ts.formula),
-- trial, simulated, reasons and left_out (rows, in words), conf_level. opt:
-- weights, conf_level.
function M.read(who, source, data, opt, columns, change)
  local parsed = parse(who, source, data)
  if parsed.response:find "^Surv%(" then
    fail("type", who
      .. ": Surv() is for times to events; km, logrank and cox take it")
  end
  local state = state_of(who, source, parsed, data, opt, columns, change)
  check_response(who, source, state.info)
  return state
end

--- reader.read_survival(who, formula, data, opt) -> the same of a formula
-- "Surv(time, event) ~ ..."; its base is e, as of hazards.
function M.read_survival(who, source, data, opt)
  local parsed = parse(who, source, data)
  local state = state_of(who, source, parsed, data, opt)
  if not state.info.survival or #state.info.response ~= 2 then
    fail("invalid", ("%s: the left side of \"%s\" must be Surv(time, event)")
      :format(who, source))
  end
  check_rows(who, source, state.info)
  state.base = math.exp(1)
  return state
end

return M
