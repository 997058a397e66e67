-- The analysis set of an endpoint: every subject of the population, joined to
-- the rows that parameter, visit and where choose. A subject without a row is
-- missing, never gone; two rows for one subject are an error.

local text = require "ts.text"
local NA = require "ts.na".NA
local errors = require "ts.error"
local expression = require "trialsh.expression"
local relation = require "trialsh.relation"
local trial_module = require "trialsh.trial"
local analysis = require "trialsh.analysis"

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

-- Where a result is: { parameter =, visit =, subgroup = { column, level } }.

--- set.subjects(study, endpoint [, at]): the rows of adsl that are analysed.
function M.subjects(s, e, at)
  local population, subjects = population_of(e), s.adsl
  if population then subjects = subjects:where(population.condition) end
  if at and at.subgroup then
    subjects = subjects:where { [at.subgroup[1]] = at.subgroup[2] }
  end
  return subjects
end

--- set.table_of(endpoint, parameter): the name of the table with the values.
function M.table_of(e, parameter)
  return e.data or e.trial.parameters[parameter or e.parameters[1]].table
end

--- set.rows(study, endpoint, at): the rows before they are joined to the
-- population, and what is to be said of them.
function M.rows(s, e, at)
  local r = s[M.table_of(e, at.parameter)]
  if at.parameter and relation.node_of(r).columns.paramcd then
    r = r:where { PARAMCD = at.parameter }
  end
  local note
  if at.visit then
    r = r:where { AVISIT = at.visit }
    if relation.node_of(r).columns.anl01fl then
      r = r:where { ANL01FL = "Y" }
      note = "records with ANL01FL = 'Y' only"
    end
  end
  if e.where then r = r:where(e.where) end
  return r, note
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

--- set.response(rows, endpoint) -> rows, names of the response's columns, how
-- a formula names it, and what it is: "survival", "any", "count", "condition",
-- "log", "number" or "text". The name is the variable, so that errors and
-- figures speak of what the endpoint says.
function M.response(r, e)
  local method = analysis.find(e.method)
  if method.survival then
    if e.variable then
      fail("invalid", ("%s takes the time AVAL and the censoring CNSR; leave "
        .. "variable out"):format(e.method))
    end
    return r, { "AVAL", "CNSR" }, "Surv(AVAL, CNSR == 0)", "survival"
  end
  if e.variable == "any" or e.variable == "count" then return of_events(r, e) end
  local variable = e.variable or "AVAL"
  local columns = relation.node_of(r).columns
  local tree = expression.parse("variable", variable, nil, columns)
  local kind = expression.check("variable", tree, columns)
  if kind == "text" and not method.text then
    fail("type", ("variable: %s is text, %s needs numbers"):format(variable,
      e.method))
  end
  local column = expression.column(tree)
  local name = column and column.name or variable:gsub('["`]', "")
  if not column then r = r:mutate(('"%s" = %s'):format(name, variable)) end
  local what = kind == "text" and "text" or logarithm(tree) and "log"
    or expression.is_condition(tree) and "condition" or "number"
  return r, { name }, expression.backtick(name), what
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
  for _, name in ipairs(e.formula
      and require "ts.formula".variables(e.formula) or {}) do add(name) end
  for _, option in ipairs(analysis.find(e.method).columns or {}) do
    local given = e.options[option]
    if type(given) == "string" then given = { given } end
    for _, name in ipairs(given or {}) do add(name) end
  end
  return list
end

