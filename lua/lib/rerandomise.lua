-- rerandomise(): the P of re-randomisation of one comparison, at the prompt.

local NA = require "ts.na".NA
local cframe = require "ts.frame"
local errors = require "ts.error"
local formulas = require "ts.formula"
local number = require "ts.text".number
local analysis = require "trialsh.analysis"
local compare = require "trialsh.compare"
local data_of = require "trialsh.data"
local format = require "trialsh.format"
local options = require "trialsh.options"
local randomisation = require "trialsh.randomisation"
local relabel = require "trialsh.endpoint.relabel"
local relation = require "trialsh.relation"
local result = require "trialsh.result"
local trial_check = require "trialsh.trial.check"

local fail = errors.fail

local M = {}

local spec = { statistic = { "any", "ttest" }, compare = { "string" },
  group = { "string" }, scheme = { "any" }, strata = { "any" },
  alternative = { { "two-sided", "less", "greater" }, "two-sided" },
  replicates = { "integer", randomisation.REPLICATES, above = 0, below = 1e6 },
  seed = { "integer", nil, least = 0 } }

-- The statistic -----------------------------------------------------------------

-- Analyses of two arms, by one row for each subject.
local function check_statistic(name)
  local entry = type(name) == "string" and analysis.find(name)
  if entry and (entry.compare or entry.model) and not entry.repeated
    and not entry.hierarchy then
    return entry
  end
  local list = {}
  for _, other in ipairs(analysis.names()) do
    local e = analysis.find(other)
    if (e.compare or e.model) and not e.repeated and not e.hierarchy then
      list[#list + 1] = other
    end
  end
  fail("invalid", ("rerandomise: %s is no comparison of two groups%s"):format(
    tostring(name), trial_check.nearest(name, list, "there are")))
end

-- Name and options of "ttest" or { "ttest", variance = "pooled" }.
local function statistic_of(given)
  local name, more = given, {}
  if type(given) == "table" then
    name = given[1]
    for key, value in pairs(given) do
      if key ~= 1 then more[key] = value end
    end
  end
  local entry = check_statistic(name)
  return name, entry, entry.options(more)
end

-- The groups --------------------------------------------------------------------

-- The column that is dealt again: said, or the trial's arms, or the only one.
local function group_of(formula, o, trial)
  if o.group then return o.group end
  local names = formula and formulas.parse(formula).right
    and formulas.variables("y ~ " .. formulas.parse(formula).right) or {}
  local own = {}
  for _, name in ipairs(names) do
    if name ~= "y" then own[#own + 1] = name end
  end
  if #own == 1 then return own[1] end
  for _, name in ipairs(formula and own or { "TRT01P" }) do
    if name == "TRT01P" or name == "TRT01A" then return name end
  end
  for _, p in ipairs(trial and trial.populations or {}) do
    for _, name in ipairs(own) do
      if name == p.treatment then return name end
    end
  end
  fail("invalid", 'rerandomise: which column is dealt again? group = "TRT01P"')
end

-- The data as a frame with USUBJID, one for each row where there is none.
local function read(data, group)
  local frame = data_of.frame(data, nil, "rerandomise")
  local names, columns, has, levels = {}, {}, {}, {}
  for j, name in ipairs(frame:names()) do
    names[j], columns[j], has[name] = name, frame:column(j), true
  end
  if not has[group] then
    fail("not found", ("rerandomise: no column %s%s"):format(group,
      trial_check.nearest(group, names)))
  end
  if not has.USUBJID then
    local ids = {}
    for i = 1, #frame do ids[i] = ("row %06d"):format(i) end
    names[#names + 1], columns[#columns + 1] = "USUBJID", ids
  end
  local arm = frame:column(group)
  if arm.type ~= "text" then -- numbers are names of groups
    local values = {}
    for i = 1, #arm do
      values[i] = arm[i] == NA and NA or number(arm[i])
    end
    for j, name in ipairs(names) do
      if name == group then columns[j] = values end
    end
  else
    levels = arm.levels
  end
  local node = relation.is(data) and relation.node_of(data) or {}
  return relation.of_frame(cframe.build(names, columns), {
    simulated = node.simulated, trial = compare.trial_of(data) }), levels
end

-- The levels that some row has, in their order.
local function levels_of(data, group, declared)
  local n, list = {}, {}
  for row in data:distinct("USUBJID", group):rows() do
    local name = row[group]
    if name ~= NA then
      if not n[name] then list[#list + 1] = name end
      n[name] = (n[name] or 0) + 1
    end
  end
  local place = {}
  for i, name in ipairs(declared) do place[name] = i end
  table.sort(list, function(a, b)
    local x, y = place[a] or math.huge, place[b] or math.huge
    if x ~= y then return x < y end
    return a < b
  end)
  local levels = {}
  for i, name in ipairs(list) do
    levels[i] = { name = name, n = n[name], n_row = n[name], place = i }
  end
  return levels, list
end

-- The arms of the groups, pooled ones too, as a trial has them.
local function arms_of(list, trial)
  local arms = {}
  local function add(name, pool)
    local arm = { name = name, pool = pool }
    arms[#arms + 1] = arm
    arms[name] = arm
  end
  for _, name in ipairs(list) do add(name) end
  for _, arm in ipairs(trial and trial.arms or {}) do
    if arm.pool and not arms[arm.name] then add(arm.name, arm.pool) end
  end
  return arms
end

-- The scheme ----------------------------------------------------------------------

-- That of the study which the data are of, where it declares one for this column;
-- else what is said; else fixed numbers.
local function scheme_of(data, own, group, names, o, trial)
  local given = o.scheme
  if type(given) == "string" then given = { given } end
  if given == nil and o.strata == nil then
    local node = relation.is(data) and relation.node_of(data)
    local study = node and node.study
    if study and trial and trial.randomisation then
      local scheme, why = randomisation.of(study.object)
      if not scheme then fail("invalid", "rerandomise: " .. why) end
      if scheme.treatment == group then return scheme end
    end
  end
  given = given or { "fixed numbers" }
  if type(given) ~= "table" then
    fail("type", 'rerandomise: scheme is { "permuted blocks", sizes = { 4 } }, '
      .. 'or "fixed numbers"')
  end
  local r = { strata = o.strata }
  for key, value in pairs(given) do r[key] = value end
  local problems = trial_check.randomisation(r, #names)
  if #problems > 0 then fail("invalid", "rerandomise: " .. problems[1]) end
  return randomisation.of_data(own, r, names, group, o.seed
    or trial and trial.seed)
end

-- The unit of a function ------------------------------------------------------------

-- Values as they are compared: how far from their mean, or larger, or smaller.
local function turned(alternative)
  return function(values, seen, dealt)
    local sum, total, out = 0, 0, {}
    for i = 1, dealt.n do
      if values[i] then
        local weight = dealt.weight[i]
        sum, total = sum + weight * values[i], total + weight
      end
    end
    local mean = sum / total
    local function size(x)
      if alternative == "greater" then return -x end
      return alternative == "less" and x or -math.abs(x - mean)
    end
    for i = 1, dealt.n do out[i] = values[i] and size(values[i]) end
    return out, size(seen)
  end
end

local function number_of(f, data)
  local value = f(data)
  if type(value) ~= "number" and value ~= NA then
    fail("type", ("rerandomise: the function gives a %s, a number is needed")
      :format(type(value)))
  end
  return value ~= NA and value == value and value or nil
end

local function unit_of(f, own, group, arms, scheme, o)
  local parts = relabel.parts(own, { arms = arms }, group, scheme)
  parts.facts.trial = compare.trial_of(own)
  local by_name, labels = {}, {}
  for _, name in ipairs(scheme.names) do by_name[name] = name end
  local levels = parts.levels or scheme.names
  return { rows = { {} }, n_own = parts.n_own, turn = turned(o.alternative),
    evaluate = function(codes)
      relabel.labels(parts, codes, scheme.names, by_name, labels)
      return { number_of(f, relabel.data(parts, labels, levels)) }
    end }
end

-- Results ---------------------------------------------------------------------------

local function fields_of(row, o, more)
  local fields = { p_value = row.p_rerandomised or NA,
    rerandomised = row.rerandomised or NA, alternative = o.alternative,
    std_error = NA, statistic = NA, df = NA, conf_low = NA, conf_high = NA,
    note = row.p_rerandomised and NA or row.rerandomised
      or "no value in the allocation that there was" }
  for key, value in pairs(more) do fields[key] = value end
  return fields
end

local function of_function(f, data, o)
  local trial = compare.trial_of(data)
  local group = group_of(nil, o, trial)
  local own, declared = read(data, group)
  local _, names = levels_of(own, group, declared)
  local scheme = scheme_of(data, own, group, names, o, trial)
  local arms = arms_of(names, trial)
  local plan = require "trialsh.endpoint.rerandomised".plan(scheme, {
    replicates = o.replicates })
  local unit = unit_of(f, own, group, arms, scheme, o)
  plan:add_unit(unit)
  plan:finish()
  local row = unit.rows[1]
  local fields = fields_of(row, o, { method = "Re-randomisation of a function",
    group = group, statistic = unit.part.seen[1] or NA, estimate = NA,
    estimate_name = NA, n = #own, n_missing = 0,
    simulated = data_of.simulated(data) or nil })
  return result.comparison(fields, { print = function(f_)
    return { ("%s, %s: %s dealt again, n = %d"):format(f_.method,
      o.alternative == "two-sided" and "two-sided"
        or ("one-sided (%s)"):format(o.alternative), group, f_.n),
      ("value %s; %s"):format(f_.statistic == NA and "NA"
        or format.significant(f_.statistic, 4), format.p_equals(f_.p_value)),
      f_.rerandomised ~= NA and f_.rerandomised or nil }
  end })
end

-- A task of redraw, as run() makes one of an endpoint.
local function task_of(formula, own, group, e, opts, rows)
  local parsed = formulas.parse(formula)
  local column = parsed.response and parsed.response:match "^`?([%w_.]+)`?$"
  local survival = parsed.response == "Surv(AVAL, CNSR == 0)"
  return { e = e, at = {}, frame = own, formula = formula, options = opts,
    rows = rows, way = analysis.find(e.method).model and "model" or "compare",
    bound = { treatment = group, response = (column or survival)
      and (column or "AVAL") or nil } }
end

-- The row of the statistic in the groups as they are.
local function once(entry, formula, own, opts, e, group, words)
  local set = require "trialsh.endpoint.set"
  if entry.compare then
    return entry.compare(formula, set.restrict(own, e, group, words), opts,
      words)
  end
  for _, row in ipairs(entry.model(formula, set.of_arms(own, e, group), opts,
    { comparisons = { words }, treatment = group, arms = e.trial.arms })) do
    if row.compare == words then return row end
  end
end

local function of_formula(formula, data, o)
  local trial = compare.trial_of(data)
  local name, entry, opts = statistic_of(o.statistic)
  if opts.alternative ~= nil then opts.alternative = o.alternative
  elseif o.alternative ~= "two-sided" then
    fail("invalid", ("rerandomise: %s is two-sided alone"):format(name))
  end
  local group = group_of(formula, o, trial)
  local own, declared = read(data, group)
  local levels, names = levels_of(own, group, declared)
  local a, b = compare.choose { who = "rerandomise", variable = group,
    levels = levels, compare = o.compare, data = data }
  local scheme = scheme_of(data, own, group, names, o, trial)
  local arms = arms_of(scheme.names, trial)
  local words = ("%s vs %s"):format(a.name, b.name)
  local e = { id = "rerandomise", method = name, options = opts,
    comparisons = { words }, formula = formula:match "~.*$",
    trial = { arms = arms, populations = { { treatment = group } } } }
  local row = once(entry, formula, own, opts, e, group, words)
  row.compare = words
  local plan = require "trialsh.endpoint.rerandomised".plan(scheme, {
    replicates = o.replicates })
  plan:add(e, { task_of(formula, own, group, e, opts, { row }) })
  plan:finish()
  local fields = fields_of(row, o, { method = "Re-randomisation, " .. row.method,
    compare = words, variable = formulas.parse(formula).response, group = group,
    estimate = row.estimate or NA, estimate_name = row.estimate_name or NA,
    statistic = row.statistic or NA, p_model = row.p_value or NA,
    n = row.n or NA, n_1 = row.n_1 or a.n, n_2 = row.n_2 or b.n,
    n_missing = row.n_missing or 0,
    simulated = data_of.simulated(data) or nil })
  if fields.estimate_name == NA then fields.estimate_name = nil end
  return result.comparison(fields, { variable = fields.variable, a = a.name,
    b = b.name, after = { fields.rerandomised ~= NA and fields.rerandomised
      or nil }, pieces = { ("P of the statistic itself %s"):format(
        row.p_value == NA and "NA" or format.p(row.p_value)) } })
end

--- rerandomise(formula, data [, opt]) -> result
-- P of a comparison by re-randomisation: the share of the allocations that could
-- have been dealt in place of the one that was, for which the statistic speaks as
-- much against no effect. Nothing but the groups changes; groups that are not
-- compared stay as they were.
--   formula      "y ~ group", with covariates where the statistic takes them; or a
--                function of the data that gives a number
--   statistic    "ttest" (default), or any other comparison of two groups,
--                "wilcoxon", "riskdiff", "logrank", "lm", ...; with options
--                { "ttest", variance = "pooled" }
--   compare      "A vs B", as in ttest
--   scheme       { "permuted blocks", sizes = { 4 }, ratio = { 1, 1 }, strata =
--                "SITE", order = "RANDDT" }, as in trial; the default is that of
--                the trial which the data are of, else "fixed numbers": as many in
--                each group as there were
--   strata       "SITE" or a list: the groups change places within them
--   group        the column that is dealt again, if the formula does not tell
--   alternative  "two-sided" (default), "less", "greater"; of a function two-sided
--                is as far from the mean of all allocations
--   replicates   999, drawn where there are too many to go through all
--   seed         the trial's, else --seed, else 1
-- Rows are subjects unless there is USUBJID. r.rerandomised says how many
-- allocations there are and how they were found, r.p_model the statistic's own P.
-- What is computed for each allocation is told in the help of run.
--
--   > t = { y = { 3.1, 4.7, 2.8, 5.2, 6.0, 4.9, 5.8, 7.1 },
--   >   g = { "P", "P", "P", "P", "A", "A", "A", "A" } }
--   > rerandomise("y ~ g", t, { compare = "A vs P" })
--   Re-randomisation, Welch t test, two-sided: y, A (n = 4) vs P (n = 4)
--   difference in means 2.00; P of the statistic itself 0.038; P = 0.057
--   all 70 allocations by fixed numbers
--   > d29 = demo.adlb:where { PARAMCD = "ALC", AVISIT = "Day 29" }
--   > rerandomise("AVAL ~ TRT01P", d29, { compare = "CYT107 vs Placebo",
--   >   statistic = "wilcoxon" }).p_value
--   0.444
--   > rerandomise(function(d)
--   >   return d:where { g = "A" }.y:max() - d:where { g = "P" }.y:max()
--   > end, t, { group = "g" }).p_value
--   0.14285714285714285
--
-- See also: run, trial, model:contrast, wilcoxon. Edgington and Onghena 2007.
-- R: coin::independence_test.
function M.rerandomise(what, data, opt)
  local o = options("rerandomise", opt, spec)
  if type(what) ~= "string" and type(what) ~= "function" then
    fail("type", ('rerandomise: a formula, such as "y ~ group", or a function '
      .. "comes first, not a %s"):format(type(what)))
  elseif data == nil then
    fail("type", "rerandomise: data is missing")
  elseif not data_of.is(data) then
    fail("type", ("rerandomise: data is a relation, a frame or a table of "
      .. "arrays, not a %s"):format(type(data)))
  end
  if type(what) == "function" then return of_function(what, data, o) end
  return of_formula(what, data, o)
end

return M
