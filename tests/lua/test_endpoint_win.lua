-- The win ratio as an endpoint: its variable is a list of parameters. What it gives
-- is what winratio() gives of a table made by hand, also in strata, subgroups and
-- variations; who ties is told; mistakes are named.
local lu = require "luaunit"
local ref = require "tests.lua.reference"
local shared = require "tests.lua.endpoints"
local near, refuses = ref.near, ref.refuses
local endpoints = require "trialsh.endpoint"

local s

local function define(given)
  endpoints.list = {}
  local def = { variable = { { "DEATH", horizon = 60 }, { "ALC", visit = "Day 29",
    margin = 100 } }, analysis = "winratio", missing = "tie" }
  for key, value in pairs(given or {}) do def[key] = value end
  return endpoint "W" (def)
end

TestWin = {}

function TestWin.setUp()
  s = shared.study { populations = {
    { "ITT", "all", "RANDDT is not null", treatment = "TRT01P" },
    { "TWO", "one of each arm", "USUBJID in ('01', '02', '03')",
      treatment = "TRT01P" },
    { "ONE", "placebo", "TRT01P = 'P'", treatment = "TRT01P" } } }
end

local function by_hand()
  return s.adsl:select("USUBJID", "TRT01P", "SITEID", "SEX")
    :join(s.adtte:where { PARAMCD = "DEATH" }:select("USUBJID", "T = AVAL",
      "CNSR"), "USUBJID")
    :join(s.adlb:where { PARAMCD = "ALC", AVISIT = "Day 29" }:select("USUBJID",
      "A = AVAL"), "USUBJID")
end

local levels = { { "Surv(T, CNSR == 0)", horizon = 60 }, { "A", margin = 100 } }

local function same(r, w)
  for _, field in ipairs { "estimate", "std_error", "conf_low", "conf_high",
    "p_value" } do
    if w[field] == NA then lu.assertEquals(r[field], NA, field)
    else near(r[field], w[field], 1e-12, field) end
  end
  lu.assertEquals({ r.n, r.n_1, r.n_2 }, { w.n, w.n_1, w.n_2 })
end

function TestWin.test_it_is_that_of_the_table()
  define()
  lu.assertStrContains(tostring(check(s)), "1 endpoint, no mistakes")
  run(s)
  for _, compare in ipairs { "H vs P", "L vs P" } do
    local w = winratio("~ TRT01P", by_hand(), { compare = compare,
      hierarchy = levels })
    local r = s:result(("W[%s]"):format(compare))
    same(r, w)
    lu.assertStrContains(r.note, ("%d won and %d lost of %d pairs: DEATH %d"):format(
      w.wins, w.losses, w.n_pair, w:tidy().wins[1]))
  end
  local r = s:result "W"
  lu.assertEquals(r.variable, "DEATH to 60, ALC at Day 29 (margin 100)")
  lu.assertEquals(r.estimate_name, "win ratio")
  lu.assertEquals(r.compare, "Active vs P")
end

function TestWin.test_strata_subgroups_and_variations()
  define { analysis = { "winratio", strata = "SITEID" }, subgroups = "SEX",
    summary = "win ratio", adjust = "Holm",
    sensitivity = { { "normal", analysis = { exact = false } } },
    supplementary = { { "ALC alone", variable = { { "ALC", visit = "Day 29" } } } } }
  run(s)
  local data = by_hand()
  same(s:result "W[H vs P]", winratio("~ TRT01P", data, { compare = "H vs P",
    hierarchy = levels, strata = "SITEID" }))
  same(s:result "W[H vs P]/normal", winratio("~ TRT01P", data, { compare =
    "H vs P", hierarchy = levels, strata = "SITEID", exact = false }))
  same(s:result "W[H vs P]/ALC alone", winratio("~ TRT01P", data, { compare =
    "H vs P", hierarchy = { "A" }, strata = "SITEID" }))
  same(s:result "W[H vs P]/SEX: F", winratio("~ TRT01P",
    data:where { SEX = "F" }, { compare = "H vs P", hierarchy = levels,
      strata = "SITEID" }))
  lu.assertTrue(s:result "W".p_adjusted >= s:result "W".p_value)
