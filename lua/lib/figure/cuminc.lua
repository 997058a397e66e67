-- figure.cuminc: cumulative incidence of an event that another one may forestall,
-- with the other one beside it. The numbers are cuminc's.

local cframe = require "ts.frame"
local fail = require "ts.error".fail
local NA = require "ts.na".NA
local data = require "trialsh.data"
local mark = require "trialsh.mark"
local chart = require "trialsh.figure.chart"
local curves = require "trialsh.figure.curves"
local object = require "trialsh.figure.object"
local source = require "trialsh.figure.source"
local style = require "trialsh.figure.style"

local M = {}

local WHO = "figure.cuminc"

local columns = { "time", "n_risk", "n_event", "n_competing", "n_censor",
  "estimate", "conf_low", "conf_high" }

local function curve_of(fit, group, only)
  local frame = data.frame(only and fit:tidy() or fit:tidy(group.name), columns)
  local curve = { name = not only and group.name or nil, n = group.n, start = 0 }
  for _, name in ipairs(columns) do
    curve[name] = cframe.values(frame:column(name))
  end
  -- where nobody is left without an event the incidence is known for good
  local last = #curve.time
  curve.for_good = last > 0 and curve.n_censor[last] == 0
    and curve.n_risk[last] == curve.n_event[last] + curve.n_competing[last]
  return curve
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

local function caption_of(fit, opt)
  local parts = { ("Cumulative incidence (Aalen-Johansen), n = %d"):format(fit.n) }
  if opt.show_competing then
    parts[#parts + 1] = ("pale lines: %s"):format(opt.competing_label)
  end
  if opt.band then
    parts[#parts + 1] = ("bands: pointwise %s confidence intervals (%s)"):format(
      require "trialsh.format".level(fit.conf_level), fit.ci)
  end
  if opt.censor then parts[#parts + 1] = "vertical ticks: censored" end
  return table.concat(parts, "; ") .. "."
end

local own_options = {
  formula = { "string" }, by = { "any" }, competing = { "string" },
  competing_label = { "string", "the competing event" },
  show_competing = { "boolean", true }, xlabel = { "string" },
  ylabel = { "string", "Cumulative incidence" }, xlim = { "table" },
  ylim = { "table" }, ticks = { "table" }, risk_table = { "any" },
  band = { "boolean", false }, censor = { "boolean", false },
  p_value = { "boolean", true }, text = { "any" }, strata = { "any" },
  legend = { { "inside", "above", "direct", "none" }, "inside" },
  conf_level = { "number", 0.95, above = 0, below = 1 },
  ci = { { "log-log", "log", "plain" }, "log-log" },
}

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
  return ("Surv(AVAL, CNSR == 0) ~ %s"):format(by and "`" .. by .. "`" or "1")
end

-- The curves of the competing event, pale.
local function add_competing(list, from, formula, opt)
  local other, event = turned(formula, opt.competing)
  local fit = require "trialsh.cuminc".cuminc(other, from.data,
    { competing = event, test = "none", conf_level = opt.conf_level })
  local n = #list
  for i, group in ipairs(fit.groups) do
    local curve = curve_of(fit, group, #fit.groups == 1 and group.name == "all")
    curve.arm, curve.band, curve.pale, curve.place = list[i].arm, {}, true, i
    curve.key = ("%s, %s"):format(curve.name or "all", opt.competing_label)
    list[n + i] = curve
  end
end

--- figure.cuminc { DATA or "ENDPOINT", option = ... } -> figure
-- Cumulative incidence by arm where another event may come first, and that one
-- in pale lines: CNSR = 0 the event, 1 censored, 2 the competing event, unless
-- said otherwise. f:save(file) writes it, f:show() previews it here.
--   formula     "Surv(AVAL, CNSR == 0) ~ TRT01P";  by  a column; false: one curve
--   competing   "CNSR == 2", a condition;  competing_label  its words in the
--               caption;  show_competing  true
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
  local first, opt = source.options(WHO, given, own_options)
  local from = source.take(WHO, first)
  local formula = formula_of(from, opt)
  local options = from.endpoint and from.endpoint.options or {}
  opt.competing = opt.competing or options.competing or "CNSR == 2"
  local fit = require "trialsh.cuminc".cuminc(formula, from.data,
    { competing = opt.competing, strata = opt.strata, ci = opt.ci,
      conf_level = opt.conf_level })
  local list, entries = {}, {}
  local only = #fit.groups == 1 and fit.groups[1].name == "all"
  local arms = style.arms(#fit.groups, opt.palette)
  for i, group in ipairs(fit.groups) do
    local curve = curve_of(fit, group, only)
    curve.arm, curve.band = arms[i], opt.band and curves.pieces(curve) or {}
    list[i] = curve
    if curve.name then
      entries[i] = { name = curve.name, arm = arms[i], place = i }
    end
  end
  local own = table.move(list, 1, #list, 1, {})
  if opt.show_competing then add_competing(list, from, formula, opt) end
  opt.title = opt.title or from.endpoint and from.endpoint.title
  local text = curves.text(WHO, opt.text)
  if opt.p_value and fit.p_value ~= NA then
    local p = fit.p_value
    table.insert(text, 1, function(page) return "Gray " .. page:p(p) end)
  end
  local spec, height = curves.spec(WHO, list, opt, { entries = entries,
    tables = own, xlabel = opt.xlabel or source.time_label(from, "AVAL"),
    ylabel = opt.ylabel, y = y_of(list), text = text,
    stamp = mark.with(from.stamp, opt.stamp), more = { "competing" } })
  return object.new(opt, from, { what = "cumulative incidence",
    caption = caption_of(fit, opt), height = height, entries = entries,
    shown = function() return curves.shown(list) end,
    draw = function(page, bottom, top) chart.draw(page, spec, bottom, top) end })
end

return M
