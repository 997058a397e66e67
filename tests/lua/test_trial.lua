-- trial: what a definition may hold. Each mistake gives one message, with its
-- line and the nearest name; what is right comes back from a study as it was.
local lu = require "luaunit"
local trials = require "trialsh.trial"

local function definition(more)
  local def = {
    title = "A trial", registration = { "NCT1", "NCT2" },
    arms = { { "Placebo", "Placebo", reference = true }, { "Low" }, { "High" },
      { "Active", "both", pool = { "Low", "High" } } },
    compare = { "Active vs Placebo" },
    randomisation = { "permuted blocks", ratio = { 2, 1, 1 },
      sizes = { 4, 8 }, strata = "SITE" },
    dosing = { Low = { 1, 8 }, High = { 1, 4, 8 } },
    visits = { choose = "closest", ties = "later",
      { "Baseline", 1, window = { upto = 1 } },
      { "Day 8", 8, window = { 5, 11 } },
      { "Day 29", 29, window = { from = 12 } } },
    populations = { { "ITT", "all", "RANDDT is not null",
      treatment = "TRT01P" } },
    parameters = { { "ALC", "Lymphocytes", "adlb", unit = "/uL",
      range = { 1000, 4000 }, better = "higher" },
      { "IL6", "IL-6", "adlb", unit = "pg/mL", limit = "LLOQ" } },
    intercurrent = { { "death", "Death", "adsl", date = "DTHDT" },
      { "stop", "Stopped", "adsl", date = "DCTDT",
        strategy = "treatment policy" } },
    alpha = 0.05, conf_level = 0.9, seed = 7,
  }
  for key, value in pairs(more or {}) do def[key] = value end
  return def
end

