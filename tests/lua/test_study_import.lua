-- What import says of a table that it replaces; a folder is one change.
local lu = require "luaunit"
local note = require "trialsh.note"

local said = {}
note.listeners[#note.listeners + 1] = function(line) said[#said + 1] = line end

local folder, n = os.tmpname(), 0
os.remove(folder)
os.execute("mkdir " .. folder)

local function write(name, content)
  local f = assert(io.open(folder .. "/" .. name, "wb"))
  f:write(content)
  f:close()
  return folder .. "/" .. name
end

local function fresh()
  n = n + 1
  return study.create(("%s/s%d.db"):format(folder, n))
end

local function refuses(words, f, ...)
  local ok, err = pcall(f, ...)
  lu.assertFalse(ok, words)
  lu.assertStrContains(tostring(err), words)
end

local function all_said() return table.concat(said, "\n") end

TestImport = {}

function TestImport:setUp() said = {} end

function TestImport.test_a_replaced_table_tells_what_changed()
  local s = fresh()
  local file = write("crp.csv", "USUBJID;CRP;X\n01;1,5;1\n02;<0,3;2\n")
  s:import(file, { decimal = ",", censored = { "CRP" } })
  said = {}
  write("crp.csv", "USUBJID;CRP;Y\n01;1,5;1\n02;0,3;2\n")
  s:import(file, { replace = true })
  lu.assertStrContains(all_said(), "crp replaced: CRP was real, is text; "
    .. "gone: CRP_BLQFL, CRP_LLOQ, X; new: Y; the last import had "
    .. "censored = { 'CRP' }, decimal = ','")
end

function TestImport.test_the_same_columns_need_no_word()
  local s = fresh()
  local file = write("same.csv", "A\n1\n")
  s:import(file, { types = { A = "text" } })
  write("same.csv", "A\n2\n")
  said = {}
  s:import(file, { types = { A = "text" }, replace = true })
  lu.assertNotStrContains(all_said(), "replaced")
end

function TestImport.test_a_folder_is_imported_whole_or_not_at_all()
  os.execute("mkdir " .. folder .. "/raw")
  write("raw/a.csv", "A\n1\n")
  write("raw/b.csv", "A,B\n1\n")
  local s = fresh()
  local events = #s.audit
  refuses("; no file of that folder was imported",
    s.import, s, folder .. "/raw")
  refuses("no table a", function() return s.a end)
  refuses("/rw: No such file or directory", s.import, s, folder .. "/rw") -- not a kind that cannot be read
  lu.assertEquals(#s.audit, events)
  write("raw/b.csv", "A,B\n1,2\n")
  s:import(folder .. "/raw")
  lu.assertEquals(#s.a + #s.b, 2)
  events = #s.audit
  said = {}
  s:import(folder .. "/raw")
  lu.assertEquals(#said, 2)
  lu.assertEquals(#s.audit, events)
end

-- What a message of one file advises holds for the folder that it is in.
function TestImport.test_a_folder_takes_types_of_some_of_its_files()
  os.execute("mkdir " .. folder .. "/types")
  write("types/dm.csv", "ID,AGE\n01,60\n")
  write("types/lb.csv", "ID,RESULT\n01,5\n01,6\n")
  write("types/cy.csv", "ID,IL6\n01,<2\n01,3\n")
  local s = fresh()
  local opt = { types = { RESULT = "text", ID = "text" }, censored = "IL6" }
  s:import(folder .. "/types", opt)
  lu.assertEquals({ s.lb:collect().RESULT[1], s.dm:collect().ID[1], s.cy:collect().IL6[2] }, { "5", "01", 3 })
  local events = #s.audit
  s:import(folder .. "/types", opt) -- how each was read is known
  lu.assertEquals(#s.audit, events)
  refuses("types: no file of that folder has a column RESULTS; nearest: RESULT", s.import, s,
    folder .. "/types", { types = { RESULTS = "text" } })
  refuses("types", s.import, s, folder .. "/types", { types = { "RESULT" } })
  refuses("censored: no file of that folder has a column IL-6", s.import, s, folder .. "/types",
    { censored = { "IL-6" } })
end

function TestImport.test_what_is_made_of_two_files_is_derived_again_once()
  os.execute("mkdir " .. folder .. "/two")
  write("two/a.csv", "A,B\n1,1\n")
  write("two/c.csv", "A,C\n1,1\n")
  local s = fresh()
  s:import(folder .. "/two")
  s.both = s.a:join(s.c, "A")
  write("two/a.csv", "A,B\n1,2\n")
  write("two/c.csv", "A,C\n1,2\n")
  s:import(folder .. "/two", { replace = true })
  lu.assertEquals(#s:history "both", 2)
  lu.assertEquals(s.both:row(1).B + s.both:row(1).C, 4)
end

function TestImport.test_a_change_that_is_undone_says_so()
  local s = fresh()
  local file = write("u.csv", "A,B\n1,1\n")
  s:import(file)
  s.first = s.u:where "A = 1"
  s.second = s.u:where "B = 1"
  write("u.csv", "A\n1\n")
  said = {}
  refuses("nothing was changed", s.import, s, file, { replace = true })
  lu.assertNotStrContains(all_said(), "derived again")
  lu.assertEquals(s.u:row(1).B, 1)
  write("u.csv", "A,B\n1,1\n2,2\n")
  s:import(file, { replace = true })
  lu.assertStrContains(all_said(), "first derived again\nsecond derived again")
end

os.exit(lu.LuaUnit.run())
