-- t tests from formulas and arrays: R's values on four data sets, what is
-- compared with what, what is left out, and data that cannot be tested.
local lu = require "luaunit"
local ref = require "tests.lua.reference"
local near, refuses = ref.near, ref.refuses

-- Student's sleep data
local drug_1 = { 0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0, 2 }
local drug_2 = { 1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4 }

local function small_trial()
  return { CHG = { 1.5, 2, 3, 4, NA, 6, 7.25, -1 }, BASE = { 1, 1, 2, 2, 3, 3, 4, 4 },
    TRT01P = { "Placebo", "Active", "Placebo", "Active", "Placebo", "Active",
      "Placebo", "Active" }, GRP = { 2, 1, 2, 1, 2, 1, NA, 1 },
    EMPTY = { NA, 1, NA, 2, NA, 3, NA, 4 }, ARM = { "a", "b", "c", "a", "b",
      "c", "a", "b" } }
end

TestTtest = {}

-- tests/reference/ttest.R
function TestTtest.test_actg175_more()
  local data = ref.read "hiv/actg175.csv"
  local r = ttest("log(cd420 + 1) ~ arms", data, { compare = "0 vs 1",
    alternative = "less", conf_level = 0.9 })
  near(r.statistic, -7.1733344110128714)
  near(r.df, 1050.1552438560277)
  near(r.p_value, 6.9001864218383302e-13, 1e-11)
  lu.assertEquals(r.conf_low, -math.huge)
  near(r.conf_high, -0.15412018488533266)
  lu.assertStrContains(tostring(r), "90 % CI below -0.154")
  r = ttest("cd496 - cd40 ~ 1", data, { mu = -10 })
  near(r.estimate, -26.416542473919524)
  near(r.statistic, -4.0092432170230952)
  near(r.p_value, 6.4269082245289264e-05, 1e-11)
  near(r.conf_low, -34.449205353409191)
  near(r.conf_high, -18.38387959442986)
  lu.assertEquals({ r.df, r.n, r.n_missing }, { 1341, 1342, 797 })
  lu.assertEquals({ r.n_1, r.n_2, r.compare }, { NA, NA, NA })
end

function TestTtest.test_orthodont()
  local data = ref.read "longitudinal/Orthodont.csv":where "age = 14"
  local r = ttest("distance ~ Sex", data, { variance = "pooled",
    compare = "Female vs Male" })
  near(r.statistic, -3.8623256556016936)
  lu.assertEquals(r.df, 25)
  near(r.p_value, 0.00070500032384291549, 1e-11)
  near(r.conf_low, -5.1790338165947727)
  near(r.conf_high, -1.5766480015870477)
  lu.assertEquals({ r.n_1, r.n_2 }, { 11, 16 })
end

function TestTtest.test_sleep()
  local r = ttest(drug_1, drug_2)
  near(r.p_value, 0.079394140187358173)
  near(r.conf_low, -3.3654832307117104)
  near(r.df, 17.776473516178498)
  lu.assertEquals(r.method, "Welch t test")
  local p = ttest(drug_1, drug_2, { paired = true })
  near(p.estimate, -1.58)
  near(p.statistic, -4.0621276833820366)
  near(p.p_value, 0.0028328901973842702)
  near(p.conf_high, -0.70011423672301754)
  lu.assertEquals({ p.n, p.n_1, p.n_2, p.df }, { 10, 10, 10, 9 })
  -- the same pairs as a difference in a formula
  local f = ttest("A - B ~ 1", { A = drug_1, B = drug_2 })
  near(f.p_value, p.p_value, 1e-14)
  near(f.conf_low, p.conf_low, 1e-14)
end

