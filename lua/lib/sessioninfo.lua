-- What a result depends on besides its script: versions, machine, seed, and the
-- hashes of the files that took part.

local files = require "ts.file"
local session = require "trialsh.session"
local text = require "ts.text"

local M = {}

local scripts = {} -- { path =, sha256 = } of those that ran under a log

--- sessioninfo.ran(path, source): a script that runs.
function M.ran(path, source)
  for _, s in ipairs(scripts) do
    if s.path == path then return end
  end
  scripts[#scripts + 1] = { path = path, sha256 = text.sha256(source) }
end

local function gnuplot()
  local pipe = io.popen "gnuplot --version 2>/dev/null"
  local said = pipe and pipe:read "a" or ""
  if pipe then pipe:close() end
  return said:match "^gnuplot ([^\n]+)" or "not found"
end

local function system()
  local f = io.open "/etc/os-release"
  local name = f and f:read "a":match 'PRETTY_NAME="?([^"\n]+)'
  if f then f:close() end
  return (name and name .. ", " or "") .. session.system
end

local function with_sum(path)
  local sum = files.sha256(path)
  return path .. "  " .. (sum and "SHA-256 " .. sum or "cannot be read")
end

local function main_script()
  local path = (rawget(_G, "arg") or {})[0]
  if not path then return nil end
  if path == "-" then return "standard input" end
  return with_sum(path)
end

local function study()
  local module = package.loaded["trialsh.study"]
  local s = module and module.current()
  if not s then return nil end
  local handle = module.inner(s).handle
  if not handle:is_open() then return nil end
  -- the file is not read here: to close it would end the locks of SQLite
  local last = s.audit:row(#s.audit)
  return ("%s  event %d of its audit trail, SHA-256 %s"):format(handle:path(),
    last.seq, last.hash)
end

-- Modules of scripts, which are files; ours are part of the program.
local function modules()
  local list = {}
  for name in pairs(package.loaded) do
    if not name:find "^trialsh%." and not name:find "^ts%." then
      local path = package.searchpath(name, package.path)
      if path then list[#list + 1] = name .. "  " .. with_sum(path) end
    end
  end
  table.sort(list)
  return list
end

-- Their number counts, so that two of a name do not stand in one field.
local function fields()
  local list = {}
  local function add(name, value)
    if type(value) == "table" then
      for _, v in ipairs(value) do list[#list + 1] = { name, v } end
    elseif value then
      list[#list + 1] = { name, value }
    end
  end
  add("program", ("trialsh %s, commit %s"):format(session.version,
    session.commit))
  for _, l in ipairs(session.libraries) do add(l[1], l[2]) end
  add("gnuplot", gnuplot())
  add("system", system())
  add("locale", session.locale .. ", time zone "
    .. (os.getenv "TZ" or os.date "%Z"))
  add("random numbers", "Philox4x32-10, "
    .. (session.seed and "seed " .. session.seed or "no seed given"))
  add("command", table.concat(session.arguments, " "))
  add("folder", session.folder)
  add("script", main_script())
  add("study", study())
  add("module", modules())
  return list
end

local Info = { __name = "sessioninfo" }
Info.__index = Info

function Info:__tostring()
  local lines, width = {}, 0
  for _, f in ipairs(self) do width = math.max(width, #f[1]) end
  for i, f in ipairs(self) do
    lines[i] = ("%s  %s"):format(f[1] .. (" "):rep(width - #f[1]),
      text.escape(tostring(f[2])))
  end
  return table.concat(lines, "\n")
end

-- { name = value or list of values }, for JSON
function Info:fields()
  local out = {}
  for _, f in ipairs(self) do
    local name = f[1]
    if out[name] == nil then
      out[name] = f[2]
    elseif type(out[name]) == "table" then
      table.insert(out[name], f[2])
    else
      out[name] = { out[name], f[2] }
    end
  end
  return out
end

--- sessioninfo.origin(): the line that figures carry: program and script. What
-- differs from run to run is not in it, so that equal figures have equal bytes.
function M.origin()
  local file = require "ts.error".where()
  local sum = file and file:find "^[^(]" and files.sha256(file)
  return ("trialsh %s, commit %s%s"):format(session.version, session.commit,
    sum and ("; %s, SHA-256 %s"):format(file:match "[^/]*$", sum) or "")
end

--- sessioninfo.used() -> lines: what took part until now, for the end of a log.
function M.used()
  local list = {}
  for _, s in ipairs(scripts) do
    list[#list + 1] = ("script  %s  SHA-256 %s"):format(s.path, s.sha256)
  end
  for _, m in ipairs(modules()) do list[#list + 1] = "module  " .. m end
  local s = study()
  if s then list[#list + 1] = "study  " .. s end
  for i, line in ipairs(list) do list[i] = text.escape(line) end
  return list
end

--- sessioninfo() -> page
-- What the results of this session depend on: the program with its commit, the
-- libraries, gnuplot, system, locale, random numbers and seed, script and study
-- with their SHA-256, modules loaded. A log begins with the same lines.
--
--   > tostring(sessioninfo()):match "Philox%S+"
--   Philox4x32-10,
--
-- See also: log_to, study:verify.
function M.sessioninfo() return setmetatable(fields(), Info) end

return M
