-- What is made of a model for repeated measures: means and contrasts by visit,
-- averages, ratios, joint tests, multiplicity, a baseline that is an outcome,
-- permutations, print.
local lu = require "luaunit"
local NA = require "ts.na".NA
local reference = require "tests.lua.reference"

local near, refuses = reference.near, reference.refuses

local alc = demo.adlb:where { PARAMCD = "ALC" }
local after = alc:where "AVISITN > 1"
local formula = "log(AVAL) ~ log(BASE) * AVISIT + TRT01P * AVISIT"
local m = mmrm(formula, after)

local fields = { "estimate", "std_error", "df", "statistic", "p_value",
  "conf_low", "conf_high" }

-- A row of a frame with these values.
local function row(frame, values)
  for r in frame:rows() do
    local fits = true
    for name, value in pairs(values) do fits = fits and r[name] == value end
    if fits then return r end
  end
end

-- Contrasts ---------------------------------------------------------------------

function test_by_visit()
  local c = m:contrast { "CYT107 HF vs Placebo" }
  lu.assertEquals(#c, 3)
  lu.assertEquals(c.AVISIT.levels, { "Day 8", "Day 15", "Day 29" })
  -- the coefficients say the same of the first visit
  local t = m:term "TRT01PCYT107 HF"
  local first = row(c, { AVISIT = "Day 8" })
  for _, field in ipairs(fields) do near(first[field], t[field], 1e-10) end
  local one = m:contrast("CYT107 HF vs Placebo", { at = { AVISIT = "Day 29" } })
  lu.assertEquals(one.n_1, 7)
  near(one.estimate, row(c, { AVISIT = "Day 29" }).estimate, 1e-14)
  lu.assertStrContains(tostring(one), "AVISIT = Day 29; at log(BASE) = its mean")
  near(one.estimate, one.estimate_1 - one.estimate_2, 1e-12)
end

function test_ratio_is_of_the_logarithm()
  local c = m:contrast { "CYT107 HF vs Placebo" }
  local r = m:contrast { "CYT107 HF vs Placebo", ratio = true }
  for i = 1, 3 do
    near(r.estimate[i], math.exp(c.estimate[i]), 1e-14)
    near(r.conf_low[i], math.exp(c.conf_low[i]), 1e-14)
    near(r.p_value[i], c.p_value[i], 1e-14)
  end
end

-- Averages over visits, alike or with weights, are those of the differences.
function test_averages()
  local c = m:contrast { "CYT107 HF vs Placebo" }
  local e = c.estimate
  local mean = m:contrast("CYT107 HF vs Placebo", { by = false })
  near(mean.estimate, (e[1] + e[2] + e[3]) / 3, 1e-12)
  local area = m:contrast("CYT107 HF vs Placebo", { by = false,
    weights = { AVISIT = { ["Day 8"] = 11, ["Day 15"] = 21, ["Day 29"] = 14 } } })
  near(area.estimate, (11 * e[1] + 21 * e[2] + 14 * e[3]) / 46, 1e-12)
  lu.assertEquals({ mean.n_1, mean.n_2 }, { 8, 8 }) -- subjects, not records
  lu.assertTrue(area.std_error < row(c, { AVISIT = "Day 29" }).std_error)
  lu.assertStrContains(tostring(mean),
    "averaged over AVISIT with equal weights")
end

function test_pools_and_trends()
  local c = m:contrast { "CYT107 vs Placebo", "CYT107 HF vs Placebo",
    "CYT107 LF vs Placebo", { "trend", Placebo = -13, ["CYT107 LF"] = 2,
      ["CYT107 HF"] = 11 } }
  local function at(name)
    return row(c, { AVISIT = "Day 15", compare = name }).estimate
  end
  local h, l = at "CYT107 HF vs Placebo", at "CYT107 LF vs Placebo"
  near(at "CYT107 vs Placebo", (h + l) / 2, 1e-12)
  near(at "trend", 11 * h + 2 * l, 1e-11)
end

-- Of all differences at a visit; the same F as a model of that visit's levels.
function test_joint()
  local j = m:contrast { joint = true }
  lu.assertEquals(j.AVISIT[4], "all")
  lu.assertEquals({ j.df[1], j.df[4] }, { 2, 6 })
  local one = m:contrast({ "CYT107 HF vs Placebo", joint = true })
  for i, visit in ipairs { "Day 8", "Day 15", "Day 29" } do
    local t = m:contrast("CYT107 HF vs Placebo", { at = { AVISIT = visit } })
    near(one.statistic[i], t.statistic ^ 2, 1e-10)
    near(one.df_2[i], t.df, 1e-10)
    near(one.p_value[i], t.p_value, 1e-9)
  end
  -- of a linear model the term's own test
  local l = lm("log(AVAL) ~ log(BASE) + TRT01P", after:where { AVISIT = "Day 29" })
  near(l:contrast { "pairwise", joint = true }.statistic[1],
    l:anova().statistic[2], 1e-12)
end

function test_multiplicity()
  local one = m:contrast { "CYT107 HF vs Placebo", "CYT107 LF vs Placebo" }
  local c = m:contrast { "CYT107 HF vs Placebo", "CYT107 LF vs Placebo",
    adjust = "Bonferroni" }
  for i = 1, 6 do
    near(c.p_adjusted[i], math.min(1, 2 * one.p_value[i]), 1e-12)
  end
  -- jointly: the fewest degrees of freedom, between no and full correlation
  local d = m:contrast { "CYT107 HF vs Placebo", "CYT107 LF vs Placebo",
    adjust = "Dunnett" }
  for i = 1, 6 do
    lu.assertTrue(d.p_adjusted[i] > one.p_value[i])
    lu.assertTrue(d.p_adjusted[i] < 2.1 * one.p_value[i])
  end
end

-- Other methods ---------------------------------------------------------------------

function test_methods_share_estimates()
  local base = m:contrast "CYT107 HF vs Placebo"
  for _, opt in ipairs { { df = "Kenward-Roger" }, { df = "residual" },
      { df = "between-within" }, { vcov = "CR0" }, { vcov = "CR2" },
      { vcov = "CR3" } } do
    local other = mmrm(formula, after, opt):contrast "CYT107 HF vs Placebo"
    for i = 1, 3 do near(other.estimate[i], base.estimate[i], 1e-12) end
    if opt.df == "residual" then lu.assertEquals(other.df[1], 62 - 12) end
  end
  local small = mmrm(formula, after, { vcov = "CR0" })
  lu.assertStrContains(small.note, "CR0 is too small with so few subjects")
end

-- Of subjects 8 - 1 between, of records 20 - 8 - 2 within.
function test_between_within()
  local d = { USUBJID = {}, AVISIT = {}, G = {}, Y = {} }
  for i = 1, 8 do
    for v = 1, i % 2 == 0 and 3 or 2 do
      local k = #d.Y + 1
      d.USUBJID[k], d.AVISIT[k], d.G[k] = "S" .. i, "V" .. v, i > 4 and "a" or "b"
      d.Y[k] = (i * 37 % 11) + (i * v * 13 % 7)
    end
  end
  local r = mmrm("Y ~ G + AVISIT", d, { covariance = "cs",
    df = "between-within" })
  lu.assertEquals(r:term "Gb".df, 8 - 2)
  lu.assertEquals(r:term "AVISITV2".df, 20 - 8 - 2)
  local a = r:anova()
  lu.assertEquals({ a.df_2[1], a.df_2[2] }, { 6, 10 })
end

-- Baseline as an outcome ----------------------------------------------------------------

function test_clda()
  local c = mmrm("log(AVAL) ~ TRT01P * AVISIT", alc,
    { clda = { TRT01P = "Baseline" } })
  lu.assertEquals(c.n_subject, 24) -- one has a baseline and nothing else
  lu.assertEquals(m.n_subject, 23)
  -- the same model with a column for each arm and visit
  local list, names = {}, {}
  for _, arm in ipairs { "LF", "HF" } do
    for _, day in ipairs { 8, 15, 29 } do
      local name = arm .. day
      names[#names + 1] = name
      list[#list + 1] = ("%s = case when TRT01P = 'CYT107 %s' and AVISIT = "
        .. "'Day %d' then 1 else 0 end"):format(name, arm, day)
    end
  end
  local by_hand = mmrm("log(AVAL) ~ AVISIT + " .. table.concat(names, " + "),
    alc:mutate(table.unpack(list)))
  near(c.neg2_log_lik, by_hand.neg2_log_lik, 1e-12)
  local found = c:contrast()
  lu.assertEquals(#found, 6) -- none at baseline
  for r in found:rows() do
    local t = by_hand:term(r.compare:match "CYT107 (%a+)" .. r.AVISIT:match "%d+")
    for _, field in ipairs(fields) do
      near(r[field], t[field], 1e-9, r.compare .. r.AVISIT .. field)
    end
  end
  local means = c:means "TRT01P"
  lu.assertEquals(row(means, { AVISIT = "Baseline", TRT01P = "CYT107 HF" }).n, 8)
  near(row(means, { AVISIT = "Baseline", TRT01P = "CYT107 HF" }).estimate,
    by_hand:term "(Intercept)".estimate, 1e-12)
  lu.assertStrContains(tostring(c), "TRT01P equal at Baseline")
  refuses("AVISIT has no 'Basline'; nearest: Baseline", mmrm,
    "log(AVAL) ~ TRT01P * AVISIT", alc, { clda = { TRT01P = "Basline" } })
  refuses("TRT01P is not in the model", mmrm, "log(AVAL) ~ AVISIT", alc,
    { clda = { TRT01P = "Baseline" } })
  refuses("clda names the arms", mmrm, "log(AVAL) ~ TRT01P * AVISIT", alc,
    { clda = "Baseline" })
end

-- Permutations ---------------------------------------------------------------------------

-- By hand, with the same random streams.
function test_permutations()
  local random = require "ts.random"
  local pair = "CYT107 HF vs Placebo"
  local n, seed = 60, 5
  local c = m:contrast { pair, permutations = n, seed = seed }
  local seen, more = m:contrast(pair), { 1, 1, 1 }
  local d = {}
  for _, name in ipairs { "USUBJID", "AVISIT", "TRT01P", "AVAL", "BASE" } do
    d[name] = {}
  end
  for r in after:rows() do
    for name, list in pairs(d) do list[#list + 1] = r[name] end
  end
  local subjects, arm = {}, {}
  for i, id in ipairs(d.USUBJID) do
    if not arm[id] and d.TRT01P[i] ~= "CYT107 LF" then
      subjects[#subjects + 1] = id
    end
    arm[id] = d.TRT01P[i]
  end
  for replicate = 1, n do
    local labels = {}
    for k, id in ipairs(subjects) do labels[k] = arm[id] end
    random.stream(seed, 1, replicate):shuffle(labels)
    local now = {}
    for k, id in ipairs(subjects) do now[id] = labels[k] end
    local trt = {}
    for i, id in ipairs(d.USUBJID) do trt[i] = now[id] or d.TRT01P[i] end
    local p = mmrm(formula, { USUBJID = d.USUBJID, AVISIT = d.AVISIT,
      AVAL = d.AVAL, BASE = d.BASE, TRT01P = trt }):contrast(pair)
    for r in p:rows() do
      for i = 1, 3 do
        if seen.AVISIT[i] == r.AVISIT
          and math.abs(r.statistic) > math.abs(seen.statistic[i]) then
          more[i] = more[i] + 1
        end
      end
    end
  end
  for i = 1, 3 do near(c.p_permuted[i], more[i] / (n + 1), 1e-14) end
  local text = tostring(c)
  lu.assertStrContains(text, "60 permutations of TRT01P among subjects, seed 5")
  lu.assertStrContains(text, "P permuted")
  -- the same seed, the same P
  lu.assertEquals(m:contrast { pair, permutations = n, seed = seed }
    .p_permuted[2], c.p_permuted[2])
end

-- Strata: nothing can move where each has one arm; two groups of three have 20
-- assignments, of which 2 are as far apart.
function test_permutations_of_rows()
  local d = { y = { 1, 2, 3, 11, 12, 14 }, g = { "a", "a", "a", "b", "b", "b" } }
  local l = lm("y ~ g", d)
  local p = l:contrast("b vs a", { permutations = 4000, seed = 2 })
  lu.assertAlmostEquals(p.p_permuted, 0.1, 0.015)
  local half = l:contrast("b vs a", { permutations = 4000, seed = 2,
    alternative = "greater" })
  lu.assertAlmostEquals(half.p_permuted, 0.05, 0.0105)
  d.s = { 1, 1, 1, 2, 2, 2 }
  lu.assertEquals(lm("y ~ g", d):contrast("b vs a", { permutations = 50,
    seed = 2, strata = "s" }).p_permuted, 1)
  refuses("no column t", l.contrast, l, "b vs a", { permutations = 9,
    strata = "t" })
  refuses("equal weights", l.contrast, l, "b vs a", { permutations = 9, mu = 1 })
  refuses("changes within", function()
    return mmrm("AVAL ~ factor(AVISITN) + TRT01P", after):contrast {
      factor = "factor(AVISITN)", "15 vs 8", permutations = 9 }
  end)
end

-- Rows ------------------------------------------------------------------------------------------

-- At the REML optimum scaled residuals have the squares that are left: n - p.
function test_augment_and_predict()
  for _, structure in ipairs { "un", "ar1h", "toep", "sp_pow" } do
    local r = mmrm(formula, after, { covariance = structure })
    local a, sum = r:augment(), 0
    for i = 1, #a do
      near(a.fitted[i] + a.residual[i], a["log(AVAL)"][i], 1e-13)
      sum = sum + a.scaled_residual[i] ^ 2
    end
    near(sum, 62 - 12, 1e-9, structure)
  end
  local a, p = m:augment(), m:predict(after)
  local d = after:collect()
  for i = 1, #a do
    near(p.estimate[a.row[i]], a.fitted[i], 1e-12)
    near(a.std_residual[i], a.residual[i] / math.sqrt(m:variances()[
      a.AVISIT[i]][a.AVISIT[i] == "Day 8" and 1 or a.AVISIT[i] == "Day 15"
        and 2 or 3]), 1e-12)
  end
  lu.assertEquals(#p, #d)
  local new = { BASE = { math.exp(6) }, AVISIT = { "Day 8" },
    TRT01P = { "Placebo" } }
  local mean = m:means("TRT01P", { at = { ["log(BASE)"] = 6,
    AVISIT = "Day 8" } })
  local one = m:predict(new)
  for _, field in ipairs { "estimate", "std_error", "conf_low" } do
    near(one[field][1], mean[field][1], 1e-12)
  end
  refuses("intervals for expected values", m.predict, m, new,
    { interval = "prediction" })
end

-- Print ---------------------------------------------------------------------------------------

function test_print()
  local text = tostring(mmrm(formula, after, { covariance = { "un", "cs" } }))
  for _, words in ipairs { "unstructured; REML; Satterthwaite degrees of freedom",
      "-2 log likelihood ", "converged in ", "covariance parameters, AIC",
      "standard deviations and correlations", "1 row left out",
      "SIMULATED DATA" } do
    lu.assertStrContains(text, words)
  end
  local some = alc:mutate "Y = case when USUBJID <> 'DEMO-003' then AVAL end"
  lu.assertStrContains(tostring(mmrm("Y ~ AVISIT", some, { covariance = "cs" })),
    "1 subject without a record that is used: DEMO-003")
  local g = m:glance()
  lu.assertEquals({ g.n[1], g.n_subject[1], g.structure[1] }, { 62, 23, "un" })
  near(g.aic[1], g.neg2_log_lik[1] + 12, 1e-14)
  lu.assertEquals(#m:tidy(), 12)
  lu.assertEquals(m:get "group", NA)
  lu.assertEquals(#m:covariance(), 12)
  lu.assertEquals(#m:design(), 62)
  local v = m:variances()
  near(v["Day 15"][2], m:parameters().estimate[3], 1e-14)
  local by_arm = mmrm("log(AVAL) ~ TRT01P * AVISIT", after, { group = "TRT01P",
    covariance = "cs" })
  lu.assertEquals(#by_arm:variances(), 9)
  lu.assertStrContains(tostring(by_arm),
    "standard deviations and correlations, CYT107 LF")
end

os.exit(lu.LuaUnit.run())
