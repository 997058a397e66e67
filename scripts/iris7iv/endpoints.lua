-- What was registered for IRIS-7 C/D, on simulated data. [p] registered; [a] assumed.
dofile "trial.lua"

-- [p] ALC up by 50 % at day 29 against the mean of both screening values; if placebo gets there too, the percent
-- increase is compared. [a] "gets there": its median increase is 50 % or more. [a] who died has not responded.
endpoint "ALC50" {
  title        = "ALC at least 50 % above baseline at day 29",
  role         = "primary",
  parameter    = "ALC", visit = "Day 29",
  variable     = "AVAL >= 1.5 * BASE",
  intercurrent = { death = "composite" }, missing = "nonresponder",
  analysis     = "fisher",
  instead      = { when = "median(PCHG) >= 50", within = "Placebo", variable = "PCHG", missing = "worst rank", analysis = "wilcoxon" },
}

endpoint "ALC" {
  title        = "Absolute lymphocyte count over time",
  role         = "secondary",
  parameter    = "ALC", visits = { "Day 8", "Day 15", "Day 22", "Day 29", "Day 42" }, visit = "Day 29",
  variable     = "ln(AVAL)",
  intercurrent = { death = "hypothetical" }, missing = "at random",
  summary      = "ratio of geometric means",
  analysis     = { "mmrm", "~ ln(BASE) * AVISIT + TRT01P * AVISIT", covariance = { "un", "toeph", "ar1h", "cs" } },
}

endpoint "AE34" {
  title        = "Any adverse event of grade 3 or 4 to day 90",
  role         = "safety", population = "SAF",
  data         = "adae", where = "TRTEMFL = 'Y' and AETOXGR in (3, 4) and ASTDY <= 90",
  variable     = "any",
  intercurrent = { death = "while alive" },
  analysis     = { "riskdiff", ci = "Miettinen-Nurminen" },
}

-- [p] 3 of 15 with CYT107 had it; the trial was halted
endpoint "DISTRESS" {
  title        = "Respiratory distress with an infusion",
  role         = "safety", population = "SAF",
  data         = "adae", where = "AEDECOD = 'Respiratory distress'",
  variable     = "any", compare = "each arm",
  intercurrent = { death = "while alive" },
  analysis     = { "proportion", ci = "Clopper-Pearson" },
}

endpoint "TTINF" {
  title        = "Adjudicated secondary infection to day 90, death competing",
  role         = "secondary", population = "SAF",
  parameter    = "TTINF",
  intercurrent = { death = "while alive" },
  analysis     = { "cuminc", test = "Gray", at = { 29, 90 } },
}

endpoint "OSFD28" {
  title        = "Days alive and free of organ support, to day 28, death worst",
  role         = "secondary",
  parameter    = "OSFD28", variable = "AVAL",
  intercurrent = { death = "composite" },
  analysis     = "wilcoxon",
}

endpoint "ADA" {
  title        = "Antibodies against CYT107 after baseline",
  role         = "safety", population = "SAF",
  parameter    = "ADA", where = "ADY > 1 and BLQFL = 'N'",
  variable     = "any",
  intercurrent = { death = "while alive" },
  analysis     = { "riskdiff", ci = "Miettinen-Nurminen" },
}

endpoint "DEATH90" {
  title        = "Death within 90 days",
  role         = "secondary",
  data         = "adsl", variable = "DTH90FL = 'Y'",
  intercurrent = { death = "outcome" }, missing = "exclude",
  analysis     = { "riskdiff", ci = "Miettinen-Nurminen" },
}
