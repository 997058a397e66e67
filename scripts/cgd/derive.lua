-- From cgd, a row per interval (TSTART, TSTOP] that ends with an infection
-- (STATUS 1) or with follow-up (0), to the analysis tables.
local s = study.open(...)
s.trial = dofile "trial.lua"

local first = s.cgd:where "ENUM = 1"           -- from randomisation to the first

s.adsl = first
  :select("USUBJID", "SITEID", "SITEGR1", "RANDDT", "TRT01P", "AGE", "SEX",
    "HEIGHTBL", "WEIGHTBL", "INHERIT", "STEROIDS", "PROPYLAC")
  :label { AGE = "Age, years", HEIGHTBL = "Height, cm", WEIGHTBL = "Weight, kg",
    INHERIT = "Inheritance", STEROIDS = "Steroids at entry",
    PROPYLAC = "Prophylactic antibiotics at entry" }
  :expect("AGE between 1 and 45", "SEX in ('F', 'M')")
  :key "USUBJID"

s.adtte = first
  :mutate("PARAMCD = 'TTINF'", "AVAL = TSTOP", "CNSR = 1 - STATUS")
  :select("USUBJID", "TRT01P", "INHERIT", "PARAMCD", "AVAL", "CNSR")
  :label { AVAL = "Days to the first serious infection" }
  :expect("AVAL > 0", "CNSR in (0, 1)")
  :key("USUBJID", "PARAMCD")

s.adinf = s.cgd
  :by("USUBJID", "TRT01P")
  :summarise("AVAL = sum(STATUS)", "DAYS = sum(TSTOP - TSTART)")
  :mutate "PARAMCD = 'NINF'"
  :label { AVAL = "Serious infections", DAYS = "Days of follow-up" }
  :key("USUBJID", "PARAMCD")
