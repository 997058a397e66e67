-- figure.flow: where the subjects of a trial went, from screening to analysis, as
-- CONSORT asks. Each number is counted from the subjects, and numbers that belong
-- together must sum.

local cframe = require "ts.frame"
local fail = require "ts.error".fail
local NA = require "ts.na".NA
local data = require "trialsh.data"
local mark = require "trialsh.mark"
local flow_page = require "trialsh.figure.flow_page"
local names = require "trialsh.names"
local note = require "trialsh.note"
local object = require "trialsh.figure.object"
local sheet = require "trialsh.figure.sheet"
local source = require "trialsh.figure.source"

local M = {}

local WHO = "figure.flow"

-- Subjects ---------------------------------------------------------------------

local function known(value) return value ~= nil and value ~= NA and value ~= "" end

local function sentence(word)
  word = tostring(word)
  if word == word:upper() then word = word:lower() end
  return word:sub(1, 1):upper() .. word:sub(2)
end

-- One record per subject, with the columns that are there.
local function subjects_of(x, wanted)
  local have = {}
  for _, name in ipairs(wanted) do
    if data.has(x, name) then have[#have + 1] = name end
  end
  local frame, list, seen = data.frame(x, have, WHO), {}, {}
  for _, name in ipairs(have) do
    for i, value in ipairs(cframe.values(frame:column(name))) do
      list[i] = list[i] or {}
      list[i][name] = value
    end
  end
  for i, subject in ipairs(list) do
    local id = subject.USUBJID
    if not known(id) then
      fail("invalid", ("%s: row %d has no USUBJID"):format(WHO, i))
    end
    if seen[id] then
      fail("invalid", ("%s: %s is there twice; a flow counts each subject once"):format(
        WHO, tostring(id)))
    end
    seen[id] = subject
  end
  return list, seen, frame
end

local function count(list, holds)
  local n = 0
  for _, subject in ipairs(list) do n = n + (holds(subject) and 1 or 0) end
  return n
end

-- The values of a column among subjects, the most frequent first, with those that
-- have none at the end; they sum to the number of subjects.
local function reasons_of(list, column)
  local by, order, none = {}, {}, 0
  for _, subject in ipairs(list) do
    local value = subject[column]
    if known(value) then
      value = sentence(value)
      if not by[value] then
        by[value] = 0
        order[#order + 1] = value
      end
      by[value] = by[value] + 1
    else
      none = none + 1
    end
  end
  table.sort(order, function(a, b)
    if by[a] ~= by[b] then return by[a] > by[b] end
    return a < b
  end)
  local out = {}
  for i, value in ipairs(order) do out[i] = { value, by[value] } end
  if none > 0 and #out > 0 then out[#out + 1] = { "No reason given", none } end
  return out
end

-- Boxes ------------------------------------------------------------------------

-- A box is a list of lines { label, n, level, bold }; a title has no n.
local function add(box, label, n, level, bold)
  box[#box + 1] = { label, n, level or 0, bold }
  return box
end

local function add_reasons(box, list, column, level)
  for _, reason in ipairs(column and reasons_of(list, column) or {}) do
    add(box, reason[1], reason[2], level)
  end
end

local function must_sum(what, a, b)
  if a ~= b then
    fail("invalid", ("%s: %s: %d are not %d"):format(WHO, what, a, b))
  end
end

-- Who was screened, and why some were not randomised.
local function enrolment(spec, screened, randomised, column)
  if screened == nil then return end
  if math.type(screened) == "integer" then
    if screened < #randomised then
      fail("invalid", ("%s: %d were screened but %d randomised"):format(WHO,
        screened, #randomised))
    end
    spec.top = add({}, "Assessed for eligibility", screened, 0, true)
    spec.aside = add({}, "Excluded", screened - #randomised, 0, true)
    return
  end
  if not data.is(screened) then
    fail("type", WHO .. ": screened is a table of subjects, or their number")
  end
  if column and not data.has(screened, column) then
    data.frame(screened, { column }, WHO) -- says what there is
  end
  local list, by = subjects_of(screened, { "USUBJID", column })
  local orphans, excluded, in_trial = {}, {}, {}
  for _, subject in ipairs(randomised) do
    in_trial[subject.USUBJID] = true
    if not by[subject.USUBJID] then orphans[#orphans + 1] = subject.USUBJID end
  end
  if #orphans > 0 then
    fail("invalid", ("%s: %s randomised but not among the screened: %s"):format(WHO,
      note.plural(#orphans, "subject"), names.list(orphans)))
  end
  for _, subject in ipairs(list) do
    if not in_trial[subject.USUBJID] then excluded[#excluded + 1] = subject end
  end
  must_sum("screened", #excluded + #randomised, #list)
  local both = {}
  for _, subject in ipairs(column and list or {}) do
    if in_trial[subject.USUBJID] and known(subject[column]) then
      both[#both + 1] = subject.USUBJID
    end
  end
  if #both > 0 then
    note.say("%s: %s randomised though %s says why not: %s", WHO,
      note.plural(#both, "subject"), column, names.list(both))
  end
  spec.top = add({}, "Assessed for eligibility", #list, 0, true)
  spec.aside = add({}, "Excluded", #excluded, 0, true)
  add_reasons(spec.aside, excluded, column, 1)
end

local function allocation(arm, list, opt)
  local box = add({}, "Allocated to " .. arm, #list, 0, true)
  if not (list[1] and list[1].TRTSDT) then return box end
  local treated, not_treated, other = 0, {}, {}
  for _, subject in ipairs(list) do
    if not known(subject.TRTSDT) then not_treated[#not_treated + 1] = subject
    elseif known(subject.TRT01A) and known(subject.TRT01P)
        and subject.TRT01A ~= subject.TRT01P then
      other[#other + 1] = subject
    else
      treated = treated + 1
    end
  end
  add(box, "Received it", treated, 1)
  add(box, "Received none", #not_treated, 1)
  add_reasons(box, not_treated, opt.why.treatment, 2)
  for _, reason in ipairs(reasons_of(other, "TRT01A")) do
    add(box, "Received " .. reason[1], reason[2], 1)
  end
  must_sum("allocated to " .. arm, treated + #not_treated + #other, #list)
  return box
end

-- How the part of each ended: a status that everybody has, or events by date.
local function follow_up(arm, list, opt)
  local box = {}
  if opt.status or #opt.events > 0 then add(box, "Follow-up", nil, 0, true) end
  if opt.status then
    local lacks, sum = {}, 0
    for _, subject in ipairs(list) do
      if not known(subject[opt.status]) then
        lacks[#lacks + 1] = subject.USUBJID
      end
    end
    if #lacks > 0 then
      fail("invalid", ("%s: %s without %s: %s"):format(WHO,
        note.plural(#lacks, "subject"), opt.status, names.list(lacks)))
    end
    for _, status in ipairs(reasons_of(list, opt.status)) do
      add(box, status[1], status[2])
      sum = sum + status[2]
      local those = {}
      for _, subject in ipairs(list) do
        if sentence(subject[opt.status]) == status[1] then
          those[#those + 1] = subject
        end
      end
      add_reasons(box, those, opt.reason, 1)
    end
    must_sum("status of " .. arm, sum, #list)
  end
  for _, event in ipairs(opt.events) do
    add(box, event.label, count(list, function(subject)
      return known(subject[event.column])
    end))
  end
  return box
end

-- Those in each population, and those who are not: they sum to the allocated.
local function analysis(arm, list, opt)
  local box = {}
  if #opt.populations > 0 then add(box, "Analysis", nil, 0, true) end
  for _, p in ipairs(opt.populations) do
    local n = count(list, function(subject) return subject[p.flag] == "Y" end)
    local not_in = {}
    for _, subject in ipairs(list) do
      if subject[p.flag] ~= "Y" then not_in[#not_in + 1] = subject end
    end
    must_sum(p.name .. " of " .. arm, n + #not_in, #list)
    add(box, "In " .. p.name, n)
    if #not_in > 0 then add(box, "Not in " .. p.name, #not_in) end
    add_reasons(box, not_in, opt.why[p.name], 1)
  end
  return box
end

-- The description --------------------------------------------------------------

local function shown(spec)
  local stages, arms, items, levels, n = {}, {}, {}, {}, {}
  local function say(stage, arm, box)
    for _, line in ipairs(box) do
      local i = #n + 1
      if line[2] then
        stages[i], arms[i], items[i], levels[i], n[i] = stage, arm, line[1],
          line[3], line[2]
      end
    end
  end
  if spec.top then
    say("enrolment", "all", spec.top)
    say("enrolment", "all", spec.aside)
  end
  say("randomised", "all", spec.randomised)
  for i, stage in ipairs(spec.stages) do
    for k, box in ipairs(stage) do say(spec.stage_names[i], spec.arms[k], box) end
  end
  return { "stage", "arm", "item", "level", "n" }, { stages, arms, items, levels, n }
end

local own_options = { by = { "string", "TRT01P" }, screened = { "any" },
  reasons = { "string" }, status = { "any" }, reason = { "string" },
  events = { "boolean", true }, populations = { "list" }, why = { "table", {} },
  palette = false }

local function usual(x, given, candidates)
  if given == false then return nil end
  if type(given) == "string" then
    if not data.has(x, given) then data.frame(x, { given }, WHO) end
    return given
  end
  for _, name in ipairs(candidates) do
    if data.has(x, name) then return name end
  end
end

local function populations_of(x, trial, wanted)
  local out = {}
  for _, p in ipairs(trial and trial.populations or {}) do
    if data.has(x, p.name .. "FL") then
      out[#out + 1] = { name = p.name, flag = p.name .. "FL", label = p.label }
    end
  end
  if not wanted then return out end
  local chosen, there = {}, {}
  for i, p in ipairs(out) do there[i] = p.name end
  for i, name in ipairs(wanted) do
    for _, p in ipairs(out) do
      if p.name == name then chosen[i] = p end
    end
    if not chosen[i] then
      fail("not found", ("%s: no population %s%s"):format(WHO, tostring(name),
        names.hint(tostring(name), there)))
    end
  end
  return chosen
end

-- The columns that say why, by what they are of.
local function why_of(x, opt)
  local keys = { "treatment" }
  for _, p in ipairs(opt.populations) do keys[#keys + 1] = p.name end
  local known_key = {}
  for _, key in ipairs(keys) do known_key[key] = true end
  for key, column in pairs(opt.why) do
    if not known_key[key] or type(column) ~= "string" then
      fail("invalid", ("%s: why has a column for %s, not for %s"):format(WHO,
        table.concat(keys, ", "), tostring(key)))
    end
    if not data.has(x, column) then data.frame(x, { column }, WHO) end
  end
  return opt.why
end

-- Who was not randomised but has a first dose, or is in a population of the randomised
-- by its flag, would be nowhere in the figure.
local function no_orphans(subjects, opt)
  local checks = { { "TRTSDT", "treated", known } }
  for _, p in ipairs(opt.populations) do
    checks[#checks + 1] = { p.flag, "in " .. p.name, function(v) return v == "Y" end }
  end
  for _, check in ipairs(checks) do
    local orphans = {}
    for _, subject in ipairs(subjects) do
      if check[3](subject[check[1]]) then orphans[#orphans + 1] = subject.USUBJID end
    end
    if #orphans > 0 then
      fail("invalid", ("%s: %s %s but not randomised: %s"):format(WHO,
        note.plural(#orphans, "subject"), check[2], names.list(orphans)))
    end
  end
end

-- Intercurrent events of the trial whose date is a column of the subjects.
local function events_of(x, trial, wanted)
  local out = {}
  for _, event in ipairs(wanted and trial and trial.intercurrent or {}) do
    if type(event.date) == "string" and data.has(x, event.date) then
      out[#out + 1] = { label = event.label or event.name, column = event.date }
    end
  end
  return out
end

--- figure.flow { SUBJECTS, option = ... } -> figure
-- The flow of subjects that CONSORT asks for: enrolment, allocation, follow-up,
-- analysis. Each number is counted from SUBJECTS, adsl, where RANDDT, TRTSDT and
-- flags of populations say who was randomised, treated and analysed; what does not
-- sum, or a subject without a place, is an error.
--   screened     a table with a row per subject screened, or their number
--   reasons      its column that says why a subject was excluded
--   by           "TRT01P"
--   status       "EOSSTT" where there is one: how each one's part ended; false
--   reason       "DCSREAS" where there is one: why, below the status
--   events       true: intercurrent events of the trial, by their dates
--   populations  { "ITT", ... }: all of the trial whose flags are there
--   why          { treatment = "COLUMN", ITT = "COLUMN" }: why some received none, or
--                are not in that population
--   title, note, stamp, width 183, height (by its boxes), journal   as in all
--
--   > figure.flow { demo.adsl, screened = 31 }:data().n[2]
--   7
--
-- See also: table.disposition, relation:populations. Hopewell and others 2025.
function M.flow(given)
  if type(given) == "table" and given.width == nil and not data.is(given) then
    local copy = {}
    for key, value in pairs(given) do copy[key] = value end
    copy.width = "double"
    given = copy
  end
  local first, opt = source.options(WHO, given, own_options)
  if not data.is(first) then
    fail("type", WHO .. " takes a table of subjects: figure.flow { s.adsl }")
  end
  local from = source.take(WHO, first)
  local trial = source.trial(from)
  for _, name in ipairs { "USUBJID", opt.by } do
    if not data.has(first, name) then data.frame(first, { name }, WHO) end
  end
  opt.status = usual(first, opt.status, { "EOSSTT", "DCDECOD" })
  opt.reason = opt.status and usual(first, opt.reason, { "DCSREAS", "DCTREAS" })
  opt.populations = populations_of(first, trial, opt.populations)
  opt.events = events_of(first, trial, opt.events)
  local wanted = { "USUBJID", opt.by, "RANDDT", "TRTSDT", "TRT01P", "TRT01A" }
  for _, name in ipairs { opt.status or false, opt.reason or false } do
    if name then wanted[#wanted + 1] = name end
  end
  for _, p in ipairs(opt.populations) do wanted[#wanted + 1] = p.flag end
  for _, event in ipairs(opt.events) do wanted[#wanted + 1] = event.column end
  for _, column in pairs(why_of(first, opt)) do wanted[#wanted + 1] = column end
  local all, _, frame = subjects_of(first, source.once(wanted))
  local randomised, others, lost = {}, {}, {}
  local dated = data.has(first, "RANDDT")
  for _, subject in ipairs(all) do
    local is = known(subject[opt.by])
    if dated then is = known(subject.RANDDT) end
    if is then
      randomised[#randomised + 1] = subject
      if not known(subject[opt.by]) then lost[#lost + 1] = subject.USUBJID end
    else
      others[#others + 1] = subject
    end
  end
  if #lost > 0 then
    fail("invalid", ("%s: %s randomised without %s: %s"):format(WHO,
      note.plural(#lost, "subject"), opt.by, names.list(lost)))
  end
  if #randomised == 0 then
    fail("degenerate", WHO .. ": nobody was randomised")
  end
  no_orphans(others, opt)
  local spec = { arms = {}, stages = {}, stage_names = {},
    randomised = add({}, "Randomised", #randomised, 0, true) }
  enrolment(spec, opt.screened, randomised, opt.reasons)
  local lists, sum = {}, 0
  for _, group in ipairs(source.groups(frame, opt.by)) do
    local members = {}
    for _, row in ipairs(group.rows) do
      if not dated or known(all[row].RANDDT) then members[#members + 1] = all[row] end
    end
    spec.arms[#spec.arms + 1], lists[#lists + 1] = group.name, members
    sum = sum + #members
  end
  must_sum("randomised", sum, #randomised)
  for _, stage in ipairs { { "allocation", allocation }, { "follow-up", follow_up },
    { "analysis", analysis } } do
    local boxes, most = {}, 0
    for k, arm in ipairs(spec.arms) do
      boxes[k] = stage[2](arm, lists[k], opt)
      most = math.max(most, #boxes[k])
    end
    if most > 0 then
      table.insert(spec.stages, boxes)
      table.insert(spec.stage_names, stage[1])
    end
  end
  local above = { title = opt.title, note = opt.note,
    stamp = mark.with(from.stamp, opt.stamp) }
  local said = {}
  for i, p in ipairs(opt.populations) do
    said[i] = ("%s: %s"):format(p.name, p.label or p.name)
  end
  return object.new(opt, from, { what = "flow of subjects",
    caption = "Flow of subjects" .. (#said > 0 and "; " .. table.concat(said, "; ")
      or "") .. (#opt.events > 0 and "; follow-up: a subject can have several events"
      or "") .. ".",
    fit = function(width, look)
      return sheet.height(width, look, above, function(page)
        return flow_page.height(page, spec)
      end)
    end,
    shown = function() return shown(spec) end,
    draw = function(page, bottom, top) flow_page.draw(page, spec, bottom, top) end })
end

return M
