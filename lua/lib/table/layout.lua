-- How a table stands on a page of given width: columns as blocks that fit, rows as
-- pages with what they belong to repeated. Widths are told by the writer, so that
-- the same rules hold for characters and for millimetres.

local clean = require "trialsh.table.object".clean

local M = {}

-- Landscape pages in twips, of which 1440 are an inch: width, height; margins.
M.papers = { letter = { 15840, 12240 }, a4 = { 16838, 11906 } }
M.MARGIN = 1080

--- layout.room(paper) -> twips between the margins, across and down
function M.room(paper)
  return M.papers[paper][1] - 2 * M.MARGIN, M.papers[paper][2] - 2 * M.MARGIN
end

--- layout.split(text) -> head, tail: the head ends before the decimal point of the
-- first number, and what has no number is all head; of "- (above 373)" the dash.
function M.split(s)
  if s:find "^%- %(" then return "-", s:sub(2) end
  local at = s:find "%d"
  if not at then return s, "" end
  local _, last = s:find("^%d[%d,]*", at)
  return s:sub(1, last), s:sub(last + 1)
end

--- layout.is_text(column): whether its cells are words, set to the left.
function M.is_text(column) return column.align == "text" end

--- layout.cell(cell, mark) -> the text of a cell in one line
function M.cell(cell)
  return cell and clean(cell.text) or ""
end

--- layout.marks(x): "a,b" of the notes that a row, column or cell refers to
function M.marks(x)
  if not x or not x.mark then return nil end
  return type(x.mark) == "table" and table.concat(x.mark, ",") or x.mark
end

-- Columns that fit beside the stub; those of a span stay together where they can,
-- and what a page is too narrow for stands by itself.
local function blocks_of(widths, stub, gap, room, spans)
  local whole = {} -- place of a span's last column by that of its first
  for _, s in ipairs(spans) do whole[s.from] = s.to end
  local blocks, used, from, rest = {}, stub, 1, nil
  local j = 1
  local function close()
    if j > from then blocks[#blocks + 1] = { from, j - 1 } end
    used, from = stub, j
  end
  while j <= #widths do
    local to, need = whole[j] or j, 0
    for k = j, to do need = need + gap + widths[k] end
    if to > j and stub + need > room then
      close()
      to, need, rest = j, gap + widths[j], to
    elseif rest and j > rest then
      close()
      rest = nil
    end
    if used + need > room then close() end
    used = used + need
    j = to + 1
  end
  close()
  return #blocks > 0 and blocks or { { 1, 0 } }
end

--- layout.blocks(widths, stub, gap, room, spans, need) -> { { from, to }, ... }
-- The columns of each page; a span, and what is on a page of one that is cut, becomes
-- as wide as need(text) says.
function M.blocks(widths, stub, gap, room, spans, need)
  spans = spans or {}
  local function widen(text, from, to, most)
    local total = -gap
    for j = from, to do total = total + gap + widths[j] end
    widths[to] = widths[to] + math.max(0, math.min(need(text), most) - total)
  end
  for _, s in ipairs(spans) do widen(s.text, s.from, s.to, math.huge) end
  local blocks = blocks_of(widths, stub, gap, room, spans)
  for _, block in ipairs(blocks) do
    for _, s in ipairs(spans) do
      local from, to = math.max(s.from, block[1]), math.min(s.to, block[2])
      if from <= to then widen(s.text, from, to, room - stub - gap) end
    end
  end
  return blocks
end

-- The rows that a row stands below, the outermost first.
local function parents(rows, i)
  local list, indent = {}, rows[i].indent or 0
  for k = i - 1, 1, -1 do
    local own = rows[k].indent or 0
    if own < indent then
      table.insert(list, 1, k)
      indent = own
    end
    if indent == 0 then break end
  end
  return list
end
M.parents = parents

--- layout.pages(rows, height, room) -> { { rows = { i, ... }, again = { k, ... } } }
-- height(i): lines of a row; again: the rows above the first, repeated. A row does
-- not end a page when what follows stands below it.
function M.pages(rows, height, room)
  local pages, i = {}, 1
  while i <= #rows do
    local again = parents(rows, i)
    local page, used = { rows = {}, again = again }, 0
    for _, k in ipairs(again) do used = used + height(k) end
    while i <= #rows and (used + height(i) <= room or #page.rows == 0) do
      used = used + height(i)
      page.rows[#page.rows + 1] = i
      i = i + 1
    end
    if i <= #rows then -- headings go with their first row
      local last = #page.rows
      while last > 1 and (rows[page.rows[last]].indent or 0)
          < (rows[page.rows[last] + 1].indent or 0) do
        last = last - 1
      end
      if last >= 1 and last < #page.rows
          and (rows[page.rows[last]].indent or 0)
            >= (rows[page.rows[last] + 1].indent or 0) then
        i = page.rows[last] + 1
        for k = #page.rows, last + 1, -1 do page.rows[k] = nil end
      end
    end
    pages[#pages + 1] = page
  end
  if #pages == 0 then pages[1] = { rows = {}, again = {} } end
  return pages
end

--- layout.notes(t) -> lines below a table: { mark or nil, text }, those of the
-- whole table first
function M.notes(t)
  local list = {}
  for _, n in ipairs(t.notes) do
    if not n.mark then list[#list + 1] = { nil, clean(n.text) } end
  end
  for _, n in ipairs(t.notes) do
    if n.mark then list[#list + 1] = { n.mark, clean(n.text) } end
  end
  return list
end

--- layout.origin(t) -> lines { name, text } of what the table was made of
function M.origin(t)
  local list = {}
  for i, o in ipairs(t.origin) do list[i] = { o[1], clean(o[2]) } end
  return list
end

return M
