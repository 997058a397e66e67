-- figure.waterfall: a bar per subject, from the highest to the lowest value, and
-- behind them the subjects who have none, dead or missing.

local cframe = require "ts.frame"
local text = require "ts.text"
local fail = require "ts.error".fail
local NA = require "ts.na".NA
local analysed = require "trialsh.figure.analysed"
local chart = require "trialsh.figure.chart"
local data = require "trialsh.data"
local note = require "trialsh.note"
local object = require "trialsh.figure.object"
local scale = require "trialsh.figure.scale"
local source = require "trialsh.figure.source"
local style = require "trialsh.figure.style"

local M = {}

local WHO = "figure.waterfall"

local function columns_of(x, names)
  local have, out = {}, {}
  for _, name in ipairs(names) do
    if name and data.has(x, name) then have[#have + 1] = name end
  end
  local frame = data.frame(x, have, WHO)
  for _, name in ipairs(have) do out[name] = cframe.values(frame:column(name)) end
  return out, frame
end

-- The subjects of an endpoint or of the option, each with whether it died.
local function everybody(x, by)
  local c, frame = columns_of(x, { "USUBJID", by, "DTHFL", "DTHDT", "DTHDY" })
  local list, seen = {}, {}
  for i = 1, #frame do
    local id = c.USUBJID and c.USUBJID[i]
    if id and id ~= NA and not seen[id] then
      seen[id] = true
      local died = c.DTHFL and c.DTHFL[i] == "Y"
      for _, name in ipairs { "DTHDT", "DTHDY" } do
        died = died or c[name] ~= nil and c[name][i] ~= NA
      end
      list[#list + 1] = { id = id, group = by and c[by] and c[by][i] or nil,
        died = died }
    end
  end
  return list
end

-- Levels of a column by subject, which symbols stand for: { levels, of = { [id] = k } }.
-- Shapes that few arms have.
local SYMBOLS = { 13, "down", 15, 4, "up", 6 }

local function symbols_of(x, name)
  if not data.has(x, "USUBJID") or not data.has(x, name) then
    data.frame(x, { "USUBJID", name }, WHO)
  end
  local c, frame = columns_of(x, { "USUBJID", name })
  local column, of, place, levels = frame:column(name), {}, {}, {}
  for k, level in ipairs(source.distinct(column)) do
    place[level] = k
    levels[k] = type(level) == "number" and text.number(level) or level
  end
  if #levels > #SYMBOLS then
    fail("invalid", ("%s: symbol: %s has %d values; there are %d symbols"):format(WHO, name,
      #levels, #SYMBOLS))
  end
  for i, value in ipairs(c[name]) do
    local id = c.USUBJID[i]
    if id ~= NA and value ~= NA then
      if of[id] and of[id] ~= place[value] then
        fail("invalid", ("%s: symbol: %s has two values of %s"):format(WHO, tostring(id),
          name))
      end
      of[id] = place[value]
    end
  end
  return { levels = levels, of = of, title = column.label ~= NA and column.label or name }
end

-- Bars, one per subject with a value; a second record of one is an error.
local function bars_of(x, opt, by)
  local c, frame = columns_of(x, { opt.y, by, "USUBJID", "ANL01FL" })
  if not c[opt.y] then
    data.frame(x, { opt.y }, WHO) -- says what there is
  end
  if frame:column(opt.y).type ~= "real" then
    fail("type", ("%s: %s is text; y is a column of numbers"):format(WHO, opt.y))
  end
  if by and not c[by] then data.frame(x, { by }, WHO) end
  local bars, seen = {}, {}
  for i = 1, #frame do
    local id, y = c.USUBJID and c.USUBJID[i] or nil, c[opt.y][i]
    if y ~= NA and (not c.ANL01FL or c.ANL01FL[i] == "Y") then
      if id and seen[id] then
        fail("invalid", ("%s: %s has several rows; each subject has one bar: "
          .. "data:where { AVISIT = ... }"):format(WHO, tostring(id)))
      end
      if id then seen[id] = true end
      bars[#bars + 1] = { id = id, y = y, group = by and c[by][i] or nil, place = i }
    end
  end
  table.sort(bars, function(a, b)
    if a.y ~= b.y then return a.y > b.y end
    return a.place < b.place
  end)
  return bars, seen, frame
end

local function hlines(value)
  local list = type(value) == "number" and { value } or value or {}
  for _, y in ipairs(list) do
    if type(y) ~= "number" then
      fail("type", WHO .. ": hline is a number or a list of numbers")
    end
  end
  return list
end

-- From the bars, the base and the lines.
local function axis_of(bars, opt, base, title)
  local low, high = base, base
  for _, bar in ipairs(bars) do
    low, high = math.min(low, bar.y), math.max(high, bar.y)
  end
  for _, y in ipairs(opt.hline) do low, high = math.min(low, y), math.max(high, y) end
  if opt.yscale == "log" and low <= 0 then
    fail("degenerate", ("%s: %s of 0 and below, which a log axis cannot show")
      :format(WHO, opt.y))
  end
  return scale.axis(WHO, low, high, { log = opt.yscale == "log",
    limits = opt.ylim, ticks = opt.ticks, title = title })
end

-- Marks ------------------------------------------------------------------------

local function draw_bars(panel, spec)
  local page = panel.page
  local wide = 0.4375
  for k, arm in ipairs(spec.arms) do
    local xs, ys, top, base = {}, {}, {}, {}
    for i, bar in ipairs(spec.bars) do
      if bar.k == k then
        local y = math.min(math.max(bar.y, panel.y[1]), panel.y[2])
        for _, corner in ipairs { { -wide, spec.base }, { -wide, y }, { wide, y },
          { wide, spec.base } } do
          xs[#xs + 1], ys[#ys + 1] = i + corner[1], corner[2]
        end
        xs[#xs + 1], ys[#ys + 1] = false, false
        table.insert(top, { i, y })
        if bar.y ~= y and not page.cells then -- a cut across its end
          local x, at = panel:at_x(i), panel:at_y(y) + (bar.y > y and -1.2 or 1.2)
          local half = (panel:at_x(i + wide) - x) * 1.1
          base[#base + 1] = { x - half, at - 0.5, x + half, at + 0.5 }
        end
      end
    end
    if page.cells then
      local x1, y1, x2, y2 = {}, {}, {}, {}
      for i, p in ipairs(top) do
        x1[i], x2[i], y1[i], y2[i] = p[1], p[1], spec.base, p[2]
      end
      panel:segments(x1, y1, x2, y2, { place = k })
    else
      panel:area(xs, ys, { colour = arm.colour, opacity = 1 })
    end
    for _, cut in ipairs(base) do
      page:line(cut[1], cut[2], cut[3], cut[4], { colour = "#FFFFFF", width = 1.2 })
    end
  end
end

-- Above the bars; above the base of those that go down.
local function draw_symbols(panel, spec)
  local page = panel.page
  if not spec.symbols or page.cells then return end
  local slot = (panel.right - panel.left) / (panel.x[2] - panel.x[1])
  local size = math.max(0.8, math.min(3, 0.85 * slot * 72 / 25.4))
  local function say(id, i, y)
    local k = id and spec.symbols.of[id]
    if k then
      page:symbol(panel:at_x(i), panel:at_y(y) + 1.3, { symbol = SYMBOLS[k], size = size,
        colour = "#000000" })
    end
  end
  for i, bar in ipairs(spec.bars) do
    say(bar.id, i, math.max(spec.base, math.min(bar.y, panel.y[2])))
  end
  for i, subject in ipairs(spec.absent) do say(subject.id, #spec.bars + i, spec.base) end
end

-- Who has no value: crosses for the dead, circles for the others, at the base.
local function draw_absent(panel, spec)
  local page = panel.page
  local y = panel:at_y(spec.base)
  local slot = (panel.right - panel.left) / (panel.x[2] - panel.x[1])
  local half = math.min(0.8, 0.4 * slot)
  for i, subject in ipairs(spec.absent) do
    local x, arm = panel:at_x(#spec.bars + i), spec.arms[subject.k]
    if page.cells then
      page:text(subject.died and "x" or "o", math.floor(x), y, {})
    elseif subject.died then
      page:cross(x, y, half, { colour = arm.colour, width = 0.7 })
    else
      page:symbol(x, y, { symbol = 6, colour = arm.colour,
        size = 2 * half * 72 / 25.4 })
    end
  end
end

local function draw(panel, spec)
  local page = panel.page
  draw_bars(panel, spec)
  page:line(panel.left, panel:at_y(spec.base), panel.right, panel:at_y(spec.base),
    { width = page.style.axis_line })
  draw_absent(panel, spec)
  draw_symbols(panel, spec)
end

-- What is in the way of a legend, in at most 60 boxes.
local function obstacles_of(panel, spec)
  local hard, n = {}, #spec.bars + #spec.absent
  local step = math.max(1, n / 60)
  local i = 1
  while i <= n do
    local last = math.min(n, math.floor(i + step - 1e-9))
    local low, high = spec.base, spec.base
    for k = math.floor(i), last do
      local bar = spec.bars[k]
      if bar then low, high = math.min(low, bar.y), math.max(high, bar.y) end
    end
    low, high = math.max(low, panel.y[1]), math.min(high, panel.y[2])
    hard[#hard + 1] = { panel:at_x(i - 0.5), panel:at_y(low) - 1,
      panel:at_x(last + 0.5), panel:at_y(high) + (spec.symbols and 2.2 or 1) }
    i = last + 1
  end
  for _, y in ipairs(spec.hline) do
    if y ~= spec.base and y >= panel.y[1] and y <= panel.y[2] then
      hard[#hard + 1] = { panel.left, panel:at_y(y) - 0.3, panel.right,
        panel:at_y(y) + 0.3 }
    end
  end
  return hard, {}
end

-- The description --------------------------------------------------------------

-- Keys: the arms, what the symbols are, and who has no value.
local function entries_of(spec, groups, by)
  local out = {}
  local function say(name, arm, draw)
    local letter = draw and (name == "Died" and "x" or "o") or string.char(65 + #out % 26)
    out[#out + 1] = { name = name, place = #out % 8 + 1, key = "point", letter = letter,
      arm = arm, draw = draw }
  end
  for k, group in ipairs(by and groups or {}) do
    say(group.name, { colour = spec.arms[k].colour, symbol = 5, weight = 1 })
  end
  for k, level in ipairs(spec.symbols and spec.symbols.levels or {}) do
    say(level, { colour = "#000000", symbol = SYMBOLS[k], weight = 0.9 })
  end
  local died, other = false, false
  for _, subject in ipairs(spec.absent) do
    died, other = died or subject.died, other or not subject.died
  end
  local grey = { colour = "#404040", symbol = 6, weight = 1 }
  if died then
    say("Died", grey, function(page, x, y)
      page:cross(x + page.style.key / 4, y, 0.8, { colour = grey.colour, width = 0.7 })
    end)
  end
  if other then
    say("No value", grey, function(page, x, y)
      page:symbol(x + page.style.key / 4, y, { symbol = 6, colour = grey.colour, size = 4 })
    end)
  end
  return #out > 0 and out or nil
end

local own_options = { y = { "string" }, symbol = { "string" }, by = { "any" }, subjects = { "any" },
  parameter = { "string" }, base = { "number" }, hline = { "any" },
  yscale = { { "linear", "log" } }, ylim = { "table" }, ticks = { "table" },
  xlabel = { "string" }, ylabel = { "string" },
  legend = { { "inside", "above", "none" }, "inside" } }

local words = { R2BASE = "Ratio to baseline", PCHG = "Change from baseline (%)" }

local function caption_of(spec, opt)
  local dead = 0
  for _, subject in ipairs(spec.absent) do dead = dead + (subject.died and 1 or 0) end
  local parts = { ("A bar per subject, n = %d"):format(#spec.bars) }
  if dead > 0 then parts[#parts + 1] = ("crosses: died, without a value (%d)"):format(dead) end
  if #spec.absent > dead then
    parts[#parts + 1] = ("circles: no value (%d)"):format(#spec.absent - dead)
  end
  for _, y in ipairs(opt.hline) do
    if y ~= spec.base then
      local n = 0
      local less = y < spec.base
      for _, bar in ipairs(spec.bars) do
        n = n + ((less and bar.y <= y or not less and bar.y >= y) and 1 or 0)
      end
      parts[#parts + 1] = ("%s and %s: %d"):format(text.number(y), less and "less" or "more", n)
    end
  end
  if spec.symbols then
    parts[#parts + 1] = "symbols: " .. spec.symbols.title
  end
  if spec.cut > 0 then
    parts[#parts + 1] = ("bars with a cut go on beyond the axis (%d)"):format(spec.cut)
  end
  return table.concat(parts, "; ") .. "."
end

local function shown(spec, opt, by)
  local ids, groups, values, status = {}, {}, {}, {}
  for i, bar in ipairs(spec.bars) do
    ids[i], groups[i], values[i] = bar.id or NA, bar.group or "all", bar.y
    status[i] = "value"
  end
  for _, subject in ipairs(spec.absent) do
    local i = #ids + 1
    ids[i], groups[i], values[i] = subject.id, subject.group or "all", NA
    status[i] = subject.died and "died" or "missing"
  end
  local names = { "USUBJID", by or "group", opt.y, "status" }
  local arrays = { ids, groups, values, status }
  if spec.symbols then
    names[5], arrays[5] = opt.symbol, {}
    for i, id in ipairs(ids) do
      local k = id ~= NA and spec.symbols.of[id]
      arrays[5][i] = k and spec.symbols.levels[k] or NA
    end
  end
  return names, arrays
end

--- figure.waterfall { DATA or "ENDPOINT", y = "CHG", option = ... } -> figure
-- A bar per subject, from the highest value to the lowest, in the colour of its
-- arm. Who has no value stands at the end, the dead (DTHFL, DTHDT) as crosses. Of an
-- endpoint these are the subjects of its population, at the visit it claims; to data
-- they come by subjects. Of data with ANL01FL rows with Y count.
--   y          "R2BASE", "PCHG" or "CHG", the first that is there
--   subjects   adsl, or a part of it
--   by         "TRT01P" where there is one; false: one colour
--   base       1 on a log axis, else 0: where bars begin
--   yscale     "log" of R2BASE, else "linear";  ylim  { from, to }: bars beyond it
--              are cut, with a mark;  ticks  a list
--   hline      a number or a list: dashed lines, and how many reach them
--   symbol     "RESP": a column of DATA or of subjects, one value each, of six at most:
--              symbols above the bars
--   parameter  of an endpoint that has several
--   legend     "inside", "above", "none"
--   title, xlabel, ylabel   text;  width 89, height 60   mm
--   palette, journal, note, stamp   as in all figures
--
--   > d = { USUBJID = { "1", "2", "3" }, CHG = { 5, -2, 8 }, ARM = { "A", "B", "A" } }
--   > figure.waterfall { d, by = "ARM", hline = 4 }.caption
--   A bar per subject, n = 3; 4 and more: 2.
--
-- See also: figure.points, figure.profile, figure:save.
function M.waterfall(given)
  local first, opt = source.options(WHO, given, own_options)
  local from = analysed.course(WHO, first, opt.parameter)
  local rows = from.data
  if from.endpoint and from.endpoint.visit then
    rows = rows:where { AVISIT = from.endpoint.visit }
    opt.subjects = opt.subjects or from.data
  end
  for _, name in ipairs { "R2BASE", "PCHG", "CHG" } do
    opt.y = opt.y or data.has(rows, name) and name or nil
  end
  if not opt.y then fail("not found", WHO .. ": y = the column of the bars") end
  opt.yscale = opt.yscale or opt.y == "R2BASE" and "log" or "linear"
  opt.hline = hlines(opt.hline)
  local by = opt.by
  if by == nil then by = from.treatment or source.by(WHO, rows) end
  local bars, seen, frame = bars_of(rows, opt, by)
  if #bars == 0 then
    fail("degenerate", ("%s: no value of %s to show"):format(WHO, opt.y))
  end
  local base = opt.base or opt.yscale == "log" and 1 or 0
  local spec = { who = WHO, what = "the bars", bars = bars, absent = {}, base = base,
    hline = opt.hline, ylog = opt.yscale == "log", legend = opt.legend, cut = 0,
    xlabel = opt.xlabel }
  local groups = source.groups(by and frame or {}, by or nil)
  local subjects = opt.subjects and everybody(opt.subjects, by) or {}
  if opt.subjects and #subjects == 0 then
    fail("invalid", WHO .. ": subjects is a table with a row per USUBJID, like adsl")
  end
  for _, subject in ipairs(subjects) do
    if not seen[subject.id] then spec.absent[#spec.absent + 1] = subject end
  end
  local place = {}
  for k, group in ipairs(groups) do place[group.name or false] = k end
  local left = 0
  for _, list in ipairs { bars, spec.absent } do
    for i = #list, 1, -1 do
      local of = list[i].group
      if type(of) == "number" then of = text.number(of) end
      list[i].k = place[by and of or false]
      if not list[i].k then -- without an arm, or of one that has no bar
        if list == spec.absent and of ~= nil and of ~= NA then
          groups[#groups + 1] = { name = of, rows = {} }
          place[of], list[i].k = #groups, #groups
        else
          left = left + 1
          table.remove(list, i)
        end
      end
    end
  end
  if left > 0 then
    note.say("%s: %s without %s not shown", WHO, note.plural(left, "subject"), by)
  end
  table.sort(spec.absent, function(a, b)
    if a.died ~= b.died then return not a.died end
    if a.k ~= b.k then return a.k < b.k end
    return a.id < b.id
  end)
  spec.arms = style.arms(#groups, opt.palette)
  if opt.symbol then
    local subjects = opt.subjects
    spec.symbols = symbols_of(subjects and (data.has(subjects, opt.symbol)
      or not data.has(rows, opt.symbol)) and subjects or rows, opt.symbol)
    local n = #bars + #spec.absent
    if 0.85 * opt.width / n < 0.5 then
      fail("invalid", ("%s: symbol: %d bars leave no room for symbols on %s mm; width = %d "
        .. "and more"):format(WHO, n, text.number(opt.width), math.ceil(0.5 * n / 0.85)))
    end
    spec.above = function(page) return page.cells and 0 or 2.4 end
  end
  spec.entries = entries_of(spec, groups, by)
  spec.y, spec.yaxis = axis_of(bars, opt, base,
    opt.ylabel or source.label(rows, opt.y) or words[opt.y]
      or source.ylabel(from, opt.y))
  if base < spec.y[1] or base > spec.y[2] then
    fail("invalid", ("%s: bars begin at %s, which ylim leaves out"):format(WHO,
      text.number(base)))
  end
  for _, bar in ipairs(bars) do
    if bar.y < spec.y[1] or bar.y > spec.y[2] then spec.cut = spec.cut + 1 end
  end
  spec.x = { 0.5, #bars + #spec.absent + 0.5 }
  spec.ticks = { 1 }
  for _, x in ipairs(#bars + #spec.absent > 1
    and scale.linear(1, #bars + #spec.absent, 6) or {}) do
    if x > 1 and x % 1 == 0 then spec.ticks[#spec.ticks + 1] = x end
  end
  spec.xlabels = scale.labels(spec.ticks)
  spec.xlabel = opt.xlabel or ("Subjects, n = %d"):format(#bars)
    .. (#spec.absent > 0 and (", without a value %d"):format(#spec.absent) or "")
  spec.obstacles = function(panel) return obstacles_of(panel, spec) end
  spec.marks = function(panel) draw(panel, spec) end
  return object.new(opt, from, { what = "waterfall", height = 60,
    caption = caption_of(spec, opt), entries = spec.entries,
    shown = function() return shown(spec, opt, by) end,
    draw = function(page, bottom, top) chart.draw(page, spec, bottom, top) end })
end

return M
