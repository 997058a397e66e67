-- Interleukin-7 in HIV-1 infection, single doses (A5214): sequential dose levels.
-- [p] published or registered; [a] assumed by us for the simulated trial.
return trial "A5214" {
  title        = "Single doses of interleukin-7 in HIV-1 infection",

  arms = {                                                                     -- [p] 3 to 100 ug/kg; [a] the levels between
    { "Placebo",   "Placebo", reference = true },
    { "3 ug/kg",   "IL-7 3 ug/kg, one dose" },
    { "10 ug/kg",  "IL-7 10 ug/kg, one dose" },
    { "30 ug/kg",  "IL-7 30 ug/kg, one dose" },
    { "60 ug/kg",  "IL-7 60 ug/kg, one dose" },
    { "100 ug/kg", "IL-7 100 ug/kg, one dose" },
  },
  compare = { "30 ug/kg vs Placebo", "10 ug/kg vs Placebo", "3 ug/kg vs Placebo" },
  -- [p] 3:1 within a level, stratified by viral load: a level has four subjects of each stratum [a]
  randomisation = { "fixed numbers", strata = { "LEVEL", "VLGR1" } },

  visits = { choose = "closest", ties = "earlier",                             -- [a]
    { "Baseline", 1,  window = { -14, 1 } },
    { "Day 4",    4,  window = { 2, 5 } },
    { "Day 14",   14, window = { 10, 18 } },
    { "Day 28",   28, window = { 22, 35 } },
  },

  populations = {
    { "SAF", "Subjects with a dose", "TRTSDT is not null", treatment = "TRT01P" },
  },

  parameters = {
    { "CD4", "CD4+ T cells", "adlb", unit = "/uL", range = { 500, 1500 }, better = "higher" },    -- [a] range
    { "CD8", "CD8+ T cells", "adlb", unit = "/uL", range = { 200, 900 },  better = "higher" },
  },

  intercurrent = {
    { "death", "Death from any cause", "adsl", date = "DTHDT" },
  },

  alpha = 0.05, conf_level = 0.95, seed = 20050412,
}
