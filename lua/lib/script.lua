-- dofile, as scripts of a study use it.

local fail = require "ts.error".fail
local note = require "trialsh.note"

local M = {}

-- folders of the files that dofile runs now, the innermost last
local running = {}
local leave = { __close = function() running[#running] = nil end }

local function folder(path) return path and path:match "^(.*/)[^/]*$" or "" end

-- The folder of the file whose code called dofile. `return dofile "x"` leaves
-- no trace of its caller; there it is the file that runs.
local function beside()
  if debug.getinfo(2, "t").istailcall then
    return running[#running] or folder((rawget(_G, "arg") or {})[0])
  end
  return folder(debug.getinfo(3, "S").source:match "^@(.*)$")
end

-- What begins a chunk: a variable to close makes no tail call of
-- `return trial "ID" { ... }`, which would leave no trace of the line it is on.
M.BEGIN = "local trialsh_end <close> = nil; "

-- The file as a function.
local function load_file(path)
  local f = io.open(path, "rb")
  local source = f and f:read "a"
  if f then f:close() end
  if not source or source:find "^\27" then return loadfile(path, "t") end
  source = source:gsub("^\xEF\xBB\xBF", ""):gsub("^#[^\n]*", "")
  return load(M.BEGIN .. source, "@" .. path, "t")
end

--- dofile(file, ...) -> what the file returns
-- Runs a script. The file is looked for beside the one that calls, so that the
-- scripts of a study work from any folder; at the prompt, in the working
-- folder. What follows the name is `...` in the script:
-- `dofile("derive.lua", s)`, and there `local s = study.open(...)`.
--
-- See also: study.open, require.
function M.dofile(file, ...)
  if type(file) ~= "string" then
    fail("type", "dofile takes the name of a file")
  end
  local path = file:find "^/" and file or beside() .. file
  local chunk, problem = load_file(path)
  if not chunk then
    local at, line, text = problem:match "^(.-):(%d+): (.*)$"
    if not line then fail("file", problem) end
    fail("invalid", text, { file = at, line = tonumber(line) })
  end
  chunk = note.log and note.log.load(path) or chunk
  running[#running + 1] = folder(path)
  local _ <close> = setmetatable({}, leave)
  return chunk(...)
end

return M
