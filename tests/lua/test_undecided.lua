-- Rows of which a condition is not decided are counted where they take else,
-- and what became missing is told by printing as by collect.
local lu = require "luaunit"
local relations = require "tests.lua.relations"
local NA = require "ts.na".NA

local column = relations.column

local function sample()
  return relations.make({ "X", "Y", "T" }, { { 0, NA, 2, NA }, { 1, 2, 3, NA },
    { "a", NA, "b", "a" } })
end

-- What is said when the relation is asked.
local function told(r)
  relations.forget()
  r:collect()
  return table.concat(relations.said, "\n")
end

local function note(expression)
  return told(sample():mutate("R = " .. expression))
end

TestUndecided = {}

function TestUndecided.test_else_of_iif_and_case()
  lu.assertEquals(column(sample():mutate "R = iif(X > 1, 1, 0)", "R"),
    { 0, 0, 1, 0 })
  local two = "X > 1 not decided in 2 rows, which took else"
  lu.assertEquals(note "iif(X > 1, 1, 0)", two)
  lu.assertEquals(note "iif( X  > 1 , 'y', 'n') || 'x'", two)
  lu.assertEquals(note "case when X > 1 then 1 else 0 end", two)
  lu.assertEquals(note "iif(Y > 9, 1, 0)",
    "Y > 9 not decided in 1 row, which took else")
  lu.assertEquals(note "case when X > 1 then 1 when Y > 1 then 2 else 0 end",
    "X > 1 or what follows it not decided in 1 row, which took else")
  lu.assertEquals(note "case T when 'a' then 1 else 0 end",
    "T is missing in 1 row, which took else")
  lu.assertEquals(note "iif(iif(X > 1, 1, 0) = 1 or Y > 5, 1, 0)",
    "iif(X > 1, 1, 0) = 1 or Y > 5 not decided in 1 row, which took else\n"
    .. two)
end

function TestUndecided.test_what_leaves_nothing_open()
  for _, expression in ipairs { "iif(X is null, 0, X)", "iif(X > 1, 1, null)",
      "case when X > 1 then 1 end", "iif(coalesce(X > 1, 0), 1, 2)",
      "case when X is null then 0 when not (X is not null) then 1 else 2 end",
      "case when X is null then 0 when X > 1 then 1 else 2 end" } do
    lu.assertEquals(note(expression), "", expression)
  end
end

function TestUndecided.test_each_row_is_counted_once()
  local two = "X > 1 not decided in 2 rows, which took else"
  local r = sample():mutate "A = iif(X > 1, 'y', 'n')"
  lu.assertEquals(told(r:mutate("B = A || A", "C = A || B"):where "A <> 'q'"),
    two)
  lu.assertEquals(told(r:where "A = 'n'":order "A":select("A")), two)
  lu.assertEquals(told(r:union(r)), two .. "\n" .. two)
  lu.assertStrContains(told(r:by "A":summarise("n = count(*)", "m = max(A)")),
    two)
  lu.assertEquals(told(sample():summarise "n = sum(iif(X > 1, 1, 0))"), two)
  lu.assertStrContains(told(sample():by "T":summarise(
    "n = sum(iif(X > 1, 1, 0))")), two)
  lu.assertEquals(told(sample():by "T":mutate "R = lag(iif(X > 1, 1, 0))"), two)
  lu.assertStrContains(told(sample():where "iif(X > 1, 1, 0) = 0"), two)
  local text = r:sql()
  lu.assertStrContains(text, [[iif("X" > 1, 'y', 'n') as "A"]])
end

function TestUndecided.test_printing_tells_what_became_missing()
  local function printed(r)
    relations.forget()
    lu.assertStrContains(tostring(r), "R")
    return table.concat(relations.said, "\n")
  end
  lu.assertEquals(printed(sample():mutate "R = 1 / X"),
    "1 value became missing: division by 0")
  lu.assertEquals(printed(sample():mutate "R = 1 / X":where "Y > 0"),
    "where Y > 0: not decided for 1 row, a value is missing; left out\n"
    .. "1 value became missing: division by 0")
  local xs = {}
  for i = 1, 2000 do xs[i] = i % 10 end
  local long = relations.make({ "X" }, { xs })
  lu.assertEquals(printed(long:mutate "R = ln(X)"),
    "200 values became missing: ln of a value that is not above 0")
  lu.assertEquals(printed(long:mutate("R = ln(X)", "S = lag(X)")),
    "200 values became missing: ln of a value that is not above 0")
  lu.assertEquals(printed(long:mutate("R = 1"):where "X > 0"), "")
  lu.assertEquals(printed(long:limit(3):mutate "R = 1 / X"), "")
end

os.exit(lu.LuaUnit.run())
