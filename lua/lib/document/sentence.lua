-- A result as a sentence: what was found in each arm, the estimate with its
-- interval, and P.

local NA = require "ts.na".NA
local text = require "ts.text"
local format = require "trialsh.format"
local p_text = require "trialsh.p_text"

local M = {}

-- Digits of an estimate: as many as its interval is wide.
local function digits_of(row)
  local low, high = row.conf_low, row.conf_high
  if low ~= NA and high ~= NA and high - low < math.huge then
    return format.decimals(high - low)
  end
  return format.decimals(row.estimate)
end

-- Estimates of a test of two proportions stand beside the numbers of both arms.
local counted = { riskdiff = true, riskratio = true, oddsratio = true,
  fisher = true, boschloo = true, barnard = true, chisq = true, cmh = true }

-- "14 of 17 (82 %) with CYT107"; nil where it is no proportion
local function share(p, n, arm)
  if p == NA or n == NA or p < 0 or p > 1 then return nil end
  local k = p * n
  if math.abs(k - math.floor(k + 0.5)) > 1e-9 * math.max(1, n) then return nil end
  return ("%.0f of %.0f (%s) with %s"):format(k, n, format.percent(p,
    n < 200 and 0 or 1), arm)
end

-- Events per subject or per time, of whom some are not followed to the end: a
-- percentage of them would say nothing. "14 of 63 with rIFN-g and 30 of 65 with
-- placebo"; where a subject may have several, "20 events with A (n = 63) and ...".
local function events_of(row, a, b)
  local several = row.analysis == "rateratio"
  if row.events_1 == NA or row.events_2 == NA or not several
      and (row.n_1 == NA or row.n_2 == NA) then
    return nil
  end
  local function arm(name, k, n)
    if not several then return ("%.0f of %.0f with %s"):format(k, n, name) end
    return ("%.0f %s with %s%s"):format(k, k == 1 and "event" or "events", name,
      n ~= NA and (" (n = %.0f)"):format(n) or "")
  end
  return arm(a, row.events_1, row.n_1) .. " and " .. arm(b, row.events_2, row.n_2)
end

-- Of one arm, or of all of them.
local function events_of_one(row)
  if row.n_event == NA or row.n == NA then return nil end
  if row.analysis == "rate" then
    return ("%.0f %s (n = %.0f)"):format(row.n_event,
      row.n_event == 1 and "event" or "events", row.n)
  end
  return ("%.0f of %.0f"):format(row.n_event, row.n)
end

local function sides(row)
  local a, b = row.compare:match "^(.-) vs (.+)$"
  return a or row.compare, b
end

local function interval(row, digits)
  local low, high = row.conf_low, row.conf_high
  if low == NA and high == NA then return nil end
  local function bound(x, open)
    if x == NA or x == open then return nil end
    return format.cell(x, digits)
  end
  low, high = bound(low, -math.huge), bound(high, math.huge)
  local words = low and high and low .. " to " .. high
    or low and "above " .. low or high and "below " .. high
  return words and ("%s CI %s"):format(format.level(row.conf_level), words)
end

-- What is estimated and of whom: "ratio of means, A (n = 13) vs B (n = 5), "
local function heading(row, parts)
  local name = row.estimate_name ~= NA and row.estimate_name or nil
  if row.compare == NA then
    local events = events_of_one(row)
    if row.group ~= NA then
      return ("%s: %s%s"):format(row.group, events and events .. ", " or "",
        name or "estimate")
    end
    parts[1] = events and events .. " in all arms" or nil
    return name or not events and "all arms" or nil
  end
  local a, b = sides(row)
  parts[1] = b and not counted[row.analysis] and events_of(row, a, b) or nil
  if parts[1] then return name end
  local one = counted[row.analysis] and share(row.estimate_1, row.n_1, a)
  local two = counted[row.analysis] and b and share(row.estimate_2, row.n_2, b)
  if one and two then
    parts[1] = one .. " and " .. two
    return name
  end
  local function of(arm, n)
    return n ~= NA and ("%s (n = %.0f)"):format(arm, n) or arm
  end
  local who = b and of(a, row.n_1) .. " vs " .. of(b, row.n_2) or row.compare
  return name and name .. ", " .. who .. "," or who
end

-- Numbers do not follow one another without a sign between them: "at 60: 0.48".
local function apart(head)
  return head and head:find "%d$" and head .. ":" or head
end

-- Where and how, as far as the title does not say it.
local function subject(row)
  local title = row.title ~= NA and row.title or row.endpoint
  local function add(x)
    if x ~= NA and not title:lower():find(x:lower(), 1, true) then
      title = title .. ", " .. x
    end
  end
  if row.parameter ~= NA and row.own ~= "Y" then add(row.parameter) end
  add(row.visit)
  if row.variation ~= "main" then add(row.variation) end
  return title
end

--- sentence.of(row of s.results [, journal]) -> text
function M.of(row, journal)
  local parts = {}
  local head = heading(row, parts)
  if row.estimate ~= NA then
    local digits = digits_of(row)
    local ci = interval(row, digits)
    parts[#parts + 1] = ("%s %s%s"):format(apart(head) or "estimate", format.cell(
      row.estimate, digits), ci and " (" .. ci .. ")" or "")
  elseif row.conf_low ~= NA or row.conf_high ~= NA then
    parts[#parts + 1] = ("%s not known (%s)"):format(head or "estimate",
      interval(row, digits_of { conf_low = row.conf_low,
        conf_high = row.conf_high, estimate = row.conf_low ~= NA and row.conf_low
          or row.conf_high }))
  elseif row.p_value ~= NA and row.statistic ~= NA then
    parts[#parts + 1] = ("%s%sstatistic %s%s"):format(head and head .. ", " or "",
      row.method ~= NA and row.method .. ", " or "",
      format.significant(row.statistic, 3), row.df ~= NA
      and ", df " .. text.number(row.df) or "")
  elseif head then
    parts[#parts + 1] = (head:gsub(",$", ""))
  end
  local words = ("%s: %s"):format(subject(row), table.concat(parts, "; "))
  if row.p_value ~= NA then
    words = words .. ", " .. p_text.equals(row.p_value, journal)
  elseif row.estimate == NA and row.note ~= NA then
    words = words .. " (" .. row.note .. ")"
  end
  return text.escape(words) .. "."
end

--- sentence.number(row, field [, journal]) -> text of a number of it, with as
-- many digits as tables show
function M.number(row, field, journal)
  local x = row[field]
  if field:find "^p_" then return p_text.number(x, journal) end
  if field:find "^n$" or field:find "^n_" or field:find "^events_"
      or field == "seed" then
    return ("%.0f"):format(x)
  end
  if field == "estimate" or field == "conf_low" or field == "conf_high"
      or field == "std_error" then
    return format.cell(x, row.estimate ~= NA and digits_of(row)
      or format.decimals(x))
  end
  return format.significant(x, 3)
end

return M
