-- Least-squares means, contrasts, slopes and predictions of linear models:
-- R's values (tests/reference/lm.R), published tables, what is refused.
local lu = require "luaunit"
local ref = require "tests.lua.reference"
local sets = require "tests.lua.lm_sets"
local near, refuses = ref.near, ref.refuses

TestReference = {}

-- The rows of a frame by their labels, joined as in lm.R.
local function by_label(frame, names)
  local out = {}
  for i = 1, #frame do
    local row, label = frame:row(i), {}
    for k, name in ipairs(names) do label[k] = tostring(row[name]) end
    out[table.concat(label, "/")] = row
  end
  return out
end

local function check(rows, wanted, what)
  local count = 0
  for name, fields in pairs(wanted) do
    local row = rows[name]
    lu.assertNotNil(row, what .. ": " .. name)
    for field, value in pairs(fields) do
      if value == NA then
        lu.assertEquals(row[field], NA, what .. ": " .. name)
      else
        near(row[field], value, 1e-9, ("%s: %s, %s"):format(what, name, field))
      end
      count = count + 1
    end
  end
  return count
end

-- { set, what of lm.csv, category, options, labels }
local means = {
  { "warp", "tension", "tension" },
  { "warp", "wool by tension", "wool", { by = "tension" }, { "tension", "wool" } },
  { "warp", "cells", { "wool", "tension" }, nil, { "wool", "tension" } },
  { "warp weighted", "wool", "wool" },
  { "warp weighted", "wool proportional", "wool", { weights = "Proportional" } },
  { "air", "month", "Month" },
  { "air", "month at", "factor(Month)", { at = { Temp = 70, Wind = 8 } } },
  { "air", "month temps", "Month", { at = { Temp = 70 } } },
  { "air weighted", "month", "Month" },
  { "air offset", "month", "Month" }, { "air shifted", "month", "Month" },
  { "air shifted", "month at", "Month", { at = { Temp = 70 } } },
  { "made", "a equal", "a" }, { "made", "b equal", "b" },
  { "made", "a proportional", "a", { weights = "proportional" } },
  { "made", "b proportional", "b", { weights = "proportional" } },
  { "made", "a outer", "a", { weights = "outer" } },
  { "made", "b outer", "b", { weights = "outer" } },
  { "made", "a cells", "a", { weights = "cells" } },
  { "made", "b cells", "b", { weights = "cells" } },
  { "made deep", "a by c", "a", { by = "c" }, { "c", "a" } },
  { "empty", "a", "a" }, { "empty", "b", "b" },
  { "empty", "cells", { "a", "b" }, nil, { "a", "b" } },
  { "actg", "arm", "arm" },
  { "actg", "arm proportional", "arm", { weights = "proportional" } },
  { "actg log", "arm", "arm", { at = { cd40 = 300 } } },
}

local function pairs_of(m, case)
  local opt = { "pairwise", factor = case[3] }
  for key, value in pairs(case[4] or {}) do opt[key] = value end
  local c = m:contrast(opt)
  if require "trialsh.result".is(c) then return { [c.compare] = c } end
  return by_label(c, { "compare" })
end

function TestReference.test_means_and_pairs()
  local values, count = sets.values(), 0
  for _, case in ipairs(means) do
    local set, what, category = table.unpack(case)
    local m, name = sets.fit(set), category
    if name == "Month" then name = "factor(Month)" end
    local rows = by_label(m:means(category, case[4]), case[5] or { name })
    local wanted = {}
    for label, fields in pairs(values[set][what]) do
      wanted[label] = fields
    end
    count = count + check(rows, wanted, set .. ", " .. what)
    local pairs_wanted = values[set][what .. " pairs"]
    if pairs_wanted and not case[5] then
      wanted = {}
      for label, fields in pairs(pairs_wanted) do
        wanted[label:gsub("factor%(Month%)", "")] = fields
      end
      count = count + check(pairs_of(m, case), wanted, set .. ", " .. what)
    end
  end
  lu.assertTrue(count > 500, count)
end

function TestReference.test_ratios()
  local values = sets.values()["warp log"]
  local m = sets.fit "warp log"
  check(by_label(m:means("tension", { ratio = true }), { "tension" }),
    values["ratio means"], "ratio means")
  check(by_label(m:contrast { "pairwise", factor = "tension", ratio = true },
    { "compare" }), values["ratio pairs"], "ratio pairs")
