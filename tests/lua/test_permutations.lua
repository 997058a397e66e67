-- Exact P are what they say over all that chance could have dealt: of random
-- small sets, 50 times as many with TRIALSH_LONG.
local lu = require "luaunit"
local random = require "tests.lua.random_data"
local pick, numbers = random.pick, random.numbers
local list_of, show = random.list, random.options

local more = os.getenv "TRIALSH_LONG" and 50 or 1

-- p: a P for each outcome, weight: its chance. A test is exact if outcomes with
-- P of at most p have no more than that chance; sharp: exactly that.
local function check_exact(what, p, weight, sharp, smallest)
  local total = 0
  for _, w in ipairs(weight) do total = total + w end
  local least = 1
  for i in ipairs(p) do
    local share = 0
    for j in ipairs(p) do
      if p[j] <= p[i] * (1 + 1e-9) then share = share + weight[j] end
    end
    share = share / total
    least = math.min(least, p[i])
    if share > p[i] * (1 + 1e-9) or sharp and share < p[i] * (1 - 1e-9) then
      lu.fail(("%s: P = %.12g, but as small are %.12g"):format(what, p[i],
        share))
    end
  end
  if smallest and math.abs(smallest - least) > 1e-9 * least then
    lu.fail(("%s: smallest P is %.12g, told %.12g"):format(what, least,
      smallest))
  end
end

-- Every way to deal the units to groups of these sizes: f(list of group names).
local function deals(sizes, f)
  local n, left, g = 0, {}, {}
  for k, size in ipairs(sizes) do
    n, left[k] = n + size, size
  end
  local function deal(i)
    if i > n then return f(g) end
    for k = 1, #sizes do
      if left[k] > 0 then
        left[k] = left[k] - 1
        g[i] = ("ABC"):sub(k, k)
        deal(i + 1)
        left[k] = left[k] + 1
      end
    end
  end
  deal(1)
end

-- sharp where one order of the outcomes rules
local rank_tests = {
  { wilcoxon, "y ~ g", { two_sided = "absdev" }, true },
  { wilcoxon, "y ~ g", {} }, { wilcoxon, "y ~ g", { alternative = "less" }, true },
  { wilcoxon, "y ~ g", { alternative = "greater" }, true },
  { kruskal, "y ~ g", {}, true }, { jonckheere, "y ~ g", {}, true },
  { jonckheere, "y ~ g", { two_sided = "central" } },
  { jonckheere, "y ~ g", { alternative = "less" }, true },
}

