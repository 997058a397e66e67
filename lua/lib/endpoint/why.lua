-- why(x): the subjects and rows behind a result, those left out and the reason,
-- and the script and data it was made from.

local NA = require "ts.na".NA
local errors = require "ts.error"
local text = require "ts.text"
local mark = require "trialsh.mark"
local relation = require "trialsh.relation"
local endpoints = require "trialsh.endpoint"
local trial_module = require "trialsh.trial"
local analysis = require "trialsh.analysis"
local results = require "trialsh.endpoint.results"
local hierarchy = require "trialsh.endpoint.hierarchy"
local set = require "trialsh.endpoint.set"

local fail = errors.fail

local M = {}

local SUBJECT = "USUBJID"

-- From a row to its definition -------------------------------------------------

--- why.find(x, study) -> row of s.results, the endpoint or variation that made
-- it, where it is
function M.find(x, s)
  local row = x
  if relation.is(x) and relation.node_of(x).columns.endpoint then
    if #x ~= 1 then
      fail("invalid", ("why takes one result, not %d; r:row(1) is the first of "
        .. 'them, "%s" an address'):format(#x, #x > 0 and x.endpoint[1]
          or "ALC@Day 29"))
    end
    row = x:row(1)
  elseif type(x) == "string" then
    local parsed = results.parse(x)
    if parsed.field then x = x:sub(1, #x - #parsed.field - 1) end
    row = results.find(s, x)
  end
  local ok, id = pcall(function() return row.endpoint end)
  if not ok or type(id) ~= "string" then
    fail("type", 'a result of run(), or its address, "ALC[H vs P]@Day 29", is '
      .. "needed, not a " .. type(x))
  end
  local e = endpoints.ready(id)
  local at_once
  local subgroup = row.kind == "subgroup" and row.variation
  if not subgroup and row.variation ~= "main" then
    e = e.variations[row.variation] or fail("not found",
      ("endpoint %s has no variation %s any more; run() again"):format(id,
        row.variation))
  end
  if e.other and require "trialsh.endpoint.instead".holds(s, e, set.at(e)) then
    e = e.other
  end
  at_once = set.sums_up(s, e)
  local at = set.at(e, at_once)
  if row.parameter ~= NA then at.parameter = row.parameter end
  if row.visit ~= NA and not analysis.find(e.method).repeated then
    at.visit = row.visit
  end
  local column, level = (subgroup or ""):match "^(.-): (.*)$"
  for _, name in ipairs(e.subgroups or {}) do
    if name == column and level ~= "interaction" then
      at.subgroup = { column, level ~= "missing" and level or NA }
    end
  end
  return row, e, at
end

-- Who is compared ----------------------------------------------------------------

-- name of arm -> true for those that the number is of.
local function arms_of(row, e)
  local names = {}
  local way = analysis.way(e)
  local function add(name)
    for _, part in ipairs(trial_module.members(e.trial.arms, name)) do
      names[part] = true
    end
  end
  if way == "compare" then
    for _, name in ipairs { trial_module.pair(row.compare, e.trial.arms) } do
      add(name)
    end
  elseif way == "within" and row.group ~= NA then
    add(row.group)
  else
    for _, arm in ipairs(e.trial.arms) do
      if not arm.pool then names[arm.name] = true end
    end
    if #e.trial.arms == 0 then return nil end
  end
  return names
end

-- The rows of a subject before they are joined to the population.
local function count_rows(s, e, at)
  local n = {}
  local parts = e.hierarchy and hierarchy.parts(e)
    or { { endpoint = e, at = at } }
  for _, part in ipairs(parts) do
    for row in set.rows(s, part.endpoint, part.at, true):count(SUBJECT):rows() do
      n[row[SUBJECT]] = (n[row[SUBJECT]] or 0) + row.n
    end
  end
  return n
end

-- What tells a value from others: the subject, of repeated measures with the
-- visit.
local function key_of(row, about)
  local id = row[SUBJECT]
  return about.repeated and ("%s\n%s"):format(id, tostring(row.AVISIT)) or id
end

-- The same without rules for missing values and events.
local function observed(s, e, at, about)
  local plain = setmetatable({ missing = "exclude", events = {} },
    { __index = e })
  local out, bound = {}, set.bind(s, plain, at)
  for row in bound.data:rows() do
    if row[bound.response] ~= NA then
      out[key_of(row, about)] = row[bound.response]
    end
  end
  return out
end

local function event_words(s, e, id, days)
  for _, event in ipairs(e.events or {}) do
    if event.strategy == "composite" and days[event.name]
      and days[event.name][id] then
      return event.name .. ", composite"
    end
  end
end

-- Of each event with a date: who has it.
local function who_has(s, e)
  local days = {}
  for _, event in ipairs(e.events or {}) do
    if event.strategy == "composite" then
      days[event.name] = {}
      for row in s.adsl:where(('"%s" is not null'):format(event.date)):rows() do
        days[event.name][row[SUBJECT]] = true
      end
    end
  end
  return days
end

local function place(s, e, at)
  if e.hierarchy then return hierarchy.words(e) end
  local words = set.table_of(e, at.parameter)
  local parts = { at.parameter, at.visit,
    at.visits and table.concat(at.visits, ", ") or nil,
    set.flagged(s, e, at) and "ANL01FL = 'Y'" or nil, e.where }
  local list = {}
  for i = 1, 5 do if parts[i] then list[#list + 1] = parts[i] end end
  return words .. (#list > 0 and (" (%s)"):format(table.concat(list, ", "))
    or "")
end

-- Status and reason of a row of a subject in the population.
local function status_of(row, bound, about)
  local arm, value, id = row[bound.treatment], row[bound.response], row[SUBJECT]
  local before = about.before[key_of(row, about)]
  if arm == NA then return "left out", "without " .. bound.treatment end
  if about.arms and not about.arms[arm] then
    return "left out", ("arm %s is not part of it"):format(arm)
  end
  if about.e.hierarchy then
    local lacks = hierarchy.unknown(about.e, row)
    return "used", #lacks > 0 and "ties in " .. table.concat(lacks, ", ") or NA
  end
  if value == NA then
    if before ~= nil then
      return "left out", "value after an intercurrent event"
    elseif not about.n_rows[id] then
      return "left out", "no row of " .. about.place
    end
    return "left out", bound.response .. " missing"
  end
  for _, name in ipairs(about.covariates) do
    if row[name] == NA then return "left out", name .. " missing" end
  end
  if before == nil or before ~= value then
    local event = event_words(nil, about.e, id, about.days)
    if event then return "counted", event end
    if about.e.missing and about.e.missing ~= "exclude"
      and about.e.missing ~= "at random" then
      return "counted", "no value: " .. about.e.missing
    elseif before == nil then
      return "counted", "no row: " .. tostring(value) .. " of "
        .. bound.response
    end
  end
  return "used", NA
end

-- The relation -------------------------------------------------------------------

-- Of the records of a subject, which repeated measures take all: used where one
-- is; the value is that of the result's visit.
local function one_of(records, bound, about)
  local out, status, reason
  for _, r in ipairs(records) do
    local now, why_so = status_of(r, bound, about)
    if not status or now ~= "left out" and status == "left out" then
      status, reason = now, why_so
      out = setmetatable({}, { __index = r })
    end
    if now ~= "left out" and r.AVISIT == about.visit then
      return r, now, why_so
    end
  end
  out[bound.response] = NA
  if status ~= "left out" then
    reason = ("no value at %s, those of other visits count"):format(about.visit)
  end
  return out, status, reason
end

-- The rows of each subject, in the order of the data.
local function by_subject(data)
  local list, at = {}, {}
  for r in data:rows() do
    local id = r[SUBJECT]
    if not at[id] then
      at[id] = {}
      list[#list + 1] = at[id]
    end
    table.insert(at[id], r)
  end
  return list
end

local function build(s, row, e, at)
  local bound = set.bind(s, e, at)
  local about = { e = e, arms = arms_of(row, e), place = place(s, e, at),
    n_rows = count_rows(s, e, at), days = who_has(s, e),
    repeated = analysis.find(e.method).repeated, visit = row.visit }
  about.before = e.hierarchy and {} or observed(s, e, at, about)
  local names = { SUBJECT, bound.treatment, bound.response }
  local have = relation.node_of(bound.data).columns
  local shown = {}
  for _, name in ipairs(set.covariates(e)) do
    if have[name:lower()] and not (about.repeated and name == "AVISIT")
      and name ~= bound.treatment
      and name ~= bound.response then shown[#shown + 1] = name end
  end
  about.covariates = { table.unpack(shown) }
  for _, name in ipairs(e.hierarchy and hierarchy.columns(e) or {}) do
    if name ~= bound.response then shown[#shown + 1] = name end
  end
  table.move(bound.flags, 1, #bound.flags, #shown + 1, shown)
  for _, name in ipairs { "STATUS", "REASON", "ROWS" } do
    names[#names + 1] = name
  end
  table.move(shown, 1, #shown, #names + 1, names)
  local arrays, n, inside = {}, 0, {}
  for j in ipairs(names) do arrays[j] = {} end
  local function add(values, status, reason)
    n = n + 1
    for j, name in ipairs(names) do
      if j < 4 or j > 6 then
        local value = values[name]
        arrays[j][n] = value == nil and NA or value
      end
    end
    arrays[4][n], arrays[5][n] = status, reason
    arrays[6][n] = about.n_rows[values[SUBJECT]] or 0
  end
  for _, records in ipairs(by_subject(bound.data)) do
    local r = records[1]
    inside[r[SUBJECT]] = true
    if about.repeated then
      add(one_of(records, bound, about))
    else
      add(r, status_of(r, bound, about))
    end
  end
  local population = set.population_of(e)
  for r in s.adsl:select(SUBJECT, bound.treatment):rows() do
    if not inside[r[SUBJECT]] then
      add({ [SUBJECT] = r[SUBJECT], [bound.treatment] = r[bound.treatment] },
        "left out", at.subgroup and ("not %s: %s, or not in the population")
          :format(at.subgroup[1], tostring(at.subgroup[2]))
          or "not in population " .. (population and population.name or "adsl"))
    end
  end
  return require "ts.frame".build(names, arrays)
end

-- Subjects by status and reason, in the order in which they come.
local function summary(r)
  local lines, counts, order = {}, {}, {}
  for row in r:count("STATUS", "REASON"):rows() do
    local key = row.STATUS
    if not counts[key] then counts[key], order[#order + 1] = {}, key end
    table.insert(counts[key], row)
  end
  for _, status in ipairs { "used", "counted", "left out" } do
    for _, row in ipairs(counts[status] or {}) do
      lines[#lines + 1] = ("  %4d %s%s"):format(row.n, status,
        row.REASON ~= NA and ": " .. text.escape(row.REASON) or "")
    end
  end
  return table.concat(lines, "\n")
end

local function head_of(row, changed, flagged)
  local name = row.endpoint .. (row.parameter ~= NA and ":" .. row.parameter
    or "") .. (row.compare ~= NA and "[" .. row.compare .. "]"
    or row.group ~= NA and "[" .. row.group .. "]" or "")
    .. (row.visit ~= NA and "@" .. row.visit or "")
    .. (row.variation ~= "main" and "/" .. row.variation or "")
  local lines = { text.escape(name .. (row.method ~= NA and ": " .. row.method
    or "")) }
  if row.script ~= NA then
    lines[2] = text.escape(("  script %s:%d, sha256 %s"):format(row.script,
      row.line, row.script_sha256 ~= NA and row.script_sha256:sub(1, 16)
        or "NA"))
  end
  lines[#lines + 1] = ("  data sha256 %s%s; run %s, %s"):format(
    row.data_sha256:sub(1, 16), changed and ", changed since then" or "",
    row.utc, row.version)
  if row.rerandomised ~= nil and row.rerandomised ~= NA then
    lines[#lines + 1] = text.escape(row.p_rerandomised ~= NA
      and ("  P %s by re-randomisation: %s"):format(require "trialsh.format".p(
        row.p_rerandomised), row.rerandomised)
      or "  not re-randomised: " .. row.rerandomised)
  end
  if flagged then
    lines[#lines + 1] = "  records with ANL01FL = 'Y' only, as where does not "
      .. "name it"
  end
  return table.concat(lines, "\n")
end

--- why(x) -> relation
-- The subjects behind a result: a row for each of adsl with the value that was
-- analysed, covariates, the number of rows it comes from, STATUS and REASON:
-- used; counted, where a rule for missing values or events gave the value; left
-- out. mmrm uses a subject with a value at any visit; the one shown is that of
-- the result's visit.
--   x   a result of run(), or its address, "ALC[H vs P]@Day 29"
-- Printed, it tells how many there are of each, those left out, the line of the
-- script and the hashes of script and data.
--
-- See also: explain, run, study:result.
function M.why(x)
  local s = require "trialsh.study".study.open()
  endpoints.of_study(s)
  local row, e, at = M.find(x, s)
  local inner = require "trialsh.study".inner(s)
  local changed = set.hash(inner, e, at) ~= row.data_sha256
  local simulated, flagged = mark.of_tables(inner:tables_list()),
    set.flagged(s, e, at)
  return relation.of_frame(build(s, row, e, at), { simulated = simulated,
    print = function(r)
      local plain = relation.of_frame(relation.node_of(r).frame)
      local others = plain:where "STATUS <> 'used'"
      local lines = { head_of(row, changed, flagged), summary(plain) }
      if #others > 0 then lines[#lines + 1] = tostring(others) end
      if simulated then lines[#lines + 1] = "  " .. simulated end
      return table.concat(lines, "\n")
    end })
end

return M
