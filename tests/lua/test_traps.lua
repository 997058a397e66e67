-- Expressions that SQLite answers without a word, and wrongly: the number of a
-- date taken for text, kinds of numbers mixed, decimals and accents left out.
local lu = require "luaunit"
local cframe = require "ts.frame"
local relation = require "trialsh.relation"
local round = require "trialsh.elementwise".round
local relations = require "tests.lua.relations"
local sql = require "trialsh.sql".sql
local NA = require "ts.na".NA

local refuses, column = relations.refuses, relations.column

-- 2014-01-02, and its first second
local DAY = 19725

-- ID, N and text D, and ADT, BDT (dates), ADTM (a datetime), EDT (empty)
local function sample(more)
  local names = { "ID", "N", "D", "ADT", "BDT", "ADTM", "EDT" }
  local f = cframe.build(names, { { "a", "b", "c" }, { 1, 2.5, NA },
    more or { "x", "y", "z" }, { DAY, DAY + 1, NA }, { NA, DAY, DAY },
    { DAY * 86400, NA, NA }, { NA, NA, NA } })
  local formats = { ADT = "DATE9.", BDT = "YYMMDD10.", ADTM = "E8601DT." }
  local columns = {}
  for j, name in ipairs(names) do
    columns[j] = cframe.with(f:column(j), { format = formats[name] })
  end
  return relation.of_frame(cframe.build(names, columns))
end

local function try(expression)
  return column(sample():mutate("R = " .. expression), "R")
end

local function wrong(expression, words)
  local r = sample()
  refuses(words, r.mutate, r, "R = " .. expression)
end

TestTraps = {}

function TestTraps.setUp() relations.forget() end

function TestTraps.test_numbers_of_dates_are_no_text()
  local how = "iso(ADT) is ISO text"
  wrong("substr(ADT, 1, 4)", "ADT is a date of SAS, substr needs text: " .. how)
  wrong("'on ' || ADT", "ADT is a date of SAS, '||' would take its number: "
    .. how)
  wrong("ADT || 'x'", how)
  wrong("cast(ADT as text)", "cast would give its number: " .. how)
  wrong("cast((ADTM) as text)", "is a datetime of SAS")
  wrong("group_concat(ADT)", how)
  wrong("ADT like '2014%'", "ADT is a date of SAS, like needs text: " .. how)
  for _, name in ipairs { "upper", "lower", "trim", "ltrim", "rtrim",
      "length" } do
    wrong(name .. "(ADT)", name .. " needs text: " .. how)
  end
  wrong("instr(ADT, '-')", how)
  wrong("replace(ADT, '-', '')", how)
  wrong("upper(ADT + 1)", "iso(...) is ISO text")
  lu.assertEquals(try "substr(iso(ADT), 1, 4)", { "2014", "2014", NA })
  lu.assertEquals(try "cast(ADT as real)", { DAY, DAY + 1, NA })
end

function TestTraps.test_numbers_are_no_text_but_where_they_print()
  wrong("substr(N, 1, 1)", "N is a number, substr needs text: cast(N as text)")
  wrong("upper(N)", "N is a number")
  wrong("length(N + 1)", "the expression is a number, length needs text")
  wrong("instr(D, 1)", "1 is a number")
  wrong("replace(D, 1, 'b')", "1 is a number")
  wrong("substr(D, 'a')", "'a' is text, substr needs numbers")
  lu.assertEquals(try "D || N", { "x1", "y2.5", NA })
  lu.assertEquals(try "cast(N as text)", { "1", "2.5", NA })
  lu.assertEquals(try "group_concat(N, '+')", { "1+2.5", "1+2.5", "1+2.5" })
  lu.assertEquals(try "upper(EDT)", { NA, NA, NA }) -- it may hold text later
end

function TestTraps.test_text_is_no_condition()
  wrong("flag(D)", "D is text, flag needs a condition")
  wrong("iif(D, 1, 2)", "D is text, iif needs a condition")
  wrong("case when D then 1 end", "D is text, when needs a condition")
  wrong("count(*) filter (where D)", "D is text, filter needs a condition")
end

function TestTraps.test_round_is_that_of_the_program()
  lu.assertEquals(try "round(1234.5, -2)", { 1200, 1200, 1200 })
  lu.assertEquals(try "round(2.675, 2)", { 2.68, 2.68, 2.68 })
  lu.assertEquals(try "round(N)", { 1, 3, NA })
  lu.assertEquals(try "round(N, null)", { NA, NA, NA })
  lu.assertEquals(try "round(1250, -9)", { 0, 0, 0 })
  lu.assertEquals(try "round(N, 1e9)", { 1, 2.5, NA })
  lu.assertEquals(try "round(17e307, -308)", { NA, NA, NA })
  wrong("round(N, 1.7)", "the digits are a whole number, not 1.7")
  wrong("round(D)", "D is text")
  local r = sample():mutate "R = round(N, N)"
  refuses("round: the digits are a whole number, not 2.5", r.collect, r)
  local xs = {}
  for i = 1, 200 do xs[i] = ((i * 7919) % 10007 - 5000) / 800 + i * 0.005 end
  f = relations.make({ "X" }, { xs })
  for digits = -3, 5 do
    local got = column(f:mutate(("R = round(X, %d)"):format(digits)), "R")
    local raw = sql(("select round(X, %d) as R from f"):format(digits))
    for i, x in ipairs(xs) do
      lu.assertEquals(got[i], round(x, digits), x .. " to " .. digits)
      lu.assertEquals(raw.R[i], got[i])
    end
  end
  f = nil
