-- trial "ID" { ... }: what the analyses of a trial share. A definition is
-- data: it holds names and text, and nothing in it computes.

local text = require "ts.text"
local json = require "ts.json"
local errors = require "ts.error"
local source = require "trialsh.source"

local fail = errors.fail

local M = {}
local Trial = {}
local List = {}

-- A list of entries { name, label, ... } that answers to place and to name.
function List.__index(list, name)
  for i = 1, #list do
    local entry = rawget(list, i)
    if entry.name == name then return entry end
  end
  return nil
end

local function names(list)
  local out = {}
  for i, entry in ipairs(list or {}) do out[i] = entry.name end
  return out
end
M.names = names

-- Keys: what a definition may hold, and the type of each.
local keys = {
  title = "string", registration = "any", arms = "table", compare = "any",
  randomisation = "table", dosing = "table", visits = "table",
  populations = "table", parameters = "table", intercurrent = "table",
  alpha = "number", conf_level = "number", seed = "number",
}

local function sorted_keys(t)
  local list = {}
  for key in pairs(t) do list[#list + 1] = key end
  table.sort(list)
  return list
end

-- What stands wrong is collected as { message, key, value } and told at once.
local Problems = {}
Problems.__index = Problems

function Problems:add(key, value, format, ...)
  self[#self + 1] = { key = key, value = value, text = format:format(...) }
end

local function nearest(name, list, otherwise)
  local near = type(name) == "string" and text.nearest(name, list)
  return near and "; nearest: " .. near
    or otherwise and #list > 0 and "; " .. otherwise .. " "
      .. table.concat(list, ", ") or ""
end
M.nearest = nearest

local function entries(problems, key, given, fields)
  local list, seen = setmetatable({}, List), {}
  for i, entry in ipairs(given or {}) do
    if type(entry) ~= "table" or type(entry[1]) ~= "string" then
      problems:add(key, nil, "entry %d of %s does not begin with its name", i,
        key)
    else
      local out = { name = entry[1] }
      for j, field in ipairs(fields) do out[field] = entry[j + 1] end
      for name, value in pairs(entry) do
        if type(name) == "string" then out[name] = value end
      end
      if seen[out.name] then
        problems:add(key, out.name, "%s has '%s' twice", key, out.name)
      end
      seen[out.name] = true
      rawset(list, #list + 1, out)
    end
  end
  for name, value in pairs(given or {}) do
    if type(name) == "string" then rawset(list, name, value) end
  end
  return list
end

--- "A vs B" -> A, B: the arms decide where a name that holds " vs " is cut.
function M.pair(compare, arms)
  if type(compare) ~= "string" then return nil end
  return require "trialsh.compare".split(compare, function(name)
    return arms[name] ~= nil
  end)
end

--- The arms that a name stands for: itself, or those it pools.
function M.members(arms, name)
  return arms[name] and arms[name].pool or { name }
end

-- An arm on both sides of "A vs B".
local function on_both(arms, a, b)
  for _, part in ipairs(M.members(arms, a)) do
    for _, other in ipairs(M.members(arms, b)) do
      if part == other then return part end
    end
  end
end

-- Words that endpoints take as they stand in the trial: which values are better,
-- and what is done about an intercurrent event. outcome: the event is what is
-- counted, as death is of mortality.
M.directions = { "higher", "lower", "later", "earlier" }
M.strategies = { "treatment policy", "composite", "while alive",
  "hypothetical", "outcome", "principal stratum" }

local function check_word(problems, key, entry, field, words)
  local given = entry[field]
  if given == nil then return end
  for _, word in ipairs(words) do
    if given == word then return end
  end
  problems:add(key, entry.name, "%s: no %s %s%s", entry.name, field,
    tostring(given), nearest(given, words, "there are"))
end

local function check_compare(problems, list, arms)
  local known = names(arms)
  for _, compare in ipairs(list) do
    local a, b = M.pair(compare, arms)
    local both = a and on_both(arms, a, b)
    if both then
      problems:add("compare", compare, '%s is on both sides of "%s"', both,
        compare)
    end
    if not a then
      problems:add("compare", type(compare) == "string" and compare or nil,
        '"%s" is no comparison; write "A vs B"', tostring(compare))
    else
      for _, arm in ipairs { a, b } do
        if #arms > 0 and not arms[arm] then
          problems:add("compare", compare, "no arm %s%s", arm,
            nearest(arm, known, "arms:"))
        end
      end
    end
  end
end
M.check_compare = check_compare

-- The object from a definition; problems are added to the list.
local function build(id, def, problems)
  local t = { id = id }
  for _, key in ipairs(sorted_keys(def)) do
    if not keys[key] then
      problems:add(tostring(key), nil, "no key %s%s", tostring(key),
        nearest(key, sorted_keys(keys)))
    elseif keys[key] ~= "any" and type(def[key]) ~= keys[key] then
      problems:add(key, nil, "%s is a %s, a %s is needed", key,
        type(def[key]), keys[key])
    else
      t[key] = def[key]
    end
  end
  t.arms = entries(problems, "arms", t.arms, { "label" })
  t.visits = entries(problems, "visits", t.visits, { "day" })
  t.populations = entries(problems, "populations", t.populations,
    { "label", "condition" })
  t.parameters = entries(problems, "parameters", t.parameters,
    { "label", "table" })
  t.intercurrent = entries(problems, "intercurrent", t.intercurrent,
    { "label", "table" })
  for _, arm in ipairs(t.arms) do
    for _, part in ipairs(arm.pool or {}) do
      if not t.arms[part] then
        problems:add("arms", arm.name, "%s pools %s, which is no arm%s",
          arm.name, tostring(part), nearest(part, names(t.arms)))
      end
    end
    if arm.reference then
      if t.reference then
        problems:add("arms", arm.name, "two references: %s and %s",
          t.reference, arm.name)
      end
      t.reference = arm.name
    end
  end
  if type(t.compare) == "string" then t.compare = { t.compare } end
  check_compare(problems, t.compare or {}, t.arms)
  for _, p in ipairs(t.populations) do
    if type(p.condition) ~= "string" then
      problems:add("populations", p.name,
        "population %s has no condition on ADSL", p.name)
    end
  end
  for _, p in ipairs(t.parameters) do
    if type(p.table) ~= "string" then
      problems:add("parameters", p.name, "parameter %s names no table", p.name)
    end
    check_word(problems, "parameters", p, "better", M.directions)
  end
  for _, event in ipairs(t.intercurrent) do
    if type(event.date) ~= "string" then
      problems:add("intercurrent", event.name, '%s has no date: { "%s", '
        .. '"label", "adsl", date = "DTHDT" }', event.name, event.name)
    end
    check_word(problems, "intercurrent", event, "strategy", M.strategies)
  end
  t.alpha = t.alpha or 0.05
  t.conf_level = t.conf_level or 0.95
  return t
end

-- All problems of a definition as one error; the first has its line.
function M.raise(what, file, line, problems)
  if #problems == 0 then return end
  local list = {}
  for i, p in ipairs(problems) do
    local at = source.line(file, line, p.key, p.value)
    list[i] = { line = at, text = ("%s: %s"):format(what, p.text) }
  end
  table.sort(list, function(a, b) return a.line < b.line end)
  local message = list[1].text
  for i = 2, #list do
    message = ("%s\n%s:%d: %s"):format(message, file or "?", list[i].line,
      list[i].text)
  end
  fail("invalid", message, { file = file, line = file and list[1].line })
end

function M.problems() return setmetatable({}, Problems) end

function Trial.__index(t, key)
  if keys[key] or key == "reference" then return nil end
  fail("not found", ("the trial has no %s%s"):format(tostring(key),
    nearest(key, sorted_keys(keys))))
end

function Trial.__tostring(t)
  local lines = { t.id .. (t.title and ": " .. t.title or "") }
  local function line(name, list)
    if #list > 0 then
      lines[#lines + 1] = ("%s: %s"):format(name, table.concat(list, ", "))
    end
  end
  line("arms", names(t.arms))
  line("comparisons", t.compare or {})
  line("visits", names(t.visits))
  line("populations", names(t.populations))
  line("parameters", names(t.parameters))
  return text.escape(table.concat(lines, "\n")):gsub("\\x0A", "\n")
end

Trial.__name = "trial"

local function make(id, def, file, line)
  local problems = M.problems()
  local t = build(id, def, problems)
  M.raise(("trial %s"):format(id), file, line, problems)
  rawset(t, "file", file)
  rawset(t, "line", line)
  rawset(t, "definition", def)
  return setmetatable(t, Trial)
end

--- trial "ID" { keys } -> trial
-- Defines a trial: the names that its endpoints, tables and figures share.
-- `s.trial = trial "ID" { ... }` gives it to a study; the one defined last is
-- that of the endpoints which follow. Lists begin with their name.
--   title, registration  text
--   arms         { { "Placebo", "label", reference = true }, ...,
--                { "All", "label", pool = { "A", "B" } } }, in order
--   compare      { "A vs B", ... }; the first is an endpoint's own result
--   visits       { { "Day 29", 29, window = { 26, 35 } }, ... }, in order
--   populations  { { "ITT", "label", "condition on ADSL",
--                treatment = "TRT01P" }, ... }; the first is the default
--   parameters   { { "ALC", "label", "adlb", unit =, range =, better = }, ... }
--   randomisation, dosing, intercurrent  kept for the plan
--   alpha        0.05;  conf_level  0.95;  seed  of every random number
--
--   > trial "T1" { arms = { { "Placebo" }, { "Active" } },
--   >   compare = "Active vs Placebo" }.compare[1]
--   Active vs Placebo
--
-- See also: endpoint, check, run.
function M.trial(id)
  if type(id) ~= "string" then
    fail("type", 'trial "ID" { ... } begins with its name')
  end
  return function(def)
    local file, line = errors.where()
    if type(def) ~= "table" then
      fail("type", ('trial "%s" { ... } takes a table'):format(id))
    end
    M.current = make(id, def, file, line)
    return M.current
  end
end

function M.is(x) return type(x) == "table" and getmetatable(x) == Trial end

-- A definition mixes lists and names, which JSON has not: the list part goes
-- under "#".
local function plain(value)
  if type(value) ~= "table" then return value end
  local out, list = {}, {}
  for key, v in pairs(value) do
    if math.type(key) == "integer" then list[key] = plain(v)
    else out[key] = plain(v) end
  end
  if next(out) == nil then return list end
  if #list > 0 then out["#"] = list end
  return out
end

local function mixed(value)
  if type(value) ~= "table" then return value end
  local out = {}
  for key, v in pairs(value) do
    if key == "#" then
      for i, item in ipairs(v) do out[i] = mixed(item) end
    else
      out[key] = mixed(v)
    end
  end
  return out
end

function M.to_json(t)
  return json.encode { id = t.id, definition = plain(t.definition),
    file = t.file, line = t.line }
end

function M.from_json(s)
  local t = json.decode(s)
  return make(t.id, mixed(t.definition), t.file, t.line)
end

--- trial.set(inner study, trial): s.trial = ...
function M.set(self, t)
  if not M.is(t) then
    fail("type", 's.trial = trial "ID" { ... } takes a trial, not a '
      .. type(t))
  end
  local value = M.to_json(t)
  local old = self:trial()
  if old and M.to_json(old) == value then return end
  self:change(function()
    self.handle:execute(
      "insert or replace into _ts_setting values ('trial', ?)", { value })
    self.handle:audit { verb = "define", object = "trial " .. t.id,
      sha256 = text.sha256(value), detail = value }
  end)
end

-- Levels ---------------------------------------------------------------------

local treatments = { TRT01P = true, TRT01A = true, TRTP = true, TRTA = true,
  ARM = true, ACTARM = true }

local function declared(t, key)
  if not t.file then return "the trial" end
  return ("%s:%d"):format(t.file, source.line(t.file, t.line, key))
end

-- A column whose name the trial knows takes the trial's order; values that the
-- trial does not name follow, so that no row is lost from sight.
function M.declare_levels(t, column, study, tbl)
  local list, key
  if treatments[column.name] then
    list, key = {}, "arms"
    for _, arm in ipairs(t.arms) do
      if not arm.pool then list[#list + 1] = arm.name end
    end
  elseif column.name == "AVISIT" then
    list, key = names(t.visits), "visits"
  elseif column.name == "PARAMCD" then
    list, key = {}, "parameters"
    for _, p in ipairs(t.parameters) do
      if p.table == tbl then list[#list + 1] = p.name end
    end
  end
  if not list or #list == 0 then return end
  local seen, hits = {}, 0
  for _, name in ipairs(list) do seen[name] = true end
  local extra = {}
  local order = column.levels or study:values_of(tbl, column.name)
  for _, value in ipairs(order) do
    if seen[value] then hits = hits + 1 else extra[#extra + 1] = value end
  end
  if hits == 0 and #order > 0 then return end -- not what the trial means
  table.move(extra, 1, #extra, #list + 1, list)
  column.levels, column.declared = list, declared(t, key)
end

return M
