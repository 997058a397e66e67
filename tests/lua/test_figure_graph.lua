-- figure.graph: shares and arrows are those of the multiplicity, P of its results.
local lu = require "luaunit"
local check = require "tests.lua.boxes"
local object = require "trialsh.figure.object"

local function refuses(words, f, ...)
  local ok, err = pcall(f, ...)
  lu.assertFalse(ok, words)
  lu.assertStrContains(tostring(err), words)
end

for _, id in ipairs { "ONE", "TWO", "THREE", "FOUR" } do
  endpoint(id) { analysis = "wilcoxon" }
end

local function rows(figure)
  local out = {}
  for row in figure:data():rows() do
    out[#out + 1] = ("%s>%s %.4g"):format(row.node, row.to == NA and "" or row.to,
      row.share)
  end
  return table.concat(out, "; ")
end

function test_graph()
  multiplicity "claims" { "graph", { "ONE", weight = 1, to = { TWO = 1 } },
    { "TWO", to = { THREE = 1/3, FOUR = 2/3 } }, { "THREE", to = { FOUR = 1 } },
    { "FOUR", to = { THREE = 1 } } }
  local f = figure.graph "claims"
  lu.assertEquals(rows(f), "ONE> 1; TWO> 0; THREE> 0; FOUR> 0; ONE>TWO 1; "
    .. "TWO>THREE 0.3333; TWO>FOUR 0.6667; THREE>FOUR 1; FOUR>THREE 1")
  local page = check(f, "graph")
  local all, at = {}, {}
  for i, box in ipairs(page.boxes) do
    all[i] = box.text
    at[box.text] = box
  end
  lu.assertStrContains(table.concat(all, "\n"), "ONE\nshare 1\nTWO\nshare 0")
  lu.assertTrue(at.ONE[2] > at.TWO[2] and at.TWO[2] > at.THREE[2])
  lu.assertEquals(at.THREE[2], at.FOUR[2])
  lu.assertStrContains(f:text(), "-> FOUR: 0.667")
  lu.assertStrContains(f.caption, "alpha = 0.05 (graph)")
end

function test_other_methods()
  multiplicity "claims" { "fixed sequence", "ONE", "TWO", "THREE" }
  lu.assertEquals(rows(figure.graph "claims"),
    "ONE> 1; TWO> 0; THREE> 0; ONE>TWO 1; TWO>THREE 1")
  multiplicity "claims" { "Holm", "ONE", "TWO", "THREE" }
  lu.assertEquals(rows(figure.graph "claims"), "ONE> 0.3333; TWO> 0.3333; "
    .. "THREE> 0.3333; ONE>TWO 0.5; ONE>THREE 0.5; TWO>ONE 0.5; TWO>THREE 0.5; "
    .. "THREE>ONE 0.5; THREE>TWO 0.5")
  check(figure.graph { "claims", height = 90, width = 120 }, "Holm")
  multiplicity "claims" { "Bonferroni", "ONE", "TWO" }
  lu.assertEquals(rows(figure.graph "claims"), "ONE> 0.5; TWO> 0.5")
  multiplicity "claims" { "Hochberg", "ONE", "TWO" }
  refuses("Hochberg is no graph of weights and arrows", figure.graph, "claims")
end

