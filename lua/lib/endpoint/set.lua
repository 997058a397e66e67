-- The analysis set of an endpoint: every subject of the population, joined to
-- the rows that parameter, visit and where choose. A subject without a row is
-- missing, never gone; two rows for one subject are an error.

local text = require "ts.text"
local NA = require "ts.na".NA
local errors = require "ts.error"
local expression = require "trialsh.expression"
local relation = require "trialsh.relation"
local cframe = require "ts.frame"
local trial_module = require "trialsh.trial"
local analysis = require "trialsh.analysis"
local intercurrent = require "trialsh.endpoint.intercurrent"
local limits = require "trialsh.endpoint.limits"
local missing = require "trialsh.endpoint.missing"

local fail = errors.fail
local SUBJECT = "USUBJID"

local M = {}

function M.population_of(e)
  local t = e.trial
  return e.population and t.populations[e.population] or t.populations[1]
end
local population_of = M.population_of

function M.treatment_of(e)
  local p = population_of(e)
  return p and p.treatment or "TRT01P"
end
local treatment_of = M.treatment_of

-- Where a result is: { parameter =, visit =, subgroup = { column, level } };
-- visits where all of them are read at once.

--- set.at(endpoint [, at_once]): where its own result is.
function M.at(e, at_once)
  at_once = at_once or analysis.find(e.method).repeated
  return { parameter = e.parameters and e.parameters[1],
    visit = not at_once and e.visit or nil,
    visits = at_once and (e.visits or e.visit and { e.visit }) or nil }
end

-- The subjects of a population, kept until the study changes.
local function of_population(s, condition)
  local inner = require "trialsh.study".inner(s)
  local generation, kept = inner:generation(), inner.subjects
  if not kept or kept.generation ~= generation then
    kept = { generation = generation }
    inner.subjects = kept
  end
  if not kept[condition] then kept[condition] = s.adsl:where(condition) end
  return kept[condition]
end

--- set.subjects(study, endpoint [, at]): the rows of adsl that are analysed.
function M.subjects(s, e, at)
  local population = population_of(e)
  local subjects = population and of_population(s, population.condition)
    or s.adsl
  if at and at.subgroup then
    subjects = subjects:where { [at.subgroup[1]] = at.subgroup[2] }
  end
  return subjects
end

--- set.table_of(endpoint, parameter): the name of the table with the values.
function M.table_of(e, parameter)
  return e.data or e.trial.parameters[parameter or e.parameters[1]].table
end

--- set.flagged(study, endpoint, at): whether of a visit's records those with
-- ANL01FL = 'Y' are taken: where there is such a column, unless where names it.
function M.flagged(s, e, at)
  if e.hierarchy then return false end
  local columns = relation.node_of(s[M.table_of(e, at.parameter)]).columns
  if not columns.anl01fl or not missing.visits(e, at) then return false end
  local ok, tree = pcall(expression.parse, "where", e.where or "1 = 1", nil,
    columns)
  return not (ok and expression.mentions(tree, "ANL01FL"))
end

