-- {{ADDRESS}} in a document of Word. Word cuts a text into runs wherever spelling
-- or style changed; an address is put together in the run in which it begins, and
-- has its style.

local errors = require "ts.error"
local zip = require "ts.zip"
local place = require "trialsh.document.place"
local escape = require "trialsh.table.html".escape

local fail = errors.fail

local M = {}

local entities = { lt = "<", gt = ">", amp = "&", quot = '"', apos = "'" }

local function plain(xml)
  return (xml:gsub("&(#?)(%w+);", function(number, word)
    if number == "" then return entities[word] end
    local code = word:match "^x(%x+)$"
    code = code and tonumber(code, 16) or tonumber(word)
    return code and code < 0x110000 and utf8.char(code) or nil
  end))
end

-- The texts of a part: { from, to = of the element, text, paragraph }.
local function texts_of(xml)
  local list, paragraph, at = {}, 1, 1
  while true do
    local from, to, close, name, rest = xml:find("<(/?)w:([pt])([^%w>][^>]*)>", at)
    local from2, to2, close2, name2 = xml:find("<(/?)w:([pt])>", at)
    if from2 and (not from or from2 < from) then
      from, to, close, name, rest = from2, to2, close2, name2, ""
    end
    if not from then return list end
    at = to + 1
    if name == "p" then
      paragraph = paragraph + 1
    elseif close == "" and rest:sub(-1) ~= "/" then
      local last, stop = xml:find("</w:t>", at, true)
      if not last then return list end
      list[#list + 1] = { from = from, to = stop, paragraph = paragraph,
        text = plain(xml:sub(at, last - 1)) }
      at = stop + 1
    end
  end
end

-- Puts each {{...}} into the text in which it begins.
local function put_together(texts, first, last)
  local i = first
  while i <= last do
    local open = texts[i].text:match "^.*(){{"
    -- a brace at the end may be half of two
    local half = not open and texts[i].text:sub(-1) == "{" and #texts[i].text
    local from = open or half
    if from and not texts[i].text:find("}}", from, true) then
      local joined, j = texts[i].text, i
      while j < last and not joined:find("}}", from, true) do
        j = j + 1
        joined = joined .. texts[j].text
      end
      local _, stop = joined:find("}}", from, true)
      if stop and joined:sub(from, from + 1) == "{{" then
        local rest = joined:sub(stop + 1)
        for k = i + 1, j do
          texts[k].text, texts[k].changed = "", true
        end
        texts[i].text, texts[i].changed = joined:sub(1, stop), true
        texts[j].text = j > i and rest or texts[j].text
        i = j
      else
        i = i + 1
      end
    else
      i = i + 1
    end
  end
end

local function fill_part(s, xml, name, opt, wrong)
  local texts, parts, at, n = texts_of(xml), {}, 1, 0
  local first = 1
  while first <= #texts do
    local last = first
    while texts[last + 1] and texts[last + 1].paragraph == texts[first].paragraph do
      last = last + 1
    end
    put_together(texts, first, last)
    first = last + 1
  end
  for _, t in ipairs(texts) do
    if t.text:find("{{", 1, true) then
      local ok, filled, count = pcall(place.fill, s, t.text, {
        journal = opt.journal, name = ("%s, %s"):format(opt.name, name) })
      if ok then
        n = n + count
        t.text, t.changed = filled, t.changed or count > 0
      else
        wrong[#wrong + 1] = errors.is(filled) and filled.message
          or tostring(filled)
      end
    end
    if t.changed then
      parts[#parts + 1] = xml:sub(at, t.from - 1)
      parts[#parts + 1] = '<w:t xml:space="preserve">' .. escape(t.text)
        .. "</w:t>"
      at = t.to + 1
    end
  end
  parts[#parts + 1] = xml:sub(at)
  return table.concat(parts), n
end

--- docx.fill(s, bytes, { journal, name, stamp }) -> entries for zip.write, number
-- of places
function M.fill(s, bytes, opt)
  local ok, entries = pcall(zip.read, bytes)
  if not ok then
    if errors.is(entries) then fail(entries.code, opt.name .. ": " .. entries.message) end
    error(entries, 0)
  end
  local n, wrong, body, out = 0, {}, false, {}
  for _, entry in ipairs(entries) do
    local part = entry[1]:match "^word/([%a]+)%d*%.xml$"
    if part == "document" or part == "header" or part == "footer"
        or part == "footnotes" or part == "endnotes" then
      local xml, count = fill_part(s, entry[2], entry[1], opt, wrong)
      n = n + count
      if part == "document" then
        body = true
        local to = select(2, xml:find "<w:body>")
        if to and opt.stamp then
          xml = ("%s<w:p><w:r><w:rPr><w:b/></w:rPr><w:t>%s</w:t></w:r></w:p>%s")
            :format(xml:sub(1, to), escape(opt.stamp), xml:sub(to + 1))
        end
      end
      entry[2] = xml
    end
    if not entry[1]:find "/$" then out[#out + 1] = entry end
  end
  if not body then
    fail("format", opt.name .. ": it has no word/document.xml, so it is no "
      .. "document of Word")
  end
  if #wrong > 0 then fail("not found", table.concat(wrong, "\n")) end
  return out, n
end

return M
