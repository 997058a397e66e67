-- The expressions of where, mutate and summarise: SQLite's, minus its traps.
--
-- A text is parsed into a tree, names are resolved against columns, types and
-- levels are checked, and the tree is written again as SQL. So a wrong name is
-- an error with the nearest, a level that does not exist is no empty result,
-- numbers and text do not compare, and / is division of reals.

local parse = require "trialsh.expression.parse"
local write = require "trialsh.expression.write"

local M = {
  parse = parse.parse,
  definition = parse.definition,
  check = require "trialsh.expression.check".check,
  sql = write.sql,
  column = write.column,
  source = write.source,
  decided = write.decided,
  level_order = write.level_order,
  quote = write.quote,
  literal = write.literal,
  functions = require "trialsh.expression.functions".names(),
}

--- expression.backtick(name): a name as a formula writes it.
function M.backtick(name)
  return name:find "^[%a.][%w._]*$" and name or "`" .. name .. "`"
end

local conditions = { ["and"] = true, ["or"] = true, ["not"] = true,
  ["in"] = true, between = true, is = true, like = true }

--- expression.is_condition(tree): whether it holds or does not, as 1 or 0.
function M.is_condition(tree)
  if tree[1] == "group" then return M.is_condition(tree[2]) end
  return conditions[tree[1]]
    or tree[1] == "binary" and parse.compare[tree.op] ~= nil or false
end

--- expression.mentions(tree, name): whether a column of that name is in it.
function M.mentions(tree, name)
  if tree[1] == "column" then return tree.name:lower() == name:lower() end
  for _, child in pairs(tree) do
    if type(child) == "table" and M.mentions(child, name) then return true end
  end
  return false
end

return M
