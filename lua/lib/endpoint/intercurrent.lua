-- Intercurrent events: what an endpoint does about what happens after
-- randomisation and changes what a value means (ICH E9 (R1)). The trial
-- declares the events and where their dates are; each endpoint has a strategy
-- for each of them, its own or the trial's.
--
-- An event counts from its day on: a value of the same day was measured before
-- "hypothetical" and "while alive" look, but "composite" takes the event.

local expression = require "trialsh.expression"
local relation = require "trialsh.relation"
local trial_module = require "trialsh.trial"
local analysis = require "trialsh.analysis"
local missing = require "trialsh.endpoint.missing"
local errors = require "ts.error"

local fail = errors.fail
local nearest = trial_module.nearest

local M = {}

local SUBJECT = "USUBJID"

local function read_one(e, event, given, problems)
  local definition = require "trialsh.endpoint.definition"
  local out = { name = event.name, label = event.label, table = event.table,
    date = event.date }
  local strategy = type(given) == "table" and given[1] or given
  local word = type(strategy) == "string"
    and definition.word(strategy, trial_module.strategies)
  if not word then
    problems:add("intercurrent", type(strategy) == "string" and strategy
      or event.name, "%s: no strategy %s%s", event.name, tostring(strategy),
      nearest(strategy, trial_module.strategies, "there are"))
    return
  elseif word == "principal stratum" then
    problems:add("intercurrent", strategy, "%s: principal stratum is not there "
      .. "yet: it needs sace", event.name)
    return
  end
  for key, value in pairs(type(given) == "table" and given or {}) do
    if key ~= 1 and (word ~= "composite" or out.column
      or type(key) ~= "string") then
      problems:add("intercurrent", strategy, "%s: { \"composite\", AVAL = 24 } "
        .. "gives the event a value, %s is in its place", event.name,
        tostring(key))
    elseif key ~= 1 and type(value) ~= "number" then
      problems:add("intercurrent", strategy, "%s: %s is a %s, a number is "
        .. "needed", event.name, key, type(value))
    elseif key ~= 1 then
      out.column, out.value = key, value
    end
  end
  out.strategy = word
  return out
end

