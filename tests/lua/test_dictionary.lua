-- The data dictionary: each field against SQL, and the dictionary as a table
-- that is exported.
local lu = require "luaunit"
local cframe = require "ts.frame"
local relation = require "trialsh.relation"
local iso = require "trialsh.iso"

local folder = os.tmpname()
os.remove(folder)
os.execute("mkdir " .. folder)

local function path(name) return folder .. "/" .. name end

local function refuses(words, f, ...)
  local ok, err = pcall(f, ...)
  lu.assertFalse(ok, words)
  lu.assertStrContains(tostring(err), words)
end

-- Rows of a dictionary by "table.name".
local function lines(frame)
  local out = {}
  for row in frame:rows() do
    out[tostring(row.table) .. "." .. row.name] = row
  end
  return out
end

TestDictionary = {}

function TestDictionary.test_columns_of_every_kind()
  local s = study.create(path "a.db")
  local f = cframe.build(
    { "ID", "X", "W", "D", "DT", "T", "E", "N", "Z" }, {
    { "a", "bé", "", NA }, { 0.1, -2.5, 0.1, NA }, { 2, -0.0, 0, 1 },
    { 0, 21915, NA, 0 }, { 0, 86399.5, NA, 0 }, { 0, 3661, NA, 60 },
    { NA, NA, NA, NA }, { NA, NA, NA, NA },
    { 2^53, 2^53 + 2, NA, NA } }, { E = {} })
  local formats = { D = "DATE9.", DT = "DATETIME20.", T = "TIME5." }
  local columns = {}
  for j, name in ipairs(f:names()) do
    columns[j] = cframe.with(f:column(j), { format = formats[name],
      label = name == "X" and "A value" or nil,
      unit = name == "X" and "kg" or nil })
  end
  s.t = relation.of_frame(cframe.build(f:names(), columns))
  local d = s:dictionary "t"
  local t = lines(d)
  local function is(name, expected)
    local row = t["t." .. name]
    for key, value in pairs(expected) do
      lu.assertEquals(row[key], value, name .. " " .. key)
    end
  end
  is("ID", { position = 1, type = "text", length = 3, n = 3, missing = 1,
    distinct = 3, min = "", max = "bé", label = NA, key = NA })
  is("X", { type = "float", length = NA, n = 3, distinct = 2, min = "-2.5",
    max = "0.1", label = "A value", unit = "kg" })
  is("W", { type = "integer", n = 4, distinct = 3, min = "0", max = "2" })
  is("D", { type = "date", format = "DATE9.", min = "1960-01-01",
    max = "2020-01-01", distinct = 2 })
  is("DT", { type = "datetime", max = "1960-01-01T23:59:59.5" })
  is("T", { type = "time", max = "01:01:01" })
  is("E", { type = "text", n = 0, missing = 4, distinct = 0, min = NA })
  is("N", { type = "float", n = 0, max = NA })
  is("Z", { type = "float", min = "9007199254740992" })
  -- of a relation and of a frame
  local some = lines(s:dictionary(s.t:where "W > 0":mutate "Y = X * 2"))
  lu.assertEquals({ some["NA.Y"].n, some["NA.Y"].type }, { 1, "float" })
  lu.assertEquals(lines(s:dictionary(s.t:collect()))["NA.X"].n, 3)
  -- a table without rows, a key, levels
  s.none = s.t:where "W > 99":key "ID"
  local none = lines(s:dictionary "none")
  lu.assertEquals({ none["none.ID"].key, none["none.ID"].n,
    none["none.ID"].type }, { 1, 0, "text" })
  lu.assertEquals(lines(demo:dictionary())["adsl.TRT01P"].levels,
    "Placebo < CYT107 LF < CYT107 HF")
  refuses("no table tt; nearest: t", s.dictionary, s, "tt")
  refuses("dictionary takes the name of a table", s.dictionary, s, 3)
  s:close()
end

function TestDictionary.test_what_is_printed()
  local s = study.create(path "b.db")
  lu.assertEquals(tostring(s:dictionary()), "no columns yet")
  s.t = relation.of_frame(cframe.build({ "A" }, { { 1, 2 } }))
  local text = tostring(s:dictionary "t")
  lu.assertStrContains(text, "name  type     n  missing  distinct  min  max")
  lu.assertStrContains(tostring(demo:dictionary()), "table  position  name")
  lu.assertStrContains(tostring(demo:dictionary()), "SIMULATED DATA")
  s:close()
end

function TestDictionary.test_it_is_exported_as_any_table()
  local d = demo:dictionary()
  for _, kind in ipairs { "csv", "json", "ndjson", "xpt" } do
    demo:export(d, path("d." .. kind))
    local back = read(path("d." .. kind),
      kind == "csv" and { types = { min = "text", max = "text", unit = "text",
        label = "text", format = "text" } } or nil)
    lu.assertEquals(#back, #d)
    for i = 1, #d do
      local a, b = d:row(i), back:row(i)
      for _, name in ipairs { "table", "name", "type", "n", "min", "levels" } do
        lu.assertEquals(b[name], a[name], kind .. " " .. name)
      end
    end
  end
  demo:export({ "adsl", dictionary = d }, path "d.xlsx")
  lu.assertEquals(relation.node_of(read(path "d.json")).columns[4].type, "text")
end

-- Every column of CDISC's pilot, by SQL.
function TestDictionary.test_against_sql()
  local there = io.open "../shared/data/cdisc/xpt/adsl.xpt"
  if not there then lu.skip "../shared/data is not there" end
  there:close()
  local s = study.create(path "c.db")
  s:import "../shared/data/cdisc/xpt"
  local handle = require "trialsh.study".inner(s).handle
  local checked = 0
  for row in s:dictionary():rows() do
    local q = ('"%s"'):format(row.name)
    local sql = handle:query(("select count(%s), count(*) - count(%s), "
      .. "count(distinct %s), min(%s), max(%s), max(length(cast(%s as blob))) "
      .. "from %s"):format(q, q, q, q, q, q, row.table))
    local function value(j) return sql:value(1, j) end
    lu.assertEquals({ row.n, row.missing, row.distinct },
      { value(1), value(2), value(3) }, row.name)
    for j, bound in ipairs { row.min, row.max } do
      local expected = value(3 + j)
      if type(expected) == "number" then
        local kind = iso.kind(row.format)
        expected = kind and iso.text(kind, expected)
          or require "ts.text".number(expected)
      end
      lu.assertEquals(bound, expected, row.name)
    end
    if row.type == "text" and row.n > 0 then
      lu.assertEquals(row.length, value(6), row.name)
    end
    checked = checked + 1
  end
  lu.assertTrue(checked > 150)
  s:close()
end

local code = lu.LuaUnit.run()
os.execute("rm -rf '" .. folder .. "'")
os.exit(code)