end

-- Of times an earlier event may be the better one.
function TestWin.test_directions()
  define { variable = { { "DEATH", better = "earlier" } } }
  run(s)
  local w = winratio("~ TRT01P", by_hand(), { compare = "H vs P",
    hierarchy = { { "Surv(T, CNSR == 0)", better = "earlier" } } })
  same(s:result "W[H vs P]", w)
end

function TestWin.test_why_and_explain()
  define()
  run(s)
  local r = why "W[H vs P]"
  local missing = by_hand():where "A is null"
  lu.assertEquals(#r:where "REASON = 'ties in ALC at Day 29'",
    #missing:where { TRT01P = { "H", "P" } })
  lu.assertEquals(#r:where "STATUS = 'left out'", #s.adsl:where
    { TRT01P = "L" })
  lu.assertStrContains(tostring(r), "used: ties in ALC at Day 29")
  local names = tostring(r:select("DEATH", "DEATH event", "ALC at Day 29"))
  lu.assertStrContains(names, "ALC at Day 29")
  local words = explain "W"
  lu.assertStrContains(words, "was a hierarchy of outcomes, of which the first "
    .. "that tells two subjects apart decides: DEATH to 60, ALC at Day 29 (margin "
    .. "100)")
  lu.assertStrContains(words, "Values that are missing tie.")
  lu.assertStrContains(words, "by the win ratio; the win ratio has a 95 %")
  lu.assertEquals(sap().variable[1], "DEATH to 60, ALC at Day 29 (margin 100)")
end

function TestWin.test_few_subjects()
  define { population = "TWO" }
  run(s)
  local r = s:result "W[H vs P]"
  lu.assertEquals(r.p_value, 1)
  lu.assertNotEquals(r.note, NA)
  define { population = "ONE" }
  run(s)
  lu.assertStrContains(s:result "W[H vs P]".note, "has no subject")
end

function TestWin.test_mistakes()
  local function says(given, words)
    define(given)
    refuses(words, check, s)
  end
  says({ variable = { "DEAHT" } }, "variable: no parameter DEAHT; nearest: DEATH")
  says({ variable = { { "ALC", visit = "Day 92" } } }, "ALC: no visit Day 92")
  says({ variable = { { "ALC", vist = "Day 8" } } }, "ALC has no key vist")
  says({ variable = { { "ALC", margin = "1" } } },
    "ALC: margin is a string, a number is needed")
  says({ variable = { { "ALC", visit = "Day 8", margin = -1 } } },
    "ALC: the margin is 0 or above")
  says({ variable = { { "ALC", visit = "Day 8", horizon = 9 } } },
    "ALC: a horizon is for times")
  says({ variable = { { "DEATH", visit = "Day 8" } } },
    "DEATH: a time to an event is of no visit")
  says({ variable = { { "DEATH", better = "longer" } } },
    "DEATH: no direction longer")
  says({ variable = { "DEATH", "DEATH" } }, "DEATH stands in it twice")
  says({ variable = { 7 } }, "an outcome begins with its parameter")
  says({ variable = {} }, "winratio takes a list of outcomes")
  says({ variable = "AVAL", parameter = "ALC" },
    "winratio takes a list of outcomes")
  says({ parameter = "ALC" }, "parameter stands in the outcomes")
  says({ analysis = "wilcoxon" }, "a list of outcomes is for winratio")
  says({ missing = "exclude" }, "in a win ratio missing values tie")
  says({ variable = { { "SOFA", better = "later" } } },
    "a time to an event, and adlb has no CNSR")
  says({ variable = { "ALC" } }, "more than one row for")
  says({ analysis = { "winratio", strata = "SITE" } }, "nearest: SITEID")
  endpoints.list = {}
  endpoint "W" { parameter = "ALC", visit = "Day 8", analysis = "wilcoxon",
    missing = "tie" }
  refuses('missing = "tie" is for the outcomes of a win ratio', check, s)
end

os.exit(lu.LuaUnit.run())
