-- Studies in files: import, replace, derive again, read-only, hostile names.
local lu = require "luaunit"
local note = require "trialsh.note"
local text = require "ts.text"

local said = {}
note.listeners[#note.listeners + 1] = function(line) said[#said + 1] = line end

local folder, n = os.tmpname(), 0
os.remove(folder)
os.execute("mkdir " .. folder)

local function path(name) return folder .. "/" .. name end

local function write(name, content)
  local f = assert(io.open(path(name), "wb"))
  f:write(content)
  f:close()
  return path(name)
end

local function fresh()
  n = n + 1
  return study.create(path(("s%d.db"):format(n)))
end

local function refuses(words, f, ...)
  local ok, err = pcall(f, ...)
  lu.assertFalse(ok, words)
  lu.assertStrContains(tostring(err), words)
end

TestStudy = {}

function TestStudy:setUp() said = {} end

function TestStudy.test_import_open_again()
  local s = fresh()
  s:import(write("DM.csv", "USUBJID,AGE,SEX\n01,60,F\n02,,M\n03,NA,F\n"))
  lu.assertEquals(#s.dm, 3)
  lu.assertEquals(s.dm:row(2).AGE, NA)
  lu.assertStrContains(table.concat(said, "\n"), "NA or . is missing in AGE: 1")
  lu.assertEquals(s.dm:row(1).USUBJID, "01")
  local file = s[next(s)].handle:path()
  s:close()
  local again = study.open(file)
  lu.assertEquals(#again.dm, 3)
  lu.assertEquals(again:verify(), 2)
  lu.assertTrue(rawequal(study.open(), again))
  lu.assertTrue(rawequal(study.open(again), again))
end

function TestStudy.test_unchanged_and_replaced_files()
  local s = fresh()
  local file = write("lb.csv", "USUBJID,AVAL\n01,1\n02,2\n")
  s:import(file)
  s.big = s.lb:where "AVAL > 1"
  local events = #s.audit
  s:import(file)
  lu.assertStrContains(said[#said], "unchanged")
  lu.assertEquals(#s.audit, events)
  write("lb.csv", "USUBJID,AVAL\n01,10\n02,20\n03,0\n")
  refuses("replace = true", s.import, s, file)
  lu.assertEquals(#s.lb, 2)
  s:import(file, { replace = true })
  lu.assertEquals(#s.lb, 3)
  lu.assertEquals(#s.big, 2)
  -- nothing a user loaded is ever lost
  local self = s[next(s)]
  lu.assertEquals(self.handle:query(
    "select sum(AVAL) from _ts_was_1_lb"):value(1, 1), 3)
  s:verify()
end

function TestStudy.test_other_options_are_a_change()
  local s = fresh()
  local file = write("ae.csv", "USUBJID,TERM\n01,NA\n02,cough\n")
  s:import(file)
  lu.assertEquals(s.ae:row(1).TERM, "NA")
  refuses("replace = true", s.import, s, file, { na = { "NA" } })
  s:import(file, { na = { "NA" }, replace = true })
  lu.assertEquals(s.ae:row(1).TERM, NA)
  local events = #s.audit
  s:import(file, { na = { "NA" }, replace = true })
  lu.assertEquals(#s.audit, events)
end

function TestStudy:test_a_study_needs_a_folder()
  refuses("/none/s.db: its folder is not there: No such file or directory", study.create, path "none/s.db")
end

function TestStudy:test_a_broken_file_changes_nothing()
  local s = fresh()
  local bad = write("bad.csv", "A,B\n1,2\n3\n")
  refuses("bad.csv:3: 1 field, expected 2", s.import, s, bad)
  refuses("no table bad", function() return s.bad end)
  lu.assertEquals(#s.audit, 1)
  refuses("nearest: replace", s.import, s, bad, { replce = true })
  refuses("no column AG; nearest: AGE", s.import, s,
    write("x.csv", "AGE\n1\n"), { types = { AG = "text" } })
  refuses("SPSS (.sav), Stata (.dta) and Dataset-JSON files can be imported",
    s.import, s, "x.doc")
  refuses("always there", s.import, s, bad, { as = "results" })
  refuses("program's", s.import, s, bad, { as = "_ts_audit" })
end

function TestStudy.test_a_folder()
  os.execute("mkdir " .. path "raw")
  write("raw/ae.csv", "USUBJID,AESEQ\n01,1\n")
  write("raw/ex.tsv", "USUBJID\tDOSE\n01\t10\n")
  write("raw/readme.md", "not data")
  local s = fresh()
  s:import(path "raw", { simulated = true })
  lu.assertEquals(#s.ae + #s.ex, 2)
  lu.assertStrContains(tostring(s.ae), "SIMULATED DATA")
  s.x = s.ae:count()
  lu.assertStrContains(tostring(s.x), "SIMULATED DATA")
end

function TestStudy.test_hostile_names_and_values()
  local s = fresh()
  local name = 'x"; drop table adsl;--'
  s:import(write("h.csv", '"' .. name:gsub('"', '""')
    .. '","b\'c"\n"\'; --",1\n"2",\n'), { as = name })
  lu.assertEquals(s[name]:row(1)[name], "'; --")
  lu.assertEquals(#s[name]:where { [name] = "'; --" }, 1)
  lu.assertEquals(s[name]:summarise("`n m` = count(*)"):row(1)["n m"], 2)
  s.adsl = s[name]:mutate('"a b" = 1')
  lu.assertEquals(#s.adsl, 2)
end

function TestStudy.test_escapes_do_not_reach_the_screen()
  local s = fresh()
  local frame = require "ts.frame".build({ "A\27[1m" },
    { { "\27[2K\27]2;owned\7 \u{202e}x" } })
  s.e = require "trialsh.data".wrap(frame)
  local shown = tostring(s.e) .. tostring(s)
  lu.assertNil(shown:find "[\0-\9\11-\31\127]")
  lu.assertStrContains(shown, "\\x1B[2K")
  lu.assertStrContains(shown, "\\u202E")
end

function TestStudy.test_numbers_keep_their_bits()
  local s = fresh()
  local values = { 0.1 + 0.2, 1e-310, 2^53, -1e300, 1/3, 123456789.125 }
  local lines = { "X" }
  for i, v in ipairs(values) do lines[i + 1] = text.number(v) end
  s:import(write("bits.csv", table.concat(lines, "\n")))
  for i, v in ipairs(values) do lu.assertTrue(s.bits.X[i] == v) end
  s.copy = s.bits
  local out = s:export("copy", path "out.csv")
  local back = read(out)
  for i, v in ipairs(values) do lu.assertTrue(back.X[i] == v) end
end

function TestStudy.test_a_file_without_write_access()
  local s = fresh()
  s:import(write("ro.csv", "A\n1\n"))
  local file = s[next(s)].handle:path()
  s:close()
  os.execute("chmod 0400 " .. file)
  -- the superuser may write all the same
  local may = io.open(file, "r+b")
  if may then
    may:close()
    os.execute("chmod 0600 " .. file)
    lu.skip "run by the superuser, who may write anywhere"
  end
  local again = study.open(file)
  lu.assertEquals(#again.ro, 1)
  refuses("reading only", function() again.x = again.ro:limit(1) end)
end

-- After Ctrl-C the hook raises at each step of Lua, also behind a pcall.
function TestStudy.test_an_interrupted_change_leaves_no_transaction()
  local s = fresh()
  local inner = s[next(s)]
  local function stop()
    if debug.getinfo(2, "S").source == "=trialsh/study/inner" then
      error("interrupted", 0)
    end
  end
  local ok = pcall(inner.change, inner, function()
    inner.handle:execute "insert into _ts_setting values ('half', '1')"
    debug.sethook(stop, "", 1)
    error("interrupted", 0)
  end)
  debug.sethook()
  lu.assertFalse(ok)
  lu.assertFalse(inner.handle:in_transaction())
  s:import(write("later.csv", "A\n1\n"))
  local other = study.open(inner.handle:path())
  lu.assertEquals(#other.later, 1)
  lu.assertEquals(#other[next(other)].handle:query(
    "select * from _ts_setting"), 0)
end

function TestStudy.test_what_another_program_changed_is_seen()
  local a = fresh()
  a:import(write("two.csv", "A\n1\n2\n"))
  lu.assertEquals(#a.two, 2)
  local held = a.two:where("A > 1")
  local b = study.open(a[next(a)].handle:path())
  b:import(write("two.csv", "A,B\n1,5\n2,6\n3,7\n"), { replace = true })
  b.other = b.two:where("B > 5")
  lu.assertEquals(#a.other, 2)
  lu.assertEquals(held:row(2).B, 7)
  a.mine = a.two:where("A > 1")
  b.theirs = b.two:where("A > 1")
  local sums = a[next(a)].handle:query(
    "select sha256 from _ts_table where name in ('mine', 'theirs')")
  lu.assertEquals(sums:value(1, 1), sums:value(2, 1))
  refuses("differs from what was imported", a.import, a,
    write("two.csv", "A\n9\n"))
  b:drop "other"
  refuses("no table other", function() return a.other end)
end

function TestStudy.test_derived_again_with_the_same_numbers()
  local json = require "ts.json"
  for _, x in ipairs { 0.1 + 0.2, 1/3, 1e15, 5e-324, -0.0, 1/0, -1/0, 2^53 } do
    local back = json.decode(json.encode { x })[1]
    lu.assertTrue(back == x and 1 / back == 1 / x, tostring(x))
  end
  local s = fresh()
  s:import(write("exact.csv", "A\n0.3\n0.30000000000000004\n"))
  s.upper = s.exact:where("A >= ?", 0.1 + 0.2)
  lu.assertEquals(#s.upper, 1)
  s:import(write("exact.csv", "A\n0.3\n0.30000000000000004\n0.2\n"),
    { replace = true })
  lu.assertEquals(#s.upper, 1)
end

function TestStudy.test_no_text_is_cut_at_a_zero_byte()
  local data = require "trialsh.data"
  refuses("x: row 2 holds a zero byte", data.frame,
    { x = { "a", "a\0b" } })
end

function TestStudy.test_frames_that_sqlite_cannot_read_say_why()
  local data = require "trialsh.data"
  local f = data.wrap(data.frame({ a = { 1 }, A = { 2 } }))
  refuses("duplicate column name", function() return #f:where("a = 1") end)
end

function TestStudy.test_names_that_differ_only_in_case()
  local s = fresh()
  s:import(write("raw.csv", "A\n1\n2\n"))
  refuses("there is raw, which differs only in case",
    function() s.RAW = s.raw:where("A = 1") end)
  refuses("there is raw", s.import, s, path "raw.csv", { as = "Raw" })
  lu.assertEquals(#s.raw, 2)
end

function TestStudy.test_a_table_is_made_of_its_own_study()
  local a, b = fresh(), fresh()
  a:import(write("same.csv", "A\n1\n"))
  b:import(write("same.csv", "A\n2\n"))
  refuses("another study", function() b.x = a.same end)
  b.x = a.same:collect()
  lu.assertEquals(b.x.A[1], 1)
  refuses("no table 1", b.drop, b, 1)
  refuses("the path of a file", b.import, b, "")
  refuses("zero byte", study.open, path "same.csv\0")
  refuses("the address of a result", b.result, b, 1)
  refuses("decimals are a whole number", round, 1.5, "a")
end

function TestStudy.test_columns_called_like_the_programs_own()
  local s = fresh()
  for _, name in ipairs { "rowid", "_o1", "_k", "_rowid_", "_place", "hit" } do
    s:import(write("odd.csv", name .. ",x\n30,2\n10,2\n20,1\n"),
      { as = "t_" .. name })
    local t = s["t_" .. name]
    lu.assertEquals(#t, 3, name)
    lu.assertEquals(t:row(1)[name], 30)
    local function order(r)
      local out = {}
      for i = 1, #r do out[i] = r:row(i)[name] end
      return out
    end
    lu.assertEquals(order(t:order("x")), { 20, 30, 10 }, name)
    lu.assertEquals(order(t:collect():order("x")), { 20, 30, 10 }, name)
    local sum = t:by("x"):summarise(name .. " = count(*)")
    lu.assertEquals(order(sum), { 1, 2 }, name)
    local other = t:select(name):mutate("y = 1")
    lu.assertEquals(#t:join(other, name):collect(), 3)
  end
  refuses("_ts_o1", s.import, s, write("own.csv", "_ts_o1\n1\n"))
  refuses("no table own", function() return s.own end)
end

function TestStudy.test_a_closed_study_says_so()
  local s = fresh()
  s:import(write("c.csv", "A\n1\n"))
  local r = s.c
  s:close()
  refuses("closed", function() return #r end)
end

function TestStudy.test_in_memory()
  local s = study.create ":memory:"
  s:import(write("memory.csv", "A\n1\n"))
  lu.assertEquals(s.memory.A[1], 1)
  lu.assertNil(io.open ":memory:")
end

os.exit(lu.LuaUnit.run())
