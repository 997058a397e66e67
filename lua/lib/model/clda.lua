-- Constrained longitudinal data analysis: the baseline is an outcome at which
-- the arms have one mean (Liang and Zeger 2000, Sankhya B 62:134), so that
-- subjects with only a baseline count. Records of that visit enter the design
-- as those of one arm, and so do rows at which means are taken.

local cframe = require "ts.frame"
local fail = require "ts.error".fail
local names = require "trialsh.names"

local M = {}

--- clda.read(given, visit) -> { arm, level, visit } of { TRT01P = "Baseline" }
function M.read(given, visit)
  if given == nil then return nil end
  local arm, level
  if type(given) == "table" then arm, level = next(given) end
  if type(arm) ~= "string" or type(level) ~= "string"
    or next(given, arm) ~= nil then
    fail("type", 'mmrm: clda names the arms and the visit at which they are '
      .. 'equal: { TRT01P = "Baseline" }')
  end
  if not visit then
    fail("invalid", "mmrm: clda needs a visit")
  end
  return { arm = arm, level = level, visit = visit }
end

--- clda.recode(frame, c) -> the frame in which the visit's records are of the
-- first arm
function M.recode(frame, c)
  if not c then return frame end
  local list, columns, levels, found = frame:names(), {}, {}, false
  local arm, visit = frame:column(c.arm), frame:column(c.visit)
  for j, name in ipairs(list) do columns[j] = frame:column(name) end
  if arm.type ~= "text" or visit.type ~= "text" then
    fail("type", ("mmrm: clda: %s is no text"):format(arm.type ~= "text"
      and c.arm or c.visit))
  end
  local changed = {}
  for i = 1, #frame do
    local at = visit[i] == c.level and arm[i] ~= require "ts.na".NA
    found = found or at
    changed[i] = at and arm.levels[1] or arm[i]
  end
  if not found then
    fail("not found", ("mmrm: clda: %s has no '%s'%s"):format(c.visit, c.level,
      names.hint(c.level, visit.levels)))
  end
  for j, name in ipairs(list) do
    if name == c.arm then columns[j] = changed end
  end
  levels[c.arm] = arm.levels
  return cframe.build(list, columns, levels)
end

-- The places of the arms and of the visit among the model's variables.
local function places_of(state, c)
  local arm, visit
  for j, v in ipairs(state.info.x) do
    if v.name == c.arm then arm = j end
    if v.name == c.visit then visit = j end
  end
  if not arm or not visit then
    fail("invalid", ("mmrm: clda: %s is not in the model"):format(
      arm and c.visit or c.arm))
  end
  return arm, visit
end

local function place_of(v, name)
  for i = 1, v.n_level do
    if v.levels[i].name == name then return i end
  end
end

--- clda.core(state, core, c) -> core, whose rows are of the first arm where they
-- are of the visit
function M.core(state, core, c)
  if not c then return core end
  local arm, visit = places_of(state, c)
  local level = place_of(state.info.x[visit], c.level)
  local first = place_of(state.info.x[arm],
    state.frame:column(c.arm).levels[1])
  local proxy = {}
  function proxy.rows(_, arrays, n)
    local changed = { table.unpack(arrays) }
    changed[arm] = {}
    for i = 1, n do
      changed[arm][i] = arrays[visit][i] == level and first or arrays[arm][i]
    end
    return core:rows(changed, n)
  end
  function proxy.average()
    fail("invalid", 'mmrm: weights = "observed" is not for clda')
  end
  return setmetatable(proxy, { __index = function(_, name)
    return function(_, ...) return core[name](core, ...) end
  end })
end

return M
