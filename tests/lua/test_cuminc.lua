-- Cumulative incidence and Gray's test: cmprsk's values (tests/reference/
-- competing.R), identities with Kaplan-Meier, and data without events.
local lu = require "luaunit"
local ref = require "tests.lua.reference"
local near, refuses = ref.near, ref.refuses

local sets, wanted = {}, {}
for line in io.lines "tests/reference/competing_data.csv" do
  local set, time, cause, group, stratum =
    line:match "^(%w+),([%d.]+),(%d),(%w+),(%w+)$"
  if set then
    local t = sets[set] or { T = {}, C = {}, G = {}, S = {} }
    sets[set] = t
    t.T[#t.T + 1] = tonumber(time)
    t.C[#t.C + 1] = ({ ["0"] = 1, ["1"] = 0, ["2"] = 2 })[cause]
    t.G[#t.G + 1], t.S[#t.S + 1] = group, stratum
  end
end
for line in io.lines "tests/reference/competing.csv" do
  local set, what, group, time, quantity, value =
    line:match "^(%w+),(%w+),(%w*),([%d.]*),(%w+),(.+)$"
  if set and set ~= "set" then
    wanted[#wanted + 1] = { set = set, what = what, group = group,
      time = tonumber(time), quantity = quantity, value = tonumber(value) }
  end
end

local formula = "Surv(T, C == 0) ~ G"

TestCuminc = {}

function TestCuminc.test_gray_against_cmprsk()
  local n = 0
  for _, w in ipairs(wanted) do
    if w.what == "gray" or w.what == "stratified" then
      local r = cuminc(formula .. (w.what == "gray" and "" or " + strata(S)"),
        sets[w.set])
      local field = w.quantity == "p" and "p_value" or w.quantity
      near(r[field], w.value, 1e-9, w.set .. " " .. w.what .. " " .. field)
      lu.assertEquals(r.test[field], r[field])
      n = n + 1
    end
  end
  lu.assertTrue(n > 30, n)
end

function TestCuminc.test_incidence_against_cmprsk()
  local fields, n = { estimate = "estimate", se = "std_error", low = "conf_low",
    high = "conf_high" }, 0
  for _, w in ipairs(wanted) do
    if w.what == "at" then
      local row = cuminc(formula, sets[w.set], { test = "none" })
        :at(w.time, w.group):row(1)
      near(row[fields[w.quantity]], w.value, 1e-9, ("%s %s at %s: %s"):format(
        w.set, w.group, w.time, w.quantity))
      n = n + 1
    end
  end
  lu.assertTrue(n > 300, n)
end

-- Rows in another order.
local function shuffled(t)
  local out, n = { T = {}, C = {}, G = {}, S = {} }, #t.T
  for i = 1, n do
    local from = (i * 7919) % n + 1
    for key, list in pairs(out) do list[i] = t[key][from] end
  end
  return out
end

function TestCuminc.test_order_of_rows_and_unit_of_time_do_not_matter()
  local t = sets.three -- 120 rows, which 7919 does not divide
  local a, b = cuminc(formula, t), cuminc(formula, shuffled(t))
  lu.assertEquals({ a.statistic, a.p_value }, { b.statistic, b.p_value })
  lu.assertEquals(tostring(a:tidy()), tostring(b:tidy()))
  local days = { T = {}, C = t.C, G = t.G, S = t.S }
  for i, x in ipairs(t.T) do days.T[i] = 7 * x end
  near(cuminc(formula, days).statistic, a.statistic, 1e-12)
end

function TestCuminc.test_without_competing_events_it_is_one_minus_kaplan_meier()
  local t = sets.fine
  local alone = { T = t.T, C = {}, G = t.G }
  for i, c in ipairs(t.C) do alone.C[i] = c == 2 and 1 or c end
  local r = cuminc(formula, alone)
  local k = km(formula, alone)
  lu.assertStrContains(r.note, "no competing events")
  for _, group in ipairs { "A", "B", "C", "D" } do
    local f, s = r:tidy(group), k:tidy(group)
    for i = 1, #f.time do
      lu.assertAlmostEquals(f.estimate[i], 1 - s.estimate[i], 1e-12)
    end
  end
  -- both causes and who is free of them add up to 1
  local one = cuminc("Surv(T, C == 0) ~ 1", t):tidy()
  local two = cuminc("Surv(T, C == 2) ~ 1", t, { competing = "C == 0" }):tidy()
  local free = km("Surv(T, C != 1) ~ 1", t):tidy()
  for i = 1, #one.time do
    lu.assertAlmostEquals(one.estimate[i] + two.estimate[i] + free.estimate[i], 1,
      1e-12)
  end
end

function TestCuminc.test_groups_without_events()
  local r = cuminc(formula, sets.bare, { at = { 5, 20 } })
  local b = r:at({ 5, 20 }, "B")
  lu.assertEquals({ b.estimate[1], b.std_error[1] }, { 0, 0 })
  lu.assertIs(b.conf_low[1], NA)
  lu.assertIs(b.estimate[2], NA) -- beyond the last time
  lu.assertEquals(r:at(20, "A"):row(1).estimate > 0.8, true) -- nobody is left
  r = cuminc("Surv(T, C == 9) ~ G", sets.bare, { competing = "C == 2" })
  lu.assertEquals({ r.p_value, r.statistic, r.df }, { 1, 0, 0 })
  lu.assertStrContains(r.note, "no events")
  lu.assertStrContains(r.test.note, "nothing to compare")
  local none = cuminc(formula, { T = { 1, 2 }, C = { 2, 0 }, G = { "A", "B" } })
  lu.assertEquals(none.df, 0)
  lu.assertStrContains(none.note, "nothing to compare")
  lu.assertIs(cuminc("Surv(T, C == 0) ~ 1", sets.bare).test, NA)
end

function TestCuminc.test_result_says_what_it_is()
  local t = { T = { 3, 5, NA, 8, 9, 12 }, C = { 0, 0, 2, 0, 1, 2 },
    G = { "A", "B", "A", "B", "A", "B" } }
  local r = cuminc(formula, t, { at = { 6 } })
  lu.assertEquals({ r.n, r.n_missing, r.n_event, r.n_competing, r.competing },
    { 5, 1, 3, 1, "C == 2" })
  lu.assertStrContains(tostring(r), "1 row left out: T missing in 1")
  lu.assertStrContains(tostring(r), "Gray's test: chi-square = ")
  local g = r.test:tidy()
  lu.assertEquals(g.observed[1] + g.observed[2], 3)
  lu.assertAlmostEquals(g.expected[1] + g.expected[2], 3, 1e-12)
  near(r.test.z ^ 2, r.statistic)
  lu.assertEquals(r.test.z > 0, g.observed[2] > g.expected[2])
  lu.assertEquals(r:tidy("B").n_competing[3], 1)
end

function TestCuminc.test_mistakes_are_told()
  local t = sets.small
  refuses("which event competes", cuminc, "Surv(T, C < 1) ~ G", t)
  refuses("has both events", cuminc, formula, t, { competing = "C == 0" })
  refuses("nearest: competing", cuminc, formula, t, { competng = "C == 2" })
  refuses("must be Surv(time, event)", cuminc, "T ~ G", t,
    { competing = "C == 2" })
  refuses("the formula is text", cuminc, 7, t)
  refuses("no group 'Z'", function() cuminc(formula, t):at(3, "Z") end)
  refuses("-1 is no number of 0 or above", cuminc, formula, t, { at = { -1 } })
  refuses("no complete row", cuminc, formula, { T = { NA }, C = { 0 },
    G = { "A" } })
  refuses("nearest: C", cuminc, formula, t, { competing = "CC == 2" })
end

function TestCuminc.test_an_endpoint_has_gray_and_the_incidence_at_times()
  local shared = require "tests.lua.endpoints"
  local s = shared.study()
  s.comp = s.adtte:mutate "CNSR = iif(CNSR = 1 and AVAL in (21, 24, 27, 33, 36, 42), 2, CNSR)"
  local def = { data = "comp", compare = { "Active vs P", "H vs L" },
    analysis = { "cuminc", test = "Gray", at = { 20, 35 } },
    summary = "difference of cumulative incidence",
    supplementary = { { "strata", analysis = { strata = "SEX" } },
      { "arms", compare = "each arm" }, { "all", compare = "all arms" } } }
  endpoint "C" (def)
  lu.assertEquals(require "trialsh.endpoint.estimand".remarks(endpoint "C" (def)),
    {})
  run(s)
  local r = s:result "C[H vs L]"
  local data = s.adsl:where { TRT01P = { "L", "H" } }
    :join(s.comp:select("USUBJID", "AVAL", "CNSR"), "USUBJID")
  local w = cuminc("Surv(AVAL, CNSR == 0) ~ TRT01P", data)
  local g = w.groups
  lu.assertEquals({ g[1].name, g[2].name }, { "L", "H" })
  lu.assertEquals({ r.p_value, r.n, r.n_event, r.n_1 },
    { w.p_value, w.n, w.n_event, g[2].n })
  near(r.statistic, w.statistic, 1e-12)
  local f = w:at(35)
  near(r.estimate, f.estimate[2] - f.estimate[1], 1e-12)
  near(r.std_error, (f.std_error[1] ^ 2 + f.std_error[2] ^ 2) ^ 0.5, 1e-12)
  near(r.conf_high, r.estimate + 1.9599639845400545 * r.std_error, 1e-10)
  lu.assertEquals(r.estimate_name, "difference of cumulative incidence at 35")
  lu.assertStrContains(r.note, "cumulative incidence ")
  local strata = s:result "C[H vs L]/strata"
  near(strata.p_value, cuminc("Surv(AVAL, CNSR == 0) ~ TRT01P + strata(SEX)",
    data).p_value, 1e-12)
  local arm = s:result "C[H]/arms"
  lu.assertEquals({ arm.estimate, arm.conf_low },
    { f.estimate[2], f.conf_low[2] })
  lu.assertEquals(s:result "C/all".df, 2)
  lu.assertStrContains(explain "C", "by cumulative incidence and Gray's test")
  endpoint "C" { data = "comp", analysis = { "cuminc", at = "soon" } }
  refuses("at takes a number", check, s)
end

-- Two groups of several are those two alone; their difference that of the curves.
function TestCuminc.test_compare()
  local data = sets.three
  local two = { T = {}, C = {}, G = {}, S = {} }
  for k, g in ipairs(data.G) do
    if g ~= "B" then
      for name, list in pairs(two) do list[#list + 1] = data[name][k] end
    end
  end
  for _, more in ipairs { "", " + strata(S)" } do
    local r = cuminc(formula .. more, data, { compare = "C vs A" })
    local w = cuminc(formula .. more, two)
    near(r.p_value, w.p_value)
    near(r.test.z, w.test.z)
    lu.assertEquals({ r.compare, r.n_1, r.n_2, r.n, r.n_missing }, { "C vs A",
      w.groups[2].n, w.groups[1].n, w.n, 0 })
    local d, at = r:difference { 3, 8 }, w:at { 3, 8 }
    near(d.estimate[2], at.estimate[4] - at.estimate[2])
    near(d.std_error[2], math.sqrt(at.std_error[4] ^ 2 + at.std_error[2] ^ 2))
    near(d.conf_high[1], d.estimate[1] + 1.959963984540054 * d.std_error[1])
    local turned = cuminc(formula .. more, data, { compare = "A vs C" })
    near(turned:difference(8).estimate[1], -d.estimate[2])
    near(turned.test.z, -r.test.z)
  end
  lu.assertStrContains(tostring(cuminc(formula, data, { compare = "C vs A",
    at = { 3, 8 } })), "C minus A: at 3 ")
  refuses("a difference is of two groups, there are 3", function()
    return cuminc(formula, data):difference(3)
  end)
  refuses("nearest: ", cuminc, formula, data, { compare = "CC vs A" })
  refuses("groups of one column", cuminc, "Surv(T, C == 0) ~ G + S", data,
    { compare = "A vs B" })
end

-- Pooled arms of a trial.
function TestCuminc.test_compare_pooled_arms()
  trial "POOL" { arms = { { "P" }, { "L" }, { "H" }, { "X", "both", pool = { "L",
    "H" } } } }
  local s = require "trialsh.study".memory()
  s.trial = trial "POOL" { arms = { { "P" }, { "L" }, { "H" }, { "X", "both",
    pool = { "L", "H" } } } }
  local names, d = { A = "P", B = "L", C = "H" }, sets.three
  local groups, pooled = {}, {}
  for i, g in ipairs(d.G) do
    groups[i], pooled[i] = names[g], g == "A" and "P" or "X"
  end
  s.t = require "trialsh.data".wrap(require "trialsh.data".frame { T = d.T,
    C = d.C, G = groups })
  local r = cuminc(formula, s.t, { compare = "X vs P" })
  local w = cuminc(formula, { T = d.T, C = d.C, G = pooled })
  near(r.p_value, w.p_value)
  near(r:difference(5).estimate[1], w:difference(5).estimate[1])
end

os.exit(lu.LuaUnit.run())
