-- The statistics that an endpoint may name. An entry says how each gives rows
-- of results for one data set:
--
--   compare  (formula, data, opt, "A vs B") -> row: the two arms are in data
--   overall  (formula, data, opt) -> row: all arms at once
--   arms     (formula, data, opt) -> a row for each arm
--   model    (formula, data, opt, set) -> rows: one fit for all comparisons;
--            set: comparisons, arms, treatment, what (the response is)
--   options  (opt) -> opt, checked and with defaults, without data
--   survival the response is a time and an event; text: it may be text
--   location what is estimated moves with the values: of logarithms, ratios
--   columns  options that name columns of the data

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

local function row_of(result)
  local row = {}
  for _, field in ipairs(fields) do
    local value = result:get(field)
    -- the open end of a one-sided interval is no number to store
    if value == math.huge or value == -math.huge then value = NA end
    row[field] = value
  end
  return row
end
M.row_of = row_of

-- A statistic f(formula, data, opt) whose module holds it under its name.
local function compare_with(module, name)
  return function(formula, data, opt, compare)
    local given = { compare = compare }
    for key, value in pairs(opt) do given[key] = value end
    return row_of(require("trialsh." .. module)[name](formula, data, given))
  end
end

-- The column of a tidy frame that names the arms: the first, unless the
-- formula has no arms.
local function group_column(tidy)
  local name = require "trialsh.relation".node_of(tidy).columns[1].name
  return name ~= "n" and name or nil
end

methods.ttest = { location = true,
  options = function(opt)
    return options("ttest", opt, { conf_level = level,
      variance = { { "welch", "pooled" }, "welch" },
      alternative = { { "two-sided", "less", "greater" }, "two-sided" },
      mu = { "number" } })
  end,
  compare = compare_with("ttest", "ttest"),
}

methods.describe = {
  options = function(opt)
    return options("describe", opt, { conf_level = level,
      quantile_type = { "integer", 2 } })
  end,
  arms = function(formula, data, opt)
    local tidy = require "trialsh.describe".describe(formula, data, opt):tidy()
    local rows, group = {}, group_column(tidy)
    for row in tidy:rows() do
      rows[#rows + 1] = { group = group and row[group],
        method = "description", estimate_name = "mean", estimate = row.mean,
        std_error = row.std_error, conf_low = row.conf_low,
        conf_high = row.conf_high, conf_level = opt.conf_level,
        n = row.n, n_missing = row.n_missing }
    end
    return rows
  end,
}

methods.logrank = { survival = true,
  options = function(opt) return options("logrank", opt, {}) end,
  compare = compare_with("survival", "logrank"),
  overall = compare_with("survival", "logrank"),
}

methods.km = { survival = true,
  options = function(opt)
    return options("km", opt, { conf_level = level,
      ci = { { "log-log", "log", "plain" }, "log-log" } })
  end,
  arms = function(formula, data, opt)
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
