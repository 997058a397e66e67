-- table.deaths: who died, when and of what.

local NA = require "ts.na".NA
local fail = require "ts.error".fail
local format = require "trialsh.format"
local object = require "trialsh.table.object"
local rows = require "trialsh.table.rows"
local source = require "trialsh.table.source"

local M = {}

local WHO = "table.deaths"

local own = { days = { "table", { 28, 90 } }, cause = { "string" },
  day = { "string" }, from = { "string" }, after = { "number", 30, least = 0 } }
local spec = source.spec(own)

-- Days from one date to another, as SQL's days(); by subject.
local function days_between(set, from, to)
  local frame = require "trialsh.data".frame(set.data:mutate(
    ('"ts days" = days("%s", "%s")'):format(from, to)), { "ts days" })
  return require "ts.frame".values(frame:column "ts days")
end

-- Whether each subject died, and the day: DTHDY, or days from randomisation to
-- DTHDT, randomisation being day 0.
local function deaths_of(set, opt)
  local died, day, words = {}, nil, nil
  if opt.day or rows.has(set, "DTHDY") then
    local name = rows.column(WHO, set, opt.day or "DTHDY")
    day, words = rows.values(set, name), name
  elseif rows.has(set, "DTHDT") then
    local from = opt.from
    for _, usual in ipairs { "RANDDT", "TRTSDT" } do
      if not from and rows.has(set, usual) then from = usual end
    end
    if from then
      from = rows.column(WHO, set, from)
      day, words = days_between(set, from, "DTHDT"), "days from " .. from
    end
  end
  if rows.has(set, "DTHFL") then
    for i, flag in ipairs(rows.values(set, "DTHFL")) do died[i] = flag == "Y" end
  elseif rows.has(set, "DTHDT") then
    for i, date in ipairs(rows.values(set, "DTHDT")) do died[i] = date ~= NA end
  elseif day then
    for i, x in ipairs(day) do died[i] = x ~= NA end
  else
    fail("not found", WHO .. ": no column DTHFL, DTHDT or DTHDY")
  end
  return died, day, words
end

local function both(a, test)
  local out = {}
  for i, yes in ipairs(a) do out[i] = yes and test(i) end
  return out
end

-- Deaths until some days after the last dose, and later.
local function add_treatment(t, set, opt, died)
  if not (rows.has(set, "TRTEDT") and rows.has(set, "DTHDT")) then return end
  local since = days_between(set, "TRTEDT", "DTHDT")
  local n = format.cell(opt.after, 0)
  rows.count(t, set, ("Until %s days after the last dose"):format(n), 1,
    both(died, function(i) return since[i] ~= NA and since[i] <= opt.after end))
  rows.count(t, set, ("Later than %s days after the last dose"):format(n), 1,
    both(died, function(i) return since[i] ~= NA and since[i] > opt.after end))
  local open = both(died, function(i) return since[i] == NA end)
  for _, arm in ipairs(set.arms) do
    if rows.n(arm, open) > 0 then
      rows.count(t, set, "Last dose or date of death not known", 1, open)
      return
    end
  end
end

local function add_causes(t, set, opt, died)
  local name = opt.cause or rows.has(set, "DTHCAUS") and "DTHCAUS"
  if not name then return end
  name = rows.column(WHO, set, name)
  local causes = rows.values(set, name)
  rows.heading(t, "Cause")
  for _, cause in ipairs(rows.levels(set, name, died)) do
    if cause ~= "" then
      local row = rows.count(t, set, rows.sentence(cause), 1,
        both(died, function(i) return causes[i] == cause end))
      row.variable, row.level = name, cause
    end
  end
  local open = both(died, function(i)
    return causes[i] == NA or causes[i] == ""
  end)
  for _, arm in ipairs(set.arms) do
    if rows.n(arm, open) > 0 then
      rows.count(t, set, "Not known", 1, open)
      return
    end
  end
end

--- table.deaths { SUBJECTS, option = ... } -> table
-- Deaths by arm: all, within days, on treatment and later, by cause. SUBJECTS: adsl
-- of the open study, those of the population SAF or the first; with DTHFL, or
-- DTHDT or DTHDY.
--   days    { 28, 90 }: within so many days;  day  "DTHDY" where there is one,
--           else days to DTHDT;  from  "RANDDT", else "TRTSDT": day 0
--   after   30: days after the last dose (TRTEDT) that count as on treatment
--   cause   "DTHCAUS" where there is one
--   by, total, pooled, population, percent_digits, percent, title, note
--           as in table.summary; p_digits and journal are of no use here
-- These are counts: who was lost to follow-up counts as alive. km estimates.
--
--   > table.deaths { demo.adsl, total = true }
--                                   Placebo        CYT107 LF     CYT107 HF
--                                   (N = 8)        (N = 8)       (N = 8)
--   Deaths                           7 (88 %)       5 (63 %)      3 (38 %)
--     Within 28 days                 3 (38 %)       2 (25 %)      1 (13 %)
--     Within 90 days                 7 (88 %)       5 (63 %)      3 (38 %)
--     Day of death, median (range)  30 (18 to 64)  52 (7 to 85)  29 (26 to 62)
--
--                                   Total
--                                   (N = 24)
--   Deaths                          15 (63 %)
--     Within 28 days                 6 (25 %)
--     Within 90 days                15 (63 %)
--     Day of death, median (range)  30 (7 to 85)
--   Day: DTHDY. Counts: subjects lost to follow-up count as alive.
--   SIMULATED DATA
--
-- See also: table.disposition, km.
function M.deaths(given)
  local first, list, opt = source.read(WHO, given, spec)
  if #list > 0 then fail("invalid", WHO .. ": options have names, days = { 28 }") end
  local set = source.subjects(WHO, first, opt, { usual = "SAF" })
  local died, day, words = deaths_of(set, opt)
  local t = source.begin(set, { what = "deaths", title = "Deaths" }, opt)
  local row = rows.count(t, set, "Deaths", 0, died)
  row.variable, row.level = "DTHFL", "Y"
  for _, limit in ipairs(day and opt.days or {}) do
    if type(limit) ~= "number" then
      fail("type", WHO .. ": days are numbers, { 28, 90 }")
    end
    rows.count(t, set, ("Within %s days"):format(format.cell(limit, 0)), 1,
      both(died, function(i) return day[i] ~= NA and day[i] <= limit end))
  end
  add_treatment(t, set, opt, died)
  if day then
    local of = {}
    for i, yes in ipairs(died) do of[i] = yes and day[i] or NA end
    rows.measure(WHO, t, set, "Day of death, median (range)", 1, of,
      "median (range)").variable = words
    object.say(t, ("Day: %s."):format(words))
  end
  add_causes(t, set, opt, died)
  object.say(t, "Counts: subjects lost to follow-up count as alive.")
  return t
end

return M
