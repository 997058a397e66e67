-- figure.profile: values over time, of each subject and of each arm. What stands
-- at each time is course.lua's, here it is drawn.

local text = require "ts.text"
local fail = require "ts.error".fail
local NA = require "ts.na".NA
local note = require "trialsh.note"
local chart = require "trialsh.figure.chart"
local courses = require "trialsh.figure.course"
local legend = require "trialsh.figure.legend"
local model = require "trialsh.figure.model"
local object = require "trialsh.figure.object"
local scale = require "trialsh.figure.scale"
local source = require "trialsh.figure.source"
local style = require "trialsh.figure.style"

local M = {}

local WHO = "figure.profile"

-- Drawing ----------------------------------------------------------------------

-- Arms stand side by side at each time, as far as there is room.
local function shifts(panel, spec)
  local n, least = #spec.groups, math.huge
  for i = 2, #spec.ticks do
    least = math.min(least, panel:at_x(spec.ticks[i])
      - panel:at_x(spec.ticks[i - 1]))
  end
  local step = math.min(0.9, 0.6 * least / math.max(1, n))
  local out = {}
  for k = 1, n do out[k] = panel.page.cells and 0 or (k - (n + 1) / 2) * step end
  return out
end

local function inside(panel, y) return y >= panel.y[1] and y <= panel.y[2] end

