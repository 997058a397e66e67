-- The kinds of tables: their numbers by hand and by the statistics, what they say
-- of data that do not fit, and that they follow their input.
local lu = require "luaunit"
local NA = require "ts.na".NA
local files = dofile "files.lua"
local html = require "tests.lua.html"
local reference = require "tests.lua.reference"

local refuses = reference.refuses

-- Cells of a row by the label of the row.
local function row_of(t, label)
  for i, row in ipairs(t.rows) do
    if row.label == label then
      local out = {}
      for j in ipairs(t.columns) do out[j] = t:cell(i, j) end
      return out
    end
  end
  lu.fail("no row " .. label .. " in\n" .. tostring(t))
end

TestCatalogue = {}

-- Subjects ------------------------------------------------------------------------------

local subjects = {
  USUBJID = { "1", "2", "3", "4", "5", "6" },
  ARM = { "A", "A", "A", "B", "B", "B" },
  EOSSTT = { "COMPLETED", "DISCONTINUED", "DISCONTINUED", "COMPLETED",
    "DISCONTINUED", "COMPLETED" },
  DCSREAS = { NA, "DEATH", "LOST TO FOLLOW-UP", NA, "DEATH", NA },
  RANDDT = { "2020-01-01", "2020-01-01", "2020-01-01", "2020-01-01", "2020-01-01",
    "2020-01-01" },
  TRTEDT = { "2020-01-20", "2020-01-05", "2020-01-10", "2020-01-20", "2020-01-02",
    "2020-01-20" },
  DTHDT = { NA, "2020-01-11", NA, NA, "2020-03-30", NA },
  DTHCAUS = { NA, "SEPSIS", NA, NA, NA, NA },
  TRTDUR = { 20, 5, 10, 20, 2, 20 }, NDOSE = { 4, 1, 2, 4, 1, 3 },
  NPLAN = { 4, 4, 4, 4, 4, 4 },
}

local function with(changes)
  local out = {}
  for name, values in pairs(subjects) do out[name] = { table.unpack(values, 1, 6) } end
  for name, values in pairs(changes) do out[name] = values end
  return out
end

function TestCatalogue:test_disposition_loses_nobody()
  local t = table.disposition { subjects, by = "ARM", total = true }
  lu.assertEquals(row_of(t, "Completed"), { "1 (33 %)", "2 (67 %)", "3 (50 %)" })
  lu.assertEquals(row_of(t, "Discontinued"), { "2 (67 %)", "1 (33 %)", "3 (50 %)" })
  lu.assertEquals(row_of(t, "Death"), { "1 (33 %)", "1 (33 %)", "2 (33 %)" })
  lu.assertEquals(row_of(t, "Lost to follow-up"), { "1 (33 %)", "0", "1 (17 %)" })
  local sum = {}
  for row in t:tidy():where "statistic = 'n' and variable = 'EOSSTT'":rows() do
    sum[row.arm] = (sum[row.arm] or 0) + row.value
  end
  lu.assertEquals(sum, { A = 3, B = 3, Total = 6 })
  t = table.disposition { with { DCSREAS = { NA, "DEATH", NA, NA, NA, NA } },
    by = "ARM" }
  lu.assertEquals(row_of(t, "No reason given"), { "1 (33 %)", "1 (33 %)" })
  refuses("1 subject without EOSSTT: 4", table.disposition, { with { EOSSTT = {
    "COMPLETED", "COMPLETED", "COMPLETED", NA, "COMPLETED", "COMPLETED" } },
    by = "ARM" })
  refuses("no column EOSST; nearest: EOSSTT", table.disposition, { subjects,
    by = "ARM", status = "EOSST" })
  refuses("no flag of a population", table.disposition, { subjects, by = "ARM",
    status = false })
  refuses("EOSSTT has no place here", table.disposition, { subjects, "EOSSTT" })
end

function TestCatalogue:test_disposition_of_the_trial()
  local t = table.disposition { demo.adsl }
  lu.assertEquals(row_of(t, "All randomised (ITT)"), { "8 (100 %)", "8 (100 %)",
    "8 (100 %)" })
