-- Times to events and days free of something, worked out by hand; the pilot's
-- time to its first dermatologic event is that of its authors.
local lu = require "luaunit"
local relations = require "tests.lua.relations"
local reference = require "tests.lua.reference"

local make, refuses = relations.make, relations.refuses
local list = relations.column
local NA = NA

local function table_of(names, rows)
  local arrays = {}
  for j = 1, #names do
    arrays[j] = {}
    for i, row in ipairs(rows) do arrays[j][i] = row[j] == nil and NA or row[j] end
  end
  return make(names, arrays)
end

-- a: nothing; b: dies on day 5; c: infected on day 3, dies on day 5; d: both on
-- day 4; e: infected before day 1; f: lost on day 8, infected on day 9; g: no
-- date at all; h: never randomised; i: infected twice
local function subjects()
  local r = "2020-01-01"
  return table_of({ "USUBJID", "RANDDT", "DTHDT", "LSTDT" }, {
    { "a", r, nil, "2020-03-31" }, { "b", r, "2020-01-05", "2020-01-05" },
    { "c", r, "2020-01-05", "2020-01-05" }, { "d", r, "2020-01-04",
      "2020-01-04" }, { "e", r, nil, "2020-01-20" }, { "f", r, nil,
      "2020-01-08" }, { "g", r, nil, nil }, { "h", nil, nil, "2020-01-01" },
    { "i", r, nil, "2020-02-01" } })
end

local function infections()
  return table_of({ "USUBJID", "INFDT" }, { { "c", "2020-01-03" },
    { "d", "2020-01-04" }, { "e", "2019-12-30" }, { "f", "2020-01-09" },
    { "i", "2020-01-12" }, { "i", "2020-01-06T10:00" }, { "i", nil },
    { "x", "2020-01-01" } })
end

TestTimeTo = {}

local function infection(more)
  local adsl, inf = subjects(), infections()
  local entry = { "INF", "Time to infection", from = "RANDDT",
    event = { inf, "INFDT", "Infection" },
    competing = { adsl, "DTHDT", "Death" },
    censor = { adsl, "LSTDT", "Last seen" } }
  for key, value in pairs(more or {}) do entry[key] = value or nil end
  return adsl:time_to { entry }
end

function TestTimeTo.test_the_earliest_counts()
  relations.forget()
  local r = infection()
  lu.assertEquals(list(r, "USUBJID"), { "a", "b", "c", "d", "e", "f", "g",
    "i" })
  lu.assertEquals(list(r, "AVAL"), { 91, 5, 3, 4, 1, 8, NA, 6 })
  lu.assertEquals(list(r, "CNSR"), { 1, 2, 0, 0, 0, 1, NA, 0 })
  lu.assertEquals(list(r, "ADT"), { "2020-03-31", "2020-01-05", "2020-01-03",
    "2020-01-04", "2020-01-01", "2020-01-08", NA, "2020-01-06" })
  lu.assertEquals(list(r, "EVNTDESC"), { "Last seen", "Death", "Infection",
    "Infection", "Infection", "Last seen", NA, "Infection" })
  lu.assertEquals(list(r, "CNSDTDSC"), { "Last seen", NA, NA, NA, NA,
    "Last seen", NA, NA })
  lu.assertEquals(list(r, "SRCVAR"), { "LSTDT", "DTHDT", "INFDT", "INFDT",
    "INFDT", "LSTDT", NA, "INFDT" })
  relations.heard "time_to INF: 1 subject without RANDDT left out"
  relations.heard "1 subject with an event before day 1; it counts as of day 1"
  relations.heard "1 subject with neither an event nor a last date; no time"
end

function TestTimeTo.test_horizon()
  local r = infection { horizon = 4 }
  lu.assertEquals(list(r, "AVAL"), { 4, 4, 3, 4, 1, 4, NA, 4 })
  lu.assertEquals(list(r, "CNSR"), { 1, 1, 0, 0, 0, 1, NA, 1 })
  lu.assertEquals(list(r, "EVNTDESC")[2], "Day 4")
  lu.assertEquals(list(r, "ADT")[2], "2020-01-04")
  lu.assertEquals(list(r, "SRCVAR")[2], NA)
end

