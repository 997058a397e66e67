-- What the prompt prints for a value, and the names that Tab offers.

local lu = require "luaunit"
local echo = require "trialsh.echo"
local names = require "trialsh.complete".names

local v = echo.values

function test_plain_values()
  lu.assertEquals(v(1, 0.1 + 0.2, 2.0, 1e300), "1  0.30000000000000004  2  1e+300")
  lu.assertEquals(v(nil), "nil")
  lu.assertEquals(v("a", true, NA), "a  true  NA")
  lu.assertEquals(v(math.mininteger), "-9223372036854775808")
end

function test_tables_are_bounded()
  lu.assertEquals(v {}, "{}")
  lu.assertEquals(v { 1, "b", x = { y = { z = { 1 } } } },
    '{ 1, "b", x = { y = { z = {...} } } }')
  lu.assertEquals(v { [0] = 1, ["a b"] = 2, ["end"] = 3 },
    '{ [0] = 1, ["a b"] = 2, ["end"] = 3 }')
  local long = {}
  for i = 1, 1000 do long[i] = i end
  lu.assertStrContains(v(long), "... 980 more")
  local loop = {}
  loop.loop = loop
  lu.assertEquals(v(loop), "{ loop = { loop = { loop = {...} } } }")
  lu.assertEquals(v { NA, "\27[2J" }, '{ NA, "\\x1B[2J" }')
end

function test_a_table_of_long_parts_takes_lines()
  lu.assertEquals(v { ("x"):rep(50), ("y"):rep(50) },
    '{\n  "' .. ("x"):rep(50) .. '",\n  "' .. ("y"):rep(50) .. '"\n}')
end

function test_keys_have_an_order()
  lu.assertEquals(v { b = 1, a = 2, c = 3 }, "{ a = 2, b = 1, c = 3 }")
end

function test_functions_and_objects()
  lu.assertStrContains(v(quit), "quit([code])")
  lu.assertStrContains(v(test_plain_values), "test_prompt.lua, line")
  lu.assertEquals(v(setmetatable({}, { __tostring = function() return "me" end })),
    "me")
  lu.assertEquals(v(coroutine.create(print)), "coroutine")
end

function test_complete_globals_and_members()
  lu.assertEquals(names "coro", { "coroutine" })
  lu.assertEquals(names "x = string.rep", { "rep" })
  lu.assertEquals(names "print(string.g", { "gmatch", "gsub" })
  lu.assertEquals(names "string.zz", {})
  lu.assertEquals(names "nosuch.a", {})
  lu.assertEquals(names "f().a", {})
  lu.assertEquals(names "retu", { "return" })
  lu.assertEquals(names "?whe", { "where" })
  lu.assertEquals(names "?relation:wh", { "where" })
  lu.assertEquals(names "? study.op", { "open" })
end

function test_complete_calls_nothing_of_the_user()
  local called = false
  trap = setmetatable({ inner = setmetatable({}, { __index = function()
    called = true
  end }) }, { __index = function() called = true end })
  lu.assertEquals(names "trap.in", { "inner" })
  lu.assertEquals(names "trap.inner.x", {})
  lu.assertEquals(names "trap.missing.x", {})
  lu.assertFalse(called)
  trap = nil
end

function test_complete_asks_objects_of_the_library()
  thing = setmetatable({}, {
    __complete = function(_, sep)
      return sep == "." and { "AGE", "AVAL", "my var" } or { "count" }
    end,
    __index = function(_, name) return name == "AGE" and { deep = 1 } or nil end,
  })
  lu.assertEquals(names "thing.A", { "AGE", "AVAL" })
  lu.assertEquals(names "thing:", { "count" })
  lu.assertEquals(names "y = thing.AGE.d", { "deep" })
  thing = nil
end

function test_complete_columns()
  lu.assertEquals(names "demo.adt", { "adtte" })
  lu.assertEquals(names "demo.adsl.AP", { "APACHE" })
  lu.assertEquals(names "demo.adsl:summ", { "summarise" })
end

function test_complete_options()
  lu.assertEquals(names "read('x', { delim", { "delimiter" })
  lu.assertEquals(names "ttest({1, 2}, {3, 4}, { paired = true, conf_l",
    { "conf_level" })
