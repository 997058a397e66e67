-- The boxes and arrows of figure.flow on their page. spec: top, aside, randomised:
-- boxes, lists of lines { label, n, level, bold }; arms: names; stages: for each a
-- box per arm.

local text = require "ts.text"
local fail = require "ts.error".fail

local M = {}

local WHO = "figure.flow"

local function words_of(line)
  return line[2] and ("%s (n = %d)"):format(line[1], line[2]) or line[1]
end

-- Lines of them; a number stays with its n.
local function wrapped(page, line, width)
  local words = words_of(line)
  if line[2] then
    words = ("%s (n\u{A0}=\u{A0}%d)"):format(line[1], line[2])
  end
  local lines = page:wrap(words, width, page.style.table_text, line[4])
  for i, part in ipairs(lines) do lines[i] = part:gsub("\u{A0}", " ") end
  return lines
end

local function size_of(page) return page.style.table_text end

local PAD, INDENT = 1.3, 2

local function lines_of(page, box, width)
  local out = {}
  for _, line in ipairs(box) do
    local indent = line[3] * INDENT
    for k, words in ipairs(wrapped(page, line, width - 2 * PAD - indent
      - (line[3] > 0 and 1 or 0))) do
      out[#out + 1] = { words, indent + (k > 1 and line[3] > 0 and 1 or 0),
        line[4] }
    end
  end
  return out
end

local function height_of(page, lines)
  return #lines * page:line_height(size_of(page)) + 2 * PAD
end

local function draw_box(page, lines, left, top, width, height)
  page:box(left, top - height, left + width, top,
    { colour = "#000000", width = page.style.box_line })
  local line = page:line_height(size_of(page))
  local y = top - (height - #lines * line) / 2
  for i, words in ipairs(lines) do
    page:text(words[1], left + PAD + words[2], y - (i - 0.5) * line,
      { size = size_of(page), bold = words[3] })
  end
end

-- Lines, places and heights of all boxes; gaps for the arrows apart.
local function measure(page, spec)
  local s = page.style
  local width = page.width - 2 * s.pad
  local m = { stages = {}, fixed = 0, gaps = 0 }
  m.middle = { left = s.pad + 0.32 * width, width = 0.36 * width }
  m.x = page.width / 2
  m.aside_left = m.x + 4
  if spec.top then
    m.top = lines_of(page, spec.top, m.middle.width)
    local room, widest = page.width - s.pad - m.aside_left, 0
    for _, line in ipairs(spec.aside) do
      widest = math.max(widest, line[3] * INDENT + 1.5 + 2 * PAD
        + page:text_width(words_of(line), size_of(page), line[4]))
    end
    m.aside_width = math.min(room, math.max(widest, 0.3 * width))
    m.aside = lines_of(page, spec.aside, m.aside_width)
    m.fixed = height_of(page, m.top) + height_of(page, m.aside)
    m.gaps = 2 -- above and below what stands aside
  end
  m.randomised = lines_of(page, spec.randomised, m.middle.width)
  m.fixed = m.fixed + height_of(page, m.randomised)
  local n = #spec.arms
  m.gap = math.min(4, 0.03 * page.width)
  m.width = (width - (n - 1) * m.gap) / n
  if m.width < 10 then
    fail("invalid", ("%s: %s mm leave no room for %d arms; width = more"):format(WHO,
      text.number(page.width), n))
  end
  for i, stage in ipairs(spec.stages) do
    local lines, most = {}, 0
    for k, box in ipairs(stage) do
      lines[k] = lines_of(page, box, m.width)
      most = math.max(most, height_of(page, lines[k]))
    end
    m.stages[i] = { lines = lines, height = most }
    m.fixed, m.gaps = m.fixed + most, m.gaps + (i == 1 and 2 or 1)
  end
  return m
end

local function draw_arms(page, m, y, gap)
  local s = page.style
  local line = { width = s.box_line }
  local first, last
  for i, stage in ipairs(m.stages) do
    if i == 1 then
      page:line(m.x, y, m.x, y - gap, line)
      y = y - gap
    end
    for k, lines in ipairs(stage.lines) do
      local left = s.pad + (k - 1) * (m.width + m.gap)
      local x = left + m.width / 2
      first, last = first or x, x
      page:arrow(x, y, x, y - gap, { width = s.box_line, head = 1.6 })
      draw_box(page, lines, left, y - gap, m.width, stage.height)
    end
    if i == 1 then
      page:line(math.min(first, m.x), y, math.max(last, m.x), y, line)
    end
    y = y - gap - stage.height
  end
end

-- A preview has no boxes, but what would stand in them.
local function list(page, spec, bottom, top)
  local lines = {}
  local function say(box, indent)
    for _, line in ipairs(box) do
      lines[#lines + 1] = (" "):rep(indent + 2 * line[3]) .. words_of(line)
    end
  end
  if spec.top then
    say(spec.top, 0)
    say(spec.aside, 4)
  end
  say(spec.randomised, 0)
  for k in ipairs(spec.arms) do
    for i, stage in ipairs(spec.stages) do say(stage[k], i == 1 and 2 or 4) end
  end
  local room = math.floor(top - bottom)
  for i = 1, math.min(#lines, room) do
    local words = i == room and #lines > room
      and ("\u{2026} %d more lines"):format(#lines - room + 1) or lines[i]
    local indent, rest = words:match "^( *)(.*)$"
    page:text(page:fit(rest, page.width - #indent, 1), #indent, top - i, { size = 1 })
  end
end

local LEAST, USUAL = 2.2, 4

--- flow_page.height(page, spec) -> mm that it takes
function M.height(page, spec)
  local m = measure(page, spec)
  return m.fixed + m.gaps * USUAL
end

--- flow_page.draw(page, spec, bottom, top)
function M.draw(page, spec, bottom, top)
  if page.cells then return list(page, spec, bottom, top) end
  local m = measure(page, spec)
  local gap = (top - bottom - m.fixed) / m.gaps
  if gap < LEAST then
    fail("invalid", ("%s: %s mm are too low; height = %d and more, or width"):format(
      WHO, text.number(page.height),
      math.ceil(page.height + (LEAST - gap) * m.gaps)))
  end
  gap = math.min(gap, 9)
  local s, y = page.style, top
  local line = { width = s.box_line, head = 1.6 }
  if spec.top then
    local height, aside = height_of(page, m.top), height_of(page, m.aside)
    draw_box(page, m.top, m.middle.left, y, m.middle.width, height)
    y = y - height
    page:arrow(m.x, y, m.x, y - 2 * gap - aside, line)
    page:arrow(m.x, y - gap - aside / 2, m.aside_left, y - gap - aside / 2, line)
    draw_box(page, m.aside, m.aside_left, y - gap, m.aside_width, aside)
    y = y - 2 * gap - aside
  end
  local height = height_of(page, m.randomised)
  draw_box(page, m.randomised, m.middle.left, y, m.middle.width, height)
  draw_arms(page, m, y - height, gap)
end

return M
