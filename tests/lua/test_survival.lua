-- km and logrank from formula to printed text; the numbers are tested against
-- R in tests/core, and here on published trials (../shared/data).
local lu = require "luaunit"
local NA = require "ts.na".NA
local note = require "trialsh.note"

local said = {}
note.listeners[#note.listeners + 1] = function(line) said[#said + 1] = line end

local shared = "../shared/data/"

local function exists(path)
  local file = io.open(path)
  if file then file:close() end
  return file ~= nil
end

local function list(column)
  local out = {}
  for i = 1, #column do out[i] = column[i] end
  return out
end

local function near(actual, expected, tolerance, what)
  if expected == NA or actual == NA then
    lu.assertTrue(actual == expected, what)
  else
    lu.assertTrue(math.abs(actual - expected) <= tolerance * math.abs(expected),
      ("%s: %.15g, not %.15g"):format(what or "value", actual, expected))
  end
end

local function refuses(words, f, ...)
  local ok, err = pcall(f, ...)
  lu.assertFalse(ok, words)
  lu.assertStrContains(tostring(err), words)
end

-- quantity -> value for one dataset and analysis of the published values
local function published(file, dataset, analysis)
  local out = {}
  for line in io.lines(shared .. "published/" .. file) do
    local d, a, quantity, value = line:match "^([^,]*),([^,]*),(.*),([^,]*)$"
    if d == dataset and a == analysis then
      out[quantity] = tonumber(value) or NA
    end
  end
  return out
end

-- A set of tests/data/survival.csv as arrays.
local function stored(name)
  local t = { time = {}, event = {}, group = {}, stratum = {} }
  for line in io.lines "tests/data/survival.csv" do
    local set, time, event, group, stratum = line:match(
      "^([^,]*),([^,]*),([^,]*),([^,]*),([^,]*)$")
    if set == name then
      local i = #t.time + 1
      t.time[i], t.event[i] = tonumber(time), tonumber(event)
      t.group[i], t.stratum[i] = tonumber(group), tonumber(stratum)
    end
  end
  return t
end

local aml = { -- Miller 1981, as in R's survival; x: maintained or not
  TIME = { 9, 13, 13, 18, 23, 28, 31, 34, 45, 48, 161,
    5, 5, 8, 8, 12, 16, 23, 27, 30, 33, 43, 45 },
  STATUS = { 1, 1, 0, 1, 1, 0, 1, 1, 0, 1, 0,
    1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1, 1 },
  X = { "M", "M", "M", "M", "M", "M", "M", "M", "M", "M", "M",
    "N", "N", "N", "N", "N", "N", "N", "N", "N", "N", "N", "N" },
}

TestCurves = {}

function TestCurves:setUp() said = {} end

function TestCurves.test_aml()
  local m = km("Surv(TIME, STATUS) ~ X", aml)
  lu.assertEquals(m.method, "Kaplan-Meier")
  lu.assertEquals(m.n, 23)
  lu.assertEquals(m.n_event, 18)
  lu.assertEquals(m.ci, "log-log")
  lu.assertEquals(m.groups[1].name, "M")
  lu.assertEquals(m.groups[2].n, 12)
  lu.assertEquals(m.groups[2].n_event, 11)
  lu.assertEquals(m:median("M").estimate[1], 31)
  lu.assertEquals(list(m:median().estimate), { 31, 23 })
  lu.assertEquals(list(m:median().conf_low), { 13, 5 })
  lu.assertEquals(list(m:median().conf_high), { NA, 33 })
  lu.assertEquals(list(m:median().X), { "M", "N" })
  lu.assertEquals(list(m:median().n_event), { 7, 11 })
end

function TestCurves.test_tidy_has_a_row_per_time()
  local m = km("Surv(TIME, STATUS) ~ X", aml, { ci = "log" })
  local t = m:tidy()
  lu.assertEquals(#t, 20)
  lu.assertEquals(t:row(2).time, 13)
  lu.assertEquals(t:row(2).n_risk, 10)
  lu.assertEquals(t:row(2).n_event, 1)
  lu.assertEquals(t:row(2).n_censor, 1)
  near(t:row(2).estimate, 9 / 11, 1e-14)
  near(t:row(2).std_error, math.sqrt(9 / 11 * 2 / 11 / 11), 1e-13)
  near(t:row(2).conf_low, 0.61924898739936352, 1e-12)
  lu.assertEquals(t:row(2).conf_high, 1)
  lu.assertEquals(#m:tidy "N", 10)
  lu.assertEquals(m:tidy({ "N", "M" }):row(1).X, "N")
end

function TestCurves.test_at()
  local m = km("Surv(TIME, STATUS) ~ X", aml)
  local a = m:at { 10, 13, 45 }
  lu.assertEquals(list(a.X), { "M", "M", "M", "N", "N", "N" })
  lu.assertEquals(list(a.time), { 10, 13, 45, 10, 13, 45 })
  lu.assertEquals(list(a.n_risk), { 10, 10, 3, 8, 7, 1 })
  near(a.survival[1], 10 / 11, 1e-14)
  near(a.survival[2], 9 / 11, 1e-14)
  lu.assertEquals(a.survival[6], 0)
  lu.assertEquals(a.conf_low[6], NA)
  lu.assertEquals(#said, 0)
  lu.assertEquals(m:at(10, "N").n_risk[1], 8)
end

function TestCurves.test_beyond_the_last_time_is_said()
  local m = km("Surv(TIME, STATUS) ~ X", aml)
  local a = m:at { 100, 200, 300 }
  lu.assertEquals(list(a.survival), { a.survival[1], NA, NA, 0, 0, 0 })
  lu.assertEquals(said,
    { "S(200) is not known for M: the last time is 161, censored" })
end

function TestCurves.test_quantiles()
  local m = km("Surv(TIME, STATUS) ~ X", aml, { ci = "plain" })
  local q = m:quantile({ 0.25, 0.75 }, "N")
  lu.assertEquals(list(q.p), { 0.25, 0.75 })
  lu.assertEquals(list(q.estimate), { 8, 33 })
  lu.assertEquals(#m:quantile(0.5), 2)
end

function TestCurves.test_no_groups_and_several()
  local one = km("Surv(TIME, STATUS) ~ 1", aml)
  lu.assertEquals(one.groups[1].name, "all")
  lu.assertEquals(one:median().estimate[1], 27)
  lu.assertEquals(one:median("all").n[1], 23)
  local sex = {}
  for i = 1, 23 do sex[i] = i % 2 end
  local two = km("Surv(TIME, STATUS) ~ X + SEX",
    { TIME = aml.TIME, STATUS = aml.STATUS, X = aml.X, SEX = sex })
  lu.assertEquals(#two.groups, 4)
  lu.assertEquals(two.groups[2].name, "M, 1")
  local m = two:median "N, 0"
  lu.assertEquals({ m.X[1], m.SEX[1], m.n[1] }, { "N", "0", 6 })
end

function TestCurves.test_the_unit_goes_through_the_formula()
  local months = km("Surv(TIME / 30.4375, STATUS == 1) ~ X", aml)
  near(months:median("M").estimate[1], 31 / 30.4375, 1e-14)
end

function TestCurves.test_missing_values_are_left_out_and_said()
  local d = { T = { 1, 2, NA, 4 }, C = { 0, NA, 0, 1 }, G = { "a", "a", "a", "b" } }
  local m = km("Surv(T, C == 0) ~ G", d)
  lu.assertEquals({ m.n, m.n_missing, m.n_event }, { 2, 2, 1 })
  lu.assertStrContains(tostring(m), "2 rows left out")
  refuses("no complete row of 1", km, "Surv(T, C) ~ 1", { T = { NA }, C = { 1 } })
  d.G = { "b", "b", "a", "b" }
  lu.assertStrContains(km("Surv(T, C == 0) ~ G", d).note,
    "no complete row in G a")
end

function TestCurves.test_nothing_but_censored()
  local m = km("Surv(T, E) ~ 1", { T = { 1, 2, 3 }, E = { 0, 0, 0 } })
  lu.assertEquals(m.note, "no events: S is 1 throughout")
  lu.assertEquals(list(m:tidy().estimate), { 1, 1, 1 })
  lu.assertEquals(list(m:tidy().conf_low), { NA, NA, NA })
  lu.assertEquals(m:median().estimate[1], NA)
end

function TestCurves.test_plateau_is_the_middle_and_said()
  local m = km("Surv(T, E) ~ 1", { T = { 1, 2, 3, 7 }, E = { 1, 1, 0, 0 } })
  lu.assertEquals(m:median().estimate[1], 4.5)
  lu.assertStrContains(tostring(m), "S is 0.5 for some time: its middle")
end

function TestCurves.test_glance_and_print()
  local m = km("Surv(TIME, STATUS) ~ X", aml)
  local g = m:glance():row(1)
  lu.assertEquals({ g.method, g.n, g.n_event, g.conf_level, g.ci },
    { "Kaplan-Meier", 23, 18, 0.95, "log-log" })
  lu.assertEquals(tostring(m), [[
Kaplan-Meier: Surv(TIME, STATUS), 23 subjects, 18 events
   X   n  events  median  conf_low  conf_high
1  M  11       7      31        13         NA
2  N  12      11      23         5         33
95 % CI: log-log; NA: not reached or not defined]])
end

function TestCurves.test_refusals()
  local f = "Surv(TIME, STATUS) ~ X"
  local m = km(f, aml)
  refuses("no column XX; nearest: X", km, "Surv(TIME, STATUS) ~ XX", aml)
  refuses("must be Surv(time, event)", km, "TIME ~ X", aml)
  refuses("strata() is for logrank", km, "Surv(TIME, STATUS) ~ strata(X)", aml)
  refuses("an event is 1", km, "Surv(TIME, TIME) ~ X", aml)
  refuses("nearest: log-log", km, f, aml, { ci = "loglogg" })
  refuses("no option conf", km, f, aml, { conf = 0.9 })
  refuses("out of its range", km, f, aml, { conf_level = 95 })
  refuses("the formula is text", km, aml, f)
  refuses("no group 'Q'; nearest: M", m.median, m, "Q")
  refuses("nearest: median", function() return m.medain end)
  refuses("-1 is no number of 0 or above", m.at, m, -1)
  refuses("at takes a number", m.at, m, NA)
  refuses("at: NA is no number", m.at, m, { 1, NA })
  refuses("1.5 is no number from 0 to 1", m.quantile, m, 1.5)
  refuses("Surv", km, "Surv(TIME, STATUS) ~ X",
    { TIME = { -1, 2 }, STATUS = { 1, 1 }, X = { 1, 2 } })
end

function TestCurves.test_the_mark_of_made_up_data_stays()
  local f = "Surv(AVAL, CNSR == 0) ~ TRT01P"
  local m, r = km(f, demo.adtte), logrank(f, demo.adtte)
  for _, x in ipairs { m, r, m:tidy(), m:at(28), m:median(), m:quantile(0.1),
    m:glance(), r:tidy(), r:glance() } do
    lu.assertStrContains(tostring(x), "SIMULATED DATA")
  end
  lu.assertNotStrContains(tostring(km("Surv(TIME, STATUS) ~ X", aml)),
    "SIMULATED")
end

TestLogrank = {}

function TestLogrank.test_aml()
  local r = logrank("Surv(TIME, STATUS) ~ X", aml)
  near(r.statistic, 3.3963886989776011, 1e-12)
  near(r.p_value, 0.065339322040505132, 1e-12)
  lu.assertEquals({ r.df, r.n, r.n_event, r.n_missing }, { 1, 23, 18, 0 })
  lu.assertEquals({ r.compare, r.n_1, r.n_2, r.events_1, r.events_2 },
    { "N vs M", 12, 11, 11, 7 })
  near(r.z, math.sqrt(r.statistic), 1e-12)
  local t = r:tidy()
  lu.assertEquals(list(t.X), { "M", "N" })
  lu.assertEquals(list(t.observed), { 7, 11 })
  near(t.expected[1], 10.689335992300725, 1e-12)
  lu.assertEquals(r:glance():row(1).df, 1)
  lu.assertEquals(tostring(r), [[
Log-rank test: Surv(TIME, STATUS), 23 subjects, 18 events
   X   n  observed  expected
1  M  11         7     10.69
2  N  12        11      7.31
chi-square = 3.40, df = 1; z = 1.84 (N vs M); P = 0.065]])
end

function TestLogrank.test_strata_and_many_groups()
  local d = stored "veteran_cell"
  local r = logrank("Surv(time, event) ~ group + strata(stratum)", d)
  lu.assertEquals(r.df, 3)
  lu.assertEquals(r.method, "Log-rank test, stratified by stratum")
  lu.assertNotEquals(r.statistic,
    logrank("Surv(time, event) ~ group", d).statistic)
  lu.assertEquals(r:get "z", NA)
end

function TestLogrank.test_compare_takes_two_of_many()
  local d = stored "veteran_cell"
  local r = logrank("Surv(time, event) ~ group + strata(stratum)", d,
    { compare = "3 vs 1" })
  local t, part = d, { time = {}, event = {}, group = {}, stratum = {} }
  for i = 1, #t.time do
    if t.group[i] % 2 == 1 then
      for name, values in pairs(part) do values[#values + 1] = t[name][i] end
    end
  end
  local s = logrank("Surv(time, event) ~ group + strata(stratum)", part)
  lu.assertEquals(r.statistic, s.statistic)
  lu.assertEquals(r.z, s.z)
  lu.assertEquals(r.n, #part.time)
  local back = logrank("Surv(time, event) ~ group + strata(stratum)", d,
    { compare = "1 vs 3" })
  near(back.z, -r.z, 1e-13)
  near(back.p_value, r.p_value, 1e-12)
end

function TestLogrank.test_missing_of_the_groups_compared()
  local d = { T = { 1, 2, 3, NA, 5, NA }, E = { 1, 1, 1, 1, 0, 1 },
    G = { "a", "b", "a", "a", "b", "c" } }
  lu.assertEquals(logrank("Surv(T, E) ~ G", d).n_missing, 2)
  lu.assertStrContains(logrank("Surv(T, E) ~ G", d).note,
    "no complete row in G c")
  local r = logrank("Surv(T, E) ~ G", d, { compare = "a vs b" })
  lu.assertEquals({ r.n, r.n_1, r.n_missing }, { 4, 2, 1 })
  refuses("no complete row in c", logrank, "Surv(T, E) ~ G", d,
    { compare = "c vs b" })
  lu.assertEquals(logrank("Surv(T, E) ~ G", d, { reference = "b" }).compare,
    "a vs b")
end

function TestLogrank.test_nothing_to_compare()
  local none = logrank("Surv(T, E) ~ G",
    { T = { 1, 2, 3 }, E = { 0, 0, 0 }, G = { 1, 2, 1 } })
  lu.assertEquals({ none.statistic, none.df, none.p_value }, { 0, 0, 1 })
  lu.assertStrContains(none.note, "no events")
  local tied = logrank("Surv(T, E) ~ G",
    { T = { 5, 5, 5 }, E = { 1, 1, 1 }, G = { 1, 2, 1 } })
  lu.assertEquals(tied.p_value, 1)
  lu.assertStrContains(tied.note, "nothing to compare")
  lu.assertEquals(tied.z, NA)
  local early = logrank("Surv(time, event) ~ group", stored "left_early")
  lu.assertEquals(early.df, 1)
  lu.assertStrContains(early.note, "1 never at risk when there is an event")
  local lonely = logrank("Surv(time, event) ~ group + strata(stratum)",
    stored "lonely")
  lu.assertStrContains(lonely.note, "1 stratum with events but one group only")
end

function TestLogrank.test_refusals()
  refuses("names no groups", logrank, "Surv(TIME, STATUS) ~ 1", aml)
  refuses("nearest: N", logrank, "Surv(TIME, STATUS) ~ X", aml,
    { compare = "NN vs M" })
  refuses("no option ci", logrank, "Surv(TIME, STATUS) ~ X", aml, { ci = "log" })
  refuses("two groups are needed", logrank, "Surv(T, E) ~ G",
    { T = { 1, 2 }, E = { 1, 1 }, G = { 1, 1 } })
end

TestPublished = {}

function TestPublished.test_actg175()
  local path = shared .. "hiv/actg175.csv"
  if not exists(path) then lu.skip(path .. " is absent") end
  local d = read(path)
  local arm = { "ZDV", "ZDV+ddI", "ZDV+ddC", "ddI" }
  local r = logrank("Surv(days, cens) ~ arms", d)
  local want = published("r_reference.csv", "actg175", "logrank 4 arms")
  near(r.statistic, want.chisq, 1e-11)
  for i, name in ipairs(arm) do
    near(r:tidy().expected[i], want["expected " .. name], 1e-11, name)
  end
  near(logrank("Surv(days, cens) ~ I(arms == 0)", d).statistic,
    published("r_reference.csv", "actg175", "logrank ZDV vs rest").chisq, 1e-11)
  local m = km("Surv(days, cens) ~ arms", d)
  want = published("r_reference.csv", "actg175", "KM")
  local quantiles = published("r_reference.csv", "actg175", "KM quantile")
  local n = 0
  for i, name in ipairs(arm) do
    local group = tostring(i - 1)
    local last = {} -- of tidy, at or before 365 and 730
    for row in m:tidy(group):rows() do
      for _, day in ipairs { 365, 730 } do
        if row.time <= day then last[day] = row end
      end
    end
    for _, day in ipairs { 365, 730 } do
      local s = want[("arm=%s S( %d )"):format(name, day)]
      near(m:at(day, group).survival[1], s, 1e-11, name)
      near(last[day].estimate, s, 1e-11, name)
      near(last[day].std_error,
        want[("arm=%s se greenwood %d"):format(name, day)], 1e-11, name)
      n = n + 1
    end
    near(m:quantile(0.1, group).estimate[1], quantiles["10% time " .. name], 0,
      name)
  end
  lu.assertEquals(n, 8)
end

function TestPublished.test_cdisc_pilot()
  local path = shared .. "cdisc/csv/adtte.csv"
  if not exists(path) then lu.skip(path .. " is absent") end
  local d = read(path)
  local file = "r_reference_cdisc.csv"
  local surv = "Surv(AVAL, CNSR == 0) ~ TRTA"
  near(logrank(surv, d).statistic,
    published(file, "ADTTE", "logrank 3 arms").chisq, 1e-11)
  local m = km(surv, d, { ci = "log" })
  local want, limits = published(file, "ADTTE", "KM"),
    published(file, "ADTTE", "KM log CI")
  local s = published(file, "ADTTE", "KM S(t)")
  for _, group in ipairs(m.groups) do
    local name = group.name
    lu.assertEquals(group.n_event, want["events " .. name])
    local median = m:median(name)
    lu.assertEquals(median.estimate[1], want["median " .. name])
    lu.assertEquals(median.conf_low[1], limits["lcl " .. name])
    lu.assertEquals(median.conf_high[1], limits["ucl " .. name])
    for _, day in ipairs { 28, 84, 168 } do
      near(m:at(day, name).survival[1], s[("T=%s %d"):format(name, day)],
        1e-11, name)
    end
  end
end

function TestPublished.test_lung_gehan_aml()
  if not exists(shared .. "published/r_reference.csv") then
    lu.skip(shared .. "published/r_reference.csv is absent")
  end
  local file = "r_reference.csv"
  local lung = stored "lung"
  local m = km("Surv(time, event) ~ group", lung, { ci = "log" }):median()
  local want = published(file, "lung", "KM")
  for sex = 1, 2 do
    lu.assertEquals(m.estimate[sex], want["median sex=" .. sex])
    lu.assertEquals(m.conf_low[sex], want["lcl sex=" .. sex])
    lu.assertEquals(m.conf_high[sex], want["ucl sex=" .. sex])
  end
  for set, analysis in pairs { lung = "logrank sex", aml = "logrank",
    gehan = "logrank 6-MP vs control" } do
    near(logrank("Surv(time, event) ~ group", stored(set)).statistic,
      published(file, set, analysis).chisq, 1e-11, set)
  end
end

-- A row without a group may be of either side, in log-rank as in the t test.
function TestLogrank.test_rows_without_a_group_are_left_out_and_counted()
  local data = { y = { 1, 2, 3, 4, NA, 7, 8 }, e = { 1, 1, 1, 1, 1, 1, 1 },
    g = { "a", "a", "b", "b", "b", NA, "c" } }
  local r = logrank("Surv(y, e) ~ g", data, { compare = "b vs a" })
  lu.assertEquals(r.n, 4)
  lu.assertEquals(r.n_missing, 2)
  lu.assertEquals(ttest("y ~ g", data, { compare = "b vs a" }).n_missing, 2)
  lu.assertStrContains(tostring(r), "g missing in 1")
end

os.exit(lu.LuaUnit.run())
