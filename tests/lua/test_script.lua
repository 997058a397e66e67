-- dofile: found beside the caller, arguments passed, mistakes told with place.
local lu = require "luaunit"

local folder = os.tmpname()
os.remove(folder)
assert(os.execute("mkdir -p " .. folder .. "/deep"))

local function write(name, text)
  local f <close> = assert(io.open(folder .. "/" .. name, "w"))
  f:write(text)
end

function test_beside_the_caller()
  write("a.lua", 'local n, x, y, z = dofile("deep/b.lua", ...) return n, x, y, z')
  write("deep/b.lua", 'return dofile("c.lua", ...)')
  write("deep/c.lua", "return select('#', ...), ...")
  local n, x, y, z = dofile(folder .. "/a.lua", 1, nil, "z")
  lu.assertEquals({ n, x, z }, { 3, 1, "z" })
  lu.assertNil(y)
end

function test_a_missing_file()
  write("a.lua", '\nreturn dofile "gone.lua"')
  local ok, err = pcall(dofile, folder .. "/a.lua")
  lu.assertFalse(ok)
  lu.assertEquals(err.code, "file")
  lu.assertStrContains(err.message, folder .. "/gone.lua")
end

function test_a_syntax_error_has_its_own_place()
  write("a.lua", 'return dofile "b.lua"')
  write("b.lua", "local x = 1\nlocal = 2")
  local ok, err = pcall(dofile, folder .. "/a.lua")
  lu.assertFalse(ok)
  lu.assertEquals(err.line, 2)
  lu.assertStrContains(err.file, "b.lua")
  lu.assertStrContains(err.message, "<name> expected")
end

-- What a file returns last keeps its line, though it is the last thing that is done.
function test_what_is_returned_has_its_place()
  write("a.lua", '\n\nlocal t = dofile "t.lua"\nreturn t')
  write("t.lua", '-- a trial\nreturn trial "T" {\n  arms = { { "A" }, { "B" } },\n'
    .. '  compare = "A vs C",\n}\n')
  local ok, err = pcall(dofile, folder .. "/a.lua")
  lu.assertFalse(ok)
  lu.assertEquals({ err.file, err.line }, { folder .. "/t.lua", 4 })
  write("m.lua", "\xEF\xBB\xBFreturn ...")
  lu.assertEquals(dofile(folder .. "/m.lua", 5), 5)
end

function test_no_bytecode()
  write("a.lua", "\27LuaT\0\25\147\r\n\26\n") -- how a compiled chunk begins
  local ok, err = pcall(dofile, folder .. "/a.lua")
  lu.assertFalse(ok)
  lu.assertStrContains(tostring(err), "binary chunk")
  lu.assertIsNil(string.dump)
  local chunk, why = load("\27Lua", "x", "b")
  lu.assertIsNil(chunk)
  lu.assertStrContains(why, "binary chunk")
  chunk, why = loadfile(folder .. "/a.lua", "b")
  lu.assertIsNil(chunk)
  lu.assertStrContains(why, "binary chunk")
  package.path = folder .. "/?.lua"
  ok, err = pcall(require, "a")
  lu.assertFalse(ok)
  lu.assertStrContains(err, "binary chunk")
end

function test_load_takes_an_environment()
  lu.assertEquals(load("return x", "c", "t", { x = 3 })(), 3)
  local f = load("return x", "c", "bt", nil)
  lu.assertFalse(pcall(f))
  local part = { "return ", "4" }
  local n = 0
  lu.assertEquals(load(function() n = n + 1 return part[n] end)(), 4)
end

local status = lu.LuaUnit.run()
os.execute("rm -r " .. folder)
os.exit(status)
