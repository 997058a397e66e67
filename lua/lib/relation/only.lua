-- A layer that gives some of its columns, and within it no column that these
-- do not rest on: what is checked of rows asks for little of them.
-- What is computed may tell something, so that it may stay though nobody asks.

local layers = require "trialsh.relation.layers"
local sources_of = layers.sources_of

local function walk(tree, found)
  if tree[1] == "column" then
    found[#found + 1] = (tree.column or tree).name
    return
  end
  for _, part in next, tree do
    if type(part) == "table" then walk(part, found) end
  end
end

-- The columns that a tree names; a tree of a layer stays as it is.
local named = setmetatable({}, { __mode = "k" })

local function add_named(tree, found)
  if not tree then return end
  local list = named[tree]
  if not list then
    list = {}
    walk(tree, list)
    named[tree] = list
  end
  for _, name in ipairs(list) do found[name] = true end
end

-- Layers after what they read.
local function ordered(layer, list, seen)
  if seen[layer] then return list end
  seen[layer] = true
  for _, inner in ipairs(sources_of(layer)) do ordered(inner, list, seen) end
  list[#list + 1] = layer
  return list
end

-- The order of rows by a column of the source; nil where it is not known.
local function order_uses(layer, found)
  for _, hidden in ipairs(layer.hidden) do
    if hidden.column then
      found[hidden.column] = true
    elseif hidden.sql and not hidden.sql:find "^b?%.?_ts_%w+$"
        and not hidden.sql:find "^_?rowid_?$" and hidden.sql ~= "oid"
        and not hidden.sql:find "^%d+$" then
      return false
    end
  end
  return true
end

-- Which outputs stay, and what they and the rest ask of both sources; computed:
-- all that are computed stay.
local function uses(layer, needed, computed)
  local left, right, outputs = {}, {}, {}
  local function keep(output)
    outputs[#outputs + 1] = output
    if output.tree then add_named(output.tree, left)
    elseif output.side == "b." then
      right[output.from or output.name] = true
    else left[output.name] = true end
  end
  local group = {}
  for _, name in ipairs(layer.group or {}) do group[name], left[name] = true, true end
  for _, output in ipairs(layer.outputs) do
    if not needed or needed[output.name] or group[output.name]
        or computed and output.tree then
      keep(output)
    end
  end
  if #outputs == 0 and layer.outputs[1] then keep(layer.outputs[1]) end
  for _, where in ipairs(layer.where) do add_named(where.tree, left) end
  for _, extra in ipairs(layer.extra or {}) do add_named(extra.tree, left) end
  for _, name in ipairs(layer.window or {}) do left[name] = true end
  for _, key in ipairs(layer.join and layer.join.keys or {}) do
    left[key], right[key] = true, true
  end
  if layer.join and layer.join.test then right._hit = true end
  if not order_uses(layer, left) then left = nil end
  return outputs, left, right
end

local function add(needs, layer, names)
  if names == nil or needs[layer] == "all" then
    needs[layer] = "all"
    return
  end
  needs[layer] = needs[layer] or {}
  for name in pairs(names) do needs[layer][name] = true end
end

-- Both sides of a union have the same columns.
local function add_computed(names, sides)
  for _, side in ipairs(sides) do
    for _, output in ipairs(side.outputs) do
      if output.tree then names[output.name] = true end
    end
  end
end

--- only(layer, names [, computed]) -> layer
return function(layer, names, computed)
  local needs, chosen = {}, {}
  local wanted = {}
  for _, name in ipairs(names) do wanted[name] = true end
  add(needs, layer, wanted)
  local list = ordered(layer, {}, {})
  for i = #list, 1, -1 do
    local this = list[i]
    local need = needs[this]
    local outputs, left, right = uses(this, need ~= "all" and need or nil,
      computed)
    chosen[this] = outputs
    if this.source.union then
      if computed and left then add_computed(left, this.source.union) end
      for _, side in ipairs(this.source.union) do add(needs, side, left) end
    elseif this.source.source then
      add(needs, this.source, left)
    end
    if this.join then add(needs, this.join.right, right) end
  end
  local made = {}
  for _, this in ipairs(list) do
    local copy = layers.with_sources(this, function(inner) return made[inner] end)
    copy.outputs = chosen[this]
    made[this] = copy
  end
  return made[layer]
end
