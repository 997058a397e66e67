-- a:compare(b, keys): two cuts of the same data.
local lu = require "luaunit"
local NA = require "ts.na".NA
local data = require "trialsh.data"
local frame = require "ts.frame"
local study = require "trialsh.study"
local help = require "tests.lua.relations"

local make, column, refuses = help.make, help.column, help.refuses
local trials = os.getenv "TRIALSH_LONG" and 2000 or 60
math.randomseed(20180310)

TestCuts = {}
local a

function TestCuts:setUp()
  a = make({ "ID", "N", "X", "T" }, { { "p", "p", "q", "r" }, { 1, 2, 1, 1 },
    { 1.5, NA, 3, 0.1 + 0.2 }, { "u", "v", NA, "w" } })
end

function TestCuts.test_what_differs()
  local b = make({ "N", "ID", "X", "T", "Z" }, { { 1, 1, 2, 9 },
    { "r", "p", "p", "s" }, { 0.3, 1.5, 7, 1 }, { "w", "U", "v", "x" },
    { 1, 1, 1, 1 } })
  local c = a:compare(b, { "ID", "N" })
  lu.assertFalse(c.equal)
  lu.assertEquals({ c.n_a, c.n_b, c.n_common, c.n_only_a, c.n_only_b,
    c.n_different, c.n_rows_different }, { 4, 4, 3, 1, 1, 3, 3 })
  local d = c.differences
  lu.assertEquals(column(d, "ID"), { "p", "r", "p" })
  lu.assertEquals(column(d, "N"), { 2, 1, 1 })
  lu.assertEquals(column(d, "column"), { "X", "X", "T" })
  lu.assertEquals(column(d, "value_a"), { NA, "0.30000000000000004", "u" })
  lu.assertEquals(column(d, "value_b"), { "7", "0.3", "U" })
  lu.assertEquals(d.difference[1], NA)
  lu.assertEquals(d.difference[2], 0.1 + 0.2 - 0.3)
  lu.assertEquals(column(c.only_a, "ID"), { "q" })
  lu.assertEquals(c.only_a.T[1], NA)
  lu.assertEquals(column(c.only_b, "Z"), { 1 })
  lu.assertEquals(column(c.columns, "status"), { "both", "both", "both", "both",
    "only b" })
  lu.assertEquals(column(c.columns, "n_different"), { 0, 0, 2, 1, NA })
  local text = tostring(c)
  for _, words in ipairs { "a has 4 rows, b has 4; 3 in both, 1 only in a, 1 only "
      .. "in b", "4 columns in both; only in b: Z", "3 values in 3 rows differ",
      "rows only in b:" } do
    lu.assertStrContains(text, words)
  end
  lu.assertEquals(#a:compare(b, { "ID", "N" },
    { tolerance = { relative = 1e-12 } }).differences, 2)
end

