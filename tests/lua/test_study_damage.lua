-- Studies that another hand edited: an error that says what is wrong, never a
-- traceback, and SQL text that wants more than to read.
local lu = require "luaunit"
local errors = require "ts.error"
local note = require "trialsh.note"

note.warn = function() end -- of expect(), as long as what was expected

local files, n = dofile "files.lua", 0
local folder, write = files.folder, files.write

-- A study with dm, and big, which is derived of it.
local function filled()
  n = n + 1
  local file = ("%s/s%d.db"):format(folder, n)
  local s = study.create(file)
  s:import(write("dm.csv", "USUBJID,SEX,SEXN,AGE\n01,F,1,60\n02,M,2,70\n"))
  s.big = s.dm:where "AGE > 65":key "USUBJID"
  s.trial = trial "T-1" { arms = { { "A", "Arm A" } } }
  return s, file
end

local function edit(file, sql)
  local script = write("edit.sql", sql)
  return os.execute(("sqlite3 %s < %s 2>/dev/null"):format(file, script))
end

local have_sqlite3 = os.execute "sqlite3 --version >/dev/null 2>&1"

-- The error of f, which must be one of ours: code, one line, no place in the
-- library.
local function refused(f, ...)
  local ok, err = pcall(f, ...)
  lu.assertFalse(ok, "not refused")
  lu.assertTrue(errors.is(err), tostring(err))
  lu.assertNil(err.message:find "\n", err.message)
  lu.assertNil(err.message:find "trialsh/", err.message)
  lu.assertNil(err.message:find "attempt to", err.message)
  return err.message
end

TestDamage = {}

local catalog = {
  { "update _ts_table set key = '[1' where name = 'big'",
    "key of big are no list of names" },
  { "update _ts_table set key = '7' where name = 'big'",
    "key of big are no list of names" },
  { "update _ts_table set key = '{\"a\":1}' where name = 'big'",
    "key of big are no list of names" },
  { "update _ts_table set key = '[1]' where name = 'big'",
    "key of big are no list of names" },
  { "update _ts_table set sources = '\"dm\"' where name = 'big'",
    "sources of big are no list of names" },
  { "update _ts_table set definition = '' where name = 'big'",
    "the statement of big is none" },
  { "update _ts_table set definition = '[]' where name = 'big'",
    "the statement of big is none" },
  { "update _ts_table set definition = '{\"table\":\"dm\",\"verbs\":[7]}' "
    .. "where name = 'big'", "the statement of big is none" },
  { "update _ts_table set definition = '{\"table\":\"dm\",\"verbs\":[[{}]]}' "
    .. "where name = 'big'", "the statement of big is none" },
  { "update _ts_table set kind = 'x'", "a table dm of kind x" },
  { "update _ts_column set levels = '{\"a\":\"b\"}' where name = 'SEX' and tbl = 'dm'",
    "levels of SEX in dm are no list of texts" },
  { "update _ts_column set levels = '[\"F\",null]' where name = 'SEX' and tbl = 'dm'",
    "levels of SEX in dm are no list of texts" },
  { "update _ts_column set levels = 'F' where name = 'SEX' and tbl = 'dm'",
    "levels of SEX in dm are no list of texts" },
  { "update _ts_column set type = 'blob' where name = 'AGE'",
    "lists a column AGE of type blob" },
  { "create table _ts_attribute (tbl, name, attribute, value);"
    .. "insert into _ts_attribute values ('dm', '', 'label', 5)",
    "label of dm  is none" },
  { "create table _ts_attribute (tbl, name, attribute, value);"
    .. "insert into _ts_attribute values ('dm', 'AGE', 'item', '[')",
    "item of dm AGE is none" },
}

-- What studies are asked after they were opened.
local function use(s)
  local _ = tostring(s)
  _ = tostring(s.dm), tostring(s.big), s.trial
  s:history()
  s:verify()
end

function TestDamage.test_the_catalog()
  if not have_sqlite3 then lu.skip "no sqlite3" end
  for _, case in ipairs(catalog) do
    local s, file = filled()
    s:close()
    lu.assertTrue(edit(file, case[1]), case[1])
    local message = refused(function() use(study.open(file)) end)
    lu.assertStrContains(message, case[2])
    lu.assertStrContains(message, "is damaged")
  end
