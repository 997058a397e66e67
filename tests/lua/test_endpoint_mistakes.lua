-- A bad script gets one message for a mistake, with file, line and the nearest
-- name; nothing is computed or written. Each case changes one key of a good
-- endpoint, whose keys stand on lines of their own.
local lu = require "luaunit"
local shared = require "tests.lua.endpoints"
local endpoints = require "trialsh.endpoint"
local multiplicities = require "trialsh.multiplicity"

local folder = os.tmpname()
os.remove(folder)
os.execute("mkdir " .. folder)
local path = folder .. "/plan.lua"

local keys = { "title", "role", "population", "parameter", "visit", "variable",
  "compare", "intercurrent", "missing", "analysis", "adjust", "subgroups",
  "sensitivity", "supplementary" }

local good = { title = '"ALC at day 29"', role = '"primary"',
  population = '"ITT"', parameter = '"ALC"', visit = '"Day 29"',
  variable = '"AVAL"', compare = '{ "H vs P", "L vs P" }',
  intercurrent = '{ death = "while alive" }', missing = '"exclude"',
  analysis = '"ttest"', adjust = '"Holm"', subgroups = '{ "SEX" }',
  sensitivity = '{ { "carried", missing = "LOCF" } }',
  supplementary = '{ { "treated", population = "SAF" } }' }

