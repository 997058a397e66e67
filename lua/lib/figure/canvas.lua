-- A page on which a figure is laid out, in mm from the lower left corner (or in
-- character cells for the preview), and the gnuplot commands that draw it.
-- Positions are explicit; gnuplot scales only what is data, inside a panel.
--
--   local page = canvas.paper(89, 60)
--   page:text("Survival", 10, 55, { size = 7, bold = true })
--   local panel = page:panel { left = 10, right = 85, bottom = 10, top = 50,
--     x = { 0, 90 }, y = { 0, 1 } }
--   panel:lines({ 0, 30 }, { 1, 0.8 }, { colour = "#000000" })
--   page:commands()
--
-- page:region(left, bottom, width, height) is a page within a page, on which a
-- figure is drawn as if it were alone: that is how figures become panels. Where
-- text stands is kept in page.root.boxes, by which tests find what collides.

local core = require "ts.gnuplot"
local terminal = require "ts.text"
local font = require "trialsh.figure.font"
local style = require "trialsh.figure.style"

local M = {}
local Page, Panel = {}, {}
Page.__index, Panel.__index = Page, Panel

local number = core.number

-- Positions and sizes: a thousandth of a mm or point is finer than any page.
local function size(x)
  return (("%.3f"):format(x):gsub("%.?0+$", ""))
end

-- gnuplot draws a panel at a time: root.groups holds what belongs to each.
local function new(fields)
  fields.root, fields.x0, fields.y0 = fields, 0, 0
  fields.groups, fields.blocks, fields.boxes = { { head = {}, plots = {} } },
    {}, {}
  fields.n_label, fields.n_arrow, fields.missing = 0, 0, {}
  return setmetatable(fields, Page)
end

--- canvas.paper(width, height [, style]): a page in mm, the same in all formats
function M.paper(width, height, look)
  return new { width = width, height = height, style = look or style.paper }
end

function M.terminal(columns, lines)
  return new { width = columns, height = lines, style = style.terminal,
    cells = true }
end

--- page:region(left, bottom, width, height) -> a page within this one
function Page:region(left, bottom, width, height)
  return setmetatable({ root = self.root, x0 = self.x0 + left,
    y0 = self.y0 + bottom, width = width, height = height,
    style = self.style, cells = self.cells, least = self.least }, Page)
end

