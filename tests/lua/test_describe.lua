-- describe: R's values, groups and their order, missing values, its printing;
-- columns and the functions of numbers agree with it.
local lu = require "luaunit"
local ref = require "tests.lua.reference"
local near, refuses = ref.near, ref.refuses

local function wrap(names, arrays, levels)
  return require "trialsh.data".wrap(
    require "ts.frame".build(names, arrays, levels))
end

TestDescribe = {}

-- tests/reference/ttest.R: quartiles of types 2, 6, 7; geometric mean and CV;
-- interval of the mean
function TestDescribe.test_actg175_more()
  local data = ref.read "hiv/actg175.csv"
  local r = {
    { 243.5, 418, 243.25, 418, 243.75, 418, 308.48273005962523,
      46.158781209727984, 324.98518659391749, 347.29300889480436 },
    { 285, 502, 285, 503.5, 285, 502, 372.41546335747569, 43.127303930671559,
      389.73260227615651, 416.61222531005035 },
    { 272, 458.5, 272, 458.75, 272, 458.25, 347.61445098400884,
      39.460722992712405, 360.44985476132541, 383.62648111653715 },
    { 270, 468, 270, 468.5, 270, 468, 345.64785250942316, 42.89279107529368,
      362.10403371998092, 386.54480763474271 } }
  for k, kind in ipairs { 2, 6, 7 } do
    local d = describe("cd420 ~ arms", data, { quantile_type = kind })
    for i = 1, 4 do
      local group = d:group(tostring(i - 1))
      lu.assertEquals({ group.q1, group.q3 }, { r[i][2 * k - 1], r[i][2 * k] })
      near(group.geomean, r[i][7])
      near(group.geocv, r[i][8])
      near(group.conf_low, r[i][9])
      near(group.conf_high, r[i][10])
    end
  end
end

-- Table 14-2.01 of the CDISC pilot study
function TestDescribe.test_cdisc_pilot()
  local values = ref.values("published/r_reference_cdisc.csv", "14-2.01").AGE
  local data = ref.read("cdisc/csv/adsl.csv", { na = { "NA" } })
  local d = describe("AGE ~ TRT01P", data)
  for _, arm in ipairs { "Placebo", "Xanomeline Low Dose",
    "Xanomeline High Dose" } do
    local group = d:group(arm)
    lu.assertEquals(group.n, values["n " .. arm])
    near(group.mean, values["mean " .. arm], 1e-11)
    near(group.sd, values["sd " .. arm], 1e-11)
    near(group.median, values["median " .. arm], 1e-11)
  end
end

function TestDescribe.test_arrays()
  local d = describe { 3, 1, 4, 1, 5, NA }
  lu.assertEquals({ d.n, d.n_missing, d.mean, d.median, d.q1, d.q3, d.min,
    d.max, d.sum }, { 5, 1, 2.8, 3, 1, 4, 1, 5, 14 })
  near(d.geomean, 2.2679331552660544)
  near(d.geocv, 89.824325164941413)
  near(d.std_error, d.sd / math.sqrt(5))
  lu.assertEquals(tostring(d), [[
x
   n  missing  mean    SD  median  Q1  Q3  min  max  geo mean  geo CV %
x  5        1   2.8  1.79       3   1   4    1    5       2.3      89.8
quartiles: type 2 (SAS); 95 % CI of the mean 0.6 to 5.0]])
end

