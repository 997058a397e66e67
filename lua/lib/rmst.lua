-- Restricted mean survival time: the mean time free of an event up to a horizon.
-- The numbers are C's (ts.survival).

local NA = require "ts.na".NA
local core = require "ts.survival"
local inference = require "ts.linear".inference
local text = require "ts.text"
local number = text.number
local fail = require "ts.error".fail
local data_of = require "trialsh.data"
local format = require "trialsh.format"
local options = require "trialsh.options"
local result = require "trialsh.result"
local survival = require "trialsh.survival"

local M = { specs = { rmst = { horizon = { "number", above = 0 },
  compare = { "string" }, reference = { "string" },
  effect = { { "difference", "ratio" }, "difference" },
  alternative = { { "two-sided", "less", "greater" }, "two-sided" },
  conf_level = { "number", 0.95, above = 0, below = 1 } } } }

-- The mean of each group with its interval; groups: { name, parts }.
local function means_of(model, info, groups, pair, opt)
  local r, list = core.restricted_mean(model, opt.horizon, pair), {}
  for i = 1, #r.n do
    local level = groups[i]
    local g = { name = level and level.name or "all",
      parts = pair and { level.name } or level and level.parts or {},
      n = r.n[i], n_event = r.n_event[i], last = r.last[i],
      n_missing = level and level.n_row - level.n or info.n_missing,
      estimate = r.estimate[i], std_error = r.std_error[i], conf_low = NA,
      conf_high = NA }
    if g.estimate ~= NA and g.std_error > 0 then
      local t = inference(g.estimate, g.std_error, math.huge,
        { conf_level = opt.conf_level })
      g.conf_low, g.conf_high = t.conf_low, t.conf_high
    end
    list[i] = g
  end
  return list
end

-- A minus B, or A over B, by the delta method on the logarithm.
local function compare(a, b, opt)
  local out = { estimate_1 = a.estimate, estimate_2 = b.estimate,
    estimate = NA, std_error = NA, statistic = NA, p_value = NA, conf_low = NA,
    conf_high = NA }
  if a.estimate == NA or b.estimate == NA then return out end
  local ratio = opt.effect == "ratio"
  if ratio and not (a.estimate > 0 and b.estimate > 0) then return out end
  local e, se = a.estimate - b.estimate,
    (a.std_error ^ 2 + b.std_error ^ 2) ^ 0.5
  if ratio then
    e = math.log(a.estimate / b.estimate)
    se = ((a.std_error / a.estimate) ^ 2 + (b.std_error / b.estimate) ^ 2) ^ 0.5
  end
  out.estimate, out.std_error = ratio and math.exp(e) or e, se
  if se > 0 then
    local t = inference(e, se, math.huge, { conf_level = opt.conf_level,
      alternative = opt.alternative })
    out.statistic, out.p_value = t.statistic, t.p_value
    out.conf_low = ratio and math.exp(t.conf_low) or t.conf_low
    out.conf_high = ratio and math.exp(t.conf_high) or t.conf_high
  elseif e == 0 then
    out.p_value = 1
  end
  return out
end

-- Notes --------------------------------------------------------------------------

