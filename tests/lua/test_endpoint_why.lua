-- why(x) and explain(x): who is behind a number agrees with its n; the sentence
-- says what the definition says.
local lu = require "luaunit"
local NA = require "ts.na".NA
local shared = require "tests.lua.endpoints"
local endpoints = require "trialsh.endpoint"

local s

local events = { intercurrent = {
  { "death", "Death from any cause", "adsl", date = "DTHDT" },
  { "stop", "Drug stopped", "adsl", date = "DCTDT",
    strategy = "treatment policy" } } }

local function define(def)
  local out = { parameter = "ALC", visit = "Day 29", variable = "AVAL",
    compare = { "H vs P" }, intercurrent = { death = "while alive" },
    analysis = "ttest" }
  for key, value in pairs(def) do out[key] = value end
  endpoints.list = {}
  endpoint "E" (out)
  run(s)
end

-- { status = number } and { reason = number }
local function counts(r)
  local status, reason = {}, {}
  for row in r:rows() do
    status[row.STATUS] = (status[row.STATUS] or 0) + 1
    if row.REASON ~= NA then
      reason[row.REASON] = (reason[row.REASON] or 0) + 1
    end
  end
  return status, reason
end

TestWhy = {}

function TestWhy.setUp() s = shared.study(events) end

local cases = {
  { {} }, { { population = "SAF" } },
  { { analysis = { "lm", "~ BASE + TRT01P" } } },
  { { analysis = { "wilcoxon" }, missing = "worst rank" } },
  { { missing = "LOCF" } },
  { { variable = "AVAL >= 600", analysis = "riskdiff",
    missing = "nonresponder", intercurrent = { death = "composite" } } },
  { { visits = { "Day 8", "Day 29" }, variable = "mean(AVAL)" } },
  { { intercurrent = { death = "while alive", stop = "hypothetical" } } },
  { { compare = "each arm" } }, { { analysis = "kruskal",
    compare = "all arms" } },
  { { visits = { "Day 8", "Day 29" }, analysis = { "mmrm",
    "~ BASE * AVISIT + TRT01P * AVISIT" } } },
}

function TestWhy.test_the_subjects_are_those_of_n()
  local n = 0
  for i, case in ipairs(cases) do
    define(case[1])
    for row in s.results:rows() do
      if row.n ~= NA and not (row.group ~= NA and (row.analysis == "lm"
        or row.analysis == "mmrm")) then
        local status = counts(why(row))
        lu.assertEquals((status.used or 0) + (status.counted or 0), row.n, i)
        lu.assertEquals((status.used or 0) + (status.counted or 0)
          + (status["left out"] or 0), 24)
        n = n + 1
      end
    end
  end
  lu.assertEquals(n, 15)
end

function TestWhy.test_reasons()
  define { population = "SAF", compare = "L vs P", variable = "AVAL >= 600",
    analysis = "riskdiff", missing = "nonresponder",
    intercurrent = { death = "composite" } }
  local _, reason = counts(why "E")
  -- 24 (P) had no drug; H has 8 subjects; 15 and 12 (P) have no value; 21 (P)
  -- and 10 (L) died; 19 (L) died later
  lu.assertEquals(reason, { ["not in population SAF"] = 1,
    ["arm H is not part of it"] = 8, ["no value: nonresponder"] = 2,
    ["death, composite"] = 2 })
  define { intercurrent = { death = "while alive", stop = "hypothetical" },
    where = "AVAL > 450" }
  _, reason = counts(why "E.p_value")
  lu.assertEquals(reason["value after an intercurrent event"], 3)
  lu.assertNotNil(reason["no row of adlb (ALC, Day 29, AVAL > 450)"])
  s.adsl = s.adsl:collect():mutate
    "AGE = iif(USUBJID in ('01', '02'), null, AGE)":collect()
  define { analysis = { "lm", "~ AGE + TRT01P" } }
  _, reason = counts(why "E")
  lu.assertEquals(reason["AGE missing"], 2)
end

