-- For tests of studies in files: a folder that goes away, and what is said.
--
--   local files = dofile "files.lua"
--   files.path "a.db"  files.write("a.csv", "A\n1\n")  files.run()
local lu = require "luaunit"

local folder = os.tmpname()
os.remove(folder)
-- in memory where that is possible: many files are synchronised
if os.execute "test -w /dev/shm" then
  folder = folder:gsub("^/tmp", "/dev/shm")
end
os.execute("mkdir " .. folder)

local M = { folder = folder }

function M.path(name) return folder .. "/" .. name end

function M.write(name, content)
  local f = assert(io.open(M.path(name), "wb"))
  f:write(content)
  f:close()
  return M.path(name)
end

function M.refuses(words, f, ...)
  local ok, err = pcall(f, ...)
  lu.assertFalse(ok, words)
  lu.assertStrContains(tostring(err), words)
end

--- The end of a test: runs it, removes the folder.
function M.run()
  local failed = lu.LuaUnit.run()
  os.execute("rm -rf " .. folder)
  os.exit(failed)
end

return M
