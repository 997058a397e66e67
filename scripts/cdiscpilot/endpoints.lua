-- The analyses of the CDISC pilot that tables 14-2.01, 14-3.01, 14-3.11, 14-3.13
-- and 14-5.01 print, and the time to the first dermatologic event. Nothing is
-- computed here; check() reads it, run() does it.
local s = study.open(...)
dofile "trial.lua"

-- 14-3.01: ADAS-Cog (11) at week 24, the last observation carried forward ---------
endpoint "ADAS" {
  title      = "Change of ADAS-Cog (11) from baseline to week 24",
  role       = "primary",
  parameter  = "ACTOT", visit = "Week 24",
  variable   = "CHG",
  analysis   = { "lm", "~ TRT01P + SITEGR1 + BASE", margins = "proportional" },
  summary    = "difference of means",
  sensitivity = {
    { "unequal variances", analysis = { vcov = "HC3" } },
  },
  supplementary = {
    { "dose response", summary = "change per mg", analysis = { "lm", "~ TRT01PN + SITEGR1 + BASE", term = "TRT01PN" } },
    { "observed",      where = "DTYPE is null" },
    { "both doses",    compare = { "Xanomeline Low Dose vs Placebo", "Xanomeline High Dose vs Placebo" },
                       adjust = "Dunnett" },
  },
  subgroups  = "SEX",
}

-- 14-3.11: the observed values of all visits together --------------------------------
endpoint "ADAS-MMRM" {
  title      = "Change of ADAS-Cog (11) over 24 weeks",
  role       = "secondary",
  parameter  = "ACTOT", visits = { "Week 8", "Week 16", "Week 24" }, visit = "Week 24",
  where      = "DTYPE is null",
  variable   = "CHG",
  missing    = "at random",
  analysis   = { "mmrm", "~ TRT01P * AVISIT + SITEGR1 + BASE * AVISIT", covariance = "un" },
}

-- 14-3.13: CIBIC+, by pooled site ---------------------------------------------------
endpoint "CIBIC" {
  title     = "CIBIC+ at weeks 8, 16 and 24",
  role      = "secondary",
  parameter = "CIBICVAL", visits = { "Week 8", "Week 16", "Week 24" }, visit = "Week 24",
  variable  = "AVAL",
  compare   = "all arms",
  analysis  = { "cmh", test = "row means", strata = "SITEGR1" },
}

-- 14-2.01: are the arms alike at baseline? -------------------------------------------
for _, name in ipairs { "AGE", "MMSETOT", "DURDIS", "EDUCLVL", "WEIGHTBL", "HEIGHTBL", "BMIBL" } do
  endpoint(name) {
    title = name .. " at baseline", role = "exploratory", population = "ITT",
    data = "adsl", variable = name, compare = "all arms", analysis = { "lm", "~ TRT01P" },
  }
end
for _, name in ipairs { "AGEGR1", "SEX", "RACE", "ORIGIN", "DURDSGR1", "BMIBLGR1" } do
  endpoint(name) {
    title = name .. " at baseline", role = "exploratory", population = "ITT",
    data = "adsl", variable = name, compare = "all arms", analysis = "chisq",
  }
end

-- 14-5.01: patients with a treatment-emergent adverse event ----------------------------
local function event(id, title, condition)
  endpoint(id) {
    title = title, role = "safety", population = "SAF",
    data = "adae", where = "TRTEMFL = 'Y'" .. condition, variable = "any",
    compare = { "Xanomeline Low Dose vs Placebo", "Xanomeline High Dose vs Placebo" },
    analysis = { "fisher", two_sided = "minlike" },
  }
end
local function quoted(text) return "'" .. text:gsub("'", "''") .. "'" end

event("TEAE", "Any treatment-emergent adverse event", "")
local n = 0
for row in s.adae:where "TRTEMFL = 'Y'":distinct("AEBODSYS"):rows() do
  n = n + 1
  event("SOC" .. n, row.AEBODSYS, " and AEBODSYS = " .. quoted(row.AEBODSYS))
end
n = 0
for row in s.adae:where "TRTEMFL = 'Y'":distinct("AEBODSYS", "AEDECOD"):rows() do
  n = n + 1
  event("PT" .. n, row.AEDECOD, (" and AEBODSYS = %s and AEDECOD = %s"):format(
    quoted(row.AEBODSYS), quoted(row.AEDECOD)))
end

-- Time to the first dermatologic event ------------------------------------------------
endpoint "TTDE" {
  title = "Time to first dermatologic event", role = "safety", population = "SAF",
  parameter = "TTDE", compare = "all arms", analysis = "logrank",
  supplementary = { { "each", compare = { "Xanomeline Low Dose vs Placebo", "Xanomeline High Dose vs Placebo" } } },
}
endpoint "TTDE-KM" {
  title = "Median time to first dermatologic event", role = "safety", population = "SAF",
  parameter = "TTDE", analysis = { "km", ci = "log" },
}
