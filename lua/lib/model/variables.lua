-- The variables of a model's right side as means and contrasts see them:
-- categories with their levels, numbers, and the columns they are made of.

local fail = require "ts.error".fail
local hint_of = require "trialsh.names".hint
local formulas = require "ts.formula"

local M = {}

--- variables.of(state) -> a list of { place, name, category (or not), levels,
-- columns (that it is made of), plain (a column itself), column (of a category:
-- whose values the levels are), basis }; used[column]: how many are made of it.
function M.of(state)
  if state.variables then return state.variables end
  local columns, list, used = {}, {}, {}
  for _, name in ipairs(state.frame:names()) do columns[name] = true end
  for j, v in ipairs(state.info.x) do
    local x = { place = j, name = v.name, category = v.type == "text",
      plain = columns[v.name], levels = {} }
    x.columns = x.plain and { v.name } or formulas.variables(v.name)
    local inner = v.name:match "^factor%((.*)%)$"
    x.column = x.plain and v.name or columns[inner] and inner or nil
    x.basis = not x.plain and (v.name:find "^poly%(" or v.name:find "^[nb]s%(")
    for i = 1, v.n_level or 0 do x.levels[i] = v.levels[i].name end
    for _, name in ipairs(x.columns) do used[name] = (used[name] or 0) + 1 end
    list[j] = x
  end
  list.used = used
  state.variables = list
  return list
end

--- variables.unknown(state, name, list, what): an error with the nearest.
function M.unknown(state, name, list, what)
  fail("not found", ("%s: the model has no %s %s%s"):format(state.who, what,
    tostring(name), hint_of(name, list)))
end

--- variables.category(state, name) -> the category of that name
function M.category(state, name)
  local names = {}
  for _, x in ipairs(M.of(state)) do
    if x.category then
      if x.name == name or x.column == name then return x end
      names[#names + 1] = x.name
    elseif x.name == name then
      fail("type", ("%s: %s is a number, no category; factor(%s) in the "
        .. "formula makes one of it"):format(state.who, name, name))
    end
  end
  M.unknown(state, name, names, "category")
end

--- variables.level(state, x, level) -> its place
function M.level(state, x, level)
  for i, name in ipairs(x.levels) do
    if name == tostring(level) or tonumber(name) == level then return i end
  end
  fail("not found", ("%s: %s has no '%s' in the rows used%s"):format(
    state.who, x.name, tostring(level), hint_of(level, x.levels)))
end

return M
