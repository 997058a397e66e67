-- Dates of SAS in expressions. A node whose number is one has node.format, as
-- its column has; text of ISO form beside it becomes such a number here, so
-- that SQL compares numbers. Functions that take dates are rewritten to those
-- of store_dates.c, which know the kind and the name for their messages.

local fail = require "ts.error".fail
local iso = require "trialsh.iso"

local M = {}

local HOW = { date = "2014-01-31", datetime = "2014-01-31T13:45:00",
  time = "13:45:00" }

local function plain(node)
  while node[1] == "group" do node = node[2] end
  return node
end

local function kind_of(node)
  return node.type == "real" and iso.kind(node.format) or nil
end
M.kind = kind_of

-- The number of a text, or an error that says how one is written.
local function number(self, word, node, name)
  local kind = kind_of(node)
  local x = iso.number(kind, word)
  if x then return x end
  local more = ""
  if kind == "datetime" and iso.number("date", word) then
    more = ": it needs a time, as '" .. word .. "T00:00:00'"
  elseif kind == "date" and iso.number("datetime", word) then
    more = ": a date has no time"
  else
    more = (", written '%s'"):format(HOW[kind])
  end
  self:error("'%s' is no %s of ISO 8601 as %s is%s", word, kind, name, more)
end

-- A text that is written there, or given for ?, turned into a number.
local function convert(self, node, date, name)
  local at = plain(node)
  if at[1] == "string" then
    local x = number(self, at.value, date, name)
    at[1], at.value = "number", ("%.17g"):format(x)
  elseif at[1] == "param" and type(at.value) == "string" then
    at.value = number(self, at.value, date, name)
  elseif at[1] == "param" and type(at.value) == "table" then
    local list = {}
    for i, v in ipairs(at.value) do
      list[i] = type(v) == "string" and number(self, v, date, name) or v
    end
    at.value = list
  else
    return
  end
  while node ~= at do
    node.type, node.format = "real", date.format
    node = node[2]
  end
  at.type, at.format = "real", date.format
end

--- dates.compare(checker, a, b, describe): both sides of a comparison.
function M.compare(self, a, b, describe)
  local s, t = kind_of(a), kind_of(b)
  if s and b.type == "text" then return convert(self, b, a, describe(a)) end
  if t and a.type == "text" then return convert(self, a, b, describe(b)) end
  if s and t and s ~= t then
    self:error("%s is a %s and %s a %s of SAS, which do not compare; iso(%s) "
      .. "and iso(%s) are texts", describe(a), s,
      describe(b), t, describe(a), describe(b))
  end
end

--- dates.hint(a, b, describe): what makes text and a date comparable.
function M.hint(a, b, describe)
  local date, word = a, b
  if not kind_of(a) then date, word = b, a end
  local kind = kind_of(date)
  if not kind or word.type ~= "text" then return nil end
  return ("%s is a %s of SAS and %s is text: iso(%s) is ISO text%s"):format(
    describe(date), kind, describe(word), describe(date), kind == "time" and ""
      or (", %s(%s) a number"):format(kind == "date" and "sasdate"
        or "sasdatetime", describe(word)))
end

-- Text that holds dates by its name, or by the function that made it.
local function names_date(node)
  local at = plain(node)
  if at[1] == "call" then
    return at.name == "iso" or at.name == "first_date" or at.name == "last_date"
  end
  local name = at[1] == "column" and at.type == "text" and at.name:upper() or ""
  return name:find "DTC$" ~= nil or name:find "DTM?$" ~= nil
end

-- A text that is written there or given for ?, or nil.
local function literal(node)
  local at = plain(node)
  return (at[1] == "string" or at[1] == "param") and type(at.value) == "string"
    and at.value or nil
end

