-- The edge battery for repeated measures and mixed models: awkward trials by all
-- covariances, degrees of freedom and variances. Each fit gives numbers that can
-- be, or an error of the sentence that belongs to the set.
local lu = require "luaunit"
local NA = require "ts.na".NA
local errors = require "ts.error"

-- Sets -------------------------------------------------------------------------

-- n subjects in two arms at q visits; opt: y(subject, visit, arm, u, e) of
-- noise, keep and repeated (of the same): which records are there, and twice.
local function made(n, q, opt)
  opt = opt or {}
  local seed, d = 7, { USUBJID = {}, AVISIT = {}, ARM = {}, Y = {}, T = {},
    R = {} }
  local function uniform()
    seed = seed * 16807 % 2147483647
    return seed / 2147483647
  end
  local function add(i, v, arm, y)
    local k = #d.Y + 1
    d.USUBJID[k], d.AVISIT[k] = ("S%02d"):format(i), ("V%02d"):format(v)
    d.ARM[k], d.T[k], d.Y[k] = arm, v, y
    d.R[k] = "R" .. (i * i + 3 * v) % 5
  end
  for i = 1, n do
    local u, arm = uniform() * 4 - 2, i % 2 == 0 and "A" or "B"
    for v = 1, q do
      local e = uniform() * 4 - 2
      local y = opt.y and opt.y(i, v, arm, u, e) or u + 0.3 * v + e
      if not opt.keep or opt.keep(i, v, arm) then
        add(i, v, arm, y)
        if opt.twice and opt.twice(i, v) then add(i, v, arm, y + 1) end
      end
    end
  end
  return d
end

local function turned(d) -- rows from the last to the first, visits of all mixed
  local out, n = {}, #d.Y
  for name, list in pairs(d) do
    out[name] = {}
    for k = 1, n do out[name][k] = list[k * 37 % n + 1] end
  end
  return out
end

local few_rows = "as many coefficients as rows"
local singular = "becomes singular"
local no_bound = "the correlation over time goes to 0"

-- What may be said, beside a fit, of mmrm and of lmm; "all": nothing is fitted.
local sets = {
  { "ordinary", made(20, 4), mmrm = {}, lmm = {} },
  { "visits out of order", turned(made(20, 4)), mmrm = {}, lmm = {} },
  { "a visit missing in one arm", made(20, 4, { keep = function(_, v, arm)
      return not (v == 3 and arm == "A") end }), mmrm = {}, lmm = {} },
  { "a visit of one subject", made(20, 4, { keep = function(i, v)
      return v < 4 or i == 3 end }),
    mmrm = { "the values of V04 are fitted exactly", no_bound, singular },
    lmm = {} },
  { "one subject per arm", made(2, 4), mmrm = { few_rows, all = true },
    lmm = { few_rows, all = true } },
  { "one subject per arm, few coefficients", made(2, 8),
    formula = "Y ~ ARM + T",
    mmrm = { "covariance parameters, and 13 rows more", singular, no_bound,
      "2 subjects do not determine", "no optimum", "are fitted exactly" },
    lmm = { "the fixed effects already fit (Intercept) at each level" } },
  { "two subjects", made(2, 6), formula = "Y ~ T",
    mmrm = { "covariance parameters, and 10 rows more", singular, no_bound },
    lmm = {} },
  { "all values equal", made(20, 4, { y = function() return 3 end }),
    mmrm = { "the response is the same in all rows", all = true },
    lmm = { "the response is the same in all rows", all = true } },
  { "a perfect fit", made(20, 4, { y = function(_, v, arm)
      return v + (arm == "A" and 1 or 0) end }),
    mmrm = { "the fit is perfect", all = true },
    lmm = { "the fit is perfect", all = true } },
  { "lines of subjects, without noise", made(20, 4, { y = function(_, v, _, u)
      return u * v end }),
    mmrm = { singular, "no optimum" }, lmm = { singular, "no optimum" } },
  { "one visit", made(20, 1), formula = "Y ~ ARM", mmrm = {},
    lmm = { "each row has a level of USUBJID of its own", all = true } },
  { "a record of each subject", made(24, 4, { keep = function(i, v)
      return v == i % 4 + 1 end }),
    mmrm = { "no subject has two rows", all = true },
    lmm = { "each row has a level of USUBJID of its own", all = true } },
  { "duplicated visits", made(20, 4, { twice = function(i, v)
      return i == 4 and v == 2 end }),
    mmrm = { "S04 has V02 twice, in rows 14 and 15",
      "S04 has T 2 twice, in rows 14 and 15", all = true }, lmm = {} },
  { "no variation in an arm", made(20, 4, { y = function(_, _, arm, u, e)
      return arm == "A" and 1 or u + e end }), mmrm = {}, lmm = {} },
  { "no variation at a visit", made(20, 4, { y = function(_, v, _, u, e)
      return v == 2 and 5 or u + e end }),
    mmrm = { "the values of V02 are fitted exactly", no_bound, singular },
    lmm = {} },
  { "no correlation", made(20, 4, { y = function(_, _, _, _, e) return e end }),
    mmrm = { no_bound }, lmm = {} },
  { "huge and tiny", made(20, 4, { y = function(_, _, _, u, e)
      return (u + e) * 1e-160 end }), mmrm = {}, lmm = {} },
  { "far from 0", made(20, 4, { y = function(_, _, _, u, e)
      return 1e9 + u + e end }), mmrm = {}, lmm = {} },
  { "forty visits", made(30, 40), formula = "Y ~ ARM + T",
    mmrm = { "30 subjects do not determine an unstructured" }, lmm = {} },
  { "an outlier", made(20, 4, { y = function(i, v, _, u, e)
      return i == 5 and v == 2 and 1e6 or u + e end }),
    mmrm = { no_bound, singular, "no optimum after" }, lmm = {} },
}

