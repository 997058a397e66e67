-- What is told of a raw table that another file, or the same one read
-- otherwise, took the place of: a forgotten option (decimal = ",") turns numbers
-- into text and loses columns without an error.

local json = require "ts.json"
local text = require "ts.text"
local NA = require "ts.na".NA
local note = require "trialsh.note"

local M = {}

-- "CRP was real, is text", and the names that are gone, and new.
local function compare(old, new)
  local was, is = {}, {}
  local other, gone, more = {}, {}, {}
  for _, c in ipairs(new) do is[c.name] = c end
  for _, c in ipairs(old) do
    was[c.name] = c
    local now = is[c.name]
    if not now then
      gone[#gone + 1] = c.name
    elseif now.type ~= c.type then
      other[#other + 1] = ("%s was %s, is %s"):format(c.name, c.type, now.type)
    end
  end
  for _, c in ipairs(new) do
    if not was[c.name] then more[#more + 1] = c.name end
  end
  return other, gone, more
end

local function some(list)
  local most = math.min(#list, 8)
  return table.concat(list, ", ", 1, most)
    .. (most < #list and (" and %d more"):format(#list - most) or "")
end

-- An option as a script writes it: ',' or { 'CRP' } or { CRP = 'text' }.
local function written(value)
  if type(value) == "string" then return "'" .. value .. "'" end
  if type(value) ~= "table" then return text.number(value) end
  local parts = {}
  for key, v in pairs(value) do
    parts[#parts + 1] = (type(key) == "string" and key .. " = " or "")
      .. written(v)
  end
  table.sort(parts)
  return "{ " .. table.concat(parts, ", ") .. " }"
end

-- "the last import had decimal = ','", of options that are others now.
local function options_before(old, new)
  local had, lacked, names = {}, {}, {}
  for _, list in ipairs { old, new } do
    for name in pairs(list) do names[name] = name ~= "beside" or nil end
  end
  for name in pairs(names) do
    local before, now = old[name], new[name]
    if before == NA then before = nil end
    if json.encode { before } ~= json.encode { now } then
      if before ~= nil then
        had[#had + 1] = ("%s = %s"):format(name,
          type(before) == "boolean" and tostring(before) or written(before))
      else
        lacked[#lacked + 1] = "no " .. name
      end
    end
  end
  table.sort(had)
  table.sort(lacked)
  table.move(lacked, 1, #lacked, #had + 1, had)
  return #had > 0 and "the last import had " .. table.concat(had, ", ") or nil
end

--- replaced.say(name, old, columns, given): columns that changed their type or
-- are gone are a warning; new ones alone, or other options, a note.
function M.say(name, old, columns, given)
  local other, gone, more = compare(old.columns, columns)
  local parts = other
  local say = #other + #gone > 0 and note.warn or note.say
  if #other > 8 then parts = { some(other) } end
  if #gone > 0 then parts[#parts + 1] = "gone: " .. some(gone) end
  if #more > 0 then parts[#parts + 1] = "new: " .. some(more) end
  parts[#parts + 1] = options_before(old.definition or {}, given)
  if #parts > 0 then
    say("%s", ("%s replaced: %s"):format(name, table.concat(parts, "; ")))
  end
end

return M