function TestCuts.test_equal()
  local c = a:compare(a:order "X desc", { "ID", "N" })
  lu.assertTrue(c.equal)
  lu.assertEquals(tostring(c), "equal: 4 rows, 4 columns, by ID, N")
  lu.assertEquals(#c.differences, 0)
  lu.assertEquals(c:glance():row(1).n_common, 4)
  local none = a:where "X > 100"
  lu.assertTrue(none:compare(none, { "ID", "N" }).equal)
  lu.assertEquals(none:compare(a, { "ID", "N" }).n_only_b, 4)
end

function TestCuts.test_blanks_at_the_ends_are_seen()
  local a = make({ "ID", "V" }, { { "1", "2" }, { "a", " " } })
  local b = make({ "ID", "V" }, { { "1", "2" }, { "a ", "" } })
  local text = tostring(a:compare(b, "ID"))
  lu.assertStrContains(text, 'V       a        "a "')
  lu.assertStrContains(text, 'V       " "      ""')
end

function TestCuts.test_what_columns_say()
  local b = a:label { X = "Value" }:levels { T = { "w", "v", "u" } }
  local c = a:levels { T = { "u", "v", "w" } }:compare(b, { "ID", "N" })
  lu.assertFalse(c.equal)
  lu.assertEquals(c.n_different, 0)
  lu.assertEquals(column(c.columns, "changed"), { NA, NA, "label", "levels" })
  lu.assertEquals(c.columns.levels_b[4], "w < v < u")
  lu.assertStrContains(tostring(c), "changed: X (label), T (levels)")
  lu.assertStrContains(tostring(c), "no value differs")
  -- another type is told, and values count as they are written
  local d = a:compare(a:mutate "X = X || ''", { "ID", "N" })
  lu.assertEquals(column(d.columns, "changed")[3], "type")
  lu.assertEquals(d.n_different, 0)
  lu.assertEquals(a:compare(a:mutate "X = X || '?'", { "ID", "N" }).n_different,
    3)
  lu.assertEquals(column(a:compare(a:select("ID", "N", "x = X"), { "ID", "N" })
    .columns, "changed"), { NA, NA, "name", NA })
end

function TestCuts.test_tolerance()
  local b = a:mutate "X = X + 0.01"
  local by = { "ID", "N" }
  lu.assertEquals(a:compare(b, by).n_different, 3)
  lu.assertEquals(a:compare(b, by, { tolerance = { absolute = 0.011 } })
    .n_different, 0)
  local c = a:compare(b, by, { tolerance = { relative = 0.005 } })
  lu.assertEquals(column(c.differences, "ID"), { "p", "r" })
  lu.assertStrContains(tostring(c), "differ by more than 0.005 relative")
  lu.assertEquals(c.tolerance, "0.005 relative")
  refuses("says of which kind it is", a.compare, a, b, by, { tolerance = 0.1 })
  refuses("nearest: relative", a.compare, a, b, by,
    { tolerance = { relativ = 0.1 } })
  refuses("out of its range", a.compare, a, b, by,
    { tolerance = { relative = -1 } })
end

function TestCuts.test_keys()
  refuses("compare by ID: a has more than one row for p", a.compare, a, a, "ID")
  refuses("compare by ID: b has more than one row for p",
    function() return a:where "N = 1":compare(a, "ID") end)
  local many = make({ "K" }, { { 1, 1, 2, 2, 3, 3, 4, 4, 5, 5 } })
  refuses("more than one row for 1, 2, 3 and 2 others", many.compare, many,
    many, "K")
  refuses("the keys are compulsory, compare(other", a.compare, a, a)
  refuses("nearest: ID", a.compare, a, a, "IDD")
  refuses("is text on the left and real on the right", a.compare, a,
    make({ "ID" }, { { 1 } }), "ID")
  refuses("a relation or a frame", a.compare, a, 7, "ID")
  refuses("write compare before by", function()
    return a:by "ID":compare(a, "ID")
  end)
  -- a missing key is a key, and no text
  local b = make({ "K", "L", "V" }, { { NA, "NA", "" }, { 1, 1, NA }, { 1, 2, 3 } })
  lu.assertTrue(b:compare(b:order "V desc", { "K", "L" }).equal)
  lu.assertEquals(b:where "K = 'NA'":compare(b:where "K is null", { "K", "L" })
    .n_common, 0)
  -- a key that is called like a column of the answer
  local k = make({ "column", "V" }, { { "x" }, { 1 } })
  lu.assertEquals(k:compare(k:mutate "V = 2", "column").differences.column_key[1],
    "x")
end

function TestCuts.test_two_studies()
  local one, two = os.tmpname(), os.tmpname()
  os.remove(one)
  os.remove(two)
  local s, t = study.study.create(one), study.study.create(two)
  s.x = a
  t.x = a:mutate "X = X * 2"
  local c = s.x:compare(t.x:where "N = 1", { "ID", "N" })
  lu.assertEquals({ c.n_only_a, c.n_different }, { 1, 3 })
  lu.assertTrue(s.x:compare(s.x:order "X", { "ID", "N" }).equal)
  s:close()
  t:close()
  os.remove(one)
  os.remove(two)
end

function TestCuts.test_dates_are_shown_as_dates()
  local d = make({ "K", "D" }, { { 1 }, { 21915 } })
  d = data.wrap(frame.build({ "K", "D" }, { d.K,
    frame.with(d.D, { name = "D", format = "DATE9." }) }))
  local c = d:compare(d:mutate "D = D + 1", "K")
  lu.assertEquals(c.differences.value_a[1], "2020-01-01")
  lu.assertEquals(c.differences.difference[1], -1)
end

-- The codes of SAS's missing values: .A is not .B, and not the plain one.
function TestCuts.test_special_missing_values()
  local file = os.tmpname()
  local function cut(code)
    require "ts.xpt".write(frame.build({ "K", "V" }, { { 1, 2 }, { NA, 5 } }),
      file, { member = "D", mode = 384 })
    local f = assert(io.open(file, "rb"))
    local bytes = f:read "a"
    f:close()
    local at = bytes:find("\x2E" .. ("\0"):rep(7), 80 * 8, true)
    f = assert(io.open(file, "wb"))
    f:write(bytes:sub(1, at - 1), code, bytes:sub(at + 1))
    f:close()
    os.rename(file, file .. ".xpt")
    return require "trialsh.read".read(file .. ".xpt", { rows = 2 })
  end
  local one, two, plain = cut "A", cut "B", cut "."
  os.remove(file .. ".xpt")
  lu.assertEquals(one.V.special, { "A" })
  lu.assertTrue(one:compare(one, "K").equal)
  local d = one:compare(two, "K").differences
  lu.assertEquals({ d.value_a[1], d.value_b[1] }, { ".A", ".B" })
  d = one:compare(plain, "K").differences
  lu.assertEquals({ d.value_a[1], d.value_b[1], #d }, { ".A", NA, 1 })

  -- verbs make them plain: that is told, and is no difference
  local note, said = require "trialsh.note", {}
  note.listeners[1] = function(line) said[#said + 1] = line end
  local some = one:where "K < 9"
  lu.assertEquals(some:collect().V.special, {})
  lu.assertStrContains(said[#said],
    "special missing values (.A to .Z, ._) become . in V")
  lu.assertTrue(one:compare(some, "K").equal)
  lu.assertTrue(some:compare(one, "K").equal)
  lu.assertFalse(some:compare(one:mutate "V = 3", "K").equal)
  note.listeners[1] = nil
end

-- Dataset-JSON must have labels, and takes the names for them.
function TestCuts.test_a_label_that_is_the_name_is_none()
  local labelled = a:label { ID = "ID", N = "Number" }
  local c = a:compare(labelled, { "ID", "N" })
  lu.assertEquals(column(c.columns, "changed"), { NA, "label", NA, NA })
  lu.assertTrue(a:compare(a:label { ID = "ID" }, { "ID", "N" }).equal)
end

-- Against loops over rows.
function TestCuts.test_random_tables()
  for _ = 1, trials do
    local function random()
      local rows, k = {}, {}
      for i = 1, 30 do
        if math.random() < 0.7 then
          k[#k + 1] = i
          rows[i] = { x = math.random() < 0.3 and NA or math.random(3),
            t = math.random() < 0.3 and NA or ("abc"):sub(math.random(3)) }
        end
      end
      table.sort(k, function(p, q) return p * 7 % 31 < q * 7 % 31 end)
      local x, t = {}, {}
      for j, i in ipairs(k) do x[j], t[j] = rows[i].x, rows[i].t end
      return rows, make({ "k", "x", "t" }, { k, x, t }), k
    end
    local p, left, order = random()
    local q, right = random()
    local only, cells = {}, {}
    for _, name in ipairs { "x", "t" } do
      for _, i in ipairs(order) do
        if q[i] and p[i][name] ~= q[i][name] then
          cells[#cells + 1] = { i, name, tostring(p[i][name]) }
        end
      end
    end
    for _, i in ipairs(order) do
      if not q[i] then only[#only + 1] = i end
    end
    local c = left:compare(right, "k")
    lu.assertEquals(column(c.only_a, "k"), only)
    local found = {}
    for row in c.differences:rows() do
      found[#found + 1] = { row.k, row.column, tostring(row.value_a) }
    end
    lu.assertEquals(found, cells)
    lu.assertEquals(right:compare(left, "k").n_only_b, #only)
  end
end

os.exit(lu.LuaUnit.run())
