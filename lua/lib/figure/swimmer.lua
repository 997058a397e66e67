-- figure.swimmer: a bar per subject over time, with what went on in lanes within it
-- and single events as symbols.

local cframe = require "ts.frame"
local fail = require "ts.error".fail
local NA = require "ts.na".NA
local chart = require "trialsh.figure.chart"
local data = require "trialsh.data"
local iso = require "trialsh.iso"
local note = require "trialsh.note"
local object = require "trialsh.figure.object"
local scale = require "trialsh.figure.scale"
local shades = require "trialsh.figure.shades"
local source = require "trialsh.figure.source"
local style = require "trialsh.figure.style"

local M = {}

local WHO = "figure.swimmer"

local SYMBOLS = { "down", 13, 4, "up", 15, 6 }

local function first_of(x, given, candidates, what)
  if given then
    if not data.has(x, given) then data.frame(x, { given }, WHO) end
    return given
  end
  for _, name in ipairs(candidates) do
    if data.has(x, name) then return name end
  end
  fail("not found", ("%s: %s = a column; there is none of %s"):format(WHO, what,
    table.concat(candidates, ", ")))
end

-- A date as a number of days, or a number as it is; nil where there is none.
local function time_of(value, name)
  if value == nil or value == NA or value == "" then return nil end
  if type(value) == "number" then return value end
  local days = iso.number("date", value:sub(1, 10))
  if not days then
    fail("invalid", ("%s: %s has %s, which is no date"):format(WHO, name, value))
  end
  return days
end

-- Day 1 is the start, 0 the day before it; numbers are taken as they are.
local function since(value, start, name)
  local t = time_of(value, name)
  if not t then return nil end
  return type(value) == "number" and t or t - start + 1
end

local function read(x, names)
  local frame, out = data.frame(x, names, WHO), {}
  for _, name in ipairs(names) do out[name] = cframe.values(frame:column(name)) end
  return out, #frame, frame
end

