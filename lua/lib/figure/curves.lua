-- Step curves over time with bands, censoring ticks and a table of those at
-- risk: what figure.survival and figure.cuminc share.
--
-- A curve: { name, start, from (0), time, n_risk, n_event, n_censor, estimate, conf_low,
-- conf_high, arm, band = pieces, pale, dash, symbols, few, ends, for_good }; the lists
-- have a row per time. Of weighted ones and of delayed entry also at_risk(t), most (at
-- risk at once) and weighted (sums that are no whole numbers). The table has a row per entry of spec.tables, which is
-- spec.curves for survival.

local cframe = require "ts.frame"
local fail = require "ts.error".fail
local NA = require "ts.na".NA
local data = require "trialsh.data"
local backtick = require "trialsh.expression".backtick
local canvas = require "trialsh.figure.canvas"
local chart = require "trialsh.figure.chart"
local risk_table = require "trialsh.figure.risk_table"
local scale = require "trialsh.figure.scale"
local sheet = require "trialsh.figure.sheet"
local source = require "trialsh.figure.source"

local M = {}

-- Reading --------------------------------------------------------------------

--- curves.formula(who, from, opt) -> as given, of the endpoint, or of the columns
-- opt.time, opt.event and opt.by
function M.formula(who, from, opt)
  if opt.formula then return opt.formula end
  if from.formula then
    if not from.survival then
      fail("invalid", ("%s: endpoint %s is no time to an event"):format(who,
        from.name))
    end
    return from.formula
  end
  local by = opt.by
  if by == nil then by = source.by(who, from.data) end
  return ("Surv(%s, %s) ~ %s"):format(backtick(opt.time or "AVAL"),
    opt.event and backtick(opt.event) or "CNSR == 0", by and backtick(by) or "1")
end

local columns = { "time", "n_risk", "n_event", "n_censor", "estimate",
  "conf_low", "conf_high" }

