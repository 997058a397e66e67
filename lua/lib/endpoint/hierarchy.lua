-- An endpoint whose variable is a list: outcomes of a win ratio, the most important
-- first. Each is a parameter of the trial, at a visit or with a horizon, and becomes
-- a column of the analysis set, or two where it is a time to an event.

local relation = require "trialsh.relation"
local expression = require "trialsh.expression"
local trial_module = require "trialsh.trial"
local NA = require "ts.na".NA
local fail = require "ts.error".fail

local M = {}

local SUBJECT = "USUBJID"

-- Keys of an outcome and the type of each.
local keys = { visit = "string", horizon = "number", margin = "number",
  better = "string" }

local function text_of(o)
  return o.visit and ("%s at %s"):format(o.parameter, o.visit) or o.parameter
end

-- Definition ---------------------------------------------------------------------

local function check_keys(given, o, add)
  for key, value in pairs(given) do
    if key == 1 then goto continue end
    if type(key) ~= "string" or not keys[key] then
      add(("%s has no key %s; it has better, horizon, margin, visit"):format(
        o.parameter, tostring(key)))
    elseif type(value) ~= keys[key] then
      add(("%s: %s is a %s, a %s is needed"):format(o.parameter, key,
        type(value), keys[key]))
    else
      o[key] = value
    end
    ::continue::
  end
end

-- Which way it is better, and whether it is a time.
local function check_direction(o, parameter, add)
  local word = o.better or parameter.better
  o.better = word and require "trialsh.endpoint.definition".word(word,
    trial_module.directions)
  if not o.better then
    add(word and ("%s: no direction %s%s"):format(o.parameter, word,
      trial_module.nearest(word, trial_module.directions, "there are"))
      or ("%s: which values are better? better = \"higher\" or \"lower\", of "
        .. "times \"later\" or \"earlier\", here or in the trial"):format(
          o.parameter))
    return
  end
  o.survival = o.better == "later" or o.better == "earlier"
  if o.horizon and not o.survival then
    add(("%s: a horizon is for times, %s has none"):format(o.parameter,
      o.parameter))
  elseif o.horizon and not (o.horizon > 0) or o.margin and o.margin < 0 then
    add(("%s: %s"):format(o.parameter, o.horizon and not (o.horizon > 0)
      and "the horizon is above 0" or "the margin is 0 or above"))
  elseif o.visit and o.survival then
    add(("%s: a time to an event is of no visit"):format(o.parameter))
  end
end

local function read_one(given, t, add)
  if type(given) == "string" then given = { given } end
  local code = type(given) == "table" and given[1]
  if type(code) ~= "string" then
    add 'an outcome begins with its parameter: { "DEATH", horizon = 90 }'
    return nil
  end
  local o, parameter = { parameter = code }, t.parameters[code]
  if not parameter then
    add(("no parameter %s%s"):format(code, trial_module.nearest(code,
      trial_module.names(t.parameters), "there are")), code)
    return nil
  end
  check_keys(given, o, add)
  if o.visit and not t.visits[o.visit] then
    add(("%s: no visit %s%s"):format(code, o.visit, trial_module.nearest(
      o.visit, trial_module.names(t.visits), "there are")), o.visit)
  end
  check_direction(o, parameter, add)
  return o
end

-- What winratio() takes: the columns that bind() makes.
local function level_of(o)
  local name = expression.backtick(text_of(o))
  return { o.survival and ("Surv(%s, %s)"):format(name,
      expression.backtick(text_of(o) .. " event")) or name,
    horizon = o.horizon, margin = o.margin, better = o.better }
end

