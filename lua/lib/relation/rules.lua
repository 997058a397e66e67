-- What should hold for rows: key, expect, expect_visits. A rule goes with the
-- relation and is judged where its rows are read or stored (check.lua).
--   rule   kind, rule (what findings call it), node (whose rows it is about),
--          and what its kind needs

local fail = require "ts.error".fail
local text = require "ts.text"
local expression = require "trialsh.expression"
local calls = require "trialsh.expression.calls"
local options = require "trialsh.options"
local find = require "trialsh.relation.columns".find
local layers = require "trialsh.relation.layers"
local nodes = require "trialsh.relation.nodes"

local derive, no_group, joined = nodes.derive, nodes.no_group, nodes.joined

-- relations.is and relations.node_of come from trialsh.relation; the verbs are
-- added to those that are there.
return function(relations, verbs)

--- relation:key("COL", ...) -> relation
-- Columns that name a row: never missing and never twice, or reading the rows
-- (to print, count, compute, export or store them) is an error that shows the
-- first that breaks it.
--
--   > #demo.adsl:key "USUBJID":collect()
--   24
--
-- See also: relation:expect, relation:join.
function verbs.key(node, ...)
  no_group(node, "key")
  local key = {}
  for i, name in ipairs { ... } do
    key[i] = find("key", node.columns, name).name
  end
  if #key == 0 then fail("invalid", "key: no columns") end
  return derive(node, { key = key, rules = joined(node.rules, { {
    kind = "key", rule = table.concat(key, " "), node = node, key = key } }) })
end

--- relation:expect("condition", ...) -> relation
-- What should hold for every row: ranges, allowed values, dates in order. A
-- warning says for how many rows it does not when they are first read; nothing
-- stops. A condition that a missing value leaves open is not broken. After by()
-- it may look at the other rows of the group, as in mutate. Where a relation that carries rules is
-- stored, s.NAME = relation, what they find is kept: see study:findings.
--
--   > #demo.adsl:expect("AGE between 18 and 100", "SEX in ('F', 'M')"):collect()
--   24
--
--   > visits = demo.adlb:where "PARAMCD = 'ALC'":by "USUBJID"
--   > #visits:expect("ADY > lag(ADY)"):collect()
--   87
--
-- See also: relation:key, relation:expect_visits, study:findings.
function verbs.expect(node, ...)
  local rules = {}
  for i, condition in ipairs { ... } do
    local tree = expression.parse("expect", condition, nil, node.columns)
    local kind, used, _, seen = expression.check("expect", tree, node.columns,
      { windows = true })
    if kind == "text" then
      fail("type", ("expect: '%s' is a text, no condition"):format(condition))
    elseif seen.windowed then
      nodes.note_subjects(relations, node, seen.windowed)
    else
      no_group(node, ("expect \"%s\""):format(condition))
    end
    rules[i] = { kind = "expect", rule = condition, node = node, used = used,
      calls = calls(tree),
      layer = layers.judged(node.layer, used, node.group or {}, tree).source }
  end
  if #rules == 0 then
    fail("invalid", 'expect: no condition; "AGE between 18 and 100"')
  end
  return derive(node, { rules = joined(node.rules, rules), group = false })
end

-- The visits that are expected: { name, day or nil }, ... from the option, the
-- trial, or the levels of the column.
local function expected(node, column, given)
  local trial = node.study and node.study:trial()
  local declared = trial and #trial.visits > 0 and trial.visits
  local known = {}
  for i, visit in ipairs(declared or {}) do known[i] = visit.name end
  if #known == 0 then known = column.levels or {} end
  if given == nil then given = known end
  if type(given) == "string" then given = { given } end
  if type(given) ~= "table" or #given == 0 then
    fail("not found", ("expect_visits: no visits; the trial has none and %s no "
      .. 'levels: { visits = { "Day 8", "Day 29" } } names them'):format(
      column.name))
  end
  local there, list = {}, {}
  for _, name in ipairs(known) do there[name] = true end
  for i, visit in ipairs(given) do
    local name, day = visit, nil
    if type(visit) == "table" then name, day = visit[1], visit[2] end
    if type(name) ~= "string" or day ~= nil and type(day) ~= "number" then
      fail("type", 'expect_visits: visits are names, "Day 29", or names with '
        .. 'their day, { "Day 29", 29 }')
    elseif #known > 0 and not there[name] then
      local near = text.nearest(name, known)
      fail("not found", ("expect_visits: no visit '%s'%s"):format(name,
        near and "; nearest: " .. near or "; there are "
          .. table.concat(known, ", ")))
    end
    local entry = declared and declared[name]
    list[i] = { name = name, day = day or entry and entry.day }
  end
  return list