end

function TestCatalogue:test_exposure()
  local t = table.exposure { subjects, by = "ARM", cuts = { 5, 19 } }
  lu.assertEquals(row_of(t, "mean (SD)"), { "11.7 (7.6)",
    "14.0 (10.4)" })
  lu.assertEquals(row_of(t, "5 or less"), { "1 (33 %)", "1 (33 %)" })
  lu.assertEquals(row_of(t, "over 5 to 19"), { "1 (33 %)", "0" })
  lu.assertEquals(row_of(t, "over 19"), { "1 (33 %)", "2 (67 %)" })
  lu.assertEquals(row_of(t, "Total"), { "7", "8" })
  lu.assertEquals(row_of(t, "All planned doses"), { "1 (33 %)", "1 (33 %)" })
  for row in t:tidy():where "label like '%Patient-years'":rows() do
    reference.near(row.value, (row.arm == "A" and 35 or 42) / 365.25)
  end
  refuses("no column TRTDUR or NDOSE", table.exposure, { subjects, by = "ARM",
    duration = false, doses = false })
  refuses("DTHCAUS is text", table.exposure, { subjects, by = "ARM",
    duration = "DTHCAUS" })
  refuses("cuts are rising", table.exposure, { subjects, by = "ARM",
    cuts = { 9, 5 } })
end

function TestCatalogue:test_deaths()
  local t = table.deaths { subjects, by = "ARM" }
  lu.assertEquals(row_of(t, "Deaths"), { "1 (33 %)", "1 (33 %)" })
  lu.assertEquals(row_of(t, "Within 28 days"), { "1 (33 %)", "0" })
  lu.assertEquals(row_of(t, "Within 90 days"), { "1 (33 %)", "1 (33 %)" })
  lu.assertEquals(row_of(t, "Until 30 days after the last dose"), { "1 (33 %)", "0" })
  lu.assertEquals(row_of(t, "Later than 30 days after the last dose"), { "0",
    "1 (33 %)" })
  lu.assertEquals(row_of(t, "Day of death, median (range)"), { "10 (10 to 10)",
    "89 (89 to 89)" })
  lu.assertEquals(row_of(t, "Sepsis"), { "1 (33 %)", "0" })
  lu.assertEquals(row_of(t, "Not known"), { "0", "1 (33 %)" })
  refuses("no column DTHFL", table.deaths, { { ARM = { "A" } }, by = "ARM" })
  refuses("days are numbers", table.deaths, { subjects, by = "ARM",
    days = { "28" } })
end

-- Measurements ---------------------------------------------------------------------------

function TestCatalogue:test_labs_are_what_describe_says()
  local t = table.labs { demo.adlb, "ALC" }
  local found, n = {}, 0
  for visit in pairs { Baseline = 1, ["Day 8"] = 1, ["Day 29"] = 1 } do
    for row in describe("AVAL ~ TRT01P", demo.adlb:where { PARAMCD = "ALC",
        AVISIT = visit }):tidy():rows() do
      found[visit .. row.TRT01P .. "mean"] = row.mean
      found[visit .. row.TRT01P .. "n"] = row.n
    end
  end
  for row in t:tidy():where { column = { "n", "Mean (SD)" } }:rows() do
    local wanted = found[(row.level == NA and "" or row.level) .. row.arm
      .. row.statistic]
    if wanted then
      lu.assertAlmostEquals(row.value, wanted, 1e-9)
      n = n + 1
    end
  end
  lu.assertEquals(n, 18)
  local change = describe("CHG ~ TRT01P", demo.adlb:where { PARAMCD = "ALC",
    AVISIT = "Day 29" }):group("Placebo").mean
  for row in t:tidy():where { column = "Change", level = "Day 29",
      arm = "Placebo", statistic = "mean" }:rows() do
    lu.assertAlmostEquals(row.value, change, 1e-9)
    n = n + 1
  end
  lu.assertEquals(n, 19)
end

