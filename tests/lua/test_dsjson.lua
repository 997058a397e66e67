-- Dataset-JSON: CDISC's files beside their CSV twins, round trips, damage.
local lu = require "luaunit"
local NA = require "ts.na".NA
local dsjson = require "ts.dsjson"
local cframe = require "ts.frame"
local decode = require "ts.json".decode

local shared = "../shared/data/cdisc/"
local there = require "ts.file".exists(shared .. "dsjson/adsl.json")

local folder = os.tmpname()
os.remove(folder)
os.execute("mkdir " .. folder)

local function file(name, content)
  local path = folder .. "/" .. name
  local f = assert(io.open(path, "wb"))
  f:write(content)
  f:close()
  return path
end

local function same(a, b)
  lu.assertEquals(a:names(), b:names())
  lu.assertEquals(#a, #b)
  for j in ipairs(a:names()) do
    lu.assertEquals(cframe.values(a:column(j)), cframe.values(b:column(j)))
    lu.assertEquals(a:column(j).label, b:column(j).label)
    lu.assertEquals(a:column(j).format, b:column(j).format)
  end
end

-- A small file.
local head = '{"datasetJSONCreationDateTime":"2024-01-01T00:00:00",'
  .. '"datasetJSONVersion":"1.1.0","itemGroupOID":"IG.A","records":2,'
  .. '"name":"A","label":"A table","columns":['
local columns = '{"itemOID":"I1","name":"S","label":"Text","dataType":"string"},'
  .. '{"itemOID":"I2","name":"X","label":"Number","dataType":"float"},'
  .. '{"itemOID":"I3","name":"D","label":"Decimal","dataType":"decimal"},'
  .. '{"itemOID":"I4","name":"T","label":"Day","dataType":"date",'
  .. '"targetDataType":"integer","displayFormat":"DATE9."}'
local rows = '],"rows":[["a",1.5,"0.10","1960-01-02"],[null,null,"",null]]}'
local small = head .. columns .. rows

TestDatasetJson = {}

function TestDatasetJson.test_types_and_missing()
  local f, facts = dsjson.read(file("small.json", small))
  lu.assertEquals(f:names(), { "S", "X", "D", "T" })
  lu.assertEquals({ f:value(1, 1), f:value(1, 2), f:value(1, 3), f:value(1, 4) },
    { "a", 1.5, 0.1, 1 })
  for j = 1, 4 do lu.assertEquals(f:value(2, j), NA) end
  lu.assertEquals(f:column "T".format, "DATE9.")
  lu.assertEquals(f:column "S".label, "Text")
  lu.assertEquals(facts.attributes.label, "A table")
  lu.assertEquals(#facts.sha256, 64)
end

function TestDatasetJson.test_strings()
  local f = dsjson.read(file("s.json", (small:gsub('"a"',
    function() return [["\u00e9\ud83d\ude00\n\"\\\/"]] end))))
  lu.assertEquals(f:value(1, 1), "é😀\n\"\\/")
end

function TestDatasetJson.test_round_trips()
  local f = cframe.build({ "ID", "X", "N" }, {
    { "a \"b\"\n", "", NA, "日本 \\ \u{7f}" },
    { 0.1 + 0.2, 1e-310, NA, -1 / 3 },
    { 1, 2 ^ 53, NA, -5 } })
  for _, ending in ipairs { "json", "ndjson", "dsjc" } do
    local path = folder .. "/r." .. ending
    dsjson.write(f, path, 384, { name = "R", label = "round" })
    local back, facts = dsjson.read(path)
    lu.assertEquals(back:column "X".label, "X")
    for j = 1, 3 do
      lu.assertEquals(cframe.values(back:column(j)),
        cframe.values(f:column(j)))
    end
    local types = {}
    for j, item in ipairs(facts.items) do types[j] = item.dataType end
    lu.assertEquals(types, { "string", "float", "integer" })
    local first = io.open(path, "rb"):read "a"
    dsjson.write(f, path, 384, { name = "R", label = "round" })
    lu.assertEquals(io.open(path, "rb"):read "a", first)
  end
end

function TestDatasetJson.test_minus_zero_and_the_largest()
  local f = cframe.build({ "X" }, { { -0.0, 1.7976931348623157e308, 5e-324 } })
  dsjson.write(f, folder .. "/z.json", 384, {})
  local back = dsjson.read(folder .. "/z.json")
  lu.assertEquals(1 / back:value(1, 1), -math.huge)
  lu.assertEquals(back:value(2, 1), 1.7976931348623157e308)
  lu.assertEquals(back:value(3, 1), 5e-324)
  lu.assertFalse(pcall(dsjson.write, cframe.build({ "X" }, { { 1 / 0 } }),
    folder .. "/i.json", 384, {}))
  lu.assertFalse(require "ts.file".exists(folder .. "/i.json"))
end

function TestDatasetJson.test_json_is_checked()
  for _, bad in ipairs { '{"a":}', '{"a" 1}', '{,}', '{"a":1,}', '{a:1}',
    '{"a":01}', '{"a":1.}', '{"a":+1}', '{"a":.5}', '{"a":nul}', '{"a":"\1"}',
    '{"a":"\\x"}', '{"a":"\\ud800"}', '{"a":"\\u0000"}', '{"a":"\xff"}',
    '{"a":"b', '{"a":[1}', '{"a":[1 2]}', '{"a":[1,]}', '{' } do
    local ok, err = pcall(dsjson.read, file("j.json", bad))
    lu.assertFalse(ok, bad)
    lu.assertStrContains(tostring(err), "j.json:1:")
  end
end

function TestDatasetJson.test_every_cut_is_refused()
  for n = 0, #small - 1 do
    lu.assertFalse(pcall(dsjson.read, file("cut.json", small:sub(1, n))), n)
  end
  local f = dsjson.read(file("small.json", small))
  dsjson.write(f, folder .. "/cut.dsjc", 384, { name = "A" })
  local whole = io.open(folder .. "/cut.dsjc", "rb"):read "a"
  for n = 0, #whole - 1 do
    lu.assertFalse(pcall(dsjson.read, file("c.dsjc", whole:sub(1, n))), n)
  end
  local flipped = whole:sub(1, 40) .. string.char(whole:byte(41) ~ 255)
    .. whole:sub(42)
  lu.assertFalse(pcall(dsjson.read, file("f.dsjc", flipped)))
  lu.assertFalse(pcall(dsjson.read, file("g.dsjc", whole .. "x")))
end

function TestDatasetJson.test_the_cdisc_pilot()
  if not there then lu.skip "../shared/data is absent" end
  local json = dsjson.read(shared .. "dsjson/adsl.json")
  same(json, (dsjson.read(shared .. "dsjson/adsl.ndjson")))
  same(json, (dsjson.read(shared .. "dsjson/adsl.dsjc")))
  local csv = require "ts.csv".open(shared .. "csv/adsl.csv"):frame()
  lu.assertEquals(#json, 254)
  lu.assertEquals(json:names(), csv:names())
  local n = 0
  for j, name in ipairs(csv:names()) do
    -- dates are numbers here and text there, codes the other way round
    if csv:column(j).type == json:column(j).type then
      for i = 1, #csv do
        local a, b = csv:value(i, j), json:value(i, j)
        if a ~= NA then
          lu.assertEquals(b, a, name)
          n = n + 1
        end
      end
    end
  end
  lu.assertTrue(n > 8000)
  local ae, facts = dsjson.read(shared .. "dsjson/adae.json")
  lu.assertEquals({ #ae, #ae:names() }, { 1191, 55 })
  lu.assertEquals(facts.attributes["sourceSystem.name"], "SAS on X64_10PRO")
  lu.assertEquals(#dsjson.read(shared .. "dsjson/sdtm_dm.json"), 18)
  local japanese = dsjson.read(shared .. "dsjson/i18n_ae_japanese.json")
  lu.assertEquals(#japanese, 1191)
  lu.assertEquals(ae:column "TRTSDT".format, "DATE9.")
  lu.assertEquals(ae:value(1, 13), 19725) -- 2014-01-02
end

function TestDatasetJson.test_a_study_takes_it_in_and_out()
  local s = require "trialsh.study".memory()
  s:import(file("adsl.json", (small:gsub('"dataType":"string"',
    '"dataType":"string","keySequence":1'))))
  lu.assertEquals(#s.adsl, 2)
  lu.assertEquals(s.adsl.S.label, "Text")
  lu.assertStrContains(tostring(s.adsl), "1960-01-02")
  lu.assertStrContains(tostring(s), " S ")
  local path = s:export("adsl", folder .. "/out.ndjson")
  local back = read(path)
  lu.assertEquals(back.T.format, "DATE9.")
  lu.assertEquals(back.T[1], 1)
  lu.assertEquals(back.S.label, "Text")
  local ok, err = pcall(s.import, s, folder .. "/adsl.json", { na = { "x" } })
  lu.assertFalse(ok)
  lu.assertStrContains(tostring(err), "na is for CSV files, not for Dataset-JSON")
end

-- What a file says, as cJSON reads it: an independent reader. NDJSON has its
-- rows in lines.
local function document(path)
  local f = assert(io.open(path, "rb"))
  local text = f:read "a"
  f:close()
  if not path:find "ndjson$" then return decode(text) end
  local d, rows = nil, {}
  for line in text:gmatch "[^\n]+" do
    if d then rows[#rows + 1] = decode(line) else d = decode(line) end
  end
  d.rows = rows
  return d
end

local function assert_equal_documents(a, b)
  lu.assertEquals(#a.rows, #b.rows)
  for i, row in ipairs(a.rows) do
    for j = 1, #row do
      if b.rows[i][j] ~= row[j] then
        lu.fail(("rows[%d][%d]: %s is not %s"):format(i - 1, j - 1,
          tostring(b.rows[i][j]), tostring(row[j])))
      end
    end
  end
  a.rows, b.rows = nil, nil
  lu.assertEquals(b, a)
end

-- Whatever the way: a study, a frame, another form, a table of a table.
function TestDatasetJson.test_what_is_imported_is_exported_again()
  if not there then lu.skip "../shared/data is absent" end
  local s = study.create(folder .. "/keeps.db")
  for _, name in ipairs { "adae.json", "adsl.json", "adsl.ndjson",
      "i18n_ae_japanese.json", "sdtm_dm.json", "sdtm_dm.ndjson" } do
    local path, as = shared .. "dsjson/" .. name, name:gsub("%.", "_")
    local ending = name:match "[^.]+$"
    local out = folder .. "/out." .. ending
    s:import(path, { as = as })
    s:close()
    s = study.open(folder .. "/keeps.db")
    s:export(as, out)
    assert_equal_documents(document(path), document(out))
    s:export(read(path), out)
    assert_equal_documents(document(path), document(out))
    -- packed and back
    s:export(as, folder .. "/out.dsjc")
    s:import(folder .. "/out.dsjc", { as = "again", replace = true })
    s:export("again", out)
    assert_equal_documents(document(path), document(out))
  end
end

function TestDatasetJson.test_what_is_kept_of_columns()
  local s = require "trialsh.study".memory()
  local text = small:gsub('"dataType":"string"',
    '"dataType":"URI","length":20,"keySequence":2')
    :gsub('"name":"X"', '"keySequence":5,"name":"X"')
    :gsub('"label":"A table"', '"label":"A table","studyOID":"S1"')
  s:import(file("kept.json", text))
  local function columns_of(what)
    local d = document(s:export(what, folder .. "/kept.out.json"))
    local list = {}
    for _, c in ipairs(d.columns) do list[c.name] = c end
    return list, d
  end
  local c, d = columns_of "kept"
  lu.assertEquals(c.S, { itemOID = "I1", name = "S", label = "Text",
    dataType = "URI", length = 20, keySequence = 2 })
  lu.assertEquals({ c.X.keySequence, c.D.targetDataType, d.studyOID },
    { 5, "decimal", "S1" })
  lu.assertEquals(d.datasetJSONCreationDateTime, "2024-01-01T00:00:00")
  lu.assertEquals(d.rows[2][3], "")
  -- a table derived of it; another name, another column
  s.t = s.kept:select("S", "Y = X", "D", "T"):mutate("D = D * 2")
  c, d = columns_of "t"
  lu.assertEquals({ c.S.itemOID, c.S.length, c.Y.itemOID, c.Y.dataType,
    c.D.itemOID, c.D.dataType, c.D.targetDataType },
    { "I1", 20, "IT.T.Y", "float", "IT.T.D", "float", nil })
  lu.assertEquals({ c.T.dataType, c.T.targetDataType, c.T.displayFormat },
    { "date", "integer", "DATE9." })
  lu.assertNil(d.studyOID)
  lu.assertEquals(d.datasetJSONCreationDateTime, "1960-01-01T00:00:00")
  -- the key is the relation's
  c = columns_of(s.kept:where("X is not null and S is not null")
    :key("X", "S"))
  lu.assertEquals({ c.X.keySequence, c.S.keySequence }, { 1, 2 })
  -- decimals whose digits are wanted
  s:import(folder .. "/kept.json", { as = "digits", types = { D = "text" } })
  c, d = columns_of "digits"
  lu.assertEquals({ c.D.dataType, c.D.targetDataType, d.rows[1][3],
    d.rows[2][3], c.D.length }, { "decimal", "decimal", "0.10", "", nil })
  -- options come first
  d = document(s:export("kept", folder .. "/kept.out.json", { member = "M",
    label = "L", created = "2026-01-01T00:00:00" }))
  lu.assertEquals({ d.name, d.label, d.datasetJSONCreationDateTime },
    { "M", "L", "2026-01-01T00:00:00" })
  lu.assertEquals(document(s:export("kept", folder .. "/kept.out.json",
    { created = "2026-01-01" })).datasetJSONCreationDateTime,
    "2026-01-01T00:00:00")
  for _, bad in ipairs { { { created = "today" },
      "created is a time such as \"2026-11-24T03:12:43\"" }, { { label = "\xFF" },
      "the label of the data holds a text that is not UTF-8" } } do
    local ok, err = pcall(s.export, s, "kept", folder .. "/kept.out.json",
      bad[1])
    lu.assertFalse(ok)
    lu.assertStrContains(err.message, bad[2])
  end
  s:close()
end

-- A folder has other JSON, and one data set in several forms.
function TestDatasetJson.test_a_folder()
  os.execute("mkdir " .. folder .. "/in")
  file("in/small.json", "\xEF\xBB\xBF\n" .. small)
  file("in/schema.json", '{"$defs":{}}')
  file("in/list.json", "[1]")
  local s, said = require "trialsh.study".memory(), {}
  local listeners = require "trialsh.note".listeners
  listeners[#listeners + 1] = function(line) said[#said + 1] = line end
  s:import(folder .. "/in")
  lu.assertEquals(#s.small, 2)
  lu.assertStrContains(said[1], "in/list.json: not Dataset-JSON, left alone")
  lu.assertStrContains(said[2], "in/schema.json: not Dataset-JSON, left alone")
  file("in/SMALL.ndjson", "")
  local ok, err = pcall(s.import, s, folder .. "/in/")
  lu.assertFalse(ok)
  lu.assertStrContains(err.message, "/in: SMALL.ndjson and small.json would "
    .. "both be table small; one by one, { as = \"...\" } gives another name")
  os.remove(folder .. "/in/SMALL.ndjson")
  os.remove(folder .. "/in/small.json")
  ok, err = pcall(s.import, s, folder .. "/in")
  lu.assertStrContains(err.message, "/in: no file of data in that folder")
  listeners[#listeners] = nil
end

-- A type that the values do not fit is not written.
function TestDatasetJson.test_types_that_do_not_fit()
  local function type_of(values, dataType)
    local path = folder .. "/fit.json"
    dsjson.write(cframe.build({ "C" }, { values }), path, 384,
      { name = "F", items = { C = { dataType = dataType } } })
    local d = document(path)
    dsjson.read(path)
    local v = d.rows[1][1]
    return d.columns[1].dataType .. " "
      .. (type(v) == "number" and ("%.17g"):format(v) or tostring(v))
  end
  for _, case in ipairs {
    { { 1, 2 }, "float", "float 1" }, { { 1, 2 }, "double", "double 1" },
    { { 1, 2 }, "boolean", "integer 1" }, { { 1, 0 }, "boolean",
      "boolean true" }, { { 1.5 }, "integer", "float 1.5" },
    { { 1.5 }, "date", "float 1.5" }, { { 1 }, "date", "date 1960-01-02" },
    { { 86400.5 }, "datetime", "datetime 1960-01-02T00:00:00.5" },
    { { 1 / 3 }, "time", "float 0.33333333333333331" },
    { { 1 }, "string", "integer 1" }, { { 1 }, "no such", "integer 1" },
    { { "a" }, "integer", "string a" }, { { "a" }, "decimal", "string a" },
    { { "0.10" }, "decimal", "decimal 0.10" },
    { { "1924" }, "date", "date 1924" },
    { { -0.0 }, "integer", "float -0" },
    { { 0.1 }, "decimal", "decimal 0.1" },
    { { -2.5e-7 }, "decimal", "decimal -0.00000025" },
    { { 1.5e21 }, "decimal", "decimal 1500000000000000000000" },
    { { 1 / 3 }, "decimal", "decimal 0.3333333333333333" },
    { { 12345678.5e10 }, "decimal", "decimal 123456785000000000" },
    { { 1.2345e-5 }, "decimal", "decimal 0.000012345" },
  } do
    lu.assertEquals(type_of(case[1], case[2]), case[3])
  end
end

local status = lu.LuaUnit.run()
os.execute("rm -r " .. folder)
os.exit(status)
