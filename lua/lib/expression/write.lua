-- The tree as SQL. Values of ? are bound, never written.

local functions = require "trialsh.expression.functions".all

local M = {}

--- expression.quote(name): a name of SQL.
function M.quote(name)
  return '"' .. name:gsub('"', '""') .. '"'
end

local function literal(value)
  return "'" .. value:gsub("'", "''") .. "'"
end
M.literal = literal

local emit = {}

local function write(node, out) return emit[node[1]](node, out) end

local function bind(value, out)
  out[#out + 1] = value
  return "?"
end

function emit.number(node) return node.value end

function emit.string(node) return literal(node.value) end

function emit.null() return "null" end

function emit.param(node, out)
  if type(node.value) ~= "table" then return bind(node.value, out) end
  local marks = {}
  for i, v in ipairs(node.value) do marks[i] = bind(v, out) end
  return "(" .. table.concat(marks, ", ") .. ")"
end

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
local arithmetic = { ["+"] = "_add", ["-"] = "_subtract", ["*"] = "_multiply",
  ["/"] = "_divide" }

function emit.binary(node, out)
  local a, b = node[2], node[3]
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
  local a, items = write(node[2], out), {}
  for i = 3, #node do
    local item = node[i]
    if item[1] == "param" and type(item.value) == "table" then
      for _, v in ipairs(item.value) do items[#items + 1] = bind(v, out) end
    else
      items[#items + 1] = write(item, out)
    end
  end
  return ("%s %sin (%s)"):format(a, node.negate and "not " or "",
    table.concat(items, ", "))
end

function emit.between(node, out)
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
  local parts = { "case" }
  if node.operand then parts[2] = write(node.operand, out) end
  for i = 2, #node do
    parts[#parts + 1] = "when " .. write(node[i][1], out)
    parts[#parts + 1] = "then " .. write(node[i][2], out)
  end
  if node.otherwise then
    parts[#parts + 1] = "else " .. write(node.otherwise, out)
  end
  return table.concat(parts, " ") .. " end"
end

function emit.call(node, out)
  local args = {}
  for i = 2, #node do args[i - 1] = write(node[i], out) end
  local name = functions[node.name].sql or node.name
  return ("%s(%s%s)%s"):format(name, node.distinct and "distinct " or "",
    node.star and "*" or table.concat(args, ", "),
    node.filter and " filter (where " .. write(node.filter, out) .. ")" or "")
end

--- expression.sql(tree, values) -> SQL; values of ? are appended to values.
-- values.plain: sums and products as SQL writes them, for SQL to be read.
function M.sql(tree, values) return write(tree, values) end

--- expression.column(tree): the column when the tree is nothing else.
function M.column(tree)
  tree = require "trialsh.expression.check".plain(tree)
  return tree[1] == "column" and tree.column or nil
end

return M
