-- From the raw export to analysis tables.
local s, folder = study.open((...)), select(2, ...) or "out"
s.trial = dofile "trial.lua"
s:import(folder .. "/raw", { simulated = true })
s:import(folder .. "/sealed/codes.csv", { simulated = true })            -- the level is no secret; who of its four has placebo was

s.adsl = s.dm
  :join(s.codes, "USUBJID")
  :mutate("TRTSDT = RANDDT", "DTHDT = nullif(RANDDT, RANDDT)", "DOSE = iif(TRT01P = 'Placebo', 0, LEVEL)")      -- nobody died
  :levels { VLGR1 = { "50 or more", "below 50" } }
  :populations()
  :key "USUBJID"
s.adlb = s.lb
  :convert():join(s.adsl, "USUBJID")
  :study_day():visits():baseline():change():ranges()
  :key("USUBJID", "PARAMCD", "ADT")
s.adae = s.ae:join(s.adsl, "USUBJID"):study_day "ASTDY = ASTDT":key("USUBJID", "AESEQ")

-- The rule, level by level: who of a level had a dose-limiting toxicity, and whether the next one opens. As long as
-- the trial is blinded, a cohort counts as a whole. [a] two or more close the level
s.levels = s.adsl
  :join(s.adae:where "AEDLT = 'Y'":by "USUBJID":summarise "DLT = count(*)", "USUBJID")
  :by "LEVEL":summarise("N = count(*)", "NDOSE = sum(iif(DOSE > 0, 1, 0))", "NDLT = count(DLT)",
    "NDOSEDLT = count(DLT) filter (where DOSE > 0)")
  :mutate "NEXT = iif(NDLT >= 2, 'stop', 'open')"
  :key "LEVEL"
