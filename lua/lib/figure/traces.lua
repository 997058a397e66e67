-- The marks of a profile: thin lines of subjects, bold ones of arms with their
-- intervals, values below a limit, deaths, days of doses.

local NA = require "ts.na".NA

local M = {}

-- Arms stand side by side at each time, as far as there is room.
local function shifts(panel, spec)
  local n, least = #spec.groups, math.huge
  for i = 2, #spec.ticks do
    least = math.min(least, panel:at_x(spec.ticks[i])
      - panel:at_x(spec.ticks[i - 1]))
  end
  local step = math.min(0.9, 0.6 * least / math.max(1, n))
  local out = {}
  for k = 1, n do out[k] = panel.page.cells and 0 or (k - (n + 1) / 2) * step end
  return out
end

local function inside(panel, y) return y >= panel.y[1] and y <= panel.y[2] end

-- Each subject: thin, in a tint of the arm's colour; all of an arm at once.
local function draw_subjects(panel, spec, group, arm)
  local xs, ys, open_x, open_y = {}, {}, {}, {}
  for _, subject in ipairs(group.order) do
    for i, x in ipairs(subject.x) do
      xs[#xs + 1], ys[#ys + 1] = x, subject.y[i]
      if subject.below[i] and inside(panel, subject.y[i]) then
        open_x[#open_x + 1], open_y[#open_y + 1] = x, subject.y[i]
      end
    end
    xs[#xs + 1], ys[#ys + 1] = false, false
  end
  if spec.lines then -- paler where there are many
    local opacity = math.max(0.12, math.min(0.35, 0.35 * (40 / #group.order) ^ 0.4))
    panel:lines(xs, ys, { colour = arm.colour, opacity = opacity, width = 0.35 })
  end
  return open_x, open_y
end

-- Values below their limit: open symbols on it, moved aside as their arm is.
local function draw_below(panel, xs, ys, arm, shift)
  local seen, at_x, at_y = {}, {}, {}
  for i, x in ipairs(xs) do
    local key = ("%.17g %.17g"):format(x, ys[i])
    if not seen[key] then
      seen[key] = true
      at_x[#at_x + 1] = panel:from_x(panel:at_x(x) + shift)
      at_y[#at_y + 1] = ys[i]
    end
  end
  panel:points(at_x, at_y, { symbol = arm.symbol, colour = arm.colour,
    size = 2.2 * arm.weight, open = true })
end

local function is_dead(subject)
  return subject.died or subject.died_at ~= nil and subject.died_at ~= NA
end

--- traces.ends(spec) -> whether lines end with death, and whether others end early
function M.ends(spec)
  local died, left = false, false
  for _, group in ipairs(spec.groups) do
    for _, subject in ipairs(group.order) do
      local n = #subject.x
      if n > 0 and is_dead(subject) then died = true
      elseif n > 0 and subject.x[n] < spec.last then left = true end
    end
  end
  return died, left
end

-- A cross at the last value of who died; a tick at that of others who left.
local function draw_ends(panel, group, arm, last)
  local page, half = panel.page, 0.7
  for _, subject in ipairs(group.order) do
    local n, dead = #subject.x, is_dead(subject)
    if n > 0 and (dead or subject.x[n] < last) and inside(panel, subject.y[n]) then
      local x, y = panel:at_x(subject.x[n]), panel:at_y(subject.y[n])
      local pen = { colour = arm.colour, width = 0.5 }
      if dead then
        page:cross(x, y, half, pen)
      else
        page:line(x, y - half, x, y + half, pen)
      end
    end
  end
end

local function draw_centre(panel, group, arm, shift, k, letter)
  local page, s = panel.page, panel.page.style
  local xs, ys, low_x, low, high = {}, {}, {}, {}, {}
  for _, row in ipairs(group.rows) do
    if row.estimate ~= NA then
      local x = panel:from_x(panel:at_x(row.x) + shift)
      xs[#xs + 1], ys[#ys + 1] = x, row.estimate
      if row.low ~= NA and row.high ~= NA then
        low_x[#low_x + 1] = x
        low[#low + 1] = math.max(row.low, panel.y[1])
        high[#high + 1] = math.min(row.high, panel.y[2])
      end
    end
  end
  if page.cells then
    panel:lines(xs, ys, { place = k })
    for i, x in ipairs(xs) do
      if inside(panel, ys[i]) then
        page:text(letter, panel:at_x(x), math.floor(panel:at_y(ys[i]) + 0.5),
          { size = 1 })
      end
    end
    return
  end
  panel:segments(low_x, low, low_x, high, { colour = arm.colour, width = s.curve })
  panel:lines(xs, ys, { colour = arm.colour, width = 1.3 * s.curve,
    dash = arm.dash })
  local px, py = {}, {}
  for i, y in ipairs(ys) do
    if inside(panel, y) then px[#px + 1], py[#py + 1] = xs[i], y end
  end
  panel:points(px, py, { symbol = arm.symbol, colour = arm.colour,
    size = 3.2 * arm.weight })
end

--- traces.draw(panel, spec): subjects, values below their limit, centres, deaths
function M.draw(panel, spec)
  local shift, open = shifts(panel, spec), {}
  for k, group in ipairs(spec.groups) do
    if spec.lines or spec.limit then
      local xs, ys = draw_subjects(panel, spec, group, spec.arms[k])
      open[k] = { xs, ys }
    end
  end
  for k, group in ipairs(spec.groups) do
    if spec.limit and not panel.page.cells then
      draw_below(panel, open[k][1], open[k][2], spec.arms[k], shift[k])
    end
    draw_centre(panel, group, spec.arms[k], shift[k], k, spec.letters[k])
  end
  if spec.deaths and spec.lines and not panel.page.cells then
    for k, group in ipairs(spec.groups) do
      draw_ends(panel, group, spec.arms[k], spec.last)
    end
  end
end

--- traces.dose_height(page, spec), traces.draw_doses(panel, spec): days of doses,
-- a row of triangles for each arm that has some, above the panel
function M.dose_height(page, spec)
  if page.cells or not spec.doses then return 0 end
  return #spec.doses * 1.6 + 0.8
end

function M.draw_doses(panel, spec)
  local page, s = panel.page, panel.page.style
  if page.cells or not spec.doses then return end
  local top = panel.top + 0.8
  for k, dose in ipairs(spec.doses) do
    local y = top + (#spec.doses - k + 0.5) * 1.6
    for _, day in ipairs(dose.days) do
      if day >= panel.x[1] and day <= panel.x[2] then
        page:symbol(panel:at_x(day), y, { symbol = "down", size = 3.4,
          colour = dose.arm.colour })
      end
    end
  end
  local width = page:text_width("Doses", s.tick_text)
  if panel.left - s.gap - width >= 0 then
    page:text("Doses", panel.left - s.gap, top + #spec.doses * 0.8
      + math.max(0, 0.6 * (2 - #spec.doses)), { size = s.tick_text,
        align = "right" })
  end
end

-- Where the line of a subject runs, in short pieces.
local function add_line(panel, subject, list)
  local last_x, last_y
  for i, x in ipairs(subject.x) do
    local px, py = panel:at_x(x), panel:at_y(subject.y[i])
    for k = last_x and 1 or 4, 4 do
      local f = k / 4
      local at_x, at_y = px, py
      if last_x then
        at_x, at_y = last_x + (px - last_x) * f, last_y + (py - last_y) * f
      end
      list[#list + 1] = { at_x - 1, at_y - 1, at_x + 1, at_y + 1 }
    end
    last_x, last_y = px, py
  end
end

--- traces.obstacles(panel, spec) -> what a block of text must not cover, and
-- should not
function M.obstacles(panel, spec)
  local hard = {}
  for _, group in ipairs(spec.groups) do
    local before
    for _, row in ipairs(group.rows) do
      if row.estimate ~= NA then
        local x, y = panel:at_x(row.x), panel:at_y(row.estimate)
        local low = row.low ~= NA and panel:at_y(math.max(row.low, panel.y[1])) or y
        local high = row.high ~= NA and panel:at_y(math.min(row.high, panel.y[2])) or y
        hard[#hard + 1] = { x - 1.6, low - 0.8, x + 1.6, high + 0.8 }
        if before then -- the line between two times, in short pieces
          for i = 1, 9 do
            local px, py = before[1] + (x - before[1]) * i / 10,
              before[2] + (y - before[2]) * i / 10
            hard[#hard + 1] = { px - 0.9, py - 0.9, px + 0.9, py + 0.9 }
          end
        end
        before = { x, y }
      end
    end
    local many = #group.order > 100
    for k, subject in ipairs(spec.lines and group.order or {}) do
      if not many or k % (#group.order // 100) == 0 then
        add_line(panel, subject, hard)
      end
    end
  end
  return hard, {}
end

return M
