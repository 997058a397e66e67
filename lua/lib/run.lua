-- run(s): binds the endpoints to a study, computes, and stores one row per
-- endpoint and comparison (or arm) in s.results.
--
-- The analysis set is every subject of the population, joined to the rows
-- that parameter, visit and where choose: a subject without a row is missing,
-- never gone; two rows for one subject are an error.

local errors = require "ts.error"
local text = require "ts.text"
local NA = require "ts.na".NA
local expression = require "trialsh.expression"
local relation = require "trialsh.relation"
local endpoints = require "trialsh.endpoint"
local trial_module = require "trialsh.trial"
local analysis = require "trialsh.analysis"

local fail = errors.fail
local SUBJECT = "USUBJID"

local M = {}

-- Binding --------------------------------------------------------------------

local function population_of(e)
  local t = e.trial
  return e.population and t.populations[e.population] or t.populations[1]
end

local function treatment_of(e)
  local p = population_of(e)
  return p and p.treatment or "TRT01P"
end

-- Variables that the endpoint's formula names besides the treatment.
local function formula_variables(e)
  if not e.formula then return {} end
  local list = {}
  for _, name in ipairs(require "ts.formula".variables(e.formula)) do
    if name ~= treatment_of(e) then list[#list + 1] = name end
  end
  return list
end

-- The rows of the endpoint before they are joined to the population, and what
-- is to be said of them.
local function rows_of(s, e)
  local t = e.trial
  local parameter = e.parameter and t.parameters[e.parameter]
  local name = e.data or parameter.table
  local r = s[name]
  if parameter and relation.node_of(r).columns.paramcd then
    r = r:where { PARAMCD = e.parameter }
  end
  local note
  if e.visit then
    r = r:where { AVISIT = e.visit }
    if relation.node_of(r).columns.anl01fl then
      r = r:where { ANL01FL = "Y" }
      note = "records with ANL01FL = 'Y' only"
    end
  end
  if e.where then r = r:where(e.where) end
  return r, note
end

-- The rows with the response, its columns, and how a formula names it: by the
-- variable, so that errors and figures speak of what the endpoint says.
local function with_response(r, e)
  local method = analysis.find(e.method)
  if method.survival then
    if e.variable then
      fail("invalid", ("%s takes the time AVAL and the censoring CNSR; leave "
        .. "variable out"):format(e.method))
    end
    return r, { "AVAL", "CNSR" }, "Surv(AVAL, CNSR == 0)"
  end
  local variable = e.variable or "AVAL"
  local columns = relation.node_of(r).columns
  local tree = expression.parse("variable", variable)
  if expression.check("variable", tree, columns) == "text" then
    fail("type", ("variable: %s is text, %s needs numbers"):format(variable,
      e.method))
  end
  local column = expression.column(tree)
  local name = column and column.name or variable:gsub('["`]', "")
  if not column then r = r:mutate(('"%s" = %s'):format(name, variable)) end
  return r, { name }, expression.backtick(name)
end

--- The analysis set of an endpoint: a relation, the left side, the treatment,
-- the name of the response, and what is to be said of the rows.
local function bind(s, e)
  local treatment, population = treatment_of(e), population_of(e)
  local subjects = s.adsl
  if population then subjects = subjects:where(population.condition) end
  local covariates = formula_variables(e)
  local rows, note = rows_of(s, e)
  local r, response, left = with_response(rows, e)
  local have = relation.node_of(r).columns
  local subject_columns, row_columns = { SUBJECT, treatment }, { SUBJECT }
  local own = relation.node_of(subjects).columns
  for _, name in ipairs(covariates) do
    if own[name:lower()] then subject_columns[#subject_columns + 1] = name
    else row_columns[#row_columns + 1] = name end
  end
  for _, name in ipairs(response) do
    row_columns[#row_columns + 1] = name
  end
  relation.find("data", have, SUBJECT)
  local set = subjects:select(table.unpack(subject_columns))
    :join(r:select(table.unpack(row_columns)), SUBJECT)
  return set, left, treatment, response[1], note
end

-- A comparison of arms is one of the treatment and nothing else.
local function check_formula(e)
  local method, treatment = analysis.find(e.method), treatment_of(e)
  if method.kind ~= "compare" or not e.formula then return end
  local found = false
  for _, name in ipairs(require "ts.formula".variables(e.formula)) do
    found = found or name == treatment
  end
  if not found then
    fail("invalid", ("\"%s\" lacks %s, whose arms are compared"):format(
      e.formula, treatment))
  end
end

--- What is wrong with an endpoint on this study.
function M.problems_of(s, e)
  local problems = trial_module.problems()
  local function try(key, value, f)
    local ok, err = pcall(f)
    if not ok then
      problems:add(key, value, "%s", errors.is(err) and err.message
        or tostring(err))
    end
    return ok
  end
  local parameter = e.parameter and e.trial.parameters[e.parameter]
  local good = try(e.data and "data" or "parameter", e.data or e.parameter,
    function() return s[e.data or parameter.table] end)
  local population = population_of(e)
  good = try(e.population and "population", e.population, function()
    local adsl = s.adsl
    if population then adsl = adsl:where(population.condition) end
    relation.find("treatment", relation.node_of(adsl).columns,
      treatment_of(e))
  end) and good
  if not good then return problems end
  local r
  good = try(e.where and "where" or e.visit and "visit" or "parameter",
    e.where or e.visit or e.parameter, function() r = rows_of(s, e) end)
  if good then
    good = try(e.variable and "variable", nil,
      function() with_response(r, e) end)
  end
  if good then
    try("analysis", nil, function()
      check_formula(e)
      bind(s, e)
    end)
  end
  return problems
end

-- Comparisons ----------------------------------------------------------------

-- The analysis set of "A vs B": the subjects of both, pooled arms as one, B
-- first, so that B is the reference.
local function restrict(set, e, treatment, compare)
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
  return set:where { [treatment] = parts }
    :mutate(('"%s" = case "%s" %s end'):format(treatment, treatment,
      table.concat(cases, " ")))
    :levels { [treatment] = { b, a } }
end

local function formula_of(e, left, treatment)
  return left .. " " .. (e.formula or "~ " .. expression.backtick(treatment))
end

-- Subjects of the population that no arm of the trial holds, in words: they
-- are in no comparison, and no result may hide that.
local function without_arm(set, e, treatment)
  local arms, known = e.trial.arms, {}
  for _, arm in ipairs(arms) do
    if not arm.pool then known[#known + 1] = arm.name end
  end
  local words = {}
  local n = #set:where { [treatment] = NA }
  if n > 0 then
    words[1] = ("%d without %s"):format(n, treatment)
  end
  if #known > 0 then
    local others = set:where(('"%s" not in ?'):format(treatment), known)
      :count(treatment)
    for row in others:rows() do
      words[#words + 1] = ("%d of %s, which is no arm of the trial"):format(
        row.n, row[treatment])
    end
  end
  return #words > 0 and ("subjects in no comparison: %s"):format(
    table.concat(words, ", ")) or nil
end

-- Computing ------------------------------------------------------------------

-- What the endpoint chose, for an error that says why nothing is left.
local function choice(e)
  local words = {}
  for _, key in ipairs { "parameter", "data", "visit", "where" } do
    if e[key] then words[#words + 1] = key .. " " .. e[key] end
  end
  return table.concat(words, ", ")
end

local function check_values(set, e, response)
  local population = population_of(e)
  local who = population and "population " .. population.name or "adsl"
  if #set == 0 then fail("degenerate", who .. " has no subjects") end
  if #set:where { [response] = NA } == #set then
    fail("degenerate", ("no subject of %s has a value of %s (%s)"):format(who,
      response, choice(e)))
  end
end

-- A note of the endpoint follows that of the statistic.
local function with_note(row, note)
  if note == "" then return end
  row.note = (row.note == nil or row.note == NA) and note
    or row.note .. "; " .. note
end

local function compute(s, e)
  local set, left, treatment, response, chosen = bind(s, e)
  local method = analysis.find(e.method)
  local formula = formula_of(e, left, treatment)
  -- kept once for all comparisons; notes on it are said once
  local frame = set:collect()
  check_values(frame, e, response)
  local notes = { chosen }
  notes[#notes + 1] = without_arm(frame, e, treatment)
  local note = table.concat(notes, "; ")
  local out = {}
  local function add(rows, compare)
    for _, row in ipairs(rows) do
      row.compare = compare
      with_note(row, note)
      out[#out + 1] = row
    end
  end
  if note ~= "" then
    require "trialsh.note".say("endpoint %s: %s", e.id, note)
  end
  if method.kind == "compare" then
    if #e.comparisons == 0 then
      fail("invalid", "nothing to compare; the trial or the endpoint says "
        .. 'compare = "A vs B"')
    end
    for _, compare in ipairs(e.comparisons) do
      add(method.compute(formula, restrict(frame, e, treatment, compare),
        e.options, compare), compare)
    end
  else
    add(method.compute(formula, frame, e.options))
  end
  return out
end

-- Errors of one endpoint carry its place in the script.
local function computed(s, e)
  local ok, rows = pcall(compute, s, e)
  if ok then return rows end
  local err = rows
  if errors.is(err) and err.code ~= "interrupted" then
    local message = err.message:gsub("^join by USUBJID: more than one row on "
      .. "the right for (.-); { many = true }.*$", "more than one row for %1; "
      .. "visit, where or data choose one row per subject")
    fail(err.code, ("endpoint %s: %s"):format(e.id, message),
      { file = e.file, line = e.file and e.line })
  end
  error(err, 0)
end

-- What a reader looks for first comes first; the rest is for the record.
local result_columns = {}
for name in ([[endpoint compare group estimate_name estimate conf_low conf_high
    p_value n n_missing n_event visit parameter role title variation analysis
    population variable method std_error statistic df conf_level alternative
    n_1 n_2 estimate_1 estimate_2 note script line script_sha256 data_sha256
    seed version utc]]):gmatch "%S+" do
  result_columns[#result_columns + 1] = name
end

local real = {}
for name in ([[estimate std_error statistic df p_value conf_low conf_high
    conf_level n n_1 n_2 estimate_1 estimate_2 n_missing n_event line seed]])
  :gmatch "%S+" do real[name] = true end

local function file_hash(path)
  local f = path and io.open(path, "rb")
  if not f then return nil end
  local all = f:read "a"
  f:close()
  return text.sha256(all)
end

-- The hash of the tables that an endpoint reads.
local function data_hash(inner, e)
  local parameter = e.parameter and e.trial.parameters[e.parameter]
  local tables, parts = inner:tables_list(), {}
  for _, name in ipairs { "adsl", e.data or parameter.table } do
    parts[#parts + 1] = tables[name] and tables[name].sha256 or ""
  end
  return text.sha256(table.concat(parts, " "))
end

local function complete(row, e, inner)
  local parameter = e.parameter and e.trial.parameters[e.parameter]
  local population = population_of(e)
  row.endpoint, row.title, row.role = e.id, e.title, e.role
  row.group = row.group ~= nil and tostring(row.group) or nil
  row.variation, row.analysis = "main", e.method
  row.population = population and population.name
  row.parameter = parameter and parameter.name
  row.visit, row.variable = e.visit, e.variable
  row.script, row.line = e.file, e.line
  row.script_sha256 = file_hash(e.file)
  row.data_sha256 = data_hash(inner, e)
  row.seed = e.trial.seed
  row.version = require "trialsh.version".text
  row.utc = os.date "!%Y-%m-%dT%H:%M:%SZ"
end

local function frame_of(rows)
  local arrays = {}
  for j, name in ipairs(result_columns) do
    local list = {}
    for i, row in ipairs(rows) do
      local value = row[name]
      list[i] = value == nil and NA or value
    end
    arrays[j] = list
  end
  return require "ts.frame".build(result_columns, arrays)
end

local function store(inner, rows)
  local frame = frame_of(rows)
  inner:change(function()
    inner.handle:execute "drop table if exists _ts_result"
    inner.handle:write("_ts_result", frame)
    inner.handle:audit { verb = "run", object = "results", rows = #rows }
  end)
end

--- run([s]) -> results
-- Checks all endpoints, computes each on the study (the one that is open by
-- default) and stores a row per endpoint and comparison, or arm, in
-- s.results, which it gives back. Nothing is stored when one fails.
--
-- See also: check, endpoint, sap, study:result.
function M.run(s)
  s = require "trialsh.study".study.open(s)
  if #endpoints.list == 0 then
    fail("not found", 'no endpoint is defined; endpoint "ID" { ... } is one')
  end
  endpoints.check(s)
  local inner = require "trialsh.study".inner(s)
  local all = {}
  for _, e in ipairs(endpoints.list) do
    for _, row in ipairs(computed(s, e)) do
      complete(row, e, inner)
      all[#all + 1] = row
    end
  end
  store(inner, all)
  return s.results
end

-- "1.39 (0.90 to 1.87)": an estimate with its interval.
local function estimate_text(row)
  local format = require "trialsh.format"
  if row.estimate == NA then return NA end
  local low, high = row.conf_low, row.conf_high
  local known = low ~= NA and high ~= NA
  local digits = format.decimals(known and high - low or row.estimate)
  local estimate = format.fixed(row.estimate, digits)
  if low == NA and high == NA then return estimate end
  return ("%s (%s to %s)"):format(estimate, format.fixed(low, digits),
    format.fixed(high, digits))
end

-- What run() shows at the prompt; all columns are in the relation.
local function print_results(results)
  local show = require "trialsh.show"
  local names = { "endpoint", "comparison or arm", "visit", "estimate (CI)",
    "P", "n" }
  local columns, n, simulated = {}, 0, relation.node_of(results).simulated
  for j, name in ipairs(names) do
    columns[j] = { name = name, type = j == 6 and "real" or "text",
      values = {} }
  end
  for row in results:rows() do
    n = n + 1
    local p = row.p_value
    local line = { row.endpoint, row.compare ~= NA and row.compare or row.group,
      row.visit, estimate_text(row),
      p ~= NA and require "trialsh.format".p(p) or NA, row.n }
    for j in ipairs(names) do columns[j].values[n] = line[j] end
  end
  local lines, said = { (show.table(columns, n, {})) }, {}
  for row in results:rows() do
    local line = row.note ~= NA and ("  %s: %s"):format(row.endpoint, row.note)
    if line and not said[line] then
      said[line] = true
      lines[#lines + 1] = require "ts.text".escape(line)
    end
  end
  lines[#lines + 1] = "  s.results has all columns: estimate_name, conf_low, statistic, note ..."
  if simulated then lines[#lines + 1] = "  SIMULATED DATA" end
  return table.concat(lines, "\n")
end

--- The relation behind s.results.
function M.results(s)
  local inner = require "trialsh.study".inner(s)
  local columns = {}
  for j, name in ipairs(result_columns) do
    columns[j] = { name = name, type = real[name] and "real" or "text" }
  end
  local handle = inner:store()
  local found = handle:query(
    "select 1 from sqlite_schema where name = '_ts_result'")
  if #found == 0 then
    fail("not found", "there are no results yet; run() makes them")
  end
  local there = {}
  for _, name in ipairs(handle:query
    "select * from _ts_result limit 0":names()) do there[name] = true end
  local select = {}
  for j, name in ipairs(result_columns) do
    -- a column that an older version did not store
    select[j] = (there[name] and '"%s"' or 'null as "%s"'):format(name)
  end
  local simulated = false
  for _, t in ipairs(inner:tables_list()) do
    simulated = simulated or t.simulated
  end
  return relation.of_frame(handle:query("select "
    .. table.concat(select, ", ") .. " from _ts_result", nil, columns), { simulated = simulated, print = print_results })
end

-- Addresses ------------------------------------------------------------------

-- ID[:PARAM][[A vs B]][@visit][/variation][.field]
local function parse(address)
  if type(address) ~= "string" then
    fail("type", ("the address of a result is text, not a %s"):format(
      type(address)))
  end
  local rest, out = address, {}
  out.id, rest = rest:match "^([%w_%-]+)(.*)$"
  if not out.id then
    fail("invalid", ("'%s' is no address; ID[A vs B]@visit.field"):format(
      address))
  end
  local function take(pattern)
    local found, more = rest:match(pattern)
    if found then rest = more end
    return found
  end
  out.parameter = take "^:([%w_]+)(.*)$"
  out.compare = take "^%[(.-)%](.*)$"
  out.visit = take "^@([^/%[.]+)(.*)$"
  out.variation = take "^/([^.]+)(.*)$"
  out.field = take "^%.([%w_]+)(.*)$"
  if rest ~= "" then
    fail("invalid", ("'%s' in the address %s"):format(rest, address))
  end
  return out
end

local function answers(row, a)
  return row.endpoint == a.id
    and (not a.compare or row.compare == a.compare or row.group == a.compare)
    and (not a.visit or row.visit == a.visit)
    and (not a.parameter or row.parameter == a.parameter)
    and (not a.variation or row.variation == a.variation)
end

--- s:result(address): of several comparisons the first, which is the
-- endpoint's own; of several arms one must be named.
function M.result(s, address)
  local a = parse(address)
  local found, n_found, ids, names = nil, 0, {}, {}
  for row in s.results:rows() do
    ids[#ids + 1] = row.endpoint
    if row.endpoint == a.id then
      names[#names + 1] = row.compare ~= NA and row.compare or row.group
    end
    if answers(row, a) then
      found, n_found = found or row, n_found + 1
    end
  end
  if not found then
    fail("not found", ("no result %s%s"):format(address, #names > 0
      and ("; %s has %s"):format(a.id, table.concat(names, ", "))
      or trial_module.nearest(a.id, ids)))
  end
  if n_found > 1 and found.compare == NA then
    fail("invalid", ("%s has a result for each arm; %s[%s] is one"):format(
      a.id, a.id, names[1]))
  end
  if a.field then return found[a.field] end
  return found
end

--- The rows that an endpoint analyses, for figures.
function M.data(s, e)
  local problems = endpoints.problems_of(e)
  if #problems > 0 then
    fail("invalid", ("endpoint %s: %s"):format(e.id, problems[1].text))
  end
  local set, left, treatment, response = bind(s, e)
  return { data = set, response = response, treatment = treatment,
    formula = formula_of(e, left, treatment), endpoint = e,
    survival = analysis.find(e.method).survival or false }
end

return M
