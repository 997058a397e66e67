-- The verb auc: what a series of values comes to between two days, as a
-- parameter of its own.

local fail = require "ts.error".fail
local options = require "trialsh.options"
local nodes = require "trialsh.relation.nodes"
local common = require "trialsh.derive.common"
local rows = require "trialsh.derive.rows"

local quote, literal = common.quote, common.literal

local RULES = { "AUC", "time-weighted mean", "AUC above baseline", "maximum",
  "minimum", "time of maximum" }
local DTYPES = { AUC = "AUC", ["time-weighted mean"] = "TWM",
  ["AUC above baseline"] = "AUC", maximum = "MAXIMUM", minimum = "MINIMUM",
  ["time of maximum"] = "TMAX" }

-- The verb is added to those that are there.
return function(relations, verbs)

-- Days as a scale: day -1 is one day before day 1.
local function scale(day)
  if type(day) == "number" then return day > 0 and day - 1 or day end
  return ("(%s - (%s > 0))"):format(day, day)
end

-- The values that count, with "auc: t" and the end "auc: b" of each subject.
local function points(node, opt)
  local made = verbs.where(node, ("PARAMCD = %s and AVAL is not null and %s is "
    .. "not null%s"):format(literal(opt.parameter), quote(opt.day), opt.where
    and " and (" .. opt.where .. ")" or ""))
  made = common.tell(made, verbs.where(node, ("PARAMCD = %s and AVAL is not null "
    .. "and %s is null"):format(literal(opt.parameter), quote(opt.day))),
    ("auc: %%d value%%s without %s left out"):format(
    common.said(opt.day)))
  local limit = ("%d"):format(scale(opt.upto))
  if opt.death then
    limit = ("min(%s, coalesce(days(%s, %s), %s))"):format(limit,
      quote(opt.origin), quote(opt.death), limit)
  end
  made = verbs.mutate(made, ('"auc: t" = %s'):format(scale(quote(opt.day))),
    ('"auc: b" = %s'):format(limit))
  local group = { "USUBJID", "auc: t" }
  local twice = common.doubled(verbs, verbs.mutate(made, '"auc: one" = 1'),
    group, "auc: one")
  made = common.refuse(made, twice, common.shown(made, { "USUBJID", opt.day },
    "ADT", "AVAL"), "auc: two values of one day: %s; where = \"ANL01FL = 'Y'\" "
    .. "or another condition chooses")
  if common.has(made, "BLQFL") and not opt.blq then
    made = common.refuse(made, verbs.where(made, "BLQFL = 'Y'"),
      common.shown(made, { "USUBJID", opt.day }, "AVAL"), "auc: values below "
      .. 'their limit: %s; blq = "limit", "half" or "zero" says what they are')
  end
  local value = "AVAL"
  if opt.blq and common.has(made, "BLQFL") then
    value = ("case when BLQFL = 'Y' then AVAL * %s else AVAL end"):format(
      ({ limit = "1", half = "0.5", zero = "0" })[opt.blq])
  end
  return verbs.order(verbs.mutate(made, '"auc: v" = ' .. value), "auc: t")
end

-- The part of the way from the value before to this one that lies between the
-- ends, by the linear rule or, falling, along an exponential.
local function segments(node, opt)
  local a = ("%d"):format(scale(opt.from))
  local made = verbs.mutate(verbs.by(node, "USUBJID"),
    '"auc: t0" = lag("auc: t")', '"auc: v0" = lag("auc: v")')
  made = verbs.mutate(made,
    ('"auc: p" = max("auc: t0", %s)'):format(a),
    '"auc: q" = min("auc: t", "auc: b")',
    '"auc: w" = case when "auc: q" > "auc: p" then "auc: q" - "auc: p" end',
    ('"auc: in" = "auc: t" >= %s and "auc: t" <= "auc: b"'):format(a))
  local function at(x)
    return ('("auc: v0" + ("auc: v" - "auc: v0") * (%s - "auc: t0") / '
      .. '("auc: t" - "auc: t0"))'):format(x)
  end
  local area = ("%s * (%s + %s) / 2"):format('"auc: w"', at '"auc: p"',
    at '"auc: q"')
  if opt.method ~= "linear" then
    local slope = '((ln("auc: v") - ln("auc: v0")) / ("auc: t" - "auc: t0"))'
    local function on(x)
      return ('"auc: v0" * exp(%s * (%s - "auc: t0"))'):format(slope, x)
    end
    area = ('case when "auc: v" > 0 and "auc: v0" > "auc: v" then (%s - %s) / '
      .. "%s else %s end"):format(on '"auc: q"', on '"auc: p"', slope, area)
  end
  return verbs.mutate(made, ('"auc: area" = case when "auc: w" is not null '
    .. "then %s end"):format(area))
