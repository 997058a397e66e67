-- Analyses of two arms that are a sum of scores which do not depend on the arms:
-- for re-randomisation the scores are found once. Each takes { column(name),
-- has(name), frame, n }, keep (list: whether a row counts), the response's name,
-- strata (list of columns) and the options; it gives scores and strata, lists with
-- a number for each row that counts, and what is done with them ("scores", or the
-- t test "welch" or "pooled"); nil where the analysis is no such sum.

local NA = require "ts.na".NA
local cframe = require "ts.frame"
local errors = require "ts.error"
local normal = require "ts.linear"
local limits = require "trialsh.limits"

local M = {}

-- Middle ranks of the values at some places; those that differ by rounding tie.
local function ranks(values, places)
  local order, out = table.move(places, 1, #places, 1, {}), {}
  table.sort(order, function(i, j)
    if values[i] ~= values[j] then return values[i] < values[j] end
    return i < j
  end)
  local from = 1
  while from <= #order do
    local to, x = from, values[order[from]]
    while to < #order and values[order[to + 1]] - values[order[to]]
      <= 1e-12 * math.abs(x) do to = to + 1 end
    for k = from, to do out[order[k]] = (from + to) / 2 end
    from = to + 1
  end
  return out
end

-- Places by stratum: codes from 0, and a list of places for each.
local function strata_of(data, names, places)
  local codes, lists, seen = {}, {}, {}
  for _, i in ipairs(places) do
    local parts = {}
    for j, name in ipairs(names) do parts[j] = tostring(data.column(name)[i]) end
    local key = table.concat(parts, "\0")
    if not seen[key] then
      lists[#lists + 1] = {}
      seen[key] = #lists
    end
    codes[i] = seen[key] - 1
    table.insert(lists[seen[key]], i)
  end
  return codes, lists
end

-- Rows that count and have all of these.
local function complete(data, keep, names)
  local places = {}
  for i = 1, data.n do
    local whole = keep[i]
    for _, name in ipairs(names) do
      whole = whole and data.column(name)[i] ~= NA
    end
    if whole then places[#places + 1] = i end
  end
  return places
end

local function with(names, more)
  return table.move(names, 1, #names, #more + 1, more)
end

-- Ranks, of strata those within, over their number and one.
local function rank_scores(data, keep, response, strata)
  local places = complete(data, keep, with(strata, { response }))
  local codes, lists = strata_of(data, strata, places)
  local scores, values = {}, data.column(response)
  for _, list in ipairs(lists) do
    for i, rank in pairs(ranks(values, list)) do
      scores[i] = #strata > 0 and rank / (#list + 1) or rank
    end
  end
  return scores, codes
end

M.wilcoxon = rank_scores
M.van_elteren = rank_scores

-- Of times in order: what the arms sum to is events less those expected of all of
-- them together, each event with a weight that all have by then.
local function add_events(scores, list, time, is_event, weighted)
  table.sort(list, function(i, j)
    if time[i] ~= time[j] then return time[i] < time[j] end
    return i < j
  end)
  local hazard, from, survival = 0, 1, 1
  while from <= #list do
    local to, events, n = from, 0, #list - from + 1
    while to <= #list and time[list[to]] == time[list[from]] do
      if is_event(list[to]) then events = events + 1 end
      to = to + 1
    end
    survival = survival * (n + 1 - events) / (n + 1)
    local weight = weighted and survival or 1
    hazard = hazard + weight * events / n
    for k = from, to - 1 do
      scores[list[k]] = (is_event(list[k]) and weight or 0) - hazard
    end
    from = to
  end
end

function M.logrank(data, keep, _, strata)
  local places = complete(data, keep, with(strata, { "AVAL", "CNSR" }))
  local codes, lists = strata_of(data, strata, places)
  local censored, scores = data.column "CNSR", {}
  for _, list in ipairs(lists) do
    add_events(scores, list, data.column "AVAL", function(i)
      return censored[i] == 0
    end)
  end
  return scores, codes
end

M.cox = M.logrank -- the slope of the likelihood without an effect

-- Values below limits are times that run down: the largest come first, and those
-- below a limit are censored there.
function M.peto_prentice(data, keep, response, strata, options)
  local side, _, above = limits.sides("peto_prentice", data.frame)
  if above > 0 or options.weights ~= "Peto-Prentice" then return nil end
  local places = complete(data, keep, with(strata, { response }))
  local codes, lists = strata_of(data, strata, places)
  local scores, turned = {}, {}
  for _, i in ipairs(places) do turned[i] = -data.column(response)[i] end
  for _, list in ipairs(lists) do
    add_events(scores, list, turned, function(i) return side[i] == 0 end, true)
  end
  return scores, codes
end

-- Numbers as they are: means.
function M.ttest(data, keep, response, _, options)
  if options.blq then return nil end
  local scores, codes, values = {}, {}, data.column(response)
  for _, i in ipairs(complete(data, keep, { response })) do
    scores[i], codes[i] = values[i], 0
  end
  return scores, codes, options.variance == "pooled" and "pooled" or "welch"
end

-- The slope of the likelihood without an effect, in each value's mean.
function M.tobit(data, keep, response, _, options)
  local places, index = complete(data, keep, { response }), {}
  local values, columns = {}, { response, "BLQFL", "ALQFL" }
  local side, names, arrays = limits.sides("tobit", data.frame), {}, {}
  for _, name in ipairs(columns) do
    if data.has(name) then
      names[#names + 1], arrays[#arrays + 1] = name, {}
      for k, i in ipairs(places) do arrays[#arrays][k] = data.column(name)[i] end
    end
  end
  local ok, m = pcall(require "trialsh.tobit".tobit, ("`%s` ~ 1"):format(
    response), require "trialsh.data".wrap(cframe.build(names, arrays)),
    { tolerance = options.tolerance })
  if not ok then
    if errors.is(m) and m.code ~= "interrupted" then return nil end
    error(m, 0)
  end
  local mean, scores, codes = m:term "(Intercept)".estimate, {}, {}
  for _, i in ipairs(places) do
    local r = (data.column(response)[i] - mean) / m.sigma
    local density = math.exp(-r * r / 2) / math.sqrt(2 * math.pi)
    local below = normal.inference(r, 1, math.huge, { alternative = "less" })
      .p_value
    local above = normal.inference(r, 1, math.huge, { alternative = "greater" })
      .p_value
    scores[i] = side[i] == 0 and r or side[i] < 0 and (below > 0
      and -density / below or r) or above > 0 and density / above or r
    codes[i] = 0
  end
  return scores, codes
end

return M
