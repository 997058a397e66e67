-- figure.cuminc: its numbers are cuminc's, the competing event beside it.
local lu = require "luaunit"
local object = require "trialsh.figure.object"
local texts = require "tests.lua.texts"

local function refuses(words, f, ...)
  local ok, err = pcall(f, ...)
  lu.assertFalse(ok, words)
  lu.assertStrContains(tostring(err), words)
end

local data = { AVAL = { 3, 5, 5, 8, 9, 12, 2, 4, 6, 7, 10, 12 },
  CNSR = { 0, 0, 2, 0, 1, 0, 2, 2, 1, 0, 2, 1 },
  ARM = { "A", "A", "A", "A", "A", "A", "B", "B", "B", "B", "B", "B" } }

function test_numbers()
  local f = figure.cuminc { data, by = "ARM", competing_label = "death",
    band = true, risk_table = { "at risk", "events", "competing", "censored" },
    ticks = { 0, 6, 12 } }
  local fit = cuminc("Surv(AVAL, CNSR == 0) ~ ARM", data)
  local other = cuminc("Surv(AVAL, CNSR == 2) ~ ARM", data,
    { competing = "CNSR == 0" })
  local shown = f:data()
  lu.assertEquals(#shown, #fit:tidy() + #other:tidy())
  local i = 0
  for _, from in ipairs { fit, other } do
    for row in from:tidy():rows() do
      i = i + 1
      lu.assertEquals(shown.group[i], row.ARM .. (from == other and ", death" or ""))
      for _, name in ipairs { "time", "estimate", "conf_low", "n_event" } do
        lu.assertEquals(shown[name][i], row[name])
      end
    end
  end
  -- at 6: those at risk, events, competing and censored add up to 6
  local all = texts(f)
  lu.assertStrContains(all, "A\nAt risk\n6\n3\n1\nEvents\n0\n2\n3\nCompeting\n0\n"
    .. "1\n1\nCensored\n0\n0\n1")
  lu.assertStrContains(all, "Gray P = 0.132")
  lu.assertStrContains(f.caption, "pale lines: death")
end

-- Nobody of A is left after 12: its curve goes on; of B one is censored last.
function test_curves_end_where_nothing_is_known()
  local short = { AVAL = { 1, 2, 1, 5 }, CNSR = { 0, 2, 0, 1 },
    ARM = { "A", "A", "B", "B" } }
  local page = object.boxes(figure.cuminc { short, by = "ARM",
    show_competing = false, p_value = false })
  local blocks = page.root.blocks
  lu.assertStrContains(blocks[1], "\n0 0\n1 0\n1 0.5\n2 0.5\n5 0.5\n")
  lu.assertStrContains(blocks[2], "\n0 0\n1 0\n1 0.5\n5 0.5\n")
end

function test_axis_ends_above_what_is_shown()
  local many = { AVAL = {}, CNSR = {} }
  for i = 1, 100 do
    many.AVAL[i], many.CNSR[i] = i, i % 10 == 0 and 0 or 1
  end
  many.CNSR[5] = 2
  local f = figure.cuminc { many, by = false, xlim = { 0, 50 } }
  lu.assertNil(texts(f):find "Gray")
  lu.assertTrue(#f:text() > 200)
end

function test_endpoints()
  local s = require "trialsh.study".memory()
  study.open(s)
  local n, frame = #data.AVAL, { USUBJID = {}, TRT01P = data.ARM }
  local code = {}
  for i = 1, n do frame.USUBJID[i], code[i] = ("%02d"):format(i), "INF" end
  local make = function(names, arrays)
    return require "trialsh.data".wrap(require "ts.frame".build(names, arrays))
  end
  s.adsl = make({ "USUBJID", "TRT01P" }, { frame.USUBJID, data.ARM })
  s.adtte = make({ "USUBJID", "PARAMCD", "AVAL", "CNSR" },
    { frame.USUBJID, code, data.AVAL, data.CNSR })
  trial "T" { arms = { { "A", "Arm A", reference = true }, { "B", "Arm B" } },
    compare = { "B vs A" },
    populations = { { "ITT", "all", "USUBJID is not null", treatment = "TRT01P" } },
    parameters = { { "INF", "Infection", "adtte" } } }
  endpoint "INF" { title = "Time to infection", parameter = "INF",
    analysis = { "cuminc", at = { 6 } } }
  local f = figure.cuminc { "INF" }
  lu.assertEquals(f.title, "Time to infection")
  local shown = figure.cuminc { data, by = "ARM" }:data()
  lu.assertEquals(f:data().estimate[3], shown.estimate[3])
  lu.assertEquals(#f:data(), #shown)
end

-- A dash for each cause, in full width; a symbol for each arm.
function test_dashes()
  local f = figure.cuminc { data, by = "ARM", competing_as = "dashes",
    event_label = "infection", competing_label = "death" }
  lu.assertStrContains(f.caption,
    "solid lines: infection; dotted lines: death; symbols: arms")
  lu.assertStrContains(texts(f), "A\nB\ninfection\ndeath")
  local plots, solid, dotted, points = object.boxes(f).root.groups[1].plots, 0, 0, 0
  for _, plot in ipairs(plots) do
    if plot:find "with lines .* lw 1 dt solid" then solid = solid + 1 end
    if plot:find "with lines .* lw 1 dt %(2" then dotted = dotted + 1 end
    if plot:find "with points" or plot:find "filledcurves" then points = points + 1 end
  end
  lu.assertEquals({ solid, dotted, points }, { 2, 2, 4 })
  lu.assertTrue(#f:text() > 200)
end

-- Of one arm the tops are 1 minus the share without any event, by Kaplan and Meier.
function test_stacked()
  local f = figure.cuminc { data, by = "ARM", competing_as = "stacked",
    event_label = "infection", competing_label = "death" }
  lu.assertEquals(f.width, 183)
  lu.assertEquals(#f.parts, 2)
  lu.assertStrContains(texts(f), "infection\ndeath")
  lu.assertStrContains(texts(f), "A (n = 6)")
  lu.assertStrContains(f:describe(), "areas: infection, and on it death; white: neither; "
    .. "Gray's test of the event between arms: P = 0.132.")
  lu.assertEquals(table.pack(f.shown()),
    table.pack(figure.cuminc { data, by = "ARM", competing_label = "death" }.shown()))
  local any = { AVAL = {}, CNSR = {} }
  for i = 1, 6 do any.AVAL[i], any.CNSR[i] = data.AVAL[i], data.CNSR[i] == 1 and 1 or 0 end
  local page = object.boxes(f)
  local one = { AVAL = table.move(data.AVAL, 1, 6, 1, {}),
    CNSR = table.move(data.CNSR, 1, 6, 1, {}) }
  local function estimates(fit)
    local frame = require "trialsh.data".frame(fit:tidy(), { "estimate" })
    return { estimate = require "ts.frame".values(frame:column(1)) }
  end
  local tops = require "trialsh.figure.stacked".tops(
    estimates(cuminc("Surv(AVAL, CNSR == 0) ~ 1", one)),
    estimates(cuminc("Surv(AVAL, CNSR == 2) ~ 1", one, { competing = "CNSR == 0" })))
  local free = estimates(km("Surv(AVAL, CNSR == 0) ~ 1", any)).estimate
  lu.assertEquals(#tops, #free)
  for i, s in ipairs(free) do lu.assertAlmostEquals(tops[i], 1 - s, 1e-14) end
  -- the last line of the first panel rises to the last of them
  lu.assertStrContains(page.root.blocks[4], (" %.17g\n"):format(tops[#tops]))
  lu.assertStrContains(figure.cuminc { data, by = false, competing_as = "stacked" }:describe(),
    "white: neither.")
end

function test_without_a_competing_event()
  local none = { AVAL = { 3, 5, 8, 9 }, CNSR = { 0, 0, 1, 0 } }
  for _, way in ipairs { "pale", "dashes", "stacked" } do
    lu.assertEquals(figure.cuminc { none, by = false, competing_as = way,
      competing_label = "death" }:describe():match "n = 4; ([^.]*)%.", "death: none")
  end
end

function test_ends_where_few_are_at_risk()
  local f = figure.cuminc { data, by = "ARM", least_at_risk = 0.5 }
  lu.assertStrContains(f.caption, "curves end where less than 50 % of an arm is at risk")
  local a = object.boxes(f).root.blocks[1]
  lu.assertStrContains(a, "\n8 0.5\n") -- 3 of 6 are at risk there, 2 after
  lu.assertNil(a:find "\n9 ")
end

function test_refuses()
  local two = { AVAL = { 1, 2, 3, 4 }, CNSR = { 0, 1, 0, 2 }, PARAMCD = { "DEATH", "DEATH", "TX", "TX" },
    ARM = { "A", "B", "A", "B" } }
  for _, f in ipairs { "cuminc", "survival" } do -- each subject would count twice
    refuses("figure." .. f .. ": several parameters: DEATH, TX; data:where { PARAMCD = \"DEATH\" } chooses one",
      figure[f], { two, by = "ARM" })
  end
  lu.assertStrContains(figure.survival { two, by = "PARAMCD" }.caption, "n = 4")
  two.PARAMCD = { "TX", "TX", "TX", "TX" }
  lu.assertStrContains(figure.cuminc { two, by = "ARM" }.caption, "n = 4")
  refuses('competing_as = "stacked" shows the competing event', figure.cuminc,
    { data, by = "ARM", competing_as = "stacked", show_competing = false })
  refuses("band is not of stacked areas", figure.cuminc, { data, by = "ARM",
    competing_as = "stacked", band = true })
  refuses("figure.cuminc has no option risktable; nearest: risk_table",
    figure.cuminc, { data, by = "ARM", risktable = true })
  refuses("risk_table has no 'dead'; it has at risk, events, censored, competing",
    figure.cuminc, { data, by = "ARM", risk_table = "dead" })
  refuses("the formula is", figure.cuminc, { data,
    formula = "Surv(AVAL, (CNSR == 0)) ~ ARM" })
  refuses("has no complete row", figure.cuminc, { { AVAL = {}, CNSR = {} },
    by = false })
  refuses("no column CNSR", figure.cuminc, { { AVAL = { 1 } }, by = false })
end

os.exit(lu.LuaUnit.run())
