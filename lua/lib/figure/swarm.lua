-- Where points of one group stand beside each other: as near to the middle as
-- possible without touching, the same each time. No random numbers.

local M = {}

local CROWD = 120 -- more neighbours than this: outermost place, not the nearest

-- The place nearest to the middle at height y that touches none of near.
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

-- Beside all of near, on the side that has more room.
local function outer_place(near, diameter)
  local low, high = math.huge, -math.huge
  for _, p in ipairs(near) do
    low, high = math.min(low, p.x), math.max(high, p.x)
  end
  return high + diameter <= diameter - low and high + diameter or low - diameter
end

-- Moves each heap of points that reach one another to the middle, and presses
-- it into the width where it is wider; true when none was.
local function settle(order, ys, xs, diameter, half)
  local from, fits = 1, true
  for k = 1, #order do
    local above = order[k + 1]
    if not above or ys[above] - ys[order[k]] >= diameter then
      local low, high = math.huge, -math.huge
      for i = from, k do
        low, high = math.min(low, xs[order[i]]), math.max(high, xs[order[i]])
      end
      local press = math.min(1, 2 * half / math.max(high - low, 1e-300))
      fits = fits and press == 1
      for i = from, k do
        xs[order[i]] = (xs[order[i]] - (low + high) / 2) * press
      end
      from = k + 1
    end
  end
  return fits
end

--- swarm.place(ys, diameter, half) -> xs, fits
-- ys: heights in mm; xs: distances from the middle in mm, at most half. fits is
-- false when some points had to overlap for want of room.
function M.place(ys, diameter, half)
  local order, xs, placed = {}, {}, {}
  for i = 1, #ys do order[i] = i end
  table.sort(order, function(a, b)
    if ys[a] ~= ys[b] then return ys[a] < ys[b] end
    return a < b
  end)
  local first = 1
  for _, i in ipairs(order) do
    while placed[first] and placed[first].y <= ys[i] - diameter do
      first = first + 1
    end
    local near = table.move(placed, first, #placed, 1, {})
    xs[i] = #near > CROWD and outer_place(near, diameter)
      or free_place(ys[i], near, diameter)
    placed[#placed + 1] = { x = xs[i], y = ys[i] }
  end
  return xs, settle(order, ys, xs, diameter, half)
end

return M
