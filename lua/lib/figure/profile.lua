-- figure.profile: values over time, of each subject and of each arm. What stands
-- at each time is course.lua's, traces.lua draws it.

local text = require "ts.text"
local fail = require "ts.error".fail
local NA = require "ts.na".NA
local note = require "trialsh.note"
local analysed = require "trialsh.figure.analysed"
local chart = require "trialsh.figure.chart"
local courses = require "trialsh.figure.course"
local legend = require "trialsh.figure.legend"
local model = require "trialsh.figure.model"
local object = require "trialsh.figure.object"
local scale = require "trialsh.figure.scale"
local source = require "trialsh.figure.source"
local style = require "trialsh.figure.style"
local traces = require "trialsh.figure.traces"
local warp = require "trialsh.figure.warp"

local M = {}

local WHO = "figure.profile"

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
  if opt.change == "ratio" then
    return opt.percent and "Percent of baseline" or "Ratio to baseline"
  end
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

local function bounds_of(opt)
  local b = opt.bounds
  if type(b[1]) ~= "number" or type(b[2]) ~= "number" or not (b[1] < b[2]) then
    fail("invalid", WHO .. ": bounds = { from, to }, two numbers in rising order")
  end
  return b
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
  elseif course.n_above > 0 then
    fail("invalid", ("%s: %s of %s above a limit (ALQFL) would be taken as measured; "
      .. "where leaves them out"):format(WHO, note.plural(course.n_above, "value"), opt.y))
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
    add("Lines: %ss%s%s", name, interval and " with "
      .. (opt.interval == "ci" and interval:format(level) or interval) or "",
      interval and opt.least_n > 2
        and (" of %d values and more"):format(opt.least_n) or "")
    if spec.cut then
      local ends = {}
      for _, y in ipairs(opt.bounds) do
        if math.abs(y) < math.huge then ends[#ends + 1] = text.number(y) end
      end
      add("intervals cut at %s, beyond which no value can be", table.concat(ends, " and "))
    end
  end
  if opt.centre == "model" and spec.model.baseline then
    add("at baseline: observed %ss", spec.model.baseline)
  end
  if course.anchor then add("the first time is that of the baseline") end
  if opt.lines then add("thin lines: single subjects") end
  if opt.yscale == "asinh" then
    add("axis: linear near 0, logarithmic from about %s on (asinh)",
      text.number(opt.cofactor))
  end
  if spec.guides then add("pale lines: doublings") end
  if spec.band then
    add("grey band: reference range %s to %s", text.number(spec.band[1]),
      text.number(spec.band[2]))
  end
  if spec.doses then add("triangles: doses") end
  if opt.deaths then
    local died, left = traces.ends(spec)
    if opt.lines and died then add("crosses: last value before death") end
    if opt.lines and left then add("vertical ticks: last value of others who left") end
    add("in brackets: died before that day")
  end
  if opt.limit then
    add("open symbols%s: below the limit of detection", opt.change and ""
      or " and dashed line")
    local by = { mean = "means with such values by maximum likelihood (Tobit)",
      ["geometric mean"] = "geometric means with such values by maximum "
        .. "likelihood (Tobit)", median = "medians with such values by "
        .. "Kaplan-Meier" }
    if by[opt.centre] then
      add("%s; none where half or more are below", by[opt.centre])
    end
  end
  if #spec.p_rows > 0 then add("%s", spec.p_rows.words) end
  if course.x == "AVISIT" or opt.n then add("n: subjects with a value") end
  return (table.concat(parts, "; "):gsub("^%l", string.upper)) .. "."
end

local own_options = { parameter = { "string" },
  y = { "string" }, x = { "string" }, by = { "any" },
  id = { "string", "USUBJID" }, xlabel = { "string" }, ylabel = { "string" },
  xlim = { "table" }, ylim = { "table" }, ticks = { "table" },
  yscale = { { "linear", "log", "asinh" } },
  cofactor = { "number", 5, above = 0, below = math.huge },
  bounds = { "table" }, least_n = { "integer", 2, least = 2 },
  percent = { "boolean", false }, doublings = { "boolean", false },
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
  if not opt.y and not opt.change and (opt.centre or "model") == "model"
      and (from.change == "difference" or from.change == "ratio")
      and model.has(from) then
    opt.change = from.change
  end
  opt.y = opt.y or "AVAL"
  if from.log and not opt.yscale then opt.yscale = "log" end
  opt.yscale = opt.yscale or opt.change == "ratio" and "log" or "linear"
  if not opt.centre then
    opt.centre = model.has(from) and model.fits(from, opt) and "model"
      or (from.log or opt.change == "ratio") and "geometric mean" or "mean"
  end
  opt.interval = opt.interval or opt.centre == "median" and "quartiles" or "ci"
  if opt.interval == "quartiles" and opt.centre ~= "median"
      or (opt.interval == "sd" or opt.interval == "se")
        and opt.centre ~= "mean" and opt.centre ~= "geometric mean" then
    fail("invalid", ("%s: interval = \"%s\" does not go with the %s"):format(WHO,
      opt.interval, opt.centre))
  end
  if opt.centre == "model" and opt.least_n > 2 then
    fail("invalid", WHO .. ": least_n is of intervals of values, not of the model's")
  end
  for _, name in ipairs { "percent", "doublings" } do
    if opt[name] and opt.change ~= "ratio" then
      fail("invalid", ("%s: %s is of change = \"ratio\""):format(WHO, name))
    end
  end
  if opt.doublings and opt.yscale ~= "log" then
    fail("invalid", WHO .. ': doublings are of yscale = "log"')
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
--   least_n     2: an interval of so many values and more;  conf_level  0.95
--   bounds      { 0, 24 }: between which all values are; intervals end there
--   change      "ratio" to BASE or "difference": from 1 or 0 at baseline; of an
--               endpoint of CHG or ln(AVAL / BASE) that, where run() has means
--   percent     false; true: ratios as percent;  doublings  false; true: pale lines
--               where they double
--   lines       false; true: each subject, thin
--   n           true: subjects with a value, under the ticks
--   dosing      false; true: the trial's; or { ARM = { 1, 8 } }: marks above
--   deaths      false; true: crosses, and ticks where others left, of lines, and how
--               many died before (DTHFL, DTHDY, or DTHDT with TRTSDT)
--   limit       false; true: values below their limit (BLQFL, LLOQ) as open
--               symbols on a dashed line, with their share below the axis
--   range       { from, to }: a grey band; true: that of the parameter
--   hline       a number or a list: dashed lines across
--   p           of an endpoint: "p_adjusted", "p_value", "p_rerandomised" or
--               "none": a row of stars
--   compare     which comparisons those are of; the first of the endpoint
--   yscale      "linear", "log", "asinh" (of values around 0, linear up to about
--               cofactor, 5, on both sides);  xlim, ylim  { from, to };  ticks  a list
--   legend      "inside", "above", "none"
--   parameter   of an endpoint that has several
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
  local from = analysed.course(WHO, first, opt.parameter)
  local trial = source.trial(from)
  from.parameter = source.parameter(from)
  settle_options(opt, from)
  local course = courses.read(WHO, from, opt, trial)
  check_limit(course, opt)
  local without = opt.change and courses.change(WHO, course, opt.change) or 0
  local spec = { who = WHO, what = "the curves", groups = course.groups,
    arms = style.arms(#course.groups, opt.palette), lines = opt.lines,
    limit = opt.limit, deaths = opt.deaths, last = course.times[#course.times], n = opt.n, legend = opt.legend,
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
  if opt.bounds then
    spec.cut = courses.bound(WHO, course, bounds_of(opt), opt)
  end
  local low, high = range_of(spec, opt)
  if spec.ylog and low <= 0 then
    local n = not_above_0(spec)
    fail("degenerate", ("%s: %s not above 0, which a log axis cannot show")
      :format(WHO, n == 0 and "an interval or hline is"
        or n == 1 and "1 value of " .. opt.y .. " is"
        or ("%d values of %s are"):format(n, opt.y)))
  end
  local title = opt.ylabel or default_ylabel(from, opt)
  if opt.yscale == "asinh" then
    spec.warp = warp.asinh(opt.cofactor)
    spec.y, spec.yaxis = scale.asinh(WHO, low, high, opt.cofactor, spec.warp,
      { limits = opt.ylim, title = title })
  else
    spec.y, spec.yaxis = scale.axis(WHO, low, high, { log = spec.ylog,
      limits = opt.ylim, doubling = opt.change == "ratio", title = title })
  end
  if opt.percent then
    for i, y in ipairs(spec.yaxis.ticks) do
      spec.yaxis.labels[i] = text.number(100 * y) .. " %"
    end
  end
  if opt.doublings then spec.guides = spec.yaxis.ticks end
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
  spec.obstacles = function(panel) return traces.obstacles(panel, spec) end
  spec.above = function(page) return traces.dose_height(page, spec) end
  spec.draw_above = function(panel) traces.draw_doses(panel, spec) end
  spec.marks = function(panel) traces.draw(panel, spec) end
  say(course, without)
  return object.new(opt, from, { what = "profiles over time",
    caption = caption_of(spec, opt, course, from),
    height = 58 + 2.6 * #spec.rows(), entries = spec.entries,
    shown = function() return shown(spec, opt) end,
    draw = function(page, bottom, top) chart.draw(page, spec, bottom, top) end })
end

return M
