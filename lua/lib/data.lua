-- What a statistic takes as data: a relation, a frame or a table of arrays of
-- equal length. All become one C frame that holds just the columns asked for.

local cframe = require "ts.frame"
local fail = require "ts.error".fail

local M = {}

local function kind(x)
  local meta = type(x) == "table" and getmetatable(x)
  return meta and meta.__frame and "relation" or type(x)
end

--- data.is(x): whether x is a relation, a frame or a table of named arrays.
function M.is(x)
  if kind(x) == "relation" then return true end
  return kind(x) == "table" and type((next(x))) == "string"
end

--- data.frame(x [, names]): a C frame of x. names: only these columns, in
-- this order (an unknown one is an error with the nearest); else all.
function M.frame(x, names, who)
  if kind(x) == "relation" then return getmetatable(x).__frame(x, names) end
  if kind(x) ~= "table" then
    fail("type", ("%s: data is a relation, a frame or a table of arrays, not a %s")
      :format(who or "data", type(x)))
  end
  local list = names
  if not list then
    list = {}
    for name in pairs(x) do list[#list + 1] = name end
    table.sort(list)
  end
  local arrays = {}
  for i, name in ipairs(list) do
    arrays[i] = x[name]
    if arrays[i] == nil then
      local known = {}
      for key in pairs(x) do known[#known + 1] = tostring(key) end
      table.sort(known)
      local near = require "ts.text".nearest(name, known)
      fail("not found", ("no column %s%s"):format(name,
        near and "; nearest: " .. near or ""))
    end
  end
  return cframe.build(list, arrays)
end

--- data.has(x, name): whether x has such a column.
function M.has(x, name)
  if kind(x) ~= "relation" then return kind(x) == "table" and x[name] ~= nil end
  for _, column in ipairs(require "trialsh.relation".node_of(x).columns) do
    if column.name == name then return true end
  end
  return false
end

--- data.simulated(x): the mark of made-up data, or of dummy arms, or false; what
-- is computed from them bears it too.
function M.simulated(x)
  if kind(x) ~= "relation" then return false end
  return require "trialsh.relation".node_of(x).simulated or false
end

--- data.wrap(cframe [, simulated]): the frame a user sees, with its verbs.
function M.wrap(frame, simulated)
  return require "trialsh.relation".of_frame(frame, { simulated = simulated })
end

return M
