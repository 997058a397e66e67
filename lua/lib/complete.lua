-- The names that Tab offers for the word at the end of a text. Values are
-- looked up raw, or in objects of the library that say what they hold
-- (__complete in their metatable); nothing that a user wrote is called.

local columns = require "trialsh.complete.columns"
local context = require "trialsh.complete.context"
local sql = require "trialsh.complete.sql"
local strings = require "trialsh.complete.strings"

local M = {}

local keyword = {}
for word in ([[and break do else elseif end false for function goto if in local
    nil not or repeat return then true until while]]):gmatch "%a+" do
  keyword[word] = true
end

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
    local names = strings.columns_at(frame.receiver, frame.strings)
    if names then return names end
  end
  return require "trialsh.help".options(frame.name:gsub("%(%)$", "")) or {}
end

-- Names that can follow a dot and begin as typed.
local function select(names, word)
  local seen, list = {}, {}
  for _, name in ipairs(names) do
    if is_name(name) and not seen[name] and not keyword[name] then
      seen[name] = true
      list[#list + 1] = name
    end
  end
  list = sql.beginning(list, word)
  table.sort(list)
  return list
end

-- Topics of the help that begin as typed; only what follows the last . or :
-- is the word.
local function topics(typed)
  local head, word = typed:match "^(.-)([%w_]*)$"
  local list = {}
  for _, topic in ipairs(require "trialsh.help".topics()) do
    if topic:sub(1, #head) == head then
      list[#list + 1] = topic:sub(#head + 1):match "^[%w_]*"
    end
  end
  return select(list, word)
end

-- Names that the help has behind "model:" or "figure.".
local function topics_of(root)
  local list = {}
  for _, topic in ipairs(require "trialsh.help".topics()) do
    list[#list + 1] = topic:sub(1, #root) == root and topic:sub(#root + 1) or nil
  end
  return list
end

local results = { "result:", "model:", "curve:", "figure:", "table:" }

-- What may follow a chain of calls: "s.adsl:where()", "lm()".
local function members_of_call(chain, sep, texts)
  local relation = columns.relation_at(chain)
  local last = chain:match ":([%w_]+)%(%)$"
  if relation and last ~= "row" and last ~= "rows" and last ~= "sql" then
    return sep == ":" and members(relation, sep)
      or columns.names(columns.of(relation, texts))
  elseif relation then
    return last == "row" and sep == "." and columns.names(columns.of(relation))
      or {}
  end
  local head = chain:match "^([%a_][%w_]*)%(%)$" or chain:match "^figure"
    or chain:match "^table"
  if head == "read" or head == "sql" then
    return sep == ":" and members(demo.adsl, sep) or {}
  elseif not head or sep == "."
      or head ~= "table" and not require "trialsh.init".home[head] then
    return {}
  end
  local list = {}
  for _, kind in ipairs(results) do
    local names = topics_of(kind)
    table.move(names, 1, #names, #list + 1, list)
  end
  return list
end

--- complete.data_members("s.adsl"): tables or columns in there, or nil.
function M.data_members(path)
  local relation = columns.relation_at(path)
  if relation then return columns.names(columns.of(relation)) end
  local value = M.walk(path)
  return value ~= nil and completer(value) and members(value, ".") or nil
end

-- Behind a dot or colon: of the value that the names lead to, or of what a
-- chain of calls gives.
local function members_at(before, found)
  local at, path, sep, word = before:match "()([%a_][%w_.]*)([.:])([%w_]*)$"
  if path and not before:sub(1, at - 1):find "[.:]%s*$" then
    local value = M.walk(path)
    local list = value ~= nil and members(value, sep) or {}
    if type(value) == "table" and not completer(value) then
      local more = topics_of(path .. sep)
      table.move(more, 1, #more, #list + 1, list)
    end
    return select(list, word)
  end
  local chain
  chain, sep, word = found.chain:match "^(.*)([.:])([%w_]*)$"
  return chain and select(members_of_call(chain, sep, found.strings), word) or {}
end

--- complete.names(before): what the word at the end of `before` may become.
function M.names(before, found)
  local topic = before:match "^%s*%?+%s*([%w_.:]*)$"
  if topic then return topics(topic) end
  found = found or context.read(before)
  if before:find "[.:]%s*[%w_]*$" and not before:find "%.%.%s*[%w_]*$" then
    return members_at(before, found)
  end
  local word = before:match "[%w_]*$"
  if before:find "[\128-\255][%w_]*$" then return {} end
  local names = {}
  local opts = select(keys(before), word)
  if before:find "[{,]%s*[%w_]*$" and #opts > 0 then return opts end
  for _, name in ipairs(require "trialsh.init".names()) do names[#names + 1] = name end
  local list = select(names, word)
  for name in pairs(word ~= "" and keyword or {}) do
    if name:sub(1, #word) == word then list[#list + 1] = name end
  end
  table.sort(list)
  return list
end

-- What replaces readline's word, which begins at `start`, and what stands
-- before it of the name that is meant. One alone is closed, by the quote of the
-- string it is in or by its own.
local function insertions(before, after, start, candidates, origin, quote)
  local out, prefix, only = {}, "", candidates[1]
  if #candidates == 1 and only.close then
    local close = only.close == true and quote or only.close
    if after:sub(1, #close) ~= close then only.text = only.text .. close end
  end
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
  local command = require "trialsh.complete.command"
  local candidates, quote, origin = nil, "", 0
  if command.is(before) then
    candidates = command.candidates(before, after)
  elseif sql.is_statement(before) then
    candidates = sql.statement(before, after)
  else
    local found = context.read(before)
    if found.comment then return {}, "" end
    if not found.string then return M.names(before, found), "" end
    candidates = strings.candidates(found, after)
    quote = found.string.quote == "[[" and "]]" or found.string.quote
    origin = #before - #found.string.text
  end
  return insertions(before, after, start, candidates, origin, quote)
end

return M