-- Each subject: thin, in a tint of the arm's colour; all of an arm at once.
local function draw_subjects(panel, spec, group, arm)
  local xs, ys, open_x, open_y = {}, {}, {}, {}
  for _, subject in ipairs(group.order) do
    for i, x in ipairs(subject.x) do
      xs[#xs + 1], ys[#ys + 1] = x, subject.y[i]
      if subject.below[i] and inside(panel, subject.y[i]) then
        open_x[#open_x + 1], open_y[#open_y + 1] = x, subject.y[i]
      end
    end
    xs[#xs + 1], ys[#ys + 1] = false, false
  end
  if spec.lines then -- paler where there are many
    local opacity = math.max(0.12, math.min(0.35, 0.35 * (40 / #group.order) ^ 0.4))
    panel:lines(xs, ys, { colour = arm.colour, opacity = opacity, width = 0.35 })
  end
  return open_x, open_y
end

-- Values below their limit: open symbols on it, moved aside as their arm is.
local function draw_below(panel, xs, ys, arm, shift)
  local seen, at_x, at_y = {}, {}, {}
  for i, x in ipairs(xs) do
    local key = ("%.17g %.17g"):format(x, ys[i])
    if not seen[key] then
      seen[key] = true
      at_x[#at_x + 1] = panel:from_x(panel:at_x(x) + shift)
      at_y[#at_y + 1] = ys[i]
    end
  end
  panel:points(at_x, at_y, { symbol = arm.symbol, colour = arm.colour,
    size = 2.2 * arm.weight, open = true })
end

-- A cross at the last value of who died.
local function draw_deaths(panel, group, arm)
  local page, half = panel.page, 0.7
  for _, subject in ipairs(group.order) do
    local n = #subject.x
    local dead = subject.died
      or subject.died_at ~= nil and subject.died_at ~= NA
    if dead and n > 0 and inside(panel, subject.y[n]) then
      local x, y = panel:at_x(subject.x[n]), panel:at_y(subject.y[n])
      local pen = { colour = arm.colour, width = 0.5 }
      page:line(x - half, y - half, x + half, y + half, pen)
      page:line(x - half, y + half, x + half, y - half, pen)
    end
  end
end

local function draw_centre(panel, group, arm, shift, k, letter)
  local page, s = panel.page, panel.page.style
  local xs, ys, low_x, low, high = {}, {}, {}, {}, {}
  for _, row in ipairs(group.rows) do
    if row.estimate ~= NA then
      local x = panel:from_x(panel:at_x(row.x) + shift)
      xs[#xs + 1], ys[#ys + 1] = x, row.estimate
      if row.low ~= NA and row.high ~= NA then
        low_x[#low_x + 1] = x
        low[#low + 1] = math.max(row.low, panel.y[1])
        high[#high + 1] = math.min(row.high, panel.y[2])
      end
    end
  end
  if page.cells then
    panel:lines(xs, ys, { place = k })
    for i, x in ipairs(xs) do
      if inside(panel, ys[i]) then
        page:text(letter, panel:at_x(x), math.floor(panel:at_y(ys[i]) + 0.5),
          { size = 1 })
      end
    end
    return
  end
  panel:segments(low_x, low, low_x, high, { colour = arm.colour, width = s.curve })
  panel:lines(xs, ys, { colour = arm.colour, width = 1.3 * s.curve,
    dash = arm.dash })
  local px, py = {}, {}
  for i, y in ipairs(ys) do
    if inside(panel, y) then px[#px + 1], py[#py + 1] = xs[i], y end
  end
  panel:points(px, py, { symbol = arm.symbol, colour = arm.colour,
    size = 3.2 * arm.weight })
end

local function draw(panel, spec)
  local shift, open = shifts(panel, spec), {}
  for k, group in ipairs(spec.groups) do
    if spec.lines or spec.limit then
      local xs, ys = draw_subjects(panel, spec, group, spec.arms[k])
      open[k] = { xs, ys }
    end
  end
  for k, group in ipairs(spec.groups) do
    if spec.limit and not panel.page.cells then
      draw_below(panel, open[k][1], open[k][2], spec.arms[k], shift[k])
    end
    draw_centre(panel, group, spec.arms[k], shift[k], k, spec.letters[k])
  end
  if spec.deaths and spec.lines and not panel.page.cells then
    for k, group in ipairs(spec.groups) do
      draw_deaths(panel, group, spec.arms[k])
    end
  end
end

-- Days of doses: a row of triangles for each arm that has some, above the panel.
local function dose_height(page, spec)
  if page.cells or not spec.doses then return 0 end
  return #spec.doses * 1.6 + 0.8
end

local function draw_doses(panel, spec)
  local page, s = panel.page, panel.page.style
  if page.cells or not spec.doses then return end
  local top = panel.top + 0.8
  for k, dose in ipairs(spec.doses) do
    local y = top + (#spec.doses - k + 0.5) * 1.6
    for _, day in ipairs(dose.days) do
      if day >= panel.x[1] and day <= panel.x[2] then
        page:symbol(panel:at_x(day), y, { symbol = "down", size = 3.4,
          colour = dose.arm.colour })
      end
    end
  end
  local width = page:text_width("Doses", s.tick_text)
  if panel.left - s.gap - width >= 0 then
    page:text("Doses", panel.left - s.gap, top + #spec.doses * 0.8
      + math.max(0, 0.6 * (2 - #spec.doses)), { size = s.tick_text,
        align = "right" })
  end
end

-- What a block of text must not cover.
local function obstacles_of(panel, spec)
  local hard, soft = {}, {}
  for _, group in ipairs(spec.groups) do
    local before
    for _, row in ipairs(group.rows) do
      if row.estimate ~= NA then
        local x, y = panel:at_x(row.x), panel:at_y(row.estimate)
        local low = row.low ~= NA and panel:at_y(math.max(row.low, panel.y[1])) or y
        local high = row.high ~= NA and panel:at_y(math.min(row.high, panel.y[2])) or y
        hard[#hard + 1] = { x - 1.6, low - 0.8, x + 1.6, high + 0.8 }
        if before then -- the line between two times, in short pieces
          for i = 1, 9 do
            local px, py = before[1] + (x - before[1]) * i / 10,
              before[2] + (y - before[2]) * i / 10
            hard[#hard + 1] = { px - 0.9, py - 0.9, px + 0.9, py + 0.9 }
          end
        end
        before = { x, y }
      end
    end
    for _, subject in ipairs(spec.lines and group.order or {}) do
      for i, x in ipairs(subject.x) do
        if inside(panel, subject.y[i]) then
          local px, py = panel:at_x(x), panel:at_y(subject.y[i])
          soft[#soft + 1] = { px - 1, py - 1, px + 1, py + 1 }
        end
      end
    end
  end
  return hard, soft
end

-- The table below ----------------------------------------------------------------

local function n_rows(spec)
  local rows = {}
  if not spec.n then return rows end
  local several = spec.groups[1].name
  if several then
    rows[1] = { label = spec.deaths and "n (died before)" or "n" }
  end
  for k, group in ipairs(spec.groups) do
    local numbers = {}
    for i, row in ipairs(group.rows) do
      numbers[i] = text.number(row.n)
      local died = spec.deaths and courses.died(group, row.x) or 0
      if died > 0 then numbers[i] = ("%s (%d)"):format(numbers[i], died) end
    end
    rows[#rows + 1] = { label = group.name or "n", arm = spec.arms[k],
      numbers = numbers }
  end
  return rows
end

local function below_rows(spec, rows)
  if not spec.limit then return end
  rows[#rows + 1] = { label = "% below the limit" }
  for k, group in ipairs(spec.groups) do
    local numbers = {}
    for i, row in ipairs(group.rows) do
      numbers[i] = row.n > 0
        and ("%.0f"):format(100 * row.n_below / row.n) or ""
    end
    rows[#rows + 1] = { label = group.name or "%", arm = spec.arms[k],
      numbers = numbers }
  end
end

local function rows_of(spec)
  local rows = n_rows(spec)
  below_rows(spec, rows)
  for _, p in ipairs(spec.p_rows) do
    local numbers = {}
    for i, x in ipairs(spec.ticks) do numbers[i] = model.stars(p.at[x]) end
    rows[#rows + 1] = { label = p.compare, numbers = numbers }
  end
  return rows
end

-- Axes -----------------------------------------------------------------------------

local function range_of(spec, opt)
  local low, high = math.huge, -math.huge
  local function take(y)
    if y ~= NA then low, high = math.min(low, y), math.max(high, y) end
  end
  for _, group in ipairs(spec.groups) do
    for _, row in ipairs(group.rows) do
      take(row.estimate)
      take(row.low)
      take(row.high)
    end
    for _, subject in ipairs(opt.lines and group.order or {}) do
      for _, y in ipairs(subject.y) do take(y) end
    end
  end
  for _, y in ipairs(spec.hline) do take(y) end
  if low > high then
    fail("degenerate", ("%s: no value of %s to show"):format(WHO, opt.y))
  end
  return low, high
end

local function not_above_0(spec)
  local n = 0
  for _, group in ipairs(spec.groups) do
    for _, subject in ipairs(group.order) do
      for _, y in ipairs(subject.y) do if y <= 0 then n = n + 1 end end
    end
  end
  return n
end

local function x_axis(course, opt)
  local x = scale.limits(WHO, "xlim", opt.xlim)
  local times = course.times
  local ticks = opt.ticks and scale.ticks(WHO, "ticks", opt.ticks,
    x or { -math.huge, math.huge }) or times
  if not x then
    local span = math.max(times[#times] - times[1], 1)
    x = { math.min(times[1], ticks[1]) - 0.03 * span,
      math.max(times[#times], ticks[#ticks]) + 0.03 * span }
  end
  return x, ticks
end

local function default_ylabel(from, opt)
  if opt.change == "ratio" then return "Ratio to baseline" end
  local name = source.ylabel(from, opt.y)
  return opt.change == "difference" and "Change: " .. name or name
end

-- Options ----------------------------------------------------------------------------

-- hline, range and dosing as they are given, or of the trial's parameter.
local function reference_of(opt, trial, from)
  local hline = opt.hline
  if type(hline) == "number" then hline = { hline } end
  for _, y in ipairs(hline or {}) do
    if type(y) ~= "number" then
      fail("type", WHO .. ": hline is a number or a list of numbers")
    end
  end
  hline = table.move(hline or {}, 1, #(hline or {}), 1, {})
  if opt.change then hline[#hline + 1] = opt.change == "ratio" and 1 or 0 end
  local band = opt.range
  if band == true then
    band = from.parameter and from.parameter.range
    if not band then
      fail("invalid", WHO .. ": range = true needs a parameter of the trial with "
        .. "a range; range = { 1000, 4000 }")
    end
  elseif band == false then band = nil end
  if band ~= nil and (type(band) ~= "table" or type(band[1]) ~= "number"
      or type(band[2]) ~= "number") then
    fail("invalid", WHO .. ": range = { from, to }, two numbers, or true")
  end
  return hline, band
end

local function doses_of(opt, trial, groups, arms)
  local dosing = opt.dosing
  if not dosing then return nil end
  if dosing == true then
    dosing = trial and trial.dosing
    if not dosing then
      fail("invalid", WHO .. ": dosing = true needs a trial that says its days; "
        .. "dosing = { ARM = { 1, 8 } }")
    end
  end
  local list = {}
  for k, group in ipairs(groups) do
    local days = group.name and dosing[group.name]
    if days then list[#list + 1] = { days = days, arm = arms[k] } end
  end
  return #list > 0 and list or nil
end

local function check_limit(course, opt)
  if course.n_below > 0 and not opt.limit then
    fail("invalid", ("%s: %d values of %s are below their limit and would be "
      .. "taken as measured; limit = true shows which"):format(WHO,
        course.n_below, opt.y))
  end
end

local intervals = { ci = "%s confidence intervals", sd = "standard deviations",
  se = "standard errors", quartiles = "quartiles (type 2)" }

local function caption_of(spec, opt, course, from)
  local level = require "trialsh.format".level(opt.conf_level)
  local parts = {}
  local function add(format, ...) parts[#parts + 1] = format:format(...) end
  local name = opt.centre == "model" and spec.model.what or opt.centre
  if opt.centre ~= "none" then
    local interval = intervals[opt.interval]
    add("Lines: %ss%s", name, interval and " with "
      .. (opt.interval == "ci" and interval:format(level) or interval) or "")
  end
  if opt.centre == "model" and spec.model.baseline then
    add("at baseline: observed %ss", spec.model.baseline)
  end
  if course.anchor then add("the first time is that of the baseline") end
  if opt.lines then add("thin lines: single subjects") end
  if spec.band then
    add("grey band: reference range %s to %s", text.number(spec.band[1]),
      text.number(spec.band[2]))
  end
  if spec.doses then add("triangles: doses") end
  if opt.deaths then
    add("%sin brackets: died before that day", opt.lines
      and "crosses: last value before death; " or "")
  end
  if opt.limit then
    add("open symbols%s: below the limit of detection, taken as the limit; no "
      .. "line where half or more are below it",
      opt.change and "" or " and dashed line")
  end
  if #spec.p_rows > 0 then add("%s", spec.p_rows.words) end
  if course.x == "AVISIT" or opt.n then add("n: subjects with a value") end
  return (table.concat(parts, "; "):gsub("^%l", string.upper)) .. "."
end

local own_options = {
  y = { "string" }, x = { "string" }, by = { "any" },
  id = { "string", "USUBJID" }, xlabel = { "string" }, ylabel = { "string" },
  xlim = { "table" }, ylim = { "table" }, ticks = { "table" },
  yscale = { { "linear", "log" } },
  centre = { { "mean", "geometric mean", "median", "model", "none" } },
  interval = { { "ci", "sd", "se", "quartiles", "none" } },
  conf_level = { "number", 0.95, above = 0, below = 1 },
  change = { { "ratio", "difference" } },
  lines = { "boolean", false }, n = { "boolean", true },
  dosing = { "any", false }, deaths = { "boolean", false },
  hline = { "any" }, range = { "any" }, limit = { "boolean", false },
  p = { { "p_value", "p_adjusted", "p_rerandomised", "none" } },
  compare = { "list" },
  legend = { { "inside", "above", "none" }, "inside" },
}

local function settle_options(opt, from)
  opt.y = opt.y or "AVAL"
  if from.log and not opt.yscale then opt.yscale = "log" end
  opt.yscale = opt.yscale or opt.change == "ratio" and "log" or "linear"
  if not opt.centre then
    opt.centre = model.has(from) and not opt.change and "model"
      or (from.log or opt.change == "ratio") and "geometric mean" or "mean"
  end
  opt.interval = opt.interval or opt.centre == "median" and "quartiles" or "ci"
  if opt.interval == "quartiles" and opt.centre ~= "median"
      or (opt.interval == "sd" or opt.interval == "se")
        and opt.centre ~= "mean" and opt.centre ~= "geometric mean" then
    fail("invalid", ("%s: interval = \"%s\" does not go with the %s"):format(WHO,
      opt.interval, opt.centre))
  end
end

local function say(course, without)
  if course.unflagged > 0 then
    note.say("%s: records with ANL01FL = 'Y' only", WHO)
  end
  if without > 0 then
    note.say("%s: %s without a baseline not shown", WHO,
      note.plural(without, "subject"))
  end
end

-- The numbers that are shown: those of arms, then of subjects.
local function shown(spec, opt)
  local names = { "level", "group", "subject", "time", "value", "low", "high", "n",
    "n_below" }
  local arrays = {}
  for j in ipairs(names) do arrays[j] = {} end
  local function add(...)
    for j = 1, #names do table.insert(arrays[j], (select(j, ...))) end
  end
  for _, group in ipairs(spec.groups) do
    for _, row in ipairs(group.rows) do
      add("arm", group.name or "all", "", row.x, row.estimate, row.low, row.high,
        row.n, row.n_below)
    end
  end
  for _, group in ipairs(opt.lines and spec.groups or {}) do
    for _, subject in ipairs(group.order) do
      for i, x in ipairs(subject.x) do
        add("subject", group.name or "all", subject.id, x, subject.y[i], NA, NA,
          NA, subject.below[i] and 1 or 0)
      end
    end
  end
  return names, arrays
end

--- figure.profile { DATA or "ENDPOINT", option = ... } -> figure
-- Values over time: a centre with its interval for each arm, and each subject.
-- Of an endpoint it shows the rows, visits, arms and scale, and where run() has
-- stored them the model's means and P-values. f:save(file) writes it, f:show()
-- previews it here. Rows with ANL01FL = 'Y' only, where there is such a column.
--   y           "AVAL";  x  the trial's days of AVISIT, else AVISITN or ADY
--   by          "TRT01P" where there is one; false: one curve;  id  "USUBJID"
--   centre      "mean", "geometric mean", "median", "none", "model" (of an
--               endpoint: least-squares means of its results)
--   interval    "ci", "sd", "se", "quartiles" (of medians), "none"
--   conf_level  0.95
--   change      "ratio" to BASE or "difference": from 1 or 0 at baseline
--   lines       false; true: each subject, thin
--   n           true: subjects with a value, under the ticks
--   dosing      false; true: the trial's; or { ARM = { 1, 8 } }: marks above
--   deaths      false; true: crosses, and how many died before (DTHFL, DTHDY, or
--               DTHDT with TRTSDT)
--   limit       false; true: values below their limit (BLQFL, LLOQ) as open
--               symbols on a dashed line, with their share below the axis
--   range       { from, to }: a grey band; true: that of the parameter
--   hline       a number or a list: dashed lines across
--   p           of an endpoint: "p_adjusted", "p_value", "p_rerandomised" or
--               "none": a row of stars
--   compare     which comparisons those are of; the first of the endpoint
--   yscale      "linear", "log";  xlim, ylim  { from, to };  ticks  a list
--   legend      "inside", "above", "none"
--   title, xlabel, ylabel   text;  width 89, height   mm
--   palette     "okabe ito", "tol", "grey" or { "#000000", ... }
--   journal     "Nature" and others: see figure.journal
--   note, stamp  lines under the figure; the mark of simulated data and dummy
--               arms stands there in any case
--
--   > alc = demo.adlb:where { PARAMCD = "ALC" }
--   > figure.profile { alc, centre = "geometric mean", yscale = "log" }.caption
--   Lines: geometric means with 95 % confidence intervals; n: subjects with a value.
--
-- See also: figure.points, mmrm, relation:visits, figure:save.
function M.profile(given)
  local first, opt = source.options(WHO, given, own_options)
  local from = source.course(WHO, first)
  local trial = source.trial(from)
  from.parameter = source.parameter(from)
  settle_options(opt, from)
  local course = courses.read(WHO, from, opt, trial)
  check_limit(course, opt)
  local without = opt.change and courses.change(WHO, course, opt.change) or 0
  local spec = { who = WHO, what = "the curves", groups = course.groups,
    arms = style.arms(#course.groups, opt.palette), lines = opt.lines,
    limit = opt.limit, deaths = opt.deaths, n = opt.n, legend = opt.legend,
    xlog = false, ylog = opt.yscale == "log" }
  if opt.centre == "model" then
    spec.model = model.means(WHO, from, course, opt, courses)
  else
    courses.centre(WHO, course, opt)
  end
  spec.hline, spec.band = reference_of(opt, trial, from)
  spec.doses = doses_of(opt, trial, course.groups, spec.arms)
  spec.p_rows = model.p_rows(WHO, from, course, opt)
  if opt.limit and not opt.change then -- of a change they are no one line
    for _, l in ipairs { course.limits[1], course.limits[#course.limits] } do
      spec.hline[#spec.hline + 1] = l
    end
  end
  local low, high = range_of(spec, opt)
  if spec.ylog and low <= 0 then
    local n = not_above_0(spec)
    fail("degenerate", ("%s: %s not above 0, which a log axis cannot show")
      :format(WHO, n == 0 and "an interval or hline is"
        or n == 1 and "1 value of " .. opt.y .. " is"
        or ("%d values of %s are"):format(n, opt.y)))
  end
  spec.y, spec.yaxis = scale.axis(WHO, low, high, { log = spec.ylog,
    limits = opt.ylim, doubling = opt.change == "ratio",
    title = opt.ylabel or default_ylabel(from, opt) })
  spec.x, spec.ticks = x_axis(course, opt)
  spec.xlabels, spec.xlabel = scale.labels(spec.ticks), opt.xlabel
    or course.x == "AVISIT" and "Day" or course.x == "AVISITN" and "Day"
    or source.label(from.data, course.x) or course.x
  local names = {}
  for k, group in ipairs(course.groups) do names[k] = group.name or "all" end
  spec.letters, spec.entries = legend.letters(names), {}
  for k, group in ipairs(course.groups) do
    if group.name then
      spec.entries[k] = { name = group.name, arm = spec.arms[k], place = k,
        key = "both", letter = spec.letters[k] }
    end
  end
  local on_visits = spec.ticks == course.times
  spec.rows = function() return on_visits and rows_of(spec) or {} end
  spec.obstacles = function(panel) return obstacles_of(panel, spec) end
  spec.above = function(page) return dose_height(page, spec) end
  spec.draw_above = function(panel) draw_doses(panel, spec) end
  spec.marks = function(panel) draw(panel, spec) end
  say(course, without)
  return object.new(opt, from, { what = "profiles over time",
    caption = caption_of(spec, opt, course, from),
    height = 58 + 2.6 * #spec.rows(), entries = spec.entries,
    shown = function() return shown(spec, opt) end,
    draw = function(page, bottom, top) chart.draw(page, spec, bottom, top) end })
end

return M
