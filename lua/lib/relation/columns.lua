-- Lists of columns: { name, type, label, unit, levels, ... } each.

local text = require "ts.text"
local fail = require "ts.error".fail

local M = {}

--- A list of columns that also answers to names in lower case.
function M.index(columns)
  for _, column in ipairs(columns) do
    local lower = column.name:lower()
    if lower:find "^_ts_" then
      fail("invalid", ("no column is called %s: names that begin with _ts_ "
        .. "are the program's"):format(column.name))
    end
    columns[lower] = column
  end
  return columns
end

function M.names_of(columns)
  local names = {}
  for i, column in ipairs(columns) do names[i] = column.name end
  return names
end

--- columns.shown(name): a name or a value, in quotes where blanks around it
-- would not be seen.
function M.shown(name)
  local outer = name:find "^[ \t]" or name:find "[ \t]$"
    or name:find "^\u{A0}" or name:find "\u{A0}$"
  return outer and '"' .. name .. '"' or name
end

function M.find(who, columns, name)
  if type(name) ~= "string" then
    fail("type", ("%s: a column is named by text, not by a %s"):format(who,
      type(name)))
  end
  local column = columns[name:lower()]
  if column then return column end
  local names = M.names_of(columns)
  local near = text.nearest(name, names)
  for i, other in ipairs(names) do names[i] = M.shown(other) end
  if #names > 12 then names = { table.concat(names, ", ", 1, 12), "..." } end
  local first = name:match "^%s*([^,]-)%s*,"
  fail("not found", ("%s: no column %s%s"):format(who, M.shown(name),
    first and columns[first:lower()] and "; each name stands in quotes of its own"
      or near and "; nearest: " .. M.shown(near)
      or "; it has " .. table.concat(names, ", ")))
end

--- columns.shared_keys(who, left, right, keys): their names, as both have them.
function M.shared_keys(who, left, right, keys)
  if type(keys) == "string" then keys = { keys } end
  if type(keys) ~= "table" or #keys == 0 then
    fail("invalid", ('%s: the keys are compulsory, %s(other, "USUBJID") or '
      .. '%s(other, { "USUBJID", "AVISIT" })'):format(who, who, who))
  end
  local list = {}
  for i, name in ipairs(keys) do
    local a = M.find(who .. " (left)", left, name)
    local b = M.find(who .. " (right)", right, name)
    if a.type and b.type and a.type ~= b.type then
      fail("type", ("%s: %s is %s on the left and %s on the right"):format(
        who, a.name, a.type, b.type))
    end
    if a.name ~= b.name then
      fail("invalid", ("%s: %s on the left is %s on the right; names are "
        .. "equal to the letter"):format(who, a.name, b.name))
    end
    list[i] = a.name
  end
  return list
end

--- columns.show_value(column, value): as text, exact; dates of SAS as dates.
function M.show_value(column, value)
  if type(value) ~= "number" then return tostring(value) end
  local kind = column.format and require "trialsh.iso".kind(column.format)
  return kind and require "trialsh.iso".text(kind, value) or text.number(value)
end

function M.copy(column, changes)
  local out = {}
  for key, value in pairs(column) do out[key] = value end
  for key, value in pairs(changes or {}) do out[key] = value or nil end
  return out
end

return M
