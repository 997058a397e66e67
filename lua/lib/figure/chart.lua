-- The frame of a figure that has axes: where its panel stands among title,
-- labels, legend and the table below, so that none meets another. A kind of
-- figure brings ticks, rows and a function that draws its marks.
--
-- HOW A NEW KIND IS MADE. A file lua/lib/figure/KIND.lua returns { KIND = f },
-- its name stands in the list of lua/lib/figure.lua, and a line in the list of
-- tests/lua/test_figure_layout.lua has its layout measured. f does
--
--   local first, opt = source.options("figure.KIND", given, own_options)
--   local from = source.take("figure.KIND", first)        -- data or endpoint;
--     analysed.course, claimed, at_visits: an endpoint's rows over time, at its
--     visit, at each visit
--   return object.new(opt, from, { what = "...", caption = "...",
--     height = mm or function(look) -> mm,
--     entries = for a legend, data = function() -> names, arrays of a CSV,
--     draw = function(page, bottom, top) ... end })
--
-- source.options adds what all figures take: title, note, stamp, width, height,
-- palette, journal. object.new draws title, note and stamp, and calls draw with
-- the height that is left. In draw, positions are mm of page (characters when
-- page.cells: the preview); sizes and fonts come from page.style, P-values from
-- page:p(value), text is measured by page:text_width(s, size, bold), cut by
-- page:fit, broken by page:wrap; marks are page:text, line, box, polygon, arrow,
-- and panel:lines, area, points, segments of p = page:panel { ... } in units of
-- data; p:at_x(value) is its mm. Axes alone: sheet.y_axis, sheet.x_axis. A figure with one panel needs only
--
--   draw = function(page, bottom, top) chart.draw(page, spec, bottom, top) end
--
-- spec, all optional but who, x, y, yaxis:
--   who       "figure.KIND", for errors
--   x, y      { from, to }; xlog, ylog; warp  another scale of y (warp.lua)
--   yaxis     { ticks, labels, minor, title, upto }
--   ticks, xlabels, xminor, xlabel   the x axis; or
--   captions  texts under 1, 2, ... on the x axis, with lists of lines in under
--   rows(page)   a table under the ticks: { { label, arm, bold, numbers } }
--   entries, legend   "inside", "above", "direct", "none"; ends: y of its names
--   text      lines that find room inside, or with text_above stand above
--   hline     values with a dashed line across;  guides  with a pale one;
--             band  { from, to }: a grey one
--   obstacles(panel) -> hard, soft: boxes in mm that text avoids
--   above(page, panel) -> mm above the panel;  draw_above(panel, y)
--   beside(page) -> mm at the right of it
--   marks(panel)

local text = require "ts.text"
local fail = require "ts.error".fail
local legend = require "trialsh.figure.legend"
local place = require "trialsh.figure.place"
local risk_table = require "trialsh.figure.risk_table"
local sheet = require "trialsh.figure.sheet"
local warp = require "trialsh.figure.warp"

local M = {}

-- Below the panel --------------------------------------------------------------

local function xlabel_lines(page, spec)
  if not spec.xlabel or page.shared and page.shared.xlabel then return {} end
  return page:wrap(spec.xlabel, page.width - 2 * page.style.pad, page.style.label)
end

