-- Relations: questions to a study, compiled to SQL when they are asked. A
-- frame answers to the same verbs, being a relation over rows in memory.
--
-- A relation holds an immutable node: the verb that made it, its arguments,
-- the columns it has, and a layer (relation/layers.lua). Verbs
-- (relation/verbs.lua) join the layer of their parent where that keeps the
-- meaning and wrap it where not; relation/ask.lua runs the SQL.

local cframe = require "ts.frame"
local NA = require "ts.na".NA
local mark = require "trialsh.mark"
local note = require "trialsh.note"
local columns_module = require "trialsh.relation.columns"
local layers = require "trialsh.relation.layers"

local M = {}
local fail = require "ts.error".fail
local NODE = {} -- the key under which a relation keeps its node
local Relation = {}
local verbs
local index = columns_module.index

function M.node_of(relation)
  local node = rawget(relation, NODE)
  -- a study that changed since is asked anew
  if node.study and node.generation ~= node.study:generation() then
    if node.verb then
      local old, parent = node, M.node_of(node.parent_relation)
      node = verbs[old.verb](parent, table.unpack(old.args, 1, old.args.n))
      node.verb, node.args, node.ours = old.verb, old.args, old.ours
      node.parent_relation = old.parent_relation
      M.settle(node)
    else
      node = node.study:base(node.name)
    end
    rawset(relation, NODE, node)
  end
  return node
end

local function relation_of(node)
  return setmetatable({ [NODE] = node }, Relation)
end

--- relation.is(x): whether x is a relation or a frame.
function M.is(x)
  return type(x) == "table" and getmetatable(x) == Relation
end

-- What SQLite calls the number of a row, as no column is called.
local function place_name(columns)
  for _, name in ipairs { "rowid", "_rowid_", "oid" } do
    if not columns[name] then return name end
  end
  fail("invalid", "columns cannot be called rowid, _rowid_ and oid, all three")
end

--- Refuses columns whose names are the program's.
function M.check_names(columns) place_name(index(columns)) end

--- relation.of_table(study, name, columns, key): the base of a study's table.
function M.base(study, name, columns, key, simulated)
  local place = place_name(index(columns))
  local layer = { source = { table = name, place = place }, outputs = {},
    where = {}, hidden = { { name = "_ts_o1", sql = place } } }
  for i, column in ipairs(columns) do
    layer.outputs[i] = { name = column.name }
    column.origin = { table = name, name = column.name,
      empty = function() return study:is_empty(name, column.name) end,
      is_whole = function() return study:is_whole(name, column.name) end }
  end
  return { study = study, name = name, columns = columns, layer = layer,
    key = key, generation = study:generation(),
    simulated = mark.of_columns(columns, simulated) }
end

function M.of_base(node) return relation_of(node) end

-- Verbs whose rows are those that were there, one to one and in their order.
local SAME = { select = true, mutate = true, label = true, levels = true,
  key = true, expect = true, expect_visits = true, detect = true, by = true,
  study_day = true, convert = true, baseline = true, change = true,
  ranges = true, grade = true, populations = true, emergent = true }

local function written(value)
  if M.is(value) then return M.rows_of(M.node_of(value)) end
  if type(value) ~= "table" then
    return ("%s:%s"):format(type(value), tostring(value))
  end
  local parts = {}
  for key, v in pairs(value) do
    parts[#parts + 1] = tostring(key) .. "=" .. written(v)
  end
  table.sort(parts)
  return "{" .. table.concat(parts, ",") .. "}"
end

--- relation.rows_of(node): a text that two relations share when their rows are
-- the same ones in the same order, whatever their columns.
function M.rows_of(node)
  if node.frame then return node.rows or string.format("frame %p", node.frame) end
  if not node.verb then
    return string.format("%p %s %s", node.study,
      node.name or string.format("%p", node), node.generation)
  end
  local parent, options = M.node_of(node.parent_relation), node.args[3]
  if SAME[node.verb] or node.verb == "join" and not (type(options) == "table"
      and (options.many or options.how)) then
    return M.rows_of(parent)
  end
  local parts = { M.rows_of(parent), node.verb }
  if parent.group then parts[3] = table.concat(parent.group, ",") end
  for i = 1, node.args.n do parts[#parts + 1] = written(node.args[i]) end
  return table.concat(parts, "|")
end

--- relation.of_frame(cframe): the frame a user sees.
function M.of_frame(frame, facts)
  local columns = {}
  local layer = { source = { frame = frame }, outputs = {}, where = {} }
  for i, name in ipairs(frame:names()) do
    local column = frame:column(i)
    local levels = column.type == "text" and column.ordered and column.levels
    columns[i] = {
      name = name, type = column.type, levels = levels or nil,
      label = column.label ~= NA and column.label or nil,
      unit = column.unit ~= NA and column.unit or nil,
      format = column.format ~= NA and column.format or nil,
      informat = column.informat ~= NA and column.informat or nil,
      item = facts and facts.items and facts.items[i],
      origin = { frame = frame, name = name,
        empty = function() return cframe.is_empty(column) end },
    }
    layer.outputs[i] = { name = name }
  end
  layer.hidden = { { name = "_ts_o1", sql = place_name(index(columns)) } }
  return relation_of { frame = frame, columns = columns, layer = layer,
    key = facts and facts.key, simulated = mark.of_columns(columns, facts and facts.simulated),
    member = facts and facts.member, label = facts and facts.label,
    dataset = facts and facts.dataset, print = facts and facts.print,
    read = facts and facts.read, made = facts and facts.made,
    rows = facts and facts.rows, trial = facts and facts.trial }
end

--- relation.pick(frame, rows [, column]) -> frame: these rows of it, by number, in
-- that order; column { name =, values =, levels = }: what it holds there instead.
function M.pick(frame, rows, column)
  local node = M.node_of(frame)
  local picked = cframe.pick(node.frame, rows)
  if column then
    local names, columns = picked:names(), {}
    for j, name in ipairs(names) do
      columns[j] = name == column.name and column.values or picked:column(j)
    end
    picked = cframe.build(names, columns, { [column.name] = column.levels })
  end
  return M.of_frame(picked, { key = node.key, simulated = node.simulated,
    trial = node.trial })
end

verbs = require "trialsh.relation.verbs"(M)

M.verbs = verbs
M.compiler = layers.compiler
M.Relation = Relation
M.names_of = columns_module.names_of
M.find = columns_module.find
M.wrap = layers.wrap
M.open_layer = layers.open_layer

-- Whether a script called the verb, not the library.
local function by_user()
  for level = 3, 4 do
    local caller = debug.getinfo(level, "S")
    local source = caller and caller.source or ""
    if not source:find "^=trialsh/relation[/.]" then
      return not source:find "^=trialsh/"
    end
  end
  return false
end

-- How many rows matched is told of the joins that a script asks for.
function M.settle(node)
  local check = node.ours and node.verb == "join" and node.checks
    and node.checks[#node.checks]
  if check and check.kind == "join" then check.quiet = true end
end

-- A verb as users call it: the new relation remembers how it was made.
function M.apply(name, relation, ...)
  local node = verbs[name](M.node_of(relation), ...)
  local user = by_user()
  node.verb, node.args, node.ours = name, table.pack(...), not user
  node.parent_relation = relation
  node.asked_for = note.log and user
  M.settle(node)
  return relation_of(node)
end

require "trialsh.relation.ask"(M)

return M
