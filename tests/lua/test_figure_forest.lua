-- figure.forest: its numbers are those of s.results; rows that are measured alike
-- share an axis, and the side that is favoured is the plan's.
local lu = require "luaunit"
local check = require "tests.lua.boxes"
local object = require "trialsh.figure.object"
local texts = require "tests.lua.texts"

local function refuses(words, f, ...)
  local ok, err = pcall(f, ...)
  lu.assertFalse(ok, words)
  lu.assertStrContains(tostring(err), words)
end

local s
local function study_with_results()
  if s then
    study.open(s)
    return s
  end
  s = require "trialsh.study".memory()
  study.open(s)
  local n, day, d = 60, {}, { USUBJID = {}, TRT01P = {}, SEX = {}, DEAD = {}, X = {}, DTHDT = {} }
  local code = {}
  for i = 1, n do
    d.USUBJID[i], code[i] = ("%02d"):format(i), "X"
    day[i] = "2020-01-05"
    d.TRT01P[i], d.SEX[i] = i % 2 == 0 and "A" or "B", i % 3 == 0 and "F" or "M"
    d.DEAD[i] = (i * 7) % 10 < (i % 2 == 0 and 3 or 6) and "Y" or "N"
    d.DTHDT[i] = d.DEAD[i] == "Y" and "2020-01-10" or NA
    d.X[i] = (i * 13) % 17 + (i % 2 == 0 and 4 or 1)
  end
  local function make(names, arrays)
    return require "trialsh.data".wrap(require "ts.frame".build(names, arrays))
  end
  s.adsl = make({ "USUBJID", "TRT01P", "SEX", "DEAD", "DTHDT" },
    { d.USUBJID, d.TRT01P, d.SEX, d.DEAD, d.DTHDT })
  s.adlb = make({ "USUBJID", "PARAMCD", "AVAL", "ADT" },
    { d.USUBJID, code, d.X, day })
  trial "F" { arms = { { "B", "Arm B", reference = true }, { "A", "Arm A" } },
    compare = { "A vs B" },
    populations = { { "ITT", "all", "USUBJID is not null", treatment = "TRT01P" } },
    parameters = { { "X", "Count", "adlb", unit = "/uL", better = "higher" } },
    intercurrent = { { "death", "Death", "adsl", date = "DTHDT" } } }
  endpoint "X" { title = "Count", role = "primary", parameter = "X",
    variable = "ln(AVAL)", intercurrent = { death = "while alive" }, missing = "exclude",
    summary = "ratio of geometric means", analysis = "ttest", subgroups = { "SEX" } }
  endpoint "SHIFT" { title = "Shift", role = "secondary", parameter = "X",
    variable = "AVAL", intercurrent = { death = "while alive" }, missing = "exclude", analysis = "wilcoxon" }
  endpoint "DEAD" { title = "Death", role = "secondary", data = "adsl",
    variable = "DEAD = 'Y'", intercurrent = { death = "outcome" },
    missing = "exclude", analysis = "riskdiff" }
  endpoint "LM" { title = "Model", role = "exploratory", parameter = "X",
    variable = "ln(AVAL)", intercurrent = { death = "while alive" }, missing = "exclude",
    summary = "ratio of geometric means", analysis = "lm", subgroups = { "SEX" } }
  run(s)
  return s
end

function test_numbers_are_those_of_results()
  study_with_results()
  local f = figure.forest { s.results, by = "role", favours = { "B", "A" } }
  local shown = f:data()
  local seen = {}
  for row in shown:rows() do
    local address = row.endpoint .. (row.variation ~= "main" and "/" .. row.variation
      or "")
    if not address:find "interaction" then
      local r = s:result(address)
      seen[address] = true
      for _, name in ipairs { "estimate", "conf_low", "conf_high", "p_value", "n" } do
        lu.assertEquals(row[name], r[name], address)
      end
    end
  end
  for _, a in ipairs { "X", "X/SEX: F", "X/SEX: M", "SHIFT", "DEAD" } do
    lu.assertTrue(seen[a], a)
  end
  -- the text beside a row is that of the table
  local cell = require "trialsh.table.efficacy".estimate(s:result "DEAD").text
  lu.assertStrContains(texts(f), (cell:gsub("%-", "\u{2212}")))
  check(f, "forest of results")
end

-- Ratio, difference of shares, difference in units: three axes; a death is worse.
function test_axes_and_sides()
  study_with_results()
  local all = texts(figure.forest { s.results:where "endpoint <> 'LM'",
    favours = { "B", "A" } })
  lu.assertStrContains(all, "Difference (/uL)\n\u{2190} favours B\nfavours A \u{2192}")
  lu.assertStrContains(all, "Risk difference\n\u{2190} favours A\nfavours B \u{2192}")
  lu.assertStrContains(all, "Ratio of geometric means\n\u{2190} favours B")
  -- what is asked for counts before the trial
  lu.assertStrContains(texts(figure.forest { "DEAD", favours = { "B", "A" },
    better = "higher" }), "\u{2190} favours B")
  -- arms the wrong way round would name the wrong side
  refuses('of A vs B favours = { "B", "A" }', figure.forest, { "DEAD", favours = { "a", "B" } })
  refuses('of A vs B favours = { "B", "A" }', figure.forest, { "SHIFT", favours = { "A", "placebo" } })
  lu.assertStrContains(texts(figure.forest { "DEAD", favours = { "placebo", "active" } }),
    "\u{2190} favours active")
