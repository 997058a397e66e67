-- Cumulative incidences one on the other: an event as an area from 0 up, the competing
-- one on it; what is left above is neither. Rows are those of a curve of curves.lua.

local M = {}

-- Steps of values at times, from 0 at 0; up to the last time or further.
local function steps(times, values, upto)
  local xs, ys = { 0 }, { 0 }
  for i, time in ipairs(times) do
    if values[i] ~= ys[#ys] then
      xs[#xs + 1], ys[#ys + 1] = time, ys[#ys]
      xs[#xs + 1], ys[#ys + 1] = time, values[i]
    end
  end
  local last = upto or times[#times]
  if last and last > xs[#xs] then xs[#xs + 1], ys[#ys + 1] = last, ys[#ys] end
  return xs, ys
end

-- The area between two lines of steps.
local function between(low_x, low_y, high_x, high_y)
  local xs, ys = table.move(low_x, 1, #low_x, 1, {}), table.move(low_y, 1, #low_y, 1, {})
  for i = #high_x, 1, -1 do xs[#xs + 1], ys[#ys + 1] = high_x[i], high_y[i] end
  return xs, ys
end

--- stacked.colours(palette) -> of the event and of the competing one; both print as
-- greys that differ
function M.colours(palette)
  if type(palette) == "table" and palette[2] then return palette[1], palette[2] end
  if palette == "grey" then return "#C8C8C8", "#595959" end
  return "#86B5D6", "#595959"
end

--- stacked.entries(names, palette): a legend's
function M.entries(names, palette)
  local list, colours = {}, { M.colours(palette) }
  for k, name in ipairs(names) do
    list[k] = { name = name, place = k, key = "point", letter = ("*#"):sub(k, k),
      arm = { colour = colours[k], symbol = 5, weight = 1.2 } }
  end
  return list
end

--- stacked.tops(own, other) -> the sum of both at each time
function M.tops(own, other)
  local out = {}
  for i, y in ipairs(own.estimate) do out[i] = y + other.estimate[i] end
  return out
end

--- stacked.draw(panel, own, other, palette)
function M.draw(panel, own, other, palette)
  local s = panel.page.style
  local event, competing = M.colours(palette)
  local xs, ys = steps(own.time, own.estimate, own.upto)
  local top_x, top_y = steps(own.time, M.tops(own, other), own.upto)
  local x, y = between(xs, ys, top_x, top_y)
  panel:area(x, y, { colour = competing })
  x, y = between({ 0, xs[#xs] }, { 0, 0 }, xs, ys)
  panel:area(x, y, { colour = event })
  panel:lines(xs, ys, { width = s.thin, place = 1 })
  panel:lines(top_x, top_y, { width = s.thin, place = 2 })
end

return M
