-- Result objects: fields, NA, misspelt and assigned fields, frames, text; the
-- choice of compared groups.
local lu = require "luaunit"
local result = require "trialsh.result"
local compare = require "trialsh.compare"

local function refuses(words, f, ...)
  local ok, err = pcall(f, ...)
  lu.assertFalse(ok, words)
  lu.assertStrContains(tostring(err), words, false)
end

local function example(more)
  local fields = { method = "Some test", estimate_name = "difference",
    estimate = 0.711, std_error = 0.2, statistic = 3.5, df = 20,
    p_value = 0.000075, conf_low = 0.337, conf_high = 1.254,
    conf_level = 0.95, alternative = "two-sided", n = 22, n_1 = 14, n_2 = 8,
    compare = "CYT107 vs Placebo", estimate_1 = 1.13, estimate_2 = 0.514,
    n_missing = 5 }
  for key, value in pairs(more or {}) do fields[key] = value end
  return result.comparison(fields, { variable = "LR", a = "CYT107",
    b = "Placebo", estimates = "medians", statistic = "z",
    pieces = { "P(A > B) 0.964" }, reasons = { "LR missing in 5" } })
end

TestResult = {}

function TestResult.test_fields()
  local r = example { extra = 7 }
  lu.assertEquals(r.estimate, 0.711)
  lu.assertEquals(r.extra, 7)
  lu.assertEquals(r:get "p_value", 0.000075)
  lu.assertEquals(r:get "n_event", NA)
  lu.assertTrue(result.is(r))
  lu.assertFalse(result.is {})
end

function TestResult.test_misspelt_fields()
  local r = example()
  refuses("the result of Some test has no p_vlaue; nearest: p_value",
    function() return r.p_vlaue end)
  refuses("has no n_event", function() return r.n_event end)
  refuses("nearest: glance", function() return r.glanse end)
  refuses("has no 1", function() return r[1] end)
end

function TestResult.test_nothing_is_assigned()
  local r = example()
  refuses("results do not change: estimate", function() r.estimate = 1 end)
  refuses("results do not change: new", function() r.new = 1 end)
  lu.assertEquals(r.estimate, 0.711)
end

-- A comparison with a field that is NA repeats the note of its own result.
function TestResult.test_na_repeats_the_note()
  local r = example { p_value = NA, note = "all values are equal" }
  lu.assertEquals(r.p_value, NA)
  refuses("all values are equal", function() return r.p_value < 0.05 end)
  local s = example { df = NA }
  refuses("Some test has no df here", function() return s.df > 3 end)
  refuses("all values are equal", function() return 0.05 > r.p_value end)
  lu.assertEquals(r.p_value + 1, NA)
end

