-- The verbs that choose rows: where, limit, head.

local fail = require "ts.error".fail
local NA = require "ts.na".NA
local expression = require "trialsh.expression"
local find = require "trialsh.relation.columns".find
local layers = require "trialsh.relation.layers"
local nodes = require "trialsh.relation.nodes"

local wrap, open_layer = layers.wrap, layers.open_layer
local derive, no_group = nodes.derive, nodes.no_group

-- The verbs are added to those that are there.
return function(relations, verbs)

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
-- and counted in a note; NA given for ? asks for the missing values themselves.
-- Words of columns with levels are checked. Conditions: = <> < <= > >=,
-- x between a and b, x in (a, b), x like 'a%', x is null, and or not; cast(x as
-- real). A date of SAS compares with ISO text, `TRTSDT > '2014-01-31'`; dates that
-- are text too, but for partial ones, which are not decided. A name
-- that is no plain word stands in double quotes: where '"CRP (mg/L)" > 3'.
-- A condition may look at other rows as mutate does, of its group after by():
-- `by("USUBJID"):where "row_number() = 1"` is the first row of each.
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
  if type(condition) == "boolean" then
    fail("type", ("where(%s): Lua compared before where was asked; write the "
      .. "condition as text, where \"AVAL > 900\", or as values, "
      .. "where { AVISIT = \"Day 29\" }"):format(condition))
  end
  local trees
  if type(condition) == "table" then
    trees = where_table(node, condition)
  else
    trees = { { tree = expression.parse("where", condition, { ... },
      node.columns),
      source = condition } }
  end
  local layer, words = node.layer, nil
  for _, where in ipairs(trees) do
    local kind, used, found, seen =
      expression.check("where", where.tree, node.columns, { windows = true })
    words = nodes.joined(words, found)
    if kind == "text" or where.tree[1] == "number" then
      fail("type", ("where: '%s' is a %s, no condition"):format(where.source,
        kind == "text" and kind or "number"))
    end
    local tree = where.tree
    if seen.windowed then
      nodes.note_subjects(relations, node, seen.windowed)
      layer, tree = layers.judged(layer, used, node.group or {}, tree)
    else
      no_group(node, ("where \"%s\""):format(where.source))
      layer = open_layer(layer, used)
    end
    layer.where[#layer.where + 1] = {
      tree = tree, source = not where.sure and where.source or nil,
      dates = seen.dates }
  end
  return derive(node, { layer = layer, group = false,
    words = nodes.joined(node.words, words) })
end

--- relation:limit(n) -> relation
-- The first n rows; after by() those of each group.
--
--   > #demo.adsl:limit(5)
--   5
--
-- See also: relation:head, relation:order.
function verbs.limit(node, n)
  if math.type(n) ~= "integer" or n < 0 then
    fail("invalid", ("limit: %s is no number of rows"):format(tostring(n)))
  end
  if node.group then return verbs.where(node, "row_number() <= ?", n) end
  local layer = wrap(node.layer)
  layer.limit = n
  return derive(node, { layer = layer })
end

--- relation:head([n]) -> relation
-- The first n rows, 6 by default; after by() those of each group.
--
--   > #demo.adsl:head()
--   6
--
--   > demo.adsl:order("AGE desc"):by "TRT01P":head(1):select("TRT01P", "USUBJID", "AGE")
--      TRT01P     USUBJID   AGE
--   1  CYT107 LF  DEMO-010   79
--   2  Placebo    DEMO-011   79
--   3  CYT107 HF  DEMO-004   74
--     SIMULATED DATA
--
-- See also: relation:limit.
function verbs.head(node, n) return verbs.limit(node, n or 6) end

end
