-- The largest t of several comparisons and visits in all assignments, against R,
-- and what must hold of it.
local lu = require "luaunit"
local NA = require "ts.na".NA
local reference = require "tests.lua.reference"

local near, refuses = reference.near, reference.refuses

local small = read "tests/data/max_t.csv"
local pairs_of = { "L vs P", "H vs P", "H vs L" }

local function with(opt, more)
  local out = { table.unpack(pairs_of) }
  for key, value in pairs(opt) do out[key] = value end
  for key, value in pairs(more or {}) do out[key] = value end
  return out
end

local whole = mmrm("Y ~ ARM * AVISIT", small)
local some = mmrm("Y ~ ARM * AVISIT", small:where "KEEP = 1 and ARM <> 'H'",
  { covariance = "cs" })

local function both(id)
  local opt = { permutations = "all", alternative = id == "greater"
    and "greater" or nil }
  local function of(adjust)
    local given = with(opt, { adjust = adjust })
    if id ~= "missing" then return whole:contrast(given) end
    return some:contrast { "L vs P", permutations = "all", adjust = adjust }
  end
  return of "max-T", of "max-T single-step"
end

-- gls stops where its likelihood is flat: t is good to 1e-6 there.
function test_reference()
  local n, models = 0, {}
  for line in io.lines "tests/reference/max_t.csv" do
    local id, visit, compare, t, p, step, single = line:match(
      "^(.-);(.-);(.-);(.-);(.-);(.-);(.-)$")
    models[id] = models[id] or { both(id) }
    for k, wanted in ipairs { step, single } do
      local frame, found = models[id][k], 0
      for row in frame:rows() do
        if row.AVISIT == visit and (row.compare or "L vs P") == compare then
          found = found + 1
          near(row.statistic, tonumber(t), id == "missing" and 1e-6 or 1e-9, line)
          near(row.p_permuted, tonumber(p), 1e-14, line)
          near(row.p_adjusted, tonumber(wanted), 1e-14, line)
        end
      end
      lu.assertEquals(found, 1, line)
    end
    n = n + 1
  end
  lu.assertEquals(n, 14)
end

local alc = demo.adlb:where { PARAMCD = "ALC" }:where "AVISITN > 1"
local m = mmrm("log(AVAL) ~ log(BASE) * AVISIT + TRT01P * AVISIT", alc)
local doses = { "CYT107 LF vs Placebo", "CYT107 HF vs Placebo" }

local function drawn(model, entries, more)
  local given = { table.unpack(entries) }
  for key, value in pairs { permutations = 99, seed = 3, adjust = "max-T" } do
    given[key] = value
  end
  for key, value in pairs(more or {}) do given[key] = value end
  return model:contrast(given)
end

local function at(frame, visit, compare)
  for row in frame:rows() do
    if row.AVISIT == visit and row.compare == compare then return row end
  end
end