function TestResult.test_pairs_goes_in_order()
  local names = {}
  for name in pairs(example { b_more = 1, a_more = NA }) do
    names[#names + 1] = name
  end
  lu.assertEquals({ table.unpack(names, 1, 4) },
    { "method", "estimate_name", "estimate", "std_error" })
  lu.assertEquals({ names[#names - 1], names[#names] }, { "a_more", "b_more" })
end

function TestResult.test_frames()
  local r = example()
  local t = r:tidy()
  lu.assertEquals(#t, 1)
  lu.assertEquals(t.term[1], "CYT107 vs Placebo")
  lu.assertEquals(t.conf_high[1], 1.254)
  local g = r:glance()
  lu.assertEquals(g.method[1], "Some test")
  lu.assertEquals(g.n_missing[1], 5)
  lu.assertEquals(g.note[1], NA)
end

function TestResult.test_text()
  lu.assertEquals(tostring(example()), [[
Some test, two-sided: LR, CYT107 (n = 14) vs Placebo (n = 8)
medians 1.130 and 0.514; difference 0.711, 95 % CI 0.337 to 1.254
z = 3.50, df = 20; P(A > B) 0.964; P = 0.000075
5 rows left out: LR missing in 5]])
  lu.assertStrContains(tostring(example { p_value = 0 }), "P < 1e-300")
  lu.assertStrContains(tostring(example { n_missing = 1 }), "1 row left out")
  lu.assertNotStrContains(tostring(example { n_missing = 0 }), "left out")
end

-- Names out of the data cannot steer the terminal.
function TestResult.test_hostile_names()
  local r = result.comparison({ method = "T", compare = "x", n = 2, n_1 = 1,
    n_2 = 1 }, { variable = "a\27[2J", a = "b\n", b = "c\u{202E}" })
  lu.assertNotStrContains(tostring(r), "\27")
  lu.assertEquals(select(2, tostring(r):gsub("\n", "")), 1)
  lu.assertStrContains(tostring(r), "\\u202E")
end

function TestResult.test_models()
  local m = result.model { name = "lm", order = { "method", "n", "aic" },
    fields = { method = "Linear model", n = 20, conf_level = 0.95 },
    terms = { { term = "(Intercept)", estimate = 1 },
      { term = "TRT01PActive", estimate = 2, p_value = 0.5,
        estimate_name = "coefficient" } },
    methods = { twice = function(_, x) return 2 * x end },
    print = function() return "a model" end }
  lu.assertEquals(m:term "TRT01PActive".p_value, 0.5)
  lu.assertEquals(m:term "TRT01PActive".n, 20)
  lu.assertEquals(m:term "TRT01PActive".std_error, NA)
  refuses("lm has no term TRT01PActve; nearest: TRT01PActive", m.term, m,
    "TRT01PActve")
  lu.assertEquals(m:twice(4), 8)
  lu.assertEquals(m.aic, NA)
  lu.assertEquals(tostring(m), "a model")
  local t = m:tidy()
  lu.assertEquals(t.term[2], "TRT01PActive")
  lu.assertEquals(t.std_error[1], NA)
  lu.assertEquals(m:glance().aic[1], NA)
  refuses("nearest: twice", function() return m.twise end)
end

function TestResult.test_completion()
  local meta = getmetatable(example())
  lu.assertEquals(meta.__complete(example(), "."),
    { "method", "estimate_name", "estimate", "std_error", "statistic", "df",
      "p_value", "conf_low", "conf_high", "conf_level", "alternative",
      "compare", "n", "n_1", "n_2", "estimate_1", "estimate_2", "n_missing",
      "note" })
  lu.assertEquals(meta.__complete(example(), ":"),
    { "get", "glance", "p_text", "tidy" })
end

-- Who is compared with whom ---------------------------------------------------

-- The cells of one column as a table shows them.
local function shown(...)
  local out = {}
  local all = require "trialsh.show".table({ { name = "ID", type = "real",
    values = { ... } } }, select("#", ...), {})
  for cell in all:gmatch "\n%d+ +([^\n]+)" do out[#out + 1] = cell end
  return table.concat(out, " ")
end

function TestResult.test_whole_numbers_are_shown_whole()
  lu.assertEquals(shown(1234567890123456, 1234567890123457.0),
    "1234567890123456 1234567890123457")
  lu.assertEquals(shown(-2.0^53, NA, 0.0), "-9007199254740992 NA 0")
  lu.assertEquals(shown(1e15, 0.5, -0.0), "1e+15 0.5 0") -- no identifiers
  lu.assertEquals(shown(1e22, 3), "1e+22 3")
  lu.assertEquals(shown(1234567890123456, 1234567890123457, 0.5),
    "1234567890123456 1234567890123457 0.5")
  lu.assertEquals(shown(2^53 + 2, 2^53 + 4, 1/0),
    "9007199254740994 9007199254740996 inf")
end

TestCompare = {}

local function levels(...)
  local list = {}
  for i, name in ipairs { ... } do
    list[i] = { name = name, n = 5, n_row = 6, place = i }
  end
  return list
end

local function choose(list, given, reference)
  local a, b = compare.choose { who = "ttest", variable = "TRT01P",
    levels = list, compare = given, reference = reference }
  return a.name .. "|" .. b.name, a, b
end

function TestCompare.test_two_groups()
  local two = levels("Placebo", "Active")
  lu.assertEquals(choose(two), "Active|Placebo")
  lu.assertEquals(choose(two, nil, "Active"), "Placebo|Active")
  lu.assertEquals(choose(two, "Placebo vs Active"), "Placebo|Active")
  lu.assertEquals(choose(two, "  Active vs. Placebo "), "Active|Placebo")
  local _, a = choose(two)
  lu.assertEquals({ a.members, a.n, a.n_row }, { { 2 }, 5, 6 })
end

-- The order of levels is that of place, not that of what is used.
function TestCompare.test_order_and_absent_levels()
  local list = levels("Active", "Placebo", "High")
  list[1].place, list[2].place = 2, 1
  list[3].n, list[3].n_row = 0, 0
  lu.assertEquals(choose(list), "Active|Placebo")
  list[3].n_row = 4 -- rows, but all missing: the third group is there
  refuses("TRT01P has 3 groups (Placebo, Active, High); compare = "
    .. '"Active vs Placebo" says which', choose, list)
end

function TestCompare.test_names_with_vs()
  local list = levels("A", "A vs B", "B vs C", "C")
  lu.assertEquals(choose(list, "A vs B vs C"), "A|B vs C")
  lu.assertEquals(choose(list, "A vs B vs A"), "A vs B|A")
end

function TestCompare.test_errors()
  local two = levels("Placebo", "Active")
  refuses("TRT01P has no 'Activ'; nearest: Active", choose, two,
    "Activ vs Placebo")
  refuses("it has Placebo, Active", choose, two, "Zzzzzz vs Placebo")
  refuses('compare = "Active" is not "A vs B"', choose, two, "Active")
  refuses("compare is text", choose, two, 3)
  refuses('Active is on both sides of "Active vs Active"', choose, two,
    "Active vs Active")
  refuses("two groups are needed, TRT01P has only Placebo", choose,
    levels "Placebo")
  refuses("two groups are needed, TRT01P has none", choose, {})
end

os.exit(lu.LuaUnit.run())
