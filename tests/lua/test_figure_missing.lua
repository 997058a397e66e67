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

function test_refusals()
  refuses("figure.missing has no option subject; nearest: subjects", figure.missing,
    { data, subject = all })
  refuses("no column AVALL; nearest: AVAL", figure.missing, { data, y = "AVALL",
    by = "ARM" })
  refuses("no visit to show", figure.missing, { { USUBJID = { "1" },
    AVISITN = { NA + 0 }, AVAL = { 1 } }, by = false })
end

os.exit(lu.LuaUnit.run())
