-- What run() shows: estimate, interval and P are there on any screen, and no two
-- comparisons look alike.
local lu = require "luaunit"
local shared = require "tests.lua.endpoints"
local show = require "trialsh.show"

local s
local low, high = "Xanomeline Low Dose", "Xanomeline High Dose"

local function at_width(width)
  local old = show.width
  show.width = function() return width end
  local ok, out = pcall(tostring, s.results)
  show.width = old
  lu.assertTrue(ok, out)
  local lines = {}
  for line in out:gmatch "[^\n]+" do lines[#lines + 1] = line end
  return out, lines
end

TestPrint = {}

function TestPrint.setUp()
  s = shared.study { arms = { { "Placebo", reference = true }, { low },
    { high } }, compare = { low .. " vs Placebo", high .. " vs Placebo",
    high .. " vs " .. low } }
  s.adsl = s.adsl:collect():mutate(([[TRT01P = case TRT01P when 'P' then
    'Placebo' when 'L' then '%s' else '%s' end]]):format(low, high)):collect()
  endpoint "ALC" { parameter = "ALC", visit = "Day 29", variable = "AVAL",
    analysis = { "lm", "~ BASE + TRT01P" }, subgroups = "SEX", adjust = "Holm" }
  endpoint "DEATH" { parameter = "DEATH", compare = "all arms",
    analysis = "logrank" }
  run(s)
end

function TestPrint.test_a_wide_screen_has_all_names()
  local out, lines = at_width(160)
  lu.assertStrContains(lines[1], "result")
  for _, name in ipairs { low .. " vs Placebo  ", high .. " vs " .. low } do
    lu.assertStrContains(out, name)
  end
end

function TestPrint.test_names_are_shortened_but_differ()
  local out, lines = at_width(72)
  local format = require "trialsh.format"
  lu.assertStrContains(lines[1], "estimate (CI)")
  lu.assertStrContains(lines[1], "P ")
  lu.assertStrContains(lines[2], "ALC")
  lu.assertNotEquals(lines[3]:sub(4, 30), lines[4]:sub(4, 30))
  lu.assertStrContains(lines[3], "...")
  for i = 1, 3 do
    lu.assertStrContains(lines[i + 2], format.p(s.results.p_value[i]))
    lu.assertStrContains(lines[i + 2], format.p(s.results.p_adjusted[i]))
  end
  for _, line in ipairs(lines) do lu.assertTrue(#line <= 72, line) end
  lu.assertStrMatches(out, ".*\n *%d+  DEATH +statistic [%d.]+, df 2 .*")
  lu.assertStrMatches(out,
    ".*\n *%d+  ALC/SEX: interaction +statistic [%d.]+, df 2 .*")
end

function TestPrint.test_a_narrow_screen_has_names_on_lines_of_their_own()
  local _, lines = at_width(50)
  local at
  for i, line in ipairs(lines) do
    if line:find(high .. " vs " .. low, 1, true) then at = at or i end
  end
  lu.assertStrContains(lines[at + 1], require "trialsh.format".p(
    s.results.p_value[3]))
end

os.exit(lu.LuaUnit.run())
