-- Comparisons of several means whose variances may differ: each by its own
-- standard error and Welch's degrees of freedom, P and intervals for all of them
-- together after Games and Howell 1976 or Dunnett 1980 (T3).

local NA = require "ts.na".NA
local core = require "ts.multiple"
local estimates = require "trialsh.model.estimates"
local fail = require "ts.error".fail
local format = require "trialsh.format"
local names = require "trialsh.names"

local M = {}

-- The groups that have values, in level order.
local function groups_of(who, formula, data)
  local d = require "trialsh.describe".describe(formula, data)
  local t, groups = d:tidy(), {}
  if d.by == NA or d.by:find ", " then
    fail("invalid", ("%s: \"%s\" is not \"y ~ group\": with unequal variances "
      .. "there are groups alone"):format(who, formula))
  end
  for i = 1, #t do
    if t.n[i] > 0 then
      groups[#groups + 1] = { name = tostring(t[d.by][i]), n = t.n[i],
        mean = t.mean[i], sd = t.sd[i] }
    end
  end
  if #groups < 2 then
    fail("degenerate", ("%s: two groups with values are needed"):format(who))
  end
  return groups
end

local function all_pairs(groups)
  local list = {}
  for j, b in ipairs(groups) do
    for i = j + 1, #groups do list[#list + 1] = { groups[i], b } end
  end
  return list
end

local function against(who, groups, opt)
  local list, b, known = {}, nil, {}
  local wanted = opt.reference ~= nil and tostring(opt.reference)
  for i, g in ipairs(groups) do
    known[i] = g.name
    if g.name == (wanted or opt.usual) then b = g end
  end
  if wanted and not b then
    fail("not found", ("%s: no group '%s' with values%s"):format(who, wanted,
      names.hint(wanted, known)))
  end
  b = b or groups[1]
  for _, a in ipairs(groups) do
    if a ~= b then list[#list + 1] = { a, b } end
  end
  return list
end

-- Welch's difference of two groups.
local function welch(a, b, opt)
  local row = { compare = a.name .. " vs " .. b.name, estimate = a.mean - b.mean,
    n_1 = a.n, n_2 = b.n, std_error = NA, df = NA, p_adjusted = NA }
  local e_1 = a.sd ~= NA and a.sd / math.sqrt(a.n)
  local e_2 = b.sd ~= NA and b.sd / math.sqrt(b.n)
  if e_1 and e_2 and math.max(e_1, e_2) > 0 then
    local most = math.max(e_1, e_2) -- squares stay in range
    local v_1, v_2 = (e_1 / most) ^ 2, (e_2 / most) ^ 2
    row.std_error = most * math.sqrt(v_1 + v_2)
    row.df = (v_1 + v_2) ^ 2 / (v_1 ^ 2 / (a.n - 1) + v_2 ^ 2 / (b.n - 1))
  end
  for key, value in pairs(estimates.infer(row.estimate, row.std_error, row.df,
    opt)) do row[key] = value end
  return row
end

-- P and interval from the tail and the quantile of the largest statistic.
local function adjust(row, opt, tail, quantile)
  if row.statistic == NA then return end
  local side = opt.alternative or "two-sided"
  local t = side == "two-sided" and math.abs(row.statistic)
    or side == "less" and -row.statistic or row.statistic
  row.p_adjusted = side == "two-sided" and t == 0 and 1 or tail(row.df, t)
  local half = quantile(row.df, 1 - opt.conf_level) * row.std_error
  row.conf_low = side == "less" and -math.huge or row.estimate - half
  row.conf_high = side == "greater" and math.huge or row.estimate + half
end

local root_2 = math.sqrt(2)

-- The largest difference of k means; of m differences as if independent.
local function games_howell(k)
  return function(df, t) return core.range_tail(k, df, t * root_2) end,
    function(df, p) return core.range_quantile(k, df, p) / root_2 end
end

local function t3(m, two_sided)
  return function(df, t) return core.modulus_tail(m, df, t, two_sided) end,
    function(df, p) return core.modulus_quantile(m, df, p, two_sided) end
end

-- f of the limits of a ratio, on its logarithm.
local function on_logarithm(row, f)
  row.estimate = math.log(row.estimate)
  f()
  row.estimate = math.exp(row.estimate)
  row.conf_low = row.conf_low == -math.huge and NA or math.exp(row.conf_low)
  row.conf_high = row.conf_high == math.huge and NA or math.exp(row.conf_high)
end

--- unequal.adjust(rows, opt): p_adjusted and limits of Welch's tests by Dunnett's
-- T3, of the rows that have a test. opt: alternative, conf_level; ratio: they are
-- ratios, with standard errors of logarithms.
function M.adjust(rows, opt)
  local family = {}
  for _, row in ipairs(rows) do
    if row.p_value ~= nil and row.p_value ~= NA then
      family[#family + 1] = row
    end
  end
  local tail, quantile = t3(#family, opt.alternative == "two-sided")
  for _, row in ipairs(family) do
    local function f() adjust(row, opt, tail, quantile) end
    if opt.ratio then on_logarithm(row, f) else f() end
    for _, key in ipairs { "conf_low", "conf_high" } do
      if row[key] == math.huge or row[key] == -math.huge then row[key] = NA end
    end
    row.note = (row.note ~= nil and row.note ~= NA and row.note .. "; " or "")
      .. "P and CI adjusted by Dunnett's T3"
  end
end

--- unequal.compare(who, formula, data, opt) -> a frame, as lm's contrasts
-- opt: variance "welch" or "T3", conf_level; pairwise, or else each against
-- reference (nil: usual, or the first), T3 always; alternative.
function M.compare(who, formula, data, opt)
  for _, key in ipairs { "factor", "vcov", "ratio" } do
    if opt[key] then
      fail("invalid", ("%s: %s does not go with unequal variances"):format(who,
        key))
    end
  end
  if opt.pairwise and opt.reference then
    fail("invalid", who .. ": reference does not go with unequal variances")
  end
  local groups = groups_of(who, formula, data)
  local pairs_of = opt.pairwise and all_pairs(groups)
    or against(who, groups, opt)
  local games = opt.pairwise and opt.variance == "welch"
  local tail, quantile
  if games then tail, quantile = games_howell(#groups)
  else
    tail, quantile = t3(#pairs_of, (opt.alternative or "two-sided")
      == "two-sided")
  end
  local rows, lines = {}, { "difference in means; variances may differ",
    "P and CI adjusted by " .. (games and "Games and Howell"
      or "Dunnett's T3") }
  for i, pair in ipairs(pairs_of) do
    rows[i] = welch(pair[1], pair[2], opt)
    adjust(rows[i], opt, tail, quantile)
    if rows[i].std_error == NA then
      lines[3] = "no test where groups have one value or do not vary"
    end
  end
  return estimates.shown(rows, { "compare", "estimate", "std_error", "df",
    "statistic", "p_value", "p_adjusted", "conf_low", "conf_high", "n_1",
    "n_2" }, { print = { "compare", "estimate", "interval", "statistic", "df",
    "p_adjusted" }, heads = { estimate = "difference", statistic = "t",
      interval = format.level(opt.conf_level) .. " CI",
      p_adjusted = "P adjusted" }, lines = lines,
    simulated = require "trialsh.data".simulated(data) or nil })
end

return M
