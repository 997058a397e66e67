-- table.exposure: how long and how much each arm was treated.

local NA = require "ts.na".NA
local fail = require "ts.error".fail
local format = require "trialsh.format"
local make = require "trialsh.table.cell"
local object = require "trialsh.table.object"
local rows = require "trialsh.table.rows"
local source = require "trialsh.table.source"

local M = {}

local WHO = "table.exposure"

local own = { duration = { "any" }, doses = { "any" }, planned = { "any" },
  cuts = { "table" } }
local spec = source.spec(own)

local function numbers(set, name)
  local values = rows.values(set, name)
  for _, x in ipairs(values) do
    if x ~= NA and type(x) ~= "number" then
      fail("type", ("%s: %s is text; a column of numbers is needed"):format(WHO,
        name))
    end
  end
  return values
end

-- Total of an arm, "412" or "1.13" patient-years; unknown where no value is.
local function add_total(t, set, label, values, per)
  local cells = {}
  for j, arm in ipairs(set.arms) do
    local known, sum = rows.of_arm(values, arm), 0
    for _, x in ipairs(known) do sum = sum + x end
    cells[j] = make.fixed("sum", #known > 0 and sum / per or NA, per == 1 and 0
      or math.min(2, format.decimals(sum / per)))
  end
  t.rows[#t.rows + 1] = { label = label, indent = 1, cells = cells }
end

-- Subjects by ranges of the duration: cuts { 7, 14, 28 } are "1 to 7", ...
local function add_cuts(t, set, values, cuts)
  local low
  for k = 1, #cuts + 1 do
    local high = cuts[k]
    if high and type(high) ~= "number" or low and high and high <= low then
      fail("type", WHO .. ": cuts are rising numbers, { 7, 14, 28 }")
    end
    local so = {}
    for i, x in ipairs(values) do
      so[i] = x ~= NA and (not low or x > low) and (not high or x <= high)
    end
    rows.count(t, set, not low and ("%s or less"):format(format.cell(high, 0))
      or not high and ("over %s"):format(format.cell(low, 0))
      or ("over %s to %s"):format(format.cell(low, 0), format.cell(high, 0)), 1, so)
    low = high
  end
end

local function add_measures(t, set, name, values, digits)
  for _, form in ipairs { "mean (SD)", "median (Q1 to Q3)", "range" } do
    local row = rows.measure(WHO, t, set, make.form(WHO, form)[2], 1, values, form,
      digits)
    row.variable = name
  end
end

local function missing(t, set, values)
  local so, any = {}, false
  for i, x in ipairs(values) do
    so[i] = x == NA
    any = any or so[i]
  end
  if any then rows.count(t, set, "Missing", 1, so) end
end

--- table.exposure { SUBJECTS, option = ... } -> table
-- Duration of treatment, patient-years, doses given and the share of the planned
-- ones. SUBJECTS: adsl of the open study, those of the population SAF or the first.
--   duration  "TRTDUR", days, where there is one; false: none
--   doses     "NDOSE";  planned  "NPLAN": of each subject
--   cuts      { 7, 14, 28 }: subjects by ranges of duration
--   by, total, pooled, population, percent_digits, percent, title, note
--             as in table.summary; p_digits and journal are of no use here
--
--   > table.exposure { demo.adsl }
--                                Placebo               CYT107 LF
--                                (N = 8)               (N = 8)
--   Duration of treatment, days
--     mean (SD)                   20.3 (3.2)            17.6 (8.3)
--     median (Q1 to Q3)           22.0 (18.5 to 22.0)   22.0 (15.0 to 22.0)
--     Min to max                  15 to 22               1 to 22
--     Patient-years                0.44                  0.39
--   Doses
--     mean (SD)                    3.6 (0.5)             3.4 (1.2)
--     median (Q1 to Q3)            4 (3 to 4)            4 (3 to 4)
--     Min to max                   3 to 4                1 to 4
--     Total                       29                    27
--   Doses, % of planned
--     mean (SD)                   90.6 (12.9)           84.4 (29.7)
--     median (Q1 to Q3)          100 (75 to 100)       100 (75 to 100)
--     Min to max                  75 to 100             25 to 100
--     All planned doses            5 (63 %)              6 (75 %)
--
--                                CYT107 HF
--                                (N = 8)
--   Duration of treatment, days
--     mean (SD)                   22.0 (0.0)
--     median (Q1 to Q3)           22.0 (22.0 to 22.0)
--     Min to max                  22 to 22
--     Patient-years                0.48
--   Doses
--     mean (SD)                    3.9 (0.4)
--     median (Q1 to Q3)            4 (4 to 4)
--     Min to max                   3 to 4
--     Total                       31
--   Doses, % of planned
--     mean (SD)                   96.9 (8.8)
--     median (Q1 to Q3)          100 (100 to 100)
--     Min to max                  75 to 100
--     All planned doses            7 (88 %)
--   Quartiles: type 2 (SAS).
--   SIMULATED DATA
--
-- See also: relation:exposure, table.ae.
function M.exposure(given)
  local first, list, opt = source.read(WHO, given, spec)
  if #list > 0 then
    fail("invalid", WHO .. ": columns are named, duration = \"TRTDUR\"")
  end
  local set = source.subjects(WHO, first, opt, { usual = "SAF" })
  local duration = rows.usual(WHO, set, opt.duration, { "TRTDUR", "TRTDURD" })
  local doses = rows.usual(WHO, set, opt.doses, { "NDOSE" })
  local planned = rows.usual(WHO, set, opt.planned, { "NPLAN" })
  if not duration and not doses then
    fail("not found", WHO .. ": no column TRTDUR or NDOSE; duration = and doses = "
      .. "name them")
  end
  local t = source.begin(set, { what = "exposure", title = "Exposure" }, opt)
  if duration then
    local values = numbers(set, duration)
    rows.heading(t, "Duration of treatment, days")
    add_measures(t, set, duration, values)
    add_total(t, set, "Patient-years", values, 365.25)
    if opt.cuts then add_cuts(t, set, values, opt.cuts) end
    missing(t, set, values)
  end
  if doses then
    local values = numbers(set, doses)
    rows.heading(t, "Doses")
    add_measures(t, set, doses, values)
    add_total(t, set, "Total", values, 1)
    missing(t, set, values)
    if planned then
      local plan, share, full = numbers(set, planned), {}, {}
      for i, x in ipairs(values) do
        local known = x ~= NA and plan[i] ~= NA and plan[i] > 0
        share[i] = known and 100 * x / plan[i] or NA
        full[i] = known and x >= plan[i]
      end
      rows.heading(t, "Doses, % of planned")
      add_measures(t, set, planned, share, 0)
      rows.count(t, set, "All planned doses", 1, full)
      missing(t, set, share)
    end
  end
  object.say(t, "Quartiles: type 2 (SAS).")
  return t
end

return M
