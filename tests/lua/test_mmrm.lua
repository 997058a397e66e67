-- Models for repeated measures against SAS, at the optimum.
local lu = require "luaunit"
local NA = require "ts.na".NA
local reference = require "tests.lua.reference"

local near, refuses = reference.near, reference.refuses

local fev
local function data()
  fev = fev or reference.read "mmrm/fev_data.csv"
  return fev
end

-- Of PROC MIXED's listings: the formula and what is said beside it.
local whole = "FEV1 ~ ARMCD * AVISIT + RACE + SEX"
local base = { ARMCD = "PBO", RACE = "Asian", SEX = "Male" }
local runs = {
  ["Robust_empirical_us.txt"] = { "FEV1 ~ ARMCD", vcov = "CR0",
    df = "between-within" },
  ["SAS_sas_ar1_reml.txt"] = { "FEV1 ~ 1", covariance = "ar1" },
  ["SAS_sas_cs_reml.txt"] = { "FEV1 ~ 1", covariance = "cs" },
  ["SAS_sas_coef_ci_ml_un.txt"] = { "FEV1 ~ ARMCD + SEX", method = "ML" },
  ["SAS_sas_coef_ci_reml_un.txt"] = { "FEV1 ~ ARMCD + SEX" },
  ["SAS_sas_log_reml.txt"] = { whole },
  ["SAS_sas_log_simple_reml.txt"] = { "FEV1 ~ 1" },
  ["ddfm_covtype_kr1_us.txt"] = { "FEV1 ~ ARMCD",
    df = "Kenward-Roger linear" },
  ["ddfm_covtype_kr_us.txt"] = { "FEV1 ~ ARMCD", df = "Kenward-Roger" },
  ["ddfm_covtype_kr_cs.txt"] = { "FEV1 ~ ARMCD", df = "Kenward-Roger",
    covariance = "cs" },
}

-- SAS has the first visit last where it is the reference.
local last_first = { ["SAS_sas_log_reml.txt"] = true,
  ["SAS_sas_log_simple_reml.txt"] = true }

local function fit(run)
  local opt = { reference = {} }
  for name, level in pairs(base) do
    if run[1]:find(name) then opt.reference[name] = level end
  end
  for key, value in pairs(run) do
    if type(key) == "string" then opt[key] = value end
  end
  return mmrm(run[1], data(), opt)
end

-- SAS's text of a number: half a unit of its last digit, and what its early
-- stop costs (README: 5e-4; of df as much).
local function agrees(x, printed, what, slack)
  local p = printed:match "^<(.*)$"
  if p then
    lu.assertTrue(x < tonumber(p), what)
    return
  end
  local wanted = tonumber(printed)
  local half = 0.5 * 10 ^ -#(printed:match "%.(%d+)" or "")
  if x == NA or not (math.abs(x - wanted)
      <= half * 1.001 + (slack or 5e-4) * math.max(math.abs(wanted), 1)) then
    lu.fail(("%s: %s, SAS printed %s"):format(what, tostring(x), printed))
  end
end

local names = { estimate = "estimate", se = "std_error", df = "df",
  t = "statistic", p = "p_value", lower95 = "conf_low",
  upper95 = "conf_high" }

-- "ARMCD TRT" -> "ARMCDTRT", "AVISIT*ARMCD VIS2 TRT" -> "ARMCDTRT:AVISITVIS2"
local function coefficient_name(term)
  if term == "Intercept" then return "(Intercept)" end
  local visit, arm = term:match "^AVISIT%*ARMCD (%S+) (%S+)$"
  if visit then return ("ARMCD%s:AVISIT%s"):format(arm, visit) end
  return (term:gsub(" ", "", 1))
end

-- A mean or a difference: arm, visit of it and, of a difference, the others.
local function cells_of(term)
  local a, b, c, d = term:match "^AVISIT%*ARMCD (%S+) (%S+) ?(%S*) ?(%S*)$"
  if a then return b, a, d ~= "" and d or nil, c ~= "" and c or nil end
  a, b = term:match "^ARMCD (%S+) ?(%S*)$"
  return a, nil, b ~= "" and b or nil, nil
end

local function mean_row(m, arm, visit)
  for row in m:means(visit and { "ARMCD", "AVISIT" } or "ARMCD",
      { by = not visit and false or nil }):rows() do
    if row.ARMCD == arm and (not visit or row.AVISIT == visit) then
      return row
    end
  end
end

local check = {}

