-- trial "ID" { ... }: what the analyses of a trial share. A definition is
-- data: it holds names and text, and nothing in it computes.

local text = require "ts.text"
local json = require "ts.json"
local errors = require "ts.error"
local plain = require "trialsh.plain"
local source = require "trialsh.source"
local trial_check = require "trialsh.trial.check"

local fail = errors.fail

local M = {}
local Trial = {}
local keys, names, sorted_keys = trial_check.keys, trial_check.names,
  trial_check.sorted

M.names, M.nearest = names, trial_check.nearest
M.pair, M.members = trial_check.pair, trial_check.members
M.check_compare = trial_check.compare
M.directions, M.strategies = trial_check.directions, trial_check.strategies

-- What stands wrong is collected as { message, key, value } and told at once.
local Problems = {}
Problems.__index = Problems

function Problems:add(key, value, format, ...)
  self[#self + 1] = { key = key, value = value, text = format:format(...) }
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
  if keys[key] or key == "reference" or key == "file" or key == "line" then
    return nil
  end
  fail("not found", ("the trial has no %s%s"):format(tostring(key),
    M.nearest(key, sorted_keys(keys))))
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
  local t = trial_check.build(id, def, problems)
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
--   visits       { choose = "closest", ties = "later", { "Day 29", 29,
--                window = { 26, 35 } }, ... }, in order; a window may be open,
--                { upto = 1 }, { from = 76 }. choose: closest, first, last,
--                worst or mean of the records in a window; ties: later or
--                earlier; order: a column that orders those of one date
--   populations  { { "ITT", "label", "condition on ADSL",
--                treatment = "TRT01P" }, ... }; the first is the default
--   parameters   { { "ALC", "label", "adlb", unit =, range = { low, high },
--                limit = a number or a column, better = "higher" (lower,
--                later, earlier), analyte = "creatinine" }, ... }
--   intercurrent { { "death", "label", "adsl", date = "DTHDT" }, { "stop",
--                "label", "adsl", date = "DCTDT", strategy = "treatment
--                policy" }, ... }; death has no default strategy
--   randomisation  { "permuted blocks", ratio = { 1, 1 }, sizes = { 2, 4 },
--                strata = "COUNTRY" }; or "simple", "fixed numbers", of which each
--                stratum keeps its numbers when it is dealt again. Blocks follow
--                one another in the order of RANDNO, RANDDT (or order = "COLUMN",
--                else USUBJID) within a stratum; of one size they are found by
--                counting, of several block = "COLUMN" names them, or they are
--                drawn again. run() gives p_rerandomised by it
--   dosing       { ARM = { 1, 8, 15 } }, the days of its doses
--   alpha        0.05;  conf_level  0.95;  seed  of every random number
-- All mistakes are told at once, each with its line.
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

function M.to_json(t)
  return json.encode { id = t.id, definition = plain.of(t.definition),
    file = rawget(t, "file"), line = rawget(t, "line") }
end

-- What no derived table depends on; dummy arms, which depend on more, are a source.
local BESIDE = { title = true, registration = true, compare = true,
  randomisation = true, seed = true, alpha = true, conf_level = true }

--- trial.for_tables(trial) -> text of what derived tables depend on
function M.for_tables(t)
  local part = {}
  for key, value in pairs(t.definition) do
    if not BESIDE[key] then part[key] = value end
  end
  return json.encode(plain.of(part))
end

function M.from_json(s)
  local t = json.decode(s)
  return make(t.id, plain.back(t.definition), rawget(t, "file"), rawget(t, "line"))
end

--- trial.set(inner study, trial): s.trial = ..., and what tables owe to it.
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
    self.version = self.version + 1
    require "trialsh.study.derive".by_trial(self)
  end)
end

-- Levels ---------------------------------------------------------------------

local treatments = { TRT01P = true, TRT01A = true, TRTP = true, TRTA = true,
  ARM = true, ACTARM = true }

local function declared(t, key)
  local file = rawget(t, "file")
  if not file or file:find "^%(" then return "the trial" end -- typed
  return ("%s:%d"):format(file, source.line(file, t.line, key))
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