function TestTimeTo.test_several_events_and_entries()
  local adsl, inf = subjects(), infections()
  local r = adsl:time_to {
    { "INFDTH", "Time to infection or death", from = "RANDDT",
      event = { { inf, "INFDT", "Infection" }, { adsl, "DTHDT", "Death" } },
      censor = { adsl, "LSTDT", "Last seen" } },
    { "DEATH", "Time to death", from = "RANDDT",
      event = { adsl, "DTHDT", "Death" },
      censor = { adsl, "LSTDT", "Last seen" } } }
  lu.assertEquals(#r, 16)
  local first = r:where "PARAMCD = 'INFDTH'"
  lu.assertEquals(list(first, "AVAL"), { 91, 5, 3, 4, 1, 8, NA, 6 })
  lu.assertEquals(list(first, "CNSR"), { 1, 0, 0, 0, 0, 1, NA, 0 })
  lu.assertEquals(list(first, "EVNTDESC")[2], "Death")
  lu.assertEquals(list(r:where "PARAMCD = 'DEATH'", "CNSR"),
    { 1, 0, 0, 0, 1, 1, NA, 1 })
  lu.assertEquals(r.PARAMCD.levels, { "INFDTH", "DEATH" })
end

-- Stored with the relations that its options hold, and derived again with them.
function TestTimeTo.test_derived_again()
  local folder = os.tmpname()
  os.remove(folder)
  os.execute("mkdir " .. folder)
  local function write(name, text)
    local f = assert(io.open(folder .. "/" .. name, "w"))
    f:write(text)
    f:close()
    return folder .. "/" .. name
  end
  local s = study.create(folder .. "/s.db")
  s:import(write("dm.csv", "USUBJID,RANDDT,LSTDT\na,2020-01-01,2020-01-10\n"
    .. "b,2020-01-01,2020-01-10\n"))
  s:import(write("inf.csv", "USUBJID,INFDT\na,2020-01-03\n"))
  s.adtte = s.dm:time_to { { "INF", "Time to infection", from = "RANDDT",
    event = { s.inf:where "INFDT > '2020-01-02'", "INFDT", "Infection" },
    censor = { s.dm, "LSTDT", "Last seen" } } }
  lu.assertEquals(list(s.adtte, "AVAL"), { 3, 10 })
  lu.assertEquals(list(s.adtte, "SRCDOM"), { "INF", "DM" })
  write("inf.csv", "USUBJID,INFDT\na,2020-01-02\nb,2020-01-05\n")
  s:import(folder .. "/inf.csv", { replace = true })
  lu.assertEquals(list(s.adtte, "AVAL"), { 10, 5 })
  lu.assertEquals(list(s.adtte, "CNSR"), { 1, 0 })
  s:verify()
  s:close()
  os.execute("rm -r " .. folder)
end

function TestTimeTo.test_numbers_of_SAS()
  local f = table_of({ "USUBJID", "RANDDT", "DTHDT" },
    { { "a", "2020-01-01", "2020-01-03" }, { "b", "2020-01-01", nil } })
    :mutate("START = sasdate(RANDDT)", "DEATH = sasdate(DTHDT)")
  local r = f:time_to { { "D", "Death", from = "START", horizon = 9,
    event = { f, "DEATH", "Death" }, censor = { f, "START", "Seen" } } }
  lu.assertEquals(list(r, "AVAL"), { 1, 1 })
  r = f:time_to { { "D", "Death", from = "START", horizon = 9,
    event = { f, "DEATH", "Death" }, censor = { f:mutate "X = START + 99",
      "X", "Seen" } } }
  lu.assertEquals(list(r, "AVAL"), { 3, 9 })
  lu.assertEquals(list(r:mutate "T = iso(ADT)", "T"),
    { "2020-01-03", "2020-01-09" })
end

function TestTimeTo.test_pilot()
  local folder = reference.folder .. "cdisc/csv/"
  local handle = io.open(folder .. "adtte.csv")
  if not handle then lu.skip(folder .. " is not there") end
  handle:close()
  local s = require "trialsh.study".memory()
  for _, name in ipairs { "adsl", "adae", "adtte" } do
    s:import(folder .. name .. ".csv")
  end
  local adsl = s.adsl:where "SAFFL = 'Y'"
  local r = adsl:time_to { { "TTDE", "Time to first dermatologic event",
    event = { s.adae:where "CQ01NAM <> '' and TRTEMFL = 'Y'", "ASTDT",
      "Dermatologic event" }, censor = { adsl, "RFENDT", "End of study" } } }
    :join(s.adtte:select("USUBJID", "A = AVAL", "C = CNSR", "D = ADT"),
      "USUBJID"):collect()
  lu.assertEquals(#r, 254)
  lu.assertEquals(#r:where "AVAL = A and CNSR = C and ADT = D", 254)
end

function TestTimeTo.test_mistakes()
  local function wrong(words, more)
    refuses(words, function() return infection(more) end)
  end
  wrong("time_to has no option form; nearest: from", { form = "RANDDT" })
  wrong("time_to INF: no column RANDT; nearest: RANDDT", { from = "RANDT" })
  wrong("time_to INF: no censor: without the date", { censor = false })
  wrong("time_to INF: no event", { event = false })
  wrong("time_to INF: event is { relation", { event = { "INFDT" } })
  wrong("time_to INF: no column INFDAT; nearest: INFDT", { event = {
    infections(), "INFDAT", "Infection" } })
  refuses("takes a list", function() return subjects():time_to() end)
  refuses("entry 1 does not begin with its code", function()
    return subjects():time_to { { from = "RANDDT" } }
  end)
  local adsl = subjects()
  refuses("more than one row of a subject: USUBJID a", function()
    local two = adsl:union(adsl:limit(1))
    return two:time_to { { "D", "Death", from = "RANDDT", event = { adsl,
      "DTHDT", "Death" }, censor = { adsl, "LSTDT", "Seen" } } }:collect()
  end)
end

TestDaysFree = {}

local function free(periods, opt)
  local adsl = table_of({ "USUBJID", "RANDDT", "DTHDT", "LSTDT" }, {
    { "a", "2020-01-01", nil, "2020-03-01" },
    { "b", "2020-01-01", "2020-01-06", "2020-01-06" },
    { "c", "2020-01-01", "2020-01-11", "2020-01-11" },
    { "d", "2020-01-01", nil, "2020-01-09" },
    { "e", "2020-01-01", nil, "2020-01-10" } })
  local entry = { "X10", "Days free", table_of({ "USUBJID", "STDT", "ENDT" },
    periods), days = 10, death = -1 }
  for key, value in pairs(opt or {}) do entry[key] = value or nil end
  return adsl:days_free { entry }
end

local periods = {
  { "a", "2019-12-30", "2020-01-02" }, { "a", "2020-01-02", "2020-01-03" },
  { "a", "2020-01-05", "2020-01-05" }, { "a", "2020-01-05", "2020-01-05" },
  { "a", "2019-12-01", "2019-12-31" }, { "a", "2020-02-01", nil },
  { "b", "2020-01-01", "2020-01-06" }, { "c", "2020-01-09", nil },
  { "d", "2020-01-01", "2020-01-01" }, { "e", "2020-01-02", "2020-01-08" },
  { "e", "2020-01-03", "2020-01-04" }, { "z", "2020-01-01", "2020-01-01" } }

function TestDaysFree.test_every_day()
  relations.forget()
  local r = free(periods)
  lu.assertEquals(list(r, "SUPPDAYS"), { 4, 6, 2, 1, 7 })
  lu.assertEquals(list(r, "AVAL"), { 6, -1, 8, NA, 3 })
  relations.heard "days_free X10: 1 subject lost before day 10; no days"
  lu.assertEquals(list(free(periods, { death = 0 }), "AVAL")[2], 0)
  lu.assertEquals(list(free(periods, { days = 11 }), "AVAL"),
    { 7, -1, -1, NA, NA })
end

function TestDaysFree.test_after_the_last()
  lu.assertEquals(list(free(periods, { count = "after the last" }), "AVAL"),
    { 5, -1, 0, NA, 2 })
end

function TestDaysFree.test_nobody_has_a_period()
  lu.assertEquals(list(free({ { "z", "2020-01-01", "2020-01-01" } }), "AVAL"),
    { 10, -1, 10, NA, 10 })
end

function TestDaysFree.test_mistakes()
  refuses("a period without its begin, or that ends before it: USUBJID a, "
    .. "STDT 2020-01-05, ENDT 2020-01-04", function()
    return free { { "a", "2020-01-05", "2020-01-04" } }:collect()
  end)
  refuses("days_free X10: no death, the value of who died", free, periods,
    { death = false })
  refuses("days_free X10: no days, how many", free, periods, { days = false })
  refuses("days_free has no option form; nearest: from", free, periods,
    { form = "RANDDT" })
  refuses("days_free X10: no column SDT; nearest: STDT", free, periods,
    { start = "SDT" })
  refuses("entry 1 does not begin with its code", function()
    return demo.dm:days_free { { "X" } }
  end)
end

os.exit(lu.LuaUnit.run())
