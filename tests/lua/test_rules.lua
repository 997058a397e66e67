-- Rules that relations carry (key, expect, expect_visits, levels) and what the
-- study keeps of them: s:findings().
local lu = require "luaunit"
local NA = require "ts.na".NA
local study = require "trialsh.study"
local help = require "tests.lua.relations"

local make, column, refuses = help.make, help.column, help.refuses

TestRules = {}
local s

local function lb(values)
  return make({ "USUBJID", "PARAMCD", "AVISIT", "ADT", "AVAL" }, values or {
    { "01", "01", "01", "02", "02", "03" },
    { "ALC", "ALC", "CD4", "ALC", "CD4", "ALC" },
    { "Day 1", "Day 8", "Day 1", "Day 1", "Day 8", "Day 8" },
    { "2020-01-02", "2020-01-09", "2020-01-02", "2020-01-05", "2020-01-03",
      "2020-01-01" }, { 500, 900, 100, NA, 80, 7000 } })
end

function TestRules:setUp()
  s = study.memory()
  s.trial = trial "T" { visits = { { "Day 1", 1 }, { "Day 8", 8 },
    { "Day 29", 29 } } }
  s.lb = lb()
  s.adsl = make({ "USUBJID", "LSTDY" }, { { "01", "02", "03", "04" },
    { 30, 9, 5, NA } })
  help.forget()
end

function TestRules.test_what_is_found_is_kept()
  s.a = s.lb:key("USUBJID", "PARAMCD", "AVISIT")
    :expect("AVAL between 90 and 1000", "PARAMCD in ('ALC', 'CD4')")
  help.heard('expect AVAL between 90 and 1000: does not hold for 2 rows; s:findings '
    .. '"a" lists them')
  local f = s:findings "a"
  lu.assertEquals(column(f, "row"), { 5, 6 })
  lu.assertEquals(column(f, "key"), { "USUBJID 02, PARAMCD CD4, AVISIT Day 8",
    "USUBJID 03, PARAMCD ALC, AVISIT Day 8" })
  lu.assertEquals(column(f, "found"), { "AVAL = 80", "AVAL = 7000" })
  lu.assertEquals(column(f, "n"), { 2, 2 })
  lu.assertEquals(column(f:where "table = 'a' and kind = 'expect'", "rule")[1],
    "AVAL between 90 and 1000")
  local rules = s:findings("a", { rules = true })
  lu.assertEquals(column(rules, "kind"), { "key", "expect", "expect" })
  lu.assertEquals(column(rules, "n"), { 0, 2, 0 })
  lu.assertEquals(column(rules, "undecided"), { NA, 1, 0 })
  local text = tostring(f)
  lu.assertStrContains(text, "a, expect AVAL between 90 and 1000: 2 rows, 1 "
    .. "undecided")
  lu.assertStrContains(text, "a, key USUBJID PARAMCD AVISIT: holds")
end

