-- The raw export of a simulated IRIS-7: trialsh simulate.lua [FOLDER [SEED]]
-- writes FOLDER/raw/*.csv, and who got what to FOLDER/sealed/codes.csv, which is
-- no part of the export. dofile("simulate.lua", folder, seed, { replicate =,
-- effect = }) does it from another script; effect = 0 is a drug without any.
-- SIMULATED DATA: no number here is of a patient.
--
-- [p] published or registered (JCI Insight 2018;3(5):e98960, NCT02640807,
-- NCT02797431); [a] assumed by us, where nothing is published, as are numbers
-- that stand in the functions below.

local folder, seed, opt = ...
folder, seed, opt = folder or "out", tonumber(seed or 29), opt or {}
local effect = opt.effect or 1
local r = random(seed, { replicate = opt.replicate or 0 })

local P = {
  n            = 27,                     -- [p] 17 with CYT107, 10 with placebo
  sites        = { { "Limoges", "FRA", 9 }, { "Lyon", "FRA", 7 },           -- [p] the sites
                   { "St Louis", "USA", 6 }, { "Nashville", "USA", 5 } },   -- [a] patients of each
  block        = { "Placebo", "CYT107 LF", "CYT107 HF" },                   -- [a] blocks of 3 within a country
  age          = { 65, 13, 33, 82 },     -- [p] 33 to 82; [a] mean and SD
  apache       = { 24, 7, 8, 42 },       -- [a]
  sofa         = { 10, 2.5, 4, 17 },     -- [p] at least 2; [a] the rest
  deaths       = { 0.22, 0.38 },         -- [a] by day 28 and day 90, the same in all arms [p]
  schedule     = { 1, 4, 8, 11, 15, 18, 22, 25 },     -- [a] injections; LF has placebo in 3 of them
  stopped      = 0.10,                   -- [a] stop the drug early
  not_given    = 0.03,                   -- [a] of the injections
  lost         = 0.06,                   -- [a] lost before day 90
  visits       = { 1, 4, 8, 11, 15, 22, 29, 42, 60, 90 },                   -- [a]
  missed       = 0.07,                   -- [a] visits that do not take place
  strayed      = 0.04,                   -- [a] visits far from their day
  -- absolute lymphocytes, /uL
  alc          = { 560, 0.33, 900 },     -- [a] geometric mean and SD of logarithms at entry; [p] at most 900
  recovery     = { 1.55, 0.22, 14 },     -- [a] fold without the drug in the end, SD of logarithms, days to 63 %
  drug         = { ["CYT107 LF"] = 2.35, ["CYT107 HF"] = 2.55, Placebo = 1 },  -- [p] 3- to 4-fold in all, against [a] recovery
  onset        = { 6, 5 },               -- [a] days until it begins, days to 63 %
  lasting      = 45,                     -- [p] for weeks after the drug; [a] half-life from day 42
  alc_noise    = 0.13,                   -- [a] SD of logarithms from visit to visit
  cd4          = { 0.40, 0.10 },         -- [a] share of lymphocytes, SD of logarithms
  cd8          = { 0.24, 0.12 },         -- [a] the same
  ki67         = { 6, 0.35, 3.2, 10 },   -- [a] %, SD of logarithms, fold at its height [p: more proliferation], day of that
  pd1          = { 32, 0.25, 0.8 },      -- [a] %, SD, fold by day 29
  mhladr       = { 6500, 0.45, 2.2 },    -- [a] AB per cell, SD, fold by day 29 in all arms
  -- cytokines, pg/mL: geometric mean at entry, SD, days to half, limits of both batches: [a]; no storm [p]
  cytokines    = { IL6 = { 95, 1.1, 3.5, 3.2, 6.4 }, IL8 = { 70, 0.9, 5, 5, 10 }, IL10 = { 22, 0.9, 4, 2.6, 5.2 },      -- [a]
                   TNF = { 14, 0.5, 12, 4, 8 }, IFNG = { 8, 0.8, 8, 2, 4 } },          -- [a]
  order        = { "IL6", "IL8", "IL10", "TNF", "IFNG" },                 -- [a] as the laboratory writes them
  infections   = 0.009,                  -- [a] a day, until day 90
  ada          = 0.15,                   -- [a] of those with CYT107
  discharge    = 22,                     -- [a] days, mean of those alive
  ae           = 3.2,                    -- [a] adverse events of a patient
}

local function rounded(x, digits)
  local s = ("%." .. (digits or 0) .. "f"):format(x)
  return tonumber(s) == 0 and "0" or s
end

-- Days of the study are whole numbers without 0; dates are counted from one.
local function date(start, day)
  return os.date("!%Y-%m-%d", start + (day > 0 and day - 1 or day) * 86400)
end

-- Tables -----------------------------------------------------------------------

local measured = { "USUBJID", "TESTCD", "DT", "SEQ", "RESULT", "UNIT", "BATCH" }
local raw = rawfiles {
  dm = { "USUBJID", "SITE", "COUNTRY", "AGE", "SEX", "RANDDT", "ICUDT", "APACHE", "SOFASCR", "INR", "ROUTE" },
  ex = { "USUBJID", "EXSTDTC", "EXOCCUR", "EXROUTE" },
  lb = measured, flow = measured, cyto = measured, ada = measured,
  organ = { "USUBJID", "ADTM", "PAO2", "FIO2", "VENT", "PLAT", "BILI", "MAP", "NOREPI", "GCS", "SEDATED", "CREAT", "URINE" },
  support = { "USUBJID", "SUPPORT", "STDT", "ENDT" },
  ae = { "USUBJID", "AESEQ", "AEBODSYS", "AEDECOD", "AESTDTC", "AEENDTC", "AETOXGR", "AESER", "AEREL", "AEOUT" },
  inf = { "USUBJID", "INFDT", "INFSITE", "ADJUDICATED" },
  ds = { "USUBJID", "DSDECOD", "DSDT", "DSREAS" },
}
local codes = rawfiles { codes = { "USUBJID", "TRT01P" } }

local function measure(p, name, code, day, result, unit, batch)
  p.seq = p.seq + 1
  raw:add(name, p.id, code, date(p.start, day), p.seq, result, unit, batch)
end

-- A patient ----------------------------------------------------------------------

-- The day of death, or nil: two rates, one to day 28 and one from then on.
local function day_of_death()
  local early = -28 / math.log(1 - P.deaths[1])
  local day = math.ceil(r:waiting(early))
  if day <= 28 then return day end
  local late = -62 / math.log((1 - P.deaths[2]) / (1 - P.deaths[1]))
  day = 28 + math.ceil(r:waiting(late))
  return day <= 120 and day or nil
end

-- The days on which visits took place.
local function visit_days(p)
  local days, before = {}, -4
  for i, target in ipairs(P.visits) do
    local day = target
    if i == 1 then
      day = r:pick { -2, -1, 1, 1, 1 }
    else
      local reach = target <= 15 and 1 or 3
      day = day + r:below(2 * reach + 1) - reach - 1
      if r:chance(P.strayed) then day = day + r:pick { -4, 5, 6 } end
    end
    local taken = i == 1 or not r:chance(P.missed)
    if day > before and taken and day ~= 0 and day < p.last then
      days[#days + 1] = day
      before = day
    end
  end
  return days
end

-- Fold of lymphocytes against entry on a day.
local function fold(p, day)
  if day <= 1 then return 1 end
  local spontaneous = p.recovery * (1 - math.exp(-(day - 1) / P.recovery[3]))
  local t = day - 1 - P.onset[1]
  local drug = t <= 0 and 0 or p.drug * (1 - math.exp(-t / P.onset[2]))
  if day > 42 then drug = drug * 0.5 ^ ((day - 42) / P.lasting) end
  return math.exp(spontaneous + drug)
end

local function lymphocytes(p, days)
  local unit = p.country == "FRA" and "10^9/L" or "/uL"
  local function written(x) -- French laboratories count in 10^9/L
    return p.country == "FRA" and rounded(x / 1000, 2) or rounded(x)
  end
  local cd4, cd8 = r:lognormal(P.cd4[1], P.cd4[2]), r:lognormal(P.cd8[1], P.cd8[2])
  local function share(x) return math.max(1, math.min(95, x)) end
  local proliferation = r:lognormal(P.ki67[1], P.ki67[2])
  local pd1, hla = r:lognormal(P.pd1[1], P.pd1[2]), r:lognormal(P.mhladr[1], P.mhladr[2])
  for i, day in ipairs(days) do
    local x = math.max(20, p.alc * fold(p, day) * (i > 1 and r:lognormal(1, P.alc_noise) or 1))
    measure(p, "lb", "ALC", day, written(x), unit)
    measure(p, "flow", "CD4", day, rounded(x * cd4 * r:lognormal(1, 0.08)), "/uL")
    measure(p, "flow", "CD8", day, rounded(x * cd8 * r:lognormal(1, 0.08)), "/uL")
    if day <= 35 then
      local height = p.drug > 0 and effect > 0
        and math.exp(-((day - P.ki67[4]) / 7) ^ 2) * math.log(P.ki67[3]) or 0
      if day <= 1 then height = 0 end
      local function rise(sd) return math.exp(height + sd * r:normal()) end
      measure(p, "flow", "KI67CD4", day, rounded(share(proliferation * rise(0.2)), 1), "%")
      measure(p, "flow", "KI67CD8", day, rounded(share(1.4 * proliferation * rise(0.25)), 1), "%")
      local way = math.max(0, math.min(1, (day - 1) / 28))
      measure(p, "flow", "PD1CD8", day, rounded(share(pd1 * P.pd1[3] ^ way * r:lognormal(1, 0.12)), 1), "%")
      measure(p, "flow", "MHLADR", day, rounded(hla * P.mhladr[3] ^ way * r:lognormal(1, 0.2)), "AB/cell")
    end
  end
end

local function cytokines(p, days)
  for _, code in ipairs(P.order) do
    local c = P.cytokines[code]
    local x = r:lognormal(c[1], c[2])
    for _, day in ipairs(days) do
      if day <= 35 then
        local batch = p.number <= P.n / 2 and "A" or "B"
        local limit = batch == "A" and c[4] or c[5]
        local floor = c[4] * 0.6 -- what remains when the shock is over
        local value = (floor + x * 0.5 ^ (math.max(0, day - 1) / c[3])) * r:lognormal(1, 0.35)
        measure(p, "cyto", code, day, value < limit and "<" .. limit or rounded(value, 1), "pg/mL", batch)
      end
    end
  end
end

local function antibodies(p, days)
  local has = p.drug > 0 and r:chance(P.ada)
  for _, day in ipairs(days) do
    if day <= 1 or day >= 26 and day <= 75 then
      local titre = has and day > 1 and 20 * 2 ^ r:below(5)
      measure(p, "ada", "ADA", day, titre and rounded(titre) or "<20", "titre")
    end
  end
end

-- Organs: a severity that falls, or rises again before death, moves all of them.
local function severity(p, day)
  local x = p.severity * math.exp(-math.max(0, day - 1) / 7)
  if p.death and p.death - day < 5 then x = math.max(x, 1.15 - 0.12 * (p.death - day)) end
  return math.max(0.03, x + 0.07 * r:normal())
end

local function organs(p)
  local home = math.min(p.last, p.discharge)
  local function assess(day, hour, blood)
    local x = severity(p, day)
    local vent, awake = x > 0.45, x < 0.75
    raw:add("organ", p.id, date(p.start, day) .. "T" .. hour,
      rounded(r:between(62 + 34 * (1 - math.min(x, 1)), 8, 45, 130)), rounded(math.max(0.21, math.min(1, 0.24 + 0.45 * x)), 2),
      vent and "Y" or "N", blood and rounded(math.max(8, 215 - 130 * x + 35 * r:normal())) or NA,
      blood and rounded(math.max(4, 9 + 42 * x * r:lognormal(1, 0.5))) or NA, rounded(math.max(45, 84 - 19 * x + 4 * r:normal())),
      x > 0.4 and rounded(0.28 * (x - 0.3) * r:lognormal(1, 0.4), 2) or NA,
      vent and not awake and 3 or x < 0.3 and 15 or 14, vent and not awake and "Y" or "N",
      blood and rounded(math.max(35, 70 + 150 * x * r:lognormal(1, 0.4))) or NA,
      blood and rounded(math.max(0, 1700 - 1000 * x + 250 * r:normal())) or NA)
  end
  for day = -1, 29 do
    local wanted = day ~= 0 and (day <= 8 or day == 11 or day == 15 or day == 22 or day == 29)
    if wanted and day < home and not r:chance(0.04) then
      assess(day, "06:00", not r:chance(0.06))
      if day <= 2 then assess(day, "18:00", false) end
    end
  end
end

local function support(p)
  local last = math.min(p.last, p.discharge)
  local function period(name, from, days)
    local upto = math.min(from + math.ceil(days) - 1, last)
    if upto >= from then
      raw:add("support", p.id, name, date(p.start, from), upto == last and p.death ~= last and upto > 60 and NA
        or date(p.start, upto == 0 and 1 or upto))
    end
  end
  period("VASO", -2, 2 + r:waiting(3 * p.severity))
  if p.severity > 0.55 then period("VENT", -2, 3 + r:waiting(9 * p.severity)) end
  if p.severity > 0.8 and r:chance(0.6) then period("RRT", r:pick { -1, 1, 2 }, 2 + r:waiting(6)) end
  if r:chance(0.15) then period("VENT", 12 + r:below(6), 2 + r:waiting(4)) end
  period("ICU", -3, 6 + r:waiting(11 * p.severity))
end

local TERMS = { { "Infections", "Pneumonia" }, { "Infections", "Urinary tract infection" },
  { "Respiratory", "Pleural effusion" }, { "Respiratory", "Respiratory failure" }, { "Cardiac", "Atrial fibrillation" },
  { "Vascular", "Deep vein thrombosis" }, { "Skin", "Rash" }, { "Skin", "Pressure ulcer" },
  { "Gastrointestinal", "Diarrhoea" }, { "Hepatobiliary", "Alanine aminotransferase increased" },
  { "Blood", "Anaemia" }, { "Psychiatric", "Delirium" }, { "Renal", "Acute kidney injury" } }

local function adverse_events(p)
  local n = 0
  local function event(system, term, day, days, grade, related)
    n = n + 1
    local upto = day + days < p.last and date(p.start, day + days) or NA
    local begin = date(p.start, day)
    if r:chance(0.05) then begin = begin:sub(1, 7) end -- the day is not known
    raw:add("ae", p.id, n, system, term, begin, upto, grade, grade >= 3 and r:chance(0.6) and "Y" or "N",
      related and "Y" or "N", upto == NA and "NOT RECOVERED" or "RECOVERED")
  end
  if p.drug > 0 then
    for _, day in ipairs(p.given) do -- [p] reactions where it was injected
      if r:chance(0.12) then event("General", "Injection site reaction", day, r:below(3), 1, true) end
    end
  end
  local more = P.ae * math.min(1, p.last / 60)
  while r:chance(more / (1 + more)) do
    local term = r:pick(TERMS)
    local day = r:pick { -2, 1, 1 } + r:below(math.max(2, math.min(p.last - 2, 60)))
    if day == 0 then day = 1 end
    if day < p.last then event(term[1], term[2], day, r:below(10), r:pick { 1, 1, 2, 2, 2, 3, 3, 4 }, false) end
  end
end

local function infections(p)
  local day = 2
  while true do
    day = day + math.ceil(r:waiting(1 / P.infections))
    if day >= math.min(p.last, 90) then return end
    raw:add("inf", p.id, date(p.start, day), r:pick { "Lung", "Blood", "Urine", "Catheter" }, r:chance(0.85) and "Y" or "N")
  end
end

local function patient(number, site, country, arm)
  local p = { number = number, id = ("IRS-%03d"):format(number), country = country, arm = arm, seq = 0 }
  local y2016 = 1451606400 -- [p] the years
  p.start = y2016 + (number * 17 + r:below(9)) * 86400
  p.severity = math.max(0.35, math.min(1.25, 0.75 + 0.2 * r:normal()))
  p.death, p.alc = day_of_death(), nil
  repeat p.alc = r:lognormal(P.alc[1], P.alc[2]) until p.alc <= P.alc[3] and p.alc >= 150
  p.recovery = math.log(P.recovery[1]) + P.recovery[2] * r:normal()
  p.drug = effect * math.log(P.drug[arm])
  p.lost = r:chance(P.lost) and 20 + r:below(60) or nil
  p.last = math.min(p.death or 95 + r:below(20), p.lost or 999)
  p.discharge = 8 + math.ceil(r:waiting(P.discharge - 8) * (0.5 + p.severity / 2))
  local inr, low = r:lognormal(1.4, 0.25), r:chance(0.08)
  local route = (inr > 2.5 or low) and "SC" or "IM" -- [p] of INR and platelets
  local randomised = p.start - (r:chance(0.3) and 86400 or 0)
  raw:add("dm", p.id, site, country, rounded(r:between(table.unpack(P.age))), r:chance(0.63) and "M" or "F",
    os.date("!%Y-%m-%d", randomised), os.date("!%Y-%m-%d", randomised - (1 + r:below(4)) * 86400),
    rounded(r:between(table.unpack(P.apache))), rounded(r:between(P.sofa[1] + 8 * (p.severity - 0.75), P.sofa[2] * 0.7, P.sofa[3], P.sofa[4])),
    rounded(inr, 1), route)
  codes:add("codes", p.id, arm)
  local stop = r:chance(P.stopped) and r:pick { 4, 8, 11, 15 } or nil
  p.given = {}
  for _, day in ipairs(P.schedule) do
    if day < p.last then
      local given = not (stop and day >= stop) and not (day > 1 and r:chance(P.not_given))
      raw:add("ex", p.id, date(p.start, day) .. (day == 1 and "T14:00" or ""), given and "Y" or "N", route)
      if given then p.given[#p.given + 1] = day end
    end
  end
  local days = visit_days(p)
  lymphocytes(p, days)
  cytokines(p, days)
  antibodies(p, days)
  organs(p)
  support(p)
  adverse_events(p)
  infections(p)
  raw:add("ds", p.id, "SCREENED", os.date("!%Y-%m-%d", randomised - 86400))
  raw:add("ds", p.id, "RANDOMISED", os.date("!%Y-%m-%d", randomised))
  if stop and stop < p.last then raw:add("ds", p.id, "STUDY DRUG STOPPED", date(p.start, stop)) end
  if r:chance(0.07) then raw:add("ds", p.id, "MAJOR DEVIATION", date(p.start, 1 + r:below(20))) end
  if p.discharge < p.last then raw:add("ds", p.id, "HOSPITAL DISCHARGE", date(p.start, p.discharge)) end
  raw:add("ds", p.id, p.last == p.death and "DEATH" or p.last == p.lost and "LOST TO FOLLOW-UP" or "END OF STUDY", date(p.start, p.last))
end

-- All of them, in blocks within a country ------------------------------------------

local waiting_list = {}
local function next_arm(country)
  local list = waiting_list[country]
  if not list or #list == 0 then
    list = r:shuffle { table.unpack(P.block) }
    waiting_list[country] = list
  end
  return table.remove(list)
end

local places = {}
for _, site in ipairs(P.sites) do
  for _ = 1, site[3] do places[#places + 1] = site end
end
r:shuffle(places)
for number = 1, P.n do
  local site = places[number]
  patient(number, site[1], site[2], next_arm(site[2]))
end

-- Those who were screened and not randomised, by reason; they draw no random number.
local number = 0
for _, reason in ipairs { { "Lymphocytes above 900/uL", 19 }, { "No consent", 8 }, { "Expected to die within 24 hours", 5 },
  { "Autoimmune disease", 2 } } do
  for _ = 1, reason[2] do
    number = number + 1
    raw:add("ds", ("SCR-%03d"):format(number), "SCREENED", os.date("!%Y-%m-%d", 1453334400 + number * 12 * 86400), reason[1])
  end
end

-- Files ------------------------------------------------------------------------------

raw:write(folder .. "/raw")
codes:write(folder .. "/sealed")
return folder
