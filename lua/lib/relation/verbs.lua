-- The verbs: each takes a node and arguments, checks them, and gives the node
-- of a new relation.

local fail = require "ts.error".fail
local NA = require "ts.na".NA
local expression = require "trialsh.expression"
local options = require "trialsh.options"
local columns_module = require "trialsh.relation.columns"
local layers = require "trialsh.relation.layers"

local index, names_of = columns_module.index, columns_module.names_of
local find, copy = columns_module.find, columns_module.copy
local wrap, open_layer = layers.wrap, layers.open_layer
local level_order = layers.level_order

-- relations.is and relations.node_of come from trialsh.relation, which loads
-- this file.
return function(relations)

local verbs = {}

-- A node that is like its parent but for changes.
local function derive(parent, changes)
  local node = {
    study = parent.study, columns = parent.columns, layer = parent.layer,
    group = parent.group, key = parent.key, expects = parent.expects,
    joins = parent.joins, once = parent.once, words = parent.words,
    generation = parent.generation,
    declared = parent.declared, simulated = parent.simulated,
  }
  for key, value in pairs(changes) do node[key] = value end
  return node
end

local function no_group(node, verb)
  if node.group then
    fail("invalid", ("by(...) is followed by summarise or count, not by %s")
      :format(verb))
  end
end

