-- Values below limits by their order: peto_prentice() and describe() against R
-- (tests/reference/nondetect.R), what they are without a limit, and degenerate data.
local lu = require "luaunit"
local ref = require "tests.lua.reference"
local near, refuses = ref.near, ref.refuses

local sets, wanted = {}, {}
for line in io.lines "tests/reference/nondetect_data.csv" do
  local set, aval, below, arm = line:match "^(%w+),([%d.]+),(%d),(%w)$"
  if set then
    local t = sets[set] or { AVAL = {}, BLQFL = {}, ARM = {} }
    sets[set] = t
    local i = #t.AVAL + 1
    t.AVAL[i], t.ARM[i] = tonumber(aval), arm
    t.BLQFL[i] = below == "1" and "Y" or "N"
  end
end
for line in io.lines "tests/reference/nondetect.csv" do
  local set, what, group, value = line:match "^(%w+),([%w_]+),(%w*),(.+)$"
  if set ~= "set" then
    wanted[#wanted + 1] = { set = set, what = what, group = group,
      value = tonumber(value) or NA }
  end
end

TestNondetect = {}

local weights_of = { pp = "Peto-Prentice", PP = "Peto-Prentice",
  fh = "Fleming-Harrington", FH = "Fleming-Harrington" }

-- One number of R beside ours; returns the test it was found by.
local function against(w, kind, what, formula, data)
  local name, two = w.set .. " " .. w.what, w.set ~= "three"
  local opt = { weights = weights_of[kind], compare = two and "A vs B" or nil }
  if what == "greater" or what == "less" then opt.alternative = what end
  local r = peto_prentice(formula, data, opt)
  if what == "chisq" then
    near(r.statistic, w.value, 1e-11, name)
    if two then near(r.z ^ 2, w.value, 1e-11, name) end
  elseif what == "p" then
    near(r.p_asymptotic, w.value, 1e-11, name)
  elseif what == "score" then
    local t = r:tidy()
    for i = 1, #t do
      if t.ARM[i] == "A" then
        lu.assertAlmostEquals(t.observed[i] - t.expected[i], w.value, 1e-12, name)
      end
    end
  elseif what == "smallest" then
    near(r.p_smallest, w.value, 1e-12, name)
  else
    lu.assertTrue(r.exact, name)
    near(r.p_value, w.value, 1e-12, name)
  end
  return r
end

function TestNondetect.test_peto_prentice_against_R()
  local n = 0
  for _, w in ipairs(wanted) do
    local kind, what = w.what:match "^(%a%a)_(%a+)$" -- no strata
    if weights_of[kind] then
      against(w, kind, what, "AVAL ~ ARM", sets[w.set])
      n = n + 1
    end
  end
  lu.assertTrue(n > 60, n)
end

-- Within strata, as in the R script: pairs of rows in turn.
local function with_strata(data)
  local out = { S = {} }
  for name, list in pairs(data) do out[name] = list end
  for i = 1, #data.AVAL do out.S[i] = "s" .. (i - 1) // 2 % 3 end
  return out
end

function TestNondetect.test_strata_against_R()
  local n = 0
  for _, w in ipairs(wanted) do
    local kind, what = w.what:match "^s(%a%a)_(%a+)$"
    if kind then
      local r = against(w, kind, what, "AVAL ~ ARM + strata(S)", with_strata(sets[w.set]))
      lu.assertStrContains(r.method, "stratified by S")
      n = n + 1
    end
  end
  lu.assertTrue(n >= 50, n)
end

