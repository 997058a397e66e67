-- The verb time_to: of each subject, what came first and when.

local fail = require "ts.error".fail
local iso = require "trialsh.iso"
local options = require "trialsh.options"
local nodes = require "trialsh.relation.nodes"
local common = require "trialsh.derive.common"

local quote, literal = common.quote, common.literal
local NEVER = "1e9"

local spec = { from = { "string" }, horizon = { "number", least = 1 },
  event = { "table" }, competing = { "table" }, censor = { "table" } }

-- The verb is added to those that are there.
return function(relations, verbs)

-- { relation, "DATE", "what it is" }, one or a list of them.
local function sources_of(who, kind, given)
  if given == nil then return {} end
  local list = relations.is(given[1]) and { given } or given
  for i, source in ipairs(list) do
    if type(source) ~= "table" or not relations.is(source[1])
        or type(source[2]) ~= "string" or type(source[3]) ~= "string" then
      fail("type", ("%s: %s is { relation, \"DATE\", \"what it is\" }, or a list "
        .. "of them"):format(who, kind))
    end
    for key in pairs(source) do
      if math.type(key) ~= "integer" or key > 3 then
        fail("invalid", ("%s: %s has no %s"):format(who, kind, tostring(key)))
      end
    end
    list[i] = { kind = kind, relation = source[1], date = source[2],
      label = source[3] }
  end
  return list
end

