-- Help on what the user has made: functions and endpoints, from the comment
-- above them in their script, and variables.

local M = {}

-- The lines of a file, or nil.
local function lines_of(file)
  local f = file and io.open(file)
  if not f then return nil end
  local list = {}
  for line in f:lines() do list[#list + 1] = line end
  f:close()
  return list
end

-- The comment that stands right above a line, without its dashes.
local function comment_above(lines, at)
  local list = {}
  while at > 1 do
    local body = lines[at - 1]:match "^%s*%-%-+%s?(.*)$"
    if not body or body:find "^%[%[" then break end
    table.insert(list, 1, body)
    at = at - 1
  end
  return list
end

local function page(title, place, comment, more)
  local name = title:match "^[%w_.]+%("
  local titled = name and comment[1] and comment[1]:sub(1, #name) == name
  local out = { not titled and title or nil }
  for _, line in ipairs(comment) do out[#out + 1] = line end
  if more then out[#out + 1] = more end
  if place then out[#out + 1] = place end
  return table.concat(out, "\n")
end

-- name(a, b, ...) as it is defined
local function signature(name, f)
  local info, list = debug.getinfo(f, "u"), {}
  for i = 1, info.nparams do list[i] = debug.getlocal(f, i) end
  if info.isvararg then list[#list + 1] = "..." end
  return ("%s(%s)"):format(name, table.concat(list, ", "))
end

local function of_function(name, f)
  local info = debug.getinfo(f, "S")
  if info.what == "C" or info.source:find "^=trialsh/" then return nil end
  local file = info.source:match "^@(.*)"
  local lines = lines_of(file)
  local comment = lines and comment_above(lines, info.linedefined) or {}
  return page(signature(name, f), file
    and ("defined in %s, line %d"):format(file, info.linedefined)
    or "defined at the prompt", comment)
end

local function of_endpoint(e)
  local lines = e.line and lines_of(e.file)
  return page(tostring(e):match "^[^\n]*",
    e.file and lines and ("defined in %s, line %d"):format(e.file, e.line),
    lines and comment_above(lines, e.line) or {},
    tostring(e):match "\n(.*)")
end

local function endpoints()
  local module = package.loaded["trialsh.endpoint"]
  return module and module.list or {}
end

-- The global, or the field "a.b" of one, of that name; nil for none.
local function value_of(name)
  local ok, value = pcall(function()
    local value
    for part in name:gmatch "[^.:]+" do
      if value == nil then
        value = rawget(_G, part)
        if value == nil and require "trialsh.init".home[part] then
          value = _G[part]
        end
      else
        value = value[part]
      end
      if value == nil then return nil end
    end
    return value
  end)
  return ok and value or nil
end

--- own.topic(name) -> text or nil; of an endpoint "ID" or "endpoint.ID"
function M.topic(name)
  local e = endpoints()[name] or endpoints()[name:match "^endpoint%.(.+)$"]
  if e then return of_endpoint(e) end
  local value = name:find "^[%a_][%w_.:]*$" and value_of(name)
  if type(value) == "function" then return of_function(name, value) end
  if value == nil or value == false then return nil end
  local meta = debug.getmetatable(value)
  local kind = type(meta) == "table" and rawget(meta, "__name")
  if type(kind) ~= "string" then return nil end
  return ("%s is a %s; ?%s lists what it can do"):format(name, kind, kind)
end

--- own.of(f) -> text or nil: of a function that is given.
function M.of(f)
  for name, value in next, _G do
    if rawequal(value, f) and name ~= "_" then return of_function(name, f) end
  end
  return of_function("function", f)
end

--- own.names() -> list: of functions and endpoints
function M.names()
  local list = {}
  for _, e in ipairs(endpoints()) do list[#list + 1] = e.id end
  for name, value in next, _G do
    if type(name) == "string" and type(value) == "function"
        and debug.getinfo(value, "S").source:find "^@" then
      list[#list + 1] = name
    end
  end
  table.sort(list)
  return list
end

--- own.search(words) -> titles of those that hold all words
function M.search(words)
  local found = {}
  for _, name in ipairs(M.names()) do
    local whole = M.topic(name) or ""
    local all = true
    for word in words:lower():gmatch "%S+" do
      all = all and whole:lower():find(word, 1, true) ~= nil
    end
    if all then found[#found + 1] = whole:match "^[^\n]*" end
  end
  return found
end

return M