--- set.rows(study, endpoint, at [, silent]): the rows before they are joined to
-- the population, and what is to be said of them; silent: nothing is counted.
function M.rows(s, e, at, silent)
  local r, notes = s[M.table_of(e, at.parameter)], {}
  local columns = relation.node_of(r).columns
  if at.parameter and columns.paramcd then
    r = r:where { PARAMCD = at.parameter }
  end
  local visits = missing.visits(e, at)
  if visits then
    r = r:where { AVISIT = visits }
    if M.flagged(s, e, at) then
      r = r:where { ANL01FL = "Y" }
      notes[1] = "records with ANL01FL = 'Y' only"
    end
  end
  if e.where then r = r:where(e.where) end
  local words
  r, words = intercurrent.rows(s, e, r, silent)
  notes[#notes + 1] = words
  return r, table.concat(notes, "; ")
end

-- "any" and "count": one value per subject from however many rows.
local function of_events(r, e)
  local name = e.variable == "any" and "any" or "count"
  local value = name == "any" and "1" or "count(*)"
  return r:by(SUBJECT):summarise(('"%s" = %s'):format(name, value)),
    { name }, expression.backtick(name), name
end

-- The text inside ln( ) where that is all of a variable.
local function logarithm(tree)
  return tree[1] == "call" and tree.name == "ln"
end

-- Variables that the endpoint names besides the treatment: those of its
-- formula, and columns that options of its analysis name.
local function covariates(e)
  local list, seen = {}, { [treatment_of(e)] = true }
  local function add(name)
    if not seen[name] then
      seen[name] = true
      list[#list + 1] = name
    end
  end
  local method, formulas = analysis.find(e.method), require "ts.formula"
  for _, name in ipairs(e.formula and formulas.variables(e.formula) or {}) do
    add(name)
  end
  for _, option in ipairs(method.columns or {}) do
    local given = e.options[option]
    if type(given) == "string" then given = { given } end
    for _, name in ipairs(given or {}) do add(name) end
  end
  for _, name in ipairs(method.names and method.names(e.options) or {}) do
    add(name)
  end
  for _, option in ipairs(method.expressions or {}) do
    for _, name in ipairs(e.options[option]
        and formulas.variables("y ~ " .. e.options[option]) or {}) do
      if name ~= "y" then add(name) end
    end
  end
  return list
end
M.covariates = covariates

-- One value per subject, by an aggregate over the rows; what else the rows say
-- of a subject stays, and whether one of them is beyond a limit.
local function of_rows(r, e, variable, name)
  local by, items = { SUBJECT }, { ('"%s" = %s'):format(name, variable) }
  for _, flag in ipairs { "BLQFL", "ALQFL" } do
    if relation.node_of(r).columns[flag:lower()] then
      items[#items + 1] = ("%s = max(%s)"):format(flag, flag)
    end
  end
  for _, covariate in ipairs(covariates(e)) do
    if relation.node_of(r).columns[covariate:lower()] then
      by[#by + 1] = covariate
    end
  end
  return r:by(table.unpack(by)):summarise(table.unpack(items))
end

-- The tree of a variable, its type, and whether it is an aggregate.
local function read_variable(variable, columns)
  local tree = expression.parse("variable", variable, nil, columns)
  local kind = expression.check("variable", tree, columns,
    { aggregates = true })
  return tree, kind, #require "trialsh.expression.calls"(tree) > 0
end

--- set.response(rows, endpoint) -> rows, names of the response's columns, how
-- a formula names it, what it is: "survival", "any", "count", "condition",
-- "log", "number" or "text", and whether it sums a subject's rows up. The name
-- is the variable, so that errors and figures speak of what the endpoint says.
function M.response(r, e)
  local method = analysis.find(e.method)
  if method.survival then
    if e.variable and e.variable ~= "AVAL" then
      fail("invalid", ("%s takes the time AVAL and the censoring CNSR; leave "
        .. "variable out"):format(e.method))
    end
    for _, name in ipairs { "AVAL", "CNSR" } do
      relation.find(e.method, relation.node_of(r).columns, name)
    end
    return r, { "AVAL", "CNSR" }, "Surv(AVAL, CNSR == 0)", "survival"
  end
  if e.variable == "any" or e.variable == "count" then return of_events(r, e) end
  local variable = e.variable or "AVAL"
  local columns = relation.node_of(r).columns
  local tree, kind, sums_up = read_variable(variable, columns)
  if kind == "text" and not method.text then
    fail("type", ("variable: %s is text, %s needs numbers"):format(variable,
      e.method))
  end
  local column = expression.column(tree)
  local name = column and column.name or variable:gsub('["`]', "")
  if sums_up then
    r = of_rows(r, e, variable, name)
  elseif not column then
    r = r:mutate(('"%s" = %s'):format(name, variable))
  end
  local what = kind == "text" and "text" or logarithm(tree) and "log"
    or expression.is_condition(tree) and "condition" or "number"
  return r, { name }, expression.backtick(name), what, sums_up
end

--- set.sums_up(study, endpoint): whether the variable is an aggregate over the
-- visits, so that there is one result for all of them.
function M.sums_up(s, e)
  local variable = e.variable
  if not variable or variable == "any" or variable == "count"
    or analysis.find(e.method).survival then return false end
  local r = s[M.table_of(e, e.parameters and e.parameters[1])]
  local _, _, sums_up = read_variable(variable, relation.node_of(r).columns)
  return sums_up
end

--- set.base_below(endpoint, rows, subjects): where BASE is analysed and is below
-- its limit, in words.
function M.base_below(e, rows, subjects)
  if not relation.node_of(rows).columns.bblqfl then return nil end
  return limits.base(rows:join(subjects:select(SUBJECT), SUBJECT,
    { how = "semi" }), e, covariates(e))
end

--- set.bind(study, endpoint, at) -> { data = relation, left = the left side
-- of the formula, treatment =, response = its column, what =, note =, flags =
-- those of limits that are in data, worst = whether some have a rank that is
-- worse than all }
function M.bind(s, e, at)
  if e.hierarchy then
    return require "trialsh.endpoint.hierarchy".bind(s, e, at, M)
  end
  local treatment, subjects = treatment_of(e), M.subjects(s, e, at)
  local rows, said = M.rows(s, e, at)
  local notes = { said ~= "" and said or nil }
  local dated
  rows, dated = intercurrent.dated(s, e, rows)
  local flags
  rows, flags, notes[#notes + 1] = limits.rows(rows, e)
  notes[#notes + 1] = M.base_below(e, rows, subjects)
  local r, response, left, what, sums_up = M.response(rows, e)
  dated = dated and not sums_up and what ~= "any" and what ~= "count"
  r, notes[#notes + 1] = missing.carry(r, e, at, response[1])
  local own = relation.node_of(subjects).columns
  local subject_columns, row_columns = { SUBJECT, treatment }, { SUBJECT }
  for _, name in ipairs(covariates(e)) do
    if own[name:lower()] then subject_columns[#subject_columns + 1] = name
    elseif name ~= "AVISIT" then row_columns[#row_columns + 1] = name end
  end
  table.move(response, 1, #response, #row_columns + 1, row_columns)
  table.move(flags, 1, #flags, #row_columns + 1, row_columns)
  local repeated = analysis.find(e.method).repeated
  if repeated then row_columns[#row_columns + 1] = "AVISIT" end
  if dated then row_columns[#row_columns + 1] = "day of value" end
  relation.find("data", relation.node_of(r).columns, SUBJECT)
  local data = subjects:select(table.unpack(subject_columns))
    :join(r:select(table.unpack(row_columns)), SUBJECT,
      repeated and { many = true } or nil)
  local words, flagged, worst
  data, words, flagged = intercurrent.values(s, e, at, data,
    { name = response[1], what = what }, dated, M)
  table.move(words, 1, #words, #notes + 1, notes)
  data, notes[#notes + 1] = missing.nonresponders(data, e, response[1], what)
  data, worst = missing.worst(data, e, at, response[1], flagged)
  return { data = data, left = left, treatment = treatment, what = what,
    response = response[1], worst = worst, flags = flags, note = table.concat(notes, "; ") }
end

--- set.told(message): of the join of rows to subjects, in an endpoint's words.
function M.told(message)
  return (message:gsub("^join by USUBJID: more than one row on the right for "
    .. "(.-); { many = true }.*$", "more than one row for %1; visit, where or "
    .. "data choose one row per subject"))
end

-- By the arms in the treatment's column, what each is called: the first of these
-- names that it is, or is pooled in.
local function called(t, names)
  local by_arm = {}
  for _, name in ipairs(names) do
    for _, part in ipairs(trial_module.members(t.arms, name)) do
      by_arm[part] = by_arm[part] or name
    end
  end
  return by_arm
end

-- The rows of a frame whose arm has a name, and their names.
local function rows_of_arms(data, treatment, by_arm)
  local rows, labels = {}, {}
  for i, arm in ipairs(cframe.values(data[treatment])) do
    if by_arm[arm] then
      rows[#rows + 1] = i
      labels[#rows] = by_arm[arm]
    end
  end
  return rows, labels
end

--- set.restrict(frame, endpoint, treatment, "A vs B"): the subjects of both,
-- pooled arms as one, B first, so that B is the reference.
function M.restrict(data, e, treatment, compare)
  local a, b = trial_module.pair(compare, e.trial.arms)
  local rows, labels = rows_of_arms(data, treatment, called(e.trial, { a, b }))
  return relation.pick(data, rows, { name = treatment, values = labels,
    levels = { b, a } })
end

--- set.arm(frame, endpoint, treatment, arm): the subjects of one, or of those it
-- pools.
function M.arm(data, e, treatment, arm)
  return relation.pick(data, (rows_of_arms(data, treatment, called(e.trial, { arm }))))
end

--- set.of_arms(frame, endpoint, treatment): the subjects of the trial's arms.
function M.of_arms(data, e, treatment)
  local by_arm = {}
  for _, arm in ipairs(e.trial.arms) do
    if not arm.pool then by_arm[arm.name] = arm.name end
  end
  if not next(by_arm) then return data end
  local rows = rows_of_arms(data, treatment, by_arm)
  return #rows == #data and data or relation.pick(data, rows)
end

--- set.arms(data, endpoint, treatment): those with a result of their own: the
-- trial's, then pooled ones that it compares; of a trial without arms those in
-- the data.
function M.arms(data, e, treatment)
  local list, seen = {}, {}
  local function add(name)
    if not seen[name] then list[#list + 1] = name end
    seen[name] = true
  end
  for _, arm in ipairs(e.trial.arms) do
    if not arm.pool then add(arm.name) end
  end
  if #list == 0 then
    for row in data:distinct(treatment):rows() do
      if row[treatment] ~= NA then add(row[treatment]) end
    end
  end
  for _, compare in ipairs(e.trial.compare or {}) do
    for _, name in ipairs { trial_module.pair(compare, e.trial.arms) } do
      if e.trial.arms[name] then add(name) end
    end
  end
  return list
end

--- set.formula(endpoint, bound, way): what the statistic is asked. Strata that
-- are an option may be part of the formula, where it takes them.
function M.formula(e, bound, way)
  local method = analysis.find(e.method)
  local right = e.formula or way == "within" and "~ 1"
    or "~ " .. expression.backtick(bound.treatment)
      .. (method.repeated and " * AVISIT" or "")
  local strata = method.strata == "formula" and e.options.strata
  if type(strata) == "string" then strata = { strata } end
  for _, name in ipairs(strata or {}) do
    right = ("%s + strata(%s)"):format(right, expression.backtick(name))
  end
  return bound.left .. " " .. right
end

--- set.options(endpoint): those of the statistic itself.
function M.options(e)
  local out = {}
  for key, value in pairs(e.options) do out[key] = value end
  if analysis.find(e.method).strata == "formula" then out.strata = nil end
  out.blq = nil -- the rows have it already
  return out
end

-- Whether each row is of one of the arms; of no list, of any.
local function all_of(data, treatment, arms)
  local column, known = data[treatment], {}
  for _, name in ipairs(arms) do known[name] = true end
  for i = 1, #column do
    local arm = column[i]
    if arm == NA or #arms > 0 and not known[arm] then return false end
  end
  return true
end

--- set.without_arm(data, endpoint, treatment): the subjects of the population
-- that no arm of the trial holds, in words: they are in no comparison, and no
-- result may hide that.
function M.without_arm(data, e, treatment)
  local known = {}
  for _, arm in ipairs(e.trial.arms) do
    if not arm.pool then known[#known + 1] = arm.name end
  end
  if all_of(data, treatment, known) then return nil end
  local words = {}
  local n = #data:where { [treatment] = NA }
  if n > 0 then words[1] = ("%d without %s"):format(n, treatment) end
  if #known > 0 then
    local others = data:where(('"%s" not in ?'):format(treatment), known)
      :count(treatment)
    for row in others:rows() do
      words[#words + 1] = ("%d of %s, which is no arm of the trial"):format(
        row.n, row[treatment])
    end
  end
  return #words > 0 and ("subjects in no comparison: %s"):format(
    table.concat(words, ", ")) or nil
end

-- What the endpoint chose, for an error that says why nothing is left.
local function choice(e, at)
  local words = {}
  local function add(key, value)
    if value then words[#words + 1] = key .. " " .. value end
  end
  add("parameter", at.parameter)
  add("data", e.data)
  add("visit", at.visit)
  add("where", e.where)
  if at.subgroup then add(at.subgroup[1], tostring(at.subgroup[2])) end
  return table.concat(words, ", ")
end

--- set.check_values(frame, endpoint, response, at): somebody has a value.
function M.check_values(frame, e, response, at)
  local population = population_of(e)
  local who = population and "population " .. population.name or "adsl"
  if #frame == 0 then fail("degenerate", who .. " has no subjects") end
  if cframe.is_empty(frame[response]) then
    fail("degenerate", ("no subject of %s has a value of %s (%s)"):format(who,
      response, choice(e, at)))
  end
end

-- The content of each table as its last event tells, { [name] = hash }; kept
-- until the study changes.
function M.contents(inner)
  local generation, kept = inner:generation(), inner.contents
  if not kept or kept.generation ~= generation then
    kept = { generation = generation }
    for _, row in ipairs(inner:rows("select object, content from _ts_audit "
        .. "where content is not null order by seq")) do
      kept[row.object] = row.content
    end
    inner.contents = kept
  end
  return kept
end

--- set.hash(study's inside, endpoint, at): of the rows of the tables that are
-- read.
function M.hash(inner, e, at)
  local all, parts, names = M.contents(inner), {}, { "adsl" }
  local others = e.hierarchy and require "trialsh.endpoint.hierarchy".tables(e)
    or { M.table_of(e, at.parameter) }
  for _, name in ipairs(table.move(others, 1, #others, 2, names)) do
    parts[#parts + 1] = all[name] or ""
  end
  return text.sha256(table.concat(parts, " "))
end

return M
