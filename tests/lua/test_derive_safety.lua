-- What makes safety tables: grade, populations, exposure, emergent, dates in
-- part. Small tables are worked out by hand; the CDISC pilot has what its authors
-- derived with SAS.
local lu = require "luaunit"
local relations = require "tests.lua.relations"
local reference = require "tests.lua.reference"

local make, refuses = relations.make, relations.refuses
local list = relations.column
local NA = NA

local function study_of(names, arrays, def)
  local s = require "trialsh.study".memory()
  s.trial = trial "T" (def)
  s.x = make(names, arrays)
  return s
end

TestGrade = {}

-- Values of a parameter; the first is the baseline's.
local function graded(code, values, more, texts)
  local p = { code, code, "adlb", unit = "/uL", range = { 1000, 4000 } }
  for key, value in pairs(more or {}) do p[key] = key ~= "opt" and value or nil end
  local id, codes, day = {}, {}, {}
  for i in ipairs(values) do id[i], codes[i], day[i] = "a", code, i end
  local s = study_of({ "USUBJID", "PARAMCD", "ADY", texts and "AVALC"
    or "AVAL" }, { id, codes, day, values }, { parameters = { p } })
  local r = texts and s.x:detect() or s.x
  return r:baseline { upto = 1 }:ranges():grade("CTCAE 5", more
    and more.opt or nil)
end

function TestGrade.test_lymphocytes_in_both_directions()
  local values = { 1000, 999, 800, 799, 500, 499, 200, 199, 0, 4000, 4001,
    20000, 20001, NA }
  local r = graded("ALC", values)
  lu.assertEquals(list(r, "ATOXGRL"), { 0, 1, 1, 2, 2, 3, 3, 4, 4, 0, 0, 0, 0,
    NA })
  lu.assertEquals(list(r, "ATOXGRH"), { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 3,
    NA })
  lu.assertEquals(list(r, "ATOXGR"), { 0, 1, 1, 2, 2, 3, 3, 4, 4, 0, 2, 2, 3,
    NA })
  lu.assertEquals(list(r, "BTOXGR")[5], 0)
  -- the same in another unit
  for i, v in ipairs(values) do values[i] = v == NA and NA or v / 1000 end
  r = graded("LYM", values, { unit = "10^9/L", range = { 1, 4 } })
  lu.assertEquals(list(r, "ATOXGR"), { 0, 1, 1, 2, 2, 3, 3, 4, 4, 0, 2, 2, 3,
    NA })
end

function TestGrade.test_15_digits()
  local r = graded("ALC", { 0.1 + 0.7, 0.8, 0.79999999999999 },
    { unit = "10^9/L", range = { 1, 4 } })
  lu.assertEquals(list(r, "ATOXGR"), { 1, 1, 2 })
end

function TestGrade.test_other_counts()
  for _, case in ipairs {
    { "CD4", "/uL", { 500, 1500 }, { 500, 499, 199, 49 }, { 0, 2, 3, 4 } },
    { "WBC", "10^9/L", { 4, 10 }, { 4, 3.9, 2.9, 1.9, 0.9 },
      { 0, 1, 2, 3, 4 } },
    { "NEUT", "10^9/L", { 2, 7 }, { 2, 1.9, 1.4, 0.9, 0.4 },
      { 0, 1, 2, 3, 4 } },
    { "PLAT", "10^9/L", { 150, 400 }, { 150, 149, 74, 49, 24 },
      { 0, 1, 2, 3, 4 } },
    { "HGB", "g/dL", { 12, 16 }, { 12, 11.9, 10, 9.9, 8, 7.9 },
      { 0, 1, 1, 2, 2, 3 } },
    { "K", "mmol/L", { 3.5, 5 }, { 5, 5.1, 5.5, 5.6, 6, 6.1, 7.1 },
      { 0, 1, 1, 2, 2, 3, 4 } },
    { "INR", "1", { 0.8, 1.2 }, { 1.2, 1.3, 1.5, 1.6, 2.5, 2.6 },
      { 0, 1, 1, 2, 2, 3 } } } do
    local r = graded(case[1], case[4], { unit = case[2], range = case[3] })
    lu.assertEquals(list(r, "ATOXGR"), case[5], case[1])
  end
end

