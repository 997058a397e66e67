-- Summaries of values of which some lie below their limit, by group: what
-- describe() gives then. Quantiles are those of Kaplan and Meier's curve of the
-- turned values, geometric means those of a log-normal distribution by maximum
-- likelihood. The numbers are C's (ts.nondetect, ts.tobit).

local NA = require "ts.na".NA
local cframe = require "ts.frame"
local core = require "ts.nondetect"
local formulas = require "ts.formula"
local linear = require "ts.linear"
local text = require "ts.text"
local tobit = require "ts.tobit"
local errors = require "ts.error"
local data_of = require "trialsh.data"
local format = require "trialsh.format"
local limits = require "trialsh.limits"
local result = require "trialsh.result"
local sample = require "trialsh.sample"

local fail = errors.fail

local M = {}

-- From this share below their limit on a mean is a matter of belief.
local MOST_BELOW = 0.8

-- Mean and SD of a normal distribution, of a formula of y: nil where the values
-- tell none.
local function normal(formula, values, side, conf_level)
  local frame = cframe.build({ "y", "side" }, { values, side })
  local model = formulas.model(formula, frame)
  if model:info().n < #values then return nil end
  local ok, m = pcall(tobit.fit, model, {}, frame:column "side", 1e-11, true)
  if not ok then
    if errors.is(m) and m.code == "degenerate" then return nil end
    error(m, 0)
  end
  local info = m:info()
  if info.df == math.huge then return nil end
  local mean, std_error = m:coefficient(1)
  local t = linear.inference(mean, std_error, info.df,
    { conf_level = conf_level })
  return { mean = mean, std_error = std_error, low = t.conf_low,
    high = t.conf_high, sd = info.sigma }
end

local function number_or_NA(x, f) return x and f(x) or NA end

-- The statistics of a group beyond quantiles and counts.
local function finish(g, is_log, conf_level)
  local least, most = math.huge, -math.huge
  g.lowest = math.huge -- of limits too
  for i = 1, #g.values do
    local x = g.values[i]
    g.lowest = math.min(g.lowest, x)
    if g.side[i] == 0 then
      least, most = math.min(least, x), math.max(most, x)
    end
  end
  g.min, g.max = least < math.huge and least or NA, most > -math.huge and most
    or NA
  g.too_many = g.n_below >= MOST_BELOW * g.n
  local d = not g.too_many and normal(is_log and "y ~ 1" or "log(y) ~ 1",
    g.values, g.side, conf_level) or nil
  if is_log then
    g.mean, g.sd = d and d.mean or NA, d and d.sd or NA
    g.conf_low, g.conf_high = d and d.low or NA, d and d.high or NA
    return
  end
  g.geomean = number_or_NA(d and d.mean, math.exp)
  g.geomean_low = number_or_NA(d and d.low, math.exp)
  g.geomean_high = number_or_NA(d and d.high, math.exp)
  g.geosd = number_or_NA(d and d.sd, math.exp)
  g.geocv = number_or_NA(d and d.sd, function(s)
    return 100 * math.sqrt(math.exp(s ^ 2) - 1)
  end)
end

