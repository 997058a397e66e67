-- figure.cuminc: cumulative incidence of an event that another one may forestall,
-- with the other one beside it. The numbers are cuminc's.

local fail = require "ts.error".fail
local NA = require "ts.na".NA
local mark = require "trialsh.mark"
local chart = require "trialsh.figure.chart"
local curves = require "trialsh.figure.curves"
local facets = require "trialsh.figure.facets"
local legend = require "trialsh.figure.legend"
local object = require "trialsh.figure.object"
local source = require "trialsh.figure.source"
local stacked = require "trialsh.figure.stacked"
local style = require "trialsh.figure.style"

local M = {}

local WHO = "figure.cuminc"

local function curves_of(fit)
  local list = curves.of(fit, 0, "n_competing")
  for _, curve in ipairs(list) do
    -- where nobody is left without an event the incidence is known for good
    local last = #curve.time
    curve.for_good = last > 0 and curve.n_censor[last] == 0
      and curve.n_risk[last] == curve.n_event[last] + curve.n_competing[last]
  end
  return list
end

-- The formula with event and competing event in each other's place.
local function turned(formula, competing)
  local before, event, after =
    formula:match "^(%s*Surv%s*%([^,]+,%s*)([^()]-)(%s*%).*)$"
  if not event then
    fail("invalid", ("%s: the formula is \"Surv(time, event) ~ group\", not "
      .. "\"%s\""):format(WHO, formula))
  end
  return before .. competing .. after, event
end

-- Whether any of the curves has a competing event.
local function competed(list)
  for _, curve in ipairs(list) do
    for _, n in ipairs(curve.n_competing) do
      if n > 0 then return true end
    end
  end
  return false
end

-- The incidence ends at a round share above what is shown.
local function y_of(list)
  local high = 0
  for _, curve in ipairs(list) do
    for _, y in ipairs(curve.estimate) do high = math.max(high, y) end
    for _, p in ipairs(curve.band) do high = math.max(high, p.high) end
  end
  for _, y in ipairs { 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8 } do
    if high <= y * 0.98 then return { 0, y } end
  end
  return { 0, 1 }
end

local said = {
  pale = function(opt) return ("pale lines: %s"):format(opt.competing_label) end,
  dashes = function(opt)
    return ("solid lines: %s; dotted lines: %s; symbols: arms"):format(opt.event_label,
      opt.competing_label)
  end,
  stacked = function(opt)
    return ("areas: %s, and on it %s; white: neither"):format(opt.event_label,
      opt.competing_label)
  end,
}

