-- What series of values come to, and values carried on: auc against R's numeric
-- integration, carry by hand and on the CDISC pilot, SOFA by hand.
local lu = require "luaunit"
local relations = require "tests.lua.relations"
local reference = require "tests.lua.reference"

local make, refuses = relations.make, relations.refuses
local list = relations.column
local NA = NA

TestAuc = {}

local function series(days, values, more, name)
  local id, code = {}, {}
  for i in ipairs(days) do id[i], code[i] = "a", "ALC" end
  local names, arrays = { "USUBJID", "PARAMCD", "ADY", "AVAL" },
    { id, code, days, values }
  if more then names[5], arrays[5] = name, more end
  return make(names, arrays)
end

local function value(f, opt)
  local o = { parameter = "ALC", as = "X", from = 1, upto = 11, rule = "AUC" }
  for key, v in pairs(opt or {}) do o[key] = v or nil end
  local rows = list(f:auc(o):where "PARAMCD = 'X'", "AVAL")
  lu.assertTrue(#rows <= 1)
  return rows[1]
end

function TestAuc.test_values_of_R()
  local d = read("tests/reference/auc_data.csv")
    :mutate("USUBJID = id", "PARAMCD = 'P'", "ADY = day", "AVAL = value")
  local want, n = read "tests/reference/auc.csv", 0
  for setting in want:distinct("from", "upto", "rule", "method",
      "ends"):rows() do
    local got = {}
    for row in d:auc { parameter = "P", as = "X", from = setting.from,
        upto = setting.upto, rule = setting.rule, method = setting.method,
        ends = setting.ends }:where "PARAMCD = 'X'":rows() do
      got[row.USUBJID] = row.AVAL
    end
    local wanted = want:where { from = setting.from, upto = setting.upto,
      rule = setting.rule, method = setting.method, ends = setting.ends }
    local m = 0
    for row in wanted:rows() do
      if row.value == NA then
        lu.assertEquals(got[row.id], NA)
      else
        reference.near(got[row.id], row.value, 1e-10,
          ("%s %s %s"):format(row.id, setting.rule, setting.ends))
      end
      m, n = m + 1, n + 1
    end
    for _ in pairs(got) do m = m - 1 end
    lu.assertEquals(m, 0)
  end
  lu.assertEquals(n, 429)
end

function TestAuc.test_there_is_no_day_0()
  local f = series({ -1, 1 }, { 4, 6 })
  lu.assertEquals(value(f, { from = -1, upto = 1 }), 5)
end

function TestAuc.test_death_ends_the_time()
  local f = series({ 1, 11 }, { 10, 20 }):mutate("TRTSDT = '2020-01-01'",
    "DTHDT = '2020-01-06'")
  lu.assertEquals(value(f), 150)
  lu.assertEquals(value(f, { death = "DTHDT" }), 62.5)
  lu.assertEquals(value(f, { death = "DTHDT",
    rule = "time-weighted mean" }), 12.5)
  lu.assertEquals(value(f:mutate "DTHDT = '2020-03-01'",
    { death = "DTHDT" }), 150)
  -- who died before it has none
  lu.assertEquals(value(f, { death = "DTHDT", from = 8 }), nil)
end

function TestAuc.test_above_baseline()
  local f = series({ 1, 6, 11 }, { 10, 20, 10 }):baseline { upto = 1 }
  lu.assertEquals(value(f, { rule = "AUC above baseline" }), 50)
end

function TestAuc.test_below_a_limit()
  local f = series({ 1, 11 }, { 10, 4 }, { "N", "Y" }, "BLQFL")
  refuses("auc: values below their limit: USUBJID a, ADY 11, AVAL 4; blq =",
    value, f)
  lu.assertEquals(value(f, { blq = "limit" }), 70)
  lu.assertEquals(value(f, { blq = "half" }), 60)
  lu.assertEquals(value(f, { blq = "zero" }), 50)
end

function TestAuc.test_the_row()
  local f = series({ 1, 8, 15 }, { 1, 2, 3 }):mutate("ADT = 'd' || ADY",
    "SEQ = ADY * 10", "TRT01P = 'A'", "UNIT = '/uL'"):baseline { upto = 1,
      date = "ADY" }:change()
  local r = f:auc { parameter = "ALC", as = "X", from = 1, upto = 10,
    rule = "AUC", label = "Area" }:mutate "PARAM = 1":where "PARAMCD = 'X'":row(1)
  lu.assertEquals({ r.ADY, r.SEQ, r.TRT01P, r.UNIT, r.BASE, r.CHG, r.ABLFL,
    r.DTYPE }, { 8, 80, "A", "/uL*day", 1, NA, NA, "AUC" })
end

function TestAuc.test_mistakes()
  local f = series({ 1, 1 }, { 1, 2 })
  refuses("auc: two values of one day: USUBJID a, ADY 1, AVAL 1; USUBJID a, ADY "
    .. "1, AVAL 2", value, f)
  lu.assertEquals(value(f, { where = "AVAL = 2", rule = "maximum" }), 2)
  f = series({ 1, 2 }, { 1, 2 })
  refuses("auc: no parameter ACL; nearest: ALC", value, f,
    { parameter = "ACL" })
  refuses("auc: there is a parameter ALC already", value, f, { as = "ALC" })
  refuses("auc: no as", value, f, { as = false })
  refuses("from day 5 to day 1 is no time", value, f, { from = 5, upto = 1 })
  refuses("there is no day 0", value, f, { from = 0 })
  refuses('rule = "AUK"', value, f, { rule = "AUK" })
  refuses("baseline comes before", value, f, { rule = "AUC above baseline" })
  refuses("study_day comes before", value, f:select("USUBJID", "PARAMCD",
    "AVAL"))
end

TestCarry = {}

local days = { Baseline = 1, ["Day 8"] = 8, ["Day 15"] = 15, ["Day 29"] = 29 }

-- A study whose table x has a value for some visits of each subject.
local function visits(rows, more)
  local s = require "trialsh.study".memory()
  s.trial = trial "T" { visits = { { "Baseline", 1 }, { "Day 8", 8 },
    { "Day 15", 15 }, { "Day 29", 29 } }, parameters = {
    { "ALC", "Lymphocytes", "adlb", better = "higher" },
    { "ALT", "ALT", "adlb", better = "lower" }, { "X", "X", "adlb" } } }
  local c = { {}, {}, {}, {}, {}, {}, {} }
  for i, row in ipairs(rows) do
    local values = { row[1], row.code or "ALC", row[2], days[row[2]], row[3],
      row.dead or NA, "2020-01-01" }
    for j = 1, 7 do c[j][i] = values[j] end
  end
  s.x = make({ "USUBJID", "PARAMCD", "AVISIT", "AVISITN", "AVAL", "DTHDT",
    "TRTSDT" }, c)
  return more and more(s.x) or s.x
end

local function shown(r)
  local out = {}
  for row in r:rows() do
    out[#out + 1] = ("%s %d %s%s"):format(row.USUBJID, row.AVISITN,
      tostring(row.AVAL), row.DTYPE ~= NA and " " .. row.DTYPE or "")
  end
  return out
end

local rows = { { "a", "Baseline", 10 }, { "a", "Day 8", 12 }, { "a", "Day 29",
  9 }, { "b", "Baseline", 20 }, { "b", "Day 15", 25 }, { "c", "Baseline",
  30 }, { "d", "Day 8", 41 }, { "d", "Day 15", 40 } }

function TestCarry.test_the_last_value()
  local r = visits(rows):carry "LOCF"
  lu.assertEquals(shown(r), { "a 1 10", "a 8 12", "a 15 12 LOCF", "a 29 9",
    "b 1 20", "b 15 25", "b 29 25 LOCF", "c 1 30", "d 8 41", "d 15 40",
    "d 29 40 LOCF" })
  r = visits(rows):carry("LOCF", { baseline = true })
  lu.assertEquals(shown(r:where "USUBJID in ('b', 'c')"), { "b 1 20",
    "b 8 20 LOCF", "b 15 25", "b 29 25 LOCF", "c 1 30", "c 8 30 LOCF",
    "c 15 30 LOCF", "c 29 30 LOCF" })
  r = visits(rows):carry("LOCF", { visits = "Day 29" })
  lu.assertEquals(#r:where "DTYPE = 'LOCF'", 2)
end

function TestCarry.test_baseline_and_worst()
  local function based(x) return x:baseline { upto = 1, date = "AVISITN" }
    :change() end
  local r = visits(rows, based):carry "BOCF"
  lu.assertEquals(shown(r:where "USUBJID = 'c'"), { "c 1 30", "c 8 30 BOCF",
    "c 15 30 BOCF", "c 29 30 BOCF" })
  lu.assertEquals(#r:where "USUBJID = 'd' and DTYPE = 'BOCF'", 0)
  lu.assertEquals(list(r:where "DTYPE = 'BOCF'", "CHG")[1], 0)
  r = visits(rows, based):carry "WOCF"
  lu.assertEquals(shown(r:where "USUBJID in ('a', 'd')"), { "a 1 10",
    "a 8 12", "a 15 12 WOCF", "a 29 9", "d 8 41", "d 15 40", "d 29 40 WOCF" })
  lu.assertEquals(list(r:where "USUBJID = 'a'", "CHG"), { NA, 2, 2, -1 })
  local liver = { { "a", "Day 8", 5, code = "ALT" }, { "a", "Day 15", 4,
    code = "ALT" } }
  lu.assertEquals(shown(visits(liver):carry "WOCF")[3], "a 29 5 WOCF")
end

function TestCarry.test_not_beyond_death()
  local dead = { { "a", "Day 8", 5, dead = "2020-01-20" }, { "b", "Day 8", 6,
    dead = "2020-01-15" }, { "c", "Day 8", 7, dead = "2020-01-14" } }
  lu.assertEquals(shown(visits(dead):carry "LOCF"), { "a 8 5", "a 15 5 LOCF",
    "b 8 6", "b 15 6 LOCF", "c 8 7" })
  lu.assertEquals(#visits(dead):carry("LOCF", { past_death = true }), 9)
end

function TestCarry.test_mistakes()
  local function wrong(words, rule, opt, given)
    refuses(words, function()
      return visits(given or rows):carry(rule, opt):collect()
    end)
  end
  wrong('carry: rule = "LOFC"', "LOFC")
  wrong("carry: no rule", nil)
  wrong("carry: no visit Dy 29; nearest: Day 29", "LOCF",
    { visits = { "Dy 29" } })
  wrong("carry: no column BASE; ", "BOCF")
  wrong("baseline comes before", "BOCF")
  wrong("carry: which value of X is the worst?", "WOCF", nil,
    { { "a", "Day 8", 5, code = "X" } })
  wrong("carry: two records of one visit: USUBJID a, PARAMCD ALC, AVISIT Day 8, "
    .. "AVAL 5; USUBJID a", "LOCF", nil, { { "a", "Day 8", 5 },
    { "a", "Day 8", 6 } })
end

-- All that the authors of the pilot carried for their primary analysis.
function TestCarry.test_pilot()
  local d = reference.read("cdisc/csv/adadas.csv", { types = {
    SITEGR1 = "text", SITEID = "text" } })
  local s = require "trialsh.study".memory()
  s.trial = trial "P" { visits = { { "Baseline", 1 }, { "Week 8", 56 },
    { "Week 16", 112 }, { "Week 24", 168 } } }
  s.adadas = d:where "PARAMCD = 'ACTOT'":mutate("AVISITN = case AVISIT when "
    .. "'Baseline' then 1 when 'Week 8' then 56 when 'Week 16' then 112 else "
    .. "168 end")
  local carried = s.adadas:where "DTYPE is null or DTYPE <> 'LOCF'"
    :select("USUBJID", "PARAMCD", "AVISIT", "AVISITN", "AVAL", "BASE", "CHG",
      "ANL01FL"):carry("LOCF", { baseline = true }):where "DTYPE = 'LOCF'"
  local theirs = s.adadas:where "DTYPE = 'LOCF' and ANL01FL = 'Y'"
    :select("USUBJID", "AVISIT", "V = AVAL", "C = CHG")
  local both = carried:join(theirs, { "USUBJID", "AVISIT" }):collect()
  lu.assertEquals(#both, 222)
  lu.assertEquals(#both:where "AVAL = V and abs(CHG - C) < 1e-10", 222)
end

TestSofa = {}

local units = { PAO2 = "mmHg", PLAT = "10^9/L", BILI = "umol/L",
  CREAT = "umol/L" }

local function organ(names, values)
  local all, arrays = { "USUBJID", "ADTM" }, { {}, {} }
  for i in ipairs(values[1]) do
    arrays[1][i] = "a"
    arrays[2][i] = ("2020-01-%02dT08:00"):format(i)
  end
  for i, name in ipairs(names) do
    all[i + 2], arrays[i + 2] = name, values[i]
  end
  return make(all, arrays)
end

local function scores(names, values, code, opt)
  local o = { missing = "missing", units = units, sedated = "as scored" }
  for key, v in pairs(opt or {}) do o[key] = v or nil end
  return list(organ(names, values):sofa(o):where { PARAMCD = code }, "AVAL")
end

function TestSofa.test_each_component()
  lu.assertEquals(scores({ "PAO2", "FIO2", "VENT" }, {
    { 84, 83.9, 63, 62.9, 41.9, 41.9, 20.9, 20.9, 21, NA },
    { 0.21, 21, 0.21, 21, 0.21, 0.21, 0.21, 0.21, 0.21, 0.21 },
    { "N", "N", "N", "N", "N", "Y", "Y", "N", "Y", "Y" } }, "SOFARESP"),
    { 0, 1, 1, 2, 2, 3, 4, 2, 3, NA })
  lu.assertEquals(scores({ "PLAT" }, { { 150, 149, 100, 99, 50, 49, 20, 19,
    NA } }, "SOFACOAG"), { 0, 1, 1, 2, 2, 3, 3, 4, NA })
  lu.assertEquals(scores({ "BILI" }, { { 19, 20, 32, 33, 101, 102, 204, 205 } },
    "SOFALIV"), { 0, 1, 1, 2, 2, 3, 3, 4 })
  local mg = { units = { BILI = "mg/dL", CREAT = "mg/dL" } }
  lu.assertEquals(scores({ "BILI" }, { { 1.1, 1.2, 1.9, 2, 5.9, 6, 11.9, 12 } },
    "SOFALIV", mg), { 0, 1, 1, 2, 2, 3, 3, 4 })
  lu.assertEquals(scores({ "CREAT" }, { { 109, 110, 170, 171, 299, 300, 440,
    441 } }, "SOFAREN"), { 0, 1, 1, 2, 2, 3, 3, 4 })
  lu.assertEquals(scores({ "CREAT", "URINE" }, { { 1.1, 1.2, 2, 3.5, 5, 1, 1,
    NA, NA }, { NA, NA, NA, NA, 600, 499, 199, 500, NA } }, "SOFAREN", mg),
    { 0, 1, 2, 3, 4, 3, 4, 0, NA })
  lu.assertEquals(scores({ "MAP", "DOPA", "DOBU", "EPI", "NOREPI" }, {
    { 70, 69, 80, 60, 60, 60, 60, NA, NA, 60 },
    { NA, NA, 5, 5.1, 15.1, NA, NA, NA, NA, NA },
    { NA, NA, NA, NA, NA, 1, NA, NA, NA, NA },
    { NA, NA, NA, NA, NA, NA, 0.1, NA, NA, 0.11 },
    { NA, NA, NA, NA, NA, NA, NA, 0.05, NA, 0.02 } }, "SOFACARD"),
    { 0, 1, 2, 3, 4, 2, 3, 3, NA, 4 })
  lu.assertEquals(scores({ "GCS" }, { { 15, 14, 13, 12, 10, 9, 6, 5, NA } },
    "SOFACNS"), { 0, 1, 1, 2, 2, 3, 3, 4, NA })
  -- another unit becomes one of those that were published
  lu.assertEquals(scores({ "PLAT" }, { { 149, 150 } }, "SOFACOAG",
    { units = { PLAT = "K/uL" } }), { 1, 0 })
  lu.assertEquals(scores({ "PAO2", "FIO2" }, { { 10, 8.39 }, { 0.21, 0.21 } },
    "SOFARESP", { units = { PAO2 = "kPa" } }), { 1, 2 })
end

function TestSofa.test_the_worst_of_a_day()
  local f = make({ "USUBJID", "ADTM", "PLAT", "GCS" }, { { "a", "a", "a" },
    { "2020-01-01T06:00", "2020-01-01T18:00", "2020-01-02T06:00" },
    { 160, 90, 160 }, { 12, 15, 15 } })
  local r = f:sofa { missing = "normal", units = units }
  lu.assertEquals(list(r:where "PARAMCD = 'SOFA'", "AVAL"), { 4, 0 })
  lu.assertEquals(list(r:where "PARAMCD = 'SOFA'", "ADT"),
    { "2020-01-01", "2020-01-02" })
  lu.assertEquals(list(r:where "PARAMCD = 'SOFA'", "NMISS"), { 4, 4 })
  lu.assertEquals(r.PARAMCD.levels[1], "SOFA")
end

function TestSofa.test_what_is_missing()
  local names = { "PAO2", "FIO2", "PLAT", "BILI", "MAP", "GCS", "CREAT" }
  local values = { { 60, NA, 60, NA, NA }, { 0.21, 0.21, 0.21, 0.21, 0.21 },
    { 120, 120, NA, NA, NA }, { 10, 10, NA, NA, NA }, { 60, 80, 80, 80, NA },
    { 15, 15, 15, 15, NA }, { 100, 100, 100, NA, NA } }
  lu.assertEquals(scores(names, values, "SOFA", { missing = "normal" }),
    { 4, 1, 2, 0, NA })
  lu.assertEquals(scores(names, values, "SOFA", { missing = "missing" }),
    { 4, NA, NA, NA, NA })
  -- the day before gives what it measured, not what it was given
  lu.assertEquals(scores(names, values, "SOFA", { missing = "last" }),
    { 4, 3, 3, NA, NA })
end

function TestSofa.test_sedation()
  local names = { "GCS", "SEDATED" }
  local values = { { 13, 3, 3, 14, 3, NA }, { "N", "Y", "Y", "N", "Y", "Y" } }
  lu.assertEquals(scores(names, values, "SOFACNS", { sedated = "as scored" }),
    { 1, 4, 4, 1, 4, NA })
  lu.assertEquals(scores(names, values, "SOFACNS", { sedated = "normal" }),
    { 1, 0, 0, 1, 0, 0 })
  lu.assertEquals(scores(names, values, "SOFACNS",
    { sedated = "last score before sedation" }), { 1, 1, 1, 1, 1, 1 })
  lu.assertEquals(scores(names, { { 3, 12 }, { "Y", "N" } }, "SOFACNS",
    { sedated = "last score before sedation" }), { NA, 2 })
end

-- Units that neither the option nor the column has are those of the trial.
function TestSofa.test_units_of_the_trial()
  local s = require "trialsh.study".memory()
  s.trial = trial "U" { parameters = { { "PLAT", "Platelets", "organ", unit =
    "/uL" }, { "CREAT", "Creatinine", "organ" } } }
  local wrap, frame = require "trialsh.data".wrap, require "trialsh.data".frame
  local function rows(name, value)
    return wrap(frame { USUBJID = { "1" }, ADT = { "2020-01-01" },
      [name] = { value } })
  end
  s.organ = rows("PLAT", 90000)
  local r = s.organ:sofa { missing = "normal" }
  lu.assertEquals(r:where { PARAMCD = "SOFACOAG" }.AVAL[1], 2)
  lu.assertEquals(s.organ:sofa { missing = "normal", units = { PLAT =
    "10^9/L" } }:where { PARAMCD = "SOFACOAG" }.AVAL[1], 0)
  s.renal = rows("CREAT", 90)
  refuses("or a parameter CREAT of the trial with its unit", function()
    return #s.renal:sofa { missing = "normal" }
  end)
end

function TestSofa.test_mistakes()
  local function wrong(words, opt, names)
    refuses(words, function()
      return scores(names or { "PLAT" }, { { 1 }, { "Y" } }, "SOFA", opt)
    end)
  end
  wrong("sofa: missing = ", { missing = false })
  wrong("sofa: sedated = ", { sedated = false }, { "GCS", "SEDATED" })
  wrong('in which unit is PLAT? units = { PLAT = "10^9/L" }', { units = {} })
  wrong("PLAT is in mg/dL, which does not become 10^9/L",
    { units = { PLAT = "mg/dL" } })
  wrong("units has no PLT; nearest: PLAT", { units = { PLT = "10^9/L" } })
  wrong("there is no version 2025; there is 1996", { version = 2025 })
  wrong("hours is 24", { hours = 12 })
  wrong("sofa: no column PAO2, PLAT", {}, { "X" })
end

os.exit(lu.LuaUnit.run())
