-- Tables: numbers from the data, the same in every format, text that stays text,
-- the same bytes each time.
local lu = require "luaunit"
local NA = require "ts.na".NA
local clean = require "trialsh.table.object".clean
local files = dofile "files.lua"
local back = require "tests.lua.tables_back"
local html = require "tests.lua.html"
local reference = require "tests.lua.reference"
local sha256 = require "ts.text".sha256
local width = require "ts.text".width

local refuses = reference.refuses
local folder = files.folder

local ROUNDS = os.getenv "TRIALSH_LONG" and 2000 or 60

local function have(program)
  return os.execute("command -v " .. program .. " >/dev/null 2>&1")
end

local function read(path)
  local f = assert(io.open(path, "rb"))
  local all = f:read "a"
  f:close()
  return all
end

TestTable = {}


-- Numbers ----------------------------------------------------------------------------

function TestTable:test_summary_says_what_describe_says()
  local t = table.summary { demo.adsl, by = "TRT01P", total = true,
    { "AGE", statistics = { "n", "mean", "sd", "median", "quartiles", "min", "max",
      "geometric mean (CV %)" } } }
  local d = {}
  for row in describe("AGE ~ TRT01P", demo.adsl):tidy():rows() do
    d[row.TRT01P] = row
  end
  d.Total = describe("AGE ~ 1", demo.adsl):tidy():row(1)
  local n = 0
  for row in t:tidy():where "statistic is not null":rows() do
    reference.near(row.value, d[row.arm][row.statistic], 1e-14, row.statistic)
    n = n + 1
  end
  lu.assertEquals(n, 10 * 4)
end

function TestTable:test_counts_follow_the_data()
  local d = { USUBJID = {}, ARM = {}, SEX = {}, AGE = {} }
  for i = 1, 200 do
    d.USUBJID[i] = ("S%03d"):format(i)
    d.ARM[i] = i % 4 == 0 and "B" or "A"
    d.SEX[i] = i == 1 and "X" or i % 3 == 0 and "M" or "F"
    d.AGE[i] = i == 7 and NA or 40 + i % 31
  end
  local t = table.summary { d, by = "ARM", "SEX", "AGE" }
  lu.assertEquals(t.columns[1].n, 150)
  lu.assertEquals(t:cell("X", "A"), "1 (0.7 %)")
  lu.assertEquals(t:cell("X", "B"), "0")
  lu.assertEquals(t:cell("M", "B"), "16 (32.0 %)")
  lu.assertEquals(t:cell("Missing", "A"), "1")
  d.SEX[1], d.SEX[2] = "M", NA
  local u = table.summary { d, by = "ARM", "SEX", percent_digits = 0 }
  lu.assertEquals(u:cell("Missing", "A"), "1")
  lu.assertEquals(u:cell("M", "A"), "51 (34 %)")
  lu.assertStrContains(tostring(u), "Percentages are of subjects with a value.")
  u = table.summary { d, by = "ARM", { "SEX", of = "all" }, percent_digits = 1,
    percent = "joined" }
  lu.assertEquals(u:cell("Missing", "A"), "1 (0.7%)")
  lu.assertEquals(u:cell("M", "A"), "51 (34.0%)")
end

function TestTable:test_percentages_do_not_round_to_none_or_all()
  local share = require "trialsh.table.cell".share
  local style = { percent = 0, sign = " %" }
  for _, case in ipairs { { 1, 1000, "1 (<1 %)" }, { 5, 1000, "5 (1 %)" },
      { 999, 1000, "999 (>99 %)" }, { 1000, 1000, "1000 (100 %)" },
      { 0, 5, "0" }, { 0, 0, "-" }, { 1, 8, "1 (13 %)" } } do
    lu.assertEquals(share(case[1], case[2], style).text, case[3])
  end
  style.percent = 1
  lu.assertEquals(share(1, 10000, style).text, "1 (<0.1 %)")
  lu.assertEquals(share(9999, 10000, style).text, "9999 (>99.9 %)")
end

function TestTable:test_smd_is_that_of_r()
  local d = demo.adsl:mutate("AGEGR = case when AGE < 65 then 'a' when AGE < 70 "
    .. "then 'b' else 'c' end"):levels { AGEGR = { "a", "b", "c" } }
  local t = table.summary { d, by = "TRT01P", smd = true, "AGE", "APACHE", "SEX",
    "AGEGR" }
  local ours, n = {}, 0
  for row in t:tidy():where "statistic = 'smd'":rows() do
    ours[row.variable .. row.column:match "SMD, (.*) vs"] = row.value
  end
  for line in io.lines "tests/reference/smd.csv" do
    local variable, arm, value = line:match "^(%u+),(.-),(.*)$"
    if variable then
      reference.near(ours[variable .. arm], tonumber(value), 1e-12, line)
      n = n + 1
    end
  end
  lu.assertEquals(n, 8)
end

function TestTable:test_p_values_are_those_of_the_tests()
  local t = table.summary { demo.adsl, by = "TRT01P", p_value = true,
    tests = { APACHE = "kruskal" }, "AGE", "APACHE", "SEX" }
  local p = {}
  for row in t:tidy():where "statistic = 'p_value'":rows() do
    p[row.variable] = row.value
  end
  lu.assertEquals(p.AGE, lm("AGE ~ TRT01P", demo.adsl).p_value)
  lu.assertEquals(p.APACHE, kruskal("APACHE ~ TRT01P", demo.adsl).p_value)
  lu.assertEquals(p.SEX, chisq("SEX ~ TRT01P", demo.adsl).p_value)
  lu.assertStrContains(tostring(t), "[b] P: Kruskal-Wallis test")
