-- `local x = 1` at the prompt would be gone with its line. Locals that stand
-- outside of every block become globals there: the word is blanked, as is
-- <const>, so that lines and the rest of the text stay where they are.

local M = {}

local opens = { ["function"] = true, ["do"] = true, ["if"] = true,
  ["repeat"] = true }
local closes = { ["end"] = true, ["until"] = true }

-- The place behind a comment, a string or a long bracket at `at`, or nil.
local function skip(s, at)
  local comment = s:find("^%-%-", at)
  local from = comment and at + 2 or at
  local level = s:match("^%[(=*)%[", from)
  if level then
    local _, last = s:find("]" .. level .. "]", from, true)
    return (last or #s) + 1
  end
  if comment then return (s:find("\n", at, true) or #s) + 1 end
  local quote = s:match("^[\"']", at)
  if not quote then return nil end
  local to = at + 1
  while to <= #s and s:sub(to, to) ~= quote do
    to = to + (s:sub(to, to) == "\\" and 2 or 1)
  end
  return to + 1
end

local function blank(s) return (s:gsub("[^\n]", " ")) end

-- The names behind a `local`, without what stands in < >, and the place behind
-- them; nil for what cannot be kept.
local function names(s, at)
  local list = {}
  repeat
    local name, to = s:match("^(%s*[%a_][%w_]*)()", at)
    if not name then return nil end
    list[#list + 1] = name
    local attribute, word, behind = s:match("^(%s*<%s*(%a+)%s*>)()", to)
    if word == "close" then return nil end
    if attribute then list[#list + 1] = blank(attribute) end
    at = behind or to
    local comma, next_at = s:match("^(%s*,)()", at)
    if comma then list[#list + 1] = comma end
    at = next_at or at
  until not comma
  return table.concat(list), at
end

-- What stands for the `local` at the start of s from at on: text, place behind.
local function without(s, at)
  local from = at + #"local"
  if s:find("^%s+function%f[^%w_]", from) then return "     ", from end
  local list, to = names(s, from)
  if not list then return "local", from end
  local given = s:find("^%s*=", to)
  return "     " .. list .. (given and "" or " = nil"), to
end

--- locals.keep(text): the chunk in which its top-level locals are globals.
function M.keep(s)
  local out, depth, at = {}, 0, 1
  while at <= #s do
    local word, to = s:match("^([%a_][%w_]*)()", at)
    local text = word
    if word == "local" and depth == 0 then
      text, to = without(s, at)
    elseif word then
      depth = depth + (opens[word] and 1 or closes[word] and -1 or 0)
    else
      to = skip(s, at) or at + 1
      text = s:sub(at, to - 1)
    end
    out[#out + 1] = text
    at = to
  end
  return table.concat(out)
end

return M
