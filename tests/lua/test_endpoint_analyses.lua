-- Each statistic as an analysis of an endpoint: the same as by hand on the same
-- subjects, and a reason where it makes no sense.
local lu = require "luaunit"
local NA = require "ts.na".NA
local shared = require "tests.lua.endpoints"

local s
local rows, message = shared.rows, shared.message

TestAnalyses = {}

function TestAnalyses.setUp() s = shared.study() end

-- What run() stores for an analysis of ALC at day 29, by comparison or arm.
local function stored(analysis, more)
  local def = { parameter = "ALC", visit = "Day 29", variable = "AVAL",
    analysis = analysis }
  for key, value in pairs(more or {}) do def[key] = value end
  endpoint "E" (def)
  run(s)
  local out, list = {}, {}
  for row in s.results:where { endpoint = "E" }:rows() do
    local name = row.compare ~= NA and row.compare or row.group ~= NA
      and row.group or "all"
    if row.kind == "subgroup" then name = row.variation .. "/" .. name end
    out[name] = row
    list[#list + 1] = name
  end
  return out, list
end

local fields = { "estimate", "std_error", "statistic", "df", "p_value",
  "conf_low", "conf_high", "n", "n_missing", "method" }

local function same(row, result, what)
  for _, field in ipairs(fields) do
    local x = result:get(field)
    if x == math.huge or x == -math.huge then x = NA end
    lu.assertEquals(row[field], x, ("%s: %s"):format(what, field))
  end
end

local function two(name, a, b)
  local active = name == "Active vs P"
  return rows(s, "ALC", "Day 29"):where { TRT01P = active and { "P", "L", "H" }
    or { a, b } }:mutate(active
      and "TRT01P = iif(TRT01P = 'P', 'P', 'Active')" or "TRT01P = TRT01P")
end

-- Two arms at a time -------------------------------------------------------------

local responder = { variable = "AVAL >= 700" }

local pairs_of_arms = {
  { "ttest" }, { "ttest", { variance = "pooled", conf_level = 0.9 } },
  { "mediandiff" }, { "smd", { sd = "pooled" } }, { "smd", {}, responder },
  { "wilcoxon" }, { "wilcoxon", { exact = false, continuity = false } },
  { "riskdiff", {}, responder }, { "riskdiff", { strata = "SITEID" }, responder },
  { "riskdiff", { ci = "Newcombe" }, responder },
  { "riskratio", { ci = "Wald" }, responder }, { "oddsratio", {}, responder },
  { "boschloo", {}, responder }, { "barnard", {}, responder },
  { "fisher", { two_sided = "minlike" }, responder },
  { "chisq", {}, responder }, { "cmh", { strata = "SITEID" }, responder },
  { "van_elteren", { strata = "SEX" } },
}

local function by_hand(name, opt, left, data, compare)
  local given = { compare = compare }
  local right = " ~ TRT01P"
  for key, value in pairs(opt or {}) do given[key] = value end
  if name == "van_elteren" then
    right, given.strata = right .. " + strata(SEX)", nil
  end
  return _G[name](left .. right, data, given)
end

function TestAnalyses.test_each_compares_two_arms()
  for _, case in ipairs(pairs_of_arms) do
    local name, opt, more = case[1], case[2], case[3]
    local analysis = { name }
    for key, value in pairs(opt or {}) do analysis[key] = value end
    local got, list = stored(analysis, more)
    lu.assertEquals(list, { "Active vs P", "H vs P", "L vs P" }, name)
    for compare, arms in pairs { ["H vs P"] = { "H", "P" },
        ["Active vs P"] = {} } do
      same(got[compare], by_hand(name, opt, more and more.variable or "AVAL",
        two(compare, arms[1], arms[2]), compare), name .. " " .. compare)
    end
    lu.assertEquals(got["H vs P"].analysis, name)
  end
end

function TestAnalyses.test_strata_are_an_option_or_in_the_formula()
  endpoint "L" { parameter = "DEATH", analysis = { "logrank",
    strata = "SITEID" }, supplementary = { { "formula", analysis = {
    "logrank", "~ TRT01P + strata(SITEID)" } }, { "none",
    analysis = "logrank" } } }
  run(s)
  lu.assertEquals(s:result "L.statistic", s:result "L/formula.statistic")
  lu.assertNotEquals(s:result "L.statistic", s:result "L/none.statistic")
  local by_hand = logrank("Surv(AVAL, CNSR == 0) ~ TRT01P + strata(SITEID)",
    s.adtte:join(s.adsl:select("USUBJID", "TRT01P", "SITEID"), "USUBJID"),
    { compare = "Active vs P" })
  lu.assertEquals(s:result "L.p_value", by_hand.p_value)
end

-- Hazards and restricted means are those of the calls with the same words.
function TestAnalyses.test_hazard_ratios_and_restricted_means()
  endpoint "C" { parameter = "DEATH", analysis = "cox",
    compare = { "Active vs P", "H vs P", { "trend", P = 0, L = 1, H = 2 } },
    subgroups = { "SEX" }, summary = "hazard ratio", sensitivity = {
      { "strata", analysis = { "cox", strata = "SITEID", ties = "exact" } },
      { "formula", analysis = { "cox", "~ TRT01P + strata(SITEID)",
        ties = "exact" } },
      { "sex", analysis = { "cox", "~ SEX + TRT01P", ci = "profile" } } },
    supplementary = { { "mean", variable = "AVAL", summary = "restricted mean survival",
        analysis = { "rmst", horizon = 30 } },
      { "ratio", analysis = { "rmst", horizon = 30, effect = "ratio" },
        summary = "ratio of restricted mean survival" } } }
  endpoint "ALL" { parameter = "DEATH", analysis = "cox", compare = "all arms" }
  endpoint "ARMS" { parameter = "DEATH", compare = "each arm",
    analysis = { "rmst", horizon = 30 } }
  lu.assertEquals(check(s), "3 endpoints, no mistakes")
  run(s)
  local data = s.adtte:where { PARAMCD = "DEATH" }:join(s.adsl:select("USUBJID",
    "TRT01P", "SITEID", "SEX"), "USUBJID")
  local left = "Surv(AVAL, CNSR == 0) ~ "
  local m = cox(left .. "TRT01P", data)
  for _, compare in ipairs { "H vs P", "Active vs P" } do
    local row, c = s:result(("C[%s]"):format(compare)), m:contrast(compare)
    for _, field in ipairs { "estimate", "std_error", "statistic", "p_value",
      "conf_low", "conf_high", "n_1", "n_2", "events_1", "events_2",
      "estimate_name" } do
      lu.assertEquals(row[field], c[field], compare .. " " .. field)
    end
    lu.assertEquals({ row.df, row.n_event, row.estimate_name }, { NA,
      m.n_event, "hazard ratio" })
  end
  lu.assertEquals(s:result "C[trend].p_value", m:contrast { "trend", P = -1 / 2,
    H = 1 / 2, L = 0 }.p_value)
  lu.assertEquals(s:result "C/strata.p_value", s:result "C/formula.p_value")
  lu.assertEquals(s:result "C/sex.conf_low", cox(left .. "SEX + TRT01P", data,
    { ci = "profile" }):contrast "Active vs P".conf_low)
  lu.assertEquals(s:result "ALL.p_value", m:anova().p_value[1])
  local term = cox(left .. "TRT01P * SEX", data):anova():row(3)
  lu.assertEquals(s.results:where { variation = "SEX: interaction" }:row(1).p_value,
    term.p_value)
  for variation, effect in pairs { mean = "difference", ratio = "ratio" } do
    local row = s:result("C/" .. variation)
    local r = rmst(left .. "TRT01P", data, { horizon = 30, effect = effect,
      compare = "Active vs P" })
    for _, field in ipairs { "estimate", "std_error", "p_value", "conf_low",
      "estimate_1", "n_1", "n_event", "estimate_name", "method" } do
      lu.assertEquals(row[field], r[field], variation .. " " .. field)
    end
  end
  lu.assertEquals(s:result "ARMS[L].estimate", rmst(left .. "TRT01P", data,
    { horizon = 30 }):tidy().estimate[2])
  lu.assertStrContains(explain "C", "by Cox regression; the hazard ratio has a "
    .. "95 % confidence interval")
  lu.assertStrContains(require "trialsh.document.sentence".of(s:result "C"),
    " with P; hazard ratio ")
end

-- All arms at once ---------------------------------------------------------------

function TestAnalyses.test_each_takes_all_arms()
  for _, case in ipairs { { "kruskal" }, { "jonckheere" },
      { "chisq", {}, "AVAL >= 700" }, { "fisher", {}, "AVAL >= 700" },
      { "cmh", { strata = "SITEID", test = "row means" } } } do
    local name, opt, variable = case[1], case[2], case[3] or "AVAL"
    local analysis = { name }
    for key, value in pairs(opt or {}) do analysis[key] = value end
    local got, list = stored(analysis, { compare = "all arms",
      variable = variable })
    lu.assertEquals(list, { "all" }, name)
    local data = rows(s, "ALC", "Day 29")
      :levels { TRT01P = { "P", "L", "H" } }
    same(got.all, _G[name](variable .. " ~ TRT01P", data,
      opt), name)
  end
  -- the trial's comparisons are no reason to refuse
  local _, list = stored "kruskal"
  lu.assertEquals(list, { "all" })
end

-- Within each arm ----------------------------------------------------------------

local function arm(name)
  return rows(s, "ALC", "Day 29"):where { TRT01P = name == "Active"
    and { "L", "H" } or name }
end

function TestAnalyses.test_each_arm_has_a_result()
  local change = { variable = "CHG" }
  for _, case in ipairs { { "signed_rank", {}, change },
      { "signed_rank", { zeros = "pratt" }, change },
      { "sign_test", { mu = 10 }, change },
      { "proportion", { ci = "Clopper-Pearson" }, responder },
      { "proportion", { null = 0.3 }, responder } } do
    local name, opt, more = case[1], case[2], case[3]
    local analysis = { name }
    for key, value in pairs(opt) do analysis[key] = value end
    local got, list = stored(analysis, more)
    lu.assertEquals(list, { "P", "L", "H", "Active" }, name)
    for _, group in ipairs(list) do
      same(got[group], _G[name](more.variable .. " ~ 1", arm(group), opt),
        name .. " " .. group)
    end
  end
end

function TestAnalyses.test_one_sample_t_test_of_each_arm_or_of_all()
  local got, list = stored("ttest", { variable = "CHG",
    compare = "each arm" })
  lu.assertEquals(list, { "P", "L", "H", "Active" })
  same(got.L, ttest("CHG ~ 1", arm "L"), "ttest L")
  got, list = stored({ "ttest", "~ 1" }, { variable = "CHG" })
  lu.assertEquals(list, { "all" })
  same(got.all, ttest("CHG ~ 1", rows(s, "ALC", "Day 29")), "ttest ~ 1")
end

function TestAnalyses.test_mcnemar_compares_with_what_the_formula_names()
  local got = stored({ "mcnemar", "~ I(BASE >= 700)" }, responder)
  same(got.H, mcnemar("AVAL >= 700 ~ I(BASE >= 700)", arm "H"), "mcnemar")
  lu.assertEquals(got.H.estimate_name, "odds ratio")
end

function TestAnalyses.test_correlation_in_each_arm()
  local got = stored { "cor", "~ BASE", method = "Spearman" }
  same(got.Active, cor("AVAL ~ BASE", arm "Active", { method = "Spearman" }),
    "cor")
end

function TestAnalyses.test_describe_gives_mean_median_or_geometric_mean()
  for estimate, fields_of in pairs {
      mean = { "mean", "conf_low", "conf_high" },
      median = { "median", "median_low", "median_high" },
      ["geometric mean"] = { "geomean", "geomean_low", "geomean_high" } } do
    local got = stored { "describe", estimate = estimate }
    local d = describe("AVAL ~ 1", arm "Active"):tidy():row(1)
    lu.assertEquals(got.Active.estimate_name, estimate)
    for i, field in ipairs { "estimate", "conf_low", "conf_high" } do
      lu.assertEquals(got.Active[field], d[fields_of[i]], estimate)
    end
  end
  -- of logarithms the geometric mean
  local got = stored("describe", { variable = "ln(AVAL)" })
  lu.assertAlmostEquals(got.P.estimate, describe("AVAL ~ 1", arm "P"):tidy()
    :row(1).geomean, 1e-9)
  lu.assertEquals(got.P.estimate_name, "geometric mean")
end

function TestAnalyses.test_km_of_each_arm()
  endpoint "K" { parameter = "DEATH", analysis = "km" }
  run(s)
  local data = s.adtte:join(s.adsl:select("USUBJID", "TRT01P"), "USUBJID")
  local k = km("Surv(AVAL, CNSR == 0) ~ TRT01P", data):median()
  for row in k:rows() do
    local stored_row = s:result(("K[%s]"):format(row.TRT01P))
    lu.assertEquals({ stored_row.estimate, stored_row.conf_low, stored_row.n,
      stored_row.n_event }, { row.estimate, row.conf_low, row.n, row.n_event })
  end
  lu.assertEquals(s:result "K[Active].n", 16)
end

-- Linear models ------------------------------------------------------------------

function TestAnalyses.test_lm_with_covariates_and_interactions()
  local formula = "~ ln(BASE) + TRT01P * SEX"
  local got = stored({ "lm", formula, by = "SEX" }, { variable = "ln(AVAL)" })
  local data = rows(s, "ALC", "Day 29"):levels { TRT01P = { "P", "L", "H" } }
  local m = lm("log(AVAL) ~ log(BASE) + TRT01P * SEX", data)
  local hand = m:contrast({ "H vs P" }, { factor = "TRT01P", ratio = true })
  lu.assertAlmostEquals(got["H vs P"].estimate, hand.estimate, 1e-12)
  lu.assertAlmostEquals(got["H vs P"].conf_low, hand.conf_low, 1e-12)
  for row in m:contrast({ "H vs P", factor = "TRT01P", by = "SEX",
      ratio = true }):rows() do
    local ours = got[("SEX: %s/H vs P"):format(row.SEX)]
    lu.assertAlmostEquals(ours.estimate / row.estimate, 1, 1e-12)
    lu.assertAlmostEquals(ours.p_value / row.p_value, 1, 1e-10)
  end
  for row in m:anova():rows() do
    if row.term == "TRT01P:SEX" then
      lu.assertEquals(got["SEX: interaction/all"].p_value, row.p_value)
    end
  end
  lu.assertEquals(s:result "E/SEX: interaction.df", 2)
  for row in m:means("TRT01P", { ratio = true }):rows() do
    lu.assertAlmostEquals(got[row.TRT01P].estimate / row.estimate, 1, 1e-12)
  end
end

function TestAnalyses.test_lm_slopes_weights_and_doses()
  local data = rows(s, "ALC", "Day 29"):levels { TRT01P = { "P", "L", "H" } }
  local got = stored { "lm", "~ BASE * TRT01P", slope = "BASE" }
  local m = lm("AVAL ~ BASE * TRT01P", data)
  same(got["L vs P"], m:contrast({ "L vs P" }, { slope = "BASE",
    factor = "TRT01P" }), "slopes")
  lu.assertEquals(got.L.estimate_name, "slope of BASE")
  -- weights that sum to 0 are a contrast, doses give a slope
  got = stored({ "lm", "~ TRT01P", weights = "AGE" }, { compare = {
    { "contrast", P = -1, L = 0, H = 1 }, { "doses", P = 0, L = 1, H = 3 } } })
  m = lm("AVAL ~ TRT01P", data, { weights = "AGE" })
  same(got.contrast, m:contrast { { "contrast", P = -1, L = 0, H = 1 } },
    "contrast")
  local means = {}
  for row in m:means "TRT01P":rows() do means[row.TRT01P] = row.estimate end
  local sum, squares = 0, 0
  for group, dose in pairs { P = 0, L = 1, H = 3 } do
    sum = sum + (dose - 4 / 3) * means[group]
    squares = squares + (dose - 4 / 3) ^ 2
  end
  lu.assertAlmostEquals(got.doses.estimate, sum / squares, 1e-9)
  lu.assertEquals(got.doses.own, NA)
  lu.assertEquals(got.contrast.own, "Y")
end

function TestAnalyses.test_dunnett_and_tukey_are_of_the_model()
  local data = rows(s, "ALC", "Day 29"):levels { TRT01P = { "P", "L", "H" } }
  local m = lm("AVAL ~ BASE + TRT01P", data)
  for adjust, entries in pairs { Dunnett = { "H vs P", "L vs P" },
      Tukey = { "H vs P", "L vs P", "H vs L" }, mvt = { "H vs P",
      "Active vs P" } } do
    local got = stored({ "lm", "~ BASE + TRT01P" }, { adjust = adjust:lower(),
      compare = entries })
    local given = { factor = "TRT01P", adjust = adjust }
    table.move(entries, 1, #entries, 1, given)
    for row in m:contrast(given):rows() do
      for _, field in ipairs { "estimate", "p_value", "p_adjusted", "conf_low",
          "conf_high" } do
        lu.assertEquals(got[row.compare][field], row[field], adjust .. field)
      end
    end
  end
end

-- Welch's tests with T3: those of dunnett, of ratios too.
function TestAnalyses.test_dunnett_t3_is_of_welchs_tests()
  local data = rows(s, "ALC", "Day 29"):levels { TRT01P = { "P", "L", "H" } }
  local compare = { "L vs P", "H vs P" }
  for _, side in ipairs { "two-sided", "less" } do
    for _, y in ipairs { "AVAL", "ln(AVAL)" } do
      local got = stored({ "ttest", alternative = side }, { adjust = "Dunnett T3",
        compare = compare, variable = y })
      local ratio = y ~= "AVAL"
      for row in dunnett(y .. " ~ TRT01P", data, { variance = "welch",
        alternative = side }):rows() do
        local own = got[row.compare]
        lu.assertAlmostEquals(own.p_adjusted / row.p_adjusted, 1, 1e-12)
        lu.assertTrue(own.p_adjusted > own.p_value)
        for _, field in ipairs { "estimate", "conf_low", "conf_high" } do
          local x = row[field]
          if x == -math.huge then lu.assertEquals(own[field], NA)
          else
            lu.assertAlmostEquals(own[field] / (ratio and math.exp(x) or x), 1,
              1e-12)
          end
        end
        lu.assertStrContains(own.note, "adjusted by Dunnett's T3")
      end
    end
  end
end

function TestAnalyses.test_means_of_each_arm_alone()
  local got, list = stored({ "lm", "~ BASE + TRT01P" },
    { compare = "each arm" })
  lu.assertEquals(list, { "P", "L", "H" })
  lu.assertEquals(got.P.estimate_name, "least-squares mean")
end

function TestAnalyses.test_subgroups_of_lm_have_a_test_of_interaction()
  stored({ "lm", "~ BASE + TRT01P" }, { subgroups = "SEX" })
  local data = rows(s, "ALC", "Day 29"):levels { TRT01P = { "P", "L", "H" } }
  local m = lm("AVAL ~ BASE + TRT01P + SEX + TRT01P:SEX", data)
  for row in m:anova():rows() do
    if row.term == "TRT01P:SEX" then
      lu.assertAlmostEquals(s:result "E/SEX: interaction.p_value", row.p_value,
        1e-12)
    end
  end
  same(s:result "E/SEX: F", lm("AVAL ~ BASE + TRT01P", data:where "SEX = 'F'")
    :contrast({ "Active vs P" }, { factor = "TRT01P" }), "F")
end

-- Of proportions it is that of homogeneity, of each comparison; strata have none.
function TestAnalyses.test_subgroups_of_proportions_have_a_test_of_interaction()
  for _, name in ipairs { "riskdiff", "riskratio" } do
    local got = stored({ name }, { variable = "AVAL >= 700", subgroups = "SEX" })
    for compare, arms in pairs { ["H vs P"] = { "H", "P" }, ["Active vs P"] = {} } do
      local r = _G[name]("AVAL >= 700 ~ TRT01P + strata(SEX)", two(compare, arms[1], arms[2]),
        { compare = compare })
      local row = got["SEX: interaction/" .. compare]
      lu.assertTrue(r.homogeneity_p ~= NA and r.homogeneity_p < 1)
      lu.assertEquals({ row.p_value, row.statistic, row.df, row.n, row.estimate },
        { r.homogeneity_p, r.homogeneity, 1, r.n, NA })
    end
  end
  local got = stored({ "riskdiff", strata = "SITEID" }, { variable = "AVAL >= 700",
    subgroups = "SEX" })
  lu.assertNil(got["SEX: interaction/H vs P"])
  lu.assertNotNil(got["SEX: F/H vs P"])
end

-- Repeated measures --------------------------------------------------------------

function TestAnalyses.test_mmrm_has_a_result_at_each_visit()
  endpoint "M" { parameter = "ALC", visits = { "Day 8", "Day 29" },
    visit = "Day 29", variable = "ln(AVAL)", missing = "at random",
    compare = { "Active vs P", { "doses", P = 0, L = 1, H = 3 } },
    analysis = { "mmrm", "~ ln(BASE) * AVISIT + TRT01P * AVISIT",
      covariance = { "un", "cs" } },
    sensitivity = { { "KR", analysis = { df = "Kenward-Roger" } } },
    supplementary = { { "means", compare = "each arm" }, { "plain",
      analysis = "mmrm" }, { "ranks", analysis = "wilcoxon",
      missing = "exclude" } } }
  run(s)
  local data = s.adsl:select("USUBJID", "TRT01P"):join(s.adlb:where {
    PARAMCD = "ALC", AVISIT = { "Day 8", "Day 29" } }:select("USUBJID",
    "AVISIT", "AVAL", "BASE"), "USUBJID", { many = true })
    :levels { TRT01P = { "P", "L", "H" } }
  local formula = "log(AVAL) ~ log(BASE) * AVISIT + TRT01P * AVISIT"
  for variation, df in pairs { [""] = "Satterthwaite",
      ["/KR"] = "Kenward-Roger" } do
    local m = mmrm(formula, data, { df = df })
    for row in m:contrast({ "Active vs P", ratio = true }):rows() do
      local ours = s:result(("M[Active vs P]@%s%s"):format(row.AVISIT,
        variation))
      for _, field in ipairs { "estimate", "std_error", "df", "p_value",
          "conf_low", "conf_high" } do
        lu.assertAlmostEquals(ours[field] / row[field], 1, 1e-12, field)
      end
      lu.assertEquals({ ours.n, ours.n_missing }, { 22, 2 })
      -- of the two sides the subjects with a value at the visit
      local there = data:where { AVISIT = row.AVISIT }
        :where "AVAL is not null and BASE is not null"
      lu.assertEquals({ ours.n_1, ours.n_2 }, {
        #there:where { TRT01P = { "L", "H" } }, #there:where { TRT01P = "P" } })
      local arm = s:result(("M[H]@%s%s"):format(row.AVISIT, variation))
      lu.assertEquals(arm.n, #there:where { TRT01P = "H" })
    end
    -- doses 0, 1 and 3: the slope of the means by least squares
    for row in m:contrast({ "doses", P = -2 / 7, L = -1 / 14, H = 5 / 14,
        ratio = true }):rows() do
      local ours = s:result(("M[doses]@%s%s"):format(row.AVISIT, variation))
      for _, field in ipairs { "estimate", "std_error", "df", "p_value" } do
        lu.assertAlmostEquals(ours[field] / row[field], 1, 1e-9, field)
      end
    end
    for row in m:means("TRT01P", { ratio = true }):rows() do
      lu.assertAlmostEquals(s:result(("M[%s]@%s%s"):format(row.TRT01P,
        row.AVISIT, variation)).estimate / row.estimate, 1, 1e-12)
    end
  end
  lu.assertEquals(s:result "M.visit", "Day 29")
  lu.assertEquals(s:result "M[doses].estimate_name",
    "ratio (doses of logarithms)")
  lu.assertEquals(#s.results:where { variation = "means" }, 6)
  -- weights of arms are not for wilcoxon: it keeps the other comparison
  lu.assertEquals(#s.results:where { variation = "ranks" }, 2)
  lu.assertAlmostEquals(s:result "M/plain.estimate", mmrm(
    "log(AVAL) ~ TRT01P * AVISIT", data):contrast({ "Active vs P",
    ratio = true }):row(2).estimate, 1e-12)
end

function TestAnalyses.test_lmm_has_a_result_at_each_visit_or_slopes()
  endpoint "M" { parameter = "ALC", visits = { "Day 8", "Day 29" },
    visit = "Day 29", variable = "ln(AVAL)", missing = "at random",
    compare = "H vs P",
    analysis = { "lmm", "~ ln(BASE) + TRT01P * AVISIT", df = "Kenward-Roger",
      random = "~ 1 | SITEID/USUBJID" },
    supplementary = { { "slopes", analysis = { "lmm", "~ TRT01P * BASE",
      slope = "BASE" } } } }
  run(s)
  local data = s.adsl:select("USUBJID", "TRT01P", "SITEID"):join(s.adlb:where {
    PARAMCD = "ALC", AVISIT = { "Day 8", "Day 29" } }:select("USUBJID",
    "AVISIT", "AVAL", "BASE"), "USUBJID", { many = true })
    :levels { TRT01P = { "P", "L", "H" } }
  local function same(id, c, n)
    local ours = s:result(id)
    for _, field in ipairs { "estimate", "std_error", "df", "p_value" } do
      lu.assertAlmostEquals(ours[field] / c[field], 1, 1e-10, id .. field)
    end
    lu.assertEquals(ours.n, n)
  end
  local m = lmm("log(AVAL) ~ log(BASE) + TRT01P * AVISIT", data,
    { random = "~ 1 | SITEID/USUBJID", df = "Kenward-Roger" })
  for _, visit in ipairs { "Day 8", "Day 29" } do
    same("M@" .. visit, m:contrast("H vs P", { ratio = true,
      factor = "TRT01P", at = { AVISIT = visit } }), 22)
  end
  local slope = lmm("log(AVAL) ~ TRT01P * BASE", data):contrast("H vs P",
    { slope = "BASE", factor = "TRT01P" })
  local ours = s:result "M/slopes"
  for _, field in ipairs { "statistic", "df", "p_value" } do
    lu.assertAlmostEquals(ours[field] / slope[field], 1, 1e-10, field)
  end
  lu.assertAlmostEquals(ours.estimate, math.exp(slope.estimate), 1e-10)
end

-- Shapes -------------------------------------------------------------------------

function TestAnalyses.test_aggregates_are_one_value_per_subject()
  endpoint "M" { parameter = "ALC", visits = { "Day 8", "Day 29" },
    variable = "ln(mean(AVAL))", analysis = { "lm", "~ ln(BASE) + TRT01P" } }
  endpoint "X" { parameter = "ALC", visits = { "Day 8", "Day 29" },
    variable = "max(AVAL)", analysis = "wilcoxon" }
  run(s)
  local data = s.adlb:where { PARAMCD = "ALC", AVISIT = { "Day 8", "Day 29" } }
    :by("USUBJID", "BASE"):summarise("MEAN = mean(AVAL)", "MOST = max(AVAL)")
    :join(s.adsl:select("USUBJID", "TRT01P"), "USUBJID")
    :levels { TRT01P = { "P", "L", "H" } }
  local hand = lm("log(MEAN) ~ log(BASE) + TRT01P", data)
    :contrast({ "H vs P" }, { factor = "TRT01P", ratio = true })
  lu.assertAlmostEquals(s:result "M[H vs P].estimate", hand.estimate, 1e-12)
  lu.assertEquals(s:result "M.visit", NA)
  lu.assertEquals(s:result "X[H vs P].p_value", wilcoxon("MOST ~ TRT01P",
    data:where { TRT01P = { "H", "P" } }, { compare = "H vs P" }).p_value)
end

function TestAnalyses.test_too_few_subjects_are_told_and_stop_nothing()
  endpoint "F" { parameter = "ALC", visit = "Day 29", variable = "AVAL",
    where = "USUBJID in ('01', '02', '04', '05', '07', '08')",
    analysis = "ttest" }
  run(s)
  lu.assertNotEquals(s:result "F[L vs P].note", NA)
  lu.assertEquals(s:result "F[L vs P].estimate", NA)
end

-- Where it makes no sense ---------------------------------------------------------

local refused = {
  { "padjust", {}, 'padjust is no analysis of an endpoint: it is the key adjust' },
  { "dunnett", {}, 'adjust = "Dunnett" is' },
  { "log", {}, "it changes a variable" },
  { "gee", {}, "the analysis gee is not there yet" },
  { "wilcoxn", {}, "no analysis wilcoxn; nearest: wilcoxon" },
  { "ttest", { compare = "all arms" },
    "ttest does not take all arms at once; lm does" },
  { "wilcoxon", { compare = "each arm" },
    "wilcoxon has no result for each arm; signed_rank does" },
  { "kruskal", { compare = "H vs P" },
    'kruskal does not compare two arms (compare = "all arms" is what it does); '
      .. "wilcoxon does" },
  { "signed_rank", { compare = "H vs P" }, "signed_rank does not compare two "
      .. 'arms (compare = "each arm" is what it does); wilcoxon does' },
  { "van_elteren", {}, "van_elteren needs strata" },
  { "cmh", {}, "cmh needs strata" },
  { "mcnemar", { variable = "AVAL >= 700" },
    "mcnemar takes two values of a subject" },
  { "riskdiff", {}, "variable: AVAL has values other than 0 and 1, riskdiff "
      .. "takes events: a condition" },
  { "proportion", {}, "AVAL has values other than 0 and 1" },
  { { "ttest", "~ TRT01P + BASE" }, {},
    '"~ TRT01P + BASE": ttest compares the arms and has no covariates; lm has' },
  { { "wilcoxon", "~ TRT01P + strata(SEX)" }, {},
    "wilcoxon has no strata; van_elteren is the test within strata" },
  { { "ttest", "~ BASE" }, {}, '"~ BASE" lacks TRT01P' },
  { { "signed_rank", "~ TRT01P" }, {}, "signed_rank is of one arm" },
  { "ttest", { compare = { { "doses", P = 0, H = 1 } } },
    "ttest takes no weights of arms; lm does" },
  { "ttest", { adjust = "Dunnett" }, "Dunnett is for comparisons of one model" },
  { "wilcoxon", { adjust = "T3" }, "Dunnett's T3 is for Welch's t tests" },
  { { "ttest", variance = "pooled" }, { adjust = "T3" },
    "Dunnett's T3 is for Welch's t tests" },
  { "ttest", { adjust = "T3", visits = { "Day 8", "Day 29" } },
    "Dunnett's T3 is for comparisons of arms, not over parameters and visits" },
  { { "lm", "~ TRT01P" }, { adjust = "Tukey", visits = { "Day 8", "Day 29" } },
    "Tukey is for the comparisons of one model, not over parameters and visits" },
  { "mmrm", { visit = false, where = "AVISIT = 'Day 8'" },
    "mmrm is for visits" },
  { "ttest", { adjust = "max-T" }, "max-T is by re-randomisation, and the "
    .. "trial does not say how it was" },
  { "logrank", { variable = "CHG" },
    "logrank takes the time AVAL and the censoring CNSR" },
  { "rmst", { variable = false }, "no column CNSR" },
  { { "rmst" }, { parameter = "DEATH", visit = false, variable = false },
    'rmst: up to which time? { "rmst", horizon = 90 }' },
  { { "rmst", "~ AGE + TRT01P", horizon = 30 }, { parameter = "DEATH",
    visit = false }, "rmst compares the arms and has no covariates" },
  { "cox", { parameter = "DEATH", visit = false, compare = "each arm" },
    "cox has no result for each arm; km does" },
  { { "rmst", horizon = 30 }, { parameter = "DEATH", visit = false,
    compare = "all arms" }, "rmst does not take all arms at once; logrank does" },
}

function TestAnalyses.test_what_makes_no_sense_is_refused_with_a_reason()
  for _, case in ipairs(refused) do
    require "trialsh.endpoint".list = {}
    local def = { parameter = "ALC", visit = "Day 29", variable = "AVAL",
      analysis = case[1] }
    for key, value in pairs(case[2]) do def[key] = value or nil end
    endpoint "R" (def)
    lu.assertStrContains(message(check, s), case[3])
  end
end

function TestAnalyses.test_each_public_statistic_is_one_or_has_a_reason()
  local analysis = require "trialsh.analysis"
  local help, n = require "trialsh.help", 0
  for name in pairs(require "trialsh.init".home) do
    local block = help.block(name)
    if block and block.title:find "^[%w_]+%(formula, data" then
      n = n + 1
      lu.assertTrue(analysis.find(name) ~= nil or analysis.unknown(name)
        :find "is no analysis of an endpoint: " ~= nil, name .. " is a "
        .. "statistic: lua/lib/analysis makes it one of endpoints, or says in "
        .. "others of analysis.lua what is instead")
    end
  end
  lu.assertTrue(n > 20, n)
  for _, name in ipairs(analysis.names()) do
    local several = analysis.find(name).hierarchy
    lu.assertStrContains(explain(endpoint "E" {
      data = not several and "adlb" or nil, analysis = name,
      variable = several and { { "DEATH", horizon = 60 } } or nil,
      compare = "Active vs P" }), "The endpoint E was")
  end
end

os.exit(lu.LuaUnit.run())
