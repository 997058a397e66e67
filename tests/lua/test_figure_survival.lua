-- figure.survival: where few are at risk, panels by a column, strata of the test. Its
-- numbers are km's and logrank's.
local lu = require "luaunit"
local object = require "trialsh.figure.object"
local style = require "trialsh.figure.style"
local check = require "tests.lua.boxes"
local texts = require "tests.lua.texts"

local function refuses(words, f, ...)
  local ok, err = pcall(f, ...)
  lu.assertFalse(ok, words)
  lu.assertStrContains(tostring(err), words)
end

-- 10 subjects with an event a day; fewer than 3 are at risk after day 8
local ten = { AVAL = {}, CNSR = {} }
for i = 1, 10 do ten.AVAL[i], ten.CNSR[i] = i, 0 end

local function blocks(opt)
  local given = { ten, by = false, band = false, censor = false, xlim = { 0, 10 },
    ticks = { 0, 5, 10 }, least_at_risk = 0.3 }
  for key, value in pairs(opt or {}) do given[key] = value end
  local f, out = figure.survival(given), {}
  for i, block in ipairs(object.boxes(f).root.blocks) do
    out[i] = block:gsub("%d+%.%d+", function(x) return ("%.1f"):format(x) end)
  end
  return out, f
end

function test_ends_where_few_are_at_risk()
  local drawn, f = blocks()
  lu.assertEquals(#drawn, 1)
  lu.assertStrContains(drawn[1], "\n8 0.3\n8 0.2\nEND")
  lu.assertStrContains(f.caption, "curves end where less than 30 % of an arm is at risk")
  -- the table below counts on, and so do the data
  lu.assertStrContains(texts(f), "No. at risk\n10\n6\n1")
  lu.assertEquals(#f:data(), 10)
end

function test_goes_on_pale()
  local drawn, f = blocks { beyond = "pale", legend = "direct" }
  lu.assertEquals(#drawn, 2)
  lu.assertStrContains(drawn[1], "\n8 0.3\n8 0.2\nEND")
  lu.assertStrContains(drawn[2], "\n8 0.2\n9 0.2\n9 0.1\n10 0.1\n10 0\nEND")
  lu.assertStrContains(f.caption, "pale curves: less than 30 % of an arm at risk")
  lu.assertEquals(#blocks { least_at_risk = 0.01, beyond = "pale" }, 1)
end

-- Of many censored the ticks stand on the curve, half as long.
function test_ticks_of_many()
  local function tick(n)
    local d = { AVAL = {}, CNSR = {} }
    for i = 1, n do d.AVAL[i], d.CNSR[i] = i, 1 end
    local drawn = object.boxes(figure.survival { d, by = false, band = false }).root.blocks
    local low, long = drawn[2]:match "\n1 (%S+) 0 (%S+)\n"
    return tonumber(low), tonumber(long)
  end
  local low, long = tick(60)
  lu.assertAlmostEquals(low + long / 2, 1, 1e-12)
  local on, short = tick(61)
  lu.assertAlmostEquals(on, 1, 1e-12)
  lu.assertAlmostEquals(short, long / 2, 1e-12)
end

-- The line down to a median that lies beyond is not drawn.
function test_median_of_a_curve_that_ended()
  local function dotted(part)
    local page = object.boxes(figure.survival { ten, by = false, median = true,
      least_at_risk = part })
    local _, n = table.concat(page.root.groups[1].head, "\n"):gsub("#7F7F7F", "")
    return n
  end
  lu.assertEquals(dotted(0.3), 2)
  lu.assertEquals(dotted(0.9), 0)
end

function test_medians_of_mirrored_curves()
  local f = figure.survival { ten, by = false, median = true, mirror = true }
  lu.assertStrContains(f.caption, "dotted lines: medians")
end

-- Women have no C: their arms keep their looks.
local function trial_data()
  local d = { AVAL = {}, CNSR = {}, ARM = {}, SEX = {} }
  for i = 1, 60 do
    d.AVAL[i], d.CNSR[i] = (i * 37) % 53 + 1, i % 4 == 0 and 1 or 0
    d.SEX[i] = i % 2 == 0 and "M" or "F"
    d.ARM[i] = d.SEX[i] == "M" and ({ "A", "B", "C" })[i // 2 % 3 + 1]
      or ({ "B", "C" })[i // 2 % 2 + 1]
  end
  return d
end

local function of_sex(d, sex)
  local out = { AVAL = {}, CNSR = {}, ARM = {} }
  for i, value in ipairs(d.SEX) do
    if value == sex then
      for name, list in pairs(out) do list[#list + 1] = d[name][i] end
    end
  end
  return out
end

local function data_of(f) return (f.shown()) end

function test_facets()
  local d = trial_data()
  local f = figure.survival { d, by = "ARM", facet = "SEX", p_value = true,
    least_at_risk = 0.1 }
  check(f, "facets")
  lu.assertEquals(f.width, 183)
  lu.assertEquals(data_of(f)[1], "SEX")
  local shown, i = f:data(), 0
  for _, sex in ipairs { "F", "M" } do
    for row in km("Surv(AVAL, CNSR == 0) ~ ARM", of_sex(d, sex)):tidy():rows() do
      i = i + 1
      lu.assertEquals({ shown.SEX[i], shown.group[i], shown.estimate[i],
        shown.conf_low[i] }, { sex, row.ARM, row.estimate, row.conf_low })
    end
  end
  lu.assertEquals(i, #shown)
  local all = texts(f)
  for _, sex in ipairs { "F", "M" } do
    local p = logrank("Surv(AVAL, CNSR == 0) ~ ARM", of_sex(d, sex)).p_value
    lu.assertStrContains(all, "Log-rank P = " .. ("%.3f"):format(p))
  end
  lu.assertStrContains(f.caption, "n = 60")
  lu.assertStrContains(f.caption, "panels: SEX")
  -- B is the second arm in both
  local looks = {}
  for k, part in ipairs(f.parts) do
    for _, e in ipairs(part.figure.entries) do
      if e.name == "B" then looks[k] = e.arm.colour end
    end
  end
  lu.assertEquals(looks, { style.arms(3)[2].colour, style.arms(3)[2].colour })
  lu.assertStrContains(f:text(), "Log-rank")
end

-- Of an endpoint the column comes from its subjects, covariates from its model.
function test_facets_of_an_endpoint()
  local s, d = require "trialsh.study".memory(), trial_data()
  study.open(s)
  local rows = { id = {}, arm = {}, sex = {}, age = {}, code = {}, time = {}, cnsr = {} }
  for i = 1, #d.AVAL do
    if d.ARM[i] ~= "A" then
      local k = #rows.id + 1
      rows.id[k], rows.code[k] = ("%02d"):format(i), "T"
      rows.arm[k], rows.sex[k], rows.age[k] = d.ARM[i], d.SEX[i], 40 + i * 7 % 31
      rows.time[k], rows.cnsr[k] = d.AVAL[i], d.CNSR[i]
    end
  end
  local build = require "ts.frame".build
  s.adsl = require "trialsh.data".wrap(build({ "USUBJID", "TRT01P", "SEX", "AGE" },
    { rows.id, rows.arm, rows.sex, rows.age }))
  s.adtte = require "trialsh.data".wrap(build({ "USUBJID", "PARAMCD", "AVAL", "CNSR" },
    { rows.id, rows.code, rows.time, rows.cnsr }))
  trial "T" { arms = { { "B", "Arm B", reference = true }, { "C", "Arm C" } },
    compare = { "C vs B" },
    populations = { { "ITT", "all", "USUBJID is not null", treatment = "TRT01P" } },
    parameters = { { "T", "Time", "adtte" } } }
  endpoint "T" { title = "Time", parameter = "T", analysis = { "cox", "~ TRT01P + AGE" } }
  local f = figure.survival { "T", facet = "SEX", hazard_ratio = true }
  lu.assertEquals(f.title, "Time")
  lu.assertStrContains(f.caption, "adjusted for AGE")
  local all = texts(f)
  for _, sex in ipairs { "F", "M" } do
    local x = { AVAL = {}, CNSR = {}, TRT01P = {}, AGE = {} }
    for i, value in ipairs(rows.sex) do
      if value == sex then
        local k = #x.AVAL + 1
        x.AVAL[k], x.CNSR[k], x.TRT01P[k], x.AGE[k] = rows.time[i], rows.cnsr[i],
          rows.arm[i], rows.age[i]
      end
    end
    local c = cox("Surv(AVAL, CNSR == 0) ~ TRT01P + AGE", x)
      :contrast { "C vs B", factor = "TRT01P" }
    lu.assertStrContains(all, ("HR %.2f (95 %% CI %.2f to %.2f)"):format(c.estimate,
      c.conf_low, c.conf_high))
  end
  refuses("no column SEXX", figure.survival, { "T", facet = "SEXX" })
end

-- Who has no level is in no panel, and in no n.
function test_facets_of_some()
  local d = trial_data()
  d.SEX[1], d.SEX[2] = NA, NA
  local said, note = {}, require "trialsh.note"
  note.listeners[#note.listeners + 1] = function(line) said[#said + 1] = line end
  local f = figure.survival { d, by = "ARM", facet = "SEX" }
  note.listeners[#note.listeners] = nil
  lu.assertStrContains(f.caption, "n = 58")
  lu.assertStrContains(table.concat(said), "2 subjects without SEX not shown")
end

function test_strata()
  local d = trial_data()
  local p = logrank("Surv(AVAL, CNSR == 0) ~ ARM + strata(SEX)", d).p_value
  local f = figure.survival { d, by = "ARM", p_value = true, strata = "SEX" }
  lu.assertStrContains(texts(f), "Log-rank P = " .. ("%.3f"):format(p))
  lu.assertStrContains(f.caption, "log-rank test within strata of SEX")
  local g = figure.survival { d, p_value = true,
    formula = "Surv(AVAL, CNSR == 0) ~ ARM + strata(SEX)" }
  lu.assertEquals(texts(g), texts(f))
  lu.assertEquals(#f:data(), #km("Surv(AVAL, CNSR == 0) ~ ARM", d):tidy())
end

-- The words are the numbers of cox, logrank and rmst, of the arms compared.
function test_effects()
  local d = trial_data()
  local formula = "Surv(AVAL, CNSR == 0) ~ ARM"
  local f = figure.survival { d, by = "ARM", compare = "C vs A",
    hazard_ratio = true, p_value = true, rmst = 20, strata = "SEX" }
  check(f, "effects")
  local all = texts(f)
  local c = cox(formula .. " + strata(SEX)", d):contrast "C vs A"
  lu.assertStrContains(all, "C vs A")
  lu.assertStrContains(all, ("HR %.2f (95 %% CI %.2f to %.2f)"):format(c.estimate,
    c.conf_low, c.conf_high))
  lu.assertStrContains(all, "Log-rank P = " .. ("%.3f"):format(logrank(formula
    .. " + strata(SEX)", d, { compare = "C vs A" }).p_value))
  local r = rmst(formula, d, { horizon = 20, compare = "C vs A" })
  lu.assertStrContains(all, ("RMST difference to 20: %.1f (%.1f to %.1f)"):format(
    r.estimate, r.conf_low, r.conf_high))
  lu.assertStrContains(f.caption, "HR: hazard ratio by Cox regression, within "
    .. "strata of SEX; RMST: difference of restricted mean survival times (95 % CI)")
  -- no event in an arm, and in none
  local events = { AVAL = { 5, 6, 7, 8, 9, 3 }, CNSR = { 0, 0, 1, 1, 1, 0 },
    ARM = { "A", "A", "A", "B", "B", "A" } }
  lu.assertStrContains(texts(figure.survival { events, by = "ARM",
    hazard_ratio = true }), "HR 0.00 (95 % CI 0.00 to ")
  refuses("figure.survival: rmst = 9: survival of A after 7 is not known",
    figure.survival, { events, by = "ARM", rmst = 9 })
  events.CNSR = { 1, 1, 1, 1, 1, 1 }
  lu.assertNotStrContains(texts(figure.survival { events, by = "ARM",
    hazard_ratio = true, p_value = true }), "HR")
  refuses('of 3 arms two are compared: compare = "C vs A"', figure.survival,
    { d, by = "ARM", hazard_ratio = true })
  refuses("compare the arms of one column", figure.survival, { d,
    formula = formula .. " + SEX", hazard_ratio = true, compare = "C vs A" })
  -- women have no A
  local g = figure.survival { d, by = "ARM", facet = "SEX", compare = "C vs A",
    hazard_ratio = true, rmst = 20, width = 183 }
  local _, n = texts(g):gsub("HR ", "")
  lu.assertEquals(n, 1)
  lu.assertEquals(#g.parts, 2)
  refuses("ARM has no 'D'", figure.survival, { d, by = "ARM", facet = "SEX",
    compare = "D vs A", hazard_ratio = true })
  refuses("hazard_ratio needs the data, not curves of km", figure.survival,
    { km(formula, d), hazard_ratio = true })
end

-- The curves of an endpoint whose model has covariates are of the arms alone.
function test_adjusted_hazard_ratio()
  local s = require "trialsh.study".memory()
  s:import "scripts/cgd/cgd.csv"
  dofile("../../scripts/cgd/derive.lua", s)
  endpoint "ADJ" { parameter = "TTINF", analysis = { "cox",
    "~ TRT01P + AGE + strata(INHERIT)" } }
  run(s)
  local f = figure.survival { "ADJ", hazard_ratio = true }
  lu.assertEquals(#f.entries, 2)
  local row = s:result "ADJ"
  lu.assertStrContains(texts(f), ("HR %.2f (95 %% CI %.2f to %.2f)"):format(
    row.estimate, row.conf_low, row.conf_high))
  lu.assertStrContains(f.caption, "adjusted for AGE, within strata of INHERIT")
end

-- Curves of those at risk after day 20 start there: the numbers are km's of them, and S is
-- that of all over what it was.
function test_landmark()
  local d, later = trial_data(), { AVAL = {}, CNSR = {}, ARM = {} }
  for i, time in ipairs(d.AVAL) do
    if time > 20 then
      for name, list in pairs(later) do list[#list + 1] = d[name][i] end
    end
  end
  local f = figure.survival { d, by = "ARM", landmark = 20, p_value = true, band = false }
  check(f, "landmark")
  local shown, i = f:data(), 0
  for row in km("Surv(AVAL, CNSR == 0) ~ ARM", later):tidy():rows() do
    i = i + 1
    lu.assertEquals({ shown.group[i], shown.time[i], shown.estimate[i], shown.n_risk[i] },
      { row.ARM, row.time, row.estimate, row.n_risk })
  end
  lu.assertEquals(i, #shown)
  local before, last = {}, {}
  for row in km("Surv(AVAL, CNSR == 0) ~ ARM", d):tidy():rows() do
    if row.time <= 20 then before[row.ARM] = row.estimate end
    last[row.ARM] = row.estimate
  end
  for k = 1, #shown do
    if k == #shown or shown.group[k + 1] ~= shown.group[k] then
      local arm = shown.group[k]
      lu.assertAlmostEquals(shown.estimate[k], last[arm] / before[arm], 1e-14)
    end
  end
  local p = logrank("Surv(AVAL, CNSR == 0) ~ ARM", later).p_value
  lu.assertStrContains(texts(f), ("Log-rank P = %.3f"):format(p))
  lu.assertStrContains(f.caption, ("n = %d"):format(#later.AVAL))
  lu.assertStrContains(f.caption, "of those at risk after 20")
  local page = object.boxes(f)
  lu.assertStrContains(page.root.blocks[1], "\n20 1\n")
  lu.assertStrContains(page.root.groups[1].head[1], "set xrange [20:")
  refuses("nobody is at risk after 500", figure.survival, { d, by = "ARM",
    landmark = 500 })
  refuses("landmark needs a column of times, not AVAL / 2", figure.survival, { d,
    formula = "Surv(AVAL / 2, CNSR == 0) ~ ARM", landmark = 5 })
end

-- Bands of two arms are there without asking, and said.
function test_bands_of_facets()
  local d = trial_data()
  for i, arm in ipairs(d.ARM) do d.ARM[i] = arm == "A" and "B" or arm end
  local f = figure.survival { d, by = "ARM", facet = "SEX" }
  lu.assertStrContains(f.caption, "bands: pointwise 95 % confidence intervals")
  lu.assertStrContains(table.concat(object.boxes(f).root.groups[1].plots), "filledcurves")
end

-- Text in the colour of an arm has a contrast of 3 to 1 at least.
function test_ink()
  lu.assertEquals(style.ink "#0072B2", "#0072B2")
  lu.assertEquals(style.ink "#000000", "#000000")
  lu.assertNotEquals(style.ink "#E69F00", "#E69F00")
  local grey = tonumber(style.ink "#C0C0C0":sub(2, 3), 16)
  lu.assertTrue(grey > 0x85 and grey < 0x96)
end

function test_refuses()
  local d = trial_data()
  refuses("no column SEXX; nearest: SEX", figure.survival, { d, by = "ARM",
    facet = "SEXX" })
  refuses("facet needs the data, not curves of km", figure.survival,
    { km("Surv(AVAL, CNSR == 0) ~ ARM", d), facet = "SEX" })
  refuses("strata are those of the log-rank test: p_value = true", figure.survival,
    { d, by = "ARM", strata = "SEX" })
  refuses("beyond", figure.survival, { d, by = "ARM", beyond = "grey" })
end

os.exit(lu.LuaUnit.run())
