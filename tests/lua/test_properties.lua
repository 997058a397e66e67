-- What holds for all data, on 200 random small sets (10,000 with TRIALSH_LONG):
-- intervals agree with their tests; order of rows, units and names change
-- nothing. test_permutations has the exact P.
local lu = require "luaunit"
local random = require "tests.lua.random_data"
local pick, numbers = random.pick, random.numbers
local list_of, show = random.list, random.options

local rounds = os.getenv "TRIALSH_LONG" and 10000 or 200

local function table_of_events(most)
  local n_1, n_2 = math.random(most), math.random(most)
  return { { math.random(0, n_1), n_1 }, { math.random(0, n_2), n_2 } }
end

local function others(t)
  return { { t[1][1], t[1][2] - t[1][1] }, { t[2][1], t[2][2] - t[2][1] } }
end

-- Intervals and tests ---------------------------------------------------------

-- A value is in the interval exactly if its P is above alpha; at the ends and
-- where the result tells of a disagreement nothing is asked.
local function agrees(what, r, null, p)
  if p == nil then p = r.p_value end
  local low, high, alpha = r.conf_low, r.conf_high, 1 - r.conf_level
  if p == NA or low == NA or high == NA then return false end
  local told = r.note ~= NA and (r.note:find "disagree" or r.note:find "gap"
    or r.note:find "ends at")
  if told or math.abs(p - alpha) < 1e-9 or null == low or null == high then
    return false
  end
  local inside = null > low and null < high
  if inside ~= (p > alpha) then
    lu.fail(("%s: P = %.12g at %g, interval %.12g to %.12g of %g")
      :format(what, p, null, low, high, r.conf_level))
  end
  return true
end

local sides = { "two-sided", "two-sided", "less", "greater" }
local levels = { 0.95, 0.9, 0.8, 0.5 }

-- Each makes a call of random data and options, and names its null value.
local inverted = {}

function inverted.wilcoxon()
  local unit = pick { 1, 0.1, 0.25 }
  local a, b = numbers(math.random(7), 8, unit), numbers(math.random(7), 8, unit)
  local opt = { mu = (math.random(-9, 9) + pick { 0, 0.5 }) * unit,
    exact = pick { true, false }, continuity = pick { true, false },
    two_sided = pick { "central", "absdev" } }
  return opt, "mu", function() return wilcoxon(a, b, opt) end,
    list_of(a) .. " vs " .. list_of(b)
end

function inverted.signed_rank()
  local unit = pick { 1, 0.1 }
  local x = numbers(math.random(9), 8, unit)
  local opt = { mu = (math.random(-1, 9) + pick { 0, 0.5 }) * unit,
    exact = pick { true, false }, continuity = pick { true, false },
    zeros = pick { "wilcoxon", "pratt" } }
  return opt, "mu", function() return signed_rank(x, opt) end, list_of(x)
end

-- between the values: the interval goes from one of them to another
function inverted.sign_test()
  local x = numbers(math.random(9), 8, 1)
  local opt = { mu = math.random(-1, 8) + 0.5 }
  return opt, "mu", function() return sign_test(x, opt) end, list_of(x)
end

function inverted.ttest()
  local n = math.random(2, 7)
  local a, b = numbers(n, 8, 0.1), numbers(n, 8, 0.1)
  local opt = { mu = math.random(-9, 9) / 10 }
  local how = pick { "welch", "pooled", "paired", "one" }
  if how == "paired" then opt.paired = true end
  if how == "pooled" then opt.variance = how end
  return opt, "mu", function()
    if how == "one" then return ttest(a, opt) end
    return ttest(a, b, opt)
  end, how .. " " .. list_of(a) .. " vs " .. list_of(b)
end

function inverted.mediandiff()
  local n = math.random(2, 7)
  local a, b = numbers(n, 8, 0.1), numbers(n + 1, 8, 0.1)
  local opt = { mu = math.random(-9, 9) / 10 }
  return opt, "mu", function() return mediandiff(a, b, opt) end,
    list_of(a) .. " vs " .. list_of(b)
end

