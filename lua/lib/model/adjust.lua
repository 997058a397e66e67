-- P-values and intervals for several comparisons at once.

local NA = require "ts.na".NA
local fail = require "ts.error".fail
local multiple = require "ts.multiple"
local text = require "ts.text"
local permute = require "trialsh.model.permute"

local M = {}

M.kinds = { "none", "Dunnett", "Tukey", "mvt", "Scheffe", "Bonferroni", "Sidak", "Holm",
  "Holm-Sidak", "Hochberg", "Hommel", "BH", "BY", permute.step, permute.single }

-- Those that take the joint distribution of the estimates of one model.
M.joint = { "Dunnett", "Tukey", "mvt" }

local names = { BH = "Benjamini and Hochberg", BY = "Benjamini and Yekutieli",
  Tukey = "Tukey-Kramer", mvt = "the joint distribution" }

-- The statistics on which a joint distribution is based, larger meaning more.
local function sizes(rows, opt)
  local list = {}
  for i, row in ipairs(rows) do
    list[i] = opt.alternative == "two-sided" and math.abs(row.statistic)
      or opt.alternative == "less" and -row.statistic or row.statistic
  end
  return list
end

local function correlations(state, rows)
  local l = {}
  for i, row in ipairs(rows) do l[i] = row.row end
  local v, r = state.core:covariance(l), {}
  for i in ipairs(l) do
    r[i] = {}
    if v[i][i] == NA then
      fail("degenerate", ("%s: the squares of these estimates leave the range "
        .. "of numbers; another unit would help"):format(state.who))
    end
    for j in ipairs(l) do
      r[i][j] = i == j and 1 or v[i][j] / math.sqrt(v[i][i] * v[j][j])
    end
  end
  return r
end

-- Of several rows with degrees of freedom of their own the fewest.
local function df_of(rows)
  local least = math.huge
  for _, row in ipairs(rows) do least = math.min(least, row.df) end
  return least
end

local function set_interval(row, critical, opt)
  local half = critical * row.std_error
  row.conf_low, row.conf_high = row.estimate - half, row.estimate + half
  if opt.alternative == "less" then row.conf_low = -math.huge end
  if opt.alternative == "greater" then row.conf_high = math.huge end
end

-- Joint: the largest of the statistics.
local function joint(state, rows, opt)
  local r, two = correlations(state, rows), opt.alternative == "two-sided"
  local df = df_of(rows)
  local critical, off = multiple.max_t_quantile(r, df, 1 - opt.conf_level, two)
  for i, size in ipairs(sizes(rows, opt)) do
    local error_of
    rows[i].p_adjusted, error_of = multiple.max_t_tail(r, df, size, two)
    rows[i].accuracy = math.max(off, error_of)
    set_interval(rows[i], critical, opt)
  end
end

-- All comparisons have one side, a single level, in common.
local function check_control(state, list)
  local control
  for _, c in ipairs(list) do
    if c.parts or #c.b.members > 1 or control and c.b.name ~= control then
      fail("invalid", ("%s: Dunnett is for comparisons with one control; "
        .. 'adjust = "mvt" takes any'):format(state.who))
    end
    control = c.b.name
  end
end

local function dunnett(state, rows, opt, list)
  check_control(state, list)
  joint(state, rows, opt)
end

local function tukey(state, rows, opt, list, x)
  local df = df_of(rows)
  if opt.alternative ~= "two-sided" then
    fail("invalid", ("%s: Tukey's test is two-sided"):format(state.who))
  end
  for _, c in ipairs(list) do
    if c.parts or #c.a.members > 1 or #c.b.members > 1 then
      fail("invalid", ("%s: Tukey is for differences of two levels; adjust = "
        .. '"mvt" takes any'):format(state.who))
    end
  end
  local k = #x.levels
  local critical = multiple.range_quantile(k, df, 1 - opt.conf_level)
    / math.sqrt(2)
  for _, row in ipairs(rows) do
    row.p_adjusted = row.statistic == 0 and 1 or multiple.range_tail(k,
      df, math.abs(row.statistic) * math.sqrt(2))
    set_interval(row, critical, opt)
  end
end

-- All contrasts of the levels that there could be.
local function scheffe(state, rows, opt, _, x)
  local df, rank = df_of(rows), #x.levels - 1
  if opt.alternative ~= "two-sided" then
    fail("invalid", ("%s: Scheffe's test is two-sided"):format(state.who))
  end
  local critical = multiple.scheffe_quantile(rank, df, 1 - opt.conf_level)
  for _, row in ipairs(rows) do
    row.p_adjusted = multiple.scheffe_tail(rank, df, row.statistic)
    set_interval(row, critical, opt)
  end
end

-- One after another, by size; they have no intervals.
local function stepwise(_, rows, opt)
  local p = {}
  for i, row in ipairs(rows) do p[i] = row.p_value end
  local adjusted = require "trialsh.padjust".padjust(p, opt.adjust)
  for i, row in ipairs(rows) do row.p_adjusted = adjusted[i] end
end

-- Each at a smaller level: that for m comparisons.
local function single_step(level)
  return function(state, rows, opt)
    stepwise(state, rows, opt)
    for _, row in ipairs(rows) do
      local t = require "trialsh.model.estimates".infer(row.estimate,
        row.std_error, row.df, { alternative = opt.alternative, mu = opt.mu,
          conf_level = 1 - level(1 - opt.conf_level, #rows) })
      row.conf_low, row.conf_high = t.conf_low, t.conf_high
    end
  end
end

local how = { Dunnett = dunnett, Tukey = tukey, mvt = joint, Scheffe = scheffe,
  Bonferroni = single_step(function(a, m) return a / m end),
  Sidak = single_step(multiple.sidak_level) }
for _, kind in ipairs { "Holm", "Holm-Sidak", "Hochberg", "Hommel", "BH",
    "BY" } do how[kind] = stepwise end

--- adjust.apply(state, rows, list, x, opt): sets p_adjusted and, where there
-- is one, the simultaneous interval of the rows, which are the comparisons of
-- list between levels of x. Rows without a P are no part of the family. (Max-T is
-- set by permute.)
function M.apply(state, rows, list, x, opt)
  if opt.adjust == "none" or permute.is_joint(opt) then return end
  local family, kept = {}, {}
  for i, row in ipairs(rows) do
    row.p_adjusted = NA
    -- an infinite estimate has a P and no place in a joint distribution
    if row.p_value ~= NA and (row.std_error ~= NA
        or how[opt.adjust] == stepwise) then
      family[#family + 1], kept[#kept + 1] = row, list[i]
    end
  end
  if #family > 0 then how[opt.adjust](state, family, opt, kept, x) end
end

--- adjust.words(rows, opt, by) -> what was done, for below the table
function M.words(rows, opt, by)
  local accuracy, stepped = 0, how[opt.adjust] == stepwise
  if permute.is_joint(opt) then
    return ("P adjusted by the largest t of permutations%s, over all %d; CI not "
      .. "adjusted"):format(opt.adjust == permute.step and ", step-down" or "",
      #rows)
  end
  for _, row in ipairs(rows) do
    accuracy = math.max(accuracy, row.accuracy or 0)
  end
  local words = ("%s adjusted by %s"):format(stepped and "P" or "P and CI",
    names[opt.adjust] or opt.adjust)
  if accuracy > 0 then
    words = words .. (", relative error below %s"):format(text.number(
      tonumber(("%.0e"):format(1.5 * accuracy))))
  end
  if #by > 0 then
    words = words .. ", within each " .. table.concat(by, ", ")
  end
  return words .. (stepped and "; CI not adjusted" or "")
end

return M
