-- Tables as HTML: one page that needs nothing else, header cells that say what
-- they are heads of, numbers below each other by their decimal point.

local text = require "ts.text"
local layout = require "trialsh.table.layout"
local object = require "trialsh.table.object"

local M = {}

local clean = object.clean
local entities = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;",
  ['"'] = "&quot;", ["'"] = "&#39;" }

--- html.escape(s): text for elements and attributes.
function M.escape(s) return (clean(s):gsub("[&<>\"']", entities)) end
local escape = M.escape

local function mark_of(x)
  local marks = layout.marks(x)
  return marks and ("<sup>%s</sup>"):format(escape(marks)) or ""
end

M.style = [[
table.ts{border-collapse:collapse;font:10pt/1.35 "Liberation Sans",Arial,Helvetica,sans-serif;font-variant-numeric:tabular-nums;border-top:1.5px solid #000;border-bottom:1.5px solid #000;margin:0 0 .4em}
table.ts caption{text-align:left;padding:0 0 .4em;font-weight:bold}
table.ts caption span{display:block;font-weight:normal}
table.ts th,table.ts td{padding:.12em .8em .12em 0;text-align:left;vertical-align:top;font-weight:normal}
table.ts thead th{vertical-align:bottom;font-weight:bold}
table.ts thead th.span{text-align:center;border-bottom:1px solid #000}
table.ts thead tr:last-child th{border-bottom:1px solid #000}
table.ts thead th[rowspan],table.ts thead td{border-bottom:1px solid #000}
table.ts caption .ts-stamp{font-weight:bold}
table.ts td{white-space:nowrap}
table.ts td.w{white-space:normal;overflow-wrap:anywhere}
table.ts tbody th{max-width:26em}
.ts-notes{font:8.5pt/1.35 "Liberation Sans",Arial,Helvetica,sans-serif;margin:0 0 1em}
.ts-notes p{margin:0;overflow-wrap:anywhere}
.ts-stamp{font-weight:bold;color:#a00000}
table.ts sup,.ts-notes sup{line-height:0}
.ts-scroll{overflow-x:auto}
.ts-scroll:focus-visible{outline:2px solid #0b4f8a}
@media print{
thead{display:table-header-group}
tr{break-inside:avoid}
.ts-scroll{overflow:visible}
table.ts{font-size:min(8.5pt,calc(1250pt/var(--ts-letters)))}
.ts-wide{page:wide}
}
@page wide{size:landscape}
]]

-- The rows of heads: spans above, then a head for each column; g: of letters_of.
local function head(t, g)
  local spans, heads = object.heads(t)
  local out, low = {}, spans and 2 or 1
  local stub = escape(t.stub or "")
  local corner = stub == "" and "<td%s></td>" or '<th scope="col"%s>%s</th>'
  corner = corner:format((' style="min-width:%dch"%s'):format(g.stub,
    low == 2 and ' rowspan="2"' or ""), stub)
  local function one(j, rows)
    local lines = {}
    for k, line in ipairs(heads[j]) do lines[k] = escape(line) end
    return ('<th scope="col"%s%s>%s%s</th>'):format(rows or "", g.words[j]
      and (' style="min-width:%dch"'):format(g.words[j]) or "",
      table.concat(lines, "<br>"), mark_of(heads[j]))
  end
  if not spans then
    local parts = { corner }
    for j in ipairs(t.columns) do
      parts[#parts + 1] = one(j)
    end
    return { "<tr>" .. table.concat(parts) .. "</tr>" }
  end
  local first, second, j = { corner }, {}, 1
  while j <= #t.columns do
    local own
    for _, s in ipairs(spans) do if s.from == j then own = s end end
    if own then
      first[#first + 1] = ('<th scope="colgroup" colspan="%d" class="span">%s</th>')
        :format(own.to - own.from + 1, escape(own.text))
      for k = own.from, own.to do
        second[#second + 1] = one(k)
      end
      j = own.to + 1
    else
      first[#first + 1] = one(j, ' rowspan="2"')
      j = j + 1
    end
  end
  out[1] = "<tr>" .. table.concat(first) .. "</tr>"
  out[2] = "<tr>" .. table.concat(second) .. "</tr>"
  return out
end

-- How many letters are wide: all of a table, its stub, columns of words. Words wrap,
-- but not all.
local function letters_of(t)
  local function longest(s, most)
    local n = 0
    for word in s:gmatch "%S+" do n = math.max(n, text.width(word)) end
    return math.min(n, most)
  end
  local stub = longest(clean(t.stub or ""), 24)
  for _, row in ipairs(t.rows) do
    stub = math.max(stub, math.min(text.width(clean(row.label))
      + 3 * (row.indent or 0), 24))
  end
  local _, heads = object.heads(t)
  local g = { all = stub, stub = stub, words = {} }
  for j, column in ipairs(t.columns) do
    local wide = 0
    for _, line in ipairs(heads[j]) do wide = math.max(wide, longest(line, 40)) end
    for _, row in ipairs(t.rows) do
      local shown = layout.cell(row.cells[j])
      local own = text.width(shown)
      wide = math.max(wide, layout.is_text(column) and math.min(own, 24) or own)
    end
    g.all = g.all + wide + 2
    if layout.is_text(column) then g.words[j] = math.min(wide, 24) end
  end
  return g
end

local WIDE = 110 -- letters: more need a page in landscape

-- Characters before the decimal point of the widest cell of each column.
local function head_widths(t)
  local widths = {}
  for j, column in ipairs(t.columns) do
    widths[j] = 0
    for _, row in ipairs(layout.is_text(column) and {} or t.rows) do
      local before = layout.split(layout.cell(row.cells[j]))
      widths[j] = math.max(widths[j], text.width(before))
    end
  end
  return widths
end

local function cell_of(column, cell, most)
  local shown = layout.cell(cell)
  if layout.is_text(column) then
    return ('<td class="w">%s%s</td>'):format(escape(shown), mark_of(cell))
  end
  local push = most - text.width((layout.split(shown)))
  return ("<td%s>%s%s</td>"):format(push > 0 and shown ~= ""
    and (' style="text-indent:%dch"'):format(push) or "", escape(shown),
    mark_of(cell))
end

--- html.table(t [, id, number]) -> the table with its notes, for a page that has
-- the style; number, "Table 3.", stands before its title
function M.table(t, id, number)
  local g = letters_of(t)
  local out = { ('<div class="ts-scroll%s" tabindex="0" role="group" aria-label="%s">'
    .. '<table class="ts"%s style="--ts-letters:%d">'):format(g.all > WIDE
    and " ts-wide" or "", escape(t.title or t.what),
    id and (' id="%s"'):format(escape(id)) or "", g.all) }
  local caption = { (number and escape(number) .. " " or "")
    .. escape(t.title or t.what) }
  if t.population then
    caption[#caption + 1] = ("<span>Population: %s</span>"):format(
      escape(t.population))
  end
  if t.stamp then
    caption[#caption + 1] = ('<span class="ts-stamp">%s</span>'):format(
      escape(t.stamp))
  end
  out[#out + 1] = "<caption>" .. table.concat(caption) .. "</caption>"
  out[#out + 1] = "<thead>"
  for _, line in ipairs(head(t, g)) do out[#out + 1] = line end
  out[#out + 1] = "</thead>"
  out[#out + 1] = "<tbody>"
  local widths = head_widths(t)
  for _, row in ipairs(t.rows) do
    local parts, indent = {}, row.indent or 0
    parts[1] = row.label == "" and not row.mark and "<td></td>" -- no head of nothing
      or ('<th scope="row"%s>%s%s</th>'):format(indent > 0
        and (' style="padding-left:%gem"'):format(1.2 * indent) or "",
        escape(row.label), mark_of(row))
    for j, column in ipairs(t.columns) do
      parts[#parts + 1] = cell_of(column, row.cells[j], widths[j])
    end
    out[#out + 1] = "<tr>" .. table.concat(parts) .. "</tr>"
  end
  out[#out + 1] = "</tbody></table></div>"
  out[#out + 1] = '<div class="ts-notes">'
  for _, n in ipairs(layout.notes(t)) do
    out[#out + 1] = ("<p>%s%s</p>"):format(n[1]
      and ("<sup>%s</sup> "):format(escape(n[1])) or "", escape(n[2]))
  end
  for _, o in ipairs(layout.origin(t)) do
    out[#out + 1] = ("<p>%s: %s</p>"):format(escape(o[1]), escape(o[2]))
  end
  out[#out + 1] = "</div>"
  return table.concat(out, "\n") .. "\n"
end

--- html.page(title, body): a page of its own, without scripts.
function M.page(title, body)
  return table.concat { '<!DOCTYPE html>\n<html lang="en">\n<head>\n',
    '<meta charset="utf-8">\n',
    '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; ',
    'img-src data:; style-src \'unsafe-inline\'">\n',
    '<meta name="viewport" content="width=device-width, initial-scale=1">\n',
    "<title>", escape(title), "</title>\n<style>\nbody{margin:1.5em}\n", M.style,
    "</style>\n</head>\n<body>\n<div role=\"main\">\n", body, "</div>\n</body>\n</html>\n" }
end

--- html.save(t, file)
function M.save(t, file)
  require "ts.gnuplot".write(file, M.page(t.title or t.what, M.table(t)))
end

return M
