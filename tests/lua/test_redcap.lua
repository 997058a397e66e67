-- REDCap exports with their data dictionary: tests/data/redcap*.csv.
local lu = require "luaunit"
local note = require "trialsh.note"

local DATA, DICTIONARY = "tests/data/redcap.csv", "tests/data/redcap_dictionary.csv"
local said = {}
note.listeners[#note.listeners + 1] = function(line) said[#said + 1] = line end

local folder = os.tmpname()
os.remove(folder)
os.execute("mkdir " .. folder)

local function write(name, content)
  local f = assert(io.open(folder .. "/" .. name, "wb"))
  f:write(content)
  f:close()
  return folder .. "/" .. name
end

local function content(path)
  local f = assert(io.open(path, "rb"))
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

local function values(column)
  local list = {}
  for i = 1, #column do list[i] = column[i] end
  return list
end

TestRedcap = {}

function TestRedcap:setUp() said = {} end

-- Type, label, levels and values of each column.
local WANTED = {
  record_id = { "text", "Record ID", nil, { "1", "2", "3", "10" } },
  redcap_event_name = { "text", nil, nil, { "baseline_arm_1", "baseline_arm_1",
    "baseline_arm_1", "baseline_arm_1" } },
  redcap_repeat_instance = { "real", nil, nil, { NA, NA, NA, 1 } },
  randdt = { "text", "Date of randomisation", nil,
    { "2024-03-01", "2024-03-04", NA, "2024-03-09" } },
  age = { "real", "Age", nil, { 61, 58, NA, 44 } },
  sex = { "text", "Sex", "Male|Female|Not known",
    { "Male", "Female", "Not known", "Female" } },
  site = { "text", "Site", "Paris, Hôpital St-Louis|Lyon (20)|Lyon (30)",
    { "Paris, Hôpital St-Louis", "Lyon (20)", "Lyon (30)",
      "Paris, Hôpital St-Louis" } },
  consent = { "text", "Informed consent given?", "No|Yes",
    { "Yes", "Yes", "No", "Yes" } },
  comorb___1 = { "text", "Comorbidity: Diabetes", "Unchecked|Checked",
    { "Checked", "Unchecked", "Unchecked", "Checked" } },
  comorb___2 = { "text", "Comorbidity: Renal failure", "Unchecked|Checked",
    { "Unchecked", "Unchecked", "Unchecked", "Checked" } },
  comorb____8 = { "text", "Comorbidity: None, as far as known",
    "Unchecked|Checked", { "Unchecked", "Checked", "Unchecked", "Unchecked" } },
  enrolment_complete = { "text", "enrolment: complete?",
    "Incomplete|Unverified|Complete",
    { "Complete", "Complete", "Incomplete", "Complete" } },
  weight = { "text", "Weight", nil, { "70.5", "81", NA, "64" } },
  crp = { "real", "C-reactive protein", nil, { 3.1, NA, NA, 120.4 } },
  bmi = { "real", "Body mass index", nil, { 24.3, 27.9, NA, 22.1 } },
  pain = { "real", "Pain", nil, { 40, NA, 100, 5 } },
  alive = { "text", "Alive", "False|True", { "True", "True", "False", "True" } },
  notes = { "text", "Comment", nil, { 'said "fine"', NA, "NA", NA } },
  visit_complete = { "text", "visit: complete?",
    "Incomplete|Unverified|Complete",
    { "Complete", "Unverified", "Incomplete", "Complete" } },
}

local function check(rows)
  local n = 0
  for name, wanted in pairs(WANTED) do
    local c = rows[name]
    lu.assertEquals(c.type, wanted[1], name)
    lu.assertEquals(c.label, wanted[2] or NA, name)
    if wanted[3] then
      lu.assertEquals(table.concat(c.levels, "|"), wanted[3], name)
    end
    lu.assertEquals(values(c), wanted[4], name)
    n = n + 1
  end
  lu.assertEquals(n, 19)
end

function TestRedcap.test_read()
  local f = read(DATA, { dictionary = DICTIONARY })
  check(f)
  lu.assertEquals(said, { DATA .. ": 4 rows read, 19 columns",
    DATA .. ": NA or . stays text in notes: 1 value; na = { \"NA\" } makes it "
      .. "missing",
    DATA .. ": text in redcap_dictionary.csv, though all are numbers: weight; "
      .. "types = { NAME = \"real\" } makes them so" })
  lu.assertEquals(read(DATA, { dictionary = DICTIONARY,
    types = { weight = "real", sex = "text" } }).weight[1], 70.5)
  -- codes as they are, where the user says so
  lu.assertEquals(read(DATA, { dictionary = DICTIONARY,
    types = { sex = "text" } }).sex[1], "1")
end

function TestRedcap.test_decimal_commas()
  local dictionary = write("comma_dictionary.csv",
    "Variable / Field Name,Form Name,Field Type,Field Label,\"Choices, "
    .. "Calculations, OR Slider Labels\",Text Validation Type OR Show Slider "
    .. "Number\nid,f,text,ID,,\ncrp,f,text,CRP,,number_1dp_comma_decimal\n"
    .. "pct,f,text,Percent,,number\n")
  local f = read(write("comma.csv", 'id,crp,pct\na,"3,2",1.5\nb,4,2\nc,,\n'),
    { dictionary = dictionary })
  lu.assertEquals(values(f.crp), { 3.2, 4, NA })
  lu.assertEquals(values(f.pct), { 1.5, 2, NA })
end

function TestRedcap.test_import()
  local s = study.create(folder .. "/s.db")
  s:import(DATA, { dictionary = DICTIONARY })
  check(s.redcap)
  check(s.redcap:collect())
  refuses("not found", "sex has no 'Femal'; nearest: Female", function()
    return s.redcap:where { sex = "Femal" }:collect()
  end)
  refuses("not found", "redcap_dictionary.csv declares them", function()
    return s.redcap:where { sex = "Femal" }:collect()
  end)
  local by = s.redcap:count "sex"
  lu.assertEquals(values(by.sex), { "Male", "Female", "Not known" })
  lu.assertEquals(values(by.n), { 1, 2, 1 })
  -- a new dictionary makes new data of the same file
  said = {}
  s:import(DATA, { dictionary = DICTIONARY })
  lu.assertStrContains(said[1], "unchanged")
  local other = write("dictionary.csv",
    (content(DICTIONARY):gsub("Not known", "Unknown")))
  refuses("exists", "or how it is to be read, differs", s.import, s, DATA,
    { dictionary = other })
  s:import(DATA, { dictionary = other, replace = true })
  lu.assertEquals(s.redcap.sex[3], "Unknown")
  write("dictionary.csv", (content(DICTIONARY):gsub("Not known", "No idea")))
  refuses("exists", "or how it is to be read, differs", s.import, s, DATA,
    { dictionary = other })
  lu.assertStrContains(s.audit.detail[2], "dictionary " .. DICTIONARY .. " ")
  lu.assertStrContains(s.audit.detail[2],
    require "ts.text".sha256(content(DICTIONARY)))
  s:close()
end

-- The interface for programs spells the headings otherwise.
local API = [[
field_name,form_name,section_header,field_type,field_label,select_choices_or_calculations,field_note,text_validation_type_or_show_slider_number
id,a,,text,ID,,,
sex,a,,radio,Sex,"m, Male|f,Female|x, ",,
]]

function TestRedcap.test_api_headings()
  local f = read(write("api.csv", "id,sex,a_complete,extra\n1,f,2,7\n2,x,,8\n"),
    { dictionary = write("api_dictionary.csv", API) })
  lu.assertEquals(values(f.sex), { "Female", "x" })
  lu.assertEquals(f.sex.levels, { "Male", "Female", "x" })
  lu.assertEquals(f.a_complete[2], NA)
  lu.assertEquals(f.extra[2], 8)
  lu.assertEquals(said[2], folder .. "/api.csv: api_dictionary.csv does not "
    .. "have extra")
  -- Excel in much of Europe
  lu.assertEquals(read(write("semi.csv", "id;sex\n1;m\n"), { dictionary =
    write("api_dictionary.csv", (API:gsub("\"m.-\"", "m@ Male|f@Female")
      :gsub(",", ";"):gsub("@", ","))) }).sex[1], "Male")
end

function TestRedcap.test_unknown_codes()
  local dictionary = write("api_dictionary.csv", API)
  local file = write("api.csv", "id,sex\n1,f\n2,q\n3,m\n4,UNK\n")
  refuses("type", "api.csv:3:3: 'q' is none of the codes in column sex; also "
    .. "5:3: 'UNK'; 2 of 4 values; the codes are m, f, x; types = { sex = "
    .. "\"text\" }, na = { words } or lenient = true decides", read, file,
    { dictionary = dictionary })
  local f, rejects = read(file, { dictionary = dictionary, na = { "UNK" },
    lenient = true })
  lu.assertEquals(values(f.sex), { "Female", NA, "Male", NA })
  lu.assertEquals(values(rejects.VALUE), { "q" })
end

function TestRedcap.test_a_text_where_a_number_is_said()
  local dictionary = write("api_dictionary.csv", API
    .. "w,a,,text,Weight,,,number\n")
  refuses("type", "api.csv:3:3: 'heavy' is not a number in column w; 1 of 2 "
    .. "values, but the dictionary says real; types = { w = \"text\" }", read,
    write("api.csv", "id,w\n1,70\n2,heavy\n"), { dictionary = dictionary })
end

function TestRedcap.test_what_is_no_dictionary()
  local file = write("api.csv", "id,sex\n1,f\n")
  refuses("format", "no column 'Variable / Field Name'; this is no data "
    .. "dictionary of REDCap", read, file, { dictionary = file })
  refuses("format", "none of its columns is a field of", read,
    write("b.csv", "Record,Sex\n1,f\n"), { dictionary = DICTIONARY })
  refuses("file", "none.csv: No such file", read, file,
    { dictionary = "none.csv" })
  refuses("format", "field sex: the code m is there twice", read, file,
    { dictionary = write("d.csv", (API:gsub("f,Female", "m,Female"))) })
  refuses("format", "field sex: ',Female' has no code", read, file,
    { dictionary = write("d.csv", (API:gsub("f,Female", ",Female"))) })
  refuses("format", "row 1 has no name of a field", read, file,
    { dictionary = write("d.csv", (API:gsub("\nid,", "\n,"))) })
  refuses("format", "d.csv:3:1: byte 0xE9 is not valid UTF-8", read, file,
    { dictionary = write("d.csv", (API:gsub("\nsex", "\n\xE9"))) })
  -- what the export is written in, the dictionary may be as well
  lu.assertEquals(read(file, { encoding = "latin1", dictionary =
    write("d.csv", (API:gsub("ID,", "N\xB0,"))) }).id.label, "N°")
  local s = study.create(folder .. "/t.db")
  refuses("invalid", "dictionary is for one file, not a folder", s.import, s,
    folder, { dictionary = DICTIONARY })
  refuses("invalid", "dictionary is for CSV files", s.import, s, "x.xpt",
    { dictionary = DICTIONARY })
  s:close()
end

function TestRedcap.test_zz_clean() os.execute("rm -r " .. folder) end

os.exit(lu.LuaUnit.run())
