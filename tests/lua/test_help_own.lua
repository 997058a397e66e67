-- Help on the user's own functions and endpoints, and the tour.
local lu = require "luaunit"
local help = require "trialsh.help"

local folder = os.tmpname()
os.remove(folder)
assert(os.execute("mkdir " .. folder))
local path = folder .. "/own.lua"
do
  local f <close> = assert(io.open(path, "w"))
  f:write [[
-- Geometric mean of an array,
-- by logarithms.
function own_mean(x, base)
  return x, base
end

own = {}
--- own.plain(...): nothing much
function own.plain(...) return ... end

function own_bare() end

trial "OWN" { arms = { { "A", "a", reference = true }, { "B", "b" } },
  compare = "B vs A",
  populations = { { "ITT", "all", "USUBJID is not null", treatment = "TRT01P" } } }

-- What protocol 9.2 asks for.
endpoint "OWN29" { title = "ALC at day 29", role = "primary",
  parameter = "ALC", visit = "Day 29", analysis = "ttest" }
own_rows = demo.adsl
]]
end
dofile(path)

local function topic(name) return tostring(help.topic(name)) end

function test_a_function_has_its_comment()
  lu.assertEquals(topic "own_mean", "own_mean(x, base)\nGeometric mean of an "
    .. "array,\nby logarithms.\ndefined in " .. path .. ", line 3")
  lu.assertEquals(tostring(help.help(own_mean)), topic "own_mean")
  lu.assertEquals(topic "own.plain", "own.plain(...): nothing much\ndefined in "
    .. path .. ", line 9")
  lu.assertEquals(topic "own_bare", "own_bare()\ndefined in " .. path
    .. ", line 11")
end

function test_an_endpoint_has_its_comment_and_keys()
  local page = topic "OWN29"
  lu.assertEquals(page:match "^[^\n]*\n[^\n]*",
    "endpoint OWN29: ALC at day 29\nWhat protocol 9.2 asks for.")
  lu.assertStrContains(page, "role       primary")
  lu.assertStrContains(page, "line 18")
end

function test_a_variable_says_what_it_is()
  lu.assertEquals(topic "own_rows",
    "own_rows is a relation; ?relation lists what it can do")
end

function test_typed_functions()
  load("function own_typed(a) end", "=(prompt)")()
  lu.assertEquals(topic "own_typed", "own_typed(a)\ndefined at the prompt")
end

function test_they_are_found()
  lu.assertStrContains(tostring(help.search "protocol 9.2"), "endpoint OWN29")
  lu.assertStrContains(tostring(help.search "geometric logarithms"),
    "own_mean(x, base)")
  local ok, e = pcall(help.topic, "own_meen")
  lu.assertFalse(ok)
  lu.assertEquals(e.hint, "nearest: own_mean")
  lu.assertEquals(e.object, "own_meen")
  ok, e = pcall(help.topic, "OWN28")
  lu.assertFalse(ok)
  lu.assertEquals(e.message, "no help on 'OWN28'; nearest: OWN29")
end

function test_the_tour()
  local first = tostring(tour(1))
  lu.assertStrContains(first, "> demo.adsl:head(2)\n   USUBJID")
  lu.assertStrContains(first, "tour() goes on: Choose and order")
  lu.assertStrContains(tostring(tour()), "2 of 9")
  for i = 1, 9 do
    local page = tostring(tour(i))
    lu.assertTrue(select(2, page:gsub("\n", "")) < 22, "a screen, page " .. i)
    for line in page:gmatch "[^\n]+" do
      -- mistakes are shown on one page, which is about them
      lu.assertEquals(line:find "^error" ~= nil and i ~= 8, false, line)
      lu.assertTrue(#line <= 80 or i == 6, line)
    end
  end
  lu.assertStrContains(tostring(tour()), "1 of 9") -- begins again
  lu.assertErrorMsgContains("the pages are 1 to 9, not 10", tour, 10)
  lu.assertNil(rawget(_G, "alc"), "its variables are its own")
end

function test_z_a_script_that_is_gone_is_no_error()
  os.remove(path)
  lu.assertEquals(topic "own_bare", "own_bare()\ndefined in " .. path
    .. ", line 11")
  lu.assertStrContains(topic "OWN29", "primary")
end

local status = lu.LuaUnit.run()
os.execute("rm -r " .. folder)
os.exit(status)
