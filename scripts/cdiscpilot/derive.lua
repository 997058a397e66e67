-- The analysis datasets are CDISC's own; what is added here are categories
-- that the published tables use.
local s, folder = study.open((...)), select(2, ...)
s.trial = dofile "trial.lua"
for _, name in ipairs { "adsl", "adae", "adtte", "adcibc" } do
  s:import(folder .. "/xpt/" .. name .. ".xpt", { as = name .. "_raw" })
end
s:import(folder .. "/csv/adadas.csv", { types = { SITEGR1 = "text", SITEID = "text" } })

s.adsl = s.adsl_raw:mutate(
    "ORIGIN = case when ETHNIC = 'HISPANIC OR LATINO' then 'Hispanic' when RACE = 'WHITE' then 'Caucasian' " ..
      "when RACE = 'BLACK OR AFRICAN AMERICAN' then 'African Descent' else 'Other' end")
  :levels { ORIGIN = { "Caucasian", "African Descent", "Hispanic", "Other" },
    BMIBLGR1 = { "<25", "25-<30", ">=30" }, DURDSGR1 = { "<12", ">=12" } }
  :label { ORIGIN = "Race (Origin)" }
  :key "USUBJID"
s.adae = s.adae_raw:key("USUBJID", "AESEQ")
s.adtte = s.adtte_raw:key("USUBJID", "PARAMCD")
s.adcibc = s.adcibc_raw:where "ANL01FL = 'Y'":key("USUBJID", "PARAMCD", "AVISIT")
