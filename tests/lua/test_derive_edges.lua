-- The verbs that derive on what a trial's first cut may hold: no rows, nothing
-- but missing values; and on dates that are numbers of SAS.
local lu = require "luaunit"
local relations = require "tests.lua.relations"
local reference = require "tests.lua.reference"
local relation = require "trialsh.relation"

local make, refuses = relations.make, relations.refuses
local list = relations.column
local NA = NA
local units = { PAO2 = "mmHg", PLAT = "10^9/L", BILI = "umol/L",
  CREAT = "umol/L" }

local function names_of(r)
  return table.concat(relation.names_of(relation.node_of(r).columns), " ")
end

local lb, dm = demo.lb, demo.dm
local nobody = dm:where "USUBJID = 'nobody'"

-- What comes of both, and its columns, which do not depend on the rows.
local function same_columns(n, f, full, ...)
  for i, r in ipairs { ... } do
    local got = f(r)
    lu.assertEquals(#got:collect(), n[i])
    lu.assertEquals(names_of(got), names_of(f(full)))
  end
end

TestEdges = {}

function TestEdges.test_measurements()
  local empty = lb:where "USUBJID = 'nobody'"
  local missing = lb:mutate "AVALC = nullif(AVALC, AVALC)"
  local function measured(r)
    return r:detect():convert():join(dm, "USUBJID"):study_day()
  end
  local n = { 0, #lb }
  same_columns(n, measured, lb, empty, missing)
  for _, choose in ipairs { "closest", "first", "last", "worst", "mean" } do
    local function f(r)
      return measured(r):where "PARAMCD <> 'IL6'":visits { choose = choose }
    end
    same_columns({ 0, #lb:where "PARAMCD <> 'IL6'" }, f, lb, empty, missing)
  end
  same_columns(n, function(r)
    return measured(r):visits():baseline():change { log = true }:ranges()
      :grade "CTCAE 5"
  end, lb, empty, missing)
  for _, rule in ipairs { "AUC", "time-weighted mean", "maximum",
      "time of maximum" } do
    same_columns(n, function(r)
      return measured(r):auc { parameter = "ALC", as = "X", from = 1,
        upto = 29, rule = rule, ends = "carry", death = "DTHDT" }
    end, lb, empty, missing)
  end
  for _, rule in ipairs { "LOCF", "BOCF" } do
    same_columns({ 0, 0 }, function(r)
      return measured(r):visits():baseline():carry(rule)
    end, lb, empty, missing)
  end
end

function TestEdges.test_the_log_of_a_ratio()
  local r = make({ "USUBJID", "ADY", "AVAL" }, { { "a", "a", "a" }, { 1, 2, 3 },
    { 2, 4, 0 } }):baseline { upto = 1 }:change { log = true }
  local lr = list(r, "LR")
  lu.assertEquals({ lr[1], lr[3] }, { NA, NA })
  reference.near(lr[2], math.log(2))
end

function TestEdges.test_values_without_a_date_are_counted()
  local f = make({ "USUBJID", "PARAMCD", "ADT", "TRTSDT", "AVAL" }, {
    { "a", "a" }, { "ALC", "ALC" }, { "2020-01-01", NA }, { "2020-01-01",
    "2020-01-01" }, { 5, 6 } }):study_day()
  relations.forget()
  lu.assertEquals(list(f:baseline(), "BASE"), { 5, 5 })
  relations.heard "baseline: 1 value without ADT, which no baseline can be"
  lu.assertEquals(#f:auc { parameter = "ALC", as = "X", from = 1,
    upto = 9 }:collect(), 3)
  relations.heard "auc: 1 value without ADY left out"
end

function TestEdges.test_subjects()
  lu.assertEquals(#demo.ex:where "1 = 0":exposure():collect(), 0)
  lu.assertEquals(#nobody:populations():collect(), 0)
  local ae = demo.ae:mutate("ASTDT = first_date(AESTDTC)",
    "AENDT = last_date(AEENDTC)"):join(nobody, "USUBJID")
  lu.assertEquals(#ae:emergent { days = 30 }:where "TRTEMFL = 'Y'", 0)
  local entry = { "D", "D", from = "RANDDT", event = { nobody, "DTHDT", "Died" },
    censor = { nobody, "LSTDT", "Seen" } }
  lu.assertEquals(#nobody:time_to { entry }:collect(), 0)
  lu.assertEquals(list(dm:time_to { entry }:limit(1), "AVAL"), { NA })
  lu.assertEquals(list(dm:days_free { { "V", "V", demo.support:where "1 = 0",
    days = 28, death = -1 } }:limit(3), "AVAL"), { 28, 28, -1 })
end

function TestEdges.test_organs()
  lu.assertEquals(#demo.organ:where "1 = 0":sofa { missing = "normal",
    sedated = "normal", units = units }:collect(), 0)
  local items = {}
  for i, name in ipairs { "PAO2", "PLAT", "BILI", "MAP", "NOREPI", "GCS",
      "CREAT", "URINE" } do
    items[i] = name .. " = null + 0"
  end
  for _, missing in ipairs { "normal", "last", "missing" } do
    local r = demo.organ:mutate(table.unpack(items)):sofa { missing = missing,
      sedated = "last score before sedation", units = units }
    lu.assertEquals(#r:where "AVAL is not null", 0)
  end
end

function TestEdges.test_one_row()
  local one = make({ "USUBJID", "PARAMCD", "ADT", "TRTSDT", "AVAL" }, { { "a" },
    { "ALC" }, { "2020-01-01" }, { "2020-01-01" }, { 5 } })
  local r = one:study_day():baseline():change()
  lu.assertEquals({ r.BASE[1], r.ABLFL[1], r.CHG[1] }, { 5, "Y", NA })
  lu.assertEquals(list(r:auc { parameter = "ALC", as = "X", from = 1, upto = 9 },
    "AVAL"), { 5, 5 })
  lu.assertEquals(list(r:auc { parameter = "ALC", as = "X", from = 1, upto = 9,
    rule = "AUC" }, "AVAL"), { 5, NA })
end

-- Names that hold quotes, blanks and signs go through.
function TestEdges.test_hostile_names()
  local s = require "trialsh.study".memory()
  s.trial = trial "T" { visits = { { "Day '8", 8, window = { 1, 9 } } },
    parameters = { { "A'B", "x", "adlb", unit = "/uL", range = { 1, 2 },
      better = "higher" } } }
  s.x = make({ "USUBJID", "PARAMCD", "ADY", "AVAL", "UNIT", "a \"b" },
    { { "it's" }, { "A'B" }, { 8 }, { 5 }, { "10^9/L" }, { "x" } })
  local r = s.x:convert():visits { choose = "worst" }:baseline { upto = 9 }
    :ranges():auc { parameter = "A'B", as = "C'D", from = 1, upto = 9,
      label = "50% 'of' %d" }
  lu.assertEquals(list(r, "AVISIT"), { "Day '8", NA })
  lu.assertEquals(list(r, "AVAL"), { 5000, 5000 })
  lu.assertEquals(list(r, "PARAMCD"), { "A'B", "C'D" })
end

function TestEdges.test_names_with_a_per_cent_sign()
  local f = make({ "USUBJID", "50% d", "LSTDT" }, { { "a", "b" },
    { "2020-01-01", NA }, { "2020-01-09", "2020-01-09" } })
  relations.forget()
  lu.assertEquals(list(f:time_to { { "A%s", "50% %d", from = "50% d",
    event = { f, "LSTDT", "%d" }, censor = { f, "LSTDT", "%s" } } }, "EVNTDESC"),
    { "%d" })
  relations.heard "time_to A%s: 1 subject without 50% d left out"
  lu.assertEquals(list(f:mutate "DTHDT = nullif(LSTDT, LSTDT)":days_free { {
    "B%s", "x", make({ "USUBJID", "STDT", "ENDT" }, { { "a" }, { "2020-01-02" },
    { "2020-01-02" } }), days = 5, death = -1, from = "50% d" } }, "AVAL"),
    { 4 })
  relations.heard "days_free B%s: 1 subject without 50% d left out"
end

TestSas = {}

local function pilot(name)
  return reference.read("cdisc/xpt/" .. name .. ".xpt")
end

function TestSas.test_dates_are_numbers()
  local adsl, adae, adtte = pilot "adsl", pilot "adae", pilot "adtte"
  local t = adsl:time_to { { "TTDE", "x", event = { adae:where
    "CQ01NAM <> '' and TRTEMFL = 'Y'", "ASTDT", "Event" },
    censor = { adsl, "RFENDT", "End" } } }
    :join(adtte:select("USUBJID", "A = AVAL", "C = CNSR", "D = ADT"), "USUBJID")
  lu.assertEquals(#t:where "AVAL = A and CNSR = C and ADT = D", 254)
  local e = adae:select("ASTDT", "AENDT", "TRTSDT", "TRTEDT", "A = TRTEMFL")
    :emergent():where "ASTDT is not null"
  lu.assertEquals(#e:where "(TRTEMFL is null) <> (A is null or A = '')", 0)
  local ex = adsl:select("USUBJID", "EXSTDT = TRTSDT", "EXENDT = TRTEDT")
  lu.assertEquals(#adsl:select("USUBJID", "T = TRTDURD", "U = TRTSDT")
    :join(ex:exposure(), "USUBJID")
    :where "T = TRTDUR and U = TRTSDT", 254)
  local l = pilot "adlbh_lym_derived"
  local b = l:select("USUBJID", "PARAMCD", "ADT", "TRTSDT", "AVAL", "B = BASE",
    "VISITNUM", "Y = ADY"):study_day():baseline { where = "VISITNUM = 1" }
  lu.assertEquals(#b:where "BASE <> B", 0)
  lu.assertEquals(#b:where "ADY <> Y", 0)
end

function TestSas.test_datetimes()
  local f = make({ "USUBJID", "D" }, { { "a", "b" }, { "2020-01-01T10:00:00",
    "2020-01-01T23:59:59" } }):mutate("FROM = sasdatetime(D)",
    "DTHDTM = sasdatetime(case when USUBJID = 'a' then '2020-01-03T01:00:00' "
    .. "end)", "SEEN = sasdatetime('2020-01-09T01:00:00')")
  local r = f:time_to { { "X", "x", from = "FROM", event = { f, "DTHDTM",
    "Died" }, censor = { f, "SEEN", "Seen" } } }
  lu.assertEquals(list(r, "AVAL"), { 3, 9 })
  lu.assertEquals(list(r:mutate "T = iso(ADT)", "T"),
    { "2020-01-03", "2020-01-09" })
end

function TestSas.test_a_number_that_is_no_date()
  local f = make({ "USUBJID", "TRTSDT", "ADT" }, { { "a" }, { "2020-01-01" },
    { 5 } })
  refuses("ADT is a number without a date format", f.study_day, f)
end

os.exit(lu.LuaUnit.run())