-- key, its text (or a new key with its text), what the message says, and the key
-- of whose line, where that is another
local cases = {
  { "titel", '"x"', "no key titel; nearest: title" },
  { "strata", '"SEX"', "strata is an option of the analysis: analysis = { "
    .. '"cmh", strata = "SEX" }; ttest has none, these have it: cmh, ' },
  { "variance", '"pooled"', "variance is an option of the analysis: analysis = "
    .. '{ "ttest", variance = "pooled" }' },
  { "analysis", '"bootstrap"', "the analysis bootstrap is not there yet; there "
    .. "are barnard, " },
  { "title", "29", "title is a number, a string is needed" },
  { "role", '"primry"', "no role primry; nearest: primary" },
  { "role", "1", "role is a number, a string is needed" },
  { "population", '"ITTT"', "no population ITTT; nearest: ITT" },
  { "population", '{ "ITT" }', "population is a table, a string is needed" },
  { "parameter", '"ALK"', "no parameter ALK; nearest: ALC" },
  { "parameter", '{ "ALC", "SOFFA" }', "no parameter SOFFA; nearest: SOFA" },
  { "parameter", "12", "parameter is text, or a list of texts" },
  { "visit", '"Day 92"', "no visit Day 92; nearest: Day 29" },
  { "visits", '{ "Day 8", "Day 92", "Day 29" }', "no visit Day 92; nearest: Day 29" },
  { "visits", '{ "Day 8" }', "visit Day 29 is none of visits", "visit" },
  { "visits", '"Day 8"', "visits is a string, a table is needed" },
  { "variable", '"AVLA"', "variable: no column AVLA; nearest: AVAL" },
  { "variable", '"ln(AVAL / BASSE)"', "variable: no column BASSE; nearest: BASE" },
  { "variable", '"lnn(AVAL)"', "nearest: ln" },
  { "variable", '"ln(AVAL"', "variable" },
  { "variable", '"AVISIT"', "variable: AVISIT is text, ttest needs numbers" },
  { "where", '"AVALL > 0"', "where: no column AVALL; nearest: AVAL" },
  { "where", [["AVISIT = 'Day 92'"]], "AVISIT has no 'Day 92'; nearest: Day 29" },
  { "where", [["AVAL > '5'"]], "where" },
  { "data", '"adlbb"', "no table adlbb; nearest: adlb" },
  { "compare", '"H vs Q"', "no arm Q" },
  { "compare", '"H against P"', '"H against P" is no comparison; write "A vs B"' },
  { "compare", '{ "Active vs L" }', "L is on both sides of" },
  { "compare", "7", 'compare is "A vs B", a list of them' },
  { "compare", '"all arms"', "ttest does not take all arms at once; lm does" },
  { "intercurrent", '{ deth = "composite", death = "while alive" }',
    "no intercurrent event deth; nearest: death" },
  { "intercurrent", '{ death = "while alife" }',
    "death: no strategy while alife; nearest: while alive" },
  { "intercurrent", "{}", "no strategy for death" },
  { "intercurrent", '"composite"', "intercurrent is a string, a table is needed" },
  { "intercurrent", '{ death = "composite" }',
    "death: composite: which value? ttest takes numbers" },
  { "missing", '"excluded"', "no missing excluded; nearest: exclude" },
  { "missing", '"nonresponder"', 'missing = "nonresponder" is for a condition' },
  { "missing", '"worst rank"', 'missing = "worst rank" is for tests of ranks' },
  { "missing", '{ "jump to reference", se = "jackknife" }',
    'missing = "jump to reference" is not there yet' },
  { "missing", '{ "LOCF", visits = 3 }', 'missing = "LOCF" has no options' },
  { "missing", "3", 'missing is a number, a rule such as "exclude"' },
  { "variable", '{ { "ALC", margin = 1 } }',
    "variable: a list of outcomes is for winratio" },
  { "variable", "3", "variable is a number, a string is needed" },
  { "analysis", '"ttets"', "no analysis ttets; nearest: ttest" },
  { "analysis", '{ "ttest", varaince = "pooled" }',
    "ttest has no option varaince; nearest: variance" },
  { "analysis", '{ "ttest", variance = "poold" }',
    'ttest: variance = "poold" is none of welch, pooled; nearest: pooled' },
  { "analysis", '{ "ttest", conf_level = "high" }',
    "ttest: conf_level is a string, a number is needed" },
  { "analysis", '{ "ttest", conf_level = 95 }', "is out of its range" },
  { "analysis", '{ "ttest", "AVAL ~ TRT01P" }',
    "the formula of an endpoint begins with ~" },
  { "analysis", '{ "ttest", "~ TRT01P +" }', "~ TRT01P +" },
  { "analysis", '{ "lm", "~ TRT01P + BSAE" }', "neither adsl nor adlb has a column BSAE; nearest: BASE" },
  { "analysis", '{ "lm", "~ BASE" }', '"~ BASE" lacks TRT01P' },
  { "analysis", '{ "lm", "~ TRT01P + BASE", by = "SEX" }',
    'by = "SEX" is no variable of the formula ~ TRT01P + BASE' },
  { "analysis", '{ "lm", "~ TRT01P + AVAL" }',
    "AVAL is the variable, and stands beside it too" },
  { "subgroups", '{ "TRT01P" }', "subgroups: TRT01P is what is compared" },
  { "visits", "{}", "visits is an empty list" },
  { "analysis", '{ "riskdiff" }', "takes events: a condition" },
  { "analysis", "true", 'analysis is "method" or' },
  { "analysis", '{ "van_elteren", strata = "STIEID" }',
    "neither adsl nor adlb has a column STIEID; nearest: SITEID" },
  { "adjust", '"Hoolm"', "nearest: Holm" },
  { "adjust", '"maxT2"', "nearest: max-T" },
  { "intercurrent", '{ death = { "composite", AVALL = 24 } }',
    "death: composite: no column AVALL; nearest: AVAL" },
  { "adjust", '"Dunnett"', "Dunnett is for comparisons of one model" },
  { "summary", '"risk diference"',
    "no summary risk diference; nearest: risk difference" },
  { "subgroups", '{ "SXE" }', "no column SXE; nearest: SEX" },
  { "subgroups", "{ 1 }", "subgroups is a column of adsl or a list" },
  { "sensitivity", '{ { "pp", population = "SAF" } }',
    "pp changes population, which is another question" },
  { "sensitivity", '{ { "pooled", analysis = { varianc = "pooled" } } }',
    "pooled: ttest has no option varianc; nearest: variance" },
  { "sensitivity", '{ { analysis = "lm" } }',
    "entry 1 of sensitivity begins with its name" },
  { "supplementary", '{ { "treated", population = "SFA" } }',
    "treated: no population SFA; nearest: SAF" },
  { "supplementary", '{ { "early", vist = "Day 8" } }',
    "early: no key vist; nearest: visit" },
  { "supplementary", '{ { "early", variable = "CHGG" } }',
    "early: variable: no column CHGG; nearest: CHG" },
}

