-- Dates of SAS, numbers with a format: as text in CSV files and as dates in
-- expressions.

local lu = require "luaunit"
local cframe = require "ts.frame"
local note = require "trialsh.note"
local relation = require "trialsh.relation"
local NA = require "ts.na".NA

local said = {}
note.listeners[#note.listeners + 1] = function(line) said[#said + 1] = line end

TestDates = {}

function TestDates.setUp() said = {} end

local folder = os.tmpname()
os.remove(folder)
os.execute("mkdir " .. folder)

local function path(name) return folder .. "/" .. name end

local function slurp(name)
  local file <close> = assert(io.open(path(name), "rb"))
  return file:read "a"
end

local function refuses(part, f, ...)
  local ok, err = pcall(f, ...)
  lu.assertFalse(ok, part)
  lu.assertStrContains(tostring(err), part)
end

-- 2014-01-02, and an hour, two minutes and 3.5 seconds into it
local DAY = 19725
local SECOND = DAY * 86400 + 3723.5

local function sample(days)
  local f = cframe.build({ "ID", "ADT", "ADTM", "ATM", "DTC", "X" }, {
    { "a", "b", "c" }, days or { DAY, DAY + 30, NA },
    { SECOND, NA, SECOND + 86400 }, { 3723.5, 0, 90000 },
    { "2014-01-01", "2014-02", "2014" }, { 1, 2, 3 } })
  local formats = { ADT = "DATE9.", ADTM = "E8601DT.", ATM = "TIME8." }
  local columns = {}
  for j, name in ipairs(f:names()) do
    columns[j] = cframe.with(f:column(j), { format = formats[name] })
  end
  return relation.of_frame(cframe.build(f:names(), columns))
end

function TestDates.test_csv_has_iso_text()
  demo:export(sample():select("ADT", "ADTM", "ATM", "X"), path "a.csv")
  lu.assertEquals(slurp "a.csv", "ADT,ADTM,ATM,X\n"
    .. "2014-01-02,2014-01-02T01:02:03.5,01:02:03.5,1\n"
    .. "2014-02-01,,00:00:00,2\n,2014-01-03T01:02:03.5,90000,3\n")
  local file = path "a.csv"
  lu.assertEquals(said, { file .. ": dates and times as ISO text: ADT, ADTM, "
    .. 'ATM; dates = "number" keeps the numbers of SAS',
    file .. ": values that are no ISO date or time of day stay the numbers of "
    .. "SAS: ATM: 1 value" })
end

function TestDates.test_csv_has_numbers_when_asked()
  demo:export(sample():select("ADT", "ADTM", "X"), path "a.csv",
    { dates = "number" })
  lu.assertEquals(slurp "a.csv", ("ADT,ADTM,X\n%d,%.1f,1\n%d,,2\n,%.1f,3\n")
    :format(DAY, SECOND, DAY + 30, SECOND + 86400))
  lu.assertEquals(said, { path "a.csv"
    .. ": CSV has no place for formats (ADT, ADTM)" })
  refuses("none of iso, number", demo.export, demo, sample(), path "b.csv",
    { dates = "text" })
end

function TestDates.test_comparisons_take_iso_text()
  local r = sample()
  local function ids(condition, ...)
    local list = {}
    for row in r:where(condition, ...):rows() do list[#list + 1] = row.ID end
    return table.concat(list)
  end
  lu.assertEquals(ids "ADT > '2014-01-02'", "b")
  lu.assertEquals(ids "'2014-01-02' < ADT", "b")
  lu.assertEquals(ids "ADT = '2014-01-02'", "a")
  lu.assertEquals(ids "ADT <> ('2014-01-02')", "b")
  lu.assertEquals(ids "ADT in ('2014-01-02', '2014-02-01')", "ab")
  lu.assertEquals(ids "ADT between '2014-01-03' and '2014-12-31'", "b")
  lu.assertEquals(ids "'2014-01-02' between ADT - 1 and ADT", "a")
  lu.assertEquals(ids("ADT >= ?", "2014-02-01"), "b")
  lu.assertEquals(ids("ADT in ?", { "2014-02-01", "1959-01-01" }), "b")
  lu.assertEquals(ids "ADT > '1959-12-31'", "ab")
  lu.assertEquals(ids { ADT = "2014-01-02" }, "a")
  lu.assertEquals(ids { ADT = { "2014-01-02", NA } }, "ac")
  lu.assertEquals(ids "ADTM > '2014-01-02T01:02:03'", "ac")
  lu.assertEquals(ids "ADTM = '2014-01-02T01:02:03.5'", "a")
  lu.assertEquals(ids "ATM = '00:00'", "b")
  lu.assertEquals(ids "case ADT when '2014-01-02' then 1 else 0 end = 1", "a")
  lu.assertEquals(ids "coalesce(ADT, '2014-03-01') = '2014-03-01'", "c")
  lu.assertEquals(ids "coalesce('2014-03-01', '2014-04-01', ADT) = 19783",
    "abc")
end

function TestDates.test_wrong_literals()
  local r = sample()
  local function wrong(condition, message, ...)
    refuses(message, r.where, r, condition, ...)
  end
  wrong("ADT > '04.01.2024'", "where: '04.01.2024' is no date of ISO 8601 as "
    .. "ADT is, written '2014-01-31'")
  wrong("ADT > '2014-02-30'", "'2014-02-30' is no date")
  wrong("ADT > '2014-02'", "'2014-02' is no date of ISO 8601")
  wrong("ADT in ('2014-02-01', 'x')", "'x' is no date")
  wrong("ADT > ?", "'x' is no date", "x")
  wrong("ADT > '2014-02-01T00:00'", "a date has no time")
  wrong("ADTM > '2014-02-01'", "it needs a time, as '2014-02-01T00:00:00'")
  wrong("ATM > '24:00'", "'24:00' is no time of ISO 8601 as ATM is, written "
    .. "'13:45:00'")
  wrong("ADT > ADTM", "ADT is a date and ADTM a datetime of SAS")
  wrong("ADT > DTC", "ADT is a number and DTC is text: ADT is a date of SAS "
    .. "and DTC is text: iso(ADT) is ISO text, sasdate(DTC) a number")
  wrong("X > '2014-01-01'", "X is a number and '2014-01-01' is text")
end

function TestDates.test_functions()
  local r = sample()
  local function first(expression)
    return r:mutate("NEW = " .. expression):row(1).NEW
  end
  lu.assertEquals(first "iso(ADT)", "2014-01-02")
  lu.assertEquals(first "iso(ADTM)", "2014-01-02T01:02:03.5")
  lu.assertEquals(first "iso(ATM)", "01:02:03.5")
  lu.assertEquals(first "iso(ADT + 1)", "2014-01-03")
  lu.assertEquals(first "iso(max(ADT))", "2014-02-01")
  lu.assertEquals(first "sasdate('2014-01-02')", DAY)
  lu.assertEquals(first "sasdate(DTC)", DAY - 1)
  lu.assertEquals(first "sasdatetime('2014-01-02T01:02:03.5')", SECOND)
  lu.assertEquals(first "days(ADT, '2014-01-05')", 3)
  lu.assertEquals(first "days(DTC, ADT)", 1)
  lu.assertEquals(first "days(DTC, ADTM)", 1)
  lu.assertEquals(first "days(ADT, ADTM + 86400)", 1)
  lu.assertEquals(first "days(ADTM, ADTM + 86400)", 1)
  lu.assertEquals(first "days(ADT, ADT + 7)", 7)
  lu.assertEquals(first "first_date(ADT)", "2014-01-02")
  lu.assertEquals(first "last_date(ADTM)", "2014-01-02")
  lu.assertEquals(first "ADT + 30 - ADT", 30)
  lu.assertEquals(first "ADT - '2014-01-01'", 1)
  lu.assertEquals(r:mutate("NEW = iso(ADT)"):row(3).NEW, NA)
  lu.assertEquals(said, {})
  lu.assertEquals(r:mutate("NEW = iso(ATM)"):row(3).NEW, NA)
  lu.assertEquals(said, { "1 value became missing: a number that is no date or "
    .. "time of ISO 8601" })
end

function TestDates.test_the_format_is_kept()
  local r = sample()
  local function format(expression)
    return r:mutate("NEW = " .. expression).NEW.format
  end
  for _, expression in ipairs { "ADT + 1", "1 + ADT", "ADT - 1", "(ADT) + X",
    "max(ADT)", "lag(ADT)", "coalesce(ADT, ADT + 1)",
    "nullif(ADT, '2014-01-02')", "case when X > 1 then ADT end",
    "iif(X > 1, ADT, '2014-01-02')" } do
    lu.assertEquals(format(expression), "DATE9.", expression)
  end
  for _, expression in ipairs { "ADT - ADT", "ADT + 0.5", "ADT * 1", "1 - ADT",
    "cast(ADT as real)", "days(ADT, ADT)", "mean(ADT)" } do
    lu.assertEquals(format(expression), NA, expression)
  end
  lu.assertEquals(r:limit(1):mutate("NEW = sasdate(DTC)").NEW.format,
    "E8601DA.")
  lu.assertStrContains(tostring(r:mutate "NEW = ADT + 1":select "NEW"),
    "2014-01-03")
end

function TestDates.test_parts_that_are_not_known()
  local function iso(text, more)
    return relation.of_frame(cframe.build({ "D" }, { { text } }))
      :mutate("NEW = iso(D, " .. more .. ")"):row(1).NEW
  end
  lu.assertEquals(iso("UN.02.2024", "'dd.mm.yyyy', 'UN'"), "2024-02")
  lu.assertEquals(iso("un.Un.2024", "'dd.mm.yyyy', 'UN'"), "2024")
  lu.assertEquals(iso("29.02.2024", "'dd.mm.yyyy', 'UN'"), "2024-02-29")
  lu.assertEquals(iso("UNK-UNK-2024", "'d-mon-yyyy', 'UNK'"), "2024")
  lu.assertEquals(iso("05.02.29", "'dd.mm.yy', 1930"), "2029-02-05")
  lu.assertEquals(iso("05.02.30", "'dd.mm.yy', 1930"), "1930-02-05")
  lu.assertEquals(iso("UN/UN/99", "'d/m/yy', 1920, 'UN'"), "1999")
  lu.assertEquals(iso("01.01.00", "'dd.mm.yy', 2000"), "2000-01-01")
  for _, text in ipairs { "15.UN.2024", "00.02.2024", "01.00.2024",
      "30.02.2024", "UN.13.2024", "UN.02", "NK.02.2024" } do
    refuses("is no date written as", iso, text, "'dd.mm.yyyy', 'UN'")
  end
  refuses("is no date written as", iso, "UN.02.2024", "'dd.mm.yyyy'")
  refuses("iso(D, 'dd.mm.yy', 1930) takes them from 1930 to 2029", iso,
    "01.01.24", "'dd.mm.yy'")
  refuses("1930 is the first year of yy", iso, "x", "'dd.mm.yyyy', 1930")
  refuses("behind the pattern stand", iso, "x", "'dd.mm.yyyy', 19.5")
  refuses("behind the pattern stand", iso, "x", "'dd.mm.yyyy', '12'")
end

function TestDates.test_functions_refuse()
  local r = sample()
  local function wrong(expression, message)
    refuses(message, function()
      return r:mutate("NEW = " .. expression):collect()
    end)
  end
  wrong("iso(X)", "X is a number without a date format")
  wrong("iso(DTC)", "DTC is text: iso(DTC, 'dd.mm.yyyy') says how")
  wrong("sasdate(ADT)", "ADT is a number already")
  wrong("sasdate('2014')", "'2014' is no date of ISO 8601")
  wrong("sasdate(DTC)", "DTC: '2014-02' is no complete ISO date")
  wrong("sasdatetime(DTC)", "DTC: '2014-01-01' is no ISO date with a time")
  wrong("days(X, DTC)", "X is a number without a date format, DTC is text")
  wrong("days(X, ADTM)", "X is a number without a date format, ADTM a datetime")
  wrong("days(ATM, DTC)", "ATM is a time of day, no date")
  wrong("days(ADT, DTC)", "DTC: '2014-02' is no complete ISO date")
  wrong("first_date(X)", "X is a number without a date format")
  wrong("ADTM - ADT", "ADTM is a datetime and ADT a date of SAS")
end

function TestDates.test_the_sql_that_is_shown()
  local sql = sample():where "days(DTC, '2014-01-01') > 0":sql()
  lu.assertStrContains(sql, "days(\"DTC\", '2014-01-01')")
end

function TestDates.test_other_formats()
  local function iso(text, pattern)
    local f = relation.of_frame(cframe.build({ "D" }, { { text } }))
    return f:mutate(("I = iso(D, '%s')"):format(pattern)):row(1).I
  end
  for _, case in ipairs { { "04.01.2024", "dd.mm.yyyy", "2024-01-04" },
    { "4/1/2024", "m/d/yyyy", "2024-04-01" },
    { "29FEB2024", "ddmonyyyy", "2024-02-29" },
    { "29-Feb-2024", "DD-MON-YYYY", "2024-02-29" },
    { "20240104", "yyyymmdd", "2024-01-04" },
    { "", "dd.mm.yyyy", NA } } do
    lu.assertEquals(iso(case[1], case[2]), case[3])
  end
  for _, case in ipairs { { "4.1.2024", "dd.mm.yyyy" },
    { "30.02.2024", "dd.mm.yyyy" }, { "04.13.2024", "dd.mm.yyyy" },
    { "04.01.24", "dd.mm.yyyy" }, { "04.01.2024x", "dd.mm.yyyy" },
    { "04/01/2024", "dd.mm.yyyy" }, { "29XYZ2024", "ddmonyyyy" },
    { "04.01", "dd.mm.yyyy" } } do
    refuses(("D: '%s' is no date written as '%s'"):format(case[1], case[2]),
      iso, case[1], case[2])
  end
  for _, pattern in ipairs { "dd.mm.yy", "dd.mm", "dd.dd.yyyy", "dmyyyy",
    "mm.mon.yyyy", "dd.mm.yyyy hh", "1.mm.yyyy", "" } do
    refuses("iso: '" .. pattern .. "'", iso, "x", pattern)
  end
  refuses("D: '04.01.2024' is no ISO date (row 1); iso(D, 'dd.mm.yyyy')", function()
    return relation.of_frame(cframe.build({ "D" }, { { "04.01.2024" } }))
      :mutate "I = first_date(D)":collect()
  end)
end

function TestDates.test_the_rows_of_a_date_that_is_none_are_named()
  local frame = cframe.build({ "ID", "D" }, { { "a", "b", "c", "d" },
    { "2024-01-05", "2024-13-01", "x", "2024-13-01" } })
  refuses("D: '2024-13-01' is no date of the calendar (row 2, 2 rows have it)",
    function()
      return relation.of_frame(frame):where [[D <> 'x']]
        :join(relation.of_frame(frame):select("ID"), "ID")
        :mutate "I = days(D, D)":collect()
    end)
  local ok, err = pcall(function()
    return relation.of_frame(frame):mutate("I = days('2020-02-30', D)"):collect()
  end)
  lu.assertFalse(ok)
  lu.assertEquals(err.message, "'2020-02-30' is no date of the calendar")
  refuses("D: 'x' is no ISO date (row 3); iso(D", function()
    return relation.of_frame(frame):where [[ID = 'c']]
      :union(relation.of_frame(frame):where [[ID = 'c']])
      :mutate "I = days(D, D)":collect()
  end)
end

function TestDates.test_iso_number_is_the_inverse_of_text()
  local iso = require "trialsh.iso"
  for x = -138061, 2936549, 7919 do
    lu.assertEquals(iso.number("date", iso.text("date", x)), x)
    local s = x * 86400 + x % 86400 + 0.5
    lu.assertEquals(iso.number("datetime", iso.text("datetime", s)), s)
  end
  for _, text in ipairs { "2014-1-1", "2014-02-29", "0000-01-01", "2014-13-01",
    "", "x", "2014-01-01 ", "2014-00-10" } do
    lu.assertNil(iso.number("date", text), text)
  end
  for _, text in ipairs { "1:00", "01:60", "01:00:60", "01:00:00.", "01:00.5",
    "01:00:00,5", "01:00:0", "" } do
    lu.assertNil(iso.number("time", text), text)
  end
end

local code = lu.LuaUnit.run()
os.execute("rm -rf '" .. folder .. "'")
os.exit(code)
