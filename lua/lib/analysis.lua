-- The statistics that an endpoint may name. An entry says how each gives rows
-- of results for one data set:
--
--   compare  (formula, data, opt, "A vs B") -> row: the two arms are in data
--   overall  (formula, data, opt) -> row: all arms at once
--   arms     (formula, data, opt) -> a row for each arm
--   model    (formula, data, opt, set) -> rows: one fit for all comparisons;
--            set: comparisons, overall, treatment
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

-- Tests whose module exports its options: without those that an endpoint has
-- keys for, or that only arrays take.
local function specs_of(module, name)
  local spec = {}
  for key, rule in pairs(require("trialsh." .. module).specs[name]) do
    spec[key] = rule
  end
  spec.compare, spec.reference = nil, nil
  return spec
end

local function test(name, module, kind, more)
  local entry = { options = function(opt)
    return options(name, opt, specs_of(module, name))
  end }
  entry[kind] = compare_with(module, name)
  for key, value in pairs(more or {}) do entry[key] = value end
  methods[name] = entry
end

test("wilcoxon", "rank", "compare", { location = true })
test("van_elteren", "group_rank", "compare")
test("kruskal", "group_rank", "overall")
test("jonckheere", "group_rank", "overall")

-- Counts: the response is a condition, a number of 0 and 1, or text.
local counted = { text = true, columns = { "strata" } }
for _, name in ipairs { "riskdiff", "riskratio", "oddsratio", "boschloo",
    "barnard" } do
  test(name, "two_proportions", "compare", counted)
end
test("fisher", "two_proportions", "compare", counted)
methods.fisher.overall = compare_with("two_proportions", "fisher")
test("chisq", "contingency", "overall", counted)
methods.chisq.compare = compare_with("contingency", "chisq")
test("cmh", "contingency", "overall", counted)
methods.cmh.compare = compare_with("contingency", "cmh")

-- Linear models ----------------------------------------------------------------

-- Options that are those of the means, not of the fit.
local function lm_options(opt)
  local spec = specs_of("lm", "lm")
  spec.margins = { { "equal", "proportional", "outer", "cells", "observed" },
    "equal" }
  spec.term = { "string" }
  spec.type = { "integer", 3, above = 0, below = 4 }
  return options("lm", opt, spec)
end

local function fit_lm(formula, data, opt)
  local given = {}
  for key in pairs(specs_of("lm", "lm")) do given[key] = opt[key] end
  return require "trialsh.lm".lm(formula, data, given)
end

-- The F test of the treatment: all arms at once.
local function test_of_term(m, name, type)
  for row in m:anova { type = type }:rows() do
    if row.term == name then
      return { method = ("Linear model, F test of %s (type %s)"):format(name,
        ({ "I", "II", "III" })[type]), statistic = row.statistic,
        df = row.df, p_value = row.p_value, n = m.n, n_missing = m.n_missing }
    end
  end
end

local function means_of(m, opt, set)
  local rows = {}
  for row in m:means(set.treatment, { weights = opt.margins }):rows() do
    rows[#rows + 1] = { group = row[set.treatment], method = m.method,
      estimate_name = "least-squares mean", estimate = row.estimate,
      std_error = row.std_error, df = row.df, conf_low = row.conf_low,
      conf_high = row.conf_high, conf_level = m.conf_level }
  end
  return rows
end

methods.lm = { options = lm_options, location = true,
  model = function(formula, data, opt, set)
    local m = fit_lm(formula, data, opt)
    if opt.term then return { row_of(m:term(opt.term)) } end
    if set.overall then
      return { test_of_term(m, set.treatment, opt.type) }
    end
    local rows = {}
    for i, compare in ipairs(set.comparisons) do
      rows[i] = row_of(m:contrast({ compare }, { factor = set.treatment,
        weights = opt.margins }))
      rows[i].compare = compare
    end
    for _, row in ipairs(means_of(m, opt, set)) do
      rows[#rows + 1] = row
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
