-- The names that Tab offers for the word at the end of a text. Values are
-- looked up raw, or in objects of the library that say what they hold
-- (__complete in their metatable); nothing that a user wrote is called.

local M = {}

local reserved = { "and", "break", "do", "else", "elseif", "end", "false",
  "for", "function", "goto", "if", "in", "local", "nil", "not", "or", "repeat",
  "return", "then", "true", "until", "while" }

local function is_name(name)
  return type(name) == "string" and name:find "^[%a_][%w_]*$" ~= nil
end

-- A global, the library's own loaded when it is not there yet.
local function global(name)
  local value = rawget(_G, name)
  if value == nil and require "trialsh.init".home[name] then
    local ok, loaded = pcall(function() return _G[name] end)
    if ok then value = loaded end
  end
  return value
end

local function completer(object)
  local meta = debug.getmetatable(object)
  return type(meta) == "table" and rawget(meta, "__complete") or nil
end

local function members(object, sep)
  local list = {}
  local own = completer(object)
  if own then
    local ok, names = pcall(own, object, sep)
    return ok and names or list
  end
  local from = object
  if type(object) ~= "table" then
    local meta = debug.getmetatable(object)
    from = type(meta) == "table" and rawget(meta, "__index") or nil
  end
  if type(from) ~= "table" then return list end
  for key, value in next, from do
    if type(key) == "string" and (sep == "." or type(value) == "function") then
      list[#list + 1] = key
    end
  end
  return list
end

-- The member of object that name is, without running a user's __index.
local function member(object, name)
  if completer(object) then
    for _, known in ipairs(members(object, ".")) do
      if known == name then
        local ok, value = pcall(function() return object[name] end)
        return ok and value or nil
      end
    end
    return nil
  end
  return type(object) == "table" and rawget(object, name) or nil
end

-- Walks "a.b.c" from the globals.
local function walk(path)
  local value
  for name in path:gmatch "[%a_][%w_]*" do
    if value == nil then value = global(name) else value = member(value, name) end
    if value == nil then return nil end
  end
  return value
end

-- The names of the options that the help of the function whose { } is open
-- lists; nothing outside of one.
local function options(before)
  local depth = 0
  for i = #before, 1, -1 do
    local c = before:sub(i, i)
    if c == "}" then depth = depth + 1 end
    if c == "{" then
      if depth == 0 then
        local head = before:sub(1, i - 1)
        local name = head:match "([%a_][%w_.:]*)%s*$"
        -- f(x, { ...: the call is the last bracket that is still open
        if not name then
          local open = head:match "^.*()%b()" and head:gsub("%b()", "") or head
          name = open:match "([%a_][%w_.:]*)%s*%([^()]*$"
        end
        return name and require "trialsh.help".options(name:match "[^:]*$") or {}
      end
      depth = depth - 1
    end
  end
  return {}
end

local function select(names, word)
  local seen, list = {}, {}
  for _, name in ipairs(names) do
    if is_name(name) and name:sub(1, #word) == word and not seen[name] then
      seen[name] = true
      list[#list + 1] = name
    end
  end
  table.sort(list)
  return list
end

-- Topics of the help that begin as typed; only what follows the last . or :
-- is the word.
local function topics(typed)
  local head, word = typed:match "^(.-)([%w_]*)$"
  local list = {}
  for _, topic in ipairs(require "trialsh.help".topics()) do
    if topic:sub(1, #head) == head then list[#list + 1] = topic:sub(#head + 1) end
  end
  return select(list, word)
end

--- complete.names(before): what the word at the end of `before` may become.
function M.names(before)
  local topic = before:match "^%s*%?%s*([%w_.:]*)$"
  if topic then return topics(topic) end
  local at, path, sep, word = before:match "()([%a_][%w_.]*)([.:])([%w_]*)$"
  -- what follows f(). is not a name to be looked up
  if path and not before:sub(1, at - 1):find "[.:]$" then
    local object = walk(path)
    return object ~= nil and select(members(object, sep), word) or {}
  end
  word = before:match "[%w_]*$"
  if before:find "[.:][%w_]*$" then return {} end -- after a call or a string
  local names = {}
  local opts = select(options(before), word)
  if before:find "[{,]%s*[%w_]*$" and #opts > 0 then return opts end
  for _, name in ipairs(require "trialsh.init".names()) do names[#names + 1] = name end
  if word ~= "" then table.move(reserved, 1, #reserved, #names + 1, names) end
  return select(names, word)
end

return M
