-- An error as the user reads it: the place, the line of the source with a caret
-- below the word that is meant, what called it; or the same as one line of JSON.

local json = require "ts.json"
local listing = require "trialsh.listing"
local text = require "ts.text"

local M = {}

-- Bytes of a source line that are shown.
local function widest()
  local session = require "trialsh.session"
  return session.notes and math.min(200, session.width() - 10) or 200
end

-- Cause and hint ------------------------------------------------------------------

-- What a message of Lua itself means to one who comes from another language.
local hints = {
  { "near '!'$", "not equal is ~=, not is not" },
  { "near '&'$", "and is and" },
  { "near '|'$", "or is or" },
  { "'then' expected near '='$", "equal is ==" },
  { "'do' expected near '='$", "equal is ==" },
  { "'%)' expected near '='$", "options stand in braces, { name = value }" },
  { "'[%)}]' expected near ", "a comma or a bracket is missing" },
  { "unfinished string", "a quotation mark is missing" },
  { "near '%$'$", "a part stands behind a point, data.COLUMN" },
  { "near '%%'$", "verbs are called by a colon, data:where(...)" },
  { "global 'table'%)$", 'table is a library; data:count "SEX" counts' },
  { "call a table value %(global 'study'%)$", 'study.create "trial.db" makes one, '
    .. 'study.open "trial.db" opens it' },
  { "call a table value %(global 'figure'%)$", "figure.points { data, y = "
    .. '"AVAL" }; ?figure lists them' },
  { "attempt to call a table value", "a colon, a comma or a name is missing" },
  { "attempt to compare ", "both sides must be numbers, or both text" },
  { "^syntax error near ", "a comma, an equals sign or a bracket may be missing, "
    .. "or it is a value alone: print(x) shows one" },
}

-- Cause and hint of a message: "no column AGEE; nearest: AGE".
local function parts(message, ours)
  if ours then
    local cause, hint = message:match "^(.-); (nearest: [^\n]*)$"
    if not cause then cause, hint = message:match "^(.-); ([^\n]*)$" end
    return cause or message, hint
  end
  for _, h in ipairs(hints) do
    if message:find(h[1]) then return message, h[2] end
  end
  return message, nil
end

