-- figure.scatter: two columns against each other, with their correlation.

local fail = require "ts.error".fail
local NA = require "ts.na".NA
local data = require "trialsh.data"
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

-- Limits -------------------------------------------------------------------------

local sides = { below = -1, above = 1 }

-- { COLUMN = { below = FLAG, above = FLAG } }, as given or of AVAL.
local function flags_of(from, opt)
  local given = opt.limit
  if not given or given == true then
    local own = {}
    if data.has(from.data, "BLQFL") then own.below = "BLQFL" end
    if data.has(from.data, "ALQFL") then own.above = "ALQFL" end
    return { AVAL = next(own) and own or nil }, given
  end
  local words = WHO .. ': limit = true, or { COLUMN = { below = "FLAG", above = "FLAG" } }'
  if type(given) ~= "table" then fail("type", words) end
  for column, flags in pairs(given) do
    if column ~= opt.x and column ~= opt.y then
      fail("invalid", ("%s: limit is of %s, which is neither x nor y"):format(WHO,
        tostring(column)))
    end
    if type(flags) ~= "table" then fail("type", words) end
    for side, flag in pairs(flags) do
      if not sides[side] or type(flag) ~= "string" then fail("type", words) end
    end
  end
  return given, true
end

-- Gives each group x_side and y_side: -1 below a limit, 1 above one, 0 a value; and
-- says how many are beyond one.
local function judge(groups, flags, opt)
  local beyond = { x = 0, y = 0, low_x = false, high_x = false, low_y = false, high_y = false }
  for _, group in ipairs(groups) do
    for _, axis in ipairs { "x", "y" } do
      local list = {}
      for i = 1, #group.a do list[i] = 0 end
      for side, flag in pairs(flags[opt[axis]] or {}) do
        for i, value in ipairs(group.more[flag]) do
          if value == "Y" then
            list[i] = sides[side]
            beyond[axis] = beyond[axis] + 1
            beyond[(side == "below" and "low_" or "high_") .. axis] = true
          end
        end
      end
      group[axis .. "_side"] = list
    end
  end
  beyond.n = beyond.x + beyond.y
  return beyond
end

-- Arrows need room beyond the values.
local function widened(low, high, log, below, above)
  if log then
    local by = math.max(high / low, 2) ^ 0.07
    return below and low / by or low, above and high * by or high
  end
  local least = low >= 0 and 0 or -math.huge -- amounts have no room below 0
  local by = 0.07 * (high > low and high - low or math.max(math.abs(high), 1))
  return below and math.max(low - by, least) or low, above and high + by or high
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

-- Values beyond a limit: hollow, with an arrow to where the value is.
local function draw_beyond(panel, open, arm, size)
  local page = panel.page
  for _, p in ipairs(open) do
    local x, y = panel:at_x(p[1]), panel:at_y(p[2])
    local function arrow(dx, dy, room)
      local long = math.min(2.4, room)
      page:arrow(x, y, x + dx * long, y + dy * long, { colour = arm.colour,
        width = 0.5, head = 1 })
    end
    if p[3] ~= 0 then
      arrow(p[3], 0, (p[3] < 0 and x - panel.left or panel.right - x))
    end
    if p[4] ~= 0 then
      arrow(0, p[4], (p[4] < 0 and y - panel.bottom or panel.top - y))
    end
  end
  local xs, ys = {}, {}
  for i, p in ipairs(open) do xs[i], ys[i] = p[1], p[2] end
  panel:points(xs, ys, { symbol = arm.symbol, colour = arm.colour, open = true,
    size = size * arm.weight })
end

-- A tick on each axis for each value, 1 mm long.
local function draw_rug(panel, xs, ys, arm)
  local low_x, low_y, in_x, in_y = {}, {}, {}, {}
  for i = 1, #xs do
    low_x[i], low_y[i] = panel.x[1], panel.y[1]
    in_x[i], in_y[i] = panel:from_x(panel.left + 1), panel:from_y(panel.bottom + 1)
  end
  local pen = { colour = arm.colour, width = panel.page.style.thin }
  panel:segments(xs, low_y, xs, in_y, pen)
  panel:segments(low_x, ys, in_x, ys, pen)
end

-- From where to where equal values are shown.
local function identity_of(panel, spec)
  local low = math.max(panel.x[1], panel.y[1])
  local high = math.min(panel.x[2], panel.y[2])
  return spec.identity and low < high and { low, high } or nil
end

