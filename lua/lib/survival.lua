-- Time to an event: Kaplan-Meier curves and the log-rank test. The numbers
-- are C's (ts.survival); here are formulas, groups by name, notes and text.

local core = require "ts.survival"
local formulas = require "ts.formula"
local cframe = require "ts.frame"
local text = require "ts.text"
local fail = require "ts.error".fail
local hint_of = require "trialsh.names".hint
local NA = require "ts.na".NA
local data = require "trialsh.data"
local format = require "trialsh.format"
local note = require "trialsh.note"
local options = require "trialsh.options"
local reader = require "trialsh.model.read"
local result = require "trialsh.result"

-- specs: the options of each, also for endpoints
local M = { specs = {
  km = { conf_level = { "number", 0.95, above = 0, below = 1 },
    ci = { { "log-log", "log", "plain" }, "log-log" }, weights = { "string" } },
  logrank = { compare = { "string" }, reference = { "string" } },
} }

local function plural(n, word)
  return ("%d %s%s"):format(n, word, n == 1 and "" or "s")
end

--- survival.model_of(who, formula, rows [, opt]): the model frame of a survival
-- formula, what it holds, and its response. opt: { weights = column or expression },
-- where Surv(start, stop, event) is taken, too.
function M.model_of(who, formula, rows, opt)
  if type(formula) ~= "string" then
    fail("type", ('%s: the formula is text, "Surv(AVAL, CNSR == 0) ~ TRT01P", '
      .. "not a %s"):format(who, type(formula)))
  end
  local weights = opt and opt.weights
  local names = reader.columns(who, formulas.variables(formula), weights)
  local frame = data.frame(rows, names, who)
  local model = formulas.model(formula, frame, { groups = true, weights = weights })
  local info = model:info()
  if not info.survival or #info.response ~= 2
      and not (opt and #info.response == 3) then
    fail("invalid", ("%s: the left side of \"%s\" must be Surv(time, event)%s")
      :format(who, formula, info.survival
        and "; delayed entry, Surv(start, stop, event), is for km" or ""))
  end
  return model, info, formulas.parse(formula).response
end

--- survival.levels_of(info): levels with rows that are used, and the names of
-- those without.
function M.levels_of(info)
  local used, empty = {}, {}
  for i, level in ipairs(info.group and info.group.levels or {}) do
    if i <= info.group.n_level then
      used[i] = level
    else
      empty[#empty + 1] = level.name
    end
  end
  return used, empty
end

local function note_of(notes)
  return #notes > 0 and table.concat(notes, "; ") or NA
end

function M.empty_note(info, empty)
  if #empty > 0 then
    return ("no complete row in %s %s"):format(info.group.name,
      table.concat(empty, ", "))
  end
end

-- Curves ---------------------------------------------------------------------

-- Places of the groups that a name or a list of names asks for; nil: all.
local function places_of(groups, wanted)
  if wanted == nil then return nil end
  local list, place = {}, {}
  for i, group in ipairs(groups) do
    place[i], place[group.name] = group.name, i
  end
  for i, name in ipairs(type(wanted) == "table" and wanted or { wanted }) do
    name = tostring(name)
    if not place[name] then
      fail("not found", ("km: no group '%s'%s"):format(name,
        hint_of(name, place)))
    end
    list[i] = place[name]
  end
  return list
end

-- A number, a list or a column as a list of numbers from 0 to most.
local function numbers(what, x, most)
  local list = {}
  if type(x) == "number" then x = { x } end
  if type(x) ~= "table" and type(x) ~= "userdata" or x == NA or #x == 0 then
    fail("type", ("km: %s takes a number or a list of numbers"):format(what))
  end
  for i = 1, #x do
    local value = x[i]
    if type(value) ~= "number" or not (value >= 0 and value <= most) then
      fail("invalid", ("km: %s: %s is no number %s"):format(what,
        type(value) == "number" and text.number(value) or tostring(value),
        most == 1 and "from 0 to 1" or "of 0 or above"))
    end
    list[i] = value
  end
  return list
end

local function at(curves, groups, times, group)
  times = numbers("at", times, 1e300)
  local places = places_of(groups, group)
  local frame = curves:at(times, places)
  local survival = frame:column "survival"
  local said = {}
  for row = 1, #survival do
    local i = (row - 1) // #times + 1
    local g = groups[places and places[i] or i]
    if survival[row] == NA and not said[g] then
      said[g] = true
      note.say("S(%s) is not known for %s: the last time is %s, censored",
        text.number(times[(row - 1) % #times + 1]), g.name,
        text.number(g.last))
    end
  end
  return frame
end

-- Medians by group, with n and events: a frame of C.
local function medians(curves, groups, group)
  local places = places_of(groups, group)
  local frame, plateau = curves:quantile({ 0.5 }, places)
  local n_variable = #frame:names() - 4
  local names, columns = {}, {}
  local function add(name, values)
    names[#names + 1], columns[#columns + 1] = name, values
  end
  for j = 1, n_variable do add(frame:names()[j], frame:column(j)) end
  local n, n_event = {}, {}
  for i = 1, places and #places or #groups do
    local g = groups[places and places[i] or i]
    n[i], n_event[i] = g.n, g.n_event
  end
  add("n", n)
  add("n_event", n_event)
  for _, name in ipairs { "estimate", "conf_low", "conf_high" } do
    add(name, frame:column(name))
  end
  return cframe.build(names, columns), plateau
end

local function print_km(m, curves, left_out)
  local frame, plateau = medians(curves, m.groups)
  local columns = {}
  local heads = { n_event = "events", estimate = "median" }
  for j, name in ipairs(frame:names()) do
    local column = frame:column(j)
    columns[j] = { name = heads[name] or name, type = column.type,
      values = cframe.values(column) }
  end
  local lines = { ("%s: %s, %s, %s"):format(m.method,
    text.escape(m.response), plural(m.n, "subject"),
    plural(m.n_event, "event")) }
  lines[2] = require "trialsh.show".table(columns, #m.groups, {})
  local pieces = { ("%s CI: %s"):format(format.level(m.conf_level), m.ci) }
  for _, column in ipairs { "estimate", "conf_low", "conf_high" } do
    for _, value in ipairs(cframe.values(frame:column(column))) do
      if value == NA then pieces[2] = "NA: not reached or not defined" end
    end
  end
  for _, i in ipairs(plateau) do
    pieces[#pieces + 1] = ("S is 0.5 for some time%s: its middle is taken")
      :format(#m.groups > 1 and " in " .. text.escape(m.groups[i].name) or "")
  end
  lines[3] = result.lines(pieces)
  if m.note ~= NA then lines[#lines + 1] = text.escape(m.note) end
  lines[#lines + 1] = left_out
  return table.concat(lines, "\n")
end

--- km(formula, data [, opt]) -> survival curves
-- Kaplan-Meier estimate of survival, by group.
--   formula     "Surv(time, event) ~ group"; event is 1 for an event; "~ 1"
--               for one curve, "~ A + B" for one per combination;
--               "Surv(start, stop, event)" for who comes under observation
--               later (left truncation): at risk from start on, one row each
--   weights     a column or an expression: how much a row counts. Whole numbers
--               stand for so many equal rows, with Greenwood's standard error;
--               with others it is robust, that of the infinitesimal jackknife
--   conf_level  0.95;  ci  "log-log" (default; as SAS), "log" (R), "plain"
-- m:tidy() has a row per group and time, with S as estimate; m:at{ 28, 90 }
-- S at given times, as survival; m:at_risk{ 0, 28 } how many are at risk just before;
-- m:quantile(p) and m:median() the times by which a fraction p has had the
-- event; these take a group as second argument. m.groups: n and events, which are
-- rows; n_risk, n_event and n_censor of tidy() are sums of weights.
-- Times keep the unit of the data. Where S stays at 1 - p the middle of that
-- stretch is the quantile (as R and Prism; SAS gives none).
--
--   > k = km("Surv(AVAL, CNSR == 0) ~ TRT01P", demo.adtte)
--   > k:median("Placebo").estimate[1]
--   36
--   > k:at({ 28, 90 }, "CYT107 HF")
--      TRT01P     time  n_risk  survival  conf_low  conf_high
--   1  CYT107 HF    28       7  0.875000  0.387000   0.981393
--   2  CYT107 HF    90       4  0.600000  0.195496   0.852254
--     SIMULATED DATA
--
-- See also: logrank, cox, rmst, figure.survival. Kaplan and Meier 1958. R: survival::survfit.
function M.km(formula, rows, opt)
  opt = options("km", opt, M.specs.km)
  local model, info, response = M.model_of("km", formula, rows, opt)
  if info.stratum then
    fail("invalid", "km: strata() is for logrank; curves by A and B are ~ A + B")
  end
  if info.n == 0 then
    fail("degenerate", ("km: %s has no complete row%s"):format(response,
      info.n_row > 0 and " of " .. info.n_row or ""))
  end
  local used, empty = M.levels_of(info)
  local curves = core.km(model, opt.ci, opt.conf_level)
  local groups, n_event = curves:groups(), 0
  for i, group in ipairs(groups) do
    group.name = used[i] and used[i].name or "all"
    group.n_missing = used[i] and used[i].n_row - used[i].n or info.n_missing
    n_event = n_event + group.n_event
  end
  local notes = { M.empty_note(info, empty) }
  if n_event == 0 then notes[#notes + 1] = "no events: S is 1 throughout" end
  for _, group in ipairs(groups) do
    if group.empty == group.empty and group.empty ~= NA then
      notes[#notes + 1] = ("S is 0%s from %s on, when all who were at risk had the "
        .. "event, whoever entered later"):format(#groups > 1 and " in "
          .. group.name or "", text.number(group.empty))
    end
  end
  local entry, weights = #info.response == 3, opt.weights
  if entry then notes[#notes + 1] = "at risk from " .. info.response[1].name .. " on" end
  if weights then
    notes[#notes + 1] = ("weighted by %s%s"):format(weights, info.n_zero > 0
      and (", %s of weight 0 left out"):format(plural(info.n_zero, "row")) or "")
  end
  local left_out = result.left_out(info.n_missing, result.missing(info))
  local simulated = data.simulated(rows)
  local function answer(frame) return data.wrap(frame, simulated) end
  return result.model {
    name = "km",
    order = { "method", "n", "n_event", "n_missing", "conf_level", "ci",
      "note" },
    fields = { method = "Kaplan-Meier", response = response, n = info.n,
      n_event = n_event, n_missing = info.n_missing,
      conf_level = opt.conf_level, ci = opt.ci, groups = groups, weights = weights,
      entry = entry and info.response[1].name or nil,
      robust = weights and curves:is_robust() or nil,
      note = note_of(notes), simulated = simulated or nil },
    methods = {
      tidy = function(_, group)
        return answer(curves:tidy(places_of(groups, group)))
      end,
      at = function(_, times, group)
        return answer(at(curves, groups, times, group))
      end,
      at_risk = function(_, times, group)
        return cframe.values(curves:at(numbers("at_risk", times, 1e300),
          places_of(groups, group)):column "n_risk")
      end,
      quantile = function(_, p, group)
        return answer((curves:quantile(numbers("quantile", p, 1),
          places_of(groups, group))))
      end,
      median = function(_, group)
        return answer((medians(curves, groups, group)))
      end,
    },
    print = function(m) return print_km(m, curves, left_out) end,
  }
end

-- Log-rank -------------------------------------------------------------------

--- survival.groups_of(who, info, used, opt, rows): the groups to compare, { name,
-- parts }, and for "A vs B", B first, the levels of each.
function M.groups_of(who, info, used, opt, rows)
  if not info.group then
    fail("invalid", who .. ": the formula names no groups: Surv(...) ~ TRT01P")
  end
  if opt.compare == nil and #used ~= 2 then
    if #used < 2 then
      fail("degenerate", ("%s: two groups are needed, %s has %s"):format(who,
        info.group.name, #used == 1 and "only " .. used[1].name or "none"))
    end
    return used
  end
  -- used levels come first, so that places in both lists are the same
  local a, b = require "trialsh.compare".choose { who = who,
    variable = info.group.name,
    levels = opt.compare and info.group.levels or used,
    compare = opt.compare, reference = opt.reference, data = rows }
  for _, side in ipairs { a, b } do
    if side.n == 0 then
      fail("degenerate", ("%s: no complete row in %s"):format(who, side.name))
    end
  end
  return { b, a }, { b.members, a.members }
end

--- survival.missing_of(info, { B, A }) -> how many rows that may be of these two
-- groups are left out, and why.
function M.missing_of(info, groups)
  local n_missing, without = 0, info.n_row
  for _, level in ipairs(info.group.levels) do
    without = without - level.n_row
  end
  for _, side in ipairs(groups) do
    n_missing = n_missing + side.n_row - side.n
  end
  local reasons = { n_missing > 0 and ("incomplete in these groups %d"):format(
    n_missing) or nil }
  if without > 0 then -- rows of no group may be of either
    n_missing = n_missing + without
    reasons[#reasons + 1] = ("%s missing in %d"):format(info.group.name, without)
  end
  return n_missing, reasons
end

local function notes_of(r, groups, info, empty)
  local notes = { M.empty_note(info, empty) }
  local idle = {}
  for i, group in ipairs(groups) do
    if r.expected[i] == 0 then idle[#idle + 1] = group.name end
  end
  if r.n_event == 0 then
    notes[#notes + 1] = "no events: there is nothing to compare, P is 1"
  elseif r.df == 0 then
    notes[#notes + 1] = "no event when two groups are at risk and someone "
      .. "stays free of it: there is nothing to compare, P is 1"
  elseif #idle > 0 then
    notes[#notes + 1] = ("%s never at risk when there is an event: df is %d")
      :format(table.concat(idle, ", "), r.df)
  elseif r.df < #groups - 1 then
    notes[#notes + 1] = ("not all groups meet at an event: df is %d")
      :format(r.df)
  end
  if r.n_idle_stratum > 0 then
    notes[#notes + 1] = ("%s with events but one group only say nothing")
      :format(r.n_idle_stratum == 1 and "1 stratum"
        or r.n_idle_stratum .. " strata")
  end
  return note_of(notes)
end

-- Columns for tidy(): the groups' variables, n, observed, expected.
local function tidy_logrank(r, groups, info, pair)
  local names, arrays = {}, {}
  local variables = pair and { info.group } or info.x
  for j, x in ipairs(variables) do
    names[j], arrays[j] = x.name, {}
    for i, group in ipairs(groups) do
      arrays[j][i] = pair and group.name or group.parts[j]
    end
  end
  for _, name in ipairs { "n", "observed", "expected" } do
    names[#names + 1], arrays[#arrays + 1] = name, r[name]
  end
  return names, arrays
end

local function print_logrank(m, names, arrays, left_out)
  local columns = {}
  for j, name in ipairs(names) do
    local values = {}
    for i, x in ipairs(arrays[j]) do
      values[i] = name == "expected" and tonumber(format.fixed(x, 2)) or x
    end
    columns[j] = { name = name, values = values,
      type = type(values[1]) == "string" and "text" or "real" }
  end
  local lines = { ("%s: %s, %s, %s"):format(m.method,
    text.escape(m.response), plural(m.n, "subject"),
    plural(m.n_event, "event")) }
  lines[2] = require "trialsh.show".table(columns, #arrays[1], {})
  local pieces = { ("chi-square = %s, df = %d"):format(
    format.fixed(m.statistic, 2), m.df), format.p_equals(m.p_value) }
  if m:get "z" ~= NA then
    table.insert(pieces, 2, ("z = %s (%s)"):format(format.fixed(m.z, 2),
      text.escape(m.compare)))
  end
  lines[3] = result.lines(pieces)
  if m.note ~= NA then lines[#lines + 1] = text.escape(m.note) end
  lines[#lines + 1] = left_out
  return table.concat(lines, "\n")
end

--- logrank(formula, data [, opt]) -> result
-- Log-rank test that groups have the same survival; with strata(), groups are
-- compared within strata.
--   formula  "Surv(time, event) ~ group [+ strata(S)]"; event is 1 for an event
--   compare  "A vs B" of more than two groups; else all are compared at once
--   reference  of two groups, the one that is B: the trial's, else the first
-- r.statistic is chi-square with r.df, r.p_value its P; r:tidy() has n, observed
-- and expected events by group. Of two groups r.z is signed: above 0 when A
-- (the other than the reference) has more events than expected.
--
--   > logrank("Surv(AVAL, CNSR == 0) ~ TRT01P", demo.adtte)
--   Log-rank test: Surv(AVAL, CNSR == 0), 24 subjects, 15 events
--      TRT01P     n  observed  expected
--   1  Placebo    8         7      3.86
--   2  CYT107 LF  8         5      5.14
--   3  CYT107 HF  8         3      6.00
--   chi-square = 4.15, df = 2; P = 0.125
--   SIMULATED DATA
--
-- See also: km, cox, rmst. Mantel 1966. R: survival::survdiff.
function M.logrank(formula, rows, opt)
  opt = options("logrank", opt, M.specs.logrank)
  local model, info, response = M.model_of("logrank", formula, rows)
  local used, empty = M.levels_of(info)
  local groups, pair = M.groups_of("logrank", info, used, opt, rows)
  local r = core.logrank(model, pair)
  local n = 0
  for i in ipairs(groups) do n = n + r.n[i] end
  local names, arrays = tidy_logrank(r, groups, info, pair)
  local n_missing, reasons = info.n_missing, result.missing(info)
  if opt.compare then n_missing, reasons = M.missing_of(info, groups) end
  local left_out = result.left_out(n_missing, reasons)
  local fields = { method = info.stratum
      and "Log-rank test, stratified by " .. info.stratum.name
      or "Log-rank test",
    response = response, statistic = r.statistic, df = r.df,
    p_value = r.p_value, n = n, n_event = r.n_event,
    n_missing = n_missing, note = notes_of(r, groups, info, empty),
    simulated = data.simulated(rows) or nil }
  if pair then
    fields.compare = ("%s vs %s"):format(groups[2].name, groups[1].name)
    fields.z = r.z
    for i, g in ipairs { 2, 1 } do
      fields["n_" .. i], fields["events_" .. i] = r.n[g], r.observed[g]
    end
  end
  return result.model {
    name = "logrank",
    order = { "method", "statistic", "df", "p_value", "n", "n_event",
      "n_missing", "note" },
    fields = fields,
    tidy = function() return result.frame(names, arrays) end,
    print = function(m) return print_logrank(m, names, arrays, left_out) end,
  }
end

return M