local function notes_of(list, c, opt, empty)
  local notes, short, events = { empty or nil }, {}, 0
  for _, g in ipairs(list) do
    events = events + g.n_event
    if g.estimate == NA then
      short[#short + 1] = ("%s after %s"):format(#list > 1 and " of " .. g.name
        or "", number(g.last))
    end
  end
  if #short > 0 then
    notes[#notes + 1] = ("survival%s is not known, and the horizon is %s")
      :format(table.concat(short, ","), number(opt.horizon))
  elseif events == 0 then
    notes[#notes + 1] = c and "no events up to the horizon: there is nothing to "
      .. "compare, P is 1" or "no events up to the horizon"
  elseif c and c.std_error == 0 then
    notes[#notes + 1] = "no variation within the groups: there is no test"
  elseif c and c.estimate == NA then
    notes[#notes + 1] = "a mean of 0 has no ratio"
  end
  return result.note(table.unpack(notes))
end

-- Output -------------------------------------------------------------------------

local columns = { "n", "n_event", "estimate", "std_error", "conf_low",
  "conf_high" }

-- The variables of the groups, then columns.
local function arrays_of(list, variables)
  local names, arrays = {}, {}
  for j, name in ipairs(variables) do
    names[j], arrays[j] = name, {}
    for i, g in ipairs(list) do arrays[j][i] = g.parts[j] end
  end
  for _, name in ipairs(columns) do
    names[#names + 1], arrays[#arrays + 1] = name, {}
    for i, g in ipairs(list) do arrays[#arrays][i] = g[name] end
  end
  return names, arrays
end

local function effect_name(opt)
  return opt.effect == "ratio" and "ratio of restricted mean survival"
    or "difference of restricted mean survival"
end

local function shown(list, variables, conf_level)
  local shown_columns, size = {}, NA
  for _, g in ipairs(list) do
    if g.std_error ~= NA and g.std_error > 0 then
      size = math.min(size == NA and math.huge or size, g.std_error)
    end
  end
  local digits = format.decimals(size)
  local function add(name, kind, value, right)
    local column = { name = name, type = kind, right = right, values = {} }
    for i, g in ipairs(list) do column.values[i] = value(g) end
    shown_columns[#shown_columns + 1] = column
  end
  for j, name in ipairs(variables) do
    add(name, "text", function(g) return g.parts[j] end)
  end
  add("n", "real", function(g) return g.n end)
  add("events", "real", function(g) return g.n_event end)
  local function cell(name)
    return function(g)
      return g[name] ~= NA and format.cell(g[name], digits) or NA
    end
  end
  add("mean", "text", cell "estimate", true)
  add("std_error", "text", cell "std_error", true)
  add(format.level(conf_level) .. " CI", "text", function(g)
    return g.conf_low ~= NA and format.interval(g.conf_low, g.conf_high, digits)
      or NA
  end)
  return (require "trialsh.show".table(shown_columns, #list, {}))
end

local function print_rmst(m, list, variables, left_out)
  local lines = { ("%s: %s, %d subject%s, %d event%s"):format(m.method,
    text.escape(m.response), m.n, m.n == 1 and "" or "s",
    m.n_event, m.n_event == 1 and "" or "s") }
  lines[2] = shown(list, variables, m.conf_level)
  if m:get "compare" ~= NA and m:get "estimate" ~= NA then
    local digits = format.decimals(m.std_error ~= 0 and m.std_error
      * (m.effect == "ratio" and m.estimate or 1) or m.estimate)
    local words = ("%s: %s %s"):format(text.escape(m.compare), m.effect,
      format.cell(m.estimate, digits))
    if m:get "conf_low" ~= NA then
      words = ("%s, %s CI %s"):format(words, format.level(m.conf_level),
        format.interval(m.conf_low, m.conf_high, digits))
    end
    local pieces = { words }
    if m:get "statistic" ~= NA then
      pieces[2] = "z = " .. format.fixed(m.statistic, 2)
    end
    if m:get "p_value" ~= NA then
      pieces[#pieces + 1] = format.p_equals(m.p_value)
    end
    lines[3] = result.lines(pieces)
  end
  if m:get "note" ~= NA then lines[#lines + 1] = text.escape(m.note) end
  lines[#lines + 1] = left_out
  return table.concat(lines, "\n")
end

--- rmst(formula, data, { horizon = t [, option = ...] }) -> result
-- Restricted mean survival time: the mean time free of the event up to a horizon,
-- the area under the Kaplan-Meier curve, and how it differs between two groups.
--   formula     "Surv(time, event) ~ group"; event is 1 for an event
--   horizon     the time up to which, in the unit of the data; it has no default,
--               as one that the data choose would be no question asked before
--   compare     "A vs B" of more than two groups
--   reference   of two groups, the one that is B: the trial's, else the first
--   effect      "difference" (default), "ratio", whose std_error is that of its
--               logarithm
--   alternative "two-sided", "less", "greater";  conf_level  0.95
-- Intervals are normal, by Greenwood's variance. r:tidy() has the means by group;
-- r.estimate, r.conf_low, r.conf_high and r.p_value are of the comparison. Where
-- the last time of a group is censored before the horizon its mean is not known.
--
--   > r = rmst("Surv(AVAL, CNSR == 0) ~ TRT01P", demo.adtte, { horizon = 60,
--   >   compare = "CYT107 HF vs Placebo" })
--   > r
--   Restricted mean survival time to 60: Surv(AVAL, CNSR == 0), 16 subjects, 8 events
--      TRT01P     n  events   mean  std_error  95 % CI
--   1  Placebo    8       6  38.25       5.74  27.00 to 49.50
--   2  CYT107 HF  8       2  51.88       4.98  42.11 to 61.64
--   CYT107 HF vs Placebo: difference 13.63, 95 % CI -1.27 to 28.52; z = 1.79
--   P = 0.073
--   SIMULATED DATA
--
-- See also: km, logrank, cox. Royston and Parmar 2013 (BMC Med Res Methodol
-- 13:152). R: survRM2::rmst2, survfit's print with rmean =.
function M.rmst(formula, rows, opt)
  opt = options("rmst", opt, M.specs.rmst)
  if not opt.horizon then
    fail("invalid", "rmst: up to which time? { horizon = 90 }, in the unit of "
      .. "the times")
  end
  local model, info, response = survival.model_of("rmst", formula, rows)
  if info.stratum then
    fail("invalid", "rmst has no strata; means of A and B are ~ A + B")
  elseif info.n == 0 then
    fail("degenerate", ("rmst: %s has no complete row%s"):format(response,
      info.n_row > 0 and " of " .. info.n_row or ""))
  end
  local used, empty = survival.levels_of(info)
  local groups, pair = used, nil
  if opt.compare or #used == 2 then
    groups, pair = survival.groups_of("rmst", info, used, opt, rows)
  end
  local list = means_of(model, info, groups, pair, opt)
  local n, n_event, n_missing = 0, 0, info.n_missing
  for _, g in ipairs(list) do n, n_event = n + g.n, n_event + g.n_event end
  local reasons = result.missing(info)
  if opt.compare then n_missing, reasons = survival.missing_of(info, groups) end
  local variables = {}
  for j, x in ipairs(pair and { info.group } or info.x) do
    variables[j] = x.name
  end
  local c = pair and compare(list[2], list[1], opt)
  local fields = { method = "Restricted mean survival time to " .. number(opt.horizon),
    response = response, horizon = opt.horizon, n = n, n_event = n_event,
    n_missing = n_missing, conf_level = opt.conf_level, groups = list,
    note = notes_of(list, c, opt, survival.empty_note(info, empty)),
    simulated = data_of.simulated(rows) or nil }
  if c then
    for key, value in pairs(c) do fields[key] = value end
    fields.compare = ("%s vs %s"):format(list[2].name, list[1].name)
    fields.estimate_name, fields.effect = effect_name(opt), opt.effect
    fields.alternative = opt.alternative
    fields.n_1, fields.n_2 = list[2].n, list[1].n
    fields.events_1, fields.events_2 = list[2].n_event, list[1].n_event
  elseif #list == 1 then
    for _, key in ipairs { "estimate", "std_error", "conf_low", "conf_high" } do
      fields[key] = list[1][key]
    end
    fields.estimate_name = "restricted mean survival"
  end
  local left_out = result.left_out(n_missing, reasons)
  return result.model { name = "rmst", fields = fields,
    order = { "method", "horizon", "estimate_name", "estimate", "std_error",
      "statistic", "p_value", "conf_low", "conf_high", "conf_level", "n",
      "n_event", "n_missing", "note" },
    tidy = function() return result.frame(arrays_of(list, variables)) end,
    print = function(m) return print_rmst(m, list, variables, left_out) end }
end

return M