-- Subjects with the length of their bar, by arm and then length.
local function subjects_of(x, opt, by)
  local names = { "USUBJID", opt.upto }
  if by then names[#names + 1] = by end
  for _, name in ipairs { opt.from or false, opt.death or false, opt.discharge or false } do
    if name then names[#names + 1] = name end
  end
  for _, event in ipairs(opt.events) do
    if type(event[2]) == "string" then names[#names + 1] = event[2] end
  end
  local c, n, frame = read(x, source.once(names))
  local groups, list, known, left = source.groups(frame, by or nil), {}, {}, 0
  for k, group in ipairs(groups) do
    for _, i in ipairs(group.rows) do
      local id, last = c.USUBJID[i], c[opt.upto][i]
      local start = opt.from and time_of(c[opt.from][i], opt.from)
      if known[id] then
        fail("invalid", ("%s: %s is there twice; each subject has one bar"):format(
          WHO, tostring(id)))
      end
      local subject = { id = tostring(id), k = k, group = group.name, start = start,
        at = {}, lanes = {} }
      known[id] = subject
      if last ~= NA and (start or type(last) == "number") then
        subject.last = since(last, start, opt.upto)
        local died = opt.death and c[opt.death][i]
        subject.died = died and since(died, start, opt.death)
        subject.home = opt.discharge and since(c[opt.discharge][i], start, opt.discharge)
        for e, event in ipairs(opt.events) do
          local column = type(event[2]) == "string" and event[2]
          subject.at[e] = { column and since(c[column][i], start, column) or nil }
        end
        list[#list + 1] = subject
      else
        left = left + 1
      end
    end
  end
  if left > 0 or n > #list + left then
    note.say("%s: %s without %s, %s%s not shown", WHO, note.plural(n - #list,
      "subject"), opt.upto, opt.from or "start", by and " or " .. by or "")
  end
  if #list == 0 then
    fail("degenerate", ("%s: no subject has %s"):format(WHO, opt.upto))
  end
  table.sort(list, function(a, b)
    if a.k ~= b.k then return a.k < b.k end
    if a.last ~= b.last then return a.last > b.last end
    return a.id < b.id
  end)
  return list, known, groups
end

-- Events that are rows of a table of their own: doses, adverse events.
local function add_events(known, opt)
  for e, event in ipairs(opt.events) do
    local name = event[3]
    if name then
      local c, n = read(event[2], { "USUBJID", name })
      for i = 1, n do
        local subject = known[c.USUBJID[i]]
        local at = subject and subject.last and since(c[name][i], subject.start, name)
        if at then table.insert(subject.at[e], at) end
      end
      for _, subject in pairs(known) do table.sort(subject.at[e] or {}) end
    end
  end
end

-- Rows of segments into the lanes of their subjects; kinds in order.
local function add_segments(segments, known, opt)
  if not segments then return {} end
  local kind = first_of(segments, opt.kind, { "SUPPORT", "PARAMCD", "ECTRT",
    "EXTRT" }, "kind")
  local a = first_of(segments, opt.starts, { "STDT", "ASTDT", "ASTDY" }, "starts")
  local b = first_of(segments, opt.ends, { "ENDT", "AENDT", "AENDY" }, "ends")
  local c, n, frame = read(segments, { "USUBJID", kind, a, b })
  local kinds, place = {}, {}
  for k, group in ipairs(source.groups(frame, kind)) do
    kinds[k], place[group.name] = group.name, k
  end
  for i = 1, n do
    local subject, name = known[c.USUBJID[i]], c[kind][i]
    local from = subject and subject.last and since(c[a][i], subject.start, a)
    if from and name ~= NA then
      local to = since(c[b][i], subject.start, b)
      table.insert(subject.lanes, { place[tostring(name)], from, to or subject.last,
        open = not to })
    end
  end
  return kinds
end

-- Marks ------------------------------------------------------------------------

local function pale(colour) return shades.pale(colour, 0.3) end

local function rectangle(xs, ys, from, to, low, high)
  for _, p in ipairs { { from, low }, { from, high }, { to, high }, { to, low } } do
    xs[#xs + 1], ys[#ys + 1] = p[1], p[2]
  end
  xs[#xs + 1], ys[#ys + 1] = false, false
end

-- Where a bar has its full height: of who went home until then.
local function upto(spec, subject)
  local home = subject.home
  return home and math.min(math.max(home, spec.start), subject.last) or subject.last
end

-- Alive, and in hospital as far as that is known.
local function goes_on(spec, subject)
  return not subject.died and not (spec.discharge and subject.home)
end

-- Symbols in black with a white edge, which parts them from what is behind.
local function draw_symbol(page, x, y, symbol, size)
  page:symbol(x, y, { symbol = symbol == 6 and 7 or symbol == 4 and 5 or symbol,
    size = size + 1.2, colour = "#FFFFFF" })
  page:symbol(x, y, { symbol = symbol, size = size, colour = "#000000" })
end

-- Of a preview: how each bar ends, and letters of events.
local function draw_letters(panel, spec)
  local page = panel.page
  for i, subject in ipairs(spec.list) do
    local y = math.floor(panel:at_y(#spec.list + 1 - i) + 0.5)
    local function say(letter, at)
      if at >= spec.x[1] and at <= spec.x[2] then
        page:text(letter, math.floor(panel:at_x(at)), y, {})
      end
    end
    for e in ipairs(spec.events) do
      for _, at in ipairs(subject.at[e]) do say(spec.events[e].letter, at) end
    end
    if subject.died then say("x", math.min(subject.died, subject.last))
    elseif goes_on(spec, subject) then say(">", subject.last) end
  end
end

local function draw(panel, spec)
  local page, n = panel.page, #spec.list
  local arms, lanes = {}, {}
  for i, subject in ipairs(spec.list) do
    local y = n + 1 - i
    local arm = arms[subject.k] or { {}, {}, {}, {} }
    arms[subject.k] = arm
    if page.cells then
      table.insert(arm[1], spec.x[1])
      table.insert(arm[2], y)
      table.insert(arm[3], subject.last)
      table.insert(arm[4], y)
    else
      local home = upto(spec, subject)
      rectangle(arm[1], arm[2], spec.start, home, y - 0.375, y + 0.375)
      if home < subject.last then -- thin once they are at home
        rectangle(arm[1], arm[2], home, subject.last, y - 0.125, y + 0.125)
      end
    end
    for _, lane in ipairs(subject.lanes) do
      local of = lanes[lane[1]] or { {}, {} }
      lanes[lane[1]] = of
      local high = y + 0.375 - 0.75 * (lane[1] - 1) / #spec.kinds
      rectangle(of[1], of[2], math.max(lane[2], spec.x[1]), lane[3],
        high - 0.65 / #spec.kinds, high)
    end
  end
  for k, arm in pairs(arms) do
    if page.cells then
      panel:segments(arm[1], arm[2], arm[3], arm[4], { place = k })
    else
      panel:area(arm[1], arm[2], { colour = pale(spec.arms[k].colour), opacity = 1 })
    end
  end
  if page.cells then return draw_letters(panel, spec) end
  for k in ipairs(spec.kinds) do
    if lanes[k] then
      panel:area(lanes[k][1], lanes[k][2], { colour = spec.colours[k], opacity = 1 })
    end
  end
  local slot = (panel.top - panel.bottom) / n
  local size = math.min(3, math.max(1, 0.6 * slot * 72 / 25.4))
  for i, subject in ipairs(spec.list) do
    local y, x = panel:at_y(n + 1 - i), panel:at_x(subject.last)
    for _, lane in ipairs(subject.lanes) do
      if lane.open then -- nobody knows when it ended
        local head, lanes_ = math.min(1.2, 0.6 * slot), #spec.kinds
        local at = y + slot * (0.375 - 0.75 * (lane[1] - 1) / lanes_ - 0.325 / lanes_)
        page:arrow(x, at, x + head, at, { head = head, width = 0.5,
          colour = spec.colours[lane[1]] })
      end
    end
    for e in ipairs(spec.events) do
      for _, at in ipairs(subject.at[e]) do
        if at >= spec.x[1] and at <= spec.x[2] then
          draw_symbol(page, panel:at_x(at), y, SYMBOLS[e], size)
        end
      end
    end
    if subject.died then
      page:cross(panel:at_x(math.min(subject.died, subject.last)), y,
        math.min(0.8, 0.35 * slot), { width = 0.8 })
    elseif goes_on(spec, subject) then
      local head = math.min(1.4, 0.8 * slot)
      page:arrow(x, y, x + head, y, { head = head, width = 0.5 })
    end
  end
end

-- The description --------------------------------------------------------------

local own_options = { by = { "any" }, from = { "string" }, upto = { "string" },
  death = { "string" }, discharge = { "string" }, segments = { "any" },
  kind = { "string" }, names = { "table" }, starts = { "string" },
  ends = { "string" }, events = { "list" },
  xlabel = { "string" }, ylabel = { "string" }, ticks = { "table" },
  labels = { "boolean", true }, legend = { { "above", "none" }, "above" } }

local function entries_of(spec, groups, by)
  local out = {}
  local function say(name, arm)
    out[#out + 1] = { name = name, arm = arm, place = #out % 8 + 1, key = "point",
      letter = string.char(65 + #out % 26) }
  end
  for k, group in ipairs(by and groups or {}) do
    say(group.name, { colour = pale(spec.arms[k].colour), symbol = 5, weight = 1 })
  end
  for k, name in ipairs(spec.kinds) do
    say(spec.names[name] or name, { colour = spec.colours[k], symbol = 5, weight = 1 })
  end
  for e, event in ipairs(spec.events) do
    say(event[1], { colour = "#000000", symbol = SYMBOLS[e], weight = 0.9 })
    event.letter = out[#out].letter
  end
  local died = false
  for _, subject in ipairs(spec.list) do died = died or subject.died end
  if died then
    say("Death", { colour = "#000000" })
    out[#out].letter = "x"
    out[#out].draw = function(page, x, y)
      page:cross(x + page.style.key / 4, y, 0.8, { width = 0.8 })
    end
  end
  return out
end

local function shown(spec)
  local ids, groups, items, from, to = {}, {}, {}, {}, {}
  local function say(subject, item, a, b)
    local i = #ids + 1
    ids[i], groups[i], items[i] = subject.id, subject.group or "all", item
    from[i], to[i] = a, b or NA
  end
  for _, subject in ipairs(spec.list) do
    say(subject, "followed", spec.start, subject.last)
    if subject.died then say(subject, "died", subject.died) end
    if spec.discharge and goes_on(spec, subject) then
      say(subject, "in hospital when last seen", subject.last)
    end
    for _, lane in ipairs(subject.lanes) do
      say(subject, spec.kinds[lane[1]], lane[2], not lane.open and lane[3] or nil)
    end
    for e, event in ipairs(spec.events) do
      for _, at in ipairs(subject.at[e]) do say(subject, event[1], at) end
    end
  end
  return { "USUBJID", "group", "item", "from", "to" }, { ids, groups, items, from, to }
end

local function caption_of(spec)
  local died, on, home, open = 0, 0, 0, false
  for _, subject in ipairs(spec.list) do
    died = died + (subject.died and 1 or 0)
    on = on + (goes_on(spec, subject) and 1 or 0)
    home = home + (subject.home and 1 or 0)
    for _, lane in ipairs(subject.lanes) do open = open or lane.open end
  end
  local parts = { ("A bar per subject, n = %d"):format(#spec.list) }
  local function say(words, n)
    if n > 0 then parts[#parts + 1] = words:format(n) end
  end
  say("crosses: died (%d)", died)
  say(spec.discharge and "arrows: in hospital when last seen (%d)"
    or "arrows: alive when last seen (%d)", on)
  say("thin: after discharge (%d)", home)
  if #spec.kinds > 0 then
    parts[#parts + 1] = "lanes within the bars: what went on"
      .. (open and ", with an arrow where no end is known" or "")
  end
  return table.concat(parts, "; ") .. "."
end

--- figure.swimmer { SUBJECTS, option = ... } -> figure
-- A bar per subject, sorted by arm and length, with lanes of what went on and
-- symbols for single events. Bars of those who died end in a cross, others in an
-- arrow; where discharge is known, those of who is in hospital still. Times are dates,
-- shown as days with day 1 at from and 0 before it, or numbers.
--   from, upto  "RANDDT" or "TRTSDT"; "LSTDT", "EOSDT" or "AVAL": ends of the bar
--   death      "DTHDT" where there is one
--   discharge  "DISDT": from then on the bar is thin
--   by         "TRT01P" where there is one; false: one colour
--   segments   a table of them, with kind ("SUPPORT"), starts ("STDT") and ends
--              ("ENDT"); without an end they go on to that of the bar;  names
--              { VENT = "Ventilation" }
--   events     { { "Discharge", "DISDT" }, { "Dose", s.ex, "EXSTDTC" }, ... }: a name and
--              a column, or the table that has it and USUBJID, a row each; six at most
--   labels     true: USUBJID, where there is room
--   ticks      a list;  xlabel, ylabel  text;  legend  "above", "none"
--   title, note, stamp, width 89, height (by its bars), palette, journal
--
--   > d = { USUBJID = { "1", "2" }, AVAL = { 12, 30 }, ARM = { "A", "B" } }
--   > #figure.swimmer { d, by = "ARM" }:data()
--   2
--
-- See also: figure.waterfall, figure.survival, table.patient.
function M.swimmer(given)
  local first, opt = source.options(WHO, given, own_options)
  if not data.is(first) then
    fail("type", WHO .. " takes a table of subjects: figure.swimmer { s.adsl }")
  end
  local from = source.take(WHO, first)
  local by = opt.by
  if by == nil then by = source.by(WHO, first) end
  opt.upto = first_of(first, opt.upto, { "LSTDT", "EOSDT", "AVAL" }, "upto")
  if not opt.from then
    for _, name in ipairs { "TRTSDT", "RANDDT" } do
      opt.from = data.has(first, name) and name or opt.from
    end
  end
  opt.death = opt.death or data.has(first, "DTHDT") and "DTHDT" or nil
  opt.events = opt.events or {}
  for i, event in ipairs(opt.events) do
    local good = type(event) == "table" and type(event[1]) == "string" and i <= #SYMBOLS
      and (type(event[2]) == "string" and event[3] == nil
        or data.is(event[2]) and type(event[3]) == "string")
    if not good then
      fail("invalid", WHO .. ': events = { { "Discharge", "DISDT" }, { "Dose", TABLE, '
        .. '"EXSTDTC" }, ... }, six at most')
    end
    opt.events[i] = table.move(event, 1, 3, 1, {})
  end
  for _, name in ipairs { opt.death or false, opt.discharge or false } do
    if name and not data.has(first, name) then data.frame(first, { name }, WHO) end
  end
  local list, known, groups = subjects_of(first, opt, by)
  local spec = { who = WHO, what = "the bars", list = list, events = opt.events,
    legend = opt.legend, start = opt.from and 1 or 0, names = opt.names or {},
    discharge = opt.discharge, arms = style.arms(#groups, opt.palette) }
  add_events(known, opt)
  spec.kinds = add_segments(opt.segments, known, opt)
  spec.colours = {}
  for k, arm in ipairs(#spec.kinds > 0 and style.arms(#spec.kinds,
    opt.palette == "grey" and "grey" or "tol") or {}) do
    spec.colours[k] = arm.colour
  end
  local high, low = 1, spec.start
  for _, subject in ipairs(list) do
    high = math.max(high, subject.last)
    for _, lane in ipairs(subject.lanes) do low = math.min(low, lane[2]) end
  end
  low = math.max(low, spec.start - 0.2 * (high - spec.start))
  spec.x = { low, high + 0.03 * (high - low) }
  spec.ticks = opt.ticks and scale.ticks(WHO, "ticks", opt.ticks, spec.x)
    or scale.linear(spec.x[1], spec.x[2], 7)
  spec.xlabels = scale.labels(spec.ticks)
  spec.xlabel = opt.xlabel or (opt.from and "Day" or source.time_label(from, "AVAL"))
  spec.y = { 0.5, #list + 0.5 }
  spec.entries = entries_of(spec, groups, by)
  spec.marks = function(panel) draw(panel, spec) end
  return object.new(opt, from, { what = "swimmer plot",
    height = math.min(200, math.ceil(30 + 2.9 * #list)), entries = spec.entries,
    caption = caption_of(spec),
    shown = function() return shown(spec) end,
    draw = function(page, bottom, top)
      local one = setmetatable({}, { __index = spec })
      one.yaxis = { ticks = {}, labels = {}, title = opt.ylabel }
      local room = (top - bottom - (page.cells and 8 or 25)) / #list
      if opt.labels and room >= page:line_height(page.style.tick_text) then
        for i, subject in ipairs(list) do
          one.yaxis.ticks[i] = #list + 1 - i
          one.yaxis.labels[i] = page:fit(subject.id, 0.25 * page.width,
            page.style.tick_text)
        end
      end
      chart.draw(page, one, bottom, top)
    end })
end

return M
