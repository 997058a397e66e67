-- Dataset-JSON against CDISC's schema, key by key: what is wrong is told with
-- its place and its path, whatever it is.
local lu = require "luaunit"
local json = require "ts.json"
local dsjson = require "ts.dsjson"
local NA = require "ts.na".NA

local SCHEMA = "../shared/data/cdisc/dsjson/dataset.schema.json"
local folder = os.tmpname()
os.remove(folder)
os.execute("mkdir " .. folder)

local function file(content, name)
  local path = folder .. "/" .. (name or "d.json")
  local f = assert(io.open(path, "wb"))
  f:write(content)
  f:close()
  return path
end

-- A document in which every key of the schema is there.
local TEXT = [[{
"datasetJSONCreationDateTime": "2024-11-11T15:09:10",
"datasetJSONVersion": "1.1.0",
"fileOID": "www.example.org/1",
"dbLastModifiedDateTime": "2022-04-16T20:09:03.5+01:00",
"originator": "us",
"sourceSystem": {"name": "SAS", "version": "9.4"},
"studyOID": "S1",
"metaDataVersionOID": "MDV.1",
"metaDataRef": "define.xml",
"itemGroupOID": "IG.AD",
"records": 2,
"name": "AD",
"label": "Data",
"columns": [
 {"itemOID": "IT.AD.S", "name": "S", "label": "Text", "dataType": "string", "length": 4, "keySequence": 1},
 {"itemOID": "IT.AD.I", "name": "I", "label": "Whole", "dataType": "integer", "keySequence": 2},
 {"itemOID": "IT.AD.F", "name": "F", "label": "Float", "dataType": "float", "displayFormat": "8.2"},
 {"itemOID": "IT.AD.D", "name": "D", "label": "Decimal", "dataType": "decimal", "targetDataType": "decimal"},
 {"itemOID": "IT.AD.B", "name": "B", "label": "Flag", "dataType": "boolean"},
 {"itemOID": "IT.AD.T", "name": "T", "label": "Day", "dataType": "date", "targetDataType": "integer", "displayFormat": "DATE9."},
 {"itemOID": "IT.AD.U", "name": "U", "label": "Link", "dataType": "URI"}
],
"rows": [
["a", 1, 1.5, "0.10", true, "1960-01-02", "http://a"],
["", 2, null, "", false, null, null]
]}]]

local function replaced(from, to)
  local i, j = TEXT:find(from, 1, true)
  lu.assertNotNil(i, from)
  return TEXT:sub(1, i - 1) .. to .. TEXT:sub(j + 1)
end

local function message_of(text, types)
  local ok, err = pcall(dsjson.read, file(text), types)
  if ok then return nil end
  lu.assertStrContains(err.message, "/d.json:")
  return err.message
end

TestSchema = {}