local function entries_of(node, given)
  if type(given) ~= "table" or #given == 0 then
    fail("type", 'time_to { { "DEATH", "Time to death", from = "RANDDT", event '
      .. '= { s.adsl, "DTHDT", "Death" }, censor = ... } } takes a list')
  end
  local list, seen = {}, {}
  for i, entry in ipairs(given) do
    if type(entry) ~= "table" or type(entry[1]) ~= "string"
        or type(entry[2]) ~= "string" then
      fail("type", ("time_to: entry %d does not begin with its code and label")
        :format(i))
    end
    local who = "time_to " .. entry[1]
    if seen[entry[1]] then fail("exists", who .. ": twice") end
    seen[entry[1]] = true
    local named = {}
    for key, value in pairs(entry) do
      if key ~= 1 and key ~= 2 then named[key] = value end
    end
    local out = options("time_to", named, spec)
    out.code, out.label, out.who = entry[1], entry[2], who
    out.said = common.said(who)
    out.from = common.need(who, node, out.from or "TRTSDT",
      "from = names the date of day 1").name
    out.sources = {}
    for _, kind in ipairs { "event", "competing", "censor" } do
      for _, source in ipairs(sources_of(who, kind, out[kind])) do
        out.sources[#out.sources + 1] = source
      end
    end
    if not out.event then
      fail("invalid", who .. ': no event = { relation, "DATE", "what it is" }')
    elseif not out.censor then
      fail("invalid", who .. ": no censor: without the date up to which "
        .. "somebody was seen, no event is no news")
    end
    list[i] = out
  end
  return list
end

-- The name of the table that a relation begins with.
local function table_of(relation)
  local node = relations.node_of(relation)
  while node.verb do node = relations.node_of(node.parent_relation) end
  return node.name
end

-- Of one source, the first date of each subject, or the last one of censoring.
local function dates_of(entry, source, i)
  local node = relations.node_of(source.relation)
  nodes.no_group(node, entry.who)
  local id = common.need(entry.who, node, "USUBJID")
  local date = common.need(entry.who, node, source.date)
  local x = quote(date.name)
  if date.type == "text" then x = ("substr(%s, 1, 10)"):format(x) end
  local name = quote("time_to: date " .. i)
  return verbs.summarise(verbs.by(node, id.name), ("%s = %s(%s)"):format(name,
    source.kind == "censor" and "max" or "min", x))
end

-- The subjects with the dates of all sources as days, from 1 on.
local function gather(node, entry)
  local base = verbs.select(node, "USUBJID", "STARTDT = "
    .. quote(entry.from))
  if iso.kind(node.columns[entry.from:lower()].format) == "datetime" then
    base = verbs.mutate(base, "STARTDT = sasdate(substr(iso(STARTDT), 1, 10))")
  end
  local checks = node.checks
  for i, source in ipairs(entry.sources) do
    local right = dates_of(entry, source, i)
    checks = nodes.joined(checks, right.checks)
    base = nodes.derive(verbs.join(base, relations.of_base(right), "USUBJID"),
      { checks = false, rules = false, words = false })
  end
  base = nodes.derive(base, { checks = checks })
  local items = {}
  for i in ipairs(entry.sources) do
    items[#items + 1] = ('"time_to: raw %d" = days(STARTDT, "time_to: date %d") '
      .. "+ 1"):format(i, i)
    items[#items + 1] = ('"time_to: day %d" = max("time_to: raw %d", 1)'):format(
      i, i)
  end
  return verbs.mutate(base, table.unpack(items))
end

local function day(i) return ('"time_to: day %d"'):format(i) end

-- The first of the days of one kind.
local function earliest(entry, kind)
  local list = {}
  for i, source in ipairs(entry.sources) do
    if source.kind == kind then
      list[#list + 1] = ("coalesce(%s, %s)"):format(day(i), NEVER)
    end
  end
  return #list == 0 and NEVER or #list == 1 and list[1]
    or "min(" .. table.concat(list, ", ") .. ")"
end

-- A case over the sources, the first of which has that day.
local function by_source(entry, what, at, otherwise)
  local parts = { "case" }
  for i, source in ipairs(entry.sources) do
    parts[#parts + 1] = ("when %s = %s then %s"):format(day(i), at,
      literal(what(source) or ""))
  end
  return table.concat(parts, " ") .. " else " .. otherwise .. " end"
end

local function rows_of(node, entry)
  local made = gather(node, entry)
  local horizon = entry.horizon and ("%d"):format(entry.horizon) or NEVER
  made = verbs.mutate(made,
    ('"time_to: event" = %s'):format(earliest(entry, "event")),
    ('"time_to: other" = %s'):format(earliest(entry, "competing")),
    ('"time_to: last" = %s'):format(earliest(entry, "censor")),
    '"time_to: first" = nullif(min("time_to: event", "time_to: other", '
      .. '"time_to: last"), 1e9)')
  local lone = entry.horizon and literal(("Day %d"):format(entry.horizon))
    or "nullif('', '')"
  local none = "nullif('', '')"
  local is_text = node.columns[entry.from:lower()].type == "text"
  made = verbs.mutate(made, "PARAMCD = " .. literal(entry.code),
    "PARAM = " .. literal(entry.label),
    ('AVAL = min("time_to: first", %s)'):format(horizon),
    ('CNSR = case when "time_to: first" is null then null when '
      .. '"time_to: first" > %s then 1 when "time_to: event" = AVAL then 0 when '
      .. '"time_to: other" = AVAL then 2 else 1 end'):format(horizon),
    is_text and "ADT = iso(sasdate(substr(STARTDT, 1, 10)) + AVAL - 1)"
      or "ADT = STARTDT + AVAL - 1",
    ("EVNTDESC = case when CNSR is null then %s when \"time_to: first\" > %s "
      .. "then %s else %s end"):format(none, horizon, lone,
      by_source(entry, function(s) return s.label end, "AVAL", none)),
    "CNSDTDSC = case when CNSR = 1 then EVNTDESC end",
    ("SRCDOM = case when \"time_to: first\" <= %s then nullif(%s, '') end")
      :format(horizon, by_source(entry, function(s)
        local name = table_of(s.relation)
        return name and name:upper()
      end, "AVAL", none)),
    ("SRCVAR = case when \"time_to: first\" <= %s then %s end"):format(horizon,
      by_source(entry, function(s) return s.date end, "AVAL", none)))
  local early = {}
  for i, source in ipairs(entry.sources) do
    if source.kind ~= "censor" then
      early[#early + 1] = ('"time_to: raw %d" < 1'):format(i)
    end
  end
  made = common.tell(made, verbs.where(made, "STARTDT is null"), entry.said
    .. (": %%d subject%%s without %s left out"):format(
    common.said(entry.from)))
  made = common.tell(made, verbs.where(made, "STARTDT is not null and ("
    .. table.concat(early, " or ") .. ")"), entry.said
    .. ": %d subject%s with an event before day 1; it counts as of day 1")
  made = verbs.where(made, "STARTDT is not null")
  made = common.tell(made, verbs.where(made, "AVAL is null"), entry.said
    .. ": %d subject%s with neither an event nor a last date; no time")
  return verbs.select(made, "USUBJID", "PARAMCD", "PARAM", "STARTDT", "ADT",
    "AVAL", "CNSR", "EVNTDESC", "CNSDTDSC", "SRCDOM", "SRCVAR")
end

--- relation:time_to { { code, label, options }, ... } -> relation
-- Of the subjects of s.adsl, times to events: a row of USUBJID PARAMCD PARAM
-- STARTDT ADT AVAL CNSR EVNTDESC CNSDTDSC SRCDOM SRCVAR for each subject and
-- entry. The earliest of event, competing event and censoring counts, in this
-- order on one day. AVAL is in days, 1 on the day of from. CNSR is 0 for an event,
-- 1 where it was not seen up to then, 2 for a competing event.
--   from       "TRTSDT": day 1; who has none is left out, which a note counts
--   event, competing, censor  { relation, "DATE", "what it is" }, or a list of
--              them; of event and competing the first date of a subject counts,
--              of censor the last. where on the relation says what an event is
--   horizon    90: what comes later is not looked at; CNSR is 1 on that day
-- An event dated before day 1 counts as of day 1, and a note says so.
--
--   > d = demo.dm
--   > t = d:time_to { { "DEATH", "Time to death", from = "RANDDT", horizon = 28, event = { d, "DTHDT", "Death" }, censor = { d, "LSTDT", "Last seen" } } }
--   > t:select("USUBJID", "STARTDT", "ADT", "AVAL", "CNSR", "EVNTDESC"):head(3)
--      USUBJID   STARTDT     ADT         AVAL  CNSR  EVNTDESC
--   1  DEMO-001  2017-01-08  2017-02-04    28     1  Day 28
--   2  DEMO-002  2017-01-19  2017-02-15    28     1  Day 28
--   3  DEMO-003  2017-01-31  2017-02-17    18     0  Death
--     SIMULATED DATA
--
-- See also: km, relation:days_free.
function verbs.time_to(node, given)
  nodes.no_group(node, "time_to")
  node = common.subjects(verbs, "time_to", node)
  local entries, made, codes = entries_of(node, given), nil, {}
  for i, entry in ipairs(entries) do
    local rows = rows_of(node, entry)
    made = made and verbs.union(made, relations.of_base(rows)) or rows
    codes[i] = entry.code
  end
  made = common.levels(made, "PARAMCD", codes, "time_to")
  return nodes.derive(made, { key = { "USUBJID", "PARAMCD" } })
end

end
