-- The tables of the manuscript. They read the study as it is, and s.results.
local s = study.open(...)
local tab = {}

tab.baseline    = table.summary { s.adsl, by = "TRT01P", total = true, "AGE", "SEX", "COUNTRY", "APACHE", "SOFASCR",
                    title = "Patients at baseline" }
tab.disposition = table.disposition()
tab.exposure    = table.exposure()
tab.efficacy    = table.efficacy { "primary", "key secondary", "secondary", variations = true }
tab.overview    = table.ae_overview { riskdiff = true }
tab.events      = table.ae { rows = { "AEBODSYS", "AEDECOD" }, sort = "frequency", riskdiff = true }
tab.grades      = table.ae { rows = { "AEBODSYS", "AEDECOD" }, grade = "maximum" }
tab.rates       = table.ae { rows = "AEBODSYS", rates = "first" }
tab.deaths      = table.deaths { total = true }
tab.counts      = table.labs { "ALC", "CD4", "CD8" }
tab.cytokines   = table.labs { "IL6", "IL8", "IL10", "TNF", "IFNG", title = "Cytokines by visit" }
tab.sofa        = table.labs { "SOFA", title = "SOFA by visit", statistics = "median (Q1 to Q3)" }
tab.shift       = table.shift { "ALC", grade = "CTCAE 5" }
tab.serious     = table.listing { s.adae, "USUBJID", "TRT01A", "AEDECOD", "ASTDY", "AENDY", "AETOXGR", "AEREL", "AEOUT",
                    where = "AESER = 'Y'", title = "Serious adverse events" }
tab.patient     = table.patient { "IRS-003" }

return tab