function TestRules.test_judged_again_and_dropped()
  s.a = s.lb:expect "AVAL > 90"
  s.b = s.a:expect "AVAL < 1000"
  lu.assertEquals(column(s:findings(), "table"), { "a", "b" })
  s.lb = lb { { "01" }, { "ALC" }, { "Day 1" }, { "2020-01-01" }, { 5 } }
  lu.assertEquals(column(s:findings(), "found"), { "AVAL = 5" })
  lu.assertEquals(column(s:findings { rules = true }, "n"), { 1, 0 })
  lu.assertEquals(s:verify(), #s.audit)
  s:drop "b"
  lu.assertEquals(column(s:findings { rules = true }, "table"), { "a" })
  s.a = s.lb:where "AVAL > 1"
  lu.assertEquals(#s:findings { rules = true }, 0)
  lu.assertStrContains(tostring(s:findings()), "no rules")
end

function TestRules.test_rules_hold_where_they_stand()
  -- of rows that are others by now the number is not told
  s.a = s.lb:expect "AVAL <> 80":where "AVAL > 85":expect "AVAL < 1000"
    :mutate "AVAL = AVAL / 2":expect "AVAL < 450"
  local f = s:findings "a"
  lu.assertEquals(column(f, "found"), { "AVAL = 80", "AVAL = 7000",
    "AVAL = 450", "AVAL = 3500" })
  lu.assertEquals(column(f, "row"), { NA, 4, 2, 4 })
end

function TestRules.test_a_key_is_never_missing()
  local r = help.make({ "ID", "N" }, { { "a", NA, "b" }, { 1, 2, NA } })
  refuses("key ID: 1 row has no ID", function() r:key "ID":collect() end)
  refuses("key N: 1 row has no N", function() r:key "N":collect() end)
  local two = help.make({ "ID", "N" }, { { "a", NA, NA }, { 1, 2, 2 } })
  refuses("key N ID: 2 rows have no ID", function()
    two:key("N", "ID"):collect()
  end)
end

-- Another verb behind key used to let a broken one pass.
function TestRules.test_a_key_holds_whatever_follows()
  for _, r in ipairs { s.lb:key "USUBJID":expect "AVAL > 1",
      s.lb:key "USUBJID":mutate "X = 1", s.lb:key "USUBJID":where "AVAL > 1",
      s.adsl:join(s.lb:key "USUBJID", "USUBJID", { many = true }),
      s.lb:union(s.lb:key "USUBJID") } do
    refuses("key USUBJID: 3 rows are '01', and there are others",
      function() r:collect() end)
    refuses("key USUBJID", function() s.a = r end)
  end
  lu.assertEquals(#s:findings { rules = true }, 0)
  s.a = s.lb:where "PARAMCD = 'ALC'":key("USUBJID", "AVISIT"):select "AVAL"
  lu.assertEquals(column(s:findings { rules = true }, "rule"),
    { "USUBJID AVISIT" })
end

function TestRules.test_dates_in_order()
  s.a = s.lb:by("USUBJID", "PARAMCD"):expect "ADT > lag(ADT)"
  lu.assertEquals(#s:findings "a", 0)
  s.a = s.lb:by "USUBJID":expect("ADT >= lag(ADT)", "ADT >= first(ADT)")
  lu.assertEquals(column(s:findings "a", "row"), { 3, 5, 5 })
  lu.assertEquals(column(s:findings "a", "found"), {
    "ADT = 2020-01-02, lag(ADT) = 2020-01-09",
    "ADT = 2020-01-03, lag(ADT) = 2020-01-05",
    "ADT = 2020-01-03, first(ADT) = 2020-01-05" })
  s.a = s.lb:expect "AVAL < 2 * mean(AVAL) and rank(AVAL desc) > count(*) - 2"
  lu.assertEquals(s:findings "a":row(1).found, "AVAL = 500, mean(AVAL) = 1716, "
    .. "rank(AVAL desc) = 3, count(*) = 6")
  refuses('write expect "AVAL > 1" before by', function()
    return s.lb:by "USUBJID":expect "AVAL > 1"
  end)
  refuses("is a text, no condition", function()
    return s.lb:expect "USUBJID"
  end)
  refuses("no condition", s.lb.expect, s.lb)
end

function TestRules.test_expected_visits()
  local function found(...)
    s.a = s.lb:expect_visits(...)
    local out = {}
    for row in s:findings "a":rows() do
      out[#out + 1] = row.key:gsub("USUBJID ", ""):gsub("PARAMCD ", "") .. " "
        .. row.found
    end
    return out
  end
  lu.assertEquals(found(), { "01 no Day 29", "02 no Day 29", "03 no Day 1",
    "03 no Day 29" })
  help.heard("expect_visits USUBJID: Day 1, Day 8, Day 29: 4 rows missing")
  lu.assertEquals(found { visits = { "Day 1" } }, { "03 no Day 1" })
  lu.assertEquals(found(s.adsl, { visits = { "Day 8" } }), { "04 no Day 8" })
  lu.assertEquals(found(s.adsl, { upto = "LSTDY" }), { "01 no Day 29",
    "03 no Day 1", "04 no Day 1", "04 no Day 8", "04 no Day 29" })
  lu.assertEquals(found { by = { "USUBJID", "PARAMCD" }, visits = "Day 8" },
    { "01, CD4 no Day 8", "02, ALC no Day 8" })
  lu.assertEquals(found(s.adsl:where "USUBJID <> '04'",
    { by = { "USUBJID", "PARAMCD" }, visits = "Day 8" }),
    { "01, CD4 no Day 8", "02, ALC no Day 8", "03, CD4 no Day 8" })
  lu.assertEquals(found(s.adsl:where "USUBJID = '03'", { visits =
    { { "Day 1", 3 }, { "Day 29", 6 } }, upto = "LSTDY" }), { "03 no Day 1" })
end

function TestRules.test_expected_visits_that_make_no_sense()
  local f = s.lb:collect()
  lu.assertEquals(#f:expect_visits { visits = "Day 1" }:collect(), 6)
  help.heard("expect_visits USUBJID: Day 1: 1 row missing")
  refuses("no visit 'Day 9'; nearest: Day", s.lb.expect_visits, s.lb,
    { visits = "Day 9" })
  refuses("nearest: visits", s.lb.expect_visits, s.lb, { visit = "Day 9" })
  refuses("no column USUBJD; nearest: USUBJID", s.lb.expect_visits, s.lb,
    { by = "USUBJD" })
  refuses("the subjects are a relation", s.lb.expect_visits, s.lb, 4)
  refuses("upto is a day, a number; ADT is text", s.lb.expect_visits, s.lb,
    { upto = "ADT" })
  refuses("no visits; the trial has none", f.expect_visits,
    make({ "USUBJID", "AVISIT" }, { { "1" }, { "a" } }))
  refuses("upto needs the day of Day 1", f.expect_visits, f, s.adsl,
    { visits = "Day 1", upto = "LSTDY" })
  refuses("no column AVISIT", s.adsl.expect_visits, s.adsl)
end

function TestRules.test_expected_visits_are_judged_again()
  s.a = s.lb:expect_visits(s.adsl, { visits = { "Day 1" } })
  lu.assertEquals(column(s:findings "a", "key"), { "USUBJID 03", "USUBJID 04" })
  s.adsl = make({ "USUBJID", "LSTDY" }, { { "03" }, { 1 } })
  lu.assertEquals(column(s:findings "a", "key"), { "USUBJID 03" })
end

function TestRules.test_levels_and_many_rows()
  s.a = s.lb:levels { PARAMCD = { "ALC", "CD4" } }
  lu.assertEquals(column(s:findings { rules = true }, "rule"),
    { "PARAMCD: ALC, CD4" })
  local id, x = {}, {}
  for i = 1, 1500 do id[i], x[i] = i, i end
  s.many = make({ "ID", "X" }, { id, x }):expect "X < 100"
  local f = s:findings "many"
  lu.assertEquals(#f, 1000)
  lu.assertEquals(f:row(1000).n, 1401)
  lu.assertStrContains(tostring(f), "10 of 1401; the first 1000 are kept")
end

function TestRules.test_a_failed_change_keeps_the_findings()
  s.a = s.lb:expect "AVAL > 90"
  s.b = s.a:key("USUBJID", "PARAMCD", "AVISIT")
  local events = #s.audit
  refuses("b, derived again", function()
    s.lb = lb { { "1", "1" }, { "a", "a" }, { "b", "b" }, { "c", "c" }, { 1, 2 } }
  end)
  lu.assertEquals(column(s:findings(), "found"), { "AVAL = 80" })
  lu.assertEquals(#s.audit, events)
  refuses("nearest: adsl", s.findings, s, "adls")
  refuses("nearest: rules", s.findings, s, { rule = true })
end

function TestRules.test_findings_stay_in_the_file()
  local file = os.tmpname()
  os.remove(file)
  local t = study.study.create(file)
  t.a = lb():expect "AVAL > 90"
  t:close()
  t = study.study.open(file)
  lu.assertEquals(column(t:findings "a", "found"), { "AVAL = 80" })
  t:lock { reason = "test" }
  lu.assertEquals(t:findings():row(1).row, 5)
  t:close()
  os.remove(file)
end

-- Two joins one in the other: the inner one is checked as well.
function TestRules.test_joins_and_wider_on_the_right_are_checked()
  local twice = make({ "USUBJID", "Z" }, { { "01", "01" }, { 1, 2 } })
  refuses("more than one row on the right for 01", function()
    local right = s.adsl:join(twice, "USUBJID"):where "USUBJID <> '01'"
    return s.adsl:select "USUBJID":join(right, "USUBJID"):collect()
  end)
  local wide = s.lb:select("USUBJID", "AVISIT", "AVAL"):wider("AVISIT", "AVAL")
  refuses("wider: more than one value", function()
    return wide:collect()
  end)
  refuses("wider: more than one value", function()
    return s.adsl:join(wide, "USUBJID"):collect()
  end)
  refuses("wider: more than one value", function()
    return wide:limit(0):union(wide):collect()
  end)
end

os.exit(lu.LuaUnit.run())
