-- From what a user gives to the samples that a test of one or two groups
-- takes:
--   f("y ~ group", data, opt)    two groups, "A vs B"
--   f("y ~ 1", data, opt)        one sample
--   f(a, b, opt)  f(a, opt)      arrays or columns
--
-- A set is { x =, y = (columns without NA; y nil for one sample), a =, b =
-- (names), n_missing =, reasons =, unit = (what is left out), variable =,
-- group =, simulated = }.

local cframe = require "ts.frame"
local formula = require "ts.formula"
local fail = require "ts.error".fail
local data_of = require "trialsh.data"

local M = {}

local function is_array(x)
  return cframe.is_column(x)
    or type(x) == "table" and getmetatable(x) == nil
      and (next(x) == nil or x[1] ~= nil)
end

--- sample.arguments(who, x, y, opt) -> kind, opt: "formula", "one" or "two";
-- the options may stand second where there is only one array.
function M.arguments(who, x, y, opt)
  if type(x) == "string" then
    if y == nil then
      fail("type", ('%s: data is missing: %s("%s", data)'):format(who, who, x))
    end
    return "formula", opt
  end
  if not is_array(x) then
    fail("type", ('%s: a formula, such as "y ~ x", or an array comes first, '
      .. "not a %s"):format(who, type(x)))
  end
  if y == nil then return "one", opt end
  if is_array(y) then return "two", opt end
  if type(y) == "table" and opt == nil then return "one", y end
  fail("type", ("%s: the second array is a %s"):format(who, type(y)))
end

local function text_response(who, v)
  fail("type", ("%s: %s is text, numbers are needed"):format(who, v.name))
end

--- sample.model(who, text, data, opt) -> model frame, info, C frame; opt.text:
-- the response may be text.
function M.model(who, source, data, opt)
  local parsed = formula.parse(source, opt.alone)
  if not parsed.response then
    fail("invalid", ('%s: "%s" has no response; write "y %s"'):format(who,
      source, source))
  end
  local frame = data_of.frame(data, parsed.variables, who)
  local model = formula.model(source, frame, opt)
  local info = model:info()
  if info.survival then
    fail("type", ("%s: Surv() is for times to events; km and logrank take it")
      :format(who))
  end
  if info.response[1].type == "text" and not opt.text then
    text_response(who, info.response[1])
  end
  if info.stratum and not opt.strata then
    fail("invalid", ("%s has no strata()"):format(who))
  end
  return model, info, frame
end

-- One array as a model frame of its own: NA out, text refused.
local function column(who, name, array)
  local frame = cframe.build({ name }, { array })
  local model = formula.model(name, frame, { alone = true })
  local info = model:info()
  if info.response[1].type == "text" then text_response(who, info.response[1]) end
  return model:samples()[1], info.n_missing, frame:column(1)
end

--- sample.column(who, array, name) -> column without NA, n_missing, all of it
function M.column(who, array, name)
  return column(who, cframe.is_column(array) and array.name or name, array)
end

local function reason(name, n)
  return n > 0 and ("%s missing in %d"):format(name, n) or nil
end

--- sample.one(who, array) -> set
function M.one(who, array)
  local x, n_missing, whole = M.column(who, array, "x")
  return { x = x, variable = cframe.is_column(array) and whole.name or nil,
    n_missing = n_missing, unit = "value" }
end

--- sample.two(who, a, b) -> set, named "a" and "b"
function M.two(who, a, b)
  local x, missing_a = column(who, "a", a)
  local y, missing_b = column(who, "b", b)
  local set = { x = x, y = y, a = "a", b = "b",
    n_missing = missing_a + missing_b, reasons = {}, unit = "value" }
  set.reasons[1] = reason("a", missing_a)
  set.reasons[#set.reasons + 1] = reason("b", missing_b)
  return set
end

--- sample.pairs(who, a, b) -> set of the pairs that are whole
function M.pairs(who, a, b)
  local count = #a
  if count ~= #b then
    fail("invalid", ("%s: %d values of a cannot be paired with %d of b"):format(
      who, #a, #b))
  end
  local frame = cframe.build({ "a", "b" }, { a, b })
  local model = formula.model("a ~ b", frame)
  local info = model:info()
  for _, v in ipairs { info.response[1], info.x[1] } do
    if v.type == "text" then text_response(who, v) end
  end
  return { x = model:samples()[1], y = model:values(1), a = "a", b = "b",
    n_missing = info.n_missing, unit = "pair",
    reasons = require "trialsh.result".missing(info) }
end

-- Rows of the two groups, and rows without a group, that are left out.
local function count_missing(set, info, a, b)
  local out = a.n_row - a.n + b.n_row - b.n
  local no_group = info.x[1].n_missing
  set.n_missing = out + no_group
  local total = 0
  for _, level in ipairs(info.group.levels) do total = total + level.n_row end
  if total == a.n_row + b.n_row then
    set.reasons = require "trialsh.result".missing(info)
  else
    set.reasons = { reason(set.variable, out) }
    set.reasons[#set.reasons + 1] = reason(set.group, no_group)
  end
end

--- sample.choose(who, info, data, { compare, reference }) -> set of the two
-- groups that are compared, without their values: a and b, members_a and
-- members_b (their levels), what is left out.
function M.choose(who, info, data, opt)
  local set = { variable = info.response[1].name, group = info.group.name,
    simulated = data_of.simulated(data) or nil }
  local a, b = require "trialsh.compare".choose { who = who,
    variable = set.group, levels = info.group.levels, data = data,
    compare = opt.compare, reference = opt.reference }
  for _, side in ipairs { a, b } do
    if side.n == 0 then
      fail("degenerate", ("%s: %s has no values of %s (%d row%s, all missing)")
        :format(who, side.name, set.variable, side.n_row,
          side.n_row == 1 and "" or "s"))
    end
  end
  set.a, set.b = a.name, b.name
  set.members_a, set.members_b = a.members, b.members
  count_missing(set, info, a, b)
  return set
end

--- sample.sides(who, model, info, data, { compare, reference }) -> the same
-- with the values of both, x and y.
function M.sides(who, model, info, data, opt)
  local set = M.choose(who, info, data, opt)
  local samples = model:samples { set.members_a, set.members_b }
  set.x, set.y = samples[1], samples[2]
  return set
end

--- sample.formula(who, text, data, { compare, reference }) -> set
function M.formula(who, source, data, opt)
  local model, info = M.model(who, source, data, { groups = true })
  if #info.x == 0 then
    if opt.compare then
      fail("invalid", ("%s: \"%s\" has no groups to compare"):format(who, source))
    end
    return { variable = info.response[1].name, n_missing = info.n_missing,
      simulated = data_of.simulated(data) or nil,
      reasons = require "trialsh.result".missing(info),
      x = model:samples()[1] }
  end
  if #info.x > 1 then
    fail("invalid", ("%s compares the groups of one variable, not of %d (%s)")
      :format(who, #info.x, info.group.name))
  end
  return M.sides(who, model, info, data, opt)
end

return M
