-- A blinded study: dummy arms that know nothing of the true ones, a mark on all
-- that is made of them, and s:unblind, which changes all of it or nothing.
local lu = require "luaunit"
local note = require "trialsh.note"
local errors = require "ts.error"
local text = require "ts.text"
local arms = require "trialsh.study.arms"
local mark = require "trialsh.mark"

local files = dofile "files.lua"
local write, folder = files.write, files.folder
local DUMMY = "DUMMY TREATMENT"

local said = {}
table.insert(note.listeners, function(line) said[#said + 1] = line end)
local warnings = {}
note.warn = function(format, ...) warnings[#warnings + 1] = format:format(...) end

local function definition(changes)
  local def = { arms = { { "Placebo" }, { "Low dose" }, { "High dose" },
      { "Drug", "both doses", pool = { "Low dose", "High dose" } } },
    randomisation = { "permuted blocks", ratio = { 1, 1, 1 }, sizes = { 3 },
      strata = "COUNTRY" },
    visits = { { "Day 1", 1, window = { 1, 1 } }, { "Day 8", 8,
      window = { 6, 9 } } },
    populations = { { "ITT", "all", "RANDDT is not null" } }, seed = 4711 }
  for key, value in pairs(changes or {}) do def[key] = value end
  return trial "B-1" (def)
end

local function dm(n)
  local lines = { "USUBJID,COUNTRY,RANDDT,AGE" }
  for i = 1, n or 12 do
    lines[i + 1] = ("S-%03d,%s,2020-01-%02d,%d"):format(i,
      i <= 6 and "FRA" or "USA", i, 40 + i)
  end
  lines[#lines + 1] = "S-900,FRA,,50" -- screened, never randomised
  return write("dm.csv", table.concat(lines, "\n") .. "\n")
end

-- The true allocation: a pattern that no block has.
local TRUE = { "Low dose", "Low dose", "Low dose", "High dose", "High dose",
  "High dose", "Placebo", "Placebo", "Placebo", "Low dose", "Placebo",
  "High dose" }

local function codes(change, header)
  local rows = {}
  for i = 1, 12 do rows[i] = ("S-%03d,%s"):format(13 - i, TRUE[13 - i]) end
  if change then change(rows) end
  table.insert(rows, 1, header or "USUBJID,TRT01P")
  return write("codes.csv", table.concat(rows, "\n") .. "\n")
end

local function derive(s)
  s.adsl = s.dm:join(s.arms, "USUBJID"):key "USUBJID"
  s.adlb = s.lb:join(s.adsl, "USUBJID"):key("USUBJID", "DAY")
end

local function lab()
  local lines = { "USUBJID,DAY,PARAMCD,AVAL" }
  for i = 1, 12 do
    lines[#lines + 1] = ("S-%03d,1,X,%d"):format(i, i)
    lines[#lines + 1] = ("S-%03d,8,X,%d"):format(i, 2 * i)
  end
  return write("lb.csv", table.concat(lines, "\n") .. "\n")
end

local n_study = 0
local function blinded(opt)
  n_study = n_study + 1
  local file = ("%s/b%d.db"):format(folder, n_study)
  os.remove(file)
  local s = study.create(file)
  s.trial = definition(opt and opt.trial)
  s:import(dm(), { simulated = opt and opt.simulated })
  s:import(lab())
  derive(s)
  said, warnings = {}, {}
  return s, file
end

local function list(column)
  local out = {}
  for i = 1, #column do out[i] = column[i] end
  return out
end

local function bytes(path)
  local f = assert(io.open(path, "rb"))
  local all = f:read "a"
  f:close()
  return all
end

local function refused(f, ...)
  local ok, err = pcall(f, ...)
  lu.assertFalse(ok, "not refused")
  lu.assertTrue(errors.is(err), tostring(err))
  return err.message
end

-- Dummies -------------------------------------------------------------------------

TestDummies = {}

function TestDummies.test_they_follow_the_scheme()
  local s = blinded()
  lu.assertEquals(list(s.arms.USUBJID)[1], "S-001")
  lu.assertEquals(#s.arms, 12) -- who was not randomised has none
  lu.assertEquals(s.adsl:where "USUBJID = 'S-900'":row(1).TRT01P, NA)
  -- each block of three within a country has each arm once
  local given = list(s.arms.TRT01P)
  for first = 1, 12, 3 do
    local block = { given[first], given[first + 1], given[first + 2] }
    table.sort(block)
    lu.assertEquals(block, { "High dose", "Low dose", "Placebo" })
  end
  lu.assertEquals(list(s.arms.TRT01A), given)
  lu.assertEquals(s.arms.TRT01P.levels, { "Placebo", "Low dose", "High dose" })
end

function TestDummies.test_the_same_each_time_and_by_the_seed()
  local a, b = blinded(), blinded()
  lu.assertEquals(list(a.arms.TRT01P), list(b.arms.TRT01P))
  local other = blinded { trial = { seed = 4712 } }
  lu.assertNotEquals(list(other.arms.TRT01P), list(a.arms.TRT01P))
  -- outcomes, and the order of rows, say nothing
  lu.assertEquals(list(a.adsl:order "USUBJID":collect().TRT01P),
    list(a.adsl.TRT01P))
end

function TestDummies.test_other_schemes()
  local s = blinded { trial = { randomisation = { "fixed numbers",
    ratio = { 2, 1, 1 } } } }
  local n = {}
  for row in s.arms:count "TRT01P":rows() do n[row.TRT01P] = row.n end
  lu.assertEquals(n, { Placebo = 6, ["Low dose"] = 3, ["High dose"] = 3 })
  s = blinded { trial = { randomisation = { "simple", ratio = { 1, 1, 100 } } } }
  lu.assertTrue(#s.arms:where { TRT01P = "High dose" } >= 10)
  s = blinded { trial = { randomisation = { "permuted blocks", sizes = { 3, 6 },
    strata = { "COUNTRY", "AGE" } } } }
  lu.assertEquals(#s.arms, 12)
  s.trial = trial "B-2" { arms = { { "Only" } } } -- no scheme at all
  lu.assertEquals(#s.arms:where { TRT01P = "Only" }, 12)
end

function TestDummies.test_what_they_need()
  local s = study.create ":memory:"
  lu.assertStrContains(refused(function() return s.arms end),
    "the study has no trial with arms")
  s.trial = definition()
  lu.assertStrContains(refused(function() return s.arms end),
    "no raw table lists each subject once, with USUBJID, COUNTRY")
  s:import(lab())
  lu.assertStrContains(refused(function() return s.arms end), "lists each")
  s:import(dm())
  lu.assertEquals(#s.arms, 12)
end

function TestDummies.test_new_subjects_have_dummies()
  local s = blinded()
  s.only = s.arms:key "USUBJID"
  s:import(dm(15), { replace = true })
  lu.assertEquals(#s.arms, 15)
  lu.assertEquals(#s.adsl, 16)
  lu.assertEquals(#s.only, 15) -- which no table but s.arms feeds
  lu.assertEquals(s:verify(), #s.audit)
end

function TestDummies.test_sql_sees_them()
  blinded()
  local frame = sql "select count(*) as n from arms"
  lu.assertEquals(frame:row(1).n, 12)
  lu.assertStrContains(tostring(frame), DUMMY)
end

-- The mark ------------------------------------------------------------------------

TestMark = {}

function TestMark.test_two_marks()
  local S, D = "SIMULATED DATA", DUMMY
  for _, case in ipairs { { false, false, false }, { S, false, S },
      { false, D, D }, { S, D, S .. ", " .. D }, { D, S, S .. ", " .. D },
      { S .. ", " .. D, S, S .. ", " .. D }, { true, D, S .. ", " .. D } } do
    lu.assertEquals(mark.both(case[1], case[2]), case[3])
  end
end

function TestMark.test_all_that_is_made_of_them_has_it()
  local s = blinded()
  local adsl = s.adsl
  for name, x in pairs { study = s, arms = s.arms, table = adsl,
      joined = s.lb:join(adsl:select("USUBJID", "AGE"), "USUBJID"),
      count = adsl:count "COUNTRY", frame = adsl:collect(),
      verbs = adsl:collect():where "AGE > 45":select "AGE",
      ttest = ttest("AVAL ~ TRT01P", s.adlb, { compare = "Low dose vs Placebo" }),
      lm = lm("AVAL ~ TRT01P", s.adlb),
      tidy = lm("AVAL ~ TRT01P", s.adlb):tidy(), row = adsl:row(1),
      describe = describe("AVAL ~ TRT01P", s.adlb),
      sql = sql "select * from adsl", column = adsl.TRT01P, dictionary = s:dictionary "adsl" } do
    lu.assertStrContains(tostring(x), DUMMY, false, name)
  end
  for name, x in pairs { dm = s.dm, lb = s.lb:count(), audit = s.audit } do
    lu.assertNotStrContains(tostring(x), DUMMY, false, name)
  end
  local shown = tostring(blinded { simulated = true })
  lu.assertStrContains(shown, "SIMULATED DATA, " .. DUMMY)
  lu.assertStrContains(shown, "blinded: the arms are dummies until s:unblind")
end

function TestMark.test_no_option_takes_it_away()
  local s = blinded()
  local figure_text = figure.points { s.adlb, y = "AVAL", by = "TRT01P",
    stamp = "final" }:text()
  lu.assertStrContains(figure_text, DUMMY .. ". final")
  local made_up = require "trialsh.relation".of_frame(require "ts.frame".build(
    { "Y", "ARM" }, { { 1, 2, 3 }, { "A", "B", "A" } }), { simulated = true })
  local both = figure.panels { figure.points { made_up, y = "Y", by = "ARM" },
    figure.points { s.adlb, y = "AVAL", by = "TRT01P" } }
  lu.assertStrContains(both:text(), "SIMULATED DATA, " .. DUMMY)
  local path = folder .. "/p.svg"
  both:save(path)
  lu.assertStrContains(bytes(path), "SIMULATED DATA, " .. DUMMY)
  lu.assertStrContains(bytes(folder .. "/p.B.data.csv"), "," .. DUMMY)
  local summary = table.summary { s.adsl, by = "TRT01P", "AGE" }
  lu.assertStrContains(tostring(summary), DUMMY)
  lu.assertStrContains(tostring(summary:tidy()), DUMMY)
  for _, ending in ipairs { "txt", "md", "html", "tex", "rtf", "csv", "json" } do
    summary:save(folder .. "/t." .. ending)
    lu.assertStrContains(bytes(folder .. "/t." .. ending), DUMMY, false, ending)
  end
  s.copy = s.adsl:select("USUBJID", "AGE")
  lu.assertStrContains(tostring(s.copy), DUMMY)
end

function TestMark.test_the_modes_of_the_prompt()
  local s = blinded()
  local mode = require "trialsh.prompt.mode"
  for _, name in ipairs(mode.names) do
    lu.assertStrContains(mode.text(s.adsl:limit(2), name, true), DUMMY, false,
      name)
    lu.assertNotStrContains(mode.text(s.dm:limit(2), name, true), "DUMMY",
      false, name)
  end
end

function TestMark.test_it_stays_in_the_file()
  local s, file = blinded()
  s.frozen = s.adsl:collect()
  s:close()
  s = study.open(file)
  lu.assertStrContains(tostring(s.frozen), DUMMY)
  lu.assertStrContains(tostring(s.adlb), DUMMY)
  lu.assertEquals(require "trialsh.study.opening".line(s, "b.db"),
    "b.db: B-1, 13 patients, DUMMY TREATMENT, blinded")
end

function TestMark.test_files_say_it()
  local s = blinded()
  for _, name in ipairs { "x.csv", "x.tsv", "x.xpt", "x.json", "x.ndjson" } do
    local path = folder .. "/" .. name
    s:export("adsl", path)
    lu.assertStrContains(bytes(path), DUMMY, false, name)
    lu.assertStrContains(tostring(read(path)), DUMMY, false, name)
    -- it comes back with the data, and is not written twice
    s:export(read(path), path)
    lu.assertEquals(#require "trialsh.relation".node_of(read(path)).columns,
      7, name)
  end
  s:export("dm", folder .. "/dm2.csv")
  lu.assertNotStrContains(bytes(folder .. "/dm2.csv"), "DUMMY")
  s:export({ "adsl", "dm" }, folder .. "/x.xlsx")
  local unzip = io.popen("unzip -p " .. folder .. "/x.xlsx xl/workbook.xml "
    .. "docProps/core.xml xl/worksheets/sheet1.xml 2>/dev/null")
  local all = unzip:read "a"
  unzip:close()
  if all ~= "" then
    lu.assertStrContains(all, '<sheet name="DUMMY TREATMENT"')
    lu.assertStrContains(all, "<cp:keywords>DUMMY TREATMENT")
    lu.assertStrContains(all, "<oddHeader>&amp;CDUMMY TREATMENT")
  end
end

-- Unblinding ----------------------------------------------------------------------

TestUnblind = {}

local WHY = "database locked; plan signed"

function TestUnblind.test_all_of_it()
  local s, file = blinded { simulated = true }
  local sum = require "trialsh.endpoint"
  sum.list = {}
  endpoint "X" { title = "X at day 8", role = "primary", data = "adlb",
    where = "DAY = 8", variable = "AVAL", compare = "Drug vs Placebo",
    intercurrent = {}, missing = "exclude", analysis = "ttest" }
  run(s)
  lu.assertStrContains(tostring(s.results), "SIMULATED DATA, " .. DUMMY)
  lu.assertStrContains(tostring(s:result "X"), DUMMY)
  lu.assertStrContains(tostring(why "X"), DUMMY)
  local before, path = #s.audit, codes()
  s:unblind { reason = WHY, codes = path }
  -- the allocation, by subject, whatever the order of the file
  lu.assertEquals(list(s.arms.TRT01P), TRUE)
  lu.assertEquals(list(s.arms.TRT01A), TRUE)
  for row in s.adlb:rows() do
    lu.assertEquals(row.TRT01P, TRUE[tonumber(row.USUBJID:match "%d+")])
  end
  -- the trail
  local event = s:history "arms":row(1)
  lu.assertEquals({ event.verb, event.rows, event.detail, event.sha256 },
    { "unblind", 12, WHY, text.sha256(bytes(path)) })
  lu.assertStrContains(event.script, "test_blinding.lua:")
  lu.assertNotEquals(event.who, NA)
  local verbs = list(s.audit.verb)
  lu.assertEquals(table.concat(verbs, " ", before + 1),
    "unblind drop derive again derive again")
  lu.assertEquals(s:verify(), #s.audit)
  -- what was computed with dummies is gone, and so is the mark
  lu.assertStrContains(refused(function() return s.results end), "no results yet")
  local shown = tostring(s)
  lu.assertNotStrContains(shown, DUMMY)
  lu.assertStrContains(shown, "SIMULATED DATA\nunblinded by ")
  lu.assertStrContains(shown, WHY)
  run(s)
  lu.assertNotStrContains(tostring(s.results), DUMMY)
  s:close()
  s = study.open(file)
  lu.assertEquals(list(s.arms.TRT01P), TRUE)
  lu.assertStrContains(require "trialsh.study.opening".line(s, "b.db"),
    "SIMULATED DATA, unblinded")
  -- the script runs again as it is, and changes nothing
  before = #s.audit
  derive(s)
  lu.assertEquals(#s.audit, before)
  lu.assertEquals(s:version("arms", 1):collect().TRT01P[1], TRUE[1])
end

function TestUnblind.test_what_was_given()
  local s = blinded()
  s:unblind { reason = WHY, codes = codes(function(rows)
    for i, row in ipairs(rows) do rows[i] = row .. ",Placebo" end
    rows[12] = "S-001,Low dose," -- given nothing
  end, "USUBJID,TRT01P,TRT01A") }
  lu.assertEquals(list(s.arms.TRT01P), TRUE)
  lu.assertEquals(s.arms.TRT01A[1], NA)
  lu.assertEquals(s.arms.TRT01A[2], "Placebo")
end

-- { change of the rows or header, words of the message }
local wrong = {
  { function(rows) table.remove(rows, 3) end, "no line for S-010" },
  { function(rows) rows[13] = "S-013,Placebo" end,
    ":14: S-013 is no subject of the study" },
  { function(rows) rows[13] = "S-900,Placebo" end,
    ":14: S-900 is no subject of the study" },
  { function(rows) rows[4] = "S-009,Plcebo" end,
    ":5: TRT01P is no arm of the trial, which has Placebo, Low dose, High dose" },
  { function(rows) rows[4] = "S-009,Drug" end, ":5: TRT01P is no arm" },
  { function(rows) rows[4] = "S-009," end, ":5: no TRT01P" },
  { function(rows) rows[4] = ",Placebo" end, ":5: no USUBJID" },
  { function(rows) rows[4] = "S-001,Placebo" end,
    ":13: S-001 again, after line 5" },
  { function(rows) rows[4] = "S-009,Placebo,extra" end,
    ":5: no table that can be read; what stands there is not shown" },
  { function(rows) rows[4] = 'S-009,"Placebo' end,
    "no table that can be read" },
  { function(rows) for i = #rows, 1, -1 do rows[i] = nil end end,
    "no line for S-001" },
  { function(rows) for i = 1, 12 do rows[i] = rows[i]:gsub(",", " ") end end,
    ":1: no names of columns", header = "S-013 Quagga Low dose" },
  { function(rows) rows[13] = "S-013,Plcebo" end, ":1: no names of columns",
    header = "S-001,Plcebo" },
  { nil, "column ARM; codes have USUBJID, TRT01P", header = "USUBJID,ARM" },
  { nil, "no column TRT01P", header = "USUBJID,ARM" },
  { function(rows) for i, row in ipairs(rows) do rows[i] = row .. ",1" end end,
    "column SEX", header = "USUBJID,TRT01P,SEX" },
  { function(rows) for i, row in ipairs(rows) do rows[i] = row .. ",Plcebo" end
    end, ":2: TRT01A is no arm", header = "USUBJID,TRT01P,TRT01A" },
}

-- A message may name the arms of the trial, never which subject has which, so
-- none of the file's own words.
function TestUnblind.test_wrong_codes_change_nothing()
  local s = blinded()
  local before, dummies = s:verify(), list(s.adsl.TRT01P)
  for i, case in ipairs(wrong) do
    local path = codes(case[1], case.header)
    local message = refused(s.unblind, s, { reason = WHY, codes = path })
    lu.assertStrContains(message, case[2], false, i)
    lu.assertStrContains(message, "codes.csv", false, i)
    lu.assertNotStrContains(message, "Plcebo", false, i)
    lu.assertNotStrContains(message, "extra", false, i)
    lu.assertEquals(s:verify(), before + i, i) -- the attempt is in the trail
    lu.assertEquals(list(s.adsl.TRT01P), dummies, i)
  end
  for path, words in pairs { [folder .. "/none.csv"] = "No such file",
      [folder .. "/codes.doc"] = "can be read, .doc cannot" } do
    lu.assertStrContains(refused(s.unblind, s, { reason = WHY, codes = path }),
      words)
  end
  -- many mistakes: the first ten, and how many more
  local message = refused(s.unblind, s, { reason = WHY,
    codes = codes(function(rows)
      for i, row in ipairs(rows) do rows[i] = "T" .. row end
    end) })
  lu.assertStrContains(message, "and 14 more\nnothing was changed")
  s:unblind { reason = WHY, codes = codes() } -- and then it can be done
end

-- Each attempt leaves an event: who, when and why, and no word of the file.
function TestUnblind.test_refused_attempts_stay_in_the_trail()
  local s = blinded()
  local before, path = s:verify(), codes(function(rows)
    rows[4] = "S-009,Plcebo"
  end)
  for i, case in ipairs {
    { { reason = WHY, codes = path },
      WHY .. "; " .. path .. ": the file of codes was not taken" },
    { { reason = WHY, codes = "none.csv" },
      WHY .. "; none.csv: the file of codes was not taken" },
    { { codes = "c.csv" }, "no reason; c.csv: the call was not complete" },
    { { reason = "r", codes = 7 }, "r; no codes: the call was not complete" },
    { { reason = "r\xff", codes = "c.csv" },
      "no reason; c.csv: the call was not complete" },
    { nil, "no reason; no codes: the call was not complete" },
  } do
    refused(s.unblind, s, case[1])
    lu.assertEquals(s:verify(), before + i, i)
    local event = s.audit:row(before + i)
    lu.assertEquals({ event.verb, event.object, event.detail, event.sha256 },
      { "unblind refused", "arms", case[2], NA }, i)
    lu.assertStrContains(event.script, "test_blinding.lua:")
    lu.assertEquals(event.who, s.audit:row(1).who)
  end
  local trail = s:history "arms"
  lu.assertEquals(#trail, 6)
  for row in trail:rows() do
    for _, value in pairs(row) do
      for _, word in ipairs { "Plcebo", "Placebo", "Low dose", "S-009" } do
        lu.assertNotStrContains(tostring(value), word)
      end
    end
  end
  lu.assertStrContains(tostring(s), "blinded: the arms are dummies")
  s:unblind { reason = WHY, codes = codes() }
  lu.assertStrContains(tostring(s), WHY)
  refused(s.unblind, s, { reason = "again", codes = path })
  lu.assertEquals(s.audit:row(#s.audit).detail, "again; " .. path
    .. ": nothing to unblind")
  lu.assertStrContains(tostring(s), WHY) -- what was done, not what was refused
end

function TestUnblind.test_options()
  local s = blinded()
  lu.assertStrContains(refused(s.unblind, s, { codes = "x" }), "needs a reason")
  lu.assertStrContains(refused(s.unblind, s, { reason = " ", codes = "x" }),
    "needs a reason")
  lu.assertStrContains(refused(s.unblind, s, { reason = "r" }),
    "needs the file of codes")
  lu.assertStrContains(refused(s.unblind, s, { reason = "r", code = "x" }),
    "nearest: codes")
end

function TestUnblind.test_not_twice_and_not_undone()
  local s = blinded()
  s:unblind { reason = WHY, codes = codes() }
  local before = s:verify()
  lu.assertStrContains(refused(s.unblind, s, { reason = "again",
    codes = folder .. "/none.csv" }), "was unblinded by ")
  before = before + 1 -- the attempt
  for _, f in ipairs { function() s:drop "arms" end,
      function() s:drop("arms", { reason = "blind again" }) end,
      function() s.arms = s.dm end,
      function() s:import(codes(), { as = "arms" }) end } do
    refused(f)
  end
  lu.assertEquals(s:verify(), before)
end

function TestUnblind.test_a_locked_study_is_unlocked_first()
  local s = blinded()
  s:lock { reason = "data are clean" }
  -- the codes are not looked at
  lu.assertStrContains(refused(s.unblind, s, { reason = WHY,
    codes = folder .. "/none.csv" }), "locked")
  lu.assertEquals(#s.arms, 12)
  s:unlock { reason = "to unblind" }
  s:unblind { reason = WHY, codes = codes() }
  s:lock { reason = "unblinded" }
  lu.assertEquals(s:verify(), #s.audit)
  s:unlock { reason = "end of the test" }
end

-- A statement that fails on true arms: nothing changes, and no value is shown.
function TestUnblind.test_what_cannot_be_derived()
  local s = blinded()
  local first = s.adsl:order "USUBJID":row(1).TRT01P
  s.one = s.adsl:where("USUBJID = 'S-001'"):mutate(
    ("ARM = case when TRT01P = '%s' then 'dummy' else TRT01P || '-' end")
      :format(first)):levels { ARM = { "dummy" } }
  local before = s:verify()
  lu.assertNotEquals(first, TRUE[1])
  local message = refused(s.unblind, s, { reason = WHY, codes = codes() })
  lu.assertStrContains(message, "one, derived again from ")
  lu.assertStrContains(message, "which is not shown; nothing was changed")
  lu.assertNotStrContains(message, TRUE[1])
  lu.assertEquals(s:verify(), before + 1)
  lu.assertEquals(s.audit:row(before + 1).detail, WHY .. "; " .. codes()
    .. ": tables could not be made with the codes")
  lu.assertStrContains(tostring(s.adsl), DUMMY)
  lu.assertEquals(s.adsl:row(1).TRT01P, first)
end

function TestUnblind.test_frames_keep_their_dummies()
  local s = blinded()
  s.frozen = s.adsl:collect()
  warnings = {}
  s:unblind { reason = WHY, codes = codes() }
  lu.assertEquals(#warnings, 1)
  lu.assertStrContains(warnings[1], "frozen: made of rows that were collected")
  lu.assertStrContains(tostring(s.frozen), DUMMY)
  lu.assertNotStrContains(tostring(s.adsl), DUMMY)
end

-- An allocation that comes in by another way.
TestGuard = {}

function TestGuard.test_a_blinded_study_takes_no_arms()
  local s = blinded()
  local before, path = s:verify(), codes()
  local message = refused(s.import, s, path)
  lu.assertStrContains(message, "codes.csv: TRT01P holds arms of the trial")
  refused(function() s.codes = read(path) end)
  refused(function()
    s.codes = read(path):mutate "X = upper(TRT01P)":select("USUBJID", "X")
  end)
  lu.assertEquals(s:verify(), before)
  -- dummies are none
  s.mine = s.adsl:collect():select("USUBJID", "TRT01P")
  s:export("adsl", folder .. "/back.csv")
  s:import(folder .. "/back.csv")
  lu.assertStrContains(tostring(s.back), DUMMY)
end

-- A table of 12 subjects with a column of that name, whose i-th value f gives.
local function with_column(name, f, times)
  local lines = { "USUBJID,DAY," .. name }
  for i = 1, 12 do
    for day = 1, times or 1 do
      lines[#lines + 1] = ("S-%03d,%d,%s"):format(i, day, f(i, day) or "")
    end
  end
  return write("coded.csv", table.concat(lines, "\n") .. "\n")
end

local function of_three(i) return i % 3 + 1 end
local function letters(i) return ("ABC"):sub(of_three(i), of_three(i)) end

-- { name, value of the i-th subject, days } of what tells arms without their names
local tells = {
  { "TRT", of_three }, { "TRT01PN", of_three }, { "trt_cd", letters },
  { "ARMCD", letters, 2 }, { "ARM", function(i) return i == 4
    and "Screen Failure" or ({ "Placebo", "Low dose", "High dose" })[of_three(i)]
    end }, { "ACTARMCD", function(i) return i < 3 and "Scrnfail" or letters(i) end },
  { "TRTSEQP", letters }, { "Treatment group", letters }, { "ALLOCATION",
    function(i) return i % 2 end }, { "RANDARM", function(i) return i > 6
    and letters(i) end }, { "X", function(i) return i == 2 and "Not assigned"
    or ({ "placebo", "LOW DOSE" })[i % 2 + 1] end },
}

-- The same of what may be something else.
local perhaps = { { "GROUP", letters, 3 }, { "EXTRT", of_three },
  { "TREATMENT", function(i) return i % 2 == 0 and "Y" or "N" end } }

local innocent = {
  { "TRTFL", function(i) return i % 2 == 0 and "Y" or "N" end },
  { "TRTSDT", function(i) return ("2020-01-0%d"):format(of_three(i)) end },
  { "TRTDOSE", of_three }, { "CMTRT", letters }, { "AGEGROUP", of_three },
  { "ARM", function() return "BLINDED" end }, { "ARM", function() end },
  { "GROUP", function(i) return i % 4 end }, -- more than arms
  { "GROUP", function(i, day) return (i + day) % 2 end, 2 }, -- changes
  { "EXTRT", function() return "STUDY DRUG" end },
  { "SEX", function(i) return i % 2 == 0 and "M" or "F" end },
  { "WHY", function(i) return i % 2 == 0 and "Not treated" or "Screen failure" end },
  { "ONE", function(i) return i % 2 == 0 and "Not treated" or "Placebo" end },
}

function TestGuard.test_arms_by_a_code()
  local s = blinded()
  local before = s:verify()
  for i, case in ipairs(tells) do
    local message = refused(s.import, s, with_column(table.unpack(case)))
    lu.assertStrContains(message, "coded.csv: " .. case[1], false, i)
    lu.assertStrContains(message, "the study is blinded", false, i)
    lu.assertEquals(s:verify(), before, i)
    refused(function()
      s.mine = read(with_column(table.unpack(case))):where "DAY = 1"
    end)
    -- nor are there dummies beside them
    local other = study.create ":memory:"
    other.trial = definition()
    other:import(dm())
    other:import(with_column(table.unpack(case)))
    lu.assertStrContains(refused(function() return other.arms end),
      "s.arms: coded ", false, i)
  end
  lu.assertEquals(#warnings, 0)
  for i, case in ipairs(perhaps) do
    warnings = {}
    s:import(with_column(table.unpack(case)), { as = "p" .. i })
    lu.assertEquals(#warnings, 1, i)
    lu.assertStrContains(warnings[1], ("coded.csv: %s ("):format(case[1]))
    lu.assertStrContains(warnings[1], "if it tells the arms, the study is not "
      .. "blinded")
    local _ = #s.arms, tostring(s.adsl)
    lu.assertEquals(#warnings, 1, i)
  end
end

function TestGuard.test_no_false_alarm()
  local s = blinded()
  for i, case in ipairs(innocent) do
    s:import(with_column(table.unpack(case)), { as = "n" .. i })
  end
  lu.assertEquals(#s.arms, 12)
  lu.assertEquals(warnings, {})
  -- a stratum, and arms of which there is only one
  s = study.create ":memory:"
  s.trial = definition { randomisation = { "permuted blocks",
    ratio = { 1, 1, 1 }, sizes = { 3 }, strata = "GROUP" } }
  s:import(with_column("GROUP", function(i) return i % 2 end), { as = "dm" })
  lu.assertEquals(#s.arms, 12)
  s = study.create ":memory:"
  s.trial = trial "B-3" { arms = { { "Only" } } }
  s:import(with_column("TRT", of_three), { as = "dm" })
  lu.assertEquals(#s.arms, 12)
  lu.assertEquals(warnings, {})
end

function TestGuard.test_no_dummies_where_the_arms_are_known()
  local s = study.create ":memory:"
  s.trial = definition()
  s:import(dm())
  s:import(codes())
  lu.assertStrContains(refused(function() return s.arms end),
    "codes holds arms of the trial (TRT01P)")
  lu.assertStrContains(refused(s.unblind, s, { reason = WHY, codes = codes() }),
    "nothing to unblind")
  -- withdrawn, they are still in the file
  s:drop("codes", { reason = "a mistake" })
  lu.assertStrContains(refused(function() return s.arms end),
    "holds arms of the trial")
end

-- The trial -----------------------------------------------------------------------

TestTrialChanges = {}

function TestTrialChanges.test_tables_follow_the_trial()
  local s = blinded()
  s.visits = s.lb:mutate "ADY = DAY":visits():key("USUBJID", "DAY")
  lu.assertEquals(s.visits:where "DAY = 8":row(1).AVISIT, "Day 8")
  said = {}
  s.trial = definition { visits = { { "Day 1", 1, window = { 1, 1 } },
    { "Week 2", 8, window = { 6, 9 } } } }
  lu.assertEquals(s.visits:where "DAY = 8":row(1).AVISIT, "Week 2")
  lu.assertStrContains(table.concat(said, "\n"), "visits derived again")
  lu.assertEquals(s:verify(), #s.audit)
end

function TestTrialChanges.test_what_no_table_owes_it()
  local s = blinded()
  s.trial = definition { title = "Another title", alpha = 0.01,
    compare = "Drug vs Placebo" }
  lu.assertEquals(s.audit:row(#s.audit).verb, "define")
end

function TestTrialChanges.test_the_seed_draws_other_dummies()
  local s = blinded()
  s.trial = definition { seed = 4712 }
  local now, there = {}, {}
  for row in s.arms:rows() do now[row.USUBJID] = row.TRT01P end
  for row in s.adsl:where "RANDDT is not null":rows() do
    there[row.USUBJID] = row.TRT01P
  end
  lu.assertEquals(there, now)
end

function TestTrialChanges.test_what_cannot_be_derived_by_it_is_named()
  local s = blinded()
  s.visits = s.lb:mutate "ADY = DAY":visits():key("USUBJID", "DAY")
  s.after = s.visits:where "DAY = 8":key "USUBJID"
  warnings = {}
  local def = definition()
  rawset(def.definition, "visits", nil)
  s.trial = trial "B-1" (def.definition)
  lu.assertEquals(#warnings, 1)
  lu.assertStrContains(warnings[1],
    "derived with the trial as it was: visits, after (visits, derived again")
  lu.assertStrContains(tostring(s),
    "derived with another trial than that of the study: visits, after")
  lu.assertEquals(s.visits:where "DAY = 8":row(1).AVISIT, "Day 8")
  lu.assertEquals(s:verify(), #s.audit)
  -- the next statement heals it
  s.visits = s.lb:mutate "ADY = DAY"
  lu.assertNotStrContains(tostring(s), "another trial")
end

files.run()
