-- Relations over a study: verbs, order, levels, joins, derived tables.
local lu = require "luaunit"
local NA = require "ts.na".NA
local data = require "trialsh.data"
local note = require "trialsh.note"
local study = require "trialsh.study"
local frame = require "ts.frame"

local said = {}
note.listeners[#note.listeners + 1] = function(line) said[#said + 1] = line end

local function make(names, arrays)
  return data.wrap(frame.build(names, arrays))
end

local function column(relation, name)
  local out = {}
  for row in relation:rows() do out[#out + 1] = row[name] end
  return out
end

local function refuses(words, f, ...)
  local ok, err = pcall(f, ...)
  lu.assertFalse(ok, words)
  lu.assertStrContains(tostring(err), words)
end

local s

TestRelation = {}

function TestRelation:setUp()
  s = study.memory()
  s.adsl = make({ "USUBJID", "TRT01P", "TRT01PN", "AGE" }, {
    { "03", "01", "02", "04" }, { "Low", "Placebo", "High", "Placebo" },
    { 1, 0, 2, 0 }, { 60, 70, NA, 55 } })
  s.adlb = make({ "USUBJID", "AVISIT", "AVAL" }, {
    { "01", "01", "02", "03", "03" },
    { "Day 1", "Day 8", "Day 1", "Day 1", "Day 8" },
    { 500, 900, 0, 700, NA } })
  said = {}
end

function TestRelation.test_rows_come_in_stored_order()
  lu.assertEquals(column(s.adsl, "USUBJID"), { "03", "01", "02", "04" })
  lu.assertEquals(#s.adsl, 4)
end

function TestRelation.test_levels_from_the_numeric_companion()
  lu.assertEquals(s.adsl.TRT01P.levels, { "Placebo", "Low", "High" })
  lu.assertEquals(column(s.adsl:by "TRT01P":count(), "TRT01P"),
    { "Placebo", "Low", "High" })
  lu.assertEquals(column(s.adsl:order("TRT01P desc", "AGE"), "USUBJID"),
    { "02", "03", "04", "01" })
end

function TestRelation.test_order_is_stable_and_na_last()
  lu.assertEquals(column(s.adsl:order "AGE desc", "AGE"), { 70, 60, 55, NA })
  lu.assertEquals(column(s.adsl:order "AGE", "AGE"), { 55, 60, 70, NA })
  lu.assertEquals(column(s.adsl:order "AGE":order "TRT01P", "USUBJID"),
    { "04", "01", "03", "02" })
  -- an order outlives a column that hides the one it was made of
  lu.assertEquals(column(s.adsl:order "AGE":mutate "AGE = -AGE", "AGE"),
    { -55, -60, -70, NA })
  lu.assertEquals(column(s.adsl:order "AGE":select "USUBJID", "USUBJID"),
    { "04", "03", "01", "02" })
end

function TestRelation.test_where()
  lu.assertEquals(column(s.adsl:where "AGE > 56", "USUBJID"), { "03", "01" })
  lu.assertStrContains(said[#said], "not decided for 1 row")
  lu.assertEquals(#s.adsl:where { AGE = NA }, 1)
  lu.assertEquals(#s.adsl:where { AGE = { 55, NA } }, 2)
  lu.assertEquals(#s.adsl:where { TRT01P = { "Placebo", "Low" }, AGE = 60 }, 1)
  lu.assertEquals(#s.adsl:where("USUBJID in ?", { "01", "02" }), 2)
  lu.assertEquals(#s.adsl:where "USUBJID = '0''1'", 0)
  refuses("Lua compared before", s.adsl.where, s.adsl, false)
  refuses("nearest: Placebo", s.adsl.where, s.adsl, { TRT01P = "Plcebo" })
end

function TestRelation.test_words_that_no_row_has_are_told()
  lu.assertEquals(#s.adlb:where { AVISIT = "Day 9" }, 0)
  lu.assertStrContains(said[#said], "no AVISIT is 'Day 9'; nearest: Day 1")
  local f = s.adlb:collect()
  lu.assertEquals(#f:where "AVISIT = 'Week 1'", 0)
  lu.assertStrContains(said[#said], "it is Day 1, Day 8")
end

function TestRelation.test_mutate_in_order()
  local r = s.adlb:mutate("L = ln(AVAL)", "L2 = L * 2", "AVAL = AVAL + 1",
    "B = AVAL")
  lu.assertEquals(column(r, "B"), { 501, 901, 1, 701, NA })
  lu.assertAlmostEquals(r.L2[1], 2 * math.log(500), 1e-14)
  lu.assertEquals(r.L[3], NA)
  said = {}
  r:collect()
  lu.assertStrContains(table.concat(said), "ln of a value that is not above 0")
  lu.assertEquals(column(s.adlb:mutate "X = 850/900", "X")[1], 850 / 900)
  lu.assertEquals(column(s.adlb:mutate "X = AVAL || ' /uL'", "X")[1],
    "500 /uL")
end

function TestRelation.test_summarise()
  local r = s.adlb:by "AVISIT":summarise("n = count(AVAL)", "m = mean(AVAL)",
    "lo = min(AVAL)", "p = count(*)")
  lu.assertEquals(column(r, "n"), { 3, 1 })
  lu.assertEquals(column(r, "m"), { 400, 900 })
  lu.assertEquals(column(r, "p"), { 3, 2 })
  lu.assertEquals(column(s.adlb:summarise "n = count(*)", "n"), { 5 })
  lu.assertEquals(column(s.adlb:where "AVAL > 1e9":summarise "m = mean(AVAL)",
    "m"), { NA })
  refuses("neither grouped", s.adlb.summarise, s.adlb:by "AVISIT", "x = AVAL")
  refuses("write select before by", s.adlb.select, s.adlb:by "AVISIT", "AVAL")
end

function TestRelation.test_compensated_sum()
  local f = make({ "x" }, { { 1, 1e100, 1, -1e100 } })
  lu.assertEquals(f:summarise "s = sum(x)":row(1).s, 2)
  lu.assertEquals(f:summarise "m = mean(x)":row(1).m, 0.5)
end

function TestRelation.test_rename()
  local dm = demo.adsl:select("USUBJID", "AGE", "SEX", "TRT01P")
  local r = dm:rename("YEARS = age", "BEGIN = TRT01P")
  lu.assertEquals(r:sql() ~= nil and r:collect():row(1).YEARS, dm:row(1).AGE)
  local names = {}
  for i, c in ipairs(require "trialsh.relation".node_of(r).columns) do names[i] = c.name end
  lu.assertEquals(names, { "USUBJID", "YEARS", "SEX", "BEGIN" })
  lu.assertEquals(r.YEARS.label, dm.AGE.label)
  lu.assertEquals(dm:rename("SEX = AGE", "AGE = SEX"):row(1).SEX, dm:row(1).AGE)
  lu.assertEquals(#dm:collect():rename "X = AGE":where "X > 70", #dm:where "AGE > 70")
  for words, items in pairs { ["rename: SEX is there already"] = { "SEX = AGE" },
      ["rename: AGE twice"] = { "A = AGE", "B = AGE" },
      ["nearest: AGE"] = { "X = AGEE" }, ['takes "NEW = COL", not "AGE"'] = {
      "AGE" }, ['mutate "X = AGE + 1"'] = { "X = AGE + 1" },
      ['takes "NEW = COL", ...'] = {}, ["not a table"] = { {} } } do
    local ok, err = pcall(dm.rename, dm, table.unpack(items))
    lu.assertFalse(ok, words)
    lu.assertStrContains(err.message, words)
  end
end

function TestRelation.test_select_renames()
  local r = s.adlb:select("ID = USUBJID", "AVAL"):where "ID = '01'"
  lu.assertEquals(column(r, "AVAL"), { 500, 900 })
  refuses("nearest: AVAL", r.select, r, "AVLA")
  refuses("twice", r.select, r, "ID", "ID")
end

function TestRelation.test_distinct_limit_head()
  lu.assertEquals(column(s.adlb:distinct "USUBJID", "USUBJID"),
    { "01", "02", "03" })
  lu.assertEquals(column(s.adlb:order "AVAL desc":limit(2):where "AVAL < 900",
    "AVAL"), { 700 })
  lu.assertEquals(#s.adlb:head(2), 2)
end

function TestRelation.test_join_adds_columns_never_rows()
  local r = s.adlb:join(s.adsl, "USUBJID")
  lu.assertEquals(#r, 5)
  lu.assertEquals(column(r, "AGE"), { 70, 70, NA, 60, 60 })
  lu.assertStrContains(table.concat(said, "\n"),
    "5 of 5 rows matched, 3 of 4 rows of the right used")
  refuses("more than one row on the right for 01, 03",
    function() return #s.adsl:join(s.adlb, "USUBJID") end)
  lu.assertEquals(#s.adsl:join(s.adlb, "USUBJID", { many = true }), 6)
  refuses("both have TRT01P, TRT01PN, AGE", s.adsl.join, s.adsl, s.adsl, "USUBJID")
  refuses("keys are compulsory", s.adsl.join, s.adsl, s.adlb)
  refuses("nearest: USUBJID", s.adsl.join, s.adsl, s.adlb, "USUBJD")
  refuses("nearest: many", s.adsl.join, s.adsl, s.adlb, "USUBJID",
    { mayn = true })
end

function TestRelation.test_join_with_a_frame()
  local f = make({ "USUBJID", "SITE" }, { { "01", "04" }, { "A", "B" } })
  lu.assertEquals(column(s.adsl:join(f, "USUBJID"), "SITE"),
    { NA, "A", NA, "B" })
  lu.assertEquals(column(f:join(s.adsl, "USUBJID"), "AGE"), { 70, 55 })
end

function TestRelation.test_frame_has_the_verbs()
  local f = s.adlb:collect()
  lu.assertEquals(#f:where "AVAL > 600", 2)
  s.adlb = s.adlb:mutate "X = 1":collect()
  lu.assertEquals(#f:where "AVAL > 600":where "AVAL < 800", 1)
end

function TestRelation.test_metadata_passes_through()
  local r = s.adlb:label { AVAL = "Count" }
    :levels { AVISIT = { "Day 8", "Day 1" } }
  local d = r:where "AVAL > 1":mutate "Y = AVISIT":select("Y", "AVAL")
  lu.assertEquals(d.AVAL.label, "Count")
  lu.assertEquals(d.Y.levels, { "Day 8", "Day 1" })
  lu.assertEquals(column(r:by "AVISIT":count(), "AVISIT"), { "Day 8", "Day 1" })
  refuses("which its levels", function()
    return s.adlb:levels { AVISIT = { "Day 1" } }:collect()
  end)
end

function TestRelation.test_key_and_expect()
  refuses("key USUBJID: 2 rows are '01'",
    function() return s.adlb:key "USUBJID":collect() end)
  refuses("key USUBJID", function() s.bad = s.adlb:key "USUBJID" end)
  lu.assertFalse(pcall(function() return s.bad end))
  s.good = s.adlb:key("USUBJID", "AVISIT"):expect "AVAL > 100"
  lu.assertStrContains(table.concat(said, "\n"),
    "expect AVAL > 100: does not hold for 1 row")
end

function TestRelation.test_unknown_names()
  refuses("no column or verb AVLA; nearest: AVAL", function()
    return s.adlb.AVLA
  end)
  refuses("nearest: where", function() return s.adlb:wehre "x" end)
  refuses("no table adsk; nearest: adsl", function() return s.adsk end)
end

function TestRelation.test_a_column_named_like_a_verb()
  local f = make({ "count", "where" }, { { 1, 2 }, { 3, 4 } })
  lu.assertEquals(f.count[2], 2)
  lu.assertEquals(f:count():row(1).n, 2)
  lu.assertEquals(#f:where "count > 1", 1)
  local t = study.memory()
  t["import"] = f
  lu.assertEquals(#t.import, 2)
  refuses("no such", function()
    local ok, err = pcall(function() t:import "nowhere.csv" end)
    lu.assertFalse(ok)
    error("no such: " .. tostring(err))
  end)
end

function TestRelation.test_a_relation_serves_after_the_study_changed()
  local young = s.adsl:where "AGE < 65"
  s.first = young:select("USUBJID", "AGE")
  s.second = young:select "USUBJID"
  lu.assertEquals(column(s.second, "USUBJID"), column(s.first, "USUBJID"))
end

function TestRelation.test_derived_tables_follow_their_sources()
  s.a = s.adlb:where "AVAL > 0"
  s.b = s.a:by "USUBJID":summarise "m = mean(AVAL)"
  lu.assertEquals(column(s.b, "m"), { 700, 700 })
  local kept = s.b
  s.adlb = make({ "USUBJID", "AVISIT", "AVAL" },
    { { "01" }, { "Day 1" }, { 5 } })
  lu.assertEquals(column(s.b, "m"), { 5 })
  lu.assertEquals(column(kept, "m"), { 5 })
  refuses("cannot be derived from itself", function() s.a = s.a:limit(1) end)
  refuses("through b", function() s.a = s.b end)
  refuses("drop it first", s.drop, s, "a")
  s:drop "b"
  refuses("no table b", function() return s.b end)
end

function TestRelation.test_a_failed_change_changes_nothing()
  s.a = s.adlb:key("USUBJID", "AVISIT")
  local events = #s.audit
  -- the new rows break the key of what is derived from them
  lu.assertFalse(pcall(function()
    s.adlb = make({ "USUBJID", "AVISIT", "AVAL" },
      { { "01", "01" }, { "Day 1", "Day 1" }, { 5, 6 } })
  end))
  lu.assertEquals(#s.adlb, 5)
  lu.assertEquals(#s.a, 5)
  lu.assertEquals(#s.audit, events)
  lu.assertEquals(s:verify(), events)
end

function TestRelation.test_the_same_definition_is_not_stored_twice()
  s.a = s.adlb:where "AVAL > 0"
  local events = #s.audit
  s.a = s.adlb:where "AVAL > 0"
  lu.assertEquals(#s.audit, events)
end

function TestRelation.test_what_cannot_be_derived_again_is_named()
  s.late = s.adlb:mutate "LATE = AVAL > 600"
  s.some = s.late:by("USUBJID"):summarise "n = sum(LATE)"
  refuses("some, derived again from ", function()
    s.late = s.adlb:where "AVAL > 600"
  end)
  lu.assertEquals(column(s.some, "n"), { 1, 0, 1 })
end

function TestRelation.test_empty_text_beside_levels_can_be_asked_for()
  s.v = make({ "AVISIT", "AVISITN" }, { { "Day 1", "", "Day 8" },
    { 1, NA, 8 } })
  lu.assertEquals(#s.v:where "AVISIT = ''", 1)
  lu.assertEquals(#s.v:where { AVISIT = "" }, 1)
  lu.assertEquals(#s.v:where "AVISIT <> ''", 2)
end

function TestRelation.test_na_as_text_is_no_date()
  s.d = make({ "A" }, { { "2020-01-02", "NA" } })
  refuses("'NA' is no ISO date (row 2 of d); nullif(", function()
    s.d:mutate("D = days('2020-01-01', A)"):collect()
  end)
  lu.assertEquals(column(s.d:mutate "D = days('2020-01-01', nullif(A, 'NA'))",
    "D"), { 1, NA })
end

function TestRelation.test_verbs_of_other_languages_are_known()
  refuses("no column or verb filter; nearest: where", function()
    return s.adsl:filter "AGE > 3"
  end)
  refuses("no column or verb group_by; nearest: by", function()
    return s.adsl:group_by "AGE"
  end)
end

function TestRelation.test_one_quantile_is_asked_for()
  refuses("needs one p", function()
    s.adsl:summarise("q = quantile(AGE, TRT01PN / 10)"):collect()
  end)
  lu.assertEquals(s.adsl:summarise("q = quantile(AGE, 0.5)"):row(1).q, 60)
end

function TestRelation.test_a_geometric_mean_that_is_missing_is_told()
  said = {}
  local r = s.adlb:by("USUBJID"):summarise("g = geomean(AVAL)"):collect()
  lu.assertEquals(r:row(2).g, NA)
  lu.assertEquals(said, {
    "1 value became missing: ln of a value that is not above 0" })
end

function TestRelation.test_wider_tells_rows_without_a_name()
  s.few = make({ "A", "B", "n" }, { { "x", "x", "y" }, { "u", NA, NA },
    { 1, 2, 3 } })
  said = {}
  local r = s.few:wider "B"
  lu.assertEquals(said, { "wider: 2 rows without B left out" })
  lu.assertEquals(column(r, "u"), { 1, NA })
end

function TestRelation.test_sql_reads_only()
  local text, value = s.adsl:where("AGE > ?", 60):sql()
  lu.assertStrContains(text, '("AGE" > ?)')
  lu.assertEquals(value, 60)
end

function TestRelation.test_semi_and_anti_join()
  lu.assertEquals(column(s.adsl:join(s.adlb, "USUBJID", { how = "semi" }),
    "USUBJID"), { "03", "01", "02" })
  lu.assertEquals(column(s.adsl:join(s.adlb, "USUBJID", { how = "anti" })
    :where "AGE > 1", "USUBJID"), { "04" })
  lu.assertEquals(#s.adlb:join(s.adsl:where "AGE > 60", "USUBJID",
    { how = "semi" }), 2)
end

-- A column that one side computes and nobody asks for.
function TestRelation.test_union_of_which_little_is_asked()
  local a = s.adlb:mutate "LOGV = ln(AVAL)"
  s.logs = s.adlb:mutate "LOGV = AVAL"
  said = {}
  lu.assertEquals(#a:union(s.logs):select "USUBJID":collect(), 10)
  lu.assertEquals(column(s.logs:union(a):select "AVISIT":limit(1), "AVISIT"),
    { "Day 1" })
end

-- What was asked before is known while the study is as it was.
function TestRelation.test_asked_twice()
  local function alc()
    return s.adlb:mutate "L = ln(AVAL)":where("AVAL < ?", 800)
  end
  local asked, store = 0, debug.getregistry()["ts.store"].__index
  local query = store.query
  store.query = function(...)
    asked = asked + 1
    return query(...)
  end
  local function times(f)
    local before = asked
    lu.assertTrue(pcall(f))
    return asked - before
  end
  local ok, err = pcall(function()
    said = {}
    local first = alc():collect()
    local told = table.concat(said, "\n")
    lu.assertStrContains(told, "1 value became missing: ln of a value")
    said = {}
    lu.assertEquals(times(function()
      lu.assertEquals(column(alc():collect(), "L"), column(first, "L"))
    end), 0)
    lu.assertEquals(table.concat(said, "\n"), told)
    lu.assertEquals(times(function()
      lu.assertEquals(#s.adlb:mutate "L = ln(AVAL)":where("AVAL < ?", 600)
        :collect(), 2)
    end), 1)
    alc():label { L = "logarithm" }:collect()
    lu.assertEquals(alc():label { L = "ln" }:collect().L.label, "ln")
    s.adlb = make({ "USUBJID", "AVAL" }, { { "01" }, { 3 } })
    lu.assertEquals(column(alc():collect(), "AVAL"), { 3 })
  end)
  store.query = query
  if not ok then error(err, 0) end
end

function TestRelation.test_union()
  local r = s.adsl:order "AGE desc":limit(2):union(s.adsl:limit(1))
  lu.assertEquals(column(r, "USUBJID"), { "01", "03", "03" })
  lu.assertEquals(column(r:where "AGE < 70", "USUBJID"), { "03", "03" })
  lu.assertEquals(r.TRT01P.levels, { "Placebo", "Low", "High" })
  refuses("but AVISIT on the right, AVAL on the right only", function()
    return s.adsl:select "USUBJID":union(s.adlb)
  end)
  refuses("AGE is real on the left and text on the right", function()
    return s.adsl:select "AGE":union(s.adsl:mutate "AGE = AGE || ''"
      :select "AGE")
  end)
  s.both = r
  lu.assertEquals(#s.both, 3)
end

function TestRelation.test_wider_and_longer()
  local wide = s.adlb:wider("AVISIT", "AVAL")
  lu.assertEquals(column(wide, "Day 8"), { 900, NA, NA })
  lu.assertEquals(column(wide, "Day 1"), { 500, 0, 700 })
  local long = wide:longer({ "Day 1", "Day 8" },
    { names = "AVISIT", values = "AVAL" })
  lu.assertEquals(column(long, "AVAL"), { 500, 900, 0, NA, 700, NA })
  lu.assertEquals(column(long:order "AVISIT desc", "AVISIT")[1], "Day 8")
  lu.assertEquals(#long:where { AVISIT = "Day 8" }, 3)
  refuses("more than one value for Day 1", function()
    return s.adlb:select("AVISIT", "AVAL"):wider "AVISIT":collect()
  end)
  refuses("columns before are text", s.adsl.longer, s.adsl,
    { "USUBJID", "AGE" })
  -- new visits become new columns of what is derived
  s.wide = wide
  s.adlb = make({ "USUBJID", "AVISIT", "AVAL" },
    { { "01" }, { "Day 29" }, { 5 } })
  lu.assertEquals(column(s.wide, "Day 29"), { 5 })
end

function TestRelation.test_na_for_a_question_mark_is_as_in_a_table()
  for _, r in ipairs { s.adsl, s.adsl:collect() } do
    lu.assertEquals(column(r:where("AGE = ?", NA), "USUBJID"), { "02" })
    lu.assertEquals(#r:where("AGE <> ?", NA), 3)
    lu.assertEquals(#r:where("AGE in ?", { 55, NA }), 2)
    lu.assertEquals(#r:where("AGE not in ?", { 55, NA }), 2)
    lu.assertEquals(#r:where("AGE in ?", { NA }), 1)
  end
  lu.assertStrContains(said[1], "NA is given for ?: rows where AGE is missing")
end

function TestRelation.test_columns_of_two_relations_are_paired_by_place()
  local other = make({ "X" }, { { 1, 2, 3, 4, 5 } })
  local function warned(f)
    said = {}
    f()
    return table.concat(said, "\n"):find("paired by place", 1, true) ~= nil
  end
  local lb = s.adlb
  lu.assertTrue(warned(function() return lb.AVAL - other.X end))
  lu.assertTrue(warned(function() return (lb.AVAL * 2):sqrt() + other.X end))
  lu.assertTrue(warned(function() return lb.AVAL - lb:order "AVAL".AVAL end))
  lu.assertTrue(warned(function()
    return lb:where "AVAL > 1".AVAL - lb:where("AVAL < ?", 800).AVAL
  end))
  lu.assertFalse(warned(function()
    return lb.AVAL - s.adlb.AVAL + lb:collect().AVAL, other.X + other.X
  end))
  lu.assertFalse(warned(function()
    return lb.AVAL - lb:by "USUBJID":mutate("F = first(AVAL)").F
      + lb:join(s.adsl, "USUBJID").AGE
  end))
  lu.assertFalse(warned(function()
    return lb:where { AVISIT = "Day 1" }:order "AVAL".AVAL
      / lb:where { AVISIT = "Day 1" }:order "AVAL":mutate("Y = AVAL").Y
  end))
end

function TestRelation.test_groups_in_byte_order_are_told_once()
  s.x = make({ "SITE", "DAY", "ID" }, { { "b", "a", "b" },
    { "Day 8", "Day 15", "Day 8" }, { "S-1", "S-2", "S-3" } })
  s.x:count("SITE", "ID"):collect()
  s.x:by "SITE":summarise "n = count(*)":collect()
  lu.assertEquals(#said, 1)
  lu.assertStrContains(said[1], "SITE has no levels: groups in byte order, 'a' "
    .. "first; :levels{ SITE = { ... } } gives another")
  s.x:count("DAY", "ID"):wider "DAY":collect()
  lu.assertEquals(#said, 3)
  lu.assertStrContains(said[2], "DAY has no levels: columns in byte order")
  lu.assertStrContains(said[3], "wider: each row holds one value")
  said = {}
  s.x:levels { SITE = { "b", "a" } }:count "SITE":collect()
  s.adsl:count "TRT01P":collect()
  s.x:count "SITE":order "n":collect()
  lu.assertEquals(said, {})
end

function TestRelation.test_the_tail_is_read_from_its_end()
  local relation = require "trialsh.relation"
  local x, g = {}, {}
  for i = 1, 60 do x[i], g[i] = i % 7 == 0 and NA or i * 37 % 11, "g" .. i % 5 end
  s.big = make({ "X", "G" }, { x, g })
  local big = s.big
  for _, r in ipairs { big, big:order("X desc", "G"), big:order "X",
      big:where "X > 2", big:collect():order "G desc", big:limit(50),
      big:order "X":limit(40), big:union(big):order "X",
      big:by "G":mutate "N = row_number()", big:longer { "X" },
      big:count("G", "X"), big:by "G":head(9) } do
    local all, node = r:collect(), relation.node_of(r)
    local tail = relation.ask(node, nil, { n = 5, total = #all, quiet = true })
    lu.assertEquals(#tail, 5)
    for j, c in ipairs(node.columns) do
      for i = 1, 5 do
        lu.assertEquals(tail:value(i, j), all[c.name][#all - 5 + i])
      end
    end
  end
end

function TestRelation.test_levels_of_an_empty_column()
  s.x = make({ "A", "B" }, { { NA, NA }, { 1, 2 } })
  lu.assertEquals(s.x:levels { A = { "p", "q" } }.A.levels, { "p", "q" })
end

-- SQLite reads brackets in brackets a dozen deep.
function TestRelation.test_many_verbs_in_a_row()
  local r, all = s.adlb, s.adsl
  for i = 1, 80 do
    r = r:where("AVAL > ? or AVAL is null", -i)
      :mutate(("AVAL = AVAL + %d"):format(i))
    all = all:union(s.adsl)
  end
  lu.assertEquals(column(r, "AVAL"), { 3740, 4140, 3240, 3940, NA })
  lu.assertEquals(#all:collect(), 81 * 4)
  lu.assertEquals(all:row(4 * 77 + 1).USUBJID, "03")
  local j = s.adlb
  for i = 1, 12 do
    j = j:join(s.adsl:where("AGE > ?", 55):select("USUBJID",
      ("A%d = AGE"):format(i)), "USUBJID"):where("AVAL > ?", i)
      :mutate(("B%d = A%d + AVAL"):format(i, i))
  end
  lu.assertEquals(column(j, "B12"), { 570, 970, 760 })
  local u = s.adsl
  for _ = 1, 60 do u = u:union(s.adsl):where "AGE > 1" end
  lu.assertEquals(#u:collect(), 61 * 3)
  local f, subjects = s.adlb:collect(), s.adsl:collect()
  for i = 1, 70 do
    j = j:join(s.adsl:select("USUBJID", ("C%d = AGE"):format(i)), "USUBJID")
    f = f:join(subjects:select("USUBJID", ("C%d = AGE"):format(i)), "USUBJID")
  end
  lu.assertEquals(column(j, "C70"), { 70, 70, 60 }) -- parts of it were read before
  refuses("too many verbs for one statement of SQLite", f.collect, f)
end

function TestRelation.test_union_of_columns_without_values()
  local none, some = make({ "A" }, { { NA } }), make({ "A" }, { { "x" } })
  lu.assertEquals(column(none:union(some), "A"), { NA, "x" })
  lu.assertEquals(column(some:union(none), "A"), { "x", NA })
  local l = some:levels { A = { "x" } }:union(make({ "A" }, { { "y" } }))
  lu.assertEquals(column(l, "A"), { "x", "y" })
  lu.assertEquals(column(l:union(some):union(none):select "A", "A"),
    { "x", "y", "x", NA })
  lu.assertEquals(column(l:where "A = 'y'":union(some), "A"), { "y", "x" })
end

function TestRelation.test_wider_and_longer_refuse()
  local r = make({ "V", "X" }, { { "a", "" }, { 1, 2 } })
  refuses("V holds empty text, which names no column", r.wider, r, "V", "X")
  refuses("longer: X twice", r.longer, r, { "X", "X" })
end

function TestRelation.test_names_that_need_quotes()
  local r = make({ "Subject ID", "CRP (mg/L)", "X" },
    { { "a", "b" }, { 1, 5 }, { 1, 2 } })
  local crp = '; write "CRP (mg/L)" in double quotes inside the text'
  local id = '; write "Subject ID" in double quotes inside the text'
  refuses("no function crp()" .. crp, r.where, r, "CRP (mg/L) > 3")
  refuses(crp, r.mutate, r, "Y = crp (mg/l) / 2")
  refuses(crp, r.summarise, r, "Y = mean(CRP (mg/L))")
  refuses(crp, r.expect, r, "CRP (mg/L) > 3")
  refuses(id, r.where, r, "Subject ID = 'a'")
  refuses(id, r.select, r, "ID = Subject ID")
  refuses('; such a name stands in double quotes, "Log CRP" = ...', r.mutate, r,
    "Log CRP = X")
  refuses('"Log CRP" = ...', r.summarise, r, "Log CRP = mean(X)")
  lu.assertEquals(column(r:where '"CRP (mg/L)" > 3', "X"), { 2 })
  lu.assertEquals(column(r:select('ID = "Subject ID"'), "ID"), { "a", "b" })
  lu.assertEquals(column(r:mutate('"Log CRP" = X'), "Log CRP"), { 1, 2 })
  -- no hint where the name is quoted or is not there
  for _, text in ipairs { '"Subject ID" = 1 2', "X = 'Subject ID' 2", "X X" } do
    local ok, err = pcall(r.where, r, text)
    lu.assertFalse(ok)
    lu.assertNotStrContains(tostring(err), "double quotes")
  end
end

os.exit(lu.LuaUnit.run())
