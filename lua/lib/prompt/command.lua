-- Lines that begin with a dot, as sqlite3 and DuckDB have them, with a backslash,
-- as psql has, or with ! for the system, as IPython has. run() does one; what it returns is shown.

local echo = require "trialsh.echo"
local errors = require "ts.error"
local relation = require "trialsh.relation"
local session = require "trialsh.session"
local text = require "ts.text"

local fail = errors.fail

local M = {}

local commands = {} -- name -> function(words)
local about = {}    -- { name, arguments, what it does }

local function add(name, arguments, words, f)
  commands[name] = f
  about[#about + 1] = { name, arguments, words }
end

local function study()
  local s = require "trialsh.study".current()
  return s or fail("not found",
    'no study is open; .open FILE or s = study.open "FILE" opens one')
end

local function one_of(who, word, list)
  for _, known in ipairs(list) do
    if word == known then return word end
  end
  local near = text.nearest(word, list)
  fail("invalid", ("%s has no '%s'; %s"):format(who, word, near
    and "nearest: " .. near or "there are " .. table.concat(list, ", ")))
end

local function unquote(word)
  return word:match '^"(.*)"$' or word:match "^'(.*)'$" or word
end

local function needs(who, word, what)
  if word == "" then fail("invalid", ("%s needs %s"):format(who, what)) end
  return unquote(word)
end

-- Commands ---------------------------------------------------------------------

add("tables", "", "the tables of the study", study)

-- The columns of a relation, one a line.
local function columns_of(r)
  local node = relation.node_of(r)
  local list = {}
  for j, name in ipairs { "column", "type", "label", "unit", "order" } do
    list[j] = { name = name, type = "text", values = {} }
  end
  for i, c in ipairs(node.columns) do
    local row = { c.name, c.type or " ", c.label or " ", c.unit or " ",
      c.levels and table.concat(c.levels, " < ") or " " }
    for j, value in ipairs(row) do list[j].values[i] = value end
  end
  for j = #list, 3, -1 do
    local empty = true
    for _, value in ipairs(list[j].values) do empty = empty and value == " " end
    if empty then table.remove(list, j) end
  end
  return (require "trialsh.show".table(list, #node.columns, {}))
end

add("schema", "[TABLE]", "columns of a table or a variable; of all tables",
  function(word)
    if word ~= "" then
      local value = rawget(_G, word)
      local chunk = not value and load("return " .. word, "=(prompt)")
      if chunk then value = select(2, pcall(chunk)) end
      return columns_of(relation.is(value) and value or study()[unquote(word)])
    end
    local s, out = study(), {}
    for _, t in ipairs(require "trialsh.study".inner(s):tables_list()) do
      out[#out + 1] = t.name .. "\n" .. columns_of(s[t.name])
    end
    return table.concat(out, "\n\n")
  end)

add("mode", "[KIND]", "how tables print", function(word)
  local names = require "trialsh.prompt.mode".names
  if word == "" then
    return ("%s; there are %s"):format(echo.mode, table.concat(names, ", "))
  end
  echo.mode = one_of(".mode", word:lower(), names)
end)

add("headers", "[on|off]", "the names of columns, but in json, md and line",
  function(word)
    if word == "" then return echo.headers and "on" or "off" end
    echo.headers = one_of(".headers", word, { "on", "off" }) == "on"
  end)

local function open_output(who, word, once)
  if echo.file then echo.file:close() end
  echo.file, echo.once = nil, nil
  if word == "" then return end
  local file, problem = io.open(unquote(word), "w")
  if not file then fail("file", ("%s: %s"):format(who, problem)) end
  echo.file, echo.once = file, once
end

add("output", "[FILE]", "what is shown goes to that file; without, to the screen",
  function(word) open_output(".output", word, nil) end)

add("once", "FILE", "the next value goes to that file", function(word)
  open_output(".once", needs(".once", word, "the name of a file"), true)
end)

add("timer", "[on|off]", "the time of each entry", function(word)
  if word == "" then return session.timer() and "on" or "off" end
  session.timer(one_of(".timer", word, { "on", "off" }) == "on")
end)

add("last", "", "the last value again, all of it", function()
  local value = rawget(_G, "_")
  if value == nil then fail("not found", "there is no last value yet") end
  local whole = relation.is(value) and echo.mode == "table"
    and require "trialsh.show".relation(value, { whole = true })
    or echo.value(value)
  session.page(whole)
end)

add("sql", "STATEMENT", "runs SQL against the study, as select ...; does",
  function(word)
    local frame = require "trialsh.sql".sql(needs(".sql", word, "a statement"))
    rawset(_G, "_", frame)
    return frame
  end)

add("read", "FILE", "runs a script", function(word)
  return require "trialsh.script".dofile(needs(".read", word,
    "the name of a script"))
end)

add("open", "FILE", "opens a study as s", function(word)
  rawset(_G, "s", require "trialsh.study".study.open(needs(".open", word,
    "the name of a study")))
end)

add("import", "FILE [TABLE]", "imports a file into the study", function(word)
  local file, name = needs(".import", word, "the name of a file"):match
    "^(%S+)%s*(%S*)$"
  study():import(file or unquote(word), name ~= "" and { as = name } or nil)
end)

add("log", "[FILE|off]", "a log of what follows, as --log and log_to have it",
  function(word)
    local log = require "trialsh.log"
    if word == "" then return log.path() or "off" end
    log.log_to(word ~= "off" and unquote(word) or nil)
  end)

add("shell", "[COMMAND]", "a command of the system, as !COMMAND; a shell of it",
  function(word)
    if session.safe then
      fail("refused", "safe mode: .shell is not allowed: no processes")
    end
    io.stdout:flush()
    local _, how, code = os.execute(word ~= "" and word or os.getenv "SHELL"
      or "sh")
    if how == "signal" then return ("ended by signal %d"):format(code) end
    if code ~= 0 then return ("exit code %d"):format(code) end
  end)

add("show", "", "what is set", function()
  local open = require "trialsh.study".current()
  local list = {
    { "mode", echo.mode },
    { "headers", echo.headers and "on" or "off" },
    { "output", echo.file and (echo.once and "a file, once" or "a file")
      or "the screen" },
    { "timer", session.timer() and "on" or "off" },
    { "log", require "trialsh.log".path() or "off" },
    { "study", open and require "trialsh.study".inner(open).handle:path()
      or "none" },
    { "pager", os.getenv "PAGER" or "less -SX" },
  }
  for i, row in ipairs(list) do list[i] = ("%-7s %s"):format(row[1], row[2]) end
  return table.concat(list, "\n")
end)

add("help", "[TOPIC]", "this list, or help on a command or a topic", function(word)
  local name = word:match "^%.?(%l+)$"
  local list = {}
  for i, row in ipairs(about) do
    list[i] = ("%-20s %s"):format("." .. row[1] .. " " .. row[2], row[3])
    if row[1] == name and (word ~= name or #require "trialsh.help".find(name) == 0)
    then
      return list[i]
    end
  end
  if word ~= "" then return require "trialsh.help".topic(word) end
  list[#list + 1] = ("%-20s %s"):format(".edit",
    "the last entry in $EDITOR, as Ctrl-X Ctrl-E does with what is typed")
  list[#list + 1] = ("%-20s %s"):format(".quit", "leaves, as Ctrl-D does")
  return table.concat(list, "\n")
end)

-- Running ----------------------------------------------------------------------

local aliases = { ["\\d"] = "schema", ["\\dt"] = "tables", ["\\timing"] = "timer",
  ["\\i"] = "read", ["\\o"] = "output", ["\\?"] = "help", ["\\h"] = "help",
  ["\\c"] = "open", ["\\l"] = "tables", ["\\x"] = "mode", ["\\!"] = "shell" }

--- command.names(): all of them, without the dot.
function M.names()
  local list = { "edit", "quit" } -- which prompt.c does
  for i, row in ipairs(about) do list[i + 2] = row[1] end
  table.sort(list)
  return list
end

--- command.run(line): what ".mode csv" says; a value to be shown or nothing.
function M.run(line)
  line = line:gsub("^\\?!%s*", ".shell ")
  local mark, name, rest = line:match "^([.\\])(%S+)%s*(.-)%s*;*$"
  if not mark then fail("invalid", "a command is .name; .help lists them") end
  if mark == "\\" then
    local known = aliases["\\" .. name]
    if not known then
      fail("not found", ("no command \\%s; .help lists those there are")
        :format(name))
    end
    if name == "x" then rest = echo.mode == "line" and "table" or "line" end
    if name == "d" and rest == "" then known = "tables" end
    name = known
  end
  local f = commands[name]
  if not f then
    local near = text.nearest(name, M.names())
    fail("not found", ("no command .%s; %s"):format(name, near
      and "nearest: ." .. near or ".help lists those there are"))
  end
  if name == "timer" and mark == "\\" and rest == "" then
    rest = session.timer() and "off" or "on"
  end
  return f(rest)
end

return M
