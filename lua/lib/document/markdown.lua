-- The Markdown of reports as HTML: headings, paragraphs, lists, *emphasis*,
-- **strong**, `code`, [links](https://...). All else is text.

local escape = require "trialsh.table.html".escape

local M = {}

local function inline(s)
  s = escape(s)
  local code = {}
  s = s:gsub("`([^`]+)`", function(x)
    code[#code + 1] = "<code>" .. x .. "</code>"
    return "\1" .. #code .. "\2"
  end)
  s = s:gsub("%[([^%]]+)%]%((https?://[^%s()\"]+)%)", '<a href="%2">%1</a>')
  s = s:gsub("%*%*(%S[^*]-)%*%*", "<strong>%1</strong>")
  s = s:gsub("%*(%S[^*]-)%*", "<em>%1</em>")
  return (s:gsub("\1(%d+)\2", function(i) return code[tonumber(i)] end))
end
M.inline = inline

--- markdown.html(text, heading) -> HTML; heading(level, html, text) -> what
-- stands for a heading
function M.html(text, heading)
  local out, paragraph, list = {}, {}, nil
  local function flush()
    if #paragraph > 0 then
      out[#out + 1] = "<p>" .. inline(table.concat(paragraph, " ")) .. "</p>"
      paragraph = {}
    end
    if list then
      out[#out + 1] = ("<%s>%s</%s>"):format(list.tag, table.concat(list), list.tag)
      list = nil
    end
  end
  for line in (text .. "\n"):gmatch "(.-)\r?\n" do
    local marks, title = line:match "^(#+)%s+(.-)%s*#*$"
    local bullet = line:match "^%s*[-*]%s+(.*)$"
    local number = line:match "^%s*%d+[.)]%s+(.*)$"
    if line:match "^%s*$" then
      flush()
    elseif marks then
      flush()
      out[#out + 1] = heading(#marks, inline(title), title)
    elseif bullet or number then
      local tag = bullet and "ul" or "ol"
      if not list or list.tag ~= tag then
        flush()
        list = { tag = tag }
      end
      list[#list + 1] = "<li>" .. inline(bullet or number) .. "</li>"
    elseif list and line:match "^%s+%S" then
      list[#list] = list[#list]:gsub("</li>$", " " .. inline(line:match "^%s*(.*)$"):gsub("%%", "%%%%") .. "</li>")
    else
      if list then flush() end
      paragraph[#paragraph + 1] = line:match "^%s*(.-)%s*$"
    end
  end
  flush()
  return table.concat(out, "\n")
end

return M
