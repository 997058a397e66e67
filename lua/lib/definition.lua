-- How a derived table is made, as data: the table it starts from and the verbs
-- on it, in order. What is stored can be read, compared, and run again, unless
-- it starts from a frame, whose rows no study has.

local fail = require "ts.error".fail
local NA = require "ts.na".NA
local plain = require "trialsh.plain"
local relation = require "trialsh.relation"

local M = {}

local of

-- What is known of the rows of a frame: the relation that they were collected
-- from, or the file.
local function of_frame(node)
  local made, read = node.made, node.read
  if made then
    local copy = { verbs = table.move(made.verbs, 1, #made.verbs, 1, {}) }
    for key, value in pairs(made) do copy[key] = copy[key] or value end
    return copy
  end
  return { file = read and read.path, sha256 = read and read.sha256,
    frame = not read and #node.frame or nil, verbs = {} }
end

-- An argument of a verb: relations as their definition, in tables too, and
-- tables marked; nil where a frame is in it, unless sources.frames.
local function argument(value, sources)
  if relation.is(value) then
    local def = of(value, sources)
    return def and { relation = def }
  elseif type(value) ~= "table" then
    return value
  end
  local whole = true
  local out = plain.of(value, function(t)
    if not relation.is(t) then return nil end
    local def = of(t, sources)
    whole = whole and def ~= nil
    return { ["#relation"] = def }
  end)
  if whole then return { table = out } end
end

function of(r, sources)
  local node = relation.node_of(r)
  if node.frame then return sources.frames and of_frame(node) or nil end
  if not node.verb then
    if not sources[node.name] then
      sources[node.name] = true
      sources[#sources + 1] = node.name
    end
    return { table = node.name, verbs = {} }
  end
  local def = of(node.parent_relation, sources)
  if not def then return nil end
  local call = { node.verb }
  for i = 1, node.args.n do
    local value = node.args[i]
    if value == nil then value = NA end
    call[i + 1] = argument(value, sources)
    if call[i + 1] == nil then return nil end
  end
  def.verbs[#def.verbs + 1] = call
  return def
end

--- definition.of(relation) -> definition or nil, names of the sources
-- nil when a frame is in it: its rows come from no table.
function M.of(r)
  local sources = {}
  local def = of(r, sources)
  local list = {}
  for i, name in ipairs(sources) do list[i] = name end
  return def, list
end

--- definition.describe(relation) -> a definition for reading, of frames too.
function M.describe(r)
  return (of(r, { frames = true }))
end

local function value_of(s, value)
  if type(value) ~= "table" then return value end
  if value.relation then return M.rebuild(s, value.relation) end
  return plain.back(value.table, function(t)
    return t["#relation"] and M.rebuild(s, t["#relation"])
  end)
end

--- definition.rebuild(study, definition) -> relation
function M.rebuild(s, def)
  local r = relation.of_base(require "trialsh.study".inner(s):base(def.table))
  for _, call in ipairs(def.verbs) do
    if not relation.verbs[call[1]] then
      fail("format", ("there is no verb %s"):format(call[1]))
    end
    local args = {}
    for i = 2, #call do args[i - 1] = value_of(s, call[i]) end
    r = relation.apply(call[1], r, table.unpack(args, 1, #call - 1))
  end
  return r
end

return M
