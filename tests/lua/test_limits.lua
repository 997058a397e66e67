-- Values beyond a limit: statistics that would take the limit for the value refuse
-- them, blq says what stands for them; endpoints do the same.
local lu = require "luaunit"
local ref = require "tests.lua.reference"
local shared = require "tests.lua.endpoints"
local near, refuses = ref.near, ref.refuses
local endpoints = require "trialsh.endpoint"

local function data()
  return { AVAL = { 3.2, 7.5, 12, 3.2, 9.1, 6.4, 21, 33 },
    LLOQ = { 3.2, NA, NA, 3.2, NA, 6.4, NA, NA }, X = { 1, 2, 3, 4, 5, 6, 7, 8 },
    BLQFL = { "Y", "N", "N", "Y", "N", "Y", "N", "N" },
    ARM = { "B", "B", "B", "B", "A", "A", "A", "A" },
    SITE = { 1, 2, 1, 2, 1, 2, 1, 2 } }
end

TestLimits = {}

local calls = { ttest = "AVAL ~ ARM", wilcoxon = "AVAL ~ ARM",
  kruskal = "AVAL ~ ARM", jonckheere = "AVAL ~ ARM",
  van_elteren = "AVAL ~ ARM + strata(SITE)", signed_rank = "AVAL ~ 1",
  sign_test = "AVAL - 5 ~ 1", cor = "AVAL ~ X", lm = "X ~ ln(AVAL)",
  mediandiff = "AVAL ~ ARM" }

function TestLimits.test_they_refuse()
  for name, formula in pairs(calls) do
    refuses(name .. ": 3 of 8 values of AVAL are below their limit (3.2 or 6.4); "
      .. name .. " would take them as measured. tobit and peto_prentice use them "
      .. "as they are; { blq = \"half\" }", _G[name], formula, data())
  end
  local d = data()
  d.UNIT = { "pg/mL", "pg/mL", "pg/mL", "pg/mL", "pg/mL", "pg/mL", "pg/mL",
    "pg/mL" }
  refuses("below their limit (3.2 or 6.4 pg/mL); ttest", ttest, "AVAL ~ ARM", d)
  d.UNIT[1] = "ng/L"
  refuses("below their limit (3.2 or 6.4); ttest", ttest, "AVAL ~ ARM", d)
  refuses("lmm: 3 of 8", lmm, "AVAL ~ X", data(), { subject = "SITE" })
end

