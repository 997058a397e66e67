-- Rows of text with strips of a plot among their columns: what forest and event
-- plots share. All texts are measured, so that none meets another.
--
-- spec: who; columns: { { head, width, strip = i } or { head, cell = i } } from
-- left to right; blocks: { { rows, strips } }
--   row     { label, indent, bold, cells = texts, draw = function(page, at, y,
--           height) by strip } or { text in cells }
--   strip   { x = { from, to }, log, ticks, labels, title, line = value,
--           dashed = values, ends = { left, right } }

local text = require "ts.text"
local fail = require "ts.error".fail

local M = {}

local function size_of(page) return page.style.table_text end

local function indent_of(page, row)
  return (row.indent or 0) * (page.cells and 2 or 2.2)
end

-- Widths of the columns: text as it needs, strips share what is left.
local function widths_of(page, spec)
  local s, size = page.style, size_of(page)
  local gap = page.cells and 2 or 2.5
  local widths, used, strips, natural = {}, 0, 0, 0
  for j, column in ipairs(spec.columns) do
    if column.strip then
      strips = strips + 1
    else
      local w = 0
      for _, word in ipairs(page:wrap(column.head, page.cells and 18 or 20, size,
        true)) do
        w = math.max(w, page:text_width(word, size, true) + 0.01)
      end
      for _, block in ipairs(spec.blocks) do
        for _, row in ipairs(block.rows) do
          local cell = row.cells and row.cells[column.cell]
          if cell then w = math.max(w, page:text_width(cell, size)) end
        end
      end
      widths[j] = w
    end
    used = used + (widths[j] or 0) + gap
  end
  for _, block in ipairs(spec.blocks) do
    for _, row in ipairs(block.rows) do
      natural = math.max(natural, indent_of(page, row)
        + page:text_width(row.label, size, row.bold) + 0.01)
    end
  end
  local room = page.width - 2 * s.pad - used
  local least = strips * (page.cells and 20 or math.max(18, 0.16 * page.width))
  local label = math.min(natural, room - least)
  if label < math.min(natural, page.cells and 10 or 12) then
    fail("invalid", ("%s: %s %s leave no room beside the columns; width = more, "
      .. "or fewer columns"):format(spec.who, text.number(page.width),
      page.cells and "characters" or "mm"))
  end
  -- a strip that is wider than that shows no more
  local strip = (room - label) / math.max(1, strips)
  local x = s.pad + label + gap
  local places = {}
  for j, column in ipairs(spec.columns) do
    local w = widths[j] or strip
    places[j] = { left = x, right = x + w }
    if page.cells then
      places[j] = { left = math.floor(x), right = math.floor(x + w) }
    end
    x = x + w + gap
  end
  return places, label
end

