-- What a log says of the rows that were asked for: how many each where kept.

local NA = require "ts.na".NA
local note = require "trialsh.note"

local M = {}

local function value(v)
  if type(v) == "string" then return "'" .. v:gsub("'", "''") .. "'" end
  if v == NA or v == nil then return "NA" end
  if type(v) ~= "table" then return tostring(v) end
  local list = {}
  for i, x in ipairs(v) do list[i] = value(x) end
  return "(" .. table.concat(list, ", ") .. ")"
end

-- The condition with its values, on one line.
local function condition(args)
  local first, i = args[1], 1
  if type(first) == "table" then
    local list = {}
    for name, v in pairs(first) do
      list[#list + 1] = name .. (type(v) == "table" and " in " or " = ")
        .. value(v)
    end
    table.sort(list)
    return table.concat(list, " and ")
  end
  return (first:gsub("%s+", " "):gsub("%?", function()
    i = i + 1
    return value(args[i])
  end))
end

--- record.kept(relation, node): tells a log of the rows that the wheres of a relation
-- kept, the first one first. relation is trialsh.relation.
function M.kept(relation, node)
  if not node.verb or node.kept_told then return end
  node.kept_told = true
  local parent = relation.node_of(node.parent_relation)
  M.kept(relation, parent)
  if node.verb == "where" and node.asked_for and not parent.group then
    local base = parent
    while base.verb do base = relation.node_of(base.parent_relation) end
    local before = parent.frame and #parent.frame or relation.count_rows(parent, true)
    local after = relation.count_rows(node, true)
    note.record("%s where %s: %d of %d rows kept", base.name or "frame",
      condition(node.args), after, before)
  end
end

return M
