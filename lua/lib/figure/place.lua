-- Finds room for a block of text among what is drawn.

local M = {}

local function meets(box, r)
  return box.left < r[3] and box.right > r[1]
    and box.bottom < r[4] and box.top > r[2]
end

local function free(box, obstacles)
  for _, r in ipairs(obstacles) do
    if meets(box, r) then return false end
  end
  return true
end

-- Corners first, then down the right side, then everywhere.
local function candidates(n)
  local list = { { 1, 1 }, { 0, 0 }, { 1, 0 }, { 0, 1 } }
  for i = n, 0, -1 do
    for j = n, 0, -1 do list[#list + 1] = { i / n, j / n } end
  end
  return list
end

--- place.find(area, width, height, obstacles, soft) -> box or nil
-- area, box: { left, right, bottom, top }; obstacles and soft: lists of
-- { left, bottom, right, top }. Soft ones are avoided if possible.
function M.find(area, width, height, obstacles, soft)
  local room_x = area.right - area.left - width
  local room_y = area.top - area.bottom - height
  if room_x < 0 or room_y < 0 then return nil end
  local second
  for _, c in ipairs(candidates(12)) do
    local left, bottom = area.left + c[1] * room_x, area.bottom + c[2] * room_y
    local box = { left = left, right = left + width, bottom = bottom,
      top = bottom + height }
    if free(box, obstacles) then
      if free(box, soft) then return box end
      second = second or box
    end
  end
  return second
end

return M
