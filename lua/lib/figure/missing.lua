-- figure.missing: who has a value at which visit, a line per subject in the order of
-- leaving, beside each other by arm: what is missing between values, after the last
-- one and after death looks different.

local cframe = require "ts.frame"
local text = require "ts.text"
local fail = require "ts.error".fail
local NA = require "ts.na".NA
local data = require "trialsh.data"
local mark = require "trialsh.mark"
local note = require "trialsh.note"
local analysed = require "trialsh.figure.analysed"
local blocks = require "trialsh.figure.blocks"
local chart = require "trialsh.figure.chart"
local object = require "trialsh.figure.object"
local patterns = require "trialsh.figure.patterns"
local source = require "trialsh.figure.source"

local M = {}

local WHO = "figure.missing"

-- What a subject can be at a visit.
local states = {
  { name = "value", fill = "#86B5D6", letter = "#" },
  { name = "no value, later ones", fill = "#D55E00", letter = "?" },
  { name = "no value, none later", fill = "#FFFFFF", letter = "." },
  { name = "dead", fill = "#000000", letter = "+" },
}

-- Subjects ---------------------------------------------------------------------

local function column_of(frame, name)
  return name and cframe.values(frame:column(name)) or nil
end

-- Reads one frame into the arms: ids, days of death and, of values, visits.
local function add(arms, group, columns)
  local arm = arms[group.name or "all"]
  if not arm then
    arm = { name = group.name, list = {}, by = {} }
    arms[group.name or "all"], arms[#arms + 1] = arm, arm
  end
  for _, row in ipairs(group.rows) do
    local id = columns.id[row]
    if id ~= NA then
      local subject = arm.by[id]
      if not subject then
        subject = { id = id, has = {} }
        arm.by[id], arm.list[#arm.list + 1] = subject, subject
      end
      local death = columns.death and columns.death[row]
      if death and death ~= NA then subject.death = death end
      if columns.y and columns.y[row] ~= NA and columns.x[row] ~= NA then
        subject.has[columns.x[row]] = true
      end
    end
  end
end

-- The state of a subject at each visit, with what it is sorted by.
local function judge(subject, visits)
  subject.last, subject.n = 0, 0
  for j, visit in ipairs(visits) do
    if subject.has[visit] then subject.last, subject.n = j, subject.n + 1 end
  end
  subject.at = {}
  for j, visit in ipairs(visits) do
    local dead = subject.death and type(visit) == "number" and visit >= subject.death
    subject.at[j] = subject.has[visit] and 1 or j < subject.last and 2
      or dead and 4 or 3
  end
end

-- From those with values to the end, by their last one, then the dead among those
-- who left at the same visit, to those who have none; by death those who died stand
-- below all others, the first at the bottom.
local function sort(list, order)
  local place = {}
  for i, s in ipairs(list) do place[s] = i end
  table.sort(list, function(a, b)
    local x, y = a.death or math.huge, b.death or math.huge
    if order == "death" and x ~= y then return x > y end
    if a.last ~= b.last then return a.last > b.last end
    if x ~= y then return x > y end
    if a.n ~= b.n then return a.n > b.n end
    return place[a] < place[b]
  end)
end

-- Drawing ----------------------------------------------------------------------

local function draw_cells(panel, spec)
  local page = panel.page
  for y = math.floor(panel.bottom) + 1, math.ceil(panel.top) - 1 do
    local place = math.floor((panel.top - y) / (panel.top - panel.bottom) * spec.most)
    local cells = {}
    for x = 0, math.floor(panel.right - panel.left) - 1 do cells[x] = " " end
    for k, arm in ipairs(spec.arms) do
      local subject = arm.list[place + 1]
      for j in ipairs(subject and spec.visits or {}) do
        local at = spec.blocks[k].from + j - 1
        local left = math.ceil(panel:at_x(at - 0.5) - panel.left)
        local right = math.floor(panel:at_x(at + 0.5) - panel.left) - 1
        for x = left, math.max(left, right) do
          cells[x] = states[subject.at[j]].letter
        end
      end
    end
    page:text(table.concat(cells, "", 0), panel.left + 1, y, {})
  end
end

-- Subjects of one state below each other are one area.
local function draw_column(panel, spec, arm, at, j)
  local page, from = panel.page, 1
  local left, right = panel:at_x(at - 0.48), panel:at_x(at + 0.48)
  while from <= #arm.list do
    local state, to = arm.list[from].at[j], from
    while to < #arm.list and arm.list[to + 1].at[j] == state do to = to + 1 end
    page:box(left, panel:at_y(spec.most - to), right, panel:at_y(spec.most - from + 1),
      { fill = states[state].fill })
    from = to + 1
  end
end

local function draw(panel, spec)
  local page = panel.page
  if page.cells then return draw_cells(panel, spec) end
  for k, arm in ipairs(spec.arms) do
    local block = spec.blocks[k]
    for j in ipairs(spec.visits) do
      draw_column(panel, spec, arm, block.from + j - 1, j)
    end
    local left, right = panel:at_x(block.from - 0.48), panel:at_x(block.to + 0.48)
    if (panel.top - panel.bottom) / spec.most > 1 then -- subjects apart
      for i = 1, #arm.list - 1 do
        local y = panel:at_y(spec.most - i)
        page:line(left, y, right, y, { colour = "#FFFFFF", width = 0.25 })
      end
    end
    page:box(left, panel:at_y(spec.most - #arm.list), right, panel.top,
      { colour = "#7F7F7F", width = 0.4 })
  end
end

local function entries_of(arms)
  local used, list = {}, {}
  for _, arm in ipairs(arms) do
    for _, subject in ipairs(arm.list) do
      for _, state in ipairs(subject.at) do used[state] = true end
    end
  end
  for k, state in ipairs(states) do
    if used[k] then
      local white = state.fill == "#FFFFFF"
      list[#list + 1] = { name = state.name, place = k, key = "point",
        letter = state.letter, arm = { symbol = white and 4 or 5, weight = 1.2,
          colour = white and "#7F7F7F" or state.fill } }
    end
  end
  return list
end

local own_options = { parameter = { "string" }, y = { "string", "AVAL" },
  x = { "string" }, by = { "any" }, subjects = { "any" }, xlabel = { "string" },
  ylabel = { "string", "Subjects" }, order = { { "last", "death" }, "last" },
  patterns = { "boolean", false }, most = { "integer", 15, least = 2 },
  legend = { { "above", "none" }, "above" }, palette = false }

local function x_of(from, opt)
  if opt.x then return opt.x end
  for _, name in ipairs { "AVISITN", "AVISIT", "VISIT", "ADY" } do
    if data.has(from.data, name) then return name end
  end
  fail("not found", WHO .. ": x = the column of visits")
end

-- The rows of values, and those of subjects who may have none.
local function arms_of(frame, opt, by, x)
  local arms, found = {}, {}
  local function columns(f, more)
    local names = {}
    for _, name in ipairs(f:names()) do names[name] = true end
    return { id = column_of(f, "USUBJID"), x = column_of(f, more and x),
      y = column_of(f, more and opt.y), death = names.DTHDY and column_of(f, "DTHDY") }
  end
  if opt.subjects then
    local want = { "USUBJID" }
    if by then want[2] = by end
    if data.has(opt.subjects, "DTHDY") then want[#want + 1] = "DTHDY" end
    local f = data.frame(opt.subjects, want, WHO)
    for _, group in ipairs(source.groups(f, by)) do add(arms, group, columns(f)) end
    for _, id in ipairs(column_of(f, "USUBJID")) do found[id] = true end
  end
  local ids, values, without = column_of(frame, "USUBJID"), columns(frame, true), 0
  for _, group in ipairs(source.groups(frame, by)) do
    local rows = {}
    for _, row in ipairs(group.rows) do
      local known = not opt.subjects or found[ids[row]]
      if known then rows[#rows + 1] = row else without = without + 1 end
    end
    add(arms, { name = group.name, rows = rows }, values)
  end
  if without > 0 then
    note.say("%s: %s of those who are not among the subjects left out", WHO,
      note.plural(without, "row"))
  end
  return arms
end

local function shown(arms, visits, by, x)
  local arrays = { {}, {}, {}, {}, {} }
  for _, arm in ipairs(arms) do
    for i, subject in ipairs(arm.list) do
      for j, visit in ipairs(visits) do
        local k = #arrays[1] + 1
        for c, value in ipairs { arm.name or "all", subject.id, i, visit,
          states[subject.at[j]].name } do
          arrays[c][k] = value
        end
      end
    end
  end
  return { by or "group", "USUBJID", "line", x, "state" }, arrays
end

--- figure.missing { DATA or "ENDPOINT", option = ... } -> figure
-- Which subject has a value at which visit: a line each, by arm, from those who have
-- all to those who left first; what is missing between values, after the last one and
-- from the day of death on (DTHDY) looks different; n below the visits.
--   y           "AVAL";  x  "AVISITN" or "AVISIT"
--   subjects    a row per subject: those without any value are seen too, and days of
--               death that DATA have not
--   by          "TRT01P" where there is one; false: one group
--   order       "last": by the last value; "death": who died below all others, by day
--   patterns    false; true: a row for each pattern of values over the visits, with its
--               subjects; most  15: of more the rest is one row
--   legend      "above", "none";  parameter  of an endpoint that has several
--   title, xlabel, ylabel   text;  width 183, height 70 (by its rows)   mm;  journal, note, stamp
--               as in all
--
--   > alc = demo.adlb:where { PARAMCD = "ALC" }
--   > figure.missing { alc, subjects = demo.adsl }.caption
--   Lines: subjects, sorted by their last value and the day of death; n: values.
--
-- See also: figure.states, figure.profile, relation:expect_visits, figure:save.
function M.missing(given)
  local first, opt = source.options(WHO, source.wide(given), own_options)
  local from = analysed.course(WHO, first, opt.parameter)
  source.one_parameter(WHO, from)
  local by = opt.by
  if by == nil then by = from.treatment or source.by(WHO, from.data) end
  local x = x_of(from, opt)
  if opt.subjects then -- dummy arms of theirs are marked too
    from.stamp = mark.both(from.stamp, source.stamp(opt.subjects)) or nil
  end
  local want = { "USUBJID", x, opt.y }
  if by then want[#want + 1] = by end
  if data.has(from.data, "DTHDY") then want[#want + 1] = "DTHDY" end
  local frame = data.frame(from.data, want, WHO)
  local visits = source.distinct(frame:column(x))
  if #visits == 0 then fail("degenerate", WHO .. ": no visit to show") end
  local arms, spans, most = {}, {}, 0
  for _, arm in ipairs(arms_of(frame, opt, by, x)) do
    if #arm.list > 0 then
      for _, subject in ipairs(arm.list) do judge(subject, visits) end
      sort(arm.list, opt.order)
      local start = #arms * (#visits + 0.6)
      arms[#arms + 1] = arm
      spans[#arms] = { name = arm.name, n = #arm.list, from = start + 1,
        to = start + #visits }
      most = math.max(most, #arm.list)
    end
  end
  if most == 0 then fail("degenerate", WHO .. ": no subject to show") end
  local xlabel = opt.xlabel or (x == "AVISITN" or x == "ADY") and "Day" or nil
  if opt.patterns then
    return patterns.figure(opt, from, { who = WHO, arms = arms, visits = visits,
      states = states, entries = entries_of(arms), by = by,
      xlabel = xlabel or "Visit" })
  end
  local spec = { who = WHO, what = "the lines", arms = arms, blocks = spans,
    visits = visits, most = most, legend = opt.legend, y = { 0, most },
    x = { 0.4, spans[#spans].to + 0.6 }, ticks = {}, xlabels = {},
    yaxis = { ticks = {}, labels = {}, title = opt.ylabel },
    xlabel = xlabel }
  local numbers = {}
  for k, arm in ipairs(arms) do
    for j, visit in ipairs(visits) do
      local i, n = #spec.ticks + 1, 0
      for _, subject in ipairs(arm.list) do n = n + (subject.at[j] == 1 and 1 or 0) end
      spec.ticks[i], numbers[i] = spans[k].from + j - 1, tostring(n)
      spec.xlabels[i] = type(visit) == "number" and text.number(visit) or visit
    end
  end
  spec.rows = function() return { { label = "n", numbers = numbers } } end
  spec.entries = entries_of(arms)
  blocks.add(spec)
  spec.marks = function(panel) draw(panel, spec) end
  return object.new(opt, from, { what = "missing values", height = 70,
    caption = ("Lines: subjects, sorted by %s; n: values."):format(
      opt.order == "death" and "the day of death and their last value"
        or "their last value and the day of death"), entries = spec.entries,
    shown = function() return shown(arms, visits, by, x) end,
    draw = function(page, bottom, top) chart.draw(page, spec, bottom, top) end })
end

return M