local function draw(panel, spec)
  local page, s = panel.page, panel.page.style
  local ends = identity_of(panel, spec)
  if ends then
    panel:lines(ends, ends, { colour = "#7F7F7F", width = s.thin, dash = { 6, 4 },
      place = 8 })
  end
  if spec.line then
    panel:lines(spec.line[1], spec.line[2], { width = s.curve, place = 7 })
  end
  local size = spec.n <= 100 and 3 or spec.n <= 500 and 2.2 or 1.4
  for k, group in ipairs(spec.groups) do
    local arm, xs, ys, open = spec.arms[k], {}, {}, {}
    for i, x in ipairs(group.a) do
      local y, side_x, side_y = group.b[i], group.x_side[i], group.y_side[i]
      if x >= panel.x[1] and x <= panel.x[2] and y >= panel.y[1]
          and y <= panel.y[2] then
        if (side_x ~= 0 or side_y ~= 0) and not page.cells then
          open[#open + 1] = { x, y, side_x, side_y }
        else
          xs[#xs + 1], ys[#ys + 1] = x, y
        end
      end
    end
    panel:points(xs, ys, { symbol = arm.symbol, colour = arm.colour,
      size = size * arm.weight, place = k, width = 0.25,
      opacity = spec.n > 200 and 0.5 or nil })
    if not page.cells then
      draw_beyond(panel, open, arm, size)
      if spec.rug then draw_rug(panel, xs, ys, arm) end
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
  local function keep_off(xs, ys) -- a line, in short pieces
    for k = 2, #xs do
      local a, b = panel:at_x(xs[k - 1]), panel:at_y(ys[k - 1])
      local c, d = panel:at_x(xs[k]), panel:at_y(ys[k])
      for f = 0, 1, 1 / math.max(1, 120 // #xs) do
        local px, py = a + f * (c - a), b + f * (d - b)
        hard[#hard + 1] = { px - 0.6, py - 0.6, px + 0.6, py + 0.6 }
      end
    end
  end
  local ends = identity_of(panel, spec)
  if ends and panel.xlog == panel.ylog then keep_off(ends, ends) end
  if spec.line then keep_off(spec.line[1], spec.line[2]) end
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
  rug = { "boolean", false }, limit = { "any", false },
  legend = { { "inside", "above", "none" }, "inside" },
}

local function caption_of(opt, found, beyond)
  local parts = { "Points: single values" }
  if beyond.n > 0 then
    parts[2] = ("arrows: beyond a limit%s"):format(found and ", ranked as the limit" or "")
  end
  if found then
    parts[#parts + 1] = ("%s%s, arms together"):format(found.result.method,
      opt.method == "Pearson" and (opt.xscale == "log" or opt.yscale == "log")
        and " of logarithms" or "")
  end
  if opt.line then parts[#parts + 1] = "line: least squares" end
  if opt.identity then parts[#parts + 1] = "dashed line: equal values" end
  if opt.rug then parts[#parts + 1] = "ticks on the axes: the values of each" end
  return table.concat(parts, "; ") .. "."
end

-- The flags of x and y, each once.
local function names_of(flags, opt)
  local list = {}
  for _, column in ipairs { opt.x, opt.y } do
    for _, flag in pairs(flags[column] or {}) do list[#list + 1] = flag end
  end
  table.sort(list)
  return source.once(list)
end

local said_side = { [-1] = "below", [0] = "", [1] = "above" }

local function shown(groups, by, opt, beyond)
  local names, arrays = source.couples(groups, by, opt.x, opt.y)
  for _, axis in ipairs { "x", "y" } do
    if beyond[axis] > 0 then
      local list = {}
      for _, group in ipairs(groups) do
        for _, side in ipairs(group[axis .. "_side"]) do list[#list + 1] = said_side[side] end
      end
      names[#names + 1], arrays[#arrays + 1] = opt[axis] .. "_limit", list
    end
  end
  return names, arrays
end

--- figure.scatter { DATA or "ENDPOINT", x = "BASE", y = "AVAL", option = ... } -> figure
-- Two columns against each other, a symbol per arm, with correlation, interval,
-- P and n. f:save(file) writes it, f:show() previews it here.
--   x           a column;  y  "AVAL"
--   by          "TRT01P" where there is one; false: one group
--   method      "Spearman" (default), "Pearson", "Kendall", "none"
--   conf_level  0.95
--   line        of Pearson's: false takes away the least-squares line
--   limit       true: values of AVAL beyond a limit (BLQFL, ALQFL) as hollow symbols
--               with arrows; { COLUMN = { below = "FLAG", above = "FLAG" } }: of any
--   identity    false; true: a dashed line of equal values, both axes alike
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
  if opt.line and opt.method ~= "Pearson" then
    fail("invalid", WHO .. ': a least-squares line goes with method = "Pearson"')
  end
  local flags, said = flags_of(from, opt)
  local groups, missing = source.numbers(WHO, from, opt.x, opt.y, by, names_of(flags, opt))
  local beyond = judge(groups, flags, opt)
  if beyond.n > 0 and not said then
    fail("invalid", ("%s: %s beyond a limit would be shown as measured; limit = true "
      .. "shows which"):format(WHO, note.plural(beyond.n, "value")))
  elseif beyond.n > 0 and opt.method == "Pearson" then
    fail("invalid", WHO .. ": Pearson's correlation is of measured values, and some are "
      .. 'beyond a limit; method = "Spearman" ranks them')
  end
  local all = together(groups)
  local spec = { who = WHO, what = "the points", groups = groups, n = #all.x,
    arms = style.arms(#groups, opt.palette), xlog = opt.xscale == "log",
    ylog = opt.yscale == "log", legend = opt.legend, identity = opt.identity,
    rug = opt.rug, text = {}, text_above = true }
  local first_x, last_x = range_of(all.x, spec.xlog, opt.x)
  local low, high = range_of(all.y, spec.ylog, opt.y)
  local from_x, to_x = widened(first_x, last_x, spec.xlog, beyond.low_x, beyond.high_x)
  low, high = widened(low, high, spec.ylog, beyond.low_y, beyond.high_y)
  if opt.identity and spec.xlog == spec.ylog then
    from_x, low = math.min(from_x, low), math.min(from_x, low)
    to_x, high = math.max(to_x, high), math.max(to_x, high)
  end
  local xaxis
  spec.x, xaxis = scale.axis(WHO, from_x, to_x, { log = spec.xlog, name = "xlim",
    limits = opt.xlim })
  spec.ticks, spec.xlabels, spec.xminor = xaxis.ticks, xaxis.labels, xaxis.minor
  spec.xlabel = opt.xlabel or source.ylabel(from, opt.x)
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
    caption = caption_of(opt, found, beyond), entries = spec.entries,
    shown = function() return shown(groups, by, opt, beyond) end,
    draw = function(page, bottom, top) chart.draw(page, spec, bottom, top) end })
end

return M
