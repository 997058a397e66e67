-- What a table is made of: the data that are given, or those of the open study;
-- subjects of a population, arms with their N, and the lines that say so.

local cframe = require "ts.frame"
local NA = require "ts.na".NA
local fail = require "ts.error".fail
local data = require "trialsh.data"
local format = require "trialsh.format"
local mark = require "trialsh.mark"
local figure_source = require "trialsh.figure.source"
local names_module = require "trialsh.names"
local note = require "trialsh.note"
local relation = require "trialsh.relation"

local M = {}

-- Options of every table.
M.common = {
  title = { "string" }, population = { "string" }, by = { "any" },
  total = { "boolean", false }, pooled = { "boolean", false },
  percent_digits = { "integer", nil, least = 0, below = 4 },
  percent = { { "spaced", "joined" }, "spaced" },
  p_digits = { "integer", nil, least = 1, below = 9 },
  journal = { require "trialsh.p_text".journals, "plain" },
  note = { "list" },
}

--- source.spec(own) -> the options of a kind of table: its own and the common
function M.spec(own)
  local out = {}
  for key, rule in pairs(M.common) do out[key] = rule end
  for key, rule in pairs(own) do out[key] = rule or nil end
  return out
end

--- source.read(who, given, spec) -> data or nil, list of what else stands
-- without a name, opt
function M.read(who, given, spec)
  if given == nil then given = {} end
  if type(given) ~= "table" or data.is(given) and rawget(given, 1) == nil
      and relation.is(given) then
    fail("type", ("%s takes one table: %s { DATA, option = ... }"):format(who,
      who))
  end
  local list, rest, first = {}, {}, nil
  for key, value in pairs(given) do
    if math.type(key) ~= "integer" then rest[key] = value end
  end
  for i, value in ipairs(given) do
    if i == 1 and data.is(value) and rawget(value, 1) == nil then first = value
    else list[#list + 1] = value end
  end
  return first, list, require "trialsh.options"(who, rest, spec)
end

-- The study of data that are given, else the one that is open.
local function inner_of(first)
  if relation.is(first) then return relation.node_of(first).study end
  if first ~= nil then return nil end
  local study = require "trialsh.study"
  return study.inner(study.study.open())
end

local function table_of(who, inner, name)
  if not inner or not inner:tables_list()[name] then
    fail("not found", ("%s: no table %s; give the data, %s { DATA, ... }")
      :format(who, name, who))
  end
  return relation.of_base(inner:base(name))
end

--- source.study(who, inner): the study that is open, where the data are from it.
function M.study(who, inner)
  local study = require "trialsh.study"
  local s = study.study.open()
  if inner and study.inner(s) ~= inner then
    fail("invalid", who .. ": results are those of the study that is open, and "
      .. "the data are of another")
  end
  return s
end

-- The population that is named, or the usual one of such tables.
local function population_of(who, trial, name, usual)
  if not trial or #(trial.populations or {}) == 0 then
    if name then
      fail("not found", ("%s: population = %s, but the trial has none"):format(
        who, name))
    end
    return nil
  end
  if name then
    if trial.populations[name] then return trial.populations[name] end
    local list = {}
    for i, p in ipairs(trial.populations) do list[i] = p.name end
    fail("not found", ("%s: no population %s%s"):format(who, name,
      names_module.hint(name, list)))
  end
  return usual and trial.populations[usual] or trial.populations[1]
end

--- source.restrict(subjects, population): rows of adsl that are in it, by its flag
-- where there is one.
function M.restrict(subjects, population)
  local columns = relation.node_of(subjects).columns
  local flag = columns[(population.name .. "FL"):lower()]
  if flag then return subjects:where { [flag.name] = "Y" } end
  return subjects:where(population.condition)
end

-- The column of the arms when none is named.
local function usual_arms(subjects)
  for _, name in ipairs { "TRT01P", "TRT01A", "TRTP", "TRTA", "ARM", "ACTARM" } do
    if data.has(subjects, name) then return name end
  end
end

-- Arms -----------------------------------------------------------------------------

-- Names of the columns of subjects: arms in their order, pooled ones, all.
local function arms_of(who, set, opt)
  local column = set.by and set.frame:column(set.by)
  set.empty = {}
  if set.by and column.type ~= "text" then
    fail("type", ("%s: by = %s is a column of numbers; arms are text"):format(
      who, set.by))
  end
  local arms = {}
  local function add(name, members)
    arms[#arms + 1] = { name = name, n = 0, rows = {}, members = members }
    return arms[#arms]
  end
  if set.by then
    local groups = figure_source.groups(set.frame, set.by)
    for _, group in ipairs(groups) do
      if #group.rows > 0 then
        local arm = add(group.name, { [group.name] = true })
        arm.rows, arm.n = group.rows, #group.rows
      else
        set.empty[#set.empty + 1] = group.name
      end
    end
    for _, p in ipairs(opt.pooled and set.trial and set.trial.arms or {}) do
      if p.pool then
        local members = {}
        for _, name in ipairs(p.pool) do members[name] = true end
        add(p.name, members)
      end
    end
  end
  if opt.total or not set.by then
    add(set.by and "Total" or "All", nil)
  end
  local values = set.by and cframe.values(column)
  for _, arm in ipairs(arms) do
    if #arm.rows == 0 then
      for i = 1, #set.frame do
        local own = values and values[i]
        if not arm.members and (not values or own ~= NA)
            or arm.members and arm.members[own] then
          arm.rows[#arm.rows + 1] = i
        end
      end
      arm.n = #arm.rows
    end
  end
  return arms
end

local function say_without_arm(who, set)
  if not set.by then return end
  local n = 0
  for _, value in ipairs(cframe.values(set.frame:column(set.by))) do
    if value == NA then n = n + 1 end
  end
  if n > 0 then
    note.say("%s: %s without %s left out", who, note.plural(n, "row"), set.by)
  end
  return n
end

-- Nobody twice.
local function check_subjects(who, frame)
  local seen = {}
  for _, name in ipairs(frame:names()) do
    if name == "USUBJID" then
      for _, id in ipairs(cframe.values(frame:column "USUBJID")) do
        if id ~= NA and seen[id] then
          fail("invalid", ("%s: two rows of the subject %s; a row per subject is "
            .. "needed"):format(who, id))
        end
        seen[id] = true
      end
    end
  end
end

-- What they are ----------------------------------------------------------------------

-- The tables of a study that a relation reads, in the order of reading.
local function tables_of(node, list, seen)
  if node.name and not node.verb and node.study then
    if not seen[node.name] then
      seen[node.name] = true
      list[#list + 1] = node.name
    end
  end
  if node.parent_relation then
    tables_of(relation.node_of(node.parent_relation), list, seen)
  end
  for i = 1, node.args and node.args.n or 0 do
    if relation.is(node.args[i]) then
      tables_of(relation.node_of(node.args[i]), list, seen)
    end
  end
  return list
end

--- source.stamp(set, ...): the mark of made-up data, or dummy arms, on any of
-- the relations
function M.stamp(...)
  local found = false
  for i = 1, select("#", ...) do
    local x = select(i, ...)
    if x ~= nil then found = mark.both(found, data.simulated(x)) end
  end
  return found or nil
end

-- "adsl (made by derive.lua:12, SHA-256 0123456789abcdef)" of each table.
local function source_words(inner, list)
  local contents = inner and require "trialsh.endpoint.set".contents(inner) or {}
  local words = {}
  for i, name in ipairs(list) do
    local sum = contents[name]
    words[i] = sum and ("%s (SHA-256 %s)"):format(name, sum:sub(1, 16)) or name
  end
  return #words > 0 and table.concat(words, ", ") or "data given"
end

--- source.origin(set, ...) -> { { "Source", ... }, { "Program", ... } }: the tables
-- that the relations read, and what made the table. Nothing in it changes from
-- run to run.
function M.origin(inner, ...)
  local list, seen = {}, {}
  for i = 1, select("#", ...) do
    local x = select(i, ...)
    if relation.is(x) then tables_of(relation.node_of(x), list, seen) end
  end
  return { { "Source", source_words(inner, list) },
    { "Program", require "trialsh.sessioninfo".origin() } }
end

-- The subjects ---------------------------------------------------------------------

--- source.subjects(who, first, opt, want) -> set
-- { data, frame, by, arms = { { name, n, rows, members } }, trial, inner,
-- population = text, style }. first: a relation of subjects or nil: adsl of the
-- study in want.inner or of the open one, of the population opt.population or
-- want.usual ("SAF").
function M.subjects(who, first, opt, want)
  want = want or {}
  local set = { inner = want.inner or inner_of(first) }
  local node = relation.is(first) and relation.node_of(first)
  set.trial = node and node.trial or set.inner and set.inner:trial() or nil
  local population = (first == nil or opt.population)
    and population_of(who, set.trial, opt.population, want.usual) or nil
  if first ~= nil and not relation.is(first) then
    first = data.wrap(data.frame(first, nil, who))
  end
  set.data = first or table_of(who, set.inner, "adsl")
  if population then set.data = M.restrict(set.data, population) end
  if opt.by == nil then
    local own = population and population.treatment
    set.by = own and data.has(set.data, own) and own
      or usual_arms(set.data)
  elseif opt.by then
    if type(opt.by) ~= "string" then
      fail("type", ("%s: by is the name of a column, or false"):format(who))
    end
    set.by = relation.find(who, relation.node_of(set.data).columns, opt.by).name
  end
  set.frame = data.frame(set.data)
  check_subjects(who, set.frame)
  if #set.frame == 0 then
    fail("degenerate", ("%s: no subject%s"):format(who,
      population and " of the population " .. population.name or ""))
  end
  set.arms = arms_of(who, set, opt)
  local without = say_without_arm(who, set)
  set.n = #set.frame - (without or 0)
  set.population = population and ("%s (%s)"):format(population.label
    or population.name, population.name) or nil
  set.style = { percent = opt.percent_digits
      or format.share_digits(set.n, opt.journal),
    sign = opt.percent == "joined" and "%" or " %",
    p_digits = opt.p_digits, journal = opt.journal }
  return set
end

--- source.inner(first): the study that goes with data.
M.inner = inner_of
M.table = table_of

--- source.label(set, name): what a row says about a column: its label and unit.
function M.label(frame, name)
  local column = frame:column(name)
  local label = column.label ~= NA and column.label or name
  return column.unit ~= NA and ("%s (%s)"):format(label, column.unit) or label
end

--- source.begin(who, set, fields) -> table object with its arms as columns
function M.begin(set, fields, opt, ...)
  local object = require "trialsh.table.object"
  fields.title = opt.title or fields.title
  fields.titled = opt.title ~= nil
  fields.population = set.population
  fields.columns = fields.columns or {}
  if #fields.columns == 0 then
    for _, arm in ipairs(set.arms) do
      fields.columns[#fields.columns + 1] = { arm = arm.name, n = arm.n }
    end
  end
  fields.stamp = M.stamp(set.data, ...)
  fields.origin = M.origin(set.inner, set.data, ...)
  local t = object.new(fields)
  if #set.empty > 0 then
    object.say(t, ("Without a subject: %s."):format(table.concat(set.empty, ", ")))
  end
  for _, words in ipairs(opt.note or {}) do object.say(t, tostring(words)) end
  return t
end

return M
