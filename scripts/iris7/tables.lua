-- The tables of the manuscript, in its order: { name, table }. They read the study as it is, and s.results.
local s = study.open(...)

return {
  { "baseline",    table.summary { s.adsl, by = "TRT01P", total = true, "AGE", "SEX", "COUNTRY", "APACHE", "SOFASCR",
                     title = "Patients at baseline" } },
  { "disposition", table.disposition() },
  { "exposure",    table.exposure() },
  { "efficacy",    table.efficacy { "primary", "key secondary", "secondary", variations = true } },
  { "overview",    table.ae_overview { riskdiff = true } },
  { "events",      table.ae { rows = { "AEBODSYS", "AEDECOD" }, sort = "frequency", riskdiff = true } },
  { "grades",      table.ae { rows = { "AEBODSYS", "AEDECOD" }, grade = "maximum" } },
  { "rates",       table.ae { rows = "AEBODSYS", rates = "first" } },
  { "deaths",      table.deaths { total = true } },
  { "counts",      table.labs { "ALC", "CD4", "CD8" } },
  { "cytokines",   table.labs { "IL6", "IL8", "IL10", "TNF", "IFNG", title = "Cytokines by visit" } },
  { "sofa",        table.labs { "SOFA", title = "SOFA by visit", statistics = "median (Q1 to Q3)" } },
  { "shift",       table.shift { "ALC", grade = "CTCAE 5" } },
  { "serious",     table.listing { s.adae:where "AESER = 'Y'", "USUBJID", "TRT01A", "AEDECOD", "ASTDY", "AENDY", "AETOXGR",
                     "AEREL", "AEOUT", title = "Serious adverse events" } },
  { "patient",     table.patient { "IRS-003" } },
}
