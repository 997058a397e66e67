-- Numbers and text that meet in a statement of SQLite, which compares them
-- without a word: AVALC > 5 compares letters, TRTSDT > '2014-01-31' never
-- holds, avg(AVALC) takes text for 0. The statement is not parsed: only columns
-- and values that stand alone beside an operator are judged, by the columns of
-- the tables it names. What it names itself, as X, is left alone.

local fail = require "ts.error".fail
local text = require "ts.text"
local iso = require "trialsh.iso"

local M = {}

-- Words that are no alias behind an expression, and no operand.
local keyword = {}
for word in ([[select from where and or not in between like glob is null as on
    using group order by having limit offset union all except intersect case when
    then else end distinct join left right full inner outer cross natural asc desc
    collate escape exists with recursive over partition rows filter values cast
    nulls first last isnull notnull]]):gmatch "%S+" do keyword[word] = true end

local compares = { ["="] = true, ["=="] = true, ["<>"] = true, ["!="] = true,
  ["<"] = true, ["<="] = true, [">"] = true, [">="] = true }
local counts = { ["+"] = true, ["-"] = true, ["*"] = true, ["/"] = true,
  ["%"] = true }
local sums = { avg = true, sum = true, total = true }

local closing = { ['"'] = '"', ["`"] = "`", ["["] = "]" }