end

-- What the segments of a subject come to, as SQL of aggregates.
local function totals(opt)
  local a = ("%d"):format(scale(opt.from))
  local inside = 'filter (where "auc: in")'
  local area, width = 'coalesce(sum("auc: area"), 0)',
    'coalesce(sum("auc: w"), 0)'
  local value
  if opt.rule == "maximum" or opt.rule == "minimum" then
    return ('%s("auc: v") %s'):format(opt.rule:sub(1, 3), inside)
  elseif opt.rule == "time of maximum" then
    return "null + 0" -- joined from the row that has it
  end
  if opt.ends == "carry" then
    area = ('%s + first("auc: v") * max(0, min(min("auc: t"), max("auc: b")) - '
      .. '%s) + last("auc: v") * max(0, max("auc: b") - max(max("auc: t"), %s))')
      :format(area, a, a)
    width = ('max("auc: b") - %s'):format(a)
  end
  if opt.rule == "AUC" then
    value = ("case when %s > 0 then %s end"):format(width, area)
  elseif opt.rule == "AUC above baseline" then
    value = ("case when %s > 0 then %s - max(BASE) * (%s) end"):format(width,
      area, width)
  else
    value = ('case when %s > 0 then (%s) / (%s) else first("auc: v") %s end')
      :format(width, area, width, inside)
  end
  if opt.ends == "missing" then
    value = ('case when min("auc: t") <= %s and max("auc: t") >= max("auc: b") '
      .. "then %s end"):format(a, value)
  end
  return value
end

-- The rows of the new parameter, like the last row that each rests on.
local function summary(node, made, opt)
  local trial = node.trial or node.study and node.study:trial()
  local p = trial and trial.parameters[opt.as]
  local inside = 'filter (where "auc: in")'
  local items = { PARAMCD = literal(opt.as), AVAL = totals(opt),
    DTYPE = literal(DTYPES[opt.rule]),
    PARAM = literal(opt.label or p and p.label or opt.as) }
  for _, name in ipairs { "BASE", "BBLQFL", "BNRIND", "BTOXGRL", "BTOXGRH",
      "BTOXGR" } do
    items[name] = ("first(%s)"):format(name)
  end
  local gone = { AVISIT = true, AVISITN = true }
  for _, name in ipairs(rows.measured) do gone[name] = true end
  if opt.rule == "AUC" or opt.rule == "AUC above baseline" then
    items.UNIT = ("last(UNIT) %s || '*day'"):format(inside)
  elseif opt.rule == "time of maximum" then
    items.UNIT = "'day'"
    items.AVAL = ('min(%s) filter (where "auc: in" and "auc: top")'):format(
      quote(opt.day))
  end
  if common.has(node, "ANL01FL") then items.ANL01FL = "'Y'" end
  local group = { "USUBJID" }
  if opt.rule == "time of maximum" then
    made = verbs.mutate(verbs.by(made, "USUBJID"),
      ('"auc: high" = max("auc: v") %s'):format(inside))
    made = verbs.mutate(made, '"auc: top" = "auc: v" = "auc: high"')
  end
  made = verbs.where(verbs.mutate(verbs.by(made, "USUBJID"),
    '"auc: n" = count(*) ' .. inside), '"auc: n" > 0')
  local out = rows.of(verbs, made, group, items, function(column, x)
    if gone[column.name] then
      return column.type == "text" and "nullif(max(''), '')"
        or "max(null + 1)"
    end
    return ("last(%s) %s"):format(x, inside)
  end)
  local names = {}
  for i, column in ipairs(node.columns) do names[i] = column.name end
  return verbs.select(out, table.unpack(names))
end