--- dates.order(checker, a, b, describe): how a < b orders two texts: "strict" as
-- dates, "loose" as dates where one of them is one, nil as any text.
function M.order(self, a, b, describe)
  local word, other = literal(b), a
  if not word then word, other = literal(a), b end
  if a.type ~= "text" or b.type ~= "text" or literal(other) or word == "" then
    return nil
  elseif not word then
    return names_date(a) and names_date(b) and "strict" or "loose"
  elseif iso.number("date", word) or iso.number("datetime", word) then
    return "strict"
  elseif word:find "^%d%d%d%d%-%d%d%-%d%d$" then
    self:error("'%s' is no date of the calendar", word)
  elseif names_date(other) then
    self:error("'%s' is no whole ISO date, as '2014-01-31': the order of %s "
      .. "beside it is not known%s", word, describe(other),
      word:find "^%d%d%d%d%-?%d?%d?$" and plain(other)[1] == "column"
        and ("; substr(%s, 1, %d) has its parts"):format(describe(other), #word)
        or "")
  end
end

--- dates.mixed(s, a, t, b): numbers of two kinds (nil: of none) that a and b
-- name are no values of one column: what makes them so; nil if they are alike.
function M.mixed(s, a, t, b)
  if s == t then return nil end
  if s and t and s ~= "time" and t ~= "time" then
    return ("sasdate(substr(iso(%s), 1, 10)) is its date"):format(
      s == "datetime" and a or b)
  elseif s and t then
    return a == b and ("iso(%s) is text"):format(a)
      or ("iso(%s) and iso(%s) are texts"):format(a, b)
  end
  return ("cast(%s as real) is its number of %s"):format(s and a or b,
    (s or t) == "date" and "days" or "seconds")
end

--- dates.arithmetic(node): the format that a sum keeps.
function M.arithmetic(node)
  local a, b, op = node[2], node[3], node.op
  local s, t = kind_of(a), kind_of(b)
  if op ~= "+" and op ~= "-" or not (s or t) then return end
  if s and t or op == "-" and not s then return end
  local other = plain(s and b or a)
  local x = (other[1] == "number" or other[1] == "param")
    and tonumber(other.value)
  if (s or t) == "date" and x and x % 1 ~= 0 then return end
  node.format = (s and a or b).format
end

--- dates.shared(checker, values): the format that they all have, or nil.
function M.shared(self, list)
  local format
  for _, node in ipairs(list) do
    local kind = kind_of(node)
    if kind or node.type and not self:empty(node) then
      if not kind then return nil end
      format = format or node.format
    end
  end
  return format
end

-- Functions ------------------------------------------------------------------

local function text(value) return { "string", value = value, type = "text" } end

-- A date as ISO text: what days and first_date read. Fractions of a day go.
local function as_iso(node, kind)
  return { "call", name = "iso", dated = kind == "date" and "day" or kind,
    type = "text", node }
end

-- 'dd.mm.yyyy': each part once, no letter beside them; d and m, of one or two
-- digits, end at something else.
local function check_pattern(self, pattern)
  local seen, last = {}, nil
  for word, rest in pattern:lower():gmatch "(%a*)([^%a]*)" do
    local found = word
    while found ~= "" do
      local part
      for _, p in ipairs { "yyyy", "yy", "mon", "dd", "mm", "d", "m" } do
        if found:sub(1, #p) == p then part = p break end
      end
      local what = part and (part == "mon" and "m" or part:sub(1, 1))
      if not part or seen[what] or last and #last == 1 then
        self:error("iso: '%s' is no pattern; parts are dd (or d), mm (or m, or "
          .. "mon for jan), yyyy (or yy), as 'dd.mm.yyyy'", pattern)
      end
      seen[what] = true
      last, found = part, found:sub(#part + 1)
    end
    if rest:find "%d" then
      self:error("iso: '%s' is no pattern: it holds digits", pattern)
    end
    if rest ~= "" then last = nil end
  end
  if not (seen.d and seen.m and seen.y) then
    self:error("iso: '%s' needs a day, a month and a year, as 'dd.mm.yyyy'",
      pattern)
  end
  return pattern:lower()
end

-- What follows the pattern: the word of days and months that are not known, and
-- the first of the hundred years that two digits mean.
local function iso_options(self, node, pattern)
  local unknown, first = "", nil
  for i = 4, #node do
    local at = plain(node[i])
    local value = (at[1] == "string" or at[1] == "number" or at[1] == "param")
      and at.value
    local year = math.tointeger(tonumber(value))
    if at.type == "real" and year and year >= 1 and year <= 9900 then
      first = year
    elseif at.type == "text" and value and value:find "^[%a?-]+$" then
      unknown = value
    else
      self:error("iso(text, pattern, 'UN', 1930): behind the pattern stand the "
        .. "word of days that are not known, and the first year of yy")
    end
  end
  local short = pattern:find "yy" and not pattern:find "yyyy"
  if short and not first then
    self:error("iso: '%s' has years of two digits; iso(%s, '%s', 1930) takes "
      .. "them from 1930 to 2029", pattern, plain(node[2]).name or "...",
      pattern)
  elseif first and not short then
    self:error("iso: %d is the first year of yy, which '%s' has not", first,
      pattern)
  end
  return unknown, tostring(first or 0)
end

local call = {}

function call.iso(self, node, describe)
  local x, pattern = node[2], node[3]
  if pattern then
    local at = plain(pattern)
    if at[1] ~= "string" and not (at[1] == "param"
        and type(at.value) == "string") then
      self:error "iso(text, pattern): the pattern is a text, 'dd.mm.yyyy'"
    end
    self:needs(x, "text", "iso with a pattern")
    local unknown, first = iso_options(self, node, at.value:lower())
    node[3] = text(check_pattern(self, at.value))
    node.sql, node[4] = "_iso_text", text(describe(x))
    node[5], node[6] = text(unknown), { "number", value = first, type = "real" }
    return
  end
  if x.type == "text" then
    self:error("%s is text: iso(%s, 'dd.mm.yyyy') says how its dates are "
      .. "written", describe(x), describe(x))
  end
  local kind = kind_of(x)
  if x.type and not kind and not self:empty(x) then
    self:error("%s is a number without a date format: iso does not know "
      .. "whether it counts days or seconds", describe(x))
  end
  node.dated = kind or "date"
end

local function make_number(kind, format)
  return function(self, node, describe)
    local x = node[2]
    if x.type == "real" and not self:empty(x) then
      self:error("%s is a number already; %s takes ISO text", describe(x),
        node.name)
    end
    node.format, node.type = format, "real"
    local at = plain(x)
    if at[1] == "string" or at[1] == "param" and type(at.value) == "string" then
      convert(self, x, node, node.name .. "(...)")
    end
    node.sql = at.type == "real" and "" or "_sas"
    node[3] = at.type ~= "real" and text(kind) or nil
    node[4] = at.type ~= "real" and text(describe(x)) or nil
  end
end

call.sasdate = make_number("date", "E8601DA.")
call.sasdatetime = make_number("datetime", "E8601DT.")

function call.days(self, node, describe)
  local a, b = node[2], node[3]
  local s, t = kind_of(a), kind_of(b)
  local names = { text(describe(a)), text(describe(b)) }
  for i, other in pairs { [2] = b, [3] = a } do
    local x = node[i]
    local kind = i == 2 and s or i == 3 and t
    if kind == "time" then
      self:error("%s is a time of day, no date", describe(x))
    elseif kind and (kind == "datetime" or other.type == "text"
        or kind_of(other) == "datetime") then
      node[i] = as_iso(x, kind)
    elseif x.type == "real" and not kind and not self:empty(x)
        and (other.type == "text" or kind_of(other) == "datetime") then
      self:error("%s is a number without a date format, %s %s", describe(x),
        describe(other), other.type == "text" and "is text" or "a datetime")
    end
  end
  node[4], node[5], node.named = names[1], names[2], true
end

local function whole_date(self, node, describe)
  local x = node[2]
  local kind = kind_of(x)
  if x.type == "real" and (not kind or kind == "time")
      and not self:empty(x) then
    self:error("%s is a %s: %s takes ISO text or a date", describe(x),
      kind and "time of day" or "number without a date format", node.name)
  end
  node[3], node.named = text(describe(x)), true
  if kind then node[2] = as_iso(x, kind) end
end

call.first_date, call.last_date = whole_date, whole_date

--- dates.call(checker, node, describe): the arguments of a function of dates.
function M.call(self, node, describe)
  if call[node.name] then call[node.name](self, node, describe) end
end

return M
