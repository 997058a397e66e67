-- What tests need to read a table of HTML back: its heads, rows and notes.
local M = {}

local function decode(s)
  s = s:gsub("<br>", "\n"):gsub("<[^>]*>", "")
  s = s:gsub("&lt;", "<"):gsub("&gt;", ">"):gsub("&quot;", '"')
    :gsub("&#(%d+);", function(n) return utf8.char(math.tointeger(n)) end)
  return (s:gsub("&amp;", "&"))
end

--- html.read(page) -> { title, heads = { { texts } }, rows = { { label, cells } },
-- notes = { texts }, caption }
function M.read(page)
  local out = { heads = {}, rows = {}, notes = {} }
  out.title = decode(page:match "<title>(.-)</title>")
  out.caption = decode(page:match "<caption>(.-)<span" or page:match
    "<caption>(.-)</caption>")
  for line in page:match "<thead>(.-)</thead>":gmatch "<tr>(.-)</tr>" do
    local row = {}
    for _, cell in line:gmatch "<(t[hd])[^>]*>(.-)</t[hd]>" do
      row[#row + 1] = decode(cell)
    end
    out.heads[#out.heads + 1] = row
  end
  for line in page:match "<tbody>(.-)</tbody>":gmatch "<tr>(.-)</tr>" do
    local row = {}
    for attributes, cell in line:gmatch "<t[hd]([^>]*)>(.-)</t[hd]>" do
      local mark = cell:match "<sup>(.-)</sup>"
      cell = cell:gsub("<sup>.-</sup>", "")
      row[#row + 1] = decode(cell)
      if mark then row.marks = (row.marks or "") .. mark end
      if #row == 1 then row.scope = attributes:match 'scope="(%w+)"' end
    end
    out.rows[#out.rows + 1] = row
  end
  for line in page:match '<div class="ts%-notes">(.-)</div>':gmatch "<p>(.-)</p>" do
    out.notes[#out.notes + 1] = decode((line:gsub("<sup>(.-)</sup>", "[%1]")))
  end
  return out
end

return M