local structures = { "un", "cs", "csh", "ar1", "ar1h", "toep", "toeph",
  "ante1", "sp_pow", "sp_exp" }
local random = { "~ 1", "~ T", { "~ 1 | USUBJID", "~ 1 | R" },
  { "~ T", "~ 1 | R" } }
local ways = { { df = "Satterthwaite" }, { df = "Kenward-Roger" },
  { df = "Kenward-Roger linear" }, { df = "between-within" },
  { df = "residual" }, { method = "ML" }, { vcov = "CR0" }, { vcov = "CR2" },
  { vcov = "CR3" } }

-- What a way of testing may say of any set.
local of_ways = { "CR3 is not defined", "levels of random effects join all rows",
  "between-within degrees of freedom are for random effects of subjects" }

-- Checks -----------------------------------------------------------------------

local function number(x, what)
  lu.assertTrue(x == NA or type(x) == "number" and x == x, what)
end

-- A row of coefficients, means or contrasts.
local function check_row(row, what)
  for _, field in ipairs { "estimate", "std_error", "df", "conf_low",
    "conf_high" } do
    number(row[field], ("%s: %s is %s"):format(what, field,
      tostring(row[field])))
  end
  local se = row.std_error
  lu.assertTrue(se == NA or se >= 0 and se < math.huge, what)
  if row.conf_low ~= NA then
    lu.assertTrue(row.df > 0 and se > 0, what .. ": an error or df of 0")
    lu.assertTrue(row.conf_low <= row.estimate
      and row.estimate <= row.conf_high, what)
  end
end

local function check_arms(m, what)
  for row in m:means("ARM", { by = false }):rows() do check_row(row, what) end
  local c = m:contrast("B vs A", { by = false })
  number(c:get "p_value", what)
  return tostring(c)
end

local function check_model(m, what)
  lu.assertTrue(m.gradient < 1e-6, what)
  lu.assertTrue(math.abs(m.neg2_log_lik) < math.huge, what)
  local known = 0
  for row in m:tidy():rows() do
    check_row(row, what)
    number(row.statistic, what)
    if row.p_value ~= NA then
      known = known + 1
      lu.assertTrue(row.p_value >= 0 and row.p_value <= 1, what)
    end
  end
  lu.assertTrue(known > 0 or m:get "note" ~= NA, what .. ": no P and no word")
  for row in m:parameters():rows() do
    number(row.estimate, what)
    number(row.std_error, what)
  end
  for row in m:anova():rows() do number(row.p_value, what) end
  local arms = m.formula:find "ARM" and check_arms(m, what) or ""
  for _, text in ipairs { tostring(m), arms } do
    lu.assertNil(text:lower():find "%f[%a]nan%f[%A]", what .. "\n" .. text)
    lu.assertNil(text:find "%-?%f[%a]inf%f[%A]", what .. "\n" .. text)
  end
end

local function is_said(message, lists)
  for _, list in ipairs(lists) do
    for _, words in ipairs(list) do
      if message:find(words, 1, true) then return true end
    end
  end
end

local counts = { fits = 0, refused = 0 }

local function try(who, set, fit, opt, what)
  for key, value in pairs(opt) do
    what = ("%s %s = %s"):format(what, key, tostring(value))
  end
  local ok, m = pcall(fit, set.formula or "Y ~ ARM * AVISIT", set[2], opt)
  if ok then
    lu.assertNil(set[who].all, what .. ": fitted")
    check_model(m, what)
    counts.fits = counts.fits + 1
    return true
  end
  lu.assertTrue(errors.is(m), what .. ": " .. tostring(m))
  lu.assertTrue(is_said(m.message, { set[who], next(opt) and of_ways or {} }),
    what .. ": " .. m.message)
  counts.refused = counts.refused + 1
  return false
end

-- TRIALSH_LONG tries all ways, else the first and in turn one of the others.
local long, turn = os.getenv "TRIALSH_LONG", 0
local function ways_of()
  if long then return ways end
  turn = turn % (#ways - 1) + 1
  return { ways[1], ways[1 + turn] }
end

local function with(base, way)
  local out = {}
  for _, list in ipairs { base, way } do
    for key, value in pairs(list) do out[key] = value end
  end
  return out
end

function test_mmrm()
  for _, set in ipairs(sets) do
    for _, structure in ipairs(structures) do
      local base = { covariance = structure, time = "T" }
      local what = ("%s, %s"):format(set[1], structure)
      -- one way is enough where nothing is fitted
      for i, way in ipairs(ways_of()) do
        if not try("mmrm", set, mmrm, with(base, way), what) and i == 1 then
          break
        end
      end
    end
  end
end

function test_lmm()
  for _, set in ipairs(sets) do
    for k, effects in ipairs(random) do
      local what = ("%s, random %d"):format(set[1], k)
      for i, way in ipairs(ways_of()) do
        if not try("lmm", set, lmm, with({ random = effects }, way), what)
          and i == 1 then break end
      end
    end
  end
end

function test_z_counts()
  lu.assertTrue(counts.fits > 250, counts.fits .. " fits")
  lu.assertTrue(counts.refused > 80, counts.refused .. " refused")
end

os.exit(lu.LuaUnit.run())
