-- The names that Tab offers for the word at the end of a text. Values are
-- looked up raw, or in objects of the library that say what they hold
-- (__complete in their metatable); nothing that a user wrote is called.

local context = require "trialsh.complete.context"
local strings = require "trialsh.complete.strings"

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

--- complete.walk("a.b.c"): the value that a path from the globals names.
function M.walk(path)
  local value
  for name in path:gmatch "[%a_][%w_]*" do
    if value == nil then value = global(name) else value = member(value, name) end
    if value == nil then return nil end
  end
  return value
end

-- What may stand before = in the { } at the cursor: columns where a verb takes
-- them so, else the options that the help of the function lists.
local by_column = { where = true, label = true, levels = true }

local function keys(before)
  local found = context.read(before)
  local frame = found.frames[#found.frames]
  if not frame or frame.open ~= "{" or not frame.callee or frame.key then
    return {}
  end
  if by_column[frame.name] and frame.receiver then
    local columns = strings.columns_at(frame.receiver, frame.strings)
    if columns then return columns end
  end
  return require "trialsh.help".options(frame.name:gsub("%(%)$", "")) or {}
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
    local object = M.walk(path)
    return object ~= nil and select(members(object, sep), word) or {}
  end
  word = before:match "[%w_]*$"
  if before:find "[.:][%w_]*$" then return {} end -- after a call or a string
  local names = {}
  local opts = select(keys(before), word)
  if before:find "[{,]%s*[%w_]*$" and #opts > 0 then return opts end
  for _, name in ipairs(require "trialsh.init".names()) do names[#names + 1] = name end
  if word ~= "" then table.move(reserved, 1, #reserved, #names + 1, names) end
  return select(names, word)
end

-- What replaces readline's word, which begins at `start`, and what stands
-- before it of the name that is meant.
local function insertions(before, start, candidates, origin)
  local out, prefix = {}, ""
  for i, c in ipairs(candidates) do
    local from = origin + c.from
    if from < start then
      prefix = before:sub(from, start - 1)
      out[i] = c.text:sub(start - from + 1)
    else
      out[i] = before:sub(start, from - 1) .. c.text
    end
  end
  return out, prefix
end

--- complete.at(before, after, start) -> list of what may replace the bytes of
-- `before` from start on, and what stands before them of each name.
function M.at(before, after, start)
  local found = context.read(before)
  if found.comment then return {}, "" end
  if not found.string then return M.names(before), "" end
  local candidates = strings.candidates(found, after)
  local only = candidates[1]
  if #candidates == 1 and only.close then
    local close = only.close == true and found.string.quote or only.close
    if close == "[[" then close = "]]" end
    if after:sub(1, #close) ~= close then only.text = only.text .. close end
  end
  return insertions(before, start, candidates,
    #before - #found.string.text)
end

return M
