-- figure.profile: its numbers are those of ttest, describe and sign_test; what an
-- endpoint brings; deaths, doses, limits; what it refuses.
local lu = require "luaunit"
local object = require "trialsh.figure.object"
local texts = require "tests.lua.texts"

local function refuses(words, f, ...)
  local ok, err = pcall(f, ...)
  lu.assertFalse(ok, words)
  lu.assertStrContains(tostring(err), words)
end

local alc = demo.adlb:where { PARAMCD = "ALC" }

-- Rows of arms in the data behind a figure: [group][time] = row
local function arms_of(figure)
  local out = {}
  for row in figure:data():where "level = 'arm'":rows() do
    out[row.group] = out[row.group] or {}
    out[row.group][row.time] = row
  end
  return out
end

local function values_at(visit, arm)
  local list = {}
  for row in alc:where { AVISIT = visit, TRT01P = arm }:rows() do
    if row.AVAL ~= NA then list[#list + 1] = row.AVAL end
  end
  return list
end

TestProfile = {}

function TestProfile:test_numbers_are_those_of_the_statistics()
  local days = { ["Day 8"] = 8, ["Day 15"] = 15, ["Day 29"] = 29 }
  local mean = arms_of(figure.profile { alc })
  local log = arms_of(figure.profile { alc, centre = "geometric mean",
    yscale = "log", conf_level = 0.9 })
  local median = arms_of(figure.profile { alc, centre = "median" })
  local exact = arms_of(figure.profile { alc, centre = "median", interval = "ci" })
  local sd = arms_of(figure.profile { alc, interval = "sd" })
  local se = arms_of(figure.profile { alc, interval = "se" })
  for _, arm in ipairs { "Placebo", "CYT107 LF", "CYT107 HF" } do
    for visit, day in pairs(days) do
      local values, logs = values_at(visit, arm), {}
      for i, y in ipairs(values) do logs[i] = math.log(y) end
      local t = ttest(values)
      local row = mean[arm][day]
      lu.assertEquals({ row.n, row.value, row.low, row.high },
        { #values, t.estimate, t.conf_low, t.conf_high })
      t = ttest(logs, { conf_level = 0.9 })
      row = log[arm][day]
      lu.assertAlmostEquals(row.value, math.exp(t.estimate), 1e-9 * row.value)
      lu.assertAlmostEquals(row.low, math.exp(t.conf_low), 1e-9 * row.value)
      lu.assertAlmostEquals(row.high, math.exp(t.conf_high), 1e-9 * row.value)
      local d = describe("AVAL", alc:where { AVISIT = visit, TRT01P = arm })
      row = median[arm][day]
      lu.assertEquals({ row.value, row.low, row.high }, { d.median, d.q1, d.q3 })
      row = exact[arm][day]
      local r = sign_test(values) -- of few values no limits: no bar
      lu.assertEquals(row.low, r.conf_low > -math.huge and r.conf_low or NA)
      lu.assertEquals(row.high, r.conf_high < math.huge and r.conf_high or NA)
      lu.assertAlmostEquals(sd[arm][day].high - d.mean, d.sd, 1e-9 * d.sd)
      lu.assertAlmostEquals(se[arm][day].high - d.mean, d.sd / math.sqrt(d.n),
        1e-9 * d.sd)
    end
  end
end

function TestProfile:test_change_starts_at_the_baseline()
  local ratio = arms_of(figure.profile { alc, change = "ratio" })
  local row = ratio["CYT107 HF"][1]
  lu.assertEquals({ row.value, row.low }, { 1, NA })
  local logs = {}
  for r in alc:where { AVISIT = "Day 29", TRT01P = "CYT107 HF" }:rows() do
    if r.AVAL ~= NA then logs[#logs + 1] = math.log(r.AVAL / r.BASE) end
  end
  local t = ttest(logs)
  lu.assertAlmostEquals(ratio["CYT107 HF"][29].value, math.exp(t.estimate), 1e-9)
  lu.assertAlmostEquals(ratio["CYT107 HF"][29].low, math.exp(t.conf_low), 1e-9)
  local plain = arms_of(figure.profile { alc, change = "difference" })
  lu.assertEquals(plain.Placebo[1].value, 0)
  local values = {}
  for r in alc:where { AVISIT = "Day 29", TRT01P = "Placebo" }:rows() do
    if r.CHG ~= NA then values[#values + 1] = r.CHG end
  end
  lu.assertAlmostEquals(plain.Placebo[29].value, ttest(values).estimate, 1e-9)
  local shown = texts(figure.profile { alc, change = "ratio" })
  lu.assertStrContains(shown, "\n2\n4\n") -- doublings
  lu.assertStrContains(shown, "Ratio to baseline")
end

-- By hand: three of arm A, of whom one is below 5 twice and one dies on day 9.
local function small()
  return { USUBJID = { "1", "1", "2", "2", "3", "3", "4", "4" },
    TRT01P = { "A", "A", "A", "A", "A", "A", "B", "B" },
    AVISITN = { 1, 8, 1, 8, 1, 8, 1, 15 },
    AVAL = { 5, 5, 20, 40, 10, 20, 7, 9 },
    BLQFL = { "Y", "Y", "N", "N", "N", "N", "N", "N" },
    LLOQ = { 5, 5, NA, NA, NA, NA, NA, NA },
    DTHDY = { NA, NA, 9, 9, NA, NA, NA, NA } }
end

function TestProfile:test_limits_and_deaths()
  refuses("2 values of AVAL are below their limit", figure.profile, { small() })
  local f = figure.profile { small(), limit = true, deaths = true, lines = true,
    centre = "median" }
  local shown = texts(f)
  lu.assertStrContains(shown, "% below the limit")
  lu.assertStrContains(shown, "\nA\n33\n33\n")
  lu.assertStrContains(shown, "n (died before)")
  lu.assertStrContains(shown, "0 (1)") -- on day 15 nobody of A, one has died
  lu.assertStrContains(f.caption, "open symbols")
  local rows = arms_of(f)
  lu.assertEquals({ rows.A[1].n, rows.A[1].n_below, rows.A[1].value }, { 3, 1, 10 })
  lu.assertEquals({ rows.A[15].n, rows.A[15].value }, { 0, NA })
  -- half or more below: no centre
  local data = small()
  data.BLQFL[6], data.LLOQ[6] = "Y", 20
  lu.assertEquals(arms_of(figure.profile { data, limit = true }).A[8].value, NA)
  lu.assertEquals(f:data():count "level":where "level = 'subject'":row(1).n, 8)
end

-- Centres of values of which some are below their limit: not as if measured.
function TestProfile:test_limits_enter_by_likelihood()
  local data = small()
  local m = tobit("ln(AVAL) ~ 1", { AVAL = { 5, 20, 10 },
    BLQFL = { "Y", "N", "N" } })
  local t = m:term "(Intercept)"
  local row = arms_of(figure.profile { data, limit = true,
    centre = "geometric mean", yscale = "log" }).A[1]
  lu.assertAlmostEquals(row.value, math.exp(t.estimate), 1e-12 * row.value)
  lu.assertAlmostEquals(row.low, math.exp(t.conf_low), 1e-12 * row.value)
  m = tobit("AVAL ~ 1", { AVAL = { 5, 20, 10 }, BLQFL = { "Y", "N", "N" } })
  row = arms_of(figure.profile { data, limit = true, interval = "sd" }).A[1]
  lu.assertAlmostEquals(row.high - row.value, m.sigma, 1e-9)
  local f = figure.profile { data, limit = true, centre = "geometric mean" }
  lu.assertStrContains(f.caption, "by maximum likelihood (Tobit)")
  -- of two, one below: nothing is known of their spread
  data.BLQFL = { "Y", "N", "N", "N", "Y", "N", "N", "N" }
  lu.assertEquals(arms_of(figure.profile { data, limit = true }).A[1].value, NA)
end

-- Two values of a score, 0 and 4: t's interval is far below 0.
local function scores()
  return { USUBJID = { "1", "2", "1", "2", "3", "3" }, AVISITN = { 1, 1, 8, 8, 8, 1 },
    AVAL = { 0, 4, 5, 6, 7, NA } }
end

function TestProfile:test_bounds()
  local free = arms_of(figure.profile { scores(), by = false }).all
  local f = figure.profile { scores(), by = false, bounds = { 0, 24 } }
  local row = arms_of(f).all
  lu.assertTrue(free[1].low < -20 and free[1].high > 24)
  lu.assertEquals({ row[1].value, row[1].low, row[1].high }, { 2, 0, 24 })
  lu.assertEquals({ row[8].low, row[8].high }, { free[8].low, free[8].high })
  lu.assertStrContains(f.caption, "intervals cut at 0 and 24, beyond which no value can be")
  -- nothing is said where nothing is cut
  f = figure.profile { scores(), by = false, bounds = { -100, 100 } }
  lu.assertNil(f.caption:find "cut at")
  f = figure.profile { scores(), by = false, bounds = { 0, math.huge } }
  lu.assertStrContains(f.caption, "intervals cut at 0, beyond")
  refuses("bounds = { 1, 24 }, but AVAL of 1 is 0", figure.profile, { scores(),
    by = false, bounds = { 1, 24 } })
  refuses("bounds = { from, to }", figure.profile, { scores(), by = false,
    bounds = { 24, 0 } })
end

function TestProfile:test_interval_of_so_many_values()
  local f = figure.profile { scores(), by = false, least_n = 3 }
  local row = arms_of(f).all
  lu.assertEquals({ row[1].value, row[1].low, row[1].n }, { 2, NA, 2 })
  lu.assertNotEquals(row[8].low, NA)
  lu.assertStrContains(f.caption, "intervals of 3 values and more")
end

-- The axis asks sinh back for what asinh gave; ticks stand on 0 and decades.
function TestProfile:test_asinh()
  local warp = require "trialsh.figure.warp".asinh(5)
  for _, y in ipairs { -1e4, -5, -0.1, 0, 1e-3, 3, 1e6 } do
    lu.assertAlmostEquals(warp.from(warp.to(y)), y, 1e-9 * math.max(1, math.abs(y)))
  end
  -- asinh(1) = ln(1 + sqrt(2))
  lu.assertAlmostEquals(warp.to(5), 0.881373587019543, 1e-14)
  lu.assertEquals(warp.to(-5), -warp.to(5))
  local d = scores()
  d.AVAL = { -30, -3, 0, 2, 4000, NA }
  local f = figure.profile { d, by = false, yscale = "asinh", centre = "median",
    lines = true, interval = "none" }
  local all = texts(f)
  lu.assertStrContains(all, "\u{2212}10\n0\n10\n100\n1000")
  lu.assertStrContains(f.caption, "linear near 0, logarithmic from about 5 on (asinh)")
  lu.assertEquals(arms_of(f).all[1].value, -16.5)
  local y = object.boxes(f).root.blocks[1]:match "\n1 (%S+)"
  lu.assertAlmostEquals(tonumber(y), warp.to(-30), 1e-12)
end

function TestProfile:test_percent_and_doublings()
  local d = scores()
  d.AVAL, d.BASE = { 2, 4, 4, 8, 12, 3 }, { 2, 4, 2, 4, 3, 3 }
  local f = figure.profile { d, by = false, change = "ratio", percent = true,
    doublings = true }
  lu.assertStrContains(texts(f), "100 %\n200 %")
  lu.assertStrContains(texts(f), "Percent of baseline")
  lu.assertStrContains(f.caption, "pale lines: doublings")
  lu.assertEquals(arms_of(f).all[1].value, 1)
  refuses('percent is of change = "ratio"', figure.profile, { d, by = false,
    percent = true })
  refuses('doublings are of yscale = "log"', figure.profile, { d, by = false,
    change = "ratio", doublings = true, yscale = "linear" })
end

-- 1 dies after day 1, 2 leaves after day 1, 3 stays to the end.
function TestProfile:test_ends_of_lines()
  local d = { USUBJID = { "1", "2", "3", "3" }, AVISITN = { 1, 1, 1, 8 },
    AVAL = { 1, 2, 3, 4 }, DTHDY = { 5, NA, NA, NA } }
  local function strokes(f)
    local _, n = table.concat(object.boxes(f).root.groups[1].head, "\n")
      :gsub('nohead front lc rgb "#000000" lw 0.5 dt solid', "")
    return n
  end
  local f = figure.profile { d, by = false, lines = true, deaths = true }
  lu.assertStrContains(f.caption, "crosses: last value before death; vertical ticks: "
    .. "last value of others who left; in brackets")
  lu.assertEquals(strokes(f) - strokes(figure.profile { d, by = false, lines = true }), 3)
  d.DTHDY = { 5, 5, NA, NA }
  f = figure.profile { d, by = false, lines = true, deaths = true }
  lu.assertNil(f.caption:find "vertical ticks")
end

function TestProfile:test_values_above_a_limit()
  local d = scores()
  d.ALQFL = { "N", "N", "N", "N", "Y", "N" }
  refuses("1 value of AVAL above a limit (ALQFL) would be taken as measured",
    figure.profile, { d, by = false })
end

function TestProfile:test_dose_days_stand_above()
  local f = figure.profile { alc, dosing = { ["CYT107 LF"] = { 1, 8, 99 },
    ["CYT107 HF"] = { 1, 4, 8, 11 } } }
  local page = object.boxes(f)
  local n = 0
  for _, group in ipairs(page.root.groups) do
    for _, line in ipairs(group.head) do
      if line:find "^set object %d+ polygon" and not line:find "back" then n = n + 1 end
    end
  end
  lu.assertEquals(n, 2 + 4 + 3) -- doses within the axis, and keys of the legend
  lu.assertStrContains(texts(f), "Doses")
end

-- An endpoint brings rows, scale, the model's means and P-values.
function TestProfile:test_endpoints()
  local s = require "trialsh.study".memory()
  study.open(s)
  s.adsl = demo.adsl:collect()
  s.adlb = demo.adlb:where { PARAMCD = "ALC" }:collect()
  trial "T" {
    arms = { { "Placebo", "Placebo", reference = true }, { "CYT107 LF", "LF" },
      { "CYT107 HF", "HF" } },
    compare = { "CYT107 HF vs Placebo", "CYT107 LF vs Placebo" },
    dosing = { ["CYT107 HF"] = { 1, 8 } },
    populations = { { "ITT", "all", "USUBJID is not null", treatment = "TRT01P" } },
    parameters = { { "ALC", "Lymphocytes", "adlb", unit = "/uL",
      range = { 1000, 4000 } } },
    visits = { { "Baseline", 1 }, { "Day 8", 8 }, { "Day 15", 15 },
      { "Day 29", 29 } },
  }
  endpoint "ALC" { title = "Lymphocytes over time", parameter = "ALC",
    visits = { "Day 8", "Day 15", "Day 29" }, variable = "ln(AVAL)",
    missing = "at random", summary = "ratio of geometric means",
    analysis = { "mmrm", "~ ln(BASE) * AVISIT + TRT01P * AVISIT",
      covariance = "cs" } }
  local before = figure.profile { "ALC" }
  lu.assertEquals(before.title, "Lymphocytes over time")
  lu.assertStrContains(before.caption, "Lines: geometric means")
  refuses("there are no means of ALC", figure.profile, { "ALC", centre = "model" })
  refuses("no P-values of ALC", figure.profile, { "ALC", p = "p_value" })
  run(s)
  local f = figure.profile { "ALC", range = true, dosing = true }
  local rows, n = arms_of(f), 0
  for row in s.results:where "\"group\" is not null":rows() do
    local day = ({ ["Day 8"] = 8, ["Day 15"] = 15, ["Day 29"] = 29 })[row.visit]
    local shown = rows[row.group][day]
    lu.assertEquals({ shown.value, shown.low, shown.high },
      { row.estimate, row.conf_low, row.conf_high })
    n = n + 1
  end
  lu.assertEquals(n, 9)
  lu.assertEquals(rows.Placebo[1].low, NA) -- at baseline: observed
  lu.assertStrContains(f.caption, "least-squares means with 95 %")
  lu.assertStrContains(f.caption, "grey band: reference range 1000 to 4000")
  lu.assertStrContains(f.caption, "compound symmetry, REML; not adjusted)")
  local shown = texts(f, { width = 140 })
  lu.assertStrContains(shown, "Lymphocytes (/uL)")
  lu.assertStrContains(shown, "CYT107 HF vs Placebo")
  local p = {}
  for row in s.results:where { compare = "CYT107 HF vs Placebo" }:rows() do
    p[#p + 1] = row.p_value < 0.001 and "***" or row.p_value < 0.01 and "**"
      or row.p_value < 0.05 and "*" or "ns"
  end
  lu.assertStrContains(shown, "CYT107 HF vs Placebo\n" .. table.concat(p, "\n"))
  shown = texts(figure.profile { "ALC", compare = { "CYT107 LF vs Placebo" } })
  lu.assertNil(shown:find "HF vs Placebo")
  refuses("no comparison CYT107 vs Placebo; nearest: CYT107 HF vs Placebo",
    figure.profile, { "ALC", compare = "CYT107 vs Placebo" })
  lu.assertEquals(figure.profile { "ALC", p = "none", centre = "median" }.caption,
    "Lines: medians with quartiles (type 2); n: subjects with a value.")
end

-- Means of a change stand on an axis of change, never beside values at baseline.
function TestProfile:test_endpoints_of_a_change()
  local s = require "trialsh.study".memory()
  study.open(s)
  s.adsl = demo.adsl:collect()
  s.adlb = alc:select("USUBJID", "PARAMCD", "AVISIT", "AVISITN", "AVAL", "BASE")
    :mutate("CHG = case when AVISITN > 1 then AVAL - BASE end",
      "PCHG = 100 * CHG / BASE"):collect()
  trial "T" {
    arms = { { "Placebo", "Placebo", reference = true }, { "CYT107 LF", "LF" },
      { "CYT107 HF", "HF" } },
    compare = { "CYT107 HF vs Placebo" },
    populations = { { "ITT", "all", "USUBJID is not null", treatment = "TRT01P" } },
    parameters = { { "ALC", "Lymphocytes", "adlb" } },
    visits = { { "Baseline", 1 }, { "Day 8", 8 }, { "Day 29", 29 } },
  }
  local function define(id, variable)
    endpoint(id) { parameter = "ALC", visit = "Day 29", variable = variable,
      analysis = { "lm", "~ BASE + TRT01P" } }
  end
  define("CHG", "CHG")
  define("DIFF", "AVAL - BASE")
  define("RATIO", "ln(AVAL / BASE)")
  define("PCT", "PCHG")
  run(s)
  for id, at in pairs { CHG = { 0, "difference" }, DIFF = { 0, "difference" },
      RATIO = { 1, "ratio" } } do
    local f = figure.profile { id }
    local rows = arms_of(f)
    for row in s.results:where('"group" is not null and endpoint = ?', id):rows()
    do
      lu.assertEquals(rows[row.group][1].value, at[1])
      lu.assertEquals(rows[row.group][29].value, row.estimate)
    end
    lu.assertStrContains(f.caption, "least-squares means")
    lu.assertStrContains(f.caption, "the first time is that of the baseline")
    lu.assertNil(f.caption:find "observed")
    local other = at[2] == "ratio" and "difference" or "ratio"
    refuses(('; change = "%s" shows that'):format(at[2]), figure.profile,
      { id, centre = "model", change = other })
    lu.assertStrContains(figure.profile { id, centre = "mean" }.caption,
      "Lines: means")
  end
  lu.assertTrue(arms_of(figure.profile { "CHG", y = "AVAL" }).Placebo[1].value
    > 100)
  lu.assertStrContains(figure.profile { "PCT" }.caption, "Lines: means")
  refuses("the means of PCT are of PCHG, not of AVAL", figure.profile,
    { "PCT", centre = "model" })
end

-- An endpoint of several parameters: which one is said, never guessed.
function TestProfile:test_parameters()
  local s = require "trialsh.study".memory()
  study.open(s)
  s.adsl = demo.adsl:collect()
  s.adlb = demo.adlb:union(demo.adlb:mutate("PARAMCD = 'B' || PARAMCD",
    "AVAL = 2 * AVAL")):collect()
  trial "T" {
    arms = { { "Placebo", "Placebo", reference = true }, { "CYT107 LF", "LF" },
      { "CYT107 HF", "HF" } },
    compare = { "CYT107 HF vs Placebo" },
    populations = { { "ITT", "all", "USUBJID is not null", treatment = "TRT01P" } },
    parameters = { { "ALC", "Lymphocytes", "adlb" }, { "BALC", "Twice", "adlb" } },
    visits = { { "Baseline", 1 }, { "Day 8", 8 }, { "Day 29", 29 } },
  }
  endpoint "TWO" { parameter = { "ALC", "BALC" }, visits = { "Day 8", "Day 29" },
    variable = "AVAL", analysis = "wilcoxon" }
  for _, kind in ipairs { "profile", "points", "pairs" } do
    refuses("which parameter of endpoint TWO? parameter = one of ALC, BALC",
      figure[kind], { "TWO" })
    refuses("has no parameter BALCC; nearest: BALC", figure[kind],
      { "TWO", parameter = "BALCC" })
    refuses("parameter is of an endpoint", figure[kind],
      { alc, parameter = "ALC" })
  end
  local one = arms_of(figure.profile { "TWO", parameter = "ALC" })
  local two = arms_of(figure.profile { "TWO", parameter = "BALC" })
  for arm, rows in pairs(one) do
    lu.assertAlmostEquals(two[arm][29].value, 2 * rows[29].value, 1e-9)
  end
  lu.assertStrContains(texts(figure.points { "TWO", parameter = "BALC" }), "Twice")
end

function TestProfile:test_refuses()
  refuses("no column AVALL, the values; nearest: AVAL", figure.profile,
    { alc, y = "AVALL" })
  refuses("AVISIT is text", figure.profile, { alc, y = "AVISIT" })
  refuses("has more than one value at 1", figure.profile, { demo.adlb })
  refuses("does not go with the mean", figure.profile, { alc,
    interval = "quartiles" })
  refuses("dosing = true needs a trial that says its days", function()
    local d = small()
    require "trialsh.trial".current = nil
    figure.profile { d, limit = true, dosing = true }
  end)
  refuses("range = { from, to }", figure.profile, { alc, range = { 1 } })
  refuses("no value of AVAL to show", figure.profile, { { USUBJID = { "1" },
    TRT01P = { "A" }, AVISITN = { 1 }, AVAL = { NA } } })
  refuses("a geometric mean is of numbers above 0", figure.profile, { {
    USUBJID = { "1" }, AVISITN = { 1 }, AVAL = { 0 } }, by = false,
    centre = "geometric mean" })
  refuses("1 value of AVAL is not above 0", figure.profile, { {
    USUBJID = { "1", "2" }, AVISITN = { 1, 1 }, AVAL = { 0, 3 } }, by = false,
    centre = "none", lines = true, yscale = "log" })
  refuses("figure.profile has no option linez; nearest: lines", figure.profile,
    { alc, linez = true })
end

-- One subject, equal values, one time: no interval, but a figure.
function TestProfile:test_degenerate_data()
  for _, data in ipairs { { USUBJID = { "1" }, AVISITN = { 1 }, AVAL = { 3 } },
    { USUBJID = { "1", "2" }, AVISITN = { 1, 1 }, AVAL = { 3, 3 } } } do
    for _, centre in ipairs { "mean", "geometric mean", "median" } do
      local f = figure.profile { data, by = false, centre = centre }
      lu.assertAlmostEquals(f:data():row(1).value, 3, 1e-12)
      lu.assertTrue(#f:text() > 100)
    end
  end
end

-- The preview of language.md 7, 21: letters of the arms, days, one line each.
function TestProfile:test_preview()
  local shown = figure.profile { alc, y = "AVAL", centre = "geometric mean",
    yscale = "log" }:text { columns = 80, lines = 24 }
  for _, words in ipairs { "*P* Placebo", "#L# CYT107 LF", "$H$ CYT107 HF",
    "SIMULATED DATA", "2000|", "1000|" } do
    lu.assertStrContains(shown, words)
  end
  local _, h = shown:gsub("H", "H")
  lu.assertTrue(h >= 6) -- four times, legend, table
end

os.exit(lu.LuaUnit.run())