end

function TestTable:test_degenerate_data_are_told()
  local d = { ARM = { "A", "A", "B" }, X = { 1, 1, 1 }, Y = { NA, NA, NA },
    Z = { 1, 2, NA } }
  local t = table.summary { d, by = "ARM", p_value = true, "X", "Y", "Z" }
  lu.assertEquals(t:cell("Y, mean (SD)", "A"), "-")
  lu.assertEquals(t:cell("X, mean (SD)", "B"), "1.0 (-)")
  lu.assertStrContains(tostring(t), "no P of Y")
  lu.assertEquals(t:cell("Y, mean (SD)", "P"), "")
end

-- Adverse events ---------------------------------------------------------------------

-- Four subjects of A, two of B, one of no arm; events by hand.
local function small_events()
  local subjects = { USUBJID = { "1", "2", "3", "4", "5", "6", "7" },
    ARM = { "A", "A", "A", "A", "B", "B", NA },
    DAYS = { 10, 20, 30, 40, 50, 60, 70 } }
  local e = { USUBJID = {}, SOC = {}, PT = {}, GRADE = {}, DAY = {}, SER = {} }
  local function add(id, soc, pt, grade, day, ser)
    local n = #e.USUBJID + 1
    e.USUBJID[n], e.SOC[n], e.PT[n], e.GRADE[n], e.DAY[n], e.SER[n] = id, soc, pt,
      grade, day, ser or "N"
  end
  add("1", "heart", "beat", 1, 5)
  add("1", "heart", "beat", 3, 2, "Y")
  add("1", "heart", "stop", NA, 8)
  add("2", "heart", "stop", NA, NA)
  add("5", "skin", "rash", 2, 60)
  add("5", "heart", "beat", 2, 20)
  add("5", "heart", NA, 4, 20)
  add("7", "skin", "rash", 1, 1)  -- has no arm
  add("99", "skin", "rash", 1, 1) -- is no subject
  return e, subjects
end

local function ae(opt)
  local e, subjects = small_events()
  local given = { e, subjects = subjects, by = "ARM", rows = { "SOC", "PT" },
    grade_column = "GRADE", day = "DAY", time = "DAYS" }
  for key, value in pairs(opt or {}) do given[key] = value end
  return table.ae(given)
end

function TestTable:test_a_grade_is_a_number()
  local ok, err = pcall(ae, { rows = { "SOC" }, grade = "maximum",
    grade_column = "PT" })
  lu.assertFalse(ok)
  lu.assertStrContains(tostring(err), " is no grade, which is a number; mutate "
    .. "makes one: case PT when")
end

