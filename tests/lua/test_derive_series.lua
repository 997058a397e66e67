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

os.exit(lu.LuaUnit.run())