end

local days = "cast(ADT as real) is its number of days"

function TestTraps.test_dates_and_numbers_are_no_values_of_one_column()
  wrong("coalesce(ADT, N)",
    "coalesce mixes ADT, a date, with N, a plain number; " .. days)
  wrong("iif(N > 1, ADT, 0)", "iif mixes ADT, a date, with 0, a plain number")
  wrong("case when N > 1 then N else ADT end", days)
  wrong("max(ADT, N)", days)
  wrong("coalesce(ADT, EDT, N)", days)
  wrong("coalesce(N, EDT, ADT)", days)
  wrong("lag(ADT, 1, N)", days)
  wrong("ifnull(ADTM, N)", "cast(ADTM as real) is its number of seconds")
  wrong("coalesce(ADT, ADTM)", "coalesce mixes ADT, a date, with ADTM, a "
    .. "datetime; sasdate(substr(iso(ADTM), 1, 10)) is its date")
  lu.assertEquals(try "sasdate(substr(iso(ADTM), 1, 10))", { DAY, NA, NA })
  local r = sample():mutate("A = coalesce(ADT, BDT, EDT)",
    "B = iif(N > 1, null, BDT)", "C = coalesce(ADT, '2014-01-01')",
    "E = coalesce(cast(ADT as real), N)", "F = nullif(ADT, '2014-01-02')")
  lu.assertEquals(column(r, "A"), { DAY, DAY + 1, DAY })
  lu.assertEquals(column(r, "F"), { NA, DAY + 1, NA })
  for name, format in pairs { A = "DATE9.", B = "YYMMDD10.", C = "DATE9.",
      E = false, F = "DATE9." } do
    lu.assertEquals(relation.node_of(r).columns[name:lower()].format or false,
      format, name)
  end
end

function TestTraps.test_union_and_longer_mix_no_kinds()
  local r = sample()
  local a = r:select("ID", "D = ADT")
  local function union(b) return a:union(r:select("ID", "D = " .. b)) end
  refuses("union: D is a date on the left and a plain number on the right; "
    .. "cast(D as real) is its number of days", union, "N")
  refuses("union: D is a date on the left and a datetime on the right; "
    .. "sasdate(substr(iso(D), 1, 10)) is its date", union, "ADTM")
  lu.assertEquals(#union "BDT":where "D > '2014-01-01'", 4)
  lu.assertEquals(#union "EDT":where "D > '2014-01-01'", 2)
  local late = r:select("ID", "D = EDT"):union(a)
  lu.assertEquals(#late:where "D > '2014-01-01'", 2)
  refuses("longer: ADT is a date and N a plain number", r.longer, r,
    { "ADT", "N" })
  local long = r:longer { "EDT", "ADT", "BDT" }
  lu.assertEquals(#long:where "value > '2014-01-02'", 1)
end

function TestTraps.test_case_of_all_letters()
  local f = relations.make({ "A" }, { { "z\u{FC}rich", "\u{C9}T\u{C9}", NA } })
  local r = f:mutate("U = upper(A)", "L = lower(A)")
  lu.assertEquals(column(r, "U"), { "Z\u{DC}RICH", "\u{C9}T\u{C9}", NA })
  lu.assertEquals(column(r, "L"), { "z\u{FC}rich", "\u{E9}t\u{E9}", NA })
  lu.assertEquals(try "upper('\u{3B1}\u{436}\u{DF}[z{a`' || '')"[1],
    "\u{391}\u{416}\u{DF}[Z{A`")
  lu.assertEquals(try "lower('@A[Z')"[1], "@a[z")
  lu.assertEquals(try "upper('')"[1], "")
  lu.assertEquals(sql "select upper('\u{FC}') as u":row(1).u, "\u{DC}")
end

function TestTraps.test_a_name_in_another_case_replaces_nothing()
  local r = sample()
  refuses('mutate: n is the column N but for its case; write "N = ..." to '
    .. "replace it", r.mutate, r, "n = 1")
  lu.assertEquals(column(r:mutate "N = n + 1", "N"), { 2, 3.5, NA })
end

function TestTraps.test_lag_runs_through_subjects_in_rules_too()
  local r = relations.make({ "USUBJID", "ADY" }, { { "a", "a", "b" },
    { 1, 2, 1 } })
  local function told(f)
    relations.forget()
    f()
    local said = table.concat(relations.said, "\n")
    return said:find('lag without by runs on from one USUBJID to the next; by '
      .. '"USUBJID" keeps them apart', 1, true) ~= nil
  end
  lu.assertTrue(told(function() r:expect "ADY > lag(ADY)" end))
  lu.assertTrue(told(function() r:where "ADY > lag(ADY)" end))
  lu.assertTrue(told(function() r:where "ADY - mean(ADY) > lag(ADY)" end))
  lu.assertFalse(told(function() r:by "USUBJID":expect "ADY > lag(ADY)" end))
  lu.assertFalse(told(function() r:expect "ADY <= max(ADY)" end))
end

function TestTraps.test_whole_numbers_are_exact()
  wrong("N + 9007199254740993", "9007199254740993 cannot be held exactly")
  wrong("9007199254740993", "cannot be held exactly, as whole numbers can up to "
    .. "9007199254740992, in '")
  lu.assertEquals(try "9007199254740992"[1], 9007199254740992)
  lu.assertEquals(try "100000000000000000000"[1], 1e20)
  local r = sample()
  refuses("? is 9007199254740993, which cannot be held", r.where, r, "N < ?",
    9007199254740993)
end

os.exit(lu.LuaUnit.run())
