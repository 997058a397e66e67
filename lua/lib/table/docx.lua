-- Tables as DOCX: landscape, heads repeated on each page, mark and number of
-- the page in header and footer. Numbers stand below each other by their decimal
-- point through figure spaces, which are as wide as a digit.

local layout = require "trialsh.table.layout"
local object = require "trialsh.table.object"
local text = require "ts.text"
local font = require "trialsh.figure.font"
local html = require "trialsh.table.html"

local M = {}

local clean = object.clean

local XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
local W = ' xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
local PACKAGE = "http://schemas.openxmlformats.org/package/2006/"
local OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
local WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml."
local FIGURE_SPACE = "\u{2007}"

local MARGIN = 2 * 40 + 40 -- of a cell, and a little more

-- Twips that a text takes at 9 points, in a font as wide as Arial.
local function wide(s, bold)
  return math.ceil(font.width(s, 9, bold) * 1440 / 25.4)
end

--- docx.escape(s): text of XML.
function M.escape(s)
  return (html.escape(s):gsub("\xEF\xBF[\xBE\xBF]", "\u{FFFD}"))
end
local escape = M.escape

-- A run of text; how: bold, super.
local function run(s, how)
  if s == "" then return "" end
  local properties = (how == "bold" and "<w:b/>" or "")
    .. (how == "super" and '<w:vertAlign w:val="superscript"/>' or "")
  return ('<w:r>%s<w:t xml:space="preserve">%s</w:t></w:r>'):format(
    properties ~= "" and "<w:rPr>" .. properties .. "</w:rPr>" or "", escape(s))
end

local function mark_of(x)
  local marks = layout.marks(x)
  return marks and run(marks, "super") or ""
end

-- spec: style, align, indent (twips), keep (with the next paragraph)
local function paragraph(runs, spec)
  spec = spec or {}
  return ("<w:p><w:pPr>%s%s%s%s</w:pPr>%s</w:p>"):format(
    spec.style and ('<w:pStyle w:val="%s"/>'):format(spec.style) or "",
    spec.keep and "<w:keepNext/>" or "",
    spec.indent and ('<w:ind w:left="%d" w:hanging="100"/>'):format(
      spec.indent + 100) or "",
    spec.align and ('<w:jc w:val="%s"/>'):format(spec.align) or "", runs)
end

local function cell(content, width, spec)
  spec = spec or {}
  local borders = ""
  for _, side in ipairs { "top", "bottom" } do
    if spec[side] then
      borders = borders .. ('<w:%s w:val="single" w:sz="6" w:space="0" '
        .. 'w:color="000000"/>'):format(side)
    end
  end
  return ('<w:tc><w:tcPr><w:tcW w:w="%d" w:type="dxa"/>%s%s%s</w:tcPr>%s</w:tc>')
    :format(width, spec.span and ('<w:gridSpan w:val="%d"/>'):format(spec.span)
      or "", borders ~= "" and "<w:tcBorders>" .. borders .. "</w:tcBorders>"
      or "", spec.head and '<w:vAlign w:val="bottom"/>' or "", content)
end

local function row(cells, head)
  return ("<w:tr><w:trPr><w:cantSplit/>%s</w:trPr>%s</w:tr>\n"):format(
    head and "<w:tblHeader/>" or "", table.concat(cells))
end

-- The widest word of a text, where it may break.
local function longest_word(s, bold)
  local most = 0
  for word in s:gmatch "%S+" do most = math.max(most, wide(word, bold)) end
  return most
end

-- Width of a column in twips, and the letters before its decimal point.
local function measure(t, g, j)
  local column, before, width = t.columns[j], 0, 0
  for _, r in ipairs(t.rows) do
    local shown = layout.cell(r.cells[j])
    local marks = layout.marks(r.cells[j])
    if layout.is_text(column) then
      width = math.max(width, math.min(wide(shown), 2600), longest_word(shown))
    else
      before = math.max(before, text.width((layout.split(shown))))
    end
    width = math.max(width, marks and wide(marks) or 0)
  end
  if not layout.is_text(column) then
    for _, r in ipairs(t.rows) do
      local shown = layout.cell(r.cells[j])
      local push = before - text.width((layout.split(shown)))
      width = math.max(width, wide(("0"):rep(push) .. shown
        .. (layout.marks(r.cells[j]) or "")))
    end
  end
  for _, line in ipairs(g.heads[j]) do
    width = math.max(width, math.min(wide(line, true), 1500),
      longest_word(line, true))
  end
  return width + MARGIN, before
end

local function set(t, room)
  local g = { widths = {}, before = {} }
  g.spans, g.heads = object.heads(t)
  local stub = wide(clean(t.stub or ""), true)
  for _, r in ipairs(t.rows) do
    stub = math.max(stub, 200 * (r.indent or 0) + wide(clean(r.label)
      .. (layout.marks(r) or "")))
  end
  g.stub = math.min(stub, 3600) + 100 + MARGIN
  local left = room - g.stub
  for j, column in ipairs(t.columns) do
    if not column.wide then
      g.widths[j], g.before[j] = measure(t, g, j)
      left = left - g.widths[j]
    end
  end
  for j, column in ipairs(t.columns) do -- takes what the others leave
    if column.wide then g.widths[j], g.before[j] = math.max(2600, left), 0 end
  end
  g.blocks = layout.blocks(g.widths, g.stub, 0, room, g.spans, function(s)
    return math.min(wide(s, true), 3000) + MARGIN
  end)
  return g
