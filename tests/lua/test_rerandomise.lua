-- rerandomise(): what R finds by going through every allocation, what exact tests
-- of the same statistic say, and what is refused.
local lu = require "luaunit"
local reference = require "tests.lua.reference"
local random = require "tests.lua.random_data"

local schemes = {
  ["blocks of 3"] = { "permuted blocks", sizes = { 3 }, strata = "COUNTRY" },
  ["blocks of 4"] = { "permuted blocks", sizes = { 4 } },
  ["fixed numbers"] = { "fixed numbers", strata = "COUNTRY" },
}

-- Columns in a table, as the prompt takes them.
local function data_of(design)
  local t = { USUBJID = {}, ARM = {}, COUNTRY = {}, RANDNO = {}, Y = {},
    BASE = {}, EVENT = {}, AVAL = {}, CNSR = {} }
  for row in read("tests/reference/rerandomise_data.csv",
    { types = { id = "text" } }):where("design = ?", design):rows() do
    local values = { USUBJID = row.id, ARM = row.arm, COUNTRY = row.country,
      RANDNO = tonumber(row.id), Y = row.y, BASE = row.base, EVENT = row.event,
      AVAL = row.time, CNSR = row.cens }
    for name, list in pairs(t) do list[#list + 1] = values[name] end
  end
  return t
end

local formulas = { ttest = "Y ~ ARM", wilcoxon = "Y ~ ARM",
  fisher = "EVENT ~ ARM", logrank = "Surv(AVAL, CNSR == 0) ~ ARM",
  lm = "Y ~ BASE + ARM" }

TestRerandomise = {}

function TestRerandomise.test_all_allocations_as_R()
  local n = 0
  for line in io.lines "tests/reference/rerandomise.csv" do
    local design, statistic, compare, p, count =
      line:match "^(.-),(.-),(.-),(.-),(.*)$"
    if formulas[statistic] and compare:find "^[HL] vs P" then
      local r = rerandomise(formulas[statistic], data_of(design), {
        statistic = statistic, compare = compare, group = "ARM",
        scheme = schemes[design] })
      reference.near(r.p_value, tonumber(p), 1e-12, line)
      lu.assertStrContains(r.rerandomised, ("all %s allocations"):format(count))
      n = n + 1
    end
  end
  lu.assertEquals(n, 20)
end

-- With fixed numbers of two groups it is the exact test of its statistic.
function TestRerandomise.test_is_the_exact_test()
  math.randomseed(7)
  for k = 1, 6 do
    local y, g = random.numbers(9, 6, 1), {}
    for i = 1, 9 do g[i] = i <= 3 + k % 3 and "a" or "b" end
    local w = rerandomise("y ~ g", { y = y, g = g }, { statistic = "wilcoxon" })
    reference.near(w.p_value, wilcoxon("y ~ g", { y = y, g = g },
      { two_sided = "absdev" }).p_value, 1e-12)
    local event = {}
    for i = 1, 9 do event[i] = y[i] > 3 and 1 or 0 end
    local f = rerandomise("e ~ g", { e = event, g = g }, { statistic = "fisher" })
    reference.near(f.p_value, fisher("e ~ g", { e = event, g = g },
      { two_sided = "minlike" }).p_value, 1e-9, k)
  end
end

-- The same of values below limits; within strata, of groups in order, and of
-- several at once by run().
function TestRerandomise.test_are_the_exact_tests_of_ranks()
  math.randomseed(11)
  for k = 1, 5 do
    local d = { AVAL = random.numbers(10, 9, 1), BLQFL = {}, g = {}, s = {},
      USUBJID = {} }
    for i = 1, 10 do
      d.AVAL[i] = math.max(d.AVAL[i], 3)
      d.BLQFL[i] = d.AVAL[i] <= 3 + i % 2 and "Y" or "N"
      d.g[i], d.s[i] = ({ "a", "b", "c" })[(i + k) % 3 + 1], i % 2 == 0 and "x"
        or "y"
      d.USUBJID[i] = ("%02d"):format(i)
    end
    local pair = { compare = "a vs b", group = "g" }
    local function opt(statistic, strata)
      return { compare = "a vs b", group = "g", statistic = statistic,
        strata = strata }
    end
    reference.near(rerandomise("AVAL ~ g", d, opt "peto_prentice").p_value,
      peto_prentice("AVAL ~ g", d, { compare = pair.compare, exact = true,
        two_sided = "absdev" }).p_value, 1e-9, "Peto-Prentice " .. k)
    d.y = table.move(d.AVAL, 1, 10, 1, {})
    reference.near(rerandomise("y ~ g + strata(s)", d, opt("van_elteren",
      "s")).p_value, van_elteren("y ~ g + strata(s)", d, {
        compare = pair.compare, two_sided = "absdev" }).p_value, 1e-9,
        "van Elteren " .. k)
    require "trialsh.endpoint".list = {}
    local s = require "trialsh.study".memory()
    study.open(s)
    s.trial = trial "R" { arms = { { "a" }, { "b" }, { "c" } },
      randomisation = { "fixed numbers" } }
    d.TRT01P = d.g
    s.adsl = require "trialsh.data".wrap(require "ts.frame".build({ "USUBJID",
      "TRT01P", "AVAL" }, { d.USUBJID, d.TRT01P, d.AVAL }))
    for _, name in ipairs { "kruskal", "jonckheere" } do
      endpoint(name) { data = "adsl", compare = "all arms", analysis = name }
    end
    run(s)
    for row in s.results:rows() do
      lu.assertStrContains(row.rerandomised, "by fixed numbers")
      reference.near(row.p_rerandomised, row.p_value, 1e-9, row.endpoint)
    end
  end
end

function TestRerandomise.test_functions()
  local t = { y = { 1, 5, 3, 9, 8, 7 }, g = { "b", "b", "b", "a", "a", "a" } }
  local function difference(d)
    local sum = { a = 0, b = 0 }
    for row in d:rows() do sum[row.g] = sum[row.g] + row.y end
    return sum.a - sum.b
  end
  local p = {}
  for _, side in ipairs { "two-sided", "greater", "less" } do
    local r = rerandomise(difference, t, { group = "g", alternative = side })
    p[side] = r.p_value
    lu.assertEquals(r.statistic, 15)
  end
  lu.assertAlmostEquals(p["two-sided"], 2 / 20, 1e-15)
  lu.assertAlmostEquals(p.greater, 1 / 20, 1e-15)
  lu.assertEquals(p.less, 1)
  -- the same as the difference of means, which the t test orders alike here
  reference.near(rerandomise("y ~ g", t, { compare = "a vs b", statistic =
    { "ttest", variance = "pooled" } }).p_value, p["two-sided"], 1e-12)
end

function TestRerandomise.test_sides()
  local t = { y = { 1, 5, 3, 9, 8, 7 }, g = { "b", "b", "b", "a", "a", "a" } }
  local function p(side, statistic)
    return rerandomise("y ~ g", t, { compare = "a vs b", alternative = side,
      statistic = statistic }).p_value
  end
  for _, statistic in ipairs { "ttest", "wilcoxon" } do
    lu.assertAlmostEquals(p("greater", statistic), 1 / 20, 1e-15)
    lu.assertEquals(p("less", statistic), 1)
  end
end

-- Drawn ones: near, by the seed alone, told with their error.
function TestRerandomise.test_drawn()
  local t = { y = {}, g = {} }
  math.randomseed(3)
  for i = 1, 60 do
    t.y[i], t.g[i] = math.random() + (i % 2) * 0.2, i % 2 == 0 and "b" or "a"
  end
  local one = rerandomise("y ~ g", t, { seed = 4 })
  lu.assertEquals(rerandomise("y ~ g", t, { seed = 4 }).p_value, one.p_value)
  lu.assertAlmostEquals(one.p_value, ttest("y ~ g", t).p_value, 0.05)
  lu.assertStrContains(one.rerandomised, "999 of 1.2e+17 allocations")
  lu.assertStrContains(one.rerandomised, "seed 4; Monte Carlo error")
  lu.assertNotEquals(rerandomise("y ~ g", t, { seed = 5 }).p_value, one.p_value)
  local more = rerandomise("y ~ g", t, { replicates = 99 }).p_value * 100
  lu.assertAlmostEquals(more, math.floor(more + 0.5), 1e-9)
end

-- A relation of a study whose trial says how it was randomised.
function TestRerandomise.test_the_scheme_of_the_trial()
  local s = require "tests.lua.endpoints".study { randomisation = {
    "permuted blocks", ratio = { 1, 1, 1 }, sizes = { 3 }, order = "USUBJID" } }
  local rows = s.adlb:where { PARAMCD = "ALC", AVISIT = "Day 29" }
    :join(s.adsl:select("USUBJID", "TRT01P"), "USUBJID")
  local r = rerandomise("AVAL ~ TRT01P", rows, { compare = "H vs P" })
  lu.assertStrContains(r.rerandomised, "permuted blocks of 3")
  endpoint "E" { parameter = "ALC", visit = "Day 29", analysis = "ttest" }
  run(s)
  reference.near(r.p_value, s:result "E[H vs P].p_rerandomised", 1e-12)
  lu.assertStrContains(rerandomise("AVAL ~ TRT01P", rows, { compare = "H vs P",
    scheme = "fixed numbers" }).rerandomised, "fixed numbers")
end

function TestRerandomise.test_mistakes()
  local t = { y = { 1, 5, 3, 9 }, g = { "b", "b", "a", "a" } }
  local function refuses(words, ...)
    reference.refuses(words, rerandomise, ...)
  end
  refuses('rerandomise: a formula, such as "y ~ group", or a function comes first',
    1, t)
  refuses("rerandomise: data is missing", "y ~ g")
  refuses("no comparison of two groups; nearest: wilcoxon", "y ~ g", t,
    { statistic = "wilcoxn" })
  refuses("is no comparison of two groups", "y ~ g", t, { statistic = "kruskal" })
  refuses("rerandomise has no option permutations", "y ~ g", t,
    { permutations = 9 })
  refuses("permuted blocks have sizes", "y ~ g", t,
    { scheme = { "permuted blocks" } })
  refuses("no column tells the order of randomisation", "y ~ g", t,
    { scheme = { "permuted blocks", sizes = { 2 } } })
  refuses("no column SITE", "y ~ g", t, { strata = "SITE" })
  refuses("rerandomise: no column h; nearest: g", function() return 1 end, t,
    { group = "h" })
  refuses("the function gives a table, a number is needed", function()
    return {}
  end, t, { group = "g" })
  refuses("which column is dealt again", "y ~ g + z", { y = { 1, 2 },
    g = { "a", "b" }, z = { 1, 2 } })
  refuses("two groups are needed", "y ~ g", { y = { 1, 2 }, g = { "a", "a" } })
  refuses("rerandomise: cmh is two-sided alone", "y ~ g", t,
    { statistic = "cmh", alternative = "less" })
end

os.exit(lu.LuaUnit.run())
