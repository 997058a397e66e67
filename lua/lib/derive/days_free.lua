-- The verb days_free: days alive and free of something that has a begin and an
-- end, such as support of organs.

local fail = require "ts.error".fail
local options = require "trialsh.options"
local nodes = require "trialsh.relation.nodes"
local common = require "trialsh.derive.common"

local quote, literal = common.quote, common.literal

-- The verb is added to those that are there.
return function(relations, verbs)

local spec = { days = { "integer", least = 1 }, death = { "number" },
  from = { "string", "RANDDT" }, start = { "string", "STDT" },
  finish = { "string", "ENDT" }, died = { "string", "DTHDT" },
  last = { "string" }, count = { { "every day", "after the last" },
    "every day" } }

local function read(i, entry)
  if type(entry) ~= "table" or type(entry[1]) ~= "string"
      or type(entry[2]) ~= "string" or not relations.is(entry[3]) then
    fail("type", ("days_free: entry %d does not begin with its code, label and "
      .. 'relation, { "OSFD28", "Days free of organ support", s.support, days = '
      .. "28, death = -1 }"):format(i))
  end
  local who, named = "days_free " .. entry[1], {}
  for key, value in pairs(entry) do
    if math.type(key) ~= "integer" or key > 3 then named[key] = value end
  end
  local out = options("days_free", named, spec)
  out.code, out.label, out.relation, out.who = entry[1], entry[2], entry[3], who
  out.said = common.said(who)
  for _, key in ipairs { "days", "death" } do
    if not out[key] then
      fail("invalid", ("%s: no %s%s"):format(who, key, key == "death"
        and ", the value of who died, -1 or 0" or ", how many are looked at"))
    end
  end
  return out
end

-- Of each subject, the days up to the last one looked at that a period of the
-- relation covers, and the last of these.
local function covered(base, entry)
  local node = relations.node_of(entry.relation)
  nodes.no_group(node, entry.who)
  for _, key in ipairs { "start", "finish" } do
    common.need(entry.who, node, entry[key],
      key .. " = names the date of a period")
  end
  local periods = verbs.select(node, "USUBJID", '"free: a" = '
    .. quote(entry.start), '"free: b" = ' .. quote(entry.finish))
  local wrong = verbs.where(node, ("%s is null or days(%s, %s) < 0"):format(
    quote(entry.start), quote(entry.start), quote(entry.finish)))
  periods = common.refuse(periods, wrong, { "USUBJID", entry.start,
    entry.finish }, entry.said
    .. ": a period without its begin, or that ends before it: %s")
  local checks = periods.checks
  periods = nodes.derive(verbs.join(periods, relations.of_base(base), "USUBJID",
    { how = "inner" }), { checks = false, rules = false, words = false })
  local days = entry.days
  periods = verbs.mutate(periods,
    '"free: from" = max(days("free: day 1", "free: a") + 1, 1)',
    ('"free: upto" = min(coalesce(days("free: day 1", "free: b") + 1, %d), %d)')
      :format(days, days))
  periods = verbs.order(verbs.where(periods,
    '"free: from" <= "free: upto"'), "free: from")
  periods = verbs.mutate(verbs.by(periods, "USUBJID"),
    '"free: reach" = cummax("free: upto")')
  periods = verbs.mutate(verbs.by(periods, "USUBJID"),
    '"free: before" = lag("free: reach")')
  periods = verbs.mutate(periods, '"free: n" = max(0, "free: upto" - '
    .. 'max("free: from", coalesce("free: before", 0) + 1) + 1)')
  local out = verbs.summarise(verbs.by(periods, "USUBJID"),
    '"free: sum" = sum("free: n")', '"free: last" = max("free: upto")')
  return out, checks
end

