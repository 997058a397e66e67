-- Where points of one group stand beside each other: as near to the middle as
-- possible without touching, the same each time. No random numbers.

local M = {}

-- Van der Corput's sequence in base 2: fills (0, 1) evenly.
local function even(i)
  local x, half = 0, 0.5
  while i > 0 do
    if i % 2 == 1 then x = x + half end
    i, half = i // 2, half / 2
  end
  return x
end

-- Distances from the middle at which a point at height y touches none of those
-- placed: the middle itself, and where it just touches one.
local function free_place(y, near, diameter)
  local places = { 0 }
  for _, p in ipairs(near) do
    local reach = math.sqrt(math.max(0, diameter ^ 2 - (y - p.y) ^ 2))
    places[#places + 1] = p.x + reach
    places[#places + 1] = p.x - reach
  end
  table.sort(places, function(a, b)
    if math.abs(math.abs(a) - math.abs(b)) > 1e-9 then
      return math.abs(a) < math.abs(b)
    end
    return a > b
  end)
  for _, x in ipairs(places) do
    local free = true
    for _, p in ipairs(near) do
      if (x - p.x) ^ 2 + (y - p.y) ^ 2 < diameter ^ 2 * (1 - 1e-9) then
        free = false
        break
      end
    end
    if free then return x end
  end
end

-- Moves each heap of points that reach one another to the middle.
local function centre(order, ys, xs, diameter)
  local from = 1
  for k = 1, #order do
    local above = order[k + 1]
    if not above or ys[above] - ys[order[k]] >= diameter then
      local low, high = math.huge, -math.huge
      for i = from, k do
        low, high = math.min(low, xs[order[i]]), math.max(high, xs[order[i]])
      end
      for i = from, k do xs[order[i]] = xs[order[i]] - (low + high) / 2 end
      from = k + 1
    end
  end
end

--- swarm.place(ys, diameter, half) -> xs, fits
-- ys: heights in mm; xs: distances from the middle in mm, at most half. When
-- there is no room left, points stand evenly over the width instead, and fits
-- is false.
function M.place(ys, diameter, half)
  local order, xs, placed = {}, {}, {}
  for i = 1, #ys do order[i] = i end
  table.sort(order, function(a, b)
    if ys[a] ~= ys[b] then return ys[a] < ys[b] end
    return a < b
  end)
  local first, fits = 1, true
  for _, i in ipairs(order) do
    while placed[first] and placed[first].y <= ys[i] - diameter do
      first = first + 1
    end
    local near = table.move(placed, first, #placed, 1, {})
    local x = #near < 400 and free_place(ys[i], near, diameter)
    if not x or math.abs(x) > half then
      fits = false
      break
    end
    xs[i] = x
    placed[#placed + 1] = { x = x, y = ys[i] }
  end
  if fits then
    centre(order, ys, xs, diameter)
  else
    for rank, i in ipairs(order) do xs[i] = (2 * even(rank) - 1) * half end
  end
  return xs, fits
end

return M
