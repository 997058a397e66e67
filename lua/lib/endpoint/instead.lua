-- The conditional rule of an endpoint: an expression over the rows of one arm
-- decides whether another variable, analysis or rule for missing values takes
-- the place of the first.

local relation = require "trialsh.relation"
local NA = require "ts.na".NA
local errors = require "ts.error"

local M = {}

--- instead.holds(study, endpoint, at) -> whether it does, and what to say
function M.holds(s, e, at)
  local set = require "trialsh.endpoint.set"
  local rule, treatment = e.instead, set.treatment_of(e)
  local rows = set.rows(s, e, at)
  if relation.node_of(rows).columns[treatment:lower()] then
    local keep = {}
    for _, column in ipairs(relation.node_of(rows).columns) do
      if column.name ~= treatment then keep[#keep + 1] = column.name end
    end
    rows = rows:select(table.unpack(keep))
  end
  local arm = set.arm(set.subjects(s, e, at):select("USUBJID", treatment), e,
    treatment, rule.within):join(rows, "USUBJID")
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
  local words = ("%s in %s: %s"):format(rule.when, rule.within, found == NA
    and "no value, so the first analysis stays" or found ~= 0
      and "yes, so the other analysis is done" or "no, so the first analysis "
      .. "is done")
  return found ~= NA and found ~= 0, words
end

return M