function check.dimension(m, term, _, value, what)
  if term == "Number of Observations Used" then
    lu.assertEquals(m.n, tonumber(value))
  elseif term == "Covariance Parameters" then
    lu.assertEquals(m.n_parameters, tonumber(value), what)
  else
    return false
  end
end

function check.fit(m, term, _, value, what)
  if term == "-2 log likelihood (last iteration)" then
    lu.assertTrue(m.neg2_log_lik < tonumber(value) + 1e-7, what)
    agrees(m.neg2_log_lik, value, what, 1e-4 / 3000)
  elseif term == "AIC" or term == "AICC" or term == "BIC" then
    agrees(m[term:lower()], value, what, 1e-7)
  else
    return false
  end
end

-- A covariance is as exact as the standard deviations beside it are.
function check.covparm(m, term, statistic, value, what, source)
  if statistic ~= "estimate" then return false end
  local i, j = term:match "^UN%((%d),(%d)%)$"
  if i and last_first[source] then
    i, j = i % 4 + 1, j % 4 + 1
    term = ("UN(%d,%d)"):format(math.max(i, j), math.min(i, j))
  end
  local of = {}
  for row in m:parameters():rows() do of[row.parameter] = row.estimate end
  local size = i and math.sqrt(of[("UN(%d,%d)"):format(i, i)]
    * of[("UN(%d,%d)"):format(j, j)]) or of.Residual
  agrees(of[term], value, what, 5e-4 * size / math.max(math.abs(of[term]), 1))
end

function check.fixed(m, term, statistic, value, what)
  agrees(m:term(coefficient_name(term))[names[statistic]], value, what)
end

function check.type3(m, term, statistic, value, what)
  local field = ({ num_df = "df", den_df = "df_2", F = "statistic",
    p_F = "p_value" })[statistic]
  if not field then return false end
  term = term == "AVISIT*ARMCD" and "ARMCD:AVISIT" or term
  for row in m:anova():rows() do
    if row.term == term then return agrees(row[field], value, what) end
  end
  lu.fail(what)
end

function check.lsmean(m, term, statistic, value, what)
  local arm, visit = cells_of(term)
  if statistic == "t" or statistic == "p" then return false end
  agrees(mean_row(m, arm, visit)[names[statistic]], value, what)
end

-- Of the differences those of arms within a visit; the others are differences
-- of these.
function check.lsmean_diff(m, term, statistic, value, what)
  local arm, visit, other, at = cells_of(term)
  if visit ~= at then return false end
  local c = m:contrast({ arm .. " vs " .. other }, { by = not visit and false
    or nil, at = visit and { AVISIT = visit } or nil })
  agrees(c[names[statistic]], value, what)
end

TestSas = {}

function TestSas.test_listings()
  local r = reference.read("mmrm/sas_reference.csv", {
    types = { value = "text" } })
  local models, n = {}, 0
  for row in r:rows() do
    local run = runs[row.source]
    lu.assertNotNil(run, row.source)
    models[row.source] = models[row.source] or fit(run)
    local what = ("%s %s %s %s"):format(row.source, row.section, row.term,
      row.statistic)
    local f = check[row.section]
    if f and f(models[row.source], row.term, row.statistic, row.value, what,
        row.source)
        ~= false then
      n = n + 1
    end
  end
  lu.assertEquals(n, 459)
end

-- FEV1 ~ ARMCD: PROC MIXED's standard error under DDFM=KR and KR(LINEAR), its
-- degrees of freedom (statistics.md 2.2), and what the definitions give at the
-- optimum (a gradient below 1e-10: tests/reference/mmrm_fev.R), error and degrees
-- of freedom. Printed elsewhere for ANTE(1) is an error of .6617922: 8e-7 off.
local roger = {
  un = { .66124382, .66124382, 160.7333, 0.661300458917, 160.690620459058 },
  cs = { .79646961, .79646961, 177.0385, 0.796469688726, 177.038411156274 },
  csh = { .67414806, .67403858, 190.7377, 0.674227187759, 190.667772782878 },
  toep = { .87839806, .87839806, 160.0274, 0.878429419208, 160.013803797624 },
  toeph = { .72543829, .72537324, 180.0627, 0.725438480396, 180.062008212585 },
  ar1 = { .95865440, .96058142, 188.4693, 0.958653656418, 188.469518760201 },
  ar1h = { .75903161, .75924808, 188.2253, 0.759038121278, 188.211144056284 },
  ante1 = { .66172017, .66158551, 162.3934, 0.661792720658, 162.328712186969 },
}

