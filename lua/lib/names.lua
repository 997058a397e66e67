-- Names in messages.

local text = require "ts.text"

local M = {}

--- names.list(names) -> "A, B, C" in one line; of many the first and the last
function M.list(names)
  local list = { table.unpack(names) }
  if #list > 8 then list = { list[1], list[2], "...", list[#list] } end
  return text.escape(table.concat(list, ", "))
end

--- names.hint(name, names [, all]) -> "nearest: A", else "it has A, B, C", or
-- nothing of none: the end of a message about a name that is not there. all:
-- what is listed, if that is not names.
function M.hint(name, names, all)
  local near = text.nearest(tostring(name), names)
  if near then return "; nearest: " .. text.escape(near) end
  all = all or names
  return #all > 0 and "; it has " .. M.list(all) or ""
end

return M
