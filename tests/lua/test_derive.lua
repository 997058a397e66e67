-- What makes analysis tables of measurements: study_day, visits, baseline,
-- change, ranges, convert. Small tables are worked out by hand; on the CDISC
-- pilot each of them gives what its authors derived with SAS.
local lu = require "luaunit"
local relations = require "tests.lua.relations"
local reference = require "tests.lua.reference"
local unit = require "trialsh.unit"

local make, refuses = relations.make, relations.refuses
local NA = NA

local function list(r, name)
  local out = {}
  for row in r:rows() do out[#out + 1] = row[name] end
  return out
end

-- A study with a trial and a table x.
local function study_of(names, arrays, more)
  local s = require "trialsh.study".memory()
  local def = {
    visits = { { "Baseline", 1, window = { upto = 1 } },
      { "Day 8", 8, window = { 5, 11 } }, { "Day 15", 15,
      window = { 12, 20 } } },
    parameters = {
      { "ALC", "Lymphocytes", "adlb", unit = "/uL", range = { 1000, 4000 },
        better = "higher" },
      { "ALT", "ALT", "adlb", unit = "U/L", range = { upto = 40 },
        better = "lower" },
      { "CREAT", "Creatinine", "adlb", unit = "umol/L" },
      { "X", "Of no direction", "adlb" } } }
  for key, value in pairs(more or {}) do def[key] = value end
  s.trial = trial "T" (def)
  s.x = make(names, arrays)
  return s
end

TestDay = {}

function TestDay.test_there_is_no_day_0()
  local f = make({ "USUBJID", "TRTSDT", "ADT" }, { { "a", "a", "a", "a", "b",
    "c" }, { "2020-03-01", "2020-03-01", "2020-03-01", "2020-03-01",
    NA, "2020-03-01" }, { "2020-02-28", "2020-02-29", "2020-03-01",
    "2020-03-02T10:00", "2020-03-01", NA } })
  lu.assertEquals(list(f:study_day(), "ADY"), { -2, -1, 1, 2, NA, NA })
  lu.assertEquals(list(f:study_day { zero = true }, "ADY"),
    { -2, -1, 0, 1, NA, NA })
  lu.assertEquals(list(f:study_day("D = TRTSDT", { from = "ADT" }), "D")[1], 3)
end

-- A row that is left out has no day, whatever its date.
function TestDay.test_rows_that_are_left_out()
  local f = make({ "USUBJID", "TRTSDT", "ADT" }, { { "a", "b" },
    { "2020-03-01", "2020-03-01" }, { "2020-03-02", "02.03.2020" } })
  refuses("is no ISO date", f.study_day(f).collect, f:study_day())
  lu.assertEquals(list(f:study_day():where "USUBJID = 'a'", "ADY"), { 2 })
end

function TestDay.test_mistakes()
  local f = make({ "USUBJID", "TRTSDT", "ADT" }, { { "a" }, { "2020-03-01" },
    { "2020-03" } })
  refuses("study_day: no column ASTDT; nearest: ADT", f.study_day, f,
    "ASTDY = ASTDT")
  refuses("study_day: there is a column ADT already", f.study_day, f,
    "ADT = ADT")
  refuses("study_day: 'ADT || ''' is no column of dates", f.study_day, f,
    "ADY = ADT || ''")
  refuses("study_day: 'ADT' is no", f.study_day, f, "ADT")
  refuses("ADT: '2020-03' is no complete ISO date", function()
    return f:study_day():collect()
  end)
  refuses("no column RANDDT", f.study_day, f, { from = "RANDDT" })
  refuses("from = names the date of day 1", f.study_day, f, { from = "RANDDT" })
end

TestVisits = {}

local function visits(days, values, opt, more)
  local id, code, date = {}, {}, {}
  for i in ipairs(days) do
    id[i], code[i] = "a", opt and opt.code or "ALC"
    date[i] = os.date("!%Y-%m-%d", 1577836800 + days[i] * 86400)
  end
  local s = study_of({ "USUBJID", "PARAMCD", "ADT", "ADY", "AVAL", "SEQ" },
    { id, code, date, days, values, table.move(days, 1, #days, 1, {}) }, more)
  if opt then opt.code = nil end
  return s.x:visits(opt)
end

function TestVisits.test_windows()
  local r = visits({ -5, -1, 1, 4, 5, 11, 12, 20, 21 },
    { 1, 2, 3, 4, 5, 6, 7, 8, 9 }, { ties = "later" })
  lu.assertEquals(list(r, "AVISIT"), { "Baseline", "Baseline", "Baseline", NA,
    "Day 8", "Day 8", "Day 15", "Day 15", NA })
  lu.assertEquals(list(r, "AVISITN"), { 1, 1, 1, NA, 8, 8, 15, 15, NA })
  -- -1 is one day from day 1
  lu.assertEquals(list(r, "AWTDIFF"), { 5, 1, 0, NA, 3, 3, 3, 5, NA })
  lu.assertEquals(list(r, "ANL01FL"), { NA, NA, "Y", NA, NA, "Y", "Y", NA, NA })
  lu.assertEquals(r.AVISIT.levels, { "Baseline", "Day 8", "Day 15" })
end

-- SQLite does not copy the day, nor the visit, to each of the columns made of them.
function TestVisits.test_they_are_computed_once()
  local r = visits({ 1, 8 }, { 1, 2 })
  local relation = require "trialsh.relation"
  local compiler = relation.compiler(function() return "frame" end)
  local sql = compiler:layer(relation.node_of(r).layer, true)
  lu.assertStrMatches(sql, '.*"AVISITN".-limit %-1 offset 0%).*"AVISITN".*')
  lu.assertNotStrContains(r:sql(), "limit")
end

function TestVisits.test_which_one_is_analysed()
  local days = { 5, 7, 9, 11 }
  local function chosen(values, opt)
    local r = visits(days, values, opt)
    local out = {}
    for i, flag in ipairs(list(r, "ANL01FL")) do
      if flag == "Y" then out[#out + 1] = days[i] end
    end
    return out
  end
  local v = { 3, 1, 2, 1 }
  lu.assertEquals(chosen(v, { ties = "later" }), { 9 })
  lu.assertEquals(chosen(v, { ties = "earlier" }), { 7 })
  lu.assertEquals(chosen(v, { choose = "first" }), { 5 })
  lu.assertEquals(chosen(v, { choose = "last" }), { 11 })
  lu.assertEquals(chosen(v, { choose = "worst", ties = "earlier" }), { 7 })
  lu.assertEquals(chosen(v, { choose = "worst", ties = "later" }), { 11 })
  lu.assertEquals(chosen(v, { choose = "worst", code = "ALT" }), { 5 })
  -- a value that is missing is no candidate
  lu.assertEquals(chosen({ 3, NA, NA, 1 }, { ties = "later" }), { 11 })
  lu.assertEquals(chosen({ NA, NA, NA, NA }, { ties = "later" }), {})
end

function TestVisits.test_ties_are_declared()
  refuses("visits: two records with one distance from the day of the visit; "
    .. 'ties = "later" or "earlier" says which counts: USUBJID a, PARAMCD ALC, '
    .. "AVISIT Day 8, ADT 2020-01-08, ADY 7, AVAL 1, SEQ 7; USUBJID a",
    function() return visits({ 7, 9 }, { 1, 2 }):collect() end)
  refuses("visits: two records with one value", function()
    return visits({ 7, 9 }, { 1, 1 }, { choose = "worst" }):collect()
  end)
end

function TestVisits.test_two_of_one_day()
  local function run(opt)
    local s = study_of({ "USUBJID", "PARAMCD", "ADT", "ADY", "AVAL", "SEQ" },
      { { "a", "a" }, { "ALC", "ALC" }, { "2020-01-08", "2020-01-08" },
        { 8, 8 }, { 5, 6 }, { 2, 1 } })
    return list(s.x:visits(opt), "ANL01FL")
  end
  refuses("visits: two records with one date; order = names a column", run,
    { ties = "later" })
  lu.assertEquals(run { ties = "later", order = "SEQ" }, { "Y", NA })
  lu.assertEquals(run { ties = "earlier", order = "SEQ" }, { NA, "Y" })
end

function TestVisits.test_times_of_day()
  local s = study_of({ "USUBJID", "PARAMCD", "ADTM", "ADY", "AVAL" },
    { { "a", "a" }, { "ALC", "ALC" }, { "2020-01-08T07:30",
      "2020-01-08T19:00" }, { 8, 8 }, { 5, 6 } })
  lu.assertEquals(list(s.x:visits { ties = "later" }, "ANL01FL"), { NA, "Y" })
end

function TestVisits.test_mean()
  local r = visits({ 5, 7, 9, 14 }, { 3, 1, 2, 4 }, { choose = "mean" })
  lu.assertEquals(list(r, "DTYPE"), { NA, NA, NA, NA, "AVERAGE" })
  lu.assertEquals(list(r, "ANL01FL"), { NA, NA, NA, "Y", "Y" })
  lu.assertEquals(list(r, "AVAL"), { 3, 1, 2, 4, 2 })
  lu.assertEquals(list(r, "ADY"), { 5, 7, 9, 14, 9 })
  lu.assertEquals(list(r, "AVISIT")[5], "Day 8")
  lu.assertEquals(list(r, "SEQ")[5], NA)
end

function TestVisits.test_the_trial_says_how()
  local r = visits({ 7, 9 }, { 1, 2 }, nil, { visits = { choose = "first",
    { "Day 8", 8, window = { 5, 11 } } } })
  lu.assertEquals(list(r, "ANL01FL"), { "Y", NA })
end

function TestVisits.test_mistakes()
  refuses("visits: the trial has no window of Day 8", visits, { 7 }, { 1 }, nil,
    { visits = { { "Day 8", 8 } } })
  refuses("the trial T has no visits", visits, { 7 }, { 1 }, nil,
    { visits = {} })
  refuses('which value of X is the worst? better = "higher"', visits, { 7 },
    { 1 }, { choose = "worst", code = "X" })
  refuses("visits has no option tie; nearest: ties", visits, { 7 }, { 1 },
    { tie = "later" })
  local s = study_of({ "USUBJID", "AVAL" }, { { "a" }, { 1 } })
  refuses("no column ADY", s.x.visits, s.x)
  refuses("study_day comes before", s.x.visits, s.x)
  local f = make({ "USUBJID", "ADY" }, { { "a" }, { 1 } })
  refuses('visits reads the trial, and the study has none; s.trial = trial "ID"',
    f.visits, f)
end

TestBaseline = {}

local function measured(rows, more)
  local c = { {}, {}, {}, {}, {}, {} }
  for i, row in ipairs(rows) do
    for j = 1, 6 do c[j][i] = row[j] == nil and NA or row[j] end
  end
  return make({ "USUBJID", "PARAMCD", "ADT", "TRTSDT", "AVAL",
    more or "SEQ" }, c)
end

local day = "2020-03-01"

function TestBaseline.test_the_last_before_treatment()
  local f = measured {
    { "a", "ALC", "2020-02-20", day, 5, 1 }, { "a", "ALC", "2020-03-01", day, 6,
      2 }, { "a", "ALC", "2020-03-02", day, 7, 3 },
    { "a", "CD4", "2020-02-20", day, 50, 1 }, { "a", "CD4", "2020-02-28", day,
      NA, 2 }, { "b", "ALC", "2020-03-05", day, 9, 1 },
    { "c", "ALC", "2020-02-01", NA, 4, 1 } }
  relations.forget()
  local r = f:baseline()
  lu.assertEquals(list(r, "ABLFL"), { NA, "Y", NA, "Y", NA, NA, NA })
  relations.heard "baseline: 2 series without a baseline"
  lu.assertEquals(list(r, "BASE"), { 6, 6, 6, 50, 50, NA, NA })
  lu.assertEquals(list(f:baseline { rule = "first" }, "BASE"),
    { 5, 5, 5, 50, 50, NA, NA })
  lu.assertEquals(list(f:baseline { rule = "mean" }, "BASE"),
    { 5.5, 5.5, 5.5, 50, 50, NA, NA })
  lu.assertEquals(list(f:baseline { rule = "mean" }, "ABLFL"),
    { "Y", "Y", NA, "Y", NA, NA, NA })
  lu.assertEquals(list(f:baseline { where = "SEQ < 2" }, "BASE"),
    { 5, 5, 5, 50, 50, NA, NA })
end

function TestBaseline.test_two_candidates_of_one_date()
  local f = measured { { "a", "ALC", day, day, 5, 1 },
    { "a", "ALC", day, day, 6, 2 } }
  refuses("baseline: two candidates on one date: USUBJID a, PARAMCD ALC, ADT "
    .. "2020-03-01, AVAL 5, SEQ 1; USUBJID a, PARAMCD ALC, ADT 2020-03-01, "
    .. "AVAL 6, SEQ 2; order = names a column", function()
    return f:baseline():collect()
  end)
  lu.assertEquals(list(f:baseline { order = "SEQ" }, "BASE"), { 6, 6 })
  lu.assertEquals(list(f:baseline { order = "SEQ", rule = "first" }, "BASE"),
    { 5, 5 })
  lu.assertEquals(list(f:baseline { rule = "mean" }, "BASE"), { 5.5, 5.5 })
end

function TestBaseline.test_times_of_day_count_where_both_are_known()
  local rows = { { "a", "ALC", "2020-03-01T07:00", "2020-03-01T09:30", 5, 1 },
    { "a", "ALC", "2020-03-01T11:00", "2020-03-01T09:30", 6, 2 } }
  lu.assertEquals(list(measured(rows):baseline(), "BASE"), { 5, 5 })
  rows[1][4], rows[2][4] = day, day -- of treatment the date alone is known
  lu.assertEquals(list(measured(rows):baseline(), "BASE"), { 6, 6 })
  rows[1][3], rows[2][3] = "2020-02-28", day
  rows[1][4], rows[2][4] = "2020-03-01T09:30", "2020-03-01T09:30"
  lu.assertEquals(list(measured(rows):baseline(), "BASE"), { 6, 6 })
end

-- Dates are numbers too, all of them beyond day 1.
function TestBaseline.test_up_to_a_day()
  local dated = make({ "USUBJID", "PARAMCD", "DTC", "AVAL" }, {
    { "a", "a", "a" }, { "X", "X", "X" }, { "2020-03-01", "2020-03-02",
      "2020-03-09" }, { 5, 6, 7 } }):mutate("ADT = sasdate(DTC)")
  local day = dated:mutate "ADY = days('2020-03-01', DTC)"
  lu.assertEquals(list(day, "ADY"), { 0, 1, 8 })
  lu.assertEquals(list(day:baseline { upto = 1 }, "BASE"), { 6, 6, 6 })
  refuses('upto = 1 is a day, and ADT has dates; date = "ADY"',
    day.baseline, day, { upto = 1, date = "ADT" })
  refuses("upto = 1 is a day, and ADT has dates; study_day makes ADY",
    dated.baseline, dated, { upto = 1 })
  refuses("upto = 1 is a day, and DTC has dates", dated.baseline, dated,
    { upto = 1, date = "DTC" })
end

function TestBaseline.test_below_a_limit()
  local f = make({ "USUBJID", "PARAMCD", "ADY", "AVALC" }, {
    { "a", "a", "b", "b" }, { "IL6", "IL6", "IL6", "IL6" }, { 1, 8, 1, 8 },
    { "<3.2", "12", "10", "<6.4" } }):detect():baseline { upto = 1 }
  lu.assertEquals(list(f, "BASE"), { 3.2, 3.2, 10, 10 })
  lu.assertEquals(list(f, "BBLQFL"), { "Y", "Y", "N", "N" })
  relations.forget()
  lu.assertEquals(list(f:change(), "CHG"), { NA, NA, NA, NA })
  relations.heard "change: none for 2 rows: AVAL or BASE is below its limit"
  lu.assertEquals(list(f:change { blq = "limit" }, "CHG")[2], 12 - 3.2)
  reference.near(list(f:change { blq = "half" }, "CHG")[2], 12 - 1.6)
  reference.near(list(f:change { blq = "half" }, "R2BASE")[4], 3.2 / 10)
  lu.assertEquals(list(f:change { blq = "half" }, "BASE")[1], 3.2)
end

function TestBaseline.test_mistakes()
  local f = measured { { "a", "ALC", day, day, 5, 1 } }
  refuses("baseline: no column TRTSTD; nearest: TRTSDT", f.baseline, f,
    { upto = "TRTSTD" })
  refuses("baseline: rule = \"latest\"", f.baseline, f, { rule = "latest" })
  refuses("there is a column BASE already", function()
    return f:mutate("BASE = 1"):baseline()
  end)
  refuses("write baseline before by", function()
    return f:by("USUBJID"):baseline()
  end)
  local text = make({ "USUBJID", "ADT", "TRTSDT", "AVAL" }, { { "a" }, { day },
    { day }, { "<5" } })
  refuses("baseline: AVAL is text; detect makes numbers of it", text.baseline,
    text)
end

TestChange = {}

function TestChange.test_zero_and_negative_baselines()
  local f = make({ "USUBJID", "ADY", "AVAL" }, { { "a", "a", "b", "b", "c",
    "c" }, { 1, 8, 1, 8, 1, 8 }, { 0, 5, -4, 2, NA, 3 } })
  relations.forget()
  local r = f:baseline { upto = 1 }:change()
  lu.assertEquals(list(r, "CHG"), { NA, 5, NA, 6, NA, NA })
  lu.assertEquals(list(r, "PCHG"), { NA, NA, NA, 150, NA, NA })
  lu.assertEquals(list(r, "R2BASE"), { NA, NA, NA, -0.5, NA, NA })
  relations.heard "became missing: division by 0"
end

function TestChange.test_what_is_before_baseline_has_none()
  local f = measured { { "a", "ALC", "2020-02-20", day, 5, 1 },
    { "a", "ALC", "2020-02-28", day, 6, 2 },
    { "a", "ALC", "2020-03-02", day, 7, 3 } }
  lu.assertEquals(list(f:baseline():change(), "CHG"), { NA, NA, 1 })
  lu.assertEquals(list(f:mutate "BASE = 2":change(), "CHG"), { 3, 4, 5 })
  refuses("change: no column BASE", f.change, f)
  refuses("baseline comes before", f.change, f)
end

TestRanges = {}

function TestRanges.test_low_normal_high()
  local s = study_of({ "USUBJID", "PARAMCD", "ADY", "AVAL" },
    { { "a", "a", "a", "a", "a", "a", "a", "a" },
      { "ALC", "ALC", "ALC", "ALC", "ALC", "ALT", "ALT", "X" },
      { 1, 2, 3, 4, 5, 1, 2, 1 },
      { 999, 1000, 1000 * (0.1 + 0.2) / 0.3, 4000, 4001, 40, 41, 1 } })
  local r = s.x:ranges()
  lu.assertEquals(list(r, "ANRIND"), { "LOW", "NORMAL", "NORMAL", "NORMAL",
    "HIGH", "NORMAL", "HIGH", NA })
  r = s.x:baseline { upto = 1 }:ranges()
  lu.assertEquals(list(r, "BNRIND"), { "LOW", "LOW", "LOW", "LOW", "LOW",
    "NORMAL", "NORMAL", NA })
  lu.assertEquals(r.ANRIND.levels, { "LOW", "NORMAL", "HIGH" })
  refuses("ANRIND has no 'HIHG'; nearest: HIGH", function()
    return r:where { ANRIND = "HIHG" }
  end)
end

function TestRanges.test_15_significant_digits()
  local f = make({ "AVAL", "ANRLO", "ANRHI" }, { { 0.1 + 0.2, 0.3, 0.3,
    NA, 5 }, { 0.3, 0.1 + 0.2, 0.1, 0.1, NA }, { 1, 1, 0.1 + 0.2, 1, NA } })
  lu.assertEquals(list(f:ranges(), "ANRIND"),
    { "NORMAL", "NORMAL", "NORMAL", NA, NA })
end

function TestRanges.test_limits()
  local f = make({ "AVALC", "ANRLO", "ANRHI" }, {
    { "<5", "<5", "<5", "<5", ">9", ">9", "7" }, { 5, 4, NA, NA, 1, 1, 5 },
    { 9, 9, 6, 4, 9, 10, 9 } }):detect():ranges()
  lu.assertEquals(list(f, "ANRIND"),
    { "LOW", NA, "NORMAL", NA, "HIGH", NA, "NORMAL" })
end

TestConvert = {}

function TestConvert.test_factors()
  for _, case in ipairs {
    { "10^9/L", "/uL", 1000 }, { "/uL", "10^9/L", 1e-3 },
    { "x10^9/L", "/mm3", 1000 }, { "GI/L", "cells/uL", 1000 },
    { "10*3/uL", "10^9/L", 1 }, { "K/uL", "/uL", 1000 },
    { "109/L", "/uL", 1000 }, { "mg/dL", "g/L", 0.01 },
    { "mcg/L", "ng/mL", 1 }, { "\u{B5}mol/L", "mmol/L", 1e-3 },
    { "pg/mL", "ng/L", 1 }, { "kPa", "mmHg", 7.50061575845657 },
    { "%", "fraction", 0.01 }, { "U/L", "ukat/L", 1 / 60 },
    { "mg/dL", "umol/L", 88.42, "creatinine" },
    { "mg/L", "umol/L", 8.842, "creatinine" },
    { "umol/L", "mg/dL", 1 / 17.104, "bilirubin" },
    { "mg/dL", "mmol/L", 1 / 9.008, "lactate" },
    { "mmol/L", "mg/dL", 1 / 0.0555, "glucose" },
    { "mg/dL", "mmol/L", 0.0555, "glucose" } } do
    local times, over = unit.factor(case[1], case[2], case[4])
    lu.assertNotNil(times, case[1])
    reference.near(times / over, case[3], 1e-11, case[1] .. " to " .. case[2])
  end
  for _, case in ipairs { { "mg/dL", "umol/L" }, { "/uL", "mg/L" },
      { "mg/dL", "umol/L", "sodium" }, { "%", "/uL" }, { "U/L", "g/L" },
      { "g", "g/L" }, { "bananas", "/uL" } } do
    lu.assertNil((unit.factor(case[1], case[2], case[3])))
  end
end

local function lab(unit_1, unit_2, code)
  return study_of({ "USUBJID", "PARAMCD", "AVAL", "UNIT", "ANRLO" },
    { { "a", "b", "c" }, { code or "ALC", code or "ALC", "OTHER" },
      { 0.57, 570, 3 }, { unit_1, unit_2, "bananas" }, { 0.8, 800, 1 } })
end

function TestConvert.test_values_limits_and_ranges()
  relations.forget()
  local r = lab("10^9/L", "/uL").x:convert()
  lu.assertEquals(list(r, "AVAL"), { 570, 570, 3 })
  lu.assertEquals(list(r, "ANRLO"), { 800, 800, 1 })
  lu.assertEquals(list(r, "UNIT"), { "/uL", "/uL", "bananas" })
  relations.heard "convert: 1 value of ALC from 10^9/L to /uL, times 1000"
  r = lab("mg/dL", "umol/L", "CREAT").x:convert()
  lu.assertEquals(list(r, "AVAL"), { 50.3994, 570, 3 })
end

function TestConvert.test_a_wrong_dimension_is_an_error()
  local function wrong(words, ...)
    local s = lab(...)
    refuses(words, s.x.convert, s.x)
  end
  wrong("convert: ALC is in mg/dL (mass/volume) and the trial has it in /uL "
    .. "(number/volume)", "mg/dL", "/uL")
  wrong("convert: ALC is in 'bananas', which is no unit that is known",
    "bananas", "/uL")
  wrong("convert: 1 value of ALC without a unit", NA, "/uL")
  local s = study_of({ "USUBJID", "PARAMCD", "AVAL", "UNIT" }, { { "a" },
    { "NA" }, { 1 }, { "mg/dL" } }, { parameters = { { "NA", "Sodium", "adlb",
    unit = "mmol/L" } } })
  refuses("analyte = of the parameter names the substance", s.x.convert, s.x)
  s = study_of({ "USUBJID", "PARAMCD", "AVAL", "UNIT" }, { { "a" },
    { "C" }, { 1 }, { "mg/dL" } }, { parameters = { { "C", "C", "adlb",
    unit = "mmol/L", analyte = "creatinin" } } })
  refuses("no molar mass of creatinin is known; nearest: creatinine",
    s.x.convert, s.x)
end

TestPilot = {}

-- Rows in which two columns differ, missing values included.
local function differ(r, a, b)
  return #r:where(("(%s is null) <> (%s is null) or %s <> %s"):format(a, b, a,
    b))
end

local function pilot()
  local folder = reference.folder .. "cdisc/csv/"
  local handle = io.open(folder .. "adadas.csv")
  if not handle then lu.skip(folder .. " is not there") end
  handle:close()
  local s = require "trialsh.study".memory()
  s.trial = trial "P" { visits = { choose = "closest", ties = "earlier",
    { "Baseline", 1, window = { upto = 1 } },
    { "Week 8", 56, window = { 2, 84 } },
    { "Week 16", 112, window = { 85, 140 } },
    { "Week 24", 168, window = { from = 141 } } } }
  s:import(folder .. "adadas.csv", { types = { SITEGR1 = "text",
    SITEID = "text" } })
  s:import(folder .. "adlbh_lym.csv")
  return s
end

function TestPilot.test_adas()
  local r = pilot().adadas:where "DTYPE = '' or DTYPE is null"
    :select("USUBJID", "PARAMCD", "ADT", "TRTSDT", "AVAL", "Y = ADY",
      "V = AVISIT", "D = AWTDIFF", "A = ANL01FL", "B = BASE", "C = CHG",
      "P = PCHG", "F = ABLFL")
    :study_day():visits():baseline():change():collect()
  lu.assertEquals(#r, 12222)
  for a, b in pairs { ADY = "Y", AVISIT = "V", AWTDIFF = "D", BASE = "B" } do
    lu.assertEquals(differ(r, a, b), 0, a)
  end
  -- the authors flag what is missing too, where it is alone in its window
  local there = r:where "AVAL is not null"
  lu.assertEquals(#r - #there, 25)
  lu.assertEquals(differ(there, "ANL01FL", "A"), 0)
  lu.assertEquals(differ(there, "ABLFL", "F"), 0)
  lu.assertEquals(#r:where "abs(CHG - C) > 1e-10", 0)
  lu.assertEquals(#r:where "(CHG is null) <> (C is null)", 0)
  lu.assertEquals(#r:where "abs(PCHG - P) > 1e-9 * (1 + abs(P))", 0)
end

function TestPilot.test_lymphocytes()
  local r = pilot().adlbh_lym
    :select("USUBJID", "PARAMCD", "ADT", "TRTSDT", "AVAL", "VISITNUM", "LBSEQ",
      "Y = ADY", "B = BASE", "C = CHG", "F = ABLFL", "R = ANRIND", "A1LO",
      "A1HI")
    :study_day():collect()
  lu.assertEquals(differ(r, "ADY", "Y"), 0)
  -- its baseline is the record of visit 1, screening
  -- and its indicator takes half of the lower end and 1.5 times the upper one
  r = r:baseline { where = "VISITNUM = 1", order = "LBSEQ" }:change()
    :mutate("LO = A1LO / 2", "HI = A1HI * 1.5")
    :ranges { low = "LO", high = "HI" }:collect()
  lu.assertTrue(#r > 1000)
  lu.assertEquals(#r:where "BASE <> B", 0)
  lu.assertEquals(#r:where "abs(CHG - C) > 1e-10", 0)
  lu.assertEquals(#r:where "R in ('N', 'H', 'L')", #r)
  lu.assertEquals(#r:where "substr(ANRIND, 1, 1) <> R", 0)
end

os.exit(lu.LuaUnit.run())