-- The words of a cause that it may be about, the likeliest first. What error()
-- was given by a script may hold any word.
local function words(cause, object, ours)
  local list = { object }
  if not ours then return list end
  for word in cause:gmatch "'([^']+)'" do list[#list + 1] = word end
  for word in cause:gmatch '"([^"]+)"' do list[#list + 1] = word end
  list[#list + 1] = cause:match "([^%s,:;'\"]+)$"
  for word in cause:gmatch "no [%a ]-([%w_.]+)" do list[#list + 1] = word end
  for word in cause:gmatch "%f[%w_]%u[%u%d_]+%f[^%w_]" do
    list[#list + 1] = word
  end
  return list
end

-- The word in the cause that is said to be wrong, or nil.
local function object_of(cause, ours)
  if not ours then
    return cause:match "%(%l+ '([^']+)'%)" or cause:match "near '([^']+)'$"
      or cause:match "^bad argument #%d+ to '([^']+)'"
  end
  return cause:match "%f[%a]no %a[%a ]-'([^']+)'"
    or cause:match "%f[%a]no %l[%l ]- ([%w_.]+)$"
    or cause:match "%f[%a]no %l[%l ]- ([%w_.]+)[,:]"
    or cause:match "= \"([^\"]+)\" is n"
end

-- The place ---------------------------------------------------------------------

-- Whether a statement that is open goes on with that token.
local function continues(t)
  return t.text:find "^[%.:%(%{%[%]%)%},=~<>%+%-%*/%^%%#&|]" ~= nil
    or t.kind == "value" or t.text == "and" or t.text == "or"
end

-- The tokens from that line on that belong to what begins there.
local function reach(tokens, line)
  local list, depth = {}, 0
  for _, t in ipairs(tokens) do
    if t.line >= line then
      local last = list[#list]
      if last and t.line > last.line and depth <= 0 and not continues(t)
          and not last.text:find "^[=,%(%{%[%+%-%*/%.:]$" then
        break
      end
      list[#list + 1] = t
      if t.kind == "sign" then
        if t.text:find "[%(%{%[]" then depth = depth + 1 end
        if t.text:find "[%)%}%]]" then depth = depth - 1 end
      end
      if #list > 2000 then break end
    end
  end
  return list
end

-- Where a word stands in a token: offset from its first byte, or nil.
local function within(t, word)
  if t.text == word then return 0 end
  if t.kind ~= "value" then return nil end
  local at = 1
  while true do
    local from, to = t.text:find(word, at, true)
    if not from then return nil end
    if not (word:find "^[%w_]" and t.text:sub(from - 1, from - 1):find "[%w_]")
        and not (word:find "[%w_]$" and t.text:find("^[%w_]", to + 1)) then
      return from - 1
    end
    at = to + 1
  end
end

local function is_wrong(code)
  local _, problem = load(code)
  return problem and not problem:find "<eof>$"
end

-- A syntax error is at the first token that no other can set right; what is
-- typed may be an expression too.
local function wrong_token(source, tokens, line, typed)
  for _, t in ipairs(tokens) do
    local code = t.line == line and source:sub(1, t.to)
    if code and is_wrong(code) and not (typed and not is_wrong("return " .. code))
    then
      return t.from
    end
  end
end

-- Byte at which the source is to be looked at, or nil.
local function place(source, line, cause, object, kind, typed)
  local tokens = listing.tokens(source)
  if kind == "syntax" then return wrong_token(source, tokens, line, typed) end
  local near = reach(tokens, line)
  for _, word in ipairs(words(cause, object, kind == "ours")) do
    for _, t in ipairs(near) do
      local offset = within(t, word)
      if offset then return t.from + offset end
    end
  end
end

-- Line, column in characters and text of the line at a byte.
local function at_byte(source, byte)
  local before = source:sub(1, byte - 1)
  local line, from = 1, 1
  for at in before:gmatch "()\n" do line, from = line + 1, at + 1 end
  local whole = source:match("^[^\r\n]*", from)
  local head = source:sub(from, byte - 1)
  return line, (utf8.len(head) or #head) + 1, whole, head
end

local function nth_line(source, n)
  for line in (source .. "\n"):gmatch "([^\n]*)\n" do
    n = n - 1
    if n == 0 then return (line:gsub("\r$", "")) end
  end
end

-- Blanks as wide as the text; tabs stay, as a terminal spaces them.
local function blank(head)
  return (head:gsub("[^\t]+", function(part)
    return (" "):rep(text.width(text.escape(part)))
  end))
end

-- The line without its indent and a caret below the byte behind head.
local function shown(line, head)
  local indent = #line:match "^%s*"
  local body, before = line:sub(indent + 1), head and head:sub(indent + 1)
  if body == "" then return nil end
  local most = widest()
  if #body > most then
    local from = before and math.max(0, #before - most // 2) or 0
    while from > 0 and body:find("^[\x80-\xBF]", from + 1) do from = from - 1 end
    local to = from + most
    while to < #body and body:find("^[\x80-\xBF]", to + 1) do to = to + 1 end
    before = before and (from > 0 and "..." or "") .. before:sub(from + 1)
    body = (from > 0 and "..." or "") .. body:sub(from + 1, to)
      .. (to < #body and "..." or "")
  end
  return "    " .. body, before and "    " .. blank(before) .. "^"
end

-- The report ----------------------------------------------------------------------

local function read(path)
  local f = io.open(path, "rb")
  local all = f and f:read(1 << 24)
  if f then f:close() end
  return all
end

-- "x <- 5" is a comparison with -5 here.
local function is_arrow(source, line)
  local text = source and nth_line(source, line or 1)
  return text and text:find "^%s*[%a_][%w_.]*%s*<%-[^%-]" ~= nil
end

local endings = {}
for word in ([[csv tsv txt xpt sas7bdat sav dta db lua json ndjson pdf svg png gz
  xlsx log]]):gmatch "%S+" do endings[word] = true end

-- read(adsl.csv): a file without its quotes, or nil.
local function file_of(source, cause, line)
  local word = cause:match " near '([%a_][%w_]*)'$"
    or cause:match "^no variable or function '([%a_][%w_]*)'"
  local text = word and source and nth_line(source, line or 1)
  for before, ending in (text or ""):gmatch("()%f[%w_]" .. (word or "")
      .. "%.(%w+)") do
    local quotes = select(2, text:sub(1, before):gsub("[\"']", ""))
    if endings[ending:lower()] and quotes % 2 == 0 then
      return word .. "." .. ending
    end
  end
end

-- data.my var: a name that a point cannot give.
local function bracketed(source, cause, line)
  local word = cause:match " near '([%a_][%w_]*)'$"
  local text = word and source and nth_line(source, line or 1)
  local first = text and text:match("[%w_%]]%.([%a_][%w_]*) +" .. word
    .. "%f[^%w_]")
  return first and ('such a name stands in brackets, data["%s %s"]'):format(first,
    word)
end

-- What is known of the place: fills line, column, and the lines to be shown.
local function locate(r, source, kind, typed)
  local byte = place(source, r.line, r.cause, r.object, kind, typed)
  local line, head
  if byte then
    r.line, r.column, line, head = at_byte(source, byte)
  else
    line = nth_line(source, r.line)
  end
  r.source = line
  if line then r.shown, r.caret = shown(line, head) end
end

-- facts: { message, code, hint, object, file, line, path, source, typed, long,
-- interrupted, frames, traceback } as shell/report.c found them.
local function understand(facts)
  local r = { severity = "error", code = facts.code, file = facts.file,
    line = facts.line, message = facts.message, trace = facts.frames }
  local ours = facts.code ~= nil
  local module = not ours and facts.message:match "^module '(.-)' not found:"
  if module then -- the list of all places looked at is of no use
    r.message = ("no module '%s' in package.path"):format(module)
    facts.message = r.message
  end
  local syntax = not ours and facts.message:find " near " ~= nil
  r.code = r.code or facts.interrupted and "interrupted"
    or syntax and "syntax" or "lua"
  local cause, hint = parts(facts.message, ours)
  r.cause, r.hint = cause, facts.hint or hint
  r.object = facts.object or object_of(cause, ours)
  if not ours and hint then r.message = cause .. "; " .. hint end
  if facts.hint then r.message = r.message .. "; " .. facts.hint end
  local source = facts.source or facts.path and read(facts.path)
  local file = file_of(source, cause, r.line)
  local name = file and ('the name of a file stands in quotes, "%s"'):format(file)
    or syntax and bracketed(source, cause, r.line)
  if name then
    r.hint = name
    r.message = cause .. "; " .. name
  end
  if is_arrow(source, r.line) then
    r.hint = "a value is given by =, x = 5"
    r.message = cause .. "; " .. r.hint
  end
  if source and r.line and not facts.interrupted then
    locate(r, source, ours and "ours" or syntax and "syntax", facts.typed)
  end
  return r
end

local function compose(r, facts)
  local out = {}
  local head = facts.interrupted and "" or "error: "
  if r.line and not facts.typed then
    head = ("%s:%d: "):format(r.file, r.line)
  elseif r.line and facts.long then
    head = ("%sline %d: "):format(head, r.line)
  elseif r.file and not facts.typed then
    head = r.file .. ": "
  end
  out[1] = head .. r.message
  if not facts.typed or facts.long or r.code == "syntax" and r.caret then
    out[2], out[3] = r.shown, r.caret
  end
  if facts.traceback then
    out[#out + 1] = facts.traceback
    return table.concat(out, "\n")
  end
  local again = 0 -- a function that calls itself is shown once
  for _, frame in ipairs(facts.frames) do
    local line = ("  called from %s:%d%s"):format(frame.file, frame.line,
      frame.name and " in " .. frame.name or "")
    if line == out[#out] then
      again = again + 1
    elseif not (frame.first and frame.file == r.file
        and frame.line == facts.line) then
      out[#out + 1] = line
    end
  end
  if facts.more or again > 0 then out[#out + 1] = "  ..." end
  return table.concat(out, "\n")
end

local public = { "severity", "code", "file", "line", "column", "hint", "object" }

--- report.json(severity, message [, fields]) -> one line
function M.json(severity, message, fields)
  local out = { severity = severity, message = message }
  for _, key in ipairs(public) do
    if fields and fields[key] ~= nil then out[key] = fields[key] end
  end
  return json.encode(out)
end

--- report.report(facts) -> { text, json, message, code, ... }
function M.report(facts)
  local r = understand(facts)
  r.text = compose(r, facts)
  local name = r.file
  r.file = facts.path or name -- whole, where Lua's name for it is cut
  r.json = M.json("error", r.cause, r)
  r.cause, r.shown, r.caret = nil, nil, nil
  return r
end

--- error: what goes wrong, as pcall gives it
-- `ok, e = pcall(f, ...)`: an error of trialsh is an object; tostring(e) is its
-- line. --errors=json writes the same fields, a line for each error, warning and
-- note, on standard error.
--   e.message   cause and hint;  e.hint  what to do, "nearest: AGE"
--   e.object    the name that is wrong;  e.file, e.line, e.column  where
--   e.severity  "error"; in JSON also "warning", "note"
--   e.code      "not found", "invalid", "type", "exists", "format", "file",
--               "degenerate" (the data cannot answer), "convergence", "limit",
--               "read-only", "sql", "process", "memory", "interrupted", "refused"
--               (safe mode); in JSON also "syntax" and "lua", Lua's own
--
--   > ok, e = pcall(function() return demo.adsl:select "AGEE" end)
--   > e.code, e.object, e.hint
--   not found  AGEE  nearest: AGE
--
-- See also: log_to.

--- report.field(error, key): hint, object, column, severity of an error that a
-- script has caught; worked out when asked for.
function M.field(e, key)
  if key == "severity" then return "error" end
  local message = rawget(e, "message")
  if type(message) ~= "string" then return nil end
  local cause, hint = parts(message, true)
  if key == "hint" then return hint end
  local object = object_of(cause, true)
  if key == "object" then return object end
  local file, line = rawget(e, "file"), rawget(e, "line")
  local source = file and line and read(file)
  local byte = source and place(source, line, cause, object, "ours")
  if not byte then return nil end
  local found, column = at_byte(source, byte)
  return found == line and column or nil -- of a chain, only where line says
end

return M