--- hierarchy.read(endpoint, problems): fills in e.hierarchy, a list of outcomes
-- { parameter, visit, horizon, margin, better, survival }.
function M.read(e, problems)
  local given, t = e.definition.variable, e.trial
  local function add(words, value)
    problems:add("variable", value, "variable: %s", words)
  end
  e.hierarchy = nil
  if e.method == nil then return end
  if e.method ~= "winratio" then
    if type(given) == "table" then
      add("a list of outcomes is for winratio")
    end
    return
  elseif type(given) ~= "table" or #given == 0 then
    add 'winratio takes a list of outcomes: { { "DEATH", horizon = 90 }, "ALC" }'
    return
  elseif not t then
    return
  end
  for _, key in ipairs { "parameter", "visit", "visits", "data", "where" } do
    if e.definition[key] ~= nil then
      problems:add(key, nil, "%s stands in the outcomes of a win ratio: { "
        .. '"ALC", visit = "Day 29" }', key)
    end
  end
  local list, levels, seen = {}, {}, {}
  for _, entry in ipairs(given) do
    local o = read_one(entry, t, add)
    if o and seen[text_of(o)] then
      add(("%s stands in it twice"):format(text_of(o)), o.parameter)
    elseif o then
      seen[text_of(o)] = true
      list[#list + 1] = o
    end
  end
  for i, o in ipairs(list) do levels[i] = level_of(o) end
  e.hierarchy = list
  if e.options then e.options.hierarchy = levels end
end

--- hierarchy.words(endpoint) -> "DEATH to 90, ALC at Day 29 (margin 100)"
function M.words(e)
  local words = {}
  for i, o in ipairs(e.hierarchy) do
    local number = require "ts.text".number
    words[i] = text_of(o) .. (o.horizon and " to " .. number(o.horizon) or "")
      .. (o.margin and (" (margin %s)"):format(number(o.margin)) or "")
  end
  return table.concat(words, ", ")
end

--- hierarchy.tables(endpoint) -> names of the tables that are read
function M.tables(e)
  local list, seen = {}, {}
  for _, o in ipairs(e.hierarchy) do
    local name = e.trial.parameters[o.parameter].table
    if not seen[name] then list[#list + 1] = name end
    seen[name] = true
  end
  return list
end

--- hierarchy.columns(endpoint) -> those of the outcomes in the analysis set
function M.columns(e)
  local list = {}
  for _, o in ipairs(e.hierarchy) do
    list[#list + 1] = text_of(o)
    if o.survival then list[#list + 1] = text_of(o) .. " event" end
  end
  return list
end

--- hierarchy.unknown(endpoint, row) -> the outcomes of which a subject has nothing
function M.unknown(e, row)
  local list = {}
  for _, o in ipairs(e.hierarchy) do
    if row[text_of(o)] == NA then list[#list + 1] = text_of(o) end
  end
  return list
end

-- Binding ------------------------------------------------------------------------

--- hierarchy.parts(endpoint) -> endpoints that are of one outcome each, and where
-- those are.
function M.parts(e)
  local parts = {}
  for i, o in ipairs(e.hierarchy) do
    parts[i] = { outcome = o,
      endpoint = setmetatable({ hierarchy = false, visit = o.visit or false,
        visits = false, parameters = { o.parameter } }, { __index = e }),
      at = { parameter = o.parameter, visit = o.visit } }
  end
  return parts
end

-- The rows of an outcome with its columns, one row for each subject.
local function rows_of(s, part, set)
  local o = part.outcome
  local r, said = set.rows(s, part.endpoint, part.at)
  local columns, name = relation.node_of(r).columns, text_of(o)
  relation.find("data", columns, SUBJECT)
  relation.find("variable", columns, "AVAL")
  if o.survival then
    if not columns.cnsr then
      fail("invalid", ("%s is %s, a time to an event, and %s has no CNSR"):format(
        o.parameter, o.better, set.table_of(part.endpoint, o.parameter)))
    end
    return r:mutate(('"%s event" = iif(CNSR is null, null, CNSR = 0)'):format(
      name)):select(SUBJECT, ('"%s" = AVAL'):format(name),
      name .. " event"), said
  end
  if columns.blqfl then
    local n = #r:where "BLQFL = 'Y' and AVAL is not null"
    if n > 0 then
      said = ("%s%d value%s of %s below %s limit taken as the limit"):format(
        said ~= "" and said .. "; " or "", n, n == 1 and "" or "s", name,
        n == 1 and "its" or "their")
    end
  end
  return r:select(SUBJECT, ('"%s" = AVAL'):format(name)), said
end

--- hierarchy.bind(study, endpoint, at, set): what set.bind gives.
function M.bind(s, e, at, set)
  local treatment, subjects = set.treatment_of(e), set.subjects(s, e, at)
  local own = relation.node_of(subjects).columns
  local names = { SUBJECT, treatment }
  for _, name in ipairs(set.covariates(e)) do
    relation.find("strata", own, name)
    names[#names + 1] = name
  end
  local data, notes, seen = subjects:select(table.unpack(names)), {}, {}
  for _, part in ipairs(M.parts(e)) do
    local r, said = rows_of(s, part, set)
    data = data:join(r, SUBJECT)
    if said ~= "" and not seen[said] then notes[#notes + 1] = said end
    seen[said] = true
  end
  return { data = data, left = "", treatment = treatment, what = "hierarchy",
    response = text_of(e.hierarchy[1]), flags = {},
    note = table.concat(notes, "; ") }
end

return M
