-- What a figure is given: data, or the name of an endpoint whose data, arms
-- and formula it then shows; and the options that all figures have. The one
-- place where figures ask for endpoints.

local cframe = require "ts.frame"
local fail = require "ts.error".fail
local text = require "ts.text"
local NA = require "ts.na".NA
local data = require "trialsh.data"
local journal = require "trialsh.figure.journal"

local M = {}

--- source.stamp(x) -> what must stand on whatever shows these data, or nil
function M.stamp(x)
  return data.simulated(x) or nil
end

--- source.take(who, first) -> { data, response, treatment, formula, endpoint,
-- name, stamp }; nil where data were given, but data and stamp
function M.take(who, first)
  if first == nil then
    fail("invalid", ("%s: no data; %s { DATA or \"ENDPOINT\", ... }"):format(who,
      who))
  end
  if type(first) == "string" then
    local found = require "trialsh.endpoint".data(first)
    found.stamp = M.stamp(found.data)
    found.name = first
    local e = found.endpoint
    found.parameter = e.parameters and e.trial.parameters
      and e.trial.parameters[e.parameters[1]]
    return found
  end
  if not data.is(first) then
    fail("type", ("%s: data are a relation, a frame, a table of arrays or the "
      .. "name of an endpoint, not a %s"):format(who, type(first)))
  end
  return { data = first, stamp = M.stamp(first) }
end

--- source.trial(from) -> the definition of the trial that the data are of, or nil
function M.trial(from)
  return from.endpoint and from.endpoint.trial
    or require "trialsh.compare".trial_of(from.data)
    or require "trialsh.trial".current
end

