-- The verb emergent: which adverse events came under treatment.

local options = require "trialsh.options"
local nodes = require "trialsh.relation.nodes"
local common = require "trialsh.derive.common"

-- The verb is added to those that are there.
return function(_, verbs)

-- The last date on which an event can have begun: where the day or the month was
-- filled in (ASTDTF), the end of its month or year.
local function latest(node, start)
  local flag = start .. "F"
  if not common.has(node, flag)
      or node.columns[start:lower()].type ~= "text" then
    return start
  end
  return ("case when %s = 'D' then last_date(substr(%s, 1, 7)) when %s = 'M' "
    .. "then last_date(substr(%s, 1, 4)) else %s end"):format(flag, start, flag,
    start, start)
end

--- relation:emergent([opt]) -> relation
-- TRTEMFL is Y for events that came under treatment: that began on or after the
-- first day of treatment, TRTSDT, and not later than some days after the last
-- one, TRTEDT. In this order: who was not treated has none; what ended before
-- treatment is none; without a date of its begin an event is one. Of a date in
-- part (ASTDTF) the latest day that it can be counts, so that what may have come
-- under treatment is not left out.
--   days       how many days after TRTEDT still count; without it all
--   start, finish  "ASTDT", "AENDT": the dates of an event; without a column AENDT
--              nothing is known to have ended before treatment
--   worse      { "AETOXGR0", "AETOXGR" }: grade before and under treatment; an
--              event from before treatment that became worse is one
--
--   > ae = demo.ae:mutate("ASTDT = first_date(AESTDTC)", "AENDT = last_date(AEENDTC)"):join(demo.dm, "USUBJID")
--   > ae:emergent { days = 30 }:select("USUBJID", "AEDECOD", "ASTDT", "TRTSDT", "TRTEMFL"):head(3)
--      USUBJID   AEDECOD                  ASTDT       TRTSDT      TRTEMFL
--   1  DEMO-001  Injection site reaction  2017-01-09  2017-01-09  Y
--   2  DEMO-001  Pyrexia                  2017-01-05  2017-01-09  NA
--   3  DEMO-002  Pneumonia                2017-01-30  2017-01-19  Y
--     SIMULATED DATA
--
-- See also: relation:exposure, relation:study_day.
function verbs.emergent(node, opt)
  nodes.no_group(node, "emergent")
  opt = options("emergent", opt, { days = { "number", least = 0 },
    start = { "string", "ASTDT" }, finish = { "string" },
    worse = { "table" } })
  common.new("emergent", node, "TRTEMFL")
  local first = common.need("emergent", node, "TRTSDT").name
  local last = common.need("emergent", node, "TRTEDT").name
  local start = common.quote(common.need("emergent", node, opt.start,
    "start = names the date of an event's begin").name)
  local finish = (opt.finish or common.has(node, "AENDT"))
    and common.quote(common.need("emergent", node, opt.finish or "AENDT",
      "finish = names the date of an event's end").name)
  local parts = { "case", ("when %s is null then null"):format(first),
    finish and ("when days(%s, %s) < 0 then null"):format(first, finish) or "",
    ("when %s is null then 'Y'"):format(start),
    ("when days(%s, %s) >= 0 and (%s is null%s) then 'Y'"):format(first,
      latest(node, opt.start), last, opt.days
        and (" or days(%s, %s) <= %s"):format(last, start, opt.days)
        or " or 1 = 1") }
  if opt.worse then
    local before = common.need("emergent", node, opt.worse[1]).name
    local under = common.need("emergent", node, opt.worse[2]).name
    parts[#parts + 1] = ("when days(%s, %s) < 0 and %s < %s then 'Y'"):format(
      first, start, common.quote(before), common.quote(under))
  end
  return verbs.mutate(node, "TRTEMFL = " .. table.concat(parts, " ") .. " end")
end

end