-- The lines of each label and what stands below each block.
local function measure(page, spec)
  local s, size = page.style, size_of(page)
  local height = page:line_height(size)
  local m = { places = nil, heads = {}, head_lines = 0, fixed = 0, rows = 0 }
  m.places, m.label = widths_of(page, spec)
  for j, column in ipairs(spec.columns) do
    local p = m.places[j]
    m.heads[j] = column.head == "" and {}
      or page:wrap(column.head, p.right - p.left + 0.01, size, true)
    m.head_lines = math.max(m.head_lines, #m.heads[j])
  end
  m.fixed = m.head_lines * height + (page.cells and 0 or 1)
  m.lines, m.below = {}, {}
  for b, block in ipairs(spec.blocks) do
    m.lines[b] = {}
    for i, row in ipairs(block.rows) do
      m.lines[b][i] = page:wrap(row.label, m.label - indent_of(page, row) + 0.02,
        size, row.bold)
      m.fixed = m.fixed + #m.lines[b][i] * height
      m.rows = m.rows + 1
    end
    local below = 0
    for j, column in ipairs(spec.columns) do
      local strip = column.strip and block.strips[column.strip]
      if strip then
        local p = m.places[j]
        strip.title_lines = strip.title and page:wrap(strip.title,
          p.right - p.left, s.tick_text) or {}
        strip.end_lines = { {}, {} }
        local most = 0
        for e = 1, 2 do
          if strip.ends then
            strip.end_lines[e] = page:wrap(strip.ends[e],
              (p.right - p.left) / 2 - s.gap, s.tick_text)
            most = math.max(most, #strip.end_lines[e])
          end
        end
        below = math.max(below, (1 + #strip.title_lines + most)
          * page:line_height(s.tick_text) + s.tick + (page.cells and 1 or 0.4))
      end
    end
    m.below[b] = below
    m.fixed = m.fixed + below + (b > 1 and (page.cells and 1 or 1.2) or 0)
  end
  return m
end

--- strips.height(page, spec) -> mm that it takes without crowding
function M.height(page, spec)
  local m = measure(page, spec)
  return m.fixed + m.rows * 0.45 * page:line_height(size_of(page))
end

local function at_x(page, place, strip)
  return page:measured { x = strip.x, xlog = strip.log, left = place.left,
    right = place.right }
end

-- Places of the labels of every k-th tick, counted from where the line is; nil where
-- two of them meet. One that would leave the column is left out.
local function labels_apart(page, at, strip, k)
  local size, from, list, last = page.style.tick_text, 1, {}, -math.huge
  for i, tick in ipairs(strip.ticks) do from = tick == strip.line and i or from end
  local low, high = at.left - 1.2, at.right + 1.2 -- within the gap of columns
  for i, tick in ipairs(strip.ticks) do
    local x, half = at:at_x(tick), page:text_width(strip.labels[i], size) / 2
    local middle = math.min(math.max(x, low + half), high - half)
    if (i - from) % k == 0 and math.abs(middle - x) < 1.3 then
      if middle - half <= last then return nil end
      list[#list + 1] = { i, middle }
      last = middle + half + (page.cells and 1 or 0.4)
    end
  end
  return list
end

-- Ticks and those labels that stand apart, the same steps from one to the next.
local function draw_axis(page, at, strip, y)
  local s = page.style
  local size, height = s.tick_text, page:line_height(s.tick_text)
  page:line(at.left, y, at.right, y, { width = s.axis_line })
  for _, tick in ipairs(s.tick > 0 and strip.ticks or {}) do
    local x = at:at_x(tick)
    page:line(x, y - s.tick, x, y, { width = s.axis_line })
  end
  local labels
  for k = 1, #strip.ticks do labels = labels or labels_apart(page, at, strip, k) end
  for _, label in ipairs(labels or {}) do
    page:text(strip.labels[label[1]], label[2], y - s.tick - height / 2
      - (page.cells and 0 or 0.2), { size = size, align = "center" })
  end
  y = y - s.tick - height - (page.cells and 0 or 0.2)
  for _, line in ipairs(strip.title_lines) do
    page:text(line, (at.left + at.right) / 2, y - height / 2,
      { size = size, align = "center" })
    y = y - height
  end
  for e = 1, 2 do
    for k, line in ipairs(strip.end_lines[e]) do
      page:text(line, e == 1 and at.left or at.right, y - (k - 0.5) * height,
        { size = size, align = e == 1 and "left" or "right" })
    end
  end
end

local function draw_row(page, spec, block, row, lines, m, top, height)
  local size, y = size_of(page), top - height / 2
  local line = page:line_height(size)
  local first = y + (#lines - 1) * line / 2
  for k, words in ipairs(lines) do
    page:text(words, page.style.pad + indent_of(page, row), first - (k - 1) * line,
      { size = size, bold = row.bold })
  end
  for j, column in ipairs(spec.columns) do
    local place = m.places[j]
    if column.strip then
      local draw = row.draw and row.draw[column.strip]
      if draw then
        draw(page, at_x(page, place, block.strips[column.strip]), y, height)
      end
    else
      local cell = row.cells and row.cells[column.cell]
      if cell then
        page:text(cell, column.align == "left" and place.left or place.right, y,
          { size = size, align = column.align or "right" })
      end
    end
  end
end

local function draw_heads(page, spec, m, top)
  local size = size_of(page)
  local line = page:line_height(size)
  for j, column in ipairs(spec.columns) do
    local place, n = m.places[j], #m.heads[j]
    local x, align = place.right, "right"
    if column.strip then x, align = (place.left + place.right) / 2, "center" end
    if column.align == "left" then x, align = place.left, "left" end
    for k, words in ipairs(m.heads[j]) do
      page:text(words, x, top - (m.head_lines - n + k - 0.5) * line,
        { size = size, align = align, bold = true })
    end
  end
  if not page.cells then
    local y = top - m.head_lines * line - 0.4
    page:line(page.style.pad, y, page.width - page.style.pad, y,
      { width = page.style.axis_line })
  end
  return top - m.head_lines * line - (page.cells and 0 or 1)
end

-- In a preview what does not fit is left out, and said.
local function cut(page, spec, room)
  local m = measure(page, spec)
  while page.cells and m.fixed > room do
    local blocks, left = {}, 0
    for b, block in ipairs(spec.blocks) do blocks[b] = block end
    local last = blocks[#blocks]
    if #last.rows > 2 then
      local n = #last.rows
      local missing = (last.missing or 0) + (last.missing and 2 or 1)
      last = setmetatable({ rows = table.move(last.rows, 1, n - 2, 1, {}),
        missing = missing + 1 }, { __index = last })
      left = last.missing
      last.rows[n - 1] = { label = ("\u{2026} %d more rows"):format(left) }
      blocks[#blocks] = last
    elseif #blocks > 1 then
      blocks[#blocks] = nil
    else
      break
    end
    spec = setmetatable({ blocks = blocks }, { __index = spec })
    m = measure(page, spec)
  end
  return spec, m
end

--- strips.draw(page, spec, bottom, top)
function M.draw(page, spec, bottom, top)
  local m
  spec, m = cut(page, spec, top - bottom)
  local spare = top - bottom - m.fixed
  if spare < -0.01 then
    fail("invalid", ("%s: %s mm leave no room for %d rows; height = %d and more")
      :format(spec.who, text.number(page.height), m.rows,
        math.ceil(page.height - spare)))
  end
  local more = page.cells and 0
    or math.min(spare / m.rows, 1.5 * page:line_height(size_of(page)))
  local y = draw_heads(page, spec, m, top)
  for b, block in ipairs(spec.blocks) do
    local from = y
    for i, row in ipairs(block.rows) do
      local height = #m.lines[b][i] * page:line_height(size_of(page)) + more
      draw_row(page, spec, block, row, m.lines[b][i], m, y, height)
      y = y - height
    end
    for j, column in ipairs(spec.columns) do
      local strip = column.strip and block.strips[column.strip]
      if strip then
        local at = at_x(page, m.places[j], strip)
        if strip.line and not page.cells then
          local x = at:at_x(strip.line)
          page:line(x, y, x, from, { width = page.style.thin, colour = "#7F7F7F",
            back = true })
        end
        for _, value in ipairs(not page.cells and strip.dashed or {}) do
          local x = at:at_x(value)
          page:line(x, y, x, from, { width = page.style.thin, colour = "#7F7F7F",
            dash = { 6, 4 }, back = true })
        end
        draw_axis(page, at, strip, y - (page.cells and 1 or 0))
      end
    end
    y = y - m.below[b] - (page.cells and 1 or 1.2)
  end
end

--- strips.interval(page, at, y, height, { low, estimate, high, side, colour,
-- shape }): an interval with its estimate; an arrow where it leaves the axis.
-- side: mm of the box; shape "diamond": as wide as the interval
function M.interval(page, at, y, height, e)
  local a, b = at.x[1], at.x[2]
  local function inside(v) return v >= a and v <= b end
  local function place(v) return at:at_x(math.min(math.max(v, a), b)) end
  if page.cells then
    local from, to, middle = math.floor(place(e.low) + 0.5),
      math.floor(place(e.high) + 0.5), math.floor(place(e.estimate) + 0.5)
    local cells = {}
    for x = from, to do cells[x - from + 1] = "-" end
    cells[1] = inside(e.low) and "|" or "<"
    cells[#cells] = inside(e.high) and "|" or ">"
    if inside(e.estimate) then cells[middle - from + 1] = e.letter or "#" end
    page:text(table.concat(cells), from, y, {})
    return
  end
  local s, colour = page.style, e.colour or "#000000"
  if e.shape == "diamond" and inside(e.low) and inside(e.high) then
    local half = 0.32 * page:line_height(s.table_text)
    page:polygon({ place(e.low), y, place(e.estimate), y + half, place(e.high), y,
      place(e.estimate), y - half }, { fill = colour })
    return
  end
  local function to(value)
    local draw = inside(value) and page.line or page.arrow
    draw(page, place(e.estimate), y, place(value), y, { colour = colour,
      width = s.curve, head = 1.8 })
  end
  to(e.low)
  to(e.high)
  if inside(e.estimate) then
    local h = math.min(e.side or 1.2, 0.9 * height) / 2
    local x = place(e.estimate)
    page:box(x - h, y - h, x + h, y + h, { fill = colour })
  end
end

return M