end

-- What Tab makes of a line: | is the cursor. Several names: a list.
local function tab(line)
  local before, after = line:match "^(.-)|(.*)$"
  -- readline's word begins behind the last of its break characters
  local start = before:find "[^ \t\n\"\\'`@$><=;|&{(.:,+%-*/%%^#~%[%])}?!]*$"
  local list, prefix = require "trialsh.complete".at(before, after, start)
  if #list == 1 then return before:sub(1, start - 1) .. list[1] end
  for i, name in ipairs(list) do list[i] = prefix .. name end
  return list
end

function test_complete_columns_in_strings()
  lu.assertEquals(tab 'demo.adsl:where "APA|', 'demo.adsl:where "APACHE')
  lu.assertEquals(tab 'demo.adsl:where("AGE > 60 and APA|")',
    'demo.adsl:where("AGE > 60 and APACHE')
  lu.assertEquals(tab 'demo.adlb:mutate("LR = ln(BA|', 'demo.adlb:mutate("LR = ln(BASE')
  -- a new column is known further on
  lu.assertEquals(tab 'demo.adlb:mutate("LRAT = ln(AVAL)"):where "LR|',
    'demo.adlb:mutate("LRAT = ln(AVAL)"):where "LRAT')
  lu.assertEquals(tab 'demo.adsl:by("SE|', 'demo.adsl:by("SEX"')
  lu.assertEquals(tab 'demo.adsl:by("SEX", "APA|")', 'demo.adsl:by("SEX", "APACHE')
  lu.assertEquals(tab 'demo.adsl:where { APA|', "demo.adsl:where { APACHE")
  lu.assertEquals(tab 'demo.adsl["APA|', 'demo.adsl["APACHE"')
end

function test_complete_levels()
  lu.assertEquals(tab "demo.adlb:where \"AVISIT = 'Day 2|",
    "demo.adlb:where \"AVISIT = 'Day 29'")
  lu.assertEquals(tab "demo.adlb:where \"AVISIT in ('Day 8', 'Day |",
    { "Day 15", "Day 29", "Day 8" })
  lu.assertEquals(tab 'demo.adlb:where { AVISIT = "Day 1|',
    'demo.adlb:where { AVISIT = "Day 15"')
  lu.assertEquals(tab 'demo.adlb:where { AVISIT = { "Day 8", "Day 1|" } }',
    'demo.adlb:where { AVISIT = { "Day 8", "Day 15')
end

function test_complete_formulas_and_options()
  lu.assertEquals(tab 'ttest("AVAL ~ PARAMC|", demo.adlb)',
    'ttest("AVAL ~ PARAMCD')
  lu.assertEquals(tab 'ttest("AVAL ~ TRT01|", demo.adlb)',
    { "TRT01P", "TRT01PN" })
  lu.assertEquals(tab 'ttest({1}, {2}, { alternative = "tw|',
    'ttest({1}, {2}, { alternative = "two-sided"')
  lu.assertEquals(tab 'km("Surv(AV|", demo.adtte)', 'km("Surv(AVAL')
  lu.assertEquals(tab 'figure.points { demo.adsl, y = "APA|',
    'figure.points { demo.adsl, y = "APACHE"')
end

function test_complete_behind_calls()
  lu.assertEquals(tab 'demo.adsl:where "AGE > 3":summ|',
    'demo.adsl:where "AGE > 3":summarise')
  lu.assertEquals(tab 'x = demo.adsl:mutate("A1 = 2 * AGE"):by("SEX").A1|',
    'x = demo.adsl:mutate("A1 = 2 * AGE"):by("SEX").A1')
  lu.assertEquals(tab "demo.adsl:row(1).US|", "demo.adsl:row(1).USUBJID")
  lu.assertEquals(tab 'lm("AGE ~ SEX", demo.adsl):contr|',
    'lm("AGE ~ SEX", demo.adsl):contrast')
  lu.assertEquals(tab "figure.poi|", "figure.points")
  lu.assertEquals(tab 'demo["ads|', 'demo["adsl"')
  lu.assertEquals(tab 'nosuch "x":wh|', {})
end

