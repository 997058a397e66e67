-- The statistics that an endpoint may name. Each tells what response it wants,
-- checks its options, and gives rows for the results of one data set.
--
--   kind     "compare": one result per comparison; "arms": one per arm
--   survival the response is a time and an event
--   options  checks the options of the analysis without data
--   compute  (formula, data, opt, compare) -> list of rows of fields

local options = require "trialsh.options"
local NA = require "ts.na".NA

local M = {}

local methods = {}

local level = { "number", 0.95, above = 0, below = 1 }

-- The fields that a row of results takes from a result.
local fields = { "method", "estimate_name", "estimate", "std_error",
  "statistic", "df", "p_value", "conf_low", "conf_high", "conf_level",
  "alternative", "n", "n_1", "n_2", "estimate_1", "estimate_2", "n_missing",
  "n_event", "note" }
M.fields = fields

local function row_of(result, more)
  local row = {}
  for _, field in ipairs(fields) do
    local value = result:get(field)
    -- the open end of a one-sided interval is no number to store
    if value == math.huge or value == -math.huge then value = NA end
    row[field] = value
  end
  for key, value in pairs(more or {}) do row[key] = value end
  return row
end

-- The column of a tidy frame that names the arms: the first, unless the
-- formula has no arms.
local function group_column(tidy)
  local name = require "trialsh.relation".node_of(tidy).columns[1].name
  return name ~= "n" and name or nil
end

methods.ttest = {
  kind = "compare",
  options = function(opt)
    return options("ttest", opt, { conf_level = level,
      variance = { { "welch", "pooled" }, "welch" },
      alternative = { { "two-sided", "less", "greater" }, "two-sided" },
      mu = { "number" } })
  end,
  compute = function(formula, data, opt, compare)
    local given = { compare = compare }
    for key, value in pairs(opt) do given[key] = value end
    return { row_of(require "trialsh.ttest".ttest(formula, data, given)) }
  end,
}

methods.describe = {
  kind = "arms",
  options = function(opt)
    return options("describe", opt, { conf_level = level,
      quantile_type = { "integer", 2 } })
  end,
  compute = function(formula, data, opt)
    local tidy = require "trialsh.describe".describe(formula, data, opt):tidy()
    local rows, group = {}, group_column(tidy)
    for row in tidy:rows() do
      rows[#rows + 1] = { group = group and row[group],
        method = "description", estimate_name = "mean", estimate = row.mean,
        std_error = row.std_error, conf_low = row.conf_low,
        conf_high = row.conf_high, conf_level = opt.conf_level or level[2],
        n = row.n, n_missing = row.n_missing }
    end
    return rows
  end,
}

methods.logrank = {
  kind = "compare", survival = true,
  options = function(opt)
    return options("logrank", opt, {})
  end,
  compute = function(formula, data, opt, compare)
    local given = { compare = compare }
    for key, value in pairs(opt) do given[key] = value end
    return { row_of(require "trialsh.survival".logrank(formula, data, given)) }
  end,
}

methods.km = {
  kind = "arms", survival = true,
  options = function(opt)
    return options("km", opt, { conf_level = level,
      ci = { { "log-log", "log", "plain" }, "log-log" } })
  end,
  compute = function(formula, data, opt)
    local curve = require "trialsh.survival".km(formula, data, opt)
    local rows, i = {}, 0
    for row in curve:median():rows() do
      i = i + 1
      rows[i] = { group = curve.groups[i].name, method = curve.method,
        estimate_name = "median", estimate = row.estimate,
        conf_low = row.conf_low, conf_high = row.conf_high,
        conf_level = curve.conf_level, n = row.n, n_event = row.n_event,
        n_missing = curve.groups[i].n_missing, note = curve:get "note" }
    end
    return rows
  end,
}

--- analysis.find(name) -> its entry, or nil
function M.find(name) return methods[name] end

function M.names()
  local list = {}
  for name in pairs(methods) do list[#list + 1] = name end
  table.sort(list)
  return list
end

return M
