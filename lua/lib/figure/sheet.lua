-- What all figures share: the title above, note and stamp below, axes.

local M = {}

--- sheet.frame(page, spec) -> bottom, top: the height left for the figure
-- spec.title above, spec.note below, spec.stamp in the lower right corner,
-- each in rows of its own, so that none can meet what is drawn.
function M.frame(page, spec)
  local s = page.style
  local width = page.width - 2 * s.pad
  local top, bottom = page.height - s.pad, s.pad
  local left = s.pad
  if page.letter then -- of a panel, beside its title
    local size = s.letter
    page:text(page.letter, s.pad, page.height - s.pad - page:line_height(size) / 2,
      { size = size, bold = true })
    left = left + page:text_width(page.letter, size, true) + 2 * s.gap
    if not spec.title then top = top - page:line_height(size) end
  end
  if spec.title then
    local height = page:line_height(s.title)
    width = width - left + s.pad
    for _, line in ipairs(page:wrap(spec.title, width, s.title, true)) do
      page:text(line, page.cells and (left + page.width) / 2 or left,
        top - height / 2,
        { size = s.title, bold = true, align = page.cells and "center" or "left" })
      top = top - height
    end
    top = top - s.between
  end
  width = page.width - 2 * s.pad
  local note = spec.note and page:wrap(spec.note, width, s.note_text) or {}
  local height = page:line_height(s.note_text)
  if spec.stamp then
    local last = note[#note]
    local beside = last and page:text_width(last, s.note_text)
      + page:text_width(spec.stamp, s.stamp_text, true) + 3 * s.gap <= width
    if last and not beside then note[#note + 1] = "" end
    page:text(spec.stamp, page.width - s.pad, bottom + height / 2,
      { size = s.stamp_text, align = "right", bold = true, colour = "#7F7F7F" })
    if not last then note[1] = "" end
  end
  for i = #note, 1, -1 do
    page:text(note[i], s.pad, bottom + height / 2, { size = s.note_text })
    bottom = bottom + height
  end
  return bottom + (#note > 0 and s.between or 0), top
end

--- sheet.height(width, look, spec, height) -> mm of a page that leaves that height
-- between title and note; height(page) -> mm. For figures that know what they take.
function M.height(width, look, spec, height)
  local page = require "trialsh.figure.canvas".paper(width, 1000, look)
  local bottom, top = M.frame(page, { title = spec.title, note = spec.note,
    stamp = spec.stamp })
  return math.ceil(page.height - (top - bottom) + height(page))
end

--- sheet.y_axis(panel, axis): { ticks, labels, minor, title } and where its
-- title is: title_at in mm from the left, row of the preview
function M.y_axis(panel, axis)
  local page, s = panel.page, panel.page.style
  local x = panel.left
  page:line(x, panel.bottom, x, axis.upto and panel:at_y(axis.upto) or panel.top,
    { width = s.axis_line })
  for i, y in ipairs(axis.ticks) do
    local at = panel:at_y(y)
    if s.tick > 0 then
      page:line(x - s.tick, at, x, at, { width = s.axis_line })
    end
    if page.cells then at = math.floor(at + 0.5) end -- the row it is drawn in
    page:text(axis.labels[i], x - s.tick - (page.cells and 0 or s.gap), at,
      { size = s.tick_text, align = "right" })
  end
  for _, y in ipairs(s.tick > 0 and axis.minor or {}) do
    local at = panel:at_y(y)
    page:line(x - s.tick / 2, at, x, at, { width = s.axis_line })
  end
  if not axis.title then return end
  if page.cells then
    page:text(axis.title, 0, axis.row, { size = s.label })
    return
  end
  local height = page:line_height(s.label)
  local lines = page:wrap(axis.title, panel.top - panel.bottom + 1, s.label)
  for i, line in ipairs(lines) do
    page:text(line, axis.title_at + (i - 0.5) * height,
      (panel.bottom + panel.top) / 2,
      { size = s.label, align = "center", turn = true })
  end
end

--- sheet.y_width(page, axis, height) -> what stands left of the axis line
function M.y_width(page, axis, height)
  local s, widest = page.style, 0
  for _, label in ipairs(axis.labels) do
    widest = math.max(widest, page:text_width(label, s.tick_text))
  end
  if page.cells then return widest + 1 end
  local lines = axis.title and #page:wrap(axis.title, height + 1, s.label) or 0
  return widest + s.tick + s.gap
    + (lines > 0 and lines * page:line_height(s.label) + 1.5 * s.gap or 0)
end

--- sheet.x_line(panel): the line of the x axis
function M.x_line(panel)
  panel.page:line(panel.left, panel.bottom, panel.right, panel.bottom,
    { width = panel.page.style.axis_line })
end

--- sheet.x_axis(panel, { ticks, labels, all, minor }) -> y below ticks and their
-- labels; all: ticks with a mark, more than have a label
function M.x_axis(panel, axis)
  local page, s = panel.page, panel.page.style
  M.x_line(panel)
  local height = page:line_height(s.tick_text)
  local y = panel.bottom - s.tick - height / 2 - (page.cells and 0 or 0.2)
  for _, x in ipairs(s.tick > 0 and (axis.all or axis.ticks) or {}) do
    local at = panel:at_x(x)
    page:line(at, panel.bottom - s.tick, at, panel.bottom,
      { width = s.axis_line })
  end
  for _, x in ipairs(s.tick > 0 and axis.minor or {}) do
    local at = panel:at_x(x)
    page:line(at, panel.bottom - s.tick / 2, at, panel.bottom,
      { width = s.axis_line })
  end
  for i, x in ipairs(axis.ticks) do
    local at = panel:at_x(x)
    page:text(axis.labels[i], at, y, { size = s.tick_text, align = "center" })
  end
  return y - height / 2
end

--- sheet.x_height(page) -> what stands below the axis line, title apart
function M.x_height(page)
  local s = page.style
  return s.tick + page:line_height(s.tick_text) + (page.cells and 0 or 0.2)
end

return M
