-- The verb study_day: the day of the study on which something was.

local fail = require "ts.error".fail
local expression = require "trialsh.expression"
local options = require "trialsh.options"
local no_group = require "trialsh.relation.nodes".no_group
local common = require "trialsh.derive.common"

-- The verb is added to those that are there.
return function(_, verbs)

--- relation:study_day(["ADY = ADT", ...] [, opt]) -> relation
-- The day of each date: 1 is the first day of treatment, -1 the day before it,
-- and there is no day 0. Dates are ISO text or numbers of SAS.
--   from  "TRTSDT": the column with the date of day 1
--   zero  true counts days as differences: day 0 is the date of from
-- A date that is missing has no day; neither has one of a subject without day 1.
--
--   > demo.dm:study_day("DTHDY = DTHDT"):select("USUBJID", "TRTSDT", "DTHDT", "DTHDY"):head(3)
--      USUBJID   TRTSDT      DTHDT       DTHDY
--   1  DEMO-001  2017-01-09  NA             NA
--   2  DEMO-002  2017-01-19  2017-02-16     29
--   3  DEMO-003  2017-01-31  2017-02-17     18
--     SIMULATED DATA
--
-- See also: relation:visits, relation:mutate.
function verbs.study_day(node, ...)
  no_group(node, "study_day")
  local items, opt = { ... }, nil
  if type(items[#items]) == "table" then opt = table.remove(items) end
  opt = options("study_day", opt, { from = { "string", "TRTSDT" },
    zero = { "boolean", false } })
  if #items == 0 then items[1] = "ADY = ADT" end
  local from = common.need("study_day", node, opt.from,
    'from = names the date of day 1').name
  for _, item in ipairs(items) do
    local name, rest = expression.definition("study_day", item)
    if not name then
      fail("invalid", ("study_day: '%s' is no \"ADY = ADT\"")
        :format(tostring(item)))
    end
    rest = rest:match "^%s*(.-)%s*$"
    local tree = expression.parse("study_day", rest, nil, node.columns)
    expression.check("study_day", tree, node.columns)
    local date = expression.column(tree)
    if not date then
      fail("invalid", ("study_day: '%s' is no column of dates"):format(rest))
    end
    common.new("study_day", node, name)
    local difference = ("days(%s, %s)"):format(common.quote(from),
      common.quote(date.name))
    node = verbs.mutate(node, ("%s = %s%s"):format(common.quote(name),
      difference, opt.zero and "" or (" + (%s >= 0)"):format(difference)))
  end
  return node
end

end
