-- Safe mode: what a script that is not trusted gets. The library keeps Lua's own
-- libraries in an environment of its own; scripts see a list of names, files of
-- the working folder, and modules beside the script. Nothing here can be undone
-- from within: what scripts lack is not hidden but unreachable.
--
-- This is one wall. Files outside are also refused by the C functions that open
-- them (ts/confine.h), and for writing by the kernel where it has Landlock.

local errors = require "ts.error"
local session = require "trialsh.session"

local M = {}

-- Lua as it was, for the library
local real = {}
for name, value in next, _G do real[name] = value end

local function copy(t)
  local out = {}
  for key, value in next, t do out[key] = value end
  return out
end

local function refuse(what)
  errors.fail("refused", "safe mode: " .. what)
end

-- The library ------------------------------------------------------------------

-- io.open and its sisters of the library: a file outside is one that cannot be
-- opened.
local function library_open(path, mode)
  local ok, why = session.allowed(path, mode ~= nil and mode:find "[wa+]" ~= nil)
  if not ok then return nil, why end
  return real.io.open(path, mode)
end

--- safe.environment(): what the library's chunks have for globals.
function M.environment()
  local env = copy(real)
  for _, name in ipairs { "string", "table", "math", "os", "io", "utf8",
      "coroutine", "debug" } do
    env[name] = copy(real[name])
  end
  env.io.open = library_open
  env.dofile = nil -- taken away, and given by trialsh.script
  -- methods of text are nobody's; a script may change its own string table
  real.getmetatable("").__index = M.string()
  return setmetatable(env, { __index = _G, __newindex = _G })
end

-- Scripts ----------------------------------------------------------------------

-- The library's objects, whose insides are not for scripts.
local function is_sealed(x)
  if type(x) == "userdata" then return true end
  if type(x) ~= "table" then return false end
  local meta = real.debug.getmetatable(x)
  return type(meta) == "table" and real.rawget(meta, "__name") ~= nil
end

local base = {}

-- "table: 0x55..." would tell where memory is.
function base.tostring(x)
  local s = real.tostring(x)
  return (s:gsub("^(%a[%w_.*]*):? %(?0x%x+%)?$", "%1")
    :gsub("^(%a+): builtin: %x+$", "%1"))
end

function base.print(...)
  local list = real.table.pack(...)
  for i = 1, list.n do list[i] = base.tostring(list[i]) end
  real.print(real.table.unpack(list, 1, list.n))
end

function base.getmetatable(x)
  if is_sealed(x) then return "locked" end
  return real.getmetatable(x)
end

function base.setmetatable(t, meta)
  if is_sealed(t) then refuse "objects of trialsh keep their nature" end
  if type(meta) == "table" and real.rawget(meta, "__gc") ~= nil then
    refuse "__gc is not allowed"
  end
  if type(meta) == "table" and real.rawget(meta, "__name") ~= nil then
    refuse "__name is not allowed"
  end
  return real.setmetatable(t, meta)
end

function base.rawget(t, key)
  if is_sealed(t) then refuse "objects of trialsh have no insides" end
  return real.rawget(t, key)
end

function base.rawset(t, key, value)
  if is_sealed(t) then refuse "objects of trialsh have no insides" end
  return real.rawset(t, key, value)
end

function base.next(t, key)
  if is_sealed(t) then refuse "objects of trialsh have no insides" end
  return real.next(t, key)
end

function base.pairs(t)
  local meta = real.debug.getmetatable(t)
  if type(meta) == "table" and real.rawget(meta, "__pairs") then
    return real.pairs(t)
  end
  if is_sealed(t) then refuse "objects of trialsh have no insides" end
  return base.next, t, nil
end

function base.collectgarbage(what)
  if what ~= nil and what ~= "count" and what ~= "collect" then
    refuse(('collectgarbage "%s" is not allowed'):format(base.tostring(what)))
  end
  return real.collectgarbage(what)
end

-- Modules that were loaded, by file.
local modules = {}

