-- The verbs of one relation: each takes a node and arguments, checks them, and
-- gives the node of a new relation. Those that choose rows are in choose.lua,
-- what should hold for rows in rules.lua; those of two relations, and those
-- that turn rows into columns, in combine.lua.

local fail = require "ts.error".fail
local expression = require "trialsh.expression"
local quoting = require "trialsh.expression.quoting"
local columns_module = require "trialsh.relation.columns"
local layers = require "trialsh.relation.layers"
local nodes = require "trialsh.relation.nodes"

local index, names_of = columns_module.index, columns_module.names_of
local find, copy = columns_module.find, columns_module.copy
local wrap, open_layer = layers.wrap, layers.open_layer
local level_order = expression.level_order
local derive, no_group = nodes.derive, nodes.no_group

-- relations.is and relations.node_of come from trialsh.relation, which loads
-- this file.
return function(relations)

local verbs = {}

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
      local tree = expression.parse("select", rest, nil, node.columns)
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

--- relation:rename("NEW = COL", ...) -> relation
-- All columns in their order, some of them under a new name.
--
--   > demo.adsl:select("USUBJID", "AGE", "SEX"):rename("YEARS = AGE"):head(2)
--      USUBJID   YEARS  SEX
--   1  DEMO-001     63  M
--   2  DEMO-002     68  M
--     SIMULATED DATA
--
-- See also: relation:select, relation:mutate.
function verbs.rename(node, ...)
  no_group(node, "rename")
  local new, items = {}, {}
  for _, item in ipairs { ... } do
    local name, rest = expression.definition("rename", item)
    if not name then
      fail("invalid", ('rename takes "NEW = COL", not %s'):format(
        type(item) == "string" and '"' .. item .. '"' or "a " .. type(item)))
    end
    local tree = expression.parse("rename", rest, nil, node.columns)
    expression.check("rename", tree, node.columns)
    local from = expression.column(tree)
    if not from then
      fail("invalid", ('rename takes columns; write mutate "%s"'):format(item))
    elseif new[from] then
      fail("exists", ("rename: %s twice"):format(from.name))
    end
    new[from] = name
  end
  if not next(new) then fail("invalid", 'rename takes "NEW = COL", ...') end
  local seen = {}
  for i, column in ipairs(node.columns) do
    local name = new[column] or column.name
    if seen[name:lower()] then
      fail("exists", ("rename: %s is there already"):format(name))
    end
    seen[name:lower()] = true
    items[i] = new[column] and ("%s = %s"):format(expression.quote(name),
      expression.quote(column.name)) or column.name
  end
  return verbs.select(node, table.unpack(items))
end

-- The column that a mutate makes: like the one it is, or is a value of.
local function new_column(name, tree, kind)
  local same, from = expression.column(tree), expression.source(tree)
  if same then return copy(same, { name = name }) end
  return { name = name, type = kind, computed = true, unit = from and from.unit,
    format = from and from.format or tree.format, levels = from and from.levels,
    declared = from and from.declared }
end

