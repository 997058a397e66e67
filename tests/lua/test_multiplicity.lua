-- Multiplicity between endpoints: graphs against the closed test of R
-- (tests/reference/graph.R), their special cases, and what run() stores.
local lu = require "luaunit"
local NA = require "ts.na".NA
local multiplicities = require "trialsh.multiplicity"
local endpoints = require "trialsh.endpoint"
local shared = require "tests.lua.endpoints"
local near = require "tests.lua.reference".near

local s

local function sets()
  local out, heads = {}, true
  for line in io.lines "tests/reference/graph.csv" do
    if not heads then
      local id, p, w, to, adjusted =
        line:match "^([^,]+),[^,]+,([^,]+),([^,]+),([^,]+),([^,]+)$"
      local set = out[id] or { p = {}, w = {}, g = {}, adjusted = {} }
      out[id] = set
      local row = {}
      for x in to:gmatch "%S+" do row[#row + 1] = tonumber(x) end
      table.insert(set.p, tonumber(p))
      table.insert(set.w, tonumber(w))
      table.insert(set.g, row)
      table.insert(set.adjusted, tonumber(adjusted))
    end
    heads = false
  end
  return out
end

function test_graphs_agree_with_the_closed_test()
  local n = 0
  for id, set in pairs(sets()) do
    local got = multiplicities.adjusted("graph", set.p, set.w, set.g)
    for i, x in ipairs(set.adjusted) do
      near(got[i], x, 1e-12, id .. " " .. i)
      n = n + 1
    end
  end
  lu.assertTrue(n > 80)
end

function test_holm_and_fixed_sequence_are_graphs()
  local p = { 0.012, 0.04, 0.03, 0.2 }
  local even, arrows = {}, {}
  for i = 1, 4 do
    even[i], arrows[i] = 0.25, {}
    for j = 1, 4 do arrows[i][j] = i ~= j and 1 / 3 or 0 end
  end
  local holm = multiplicities.adjusted("Holm", p)
  for i, x in ipairs(multiplicities.adjusted("graph", p, even, arrows)) do
    near(x, holm[i], 1e-12)
  end
  lu.assertEquals(multiplicities.adjusted("fixed sequence", p),
    { 0.012, 0.04, 0.04, 0.2 })
end

TestRun = {}

function TestRun.setUp()
  s = shared.study()
  for id, more in pairs { A = { variable = "AVAL" }, B = { variable = "BASE" },
      C = { variable = "CHG", compare = { "H vs P", "L vs P" } } } do
    local def = { parameter = "ALC", visit = "Day 29", analysis = "ttest" }
    for key, value in pairs(more) do def[key] = value end
    endpoint(id) (def)
  end
end

function TestRun.test_the_own_results_are_adjusted_and_claimed()
  multiplicity "all" { "graph", alpha = 0.1,
    { "A", weight = 1, to = { B = 1/2, ["C[L vs P]"] = 1/2 } },
    { "B", to = { ["C[L vs P]"] = 1 } },
    { "C[L vs P]" } }
  run(s)
  local p = {}
  for i, address in ipairs { "A", "B", "C[L vs P]" } do
    p[i] = s:result(address .. ".p_value")
  end
  local wanted = multiplicities.adjusted("graph", p, { 1, 0, 0 },
    { { 0, .5, .5 }, { 0, 0, 1 }, { 0, 0, 0 } })
  for i, address in ipairs { "A", "B", "C[L vs P]" } do
    local row = s:result(address)
    lu.assertEquals(row.p_adjusted, wanted[i])
    lu.assertEquals(row.multiplicity, "all")
    lu.assertEquals(row.rejected, wanted[i] <= 0.1 and "Y" or "N")
  end
  lu.assertEquals(s:result "C.p_adjusted", NA)
  lu.assertEquals(s:result "A[H vs P].p_adjusted", NA)
  lu.assertStrContains(tostring(s.results), "claimed")
end

function TestRun.test_the_methods_of_padjust()
  for _, method in ipairs { "Holm", "Hochberg", "Hommel", "Bonferroni" } do
    multiplicity "m" { method:lower(), "A", "B", "C" }
    run(s)
    local p, got = {}, {}
    for i, id in ipairs { "A", "B", "C" } do
      p[i], got[i] = s:result(id .. ".p_value"), s:result(id .. ".p_adjusted")
    end
    lu.assertEquals(got, padjust(p, method), method)
  end
end

function TestRun.test_an_endpoint_without_p_claims_nothing()
  endpoint "D" { parameter = "ALC", visit = "Day 29", analysis = "ttest",
    where = "USUBJID in ('01', '02', '03')" }
  multiplicity "m" { "fixed sequence", "D", "A" }
  run(s)
  lu.assertEquals(s:result "D.p_adjusted", 1)
  lu.assertEquals(s:result "A.p_adjusted", 1)
  lu.assertStrContains(s:result "D.note", "m takes its P as 1: it has none")
end

function TestRun.test_mistakes()
  for _, case in ipairs {
      { { "holmm", "A" }, "no method holmm; nearest: Holm" },
      { { "graph", { "Q", weight = 1 } }, "no endpoint Q" },
      { { "graph", { "A" } }, "no entry has a weight" },
      { { "graph", { "A", weight = 0.7 }, { "B", weight = 0.7 } },
        "the weights sum to 1.4" },
      { { "graph", { "A", weight = 1, to = { D = 1 } } }, "D is no entry" },
      { { "graph", { "A", weight = 1, to = { B = 0.7, C = 0.7 } }, { "B" },
        { "C" } }, "A gives away 1.4 of its weight" },
      { { "graph", { "A", weight = 1, to = { A = 1 } } }, "gives to itself" },
      { { "holm", { "A", weight = 1 } }, "no key weight; it is for graph" },
      { { "holm", "A", "A" }, "A is there twice" },
      { { "holm", "A", alpah = 0.1 }, "no key alpah; nearest: alpha" },
      { { "holm", "A", alpha = 2 }, "alpha is between 0 and 1" },
      { { "holm" }, "no endpoint is in it" },
      { { "holm", "A[" }, "in the address A[" },
    } do
    multiplicities.list = {}
    multiplicity "m" (case[1])
    local words = shared.message(check)
    lu.assertStrContains(words, case[2])
    lu.assertStrContains(words, "test_multiplicity.lua:")
    lu.assertStrContains(words, "multiplicity m: ")
  end
  multiplicities.list = {}
  endpoints.list[1].definition.adjust = "Holm"
  multiplicity "m" { "holm", endpoints.list[1].id }
  lu.assertStrContains(shared.message(check), "has adjust of its own, and no "
    .. "P-value is adjusted twice: leave adjust out of the endpoint and enter here "
    .. "each result that is claimed, such as \"")
end

os.exit(lu.LuaUnit.run())
