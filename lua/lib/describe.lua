-- Summaries of one variable, by group.

local NA = require "ts.na".NA
local cdescribe = require "ts.describe"
local fail = require "ts.error".fail
local format = require "trialsh.format"
local options = require "trialsh.options"
local result = require "trialsh.result"
local sample = require "trialsh.sample"
local text = require "ts.text"

local M = {}

local spec = {
  quantile_type = { "integer", 2, above = 0, below = 10 },
  conf_level = { "number", 0.95, above = 0, below = 1 },
  of = { { "known", "all", "value" }, "known" },
  journal = { require "trialsh.p_text".journals },
}
M.specs = { describe = spec } -- also for endpoints

-- Statistics of a group, in the order of tidy().
local statistics = { "n", "n_missing", "mean", "sd", "std_error", "median",
  "q1", "q3", "iqr", "min", "max", "geomean", "geosd", "geocv", "conf_low",
  "conf_high", "median_low", "median_high", "median_level", "geomean_low",
  "geomean_high", "cv", "mad", "skewness", "kurtosis", "shapiro_w",
  "shapiro_p" }

-- One group: all statistics of a column without NA.
local function summarise(column, n_missing, opt)
  local d = cdescribe.describe(column, opt.quantile_type, opt.conf_level)
  d.n_missing = d.n_missing + n_missing
  d.std_error = d.se
  d.iqr = d.q1 ~= NA and d.q3 - d.q1 or NA
  d.decimals = cdescribe.decimals(column, 3)
  d.column = column
  return d
end

local function by_place(x, y) return x.place < y.place end

