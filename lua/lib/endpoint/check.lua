-- What is wrong with an endpoint on a study: tables, columns, kinds of variable,
-- and what its analysis cannot do.

local errors = require "ts.error"
local relation = require "trialsh.relation"
local trial_module = require "trialsh.trial"
local analysis = require "trialsh.analysis"
local intercurrent = require "trialsh.endpoint.intercurrent"
local limits = require "trialsh.endpoint.limits"
local missing = require "trialsh.endpoint.missing"
local set = require "trialsh.endpoint.set"

local fail = errors.fail

local M = {}

-- The variables of a formula, without those of strata().
local function terms(formula)
  return require "ts.formula".variables((formula:gsub("%+?%s*strata%s*%b()",
    "")))
end

-- What the formula of an analysis may have, by what it does.
local function check_formula(e, way)
  local method, treatment = analysis.find(e.method), set.treatment_of(e)
  local stratified = e.formula and e.formula:find "strata%s*%("
    or e.options.strata
  if method.needs_strata and not stratified then
    fail("invalid", ('%s needs strata: { "%s", strata = "SITEID" }'):format(
      e.method, e.method))
  end
  if method.needs_time and not e.options.time then
    fail("invalid", ('%s: which column is the person-time? { "%s", time = '
      .. '"TRTDUR" }'):format(e.method, e.method))
  end
  if method.needs_horizon and not e.options.horizon then
    fail("invalid", ('%s: up to which time? { "%s", horizon = 90 }'):format(
      e.method, e.method))
  end
  if method.before and not e.formula then
    fail("invalid", ('%s takes two values of a subject: { "%s", "~ BASE" } '
      .. "names the one beside the variable"):format(e.method, e.method))
  end
  if not e.formula then return end
  if e.formula:find "strata%s*%(" and not method.strata then
    fail("invalid", ("%s has no strata%s"):format(e.method, e.method
      == "wilcoxon" and "; van_elteren is the test within strata"
      or method.covariates and "; they are terms of the model" or ""))
  end
  local names, has = terms(e.formula), false
  for _, name in ipairs(names) do has = has or name == treatment end
  if way == "within" then
    if has or #names ~= (method.before and 1 or 0) then
      fail("invalid", ('"%s": %s is of one arm%s'):format(e.formula, e.method,
        method.before and ', and the formula names one other variable, '
          .. '"~ BASE"' or '; without a formula it is done in each'))
    end
  elseif not has and not e.options.term then
    fail("invalid", ("\"%s\" lacks %s, whose arms are compared"):format(
      e.formula, treatment))
  elseif #names > 1 and not method.covariates then
    fail("invalid", ("\"%s\": %s compares the arms and has no covariates; lm "
      .. "has, and strata() are for %s"):format(e.formula, e.method,
        method.strata and e.method or "van_elteren, cmh, logrank"))
  end
end

