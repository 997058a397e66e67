-- figure.scatter: two columns against each other, with their correlation.

local fail = require "ts.error".fail
local NA = require "ts.na".NA
local format = require "trialsh.format"
local note = require "trialsh.note"
local analysed = require "trialsh.figure.analysed"
local chart = require "trialsh.figure.chart"
local object = require "trialsh.figure.object"
local scale = require "trialsh.figure.scale"
local source = require "trialsh.figure.source"
local style = require "trialsh.figure.style"

local M = {}

local WHO = "figure.scatter"

-- All arms together.
local function together(groups)
  local all = { x = {}, y = {} }
  for _, group in ipairs(groups) do
    table.move(group.a, 1, #group.a, #all.x + 1, all.x)
    table.move(group.b, 1, #group.b, #all.y + 1, all.y)
  end
  return all
end

local function range_of(list, log, name)
  local low, high, wrong = math.huge, -math.huge, 0
  for _, v in ipairs(list) do
    low, high = math.min(low, v), math.max(high, v)
    if v <= 0 then wrong = wrong + 1 end
  end
  if low > high then
    fail("degenerate", ("%s: no row has both values to show"):format(WHO))
  end
  if log and wrong > 0 then
    fail("degenerate", ("%s: %d value%s of %s %s not above 0, which a log axis "
      .. "cannot show"):format(WHO, wrong, wrong == 1 and "" or "s", name,
        wrong == 1 and "is" or "are"))
  end
  return low, high
end

-- Values on the scale of their axis.
local function scaled(list, log)
  if not log then return list end
  local out = {}
  for i, v in ipairs(list) do out[i] = math.log(v) end
  return out
end

-- The line that says it: rho, its interval, P and n. Pearson's is of what the
-- axes show, hence of logarithms on log axes.
local function correlation(all, spec, opt)
  if opt.method == "none" or #all.x < 3 then return nil end
  local r = require "trialsh.correlation".cor(scaled(all.x, spec.xlog),
    scaled(all.y, spec.ylog),
    { method = opt.method, conf_level = opt.conf_level })
  if r.estimate == NA then return nil end
  local sign = opt.method == "Pearson" and "r" or opt.method == "Spearman"
    and "rho" or "tau-b"
  local interval = opt.method ~= "Kendall" and r.conf_low ~= NA
    and (" (%s CI %s)"):format(format.level(opt.conf_level),
      format.interval(r.conf_low, r.conf_high, 2)) or ""
  return { result = r, words = function(page)
    return ("%s = %s%s, %s, n = %d"):format(sign, format.fixed(r.estimate, 2),
      interval, page:p(r.p_value), #all.x)
  end }
end

-- Least squares, on the scale of the axes, from low to high of x.
local function regression(all, spec, low, high)
  local fit = require "trialsh.lm".lm("y ~ x", { x = scaled(all.x, spec.xlog),
    y = scaled(all.y, spec.ylog) })
  local b = {}
  for row in fit:tidy():rows() do b[#b + 1] = row.estimate end
  if #b < 2 or b[2] == NA then return nil end
  local xs, ys = {}, {}
  for i = 0, 40 do
    local x = spec.xlog and low * (high / low) ^ (i / 40)
      or low + (high - low) * i / 40
    local y = b[1] + b[2] * (spec.xlog and math.log(x) or x)
    y = spec.ylog and math.exp(y) or y
    if y >= spec.y[1] and y <= spec.y[2] then
      xs[#xs + 1], ys[#ys + 1] = x, y
    end
  end
  return { xs, ys }
end

local function draw(panel, spec)
  local page, s = panel.page, panel.page.style
  if spec.identity then
    local low = math.max(panel.x[1], panel.y[1])
    local high = math.min(panel.x[2], panel.y[2])
    if low < high then
      panel:lines({ low, high }, { low, high }, { colour = "#7F7F7F",
        width = s.thin, dash = { 6, 4 }, place = 8 })
    end
  end
  if spec.line then
    panel:lines(spec.line[1], spec.line[2], { width = s.curve, place = 7 })
  end
  local size = spec.n <= 100 and 3 or spec.n <= 500 and 2.2 or 1.4
  for k, group in ipairs(spec.groups) do
    local arm, xs, ys = spec.arms[k], {}, {}
    for i, x in ipairs(group.a) do
      local y = group.b[i]
      if x >= panel.x[1] and x <= panel.x[2] and y >= panel.y[1]
          and y <= panel.y[2] then
        xs[#xs + 1], ys[#ys + 1] = x, y
      end
    end
    panel:points(xs, ys, { symbol = arm.symbol, colour = arm.colour,
      size = size * arm.weight, place = k, width = 0.25,
      opacity = spec.n > 200 and 0.5 or nil })
    if spec.rug and not page.cells then
      for i, x in ipairs(xs) do
        local pen = { colour = arm.colour, width = 0.25 }
        page:line(panel:at_x(x), panel.bottom, panel:at_x(x), panel.bottom + 1, pen)
        page:line(panel.left, panel:at_y(ys[i]), panel.left + 1,
          panel:at_y(ys[i]), pen)
      end
    end
  end
end

local function obstacles_of(panel, spec)
  local hard = {}
  for _, group in ipairs(spec.groups) do
    for i, x in ipairs(group.a) do
      local px, py = panel:at_x(x), panel:at_y(group.b[i])
      hard[#hard + 1] = { px - 0.9, py - 0.9, px + 0.9, py + 0.9 }
    end
  end
  return hard, {}
end

local own_options = { parameter = { "string" },
  x = { "string" }, y = { "string", "AVAL" }, by = { "any" },
  xscale = { { "linear", "log" }, "linear" },
  yscale = { { "linear", "log" }, "linear" }, xlim = { "table" },
  ylim = { "table" }, xlabel = { "string" }, ylabel = { "string" },
  method = { { "Spearman", "Pearson", "Kendall", "none" }, "Spearman" },
  conf_level = { "number", 0.95, above = 0, below = 1 },
  line = { "boolean" }, identity = { "boolean", false },
  rug = { "boolean", false },
  legend = { { "inside", "above", "none" }, "inside" },
}

local function caption_of(opt, found)
  local parts = { "Points: single values" }
  if found then
    parts[#parts + 1] = ("%s%s, arms together"):format(found.result.method,
      opt.method == "Pearson" and (opt.xscale == "log" or opt.yscale == "log")
        and " of logarithms" or "")
  end
  if opt.line then parts[#parts + 1] = "line: least squares" end
  if opt.identity then parts[#parts + 1] = "dashed line: equal values" end
  return table.concat(parts, "; ") .. "."
end

--- figure.scatter { DATA or "ENDPOINT", x = "BASE", y = "AVAL", option = ... } -> figure
-- Two columns against each other, a symbol per arm, with correlation, interval,
-- P and n. f:save(file) writes it, f:show() previews it here.
--   x           a column;  y  "AVAL"
--   by          "TRT01P" where there is one; false: one group
--   method      "Spearman" (default), "Pearson", "Kendall", "none"
--   conf_level  0.95
--   line        a least-squares line: true for Pearson
--   identity    false; true: a dashed line of equal values
--   rug         false; true: a tick on the axes for each value
--   xscale, yscale  "linear", "log";  xlim, ylim  { from, to }
--   legend      "inside", "above", "none"
--   parameter   of an endpoint that has several
--   title, xlabel, ylabel   text;  width 89, height 70   mm
--   palette     "okabe ito", "tol", "grey" or { "#000000", ... }
--   journal     "Nature" and others: see figure.journal
--   note, stamp  lines under the figure; the mark of simulated data and dummy
--               arms stands there in any case
--
--   > figure.scatter { demo.adsl, x = "AGE", y = "SOFASCR" }.caption
--   Points: single values; Spearman correlation, t approximation, arms together.
--
-- See also: cor, figure.points, figure:save.
function M.scatter(given)
  local first, opt = source.options(WHO, given, own_options)
  local from = analysed.claimed(WHO, first, opt.parameter)
  if not opt.x then fail("invalid", WHO .. ': x = "COLUMN", which one?') end
  local by = opt.by
  if by == nil then by = from.treatment or source.by(WHO, from.data) end
  if opt.line == nil then opt.line = opt.method == "Pearson" end
  local groups, missing = source.numbers(WHO, from, opt.x, opt.y, by)
  local all = together(groups)
  local spec = { who = WHO, what = "the points", groups = groups, n = #all.x,
    arms = style.arms(#groups, opt.palette), xlog = opt.xscale == "log",
    ylog = opt.yscale == "log", legend = opt.legend, identity = opt.identity,
    rug = opt.rug, text = {}, text_above = true }
  local first_x, last_x = range_of(all.x, spec.xlog, opt.x)
  local xaxis
  spec.x, xaxis = scale.axis(WHO, first_x, last_x, { log = spec.xlog, name = "xlim",
    limits = opt.xlim })
  spec.ticks, spec.xlabels, spec.xminor = xaxis.ticks, xaxis.labels, xaxis.minor
  spec.xlabel = opt.xlabel or source.ylabel(from, opt.x)
  local low, high = range_of(all.y, spec.ylog, opt.y)
  spec.y, spec.yaxis = scale.axis(WHO, low, high, { log = spec.ylog,
    limits = opt.ylim, title = opt.ylabel or source.ylabel(from, opt.y) })
  local found = correlation(all, spec, opt)
  if found then spec.text[1] = found.words end
  if opt.line and #all.x > 2 and first_x < last_x then
    spec.line = regression(all, spec, first_x, last_x)
  end
  spec.entries = {}
  for k, group in ipairs(groups) do
    if group.name then
      spec.entries[k] = { name = ("%s (n = %d)"):format(group.name, #group.a),
        arm = spec.arms[k], place = k, key = "point", letter = string.char(64 + k) }
    end
  end
  spec.obstacles = function(panel) return obstacles_of(panel, spec) end
  spec.marks = function(panel) draw(panel, spec) end
  if missing > 0 then
    note.say("%s: %s without both values not shown", WHO,
      note.plural(missing, "row"))
  end
  return object.new(opt, from, { what = "scatter", height = 70,
    caption = caption_of(opt, found), entries = spec.entries,
    shown = function() return source.couples(groups, by, opt.x, opt.y) end,
    draw = function(page, bottom, top) chart.draw(page, spec, bottom, top) end })
end

return M
