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

os.exit(lu.LuaUnit.run())