function TestGrade.test_terms_that_depend_on_the_baseline()
  local normal = graded("ALT", { 40, 41, 120, 121, 200, 201, 800, 801 },
    { unit = "U/L", range = { upto = 40 } })
  lu.assertEquals(list(normal, "ATOXGR"), { 0, 1, 1, 2, 2, 3, 3, 4 })
  local abnormal = graded("ALT", { 100, 40, 149, 150, 300, 301, 501, 2001 },
    { unit = "U/L", range = { upto = 40 } })
  lu.assertEquals(list(abnormal, "ATOXGR"), { 1, 0, 0, 1, 1, 2, 3, 4 })
  lu.assertEquals(list(abnormal, "BTOXGR")[8], 1)
  local missing = graded("ALT", { NA, 41 }, { unit = "U/L",
    range = { upto = 40 } })
  lu.assertEquals(list(missing, "ATOXGR"), { NA, NA })
  local bili = graded("BILI", { 20, 21, 30, 31, 60, 61, 200, 201 },
    { unit = "umol/L", range = { upto = 20 } })
  lu.assertEquals(list(bili, "ATOXGR"), { 0, 1, 1, 2, 2, 3, 3, 4 })
  bili = graded("BILI", { 40, 40, 41, 61, 121, 401 }, { unit = "umol/L",
    range = { upto = 20 } })
  lu.assertEquals(list(bili, "ATOXGR"), { 2, 0, 1, 2, 3, 4 })
  -- whichever is higher, of the range or of the baseline
  local creat = graded("CREAT", { 60, 91, 110, 181, 331, 661 },
    { unit = "umol/L", range = { upto = 110 } })
  lu.assertEquals(list(creat, "ATOXGR"), { 0, 2, 2, 3, 3, 4 })
  creat = graded("CREAT", { NA, 111, 166 }, { unit = "umol/L",
    range = { upto = 110 } })
  lu.assertEquals(list(creat, "ATOXGR"), { NA, 1, 2 })
end

function TestGrade.test_limits()
  local r = graded("ALC", { "1500", "<200", "<500", "<5000", ">20000",
    ">1000" }, nil, true)
  lu.assertEquals(list(r, "ATOXGRL"), { 0, 4, NA, NA, 0, 0 })
  lu.assertEquals(list(r, "ATOXGRH"), { 0, 0, 0, NA, 3, NA })
  lu.assertEquals(list(r, "ATOXGR"), { 0, 4, NA, NA, 3, NA })
end

function TestGrade.test_without_a_range()
  local r = graded("ALC", { 900, 700 }, { range = false })
  lu.assertEquals(list(r, "ATOXGR"), { NA, 2 })
end

function TestGrade.test_mistakes()
  local function wrong(words, ...)
    local args = table.pack(...)
    refuses(words, function()
      return graded(table.unpack(args, 1, args.n)):collect()
    end)
  end
  wrong("the trial has no unit of ALC, whose grades are in 10^9/L", "ALC",
    { 1 }, { unit = false })
  wrong("ALC is in mg/dL, its grades are in 10^9/L", "ALC", { 1 },
    { unit = "mg/dL" })
  wrong("has no term for a parameter of the trial", "XYZ", { 1 })
  wrong("no term lymphozytes; nearest: lymphocytes", "XYZ", { 1 },
    { opt = { terms = { XYZ = "lymphozytes" } } })
  lu.assertEquals(list(graded("XYZ", { 100 }, { opt = { terms =
    { XYZ = "lymphocytes" } } }), "ATOXGR"), { 4 })
  local s = study_of({ "USUBJID", "PARAMCD", "AVAL", "UNIT" }, { { "a" },
    { "ALT" }, { 1 }, { "ukat/L" } }, { parameters = { { "ALT", "ALT", "adlb",
    unit = "U/L", range = { 1, 2 } } } })
  refuses("grade: ALT is in ukat/L and the trial has it in U/L; convert comes "
    .. "before", s.x.grade, s.x, "CTCAE 5")
  refuses("the grades of ALT depend on its baseline", function()
    return s.x:select("USUBJID", "PARAMCD", "AVAL"):grade "CTCAE 5"
  end)
  refuses("grade: no scale CTCAE 4; there are CTCAE 5", s.x.grade, s.x,
    "CTCAE 4")