-- { { kind, value }, ... }: name, word (a keyword), number, string, param, op.
local function tokens(s)
  local list, at = {}, 1
  local function add(kind, value, last)
    list[#list + 1] = { kind, value }
    at = last + 1
  end
  while true do
    at = s:find("%S", at)
    if not at then return list end
    local c, two = s:sub(at, at), s:sub(at, at + 1)
    local word = s:match("^[%a_\128-\255][%w_$\128-\255]*", at)
    local number = s:match("^%d+%.?%d*[eE][+-]?%d+", at)
      or s:match("^%.?%d+%.?%d*", at)
    if two == "--" then
      at = (s:find("\n", at, true) or #s) + 1
    elseif two == "/*" then
      at = (select(2, s:find("*/", at + 2, true)) or #s) + 1
    elseif c == "'" then
      local last = at
      repeat
        last = s:find("'", last + 1, true) or #s
        local double = s:sub(last + 1, last + 1) == "'"
        if double then last = last + 1 end
      until not double
      add("string", (s:sub(at + 1, last - 1):gsub("''", "'")), last)
    elseif closing[c] then
      local last = s:find(closing[c], at + 1, true) or #s
      add("name", s:sub(at + 1, last - 1), last)
    elseif word then
      local low = word:lower()
      add(keyword[low] and "word" or "name", keyword[low] and low or word,
        at + #word - 1)
    elseif number then
      add("number", number, at + #number - 1)
    elseif c:find "[?:@$]" then
      local param = s:match("^.[%w_]*", at)
      add("param", param, at + #param - 1)
    else
      local long = two:find "^[<>=!|]" and (two == "<=" or two == ">="
        or two == "<>" or two == "!=" or two == "==" or two == "||")
      add("op", long and two or c, at + (long and 1 or 0))
    end
  end
end

-- The columns of the sources by name, without those of two types.
local function columns_of(sources)
  local columns = {}
  for _, source in ipairs(sources) do
    local node = require "trialsh.relation".node_of(source[2])
    for _, column in ipairs(node.columns) do
      local key = column.name:lower()
      local empty = column.origin and column.origin.empty
      if columns[key] == nil then
        columns[key] = { column = column, empty = empty,
          type = column.type or false }
      elseif columns[key].type ~= column.type then
        columns[key].type = false
      end
    end
  end
  return columns
end

-- Names that the statement gives to something are not judged.
local function forget_aliases(list, columns)
  local function forget(token)
    if token and token[1] == "name" then columns[token[2]:lower()] = nil end
  end
  for i, token in ipairs(list) do
    local before = list[i - 1]
    if before and (before[2] == "as" and before[1] == "word"
        or token[1] == "name" and (before[1] == "name" or before[1] == "number"
          or before[1] == "string" or before[2] == ")" or before[2] == "end"))
    then
      forget(token)
    elseif token[2] == "as" and before and before[2] == ")" then -- x(A, B) as
      for j = i - 2, 1, -1 do
        if list[j][2] == "(" then break end
        forget(list[j])
      end
    end
  end
end

-- Whether the token takes what stands beside it into a larger expression; sums
-- are no obstacle where a sum is looked at.
local function tied(token, step, in_sum)
  if not token then return false end
  local value = token[2]
  return token[1] == "op" and (value == "||" or value == "."
      or value == "(" and step == 1 or counts[value] and not in_sum)
    or token[1] == "word" and value == "collate"
end

-- What stands alone from i on (step 1) or before it (-1): { type, shown, column }
-- and the place behind it.
local function operand(s, i, step, in_sum)
  local list, token = s.list, s.list[i]
  if step == 1 and token and token[1] == "op" and token[2]:find "^[+-]$" then
    i = i + 1
    token = list[i]
    if not token or token[1] ~= "number" then return nil, i end
  end
  if not token then return nil, i end
  local behind, found = i + step, nil
  if token[1] == "number" then
    found = { type = "real", shown = token[2] }
  elseif token[1] == "string" then
    found = { type = "text", shown = "'" .. token[2] .. "'" }
  elseif token[1] == "param" and token[2] == "?" then
    local value = s.values[s.param[i]]
    local kind = type(value)
    found = kind == "number" and { type = "real", shown = text.number(value) }
      or kind == "string" and { type = "text", shown = "'" .. value .. "'" }
      or nil
  elseif token[1] == "name" then
    local name = token
    if list[i + step] and list[i + step][2] == "." then -- a.X
      name = step == 1 and list[i + 2] or token
      behind = i + 3 * step
    end
    local known = name and name[1] == "name" and s.columns[name[2]:lower()]
    if known and known.type and not (known.empty and known.empty()) then
      found = { type = known.type, shown = known.column.name,
        column = known.column }
    end
  end
  if tied(list[behind], step, in_sum) then return nil, behind end
  return found, behind
end

local function refuse(a, b)
  local number = a.type == "real" and a or b
  local word = number == a and b or a
  local kind = number.column and iso.kind(number.column.format)
  if kind then
    fail("type", ("sql: %s is a %s, in SQL a number, and %s is text; "
      .. "relation:where compares them"):format(number.shown, kind, word.shown))
  end
  fail("type", ("sql: %s is text and %s a number, which SQL would compare "
    .. "without a word; %s"):format(word.shown, number.shown,
    word.column and ('mutate "N = cast(%s as real)" makes numbers of it')
      :format(word.shown) or "write the number without quotes"))
end

local function meet(a, b)
  if a and b and a.type ~= b.type and (a.column or b.column) then refuse(a, b) end
end

local function needs_number(s, i, step, what)
  local found = operand(s, i, step, true)
  if found and found.column and found.type == "text" then
    fail("type", ("sql: %s is text, %s needs numbers: SQL takes text for 0; "
      .. 'mutate "N = cast(%s as real)" makes numbers of it'):format(found.shown,
      what, found.shown))
  end
end

-- x [not] between a and b, x [not] in (a, b)
local function check_list(s, i)
  local list = s.list
  local at = list[i - 1] and list[i - 1][2] == "not" and i - 2 or i - 1
  local x = operand(s, at, -1)
  if not x then return end
  if list[i][2] == "between" then
    local low, behind = operand(s, i + 1, 1)
    meet(x, low)
    if list[behind] and list[behind][2] == "and" then
      meet(x, (operand(s, behind + 1, 1)))
    end
  elseif list[i + 1] and list[i + 1][2] == "(" then
    local item, behind = operand(s, i + 2, 1)
    while item do
      meet(x, item)
      if not list[behind] or list[behind][2] ~= "," then break end
      item, behind = operand(s, behind + 1, 1)
    end
  end
end

--- sql_types.check(statement, sources, values): an error where a column of text
-- meets a number. sources: { { name, relation }, ... }.
function M.check(statement, sources, values)
  local list = tokens(statement)
  local s = { list = list, values = values, param = {},
    columns = columns_of(sources) }
  forget_aliases(list, s.columns)
  local n = 0
  for i, token in ipairs(list) do
    if token[1] == "param" then
      n = n + 1
      s.param[i] = n
    end
  end
  for i, token in ipairs(list) do
    local kind, value = token[1], token[2]
    if kind == "op" and compares[value] then
      meet(operand(s, i - 1, -1), (operand(s, i + 1, 1)))
    elseif kind == "op" and counts[value] then
      needs_number(s, i - 1, -1, "'" .. value .. "'")
      needs_number(s, i + 1, 1, "'" .. value .. "'")
    elseif value == "between" or value == "in" then
      if kind == "word" then check_list(s, i) end
    elseif kind == "name" and sums[value:lower()] and list[i + 1]
        and list[i + 1][2] == "(" then
      needs_number(s, i + 2, 1, value)
    end
  end
end

return M