-- Groups stand in level order, with those that have rows but no value.
function TestDescribe.test_groups()
  local data = wrap({ "y", "arm", "day" }, { { 1, 2, NA, 4, 5, NA, 7 },
    { "Low", "High", "Placebo", "High", NA, "Placebo", "Low" },
    { 10, 9, 9, 10, 9, 9, 9 } },
    { arm = { "Placebo", "Low", "Medium", "High" } })
  local d = describe("y ~ arm", data)
  local t = d:tidy()
  lu.assertEquals({ t.arm[1], t.arm[2], t.arm[3], #t },
    { "Placebo", "Low", "High", 3 })
  lu.assertEquals({ t.n[1], t.n_missing[1], t.mean[1] }, { 0, 2, NA })
  lu.assertEquals({ t.mean[2], t.mean[3] }, { 4, 3 })
  lu.assertEquals({ d.n, d.n_missing }, { 4, 3 })
  lu.assertStrContains(tostring(d), "1 row without arm left out")
  lu.assertEquals(d:group "High".max, 4)
  refuses("no group Hgih; nearest: High", d.group, d, "Hgih")
  refuses('which mean of 3 groups? r:group("Placebo").mean, or r:tidy()',
    function() return d.mean end)
  refuses("nearest: n_missing", function() return d.n_mising end)
  -- two variables: a column each, numbers stay numbers and in their order
  t = describe("y ~ arm + day", data):tidy()
  lu.assertEquals({ t.arm[2], t.day[2], t.arm[3], t.day[3] },
    { "Low", 9, "Low", 10 })
  lu.assertEquals({ t.mean[2], t.mean[3] }, { 7, 1 })
  lu.assertEquals(describe("y ~ arm", data):glance().n[1], 4)
end

function TestDescribe.test_expressions_and_text()
  local data = wrap({ "AVAL", "SEX" }, { { 1, 10, 100, 0 }, { "M", "F", "M",
    "F" } })
  local d = describe("log10(AVAL)", data)
  lu.assertEquals({ d.n, d.n_missing, d.mean }, { 3, 1, 1 })
  refuses("no column AVLA; nearest: AVAL", describe, "AVLA ~ SEX", data)
  refuses("data is missing", describe, "AVAL ~ SEX")
  refuses("describe takes one array", describe, { 1 }, { 2 })
  refuses("out of its range", describe, "AVAL", data, { quantile_type = 10 })
  refuses("describe: of is for text, and AVAL is numbers", describe, "AVAL",
    data, { of = "all" })
  refuses("describe has no option quantiles", describe, "AVAL", data,
    { quantiles = 2 })
  local b = describe("AVAL ~ SEX", data)
  lu.assertStrContains(b.note, "0 or below: 1 in F")
  lu.assertEquals(b:group "F".geomean, NA)
end

-- Text: counts of each value, in level order, and of what is missing.
function TestDescribe.test_text()
  local data = wrap({ "SEX", "arm" }, { { "M", "F", NA, "M", NA, "F", "M", "M" },
    { "B", "B", "B", "A", "C", "A", "A", NA } },
    { SEX = { "M", "F", "X" }, arm = { "B", "A", "C" } })
  local d = describe("SEX ~ arm", data)
  lu.assertEquals({ d.n, d.n_missing, d.of, d.by }, { 5, 3, "known", "arm" })
  local t = d:tidy()
  lu.assertEquals(#t, 12)
  local function row(i)
    return { t.arm[i], t.SEX[i], t.n[i], t.of[i], t.proportion[i] }
  end
  lu.assertEquals(row(1), { "B", "M", 1, 2, 0.5 })
  lu.assertEquals(row(3), { "B", "X", 0, 2, 0 })
  lu.assertEquals(row(4), { "B", NA, 1, 3, 1 / 3 })
  lu.assertEquals(row(5), { "A", "M", 2, 3, 2 / 3 })
  lu.assertEquals(row(9), { "C", "M", 0, 0, NA })
  lu.assertEquals(tostring(d), [[
SEX by arm, n (%)
                B         A  C
N               3         3  1
M        1 (50 %)  2 (67 %)  -
F        1 (50 %)  1 (33 %)  -
X               0         0  -
missing         1         0  1
percentages of those with a value; 1 row without arm left out]])
  local all = describe("SEX ~ arm", data, { of = "all" }):group "C"
  lu.assertEquals(tostring(all), [[
SEX by arm, n (%)
                 C
N                1
M                0
F                0
X                0
missing  1 (100 %)
percentages of all in the group; no values]])
  local by_value = describe("SEX ~ arm", data, { of = "value" }):tidy()
  lu.assertEquals(by_value.proportion[1], 1 / 3)
  lu.assertEquals(by_value.of[5], 3)
  lu.assertEquals(describe({ "a", NA, "a", "b" }):tidy().n[1], 2)
  lu.assertEquals(describe(data.SEX):tidy().of[1], 6)
  refuses("SEX is text, which has no mean", function() return d.mean end)
  refuses("describe: no group D", d.group, d, "D")
  local many = {}
  for i = 1, 300 do many[i] = "P" .. i end
  refuses("y has 300 values, too many to count each", describe, "y",
    { y = many })
end

-- None below 200 but for the Lancet, whose limit is 100; what rounds to nothing
-- or to all says so.
function TestDescribe.test_percentages()
  local format = require "trialsh.format"
  lu.assertEquals({ format.share_digits(99, "Lancet"),
    format.share_digits(100, "Lancet"), format.share_digits(199, "Annals"),
    format.share_digits(200) }, { 0, 1, 0, 1 })
  lu.assertEquals({ format.share(0.004, 0), format.share(0.9996, 1),
    format.share(1, 1), format.share(0, 0), format.share(0.125, 1) },
    { "<1", ">99.9", "100.0", "0", "12.5" })
end

-- R: qnorm((1:5 - 3/8) / 5.25); quartiles 1 and 5, so that 12 is out.
function TestDescribe.test_qq_and_outliers()
  local data = { y = { 3, 1, 4, 1, 5, NA, 40, 2, 2, 2 }, g = { "a", "a", "a", "a",
    "a", "a", "a", "b", "b", "b" } }
  local d = describe("y ~ g", data)
  local q = d:qq()
  lu.assertEquals(#q, 9)
  near(q.score[1], -1.2815515655446004)
  lu.assertEquals({ q.g[6], q.value[6], q.g[7], q.score[8] }, { "a", 40, "b",
    0 })
  near(describe({ 3, 1, 4, 1, 5 }):qq().score[1], -1.1797611176118612)
  local o = d:outliers()
  lu.assertEquals({ #o, o.g[1], o.value[1], o.side[1] }, { 1, "a", 40, "high" })
  lu.assertEquals(#d:outliers(10), 0)
  lu.assertEquals(d:group "a".iqr, 4)
  lu.assertEquals(#describe({ NA, NA }):outliers(), 0)
  refuses("k a number of 0 or more", d.outliers, d, -1)
end

function TestDescribe.test_degenerate()
  local d = describe { 4 }
  lu.assertEquals({ d.mean, d.sd, d.std_error, d.conf_low, d.geosd, d.q1 },
    { 4, NA, NA, NA, NA, 4 })
  d = describe { NA, NA }
  lu.assertEquals({ d.n, d.n_missing, d.mean, d.median }, { 0, 2, NA, NA })
  lu.assertStrContains(tostring(d), "NA")
  d = describe {}
  lu.assertEquals({ d.n, d.n_missing }, { 0, 0 })
  d = describe { 0.1, 0.1, 0.1 }
  lu.assertEquals({ d.sd, d.geomean, d.geocv }, { 0, 0.1, 0 })
  near(d.mean, 0.1, 2e-16)
  lu.assertEquals({ d.conf_low, d.conf_high }, { d.mean, d.mean })
  refuses("infinite", describe, { 1, math.huge })
end

-- What SQL computes is what describe computes, to the bit.
function TestDescribe.test_equals_sql()
  local data = ref.read "hiv/actg175.csv"
  local q = data:summarise("m = avg(cd420)", "s = stddev(wtkg)",
    "g = geomean(wtkg)", "p = quantile(cd820, 0.25)", "e = median(cd80)"):row(1)
  lu.assertEquals(q.m, describe("cd420", data).mean)
  lu.assertEquals(q.s, describe("wtkg", data).sd)
  lu.assertEquals(q.g, describe("wtkg", data).geomean)
  lu.assertEquals(q.p, describe("cd820", data).q1)
  lu.assertEquals(q.e, describe("cd80", data).median)
end

-- Columns --------------------------------------------------------------------

TestColumn = {}

local function column(values, name)
  return wrap({ name or "AVAL" }, { values })[name or "AVAL"]
end

function TestColumn.test_summaries()
  local c = column { 3, 1, 4, 1, 5, NA }
  lu.assertEquals({ c:n(), c:missing(), c:mean(), c:median(), c:min(), c:max(),
    c:sum(), c:quantile(0.25), c:quantile(0.25, 6) },
    { 5, 1, 2.8, 3, 1, 5, 14, 1, 1 })
  near(c:sd(), math.sqrt(3.2))
  lu.assertEquals(column { NA }:mean(), NA)
  refuses("a column has no maen; nearest: mean", function() return c:maen() end)
  refuses("p = 2 is not between 0 and 1", c.quantile, c, 2)
  refuses("S is text, numbers are needed", function()
    return column({ "a" }, "S"):mean()
  end)
end

function TestColumn.test_elementwise()
  local c = column { 2.675, -1, NA, 0 }
  local r = c:round(2)
  lu.assertEquals({ r[1], r[2], r[3] }, { 2.68, -1, NA })
  local l = log(c)
  lu.assertEquals({ l[1], l[2], l[4] }, { math.log(2.675), NA, NA })
  lu.assertEquals(sqrt(c)[2], NA)
  lu.assertEquals(exp(c)[4], 1)
  lu.assertEquals(abs(c)[2], 1)
  lu.assertEquals(log10(column { 1000 })[1], 3)
  lu.assertEquals({ log(0), ln(NA), sqrt(-1), exp(1000), round(2.5), abs(NA) },
    { NA, NA, NA, NA, 3, NA })
  refuses("log: a number or a column is needed", log, "x")
end

-- Rounding is decimal, in C as in text.
function TestColumn.test_round()
  local text = require "ts.text"
  for _, case in ipairs { { 2.675, 2, 2.68 }, { 1.005, 2, 1.01 },
    { -0.5, 0, -1 }, { 0.49999999999999994, 0, 0 }, { 1234, -2, 1200 },
    { 1250, -2, 1300 }, { 50, -2, 100 }, { 49, -2, 0 }, { 99.95, 1, 100 },
    { 1e300, 2, 1e300 }, { 1e-300, 2, 0 }, { 5e-324, 324, 5e-324 },
    { 123456789.125, 2, 123456789.13 }, { 0.1, 20, 0.1 } } do
    lu.assertEquals(text.round(case[1], case[2]), case[3])
  end
  -- the short way and the way over text agree, near halves above all
  local format = require "trialsh.format"
  math.randomseed(20180308)
  for i = 1, 20000 do
    local digits = i % 6
    local x = (math.random(-10^6, 10^6) + 0.5) / 10 ^ digits
    if i % 2 == 0 then x = x + (math.random() - 0.5) * 10 ^ -math.random(1, 17) end
    local wanted = tonumber(format.fixed(x, digits))
    lu.assertTrue(text.round(x, digits) == wanted,
      ("%.17g to %d"):format(x, digits))
  end
end

function TestColumn.test_rows_are_not_chosen_by_operators()
  local c = column { 1, 2 }
  refuses('by >; write  data:where "AVAL > 900"', function()
    return c > 900
  end)
  refuses('by >=; write  data:where "AVAL >= 3"', function() return 3 <= c end)
  refuses('by <; write  data:where "AVAL < B"', function()
    return c < column({ 1, 2 }, "B")
  end)
  refuses([[write  data:where "S <= 'it''s'"]], function()
    return column({ "a" }, "S") <= "it's"
  end)
end

function TestColumn.test_text()
  local c = column { 310, 620, 880, 1300, 4180, 620 }
  lu.assertEquals(tostring(c), "AVAL: 6 values, 0 missing. min 310, Q1 620, "
    .. "median 750, Q3 1300, max 4180; mean 1318.3, SD 1440.4")
  lu.assertEquals(tostring(column({ "b", "a", NA, "b" }, "S")),
    "S: 4 values, 1 missing. 2 levels: a 1, b 2")
  lu.assertEquals(tostring(column { NA, NA }), "AVAL: 2 values, 2 missing.")
  lu.assertStrContains(tostring(column { 0.1234567, 0.2, 0.3 }), "median 0.200")
end

-- R: x <- c(1e9 + 1e-6, 1e9, 1e9 - 1e-6); qt(.975, 2) * sd(x) / sqrt(3)
-- 2.3690e-06 up to the spacing of doubles at 1e9, 1.2e-7
function TestDescribe.test_an_interval_at_the_edge_of_rounding_has_a_width()
  local x = { 1e9 + 1e-6, 1e9, 1e9 - 1e-6 }
  local row = describe(x):tidy():row(1)
  lu.assertTrue(math.abs(row.conf_high - row.conf_low - 2 * 2.369e-6) < 2.5e-7)
  local t = ttest(x)
  lu.assertEquals(t.p_value, NA)
  lu.assertStrContains(t.note, "no more than their rounding")
  lu.assertStrContains(ttest({ 2, 2, 2 }).note, "all values are equal")
end

-- Shape, intervals of median and geometric mean: tests/reference/shape.R
function TestDescribe.test_shape_against_r()
  local sets = {}
  for line in io.lines "tests/reference/shape.csv" do
    local set, quantity, value = line:match "^(%w+),(.-),(.*)$"
    if set ~= "set" then
      sets[set] = sets[set] or { x = {} }
      if quantity:find "^x " then table.insert(sets[set].x, tonumber(value))
      else sets[set][quantity] = tonumber(value) or NA end
    end
  end
  local n = 0
  for name, set in pairs(sets) do
    local d = describe(set.x)
    for quantity, value in pairs(set) do
      if quantity ~= "x" then
        n = n + 1
        if value == NA then lu.assertEquals(d[quantity], NA)
        else near(d[quantity], value, 1e-11, name .. " " .. quantity) end
      end
    end
  end
  lu.assertTrue(n > 60)
end

function TestDescribe.test_shape_of_little()
  local d = describe { 2, 4 }
  lu.assertEquals({ d.skewness, d.kurtosis, d.shapiro_w, d.mad },
    { NA, NA, NA, 1 })
  d = describe { 5, 5, 5, 5 }
  lu.assertEquals({ d.skewness, d.shapiro_p, d.mad, d.cv }, { NA, NA, 0, 0 })
  lu.assertEquals(describe({ -1, 1 }).cv, NA)
  local many = {}
  for i = 1, 5001 do many[i] = math.sin(i) end
  lu.assertEquals(describe(many).shapiro_w, NA)
  d = describe({ 1, 2, 3, 4, 5, 6, 7, 8 }, { conf_level = 0.9 })
  lu.assertEquals({ d.median_low, d.median_high, d.median_level },
    { 2, 7, 0.9296875 })
  lu.assertStrContains(tostring(d), "median 2 to 7 (exact, level 93.0 %)")
  lu.assertStrContains(tostring(describe { 1, 2, 3 }), "quartiles: type 2 (SAS)")
end

os.exit(lu.LuaUnit.run())
