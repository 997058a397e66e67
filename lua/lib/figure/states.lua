-- figure.states: in which state subjects are from day to day, as stacked bars by
-- arm. Each bar has all subjects of its arm; who has no value is seen as such.

local cframe = require "ts.frame"
local text = require "ts.text"
local fail = require "ts.error".fail
local NA = require "ts.na".NA
local data = require "trialsh.data"
local format = require "trialsh.format"
local analysed = require "trialsh.figure.analysed"
local blocks_of_arms = require "trialsh.figure.blocks"
local chart = require "trialsh.figure.chart"
local legend = require "trialsh.figure.legend"
local names_module = require "trialsh.names"
local object = require "trialsh.figure.object"
local shades = require "trialsh.figure.shades"
local source = require "trialsh.figure.source"

local M = {}

local WHO = "figure.states"
local MISSING = "No value"

-- Which states there are -------------------------------------------------------

local function classes_of(breaks)
  local names = {}
  for i, b in ipairs(breaks) do
    if type(b) ~= "number" or i > 1 and b <= breaks[i - 1] then
      fail("invalid", WHO .. ": breaks are numbers in rising order")
    end
    names[i] = (i == 1 and "below " or text.number(breaks[i - 1]) .. " to below ")
      .. text.number(b)
  end
  if #breaks == 0 then fail("invalid", WHO .. ": breaks names no limit") end
  names[#names + 1] = text.number(breaks[#breaks]) .. " and more"
  return names
end

local function class_at(breaks, value)
  for i, b in ipairs(breaks) do
    if value < b then return i end
  end
  return #breaks + 1
end

-- Values as words, and the words in their order.
local function words_of(column, opt)
  local values, out = cframe.values(column), {}
  if opt.breaks then
    if column.type ~= "real" then
      fail("type", ("%s: breaks are of numbers; %s is text"):format(WHO, opt.y))
    end
    local names = classes_of(opt.breaks)
    for i, v in ipairs(values) do
      out[i] = v ~= NA and names[class_at(opt.breaks, v)] or NA
    end
    return out, names
  end
  local names = source.distinct(column)
  for i, v in ipairs(values) do
    out[i] = type(v) == "number" and text.number(v) or v
  end
  for i, v in ipairs(names) do
    names[i] = type(v) == "number" and text.number(v) or v
  end
  return out, names
end

-- The order that is asked for; states it does not name are an error.
local function ordered(names, opt)
  local list = table.move(names, 1, #names, 1, {})
  local known = {}
  for _, name in ipairs(names) do known[name] = true end
  if opt.order then
    list = {}
    local placed = {}
    for i, name in ipairs(opt.order) do
      list[i] = type(name) == "number" and text.number(name) or tostring(name)
      placed[list[i]] = true
    end
    for _, name in ipairs(names) do
      if not placed[name] then
        fail("invalid", ("%s: order does not name the state %s%s"):format(WHO, name,
          names_module.hint(name, list)))
      end
    end
  end
  if #list > 12 then
    fail("invalid", ("%s: %d states are too many to tell apart; breaks = { ... } "
      .. "makes classes of numbers"):format(WHO, #list))
  end
  return list
end

-- Who is where -----------------------------------------------------------------

-- { id = { [day] = state } } of the rows of an arm, and days of death and discharge.
local function histories(group, columns)
  local list, by = {}, {}
  for _, row in ipairs(group.rows) do
    local id, day = columns.id[row], columns.x[row]
    if id ~= NA then
      local h = by[id]
      if not h then
        h = { state = {} }
        by[id], list[#list + 1] = h, h
      end
      for _, key in ipairs { "death", "home" } do
        local day_of = columns[key] and columns[key][row]
        if day_of and day_of ~= NA then h[key] = day_of end
      end
      local state = columns.state[row]
      if day ~= NA and state ~= NA then
        if h.state[day] then
          fail("invalid", ("%s: two values of %s at %s; one a day is needed"):format(
            WHO, id, tostring(type(day) == "number" and text.number(day) or day)))
        end
        h.state[day] = state
      end
    end
  end
  return list
end

-- Subjects per state on each day: counts[day place][state].
local function count(group, columns, days, opt)
  local list, counts = histories(group, columns), {}
  for j in ipairs(days) do counts[j] = {} end
  for _, h in ipairs(list) do
    local stays
    for j, day in ipairs(days) do
      local state = h.state[day] or stays
      if not h.state[day] and type(day) == "number" then
        if h.death and day >= h.death then
          state = opt.dead
        elseif not stays and h.home and day >= h.home then
          state = opt.discharged
        end
      end
      if state and opt.stays[state] then stays = state end
      state = state or MISSING
      counts[j][state] = (counts[j][state] or 0) + 1
    end
  end
  return counts, #list
end

-- Drawing ----------------------------------------------------------------------

local function fills_of(states, opt)
  local fills, ranked = {}, {}
  for _, state in ipairs(states) do
    if state ~= opt.dead and state ~= opt.discharged and state ~= MISSING then
      ranked[#ranked + 1] = state
    end
  end
  local own = type(opt.palette) == "table" and opt.palette
  local ramp = opt.palette == "grey" and "grey" or "blue"
  for i, state in ipairs(ranked) do
    fills[state] = shades.at(ramp, #ranked > 1 and (i - 1) / (#ranked - 1) or 0.5)
  end
  if opt.dead then fills[opt.dead] = "#000000" end
  if opt.discharged then
    fills[opt.discharged] = ramp == "grey" and "#FFFFFF" or "#BFE3C6"
  end
  fills[MISSING] = "#FFFFFF"
  for i, colour in ipairs(own or {}) do
    if type(colour) ~= "string" or not colour:find "^#%x%x%x%x%x%x$" then
      fail("invalid", ("palette[%d] = %s is no colour such as \"#0072B2\""):format(i,
        tostring(colour)))
    end
    if states[i] and states[i] ~= MISSING then fills[states[i]] = colour end
  end
  return fills
end

-- From bottom to top: { state, from, to } of each bar in %.
local function pieces(counts, of, states)
  local list, before = {}, 0
  for k, state in ipairs(states) do
    local n = counts[state]
    if n then
      list[#list + 1] = { k = k, state = state, n = n, from = 100 * before / of,
        to = 100 * (before + n) / of }
      before = before + n
    end
  end
  return list
end

local function draw_cells(panel, spec)
  local page = panel.page
  for y = math.floor(panel.bottom) + 1, math.ceil(panel.top) - 1 do
    local share = 100 * (y - panel.bottom - 0.5) / (panel.top - panel.bottom)
    local cells = {}
    for x = 0, math.floor(panel.right - panel.left) do cells[x] = " " end
    for _, bar in ipairs(spec.bars) do
      local letter = " "
      for _, p in ipairs(bar.pieces) do
        if share >= p.from and share < p.to then letter = spec.letters[p.k] end
      end
      local left = math.ceil(panel:at_x(bar.x - 0.45) - panel.left)
      for x = left, math.max(left, math.floor(panel:at_x(bar.x + 0.45) - panel.left)
        - 1) do
        cells[x] = letter
      end
    end
    page:text(table.concat(cells, "", 0), panel.left + 1, y, {})
  end
end

-- Crossed out, which tells it from what is white.
local function draw_missing(page, left, low, right, high)
  page:line(left, low, right, high, { colour = "#CFCFCF", width = 0.4 })
end

local function draw_bars(panel, spec)
  local page, s = panel.page, panel.page.style
  if page.cells then return draw_cells(panel, spec) end
  local size, height = s.tick_text, page:line_height(s.tick_text)
  for _, bar in ipairs(spec.bars) do
    local left, right = panel:at_x(bar.x - 0.46), panel:at_x(bar.x + 0.46)
    for _, p in ipairs(bar.pieces) do
      local low, high = panel:at_y(p.from), panel:at_y(p.to)
      local fill = spec.fills[p.state]
      page:box(left, low, right, high, { fill = fill, width = 0.25,
        colour = fill == "#FFFFFF" and "#7F7F7F" or "#FFFFFF" })
      if p.state == MISSING then draw_missing(page, left, low, right, high) end
      local words = format.fixed(p.to - p.from, 0)
      if spec.labels and p.to - p.from >= 5 and high - low >= height
          and page:text_width(words, size) + 0.4 <= right - left then
        page:text(words, (left + right) / 2, (low + high) / 2, { size = size,
          align = "center", colour = shades.text_on(fill) })
      end
    end
  end
end

local function draw_missing_key(page, x, y)
  local half = 0.8
  x = x + page.style.key / 4
  page:box(x - half, y - half, x + half, y + half, { colour = "#7F7F7F", width = 0.5 })
  draw_missing(page, x - half, y - half, x + half, y + half)
end

local own_options = { parameter = { "string" }, y = { "string", "AVAL" },
  x = { "string" }, by = { "any" }, order = { "list" }, breaks = { "table" },
  dead = { "string" }, discharged = { "string" }, absorbing = { "list" },
  missing = { "boolean", true }, labels = { "boolean", true },
  xlabel = { "string" }, ylabel = { "string", "Subjects, %" },
  legend = { { "above", "none" }, "above" } }

local function x_of(from, opt)
  if opt.x then return opt.x end
  for _, name in ipairs { "AVISITN", "ADY", "AVISIT", "VISIT" } do
    if data.has(from.data, name) then return name end
  end
  fail("not found", WHO .. ": x = the column of days or visits")
end

-- States that nobody leaves: the dead, the discharged, and those that are named.
local function staying(opt, states)
  opt.stays = {}
  local known = {}
  for _, state in ipairs(states) do known[state] = true end
  for _, state in ipairs(opt.absorbing or { opt.dead, opt.discharged }) do
    opt.stays[state] = true
  end
  for _, key in ipairs { "dead", "discharged" } do
    if opt[key] and not known[opt[key]] and not opt.by_day[key] then
      fail("not found", ("%s: %s = %s is no state%s"):format(WHO, key, opt[key],
        names_module.hint(opt[key], states)))
    end
  end
  for _, state in ipairs(opt.absorbing or {}) do
    if not known[state] and not (state == opt.dead and opt.by_day.dead)
        and not (state == opt.discharged and opt.by_day.discharged) then
      fail("not found", ("%s: absorbing: no state %s%s"):format(WHO, tostring(state),
        names_module.hint(tostring(state), states)))
    end
  end
end

-- States that are known by a day alone: discharged below all others, dead above them.
local function add_days(states, opt)
  if opt.order then return end
  local known = {}
  for _, state in ipairs(states) do known[state] = true end
  if opt.by_day.dead and not known[opt.dead] then states[#states + 1] = opt.dead end
  if opt.by_day.discharged and not known[opt.discharged] then
    table.insert(states, 1, opt.discharged)
  end
end

local function bars_of(groups, columns, days, states, opt)
  local bars, blocks, any = {}, {}, false
  for _, group in ipairs(groups) do
    local counts, n = count(group, columns, days, opt)
    if n > 0 then
      local first = #blocks * (#days + 0.6)
      blocks[#blocks + 1] = { name = group.name, n = n, from = first + 1,
        to = first + #days }
      for j in ipairs(days) do
        local missing = counts[j][MISSING] or 0
        if not opt.missing then counts[j][MISSING] = nil end
        any = any or counts[j][MISSING] ~= nil
        local of = opt.missing and n or n - missing
        bars[#bars + 1] = { x = first + j, day = days[j], group = group.name, of = of,
          n = n - missing, pieces = of > 0 and pieces(counts[j], of, states) or {} }
      end
    end
  end
  if #bars == 0 then fail("degenerate", WHO .. ": no subject to show") end
  return bars, blocks, any
end

local function shown(bars, by, x)
  local names = { by or "group", x, "state", "n", "of", "share" }
  local arrays = { {}, {}, {}, {}, {}, {} }
  for _, bar in ipairs(bars) do
    for _, p in ipairs(bar.pieces) do
      local i = #arrays[1] + 1
      for j, value in ipairs { bar.group or "all", bar.day, p.state, p.n, bar.of,
        p.n / bar.of } do
        arrays[j][i] = value
      end
    end
  end
  return names, arrays
end

local function caption_of(opt, states, any)
  local parts = { "Subjects by state, each arm's " .. (opt.missing and "all"
    or "with a value") .. " as 100 %" }
  if opt.labels then parts[2] = "percentages from 5 % on where there is room" end
  local stay = {}
  for _, state in ipairs(states) do
    if opt.stays[state] then stay[#stay + 1] = state end
  end
  if #stay > 0 then
    parts[#parts + 1] = table.concat(stay, ", ") .. ": kept from the day on which "
      .. "it was reached"
  end
  if any then parts[#parts + 1] = "crossed out: no value on that day" end
  return table.concat(parts, "; ") .. "."
end

--- figure.states { DATA or "ENDPOINT", option = ... } -> figure
-- Stacked bars of the states subjects are in, by day and arm: ordinal scales, organ
-- support, classes of a score. DATA have a row per subject and day; a bar is all
-- subjects of the arm, n below it those whose state is known.
--   y           "AVAL": the state, text or number;  x  "AVISITN", "ADY" or "AVISIT"
--   order       { "At home", "Ward", "ICU", "Dead" }: from the bottom to the top; the
--               order of levels or numbers where none is given
--   breaks      { 500, 1000 }: classes of a number
--   dead        "Dead": the state in black; where there is DTHDY also who has no
--               value from that day on;  discharged  "At home": apart from the ranks,
--               where there is DISDY also who is alive without a value from then on
--   absorbing   states that last once they are reached: dead and discharged
--   missing     true: who has no value is part of the bar; false: left out
--   labels      true: percentages of 5 and more in the bars
--   by          "TRT01P" where there is one; false: one group
--   legend      "above", "none";  parameter  of an endpoint that has several
--   title, xlabel, ylabel   text;  width 183, height 70   mm
--   palette     "grey" or { "#000000", ... }, of the states;  journal, note, stamp
--               as in all
--
--   > alc = demo.adlb:where { PARAMCD = "ALC" }
--   > figure.states { alc, breaks = { 500, 1000 } }:data().state[1]
--   below 500
--
-- See also: figure.profile, figure.survival, figure:save.
function M.states(given)
  local first, opt = source.options(WHO, source.wide(given), own_options)
  local from = analysed.course(WHO, first, opt.parameter)
  local by = opt.by
  if by == nil then by = from.treatment or source.by(WHO, from.data) end
  local x = x_of(from, opt)
  local list = { "USUBJID", x, opt.y }
  if by then list[#list + 1] = by end
  opt.by_day = { dead = opt.dead and data.has(from.data, "DTHDY"),
    discharged = opt.discharged and data.has(from.data, "DISDY") }
  if opt.by_day.dead then list[#list + 1] = "DTHDY" end
  if opt.by_day.discharged then list[#list + 1] = "DISDY" end
  local frame = data.frame(from.data, list, WHO)
  local states, columns = nil, { id = cframe.values(frame:column "USUBJID"),
    death = opt.by_day.dead and cframe.values(frame:column "DTHDY") or nil,
    home = opt.by_day.discharged and cframe.values(frame:column "DISDY") or nil }
  columns.state, states = words_of(frame:column(opt.y), opt)
  add_days(states, opt)
  states = ordered(states, opt)
  if #states == 0 then fail("degenerate", ("%s: no value of %s"):format(WHO, opt.y)) end
  staying(opt, states)
  local days = source.distinct(frame:column(x))
  if #days == 0 then fail("degenerate", ("%s: no value of %s"):format(WHO, x)) end
  columns.x = cframe.values(frame:column(x))
  local all = table.move(states, 1, #states, 1, {})
  all[#all + 1] = MISSING
  local bars, blocks, any = bars_of(source.groups(frame, by), columns, days, all, opt)
  local spec = { who = WHO, what = "the bars", bars = bars, blocks = blocks,
    fills = fills_of(all, opt), labels = opt.labels, legend = opt.legend,
    x = { 0.4, blocks[#blocks].to + 0.6 }, y = { 0, 100 },
    yaxis = { ticks = { 0, 25, 50, 75, 100 }, title = opt.ylabel,
      labels = { "0", "25", "50", "75", "100" } },
    ticks = {}, xlabels = {}, entries = {},
    xlabel = opt.xlabel or (x == "AVISITN" or x == "ADY") and "Day" or nil }
  spec.letters = legend.letters(all)
  spec.letters[#all] = "."
  local numbers = {}
  for i, bar in ipairs(bars) do
    spec.ticks[i] = bar.x
    spec.xlabels[i] = type(bar.day) == "number" and text.number(bar.day) or bar.day
    numbers[i] = tostring(bar.n)
  end
  spec.rows = function() return { { label = "n", numbers = numbers } } end
  for k, state in ipairs(all) do
    if state ~= MISSING or any then
      local white = spec.fills[state] == "#FFFFFF"
      spec.entries[#spec.entries + 1] = { name = state, place = (k - 1) % 8 + 1,
        key = "point", letter = spec.letters[k], arm = { symbol = white and 4 or 5,
          colour = white and "#7F7F7F" or spec.fills[state], weight = 1.2 },
        draw = state == MISSING and draw_missing_key or nil }
    end
  end
  blocks_of_arms.add(spec)
  spec.marks = function(panel) draw_bars(panel, spec) end
  return object.new(opt, from, { what = "states", height = 70,
    caption = caption_of(opt, states, any), entries = spec.entries,
    shown = function() return shown(bars, by, x) end,
    draw = function(page, bottom, top) chart.draw(page, spec, bottom, top) end })
end

return M