local function words_of(t)
  return ("%d of %d, %d of %d"):format(t[1][1], t[1][2], t[2][1], t[2][2])
end

local function shares(name, ci, nulls)
  inverted[name] = function()
    local t = table_of_events(14)
    local opt = { null = pick(nulls), ci = pick(ci) }
    return opt, "null", function() return _G[name](t, opt) end, words_of(t)
  end
  inverted["strata of " .. name] = function()
    local t = { table_of_events(9), table_of_events(9), table_of_events(6) }
    local opt = { null = pick(nulls), ci = pick(ci) }
    if opt.ci == "Newcombe" then opt.ci = nil end
    return opt, "null", function() return _G[name](t, opt) end,
      words_of(t[1]) .. "; " .. words_of(t[2]) .. "; " .. words_of(t[3])
  end
end
local ratios = { 1, 1, 0.1, 0.4, 0.8, 1.3, 2.5, 6, 20 }
shares("riskdiff", { "Miettinen-Nurminen", "Newcombe", "Wald" },
  { 0, 0, -0.7, -0.3, -0.1, 0.15, 0.4, 0.6 })
shares("riskratio", { "Miettinen-Nurminen", "Wald" }, ratios)
shares("oddsratio", { "Miettinen-Nurminen", "Wald", "exact", "mid-p" }, ratios)

function inverted.fisher()
  local t = others(table_of_events(14))
  local opt = { null = pick(ratios), mid_p = pick { false, false, true },
    two_sided = pick { "central", "central", "minlike" } }
  return opt, "null", function() return fisher(t, opt) end, words_of(t)
end

function inverted.proportion()
  local n = math.random(20)
  local x = math.random(0, n)
  local opt = { null = math.random(1, 19) / 20, ci = pick { "Wilson",
    "Clopper-Pearson", "mid-p", "Jeffreys", "Agresti-Coull", "Wald" } }
  return opt, "null", function() return proportion({ x, n }, opt) end,
    ("%d of %d"):format(x, n)
end

function inverted.mcnemar()
  local b, c = math.random(0, 12), math.random(0, 12)
  local opt = { mid_p = pick { false, true } }
  return opt, 1, function() return mcnemar({ { 3, b }, { c, 4 } }, opt) end,
    b .. ", " .. c
end

function inverted.cmh()
  local t = { others(table_of_events(9)), others(table_of_events(9)) }
  return { alternative = false }, 1, function() return cmh(t) end,
    words_of(t[1]) .. "; " .. words_of(t[2])
end

-- Three groups and a covariate.
local function model_data()
  local n = math.random(7, 14)
  local d = { y = numbers(n, 20, 0.5), x = numbers(n, 9, 1), g = {} }
  for i = 1, n do d.g[i] = ("ABC"):sub(i % 3 + 1, i % 3 + 1) end
  return d
end

function inverted.contrast()
  local d = model_data()
  local opt = { factor = "g" }
  local vcov = pick { "classical", "HC3", "HC0" }
  return opt, 0, function()
    return lm("y ~ g + x", d, { vcov = vcov }):contrast("B vs A", opt)
  end, vcov .. " " .. list_of(d.y)
end

-- Times of two groups, with ties.
local function survival_data()
  local n = math.random(8, 30)
  local d = { y = numbers(n, pick { 6, 40 }, 1), e = {}, g = {}, s = {},
    x = numbers(n, 9, 1) }
  for i = 1, n do
    d.e[i], d.s[i] = math.random(0, 2) > 0 and 1 or 0, math.random(1, 2)
    d.g[i] = math.random(2) == 1 and "A" or "B"
  end
  return d, ("%s, %s, %s, %s"):format(list_of(d.y), list_of(d.e), list_of(d.g),
    list_of(d.x))
end

inverted["hazard ratio"] = function()
  local d, words = survival_data()
  local opt = { factor = "g", mu = pick(ratios) }
  local given = { ci = pick { "Wald", "profile" },
    ties = pick { "Efron", "Breslow", "exact" } }
  local formula = "Surv(y, e) ~ g" .. pick { "", " + x", " + strata(s)" }
  return opt, "mu", function()
    return cox(formula, d, given):contrast("B vs A", opt)
  end, formula .. show(given) .. words
