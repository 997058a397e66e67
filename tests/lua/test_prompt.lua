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
  lu.assertEquals(names "?wh", { "where" })
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
  for i = 1, 1990 do names_of[i], arrays[i] = ("COLUMN%04d"):format(i), { i } end
  wide = require "trialsh.data".wrap(
    require "ts.frame".build(names_of, arrays))
  local began = os.clock()
  lu.assertEquals(tab 'wide:where "COLUMN198|'[1], "COLUMN1980")
  lu.assertTrue(os.clock() - began < 0.2)
  wide = nil
end

os.exit(lu.LuaUnit.run())
