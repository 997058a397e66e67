-- Cox's regression: coxph's values (tests/reference/cox.R), what does not depend on
-- units, order and names, and data without an estimate.
local lu = require "luaunit"
local ref = require "tests.lua.reference"
local near, refuses = ref.near, ref.refuses

local sets, wanted = {}, {}
for line in io.lines "tests/reference/cox_data.csv" do
  local set, time, event, g, x, z, s =
    line:match "^(%w+),([^,]+),(%d),(%u),([^,]+),([^,]+),([^,]+)$"
  if set then
    local t = sets[set] or { time = {}, event = {}, g = {}, x = {}, z = {},
      s = {} }
    sets[set] = t
    local i = #t.g + 1
    t.time[i], t.event[i], t.g[i] = tonumber(time), tonumber(event), g
    t.x[i], t.z[i], t.s[i] = tonumber(x) or NA, tonumber(z) or NA,
      tonumber(s) or NA
  end
end
for line in io.lines "tests/reference/cox.csv" do
  local set, right, ties, quantity, value =
    line:match "^([%w-]+),(.-),(%l+),(%w[%w_]*),([^,]+)$"
  if value and set ~= "set" then
    local key = ("%s %s %s"):format(set, right, ties)
    wanted[key] = wanted[key] or { set = set, right = right, ties = ties,
      v = {} }
    wanted[key].v[quantity] = tonumber(value)
  end
end

local function fit(w, opt)
  local given = { ties = w.ties }
  for key, value in pairs(opt or {}) do given[key] = value end
  return cox("Surv(time, event) ~ " .. w.right, w.data or sets[w.set], given)
end

local function each(f)
  local n = 0
  for key, w in pairs(wanted) do
    if not w.set:find "none" then n = n + (f(w, w.v, key) or 0) end
  end
  return n
end

-- Within a part of the standard error, as estimates may be near 0.
local function close(got, want, size, key)
  if not (math.abs(got - want) <= 1e-8 * size) then
    lu.fail(("%s: %.17g, not %.17g"):format(key, got, want))
  end
end

TestCox = {}

function TestCox.test_every_fit_is_that_of_coxph()
  lu.assertTrue(each(function(w, v, key)
    local m, i = fit(w), 0
    near(m.log_lik, v.log_lik, 1e-11, key)
    near(m.log_lik_null, v.log_lik_null, 1e-11, key)
    near(m.statistic_score, v.score, 1e-8, key)
    near(m.statistic_wald, v.wald, 1e-8, key)
    close(m.statistic, 2 * (v.log_lik - v.log_lik_null), 1, key)
    for row in m:tidy():rows() do
      i = i + 1
      close(row.estimate, v["b" .. i], v["se" .. i], key)
      near(row.std_error, v["se" .. i], 1e-8, key)
    end
    near(m:tidy().p_value[1], v.p1, 1e-7, key)
    lu.assertNil(v["b" .. i + 1], key)
    lu.assertEquals(m.df, i)
    return i
  end) > 250)
end

function TestCox.test_contrasts_and_terms()
  lu.assertTrue(each(function(w, v, key)
    if not v.wald_g then return end
    local m = fit(w)
    near(m:anova().statistic[1], v.wald_g, 1e-8, key)
    local a = m:contrast "B vs A"
    near(a.estimate, math.exp(v.b1), 1e-8 * math.max(1, v.se1), key)
    near(a.std_error, v.se1, 1e-8, key)
    if not v.c then return 1 end
    local c = m:contrast { "C vs B", ratio = false }
    close(c.estimate, v.c, v.se_c, key)
    near(c.std_error, v.se_c, 1e-8, key)
    return 1
  end) > 20)
end

function TestCox.test_profile_limits()
  lu.assertTrue(each(function(w, v, key)
    if not v.low then return end
    local row = fit(w, { ci = "profile" }):term "gB"
    -- R's search ends at about 1e-8 of the standard error
    lu.assertAlmostEquals(row.conf_low, v.low, 1e-7 * v.se1, key)
    lu.assertAlmostEquals(row.conf_high, v.high, 1e-7 * v.se1, key)
    near(row.p_value, v.p_profile, 1e-6, key)
    return 1
  end) > 20)
end