end

function inverted.tobit()
  local d = model_data()
  d.AVAL, d.BLQFL = {}, {}
  for i, y in ipairs(d.y) do
    d.AVAL[i] = math.max(y, 3) + 0.1 * (i % 7)
    d.BLQFL[i] = y < 3 and "Y" or "N"
  end
  local opt = { factor = "g", mu = math.random(-12, 12) / 2 }
  return opt, "mu", function()
    return tobit("AVAL ~ g", d, { ci = "profile", df = "none" })
      :contrast("B vs A", opt)
  end, list_of(d.AVAL) .. ", " .. list_of(d.BLQFL)
end

function inverted.rmst()
  local d, words = survival_data()
  local opt = { horizon = math.random(1, 5), effect = pick { "difference",
    "ratio" } }
  return opt, opt.effect == "ratio" and 1 or 0, function()
    return rmst("Surv(y, e) ~ g", d, opt)
  end, words
end

for name, make in pairs(inverted) do
  _G["test_interval_of_" .. name:gsub(" ", "_")] = function()
    math.randomseed(41)
    local asked, tried = 0, 0
    for _ = 1, rounds do
      local opt, null, call, data = make()
      if opt.alternative == nil then opt.alternative = pick(sides) end
      if opt.alternative == false then opt.alternative = nil end
      opt.conf_level = pick(levels)
      local ok, r = pcall(call)
      if ok then
        tried = tried + 1
        local at = type(null) == "string" and opt[null] or null
        if agrees(name .. show(opt) .. " of " .. data, r, at) then
          asked = asked + 1
        end
      else
        lu.assertEquals(require "ts.error".is(r) and r.code, "degenerate",
          name .. show(opt) .. " of " .. data .. ": " .. tostring(r))
      end
    end
    lu.assertTrue(asked > 0.5 * tried and tried > rounds / 2,
      ("%d asked of %d of %d"):format(asked, tried, rounds))
  end
end

-- Of groups of 1 to 10 million, all, none or a few with an event: at a limit P
-- is alpha.
function test_limits_of_lopsided_tables()
  math.randomseed(52)
  local function row()
    local n = math.floor(10 ^ (7 * math.random()))
    local few = math.min(n, math.random(0, 5))
    return { pick { 0, few, math.random(0, n), n - few, n }, n }
  end
  local function p_at(limit, what, f, ...)
    if limit == NA or limit == 0 or math.abs(limit) == 1
      or limit == math.huge then return 0 end
    local p = f(...).p_value
    lu.assertTrue(math.abs(p - 0.05) < 1e-6, ("%s: P = %.9g at %.12g"):format(
      what, p, limit))
    return 1
  end
  local asked = 0
  for _ = 1, rounds do
    local t = { row(), row() }
    for name, f in pairs { riskdiff = riskdiff, riskratio = riskratio,
      oddsratio = oddsratio } do
      local r = f(t)
      for _, key in ipairs { "conf_low", "conf_high" } do
        asked = asked + p_at(r[key], name .. " of " .. words_of(t), f, t,
          { null = r[key] })
      end
    end
    for _, ci in ipairs { "Wilson", "Clopper-Pearson", "mid-p", "Jeffreys",
      "Agresti-Coull" } do
      local r = proportion(t[1], { ci = ci })
      for _, key in ipairs { "conf_low", "conf_high" } do
        asked = asked + p_at(r[key], ci .. " of " .. words_of(t), proportion,
          t[1], { ci = ci, null = r[key] })
      end
    end
  end
  lu.assertTrue(asked > 8 * rounds, asked)
end

-- Adjusted intervals and the P adjusted with them.
function test_interval_of_several_contrasts()
  math.randomseed(42)
  local asked = 0
  for _ = 1, rounds // 4 do
    local d = model_data()
    local ok, m = pcall(lm, "y ~ g + x", d)
    local adjust = pick { "Dunnett", "Tukey", "Bonferroni", "Sidak" }
    local level = pick(levels)
    if ok and m.note == NA then
      local t = m:contrast { adjust == "Dunnett" and "reference" or "pairwise",
        factor = "g", adjust = adjust, conf_level = level }
      for i = 1, #t do
        asked = asked + (agrees(adjust .. " " .. list_of(d.y), {
          conf_low = t.conf_low[i], conf_high = t.conf_high[i], note = NA,
          conf_level = level }, 0, t.p_adjusted[i]) and 1 or 0)
      end
    end
  end
  lu.assertTrue(asked > rounds / 4)
