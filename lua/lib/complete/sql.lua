-- Completion inside SQL: conditions and expressions of verbs, and statements.
-- A candidate is { text =, from =, close = }, see complete/strings.lua.

local columns = require "trialsh.complete.columns"
local expression = require "trialsh.expression"

local M = {}

--- sql.beginning(names, typed): those that begin as typed; where none does,
-- those that do but for upper and lower case, of two letters or more.
function M.beginning(names, typed)
  local exact, alike = {}, {}
  for _, name in ipairs(names) do
    local head = name:sub(1, #typed)
    if head == typed then
      exact[#exact + 1] = name
    elseif #typed > 1 and head:lower() == typed:lower() then
      alike[#alike + 1] = name
    end
  end
  return #exact > 0 and exact or alike
end

--- sql.from(names, typed, place [, close [, write]]): the names that begin as
-- typed, as candidates from that place on. close: what ends the value where it
-- is the only one; write(name): how it is spelt there.
function M.from(names, typed, place, close, write)
  local out, seen, list = {}, {}, {}
  for _, name in ipairs(names) do
    if type(name) == "string" and not seen[name] then
      seen[name] = true
      list[#list + 1] = name
    end
  end
  for i, name in ipairs(M.beginning(list, typed)) do
    out[i] = { text = write and write(name) or name, from = place,
      close = close }
  end
  table.sort(out, function(a, b) return a.text < b.text end)
  return out
end

-- [my var] stands in any string of Lua, where "my var" may end it.
local function name_of_column(name)
  if name:find "^[%a_][%w_]*$" or name:find "%]" then return name end
  return "[" .. name .. "]"
end

-- Levels or values after COL = ' or in COL in ('a', '
local function values(text, list)
  local before, typed = text:match "^(.*)'([^']*)$"
  local name = before:match '"?([%a_][%w_]*)"?%s*[=<>!]=?%s*$'
    or before:match '"?([%a_][%w_]*)"?%s+[iI][nN]%s*%([^)]*$'
    or before:match '"?([%a_][%w_]*)"?%s+[nN][oO][tT]%s+[iI][nN]%s*%([^)]*$'
    or before:match '"?([%a_][%w_]*)"?%s+[lL][iI][kK][eE]%s*$'
  return name and M.from(columns.values(list, name, typed), typed, #before + 2,
    "'", function(value) return (value:gsub("'", "''")) end) or {}
end

local function in_quotes(text)
  return select(2, text:gsub("'", "")) % 2 == 1
end

-- The word at the end, which in [ ] may hold blanks, and its place.
local function last_word(text)
  local place, typed = text:match "()%[([^%]%[]*)$"
  if place then return typed, place end
  typed = text:match "[%w_\128-\255]*$"
  return typed, #text - #typed + 1
end

--- sql.expression(text, list): levels after COL = ', else columns and functions.
function M.expression(text, list)
  if in_quotes(text) then return values(text, list) end
  local typed, place = last_word(text)
  local out = M.from(columns.names(list), typed, place, nil, name_of_column)
  if typed ~= "" and not text:find "%[[^%]]*$" then
    local functions = M.from(expression.functions, typed, place)
    table.move(functions, 1, #functions, #out + 1, out)
  end
  return out
end

local words = {}
for word in ([[and as asc between by case cast count desc distinct else end
    exists from group having in inner is join left like limit not null offset on
    or order over partition recursive select sum then union using when where
    with]]):gmatch "%a+" do words[#words + 1] = word end

--- sql.is_statement(line): whether a line at the prompt is SQL, as entry.c has
-- it.
function M.is_statement(line)
  local first, next = line:match "^%s*(%a+)%s+([^%s=(,.:%[{~])"
  first = first and first:lower()
  return first == "select" or first == "with" and next ~= '"' and next ~= "'"
end

--- sql.statement(before, after): columns of the tables that it names, also
-- behind the cursor; tables after from and join; levels and values.
function M.statement(before, after)
  local sources = require "trialsh.sql".sources(before .. " " .. after)
  local all = #sources > 0 and sources or columns.sources()
  local list = columns.of_all(all)
  if in_quotes(before) then return values(before, list) end
  local typed, place = last_word(before)
  local head = before:sub(1, place - 1)
  local alias = head:match "([%a_][%w_]*)%.$"
  if alias then
    for _, source in ipairs(columns.sources()) do
      local named = (before .. " " .. after):match("%f[%w_]"
        .. source[1]:gsub("%W", "%%%0") .. "%s+as%s+" .. alias .. "%f[^%w_]")
        or (before .. " " .. after):match("%f[%w_]"
        .. source[1]:gsub("%W", "%%%0") .. "%s+" .. alias .. "%f[^%w_]")
      if source[1] == alias or named then
        list = columns.of(source[2])
        break
      end
    end
    return M.from(columns.names(list), typed, place, nil, name_of_column)
  end
  if head:lower():find "%f[%a]from%s+$" or head:lower():find "%f[%a]join%s+$"
      or head:lower():find "%f[%a]from%s+[%w_]+%s*,%s*$" then
    return M.from(columns.names(columns.sources()), typed, place)
  end
  local out = M.expression(before, list)
  if typed ~= "" then
    local more = M.from(words, typed, place)
    for _, candidate in ipairs(more) do
      local there = false
      for _, c in ipairs(out) do there = there or c.text == candidate.text end
      if not there then out[#out + 1] = candidate end
    end
    table.sort(out, function(a, b) return a.text < b.text end)
  end
  return out
end

return M
