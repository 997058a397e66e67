-- Dataset-JSON: CDISC's files beside their CSV twins, round trips, damage.
local lu = require "luaunit"
local NA = require "ts.na".NA
local dsjson = require "ts.dsjson"
local cframe = require "ts.frame"

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

local function refuses(content, words, name)
  local ok, err = pcall(dsjson.read, file(name or "bad.json", content))
  lu.assertFalse(ok, words)
  lu.assertStrContains(tostring(err), words)
end

-- A small file, with one part replaced.
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
    lu.assertEquals(facts.types, { "string", "float", "integer" })
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

function TestDatasetJson.test_damage_is_told_with_its_place()
  refuses(small:gsub("1%.5", "true"), "rows[0][1] (X): 'true' is no number")
  refuses(small:gsub('"0.10"', '"ten"'),
    "rows[0][2] (D): 'ten' is no decimal number")
  refuses(small:gsub('"1960%-01%-02"', '"1960-13-02"'),
    "'1960-13-02' is no date")
  refuses(small:gsub('"records":2', '"records":3'),
    "records says 3, there are 2 rows")
  refuses(small:gsub(',null%]%]', "]]"), "rows[1]: 3 values, expected 4")
  refuses(small:gsub('null%]%]', "null,1]]"), "rows[1]: more than 4 values")
  refuses(small:gsub('"float"', '"flaot"'), "no type flaot; nearest: float")
  refuses(small:gsub('"dataType":"float"', '"dataTyp":"float"'), "no key dataTyp")
  refuses(small:gsub('"records"', '"recrods"'), "no key recrods; nearest: records")
  refuses(small:gsub('"name":"X"', '"name":"s"'), "differ only in case")
  refuses(small:gsub('"1.1.0"', '"2.0"'), "2.0 cannot be read")
  refuses(small:gsub('1%.5', "9007199254740993"), "whole number that a double holds")
  refuses(small:gsub('1%.5', "1e999"), "number that a double holds")
  refuses('{"rows":[[1]],' .. small:sub(2), "rows before columns")
  refuses("", "an empty file")
  refuses("[1]", "an object is needed")
  refuses("{}", "datasetJSONVersion is missing")
  refuses(small .. "x", "'x' is no JSON")
  refuses(small .. "[1]", "a row is a list")
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
  refuses('{"name":' .. ("["):rep(100000), "a string is needed")
  refuses('{"sourceSystem":' .. ('{"a":'):rep(100000), "a string is needed")
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
  local ok, err = pcall(s.import, s, folder .. "/small.json",
    { types = { X = "text" } })
  lu.assertFalse(ok)
  lu.assertStrContains(tostring(err), "types is for CSV files, not for Dataset-JSON")
end

local status = lu.LuaUnit.run()
os.execute("rm -r " .. folder)
os.exit(status)
