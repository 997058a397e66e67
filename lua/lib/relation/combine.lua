-- Verbs that combine two relations, or turn rows into columns and back: join,
-- union, wider, longer.

local fail = require "ts.error".fail
local mark = require "trialsh.mark"
local options = require "trialsh.options"
local columns_module = require "trialsh.relation.columns"
local layers = require "trialsh.relation.layers"
local nodes = require "trialsh.relation.nodes"

local index, find = columns_module.index, columns_module.find
local copy = columns_module.copy
local wrap = layers.wrap
local dates = require "trialsh.expression.dates"
local iso = require "trialsh.iso"
local level_order = require "trialsh.expression".level_order
local derive, no_group = nodes.derive, nodes.no_group

-- relations.is and relations.node_of come from trialsh.relation; the verbs are
-- added to those that are there.
return function(relations, verbs)

-- The node of two, which has the checks and rules of both.
local function both(node, right, changes, check)
  local checks = nodes.joined(node.checks, right.checks)
  changes.checks = nodes.joined(checks, check and { check })
  changes.rules = nodes.joined(node.rules, right.rules)
  changes.study = node.study or right.study
  changes.generation = node.generation or right.generation
  changes.simulated = mark.both(node.simulated, right.simulated)
  return derive(node, changes)
end

local function is_empty(column)
  return column.origin and column.origin:empty()
end

local function kind_of(column)
  return column.type == "real" and iso.kind(column.format) or nil
end

-- Refuses to put two columns into one, where they are no dates of one kind.
local function check_kinds(who, a, where_a, b, where_b)
  local s, t = kind_of(a), kind_of(b)
  local how = a.type == "real" and b.type == "real"
    and dates.mixed(s, a.name, t, b.name)
  if how and not is_empty(a) and not is_empty(b) then
    fail("type", ("%s: %s is a %s%s and %sa %s%s; %s"):format(who, a.name,
      s or "plain number", where_a, a.name ~= b.name and b.name .. " " or "",
      t or "plain number", where_b, how))
  end
end

