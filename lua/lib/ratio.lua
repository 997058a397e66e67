-- Differences of a logarithm as ratios, where ratio = true asks for it.

local NA = require "ts.na".NA
local fail = require "ts.error".fail
local reader = require "trialsh.model.read"
local result = require "trialsh.result"

local M = { of_what = reader.of_what }

--- ratio.base(who, set, opt) -> what takes estimates back from the logarithm, or
-- nil. set.variable: the response; opt: ratio, mu.
function M.base(who, set, o)
  if not o.ratio then return nil end
  local base = set.variable and reader.log_base(set.variable)
  if not base then
    fail("invalid", ("%s: ratio = true is for a response that is a "
      .. "logarithm, such as log(AVAL)%s"):format(who, set.variable and "; it is "
      .. set.variable or ""))
  end
  if o.mu and not (o.mu > 0) then
    fail("invalid", who .. ": mu is a ratio, above 0")
  end
  return base
end

--- ratio.take(fields, base, name): fields of a result, back from the logarithm;
-- name: of the estimate, "ratio of medians".
function M.take(fields, base, name)
  for _, key in ipairs { "estimate", "conf_low", "conf_high", "estimate_1",
    "estimate_2" } do
    if fields[key] ~= NA then fields[key] = base ^ fields[key] end
    if fields[key] == math.huge and not key:find "^conf" then
      fields[key] = NA
      fields.note = result.note(fields.note ~= NA and fields.note or nil,
        "a ratio or estimate is beyond the range of numbers")
    end
  end
  fields.estimate_name = reader.of_what(fields.variable, name)
end

return M