end

TestPopulations = {}

function TestPopulations.test_flags()
  local s = study_of({ "USUBJID", "RANDDT", "NDOSE", "NPLAN" },
    { { "a", "b", "c" }, { "2020-01-01", "2020-01-01", NA }, { 4, 2, NA },
      { 4, 4, 4 } }, { populations = {
      { "ITT", "all", "RANDDT is not null" },
      { "PPROT", "most doses", "NDOSE >= 0.75 * NPLAN" } } })
  relations.forget()
  local r = s.x:populations()
  lu.assertEquals(list(r, "ITTFL"), { "Y", "Y", "N" })
  lu.assertEquals(list(r, "PPROTFL"), { "Y", "N", "N" })
  relations.heard "PPROT is not decided for 1 row, a value is missing; N"
  refuses("there is a column ITTFL already", r.populations, r)
end

function TestPopulations.test_a_condition_of_a_column_that_is_not_there()
  local s = study_of({ "USUBJID", "RANDDT" }, { { "a" }, { "2020-01-01" } },
    { populations = { { "ITT", "all", "RANDT is not null" } } })
  refuses("no column RANDT; nearest: RANDDT", s.x.populations, s.x)
end

TestExposure = {}

function TestExposure.test_first_last_and_number()
  local f = make({ "USUBJID", "EXSTDTC", "EXENDTC", "EXOCCUR" }, {
    { "a", "a", "a", "b", "c", "c" },
    { "2020-01-01T09:30", "2020-01-08", "2020-01-15", "2020-02-01",
      "2020-03-01", NA },
    { "2020-01-01T09:30", "2020-01-09", "2020-01-15", NA, NA, NA },
    { "Y", "Y", "N", "N", NA, NA } })
  local r = f:exposure()
  lu.assertEquals(list(r, "USUBJID"), { "a", "b", "c" })
  lu.assertEquals(list(r, "TRTSDT"), { "2020-01-01", NA, "2020-03-01" })
  lu.assertEquals(list(r, "TRTSDTM"), { "2020-01-01T09:30", NA, NA })
  lu.assertEquals(list(r, "TRTEDT"), { "2020-01-09", NA, "2020-03-01" })
  lu.assertEquals(list(r, "TRTDUR"), { 9, NA, 1 })
  lu.assertEquals(list(r, "NDOSE"), { 2, 0, 1 })
  lu.assertEquals(list(r, "NPLAN"), { 3, 1, 2 })
end

function TestExposure.test_planned_by_the_arm()
  local s = study_of({ "USUBJID", "TRT01P", "EXSTDTC" }, { { "a", "a", "b" },
    { "High", "High", "Low" }, { "2020-01-01", "2020-01-04", "2020-01-01" } },
    { arms = { { "Low" }, { "High" } }, dosing = { Low = { 1 },
      High = { 1, 4, 8 } } })
  lu.assertEquals(list(s.x:exposure(), "NPLAN"), { 3, 1 })
end

function TestExposure.test_doses_of_0()
  local f = make({ "USUBJID", "EXSTDTC", "EXDOSE", "EXTRT" }, {
    { "a", "a", "b" }, { "2020-01-01", "2020-01-08", "2020-01-01" },
    { 10, 0, 0 }, { "CYT107", "CYT107", "Placebo" } })
  lu.assertEquals(list(f:exposure(), "NDOSE"), { 1, 1 })
  refuses("no column or verb NPLAN", function() return f:exposure().NPLAN end)
  refuses("no column EXSTDTC nor EXSTDT", f.exposure, f:select("USUBJID"))
end

TestEmergent = {}

local function events(rows, opt, flags)
  local c = { {}, {}, {}, {}, {} }
  for i, row in ipairs(rows) do
    for j = 1, 5 do c[j][i] = row[j] == nil and NA or row[j] end
  end
  local f = make({ "ASTDT", "AENDT", "TRTSDT", "TRTEDT", flags or "X" }, c)
  return list(f:emergent(opt), "TRTEMFL")
end

