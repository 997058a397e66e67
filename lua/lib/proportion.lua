-- One proportion, or one per group, with its interval.

local NA = require "ts.na".NA
local core = require "ts.counts"
local text = require "ts.text"
local number = text.number
local fail = require "ts.error".fail
local format = require "trialsh.format"
local options = require "trialsh.options"
local result = require "trialsh.result"
local tabulate = require "trialsh.tabulate"
local two = require "trialsh.two_proportions"

local M = {}

local intervals = { "Wilson", "Clopper-Pearson", "mid-p", "Jeffreys",
  "Agresti-Coull", "Wald" }

local function compute(events, n, o)
  return core.proportion(events, n, { interval = o.ci:lower(),
    alternative = o.alternative, null = o.null, conf_level = o.conf_level })
end

local function interval_text(t, o)
  local digits = 3
  return ("%s CI %s (%s)"):format(format.level(o.conf_level),
    format.interval(t.conf_low, t.conf_high, digits), o.ci)
end

local function p_text(t, o)
  if t.p_value == NA then return nil end
  local side = o.alternative ~= "two-sided" and ("one-sided (%s) "):format(
    o.alternative) or ""
  return ("%s%s against %s"):format(side, format.p_equals(t.p_value),
    number(o.null))
end

local function one(set, o)
  local events, n = set.groups[1].events, set.groups[1].n
  local t = compute(events, n, o)
  local fields = { method = "Proportion, " .. o.ci, ci = o.ci,
    estimate_name = "proportion", estimate = t.estimate,
    std_error = t.std_error, statistic = NA, df = NA, p_value = t.p_value,
    conf_low = t.conf_low, conf_high = t.conf_high, conf_level = o.conf_level,
    alternative = o.alternative, n = n, events = events,
    null = o.null or NA, n_missing = set.n_missing,
    variable = set.variable or NA, event = set.event or NA,
    simulated = set.simulated, note = NA }
  return result.comparison(fields, { variable = set.variable,
    reasons = set.reasons, print = function()
      local event = set.variable and (set.event == "1"
        and text.escape(set.variable) .. ": " or ("%s = %s: "):format(
          text.escape(set.variable), text.escape(set.event))) or ""
      local pieces = { ("%s%s, %s"):format(event, two.share(events, n),
        interval_text(t, o)) }
      pieces[2] = p_text(t, o)
      return { table.concat(pieces, ", ") }
    end })
end

local function several(set, o)
  local names = { set.group, "events", "n", "n_missing", "estimate",
    "std_error", "conf_low", "conf_high", "p_value" }
  local arrays = {}
  for j in ipairs(names) do arrays[j] = {} end
  local all = { events = 0, n = 0 }
  for i, g in ipairs(set.groups) do
    local t = g.n > 0 and compute(g.events, g.n, o)
      or { estimate = NA, std_error = NA, conf_low = NA, conf_high = NA,
        p_value = NA }
    local row = { g.name, g.events, g.n, g.n_missing, t.estimate, t.std_error,
      t.conf_low, t.conf_high, t.p_value }
    for j, value in ipairs(row) do arrays[j][i] = value end
    all.events, all.n = all.events + g.events, all.n + g.n
  end
  local fields = { method = "Proportion, " .. o.ci, ci = o.ci,
    conf_level = o.conf_level, alternative = o.alternative, n = all.n,
    events = all.events, n_missing = set.n_missing, null = o.null or NA,
    variable = set.variable, group = set.group, event = set.event,
    simulated = set.simulated, note = NA }
  local frame_names = { set.group }
  return result.model { name = "proportion", fields = fields,
    order = { "method", "events", "n", "n_missing", "conf_level", "note" },
    tidy = function()
      return result.frame(names, arrays, { [set.group] = arrays[1] })
    end,
    print = function(m)
      local columns = {}
      for j, name in ipairs(names) do
        if name ~= "n_missing" and name ~= "std_error"
          and (name ~= "p_value" or o.null) then
          local values = {}
          for i, v in ipairs(arrays[j]) do
            values[i] = j > 4 and v ~= NA and tonumber(format.fixed(v, 3)) or v
          end
          columns[#columns + 1] = { name = name, values = values,
            type = j == 1 and "text" or "real" }
        end
      end
      local event = set.event == "1" and "" or " = " .. text.escape(set.event)
      local lines = { ("%s%s by %s"):format(text.escape(set.variable), event,
        text.escape(frame_names[1])),
        (require "trialsh.show".table(columns, #arrays[1], {})),
        ("%s CI: %s"):format(format.level(o.conf_level), o.ci)
          .. (o.null and ("; P against %s"):format(number(o.null)) or "") }
      lines[#lines + 1] = result.left_out(m.n_missing, set.reasons)
      return table.concat(lines, "\n")
    end }
end

--- proportion.specs: its options, also for endpoints.
M.specs = { proportion = { event = { "any" }, ci = { intervals, "Wilson" },
  null = { "number", above = 0, below = 1 },
  alternative = { { "two-sided", "less", "greater" }, "two-sided" },
  conf_level = { "number", 0.95, above = 0, below = 1 } } }

--- proportion(formula, data [, opt]) -> result
-- Proportion of events with its interval, by group. Counts do as well:
-- proportion { 7, 20 } is 7 events of 20.
--   formula      "y ~ group", or "y ~ 1" for one; y is 0 and 1, a condition such
--                as "AVAL >= 1000", or text with N and Y
--   event        the value of y that is an event, where that is not 1 or Y
--   ci           "Wilson" (default), "Clopper-Pearson" (exact), "mid-p",
--                "Jeffreys", "Agresti-Coull", "Wald"; SAS prints Wald and
--                Clopper-Pearson
--   null         a proportion to test against, by the test whose inversion the
--                interval is
--   alternative  "two-sided" (default), "less", "greater";  conf_level  0.95
--
--   > proportion { 7, 20 }
--   7 of 20 (35 %), 95 % CI 0.181 to 0.567 (Wilson)
--   > proportion({ 0, 12 }, { ci = "Clopper-Pearson" }).conf_high
--   0.2646484693970512
--   > proportion("DTHFL ~ TRT01P", demo.adsl)
--   DTHFL = Y by TRT01P
--      TRT01P     events  n  estimate  conf_low  conf_high
--   1  Placebo         7  8     0.875     0.529      0.978
--   2  CYT107 LF       5  8     0.625     0.306      0.863
--   3  CYT107 HF       3  8     0.375     0.137      0.694
--   95 % CI: Wilson
--   SIMULATED DATA
--
-- See also: riskdiff. Wilson 1927. R: prop.test, binom.test. SAS: PROC FREQ.
function M.proportion(x, data, opt)
  local rows, given = tabulate.arguments("proportion", x, data, opt)
  local o = options("proportion", given, M.specs.proportion)
  local set = tabulate.groups("proportion", x, rows, o)
  if #set.groups == 1 and not set.group then
    if set.groups[1].n == 0 then
      fail("degenerate", "proportion: nobody is in the sample")
    end
    return one(set, o)
  end
  return several(set, o)
end

return M