end

-- offsets stand at their mean, which differences do not have
function TestReference.test_offsets()
  local m = sets.fit "air shifted log"
  local t = m:means("Month", { ratio = true })
  check(by_label(t, { "factor(Month)" }), sets.values()["air shifted log"]
    ["ratio means"], "ratio means")
  lu.assertStrContains(tostring(t), "at offset(Wind / 10) = its mean")
  local c = m:contrast { "6 vs 5", ratio = true }
  near(c.estimate_1, t.estimate[2], 1e-13)
  near(c.estimate_2, t.estimate[1], 1e-13)
  near(c.estimate, c.estimate_1 / c.estimate_2, 1e-13)
  lu.assertStrContains(tostring(c), "at offset(Wind / 10) = its mean")
  -- a contrast that is a mean is one
  m = sets.fit "air shifted"
  t = m:means "Month"
  c = m:contrast { { "both", ["5"] = 0.5, ["6"] = 0.5 } }
  near(c.estimate, (t.estimate[1] + t.estimate[2]) / 2, 1e-13)
  -- all rows with each level: the mean of their predictions
  local rows = read "tests/data/airquality.csv":select("Month", "Temp", "Wind",
    "Ozone", "Solar.R"):where [["Ozone" is not null and "Solar.R" is not null]]
    :mutate "Month = 7"
  local p = m:predict(rows)
  near(m:means("Month", { weights = "observed" }).estimate[3],
    describe("estimate", p).mean, 1e-12)
  -- repeated measures: those of the response less the offset, and its mean
  local d = read "tests/data/orthodont.csv":mutate "less = DIST - W / 2"
  local less = mmrm("less ~ SEX * AVISIT", d, { covariance = "cs" })
  local offset = mmrm("DIST ~ SEX * AVISIT + offset(W / 2)", d,
    { covariance = "cs" })
  local a, b = less:means "SEX", offset:means "SEX"
  local shift = describe("W", d).mean / 2
  for i = 1, #a do
    near(b.estimate[i], a.estimate[i] + shift, 1e-9)
    near(b.conf_low[i], a.conf_low[i] + shift, 1e-9)
  end
end

function TestReference.test_slopes()
  local values = sets.values()
  local air, deep = sets.fit "air", sets.fit "made deep"
  check(by_label(air:slope("Temp", { by = "Month" }), { "factor(Month)" }),
    values.air.slope, "air")
  check(by_label(deep:slope("x", { by = "a" }), { "a" }),
    values["made deep"].slope, "made deep")
  local s = sets.fit "air offset":slope "Temp"
  near(s.estimate[1], values["air offset"].slope["-"].estimate, 1e-9)
  near(s.std_error[1], values["air offset"].slope["-"].std_error, 1e-9)
  -- a difference of slopes is the coefficient of the interaction
  local c = air:contrast { "9 vs 5", slope = "Temp", factor = "Month" }
  local term = air:term "factor(Month)9:Temp"
  near(c.estimate, term.estimate, 1e-12)
  near(c.std_error, term.std_error, 1e-12)
end

local predicted = {
  { "air", { Month = { 5, 9 }, Temp = { 60, 90 }, Wind = { 10, 5 } } },
  { "air weighted", { Month = { 5 }, Temp = { 60 }, Wind = { 10 } } },
  { "air curves", { Temp = { 60, 80 }, Wind = { 10, 15 },
    ["Solar.R"] = { 100, 200 } } },
  { "air offset", { Month = { 5 }, Temp = { 60 }, Wind = { 10 } } },
}

function TestReference.test_predictions()
  local values, count = sets.values(), 0
  for _, case in ipairs(predicted) do
    local m = sets.fit(case[1])
    for _, kind in ipairs { "confidence", "prediction" } do
      local p = m:predict(case[2], { interval = kind })
      local rows = {}
      for i = 1, #p do rows[tostring(i)] = p:row(i) end
      count = count + check(rows, values[case[1]][kind], case[1] .. " " .. kind)
    end
  end
  lu.assertTrue(count >= 48, count)
