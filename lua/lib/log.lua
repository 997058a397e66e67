-- The log of a run, for who reviews it: the script line by line, and below each
-- statement what was read, kept, merged, printed and written. FILE.jsonl beside
-- it holds the same, an object a line.
--
-- A script that is logged is loaded with a call before each statement at its
-- top, on the same line, so that all line numbers stay. Nothing hooks the
-- statements themselves: loops run as fast as without a log.

local json = require "ts.json"
local errors = require "ts.error"
local files = require "ts.file"
local listing = require "trialsh.listing"
local note = require "trialsh.note"
local session = require "trialsh.session"
local text = require "ts.text"

local fail = errors.fail

local M = {}

local FIRST = "trialsh log of "
local ENOUGH = 0.01 -- seconds: a step that took less and said nothing is silent

local log           -- the one that is open
local scripts = {}  -- the scripts that run, the innermost last
local loaded = {}   -- their texts and statements, by number

-- Writing ----------------------------------------------------------------------

-- Each line reaches the file at once: what happened last is what is looked for.
local function write(file, line)
  if not (file:write(line, "\n") and file:flush()) then log.broken = true end
end

local function put(line) write(log.file, line) end

local function event(kind, fields)
  fields.type, fields.utc = kind, session.utc()
  write(log.json, json.encode(fields))
end