-- One stratum is none; each subject its own stratum, or one arm alone, says
-- nothing; and the sum over strata does not depend on their order.
function TestNondetect.test_strata()
  local data = with_strata(sets.mixed)
  local function of(f)
    for i = 1, #data.AVAL do data.S[i] = f(i) end
    return peto_prentice("AVAL ~ ARM + strata(S)", data, { compare = "A vs B" })
  end
  local one, none = of(function() return "x" end), peto_prentice("AVAL ~ ARM",
    data, { compare = "A vs B" })
  for _, field in ipairs { "statistic", "z", "p_value", "p_smallest" } do
    near(one[field], none[field], 1e-12, field)
  end
  local a = of(function(i) return "s" .. i // 2 % 3 end)
  local b = of(function(i) return "s" .. (5 - i // 2 % 3) end)
  near(a.p_value, b.p_value, 1e-12)
  local r = of(function(i) return i end)
  lu.assertEquals({ r.p_value, r.df, r.exact }, { 1, 0, true })
  lu.assertStrContains(r.note, "no value is larger than another of its stratum")
  r = of(function(i) return i < 5 and data.ARM[i] or "x" end)
  lu.assertStrContains(r.note, "with measured values but one group only say nothing")
  -- beyond what can be listed: the normal test, and that of all as one stratum
  data = with_strata(sets.large)
  r = peto_prentice("AVAL ~ ARM + strata(S)", data)
  lu.assertFalse(r.exact)
  near(r.p_value, r.p_asymptotic)
  refuses("the exact distribution needs more", peto_prentice,
    "AVAL ~ ARM + strata(S)", data, { exact = true })
  data.S[3] = NA
  lu.assertEquals(peto_prentice("AVAL ~ ARM + strata(S)", data).n, 199)
end

-- An endpoint's formula takes them, and scores of re-randomisation are those of
-- the test: what an arm has of them is observed less expected.
function TestNondetect.test_strata_of_endpoints()
  lu.assertEquals(require "trialsh.analysis".find "peto_prentice".strata,
    "formula")
  local t = with_strata(sets.mixed)
  local frame = require "ts.frame".build({ "AVAL", "BLQFL", "S" }, { t.AVAL,
    t.BLQFL, t.S })
  local keep, data = {}, { n = #t.AVAL, frame = frame }
  function data.column(name) return t[name] end
  for i = 1, data.n do keep[i] = true end
  local scores = require "trialsh.analysis.scores".peto_prentice(data, keep,
    "AVAL", { "S" }, { weights = "Peto-Prentice" })
  local sum, tidy = 0, peto_prentice("AVAL ~ ARM + strata(S)", t):tidy()
  for i, arm in ipairs(t.ARM) do sum = sum + (arm == "A" and scores[i] or 0) end
  for row in tidy:rows() do
    if row.ARM == "A" then near(row.observed - row.expected, sum, 1e-12) end
  end
end

function TestNondetect.test_descriptions_against_R()
  local n = 0
  for _, w in ipairs(wanted) do
    local data, name = sets[w.set], ("%s %s %s"):format(w.set, w.group, w.what)
    if w.group ~= "" and not w.what:find "score" and w.set ~= "none" then
      local g = describe("AVAL ~ ARM", data):group(w.group)
      local got = g[w.what]
      local geometric = w.what:find "^geo"
      if geometric and g.n_below >= 0.8 * g.n then
        lu.assertEquals(got, NA, name)
      elseif w.value == NA then
        lu.assertEquals(got, NA, name)
      else
        -- R's quantiles are differences from the largest value
        near(got, w.value, geometric and 1e-9 or 1e-13 * 500, name)
        n = n + 1
      end
    end
  end
  lu.assertTrue(n > 80, n)
end

-- Without a limit: exact tests of the same scores are Wilcoxon's in all but ties
-- and weights, and the description is the ordinary one.
function TestNondetect.test_without_limits()
  local data = sets.none
  local d = describe("AVAL ~ ARM", data)
  lu.assertEquals(d.method, "description")
  local near_it = {} -- one value below a limit under all others
  for name, list in pairs(data) do near_it[name] = table.move(list, 1, #list, 1,
    {}) end
  near_it.AVAL[13], near_it.BLQFL[13], near_it.ARM[13] = 0.01, "Y", "A"
  local r = peto_prentice("AVAL ~ ARM", near_it, { compare = "A vs B" })
  local w = wilcoxon("AVAL ~ ARM", near_it, { compare = "A vs B",
    two_sided = "absdev", blq = "limit" })
  lu.assertTrue(math.abs(r.p_value - w.p_value) < 0.05)
  -- largest of all in one group: the same P as any rank test
  local apart = { AVAL = { 1, 2, 3, 4, 5, 6, 7 }, BLQFL = {}, ARM = {} }
  for i = 1, 7 do
    apart.BLQFL[i], apart.ARM[i] = i == 1 and "Y" or "N", i < 4 and "B" or "A"
  end
  near(peto_prentice("AVAL ~ ARM", apart).p_value, 2 / 35, 1e-12)
end

-- A limit in one group alone beyond all values says nothing; order of rows and
-- rising transformations change nothing.
function TestNondetect.test_invariance()
  local data, other = sets.mixed, {}
  for name, list in pairs(data) do
    other[name] = {}
    for i = 1, #list do other[name][i] = list[#list + 1 - i] end
  end
  local a = peto_prentice("AVAL ~ ARM", data, { compare = "A vs B" })
  for i, x in ipairs(other.AVAL) do other.AVAL[i] = x ^ 3 end
  local b = peto_prentice("ln(AVAL) ~ ARM", other, { compare = "A vs B" })
  local c = peto_prentice("AVAL ~ ARM", data, { compare = "B vs A" })
  near(b.p_value, a.p_value)
  near(b.statistic, a.statistic)
  near(c.z, -a.z)
  near(c.p_value, a.p_value)
  local all = 0
  for _, side in ipairs { "less", "greater" } do
    all = all + peto_prentice("AVAL ~ ARM", data, { compare = "A vs B",
      alternative = side }).p_value
  end
  lu.assertTrue(all >= 1)
end

function TestNondetect.test_many_subjects()
  local r = peto_prentice("AVAL ~ ARM", sets.large)
  lu.assertFalse(r.exact)
  near(r.p_value, r.p_asymptotic)
  refuses("the exact distribution needs more", peto_prentice, "AVAL ~ ARM",
    sets.large, { exact = true })
  lu.assertFalse(peto_prentice("AVAL ~ ARM", sets.tiny,
    { exact = false }).exact)
end

local function data_of(values, flags, arms)
  local t = { AVAL = values, BLQFL = {}, ARM = {} }
  for flag in flags:gmatch "%a" do t.BLQFL[#t.BLQFL + 1] = flag end
  for arm in arms:gmatch "%a" do t.ARM[#t.ARM + 1] = arm end
  return t
end

function TestNondetect.test_degenerate_data()
  local none = data_of({ 3, 3, 5, 5 }, "YYYY", "AABB")
  local r = peto_prentice("AVAL ~ ARM", none)
  lu.assertEquals({ r.p_value, r.statistic, r.df }, { 1, 0, 0 })
  lu.assertStrContains(r.note, "all values are below their limit")
  local d = describe("AVAL ~ ARM", none)
  lu.assertEquals(d:tidy().median[1], NA)
  lu.assertStrContains(tostring(d), "<3")
  lu.assertStrContains(d.note, "no geometric mean where 80 %")
  -- one arm wholly below
  r = peto_prentice("AVAL ~ ARM", data_of({ 3, 3, 7, 9, 8, 5 }, "YYNNNY",
    "AABBBA"))
  lu.assertStrContains(r.note, "all values of A are below their limit")
  near(r.p_value, 0.1, 1e-12)
  -- one subject of each
  r = peto_prentice("AVAL ~ ARM", data_of({ 3, 4 }, "YN", "AB"))
  lu.assertEquals({ r.p_value, r.n }, { 1, 2 })
  -- all alike, and a value that is the limit of the others
  lu.assertEquals(peto_prentice("AVAL ~ ARM", data_of({ 3, 3, 3, 3 }, "NNNN",
    "AABB")).p_value, 1)
  r = peto_prentice("AVAL ~ ARM", data_of({ 3, 3, 3, 3 }, "NNYY", "AABB"))
  near(r.p_value, 1 / 3, 1e-12)
  -- one measured value has no spread
  d = describe("AVAL", data_of({ 3, 5, 5, 5 }, "YNNN", "AABB"))
  lu.assertEquals(d.max, 5)
  d = describe("AVAL", data_of({ 5, 5, 5, 5 }, "YNNN", "AABB"))
  lu.assertEquals(d.geomean, NA)
  lu.assertStrContains(d.note, "the values of all give no geometric mean")
end

function TestNondetect.test_mistakes()
  local data = data_of({ 3, 4, 6 }, "YNN", "ABC")
  refuses("neither BLQFL nor ALQFL", peto_prentice, "AVAL ~ ARM",
    { AVAL = { 1, 2 }, ARM = { "A", "B" } })
  refuses("is for two groups", peto_prentice, "AVAL ~ ARM", data,
    { exact = true })
  refuses("nearest: A", peto_prentice, "AVAL ~ ARM", data,
    { compare = "AA vs B" })
  refuses("compares groups", peto_prentice, "AVAL ~ 1", data)
  refuses("has only A", peto_prentice, "AVAL ~ ARM",
    data_of({ 3, 4 }, "YN", "AA"))
  refuses("data is missing", peto_prentice, "AVAL ~ ARM")
  refuses("the limits are not known", peto_prentice, "2 - AVAL ~ ARM", data)
  data.ALQFL = { "N", "N", "Y" }
  refuses("1 value above its limit (ALQFL); tobit takes both sides",
    peto_prentice, "AVAL ~ ARM", data)
  refuses("1 value above its limit", describe, "AVAL ~ ARM", data)
  refuses("no group D", function() return describe("AVAL ~ ARM",
    data_of({ 3, 4, 6 }, "YNN", "ABC")):group "D" end)
end

os.exit(lu.LuaUnit.run())
