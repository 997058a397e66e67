-- Text files into a study: every file of the shipped collections, what lenient
-- sets apart, limits of detection, decimal commas, compressed files, encodings.
local lu = require "luaunit"
local json = require "ts.json"
local files = require "ts.file"
local note = require "trialsh.note"
local relation = require "trialsh.relation"

local said = {}
note.listeners[#note.listeners + 1] = function(line) said[#said + 1] = line end

local folder = os.tmpname()
os.remove(folder)
os.execute("mkdir " .. folder)
local n_study = 0

local function path(name) return folder .. "/" .. name end

local function write(name, content)
  local f = assert(io.open(path(name), "wb"))
  f:write(content)
  f:close()
  return path(name)
end

local function content(file)
  local f = assert(io.open(file, "rb"))
  local all = f:read "a"
  f:close()
  return all
end

local function new_study()
  n_study = n_study + 1
  return study.create(path("study" .. n_study .. ".db"))
end

local function refuses(code, words, f, ...)
  local ok, err = pcall(f, ...)
  lu.assertFalse(ok, words)
  lu.assertEquals(err.code, code)
  lu.assertStrContains(err.message, words)
end

local function refuses_import(code, words, file, opt)
  local s = new_study()
  refuses(code, words, s.import, s, file, opt)
  lu.assertEquals(#s.audit, 1) -- that it was made
end

local function names_of(r)
  return relation.names_of(relation.node_of(r).columns)
end

-- Rows as lists of values.
local function rows_of(r)
  local frame, rows = r:collect(), {}
  for i = 1, #frame do
    rows[i] = {}
    for j, name in ipairs(names_of(frame)) do rows[i][j] = frame[name][i] end
  end
  return rows
end

-- Collections ----------------------------------------------------------------

local SHARED = "../shared/data/csv/"

local function skip_without_shared()
  if not files.list(SHARED .. "made") then lu.skip(SHARED .. " is not there") end
end

local function same_cell(got, wanted, where)
  if got == NA then
    lu.assertEquals(wanted, "", where)
  elseif type(got) == "number" then
    lu.assertEquals(got, tonumber(wanted), where)
  else
    lu.assertEquals(got, wanted, where)
  end
end

TestCollections = {}

-- csv-spectrum says in JSON what each of its files holds, all as text.
function TestCollections.test_csv_spectrum()
  skip_without_shared()
  local n = 0
  for _, name in ipairs(files.list(SHARED .. "csv-spectrum")) do
    local base = name:match "^(.*)%.csv$"
    if base then
      n = n + 1
      local wanted = json.decode(content(SHARED .. "csv-spectrum/" .. base
        .. ".json"))
      local s = new_study()
      s:import(SHARED .. "csv-spectrum/" .. name, { as = "t" })
      local frame = s.t:collect()
      lu.assertEquals(#frame, #wanted, name)
      local n_column = 0
      for _ in pairs(wanted[1]) do n_column = n_column + 1 end
      lu.assertEquals(#names_of(frame), n_column, name)
      for i, row in ipairs(wanted) do
        for column, value in pairs(row) do
          same_cell(frame[column][i], value, name .. " " .. column .. " " .. i)
        end
      end
      s:close()
    end
  end
  lu.assertEquals(n, 11)
end

local TWO = { { "001-01", "ACTIVE", "BASELINE", 350, 810 },
  { "001-02", "PLACEBO", "BASELINE", 412, 655 } }
local THREE = { TWO[1], TWO[2], { "001-03", "ACTIVE", "BASELINE", 200, 500 } }
local VISIT = "USUBJID ARM VISIT CD4 CD8"

-- What each made file comes to: columns, rows and options, or the error.
local MADE = {
  ["bom_utf8.csv"] = { columns = VISIT, rows = TWO },
  ["crlf.csv"] = { columns = VISIT, rows = TWO },
  ["cr_only.csv"] = { columns = VISIT, rows = TWO },
  ["mixed_eol.csv"] = { columns = VISIT, rows = THREE },
  ["no_final_newline.csv"] = { columns = VISIT, rows = TWO },
  ["latin1.csv"] = { columns = "SITE NAME CD4", opt = { encoding = "latin1" },
    rows = { { "01", "Björn Åström", 350 }, { "02", "José Muñoz", 410 } },
    refused = "latin1.csv:2:6: byte 0xF6 is not valid UTF-8" },
  ["quoted_newlines.csv"] = { columns = "ID COMMENT CD4", rows = {
    { 1, "line one\nline two", 300 }, { 2, "crlf\r\ninside", 310 },
    { 3, 'has "quotes", and commas', 320 } } },
  ["unclosed_quote.csv"] = {
    refused = "unclosed_quote.csv:2:3: this quote is never closed" },
  ["ragged_short.csv"] = { columns = "a b c", opt = { lenient = true },
    rows = { { 1, 2, 3 }, { 7, 8, 9 } },
    rejects = { { 3, NA, "4,5", "2 fields, expected 3" },
      { 4, NA, "6", "1 field, expected 3" } },
    refused = "ragged_short.csv:3: 2 fields, expected 3; line 4: 1 field" },
  ["ragged_long.csv"] = { columns = "a b c", opt = { lenient = true },
    rows = { { 1, 2, 3 } },
    rejects = { { 3, NA, "4,5,6,7", "4 fields, expected 3" },
      { 4, NA, "8,9,10,,", "5 fields, expected 3" } },
    refused = "ragged_long.csv:3: 4 fields, expected 3; line 4: 5 fields" },
  ["dup_headers.csv"] = { refused = "dup_headers.csv:1:8: columns 2 and 3 are "
    .. "both named CD4; columns 2 and 4 are named CD4 and cd4, which differ "
    .. "only in case; column 5 has no name" },
  ["header_only.csv"] = { columns = "ID CD4", rows = {} },
  ["empty.csv"] = { refused = "empty.csv: the file is empty" },
  ["missing_codes.csv"] = { columns = "ID CD4", rows = { { 1, NA }, { 2, NA },
    { 3, NA }, { 4, NA }, { 5, NA }, { 6, NA }, { 7, NA }, { 8, NA }, { 9, NA },
    { 10, NA }, { 11, NA }, { 12, NA }, { 13, NA }, { 14, NA }, { 15, 300 } },
    opt = { na = { "N/A", "NULL", "nan", "#N/A", "-", "-99", "missing", " ",
      ".A", "ND" } } },
  ["censored_values.csv"] = { columns = "ID HIVRNA HIVRNA_BLQFL HIVRNA_LLOQ "
      .. "HIVRNA_ALQFL HIVRNA_ULOQ CRP",
    opt = { censored = { "HIVRNA" }, na = { "1,250" } },
    rows = { { 1, 50, "Y", 50, "N", NA, "0.4" }, { 2, 50, "N", NA, "N", NA,
      "<0.3" }, { 3, 1e7, "N", NA, "Y", 1e7, "12" }, { 4, NA, NA, NA, NA, NA,
      "~5" }, { 5, 120000, "N", NA, "N", NA, "+3.0" }, { 6, 41000, "N", NA, "N",
      NA, "3.0*" } } },
  ["numbers.csv"] = {
    refused = "numbers.csv:23: 2 fields, expected 1" },
  ["leading_zero_ids.csv"] = { columns = "ID SITE", rows = { { "0001", "01" },
    { "0010", "02" }, { "1E5", "03" }, { "00A", "04" } } },
  ["dates.csv"] = { columns = "d", rows = { { "2024-02-29" },
    { "2023-02-29" }, { "2024-02" }, { "2024" }, { "2024-02-29T13:05" },
    { "2024-02-29T13:05:59Z" }, { "29FEB2024" }, { "29/02/2024" },
    { "02/29/2024" }, { "03/04/2024" }, { "--02-29" }, { "44620" },
    { "1900-02-29" }, { "0000-00-00" }, { "24.02.29" }, { "2024-W09-4" },
    { "2024-060" } } },
  ["null_bytes.csv"] = { refused = "null_bytes.csv:2:4: a NUL byte" },
  ["wide_types.csv"] = { refused = "wide_types.csv:1501:6: 'not a number' is "
    .. "not a number in column X; 1 of 1501 values" },
}

function TestCollections.test_made()
  skip_without_shared()
  local manifest, listed = {}, 0
  for _, entry in ipairs(json.decode(content(SHARED .. "made/manifest.json"))) do
    manifest[entry.file] = entry
  end
  for _, name in ipairs(files.list(SHARED .. "made")) do
    if name:find "%.csv$" then
      listed = listed + 1
      local case, file = MADE[name], SHARED .. "made/" .. name
      lu.assertNotNil(case, name .. " is in no table")
      lu.assertNotNil(manifest[name], name)
      if case.refused then refuses_import(
        name == "wide_types.csv" and "type" or "format", case.refused, file) end
      if case.rows then
        local s = new_study()
        local opt = { as = "t" }
        for key, value in pairs(case.opt or {}) do opt[key] = value end
        s:import(file, opt)
        lu.assertEquals(table.concat(names_of(s.t), " "), case.columns, name)
        lu.assertEquals(rows_of(s.t), case.rows, name)
        if case.rejects then
          lu.assertEquals(rows_of(s.t_rejects), case.rejects, name)
        end
        if manifest[name].rows ~= NA then -- null where it must be refused
          lu.assertEquals(#s.t, manifest[name].rows, name)
        end
        s:close()
      end
    end
  end
  local known = 0
  for _ in pairs(MADE) do known = known + 1 end
  lu.assertEquals(listed, known)
end

-- One spelling a line, a comma among them: read with another delimiter.
function TestCollections.test_numbers_that_are_none()
  skip_without_shared()
  local file = SHARED .. "made/numbers.csv"
  local f = read(file, { delimiter = "|", types = { v = "text" } })
  local numbers = {}
  for i = 1, #f do
    local _, facts = require "ts.csv".open("x.csv",
      { data = "v\n" .. f.v[i] .. "\n", delimiter = "|" })
    if facts.numbers[1] == 1 then numbers[#numbers + 1] = f.v[i] end
  end
  lu.assertEquals(numbers, { "1", "-0", "+5", "1e5" })
  refuses("type", "is not a number in column v", read, file,
    { delimiter = "|", types = { v = "real" } })
end

-- Lenient --------------------------------------------------------------------

TestLenient = {}

function TestLenient:setUp() said = {} end

local function lines(n, change)
  local out = { "ID,AGE" }
  for i = 1, n do out[i + 1] = change[i] or ("%d,%d"):format(i, i + 20) end
  return table.concat(out, "\n") .. "\n"
end

-- Checklist C4: the error names row and column.
function TestLenient.test_forty()
  local file = write("c4.csv", lines(20, { [7] = "7,forty" }))
  refuses_import("type", "c4.csv:8:3: 'forty' is not a number in column AGE; 1 "
    .. "of 20 values; types = { AGE = \"text\" }, na = { words } or lenient = "
    .. "true decides", file)
end

function TestLenient.test_import_and_read()
  local file = write("l.csv", lines(20, { [7] = "7,forty", [9] = "9,1,2",
    [12] = "12" }))
  local s = new_study()
  s:import(file, { lenient = true })
  lu.assertEquals(#s.l, 18)
  lu.assertEquals(s.l:where("ID = 7").AGE[1], NA)
  lu.assertEquals(rows_of(s.l_rejects), {
    { 8, "AGE", "forty", "is not a number" },
    { 10, NA, "9,1,2", "3 fields, expected 2" },
    { 13, NA, "12", "1 field, expected 2" } })
  lu.assertEquals(said, {
    file .. ": 18 rows read, 2 columns, table l",
    file .. ": 2 records left out, not as long as the header",
    file .. ": cells that do not fit are missing in AGE: 1 value",
    file .. ": l_rejects has what was set apart" })
  lu.assertEquals(rows_of(s.audit:where("verb = 'import'")
    :select("object", "rows")), { { "l", 18 }, { "l_rejects", 3 } })
  said = {}
  local f, rejects = read(file, { lenient = true })
  lu.assertEquals(rows_of(f), rows_of(s.l))
  lu.assertEquals(rows_of(rejects), rows_of(s.l_rejects))
  lu.assertEquals(said[#said],
    file .. ": the second result of read has what was set apart")
  s:close()
end

function TestLenient.test_nothing_to_set_apart()
  local file = write("n.csv", lines(3, {}))
  local s = new_study()
  s:import(file, { lenient = true })
  lu.assertEquals(#s.n_rejects, 0)
  lu.assertEquals(#said, 1)
  local _, rejects = read(file, { lenient = true })
  lu.assertEquals(#rejects, 0)
  lu.assertNil(select(2, read(file)))
  s:close()
end

function TestLenient.test_replace()
  local file = write("r.csv", lines(20, { [7] = "7,forty" }))
  local s = new_study()
  s:import(file, { lenient = true })
  s:import(file, { lenient = true })
  lu.assertStrContains(said[#said], "unchanged")
  s.bad = s.r_rejects:where "COLUMN = 'AGE'"
  lu.assertEquals(#s.bad, 1)
  write("r.csv", lines(20, { [7] = "7,forty", [8] = "8,forty-one" }))
  s:import(file, { lenient = true, replace = true })
  lu.assertEquals(#s.r_rejects, 2)
  lu.assertEquals(#s.bad, 2) -- derived again
  local before = #s.audit
  refuses("not found", "bad, derived again", s.import, s, file,
    { types = { AGE = "text" }, replace = true })
  lu.assertEquals(#s.r_rejects, 2)
  lu.assertEquals(#s.audit, before)
  s:drop "bad"
  s:import(file, { types = { AGE = "text" }, replace = true })
  refuses("not found", "no table r_rejects", function() return s.r_rejects end)
  lu.assertEquals(s.r:where("ID = 7").AGE[1], "forty")
  s:import(file, { lenient = true, replace = true })
  lu.assertEquals(#s.r_rejects, 2)
  lu.assertEquals(s:verify(), #s.audit)
  s:close()
end

function TestLenient.test_a_table_of_that_name()
  local file = write("t.csv", lines(20, { [7] = "7,forty" }))
  local s = new_study()
  s:import(write("t_rejects.csv", "A\n1\n"))
  refuses("exists", "t_rejects would stand beside t, but there is such a table",
    s.import, s, file, { lenient = true })
  lu.assertEquals(#s.t_rejects, 1)
  s:import(file, { lenient = true, as = "u" })
  lu.assertEquals(#s.u_rejects, 1)
  s:import(write("x.csv", "A\n1\n"), { as = "v" })
  s:import(write("x.csv", "A\n1\n2\n"), { as = "v", replace = true })
  s:close()
end

function TestLenient.test_no_record_fits()
  refuses_import("format", "none has the length of the header",
    write("z.csv", "A\tB\n1,2\n3,4\n"), { lenient = true, delimiter = "\t" })
end

-- Other options --------------------------------------------------------------

TestOptions = {}

function TestOptions:setUp() said = {} end

function TestOptions.test_censored()
  local file = write("adlb.csv", "USUBJID,AVAL,CRP\n1,<50,1\n2,60,> 7\n3,,3\n")
  local s = new_study()
  s:import(file, { censored = true })
  lu.assertEquals(table.concat(names_of(s.adlb), " "), "USUBJID AVAL BLQFL LLOQ "
    .. "CRP CRP_BLQFL CRP_LLOQ CRP_ALQFL CRP_ULOQ")
  lu.assertEquals(rows_of(s.adlb), { { 1, 50, "Y", 50, 1, "N", NA, "N", NA },
    { 2, 60, "N", NA, 7, "N", NA, "Y", 7 },
    { 3, NA, NA, NA, 3, "N", NA, "N", NA } })
  lu.assertEquals(said, { file .. ": 3 rows read, 9 columns, table adlb",
    file .. ": below a limit (<) in AVAL: 1 value",
    file .. ": above a limit (>) in CRP: 1 value" })
  said = {}
  lu.assertEquals(read(file).AVAL[1], "<50")
  lu.assertEquals(said[2], file .. ": limits such as <50 stay text in AVAL: 1 "
    .. "value, CRP: 1 value; censored = { NAME } reads them")
  lu.assertEquals(read(file, { censored = "CRP" }).CRP_ULOQ[2], 7)
  refuses("not found", "censored: there is no column CRPP; nearest: CRP", read,
    file, { censored = { "CRPP" } })
  refuses("type", "censored is a list of columns, { \"AVAL\" }, or true", read,
    file, { censored = 7 })
  refuses("type", "censored is a list of columns", read, file,
    { censored = { 7 } })
  s:close()
end

function TestOptions.test_limits_that_do_not_become_numbers_are_told()
  local file = write("mess.csv", "ID,CRP\n1,<50\n2,60\n3,neg\n4,~5\n5,>7\n")
  lu.assertEquals(read(file, { censored = true }).CRP[1], "<50")
  lu.assertEquals(said, { file .. ": 5 rows read, 2 columns", file
    .. ": censored leaves text in CRP (2 values below or above a limit, 2 "
    .. "values neither number nor limit, such as 'neg' in line 4); na = { "
    .. "words } makes them missing" })
  said = {}
  read(file, { censored = true, types = { CRP = "text" } }) -- it was said
  lu.assertNotStrContains(table.concat(said, "\n"), "censored leaves")
end

function TestOptions.test_blanks_and_hollow_rows_are_told()
  local file = write("blank.csv", " AGE;SEX ;ARM\n1;F;A\n2; F;A \n;;\n3;;\n;;\n")
  local f = read(file)
  lu.assertEquals(said, { file .. ": 5 rows read, 3 columns",
    file .. ': blanks around names: " AGE", "SEX "',
    file .. ": 2 rows read, but empty: delimiters alone",
    file .. ": blanks before or behind the text in SEX : 1 value, ARM: 1 value; "
      .. 'mutate "NAME = trim(NAME)" takes them off' })
  refuses("not found", 'no column AGE; nearest: " AGE"', f.select, f, "AGE")
  refuses("not found", 'nearest: " AGE"', function() return f.AGE end)
  refuses("not found", 'there is no column AGE; nearest: " AGE"', read, file,
    { types = { AGE = "text" } })
  said = {}
  read(write("data.csv", "01,5.2,x\n02,5.3,y\n"))
  lu.assertEquals(said[2], path "data.csv"
    .. ": the first row is taken as names: 01, 5.2, x")
end

function TestOptions.test_numbers_written_otherwise_are_told()
  local long = "0.1000000000000000055"
  local file = write("long.csv", ("A,B,C,D,E\n1,1,\"1,000\",01,%s\n%s,%s,"
    .. "\"2,000\",02,x\n"):format(long, long, "9007199254740993"))
  local f = read(file)
  lu.assertEquals({ f.A[2], f.B[2], f.C[1] }, { long, "9007199254740993",
    "1,000" })
  lu.assertEquals(#said, 4) -- 01 may identify, E has x besides
  lu.assertStrContains(said[2], ": more than 17 digits stay text in A: 1 value; "
    .. "mutate \"NAME = cast(substr(NAME, 1, 17) as real)\" cuts them where")
  lu.assertStrContains(said[3], ": whole numbers beyond 2^53, which are not all "
    .. "held exactly, stay text in B: 1 value; mutate")
  lu.assertStrContains(said[4], ": commas between thousands stay text in C: 2 "
    .. "values; mutate \"NAME = cast(replace(NAME, ',', '') as real)\"")
  lu.assertEquals(f:mutate("X = cast(substr(A, 1, 17) as real)").X[2], 0.1)
  lu.assertEquals(f:mutate("X = cast(B as real)").X[2], 2^53)
  lu.assertEquals(f:mutate("X = cast(replace(C, ',', '') as real)").X[2], 2000)
  said = {}
  read(file, { types = { A = "text", B = "text", C = "text" } })
  lu.assertEquals(#said, 1)
  refuses("type", "'" .. long .. "' is not a number (more than 17 digits) in "
    .. "column A", read, file, { types = { A = "real" } })
end

function TestOptions.test_decimal_comma_and_skip()
  local file = write("lab.csv",
    "Laboratoire central\r\nexport du 03/04/2024\r\nID;CRP\r\n1;1,5\r\n2;<0,3\r\n")
  local f = read(file, { decimal = ",", skip = 2, censored = { "CRP" } })
  lu.assertEquals(rows_of(f), { { 1, 1.5, "N", NA }, { 2, 0.3, "Y", 0.3 } })
  refuses("type", "lab.csv:5:3: '<0,3' is not a number in column CRP", read,
    file, { decimal = ",", skip = 2, types = { CRP = "real" } })
  refuses("format", "skip = 9, but the file has 5 lines", read, file,
    { skip = 9 })
  refuses("invalid", "decimal = \";\" is neither \".\" nor \",\"", read, file,
    { decimal = ";" })
  lu.assertNotStrContains(select(2, pcall(read, file, { decimal = ";" }))
    .message, "nearest")
  refuses("invalid", "skip = -1 is out of its range", read, file,
    { skip = -1 })
  file = write("c.csv", 'A,B,C\n1,"3,2","1,000"\n2,4,"2,500"\n')
  lu.assertEquals(read(file, { decimal = "," }).B[1], 3.2)
  said = {}
  lu.assertEquals(read(file).B[1], "3,2")
  lu.assertStrContains(table.concat(said, "\n"), 'decimal commas stay text in '
    .. 'B: 1 value; decimal = "," makes them numbers')
end

function TestOptions.test_compressed()
  write("adsl.csv", "USUBJID,AGE\n1,60\n2,61\n")
  os.execute("cd " .. folder .. " && gzip -k adsl.csv && cp adsl.csv.gz un.csv"
    .. " && head -c 30 adsl.csv.gz > cut.csv.gz")
  local s = new_study()
  s:import(path "adsl.csv.gz")
  lu.assertEquals(rows_of(s.adsl), { { 1, 60 }, { 2, 61 } })
  lu.assertEquals(s.audit.sha256[2],
    require "ts.text".sha256(content(path "adsl.csv.gz")))
  s:import(path "un.csv")
  lu.assertEquals(rows_of(s.un), rows_of(s.adsl))
  refuses("format", "cut.csv.gz: the compressed data end too early", s.import, s,
    path "cut.csv.gz")
  refuses("invalid", "files can be written, .gz cannot", s.export, s, "adsl",
    path "out.csv.gz")
  refuses("invalid", "files can be imported, .gz cannot", s.import, s,
    path "adsl.gz")
  s:close()
end

function TestOptions.test_exact_integers()
  local f = read(write("id.csv", "ID,N\n9007199254740993,9007199254740992\n"
    .. "9007199254740995,9007199254740994\n"))
  lu.assertEquals(f.ID[1], "9007199254740993")
  lu.assertEquals(f.N[2], 9007199254740994)
end

function TestOptions.test_quoted_empty_is_told()
  local file = write("q.csv", 'A,B\n"1","x"\n"",""\n')
  local f = read(file)
  lu.assertEquals(f.A[2], NA)
  lu.assertEquals(f.B[2], "")
  lu.assertEquals(said[2], file .. ': "" is missing in A: 1 value')
end

function TestOptions.test_other_kinds_say_what_to_do()
  local cases = {
    { "PK\3\4\20\0\6\0\8\0\0\0\33\0" .. ("\0"):rep(16) .. "[Content_Types].xml",
      "a spreadsheet (.xlsx); save the sheet as CSV UTF-8 and read that" },
    { "PK\3\4\20\0\6\0\8\0\0\0\33\0" .. ("\0"):rep(16)
      .. "mimetypeapplication/vnd.oasis.opendocument.spreadsheet",
      "a spreadsheet (.ods); save the sheet" },
    { "PK\3\4" .. ("\0"):rep(26) .. "adlb.csv", "a zip archive; unpack it" },
    { "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", "an old spreadsheet (.xls); save" },
    { "BZh91AY&SYxx", "compressed by bzip2; unpack it" },
    { "\xFD7zXZ\0", "compressed by xz; unpack it" },
    { "\x28\xB5\x2F\xFD", "compressed by zstd; unpack it" },
    { "7z\xBC\xAF\x27\x1C", "a 7-Zip archive; unpack it" },
    { "Rar!\x1A\7\1\0", "a RAR archive; unpack it" },
    { ("x"):rep(257) .. "ustar\0", "a tar archive; unpack it" },
    { ("x"):rep(257) .. "ustar  \0", "a tar archive; unpack it" },
    { "%PDF-1.7\n", "a PDF document; ask for the data as CSV" },
    { "{\\rtf1\\ansi", "an RTF document; ask for" },
    { "SQLite format 3\0", "an SQLite database; study.open" },
    { "\n <html><body>", "an HTML page; open it in a browser" },
    { "\xEF\xBB\xBF<!DOCTYPE html>", "an HTML page" },
    { "<?xml version='1.0'?><Workbook>", "XML; save the sheet" },
    { ("\0"):rep(12) .. "\xC2\xEA\x81\x60\xB3\x14\x11\xCF\xBD\x92",
      "a SAS data set (.sas7bdat); give it that ending" },
    { "HEADER RECORD*******LIBRARY", "a SAS transport file (.xpt); give it" },
    { "<stata_dta><header>", "a Stata file (.dta); give it that ending" },
    { "\x72\2\1\0\1\0", "a Stata file (.dta)" },
    { "$FL2@(#) SPSS", "an SPSS file (.sav); give it that ending" },
    { "PAR1\x15\4", "a Parquet file; export it as CSV" },
    { '{"datasetJSONVersion": "1.1"', "JSON; Dataset-JSON has a name that" },
  }
  for i, case in ipairs(cases) do
    local file = write("kind.csv", case[1])
    refuses("format", "kind.csv: this is not CSV but " .. case[2], read, file)
    if i == 1 then refuses_import("format", "not CSV but a spreadsheet", file) end
  end
end

function TestOptions.test_words_of_other_kinds_may_be_data()
  local file = write("kind.csv", "A\n" .. ("x"):rep(255) .. "ustar\n")
  lu.assertEquals(read(file).A[1], ("x"):rep(255) .. "ustar")
end

-- Checklist E10.
function TestOptions.test_encodings()
  local bidi = "A,B\n1,x\u{202E}y\n"
  lu.assertEquals(read(write("bidi.csv", bidi)).B[1], "x\u{202E}y")
  lu.assertNotStrContains(tostring(read(path "bidi.csv")), "\u{202E}")
  lu.assertStrContains(tostring(read(path "bidi.csv")), "x\\u202Ey")
  for _, case in ipairs {
    { "A\nj\xF6rn\n", "e.csv:2:2: byte 0xF6 is not valid UTF-8" },
    { "A\n\xC0\x80\n", "e.csv:2:1: byte 0xC0 is not valid UTF-8" },
    { "A\n\xED\xA0\x80\n", "e.csv:2:1: byte 0xED is not valid UTF-8" },
    { "A\nx\0\n", "e.csv:2:2: a NUL byte" },
    { "A\nx\27[2J\n", "e.csv:2:2: control character 0x1B" },
    { "\xFF\xFEA\0\n\0\0\xD8\n\0", "is not valid UTF-16" },
  } do
    refuses_import("format", case[2], write("e.csv", case[1]))
  end
  local utf16 = "\xFF\xFEA\0\n\0\xF6\0\n\0"
  lu.assertEquals(read(write("e.csv", utf16)).A[1], "ö")
  lu.assertEquals(read(write("e.csv", "\xEF\xBB\xBFA\nö\n")).A[1], "ö")
  refuses("format", "begins with the mark of UTF-16", read,
    write("e.csv", utf16), { encoding = "latin1" })
end

-- Checklist E6, as far as it is quick: a million columns.
function TestOptions.test_a_million_columns()
  local names = {}
  for i = 1, 1000 do names[i] = "v" .. i end
  local file = write("wide.csv", (table.concat(names, ",") .. ","):rep(1000)
    .. "x\n" .. ("1,"):rep(1000000) .. "1\n")
  refuses_import("limit", "wide.csv:1: more than 2000 columns", file)
  refuses_import("limit", "wide.csv:1: more than 2000 columns", file,
    { lenient = true })
  os.remove(file)
end

-- And as far as it takes a gigabyte: one line without an end, plain and packed.
function TestOptions.test_a_gigabyte_in_one_line()
  if not os.getenv "TRIALSH_LONG" then lu.skip "TRIALSH_LONG=1 runs it" end
  local plain, packed = path "line.csv", path "line.csv.gz"
  -- letters as far as they are read, a hole for the rest
  os.execute("head -c 200M /dev/zero | tr '\\0' x >" .. plain
    .. " && truncate -s 1G " .. plain)
  os.execute("head -c 1G /dev/zero | tr '\\0' x | gzip -1 >" .. packed)
  refuses_import("limit", "line.csv:1: a record of more than 100000000 bytes",
    plain)
  refuses_import("limit", "line.csv.gz:1: a record of more than", packed)
  local status = content "/proc/self/status"
  if not os.getenv "TRIALSH":find "asan" then
    lu.assertTrue(tonumber(status:match "VmHWM:%s*(%d+) kB") < 700 * 1024)
  end
  os.remove(plain)
  os.remove(packed)
end

-- Doubles to a file, into a study and out again: every bit.
function TestOptions.test_round_trip()
  local values = { 0.1 + 0.2, -0.0, 5e-324, 2.2250738585072014e-308,
    2.2250738585072009e-308, 1.7976931348623157e308, -1e-310, 2^53, 2^53 + 2,
    1/3, math.pi, 123456789012345680, 1e22, 1e23, NA }
  for i = 1, 2000 do
    local x = string.unpack("d", string.pack("I8", (i * 0x9E3779B97F4A7C15) & ~0))
    values[#values + 1] = x == x and math.abs(x) < math.huge and x or i
  end
  local frame = require "ts.frame".build({ "X" }, { values })
  local file = path "bits.csv"
  require "ts.csv".write(frame, file, { mode = 420 })
  local function bits(x) return x == NA and "NA" or string.pack("d", x) end
  local function same(column)
    for i, x in ipairs(values) do
      lu.assertEquals(bits(column[i]), bits(x), i)
    end
  end
  same(read(file).X)
  local s = new_study()
  s:import(file)
  same(s.bits.X)
  s:export("bits", path "again.csv")
  same(read(path "again.csv").X)
  s:close()
end

function TestOptions.test_zz_clean() os.execute("rm -r " .. folder) end

os.exit(lu.LuaUnit.run())
