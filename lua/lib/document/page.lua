-- A report as one HTML page: contents, text, tables, figures as images in it.
-- It has no script and fetches nothing.

local html = require "trialsh.table.html"
local markdown = require "trialsh.document.markdown"

local M = {}

local escape = html.escape

local STYLE = [[
html{font:11pt/1.5 "Liberation Sans",Arial,Helvetica,sans-serif;color:#111;background:#fff}
body{margin:0}
main,header,nav,footer{max-width:52rem;margin:0 auto;padding:0 1.2rem;box-sizing:border-box}
h1{font-size:1.6rem;line-height:1.25;margin:1.2rem 0 .6rem}
h2{font-size:1.25rem;margin:2rem 0 .6rem;border-bottom:1px solid #bbb}
h3{font-size:1.05rem;margin:1.4rem 0 .4rem}
p{overflow-wrap:anywhere}
nav ol{padding-left:1.4rem;margin:.2rem 0}
nav a,main a{color:#0b4f8a}
figure{margin:1.4rem 0}
figure img{display:block;max-width:100%;height:auto}
figcaption{font-size:.88rem;margin-top:.5rem}
.mark{background:#a00000;color:#fff;font-weight:bold;text-align:center;padding:.25rem}
.ts-table{margin:1.4rem 0}
@media screen and (min-width:56rem){
.ts-table .ts-scroll{width:max-content;max-width:calc(50vw + 22.6rem)}
}
footer{font-size:.8rem;color:#444;border-top:1px solid #bbb;margin-top:2rem;padding-top:.5rem;padding-bottom:1rem;overflow-wrap:anywhere}
@media print{
html{font-size:9.5pt}
main,header,nav,footer{max-width:none;padding:0}
h2,h3{break-after:avoid}
figure{break-inside:avoid}
figure img{max-height:230mm;width:auto}
.mark{background:none;color:#a00000;border:1px solid #a00000}
nav a,main a{color:inherit;text-decoration:none}
}
]]

-- An SVG as the address of an image; what stands for itself stays readable, and
-- nothing is left to escape.
local function data_uri(svg)
  return "data:image/svg+xml," .. svg:gsub("[^%w !$()*+,%-./:;=?@_~]",
    function(c) return ("%%%02X"):format(c:byte()) end)
end

local function figure_html(entry, id)
  local words = entry.object:describe()
  local width, height = entry.svg:match 'width="([%d.]+)mm" height="([%d.]+)mm"'
  return ('<figure id="%s"><img alt="%s" width="%.0f" height="%.0f" src="%s">\n'
    .. '<figcaption><strong>Figure %d.</strong> %s</figcaption></figure>'):format(
    id, escape(words), width / 25.4 * 96, height / 25.4 * 96,
    data_uri(entry.svg), entry.number, escape(words))
end

-- Panels without a title of their own have those of all.
local function titles_of(parts)
  local list = {}
  for _, part in ipairs(parts or {}) do list[#list + 1] = part.figure.title end
  return #list > 0 and table.concat(list, ", ") or nil
end

local function title_of(entry)
  local title = entry.object.title
    or entry.kind == "table" and entry.object.what
    or titles_of(entry.object.parts)
    or (entry.object.what or entry.object:describe():match "^[^.;:]+"):gsub("^%l", string.upper)
  return ("%s %d%s"):format(entry.kind == "table" and "Table" or "Figure",
    entry.number, title and ". " .. title or "")
end

-- What stands on every printed page: the mark above, the number below.
local function margins(stamp)
  local above = stamp and ('@top-center{content:"%s";color:#a00000;'
    .. 'font:bold 9pt sans-serif}'):format((stamp:gsub('[^%w ,]', ""))) or ""
  return ('@page{margin:18mm 15mm;%s@bottom-right{content:counter(page) " / " '
    .. 'counter(pages);font:8pt sans-serif}}\n'):format(above)
end

-- Headings of the texts begin at h2, one level below the other at most.
local function headings(contents, ids)
  local deepest = 1
  return function(level, inner, plain)
    level = math.min(level + 1, deepest + 1, 6)
    deepest = level
    local id = plain:lower():gsub("[^%w]+", "-"):gsub("^-+", ""):gsub("-+$", "")
    if id == "" then id = "section" end
    ids[id] = (ids[id] or 0) + 1
    if ids[id] > 1 then id = ("%s-%d"):format(id, ids[id]) end
    contents[#contents + 1] = { level = level, id = id, html = inner }
    return ('<h%d id="%s">%s</h%d>'):format(level, id, inner, level)
  end
end

-- The contents: headings of the first level, the tables and figures below each.
local function contents_html(list)
  local out, open = { "<ol>" }, false
  local function close()
    if open then out[#out + 1] = "</ol>" end
    open = false
  end
  local item = false
  for _, c in ipairs(list) do
    if c.level == 2 then
      close()
      if item then out[#out + 1] = "</li>" end
      out[#out + 1] = ('<li><a href="#%s">%s</a>'):format(c.id, c.html)
      item = true
    else
      if item and not open then
        out[#out + 1] = "<ol>"
        open = true
      end
      out[#out + 1] = ('<li><a href="#%s">%s</a></li>'):format(c.id, c.html)
    end
  end
  close()
  if item then out[#out + 1] = "</li>" end
  out[#out + 1] = "</ol>"
  return table.concat(out, "\n")
end

--- page.html({ title, stamp }, entries, methods or nil) -> the page; a figure has
-- its svg
function M.html(opt, entries, methods)
  local contents, body, ids = {}, {}, {}
  local heading = headings(contents, ids)
  for _, entry in ipairs(entries) do
    if entry.kind == "text" then
      body[#body + 1] = markdown.html(entry.text, heading)
    else
      local id = entry.name
      contents[#contents + 1] = { level = 3, id = id,
        html = escape(title_of(entry)) }
      body[#body + 1] = entry.kind == "table"
        and ('<div class="ts-table">%s</div>'):format(html.table(entry.object, id,
          ("Table %d."):format(entry.number)))
        or figure_html(entry, id)
    end
  end
  if methods then
    body[#body + 1] = markdown.html("# Statistical methods", heading)
    for words in (methods .. "\n\n"):gmatch "(.-)\n\n" do
      body[#body + 1] = "<p>" .. escape(words) .. "</p>"
    end
  end
  local stamp = opt.stamp
    and ('<div class="mark">%s</div>\n'):format(escape(opt.stamp)) or ""
  return table.concat { '<!DOCTYPE html>\n<html lang="en">\n<head>\n',
    '<meta charset="utf-8">\n',
    '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; ',
    'img-src data:; style-src \'unsafe-inline\'">\n',
    '<meta name="viewport" content="width=device-width, initial-scale=1">\n',
    "<title>", escape(opt.title), "</title>\n<style>\n", html.style, STYLE,
    margins(opt.stamp),     "</style>\n</head>\n<body>\n<header>\n", stamp, "<h1>", escape(opt.title),
    '</h1>\n</header>\n<nav aria-label="Contents">\n', contents_html(contents),
    "\n</nav>\n<main>\n", table.concat(body, "\n"), "\n</main>\n<footer>\n", stamp,
    "<p>", escape(require "trialsh.sessioninfo".origin()),
    "</p>\n</footer>\n</body>\n</html>\n" }
end

return M