-- Captions in lines that fit the slot between two groups; what stands under
-- them (n) stands in one row.
local function captions_of(page, spec, width)
  local s, most, list = page.style, 0, {}
  local slot = width / math.max(1, #spec.captions)
  for i, caption in ipairs(spec.captions) do
    list[i] = caption == "" and {} or page:wrap(caption, slot - s.gap, s.tick_text)
    for k, line in ipairs(list[i]) do
      list[i][k] = page:fit(line, slot, s.tick_text)
    end
    most = math.max(most, #list[i])
  end
  local under = 0
  for i, lines in ipairs(list) do
    for k, line in ipairs(spec.under and spec.under[i] or {}) do
      lines[most + k] = line
      under = math.max(under, k)
    end
  end
  return list, most + under
end

local function draw_captions(page, panel, captions, most)
  local s = page.style
  local height = page:line_height(s.tick_text)
  local top = panel.bottom - (page.cells and 0 or s.gap)
  for i, lines in ipairs(captions) do
    local x = panel:at_x(i)
    for k = 1, most do
      page:text(lines[k] or "", x, top - (k - 0.5) * height,
        { size = s.tick_text, align = "center" })
    end
  end
  return top - most * height
end

-- The title of the x axis, under the middle of the panel; the y below it.
local function draw_xlabel(panel, lines, y)
  local page, s = panel.page, panel.page.style
  local height = page:line_height(s.label)
  for _, line in ipairs(lines) do
    local half = page:text_width(line, s.label) / 2
    local x = math.max((panel.left + panel.right) / 2, s.pad + half)
    x = math.min(x, page.width - s.pad - half)
    page:text(line, x, y - height / 2, { size = s.label, align = "center" })
    y = y - height
  end
  return y
end

-- Those ticks whose labels and numbers stand clear of each other: first and
-- last, and what fits between.
local function clear_ticks(panel, spec, rows)
  local page, s = panel.page, panel.page.style
  local half, kept = {}, {}
  for i, label in ipairs(spec.xlabels) do
    half[i] = page:text_width(label, s.tick_text) / 2
    for _, row in ipairs(rows) do
      if row.numbers then
        half[i] = math.max(half[i],
          page:text_width(row.numbers[i] or "", s.table_text) / 2)
      end
    end
  end
  local gap = page.cells and 1 or 0.8 * s.gap
  local function apart(i, j)
    return panel:at_x(spec.ticks[j]) - panel:at_x(spec.ticks[i])
      >= half[i] + half[j] + gap
  end
  for i = 1, #spec.ticks do
    if #kept == 0 or apart(kept[#kept], i) then kept[#kept + 1] = i end
  end
  local last = #spec.ticks
  if kept[#kept] ~= last then
    while #kept > 1 and not apart(kept[#kept], last) do kept[#kept] = nil end
    if #kept == 0 or apart(kept[#kept], last) then kept[#kept + 1] = last end
  end
  return kept
end

local function chosen(list, kept)
  local out = {}
  for k, i in ipairs(kept) do out[k] = list[i] or "" end
  return out
end

-- Draws what stands below the panel.
local function draw_below(page, panel, spec, rows)
  local s, y = page.style, nil
  if spec.captions then
    sheet.x_line(panel)
    y = draw_captions(page, panel, captions_of(page, spec,
      panel.right - panel.left))
  else
    local kept = clear_ticks(panel, spec, rows)
    y = sheet.x_axis(panel, { ticks = chosen(spec.ticks, kept),
      labels = chosen(spec.xlabels, kept), all = spec.ticks,
      minor = spec.xminor })
    local numbers = {}
    for i, row in ipairs(rows) do
      numbers[i] = setmetatable({ numbers = row.numbers
        and chosen(row.numbers, kept) }, { __index = row })
    end
    y = draw_xlabel(panel, xlabel_lines(page, spec), y)
    risk_table.draw(page, panel, numbers, chosen(spec.ticks, kept), y - s.between)
    return
  end
  y = draw_xlabel(panel, xlabel_lines(page, spec), y)
  local places = {}
  for i in ipairs(spec.captions) do places[i] = i end
  risk_table.draw(page, panel, rows, places, y - s.between)
end

-- How much of the page that takes.
local function height_below(page, spec, rows, width)
  local s = page.style
  local height = spec.captions
    and select(2, captions_of(page, spec, width)) * page:line_height(s.tick_text)
      + (page.cells and 0 or s.gap)
    or sheet.x_height(page)
  return height + #xlabel_lines(page, spec) * page:line_height(s.label)
    + (#rows > 0 and #rows * page:line_height(s.table_text) + s.between or 0)
end

-- The panel --------------------------------------------------------------------

-- Half of the last label or number, which stands over the end of the axis.
local function overhang(page, spec, rows)
  local s, half = page.style, 0
  if spec.captions then return 0 end
  half = page:text_width(spec.xlabels[#spec.xlabels] or "", s.tick_text) / 2
  for _, row in ipairs(rows) do
    local number = row.numbers and row.numbers[#spec.ticks]
    if number then
      half = math.max(half, page:text_width(number, s.table_text) / 2)
    end
  end
  return half
end

local function fraction(x, range, log)
  if log then return math.log(x / range[1]) / math.log(range[2] / range[1]) end
  return (x - range[1]) / (range[2] - range[1])
end

-- Where the panel is, given what stands around it.
local function lay_out(page, spec, rows, bottom, top, right_of)
  local s = page.style
  local f = spec.warp
  local panel = { x = spec.x, y = f and { f.to(spec.y[1]), f.to(spec.y[2]) } or spec.y,
    xlog = spec.xlog, ylog = spec.ylog }
  local align, edge = page.align or {}, page.width - s.pad
  local rows_width, half = risk_table.width(page, rows), overhang(page, spec, rows)
  panel.top = math.min(top, page.height - (align.top or 0))
  panel.bottom = math.max(align.bottom or 0, bottom)
  -- the title of the y axis breaks by the height, captions break by the width
  for _ = 1, 8 do
    local height = panel.top - panel.bottom
    panel.left = math.max(align.left or 0, s.pad + math.max(rows_width,
      sheet.y_width(page, spec.yaxis, height)))
    panel.right = edge - right_of
    if not spec.captions then
      local f = fraction(spec.ticks[#spec.ticks], spec.x, spec.xlog)
      panel.right = math.min(panel.right,
        panel.left + (edge - half - panel.left) / math.max(f, 0.1))
    end
    panel.right = math.min(panel.right, page.width - (align.right or 0))
    if spec.above then
      panel.top = math.min(panel.top, top
        - spec.above(page, page:measured(panel)))
    end
    panel.bottom = math.max(panel.bottom, bottom
      + height_below(page, spec, rows, panel.right - panel.left))
    if panel.top - panel.bottom == height then break end
  end
  if page.cells then
    panel.left = math.ceil(panel.left)
    panel.right, panel.bottom = math.floor(panel.right), math.ceil(panel.bottom)
  end
  local least = page.cells and 4 or 10
  if panel.top - panel.bottom < (page.least or least)
      or panel.right - panel.left < least then
    fail("invalid", ("%s: %s x %s %s leave no room for %s; the table and the "
      .. "labels need more"):format(spec.who, text.number(page.width),
      text.number(page.height), page.cells and "characters" or "mm",
      spec.what or "the curves"))
  end
  return panel
end

-- Names at the ends of curves take at most this part of the width.
local function names_width(page, spec)
  local widest = 0
  for _, e in ipairs(spec.entries) do
    widest = math.max(widest, page:text_width(e.name, page.style.legend_text))
  end
  return math.min(widest, 0.35 * page.width) + page.style.gap
end

local function draw_direct(page, panel, spec)
  local s, ys = page.style, {}
  for i in ipairs(spec.entries) do ys[i] = panel:at_y(spec.ends[i]) end
  ys = legend.spread(ys, page:line_height(s.legend_text), panel.bottom, panel.top)
  local names, widths = {}, {}
  for i, e in ipairs(spec.entries) do
    names[i], widths[i] = e.name, page.width - s.pad - panel.right - s.gap
  end
  names = page:fit_names(names, widths, s.legend_text)
  for i, e in ipairs(spec.entries) do
    page:text(names[i], panel.right + s.gap, ys[i],
      { size = s.legend_text, colour = e.arm.ink })
  end
end

-- Draws blocks of text inside the panel; the place of the first one for which
-- there is no room, if any.
local function draw_inside(page, panel, spec, blocks)
  if #blocks == 0 then return end
  local s, hard, soft = page.style, {}, {}
  if spec.obstacles then hard, soft = spec.obstacles(panel) end
  local inner = { left = panel.left + 2 * s.gap, right = panel.right - s.gap,
    bottom = panel.bottom + 1.5 * s.gap, top = panel.top - s.gap }
  for i, block in ipairs(blocks) do
    local width, height = legend.size(page, block)
    local box = place.find(inner, width, height, hard, soft)
    if not box then return i end
    legend.draw(page, block, box.left, box.top)
    hard[#hard + 1] = { box.left - s.gap, box.bottom - s.gap,
      box.right + s.gap, box.top + s.gap }
  end
end

-- The panel with legend and text: inside it where there is room, else above
-- it, which makes it lower.
local function place_panel(page, spec, rows, bottom, top, right_of)
  local s = page.style
  local inside, above = {}, {}
  local how = page.shared and page.shared.legend and "none" or spec.legend
  local entries, words = spec.entries or {}, {}
  for i, line in ipairs(spec.text or {}) do
    words[i] = { name = type(line) == "function" and line(page) or line, row = true }
  end
  if how == "above" then above = entries end
  if how == "inside" and #entries > 0 then inside[1] = entries end
  if spec.text_above then
    above = table.move(words, 1, #words, #above + 1, table.move(above, 1, #above,
      1, {}))
  elseif #words > 0 then
    inside[#inside + 1] = words
  end
  local before = page:mark()
  while true do
    local panel, height = lay_out(page, spec, rows, bottom, top, right_of), 0
    if #above > 0 then
      local width = page.width - s.pad - panel.left
      height = legend.height_above(page, above, width)
      legend.draw_above(page, above, panel.left,
        top + (page.cells and 1 or 0.3 * s.gap), width)
      panel = lay_out(page, spec, rows, bottom, top - height, right_of)
    end
    panel = page:panel(panel)
    if spec.warp then panel = warp.panel(panel, spec.y, spec.warp) end
    local failed = draw_inside(page, panel, spec, inside)
    if not failed then return panel end
    page:back_to(before)
    above = table.move(above, 1, #above, 1, {})
    for i, e in ipairs(inside[failed]) do -- it starts a row of its own
      above[#above + 1] = i == 1 and setmetatable({ row = true }, { __index = e }) or e
    end
    table.remove(inside, failed)
  end
end

local function draw_hlines(panel, spec)
  local page, s = panel.page, panel.page.style
  if spec.band and not page.cells then
    local low = math.max(spec.band[1], panel.y[1])
    local high = math.min(spec.band[2], panel.y[2])
    if low < high then
      page:box(panel.left, panel:at_y(low), panel.right, panel:at_y(high),
        { fill = "#F0F0F0", back = true })
    end
  end
  for _, y in ipairs(spec.guides or {}) do
    if y >= panel.y[1] and y <= panel.y[2] and not page.cells then
      page:line(panel.left, panel:at_y(y), panel.right, panel:at_y(y),
        { colour = "#D9D9D9", width = s.thin, back = true })
    end
  end
  for _, y in ipairs(spec.hline or {}) do
    if y >= panel.y[1] and y <= panel.y[2] then
      page:line(panel.left, panel:at_y(y), panel.right, panel:at_y(y),
        { colour = "#7F7F7F", width = s.thin, dash = { 6, 4 }, back = true })
    end
  end
end

--- chart.draw(page, spec, bottom, top) -> the panel
function M.draw(page, spec, bottom, top)
  local s = page.style
  local rows = spec.rows and risk_table.stack(page, spec.rows(page)) or {}
  local direct = spec.legend == "direct" and #(spec.entries or {}) > 0
    and not (page.shared and page.shared.legend)
  local yaxis = setmetatable({ row = top - 0.5 }, { __index = spec.yaxis })
  top = top - (page.cells and (spec.yaxis.title and 2 or 1)
    or 0.4 * page:line_height(s.tick_text))
  local panel = place_panel(page, spec, rows, bottom, top,
    direct and names_width(page, spec) or spec.beside and spec.beside(page) or 0)
  page.margins = { left = panel.left, right = page.width - panel.right,
    bottom = panel.bottom, top = page.height - panel.top }
  if page.measuring then return panel end
  draw_hlines(panel, spec)
  spec.marks(panel)
  if spec.draw_above then spec.draw_above(panel, panel.top) end
  if direct then draw_direct(page, panel, spec) end
  yaxis.title_at = panel.left
    - sheet.y_width(page, spec.yaxis, panel.top - panel.bottom)
  sheet.y_axis(panel, yaxis)
  draw_below(page, panel, spec, rows)
  return panel
end

return M
