-- Which rows hold a text that a function of SQL refuses: the message of the
-- core names the column and the value; the tables and frames that a relation
-- reads know where they stand.

local quote = require "trialsh.expression".quote

-- Calls visit(source) for each table and frame below the layer.
local function each_source(layer, visit, seen)
  if seen[layer] then return end
  seen[layer] = true
  local source = layer.source
  if source.table or source.frame then
    visit(source)
  elseif source.union then
    for _, side in ipairs(source.union) do each_source(side, visit, seen) end
  else
    each_source(source, visit, seen)
  end
  if layer.join then each_source(layer.join.right, visit, seen) end
end

--- name_rows(message, layer, name, count) -> message, with the first row and
-- how many there are. name(source): how SQL calls it; count(sql, value): the
-- first value of both columns, or nil where the source has no such column.
return function(message, layer, name, count)
  local column, value = message:match "^([^:]+): '(.*)' is no "
  if not column then return message end
  local place
  each_source(layer, function(source)
    if place then return end
    local first, n = count(("select min(rowid), count(*) from %s where %s = ?")
      :format(name(source), quote(column)), value)
    if n and n > 0 then
      place = (" (row %d%s%s)"):format(first,
        source.table and " of " .. source.table or "",
        n > 1 and (", %d rows have it"):format(n) or "")
    end
  end, {})
  return place and message:gsub("( is no [^;]*)", function(what)
    return what .. place
  end, 1) or message
end
