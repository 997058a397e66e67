-- What is kept of a relation while it is checked changes neither its rows nor what
-- is told of them, and is not taken for what came later.
local lu = require "luaunit"
local NA = require "ts.na".NA
local data = require "trialsh.data"
local frame = require "ts.frame"
local kept = require "trialsh.relation.kept"
local note = require "trialsh.note"

local function make(names, arrays)
  return data.wrap(frame.build(names, arrays))
end

-- Visits of 12 subjects: values that are missing, that have no logarithm and that a
-- condition does not decide.
local function tables()
  local id, code, day, value, seq = {}, {}, {}, {}, {}
  for i = 1, 12 do
    for j = 1, 9 do
      local n = #id + 1
      id[n], code[n], seq[n] = ("%02d"):format(i), j % 2 == 0 and "A" or "B", n
      day[n] = ("2024-01-%02d"):format(j + i % 3)
      value[n] = (i * j) % 7 == 0 and NA or (i * 31 + j * 17) % 40 - 2
    end
  end
  local subjects, arm, start = {}, {}, {}
  for i = 1, 12 do
    subjects[i], arm[i] = ("%02d"):format(i), i % 2 == 0 and "P" or "T"
    start[i] = i == 5 and NA or "2024-01-04"
  end
  return make({ "USUBJID", "PARAMCD", "ADT", "AVAL", "SEQ" },
    { id, code, day, value, seq }),
    make({ "USUBJID", "ARM", "TRTSDT" }, { subjects, arm, start })
end

local function chain(lb, dm)
  return lb:where "AVAL > -1"
    :mutate("LOG = ln(AVAL)", "INV = 1 / AVAL")
    :join(dm, "USUBJID")
    :study_day()
    :baseline { rule = "last", upto = "TRTSDT", order = "SEQ" }
    :change()
    :mutate("RATIO = LOG / INV")
    :where "RATIO > -100"
    :auc { parameter = "A", as = "AUCA", from = 1, upto = 6 }
    :key("USUBJID", "PARAMCD", "ADT", "SEQ")
end

local function rows_of(r)
  local list = {}
  for row in r:rows() do
    local fields = {}
    for name, value in pairs(row) do
      fields[#fields + 1] = name .. "=" .. (math.type(value) == "float"
        and ("%a"):format(value) or tostring(value))
    end
    table.sort(fields)
    list[#list + 1] = table.concat(fields, "|")
  end
  return list
end

-- What f gives, and all that is told meanwhile.
local function hear(f)
  local told = {}
  table.insert(note.listeners, function(line) told[#told + 1] = line end)
  local ok, value = pcall(f)
  table.remove(note.listeners)
  lu.assertTrue(ok, not ok and tostring(value))
  return value, told
end

local function study_of()
  local s = require "trialsh.study".memory()
  s.lb, s.dm = tables()
  return s
end

TestKept = {}

function TestKept.test_rows_and_notes_are_the_same()
  local plain, s, n = study_of(), study_of(), 0
  local choose = kept.choose
  kept.choose = function() end
  local rows, told = hear(function() return rows_of(chain(plain.lb, plain.dm)) end)
  kept.choose = function(study, ...)
    choose(study, ...)
    for _ in pairs(study.kept.by_layer) do n = n + 1 end
  end
  local read, again = hear(function() return rows_of(chain(s.lb, s.dm)) end)
  kept.choose = choose
  lu.assertTrue(n > 0)
  lu.assertTrue(#rows > 60)
  lu.assertTrue(#told > 4)
  lu.assertEquals(read, rows)
  lu.assertEquals(again, told)
  lu.assertEquals(rows_of(chain(tables())), rows) -- of frames nothing is kept
  local third = study_of()
  local _, stored = hear(function() third.adlb = chain(third.lb, third.dm) end)
  lu.assertEquals(rows_of(third.adlb), rows)
  lu.assertEquals(stored, told)
end

function TestKept.test_tables_follow_what_they_are_made_of()
  local s = study_of()
  s.one = s.lb:where "SEQ <= 100"
  s.adlb = chain(s.one, s.dm)
  local before = rows_of(s.adlb)
  lu.assertEquals(rows_of(chain(s.one, s.dm)), before)
  s.one = s.lb:where "SEQ <= 50"
  local after = rows_of(chain(s.one, s.dm))
  lu.assertTrue(#after < #before)
  lu.assertEquals(rows_of(s.adlb), after) -- it was derived again
end

-- What would take much memory is read again and again.
function TestKept.test_not_what_is_large()
  local s = study_of()
  local inner = require "trialsh.study".inner(s)
  local function n_kept()
    s.dm = s.dm:collect() -- the study changes
    rows_of(chain(s.lb, s.dm))
    local n = 0
    for _ in pairs(inner.kept and inner.kept.by_layer or {}) do n = n + 1 end
    return n
  end
  local function with_rows(rows)
    local facts = inner.facts_of
    inner.facts_of = function(self, name)
      local t = facts(self, name)
      return setmetatable({ rows = rows or t.rows }, { __index = t })
    end
    local n = n_kept()
    inner.facts_of = nil
    return n
  end
  lu.assertTrue(with_rows() > 0)
  lu.assertEquals(with_rows(5e6), 0)
end

os.exit(lu.LuaUnit.run())
