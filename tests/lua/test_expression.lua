-- The expressions of where and mutate: what is written, what is refused.
local lu = require "luaunit"
local expression = require "trialsh.expression"
local NA = require "ts.na".NA

local columns = {
  { name = "AGE", type = "real" }, { name = "SEX", type = "text" },
  { name = "AVISIT", type = "text", declared = "trial.lua:3",
    levels = { "Baseline", "Day 8", "Day 29" } },
  { name = "my var", type = "real" },
}
for _, c in ipairs(columns) do columns[c.name:lower()] = c end

local function sql(source, values, opt)
  local tree = expression.parse("where", source, values)
  local kind = expression.check("where", tree, columns, opt)
  local out = {}
  return expression.sql(tree, out), out, kind
end

local function refuses(source, words, values, opt)
  local ok, err = pcall(sql, source, values, opt)
  lu.assertFalse(ok, source)
  lu.assertStrContains(tostring(err), words)
end

TestExpression = {}

function TestExpression.test_division_is_real()
  lu.assertEquals(sql "850 / 900", "_divide(850, 900)")
  lu.assertEquals(sql "AGE / 2 / 3", '_divide(_divide("AGE", 2), 3)')
end

function TestExpression.test_precedence_is_kept()
  lu.assertEquals(sql "(AGE + 1) * 2 - -3",
    '_subtract(_multiply((_add("AGE", 1)), 2), (-3))')
  lu.assertEquals(sql "not AGE = 3 and SEX = 'F' or AGE is null",
    'not "AGE" = 3 and "SEX" = \'F\' or "AGE" is null')
  lu.assertEquals(sql "- - AGE", '(-(-"AGE"))')
end

-- A text that was read before gives a tree of its own.
function TestExpression.test_read_again()
  local first = expression.parse("where", "AGE > ? and SEX in ?", { 1, { "F" } })
  expression.check("where", first, columns)
  local again = expression.parse("where", "AGE > ? and SEX in ?", { 2, { "M" } })
  lu.assertNil(again[2][2].column)
  lu.assertEquals({ first[2][3].value, again[2][3].value }, { 1, 2 })
  lu.assertEquals(select(2, sql("AGE > ? and SEX in ?", { 3, { "F", "M" } })),
    { 3, "F", "M" })
  refuses("AGE > ? and SEX in ?", "no value for ? number 2", { 3 })
  refuses("AGE > ? and SEX in ?", "3 values for 2 ?", { 3, "F", "M" })
  refuses("AGE > ? and SEX in ?", "SEX is text", { 3, 4 })
end

function TestExpression.test_values_are_bound()
  local text, values = sql("AVISIT in ? and AGE > ?",
    { { "Day 8", "Day 29" }, 60 })
  lu.assertEquals(text, '"AVISIT" in (?, ?) and "AGE" > ?')
  lu.assertEquals(values, { "Day 8", "Day 29", 60 })
  local _, hostile = sql("SEX = ?", { "x'; drop table adsl; --" })
  lu.assertEquals(hostile, { "x'; drop table adsl; --" })
  lu.assertEquals(sql "SEX = 'it''s'", '"SEX" = \'it\'\'s\'')
end

function TestExpression.test_names_in_quotes()
  lu.assertEquals(sql '"my var" > 1', '"my var" > 1')
  lu.assertEquals(sql "`my var` > 1", '"my var" > 1')
  refuses('SEX = "F"', "a text stands in single quotes")
end

function TestExpression.test_what_is_meant_in_other_languages()
  refuses("AVISIT = Day 29 and AGE > 3", "at '29 and AGE > 3'; a text stands in "
    .. "single quotes, 'Day 29'")
  refuses("AGE => 3", "; at least is >=")
  refuses("AGE =< 3", "; at most is <=")
  refuses("SEX ~= 'F'", "; not equal is <>")
  refuses("AGE ** 2 > 3", "; power(a, b)")
  refuses("AGE %in% c(1, 2)", "; X in ('a', 'b')")
  refuses("AGE % 2", "floor(a / b)")
end

function TestExpression.test_a_literal_is_no_condition()
  for source, literal in pairs { ["AGE = 60 or 70"] = "70",
      ["not 5"] = "5", ["SEX = 'F' and 'M'"] = "'M'",
      ["AGE > 3 and (1)"] = "1", ["2 or AGE > 3"] = "2" } do
    refuses(source, literal .. " by itself is no condition")
  end
  lu.assertEquals(sql "AGE and not AGE = 3", '"AGE" and not "AGE" = 3')
  lu.assertStrContains(tostring(select(2, pcall(function()
    return demo.adsl:where "1"
  end))), "where: '1' is a number, no condition")
end

