-- figure.states: every subject of an arm is in one state on each day.
local lu = require "luaunit"
local check = require "tests.lua.boxes"

local function refuses(words, f, ...)
  local ok, err = pcall(f, ...)
  lu.assertFalse(ok, words)
  lu.assertStrContains(tostring(err), words)
end

-- A1 goes home on day 2, A2 dies on day 3, A3 has no value on day 2, B1 and B2 stay
local data = {
  USUBJID = { "A1", "A1", "A2", "A2", "A3", "A3", "B1", "B1", "B1", "B2", "B2", "B2" },
  ARM = { "A", "A", "A", "A", "A", "A", "B", "B", "B", "B", "B", "B" },
  DAY = { 1, 2, 1, 2, 1, 3, 1, 2, 3, 1, 2, 3 },
  S = { "Ward", "Home", "ICU", "ICU", "ICU", "Ward", "ICU", "ICU", "Ward", "Ward",
    "ICU", "ICU" },
  SCORE = { 3, 0, 9, 12, 8, 4, 7, 7, 2, 3, 6, 6 },
  DTHDY = { NA, NA, 3, 3, NA, NA, NA, NA, NA, NA, NA, NA },
}

local function of(more)
  local t = { data, y = "S", x = "DAY", by = "ARM",
    order = { "Home", "Ward", "ICU", "Dead" }, dead = "Dead", discharged = "Home" }
  for key, value in pairs(more or {}) do t[key] = value end
  return figure.states(t)
end

local function texts(f)
  local list = {}
  for row in f:data():rows() do
    list[#list + 1] = ("%s%g %s %d/%d"):format(row.ARM, row.DAY, row.state, row.n, row.of)
  end
  return table.concat(list, "; ")
end

function test_numbers()
  local f = of()
  check(f, "states")
  lu.assertEquals(texts(f), "A1 Ward 1/3; A1 ICU 2/3; A2 Home 1/3; A2 ICU 1/3; "
    .. "A2 No value 1/3; A3 Home 1/3; A3 Ward 1/3; A3 Dead 1/3; B1 Ward 1/2; "
    .. "B1 ICU 1/2; B2 ICU 2/2; B3 Ward 1/2; B3 ICU 1/2")
  lu.assertStrContains(f.caption, "Home, Dead: kept from the day on which it was "
    .. "reached; crossed out: no value on that day.")
  lu.assertEquals(f:data().share[1], 1 / 3)
end

function test_without_missing()
  lu.assertStrContains(texts(of { missing = false }), "A2 Home 1/2; A2 ICU 1/2; A3 Home")
end

-- A1 is discharged on day 2, A2 dies on day 3; A3 has a value after its discharge, and
-- B1 was home before it died.
function test_days_of_discharge()
  local d = { USUBJID = { "A1", "A2", "A2", "A3", "A3", "B1" }, ARM = { "A", "A", "A", "A",
    "A", "A" }, DAY = { 1, 1, 2, 1, 3, 1 }, AVAL = { 5, 9, 9, 2, 4, 5 },
    DTHDY = { NA, 3, 3, NA, NA, 3 }, DISDY = { 2, NA, NA, 2, 2, 2 } }
  local f = figure.states { d, x = "DAY", by = "ARM", breaks = { 6 }, dead = "Dead",
    discharged = "Home" }
  check(f, "states")
  lu.assertEquals(texts(f), "A1 below 6 3/4; A1 6 and more 1/4; A2 Home 3/4; "
    .. "A2 6 and more 1/4; A3 Home 1/4; A3 below 6 1/4; A3 Dead 2/4")
  f = figure.states { d, x = "DAY", by = "ARM", breaks = { 6 }, dead = "Dead" }
  lu.assertStrContains(texts(f), "A2 No value 3/4")
end

-- Nothing is carried forward that was not asked for.
function test_nothing_stays()
  local f = figure.states { data, y = "S", x = "DAY", by = "ARM",
    order = { "Home", "Ward", "ICU" } }
  lu.assertStrContains(texts(f), "A3 Ward 1/3; A3 No value 2/3")
end

function test_breaks()
  local f = figure.states { data, y = "SCORE", x = "DAY", by = false, breaks = { 4, 8 } }
  local list = {}
  for row in f:data():rows() do
    list[#list + 1] = ("%g %s %d"):format(row.DAY, row.state, row.n)
  end
  lu.assertEquals(table.concat(list, "; "), "1 below 4 2; 1 4 to below 8 1; "
    .. "1 8 and more 2; 2 below 4 1; 2 4 to below 8 2; 2 8 and more 1; 2 No value 1; "
    .. "3 below 4 1; 3 4 to below 8 2; 3 No value 2")
end

function test_refusals()
  refuses("order does not name the state ICU", of, { order = { "Home", "Ward", "Dead" } })
  refuses("discharged = Hom is no state; nearest: Home", of, { discharged = "Hom" })
  refuses("absorbing: no state Wart; nearest: Ward", of, { absorbing = { "Wart" } })
  refuses("figure.states has no option orders; nearest: order", of, { orders = {} })
  refuses("S is text", of, { breaks = { 1 } })
  refuses("breaks are numbers in rising order", figure.states, { data, y = "SCORE",
    x = "DAY", by = false, breaks = { 4, 4 } })
  refuses("13 states are too many to tell apart; breaks", figure.states, {
    { USUBJID = { "1", "2", "3", "4", "5", "6", "7", "8", "9", "a", "b", "c", "d" },
      AVAL = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13 },
      ADY = { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 } }, by = false })
  refuses("two values of A1 at 1", figure.states, { { USUBJID = { "A1", "A1" },
    AVAL = { 1, 2 }, ADY = { 1, 1 } }, by = false })
  refuses("no value of AVAL", figure.states, { { USUBJID = { "A1" }, AVAL = { NA + 0 },
    ADY = { 1 } }, by = false })
end

os.exit(lu.LuaUnit.run())