function test_complete_names_that_need_quotes()
  odd = require "trialsh.data".wrap(require "ts.frame".build(
    { "my var", "end", "AGE" }, { { "a b" }, { 1 }, { 2 } }))
  lu.assertEquals(tab 'odd["my |', 'odd["my var"')
  lu.assertEquals(tab "odd.my|", {}) -- odd.my var is no Lua
  lu.assertEquals(tab "odd.en|", {})
  lu.assertEquals(tab 'odd:where "my|', 'odd:where "[my var]')
  lu.assertEquals(tab 'odd:where "[my |', 'odd:where "[my var]')
  lu.assertEquals(tab 'lm("AGE ~ my|", odd)', 'lm("AGE ~ `my var`')
  lu.assertEquals(tab 'lm("AGE ~ `my |", odd)', 'lm("AGE ~ `my var`')
  odd = nil
end

function test_complete_values_of_text_without_levels()
  lu.assertEquals(tab "demo.adsl:where \"SEX = '|", { "F", "M" })
  lu.assertEquals(tab 'demo.adsl:where { USUBJID = "DEMO-00|'[9], "DEMO-009")
  held = demo.adsl:select("SEX"):collect()
  lu.assertEquals(tab "held:where \"SEX in ('F', '|", { "F", "M" })
  held = nil
end

function test_complete_sql()
  ad, lb = demo.adsl, demo.adlb
  lu.assertEquals(tab "select APA| from ad", "select APACHE")
  lu.assertEquals(tab "select BAS| from ad", {})
  lu.assertEquals(tab "select SEX, APA| from ad where SEX = 'F'",
    "select SEX, APACHE")
  lu.assertEquals(tab "select * from a|", "select * from ad")
  lu.assertEquals(tab "select x.APA| from ad as x", "select x.APACHE")
  lu.assertEquals(tab "select * from lb where AVISIT = 'Day 2|",
    "select * from lb where AVISIT = 'Day 29'")
  lu.assertEquals(tab 'sql("select BAS| from lb")', 'sql("select BASE')
  lu.assertEquals(tab ".sql select BAS| from lb", ".sql select BASE")
  lu.assertEquals(tab "select gro|", { "group", "group_concat" })
  ad, lb = nil, nil
end

function test_complete_commands()
  lu.assertEquals(tab ".mo|", ".mode")
  lu.assertEquals(tab ".mode js|", { "json", "jsonl" })
  lu.assertEquals(tab ".timer of|", ".timer off")
  lu.assertEquals(tab ".read tests/lu|", ".read tests/lua/")
  lu.assertEquals(tab ".help padj|", ".help padjust")
end

function test_complete_files_only_where_files_go()
  local dir = os.tmpname()
  os.remove(dir)
  os.execute("mkdir " .. dir)
  io.open(dir .. "/long_name.csv", "w"):close()
  lu.assertEquals(tab('read "' .. dir .. "/lon|"),
    'read "' .. dir .. '/long_name.csv"')
  os.execute("rm -r " .. dir)
  lu.assertEquals(tab 'x = 1 -- read "tests/lu|', {})
  lu.assertEquals(tab 'read "tests/lu|', 'read "tests/lua/')
end

function test_complete_in_many_columns_is_quick()
  local names_of, arrays = {}, {}
  for i = 1, 2000 do
    names_of[i], arrays[i] = ("COLUMN%04d"):format(i), { "a" .. i }
  end
  wide = require "trialsh.data".wrap(
    require "ts.frame".build(names_of, arrays))
  tab "wide.x|" -- what is read once
  for line, first in pairs {
    ['wide:where "COLUMN198|'] = "COLUMN1980",
    ['wide.COLUMN198|'] = "COLUMN1980",
    ['wide:by "SEX":summarise "x = mean(COLUMN198|'] = "COLUMN1980",
    ['lm("COLUMN198|", wide)'] = "COLUMN1980",
    ["select COLUMN198| from wide"] = "COLUMN1980",
    ["wide:where { COLUMN1980 = \"|"] = 'wide:where { COLUMN1980 = "a1980"',
  } do
    local began = os.clock()
    local list = tab(line)
    lu.assertEquals(type(list) == "table" and list[1] or list, first)
    lu.assertTrue(os.clock() - began < 0.05, line)
  end
  wide = nil
end

os.exit(lu.LuaUnit.run())