end

local function head_rows(t, g, block)
  local out = {}
  if g.spans then
    local cells, j = { cell(paragraph "", g.stub, { top = true, head = true }) },
      block[1]
    while j <= block[2] do
      local own
      for _, s in ipairs(g.spans) do
        if j >= s.from and j <= s.to then own = s end
      end
      local to, width = own and math.min(own.to, block[2]) or j, 0
      for i = j, to do width = width + g.widths[i] end
      cells[#cells + 1] = cell(paragraph(own and run(own.text, "bold") or "",
        { align = "center" }), width, { top = true, bottom = own ~= nil,
        span = to - j + 1, head = true })
      j = to + 1
    end
    out[1] = row(cells, true)
  end
  local top = not g.spans
  local cells = { cell(paragraph(run(clean(t.stub or ""), "bold")), g.stub,
    { top = top, bottom = true, head = true }) }
  for j = block[1], block[2] do
    local lines = {}
    for k, line in ipairs(g.heads[j]) do lines[k] = run(line, "bold") end
    cells[#cells + 1] = cell(paragraph(table.concat(lines, "<w:r><w:br/></w:r>")
      .. mark_of(g.heads[j])), g.widths[j],
      { top = top, bottom = true, head = true })
  end
  out[#out + 1] = row(cells, true)
  return table.concat(out)
end

local function body_rows(t, g, block)
  local out = {}
  for i, r in ipairs(t.rows) do
    local last = i == #t.rows
    local next_row = t.rows[i + 1]
    local keep = next_row and (next_row.indent or 0) > (r.indent or 0)
    local cells = { cell(paragraph(run(clean(r.label)) .. mark_of(r),
      { indent = 200 * (r.indent or 0), keep = keep }), g.stub,
      { bottom = last }) }
    for j = block[1], block[2] do
      local shown = layout.cell(r.cells[j])
      if shown ~= "" and not layout.is_text(t.columns[j]) then
        local push = g.before[j] - text.width((layout.split(shown)))
        shown = FIGURE_SPACE:rep(push) .. shown
      end
      cells[#cells + 1] = cell(paragraph(run(shown) .. mark_of(r.cells[j]),
        { keep = keep }), g.widths[j], { bottom = last })
    end
    out[i] = row(cells)
  end
  return table.concat(out)
end

-- A field of Word with what it shows until it is updated.
local function field(code, shown)
  return ('<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText '
    .. 'xml:space="preserve"> %s </w:instrText></w:r><w:r><w:fldChar '
    .. 'w:fldCharType="separate"/></w:r><w:r><w:t>%d</w:t></w:r><w:r><w:fldChar '
    .. 'w:fldCharType="end"/></w:r>'):format(code, shown or 1)
end

-- "Table 1. Title", the number a field that cross-references find; a title that has
-- its own number stays as it is.
local function caption(t, number)
  local title = clean(t.title or t.what)
  if title:find "^Table%f[%A]" then return run(title) end
  return run "Table " .. field("SEQ Table \\* ARABIC", number) .. run ". "
    .. run(title)
end

