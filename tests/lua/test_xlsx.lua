-- Workbooks: what their parts say, and that R's readxl finds the values.
local lu = require "luaunit"
local cframe = require "ts.frame"
local note = require "trialsh.note"
local relation = require "trialsh.relation"

local said = {}
note.listeners[#note.listeners + 1] = function(line) said[#said + 1] = line end

local folder = os.tmpname()
os.remove(folder)
os.execute("mkdir " .. folder)

local function path(name) return folder .. "/" .. name end

local function content(file)
  local f = assert(io.open(file, "rb"))
  local all = f:read "a"
  f:close()
  return all
end

local function refuses(words, f, ...)
  local ok, err = pcall(f, ...)
  lu.assertFalse(ok, words)
  lu.assertStrContains(tostring(err), words)
end

local function run(command)
  local p = io.popen(command .. " 2>&1")
  local out = p:read "a"
  return p:close(), out
end

local function has(program)
  if not run(program .. " >/dev/null") then lu.skip(program .. " fails") end
end

local function part(file, name)
  local _, out = run(("unzip -p %s '%s'"):format(file,
    name:gsub("[%[%]]", "\\%0")))
  return out
end

local TEXTS = { "=1+1", "+1", "-1.5", "@a", "\t=", 'a & <b> "q"', "  lead",
  "tail  ", "two\nlines", "\1\27\r|", "_x0041_ _x00", "＝1", "é€😀\u{FFFE}", NA,
  "", "NA", "0123", "TRUE" }
local NUMBERS = { 0.1 + 0.2, 1 / 3, 5e-324, -0.0, 1e300, 2^53 + 2, NA,
  1.7976931348623157e308, -1.5, 2.2250738585072014e-308, 1e22, 123456789.125,
  0, 1, -1, 1e-7, 3, 4 }

local function sample()
  local dates, days = {}, { 0, -1, -21855, -21856, -138061, 23435, 2936549, NA }
  for i = 1, #TEXTS do dates[i] = days[i] or i end
  local f = cframe.build({ "T", "X", "ADT" }, { TEXTS, NUMBERS, dates })
  return cframe.build({ "T", "X", "ADT" }, {
    cframe.with(f:column(1), { label = "Text <&>" }),
    cframe.with(f:column(2), { label = "Value", unit = "kg/m²" }),
    cframe.with(f:column(3), { format = "DATE9." }) })
end

TestXlsx = {}

function TestXlsx:setUp() said = {} end

function TestXlsx.test_every_part_is_xml_and_equal_data_are_equal_bytes()
  has "unzip -v"
  local f = relation.of_frame(sample())
  local file = path "all.xlsx"
  demo:export({ "adsl", "adlb", again = f, other = demo.adsl:head(2) }, file,
    { created = "2026-11-24T03:12:43", label = "All & everything" })
  local first = content(file)
  local ok, list = run("unzip -tq " .. file .. " && unzip -Z1 " .. file)
  lu.assertTrue(ok, list)
  local n = 0
  for name in list:gmatch "[^\n]+" do
    if name:find "%.xml$" or name:find "%.rels$" or name:find "%.vml$" then
      n = n + 1
      local text = part(file, name)
      local temporary = path "part.xml"
      local out = assert(io.open(temporary, "wb"))
      out:write(text)
      out:close()
      local good, words = run("xmllint --noout " .. temporary)
      lu.assertTrue(good, name .. ": " .. words)
    end
  end
  lu.assertTrue(n > 12)
  demo:export({ "adsl", "adlb", again = f, other = demo.adsl:head(2) }, file,
    { created = "2026-11-24T03:12:43", label = "All & everything" })
  lu.assertTrue(content(file) == first)
  -- the time of day stands nowhere
  lu.assertNil(first:find(os.date "%Y-%m-%d", 1, true))
  local core = part(file, "docProps/core.xml")
  for _, words in ipairs { "<dc:title>All &amp; everything</dc:title>",
    "<cp:keywords>SIMULATED DATA</cp:keywords>", "2026-11-24T03:12:43Z",
    "<dc:creator>trialsh " } do
    lu.assertStrContains(core, words)
  end
  local names = {}
  for name in part(file, "xl/workbook.xml"):gmatch '<sheet name="([^"]*)"' do
    names[#names + 1] = name
  end
  lu.assertEquals(names, { "adsl", "adlb", "again", "other",
    "SIMULATED DATA" })
  -- the mark: on each simulated sheet, and on the last, which names them
  for i, simulated in ipairs { true, true, false, true, true } do
    local xml = part(file, ("xl/worksheets/sheet%d.xml"):format(i))
    lu.assertEquals(xml:find("<oddHeader>&amp;CSIMULATED DATA", 1, true)
      ~= nil, simulated)
    lu.assertEquals(xml:find("<tabColor", 1, true) ~= nil, simulated)
    lu.assertStrContains(xml, 'ySplit="1" topLeftCell="A2"')
  end
  lu.assertStrContains(part(file, "xl/worksheets/sheet5.xml"), "A4")
  -- labels and units are comments of the names
  local comments = part(file, "xl/comments3.xml")
  lu.assertStrContains(comments, '<comment ref="A1" authorId="0"><text>'
    .. '<t xml:space="preserve">Text &lt;&amp;&gt;</t>')
  lu.assertStrContains(comments, ">Value, kg/m²<")
  lu.assertNil(comments:find "C1")
  lu.assertStrContains(part(file, "xl/drawings/vmlDrawing3.vml"),
    "<x:Row>0</x:Row><x:Column>1</x:Column>")
end

function TestXlsx.test_cells()
  has "unzip -v"
  local file = path "cells.xlsx"
  demo:export(relation.of_frame(sample()), file, { member = "cells" })
  lu.assertEquals(said, { file .. ": dates before 1900-03-01, which "
    .. "spreadsheets lack, are ISO text: ADT: 2 values" })
  local xml = part(file, "xl/worksheets/sheet1.xml")
  local strings = {}
  for text in part(file, "xl/sharedStrings.xml"):gmatch "<si>(.-)</si>" do
    strings[#strings + 1] = text
  end
  lu.assertEquals(#strings, #TEXTS - 1)
  lu.assertStrContains(strings[8], '<t xml:space="preserve">tail  </t>')
  lu.assertStrContains(strings[10], "_x0001__x001B__x000D_|")
  lu.assertStrContains(strings[11], "_x005F_x0041_ _x00")
  lu.assertStrContains(strings[13], "é€😀_xFFFE_")
  lu.assertEquals(strings[14], "<t></t>")
  for i, x in ipairs(NUMBERS) do
    local value = xml:match(('<c r="B%d"><v>(.-)</v></c>'):format(i + 1))
    if x == NA then
      lu.assertNil(value)
    else
      lu.assertTrue(tonumber(value) == x, value)
    end
    -- a text is one of the shared ones, as text, and never a formula
    local text = xml:match(('<c r="A%d" (.-)>'):format(i + 1))
    lu.assertEquals(text, TEXTS[i] ~= NA and 's="2" t="s"' or nil)
  end
  lu.assertNil(xml:find("<f", 1, true))
  lu.assertNil(xml:find('r="A15"', 1, true)) -- NA is no cell
  lu.assertStrContains(xml, '<c r="C2" s="3"><v>21916</v></c>')
  lu.assertStrContains(xml, '<c r="C4" s="3"><v>61</v></c>')
  lu.assertStrContains(xml, '<c r="C5" s="2" t="inlineStr"><is><t>1900-02-28<')
  lu.assertStrContains(xml, '<c r="C6" s="2" t="inlineStr"><is><t>1582-01-01<')
  lu.assertStrContains(xml, '<c r="C8" s="3"><v>2958465</v></c>')
end

function TestXlsx.test_times()
  has "unzip -v"
  local f = cframe.build({ "A", "B", "C", "D", "E", "F" }, {
    { 0, 86399 }, { 0.5, NA }, { 0, 90000 }, { 0, 86400 }, { 0.25, -3e9 },
    { 0.5, 1 } })
  local formats = { "TIME8.", "TIME12.3", "TIME8.", "DATETIME20.",
    "DATETIME25.3", "DATE9." }
  local columns = {}
  for j = 1, 6 do
    columns[j] = cframe.with(f:column(j), { format = formats[j] })
  end
  local file = path "times.xlsx"
  demo:export(relation.of_frame(cframe.build(f:names(), columns)), file)
  local xml = part(file, "xl/worksheets/sheet1.xml")
  for cell, words in pairs { A3 = "6", B2 = "7", C3 = "8", D3 = "4",
    E2 = "5" } do
    lu.assertStrContains(xml, ('<c r="%s" s="%s"><v>'):format(cell, words))
  end
  lu.assertStrContains(xml, ('<c r="A3" s="6"><v>%s</v>')
    :format(require "ts.text".number(86399 / 86400)))
  lu.assertStrContains(xml, '<c r="D3" s="4"><v>21917</v>')
  lu.assertStrContains(xml, ("<t>%s<"):format(require "trialsh.iso".text("datetime", -3e9)))
  lu.assertStrContains(xml, '<c r="F2"><v>0.5</v></c>')
  lu.assertStrContains(table.concat(said, "\n"), "are ISO text: E: 1 value")
  lu.assertStrContains(table.concat(said, "\n"),
    "not all dates stay the numbers of SAS: F")
end

function TestXlsx.test_what_is_told()
  local f = cframe.build({ "X" }, { { 1, NA } })
  f = cframe.build({ "X" }, { cframe.with(f:column(1), { format = "8.2" }) })
  demo:export(relation.of_frame(f), path "f.xlsx")
  lu.assertEquals(said, { path "f.xlsx" .. ": XLSX has no place for formats "
    .. "(X)" })
  said = {}
  demo:export({ "adsl", "adtte" }, path "two.xlsx")
  lu.assertEquals(said[1], path "two.xlsx, adsl"
    .. ": XLSX has no place for the order of levels (TRT01P)")
end

function TestXlsx.test_refusals()
  local export = demo.export
  refuses("a list of tables makes the sheets of an XLSX file, not CSV", export,
    demo, { "adsl" }, path "a.csv")
  refuses("an empty list of sheets", export, demo, {}, path "a.xlsx")
  refuses("sheet 1 is no table of the study and has no name", export, demo,
    { demo.adsl:head(1) }, path "a.xlsx")
  refuses("no table adsx; nearest: adsl", export, demo, { "adsx" },
    path "a.xlsx")
  refuses("a is no name of a table, relation or frame, but a number", export,
    demo, { a = 1 }, path "a.xlsx")
  refuses("member names one sheet", export, demo, { "adsl" }, path "a.xlsx",
    { member = "x" })
  refuses("spreadsheet is for CSV files, not for XLSX", export, demo, "adsl",
    path "a.xlsx", { spreadsheet = true })
  refuses("export has no option sheet", export, demo, "adsl", path "a.xlsx",
    { sheet = 1 })
  refuses("the name of a sheet has none of", export, demo, { ["a/b"] = "adsl" },
    path "a.xlsx")
  demo:export("adsl", path "x.xlsx")
  refuses("not CSV but a spreadsheet (.xlsx)", read, path "x.xlsx")
  refuses("XLSX files can be written", export, demo, "adsl", path "a.xls")
  refuses("Dataset-JSON files can be imported, .xlsx cannot", demo.import, demo,
    path "x.xlsx")
  lu.assertFalse(require "ts.file".exists(path "a.xlsx"))
  -- the base name of a file that is no name of a sheet
  for _, name in ipairs { "['very long name of a sheet, x'].xlsx",
    "'a', b c d e f g h i j k l m n o p' and more.xlsx", "\xFF.xlsx",
    "ééééééééééééééééééééééééééééééééé😀.xlsx" } do
    demo:export(demo.adsl:head(1), folder .. "/" .. name)
  end
end

-- R ---------------------------------------------------------------------------

local R = [==[
x <- readxl::read_excel(commandArgs(TRUE)[1], trim_ws = FALSE, na = character(),
  col_types = c("text", "numeric", "list"))
text <- function(v) if (is.na(v)) "NA" else
  paste(as.integer(charToRaw(enc2utf8(v))), collapse = " ")
for (i in seq_len(nrow(x))) {
  d <- x$ADT[[i]]
  cat(text(x$T[i]), sprintf("%a", x$X[i]),
    if (inherits(d, "POSIXct")) format(d, "%Y-%m-%d", tz = "UTC") else
      as.character(d), sep = "|")
  cat("\n")
}
]==]

function TestXlsx.test_readxl_reads_the_values()
  has "Rscript --vanilla -e 'library(readxl)'"
  local file, script = path "r.xlsx", path "r.R"
  local f = sample()
  demo:export(relation.of_frame(f), file)
  local out = assert(io.open(script, "w"))
  out:write(R)
  out:close()
  local ok, lines = run(("Rscript --vanilla %s %s"):format(script, file))
  lu.assertTrue(ok, lines)
  local i = 0
  for text, number, date in lines:gmatch "([^|\n]*)|([^|]*)|([^\n]*)\n" do
    i = i + 1
    local bytes = {}
    for k in text:gmatch "%d+" do bytes[#bytes + 1] = string.char(k) end
    local expected = TEXTS[i] == NA and "NA" or TEXTS[i]
    -- an empty cell of text is no value to readxl
    if expected == "" then expected = "NA" end
    lu.assertEquals(text == "NA" and "NA" or table.concat(bytes), expected)
    if NUMBERS[i] == NA then
      lu.assertEquals(number, "NA")
    else
      lu.assertTrue(tonumber(number) == NUMBERS[i], number)
      lu.assertTrue(1 / tonumber(number) == 1 / NUMBERS[i], number)
    end
    local day = f:value(i, 3)
    lu.assertEquals(date, day == NA and "NA"
      or require "trialsh.iso".text("date", day))
  end
  lu.assertEquals(i, #TEXTS)
end

local code = lu.LuaUnit.run()
os.execute("rm -rf '" .. folder .. "'")
os.exit(code)
