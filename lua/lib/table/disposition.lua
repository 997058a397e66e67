-- table.disposition: where the subjects of each arm went. Nobody is lost between
-- the rows: each has one status.

local NA = require "ts.na".NA
local fail = require "ts.error".fail
local note = require "trialsh.note"
local object = require "trialsh.table.object"
local rows = require "trialsh.table.rows"
local source = require "trialsh.table.source"

local M = {}

local WHO = "table.disposition"

local own = { status = { "any" }, reason = { "string" }, events = { "any" } }
local spec = source.spec(own)

local function flags_of(values, wanted)
  local out = {}
  for i, value in ipairs(values) do out[i] = value == wanted end
  return out
end

-- The populations of the trial, where the data say who is in them.
local function add_populations(t, set)
  local columns = require "trialsh.relation".node_of(set.data).columns
  for _, p in ipairs(set.trial and set.trial.populations or {}) do
    local flag = columns[(p.name .. "FL"):lower()]
    if flag then
      local row = rows.count(t, set, ("%s (%s)"):format(p.label or p.name, p.name),
        0, flags_of(rows.values(set, flag.name), "Y"))
      row.variable, row.level = flag.name, "Y"
    end
  end
end

-- The subjects whose status is missing, by name.
local function who_lacks(set, values)
  local ids, list = rows.has(set, "USUBJID") and rows.values(set, "USUBJID"), {}
  for i, value in ipairs(values) do
    if value == NA or value == "" then
      list[#list + 1] = ids and ids[i] or "row " .. i
    end
  end
  return list
end

-- Each status and below it its reasons; their numbers sum to those above.
local function add_status(t, set, status, reason)
  local values = rows.values(set, status)
  local lacks = who_lacks(set, values)
  if #lacks > 0 then
    fail("invalid", ("%s: %s without %s: %s"):format(WHO,
      note.plural(#lacks, "subject"), status,
      require "trialsh.names".list(lacks)))
  end
  local reasons = reason and rows.values(set, reason)
  for _, level in ipairs(rows.levels(set, status)) do
    local so = flags_of(values, level)
    local row = rows.count(t, set, rows.sentence(level), 0, so)
    row.variable, row.level = status, level
    local some = false
    for i in ipairs(values) do
      some = some or so[i] and reasons and reasons[i] ~= NA and reasons[i] ~= ""
    end
    if some then
      local left = {}
      for _, why in ipairs(rows.levels(set, reason, so)) do
        if why ~= "" then
          local both = {}
          for i in ipairs(values) do both[i] = so[i] and reasons[i] == why end
          local below = rows.count(t, set, rows.sentence(why), 1, both)
          below.variable, below.level = reason, why
        end
      end
      local any = false
      for i in ipairs(values) do
        left[i] = so[i] and (reasons[i] == NA or reasons[i] == "")
        any = any or left[i]
      end
      if any then rows.count(t, set, "No reason given", 1, left) end
    elseif reasons then
      row.level = level
    end
  end
  -- those with a reason although their status has none are told
  return values
end

-- Intercurrent events of the trial whose date stands in the data.
local function add_events(t, set)
  local first = true
  for _, event in ipairs(set.trial and set.trial.intercurrent or {}) do
    local name = type(event.date) == "string" and rows.has(set, event.date)
      and rows.column(WHO, set, event.date)
    if name then
      if first then rows.heading(t, "Events") end
      first = false
      local values, so = rows.values(set, name), {}
      for i, value in ipairs(values) do so[i] = value ~= NA end
      local row = rows.count(t, set, event.label or event.name, 1, so)
      row.variable, row.level = name, "known"
    end
  end
end

-- Sums of the rows of one column against the number above them.
local function check_sums(t, set, status)
  for j, arm in ipairs(set.arms) do
    local sum = 0
    for _, row in ipairs(t.rows) do
      if row.variable == status then sum = sum + row.cells[j].stats[1][2] end
    end
    if sum ~= arm.n then
      fail("invalid", ("%s: %s: %d subjects have a status of %d"):format(WHO,
        arm.name, sum, arm.n))
    end
  end
end

--- table.disposition { SUBJECTS, option = ... } -> table
-- Subjects by population, by how their part ended with the reasons, and by the
-- trial's intercurrent events. Each must have a status, so that the numbers of an
-- arm sum to its N; a subject without one is an error that names it. SUBJECTS:
-- adsl of the open study, all of it.
--   status  "EOSSTT" where there is one; false: none
--   reason  "DCSREAS" where there is one; reasons stand below their status
--   events  false: no intercurrent events
--   by, total, pooled, population, percent_digits, percent, title, note
--           as in table.summary; p_digits and journal are of no use here
--
--   > table.disposition { demo.adsl, total = true }
--                         Placebo    CYT107 LF  CYT107 HF  Total
--                         (N = 8)    (N = 8)    (N = 8)    (N = 24)
--   All randomised (ITT)  8 (100 %)  8 (100 %)  8 (100 %)  24 (100 %)
--   All treated (SAF)     8 (100 %)  8 (100 %)  8 (100 %)  24 (100 %)
--   Discontinued          7 (88 %)   6 (75 %)   3 (38 %)   16 (67 %)
--     Death               7 (88 %)   5 (63 %)   3 (38 %)   15 (63 %)
--     Lost to follow-up   0          1 (13 %)   0           1 (4 %)
--   Completed             1 (13 %)   2 (25 %)   5 (63 %)    8 (33 %)
--   Each subject has one status; they sum to N.
--   SIMULATED DATA
--
-- See also: table.summary, table.deaths, relation:populations.
function M.disposition(given)
  local first, list, opt = source.read(WHO, given, spec)
  if #list > 0 then
    fail("invalid", ("%s: %s has no place here; status = and reason = name "
      .. "columns"):format(WHO, tostring(list[1])))
  end
  local inner = first == nil and source.inner(nil) or nil
  local subjects = first or source.table(WHO, inner, "adsl")
  local set = source.subjects(WHO, subjects, opt, { inner = inner })
  local status = rows.usual(WHO, set, opt.status, { "EOSSTT", "EOTSTT",
    "DCDECOD" })
  local reason = rows.usual(WHO, set, opt.reason, { "DCSREAS", "DCTREAS",
    "DCREASCD" })
  local t = source.begin(set, { what = "disposition",
    title = "Disposition of subjects" }, opt)
  add_populations(t, set)
  if status then
    add_status(t, set, status, reason)
    check_sums(t, set, status)
  end
  if opt.events ~= false then add_events(t, set) end
  if #t.rows == 0 then
    fail("not found", WHO .. ": no flag of a population, no status and no date of "
      .. "an intercurrent event; status = names a column")
  end
  if status then
    object.say(t, "Each subject has one status; they sum to N.")
  end
  return t
end

return M