function TestSas.test_kenward_roger()
  for structure, wanted in pairs(roger) do
    local function term(df)
      return mmrm("FEV1 ~ ARMCD", data(), { covariance = structure,
        reference = "PBO", df = df }):term "ARMCDTRT"
    end
    local full, linear = term "Kenward-Roger", term "Kenward-Roger linear"
    near(full.std_error, wanted[1], 2e-4, structure)
    near(linear.std_error, wanted[2], 2e-4, structure)
    near(full.df, wanted[3], 5e-4, structure)
    near(full.std_error, wanted[4], 1e-10, structure)
    near(full.df, wanted[5], 1e-9, structure)
    near(term "Satterthwaite".df, full.df, 1e-12, structure)
  end
end

-- The optimum where SAS and R's mmrm stop before it.
function TestSas.test_optimum()
  local m = mmrm("FEV1 ~ ARMCD", data(), { reference = "PBO" })
  near(m.neg2_log_lik, 3667.96275614, 2e-12)
  near(m:term "ARMCDTRT".estimate, 3.8197495, 1e-8)
  lu.assertAlmostEquals(m:term "ARMCDTRT".df, 160.6906, 5e-5)
  lu.assertTrue(m.gradient < 1e-9)
end

-- The CDISC pilot's MMRM; P of Kenward and Roger.
function TestSas.test_cdisc_pilot()
  local d = reference.read "cdisc/csv/adadas.csv"
    :where { PARAMCD = "ACTOT", EFFFL = "Y", ANL01FL = "Y",
      AVISIT = { "Week 8", "Week 16", "Week 24" } }
    :where "DTYPE is null or DTYPE = ''"
    :levels { AVISIT = { "Week 8", "Week 16", "Week 24" }, TRTP = { "Placebo",
      "Xanomeline Low Dose", "Xanomeline High Dose" } }
  local m = mmrm("CHG ~ TRTP*AVISIT + factor(SITEGR1) + BASE*AVISIT", d,
    { df = "Kenward-Roger" })
  lu.assertEquals({ m.n, m.n_subject }, { 539, 234 })
  lu.assertAlmostEquals(m.neg2_log_lik, 3087.8430, 5e-5)
  local means = m:means("TRTP", { at = { AVISIT = "Week 24" } })
  for i, wanted in ipairs { 2.3291, 1.7352, 1.5009 } do
    lu.assertAlmostEquals(means.estimate[i], wanted, 5e-5)
  end
  local c = m:contrast({ factor = "TRTP" }, { at = { AVISIT = "Week 24" } })
  for i, wanted in ipairs { 0.5600, 0.4403 } do
    lu.assertAlmostEquals(c.p_value[i], wanted, 5e-5)
  end
  -- table 14-3.11, which averages the visits; by a program that stops early
  c = m:contrast({ factor = "TRTP" }, { by = false })
  for i, wanted in ipairs { { -.0399, .7002, 195.3, .9546 },
      { -.4266, .7237, 196.3, .5562 } } do
    lu.assertAlmostEquals(c.estimate[i], wanted[1], 5e-5)
    lu.assertAlmostEquals(c.std_error[i], wanted[2], 5e-5)
    lu.assertAlmostEquals(c.df[i], wanted[3], 0.05)
    lu.assertAlmostEquals(c.p_value[i], wanted[4], 1e-4)
  end
end

-- Awkward data -----------------------------------------------------------------

local structures = { "un", "cs", "csh", "ar1", "ar1h", "toep", "toeph",
  "ante1", "sp_pow", "sp_exp" }

-- n subjects, q visits, in two arms; y(subject, visit, arm, u, e) of noise, skip
-- the same: records that are not there.
local function made(n, q, y, skip)
  local seed, d = 1, { USUBJID = {}, AVISIT = {}, ARM = {}, Y = {}, T = {} }
  local function uniform()
    seed = seed * 16807 % 2147483647
    return seed / 2147483647
  end
  for i = 1, n do
    local u, arm = uniform() * 4 - 2, i % 2 == 0 and "A" or "B"
    for v = 1, q do
      local e = uniform() * 4 - 2
      if not (skip and skip(i, v, arm)) then
        local k = #d.Y + 1
        d.USUBJID[k], d.AVISIT[k] = ("S%02d"):format(i), ("V%02d"):format(v)
        d.ARM[k], d.T[k] = arm, v
        d.Y[k] = y and y(i, v, arm, u, e) or u + e
      end
    end
  end
  return d
end

local function each(formula, d, f, more)
  for _, structure in ipairs(structures) do
    local opt = { covariance = structure, time = "T" }
    for key, value in pairs(more or {}) do opt[key] = value end
    local ok, m = pcall(mmrm, formula, d, opt)
    f(ok, ok and m or tostring(m), structure)
  end