-- What is not there is told: an arm, every value of a parameter.
function TestCatalogue:test_what_is_empty_is_told()
  local r = demo.adsl:where "TRT01P <> 'CYT107 LF'"
  local t = table.summary { r, by = "TRT01P", "AGE" }
  lu.assertEquals(#t.columns, 2)
  lu.assertEquals(t.notes[1].text, "Without a subject: CYT107 LF.")
  t = table.summary { { ARM = { "X", "Y" }, V = { NA, NA } }, by = "ARM", "V",
    p_value = true }
  lu.assertEquals({ t:cell(1, 1), t:cell(1, 3), t.notes[1].text },
    { "-", "", "no P of V: it has no value" })
  t = table.exposure { { ARM = { "X", "Y", "Y" }, TRTDUR = { NA, 3, NA } }, by = "ARM" }
  lu.assertEquals(row_of(t, "Patient-years"), { "-", "0.01" })
  lu.assertEquals(row_of(t, "Missing"), { "1 (100 %)", "1 (50 %)" })
  t = table.labs { { USUBJID = { "1", "2" }, PARAMCD = { "A", "B" },
    AVISIT = { "V", "V" }, AVAL = { 1, NA } }, "A", "B",
    subjects = { USUBJID = { "1", "2" }, ARM = { "X", "Y" } }, by = "ARM" }
  lu.assertNil(t.rows[1].mark)
  lu.assertEquals(t.rows[3].label, "B")
  lu.assertEquals(t.notes[#t.notes].text, "No value of a subject of this table.")
end

local function lab(changes)
  local d = { USUBJID = { "1", "2", "3", "4", "1", "2", "3", "4" },
    PARAMCD = {}, AVISIT = {}, AVAL = { 10, 20, 30, 40, 5, 3.2, 6.4, 50 },
    CHG = { NA, NA, NA, NA, -5, -16.8, -23.6, 10 },
    BLQFL = { "N", "N", "N", "N", "N", "Y", "Y", "N" }, ABLFL = {}, ADY = {},
    ANRIND = { "NORMAL", "NORMAL", "LOW", "NORMAL", "LOW", "LOW", "NORMAL", "HIGH" } }
  for i = 1, 8 do
    d.PARAMCD[i], d.AVISIT[i] = "IL6", i <= 4 and "Day 1" or "Day 8"
    d.ABLFL[i], d.ADY[i] = i <= 4 and "Y" or "N", i <= 4 and 1 or 8
  end
  for name, values in pairs(changes or {}) do d[name] = values end
  return d, { USUBJID = { "1", "2", "3", "4", "5" }, ARM = { "A", "A", "A", "A",
    "A" } }
end

function TestCatalogue:test_values_below_the_limit()
  local d, s = lab()
  local t = table.labs { d, "IL6", subjects = s, by = "ARM" }
  -- <3.2, 5, <6.4, 50: the median lies between (<3.2 + 5)/2 and (5 + 6.4)/2
  lu.assertEquals(row_of(t, "Day 8"), { "4", "<5.7 (<4.1 to <28.2)", "2 (50 %)",
    "-" })
  lu.assertEquals(row_of(t, "Day 1"), { "4", "25.0 (15.0 to 35.0)", "0", "" })
  lu.assertStrContains(tostring(t), "Values beyond the limit of detection")
  d.BLQFL = nil
  t = table.labs { d, "IL6", subjects = s, by = "ARM" }
  lu.assertEquals(row_of(t, "Day 8"), { "4", "16.15 (22.60)", "-8.85 (14.73)" })
  t = table.labs { d, "IL6", subjects = s, by = "ARM", change = false, n = false,
    statistics = "geometric mean", visits = "Day 8" }
  lu.assertEquals(#t.rows, 2)
  reference.near(t:tidy():where "statistic = 'geomean'":row(1).value,
    (5 * 3.2 * 6.4 * 50) ^ 0.25)
end

-- Brute force: any values below the limits give a quantile within the bounds, and
-- they are reached.
function TestCatalogue:test_bounds_of_quantiles()
  local bounds = require "trialsh.table.values".bounds
  local state = 1
  local function uniform()
    state = (state * 1103515245 + 12345) % 2147483648
    return state / 2147483648
  end
  local cframe = require "ts.frame"
  local quantile = require "ts.describe".quantile
  for _ = 1, 200 do
    local n, records = 1 + math.floor(uniform() * 9), {}
    for i = 1, n do
      records[i] = { value = math.floor(uniform() * 20), below = uniform() < 0.3 }
    end
    for _, p in ipairs { 0.25, 0.5, 0.75 } do
      local low, high = bounds(records, p)
      local most = -math.huge
      for k = 0, 3 do
        local list = {}
        for i, r in ipairs(records) do
          list[i] = r.below and r.value - k * 7 or r.value
        end
        local q = quantile(cframe.build({ "x" }, { list }):column "x", p, 2)
        lu.assertTrue(q >= low and q <= high)
        most = math.max(most, q)
      end
      lu.assertEquals(most, high)
    end
  end
end

function TestCatalogue:test_mistakes_of_measurements()
  local d, s = lab()
  refuses("which parameters", table.labs, { subjects = s })
  refuses("no row of IL7", table.labs, { d, "IL7", subjects = s, by = "ARM" })
  refuses("subjects = a relation", table.labs, { d, "IL6" })
  d.AVISIT[2], d.USUBJID[2] = "Day 1", "1"
  refuses("two records of a subject at Day 1", table.labs, { d, "IL6",
    subjects = s, by = "ARM" })
  d, s = lab()
  refuses("no value at Day 9; nearest: Day 1", table.labs, { d, "IL6",
    subjects = s, by = "ARM", visits = "Day 9" })
  refuses("no record at Day 9", table.shift, { d, "IL6", subjects = s, by = "ARM",
    visit = "Day 9" })
end

function TestCatalogue:test_shift_sums_to_n()
  local d, s = lab { BLQFL = {"N", "N", "N", "N", "N", "N", "N", "N" } }
  local t = table.shift { d, "IL6", subjects = s, by = "ARM" }
  local heads = {}
  for j, c in ipairs(t.columns) do heads[j] = c.head end
  lu.assertEquals(heads, { "Low", "Normal", "High", "Missing" })
  lu.assertEquals(row_of(t, "Normal"), { "2", "0", "1", "0" })
  lu.assertEquals(row_of(t, "Low"), { "0", "1", "0", "0" })
  lu.assertEquals(row_of(t, "Missing"), { "0", "0", "0", "1" })
  local sum = 0
  for row in t:tidy():where "statistic = 'n'":rows() do sum = sum + row.value end
  lu.assertEquals(sum, 5)
  -- the worst of several, and both sides
  d.USUBJID[9], d.PARAMCD[9], d.AVISIT[9], d.AVAL[9], d.ANRIND[9], d.ABLFL[9],
    d.ADY[9], d.CHG[9], d.BLQFL[9] = "4", "IL6", "Day 15", 1, "LOW", "N", 15, 0, "N"
  t = table.shift { d, "IL6", subjects = s, by = "ARM" }
  lu.assertEquals(row_of(t, "Normal"), { "2", "0", "0", "1", "0" })
  lu.assertEquals(t.columns[4].head, "Low and high")
  t = table.shift { d, "IL6", subjects = s, by = "ARM", visit = "Day 15" }
  lu.assertEquals(row_of(t, "Normal"), { "1", "0", "0", "2" })
end

function TestCatalogue:test_shift_of_grades()
  local lab = demo.lb:detect():convert():join(demo.dm, "USUBJID"):study_day()
    :baseline():ranges():grade "CTCAE 5"
  local t = table.shift { lab, "ALC", grade = true, side = "low",
    subjects = demo.adsl, by = "TRT01P" }
  local worst, base, arm_of = {}, {}, {}
  for row in demo.adsl:rows() do arm_of[row.USUBJID] = row.TRT01P end
  for row in lab:where "PARAMCD = 'ALC'":rows() do
    if row.ABLFL == "Y" then
      base[row.USUBJID] = row.ATOXGRL
    elseif row.ATOXGRL ~= NA and row.ADY > 1 then
      worst[row.USUBJID] = math.max(worst[row.USUBJID] or 0, row.ATOXGRL)
    end
  end
  local want, n = {}, 0
  for id, arm in pairs(arm_of) do
    local key = ("%s/%s/%s"):format(arm, base[id] or "Missing", worst[id] or "Missing")
    want[key] = (want[key] or 0) + 1
  end
  for row in t:tidy():where "statistic = 'n' and value > 0":rows() do
    local key = ("%s/%s/%s"):format(row.arm, row.level:gsub("Grade ", ""),
      (row.column:gsub("Grade ", "")))
    lu.assertEquals(row.value, want[key], key)
    n = n + row.value
  end
  lu.assertEquals(n, 24)
end

-- Results ----------------------------------------------------------------------------------

local function csv(name, rows)
  return files.write(name .. ".csv", table.concat(rows, "\n") .. "\n")
end

-- A small trial: its results, and the same after one value has changed.
local function small_study(changed)
  local s = require "trialsh.study".memory()
  study.open(s)
  s.trial = trial "SMALL" {
    arms = { { "P", reference = true }, { "X" }, { "Y" } },
    compare = { "X vs P", "Y vs P" },
    populations = { { "ITT", "All", "USUBJID is not null", treatment = "TRT01P" } },
    parameters = { { "VAL", "Value", "adlb" } }, visits = { { "Day 8", 8 } },
  }
  local adsl, adlb = { "USUBJID,TRT01P,AGE" },
    { "USUBJID,PARAMCD,AVISIT,AVAL" }
  for i = 1, 30 do
    adsl[#adsl + 1] = ("S%02d,%s,%d"):format(i, ("PXY"):sub(i % 3 + 1, i % 3 + 1),
      30 + i * 7 % 40)
    adlb[#adlb + 1] = ("S%02d,VAL,Day 8,%s"):format(i, i == 7 and changed
      or i * 13 % 17 + i % 3)
  end
  s:import(csv("adsl", adsl))
  s:import(csv("adlb", adlb))
  require "trialsh.endpoint".list = {}
  endpoint "MAIN" { title = "Value at day 8", role = "primary", parameter = "VAL",
    visit = "Day 8", variable = "AVAL", analysis = "ttest",
    sensitivity = { { "ranks", analysis = "wilcoxon" } } }
  endpoint "HIGH" { title = "Value above 10", role = "secondary", parameter = "VAL",
    visit = "Day 8", variable = "AVAL > 10", analysis = "riskdiff" }
  run(s)
  return s
end

function TestCatalogue:test_efficacy_shows_stored_results()
  local s = small_study()
  local t = table.efficacy { variations = true }
  local n = 0
  for row in t:tidy():where "statistic is not null":rows() do
    local stored = s:result(row.variable)
    lu.assertEquals(row.value, stored[row.statistic], row.variable)
    n = n + 1
  end
  lu.assertTrue(n >= 6 * 5, n)
  local labels = {}
  for i, row in ipairs(t.rows) do
    labels[i] = ("  "):rep(row.indent) .. row.label
  end
  lu.assertEquals(labels, { "Primary", "  Value at day 8", "    X vs P",
    "    Y vs P", "    Sensitivity: ranks", "      X vs P", "      Y vs P",
    "Secondary", "  Value above 10, Day 8", "    X vs P", "    Y vs P" })
  lu.assertEquals(#table.efficacy({ "HIGH" }).rows, 3)
  lu.assertEquals(#table.efficacy({ "primary", comparisons = "own" }).rows, 2)
  refuses("MAIM is neither a role nor an endpoint; nearest: MAIN", table.efficacy,
    { "MAIM" })
  refuses("no column estimat; nearest: estimate", table.efficacy,
    { columns = "estimat" })
  local p = s:result "MAIN.p_value"
  lu.assertEquals(table.efficacy({ "MAIN", columns = "p_value", journal = "JAMA" })
    :cell(2, 1), require "trialsh.p_text".number(p, "JAMA"))
end

-- Comparisons stand below the arms: each in the column of its A, those of a B together.
function TestCatalogue:test_summary_with_results()
  local s = small_study()
  local t = table.summary { s.adsl, by = "TRT01P", "AGE", results = { "MAIN",
    { "MAIN[Y vs P]/ranks", label = "Ranks", show = { "interval", "p_value" },
      digits = { estimate = 3 } } } }
  local labels = {}
  for i, row in ipairs(t.rows) do labels[i] = row.label end
  lu.assertEquals(labels, { "AGE, mean (SD)", "Value at day 8 vs P, P",
    "difference in means (SE)", "95 % CI", "Ranks vs P, P", "95 % CI" })
  local x, y = s:result "MAIN[X vs P]", s:result "MAIN[Y vs P]"
  local fixed, p = require "trialsh.format".fixed, require "trialsh.format".p
  lu.assertEquals(row_of(t, "Value at day 8 vs P, P"), { "", p(x.p_value), p(y.p_value) })
  local found = {}
  for row in t:tidy():where "variable = 'MAIN'":rows() do
    found[row.arm .. row.row .. row.statistic] = row.value
  end
  lu.assertEquals({ found.X3estimate, found.Y3std_error, found.X2p_value },
    { x.estimate, y.std_error, x.p_value })
  lu.assertEquals(found.Y6conf_high, s:result "MAIN[Y vs P]/ranks".conf_high)
  lu.assertEquals(t:cell(6, 3), ("%s to %s"):format(
    fixed(s:result "MAIN[Y vs P]/ranks".conf_low, 3),
    fixed(s:result "MAIN[Y vs P]/ranks".conf_high, 3)))
  lu.assertStrContains(t:cell(3, 2), ("(%s)"):format(fixed(x.std_error, 2)))
  local function bad(words, results)
    refuses(words, table.summary, { s.adsl, by = "TRT01P", "AGE", results = results })
  end
  bad("no result MAIM; nearest: MAIN", { "MAIM" })
  bad("results show p; it has p_value", { { "MAIN", show = "p" } })
  bad("no option lable; nearest: label", { { "MAIN", lable = "x" } })
  refuses("no column of the arm that is compared in Y vs P", table.summary,
    { s.adsl:where "TRT01P <> 'Y'", by = "TRT01P", "AGE", results = { "MAIN" } })
end

-- Of results that are stored: what several say is said once, of all or by a mark.
function TestCatalogue:test_notes_of_efficacy_are_said_once()
  local flagged = "records with ANL01FL = 'Y' only"
  local function of(notes)
    local rows = { endpoint = {}, compare = {}, estimate = {}, note = notes }
    for i in ipairs(notes) do
      rows.endpoint[i], rows.compare[i], rows.estimate[i] = "E" .. i, "A vs B", i
    end
    local t, marks, words = table.efficacy { rows }, {}, {}
    for _, row in ipairs(t.rows) do
      if not row.heading then
        marks[#marks + 1] = row.mark and table.concat(row.mark, ",") or ""
      end
    end
    for i, n in ipairs(t.notes) do words[i] = (n.mark or "") .. ":" .. n.text end
    return marks, words
  end
  local marks, words = of { flagged .. "; 3 died", NA, "2 died; " .. flagged,
    "2 died; 1 left", "x; y" }
  lu.assertEquals(marks, { "a,b", "", "a,c", "c,d", "e" })
  lu.assertEquals(words, { "a:" .. flagged, "b:3 died", "c:2 died", "d:1 left",
    "e:x; y" })
  marks, words = of { flagged, flagged .. "; 3 died" }
  lu.assertEquals(marks, { "", "a" })
  lu.assertEquals(words, { "a:3 died", ":Records with ANL01FL = 'Y' only" })
  lu.assertEquals({ of { flagged } }, { { "a" }, { "a:" .. flagged } })
end

function TestCatalogue:test_listing_of_some_rows()
  local t = table.listing { demo.adae, "USUBJID", "AETOXGR", where = "AETOXGR = 5" }
  lu.assertEquals(#t.rows, #demo.adae:where "AETOXGR = 5")
  lu.assertEquals(t.notes[1].text, "Rows where AETOXGR = 5.")
  refuses("AETOXG", table.listing, { demo.adae, where = "AETOXG = 5" })
  t = table.listing { { X = { 1, 2 } }, where = "X > 2" }
  lu.assertEquals(#t.rows, 0)
end

function TestCatalogue:test_p_by_the_address_of_a_result()
  local s = small_study()
  local t = table.summary { s.adsl, by = "TRT01P", p_value = true,
    tests = { AGE = "MAIN[Y vs P].p_value" }, "AGE" }
  local row = t:tidy():where "statistic = 'p_value'":row(1)
  lu.assertEquals(row.value, s:result "MAIN[Y vs P].p_value")
  refuses("no result NONE", table.summary, { s.adsl, by = "TRT01P",
    p_value = true, tests = { AGE = "NONE.p_value" }, "AGE" })
  refuses("the data are of another", table.summary, { demo.adsl, by = "TRT01P",
    p_value = "results", "AGE" })
end

function TestCatalogue:test_tables_follow_their_input()
  local function all(changed)
    local s = small_study(changed)
    return { efficacy = table.efficacy { variations = true }:tidy(),
      labs = table.labs { "VAL" }:tidy(), summary = table.summary { s.adsl, "AGE" }
        :tidy() }
  end
  local function values(frame)
    local list = {}
    for row in frame:rows() do list[#list + 1] = { row.label, row.arm, row.value } end
    return list
  end
  local before, after = all(), all(99)
  -- subject 7 is in X: what compares Y stays, what is of X moves
  local moved, stayed = 0, 0
  local a, b = values(before.efficacy), values(after.efficacy)
  lu.assertEquals(#a, #b)
  for i, x in ipairs(a) do
    if x[3] ~= NA and x[1]:find "Y vs P" then
      lu.assertEquals(b[i][3], x[3])
      stayed = stayed + 1
    elseif x[3] ~= b[i][3] then
      moved = moved + 1
    end
  end
  lu.assertTrue(moved >= 6 and stayed >= 12, moved .. " " .. stayed)
  a, b = values(before.labs), values(after.labs)
  for i, x in ipairs(a) do
    if x[2] ~= "X" then lu.assertEquals(b[i][3], x[3]) end
  end
  lu.assertNotEquals(a, b)
  lu.assertEquals(values(before.summary), values(after.summary))
end

-- R's numbers of the demo study ----------------------------------------------------------------

-- { [table] = { ["row/arm/statistic"] = value } } of the tables of the demo study.
local function ours()
  local found = {}
  local function add(kind, t, key)
    found[kind] = found[kind] or {}
    for row in t:tidy():rows() do
      local name = key(row)
      if name and row.value ~= NA then
        found[kind][("%s/%s/%s"):format(name, row.arm, row.statistic)] = row.value
      end
    end
  end
  local function label(row) return row.label end
  add("ae", table.ae { demo.adae, events = true }, label)
  add("rate", table.ae { demo.adae, rates = "first" }, function(row)
    return row.column:find "^Rate" and row.label
  end)
  add("grade", table.ae { demo.adae, grade = "maximum" }, label)
  add("disposition", table.disposition { demo.adsl }, function(row)
    return row.level
  end)
  add("exposure", table.exposure { demo.adsl }, function(row)
    return ({ TRTDUR = "duration", NPLAN = "share" })[row.variable]
      or row.label:find "years" and "years"
  end)
  add("deaths", table.deaths { demo.adsl }, function(row)
    return row.label:match "Within (%d+) days" or row.label:find "Day of" and "day"
  end)
  for _, form in ipairs { "mean (SD)", "median (Q1 to Q3)" } do
    add("labs", table.labs { demo.adlb, statistics = form }, function(row)
      if row.column == "Change" then
        if row.statistic ~= "mean" then return nil end
        found.labs[("%s %s/%s/change"):format(row.variable, row.level, row.arm)] =
          row.value
        return nil
      end
      return ("%s %s"):format(row.variable, row.level)
    end)
  end
  return found
end

function TestCatalogue:test_numbers_are_those_of_r()
  local found, n = ours(), {}
  for line in io.lines "tests/reference/tables.csv" do
    local kind, row, arm, statistic, value =
      line:match '^"(.-)","(.-)","(.-)","(.-)",(.*)$'
    if kind then
      local key = ("%s/%s/%s"):format(row, arm, statistic)
      local got = found[kind][key]
      if kind == "rate" and statistic == "conf_low" and value == "0" then
        lu.assertEquals(got, 0)
      else
        reference.near(got, tonumber(value), 1e-10, kind .. " " .. key)
      end
      n[kind] = (n[kind] or 0) + 1
    end
  end
  lu.assertEquals(n, { ae = 162, rate = 162, grade = 78, disposition = 12,
    exposure = 12, deaths = 9, labs = 162 })
end

-- Listings and patients ----------------------------------------------------------------------

function TestCatalogue:test_listing()
  local d = { ID = { "1", "1", "2", "2" }, TERM = { "a<b", "a<b", "a<b", NA },
    X = { 1.5, 2, NA, 10 } }
  local t = table.listing { d, "ID", "TERM", "X" }
  lu.assertEquals(t.stub, "ID")
  local labels = {}
  for i, row in ipairs(t.rows) do labels[i] = row.label end
  lu.assertEquals(labels, { "1", "", "2", "" })
  lu.assertEquals({ t:cell(2, 1), t:cell(4, 1), t:cell(1, 2), t:cell(3, 2) },
    { "a<b", "", "1.5", "" })
  t = table.listing { d, "ID", { "TERM", label = "What" }, keys = { "ID", "TERM" },
    missing = "." }
  lu.assertEquals({ t:cell(1, "What"), t:cell(2, "What"), t:cell(3, "What"),
    t:cell(4, "What") }, { "a<b", "", "a<b", "." })
  t:save(files.path "l.html")
  local f = io.open(files.path "l.html")
  local page = f:read "a"
  f:close()
  lu.assertEquals(html.read(page).rows[1], { "1", "a<b", scope = "row" })
  refuses("no data", table.listing, {})
  refuses("no column TERN; nearest: TERM", table.listing, { d, "TERN" })
  t = table.listing { demo.adae:where "AEDECOD = 'nothing'", "USUBJID" }
  lu.assertStrContains(tostring(t), "No rows.")
end

function TestCatalogue:test_patient()
  local t = table.patient { demo.adsl, "DEMO-003" }
  lu.assertEquals(row_of(t, "Person"), { "", "AGE: 72; SEX: M; COUNTRY: FRA", "" })
  lu.assertEquals(t:tidy():where "statistic = 'AGE'".value[1], 72)
  lu.assertEquals(row_of(table.patient { demo.adsl, "DEMO-003", columns = "AGE" }, "AGE"), { "", "72", "" })
  lu.assertEquals(row_of(t, "Septic shock"), { "16 to 18", "grade 5",
    "serious, not related, fatal" })
  lu.assertEquals(row_of(t, "Time to death (days)"), { "", "18", "event" })
  lu.assertStrContains(tostring(t), "SIMULATED DATA")
  refuses("no subject DEMO-0003; nearest: DEMO-003", table.patient, { demo.adsl,
    "DEMO-0003" })
  refuses("one subject", table.patient, { demo.adsl })
  refuses("no parameter ALK; nearest: ALC", table.patient, { demo.adsl, "DEMO-003",
    parameters = "ALK" })
end

-- Who had a competing event is not censored by it.
function TestCatalogue:test_patient_times()
  local s = require "trialsh.study".memory()
  local function make(names, ...)
    return require "trialsh.data".wrap(require "ts.frame".build(names, { ... }))
  end
  s.adsl = make({ "USUBJID", "TRT01P" }, { "1" }, { "A" })
  s.adtte = make({ "USUBJID", "PARAMCD", "AVAL", "CNSR" }, { "1", "1", "1", "1" }, { "E", "C", "K", "N" },
    { 1, 2, 3, NA }, { 0, 1, 2, NA })
  local t = table.patient { s.adsl, "1" }
  for label, words in pairs { E = "event", C = "censored", K = "competing event", N = "" } do
    lu.assertEquals(row_of(t, label)[3], words)
  end
end

files.run()
