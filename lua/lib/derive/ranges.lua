-- The verb ranges: whether values lie in their normal range.

local options = require "trialsh.options"
local nodes = require "trialsh.relation.nodes"
local common = require "trialsh.derive.common"
local range = require "trialsh.derive.range"

-- The verb is added to those that are there.
return function(_, verbs)

--- relation:ranges([opt]) -> relation
-- ANRIND: LOW, NORMAL or HIGH by the normal range, ANRLO and ANRHI of the row
-- where these columns are there, else that of the trial's parameter. Both ends
-- are NORMAL; values are compared at 15 significant digits. After baseline,
-- BNRIND is that of the baseline's record. A value without a range has none, and
-- neither has one below its limit (BLQFL) when the range begins below that.
--   low, high  columns that hold the range, "A1LO", "A1HI"
--
--   > lab = demo.lb:detect():convert():join(demo.dm, "USUBJID"):baseline():ranges()
--   > lab:select("USUBJID", "PARAMCD", "AVAL", "ANRIND", "BNRIND"):head(3)
--      USUBJID   PARAMCD  AVAL  ANRIND  BNRIND
--   1  DEMO-001  ALC       929  LOW     LOW
--   2  DEMO-001  ALC       836  LOW     LOW
--   3  DEMO-001  ALC      1913  NORMAL  LOW
--     SIMULATED DATA
--
-- See also: relation:grade, relation:convert, relation:baseline.
function verbs.ranges(node, opt)
  nodes.no_group(node, "ranges")
  opt = options("ranges", opt, { low = { "string" }, high = { "string" } })
  common.need("ranges", node, "AVAL")
  local based = common.has(node, "ABLFL")
  common.new("ranges", node, "ANRIND", based and "BNRIND" or nil)
  local low, high = range("ranges", node, opt.low, opt.high)
  local made = common.once(verbs.mutate(node,
    ('"ranges: low" = _digits15(%s)'):format(low),
    ('"ranges: high" = _digits15(%s)'):format(high),
    '"ranges: x" = _digits15(AVAL)'))
  -- below its limit: LOW where the limit is not above the range's begin
  local below = common.has(node, "BLQFL") and "when BLQFL = 'Y' then case when "
    .. '"ranges: x" <= "ranges: low" then \'LOW\' when "ranges: low" is null '
    .. 'and "ranges: x" <= "ranges: high" then \'NORMAL\' end ' or ""
  local above = common.has(node, "ALQFL") and "when ALQFL = 'Y' then case when "
    .. '"ranges: x" >= "ranges: high" then \'HIGH\' when "ranges: high" is null '
    .. 'and "ranges: x" >= "ranges: low" then \'NORMAL\' end ' or ""
  made = verbs.mutate(made, "ANRIND = case " .. below .. above
    .. 'when "ranges: x" < "ranges: low" then \'LOW\' '
    .. 'when "ranges: x" > "ranges: high" then \'HIGH\' '
    .. 'when "ranges: x" is not null and ("ranges: low" is not null or '
    .. '"ranges: high" is not null) then \'NORMAL\' end')
  made = common.without(verbs, made, "ranges: low", "ranges: high", "ranges: x")
  local words = { "LOW", "NORMAL", "HIGH" }
  if not based then return common.levels(made, "ANRIND", words, "ranges") end
  -- of several records, as rule = "mean" marks them, only where they agree
  local group = common.group("ranges", node)
  made = verbs.mutate(verbs.by(made, table.unpack(group)),
    "\"ranges: a\" = min(ANRIND) filter (where ABLFL = 'Y')",
    "\"ranges: b\" = max(ANRIND) filter (where ABLFL = 'Y')")
  made = verbs.mutate(made, 'BNRIND = case when "ranges: a" = "ranges: b" then '
    .. '"ranges: a" end')
  made = common.without(verbs, made, "ranges: a", "ranges: b")
  return common.levels(common.levels(made, "ANRIND", words, "ranges"), "BNRIND",
    words, "ranges")
end

end