function TestSchema.test_the_whole()
  local f, facts = dsjson.read(file(TEXT))
  lu.assertEquals({ #f, #f:names(), #facts.sha256 }, { 2, 7, 64 })
  for j, v in ipairs { "a", 1, 1.5, 0.1, 1, 1, "http://a" } do
    lu.assertEquals(f:value(1, j), v)
  end
  for j, v in ipairs { "", 2, NA, NA, 0, NA, NA } do
    lu.assertEquals(f:value(2, j), v)
  end
  lu.assertEquals(facts.attributes["sourceSystem.version"], "9.4")
  lu.assertEquals(facts.items[1], { name = "S", itemOID = "IT.AD.S",
    dataType = "string", length = 4, keySequence = 1 })
  lu.assertEquals(facts.items[6].targetDataType, "integer")
end

-- What is replaced by what, where it is noticed (line:column), and the words.
local DAMAGE = {
  -- the data set
  { '"datasetJSONCreationDateTime"', '"creation"', "2:1",
    "no key creation in Dataset-JSON 1.1" },
  { '"2024-11-11T15:09:10"', '"2024-11-11"', "2:32",
    "datasetJSONCreationDateTime: '2024-11-11' is no time such as "
    .. "2024-11-11T15:09:10" },
  { '"1.1.0"', '"1.0.0"', "3:23",
    "datasetJSONVersion: 1.0.0 cannot be read, 1.1 can" },
  { '"fileOID"', '"fileOid"', "4:1", "no key fileOid; nearest: fileOID" },
  { '"fileOID": "www.example.org/1"', '"fileOID": ["x"]', "4:12",
    "fileOID: a string is needed" },
  { '20:09:03.5+01:00', '20:09:03.+01:00', "5:27",
    "dbLastModifiedDateTime: '2022-04-16T20:09:03.+01:00' is no time" },
  { '{"name": "SAS", "version": "9.4"}', '"SAS"', "7:17",
    "sourceSystem: an object is needed" },
  { '"name": "SAS", ', '', "7:34", "sourceSystem.name is missing" },
  { ', "version": "9.4"', '', "7:31", "sourceSystem.version is missing" },
  { '"version": "9.4"', '"version": 9.4', "7:44",
    "sourceSystem.version: a string is needed" },
  { '"version": "9.4"', '"vendor": "x"', "7:33",
    "sourceSystem: no key vendor; it has name and version" },
  { '"version": "9.4"', '"name": "9.4"', "7:41", "sourceSystem.name twice" },
  { '"records": 2,', '"records": -1,', "12:12",
    "records: a whole number from 0 is needed" },
  { '"records": 2,', '"records": 2.5,', "12:12", "records: a whole number" },
  { '"records": 2,', '"records": "2",', "12:12", "records: a whole number" },
  { '"records": 2,', '"records": 3,', "27:3",
    "records: 3, and there are 2 rows" },
  { '"records": 2,', '"records": 1,', "26:1", "rows[1]: records says 1" },
  { '"name": "AD",', '"name": "AD", "name": "AD",', "13:15", "name twice" },
  { '"label": "Data",', '"label": null,', "14:10",
    "label: a string is needed" },
  -- columns
  { '"columns": [', '"columns": {"a": [', "15:12",
    "columns: a list is needed" },
  { '"columns": [', '"columns": [5,', "15:13",
    "columns[0]: an object is needed" },
  { '{"itemOID": "IT.AD.B", "name"', '[{"itemOID": "IT.AD.B", "name"', "20:2",
    "columns[4]: an object is needed" },
  { '"itemOID": "IT.AD.F", ', '', "18:77", "columns[2].itemOID is missing" },
  { ' "name": "F",', '', "18:86", "columns[2].name is missing" },
  { ' "label": "Float",', '', "18:81", "columns[2].label is missing" },
  { ' "dataType": "float",', '', "18:78", "columns[2].dataType is missing" },
  { '"label": "Float"', '"label": null', "18:47",
    "columns[2].label: a string is needed" },
  { '"label": "Float"', '"lable": "Float"', "18:38",
    "columns[2]: no key lable; nearest: label" },
  { '"label": "Float"', '"label": "Float", "label": "x"', "18:56",
    "columns[2].label twice" },
  { '"name": "F"', '"name": ""', "18:98", "columns[2].name is empty" },
  { '"name": "F"', '"name": "s"', "18:99",
    "columns[2].name: S and s differ only in case" },
  { '"name": "F"', '"name": "S"', "18:99",
    "columns[2].name: S and S are one name" },
  { '"float"', '"flaot"', "18:99",
    "columns[2].dataType: no type flaot; nearest: float" },
  { '"float"', '"xyz"', "18:97", "columns[2].dataType: no type xyz" },
  { '"displayFormat": "8.2"', '"displayFormat": 8.2', "18:94",
    "columns[2].displayFormat: a string is needed" },
  { '"displayFormat": "8.2"', '"targetDataType": "integer"', "18:104",
    "columns[2].targetDataType: integer is for date, time and datetime, not "
    .. "for float" },
  { '"displayFormat": "8.2"', '"targetDataType": "decimal"', "18:104",
    "columns[2].targetDataType: decimal is for decimal, not for float" },
  { '"displayFormat": "8.2"', '"targetDataType": "text"', "18:101",
    "columns[2].targetDataType: no type text; there are integer and decimal" },
  { '"length": 4', '"length": 0', "16:87",
    "columns[0].length: a whole number from 1 is needed" },
  { '"length": 4', '"length": "4"', "16:87", "columns[0].length: a whole" },
  { '"keySequence": 2', '"keySequence": 1.5', "17:94",
    "columns[1].keySequence: a whole number from 1 is needed" },
  { '"keySequence": 2', '"keySequence": 1', "17:95",
    "columns[1].keySequence: 1 is that of columns[0]" },
  -- rows
  { '"rows": [', '"rows": {"a": [', "24:9", "rows: a list is needed" },
  { '["", 2,', '{"S": "",', "26:1", "rows[1]: a list is needed" },
  { 'null, null]', 'null]', "26:30", "rows[1]: 6 values, expected 7" },
  { '["", 2,', '["", 2, 3, 4,', "26:12",
    "rows[1][3] (D): '4' is no decimal number in quotes" },
  { 'null, null]', 'null, null, 1]', "26:38", "rows[1]: more than 7 values" },
  { '["a", 1,', '[1, 1,', "25:2", "rows[0][0] (S): '1' is no string" },
  { '["a", 1,', '["a", "1",', "25:7", "rows[0][1] (I): '1' is no whole number" },
  { '["a", 1,', '["a", 1.5,', "25:7",
    "rows[0][1] (I): '1.5' is no whole number" },
  { '["a", 1,', '["a", 9007199254740993,', "25:7",
    "rows[0][1] (I): '9007199254740993' is no whole number that a double "
    .. "holds" },
  { '1.5, ', '"1.5", ', "25:10", "rows[0][2] (F): '1.5' is no number" },
  { '1.5, ', 'true, ', "25:10", "rows[0][2] (F): 'true' is no number" },
  { '1.5, ', '[1.5], ', "25:10",
    "rows[0][2] (F): 'a list or an object' is no number" },
  { '1.5, ', '1e999, ', "25:10",
    "rows[0][2] (F): '1e999' is no number that a double holds" },
  { '1.5, ', '1e-999, ', "25:10",
    "rows[0][2] (F): '1e-999' is no number that a double holds" },
  { '"0.10"', '0.10', "25:15",
    "rows[0][3] (D): '0.10' is no decimal number in quotes" },
  { '"0.10"', '"1e3"', "25:15", "rows[0][3] (D): '1e3' is no decimal" },
  { '"0.10"', '"."', "25:15", "rows[0][3] (D): '.' is no decimal" },
  { '"0.10"', '" 1"', "25:15", "rows[0][3] (D): ' 1' is no decimal" },
  { '"0.10"', '"0.33333333333333333333"', "25:15",
    "rows[0][3] (D): '0.33333333333333333333' has more digits than a double "
    .. "holds; types = { D = \"text\" } keeps them, \"real\" rounds" },
  { '"0.10"', '"9007199254740993"', "25:15",
    "rows[0][3] (D): '9007199254740993' has more digits than a double" },
  { 'true, "1960', '1, "1960', "25:23",
    "rows[0][4] (B): '1' is no true or false" },
  { '"1960-01-02"', '"1960-02-30"', "25:29",
    "rows[0][5] (T): '1960-02-30' is no date" },
  { '"1960-01-02"', '"1960-01"', "25:29", "rows[0][5] (T): '1960-01' is no" },
  { '"1960-01-02"', '1', "25:29", "rows[0][5] (T): '1' is no date" },
  { '"http://a"', '5', "25:43", "rows[0][6] (U): '5' is no string" },
  -- around it
  { ']}', ']}x', "27:3", "'x' is no JSON" },
  { ']}', ']}[1]', "27:3", "text behind the end" },
  { ']}', ']}{}', "27:3", "text behind the end" },
  { '"records": 2,', '"rows": [], "records": 2,', "12:9",
    "rows before columns cannot be read" },
}

function TestSchema.test_damage_is_told_with_its_place()
  for _, case in ipairs(DAMAGE) do
    local text = replaced(case[1], case[2])
    local message = message_of(text)
    local what = case[1] .. " -> " .. case[2]
    lu.assertNotNil(message, what)
    local place, words = message:match "/d%.json:(%d+:%d+): (.*)"
    lu.assertEquals({ place, words:sub(1, #case[4]) }, { case[3], case[4] },
      what .. ": " .. message)
  end
end

function TestSchema.test_what_is_no_document()
  for text, words in pairs { [""] = "an empty file", ["[1]"] = "an object is",
      ["{}"] = "datasetJSONCreationDateTime is missing: is it Dataset-JSON?",
      ['{"a":1}'] = "no key a in Dataset-JSON 1.1", ["5"] = "an object is" } do
    lu.assertStrContains(message_of(text), words)
  end
  -- NDJSON: lines that are no rows
  local lines = replaced('"rows": [\n', '"records2": ['):gsub(',\n"records2.*',
    "}")
  lu.assertStrContains(message_of(lines), "records: 2, and there are 0 rows")
  lu.assertStrContains(message_of(lines .. "\n{}"),
    "rows[0]: a list is needed")
end

-- Every key of the schema, and what it says of it.
function TestSchema.test_every_key_of_the_schema()
  local f = io.open(SCHEMA, "rb")
  if not f then lu.skip(SCHEMA .. " is not there") end
  local schema = json.decode(f:read "a")
  f:close()
  local defs, tried = schema["$defs"], 0
  local function wrong_of(rule)
    rule = rule["$ref"] and defs[rule["$ref"]:match "[^/]+$"] or rule
    return rule.type == "string" and 5 or rule.type == "object" and "x"
      or rule.type == "array" and "x" or rule.type == "integer" and "5", rule
  end
  -- change(document) -> the object that has the key, its path
  local function try(properties, required, at, prefix)
    local must = {}
    for _, key in ipairs(required) do must[key] = true end
    for key, rule in pairs(properties) do
      local path = prefix .. key
      local function with(value)
        local document = json.decode(TEXT)
        at(document)[key] = value
        tried = tried + 1
        return message_of(json.encode(document))
      end
      local wrong, full = wrong_of(rule)
      lu.assertNotNil(wrong, key)
      lu.assertStrContains(with(wrong), path .. ": ")
      local gone = with(nil)
      if must[key] then
        lu.assertNotNil(gone, path)
        lu.assertStrContains(gone, key == "columns" and "rows before columns"
          or path .. " is missing")
        lu.assertStrContains(with(NA), path)
      elseif key ~= "rows" then
        lu.assertNil(gone)
        lu.assertNil(with(NA))
      end
      if full.minimum then
        lu.assertStrContains(with(full.minimum - 1), path .. ": ")
        lu.assertStrContains(with(full.minimum + 0.5), path .. ": ")
      end
      if full.enum then lu.assertStrContains(with "none", path .. ": ") end
      lu.assertStrContains(with { { {} } }, path == "rows" and "rows[0][0]"
        or path == "columns" and "columns[0]" or path .. ": ")
    end
    -- additionalProperties: false
    local document = json.decode(TEXT)
    at(document).zzz = 1
    lu.assertStrContains(message_of(json.encode(document)), "no key zzz")
  end
  try(schema.properties, schema.required, function(d) return d end, "")
  try(defs.Column.properties, defs.Column.required,
    function(d) return d.columns[3] end, "columns[2].")
  try(defs.SourceSystem.properties, defs.SourceSystem.required,
    function(d) return d.sourceSystem end, "sourceSystem.")
  lu.assertTrue(tried > 90)
  -- every type is known, and none besides
  for _, kind in ipairs(defs.DataTypesEnum.enum) do
    local text = replaced('"URI"', '"' .. kind .. '"')
    lu.assertNil(message_of((text:gsub('"http://a"', "null"))))
  end
end

function TestSchema.test_times()
  local function good(time)
    return not message_of(replaced("2024-11-11T15:09:10", time))
  end
  for _, time in ipairs { "2024-11-11T15:09:10", "2024-12-31T23:59:59.123456",
      "0000-01-01T00:00:00Z", "2024-11-11T15:09:10-23:59",
      "2024-02-31T00:00:00" } do -- the pattern knows no calendar
    lu.assertTrue(good(time), time)
  end
  for _, time in ipairs { "", "2024", "2024-11-11", "2024-11-11 15:09:10",
      "2024-13-11T15:09:10", "2024-00-11T15:09:10", "2024-11-32T15:09:10",
      "2024-11-00T15:09:10", "2024-11-11T24:09:10", "2024-11-11T15:60:10",
      "2024-11-11T15:09:60", "2024-11-11T15:09", "2024-11-11T15:09:10.",
      "2024-11-11T15:09:10z", "2024-11-11T15:09:10+24:00",
      "2024-11-11T15:09:10+01:60", "2024-11-11T15:09:10+0100",
      "2024-11-11T15:09:10Z ", "2024-11-11T15:09:10+01:00Z",
      "02024-11-11T15:09:10", "2024-11-11T15:09:10.5.5" } do
    lu.assertFalse(good(time), time)
  end
end

function TestSchema.test_versions()
  for version, good in pairs { ["1.1"] = true, ["1.1.0"] = true,
      ["1.1.10"] = true, ["1.1.01"] = false, ["1.1."] = false,
      ["1.10"] = false, ["1.15"] = false, ["1.1.0.0"] = false,
      ["1.1.x"] = false, ["2.0"] = false, [""] = false, ["11.1"] = false } do
    lu.assertEquals(not message_of(replaced('"1.1.0"', '"' .. version .. '"')),
      good, version)
  end
end

-- Decimals are what their digits say, or are refused.
function TestSchema.test_decimals_are_exact()
  local function value(text, types)
    local f = dsjson.read(file(replaced("0.10", text)), types)
    return f:value(1, 4)
  end
  for text, x in pairs { ["0.1"] = 0.1, ["-0.1"] = -0.1, ["+5"] = 5,
      ["007.50"] = 7.5, [".5"] = 0.5, ["5."] = 5, ["0.000"] = 0,
      ["123456789012345"] = 123456789012345, ["0.30000000000000004"] =
      0.30000000000000004, ["9007199254740992"] = 2 ^ 53,
      ["1" .. ("0"):rep(22)] = 1e22, [("0"):rep(400) .. "1"] = 1,
      ["0." .. ("0"):rep(299) .. "25"] = 2.5e-300,
      -- all digits of a double
      ["0.1000000000000000055511151231257827021181583404541015625"] = 0.1,
      ["18446744073709551616"] = 2 ^ 64 } do
    lu.assertEquals(value(text), x, text)
  end
  for _, text in ipairs { "0.1234567890123456789", "9007199254740993",
      "0.30000000000000005", "1" .. ("0"):rep(400), "12345678901234567890",
      "0." .. ("0"):rep(400) .. "1", ("1"):rep(900) } do
    local ok, err = pcall(value, text)
    lu.assertFalse(ok, text)
    lu.assertStrContains(err.message, "has more digits than a double holds")
    lu.assertEquals(value(text, { D = "text" }), text)
  end
  lu.assertEquals(value("0.1234567890123456789", { D = "real" }),
    0.1234567890123456789)
  -- "" is missing there, too
  local f = dsjson.read(file(TEXT), { D = "text" })
  lu.assertEquals({ f:value(1, 4), f:value(2, 4) }, { "0.10", NA })
  lu.assertStrContains(message_of(TEXT, { d = "text" }),
    "types: no column d; nearest: D")
  lu.assertStrContains(message_of(TEXT, { F = "text" }),
    "types: F is float in the file, and only decimal columns can be read in "
    .. "two ways")
  lu.assertFalse(pcall(dsjson.read, file(TEXT), { D = "none" }))
end

-- Far too much of it is an error soon, whatever it is made of.
function TestSchema.test_bombs()
  local began = os.clock()
  for _, nest in ipairs { "[", '{"a":', '[{"a":' } do
    local deep = nest:rep(1000000)
    for text in pairs { [deep] = 1, ['{"name":' .. deep] = 1,
        ['{"sourceSystem":' .. deep] = 1, ['{"columns":' .. deep] = 1,
        [replaced('["a", 1', deep)] = 1,
        [replaced('"a", 1', '"a", ' .. deep)] = 1 } do
      lu.assertNotNil(message_of(text))
    end
  end
  -- a million columns
  local column = '{"itemOID":"I","name":"%d","label":"","dataType":"string"},'
  local list = {}
  for i = 1, 3000 do list[i] = column:format(i) end
  list[#list + 1] = column:format(1):rep(1000000)
  lu.assertStrContains(message_of(replaced('"columns": [\n',
    '"columns": [\n' .. table.concat(list, "\n"))),
    "columns[2000]: at most 2000 columns can be read")
  -- a string and a number without end
  if os.getenv "TRIALSH_LONG" then
    lu.assertStrContains(message_of(replaced('"a", 1',
      '"' .. ("a"):rep(101000000))), "a string of more than 100000000 bytes")
  end
  lu.assertStrContains(message_of(replaced('1.5', ("1"):rep(1000000))),
    "a number of more than 1000 digits")
  lu.assertTrue(os.clock() - began < 20)
end

local status = lu.LuaUnit.run()
os.execute("rm -r " .. folder)
os.exit(status)