end

local function all_refused(words, formula, d, more)
  each(formula, d, function(ok, message, structure)
    lu.assertFalse(ok, structure)
    lu.assertStrContains(message, words, false, true)
  end, more)
end

local function all_fit(formula, d, more)
  each(formula, d, function(ok, m, structure)
    lu.assertTrue(ok, structure .. ": " .. tostring(m))
    lu.assertTrue(m.gradient < 1e-9, structure)
    tostring(m)
    m:anova()
  end, more)
end

TestEdges = {}

function TestEdges.test_visit_missing_in_one_arm()
  local d = made(20, 4, nil, function(_, v, arm) return v == 3 and arm == "A" end)
  all_fit("Y ~ ARM * AVISIT", d)
  local m = mmrm("Y ~ ARM * AVISIT", d)
  lu.assertStrContains(m.note, "has no coefficient of its own")
  local means = m:means "ARM"
  lu.assertEquals({ means.AVISIT[5], means.ARM[5] }, { "V03", "A" })
  lu.assertEquals(means.estimate[5], NA)
  lu.assertTrue(means.estimate[6] ~= NA)
  refuses("no subject has both V01 and V03 in A: nothing tells their covariance",
    mmrm, "Y ~ ARM * AVISIT", d, { group = "ARM" })
  refuses("Var(3) in A", mmrm, "Y ~ ARM * AVISIT", d, { group = "ARM",
    covariance = "csh" })
end

function TestEdges.test_no_variation()
  all_refused("the response is the same in all rows", "Y ~ ARM",
    made(20, 4, function() return 3 end))
  all_refused("the fit is perfect", "Y ~ ARM * AVISIT",
    made(20, 4, function(_, v, arm) return v + (arm == "A" and 1 or 0) end))
  local d = made(20, 4, function(_, _, arm, u, e)
    return arm == "A" and 1 or u + e
  end)
  all_fit("Y ~ ARM * AVISIT", d)
  all_refused("in A are fitted exactly: they have no variance",
    "Y ~ ARM * AVISIT", d, { group = "ARM" })
  all_refused("the covariance matrix becomes singular", "Y ~ ARM",
    made(20, 3, function(_, _, _, u) return u end))
end

function TestEdges.test_few_subjects()
  all_refused("as many coefficients as rows", "Y ~ ARM * AVISIT", made(2, 4))
  refuses("10 covariance parameters, and 4 rows more", mmrm, "Y ~ AVISIT",
    made(2, 4))
  refuses("30 subjects do not determine an unstructured", mmrm, "Y ~ AVISIT",
    made(30, 40))
  refuses("becomes singular", mmrm, "Y ~ AVISIT * ARM", made(4, 3))
end

-- One visit: the linear model.
function TestEdges.test_one_visit()
  local d = made(20, 1)
  local l = lm("Y ~ ARM", d)
  all_fit("Y ~ ARM", d)
  local m = mmrm("Y ~ ARM", d):term "ARMB"
  for _, field in ipairs { "estimate", "std_error", "df", "p_value" } do
    near(m[field], l:term "ARMB"[field], 1e-12, field)
  end
  all_refused("no subject has two rows", "Y ~ ARM",
    made(20, 4, nil, function(i, v) return v ~= i % 4 + 1 end))
end

function TestEdges.test_pairs_never_seen()
  local d = made(40, 4, nil, function(i, v)
    return i % 2 == 0 and v == 4 or i % 2 == 1 and v == 1
  end)
  refuses("no subject has both V01 and V04", mmrm, "Y ~ ARM", d)
  refuses("TOEP(4)", mmrm, "Y ~ ARM", d, { covariance = "toep" })
  local m = mmrm("Y ~ ARM", d, { covariance = { "un", "toeph", "csh", "cs" } })
  lu.assertEquals({ m.structure, m.rung }, { "csh", 3 })
  lu.assertStrContains(m.note,
    "un was not possible: no subject has both V01 and V04")
  lu.assertEquals(m.failed[2].covariance, "toeph")
  refuses("no structure of the ladder can be fitted; un: no subject", mmrm,
    "Y ~ ARM", d, { covariance = { "un", "toep" } })
end