function TestEmergent.test_the_order_of_rules()
  local s, e = "2020-03-10", "2020-03-20"
  local rows = {
    { "2020-03-10", NA, s, e }, { "2020-03-09", NA, s, e },
    { NA, NA, s, e }, { NA, "2020-03-09", s, e }, { NA, "2020-03-10", s, e },
    { "2020-03-12", NA, NA, NA }, { "2020-04-19", NA, s, e },
    { "2020-04-20", NA, s, e }, { "2021-01-01", NA, s, NA } }
  lu.assertEquals(events(rows, { days = 30 }),
    { "Y", NA, "Y", NA, "Y", NA, "Y", NA, "Y" })
  lu.assertEquals(events(rows), { "Y", NA, "Y", NA, "Y", NA, "Y", "Y", "Y" })
end

-- The date of an event's end says something of those that ended before treatment
-- alone.
function TestEmergent.test_without_the_end_of_events()
  local f = make({ "ASTDT", "TRTSDT", "TRTEDT" }, {
    { "2020-03-10", "2020-03-09", NA, "2020-05-01", "2020-03-12" },
    { "2020-03-10", "2020-03-10", "2020-03-10", "2020-03-10", NA },
    { "2020-03-20", "2020-03-20", "2020-03-20", "2020-03-20", NA } })
  lu.assertEquals(list(f:emergent { days = 30 }, "TRTEMFL"),
    { "Y", NA, "Y", NA, NA })
  lu.assertEquals(list(f:mutate "AENDT = nullif(ASTDT, ASTDT)"
    :emergent { days = 30 }, "TRTEMFL"), { "Y", NA, "Y", NA, NA })
  refuses("no column AENDTC; nearest: ASTDT", f.emergent, f,
    { finish = "AENDTC" })
end

function TestEmergent.test_dates_in_part()
  local f = make({ "AESTDTC", "AEENDTC", "TRTSDT", "TRTEDT" }, {
    { "2020-03", "2020-02", "2020", "2019", "2020-03-01" }, { NA, NA, NA, NA,
      NA }, { "2020-03-10", "2020-03-10", "2020-03-10", "2020-03-10",
      "2020-03-10" }, { NA, NA, NA, NA, NA } })
    :mutate("ASTDT = first_date(AESTDTC)", "AENDT = last_date(AEENDTC)")
  lu.assertEquals(list(f, "ASTDTF"), { "D", "D", "M", "M", NA })
  lu.assertEquals(list(f, "AENDTF"), { NA, NA, NA, NA, NA })
  lu.assertEquals(list(f:emergent(), "TRTEMFL"), { "Y", NA, "Y", NA, NA })
end

function TestEmergent.test_what_became_worse()
  local f = make({ "ASTDT", "AENDT", "TRTSDT", "TRTEDT", "G0", "G" }, {
    { "2020-03-01", "2020-03-01" }, { NA, NA }, { "2020-03-10", "2020-03-10" },
    { NA, NA }, { 1, 2 }, { 3, 2 } })
  lu.assertEquals(list(f:emergent { worse = { "G0", "G" } }, "TRTEMFL"),
    { "Y", NA })
  refuses("no column AESTDT; nearest: ASTDT", f.emergent, f,
    { start = "AESTDT" })
end

function TestEmergent.test_pilot()
  local folder = reference.folder .. "cdisc/csv/"
  local handle = io.open(folder .. "adae.csv")
  if not handle then lu.skip(folder .. " is not there") end
  handle:close()
  local f = read(folder .. "adae.csv", { na = { "NA" } })
  local r = f:select("USUBJID", "ASTDT", "AENDT", "ASTDTF", "TRTSDT", "TRTEDT",
    "A = TRTEMFL", "Y = ASTDY"):study_day("ASTDY = ASTDT")
  lu.assertEquals(#r:where "ASTDY <> Y", 0)
  r = r:emergent():collect()
  lu.assertEquals(#r, 1191)
  -- the authors left 11 events without a date out; they count as emergent
  local dated = r:where "ASTDT is not null"
  lu.assertEquals(#r - #dated, 11)
  lu.assertEquals(#dated:where "(TRTEMFL is null) <> (A is null)", 0)
  lu.assertEquals(#dated:where "TRTEMFL = 'Y'", 1126)
  lu.assertEquals(#r:where "TRTEMFL = 'Y'", 1137)
end

os.exit(lu.LuaUnit.run())