-- Without an event in B: the likelihood ends at a supremum, and with it the tests
-- of the whole, the other coefficient and the profile's one limit.
function TestCox.test_no_event_in_a_group()
  local n = 0
  for key, w in pairs(wanted) do
    if w.set:find "none" then
      local name, v = w.set:match "^%w+", w.v
      w.data = {}
      for column, list in pairs(sets[name]) do w.data[column] = list end
      w.data.event = {}
      for i, g in ipairs(w.data.g) do
        w.data.event[i] = g == "B" and 0 or sets[name].event[i]
      end
      local m = fit(w)
      near(m.log_lik, v.log_lik, 1e-9, key)
      near(m.statistic_score, v.score, 1e-8, key)
      local b, x = m:term "gB", m:term "x"
      lu.assertEquals(b.estimate, -math.huge)
      lu.assertEquals(b.std_error, NA)
      lu.assertEquals(b.conf_low, -math.huge)
      lu.assertAlmostEquals(b.conf_high, v.high, 2e-7, key)
      near(b.p_value, v.p_profile, 1e-6, key)
      close(x.estimate, v.b, 10 * v.se, key)
      near(x.std_error, v.se, 1e-7, key)
      lu.assertEquals(m.statistic_wald, NA)
      lu.assertStrContains(m.note, "the coefficient of gB: its hazard ratio is 0")
      local a, z = m:contrast "A vs B", m:contrast "B vs A"
      lu.assertEquals({ a.estimate, z.estimate }, { math.huge, 0 })
      near(a.conf_low, 1 / z.conf_high, 1e-9, key)
      lu.assertEquals(a.p_value, z.p_value)
      n = n + 1
    end
  end
  lu.assertEquals(n, 6)
end

-- Coefficients that run off together: what lies between them may be anything.
function TestCox.test_what_may_go_either_way()
  local t = { y = { 4, 1, 1, 2, 1, 0, 1, 6, 4, 6, 2 },
    e = { 1, 0, 1, 1, 0, 0, 0, 0, 1, 0, 0 },
    g = { "B", "B", "A", "B", "A", "A", "A", "A", "B", "B", "B" },
    x = { 1, 2, 8, 3, 1, 5, 3, 4, 9, 0, 9 } }
  local m = cox("Surv(y, e) ~ g * x", t, { ties = "Breslow" })
  local c = m:contrast "B vs A"
  lu.assertEquals({ c:get "estimate", c:get "p_value", c:get "conf_low" },
    { NA, NA, NA })
  lu.assertEquals(m:term "gB".estimate, math.huge)
end

-- Two subjects: each coefficient runs off.
function TestCox.test_two_subjects()
  local t = { time = { 1, 2 }, event = { 1, 1 }, g = { "A", "B" } }
  local m = cox("Surv(time, event) ~ g", t)
  lu.assertEquals(m:term "gB".estimate, -math.huge)
  near(m.statistic, 2 * math.log(2), 1e-8)
  near(m.statistic_score, 1, 1e-12)
  t.event = { 0, 1 } -- alone at risk at the only event
  m = cox("Surv(time, event) ~ g", t)
  lu.assertEquals({ m:term "gB".estimate, m.df, m.p_value }, { NA, 0, NA })
  lu.assertStrContains(m.note, "gB has no coefficient: it does not vary among "
    .. "those at risk at an event")
end

-- With one variable of two values and no ties the score test is the log-rank test,
-- and within strata too.
function TestCox.test_score_and_logrank()
  for _, name in ipairs { "lung", "ovarian", "strata" } do
    for _, strata in ipairs { "", " + strata(s)" } do
      local formula = "Surv(time, event) ~ g" .. strata
      local m = cox(formula, sets[name], { ties = "exact" })
      near(m.statistic_score, logrank(formula, sets[name]).statistic, 1e-10)
    end
  end
end

local function turned(t)
  local out = {}
  for name, list in pairs(t) do
    out[name] = {}
    for i = 1, #list do out[name][i] = list[#list + 1 - i] end
  end
  return out
end

function TestCox.test_units_and_order()
  for _, ties in ipairs { "Efron", "Breslow", "exact" } do
    local a = cox("Surv(time, event) ~ g + x", sets.ties, { ties = ties })
    local other = turned(sets.ties)
    for i, x in ipairs(other.x) do
      other.x[i], other.time[i] = 1e9 + 1e4 * x, other.time[i] * 365.25
    end
    local b = cox("Surv(time, event) ~ g + x", other, { ties = ties })
    near(b.log_lik, a.log_lik, 1e-12)
    near(b:term "x".estimate, a:term "x".estimate / 1e4, 1e-9)
    near(b:term "x".p_value, a:term "x".p_value, 1e-9)
    near(b:contrast "C vs A".estimate, a:contrast "C vs A".estimate, 1e-9)
  end
end