-- "NOTE: first line" and the others below it.
local function block(mark, message)
  local indent = (" "):rep(#mark + 2)
  message = text.escape((message:gsub("\n", "\1"))):gsub("\\x01", "\n" .. indent)
  put(mark .. ": " .. message)
end

local function said() log.said = log.said + 1 end

local function counted(n, word) return note.plural(n, word) end

local function seconds(x) return ("%.3f s"):format(x) end

-- Notes, warnings, errors --------------------------------------------------------

local function tell(kind, message)
  local file, line = errors.where()
  if kind ~= "warning" then kind = "note" end
  log.count[kind] = log.count[kind] + 1
  block(kind:upper(), message)
  event(kind, { message = message, file = file, line = line })
  said()
end

-- Records are told once: a relation is asked anew when its study changes.
local function listen(message, kind)
  if kind == "warning" or log.recorded[message] then return end
  if kind == "record" then log.recorded[message] = true end
  tell("note", message)
end

--- log.hear(): takes up what warn() was given.
function M.hear()
  if not log then return end
  for _, message in ipairs(session.warned()) do tell("warning", message) end
end

--- log.failed(report): an error that ends the script, or an entry.
function M.failed(report)
  M.hear()
  log.count.error = log.count.error + 1
  block("ERROR", report.text:gsub("^error: ", ""))
  local fields = {}
  for key, value in pairs(report) do
    if key ~= "text" and key ~= "trace" then fields[key] = value end
  end
  event("error", fields)
end

--- log.printed(text): what print, or an entry, has shown.
function M.printed(shown)
  M.hear()
  for line in (shown:gsub("\n$", "") .. "\n"):gmatch "(.-)\n" do
    put("| " .. line:gsub("[^\t]+", text.escape))
  end
  event("printed", { text = shown })
  said()
end

-- Files that are written ----------------------------------------------------------

-- A file that is open may still be written; what it holds at the end counts.
function M.opened(path)
  if not log.later[path] then
    log.later[path] = true
    log.later[#log.later + 1] = path
  end
end

--- log.wrote(path): a file that is whole.
function M.wrote(path)
  local sum, bytes = files.sha256(path)
  if not sum then return end
  put(("OUTPUT: %s, %s"):format(text.escape(path), counted(bytes, "byte")))
  put("        SHA-256 " .. sum)
  event("output", { path = path, bytes = bytes, sha256 = sum })
  said()
end

-- Steps ---------------------------------------------------------------------------

local function list(script, last)
  if log.shown ~= script.name then
    if log.shown then put "" end
    put(text.escape(script.name))
    log.shown = script.name
  end
  for n = script.listed + 1, math.min(last, #script.lines) do
    put((("%4d  %s"):format(n, text.escape(script.lines[n])):gsub("%s+$", "")))
  end
  script.listed = math.max(script.listed, last)
end

local function end_step(script)
  local step = script.step
  if not step or step.log ~= log then return end
  M.hear()
  local elapsed = session.clock() - step.clock
  local cpu = os.clock() - step.cpu
  script.step = nil
  if log.said > step.said or elapsed >= ENOUGH then
    put(("      elapsed %s, CPU %s"):format(seconds(elapsed), seconds(cpu)))
  end
  event("step", { file = script.name, line = step.first, last = step.last,
    elapsed = elapsed, cpu = cpu })
end

local function begin_step(script, first, last)
  list(script, last)
  script.step = { log = log, first = first, last = last, said = log.said,
    clock = session.clock(), cpu = os.clock() }
end

-- What the script itself calls before its n-th statement.
local function step(number, n)
  local script = loaded[number]
  end_step(script)
  if not log then return end
  local statement = script.statements[n]
  begin_step(script, statement.first, statement.last)
end

local function with_steps(source, statements, number)
  local out, at = {}, 1
  for n, statement in ipairs(statements) do
    out[#out + 1] = source:sub(at, statement.from - 1)
    out[#out + 1] = ("__step(%d,%d);"):format(number, n)
    at = statement.from
  end
  out[#out + 1] = source:sub(at)
  return table.concat(out)
end

-- The chunk with its steps; plain where that is none, or where the script has an
-- environment of its own, which lacks our function.
local function compile(source, name, script)
  local statements = listing.statements(source)
  local begin = require "trialsh.script".BEGIN
  local chunk = not source:find "_ENV"
    and load(begin .. with_steps(source, statements, #loaded), name, "t")
  if chunk then
    script.statements = statements
    rawset(_G, "__step", step)
    return chunk
  end
  return load(begin .. source, name, "t")
end

local function run(script, chunk, ...)
  scripts[#scripts + 1] = script
  local _ <close> = setmetatable({}, { __close = function(_, problem)
    scripts[#scripts] = nil
    if problem ~= nil then
      script.step = nil
    elseif log then
      end_step(script)
      list(script, #script.lines)
    end
  end })
  script.listed = 0
  if log and not script.statements then begin_step(script, 1, #script.lines) end
  local result = table.pack(chunk(...))
  return table.unpack(result, 1, result.n)
end

--- log.script(source, path): a function that runs a script with its steps in
-- the log, or nil and what is wrong.
function M.script(source, path)
  -- the first line may be one for the system
  local plain = source:gsub("^#[^\n]*", function(line)
    return "--" .. line:sub(3)
  end)
  local script = { name = path, listed = 0, lines = listing.lines(source) }
  loaded[#loaded + 1] = script
  local chunk, problem = compile(plain, path == "stdin" and "=stdin"
    or "@" .. path, script)
  if not chunk then return nil, problem end
  require "trialsh.sessioninfo".ran(path, source)
  return function(...) return run(script, chunk, ...) end
end

--- log.load(path): as log.script, of a file; nil when it cannot be read.
function M.load(path)
  local f = io.open(path, "rb")
  local source = f and f:read "a"
  if f then f:close() end
  return source and M.script(source, path) or nil
end

--- log.entry(code): what was typed, at the prompt or after -e, begins or, with
-- nil, has ended.
function M.entry(code)
  if code then
    local script = { name = "typed", listed = 0, lines = listing.lines(code) }
    log.entry = script
    if log.shown ~= "typed" then
      if log.shown then put "" end
      put "typed"
      log.shown = "typed"
    end
    for i, line in ipairs(script.lines) do
      put((i == 1 and "   > " or "     ") .. text.escape(line))
    end
    script.listed = #script.lines
    script.step = { log = log, first = 1, last = #script.lines, said = log.said,
      clock = session.clock(), cpu = os.clock() }
  elseif log.entry then
    end_step(log.entry)
    log.entry = nil
  end
end

-- Opening and closing --------------------------------------------------------------

-- A log replaces an earlier one, never a file that is something else.
local function open(path, first)
  local old = io.open(path, "rb")
  if old then
    local begin = old:read(#first)
    old:close()
    if begin and begin ~= first then
      fail("exists", ("%s is there and is no log; it stays as it is"):format(
        path))
    end
  end
  local file, problem = io.open(path, "w")
  if not file then fail("file", problem) end
  return file
end

local JSON = '{"log":' -- how the lines of an earlier one begin

local function begin(path)
  local what = (rawget(_G, "arg") or {})[0] or "what is typed"
  if what == "-" then what = "standard input" end
  log = { path = path, later = {}, recorded = {}, count = { error = 0, warning = 0, note = 0 },
    said = 0, clock = session.clock(), cpu = os.clock() }
  local ok, problem = pcall(function()
    log.file = open(path, FIRST)
    log.json = open(path .. ".jsonl", JSON)
  end)
  if not ok then
    log = nil
    error(problem, 0)
  end
  put(FIRST .. text.escape(what))
  local info = require "trialsh.sessioninfo".sessioninfo()
  put(tostring(info))
  put ""
  event("begin", { script = what, log = path, session = info:fields() })
  note.log = M
  session.logged(M)
  note.listeners[#note.listeners + 1] = listen
end

local function forget()
  for i, listener in ipairs(note.listeners) do
    if listener == listen then table.remove(note.listeners, i) break end
  end
  note.log = nil
  session.logged(nil)
  log = nil
end

-- Files that scripts opened themselves, what the session was at its end, counts.
local function finish(code)
  M.hear()
  put ""
  for _, path in ipairs(log.later) do M.wrote(path) end
  for _, line in ipairs(require "trialsh.sessioninfo".used()) do put(line) end
  local n = log.count
  if code == 1 and n.error == 0 then
    n.error = 1
    put("ERROR: the script ended itself with exit code 1")
  end
  local elapsed, cpu = session.clock() - log.clock, os.clock() - log.cpu
  put(("%selapsed %s, CPU %s"):format(code and "exit code " .. code .. ", " or "",
    seconds(elapsed), seconds(cpu)))
  put(("%s, %s, %s"):format(counted(n.error, "error"),
    counted(n.warning, "warning"), counted(n.note, "note")))
  event("end", { errors = n.error, warnings = n.warning, notes = n.note,
    exit = code, elapsed = elapsed, cpu = cpu })
end

--- log.close([exit code]): false when something could not be written.
function M.close(code)
  if not log then return true end
  for i = #scripts, 1, -1 do end_step(scripts[i]) end
  finish(code)
  local whole = not log.broken
  whole = log.file:close() and whole
  whole = log.json:close() and whole
  local path = log.path
  forget()
  return whole, path
end

--- log.path(): the file of the log that is open, or nil.
function M.path() return log and log.path end

--- log.open(path): what --log asks for.
function M.open(path) begin(path) end

--- log_to([file])
-- Ends the log that is open, and begins another in that file: what follows goes
-- there. Without a file the log ends. `trialsh --log FILE script.lua` logs from
-- the beginning. A log lists the script, and below each statement NOTE lines
-- (rows read, kept, merged), warnings, what print showed (behind |), files
-- written with their SHA-256, and the time it took; its last line counts errors,
-- warnings and notes. FILE.jsonl holds the same for programs. A log of that name
-- is replaced, another file is not.
--
--   > select(2, pcall(log_to, 1))
--   log_to takes the name of a file, not a number
--
-- See also: sessioninfo, quit.
function M.log_to(file)
  if file ~= nil and (type(file) ~= "string" or file == "") then
    fail("type", ("log_to takes the name of a file, not %s"):format(
      file == "" and "an empty one" or "a " .. type(file)))
  end
  local whole, path = M.close()
  if not whole then
    fail("file", ("%s could not be written to its end"):format(path))
  end
  if not file then return end
  begin(file)
  local script = scripts[#scripts]
  if script and script.statements then
    -- the line that asked for it stands in both
    local _, line = errors.where()
    for _, statement in ipairs(script.statements) do
      if line and statement.first <= line and line <= statement.last then
        script.listed = statement.first - 1
        begin_step(script, statement.first, statement.last)
      end
    end
  end
end

return M
