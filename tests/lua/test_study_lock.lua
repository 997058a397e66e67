-- The audit trail, old versions and locks, as a user meets them.
local lu = require "luaunit"
local note = require "trialsh.note"

local said = {}
note.listeners[#note.listeners + 1] = function(line) said[#said + 1] = line end

local files, n = dofile "files.lua", 0
local path, write, refuses = files.path, files.write, files.refuses

local function fresh()
  n = n + 1
  local file = path(("s%d.db"):format(n))
  return study.create(file), file
end

-- Two imports of lb and what is derived of it.
local function filled()
  local s, file = fresh()
  s:import(write("lb.csv", "USUBJID,AVISIT,AVISITN,AVAL\n"
    .. "01,Day 9,9,1\n01,Day 10,10,2\n"))
  s.big = s.lb:where "AVAL > 1"
  s:import(write("lb.csv", "USUBJID,AVISIT,AVISITN,AVAL\n"
    .. "01,Day 9,9,1\n02,Day 10,10,5\n03,Day 10,10,7\n"), { replace = true })
  return s, file
end

local function column(frame, name)
  local out = {}
  for i = 1, #frame do out[i] = frame[name][i] end
  return out
end

TestTrail = {}

function TestTrail:setUp() said = {} end

function TestTrail.test_each_change_is_one_event()
  local s = filled()
  s.big = s.lb:where "AVAL > 1" -- the same: no event
  s.big = s.lb:where "AVAL > 2"
  s.kept = s.big:collect()
  s:drop "kept"
  s.trial = trial "T-1" { arms = { { "A", "Arm A" } } }
  pcall(s.import, s, write("bad.csv", "A,B\n1\n"))
  pcall(s.drop, s, "lb")
  s:lock { reason = "first" }
  pcall(s.drop, s, "big")
  s:unlock { reason = "second" }
  lu.assertEquals(column(s.audit, "verb"), { "create", "import", "derive",
    "replace", "derive again", "derive", "derive", "drop", "define",
    "derive again", "lock", "unlock" })
  lu.assertEquals(s:verify(), 12)
  local a = s.audit:collect()
  lu.assertEquals(a.detail[11], "first")
  lu.assertEquals(a.detail[12], "second")
  lu.assertStrContains(a.script[2], "test_study_lock.lua:")
  lu.assertEquals(a.previous[5], a.hash[4])
  lu.assertNotEquals(a.who[11], NA)
  -- the table as the event left it
  lu.assertNotEquals(a.content[2], a.content[4])
  lu.assertEquals(a.content[8], NA)
end

function TestTrail.test_history_and_versions()
  local s, file = filled()
  local h = s:history "lb"
  lu.assertEquals(column(h, "verb"), { "import", "replace" })
  lu.assertEquals(column(h, "version"), { 1, 2 })
  lu.assertEquals(column(h, "rows"), { 2, 3 })
  lu.assertStrContains(h.detail[1], "lb.csv")
  lu.assertEquals(#s:history(), #s.audit)
  lu.assertEquals(column(s:history "big", "version"), { NA, NA })
  local old = s:version("lb", 1)
  lu.assertEquals(column(old:collect(), "AVAL"), { 1, 2 })
  lu.assertEquals(#s:version("lb", 2), 3)
  -- levels stay with the old rows
  lu.assertEquals(old.AVISIT.levels, { "Day 9", "Day 10" })
  lu.assertEquals(#old:select "USUBJID":join(s.lb, "USUBJID"), 2)
  s.old = old:where "AVAL > 1"
  s:close()
  s = study.open(file)
  lu.assertEquals(#s.old, 1)
  lu.assertEquals(#s:version("lb", 1), 2)
  refuses("no table _ts_was_1_lb", function() return s._ts_was_1_lb end)
  refuses("lb has no version 3; it was imported 2 times", s.version, s, "lb", 3)
  refuses("has no version nil", s.version, s, "lb")
  refuses("has no version 0", s.version, s, "lb", 0)
  refuses("big is derived", s.version, s, "big", 1)
  refuses("never a table lx; nearest: lb", s.version, s, "lx", 1)
  refuses("never a table bigg; nearest: big", s.history, s, "bigg")
  refuses("named by text", s.history, s, 7)
  s:verify()
end

function TestTrail.test_versions_keep_codes_and_labels()
  local s = fresh()
  local file = path "v.xpt"
  s:import(write("v.csv", "AVAL\n1\n\n"), { as = "v0" })
  s:export(s.v0:label { AVAL = "First" }, file)
  s:import(file)
  s:export(s.v0:label { AVAL = "Second" }:where "AVAL = 1", file)
  s:import(file, { replace = true })
  lu.assertEquals(s:version("v", 1).AVAL.label, "First")
  lu.assertEquals(s.v.AVAL.label, "Second")
  lu.assertEquals(#s:version("v", 1), 2)
  s:verify()
end

-- What was set apart stands beside its table, and goes when nothing is.
function TestTrail.test_rejects_that_go()
  local s = fresh()
  s:import(write("r.csv", "A,B\n1,2\n3\n"), { lenient = true })
  s:import(write("r.csv", "A,B\n1,2\n"), { replace = true })
  s:import(write("r.csv", "A,B\n1,2\n5,6\n"), { replace = true })
  s:verify()
  lu.assertEquals(#s:version("r", 1), 1)
  lu.assertEquals(s:history "r_rejects".verb[1], "import")
  s:lock { reason = "x" }
end

-- Raw data leave the tables of a study for a reason, and never its file.
function TestTrail.test_raw_data_are_withdrawn()
  local s, file = filled()
  refuses('lb is raw data; { reason = "..." } withdraws them', s.drop, s, "lb")
  refuses("withdraws them", s.drop, s, "lb", { reason = " " })
  refuses("big is derived from lb: drop it first", s.drop, s, "lb",
    { reason = "wrong file" })
  s:drop "big"
  s:drop("lb", { reason = "wrong file" })
  refuses("no table lb", function() return s.lb end)
  lu.assertEquals({ #s:version("lb", 1), #s:version("lb", 2) }, { 2, 3 })
  refuses("lb has no version 3; it was imported 2 times", s.version, s, "lb", 3)
  local last = s.audit:row(#s.audit)
  lu.assertEquals({ last.verb, last.object, last.rows, last.detail },
    { "withdraw", "lb", 3, "wrong file" })
  s:verify()
  s:close()
  s = study.open(file)
  s:import(write("lb.csv", "A\n1\n"))
  lu.assertEquals({ #s:version("lb", 2), #s:version("lb", 3) }, { 3, 1 })
  lu.assertEquals(s.lb.A[1], 1)
  s:verify()
end

function TestTrail.test_they_print()
  local s = filled()
  local shown = tostring(s.audit)
  lu.assertStrContains(shown, "replace")
  lu.assertStrContains(shown, s.audit.hash[#s.audit])
  lu.assertStrContains(tostring(s:history "lb"), "version")
  lu.assertStrContains(tostring(s:history()), "object")
  for i = 1, 40 do s.big = s.lb:where("AVAL > ?", i) end
  lu.assertStrContains(tostring(s.audit), "the last 30 of 45 events")
  lu.assertStrContains(tostring(s.audit:where "seq = 1"), "create")
end

function TestTrail.test_a_table_that_another_hand_changed()
  local s, file = filled()
  s:close()
  local other = ("sqlite3 %s \"update lb set AVAL = 8 where AVAL = 7\"")
    :format(file)
  if not os.execute(other .. " 2>/dev/null") then lu.skip "no sqlite3" end
  s = study.open(file)
  refuses("lb is not what event 4 left", s.verify, s)
  refuses("something else than trialsh", s.verify, s)
end

TestLock = {}

function TestLock:setUp() said = {} end

function TestLock.test_nothing_can_be_changed()
  local s, file = filled()
  refuses("lock needs a reason", s.lock, s)
  refuses("lock needs a reason", s.lock, s, { reason = "  " })
  refuses("reason is a number", s.lock, s, { reason = 1 })
  refuses("no option raeson; nearest: reason", s.lock, s, { raeson = "x" })
  refuses("no UTF-8", s.lock, s, { reason = "\xff" })
  refuses("is not locked", s.unlock, s, { reason = "x" })
  local lock = s:lock { reason = "for the report" }
  lu.assertEquals(#lock.content, 64)
  lu.assertEquals(lock.head, s.audit.hash[#s.audit])
  lu.assertEquals(lock.reason, "for the report")
  lu.assertStrContains(tostring(lock), lock.content)
  refuses("nearest: content", function() return lock.contents end)
  local why = ("locked by %s on %s (for the report)"):format(lock.who,
    lock.utc:sub(1, 10))
  refuses(why, function() s.x = s.lb:limit(1) end)
  refuses(why, s.import, s, write("lb.csv", "A\n1\n"), { replace = true })
  refuses(why, s.import, s, write("new.csv", "A\n1\n"))
  refuses(why, s.drop, s, "big")
  refuses(why, function()
    s.trial = trial "T-1" { arms = { { "A", "Arm A" } } }
  end)
  refuses(why, s.lock, s, { reason = "again" })
  endpoint "E" { data = "lb", analysis = "describe" }
  refuses(why, run, s)
  lu.assertEquals(#s.lb, 3)
end

function TestLock.test_reading_goes_on()
  local s, file = filled()
  local lock = s:lock { reason = "x" }
  lu.assertEquals(#s.lb:where "AVAL > 1":collect(), 2)
  lu.assertStrContains(tostring(s), "locked by " .. lock.who)
  s:close()
  said = {}
  s = study.open(file)
  lu.assertStrContains(said[1], "was locked by")
  lu.assertEquals(#s.lb:count("AVISIT"), 2)
  lu.assertEquals(#s:version("lb", 1), 2)
  lu.assertEquals(s:verify(), 6)
  -- a copy of the file alone is the study
  os.execute(("cp %s %s"):format(file, path "copy.db"))
  local copy = study.open(path "copy.db")
  copy:unlock { reason = "a copy to work in" }
  copy.more = copy.lb:limit(1)
  lu.assertEquals(#copy.more, 1)
  lu.assertEquals(copy:verify(lock.head), 8)
  lu.assertStrContains(said[#said], "2 events since what was expected")
  lu.assertEquals(s:verify(), 6)
end

function TestLock.test_expected_hashes()
  local s, file = filled()
  local head = s.audit.hash[#s.audit]
  local lock = s:lock { reason = "x" }
  s:close()
  for _, hash in ipairs { head, lock.head, lock.content,
      lock.content:upper():gsub("^(" .. ("."):rep(16) .. ")", "%1 "),
      lock.head:sub(1, 16) } do
    study.open(file, { expect = hash }):close()
  end
  refuses("no event of the audit trail has the expected hash", study.open, file,
    { expect = ("0"):rep(64) })
  refuses("is no hash", study.open, file, { expect = "abc" })
  refuses("expect is a number", study.open, file, { expect = 1 })
  refuses("nearest: expect", study.open, file, { expct = "" })
  s = study.open(file)
  lu.assertEquals(study.open(s, { expect = head }), s)
  refuses("a hash is text", s.verify, s, 1)
  s:unlock { reason = "y" }
  refuses("was unlocked since", s.verify, s, lock.content)
end

-- Frames are read through temporary tables, which are no change.
function TestLock.test_rows_in_memory_beside_a_locked_study()
  local s, file = filled()
  s:lock { reason = "x" }
  local frame = s.lb:collect():select("USUBJID", "X = AVAL"):collect()
  local function joined(study)
    return #study.lb:select("USUBJID", "AVAL"):join(frame, "USUBJID",
      { many = true })
  end
  local n = joined(s)
  lu.assertTrue(n >= 3)
  refuses("was locked by", function() s.copy = frame end)
  s:close()
  s = study.open(file)
  lu.assertEquals(joined(s), n)
  refuses("was locked by", function() s.copy = frame end)
  s:unlock { reason = "y" }
end

function TestLock.test_a_study_that_was_altered()
  local s, file = filled()
  s:lock { reason = "x" }
  s:close()
  os.execute("chmod 600 " .. file)
  local other = ("sqlite3 %s \"update lb set AVAL = 8 where AVAL = 7\"")
    :format(file)
  if not os.execute(other .. " 2>/dev/null") then lu.skip "no sqlite3" end
  refuses("lb was altered; restore it from a copy", study.open, file)
  s = study.open(file, { altered = true })
  lu.assertStrContains(tostring(s), "ALTERED: ")
  lu.assertEquals(#s.lb:where "AVAL = 8", 1)
  refuses("lb was altered", s.verify, s)
  refuses("lb was altered", s.unlock, s, { reason = "x" })
  refuses("cannot be changed", function() s.y = s.lb:limit(1) end)
end

files.run()