-- What all other columns give has no coefficient, nor what a stratum holds fixed.
function TestCox.test_columns_without_a_coefficient()
  local t = turned(sets.lung)
  t.y, t.k = {}, {}
  for i, x in ipairs(t.x) do
    t.y[i] = 3 * x - 20
    t.k[i] = t.s[i] == NA and NA or t.s[i] % 3
  end
  local m = cox("Surv(time, event) ~ g + x + y", t)
  local one = cox("Surv(time, event) ~ g + x", t)
  lu.assertEquals(m:term "y".estimate, NA)
  near(m:term "x".estimate, one:term "x".estimate, 1e-9)
  near(m:term "gB".std_error, one:term "gB".std_error, 1e-9)
  lu.assertStrContains(m.note, "y has no coefficient of its own")
  -- k before x: the columns that stay keep their coefficients
  m = cox("Surv(time, event) ~ k + x + g + strata(s)", t)
  one = cox("Surv(time, event) ~ x + g + strata(s)", t)
  lu.assertEquals(m:term "k".estimate, NA)
  lu.assertStrContains(m.note, "k has no coefficient: it does not vary within "
    .. "strata")
  for _, name in ipairs { "x", "gB" } do
    near(m:term(name).estimate, one:term(name).estimate, 1e-9)
    near(m:term(name).std_error, one:term(name).std_error, 1e-9)
  end
  near(m:contrast "B vs A".estimate, one:contrast "B vs A".estimate, 1e-9)
  -- 3 k + x and k say the same within strata
  for i, x in ipairs(t.x) do
    t.y[i] = t.k[i] == NA and NA or x + 3 * t.k[i]
  end
  m = cox("Surv(time, event) ~ x + y + g + strata(s)", t)
  lu.assertEquals(m:term "y".estimate, NA)
  near(m:term "x".estimate, one:term "x".estimate, 1e-9)
  near(m:term "gB".std_error, one:term "gB".std_error, 1e-9)
end

