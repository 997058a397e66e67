-- Censored linear models: survreg's values (tests/reference/tobit.R), what they
-- are without a value beyond a limit, and data without an estimate.
local lu = require "luaunit"
local ref = require "tests.lua.reference"
local near, refuses = ref.near, ref.refuses

local sets, wanted, n_wanted = {}, {}, 0
for line in io.lines "tests/reference/tobit_data.csv" do
  local set, aval, below, above, arm, x, off =
    line:match "^(%w+),([%d.]+),(%d),(%d),(%w),(%d+),([%d.]+)$"
  if set then
    local t = sets[set] or { AVAL = {}, BLQFL = {}, ALQFL = {}, arm = {}, x = {},
      off = {} }
    sets[set] = t
    local i = #t.x + 1
    t.AVAL[i], t.x[i], t.off[i] = tonumber(aval), tonumber(x), tonumber(off)
    t.BLQFL[i] = below == "1" and "Y" or "N"
    t.ALQFL[i], t.arm[i] = above == "1" and "Y" or "N", arm
  end
end
for line in io.lines "tests/reference/tobit.csv" do
  local set, formula, quantity, value =
    line:match "^(%w+),(.-),([%w_]+),([^,]+)$"
  if set ~= "set" then
    local key = set .. "," .. formula
    wanted[key] = wanted[key] or { set = set, formula = formula, values = {} }
    wanted[key].values[quantity] = tonumber(value)
    n_wanted = n_wanted + 1
  end
end

local function each(f)
  for key, w in pairs(wanted) do f(sets[w.set], w.formula, w.values, key) end
end

TestTobit = {}

