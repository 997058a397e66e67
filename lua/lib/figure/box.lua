-- A box of median and quartiles with its whiskers.

local cframe = require "ts.frame"
local core = require "ts.describe"

local M = {}

--- box.of(values [, whiskers]) -> quartiles of type 2 and the furthest values
-- within 1.5 interquartile ranges of them (Tukey 1977), of "range" all
function M.of(values, whiskers)
  local column = cframe.build({ "y" }, { values }):column "y"
  local d = core.describe(column, 2)
  local reach = whiskers == "range" and math.huge or 1.5 * (d.q3 - d.q1)
  local low, high = d.q1, d.q3
  for _, y in ipairs(values) do
    if y >= d.q1 - reach and y < low then low = y end
    if y <= d.q3 + reach and y > high then high = y end
  end
  return { q1 = d.q1, median = d.median, q3 = d.q3, low = low, high = high,
    n = #values }
end

-- Below this many values quartiles say nothing: the median alone is drawn.
local LEAST = 4

--- box.draw(panel, x, box, arm, half, place): half: of its width, in units of x
function M.draw(panel, x, box, arm, half, place)
  local page, s = panel.page, panel.page.style
  local pen = { colour = arm.colour, width = s.box_line, place = place }
  local function median()
    if page.cells then return end
    panel:segments({ x - half }, { box.median }, { x + half }, { box.median },
      { colour = arm.colour, width = 2 * s.box_line })
  end
  if box.n < LEAST then return median() end
  panel:area({ x - half, x + half, x + half, x - half },
    { box.q1, box.q1, box.q3, box.q3 }, { colour = arm.colour, opacity = 0.1 })
  panel:lines({ x - half, x + half, x + half, x - half, x - half },
    { box.q1, box.q1, box.q3, box.q3, box.q1 }, pen)
  median()
  if page.cells then return end
  local cap = half / 2.5
  panel:segments({ x, x, x - cap, x - cap }, { box.q3, box.q1, box.high, box.low },
    { x, x, x + cap, x + cap }, { box.high, box.low, box.high, box.low }, pen)
end

return M