end

-- Several at once ------------------------------------------------------------

TestAdjust = {}

-- R's numbers have 14 decimals, those of ptukey 10.
local function check_adjusted(m, wanted, opt, what)
  local c, count = m:contrast(opt), 0
  local rows = by_label(c, { "compare" })
  for name, fields in pairs(wanted) do
    for field, value in pairs(fields) do
      local x = rows[name][field]
      local tukey = opt.adjust:lower() == "tukey"
      lu.assertTrue(math.abs(x - value) <= (tukey and 1e-10 or 1e-13)
        + (tukey and 1e-8 or 1e-9) * math.abs(value),
        ("%s: %s %s: %.17g, not %.17g"):format(what, name, field, x, value))
      count = count + 1
    end
  end
  return count
end

function TestAdjust.test_against_R()
  local values, count = sets.values(), 0
  for set, factor in pairs { warp = "tension", made = "b", actg = "arm" } do
    local m, v = sets.fit(set), values[set]
    count = count + check_adjusted(m, v.dunnett, { "reference", factor = factor,
      adjust = "Dunnett" }, set)
    if set ~= "actg" then
      count = count + check_adjusted(m, v["dunnett greater"], { "reference",
        factor = factor, adjust = "mvt", alternative = "greater" }, set)
    end
    for _, kind in ipairs { "tukey", "sidak", "bonferroni" } do
      count = count + check_adjusted(m, v[kind], { "pairwise", factor = factor,
        adjust = kind }, set .. " " .. kind)
    end
  end
  lu.assertTrue(count > 80, count)
end

-- What is within the simultaneous interval is no difference at that level.
function TestAdjust.test_intervals_are_those_of_the_tests()
  local m = sets.fit "made"
  for _, kind in ipairs { "bonferroni", "sidak", "tukey", "mvt" } do
    local c = m:contrast { "pairwise", factor = "b", adjust = kind }
    for i = 1, #c do
      local level = 1 - c.p_adjusted[i]
      if level > 0.01 and level < 0.9999 then
        local at = m:contrast { "pairwise", factor = "b", adjust = kind,
          conf_level = level }
        local edge = math.min(math.abs(at.conf_low[i]), math.abs(at.conf_high[i]))
        lu.assertTrue(edge < 1e-6 * math.abs(at.estimate[i]), kind)
      end
    end
  end
end