-- where{ COL = value, ... } as trees, in the order of names
local function where_table(node, conditions)
  local list, trees = {}, {}
  for name in pairs(conditions) do
    if type(name) ~= "string" then
      fail("type", "where{ } holds NAME = value, not a list")
    end
    list[#list + 1] = name
  end
  table.sort(list)
  for i, name in ipairs(list) do
    local value = conditions[name]
    local column = { "column", name = find("where", node.columns, name).name }
    local tree
    if value == NA then
      tree = { "is", column, { "null" } }
    elseif type(value) == "table" then
      local present, missing = {}, false
      for _, v in ipairs(value) do
        if v == NA then missing = true else present[#present + 1] = v end
      end
      if #present == 0 and not missing then
        fail("invalid", ("where: %s = { } is an empty list"):format(name))
      end
      if #present > 0 then
        tree = { "in", column, { "param", value = present } }
      end
      if missing then
        local null = { "is", column, { "null" } }
        tree = tree and { "group", { "or", tree, null } } or null
      end
    else
      tree = { "binary", op = "=", column, { "param", value = value } }
    end
    trees[i] = { tree = tree, source = name .. " = ...", sure = value == NA }
  end
  return trees
end

--- relation:where(condition [, value, ...]) -> relation
-- Rows for which a condition of SQL holds; ? stands for the values that
-- follow, a list for `in ?`. Or a table: where { COL = value, COL = { a, b },
-- COL = NA }. Rows that it cannot decide, a value being missing, are left out
-- and counted in a note. Words of columns with levels are checked.
--
--   > demo.adsl:where("AGE > ? and SEX = 'F'", 70):count()
--      n
--   1  4
--     SIMULATED DATA
--
--   > demo.adlb:where { PARAMCD = "ALC", AVISIT = { "Day 15", "Day 29" } }:count()
--       n
--   1  40
--     SIMULATED DATA
--
-- See also: relation:mutate, relation:select.
function verbs.where(node, condition, ...)
  no_group(node, "where")
  if type(condition) == "boolean" then
    fail("type", ("where(%s): Lua compared before where was asked; write the "
      .. "condition as text, where \"AVAL > 900\", or as values, "
      .. "where { AVISIT = \"Day 29\" }"):format(condition))
  end
  local trees
  if type(condition) == "table" then
    trees = where_table(node, condition)
  else
    trees = { { tree = expression.parse("where", condition, { ... }),
      source = condition } }
  end
  local layer, words = node.layer, {}
  table.move(node.words or {}, 1, #(node.words or {}), 1, words)
  for _, where in ipairs(trees) do
    local kind, used, found =
      expression.check("where", where.tree, node.columns)
    table.move(found, 1, #found, #words + 1, words)
    if kind == "text" then
      fail("type", ("where: '%s' is a text, no condition")
        :format(where.source))
    end
    layer = open_layer(layer, used)
    layer.where[#layer.where + 1] = {
      tree = where.tree, source = not where.sure and where.source or nil }
  end
  return derive(node, { layer = layer, words = words })
end

--- relation:select("COL", "NEW = COL", ...) -> relation
-- Only these columns, in this order; "NEW = COL" renames.
--
--   > demo.adsl:select("USUBJID", "ARM = TRT01P"):head(2)
--      USUBJID   ARM
--   1  DEMO-001  CYT107 LF
--   2  DEMO-002  CYT107 HF
--     SIMULATED DATA
--
-- See also: relation:mutate.
function verbs.select(node, ...)
  no_group(node, "select")
  local layer, columns = open_layer(node.layer), {}
  local outputs = {}
  for _, item in ipairs { ... } do
    local column = type(item) == "string" and node.columns[item:lower()]
    if column then
      columns[#columns + 1] = column
      outputs[#outputs + 1] = { name = column.name }
    else
      local name, rest = expression.definition("select", item)
      if not name then find("select", node.columns, item) end
      local tree = expression.parse("select", rest)
      expression.check("select", tree, node.columns)
      local from = expression.column(tree)
      if not from then
        fail("invalid", ("select takes columns; write mutate \"%s\"")
          :format(item))
      end
      columns[#columns + 1] = copy(from, { name = name })
      outputs[#outputs + 1] = { name = name,
        tree = name ~= from.name and tree or nil }
    end
  end
  if #columns == 0 then fail("invalid", "select: no columns") end
  local seen = {}
  for _, column in ipairs(columns) do
    if seen[column.name:lower()] then
      fail("exists", ("select: %s twice"):format(column.name))
    end
    seen[column.name:lower()] = true
  end
  layer.outputs = outputs
  return derive(node, { layer = layer, columns = index(columns) })
end

--- relation:mutate("NEW = expression", ...) -> relation
-- New columns, in order; each may use the one before. Expressions are
-- SQLite's without its traps: / is real division, ln and log10 for log, text
-- in single quotes. An existing name is replaced. Functions: abs ceil floor
-- round sign exp ln log10 sqrt power coalesce ifnull nullif iif case, lower
-- upper trim replace substr instr length ||, flag(condition) (Y or N),
-- days(from, to), first_date(text), last_date(text).
--
--   > demo.adlb:where "AVISIT = 'Day 29'":mutate("LR = ln(AVAL / BASE)"):select("USUBJID", "LR"):head(2)
--      USUBJID         LR
--   1  DEMO-001  0.853888
--   2  DEMO-001  0.850908
--     SIMULATED DATA
--
-- See also: relation:summarise, relation:where.
function verbs.mutate(node, ...)
  no_group(node, "mutate")
  local layer, columns = node.layer, node.columns
  for _, item in ipairs { ... } do
    local name, rest = expression.definition("mutate", item)
    if not name then
      fail("invalid", ("mutate: '%s' is no \"NAME = expression\"")
        :format(tostring(item)))
    end
    local tree = expression.parse("mutate", rest)
    local kind, used = expression.check("mutate", tree, columns)
    layer = open_layer(layer, used)
    local from = expression.column(tree)
    local old = columns[name:lower()]
    local column = from and copy(from, { name = old and old.name or name })
      or { name = old and old.name or name, type = kind }
    local list = {}
    for i, c in ipairs(columns) do list[i] = c == old and column or c end
    if not old then list[#list + 1] = column end
    columns = index(list)
    local output = { name = column.name, tree = tree }
    if old then
      -- the new value hides the old one, which its own expression may read
      for i, o in ipairs(layer.outputs) do
        if o.name == old.name then
          layer = o.tree and wrap(layer) or layer
          layer.outputs[i] = output
        end
      end
    else
      layer.outputs[#layer.outputs + 1] = output
    end
  end
  return derive(node, { layer = layer, columns = columns })
end

--- relation:by("COL", ...) -> groups
-- Groups the rows for the summarise or count that follows. Groups come in the
-- order of levels.
--
--   > demo.adsl:by "TRT01P":count()
--      TRT01P     n
--   1  Placebo    8
--   2  CYT107 LF  8
--   3  CYT107 HF  8
--     SIMULATED DATA
--
-- See also: relation:summarise, relation:count.
function verbs.by(node, ...)
  local group = {}
  for i, name in ipairs { ... } do
    group[i] = find("by", node.columns, name).name
  end
  if #group == 0 then fail("invalid", "by: no columns") end
  return derive(node, { group = group })
end

-- One row per group: outputs are the group's columns and the aggregates.
local function aggregate(node, who, items)
  local group, inside = node.group or {}, {}
  for _, name in ipairs(group) do inside[name:lower()] = true end
  local layer = wrap(node.layer)
  layer.group, layer.outputs, layer.hidden = group, {}, {}
  local columns = {}
  for i, name in ipairs(group) do
    local column = node.columns[name:lower()]
    columns[i] = column
    layer.outputs[i] = { name = name }
    layer.hidden[i] = { name = "_ts_o" .. i, sql = level_order(column, name),
      user = true }
  end
  for _, item in ipairs(items) do
    local name, rest = expression.definition(who, item)
    if not name then
      fail("invalid", ("%s: '%s' is no \"NAME = aggregate\""):format(who,
        tostring(item)))
    end
    for _, column in ipairs(columns) do
      if column.name:lower() == name:lower() then
        fail("exists", ("%s: %s twice"):format(who, name))
      end
    end
    local tree = expression.parse(who, rest)
    local kind = expression.check(who, tree, node.columns,
      { aggregates = true, group = inside })
    columns[#columns + 1] = { name = name, type = kind }
    layer.outputs[#layer.outputs + 1] = { name = name, tree = tree }
  end
  return derive(node, { layer = layer, columns = index(columns),
    group = false, key = #group > 0 and group or nil })
end

--- relation:summarise("NEW = aggregate", ...) -> relation
-- One row per group of by(), or one in all. Aggregates: count(*), count(x),
-- sum, mean, median, quantile(x, p) (type 2), min, max, stddev, variance,
-- geomean, geosd, group_concat; `filter (where condition)` may follow one.
-- Missing values are left out; sums are compensated and equal to describe().
--
--   > demo.adsl:by("SEX"):summarise("n = count(*)", "age = mean(AGE)")
--      SEX   n       age
--   1  F    12  67.83333
--   2  M    12  66.83333
--     SIMULATED DATA
--
-- See also: relation:by, describe.
function verbs.summarise(node, ...)
  if select("#", ...) == 0 then
    fail("invalid", 'summarise: nothing to compute; "n = count(*)"')
  end
  return aggregate(node, "summarise", { ... })
end

--- relation:count(["COL", ...]) -> relation
-- Number of rows, by group: short for by(...):summarise "n = count(*)".
--
--   > demo.adsl:count("TRT01P", "SEX"):head(3)
--      TRT01P     SEX  n
--   1  Placebo    F    5
--   2  Placebo    M    3
--   3  CYT107 LF  F    3
--     SIMULATED DATA
--
-- See also: relation:by, relation:distinct.
function verbs.count(node, ...)
  if select("#", ...) > 0 then node = verbs.by(node, ...) end
  return aggregate(node, "count", { "n = count(*)" })
end

--- relation:distinct(["COL", ...]) -> relation
-- The combinations of values that occur, once each, in the order of levels.
--
--   > demo.adlb:distinct "AVISIT"
--      AVISIT
--   1  Baseline
--   2  Day 8
--   3  Day 15
--   4  Day 29
--     SIMULATED DATA
--
-- See also: relation:count.
function verbs.distinct(node, ...)
  no_group(node, "distinct")
  local list = { ... }
  if #list == 0 then list = names_of(node.columns) end
  return aggregate(verbs.by(node, table.unpack(list)), "distinct", {})
end

--- relation:order("COL", "COL desc", ...) -> relation
-- Rows sorted by columns; text with levels by them. Missing values come last;
-- rows that are equal keep their order.
--
--   > demo.adsl:order("AGE desc"):select("USUBJID", "AGE"):head(2)
--      USUBJID   AGE
--   1  DEMO-010   79
--   2  DEMO-011   79
--     SIMULATED DATA
--
-- See also: relation:head.
function verbs.order(node, ...)
  no_group(node, "order")
  local layer = wrap(node.layer)
  local before, hidden = layer.hidden, {}
  for i, item in ipairs { ... } do
    local column = type(item) == "string" and node.columns[item:lower()]
    local desc = false
    if not column and type(item) == "string" then
      local name, direction = item:match "^%s*(.-)%s+(%a+)%s*$"
      direction = direction and direction:lower()
      if direction == "desc" or direction == "asc" then
        item, desc = name, direction == "desc"
      end
    end
    column = column or find("order", node.columns, item)
    hidden[i] = { name = ("_ts_o%d"):format(#before + i),
      sql = level_order(column, column.name), desc = desc, user = true }
  end
  table.move(before, 1, #before, #hidden + 1, hidden)
  layer.hidden, layer.sorted = hidden, true
  return derive(node, { layer = layer })
end

--- relation:limit(n) -> relation
-- The first n rows.
--
--   > #demo.adsl:limit(5)
--   5
--
-- See also: relation:head, relation:order.
function verbs.limit(node, n)
  no_group(node, "limit")
  if math.type(n) ~= "integer" or n < 0 then
    fail("invalid", ("limit: %s is no number of rows"):format(tostring(n)))
  end
  local layer = wrap(node.layer)
  layer.limit = n
  return derive(node, { layer = layer })
end

--- relation:head([n]) -> relation
-- The first n rows, 6 by default.
--
--   > #demo.adsl:head()
--   6
--
-- See also: relation:limit.
function verbs.head(node, n) return verbs.limit(node, n or 6) end

local function check_keys(who, left, right, keys)
  if type(keys) == "string" then keys = { keys } end
  if type(keys) ~= "table" or #keys == 0 then
    fail("invalid", who .. ": the keys are compulsory, "
      .. 'join(other, "USUBJID") or join(other, { "USUBJID", "AVISIT" })')
  end
  local list = {}
  for i, name in ipairs(keys) do
    local a = find(who .. " (left)", left.columns, name)
    local b = find(who .. " (right)", right.columns, name)
    if a.type and b.type and a.type ~= b.type then
      fail("type", ("%s: %s is %s on the left and %s on the right"):format(
        who, a.name, a.type, b.type))
    end
    if a.name ~= b.name then
      fail("invalid", ("%s: %s on the left is %s on the right; names are "
        .. "equal to the letter"):format(who, a.name, b.name))
    end
    list[i] = a.name
  end
  return list
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
  return derive(node, { layer = layer, study = node.study or right.study,
    generation = node.generation or right.generation,
    simulated = node.simulated or right.simulated })
end

--- relation:join(other, keys [, { how =, many = }]) -> relation
-- Adds the columns of another relation or frame by equal keys: "USUBJID" or a
-- list. Rows are never added or doubled: a second match is an error, and a
-- note says how many rows matched.
--   how   "left" (default) keeps rows without a match, "inner" drops them;
--         "semi" keeps those with one and "anti" those without, adding nothing
--   many  true takes every match, one row each
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
    how = { { "left", "inner", "semi", "anti" }, "left" },
    many = { "boolean", false } })
  local right = relations.node_of(other)
  no_group(right, "join")
  if right.study and node.study and right.study ~= node.study then
    fail("invalid", "join: the two are of two studies")
  end
  keys = check_keys("join", node, right, keys)
  if opt.how == "semi" or opt.how == "anti" then
    return filter_join(node, right, keys, opt.how)
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
  local joins = {}
  table.move(node.joins or {}, 1, #(node.joins or {}), 1, joins)
  joins[#joins + 1] = { left = node, right = right, keys = keys,
    many = opt.many, how = opt.how }
  return derive(node, { layer = layer, columns = index(columns),
    joins = joins, study = node.study or right.study,
    generation = node.generation or right.generation,
    simulated = node.simulated or right.simulated })
end

--- relation:label { COL = "text" } -> relation
-- Labels of columns, which pass through all verbs and into tables and figures.
--
--   > demo.adsl:label { AGE = "Age, years" }.AGE.label
--   Age, years
--
-- See also: relation:levels.
function verbs.label(node, labels)
  local columns = { table.unpack(node.columns) }
  if type(labels) ~= "table" then
    fail("type", 'label{ COL = "text" } takes a table')
  end
  for name, label in pairs(labels) do
    local column = find("label", node.columns, name)
    if type(label) ~= "string" then
      fail("type", ("label: that of %s is no text"):format(name))
    end
    for i, c in ipairs(columns) do
      if c == column then columns[i] = copy(c, { label = label }) end
    end
  end
  return derive(node, { columns = index(columns) })
end

--- relation:levels { COL = { "first", "second" } } -> relation
-- The values of a text column in their order. A value beside them is an error.
--
--   > demo.adsl:levels { SEX = { "M", "F" } }:count "SEX"
--      SEX   n
--   1  M    12
--   2  F    12
--     SIMULATED DATA
--
-- See also: relation:order, relation:by.
function verbs.levels(node, given)
  local columns = { table.unpack(node.columns) }
  local declared = {}
  for key, value in pairs(node.declared or {}) do declared[key] = value end
  if type(given) ~= "table" then
    fail("type", 'levels{ COL = { "first", "second" } } takes a table')
  end
  for name, levels in pairs(given) do
    local column = find("levels", node.columns, name)
    if type(levels) ~= "table" or #levels == 0 then
      fail("type", ("levels: those of %s are no list"):format(name))
    end
    local seen = {}
    for _, level in ipairs(levels) do
      if type(level) ~= "string" then
        fail("type", ("levels: %s of %s is no text"):format(tostring(level),
          name))
      elseif seen[level] then
        fail("exists", ("levels: '%s' of %s twice"):format(level, name))
      end
      seen[level] = true
    end
    if column.type == "real" then
      fail("type", ("levels: %s is a number"):format(name))
    end
    for i, c in ipairs(columns) do
      if c == column then
        columns[i] = copy(c, { levels = { table.unpack(levels) },
          type = "text", declared = "levels{ }" })
        declared[column.name] = true
      end
    end
  end
  return derive(node, { columns = index(columns), declared = declared })
end

--- relation:key("COL", ...) -> relation
-- Columns that name a row: never missing and never twice, or reading the rows
-- is an error that shows the first that breaks it.
--
--   > #demo.adsl:key "USUBJID":collect()
--   24
--
-- See also: relation:expect, relation:join.
function verbs.key(node, ...)
  local key = {}
  for i, name in ipairs { ... } do
    key[i] = find("key", node.columns, name).name
  end
  if #key == 0 then fail("invalid", "key: no columns") end
  return derive(node, { key = key, check_key = true })
end

--- relation:expect("condition", ...) -> relation
-- What should hold for every row; a note says for how many it does not.
--
--   > #demo.adsl:expect "AGE between 18 and 100":collect()
--   24
--
-- See also: relation:key.
function verbs.expect(node, ...)
  local expects = {}
  table.move(node.expects or {}, 1, #(node.expects or {}), 1, expects)
  for _, condition in ipairs { ... } do
    local tree = expression.parse("expect", condition)
    expression.check("expect", tree, node.columns)
    expects[#expects + 1] = { source = condition, layer = node.layer,
      tree = tree }
  end
  return derive(node, { expects = expects })
end

-- A column of two: levels of the left, then those that only the right has.
local function union_column(column, twin)
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
  if right.study and node.study and right.study ~= node.study then
    fail("invalid", "union: the two are of two studies")
  end
  local columns, outputs, alone = {}, {}, {}
  for i, column in ipairs(node.columns) do
    local twin = right.columns[column.name:lower()]
    if not twin or twin.name ~= column.name then
      alone[#alone + 1] = column.name .. " on the left"
    elseif column.type and twin.type and column.type ~= twin.type
        and not (column.origin and column.origin:empty())
        and not (twin.origin and twin.origin:empty()) then
      fail("type", ("union: %s is %s on the left and %s on the right"):format(
        column.name, column.type, twin.type))
    end
    columns[i] = union_column(column, twin)
    outputs[i] = { name = column.name }
  end
  for _, column in ipairs(right.columns) do
    local twin = node.columns[column.name:lower()]
    if not twin then alone[#alone + 1] = column.name .. " on the right" end
  end
  if #alone > 0 then
    fail("not found", ("union: both have the same columns, but %s only"):format(
      table.concat(alone, ", ")))
  end
  local layer = { source = { union = { node.layer, right.layer } },
    outputs = outputs, where = {}, hidden = { { name = "_ts_o1" },
      { name = "_ts_o2" } } }
  local joins = {}
  table.move(node.joins or {}, 1, #(node.joins or {}), 1, joins)
  table.move(right.joins or {}, 1, #(right.joins or {}), #joins + 1, joins)
  return derive(node, { layer = layer, columns = index(columns), joins = joins,
    key = false, study = node.study or right.study,
    generation = node.generation or right.generation,
    simulated = node.simulated or right.simulated })
end

local function column_list(who, node, given)
  if type(given) == "string" then given = { given } end
  if type(given) ~= "table" or #given == 0 then
    fail("type", who .. ": columns are a list of names")
  end
  local list, set = {}, {}
  for i, name in ipairs(given) do
    list[i] = find(who, node.columns, name)
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
      sql = level_order(column, column.name), user = true }
  end
  local by_node = { "column", name = by.name, column = by }
  for _, level in ipairs(relations.distinct_values(node, by)) do
    local name = type(level) == "string" and level
      or require "ts.text".number(level)
    if inside[name:lower()] then
      fail("exists", ("wider: %s is a column already"):format(name))
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
  local once = { left = node, keys = { table.unpack(group) } }
  once.keys[#once.keys + 1] = by.name
  return derive(node, { layer = layer, columns = index(columns),
    once = once, key = #group > 0 and group or false })
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
  local kind
  for _, column in ipairs(list) do
    if kind and column.type and column.type ~= kind then
      fail("type", ("longer: %s is %s, the columns before are %s"):format(
        column.name, column.type, kind))
    end
    kind = kind or column.type
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
  columns[#columns + 1] = { name = opt.values, type = kind }
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

return verbs

end
