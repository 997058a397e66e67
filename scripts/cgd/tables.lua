-- The tables of CGD. They read the study as it is, and s.results.
local s = study.open(...)
local tab = {}

tab.baseline = table.summary { s.adsl, by = "TRT01P", total = true,
  title = "Patients at entry",
  "AGE", "SEX", "HEIGHTBL", "WEIGHTBL", "INHERIT", "STEROIDS", "PROPYLAC",
}

tab.infections = table.summary { s.adinf, by = "TRT01P", total = true,
  title = "Serious infections",
  { "AVAL", label = "Patients by number of infections", categories = true },
  { "AVAL", label = "Infections per patient", statistics = "mean (SD)" },
  { "DAYS", statistics = "median (range)" },
  results = { { "TTINF", show = "p_value" }, { "TTINF-S", show = "p_value" } },
}

tab.efficacy = table.efficacy { variations = true, columns = { "n", "events_1",
  "events_2", "measure", "estimate", "p_value" } }

return tab