--- relation:auc(opt) -> relation
-- What the values of a parameter come to between two days, added as rows of a
-- parameter of its own, one per subject, with DTYPE AUC, TWM, MAXIMUM, MINIMUM or
-- TMAX. Such a row is like the last one that it rests on, but for what belongs to
-- a single measurement; BASE is that of the parameter. Whoever has no value in
-- these days has no row. There is no day 0: from day -1 to 1 is one day.
--   parameter  "ALC";  as  "ALCTWM", its code;  label  that of the trial
--   from, upto  the first and the last day (also written to = 42)
--   rule    "AUC", "time-weighted mean" (default: AUC over time), "AUC above
--           baseline", "maximum", "minimum", "time of maximum" (its day)
--   method  "linear" (default), or "linear up log down": falling values follow an
--           exponential. Values at both ends are interpolated
--   ends    where no value lies at or beyond an end: "observed" (default) takes
--           the time between the first and the last one, "carry" holds these up
--           to the ends, "missing" gives no value
--   death   "DTHDT": a column with a date after which no time counts; it is a
--           day of the study by origin, "TRTSDT"
--   blq     what values below their limit (BLQFL) are: "limit", "half" or "zero";
--           without it they are an error
--   where   "condition": which values count;  day  "ADY"
--
--   > alc = demo.adlb:where "PARAMCD = 'ALC'":select("USUBJID", "PARAMCD", "ADY", "AVAL")
--   > alc:auc { parameter = "ALC", as = "ALCTWM", from = 1, upto = 29 }:where "PARAMCD = 'ALCTWM'":head(2)
--      USUBJID   PARAMCD  ADY      AVAL  DTYPE
--   1  DEMO-001  ALCTWM    28  1539.352  TWM
--   2  DEMO-002  ALCTWM    27   810.346  TWM
--     SIMULATED DATA
--
-- See also: relation:carry, relation:visits.
function verbs.auc(node, opt)
  nodes.no_group(node, "auc")
  if type(opt) == "table" and opt.to ~= nil and opt.upto == nil then
    local copy = {}
    for key, value in pairs(opt) do copy[key == "to" and "upto" or key] = value end
    opt = copy
  end
  opt = options("auc", opt, { parameter = { "string" }, as = { "string" },
    label = { "string" }, from = { "integer" }, upto = { "integer" },
    rule = { RULES, "time-weighted mean" },
    method = { { "linear", "linear up log down" }, "linear" },
    ends = { { "observed", "carry", "missing" }, "observed" },
    death = { "string" }, origin = { "string", "TRTSDT" },
    blq = { { "limit", "half", "zero" } }, where = { "string" },
    day = { "string", "ADY" } })
  for _, key in ipairs { "parameter", "as", "from", "upto" } do
    if opt[key] == nil then
      fail("invalid", ('auc: no %s; auc { parameter = "ALC", as = "ALCTWM", from '
        .. "= 1, upto = 42 }"):format(key))
    end
  end
  if opt.from == 0 or opt.upto == 0 or opt.from >= opt.upto then
    fail("invalid", ("auc: from day %d to day %d is no time; there is no day 0")
      :format(opt.from, opt.upto))
  end
  for _, name in ipairs { "USUBJID", "PARAMCD", "AVAL" } do
    common.need("auc", node, name)
  end
  opt.day = common.need("auc", node, opt.day, "study_day comes before").name
  if opt.death then
    common.need("auc", node, opt.death)
    common.need("auc", node, opt.origin, "origin = names the date of day 1")
  end
  if opt.rule == "AUC above baseline" then
    common.need("auc", node, "BASE", "baseline comes before")
  end
  local there = relations.distinct_values(node, node.columns.paramcd)
  local known = {}
  for _, code in ipairs(there) do known[code] = true end
  local trial = node.trial or node.study and node.study:trial()
  if not known[opt.parameter]
      and not (trial and trial.parameters[opt.parameter]) then
    local near = require "ts.text".nearest(opt.parameter, there)
    fail("not found", ("auc: no parameter %s%s"):format(opt.parameter, near
      and "; nearest: " .. near or ""))
  elseif known[opt.as] then
    fail("exists", ("auc: there is a parameter %s already"):format(opt.as))
  end
  if not common.has(node, "DTYPE") then
    node = verbs.mutate(node, "DTYPE = nullif('', '')")
  end
  local made = segments(points(node, opt), opt)
  return verbs.union(node, relations.of_base(summary(node, made, opt)))
end

end