--- curves.of(fit, start [, more]) -> those of the groups of km or cuminc, with these
-- columns of its tidy() and the one of more; one of all has no name
function M.of(fit, start, more)
  local list, names = {}, { table.unpack(columns) }
  names[#names + 1] = more
  local only = #fit.groups == 1 and fit.groups[1].name == "all"
  for i, group in ipairs(fit.groups) do
    local frame = data.frame(only and fit:tidy() or fit:tidy(group.name), names)
    local curve = { name = not only and group.name or nil, n = group.n, start = start }
    for _, name in ipairs(names) do
      curve[name] = cframe.values(frame:column(name))
    end
    list[i] = curve
  end
  return list
end

-- Steps ----------------------------------------------------------------------

-- All corners of a curve.
local function corners_of(curve)
  local xs, ys = { curve.from or 0 }, { curve.start }
  for i, time in ipairs(curve.time) do
    xs[#xs + 1], ys[#ys + 1] = time, ys[#ys]
    if curve.n_event[i] > 0 then
      xs[#xs + 1], ys[#ys + 1] = time, curve.estimate[i]
    end
  end
  if curve.upto and curve.upto > xs[#xs] then
    xs[#xs + 1], ys[#ys + 1] = curve.upto, ys[#ys]
  end
  return xs, ys
end

--- curves.steps(curve) -> xs, ys; and xs, ys of what goes on pale, where few are
-- at risk. Of a curve that ends there, that is left out.
function M.steps(curve)
  local xs, ys = corners_of(curve)
  local last = #xs
  while curve.few and xs[last] > curve.few do last = last - 1 end
  local pale_x, pale_y = table.move(xs, last, #xs, 1, {}), table.move(ys, last, #ys, 1, {})
  xs, ys = table.move(xs, 1, last, 1, {}), table.move(ys, 1, last, 1, {})
  if curve.ends or #pale_x < 2 then pale_x, pale_y = {}, {} end
  return xs, ys, pale_x, pale_y
end

-- The whole of what is drawn of it.
local function drawn(curve)
  local xs, ys, more_x, more_y = M.steps(curve)
  table.move(more_y, 2, #more_y, #ys + 1, ys)
  return table.move(more_x, 2, #more_x, #xs + 1, xs), ys
end

--- curves.pieces(curve) -> the band as { from, to, low, high }; where there are
-- no limits, as before the first event of log-log ones, there is none.
function M.pieces(curve)
  local pieces = {}
  for i = 1, #curve.time do
    local low, high = curve.conf_low[i], curve.conf_high[i]
    local to = curve.time[i + 1]
    if curve.few and curve.time[i] >= curve.few then break end
    if to and low ~= NA and high ~= NA and low < high then
      local last = pieces[#pieces]
      if last and last.to == curve.time[i] and last.low == low
          and last.high == high then
        last.to = to
      else
        pieces[#pieces + 1] = { from = curve.time[i], to = to, low = low,
          high = high }
      end
    end
  end
  return pieces
end

--- curves.few(curve, part, beyond): marks where fewer than that part is at risk,
-- for what stands further right rests on few (Pocock et al. 2002): beyond "end" it
-- is not drawn, "pale" it is pale.
function M.few(curve, part, beyond)
  local most = curve.most or curve.n
  local reached = not curve.at_risk -- who enters later makes them more at first
  for i = 1, part and #curve.time or 0 do
    reached = reached or curve.n_risk[i] == most
    if reached and curve.n_risk[i] < part * most then
      curve.few, curve.ends = curve.time[i - 1] or curve.from or 0, beyond == "end"
      return
    end
  end
end

--- curves.said_few(opt) -> what a caption says of it, or nil
function M.said_few(opt)
  if not opt.least_at_risk then return nil end
  return (opt.beyond == "end" and "curves end where less than %s of an arm is at risk"
    or "pale curves: less than %s of an arm at risk"):format(
      require "trialsh.format".level(opt.least_at_risk))
end

-- Drawing --------------------------------------------------------------------

-- Runs of pieces that touch become one polygon: up along, then back below.
local function draw_band(panel, pieces, colour)
  local xs, ys, back_x, back_y = {}, {}, {}, {}
  local function close()
    for i = #back_x, 1, -1 do
      xs[#xs + 1], ys[#ys + 1] = back_x[i], back_y[i]
    end
    panel:area(xs, ys, { colour = colour, opacity = 0.16 })
    xs, ys, back_x, back_y = {}, {}, {}, {}
  end
  for i, p in ipairs(pieces) do
    if i > 1 and pieces[i - 1].to ~= p.from then close() end
    for _, x in ipairs { p.from, p.to } do
      xs[#xs + 1], ys[#ys + 1] = x, p.high
      back_x[#back_x + 1], back_y[#back_y + 1] = x, p.low
    end
  end
  if #xs > 0 then close() end
end

local function draw_censored(panel, curve)
  local s = panel.page.style
  local half = s.censor / (panel.top - panel.bottom) * (panel.y[2] - panel.y[1])
  local x, low, high = {}, {}, {}
  for i, time in ipairs(curve.time) do
    local at = curve.estimate[i]
    local shown = not (curve.few and time > curve.few)
    if shown and curve.n_censor[i] > 0 and time >= panel.x[1] and time <= panel.x[2]
        and at >= panel.y[1] and at <= panel.y[2] then
      x[#x + 1], low[#low + 1], high[#high + 1] = time, at - half, at + half
    end
  end
  if #x > 60 then -- of many only the upper half, or they hide the curve
    for i, y in ipairs(low) do low[i] = y + half end
  end
  panel:segments(x, low, x, high, { colour = curve.arm.colour, width = s.thin })
end

local function draw_medians(panel, spec)
  local page, furthest = panel.page, nil
  local pen = { colour = "#7F7F7F", width = page.style.thin, dash = { 2, 3 } }
  for i, m in ipairs(spec.medians) do
    local curve = spec.curves[i]
    if m ~= NA and m <= panel.x[2] and not (curve.ends and m > curve.few) then
      furthest = math.max(furthest or 0, m)
      page:line(panel:at_x(m), panel.bottom, panel:at_x(m), panel:at_y(0.5), pen)
    end
  end
  if furthest then
    page:line(panel.left, panel:at_y(0.5), panel:at_x(furthest),
      panel:at_y(0.5), pen)
  end
end

-- The symbol of its arm at a few places of a curve; those of arms stand side by side:
-- symbols = { which, of how many }.
local function draw_symbols(panel, curve, xs, ys)
  local at_x, at_y, i = {}, {}, 1
  for k = 0, 4 do
    local f = (k + (curve.symbols[1] - 0.5) / curve.symbols[2]) / 5
    local x = panel.x[1] + f * (panel.x[2] - panel.x[1])
    while xs[i + 1] and xs[i + 1] <= x do i = i + 1 end
    if xs[i + 1] and ys[i] <= panel.y[2] then
      at_x[#at_x + 1], at_y[#at_y + 1] = x, ys[i]
    end
  end
  if panel.page.cells then return end
  panel:points(at_x, at_y, { symbol = curve.arm.symbol, colour = curve.arm.colour,
    size = 3 * curve.arm.weight })
end

local function draw(panel, spec)
  local s = panel.page.style
  if spec.medians then draw_medians(panel, spec) end
  for _, curve in ipairs(spec.curves) do
    draw_band(panel, curve.band, curve.arm.colour)
  end
  for i, curve in ipairs(spec.curves) do
    local xs, ys, pale_x, pale_y = M.steps(curve)
    local dash = curve.arm.dash
    if curve.dash ~= nil then dash = curve.dash end
    local pen = { colour = curve.arm.colour, dash = dash,
      width = curve.pale and s.thin or s.curve, place = curve.place or i,
      opacity = curve.pale and 0.5 or nil }
    panel:lines(xs, ys, pen)
    pen.width, pen.opacity = s.thin, 0.4
    panel:lines(pale_x, pale_y, pen)
    if curve.symbols then draw_symbols(panel, curve, xs, ys) end
    if spec.censor and not curve.pale and s.censor > 0 then draw_censored(panel, curve) end
  end
end

-- What a block of text must not cover, and should not, as boxes in mm.
local function obstacles_of(panel, spec)
  local hard, soft = {}, {}
  local margin = panel.page.cells and 0.6 or 0.9
  local function add(list, x1, y1, x2, y2, by)
    local left, right = panel:at_x(math.max(x1, panel.x[1])),
      panel:at_x(math.min(x2, panel.x[2]))
    if x1 > panel.x[2] then return end
    list[#list + 1] = { left - by, panel:at_y(y1) - by, right + by,
      panel:at_y(y2) + by }
  end
  for i, curve in ipairs(spec.curves) do
    local xs, ys = drawn(curve)
    for k = 2, #xs do
      add(hard, xs[k - 1], math.min(ys[k - 1], ys[k]), xs[k],
        math.max(ys[k - 1], ys[k]), margin)
    end
    for _, p in ipairs(curve.band) do
      add(soft, p.from, p.low, p.to, p.high, 0.2)
    end
    if spec.medians and spec.medians[i] ~= NA then
      add(hard, spec.medians[i], 0, spec.medians[i], 0.5, 0.2)
      add(hard, 0, 0.5, spec.medians[i], 0.5, 0.2)
    end
  end
  return hard, soft
end

-- Where each curve leaves the axis.
local function ends_of(spec)
  local ends = {}
  for i, curve in ipairs(spec.curves) do
    local xs, heights = drawn(curve)
    ends[i] = heights[#heights]
    for k = #xs, 1, -1 do
      if xs[k] <= spec.x[2] then
        ends[i] = heights[k]
        break
      end
    end
  end
  return ends
end

-- The description ------------------------------------------------------------

--- curves.text(who, value) -> list of lines
function M.text(who, value)
  if value == nil then return {} end
  if type(value) == "string" then value = { value } end
  if type(value) ~= "table" then
    fail("type", who .. ": text is a line or a list of lines")
  end
  local lines = {}
  for i, line in ipairs(value) do
    if type(line) ~= "string" then
      fail("type", ("%s: text[%d] is a %s, not text"):format(who, i, type(line)))
    end
    lines[i] = line
  end
  return lines
end

local function x_of(who, curves, opt)
  local last = opt.last or 0 -- of all facets
  for _, curve in ipairs(curves) do
    last = math.max(last, curve.ends and curve.few or curve.time[#curve.time] or 0)
  end
  local x = scale.limits(who, "xlim", opt.xlim)
  if x then
    local ticks = opt.ticks and scale.ticks(who, "ticks", opt.ticks, x)
      or x[1] == 0 and scale.time(x[2], 7) or scale.linear(x[1], x[2], 7)
    return x, ticks
  end
  if last == 0 then last = 1 end
  local ticks = opt.ticks and scale.ticks(who, "ticks", opt.ticks,
    { 0, math.huge }) or scale.time(last, 7)
  x = { opt.landmark or 0, math.max(last, ticks[#ticks]) }
  if not opt.ticks then -- to the next tick when the data nearly reach it
    local step = ticks[#ticks] - (ticks[#ticks - 1] or 0)
    if ticks[#ticks] < last and ticks[#ticks] + step < last * 1.08 then
      ticks[#ticks + 1] = ticks[#ticks] + step
      x[2] = ticks[#ticks]
    end
  end
  while opt.landmark and ticks[1] and ticks[1] <= opt.landmark do
    table.remove(ticks, 1)
  end
  if opt.landmark then table.insert(ticks, 1, opt.landmark) end
  return x, ticks
end

-- What the curves need and what stands below and above them.
local function default_height(spec, opt)
  local page = canvas.paper(opt.width, 1000,
    require "trialsh.figure.journal".look(opt.journal))
  local rows = risk_table.stack(page, spec.rows())
  local bottom, top = sheet.frame(page, { title = opt.title, note = opt.note,
    stamp = spec.stamp })
  return math.floor(math.min(56, 0.62 * opt.width) + 1000 - top + bottom
    + #rows * page:line_height(page.style.table_text) + 0.5)
end

--- curves.spec(who, curves, opt, fields) -> what chart.draw takes, the default
-- height. fields: entries, ylabel, xlabel, y (a range), medians, text, tables,
-- stamp, more (kinds of the table)
function M.spec(who, curves, opt, fields)
  local x, ticks = x_of(who, curves, opt)
  local y = scale.limits(who, "ylim", opt.ylim) or fields.y or { 0, 1 }
  local yticks = scale.linear(y[1], y[2], 6)
  if y[1] == 0 and y[2] == 1 and not opt.ylim then
    yticks = { 0, 0.25, 0.5, 0.75, 1 }
  end
  for _, curve in ipairs(curves) do
    curve.upto = curve.for_good and x[2] or nil
  end
  local kinds = risk_table.kinds(who, opt.risk_table, fields.more)
  local spec = { who = who, curves = curves, x = x,
    y = { y[1], y[2] + (y[2] == 1 and 0.02 * (y[2] - y[1]) or 0) },
    ticks = ticks, xlabels = scale.labels(ticks), xlabel = fields.xlabel,
    yaxis = { ticks = yticks, labels = scale.labels(yticks), upto = y[2],
      title = fields.ylabel },
    entries = fields.entries, legend = opt.legend, text = fields.text,
    medians = fields.medians, censor = opt.censor, stamp = fields.stamp }
  spec.ends = ends_of(spec)
  local tables = { curves = fields.tables or curves, kinds = kinds,
    ticks = ticks, arms = {} }
  for i, curve in ipairs(tables.curves) do tables.arms[i] = curve.arm end
  spec.rows = function() return risk_table.rows(tables) end
  spec.obstacles = function(panel) return obstacles_of(panel, spec) end
  spec.marks = function(panel) draw(panel, spec) end
  return spec, default_height(spec, opt)
end

--- curves.shown(curves) -> names, arrays: the numbers behind them
function M.shown(curves)
  local names, arrays = { "group" }, { {} }
  for j, name in ipairs(columns) do names[j + 1], arrays[j + 1] = name, {} end
  for _, curve in ipairs(curves) do
    for i in ipairs(curve.time) do
      table.insert(arrays[1], curve.key or curve.name or "all")
      for j, name in ipairs(columns) do
        table.insert(arrays[j + 1], curve[name][i])
      end
    end
  end
  return names, arrays
end

return M