end

function TestDamage.test_the_trial()
  if not have_sqlite3 then lu.skip "no sqlite3" end
  for _, value in ipairs { "", "7", "[]", "{}", '{"id":1}', "null",
      '{"id":"T","definition":7}', '{"id":"T","definition":{"arms":7}}',
      '{"id":"T","definition":{"arms":[{"a":1}]}}' } do
    local s, file = filled()
    s:close()
    lu.assertTrue(edit(file, ("update _ts_setting set value = '%s'")
      :format(value)))
    local message = refused(function() use(study.open(file)) end)
    lu.assertStrContains(message, "is damaged: the definition of the trial")
  end
end

-- A statement in the right form with the wrong words.
function TestDamage.test_the_statement_of_a_table()
  if not have_sqlite3 then lu.skip "no sqlite3" end
  local verbs = { '["wher","AGE > 65"]', '["where"]', '["where",7]',
    '["where",{"table":7}]', '["where",{"relation":{"table":"x","verbs":[]}}]',
    '["join",{"table":{}},"USUBJID"]', '["limit","x"]', '["collect"]',
    '["import","/etc/passwd"]', '["where","AGE > ?",{"table":{"x":[1]}}]',
    '["select",null]', '["mutate","X = readfile(\'x\')"]' }
  for _, verb in ipairs(verbs) do
    local s, file = filled()
    s:close()
    edit(file, ("update _ts_table set definition = '{\"table\":\"dm\","
      .. "\"verbs\":[%s]}' where name = 'big'"):format((verb:gsub("'", "''"))))
    s = study.open(file)
    local message = refused(s.import, s, write("dm.csv",
      "USUBJID,SEX,SEXN,AGE\n01,F,1,80\n"), { replace = true })
    lu.assertStrContains(message, "big, derived again")
    lu.assertEquals(#s.dm, 2)
    s:close()
  end
end

-- Tables without their rules, with what STRICT would not have let in.
function TestDamage.test_values_of_another_type()
  if not have_sqlite3 then lu.skip "no sqlite3" end
  for _, value in ipairs { "'forty'", "x'ff00'", "1e999", "null" } do
    local s, file = filled()
    s:close()
    lu.assertTrue(edit(file, ("drop table dm; create table dm (USUBJID, SEX, "
      .. "SEXN, AGE); insert into dm values (x'41', 1, 'a', %s)")
      :format(value)))
    s = study.open(file)
    lu.assertStrContains(refused(s.verify, s), "dm is not what event 2 left")
    for _, f in ipairs {
        function() return tostring(s.dm) end,
        function() return s.dm:where "AGE > 1":collect() end,
        function() return s.dm.AGE:mean() end,
        function() s:export("dm", folder .. "/out.csv") end } do
      local ok, err = pcall(f)
      if not ok then lu.assertTrue(errors.is(err), tostring(err)) end
    end
    s:close()
  end
end

TestHostile = {}

local hostile = {
  "1; drop table dm", "1); drop table dm;--", "1 = 1 union select 1",
  "AGE in (select 1)", "exists (select 1 from _ts_audit)",
  "(select count(*) from sqlite_schema) > 0", "attach 'evil.db' as e",
  "pragma writable_schema = 1", "load_extension('evil') > 0",
  "fts3_tokenizer('simple') > 0", "zeroblob(999999999) is null",
  "randomblob(900000000) is null", "readfile('/etc/passwd') is null",
  "writefile('PWN', 'x') > 0", "edit('x') is null", "AGE > 1 -- x",
  "AGE > 1 /* x */", "\"no_such\" = 1", "AGE = \"60\"", "_group_key(0, AGE) = 1",
  "hex(AGE) = 1", "unhex('41') = 1", "printf('%99999999d', 1) = 1",
  "AGE > 1 limit 1", "AGE > ?1", "AGE > :a", "AGE > @a", "AGE > $a",
  "[AGE] > 1", "AGE regexp 'x'", "AGE match 'x'", "cast(AGE as blob) = 1",
  "x'41' = SEX", "AGE collate nocase = 1", "raise(abort, 'x')",
  "AGE over () > 1", "sum(AGE) over () > 1", "likelihood(AGE, 0.5) > 0",
  "sqlite_source_id() is null", "changes() = 0", "last_insert_rowid() = 0",
  "rowid = 1", "_rowid_ = 1", "dm.AGE = 1", "main.dm.AGE = 1", "AGE > 1\0 or 1",
  ("("):rep(5000) .. "1" .. (")"):rep(5000), ("not "):rep(2000) .. "AGE",
  ("-"):rep(2000) .. "1 > 0", "AGE in (" .. ("1,"):rep(3000) .. "1)",
  "AGE = " .. ("1 + "):rep(1100) .. "1", ("AGE > 1 and "):rep(1100) .. "AGE > 1",
  "case " .. ("when AGE > 1 then 1 "):rep(2000) .. "end > 0",
  "SEX = '" .. ("x"):rep(200000) .. "'",
}

-- Each as a condition, a value, an order, a name. Nothing may change, and an
-- error is one of ours.
function TestHostile.test_sql_text_only_reads()
  local s, file = filled()
  local before = s.audit.hash[#s.audit]
  local reached = 0
  for _, sql in ipairs(hostile) do
    for _, f in ipairs {
        function() return s.dm:where(sql):collect() end,
        function() return s.dm:mutate("X = " .. sql):collect() end,
        function() return s.dm:select("X = " .. sql):collect() end,
        function() return s.dm:summarise("X = max(" .. sql .. ")"):collect() end,
        function() return s.dm:order(sql):collect() end,
        function() return s.dm:by(sql):count():collect() end,
        function() return s.dm:expect(sql):collect() end,
        function() return s.dm:select(sql):collect() end,
        function() return s.dm:key(sql):collect() end,
        function() return s.dm:count(sql):collect() end,
        function() s.derived = s.dm:where(sql) end,
      } do
      local ok, err = pcall(f)
      if not ok then
        lu.assertTrue(errors.is(err), sql:sub(1, 80) .. ": " .. tostring(err))
        lu.assertTrue(#err.message < 1500)
      end
      reached = reached + (ok and 1 or 0)
    end
  end
  -- depth and length alone are no crime
  lu.assertTrue(reached < 40, reached)
  lu.assertEquals(#s.dm, 2)
  lu.assertTrue(s:verify(before) >= 5)
  for row in s.audit:rows() do
    lu.assertTrue(row.seq <= 5 or row.object == "derived")
  end
  lu.assertNil(io.open "evil.db")
  lu.assertNil(io.open "PWN")
  s:close()
  lu.assertEquals(#study.open(file).dm, 2)
end

-- Names that would be statements, as table, column, level, file and parameter.
function TestHostile.test_names()
  for i, name in ipairs { 'x"; drop table dm;--', "x'; drop table dm;--",
      "x`; drop table dm;--", "x]; drop table dm;--", "x); drop table dm;--",
      "dm where 1; --", "select", "*", "?", "%s%n", "a.b", "\u{202e}x",
      " " } do
    local s, file = filled()
    local quoted = '"' .. name:gsub('"', '""') .. '"'
    local path = ("%s/%d %s.csv"):format(folder, i, name)
    local f = assert(io.open(path, "wb"))
    f:write(("%s,N\n%s,1\n%s,2\n"):format(quoted, quoted, quoted))
    f:close()
    s:import(path, { as = name })
    lu.assertEquals(#s[name], 2)
    lu.assertEquals(#s[name]:where { [name] = name }, 2)
    lu.assertEquals(#s[name]:where("N = ?", 1), 1)
    s.copy = s[name]:levels { [name] = { name, "other" } }
    lu.assertEquals(s.copy[name].levels, { name, "other" })
    lu.assertEquals(s.copy:count(name):row(1).n, 2)
    s:import(path, { as = name, replace = true, na = { "ND" } })
    lu.assertEquals(#s:version(name, 1), 2)
    lu.assertEquals(#s:history(name), 2)
    s:export(name, folder .. "/out.csv")
    lu.assertEquals(#read(folder .. "/out.csv"), 2)
    s:lock { reason = "as " .. name }
    s:close()
    s = study.open(file)
    lu.assertEquals(#s.dm, 2)
    lu.assertEquals(s:verify(), 10)
    lu.assertNil(tostring(s):find "\u{202e}")
    s:close()
  end
end

files.run()
