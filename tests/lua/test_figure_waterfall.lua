-- figure.waterfall: sorted bars, the dead and the missing behind them.
local lu = require "luaunit"
local check = require "tests.lua.boxes"
local object = require "trialsh.figure.object"

local function refuses(words, f, ...)
  local ok, err = pcall(f, ...)
  lu.assertFalse(ok, words)
  lu.assertStrContains(tostring(err), words)
end

local d = { USUBJID = { "1", "2", "3", "4", "5" }, R2BASE = { 1.2, 0.5, NA, 3, 1.2 },
  TRT01P = { "A", "B", "A", "B", "A" }, ANL01FL = { "Y", "Y", "Y", "Y", "N" } }
local all = { USUBJID = { "1", "2", "3", "4", "5", "6" },
  TRT01P = { "A", "B", "A", "B", "A", "B" },
  DTHFL = { "N", "N", "Y", "N", "N", "N" } }

function test_order_and_who_is_absent()
  local f = figure.waterfall { d, subjects = all, hline = { 1, 1.2 } }
  local shown = f:data()
  lu.assertEquals({ shown.USUBJID[1], shown.USUBJID[2], shown.USUBJID[3] },
    { "4", "1", "2" })
  lu.assertEquals({ shown.R2BASE[1], shown.R2BASE[2], shown.R2BASE[3] },
    { 3, 1.2, 0.5 })
  local status = {}
  for row in shown:rows() do status[row.USUBJID] = row.status end
  lu.assertEquals(status, { ["1"] = "value", ["2"] = "value", ["4"] = "value",
    ["3"] = "died", ["5"] = "missing", ["6"] = "missing" })
  lu.assertEquals(f.caption, "A bar per subject, n = 3; crosses: died, without a "
    .. "value (1); circles: no value (2); 1.2 and more: 2.")
  check(f, "waterfall")
end

-- Bars begin at 1 on a log axis: each block of an arm has its corners there.
function test_bars_begin_at_the_base()
  local page = object.boxes(figure.waterfall { d, by = false })
  lu.assertStrContains(page.root.blocks[1], "\n0.5625 1\n0.5625 3\n1.4375 3\n1.4375 1\n")
  page = object.boxes(figure.waterfall { d, by = false, y = "R2BASE",
    yscale = "linear" })
  lu.assertStrContains(page.root.blocks[1], "\n0.5625 0\n0.5625 3\n1.4375 3\n1.4375 0\n")
end

-- A symbol per level, above the bars; who has no value stands in the legend too.
function test_symbols()
  local who = { USUBJID = { "1", "2", "3", "4", "5" }, TRT01P = { "A", "B", "A", "B", "A" },
    RESP = { "PR", "CR", "CR", NA, "PR" }, DTHFL = { "N", "N", "Y", "N", "N" } }
  local f = figure.waterfall { d, subjects = who, symbol = "RESP", hline = { 2, 0.5 } }
  local found, texts = {}, {}
  for row in f:data():rows() do found[#found + 1] = row.USUBJID .. tostring(row.RESP) end
  lu.assertEquals(table.concat(found, " "), "4NA 1PR 2CR 5PR 3CR")
  for i, box in ipairs(check(f, "waterfall").boxes) do texts[i] = box.text end
  lu.assertStrContains(table.concat(texts, "\n"), "A\nB\nPR\nCR\nDied\nNo value\n")
  lu.assertStrContains(f.caption, "2 and more: 1; 0.5 and less: 1; symbols: RESP.")
  who.RESP[6], who.USUBJID[6], who.TRT01P[6], who.DTHFL[6] = "SD", "1", "A", "N"
  refuses("1 has two values of RESP", figure.waterfall, { d, subjects = who,
    symbol = "RESP" })
  refuses("nearest: RESP", figure.waterfall, { d, subjects = who, symbol = "RES" })
  local many = { USUBJID = {}, CHG = {}, RESP = {} }
  for i = 1, 200 do many.USUBJID[i], many.CHG[i], many.RESP[i] = "S" .. i, i, "PR" end
  refuses("200 bars leave no room for symbols on 89 mm; width = 118 and more",
    figure.waterfall, { many, by = false, symbol = "RESP" })
  refuses("symbol: RESP has 7 values; there are 6 symbols", figure.waterfall, { { USUBJID = {
    "1", "2", "3", "4", "5", "6", "7" }, CHG = { 1, 2, 3, 4, 5, 6, 7 }, RESP = { 1, 2, 3,
    4, 5, 6, 7 } }, by = false, symbol = "RESP" })
end

function test_cut_bars_say_so()
  local f = figure.waterfall { d, by = false, ylim = { 0.6, 2 } }
  lu.assertStrContains(f.caption, "bars with a cut go on beyond the axis (2)")
  lu.assertStrContains(object.boxes(f).root.blocks[1], "\n0.5625 1\n0.5625 2\n1.4375 2\n")
end

function test_refuses()
  local twice = { USUBJID = { "1", "1" }, CHG = { 1, 2 } }
  refuses("1 has several rows; each subject has one bar", figure.waterfall,
    { twice, by = false })
  refuses("no value of CHG", figure.waterfall, { { CHG = { NA } }, by = false })
  refuses("a log axis cannot show", figure.waterfall, { { CHG = { -1 } }, by = false,
    yscale = "log" })
  refuses("bars begin at 0, which ylim leaves out", figure.waterfall,
    { { CHG = { 1, 3 } }, by = false, ylim = { 1, 4 } })
  refuses("y = the column", figure.waterfall, { { X = { 1 } }, by = false })
  refuses("like adsl", figure.waterfall, { d, subjects = { A = { 1 } } })
end

os.exit(lu.LuaUnit.run())
