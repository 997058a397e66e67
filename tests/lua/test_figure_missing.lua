-- figure.missing: what is missing between values, after the last one and after death.
local lu = require "luaunit"
local check = require "tests.lua.boxes"

local function refuses(words, f, ...)
  local ok, err = pcall(f, ...)
  lu.assertFalse(ok, words)
  lu.assertStrContains(tostring(err), words)
end

-- 1 has all, 2 misses day 8 (an empty value), 3 leaves after day 1, 4 dies on day 8,
-- 5 has none
local data = { USUBJID = { "3", "1", "1", "1", "2", "2", "2", "4" },
  ARM = { "A", "A", "A", "A", "A", "A", "A", "A" },
  AVISITN = { 1, 1, 8, 15, 1, 8, 15, 1 }, AVAL = { 1, 1, 1, 1, 1, NA, 1, 1 } }
local all = { USUBJID = { "1", "2", "3", "4", "5", "6" },
  ARM = { "A", "A", "A", "A", "A", "B" }, DTHDY = { NA, NA, NA, 8, NA, 1 } }

local letter = { value = "#", ["no value, later ones"] = "?",
  ["no value, none later"] = ".", dead = "+" }

local function lines(f)
  local list, last = {}, nil
  for row in f:data():rows() do
    if row.USUBJID ~= last then list[#list + 1] = row.ARM .. row.USUBJID .. " " end
    last = row.USUBJID
    list[#list] = list[#list] .. letter[row.state]
  end
  return table.concat(list, "; ")
end

function test_states_and_order()
  local f = figure.missing { data, by = "ARM", subjects = all }
  check(f, "missing")
  lu.assertEquals(lines(f), "A1 ###; A2 #?#; A3 #..; A4 #++; A5 ...; B6 +++")
end

function test_values_alone()
  lu.assertEquals(lines(figure.missing { data, by = "ARM" }),
    "A1 ###; A2 #?#; A3 #..; A4 #..")
end

function test_some_subjects()
  local some = { USUBJID = { "4" }, ARM = { "A" } }
  lu.assertEquals(lines(figure.missing { data, by = "ARM", subjects = some }), "A4 #..")
end

-- The mark of the subjects stands on the figure too.
function test_marks()
  local frame = require "ts.frame".build({ "USUBJID", "ARM" }, { all.USUBJID, all.ARM })
  local marked = require "trialsh.data".wrap(frame, require "trialsh.mark".DUMMY)
  lu.assertEquals(figure.missing { data, by = "ARM", subjects = marked }.stamp,
    "DUMMY TREATMENT")
end

-- Those who died are below those who left, whenever.
function test_order_by_death()
  local d = { USUBJID = { "1", "1", "2", "3", "3", "4" }, AVISITN = { 1, 8, 1, 1, 8, 1 },
    AVAL = { 1, 1, 1, 1, 1, 1 } }
  local s = { USUBJID = { "1", "2", "3", "4" }, DTHDY = { 9, NA, NA, 2 } }
  local f = figure.missing { d, by = false, subjects = s, order = "death" }
  lu.assertStrContains(f.caption, "sorted by the day of death and their last value")
  local order = {}
  for row in f:data():rows() do
    if order[#order] ~= row.USUBJID then order[#order + 1] = row.USUBJID end
  end
  lu.assertEquals(order, { "3", "2", "1", "4" })
end

local function rows(f)
  local list = {}
  for row in f:data():rows() do
    list[#list + 1] = ("%s|%s|%d|%s%s%s"):format(row.words, row.ARM, row.n,
      letter[row["at 1"]] or "", letter[row["at 8"]] or "", letter[row["at 15"]] or "")
  end
  return table.concat(list, "\n")
end

-- Every subject is in one pattern; those beyond the first ones are one row.
function test_patterns()
  local f = figure.missing { data, by = "ARM", subjects = all, patterns = true }
  check(f, "patterns")
  lu.assertEquals(rows(f), [[
All values|A|1|###
All values|B|0|###
Gaps|A|1|#?#
Gaps|B|0|#?#
Left after 1|A|1|#..
Left after 1|B|0|#..
Died after 1|A|1|#++
Died after 1|B|0|#++
No value|A|1|...
No value|B|0|...
No value, died|A|0|+++
No value, died|B|1|+++]])
  lu.assertEquals(f.caption, "Rows: 6 patterns of values over the visits, by number of "
    .. "subjects, n = 6.")
  local words = {}
  for i, box in ipairs(require "trialsh.figure.object".boxes(f).boxes) do
    words[i] = box.text
  end
  lu.assertStrContains(table.concat(words, "\n"), "With a value\n4\n1\n2\n5\n1")
  local g = figure.missing { data, by = "ARM", subjects = all, patterns = true, most = 3 }
  lu.assertStrContains(rows(g), "4 other patterns|A|3|\n4 other patterns|B|1|")
  lu.assertStrContains(g.caption, "the last one: all others")
  lu.assertStrContains(g:text(), "4 other patterns")
end

function test_refusals()
  refuses("figure.missing has no option subject; nearest: subjects", figure.missing,
    { data, subject = all })
  refuses("no column AVALL; nearest: AVAL", figure.missing, { data, y = "AVALL",
    by = "ARM" })
  refuses("several parameters: ALC, CD4; data:where { PARAMCD = \"ALC\" } chooses one", figure.missing,
    { { USUBJID = { "1", "1" }, AVISITN = { 1, 1 }, AVAL = { 1, NA }, PARAMCD = { "ALC", "CD4" } }, by = false })
  refuses("no visit to show", figure.missing, { { USUBJID = { "1" },
    AVISITN = { NA + 0 }, AVAL = { 1 } }, by = false })
end

os.exit(lu.LuaUnit.run())
