-- The weights with which means are averaged over the levels of categories.

local fail = require "ts.error".fail
local variables = require "trialsh.model.variables"

local M = {}

-- Place in a table of C, where the first variable is the fastest.
local function index_in(list, code_of)
  local at = 0
  for k = #list, 1, -1 do at = at * #list[k].levels + code_of(list[k]) - 1 end
  return at + 1
end

-- How many rows of the data have a combination: a function of the levels.
local function counts_of(state, list)
  local places = {}
  for k, x in ipairs(list) do places[k] = x.place end
  local counts = state.model:tabulate(places)
  return function(code_of) return counts[index_in(list, code_of)] end
end
M.counts = counts_of

local function no_weight(state, x, what)
  fail("invalid", ("%s: weights of %s: %s"):format(state.who, x.name, what))
end

-- The share of each level, from { F = 2, M = 1 } or { 2, 1 }.
local function margin_of(state, x, margin)
  local list, sum = {}, 0
  if type(margin) ~= "table" then
    no_weight(state, x, ("a table, { %s = 1, ... }, is needed"):format(
      x.levels[1]))
  end
  for key, value in pairs(margin) do
    local k = type(key) == "number" and margin[x.levels[1]] == nil and key
      or variables.level(state, x, key)
    if type(value) ~= "number" or not (value >= 0 and value < math.huge)
      or not x.levels[k] then
      no_weight(state, x, tostring(value) .. " is no weight of a level")
    end
    list[k], sum = value, sum + value
  end
  for i, level in ipairs(x.levels) do
    if not list[i] then no_weight(state, x, "none for " .. level) end
  end
  if sum == 0 then no_weight(state, x, "all are 0") end
  for i in ipairs(x.levels) do list[i] = list[i] / sum end
  return list
end

local function user_weights(state, given, averaged)
  local out = {}
  for name, margin in pairs(given) do
    local x, found = variables.category(state, name), false
    for _, a in ipairs(averaged) do found = found or a == x end
    if not found then
      fail("invalid", ("%s: weights of %s, over which nothing is averaged")
        :format(state.who, x.name))
    end
    out[x.place] = margin_of(state, x, margin)
  end
  return function(code_of)
    local w = 1
    for _, x in ipairs(averaged) do
      w = w * (out[x.place] and out[x.place][code_of(x)] or 1)
    end
    return w
  end
end

--- weights.of(state, kind, cell, averaged) -> function: the weight of a
-- combination of levels of the categories averaged over, from a function that
-- tells the place of each: equal, by the counts of these combinations
-- (proportional), by the product of their margins (outer), by those in the cell
-- itself (cells), or as given.
function M.of(state, kind, cell, averaged)
  if type(kind) == "table" then return user_weights(state, kind, averaged) end
  if kind == "equal" then return function() return 1 end end
  if kind == "proportional" then return counts_of(state, averaged) end
  if kind == "cells" then
    local both = { table.unpack(cell) }
    for _, x in ipairs(averaged) do both[#both + 1] = x end
    return counts_of(state, both)
  end
  local margins = {}
  for k, x in ipairs(averaged) do margins[k] = counts_of(state, { x }) end
  return function(code_of)
    local w = 1
    for _, margin in ipairs(margins) do w = w * margin(code_of) end
    return w
  end
end

return M
