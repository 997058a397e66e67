-- Cumulative incidence as an analysis of endpoints: the row that a result of
-- cuminc is stored as. The estimate is the incidence at the last of the times
-- `at`, of two arms A minus B; P is that of Gray's test.

local NA = require "ts.na".NA
local core = require "ts.linear"
local number = require "ts.text".number
local analysis = require "trialsh.analysis"
local format = require "trialsh.format"
local result = require "trialsh.result"

local M = {}

-- "cumulative incidence 0.42 vs 0.17 at 29": of A and B, or of one arm.
local function in_words(curves, times, order)
  local words = {}
  for i, time in ipairs(times) do
    local f, list = curves:at(time).estimate, {}
    for j, g in ipairs(order) do
      list[j] = f[g] == NA and "NA" or format.fixed(f[g], 3)
    end
    words[i] = ("%s at %s"):format(table.concat(list, " vs "), number(time))
  end
  return "cumulative incidence " .. table.concat(words, ", ")
end

local function one(row, point)
  row.estimate, row.std_error = point.estimate, point.std_error
  row.conf_low, row.conf_high = point.conf_low, point.conf_high
end

-- A minus B; the interval is that of a normal difference.
local function difference(row, a, b, conf_level)
  row.estimate_1, row.estimate_2 = a.estimate, b.estimate
  row.estimate = a.estimate - b.estimate
  if row.estimate == NA then return end
  row.std_error = (a.std_error ^ 2 + b.std_error ^ 2) ^ 0.5
  if row.std_error > 0 then
    local t = core.inference(row.estimate, row.std_error, math.huge,
      { conf_level = conf_level })
    row.conf_low, row.conf_high = t.conf_low, t.conf_high
  end
end

-- compared: there are two groups, B first.
local function row_of(formula, data, opt, compared)
  local r = require "trialsh.cuminc".cuminc(formula, data, opt)
  local row = { method = r.test ~= NA and r.test.method or r.method,
    statistic = r.statistic, df = r.df, p_value = r.p_value, n = r.n,
    n_event = r.n_event, n_missing = r.n_missing, conf_level = r.conf_level,
    estimate_name = NA, estimate = NA, std_error = NA, conf_low = NA,
    conf_high = NA }
  if compared and #r.groups == 2 then
    row.n_1, row.n_2 = r.groups[2].n, r.groups[1].n
    row.events_1, row.events_2 = r.groups[2].n_event, r.groups[1].n_event
  end
  local times, order = opt.at or {}, {}
  if type(times) == "number" then times = { times } end
  for g in ipairs(r.groups) do order[g] = compared and #r.groups + 1 - g or g end
  local said = #times > 0 and (#order > 1 or #times > 1)
    and in_words(r, times, order)
  local unknown
  if #times > 0 and #order <= (compared and 2 or 1) then
    local last, points = times[#times], r:at(times[#times])
    row.estimate_name = ("%scumulative incidence at %s"):format(compared
      and "difference of " or "", number(last))
    if not compared then one(row, points:row(1)) end
    if compared and #order == 2 then
      difference(row, points:row(2), points:row(1), r.conf_level)
    end
    unknown = row.estimate == NA and ("the incidence at %s is not known: the "
      .. "last times are censored before"):format(number(last))
  end
  row.note = result.note(said or nil, unknown or nil, r.note ~= NA and r.note
    or nil)
  return row
end

local check = analysis.checker("cuminc", function()
  local spec = analysis.spec_of("cuminc", "cuminc")
  spec.strata = { "any" }
  return spec
end)

M.entry = { survival = true, competing = true, strata = "formula",
  columns = { "strata" },
  options = function(opt)
    local out = check(opt)
    if out.at then out.at = require "trialsh.cuminc".times(out.at) end
    return out
  end,
  measure = function(opt)
    return opt.at and "difference of cumulative incidence" or nil
  end,
  compare = function(formula, data, opt)
    return row_of(formula, data, opt, true)
  end,
  p_value = function(formula, data, opt)
    if opt.test == "none" then return nil end
    return require "trialsh.cuminc".p_value(formula, data, opt)
  end,
  overall = function(formula, data, opt) return row_of(formula, data, opt) end,
  within = function(formula, data, opt) return row_of(formula, data, opt) end }

return M