-- Covariates, strata and the like are columns of adsl or of the rows; each that
-- is not is told.
local function check_columns(s, e, at, try)
  local name = set.table_of(e, at.parameter)
  local own = relation.node_of(s.adsl).columns
  local rows = relation.node_of(s[name]).columns
  local good = true
  for _, column in ipairs(set.covariates(e)) do
    good = try("analysis", column, function()
      if own[column:lower()] or rows[column:lower()] then return end
      local names = {}
      for _, list in ipairs { own, rows } do
        for _, c in ipairs(list) do names[#names + 1] = c.name end
      end
      fail("not found", ("neither adsl nor %s has a column %s%s"):format(name,
        column, trial_module.nearest(column, names)))
    end) and good
  end
  return good
end

-- What options of a model name stands in its formula, and the variable does not.
local function check_model(e, names)
  local method, own = analysis.find(e.method), {}
  for _, name in ipairs(set.covariates(e)) do own[name] = true end
  for _, name in ipairs(names) do
    if own[name] then
      fail("invalid", ("%s is the variable, and stands beside it too"):format(
        name))
    end
  end
  if not method.model then return end
  own = {}
  for _, name in ipairs(e.formula and terms(e.formula) or {}) do
    own[name] = true
  end
  for _, option in ipairs { "by", "slope" } do
    local name = e.options[option]
    if name and not own[name] then
      fail("invalid", ('%s: %s = "%s" is no variable of the formula%s'):format(
        e.method, option, name, e.formula and " " .. e.formula or ""))
    end
  end
  if method.repeated and not e.visit then
    fail("invalid", ("%s is for visits: visits = { ... } says which"):format(
      e.method))
  end
end

-- Numbers other than 0 and 1 are no events.
local function check_events(e, r, what)
  local name = e.variable or "AVAL"
  if not analysis.find(e.method).events or what ~= "number"
    or e.options.event ~= nil then return end
  local other = r:where(("(%s) not in (0, 1)"):format(name)):limit(1)
  if #other > 0 then
    fail("invalid", ("variable: %s has values other than 0 and 1, %s takes "
      .. 'events: a condition, such as "%s >= 1000"'):format(name, e.method,
        name))
  end
end

-- What an analysis cannot do, whatever the data.
local function check_kind(e)
  local way, why = analysis.way(e)
  if not way then fail("invalid", why) end
  local method = analysis.find(e.method)
  if way == "compare" and #e.comparisons == 0 then
    fail("invalid", "nothing to compare; the trial or the endpoint says "
      .. 'compare = "A vs B"')
  end
  return way
end

-- The rows of each parameter at each visit can be chosen.
local function choose_rows(s, e)
  local own
  for _, parameter in ipairs(e.parameters or { false }) do
    for _, visit in ipairs(e.visits or { e.visit or false }) do
      local at = set.at(e)
      at.parameter, at.visit = parameter or nil, visit or nil
      local r = set.rows(s, e, at, true)
      own = own or (not e.visit or visit == e.visit) and r
    end
  end
  return own
end

-- One row for each subject, where the analysis takes one; and no value beyond a
-- limit where it takes none.
local function check_single(s, e, at)
  local bound = set.bind(s, e, at)
  local data = bound.data
  if #bound.flags > 0 then limits.check(data:collect(), e, bound) end
  local ok, err = pcall(relation.single, relation.node_of(data))
  if ok then return end
  if errors.is(err) then fail(err.code, set.told(err.message)) end
  error(err, 0)
end

-- A list of outcomes: each finds its rows, which are one for each subject.
local function check_hierarchy(s, e, whole, try)
  local at, way = set.at(e), nil
  local good = try(e.definition.compare and "compare" or "analysis", nil,
    function() way = check_kind(e) end)
  good = good and try("analysis", e.formula, function()
    check_formula(e, way)
  end)
  good = good and try("missing", e.missing, function()
    if e.missing and e.missing ~= "tie" then
      fail("invalid", ('missing = "%s": in a win ratio missing values tie: '
        .. '"tie"'):format(e.missing))
    end
  end)
  good = good and try("variable", nil, function() set.bind(s, e, at) end)
  if good and whole then
    try("variable", nil, function() check_single(s, e, at) end)
  end
end

--- check.trial_problems(study, endpoints) -> problems of what they take from their
-- trial: told once, where the trial is defined, not for each endpoint.
function M.trial_problems(s, list)
  local problems, seen = trial_module.problems(), {}
  local function try(key, name, what, f)
    if seen[key .. "\0" .. name] then return end
    seen[key .. "\0" .. name] = true
    local ok, err = pcall(f)
    if not ok and (not errors.is(err) or err.code == "interrupted") then
      error(err, 0)
    elseif not ok then
      problems:add(key, name, "%s: %s", what, err.message)
    end
  end
  for _, e in ipairs(list) do
    local population = set.population_of(e)
    if population then
      local name = population.name
      try("populations", name, "population " .. name, function()
        relation.find("treatment", relation.node_of(set.subjects(s, e)).columns,
          set.treatment_of(e))
      end)
    end
    for _, used in ipairs(e.events or {}) do
      local event = (e.trial.intercurrent or {})[used.name]
      if event and event.date and event.table then
        try("intercurrent", event.name, event.name, function()
          relation.find("date", relation.node_of(s[event.table]).columns,
            event.date)
        end)
      end
    end
  end
  return problems
end

--- check.problems(study, endpoint [, whole]): what is wrong with it on this
-- study; whole: what run() would find in the rows, too.
function M.problems(s, e, whole)
  local problems = trial_module.problems()
  local function try(key, value, f)
    local ok, err = pcall(f)
    if not ok then
      problems:add(key, value, "%s", errors.is(err) and err.message
        or tostring(err))
    end
    return ok
  end
  local at = set.at(e)
  local good = try(e.data and "data" or e.hierarchy and "variable"
    or "parameter", e.data or at.parameter, function()
      for _, name in ipairs(e.hierarchy and require
        "trialsh.endpoint.hierarchy".tables(e) or {}) do local _ = s[name] end
      if e.hierarchy then return end
      for _, parameter in ipairs(e.parameters or { false }) do
        local _ = s[set.table_of(e, parameter or nil)]
      end
    end)
  good = try(e.population and "population", e.population, function()
    relation.find("treatment", relation.node_of(set.subjects(s, e)).columns,
      set.treatment_of(e))
  end) and good
  if not good then return problems end
  for _, column in ipairs(e.subgroups or {}) do
    try("subgroups", column, function()
      relation.find("subgroups", relation.node_of(s.adsl).columns, column)
      if column == set.treatment_of(e) then
        fail("invalid", ("subgroups: %s is what is compared"):format(column))
      end
    end)
  end
  if e.hierarchy then
    check_hierarchy(s, e, whole, try)
    return problems
  end
  local r, way, what, sums_up, names
  local chosen = try(e.where and "where" or e.visit and "visit" or "parameter",
    e.where or e.visit or at.parameter, function() r = choose_rows(s, e) end)
  good = chosen and try(e.variable and "variable", nil, function()
    local _
    limits.known(r, e)
    names, _, what, sums_up = select(2, set.response(r, e))
    if sums_up then at = set.at(e, true) end
  end)
  local kind = try(e.definition.compare and "compare" or "analysis", nil,
    function() way = check_kind(e) end)
  good = kind and try("analysis", e.formula, function()
    check_formula(e, way)
    check_model(e, names or {})
  end) and good
  good = check_columns(s, e, at, try) and good
  good = good and try("missing", nil, function()
    missing.check(e, at, what)
  end)
  good = good and try("intercurrent", nil, function()
    intercurrent.check(s, e, at, what, set)
  end)
  good = good and try("analysis", nil, function()
    check_events(e, r, what)
    set.bind(s, e, at)
  end)
  good = good and whole and try(e.where and "where" or "parameter", nil,
    function() check_single(s, e, at) end) or good
  if good and e.instead then
    try("instead", nil, function()
      require "trialsh.endpoint.instead".holds(s, e, at)
    end)
  end
  return problems
end

return M
