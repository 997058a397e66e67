-- Tables that mix lists and names, as definitions and options do, in a form
-- that JSON has: the list part goes under "#". What is no plain value, a
-- relation for one, is turned by a function of the caller.

local M = {}

--- plain.of(value [, other]) -> value for JSON
-- other(table) -> what stands for it there, or nil for a table that is none of
-- the caller's.
function M.of(value, other)
  if type(value) ~= "table" then return value end
  local stands = other and other(value)
  if stands ~= nil then return stands end
  local out, list = {}, {}
  for key, v in pairs(value) do
    if math.type(key) == "integer" then list[key] = M.of(v, other)
    else out[key] = M.of(v, other) end
  end
  if next(out) == nil then return list end
  if #list > 0 then out["#"] = list end
  return out
end

--- plain.back(value [, other]) -> the table that it was
function M.back(value, other)
  if type(value) ~= "table" then return value end
  local was = other and other(value)
  if was ~= nil then return was end
  local out = {}
  for key, v in pairs(value) do
    if key == "#" then
      for i, item in ipairs(v) do out[i] = M.back(item, other) end
    else
      out[key] = M.back(v, other)
    end
  end
  return out
end

return M
