-- Missing values, intercurrent events, the conditional rule, and the linter that
-- compares an analysis with its stated estimand.
local lu = require "luaunit"
local NA = require "ts.na".NA
local shared = require "tests.lua.endpoints"
local endpoints = require "trialsh.endpoint"

local s
local message = shared.message

local events = { intercurrent = {
  { "death", "Death from any cause", "adsl", date = "DTHDT" },
  { "stop", "Drug stopped", "adsl", date = "DCTDT",
    strategy = "treatment policy" } } }

-- The subjects' values by hand: of ALC, by id.
local function values(column, visit, code)
  local out = {}
  for row in s.adlb:where { PARAMCD = code or "ALC", AVISIT = visit }:rows() do
    out[row.USUBJID] = row[column]
  end
  return out
end

local arm_of, sample = {}, nil
local function arms()
  for row in s.adsl:rows() do arm_of[row.USUBJID] = row.TRT01P end
end

-- { values of H }, { values of P } of a table by subject
function sample(of)
  local h, p = {}, {}
  local ids = {}
  for id in pairs(of) do ids[#ids + 1] = id end
  table.sort(ids)
  for _, id in ipairs(ids) do
    if arm_of[id] == "H" then h[#h + 1] = of[id] end
    if arm_of[id] == "P" then p[#p + 1] = of[id] end
  end
  return h, p
end

local function define(def)
  local out = { parameter = "ALC", visit = "Day 29", variable = "AVAL",
    compare = "H vs P", intercurrent = { death = "while alive" },
    analysis = "ttest" }
  for key, value in pairs(def) do out[key] = value or nil end
  endpoints.list = {}
  endpoint "E" (out)
  run(s)
  return s:result "E"
end

-- Missing values -----------------------------------------------------------------

TestMissing = {}

function TestMissing.setUp()
  s = shared.study()
  arms()
end

function TestMissing.test_the_last_value_is_carried()
  local row = define { missing = "LOCF", intercurrent = {} }
  local of, n = values("AVAL", "Day 8"), 0
  for id, x in pairs(values("AVAL", "Day 29")) do of[id] = x end
  local by_hand = ttest(sample(of))
  lu.assertEquals(row.estimate, by_hand.estimate)
  lu.assertEquals(row.p_value, by_hand.p_value)
  for id in pairs(values("AVAL", "Day 8")) do
    if not values("AVAL", "Day 29")[id] then n = n + 1 end
  end
  lu.assertStrContains(row.note, n .. " values carried forward")
  -- the baseline is not carried: 15 has nothing after it, 05 died before
  lu.assertEquals({ of["15"], of["05"] }, {})
  lu.assertEquals(row.n_missing, 2)
end

function TestMissing.test_the_worst_rank_is_below_or_above_all()
  for code, worse in pairs { ALC = -1e6, SOFA = 1e6 } do
    local row = define { missing = "worst rank", analysis = "wilcoxon",
      intercurrent = {}, parameter = code }
    local of = values("AVAL", "Day 29", code)
    for id in pairs(arm_of) do of[id] = of[id] or worse end
    local h, p = sample(of)
    local by_hand = wilcoxon(h, p)
    lu.assertEquals(row.p_value, by_hand.p_value)
    lu.assertEquals(row.statistic, by_hand.statistic)
    lu.assertEquals(row.n, 16)
    lu.assertEquals({ row.estimate, row.conf_low }, { NA, NA })
    lu.assertStrContains(row.note, "the worst rank is no value")
  end
  endpoints.list = {}
  endpoint "E" { parameter = "ALC", visit = "Day 29", variable = "AVAL",
    better = "lower", missing = "worst rank", analysis = "wilcoxon" }
  run(s) -- its own better goes before the parameter's
  local of = values("AVAL", "Day 29")
  for id in pairs(arm_of) do of[id] = of[id] or 1e6 end
  lu.assertEquals(s:result "E[H vs P].statistic",
    wilcoxon(sample(of)).statistic)
end

function TestMissing.test_rules_that_do_not_fit_are_refused()
  for _, case in ipairs {
      { { missing = "worst rank" }, "is for tests of ranks" },
      { { missing = "nonresponder" }, "is for a condition" },
      { { missing = "at random" }, "needs a model of all visits, mmrm" },
      { { missing = "tipping point" }, 'missing = "tipping point" is not there' },
      { { missing = "last" }, "no missing last" },
      { { missing = "LOCF", visit = false, where = "AVISIT = 'Day 29'" },
        "a visit of the trial is needed" } } do
    endpoints.list = {}
    local def = { parameter = "ALC", visit = "Day 29", variable = "AVAL",
      analysis = "ttest" }
    for key, value in pairs(case[1]) do def[key] = value or nil end
    endpoint "E" (def)
    lu.assertStrContains(message(check, s), case[2])
  end
end

-- Intercurrent events --------------------------------------------------------------

TestEvents = {}

function TestEvents.setUp()
  s = shared.study(events)
  arms()
end

function TestEvents.test_each_endpoint_says_what_death_means()
  endpoint "E" { parameter = "ALC", visit = "Day 29", analysis = "ttest" }
  lu.assertStrContains(message(check, s), 'no strategy for death, and the trial '
    .. 'has none; intercurrent = { death = "composite" }')
  for _, case in ipairs {
      { { deth = "composite" }, "no intercurrent event deth; nearest: death" },
      { { death = "composit" }, "death: no strategy composit; nearest: composite" },
      { { death = "principal stratum" }, "principal stratum is not there yet" },
      { { death = { "composite", AVAL = "x" } }, "AVAL is a string" },
      { { death = { "while alive", AVAL = 1 } }, "gives the event a value" } } do
    endpoints.list = {}
    endpoint "E" { parameter = "ALC", visit = "Day 29", analysis = "ttest",
      intercurrent = case[1] }
    lu.assertStrContains(message(check, s), case[2])
  end
end

-- Died by day 29, or by their last value of it: 05, 10 and 21; 19 later.
function TestEvents.test_composite_responders_fail_with_the_event()
  local row = define { variable = "AVAL >= 600", analysis = "riskdiff",
    intercurrent = { death = "composite" } }
  local of = {}
  for id, x in pairs(values("AVAL", "Day 29")) do of[id] = x >= 600 and 1 or 0 end
  for _, id in ipairs { "05", "10", "21" } do
    lu.assertNil(of[id])
    of[id] = 0
  end
  local h, p = sample(of)
  local function count(list)
    local n = 0
    for _, x in ipairs(list) do n = n + x end
    return { n, #list }
  end
  local by_hand = riskdiff { count(h), count(p) }
  lu.assertEquals(row.estimate, by_hand.estimate)
  lu.assertEquals({ row.n_1, row.n_2 }, { #h, #p })
  lu.assertStrContains(row.note, "3 subjects with death counted as nonresponders")
end

function TestEvents.test_composite_values_count_beside_the_baseline()
  local row = define { parameter = "SOFA", variable = "CHG",
    analysis = "wilcoxon", intercurrent = {
      death = { "composite", AVAL = 24 } } }
  local of = values("CHG", "Day 29", "SOFA")
  local base = values("BASE", "Day 1", "SOFA")
  for _, id in ipairs { "05", "10", "21" } do of[id] = 24 - base[id] end
  local by_hand = wilcoxon(sample(of))
  lu.assertEquals(row.estimate, by_hand.estimate)
  lu.assertEquals(row.p_value, by_hand.p_value)
  lu.assertStrContains(row.note, "counted as AVAL = 24")
end

-- Without dates a value stands, as it was measured before its visit's day.
-- Who stopped and then died is dead, whatever the visit has.
function TestEvents.test_of_several_events_the_first_declared_counts()
  s.adsl = read "tests/data/endpoint/adsl.csv":mutate("DCTDT = iif(USUBJID in "
    .. "('05', '21'), DTHDT, DCTDT)"):collect()
  define { intercurrent = { death = { "composite", AVAL = 24 }, stop = {
    "composite", AVAL = 0 } }, compare = { "Active vs P" }, analysis = "wilcoxon" }
  local got = {}
  for row in why "E":rows() do got[row.USUBJID] = row.AVAL end
  lu.assertEquals({ got["05"], got["21"], got["10"] }, { 24, 24, 24 })
  lu.assertEquals({ got["03"], got["08"] }, { 0, 0 })
  local note = s:result "E".note
  lu.assertStrContains(note, "3 subjects with death counted as AVAL = 24")
  lu.assertStrContains(note, "3 subjects with stop counted as AVAL = 0")
end

function TestEvents.test_composite_without_dates()
  s.adlb2 = s.adlb:where "USUBJID <> '16' or AVISIT <> 'Day 29'"
    :mutate "ADT = null":collect()
  s.adsl = s.adsl:collect():mutate([[DTHDT = case USUBJID when '02' then
    '2020-02-02' when '14' then '2020-01-29' when '16' then '2020-02-04'
    else DTHDT end]]):collect()
  s.adlb3 = s.adlb2:select("USUBJID", "PARAMCD", "AVISIT", "AVAL", "BASE")
  define { data = "adlb3", where = "PARAMCD = 'ALC'", parameter = false,
    compare = "Active vs P", variable = "AVAL >= 1", analysis = "riskdiff",
    intercurrent = { death = "composite" } }
  local failed = {}
  for row in why "E":where "STATUS = 'counted'":rows() do
    failed[row.USUBJID] = true
  end
  -- 02 died on day 33, after its value; 14 on day 29; 16 on day 35, without one
  lu.assertEquals(failed, { ["05"] = true, ["10"] = true, ["21"] = true,
    ["14"] = true, ["16"] = true })
end

function TestEvents.test_composite_over_visits_counts_once()
  define { parameter = "SOFA", visits = { "Day 8", "Day 29" },
    variable = "max(AVAL)", analysis = "wilcoxon", compare = "Active vs P",
    intercurrent = { death = { "composite", AVAL = 24 } } }
  local worst = {}
  for row in why "E":where "STATUS <> 'left out'":rows() do
    if row["max(AVAL)"] == 24 then worst[#worst + 1] = row.USUBJID end
  end
  lu.assertEquals(worst, { "05", "10", "21" })
end

function TestEvents.test_times_to_events_are_not_cut()
  s.adtte = s.adtte:collect():mutate "ADT = '2020-03-01'":collect()
  define { parameter = "DEATH", visit = false, variable = false,
    analysis = "logrank", compare = "Active vs P",
    intercurrent = { death = "outcome", stop = "while alive" } }
  lu.assertEquals(s:result "E.n", 24)
  lu.assertStrContains(check(s), "stop is while alive, and logrank takes who "
    .. "has it as if the time went on")
end

function TestEvents.test_events_of_a_table_have_their_day()
  s.adae = s.adae:collect():mutate "ASTDT = iif(USUBJID = '16', '2020-01-20', '2020-01-02')"
    :collect()
  s.adsl = s.adsl:collect():mutate "DCTDT = iif(USUBJID = '16', '2020-01-10', null)"
    :collect()
  define { parameter = false, visit = false, data = "adae", variable = "any",
    analysis = "riskdiff", compare = "Active vs P",
    intercurrent = { death = "while alive", stop = "while alive" } }
  lu.assertStrContains(s:result "E.note", "2 values after death or stop not used")
end

function TestEvents.test_composite_without_a_value_is_the_worst_rank()
  local row = define { analysis = "wilcoxon", intercurrent = {
    death = "composite" } }
  local of = values("AVAL", "Day 29")
  for _, id in ipairs { "05", "10", "21" } do of[id] = -1 end
  lu.assertEquals(row.statistic, wilcoxon(sample(of)).statistic)
  lu.assertEquals(row.n, #sample(of) + #select(2, sample(of)))
  endpoints.list = {}
  endpoint "E" { parameter = "ALC", visit = "Day 29", variable = "AVAL",
    analysis = "ttest", intercurrent = { death = "composite" } }
  lu.assertStrContains(message(check, s), "death: composite: which value? ttest takes numbers")
end

-- 03 stopped on day 15, 08 on day 4, 17 on day 27; 03's value is of day 31.
function TestEvents.test_hypothetical_leaves_out_what_came_after()
  local row = define { intercurrent = { death = "while alive",
    stop = "hypothetical" } }
  local of = values("AVAL", "Day 29")
  for _, id in ipairs { "03", "08", "17" } do of[id] = nil end
  local by_hand = ttest(sample(of))
  lu.assertEquals(row.estimate, by_hand.estimate)
  lu.assertStrContains(row.note, "3 values after death or stop not used")
  -- by treatment policy they stay
  row = define {}
  lu.assertEquals(row.estimate,
    ttest(sample(values("AVAL", "Day 29"))).estimate)
end

function TestEvents.test_while_alive_and_while_on_treatment()
  local row = define { visits = { "Day 8", "Day 29" }, variable = "mean(AVAL)",
    intercurrent = { death = "while alive", stop = "while alive" } }
  local of, first = {}, values("AVAL", "Day 8")
  local last = values("AVAL", "Day 29")
  for id in pairs(arm_of) do
    local a, b = first[id], last[id]
    if id == "08" then a = nil end
    if id == "03" or id == "08" or id == "17" then b = nil end
    if a and b then of[id] = (a + b) / 2 else of[id] = a or b end
  end
  local by_hand = ttest(sample(of))
  lu.assertAlmostEquals(row.estimate, by_hand.estimate, 1e-12)
  lu.assertEquals(row.n, by_hand.n)
end

function TestEvents.test_an_event_needs_its_date()
  s = shared.study { intercurrent = { { "death", "Death", "adsl",
    date = "DTHDTT" } } }
  endpoint "E" { parameter = "ALC", visit = "Day 29", variable = "AVAL >= 1",
    analysis = "riskdiff", intercurrent = { death = "composite" } }
  lu.assertStrContains(message(check, s), "no column DTHDTT; nearest: DTHDT")
end

-- The linter ------------------------------------------------------------------------

local remarks = {
  { { summary = "odds ratio", analysis = "riskdiff", variable = "AVAL > 1" },
    "riskdiff estimates a difference of proportions, and the summary is the odds "
      .. "ratio: oddsratio" },
  { { summary = "ratio of geometric means" },
    "ttest estimates a difference of means, and the summary is the ratio of" },
  { { summary = "ratio of geometric means", variable = "ln(AVAL)" }, nil },
  { { summary = "difference of medians", analysis = "mediandiff" }, nil },
  { { summary = "difference of medians", analysis = "wilcoxon" }, nil },
  { { summary = "ratio of medians", variable = "ln(AVAL)",
    analysis = "mediandiff" }, nil },
  { { summary = "shift", analysis = "mediandiff" },
    "mediandiff estimates a difference of medians, and the summary is the " },
  { { summary = "ratio of medians", analysis = "wilcoxon" },
    "wilcoxon estimates a shift, and the summary is the ratio of medians: " },
  { { summary = "Risk difference", variable = "AVAL > 1",
    analysis = "boschloo" }, nil },
  { { variable = "AVAL > 1", analysis = "ttest" },
    "ttest looks at numbers, and AVAL > 1 holds or does not" },
  { { intercurrent = { death = "treatment policy" } },
    "death has no treatment policy" },
  { { intercurrent = { death = "hypothetical" } },
    'death is "hypothetical", and ttest leaves out who has it' },
  { { variable = "AVAL > 1", analysis = "riskdiff", missing = "nonresponder" },
    'death is "while alive", and missing = "nonresponder" counts' },
  { { intercurrent = { death = "outcome" } }, "death is the outcome" },
  { { variable = "AVAL > 1", analysis = "riskdiff", sensitivity = { { "ratio",
    analysis = "oddsratio" } } }, "E/ratio: it estimates an odds ratio" },
  { {}, nil },
}

function TestEvents.test_the_linter_says_what_is_not_the_estimand()
  for i, case in ipairs(remarks) do
    endpoints.list = {}
    local def = { parameter = "ALC", visit = "Day 29", variable = "AVAL",
      analysis = "ttest", intercurrent = { death = "while alive" } }
    for key, value in pairs(case[1]) do def[key] = value end
    endpoint "E" (def)
    local words = check(s)
    lu.assertStrContains(words, "1 endpoint, no mistakes")
    if case[2] then
      lu.assertStrContains(words, case[2])
    else
      lu.assertNotStrContains(words, "estimand", i)
    end
  end
end

-- The conditional rule ---------------------------------------------------------------

TestInstead = {}

function TestInstead.setUp()
  s = shared.study()
  arms()
end

function TestInstead.test_the_rule_chooses_the_analysis()
  local median = s.adlb:where { PARAMCD = "ALC", AVISIT = "Day 29",
    USUBJID = (function()
      local list = {}
      for id, arm in pairs(arm_of) do if arm == "P" then list[#list + 1] = id end end
      table.sort(list)
      return list
    end)() }:summarise "m = median(CHG)":row(1).m
  for add, holds in pairs { [-1] = true, [1] = false } do
    local rule = ("median(CHG) >= %d"):format(median + add)
    local row = define { variable = "AVAL >= 600", analysis = "fisher",
      intercurrent = {}, missing = "nonresponder",
      instead = { when = rule, within = "P", variable = "CHG",
        missing = "worst rank", analysis = "wilcoxon" },
      sensitivity = { { "excluded", missing = "exclude" } } }
    lu.assertEquals(row.analysis, holds and "wilcoxon" or "fisher")
    lu.assertEquals(row.variable, holds and "CHG" or "AVAL >= 600")
    lu.assertStrContains(row.note, ("%s in P: %s"):format(rule, holds
      and "yes, so the other analysis is done"
      or "no, so the first analysis is done"))
    if holds then
      local of = values("CHG", "Day 29")
      for id in pairs(arm_of) do of[id] = of[id] or -1e6 end
      lu.assertEquals(row.p_value, wilcoxon(sample(of)).p_value)
    end
  end
end

function TestInstead.test_mistakes_in_the_rule()
  for _, case in ipairs {
      { { when = "median(CHGG) >= 1", within = "P" }, "no column CHGG" },
      { { when = "CHG >= 1", within = "P" }, "instead" },
      { { when = "median(CHG) >= 1", within = "Pl" }, "no arm Pl" },
      { { wenn = "x", within = "P" }, "no key wenn; nearest: when" },
      { { when = "median(CHG) >= 1", within = "P", analysis = "ttset" },
        "instead: no analysis ttset; nearest: ttest" } } do
    endpoints.list = {}
    endpoint "E" { parameter = "ALC", visit = "Day 29", variable = "AVAL",
      analysis = "ttest", instead = case[1] }
    lu.assertStrContains(message(check, s), case[2])
  end
end

os.exit(lu.LuaUnit.run())