--- docx.table(t, paper [, number]) -> the paragraphs and tables of a document's body
function M.table(t, paper, number)
  local g = set(t, (layout.room(paper)))
  local out = { paragraph(caption(t, number), { style = "Caption", keep = true }) }
  if t.population then
    out[#out + 1] = paragraph(run("Population: " .. clean(t.population)),
      { keep = true })
  end
  if t.stamp then
    out[#out + 1] = paragraph(run(clean(t.stamp), "bold"), { keep = true })
  end
  for b, block in ipairs(g.blocks) do
    if b > 1 then out[#out + 1] = paragraph "" end
    local total, grid = g.stub, { ('<w:gridCol w:w="%d"/>'):format(g.stub) }
    for j = block[1], block[2] do
      total = total + g.widths[j]
      grid[#grid + 1] = ('<w:gridCol w:w="%d"/>'):format(g.widths[j])
    end
    out[#out + 1] = ('<w:tbl><w:tblPr><w:tblW w:w="%d" w:type="dxa"/><w:tblLayout '
      .. 'w:type="fixed"/><w:tblCellMar><w:left w:w="40" w:type="dxa"/><w:right '
      .. 'w:w="40" w:type="dxa"/></w:tblCellMar></w:tblPr><w:tblGrid>%s'
      .. "</w:tblGrid>\n%s%s</w:tbl>"):format(total, table.concat(grid),
      head_rows(t, g, block), body_rows(t, g, block))
  end
  for _, n in ipairs(layout.notes(t)) do
    out[#out + 1] = paragraph((n[1] and run(n[1], "super") .. run " " or "")
      .. run(n[2]), { style = "Note" })
  end
  for _, o in ipairs(layout.origin(t)) do
    out[#out + 1] = paragraph(run(("%s: %s"):format(o[1], o[2])),
      { style = "Note" })
  end
  return table.concat(out, "\n")
end

local FONT = '<w:rFonts w:ascii="Arial" w:hAnsi="Arial" w:cs="Arial"/>'

local styles = XML .. "<w:styles" .. W .. "><w:docDefaults><w:rPrDefault><w:rPr>"
  .. FONT .. '<w:sz w:val="18"/></w:rPr></w:rPrDefault><w:pPrDefault><w:pPr>'
  .. '<w:spacing w:before="0" w:after="0"/></w:pPr></w:pPrDefault></w:docDefaults>'
  .. '<w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name '
  .. 'w:val="Normal"/></w:style><w:style w:type="paragraph" w:styleId="Caption">'
  .. '<w:name w:val="caption"/><w:basedOn w:val="Normal"/><w:pPr><w:spacing '
  .. 'w:after="60"/></w:pPr><w:rPr><w:b/><w:sz w:val="20"/></w:rPr></w:style>'
  .. '<w:style w:type="paragraph" w:customStyle="1" w:styleId="Note"><w:name '
  .. 'w:val="Note"/><w:basedOn w:val="Normal"/><w:rPr><w:sz w:val="15"/></w:rPr>'
  .. "</w:style></w:styles>\n"

--- docx.parts(title, stamp, body, paper) -> the files of a document, { { name, bytes } }
function M.parts(title, stamp, body, paper)
  local size = layout.papers[paper]
  local function type_of(part, kind)
    return ('<Override PartName="/%s" ContentType="%s"/>'):format(part, kind)
  end
  local function relation(id, kind, target)
    return ('<Relationship Id="%s" Type="%s" Target="%s"/>'):format(id, kind,
      target)
  end
  local function relations(...)
    return XML .. '<Relationships xmlns="' .. PACKAGE .. 'relationships">'
      .. table.concat { ... } .. "</Relationships>\n"
  end
  return {
    { "[Content_Types].xml", XML .. '<Types xmlns="' .. PACKAGE
      .. 'content-types"><Default Extension="rels" ContentType="application/'
      .. 'vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" '
      .. 'ContentType="application/xml"/>'
      .. type_of("word/document.xml", WORD .. "document.main+xml")
      .. type_of("word/styles.xml", WORD .. "styles+xml")
      .. type_of("word/header1.xml", WORD .. "header+xml")
      .. type_of("word/footer1.xml", WORD .. "footer+xml")
      .. type_of("docProps/core.xml",
        "application/vnd.openxmlformats-package.core-properties+xml")
      .. "</Types>\n" },
    { "_rels/.rels", relations(relation("rId1", OFFICE .. "officeDocument",
      "word/document.xml"), relation("rId2", PACKAGE
      .. "relationships/metadata/core-properties", "docProps/core.xml")) },
    { "docProps/core.xml", XML .. '<cp:coreProperties xmlns:cp="' .. PACKAGE
      .. 'metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/">'
      .. "<dc:title>" .. escape(title) .. "</dc:title><dc:creator>"
      .. escape(require "trialsh.version".text) .. "</dc:creator>"
      .. (stamp and "<cp:keywords>" .. escape(stamp) .. "</cp:keywords>" or "")
      .. "</cp:coreProperties>\n" },
    { "word/_rels/document.xml.rels", relations(
      relation("rId1", OFFICE .. "styles", "styles.xml"),
      relation("rId2", OFFICE .. "header", "header1.xml"),
      relation("rId3", OFFICE .. "footer", "footer1.xml")) },
    { "word/styles.xml", styles },
    { "word/header1.xml", XML .. "<w:hdr" .. W .. ">"
      .. paragraph(stamp and run(stamp, "bold") or "", { align = "right" })
      .. "</w:hdr>\n" },
    { "word/footer1.xml", XML .. "<w:ftr" .. W .. ">"
      .. paragraph(run "Page " .. field "PAGE" .. run " of " .. field "NUMPAGES",
        { align = "right" }) .. "</w:ftr>\n" },
    { "word/document.xml", XML .. "<w:document" .. W .. ' xmlns:r="'
      .. OFFICE:sub(1, -2) .. '"><w:body>\n' .. body .. '\n<w:sectPr>'
      .. '<w:headerReference w:type="default" r:id="rId2"/><w:footerReference '
      .. 'w:type="default" r:id="rId3"/><w:pgSz w:w="' .. size[1] .. '" w:h="' .. size[2] .. '" '
      .. 'w:orient="landscape"/><w:pgMar w:top="1080" w:right="1080" '
      .. 'w:bottom="1080" w:left="1080" w:header="540" w:footer="540" '
      .. 'w:gutter="0"/></w:sectPr></w:body></w:document>\n' },
  }
end

--- docx.save(t, file, opt)
function M.save(t, file, opt)
  require "ts.zip".write(file, M.parts(t.title or t.what, t.stamp,
    M.table(t, opt.paper), opt.paper))
end

return M
