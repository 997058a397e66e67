-- From the raw export to analysis tables.
local s, folder = study.open((...)), select(2, ...) or "out"
s.trial = dofile "trial.lua"
s:import(folder .. "/raw", { simulated = true })

s.adsl = s.dm
  :join(s.arms, "USUBJID")                                       -- dummy arms until s:unblind
  :join(s.ds:by "USUBJID":summarise(
    "DTHDT = min(DSDT) filter (where DSDECOD = 'DEATH')",
    "PRGDT = min(DSDT) filter (where DSDECOD = 'PROGRESSION')"), "USUBJID")
  :mutate("TRTSDT = RANDDT", "BEFORE = substr(TRT01P, 1, 1)", "DURING = substr(TRT01P, 3, 1)")
  :levels { BEFORE = { "P", "C" }, DURING = { "P", "C" } }
  :populations()
  :key "USUBJID"

s.adlb = s.lb
  :convert():join(s.adsl, "USUBJID")
  :study_day():visits():baseline():change():ranges()
  :key("USUBJID", "PARAMCD", "ADT")