-- A column of two: levels of the left, then those that only the right has.
local function union_column(column, twin)
  if twin and is_empty(column) and (twin.type ~= column.type
      or not kind_of(column)) then
    column = copy(column, { type = twin.type, format = twin.format })
  end
  if not twin or not (column.levels or twin.levels) then return column end
  if not (column.levels and twin.levels) then
    return copy(column, { levels = false })
  end
  local levels, seen = {}, {}
  for _, list in ipairs { column.levels, twin.levels } do
    for _, level in ipairs(list) do
      if not seen[level] then levels[#levels + 1] = level end
      seen[level] = true
    end
  end
  return copy(column, { levels = levels })
end

-- Rows with a match on the right (semi) or without one (anti); no columns.
local function filter_join(node, right, keys, how)
  local hits = wrap(right.layer)
  hits.group, hits.outputs, hits.hidden = keys, {}, {}
  for i, key in ipairs(keys) do hits.outputs[i] = { name = key } end
  hits.outputs[#keys + 1] = { name = "_hit",
    tree = { "number", value = "1" } }
  local layer = { source = node.layer, outputs = {}, where = {}, hidden = {},
    join = { how = "left", right = hits, keys = keys,
      test = how == "semi" and "b._hit is not null" or "b._hit is null" } }
  for i, column in ipairs(node.columns) do
    layer.outputs[i] = { name = column.name }
  end
  for i, hidden in ipairs(node.layer.hidden) do
    layer.hidden[i] = { name = hidden.name, desc = hidden.desc,
      user = hidden.user }
  end
  return both(node, right, { layer = layer })
end

-- All rows: those of a left join, then those of the right without a match.
local function full_join(node, other, keys, many)
  local right = relations.node_of(other)
  local left = verbs.join(node, other, keys, { many = many })
  local rest = filter_join(right, node, keys, "anti")
  local columns, outputs, is_key = {}, {}, {}
  for _, key in ipairs(keys) do is_key[key] = true end
  rest.layer = wrap(rest.layer)
  rest.layer.outputs = {}
  for i, column in ipairs(left.columns) do
    local twin = right.columns[column.name:lower()]
    columns[i] = is_key[column.name] and union_column(column, twin) or column
    outputs[i] = { name = column.name }
    rest.layer.outputs[i] = { name = column.name,
      tree = not twin and { "null" } or nil }
  end
  return derive(left, { columns = index(columns), key = false,
    layer = { source = { union = { left.layer, rest.layer } },
      outputs = outputs, where = {},
      hidden = { { name = "_ts_o1" }, { name = "_ts_o2" } } } })
end

--- relation:join(other, keys [, { how =, many = }]) -> relation
-- Adds the columns of another relation or frame by equal keys: "USUBJID" or a
-- list. Rows are never added or doubled: a second match is an error, and a
-- note says how many rows matched, a warning that none did.
--   how   "left" (default) keeps rows without a match, "inner" drops them,
--         "full" keeps them and those of the other, which come last;
--         "semi" keeps those with one and "anti" those without, adding nothing
--   many  true takes every match, one row each; a warning counts the keys that
--         repeat on both sides
--
--   > demo.adlb:join(demo.adsl:select("USUBJID", "AGE"), "USUBJID"):where "AGE > 75":count()
--       n
--   1  26
--     SIMULATED DATA
--
-- See also: relation:key.
function verbs.join(node, other, keys, opt)
  no_group(node, "join")
  if not relations.is(other) then
    fail("type", "join: the first argument is a relation or a frame, not a "
      .. type(other))
  end
  opt = options("join", opt, {
    how = { { "left", "inner", "full", "semi", "anti" }, "left" },
    many = { "boolean", false } })
  local right = relations.node_of(other)
  no_group(right, "join")
  nodes.same_study("join", node, right)
  keys = columns_module.shared_keys("join", node.columns, right.columns,
    keys)
  for _, key in ipairs(keys) do
    check_kinds("join", node.columns[key:lower()], " on the left",
      right.columns[key:lower()], " on the right")
  end
  if opt.how == "semi" or opt.how == "anti" then
    return filter_join(node, right, keys, opt.how)
  elseif opt.how == "full" then
    return full_join(node, other, keys, opt.many)
  end
  local is_key, columns = {}, {}
  for _, key in ipairs(keys) do is_key[key:lower()] = true end
  local layer = { source = node.layer, outputs = {}, where = {}, hidden = {},
    join = { how = opt.how, right = right.layer, keys = keys } }
  for i, column in ipairs(node.columns) do
    columns[i] = column
    layer.outputs[i] = { name = column.name }
  end
  local clash = {}
  for _, column in ipairs(right.columns) do
    if not is_key[column.name:lower()] then
      if node.columns[column.name:lower()] then
        clash[#clash + 1] = column.name
      end
      columns[#columns + 1] = column
      layer.outputs[#layer.outputs + 1] = { name = column.name, side = "b." }
    end
  end
  if #clash > 0 then
    fail("exists", ("join: both have %s; select what is to be added from the "
      .. "right, or rename it there"):format(table.concat(clash, ", ")))
  end
  for i, hidden in ipairs(node.layer.hidden) do
    layer.hidden[i] = { name = hidden.name, desc = hidden.desc,
      user = hidden.user }
  end
  local n_left = #layer.hidden
  if opt.many then
    for i, hidden in ipairs(right.layer.hidden) do
      layer.hidden[n_left + i] = { name = "_ts_o" .. n_left + i,
        sql = "b." .. hidden.name, desc = hidden.desc, user = hidden.user }
    end
  end
  local check = { kind = "join", left = node, right = right, keys = keys,
    many = opt.many, how = opt.how }
  return both(node, right, { layer = layer, columns = index(columns) }, check)
end

-- What a layer is made of: the sides of a union to which one more may be added,
-- or itself. SQLite reads a list of them; one in the other it does not read far.
local MOST_SIDES = 40

local function sides_of(layer)
  local sides = layer.source.union
  local plain = sides and #sides < MOST_SIDES and #layer.where == 0
    and #layer.outputs == #sides[1].outputs
    and not (layer.group or layer.limit or layer.join or layer.sorted
      or layer.places or layer.window)
  for i, output in ipairs(plain and layer.outputs or {}) do
    plain = plain and not output.tree
      and output.name == sides[1].outputs[i].name
  end
  return plain and sides or { layer }
end

--- relation:union(other) -> relation
-- The rows of both, those of the left first. Both have the same columns; the
-- order of columns is that of the left.
--
--   > demo.adsl:head(2):union(demo.adsl:limit(1)):select("USUBJID")
--      USUBJID
--   1  DEMO-001
--   2  DEMO-002
--   3  DEMO-001
--     SIMULATED DATA
--
-- See also: relation:join.
function verbs.union(node, other)
  no_group(node, "union")
  if not relations.is(other) then
    fail("type", "union: the argument is a relation or a frame, not a "
      .. type(other))
  end
  local right = relations.node_of(other)
  no_group(right, "union")
  nodes.same_study("union", node, right)
  local columns, outputs, alone = {}, {}, {}
  for i, column in ipairs(node.columns) do
    local twin = right.columns[column.name:lower()]
    if not twin or twin.name ~= column.name then
      alone[#alone + 1] = column.name .. " on the left"
    elseif column.type and twin.type and column.type ~= twin.type
        and not is_empty(column) and not is_empty(twin) then
      fail("type", ("union: %s is %s on the left and %s on the right"):format(
        column.name, column.type, twin.type))
    else
      check_kinds("union", column, " on the left", twin, " on the right")
    end
    columns[i] = union_column(column, twin)
    outputs[i] = { name = column.name }
  end
  for _, column in ipairs(right.columns) do
    local twin = node.columns[column.name:lower()]
    if not twin then alone[#alone + 1] = column.name .. " on the right" end
  end
  if #alone > 0 then
    fail("not found", ("union: both have the same columns, but %s%s only")
      :format(table.concat(alone, ", ", 1, math.min(#alone, 6)),
        #alone > 6 and (" and %d more"):format(#alone - 6) or ""))
  end
  local sides = nodes.joined(sides_of(node.layer), { right.layer })
  local layer = { source = { union = sides }, outputs = outputs, where = {},
    hidden = { { name = "_ts_o1" }, { name = "_ts_o2" } } }
  return both(node, right, { layer = layer, columns = index(columns),
    key = false })
end

local function column_list(who, node, given)
  if type(given) == "string" then given = { given } end
  if type(given) ~= "table" or #given == 0 then
    fail("type", who .. ": columns are a list of names")
  end
  local list, set = {}, {}
  for i, name in ipairs(given) do
    list[i] = find(who, node.columns, name)
    if set[list[i].name] then
      fail("exists", ("%s: %s twice"):format(who, list[i].name))
    end
    set[list[i].name] = true
  end
  return list, set
end

--- relation:wider(names [, values]) -> relation
-- One column for each value of the column names, in the order of levels, with
-- the values of another; all remaining columns name a row. Without values the
-- last column is taken. Two values for one place are an error.
--
--   > demo.adsl:count("TRT01P", "SEX"):wider "SEX"
--      TRT01P     F  M
--   1  Placebo    5  3
--   2  CYT107 LF  3  5
--   3  CYT107 HF  4  4
--     SIMULATED DATA
--
-- See also: relation:longer, relation:by.
function verbs.wider(node, names, values)
  no_group(node, "wider")
  local by = find("wider", node.columns, names)
  local value = values and find("wider", node.columns, values)
    or node.columns[#node.columns]
  if by == value then
    fail("invalid", ("wider: %s gives both names and values"):format(by.name))
  end
  local group, columns, inside = {}, {}, {}
  for _, column in ipairs(node.columns) do
    if column ~= by and column ~= value then
      group[#group + 1] = column.name
      columns[#columns + 1] = column
      inside[column.name:lower()] = true
    end
  end
  local layer = wrap(node.layer)
  layer.group, layer.outputs, layer.hidden = group, {}, {}
  for i, column in ipairs(columns) do
    layer.outputs[i] = { name = column.name }
    layer.hidden[i] = { name = "_ts_o" .. i,
      sql = level_order(column, column.name), column = column.name,
      user = true }
  end
  local levels = relations.distinct_values(node, by)
  local by_node = { "column", name = by.name, column = by }
  for _, level in ipairs(levels) do
    local name = type(level) == "string" and level
      or require "ts.text".number(level)
    if inside[name:lower()] then
      fail("exists", ("wider: %s is a column already"):format(name))
    elseif name == "" then
      fail("invalid", ("wider: %s holds empty text, which names no column; "
        .. "where \"%s <> ''\" leaves it out"):format(by.name, by.name))
    end
    inside[name:lower()] = true
    local literal = type(level) == "string"
      and { "string", value = level } or { "number", value = name }
    columns[#columns + 1] = copy(value, { name = name, origin = false })
    layer.outputs[#layer.outputs + 1] = { name = name,
      tree = { "call", name = "max", { "case", { { "binary", op = "=", by_node,
        literal }, { "column", name = value.name, column = value } } } } }
  end
  local n_missing = relations.count_missing(node, by)
  if n_missing > 0 then
    require "trialsh.note".say("wider: %d row%s without %s left out", n_missing,
      n_missing == 1 and "" or "s", by.name)
  end
  local check = { kind = "wider", left = node, keys = { table.unpack(group) },
    n = #levels }
  check.keys[#check.keys + 1] = by.name
  return derive(node, { layer = layer, columns = index(columns),
    checks = nodes.joined(node.checks, { check }),
    key = #group > 0 and group or false })
end

--- relation:longer(columns [, { names =, values = }]) -> relation
-- One row for each of these columns: its name and its value, beside the
-- columns that remain.
--   names   "name": what the column of names is called;  values  "value"
--
--   > demo.adsl:limit(1):select("USUBJID", "AGE", "APACHE"):longer { "AGE", "APACHE" }
--      USUBJID   name    value
--   1  DEMO-001  AGE        63
--   2  DEMO-001  APACHE     29
--     SIMULATED DATA
--
-- See also: relation:wider.
function verbs.longer(node, given, opt)
  no_group(node, "longer")
  opt = options("longer", opt, { names = { "string", "name" },
    values = { "string", "value" } })
  local list, set = column_list("longer", node, given)
  local kind, dated
  for _, column in ipairs(list) do
    if kind and column.type and column.type ~= kind then
      fail("type", ("longer: %s is %s, the columns before are %s"):format(
        column.name, column.type, kind))
    end
    check_kinds("longer", dated or list[1], "", column, "")
    kind = kind or column.type
    if not is_empty(column) then dated = dated or column end
  end
  local columns, outputs = {}, {}
  for _, column in ipairs(node.columns) do
    if not set[column.name] then
      columns[#columns + 1] = column
      outputs[#outputs + 1] = { name = column.name }
    end
  end
  local words, cases = {}, {}
  for i, column in ipairs(list) do
    words[i] = column.name
    cases[i] = { { "number", value = tostring(i) },
      { "column", name = column.name, column = column } }
  end
  for _, name in ipairs { opt.names, opt.values } do
    for _, column in ipairs(columns) do
      if column.name:lower() == name:lower() then
        fail("exists", ("longer: %s is a column already"):format(name))
      end
    end
  end
  columns[#columns + 1] = { name = opt.names, type = "text", levels = words }
  columns[#columns + 1] = { name = opt.values, type = kind,
    format = dated and kind_of(dated) and dated.format or nil }
  local place = { "column", name = "_ts_place", column = { name = "_ts_place" } }
  outputs[#outputs + 1] = { name = opt.names, side = "b.", from = "_ts_name" }
  outputs[#outputs + 1] = { name = opt.values, tree = { "case",
    operand = place, table.unpack(cases) } }
  local layer = { source = node.layer, outputs = outputs, where = {},
    hidden = {}, places = words }
  for i, hidden in ipairs(node.layer.hidden) do
    layer.hidden[i] = { name = hidden.name, desc = hidden.desc,
      user = hidden.user }
  end
  layer.hidden[#layer.hidden + 1] = { name = "_ts_o" .. #layer.hidden + 1,
    sql = "_ts_place" }
  return derive(node, { layer = layer, columns = index(columns), key = false })
end

end
