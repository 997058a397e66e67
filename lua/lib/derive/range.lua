-- The normal range of a row's parameter: of columns, else of the trial.

local common = require "trialsh.derive.common"
local trial_check = require "trialsh.trial.check"

--- range(who, node [, low, high]) -> SQL of both ends
-- low and high name columns; else ANRLO and ANRHI where these are there.
return function(who, node, low, high)
  if low or high or common.has(node, "ANRLO") or common.has(node, "ANRHI") then
    local function column(name, known)
      if name then return common.quote(common.need(who, node, name).name) end
      return common.has(node, known) and known or "null + 0"
    end
    return column(low, "ANRLO"), column(high, "ANRHI")
  end
  local trial = common.trial(who, node, "parameters")
  common.need(who, node, "PARAMCD", "ranges are those of parameters")
  local from, upto = {}, {}
  for _, p in ipairs(trial.parameters) do
    local a, b = trial_check.bounds(p.range or {})
    if a then from[#from + 1] = { p.name, ("%.17g"):format(a) } end
    if b then upto[#upto + 1] = { p.name, ("%.17g"):format(b) } end
  end
  local function of(list)
    return #list > 0 and common.case(list, "PARAMCD") or "null + 0"
  end
  return of(from), of(upto)
end