-- The groups of a formula in level order, those without a value as well.
local function groups_of(model, info, opt)
  local levels, members = {}, {}
  for i, level in ipairs(info.group.levels) do
    if level.n_row > 0 then
      levels[#levels + 1] = level
      members[#members + 1] = { i }
    end
  end
  local columns = model:samples(members)
  for i, level in ipairs(levels) do
    level.statistics = summarise(columns[i], level.n_row - level.n, opt)
  end
  table.sort(levels, by_place)
  return levels
end

local function numeric_columns(frame)
  local is = {}
  for _, name in ipairs(frame:names()) do
    is[name] = frame:column(name).type == "real"
  end
  return is
end

-- The text of an array as data with a formula.
local function as_text(x)
  if type(x) == "table" and type(x[1]) ~= "string" then return nil end
  local frame = require "ts.frame".build({ type(x) == "userdata" and x.name
    or "x" }, { x })
  if frame:column(1).type ~= "text" then return nil end
  local name = frame:names()[1]
  return "`" .. name .. "`", require "trialsh.data".wrap(frame)
end

local function check_of(given, name)
  for _, key in ipairs { "of", "journal" } do
    if given and given[key] ~= nil then
      fail("invalid", ("describe: %s is for text, and %s is numbers"):format(key,
        name))
    end
  end
end

local function read(x, data, opt)
  local kind, given = sample.arguments("describe", x, data, opt)
  opt = options("describe", given, spec)
  if kind == "two" then
    fail("invalid", 'describe takes one array, or "y ~ group" and data')
  end
  local words, of_text
  if kind == "one" then words, of_text = as_text(x) end
  if words then x, data, kind = words, of_text, "formula" end
  if kind == "one" then
    local column, n_missing, whole = sample.column("describe", x, "x")
    check_of(given, whole.name)
    return { variable = whole.name, groups = { {
      statistics = summarise(column, n_missing, opt) } }, by = {},
      unit = whole.unit, no_group = 0 }, opt
  end
  local model, info, frame = sample.model("describe", x, data,
    { groups = true, alone = true, text = true })
  if info.response[1].type == "text" then
    opt.simulated = require "trialsh.data".simulated(data) or nil
    return nil, opt, require "trialsh.frequency".of(model, info, frame, opt)
  end
  check_of(given, info.response[1].name)
  local set = { variable = info.response[1].name, by = {}, no_group = 0,
    unit = NA, simulated = require "trialsh.data".simulated(data) or nil }
  for _, name in ipairs(frame:names()) do
    if name == set.variable then set.unit = frame:column(name).unit end
  end
  if not info.group then
    set.groups = { { statistics = summarise(model:samples()[1],
      info.n_missing, opt) } }
    return set, opt
  end
  for i, v in ipairs(info.x) do set.by[i] = v.name end
  set.numeric = numeric_columns(frame)
  set.groups = groups_of(model, info, opt)
  set.no_group = info.n_row
  for _, level in ipairs(set.groups) do
    set.no_group = set.no_group - level.n_row
  end
  return set, opt
end

-- tidy -----------------------------------------------------------------------

-- Values of one grouping variable in the order in which groups come, which is
-- that of its levels.
local function levels_of(groups, j)
  local list, seen = {}, {}
  for _, g in ipairs(groups) do
    local name = g.parts[j]
    if not seen[name] then
      seen[name] = true
      list[#list + 1] = name
    end
  end
  return list
end

local function tidy(set)
  local names, arrays, levels = {}, {}, {}
  for j, by in ipairs(set.by) do
    names[j], arrays[j] = by, {}
    local numeric = set.numeric[by]
    levels[by] = not numeric and levels_of(set.groups, j) or nil
    for i, g in ipairs(set.groups) do
      arrays[j][i] = numeric and tonumber(g.parts[j]) or g.parts[j]
    end
  end
  for _, name in ipairs(statistics) do
    local values = {}
    for i, g in ipairs(set.groups) do values[i] = g.statistics[name] end
    names[#names + 1], arrays[#arrays + 1] = name, values
  end
  return result.frame(names, arrays, levels)
end

-- Values, for who wants to look ----------------------------------------------

-- A frame of what f(statistics, add) adds of each group: add(x, y).
local function values_of(set, heads, f)
  local names, arrays, levels = {}, {}, {}
  for j, by in ipairs(set.by) do
    names[j], arrays[j] = by, {}
    levels[by] = not set.numeric[by] and levels_of(set.groups, j) or nil
  end
  local fixed = #names
  for j, head in ipairs(heads) do
    names[fixed + j], arrays[fixed + j] = head, {}
  end
  for _, g in ipairs(set.groups) do
    f(g.statistics, function(...)
      for j, by in ipairs(set.by) do
        table.insert(arrays[j], set.numeric[by] and tonumber(g.parts[j])
          or g.parts[j])
      end
      for j, x in ipairs { ... } do table.insert(arrays[fixed + j], x) end
    end)
  end
  return result.frame(names, arrays, levels, set.simulated)
end

--- result:outliers([k]) -> frame
-- Of a description: the values more than k quartile distances beyond the
-- quartiles, which box plots draw as points (Tukey). They are for looking up, not
-- for leaving out.
--   k  1.5
--
--   > describe({ 3, 1, 4, 1, 5, 40 }):outliers()
--      value  side
--   1     40  high
--
-- See also: describe, result:qq.
local function outliers(set, k)
  if k == nil then k = 1.5 end
  if type(k) ~= "number" or not (k >= 0) then
    fail("invalid", "describe: outliers are beyond k quartile distances, k a "
      .. "number of 0 or more")
  end
  return values_of(set, { "value", "side" }, function(d, add)
    if d.n == 0 then return end
    for _, x in ipairs((cdescribe.normal(d.column))) do
      if x < d.q1 - k * d.iqr then add(x, "low") end
      if x > d.q3 + k * d.iqr then add(x, "high") end
    end
  end)
end

--- result:qq() -> frame
-- Of a description: the values in order with their normal scores (Blom's, as
-- SAS), which are on a line when the values are normal.
--
--   > describe({ 3, 1, 4, 1, 5 }):qq():head(2)
--          score  value
--   1  -1.179761      1
--   2  -0.497201      1
--
-- See also: describe, result:outliers. R: qqnorm. SAS: PROC UNIVARIATE.
local function qq(set)
  return values_of(set, { "score", "value" }, function(d, add)
    local values, scores = cdescribe.normal(d.column)
    for i, x in ipairs(values) do add(scores[i], x) end
  end)
end

-- print ----------------------------------------------------------------------

local function widest(groups, key)
  local most = 0
  for _, g in ipairs(groups) do
    if g.statistics[key] ~= NA then
      most = math.max(most, g.statistics[key])
    end
  end
  return most
end

-- Decimals of the data: as recorded; of computed data, three digits of their
-- spread.
local function decimals_of(groups)
  local recorded = widest(groups, "decimals")
  if recorded <= 3 then return recorded end
  local spread = widest(groups, "sd")
  return math.min(6, format.decimals(spread > 0 and spread or NA) - 1)
end

-- Quartiles take one decimal more only where they need it.
local function quartile_decimals(groups, digits)
  for _, g in ipairs(groups) do
    for _, key in ipairs { "q1", "median", "q3" } do
      local x = g.statistics[key]
      if x ~= NA and tonumber(format.fixed(x, digits)) ~= x then
        return digits + 1
      end
    end
  end
  return digits
end

local function table_of(set)
  local groups = set.groups
  local d = math.max(0, decimals_of(groups))
  local q = quartile_decimals(groups, d)
  local columns = { { "n", "n", 0 }, { "missing", "n_missing", 0 },
    { "mean", "mean", d + 1 }, { "SD", "sd", d + 2 }, { "median", "median", q },
    { "Q1", "q1", q }, { "Q3", "q3", q }, { "min", "min", d },
    { "max", "max", d }, { "geo mean", "geomean", d + 1 },
    { "geo CV %", "geocv", 1 } }
  local cells = { { "" } }
  for i, g in ipairs(groups) do
    cells[i + 1] = { text.escape(g.name or set.variable) }
  end
  for j, column in ipairs(columns) do
    cells[1][j + 1] = column[1]
    for i, g in ipairs(groups) do
      cells[i + 1][j + 1] = format.cell(g.statistics[column[2]], column[3])
    end
  end
  return cells
end

local type_name = { [2] = "type 2 (SAS)", [6] = "type 6 (Prism)",
  [7] = "type 7 (R)" }

local function not_positive(set)
  local list = {}
  for _, g in ipairs(set.groups) do
    local count = g.statistics.n_not_positive
    if count > 0 and g.name then
      list[#list + 1] = ("%d in %s"):format(count, text.escape(g.name))
    elseif count > 0 then
      list[#list + 1] = tostring(count)
    end
  end
  if #list == 0 then return NA end
  return "no geometric mean where values are 0 or below: "
    .. table.concat(list, ", ")
end

-- "95 % CI of the mean 1.2 to 3.4, of the median 1 to 4 (exact, level 96.1 %)"
local function interval_text(d, fields)
  if d.conf_low == NA then return nil end
  local digits = math.max(0, decimals_of { { statistics = d } }) + 1
  local words = ("%s CI of the mean %s"):format(format.level(fields.conf_level),
    format.interval(d.conf_low, d.conf_high, digits))
  if d.median_low ~= NA then
    words = ("%s, of the median %s (exact, level %s)"):format(words,
      format.interval(d.median_low, d.median_high, digits - 1),
      format.percent(d.median_level, 1))
  end
  return words
end

local function print_description(set, fields)
  local body = format.grid(table_of(set))
  local head = text.escape(set.variable)
  if set.unit ~= NA then head = head .. ", " .. text.escape(set.unit) end
  if #set.by > 0 then
    head = head .. " by " .. text.escape(table.concat(set.by, ", "))
  end
  local foot = { "quartiles: " .. (type_name[fields.quantile_type]
    or "type " .. fields.quantile_type) }
  if #set.groups == 1 then
    foot[#foot + 1] = interval_text(set.groups[1].statistics, fields)
  end
  if fields:get "note" ~= NA then foot[#foot + 1] = fields.note end
  if set.no_group > 0 then
    foot[#foot + 1] = ("%d row%s without %s left out"):format(set.no_group,
      set.no_group == 1 and "" or "s", table.concat(set.by, " or "))
  end
  return head .. "\n" .. body .. "\n" .. result.lines(foot)
end

-- the result -----------------------------------------------------------------

local describe_set

local function group_of(set, opt, name)
  local names = {}
  for i, g in ipairs(set.groups) do
    if g.name == name then
      return describe_set({ variable = set.variable, groups = { g }, by = set.by,
        unit = set.unit, numeric = set.numeric, no_group = 0,
        simulated = set.simulated }, opt)
    end
    names[i] = g.name
  end
  fail("not found", ("describe: no group %s%s"):format(tostring(name),
    #names == 0 and "; there are none" or require "trialsh.names".hint(name,
      names)))
end

function describe_set(set, opt)
  local single = #set.groups == 1
  local fields = { method = "description", variable = set.variable,
    by = #set.by > 0 and table.concat(set.by, ", ") or NA, n = 0,
    n_missing = set.no_group, conf_level = opt.conf_level,
    quantile_type = opt.quantile_type, note = not_positive(set),
    simulated = set.simulated }
  for _, g in ipairs(set.groups) do
    fields.n = fields.n + g.statistics.n
    fields.n_missing = fields.n_missing + g.statistics.n_missing
  end
  if single then
    for _, name in ipairs(statistics) do
      if fields[name] == nil then
        fields[name] = set.groups[1].statistics[name]
      end
    end
    fields.sum = set.groups[1].statistics.sum
  end
  local known = {}
  for _, name in ipairs(statistics) do known[name] = true end
  return result.model {
    name = "describe", fields = fields,
    order = { "method", "variable", "by", "n", "n_missing", "conf_level",
      "quantile_type", "note" },
    tidy = function() return tidy(set) end,
    print = function(m) return print_description(set, m) end,
    methods = { group = function(_, name) return group_of(set, opt, name) end,
      outliers = function(_, k) return outliers(set, k) end,
      qq = function() return qq(set) end },
    hint = function(key)
      if not known[key] or single or #set.groups == 0 then return nil end
      return ('describe: which %s of %d groups? r:group("%s").%s, or r:tidy()')
        :format(key, #set.groups, set.groups[1].name, key)
    end,
  }
end

--- describe(formula, data [, opt]) -> description
-- n, missing, mean, SD, standard error, median, quartiles, minimum, maximum,
-- geometric mean and coefficient of variation, by group.
--   formula        "y ~ group", "y ~ group + visit", or "y" alone; y may be an
--                  expression such as log(y). An array does as well
--   quantile_type  2 (SAS; default), 7 (R), 6 (Prism), 1 to 9
--   conf_level     0.95, of the interval of the mean in tidy()
--   of, journal    for text, below
-- r:tidy() has a row per group; r:group(name) is one of them, and of a single
-- one each statistic is a field: mean sd std_error median q1 q3 min max geomean
-- geosd geocv n n_missing; iqr, cv and mad (without a factor); skewness, kurtosis
-- (SAS's); shapiro_w and shapiro_p (3 to 5000 values); r:outliers(), r:qq().
-- Intervals: conf_low and conf_high of the mean, geomean_low and geomean_high,
-- median_low and median_high: exact, of the level median_level; of 5 values or
-- fewer there is none at 95 %. SDs print two decimals more than the data, means one.
-- Of text it counts: n (%) of each value and what is missing; tidy() has a row for
-- each, with n, of and proportion.
--   of             "known" (default): percentages are of those with a value;
--                  "all": of all in the group; "value": of those with this value
--   journal        "Lancet": no decimals below 100, else below 200 (Annals)
-- Where values of AVAL, or of ln(AVAL), are below their limit (BLQFL is Y), there
-- are n_below, quantiles of Kaplan and Meier's curve, a median with its interval, and
-- a geometric mean by the likelihood of a log-normal distribution; blq = "half" or
-- the like replaces them instead (relation:detect).
--
--   > describe({3, 1, 4, 1, 5, NA})
--   x
--      n  missing  mean    SD  median  Q1  Q3  min  max  geo mean  geo CV %
--   x  5        1   2.8  1.79       3   1   4    1    5       2.3      89.8
--   quartiles: type 2 (SAS); 95 % CI of the mean 0.6 to 5.0
--   > describe({3, 1, 4, 1, 5}).mean
--   2.8
--   > describe("AGE ~ SEX", demo.adsl)
--   AGE by SEX
--       n  missing  mean    SD  median    Q1    Q3  min  max  geo mean  geo CV %
--   F  12        0  67.8  8.94    67.5  65.5  74.5   47   79      67.2      14.3
--   M  12        0  66.8  6.53    67.0  64.5  71.0   54   77      66.5      10.1
--   quartiles: type 2 (SAS)
--   SIMULATED DATA
--   > describe("SEX ~ TRT01P", demo.adsl)
--   SEX by TRT01P, n (%)
--       Placebo  CYT107 LF  CYT107 HF
--   N         8          8          8
--   F  5 (63 %)   3 (38 %)   4 (50 %)
--   M  3 (38 %)   5 (63 %)   4 (50 %)
--   percentages of those with a value
--   SIMULATED DATA
--
-- See also: smd, ttest, relation:count, table.summary. R: summary, quantile.
-- SAS: PROC MEANS, PROC FREQ.
function M.describe(x, data, opt)
  if type(x) == "string" and data ~= nil then
    local o = options("describe", opt, spec)
    local below = require "trialsh.nondetect".describe(x, data, o.conf_level)
    if below then return below end
  end
  local set, o, counts = read(x, data, opt)
  return counts or describe_set(set, o)
end

return M
