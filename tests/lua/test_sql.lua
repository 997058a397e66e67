-- sql(): statements against the study and against variables.

local lu = require "luaunit"
local files = dofile "files.lua"

local frame = require "ts.frame"
local wrap = require "trialsh.data".wrap

local function message(f, ...)
  local ok, e = pcall(f, ...)
  lu.assertFalse(ok)
  return e.message
end

local function shown(r) return tostring(r) end

function test_it_reads_variables_and_values()
  people = wrap(frame.build({ "ID", "AGE" }, { { "a", "b", "c" }, { 50, 60, 70 } }))
  lu.assertEquals(sql("select count(*) as n from people where AGE > ?", 55).n[1], 2)
  lu.assertEquals(sql("select ID from people where ID in (?, ?) order by ID desc;",
    "a", "b").ID[1], "b")
  lu.assertEquals(sql "select null as x".x[1], NA)
  old = people:where("AGE > ?", 55)
  lu.assertEquals(sql("with a as (select * from old) select max(AGE) + ? as m "
    .. "from a", 1).m[1], 71)
  lu.assertEquals(sql([[with recursive c(x) as (select 1 union all
    select x + 1 from c where x < 4) select sum(x) as s from c, old]]).s[1], 20)
  people, old = nil, nil
end

function test_words_in_texts_and_comments_are_no_tables()
  local words = require "trialsh.sql".words
  lu.assertEquals(words "select a -- from b\n, 'c d' /* e */ from \"f g\", h.i",
    { "select", "a", "from", "f", "g", "h", "i" })
end

function test_columns_taken_as_they_are_keep_what_is_known_of_them()
  lb = demo.adlb
  local r = sql [[select TRT01P, AVAL as value, AVAL + 0 as plain from lb
    where AVISIT = 'Day 8']]
  lu.assertEquals(r.TRT01P.levels, demo.adlb.TRT01P.levels)
  lu.assertEquals(r.value.label, demo.adlb.AVAL.label)
  lu.assertEquals(r.plain.label, NA)
  lu.assertStrContains(shown(r), "SIMULATED DATA")
  lb = nil
end

function test_what_is_wrong_has_a_hint()
  lb = demo.adlb
  lu.assertEquals(message(sql, "select AVALL from lb"),
    "no column AVALL; nearest: AVAL")
  lu.assertEquals(message(sql, "select * from lbb"), "no table lbb; nearest: lb")
  lu.assertEquals(message(sql, "delete from lb"),
    "SQL only reads; s:import and s.NAME = relation change a study")
  lu.assertEquals(message(sql, "select 1; select 2"),
    "more than one statement: select 2")
  lu.assertEquals(message(sql, "select ?"), "1 ? for 0 values")
  lu.assertEquals(message(sql, 3), "sql takes the text of a statement")
  number = 3
  lu.assertEquals(message(sql, "select * from number"),
    "number is no table but a number")
  lb, number = nil, nil
end

function test_two_studies_do_not_meet()
  files.write("here.csv", "ID,X\na,1\nb,2\n")
  local s = study.create(files.path "a.db")
  s:import(files.path "here.csv")
  there = demo.adsl
  lu.assertEquals(sql "select count(*) as n from here".n[1], 2)
  lu.assertEquals(sql "select count(*) as n from HERE".n[1], 2)
  lu.assertEquals(message(sql, "select * from here, there"),
    "sql: here and there are of two studies; collect() makes a frame of the rows "
    .. "of one")
  there = demo.adsl:collect()
  lu.assertEquals(sql "select count(*) as n from here, there".n[1], 48)
  s:close()
  there = nil
end

files.run()
