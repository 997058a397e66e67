-- What relations are made of is read once where many questions rest on it: what is
-- checked before rows are read asks for the same layers again and again. Their rows
-- are kept as frames until the study changes.

local layers = require "trialsh.relation.layers"
local sources_of = layers.sources_of

local M = {}

local LEAST = 8           -- what one must save, in passes over its rows
local MOST_VALUES = 4e6   -- of one: more would take much memory

-- Those of a study as it is now, by their layers: { layer =, frame =, counts =,
-- places =, rests = others that its frame was made of }, all but the first once it
-- is read. In a transaction rows change under one version: nothing is kept but within
-- kept.during.
local function of_now(study)
  local generation, now = study:generation(), study.kept
  if now and now.generation == generation and (now.open
      or not study:store():in_transaction()) then
    return now.by_layer
  end
  if study:store():in_transaction() then return {} end
  study.kept = { generation = generation, by_layer = {} }
  return study.kept.by_layer
end

--- kept.forget(study): what was read may not be so any more.
function M.forget(study) study.kept = nil end

--- kept.during(study, f): f changes nothing of the study.
function M.during(study, f)
  local generation, now = study:generation(), study.kept
  if not now or now.generation ~= generation then
    now = { generation = generation, by_layer = {} }
  end
  study.kept, now.open = now, true
  local ok, err = pcall(f)
  now.open = false
  if not ok then error(err, 0) end
end

-- How many passes over rows a layer takes beyond what is kept.
local function work_of(layer, by_layer, work)
  if by_layer[layer] then return 0 end
  if work[layer] then return work[layer] end
  local n = (layer.window and 1 or 0) + (layer.join and 1 or 0)
    + (layer.group and 1 or 0) + (layer.source.union and 1 or 0)
  for _, inner in ipairs(sources_of(layer)) do
    n = n + work_of(inner, by_layer, work)
  end
  work[layer] = n
  return n
end

-- How many values its rows may hold.
local function values_of(study, layer)
  local function rows_of(source)
    if source.union then
      local n = 0
      for _, side in ipairs(source.union) do n = n + rows_of(side.source) end
      return n
    elseif source.table then
      local t = study:facts_of(source.table)
      return t and t.rows or math.huge
    end
    return source.frame and #source.frame or rows_of(source.source)
  end
  return rows_of(layer.source) * (#layer.outputs + #layer.hidden)
end

local function count(layer, seen, times, order)
  if seen[layer] then return end
  seen[layer] = true
  for _, inner in ipairs(sources_of(layer)) do count(inner, seen, times, order) end
  if not times[layer] then order[#order + 1] = layer end
  times[layer] = (times[layer] or 0) + 1
end

--- kept.choose(study, list): of the layers that several questions are asked of those
-- that it saves most to keep.
function M.choose(study, list)
  local by_layer, times, order = of_now(study), {}, {}
  for _, asked in ipairs(list) do count(asked, {}, times, order) end
  while true do
    local work, best, most = {}, nil, LEAST - 1
    for _, layer in ipairs(order) do
      local saved = (times[layer] - 1) * work_of(layer, by_layer, work)
      if saved > most and values_of(study, layer) <= MOST_VALUES then
        best, most = layer, saved
      end
    end
    if not best then return end
    by_layer[best] = { layer = best }
  end
end

-- A layer whose rows are those of a frame.
local function base_of(one)
  local base = { source = { frame = one.frame }, outputs = {}, where = {}, hidden = {} }
  for i, hidden in ipairs(one.layer.hidden) do
    base.hidden[i] = { name = hidden.name, sql = hidden.name }
  end
  for _, name in ipairs(one.frame:names()) do
    if not name:find "^_ts_o%d+$" then
      base.outputs[#base.outputs + 1] = { name = name }
    end
  end
  return base
end

-- A copy where one of its sources is another now, else itself.
local function copy_with(layer, source)
  local changed = false
  local out = layers.with_sources(layer, function(inner)
    local new = source(inner)
    changed = changed or new ~= inner
    return new
  end)
  return changed and out or layer
end

-- read(layer) -> frame, counts, places. used: a list of what was taken from frames.
local function through(layer, by_layer, read, used, made)
  local function source(inner)
    if made[inner] then return made[inner] end
    local one = by_layer[inner]
    if one and not one.frame then
      one.rests = {}
      one.frame, one.counts, one.places = read(through(inner, by_layer, read,
        one.rests, {}))
    end
    if one then used[#used + 1] = one end
    made[inner] = one and base_of(one) or copy_with(inner, source)
    return made[inner]
  end
  return copy_with(layer, source)
end

--- kept.layer(study, layer, read) -> layer, used
-- The layer, in which rows that are kept come from their frames. read(layer) ->
-- frame, counts, places, of what is kept and was not read yet; used is for
-- kept.counted.
function M.layer(study, layer, read)
  local by_layer, used = of_now(study), {}
  if not next(by_layer) then return layer, used end
  if by_layer[layer] then -- itself: around it, as it comes from a frame
    layer = layers.wrap(layer)
  end
  return through(layer, by_layer, read, used, {}), used
end

-- Adds to counts and places those of another statement.
local function add(counts, places, more, more_places)
  local before = #places
  for key, n in pairs(more) do
    if math.type(key) == "integer" then counts[key + before] = n
    elseif type(n) == "number" then counts[key] = (counts[key] or 0) + n
    else counts[key] = counts[key] or n end
  end
  table.move(more_places, 1, #more_places, before + 1, places)
end

local function add_kept(one, counts, places, seen)
  if seen[one] then return end
  seen[one] = true
  for _, inner in ipairs(one.rests) do add_kept(inner, counts, places, seen) end
  add(counts, places, one.counts, one.places)
end

--- kept.counted(counts, places, used) -> counts, places of a statement and of what it
-- took from frames.
function M.counted(counts, places, used)
  if #used == 0 then return counts, places end
  local all, list, seen = {}, {}, {}
  for _, one in ipairs(used) do add_kept(one, all, list, seen) end
  add(all, list, counts, places)
  return all, list
end

return M
