-- What is said where a study is asked in other words than its own.
local lu = require "luaunit"
local note = require "trialsh.note"
local wrap = require "trialsh.data".wrap
local build = require "ts.frame".build

local said = {}
note.listeners[#note.listeners + 1] = function(line) said[#said + 1] = line end
local warned = {}
local warn_before = note.warn
note.warn = function(f, ...)
  warned[#warned + 1] = f:format(...)
  return warn_before(f, ...)
end

local function refuses(words, f, ...)
  local ok, err = pcall(f, ...)
  lu.assertFalse(ok, words)
  lu.assertStrContains(tostring(err), words)
end

local function code(text) return assert(load(text, "=(prompt)")) end

local function fresh()
  local s = require "trialsh.study".memory()
  s.lab = wrap(build({ "USUBJID", "DAY", "AVAL" }, { { "01", "01", "02" },
    { 1, 2, 1 }, { 5, 6, 7 } }))
  return s
end

TestWords = {}

function TestWords:setUp() said, warned = {}, {} end
function TestWords:tearDown() rawset(_G, "s", nil) end

function TestWords.test_a_dot_in_place_of_a_colon()
  local s = fresh()
  for _, f in ipairs { function() s.import("x.csv") end, function() s.history()
      end, function() s.findings() end, function() s.close() end,
      function() s.lock { "x" } end, function() s.export("lab", "x.csv") end } do
    refuses("with a colon", f)
  end
  refuses("import is a verb: write s:import(...), with a colon", s.import, "x")
  s.history = s.lab:head(1)
  refuses("history is a table; the verb is s:history(...)", s.history)
end

function TestWords.test_a_study_that_was_left_out()
  rawset(_G, "s", fresh())
  refuses("'import'; the study has s:import(...)", code 'import "x.csv"')
  refuses("'export'; the study has s:export(...)", code 'export("lab", "x")')
  refuses("'lab'; the study has s.lab", code "return lab")
  refuses("s:export(...)", code 's.lab:export("x.csv")')
  refuses("read is a function: write read(...), not read.csv",
    code 'read.csv("x.csv")')
  refuses("no variable or function 'labb'", code "return labb")
end

function TestWords.test_rules_are_judged_whatever_reads_the_rows()
  local s = fresh()
  local reads = {
    print = tostring, length = function(r) return #r end,
    head = function(r) return tostring(r:head(1)) end,
    count = function(r) return tostring(r:count()) end,
    describe = function(r) return describe("AVAL ~ DAY", r) end,
    export = function(r) return s:export(r, os.tmpname() .. ".csv") end,
    column = function(r) return r.AVAL[1] end,
    collect = function(r) return r:collect() end,
  }
  for name, read_rows in pairs(reads) do
    refuses("key USUBJID: 2 rows are '01'", read_rows, s.lab:key "USUBJID")
    warned = {}
    read_rows(s.lab:expect "AVAL < 7")
    lu.assertEquals(warned, { "expect AVAL < 7: does not hold for 1 row" },
      name)
  end
  local held = s.lab:expect "AVAL < 7"
  warned = {}
  tostring(held)
  tostring(held:head(2))
  lu.assertEquals(#warned, 1)
  s.lab = wrap(build({ "USUBJID", "DAY", "AVAL" }, { { "01" }, { 1 }, { 8 } }))
  tostring(held)
  lu.assertEquals(#warned, 2)
end

function TestWords.test_a_join_without_a_match_is_a_warning()
  local s = fresh()
  local other = wrap(build({ "USUBJID", "X" }, { { "1", "2" }, { 1, 2 } }))
  tostring(s.lab:join(other, "USUBJID"))
  lu.assertEquals(warned, { "join by USUBJID: 0 of 3 rows matched, 0 of 2 rows "
    .. "of the right used" })
  tostring(s.lab:join(s.lab:head(1):select("USUBJID", "X = AVAL"), "USUBJID"))
  lu.assertEquals(#warned, 1)
end

function TestWords.test_wider_with_a_column_too_many()
  local s = fresh()
  local r = s.lab:mutate "V = 'd' || DAY":mutate "D = DAY + 100"
  tostring(r:wider("V", "AVAL"))
  lu.assertStrContains(table.concat(said, "\n"),
    "wider: each row holds one value, as USUBJID, DAY, D name the rows")
  said = {}
  tostring(r:select("USUBJID", "V", "AVAL"):wider("V", "AVAL"))
  lu.assertNotStrContains(table.concat(said, "\n"), "each row holds one value")
end

function TestWords.test_the_tables_that_are_simulated()
  local s = fresh()
  lu.assertNotStrContains(tostring(s), "simulated")
  s.made = wrap(build({ "A" }, { { 1 } }), true)
  local shown = tostring(s)
  lu.assertStrContains(shown, "simulated")
  lu.assertNotNil(shown:match "made [^\n]* yes\n")
  lu.assertNotNil(shown:match "lab [^\n]* no\n")
end

function TestWords.test_the_history_of_a_frame_that_was_read()
  local s, file = fresh(), os.tmpname() .. ".csv"
  s:export("lab", file)
  local bytes = io.open(file, "rb"):read "a"
  said = {}
  s.rd = read(file)
  lu.assertStrContains(said[#said], "s:import keeps the options")
  local hash = require "ts.text".sha256(bytes)
  local row = s:history "rd":row(1)
  lu.assertEquals({ row.detail, row.sha256 }, { file, hash })

  -- what verbs made of it says so, collected on the way or not
  s.some = read(file):where "DAY = 1":collect():mutate "DAY = DAY * 100"
  row = s:history "some":row(1)
  lu.assertEquals(require "ts.json".decode(row.detail), { file = file,
    sha256 = hash, verbs = { { "where", "DAY = 1" },
      { "mutate", "DAY = DAY * 100" } } })
  lu.assertNotEquals(row.sha256, hash)
  lu.assertStrContains(said[#said], "of " .. file .. " and the verbs")
  s.own = s.rd:limit(3):collect():join(read(file):distinct "DAY":collect()
    :limit(1), "DAY", { how = "semi" })
  row = require "ts.json".decode(s:history "own":row(1).detail)
  lu.assertEquals({ row.table, row.verbs[1][1], row.verbs[2][1],
    row.verbs[2][2].relation.file }, { "rd", "limit", "join", file })
  rawset(_G, "lab_now", s.lab)
  s.sum = sql "select count(*) as N from lab_now"
  rawset(_G, "lab_now", nil)
  lu.assertStrContains(s:history "sum":row(1).detail, "from lab_now")
  s.counted = s.rd:count()
  lu.assertNotEquals(s:history "counted":row(1).detail, file)
  s:verify()
  os.remove(file)
end

os.exit(lu.LuaUnit.run())
