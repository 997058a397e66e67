-- Rows that a verb adds: of a group of rows one, in which what is equal in all of
-- them stays.

local common = require "trialsh.derive.common"

local quote = common.quote
local M = {}

-- What belongs to a measurement itself, and not to whom or when.
M.measured = { "AVALC", "ABLFL", "BLQFL", "LLOQ", "ALQFL", "ULOQ", "CHG",
  "PCHG", "R2BASE", "ANRIND", "ATOXGRL", "ATOXGRH", "ATOXGR", "AWTDIFF" }

--- rows.missing(column): an expression of its type that is missing.
function M.missing(column)
  return column.type == "text" and "nullif('', '')" or "null + 0"
end

--- rows.of(verbs, node, group, items [, filter]) -> node
-- A row for each group: items[NAME] is the aggregate of a column; of all others
-- the value that the rows share, or missing. Columns keep their order.
function M.of(verbs, node, group, items, shared)
  local inside, list, names = {}, {}, {}
  for _, name in ipairs(group) do inside[name] = true end
  for i, column in ipairs(node.columns) do
    local x = quote(column.name)
    names[i] = column.name
    if not inside[column.name] then
      list[#list + 1] = ("%s = %s"):format(x, items[column.name]
        or shared and shared(column, x)
        or ("case when count(distinct %s) = 1 and count(%s) = count(*) then "
          .. "first(%s) end"):format(x, x, x))
    end
  end
  local made = verbs.summarise(verbs.by(node, table.unpack(group)),
    table.unpack(list))
  return verbs.select(made, table.unpack(names))
end

return M
