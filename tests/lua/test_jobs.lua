-- Work that is shared by processes gives what it gives alone; errors and
-- interruption come back, and no process is left.
local lu = require "luaunit"
local jobs = require "ts.jobs"
local shared = require "trialsh.jobs"
local session = require "trialsh.session"

local function children()
  local f = assert(io.open(("/proc/%d/task/%d/children"):format(jobs.process(),
    jobs.process())))
  local all = f:read "a"
  f:close()
  return all
end

TestJobs = {}

function TestJobs.tearDown() lu.assertEquals(children(), "") end

function TestJobs.test_as_alone()
  local function square(i) return tostring(i * i) end
  for _, n in ipairs { 0, 1, 2, 7, 100 } do
    local alone = jobs.map(1, n, square, "squares")
    lu.assertEquals(#alone, n)
    for _, k in ipairs { 2, 3, 200 } do
      lu.assertEquals(jobs.map(k, n, square, "squares"), alone)
    end
  end
end

-- Part 1 waits for the last, which another process must have come to.
function TestJobs.test_in_other_processes()
  local here, seen, sign = jobs.process(), {}, os.tmpname()
  os.remove(sign)
  local list = jobs.map(2, 6, function(i)
    seen[i] = true
    if i == 6 then assert(io.open(sign, "w")):close() end
    if i == 1 then
      os.execute(("timeout 30 sh -c 'until [ -e %s ]; do sleep 0.01; done'"):format(sign))
    end
    return ("%d"):format(jobs.process())
  end, "processes")
  os.remove(sign)
  lu.assertEquals(seen, {}) -- what they change is lost
  for i = 2, 6 do
    lu.assertNotEquals(list[i], tostring(here))
    lu.assertNotEquals(list[i], list[1])
    lu.assertEquals(list[i], list[2])
  end
end

-- Much more than a pipe holds, with zero bytes.
function TestJobs.test_long_results()
  local list = jobs.map(2, 5, function(i)
    return (string.char(i, 0) .. "x"):rep(200000)
  end, "long")
  for i = 1, 5 do
    lu.assertTrue(list[i] == (string.char(i, 0) .. "x"):rep(200000), i)
  end
end

function TestJobs.test_errors_come_back()
  for k = 1, 3 do
    local ok, err = pcall(jobs.map, k, 6, function(i)
      if i == 4 then
        require "ts.error".fail("degenerate", "part 4 has no values")
      end
      return ""
    end, "parts")
    lu.assertFalse(ok)
    lu.assertEquals(err.code, "degenerate")
    lu.assertEquals(err.message, "part 4 has no values")
  end
  local ok, err = pcall(jobs.map, 2, 2, function() error "plain" end, "parts")
  lu.assertFalse(ok)
  lu.assertStrContains(tostring(err), "plain")
end

function TestJobs.test_one_that_dies()
  local ok, err = pcall(jobs.map, 2, 4, function(i)
    if i == 2 then os.execute(("kill -9 %d"):format(jobs.process())) end
    return "x"
  end, "parts")
  lu.assertFalse(ok)
  lu.assertStrContains(tostring(err), "ended before its work was done")
end

-- Frames are asked in a child by a store of its own.
function TestJobs.test_frames_in_children()
  local f = require "trialsh.data".wrap(require "ts.frame".build({ "x" },
    { { 1, 2, 3, 4 } }))
  lu.assertEquals(#f:where "x > 2", 2)
  local old = session.jobs
  session.jobs = 2
  local list = shared.map(6, function(i)
    return tostring(#f:where("x > ?", i - 1))
  end, "frames")
  session.jobs = old
  lu.assertEquals(list, { "4", "3", "2", "1", "0", "0" })
  lu.assertEquals(#f:where "x > 1", 3)
end

-- Endpoints -------------------------------------------------------------------------

local note = require "trialsh.note"

-- What a run in so many processes stores, and all that it tells.
local function run_in(s, n)
  local told, old = {}, session.jobs
  local function hear(line, kind) told[#told + 1] = kind .. ": " .. line end
  table.insert(note.listeners, hear)
  session.jobs = n
  local ok, err = pcall(run, s, { rerandomise = false })
  session.jobs = old
  table.remove(note.listeners)
  local rows = {}
  for row in s.results:rows() do
    local list = {}
    for key, value in pairs(row) do
      if key ~= "utc" then
        list[#list + 1] = key .. "=" .. (math.type(value) == "float"
          and ("%a"):format(value) or tostring(value))
      end
    end
    table.sort(list)
    rows[#rows + 1] = table.concat(list, "|")
  end
  return rows, told, ok, not ok and tostring(err)
end

local function define()
  local s = require "tests.lua.endpoints".study()
  endpoint "A" { parameter = "ALC", visit = "Day 29", variable = "CHG",
    analysis = "ttest", subgroups = "SEX", adjust = "holm",
    sensitivity = { { "ranks", analysis = "wilcoxon" } } }
  endpoint "B" { parameter = "ALC", visit = "Day 8", variable = "ln(AVAL / BASE)",
    analysis = "ttest" }
  endpoint "C" { parameter = "DEATH", analysis = "logrank" }
  return s
end

function TestJobs.test_endpoints_as_alone()
  local s = define()
  local alone, told = run_in(s, 1)
  lu.assertTrue(#alone > 10)
  lu.assertTrue(#told > 0)
  for _, n in ipairs { 2, 3 } do
    local rows, again, ok, err = run_in(s, n)
    lu.assertTrue(ok, err)
    lu.assertEquals(rows, alone)
    lu.assertEquals(again, told)
  end
  lu.assertEquals(#s.adsl:where "SEX = 'F'", #s.adsl:collect():where "SEX = 'F'")
end

-- The first in the order of the endpoints, whoever comes to it first.
function TestJobs.test_the_first_error_of_endpoints()
  local s = define()
  run(s, { rerandomise = false })
  for _, id in ipairs { "D", "E" } do
    endpoint(id) { parameter = "ALC", visit = "Day 8", where = "AVAL > 1e6",
      analysis = "ttest" }
  end
  local alone, _, ok, err = run_in(s, 1)
  lu.assertFalse(ok)
  lu.assertStrContains(err, "endpoint D: no subject of population ITT has a value")
  for _ = 1, 5 do
    local rows, _, shared_ok, shared_err = run_in(s, 2)
    lu.assertFalse(shared_ok)
    lu.assertEquals(shared_err, err)
    lu.assertEquals(rows, alone) -- the results of before
  end
end

-- All mistakes at once, before what only a run finds.
function TestJobs.test_the_mistakes_of_endpoints()
  local s = define()
  run(s, { rerandomise = false })
  endpoint "D" { parameter = "ALC", visit = "Day 8", where = "AVAL > 1e6",
    analysis = "ttest" }
  endpoint "E" { parameter = "ALC", visit = "Day 8", variable = "AVALL",
    analysis = "ttest" }
  endpoint "F" { parameter = "ALK", visit = "Day 8", analysis = "ttest",
    sensitivity = { { "x", analysis = "wilcoxon" } } }
  local alone, told, ok, err = run_in(s, 1)
  lu.assertFalse(ok)
  lu.assertStrContains(err, "AVALL")
  lu.assertStrContains(err, "ALK")
  for _ = 1, 3 do
    local rows, again, shared_ok, shared_err = run_in(s, 2)
    lu.assertFalse(shared_ok)
    lu.assertEquals(shared_err, err)
    lu.assertEquals(rows, alone)
    lu.assertEquals(again, told)
  end
end

-- What is no value is an error where it is packed, not where it is missed.
function TestJobs.test_values_as_bytes()
  local packed = require "trialsh.packed"
  local NA = require "ts.na".NA
  local value = { 1, 1.5, -0.0, "a\0b", NA, true, false, { x = { {} } }, [20] = 2^53,
    inf = 1 / 0, tiny = 5e-324 }
  local again = packed.unpack(packed.pack(value))
  lu.assertEquals(again, value)
  lu.assertEquals(math.type(again[1]), "integer")
  lu.assertEquals(1 / again[3], -1 / 0)
  lu.assertTrue(again[5] == NA)
  lu.assertNil(packed.unpack(packed.pack(nil)))
  lu.assertStrContains(select(2, pcall(packed.pack, { print })), "function")
end

os.exit(lu.LuaUnit.run())
