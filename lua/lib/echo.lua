-- How the prompt shows a value: objects by their own tostring, plain tables as
-- dumps that are bounded in depth and length, numbers as the shortest text that
-- reads back.

local text = require "ts.text"

-- What .mode, .headers, .output and .once set: the kind of text that relations
-- become, with the names of columns or without, and the file that values go to,
-- closed after one where it is for once.
local M = { mode = "table", headers = true }

local most_items = 20   -- of one table
local most_depth = 3
local most_text = 60    -- bytes of a string inside a table
local columns = 78      -- what fits stands on one line

local keywords = {}
for word in ([[and break do else elseif end false for function goto if in local
  nil not or repeat return then true until while]]):gmatch "%a+" do
  keywords[word] = true
end

--- Whether name can be written without quotes, as in { name = 1 }.
function M.is_name(name)
  return type(name) == "string" and name:find "^[%a_][%w_]*$" ~= nil
    and not keywords[name]
end

local function quote(s)
  local cut = #s > most_text
  if cut then
    local at = most_text
    while at > 0 and s:byte(at + 1) & 0xC0 == 0x80 do at = at - 1 end
    s = s:sub(1, at)
  end
  return '"' .. text.escape(s):gsub('"', '\\"') .. '"' .. (cut and "..." or "")
end

local function number(x)
  return math.type(x) == "integer" and tostring(x) or text.number(x)
end

local function has_own_text(x)
  local meta = getmetatable(x)
  return meta == "NA" or type(meta) == "table" and meta.__tostring ~= nil
    and meta.__name ~= "FILE*"
end

local function order(a, b)
  local ta, tb = type(a), type(b)
  if ta ~= tb then return ta < tb end
  if ta == "number" or ta == "string" then return a < b end
  return tostring(a) < tostring(b)
end

local dump

local function item(x, depth)
  local kind = type(x)
  if kind == "string" then return quote(x) end
  if kind == "number" then return number(x) end
  if kind == "boolean" or kind == "nil" then return tostring(x) end
  if has_own_text(x) then
    local s = tostring(x)
    -- a table of many lines does not fit into a dump
    if #s <= most_text and not s:find "\n" then return s end
    local meta = getmetatable(x)
    return "<" .. tostring(type(meta) == "table" and meta.__name or kind) .. ">"
  end
  if kind == "table" then return dump(x, depth) end
  return "<" .. kind .. ">"
end

--- echo.key(name): as a table in braces is given it: AGE, ["my var"].
function M.key(name)
  return M.is_name(name) and name or "[" .. quote(name) .. "]"
end

-- the parts of a table, and how many were left out
local function parts(t, depth)
  local list, keys, n = {}, {}, rawlen(t)
  for i = 1, math.min(n, most_items) do
    list[i] = item(rawget(t, i), depth)
  end
  local left = n - #list
  for key in next, t do
    if not (math.type(key) == "integer" and key >= 1 and key <= n) then
      keys[#keys + 1] = key
    end
  end
  table.sort(keys, order)
  for _, key in ipairs(keys) do
    if #list >= most_items then
      left = left + 1
    else
      list[#list + 1] = (M.is_name(key) and key or "[" .. item(key, 0) .. "]")
        .. " = " .. item(rawget(t, key), depth)
    end
  end
  return list, left
end

function dump(t, depth)
  if next(t) == nil then return "{}" end
  if depth <= 0 then return "{...}" end
  local list, left = parts(t, depth - 1)
  if left > 0 then list[#list + 1] = "... " .. left .. " more" end
  local line = "{ " .. table.concat(list, ", ") .. " }"
  if #line <= columns and not line:find "\n" then return line end
  for i, part in ipairs(list) do list[i] = "  " .. part:gsub("\n", "\n  ") end
  return "{\n" .. table.concat(list, ",\n") .. "\n}"
end

local function called(f)
  local help = require "trialsh.help"
  local title = help.title_of(f)
  if title then return title .. "\n?" .. help.name_of(f) .. " for more" end
  local info = debug.getinfo(f, "S")
  if info.what == "C" or info.source:find "^=trialsh/" then return "function" end
  local file = info.short_src:gsub("^%((.*)%)$", "%1")
  return ("function of %s, line %d"):format(file, info.linedefined)
end

-- What .mode is about: a relation, a frame, the rows of a result.
local function as_rows(x)
  local meta = getmetatable(x)
  if type(meta) == "table" and meta.__name == "result" then return x:tidy() end
  return require "trialsh.relation".is(x) and x or nil
end

-- Lines broken at a blank where the screen ends; scripts and pipes get them whole.
local function wrap(words)
  local session = require "trialsh.session"
  local width = session.height() and session.width()
  if not width or text.width(words) <= width then return words end
  local out = {}
  for line in (words .. "\n"):gmatch "([^\n]*)\n" do
    local indent = line:match "^ *"
    while text.width(line) > width do
      local at, next_at
      for blank, word in line:gmatch "()%s+()" do
        if blank > #indent + 1 and text.width(line:sub(1, blank - 1)) <= width
        then
          at, next_at = blank, word
        end
      end
      if not at then break end
      out[#out + 1] = line:sub(1, at - 1)
      line = indent .. line:sub(next_at)
    end
    out[#out + 1] = line
  end
  return table.concat(out, "\n")
end

--- echo.value(x): the text of one value.
function M.value(x)
  local kind = type(x)
  if kind == "string" then return wrap(x) end
  if kind == "number" then return number(x) end
  if kind == "function" then return called(x) end
  local rows = kind == "table" and (M.mode ~= "table" and as_rows(x)
    or not M.headers and require "trialsh.relation".is(x) and x)
  if rows then
    return require "trialsh.prompt.mode".text(rows, M.mode, M.headers)
  end
  if kind == "table" and not has_own_text(x) then return dump(x, most_depth) end
  if kind == "thread" or kind == "userdata" and not has_own_text(x) then
    return kind == "thread" and "coroutine" or "userdata"
  end
  return wrap(tostring(x))
end

local function write(file, words)
  local ok, problem = file:write(words, "\n")
  if ok and M.once then
    ok, problem = file:close()
    M.file, M.once = nil, nil
  elseif ok then
    ok, problem = file:flush()
  end
  if not ok then require "ts.error".fail("file", problem) end
end

--- echo.values(...): the text of what an entry returned, nil when it went to
-- the file of .output.
function M.values(...)
  local list = table.pack(...)
  local long = false
  for i = 1, list.n do
    list[i] = M.value(list[i])
    long = long or list[i]:find "\n" ~= nil
  end
  local words = table.concat(list, long and "\n" or "  ")
  if not M.file then return words end
  write(M.file, words)
end

return M
