-- Tables as RTF: landscape, a fixed font so that decimal points stand below
-- each other, title and mark in the header of each page, its number in the footer.
-- Pages are ours, each with the heads, since not every program repeats them.

local layout = require "trialsh.table.layout"
local object = require "trialsh.table.object"
local text = require "ts.text"

local M = {}

local clean = object.clean

local SIZE = 16 -- half points
local LETTER = SIZE * 10 * 0.6 -- of Courier New
local GAP = 2 -- letters between columns

--- rtf.escape(s): text of which nothing is a control word.
function M.escape(s)
  local out = {}
  for _, c in utf8.codes(clean(s)) do
    if c == 92 or c == 123 or c == 125 then
      out[#out + 1] = "\\" .. string.char(c)
    elseif c < 128 then
      out[#out + 1] = string.char(c)
    else
      local units = c < 0x10000 and { c } or { 0xD800 + ((c - 0x10000) >> 10),
        0xDC00 + ((c - 0x10000) & 0x3FF) }
      for _, unit in ipairs(units) do
        out[#out + 1] = ("\\u%d?"):format(unit > 32767 and unit - 65536 or unit)
      end
    end
  end
  return table.concat(out)
end
local escape = M.escape

local function marked(s, x)
  local marks = layout.marks(x)
  return marks and ("%s{\\super %s}"):format(s, escape(marks)) or s
end

-- Widths of columns in letters, and cells padded to their decimal point.
local function set(t, room)
  local g = { widths = {}, cells = {} }
  g.spans, g.heads = object.heads(t)
  g.stub = text.width(clean(t.stub or ""))
  for _, row in ipairs(t.rows) do
    g.stub = math.max(g.stub, 2 * (row.indent or 0) + text.width(clean(row.label))
      + #(layout.marks(row) or ""))
  end
  g.stub = math.min(g.stub + 1, 40)
  local function one(j, most)
    local column, before, after, words = t.columns[j], 0, 0, 0
    for _, row in ipairs(t.rows) do
      local shown = layout.cell(row.cells[j])
      local head, tail = layout.split(shown)
      before = math.max(before, text.width(head))
      after = math.max(after, text.width(tail) + #(layout.marks(row.cells[j]) or ""))
      words = math.max(words, text.width(shown))
    end
    local width = layout.is_text(column) and math.min(words, most)
      or before + after
    for _, line in ipairs(g.heads[j]) do
      width = math.max(width, math.min(text.width(line), 16))
    end
    g.widths[j], g.cells[j] = width + 1, {}
    for i, row in ipairs(t.rows) do
      local shown = layout.cell(row.cells[j])
      local head = layout.split(shown)
      local push = not layout.is_text(column) and shown ~= ""
        and before - text.width(head) or 0
      g.cells[j][i] = marked((" "):rep(push) .. escape(shown), row.cells[j])
    end
  end
  local left = room // LETTER - 1 - g.stub
  for j, column in ipairs(t.columns) do
    if not column.wide then
      one(j, 26)
      left = left - GAP - g.widths[j]
    end
  end
  for j, column in ipairs(t.columns) do -- takes what the others leave
    if column.wide then one(j, math.max(26, left - GAP - 1)) end
  end
  g.blocks = layout.blocks(g.widths, g.stub, GAP, room // LETTER - 1, g.spans,
    function(s) return math.min(text.width(s), 40) end)
  return g
end

local borders = { top = "\\clbrdrt\\brdrs\\brdrw10", bottom =
  "\\clbrdrb\\brdrs\\brdrw10" }

-- One row: cells are { text, letters, how = "\\qc", border = "bottom" }.
local function row_of(cells, head)
  local out, right = { "\\trowd\\trgaph0\\trleft0\\trkeep"
    .. (head and "\\trhdr" or "") }, 0
  for _, c in ipairs(cells) do
    right = right + math.floor(c[2] * LETTER)
    local border = ""
    for name in (c.border or ""):gmatch "%a+" do border = border .. borders[name] end
    out[#out + 1] = ("%s%s\\cellx%d"):format(border, head and "\\clvertalb" or "",
      right)
  end
  out[#out + 1] = "\n"
  for _, c in ipairs(cells) do
    out[#out + 1] = ("\\pard\\intbl\\sb20%s %s\\cell\n"):format(c.how or "\\ql", c[1])
  end
  out[#out + 1] = "\\row\n"
  return table.concat(out)
end

local function head_rows(t, g, block)
  local out = {}
  if g.spans then
    local cells, j = { { "", g.stub, border = "top" } }, block[1]
    while j <= block[2] do
      local own
      for _, s in ipairs(g.spans) do
        if j >= s.from and j <= s.to then own = s end
      end
      local to = own and math.min(own.to, block[2]) or j
      cells[#cells + 1] = { "", GAP, border = "top" }
      local w = -GAP
      for i = j, to do w = w + GAP + g.widths[i] end
      cells[#cells + 1] = { own and "\\b " .. escape(own.text) .. "\\b0" or "", w,
        how = "\\qc", border = own and "top bottom" or "top" }
      j = to + 1
    end
    out[1] = row_of(cells, true)
  end
  local cells = { { "\\b " .. escape(t.stub or "") .. "\\b0", g.stub,
    border = g.spans and "bottom" or "top bottom" } }
  for j = block[1], block[2] do
    local lines = {}
    for k, line in ipairs(g.heads[j]) do lines[k] = escape(line) end
    cells[#cells + 1] = { ("\\b %s\\b0"):format(marked(table.concat(lines,
      "\\line "), g.heads[j])), GAP + g.widths[j],
      how = ("\\ql\\li%d"):format(math.floor(GAP * LETTER)),
      border = g.spans and "bottom" or "top bottom" }
  end
  out[#out + 1] = row_of(cells, true)
  return out
end

-- A row; again: only its label, which is continued from the page before.
local function body_row(t, g, block, i, last, again)
  local row, border = t.rows[i], last and "bottom" or nil
  local indent = math.floor(2 * (row.indent or 0) * LETTER)
  local label = marked(escape(row.label), row)
  local cells = { { again and label .. " (continued)" or label, g.stub,
    border = border, how = ("\\ql\\li%d\\fi-%d"):format(
      indent + math.floor(LETTER), math.floor(LETTER)) } }
  for j = block[1], block[2] do
    cells[#cells + 1] = { again and "" or g.cells[j][i], GAP + g.widths[j],
      border = border, how = ("\\ql\\li%d"):format(math.floor(GAP * LETTER)) }
  end
  return row_of(cells)
end

-- Lines of a row, as many as its widest text needs in its column.
local function height_of(t, g, block)
  local function lines(s, width) return math.max(1, -(-text.width(s) // width)) end
  return function(i)
    local row = t.rows[i]
    local high = lines(clean(row.label), math.max(8, g.stub
      - 2 * (row.indent or 0)))
    for j = block[1], block[2] do
      if layout.is_text(t.columns[j]) then
        high = math.max(high, lines(layout.cell(row.cells[j]),
          math.max(4, g.widths[j] - 2)))
      end
    end
    return high
  end
end

local PAGE = "\\pard\\page\\par\n"
local LINE = 240 -- twips of a row at 8 points, and a share of heads and notes

-- Lines of a block where it takes no page of its own, or more.
local function lines_of(t, g, block)
  local high, lines = height_of(t, g, block), 4
  for i in ipairs(t.rows) do lines = lines + high(i) end
  return lines
end

-- A block of columns; start: what parts it from the one before.
local function add_block(t, g, block, out, start)
  for p, page in ipairs(layout.pages(t.rows, height_of(t, g, block), g.lines)) do
    out[#out + 1] = p > 1 and PAGE or start
    local heads = head_rows(t, g, block)
    table.move(heads, 1, #heads, #out + 1, out)
    for _, i in ipairs(page.again) do
      out[#out + 1] = body_row(t, g, block, i, false, true)
    end
    for k, i in ipairs(page.rows) do
      out[#out + 1] = body_row(t, g, block, i, k == #page.rows)
    end
  end
end

--- rtf.page(t, paper) -> text
function M.page(t, paper)
  local g = set(t, (layout.room(paper)))
  g.lines = select(2, layout.room(paper)) // LINE
  local size, m = layout.papers[paper], layout.MARGIN
  local out = { "{\\rtf1\\ansi\\ansicpg1252\\deff0\\uc1",
    "{\\fonttbl{\\f0\\fmodern\\fprq1 Courier New;}}\n",
    ("\\paperw%d\\paperh%d\\landscape\\margl%d\\margr%d\\margt%d\\margb%d\\lndscpsxn\n")
      :format(size[1], size[2], m, m, m, m),
    ("{\\header\\pard\\qc\\f0\\fs%d\\b %s\\b0\\par\n"):format(SIZE + 2,
      escape(t.title or t.what)) }
  if t.population then
    out[#out + 1] = ("\\pard\\qc\\fs%d Population: %s\\par\n"):format(SIZE,
      escape(t.population))
  end
  if t.stamp then
    out[#out + 1] = ("\\pard\\qc\\fs%d\\b %s\\b0\\par\n"):format(SIZE,
      escape(t.stamp))
  end
  out[#out + 1] = "\\pard\\par}\n"
  out[#out + 1] = ("{\\footer\\pard\\qr\\f0\\fs%d Page {\\field{\\*\\fldinst "
    .. "PAGE}{\\fldrslt 1}} of {\\field{\\*\\fldinst NUMPAGES}{\\fldrslt "
    .. "1}}\\par}\n"):format(SIZE)
  out[#out + 1] = ("\\f0\\fs%d\n"):format(SIZE)
  local used = math.huge
  for b, block in ipairs(g.blocks) do
    local lines = lines_of(t, g, block)
    local fits = used + lines <= g.lines
    add_block(t, g, block, out, b == 1 and "" or fits and "\\pard\\par\n" or PAGE)
    used = fits and used + lines or lines
  end
  for _, n in ipairs(layout.notes(t)) do
    out[#out + 1] = ("\\pard\\ql %s%s\\par\n"):format(n[1]
      and ("{\\super %s} "):format(escape(n[1])) or "", escape(n[2]))
  end
  for _, o in ipairs(layout.origin(t)) do
    out[#out + 1] = ("\\pard\\ql %s: %s\\par\n"):format(escape(o[1]), escape(o[2]))
  end
  out[#out + 1] = "}\n"
  return table.concat(out)
end

--- rtf.save(t, file, opt)
function M.save(t, file, opt)
  require "ts.gnuplot".write(file, M.page(t, opt.paper))
end

return M
