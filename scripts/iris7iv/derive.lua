-- From the raw export to analysis tables.
local s, folder = study.open((...)), select(2, ...) or "out"
s.trial = dofile "trial.lua"
s:import(folder .. "/raw", { simulated = true })

-- Hours from the first screening value to the second
local HOURS = "HOURS = 24 * days(AT1, AT2) + cast(substr(AT2, 12, 2) as real) - cast(substr(AT1, 12, 2) as real)"
  .. " + (cast(substr(AT2, 15, 2) as real) - cast(substr(AT1, 15, 2) as real)) / 60"

s.adsl = s.dm
  :join(s.arms, "USUBJID")                                       -- TRT01P, TRT01A: dummy arms until s:unblind
  :join(s.ex:exposure(), "USUBJID")
  :join(s.ds:by "USUBJID":summarise(
    "DTHDT = min(DSDT) filter (where DSDECOD = 'DEATH')",
    "DCTDT = min(DSDT) filter (where DSDECOD = 'STUDY DRUG STOPPED')",
    "LSTDT = max(DSDT)"), "USUBJID")
  :mutate "DTH90FL = case when days(RANDDT, DTHDT) < 90 then 'Y' when DTHDT is not null or days(RANDDT, LSTDT) >= 89 then 'N' end"
  :populations()
  :expect("AGE between 18 and 85", "TRTSDT >= RANDDT", "DTHDT >= RANDDT or DTHDT is null")
  :key "USUBJID"

-- Entry: two counts of at most 900, 12 hours apart or more; who lacks that is found by s:findings()
s.screening = s.lb:join(s.adsl:select("USUBJID", "TRTSDTM"), "USUBJID")
  :where "ADTM < TRTSDTM"
  :by "USUBJID":summarise("N = count(*)", "AT1 = min(ADTM)", "AT2 = max(ADTM)", "ALCMAX = max(RESULT)")
  :mutate(HOURS)
  :expect("N = 2", "ALCMAX <= 900", "HOURS >= 12")
  :key "USUBJID"

local function measured(raw)
  return raw
    :mutate("ADT = substr(ADTM, 1, 10)", "AVALC = cast(RESULT as text)")
    :select("USUBJID", "PARAMCD = TESTCD", "ADTM", "ADT", "SEQ", "AVALC", "UNIT")
    :detect():convert()
    :join(s.adsl, "USUBJID")
    :study_day():visits()
end

-- The baseline is the mean of both screening values [p]
s.adlb = measured(s.lb):baseline{ rule = "mean", upto = "TRTSDTM", date = "ADTM" }:change():ranges()
  :key("USUBJID", "PARAMCD", "ADT", "SEQ")
s.adab = measured(s.ada):baseline{ upto = "TRTSDTM", date = "ADTM" }:key("USUBJID", "PARAMCD", "ADT", "SEQ")

s.adae = s.ae:mutate("ASTDT = first_date(AESTDTC)", "AENDT = last_date(AEENDTC)")
  :join(s.adsl, "USUBJID"):study_day "ASTDY = ASTDT"
  :emergent{ days = 72 }                                         -- to day 90, from the last infusion on day 18
  :key("USUBJID", "AESEQ")

local died, lost = { s.adsl, "DTHDT", "Death" }, { s.adsl, "LSTDT", "End of follow-up" }
s.adtte = s.adsl:time_to {
  { "DEATH", "Time to death", from = "RANDDT", horizon = 90, event = died, censor = lost },
  { "TTINF", "Time to adjudicated secondary infection", from = "TRTSDT", horizon = 90,
    event = { s.inf:where { ADJUDICATED = "Y" }, "INFDT", "Secondary infection" }, competing = died, censor = lost },
}:join(s.adsl, "USUBJID"):key("USUBJID", "PARAMCD")
s.adcc = s.adsl:days_free {
  { "OSFD28", "Days alive and free of organ support, to day 28", s.support, days = 28, death = -1 },
}:join(s.adsl, "USUBJID"):key("USUBJID", "PARAMCD")
