-- Analyses of two arms that are a sum of scores which do not depend on the arms:
-- for re-randomisation the scores are found once. Each takes { column =, n = } (of
-- the frame, by name), keep (list: whether a row counts), the response's name,
-- strata (list of columns) and the options; it gives scores and strata, lists with
-- a number for each row that counts, nil where the analysis is no such sum.

local NA = require "ts.na".NA

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

-- Events less those expected at a row's time, of all arms together: what the
-- log-rank test sums.
function M.logrank(data, keep, _, strata)
  local places = complete(data, keep, with(strata, { "AVAL", "CNSR" }))
  local codes, lists = strata_of(data, strata, places)
  local time, censored, scores = data.column "AVAL", data.column "CNSR", {}
  for _, list in ipairs(lists) do
    table.sort(list, function(i, j)
      if time[i] ~= time[j] then return time[i] < time[j] end
      return i < j
    end)
    local hazard, from = 0, 1
    while from <= #list do
      local to, events = from, 0
      while to <= #list and time[list[to]] == time[list[from]] do
        if censored[list[to]] == 0 then events = events + 1 end
        to = to + 1
      end
      hazard = hazard + events / (#list - from + 1)
      for k = from, to - 1 do
        scores[list[k]] = (censored[list[k]] == 0 and 1 or 0) - hazard
      end
      from = to
    end
  end
  return scores, codes
end

return M
