-- Layers and their SQL. A layer is one SELECT over a table, a frame, another
-- layer, or two that are joined; hidden columns (_ts_o1, _ts_o2, ...) carry the order
-- of rows through all of them.

local expression = require "trialsh.expression"
local fail = require "ts.error".fail

local M = {}
local quote = expression.quote

local MOST_COLUMNS = 2000 -- of a result of SQLite
local MOST_GROUPED = 126  -- arguments of a function of SQLite, less the number

-- layer: source, outputs { { name, tree } ... } by name, where, group, limit,
-- hidden { { name, sql | tree, desc } ... }
function M.wrap(layer)
  local outer = { source = layer, outputs = {}, where = {}, hidden = {} }
  for i, output in ipairs(layer.outputs) do
    outer.outputs[i] = { name = output.name }
  end
  for i, hidden in ipairs(layer.hidden) do
    outer.hidden[i] = { name = hidden.name, desc = hidden.desc,
      user = hidden.user }
  end
  return outer
end

-- A copy that may be added to, or a wrap where the layer is closed or a
-- column that is used is computed in it. The layer of that window is open to
-- whom it belongs.
function M.open_layer(layer, used, window)
  local closed = layer.group or layer.limit or layer.join or layer.sorted
    or layer.places or layer.once or layer.window ~= window and layer.window
  if not closed then
    for _, output in ipairs(layer.outputs) do
      if output.tree and (not used or used[output.name:lower()]) then
        closed = true
      end
    end
  end
  if closed then return M.wrap(layer) end
  local out = { source = layer.source, outputs = {}, where = {}, hidden = {},
    window = layer.window }
  table.move(layer.outputs, 1, #layer.outputs, 1, out.outputs)
  table.move(layer.where, 1, #layer.where, 1, out.where)
  table.move(layer.hidden, 1, #layer.hidden, 1, out.hidden)
  return out
end

--- layers.once(layer): what it computes is computed once for each row, however
-- often columns around it name it: SQLite would copy it to each place.
function M.once(layer)
  local out = {}
  for name, value in pairs(layer) do out[name] = value end
  out.once = true
  return out
end

--- layers.tail(layer, n): its last n rows, which SQLite finds as the first ones
-- of the order turned round: it keeps n rows, and does not sort all.
function M.tail(layer, n)
  local last = M.wrap(layer)
  last.backwards, last.limit = true, n
  return M.wrap(last)
end

--- layers.windowed(layer, used, window): a layer to which outputs may be added
-- that look at other rows of their group.
function M.windowed(layer, used, window)
  local all = {}
  for name in pairs(used) do all[name] = true end
  for _, name in ipairs(window) do all[name:lower()] = true end
  layer = M.open_layer(layer, all, window)
  layer.window = window
  return layer
end

--- layers.judged(layer, used, window, tree) -> layer, tree
-- Around the layer, where a column holds what the tree gives there.
function M.judged(layer, used, window, tree)
  layer = M.windowed(layer, used, window)
  layer.extra = { { name = "_ts_holds", tree = tree } }
  return M.wrap(layer), { "column", name = "_ts_holds",
    column = { name = "_ts_holds" } }
end

local Compiler = {}
Compiler.__index = Compiler

-- The terms of ORDER BY: by name where the hidden columns are selected.
local function order_terms(layer, prefix, selected)
  local order = {}
  for i, hidden in ipairs(layer.hidden) do
    local term = hidden.sql and (selected and hidden.name or hidden.sql)
      or (prefix or "") .. hidden.name
    local desc, nulls = hidden.desc, "last"
    if layer.backwards then desc, nulls = not desc, "first" end
    order[i] = term .. (desc and " desc" or "")
      .. (hidden.user and " nulls " .. nulls or "")
  end
  return table.concat(order, ", ")
end

-- The FROM of a layer: a table's name, a frame's, or a layer in brackets.
function Compiler:source(source, alias)
  if source.table then return quote(source.table) .. (alias or "") end
  if source.frame then
    return "temp." .. self:frame(source.frame) .. (alias or "")
  end
  if source.union then return self:union(source.union) end
  if self.names[source] then return self.names[source] .. (alias or "") end
  return "(" .. self:select(source) .. ")" .. (alias or "")
end

-- Both sides, each with its side and its place there as hidden columns.
function Compiler:union(sides)
  local parts, names = {}, {}
  for i, output in ipairs(sides[1].outputs) do names[i] = quote(output.name) end
  local list = table.concat(names, ", ")
  for i, side in ipairs(sides) do
    local order = order_terms(M.wrap(side), nil, true)
    parts[i] = ("select %s, %d as _ts_o1, %s as _ts_o2 from %s"):format(list,
      i, order ~= "" and "row_number() over (order by " .. order .. ")" or "0",
      self:source(side))
  end
  return "(" .. table.concat(parts, " union all ") .. ")"
end

function Compiler:frame(frame)
  local name = self.frames[frame]
  if not name then
    name = self.attach(frame)
    self.frames[frame] = name
  end
  return name
end

-- The window of a layer, as the SQL of expressions asks for it.
local function window_of(layer)
  if not layer.window then return nil end
  local names = {}
  for i, name in ipairs(layer.window) do names[i] = quote(name) end
  return { partition = table.concat(names, ", "), order = order_terms(layer) }
end

function Compiler:output(output, prefix, window)
  if output.tree then
    return expression.sql(output.tree, self.values, window,
      not self.readable and self.places or nil) .. " as " .. quote(output.name)
  end
  if output.from then
    return output.side .. output.from .. " as " .. quote(output.name)
  end
  return (output.side or prefix or "") .. quote(output.name)
end

-- Whether a condition on rows of a table leaves none undecided; of dates also what is
-- no whole date does.
local function leaves_none(where, source)
  return not where.dates and expression.decided(where.tree, function(column)
    local origin = column.origin
    return origin and source.table and origin.table == source.table
      and origin.is_whole()
  end)
end

function Compiler:condition(where, source)
  if where.raw then return where.raw end
  local sql = expression.sql(where.tree, self.values, nil,
    not self.readable and self.places or nil)
  if self.readable or not where.source or leaves_none(where, source) then
    return "(" .. sql .. ")"
  end
  self.places[#self.places + 1] = where
  return ("_decide(%d, %s)"):format(#self.places - 1, sql)
end

-- An aggregation whose groups go by number, which SQLite sorts faster than
-- texts; what it gives has the names that a plain one would have.
function Compiler:grouped(layer)
  local g = self.n_group
  self.n_group = g + 1
  local inside = { source = layer.source, where = layer.where, hidden = {},
    outputs = {} }
  local names, values, keys = {}, {}, {}
  for i, name in ipairs(layer.group) do
    keys[i] = quote(name)
    values[i] = ("_group_value(%d, _ts_k, %d) as %s"):format(g, i - 1,
      quote(name))
    names[name] = true
  end
  for _, output in ipairs(layer.outputs) do
    if not names[output.name] then
      inside.outputs[#inside.outputs + 1] = output
      values[#values + 1] = quote(output.name)
    end
  end
  local list = { ("_group_key(%d, %s) as _ts_k"):format(g,
    table.concat(keys, ", ")) }
  for _, output in ipairs(inside.outputs) do
    list[#list + 1] = self:output(output)
  end
  local parts = { "select " .. table.concat(list, ", "),
    "from " .. self:source(layer.source) }
  self:add_where(parts, layer)
  parts[#parts + 1] = "group by _ts_k"
  return ("select %s from (%s)"):format(table.concat(values, ", "),
    table.concat(parts, " "))
end

function Compiler:add_where(parts, layer)
  if #layer.where == 0 then return end
  local conditions = {}
  for i, where in ipairs(layer.where) do
    conditions[i] = self:condition(where, layer.source)
  end
  parts[#parts + 1] = "where " .. table.concat(conditions, " and ")
end

--- layers.sources_of(layer): the layers that it reads, the left of a join first.
function M.sources_of(layer)
  local source = layer.source
  if source.union then return source.union end
  local list = source.source and { source } or {}
  if layer.join then list[#list + 1] = layer.join.right end
  return list
end

--- layers.with_sources(layer, new): a copy that reads new(inner) for each layer that it
-- reads.
function M.with_sources(layer, new)
  local out = {}
  for key, value in pairs(layer) do out[key] = value end
  if layer.source.union then
    local sides = {}
    for i, side in ipairs(layer.source.union) do sides[i] = new(side) end
    out.source = { union = sides }
  elseif layer.source.source then
    out.source = new(layer.source)
  end
  if layer.join then
    out.join = {}
    for key, value in pairs(layer.join) do out.join[key] = value end
    out.join.right = new(layer.join.right)
  end
  return out
end

-- SQLite reads brackets in brackets a dozen deep: layers that stand deep are
-- named in front, and so are those that are read twice. Inner ones come first,
-- as values are bound in the order of the text.
local DEEP = 4

-- How many brackets stand within those of a layer, when its names are made.
function Compiler:name_within(layer, seen, named)
  local height = 0
  for _, inner in ipairs(M.sources_of(layer)) do
    if not self.names[inner] then
      local own = seen[inner].height or self:name_within(inner, seen, named)
      local twice = seen[inner].n > 1 and own > 0
      if own >= DEEP or twice then
        local sql = self:select(inner)
        self.n_named = self.n_named + 1
        local name = "_ts_l" .. self.n_named
        named[#named + 1] = ("%s as (%s)"):format(name, sql)
        self.names[inner] = name
        named.layers[#named.layers + 1] = inner
        own = -1
      end
      height = math.max(height, own + 1)
    end
  end
  seen[layer].height = height + (layer.source.union and 1 or 0)
  return seen[layer].height
end

-- How often each layer is read.
local function count(layer, seen)
  local mine = seen[layer]
  if mine then
    mine.n = mine.n + 1
    return
  end
  seen[layer] = { n = 1 }
  for _, inner in ipairs(M.sources_of(layer)) do count(inner, seen) end
end

function Compiler:layer(layer, outermost)
  local seen, named = {}, { layers = {} }
  count(layer, seen)
  self:name_within(layer, seen, named)
  local sql = self:select(layer, outermost)
  for _, inner in ipairs(named.layers) do self.names[inner] = nil end
  if #named == 0 then return sql end
  return ("with %s %s"):format(table.concat(named, ", "), sql)
end

-- outermost: rows come in order and hidden columns are not selected.
function Compiler:select(layer, outermost)
  local parts, list = {}, {}
  local prefix = layer.join and "a." or nil
  local by_number = layer.group and #layer.group > 0 and not self.readable
    and self.n_group < 32 and #layer.group <= MOST_GROUPED
  local window = window_of(layer)
  local n_place = #self.places
  for _, output in ipairs(layer.outputs) do
    list[#list + 1] = by_number and quote(output.name)
      or self:output(output, prefix, window)
  end
  if not outermost then
    for _, hidden in ipairs(layer.hidden) do
      list[#list + 1] = (hidden.sql and hidden.sql .. " as " or prefix or "")
        .. hidden.name
    end
  end
  for _, extra in ipairs(layer.extra or {}) do
    list[#list + 1] = extra.sql and extra.sql .. " as " .. extra.name
      or self:output(extra, prefix, window)
  end
  -- each row is counted once: SQLite must not copy the expression outwards
  local counts = (#self.places > n_place or layer.once and not self.readable)
    and not outermost and not layer.limit
  if #list > MOST_COLUMNS then
    fail("limit", ("%d columns, %d of them for the order of rows; there can be "
      .. "%d; select fewer"):format(#list, #list - #layer.outputs,
      MOST_COLUMNS))
  end
  parts[1] = "select " .. table.concat(list, ", ")
  if layer.join then
    local on = {}
    for i, key in ipairs(layer.join.keys) do
      on[i] = ("a.%s = b.%s"):format(quote(key), quote(key))
    end
    local left = self:source(layer.source, " a")
    parts[2] = ("from %s %s join %s on %s"):format(left, layer.join.how,
      self:source(layer.join.right, " b"), table.concat(on, " and "))
    if layer.join.test then
      parts[#parts + 1] = "where " .. layer.join.test
    end
  elseif layer.places then
    local list_of = {}
    for i, name in ipairs(layer.places) do
      list_of[i] = ("(%d, %s)"):format(i, expression.literal(name))
    end
    parts[2] = ("from %s a cross join (select column1 as _ts_place, column2 as "
      .. "_ts_name from (values %s)) b"):format(self:source(layer.source),
      table.concat(list_of, ", "))
  elseif by_number then
    parts[2] = "from (" .. self:grouped(layer) .. ")"
  else
    parts[2] = "from " .. self:source(layer.source)
  end
  if not by_number then self:add_where(parts, layer) end
  if layer.group and #layer.group > 0 and not by_number then
    local group = {}
    for i, name in ipairs(layer.group) do group[i] = quote(name) end
    parts[#parts + 1] = "group by " .. table.concat(group, ", ")
  end
  if (outermost or layer.limit) and #layer.hidden > 0 then
    parts[#parts + 1] = "order by "
      .. order_terms(layer, prefix, not outermost)
  end
  if layer.limit then parts[#parts + 1] = "limit " .. layer.limit end
  if counts then parts[#parts + 1] = "limit -1 offset 0" end
  return table.concat(parts, " ")
end

--- layers.numbered(layer): around it, with the number of each row in order as
-- _ts_place, for the layer around that.
function M.numbered(layer)
  local out = M.wrap(layer)
  local first = out.hidden[1]
  -- the place of a stored row will do
  local number = #out.hidden == 0 and "1" or #out.hidden == 1
    and not first.user and not first.desc and first.name
  out.extra = { { name = "_ts_place", sql = number
    or ("row_number() over (order by %s)"):format(order_terms(out)) } }
  return out
end

--- layers.with_rows(layer, more): it also gives the number of each row, from 1,
-- as _ts_row, and more, { { name, tree }, ... }.
function M.with_rows(layer, more)
  local out = {}
  for name, value in pairs(layer) do out[name] = value end
  out.extra = table.move(layer.extra, 1, #layer.extra, 1, {})
  table.move(more, 1, #more, #out.extra + 1, out.extra)
  local order = order_terms(layer)
  out.extra[#out.extra + 1] = { name = "_ts_row", sql = ("row_number() over "
    .. "(%s)"):format(order ~= "" and "order by " .. order or "") }
  return out
end

--- layers.compiler(attach, readable): writes the SQL of layers. attach(frame)
-- names the table that reads a frame; readable leaves out what only counts
-- and speeds up.
function M.compiler(attach, readable)
  return setmetatable({ values = { plain = readable }, places = {},
    frames = {}, names = {}, n_group = 0, n_named = 0, attach = attach,
    readable = readable }, Compiler)
end

return M
