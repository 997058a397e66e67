-- figure.points: every value as a point, by group, over a box of its quartiles.

local cframe = require "ts.frame"
local core = require "ts.describe"
local text = require "ts.text"
local fail = require "ts.error".fail
local NA = require "ts.na".NA
local data = require "trialsh.data"
local note = require "trialsh.note"
local chart = require "trialsh.figure.chart"
local object = require "trialsh.figure.object"
local scale = require "trialsh.figure.scale"
local source = require "trialsh.figure.source"
local style = require "trialsh.figure.style"
local swarm = require "trialsh.figure.swarm"

local M = {}

local WHO = "figure.points"

-- Quartiles of type 2 and the furthest values within 1.5 interquartile ranges
-- of them (Tukey 1977).
local function box_of(values)
  local column = cframe.build({ "y" }, { values }):column "y"
  local d = core.describe(column, 2)
  local reach = 1.5 * (d.q3 - d.q1)
  local low, high = d.q1, d.q3
  for _, y in ipairs(values) do
    if y >= d.q1 - reach and y < low then low = y end
    if y <= d.q3 + reach and y > high then high = y end
  end
  return { q1 = d.q1, median = d.median, q3 = d.q3, low = low, high = high }
end

-- Groups with their values; rows without one are counted.
local function groups_of(from, y, by)
  local frame = data.frame(from.data, by and { y, by } or { y }, WHO)
  local column = frame:column(y)
  if column.type ~= "real" then
    fail("type", ("%s: %s is text; y is a column of numbers"):format(WHO, y))
  end
  local all, missing = cframe.values(column), 0
  local groups = source.groups(frame, by)
  for _, group in ipairs(groups) do
    group.values = {}
    for _, row in ipairs(group.rows) do
      if all[row] == NA then
        missing = missing + 1
      else
        group.values[#group.values + 1] = all[row]
      end
    end
    if #group.values > 0 then group.box = box_of(group.values) end
  end
  return groups, missing
end

local function range_of(groups, opt)
  local low, high = math.huge, -math.huge
  local function take(y)
    low, high = math.min(low, y), math.max(high, y)
  end
  for _, group in ipairs(groups) do
    for _, y in ipairs(group.values) do take(y) end
  end
  if low > high then
    fail("degenerate", ("%s: no value of %s to show"):format(WHO, opt.y))
  end
  for _, y in ipairs(opt.hline) do take(y) end
  return low, high
end

local function hlines(value)
  if value == nil then return {} end
  if type(value) == "number" then value = { value } end
  for _, y in ipairs(type(value) == "table" and value or { false }) do
    if type(y) ~= "number" then
      fail("type", WHO .. ": hline is a number or a list of numbers")
    end
  end
  return value
end

local function log_axis(groups, low, high, opt)
  if low <= 0 then
    local n = 0
    for _, group in ipairs(groups) do
      for _, y in ipairs(group.values) do if y <= 0 then n = n + 1 end end
    end
    fail("degenerate", ("%s: %s not above 0, which a log axis cannot show")
      :format(WHO, n == 0 and "hline is"
        or n .. (n == 1 and " value of " or " values of ") .. opt.y
          .. (n == 1 and " is" or " are")))
  end
  local pad = (high / low) ^ 0.04
  if pad < 1.02 then pad = 1.02 end
  return { low / pad, high * pad }
end

local function linear_axis(low, high)
  if low == high then
    local d = low == 0 and 1 or math.abs(low) * 0.1
    return { low - d, high + d }
  end
  local pad = (high - low) * 0.04
  return { low - pad, high + pad }
end

local function y_axis(groups, opt)
  local log = opt.yscale == "log"
  local low, high = range_of(groups, opt)
  local range = scale.limits(WHO, "ylim", opt.ylim, log)
  if log and not (range and low > 0) then
    range = range or log_axis(groups, low, high, opt)
    if low <= 0 then log_axis(groups, low, high, opt) end
  end
  range = range or linear_axis(low, high)
  local ticks, minor
  if log then
    ticks, minor = scale.log(range[1], range[2])
  else
    ticks = scale.linear(range[1], range[2], 7)
    if not opt.ylim then -- the axis ends at a tick, points stand clear of it
      local step = ticks[2] - ticks[1]
      local function tick(i, x)
        table.insert(ticks, i, tonumber(("%.15g"):format(x)))
      end
      if ticks[1] > low then tick(1, ticks[1] - step) end
      if ticks[#ticks] < high then tick(#ticks + 1, ticks[#ticks] + step) end
      local clear = 0.03 * (ticks[#ticks] - ticks[1])
      range = { math.min(ticks[1], low - clear),
        math.max(ticks[#ticks], high + clear) }
    end
  end
  if opt.ticks then
    ticks = scale.ticks(WHO, "ticks", opt.ticks, range)
    minor = {}
  end
  return range, { ticks = ticks, minor = minor, labels = scale.labels(ticks, log),
    title = opt.ylabel }
end

-- Marks ------------------------------------------------------------------------

-- Points across, smaller where there are many.
local function point_size(page, spec)
  local most = 0
  for _, group in ipairs(spec.groups) do most = math.max(most, #group.values) end
  if page.cells then return 1 end
  return most <= 40 and 3.2 or most <= 150 and 2.5 or most <= 600 and 1.8 or 1.2
end

-- Below this many values quartiles say nothing: the median alone is drawn.
local LEAST = 4

local function draw_box(panel, i, group, arm, half)
  local page, s, box = panel.page, panel.page.style, group.box
  local pen = { colour = arm.colour, width = s.box_line, place = i }
  local function median()
    if page.cells then return end
    panel:segments({ i - half }, { box.median }, { i + half }, { box.median },
      { colour = arm.colour, width = 2 * s.box_line })
  end
  if #group.values < LEAST then return median() end
  panel:area({ i - half, i + half, i + half, i - half },
    { box.q1, box.q1, box.q3, box.q3 }, { colour = arm.colour, opacity = 0.1 })
  panel:lines({ i - half, i + half, i + half, i - half, i - half },
    { box.q1, box.q1, box.q3, box.q3, box.q1 }, pen)
  median()
  if page.cells then return end
  local cap = half / 2.5
  panel:segments({ i, i, i - cap, i - cap }, { box.q3, box.q1, box.high, box.low },
    { i, i, i + cap, i + cap }, { box.high, box.low, box.high, box.low }, pen)
end

local function draw_points(panel, i, group, arm, size, opacity)
  local page = panel.page
  local heights, inside = {}, {}
  for _, y in ipairs(group.values) do
    if y >= panel.y[1] and y <= panel.y[2] then
      inside[#inside + 1] = y
      heights[#heights + 1] = panel:at_y(y)
    end
  end
  local unit = (panel.right - panel.left) / (panel.x[2] - panel.x[1])
  local across = page.cells and 1 or size * 25.4 / 72 * 1.06
  local offsets = swarm.place(heights, across, 0.42 * unit)
  local xs = {}
  for k, dx in ipairs(offsets) do xs[k] = i + dx / unit end
  panel:points(xs, inside, { symbol = arm.symbol, colour = arm.colour,
    size = size * arm.weight, place = i, width = 0.25, opacity = opacity })
end

local function draw_groups(panel, spec)
  local size = point_size(panel.page, spec)
  for i, group in ipairs(spec.groups) do
    if group.box then
      local crowded = #group.values > 150 -- the box then stands in front
      if crowded then draw_points(panel, i, group, spec.arms[i], size, 0.4) end
      if spec.box then draw_box(panel, i, group, spec.arms[i], 0.28) end
      if not crowded then draw_points(panel, i, group, spec.arms[i], size) end
    end
  end
end

-- The description --------------------------------------------------------------

local spec_of_options = {
  y = { "string" }, by = { "any" }, xlabel = { "string" }, ylabel = { "string" }, yscale = { { "linear", "log" }, "linear" },
  ylim = { "table" }, ticks = { "table" }, hline = { "any" },
  box = { "boolean", true },
}

-- The values that are shown, by group.
local function shown(groups, y, by)
  local names, values = {}, {}
  for _, group in ipairs(groups) do
    for _, value in ipairs(group.values) do
      names[#names + 1], values[#values + 1] = group.name or "all", value
    end
  end
  return { by or "group", y }, { names, values }
end

--- figure.points { DATA or "ENDPOINT", y = "AVAL", option = ... } -> figure
-- Every value as a point, by group, over a box of median and quartiles with n
-- below. f:save(file) writes it, f:show() previews it here.
--   y           "AVAL";  by  "TRT01P" where there is one; false: one group
--   yscale      "linear", "log";  ylim  { from, to };  ticks  a list
--   hline       a number or a list: dashed lines across
--   box         true: quartiles of type 2; whiskers to the furthest values
--               within 1.5 interquartile ranges; below 4 values the median
--   title, xlabel, ylabel   text;  width 89, height 65   mm
--   palette     "okabe ito", "tol", "grey" or { "#000000", ... }
--   journal     "Nature" and others: see figure.journal
--   note, stamp  lines under the figure; the mark of simulated data and dummy
--                arms stands there in any case
-- Points that would touch stand beside each other, the same way each time.
--
--   > figure.points { { Y = { 1, 2, 4 }, ARM = { "A", "A", "B" } }, y = "Y" }.caption
--   Points: single values; boxes: median and quartiles (type 2); whiskers: furthest values within 1.5 interquartile ranges.
--
-- See also: describe, figure.survival. Tukey 1977.
function M.points(given)
  local first, opt = source.options(WHO, given, spec_of_options)
  local from = source.take(WHO, first)
  opt.y = opt.y or from.response or "AVAL"
  opt.hline = hlines(opt.hline)
  local by = opt.by
  if by == nil then by = from.treatment or source.by(WHO, from.data) end
  opt.ylabel = opt.ylabel or source.label(from.data, opt.y) or opt.y
  local groups, missing = groups_of(from, opt.y, by)
  local range, yaxis = y_axis(groups, opt)
  if missing > 0 then
    note.say("%s: %d missing %s of %s not shown", WHO, missing,
      missing == 1 and "value" or "values", opt.y)
  end
  local outside = 0
  for _, group in ipairs(groups) do
    for _, y in ipairs(group.values) do
      if y < range[1] or y > range[2] then outside = outside + 1 end
    end
  end
  if outside > 0 then
    note.say("%s: %d of the values lie beyond ylim and are not shown", WHO,
      outside)
  end
  local captions, under = {}, {}
  for i, group in ipairs(groups) do
    captions[i], under[i] = group.name or "", { "n = " .. #group.values }
  end
  local spec = { who = WHO, what = "the points", x = { 0.5, #groups + 0.5 },
    y = range, ylog = opt.yscale == "log", yaxis = yaxis, hline = opt.hline,
    captions = captions, under = under, xlabel = opt.xlabel, box = opt.box,
    groups = groups, arms = style.arms(#groups, opt.palette) }
  spec.marks = function(panel) draw_groups(panel, spec) end
  return object.new(opt, from, { what = "points by group",
    caption = "Points: single values" .. (opt.box
      and "; boxes: median and quartiles (type 2); whiskers: furthest values "
      .. "within 1.5 interquartile ranges." or "."),
    height = 65, shown = function() return shown(groups, opt.y, by) end,
    draw = function(page, bottom, top) chart.draw(page, spec, bottom, top) end })
end

return M
