-- Dates and times of SAS as ISO 8601 texts. The numbers stay numbers: days
-- since 1960-01-01, seconds since then, or seconds since midnight, and the
-- format of a column says which.

local M = {}

local DATE = {}
for name in ([[DATE DAY DDMMYY DDMMYYB DDMMYYC DDMMYYD DDMMYYN DDMMYYP DDMMYYS
  MMDDYY MMDDYYB MMDDYYC MMDDYYD MMDDYYN MMDDYYP MMDDYYS YYMMDD YYMMDDB
  YYMMDDC YYMMDDD YYMMDDN YYMMDDP YYMMDDS DOWNAME JULDAY JULIAN MMYY MMYYC
  MMYYD MMYYN MMYYP MMYYS YYMM YYMMC YYMMD YYMMN YYMMP YYMMS MONYY MONTH
  MONNAME QTR QTRR YYQ YYQC YYQD YYQN YYQP YYQS YYQR WEEKDATE WEEKDATX
  WEEKDAY WEEKU WEEKV WEEKW WORDDATE WORDDATX YEAR YYMON E8601DA B8601DA
  IS8601DA NLDATE NLDATEL NLDATEM NLDATES NLDATEW NLDATEMN EURDFDD EURDFDE
  EURDFDN EURDFDWN EURDFMN EURDFMY EURDFWDX EURDFWKX]]):gmatch "%S+" do
  DATE[name] = "date"
end
for name in ([[DATETIME DATEAMPM MDYAMPM DTDATE DTMONYY DTWKDATX DTYEAR DTYYQC
  E8601DT B8601DT IS8601DT E8601DN B8601DN IS8601DN E8601DZ B8601DZ IS8601DZ
  E8601DX B8601DX E8601LX B8601LX NLDATM NLDATML NLDATMM NLDATMS NLDATMW
  NLDATMAP EURDFDT]]):gmatch "%S+" do
  DATE[name] = "datetime"
end
for name in ([[TIME TIMEAMPM HHMM HOUR MMSS E8601TM B8601TM IS8601TM E8601TZ
  B8601TZ IS8601TZ E8601LZ B8601LZ IS8601LZ NLTIME NLTIMAP]]):gmatch "%S+" do
  DATE[name] = "time"
end

--- iso.kind("DATE9.") -> "date", "datetime", "time" or nil
function M.kind(format)
  if type(format) ~= "string" then return nil end
  local name = format:upper():match "^([A-Z_][A-Z0-9_]-)%d*%.?%d*$"
  return name and DATE[name]
end

-- Days since 1960-01-01 as year, month, day of the Gregorian calendar; eras of
-- 400 years that begin in March (Hinnant 2013, chrono-compatible algorithms).
local function civil(days)
  days = days + 715815 -- since 0000-03-01
  local era = days // 146097
  local of_era = days - era * 146097
  local year = (of_era - of_era // 1460 + of_era // 36524
    - of_era // 146096) // 365
  local of_year = of_era - (365 * year + year // 4 - year // 100)
  local month = (5 * of_year + 2) // 153
  local day = of_year - (153 * month + 2) // 5 + 1
  month = month < 10 and month + 3 or month - 9
  return year + era * 400 + (month <= 2 and 1 or 0), month, day
end

local FIRST, LAST = -138061, 2936549 -- 1582-01-01, as in SAS, to 9999-12-31

local function date(days)
  if days < FIRST or days > LAST then return nil end
  return ("%04d-%02d-%02d"):format(civil(math.tointeger(days)))
end

-- Hours may exceed 24: a time is a duration, too.
local function clock(seconds)
  local whole = math.floor(seconds)
  local rest = ("%.6f"):format(seconds - whole)
  if rest:sub(1, 1) ~= "0" then whole, rest = whole + 1, "0.000000" end
  rest = rest:sub(2):gsub("0+$", ""):gsub("^%.$", "")
  whole = math.tointeger(whole)
  return ("%02d:%02d:%02d%s"):format(whole // 3600, whole // 60 % 60,
    whole % 60, rest)
end

--- iso.text("date", 21915) -> "2020-01-01"; nil where SAS has no date
function M.text(kind, x)
  if kind == "date" then
    return x == math.floor(x) and date(x) or nil
  elseif math.abs(x) > 1e12 then
    return nil
  elseif kind == "time" then
    return x < 0 and "-" .. clock(-x) or clock(x)
  end
  x = math.floor(x * 1e6 + 0.5) / 1e6
  local day = date(math.floor(x / 86400))
  return day and day .. "T" .. clock(x - math.floor(x / 86400) * 86400)
end

-- Days since 1960-01-01 of a date of the calendar, or nil.
local function days(text)
  local y, m, d = text:match "^(%d%d%d%d)%-(%d%d)%-(%d%d)$"
  y, m, d = tonumber(y), tonumber(m), tonumber(d)
  if not y or m < 1 or m > 12 or d < 1 or d > 31 then return nil end
  local march = m > 2 and m - 3 or m + 9
  local year = m > 2 and y or y - 1
  local n = 365 * year + year // 4 - year // 100 + year // 400
    + (153 * march + 2) // 5 + d - 1 - 715815
  return date(n) == text and n or nil -- not 02-30
end

-- Whole seconds and their fraction of a time of day, or nil.
local function seconds(text)
  local h, m, rest = text:match "^(%d%d):(%d%d)(.*)$"
  local s, fraction = "00", "0"
  if rest and rest ~= "" then
    s, fraction = rest:match "^:(%d%d)(.*)$"
    if fraction == "" then fraction = "0" end
    if s and fraction ~= "0" and not fraction:find "^%.%d+$" then return nil end
  end
  h, m, s = tonumber(h), tonumber(m), tonumber(s)
  if not h or not s or h > 23 or m > 59 or s > 59 then return nil end
  return h * 3600 + m * 60 + s, tonumber("0" .. fraction) + 0.0
end

--- iso.number("date", "2020-01-01") -> 21915; nil for other text
function M.number(kind, text)
  if kind == "date" then return days(text) end
  if kind == "time" then
    local whole, fraction = seconds(text)
    return whole and whole + fraction
  end
  local day, clock = text:match "^([^T ]*)[T ](.*)$"
  local n = day and days(day)
  local whole, fraction = seconds(clock or "")
  return n and whole and n * 86400 + whole + fraction or nil
end

return M
