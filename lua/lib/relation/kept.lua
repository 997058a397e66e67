-- What a relation is made of is read once where many questions rest on it: what is
-- checked before its rows are read asks for the same layer again and again. The rows
-- of that layer are kept as a frame while they are needed.

local layers = require "trialsh.relation.layers"
local sources_of = layers.sources_of

local M = {}

local LEAST = 12 -- what it must save, in passes over the rows

-- How many passes over rows a layer takes, those of its sources among them.
local function work_of(layer, kept)
  if kept[layer] then return kept[layer] end
  local n = (layer.window and 1 or 0) + (layer.join and 1 or 0)
    + (layer.group and 1 or 0) + (layer.source.union and 1 or 0)
  for _, inner in ipairs(sources_of(layer)) do n = n + work_of(inner, kept) end
  kept[layer] = n
  return n
end

local function count(layer, seen, times, order)
  if seen[layer] then return end
  seen[layer] = true
  for _, inner in ipairs(sources_of(layer)) do count(inner, seen, times, order) end
  if not times[layer] then order[#order + 1] = layer end
  times[layer] = (times[layer] or 0) + 1
end

--- kept.choose(list): of the layers that several questions are asked of the one on
-- which it saves most to keep; nil where that is little.
function M.choose(list)
  local times, order, work, best, most = {}, {}, {}, nil, LEAST - 1
  for _, asked in ipairs(list) do count(asked, {}, times, order) end
  for _, layer in ipairs(order) do
    local saved = (times[layer] - 1) * work_of(layer, work)
    if saved > most then best, most = layer, saved end
  end
  return best
end

--- kept.rests_on(layer, chosen)
function M.rests_on(layer, chosen)
  local seen = {}
  count(layer, seen, {}, {})
  return seen[chosen] or false
end

--- kept.layer(layer, chosen, frame): the layer, in which the rows of the chosen one
-- come from the frame.
function M.layer(layer, chosen, frame)
  local base = { source = { frame = frame }, outputs = {}, where = {}, hidden = {} }
  for i, hidden in ipairs(chosen.hidden) do
    base.hidden[i] = { name = hidden.name, sql = hidden.name }
  end
  for _, name in ipairs(frame:names()) do
    if not name:find "^_ts_o%d+$" then
      base.outputs[#base.outputs + 1] = { name = name }
    end
  end
  local made = { [chosen] = base }
  local function copy(this)
    if made[this] then return made[this] end
    local out, changed = {}, false
    local function source(inner)
      local new = copy(inner)
      changed = changed or new ~= inner
      return new
    end
    for key, value in pairs(this) do out[key] = value end
    if this.source.union then
      local sides = {}
      for i, side in ipairs(this.source.union) do sides[i] = source(side) end
      out.source = { union = sides }
    elseif this.source.source then
      out.source = source(this.source)
    end
    if this.join then
      out.join = {}
      for key, value in pairs(this.join) do out.join[key] = value end
      out.join.right = source(this.join.right)
    end
    made[this] = changed and out or this
    return made[this]
  end
  return copy(layer)
end

--- kept.counted(counts, places, inner) -> counts, places of a statement that read
-- what inner counted, of both.
function M.counted(counts, places, inner)
  local all, list = {}, table.move(inner.places, 1, #inner.places, 1, {})
  for key, n in pairs(inner.counts) do all[key] = n end
  for key, n in pairs(counts) do
    if math.type(key) == "integer" then all[key + #inner.places] = n
    elseif type(n) == "number" then all[key] = (all[key] or 0) + n
    else all[key] = all[key] or n end
  end
  table.move(places, 1, #places, #list + 1, list)
  return all, list
end

return M
