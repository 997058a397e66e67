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
