-- How subjects without a value count.

local expression = require "trialsh.expression"
local fail = require "ts.error".fail
local NA = require "ts.na".NA

local M = {}

local SUBJECT = "USUBJID"

-- The visits whose values may be carried to one, the trial's order: after
-- baseline, which is day 1 or before.
local function earlier(e, visit)
  local list, found = {}, false
  for _, v in ipairs(e.trial.visits) do
    if not found and (v.name == visit or not v.day or v.day > 1) then
      list[#list + 1] = v.name
    end
    found = found or v.name == visit
  end
  return list
end

--- missing.visits(endpoint, at): the visits whose rows are read.
function M.visits(e, at)
  if e.missing ~= "LOCF" or at.visits then return at.visits or at.visit end
  if not at.visit or #e.trial.visits == 0 then
    fail("invalid", 'missing = "LOCF" carries values of earlier visits: a visit '
      .. "of the trial is needed")
  end
  return earlier(e, at.visit)
end

--- missing.carry(rows, endpoint, at, name) -> rows, words: of each subject the
-- last one with a value of name.
function M.carry(r, e, at, name)
  if e.missing ~= "LOCF" then return r end
  local cases = {}
  for i, visit in ipairs(earlier(e, at.visit)) do
    cases[i] = ("when %s then %d"):format(expression.literal(visit), i)
  end
  r = r:where(('"%s" is not null'):format(name))
    :mutate(('"order of visit" = case AVISIT %s end'):format(
      table.concat(cases, " ")))
    :by(SUBJECT):mutate '"last of visits" = max("order of visit")'
    :where '"order of visit" = "last of visits"'
  local n = #r:where('AVISIT <> ?', at.visit)
  return r, n > 0 and ("%d value%s carried forward from an earlier visit")
    :format(n, n == 1 and "" or "s") or nil
end

-- Whether lower values are worse.
local function lower_is_worse(e, at)
  local parameter = at.parameter and e.trial.parameters[at.parameter]
  local better = e.better or parameter and parameter.better
  if not better then
    fail("invalid", 'which values are worse? better = "higher" or "lower" says')
  end
  return better == "higher" or better == "later"
end

--- missing.worst(data, endpoint, at, name, flagged) -> data, whether some have
-- it: those of the flag, a column, and, where the rule says so, those without a
-- value get one that is worse than all.
function M.worst(data, e, at, name, flagged)
  local when = flagged and ('"%s" = 1'):format(flagged)
  if e.missing == "worst rank" then
    when = (when and when .. " or " or "") .. ('"%s" is null'):format(name)
  end
  if not when then return data, false end
  local lower = lower_is_worse(e, at)
  local range = data:summarise(('low = min("%s")'):format(name),
    ('high = max("%s")'):format(name)):row(1)
  if range.low == NA or #data:where(when) == 0 then return data, false end
  local width = math.max(1, range.high - range.low)
  return data:mutate(('"%s" = iif(coalesce(%s, 0), %s, "%s")'):format(name,
    when, ("%.17g"):format(lower and range.low - width or range.high + width),
    name)), true
end

--- missing.nonresponders(data, endpoint, name, what) -> data, words
function M.nonresponders(data, e, name, what)
  if what == "any" or what == "count" then
    return data:mutate(('"%s" = coalesce("%s", 0)'):format(name, name))
  end
  if e.missing ~= "nonresponder" then return data end
  local n = #data:where { [name] = NA }
  return data:mutate(('"%s" = coalesce("%s", 0)'):format(name, name)),
    n > 0 and ("%d subject%s without a value counted as nonresponder%s"):format(
      n, n == 1 and "" or "s", n == 1 and "" or "s") or nil
end

local ranks = { wilcoxon = true, kruskal = true, van_elteren = true,
  jonckheere = true }
M.ranks = ranks

--- missing.check(endpoint, at, what): rules, variables and analyses that do not
-- go together; what is that of the variable.
function M.check(e, at, what)
  local method = require "trialsh.analysis".find(e.method)
  local rule = e.missing
  local function refuse(...)
    fail("invalid", ('missing = "%s" %s'):format(rule, string.format(...)))
  end
  if rule == "nonresponder" and what ~= "condition" and what ~= "any"
    and what ~= "count" then
    refuse('is for a condition, such as "AVAL >= 1.5 * BASE", not for %s',
      e.variable or "AVAL")
  elseif rule == "tie" then
    refuse "is for the outcomes of a win ratio"
  elseif rule == "worst rank" and not ranks[e.method] then
    refuse("is for tests of ranks (wilcoxon, kruskal, van_elteren, "
      .. "jonckheere), not for %s", e.method)
  elseif rule == "worst rank" then
    lower_is_worse(e, at)
  elseif rule == "at random" and not method.likelihood then
    refuse('needs a model of all visits, mmrm; %s leaves subjects without a '
      .. 'value out: "exclude"', e.method)
  elseif rule == "LOCF" and (method.repeated or what ~= "number"
      and what ~= "log" and what ~= "condition" and what ~= "text") then
    refuse("is for one value per subject at a visit, not for %s", e.method)
  end
end

return M
