-- The edge battery (statistics.md 2.3): awkward sets, on which statistics are
-- tried. Each gives a result, or an error that says why; no number is NaN,
-- infinity ends intervals only, and what is missing says why it is.
local lu = require "luaunit"

local M = {}

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

-- y: a measurement, e: an event, b: the same before, g: arm, s: stratum, t: a
-- time, x: a covariate, c: one that says the same
local function set(y, e, g, s, t)
  local b, x, c, times = {}, {}, {}, {}
  for i, event in ipairs(e) do
    b[i] = event == NA and NA or 1 - event
    x[i], times[i] = i * 7 % 5, i
    c[i] = 2 * x[i] - 3
  end
  return { y = y, e = e, g = g, s = s or rep("one", #y), b = b, t = t or times,
    x = x, c = c }
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
  { "all at one time", set({ 3, 1, 4, 1, 5, 9, 2, 6 }, rep(1, 8), a4b4, nil,
    rep(5, 8)) },
  { "events at time 0", set({ 3, 1, 4, 1, 5, 9, 2, 6 },
    { 1, 0, 1, 1, 0, 1, 1, 1 }, a4b4, nil, { 0, 0, -0.0, 1, 0, 2, 2, 3 }) },
  { "times beyond all", set({ 3, 1, 4, 1, 5, 9, 2, 6 },
    { 1, 0, 1, 1, 0, 1, 1, 1 }, a4b4, nil, { 5e-324, 1e308, 1e-300, 1, 1e300,
      2, 1.7e308, 3 }) },
  { "far from zero", set({ 1e15 + 1, 1e15, 1e15 + 2, 1e15 + 4, 1e15, 1e15 + 3,
    1e15 + 8, 1e15 + 2 }, { 1, 0, 1, 1, 0, 1, 1, 1 }, a4b4) },
}

-- Fields that may be infinite.
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
  local has = {}
  for key in pairs(r) do has[key] = true end
  if has.p_value and p == NA and (not has.null or r:get "null" ~= NA) then
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

local function told(call, name)
  local words = { call[1], call[2] }
  for key, value in pairs(call[3] or {}) do
    words[#words + 1] = key .. " = " .. tostring(value)
  end
  return table.concat(words, ", ") .. " on " .. name
end

-- A frame of results: no number is NaN, infinity ends intervals only.
local function check_frame(what, frame)
  local columns = require "trialsh.data".frame(frame)
  for _, name in ipairs(columns:names()) do
    local column = columns:column(name)
    for i = 1, #column do
      local x = column[i]
      if type(x) == "number" then
        lu.assertTrue(x == x, ("%s: %s is NaN"):format(what, name))
        lu.assertTrue(math.abs(x) < math.huge or name:find "_low$" ~= nil
          or name:find "_high$" ~= nil, ("%s: %s is infinite"):format(what,
          name))
      end
    end
  end
end

local function check_text(what, x)
  local text = tostring(x)
  lu.assertNil(text:find "nan", what)
  lu.assertNil(text:find "[\0-\9\11-\31\127]", what)
end

local good = { degenerate = true, invalid = true, type = true, limit = true,
  ["not found"] = true }

local function check_error(what, e)
  lu.assertTrue(require "ts.error".is(e), what .. ": " .. tostring(e))
  lu.assertEquals(e.message:find "\n", nil, what)
  lu.assertNotNil(e.message:find "%a%a%a", what)
  lu.assertTrue(good[e.code], what .. ": " .. e.code .. ", " .. e.message)
end

-- What a statistic gives: a frame, or a result with its fields.
local function check_any(what, r, name)
  check_text(what, r)
  if require "trialsh.relation".is(r) then return check_frame(what, r) end
  check_fields(what, r)
  check_interval(what, r)
  check_frame(what, r:glance())
  lu.assertTrue(#r:glance() == 1, what)
  check_frame(what, r:tidy())
  lu.assertTrue(#r:tidy() >= (name == "describe" and 0 or 1), what)
end

--- edge_sets.try(calls) -> results, errors: each { function, formula, options }
-- on every set; after = { f, ... } are tried with the result.
function M.try(calls)
  local results, errors = 0, 0
  for _, entry in ipairs(sets) do
    local name, data = entry[1], entry[2]
    for _, call in ipairs(calls) do
      local what = told(call, name)
      local ok, r = pcall(_G[call[1]], call[2], data, call[3])
      if ok then
        results = results + 1
        check_any(what, r, call[1])
        for i, f in ipairs(call.after or {}) do
          local also, x = pcall(f, r, data)
          if also then check_any(("%s, then %d"):format(what, i), x)
          else check_error(("%s, then %d"):format(what, i), x) end
        end
      else
        errors = errors + 1
        check_error(what, r)
      end
    end
  end
  return results, errors
end

return M