-- Rows in another order, other units, swapped groups.
function TestTtest.test_invariance()
  local data, back, pounds = small_trial(), {}, small_trial()
  for name, values in pairs(data) do
    back[name] = {}
    for i = 1, 8 do back[name][i] = values[9 - i] end
  end
  for i = 1, 8 do pounds.CHG[i] = pounds.CHG[i] * 0.25 end
  local function test(d, compare)
    return ttest("CHG ~ TRT01P", d, { compare = compare })
  end
  local r = test(data, "Active vs Placebo")
  local s = test(back, "Active vs Placebo")
  near(s.p_value, r.p_value, 1e-13)
  near(s.conf_low, r.conf_low, 1e-13)
  local u = test(pounds, "Active vs Placebo")
  near(u.p_value, r.p_value, 1e-13)
  near(u.estimate, r.estimate / 4, 1e-13)
  local w = test(data, "Placebo vs Active")
  lu.assertEquals(w.estimate, -r.estimate)
  lu.assertEquals(w.conf_low, -r.conf_high)
  lu.assertEquals(w.p_value, r.p_value)
  lu.assertEquals(w.estimate_1, r.estimate_2)
end

-- Of logarithms, to the ratios that lm and R's exp(t.test(log(x))) have.
function TestTtest.test_ratio()
  local d = { y = { 3, 9, 4, 8, 20, 11, 6 }, g = { "A", "A", "A", "A", "B", "B",
    "B" } }
  for _, log in ipairs { "log", "log10", "log2", "ln" } do
    local formula = log .. "(y) ~ g"
    local r = ttest(formula, d, { ratio = true, variance = "pooled" })
    local c = lm(formula, d):contrast { "B vs A", ratio = true }
    for _, key in ipairs { "estimate", "conf_low", "conf_high", "p_value",
      "statistic", "df", "estimate_1", "estimate_2", "mu" } do
      near(r[key], key == "mu" and 1 or c[key], 1e-11, log .. " " .. key)
    end
    lu.assertEquals(r.estimate_name, "ratio of geometric means")
    -- against another ratio: that of y / 2
    local half = { y = {}, g = d.g }
    for i, y in ipairs(d.y) do half.y[i] = d.g[i] == "B" and y / 2 or y end
    near(ttest(formula, d, { ratio = true, mu = 2 }).p_value,
      ttest(formula, half, { ratio = true }).p_value, 1e-10)
  end
  local one = ttest("log(y) ~ 1", d, { ratio = true })
  local own = describe("y", d)
  near(one.estimate, own.geomean, 1e-13)
  near(one.conf_low, own.geomean_low, 1e-13)
  lu.assertEquals(one.estimate_name, "geometric mean")
  refuses("ratio = true is for a response that is a logarithm, such as log(AVAL)"
    .. "; it is y", ttest, "y ~ g", d, { ratio = true })
  refuses("is for a response that is a logarithm", ttest, { 1, 2 }, { 3, 4 },
    { ratio = true })
  refuses("mu is a ratio, above 0", ttest, "log(y) ~ g", d, { ratio = true,
    mu = 0 })
end

function TestTtest.test_missing_is_counted()
  local r = ttest("CHG ~ TRT01P", small_trial())
  lu.assertEquals({ r.n, r.n_1, r.n_2, r.n_missing }, { 7, 3, 4, 1 })
  lu.assertEquals(r.compare, "Placebo vs Active") -- byte order: Active first
  lu.assertStrContains(tostring(r), "1 row left out: CHG missing in 1")
  r = ttest("CHG ~ GRP", small_trial())
  lu.assertEquals({ r.compare, r.n_1, r.n_2, r.n_missing },
    { "2 vs 1", 2, 4, 2 })
  -- of three groups only the rows of two count, and those without a group
  r = ttest("CHG ~ ARM", small_trial(), { compare = "b vs c" })
  lu.assertEquals({ r.n, r.n_missing }, { 4, 1 })
  r = ttest("CHG ~ ARM", small_trial(), { compare = "a vs c" })
  lu.assertEquals({ r.n, r.n_missing }, { 5, 0 })
  r = ttest("log(CHG) ~ TRT01P", small_trial())
  lu.assertStrContains(tostring(r),
    "2 rows left out: log(CHG) undefined in 1, log(CHG) missing in 1")
  r = ttest({ 1, NA, 3, 4 }, { 2, 3, NA, 9 }, { paired = true })
  lu.assertEquals({ r.n, r.n_missing }, { 2, 2 })
  lu.assertStrContains(tostring(r), "2 pairs left out")
  lu.assertStrContains(tostring(ttest({ 1, 2, NA }, { 2, 4 })),
    "1 value left out: a missing in 1")
