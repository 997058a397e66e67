-- Random numbers for scripts that simulate.

local fail = require "ts.error".fail
local options = require "trialsh.options"
local streams = require "ts.random"

local M = {}

local function whole(name, x)
  local n = type(x) == "number" and math.tointeger(x)
  if not n or n < 0 then
    fail("invalid", ("random: %s = %s is no whole number from 0"):format(name,
      tostring(x)))
  end
  return n
end

-- What streams give beyond uniform and normal numbers.
local Stream = getmetatable(streams.stream(0)).__index

function Stream:pick(list) return list[self:below(#list)] end
function Stream:chance(p) return self:uniform() < p end
function Stream:lognormal(median, sd) return median * math.exp(sd * self:normal()) end
function Stream:waiting(mean) return -mean * math.log(self:uniform()) end
function Stream:between(mean, sd, low, high)
  if not (low < high) then
    fail("invalid", ("random: nothing lies between %s and %s"):format(low, high))
  end
  local x
  repeat x = mean + sd * self:normal() until x >= low and x <= high
  return x
end

--- random(seed [, opt]) -> stream
-- A stream of random numbers that its seed, scenario and replicate determine,
-- the same on any machine and whatever else is drawn.
--   scenario, replicate  0: streams of one seed that know nothing of each other
-- What a stream gives:
--   r:uniform()   between 0 and 1, neither of them
--   r:normal()    standard normal
--   r:below(n)    one of 1, 2, ... n
--   r:shuffle(list)  the list itself, in a random order
--   r:pick(list)  one of its entries
--   r:chance(p)   true with that probability
--   r:lognormal(median, sd)  sd is that of the logarithm
--   r:waiting(mean)  exponential
--   r:between(mean, sd, low, high)  normal, drawn until it lies there
--
--   > r = random(20180308)
--   > round(r:uniform(), 6), round(r:normal(), 6), r:below(6)
--   0.547009  1.699363  4
--   > table.concat(random(1, { replicate = 2 }):shuffle { 1, 2, 3 }, " ")
--   2 1 3
--
-- See also: trial, round. Salmon et al. 2011: Philox4x32-10.
function M.random(seed, opt)
  opt = options("random", opt, { scenario = { "integer", 0 },
    replicate = { "integer", 0 } })
  return streams.stream(whole("seed", seed), whole("scenario", opt.scenario),
    whole("replicate", opt.replicate))
end

return M
