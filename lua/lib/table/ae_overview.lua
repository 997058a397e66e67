-- table.ae_overview: how many subjects had any event, a serious one, ...

local cframe = require "ts.frame"
local NA = require "ts.na".NA
local fail = require "ts.error".fail
local data = require "trialsh.data"
local events = require "trialsh.table.events"
local make = require "trialsh.table.cell"
local names = require "trialsh.names"
local note = require "trialsh.note"
local object = require "trialsh.table.object"
local options = require "trialsh.options"
local relation = require "trialsh.relation"
local source = require "trialsh.table.source"

local M = {}

local WHO = "table.ae_overview"

local own = { events = { "boolean", false } }
for key, rule in pairs(events.options) do own[key] = rule end
local spec = source.spec(own)

-- The rows of a usual table, where the columns are there; no: what else is known to be said.
local usual = {
  { "Any adverse event", "1 = 1" },
  { "Serious", "upper(AESER) in ('Y', 'YES')", "AESER", no = { "N", "NO" } },
  { "Grade 3 or higher", "cast(AETOXGR as real) >= 3", "AETOXGR" },
  { "Severe", "upper(AESEV) = 'SEVERE'", "AESEV", unless = "AETOXGR", no = { "MILD", "MODERATE" } },
  { "Related to treatment", "upper(AEREL) in ('Y', 'YES', 'RELATED', 'POSSIBLE', 'PROBABLE', "
    .. "'POSSIBLY RELATED', 'PROBABLY RELATED', 'DEFINITE')", "AEREL",
    no = { "N", "NO", "NONE", "NOT RELATED", "UNRELATED", "UNLIKELY", "UNLIKELY RELATED", "REMOTE" } },
  { "Leading to end of treatment", "upper(AEACN) = 'DRUG WITHDRAWN'", "AEACN" },
  { "Fatal", "upper(AEOUT) = 'FATAL'", "AEOUT" },
}

-- Words of a column that say neither yes nor no are told: they count as no.
local function say_unknown(set, row)
  local known, unknown = {}, {}
  for word in row[2]:gmatch "'([^']*)'" do known[word] = true end
  for _, word in ipairs(row.no) do known[word] = true end
  local name = relation.node_of(set.events).columns[row[3]:lower()].name
  for _, word in ipairs(cframe.values(data.frame(set.events, { name }, WHO):column(name))) do
    if word ~= NA and word ~= "" and not known[tostring(word):upper()] then
      known[tostring(word):upper()] = true
      unknown[#unknown + 1] = tostring(word)
    end
  end
  if #unknown > 0 then
    note.say("%s: %s not counted as %s: %s; rows of your own, { \"Label\", \"condition\" }, say what is",
      WHO, row[3], row[1]:lower(), names.list(unknown))
  end
end

-- What is counted: { label, condition }, those that are given or the usual.
local function rows_of(set, list)
  local columns = relation.node_of(set.events).columns
  if #list == 0 then
    for _, row in ipairs(usual) do
      local there = not row[3] or columns[row[3]:lower()]
      if there and not (row.unless and columns[row.unless:lower()]) then
        list[#list + 1] = row
        if row.no then say_unknown(set, row) end
      end
    end
    return list
  end
  for _, row in ipairs(list) do
    if type(row) ~= "table" or type(row[1]) ~= "string"
        or type(row[2]) ~= "string" then
      fail("type", WHO .. ': rows are { "Serious", "AESER = \'Y\'" }')
    end
    options(WHO, (function()
      local rest = {}
      for key, value in pairs(row) do
        if key ~= 1 and key ~= 2 then rest[key] = value end
      end
      return rest
    end)(), {})
  end
  return list
end

--- table.ae_overview { EVENTS, option = ... } -> table
-- Subjects with any adverse event, with a serious one, of grade 3 or higher, related,
-- leading to the end of treatment, fatal; each counted once in a row. Words count in
-- capitals or not; a note tells those of AESER, AESEV and AEREL that say neither yes
-- nor no. Rows of one's own: { "Label", "condition" }, ...
--   events  true: [number of events] beside
--   where, subjects, riskdiff, p_value, two_sided, compare, by, total, pooled,
--   population, percent_digits, percent, p_digits, journal, title, note
--           as in table.ae
--
--   > table.ae_overview { demo.adae }
--                                  Placebo    CYT107 LF  CYT107 HF
--                                  (N = 8)    (N = 8)    (N = 8)
--   Any adverse event              8 (100 %)  8 (100 %)  8 (100 %)
--     Serious                      6 (75 %)   3 (38 %)   4 (50 %)
--     Grade 3 or higher            8 (100 %)  3 (38 %)   4 (50 %)
--     Related to treatment         0          7 (88 %)   7 (88 %)
--     Leading to end of treatment  0          1 (13 %)   0
--     Fatal                        4 (50 %)   2 (25 %)   2 (25 %)
--   Subjects are counted once in each row; percentages are of N. Events that came
--   under treatment (TRTEMFL = Y).
--   SIMULATED DATA
--
-- See also: table.ae, table.deaths.
function M.ae_overview(given)
  local first, list, opt = source.read(WHO, given, spec)
  local set = events.read(WHO, first, opt)
  local rows = rows_of(set, list)
  set.comparisons = events.comparisons(WHO, set, opt)
  local made, new = {}, {}
  for i, row in ipairs(rows) do
    made[i] = "ts row " .. i
    new[i] = ('"%s" = case when %s then 1 else 0 end'):format(made[i], row[2])
  end
  set.events = set.events:mutate(table.unpack(new))
  local frame, at = events.frame(WHO, set, made)
  local t = source.begin(set, { what = "ae_overview", title = set.emergent
    and "Overview of treatment-emergent adverse events"
    or "Overview of adverse events" }, opt, set.all_events)
  for _, column in ipairs(events.compare_columns(set.comparisons, opt)) do
    t.columns[#t.columns + 1] = column
  end
  for i, row in ipairs(rows) do
    local tally = events.tally()
    for k, yes in ipairs(cframe.values(frame:column(made[i]))) do
      if yes ~= NA and yes ~= 0 and at[k] then
        events.add(tally, at[k], set.arm_of[at[k]])
      end
    end
    local cells = {}
    for j, arm in ipairs(set.arms) do
      local cell = make.share(events.sum(tally.n, arm), arm.n, set.style)
      local n = events.sum(tally.events, arm)
      if opt.events then
        cell.stats[#cell.stats + 1] = { "events", n }
        if n > 0 then cell.text = ("%s [%d]"):format(cell.text, n) end
      end
      cells[j] = cell
    end
    events.compare_cells(set.comparisons, tally.n, opt, set.style, cells, #set.arms)
    t.rows[i] = { label = row[1], indent = i > 1 and list == rows and #list > 0
      and rows[1] == usual[1] and 1 or 0, cells = cells, variable = row[2] }
  end
  events.say(t, set, opt)
  if opt.events then object.say(t, "[ ]: number of events.") end
  return t
end

return M