end

function TestTtest.test_reference_and_levels()
  local frame = require "trialsh.data".wrap(require "ts.frame".build(
    { "y", "g" }, { { 1, 2, 3, 4 }, { "b", "a", "b", "a" } },
    { g = { "none", "b", "a" } }))
  lu.assertEquals(ttest("y ~ g", frame).compare, "a vs b")
  lu.assertEquals(ttest("y ~ g", frame, { reference = "a" }).compare, "b vs a")
  refuses("g has no 'c'", ttest, "y ~ g", frame, { compare = "c vs a" })
  refuses("none has no values of y (0 rows", ttest, "y ~ g", frame,
    { compare = "none vs a" })
end

-- The trial says which group is the reference and what a pooled arm holds.
function TestTtest.test_trial()
  local s = require "trialsh.study".memory()
  s.trial = trial "T" { arms = { { "High" }, { "Placebo", reference = true },
    { "Low" }, { "Active", pool = { "High", "Low" } } } }
  s.adsl = require "trialsh.data".wrap(require "ts.frame".build(
    { "USUBJID", "TRT01P", "y" }, { { "1", "2", "3", "4", "5", "6" },
      { "High", "Low", "Placebo", "High", "Placebo", "Low" },
      { 5, 6, 1, 7, 2, NA } }))
  local two = s.adsl:where "TRT01P <> 'Low'"
  lu.assertEquals(ttest("y ~ TRT01P", two).compare, "High vs Placebo")
  local r = ttest("y ~ TRT01P", s.adsl, { compare = "Active vs Placebo" })
  lu.assertEquals({ r.n_1, r.n_2, r.estimate_1, r.n_missing }, { 3, 2, 6, 1 })
  refuses("High is on both sides", ttest, "y ~ TRT01P", s.adsl,
    { compare = "Active vs High" })
  refuses("has no 'Activ'; nearest: Active", ttest, "y ~ TRT01P", s.adsl,
    { compare = "Activ vs Placebo" })
end

-- What is computed from made-up data says so, and so do its frames.
function TestTtest.test_simulated()
  local r = ttest("AGE ~ SEX", demo.adsl)
  lu.assertStrContains(tostring(r), "SIMULATED DATA")
  lu.assertStrContains(tostring(r:tidy()), "SIMULATED DATA")
  lu.assertStrContains(tostring(describe("AGE", demo.adsl)), "SIMULATED DATA")
  lu.assertStrContains(tostring(describe("AGE ~ SEX", demo.adsl):group "F"),
    "SIMULATED DATA")
end

function TestTtest.test_options()
  local r = ttest("CHG ~ TRT01P", small_trial(), { variance = "Pooled",
    alternative = "Two Sided", conf_level = 0.99 })
  lu.assertEquals(r.method, "Student t test, pooled variance")
  lu.assertEquals({ r.conf_level, r.alternative, r.df },
    { 0.99, "two-sided", 5 })
  refuses("ttest has no option varience; nearest: variance", ttest, drug_1,
    drug_2, { varience = "pooled" })
  refuses("variance = \"polled\" is none of welch, pooled; nearest: pooled",
    ttest, drug_1, drug_2, { variance = "polled" })
  refuses("out of its range", ttest, drug_1, drug_2, { conf_level = 95 })
end