-- The groups that have a value, in the order of their levels.
local function groups_of(model, info, side, conf_level, is_log)
  local list, members = {}, {}
  for i, level in ipairs(info.group and info.group.levels or {}) do
    if level.n > 0 then
      list[#list + 1] = { name = level.name, parts = level.parts,
        place = level.place, n_missing = level.n_row - level.n }
      members[#members + 1] = { i }
    end
  end
  if not info.group then list[1] = { n_missing = info.n_missing } end
  local found = core.quantiles(model, side, members, conf_level)
  for i, g in ipairs(list) do
    for name, value in pairs(found[i]) do g[name] = value end
    g.n, g.n_below = found.n[i], found.n_below[i]
    finish(g, is_log, conf_level)
  end
  table.sort(list, function(x, y) return (x.place or 0) < (y.place or 0) end)
  return list
end

-- What is described ------------------------------------------------------------

local raw = { "n", "n_missing", "n_below", "median", "median_low",
  "median_high", "q1", "q3", "min", "max", "geomean", "geomean_low",
  "geomean_high", "geosd", "geocv" }
local logs = { "n", "n_missing", "n_below", "median", "median_low",
  "median_high", "q1", "q3", "min", "max", "mean", "conf_low", "conf_high",
  "sd" }

local function tidy(set)
  local names, arrays, levels = {}, {}, {}
  for j, by in ipairs(set.by) do
    names[j], arrays[j], levels[by] = by, {}, {}
    local seen = {}
    for i, g in ipairs(set.groups) do
      arrays[j][i] = g.parts[j]
      if not seen[g.parts[j]] then
        seen[g.parts[j]] = true
        table.insert(levels[by], g.parts[j])
      end
    end
  end
  for _, name in ipairs(set.statistics) do
    local values = {}
    for i, g in ipairs(set.groups) do values[i] = g[name] end
    names[#names + 1], arrays[#arrays + 1] = name, values
  end
  return result.frame(names, arrays, levels)
end

local function decimals_of(set)
  local most = 0
  for _, g in ipairs(set.groups) do
    most = math.max(most, require "ts.describe".decimals(g.values, 3))
  end
  return math.min(most, 3)
end

local function shown(set)
  local d = math.max(0, decimals_of(set))
  local columns = { { "n", "n", 0 }, { "missing", "n_missing", 0 },
    { "below", "n_below", 0 }, { "median", "median", d }, { "Q1", "q1", d },
    { "Q3", "q3", d }, { "max", "max", d } }
  for _, c in ipairs(set.is_log and { { "mean", "mean", d + 1 },
      { "SD", "sd", d + 1 } } or { { "geo mean", "geomean", d + 1 },
      { "geo CV %", "geocv", 1 } }) do columns[#columns + 1] = c end
  local cells = { { "" } }
  for i, g in ipairs(set.groups) do
    cells[i + 1] = { text.escape(g.name or set.variable) }
    for j, c in ipairs(columns) do
      local x = g[c[2]]
      local below = x == NA and (c[2] == "median" or c[2] == "q1"
        or c[2] == "q3")
      cells[1][j + 1] = c[1]
      cells[i + 1][j + 1] = below and "<" .. format.cell(g.lowest, c[3])
        or format.cell(x, c[3])
    end
  end
  return cells
end

local function notes_of(set)
  local many, none = {}, {}
  for _, g in ipairs(set.groups) do
    local name = g.name or "all"
    if g.too_many then many[#many + 1] = name
    elseif (set.is_log and g.mean or g.geomean) == NA then
      none[#none + 1] = name
    end
  end
  local what = set.is_log and "mean" or "geometric mean"
  return result.note(#many > 0 and ("no %s where 80 %% or more are below their "
    .. "limit: %s"):format(what, table.concat(many, ", ")) or nil,
    #none > 0 and ("the values of %s give no %s"):format(
      table.concat(none, ", "), what) or nil)
end

local function print_description(set, m)
  local head = text.escape(set.variable)
  if set.unit ~= NA then head = head .. ", " .. text.escape(set.unit) end
  if #set.by > 0 then
    head = head .. " by " .. text.escape(table.concat(set.by, ", "))
  end
  local foot = { ("%d of %d values below %s limit"):format(m.n_below, m.n,
      m.n_below == 1 and "its" or "their"), "quantiles by Kaplan-Meier",
    set.is_log and "means of a normal distribution by maximum likelihood"
      or "geometric means of a log-normal distribution by maximum likelihood" }
  local g = #set.groups == 1 and set.groups[1]
  local low, high = g and (set.is_log and g.conf_low or g.geomean_low) or NA,
    g and (set.is_log and g.conf_high or g.geomean_high) or NA
  if low ~= NA then
    foot[#foot + 1] = ("%s CI of the %s %s"):format(
      format.level(m.conf_level), set.is_log and "mean" or "geometric mean",
      format.interval(low, high, math.max(0, decimals_of(set)) + 1))
  end
  if m.note ~= NA then foot[#foot + 1] = text.escape(m.note) end
  if set.left_out then foot[#foot + 1] = set.left_out end
  return head .. "\n" .. format.grid(shown(set)) .. "\n" .. result.lines(foot)
end

local function result_of(set, conf_level)
  local single = #set.groups == 1 and set.groups[1]
  local fields = { method = "description of values below limits",
    variable = set.variable, by = #set.by > 0 and table.concat(set.by, ", ")
      or NA, n = 0, n_below = 0, n_missing = set.no_group,
    conf_level = conf_level, note = notes_of(set), simulated = set.simulated }
  for _, g in ipairs(set.groups) do
    fields.n, fields.n_below = fields.n + g.n, fields.n_below + g.n_below
    fields.n_missing = fields.n_missing + g.n_missing
  end
  for _, name in ipairs(single and set.statistics or {}) do
    if fields[name] == nil then fields[name] = single[name] end
  end
  return result.model { name = "describe", fields = fields,
    order = { "method", "variable", "by", "n", "n_below", "n_missing",
      "conf_level", "note" },
    tidy = function() return tidy(set) end,
    methods = { group = function(_, name)
      local names = {}
      for i, g in ipairs(set.groups) do
        names[i] = g.name
        if g.name == name then
          return result_of(setmetatable({ groups = { g }, no_group = 0 },
            { __index = set }), conf_level)
        end
      end
      fail("not found", ("describe: no group %s%s"):format(tostring(name),
        require "trialsh.names".hint(name, names)))
    end },
    print = function(m) return print_description(set, m) end }
end

--- nondetect.describe(formula, data, conf_level) -> description, where values of
-- the response lie below their limit; else nil.
function M.describe(source, data, conf_level)
  local columns = limits.columns(data)
  if #columns == 0 then return nil end
  local model, info = sample.model("describe", source, data,
    { groups = true, alone = true })
  local variable = info.response[1].name
  if info.n == 0 or not limits.is_of(variable) then return nil end
  local place, n_below, n_above = model:rows(), 0, 0
  local side = limits.sides("describe", data_of.frame(data, columns))
  for i = 1, #place do
    local s = side[place[i]]
    if s < 0 then n_below = n_below + 1 end
    if s > 0 then n_above = n_above + 1 end
  end
  if n_above > 0 then
    fail("invalid", ("describe: %d value%s above %s limit (ALQFL); tobit takes "
      .. "them as they are"):format(n_above, n_above == 1 and "" or "s",
        n_above == 1 and "its" or "their"))
  elseif n_below == 0 then
    return nil
  end
  local is_log = variable:find "%(" ~= nil
  local set = { variable = variable, by = {}, is_log = is_log, unit = NA,
    statistics = is_log and logs or raw, no_group = 0,
    simulated = data_of.simulated(data) or nil }
  for i, v in ipairs(info.x) do set.by[i] = v.name end
  set.groups = groups_of(model, info, side, conf_level, is_log)
  if info.group then
    set.no_group = info.n_row
    for _, level in ipairs(info.group.levels) do
      set.no_group = set.no_group - level.n_row
    end
  end
  set.left_out = set.no_group > 0 and ("%d row%s without %s left out"):format(
    set.no_group, set.no_group == 1 and "" or "s",
    table.concat(set.by, " or ")) or nil
  return result_of(set, conf_level)
end

return M