end

-- Which of the columns of by are those of the subjects' relation.
local function split_by(node, subjects, given)
  if type(given) == "string" then given = { given } end
  if type(given) ~= "table" or #given == 0 then
    fail("type", "expect_visits: by is a column or a list of columns")
  end
  local by, own = {}, 0
  for i, name in ipairs(given) do
    by[i] = find("expect_visits", node.columns, name).name
    if subjects.columns[by[i]:lower()] then own = own + 1 end
  end
  if own == 0 then
    fail("not found", ("expect_visits: the subjects have no column %s"):format(
      table.concat(by, ", ")))
  end
  return by
end

--- relation:expect_visits([subjects] [, opt]) -> relation
-- That each subject has a row for each visit: of the subjects in the relation
-- itself, or of all in another, s.adsl. A warning says how many are missing;
-- study:findings lists them once the relation is stored.
--   by       "USUBJID", or a list: { "USUBJID", "PARAMCD" } expects every visit
--            of each parameter that occurs
--   visits   those of the trial, else the levels of the column; { "Day 8",
--            "Day 29" }, or with their day, { { "Day 29", 29 } }
--   column   "AVISIT", where the visits stand
--   upto     a column with the last day of a subject, "LSTDY": visits whose day
--            is later are not expected; missing expects them all
--
--   > alc = demo.adlb:where { PARAMCD = "ALC" }
--   > #alc:expect_visits(demo.adsl, { visits = { "Baseline", "Day 8" } }):collect()
--   87
--
-- See also: relation:expect, study:findings.
function verbs.expect_visits(node, subjects, opt)
  no_group(node, "expect_visits")
  if subjects ~= nil and not relations.is(subjects) then
    if opt ~= nil or type(subjects) ~= "table" then
      fail("type", "expect_visits: the subjects are a relation or a frame, not "
        .. "a " .. type(subjects))
    end
    subjects, opt = nil, subjects
  end
  opt = options("expect_visits", opt, { by = { "any", "USUBJID" },
    visits = { "any" }, column = { "string", "AVISIT" }, upto = { "string" } })
  local of = subjects and relations.node_of(subjects) or node
  if subjects then nodes.same_study("expect_visits", node, of) end
  no_group(of, "expect_visits")
  local column = find("expect_visits", node.columns, opt.column)
  local by = split_by(node, of, opt.by)
  local visits = expected(node, column, opt.visits)
  local upto = opt.upto and find("expect_visits", of.columns, opt.upto)
  if upto and upto.type ~= "real" then
    fail("type", ("expect_visits: upto is a day, a number; %s is text"):format(
      upto.name))
  end
  for _, visit in ipairs(upto and visits or {}) do
    if not visit.day then
      fail("not found", ("expect_visits: upto needs the day of %s, { \"%s\", "
        .. "29 }"):format(visit.name, visit.name))
    end
  end
  local names = {}
  for i, visit in ipairs(visits) do names[i] = visit.name end
  return derive(node, { rules = joined(node.rules, { { kind = "visits",
    rule = ("%s: %s"):format(table.concat(by, " "),
      table.concat(names, ", ")), node = node, of = subjects and of,
    by = by, column = column.name, visits = visits,
    upto = upto and upto.name } }) })
end

end
