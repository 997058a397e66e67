-- Rates of events: R's values (tests/reference/rate.R), what formulas sum up, and
-- data that have no rate.
local lu = require "luaunit"
local ref = require "tests.lua.reference"
local near, refuses = ref.near, ref.refuses

local wanted = {}
for line in io.lines "tests/reference/rate.csv" do
  local set, quantity, value = line:match "^(%w+),(.*),(.-)$"
  wanted[set] = wanted[set] or {}
  wanted[set][quantity] = value == "Inf" and math.huge or tonumber(value)
end

local sets = { small = { 7, 412.5, 15, 398 }, one = { 1, 20.25, 6, 18.5 },
  none = { 0, 55, 4, 60 }, other = { 5, 120, 0, 44 },
  large = { 812, 17550, 557, 18350 }, rare = { 3, 120000, 11, 118700 } }

local function rows(t) return { { t[1], t[2] }, { t[3], t[4] } } end

TestRate = {}

function TestRate.test_one_rate_against_r()
  for name, t in pairs(sets) do
    local w, r = wanted[name], rate { t[1], t[2] }
    near(r.estimate, t[1] / t[2])
    near(r.conf_low, w.low, 1e-11, name)
    near(r.conf_high, w.high, 1e-11, name)
    local less = rate({ t[1], t[2] }, { null = 0.02, alternative = "less" })
    near(less.p_value, w.less, 1e-11, name)
    near(less.conf_high, w["less high"], 1e-11, name)
    lu.assertEquals(less.conf_low, 0)
    near(rate({ t[1], t[2] }, { null = 0.02, alternative = "greater" }).p_value,
      w.greater, 1e-11, name)
    near(rate({ t[1], t[2] }, { null = 2, per = 100 }).p_value,
      math.min(1, 2 * math.min(w.less, w.greater)), 1e-11, name)
  end
end

function TestRate.test_ratio_against_r()
  for name, t in pairs(sets) do
    local w, r = wanted[name], rateratio(rows(t))
    if w.ratio < math.huge then near(r.estimate, w.ratio, 1e-12, name) end
    near(r.conf_low, w["ratio low"], 1e-9, name)
    if w["ratio high"] < math.huge then
      near(r.conf_high, w["ratio high"], 1e-9, name)
    end
    near(r.p_minlike, w.minlike, 1e-10, name)
    local less, greater = rateratio(rows(t), { null = 1.5,
      alternative = "less" }), rateratio(rows(t), { null = 1.5,
      alternative = "greater" })
    near(less.p_value, w["ratio less"], 1e-10, name)
    near(greater.p_value, w["ratio greater"], 1e-10, name)
    near(rateratio(rows(t), { null = 1.5 }).p_value,
      math.min(1, 2 * math.min(w["ratio less"], w["ratio greater"])), 1e-10)
    local mid = rateratio(rows(t), { mid_p = true })
    if w["mid low"] then near(mid.conf_low, w["mid low"], 1e-9, name) end
    if w["mid high"] then near(mid.conf_high, w["mid high"], 1e-9, name) end
  end
end

function TestRate.test_difference_against_r()
  for name, t in pairs(sets) do
    local w = wanted[name]
    local r = rateratio(rows(t), { effect = "difference", per = 100 })
    near(r.estimate, 100 * (t[1] / t[2] - t[3] / t[4]), 1e-12)
    near(r.conf_low, 100 * w["difference low"], 1e-8, name)
    near(r.conf_high, 100 * w["difference high"], 1e-8, name)
    near(r.statistic, w["difference z"], 1e-11, name)
    local at = rateratio(rows(t), { effect = "difference", per = 100,
      null = r.conf_low })
    near(at.p_value, 0.05, 1e-9, name)
  end
end

function TestRate.test_strata_against_r()
  local r = rateratio { { { 3, 40 }, { 9, 44 } }, { { 2, 61 }, { 6, 50 } },
    { { 0, 12 }, { 1, 15 } }, { { 4, 80 }, { 5, 78 } } }
  local w = wanted.strata
  near(r.estimate, w.estimate, 1e-9)
  near(r.conf_low, w.low, 1e-9)
  near(r.conf_high, w.high, 1e-9)
  near(r.p_value, w.central, 1e-10)
  near(r.p_minlike, w.minlike, 1e-10)
  lu.assertEquals(r.n_stratum, 4)
end

local data = { EVENTS = { 2, 0, 1, 3, 0, 4, NA, 1 },
  DAYS = { 28, 28, 10.5, 28, 14, 20, 28, NA },
  TRT01P = { "P", "P", "A", "A", "A", "P", "P", "A" },
  SITE = { "x", "y", "x", "y", "x", "x", "y", "y" } }

