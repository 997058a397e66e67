-- SAS data sets, SPSS and Stata files: every one that is supplied or kept,
-- against the values that haven reads and the CSV files beside them; studies
-- that keep labels, levels, formats and codes; failures that change nothing.
local lu = require "luaunit"
local readstat = require "ts.readstat"
local foreign = require "trialsh.foreign"
local note = require "trialsh.note"
local iso = require "trialsh.iso"
local relation = require "trialsh.relation"

local SAS = "../shared/data/sas/good/"
local HERE = "tests/data/foreign/"
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

local function write(name, bytes)
  local f = assert(io.open(path(name), "wb"))
  f:write(bytes)
  f:close()
  return path(name)
end

local function exists(file)
  local f = io.open(file, "rb")
  if f then f:close() end
  return f ~= nil
end

local function needs(file)
  if not exists(file) then lu.skip(file .. " is not there") end
  return file
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

local function inside(frame) return relation.node_of(frame).frame end

local function all_said() return table.concat(said, "\n") end

TestForeign = {}

function TestForeign:setUp() said = {} end

function TestForeign:tearDown()
  foreign.program, foreign.silence, foreign.memory = nil, nil, nil
end

-- Values ----------------------------------------------------------------------

-- file, rows, columns
local FILES = {
  { SAS .. "haven_datetime.sas7bdat", 4, 5 },
  { SAS .. "haven_hadley.sas7bdat", 8, 7 },
  { SAS .. "iris.sas7bdat", 150, 5 },
  { SAS .. "pyr_dates.sas7bdat", 50, 3 },
  { SAS .. "pyr_missing_test.sas7bdat", 1, 9 },
  { SAS .. "pyr_sample.sas7bdat", 5, 7 },
  { SAS .. "pyr_missing_formats.sas7bcat", 1, 3 },
  { HERE .. "spss.sav", 6, 14 },
  { HERE .. "spss_plain.sav", 6, 14 },
  { HERE .. "spss.zsav", 6, 14 },
  { HERE .. "spss_empty.sav", 0, 14 },
  { HERE .. "pspp.sav", 4, 11 },
  { HERE .. "latin1.sav", 4, 11, { encoding = "latin1" } },
  { HERE .. "stata8.dta", 6, 12 },
  { HERE .. "stata12.dta", 6, 12 },
  { HERE .. "stata13.dta", 6, 12 },
  { HERE .. "stata14.dta", 6, 12 },
  { HERE .. "stata15.dta", 6, 13 },
}

-- What haven says, by file, then column.
local function reference()
  local files = {}
  local r = read("tests/reference/foreign.csv",
    { types = { value = "text", labels = "text", label = "text" },
      na = { "NA" } })
  for i = 1, #r do
    local row = r:row(i)
    local f = files[row.file] or {}
    files[row.file] = f
    f[row.column] = f[row.column] or {}
    f[row.column][row.row] = row
  end
  return files
end

local function assert_value(c, i, row, what)
  local x, code = c[i], c.special[i]
  if row.value == NA then
    lu.assertTrue(x == NA and not code, what)
  elseif c.type == "real" and row.value:find "^%.[A-Z_]$" then
    lu.assertEquals({ x, code }, { NA, row.value:sub(2) }, what)
  elseif c.type == "real" then
    lu.assertTrue(x == tonumber(row.value), what .. ": " .. tostring(x))
  else
    lu.assertEquals(x, row.value, what)
  end
end