function test_exact_ranks()
  math.randomseed(46)
  for _ = 1, 5 * more do
    local sizes = pick { { 1, 2 }, { 3, 3 }, { 4, 2 }, { 2, 2, 2 }, { 1, 2, 3 } }
    local n = 0
    for _, size in ipairs(sizes) do n = n + size end
    local y = numbers(n, pick { 1, 3, 9 }, 1)
    for _, test in ipairs(rank_tests) do
      if #sizes == 2 or test[1] ~= wilcoxon then
        local p, weight, smallest = {}, {}, nil
        deals(sizes, function(g)
          local r = test[1](test[2], { y = y, g = g }, test[3])
          p[#p + 1], weight[#weight + 1], smallest = r.p_value, 1, r.p_smallest
        end)
        check_exact(list_of(y) .. " in " .. list_of(sizes) .. show(test[3]), p,
          weight, test[4], smallest)
      end
    end
  end
end

function test_exact_strata()
  math.randomseed(47)
  for _ = 1, 5 * more do
    local y, s = numbers(7, pick { 1, 3, 9 }, 1), { 1, 1, 1, 2, 2, 2, 2 }
    for _, opt in ipairs { {}, { alternative = "less" },
      { two_sided = "central" } } do
      local p, weight, smallest = {}, {}, nil
      deals({ 1, 2 }, function(one)
        local first = table.move(one, 1, 3, 1, {})
        deals({ 2, 2 }, function(two)
          local g = table.move(two, 1, 4, 4, table.move(first, 1, 3, 1, {}))
          local r = van_elteren("y ~ g + strata(s)", { y = y, g = g, s = s },
            opt)
          p[#p + 1], weight[#weight + 1], smallest = r.p_value, 1, r.p_smallest
        end)
      end)
      check_exact(list_of(y) .. show(opt), p, weight,
        opt.two_sided ~= "central", smallest)
    end
  end
end

function test_exact_signs()
  math.randomseed(48)
  for _ = 1, 5 * more do
    local n = math.random(5)
    local size = numbers(n, 4, 1)
    for _, opt in ipairs { {}, { zeros = "pratt" }, { alternative = "less" },
      { alternative = "greater", zeros = "pratt" } } do
      for _, f in ipairs { signed_rank, sign_test } do
        if f == signed_rank or not opt.zeros then
          local p, weight, smallest = {}, {}, nil
          for set = 0, 2 ^ n - 1 do
            local x = {}
            for i = 1, n do
              x[i] = set // 2 ^ (i - 1) % 2 == 0 and size[i] or -size[i]
            end
            local r = f(x, next(opt) and opt or nil)
            p[#p + 1], weight[#weight + 1], smallest = r.p_value, 1,
              r.p_smallest
          end
          check_exact(list_of(size) .. show(opt), p, weight,
            opt.alternative ~= nil, smallest)
        end
      end
    end
  end
end

local function choose(n, k)
  local c = 1
  for i = 1, k do c = c * (n - k + i) / i end
  return c
end

function test_exact_tables()
  math.randomseed(49)
  for _ = 1, 10 * more do
    local n_1, n_2 = math.random(8), math.random(8)
    local m = math.random(0, n_1 + n_2)
    for _, opt in ipairs { {}, { two_sided = "minlike" },
      { alternative = "less" }, { alternative = "greater" } } do
      local p, weight, smallest = {}, {}, nil
      for a = math.max(0, m - n_2), math.min(n_1, m) do
        local r = fisher({ { a, n_1 - a }, { m - a, n_2 - m + a } }, opt)
        p[#p + 1], weight[#weight + 1] = r.p_value, choose(n_1, a)
          * choose(n_2, m - a)
        smallest = r.p_smallest
      end
      check_exact(("%d and %d, %d events %s"):format(n_1, n_2, m, show(opt)), p,
        weight, opt.two_sided == "minlike" or opt.alternative, smallest)
    end
    for _, opt in ipairs { {}, { alternative = "less" } } do
      local p, weight, smallest = {}, {}, nil
      for b = 0, m do
        local r = mcnemar({ { 2, b }, { m - b, 1 } }, opt)
        p[#p + 1], weight[#weight + 1], smallest = r.p_value, choose(m, b),
          r.p_smallest
      end
      check_exact(("%d pairs %s"):format(m, show(opt)), p, weight,
        opt.alternative, smallest)
    end
  end
end

local function factorial(n) return n < 2 and 1 or n * factorial(n - 1) end

-- The chance of a table given its margins, up to a factor.
local function chance(t)
  local w = 1
  for _, row in ipairs(t) do
    for _, x in ipairs(row) do w = w / factorial(x) end
  end
  return w
end

-- All tables of these margins: f(table).
local function tables(rows, columns, f)
  local t = {}
  local function fill(i, left)
    if i > #rows then return f(t) end
    local function cell(j, rest, row, after)
      if j > #columns then
        t[i] = row
        return rest == 0 and fill(i + 1, after)
      end
      for x = 0, math.min(rest, left[j]) do
        local r, l = table.move(row, 1, #row, 1, {}),
          table.move(after, 1, #after, 1, {})
        r[j], l[j] = x, left[j] - x
        cell(j + 1, rest - x, r, l)
      end
    end
    cell(1, rows[i], {}, left)
  end
  fill(1, columns)
end

function test_exact_larger_tables()
  for _, case in ipairs { { { 3, 2, 3 }, { 4, 2, 2 } }, { { 5, 4 },
    { 3, 3, 2, 1 } }, { { 2, 2, 2 }, { 3, 3 } } } do
    local p, weight = {}, {}
    tables(case[1], case[2], function(t)
      p[#p + 1], weight[#weight + 1] = fisher(t).p_value, chance(t)
    end)
    lu.assertTrue(#p > 5)
    check_exact(list_of(case[1]) .. " by " .. list_of(case[2]), p, weight, true)
  end
end

-- Whatever the common proportion is, P are small no more often than they say.
function test_exact_unconditional()
  math.randomseed(50)
  for _ = 1, 3 * more do
    local n_1, n_2 = math.random(6), math.random(6)
    for _, f in ipairs { boschloo, barnard } do
      local opt = { alternative = pick { "less", "greater", "two-sided" } }
      local p, at = {}, {}
      for a = 0, n_1 do
        for b = 0, n_2 do
          p[#p + 1] = f({ { a, n_1 }, { b, n_2 } }, opt).p_value
          at[#at + 1] = { a, b }
        end
      end
      for _, q in ipairs { 0.03, 0.2, 0.5, 0.71, 0.9 } do
        local weight = {}
        for i, ab in ipairs(at) do
          weight[i] = choose(n_1, ab[1]) * choose(n_2, ab[2])
            * q ^ (ab[1] + ab[2]) * (1 - q) ^ (n_1 + n_2 - ab[1] - ab[2])
        end
        check_exact(("%d and %d %s at %g"):format(n_1, n_2, show(opt), q), p,
          weight, false)
      end
    end
  end
end

os.exit(lu.LuaUnit.run())
