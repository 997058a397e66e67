-- Text and numbers that meet in statements of SQLite.
local lu = require "luaunit"
local cframe = require "ts.frame"
local sql = require "trialsh.sql".sql
local relations = require "tests.lua.relations"

local refuses = relations.refuses

-- lab: ID and AVALC are text, AVAL and N numbers, ADT a date, E empty
lab = relations.make({ "ID", "AVALC", "AVAL", "N", "E" },
  { { "1", "2", "10" }, { "<5", "7", "10" }, { 5, 7, 10 }, { 1, 2, 3 },
    { NA, NA, NA } })
do
  local f = lab:collect()
  local frame = getmetatable(f).__frame(f)
  local adt = cframe.with(cframe.build({ "ADT" }, { { 19725, 19726, NA } })
    :column(1), { format = "DATE9." })
  local names, columns = frame:names(), {}
  for i, name in ipairs(names) do columns[i] = frame:column(name) end
  names[#names + 1], columns[#columns + 1] = "ADT", adt
  lab = require "trialsh.relation".of_frame(cframe.build(names, columns))
end

local function wrong(condition, words, ...)
  refuses(words, sql, "select ID from lab a where " .. condition, ...)
end

TestSqlTypes = {}

function TestSqlTypes.test_text_beside_numbers_is_refused()
  wrong("AVALC > 5", "sql: AVALC is text and 5 a number, which SQL would compare"
    .. ' without a word; mutate "N = cast(AVALC as real)" makes numbers of it')
  wrong("5 < AVALC", "AVALC is text")
  wrong("a.AVALC > -5.5", "AVALC is text")
  wrong('"AVALC" >= 1e2', "AVALC is text")
  wrong("ID = N", "ID is text and N a number")
  wrong("a.N <> a.ID and 1 = 1", "ID is text and N a number")
  wrong("AVALC between 1 and 5", "AVALC is text and 1")
  wrong("AVALC not between '1' and 5", "AVALC is text and 5")
  wrong("AVALC in ('1', 2)", "AVALC is text and 2")
  wrong("avalc not in (2)", "AVALC is text and 2")
  wrong("AVALC = ? and AVAL > ?", "AVALC is text and 5", 5, 1)
  wrong("AVAL > '5'", "'5' is text and AVAL a number, which SQL would compare "
    .. "without a word; write the number without quotes")
  wrong("/* AVALC */ N = 1 -- x\n or AVALC > 5", "AVALC is text")
  wrong("ADT > '2014-01-31'", "ADT is a date, in SQL a number, and "
    .. "'2014-01-31' is text; relation:where compares them")
  refuses("'+' needs numbers", sql, "select AVALC + 1 from lab")
  refuses("'*' needs numbers", sql, "select N * AVALC * 2 from lab")
  refuses("AVALC is text, avg needs numbers: SQL takes text for 0", sql,
    "select avg(AVALC) from lab")
end

function TestSqlTypes.test_what_is_right_is_left_alone()
  local function n(condition, ...)
    return #sql("select ID from lab a where " .. condition, ...)
  end
  lu.assertEquals(n "AVAL > 5 and N between 1 and 2", 1)
  lu.assertEquals(n "AVALC > '5' and AVALC in ('7', '10')", 1)
  lu.assertEquals(n("AVALC = ? and AVAL = ?", "7", 7), 1)
  lu.assertEquals(n "length(AVALC) > 1 and AVALC || 1 > '1'", 2)
  lu.assertEquals(n "cast(AVALC as real) > 5", 2)
  lu.assertEquals(n "'AVALC > 5' <> AVALC", 3)
  lu.assertEquals(n "ADT > 19725 or E > 'x' or E > 1", 1)
  lu.assertEquals(#sql "select count(*), AVALC as A from lab", 1)
  lu.assertEquals(sql "select avg(AVAL) as m from lab":row(1).m, 22 / 3)
  -- the statement's own names
  lu.assertEquals(#sql("select AVALC from (select cast(AVALC as real) as AVALC "
    .. "from lab) where AVALC > 5"), 2)
  lu.assertEquals(#sql("select AVALC from (select cast(AVALC as real) AVALC "
    .. "from lab) where AVALC > 5"), 2)
  lu.assertEquals(#sql("with t(AVALC) as (select N from lab) "
    .. "select * from t where AVALC > 1"), 2)
  lu.assertEquals(#sql "select 1 where 1 < 2", 1)
end

os.exit(lu.LuaUnit.run())
