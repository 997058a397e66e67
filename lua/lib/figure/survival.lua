-- figure.survival: Kaplan-Meier curves over a table of those at risk. The
-- numbers are km's; here they are laid out.

local cframe = require "ts.frame"
local text = require "ts.text"
local fail = require "ts.error".fail
local NA = require "ts.na".NA
local data = require "trialsh.data"
local canvas = require "trialsh.figure.canvas"
local legend = require "trialsh.figure.legend"
local object = require "trialsh.figure.object"
local place = require "trialsh.figure.place"
local risk_table = require "trialsh.figure.risk_table"
local scale = require "trialsh.figure.scale"
local sheet = require "trialsh.figure.sheet"
local source = require "trialsh.figure.source"
local style = require "trialsh.figure.style"

local M = {}

local WHO = "figure.survival"

-- Curves ---------------------------------------------------------------------

local columns = { "time", "n_risk", "n_event", "n_censor", "estimate",
  "conf_low", "conf_high" }

local function curve_of(fit, group, only)
  local frame = data.frame(only and fit:tidy() or fit:tidy(group.name), columns)
  local curve = { name = not only and group.name or nil, n = group.n,
    n_event = group.n_event }
  for _, name in ipairs(columns) do
    curve[name] = cframe.values(frame:column(name))
  end
  return curve
end

local function curves_of(fit)
  local curves = {}
  local only = #fit.groups == 1 and fit.groups[1].name == "all"
  for i, group in ipairs(fit.groups) do curves[i] = curve_of(fit, group, only) end
  return curves
end

local function name_in_formula(name)
  return name:find "^[%a][%w_%.]*$" and name or "`" .. name .. "`"
end

local function formula_of(from, opt)
  if opt.formula then return opt.formula end
  if from.formula then
    if not from.survival then
      fail("invalid", ("%s: endpoint %s is no time to an event"):format(WHO,
        from.name))
    end
    return from.formula
  end
  local by = opt.by
  if by == nil then by = source.by(WHO, from.data) end
  local time = name_in_formula(opt.time or "AVAL")
  local event = opt.event and name_in_formula(opt.event) or "CNSR == 0"
  return ("Surv(%s, %s) ~ %s"):format(time, event,
    by and name_in_formula(by) or "1")
end

-- A result of km has groups and no columns.
local function is_fit(x)
  if type(x) ~= "table" or require "trialsh.relation".is(x) then return false end
  local ok, method = pcall(function() return x.method end)
  return ok and method == "Kaplan-Meier"
end

local function default_xlabel(from, opt)
  local ok, label = pcall(source.label, from.data, opt.time or "AVAL")
  return ok and label or "Time"
end

-- Steps ----------------------------------------------------------------------

