-- Trials and endpoints: checked as a whole, bound to a study, stored.
local lu = require "luaunit"
local NA = require "ts.na".NA
local data = require "trialsh.data"
local frame = require "ts.frame"
local endpoints = require "trialsh.endpoint"
local trials = require "trialsh.trial"

local function make(names, arrays)
  return data.wrap(frame.build(names, arrays))
end

local function define()
  return trial "T" {
    arms = { { "P", "Placebo", reference = true }, { "L" }, { "H" },
      { "Active", "both", pool = { "L", "H" } } },
    compare = { "Active vs P" },
    populations = {
      { "ITT", "all", "USUBJID is not null", treatment = "TRT01P" },
      { "SAF", "treated", "TRTFL = 'Y'", treatment = "TRT01P" } },
    parameters = { { "ALC", "Lymphocytes", "adlb" },
      { "DEATH", "Death", "adtte" } },
    visits = { { "Day 1", 1 }, { "Day 29", 29 } },
    seed = 1,
  }
end

local function fill()
  local s = require "trialsh.study".memory()
  study.open(s)
  local id, arm, treated, aval, visit, code, time, censored, who =
    {}, {}, {}, {}, {}, {}, {}, {}, {}
  for i = 1, 12 do
    id[i] = ("%02d"):format(i)
    arm[i] = ({ "P", "L", "H" })[i % 3 + 1]
    treated[i] = i == 12 and "N" or "Y"
    time[i], censored[i] = 10 + i * 3 % 17, i % 4 == 0 and 1 or 0
    for j, v in ipairs { "Day 1", "Day 29" } do
      if not (i == 5 and j == 2) then
        who[#who + 1], visit[#visit + 1], code[#code + 1] = id[i], v, "ALC"
        aval[#aval + 1] = 500 + 37 * i * j % 400 + (i % 3) * 100 * (j - 1)
      end
    end
  end
  s.adsl = make({ "USUBJID", "TRT01P", "TRTFL" }, { id, arm, treated })
  s.adlb = make({ "USUBJID", "PARAMCD", "AVISIT", "AVAL" },
    { who, code, visit, aval })
  local death = {}
  for i = 1, 12 do death[i] = "DEATH" end
  s.adtte = make({ "USUBJID", "PARAMCD", "AVAL", "CNSR" },
    { id, death, time, censored })
  return s
end

local function message(f, ...)
  local ok, err = pcall(f, ...)
  lu.assertFalse(ok)
  return tostring(err)
end

TestTrial = {}

function TestTrial.test_lists_answer_to_place_and_name()
  local t = define()
  lu.assertEquals(t.arms[2].name, "L")
  lu.assertEquals(t.arms.Active.pool, { "L", "H" })
  lu.assertEquals(t.parameters.ALC.label, "Lymphocytes")
  lu.assertEquals(t.visits["Day 29"].day, 29)
  lu.assertEquals(t.reference, "P")
  lu.assertNil(t.arms.nobody)
end

function TestTrial.test_mistakes_have_lines_and_near_names()
  local words = message(function()
    trial "X" {
      arms = { { "P" }, { "Q", pool = { "R" } } },
      compare = { "P vs S" },
      popluations = {},
      parameters = { { "ALC", "x", "adlb", better = "hihger" } },
      intercurrent = { { "death", "x", "adsl" },
        { "stop", "x", "adsl", date = "D", strategy = "while alife" } },
    }
  end)
  lu.assertStrMatches(words:match "[^\n]*",
    "tests/lua/test_endpoint.lua:%d+: trial X: .*")
  lu.assertStrContains(words, "no key popluations; nearest: populations")
  lu.assertStrContains(words, "pools R, which is no arm")
  lu.assertStrContains(words, "no arm S")
  lu.assertStrContains(words, "ALC: no better hihger; nearest: higher")
  lu.assertStrContains(words, "death has no date")
  lu.assertStrContains(words, "no strategy while alife; nearest: while alive")
  local lines = {}
  for line in words:gmatch "lua:(%d+):" do lines[#lines + 1] = tonumber(line) end
  lu.assertEquals(lines[2] - lines[1], 1)
  lu.assertEquals(lines[3] - lines[2], 1)
end

function TestTrial.test_it_orders_the_levels_of_a_study()
  local s = fill()
  s.trial = define()
  lu.assertEquals(s.adsl.TRT01P.levels, { "P", "L", "H" })
  lu.assertEquals(s.adlb.AVISIT.levels, { "Day 1", "Day 29" })
  lu.assertStrContains(message(function()
    return s.adlb:where { AVISIT = "Day 28" }
  end), "AVISIT has no 'Day 28'; nearest: Day 29; tests/lua/test_endpoint.lua:")
  lu.assertEquals(s.trial.arms.Active.pool, { "L", "H" })
  lu.assertEquals(s.trial.seed, 1)
end

TestEndpoint = {}

function TestEndpoint:setUp()
  endpoints.list = {}
  define()
end

function TestEndpoint.test_all_mistakes_at_once()
  endpoint "A" {
    parameter = "ALK", visit = "Day 92",
    analysis = "ttets",
  }
  endpoint "B" {
    parameter = "ALC", population = "SAFE",
    compare = "Active vs Q",
    analysis = { "ttest", varaince = "pooled" },
    rolle = "primary",
  }
  endpoint "C" { parameter = "ALC", analysis = "ttest",
    instead = { when = "mean(AVAL) > 1", within = "Pp" } }
  local words = message(check)
  for _, part in ipairs { "no parameter ALK; nearest: ALC",
    "no visit Day 92; nearest: Day 29", "no analysis ttets; nearest: ttest",
    "no population SAFE; nearest: SAF", "no arm Q",
    "no option varaince; nearest: variance", "no key rolle; nearest: role",
    "instead: no arm Pp; nearest: P" } do
    lu.assertStrContains(words, part)
  end
  local n = select(2, words:gsub("\n", ""))
  lu.assertEquals(n, 7)
end

function TestEndpoint.test_a_study_shows_the_rest()
  local s = fill()
  s.trial = define()
  endpoint "A" {
    parameter = "ALC", visit = "Day 29",
    variable = "ln(AVLA)", analysis = "ttest",
  }
  endpoint "B" { data = "adlbb", analysis = "ttest" }
  endpoint "C" { parameter = "ALC", where = "AVISIT = 'Day 30'",
    analysis = "ttest" }
  local words = message(check, s)
  lu.assertStrContains(words, "no column AVLA; nearest: AVAL")
  lu.assertStrContains(words, "no table adlbb; nearest: adlb")
  lu.assertStrContains(words, "AVISIT has no 'Day 30'")
  lu.assertStrContains(words, "test_endpoint.lua:")
end

function TestEndpoint.test_run_stores_a_row_per_comparison()
  local s = fill()
  s.trial = define()
  endpoint "ALC" { title = "ALC at day 29", role = "primary",
    parameter = "ALC", visit = "Day 29", variable = "ln(AVAL)",
    compare = { "Active vs P", "H vs P" }, analysis = "ttest" }
  endpoint "DEATH" { parameter = "DEATH", analysis = "logrank" }
  endpoint "KM" { parameter = "DEATH", analysis = "km", population = "SAF" }
  endpoint "DESC" { parameter = "ALC", visit = "Day 29", analysis = "describe" }
  local results = run(s)
  lu.assertEquals(#results, 2 + 1 + 4 + 4) -- a pooled arm has its own
  local row = s:result "ALC[Active vs P]"
  -- the same by hand
  local day29 = s.adlb:where { AVISIT = "Day 29" }
    :join(s.adsl, "USUBJID"):mutate("y = ln(AVAL)",
      "A = case TRT01P when 'P' then 'P' else 'Active' end")
    :levels { A = { "P", "Active" } }
  local by_hand = ttest("y ~ A", day29, { compare = "Active vs P" })
  lu.assertEquals(row.estimate, math.exp(by_hand.estimate))
  lu.assertEquals(row.conf_high, math.exp(by_hand.conf_high))
  lu.assertEquals(row.estimate_name, "ratio of geometric means")
  lu.assertEquals(row.p_value, by_hand.p_value)
  lu.assertEquals(row.n_1 + row.n_2, 11)
  lu.assertEquals(row.n_missing, 1)
  lu.assertEquals(s:result "ALC[H vs P]@Day 29.compare", "H vs P")
  lu.assertEquals(s:result "DEATH.analysis", "logrank")
  lu.assertEquals(#s.results:where { endpoint = "KM" }, 4)
  lu.assertStrContains(message(s.result, s, "ACL"), "nearest: ALC")
  lu.assertEquals(row.script, "tests/lua/test_endpoint.lua")
  lu.assertEquals(#row.script_sha256, 64)
  s:verify()
end

function TestEndpoint.test_two_rows_for_a_subject_are_an_error()
  local s = fill()
  s.trial = define()
  endpoint "A" { parameter = "ALC", analysis = "ttest" }
  lu.assertStrContains(message(run, s),
    "more than one row for 01, 02, 03 and others; visit")
end

function TestEndpoint.test_subjects_in_no_arm_are_told()
  local s = fill()
  s.trial = define()
  s.adsl = s.adsl:collect():mutate([[TRT01P = case USUBJID when '01' then null
    when '02' then 'Z' else TRT01P end]]):collect()
  endpoint "A" { parameter = "ALC", visit = "Day 29", analysis = "ttest" }
  local row = run(s):row(1)
  lu.assertStrContains(row.note, "1 without TRT01P")
  lu.assertStrContains(row.note, "1 of Z, which is no arm of the trial")
end

function TestEndpoint.test_one_sided_limits_are_missing_not_infinite()
  local s = fill()
  s.trial = define()
  endpoint "A" { parameter = "ALC", visit = "Day 29",
    analysis = { "ttest", alternative = "less" } }
  endpoint "K" { parameter = "DEATH", analysis = "km", where = "AVAL > 12" }
  run(s)
  lu.assertEquals(s:result "A.conf_low", NA)
  lu.assertEquals(s:result "A.alternative", "less")
  local missing = {}
  for row in s.results:where { endpoint = "K" }:rows() do
    missing[#missing + 1] = row.n + row.n_missing
  end
  lu.assertEquals(missing, { 4, 4, 4, 8 }) -- of each arm its own
end

function TestEndpoint:test_an_arm_on_both_sides_is_no_comparison()
  local words = message(function()
    endpoint "O" { data = "adlb", variable = "AVAL", analysis = "ttest",
      compare = { "Active vs L", "P vs P" } }
    check()
  end)
  lu.assertStrContains(words, 'L is on both sides of "Active vs L"')
  lu.assertStrContains(words, 'P is on both sides of "P vs P"')
end

function TestEndpoint:test_arms_may_hold_vs_in_their_names()
  local t = trial "V" { arms = { { "A vs B" }, { "C" } },
    compare = "A vs B vs C" }
  local a, b = trials.pair(t.compare[1], t.arms)
  lu.assertEquals({ a, b }, { "A vs B", "C" })
end

function TestEndpoint:test_check_looks_at_formula_and_kind_of_variable()
  lu.assertStrContains(message(function()
    endpoint "F" { parameter = "ALC", visit = "Day 29", variable = "AVAL",
      analysis = { "ttest", "~ AVISIT" } }
    check()
  end), '"~ AVISIT" lacks TRT01P, whose arms are compared')
  lu.assertStrContains(message(function()
    endpoint "F" { parameter = "ALC", visit = "Day 29", variable = "AVISIT",
      analysis = "ttest" }
    check()
  end), "variable: AVISIT is text, ttest needs numbers")
end

function TestEndpoint:test_nobody_and_no_value_are_errors()
  lu.assertStrContains(message(function()
    endpoint "N" { parameter = "ALC", visit = "Day 29", variable = "AVAL",
      where = "AVAL > 1e9", analysis = "describe" }
    run()
  end), "endpoint N: no subject of population ITT has a value of AVAL "
    .. "(parameter ALC, visit Day 29, where AVAL > 1e9)")
  endpoints.list[#endpoints.list], endpoints.list.N = nil, nil
  trial "T" { arms = { { "P" }, { "L" } },
    populations = { { "NONE", "nobody", "TRTFL = 'X'" } } }
  lu.assertStrContains(message(function()
    endpoint "Z" { data = "adsl", variable = "length(TRTFL)",
      analysis = "describe" }
    run()
  end), "endpoint Z: population NONE has no subjects")
end

function TestEndpoint:test_records_left_out_by_a_flag_are_told()
  local s = study.open()
  s.adlb2 = s.adlb:mutate "ANL01FL = case when USUBJID > '03' then 'Y' end"
  endpoint "G" { data = "adlb2", visit = "Day 29", variable = "AVAL",
    where = "PARAMCD = 'ALC'", analysis = "ttest" }
  run()
  lu.assertStrContains(s:result "G.note", "records with ANL01FL = 'Y' only")
  lu.assertStrContains(tostring(s.results),
    "\n  G: records with ANL01FL = 'Y' only")
  lu.assertStrContains(explain "G", "those flagged for analysis (ANL01FL = 'Y')")
  lu.assertStrContains(tostring(why "G"), "records with ANL01FL = 'Y' only")
  lu.assertStrContains(tostring(why "G"),
    "no row of adlb2 (Day 29, ANL01FL = 'Y', PARAMCD = 'ALC')")
  local n = s:result "G.n"
  endpoint "G" { data = "adlb2", visit = "Day 29", variable = "AVAL",
    where = "PARAMCD = 'ALC' and (anl01fl = 'Y' or ANL01FL is null)",
    analysis = "ttest" }
  run()
  lu.assertTrue(s:result "G.n" > n)
  lu.assertEquals(s:result "G.note", NA)
  lu.assertNotStrContains(explain "G", "flagged")
  lu.assertNotStrContains(tostring(why "G"), "records with")
end

function TestEndpoint:test_an_address_of_arms_names_one()
  local s = study.open()
  endpoint "D" { parameter = "DEATH", analysis = "km" }
  endpoint "W" { parameter = "DEATH", analysis = "logrank" }
  endpoint "E" { parameter = "ALC", visit = "Day 29", variable = "AVAL * 2",
    analysis = { "describe", "~ 1" } }
  run()
  lu.assertEquals(s:result "D[L].n", 4)
  lu.assertStrContains(message(s.result, s, "D.estimate"),
    "D has a result for each arm; D[P] is one")
  lu.assertStrContains(message(s.result, s, "D[X].estimate"),
    "no result D[X].estimate; comparison or arm: P, L, H")
  lu.assertEquals(s:result "E.group", NA)
  lu.assertStrContains(message(endpoint, "A.1"), "letters, digits")
end

function TestEndpoint.test_sap_is_a_table()
  endpoint "A" { title = "x", parameter = "ALC", analysis = { "ttest",
    variance = "pooled" } }
  local plan = sap()
  lu.assertEquals(plan:row(1).compare, "Active vs P")
  lu.assertEquals(plan:row(1).analysis, "ttest, variance = pooled")
  lu.assertEquals(plan:row(1).population, "ITT")
  lu.assertEquals(plan:row(1).role, NA)
end

function TestEndpoint.test_defining_again_replaces()
  endpoint "A" { parameter = "ALC", analysis = "ttest" }
  endpoint "A" { parameter = "ALC", analysis = "describe" }
  lu.assertEquals(#endpoints.list, 1)
  lu.assertEquals(endpoints.find "A".definition.analysis, "describe")
end

-- Variations, visits, subgroups ------------------------------------------------

TestVariations = {}

local arms = { "P", "L", "H" }

function TestVariations:setUp()
  endpoints.list = {}
  self.s = fill()
  self.s.trial = define()
end

function TestVariations:test_a_variation_changes_what_it_names()
  endpoint "A" { parameter = "ALC", visit = "Day 29", variable = "AVAL",
    analysis = { "ttest", conf_level = 0.9 },
    sensitivity = { { "pooled", analysis = { variance = "pooled" } } },
    supplementary = { { "treated", population = "SAF" },
      { "arms", analysis = "describe" } } }
  local results = run(self.s)
  lu.assertEquals(#results, 1 + 1 + 1 + 4)
  local main = self.s:result "A"
  local pooled = self.s:result "A/pooled"
  lu.assertEquals(main.method, "Welch t test")
  lu.assertEquals(pooled.method, "Student t test, pooled variance")
  lu.assertEquals(pooled.conf_level, 0.9) -- an option that is not named stays
  lu.assertEquals({ pooled.kind, pooled.variation }, { "sensitivity", "pooled" })
  lu.assertEquals(self.s:result "A/treated.population", "SAF")
  lu.assertEquals(self.s:result "A/treated.n", main.n - 1)
  lu.assertEquals(self.s:result "A[P]/arms.estimate_name", "mean")
  lu.assertStrContains(message(self.s.result, self.s, "A/exact"),
    "no result A/exact; variation: main, pooled, treated, arms")
  lu.assertStrContains(tostring(results), "pooled")
end

function TestVariations:test_mistakes_in_variations_have_their_lines()
  endpoint "A" { parameter = "ALC", visit = "Day 29", analysis = "ttest",
    sensitivity = {
      { "per protocol", population = "SAF" },
      { "wrong", analysis = { varaince = "pooled" } },
      { "wrong", missing = "LOCF" },
      { analysis = "ttest" },
    },
    supplementary = {
      { "unknown", population = "PP" },
    } }
  local words = message(check, self.s)
  local function says(offset, part)
    local line
    for l in words:gmatch "[^\n]+" do
      if l:find(part, 1, true) then line = l end
    end
    lu.assertNotNil(line, part .. " in " .. words)
    return tonumber(line:match "lua:(%d+):") - offset
  end
  local first = says(0, "sensitivity begins with its name")
  lu.assertEquals(says(1, "changes population, which is another question"),
    first)
  lu.assertEquals(says(2, "no option varaince; nearest: variance"), first)
  lu.assertEquals(says(7, "unknown: no population PP"), first)
  lu.assertStrContains(words, "two variations are called wrong")
end

function TestVariations:test_each_visit_has_a_result_and_one_is_claimed()
  endpoint "V" { parameter = "ALC", visits = { "Day 1", "Day 29" },
    visit = "Day 29", variable = "AVAL", analysis = "ttest",
    compare = { "Active vs P", "H vs P" } }
  run(self.s)
  lu.assertEquals(#self.s.results, 4)
  lu.assertEquals(self.s:result "V.visit", "Day 29")
  lu.assertEquals(self.s:result "V@Day 1.visit", "Day 1")
  lu.assertEquals(self.s:result "V[H vs P].visit", "Day 29")
  lu.assertEquals(self.s:result "V[H vs P]@Day 1.compare", "H vs P")
  lu.assertEquals(#self.s.results:where { own = "Y" }, 1)
  lu.assertStrContains(message(self.s.result, self.s, "V@Day 2"),
    "no result V@Day 2; visit: Day 1, Day 29")
  endpoint "V" { parameter = "ALC", visits = { "Day 1" }, visit = "Day 29",
    analysis = "ttest" }
  lu.assertStrContains(message(check), "visit Day 29 is none of visits")
end

function TestVariations:test_subgroups_repeat_the_main_analysis()
  self.s.adsl = self.s.adsl:collect()
    :mutate "SEX = case when USUBJID <= '06' then 'F' when USUBJID <= '11' then 'M' end"
    :collect()
  endpoint "S" { parameter = "ALC", visit = "Day 29", variable = "AVAL",
    analysis = "ttest", subgroups = "SEX" }
  run(self.s)
  local f = self.s:result "S/SEX: F"
  local by_hand = ttest("AVAL ~ A", self.s.adlb:where { AVISIT = "Day 29" }
    :join(self.s.adsl:where { SEX = "F" }, "USUBJID", { how = "inner" })
    :mutate "A = case TRT01P when 'P' then 'P' else 'Active' end",
    { compare = "Active vs P" })
  lu.assertEquals(f.estimate, by_hand.estimate)
  lu.assertEquals(f.kind, "subgroup")
  -- one subject has no SEX: no comparison, and the row says why
  local missing = self.s:result "S/SEX: missing"
  lu.assertEquals(missing.estimate, NA)
  lu.assertNotEquals(missing.note, NA)
  endpoint "S" { parameter = "ALC", visit = "Day 29", analysis = "ttest",
    subgroups = { "SXE" } }
  lu.assertStrContains(message(check, self.s), "no column SXE; nearest: SEX")
end

function TestVariations:test_events_count_also_where_there_are_none()
  self.s.adae = make({ "USUBJID", "AETOXGR" },
    { { "01", "01", "02", "07" }, { 1, 3, 3, 4 } })
  endpoint "ANY" { data = "adae", where = "AETOXGR >= 3", variable = "any",
    analysis = "describe" }
  endpoint "N" { data = "adae", variable = "count", analysis = "describe" }
  run(self.s)
  local n, mean = 0, 0
  for row in self.s.results:where { endpoint = "ANY", group = arms }:rows() do
    n, mean = n + row.n, mean + row.n * row.estimate
  end
  lu.assertEquals(n, 12)
  lu.assertAlmostEquals(mean, 3, 1e-12)
  mean = 0
  for row in self.s.results:where { endpoint = "N", group = arms }:rows() do
    mean = mean + row.n * row.estimate
  end
  lu.assertAlmostEquals(mean, 4, 1e-12)
end

function TestVariations:test_a_subject_without_a_value_may_be_a_nonresponder()
  endpoint "R" { parameter = "ALC", visit = "Day 29", variable = "AVAL >= 700",
    analysis = "describe", sensitivity = {
      { "failure", missing = "nonresponder" } } }
  run(self.s)
  local function total(variation)
    local n, sum = 0, 0
    for row in self.s.results:where { variation = variation, group = arms }
        :rows() do
      n, sum = n + row.n, sum + row.n * row.estimate
    end
    return n, sum
  end
  local n, sum = total "main"
  local all, same = total "failure"
  lu.assertEquals({ n, all }, { 11, 12 })
  lu.assertAlmostEquals(sum, same, 1e-12)
  lu.assertStrContains(self.s:result "R[P]/failure.note",
    "1 subject without a value counted as nonresponder")
  endpoint "R" { parameter = "ALC", visit = "Day 29", variable = "AVAL",
    analysis = "describe", missing = "nonresponder" }
  lu.assertStrContains(message(check, self.s),
    'missing = "nonresponder" is for a condition')
end

-- Statistics as analyses ---------------------------------------------------------

TestAnalyses = {}

function TestAnalyses:setUp()
  endpoints.list = {}
  self.s = fill()
  self.s.trial = define()
  self.s.adsl = self.s.adsl:collect():mutate(
    "SEX = case when USUBJID in ('01', '04', '06', '08', '11', '12') then 'F' else 'M' end",
    "DOSE = case TRT01P when 'P' then 0 when 'L' then 1 else 3 end"):collect()
  self.s.base = self.s.adlb:where { AVISIT = "Day 1" }
    :select("USUBJID", "BASE = AVAL")
  self.s.adlb2 = self.s.adlb:join(self.s.base, "USUBJID")
end

local function day29(s)
  return s.adlb2:where { AVISIT = "Day 29" }:join(s.adsl, "USUBJID",
    { how = "left" })
end

function TestAnalyses:test_lm_compares_least_squares_means()
  endpoint "A" { data = "adlb2", visit = "Day 29", variable = "ln(AVAL)",
    compare = { "Active vs P", "H vs L" },
    analysis = { "lm", "~ ln(BASE) + TRT01P + SEX", vcov = "HC3" },
    supplementary = {
      { "all", compare = "all arms", analysis = { vcov = "classical" } },
      { "dose", analysis = { "lm", "~ ln(BASE) + DOSE", term = "DOSE" } },
      { "margins", analysis = { margins = "proportional" } } } }
  run(self.s)
  local m = lm("log(AVAL) ~ log(BASE) + TRT01P + SEX", day29(self.s),
    { vcov = "HC3" })
  local by_hand = m:contrast({ "Active vs P" }, { ratio = true })
  local row = self.s:result "A"
  lu.assertAlmostEquals(row.estimate / by_hand.estimate, 1, 1e-14)
  lu.assertAlmostEquals(row.conf_low / by_hand.conf_low, 1, 1e-14)
  lu.assertEquals(row.p_value, by_hand.p_value)
  lu.assertEquals(row.estimate_name, "ratio of geometric least-squares means")
  lu.assertAlmostEquals(self.s:result "A[P].estimate",
    m:means("TRT01P", { ratio = true }):row(1).estimate, 1e-9)
  local all = self.s:result "A/all"
  local f = lm("log(AVAL) ~ log(BASE) + TRT01P + SEX", day29(self.s)):anova()
  for test in f:rows() do
    if test.term == "TRT01P" then
      lu.assertEquals({ all.statistic, all.p_value, all.df },
        { test.statistic, test.p_value, test.df })
    end
  end
  local dose = lm("log(AVAL) ~ log(BASE) + DOSE", day29(self.s)):term "DOSE"
  lu.assertAlmostEquals(self.s:result "A/dose.estimate",
    math.exp(dose.estimate), 1e-12)
  lu.assertNotEquals(self.s:result "A[P]/margins.estimate",
    self.s:result "A[P].estimate")
end

function TestAnalyses:test_ranks()
  endpoint "W" { data = "adlb2", visit = "Day 29", variable = "ln(AVAL)",
    analysis = "wilcoxon", compare = "H vs P", supplementary = {
      { "kw", analysis = "kruskal", compare = "all arms" },
      { "sites", analysis = { "van_elteren", "~ TRT01P + strata(SEX)" } } } }
  run(self.s)
  local two = day29(self.s):where { TRT01P = { "H", "P" } }
  local w = wilcoxon("log(AVAL) ~ TRT01P", two, { compare = "H vs P" })
  lu.assertEquals(self.s:result "W.p_value", w.p_value)
  lu.assertAlmostEquals(self.s:result "W.estimate", math.exp(w.estimate), 1e-12)
  lu.assertEquals(self.s:result "W/kw.p_value",
    kruskal("AVAL ~ TRT01P", day29(self.s)).p_value)
  lu.assertEquals(self.s:result "W/sites.p_value",
    van_elteren("AVAL ~ TRT01P + strata(SEX)", two,
      { compare = "H vs P" }).p_value)
end

function TestAnalyses:test_adjust_is_over_visits_and_comparisons()
  endpoint "A" { parameter = "ALC", visits = { "Day 1", "Day 29" },
    variable = "AVAL", compare = { "Active vs P", "H vs P" },
    analysis = "ttest", adjust = "holm",
    sensitivity = { { "none", adjust = "none" } } }
  run(self.s)
  local p, adjusted = {}, {}
  for row in self.s.results:where { variation = "main" }:rows() do
    p[#p + 1], adjusted[#adjusted + 1] = row.p_value, row.p_adjusted
  end
  lu.assertEquals(#p, 4)
  lu.assertEquals(adjusted, padjust(p, "Holm"))
  for row in self.s.results:where { variation = "none" }:rows() do
    lu.assertEquals(row.p_adjusted, row.p_value)
  end
  endpoint "A" { parameter = "ALC", visit = "Day 29", analysis = "ttest",
    adjust = "Hommer" }
  lu.assertStrContains(message(check), "nearest: Hommel")
end

function TestAnalyses:test_what_an_analysis_cannot_do_is_told()
  local words = message(function()
    endpoint "A" { data = "adlb2", visit = "Day 29", analysis = "ttest",
      compare = "all arms" }
    check(self.s)
  end)
  lu.assertStrContains(words, "ttest does not take all arms at once")
  words = message(function()
    endpoint "A" { data = "adlb2", visit = "Day 29",
      analysis = { "lm", "~ TRT01P", margins = "equall" } }
    check(self.s)
  end)
  lu.assertStrContains(words, "nearest: equal")
end

lu.assertTrue(trials.is(define()))
os.exit(lu.LuaUnit.run())
