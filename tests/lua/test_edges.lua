-- The edge battery: every statistic of ranks and counts on every awkward set.
-- Each gives a result, or an error that says why; no number is NaN, infinity
-- ends intervals only, and what is missing says why it is.
local lu = require "luaunit"

local function rep(x, n)
  local list = {}
  for i = 1, n do list[i] = x end
  return list
end

local function join(...)
  local list = {}
  for _, part in ipairs { ... } do
    table.move(part, 1, #part, #list + 1, list)
  end
  return list
end

-- y: a measurement, e: an event, b: the same before, g: arm, s: stratum
local function set(y, e, g, s)
  local b = {}
  for i, x in ipairs(e) do b[i] = x == NA and NA or 1 - x end
  return { y = y, e = e, g = g, s = s or rep("one", #y), b = b }
end

local a4b4 = join(rep("A", 4), rep("B", 4))
local hostile = { "A\n'x'", 'B "\u{3b2}\u{202e}"' }

local sets = {
  { "one subject per arm", set({ 1, 2 }, { 0, 1 }, { "A", "B" }) },
  { "two per arm", set({ 1, 3, 2, 4 }, { 0, 1, 1, 1 },
    { "A", "A", "B", "B" }) },
  { "one arm", set({ 1, 2, 3 }, { 0, 1, 0 }, { "A", "A", "A" }) },
  { "an arm without values", set({ 1, 2, NA, NA }, { 0, 1, NA, NA },
    { "A", "A", "B", "B" }) },
  { "all equal", set(rep(7, 8), rep(1, 8), a4b4) },
  { "equal in each arm", set(join(rep(7, 4), rep(9, 4)),
    join(rep(0, 4), rep(1, 4)), a4b4) },
  { "all missing", set(rep(NA, 8), rep(NA, 8), a4b4) },
  { "no rows", set({}, {}, {}) },
  { "no event", set({ 1, 2, 3, 4, 5, 6, 7, 8 }, rep(0, 8), a4b4) },
  { "no event in one arm", set({ 1, 2, 3, 4, 5, 6, 7, 8 },
    { 0, 0, 0, 0, 1, 0, 1, 1 }, a4b4) },
  { "only events in one arm", set({ 1, 2, 3, 4, 5, 6, 7, 8 },
    { 1, 1, 1, 1, 1, 0, 1, 0 }, a4b4) },
  { "zeros of both signs", set({ 0.0, -0.0, 0, -0.0, 0, 0.0, -0.0, 0 },
    { 0, 0.0, -0.0, 1, 0, 1, 0, 1 }, a4b4) },
  { "a stratum with one arm", set({ 1, 5, 2, 4, 3, 6, 8, 7 },
    { 0, 1, 1, 0, 1, 0, 1, 1 }, a4b4, { 1, 1, 2, 2, 2, 2, 2, 2 }) },
  { "strata of one", set({ 1, 5, 2, 4, 3, 6, 8, 7 },
    { 0, 1, 1, 0, 1, 0, 1, 1 }, a4b4, { 1, 2, 3, 4, 5, 6, 7, 8 }) },
  { "strata without both arms", set({ 1, 5, 2, 4 }, { 0, 1, 1, 0 },
    { "A", "A", "B", "B" }, { 1, 1, 2, 2 }) },
  { "a missing arm", set({ 1, 2, 3, 4, 5 }, { 0, 1, 0, 1, 1 },
    { "A", "B", NA, "A", "B" }) },
  { "hostile labels", set({ 1, 5, 2, 4, 3, 6, 8, 7 },
    { 0, 1, 1, 0, 1, 0, 1, 1 }, join(rep(hostile[1], 4), rep(hostile[2], 4)),
    join(rep("\u{e9}\t", 5), rep("'", 3))) },
  { "huge and tiny", set({ 1e300, -1e300, 1e-300, 1e-310, 5e-324, 2, 3, 1e308 },
    { 0, 1, 1, 0, 1, 0, 1, 1 }, a4b4) },
  { "nearly equal", set({ 0.3 - 0.1, 0.2, 0.1 + 0.1, 0.2, 0.7 - 0.5, 0.2,
    0.20000000000000001, 0.2 }, { 0, 1, 1, 0, 1, 0, 1, 1 }, a4b4) },
  { "three arms, one of one", set({ 1, 5, 2, 4, 3, 6, 8 },
    { 0, 1, 1, 0, 1, 0, 1 }, { "A", "A", "A", "B", "B", "B", "C" }) },
}

-- A result that stands for all numbers that it holds.
local one = { conf_low = true, conf_high = true }

local function check_fields(what, r)
  for key, value in pairs(r) do
    if type(value) == "number" then
      lu.assertTrue(value == value, what .. ": " .. key .. " is NaN")
      if not one[key] then
        lu.assertTrue(math.abs(value) < math.huge,
          what .. ": " .. key .. " is infinite")
      end
    end
  end
  local p = r:get "p_value"
  if p ~= NA then
    lu.assertTrue(p >= 0 and p <= 1, what .. ": P = " .. tostring(p))
    local smallest = r:get "p_smallest"
    if smallest ~= NA then
      lu.assertTrue(smallest <= p * (1 + 1e-9), what .. ": smallest P")
    end
  end
  -- what is missing says why
  if p == NA and r:get "estimate_name" ~= NA and r:get "estimate" == NA then
    lu.assertNotEquals(r:get "note", NA, what)
  end
end

local function check_interval(what, r)
  local low, high, estimate = r:get "conf_low", r:get "conf_high",
    r:get "estimate"
  if low == NA or high == NA then return end
  lu.assertTrue(low <= high, what .. ": limits cross")
  if estimate ~= NA then
    local e = 1e-9 * (1 + math.abs(estimate))
    lu.assertTrue(low <= estimate + e and high >= estimate - e,
      ("%s: %s is not in %s to %s"):format(what, estimate, low, high))
  end
end

local calls = {
  { "wilcoxon", "y ~ g" }, { "wilcoxon", "y ~ g", { exact = false } },
  { "wilcoxon", "y ~ g", { two_sided = "absdev", alternative = "two-sided" } },
  { "wilcoxon", "y ~ g", { alternative = "less", conf_level = 0.8 } },
  { "signed_rank", "y ~ 1" }, { "signed_rank", "y ~ 1", { zeros = "pratt" } },
  { "signed_rank", "y ~ 1", { exact = false } }, { "sign_test", "y ~ 1" },
  { "kruskal", "y ~ g" }, { "kruskal", "y ~ g", { exact = false } },
  { "jonckheere", "y ~ g" }, { "jonckheere", "y ~ g", { exact = false } },
  { "van_elteren", "y ~ g + strata(s)" },
  { "van_elteren", "y ~ g + strata(s)", { exact = false } },
  { "fisher", "e ~ g" }, { "fisher", "e ~ g", { two_sided = "minlike" } },
  { "fisher", "e ~ g", { strata = "s" } }, { "fisher", "y ~ g" },
  { "chisq", "e ~ g" }, { "chisq", "y ~ g", { correction = "N-1" } },
  { "mcnemar", "e ~ b" }, { "mcnemar", "e ~ b", { exact = false } },
  { "cmh", "e ~ g", { strata = "s" } },
  { "cmh", "y ~ g", { strata = "s", scores = "modridit" } },
  { "proportion", "e ~ 1", { null = 0.5 } }, { "proportion", "e ~ g" },
  { "riskdiff", "e ~ g" }, { "riskdiff", "e ~ g", { strata = "s" } },
  { "riskdiff", "e ~ g", { ci = "Newcombe" } },
  { "riskdiff", "e ~ g", { ci = "Wald" } },
  { "riskdiff", "e ~ g", { ci = "Wald", strata = "s" } },
  { "riskratio", "e ~ g" }, { "riskratio", "e ~ g", { ci = "Wald" } },
  { "riskratio", "e ~ g", { strata = "s" } },
  { "oddsratio", "e ~ g" }, { "oddsratio", "e ~ g", { ci = "exact" } },
  { "oddsratio", "e ~ g", { ci = "mid-p" } },
  { "oddsratio", "e ~ g", { ci = "Wald" } },
  { "oddsratio", "e ~ g", { strata = "s" } },
  { "boschloo", "e ~ g" }, { "boschloo", "e ~ g", { two_sided = "minlike" } },
  { "barnard", "e ~ g" }, { "barnard", "e ~ g", { two_sided = "absdev" } },
  { "describe", "y ~ g" }, { "describe", "y" }, { "ttest", "y ~ g" },
}
for _, ci in ipairs { "Clopper-Pearson", "mid-p", "Jeffreys", "Agresti-Coull",
  "Wald" } do
  calls[#calls + 1] = { "proportion", "e ~ 1", { ci = ci, null = 0.3 } }
end

local function told(call, name)
  local words = { call[1], call[2] }
  for key, value in pairs(call[3] or {}) do
    words[#words + 1] = key .. " = " .. tostring(value)
  end
  return table.concat(words, ", ") .. " on " .. name
end

function test_every_call_on_every_set()
  local results, errors = 0, 0
  for _, entry in ipairs(sets) do
    local name, data = entry[1], entry[2]
    for _, call in ipairs(calls) do
      local what = told(call, name)
      local ok, r = pcall(_G[call[1]], call[2], data, call[3])
      if ok then
        results = results + 1
        check_fields(what, r)
        check_interval(what, r)
        local text = tostring(r)
        lu.assertNil(text:find "nan", what)
        lu.assertNil(text:find "[%z\1-\9\11-\31\127]", what)
        lu.assertTrue(#r:glance() == 1, what)
        lu.assertTrue(#r:tidy() >= (call[1] == "describe" and 0 or 1), what)
      else
        errors = errors + 1
        lu.assertTrue(require "ts.error".is(r), what .. ": " .. tostring(r))
        lu.assertEquals(r.message:find "\n", nil, what)
        lu.assertNotNil(r.message:find "%a%a%a", what)
        local good = { degenerate = true, invalid = true, type = true,
          limit = true }
        lu.assertTrue(good[r.code], what .. ": " .. r.code .. ", " .. r.message)
      end
    end
  end
  lu.assertTrue(results > 600, results .. " results")
  lu.assertTrue(errors > 100, errors .. " errors")
end

-- A million rows, and P beyond doubles.
function test_large()
  local n = os.getenv "TRIALSH_LONG" and 1000000 or 100000
  local y, e, g = {}, {}, {}
  for i = 1, n do
    y[i] = (i * 7919) % 1000 + (i % 2) * 300
    e[i] = i % 2 == 0 and (i % 10 == 0 and 1 or 0) or (i % 3 == 0 and 1 or 0)
    g[i] = i % 2 == 0 and "A" or "B"
  end
  local data = { y = y, e = e, g = g }
  local r = wilcoxon("y ~ g", data)
  lu.assertEquals(r.p_value, 0)
  lu.assertStrContains(tostring(r), "P < 1e-300")
  lu.assertEquals(r.estimate, 301)
  lu.assertStrContains(tostring(riskdiff("e ~ g", data)), "P < 1e-300")
  lu.assertStrContains(tostring(fisher("e ~ g", data)), "P < 1e-300")
  lu.assertTrue(chisq("e ~ g", data).p_value < 1e-300)
  lu.assertEquals(signed_rank("y ~ 1", data).p_value, 0)
  lu.assertTrue(kruskal("y ~ g", data).p_value < 1e-300)
  lu.assertStrContains(tostring(jonckheere("y ~ g", data)), "P < 1e-300")
  lu.assertEquals(proportion("e ~ g", data):tidy().n[1], n / 2)
end

os.exit(lu.LuaUnit.run())