end

function test_endpoints_with_subgroups()
  study_with_results()
  local f = figure.forest { "X", "DEAD", names = { SEX = "Sex" }, width = 120 }
  local all = texts(f)
  lu.assertStrContains(all, "Sex")
  lu.assertStrContains(f.caption, "diamonds: all patients")
  lu.assertEquals(#f:data(), #figure.forest { "X", "DEAD", subgroups = false }:data() + 2
    + (f.caption:find "interaction" and 1 or 0))
  lu.assertStrContains(f:text { columns = 110 }, "|")
end

-- The subgroups of another endpoint keep their P: it stands in their own block.
function test_interaction_stands_with_its_endpoint()
  study_with_results()
  local all = texts(figure.forest { s.results })
  local p = require "trialsh.p_text".number(s:result "LM/SEX: interaction".p_value)
  local _, n = all:gsub("SEX\n" .. p:gsub("%p", "%%%0") .. "\nF\n", "")
  lu.assertEquals(n, 1, all)
end

-- P of interaction beside the subgroup, or in a column of its own.
function test_interaction()
  study_with_results()
  local p = require "trialsh.p_text".number(s:result "LM/SEX: interaction".p_value)
  local f = figure.forest { "LM", columns = { "n_arms", "estimate", "p_value" } }
  lu.assertStrContains(f.caption, "P beside the name of a subgroup: of interaction")
  lu.assertStrContains(texts(f), "SEX\n" .. p .. "\n")
  lu.assertStrContains(texts(f), "n, A / B\n")
  check(f, "forest")
  f = figure.forest { "LM", columns = { "estimate", "p_value", "p_interaction" } }
  lu.assertStrContains(f.caption, "; interaction (Linear model, F test (type ")
  lu.assertStrContains(texts(f), "P, interaction\n")
  lu.assertStrContains(texts(f), "SEX\n" .. p .. "\n")
  check(f, "forest")
  lu.assertNil(figure.forest { "LM", columns = { "n" } }.caption:find "interaction")
end

-- Labels of an axis go in equal steps from where the line is.
function test_labels()
  local d = { W = { "one" }, estimate = { -2147 }, conf_low = { -5483 }, conf_high = { 800 } }
  local all = texts(figure.forest { d, label = "W", width = 89 })
  local list = {}
  for word in all:gmatch "\n(\u{2212}?%d+)%f[\n\0]" do
    list[#list + 1] = tonumber((word:gsub("\u{2212}", "-")))
  end
  lu.assertTrue(#list >= 2, all)
  for i = 2, #list do lu.assertEquals(list[i] - list[i - 1], list[2] - list[1]) end
end

-- Boxes are as large as the precision says: the widest interval has the smallest.
function test_arrows_and_boxes()
  local d = { W = { "one", "two", "three" }, estimate = { 1, 1.2, 0.9 },
    conf_low = { 0.9, 0.6, 0.001 }, conf_high = { 1.1, 2.4, 1000 } }
  local f = figure.forest { d, label = "W", xscale = "log" }
  lu.assertStrContains(f.caption, "arrows: the interval goes on beyond the axis")
  -- 1 / squared width of log intervals, of the largest
  local first = math.log(1.1 / 0.9)
  lu.assertEquals(f:data().weight[1], 1)
  lu.assertAlmostEquals(f:data().weight[2], (first / math.log(4)) ^ 2, 1e-12)
  local wide = figure.forest { d, label = "W", xscale = "log", xlim = { 0.0001, 1e4 } }
  lu.assertNil(wide.caption:find "arrows")
  local preview = f:text { columns = 90 }
  lu.assertStrContains(preview, "<")
  lu.assertStrContains(preview, ">")
  lu.assertNil(wide:text { columns = 90 }:find "[<>]")
end

function test_refuses()
  local d = { W = { "a" }, estimate = { 1 }, conf_low = { 0.5 }, conf_high = { 2 } }
  refuses("no column p_valu; nearest: p_value", figure.forest, { d, label = "W",
    columns = { "p_valu" } })
  refuses("favours = { \"B\", \"A\" }, two names", figure.forest, { d, label = "W",
    favours = { "A" } })
  refuses("has no option favour; nearest: favours", figure.forest, { d,
    label = "W", favour = {} })
  refuses("no column conf_low", figure.forest, { { estimate = { 1 } } })
  refuses("no row has an estimate", figure.forest, { { W = { "a" },
    estimate = { NA }, conf_low = { NA }, conf_high = { NA } }, label = "W" })
  refuses("is -1, which an axis of ratios cannot show", figure.forest, { { W = { "a" },
    estimate = { -1 }, conf_low = { -2 }, conf_high = { 2 } }, label = "W",
    xscale = "log" })
  refuses("label = the column", figure.forest, { d, label = "V" })
  refuses("height =", function()
    object.boxes(figure.forest { d, label = "W", height = 10 })
  end)
  study_with_results()
  refuses("nearest: DEAD", figure.forest, { "DEED" })
end

os.exit(lu.LuaUnit.run())
