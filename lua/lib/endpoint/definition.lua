-- What the keys of an endpoint say, read without a study: the endpoint itself
-- and its variations, which are the same with some keys changed.

local errors = require "ts.error"
local trial_module = require "trialsh.trial"
local analysis = require "trialsh.analysis"

local nearest = trial_module.nearest

local M = {}

-- Keys that this version computes, and those that the language has besides.
local keys = {
  title = "string", role = "string", population = "string",
  parameter = "any", visit = "string", visits = "table", data = "string",
  where = "string", variable = "string", compare = "any", analysis = "any",
  missing = "string", summary = "string", adjust = "string",
  sensitivity = "table", supplementary = "table", subgroups = "any",
  note = "string",
}
local later = {}
for key in ("intercurrent instead better"):gmatch "%S+" do later[key] = true end

local roles = { "primary", "key secondary", "secondary", "exploratory",
  "safety" }

-- How a subject without a value counts.
local missing_rules = { "exclude", "nonresponder" }

-- A sensitivity variation asks the same question under other assumptions.
local assumptions = { analysis = true, missing = true, adjust = true,
  note = true }

function M.sorted(t)
  local list = {}
  for key in pairs(t) do list[#list + 1] = key end
  table.sort(list, function(a, b) return tostring(a) < tostring(b) end)
  return list
end
local sorted = M.sorted

--- "method" or { "method", "~ formula", option = ... }
-- -> method, formula or nil, options
function M.split_analysis(given)
  if type(given) == "string" then return given, nil, {} end
  local opt = {}
  for key, value in pairs(given) do
    if type(key) == "string" then opt[key] = value end
  end
  return given[1], given[2], opt
end

local function check_keys(e, problems)
  local def = e.definition
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

-- One of a list of words; the word as the list spells it.
local function word(e, key, words, problems)
  local given = e[key]
  if not given then return end
  for _, w in ipairs(words) do
    if w:lower():gsub("[%s%-]", "") == given:lower():gsub("[%s%-]", "") then
      e[key] = w
      return
    end
  end
  problems:add(key, given, "no %s %s%s", key, given,
    nearest(given, words, "there are"))
end

local function check_analysis(e, problems)
  if e.analysis == nil then
    problems:add(nil, nil, "no analysis; it is one of %s",
      table.concat(analysis.names(), ", "))
    return
  end
  local kind = type(e.analysis)
  local method, formula, opt
  if kind == "string" or kind == "table" then
    method, formula, opt = M.split_analysis(e.analysis)
  end
  if type(method) ~= "string" then
    problems:add("analysis", nil, 'analysis is "method" or { "method", '
      .. '"~ formula", option = ... }')
    return
  end
  local a = analysis.find(method)
  if not a then
    problems:add("analysis", method, "no analysis %s%s", method,
      nearest(method, analysis.names(), "there are"))
    return
  end
  if formula ~= nil and (type(formula) ~= "string"
      or not formula:find "^%s*~") then
    problems:add("analysis", nil, 'the formula of an endpoint begins with ~: '
      .. "the left side is its variable")
  end
  e.method, e.formula = method, formula
  local ok, found = pcall(a.options, opt)
  if ok then
    e.options = found
  else
    local words = errors.is(found) and found.message or tostring(found)
    problems:add("analysis", words:match "no option ([%w_]+)"
      or words:match "^%w+: ([%w_]+)", "%s", words)
  end
end

-- A key whose value, or each of whose values, the trial must declare.
local function known(e, key, what, list, problems)
  local given = e[key]
  if type(given) == "string" then given = { given } end
  if type(given) ~= "table" then
    if given ~= nil then
      problems:add(key, nil, "%s is text, or a list of texts", key)
    end
    return
  end
  if #given == 0 then problems:add(key, nil, "%s is an empty list", key) end
  for _, name in ipairs(given) do
    if #list == 0 then
      problems:add(key, name, "the trial declares no %ss", what)
    elseif not list[name] then
      problems:add(key, name, "no %s %s%s", what, tostring(name),
        nearest(name, trial_module.names(list), "there are"))
    end
  end
end

local function contains(list, value)
  for _, v in ipairs(list) do if v == value then return true end end
  return false
end

local function check_visits(e, t, problems)
  if #t.visits > 0 then known(e, "visit", "visit", t.visits, problems) end
  known(e, "visits", "visit", t.visits, problems)
  if e.visits and not e.visit then e.visit = e.visits[#e.visits] end
  if e.visits and e.visit and not contains(e.visits, e.visit) then
    problems:add("visit", e.visit, "visit %s is none of visits", e.visit)
  end
end

local ALL = "all arms"

local function check_compare(e, t, problems)
  local compare = e.compare or t.compare or {}
  if compare == ALL then
    e.comparisons, e.overall = {}, true
    return
  end
  if type(compare) == "string" then compare = { compare } end
  if type(compare) ~= "table" then
    problems:add("compare", nil, 'compare is "A vs B", a list of them or "%s"',
      ALL)
    return
  end
  trial_module.check_compare(problems, compare, t.arms)
  e.comparisons = compare
end

local function check_trial(e, t, problems)
  word(e, "role", roles, problems)
  word(e, "missing", missing_rules, problems)
  if not t then
    problems:add(nil, nil, "no trial is defined; dofile \"trial.lua\" first")
    return
  end
  known(e, "population", "population", t.populations, problems)
  known(e, "parameter", "parameter", t.parameters, problems)
  e.parameters = type(e.parameter) == "table" and e.parameter
    or e.parameter and { e.parameter } or nil
  check_visits(e, t, problems)
  if not e.parameter and not e.data then
    problems:add(nil, nil, "neither parameter nor data says where the values "
      .. "are")
  end
  check_compare(e, t, problems)
end

local function check_subgroups(e, problems)
  if type(e.subgroups) == "string" then e.subgroups = { e.subgroups } end
  if e.subgroups ~= nil and type(e.subgroups) ~= "table" then
    problems:add("subgroups", nil,
      'subgroups is a column of adsl or a list of them, { "SEX", "AGEGR1" }')
    e.subgroups = nil
  end
end

local function check_adjust(e, problems)
  if not e.adjust then return end
  local ok, err = pcall(require "trialsh.padjust".padjust, { 1 }, e.adjust)
  if not ok then
    problems:add("adjust", e.adjust, "%s", errors.is(err) and err.message
      or tostring(err))
  end
end

-- Variations -----------------------------------------------------------------

local function is_named(t)
  return type(t) == "table" and next(t) ~= nil and t[1] == nil
end

-- A table with names changes just these of the main one, all else replaces.
local function merge(key, base, change)
  if not is_named(change) then return change end
  local out = {}
  if key == "analysis" and type(base) == "string" then base = { base } end
  for k, v in pairs(type(base) == "table" and base or {}) do out[k] = v end
  for k, v in pairs(change) do out[k] = v end
  return out
end

local function varied(e, entry)
  local def = {}
  for key, value in pairs(e.definition) do def[key] = value end
  def.sensitivity, def.supplementary, def.subgroups = nil, nil, nil
  for key, value in pairs(entry) do
    if key ~= 1 then def[key] = merge(key, def[key], value) end
  end
  return def
end

local function add_variations(e, kind, problems)
  for i, entry in ipairs(e.definition[kind] or {}) do
    local name = type(entry) == "table" and entry[1]
    if type(name) ~= "string" or name == "main" or name:find "[./]" then
      problems:add(kind, nil, "entry %d of %s begins with its name, without "
        .. ". and /: { \"exact\", analysis = \"fisher\" }", i, kind)
    elseif e.variations[name] then
      problems:add(kind, name, "two variations are called %s", name)
    else
      for _, key in ipairs(sorted(entry)) do
        if kind == "sensitivity" and key ~= 1 and not assumptions[key] then
          problems:add(kind, name, "%s changes %s, which is another question: "
            .. "it stands under supplementary", name, tostring(key))
        end
      end
      local v = setmetatable({ id = e.id, definition = varied(e, entry),
        file = e.file, line = e.line, trial = e.trial, variation = name,
        kind = kind }, getmetatable(e))
      for _, p in ipairs(M.read(v)) do
        problems:add(kind, name, "%s: %s", name, p.text)
      end
      e.variations[#e.variations + 1], e.variations[name] = v, v
    end
  end
end

--- definition.read(endpoint) -> problems
-- Fills in what the keys say: method, formula, options, comparisons, overall,
-- parameters, visits, variations.
function M.read(e)
  local problems = trial_module.problems()
  check_keys(e, problems)
  check_analysis(e, problems)
  check_trial(e, e.trial, problems)
  check_subgroups(e, problems)
  check_adjust(e, problems)
  e.variations = {}
  if e.kind == "main" then
    add_variations(e, "sensitivity", problems)
    add_variations(e, "supplementary", problems)
  end
  return problems
end

return M