function TestTobit.test_every_fit_is_that_of_survreg()
  local n = 0
  each(function(data, formula, v, key)
    local m = tobit(formula, data, { df = "none" })
    near(m.log_lik, v.loglik, 1e-10, key)
    near(m.sigma, v.sigma, 1e-9, key)
    local tidy = m:tidy()
    for i = 1, #tidy do
      local scale = math.max(math.abs(v["b" .. i]), v["se" .. i])
      lu.assertAlmostEquals(tidy.estimate[i], v["b" .. i], 1e-9 * scale, key)
      near(tidy.std_error[i], v["se" .. i], 1e-8, key)
      n = n + 1
    end
    if v.p2 then near(tidy.p_value[2], v.p2, 1e-6, key) end
    lu.assertNil(v["b" .. #tidy + 1])
  end)
  lu.assertTrue(n > 150, n)
end

function TestTobit.test_profile_limits()
  local n = 0
  each(function(data, formula, v, key)
    for kind, df in pairs { normal = "none", t = "residual" } do
      if v["low_" .. kind] then
        local row = tobit(formula, data, { df = df, ci = "profile" }):term "armB"
        -- R's search ends at about 1e-8 of the standard error
        lu.assertAlmostEquals(row.conf_low, v["low_" .. kind],
          1e-7 * row.std_error, key)
        lu.assertAlmostEquals(row.conf_high, v["high_" .. kind],
          1e-7 * row.std_error, key)
        near(row.p_value, v["p_" .. kind], 1e-7, key)
        n = n + 1
      end
    end
  end)
  lu.assertEquals(n, 24)
end

function TestTobit.test_walds_test_of_a_term()
  local n = 0
  each(function(data, formula, v, key)
    if v.wald_p then
      near(tobit(formula, data, { df = "none" }):anova().p_value[1], v.wald_p,
        1e-6, key)
      near(tobit(formula, data):anova().p_value[1], v.wald_f_p, 1e-6, key)
      n = n + 1
    end
  end)
  lu.assertEquals(n, 6)
end

-- Nothing beyond a limit: least squares, by the profile too.
function TestTobit.test_without_limits_it_is_lm()
  local data = sets.none
  for _, formula in ipairs { "AVAL ~ arm", "log(AVAL) ~ arm * x",
    "AVAL ~ arm + offset(off)" } do
    local l = lm(formula, data)
    for _, ci in ipairs { "Wald", "profile" } do
      local m = tobit(formula, data, { ci = ci })
      near(m.sigma, l.sigma, 1e-12)
      near(m.log_lik, l.log_lik, 1e-12)
      local a, b = m:tidy(), l:tidy()
      for i = 1, #a do
        for _, field in ipairs { "estimate", "std_error", "statistic", "p_value",
          "conf_low", "conf_high" } do
          near(a[field][i], b[field][i], 1e-9, formula .. field)
        end
      end
      local x, y = m:contrast "A vs B", l:contrast "A vs B"
      for _, field in ipairs { "estimate", "conf_low", "conf_high", "p_value" } do
        near(x[field], y[field], 1e-9, formula .. field)
      end
      x, y = m:means "arm", l:means "arm"
      near(x.conf_low[1], y.conf_low[1], 1e-9)
    end
  end
end

-- y in other units and rows in another order are the same question.
function TestTobit.test_units_and_order()
  local data, other = sets.two, {}
  for name, list in pairs(data) do
    other[name] = {}
    for i = 1, #list do other[name][i] = list[#list + 1 - i] end
  end
  for i, y in ipairs(other.AVAL) do other.AVAL[i] = y * 1e6 end
  local a = tobit("AVAL ~ arm + x", data):contrast "A vs B"
  local b = tobit("AVAL ~ arm + x", other):contrast("A vs B")
  near(b.estimate, a.estimate * 1e6, 1e-9)
  near(b.p_value, a.p_value, 1e-9)
  local c = tobit("ln(AVAL) ~ arm + x", data):contrast { "A vs B", ratio = true }
  local d = tobit("ln(AVAL) ~ arm + x", other):contrast { "A vs B",
    ratio = true }
  near(d.estimate, c.estimate, 1e-9)
  near(d.conf_high, c.conf_high, 1e-9)
end

function TestTobit.test_a_column_given_by_others()
  local data = { AVAL = { 1, 3, 4, 2, 6, 5 }, x = { 1, 2, 3, 4, 5, 6 },
    z = { 2, 4, 6, 8, 10, 12 }, BLQFL = { "Y", "N", "N", "Y", "N", "N" } }
  local m = tobit("AVAL ~ x + z", data)
  local one = tobit("AVAL ~ x", data)
  near(m:term "x".estimate, one:term "x".estimate, 1e-12)
  near(m:term "x".std_error, one:term "x".std_error, 1e-12)
  lu.assertEquals(m:get "note", "z has no coefficient of its own: it is given by "
    .. "x")
  lu.assertEquals(m:tidy().estimate[3], NA)
end

function TestTobit.test_counts_and_missing_values()
  local data = { AVAL = { 1, 3, NA, 2, 6, 9 }, g = { "a", "b", "a", "a", "b", "b" },
    BLQFL = { "Y", "N", NA, NA, "N", "N" }, ALQFL = { "N", "N", "N", "N", "N", "Y" } }
  local m = tobit("AVAL ~ g", data)
  lu.assertEquals({ m.n, m.n_missing, m.n_below, m.n_above, m.n_measured },
    { 5, 1, 1, 1, 3 })
end

local function data_of(flags)
  local t = { AVAL = { 3, 7, 12, 3, 9, 6, 21, 33 }, BLQFL = {},
    ARM = { "B", "B", "B", "B", "A", "A", "A", "A" } }
  for flag in flags:gmatch "%a" do t.BLQFL[#t.BLQFL + 1] = flag end
  return t
end

function TestTobit.test_data_without_an_estimate()
  refuses("tobit: all 4 of B lie beyond their limit: there is no estimate; "
    .. "peto_prentice compares groups all the same", tobit, "ln(AVAL) ~ ARM",
    data_of "YYYYNYNN")
  refuses("tobit: all 8 values lie beyond their limit", tobit,
    "ln(AVAL) ~ ARM", data_of "YYYYYYYY")
  local equal = data_of "YNNNNNNN"
  for i = 1, 8 do equal.AVAL[i] = 5 end
  refuses("fitted exactly", tobit, "AVAL ~ ARM", equal)
  -- what is measured lies on the line, what is below its limit beneath it
  refuses("fitted exactly", tobit, "AVAL ~ x", { AVAL = { 1, 2, 3, 9 },
    x = { 1, 2, 3, 4 }, BLQFL = { "N", "N", "N", "Y" } })
  refuses("fitted exactly", tobit, "AVAL ~ ARM", { AVAL = { 1, 2 },
    ARM = { "a", "b" }, BLQFL = { "N", "N" } })
  lu.assertTrue(tobit("ln(AVAL) ~ 1", data_of "YYYYNYYY").n_measured == 1)
  for _, size in ipairs { 1e300, 1e-300 } do
    refuses("another unit would help", tobit, "AVAL ~ x", { AVAL = { size,
      2 * size, 3 * size, size }, BLQFL = { "N", "N", "Y", "N" },
      x = { 1, 2, 3, 5 } })
  end
end

function TestTobit.test_mistakes()
  local data = data_of "YNNNNNNN"
  refuses("neither BLQFL nor ALQFL", tobit, "AVAL ~ x", { AVAL = { 1, 2 },
    x = { 1, 2 } })
  refuses("of AVAL - 2 the limits are not known", tobit, "AVAL - 2 ~ ARM", data)
  refuses("of log(AVAL / 2) the limits are not known", tobit, "log(AVAL/2) ~ ARM",
    data)
  refuses("nearest: df", tobit, "AVAL ~ ARM", data, { fd = "none" })
  refuses("nearest: profile", tobit, "AVAL ~ ARM", data, { ci = "profil" })
  data.BLQFL[3] = "yes"
  refuses("BLQFL is Y or N, row 3 has yes", tobit, "AVAL ~ ARM", data)
  data.BLQFL[3], data.ALQFL = "Y", { "N", "N", "Y", "N", "N", "N", "N", "N" }
  refuses("row 3 is below one limit and above another", tobit, "AVAL ~ ARM",
    data)
  refuses("data is missing", tobit, "AVAL ~ ARM")
end

os.exit(lu.LuaUnit.run())
