-- Brackets above groups that are compared, with their P-values: packed in tiers
-- so that none meets another. They stand above the panel in mm, so that they are
-- right on any axis and over no point.

local text = require "ts.text"
local fail = require "ts.error".fail
local NA = require "ts.na".NA
local model = require "trialsh.figure.model"

local M = {}

local TIER, LEG = 3.4, 0.8 -- mm; of one tier, and of the legs of a bracket

local function height_of_tier(page)
  return math.max(TIER, page:line_height(page.style.tick_text) + LEG + 0.6)
end

-- The words over a bracket.
local function words_of(page, b, how)
  if how == "stars" then return model.stars(b.p) end
  return page:p(b.p)
end

-- Where the sides of a bracket stand: { middle, low, high } in mm.
local function side(panel, xs)
  local low, high, sum = math.huge, -math.huge, 0
  for _, x in ipairs(xs) do
    local at = panel:at_x(x)
    low, high, sum = math.min(low, at), math.max(high, at), sum + at
  end
  return { middle = sum / #xs, low = low, high = high }
end

-- Gives each bracket its sides, its words and its tier; how many tiers there are.
local function pack(page, panel, list, how)
  local s, ends = page.style, {}
  for _, b in ipairs(list) do
    b.from, b.to = side(panel, b.xs[1]), side(panel, b.xs[2])
    if b.from.middle > b.to.middle then b.from, b.to = b.to, b.from end
    b.words = words_of(page, b, how)
    local middle = (b.from.middle + b.to.middle) / 2
    local half = page:text_width(b.words, s.tick_text) / 2
    -- words stay on the page
    middle = math.min(math.max(middle, s.pad + half), page.width - s.pad - half)
    b.middle = middle
    b.left = math.min(b.from.low, middle - half) - 0.6
    b.right = math.max(b.to.high, middle + half) + 0.6
  end
  local order = table.move(list, 1, #list, 1, {})
  for i, b in ipairs(order) do b.place = i end
  table.sort(order, function(a, b)
    local wide_a, wide_b = a.right - a.left, b.right - b.left
    if math.abs(wide_a - wide_b) > 1e-9 then return wide_a < wide_b end
    return a.place < b.place
  end)
  for _, b in ipairs(order) do
    local tier = 1
    for t, placed in ipairs(ends) do
      for _, other in ipairs(placed) do
        if b.left < other.right and b.right > other.left then tier = t + 1 end
      end
    end
    b.tier, ends[tier] = tier, ends[tier] or {}
    table.insert(ends[tier], b)
  end
  return #ends
end

--- brackets.height(page, panel, list, how) -> mm that they take
-- list: { p, xs = { places of A, places of B } }; how: "p" or "stars"
function M.height(page, panel, list, how)
  if page.cells or #list == 0 then return 0 end
  return pack(page, panel, list, how) * height_of_tier(page) + 0.6
end

--- brackets.draw(panel, list, how)
function M.draw(panel, list, how)
  local page, s = panel.page, panel.page.style
  if page.cells then return end
  pack(page, panel, list, how)
  local tall = height_of_tier(page)
  local pen = { width = s.thin }
  for _, b in ipairs(list) do
    local y = panel.top + 0.6 + (b.tier - 1) * tall + LEG
    page:line(b.from.middle, y, b.to.middle, y, pen)
    for _, end_ in ipairs { b.from, b.to } do
      page:line(end_.middle, y - LEG, end_.middle, y, pen)
      if end_.high > end_.low then -- pooled groups: a bar over them
        page:line(end_.low, y - LEG, end_.high, y - LEG, pen)
      end
    end
    page:text(b.words, b.middle, y + page:line_height(s.tick_text) / 2 + 0.2,
      { size = s.tick_text, align = "center" })
  end
end

-- Where their P-values come from -----------------------------------------------

-- "A vs B" as lists of places of groups; a pooled arm is all of its members.
-- nil where groups are not what is compared: a trend.
local function places_of(who, compare, groups, trial, lenient)
  local by_name, known = {}, {}
  for _, g in ipairs(groups) do
    if g.name then
      by_name[g.name] = g
      known[#known + 1] = g.name
    end
  end
  local arms = trial and trial.arms or {}
  local a, b = require "trialsh.compare".split(compare, function(name)
    return by_name[name] or arms[name]
  end)
  if not a then
    if lenient then return nil end
    fail("invalid", ("%s: compare = \"A vs B\", not %s"):format(who, compare))
  end
  local sides = {}
  for i, name in ipairs { a, b } do
    local names = by_name[name] and { name } or arms[name] and arms[name].pool
    if not names then
      local near = text.nearest(name, known)
      fail("not found", ("%s: compare: no group '%s'%s"):format(who, name,
        near and "; nearest: " .. near or ""))
    end
    sides[i] = {}
    for _, member in ipairs(names) do
      if by_name[member] then table.insert(sides[i], by_name[member].x) end
    end
  end
  return sides
end

--- brackets.of_results(who, from, groups_at, opt, trial) -> list
-- groups_at: { [visit or false] = groups { name, x } }; the P-values are those
-- that run() stored, in the column opt.brackets.
function M.of_results(who, from, groups_at, opt, trial)
  local list, seen = {}, false
  for _, row in ipairs(from.results or {}) do
    local groups = groups_at[row.visit ~= NA and row.visit or false]
      or groups_at[false]
    local ok, p = pcall(function() return row[opt.brackets] end)
    if not ok or p == nil then
      fail("not found", ("%s: the results have no column %s"):format(who,
        opt.brackets))
    end
    if row.compare ~= NA and groups then
      local wanted = not opt.compare
      for _, name in ipairs(opt.compare or {}) do
        wanted = wanted or name == row.compare
      end
      seen = true
      list.method = row.method ~= NA and row.method or row.analysis
      if wanted then
        if p == NA and row.p_value ~= NA then
          fail("not found", ("%s: not all results of %s have %s; brackets = "
            .. '"p_value"'):format(who, from.name, opt.brackets))
        end
        local xs = places_of(who, row.compare, groups, trial, true)
        if xs and p ~= NA and not (opt.hide_ns and p >= 0.05) then
          list[#list + 1] = { p = p, compare = row.compare, xs = xs,
            facet = groups[1].facet }
        end
      end
    end
  end
  if not seen then
    fail("not found", ("%s: there are no P-values of %s; run() stores them")
      :format(who, from.name))
  end
  return list
end

--- brackets.tests -> what compares two lists of values, by the name of an option
M.tests = {
  wilcoxon = { name = "Wilcoxon-Mann-Whitney test",
    of = function(a, b) return require "trialsh.rank".wilcoxon(a, b) end },
  ttest = { name = "t test (Welch)",
    of = function(a, b) return require "trialsh.ttest".ttest(a, b) end },
}

--- brackets.of_test(who, test, facets, opt, trial) -> list
-- facets: lists of groups { name, x, values }; each comparison by the test,
-- adjusted over all of them: n, of which exact were so.
function M.of_test(who, test, facets, opt, trial)
  local list, p, exact = {}, {}, 0
  for _, groups in ipairs(facets) do
    local compare = opt.compare
    if not compare then
      compare = {}
      for i = 2, #groups do
        compare[i - 1] = ("%s vs %s"):format(groups[i].name, groups[1].name)
      end
    end
    for _, words in ipairs(compare) do
      local sides, values = places_of(who, words, groups, trial), { {}, {} }
      for k, xs in ipairs(sides) do
        for _, g in ipairs(groups) do
          for _, x in ipairs(xs) do
            if g.x == x then
              table.move(g.values, 1, #g.values, #values[k] + 1, values[k])
            end
          end
        end
      end
      if #values[1] > 0 and #values[2] > 0 then
        local found = M.tests[test].of(values[1], values[2])
        if found.p_value ~= NA then
          list[#list + 1] = { compare = words, xs = sides, facet = groups[1].facet }
          p[#p + 1] = found.p_value
          exact = exact + (found.method:find "exact" and 1 or 0)
        end
      end
    end
  end
  if #p == 0 then return list end
  local adjusted = require "trialsh.padjust".padjust(p, opt.adjust)
  local kept = { n = #p, exact = exact }
  for i, b in ipairs(list) do
    b.p = adjusted[i]
    if not (opt.hide_ns and b.p >= 0.05) then kept[#kept + 1] = b end
  end
  return kept
end

--- brackets.columns(list) -> { { "P: A vs B", { [facet or ""] = P } }, ... }: the
-- P-values that the brackets or their stars stand for
function M.columns(list)
  local out, by = {}, {}
  for _, b in ipairs(list) do
    if not by[b.compare] then
      by[b.compare] = {}
      out[#out + 1] = { "P: " .. b.compare, by[b.compare] }
    end
    by[b.compare][b.facet or ""] = b.p
  end
  return out
end

return M
