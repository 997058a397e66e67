-- The CDISC pilot study: xanomeline in Alzheimer's disease, 254 patients, a
-- real trial whose data CDISC published with changed identifiers and dates.
return trial "CDISCPILOT01" {
  title = "Xanomeline transdermal therapeutic system in mild to moderate Alzheimer's disease",

  arms = {
    { "Placebo",              "Placebo", reference = true },
    { "Xanomeline Low Dose",  "Xanomeline, 54 mg" },
    { "Xanomeline High Dose", "Xanomeline, 81 mg" },
  },
  compare = { "Xanomeline Low Dose vs Placebo", "Xanomeline High Dose vs Placebo",
              "Xanomeline High Dose vs Xanomeline Low Dose" },

  visits = { { "Baseline", 1 }, { "Week 8", 56 }, { "Week 16", 112 }, { "Week 24", 168 } },

  populations = {
    { "EFF", "Efficacy",        "EFFFL = 'Y'", treatment = "TRT01P" },
    { "ITT", "All randomised",  "ITTFL = 'Y'", treatment = "TRT01P" },
    { "SAF", "Safety",          "SAFFL = 'Y'", treatment = "TRT01A" },
  },

  parameters = {
    { "ACTOT",    "ADAS-Cog (11), total",                "adadas", unit = "points", better = "lower" },
    { "CIBICVAL", "CIBIC+, clinician's impression",      "adcibc", better = "lower" },
    { "TTDE",     "Time to first dermatologic event",    "adtte", unit = "days", better = "later" },
  },

  alpha = 0.05, conf_level = 0.95,
}