function TestTable:test_subjects_are_counted_once()
  local t = ae { events = true, total = true }
  local seen = {}
  for i, row in ipairs(t.rows) do
    seen[i] = ("%d %s: %s, %s, %s"):format(row.indent, row.label, t:cell(i, 1),
      t:cell(i, 2), t:cell(i, 3))
  end
  lu.assertEquals(seen, {
    "0 Any adverse event: 2 (50 %) [4], 1 (50 %) [3], 3 (50 %) [7]",
    "0 heart: 2 (50 %) [4], 1 (50 %) [2], 3 (50 %) [6]",
    "1 beat: 1 (25 %) [2], 1 (50 %) [1], 2 (33 %) [3]",
    "1 stop: 2 (50 %) [2], 0, 2 (33 %) [2]",
    "1 Not coded: 0, 1 (50 %) [1], 1 (17 %) [1]",
    "0 skin: 0, 1 (50 %) [1], 1 (17 %) [1]",
    "1 rash: 0, 1 (50 %) [1], 1 (17 %) [1]" })
  lu.assertEquals(t.columns[1].n, 4)
  t = ae { where = "SER = 'Y'", rows = "PT", any = false }
  lu.assertEquals(#t.rows, 1)
  lu.assertEquals(t:cell("beat", "A"), "1 (25 %)")
  t = ae { cutoff = 50, rows = "PT", sort = "alphabetical" }
  lu.assertEquals(#t.rows, 5) -- beat and rash in B, stop in A, Not coded in B
  lu.assertEquals(t.rows[2].label, "Not coded")
end

function TestTable:test_the_highest_grade_of_each_row()
  local t = ae { grade = "maximum" }
  local seen = {}
  for i, row in ipairs(t.rows) do
    if row.label:find "Grade" then
      seen[#seen + 1] = ("%s: %s, %s"):format(row.label, t:cell(i, 1), t:cell(i, 2))
    else
      seen[#seen + 1] = row.label
    end
  end
  lu.assertEquals(seen, { "Any adverse event", "Grade 3: 1 (25 %), 0",
    "Grade 4: 0, 1 (50 %)", "Grade missing: 1 (25 %), 0",
    "heart", "Grade 3: 1 (25 %), 0", "Grade 4: 0, 1 (50 %)",
    "Grade missing: 1 (25 %), 0", "beat", "Grade 2: 0, 1 (50 %)",
    "Grade 3: 1 (25 %), 0", "stop", "Grade missing: 2 (50 %), 0", "Not coded",
    "Grade 4: 0, 1 (50 %)", "skin", "Grade 2: 0, 1 (50 %)", "rash",
    "Grade 2: 0, 1 (50 %)" })
end

function TestTable:test_grades_together()
  local t = ae { grades = { { "Grade 1-2", 1, 2 }, { "Grade 3-4", 3, 4 } },
    rows = "SOC" }
  local seen = {}
  for i, row in ipairs(t.rows) do
    seen[i] = row.label:find "Grade" and ("%s: %s, %s"):format(row.label,
      t:cell(i, 1), t:cell(i, 2)) or row.label
  end
  lu.assertEquals(seen, { "Any adverse event", "Grade 3-4: 1 (25 %), 1 (50 %)",
    "Grade missing: 1 (25 %), 0", "heart", "Grade 3-4: 1 (25 %), 1 (50 %)",
    "Grade missing: 1 (25 %), 0", "skin", "Grade 1-2: 0, 1 (50 %)" })
  refuses("grades are", ae, { grades = { { "Grade 3", "3" } } })
end

function TestTable:test_numbers_as_categories()
  local d = { ARM = { "A", "A", "B", "B" }, N = { 10, 2, 2, NA } }
  local t = table.summary { d, by = "ARM", { "N", categories = true,
    names = { [10] = "ten" } } }
  lu.assertEquals({ t.rows[2].label, t.rows[3].label, t:cell(2, 2), t:cell(3, 1),
    t:cell("Missing", 2) }, { "2", "ten", "1 (100 %)", "1 (50 %)", "1" })
  lu.assertEquals(table.summary({ d, by = "ARM", p_value = true,
    { "N", categories = true } }).columns[3].head, "P")
end

function TestTable:test_rates_end_with_the_first_event()
  local t = ae { rates = "first", rows = "SOC" }
  local found = {}
  for row in t:tidy():where "statistic in ('rate', 'years')":rows() do
    found[row.label .. row.arm .. row.statistic] = row.value
  end
  -- A: subject 1 until day 2, 2 has no day, 3 and 4 whole
  reference.near(found["heartAyears"], (2 + 20 + 30 + 40) / 365.25)
  reference.near(found["heartArate"], 100 * 2 / ((2 + 20 + 30 + 40) / 365.25))
  -- B: the rash of day 60 is after the 50 days at risk
  reference.near(found["skinByears"], (50 + 60) / 365.25)
  reference.near(found["heartByears"], (20 + 60) / 365.25)
  reference.near(found["skinAyears"], 100 / 365.25)
  lu.assertStrContains(t:text(), "1 event without DAY")
  t = ae { rates = "all", rows = "SOC", per = 1 }
  for row in t:tidy():where "statistic = 'rate' and label = 'heart'":rows() do
    reference.near(row.value, (row.arm == "A" and 4 / 100 or 2 / 110) * 365.25)
  end
end

function TestTable:test_differences_are_those_of_riskdiff()
  local t = ae { riskdiff = true, p_value = true, compare = "B vs A",
    two_sided = "minlike" }
  local r = riskdiff { { 1, 2 }, { 2, 4 } }
  local f = fisher({ { 1, 1 }, { 2, 2 } }, { two_sided = "minlike" })
  for row in t:tidy():where "label = 'heart' and arm = 'B vs A'":rows() do
    lu.assertEquals(row.value, ({ risk_difference = r.estimate,
      conf_low = r.conf_low, conf_high = r.conf_high,
      p_value = f.p_value })[row.statistic])
  end
  lu.assertEquals(t.columns[3].arm, "B vs A")
  t = table.ae { demo.adae, riskdiff = true }
  lu.assertEquals(t.columns[4].arm, "CYT107 vs Placebo")
  local any = riskdiff { { 16, 16 }, { 8, 8 } }
  lu.assertEquals(t:cell(1, 4), ("0.0 (%.1f to %.1f)"):format(100 * any.conf_low,
    100 * any.conf_high))
end

function TestTable:test_overview()
  local e, subjects = small_events()
  local t = table.ae_overview { e, subjects = subjects, by = "ARM", events = true,
    { "Any", "1 = 1" }, { "Serious", "SER = 'Y'" }, { "Grade 3+", "GRADE >= 3" } }
  lu.assertEquals({ t:cell("Any", "A"), t:cell("Serious", "A"),
    t:cell("Grade 3+", "B") }, { "2 (50 %) [4]", "1 (25 %) [1]", "1 (50 %) [1]" })
  t = table.ae_overview { demo.adae }
  local serious = {}
  for row in demo.adae:where "AESER = 'Y' and TRTEMFL = 'Y'"
      :distinct("USUBJID", "TRT01P"):count "TRT01P":rows() do
    serious[row.TRT01P] = row.n
  end
  for row in t:tidy():where "label like '%Serious' and statistic = 'n'":rows() do
    lu.assertEquals(row.value, serious[row.arm] or 0)
  end
end

-- What is related is related in small letters, too; what is neither is told, not passed over.
function TestTable:test_words_of_an_overview()
  local d = { USUBJID = { "1", "2", "3", "4" }, AESER = { "Yes", "N", "y", NA },
    aerel = { "related", "not related", "Probable", "conceivable" }, AEOUT = { "Fatal", "", "recovered", NA } }
  local listeners, said = require "trialsh.note".listeners, ""
  table.insert(listeners, function(line) said = said .. line .. "\n" end)
  local t = table.ae_overview { d, by = false, subjects = { USUBJID = { "1", "2", "3", "4", "5" } } }
  table.remove(listeners)
  lu.assertEquals({ t:cell("Serious", 1), t:cell("Related to treatment", 1), t:cell("Fatal", 1) },
    { "2 (40 %)", "2 (40 %)", "1 (20 %)" })
  lu.assertStrContains(said, "AEREL not counted as related to treatment: conceivable; rows of your own")
  lu.assertNotStrContains(said, "AESER not")
end

function TestTable:test_mistakes_of_events()
  refuses("no study is open", table.ae, { subjects = demo.adsl })
  local e = small_events()
  refuses("subjects = a relation", table.ae, { e, rows = "PT" })
  refuses("no column AEDECD; nearest: AEDECOD", table.ae, { demo.adae,
    rows = "AEDECD" })
  refuses("sort = often is neither", table.ae, { demo.adae, sort = "often" })
  refuses("no arm HF", table.ae, { demo.adae, riskdiff = true,
    compare = "HF vs Placebo" })
  refuses('it is "A vs B"', table.ae, { demo.adae, riskdiff = true,
    compare = "Placebo" })
  refuses("rows are", table.ae_overview, { demo.adae, "AESER" })
  refuses("time = names", table.ae, { demo.adae, rates = "first",
    subjects = demo.adsl:select("USUBJID", "TRT01P") })
end

-- Mistakes -----------------------------------------------------------------------------

function TestTable:test_mistakes()
  local f = table.summary
  refuses("no column AGEE; nearest: AGE", f, { demo.adsl, "AGEE" })
  refuses("no option totl; nearest: total", f, { demo.adsl, "AGE", totl = true })
  refuses("no variables", f, { demo.adsl })
  refuses("no statistic meen; nearest: mean", f, { demo.adsl, "AGE",
    statistics = "meen" })
  refuses("no column TRT01Q; nearest: TRT01P", f, { demo.adsl, "AGE",
    by = "TRT01Q" })
  refuses("has no option lable; nearest: label", f, { demo.adsl,
    { "AGE", lable = "Age" } })
  refuses("two rows of the subject DEMO-001", f, { demo.adlb, "AVAL" })
  refuses("by = AGE is a column of numbers", f, { demo.adsl, "SEX", by = "AGE" })
  refuses("takes one table", f, demo.adsl)
  refuses("no subject", f, { demo.adsl:where "AGE > 200", "AGE" })
  refuses("fewer than two", f, { demo.adsl, by = false, p_value = true, "AGE" })
  refuses("test = \"kruskl\" is none of", f, { demo.adsl, by = "TRT01P",
    p_value = true, tests = { AGE = "kruskl" }, "AGE" })
  refuses("no population ITTT; nearest: ITT", f, { demo.adsl, "AGE",
    population = "ITTT" })
  refuses("there is no table.sumary; nearest: summary", function()
    return table.sumary end)
  local t = f { demo.adsl, "AGE" }
  refuses("a table has no rowz; nearest: rows", function() return t.rowz end)
  refuses("the table has no row AGEE", t.cell, t, "AGEE", 1)
  refuses("a table is saved as .txt", t.save, t, "a.pdf")
  refuses("save takes the name of a file", t.save, t)
  refuses("cannot be written", t.save, t, folder .. "/none/a.html")
end

function TestTable:test_the_library_of_lua_is_as_it_was()
  lu.assertEquals(table.concat({ 1, 2 }, "-"), "1-2")
  lu.assertEquals(table.unpack { 7 }, 7)
  local names = {}
  for name in pairs(table) do names[name] = true end
  for name in ("concat insert move pack remove sort unpack"):gmatch "%S+" do
    lu.assertTrue(names[name], name)
  end
end

-- Formats ------------------------------------------------------------------------------

local fragments = { "'", '"', "`", "\\", "{", "}", "$", "%", "#", "&", "_", "^",
  "~", "<", ">", "</td>", "<script>alert(1)</script>", "&lt;", "&#65;", "|", "||",
  "---", "\n", "\r\n", "\t", "\27[2J", "\7", "é", "µ", "≥", "日本", "\u{1F600}",
  "\u{202E}", "\u{FEFF}", "\xff", "=1+1", "@SUM(A1)", "+1", "-x", "\\object",
  "{\\field}", "\\u8364?", "\\input{x}", "\\end{longtable}", "%s%n", "]]>",
  "--", "word ", "_x0041_", "[x](http://y)", "**b**", "1.", "- ", "'';", "$(x)" }
local state = 1

local function hostile()
  local parts = {}
  for i = 1, 1 + state % 5 do
    state = (state * 1103515245 + 12345) % 2147483648
    parts[i] = fragments[1 + state // 7 % #fragments]
  end
  return table.concat(parts)
end

-- A table whose every text is hostile, and the texts.
local function hostile_table()
  local given = { title = hostile(), note = hostile(), label = hostile(),
    level = "L" .. hostile(), arm = "A" .. hostile() }
  local d = { ARM = { given.arm, given.arm, "ZZ", "ZZ" },
    X = { given.level, given.level, "zz", "zz" }, Y = { 1, 2, 3, 4.5 } }
  return table.summary { d, by = "ARM", title = given.title, note = given.note,
    { "X", label = given.label, statistics = "n" }, "Y" }, given
end

function TestTable:test_hostile_text_of_html()
  state = 20180308
  for _ = 1, ROUNDS do
    local t, given = hostile_table()
    t:save(folder .. "/h.html")
    local page = read(folder .. "/h.html")
    lu.assertNil(page:find "<script")
    lu.assertNil(page:find "[%z\1-\9\11-\31\127]")
    local back = html.read(page)
    lu.assertEquals(back.caption, clean(given.title))
    lu.assertEquals(back.rows[1][1], clean(given.label))
    local levels, arms = {}, {}
    for i = 3, 4 do levels[back.rows[i][1]] = true end
    lu.assertTrue(levels[clean(given.level)], given.level)
    for _, head in ipairs(back.heads[1]) do arms[head] = true end
    lu.assertTrue(arms[clean(given.arm) .. "\n(N = 2)"], given.arm)
    lu.assertEquals(back.notes[1], clean(given.note))
    if have "xmllint" then
      lu.assertTrue(os.execute(("xmllint --html --noout %s/h.html 2>%s/e")
        :format(folder, folder)))
      lu.assertEquals(read(folder .. "/e"), "")
    end
  end
end

function TestTable:test_hostile_text_of_text()
  state = 7
  for _ = 1, 60 do
    local t = hostile_table()
    local shown = t:text { width = 60, lines = 40 } .. tostring(t)
    lu.assertNil(shown:find "[%z\1-\9\11\13-\31\127]")
    for line in shown:gmatch "[^\n\f]+" do
      lu.assertTrue(width(line) <= 100, line)
    end
  end
end

-- What each format shows of a table, in rows of texts without marks.
local function rows_back(t, extension)
  local path = folder .. "/h." .. extension
  t:save(path)
  local found, rows = back[extension](path), {}
  for i, row in ipairs(found.rows) do
    rows[i] = {}
    for j = 1, 1 + #t.columns do
      rows[i][j] = (row[j] or ""):gsub("^ +", ""):gsub("%[%a%]$", "")
        :gsub(" %[%a%]$", "")
    end
  end
  return rows, found
end

local function assert_same_rows(t, extension)
  local rows, found = rows_back(t, extension)
  lu.assertEquals(#rows, #t.rows, extension)
  for i, row in ipairs(t.rows) do
    local function same(got, wanted)
      -- blanks at the ends are not kept by every format
      lu.assertEquals(got:gsub(" +$", ""):gsub("  +", " "),
        wanted:gsub("^ +", ""):gsub(" +$", ""):gsub("  +", " "),
        extension .. " row " .. i)
    end
    same(rows[i][1], clean(row.label))
    for j in ipairs(t.columns) do same(rows[i][j + 1], t:cell(i, j)) end
  end
  return found
end

function TestTable:test_every_format_shows_the_same_cells()
  local t = table.ae { demo.adae, total = true, p_value = true, compare =
    "CYT107 HF vs Placebo", events = true }
  local zipped = have "unzip"
  for _, extension in ipairs { "rtf", "tex", "md", zipped and "docx" or nil,
      zipped and "xlsx" or nil } do
    local found = assert_same_rows(t, extension)
    if extension == "rtf" or extension == "docx" then
      lu.assertEquals(found.heads, 2)
      lu.assertStrContains(found.header, "SIMULATED DATA")
    elseif extension == "tex" then
      lu.assertEquals(found.caption, "Treatment-emergent adverse events. "
        .. "Population: All treated (SAF). SIMULATED DATA")
    end
    local all = found.all or read(folder .. "/h." .. extension)
    lu.assertStrContains(all, "SIMULATED DATA")
    lu.assertStrContains(all, "Subjects are counted once in each row")
    lu.assertStrContains(all, "adae (SHA")
  end
end

function TestTable:test_hostile_text_of_other_formats()
  state = 99
  local unzip = have "unzip"
  for k = 1, ROUNDS do
    local t, given = hostile_table()
    for _, extension in ipairs { "rtf", "tex", "md" } do
      local found = assert_same_rows(t, extension)
      if extension == "rtf" then
        lu.assertStrContains(found.header, clean(given.title))
        lu.assertTrue(found.depth <= 4)
        local raw = read(folder .. "/h.rtf"):gsub("\\\\", "")
        lu.assertNil(raw:find "\\object")
        lu.assertEquals(select(2, raw:gsub("{\\field", "")), 2) -- page x of y
        lu.assertNil(raw:find "[^\n\32-\126]")
      elseif extension == "tex" then
        lu.assertStrContains(found.caption, clean(given.title))
      end
    end
    if unzip and k <= 8 then
      for _, extension in ipairs { "docx", "xlsx" } do
        local found = assert_same_rows(t, extension)
        lu.assertStrContains(found.all, clean(given.note))
      end
    end
  end
end

-- Columns that the text is too narrow for stand in longtables of their own.
function TestTable:test_blocks_of_latex()
  local t = table.ae { demo.adae, rates = "first", riskdiff = true, total = true }
  local function blocks(width)
    t:save(folder .. "/b.tex", { width = width })
    local raw = read(folder .. "/b.tex")
    local _, n = raw:gsub("\\begin{longtable}", "")
    local _, captions = raw:gsub("\\caption%*{[^}]*%(continued%)", "")
    local _, counted = raw:gsub("\\addtocounter{table}{%-1}", "")
    lu.assertEquals({ captions, counted }, { n - 1, n - 1 })
    assert_same_rows(t, "tex")
    return n
  end
  lu.assertTrue(blocks(nil) > 1)
  lu.assertEquals(blocks(78), blocks(nil))
  lu.assertEquals(blocks(400), 1)
  lu.assertTrue(blocks(50) > blocks(100))
end

-- Blocks of columns of RTF follow on the page where it has room for them.
function TestTable:test_pages_of_rtf()
  local function pages(n)
    local d = { USUBJID = {}, ARM = {}, X = {} }
    for i = 1, 3 * n do
      d.USUBJID[i], d.ARM[i] = tostring(i), "An arm of a name that is wide, number " .. i % 12
      d.X[i] = ("Level %03d"):format(i % n)
    end
    local t = table.summary { d, by = "ARM", "X" }
    t:save(folder .. "/p.rtf")
    local raw = read(folder .. "/p.rtf")
    lu.assertTrue(select(2, raw:gsub("An arm of a name", "")) >= 12)
    return 1 + select(2, raw:gsub("\\page\\par", ""))
  end
  lu.assertEquals(pages(8), 1)
  lu.assertEquals({ pages(30), pages(60) }, { 2, 4 })
end

-- A span stays together; one wider than a page is cut, stands by itself, and is as
-- wide as its name on each page.
function TestTable:test_blocks_of_columns()
  local layout = require "trialsh.table.layout"
  local function of(widths, room, spans)
    local blocks = layout.blocks(widths, 10, 1, room, spans, function(s) return #s end)
    local out = {}
    for i, b in ipairs(blocks) do out[i] = b[1] .. "-" .. b[2] end
    return table.concat(out, " "), widths
  end
  lu.assertEquals(of({ 5, 5, 5 }, 30), "1-3")
  lu.assertEquals(of({ 5, 5, 5 }, 27), "1-2 3-3")
  lu.assertEquals(of({ 5, 5, 5 }, 27, { { text = "x", from = 2, to = 3 } }),
    "1-1 2-3")
  local shown, widths = of({ 5, 9, 9, 2, 5 }, 30, { { text = "abcdefgh", from = 2,
    to = 4 } })
  lu.assertEquals(shown, "1-1 2-3 4-4 5-5")
  lu.assertEquals(widths, { 5, 9, 9, 8, 5 })
  lu.assertEquals(of({ 50 }, 30), "1-1")
  lu.assertEquals(of({ 5, 50, 5 }, 30), "1-1 2-2 3-3")
  lu.assertEquals(of({}, 30), "1-0")
end

function TestTable:test_paper()
  local t = table.ae { demo.adae, riskdiff = true, rates = "first", total = true }
  t:save(folder .. "/p.rtf", { paper = "A4" })
  lu.assertStrContains(read(folder .. "/p.rtf"), "\\paperw16838\\paperh11906")
  if have "unzip" then
    t:save(folder .. "/p.docx", { paper = "a4" })
    lu.assertStrContains(back.entry(folder .. "/p.docx", "word/document.xml"),
      'w:w="16838" w:h="11906"')
  end
  refuses('paper = "a5" is none of letter, a4', t.save, t, folder .. "/p.rtf",
    { paper = "a5" })
end

function TestTable:test_captions_of_word_are_numbered()
  if not have "unzip" then lu.skip "unzip" end
  local function body(title)
    table.summary({ demo.adsl, "AGE", title = title }):save(folder .. "/c.docx")
    return back.entry(folder .. "/c.docx", "word/document.xml")
  end
  lu.assertStrContains(body "Age", "SEQ Table \\* ARABIC")
  lu.assertNotStrContains(body "Table 14-2.01: age", "SEQ Table")
end

function TestTable:test_office_files_are_well_formed()
  if not (have "unzip" and have "xmllint") then lu.skip "unzip or xmllint" end
  state = 5
  local t = hostile_table()
  for _, extension in ipairs { "docx", "xlsx" } do
    t:save(folder .. "/w." .. extension)
    lu.assertTrue(os.execute(("cd %s && rm -rf w && mkdir w && cd w && "
      .. "unzip -q ../w.%s && find . -type f | xargs xmllint --noout")
      :format(folder, extension)))
  end
end

function TestTable:test_html_says_what_heads_are_of()
  local t = table.summary { demo.adsl, by = "TRT01P", p_value = true, "SEX",
    "AGE" }
  t:save(folder .. "/t.html")
  local page = read(folder .. "/t.html")
  local back = html.read(page)
  lu.assertEquals(back.heads[1], { "", "Placebo\n(N = 8)", "CYT107 LF\n(N = 8)",
    "CYT107 HF\n(N = 8)", "P" })
  for i, row in ipairs(back.rows) do
    lu.assertEquals(row.scope, "row")
    lu.assertEquals(row[1], t.rows[i].label)
    for j = 1, 4 do lu.assertEquals(row[j + 1], t:cell(i, j)) end
  end
  lu.assertEquals(back.rows[1].marks, "a")
  lu.assertEquals(select(2, page:gsub('scope="col"', "")), 4)
  lu.assertStrContains(page, "SIMULATED DATA")
  lu.assertStrContains(page, "default-src 'none'")
end

function TestTable:test_same_bytes_twice()
  local data = demo.adsl
  local function make()
    return table.summary { data, by = "TRT01P", total = true, p_value = true,
      smd = true, "AGE", "SEX", "COUNTRY" }
  end
  for _, extension in ipairs(require "trialsh.table.object".extensions) do
    local sums = {}
    for i = 1, 2 do
      local path = ("%s/%d.%s"):format(folder, i, extension)
      make():save(path)
      sums[i] = sha256(read(path))
    end
    lu.assertEquals(sums[1], sums[2], extension)
  end
end

-- Another folder, time zone, language and user's umask: the same bytes.
function TestTable:test_same_bytes_wherever_it_runs()
  local program = os.getenv "TRIALSH"
  if not program then lu.skip "TRIALSH is not set" end
  files.write("make.lua", [[local out = ...
    local t = table.ae { demo.adae, riskdiff = true, rates = "first" }
    for _, e in ipairs(require "trialsh.table.object".extensions) do
      t:save(out .. "/x." .. e)
    end]])
  os.execute(("mkdir -p %s/a %s/b %s/c"):format(folder, folder, folder))
  lu.assertTrue(os.execute(("cd / && TZ=UTC LC_ALL=C '%s' %s/make.lua %s/a")
    :format(program, folder, folder)))
  lu.assertTrue(os.execute(("cd %s/c && umask 027 && TZ=Asia/Tokyo COLUMNS=40 "
    .. "LC_ALL=C.UTF-8 HOME=%s/c '%s' ../make.lua ../b"):format(folder, folder,
    program)))
  for _, extension in ipairs(require "trialsh.table.object".extensions) do
    lu.assertEquals(sha256(read(("%s/a/x.%s"):format(folder, extension))),
      sha256(read(("%s/b/x.%s"):format(folder, extension))), extension)
  end
  local page = read(folder .. "/a/x.html")
  local session = require "trialsh.session"
  lu.assertStrContains(page, ("trialsh %s, commit %s; make.lua, SHA-256 %s")
    :format(session.version, session.commit, sha256(read(folder .. "/make.lua"))))
  local content
  for row in demo.audit:rows() do
    if row.object == "adae" and row.content ~= NA then content = row.content end
  end
  lu.assertStrContains(page, ("adae (SHA-256 %s)"):format(content:sub(1, 16)))
end

-- The mark of the data is on each output, and on each of its pages.
function TestTable:test_the_marks_of_the_data_are_on_every_page()
  local mark = require "trialsh.mark"
  local both = mark.of(true, true)
  lu.assertStrContains(both, "DUMMY TREATMENT")
  local d = { ARM = {}, X = {} }
  for i = 1, 300 do
    d.ARM[i], d.X[i] = "arm " .. i % 2, ("level %03d"):format(i)
  end
  local data = require "trialsh.data"
  local t = table.summary { data.wrap(data.frame(d), both), by = "ARM", "X",
    title = "T", note = "N" }
  lu.assertStrContains(tostring(t), both)
  local n = 0
  for page in (t:text { lines = 40 } .. "\f"):gmatch "(.-)\f" do
    lu.assertStrContains(page, both)
    n = n + 1
  end
  lu.assertTrue(n > 5)
  for _, extension in ipairs { "txt", "md", "html", "tex", "rtf", "csv", "json" } do
    t:save(folder .. "/m." .. extension)
    lu.assertStrContains(read(folder .. "/m." .. extension), both)
  end
  lu.assertStrContains(read(folder .. "/m.rtf"):match "{\\header(.-)\\pard\\par}",
    both)
  if have "unzip" then
    t:save(folder .. "/m.docx")
    lu.assertStrContains(back.docx(folder .. "/m.docx").header, both)
    t:save(folder .. "/m.xlsx")
    lu.assertStrContains(back.entry(folder .. "/m.xlsx", "docProps/core.xml"), both)
  end
  lu.assertEquals(require "trialsh.relation".node_of(t:tidy()).simulated, both)
end

function TestTable:test_records_are_not_rounded()
  local t = table.summary { demo.adsl, by = "TRT01P", "AGE" }
  t:save(folder .. "/t.json")
  local back = require "ts.json".decode(read(folder .. "/t.json"))
  lu.assertEquals(#back.statistics, 6)
  lu.assertEquals(back.mark, "SIMULATED DATA")
  lu.assertEquals(back.statistics[1].value,
    describe("AGE ~ TRT01P", demo.adsl):group("Placebo").mean)
  lu.assertEquals(back.statistics[1].arm, "Placebo")
  lu.assertStrContains(back.origin.source, "adsl (SHA-256 ")
  local odd = table.summary { { ARM = { "\xff\27", "b" }, X = { 1, 2 } }, by = "ARM",
    "X", title = "\xfe" }
  odd:save(folder .. "/o.json")
  local shown = require "ts.json".decode(read(folder .. "/o.json"))
  lu.assertEquals(shown.title, clean "\xfe")
  lu.assertEquals(shown.statistics[1].arm, clean "\xff\27")
  t:save(folder .. "/t.csv")
  local rows = require "trialsh.read".read(folder .. "/t.csv")
  lu.assertEquals(#rows, 6)
  lu.assertEquals(rows.value[1], back.statistics[1].value)
  lu.assertEquals(rows.mark[1], "SIMULATED DATA")
end

function TestTable:test_csv_guards_against_formulas()
  local d = { ARM = { "=1+1", "=1+1", "B", "B" }, X = { -1.5, -1.5, 2, 3 } }
  local t = table.summary { d, by = "ARM", { "X", label = "@x" } }
  t:save(folder .. "/g.csv")
  lu.assertNotStrContains(read(folder .. "/g.csv"), "'=1+1")
  t:save(folder .. "/g.csv", { spreadsheet = true })
  local text = read(folder .. "/g.csv")
  lu.assertStrContains(text, "'=1+1")
  lu.assertStrContains(text, "'@x")
  lu.assertStrContains(text, "mean,-1.5,'-1.50 (")
end

-- Layout -------------------------------------------------------------------------------

function TestTable:test_points_stand_below_each_other()
  local d = { ARM = {}, A = {}, B = {} }
  for i = 1, 12 do
    d.ARM[i] = i > 6 and "治療群" or "対照"
    d.A[i], d.B[i] = i * 100, i / 10
  end
  local t = table.summary { d, by = "ARM", { "A", label = "幅の広い" }, "B" }
  local points = {}
  for line in t:text():gmatch "[^\n]+" do
    local before = line:match "^(.-%d+)%.%d+ %("
    if before then points[#points + 1] = width(before) end
  end
  lu.assertEquals(#points, 2)
  lu.assertEquals(points[1], points[2])
end

function TestTable:test_pages_repeat_heads_and_what_rows_belong_to()
  local d = { ARM = {}, X = {} }
  for i = 1, 120 do
    d.ARM[i] = ("arm %d"):format(i % 2)
    d.X[i] = ("level %02d"):format(i % 40)
  end
  local t = table.summary { d, by = "ARM", title = "Long", "X" }
  local pages, seen = {}, {}
  for page in (t:text { lines = 24 } .. "\f"):gmatch "(.-)\f" do
    pages[#pages + 1] = page
    local n = 0
    for _ in page:gmatch "\n" do n = n + 1 end
    lu.assertTrue(n <= 24, page)
    for level in page:gmatch "\n  (level %d%d)" do
      lu.assertNil(seen[level])
      seen[level] = true
      seen.n = (seen.n or 0) + 1
    end
  end
  lu.assertEquals(seen.n, 40)
  lu.assertTrue(#pages > 2)
  for i, page in ipairs(pages) do
    lu.assertStrContains(page, "arm 0")
    lu.assertStrContains(page, "(N = 60)")
    lu.assertStrContains(page, ("Page %d of %d"):format(i, #pages))
    lu.assertStrContains(page, i == 1 and "\nX\n" or "\nX (continued)\n")
  end
end

function TestTable:test_nothing_is_wider_or_longer_than_its_page()
  for name, t in pairs { ae = table.ae { demo.adae, riskdiff = true, rates = "first",
      total = true }, labs = table.labs { demo.adlb, "ALC" },
      patient = table.patient { demo.adsl, "DEMO-009" },
      listing = table.listing { demo.adae },
      shift = table.shift { demo.lb:detect():convert():join(demo.dm, "USUBJID")
        :study_day():baseline():ranges(), "ALC", grade = "CTCAE 5",
        subjects = demo.adsl } } do
    for _, w in ipairs { 40, 57, 80, 100, 200 } do
      for page in (t:text { width = w, lines = 40 } .. "\f"):gmatch "(.-)\f" do
        local n = 0
        for line in page:gmatch "([^\n]*)\n" do
          n = n + 1
          lu.assertTrue(width(line) <= w, name .. " at " .. w .. ": " .. line)
        end
        lu.assertTrue(n <= 40, name .. " at " .. w .. ": " .. n .. " lines")
      end
    end
  end
end

function TestTable:test_long_tables_are_cut_at_the_prompt()
  local d = { X = {} }
  for i = 1, 400 do d.X[i] = i end
  local t = table.listing { d, "X" }
  lu.assertStrContains(tostring(t), "... 325 more rows; t:show() prints all")
  lu.assertStrContains(t:text(), "\n400\n")
end

function TestTable:test_variables_are_no_arms()
  local t = table.summary { { SEX = { "F", "M" }, AGE = { 1, 2 } }, "SEX", "AGE" }
  lu.assertEquals(#t.columns, 1)
  lu.assertEquals(t.columns[1].arm, "All")
  lu.assertEquals(table.summary({ demo.adsl, "AGE" }).columns[1].arm, "Placebo")
end

function TestTable:test_wide_tables_break_between_columns()
  local d = { ARM = {}, X = {} }
  for i = 1, 40 do
    d.ARM[i], d.X[i] = ("treatment %02d"):format(i % 20), i
  end
  local t = table.summary { d, by = "ARM", "X" }
  local shown = t:text { width = 72 }
  for line in shown:gmatch "[^\n]+" do lu.assertTrue(width(line) <= 72, line) end
  local blocks = select(2, shown:gsub("\nX, mean %(SD%)", ""))
  lu.assertTrue(blocks >= 4)
  for i = 0, 19 do
    lu.assertEquals(select(2, shown:gsub(("treatment %02d"):format(i), "")), 1)
  end
end

files.run()