function TestWhy.test_repeated_measures_have_a_row_for_each_subject()
  define { visits = { "Day 8", "Day 29" }, analysis = { "mmrm",
    "~ BASE * AVISIT + TRT01P * AVISIT" } }
  local total = 0
  for _, visit in ipairs { "Day 8", "Day 29" } do
    local r = why("E@" .. visit)
    lu.assertEquals(#r:distinct "USUBJID", #r)
    local n = s:result(("E[H vs P]@%s.n"):format(visit))
    local others = r:where "STATUS = 'used' and AVAL is null"
    lu.assertEquals(#others, n - #shared.rows(s, "ALC", visit):where
      "AVAL is not null and BASE is not null")
    total = total + #others
    for row in others:rows() do
      lu.assertEquals(row.REASON, ("no value at %s, those of other visits count")
        :format(visit))
    end
  end
  lu.assertTrue(total > 0)
end

function TestWhy.test_variations_subgroups_and_text()
  define { subgroups = "SEX", supplementary = { { "treated",
    population = "SAF" } } }
  for _, address in ipairs { "E/treated", "E/SEX: F" } do
    lu.assertEquals(counts(why(address)).used, s:result(address).n)
  end
  local words = tostring(why "E")
  for _, part in ipairs { "E:ALC[H vs P]@Day 29: Welch t test",
    "test_endpoint_why.lua:", "sha256 ", "12 used", "arm L is not part of it" } do
    lu.assertStrContains(words, part)
  end
  lu.assertNotStrContains(words, "changed since")
  s.adlb = s.adlb:collect():mutate "AVAL = AVAL + 1":collect()
  lu.assertStrContains(tostring(why "E"), "changed since then")
  lu.assertStrContains(shared.message(why, 3), "or its address")
  lu.assertStrContains(shared.message(why, "Q"), "no result Q")
end

function TestWhy.test_explain_says_what_the_definition_says()
  define { title = "Lymphocytes at day 29", role = "primary",
    variable = "AVAL >= 600", analysis = { "riskdiff", strata = "SITEID" },
    missing = "nonresponder", intercurrent = { death = "composite" },
    compare = { "Active vs P", "H vs P" }, adjust = "Holm", subgroups = "SEX",
    summary = "difference of proportions",
    sensitivity = { { "observed", missing = "exclude" } },
    supplementary = { { "treated", population = "SAF" } } }
  local words = explain "E"
  for _, part in ipairs { "The primary endpoint, Lymphocytes at day 29",
      "AVAL >= 600 of Lymphocytes (ALC) at Day 29",
      "all randomised (ITT", "Active was compared with P",
      "difference of proportions", "stratified by SITEID", "95 %",
      "Subjects without a value counted as nonresponders",
      "death (Death from any cause) counted as not responding",
      "Drug stopped", "regardless", "adjusted by Holm", "subgroups of SEX",
      "observed (missing: exclude)", "treated (population: SAF)" } do
    lu.assertStrContains(words, part)
  end
  lu.assertEquals(explain(s:result "E"), words)
  lu.assertStrContains(explain "E/treated", "all treated (SAF")
end

local function times(words, part)
  return select(2, words:gsub(part, ""))
end

-- What holds of several endpoints is said once, behind them.
function TestWhy.test_explain_of_results_says_once_what_is_shared()
  define {}
  for id, analysis in pairs { F = "ttest", G = "riskdiff" } do
    endpoint(id) { parameter = "ALC", visit = "Day 8", compare = { "H vs P" },
      variable = id == "G" and "AVAL > 600" or "AVAL", analysis = analysis,
      missing = id == "G" and "nonresponder" or nil,
      intercurrent = { death = "while alive" } }
  end
  run(s)
  local words = explain(s.results)
  lu.assertEquals(times(words, "\n\n"), 3)
  for id in ("EFG"):gmatch "." do
    lu.assertStrContains(words, ("The endpoint %s was "):format(id))
  end
  local last = words:match "[^\n]+$"
  -- of all, of those that say nothing else, and of one alone
  lu.assertStrContains(last, "Values up to death (Death from any cause) were used")
  lu.assertStrContains(last, "Where nothing else is said, subjects without a value "
    .. "were left out.")
  lu.assertEquals(times(words, "ubjects without a value were left out"), 1)
  lu.assertEquals(times(words, "Values up to death"), 1)
  lu.assertNotStrContains(last, "nonresponders")
  lu.assertEquals(times(words, "counted as nonresponders"), 1)
end

-- P of re-randomisation are told of results that have them.
function TestWhy.test_explain_of_results_without_rerandomisation()
  s = shared.study { intercurrent = events.intercurrent,
    randomisation = { "permuted blocks", sizes = { 3 } } }
  define {}
  lu.assertStrContains(explain "E", "that of re-randomisation (permuted blocks")
  lu.assertEquals(explain(s.results), explain "E")
  run(s, { rerandomise = false })
  lu.assertNotStrContains(explain(s.results), "re-randomisation")
end

-- Events are counted: nobody without a row is left out, and who dies competes.
function TestWhy.test_explain_of_events()
  local words = explain(endpoint "AE" { data = "adae", variable = "any",
    intercurrent = { death = "while alive" }, analysis = "riskdiff" })
  lu.assertStrContains(words, "was whether there is any row of adae, in")
  lu.assertStrContains(words, "Subjects without such a row count as having none.")
  words = explain(endpoint "N" { data = "adae", variable = "count",
    intercurrent = { death = "while alive" },
    analysis = { "rateratio", time = "AGE" } })
  lu.assertStrContains(words, "was the number of rows of adae")
  words = explain(endpoint "T" { parameter = "DEATH",
    intercurrent = { death = "while alive" }, analysis = "cuminc" })
  lu.assertStrContains(words, "competes with the event (while alive).")
end

function TestWhy.test_results_whose_definition_is_not_loaded()
  define {}
  local row, script = s:result "E", s.results.script[1]
  lu.assertEquals(explain(s.results), explain "E")
  lu.assertEquals(explain(s.results:where "own = 'Y'"), explain "E")
  lu.assertEquals(counts(why(s.results:where "own = 'Y'")).used,
    counts(why "E").used)
  lu.assertStrContains(shared.message(why, s.results:union(s.results)),
    "why takes one result, not 2; r:row(1) is the first of them")
  endpoints.list = {}
  for _, f in ipairs { explain, why } do
    for _, x in ipairs { "E", row } do
      local words = shared.message(f, x)
      lu.assertStrContains(words, "endpoint E is not defined here: the study "
        .. "holds its results")
      lu.assertStrContains(words, ('dofile "%s" first (line %d)'):format(script,
        row.line))
    end
  end
  for _, f in ipairs { sap, run } do
    lu.assertStrContains(shared.message(f), ('no endpoint is defined; the study '
      .. 'holds results, whose definitions are in a script: dofile "%s"'):format(
        script))
  end
  lu.assertStrContains(check(), "no endpoint is defined")
  lu.assertStrContains(shared.message(explain, "EE"), "no endpoint EE; nearest: E")
end

function TestWhy.test_the_plan_has_events_and_summary()
  define { summary = "difference of means", intercurrent = {
    death = { "composite", AVAL = 0 }, stop = "hypothetical" } }
  local row = sap():row(1)
  lu.assertEquals(row.intercurrent,
    "death: composite (AVAL = 0); stop: hypothetical")
  lu.assertEquals(row.summary, "difference of means")
  lu.assertEquals(row.compare, "H vs P")
end

os.exit(lu.LuaUnit.run())
