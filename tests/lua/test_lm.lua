-- Linear models: R's values on several data sets, data at their limits, and
-- what changes nothing: order of rows, units, names and order of levels.
local lu = require "luaunit"
local ref = require "tests.lua.reference"
local sets = require "tests.lua.lm_sets"
local near, refuses = ref.near, ref.refuses

-- R's values of tests/reference/lm.R --------------------------------------

TestReference = {}

local function check(m, wanted, get, what)
  local count = 0
  for name, fields in pairs(wanted or {}) do
    for field, value in pairs(fields) do
      near(get(m, name)[field], value, 1e-9, ("%s: %s, %s"):format(what, name,
        field))
      count = count + 1
    end
  end
  return count
end

local function term(m, name) return m:term(name) end

local function of_anova(type)
  return function(m, name)
    local t = m:anova { type = type }
    for i = 1, #t do
      if t.term[i] == name then return t:row(i) end
    end
    lu.fail("no term " .. name)
  end
end

function TestReference.test_models()
  local values, count = sets.values(), 0
  for _, set in ipairs(sets.names()) do
    local v, m = values[set], sets.fit(set)
    count = count + check(m, v.term, term, set)
      + check(m, v.glance, function(model) return model end, set)
    for type = 1, 3 do
      count = count + check(m, v["type " .. type], of_anova(type), set .. " "
        .. type)
    end
    for _, kind in ipairs { "HC0", "HC1", "HC2", "HC3", "HC4", "HC4m", "HC5" } do
      if v[kind] then
        count = count + check(sets.fit(set, { vcov = kind }), v[kind], term,
          set .. " " .. kind)
      end
    end
    if v["type 3 HC3"] then
      count = count + check(sets.fit(set, { vcov = "HC3" }), v["type 3 HC3"],
        of_anova(3), set .. " HC3")
    end
    if v.rows then
      local rows, sums = m:augment(), {}
      for name in pairs(v.rows["-"]) do
        local column = rows[name]
        sums[name] = 0
        for i = 1, #column do sums[name] = sums[name] + column[i] * math.cos(i) end
      end
      check(m, v.rows, function() return sums end, set)
    end
  end
  lu.assertTrue(count > 900, count)
end

-- Data at their limits -------------------------------------------------------

local function small()
  return { y = { 3, 5, 2, 8, 7, NA, 6, 4 }, x = { 1, 2, 3, 4, 5, 6, 7, 8 },
    g = { "a", "b", "a", "b", "a", "b", "a", "b" },
    w = { 1, 2, 0, 1, 3, 1, 0, 1 }, empty = { NA, NA, NA, NA, NA, NA, NA, NA },
    one = { "u", "u", "u", "u", "u", "u", "u", "u" } }
end

TestLimits = {}

function TestLimits.test_as_many_coefficients_as_rows()
  local m = lm("y ~ x", { y = { 1, 3 }, x = { 0, 1 } })
  lu.assertEquals({ m:term "x".estimate, m:term "x".std_error, m.sigma },
    { 2, NA, NA })
  lu.assertEquals(m.df_residual, 0)
  lu.assertStrContains(m.note, "as many coefficients as rows")
  -- more coefficients than rows: the last have none
  m = lm("y ~ x + I(x^2)", { y = { 1, 3 }, x = { 0, 1 } })
  lu.assertEquals(m:term "I(x^2)".estimate, NA)
  lu.assertStrContains(m.note, "I(x^2) has no coefficient of its own: it is "
    .. "given by x")
end

function TestLimits.test_perfect_fit()
  local m = lm("y ~ x", { y = { 0.1, 0.2, 0.3, 0.4, 0.5 },
    x = { 1, 2, 3, 4, 5 } })
  near(m:term "x".estimate, 0.1, 1e-15)
  lu.assertEquals({ m.sigma, m:term "x".p_value, m.log_lik }, { 0, NA, NA })
  lu.assertStrContains(tostring(m), "the fit is perfect")
  m = lm("y ~ x", { y = { 7, 7, 7, 7 }, x = { 1, 2, 3, 4 } })
  lu.assertEquals({ m.sigma, m.r_squared, m:term "x".estimate }, { 0, NA, 0 })
  lu.assertStrContains(m.note, "the response is the same in all rows")
end

