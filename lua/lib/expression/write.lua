-- The tree as SQL. Values of ? are bound, never written. out holds their list,
-- and the window that functions of other rows look through.

local NA = require "ts.na".NA
local all = require "trialsh.expression.functions"
local functions = all.all

local M = {}

--- expression.quote(name): a name of SQL.
function M.quote(name)
  if not name:find('"', 1, true) then return '"' .. name .. '"' end
  return '"' .. name:gsub('"', '""') .. '"'
end

local function literal(value)
  return "'" .. value:gsub("'", "''") .. "'"
end
M.literal = literal

local emit = {}

local function write(node, out) return emit[node[1]](node, out) end

local function bind(value, out)
  out.values[#out.values + 1] = value
  return "?"
end

function emit.number(node) return node.value end

function emit.string(node) return literal(node.value) end

function emit.null() return "null" end

function emit.param(node, out) return bind(node.value, out) end

function emit.column(node) return M.quote(node.column.name) end

function emit.group(node, out) return "(" .. write(node[2], out) .. ")" end

-- in brackets: two minus signs in a row begin a comment of SQL
function emit.unary(node, out)
  return "(" .. node.op .. write(node[2], out) .. ")"
end

local function as_text(node, out)
  local sql = write(node, out)
  return node.type == "text" and sql or "_text(" .. sql .. ")"
end

-- Functions of ours, which count what is no finite number and make it missing.
-- Rows that take else because a condition is not decided are counted ------------

local function is_text(value)
  if type(value) ~= "table" then return type(value) == "string" end
  for _, v in ipairs(value) do
    if type(v) ~= "string" then return false end
  end
  return true
end

-- Whether a column of texts without a missing one is compared with a text of ?.
local function compares_words(node, is_whole)
  local column, given = node[2], node[3]
  return is_whole and column[1] == "column" and column.column.type == "text"
    and given[1] == "param" and is_text(given.value) and #node == 3
    and is_whole(column.column)
end

--- expression.decided(tree [, is_whole]): whether a condition always holds or does
-- not; is_whole(column): nothing is missing there.
local function decided(node, is_whole)
  local kind = node[1]
  if kind == "group" or kind == "not" then return decided(node[2], is_whole) end
  if kind == "and" or kind == "or" then
    return decided(node[2], is_whole) and decided(node[3], is_whole)
  end
  if kind == "in" or kind == "binary" and node.op == "=" then
    return compares_words(node, is_whole) or false
  end
  return kind == "is" or kind == "number"
    or kind == "call" and node.name == "coalesce" and decided(node[#node], is_whole)
end
M.decided = decided

-- What counts the rows of one iif or case: conditions are written by the one
-- function, the value of else by the other. Both only write where nothing can
-- stay open, or nothing else follows.
local function else_counter(out, conditions, otherwise, text)
  local open = false
  for _, condition in ipairs(conditions) do
    open = open or not decided(condition)
  end
  if not open or not out.places or not otherwise or otherwise[1] == "null" then
    return write, write
  end
  local places = out.places
  local k, seen = #places, false
  places[k + 1] = { otherwise = text }
  return function(condition)
    local name = seen and "_also" or "_open"
    seen = true
    return ("%s(%d, %s)"):format(name, k, write(condition, out))
  end, function(value)
    return ("_else(%d, %s)"):format(k, write(value, out))
  end
end

-- What the user wrote; a tree that a verb made was not written.
local function as_written(node)
  local text = (node.text or "a condition"):gsub("%s+", " ")
  return #text > 60 and text:sub(1, 60):gsub("[\128-\255]*$", "") .. "..." or text
end

local arithmetic = { ["+"] = "_add", ["-"] = "_subtract", ["*"] = "_multiply",
  ["/"] = "_divide" }

-- a < b, or a <= b, of texts that may be dates.
local function before(a, b, or_same, order, out)
  local x = write(a, out)
  return ("_before(%s, %s, %d, %d, %s, %s)"):format(x, write(b, out),
    or_same and 1 or 0, order.strict and 1 or 0, literal(order[1]),
    literal(order[2]))
end

function emit.binary(node, out)
  local a, b = node[2], node[3]
  if node.dates and not out.plain then
    local or_same, order = #node.op == 2, node.dates
    if node.op:sub(1, 1) == "<" then return before(a, b, or_same, order, out) end
    return before(b, a, or_same, { strict = order.strict, order[2], order[1] },
      out)
  end
  local name = arithmetic[node.op]
  if name and (node.op == "/" or not out.plain) then
    local x = write(a, out)
    return ("%s(%s, %s)"):format(name, x, write(b, out))
  elseif node.op == "||" then
    local x = as_text(a, out)
    return ("(%s || %s)"):format(x, as_text(b, out))
  end
  local x = write(a, out)
  return ("%s %s %s"):format(x, node.op, write(b, out))
end

emit["and"] = function(node, out)
  local a = write(node[2], out)
  return ("%s %s %s"):format(a, node[1], write(node[3], out))
end
emit["or"] = emit["and"]

emit["not"] = function(node, out) return "not " .. write(node[2], out) end

emit["is"] = function(node, out)
  local a = write(node[2], out)
  return ("%s is %s%s"):format(a, node.negate and "not " or "",
    write(node[3], out))
end

emit["in"] = function(node, out)
  local a, items, null = write(node[2], out), {}, false
  for i = 3, #node do
    local item = node[i]
    if item[1] == "param" then
      local list = type(item.value) == "table" and item.value or { item.value }
      for _, v in ipairs(list) do
        if v == NA then null = true else items[#items + 1] = bind(v, out) end
      end
    else
      items[#items + 1] = write(item, out)
    end
  end
  local no = node.negate and "not " or ""
  local sql = ("%s %sin (%s)"):format(a, no, table.concat(items, ", "))
  if not null then return sql end
  -- NA in the list asks for missing values, as where { x = { ..., NA } } does
  return ("(%s %s %s is %snull)"):format(sql, node.negate and "and" or "or",
    write(node[2], out), no)
end

function emit.between(node, out)
  if (node.low or node.high) and not out.plain then
    local plain_order = { strict = false, "", "" }
    local low = before(node[3], node[2], true, node.low or plain_order, out)
    return ("%s(%s and %s)"):format(node.negate and "not " or "", low,
      before(node[2], node[4], true, node.high or plain_order, out))
  end
  local a = write(node[2], out)
  local low = write(node[3], out)
  return ("%s %sbetween %s and %s"):format(a, node.negate and "not " or "",
    low, write(node[4], out))
end

function emit.like(node, out)
  local a = write(node[2], out)
  local b = write(node[3], out)
  return ("%s %s%s %s%s"):format(a, node.negate and "not " or "", node.op, b,
    node[4] and " escape " .. write(node[4], out) or "")
end

function emit.cast(node, out)
  local a = write(node[2], out)
  if node.to == "text" then return "_text(" .. a .. ")" end
  return (node.to == "integer" and "trunc(_number(%s))" or "_number(%s)")
    :format(a)
end

function emit.case(node, out)
  local operand, conditions, parts = node.operand, {}, { "case" }
  for i = 2, #node do conditions[i - 1] = not operand and node[i][1] or nil end
  local open, rest = else_counter(out, operand and { operand } or conditions,
    node.otherwise, operand and as_written(operand) .. " is missing"
      or ("%s%s not decided"):format(as_written(conditions[1]),
        #conditions > 1 and " or what follows it" or ""))
  if operand then parts[2] = open(operand, out) end
  for i = 2, #node do
    local when = node[i][1]
    parts[#parts + 1] = "when " .. (operand and write or open)(when, out)
    parts[#parts + 1] = "then " .. write(node[i][2], out)
  end
  if node.otherwise then
    parts[#parts + 1] = "else " .. rest(node.otherwise, out)
  end
  return table.concat(parts, " ") .. " end"
end

-- A function that looks through the window: at the rows of its group, from the
-- first of them up to this one or to the last.
local function over(out, order, last)
  local parts = {}
  if out.window.partition ~= "" then
    parts[1] = "partition by " .. out.window.partition
  end
  if order and order ~= "" then parts[#parts + 1] = "order by " .. order end
  if last then
    parts[#parts + 1] = ("rows between unbounded preceding and %s"):format(last)
  end
  return (" over (%s)"):format(table.concat(parts, " "))
end

-- Missing values come last and have no rank.
local function rank(node, out)
  local column = M.column(node[2])
  local order = ("%s %s nulls last"):format(M.level_order(column, column.name),
    node.direction or "asc")
  return ("iif(%s is null, null, %s()%s)"):format(M.quote(column.name),
    node.name, over(out, order))
end

-- The name in SQL, and the arguments that the value's order asks for.
local function call_of(node, f, args)
  if not f.ordered then return f.running or f.sql or node.name end
  args[2] = args[2] or f.ordered
  args[3] = node.place and "_ts_place" or nil
  return "_nth"
end

function emit.call(node, out)
  local args, f = {}, functions[node.name]
  if node.name == "rank" or node.name == "dense_rank" then
    return rank(node, out)
  end
  if node.name == "iif" then
    local open, rest = else_counter(out, { node[2] }, node[4],
      as_written(node[2]) .. " not decided")
    local condition = open(node[2], out)
    local value = write(node[3], out)
    return ("iif(%s, %s, %s)"):format(condition, value, rest(node[4], out))
  end
  local last = node.named and out.plain and f[2] + 1 or #node
  for i = 2, last do
    args[i - 1] = node.name == "group_concat" and as_text(node[i], out)
      or write(node[i], out)
  end
  if node.sql == "" then return args[1] end
  if node.dated then
    return ("_iso(%s, %s)"):format(args[1], literal(node.dated))
  end
  local name = node.sql or call_of(node, f, args)
  local star = node.star or f.running and #args == 0
  local sql = ("%s(%s%s)%s"):format(name, node.distinct and "distinct " or "",
    star and "*" or table.concat(args, ", "),
    node.filter and " filter (where " .. write(node.filter, out) .. ")" or "")
  local window = out.window
  if f.window then
    return sql .. over(out, window.order, f.running and "current row")
  elseif node.aggregate and window then
    -- sums take their rows as summarise does, for the same digits
    local ordered = f.ordered or node.name == "group_concat"
    return sql .. over(out, ordered and window.order, "unbounded following")
  end
  return sql
end

--- expression.sql(tree, values [, window [, places]]) -> SQL
-- Values of ? are appended to values; values.plain: sums and products as SQL
-- writes them, for SQL to be read. window: { partition =, order = }, SQL.
-- places: what is counted, to which { otherwise = text } is added.
function M.sql(tree, values, window, places)
  return write(tree, { values = values, window = window, places = places,
    plain = values.plain })
end

--- expression.column(tree): the column when the tree is nothing else.
function M.column(tree)
  tree = require "trialsh.expression.check".plain(tree)
  return tree[1] == "column" and tree.column or nil
end

--- expression.source(tree): the column whose values the tree gives, as it is
-- or by a function such as max or lag; nil for all else.
function M.source(tree)
  tree = require "trialsh.expression.check".plain(tree)
  local keeps = tree[1] == "call" and all.keeps[tree.name]
  if keeps and #tree - 1 <= keeps then return M.column(tree[2]) end
  return M.column(tree)
end

--- SQL whose order is that of the levels; a value beside them comes last.
function M.level_order(column, name)
  if not column.levels then return M.quote(name) end
  local parts = { "case " .. M.quote(name) }
  for i, level in ipairs(column.levels) do
    parts[#parts + 1] = ("when %s then %d"):format(literal(level), i)
  end
  parts[#parts + 1] = ("else iif(%s is null, null, %d) end")
    :format(M.quote(name), #column.levels + 1)
  return table.concat(parts, " ")
end

return M