function TestRate.test_formulas_sum_events_and_time()
  local r = rateratio("EVENTS ~ TRT01P", data, { time = "DAYS", per = 100,
    compare = "A vs P" })
  local c = rateratio({ { 4, 52.5 }, { 6, 76 } }, { per = 100 })
  for _, field in ipairs { "estimate", "conf_low", "conf_high", "p_value",
    "estimate_1", "estimate_2", "time_1", "events_2" } do
    lu.assertEquals(r[field], c[field], field)
  end
  lu.assertEquals({ r.n_1, r.n_2, r.n_missing }, { 3, 3, 2 })
  lu.assertStrContains(tostring(r), "A 4 in 52.5 (7.62 per 100) vs P 6 in 76")
  near(rateratio("EVENTS ~ TRT01P", data, { time = "DAYS",
    compare = "P vs A" }).estimate * r.estimate, 1)
  local s = rateratio("EVENTS ~ TRT01P", data, { time = "DAYS",
    compare = "A vs P", strata = "SITE" })
  local d = rateratio { { { 1, 24.5 }, { 6, 48 } }, { { 3, 28 }, { 0, 28 } } }
  lu.assertEquals({ s.estimate, s.conf_high, s.p_value },
    { d.estimate, d.conf_high, d.p_value })
  local g = rate("EVENTS ~ TRT01P", data, { time = "DAYS" }):tidy()
  lu.assertEquals({ g.events[1], g.time[1], g.n[1] }, { 4, 52.5, 3 })
  near(g.estimate[2], 6 / 76)
  near(rate("EVENTS ~ 1", data, { time = "DAYS" }).estimate, 10 / 128.5)
  lu.assertEquals(rate("EVENTS > 0 ~ 1", data, { time = "DAYS" }).events, 4)
end

function TestRate.test_no_events()
  local r = rateratio { { 0, 10 }, { 0, 12 } }
  lu.assertEquals({ r.p_value, r.conf_low, r.conf_high }, { 1, 0, math.huge })
  lu.assertIs(r.estimate, NA)
  lu.assertStrContains(tostring(r), "no events")
  r = rateratio { { 2, 10 }, { 0, 12 } }
  lu.assertIs(r.estimate, NA)
  lu.assertStrContains(r.note, "no events in B")
  lu.assertEquals(rateratio({ { 0, 10 }, { 2, 12 } }).estimate, 0)
  r = rateratio({ { 0, 10 }, { 0, 12 } }, { effect = "difference" })
  lu.assertEquals({ r.estimate, r.p_value }, { 0, 1 })
  -- each limit is that of a rate of 0 against one that z^2 / time reaches
  near(r.conf_high, 1.9599639845400545 ^ 2 / 10, 1e-10)
  near(r.conf_low, -1.9599639845400545 ^ 2 / 12, 1e-10)
  lu.assertEquals(rate({ 0, 10 }).conf_low, 0)
  near(rate({ 0, 10 }).conf_high, -math.log(0.025) / 10, 1e-12)
end

function TestRate.test_mistakes_are_told()
  refuses("which column is the person-time", rateratio, "EVENTS ~ TRT01P", data)
  refuses("nearest: DAYS", rate, "EVENTS ~ TRT01P", data, { time = "DAY" })
  refuses("row 2: EVENTS - 1 = -1 is no count", rate, "EVENTS - 1 ~ 1", data,
    { time = "DAYS" })
  refuses("row 1: 2 events, and DAYS - 28 is 0", rate, "EVENTS ~ 1", {
    EVENTS = { 2 }, ["DAYS - 28"] = { 0 } }, { time = "DAYS - 28" })
  refuses("is no person-time", rate, "E ~ 1", { E = { 1 }, T = { -1 } },
    { time = "T" })
  refuses("T is 0 for all", rate, "E ~ 1", { E = { 0, 0 }, T = { 0, 0 } },
    { time = "T" })
  refuses("b has no person-time", rateratio, "E ~ G", { E = { 1, 0 },
    T = { 5, 0 }, G = { "a", "b" } }, { time = "T", compare = "a vs b" })
  refuses("TRT01P is text", rate, "TRT01P ~ 1", data, { time = "DAYS" })
  refuses("write the event alone", rate, "Surv(DAYS, EVENTS > 0) ~ TRT01P", data,
    { time = "DAYS" })
  refuses("2.5 is no count", rateratio, { { 2.5, 10 }, { 1, 8 } })
  refuses("0 is no person-time", rateratio, { { 2, 0 }, { 1, 8 } })
  refuses("time is for a formula", rate, { 2, 10 }, { time = "DAYS" })
  refuses("nearest: effect", rateratio, { { 2, 1 }, { 1, 8 } }, { efect = 1 })
  refuses("strata are for the ratio", rateratio, "EVENTS ~ TRT01P", data,
    { time = "DAYS", strata = "SITE", effect = "difference" })
  refuses("null = -1 is no ratio", rateratio, { { 2, 1 }, { 1, 8 } },
    { null = -1 })
