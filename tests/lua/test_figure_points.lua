-- figure.points in facets and with brackets, figure.pairs, figure.scatter: their
-- numbers are those of the statistics; brackets do not meet; what they refuse.
local lu = require "luaunit"
local object = require "trialsh.figure.object"
local texts = require "tests.lua.texts"

local function refuses(words, f, ...)
  local ok, err = pcall(f, ...)
  lu.assertFalse(ok, words)
  lu.assertStrContains(tostring(err), words)
end

-- The straight lines of a page: { x1, y1, x2, y2 } in mm.
local function lines_of(figure)
  local list = {}
  for _, group in ipairs(object.boxes(figure).root.groups) do
    for _, line in ipairs(group.head) do
      local x1, y1, x2, y2 = line:match("from screen ([%d.-]+)%*X, screen ([%d.-]+)%*Y"
        .. " to screen ([%d.-]+)%*X, screen ([%d.-]+)%*Y")
      if x1 then
        list[#list + 1] = { tonumber(x1), tonumber(y1), tonumber(x2), tonumber(y2) }
      end
    end
  end
  return list
end

local alc = demo.adlb:where { PARAMCD = "ALC" }
local day29 = alc:where { AVISIT = "Day 29" }

TestBrackets = {}

function TestBrackets:test_adjusted_p_of_tests()
  local a = wilcoxon("AVAL ~ TRT01P", day29, { compare = "CYT107 LF vs Placebo" })
  local b = wilcoxon("AVAL ~ TRT01P", day29, { compare = "CYT107 HF vs Placebo" })
  local p = padjust({ a.p_value, b.p_value }, "Holm")
  local f = figure.points { day29, brackets = "wilcoxon" }
  local shown = texts(f)
  local equals = require "trialsh.p_text".equals
  lu.assertStrContains(shown, equals(p[1]))
  lu.assertStrContains(shown, equals(p[2]))
  lu.assertStrContains(f.caption, "P: Wilcoxon-Mann-Whitney test, adjusted (Holm) over 2 "
    .. "comparisons, exact.")
  local data = f:data()
  for i = 1, #data do
    lu.assertEquals({ data["P: CYT107 LF vs Placebo"][i], data["P: CYT107 HF vs Placebo"][i] },
      p)
  end
  lu.assertEquals(#data.USUBJID, #data)
  local t = ttest("AVAL ~ TRT01P", day29, { compare = "CYT107 HF vs CYT107 LF" })
  shown = texts(figure.points { day29, brackets = "ttest",
    compare = "CYT107 HF vs CYT107 LF" })
  lu.assertStrContains(shown, equals(t.p_value))
  lu.assertStrContains(texts(figure.points { day29, brackets = "ttest",
    compare = "CYT107 HF vs CYT107 LF", journal = "Lancet" }),
    equals(t.p_value, "Lancet"))
  shown = texts(figure.points { day29, brackets = "wilcoxon", labels = "stars",
    hide_ns = true, compare = { "CYT107 HF vs CYT107 LF",
      "CYT107 HF vs Placebo" } })
  lu.assertNil(shown:find "ns")
end

-- On a log axis as on a linear one: above the highest point, in mm.
function TestBrackets:test_they_stand_above_all_points()
  for _, yscale in ipairs { "linear", "log" } do
    local f = figure.points { day29, yscale = yscale, brackets = "ttest",
      compare = { "CYT107 LF vs Placebo", "CYT107 HF vs Placebo",
        "CYT107 HF vs CYT107 LF" } }
    local top = 0
    local lines = lines_of(f)
    for _, l in ipairs(lines) do -- the y axis is the longest upright line
      if l[1] == l[3] and l[4] - l[2] > 20 then top = l[4] end
    end
    lu.assertTrue(top > 30)
    local n, tiers = 0, {}
    for _, l in ipairs(lines) do
      if l[2] == l[4] and l[2] > top then
        n = n + 1
        for _, other in ipairs(tiers) do -- no two touch
          lu.assertFalse(l[2] == other[2] and l[1] <= other[3] and l[3] >= other[1])
        end
        tiers[#tiers + 1] = l
      end
    end
    lu.assertEquals(n, 3)
  end
end

function TestBrackets:test_facets()
  local f = figure.points { alc, facet = "AVISIT", brackets = "wilcoxon" }
  local shown = texts(f)
  for _, visit in ipairs { "Baseline", "Day 8", "Day 15", "Day 29" } do
    lu.assertStrContains(shown, visit)
  end
  lu.assertStrContains(shown, "\nPlacebo\n8\n8\n7\n5") -- n of each visit
  lu.assertStrContains(f.caption, "*** P < 0.001")
  -- adjusted over all eight comparisons
  local p = {}
  for _, visit in ipairs { "Baseline", "Day 8", "Day 15", "Day 29" } do
    for _, arm in ipairs { "CYT107 LF", "CYT107 HF" } do
      p[#p + 1] = wilcoxon("AVAL ~ TRT01P", alc:where { AVISIT = visit },
        { compare = arm .. " vs Placebo" }).p_value
    end
  end
  local equals = require "trialsh.p_text".equals
  local all = texts(figure.points { alc, facet = "AVISIT",
    brackets = "wilcoxon", labels = "p", width = 183 })
  for _, adjusted in ipairs(padjust(p, "Holm")) do
    lu.assertStrContains(all, equals(adjusted))
  end
  local d = f:data()
  lu.assertEquals(#d, #alc:where "AVAL is not null":collect())
  -- the stars are P-values in the data, each at its visit
  local adjusted, at = padjust(p, "Holm"), {}
  for i = 1, #d do at[d.facet[i]] = d["P: CYT107 HF vs Placebo"][i] end
  for i, visit in ipairs { "Baseline", "Day 8", "Day 15", "Day 29" } do
    lu.assertEquals(at[visit], adjusted[2 * i])
  end
end

function TestBrackets:test_facets_of_one_group()
  local f = figure.points { alc, by = false, facet = "AVISIT" }
  local there, n = alc:where "AVAL is not null", { "all" }
  for _, visit in ipairs { "Baseline", "Day 8", "Day 15", "Day 29" } do
    n[#n + 1] = #there:where { AVISIT = visit }:collect()
  end
  lu.assertStrContains(texts(f), "\n" .. table.concat(n, "\n"))
end

-- A label has a longest length, a caption has not.
function TestBrackets:test_long_captions_are_whole()
  local f = figure.points { day29 }
  f.caption = ("All of it. "):rep(300) .. "The end."
  lu.assertEquals(f:words_below(), f.caption)
end

function TestBrackets:test_limits()
  local d = { AVAL = { 5, 5, 9, 12 }, BLQFL = { "Y", "N", "N", "N" },
    LLOQ = { 5, NA, NA, NA }, TRT01P = { "A", "A", "B", "B" } }
  refuses("1 values of AVAL are below their limit", figure.points, { d })
  local f = figure.points { d, limit = true }
  lu.assertStrContains(f.caption, "open symbols and dashed line")
  local open = 0
  for _, line in ipairs(object.boxes(f).root.groups[1].head) do
    if line:find "polygon" and line:find "FFFFFF" then open = open + 1 end
  end
  lu.assertEquals(open, 1)
  lu.assertStrContains(table.concat(object.boxes(f).root.groups[1].head, "\n"),
    "dt (") -- the dashed line
end

function TestBrackets:test_whiskers()
  local d = { AVAL = { 10, 3, 1, 4, 2 } } -- quartiles 2 and 4; 10 lies beyond 7
  local function ends(whiskers)
    local f = figure.points { d, by = false, whiskers = whiskers }
    return table.concat(object.boxes(f).root.blocks, "\n"), f.caption
  end
  lu.assertStrContains(ends "Tukey", "\n1 4 0 0\n1 2 0 -1\n")
  lu.assertStrContains(ends "range", "\n1 4 0 6\n1 2 0 -1\n")
  lu.assertStrContains(select(2, ends "range"), "lowest and highest value")
end

-- Visits, values and P-values of an endpoint; a pooled arm spans its members.
function TestBrackets:test_endpoint()
  local s = require "trialsh.study".memory()
  study.open(s)
  s.adsl = demo.adsl:collect()
  s.adlb = alc:collect()
  trial "T" {
    arms = { { "Placebo", "Placebo", reference = true }, { "CYT107 LF", "LF" },
      { "CYT107 HF", "HF" },
      { "CYT107", "both", pool = { "CYT107 LF", "CYT107 HF" } } },
    compare = { "CYT107 vs Placebo", "CYT107 HF vs Placebo" },
    populations = { { "ITT", "all", "USUBJID is not null", treatment = "TRT01P" } },
    parameters = { { "ALC", "Lymphocytes", "adlb", unit = "/uL" } },
    visits = { { "Baseline", 1 }, { "Day 8", 8 }, { "Day 15", 15 },
      { "Day 29", 29 } },
  }
  endpoint "ALC" { title = "Lymphocytes", parameter = "ALC",
    visits = { "Day 15", "Day 29" }, variable = "AVAL", analysis = "wilcoxon",
    adjust = "Holm" }
  refuses("there are no P-values of ALC; run() stores them", figure.points,
    { "ALC", brackets = "p_adjusted" })
  run(s)
  local f = figure.points { "ALC", brackets = "p_adjusted", labels = "p",
    width = 183 }
  local shown = texts(f)
  local equals = require "trialsh.p_text".equals
  local n = 0
  for row in s.results:where "variation = 'main'":rows() do
    n = n + 1
    lu.assertStrContains(shown, equals(row.p_adjusted))
  end
  lu.assertEquals(n, 4)
  lu.assertStrContains(shown, "Day 15")
  lu.assertStrContains(f.caption, "P: Wilcoxon-Mann-Whitney test, exact, adjusted (Holm)")
  -- of logarithms: the values on a log axis; trends have no bracket
  endpoint "LOG" { parameter = "ALC", visit = "Day 29", variable = "ln(AVAL)",
    analysis = "ttest" }
  endpoint "YES" { parameter = "ALC", visit = "Day 29",
    variable = "AVAL >= 1000", analysis = "riskdiff" }
  local log = figure.points { "LOG" }
  local data, values = log:data(), {}
  for row in day29:rows() do
    if row.AVAL ~= NA then values[#values + 1] = row.AVAL end
  end
  lu.assertEquals(#data, #values)
  local sum, want = 0, 0
  for i, y in ipairs(values) do sum, want = sum + data:row(i).AVAL, want + y end
  lu.assertAlmostEquals(sum, want, 1e-9 * want)
  lu.assertStrContains(texts(log), "Lymphocytes (/uL)")
  refuses("endpoint YES analyses times, lists or yes and no", figure.points,
    { "YES" })
  local r = signed_rank("AVAL - BASE ~ 1", day29:where { TRT01P = "Placebo" })
  lu.assertStrContains(texts(figure.pairs { "ALC" }), equals(r.p_value))
  lu.assertEquals(#figure.scatter { "ALC", x = "BASE" }:data(), #values)
  shown = texts(figure.points { "ALC", brackets = "p_value", labels = "p",
    width = 183, compare = { "CYT107 HF vs Placebo" } })
  lu.assertStrContains(shown, equals(wilcoxon("AVAL ~ TRT01P", day29,
    { compare = "CYT107 HF vs Placebo" }).p_value))
end

function TestBrackets:test_refuses()
  refuses("needs an endpoint", figure.points, { day29, brackets = "p_adjusted" })
  refuses("compare is of brackets", figure.points, { day29,
    compare = "CYT107 LF vs Placebo" })
  refuses("no group 'Plcebo'; nearest: Placebo", figure.points, { day29,
    brackets = "ttest", compare = "CYT107 LF vs Plcebo" })
  refuses('compare = "A vs B", not Placebo', figure.points, { day29,
    brackets = "ttest", compare = "Placebo" })
  refuses("no column AVISITT", figure.points, { alc, facet = "AVISITT" })
end

-- Many points would hide their box, so it stands in front of them.
function TestBrackets:test_the_box_is_seen()
  local function first_drawn(n)
    local y = {}
    for i = 1, n do y[i] = i % 10 end
    for _, group in ipairs(object.boxes(figure.points { { Y = y }, y = "Y" }).root.groups) do
      for _, plot in ipairs(group.plots) do return plot:match "with (%a+)" end
    end
  end
  lu.assertEquals(first_drawn(100), "filledcurves")
  lu.assertEquals(first_drawn(101), "points")
end

TestPairs = {}

function TestPairs:test_numbers()
  local f = figure.pairs { day29 }
  local shown = texts(f)
  for _, arm in ipairs { "Placebo", "CYT107 LF", "CYT107 HF" } do
    local r = signed_rank("AVAL - BASE ~ 1", day29:where { TRT01P = arm })
    lu.assertStrContains(shown, require "trialsh.p_text".equals(r.p_value))
    lu.assertStrContains(shown, ("\nn = %d\n%.0f"):format(r.n, r.estimate))
  end
  local d = { BASE = { 1, 2, 4, 8, 16, 5 }, AVAL = { 2, 4, 8, 16, 32, 5 } }
  shown = texts(figure.pairs { d, by = false, change = "ratio",
    names = { "Day 1", "Day 29" } })
  local logs = {}
  for i, x in ipairs(d.AVAL) do logs[i] = math.log(x / d.BASE[i]) end
  lu.assertStrContains(shown, ("ratio %.2f"):format(
    math.exp(signed_rank(logs).estimate)))
  lu.assertStrContains(shown, "5 of 6 (83 %) rose")
  lu.assertStrContains(shown, "Day 29")
  lu.assertEquals(#f:data(), 18)
  lu.assertStrContains(f.caption, "signed-rank")
end

-- Neither in a test of groups.
function TestPairs:test_one_value_of_each()
  local d = { USUBJID = { "1", "2", "3", "1" }, AVAL = { 5, 4, 5, 6 }, ARM = { "A", "A", "B", "A" },
    VISIT = { "1", "1", "1", "2" } }
  local listeners, said = require "trialsh.note".listeners, ""
  table.insert(listeners, function(line) said = said .. line end)
  figure.points { d, by = "ARM" }
  lu.assertStrContains(said, "figure.points: 1 has several values in one group, each taken for a subject")
  said = ""
  figure.points { d, by = "ARM", facet = "VISIT" }
  lu.assertEquals(said, "")
  table.remove(listeners)
  refuses("1 has several values in one group", figure.points, { d, by = "ARM", brackets = "wilcoxon" })
end

-- Two visits of one subject are not two subjects; where nothing names one, rows are.
function TestPairs:test_one_pair_of_each()
  local d = { USUBJID = { "1", "2", "1" }, BASE = { 5, 4, 5 }, AVAL = { 3, 5, 1 } }
  refuses("figure.pairs: 1 has several rows; each subject has one pair", figure.pairs, { d, by = false })
  d.AVAL[3] = NA
  lu.assertEquals(#figure.pairs { d, by = false }:data(), 2)
  d.USUBJID, d.AVAL[3] = nil, 1
  lu.assertEquals(#figure.pairs { d, by = false }:data(), 3)
end

-- Which way is better comes from the option, else from the trial.
function TestPairs:test_improved()
  local d = { USUBJID = { "1", "2", "3", "4" }, BASE = { 5, 4, 3, 2 }, AVAL = { 3, 5, 1, 2 } }
  local f = figure.pairs { d, by = false, better = "lower" }
  lu.assertStrContains(texts(f), "2 of 4 (50 %) improved")
  lu.assertEquals(f.caption, "Lines: single subjects, grey where nothing changed (1); "
    .. "boxes: median and quartiles (type 2); above: n, median change (Hodges-Lehmann) "
    .. "with 95 % confidence interval, P of the signed-rank test (exact), how many "
    .. "improved (to lower values).")
  local found = {}
  for row in f:data():rows() do
    found[#found + 1] = ("%s %g %s"):format(row.USUBJID, row.difference, row.direction)
  end
  lu.assertEquals(table.concat(found, "; "),
    "1 -2 improved; 2 1 worsened; 3 -2 improved; 4 0 unchanged")
  lu.assertEquals(figure.pairs { d, by = false, change = "ratio" }:data().ratio[2], 1.25)
  refuses("better = \"more\" is none of higher, lower", figure.pairs, { d, by = false,
    better = "more" })
end

function TestPairs:test_degenerate_data()
  for _, d in ipairs { { BASE = { 1 }, AVAL = { 1 } },
    { BASE = { 1, 2, NA }, AVAL = { 1, 2, 3 } } } do
    lu.assertTrue(#figure.pairs { d, by = false }:text() > 100)
  end
  refuses("no pair of BASE and AVAL", figure.pairs,
    { { BASE = { NA }, AVAL = { 1 } }, by = false })
  refuses("1 value is not above 0, of which there is no ratio", figure.pairs,
    { { BASE = { 0 }, AVAL = { 1 } }, by = false, change = "ratio" })
  refuses("no column BASEE; nearest: BASE", figure.pairs, { day29,
    before = "BASEE" })
  refuses("names =", figure.pairs, { day29, names = { "Before" } })
end

TestScatter = {}

function TestScatter:test_numbers()
  local f = figure.scatter { day29, x = "BASE" }
  local r = cor("AVAL ~ BASE", day29, { method = "Spearman" })
  local p = require "trialsh.p_text".equals(r.p_value)
  lu.assertStrContains(texts(f), ("rho = %.2f (95 %% CI %.2f to %.2f), %s, n = %d")
    :format(r.estimate, r.conf_low, r.conf_high, p, r.n))
  -- on log axes Pearson's is of logarithms, and so is the line
  local g = figure.scatter { day29, x = "BASE", xscale = "log", yscale = "log",
    method = "Pearson" }
  local logs = cor("log(AVAL) ~ log(BASE)", day29)
  lu.assertStrContains(texts(g), ("r = %.2f"):format(logs.estimate))
  local fit = lm("log(AVAL) ~ log(BASE)", day29):tidy()
  local n = 0
  for x, y in object.boxes(g).root.blocks[1]:gmatch "\n([%d.]+) ([%d.]+)" do
    n = n + 1
    lu.assertAlmostEquals(tonumber(y), math.exp(fit.estimate[1]
      + fit.estimate[2] * math.log(tonumber(x))), 1e-8 * tonumber(y))
  end
  lu.assertTrue(n > 30)
  lu.assertEquals(#f:data(), r.n)
end

-- Values beyond a limit have an arrow each, are ranked as the limit and said so.
function TestScatter:test_limits()
  local d = { X = { 1, 2, 3, 4, 5, 6 }, AVAL = { 2, 2, 5, 4, 9, 9 },
    BLQFL = { "Y", "N", "N", "N", "N", "N" }, ALQFL = { "N", "N", "N", "N", "N", "Y" },
    XFL = { "Y", "N", "N", NA, "N", "N" } }
  refuses("2 values beyond a limit would be shown as measured; limit = true",
    figure.scatter, { d, x = "X", by = false })
  refuses("Pearson's correlation is of measured values", figure.scatter, { d, x = "X",
    by = false, limit = true, method = "Pearson" })
  local function arrows(f)
    local _, n = table.concat(object.boxes(f).root.groups[1].head, "\n")
      :gsub("polygon", "")
    return n
  end
  local f = figure.scatter { d, x = "X", by = false, limit = true, legend = "none" }
  lu.assertEquals(arrows(f), 4) -- two heads, two hollow symbols
  local names, arrays = f.shown()
  lu.assertEquals(names, { "group", "X", "AVAL", "AVAL_limit" })
  lu.assertEquals(arrays[4], { "below", "", "", "", "", "above" })
  lu.assertStrContains(f.caption, "arrows: beyond a limit, ranked as the limit; Spearman")
  local r = cor(d.X, d.AVAL, { method = "Spearman" })
  lu.assertStrContains(texts(f), ("rho = %.2f"):format(r.estimate))
  local g = figure.scatter { d, x = "X", by = false, legend = "none", rug = true,
    limit = { AVAL = { below = "BLQFL", above = "ALQFL" }, X = { below = "XFL" } } }
  lu.assertEquals(arrows(g), 5)
  names, arrays = g.shown()
  lu.assertEquals(names[4], "X_limit")
  lu.assertEquals(arrays[4], { "below", "", "", "", "", "" })
  refuses("limit is of XX, which is neither x nor y", figure.scatter, { d, x = "X",
    by = false, limit = { XX = { below = "XFL" } } })
  refuses("limit = true, or { COLUMN", figure.scatter, { d, x = "X", by = false,
    limit = { X = { under = "XFL" } } })
  refuses("no column YXFLAG", figure.scatter, { d, x = "X", by = false,
    limit = { X = { below = "YXFLAG" } } })
end

function TestScatter:test_identity_and_line()
  local d = { X = { 1, 2, 3, 4 }, AVAL = { 20, 30, 45, 60 } }
  local function ranges(f)
    local head = table.concat(object.boxes(f).root.groups[1].head, "\n")
    return head:match "xrange (%b[])", head:match "yrange (%b[])"
  end
  local x, y = ranges(figure.scatter { d, x = "X", by = false, identity = true })
  lu.assertEquals(x, y)
  x, y = ranges(figure.scatter { d, x = "X", by = false })
  lu.assertNotEquals(x, y)
  refuses('a least-squares line goes with method = "Pearson"', figure.scatter,
    { d, x = "X", by = false, line = true })
end

function TestScatter:test_degenerate_data()
  for _, d in ipairs { { X = { 1 }, AVAL = { 1 } },
    { X = { 1, 1, 1 }, AVAL = { 1, 2, 3 } }, { X = { 1, 2 }, AVAL = { 2, 2 } } } do
    for _, method in ipairs { "Spearman", "Pearson", "Kendall" } do
      lu.assertTrue(#figure.scatter { d, x = "X", by = false, method = method }
        :text() > 100)
    end
  end
  refuses('x = "COLUMN"', figure.scatter, { day29 })
  refuses("no row has both values", figure.scatter, { { X = { NA },
    AVAL = { 1 } }, x = "X", by = false })
  refuses("1 value of X is not above 0", figure.scatter, { { X = { 0, 1 },
    AVAL = { 1, 1 } }, x = "X", by = false, xscale = "log" })
  refuses("TRT01P is text", figure.scatter, { day29, x = "TRT01P", by = false })
end

os.exit(lu.LuaUnit.run())