-- Arrows begin and end on the border of a node, also those that stand side by side, and
-- no label lies on one where there is room beside it.
function test_arrows_touch_nodes()
  for _, id in ipairs { "FIVE", "SIX" } do endpoint(id) { analysis = "wilcoxon" } end
  multiplicity "claims" { "Holm", "ONE", "TWO", "THREE", "FOUR", "FIVE", "SIX" }
  local page = object.boxes(figure.graph { "claims", height = 120, width = 180 })
  local head = table.concat(page.root.groups[1].head, "\n")
  local nodes, ends = {}, {}
  for corners in head:gmatch "polygon (from [^\n]-) front fs empty" do
    local x, y = {}, {}
    for a, b in corners:gmatch "screen ([%d.]+)%*X, screen ([%d.]+)%*Y" do
      x[#x + 1], y[#y + 1] = tonumber(a), tonumber(b)
    end
    nodes[#nodes + 1] = { math.min(table.unpack(x)), math.min(table.unpack(y)),
      math.max(table.unpack(x)), math.max(table.unpack(y)) }
  end
  for a, b, c, d in head:gmatch("set arrow %d+ from screen ([%d.]+)%*X, "
      .. "screen ([%d.]+)%*Y to screen ([%d.]+)%*X, screen ([%d.]+)%*Y") do
    ends[#ends + 1] = { tonumber(a), tonumber(b), tonumber(c), tonumber(d) }
  end
  lu.assertEquals({ #nodes, #ends }, { 6, 30 })
  local function on_border(x, y)
    for _, n in ipairs(nodes) do
      local inside = x > n[1] - 0.01 and x < n[3] + 0.01 and y > n[2] - 0.01
        and y < n[4] + 0.01
      local near = math.min(math.abs(x - n[1]), math.abs(x - n[3]), math.abs(y - n[2]),
        math.abs(y - n[4]))
      if inside and near < 0.01 then return true end
    end
    return false
  end
  for _, e in ipairs(ends) do
    lu.assertTrue(on_border(e[1], e[2]) and on_border(e[3], e[4]))
    for _, box in ipairs(page.boxes) do
      for k = 0, 200 do
        local x, y = e[1] + (e[3] - e[1]) * k / 200, e[2] + (e[4] - e[2]) * k / 200
        lu.assertFalse(x > box[1] and x < box[3] and y > box[2] and y < box[4], box.text)
      end
    end
  end
end

-- P and what is claimed come from s.results.
function test_results()
  local list = require "trialsh.endpoint".list
  for key in pairs(list) do list[key] = nil end -- those above are of no trial
  local s = require "trialsh.study".memory()
  study.open(s)
  local d = { USUBJID = {}, TRT01P = {}, A = {}, B = {} }
  for i = 1, 40 do
    d.USUBJID[i], d.TRT01P[i] = ("%02d"):format(i), i % 2 == 0 and "T" or "P"
    d.A[i] = (i % 2 == 0 and i % 5 > 0 or i % 7 == 0) and "Y" or "N"
    d.B[i] = i % 3 == 0 and "Y" or "N"
  end
  s.adsl = require "trialsh.data".wrap(require "ts.frame".build(
    { "USUBJID", "TRT01P", "A", "B" }, { d.USUBJID, d.TRT01P, d.A, d.B }))
  trial "G" { arms = { { "P", "Placebo", reference = true }, { "T", "Drug" } },
    compare = { "T vs P" },
    populations = { { "ITT", "all", "USUBJID is not null", treatment = "TRT01P" } } }
  for _, id in ipairs { "A", "B" } do
    endpoint(id) { data = "adsl", variable = id .. " = 'Y'", missing = "exclude",
      analysis = "riskdiff" }
  end
  multiplicity "claims" { "fixed sequence", "A", "B" }
  run(s)
  local shown = figure.graph "claims":data()
  for i, id in ipairs { "A", "B" } do
    local r = s:result(id)
    lu.assertEquals(shown.p_adjusted[i], r.p_adjusted)
    lu.assertEquals(shown.claimed[i], r.rejected)
  end
  lu.assertEquals({ shown.claimed[1], shown.claimed[2] }, { "Y", "N" })
  lu.assertEquals(figure.graph { "claims", results = false }:data().p_value[1], NA)
end

function test_refuses()
  multiplicity "claims" { "fixed sequence", "ONE", "TWO" }
  refuses("no multiplicity claim; nearest: claims", figure.graph, "claim")
  refuses("takes the name of a multiplicity", figure.graph, { 3 })
  refuses("has no option result; nearest: results", figure.graph, { "claims",
    result = true })
  refuses("too small for 2 nodes", function()
    object.boxes(figure.graph { "claims", height = 20 })
  end)
end

os.exit(lu.LuaUnit.run())