local function mistakes(more)
  local ok, err = pcall(trial "T", definition(more))
  lu.assertFalse(ok, "it was taken")
  local list = {}
  for line in err.message:gmatch "[^\n]+" do list[#list + 1] = line end
  return list
end

TestTrial = {}

function TestTrial.test_all_of_it_is_taken()
  local t = trial "T" (definition())
  lu.assertEquals(t.visits.choose, "closest")
  lu.assertEquals(t.visits["Day 8"].window, { 5, 11 })
  lu.assertEquals(t.parameters.IL6.limit, "LLOQ")
  lu.assertEquals(t.intercurrent.stop.strategy, "treatment policy")
  lu.assertEquals(t.dosing.High, { 1, 4, 8 })
  lu.assertEquals(t.randomisation.ratio, { 2, 1, 1 })
end

function TestTrial.test_a_study_gives_it_back()
  local s = require "trialsh.study".memory()
  s.trial = trial "T" (definition())
  local t = s.trial
  lu.assertEquals(t.visits.ties, "later")
  lu.assertEquals(t.visits[1].window, { upto = 1 })
  lu.assertEquals(t.randomisation[1], "permuted blocks")
  lu.assertEquals(t.randomisation.sizes, { 4, 8 })
  lu.assertEquals(t.populations.ITT.treatment, "TRT01P")
  lu.assertEquals(trials.to_json(t), trials.to_json(trials.from_json(
    trials.to_json(t))))
end

-- key and value, and what the one message says.
local cases = {
  { { visits = { choose = "closets", { "Day 8", 8 } } },
    "visits: no choose closets; nearest: closest" },
  { { visits = { tie = "later", { "Day 8", 8 } } },
    "visits: no key tie; nearest: ties" },
  { { visits = { { "Day 8", 8, windwo = { 5, 11 } } } },
    "Day 8: no key windwo; nearest: window" },
  { { visits = { { "Day 8" } } }, "visit Day 8 has no day" },
  { { visits = { { "Day 8", "8" } } },
    "Day 8: day is a string, a number is needed", "visit Day 8 has no day" },
  { { visits = { { "Day 0", 0 } } }, "visit Day 0: there is no day 0" },
  { { visits = { { "Day 8", 8, window = { 11, 5 } } } },
    "Day 8: window ends at 5, before it begins at 11",
    "visit Day 8: day 8 lies outside of its window" },
  { { visits = { { "Day 8", 8, window = { 9, 11 } } } },
    "visit Day 8: day 8 lies outside of its window" },
  { { visits = { { "Day 8", 8, window = { "a", 11 } } } },
    "Day 8: window is { from, upto }, two numbers" },
  { { visits = { { "A", 8, window = { 5, 11 } },
      { "B", 12, window = { 11, 14 } } } }, "the windows of A and B overlap" },
  { { visits = { { "A", 8, window = { from = 5 } },
      { "B", 12, window = { 11, 14 } } } }, "the windows of A and B overlap" },
  { { visits = { { "Day 8", 8 }, { "Day 8", 9 } } },
    "visits has 'Day 8' twice" },
  { { visits = { { "Day 8", 8, 5, 11 } } }, "Day 8: 5 is too much",
    "Day 8: 11 is too much" },
  { { populations = { { "ITT", "all" } } },
    "population ITT has no condition on ADSL" },
  { { populations = { { "ITT", "all", "A = 1", treatmnt = "TRT01P" } } },
    "ITT: no key treatmnt; nearest: treatment" },
  { { populations = { "ITT" } },
    "entry 1 of populations does not begin with its name" },
  { { parameters = { { "ALC", "Lymphocytes" } } },
    "parameter ALC names no table" },
  { { parameters = { { "ALC", "L", "adlb", better = "highest" } } },
    "ALC: no better highest; nearest: higher" },
  { { parameters = { { "ALC", "L", "adlb", unti = "/uL" } } },
    "ALC: no key unti; nearest: unit" },
  { { parameters = { { "ALC", "L", "adlb", range = { 4, 1 } } } },
    "ALC: range ends at 1, before it begins at 4" },
  { { parameters = { { "ALC", "L", "adlb", range = {} } } },
    "ALC: range is empty" },
  { { parameters = { { "ALC", "L", "adlb", limit = -1 } } },
    "ALC: a limit is above 0" },
  { { intercurrent = { { "death", "Death", "adsl", date = "DTHDT",
      strategy = "composite" } } }, "death has no default strategy" },
  { { intercurrent = { { "stop", "Stop", "adsl", date = "DCTDT",
      strategy = "treatment polcy" } } },
    "stop: no strategy treatment polcy; nearest: treatment policy" },
  { { intercurrent = { { "stop", "Stop" } } },
    "stop has no date" },
  { { randomisation = { "permutd blocks", ratio = { 1, 1, 1 } } },
    "randomisation: no scheme permutd blocks; nearest: permuted blocks" },
  { { randomisation = { "simple", ratios = { 1, 1, 1 } } },
    "randomisation: no key ratios; nearest: ratio" },
  { { randomisation = { "simple", ratio = { 1, 1 } } },
    "the ratio has 2 numbers, there are 3 arms" },
  { { randomisation = { "permuted blocks", ratio = { 1, 1, 1 },
      sizes = { 4 } } }, "a block of 4 does not hold the ratio" },
  { { randomisation = { "permuted blocks", ratio = { 1, 1, 1 } } },
    "permuted blocks have sizes" },
  { { dosing = { Lwo = { 1 } } }, "dosing: no arm Lwo; nearest: Low" },
  { { dosing = { Low = { 8, 1 } } }, "dosing: the days of Low are whole" },
  { { dosing = { Low = { 0, 1 } } }, "dosing: the days of Low are whole" },
  { { arms = { { "Placebo", refrence = true }, { "Low" }, { "High" },
      { "Active", pool = { "Low" } } } },
    "Placebo: no key refrence; nearest: reference" },
  { { alpha = 5 }, "alpha = 5 is not between 0 and 1" },
  { { conf_level = 95 }, "conf_level = 95 is not between 0 and 1" },
  { { seed = 1.5 }, "the seed is a whole number" },
  { { seed = "x" }, "seed is a string, a number is needed" },
  { { compare = 3 }, "compare is a list" },
  { { registration = 5 }, "registration is a text" },
}

function TestTrial.test_one_message_for_each_mistake()
  for _, case in ipairs(cases) do
    local lines = mistakes(case[1])
    local all = table.concat(lines, "\n")
    for i = 2, #case do lu.assertStrContains(all, case[i]) end
    lu.assertTrue(#lines <= math.max(#case - 1, 1), all)
  end
end

function TestTrial.test_all_mistakes_at_once()
  local lines = mistakes { alpha = 5, seed = 1.5,
    visits = { choose = "clos", { "Day 8", 8, windwo = {} } } }
  lu.assertEquals(#lines, 4)
end

os.exit(lu.LuaUnit.run())