function TestExpression.test_unknown_names_have_the_nearest()
  refuses("AEG > 3", "no column AEG; nearest: AGE")
  refuses("foor(AGE)", "nearest: floor")
  refuses("AVISIT = 'Day 9'", "AVISIT has no 'Day 9'; nearest: Day 8")
  refuses("AVISIT = 'Day 9'", "trial.lua:3 declares them")
  refuses("AVISIT in ('Day 8', 'Day 30')", "'Day 30'")
  refuses("AVISIT in ?", "'Day 30'", { { "Day 30" } })
  refuses("case AVISIT when 'Bseline' then 1 end", "nearest: Baseline")
end

function TestExpression.test_traps_are_refused()
  refuses("log(AGE) > 1", "write ln(AGE) or log10(AGE)")
  refuses("AVISIT < 'Day 8'", "text with levels")
  refuses("AVISIT between 'Day 8' and 'Day 29'", "text with levels")
  refuses("min(AVISIT)", "text with levels", nil, { aggregates = true })
  refuses("AGE > '5'", "do not compare")
  refuses("SEX + 1", "needs numbers")
  refuses("18 < AGE < 80", "between")
  refuses("AGE % 2", "%")
  refuses("AGE ^ 2", "power(a, b)")
  refuses("AGE & 2", "bit operators")
  refuses("(select 1)", "join")
  refuses("AGE in (select 1)", "join")
  refuses("mean(AGE) > 1", "aggregate")
  refuses("sum(mean(AGE))", "within sum", nil, { aggregates = true })
  refuses("case when AGE > 1 then 'a' else 2 end", "mixes")
  refuses("coalesce(AGE, 'none')", "mixes")
end

function TestExpression.test_errors_show_the_place()
  refuses("AGE >", "expected a value")
  refuses("AGE > 5 5", "at '5'")
  refuses("AGE = 'x", "a text that does not end")
  refuses("AGE > 12abc", "malformed number")
  refuses("AGE > ?", "no value for ?")
  refuses("AGE > 1", "1 values for 0 ?", { 3 })
  refuses("AGE; drop table x", "a character ';'")
  refuses("AGE -- comment", "no column comment")
  refuses("AGE > 1 \0", "not UTF-8")
  refuses("\xff", "not UTF-8")
  refuses(("("):rep(300) .. "1" .. (")"):rep(300), "too many brackets")
end

function TestExpression.test_types()
  local _, _, kind = sql "case when AGE > 1 then 'a' end"
  lu.assertEquals(kind, "text")
  _, _, kind = sql "coalesce(AGE, 0)"
  lu.assertEquals(kind, "real")
  _, _, kind = sql "null"
  lu.assertNil(kind)
end

function TestExpression.test_group_columns_or_aggregates()
  local opt = { aggregates = true, group = { sex = true } }
  lu.assertEquals(sql("mean(AGE)", nil, opt), 'mean("AGE")')
  lu.assertEquals(sql("min(AGE) filter (where SEX = 'F')", nil, opt),
    'min("AGE") filter (where "SEX" = \'F\')')
  refuses("AGE + count(*)", "neither grouped", nil, opt)
end

function TestExpression.test_definition()
  lu.assertEquals({ expression.definition("mutate", "A = B = 2") },
    { "A", " B = 2" })
  lu.assertEquals({ expression.definition("mutate", '"my A"=1') },
    { "my A", "1" })
  lu.assertNil((expression.definition("mutate", "A == 2")))
end

-- x = null never holds in SQL, and nobody is told.
function TestExpression.test_missing_values_are_asked_for()
  lu.assertEquals(sql("AGE = ?", { NA }), '"AGE" is ?')
  lu.assertEquals(sql("AGE <> ? or SEX = 'F'", { NA }),
    '"AGE" is not ? or "SEX" = \'F\'')
  lu.assertEquals(sql("? = AGE", { NA }), '? is "AGE"')
  lu.assertEquals(sql("AGE in ?", { { 1, NA, 2 } }),
    '("AGE" in (?, ?) or "AGE" is null)')
  lu.assertEquals(sql("AGE not in (?, 3)", { NA }),
    '("AGE" not in (3) and "AGE" is not null)')
  lu.assertEquals(sql("AGE in ?", { NA }), '("AGE" in () or "AGE" is null)')
  local _, bound = sql("AGE in ?", { { 1, NA, 2 } })
  lu.assertEquals(bound, { 1, 2 })
  refuses("AGE = null", "AGE = null never holds; write AGE is null")
  refuses("null <> AGE", "write AGE is not null")
  refuses("AGE in (1, null)", "write (AGE in (...) or AGE is null)")
  refuses("AGE not in (1, null)", "write (AGE not in (...) and AGE is not null)")
  refuses("AGE < null", "< null is never decided")
  refuses("AGE between 1 and ?", "between ? is never decided for NA", { NA })
  refuses("SEX like ?", "like ? is never decided", { NA })
  refuses("case AGE when null then 1 end", "write case when AGE is null")
  refuses("AGE = ?", "? is a list: it stands in 'in ?'", { { 1, 2 } })
end

os.exit(lu.LuaUnit.run())