-- own: the curves of the event; more: what is said at its end, or nil
local function caption_of(fit, opt, own, more)
  local parts = { ("Cumulative incidence (Aalen-Johansen), n = %d"):format(fit.n) }
  if opt.show_competing then
    parts[#parts + 1] = competed(own) and said[opt.competing_as](opt)
      or ("%s: none"):format(opt.competing_label)
  end
  parts[#parts + 1] = curves.said_few(opt)
  if opt.band then
    parts[#parts + 1] = ("bands: pointwise %s confidence intervals (%s)"):format(
      require "trialsh.format".level(fit.conf_level), fit.ci)
  end
  if opt.censor then parts[#parts + 1] = "vertical ticks: censored" end
  parts[#parts + 1] = more
  return table.concat(parts, "; ") .. "."
end

local own_options = {
  formula = { "string" }, by = { "any" }, competing = { "string" },
  competing_label = { "string", "the competing event" },
  event_label = { "string", "the event" },
  competing_as = { { "pale", "dashes", "stacked" }, "pale" },
  show_competing = { "boolean", true }, xlabel = { "string" },
  ylabel = { "string", "Cumulative incidence" }, xlim = { "table" },
  ylim = { "table" }, ticks = { "table" }, risk_table = { "any" },
  band = { "boolean", false }, censor = { "boolean", false },
  least_at_risk = { "number", nil, above = 0, below = 1 },
  beyond = { { "end", "pale" }, "end" },
  p_value = { "boolean", true }, text = { "any" }, strata = { "any" },
  legend = { { "inside", "above", "direct", "none" }, "inside" },
  conf_level = { "number", 0.95, above = 0, below = 1 },
  ci = { { "log-log", "log", "plain" }, "log-log" },
}

-- The curves of the competing event, pale.
local function add_competing(list, from, formula, opt)
  local other, event = turned(formula, opt.competing)
  local fit = require "trialsh.cuminc".cuminc(other, from.data,
    { competing = event, test = "none", conf_level = opt.conf_level })
  local n = #list
  for i, curve in ipairs(curves_of(fit)) do
    curve.arm, curve.band, curve.place = list[i].arm, {}, i
    curve.few, curve.ends = list[i].few, list[i].ends
    curve.pale = opt.competing_as == "pale"
    if opt.competing_as == "dashes" then
      curve.dash, curve.symbols = { 2, 3 }, { i, n }
    end
    curve.key = ("%s, %s"):format(curve.name or "all", opt.competing_label)
    list[n + i] = curve
  end
end

-- What does not go together.
local function check_manner(opt)
  local way = opt.competing_as
  if way ~= "pale" and not opt.show_competing then
    fail("invalid", ("%s: competing_as = %q shows the competing event"):format(WHO, way))
  end
  if way == "stacked" then
    for _, name in ipairs { "band", "least_at_risk", "censor" } do
      if opt[name] then
        fail("invalid", ("%s: %s is not of stacked areas"):format(WHO, name))
      end
    end
  end
end

-- A dash for each cause; arms have a symbol in place of theirs.
local function by_cause(own, entries, opt)
  for i, curve in ipairs(own) do
    curve.dash = false
    if curve.name then curve.symbols = { i, #own } end
  end
  for i, e in ipairs(entries) do e.key, e.letter = "point", legend.mark(i) end
  for k, name in ipairs { opt.event_label, opt.competing_label } do
    entries[#entries + 1] = { name = name, place = 8,
      arm = { colour = "#000000", dash = k == 2 and { 2, 3 } } }
  end
end

-- A figure of one arm: its areas.
local function areas_of(from, opt, own, other, entries)
  local only = setmetatable({ legend = own.name and "above" or opt.legend },
    { __index = opt })
  local name
  name, own.name = own.name, nil -- the title says it, so the table does not
  local spec, height = curves.spec(WHO, { own }, only, { entries = entries,
    xlabel = opt.xlabel or source.time_label(from, "AVAL"), ylabel = opt.ylabel,
    y = { 0, 1 }, text = curves.text(WHO, opt.text), more = { "competing" } })
  local tops = stacked.tops(own, other)
  spec.marks = function(panel) stacked.draw(panel, own, other, opt.palette) end
  spec.obstacles = function(panel)
    local hard, last = {}, #own.time
    for i, time in ipairs(own.time) do
      hard[i] = { panel:at_x(time), panel.bottom,
        i < last and panel:at_x(own.time[i + 1]) or panel.right,
        panel:at_y(math.min(tops[i], panel.y[2])) }
    end
    return hard, {}
  end
  return object.new(only, from, { what = "stacked incidence", height = height,
    title = name and ("%s (n = %d)"):format(name, own.n), entries = entries,
    shown = function() return curves.shown { own } end,
    draw = function(page, bottom, top) chart.draw(page, spec, bottom, top) end })
end

local function stack_of(from, opt, fit, own, list, p)
  local entries = stacked.entries({ opt.event_label, opt.competing_label }, opt.palette)
  local function caption(page)
    return caption_of(fit, opt, own,
      p and "Gray's test of the event between arms: " .. page:p(p) or nil)
  end
  local names, arrays = curves.shown(list)
  local function shown() return names, arrays end
  if not own[1].name then
    local figure = areas_of(from, opt, own[1], list[2], entries)
    figure.caption, figure.shown = caption, shown
    figure.title = opt.title
    return figure
  end
  local part = { title = false, note = false, height = false,
    width = opt.width / facets.columns(#own), last = 0 }
  for _, curve in ipairs(own) do
    part.last = math.max(part.last, curve.time[#curve.time] or 0)
  end
  part = facets.part(opt, part)
  local figures = {}
  for i, curve in ipairs(own) do
    figures[i] = areas_of(from, part, curve, list[#own + i], entries)
  end
  return facets.new(opt, from, { figures = figures, what = "stacked incidence in panels",
    caption = caption, shown = shown })
end

--- figure.cuminc { DATA or "ENDPOINT", option = ... } -> figure
-- Cumulative incidence by arm where another event may come first, and that one
-- in pale lines: CNSR = 0 the event, 1 censored, 2 the competing event, unless
-- said otherwise. f:save(file) writes it, f:show() previews it here.
--   formula     "Surv(AVAL, CNSR == 0) ~ TRT01P";  by  a column; false: one curve
--   competing   "CNSR == 2", a condition;  competing_label, event_label  its words
--               and those of the event;  show_competing  true
--   competing_as  "pale"; "dashes": a dash for each cause, a symbol for each arm;
--               "stacked": areas one on the other, a panel for each arm
--   least_at_risk  0.1: where less of an arm is at risk curves end; or go on pale
--               with beyond = "pale"
--   p_value     true: of Gray's test;  strata  within the levels of a column
--   band        false; true: confidence bands;  censor  false; true: ticks
--   risk_table  true, false or a list of "at risk", "events", "competing",
--               "censored"
--   xlim, ylim  { from, to };  ticks  times with a tick
--   legend      "inside", "above", "direct", "none";  text  lines to add
--   conf_level  0.95;  ci  "log-log", "log", "plain"
--   title, xlabel, ylabel   text;  width 89, height   mm
--   palette     "okabe ito", "tol", "grey" or { "#000000", ... }
--   journal     "Nature" and others: see figure.journal
--   note, stamp  lines under the figure; the mark of simulated data and dummy
--               arms stands there in any case
--
--   > t = { AVAL = { 3, 5, 5, 8, 9, 12, 2, 4 }, CNSR = { 0, 0, 2, 0, 1, 0, 2, 2 } }
--   > figure.cuminc { t, by = false, competing_label = "death" }.caption
--   Cumulative incidence (Aalen-Johansen), n = 8; pale lines: death.
--
-- See also: cuminc, figure.survival, figure:save.
function M.cuminc(given)
  if type(given) == "table" and given.competing_as == "stacked" and given.by ~= false then
    given = source.wide(given)
  end
  local first, opt = source.options(WHO, given, own_options)
  local from = source.take(WHO, first)
  local formula = curves.formula(WHO, from, opt)
  source.one_parameter(WHO, from, formula)
  local options = from.endpoint and from.endpoint.options or {}
  opt.competing = opt.competing or options.competing or "CNSR == 2"
  local fit = require "trialsh.cuminc".cuminc(formula, from.data,
    { competing = opt.competing, strata = opt.strata, ci = opt.ci,
      conf_level = opt.conf_level })
  local list, entries = curves_of(fit), {}
  local arms = style.arms(#list, opt.palette)
  for i, curve in ipairs(list) do
    curves.few(curve, opt.least_at_risk, opt.beyond)
    curve.arm, curve.band = arms[i], opt.band and curves.pieces(curve) or {}
    if curve.name then
      entries[i] = { name = curve.name, arm = arms[i], place = i }
    end
  end
  local p = opt.p_value and fit.p_value ~= NA and fit.p_value
  check_manner(opt)
  opt.title = opt.title or from.endpoint and from.endpoint.title
  local own = table.move(list, 1, #list, 1, {})
  if opt.show_competing then add_competing(list, from, formula, opt) end
  if opt.competing_as == "stacked" then
    return stack_of(from, opt, fit, own, list, p)
  elseif opt.competing_as == "dashes" then
    by_cause(own, entries, opt)
  end
  local text = curves.text(WHO, opt.text)
  if p then
    table.insert(text, 1, function(page) return "Gray " .. page:p(p) end)
  end
  local spec, height = curves.spec(WHO, list, opt, { entries = entries,
    tables = own, xlabel = opt.xlabel or source.time_label(from, "AVAL"),
    ylabel = opt.ylabel, y = y_of(list), text = text,
    stamp = mark.with(from.stamp, opt.stamp), more = { "competing" } })
  return object.new(opt, from, { what = "cumulative incidence",
    caption = caption_of(fit, opt, own), height = height, entries = entries,
    shown = function() return curves.shown(list) end,
    draw = function(page, bottom, top) chart.draw(page, spec, bottom, top) end })
end

return M