function TestLimits.test_refused()
  local d = small()
  local function no(formula, words, opt) refuses(words, lm, formula, d, opt) end
  no("y ~ one", "lm: one has only one level, u, in the rows used")
  no("y ~ empty", "lm: \"y ~ empty\" has no complete row; 8 rows left out: "
    .. "y missing in 1, empty missing in 8")
  no("g ~ x", "lm: g is text, numbers are needed")
  no("~ x", 'lm: "~ x" has no response; write "y ~ x"')
  no("y ~ q", "no column q")
  no("Surv(x, w) ~ g", "lm: Surv() is for times to events")
  no("y ~ x + strata(g)", "lm: strata() is for survival")
  no("y ~ x", "lm has no option weigths; nearest: weights", { weigths = "w" })
  no("y ~ x", "lm: the weight x - 3 is negative in row 1", { weights = "x - 3" })
  no("y ~ x", 'weights = "y ~ x" is a formula', { weights = "y ~ x" })
  no("y ~ x", "vcov = \"HC9\" is none of classical", { vcov = "HC9" })
  refuses("lm: data is missing", lm, "y ~ x")
  refuses("comes first, not a table", lm, d)
end

function TestLimits.test_weights()
  local m = lm("y ~ x", small(), { weights = "w" })
  lu.assertEquals({ m.n, m.n_missing }, { 5, 1 })
  lu.assertStrContains(m.note, "2 rows of weight 0 not used")
end

function TestLimits.test_aliased()
  local d = small()
  d.z, d.zero = {}, {}
  for i = 1, 8 do d.z[i], d.zero[i] = 3 * d.x[i] - 0.1, 0 end
  local m = lm("y ~ x + z + zero + g", d)
  lu.assertEquals({ m:term "z".estimate, m:term "zero".estimate }, { NA, NA })
  lu.assertStrContains(m.note, "z has no coefficient of its own: it is given by "
    .. "(Intercept), x; zero is 0 in all rows")
  near(m:term "x".estimate, lm("y ~ x + g", d):term "x".estimate, 1e-14)
  lu.assertEquals(m.rank, 3)
  -- the reason is told where the number is missing
  lu.assertStrContains(m:term "z".note, "it is given by")
end

-- What cannot be told from a constant in 7 digits, R gives up; not we.
function TestLimits.test_large_offset()
  local x, y = {}, {}
  for i = 1, 10 do x[i], y[i] = 1e9 + i, 3 * i + (i % 3) end
  local m = lm("y ~ x", { y = y, x = x })
  local own = {}
  for i = 1, 10 do own[i] = i end
  local centred = lm("y ~ x", { y = y, x = own })
  near(m:term "x".estimate, centred:term "x".estimate, 1e-14)
  near(m:term "x".std_error, centred:term "x".std_error, 1e-14)
  lu.assertEquals(m.note, NA)
end

-- What changes nothing -------------------------------------------------------

TestInvariance = {}

local function random_data(n, seed)
  math.randomseed(seed, 0)
  local d = { y = {}, x = {}, a = {}, b = {} }
  for i = 1, n do
    d.x[i] = math.random(1, 40) / 8
    d.a[i] = ({ "low", "mid", "high" })[math.random(3)]
    d.b[i] = ({ "P", "Q" })[math.random(2)]
    d.y[i] = math.random(1, 1000) / 16
  end
  return d
end

local function mapped(d, f)
  local out = {}
  for name, values in pairs(d) do
    out[name] = {}
    for i, v in ipairs(values) do out[name][i] = f(name, v, i) end
  end
  return out
end

function TestInvariance.test_it()
  local count = 0
  for seed = 1, 40 do
    local n = 14 + seed
    local d = random_data(n, seed)
    local ok, m = pcall(lm, "y ~ a*b + x", d)
    if ok and m.df_residual > 0 and m:get "note" == NA then
      local back = mapped(d, function(name, _, i) return d[name][n + 1 - i] end)
      local r = lm("y ~ a*b + x", back)
      near(r.sigma, m.sigma, 1e-13)
      near(r:term "x".p_value, m:term "x".p_value, 1e-11)
      local units = mapped(d, function(name, v)
        return name == "y" and v * 1024 or name == "x" and v / 1e6 or v
      end)
      local u = lm("y ~ a*b + x", units)
      near(u.sigma, m.sigma * 1024, 1e-13)
      near(u:term "x".estimate, m:term "x".estimate * 1024 * 1e6, 1e-12)
      near(u.r_squared, m.r_squared, 1e-12)
      -- other names put the levels in another order
      local names = { low = "z", mid = "a", high = "m" }
      local other = lm("y ~ a*b + x", mapped(d, function(name, v)
        return name == "a" and names[v] or v
      end))
      near(other.sigma, m.sigma, 1e-13)
      near(other:term "x".std_error, m:term "x".std_error, 1e-13)
      local coded = lm("y ~ a*b + x", d, { contrasts = { a = "sum",
        b = "helmert" } })
      near(coded.rss, m.rss, 1e-13)
      near(coded:term "x".p_value, m:term "x".p_value, 1e-11)
      count = count + 1
    end
  end
  lu.assertTrue(count > 30, count)
end

os.exit(lu.LuaUnit.run())
