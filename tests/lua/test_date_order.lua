-- The order of dates that are text: decided where the dates say it, and not by
-- bytes where they are partial, impossible or written otherwise.
local lu = require "luaunit"
local relations = require "tests.lua.relations"
local NA = require "ts.na".NA

local column, refuses = relations.column, relations.refuses

-- Whether a < b, a <= b, a > b, a >= b as dates, as "1" "0" "-".
local function answers(a, b)
  local r = relations.make({ "ADTC", "BDTC" }, { { a }, { b } })
  local row = r:mutate("A = ADTC < BDTC", "B = ADTC <= BDTC", "C = ADTC > BDTC",
    "D = ADTC >= BDTC", "E = ADTC between BDTC and BDTC"):row(1)
  local out = ""
  for _, name in ipairs { "A", "B", "C", "D", "E" } do
    out = out .. (row[name] == NA and "-" or row[name])
  end
  return out
end

TestDateOrder = {}

function TestDateOrder.setUp() relations.forget() end

function TestDateOrder.test_dates_of_all_precisions()
  for _, case in ipairs {
    { "2020-01-05", "2020-01-06", "11000" }, { "2020-01-05", "2020-01-05", "01011" },
    { "2020-01", "2020-01-05", "-----" }, { "2020-01", "2020-02-01", "11000" },
    { "2020-01", "2020-01-31", "-10--" }, -- no day of January is after its last
    { "2020-01", "2020-01-01", "0--1-" }, { "2020", "2020", "-----" },
    { "2019", "2020-01", "11000" }, { "2020-02", "2020", "-----" },
    { "2020-12", "2020", "-----" }, { "2020---15", "2021-01-01", "11000" },
    { "2020---15", "2020-06-01", "-----" },
    -- a date stands for its day
    { "2020-01-05", "2020-01-05T10:00", "01011" },
    { "2020-01-05T23:59", "2020-01-06", "11000" },
    { "2020-01-05T10", "2020-01-05T10:30", "01011" },
    { "2020-01-05T10:29:59.5", "2020-01-05T10:29:59.75", "11000" },
    { "2020-01-05 10:30", "2020-01-05T10:29", "00110" },
    { "2020-01-05T10:30Z", "2020-01-05T10:31Z", "11000" },
    { "2020-01-05T10:30Z", "2020-01-05T10:31", "-----" },
    { "2020-01-05T10:30+02:00", "2020-01-06", "11000" },
    { NA, "2020-01-05", "-----" }, { "", "2020-01-05", "-----" },
  } do
    lu.assertEquals(answers(case[1], case[2]), case[3],
      tostring(case[1]) .. " and " .. case[2])
  end
  lu.assertEquals(relations.said, {})
end

function TestDateOrder.test_what_is_no_date_is_told()
  lu.assertEquals(answers("2020-02-30", "2020-03-01"), "-----")
  relations.heard "ADTC: '2020-02-30' is no date of the calendar (row 1); "
  lu.assertEquals(answers("2020-01-05", "10.01.2020"), "-----")
  relations.heard "BDTC: '10.01.2020' is no ISO date (row 1); "
  for _, word in ipairs { "2020-13-45", "2020-00", "2020-01-05T25:00",
      "2020-01-05T", "2020-1-5", "20200105", "UN" } do
    lu.assertEquals(answers(word, "2021-01-01"), "-----", word)
  end
end

local function sample()
  return relations.make({ "ID", "DTC", "X", "Y", "SITE" },
    { { "a", "b", "c", "d", "e" },
      { "2020-01-06", "2020-01", "2020-02-30", "10.01.2020", "2019" },
      { "2020-01-06", "2020-01", "1001-12", "b", "2020-02-30" },
      { "2020-01-07", "2020-01-05", "1001-13", "a", "2020-01-01" },
      { "1", "2", "3", "4", "5" } })
end

local function ids(condition, ...)
  return table.concat(column(sample():where(condition, ...), "ID"))
end

function TestDateOrder.test_where_leaves_out_what_is_not_decided()
  lu.assertEquals(ids "DTC > '2020-01-05'", "a")
  relations.heard "DTC: '2020-02-30' is no date of the calendar (row 3); 2 "
  relations.heard("where DTC > '2020-01-05': not decided for 3 rows, a value is "
    .. "missing or no whole date; left out")
  lu.assertEquals(ids("? < DTC", "2020-01-05"), "a")
  lu.assertEquals(ids "DTC >= '2020-01-01'", "ab")
  lu.assertEquals(ids "DTC not between '2019-01-01' and '2019-12-31'", "ab")
  lu.assertEquals(column(sample():where("ID in ('a', 'b')")
    :where "first_date(DTC) >= '2020-01-02'", "ID"), { "a" })
end

-- No name says that these are dates: they are where one looks like a date.
function TestDateOrder.test_columns_of_any_name()
  local r = sample():mutate("A = X < Y", "B = X <= Y")
  lu.assertEquals(column(r, "A"), { 1, NA, 1, 0, NA })
  lu.assertEquals(column(r, "B"), { 1, NA, 1, 0, NA })
  lu.assertEquals(ids "SITE > '3'", "de")
  lu.assertEquals(ids "SITE between '2' and '4'", "bcd")
  lu.assertEquals(ids "substr(DTC, 1, 4) >= '2020' and ID <> 'd'", "abc")
end

function TestDateOrder.test_wrong_dates_are_refused()
  local r = sample()
  refuses("where: '2020-13-45' is no date of the calendar", r.where, r,
    "X > '2020-13-45'")
  refuses("'10.01.2020' is no whole ISO date", r.where, r, "DTC > '10.01.2020'")
  refuses("substr(DTC, 1, 7) has its parts", r.where, r, "DTC > '2020-01'")
  refuses("is no whole ISO date", r.where, r, "DTC between '2020' and '2021'")
  lu.assertEquals(ids "DTC > ''", "abcde")
  lu.assertStrContains((r:where "DTC > '2020-01-05'":sql()),
    [["DTC" > '2020-01-05']])
end

function TestDateOrder.test_expect_tells_of_what_is_no_date()
  local r = relations.make({ "RFSTDTC", "LSTDT" },
    { { "2020-02-30", "2020-02-01" }, { "2020-03-01", "2020-03-01" } })
  lu.assertEquals(#r:expect "RFSTDTC <= LSTDT":collect(), 2)
  lu.assertEquals(relations.said[1],
    "RFSTDTC: '2020-02-30' is no date of the calendar (row 1); 1 comparison of "
    .. "dates not decided")
end

os.exit(lu.LuaUnit.run())
