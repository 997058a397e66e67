-- figure.swimmer: days counted from the start, bars sorted, what ends them shown.
local lu = require "luaunit"
local check = require "tests.lua.boxes"
local object = require "trialsh.figure.object"

local function refuses(words, f, ...)
  local ok, err = pcall(f, ...)
  lu.assertFalse(ok, words)
  lu.assertStrContains(tostring(err), words)
end

local d = { USUBJID = { "1", "2", "3", "4" }, TRT01P = { "A", "B", "A", "B" },
  RANDDT = { "2020-02-27", "2020-01-01", "2020-01-01", "2020-01-01" },
  LSTDT = { "2020-03-01", "2020-01-11", "2020-03-31", NA },
  DTHDT = { "2020-03-01", NA, NA, NA }, DISDT = { NA, "2020-01-08", NA, NA } }
local support = { USUBJID = { "1", "2", "2", "9" }, SUPPORT = { "ICU", "ICU", "RRT", "RRT" },
  STDT = { "2020-02-26", "2020-01-01", "2020-01-03", "2020-01-03" },
  ENDT = { "2020-02-29", NA, "2020-01-04", NA } }

local function rows(figure)
  local out = {}
  for row in figure:data():rows() do
    out[#out + 1] = ("%s|%s|%g|%s"):format(row.USUBJID, row.item, row.from,
      row.to == NA and "" or ("%g"):format(row.to))
  end
  return table.concat(out, "\n")
end

-- Day 1 is the start; 2020 has a 29 February; the longest bar of an arm comes first.
function test_days_and_order()
  local f = figure.swimmer { d, segments = support,
    events = { { "Discharge", "DISDT" } } }
  lu.assertEquals(rows(f), [[
3|followed|1|91
1|followed|1|4
1|died|4|
1|ICU|0|3
2|followed|1|11
2|ICU|1|
2|RRT|3|4
2|Discharge|8|]])
  lu.assertEquals(f.caption, "A bar per subject, n = 3; crosses: died (1); arrows: "
    .. "alive when last seen (2); lanes within the bars: what went on, with an arrow "
    .. "where no end is known.")
  local all = {}
  for i, box in ipairs(check(f, "swimmer").boxes) do all[i] = box.text end
  lu.assertStrContains(table.concat(all, "\n"), "ICU\nRRT\nDischarge\nDeath")
  lu.assertTrue(#f:text { columns = 100 } > 200)
end

-- Doses are rows of their own; after discharge the bar is thin, and who is neither dead
-- nor discharged has an arrow.
function test_doses_and_discharge()
  local ex = { USUBJID = { "2", "3", "3", "9" }, EXSTDTC = { "2020-01-02T10:00",
    "2020-01-09", "2020-01-05", "2020-01-05" } }
  local f = figure.swimmer { d, discharge = "DISDT", events = { { "Dose", ex, "EXSTDTC" } },
    names = { ICU = "Intensive care" }, segments = support }
  check(f, "swimmer")
  lu.assertEquals(rows(f), [[
3|followed|1|91
3|in hospital when last seen|91|
3|Dose|5|
3|Dose|9|
1|followed|1|4
1|died|4|
1|ICU|0|3
2|followed|1|11
2|ICU|1|
2|RRT|3|4
2|Dose|2|]])
  lu.assertStrContains(f.caption, "n = 3; crosses: died (1); arrows: in hospital when "
    .. "last seen (1); thin: after discharge (1); ")
  local texts = {}
  for i, box in ipairs(object.boxes(f).boxes) do texts[i] = box.text end
  lu.assertStrContains(table.concat(texts, "\n"), "Intensive care")
  -- 2 went home on day 8: full until then, thin to day 11
  local page = object.boxes(figure.swimmer { d, by = false, discharge = "DISDT" })
  lu.assertStrContains(page.root.blocks[1], "\n1 1.625\n1 2.375\n8 2.375\n8 1.625\n")
  lu.assertStrContains(page.root.blocks[1], "\n8 1.875\n8 2.125\n11 2.125\n11 1.875\n")
end

-- The bar of a subject reaches from day 1 to its last day, in its own row.
function test_bars()
  local page = object.boxes(figure.swimmer { d, by = false })
  lu.assertStrContains(page.root.blocks[1], "\n1 2.625\n1 3.375\n91 3.375\n91 2.625\n")
end

function test_refuses()
  local twice = { USUBJID = { "1", "1" }, AVAL = { 1, 2 } }
  refuses("1 is there twice; each subject has one bar", figure.swimmer,
    { twice, by = false })
  refuses("upto = a column; there is none of LSTDT, EOSDT, AVAL", figure.swimmer,
    { { USUBJID = { "1" } }, by = false })
  refuses("no subject has AVAL", figure.swimmer, { { USUBJID = { "1" }, AVAL = { NA } },
    by = false })
  refuses("LSTDT has soon, which is no date", figure.swimmer, { { USUBJID = { "1" },
    RANDDT = { "2020-01-01" }, LSTDT = { "soon" } }, by = false })
  refuses("events = { { \"Discharge\", \"DISDT\" }", figure.swimmer, { d,
    events = { "DISDT" } })
  refuses('{ "Dose", TABLE, "EXSTDTC" }', figure.swimmer, { d,
    events = { { "Dose", support } } })
  refuses("nearest: DISDT", figure.swimmer, { d, discharge = "DISDTT" })
  refuses("nearest: STDT", figure.swimmer, { d, events = { { "Dose", support, "STDTT" } } })
  refuses("kind = a column", figure.swimmer, { d, segments = { USUBJID = { "1" } } })
end

os.exit(lu.LuaUnit.run())