local function rows_of(node, entry)
  local from = common.need(entry.who, node, entry.from,
    "from = names the date of day 1").name
  local died = common.need(entry.who, node, entry.died,
    "died = names the date of death").name
  local last = entry.last and common.need(entry.who, node, entry.last).name
    or common.has(node, "LSTDT") and "LSTDT"
  local base = verbs.select(node, "USUBJID", '"free: day 1" = ' .. quote(from))
  local sums, checks = covered(base, entry)
  local items = { "USUBJID", '"free: day 1" = ' .. quote(from),
    '"free: death" = ' .. quote(died) }
  if last then items[4] = '"free: seen" = ' .. quote(last) end
  local made = verbs.select(node, table.unpack(items))
  made = nodes.derive(verbs.join(made, relations.of_base(sums), "USUBJID"),
    { checks = nodes.joined(node.checks, checks), rules = false,
      words = false })
  local value = entry.count == "every day" and "%d - SUPPDAYS"
    or '%d - coalesce("free: last", 0)'
  made = verbs.mutate(made, "PARAMCD = " .. literal(entry.code),
    "PARAM = " .. literal(entry.label),
    'SUPPDAYS = coalesce("free: sum", 0)',
    ('"free: lost" = "free: death" is null and %s'):format(last
      and ('(days("free: day 1", "free: seen") + 1 < %d)'):format(entry.days)
      or "1 = 0"),
    ('AVAL = case when days("free: day 1", "free: death") + 1 <= %d then %s '
      .. 'when "free: lost" = 1 then null else %s end'):format(entry.days,
      entry.death, value:format(entry.days)))
  made = common.tell(made, verbs.where(made, '"free: day 1" is null'), entry.said
    .. (": %%d subject%%s without %s left out"):format(common.said(from)))
  made = verbs.where(made, '"free: day 1" is not null')
  made = common.tell(made, verbs.where(made, '"free: lost" = 1'), entry.said
    .. (": %%d subject%%s lost before day %d; no days"):format(entry.days))
  return verbs.select(made, "USUBJID", "PARAMCD", "PARAM", "AVAL", "SUPPDAYS")
end

--- relation:days_free { { code, label, relation, options }, ... } -> relation
-- Of the subjects of s.adsl, days alive and free of what the relation lists, a row
-- per period with its first and last date: USUBJID PARAMCD PARAM AVAL SUPPDAYS.
-- Day 1 is the day of from. Each day up to the last one that no period covers is
-- a free one; periods may overlap, a period without an end goes on. Who died by
-- the last day has the value of death. Who was lost to follow-up before it has
-- none, and a note counts them. SUPPDAYS is the number of days covered.
--   days    28: the days that are looked at
--   death   -1, or 0: the value of those who died
--   count   "every day" (default), or "after the last": days after the last one
--           that is covered, so that days between two periods are not free
--   from    "RANDDT";  died  "DTHDT";  last  "LSTDT", the date last seen
--   start, finish  "STDT", "ENDT": the dates of a period
--
--   > free = demo.dm:days_free { { "VFD28", "Ventilator-free days", demo.support:where { SUPPORT = "VENT" }, days = 28, death = -1 } }
--   > free:head(3)
--      USUBJID   PARAMCD  PARAM                 AVAL  SUPPDAYS
--   1  DEMO-001  VFD28    Ventilator-free days    24         4
--   2  DEMO-002  VFD28    Ventilator-free days    22         6
--   3  DEMO-003  VFD28    Ventilator-free days    -1         9
--     SIMULATED DATA
--
-- See also: relation:time_to.
function verbs.days_free(node, given)
  nodes.no_group(node, "days_free")
  if type(given) ~= "table" or #given == 0 then read(1, nil) end
  node = common.subjects(verbs, "days_free", node)
  local made, codes = nil, {}
  for i, entry in ipairs(given) do
    entry = read(i, entry)
    local rows = rows_of(node, entry)
    made = made and verbs.union(made, relations.of_base(rows)) or rows
    codes[i] = entry.code
  end
  made = common.levels(made, "PARAMCD", codes, "days_free")
  return nodes.derive(made, { key = { "USUBJID", "PARAMCD" } })
end

end
