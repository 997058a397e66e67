-- The verb change: what became of a value since baseline.

local options = require "trialsh.options"
local nodes = require "trialsh.relation.nodes"
local common = require "trialsh.derive.common"

-- The verb is added to those that are there.
return function(_, verbs)

-- AVAL and BASE as numbers of which a difference has a meaning: missing where a
-- value is only known to lie below its limit, or what blq says it is.
local function known(node, value, flag, blq)
  if not common.has(node, flag) then return value end
  local instead = blq == "limit" and value or blq == "half" and value .. " / 2"
    or "null"
  return ("case when %s = 'Y' then %s else %s end"):format(flag, instead, value)
end

--- relation:change([opt]) -> relation
-- What became of a value since baseline, in rows after it: CHG = AVAL - BASE,
-- PCHG = 100 * CHG / |BASE| and R2BASE = AVAL / BASE. The baseline and what is
-- dated before it have none. Where BASE is 0, PCHG and R2BASE are missing, and a
-- note counts them.
--   blq   "missing" (default): where AVAL or BASE is below its limit (BLQFL,
--         BBLQFL) nothing is known of the change, and a note counts the rows;
--         "limit" and "half" take the limit or half of it for the value
--   log   true adds LR = ln(AVAL / BASE), the logarithm of the ratio
--
--   > lab = demo.adlb:select("USUBJID", "PARAMCD", "ADY", "AVAL"):where "PARAMCD = 'ALC'"
--   > lab:baseline { upto = 1 }:change():select("ADY", "AVAL", "CHG", "PCHG", "R2BASE"):head(3)
--      ADY  AVAL  CHG      PCHG    R2BASE
--   1    1   929   NA        NA        NA
--   2    7   836  -93  -10.0108  0.899892
--   3   17  1913  984  105.9203  2.059203
--     SIMULATED DATA
--
-- See also: relation:baseline, relation:ranges.
function verbs.change(node, opt)
  nodes.no_group(node, "change")
  opt = options("change", opt, { blq = { { "missing", "limit", "half" },
    "missing" }, log = { "boolean", false } })
  common.need("change", node, "AVAL")
  common.need("change", node, "BASE", "baseline comes before")
  common.new("change", node, "CHG", "PCHG", "R2BASE", opt.log and "LR" or nil)
  local value, base, after = "change: value", "change: base", "1"
  local made = verbs.mutate(node,
    ('"%s" = %s'):format(value, known(node, "AVAL", "BLQFL", opt.blq)),
    ('"%s" = %s'):format(base, known(node, "BASE", "BBLQFL", opt.blq)))
  local dates = common.has(node, "ABLFL") and (common.has(node, "ADTM")
    and "ADTM" or common.has(node, "ADT") and "ADT" or common.has(node, "ADY")
    and "ADY")
  if dates then
    made = verbs.mutate(verbs.by(made, table.unpack(common.group("change",
      node))), ('"change: from" = max(%s) filter (where ABLFL = \'Y\')')
      :format(dates))
    after = ('(ABLFL is null or ABLFL <> \'Y\') and ("change: from" is null or '
      .. '%s >= "change: from")'):format(dates)
  elseif common.has(node, "ABLFL") then
    after = "ABLFL is null or ABLFL <> 'Y'"
  end
  made = verbs.mutate(made,
    ('CHG = case when %s then "%s" - "%s" end'):format(after, value, base),
    ('PCHG = case when CHG is not null then 100 * CHG / abs("%s") end'):format(
      base),
    ('R2BASE = case when CHG is not null then "%s" / "%s" end'):format(value,
      base))
  if opt.log then made = verbs.mutate(made, "LR = ln(R2BASE)") end
  local lost = opt.blq == "missing" and (common.has(node, "BLQFL")
    or common.has(node, "BBLQFL"))
    and verbs.where(made, ('AVAL is not null and BASE is not null and ("%s" is '
      .. 'null or "%s" is null) and (%s)'):format(value, base, after))
  made = common.without(verbs, made, value, base, dates and "change: from"
    or value)
  if lost then
    made = common.tell(made, lost, "change: none for %d row%s: AVAL or BASE is "
      .. 'below its limit; blq = "limit" or "half" take that for it')
  end
  return made
end

end