--- intercurrent.read(endpoint, trial, problems): fills in e.events, the
-- trial's with the strategy of each: { name, label, strategy, date, column,
-- value }.
function M.read(e, t, problems)
  local given = e.intercurrent or {}
  e.events = {}
  if e.definition.intercurrent ~= nil and not e.intercurrent then return end
  local names = trial_module.names(t.intercurrent)
  for _, key in ipairs(require "trialsh.endpoint.definition".sorted(given)) do
    if #names == 0 then
      problems:add("intercurrent", nil, "the trial declares no intercurrent "
        .. "events, so there is no %s", tostring(key))
    elseif not t.intercurrent[key] then
      problems:add("intercurrent", type(key) == "string" and key or nil,
        "no intercurrent event %s%s", tostring(key),
        nearest(key, names, "there are"))
    end
  end
  for _, event in ipairs(t.intercurrent) do
    local strategy = given[event.name] or event.strategy
    if strategy == nil then
      problems:add(e.definition.intercurrent and "intercurrent" or nil, nil,
        "no strategy for %s, and the trial has none; intercurrent = { %s = "
        .. '"composite" }, or another of %s', event.name, event.name,
        table.concat(trial_module.strategies, ", "))
    else
      e.events[#e.events + 1] = read_one(e, event, strategy, problems)
    end
  end
end

-- The events with one of these strategies, in the trial's order.
local function with(e, ...)
  local list = {}
  for _, event in ipairs(e.events or {}) do
    for _, strategy in ipairs { ... } do
      if event.strategy == strategy then list[#list + 1] = event end
    end
  end
  return list
end

-- Days -----------------------------------------------------------------------------

local function day_column(event) return "day of " .. event.name end

-- Day 1 is the reference of ADaM: the first dose, else randomisation.
local function reference(columns)
  for _, name in ipairs { "TRTSDT", "RANDDT" } do
    if columns[name:lower()] then return name end
  end
end

local function day(from, date)
  return ('days("%s", "%s") + (days("%s", "%s") >= 0)'):format(from, date, from,
    date)
end

-- The days of events, of adsl's subjects.
local function days_of_events(s, events)
  local r = s.adsl
  local columns = relation.node_of(r).columns
  local from = reference(columns)
  local select, new = { SUBJECT }, {}
  for _, event in ipairs(events) do
    if not event.date then
      fail("invalid", ("the trial says no date of %s: { \"%s\", \"label\", "
        .. "\"adsl\", date = \"DTHDT\" }"):format(event.name, event.name))
    end
    relation.find("intercurrent", columns, event.date)
    if not from then
      fail("not found", "adsl has neither TRTSDT nor RANDDT, from which days "
        .. "are counted")
    end
    new[#new + 1] = ('"%s" = %s'):format(day_column(event), day(from,
      event.date))
    select[#select + 1] = day_column(event)
  end
  return r:mutate(table.unpack(new)):select(table.unpack(select))
end

-- The same, kept until the study changes.
local function event_days(s, events)
  local inner, names = require "trialsh.study".inner(s), {}
  local generation, kept = inner:generation(), inner.event_days
  if not kept or kept.generation ~= generation then
    kept = { generation = generation, days = {} }
    inner.event_days = kept
  end
  for i, event in ipairs(events) do
    names[i] = ("%s %s"):format(event.name, tostring(event.date))
  end
  local key = table.concat(names, "\n")
  kept.days[key] = kept.days[key] or days_of_events(s, events)
  return kept.days[key]
end

-- r with what each subject has once. Where USUBJID is the key of adsl that needs
-- no question to the data.
local function join_subjects(s, r, once)
  local joined = r:join(once, SUBJECT)
  local key = relation.node_of(s.adsl).key
  if key and #key == 1 and key[1] == SUBJECT then
    for _, check in ipairs(relation.node_of(joined).checks) do
      if check.right == relation.node_of(once) then check.checked = true end
    end
  end
  return joined
end

-- The rows with the day on which they were measured, or began, if they tell.
local function with_day(s, r)
  local columns = relation.node_of(r).columns
  for _, name in ipairs { "ADY", "ASTDY" } do
    if columns[name:lower()] then
      return r:mutate(('"day of value" = %s'):format(name)), true
    end
  end
  local date = columns.adt and "ADT" or columns.astdt and "ASTDT"
  local from = reference(relation.node_of(s.adsl).columns)
  if not date or not from then return r, false end
  if not columns[from:lower()] then
    r = join_subjects(s, r, s.adsl:select(SUBJECT, from))
  end
  return r:mutate(('"day of value" = %s'):format(day(from, date))), true
end

-- Rows ------------------------------------------------------------------------------

--- intercurrent.rows(study, endpoint, rows [, silent]) -> rows, words
-- Without those after an event whose strategy is hypothetical or while alive;
-- times to events are what the study made them. The words count them.
function M.rows(s, e, r, silent)
  local events = with(e, "hypothetical", "while alive")
  if #events == 0 or analysis.find(e.method).survival then return r end
  local dated, known = with_day(s, r)
  if not known then
    for _, event in ipairs(events) do
      if event.name ~= "death" then -- nothing is measured after death
        fail("not found", ("%s: %s needs the day of a value, ADY or ADT, which "
          .. "the rows have not"):format(event.name, event.strategy))
      end
    end
    return r
  end
  dated = join_subjects(s, dated, event_days(s, events))
  local out = {}
  for i, event in ipairs(events) do
    out[i] = ('coalesce("day of value" > "%s", 0) = 0'):format(
      day_column(event))
  end
  local condition = table.concat(out, " and ")
  local kept = dated:where(condition)
  local n = silent and 0 or relation.count_rows(relation.node_of(
    dated:where(("not (%s)"):format(condition))), true)
  if n == 0 then return kept end
  local names = {}
  for i, event in ipairs(events) do names[i] = event.name end
  return kept, ("%d value%s after %s not used"):format(n, n == 1 and "" or "s",
    table.concat(names, " or "))
end

-- Values ----------------------------------------------------------------------------

-- The last day that counts as this visit, or as the last of several, and the
-- day that is meant.
local function days_of(e, at)
  local last, meant
  for _, name in ipairs(at.visits or { at.visit }) do
    local visit = e.trial.visits[name] or {}
    local window = visit.window or {}
    local to = window[2] or window.upto or visit.day
    if to and (not last or to > last) then last, meant = to, visit.day end
  end
  return last, meant
end

-- Whether the event came by the visit: on or before the day of the value; where
-- that is not known the day that is meant; where there is no value, the last day
-- of the visit. With no visit: where there is no value.
local function came(event, e, at, dated, name)
  local column, last, meant = day_column(event), days_of(e, at)
  if not last then
    return ('"%s" is not null and "%s" is null'):format(column, name)
  end
  local by = at.visits and ("%d"):format(last)
    or ('iif("%s" is null, %d, %s)'):format(name, last,
      dated and '"day of value"' or ("%d"):format(meant))
  return ('coalesce("%s" <= %s, 0) = 1'):format(column, by)
end

-- What the variable is when the column has that value: of a change the
-- subject's own baseline counts.
local function value_of(s, e, at, event, set)
  local base = s[set.table_of(e, at.parameter)]
  local columns = relation.node_of(base).columns
  if e.variable ~= "any" and e.variable ~= "count" then
    relation.find(event.name .. ": composite", columns, event.column)
  end
  if at.parameter and columns.paramcd then
    base = base:where { PARAMCD = at.parameter }
  end
  local value = ("%.17g"):format(event.value)
  if event.column ~= "AVAL" or not columns.base then
    base = base:by(SUBJECT):summarise("_rows = count(*)")
      :mutate(('"%s" = %s'):format(event.column, value))
  else
    base = base:by(SUBJECT):summarise "BASE = max(BASE)"
      :mutate("AVAL = " .. value, "CHG = AVAL - BASE",
        "PCHG = 100 * (AVAL - BASE) / BASE", "R2BASE = AVAL / BASE")
  end
  local r, names = set.response(base, e)
  local new = "value of " .. event.name
  return r:select(SUBJECT, ('"%s" = "%s"'):format(new, names[1])), new
end

--- intercurrent.dated(study, endpoint, rows) -> rows, known: with their days
-- where composite events ask for them.
function M.dated(s, e, r)
  if #with(e, "composite") == 0 then return r, false end
  return with_day(s, r)
end

-- The value of the variable for a subject with the event, as SQL; "worst rank"
-- where it is to be worse than all.
local function composite(s, e, at, event, what, set, data)
  if event.value then
    local values, name = value_of(s, e, at, event, set)
    return join_subjects(s, data, values), ('"%s"'):format(name)
  elseif what == "condition" then
    return data, "0"
  elseif what == "any" or what == "count" then
    fail("invalid", ("%s is composite: { \"composite\", %s = 1 } says how it "
      .. "counts beside %s of the rows"):format(event.name, what, what))
  end
  if not missing.ranks[e.method] then
    fail("invalid", ("%s: composite: which value? %s takes numbers: { "
      .. '"composite", AVAL = 0 }; tests of ranks have a worst rank'):format(
        event.name, e.method))
  end
  return data, "worst rank"
end

--- intercurrent.check(study, endpoint, at, what, set): raises what values()
-- would; what is that of the variable.
function M.check(s, e, at, what, set)
  local events = with(e, "composite")
  if what == "survival" then events = {} end
  for _, event in ipairs(events) do
    if analysis.find(e.method).repeated then
      fail("invalid", ("%s: composite is for one value per subject, not for %s")
        :format(event.name, e.method))
    end
    composite(s, e, at, event, what, set, s.adsl:select(SUBJECT))
  end
  table.move(with(e, "while alive", "hypothetical"), 1, 99, #events + 1, events)
  for _, event in ipairs(events) do
    if event.name ~= "death" or event.strategy == "composite" then
      event_days(s, { event })
    end
  end
end

-- Of each event when it counts, as SQL: it came by the visit, and none that the
-- trial declares before it did. Of several it is found before any of them changes
-- a value.
local function conditions(events, e, at, data, dated, name)
  if #events == 1 then
    return data, { came(events[1], e, at, dated, name) }
  end
  local new, out = {}, {}
  for i, event in ipairs(events) do
    local flag = ('"day of %s came"'):format(event.name)
    new[i] = ("%s = coalesce(%s, 0)"):format(flag, came(event, e, at, dated,
      name))
    out[i] = flag .. " = 1"
    for j = 1, i - 1 do
      out[i] = ('%s and "day of %s came" = 0'):format(out[i], events[j].name)
    end
  end
  return data:mutate(table.unpack(new)), out
end

--- intercurrent.values(study, endpoint, at, data, response, dated, set)
-- -> data, words, name of a column that is 1 for the worst rank
-- Puts what composite events count as into the response, of several that of the
-- one that the trial declares first; set is trialsh.endpoint.set, response { name,
-- what }.
function M.values(s, e, at, data, response, dated, set)
  local events, words, worst = with(e, "composite"), {}, nil
  if #events == 0 or response.what == "survival" then return data, words end
  data = join_subjects(s, data, event_days(s, events))
  local when_of
  data, when_of = conditions(events, e, at, data, dated, response.name)
  for i, event in ipairs(events) do
    local value, when = nil, when_of[i]
    data, value = composite(s, e, at, event, response.what, set, data)
    local n = #data:where(when)
    if value == "worst rank" then
      worst = worst or "worst rank"
      local old = #words > 0 and relation.node_of(data).columns["worst rank"]
        and '"worst rank"' or "0"
      data = data:mutate(('"worst rank" = iif(coalesce(%s, 0), 1, %s)')
        :format(when, old))
    else
      data = data:mutate(('"%s" = iif(coalesce(%s, 0), %s, "%s")')
        :format(response.name, when, value, response.name))
    end
    if n > 0 then
      words[#words + 1] = ("%d subject%s with %s counted as %s"):format(n,
        n == 1 and "" or "s", event.name, value == "worst rank" and "the worst"
          or event.value and ("%s = %s"):format(event.column,
            require "ts.text".number(event.value)) or "nonresponders")
    end
  end
  return data, words, worst
end

--- intercurrent.is_mine(name): whether a column is one by which events are found
-- here, and no analysis reads it.
function M.is_mine(name)
  return name == "worst rank" or name:find "^day of " ~= nil
end

--- intercurrent.words(event) -> "death: composite (AVAL = 24)"
function M.words(event)
  return ("%s: %s%s"):format(event.name, event.strategy, event.value
    and (" (%s = %s)"):format(event.column,
      require "ts.text".number(event.value)) or "")
end

return M
