-- The calls in a tree that look at other rows, as they were written: what a
-- finding shows beside the values of its row.

local functions = require "trialsh.expression.functions".all
local plain = require "trialsh.expression.check".plain

-- "AVAL", "2", "'x'"; nil for what is longer.
local function word(node)
  node = plain(node)
  if node[1] == "column" then return node.name end
  if node[1] == "number" then return node.value end
  return node[1] == "string" and "'" .. node.value .. "'" or nil
end

local function written(call)
  local args = {}
  for i = 2, #call do
    args[i - 1] = word(call[i])
    if not args[i - 1] then return nil end
  end
  return ("%s(%s%s)"):format(call.name, call.star and "*" or
    table.concat(args, ", "), call.direction and " " .. call.direction or "")
end

local function walk(node, seen, out)
  if node[1] == "call" and (node.aggregate or functions[node.name].window) then
    local text = not node.filter and written(node)
    if text and not seen[text] then
      seen[text] = true
      out[#out + 1] = { text = text, tree = node }
    end
  end
  for _, child in ipairs(node) do
    if type(child) == "table" then walk(child, seen, out) end
  end
  for _, field in ipairs { "operand", "otherwise" } do
    if node[field] then walk(node[field], seen, out) end
  end
end

--- calls(tree) -> { { text = "lag(ADT)", tree = ... }, ... }, each once
return function(tree)
  local out = {}
  walk(tree, {}, out)
  return out
end
