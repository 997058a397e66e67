-- The analyses of CGD. Nothing is computed here; check() reads it, run() does it.
dofile "trial.lua"

endpoint "TTINF" {
  title     = "Time to first serious infection",
  role      = "primary",
  parameter = "TTINF",
  analysis  = "logrank",
  supplementary = {        -- how large it is, which a log-rank test does not say
    { "hazard ratio",    analysis = "cox" },
    { "adjusted",        analysis = { "cox", "~ TRT01P + AGE + STEROIDS + strata(INHERIT)" } },
    { "restricted mean", analysis = { "rmst", horizon = 300 } },
  },
}

endpoint "TTINF-S" {
  title     = "Time to first serious infection, by inheritance",
  role      = "secondary",
  parameter = "TTINF",
  analysis  = { "logrank", "~ TRT01P + strata(INHERIT)" },
  note      = "one stratum per pattern of inheritance",
}

endpoint "TTINF-KM" {
  title     = "Median time to first serious infection",
  role      = "secondary",
  parameter = "TTINF",
  analysis  = { "km", ci = "log-log" },
}

endpoint "NINF" {
  title     = "Serious infections per patient",
  role      = "secondary",
  parameter = "NINF",
  variable  = "AVAL",
  analysis  = "describe",
}
