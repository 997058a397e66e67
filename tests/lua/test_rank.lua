-- Rank tests from formulas and arrays: R's values (tests/reference/rank.R),
-- what is compared with what, what is left out, and data that cannot be tested.
local lu = require "luaunit"
local ref = require "tests.lua.reference"
local near, refuses = ref.near, ref.refuses

local function lines(file)
  local out = {}
  for line in io.lines("tests/reference/" .. file) do out[#out + 1] = line end
  table.remove(out, 1)
  return out
end

-- set -> { value = {...}, group = {...}, stratum = {...} }
local sets = {}
for _, line in ipairs(lines "rank_data.csv") do
  local set, group, stratum, value = line:match "^(%w+),(%d+),(%d+),(.*)$"
  local s = sets[set] or { value = {}, group = {}, stratum = {} }
  sets[set] = s
  local n = #s.value + 1
  s.value[n], s.group[n], s.stratum[n] = tonumber(value), tonumber(group),
    tonumber(stratum)
end

-- set -> test -> quantity -> number
local wanted = {}
for _, line in ipairs(lines "rank.csv") do
  local set, test, quantity, value = line:match "^(%w+),([%w_]+),(.*),(.-)$"
  wanted[set] = wanted[set] or {}
  wanted[set][test] = wanted[set][test] or {}
  wanted[set][test][quantity] = tonumber(value)
end

TestRank = {}

function TestRank.test_wilcoxon_against_r()
  for _, name in ipairs { "sleep", "sprays", "ozone" } do
    local s, w = sets[name], wanted[name].wilcoxon
    local function test(opt)
      return wilcoxon("value ~ group", s, opt)
    end
    local r = test()
    lu.assertEquals(r.compare, "1 vs 0")
    near(r.statistic, w.U)
    near(r.estimate, w.shift, 1e-12)
    near(test({ two_sided = "absdev" }).p_value, w["absdev p"], 1e-10, name)
    local less = test({ alternative = "less" }).p_value
    local greater = test({ alternative = "greater" }).p_value
    near(less, w["exact p less"], 1e-9, name)
    near(greater, w["exact p greater"], 1e-9, name)
    near(r.p_value, math.min(1, 2 * less, 2 * greater), 1e-14)
    if w.conf_low then
      near(r.conf_low, w.conf_low, 1e-12)
      near(r.conf_high, w.conf_high, 1e-12)
    end
    near(test({ exact = false }).p_value, w["normal p"], 1e-12)
    near(test({ exact = false, continuity = false }).p_value, w["plain p"], 1e-12)
    for _, alternative in ipairs { "less", "greater" } do
      near(test({ exact = false, alternative = alternative }).p_value,
        w["normal p " .. alternative], 1e-11)
    end
  end
end

function TestRank.test_wilcoxon_untied()
  local w = wanted.untied.wilcoxon
  local x = { 0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46 }
  local y = { 1.15, 0.88, 0.90, 0.74, 1.21 }
  local r = wilcoxon(x, y)
  near(r.p_value, w.p)
  near(r.conf_low, w.conf_low, 1e-14)
  near(r.conf_high, w.conf_high, 1e-14)
  lu.assertEquals(r.conf_low, -0.15) -- decimals stay decimals
  near(r.superiority, 0.7)
  local g = wilcoxon(x, y, { alternative = "greater", conf_level = 0.9 })
  near(g.p_value, w["greater p"])
  near(g.conf_low, w["greater conf_low"], 1e-14)
  lu.assertEquals(g.conf_high, math.huge)
end

function TestRank.test_signed_rank_against_r()
  for _, name in ipairs { "pairs", "zeros", "temperature" } do
    local x, w = sets[name].value, wanted[name].signed_rank
    local r = signed_rank(x)
    near(r.statistic, w.V)
    near(r.p_value, w["exact p"], 1e-12)
    near(r.p_value, w["exact p Wilcoxon"], 1e-12)
    near(r.estimate, w.pseudomedian, 1e-12)
    near(signed_rank(x, { zeros = "pratt" }).p_value, w["exact p Pratt"], 1e-12)
    near(signed_rank(x, { exact = false }).p_value, w["normal p"], 1e-12)
    near(signed_rank(x, { exact = false, continuity = false }).p_value,
      w["plain p"], 1e-12)
    near(signed_rank(x, { exact = false, continuity = false,
      zeros = "pratt" }).p_value, w["plain p Pratt"], 1e-11)
    near(sign_test(x).p_value, wanted[name].sign_test.p, 1e-12)
  end
end

function TestRank.test_pairs_are_differences()
  local a = { 1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, NA }
  local b = { 0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0, 2 }
  local r = signed_rank(a, b)
  local f = signed_rank("A - B ~ 1", { A = a, B = b })
  lu.assertEquals({ r.p_value, r.estimate, r.conf_low, r.conf_high },
    { f.p_value, f.estimate, f.conf_low, f.conf_high })
  lu.assertEquals({ r.n, r.n_1, r.n_2, r.n_missing }, { 9, 9, 9, 1 })
  lu.assertEquals({ f.n, f.n_1, f.n_missing, f.compare }, { 9, NA, 1, NA })
  lu.assertEquals(r.compare, "a vs b")
  lu.assertEquals(r.n_zero, 1)
  lu.assertStrContains(tostring(r), "1 pair left out")
  lu.assertEquals(sign_test(a, b).p_value, sign_test("A - B ~ 1",
    { A = a, B = b }).p_value)
end

function TestRank.test_groups_against_r()
  for _, name in ipairs { "growth", "three", "doses", "shoots" } do
    local s, w = sets[name], wanted[name]
    local r = kruskal("value ~ group", s)
    near(r.statistic, w.kruskal.H, 1e-12)
    lu.assertEquals(r.df, 2)
    near(kruskal("value ~ group", s, { exact = false }).p_value,
      w.kruskal["chi-square p"], 1e-12)
    if w.kruskal["exact p"] then
      near(r.p_value, w.kruskal["exact p"], 1e-10)
      lu.assertStrContains(r.method, "exact")
    end
    if w.kruskal.p_smallest then
      near(r.p_smallest, w.kruskal.p_smallest, 1e-10)
    end
    local j = jonckheere("value ~ group", s, { exact = false })
    near(j.statistic, w.jonckheere.J)
    near(j.p_value, w.jonckheere["normal p"], 1e-12)
  end
  local v = van_elteren("value ~ group + strata(stratum)", sets.warps,
    { exact = false })
  near(v.z, wanted.warps.van_elteren.z)
  near(v.p_value, wanted.warps.van_elteren["normal p"])
  lu.assertEquals({ v.n_1, v.n_2, v.n_stratum, v.compare },
    { 27, 27, 3, "1 vs 0" })
  near(van_elteren("value ~ group + strata(stratum)", sets.warps,
    { compare = "0 vs 1", exact = false }).z, -v.z, 1e-14)
end

function TestRank.test_group_fields()
  local r = kruskal({ { 1, 2, NA }, { 3, 4 }, { NA }, { 5, 6, 7 } })
  lu.assertEquals({ r.n, r.n_missing, r.df }, { 7, 2, 2 })
  lu.assertStrContains(r.note, "no values in 3")
  local t = r:tidy()
  lu.assertEquals({ #t, t.n[1], t.median[3], t.mean_rank[3] }, { 3, 2, 6, 6 })
  lu.assertEquals(r:glance().p_value[1], r.p_value)
  -- level order, not order of the rows; the trend turns with it
  local frame = require "trialsh.data".wrap(require "ts.frame".build(
    { "y", "g" }, { { 1, 2, 3, 4, 5, 6 }, { "b", "b", "a", "a", "c", "c" } },
    { g = { "a", "b", "c" } }))
  local j = jonckheere("y ~ g", frame)
  lu.assertEquals(j.statistic, 8)
  lu.assertEquals(j:tidy().g[1], "a")
end

function TestRank.test_print()
  local r = wilcoxon({ 1.2, 0.8, 1.9, 2.4 }, { 0.4, 0.3, 0.8 })
  local text = tostring(r)
  lu.assertStrContains(text, "smallest P that 4 + 3 can give: 0.057")
  lu.assertStrContains(text, "CI -Inf to Inf")
  lu.assertStrContains(r.note, "too few values for a limit on either side")
  lu.assertStrContains(tostring(wilcoxon({ 1, 2, 3 }, { 4, 5 },
    { two_sided = "absdev" })), "exact (absdev), two-sided")
  lu.assertStrContains(tostring(wilcoxon({ 1, 2, 3 }, { 4, 5 },
    { alternative = "less" })), "one-sided (less)")
end

-- A limit that the test rejects: all of a against b shifted by it.
function TestRank.test_open_limit()
  local x, y = { 4, 5, 6, 7, 8 }, { 0, 1, 2, 3, 4 }
  local r = wilcoxon(x, y, { mu = 1 })
  lu.assertEquals(r.conf_low, 1)
  near(r.p_value, 2 * 5 / 252)
  lu.assertStrContains(r.note, "the interval ends at 1 without it")
end

function TestRank.test_zeros_and_notes()
  local r = signed_rank { 0, 0, 1, -1, 2, 2, -3, 4, 5, 0, 6, -2, 7 }
  lu.assertStrContains(r.note, "3 values of 0 left out before ranking")
  r = signed_rank({ 0, 0, 1, 5 }, { zeros = "pratt" })
  lu.assertStrContains(r.note, "2 values of 0 left out after ranking (Pratt)")
  r = sign_test({ 2, 2, 3, 5 }, { mu = 2 })
  lu.assertStrContains(r.note, "2 values of 2 left out of the test")
  lu.assertEquals(r.statistic, 2)
end

function TestRank.test_what_cannot_be_asked()
  local d = { y = { 1, 2, 3, 4 }, g = { "a", "b", "a", "b" },
    t = { "u", "v", "u", "v" }, s = { 1, 1, 2, 2 } }
  refuses("signed_rank takes one", wilcoxon, { 1, 2 })
  refuses("signed_rank takes one sample", wilcoxon, "y ~ 1", d)
  refuses("wilcoxon compares groups", signed_rank, "y ~ g", d)
  refuses("arrays are a vs b", wilcoxon, { 1 }, { 2 }, { compare = "a vs b" })
  refuses("wilcoxon has no option exat; nearest: exact", wilcoxon, { 1 },
    { 2 }, { exat = true })
  refuses("two_sided = \"minlike\" is none of central, absdev", wilcoxon,
    { 1 }, { 2 }, { two_sided = "minlike" })
  refuses("zeros = \"prat\"", signed_rank, { 1 }, { zeros = "prat" })
  refuses("has no strata()", wilcoxon, "y ~ g + strata(s)", d)
  refuses("t is text, numbers are needed", kruskal, "t ~ g", d)
  refuses("the groups of one variable", kruskal, "y ~ g + t", d)
  refuses("the groups of one variable", jonckheere, "y ~ 1", d)
  refuses("a formula, \"y ~ group\", or a list of arrays", kruskal, { 1, 2 })
  refuses("is not \"y ~ group + strata(SITE)\"", van_elteren, "y ~ g", d)
  refuses("the formula is text", van_elteren, { 1 }, { 2 })
  refuses("no column z", van_elteren, "y ~ g + strata(z)", d)
  refuses("more than 2e+09 steps", wilcoxon, sets.ozone.value, (function()
    local many = {}
    for i = 1, 3000 do many[i] = math.sin(i) end
    return many
  end)(), { exact = true })
end

function TestRank.test_degenerate()
  refuses("a has no values (1 missing)", wilcoxon, { NA }, { 1 })
  refuses("the sample has no values", signed_rank, {})
  refuses("the sample has no values (2 missing)", sign_test, { NA, NA })
  refuses("two groups with values are needed, group has only 1", kruskal,
    { { 1, 2 }, { NA } })
  refuses("two groups with values are needed, g has only a", jonckheere,
    "y ~ g", { y = { 1, 2, NA }, g = { "a", "a", "b" } })
  refuses("no stratum has both groups", van_elteren, "y ~ g + strata(s)",
    { y = { 1, 2, 3 }, g = { "a", "b", "a" }, s = { 1, 2, 3 } })
  refuses("infinite", wilcoxon, { 1, math.huge }, { 1 })
  local r = kruskal { { 3, 3 }, { 3, 3 } }
  lu.assertEquals({ r.p_value, r.statistic }, { 1, 0 })
  lu.assertStrContains(r.note, "all values are equal")
  r = wilcoxon({ 5 }, { 5 })
  lu.assertEquals({ r.p_value, r.estimate }, { 1, 0 })
  r = signed_rank { 0, 0 }
  lu.assertStrContains(r.note, "all values are 0: P is 1")
  r = van_elteren("y ~ g + strata(s)", { y = { 1, 2, 3 },
    g = { "a", "b", "a" }, s = { 1, 1, 3 } })
  lu.assertStrContains(r.note, "1 stratum of 2 lacks one of the groups")
end

function TestRank.test_simulated()
  lu.assertStrContains(tostring(wilcoxon("AGE ~ SEX", demo.adsl)),
    "SIMULATED DATA")
  lu.assertStrContains(tostring(kruskal("AGE ~ TRT01P", demo.adsl):tidy()),
    "SIMULATED DATA")
end

os.exit(lu.LuaUnit.run())
