-- What run() has stored of an endpoint, for figures: means of arms at visits,
-- and P-values of comparisons. Nothing is computed here.

local fail = require "ts.error".fail
local NA = require "ts.na".NA

local M = {}

local function results(from) return from.results or {} end

--- model.has(from): whether the endpoint's results hold means of arms
function M.has(from)
  for _, row in ipairs(results(from)) do
    if row.group ~= NA and row.visit ~= NA and row.estimate ~= NA
        and row.estimate_name:find "mean" then return true end
  end
  return false
end

-- The day of a visit in the trial.
local function day_of(from, visit)
  local known = from.endpoint.trial.visits and from.endpoint.trial.visits[visit]
  return known and known.day
end

--- model.fits(from, opt): whether these means are on the scale that opt shows
function M.fits(from, opt)
  if opt.y == "CHG" then return from.change == "difference" and not opt.change end
  return opt.y == "AVAL" and from.change == (opt.change or "none")
end

--- model.means(who, from, course, opt, courses) -> { what, baseline }: gives the
-- groups of a course the model's means; before the first of its visits the
-- observed ones, without an interval.
function M.means(who, from, course, opt, courses)
  if not M.has(from) then
    fail("not found", ("%s: there are no means of %s; run() stores them of mmrm, "
      .. "lmm and lm"):format(who, from.name or "data"))
  elseif not M.fits(from, opt) then
    local change = (from.change == "difference" or from.change == "ratio")
      and ("; change = %q shows that"):format(from.change) or ""
    fail("invalid", ("%s: the means of %s are of %s, not of %s%s%s"):format(who,
      from.name, from.endpoint.variable or "AVAL", opt.y, opt.change
      and ", change = \"" .. opt.change .. "\"" or "", change))
  end
  local at, what, first = {}, nil, math.huge
  for _, row in ipairs(results(from)) do
    local day = row.group ~= NA and row.visit ~= NA and day_of(from, row.visit)
    if day and row.estimate ~= NA and row.estimate_name:find "mean" then
      at[row.group] = at[row.group] or {}
      at[row.group][day] = row
      what, first = row.estimate_name, math.min(first, day)
    end
  end
  local observed = what:find "^geometric" and "geometric mean" or "mean"
  courses.centre(who, course, setmetatable({ centre = observed,
    interval = "none" }, { __index = opt }))
  local before = false
  for _, group in ipairs(course.groups) do
    for _, row in ipairs(group.rows) do
      local found = at[group.name] and at[group.name][row.x]
      if found then
        row.estimate = found.estimate
        if opt.interval ~= "none" then
          row.low, row.high = found.conf_low, found.conf_high
        end
      elseif row.x < first then
        before = true
      else
        row.estimate = NA
      end
    end
  end
  return { what = what, baseline = before and not course.anchor and observed
    or nil }
end

--- model.stars(p) -> "***", "**", "*", "ns", "" where there is none
function M.stars(p)
  if p == nil or p == NA then return "" end
  return p < 0.001 and "***" or p < 0.01 and "**" or p < 0.05 and "*" or "ns"
end

-- Whether each row has that P-value: multiplicity between endpoints adjusts that
-- of the claimed visit alone.
local function have(column, all, compared)
  for _, compare in ipairs(compared) do
    for _, row in pairs(all[compare] or {}) do
      if row[column] == NA then return false end
    end
  end
  return true
end

local said = { p_value = "not adjusted", p_adjusted = "adjusted",
  p_rerandomised = "by re-randomisation" }

--- model.p_rows(who, from, course, opt) -> list of { compare, at = { [day] = P } },
-- with words for the caption
function M.p_rows(who, from, course, opt)
  local list = {}
  if opt.p == "none" or not from.endpoint then return list end
  local all, order, method = {}, {}, nil
  for _, row in ipairs(results(from)) do
    local day = row.compare ~= NA and row.visit ~= NA and day_of(from, row.visit)
    if day and row.p_value ~= NA then
      if not all[row.compare] then
        all[row.compare] = {}
        order[#order + 1] = row.compare
      end
      all[row.compare][day] = row
      method = row.method ~= NA and row.method or row.analysis
    end
  end
  if #order == 0 then
    if opt.p then
      fail("not found", ("%s: there are no P-values of %s; run() stores them")
        :format(who, from.name))
    end
    return list
  end
  local wanted = opt.compare or { order[1] }
  local use = opt.p or have("p_adjusted", all, wanted) and "p_adjusted"
    or "p_value"
  if not have(use, all, wanted) then
    fail("not found", ("%s: not all results of %s have %s; p = \"p_value\""):format(
      who, from.name, use))
  end
  for _, compare in ipairs(wanted) do
    if not all[compare] then
      local near = require "ts.text".nearest(tostring(compare), order)
      fail("not found", ("%s: no comparison %s%s"):format(who, tostring(compare),
        near and "; nearest: " .. near or ""))
    end
    local at = {}
    for day, row in pairs(all[compare]) do
      at[day] = row[use]
    end
    list[#list + 1] = { compare = compare, at = at }
  end
  list.words = ("*** P < 0.001, ** P < 0.01, * P < 0.05, ns: not significant "
    .. "(%s; %s)"):format(method, said[use])
  return list
end

return M
