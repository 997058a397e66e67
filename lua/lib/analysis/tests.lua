-- Tests and summaries as analyses of endpoints: of two arms, of all at once, of
-- the subjects of one.

local analysis = require "trialsh.analysis"
local NA = require "ts.na".NA

local M = {}

-- A statistic f(formula, data, opt) whose module holds it under its name.
local function call(module, name)
  return function(formula, data, opt, compare)
    local given = { compare = compare }
    for key, value in pairs(opt) do given[key] = value end
    return analysis.row_of(require("trialsh." .. module)[name](formula, data,
      given))
  end
end

-- ways: those of compare, overall and within that the statistic itself does.
local function add(name, module, ways, more)
  local entry = {}
  for way in ways:gmatch "%S+" do entry[way] = call(module, name) end
  for key, value in pairs(more or {}) do entry[key] = value end
  entry.options = entry.options or analysis.checker(name, function()
    local spec = analysis.spec_of(module, name)
    if entry.strata == "formula" then spec.strata = { "any" } end
    return spec
  end)
  if entry.strata then entry.columns = { "strata" } end
  M[name] = entry
end

local function measure(words) return function() return words end end

-- Numbers ------------------------------------------------------------------------

add("ttest", "ttest", "compare within", { location = true,
  measure = measure "difference of means" })
add("mediandiff", "mediandiff", "compare", { location = true,
  measure = measure "difference of medians" })
add("smd", "smd", "compare", { text = true,
  measure = measure "standardised difference" })
add("wilcoxon", "rank", "compare", { location = true,
  measure = measure "shift" })
add("van_elteren", "group_rank", "compare", { strata = "formula",
  needs_strata = true })
add("kruskal", "group_rank", "overall", { normal = true })
add("jonckheere", "group_rank", "overall", { normal = true })
add("peto_prentice", "peto_prentice", "compare overall", { limits = true,
  strata = "formula" })
add("signed_rank", "rank", "within", { location = true })
add("sign_test", "rank", "within", { location = true })

add("cor", "correlation", "within", { before = true })

-- What describe can put into the place of the estimate.
local summaries = {
  mean = { "mean", "conf_low", "conf_high" },
  median = { "median", "median_low", "median_high" },
  ["geometric mean"] = { "geomean", "geomean_low", "geomean_high" },
}

M.describe = { location = true,
  options = analysis.checker("describe", function()
    local spec = analysis.spec_of("describe", "describe")
    spec.of, spec.journal = nil, nil
    spec.estimate = { { "mean", "median", "geometric mean" }, "mean" }
    return spec
  end),
  within = function(formula, data, opt)
    local d = require "trialsh.describe".describe(formula, data, {
      quantile_type = opt.quantile_type, conf_level = opt.conf_level })
    local row, fields = d:tidy():row(1), summaries[opt.estimate]
    return { method = "description", estimate_name = opt.estimate,
      estimate = row[fields[1]], conf_low = row[fields[2]],
      conf_high = row[fields[3]], conf_level = opt.conf_level, n = row.n,
      std_error = opt.estimate == "mean" and row.std_error or NA,
      n_missing = row.n_missing, note = row.n == 0 and "no values" or NA }
  end,
}

-- Counts: the response is a condition, 0 and 1, or text. -------------------------

local function events(more)
  local entry = { text = true, events = true }
  for key, value in pairs(more or {}) do entry[key] = value end
  return entry
end

-- Whether the levels of a column share the effect: two arms, a stratum a level.
local function homogeneous(name, words)
  return function(formula, data, opt, compare, column)
    local r = require "trialsh.two_proportions"[name](("%s + strata(%s)"):format(formula,
      column), data, { compare = compare, event = opt.event })
    return { method = "Homogeneity of " .. words .. ", score test",
      statistic = r.homogeneity, df = r.homogeneity_df, p_value = r.homogeneity_p, n = r.n,
      n_1 = r.n_1, n_2 = r.n_2, n_missing = r.n_missing,
      note = r.homogeneity_p == NA and "there are no two levels that could differ" or nil }
  end
end

add("riskdiff", "two_proportions", "compare", events { strata = "option",
  measure = measure "difference of proportions",
  homogeneous = homogeneous("riskdiff", "risk differences") })
add("riskratio", "two_proportions", "compare", events { strata = "option",
  measure = measure "risk ratio",
  homogeneous = homogeneous("riskratio", "risk ratios") })
add("oddsratio", "two_proportions", "compare", events { strata = "option",
  measure = measure "odds ratio" })
add("boschloo", "two_proportions", "compare", events {
  measure = measure "difference of proportions" })
add("barnard", "two_proportions", "compare", events {
  measure = measure "difference of proportions" })
add("fisher", "two_proportions", "compare overall", { text = true,
  strata = "option" })
add("chisq", "contingency", "compare overall", { text = true })
add("cmh", "contingency", "compare overall", { text = true,
  strata = "option", needs_strata = true })
add("mcnemar", "contingency", "within", { text = true, before = true })
add("proportion", "proportion", "within", events())

local proportion = M.proportion.within
function M.proportion.within(formula, data, opt)
  local row = proportion(formula, data, opt)
  if row.n_event == NA then
    row.n_event = math.tointeger(math.floor(row.estimate * row.n + 0.5))
  end
  return row
end

-- Events per person-time, whose column is an option ------------------------------

add("rateratio", "rate", "compare", { strata = "option", needs_time = true,
  measure = function(opt)
    return opt.effect == "difference" and "difference of rates" or "rate ratio"
  end })
M.rateratio.columns = { "strata", "time" }
add("rate", "rate", "within", { columns = { "time" }, needs_time = true })

-- Times to events ----------------------------------------------------------------

add("logrank", "survival", "compare overall", { survival = true,
  strata = "formula" })

add("rmst", "rmst", "compare within", { survival = true, needs_horizon = true,
  measure = function(opt)
    return opt.effect == "ratio" and "ratio of restricted mean survival"
      or "difference of restricted mean survival"
  end })

M.cuminc = require "trialsh.analysis.incidence".entry

M.winratio = require "trialsh.analysis.win".entry

M.km = { survival = true, expressions = { "weights" },
  options = analysis.checker("km", function()
    return analysis.spec_of("survival", "km")
  end),
  within = function(formula, data, opt)
    local curve = require "trialsh.survival".km(formula, data, opt)
    local row, group = curve:median():row(1), curve.groups[1]
    return { method = curve.method, estimate_name = "median",
      estimate = row.estimate, conf_low = row.conf_low,
      conf_high = row.conf_high, conf_level = curve.conf_level, n = row.n,
      n_event = row.n_event, n_missing = group.n_missing,
      note = row.estimate == NA and row.n > 0 and "the median is not reached"
        or curve:get "note" }
  end,
}

return M
