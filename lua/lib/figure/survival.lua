-- figure.survival: Kaplan-Meier curves over a table of those at risk. The
-- numbers are km's; figure/curves.lua lays them out.

local cframe = require "ts.frame"
local number = require "ts.text".number
local variables = require "ts.formula".variables
local fail = require "ts.error".fail
local NA = require "ts.na".NA
local data = require "trialsh.data"
local backtick = require "trialsh.expression".backtick
local mark = require "trialsh.mark"
local note = require "trialsh.note"
local chart = require "trialsh.figure.chart"
local curves = require "trialsh.figure.curves"
local effects = require "trialsh.figure.effects"
local facets = require "trialsh.figure.facets"
local object = require "trialsh.figure.object"
local source = require "trialsh.figure.source"
local style = require "trialsh.figure.style"

local M = {}

local WHO = "figure.survival"

-- Curves ---------------------------------------------------------------------

-- Of an endpoint whose model has covariates: the arms alone, within strata; the
-- model stays for its hazard ratio.
local function curves_formula(from, opt)
  local left, right = from.formula:match "^(.-)~(.*)$"
  local others, strata = {}, ""
  for part in right:gmatch "strata%s*%b()" do strata = strata .. " + " .. part end
  for _, name in ipairs(variables("~ " .. effects.without_strata("0 +" .. right))) do
    if name ~= from.treatment then others[#others + 1] = name end
  end
  if #others == 0 then return from.formula end
  opt.model, opt.adjusted = from.formula, table.concat(others, ", ")
  return ("%s~ %s%s"):format(left, backtick(from.treatment), strata)
end

local function formula_of(from, opt)
  local formula = curves.formula(WHO, from, opt)
  return from.formula and not opt.formula and curves_formula(from, opt) or formula
end

-- A result of km has groups and no columns.
local function is_fit(x)
  if type(x) ~= "table" or require "trialsh.relation".is(x) then return false end
  local ok, method = pcall(function() return x.method end)
  return ok and method == "Kaplan-Meier"
end

local function default_xlabel(from, opt)
  return source.time_label(from, opt.time or "AVAL")
end

-- 1 - S: how many had the event.
local function turn_over(curve)
  curve.start = 0
  for i, s in ipairs(curve.estimate) do
    curve.estimate[i] = 1 - s
    local low, high = curve.conf_low[i], curve.conf_high[i]
    curve.conf_low[i] = high == NA and NA or 1 - high
    curve.conf_high[i] = low == NA and NA or 1 - low
  end
end

-- km's own, so that lines and tables agree on where S = 0.5 lasts.
local function medians_of(fit)
  return cframe.values(data.frame(fit:median(), { "estimate" }):column "estimate")
end

local function caption_of(fit, opt, n)
  local parts = { ("Kaplan-Meier estimates%s, n = %d"):format(
    opt.mirror and " of the events, 1 - S(t)" or "", n) }
  local weights, entry = fit:get "weights", fit:get "entry"
  if weights ~= NA then
    parts[#parts + 1] = ("weighted by %s%s"):format(weights,
      opt.band and fit.robust and ", with robust errors" or "")
  end
  if entry ~= NA then
    parts[#parts + 1] = ("delayed entry: at risk from %s on"):format(entry)
  end
  if opt.band then
    parts[#parts + 1] = ("bands: pointwise %s confidence intervals (%s)"):format(
      require "trialsh.format".level(fit.conf_level), fit.ci)
  end
  if opt.censor then parts[#parts + 1] = "vertical ticks: censored" end
  if opt.landmark then
    parts[#parts + 1] = ("of those at risk after %s"):format(number(opt.landmark))
  end
  parts[#parts + 1] = curves.said_few(opt)
  if opt.median then parts[#parts + 1] = "dotted lines: medians" end
  if opt.stratified and opt.p_value then
    parts[#parts + 1] = "log-rank test within strata of " .. opt.stratified
  end
  parts[#parts + 1] = effects.said(opt)
  if opt.facet then parts[#parts + 1] = "panels: " .. opt.facet_label end
  return table.concat(parts, "; ") .. "."
end

local own_options = {
  formula = { "string" }, time = { "string" }, event = { "string" },
  by = { "any" }, xlabel = { "string" }, ylabel = { "string" },
  xlim = { "table" }, ylim = { "table" }, ticks = { "table" },
  risk_table = { "any" }, band = { "boolean" },
  censor = { "boolean", true }, median = { "boolean", false },
  mirror = { "boolean", false },
  least_at_risk = { "number", nil, above = 0, below = 1 },
  beyond = { { "end", "pale" }, "end" },
  landmark = { "number", nil, above = 0, below = math.huge },
  facet = { "string" }, strata = { "any" },
  p_value = { "boolean", false }, hazard_ratio = { "boolean", false },
  rmst = { "number", above = 0 }, compare = { "string" }, text = { "any" },
  legend = { { "inside", "above", "direct", "none" }, "inside" },
  conf_level = { "number", 0.95, above = 0, below = 1 },
  ci = { { "log-log", "log", "plain" }, "log-log" }, weights = { "string" },
}

-- Figures ----------------------------------------------------------------------

local function fit_of(from, formula, opt)
  local own = from.endpoint and from.endpoint.method == "km"
    and from.endpoint.options.weights
  return require "trialsh.survival".km(effects.without_strata(formula),
    from.data, { conf_level = opt.conf_level, ci = opt.ci,
      weights = opt.weights or own or nil })
end

-- The tests beside curves know neither weights nor delayed entry.
local function check_fit(fit, opt)
  local what = fit:get "weights" ~= NA and "weighted curves"
    or fit:get "entry" ~= NA and "curves with delayed entry"
  for _, name in ipairs(what and { "p_value", "hazard_ratio", "rmst", "landmark" }
      or {}) do
    if opt[name] then
      fail("invalid", ("%s: %s is not there for %s"):format(WHO, name, what))
    end
  end
end

-- The rows of those whose time goes beyond the landmark: who had the event or left by
-- then says nothing of what comes after.
local function after(from, formula, landmark)
  local name = formula:match "^%s*Surv%s*%(%s*`?(.-)`?%s*,"
  if not name or not data.has(from.data, name) then
    fail("invalid", ("%s: landmark needs a column of times, not %s"):format(WHO,
      tostring(name)))
  end
  local rows, before = {}, 0
  local times = cframe.values(data.frame(from.data, { name }, WHO):column(name))
  for i, time in ipairs(times) do
    if time ~= NA and time > landmark then rows[#rows + 1] = i
    elseif time ~= NA then before = before + 1 end
  end
  if #rows == 0 then
    fail("degenerate", ("%s: nobody is at risk after %s"):format(WHO,
      number(landmark)))
  end
  note.say("%s: %s had the event or left by %s", WHO, note.plural(before, "subject"),
    number(landmark))
  return setmetatable({ data = source.subset(from.data, source.names(from.data), rows,
    true) }, { __index = from })
end

-- Arms look alike in all facets, also where one has nobody.
local function look_of(fit, opt)
  local arms, look = style.arms(#fit.groups, opt.palette), {}
  for i, group in ipairs(fit.groups) do look[group.name] = { arms[i], i } end
  return look
end

-- Of weighted rows, and where some enter later, those at risk are not what is left.
local function count_at_risk(fit, i, curve)
  local weighted = fit:get "weights" ~= NA
  if fit:get "entry" ~= NA then
    function curve.at_risk(t) return fit:at_risk(t, fit.groups[i].name)[1] end
  end
  curve.weighted = weighted and fit.robust
  if curve.at_risk then
    for _, n in ipairs(curve.n_risk) do curve.most = math.max(curve.most or 0, n) end
  elseif weighted then
    curve.most = curve.n_risk[1]
  end
end

local function figure_of(from, opt, fit, formula, look)
  look = look or look_of(fit, opt)
  local list, entries, n = curves.of(fit, 1), {}, 0
  local band = opt.band
  if band == nil then band = #list <= 2 end
  opt = setmetatable({ band = band }, { __index = opt })
  for i, curve in ipairs(list) do
    n = n + curve.n
    curve.from = opt.landmark
    count_at_risk(fit, i, curve)
    curves.few(curve, opt.least_at_risk, opt.beyond)
    if opt.mirror then turn_over(curve) end
    curve.arm, curve.place = table.unpack(look[fit.groups[i].name])
    curve.band = band and curves.pieces(curve) or {}
    if curve.name then
      entries[i] = { name = curve.name, arm = curve.arm, place = curve.place }
    end
  end
  local text = formula and effects.lines(WHO, from, formula, fit, opt) or {}
  for _, line in ipairs(curves.text(WHO, opt.text)) do text[#text + 1] = line end
  local spec, height = curves.spec(WHO, list, opt, { entries = entries,
    xlabel = opt.xlabel or from.data and default_xlabel(from, opt) or "Time",
    ylabel = opt.ylabel or (opt.mirror and "Cumulative incidence"
      or "Survival probability"),
    medians = opt.median and medians_of(fit) or nil, text = text,
    stamp = mark.with(from.stamp, opt.stamp) })
  return object.new(opt, from, { what = "survival curves",
    title = from.level or from.endpoint and from.endpoint.title,
    caption = caption_of(fit, opt, n), height = height, entries = entries,
    shown = function() return curves.shown(list) end,
    draw = function(page, bottom, top) chart.draw(page, spec, bottom, top) end })
end

local function in_facets(from, opt, fit, formula)
  local names = variables(formula)
  for _, name in ipairs(opt.model and variables(opt.model) or {}) do names[#names + 1] = name end
  local levels = facets.levels(WHO, from, opt.facet, names)
  local own = { facet = false, title = false, note = false, height = false,
    width = opt.width / facets.columns(#levels), last = 0 }
  if opt.band == nil then opt.band = #fit.groups <= 2 end
  local part = facets.part(opt, own)
  local look, figures, n = look_of(fit, opt), {}, 0
  effects.lines(WHO, from, formula, fit, opt) -- what no panel could say is an error
  for _, group in ipairs(fit.groups) do own.last = math.max(own.last, group.last) end
  for i, level in ipairs(levels) do
    local one = fit_of(level, formula, opt)
    figures[i], n = figure_of(level, part, one, formula, look), n + one.n
  end
  if n < fit.n then
    note.say("%s: %s without %s not shown", WHO, note.plural(fit.n - n, "subject"),
      opt.facet)
  end
  opt.facet_label = source.label(from.data, opt.facet) or opt.facet
  return facets.new(opt, from, { figures = figures, facet = opt.facet,
    what = "survival curves in panels", caption = caption_of(fit, opt, n) })
end

--- figure.survival { DATA or "ENDPOINT" or km(...), option = ... } -> figure
-- Kaplan-Meier curves with censoring ticks, confidence bands and a table of
-- those at risk under the ticks of the axis. f:save(file) writes .pdf, .svg,
-- .png, .eps or .tiff, f:show() previews it here. Columns: time AVAL, event
-- CNSR = 0, arms TRT01P, unless said otherwise:
--   formula     "Surv(AVAL, CNSR == 0) ~ TRT01P"; or time, event (1 is an
--               event) and by, names of columns; by = false: one curve
--   title, xlabel, ylabel   text;  width 89, height   mm
--   xlim, ylim  { from, to };  ticks  times with a tick, { 0, 28, 90 }
--   risk_table  true, false or a list of "at risk", "events", "censored"
--   band        true for one or two curves;  censor  true: ticks
--   median      false; true: lines down to the medians
--   mirror      false; true: 1 - S, the events, from 0 up
--   least_at_risk  0.1: where less of an arm is at risk curves end; or go on pale
--               with beyond = "pale"
--   landmark    28: curves of those at risk after that time, from there on
--   facet       a column: a panel for each of its levels
--   legend      "inside", "above", "direct" (at the curves' ends), "none"
--   hazard_ratio, p_value  false; true: by Cox regression; of the log-rank test
--   rmst        90: difference of restricted mean survival times up to then
--   compare     "A vs B" of more than two arms, for these three
--   strata      a column or a list: the first two within their levels
--   text        lines to add
--   palette     "okabe ito", "tol", "grey" or { "#000000", ... }
--   journal     "Nature" and others: see figure.journal
--   conf_level  0.95;  ci  "log-log", "log", "plain"
--   weights     a column or an expression; the formula may be Surv(start, stop,
--               event), delayed entry: see km
--   note, stamp  lines under the figure; the mark of simulated data and dummy
--                arms stands there in any case
--
--   > figure.survival { demo.adtte, title = "Survival", band = true }.caption
--   Kaplan-Meier estimates, n = 24; bands: pointwise 95 % confidence intervals (log-log); vertical ticks: censored.
--
-- See also: km, logrank, cox, rmst, figure.points, figure:save. Morris et al. 2019 (BMJ Open 9:e030215).
function M.survival(given)
  if type(given) == "table" and given.facet then given = source.wide(given) end
  local first, opt = source.options(WHO, given, own_options)
  if is_fit(first) then
    for _, name in ipairs { "p_value", "hazard_ratio", "rmst", "compare", "strata",
      "facet", "landmark" } do
      if opt[name] then
        fail("invalid", ("%s: %s needs the data, not curves of km"):format(WHO, name))
      end
    end
    return figure_of({ stamp = first.simulated or nil }, opt, first)
  end
  local from = source.take(WHO, first)
  if opt.facet then from = facets.with(from, opt.facet) end
  local formula = require "trialsh.tabulate".with_strata(WHO, formula_of(from, opt),
    opt.strata)
  source.one_parameter(WHO, from, formula, opt.facet)
  local tested = opt.p_value or opt.hazard_ratio
  if opt.strata and not tested then
    fail("invalid", WHO .. ": strata are those of the log-rank test: p_value = true, "
      .. "or of the hazard ratio: hazard_ratio = true")
  end
  local strata = formula:match "strata%s*%b()"
  opt.stratified = tested and strata and strata:match "%((.*)%)"
  if opt.landmark then from = after(from, formula, opt.landmark) end
  local fit = fit_of(from, formula, opt)
  check_fit(fit, opt)
  if not opt.facet then return figure_of(from, opt, fit, formula) end
  return in_facets(from, opt, fit, formula)
end

return M
