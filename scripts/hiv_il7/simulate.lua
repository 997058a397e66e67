-- The raw export of a simulated A5214: trialsh simulate.lua [FOLDER [SEED]]
-- writes FOLDER/raw/*.csv, and who got what to FOLDER/sealed/codes.csv.
-- SIMULATED DATA: no number here is of a patient.
-- [p] published or registered; [a] assumed by us.

local folder, seed, opt = ...
folder, seed, opt = folder or "out", tonumber(seed or 7), opt or {}
local effect = opt.effect or 1
local r = random(seed, { replicate = opt.replicate or 0 })

local P = {
  levels  = { 3, 10, 30, 60, 100 },      -- [p] 3 to 100 ug/kg; [a] the levels between
  strata  = { "50 or more", "below 50" },                -- [p] by viral load; [a] the limit, copies/mL
  cohort  = { "dose", "dose", "dose", "Placebo" },       -- [p] four subjects, 3:1
  -- [p] a rule for dose-limiting toxicity; [a] its numbers: a level with two or more of them, in both strata
  -- together, ends the trial, and the one below is the highest that is tolerated
  limit   = 2,
  dlt     = { [3] = 0.01, [10] = 0.03, [30] = 0.08, [60] = 0.45, [100] = 0.6 },    -- [a] of a subject
  cd4     = { 420, 0.35 },               -- [a] per uL, SD of logarithms
  cd8     = { 800, 0.35 },
  fall    = 0.7,                         -- [a] fold on day 4: cells leave the blood
  rise    = 0.30,                        -- [a] logarithm of the fold on day 14, for each e-fold of the dose in 3 ug/kg
  noise   = 0.12,                        -- [a]
}

local f = rawfiles {
  dm = { "USUBJID", "AGE", "LEVEL", "VLGR1", "RANDDT" }, lb = { "USUBJID", "PARAMCD", "ADT", "AVAL", "UNIT" },
  ae = { "USUBJID", "AESEQ", "AEDECOD", "ASTDT", "AETOXGR", "AEDLT" },
}
local codes = rawfiles { codes = { "USUBJID", "TRT01P" } }

local number = 0
-- A subject; whether it had a dose-limiting toxicity.
local function subject(level, stratum, dosed)
  number = number + 1
  local id, start = ("HIV-%02d"):format(number), 1113264000 + number * 6 * 86400      -- [a] from April 2005
  local function date(day) return os.date("!%Y-%m-%d", start + (day - 1) * 86400) end
  f:add("dm", id, ("%.0f"):format(r:between(42, 9, 20, 65)), level, stratum, date(1))
  codes:add("codes", id, dosed and level .. " ug/kg" or "Placebo")
  local rise = dosed and effect * P.rise * (1 + math.log(level / 3)) or 0
  for _, cell in ipairs { "cd4", "cd8" } do
    local base = r:lognormal(P[cell][1], P[cell][2])
    for _, day in ipairs { 1, 4, 14, 28 } do
      local fold = day == 4 and dosed and effect > 0 and math.log(P.fall) or day >= 14 and rise * (day == 28 and 0.6 or 1) or 0
      f:add("lb", id, cell:upper(), date(day), ("%.0f"):format(base * math.exp(fold + (day > 1 and P.noise * r:normal() or 0))), "/uL")
    end
  end
  local toxic = r:chance(dosed and P.dlt[level] or 0.01)
  if toxic then f:add("ae", id, 1, "Alanine aminotransferase increased", date(3 + r:below(9)), 3, "Y") end
  if dosed and r:chance(0.6) then f:add("ae", id, 2, "Injection site reaction", date(1), 1, "N") end
  return toxic
end

for _, level in ipairs(P.levels) do
  local toxicities = 0
  for _, stratum in ipairs(P.strata) do
    for _, what in ipairs(r:shuffle { table.unpack(P.cohort) }) do
      if subject(level, stratum, what == "dose") then toxicities = toxicities + 1 end
    end
  end
  if toxicities >= P.limit then break end
end
f:write(folder .. "/raw")
codes:write(folder .. "/sealed")
return folder