local function add_head(page, line)
  local groups = page.root.groups
  local head = groups[#groups].head
  head[#head + 1] = line
end

-- Measures -------------------------------------------------------------------

--- page:plain(s) -> s as it is drawn: control characters gone, and with a journal
-- that writes decimals its own way, that way
function Page:plain(s)
  s = core.plain(s)
  local point = self.style.decimal
  return point and s:gsub("(%d)%.(%d)", "%1" .. point .. "%2") or s
end

function Page:text_width(s, size, bold)
  s = self:plain(s)
  if self.cells then return terminal.width(s) end
  return font.width(s, size, bold)
end

function Page:line_height(size)
  return self.cells and 1 or font.height(size)
end

-- A word that is too long for the width, in pieces that fit.
local function pieces(page, word, width, size, bold)
  local list, piece = {}, ""
  for _, c in utf8.codes(word) do
    local more = piece .. utf8.char(c)
    if piece ~= "" and page:text_width(more, size, bold) > width then
      list[#list + 1], more = piece, utf8.char(c)
    end
    piece = more
  end
  list[#list + 1] = piece
  return list
end

--- page:p(value) -> "P = 0.04", as the journal writes it
function Page:p(value)
  return require "trialsh.p_text".equals(value, self.style.p)
end

--- page:wrap(s, width, size [, bold]) -> lines of s that fit
function Page:wrap(s, width, size, bold)
  local lines, line = {}, ""
  s = self:plain(s)
  for word in s:gmatch "%S+" do
    for i, piece in ipairs(pieces(self, word, width, size, bold)) do
      local more = line == "" and piece or line .. " " .. piece
      if line ~= "" and (i > 1 or self:text_width(more, size, bold) > width) then
        lines[#lines + 1], more = line, piece
      end
      line = more
    end
  end
  if line ~= "" or #lines == 0 then lines[#lines + 1] = line end
  return lines
end

--- page:fit(s, width, size [, bold]) -> s, cut with an ellipsis where it must be
function Page:fit(s, width, size, bold)
  s = self:plain(s)
  if self:text_width(s, size, bold) <= width then return s end
  local kept = ""
  for _, c in utf8.codes(s) do
    local more = kept .. utf8.char(c)
    if self:text_width(more .. "\u{2026}", size, bold) > width then break end
    kept = more
  end
  return kept .. "\u{2026}"
end

-- Both ends of a text that is too long.
local function cut_inside(page, s, width, size, bold)
  local letters = {}
  for _, c in utf8.codes(s) do letters[#letters + 1] = utf8.char(c) end
  for kept = #letters - 1, 2, -1 do
    local head = (kept + 1) // 2
    local cut = table.concat(letters, "", 1, head):gsub("%s+$", "") .. "\u{2026}"
      .. table.concat(letters, "", #letters - (kept - head) + 1):gsub("^%s+", "")
    if page:text_width(cut, size, bold) <= width then return cut end
  end
  return page:fit(s, width, size, bold)
end

--- page:fit_names(names, widths, size [, bold]) -> names, cut where they must be: at
-- their ends, or inside where the ends tell them apart; bold: { true or false, ... }
function Page:fit_names(names, widths, size, bold)
  local out, seen, alike = {}, {}, false
  bold = bold or {}
  for i, name in ipairs(names) do
    out[i] = self:fit(name, widths[i], size, bold[i])
    alike = alike or seen[out[i]] and seen[out[i]] ~= name
    seen[out[i]] = name
  end
  for i, name in ipairs(alike and names or {}) do
    name = self:plain(name)
    if out[i] ~= name then out[i] = cut_inside(self, name, widths[i], size, bold[i]) end
  end
  return out
end

-- Marks on the page ----------------------------------------------------------

local function at(page, x, y)
  return ("screen %s*X, screen %s*Y"):format(size(page.x0 + x),
    size(page.y0 + y))
end

-- The box of a text, which its ink cannot leave, from the lower left corner.
local function keep_box(page, s, x, y, opt)
  local width = page:text_width(s, opt.size, opt.bold)
  local low, high = 0.5, 0.5
  if not page.cells then
    low, high = 0.36 * opt.size * 25.4 / 72, 0.56 * opt.size * 25.4 / 72
  end
  local before = opt.align == "right" and width
    or opt.align == "center" and width / 2 or 0
  if page.cells then before = 0 end -- x is the first cell by now
  local box = { x - before, y - low, x - before + width, y + high }
  if opt.turn then
    box = { x - high, y - before, x + low, y - before + width }
  end
  for i = 1, 4 do box[i] = box[i] + (i % 2 == 1 and page.x0 or page.y0) end
  box.text, box.size = s, opt.size
  table.insert(page.root.boxes, box)
end

-- Who reads an SVG may have a font for what none here can draw.
local function encoded(page, s)
  if page.cells then return core.text(s) end
  local drawable, missing = font.drawable(s)
  if drawable == s then return core.text(s) end
  for _, c in ipairs(missing) do page.root.missing[c] = true end
  return ("T(%s,%s)"):format(core.text(s), core.text(drawable))
end

--- page:text(s, x, y, { size, align, turn, colour, bold }): y is the middle
function Page:text(s, x, y, opt)
  s = self:plain(s)
  if s == "" then return end
  local root = self.root
  root.n_label = root.n_label + 1
  if self.cells then -- the first cell; a little more, for gnuplot cuts off
    if opt.align == "right" then x = x - terminal.width(s)
    elseif opt.align == "center" then x = x - (terminal.width(s) - 1) / 2 end
    x, y = math.floor(x + 0.5) + 0.01, math.floor(y) + 0.01
  end
  keep_box(self, s, x, y, opt)
  local words = { "set label", root.n_label, encoded(self, s), "at",
    at(self, x, y), self.cells and "left" or opt.align or "left", "front" }
  local function add(...)
    for _, w in ipairs { ... } do words[#words + 1] = w end
  end
  if not self.cells then
    if opt.turn then add("rotate by 90") end
    add(('font "Liberation Sans%s,%s"'):format(opt.bold and ":Bold" or "",
      size(opt.size)))
    if opt.colour then add(('textcolor rgb "%s"'):format(opt.colour)) end
  end
  add_head(self, table.concat(words, " "))
end

-- A colour mixed with white. Lines are never translucent, for not all formats
-- know that; of EPS, which knows no transparency, neither are areas.
local function on_white(colour, opacity)
  return (colour:gsub("%x%x", function(part)
    local x = tonumber(part, 16)
    return ("%02X"):format(math.floor(255 - opacity * (255 - x) + 0.5))
  end))
end

local function pen(page, opt)
  if page.cells then return ("lt %d"):format(opt.place or -1) end
  local dash = "solid"
  if opt.dash then
    local list = {}
    for i, x in ipairs(opt.dash) do
      list[i] = ("%s*D(%s)"):format(size(x), size(opt.width or 0.5))
    end
    dash = "(" .. table.concat(list, ",") .. ")"
  end
  local colour = opt.colour or "#000000"
  if opt.opacity then colour = on_white(colour, opt.opacity) end
  return ('lc rgb "%s" lw %s dt %s'):format(colour, size(opt.width or 0.5), dash)
end

--- page:line(x1, y1, x2, y2, { colour, width, dash, opacity, back })
function Page:line(x1, y1, x2, y2, opt)
  local root = self.root
  root.n_arrow = root.n_arrow + 1
  if self.cells then
    x1, x2 = math.floor(x1 + 0.5) - 0.3, math.floor(x2 + 0.5) - 0.3
    y1, y2 = math.floor(y1 + 0.5) - 0.3, math.floor(y2 + 0.5) - 0.3
  end
  add_head(self, ("set arrow %d from %s to %s nohead %s %s"):format(root.n_arrow,
    at(self, x1, y1), at(self, x2, y2), opt.back and "back" or "front",
    pen(self, opt)))
end

--- page:polygon({ x1, y1, x2, y2, ... }, { fill, colour, width, back }): a
-- closed shape; fill and colour (of its edge) may each be left out
function Page:polygon(corners, opt)
  local root, places = self.root, {}
  if self.cells then return end
  root.n_object = (root.n_object or 0) + 1
  for i = 1, #corners, 2 do
    places[#places + 1] = at(self, corners[i], corners[i + 1])
  end
  places[#places + 1] = places[1]
  add_head(self, ("set object %d polygon from %s %s %s %s"):format(root.n_object,
    table.concat(places, " to "), opt.back and "back" or "front",
    opt.fill and ('fc rgb "%s" fs solid'):format(opt.fill) or "fs empty",
    opt.colour and ('border rgb "%s" lw %s'):format(opt.colour,
      size(opt.width or 0.5)) or "noborder"))
end

--- page:box(left, bottom, right, top, { fill, colour, width, back })
function Page:box(left, bottom, right, top, opt)
  if self.cells then
    if not opt.colour then return end
    for _, l in ipairs { { left, bottom, right, bottom },
      { right, bottom, right, top }, { right, top, left, top },
      { left, top, left, bottom } } do
      self:line(l[1], l[2], l[3], l[4], {})
    end
    return
  end
  self:polygon({ left, bottom, right, bottom, right, top, left, top }, opt)
end

local function ring(n, turn, radius)
  local corners = {}
  for i = 0, n - 1 do
    local a = 2 * math.pi * (i / n + turn)
    table.insert(corners, radius * math.cos(a))
    table.insert(corners, radius * math.sin(a))
  end
  return corners
end

-- Shapes of the symbols that arms have, as large as those of panel:points.
local shapes = { [7] = ring(32, 0, 1), [6] = ring(32, 0, 1),
  up = ring(3, 1 / 4, 2 / math.sqrt(3)), down = ring(3, -1 / 4, 2 / math.sqrt(3)),
  [5] = ring(4, 1 / 8, math.sqrt(2)), [4] = ring(4, 1 / 8, math.sqrt(2)),
  [13] = ring(4, 0, 1.2), [15] = ring(5, 1 / 4, 1.1) }
local hollow = { [4] = true, [6] = true }

--- page:symbol(x, y, { symbol, size (points across), colour, open }): one mark
-- on the page; those of data are panel:points
function Page:symbol(x, y, opt)
  local corners = {}
  for i, c in ipairs(shapes[opt.symbol]) do
    corners[i] = (i % 2 == 1 and x or y) + c * opt.size * 25.4 / 72 / 2
  end
  local open = opt.open or hollow[opt.symbol]
  self:polygon(corners, { fill = open and "#FFFFFF" or opt.colour,
    colour = open and opt.colour, width = 0.5 })
end

--- page:cross(x, y, half, pen): two lines that reach half mm to each side
function Page:cross(x, y, half, opt)
  self:line(x - half, y - half, x + half, y + half, opt)
  self:line(x - half, y + half, x + half, y - half, opt)
end

--- page:arrow(x1, y1, x2, y2, { colour, width, head }): a line whose end has a
-- head of so many mm
function Page:arrow(x1, y1, x2, y2, opt)
  self:line(x1, y1, x2, y2, opt)
  local length = math.sqrt((x2 - x1) ^ 2 + (y2 - y1) ^ 2)
  if self.cells or length == 0 then return end
  local head = opt.head or 1.2
  local dx, dy = (x2 - x1) / length * head, (y2 - y1) / length * head
  self:polygon({ x2, y2, x2 - dx - dy / 3, y2 - dy + dx / 3,
    x2 - dx + dy / 3, y2 - dy - dx / 3 }, { fill = opt.colour or "#000000" })
end

--- page:mark(), page:back_to(mark): takes back what was drawn since
function Page:mark()
  local root = self.root
  local last = root.groups[#root.groups]
  return { groups = #root.groups, head = #last.head, plots = #last.plots,
    panel = last.panel, blocks = #root.blocks, boxes = #root.boxes,
    n_label = root.n_label, n_arrow = root.n_arrow, n_object = root.n_object }
end

local function cut(list, n)
  for i = #list, n + 1, -1 do list[i] = nil end
end

function Page:back_to(mark)
  local root = self.root
  cut(root.groups, mark.groups)
  local last = root.groups[mark.groups]
  cut(last.head, mark.head)
  cut(last.plots, mark.plots)
  cut(root.blocks, mark.blocks)
  cut(root.boxes, mark.boxes)
  last.panel = mark.panel
  root.n_label, root.n_arrow = mark.n_label, mark.n_arrow
  root.n_object = mark.n_object
end

-- Panels ---------------------------------------------------------------------

--- page:panel { left, right, bottom, top, x = { from, to }, y = { from, to },
-- xlog, ylog }: where data are drawn, in their own units
function Page:panel(p)
  p.page = self
  local groups = self.root.groups
  if groups[#groups].panel then
    groups[#groups + 1] = { head = {}, plots = {} }
  end
  groups[#groups].panel = true
  add_head(self, table.concat({
    "unset border", "unset tics", "unset key", "set clip one", "set clip two",
    ("set lmargin at screen %s*X"):format(size(self.x0 + p.left)),
    ("set rmargin at screen %s*X"):format(size(self.x0 + p.right)),
    ("set bmargin at screen %s*Y"):format(size(self.y0 + p.bottom)),
    ("set tmargin at screen %s*Y"):format(size(self.y0 + p.top)),
    p.xlog and "set logscale x 10" or "unset logscale x",
    p.ylog and "set logscale y 10" or "unset logscale y",
    ("set xrange [%s:%s]"):format(number(p.x[1]), number(p.x[2])),
    ("set yrange [%s:%s]"):format(number(p.y[1]), number(p.y[2])),
  }, "\n"))
  return setmetatable(p, Panel)
end

--- page:measured(panel) -> a panel that is not drawn, but knows at_x
function Page:measured(p)
  return setmetatable({ page = self, x = p.x, xlog = p.xlog, left = p.left,
    right = p.right }, Panel)
end

local function place(value, range, log, from, to)
  local a, b = range[1], range[2]
  if log then value, a, b = math.log(value), math.log(a), math.log(b) end
  return from + (value - a) / (b - a) * (to - from)
end

local function value_at(place_, range, log, from, to)
  local a, b, f = range[1], range[2], (place_ - from) / (to - from)
  if log then return a * (b / a) ^ f end
  return a + (b - a) * f
end

--- panel:at_x(x), panel:at_y(y): where a value is on the page; from_x, from_y
-- the other way
function Panel:at_x(x) return place(x, self.x, self.xlog, self.left, self.right) end
function Panel:at_y(y) return place(y, self.y, self.ylog, self.bottom, self.top) end
function Panel:from_x(x)
  return value_at(x, self.x, self.xlog, self.left, self.right)
end
function Panel:from_y(y)
  return value_at(y, self.y, self.ylog, self.bottom, self.top)
end

-- Columns of numbers as a datablock. Its end is the hash of what it holds,
-- which no line within can foresee.
local function block(page, columns)
  local rows = {}
  for i = 1, #columns[1] do
    local row = {}
    for j, column in ipairs(columns) do
      row[j] = column[i] and number(column[i]) or "" -- false: an empty line
    end
    rows[i] = table.concat(row, " "):gsub("^ +$", "")
  end
  local body = table.concat(rows, "\n")
  local blocks = page.root.blocks
  local name = "$data" .. #blocks + 1
  local stop = "END_" .. terminal.sha256(body):sub(1, 32)
  blocks[#blocks + 1] = ("%s << %s\n%s\n%s"):format(name, stop, body, stop)
  return name
end

local function plot(panel, columns, using, with)
  local page = panel.page
  if #columns[1] == 0 then return end
  local groups = page.root.groups
  table.insert(groups[#groups].plots, ("%s using %s with %s notitle")
    :format(block(page, columns), using, with))
end

--- panel:lines(xs, ys, pen)
function Panel:lines(xs, ys, opt)
  plot(self, { xs, ys }, "1:2", "lines " .. pen(self.page, opt))
end

local function translucent(colour, opacity)
  local alpha = math.floor(255 * (1 - (opacity or 1)) + 0.5)
  if alpha == 0 then return ('"%s"'):format(colour) end
  return ('A("#%02X%s","%s")'):format(alpha, colour:sub(2),
    on_white(colour, opacity))
end

--- panel:area(xs, ys, { colour, opacity }): a closed polygon
function Panel:area(xs, ys, opt)
  if self.page.cells then return end
  plot(self, { xs, ys }, "1:2", ("filledcurves closed fc rgb %s fs solid noborder")
    :format(translucent(opt.colour, opt.opacity)))
end

--- panel:segments(x1, y1, x2, y2, pen): one straight line per row
function Panel:segments(x1, y1, x2, y2, opt)
  local dx, dy = {}, {}
  for i = 1, #x1 do dx[i], dy[i] = x2[i] - x1[i], y2[i] - y1[i] end
  plot(self, { x1, y1, dx, dy }, "1:2:3:4", "vectors nohead "
    .. pen(self.page, opt))
end

-- gnuplot's triangles lose their shape in small PDFs (5.4.4 rounds a corner to
-- whole points), so ours are polygons: one after another in a block.
local function draw_triangles(panel, xs, ys, opt)
  local half = opt.size * 25.4 / 72 / 2
  local tall = half * math.sqrt(3) * (opt.symbol == "down" and -1 or 1)
  local px, py = {}, {}
  for i = 1, #xs do
    local x, y = panel:at_x(xs[i]), panel:at_y(ys[i])
    for _, corner in ipairs { { -half, -tall / 3 }, { half, -tall / 3 },
      { 0, 2 * tall / 3 } } do
      px[#px + 1] = panel:from_x(x + corner[1])
      py[#py + 1] = panel:from_y(y + corner[2])
    end
    px[#px + 1], py[#py + 1] = false, false
  end
  panel:area(px, py, { colour = opt.colour, opacity = opt.opacity or 1 })
end

--- panel:points(xs, ys, { symbol, size (points across), colour, opacity, open })
-- open: hollow, over what is behind
function Panel:points(xs, ys, opt)
  if opt.open and not self.page.cells then
    for i = 1, #xs do
      self.page:symbol(self:at_x(xs[i]), self:at_y(ys[i]), opt)
    end
    return
  end
  if self.page.cells then
    plot(self, { xs, ys }, "1:2", ("points pt %d"):format(opt.place))
    return
  end
  if opt.symbol == "up" or opt.symbol == "down" then
    return draw_triangles(self, xs, ys, opt)
  end
  plot(self, { xs, ys }, "1:2", ("points pt %d ps %s*P lc rgb %s lw %s")
    :format(opt.symbol, size(opt.size), translucent(opt.colour, opt.opacity),
      size(opt.width or 0.5)))
end

-- The commands of one panel.
local function add_group(out, group)
  if not group.panel then
    out[#out + 1] = "unset border\nunset tics\nunset key"
    out[#out + 1] = "set xrange [0:1]\nset yrange [0:1]"
  end
  table.move(group.head, 1, #group.head, #out + 1, out)
  out[#out + 1] = "plot " .. (#group.plots > 0
    and table.concat(group.plots, ", \\\n  ")
    or "NaN notitle") -- a page of text alone
end

--- page:commands() -> what gnuplot runs after its first lines
function Page:commands()
  local root = self.root
  local groups, out = root.groups, {}
  table.move(root.blocks, 1, #root.blocks, 1, out)
  if #groups > 1 then out[#out + 1] = "set multiplot" end
  for i, group in ipairs(groups) do
    if i > 1 then out[#out + 1] = "unset label\nunset arrow\nunset object" end
    add_group(out, group)
  end
  if #groups > 1 then out[#out + 1] = "unset multiplot" end
  return table.concat(out, "\n") .. "\n"
end

return M