end

function TestRate.test_an_endpoint_counts_events_per_person_time()
  local s = require "tests.lua.endpoints".study()
  endpoint "AE" { data = "adae", variable = "count", compare = "H vs L",
    analysis = { "rateratio", time = "AGE", per = 100 },
    summary = "rate ratio", supplementary = { { "by arm", compare = "each arm",
      analysis = { "rate", time = "AGE" } } } }
  run(s)
  local r = s:result "AE"
  local by = s.adsl:join(s.adae:by "USUBJID":summarise "N = count(*)", "USUBJID")
    :mutate "N = coalesce(N, 0)"
  local w = rateratio("N ~ TRT01P", by, { time = "AGE", per = 100,
    compare = "H vs L" })
  for _, field in ipairs { "estimate", "conf_low", "conf_high", "p_value",
    "estimate_1", "n_event", "n", "estimate_name" } do
    lu.assertEquals(r[field], w[field], field)
  end
  lu.assertTrue(w.n_event > 0)
  lu.assertEquals(s:result "AE[H]/by arm".estimate, rate("N ~ 1",
    by:where { TRT01P = "H" }, { time = "AGE" }).estimate)
  lu.assertStrContains(explain "AE", "by rates of events (per 100; time AGE)")
  endpoint "AE" { data = "adae", variable = "count", analysis = "rateratio" }
  refuses("which column is the person-time", check, s)
end

-- Variances between subjects ------------------------------------------------------

local function subjects()
  return { Y = { 0, 2, 1, 7, 0, 3, 1, 0, 4, 9, 2, 6, 0, 5, 3 },
    T = { 28, 28, 14, 28, 9, 28, 28, 21, 28, 25, 28, 12, 28, 28, 20 },
    G = { "A", "A", "A", "A", "A", "A", "A", "A", "B", "B", "B", "B", "B", "B",
      "B" } }
end

local function robust(data, more)
  local opt = { time = "T", compare = "A vs B", variance = "robust" }
  for key, value in pairs(more or {}) do opt[key] = value end
  return rateratio("Y ~ G", data, opt)
end

function TestRate.test_robust_against_r()
  local r = robust(subjects())
  for quantity, value in pairs(wanted.robust) do
    near(r[quantity], value, 1e-10, quantity)
  end
  -- another unit of time, and the other way round
  local other = subjects()
  for i, t in ipairs(other.T) do other.T[i] = t * 365.25 end
  near(robust(other).p_value, r.p_value, 1e-12)
  local turned = robust(subjects(), { compare = "B vs A" })
  near(turned.estimate, 1 / r.estimate, 1e-12)
  near(turned.conf_low, 1 / r.conf_high, 1e-12)
  near(robust(subjects(), { alternative = "less" }).p_value, r.p_value / 2,
    1e-12)
  near(robust(subjects(), { null = r.estimate }).p_value, 1, 1e-12)
  lu.assertStrContains(tostring(r), "dispersion")
end

-- With equal times the error is that of the means.
function TestRate.test_robust_is_that_of_means()
  local data = subjects()
  for i in ipairs(data.T) do data.T[i] = 10 end
  local t = ttest("Y ~ G", data, { compare = "A vs B" })
  local se = math.sqrt(t.sd_1 ^ 2 / (8 * t.estimate_1 ^ 2)
    + t.sd_2 ^ 2 / (7 * t.estimate_2 ^ 2))
  near(robust(data).std_error, se, 1e-12)
end

function TestRate.test_robust_without_a_variance()
  local data = subjects()
  for i = 1, 8 do data.Y[i] = 0 end
  local r = robust(data)
  lu.assertEquals({ r.estimate, r.p_value, r.std_error }, { 0.0, NA, NA })
  lu.assertStrContains(r.note, "no events in A")
  data = { Y = { 3, 1, 2 }, T = { 5, 5, 5 }, G = { "A", "B", "B" } }
  lu.assertStrContains(robust(data).note, "A has one subject")
  data = { Y = { 2, 2, 1, 1 }, T = { 5, 5, 5, 5 }, G = { "A", "A", "B", "B" } }
  lu.assertStrContains(robust(data).note, "have the same rate")
  near(robust(data).estimate, 2)
  refuses("is for a formula", rateratio, { { 7, 412 }, { 15, 398 } },
    { variance = "robust" })
  refuses("has no strata", robust, { Y = { 1, 2, 1, 2 }, T = { 1, 1, 1, 1 },
    G = { "A", "A", "B", "B" }, S = { 1, 2, 1, 2 } }, { strata = "S" })
  refuses("has no difference", robust, subjects(), { effect = "difference" })
  refuses("is no ratio above 0", robust, subjects(), { null = 0 })
  refuses("nearest: robust", robust, subjects(), { variance = "robst" })
end

os.exit(lu.LuaUnit.run())