function TestEdges.test_bad_records()
  local d = made(20, 4)
  d.AVISIT[3] = "V02"
  refuses("S01 has V02 twice, in rows 2 and 3", mmrm, "Y ~ ARM", d)
  d.AVISIT[3] = NA
  refuses("AVISIT is missing in row 3", mmrm, "Y ~ ARM", d)
  d.AVISIT[3], d.ARM[3] = "V03", "A"
  refuses("S01 is in two groups, in row 2 and in row 3", mmrm, "Y ~ AVISIT", d,
    { group = "ARM" })
  d.T[2] = 1
  refuses("S01 has T 1 twice, in rows 1 and 2", mmrm, "Y ~ AVISIT", d,
    { covariance = "sp_pow", time = "T" })
end

-- Nothing depends on the order of rows, on units or on names.
function TestEdges.test_invariance()
  local d = made(25, 4, nil, function(i, v) return i % 5 == 0 and v > 2 end)
  local e = { USUBJID = {}, AVISIT = {}, ARM = {}, Y = {}, T = {} }
  local n = #d.Y
  for k = 1, n do
    local from = k * 37 % n + 1
    for name in pairs(e) do e[name][k] = d[name][from] end
    e.Y[k] = e.Y[k] * 1e-150
  end
  each("Y ~ ARM * AVISIT", d, function(ok, m, structure)
    lu.assertTrue(ok, m)
    local other = mmrm("Y ~ ARM * AVISIT", e, { covariance = structure,
      time = "T" })
    local a, b = m:term "ARMB", other:term "ARMB"
    near(b.estimate * 1e150, a.estimate, 1e-11, structure)
    near(b.std_error * 1e150, a.std_error, 1e-11, structure)
    near(b.df, a.df, 1e-8, structure)
    near(other.neg2_log_lik - m.neg2_log_lik, 2 * (n - 8)
      * math.log(1e-150), 1e-12, structure)
  end)
end

-- Over time a correlation below 0 cannot be; by places it can.
function TestEdges.test_no_correlation()
  local d = made(30, 4, function(_, v, _, u, e) return (-1) ^ v * u + e end)
  for _, structure in ipairs { "sp_pow", "sp_exp" } do
    refuses("the correlation over time goes to 0, which is its bound", mmrm,
      "Y ~ ARM", d, { covariance = structure, time = "T" })
  end
  local m = mmrm("Y ~ ARM", d, { time = "T", covariance = { "sp_pow", "ar1" } })
  lu.assertEquals(m.structure, "ar1")
  lu.assertTrue(m:parameters().estimate[2] < -0.1)
end

function TestEdges.test_many_visits()
  local d = made(30, 40)
  for _, structure in ipairs { "cs", "ar1h", "toep", "ante1" } do
    local m = mmrm("Y ~ ARM + AVISIT", d, { covariance = structure })
    lu.assertTrue(m.gradient < 1e-9, structure)
  end
  lu.assertStrContains(tostring(mmrm("Y ~ ARM", d, { covariance = "cs" })),
    "covariance among 40 visits: m:variances()")
end

function TestEdges.test_calls()
  local d = made(20, 3)
  refuses("nearest: toep", mmrm, "Y ~ ARM", d, { covariance = "teop" })
  refuses("covariance is one of", mmrm, "Y ~ ARM", d, { covariance = {} })
  refuses('needs time = "...": the data have no ADY', mmrm, "Y ~ ARM", d, { covariance = "sp_pow" })
  refuses("T is text", mmrm, "Y ~ ARM", { Y = d.Y, ARM = d.ARM, T = d.ARM,
    USUBJID = d.USUBJID }, { covariance = "sp_pow", time = "T" })
  refuses('which column is the visit? visit = "..." says it', mmrm, "Y ~ ARM",
    { Y = d.Y, ARM = d.ARM, USUBJID = d.USUBJID })
  refuses("Kenward and Roger's method is for REML", mmrm, "Y ~ ARM", d,
    { method = "ML", df = "kenward roger" })
  refuses("a sandwich takes Satterthwaite's", mmrm, "Y ~ ARM", d,
    { vcov = "CR2", df = "kenward roger" })
  refuses("mmrm has no option covarince; nearest: covariance", mmrm, "Y ~ ARM",
    d, { covarince = "un" })
  refuses("nearest: SITE", mmrm, "Y ~ ARM", { Y = d.Y, ARM = d.ARM,
    USUBJID = d.USUBJID, AVISIT = d.AVISIT, SITE = d.ARM }, { group = "SITES" })
  local m = mmrm("Y ~ ARM", d)
  refuses("structure", function() return m.structur end)
  refuses("mmrm:anova: type = 2 is for lm; tests of these models are of",
    m.anova, m, { type = 2 })
  lu.assertEquals(tostring(m:anova "III"), tostring(m:anova()))
end

os.exit(lu.LuaUnit.run())