-- P alone <= step-down <= single step, in the order of t; the order of what is
-- compared and of the rows, and the unit, are nothing.
function test_order()
  local down, once = drawn(m, doses), drawn(m, doses,
    { adjust = "max-T single-step" })
  local rows = {}
  for row in down:rows() do
    local other = at(once, row.AVISIT, row.compare)
    lu.assertTrue(row.p_permuted <= row.p_adjusted)
    lu.assertTrue(row.p_adjusted <= other.p_adjusted)
    rows[#rows + 1] = row
  end
  table.sort(rows, function(a, b)
    return math.abs(a.statistic) > math.abs(b.statistic)
  end)
  for i = 2, #rows do
    lu.assertTrue(rows[i - 1].p_adjusted <= rows[i].p_adjusted)
  end
  lu.assertEquals(rows[1].p_adjusted,
    at(once, rows[1].AVISIT, rows[1].compare).p_adjusted)
  local turned = drawn(m, { doses[2], doses[1] })
  local scaled = drawn(mmrm("Z ~ log(BASE) * AVISIT + TRT01P * AVISIT",
    alc:mutate "Z = 7 - 1e5 * ln(AVAL)"), doses)
  for row in down:rows() do
    for _, other in ipairs { turned, scaled } do
      local same = at(other, row.AVISIT, row.compare)
      lu.assertEquals(same.p_adjusted, row.p_adjusted)
      lu.assertEquals(same.p_permuted, row.p_permuted)
    end
  end
end

-- Alone a comparison is not adjusted; said twice it is still one.
function test_family_of_one()
  local opt = { at = { AVISIT = "Day 15" } }
  local one = m:contrast({ doses[1], permutations = 99, seed = 3,
    adjust = "max-T" }, opt)
  lu.assertEquals(one.p_adjusted, one.p_permuted)
  local plain = m:contrast({ doses[1], permutations = 99, seed = 3 }, opt)
  lu.assertEquals(plain.p_permuted, one.p_permuted)
  local twice = m:contrast({ doses[1], doses[1], permutations = 99, seed = 3,
    adjust = "max-T" }, opt)
  for i = 1, 2 do lu.assertEquals(twice.p_adjusted[i], one.p_permuted) end
  -- what is opposite has the same size
  local trend = m:contrast({ doses[1], { "opposite", Placebo = 1,
    ["CYT107 LF"] = -1 }, permutations = 99, seed = 3, adjust = "max-T" }, opt)
  for i = 1, 2 do lu.assertEquals(trend.p_adjusted[i], one.p_permuted) end
end

-- What cannot be estimated is no part of the family.
function test_visit_without_an_arm()
  local d = alc:where "not (AVISITN = 15 and TRT01P = 'CYT107 LF')"
  local c = drawn(mmrm("log(AVAL) ~ log(BASE) + TRT01P * AVISIT", d,
    { covariance = "cs" }), doses, { permutations = 19 })
  lu.assertEquals(at(c, "Day 15", doses[1]).p_adjusted, NA)
  lu.assertTrue(at(c, "Day 15", doses[2]).p_adjusted <= 1)
end

-- Random draws come near all assignments: within four of their errors.
function test_draws()
  local l = lm("Y ~ ARM", small:where { AVISIT = "V1" })
  local all = l:contrast(with { permutations = "all", adjust = "max-T" })
  local few = l:contrast(with { permutations = 4000, seed = 8, adjust = "max-T" })
  for i = 1, 3 do
    local p = all.p_adjusted[i]
    lu.assertAlmostEquals(few.p_adjusted[i], p,
      4 * math.sqrt(p * (1 - p) / 4000) + 1 / 4000)
  end
  -- strata: two subjects of each arm stay together
  local s = small:where { AVISIT = "V1" }:mutate
    "S = case when USUBJID in ('S1', 'S2', 'S3') then 1 else 2 end"
  local within = lm("Y ~ ARM", s):contrast { "H vs P", permutations = "all",
    strata = "S" }
  lu.assertStrContains(tostring(within), "all 12 permutations of ARM within S")
end

-- P is there, whatever has no room beside it.
function test_print()
  local text = tostring(drawn(m, doses))
  lu.assertStrContains(text, "P adjusted\n")
  lu.assertStrContains(tostring(m:contrast { doses[1], doses[2],
    permutations = 9 }), "P permuted\n")
  lu.assertStrContains(text, "P adjusted by the largest t of permutations, "
    .. "step-down, over all 6; CI not adjusted")
  lu.assertStrContains(text, "99 permutations of TRT01P among subjects, seed 3")
end

function test_calls()
  refuses('adjust = "max-T" is by permutations: permutations = 1999', m.contrast,
    m, { adjust = "max-T" })
  refuses("nearest: max-T", m.contrast, m, { adjust = "max-G" })
  refuses("seed is for permutations", m.contrast, m, { seed = 1 })
  refuses("strata is for permutations", m.contrast, m, { strata = "SITE" })
  refuses("joint is one test: it takes no permutations", m.contrast, m,
    { joint = true, permutations = 9 })
  refuses("joint is one test: it takes no adjust", m.contrast, m,
    { joint = true, adjust = "Holm" })
  refuses("nearest: all", m.contrast, m, { permutations = "alle" })
  refuses("permutations is a number, an integer is needed", m.contrast, m,
    { permutations = 1.5 })
  refuses("assignments; all of 100000 are the most, permutations = 9999",
    m.contrast, m, { permutations = "all", adjust = "max-T" })
end

os.exit(lu.LuaUnit.run())
