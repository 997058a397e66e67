-- SAS transport files: every one that is supplied, against values and CSV twins;
-- studies that keep labels, formats and missing codes; export. Those we write,
-- read by R: test_xpt_r.lua.
local lu = require "luaunit"
local xpt = require "ts.xpt"
local cframe = require "ts.frame"
local note = require "trialsh.note"
local iso = require "trialsh.iso"
local relation = require "trialsh.relation"

local DATA = "../shared/data/"
local said = {}
note.listeners[#note.listeners + 1] = function(line) said[#said + 1] = line end

local folder, n = os.tmpname(), 0
os.remove(folder)
os.execute("mkdir " .. folder)

local function path(name) return folder .. "/" .. name end

local function content(file)
  local f = assert(io.open(file, "rb"))
  local all = f:read "a"
  f:close()
  return all
end

local function needs(file)
  local f = io.open(DATA .. file, "rb")
  if not f then lu.skip(DATA .. file .. " is not there") end
  f:close()
  return DATA .. file
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

-- The C frame of a frame.
local function inside(frame) return relation.node_of(frame).frame end

local function special(frame, name)
  return inside(frame):column(name).special
end

local function same_bits(a, b)
  return a == b and (a ~= 0 or type(a) ~= "number" or 1 / a == 1 / b)
end

-- All values, labels, formats, informats and codes.
local function assert_same(a, b, what)
  a, b = inside(a), inside(b)
  lu.assertEquals(#a, #b, what)
  lu.assertEquals(a:names(), b:names(), what)
  for j, name in ipairs(a:names()) do
    local x, y = a:column(j), b:column(j)
    for _, key in ipairs { "type", "label", "format", "informat" } do
      lu.assertEquals(y[key], x[key], name .. " " .. key)
    end
    lu.assertEquals(y.special, x.special, name)
    for i = 1, #a do
      if not same_bits(a:value(i, j), b:value(i, j)) then
        lu.fail(("%s: %s, row %d: %s is not %s"):format(what, name, i,
          tostring(b:value(i, j)), tostring(a:value(i, j))))
      end
    end
  end
end

TestXpt = {}

function TestXpt:setUp() said = {} end

-- What is there ---------------------------------------------------------------

-- file, rows, columns; or the words of a refusal
local FILES = {
  { "cdisc/dsjson/sdtm_dm.xpt", 18, 26 },
  { "cdisc/xpt/adae.xpt", 1191, 55 },
  { "cdisc/xpt/adcibc.xpt", 730, 36 },
  { "cdisc/xpt/adlbh_lym_derived.xpt", 2051, 31 },
  { "cdisc/xpt/adsl.xpt", 254, 49 },
  { "cdisc/xpt/adtte.xpt", 254, 26 },
  { "sas/good/pyr_sample.xpt", 5, 7 },
  { "sas/good/pyr_sas.xpt5", 10, 1 },
  { "sas/good/pyr_sas.xpt8", 10, 1 },
  { "sas/made/dates.xpt", 4, 3 },
  { "sas/made/ibm_floats.xpt", 20, 2 },
  { "sas/made/short_numeric.xpt", 4, 6 },
  { "sas/made/zero_obs.xpt", 0, 2 },
  { "sas/made/two_members.xpt", refused = "2 members, and member = \"NAME\" "
    .. "says which; there are ONE, TWO" },
  -- a label of 54 bytes in a field of 40 moves all that follows
  { "sas/made/blank_padding_ambiguity.xpt",
    refused = "byte 560: no NAMESTR header" },
}

function TestXpt.test_every_file_supplied()
  for _, case in ipairs(FILES) do
    local file = needs(case[1])
    if case.refused then
      refuses(case.refused, read, file)
    else
      local f = read(file, { rows = case[2] })
      lu.assertEquals({ #f, #inside(f):names() }, { case[2], case[3] },
        case[1])
      -- a study gives what the frame gives
      local s = fresh()
      s:import(file, { as = "t" })
      for version = 5, 8, 3 do
        local out = path("t.xpt")
        s:export("t", out, { version = version })
        assert_same(f, read(out, { rows = #f }), case[1])
        s:export(f, path("f.xpt"), { version = version, member = "T" })
        assert_same(f, read(path("f.xpt"), { rows = #f }), case[1])
      end
      s:close()
    end
  end
end

function TestXpt.test_ibm_floats()
  local f = read(needs "sas/made/ibm_floats.xpt")
  local expected = read(needs "sas/made/ibm_floats.csv",
    { types = { X = "text" } })
  local codes = special(f, "X")
  for i = 1, #expected do
    local x = expected.X[i]
    if x == "NA" then
      lu.assertEquals({ f.X[i], codes[i] }, { NA, nil })
    elseif x:find "^%.[A-Z_]$" then
      lu.assertEquals({ f.X[i], codes[i] }, { NA, x:sub(2) })
    else
      lu.assertTrue(f.X[i] == tonumber(x), x)
    end
  end
end

function TestXpt.test_members()
  local file = needs "sas/made/two_members.xpt"
  lu.assertEquals(read(file, { member = "ONE" }).A[3], 3)
  local two = read(file, { member = "two" })
  lu.assertEquals({ #two, two.B[2] }, { 2, "y" })
  refuses("no member THREE; there are ONE, TWO", read, file,
    { member = "THREE" })
  local s = fresh()
  s:import(file, { member = "ONE" })
  s:import(file, { member = "TWO" })
  lu.assertEquals({ #s.one, #s.two }, { 3, 2 })
  s:import(file, { member = "TWO" })
  lu.assertStrContains(said[#said], "unchanged")
  refuses("differs from what was imported as one", s.import, s, file,
    { member = "TWO", as = "one" })
end

-- Cut at every byte: an error that names a byte, the same rows and a word about
-- padding, or, in version 5, fewer rows and the word that the end is open.
function TestXpt.test_every_cut_of_files_of_sas()
  for _, name in ipairs { "sas/good/pyr_sample.xpt", "sas/good/pyr_sas.xpt5",
      "sas/good/pyr_sas.xpt8", "cdisc/dsjson/sdtm_dm.xpt" } do
    local bytes = content(needs(name))
    local _, whole = xpt.open(name, { data = bytes })
    for cut = 0, #bytes - 1 do
      local ok, err, facts = pcall(xpt.open, name, { data = bytes:sub(1, cut) })
      if not ok then
        lu.assertStrContains(err.message, name .. ": byte ")
      elseif facts.n_row == whole.n_row then
        lu.assertTrue(facts.n_lost > 0 and facts.n_lost < 80)
      else
        lu.assertTrue(facts.open_end, ("%s at %d"):format(name, cut))
        lu.assertEquals({ facts.version, facts.n_lost, cut % 80 }, { 5, 0, 0 })
        refuses("that were announced", xpt.open, name,
          { data = bytes:sub(1, cut), rows = whole.n_row })
      end
    end
  end
end

-- Dates -----------------------------------------------------------------------

function TestXpt.test_dates_print_as_iso()
  local f = read(needs "sas/made/dates.xpt")
  lu.assertEquals(f.D[2], 23435)
  local lines = tostring(f)
  lu.assertStrContains(lines, "1959-12-31  1959-12-31T23:59:59  23:59:59")
  lu.assertStrContains(lines, "2024-02-29  2024-02-29T00:00:00  01:01:01")
  lu.assertEquals(tostring(f.D),
    "D: 4 values, 1 missing. from 1959-12-31 to 2024-02-29")
end

function TestXpt.test_iso()
  for _, case in ipairs {
    { "date", 0, "1960-01-01" }, { "date", -1, "1959-12-31" },
    { "date", 21914, "2019-12-31" }, { "date", 14669, "2000-02-29" },
    { "date", -21855, "1900-03-01" }, { "date", -21856, "1900-02-28" },
    { "date", -138061, "1582-01-01" }, { "date", 2936549, "9999-12-31" },
    { "datetime", -1, "1959-12-31T23:59:59" },
    { "datetime", 1893456000.25, "2020-01-01T00:00:00.25" },
    { "datetime", 59.9999999, "1960-01-01T00:01:00" },
    { "time", 3661, "01:01:01" }, { "time", 100 * 3600, "100:00:00" },
    { "time", -90.5, "-00:01:30.5" }, { "time", 0.9999999, "00:00:01" },
  } do
    lu.assertEquals(iso.text(case[1], case[2]), case[3])
  end
  lu.assertNil(iso.text("date", 0.5))
  lu.assertNil(iso.text("date", 3e6))
  lu.assertNil(iso.text("datetime", 1e300))
  for format, kind in pairs { ["DATE9."] = "date", ["E8601DA10."] = "date",
    ["YYMMDD10."] = "date", ["IS8601DT."] = "datetime",
    ["datetime20.3"] = "datetime", ["TIME5."] = "time" } do
    lu.assertEquals(iso.kind(format), kind, format)
  end
  for _, format in ipairs { "8.2", "BEST12.", "$DATE9.", "", "DOLLAR10.2" } do
    lu.assertNil(iso.kind(format), format)
  end
  -- any day comes back through the operating system's calendar
  for days = -100000, 2900000, 9973 do
    local y, m, d = iso.text("date", days):match "(%d+)-(%d+)-(%d+)"
    lu.assertEquals(os.time { year = y, month = m, day = d, hour = 12 }
      - os.time { year = 1960, month = 1, day = 1, hour = 12 }, days * 86400)
  end
end

-- Studies ---------------------------------------------------------------------

-- A frame of our own with all that a transport file can say.
local function sample(file)
  local f = cframe.build({ "USUBJID", "AVAL", "ADT" }, {
    { "01", "02", "03", "04" }, { 1.5, NA, NA, -0.1 }, { 21915, NA, 0, 1 } })
  local columns = {
    cframe.with(f:column(1), { label = "Subject", format = "$4." }),
    cframe.with(f:column(2), { label = "Value", format = "8.2" }),
    cframe.with(f:column(3), { format = "DATE9.", informat = "YYMMDD10." }) }
  xpt.write(cframe.build(f:names(), columns), file,
    { member = "ADX", label = "Our data", mode = 384 })
  -- row 2 of AVAL is .A: its first byte is 0x2E
  local bytes = content(file)
  local at = 80 * 8 + 140 * 3
  at = at + (-at) % 80 + 80 + 18 + 2 -- rows have 18 bytes, IDs 2
  lu.assertEquals(bytes:byte(at + 1), 0x2E)
  local out = assert(io.open(file, "wb"))
  out:write(bytes:sub(1, at), "A", bytes:sub(at + 2))
  out:close()
  return file
end

function TestXpt.test_a_study_keeps_what_the_file_says()
  local file = sample(path "adx.xpt")
  local f = read(file)
  lu.assertEquals(special(f, "AVAL"), { [2] = "A" })
  lu.assertStrContains(said[2], "special missing values (.A to .Z, ._) kept "
    .. "in AVAL: 1 value")
  local name = path "keeps.db"
  local s = study.create(name)
  s:import(file)
  s:close()
  s = study.open(name)
  lu.assertEquals(s:verify(), 2)
  lu.assertEquals(s.audit:row(2).sha256,
    require "ts.text".sha256(content(file)))
  lu.assertEquals(s.adx:collect().AVAL.special, { [2] = "A" })
  s:export("adx", path "again.xpt")
  lu.assertEquals(content(path "again.xpt"), content(file))
  assert_same(f, read(path "again.xpt"))
  -- a derived table has labels and formats, and the note says what is lost
  s.late = s.adx:where "ADT > 0"
  s:export("late", path "late.xpt")
  lu.assertEquals(inside(read(path "late.xpt")):column("ADT").informat,
    "YYMMDD10.")
  said = {}
  s:export(s.adx:where "USUBJID < '03'", path "some.xpt")
  lu.assertStrContains(said[1],
    "special missing values (.A to .Z, ._) become . in AVAL")
  said = {}
  s:export(f:where "USUBJID < '03'", path "some.xpt")
  lu.assertStrContains(said[1], "become . in AVAL")
  -- a frame that is stored brings its codes along
  s.copy = f
  s:export("copy", path "copy.xpt", { member = "ADX", label = "Our data" })
  lu.assertEquals(content(path "copy.xpt"), content(file))
  s:drop("copy")
  lu.assertEquals(require "trialsh.study".inner(s):count_missing("copy",
    "AVAL"), 0)
  -- what is replaced keeps its codes in the file
  cframe = require "ts.frame"
  xpt.write(cframe.build({ "USUBJID", "AVAL", "ADT" }, { { "09" }, { 1 },
    { 2 } }), file, { member = "ADX", mode = 384 })
  s:import(file, { replace = true })
  lu.assertEquals(#s.adx, 1)
  s:export("adx", path "new.xpt")
  lu.assertEquals(special(read(path "new.xpt"), "AVAL"), {})
  s:close()
end

function TestXpt.test_a_failed_import_changes_nothing()
  local file = sample(path "bad.xpt")
  local bytes = content(file)
  local s = fresh()
  s:import(file)
  local events = s:verify()
  for _, cut in ipairs { 1, 239, 700, #bytes - 90 } do
    local f = assert(io.open(file, "wb"))
    f:write(bytes:sub(1, cut))
    f:close()
    refuses("byte ", s.import, s, file, { replace = true })
  end
  lu.assertEquals({ #s.bad, s:verify() }, { 4, events })
  s:export("bad", path "whole.xpt")
  lu.assertEquals(special(read(path "whole.xpt"), "AVAL"), { [2] = "A" })
end

function TestXpt.test_a_folder()
  os.execute("mkdir " .. path "in")
  sample(path "in/a.xpt")
  local f = assert(io.open(path "in/b.csv", "wb"))
  f:write "X\n1\n"
  f:close()
  assert(io.open(path "in/list.xlsx", "wb")):close()
  local s = fresh()
  s:import(path "in")
  lu.assertEquals({ #s.a, #s.b }, { 4, 1 })
  lu.assertStrContains(table.concat(said, "\n"),
    "no kind of file that is read, left alone: list.xlsx")
  refuses("ST15.DTA cannot be the name of the data set; member = \"NAME\"",
    s.export, s, s.b:collect(), path "st15.dta.xpt")
  s:export(s.b:collect(), path "st15.dta.xpt", { member = "B" })
  refuses("rows is for one file", s.import, s, path "in", { rows = 4 })
end

function TestXpt.test_the_whole_cdisc_folder_in_time()
  needs "cdisc/xpt/adsl.xpt"
  local s = fresh()
  local before = os.clock()
  s:import(DATA .. "cdisc/xpt")
  lu.assertTrue(os.clock() - before < 2)
  lu.assertEquals(#s.adae, 1191)
end

-- Options and words -----------------------------------------------------------

function TestXpt.test_notes()
  local file = path "cut.xpt"
  local bytes = content(sample(path "whole.xpt"))
  local function put(text)
    local f = assert(io.open(file, "wb"))
    f:write(text)
    f:close()
  end
  put(bytes:sub(1, -3))
  lu.assertEquals(#read(file), 4)
  lu.assertStrContains(table.concat(said, "\n"),
    "the file is cut: 2 bytes of padding are missing")
  said = {}
  put(bytes:sub(1, -81)) -- no rows are left
  lu.assertEquals(#read(file), 0)
  lu.assertStrContains(table.concat(said, "\n"), "rows = 0 checks it")
  refuses("has 0 rows, not the 4 that were announced", read, file,
    { rows = 4 })
end

function TestXpt.test_more_notes()
  local file = sample(path "n.xpt")
  local bytes = content(file)
  local at = bytes:find("\x44\x55\x9B\0\0\0\0\0", 1, true) -- 21915
  local f = assert(io.open(file, "wb"))
  f:write(bytes:sub(1, at + 6), "\1", bytes:sub(at + 8))
  f:close()
  lu.assertEquals(read(file).ADT[1], 21915)
  lu.assertStrContains(table.concat(said, "\n"),
    "more digits than a double has, rounded in ADT: 1 value")
  -- text alone, and too short to tell from padding
  local t = relation.of_frame(cframe.build({ "C" }, { { "abc", "", "x " } }))
  said = {}
  refuses("row 3, the last one, is missing", demo.export, demo,
    relation.of_frame(cframe.build({ "C" }, { { "a", "b", "" } })),
    path "t.xpt")
  demo:export(t, path "t.xpt")
  lu.assertStrContains(said[1], "text without letters, missing in SAS: C: 1 text")
  lu.assertStrContains(said[2], "trailing blanks are lost in C: 1 text")
  said = {}
  lu.assertEquals(#read(path "t.xpt"), 3)
  lu.assertStrContains(said[2], "23 rows of blanks at the end taken as "
    .. "padding; rows = 26 keeps them")
  lu.assertEquals(#read(path "t.xpt", { rows = 26 }), 26)
  said = {}
  demo:export(relation.of_frame(cframe.build({ "X" }, { { 1, 0 } })),
    path "z.xpt")
  read(path "z.xpt")
  lu.assertStrContains(said[2], "1 row at the end with no bit set")
end

function TestXpt.test_options_of_other_files()
  local file = sample(path "o.xpt")
  refuses("types is for CSV, Dataset-JSON files", read, file, { types = { X = "text" } })
  refuses("delimiter is for CSV files", read, file, { delimiter = ";" })
  refuses("member is for SAS transport (.xpt) files", read, "x.csv",
    { member = "X" })
  refuses("version is for SAS transport (.xpt) files", demo.export, demo, "adsl",
    path "x.csv", { version = 5 })
  refuses("version 6", demo.export, demo, "adsl", path "x.xpt",
    { version = 6 })
  refuses("no such encoding", read, file, { encoding = "no such encoding" })
  refuses("No such file", read, path "none.xpt")
end

function TestXpt.test_export_of_the_demo()
  for _, name in ipairs { "adsl", "adlb", "adtte" } do
    demo:export(name, path "demo.xpt")
    local first = content(path "demo.xpt")
    demo:export(name, path "demo.xpt")
    lu.assertEquals(content(path "demo.xpt"), first)
    local a, b = demo[name]:collect(), read(path "demo.xpt")
    lu.assertEquals(#a, #b)
    for _, column in ipairs(inside(b):names()) do
      for i = 1, #a do
        local v = a[column][i]
        lu.assertEquals(b[column][i], v == "" and NA or v)
      end
    end
  end
end

local code = lu.LuaUnit.run()
os.execute("rm -rf '" .. folder .. "'")
os.exit(code)
