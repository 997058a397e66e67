-- Values that are only known to lie below or above a limit, as detect() marks
-- them: BLQFL and ALQFL beside AVAL, which holds the limit then. Here is what
-- statistics share: which rows those are, and a refusal by those that would take
-- a limit for a value.

local NA = require "ts.na".NA
local cframe = require "ts.frame"
local formulas = require "ts.formula"
local fail = require "ts.error".fail
local data_of = require "trialsh.data"

local M = {}

local flags = { { "BLQFL", -1 }, { "ALQFL", 1 } }

--- limits.columns(data) -> those of BLQFL and ALQFL that it has
function M.columns(data)
  local list = {}
  for _, flag in ipairs(flags) do
    if data_of.has(data, flag[1]) then list[#list + 1] = flag[1] end
  end
  return list
end

local rising = { log = true, ln = true, log10 = true, log2 = true,
  sqrt = true }

--- limits.is_of(response): whether the limit of AVAL is one of the response, as of
-- ln(AVAL): whether it rises with it.
function M.is_of(response)
  local plain = response:gsub("`", "")
  if plain:find "^[%a.][%w._]*$" then return plain == "AVAL" end
  local name, inner = plain:match "^(%a%w*)%(([%a.][%w._]*)%)$"
  return name ~= nil and rising[name] == true and inner == "AVAL"
end

--- limits.check_response(who, response): an error where it is none.
function M.check_response(who, response)
  if M.is_of(response) then return end
  fail("invalid", ("%s: of %s the limits are not known: the response is AVAL, "
    .. "ln(AVAL) or the like"):format(who, response))
end

--- limits.sides(who, frame) -> a column that is -1 where a row of a C frame is
-- below its limit, 1 above one, else 0; how many are of each.
function M.sides(who, frame)
  local side, below, above = {}, 0, 0
  for i = 1, #frame do side[i] = 0 end
  local there = {}
  for _, name in ipairs(frame:names()) do there[name] = true end
  for _, flag in ipairs(flags) do
    local column = there[flag[1]] and frame:column(flag[1])
    for i = 1, column and #frame or 0 do
      local value = column[i]
      if value == "Y" then
        if side[i] ~= 0 then
          fail("invalid", ("%s: row %d is below one limit and above another")
            :format(who, i))
        end
        side[i] = flag[2]
        if flag[2] < 0 then below = below + 1 else above = above + 1 end
      elseif value ~= NA and value ~= "N" then
        fail("invalid", ("%s: %s is Y or N, row %d has %s"):format(who, flag[1],
          i, tostring(value)))
      end
    end
  end
  return cframe.build({ "side" }, { side }):column(1), below, above
end

--- limits.need(who, data): the flags there are; an error without any.
function M.need(who, data)
  local columns = M.columns(data)
  if #columns == 0 then
    fail("not found", ("%s: the data have neither BLQFL nor ALQFL, which say "
      .. "which values are beyond a limit; relation:detect makes them"):format(
        who))
  end
  return columns
end

return M
