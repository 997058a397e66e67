-- A small trial that tests of endpoints share: 24 subjects of three arms, two
-- of them pooled, with what happens to them. s, after filling, has adsl, adlb (a
-- row per visit, with BASE and CHG), adtte and adae.
local data = require "trialsh.data"
local frame = require "ts.frame"
local endpoints = require "trialsh.endpoint"

local M = {}

local function make(names, arrays)
  return data.wrap(frame.build(names, arrays))
end
M.make = make

--- The trial; more: further keys of its definition.
function M.trial(more)
  local def = {
    arms = { { "P", "Placebo", reference = true }, { "L", "low" },
      { "H", "high" }, { "Active", "both", pool = { "L", "H" } } },
    compare = { "Active vs P", "H vs P", "L vs P" },
    populations = {
      { "ITT", "all randomised", "RANDDT is not null", treatment = "TRT01P" },
      { "SAF", "all treated", "TRTFL = 'Y'", treatment = "TRT01A" } },
    parameters = {
      { "ALC", "Lymphocytes", "adlb", unit = "/uL", better = "higher" },
      { "SOFA", "SOFA score", "adlb", better = "lower" },
      { "DEATH", "Time to death", "adtte", unit = "days", better = "later" } },
    visits = { { "Day 1", 1, window = { -3, 1 } },
      { "Day 8", 8, window = { 5, 11 } },
      { "Day 29", 29, window = { 26, 35 } } },
    seed = 1,
  }
  for key, value in pairs(more or {}) do def[key] = value end
  return trial "T" (def)
end

-- Numbers that look random and are the same everywhere.
local function noise(i, j) return (i * 7919 + j * 104729) % 1009 / 1009 end

local function column() return setmetatable({ n = 0 }, { __call = function(c, x)
  c.n = c.n + 1
  c[c.n] = x
end }) end

local function list(c)
  local out = {}
  for i = 1, c.n do out[i] = c[i] end
  return out
end

local function date(day) -- day 1 is 2020-01-01
  return os.date("!%Y-%m-%d", 1577836800 + (day - 1) * 86400)
end
M.date = date

--- The study, with its trial; dead: { [subject] = day }.
function M.study(more)
  endpoints.list = {}
  require "trialsh.multiplicity".list = {}
  local t = M.trial(more)
  local s = require "trialsh.study".memory()
  study.open(s)
  s.trial = t
  local NA = NA
  local c = {}
  for name in ("id arm actual treated sex site age dose rand start death stop")
    :gmatch "%S+" do c[name] = column() end
  local r = {}
  for name in ("id code visit value base change day"):gmatch "%S+" do
    r[name] = column()
  end
  local died = { [5] = 6, [10] = 20, [19] = 60, [21] = 12 }
  local stopped = { [3] = 15, [8] = 4, [17] = 27 }
  for i = 1, 24 do
    local arm = ({ "P", "L", "H" })[i % 3 + 1]
    c.id(("%02d"):format(i)); c.arm(arm); c.actual(arm)
    c.treated(i == 24 and "N" or "Y")
    c.sex(noise(i, 1) < 0.5 and "F" or "M")
    c.site(({ "A", "B" })[i % 2 + 1])
    c.age(40 + math.floor(40 * noise(i, 2)))
    c.dose(({ P = 0, L = 1, H = 3 })[arm])
    c.rand(date(0)); c.start(date(1))
    c.death(died[i] and date(died[i]) or NA)
    c.stop(stopped[i] and date(stopped[i]) or NA)
    for k, code in ipairs { "ALC", "SOFA" } do
      local base
      for j, day in ipairs { 1, 8, 29 } do
        local gone = died[i] and died[i] < day or i == 12 and j == 3
          or i == 15 and j > 1
        local rise = ({ P = 0.1, L = 0.4, H = 0.7 })[arm] * (j - 1)
        local value = code == "ALC"
          and math.floor(400 + 500 * noise(i, 3 + j) * (1 + rise))
          or math.floor(12 * noise(i, 9 + j)) + 2 - math.floor(2 * rise)
        base = base or value
        if not gone then
          r.id(("%02d"):format(i)); r.code(code)
          r.visit(({ "Day 1", "Day 8", "Day 29" })[j])
          r.value(value); r.base(base); r.change(value - base)
          r.day(date(day + (k == 1 and i == 3 and j == 3 and 2 or 0)))
        end
      end
    end
  end
  s.adsl = make({ "USUBJID", "TRT01P", "TRT01A", "TRTFL", "SEX", "SITEID",
    "AGE", "DOSE", "RANDDT", "TRTSDT", "DTHDT", "DCTDT" }, { list(c.id),
    list(c.arm), list(c.actual), list(c.treated), list(c.sex), list(c.site),
    list(c.age), list(c.dose), list(c.rand), list(c.start), list(c.death),
    list(c.stop) })
  s.adlb = make({ "USUBJID", "PARAMCD", "AVISIT", "AVAL", "BASE", "CHG",
    "ADT" }, { list(r.id), list(r.code), list(r.visit), list(r.value),
    list(r.base), list(r.change), list(r.day) })
  local id, code, time, censored = {}, {}, {}, {}
  for i = 1, 24 do
    id[i], code[i] = ("%02d"):format(i), "DEATH"
    time[i], censored[i] = died[i] or 20 + i, died[i] and 0 or i % 3 == 0
      and 0 or 1
  end
  s.adtte = make({ "USUBJID", "PARAMCD", "AVAL", "CNSR" },
    { id, code, time, censored })
  s.adae = make({ "USUBJID", "AETOXGR" }, {
    { "01", "01", "02", "07", "14", "16", "16", "22", "23" },
    { 1, 3, 3, 4, 2, 3, 4, 3, 1 } })
  return s
end

--- The rows of a parameter at a visit beside adsl: what an analysis sees.
function M.rows(s, code, visit)
  return s.adsl:select("USUBJID", "TRT01P", "SEX", "SITEID", "AGE", "DOSE")
    :join(s.adlb:where { PARAMCD = code, AVISIT = visit }
      :select("USUBJID", "AVAL", "BASE", "CHG"), "USUBJID")
end

--- The text of an error, or of what check() says of mistakes.
function M.message(f, ...)
  local ok, err = pcall(f, ...)
  require "luaunit".assertFalse(ok, "no error")
  return tostring(err)
end

return M
