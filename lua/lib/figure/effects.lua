-- What a figure of times to events says of two arms in words: the hazard ratio,
-- the log-rank test, the difference of restricted means. The numbers are those of
-- cox, logrank and rmst.

local NA = require "ts.na".NA
local errors = require "ts.error"
local format = require "trialsh.format"
local number = require "ts.text".number
local variables = require "ts.formula".variables

local fail = errors.fail

local M = {}

--- effects.without_strata(formula): that of the curves
function M.without_strata(formula)
  return (formula:gsub("%s*%+%s*strata%s*%b()", ""))
end

-- The column of the arms, of which two are compared.
local function arms_of(who, from, formula)
  if from.treatment then return from.treatment end
  local left, right = M.without_strata(formula):match "^(.-)~(.*)$"
  local names = variables(left .. "~" .. right)
  local before = variables(left .. "~ 1")
  if #names ~= #before + 1 then
    fail("invalid", who .. ": hazard_ratio and rmst compare the arms of one column")
  end
  return names[#names]
end

-- "A vs B" where there are more than two arms; nil of two.
local function pair_of(who, from, fit, opt)
  if opt.compare then return opt.compare end
  if #fit.groups == 2 then return nil end
  local first = from.endpoint and (from.endpoint.comparisons or {})[1]
  if type(first) == "string" then return first end
  fail("invalid", ('%s: of %d arms two are compared: compare = "%s vs %s"'):format(
    who, #fit.groups, fit.groups[#fit.groups].name, fit.groups[1].name))
end

local function ratio(x)
  if x > 0 and x < 0.095 then return format.significant(x, 2) end
  return format.cell(x, x < 99.5 and 2 or 0)
end

local function interval(low, high, write)
  if low == NA or high == NA then return "NA" end
  if high == math.huge then return "above " .. write(low) end
  return write(low) .. " to " .. write(high)
end

-- The arms compared and a line; nothing where the data have no answer.
local function hazard_line(who, from, formula, pair, opt)
  local ok, c = pcall(function()
    return require "trialsh.cox".cox(formula, from.data,
      { conf_level = opt.conf_level }):contrast { pair,
        factor = arms_of(who, from, formula) }
  end)
  if not ok then
    if errors.is(c) and c.code == "degenerate" then return nil end
    error(c, 0)
  end
  if c:get "conf_low" == NA then return nil end
  return c.compare, ("HR %s (%s CI %s)"):format(ratio(c.estimate),
    format.level(opt.conf_level), interval(c.conf_low, c.conf_high, ratio))
end

local function rmst_line(who, from, formula, pair, opt)
  arms_of(who, from, formula)
  local r = require "trialsh.rmst".rmst(M.without_strata(formula), from.data,
    { horizon = opt.rmst, compare = pair, conf_level = opt.conf_level })
  if r:get "estimate" == NA then
    fail("invalid", ("%s: rmst = %s: %s"):format(who, number(opt.rmst), r.note))
  end
  local unit = from.parameter and from.parameter.unit
  local digits = math.max(0, format.decimals(r.std_error) - 1)
  local function write(x) return format.cell(x, digits) end
  return r.compare, ("RMST difference to %s%s: %s%s"):format(number(opt.rmst),
    unit and unit ~= "" and " " .. unit or "", write(r.estimate),
    r:get "conf_low" ~= NA and (" (%s)"):format(interval(r.conf_low, r.conf_high,
      write)) or "")
end

local function lines_of(who, from, formula, fit, opt)
  local lines = {}
  local both = opt.hazard_ratio or opt.rmst
  local pair = (both or opt.compare) and pair_of(who, from, fit, opt)
  local head, words
  if opt.hazard_ratio then
    head, words = hazard_line(who, from, opt.model or formula, pair, opt)
    lines[1] = words
  end
  if opt.p_value then
    local p = require "trialsh.survival".logrank(formula, from.data,
      { compare = pair or nil }).p_value
    lines[#lines + 1] = function(page) return "Log-rank " .. page:p(p) end
  end
  if opt.rmst then
    head, lines[#lines + 1] = rmst_line(who, from, formula, pair, opt)
  end
  if head then table.insert(lines, 1, head) end
  return lines
end

--- effects.lines(who, from, formula, fit, opt) -> lines for chart.draw; opt:
-- hazard_ratio, p_value, rmst, compare, conf_level. formula: with its strata;
-- opt.model: that of the hazard ratio where it has covariates, too. A panel of
-- several (from.level) says nothing where it lacks an arm.
function M.lines(who, from, formula, fit, opt)
  if #fit.groups < 2 then return {} end
  if not from.level then return lines_of(who, from, formula, fit, opt) end
  local ok, lines = pcall(lines_of, who, from, formula, fit, opt)
  if ok then return lines end
  if errors.is(lines) and (lines.code == "not found"
      or lines.code == "degenerate") then return {} end
  error(lines, 0)
end

--- effects.said(opt) -> words for the caption, or nil
function M.said(opt)
  local list = {}
  if opt.hazard_ratio then
    list[1] = "HR: hazard ratio by Cox regression"
      .. (opt.adjusted and ", adjusted for " .. opt.adjusted or "")
      .. (opt.stratified and ", within strata of " .. opt.stratified or "")
  end
  if opt.rmst then
    list[#list + 1] = ("RMST: difference of restricted mean survival times "
      .. "(%s CI)"):format(format.level(opt.conf_level))
  end
  return #list > 0 and table.concat(list, "; ") or nil
end

return M
