-- endpoint "ID" { ... }: what is analysed, as data. Nothing is computed here:
-- check() reads the whole set, run() binds it to a study.

local errors = require "ts.error"
local text = require "ts.text"
local trial_module = require "trialsh.trial"
local source = require "trialsh.source"

local fail = errors.fail
local nearest = trial_module.nearest

local M = { list = {} }
local Endpoint = {}

-- Keys that this version computes, and those that the language has besides.
local keys = {
  title = "string", role = "string", population = "string",
  parameter = "string", visit = "string", data = "string", where = "string",
  variable = "string", compare = "any", analysis = "any", note = "string",
}
local later = {}
for key in ([[visits intercurrent missing summary instead adjust better
    sensitivity supplementary subgroups]]):gmatch "%S+" do later[key] = true end

local roles = { "primary", "key secondary", "secondary", "exploratory",
  "safety" }

local function sorted(t)
  local list = {}
  for key in pairs(t) do list[#list + 1] = key end
  table.sort(list, function(a, b) return tostring(a) < tostring(b) end)
  return list
end
M.sorted = sorted

--- analysis = "method" or { "method", "~ formula", option = ... }
-- -> method, formula or nil, options
local function split_analysis(analysis)
  if type(analysis) == "string" then return analysis, nil, {} end
  local opt = {}
  for key, value in pairs(analysis) do
    if type(key) == "string" then opt[key] = value end
  end
  return analysis[1], analysis[2], opt
end

-- What can be said of one endpoint without a study.
local function check_keys(e, def, problems)
  for _, key in ipairs(sorted(def)) do
    if type(key) ~= "string" then
      problems:add(nil, nil, "a value without a key: %s", tostring(def[key]))
    elseif later[key] then
      problems:add(key, nil, "%s is not computed by this version", key)
    elseif not keys[key] then
      problems:add(key, nil, "no key %s%s", key, nearest(key, sorted(keys)))
    elseif keys[key] ~= "any" and type(def[key]) ~= keys[key] then
      problems:add(key, nil, "%s is a %s, a %s is needed", key,
        type(def[key]), keys[key])
    else
      e[key] = def[key]
    end
  end
end

local function check_analysis(e, problems)
  if e.analysis == nil then
    problems:add(nil, nil, "no analysis; it is one of %s",
      table.concat(M.methods(), ", "))
    return
  end
  local kind = type(e.analysis)
  local method, formula, opt
  if kind == "string" or kind == "table" then
    method, formula, opt = split_analysis(e.analysis)
  end
  if type(method) ~= "string" then
    problems:add("analysis", nil, 'analysis is "method" or { "method", '
      .. '"~ formula", option = ... }')
    return
  end
  local analyses = require "trialsh.analysis"
  local a = analyses.find(method)
  if not a then
    problems:add("analysis", method, "no analysis %s%s", method,
      nearest(method, M.methods(), "there are"))
    return
  end
  if formula ~= nil and (type(formula) ~= "string"
      or not formula:find "^%s*~") then
    problems:add("analysis", nil, 'the formula of an endpoint begins with ~: '
      .. "the left side is its variable")
  end
  e.method, e.formula, e.options = method, formula, opt
  local ok, err = pcall(a.options, opt)
  if not ok then
    local words = errors.is(err) and err.message or tostring(err)
    problems:add("analysis", words:match "no option ([%w_]+)"
      or words:match "^%w+: ([%w_]+)", "%s", words)
  end
end

local function check_trial(e, t, problems)
  if e.role then
    local good = false
    for _, role in ipairs(roles) do good = good or role == e.role end
    if not good then
      problems:add("role", e.role, "no role %s%s", e.role,
        nearest(e.role, roles, "there are"))
    end
  end
  if not t then
    problems:add(nil, nil, "no trial is defined; dofile \"trial.lua\" first")
    return
  end
  local function known(key, list)
    if e[key] and #list > 0 and not list[e[key]] then
      problems:add(key, e[key], "no %s %s%s", key, e[key],
        nearest(e[key], trial_module.names(list), "there are"))
    elseif e[key] and #list == 0 then
      problems:add(key, e[key], "the trial declares no %ss", key)
    end
  end
  known("population", t.populations)
  known("parameter", t.parameters)
  if #t.visits > 0 then known("visit", t.visits) end
  if not e.parameter and not e.data then
    problems:add(nil, nil, "neither parameter nor data says where the values "
      .. "are")
  end
  local compare = e.compare or t.compare or {}
  if type(compare) == "string" then compare = { compare } end
  if type(compare) ~= "table" then
    problems:add("compare", nil, 'compare is "A vs B" or a list of them')
    return
  end
  trial_module.check_compare(problems, compare, t.arms)
  e.comparisons = compare
end

--- Everything wrong with an endpoint that can be said without a study.
function M.problems_of(e)
  local problems = trial_module.problems()
  check_keys(e, e.definition, problems)
  check_analysis(e, problems)
  check_trial(e, e.trial, problems)
  return problems
end

function M.methods() return require "trialsh.analysis".names() end

--- endpoint "ID" { keys }
-- Defines an endpoint of the trial defined last. Defining an ID again replaces
-- it. Nothing is computed before run().
--   title      text
--   role       primary, key secondary, secondary, exploratory, safety
--   population one of the trial's; the first by default
--   parameter, visit   find table and rows; data and where for the rest:
--   data       a table;  where  a condition that chooses rows
--   variable   "AVAL", "ln(AVAL / BASE)", "AVAL >= 1000"; for km and logrank
--              left out: the time AVAL and the censoring CNSR
--   compare    "A vs B" or a list; those of the trial by default
--   analysis   "ttest" or { "ttest", variance = "pooled" }: describe, ttest,
--              km, logrank; a formula "~ TRT01P + strata(SITE)" may follow
--   note       text
-- The study holds adsl, a row per subject with USUBJID and the treatment
-- (TRT01P, or that of the population); other tables have USUBJID too, PARAMCD
-- where a parameter chooses rows, and AVISIT where a visit does.
--
--   > endpoint "ALC29" { parameter = "ALC", visit = "Day 29",
--   >   variable = "ln(AVAL / BASE)", analysis = "ttest" }.id
--   ALC29
--
-- See also: trial, check, run, sap.
function M.endpoint(id)
  if type(id) ~= "string" or not id:find "^[%w_%-]+$" then
    fail("invalid", 'endpoint "ID" { ... } begins with its name: letters, '
      .. "digits, _ -; what follows a . in an address is a field")
  end
  return function(def)
    if type(def) ~= "table" then
      fail("type", ('endpoint "%s" { ... } takes a table'):format(id))
    end
    local file, line = errors.where()
    local e = setmetatable({ id = id, definition = def, file = file,
      line = line, trial = trial_module.current }, Endpoint)
    for i, old in ipairs(M.list) do
      if old.id == id then
        M.list[i], M.list[id] = e, e
        return e
      end
    end
    M.list[#M.list + 1], M.list[id] = e, e
    return e
  end
end

function M.find(id)
  local e = M.list[id]
  if e then return e end
  local ids = {}
  for i, other in ipairs(M.list) do ids[i] = other.id end
  fail("not found", ("no endpoint %s%s"):format(id,
    nearest(id, ids, "there are")))
end

Endpoint.__name = "endpoint"

function Endpoint.__tostring(e)
  local parts = { ("endpoint %s%s"):format(e.id,
    e.definition.title and ": " .. e.definition.title or "") }
  for _, key in ipairs(sorted(e.definition)) do
    local value = e.definition[key]
    if key ~= "title" and type(value) ~= "table" then
      parts[#parts + 1] = ("  %-10s %s"):format(key, tostring(value))
    elseif type(value) == "table" then
      local words = {}
      for _, v in ipairs(value) do words[#words + 1] = tostring(v) end
      for _, k in ipairs(sorted(value)) do
        if type(k) == "string" then
          words[#words + 1] = ("%s = %s"):format(k, tostring(value[k]))
        end
      end
      parts[#parts + 1] = ("  %-10s %s"):format(key, table.concat(words, ", "))
    end
  end
  for i, part in ipairs(parts) do parts[i] = text.escape(part) end
  return table.concat(parts, "\n")
end

-- check ----------------------------------------------------------------------

-- The problems of a set, one line each with its place in the file.
local function lines_of(e, problems)
  local lines = {}
  for _, p in ipairs(problems) do
    local line = source.line(e.file, e.line, p.key, p.value)
    lines[#lines + 1] = { file = e.file, line = line,
      text = ("endpoint %s: %s"):format(e.id, p.text) }
  end
  table.sort(lines, function(a, b)
    if a.line ~= b.line then return (a.line or 0) < (b.line or 0) end
    return a.text < b.text
  end)
  return lines
end

local function raise(lines)
  local message = lines[1].text
  for i = 2, #lines do
    local l = lines[i]
    message = ("%s\n%s%s"):format(message,
      l.file and ("%s:%d: "):format(l.file, l.line) or "", l.text)
  end
  fail("invalid", message, { file = lines[1].file,
    line = lines[1].file and lines[1].line })
end

--- check() -> text
-- Reads all endpoints and tells every mistake at once, each with its line:
-- unknown keys, arms, populations, parameters, visits, analyses and options;
-- with an open study also tables, columns and conditions. Computes nothing.
--
-- See also: run, endpoint, sap.
function M.check(s)
  local study = require "trialsh.study"
  if s == nil then
    local ok, open = pcall(study.study.open)
    s = ok and open or nil
  end
  local all = {}
  for _, e in ipairs(M.list) do
    local lines = lines_of(e, M.problems_of(e))
    if #lines == 0 and s then
      lines = lines_of(e, require "trialsh.run".problems_of(s, e))
    end
    table.move(lines, 1, #lines, #all + 1, all)
  end
  if #all > 0 then raise(all) end
  return ("%d endpoint%s, no mistakes%s"):format(#M.list,
    #M.list == 1 and "" or "s", s and "" or "; no study is open, so columns "
      .. "were not looked at")
end

--- sap() -> frame
-- The definitions as a table: the plan, one row per endpoint.
--
-- See also: endpoint, check.
function M.sap()
  local columns = { "endpoint", "role", "title", "population", "parameter",
    "visit", "variable", "compare", "analysis", "note" }
  local arrays = {}
  for j in ipairs(columns) do arrays[j] = {} end
  local NA = require "ts.na".NA
  for i, e in ipairs(M.list) do
    local d, t = e.definition, e.trial
    local compare = d.compare or t and t.compare or NA
    local analysis = d.analysis
    if type(compare) == "table" then
      local words = {}
      for _, c in ipairs(compare) do words[#words + 1] = tostring(c) end
      compare = table.concat(words, "; ")
    end
    if type(analysis) == "table" then
      local words = { tostring(analysis[1]) }
      if analysis[2] then words[2] = tostring(analysis[2]) end
      for _, key in ipairs(sorted(analysis)) do
        if type(key) == "string" then
          words[#words + 1] = ("%s = %s"):format(key, tostring(analysis[key]))
        end
      end
      analysis = table.concat(words, ", ")
    end
    local row = { e.id, d.role or NA, d.title or NA,
      d.population or t and t.populations[1] and t.populations[1].name or NA,
      d.parameter or d.data or NA, d.visit or NA, d.variable or NA, compare,
      analysis or NA, d.note or NA }
    for j in ipairs(columns) do
      arrays[j][i] = row[j] == nil and NA or row[j]
    end
  end
  return require "trialsh.data".wrap(
    require "ts.frame".build(columns, arrays))
end

function M.run(s) return require "trialsh.run".run(s) end

--- endpoint.data(id): what a figure draws: the rows that run() analyses, and
-- the names of its columns.
function M.data(id, s)
  return require "trialsh.run".data(s or require "trialsh.study".study.open(),
    M.find(id))
end

return M