function TestAdjust.test_by_and_ratio()
  local m = sets.fit "made deep"
  local c = m:contrast { "pairwise", factor = "b", by = "c", adjust = "mvt" }
  lu.assertEquals(#c, 6)
  for i = 1, 6 do lu.assertTrue(c.p_adjusted[i] >= c.p_value[i]) end
  lu.assertStrContains(tostring(c), "within each c")
  local log = lm("log(AVAL) ~ log(BASE) + TRT01P",
    demo.adlb:where { PARAMCD = "ALC", AVISIT = "Day 29" })
  local a = log:contrast { adjust = "dunnett" }
  local b = log:contrast { adjust = "dunnett", ratio = true }
  for i = 1, 2 do
    near(b.conf_low[i], math.exp(a.conf_low[i]), 1e-13)
    near(b.p_adjusted[i], a.p_adjusted[i], 1e-13)
  end
  -- one comparison alone needs no adjustment
  local one = log:contrast { "CYT107 HF vs Placebo", adjust = "dunnett" }
  near(one.p_adjusted, one.p_value, 1e-12)
end

function TestAdjust.test_stepwise()
  local c = sets.fit "made":contrast { "pairwise", factor = "b",
    adjust = "holm" }
  local raw = sets.fit "made":contrast { "pairwise", factor = "b" }
  local wanted = padjust(raw.p_value, "Holm")
  for i = 1, 3 do
    lu.assertEquals(c.p_adjusted[i], wanted[i])
    lu.assertEquals(c.conf_low[i], raw.conf_low[i])
  end
  lu.assertStrContains(tostring(c), "P adjusted by Holm; CI not adjusted")
end

function TestAdjust.test_functions()
  local d29 = demo.adlb:where { PARAMCD = "ALC", AVISIT = "Day 29" }
  local f = "log(AVAL) ~ log(BASE) + TRT01P"
  local m = lm(f, d29)
  local a, b = dunnett(f, d29), m:contrast { adjust = "dunnett" }
  local c, d = tukey(f, d29), m:contrast { "pairwise", adjust = "tukey" }
  for i = 1, 2 do lu.assertEquals(a:row(i), b:row(i)) end
  for i = 1, 3 do lu.assertEquals(c:row(i), d:row(i)) end
  local r = dunnett(f, d29, { reference = "CYT107 HF", alternative = "less" })
  lu.assertEquals(r.compare[1], "Placebo vs CYT107 HF")
  lu.assertTrue(r.p_adjusted[1] < 0.01)
  refuses("has no groups to compare", dunnett, "AVAL ~ BASE", d29)
  refuses("dunnett has no option adjust", dunnett, f, d29, { adjust = "holm" })
end

-- The reference is the trial's where it is a group, else the first, or the one
-- that is named.
function TestAdjust.test_unequal_variances()
  local d29 = demo.adlb:where { PARAMCD = "ALC", AVISIT = "Day 29" }
  local how = { variance = "welch" }
  lu.assertEquals(dunnett("AVAL ~ TRT01P", d29, how).compare[1],
    "CYT107 LF vs Placebo")
  local by_sex = dunnett("AGE ~ SEX", demo.adsl, how)
  local t = ttest("AGE ~ SEX", demo.adsl, { compare = "M vs F" })
  lu.assertEquals(by_sex.compare[1], "M vs F")
  lu.assertAlmostEquals(by_sex.p_adjusted[1], t.p_value, 1e-12)
  lu.assertAlmostEquals(by_sex.conf_low[1], t.conf_low, 1e-9 * t.std_error)
  how.reference = "CYT107 HF"
  lu.assertEquals(dunnett("AVAL ~ TRT01P", d29, how).compare[2],
    "CYT107 LF vs CYT107 HF")
  how.reference = "CYT107 hf"
  refuses("dunnett: no group 'CYT107 hf' with values; nearest: CYT107 HF",
    dunnett, "AVAL ~ TRT01P", d29, how)
  refuses("dunnett: vcov does not go with unequal variances", dunnett,
    "AVAL ~ TRT01P", d29, { variance = "welch", vcov = "HC3" })
end

function TestAdjust.test_refused()
  local m = sets.fit "made"
  refuses("reference = is for comparisons with it", m.contrast, m,
    { "R vs P", factor = "b", reference = "Q" })
  refuses("Dunnett is for comparisons with one control", m.contrast, m,
    { "pairwise", factor = "b", adjust = "dunnett" })
  refuses("Tukey is for differences of two levels", m.contrast, m, { { "up",
    P = -1, R = 1 }, { "mid", P = -1, Q = 1 }, factor = "b", adjust = "tukey" })
  refuses("Tukey's test is two-sided", m.contrast, m, { "pairwise",
    factor = "b", adjust = "tukey", alternative = "less" })
  refuses('adjust = "dunet" is none of none, Dunnett', m.contrast, m,
    { factor = "b", adjust = "dunet" })
  refuses("Scheffe's test is two-sided", m.contrast, m, { "pairwise",
    factor = "b", adjust = "Scheffe", alternative = "less" })
  for words, call in pairs {
    ["groups alone"] = { "breaks ~ tension + wool", { variance = "welch" } },
    ["vcov does not go with"] = { "breaks ~ tension", { variance = "welch",
      vcov = "HC3" } },
    ["nearest: welch"] = { "breaks ~ tension", { variance = "welsh" } },
    ["two groups with values are needed"] = { "breaks ~ one",
      { variance = "welch" } } } do
    refuses(words, tukey, call[1], { breaks = { 1, 2, 3, 4 }, one = { 1, 1, 1,
      1 }, tension = { "L", "M", "L", "M" }, wool = { 1, 2, 1, 2 } }, call[2])
  end
end

-- Published ------------------------------------------------------------------

TestPublished = {}

-- table 14-3.01: ADAS-Cog (11), change to week 24, LOCF
function TestPublished.test_cdisc_pilot()
  local values = ref.values("published/r_reference_cdisc.csv", "14-3.01")
  local data = ref.read "cdisc/csv/adadas.csv":where { PARAMCD = "ACTOT",
    AVISIT = "Week 24", EFFFL = "Y", ANL01FL = "Y" }
  local arms = { "Placebo", "Xanomeline Low Dose", "Xanomeline High Dose" }
  data = data:levels { TRTP = arms }
  local m = lm("CHG ~ TRTP + factor(SITEGR1) + BASE", data)
  local row = values.ANCOVA
  for key, compare in pairs { LvP = { 2, 1 }, HvP = { 3, 1 }, HvL = { 3, 2 } } do
    local c = m:contrast(arms[compare[1]] .. " vs " .. arms[compare[2]])
    near(c.estimate, row[key .. " estimate"], 1e-11)
    near(c.std_error, row[key .. " SE"], 1e-11)
    near(c.conf_low, row[key .. " lower.CL"], 1e-11)
    near(c.conf_high, row[key .. " upper.CL"], 1e-11)
    near(c.p_value, row[key .. " p.value"], 1e-11)
  end
  local t = m:means("TRTP", { weights = "proportional" })
  for i, arm in ipairs(arms) do
    near(t.estimate[i], values["ANCOVA lsmean (proportional weights)"][arm],
      1e-11)
  end
  -- the dose as a number: 0, 54, 81
  local dose = lm("CHG ~ TRTPN + factor(SITEGR1) + BASE", data)
  near(dose:term "TRTPN".p_value,
    values["ANCOVA CHG~TRTP+SITEGR1+BASE"]["dose-response p"], 1e-11)
end

-- Shapes ---------------------------------------------------------------------

TestShapes = {}

local function d29() return demo.adlb:where { PARAMCD = "ALC", AVISIT = "Day 29" } end

function TestShapes.test_one_comparison_is_a_result()
  local m = lm("log(AVAL) ~ log(BASE) + TRT01P", d29())
  local c = m:contrast { "CYT107 HF vs Placebo", ratio = true }
  lu.assertEquals({ c.compare, c.n, c.n_1, c.n_2, c.n_missing, c.alternative,
    c.conf_level, c.note }, { "CYT107 HF vs Placebo", 18, 7, 5, 0, "two-sided",
    0.95, NA })
  local t = m:means("TRT01P", { ratio = true })
  near(c.estimate, t.estimate[3] / t.estimate[1], 1e-14)
  near(c.estimate_1, t.estimate[3], 1e-14)
  near(c.estimate_2, t.estimate[1], 1e-14)
  -- against itself turned round
  local r = m:contrast { "Placebo vs CYT107 HF", ratio = true }
  near(r.estimate * c.estimate, 1, 1e-14)
  near(r.conf_low * c.conf_high, 1, 1e-14)
  near(r.p_value, c.p_value, 1e-12)
  -- no ratio: the term of the arm
  local plain, term = m:contrast "CYT107 HF vs Placebo", m:term "TRT01PCYT107 HF"
  for _, field in ipairs { "estimate", "std_error", "statistic", "p_value",
    "conf_low", "conf_high", "df" } do
    near(plain[field], term[field], 1e-13)
  end
end

function TestShapes.test_alternatives()
  local m = lm("log(AVAL) ~ log(BASE) + TRT01P", d29())
  local two = m:contrast "CYT107 HF vs Placebo"
  local up = m:contrast("CYT107 HF vs Placebo", { alternative = "greater" })
  local down = m:contrast("CYT107 HF vs Placebo", { alternative = "less" })
  near(up.p_value, two.p_value / 2, 1e-12)
  near(up.p_value + down.p_value, 1, 1e-14)
  lu.assertEquals({ up.conf_high, down.conf_low }, { math.huge, -math.huge })
  local ratio = m:contrast { "CYT107 HF vs Placebo", ratio = true,
    alternative = "less" }
  lu.assertEquals(ratio.conf_low, 0)
  -- the value under the null hypothesis, of a ratio as a ratio
  local margin = m:contrast { "CYT107 HF vs Placebo", ratio = true, mu = 1.25 }
  near(margin.statistic, (two.estimate - math.log(1.25)) / two.std_error, 1e-13)
end

function TestShapes.test_weights_by_name()
  local m = lm("log(AVAL) ~ log(BASE) + TRT01P", d29())
  local c = m:contrast { { "both", Placebo = -1, ["CYT107 LF"] = 0.5,
    ["CYT107 HF"] = 0.5 } }
  local t = m:means "TRT01P"
  near(c.estimate, (t.estimate[2] + t.estimate[3]) / 2 - t.estimate[1], 1e-13)
  lu.assertEquals({ c.estimate_name, c.compare }, { "both", NA })
end

function TestShapes.test_given_weights()
  local m = sets.fit "made"
  local half = m:means("a", { weights = { b = { P = 1, Q = 1, R = 1 } } })
  near(half.estimate[1], m:means "a".estimate[1], 1e-14)
  local all = m:means("a", { weights = { b = { P = 1, Q = 0, R = 0 } } })
  near(all.estimate[1], m:means("a", { at = { b = "P" } }).estimate[1], 1e-14)
  local listed = m:means("a", { weights = { b = { 1, 0, 0 } } })
  near(listed.estimate[1], all.estimate[1], 1e-15)
end

-- g-computation: the mean of all predictions with the level set
function TestShapes.test_observed()
  local m = sets.fit "made"
  local t = m:means("a", { weights = "observed" })
  local rows = m:augment()
  for i, level in ipairs { "low", "high" } do
    local list = {}
    for k = 1, #rows do list[k] = level end
    local p = m:predict { a = list, b = rows.b, c = rows.c, x = rows.x }
    near(t.estimate[i], p.estimate:mean(), 1e-13)
  end
end

-- A number in several terms stands at its own mean; alone, its logarithm does.
function TestShapes.test_where_numbers_stand()
  local d = { y = { 1, 5, 2, 8, 4, 9, 3, 7 }, x = { 1, 2, 3, 4, 5, 6, 7, 8 },
    g = { "a", "b", "a", "b", "a", "b", "b", "a" } }
  local m = lm("y ~ log(x) + g", d)
  local sum = 0
  for _, x in ipairs(d.x) do sum = sum + math.log(x) / 8 end
  near(m:means "g".estimate[1], m:term "(Intercept)".estimate
    + sum * m:term "log(x)".estimate, 1e-13)
  local curve = lm("y ~ x + I(x^2) + g", d)
  near(curve:means "g".estimate[1], curve:term "(Intercept)".estimate
    + 4.5 * curve:term "x".estimate + 4.5 ^ 2 * curve:term "I(x^2)".estimate,
    1e-13)
  local poly = lm("y ~ poly(x, 2) + g", d)
  near(poly:means "g".estimate[1], curve:means "g".estimate[1], 1e-12)
  lu.assertStrContains(tostring(poly:means "g"), "at x = its mean")
  -- log(x) at a value of x, or of its own
  near(m:means("g", { at = { x = 3 } }).estimate[1],
    m:means("g", { at = { ["log(x)"] = math.log(3) } }).estimate[1], 1e-14)
  -- the slope of a curve
  near(curve:slope("x", { at = { x = 2 } }).estimate[1],
    curve:term "x".estimate + 4 * curve:term "I(x^2)".estimate, 1e-10)
  near(m:slope("x", { at = { x = 2 } }).estimate[1],
    m:term "log(x)".estimate / 2, 1e-8)
  near(m:slope "log(x)".estimate[1], m:term "log(x)".estimate, 1e-14)
end

function TestShapes.test_lists_make_rows()
  local m = sets.fit "made"
  local t = m:means("a", { at = { x = { 0, 5 } } })
  lu.assertEquals(#t, 4)
  lu.assertEquals({ t.a[1], t.x[1], t.a[2], t.x[2] }, { "low", 0, "low", 5 })
  local c = m:contrast { "high vs low", at = { x = { 0, 5 } } }
  lu.assertEquals({ #c, c.x[1], c.x[2] }, { 2, 0, 5 })
end

function TestShapes.test_not_estimable()
  local m = sets.fit "empty"
  lu.assertStrContains(m.note, "ahigh:bR is 0 in all rows")
  local c = m:contrast { "high vs low", factor = "a" }
  lu.assertEquals({ c.estimate, c.p_value, c.conf_low }, { NA, NA, NA })
  lu.assertStrContains(tostring(c), "not estimable")
  lu.assertStrContains(tostring(m:means "a"), "NA: not estimable")
end

function TestShapes.test_trial()
  local s = require "trialsh.study".of_texts { { name = "adsl", text =
    "USUBJID,TRT01P,Y\n1,High,5\n2,High,7\n3,Placebo,1\n4,Low,3\n5,Placebo,2\n"
    .. "6,Low,9\n7,High,4\n" } }
  s.trial = trial "T" { arms = { { "Low", "Low" }, { "High", "High" },
    { "Placebo", "Placebo", reference = true },
    { "Active", "both", pool = { "Low", "High" } } } }
  local m = lm("Y ~ TRT01P", s.adsl)
  -- the reference of the trial is the base, wherever its level stands
  lu.assertEquals({ m:tidy().term[2], m:tidy().term[3] },
    { "TRT01PLow", "TRT01PHigh" })
  local c = m:contrast "Active vs Placebo"
  near(c.estimate, (6 + 16 / 3) / 2 - 1.5, 1e-14)
  lu.assertEquals({ c.n_1, c.n_2 }, { 5, 2 })
  lu.assertStrContains(tostring(c), "Active: equal average")
  near(m:contrast("Active vs Placebo", { pool = "n" }).estimate,
    (12 + 16) / 5 - 1.5, 1e-14)
  near(m:contrast("Active vs Placebo", { weights = "n" }).estimate,
    (12 + 16) / 5 - 1.5, 1e-14)
  lu.assertEquals(m:contrast().compare[1], "Low vs Placebo")
end

function TestShapes.test_refused()
  local m, made = lm("log(AVAL) ~ log(BASE) + TRT01P", d29()), sets.fit "made"
  local function no(words, f, ...) refuses(words, f, m, ...) end
  no("lm:means: the model has no category TRT01; nearest: TRT01P", m.means, "TRT01")
  no('lm:means takes a category, such as "TRT01P"', m.means)
  no("lm:means: the model has no variable AGE; it has log(BASE), "
    .. "BASE, TRT01P", m.means, "TRT01P",
    { at = { AGE = 3 } })
  no("lm:means: at: BASE is a number, not high", m.means, "TRT01P",
    { at = { BASE = "high" } })
  no("lm:means: log(BASE) has no value there", m.means, "TRT01P", { at = { BASE = -1 } })
  no("weights = \"proportionl\" is none of equal", m.means, "TRT01P",
    { weights = "proportionl" })
  no("lm:contrast: TRT01P has no 'CYT107 XF' in the rows used; nearest: CYT107 HF",
    m.contrast, "CYT107 XF vs Placebo")
  no('lm:contrast: "Placebo" is not "A vs B"', m.contrast, "Placebo")
  no("Placebo is on both sides", m.contrast, "Placebo vs Placebo")
  no("begins with its name", m.contrast, { { Placebo = 1 } })
  no("slopes have no ratio", m.contrast, { slope = "BASE", ratio = true })
  no("lm:slope: TRT01P is a category", m.slope, "TRT01P")
  no("lm:contrast has no option ratoi; nearest: ratio", m.contrast,
    { "CYT107 HF vs Placebo", ratoi = true })
  refuses("ratio = true is for a response that is a logarithm", made.means, made,
    "a", { ratio = true })
  refuses("which category is compared?", made.contrast, made)
  refuses("weights of c, over which nothing is averaged", made.means, made, "c",
    { weights = { c = { u = 1, v = 1 } } })
  refuses("weights of b: none for R", made.means, made, "a",
    { weights = { b = { P = 1, Q = 1 } } })
  refuses("b has 'S', which the model has not seen; it knows P, Q, R",
    made.predict, made, { a = { "low" }, b = { "S" }, c = { "u" }, x = { 1 } })
  refuses("no column x", made.predict, made,
    { a = { "low" }, b = { "P" }, c = { "u" } })
end

-- What is nearly right is told what would be.
function TestShapes.test_hints()
  local a = { y = { 1, 3, 2, 5, 4, 7 }, arms = { 0, 1, 2, 0, 1, 2 },
    g = { "ZDV", "ddI", "ZDV+ddI", "ZDV", "ddI", "ZDV+ddI" } }
  local numeric, m = lm("y ~ arms", a), lm("y ~ g", a)
  refuses("lm:means: arms is a number, no category; factor(arms) in the "
    .. "formula", numeric.means, numeric, "arms")
  refuses("factor(arms) in the formula makes", numeric.contrast, numeric)
  refuses("dunnett: \"y ~ arms\" has no groups to compare; factor(arms) makes",
    dunnett, "y ~ arms", a)
  refuses("dunnett: reference = 'ZDW' is a level of no category; nearest: ZDV",
    dunnett, "y ~ g", a, { reference = "ZDW" })
  refuses("'placebo' is a level of no category; it has ZDV, ZDV+ddI, ddI",
    lm, "y ~ g", a, { reference = "placebo" })
  refuses('"ZDV+ddI - ZDV" is not "A vs B"; write "ZDV+ddI vs ZDV"', m.contrast,
    m, "ZDV+ddI - ZDV")
  refuses('"ZDV and ddI" is not "A vs B"', m.contrast, m, "ZDV and ddI")
  refuses("~ (or ==) expected, found =", lm, "y = g", a)
  refuses("no p; nearest: p_value", function() return m.p end)
  refuses("lm:contrast: g has no 'ZDW' in the rows used; nearest: ZDV",
    m.contrast, m, { "trend", ZDW = -1, ddI = 1 })
  refuses("lm:contrast has no option mv; nearest: mu", m.contrast, m,
    { "ZDV vs ddI", mv = 2 })
  local single = m:contrast { "trend", ZDV = -1, ddI = 1, conf_level = 0.9 }
  local double = m:contrast({ { "trend", ZDV = -1, ddI = 1 } },
    { conf_level = 0.9 })
  lu.assertEquals(tostring(single), tostring(double))
  for _, kind in ipairs { 2, "2", "II", { type = "II" } } do
    lu.assertEquals(tostring(m:anova(kind)), tostring(m:anova { type = 2 }))
  end
  refuses("lm:anova: type", m.anova, m, "IV")
end

-- Of log(y + 1) the means are those of y + 1, and it is said so.
function TestShapes.test_means_of_what()
  local d = { y = { 1, 3, 2, 5, 4, 7 }, g = { "a", "b", "a", "b", "a", "b" } }
  local plain, one = lm("log(y) ~ g", d), lm("log(y + 1) ~ g", d)
  local function title(m)
    return tostring(m:means("g", { ratio = true })):match "[^\n]*$"
  end
  lu.assertEquals(title(plain), "geometric least-squares means")
  lu.assertEquals(title(one), "geometric least-squares means of (y + 1)")
  local text = tostring(one:contrast { "b vs a", ratio = true })
  lu.assertStrContains(text, "\ngeometric means of (y + 1) ")
  lu.assertStrContains(text, "ratio of geometric means of (y + 1) ")
  text = tostring(ttest("log(y + 1) ~ g", d, { ratio = true }))
  lu.assertStrContains(text, "\ngeometric means of (y + 1) ")
  lu.assertStrContains(text, "ratio of geometric means of (y + 1) ")
end

-- No digit is shown that the error of a P does not allow.
function TestAdjust.test_digits_of_p()
  local function shown(accuracy)
    return require "trialsh.model.estimates".table({ { p_adjusted = 0.12345,
      accuracy = accuracy } }, { "p_adjusted" }):match "(%S+)$"
  end
  lu.assertEquals(shown(1e-4), "0.123")
  lu.assertEquals(shown(1e-3), "0.12")
  lu.assertEquals(shown(1e-2), "0.1")
end

-- Intervals of coefficients stand where there is room for them.
function TestShapes.test_intervals_of_mmrm()
  local d = read "tests/data/orthodont.csv"
  local narrow = mmrm("DIST ~ SEX * AVISIT", d, { covariance = "cs" })
  local wide = mmrm("DIST ~ SEX", d, { covariance = "cs" })
  lu.assertStrContains(tostring(wide), "95 % CI")
  lu.assertStrContains(tostring(narrow), "std_error    df      t        P\n")
  lu.assertNotStrContains(tostring(narrow), "95 % CI")
end

os.exit(lu.LuaUnit.run())
