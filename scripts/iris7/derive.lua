-- From the raw export to analysis tables. Each assignment to s stores one table; run again, it stores only what changed.
local s, folder = study.open((...)), select(2, ...) or "out"
s.trial = dofile "trial.lua"
s:import(folder .. "/raw", { simulated = true })                    -- dm ex lb flow cyto ada organ support ae inf ds; unchanged files are left alone

-- Y: dead by that day; N: known to have lived longer; missing: lost to follow-up before it
local function died_by(day)
  return ("DTH%dFL = case when days(RANDDT, DTHDT) <= %d then 'Y' when DTHDT is not null or days(RANDDT, LSTDT) >= %d then 'N' end"):format(day, day, day)
end

-- ADSL: one row per patient ----------------------------------------------------------------------------------------------------
s.adsl = s.dm
  :join(s.arms, "USUBJID")                                       -- TRT01P, TRT01A: dummy arms until s:unblind
  :join(s.ex:exposure(), "USUBJID")                              -- TRTSDT, TRTEDT, TRTDUR, NDOSE, NPLAN
  :join(s.ds:by "USUBJID":summarise(
    "DTHDT = min(DSDT) filter (where DSDECOD = 'DEATH')",
    "DISDT = min(DSDT) filter (where DSDECOD = 'HOSPITAL DISCHARGE')",
    "DCTDT = min(DSDT) filter (where DSDECOD = 'STUDY DRUG STOPPED')",
    "LSTDT = max(DSDT)",
    "MAJDEV = count(*) filter (where DSDECOD = 'MAJOR DEVIATION')"), "USUBJID")
  :mutate(
    "DTHFL   = flag(DTHDT is not null)", died_by(28), died_by(90),
    "AGEGR1  = case when AGE < 65 then 'under 65' when AGE >= 65 then '65 and over' end",      -- no else: missing stays missing
    "SOFAGR1 = case when SOFASCR < 10 then 'SOFA under 10' when SOFASCR >= 10 then 'SOFA 10 and over' end")
  :levels { AGEGR1 = { "under 65", "65 and over" }, SOFAGR1 = { "SOFA under 10", "SOFA 10 and over" } }
  :populations()                                                 -- ITTFL, SAFFL, PPROTFL
  :expect("AGE between 18 and 85", "TRTSDT >= RANDDT or TRTSDT is null", "DTHDT >= RANDDT or DTHDT is null")
  :key "USUBJID"

-- What every measurement goes through, in this order -----------------------------------------------------------------------
local function measured(raw)
  return raw
    :select("USUBJID", "PARAMCD = TESTCD", "ADT = DT", "SEQ", "AVALC = RESULT", "UNIT", "BATCH")
    :detect()                                                    -- "<3.2" becomes AVAL 3.2, BLQFL Y, LLOQ 3.2
    :convert()                                                   -- to the units of trial.lua; a wrong dimension is an error
    :join(s.adsl, "USUBJID")
    :study_day()                                                 -- ADY, no day 0
    :visits()                                                    -- AVISIT by window; ANL01FL marks the record analysed
    :baseline{ rule = "last", upto = "TRTSDT" }                  -- two candidates on one date: an error that shows both
    :change()                                                    -- CHG, PCHG, R2BASE
    :ranges()
end

s.adlb = measured(s.lb:union(s.flow))
  :grade "CTCAE 5"                                               -- ATOXGR, BTOXGR
  :auc{ parameter = "ALC", as = "ALCTWM", from = 1, to = 42, rule = "time-weighted mean" }      -- a parameter of its own
  :key("USUBJID", "PARAMCD", "ADT", "SEQ")
s.adcy = measured(s.cyto):key("USUBJID", "PARAMCD", "ADT", "SEQ")
s.adab = measured(s.ada):key("USUBJID", "PARAMCD", "ADT", "SEQ")

-- SOFA: worst of 24 hours, components kept ---------------------------------------------------------------------------------
s.adsofa = s.organ
  :sofa{ version = 1996, hours = 24, missing = "normal", sedated = "last score before sedation" }         -- in the units of trial.lua
  :join(s.adsl, "USUBJID")
  :study_day():visits():baseline{ rule = "last", upto = "TRTSDT" }:change()
  :auc{ parameter = "SOFA", as = "SOFATWM", from = 1, upto = 8, rule = "time-weighted mean" }
  :key("USUBJID", "PARAMCD", "ADT")

-- Adverse events -----------------------------------------------------------------------------------------------------------
s.adae = s.ae
  :mutate("ASTDT = first_date(AESTDTC)", "AENDT = last_date(AEENDTC)")         -- partial dates; ASTDTF and AENDTF say which
  :join(s.adsl, "USUBJID")
  :study_day("ASTDY = ASTDT", "AENDY = AENDT")
  :emergent{ days = 30 }
  :key("USUBJID", "AESEQ")

-- Times to events: the earliest of event, competing event and censoring ----------------------------------------------------
local died    = { s.adsl, "DTHDT", "Death" }
local lost    = { s.adsl, "LSTDT", "End of follow-up" }
local count   = { s.adlb:where "PARAMCD = 'ALC' and ADY > 1 and AVAL >= 1000", "ADT", "ALC 1000/uL or more" }
local infected = { s.inf:where { ADJUDICATED = "Y" }, "INFDT", "Secondary infection" }

s.adtte = s.adsl:time_to {
  { "DEATH", "Time to death",               from = "RANDDT", horizon = 90, event = died, censor = lost },
  { "TTALC", "Time to ALC of 1000/uL",      from = "TRTSDT", horizon = 60, event = count, competing = died, censor = lost },
  { "TTINF", "Time to secondary infection", from = "TRTSDT", horizon = 90, event = infected, competing = died, censor = lost },
}:join(s.adsl, "USUBJID"):key("USUBJID", "PARAMCD")

-- Days alive and free of something: death is worse than any number of days -----------------------------------------------------
s.adcc = s.adsl:days_free {
  { "OSFD28",  "Days alive and free of organ support, to day 28", s.support:where { SUPPORT = { "VENT", "VASO", "RRT" } }, days = 28, death = -1 },
  { "ICUFD28", "Days alive and out of intensive care, to day 28", s.support:where { SUPPORT = "ICU" }, days = 28, death = -1 },
}:join(s.adsl, "USUBJID"):key("USUBJID", "PARAMCD")
