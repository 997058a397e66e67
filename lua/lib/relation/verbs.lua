-- The verbs of one relation: each takes a node and arguments, checks them, and
-- gives the node of a new relation. Those of two, and those that turn rows into
-- columns, are in combine.lua.

local fail = require "ts.error".fail
local NA = require "ts.na".NA
local expression = require "trialsh.expression"
local columns_module = require "trialsh.relation.columns"
local layers = require "trialsh.relation.layers"
local nodes = require "trialsh.relation.nodes"

local index, names_of = columns_module.index, columns_module.names_of
local find, copy = columns_module.find, columns_module.copy
local wrap, open_layer = layers.wrap, layers.open_layer
local level_order = layers.level_order
local derive, no_group = nodes.derive, nodes.no_group

-- relations.is and relations.node_of come from trialsh.relation, which loads
-- this file.
return function(relations)

local verbs = {}


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
-- in single quotes. What has no finite value (x / 0, ln(0), 10 * 1e308) is
-- missing, and a note counts it. An existing name is replaced. Functions: abs ceil floor
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

require "trialsh.relation.combine"(relations, verbs)

return verbs

end
