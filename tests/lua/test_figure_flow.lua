-- figure.flow: numbers are counted from the subjects, and sum.
local lu = require "luaunit"
local check = require "tests.lua.boxes"
local note = require "trialsh.note"
local object = require "trialsh.figure.object"

local said = {}
note.listeners[#note.listeners + 1] = function(line) said[#said + 1] = line end

local function refuses(words, f, ...)
  local ok, err = pcall(f, ...)
  lu.assertFalse(ok, words)
  lu.assertStrContains(tostring(err), words)
end

local function subjects()
  return { USUBJID = { "1", "2", "3", "4", "5", "6" },
    RANDDT = { "d", "d", "d", "d", "d", NA },
    TRT01P = { "A", "A", "B", "B", "B", NA }, TRT01A = { "A", NA, "B", "A", "B", NA },
    TRTSDT = { "d", NA, "d", "d", "d", NA },
    EOSSTT = { "COMPLETED", "DISCONTINUED", "COMPLETED", "DISCONTINUED",
      "DISCONTINUED", NA },
    DCSREAS = { NA, "DEATH", NA, "Death in hospital", NA, NA } }
end

local screened = { USUBJID = { "1", "2", "3", "4", "5", "6", "7", "8" },
  WHY = { NA, NA, NA, NA, NA, "Age", "Age", "Refused" } }

local function lines(figure)
  local out = {}
  for row in figure:data():rows() do
    out[#out + 1] = ("%s|%s|%s|%g"):format(row.stage, row.arm, row.item, row.n)
  end
  return table.concat(out, "\n")
end

function test_counts()
  local f = figure.flow { subjects(), screened = screened, reasons = "WHY" }
  lu.assertEquals(lines(f), [[
enrolment|all|Assessed for eligibility|8
enrolment|all|Excluded|3
enrolment|all|Age|2
enrolment|all|Refused|1
randomised|all|Randomised|5
allocation|A|Allocated to A|2
allocation|A|Received it|1
allocation|A|Received none|1
allocation|B|Allocated to B|3
allocation|B|Received it|2
allocation|B|Received none|0
allocation|B|Received A|1
follow-up|A|Completed|1
follow-up|A|Discontinued|1
follow-up|A|Death|1
follow-up|B|Discontinued|2
follow-up|B|Death in hospital|1
follow-up|B|No reason given|1
follow-up|B|Completed|1]])
  local page = check(f, "flow")
  local all = {}
  for i, box in ipairs(page.boxes) do all[i] = box.text end
  lu.assertStrContains(table.concat(all, "\n"), "Excluded (n = 3)\nAge (n = 2)")
  lu.assertStrContains(f:text(), "Allocated to B (n = 3)")
end

function test_populations_and_events_of_the_trial()
  local s = require "trialsh.study".memory()
  study.open(s)
  trial "F" { arms = { { "A", "Arm A", reference = true }, { "B", "Arm B" } },
    compare = { "B vs A" },
    populations = { { "ITT", "All randomised", "RANDDT is not null",
      treatment = "TRT01P" }, { "SAF", "Treated", "TRTSDT is not null",
      treatment = "TRT01A" } },
    intercurrent = { { "death", "Death", "adsl", date = "DTHDT" } } }
  local d = subjects()
  d.ITTFL = { "Y", "Y", "Y", "Y", "Y", "N" }
  d.SAFFL = { "Y", "N", "Y", "Y", "Y", "N" }
  d.DTHDT = { NA, "d", NA, "d", NA, NA }
  local f = figure.flow { d, status = false }
  local all = lines(f)
  lu.assertStrContains(all, "follow-up|A|Death|1\nfollow-up|B|Death|1\n"
    .. "analysis|A|In ITT|2\nanalysis|A|In SAF|1\n"
    .. "analysis|A|Not in SAF|1\nanalysis|B|In ITT|3\n"
    .. "analysis|B|In SAF|3")
  lu.assertStrContains(f.caption, "SAF: Treated")
  lu.assertStrContains(f.caption, "follow-up: a subject can have several events")
  d.SAFFL[6] = "Y"
  refuses("1 subject in SAF but not randomised: 6", figure.flow, { d, status = false })
  d.SAFFL[6] = "N"
  d.SAFWHY = { NA, "Refused the injection", NA, NA, NA, NA }
  f = figure.flow { d, status = false, events = false,
    why = { SAF = "SAFWHY", treatment = "SAFWHY" } }
  all = lines(f)
  lu.assertStrContains(all, "Received none|1\nallocation|A|Refused the injection|1")
  lu.assertStrContains(all, "Not in SAF|1\nanalysis|A|Refused the injection|1")
  lu.assertNil(f.caption:find "several events")
  refuses("no population ITTT; nearest: ITT", figure.flow, { d,
    populations = { "ITTT" } })
end

-- A change of one subject moves what it must, and nothing else.
function test_one_subject_moves()
  local d = subjects()
  d.TRTSDT[2], d.TRT01A[2] = "d", "A"
  local before, after = lines(figure.flow { subjects() }), lines(figure.flow { d })
  lu.assertEquals(after, (before:gsub("A|Received it|1", "A|Received it|2")
    :gsub("A|Received none|1", "A|Received none|0")))
end

-- A number stays with its n, however narrow the box.
function test_numbers_are_not_torn()
  local page = check(figure.flow { subjects(), width = 60 }, "narrow")
  local n = 0
  for _, box in ipairs(page.boxes) do
    if box.text:find "%(n" then
      n = n + 1
      lu.assertStrMatches(box.text, ".*%(n = %d+%)")
    end
  end
  lu.assertTrue(n > 10)
end

-- The same reason in two spellings is one; who is in the trial has none.
function test_reasons()
  local list = { USUBJID = screened.USUBJID, WHY = { NA, "AGE", NA, NA, NA, "Age", "AGE",
    "Refused" } }
  said = {}
  lu.assertStrContains(lines(figure.flow { subjects(), screened = list, reasons = "WHY" }),
    "Excluded|3\nenrolment|all|Age|2\nenrolment|all|Refused|1")
  lu.assertStrContains(table.concat(said), "1 subject randomised though WHY says why not: 2")
end

function test_what_does_not_sum_is_refused()
  local d = subjects()
  d.EOSSTT[3] = NA
  refuses("1 subject without EOSSTT: 3", figure.flow, { d })
  refuses("4 were screened but 5 randomised", figure.flow, { subjects(), screened = 4 })
  refuses("1 subject randomised but not among the screened: 5", figure.flow,
    { subjects(), screened = { USUBJID = { "1", "2", "3", "4" } } })
  d = subjects()
  d.TRT01P[5] = NA
  refuses("1 subject randomised without TRT01P: 5", figure.flow, { d })
  d = subjects()
  d.USUBJID[2] = "1"
  refuses("1 is there twice", figure.flow, { d })
  refuses("no column WHI", figure.flow, { subjects(), screened = screened,
    reasons = "WHI" })
  refuses("nobody was randomised", figure.flow, { { USUBJID = { "1" },
    TRT01P = { NA } } })
  d = subjects()
  d.TRTSDT[6] = "d"
  refuses("1 subject treated but not randomised: 6", figure.flow, { d })
  refuses("why has a column for treatment, not for TREATMENT", figure.flow,
    { subjects(), why = { TREATMENT = "DCSREAS" } })
  refuses("no column WHY", figure.flow, { subjects(), why = { treatment = "WHY" } })
  refuses("takes a table of subjects", figure.flow, { 3 })
  refuses("too low; height =", function()
    object.boxes(figure.flow { subjects(), height = 20 })
  end)
end

os.exit(lu.LuaUnit.run())
