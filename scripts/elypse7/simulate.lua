-- The raw export of a simulated ELYPSE-7: trialsh simulate.lua [FOLDER [SEED]]
-- writes FOLDER/raw/*.csv, and who got what to FOLDER/sealed/codes.csv.
-- SIMULATED DATA: no number here is of a patient.
-- [p] published or registered (NCT01368107); [a] assumed by us.

local folder, seed, opt = ...
folder, seed, opt = folder or "out", tonumber(seed or 7), opt or {}
local effect = opt.effect or 1
local r = random(seed, { replicate = opt.replicate or 0 })

local P = {
  n        = 20,                         -- [p] patients
  arms     = { "P-P", "P-C", "C-P", "C-C" },             -- [p] 2 x 2; [a] blocks of 4
  alc      = { 1050, 0.22, 1500 },       -- [p] below 1500/uL; [a] geometric mean, SD of logarithms
  cd4      = { 0.36, 0.15 },             -- [a] share of lymphocytes, SD of logarithms
  days     = { 21, 57, 78 },             -- [p]
  noise    = 0.16,                       -- [a] from visit to visit
  placebo  = 1.099,                      -- [p] CD4 +9.9 % with placebo before chemotherapy
  before   = 2.481,                      -- [p] CD4 +148.1 % with CYT107 before
  kept     = { D57 = 0.5, D78 = 0.35 },  -- [a] share of that rise which chemotherapy leaves
  during   = 1.15,                       -- [a] fold with CYT107 during chemotherapy
  chemo    = 0.85,                       -- [a] fold by chemotherapy
  missed   = 0.04,                       -- [a]
  progress = 0.15,                       -- [a] by day 78
}

local f = rawfiles {
  dm = { "USUBJID", "AGE", "RANDDT" }, lb = { "USUBJID", "PARAMCD", "ADT", "AVAL", "UNIT" },
  ds = { "USUBJID", "DSDECOD", "DSDT" },
}
local codes = rawfiles { codes = { "USUBJID", "TRT01P" } }

local function patient(number, arm)
  local id = ("ELY-%02d"):format(number)
  local start = 1307491200 + number * 21 * 86400   -- [a] from June 2011
  local function date(day) return os.date("!%Y-%m-%d", start + (day > 0 and day - 1 or day) * 86400) end
  local before = effect > 0 and arm:sub(1, 1) == "C"
  local during = effect > 0 and arm:sub(3, 3) == "C"
  local alc
  repeat alc = r:lognormal(P.alc[1], P.alc[2]) until alc < P.alc[3] and alc > 300
  local share = r:lognormal(P.cd4[1], P.cd4[2])
  f:add("dm", id, ("%.0f"):format(r:between(57, 10, 35, 80)), date(1))
  codes:add("codes", id, arm)
  f:add("ds", id, "RANDOMISED", date(1))

  local function measure(day, fold)
    f:add("lb", id, "ALC", date(day), ("%.0f"):format(alc * fold), "/uL")
    f:add("lb", id, "CD4", date(day), ("%.0f"):format(alc * share * fold * r:lognormal(1, 0.05)), "/uL")
  end
  measure(1, 1)
  for _, day in ipairs(P.days) do
    local rise = math.log(before and P.before or P.placebo)
    if day > 21 then
      rise = P.kept["D" .. day] * rise + math.log(P.chemo) + (during and math.log(P.during) or 0)
    end
    if not r:chance(P.missed) then
      measure(day + r:below(5) - 3, math.exp(rise + P.noise * r:normal()))
    end
  end
  if r:chance(P.progress) then f:add("ds", id, "PROGRESSION", date(25 + r:below(50))) end
  f:add("ds", id, "END OF STUDY", date(90))
end

local block = {}
for number = 1, P.n do
  if #block == 0 then block = r:shuffle { table.unpack(P.arms) } end
  patient(number, table.remove(block))
end
f:write(folder .. "/raw")
codes:write(folder .. "/sealed")
return folder
