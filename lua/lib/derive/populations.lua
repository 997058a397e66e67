-- The verb populations: who is in which population of the trial.

local nodes = require "trialsh.relation.nodes"
local common = require "trialsh.derive.common"

-- The verb is added to those that are there.
return function(_, verbs)

--- relation:populations() -> relation
-- A flag for each population of the trial, its name and FL: Y where its condition
-- holds, else N. Where a missing value leaves it open it is N, and a note counts
-- these rows.
--
--   > demo.dm:populations():count("ITTFL", "SAFFL")
--      ITTFL  SAFFL   n
--   1  Y      Y      24
--     SIMULATED DATA
--
-- See also: trial, endpoint.
function verbs.populations(node)
  nodes.no_group(node, "populations")
  local trial = common.trial("populations", node, "populations")
  for _, p in ipairs(trial.populations) do
    local name = p.name .. "FL"
    common.new("populations", node, name)
    local flag = ('"populations: %s"'):format(p.name)
    local made = verbs.mutate(node, ("%s = (%s) + 0"):format(flag, p.condition),
      ("%s = case when %s = 1 then 'Y' else 'N' end"):format(
      common.quote(name), flag))
    local open = verbs.where(made, flag .. " is null")
    node = common.tell(common.without(verbs, made, "populations: " .. p.name),
      open, ("populations: %s is not decided for %%d row%%s, a value is "
      .. "missing; N"):format(common.said(p.name)))
  end
  return node
end

end
