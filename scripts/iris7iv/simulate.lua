-- The raw export of a simulated IRIS-7 C/D: trialsh simulate.lua [FOLDER [SEED]]
-- writes FOLDER/raw/*.csv, and who got what to FOLDER/sealed/codes.csv.
-- SIMULATED DATA: no number here is of a patient.
-- [p] published or registered (NCT03821038); [a] assumed by us.

local folder, seed, opt = ...
folder, seed, opt = folder or "out", tonumber(seed or 3), opt or {}
local effect = opt.effect or 1
local r = random(seed, { replicate = opt.replicate or 0 })

local P = {
  n         = opt.n or 21,               -- [p] 21 of 40 planned: halted
  ratio     = { "CYT107", "CYT107", "CYT107", "Placebo" },      -- [p] 3:1; [a] in blocks of 4
  alc       = { 560, 0.30, 900 },        -- [a] geometric mean, SD of logarithms; [p] both screening values at most 900
  apart     = { 12, 30 },                -- [p] the two at least 12 h apart; [a] at most 30
  recovery  = { 1.45, 0.25 },            -- [a] fold by day 29 without the drug, SD of logarithms
  drug      = 1.75,                      -- [p] 2- to 3-fold in all, against [a] recovery
  noise     = 0.12,                      -- [a]
  uln       = 4000,                      -- [a]
  days      = { 8, 15, 22, 29, 42, 60, 90 },                    -- [a]
  doses     = { 1, 4, 8, 11, 15, 18 },   -- [p] twice a week for 3 weeks; [a] the days
  deaths    = 0.20,                      -- [a] by day 90
  missed    = 0.06,                      -- [a] visits
  distress  = 3 / 15,                    -- [p] fever and respiratory distress with the infusion: 3 of 15 with CYT107
  infection = 0.006,                     -- [a] a day
  ada       = 0.30,                      -- [a]
  grade34   = 1.1,                       -- [a] adverse events of grade 3 or 4 of a patient
}

local f = rawfiles {
  dm = { "USUBJID", "AGE", "SEX", "RANDDT" }, ex = { "USUBJID", "EXSTDTC", "EXOCCUR" },
  lb = { "USUBJID", "TESTCD", "ADTM", "SEQ", "RESULT", "UNIT" }, ada = { "USUBJID", "TESTCD", "ADTM", "SEQ", "RESULT", "UNIT" },
  ae = { "USUBJID", "AESEQ", "AEDECOD", "AESTDTC", "AEENDTC", "AETOXGR", "AESER" }, inf = { "USUBJID", "INFDT", "ADJUDICATED" },
  support = { "USUBJID", "SUPPORT", "STDT", "ENDT" }, ds = { "USUBJID", "DSDECOD", "DSDT" },
}
local codes = rawfiles { codes = { "USUBJID", "TRT01P" } }

local function whole(x) return ("%.0f"):format(x) end
local function time(start, hours) return os.date("!%Y-%m-%dT%H:%M", start + math.floor(hours * 60) * 60) end
local function date(start, day) return time(start, (day - 1) * 24):sub(1, 10) end

-- Two values before treatment, both at most 900, the second shortly before it.
local function screening(p)
  local list = {}
  for i = 1, 2 do
    local x
    repeat x = p.alc * r:lognormal(1, P.noise) until x <= P.alc[3]
    list[i] = x
  end
  local apart = P.apart[1] + (P.apart[2] - P.apart[1]) * r:uniform()
  f:add("lb", p.id, "ALC", time(p.start, 8 - apart), 1, whole(list[1]), "/uL")
  f:add("lb", p.id, "ALC", time(p.start, 8), 2, whole(list[2]), "/uL")
end

-- The count on a day, as it would be without chance.
local function count(p, day)
  local part = 1 - math.exp(-(day - 1) / 10)
  local fall = day > 42 and 0.5 ^ ((day - 42) / 45) or 1
  return p.alc * math.exp(part * (p.recovery + fall * p.drug))
end

local function patient(number, arm)
  local p = { id = ("IRV-%03d"):format(number), arm = arm }
  p.start = 1551398400 + number * 15 * 86400       -- midnight of day 1; [a] from March 2019
  repeat p.alc = r:lognormal(P.alc[1], P.alc[2]) until p.alc <= P.alc[3]
  p.recovery = math.log(P.recovery[1]) + P.recovery[2] * r:normal()
  p.drug = arm == "CYT107" and effect * math.log(P.drug) or 0
  p.death = r:chance(P.deaths) and 2 + r:below(88) or nil
  p.last = p.death or 91 + r:below(14)
  f:add("dm", p.id, whole(r:between(64, 12, 18, 85)), r:chance(0.62) and "M" or "F", date(p.start, 1))
  codes:add("codes", p.id, arm)
  screening(p)

  local seq, stopped = 2, nil
  for _, day in ipairs(P.days) do
    local on = day + r:below(3) - 2
    if on < p.last and not r:chance(P.missed) then
      local x = count(p, on) * r:lognormal(1, P.noise)
      seq = seq + 1
      f:add("lb", p.id, "ALC", time(p.start, (on - 1) * 24 + 9), seq, whole(x), "/uL")
      if x > 2.5 * P.uln then stopped = stopped or on end        -- [p] the rule that stops a patient
    end
  end
  for _, day in ipairs(P.doses) do
    if day < p.last then
      f:add("ex", p.id, time(p.start, (day - 1) * 24 + 14), not (stopped and day > stopped) and "Y" or "N")
    end
  end

  local n = 0
  local function event(term, day, grade)
    n = n + 1
    f:add("ae", p.id, n, term, date(p.start, day), date(p.start, math.min(p.last, day + r:below(9))), grade, grade >= 3 and "Y" or "N")
  end
  if arm == "CYT107" and effect > 0 and r:chance(P.distress) then
    event("Fever", 1, 2)
    event("Respiratory distress", 1, 3)
  end
  while r:chance(P.grade34 / (1 + P.grade34)) do
    local day = r:below(math.min(p.last, 90))
    event(r:pick { "Respiratory failure", "Anaemia", "Acute kidney injury", "Atrial fibrillation" }, day, r:pick { 3, 3, 4 })
  end
  local day = 1 + math.ceil(r:waiting(1 / P.infection))
  if day < math.min(p.last, 90) then f:add("inf", p.id, date(p.start, day), r:chance(0.85) and "Y" or "N") end
  f:add("support", p.id, "VASO", date(p.start, 1), date(p.start, math.min(p.last, 1 + math.ceil(r:waiting(4)))))
  if r:chance(0.6) then f:add("support", p.id, "VENT", date(p.start, 1), date(p.start, math.min(p.last, 1 + math.ceil(r:waiting(9))))) end
  local has = arm == "CYT107" and r:chance(P.ada)
  for i, on in ipairs { 1, 29, 60 } do
    if on < p.last then
      f:add("ada", p.id, "ADA", time(p.start, (on - 1) * 24 + 9), i, has and on > 1 and whole(20 * 2 ^ r:below(4)) or "<20", "titre")
    end
  end
  f:add("ds", p.id, "RANDOMISED", date(p.start, 1))
  if stopped then f:add("ds", p.id, "STUDY DRUG STOPPED", date(p.start, stopped)) end
  f:add("ds", p.id, p.death and "DEATH" or "END OF STUDY", date(p.start, p.last))
end

local block = {}
for number = 1, P.n do
  if #block == 0 then block = r:shuffle { table.unpack(P.ratio) } end
  patient(number, table.remove(block))
end
f:write(folder .. "/raw")
codes:write(folder .. "/sealed")
return folder
