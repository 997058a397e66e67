-- Rank tests of several groups, and of two within strata. The numbers are C's
-- (ts.rank).

local NA = require "ts.na".NA
local core = require "ts.rank"
local cdescribe = require "ts.describe"
local cframe = require "ts.frame"
local formula = require "ts.formula"
local text = require "ts.text"
local fail = require "ts.error".fail
local data_of = require "trialsh.data"
local format = require "trialsh.format"
local options = require "trialsh.options"
local result = require "trialsh.result"
local sample = require "trialsh.sample"

local M = {}

-- Groups ----------------------------------------------------------------------

-- A set: columns, names, n_missing, reasons, empty (names of groups without a
-- value), variable, group, simulated. Groups stand in level order.
local function of_formula(who, source, data)
  local model, info = sample.model(who, source, data, { groups = true })
  if #info.x ~= 1 then
    fail("invalid", ('%s compares the groups of one variable, "y ~ group"')
      :format(who))
  end
  local levels, members, set = {}, {}, { names = {}, empty = {} }
  for i, level in ipairs(info.group.levels) do
    if level.n > 0 then
      levels[#levels + 1] = { name = level.name, place = level.place, i = i }
    elseif level.n_row > 0 then
      set.empty[#set.empty + 1] = level.name
    end
  end
  table.sort(levels, function(a, b) return a.place < b.place end)
  for j, level in ipairs(levels) do
    set.names[j], members[j] = level.name, { level.i }
  end
  set.columns = model:samples(members)
  set.n_missing, set.reasons = info.n_missing, result.missing(info)
  set.variable, set.group = info.response[1].name, info.group.name
  set.simulated = data_of.simulated(data) or nil
  return set
end

local function is_list_of_arrays(x)
  return type(x) == "table" and getmetatable(x) == nil
    and (type(x[1]) == "table" or cframe.is_column(x[1]))
end

local function of_arrays(who, arrays)
  local set = { columns = {}, names = {}, empty = {}, reasons = {},
    n_missing = 0, group = "group" }
  for i, array in ipairs(arrays) do
    local column, n_missing = sample.column(who, array, "group_" .. i)
    set.n_missing = set.n_missing + n_missing
    if #column > 0 then
      set.columns[#set.columns + 1] = column
      set.names[#set.names + 1] = tostring(i)
    else
      set.empty[#set.empty + 1] = tostring(i)
    end
  end
  return set
end

local function read(who, x, data, opt, spec)
  local set
  if is_list_of_arrays(x) then
    opt = options(who, data, spec)
    set = of_arrays(who, x)
  elseif type(x) == "string" then
    local kind, given = sample.arguments(who, x, data, opt)
    assert(kind == "formula")
    opt = options(who, given, spec)
    set = of_formula(who, x, data)
  else
    fail("type", ('%s: a formula, "y ~ group", or a list of arrays comes first')
      :format(who))
  end
  if #set.columns < 2 then
    fail("degenerate", ("%s: two groups with values are needed, %s has %s")
      :format(who, set.group, #set.columns == 1 and "only " .. set.names[1]
        or "none"))
  end
  return set, opt
end

local function empty_note(set)
  if #set.empty > 0 then
    return ("no values in %s"):format(table.concat(set.empty, ", "))
  end
end

local function equal_note(t)
  if t.p_value == 1 and t.tied and t.p_smallest == 1 then
    return "all values are equal: P is 1"
  end
end

local function groups_of(set, rank_sum)
  local names, arrays = { set.group, "n", "median" }, { set.names, {}, {} }
  for i, column in ipairs(set.columns) do
    arrays[2][i] = #column
    arrays[3][i] = cdescribe.quantile(column, 0.5, 2)
  end
  if rank_sum then
    names[4], arrays[4] = "mean_rank", {}
    for i, sum in ipairs(rank_sum) do arrays[4][i] = sum / #set.columns[i] end
  end
  return names, arrays
end

local function print_groups(m, set, names, arrays, pieces)
  local columns = {}
  for j, name in ipairs(names) do
    local values = {}
    for i, x in ipairs(arrays[j]) do
      values[i] = name == "mean_rank" and tonumber(format.fixed(x, 2)) or x
    end
    columns[j] = { name = name, values = values, type = j == 1 and "text"
      or "real" }
  end
  local head = m.method
  if m.alternative ~= NA then
    head = head .. ", " .. (m.alternative == "two-sided" and "two-sided"
      or ("one-sided (%s)"):format(m.alternative))
  end
  local lines = { ("%s: %s%d values in %d groups"):format(head,
    set.variable and text.escape(set.variable) .. ", " or "", m.n,
    #set.columns) }
  lines[2] = require "trialsh.show".table(columns, #set.columns, {})
  pieces[#pieces + 1] = format.p_equals(m.p_value)
  lines[3] = result.lines(pieces)
  if m.p_smallest ~= NA then
    lines[#lines + 1] = ("smallest P that these groups can give: %s"):format(
      format.p(m.p_smallest))
  end
  if m.note ~= NA then lines[#lines + 1] = text.escape(m.note) end
  lines[#lines + 1] = result.left_out(m.n_missing, set.reasons,
    not set.variable and "value" or nil)
  return table.concat(lines, "\n")
end

-- A result of several groups; pieces(m): text before P.
local function group_result(who, set, t, fields, pieces)
  local names, arrays = groups_of(set, t.rank_sum)
  fields.statistic, fields.df, fields.p_value = t.statistic, t.df, t.p_value
  fields.p_smallest, fields.z, fields.n = t.p_smallest, t.z, t.n_used
  fields.n_missing, fields.simulated = set.n_missing, set.simulated
  fields.variable, fields.group = set.variable or NA, set.group
  return result.model { name = who, fields = fields,
    order = { "method", "statistic", "df", "p_value", "p_smallest",
      "alternative", "n", "n_missing", "note" },
    tidy = function() return result.frame(names, arrays,
      { [set.group] = set.names }) end,
    print = function(m)
      return print_groups(m, set, names, arrays, pieces(m))
    end,
  }
end

local kruskal_spec = { exact = { "boolean" } }

--- kruskal(formula, data [, opt]) -> result
-- Kruskal-Wallis test that groups have the same distribution, corrected for
-- ties. Exact while that takes at most 2e9 steps (three groups of 12, four of
-- 4; more without ties), else chi-square. Arrays do as well: kruskal { a, b, c }.
--   formula  "y ~ group"
--   exact    true or false decides; R has chi-square alone
-- Values tie as the decimals that they are, as in wilcoxon; R's if identical.
-- r.statistic is H with r.df; r:tidy() has n, median and mean rank by group.
-- Values of AVAL below their limit (BLQFL) are refused, unless blq says what stands
-- for them: relation:detect.
--
--   > kruskal { {2.9, 3.0, 2.5, 2.6, 3.2}, {3.8, 2.7, 4.0, 2.4}, {2.8, 3.4, 3.7, 2.2, 2.0} }
--   Kruskal-Wallis test, exact: 14 values in 3 groups
--      group  n  median  mean_rank
--   1  1      5    2.90        7.2
--   2  2      4    3.25        9.0
--   3  3      5    2.80        6.6
--   H = 0.77, df = 2; P = 0.711
--   smallest P that these groups can give: 0.000024
--   > kruskal("APACHE ~ TRT01P", demo.adsl).p_value
--   0.9213125715652668
--
-- See also: wilcoxon, jonckheere. Kruskal and Wallis 1952. R: kruskal.test.
-- SAS: PROC NPAR1WAY.
function M.kruskal(x, data, opt)
  local set, o = read("kruskal", x, data, opt, kruskal_spec)
  local t = core.kruskal(set.columns, { exact = o.exact })
  return group_result("kruskal", set, t, {
    method = "Kruskal-Wallis test, " .. (t.exact and "exact" or "chi-square"),
    alternative = NA, note = result.note(empty_note(set), equal_note(t)),
  }, function(m)
    return { ("H = %s, df = %d"):format(format.fixed(m.statistic, 2), m.df) }
  end)
end

local trend_spec = {
  alternative = { { "two-sided", "less", "greater" }, "two-sided" },
  two_sided = { { "absdev", "central" }, "absdev" },
  exact = { "boolean" },
}

local function manner(t, o)
  if not t.exact then return "normal approximation" end
  return o.alternative == "two-sided" and o.two_sided == "central"
    and "exact (central)" or "exact"
end

--- jonckheere(formula, data [, opt]) -> result
-- Jonckheere-Terpstra test of a trend over ordered groups, such as doses: exact
-- with ties while that takes at most 2e9 steps, else normal with the variance
-- corrected for ties. Arrays do as well: jonckheere { a, b, c }.
--   formula      "y ~ dose"; groups in level order, numbers in increasing order
--   alternative  "two-sided" (default), "greater": values rise, "less"
--   two_sided    "absdev" (default): all as far from the mean; "central"
--   exact        true or false decides
-- Values tie as the decimals that they are, as in wilcoxon; R's if identical.
-- r.statistic counts pairs that rise from a group to a later one, ties half.
-- Values of AVAL below their limit (BLQFL) are refused, unless blq says what stands
-- for them: relation:detect.
--
--   > jonckheere { {40, 35, 38, 43, 44, 41}, {38, 40, 47, 44, 40, 42}, {48, 40, 45, 43, 46, 44} }
--   Jonckheere-Terpstra test, exact, two-sided: 18 values in 3 groups
--      group  n  median
--   1  1      6    40.5
--   2  2      6    41.0
--   3  3      6    44.5
--   J = 79; P = 0.042
--   smallest P that these groups can give: 0.0000014
--
-- See also: kruskal. Jonckheere 1954, Terpstra 1952. SAS: PROC FREQ, JT.
function M.jonckheere(x, data, opt)
  local set, o = read("jonckheere", x, data, opt, trend_spec)
  local t = core.jonckheere(set.columns, o)
  return group_result("jonckheere", set, t, {
    method = "Jonckheere-Terpstra test, " .. manner(t, o),
    alternative = o.alternative, two_sided = o.two_sided,
    note = result.note(empty_note(set), equal_note(t)),
  }, function(m)
    local pieces = { ("J = %s"):format(text.number(m.statistic)) }
    if m.z ~= NA then pieces[2] = ("z = %s"):format(format.fixed(m.z, 2)) end
    return pieces
  end)
end

-- Strata ----------------------------------------------------------------------

local function strata_note(info, t)
  local idle = info.stratum.n_level - t.n_stratum
  if idle > 0 then
    return ("%s of %d %s"):format(idle == 1 and "1 stratum"
      or idle .. " strata", info.stratum.n_level, idle == 1
        and "lacks one of the groups and says nothing"
        or "lack one of the groups and say nothing")
  end
end

local van_elteren_spec = { compare = { "string" }, reference = { "string" },
  alternative = trend_spec.alternative, two_sided = trend_spec.two_sided,
  exact = trend_spec.exact }

--- van_elteren(formula, data [, opt]) -> result
-- Wilcoxon's rank-sum test of two groups within strata, weighted by 1 / (n + 1)
-- of the stratum. Exact over all allocations within strata while that takes at
-- most 2e9 steps, else normal.
--   formula      "y ~ group + strata(SITE)"
--   compare      "A vs B"; with two groups the default is against the trial's
--                reference, else the first level
--   alternative  "two-sided" (default), "less", "greater": A is larger
--   two_sided    "absdev" (default): all as far from the mean; "central"
--   exact        true or false decides; SAS is normal
-- Values tie as the decimals that they are, as in wilcoxon; R's if identical.
-- r.z is above 0 when A is larger; r.z^2 is SAS's row mean score statistic with
-- SCORES=MODRIDIT.
-- Values of AVAL below their limit (BLQFL) are refused, unless blq says what stands
-- for them: relation:detect.
--
--   > van_elteren("AGE ~ SEX + strata(COUNTRY)", demo.adsl)
--   van Elteren test, exact, two-sided: AGE, M (n = 12) vs F (n = 12)
--   medians 67.0 and 67.5; 2 strata of COUNTRY; z = -0.30; P = 0.774
--   smallest P that these strata can give: 0.0000012
--   SIMULATED DATA
--
-- See also: wilcoxon. van Elteren 1960. SAS: PROC FREQ, CMH2.
function M.van_elteren(source, data, opt)
  if type(source) ~= "string" then
    fail("type", 'van_elteren: the formula is text, "y ~ group + strata(SITE)"')
  end
  local kind, given = sample.arguments("van_elteren", source, data, opt)
  assert(kind == "formula")
  local o = options("van_elteren", given, van_elteren_spec)
  local model, info = sample.model("van_elteren", source, data,
    { groups = true, strata = true })
  if not info.stratum or #info.x ~= 1 then
    fail("invalid", ('van_elteren: "%s" is not "y ~ group + strata(SITE)"')
      :format(source))
  end
  local set = sample.sides("van_elteren", model, info, data, o)
  local t = core.van_elteren(model, { set.members_a, set.members_b }, o)
  local fields = { method = "van Elteren test, " .. manner(t, o),
    statistic = t.statistic, z = t.z, p_value = t.p_value,
    p_smallest = t.p_smallest, alternative = o.alternative,
    two_sided = o.two_sided, compare = set.a .. " vs " .. set.b,
    n = #set.x + #set.y, n_1 = #set.x, n_2 = #set.y,
    estimate_1 = cdescribe.quantile(set.x, 0.5, 2),
    estimate_2 = cdescribe.quantile(set.y, 0.5, 2), n_missing = set.n_missing,
    variable = set.variable, group = set.group, stratum = info.stratum.name,
    n_stratum = t.n_stratum, note = result.note(strata_note(info, t),
      equal_note(t)), simulated = set.simulated }
  return result.comparison(fields, { variable = set.variable, a = set.a,
    b = set.b, estimates = "medians", reasons = set.reasons,
    digits = math.min(3, 1 + math.max(cdescribe.decimals(set.x, 3),
      cdescribe.decimals(set.y, 3))),
    pieces = { ("%d strata of %s"):format(t.n_stratum,
        text.escape(info.stratum.name)),
      ("z = %s"):format(format.fixed(t.z, 2)) },
    after = { t.p_smallest ~= NA and ("smallest P that these strata can give: "
      .. format.p(t.p_smallest)) or nil } })
end

--- group_rank.specs: the options of each, for endpoints.
M.specs = { kruskal = kruskal_spec, jonckheere = trend_spec,
  van_elteren = van_elteren_spec }

return M
