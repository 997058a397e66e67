-- read() and what it says; writing; the shipped collections where they are.
local lu = require "luaunit"
local csv = require "ts.csv"
local note = require "trialsh.note"
local text = require "ts.text"
local read_lib = require "trialsh.read"

local said = {}
note.listeners[#note.listeners + 1] = function(line) said[#said + 1] = line end

local folder = os.tmpname()
os.remove(folder)
os.execute("mkdir " .. folder)

local function path(name) return folder .. "/" .. name end

local function write(name, content)
  local f = assert(io.open(path(name), "wb"))
  f:write(content)
  f:close()
  return path(name)
end

local function content(name)
  local f = assert(io.open(path(name), "rb"))
  local all = f:read "a"
  f:close()
  return all
end

local function refuses(code, words, f, ...)
  local ok, err = pcall(f, ...)
  lu.assertFalse(ok, words)
  lu.assertEquals(err.code, code)
  lu.assertStrContains(err.message, words)
end

TestRead = {}

function TestRead:setUp() said = {} end

function TestRead.test_types_and_missing()
  local f = read(write("a.csv",
    "USUBJID,AGE,SEX,NOTE\n001,60,F,\n002,NA,M,\"\"\n003,.,NA,x\n"))
  lu.assertEquals(#f, 3)
  lu.assertEquals(f.USUBJID[1], "001")
  lu.assertEquals(f.AGE[1], 60)
  lu.assertEquals(f.AGE[2], NA)
  lu.assertEquals(f.AGE[3], NA)
  lu.assertEquals(f.SEX[3], "NA")
  lu.assertEquals(f.NOTE[1], NA)
  lu.assertEquals(f.NOTE[2], "")
  lu.assertEquals(said, {
    path "a.csv" .. ": 3 rows read, 4 columns",
    path "a.csv" .. ": NA or . is missing in AGE: 2 values",
    path "a.csv" .. ": NA or . stays text in SEX: 1 value; na = { \"NA\" } "
      .. "makes it missing" })
end

function TestRead.test_options()
  local file = write("b.csv", "A;B\n1,5;ND\n2;x\n-99;y\n")
  local f = read(file, { na = { "ND", "-99" }, types = { A = "text" } })
  lu.assertEquals(f.A[1], "1,5")
  lu.assertEquals(f.A[3], NA)
  lu.assertEquals(f.B[1], NA)
  lu.assertStrContains(table.concat(said, "\n"),
    "words of na are missing in A: 1 value, B: 1 value")
  f = read(write("c.csv", "A;B\n1;Bj\xF6rn\n"), { encoding = "latin1" })
  lu.assertEquals(f.B[1], "Björn")
  f = read(write("d.csv", "A:B\n1:2\n"), { delimiter = ":" })
  lu.assertEquals(f.B[1], 2)
  -- what keeps a column of numbers from being one is told, unless it was said
  said = {}
  read(write("mixed.csv", "V;W;X;Y\n2;1,5;2;A\n4;1.024,7;ND;2\nND;2,5;x;c\n"),
    { decimal = "," })
  lu.assertStrContains(table.concat(said, "\n"), "half or more are numbers, "
    .. "but not all: V: 2 of 3, W: 2 of 3; types = { NAME = \"real\" }")
  said = {}
  read(path "mixed.csv", { decimal = ",", types = { V = "text", W = "text" } })
  lu.assertEquals(#said, 1)
  f = read(write("na.csv", "A\n1\nND\n"), { na = "ND" })
  lu.assertEquals(f.A[2], NA)
end

function TestRead.test_many_columns_one_note()
  local names, cells = {}, {}
  for i = 1, 12 do names[i], cells[i] = "V" .. i, "NA" end
  read(write("e.csv", table.concat(names, ",") .. "\n"
    .. table.concat(cells, ",") .. "\n" .. table.concat(cells, ",") .. "\n"))
  lu.assertEquals(#said, 2)
  lu.assertStrContains(said[2], "V8: 2 values, and 4 more columns")
end

function TestRead.test_errors_say_where()
  refuses("format", "2 such records; skip = 2 where line 3 is the header", read,
    write("titles.csv", "Study X\nexported\na,b\n1,2\n"))
  refuses("format", "bad.csv:4: 4 fields, expected 3", read,
    write("bad.csv", "a,b,c\n1,2,3\n4,5,6\n7,8,9,10\n"))
  local lines = { "id,age" }
  for i = 1, 20 do lines[i + 1] = i .. "," .. i end
  lines[3] = "2,sixty"
  refuses("type", "age.csv:3:3: 'sixty' is not a number in column age; 1 of 20"
    .. " values; types = { age = \"text\" }", read,
    write("age.csv", table.concat(lines, "\n")))
  refuses("not found", "there is no column AEG; nearest: AGE", read,
    write("f.csv", "AGE\n1\n"), { types = { AEG = "text" } })
  refuses("format", "latin1.csv:2:2: byte 0xF6 is not valid UTF-8", read,
    write("latin1.csv", "a\nj\xF6rn\n"))
  refuses("invalid", "read has no option separator", read, path "f.csv",
    { separator = ";" })
  refuses("invalid", "nearest: latin1", read, path "f.csv",
    { encoding = "latni1" })
  refuses("invalid", "types: AGE = \"number\" is neither \"text\" nor \"real\"", read,
    path "f.csv", { types = { AGE = "number" } })
  refuses("invalid", "types: AGE is a table, neither", read, path "f.csv",
    { types = { AGE = {} } })
  said = {}
  read(path "f.csv")
  lu.assertEquals(said, { path "f.csv" .. ": 1 row read, 1 column" })
  refuses("type", "na is a list of words", read, path "f.csv", { na = { 99 } })
  refuses("type", "na is a number, a text or a list of them is needed", read,
    path "f.csv", { na = 99 })
  refuses("invalid", "delimiter is one character", read, path "f.csv",
    { delimiter = ", " })
  refuses("type", "the name of a file is text", read, 7)
  refuses("file", "No such file", read, path "none.csv")
  refuses("file", "is a folder", read, folder)
end

function TestRead.test_facts()
  local file = write("g.tsv", "A\tB\n1\tNA\n\t2\n")
  local c, facts = csv.open(file, {})
  lu.assertEquals(facts.n_row, 2)
  lu.assertEquals(facts.n_byte, 12)
  lu.assertEquals(facts.names, { "A", "B" })
  lu.assertEquals(facts.types, { "real", "real" })
  lu.assertEquals(facts.missing, { 1, 1 })
  lu.assertEquals(facts.na_words, { 0, 1 })
  lu.assertEquals(facts.na_declared, { 0, 0 })
  lu.assertEquals(facts.delimiter, "\t")
  lu.assertEquals(facts.encoding, "UTF-8")
  lu.assertEquals(facts.sha256, text.sha256(content "g.tsv"))
  write("g.tsv", "A\tB\n1\tNA\n\t3\n")
  refuses("file", "changed while it was read", c.frame, c)
  c:close()
end

function TestRead.test_write_and_read()
  local given = { X = { 0.1 + 0.2, NA, 1e-310, -0.0, 2^53 + 2 },
    T = { 'a "b", c', "", NA, "line 1\nline 2", "NA" } }
  local frame = require "ts.frame".build({ "X", "T" }, { given.X, given.T })
  lu.assertNil(csv.write(frame, path "h.csv", { mode = 420 }).doubtful)
  local f = read(path "h.csv")
  for i = 1, 5 do
    lu.assertEquals(f.X[i], given.X[i])
    lu.assertEquals(f.T[i], given.T[i])
  end
  lu.assertEquals(1 / f.X[4], -math.huge)
end

function TestRead.test_write_tells_what_will_not_read_back()
  local f = read(write("i.csv", "SITE,AVAL\n1,2\n2,3\n"),
    { types = { SITE = "text" } })
  said = {}
  lu.assertEquals(read_lib.write(f, path "i.tsv"), path "i.tsv")
  lu.assertEquals(content "i.tsv", 'SITE\tAVAL\n"1"\t2\n"2"\t3\n')
  lu.assertEquals(said, { path "i.tsv" .. ": text that reads back as numbers: "
    .. "SITE; types = { NAME = \"text\" } keeps it" })
  said = {}
  local risky = read(write("j.csv", "A,X\n=1+1,-1.5\n-,2\nb,3\n"))
  read_lib.write(risky, path "k.csv")
  lu.assertEquals(content "k.csv", content "j.csv")
  lu.assertEquals(said[2], path "k.csv" .. ": a spreadsheet would take for a "
    .. "formula: A: 2 texts; spreadsheet = true puts ' before them")
  read_lib.write(risky, path "k.csv", { spreadsheet = true })
  lu.assertEquals(content "k.csv", "A,X\n'=1+1,-1.5\n'-,2\nb,3\n")
  lu.assertEquals(said[3], path "k.csv" .. ": ' put before what a spreadsheet "
    .. "would take for a formula: A: 2 texts")
  refuses("invalid", "files can be written, .xls cannot", read_lib.write, f,
    path "i.xls")
end

function TestRead.test_a_sheet_from_excel()
  local f = read(write("excel.csv",
    "\xEF\xBB\xBFsep=;\r\nPatient;Größe\r\nA-1;\"1;80\"\r\n"))
  lu.assertEquals(f["Größe"][1], "1;80")
  f = read(write("comma.csv", "ID;Größe;Ort\r\n1;1,80;5,Rue\r\n2;2;x\r\n"))
  lu.assertEquals(f["Größe"][1], "1,80")
  lu.assertEquals(said[#said], path "comma.csv"
    .. ": decimal commas stay text in Größe: 1 value; decimal = \",\" makes "
    .. "them numbers")
  refuses("format", "not CSV but a zip archive; unpack it", read,
    write("sheet.csv", "PK\3\4"))
end

-- Rows, types, missing cells and sums as R's read.csv finds them.
function TestRead.test_same_as_another_reader()
  local shared = "../shared/data/"
  local there = io.open(shared .. "MANIFEST.csv")
  if not there then lu.skip("../shared/data is not there") end
  there:close()
  local wanted, file, frame = read "tests/reference/csv.csv"
  for i = 1, #wanted do
    if wanted.file[i] ~= file then
      file = wanted.file[i]
      local c = csv.open(shared .. file, {})
      frame = c:frame()
      c:close()
    end
    local column, missing, sum = frame:column(wanted.column[i]), 0, 0
    local where = file .. " " .. wanted.column[i]
    lu.assertEquals(#frame, wanted.n[i], where)
    lu.assertEquals(column.type, wanted.type[i], where)
    for k = 1, #column do
      local value = column[k]
      if value == NA then
        missing = missing + 1
      else
        sum = sum + (column.type == "real" and value or #value)
      end
    end
    if column.type == "real" then
      lu.assertEquals(missing, wanted.missing[i], where)
    end
    lu.assertAlmostEquals(sum, wanted.sum[i], 1e-12 * math.abs(sum), where)
  end
end

function TestRead.test_zz_clean()
  os.execute("rm -r " .. folder)
end

os.exit(lu.LuaUnit.run())