end

-- Order, units, names ---------------------------------------------------------

local function shuffled(n)
  local order = {}
  for i = 1, n do order[i] = i end
  for i = n, 2, -1 do
    local j = math.random(i)
    order[i], order[j] = order[j], order[i]
  end
  return order
end

local function same(x, z, tolerance)
  if x == z then return true end
  return x ~= NA and z ~= NA and math.abs(x - z)
    <= tolerance * math.max(1, math.abs(x), math.abs(z))
end

local function expect(what, fields, r, q, tolerance)
  for key, f in pairs(fields) do
    local x, z = r:get(key), q:get(key)
    if x ~= NA and f ~= true then x = f(x) end
    if not same(x, z, tolerance or 1e-9) then
      lu.fail(("%s: %s should be %s, is %s"):format(what, key, tostring(x),
        tostring(z)))
    end
  end
end

local function random_set()
  local n, d = math.random(4, 16), { y = {}, e = {}, g = {}, s = {}, b = {} }
  local unit = pick { 1, 1, 0.1 }
  for i = 1, n do
    d.y[i] = math.random(0, 9) * unit
    d.e[i], d.b[i] = math.random(0, 1), math.random(0, 1)
    d.g[i] = i <= n // 2 and "A" or "B"
    d.s[i] = math.random(1, 2)
  end
  return d, n
end

local function mapped(d, f)
  local out = {}
  for name, values in pairs(d) do
    out[name] = {}
    for i = 1, #values do out[name][i] = f(name, values[i], i) end
  end
  return out
end

local all = { p_value = true, p_smallest = true, estimate = true,
  conf_low = true, conf_high = true, n = true }

local calls = {
  { "wilcoxon", "y ~ g" }, { "wilcoxon", "y ~ g", { exact = false } },
  { "wilcoxon", "y ~ g", { two_sided = "absdev" } },
  { "signed_rank", "y - 0.5 ~ 1" }, { "sign_test", "y - 0.5 ~ 1" },
  { "signed_rank", "y ~ 1", { zeros = "pratt" } },
  { "kruskal", "y ~ g" }, { "kruskal", "y ~ g", { exact = false } },
  { "jonckheere", "y ~ g" }, { "jonckheere", "y ~ g", { exact = false } },
  { "van_elteren", "y ~ g + strata(s)" }, { "ttest", "y ~ g" },
  { "ttest", "y ~ g", { variance = "pooled" } }, { "ttest", "y ~ 1" },
  { "mediandiff", "y ~ g" }, { "smd", "y + 3 ~ g" }, { "smd", "e ~ g" },
  { "smd", "y + 3 ~ g", { sd = "pooled", hedges = true } },
  { "fisher", "e ~ g" }, { "fisher", "e ~ g", { two_sided = "minlike" } },
  { "fisher", "e ~ g", { strata = "s" } }, { "fisher", "y ~ g" },
  { "chisq", "e ~ g" }, { "chisq", "y ~ g" }, { "mcnemar", "e ~ b" },
  { "cmh", "e ~ g", { strata = "s" } },
  { "cmh", "y ~ g", { strata = "s", scores = "modridit" } },
  { "proportion", "e ~ 1" }, { "riskdiff", "e ~ g" },
  { "riskdiff", "e ~ g", { ci = "Newcombe" } },
  { "riskdiff", "e ~ g", { ci = "Wald", strata = "s" } },
  { "riskratio", "e ~ g" }, { "riskratio", "e ~ g", { strata = "s" } },
  { "oddsratio", "e ~ g" }, { "oddsratio", "e ~ g", { ci = "exact" } },
  { "oddsratio", "e ~ g", { strata = "s" } }, { "boschloo", "e ~ g" },
  { "barnard", "e ~ g" }, { "describe", "y" }, { "cor", "y ~ e" },
  { "cor", "y ~ e", { method = "Spearman" } },
  { "cor", "y ~ b", { method = "Kendall" } },
  { "rmst", "Surv(y, e) ~ g", { horizon = 2 } },
  { "rmst", "Surv(y, e) ~ g", { horizon = 4, effect = "ratio" } },
}