-- Subjects without a value, as the rule for missing ones counts them.
local function counted(set, e, name, what, said)
  if what == "any" or what == "count" then
    return set:mutate(('"%s" = coalesce("%s", 0)'):format(name, name))
  end
  if e.missing ~= "nonresponder" then return set end
  if what ~= "condition" then
    fail("invalid", ("missing = \"nonresponder\" is for a condition, such as "
      .. "\"AVAL >= 1.5 * BASE\", not for %s"):format(name))
  end
  local n = #set:where { [name] = NA }
  if n > 0 then
    said[#said + 1] = ("%d subject%s without a value counted as nonresponder%s")
      :format(n, n == 1 and "" or "s", n == 1 and "" or "s")
  end
  return set:mutate(('"%s" = coalesce("%s", 0)'):format(name, name))
end

--- set.bind(study, endpoint, at) -> { data = relation, left = the left side
-- of the formula, treatment =, response = its column, what =, note = }
function M.bind(s, e, at)
  local treatment, subjects = treatment_of(e), M.subjects(s, e, at)
  local rows, note = M.rows(s, e, at)
  local r, response, left, what = M.response(rows, e)
  local have = relation.node_of(r).columns
  local own = relation.node_of(subjects).columns
  local subject_columns, row_columns = { SUBJECT, treatment }, { SUBJECT }
  for _, name in ipairs(covariates(e)) do
    if own[name:lower()] then subject_columns[#subject_columns + 1] = name
    else row_columns[#row_columns + 1] = name end
  end
  table.move(response, 1, #response, #row_columns + 1, row_columns)
  relation.find("data", have, SUBJECT)
  local data = subjects:select(table.unpack(subject_columns))
    :join(r:select(table.unpack(row_columns)), SUBJECT)
  local said = { note }
  data = counted(data, e, response[1], what, said)
  return { data = data, left = left, treatment = treatment, what = what,
    response = response[1], note = table.concat(said, "; ") }
end

--- set.restrict(data, endpoint, treatment, "A vs B"): the subjects of both,
-- pooled arms as one, B first, so that B is the reference.
function M.restrict(data, e, treatment, compare)
  local t = e.trial
  local a, b = trial_module.pair(compare, t.arms)
  local parts, cases = {}, {}
  for _, arm in ipairs { a, b } do
    for _, part in ipairs(trial_module.members(t.arms, arm)) do
      parts[#parts + 1] = part
      cases[#cases + 1] = ("when %s then %s"):format(
        expression.literal(part), expression.literal(arm))
    end
  end
  return data:where { [treatment] = parts }
    :mutate(('"%s" = case "%s" %s end'):format(treatment, treatment,
      table.concat(cases, " ")))
    :levels { [treatment] = { b, a } }
end

--- set.formula(endpoint, bound): what the statistic is asked.
function M.formula(e, bound)
  return bound.left .. " " .. (e.formula
    or "~ " .. expression.backtick(bound.treatment))
end

--- set.without_arm(data, endpoint, treatment): the subjects of the population
-- that no arm of the trial holds, in words: they are in no comparison, and no
-- result may hide that.
function M.without_arm(data, e, treatment)
  local known = {}
  for _, arm in ipairs(e.trial.arms) do
    if not arm.pool then known[#known + 1] = arm.name end
  end
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
  if #frame:where { [response] = NA } == #frame then
    fail("degenerate", ("no subject of %s has a value of %s (%s)"):format(who,
      response, choice(e, at)))
  end
end

-- A comparison of arms is one of the treatment and nothing else.
local function check_formula(e)
  local method, treatment = analysis.find(e.method), treatment_of(e)
  if not e.formula or not (method.compare or method.model) then return end
  for _, name in ipairs(require "ts.formula".variables(e.formula)) do
    if name == treatment then return end
  end
  if e.options.term then return end
  fail("invalid", ("\"%s\" lacks %s, whose arms are compared"):format(
    e.formula, treatment))
end

-- What an analysis cannot do, whatever the data.
local function check_kind(e)
  local method = analysis.find(e.method)
  if e.overall and not (method.overall or method.model) then
    fail("invalid", ("%s does not take all arms at once"):format(e.method))
  end
end

--- set.problems(study, endpoint): what is wrong with it on this study.
function M.problems(s, e)
  local problems = trial_module.problems()
  local function try(key, value, f)
    local ok, err = pcall(f)
    if not ok then
      problems:add(key, value, "%s", errors.is(err) and err.message
        or tostring(err))
    end
    return ok
  end
  local at = { parameter = e.parameters and e.parameters[1], visit = e.visit }
  local good = try(e.data and "data" or "parameter", e.data or at.parameter,
    function()
      for _, parameter in ipairs(e.parameters or { false }) do
        local _ = s[M.table_of(e, parameter or nil)]
      end
    end)
  good = try(e.population and "population", e.population, function()
    relation.find("treatment", relation.node_of(M.subjects(s, e)).columns,
      treatment_of(e))
  end) and good
  if not good then return problems end
  for _, column in ipairs(e.subgroups or {}) do
    try("subgroups", column, function()
      relation.find("subgroups", relation.node_of(s.adsl).columns, column)
    end)
  end
  local r
  good = try(e.where and "where" or e.visit and "visit" or "parameter",
    e.where or e.visit or at.parameter, function() r = M.rows(s, e, at) end)
  good = good and try(e.variable and "variable", nil,
    function() M.response(r, e) end)
  if good then
    try("analysis", nil, function()
      check_kind(e)
      check_formula(e)
      M.bind(s, e, at)
    end)
  end
  return problems
end

--- set.hash(study's inside, endpoint, at): of the tables that are read.
function M.hash(inner, e, at)
  local tables, parts = inner:tables_list(), {}
  for _, name in ipairs { "adsl", M.table_of(e, at.parameter) } do
    parts[#parts + 1] = tables[name] and tables[name].sha256 or ""
  end
  return text.sha256(table.concat(parts, " "))
end

return M