local function steps(curve)
  local xs, ys = { 0 }, { 1 }
  for i, time in ipairs(curve.time) do
    xs[#xs + 1], ys[#ys + 1] = time, ys[#ys]
    if curve.n_event[i] > 0 then
      xs[#xs + 1], ys[#ys + 1] = time, curve.estimate[i]
    end
  end
  return xs, ys
end

-- The band as pieces { from, to, low, high }; before the first event, where
-- log-log has no limits, there is none.
local function band(curve)
  local pieces = {}
  for i = 1, #curve.time do
    local low, high = curve.conf_low[i], curve.conf_high[i]
    local to = curve.time[i + 1]
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

local function draw_censored(panel, curve, arm)
  local s = panel.page.style
  local half = s.censor / (panel.top - panel.bottom) * (panel.y[2] - panel.y[1])
  local x, low, high = {}, {}, {}
  for i, time in ipairs(curve.time) do
    local at = curve.estimate[i]
    if curve.n_censor[i] > 0 and time >= panel.x[1] and time <= panel.x[2]
        and at >= panel.y[1] and at <= panel.y[2] then
      x[#x + 1], low[#low + 1], high[#high + 1] = time, at - half, at + half
    end
  end
  panel:segments(x, low, x, high, { colour = arm.colour, width = s.thin })
end

local function draw_medians(panel, spec)
  local page, furthest = panel.page, nil
  local pen = { colour = "#7F7F7F", width = page.style.thin, dash = { 2, 3 } }
  for _, m in ipairs(spec.medians) do
    if m ~= NA and m <= panel.x[2] then
      furthest = math.max(furthest or 0, m)
      page:line(panel:at_x(m), panel.bottom, panel:at_x(m), panel:at_y(0.5), pen)
    end
  end
  if furthest then
    page:line(panel.left, panel:at_y(0.5), panel:at_x(furthest),
      panel:at_y(0.5), pen)
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
    local xs, ys = steps(curve)
    for k = 2, #xs do
      add(hard, xs[k - 1], math.min(ys[k - 1], ys[k]), xs[k],
        math.max(ys[k - 1], ys[k]), margin)
    end
    for _, p in ipairs(spec.bands[i]) do
      add(soft, p.from, p.low, p.to, p.high, 0.2)
    end
    if spec.medians and spec.medians[i] ~= NA then
      add(hard, spec.medians[i], 0, spec.medians[i], 0.5, 0.2)
      add(hard, 0, 0.5, spec.medians[i], 0.5, 0.2)
    end
  end
  return hard, soft
end

-- The page -------------------------------------------------------------------

local function entries_of(spec)
  local entries = {}
  for i, curve in ipairs(spec.curves) do
    if curve.name then
      entries[#entries + 1] = { name = curve.name, arm = spec.arms[i], place = i }
    end
  end
  return entries
end

-- Where the panel is, given what stands around it.
local function lay_out(page, spec, rows, bottom, top, right_of)
  local s = page.style
  local height = page:line_height(s.table_text)
  local under = sheet.x_height(page)
    + #page:wrap(spec.xlabel, page.width - 2 * s.pad, s.label)
      * page:line_height(s.label)
    + (#rows > 0 and #rows * height + s.between or 0)
  local panel = { bottom = bottom + under, top = top, x = spec.x, y = spec.y }
  panel.left = s.pad + math.max(risk_table.width(page, rows),
    sheet.y_width(page, spec.yaxis, panel.top - panel.bottom))
  local last, half = spec.ticks[#spec.ticks], 0
  for _, label in ipairs(spec.xlabels) do
    half = math.max(half, page:text_width(label, s.tick_text) / 2)
  end
  for _, row in ipairs(rows) do
    local number = row.numbers and row.numbers[#row.numbers]
    if number then
      half = math.max(half, page:text_width(number, s.table_text) / 2)
    end
  end
  local f = (last - spec.x[1]) / (spec.x[2] - spec.x[1])
  local edge = page.width - s.pad
  panel.right = math.min(edge - right_of,
    panel.left + (edge - half - panel.left) / math.max(f, 0.1))
  if page.cells then
    panel.left = math.ceil(panel.left)
    panel.right, panel.bottom = math.floor(panel.right), math.ceil(panel.bottom)
  end
  local least = page.cells and 4 or 10
  if panel.top - panel.bottom < least or panel.right - panel.left < least then
    fail("invalid", ("%s: %s x %s %s leave no room for the curves; the table "
      .. "and the labels need more"):format(WHO, text.number(page.width),
      text.number(page.height), page.cells and "characters" or "mm"))
  end
  return panel
end

local function draw_direct(page, panel, spec)
  local s, ys, names = page.style, {}, {}
  for i, curve in ipairs(spec.curves) do
    local xs, heights = steps(curve)
    local y = heights[#heights]
    for k = #xs, 1, -1 do
      if xs[k] <= spec.x[2] then
        y = heights[k]
        break
      end
    end
    ys[i] = panel:at_y(y)
    names[i] = page:fit(curve.name, page.width - s.pad - panel.right - s.gap,
      s.legend_text)
  end
  ys = legend.spread(ys, page:line_height(s.legend_text), panel.bottom, panel.top)
  for i, name in ipairs(names) do
    page:text(name, panel.right + s.gap, ys[i], { size = s.legend_text,
      colour = spec.arms[i].colour })
  end
end

-- Names at the ends of curves take at most this part of the width.
local function direct_most(page) return 0.35 * page.width end

local function names_width(page, spec)
  local widest = 0
  for _, curve in ipairs(spec.curves) do
    widest = math.max(widest, page:text_width(curve.name or "",
      page.style.legend_text))
  end
  return math.min(widest, direct_most(page)) + page.style.gap
end

-- Draws blocks of text inside the panel; the place of the first one for which
-- there is no room, if any.
local function draw_inside(page, panel, spec, blocks)
  local s = page.style
  local hard, soft = obstacles_of(panel, spec)
  local inner = { left = panel.left + 2 * s.gap, right = panel.right - s.gap,
    bottom = panel.bottom + 1.5 * s.gap, top = panel.top - s.gap }
  for i, block in ipairs(blocks) do
    local width, height = legend.size(page, block)
    local box = place.find(inner, width, height, hard, soft)
    if not box then return i end
    legend.draw(page, block, box.left, box.top)
    hard[#hard + 1] = { box.left - s.gap, box.bottom - s.gap,
      box.right + s.gap, box.top + s.gap }
  end
end

-- The panel with legend and text: inside it where there is room, else above
-- it, which makes it lower.
local function place_panel(page, spec, rows, bottom, top, right_of)
  local s = page.style
  local inside, above = {}, {}
  local entries, words = entries_of(spec), {}
  for i, line in ipairs(spec.text) do words[i] = { name = line } end
  if spec.legend == "above" then above = entries end
  if spec.legend == "inside" and #entries > 0 then inside[1] = entries end
  if #words > 0 then inside[#inside + 1] = words end
  local before = page:mark()
  while true do
    local panel, height = lay_out(page, spec, rows, bottom, top, right_of), 0
    if #above > 0 then
      local width = panel.right - panel.left
      height = legend.height_above(page, above, width)
      legend.draw_above(page, above, panel.left,
        top + (page.cells and 1 or 0.3 * s.gap), width)
      panel = lay_out(page, spec, rows, bottom, top - height, right_of)
    end
    panel = page:panel(panel)
    local failed = draw_inside(page, panel, spec, inside)
    if not failed then return panel end
    page:back_to(before)
    above = table.move(inside[failed], 1, #inside[failed], #above + 1,
      table.move(above, 1, #above, 1, {}))
    table.remove(inside, failed)
  end
end

local function draw_curves(panel, spec)
  local s = panel.page.style
  if spec.medians then draw_medians(panel, spec) end
  for i in ipairs(spec.curves) do
    draw_band(panel, spec.bands[i], spec.arms[i].colour)
  end
  for i, curve in ipairs(spec.curves) do
    local arm = spec.arms[i]
    local xs, ys = steps(curve)
    panel:lines(xs, ys, { colour = arm.colour, width = s.curve,
      dash = arm.dash, place = i })
    if spec.censor and s.censor > 0 then draw_censored(panel, curve, arm) end
  end
end

-- The title of the x axis, under the middle of the panel; the y below it.
local function draw_xlabel(panel, label, y)
  local page, s = panel.page, panel.page.style
  local height = page:line_height(s.label)
  for _, line in ipairs(page:wrap(label, page.width - 2 * s.pad, s.label)) do
    local half = page:text_width(line, s.label) / 2
    local x = math.max((panel.left + panel.right) / 2, s.pad + half)
    x = math.min(x, page.width - s.pad - half)
    page:text(line, x, y - height / 2, { size = s.label, align = "center" })
    y = y - height
  end
  return y
end

local function draw(page, spec)
  local s = page.style
  local bottom, top = sheet.frame(page, spec)
  local rows = risk_table.rows(page, spec)
  local direct = spec.legend == "direct" and spec.curves[1].name
  spec.yaxis.row = top - 0.5
  top = top - (page.cells and 2 or 0.4 * page:line_height(s.tick_text))
  local panel = place_panel(page, spec, rows, bottom, top,
    direct and names_width(page, spec) or 0)
  draw_curves(panel, spec)
  if direct then draw_direct(page, panel, spec) end
  spec.yaxis.title_at = panel.left
    - sheet.y_width(page, spec.yaxis, panel.top - panel.bottom)
  sheet.y_axis(panel, spec.yaxis)
  local y = sheet.x_axis(panel, { ticks = spec.ticks, labels = spec.xlabels })
  y = draw_xlabel(panel, spec.xlabel, y)
  risk_table.draw(page, panel, rows, spec.ticks, y - s.between)
end

-- The description ------------------------------------------------------------

local function text_lines(value)
  if value == nil then return {} end
  if type(value) == "string" then value = { value } end
  if type(value) ~= "table" then
    fail("type", WHO .. ": text is a line or a list of lines")
  end
  local lines = {}
  for i, line in ipairs(value) do
    if type(line) ~= "string" then
      fail("type", ("%s: text[%d] is a %s, not text"):format(WHO, i, type(line)))
    end
    lines[i] = line
  end
  return lines
end

local function x_of(curves, opt)
  local last = 0
  for _, curve in ipairs(curves) do
    last = math.max(last, curve.time[#curve.time] or 0)
  end
  local x = scale.limits(WHO, "xlim", opt.xlim)
  if x then
    local ticks = opt.ticks and scale.ticks(WHO, "ticks", opt.ticks, x)
      or x[1] == 0 and scale.time(x[2], 7) or scale.linear(x[1], x[2], 7)
    return x, ticks
  end
  if last == 0 then last = 1 end
  local ticks = opt.ticks and scale.ticks(WHO, "ticks", opt.ticks,
    { 0, math.huge }) or scale.time(last, 7)
  x = { 0, math.max(last, ticks[#ticks]) }
  if not opt.ticks then -- to the next tick when the data nearly reach it
    local step = ticks[#ticks] - (ticks[#ticks - 1] or 0)
    if ticks[#ticks] < last and ticks[#ticks] + step < last * 1.08 then
      ticks[#ticks + 1] = ticks[#ticks] + step
      x[2] = ticks[#ticks]
    end
  end
  return x, ticks
end

-- km's own, so that lines and tables agree on where S = 0.5 lasts.
local function medians_of(fit)
  return cframe.values(data.frame(fit:median(), { "estimate" }):column "estimate")
end

local function p_line(formula, from)
  local result = require "trialsh.survival".logrank(formula, from.data)
  return "Log-rank " .. require "trialsh.format".p_equals(result.p_value)
end

local function caption_of(fit, opt)
  local parts = { "Kaplan-Meier estimates" }
  if opt.band then
    parts[#parts + 1] = ("bands: pointwise %s confidence intervals (%s)"):format(
      require "trialsh.format".level(fit.conf_level), fit.ci)
  end
  if opt.censor then parts[#parts + 1] = "vertical ticks: censored" end
  return table.concat(parts, "; ") .. "."
end

-- What the curves need and what stands below and above them.
local function default_height(spec, width)
  local page = canvas.paper(width, 1000, "pdf")
  local rows = risk_table.rows(page, spec)
  local bottom, top = sheet.frame(page, spec)
  return math.floor(math.min(56, 0.62 * width) + 1000 - top + bottom
    + #rows * page:line_height(page.style.table_text) + 0.5)
end

local spec_of_options = {
  formula = { "string" }, time = { "string" }, event = { "string" },
  by = { "any" }, title = { "string" }, xlabel = { "string" },
  ylabel = { "string" }, width = { "number", 89, least = 10 },
  height = { "number", nil, least = 10 }, xlim = { "table" },
  ylim = { "table" }, ticks = { "table" }, palette = { "any" },
  risk_table = { "any" }, band = { "boolean" },
  censor = { "boolean", true }, median = { "boolean", false },
  p_value = { "boolean", false }, text = { "any" },
  legend = { { "inside", "above", "direct", "none" }, "inside" },
  conf_level = { "number", 0.95, above = 0, below = 1 },
  ci = { { "log-log", "log", "plain" }, "log-log" },
  note = { "string" }, stamp = { "string" },
}

--- figure.survival { DATA or "ENDPOINT" or km(...), option = ... } -> figure
-- Kaplan-Meier curves with censoring ticks, confidence bands and a table of
-- those at risk under the ticks of the axis. f:save(file) writes .pdf, .svg or
-- .png, f:show() previews it here. Columns: time AVAL, event CNSR = 0, arms
-- TRT01P, unless said otherwise:
--   formula     "Surv(AVAL, CNSR == 0) ~ TRT01P"; or time, event (1 is an
--               event) and by, names of columns; by = false: one curve
--   title, xlabel, ylabel   text;  width 89, height   mm
--   xlim, ylim  { from, to };  ticks  times with a tick, { 0, 28, 90 }
--   risk_table  true, false or a list of "at risk", "events", "censored"
--   band        true for one or two curves;  censor  true: ticks
--   median      false; true: lines down to the medians
--   legend      "inside", "above", "direct" (at the curves' ends), "none"
--   p_value     false; true: of the log-rank test;  text  lines to add
--   palette     "okabe ito", "tol", "grey" or { "#000000", ... }
--   conf_level  0.95;  ci  "log-log", "log", "plain"
--   note, stamp  lines under the figure; simulated data stamp themselves
--
--   > figure.survival { demo.adtte, title = "Survival", band = true }.caption
--   Kaplan-Meier estimates; bands: pointwise 95 % confidence intervals (log-log); vertical ticks: censored.
--
-- See also: km, logrank, figure.points. Morris et al. 2019 (BMJ Open 9:e030215).
function M.survival(given)
  local first, opt = source.options(WHO, given, spec_of_options)
  local from, fit, formula
  if is_fit(first) then
    if opt.p_value then
      fail("invalid", WHO .. ": p_value needs the data, not curves of km")
    end
    from, fit = { simulated = first.simulated }, first
  else
    from = source.take(WHO, first)
    formula = formula_of(from, opt)
    fit = require "trialsh.survival".km(formula, from.data,
      { conf_level = opt.conf_level, ci = opt.ci })
  end
  local curves = curves_of(fit)
  if opt.band == nil then opt.band = #curves <= 2 end
  local x, ticks = x_of(curves, opt)
  local y = scale.limits(WHO, "ylim", opt.ylim) or { 0, 1 }
  local yticks = scale.linear(y[1], y[2], 6)
  if not opt.ylim then yticks = { 0, 0.25, 0.5, 0.75, 1 } end
  local spec = {
    curves = curves, arms = style.arms(#curves, opt.palette), bands = {},
    x = x, y = { y[1], y[2] + (y[2] == 1 and 0.02 * (y[2] - y[1]) or 0) },
    ticks = ticks, xlabels = scale.labels(ticks),
    xlabel = opt.xlabel or from.data and default_xlabel(from, opt) or "Time",
    yaxis = { ticks = yticks, labels = scale.labels(yticks), upto = y[2],
      title = opt.ylabel or "Survival probability" },
    kinds = risk_table.kinds(WHO, opt.risk_table), censor = opt.censor,
    legend = opt.legend, text = text_lines(opt.text),
    title = opt.title or from.endpoint and from.endpoint.title,
    note = opt.note, stamp = opt.stamp or from.simulated and "SIMULATED DATA"
      or nil,
    medians = opt.median and medians_of(fit) or nil,
  }
  for i, curve in ipairs(curves) do
    spec.bands[i] = opt.band and band(curve) or {}
  end
  if opt.p_value then table.insert(spec.text, 1, p_line(formula, from)) end
  return object.new { what = "survival curves", title = spec.title,
    caption = caption_of(fit, opt), width = opt.width,
    height = opt.height or default_height(spec, opt.width),
    draw = function(page) draw(page, spec) end }
end

return M