local function call(entry, data, more)
  local opt = {}
  for key, value in pairs(entry[3] or {}) do opt[key] = value end
  for key, value in pairs(more or {}) do opt[key] = value end
  return pcall(_G[entry[1]], entry[2], data, opt)
end

function test_order_and_names()
  math.randomseed(43)
  for _ = 1, rounds // 4 do
    local d, n = random_set()
    local order = shuffled(n)
    local mixed = mapped(d, function(name, _, i) return d[name][order[i]] end)
    local named = mapped(mixed, function(name, v)
      return name == "g" and (v == "A" and "a longer name" or "b")
        or name == "s" and 7 - v or v
    end)
    for _, entry in ipairs(calls) do
      local what = ("%s(%s) %s"):format(entry[1], entry[2], show(entry[3]))
      local ok, r = call(entry, d)
      for _, twin in ipairs { mixed, named } do
        local also, q = call(entry, twin)
        lu.assertEquals(also, ok, what)
        if ok then expect(what, all, r, q) end
      end
    end
  end
end

local function negative(x) return -x end
local function inverse(x)
  return x == 0 and math.huge or x == math.huge and 0 or 1 / x
end

-- B vs A instead of A vs B.
function test_swapped_groups()
  math.randomseed(44)
  local turned = { wilcoxon = negative, ttest = negative,
    mediandiff = negative, smd = negative, riskdiff = negative,
    riskratio = inverse, oddsratio = inverse, fisher = inverse,
    van_elteren = negative, boschloo = negative, barnard = negative,
    rmst = negative }
  for _ = 1, rounds // 4 do
    local d = random_set()
    for _, entry in ipairs(calls) do
      local f = turned[entry[1]]
      if entry[3] and entry[3].effect == "ratio" then f = inverse end
      if f and entry[2]:find "~ g" and not (entry[1] == "fisher"
        and entry[2]:find "y") then
        local what = ("%s(%s) %s"):format(entry[1], entry[2], show(entry[3]))
        local ok, r = call(entry, d, { compare = "A vs B" })
        local also, q = call(entry, d, { compare = "B vs A" })
        lu.assertEquals(also, ok, what)
        if ok then
          -- scores of ratios are found by search
          local close = entry[1] == "riskratio" and 1e-6 or 1e-8
          lu.assertTrue(same(r:get "p_value", q:get "p_value", close), what)
          for from, to in pairs { estimate = "estimate", conf_low = "conf_high",
            conf_high = "conf_low" } do
            local x, z = r:get(from), q:get(to)
            -- an infinite estimate is NA, the other way round it is 0
            if x ~= NA and z ~= NA and f(x) ~= math.huge then
              x = f(x)
              lu.assertTrue(same(x, z, close), ("%s: %s %s, %s %s"):format(what,
                from, tostring(x), to, tostring(z)))
            end
          end
        end
      end
    end
  end
end

