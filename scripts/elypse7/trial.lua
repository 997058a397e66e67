-- ELYPSE-7: CYT107 before and during capecitabine in metastatic breast cancer with lymphopenia (NCT01368107).
-- [p] published or registered; [a] assumed by us for the simulated trial.
return trial "ELYPSE-7" {
  title        = "CYT107 before and during capecitabine in patients with lymphopenia",
  registration = "NCT01368107",

  -- [p] 2 x 2: what is given before, and what is given during, chemotherapy
  arms = {
    { "P-P", "Placebo before and during", reference = true },
    { "P-C", "Placebo before, CYT107 during" },
    { "C-P", "CYT107 before, placebo during" },
    { "C-C", "CYT107 before and during" },
    { "CYT107 before",  "CYT107 before chemotherapy",  pool = { "C-P", "C-C" } },
    { "Placebo before", "Placebo before chemotherapy", pool = { "P-P", "P-C" } },
    { "CYT107 during",  "CYT107 during chemotherapy",  pool = { "P-C", "C-C" } },
    { "Placebo during", "Placebo during chemotherapy", pool = { "P-P", "C-P" } },
  },
  compare = { "CYT107 before vs Placebo before", "CYT107 during vs Placebo during" },
  randomisation = { "permuted blocks", ratio = { 1, 1, 1, 1 }, sizes = { 4 } },                   -- [a]

  visits = { choose = "closest", ties = "earlier",                                                -- [p] days; [a] windows
    { "D0",  1,  window = { -7, 1 } },
    { "D21", 21, window = { 15, 30 } },
    { "D57", 57, window = { 45, 66 } },
    { "D78", 78, window = { 67, 90 } },
  },

  populations = {
    { "ITT", "All randomised patients", "RANDDT is not null", treatment = "TRT01P" },
  },

  parameters = {
    { "CD4", "CD4+ T cells", "adlb", unit = "/uL", range = { 500, 1500 }, better = "higher" },    -- [a] range
    { "ALC", "Absolute lymphocyte count", "adlb", unit = "/uL", range = { 1000, 4000 }, better = "higher" },
  },

  intercurrent = {
    { "death",       "Death from any cause", "adsl", date = "DTHDT" },
    { "progression", "Progression of the cancer", "adsl", date = "PRGDT", strategy = "treatment policy" },
  },

  alpha = 0.05, conf_level = 0.95, seed = 20110608,
}
