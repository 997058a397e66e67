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

local code = lu.LuaUnit.run()
os.execute("rm -rf '" .. folder .. "'")
os.exit(code)