-- The hazard ratio the other way round, and of times in another order-preserving
-- unit: their order is all that counts. Statistics of the whole do not change.
function test_turned_hazard_ratios()
  math.randomseed(47)
  local n = 0
  for _ = 1, rounds do
    local d, words = survival_data()
    local given = { ci = pick { "Wald", "profile" },
      ties = pick { "Efron", "Breslow", "exact" }, reference = "A" }
    local formula = "Surv(y, e) ~ g" .. pick { "", " + x", " * x", " + strata(s)" }
    local what = formula .. show(given) .. words
    local ok, m = pcall(cox, formula, d, given)
    given.reference = "B"
    local later = mapped(d, function(name, v)
      return name == "y" and math.exp(v / 8) or v
    end)
    local also, k = pcall(cox, formula, later, given)
    lu.assertEquals(also, ok, what)
    if ok then
      for _, key in ipairs { "log_lik", "statistic", "statistic_score", "n_event" } do
        lu.assertTrue(same(m:get(key), k:get(key), 1e-7)
          or math.abs(m[key] - k[key]) < 1e-7, what .. key)
      end
      local r, q = m:contrast "B vs A", k:contrast "A vs B"
      for from, to in pairs { estimate = "estimate", conf_low = "conf_high",
        conf_high = "conf_low" } do
        local x, z = r:get(from), q:get(to)
        if x ~= NA and z ~= NA and x > 1e-7 and x < 1e7 then
          n = n + 1
          lu.assertTrue(same(inverse(x), z, 1e-6), ("%s: %s %s, %s %s"):format(
            what, from, tostring(x), to, tostring(z)))
        end
      end
      lu.assertTrue(same(r:get "p_value", q:get "p_value", 1e-6), what)
    end
  end
  lu.assertTrue(n > 2 * rounds, n)
end

-- y in another unit, and from another zero.
function test_units()
  math.randomseed(45)
  local units = { { 1024, 0 }, { 0.001, 0 }, { 1.8, 32 }, { 10, -50 } }
  local moves = { wilcoxon = "difference", ttest = "difference",
    mediandiff = "difference", smd = "free", signed_rank = "scale", sign_test = "scale", kruskal = "nothing",
    jonckheere = "nothing", van_elteren = "nothing" }
  for _ = 1, rounds // 4 do
    local d = random_set()
    local unit = pick(units)
    local a, b = unit[1], unit[2]
    for _, entry in ipairs(calls) do
      local kind = moves[entry[1]]
      if kind and entry[2] ~= "y ~ 1" then
        local scale = function(x) return x * a end
        if kind == "scale" then b = 0 end
        local source = entry[2]:gsub("0%.5", tostring(0.5 * a))
        local twin = mapped(d, function(name, v)
          return name == "y" and v * a + (kind == "scale" and 0 or unit[2]) or v
        end)
        local what = ("%s(%s) %s, y * %g + %g"):format(entry[1], entry[2],
          show(entry[3]), a, unit[2])
        local ok, r = call(entry, d)
        local also, q = call({ entry[1], source, entry[3] }, twin)
        lu.assertEquals(also, ok, what)
        if ok then
          expect(what, { p_value = true, n = true, p_smallest = true }, r, q,
            1e-8)
          if kind == "free" then
            expect(what, { estimate = true, conf_low = true,
              conf_high = true }, r, q, 1e-8)
          elseif kind ~= "nothing" then
            expect(what, { estimate = scale, conf_low = scale,
              conf_high = scale }, r, q, 1e-8)
          end
        end
      end
    end
  end
end

-- Tests that are one another --------------------------------------------------

-- With two groups the squares of t are F, of z chi-square.
function test_the_same_test_under_two_names()
  math.randomseed(51)
  local close = function(what, x, z)
    lu.assertTrue(same(x, z, 1e-8), what .. ": " .. tostring(x) .. ", "
      .. tostring(z))
  end
  local asked = 0
  for _ = 1, rounds // 2 do
    local d = random_set()
    local ok, t = pcall(ttest, "y ~ g", d, { variance = "pooled",
      compare = "B vs A" })
    if ok and t.p_value ~= NA then
      local m = lm("y ~ g", d)
      local term, c = m:term "gB", m:contrast("B vs A")
      for _, key in ipairs { "estimate", "std_error", "p_value", "conf_low",
        "conf_high" } do
        close("lm, " .. key, term[key], t[key])
        close("contrast, " .. key, c[key], t[key])
      end
      asked = asked + 1
    end
    close("kruskal", kruskal("y ~ g", d).p_value, wilcoxon("y ~ g", d,
      { two_sided = "absdev" }).p_value)
    local two, chi = pcall(chisq, "e ~ g", d, { correction = "N-1" })
    if two then close("riskdiff", riskdiff("e ~ g", d).p_value, chi.p_value) end
  end
  lu.assertTrue(asked > rounds / 3)
end

os.exit(lu.LuaUnit.run())