-- The lines of the script, and that of the key.
local function script(key, text, told)
  local lines, at = { "-- a plan", 'endpoint "E" {' }, nil
  local function add(name, value)
    lines[#lines + 1] = ("  %s = %s,"):format(name, value)
    if name == (told or key) then at = #lines end
  end
  for _, name in ipairs(keys) do
    if not (key == "data" and name == "parameter") then
      add(name, name == key and text or good[name])
    end
  end
  if not good[key] then add(key, text) end
  lines[#lines + 1] = "}"
  return table.concat(lines, "\n") .. "\n", at
end

local function load(text)
  endpoints.list, multiplicities.list = {}, {}
  local f = assert(io.open(path, "w"))
  f:write(text)
  f:close()
  dofile(path)
end

local s

TestMistakes = {}

function TestMistakes.setUp()
  s = s or shared.study { intercurrent = {
    { "death", "Death", "adsl", date = "DTHDT" } } }
end

-- What is not as it should be about the message of a case, or nil.
local function wrong(words, wanted, at)
  if not words:find(wanted, 1, true) then return "does not say " .. wanted end
  if words:find "\n" then return "more than one message" end
  if words:match "^(.-): endpoint E: " ~= ("%s:%d"):format(path, at) then
    return "not line " .. at
  end
end

function TestMistakes.test_each_has_one_message_with_its_line()
  lu.assertTrue(#cases >= 30)
  local events, list = #s.audit, {}
  for _, case in ipairs(cases) do
    local key, text, wanted = table.unpack(case)
    local source, at = script(key, text, case[4])
    load(source)
    for name, f in pairs { check = check, run = run } do
      local ok, err = pcall(f, s)
      local why = ok and "no error" or wrong(tostring(err), wanted, at)
      if why then
        list[#list + 1] = ("%s of %s = %s: %s: %s"):format(name, key, text, why,
          tostring(err))
      end
    end
  end
  lu.assertEquals(table.concat(list, "\n"), "")
  lu.assertEquals(#s.audit, events, "something was written")
  lu.assertStrContains(shared.message(function() return s.results end),
    "there are no results yet")
end

-- Mistakes in the trial of IRIS-7, a file that returns what it defines: what stands
-- there, what instead, and what is said of that line.
local trial_cases = {
  { '"CYT107 HF vs Placebo"', '"CYT107 HF vs Placbo"', "no arm Placbo; nearest: Placebo" },
  { 'pool = { "CYT107 LF", "CYT107 HF" }', 'pool = { "CYT107 LF", "CYT107 HP" }',
    "CYT107 pools CYT107 HP, which is no arm; nearest: CYT107 HF" },
  { "window = { 2, 5 }", "window = { 5, 2 }", "Day 4: window ends at 2" },
  { "window = { 6, 9 }", "window = { 4, 9 }", "the windows of Day 4 and Day 8 overlap" },
  { "ratio = { 1, 1, 1 }", "ratio = { 1, 1 }", "the ratio has 2 numbers, there are 3 arms" },
  { "sizes = { 3 }", "sizes = { 4 }", "a block of 4 does not hold the ratio" },
  { '["CYT107 LF"] = { 1,', '["CYT LF"] = { 1,', "dosing: no arm CYT LF; nearest: CYT107 LF" },
  { "alpha = 0.05", "alpha = 5", "alpha = 5 is not between 0 and 1" },
  { "range = { 1000, 4000 }", "range = { 4000, 1000 }", "ALC: range ends at 1000" },
  { 'better = "lower"', 'better = "low"', "SOFA: no better low; nearest: lower" },
  { 'choose = "closest"', 'choose = "nearest"', "visits: no choose nearest; there are closest" },
  { "twice in week 1, then weekly\" }", "twice in week 1, then weekly\", reference = true }",
    "two references: Placebo and CYT107 LF" },
  { "seed = 20180308", 'seed = "2018"', "seed is a string, a number is needed" },
  { '"Day 29",   29, window', '"Day 29",   29, windows', "Day 29: no key windows; nearest: window" },
  { '"Day 42",   42,', '"Day 42",   "42",', "Day 42: day is a string, a number is needed" },
}

local function replaced(whole, from, to)
  local first, last = whole:find(from, 1, true)
  return whole:sub(1, first - 1) .. to .. whole:sub(last + 1),
    select(2, whole:sub(1, first):gsub("\n", "")) + 1
end

local function iris7()
  local f = assert(io.open "scripts/iris7/trial.lua")
  local whole = f:read "a"
  f:close()
  return whole
end

local function write(name, whole)
  local f = assert(io.open(folder .. "/" .. name, "w"))
  f:write(whole)
  f:close()
  return folder .. "/" .. name
end

function TestMistakes.test_of_a_trial_that_is_returned()
  local trials, list = require "trialsh.trial", {}
  local before = trials.current
  for _, case in ipairs(trial_cases) do
    local whole, at = replaced(iris7(), case[1], case[2])
    local file = write("trial.lua", whole)
    local ok, err = pcall(dofile, file)
    local wanted = ("%s:%d: trial IRIS-7: "):format(file, at)
    if ok or tostring(err):sub(1, #wanted) ~= wanted
        or not tostring(err):find(case[3], 1, true) then
      list[#list + 1] = ("%s line %d: %s"):format(case[2], at, tostring(err))
    end
  end
  lu.assertEquals(table.concat(list, "\n"), "")
  lu.assertEquals(dofile(write("trial.lua", "#!/usr/bin/env trialsh\n" .. iris7())).id,
    "IRIS-7")
  trials.current = before
end

-- What an endpoint takes from its trial is told once, where the trial says it.
function TestMistakes.test_of_a_trial_on_a_study()
  local trials = require "trialsh.trial"
  local before = trials.current
  for key, case in pairs { populations = { '{ { "ITT", "all", "TRTFLL is not null" } }',
      "population ITT: where: no column TRTFLL; nearest: TRTFL" },
      intercurrent = { '{ { "death", "Death", "adsl", date = "DTHDTT" } }',
        "death: date: no column DTHDTT; nearest: DTHDT" } } do
    local given = { arms = '{ { "P" }, { "H" } }', compare = '"H vs P"',
      populations = '{ { "ITT", "all", "1 = 1" } }',
      intercurrent = '{ { "death", "Death", "adsl", date = "DTHDT" } }' }
    given[key] = case[1]
    local lines = { 'return trial "T" {' }
    for _, name in ipairs { "arms", "compare", "populations", "intercurrent" } do
      lines[#lines + 1] = ("  %s = %s,"):format(name, given[name])
    end
    local file = write("trial.lua", table.concat(lines, "\n") .. "\n}\n")
    local at = key == "populations" and 4 or 5
    endpoints.list, multiplicities.list = {}, {}
    dofile(file)
    for _, id in ipairs { "E", "F" } do
      endpoint(id) { data = "adsl", variable = "AGE", analysis = "ttest",
        intercurrent = { death = "while alive" }, missing = "exclude" }
    end
    for _, f in ipairs { check, run } do
      local ok, err = pcall(f, s)
      lu.assertFalse(ok)
      lu.assertEquals(tostring(err), ("%s:%d: trial T: %s"):format(file, at, case[2]))
    end
  end
  trials.current = before
end

function TestMistakes.test_the_good_one_is_good()
  load((script("title", good.title)))
  lu.assertStrContains(check(s), "1 endpoint, no mistakes")
end

function TestMistakes.test_all_mistakes_of_a_set_are_told_at_once()
  load [[
endpoint "A" { parameter = "ALC", visit = "Day 92",
  rolle = "primary", intercurrent = { death = "while alive" },
  analysis = "ttets" }
endpoint "B" { parameter = "SOFFA",
  analysis = "ttest", intercurrent = { death = "while alive" } }
multiplicity "m" { "holm", "A", "BB" }
]]
  local words = shared.message(check, s)
  for line, text in pairs { [1] = "endpoint A: no visit Day 92",
      [2] = "endpoint A: no key rolle", [3] = "endpoint A: no analysis ttets",
      [4] = "endpoint B: no parameter SOFFA",
      [6] = "multiplicity m: no endpoint BB" } do
    lu.assertStrContains(words, ("%s:%d: %s"):format(path, line, text))
  end
  lu.assertEquals(select(2, words:gsub("\n", "")), 4)
end

function TestMistakes.test_one_wrong_name_does_not_hide_others()
  load [[
endpoint "A" { parameter = "ALC", visit = "Day 29",
  variable = "CHNG",
  subgroups = "SEXX",
  intercurrent = { death = "while alive" },
  analysis = { "lm", "~ TRT01P + BASEE + AGEE" } }
]]
  local words = shared.message(check, s)
  for line, text in pairs { [2] = "variable: no column CHNG; nearest: CHG",
      [3] = "subgroups: no column SEXX; nearest: SEX",
      [5] = "neither adsl nor adlb has a column BASEE; nearest: BASE" } do
    lu.assertStrContains(words, ("%s:%d: endpoint A: %s"):format(path, line,
      text))
  end
  lu.assertStrContains(words, "has a column AGEE; nearest: AGE")
  lu.assertEquals(select(2, words:gsub("\n", "")), 3)
end

function TestMistakes.test_several_rows_of_a_subject_are_found()
  load [[
endpoint "A" { parameter = "ALC", variable = "AVAL",
  intercurrent = { death = "while alive" },
  analysis = "ttest" }
endpoint "B" { parameter = "ALC", variable = "mean(AVAL)",
  intercurrent = { death = "while alive" }, analysis = "ttest" }
]]
  local words = shared.message(check, s)
  lu.assertStrContains(words, "endpoint A: more than one row for 01, 02, 03 and "
    .. "others; visit, where or data choose one row per subject")
  lu.assertNotStrContains(words, "endpoint B")
end

function TestMistakes.test_what_the_data_do_not_have()
  local s2 = shared.study { arms = { { "P", reference = true }, { "L" },
    { "HH" } }, compare = { "HH vs P" }, populations = {
    { "ITT", "all", "RANDDT is not null" },
    { "NEW", "women", "SEX = 'Female'" } }, visits = { { "Day 1", 1 },
    { "Day 8", 8 }, { "Day 29", 29 } } }
  s2.ad2 = s2.adlb:where "not (PARAMCD = 'SOFA' and AVISIT = 'Day 29')":collect()
  endpoint "A" { data = "ad2", visit = "Day 29",
    where = "PARAMCD = 'SOFA'", variable = "AVAL", analysis = "ttest",
    supplementary = { { "women", population = "NEW" } } }
  endpoint "B" { data = "adae", variable = "any", analysis = "riskdiff",
    where = "USUBJID = '99'", subgroups = "SEX" }
  s2.ad3 = s2.adlb:where { PARAMCD = "ALC" }:mutate("CHG = cast(null as real)")
    :collect()
  endpoint "C" { data = "ad3", visit = "Day 29", variable = "CHG >= 8",
    missing = "nonresponder", analysis = "riskdiff" }
  endpoint "D" { data = "ad3", visit = "Day 29", variable = "AVAL >= 8",
    missing = "nonresponder", analysis = "riskdiff" }
  endpoint "E" { data = "ad3", variable = "mean(CHG)", analysis = "ttest" }
  local words = check(s2)
  lu.assertStrContains(words, "\n  C: no value of CHG >= 8 in ad3 (Day 29)")
  lu.assertStrContains(words, "\n  E: no value of mean(CHG) in ad3")
  lu.assertNotStrContains(words, "\n  D: ")
  lu.assertStrContains(words, "5 endpoints, no mistakes\nwhat the data do not "
    .. "have:\n  no subject of adsl has the arm HH in TRT01P; nearest: H")
  lu.assertStrContains(words, "\n  A: no row of ad2 (Day 29, PARAMCD = 'SOFA')")
  lu.assertStrContains(words, "\n  A/women: no SEX is 'Female'; it is F, M")
  lu.assertStrContains(words, "\n  B: no USUBJID is '99'; ")
  lu.assertEquals(select(2, words:gsub("arm HH", "")), 1)
  study.open(s)
end

local failed = lu.LuaUnit.run()
os.remove(path)
os.remove(folder)
os.exit(failed)