-- "ASTDT = first_date(AESTDTC)" also makes ASTDTF: D where the day was filled
-- in, M where the month was too.
local function with_flags(columns, items)
  local list = {}
  for _, item in ipairs(items) do
    list[#list + 1] = item
    local name, text = tostring(item):match
      "^%s*([%w_]+DT)%s*=%s*%a+_date%s*(%b())%s*$"
    if name and item:lower():find "=%s*first_date" or name
        and item:lower():find "=%s*last_date" then
      local _, tree = pcall(expression.parse, "mutate", text, nil, columns)
      if pcall(expression.check, "mutate", tree, columns)
          and not tree.format then -- of a number of SAS nothing is in part
        list[#list + 1] = ("%sF = case length(%s) when 4 then 'M' when 7 then "
          .. "'D' end"):format(name, text)
      end
    end
  end
  return list
end

--- relation:mutate("NEW = expression", ...) -> relation
-- New columns, in order; each may use the one before. Expressions are
-- SQLite's without its traps: / is real division, ln and log10 for log, text
-- in single quotes. What has no finite value (x / 0, ln(0), 10 * 1e308) is
-- missing, and a note counts it; another counts the rows that take the else of
-- iif or case though a missing value leaves the condition open, and
-- coalesce(condition, 0) says that it does not hold there. Numbers in text are
-- cast(x as text) or x || 'text'; a date is iso(x). Values of one column are
-- dates all or none. An existing name is replaced. Functions: abs
-- ceil floor round sign exp ln log10 sqrt power coalesce ifnull nullif iif case,
-- lower upper trim replace substr instr length ||, flag(condition) (Y or N),
-- days(from, to), first_date(x), last_date(x), iso(x), sasdate(text); x like
-- 'a%', x between a and b, cast(x as text), cast(x as real).
-- Dates are ISO text or numbers of SAS, which their format makes dates; both
-- may stand in days, first_date and last_date, and text of ISO form beside such
-- a number: `TRTSDT > '2014-01-31'`. TRTSDT + 1 is a date, TRTEDT - TRTSDT a
-- number of days. The order of dates that are text, DTC > '2020-01-05', is that of
-- the calendar: not decided where a date is partial or none, 2020-01 or 30.02.2020.
--   first_date(x)  last_date(x)  ISO text of the first, the last day that a
--                    partial date can be: 2024-02 is 2024-02-01, 2024-02-29
--   iso(x)           a number with a date format as ISO text
--   iso(text, 'dd.mm.yyyy')  ISO text of a date written otherwise: dd (d), mm
--                    (m, mon for jan), yyyy; other text is an error
--   iso(text, 'dd.mm.yyyy', 'UN')  where UN stands for a day, or for day and
--                    month, that is not known: UN.02.2024 is 2024-02
--   iso(text, 'dd.mm.yy', 1930)  years of two digits, from 1930 to 2029
--   sasdate(text)  sasdatetime(text)  numbers of SAS from complete ISO text
--   first_date(text)  last_date(text)  the first and the last day that ISO text
--                    in part, 2018-03, can mean; of "ASTDT = first_date(...)" a
--                    column ASTDTF says what was filled in: D the day, M the
--                    month too
-- A name that is no plain word stands in double quotes: 'R = "CRP (mg/L)" / 2'.
--
-- After by() a column may also look at the other rows of its group, in the
-- order of rows; order before by changes it. Without by all are one group.
--   lag(x [, n [, default]])  lead(...)  x of the n-th row before, after
--   first(x)  last(x)  nth(x, k)  x of that row; nth(x, -1) counts from the end
--   row_number()     1, 2, ... in order
--   rank(x)  dense_rank(x)  of a column, rank(x desc) from the largest; equal
--                    values share 1, 2, 2, 4 or 1, 2, 2, 3; missing have none
--   cumsum(x)  cummean  cummin  cummax  cumcount  of the rows up to this one
--   mean(x), count(*) ...  any aggregate: that of the group, beside each row
-- first, last, nth, lag and lead give what stands in that row, missing too;
-- aggregates and cumsum leave missing values out. `first(x) filter (where x is
-- not null)` is the first value that is there.
--
--   > demo.adlb:where "AVISIT = 'Day 29'":mutate("LR = ln(AVAL / BASE)"):select("USUBJID", "LR"):head(2)
--      USUBJID         LR
--   1  DEMO-001  0.853888
--   2  DEMO-001  0.850908
--     SIMULATED DATA
--
--   > alc = demo.adlb:where { PARAMCD = "ALC" }:order "AVISITN"
--   > alc:by "USUBJID":mutate("PREV = lag(AVAL)", "N = row_number()"):where "USUBJID = 'DEMO-001'":select("AVISIT", "AVAL", "PREV", "N")
--      AVISIT    AVAL  PREV  N
--   1  Baseline   929    NA  1
--   2  Day 8      836   929  2
--   3  Day 15    1913   836  3
--   4  Day 29    2182  1913  4
--     SIMULATED DATA
--
-- See also: relation:by, relation:summarise, relation:where.
function verbs.mutate(node, ...)
  local layer, columns, window = node.layer, node.columns, node.group or {}
  for _, item in ipairs(with_flags(columns, { ... })) do
    local name, rest = expression.definition("mutate", item)
    if not name then
      fail("invalid", ("mutate: '%s' is no \"NAME = expression\"%s")
        :format(tostring(item), quoting.definition(item)))
    end
    local tree = expression.parse("mutate", rest, nil, columns)
    local kind, used, _, seen = expression.check("mutate", tree, columns,
      { windows = true })
    if seen.windowed then
      nodes.note_subjects(relations, node, seen.windowed)
      layer = layers.windowed(layer, used, window)
    else
      layer = open_layer(layer, used, window)
    end
    local old = columns[name:lower()]
    if old and old.name ~= name then
      fail("exists", ('mutate: %s is the column %s but for its case; write "%s '
        .. '= ..." to replace it'):format(name, old.name, old.name))
    end
    for _, group in ipairs(window) do
      if old and old.name == group then
        fail("invalid", ("mutate: rows are grouped by %s, which stays as it "
          .. "is"):format(group))
      end
    end
    local column = new_column(name, tree, kind)
    local list = {}
    for i, c in ipairs(columns) do list[i] = c == old and column or c end
    if not old then list[#list + 1] = column end
    columns = index(list)
    local place = #layer.outputs + 1
    for i, output in ipairs(layer.outputs) do
      if old and output.name == old.name then place = i end
    end
    layer.outputs[place] = { name = column.name, tree = tree }
  end
  return derive(node, { layer = layer, columns = columns, group = false })
end

--- relation:by("COL", ...) -> groups
-- Groups the rows for the one verb that follows: summarise, count, mutate,
-- where, head or expect; what that gives is not grouped any more. Groups come
-- in the order of levels.
--
--   > demo.adsl:by "TRT01P":count()
--      TRT01P     n
--   1  Placebo    8
--   2  CYT107 LF  8
--   3  CYT107 HF  8
--     SIMULATED DATA
--
-- See also: relation:summarise, relation:count, relation:mutate, relation:head.
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
      column = name, user = true }
  end
  for _, item in ipairs(items) do
    local name, rest = expression.definition(who, item)
    if not name then
      local quoted = quoting.definition(item)
      fail("invalid", ("%s: '%s' is no \"NAME = aggregate\"%s"):format(who,
        tostring(item), quoted ~= "" and quoted
          or type(item) == "string" and "; write \"m = " .. item .. "\"" or ""))
    end
    for _, column in ipairs(columns) do
      if column.name:lower() == name:lower() then
        fail("exists", ("%s: %s twice"):format(who, name))
      end
    end
    local tree = expression.parse(who, rest, nil, node.columns)
    local kind, _, _, seen = expression.check(who, tree, node.columns,
      { aggregates = true, group = inside })
    if seen.ordered then layer.source = layers.numbered(node.layer) end
    columns[#columns + 1] = new_column(name, tree, kind)
    layer.outputs[#layer.outputs + 1] = { name = name, tree = tree }
  end
  return derive(node, { layer = layer, columns = index(columns),
    group = false, bytes = who ~= "distinct" and group,
    key = #group > 0 and group or nil })
end

--- relation:summarise("NEW = aggregate", ...) -> relation
-- One row per group of by(), or one in all. Aggregates: count(*), count(x),
-- sum, mean, median, quantile(x, p) (type 2), min, max, stddev, variance,
-- geomean, geosd, group_concat; first(x), last(x) and nth(x, k), of the rows in
-- their order. `filter (where condition)` may follow one. Missing values are
-- left out, but by first, last and nth, which give what stands in that row;
-- sums are compensated and equal to describe().
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
      sql = level_order(column, column.name), column = column.name,
      desc = desc, user = true }
  end
  table.move(before, 1, #before, #hidden + 1, hidden)
  layer.hidden, layer.sorted = hidden, true
  return derive(node, { layer = layer, bytes = false })
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
-- Tables of a study take the order of TRT01P from TRT01PN, of AVISIT from AVISITN,
-- when they are imported or stored; frames of read() do not.
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
    if column.type == "real"
        and not (column.origin and column.origin:empty()) then
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

require "trialsh.relation.choose"(relations, verbs)
require "trialsh.relation.rules"(relations, verbs)
require "trialsh.relation.combine"(relations, verbs)
require "trialsh.relation.detect"(relations, verbs)
for _, name in ipairs { "study_day", "visits", "baseline", "change", "ranges",
    "convert", "grade", "populations", "exposure", "emergent",
    "time_to", "days_free", "auc", "carry", "sofa" } do
  require("trialsh.derive." .. name)(relations, verbs)
end

return verbs

end
