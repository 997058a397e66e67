-- Tables read back from their files: each reader gives { rows = { { label, cell,
-- ... } }, all = every text of the file in one }. Marks of notes stand at the end
-- of a text as "[a]". They know no more than what trialsh writes.
local M = {}

local function read(path)
  local f = assert(io.open(path, "rb"))
  local all = f:read "a"
  f:close()
  return all
end

local function entry(path, name)
  local pipe = assert(io.popen(("unzip -p '%s' '%s'"):format(path, name)))
  local all = pipe:read "a"
  pipe:close()
  return all
end
M.entry = entry

local function of_xml(s)
  s = s:gsub("&lt;", "<"):gsub("&gt;", ">"):gsub("&quot;", '"')
    :gsub("&#(%d+);", function(n) return utf8.char(math.tointeger(n)) end)
  return (s:gsub("&amp;", "&"))
end

-- RTF --------------------------------------------------------------------------------

-- The text of a piece of RTF: letters, escapes and Unicode; control words fall out.
local function of_rtf(s)
  local out, high = {}, nil
  s = s:gsub("{\\super (.-)}", "[%1]"):gsub("\\line ", "\n")
  local i = 1
  while i <= #s do
    local unit, to = s:match("^\\u(%-?%d+)%?()", i)
    local sign = s:match("^\\([\\{}])", i)
    if unit then
      unit = math.tointeger(unit) & 0xFFFF
      if unit >= 0xD800 and unit < 0xDC00 then high = unit
      elseif unit >= 0xDC00 and unit < 0xE000 then
        out[#out + 1] = utf8.char(0x10000 + ((high - 0xD800) << 10)
          + unit - 0xDC00)
      else out[#out + 1] = utf8.char(unit) end
      i = to
    elseif sign then
      out[#out + 1] = sign
      i = i + 2
    elseif s:find("^\\%a", i) then
      i = s:match("^\\%a+%-?%d* ?()", i)
    else
      out[#out + 1] = s:sub(i, i)
      i = i + 1
    end
  end
  return table.concat(out)
end

--- back.rtf(path): also depth = the deepest braces; an error where they do not
-- balance.
function M.rtf(path)
  local s, depth, deepest = read(path), 0, 0
  local out = { rows = {}, heads = 0 }
  local bare = s:gsub("\\[\\{}]", "")
  for brace in bare:gmatch "[{}]" do
    depth = depth + (brace == "{" and 1 or -1)
    assert(depth >= 0, "braces")
    deepest = math.max(deepest, depth)
  end
  assert(depth == 0, "braces")
  out.depth = deepest
  for line in s:gmatch "\\trowd(.-)\\row\n" do
    local row = {}
    for cell in line:gmatch "\\pard\\intbl[\\%w%-]* (.-)\\cell\n" do
      row[#row + 1] = of_rtf(cell)
    end
    if line:find "\\trhdr" then out.heads = out.heads + 1
    else out.rows[#out.rows + 1] = row end
  end
  out.header = of_rtf(s:match "{\\header(.-)\\pard\\par}\n")
  out.all = of_rtf(s)
  return out
end

-- DOCX ----------------------------------------------------------------------------------

local function of_runs(s)
  local out = {}
  for properties, text in s:gmatch
      '<w:r>(.-)<w:t xml:space="preserve">(.-)</w:t></w:r>' do
    text = of_xml(text)
    out[#out + 1] = properties:find "superscript" and "[" .. text .. "]" or text
  end
  return (table.concat(out):gsub("\u{2007}", ""))
end

function M.docx(path)
  local s = entry(path, "word/document.xml")
  local out = { rows = {}, heads = 0, header = of_runs(entry(path,
    "word/header1.xml")), all = of_runs(s) }
  for line in s:gmatch "<w:tr>(.-)</w:tr>" do
    local row = {}
    for cell in line:gmatch "<w:tc>(.-)</w:tc>" do row[#row + 1] = of_runs(cell) end
    if line:find("<w:tblHeader/>", 1, true) then out.heads = out.heads + 1
    else out.rows[#out.rows + 1] = row end
  end
  return out
end

-- XLSX ------------------------------------------------------------------------------------

function M.xlsx(path)
  local shared, out = {}, { rows = {} }
  local all = entry(path, "xl/sharedStrings.xml")
  for text in all:gmatch "<si><t[^>]*>(.-)</t></si>" do
    shared[#shared + 1] = of_xml(text):gsub("_x(%x%x%x%x)_", function(code)
      return utf8.char(tonumber(code, 16))
    end)
  end
  for line in entry(path, "xl/worksheets/sheet1.xml"):gmatch "<row.->(.-)</row>" do
    local row = {}
    for column, attributes, value in line:gmatch '<c r="(%u+)%d+"([^>]*)>(.-)</c>' do
      local j = 0
      for letter in column:gmatch "%u" do j = 26 * j + letter:byte() - 64 end
      local text = value:match "<t[^>]*>(.-)</t>"
      value = text and of_xml(text):gsub("_x(%x%x%x%x)_", function(code)
        return utf8.char(tonumber(code, 16))
      end) or value:match "<v>(.-)</v>"
      row[j] = attributes:find 't="s"' and shared[1 + math.tointeger(value)] or value
    end
    out.rows[#out.rows + 1] = row
  end
  out.heads = table.remove(out.rows, 1)
  out.all = table.concat(shared, "\n")
  return out
end

-- LaTeX -----------------------------------------------------------------------------------

local of_tex = { textbackslash = "\\", textasciicircum = "^", textasciitilde = "~",
  textless = "<", textgreater = ">", textbar = "|", textquotedbl = '"',
  textasciigrave = "`", textquotesingle = "'", textendash = "–", textemdash = "—" }
local of_math = { ["\\geq"] = "≥", ["\\leq"] = "≤", ["\\neq"] = "≠",
  ["\\mu"] = "µ", ["\\pm"] = "±", ["\\times"] = "×", ["\\cdot"] = "·", ["-"] = "−",
  ["^{\\circ}"] = "°" }

local function of_latex(s)
  s = s:gsub("\\textsuperscript(%b{})", function(m) return "\1" .. m:sub(2, -2) .. "\2" end)
    :gsub("\\hspace%*%b{}", "")
    :gsub("\\hangindent=[%d.]+em ", ""):gsub("\\allowbreak{}", ""):gsub("\\ensuremath(%b{})", function(m)
      return of_math[m:sub(2, -2)] or error(m)
    end)
  local out, i = {}, 1
  while i <= #s do
    local word, to = s:match("^\\(%a+){}()", i)
    local sign = s:match("^\\([{}$&#%%_])", i)
    if word then out[#out + 1], i = of_tex[word] or error(word), to
    elseif sign then out[#out + 1], i = sign, i + 2
    elseif s:find("^\\ ", i) then out[#out + 1], i = " ", i + 2
    elseif s:find("^[{}]", i) then i = i + 1
    else
      assert(not s:find("^[\\$&#%%_^~]", i), "raw sign in " .. s)
      out[#out + 1], i = s:sub(i, i), i + 1
    end
  end
  return (table.concat(out):gsub("[\1-\4]", { ["\1"] = "[", ["\2"] = "]",
    ["\3"] = "{", ["\4"] = "}" }))
end

-- Cells, which " & " parts: the & of a text has a \\ before it.
local function tex_cells(line)
  local list = {}
  for part in (line .. " & "):gmatch "(.-) & " do list[#list + 1] = of_latex(part) end
  return list
end

--- back.tex(path): columns that stand in further blocks are put together again.
function M.tex(path)
  local s = read(path):gsub("\\([{}])", { ["{"] = "\3", ["}"] = "\4" })
  local out = { rows = {}, caption = of_latex((s:match "\\caption(%b{})\\\\"
    :gsub("\\textbf", ""))) }
  for body in s:gmatch "\\endlastfoot\n(.-)\\end{longtable}" do
    local i = 0
    for line in body:gmatch "(.-) \\\\%*?\n" do
      local parts = tex_cells(line)
      i = i + 1
      local row = out.rows[i] or { parts[1] }
      assert(row[1] == parts[1], "the stub of another block")
      for j = 2, #parts, 2 do row[#row + 1] = parts[j] .. (parts[j + 1] or "") end
      out.rows[i] = row
    end
  end
  return out
end

-- Markdown --------------------------------------------------------------------------------

function M.md(path)
  local s = read(path)
  local out = { rows = {}, all = s }
  local function plain(cell)
    cell = cell:gsub("^ +", ""):gsub(" +$", ""):gsub("\u{2003}", "")
      :gsub(" %^(%a)%^$", "[%1]")
    return (cell:gsub("\\(%p)", "%1"):gsub("\\:", ":"))
  end
  for line in s:gmatch "[^\n]+" do
    if line:find "^|" and not line:find "^| :%-" then
      local row, cell = {}, ""
      for part in line:sub(2):gmatch "(.-)|" do
        cell = cell .. part
        if cell:sub(-1) == "\\" then
          cell = cell .. "|"
        else
          row[#row + 1] = plain(cell)
          cell = ""
        end
      end
      out.rows[#out.rows + 1] = row
    end
  end
  out.heads = table.remove(out.rows, 1)
  return out
end

return M
