-- Lua source as its reader sees it: tokens with their lines, and the statements
-- at the top of a script. The log lists a script statement by statement, and an
-- error is shown at the word it is about.

local M = {}

local function lines_of(s)
  local n = 0
  for _ in s:gmatch "\n" do n = n + 1 end
  return n
end

-- Where a text in long brackets ends that begins at that place, or nil.
local function long_end(source, at)
  local equals = source:match("^%[(=*)%[", at)
  if not equals then return nil end
  local _, to = source:find("]" .. equals .. "]", at, true)
  return to or #source
end

local function comment_end(source, at)
  return long_end(source, at + 2)
    or (source:find("\n", at, true) or #source + 1) - 1
end

local function string_end(source, at)
  local quote, to = source:sub(at, at), at + 1
  while to <= #source do
    local c = source:sub(to, to)
    if c == quote or c == "\n" then return to end
    if c == "\\" then
      to = to + (source:find("^z%s+", to + 1)
        and #source:match("^z%s+", to + 1) or 1)
    end
    to = to + 1
  end
  return #source
end

-- kind and end of the token that begins at that place
local function token(source, at)
  local c = source:sub(at, at)
  if source:find("^[%a_]", at) then
    return "name", select(2, source:find("^[%w_]+", at))
  elseif source:find("^%.?%d", at) then
    return "value", select(2, source:find("^%.?%d[%w.]*", at))
  elseif c == '"' or c == "'" then
    return "value", string_end(source, at)
  elseif c == "[" and long_end(source, at) then
    return "value", long_end(source, at)
  elseif source:sub(at, at + 2) == "..." then
    return "value", at + 2
  elseif source:sub(at, at + 1) == "::" then
    return "sign", at + 1
  end
  return "sign", at
end

--- listing.tokens(source) -> { { kind, text, from, to, line }, ... }
-- kind is name, value (number, text or ...) or sign; keywords are names. line is
-- that of its first byte. Comments are left out.
function M.tokens(source)
  local list, at, line = {}, 1, 1
  if source:sub(1, 1) == "#" then at = source:find("\n", 1, true) or #source + 1 end
  while true do
    local from = source:find("%S", at)
    if not from then return list end
    line = line + lines_of(source:sub(at, from - 1))
    local to
    if source:sub(from, from + 1) == "--" then
      to = comment_end(source, from)
    else
      local kind
      kind, to = token(source, from)
      list[#list + 1] = { kind = kind, text = source:sub(from, to), from = from,
        to = to, line = line }
    end
    line = line + lines_of(source:sub(from, to))
    at = to + 1
  end
end

local function set(words)
  local out = {}
  for word in words:gmatch "%S+" do out[word] = true end
  return out
end

local opens = set "do function if repeat ( { ["
local closes = set "end until ) } ]"
local begins = set "local if for while repeat do return goto break function"
-- keywords and signs that an expression cannot end with
local goes_on = set [[and or not in then else elseif do repeat until local
  function return goto if for while]]

-- Whether a value or a statement may end with that token.
local function ends(t)
  if not t then return true end
  if t.kind == "value" then return true end
  if t.kind == "name" then return not goes_on[t.text] end
  return t.text:find "^[%)}%];]$" ~= nil or t.label_end == true
end

-- Marks the second :: of each label, and what stands in it.
local function mark_labels(tokens)
  for i, t in ipairs(tokens) do
    if t.text == "::" and tokens[i + 2] and tokens[i + 2].text == "::"
        and not t.label_end then
      t.label, tokens[i + 1].label = true, true
      tokens[i + 2].label, tokens[i + 2].label_end = true, true
    end
  end
end

-- Whether a statement at the top begins with a token that follows another.
local function begins_statement(t, before, header)
  if t.label or not ends(before) then return false end
  if t.text == "do" and header then return false end
  if begins[t.text] then return true end
  return t.kind == "name" and not goes_on[t.text] and not closes[t.text]
    and not (t.text == "and" or t.text == "or" or t.text == "end")
end

--- listing.statements(source) -> { { from, first, last }, ... }
-- The statements at the top of a script: where each begins, and its lines. One
-- that begins on the line on which another ended belongs to that one.
function M.statements(source)
  local tokens, list, depth, header = M.tokens(source), {}, 0, 0
  mark_labels(tokens)
  for i, t in ipairs(tokens) do
    if depth == 0 and begins_statement(t, tokens[i - 1], header > 0) then
      local last = list[#list]
      if not last or t.line > last.last then
        list[#list + 1] = { from = t.from, first = t.line, last = t.line }
      end
    end
    if t.text == "for" or t.text == "while" then
      if depth == 0 then header = header + 1 end
    end
    if t.kind ~= "value" and opens[t.text] then
      if depth == 0 and t.text == "do" and header > 0 then header = header - 1 end
      depth = depth + 1
    elseif t.kind ~= "value" and closes[t.text] then
      depth = depth - 1
    end
    if #list > 0 then
      list[#list].last = math.max(list[#list].last,
        t.line + lines_of(source:sub(t.from, t.to)))
    end
  end
  return list
end

--- listing.lines(source) -> { line, ... }
function M.lines(source)
  local list = {}
  for line in (source:gsub("\n$", "") .. "\n"):gmatch "(.-)\r?\n" do
    list[#list + 1] = line
  end
  return list
end

return M
