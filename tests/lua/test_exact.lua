-- Values that are easily lost (reliability.md C10) through a study and out
-- again: -0, the ends of the range, codes of missing values, empty text. And
-- arithmetic in SQL that leaves the range.
local lu = require "luaunit"
local cframe = require "ts.frame"
local note = require "trialsh.note"
local relation = require "trialsh.relation"

local said = {}
note.listeners[#note.listeners + 1] = function(line) said[#said + 1] = line end

local folder, n = os.tmpname(), 0
os.remove(folder)
os.execute("mkdir " .. folder)

local function path(name) return folder .. "/" .. name end

local function write(name, text)
  local file = assert(io.open(path(name), "wb"))
  file:write(text)
  file:close()
  return path(name)
end

local function read_bytes(file)
  local f = assert(io.open(file, "rb"))
  local all = f:read "a"
  f:close()
  return all
end

local function fresh()
  n = n + 1
  return study.create(path(("s%d.db"):format(n)))
end

local function refuses(words, f, ...)
  local ok, err = pcall(f, ...)
  lu.assertFalse(ok, words)
  lu.assertStrContains(tostring(err), words)
end

local function notes() return table.concat(said, "\n") end

local function same(a, b)
  return a == b and (a ~= 0 or type(a) ~= "number" or 1 / a == 1 / b)
end

local function assert_values(column, expected, what)
  lu.assertEquals(#column, #expected, what)
  for i, x in ipairs(expected) do
    if not same(column[i], x) then
      lu.fail(("%s, row %d: %s is not %s"):format(what, i,
        tostring(column[i]), tostring(x)))
    end
  end
end

local function is_minus_zero(x) return x == 0 and 1 / x == -math.huge end

TestExact = {}

function TestExact:setUp() said = {} end

local NUMBERS = { -0.0, 0, NA, 1, 0.1 + 0.2, 2^53 - 1, 2^53, 2^53 + 2, -2^53 - 2,
  2^63, -2^63, 2^64, 1e15, 1e22, -7.25 }
-- what SAS transport files cannot hold
local WIDE = { 5e-324, 2.2250738585072014e-308, 1.7976931348623157e308,
  -1.7976931348623157e308 }

local function sample(wide)
  local x, t = { table.unpack(NUMBERS) }, {}
  if wide then table.move(WIDE, 1, #WIDE, #x + 1, x) end
  for i = 1, #x do
    t[i] = ({ "a", "", NA, " b ", "NA", ".", "-0" })[i % 7 + 1]
  end
  return relation.of_frame(cframe.build({ "X", "T" }, { x, t })), x, t
end

-- file -> study -> collect -> file -> frame, and a table derived on the way
local function through(kind, wide, as_text)
  local f, x, t = sample(wide)
  local n_minus_zero = kind == "xpt" and 0 or 1
  if kind == "xpt" then x[1] = 0 end -- written as 0, and told
  local opt = kind == "csv" and { types = { T = "text" } } or {}
  demo:export(f, path("in." .. kind))
  local s = fresh()
  s:import(path("in." .. kind), { as = "t", types = opt.types })
  for i = 1, #t do
    if as_text and (t[i] ~= NA) then t[i] = as_text(t[i]) end
  end
  assert_values(s.t:collect().X, x, kind)
  assert_values(s.t:collect().T, t, kind)
  s.d = s.t:where "X is not null or X is null":order "T":mutate "Y = X"
  s:export("t", path("out." .. kind))
  local back = read(path("out." .. kind), opt)
  assert_values(back.X, x, kind)
  assert_values(back.T, t, kind)
  -- sorted by T, yet the numbers are the same ones
  local count = 0
  for i = 1, #s.d do
    if is_minus_zero(s.d.X[i]) then
      count = count + 1
      lu.assertTrue(is_minus_zero(s.d.Y[i]))
    end
  end
  lu.assertEquals(count, n_minus_zero, kind)
  -- equal zeros compare, group and sum as ever
  lu.assertEquals(#s.t:where "X = 0", 2)
  lu.assertEquals(s.t:where "X = 0":count "X":row(1).n, 2)
  lu.assertEquals(s.t:where "X = 0":summarise "a = sum(X)":row(1).a, 0)
  s:close()
end

function TestExact.test_csv() through("csv", true) end

function TestExact.test_json() through("json", true) end

function TestExact.test_ndjson() through("ndjson", true) end

function TestExact.test_dsjc() through("dsjc", true) end

function TestExact.test_xpt()
  -- SAS has no trailing blanks and no empty text
  through("xpt", false, function(text)
    text = text:gsub(" +$", "")
    return text == "" and NA or text
  end)
  lu.assertStrContains(notes(), path "in.xpt" .. ": 1 value of -0 written as 0")
end

function TestExact.test_a_study_keeps_minus_zero_and_codes_together()
  local s = fresh()
  -- a transport file of others may have -0, and a code beside it
  demo:export(relation.of_frame(cframe.build({ "X", "Y" },
    { { 1, NA, 0 }, { -0.0, 2, 3 } })), path "z.xpt")
  local bytes = read_bytes(path "z.xpt")
  local at = #bytes - 80
  write("z.xpt", bytes:sub(1, at) .. "\x80" .. ("\0"):rep(7)
    .. bytes:sub(at + 9, at + 16) .. "K" .. bytes:sub(at + 18))
  s:import(path "z.xpt")
  lu.assertTrue(is_minus_zero(s.z:row(1).X))
  lu.assertEquals(s.z:collect().X.special, { [2] = "K" })
  lu.assertFalse(is_minus_zero(s.z:row(3).X))
  s.z3 = s.z:order "Y desc"
  lu.assertTrue(is_minus_zero(s.z3:row(3).X))
  s:import(write("z2.csv", "A,B\n-0.00,1\n0,-0e5\n,3\n"))
  lu.assertTrue(is_minus_zero(s.z2:row(1).A))
  lu.assertTrue(is_minus_zero(s.z2:row(2).B))
  lu.assertEquals(1 / s.z2:row(2).A, math.huge)
  -- aside and back, in a file that is opened again
  local name = path "again.db"
  local a = study.create(name)
  a:import(path "z2.csv")
  a:import(write("z2.csv", "A,B\n1,1\n-0,2\n"), { replace = true })
  a:close()
  a = study.open(name)
  lu.assertTrue(is_minus_zero(a.z2:row(2).A))
  lu.assertEquals(a:verify(), 3)
  a:close()
  -- SQLite refuses text in that column as it does in any other
  local handle = require "trialsh.study".inner(s).handle
  lu.assertFalse(pcall(handle.execute, handle,
    "insert into z2 values ('forty', 1)"))
  -- a column of -0 alone is named as 0 is
  local wide = s.z2:where "B = 1":select("B", "A"):wider("A", "B")
  lu.assertEquals(wide:row(1)["0"], 1)
  s:close()
end

-- 2^53 + 1 is no double: CSV keeps its digits as text, JSON refuses it.
function TestExact.test_whole_numbers_that_no_double_holds()
  local s = fresh()
  s:import(write("big.csv", "ID,X\n9007199254740993,1\n9007199254740992,2\n"))
  lu.assertEquals(s.big:row(1).ID, "9007199254740993")
  s:export("big", path "big2.csv")
  lu.assertEquals(read_bytes(path "big2.csv"),
    'ID,X\n"9007199254740993",1\n"9007199254740992",2\n')
  demo:export(s.big:select "X", path "big.json")
  local text = read_bytes(path "big.json"):gsub("%[1%]", "[9007199254740993]")
  refuses("9007199254740993", read, write("big.json", text))
  s:close()
end

function TestExact.test_export_looks_at_keys_and_groups()
  refuses("key SEX: 12 rows are 'F'", demo.export, demo, demo.adsl:key "SEX",
    path "k.csv")
  refuses("write export before by", demo.export, demo, demo.adsl:by "SEX",
    path "k.csv")
  lu.assertFalse(require "ts.file".exists(path "k.csv"))
end

function TestExact.test_infinity_is_refused_by_name()
  local f = relation.of_frame(cframe.build({ "X" }, { { 1, 1 / 0 } }))
  local s = fresh()
  s.t = f
  lu.assertEquals(s.t:row(2).X, 1 / 0) -- a study holds it
  for _, kind in ipairs { "csv", "xpt", "json", "ndjson", "dsjc" } do
    refuses("X, row 2: ", s.export, s, "t", path("inf." .. kind))
    lu.assertFalse(require "ts.file".exists(path("inf." .. kind)))
  end
  s:close()
end

-- Arithmetic ------------------------------------------------------------------

function TestExact.test_what_overflows_is_missing_and_counted()
  local f = relation.of_frame(cframe.build({ "X", "Y" }, {
    { 1e308, -1e308, 2, NA }, { 1e308, 1e308, 3, 1 } }))
  for expression, expected in pairs {
    ["X * 1e308"] = { NA, NA, 2e308 / 1e308 * 1e308, NA },
    ["X + Y"] = { NA, 0, 5, NA },
    ["X - Y"] = { 0, NA, -1, NA },
    ["X + Y - Y"] = { NA, -1e308, 2, NA },
    ["1 / (X * Y)"] = { NA, NA, 1 / 6, NA },
    ["Y * 10 * 0"] = { NA, NA, 0, 0 },
    ["X / 1e-10"] = { NA, NA, 2 / 1e-10, NA },
    ["-X"] = { -1e308, 1e308, -2, NA },
  } do
    said = {}
    local column = f:mutate("Z = " .. expression).Z
    local lost = 0
    if expression == "X * 1e308" then expected[3] = NA end
    for i = 1, 4 do
      if not same(column[i], expected[i]) then
        lu.fail(("%s, row %d: %s"):format(expression, i, tostring(column[i])))
      end
      if expected[i] == NA and i < 4 then lost = lost + 1 end
    end
    if lost > 0 then
      lu.assertStrContains(notes(), ("%d value%s became missing: a result "
        .. "beyond 1.8e308"):format(lost, lost > 1 and "s" or ""))
    else
      lu.assertEquals(said, {})
    end
  end
  said = {}
  lu.assertEquals(f:where "X / 0 > 1":count().n[1], 0)
  lu.assertStrContains(notes(), "3 values became missing: division by 0")
  said = {}
  lu.assertEquals(#f:where "X * 100 > Y", 1)
  lu.assertStrContains(notes(), "not decided for 3 rows")
  lu.assertStrContains(notes(), "2 values became missing: a result beyond")
end

function TestExact.test_aggregates_that_overflow()
  local f = relation.of_frame(cframe.build({ "X" }, { { 1.5e308, 1.5e308, 9 } }))
  local r = f:summarise("s = sum(X)", "m = mean(X)", "v = variance(X)",
    "d = stddev(X)", "q = median(X)"):row(1)
  lu.assertEquals(r.s, NA)
  lu.assertEquals(r.m, 1e308) -- as describe() has it
  lu.assertEquals(r.v, NA)
  lu.assertAlmostEquals(r.d / 1e308, math.sqrt(0.75), 1e-15)
  lu.assertEquals(r.q, 1.5e308)
  lu.assertEquals(f.X:mean(), r.m)
  lu.assertEquals(f.X:sd(), r.d)
  lu.assertStrContains(notes(), "2 values became missing: a result beyond")
  said = {}
  lu.assertEquals(f:limit(1):summarise "v = variance(X)":row(1).v, NA)
  lu.assertEquals(said, {}) -- one value has no variance
end

function TestExact.test_a_number_beyond_the_range_is_no_number()
  refuses("a number beyond 1.8e308", function()
    return demo.adsl:mutate "X = 1e999":collect()
  end)
end

function TestExact.test_sql_for_reading_has_plain_arithmetic()
  lu.assertStrContains(demo.adsl:mutate "X = AGE * 2 + 1":sql(),
    '"AGE" * 2 + 1 as "X"')
end

-- Many columns ----------------------------------------------------------------

local function wide_frame(k)
  local names, values = {}, {}
  for j = 1, k do names[j], values[j] = "V" .. j, { j, j } end
  return relation.of_frame(cframe.build(names, values))
end

function TestExact.test_as_many_columns_as_verbs_can_work_with()
  local s, f = fresh(), wide_frame(1990)
  demo:export(f, path "w.csv")
  demo:export(wide_frame(1991), path "x.csv")
  s:import(path "w.csv")
  local t = s.w
  lu.assertEquals(#t:collect(), 2)
  lu.assertEquals(#t:where "V1 = 1":order("V2", "V3 desc"):head(1):collect(), 1)
  lu.assertEquals(#t:mutate "N = V1 * 2":collect(), 2)
  lu.assertEquals(#t:union(t):collect(), 4)
  lu.assertEquals(#t:limit(1):join(t:select("V1"):limit(1), "V1"):collect(), 1)
  lu.assertEquals(#t:distinct():collect(), 1)
  s.d = t:where "V5 = 5"
  lu.assertEquals(s.d:row(2).V1990, 1990)
  refuses("x: 1991 columns; a table of a study has at most 1990", s.import, s,
    path "x.csv")
  refuses("no table x", function() return s.x end)
  refuses("d: 1991 columns", function() s.d = t:mutate "N = 1" end)
  refuses("2001 columns, 1 of them for the order of rows; there can be 2000",
    function() return #wide_frame(2000):head(1):collect() end)
  s:close()
end

local code = lu.LuaUnit.run()
os.execute("rm -rf '" .. folder .. "'")
os.exit(code)