--- require as scripts have it: NAME.lua, or NAME/init.lua, beside the script.
function base.require(name)
  if type(name) ~= "string" or not name:find "^[%a_][%w_.]*$"
      or name:find "%.%." then
    refuse(("require takes the name of a module beside the script, not %s")
      :format(base.tostring(name)))
  end
  local path = session.beside .. name:gsub("%.", "/")
  for _, file in ipairs { path .. ".lua", path .. "/init.lua" } do
    if modules[file] ~= nil then return modules[file], file end
    local chunk, problem = nil, "cannot open"
    if session.allowed(file, false) then
      chunk, problem = real.loadfile(file, "t")
    end
    if chunk then
      local value = chunk(name, file)
      if value == nil then value = true end
      modules[file] = value
      return value, file
    elseif not problem:find "^cannot open" then
      real.error(problem, 0)
    end
  end
  refuse(("there is no module %s beside the script, and no other is allowed")
    :format(name))
end

local function check(path, write)
  if type(path) ~= "string" then
    errors.fail("type", "the name of a file is text, not a " .. type(path))
  end
  local ok, why = session.allowed(path, write)
  if not ok then errors.fail("refused", why) end
end

local function io_of_scripts()
  local io = { write = real.io.write, read = real.io.read,
    stdout = real.io.stdout, stderr = real.io.stderr, stdin = real.io.stdin,
    type = real.io.type, close = real.io.close }
  function io.open(path, mode)
    check(path, mode ~= nil and real.tostring(mode):find "[wa+]" ~= nil)
    return real.io.open(path, mode)
  end
  function io.lines(path, ...)
    if path ~= nil then check(path, false) end
    return real.io.lines(path, ...)
  end
  return io
end

local function os_of_scripts()
  local os = { time = real.os.time, clock = real.os.clock, date = real.os.date,
    difftime = real.os.difftime, exit = real.os.exit }
  function os.remove(path)
    check(path, true)
    return real.os.remove(path)
  end
  function os.rename(from, to)
    check(from, true)
    check(to, true)
    return real.os.rename(from, to)
  end
  return os
end

--- safe.string(): the string library without addresses.
function M.string()
  local string = copy(real.string)
  function string.format(format, ...)
    local list = real.table.pack(...)
    if type(format) == "string" and format:find "%%[^%a%%]*p" then
      refuse "%p is not allowed"
    end
    for i = 1, list.n do
      local kind = type(list[i])
      if kind ~= "string" and kind ~= "number" then
        list[i] = kind == "boolean" and list[i] or base.tostring(list[i])
      end
    end
    return real.string.format(format, real.table.unpack(list, 1, list.n))
  end
  return string
end

local why_not = { execute = "no processes", popen = "no processes",
  loadlib = "no modules", getenv = "no environment", tmpname = "no files "
    .. "outside the working folder", tmpfile = "no files outside the working "
    .. "folder", dump = "no bytecode", input = "io.open opens a file",
  output = "io.open opens a file" }

-- A library, with a word for what it lacks.
local function guarded(name, t)
  return setmetatable(t, { __metatable = "locked", __index = function(_, key)
    if real[name][key] ~= nil then
      refuse(("%s.%s is not allowed%s"):format(name, key,
        why_not[key] and ": " .. why_not[key] or ""))
    end
  end })
end

-- What scripts see of Lua itself; `arg`, `s` and the public names come besides.
local names = [[_G _VERSION NA assert collectgarbage coroutine error exit
  getmetatable io ipairs load math next os pairs pcall print quit rawequal rawget
  rawlen rawset require select setmetatable string table tonumber tostring type
  utf8 warn xpcall]]

--- safe.lacks(name): what is not there in safe mode, for an error.
function M.lacks(name)
  if real[name] ~= nil or name == "dofile" then
    return ("safe mode: %s is not allowed"):format(name)
  end
end

--- safe.seal(): leaves scripts what they may have.
function M.seal()
  local keep = {}
  for name in names:gmatch "%S+" do keep[name] = true end
  for name in real.pairs(real) do
    if not keep[name] then real.rawset(_G, name, nil) end
  end
  for name, value in real.pairs(base) do real.rawset(_G, name, value) end
  real.rawset(_G, "string", guarded("string", M.string()))
  real.rawset(_G, "io", guarded("io", io_of_scripts()))
  real.rawset(_G, "os", guarded("os", os_of_scripts()))
  real.getmetatable("").__metatable = "locked"
  real.debug.getmetatable(real.print).__metatable = "locked"
  real.getmetatable(_G).__metatable = "locked"
  real.getmetatable(real.table).__metatable = "locked"
end

return M
