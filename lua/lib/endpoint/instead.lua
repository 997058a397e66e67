-- The conditional rule of an endpoint: an expression over the rows of one arm
-- decides whether another variable, analysis or rule for missing values takes
-- the place of the first.

local relation = require "trialsh.relation"
local NA = require "ts.na".NA
local errors = require "ts.error"

local M = {}

--- instead.data(study, endpoint, at) -> the rows that the rule may look at, of
-- all subjects, with their treatment
function M.data(s, e, at)
  local set = require "trialsh.endpoint.set"
  local treatment = set.treatment_of(e)
  local rows = set.rows(s, e, at, true)
  if relation.node_of(rows).columns[treatment:lower()] then
    local keep = {}
    for _, column in ipairs(relation.node_of(rows).columns) do
      if column.name ~= treatment then keep[#keep + 1] = column.name end
    end
    rows = rows:select(table.unpack(keep))
  end
  return set.subjects(s, e, at):select("USUBJID", treatment)
    :join(rows, "USUBJID")
end

--- instead.decide(endpoint, data, treatment) -> whether the rule holds there; the
-- value that it has
function M.decide(e, data, treatment)
  local rule = e.instead
  local arm = require "trialsh.endpoint.set".arm(data, e, treatment,
    rule.within)
  local ok, found = pcall(function()
    return arm:summarise("holds = " .. rule.when):row(1).holds
  end)
  if not ok then
    if errors.is(found) then
      errors.fail(found.code, ("instead: %s"):format((found.message
        :gsub("^summarise: ", ""))))
    end
    error(found, 0)
  end
  return found ~= NA and found ~= 0, found
end

--- instead.holds(study, endpoint, at) -> whether it does, and what to say
function M.holds(s, e, at)
  local set = require "trialsh.endpoint.set"
  local rule = e.instead
  local holds, found = M.decide(e, M.data(s, e, at):collect(), set.treatment_of(e))
  local words = ("%s in %s: %s"):format(rule.when, rule.within, found == NA
    and "no value, so the first analysis stays" or holds
      and "yes, so the other analysis is done" or "no, so the first analysis "
      .. "is done")
  return holds, words
end

return M