function TestTtest.test_what_cannot_be_asked()
  local d = small_trial()
  refuses("no column TRT01; nearest: TRT01P", ttest, "CHG ~ TRT01", d)
  refuses("character 9: ) expected", ttest, "CHG ~ (A", d)
  refuses("TRT01P is text, numbers are needed", ttest, "TRT01P ~ GRP", d)
  refuses("the groups of one variable, not of 2 (TRT01P, GRP)", ttest,
    "CHG ~ TRT01P + GRP", d)
  refuses("has no strata()", ttest, "CHG ~ TRT01P + strata(GRP)", d)
  refuses("km and logrank", ttest, "Surv(BASE, 1) ~ TRT01P", d)
  refuses('"~ TRT01P" has no response', ttest, "~ TRT01P", d)
  refuses('data is missing: ttest("CHG ~ TRT01P", data)', ttest,
    "CHG ~ TRT01P")
  refuses("ARM has 3 groups (a, b, c)", ttest, "CHG ~ ARM", d)
  refuses("a formula pairs by a difference", ttest, "CHG ~ TRT01P", d,
    { paired = true })
  refuses("has no groups to compare", ttest, "CHG ~ 1", d,
    { compare = "a vs b" })
  refuses("arrays are a vs b", ttest, drug_1, drug_2, { compare = "a vs b" })
  refuses("paired needs two arrays", ttest, drug_1, { paired = true })
  refuses("3 values of a cannot be paired with 2", ttest, { 1, 2, 3 },
    { 1, 2 }, { paired = true })
  refuses("row 2 is text", ttest, { 1, "x" }, { 1, 2 })
  refuses("numbers are needed", ttest, { "x", "y" }, { 1, 2 })
  refuses("an array comes first", ttest, 3)
  refuses("the second array is a number", ttest, { 1, 2 }, 3)
  refuses("infinite", ttest, { 1, math.huge }, { 1, 2 })
end

-- One value, no value, no variation: an error, or NA with the reason.
function TestTtest.test_degenerate()
  refuses("a has no values (2 missing)", ttest, { NA, NA }, { 1, 2 })
  refuses("b has no values", ttest, { 1, 2 }, {})
  refuses("the sample has no values", ttest, {})
  refuses("Placebo has no values of EMPTY (4 rows, all missing)", ttest,
    "EMPTY ~ TRT01P", small_trial())
  refuses("two groups are needed, TRT01P has only Active", ttest,
    "CHG ~ TRT01P", { CHG = { 1, 2 }, TRT01P = { "Active", "Active" } })
  for _, case in ipairs {
    { ttest({ 1 }, { 2, 3 }), "a has one value" },
    { ttest({ 1, 2 }, { 3 }), "b has one value" },
    { ttest { 1 }, "one value has no standard deviation" },
    { ttest({ 1 }, { 3 }, { variance = "pooled" }), "has one value" },
    { ttest({ 5, 5, 5 }, { 5, 5 }), "all values of a are equal" },
    { ttest { 0.1, 0.1, 0.1 }, "all values are equal" },
    { ttest({ 1, 2, 3 }, { 2, 3, 4 }, { paired = true }),
      "all differences are equal" },
  } do
    local r, words = case[1], case[2]
    lu.assertStrContains(r.note, words)
    lu.assertEquals({ r.statistic, r.p_value, r.conf_low, r.df },
      { NA, NA, NA, NA })
    lu.assertIsNumber(r.estimate)
    refuses(words, function() return r.p_value < 0.05 end)
    lu.assertStrContains(tostring(r), "P = NA")
  end
  -- two per group do
  near(ttest({ 1, 2 }, { 4, 6 }).p_value, 0.12904783554828336)
  -- one value can be compared where the other group gives the variance
  lu.assertIsNumber(ttest({ 7 }, { 1, 2, 4 }, { variance = "pooled" }).p_value)
end

function TestTtest.test_far_tail()
  local a, b = {}, {}
  for i = 1, 60 do a[i] = 3000 + i end
  for i = 1, 50 do b[i] = i end
  local r = ttest(a, b)
  near(r.p_value, 2.9066451383587114e-215, 1e-10)
  lu.assertStrContains(tostring(r), "P = 2.9e-215")
end

-- Columns are arrays too.
function TestTtest.test_columns()
  local frame = require "trialsh.data".wrap(require "ts.frame".build(
    { "x", "y" }, { drug_1, drug_2 }))
  near(ttest(frame.x, frame.y).p_value, 0.079394140187358173)
  local r = ttest(frame.y, { mu = 1 })
  near(r.p_value, 0.065059885668095438)
  lu.assertEquals(r.variable, "y")
end

os.exit(lu.LuaUnit.run())