--- source.once(names) -> them, each once
function M.once(names)
  local list, seen = {}, {}
  for _, name in ipairs(names) do
    if not seen[name] then list[#list + 1], seen[name] = name, true end
  end
  return list
end

--- source.subset(x, names, rows [, declared]) -> these rows of these columns, as a
-- frame with the levels of all rows; declared: where their order was declared only
function M.subset(x, names, rows, declared)
  names = M.once(names)
  local frame, arrays, levels = data.frame(x, names), {}, {}
  for j, name in ipairs(names) do
    local column = frame:column(name)
    local all, part = cframe.values(column), {}
    for k, row in ipairs(rows) do part[k] = all[row] end
    arrays[j] = part
    levels[name] = (column.ordered or not declared) and column.levels or nil
  end
  return data.wrap(cframe.build(names, arrays, levels), data.simulated(x))
end

--- source.parameter(from) -> the trial's parameter that all rows are of, or nil
function M.parameter(from)
  if from.parameter or not data.has(from.data, "PARAMCD") then
    return from.parameter
  end
  local trial, code = M.trial(from), nil
  local column = data.frame(from.data, { "PARAMCD" }):column "PARAMCD"
  for _, value in ipairs(cframe.values(column)) do
    if value ~= NA and code and value ~= code then return nil end
    code = code or value ~= NA and value
  end
  return trial and trial.parameters and trial.parameters[code]
end

--- source.one_parameter(who, from [, formula [, facet]]): data of several parameters,
-- each of whose rows would be taken for one of the same, are an error.
function M.one_parameter(who, from, formula, facet)
  if from.formula or facet == "PARAMCD" or formula and formula:find "PARAM"
      or not data.has(from.data, "PARAMCD") then return end
  local codes = M.distinct(data.frame(from.data, { "PARAMCD" }, who):column "PARAMCD")
  if #codes > 1 then
    fail("invalid", ("%s: several parameters: %s; data:where { PARAMCD = \"%s\" } chooses one")
      :format(who, require "trialsh.names".list(codes), tostring(codes[1])))
  end
end

--- source.ylabel(from, name) -> what the axis of a column says: the parameter with
-- its unit, else its label, else its name
function M.ylabel(from, name)
  local words = { AVAL = "%s", BASE = "%s at baseline", CHG = "Change of: %s" }
  local p = words[name] and M.parameter(from)
  if not p then return M.label(from.data, name) or name end
  return words[name]:format(p.label)
    .. (p.unit and p.unit ~= "" and (" (%s)"):format(p.unit) or "")
end

--- source.time_label(from, name) -> that of a time, "Time" where nothing is known
function M.time_label(from, name)
  local ok, label = pcall(M.ylabel, from, name)
  return ok and label ~= name and label or "Time"
end

-- What all figures take.
local common = { title = { "string" }, note = { "string" }, stamp = { "string" },
  width = { "any" }, height = { "number", nil, least = 10 },
  palette = { "any" }, journal = { "any" } }

-- Options of a kind beside those of all; false: it has not that one.
local function with_common(spec)
  local all = {}
  for key, rule in pairs(common) do all[key] = rule end
  for key, rule in pairs(spec) do all[key] = rule or nil end
  return all
end

--- source.options(who, given, spec) -> first, opt: { DATA, option = value }
-- To spec come the options of all figures; width is in mm then, journal an entry
-- of figure/journal.lua, and palette that of the journal unless it is given.
function M.options(who, given, spec)
  if type(given) ~= "table" then
    fail("type", ("%s takes one table: %s { DATA, option = ... }"):format(who, who))
  end
  if data.is(given) and given[1] == nil then
    fail("invalid", ("%s: the data stand in braces: %s { DATA }"):format(who, who))
  end
  local rest = {}
  for key, value in pairs(given) do
    if key ~= 1 then rest[key] = value end
  end
  local opt = require "trialsh.options"(who, rest, with_common(spec))
  opt.journal = journal.find(who, opt.journal)
  opt.width = journal.width(who, opt.width, opt.journal)
  opt.palette = opt.palette or opt.journal and opt.journal.palette[1]
  return given[1], opt
end

--- source.wide(given) -> given with the width of two columns where it has none
function M.wide(given)
  if type(given) ~= "table" or given.width ~= nil then return given end
  local copy = {}
  for key, value in pairs(given) do copy[key] = value end
  copy.width = "double"
  return copy
end

--- source.names(x) -> names of the columns
function M.names(x)
  local relation = require "trialsh.relation"
  local names = {}
  if relation.is(x) then
    for _, column in ipairs(relation.node_of(x).columns) do
      names[#names + 1] = column.name
    end
    return names
  end
  return data.frame(x):names()
end

local function has(names, name)
  for _, n in ipairs(names) do
    if n == name then return true end
  end
  return false
end

--- source.by(who, x) -> the column that holds the arms when none is named:
-- TRT01P, TRT01A, or the only text column with some but few levels; or nil
function M.by(who, x)
  local names = M.names(x)
  for _, usual in ipairs { "TRT01P", "TRT01A" } do
    if has(names, usual) then return usual end
  end
  local found = {}
  local frame = data.frame(x)
  for i, name in ipairs(frame:names()) do
    local column = frame:column(i)
    if column.type == "text" and #column.levels >= 2 and #column.levels <= 8 then
      found[#found + 1] = name
    end
  end
  if #found > 1 then
    fail("invalid", ("%s: by = one of %s, or false"):format(who,
      table.concat(found, ", ")))
  end
  return found[1]
end

--- source.groups(who, frame, by) -> { { name, rows } }, in level order; rows
-- without a group are left out. by = nil: one group without a name.
function M.groups(frame, by)
  if not by then
    local rows = {}
    for i = 1, #frame do rows[i] = i end
    return { { rows = rows } }
  end
  local column = frame:column(by)
  local values, groups, place = cframe.values(column), {}, {}
  local levels = column.levels
  if not levels then
    levels = {}
    for _, value in ipairs(values) do
      if value ~= NA and not place[value] then
        place[value] = true
        levels[#levels + 1] = value
      end
    end
    table.sort(levels)
  end
  for i, level in ipairs(levels) do
    groups[i] = { name = type(level) == "number" and text.number(level) or level,
      rows = {} }
    place[level] = groups[i]
  end
  for i, value in ipairs(values) do
    if value ~= NA then table.insert(place[value].rows, i) end
  end
  return groups
end

--- source.distinct(column) -> the values that occur, in level order or rising
function M.distinct(column)
  local seen, list = {}, {}
  for _, value in ipairs(cframe.values(column)) do
    if value ~= NA and not seen[value] then
      seen[value] = true
      list[#list + 1] = value
    end
  end
  if not column.levels then
    table.sort(list)
    return list
  end
  list = {}
  for _, level in ipairs(column.levels) do
    if seen[level] then list[#list + 1] = level end
  end
  return list
end

--- source.numbers(who, from, a, b, by [, more]) -> groups, rows left out for a missing
-- value. Two columns of numbers: each group has lists a and b of its rows with both,
-- and in more[NAME] the values of each column of more.
function M.numbers(who, from, a, b, by, more)
  local names, others = { a, b, by or nil }, {}
  table.move(more or {}, 1, #(more or {}), #names + 1, names)
  local frame = data.frame(from.data, names, who)
  for _, name in ipairs(more or {}) do
    others[name] = cframe.values(frame:column(name))
  end
  local columns = {}
  for i, name in ipairs { a, b } do
    local column = frame:column(name)
    if column.type ~= "real" then
      fail("type", ("%s: %s is text; a column of numbers is needed"):format(who,
        name))
    end
    columns[i] = cframe.values(column)
  end
  local groups, missing = M.groups(frame, by), 0
  for _, group in ipairs(groups) do
    group.a, group.b, group.more = {}, {}, {}
    for name in pairs(others) do group.more[name] = {} end
    for _, row in ipairs(group.rows) do
      if columns[1][row] == NA or columns[2][row] == NA then
        missing = missing + 1
      else
        table.insert(group.a, columns[1][row])
        table.insert(group.b, columns[2][row])
        for name, values in pairs(others) do
          table.insert(group.more[name], values[row])
        end
      end
    end
  end
  return groups, missing
end

--- source.couples(groups, by, a, b) -> names, arrays of what numbers() gives
function M.couples(groups, by, a, b)
  local names, arrays = {}, { {}, {} }
  for _, group in ipairs(groups) do
    for i, x in ipairs(group.a) do
      names[#names + 1] = group.name or "all"
      table.insert(arrays[1], x)
      table.insert(arrays[2], group.b[i])
    end
  end
  return { by or "group", a, b }, { names, arrays[1], arrays[2] }
end

--- source.label(x, name) -> what an axis says about a column: its label and
-- unit, or what PARAM says when all rows have the same
function M.label(x, name)
  local names = M.names(x)
  local column = data.frame(x, { name }):column(name)
  local unit = column.unit ~= NA and column.unit or nil
  if has(names, "PARAM") and (name == "AVAL" or name == "BASE") then
    local levels = data.frame(x, { "PARAM" }):column("PARAM").levels
    if levels and #levels == 1 then return levels[1] end
  end
  if column.label == NA then return nil end
  return unit and ("%s (%s)"):format(column.label, unit) or column.label
end

return M