function TestForeign.test_values_are_those_of_haven()
  local haven = reference()
  for _, case in ipairs(FILES) do
    local file, name = case[1], case[1]:match "[^/]*$"
    local opt = case[4] or {}
    if exists(file) then
      opt.labels = false
      local codes = inside(read(file, opt))
      opt.labels = nil
      local levels = inside(read(file, opt))
      lu.assertEquals({ #codes, #codes:names() }, { case[2], case[3] }, name)
      for column, rows in pairs(haven[name] or {}) do
        local c, l = codes:column(column), levels:column(column)
        lu.assertEquals(c.label == NA and "" or c.label,
          rows[1].label == NA and "" or rows[1].label, column)
        for i, row in pairs(rows) do
          local what = ("%s, %s, row %d"):format(name, column, i)
          assert_value(c, i, row, what)
          if l.ordered and row.value ~= NA and row.value:sub(1, 1) ~= "." then
            lu.assertEquals(l[i], row.labels, what)
          end
        end
      end
    end
  end
  needs(FILES[1][1])
end

function TestForeign.test_the_csv_beside_them()
  local dates = read(needs(SAS .. "pyr_dates.sas7bdat"))
  local csv = read(SAS .. "pyr_dates.csv")
  lu.assertEquals(#dates, #csv)
  for i = 1, #csv do
    for column, kind in pairs { date = "date", dtime = "datetime",
        time = "time" } do
      lu.assertEquals(iso.text(kind, dates[column][i]),
        (csv[column][i]:gsub("%.000000$", "")))
    end
  end
  local sample = read(SAS .. "pyr_sample.sas7bdat")
  csv = read(SAS .. "pyr_sample.csv")
  for i = 1, #csv do
    for _, column in ipairs { "mychar", "mynum", "mylabl", "myord" } do
      lu.assertEquals(sample[column][i], csv[column][i])
    end
    local day = csv.mydate[i]
    lu.assertEquals(sample.mydate[i] == NA and NA
      or iso.text("date", sample.mydate[i]), day)
  end
end

function TestForeign.test_dates_and_formats_become_those_of_sas()
  local f = inside(read(HERE .. "pspp.sav"))
  local expect = { VISIT = "DATE9.", MADE = "DATETIME20.", TOOK = "TIME8.",
    LASTED = "TIME8.", MON = NA, WEEK = NA, DOSE = "COMMA10.2",
    SEEN = "DATETIME20.", ID = "$8.", AGE = "3." }
  for name, format in pairs(expect) do
    lu.assertEquals(f:column(name).format, format, name)
  end
  -- a date with a time of the day keeps it
  lu.assertEquals(iso.text("datetime", f:column "SEEN"[1]),
    "2018-05-06T10:10:10")
  lu.assertEquals(iso.text("date", f:column "VISIT"[3]), "1582-10-15")
  local d = inside(read(HERE .. "stata14.dta"))
  lu.assertEquals(d:column "RANDDT".format, "DATE9.")
  lu.assertEquals(d:column "RANDDTM".format, "DATETIME20.")
  lu.assertEquals(iso.text("datetime", d:column "RANDDTM"[1]),
    "2018-05-06T10:10:10.25")
  lu.assertEquals({ d:column "X".format, d:column "MONTH".format },
    { "9.2", NA })
  lu.assertStrContains(all_said(),
    "MONTH counts months since 1960 and is shown as a number")
end

-- Value labels ----------------------------------------------------------------

function TestForeign.test_value_labels()
  local f = read(HERE .. "spss.sav")
  lu.assertEquals(f.SEX.levels, { "Male", "Female" })
  lu.assertEquals(f.ARM.levels,
    { "Placebo", "10 µg/kg", "20 µg/kg", "not used" })
  lu.assertEquals(f.ARM[1], "20 µg/kg")
  -- only the ends of a scale; two codes of one name; missing ones alone
  lu.assertEquals({ f.PAIN[3], f.TWICE[6], f.AGE[1] }, { 10, 2, 65 })
  -- text, by its codes; NK is missing
  lu.assertEquals(f.REASON.levels, { "Adverse", "By choice" })
  lu.assertEquals({ f.REASON[2], f.REASON[5] }, { NA, "Adverse" })
  local told = all_said()
  for _, words in ipairs { "value labels are the levels of SEX, ARM, REASON",
      "PAIN keeps its numbers: 3 has no label",
      "TWICE keeps its numbers: two of its codes have one label",
      "declared missing by the file: AGE: 2 values, SCORE: 3 values, "
        .. "REASON: 2 values" } do
    lu.assertStrContains(told, words)
  end
  f = read(HERE .. "spss.sav", { labels = false })
  lu.assertEquals({ f.SEX[1], f.REASON[1], f.REASON[2] }, { 1, "A", NA })
  f = read(HERE .. "spss.sav", { labels = { "SEX" } })
  lu.assertEquals({ f.SEX[1], f.ARM[1] }, { "Male", 2 })
  refuses("labels: no column SEXE; nearest: SEX", read, HERE .. "spss.sav",
    { labels = { "SEXE" } })
  refuses("labels is true, false or a list", read, HERE .. "spss.sav",
    { labels = 3 })
end

-- The older Stata files end with their sets of labels.
function TestForeign.test_value_labels_that_are_cut_off()
  local f = read(write("cut.dta", content(HERE .. "stata8.dta"):sub(1, 2642)))
  lu.assertEquals({ #f, f.SEX[1] }, { 6, 1 })
  lu.assertStrContains(all_said(), "the file does not hold the value labels "
    .. "that it names for SEX, PAIN, TWICE; its end may be missing")
end

-- Stata tells them apart, SQL does not.
function TestForeign.test_names_that_differ_only_in_case()
  local bytes = content(HERE .. "stata8.dta")
  local at = bytes:find("ARM\0", 1, true)
  local file = write("case.dta", bytes:sub(1, at - 1) .. "sex"
    .. bytes:sub(at + 3))
  refuses("case.dta: columns SEX and sex: here names that differ in case only "
    .. "are one", read, file)
  local s = fresh()
  refuses("columns SEX and sex", s.import, s, file)
  lu.assertEquals(#s:history(), 1) -- the study itself
end

function TestForeign.test_special_missing_values()
  local f = read(HERE .. "stata14.dta")
  lu.assertEquals(inside(f):column "X".special, { [2] = "A", [3] = "Z" })
  lu.assertEquals(f.SEX.levels, { "Male", "Female" })
  lu.assertStrContains(all_said(), "special missing values (.A to .Z, ._) "
    .. "kept in X: 2 values")
  lu.assertStrContains(all_said(), "special missing values became . where "
    .. "value labels are levels: SEX: 1 value; labels = false keeps them")
  f = read(HERE .. "stata14.dta", { labels = false })
  lu.assertEquals(inside(f):column "SEX".special, { [3] = "A" })
end

function TestForeign.test_catalog()
  local data = needs(SAS .. "pyr_missing_test.sas7bdat")
  local catalog = SAS .. "pyr_missing_formats.sas7bcat"
  local f = read(catalog)
  lu.assertEquals({ f.FORMAT[1], f.CODE[1], f.LABEL[1] },
    { "A", ".A", "missing" })
  -- a label of a missing value is no level
  f = read(data, { catalog = catalog })
  lu.assertEquals(inside(f):column "var1".special, { "A" })
  lu.assertStrContains(all_said(), "no column has a format with value labels "
    .. "in the catalog")
  lu.assertEquals(f.var9[1], 1)
  refuses("no SAS catalog begins like this", read, data, { catalog = data })
  refuses("No such file", read, data, { catalog = path "none.sas7bcat" })
  refuses("a catalog is for .sas7bdat files", read, HERE .. "spss.sav",
    { catalog = catalog })
  local s = fresh()
  s:import(data, { catalog = catalog, as = "t" })
  s:import(data, { catalog = catalog, as = "t" })
  lu.assertStrContains(said[#said], "unchanged")
  -- another catalog makes another table
  refuses("differs from what was imported as t", s.import, s, data,
    { catalog = write("other.sas7bcat", content(catalog) .. " "), as = "t" })
end

function TestForeign.test_encodings()
  refuses('encoding = "latin1"', read, HERE .. "latin1.sav")
  local f = read(HERE .. "latin1.sav", { encoding = "latin1" })
  lu.assertEquals(f.SEX.levels, { "weiblich", "männlich" })
  lu.assertStrContains(all_said(), "text converted from latin1")
  refuses("is not valid UTF-8", read, HERE .. "latin1.sav",
    { encoding = "utf-8" })
  refuses("encoding 'klingon' is not known", read, HERE .. "spss.sav",
    { encoding = "klingon" })
  -- text that the writer cut within a character
  local bytes = content(HERE .. "stata14.dta")
  local at = bytes:find("日本語", 1, true)
  f = read(write("cut.dta", bytes:sub(1, at + 7) .. "\0" .. bytes:sub(at + 9)))
  lu.assertEquals(f.COMMENT[4], "日本")
  lu.assertStrContains(all_said(), "text that ended within a character, "
    .. "which is left out: COMMENT: 1 value")
  refuses("row 4 of COMMENT: byte 0xFF is not valid UTF-8", read,
    write("bad.dta", bytes:sub(1, at - 1) .. "\xFF" .. bytes:sub(at + 1)))
  refuses("row 4 of COMMENT: control character 0x01", read,
    write("bad.dta", bytes:sub(1, at - 1) .. "\1" .. bytes:sub(at + 1)))
end

-- Studies ---------------------------------------------------------------------

function TestForeign.test_a_study_keeps_them()
  local s = fresh()
  s:import(HERE .. "spss.sav")
  s:import(HERE .. "stata14.dta")
  lu.assertEquals(s.spss.ARM.levels,
    { "Placebo", "10 µg/kg", "20 µg/kg", "not used" })
  lu.assertEquals(s.spss.SEX.label, "Sex of the patient")
  lu.assertEquals(s.spss:where { ARM = "Placebo" }:collect().USUBJID[1],
    "01-002")
  lu.assertEquals(#s.spss:where "RANDDT < 0", 2)
  lu.assertStrContains(tostring(s.spss:select("USUBJID", "RANDDT")),
    "1959-12-31")
  s:import(HERE .. "spss.sav")
  lu.assertStrContains(said[#said], "unchanged since it was imported as spss")
  -- other options are another table
  refuses("differs from what was imported as spss", s.import, s,
    HERE .. "spss.sav", { labels = false })
  s:import(HERE .. "spss.sav", { labels = false, replace = true })
  lu.assertEquals(s.spss.SEX[1], 1)
  -- what a frame has, a study has, and a transport file
  s:export("stata14", path "x.xpt", { encoding = "utf-8" })
  local x = read(path "x.xpt", { rows = 6 })
  lu.assertEquals(inside(x):column "X".special, { [2] = "A", [3] = "Z" })
  lu.assertEquals(iso.text("date", x.RANDDT[5]), "1600-02-29")
  s:close()
  s = study.open(path(("s%d.db"):format(n)))
  lu.assertEquals(s.stata14.ARM.levels[1], "Placebo")
end

function TestForeign.test_a_folder()
  os.execute("mkdir " .. path "in")
  write("in/a.dta", content(HERE .. "stata12.dta"))
  write("in/b.sav", content(HERE .. "pspp.sav"))
  write("in/c.sas7bcat", "no data of its own")
  local s = fresh()
  s:import(path "in")
  lu.assertEquals({ #s.a, #s.b }, { 6, 4 })
  lu.assertFalse(pcall(function() return s.c end))
  refuses("byte 18: the file ends here", s.import, s, path "in/c.sas7bcat")
end

function TestForeign.test_options_of_other_files()
  refuses("catalog is for SAS data (.sas7bdat), SPSS (.sav), Stata (.dta) files, "
    .. "not for CSV", read, "x.csv", { catalog = "c" })
  refuses("types is for CSV", read, HERE .. "spss.sav",
    { types = { SEX = "text" } })
  refuses("has 6 rows, not the 7 that were announced", read,
    HERE .. "spss.sav", { rows = 7 })
  refuses("cannot", demo.export, demo, "adsl", path "x.sav")
end

-- E4: whatever the reader does, the shell is alive and the study as it was ------

local function reader(body)
  local file = write("reader", "#!/bin/sh\n" .. body .. "\n")
  os.execute("chmod 700 " .. file)
  return file
end

function TestForeign.test_a_failed_import_changes_nothing()
  local s = fresh()
  s:import(HERE .. "spss.sav", { as = "t" })
  local events = s:verify()
  write("t.sav", content(HERE .. "spss_plain.sav"))
  local function unchanged()
    lu.assertEquals({ #s.t, s.t.SEX[1], s:verify() }, { 6, "Male", events })
  end
  for _, case in ipairs { { "kill -SEGV $$", "crashed (Segmentation fault)" },
      { "exec sleep 1000", "said nothing for 0.2 seconds" },
      { "exec head -c 100000 /dev/urandom >&4", "cannot be read" },
      { "exit 1", "gave up" } } do
    foreign.program, foreign.silence = reader(case[1]), 0.2
    refuses(case[2], s.import, s, path "t.sav", { replace = true })
    unchanged()
  end
  foreign.program, foreign.memory = nil, 1e6
  if not pcall(read, HERE .. "spss.sav") then -- not in a sanitized build
    refuses("memory", s.import, s, path "t.sav", { replace = true })
  end
  unchanged()
  foreign.memory = nil
  s:import(path "t.sav", { replace = true })
  lu.assertEquals(#s.t, 6)
end

-- The n-th write that fails leaves the study as it was.
function TestForeign.test_a_full_disk_changes_nothing()
  local program = [[
    local file, data = ...
    local s = study.open(file)
    local ok, err = pcall(s.import, s, data)
    if ok then os.exit(0) end
    io.stderr:write(tostring(err), "\n")
    os.exit(1)]]
  local script = write("import.lua", program)
  local s = fresh()
  s:import(HERE .. "pspp.sav", { as = "kept" })
  local name = path(("s%d.db"):format(n))
  s:close()
  local before = content(name)
  local failed, done = 0, 0
  for blocks = 4, 104, 5 do
    write("full.db", before)
    local ok = os.execute(("bash -c 'ulimit -f %d; exec \"%s\" %s %s %s' "
      .. "2>%s"):format(blocks, os.getenv "TRIALSH" or "build/trialsh", script,
      path "full.db", HERE .. "stata15.dta", path "err"))
    s = study.open(path "full.db")
    lu.assertEquals(#s.kept, 4)
    lu.assertEquals(pcall(function() return s.stata15 end), ok == true)
    s:verify()
    s:close()
    os.remove(path "full.db-wal")
    if ok then done = done + 1 else failed = failed + 1 end
  end
  lu.assertTrue(done > 0 and failed > 0)
end

local code = lu.LuaUnit.run()
os.execute("rm -rf '" .. folder .. "'")
os.exit(code)