-- The same numbers in another column, and the same with a value for each.
function TestLimits.test_what_stands_for_them()
  local factor = { half = 0.5, limit = 1, sqrt2 = 1 / math.sqrt(2), zero = 0 }
  local said = { half = "half of it", limit = "the limit itself",
    sqrt2 = "the limit over the root of 2", zero = "0" }
  for rule, f in pairs(factor) do
    local d = data()
    d.Y = {}
    for i, x in ipairs(d.AVAL) do d.Y[i] = d.BLQFL[i] == "Y" and x * f or x end
    local got = ttest("AVAL ~ ARM", d, { blq = rule, variance = "pooled" })
    local wanted = ttest("Y ~ ARM", d, { variance = "pooled" })
    for _, field in ipairs { "estimate", "p_value", "conf_low", "conf_high" } do
      near(got[field], wanted[field], 1e-14, rule)
    end
    lu.assertEquals(got.note, "3 of 8 values below their limit counted as "
      .. said[rule])
    lu.assertStrContains(tostring(got), got.note)
    near(wilcoxon("AVAL ~ ARM", d, { blq = rule }).p_value,
      wilcoxon("Y ~ ARM", d).p_value)
    near(describe("AVAL", d, { blq = rule }).mean, describe("Y", d).mean, 1e-14)
  end
  local m = lm("sqrt(AVAL) ~ ARM", data(), { blq = "half" })
  lu.assertStrContains(tostring(m), "3 of 8 values below their limit counted as "
    .. "half of it")
  lu.assertEquals(#m:means "ARM", 2)
end

function TestLimits.test_relations()
  local d = data()
  d.USUBJID = { "1", "2", "3", "4", "5", "6", "7", "8" }
  local s = require "trialsh.study".memory()
  s.lab = require "trialsh.data".wrap(require "trialsh.data".frame(d), true)
  refuses("wilcoxon: 3 of 8", wilcoxon, "AVAL ~ ARM", s.lab)
  refuses("ttest: 1 of 4 values of AVAL is below its limit (6.4)", ttest,
    "AVAL ~ SITE", s.lab:where "X > 4")
  local r = wilcoxon("AVAL ~ ARM", s.lab, { blq = "limit" })
  lu.assertStrContains(tostring(r), "SIMULATED DATA")
  near(r.p_value, wilcoxon("AVAL ~ ARM", data(), { blq = "limit" }).p_value)
  -- none of those chosen is below a limit
  lu.assertEquals(ttest("AVAL ~ 1", s.lab:where "BLQFL = 'N'").n, 5)
end

function TestLimits.test_other_columns_and_mistakes()
  lu.assertEquals(ttest("X ~ ARM", data()).n, 8)
  refuses("blq is for values of AVAL", ttest, "X ~ ARM", data(),
    { blq = "half" })
  refuses("nearest: half", ttest, "AVAL ~ ARM", data(), { blq = "hlf" })
  local d = data()
  d.ALQFL = { "N", "N", "N", "N", "N", "N", "N", "Y" }
  d.BLQFL = { "N", "N", "N", "N", "N", "N", "N", "N" }
  refuses("1 of 8 values of AVAL is above its limit", ttest, "AVAL ~ ARM", d)
  refuses("1 of 8 values of AVAL is above its limit", ttest, "AVAL ~ ARM", d,
    { blq = "half" })
end

-- Endpoints ----------------------------------------------------------------------

TestEndpointLimits = {}

local s

function TestEndpointLimits.setUp()
  s = shared.study()
  s.adlim = s.adlb:where "PARAMCD = 'ALC'"
    :mutate("BLQFL = flag(AVAL < 700)", "LLOQ = iif(AVAL < 700, 700, null)")
    :mutate "AVAL = iif(BLQFL = 'Y', 700, AVAL)"
end

local function of(given)
  endpoints.list = {}
  local def = { data = "adlim", visit = "Day 29", variable = "ln(AVAL)" }
  for key, value in pairs(given) do def[key] = value end
  return endpoint "E" (def)
end

local function rows()
  return s.adsl:select("USUBJID", "TRT01P", "AGE"):join(s.adlim:where { AVISIT =
    "Day 29" }:select("USUBJID", "AVAL", "BLQFL"), "USUBJID")
end

function TestEndpointLimits.test_tobit()
  of { analysis = { "tobit", "~ AGE + TRT01P", ci = "profile" },
    summary = "ratio of geometric means", adjust = "Dunnett" }
  lu.assertStrContains(tostring(check(s)), "1 endpoint, no mistakes")
  run(s)
  local m = tobit("ln(AVAL) ~ AGE + TRT01P", rows(), { ci = "profile" })
  for _, compare in ipairs { "Active vs P", "H vs P", "L vs P" } do
    local r = s:result(("E[%s]"):format(compare))
    local c = m:contrast { compare, ratio = true }
    near(r.estimate, c.estimate, 1e-12)
    near(r.p_value, c.p_value, 1e-12)
    lu.assertTrue(r.p_adjusted >= r.p_value)
    lu.assertEquals(r.estimate_name, "ratio of geometric least-squares means")
  end
  lu.assertStrContains(s:result "E".note, ("%d of %d values below their limit")
    :format(m.n_below, m.n))
  lu.assertStrContains(tostring(why "E":select("USUBJID", "BLQFL"):head(1)),
    "BLQFL")
  lu.assertStrContains(explain "E", "a Tobit model of values beyond limits")
end

function TestEndpointLimits.test_ranks()
  of { analysis = "peto_prentice" }
  run(s)
  local r = s:result "E[H vs P]"
  local t = peto_prentice("ln(AVAL) ~ TRT01P", rows(), { compare = "H vs P" })
  near(r.p_value, t.p_value)
  near(r.statistic, t.statistic)
  lu.assertEquals(r.method, t.method)
  of { analysis = "peto_prentice", compare = "all arms" }
  run(s)
  near(s:result "E".p_value, peto_prentice("AVAL ~ TRT01P", rows()).p_value)
end

function TestEndpointLimits.test_substitution()
  of { analysis = { "ttest", blq = "half" } }
  run(s)
  local r = s:result "E[H vs P]"
  local t = ttest("ln(AVAL) ~ TRT01P", rows(), { compare = "H vs P",
    blq = "half", ratio = true })
  near(r.estimate, t.estimate, 1e-12)
  near(r.p_value, t.p_value, 1e-12)
  lu.assertStrContains(r.note, "values below their limit counted as half of it")
  lu.assertStrContains(explain "E", "(values below their limit as half of it)")
end

function TestEndpointLimits.test_refusal()
  for _, given in ipairs { { analysis = "ttest" }, { analysis = "wilcoxon",
      variable = "AVAL" }, { analysis = { "lm", "~ TRT01P" },
      variable = "mean(AVAL)", visits = { "Day 8", "Day 29" } },
      { analysis = { "mmrm", "~ TRT01P * AVISIT" },
        visits = { "Day 8", "Day 29" } } } do
    of(given)
    local words = "values of AVAL are below their limit"
    refuses(words, check, s)
    refuses(words, run, s)
  end
  -- a condition on it, and numbers that are none of its
  of { analysis = "riskdiff", variable = "AVAL >= 1000" }
  run(s)
  of { analysis = "wilcoxon", variable = "CHG" }
  run(s)
end

-- A baseline below its limit is a number of a model, which is said.
function TestEndpointLimits.test_baselines_below()
  s.adbase = s.adlim:mutate "BBLQFL = iif(BASE < 600, 'Y', 'N')"
  local below = s.adsl:join(s.adbase:where { AVISIT = "Day 29" }
    :select("USUBJID", "BASE", "BBLQFL"), "USUBJID")
    :where "BASE is not null":collect()
  local words = ("BASE of %d of %d subjects is below its limit and counts as "
    .. "the limit"):format(#below:where "BBLQFL = 'Y'", #below)
  lu.assertTrue(#below:where "BBLQFL = 'Y'" > 0)
  for _, given in ipairs { { analysis = { "tobit", "~ ln(BASE) + TRT01P" } },
      { analysis = "wilcoxon", variable = "BASE" } } do
    given.data = "adbase"
    of(given)
    run(s)
    lu.assertStrContains(s:result "E".note, words)
    lu.assertStrContains(explain "E", words .. ".")
  end
  for _, given in ipairs { { analysis = { "tobit", "~ TRT01P" } },
      { analysis = { "tobit", "~ ln(BASE) + TRT01P" },
        where = "BASE >= 600" } } do
    given.data = "adbase"
    of(given)
    run(s)
    lu.assertNotStrContains(tostring(s:result "E".note), "BASE of")
    lu.assertNotStrContains(explain "E", "BASE of")
  end
  -- at the prompt
  local data = s.adsl:select("USUBJID", "TRT01P"):join(s.adbase:where {
    AVISIT = "Day 29" }:select("USUBJID", "AVAL", "BASE", "BLQFL", "BBLQFL"),
    "USUBJID")
  words = ("BASE of %d of %d rows is below its limit"):format(
    #below:where "BBLQFL = 'Y'", #below)
  local m = lm("AVAL ~ BASE + TRT01P", data, { blq = "half" })
  lu.assertStrContains(m.note, words)
  lu.assertStrContains(m.note, "counted as half of it")
  lu.assertStrContains(tostring(m), words)
  lu.assertEquals(m:term "BASE".estimate, require "trialsh.lm".lm(
    "AVAL ~ BASE + TRT01P", data:mutate "AVAL = iif(BLQFL = 'Y', AVAL / 2, AVAL)"
    ):term "BASE".estimate)
  lu.assertStrContains(tobit("AVAL ~ BASE + TRT01P", data).note, words)
  lu.assertStrContains(cor("AVAL ~ BASE", data, { blq = "limit" }).note, words)
  lu.assertNotStrContains(tostring(lm("AVAL ~ TRT01P", data, { blq = "half" })
    .note), "BASE")
end

-- Which arm has nothing measured is said, and the others are compared.
function TestEndpointLimits.test_an_arm_without_values()
  s.adnone = s.adlim:join(s.adsl:select("USUBJID", "TRT01P"), "USUBJID")
    :mutate "BLQFL = iif(TRT01P = 'L', 'Y', BLQFL)":select("USUBJID", "PARAMCD",
      "AVISIT", "AVAL", "BLQFL")
  of { data = "adnone", analysis = { "tobit", "~ TRT01P" } }
  run(s)
  local r = s:result "E[L vs P]"
  lu.assertEquals(r.estimate, NA)
  lu.assertStrContains(r.note, "of L are beyond their limit: no estimate")
  lu.assertStrContains(s:result "E[Active vs P]".note, "no estimate")
  lu.assertTrue(s:result "E[H vs P]".estimate > 0)
  lu.assertStrContains(s:result "E[H vs P]".method, "Tobit")
  -- ranks compare it all the same
  local data = s.adsl:select("USUBJID", "TRT01P"):join(s.adnone:where {
    AVISIT = "Day 29" }:select("USUBJID", "AVAL", "BLQFL"), "USUBJID")
  for _, pair in ipairs { "L vs P", "Active vs P" } do
    r = s:result(("E[%s]"):format(pair))
    local p = peto_prentice("AVAL ~ TRT01P", data, { compare = pair })
    lu.assertEquals({ r.p_value, r.method, r.n, r.statistic }, { p.p_value,
      p.method, p.n, p.statistic })
    lu.assertStrContains(r.note, "no estimate; P is that of peto_prentice")
    lu.assertStrContains(tostring(r), "Peto-Prentice")
  end
  s.adall = s.adlim:mutate "BLQFL = 'Y'"
  of { data = "adall", analysis = { "tobit", "~ TRT01P" } }
  run(s)
  r = s:result "E[H vs P]"
  lu.assertStrContains(r.note, "no estimate")
  lu.assertEquals(r.p_value, 1) -- nothing is measured
end

function TestEndpointLimits.test_mistakes()
  local function says(given, words)
    of(given)
    refuses(words, check, s)
  end
  says({ data = "adlb", where = "PARAMCD = 'ALC'", analysis = "tobit" },
    "neither BLQFL nor ALQFL")
  says({ variable = "CHG", analysis = "tobit" }, "of CHG the limits are not known")
  says({ analysis = { "ttest", blq = "hlf" } }, "nearest: half")
  says({ analysis = { "tobit", ci = "wlad" } }, "nearest: Wald")
end

os.exit(lu.LuaUnit.run())