function TestCox.test_joint_adjustment()
  local m = cox("Surv(time, event) ~ g + x", sets.veteran)
  local frame = m:contrast { "pairwise", adjust = "Tukey" }
  lu.assertEquals(#frame, 6)
  for i = 1, 6 do
    lu.assertTrue(frame.p_adjusted[i] >= frame.p_value[i])
    lu.assertTrue(frame.conf_low[i] > 0)
  end
  near(m:contrast { joint = true }.statistic[1], m:anova().statistic[1], 1e-10)
end

function TestCox.test_missing_values()
  local m = cox("Surv(time, event) ~ g + z", sets.lung)
  lu.assertEquals({ m.n, m.n_missing }, { 227, 1 })
  lu.assertStrContains(tostring(m), "1 row left out: z missing in 1")
end

function TestCox.test_errors()
  local t = sets.zero
  local censored = { time = { 1, 2, 3 }, event = { 0, 0, 0 },
    g = { "A", "B", "A" } }
  local one = { time = { 1, 2, 3 }, event = { 1, 0, 1 }, g = { "A", "A", "A" } }
  refuses("cox: no events: there are no hazards to compare", cox,
    "Surv(time, event) ~ g", censored)
  refuses("g has only one level, A", cox, "Surv(time, event) ~ g", one)
  refuses("has no variable to compare hazards by", cox, "Surv(time, event) ~ 1", t)
  refuses("must be Surv(time, event)", cox, "time ~ g", t)
  refuses("must be Surv(time, event)", cox, "Surv(s, time, event) ~ g",
    { time = { 2, 3 }, s = { 0, 1 }, event = { 1, 1 }, g = { "A", "B" } })
  refuses('ties = "efro" is none of', cox, "Surv(time, event) ~ g", t,
    { ties = "efro" })
  refuses("nearest: Efron", cox, "Surv(time, event) ~ g", t, { ties = "efro" })
  refuses("data is missing", cox, "Surv(time, event) ~ g")
  refuses("no column gg", cox, "Surv(time, event) ~ gg", t)
  refuses("a Cox model has no means", function()
    return cox("Surv(time, event) ~ g", t).means
  end)
  local many = { time = {}, event = {}, x = {} }
  for i = 1, 6000 do
    many.time[i], many.event[i], many.x[i] = 1 + i % 2, 1, i * 7 % 11
  end
  refuses("too many events at one time for the exact likelihood", cox,
    "Surv(time, event) ~ x", many, { ties = "exact" })
  cox("Surv(time, event) ~ x", many)
end

-- RMST --------------------------------------------------------------------------

TestRmst = {}

local groups = {}
for line in io.lines "tests/data/survival.csv" do
  local set, time, event, group =
    line:match "^([%w_]+),([^,]+),(%d),(%d+),%d+$"
  if set then
    local t = groups[set] or { time = {}, event = {}, group = {} }
    groups[set] = t
    local i = #t.time + 1
    t.time[i], t.event[i] = tonumber(time), tonumber(event)
    t.group[i] = "g" .. group
  end
end

function TestRmst.test_every_mean_is_that_of_survfit()
  local n, kept = 0, {}
  local fields = { difference = "estimate", ratio = "estimate", low = "conf_low",
    high = "conf_high", p = "p_value", se_difference = "std_error",
    se_ratio = "std_error", ratio_low = "conf_low", p_ratio = "p_value" }
  for line in io.lines "tests/reference/rmst.csv" do
    local set, horizon, quantity, group, value =
      line:match "^([%w_]+),([^,]+),([%w_]+),(-?%d+),([^,]+)$"
    if set and set ~= "set" then
      local key = line:match "^[^,]+,[^,]+"
      local ratio = quantity:find "ratio" ~= nil
      local both = key .. tostring(ratio)
      kept[both] = kept[both] or rmst("Surv(time, event) ~ group", groups[set],
        { horizon = tonumber(horizon), effect = ratio and "ratio" or nil,
          conf_level = ratio and 0.9 or 0.95 })
      local r, got = kept[both], nil
      if group == "-1" then
        got = r[fields[quantity]]
      else
        for row in r:tidy():rows() do
          if row.group == "g" .. group then
            got = quantity == "mean" and row.estimate or row.std_error
          end
        end
      end
      local want = tonumber(value)
      if not (math.abs(got - want) <= 1e-9 * math.abs(want) + 1e-12) then
        lu.fail(("%s: %.17g, not %.17g"):format(line, got, want))
      end
      n = n + 1
    end
  end
  lu.assertTrue(n > 1000, n)
end

function TestRmst.test_pooled_and_chosen_groups()
  local t = groups.veteran_cell
  local whole = rmst("Surv(time, event) ~ group", t, { horizon = 100 })
  lu.assertEquals(whole:get "estimate", NA)
  local r = rmst("Surv(time, event) ~ group", t, { horizon = 100,
    compare = "g2 vs g0" })
  local tidy = whole:tidy()
  near(r.estimate, tidy.estimate[3] - tidy.estimate[1], 1e-12)
  lu.assertEquals({ r.n_1, r.n_2, r.compare }, { tidy.n[3], tidy.n[1],
    "g2 vs g0" })
  local back = rmst("Surv(time, event) ~ group", t, { horizon = 100,
    compare = "g0 vs g2" })
  near(back.estimate, -r.estimate, 1e-12)
  near(back.p_value, r.p_value, 1e-12)
  local one = rmst("Surv(time, event) ~ 1", t, { horizon = 100 })
  lu.assertEquals(one.n, 137)
  near(one.estimate, one:tidy().estimate[1], 1e-15)
end

function TestRmst.test_beyond_the_last_time()
  local t = { time = { 2, 4, 6, 3, 5 }, event = { 1, 1, 1, 1, 0 },
    g = { "A", "A", "A", "B", "B" } }
  local r = rmst("Surv(time, event) ~ g", t, { horizon = 8 })
  lu.assertEquals(r:get "estimate", NA)
  lu.assertEquals(r.note, "survival of B after 5 is not known, and the horizon "
    .. "is 8")
  near(r:tidy().estimate[1], 4, 1e-15) -- nobody of A is left: all is known
  r = rmst("Surv(time, event) ~ g", t, { horizon = 5 })
  near(r:tidy().estimate[2], 4, 1e-15)
end

function TestRmst.test_nothing_to_compare()
  local t = { time = { 5, 6, 7, 8 }, event = { 0, 1, 0, 0 },
    g = { "A", "A", "B", "B" } }
  local r = rmst("Surv(time, event) ~ g", t, { horizon = 3 })
  lu.assertEquals({ r.estimate, r.p_value, r:get "conf_low" }, { 0, 1, NA })
  lu.assertStrContains(r.note, "no events up to the horizon")
  local alone = { time = { 1, 2 }, event = { 1, 1 }, g = { "A", "B" } }
  r = rmst("Surv(time, event) ~ g", alone, { horizon = 3 })
  lu.assertEquals({ r.estimate, r:get "p_value" }, { 1, NA })
  lu.assertStrContains(r.note, "no variation within the groups")
  local start = { time = { 0, 0, 2, 3 }, event = { 1, 1, 1, 1 },
    g = { "A", "A", "B", "B" } }
  r = rmst("Surv(time, event) ~ g", start, { horizon = 3, effect = "ratio" })
  lu.assertEquals(r:get "estimate", NA)
  lu.assertStrContains(r.note, "a mean of 0 has no ratio")
end

function TestRmst.test_errors()
  local t = groups.aml
  refuses("up to which time? { horizon = 90 }", rmst, "Surv(time, event) ~ group",
    t)
  refuses("horizon", rmst, "Surv(time, event) ~ group", t, { horizon = -1 })
  refuses("rmst has no strata", rmst, "Surv(time, event) ~ strata(group)", t,
    { horizon = 9 })
  refuses("rmst: group has no 'g7'", rmst, "Surv(time, event) ~ group", t,
    { horizon = 9, compare = "g7 vs g0" })
end

os.exit(lu.LuaUnit.run())
