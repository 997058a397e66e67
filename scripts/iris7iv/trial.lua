-- IRIS-7 C/D: intravenous CYT107 in septic shock (NCT03821038), a sibling of IRIS-7.
-- [p] published or registered; [a] assumed by us for the simulated trial.
return trial "IRIS-7 C/D" {
  title        = "Intravenous CYT107 in septic shock with severe lymphopenia",
  registration = "NCT03821038",

  arms = {
    { "Placebo", "Placebo", reference = true },
    { "CYT107",  "CYT107 10 ug/kg intravenously, twice a week for 3 weeks" },  -- [p]
  },
  compare = "CYT107 vs Placebo",
  randomisation = { "permuted blocks", ratio = { 1, 3 }, sizes = { 4 } },      -- [p] 3:1; [a] blocks
  dosing = { CYT107 = { 1, 4, 8, 11, 15, 18 } },                               -- [p] twice a week; [a] the days

  visits = { choose = "closest", ties = "later",                               -- [p] day 29; [a] the others, all windows
    { "Baseline", 1,  window = { -3, 1 } },
    { "Day 8",    8,  window = { 5, 11 } },
    { "Day 15",   15, window = { 12, 18 } },
    { "Day 22",   22, window = { 19, 25 } },
    { "Day 29",   29, window = { 26, 35 } },
    { "Day 42",   42, window = { 36, 50 } },
    { "Day 60",   60, window = { 51, 75 } },
    { "Day 90",   90, window = { 76, 104 } },
  },

  populations = {
    { "ITT", "All randomised patients",              "RANDDT is not null", treatment = "TRT01P" },
    { "SAF", "Patients with at least one infusion",  "TRTSDT is not null", treatment = "TRT01A" },
  },

  parameters = {
    { "ALC",    "Absolute lymphocyte count", "adlb", unit = "/uL", range = { 1000, 4000 }, better = "higher" },  -- [a] range
    { "DEATH",  "Time to death", "adtte", unit = "days", better = "later" },
    { "TTINF",  "Time to adjudicated secondary infection", "adtte", unit = "days", better = "later" },
    { "OSFD28", "Days alive and free of organ support, to day 28", "adcc", unit = "days", better = "higher" },
    { "ADA",    "Antibodies against CYT107", "adab", unit = "titre", limit = "LLOQ" },
  },

  intercurrent = {
    { "death",           "Death from any cause", "adsl", date = "DTHDT" },
    { "discontinuation", "Study drug stopped: ALC above 2.5 times its upper limit, or another reason", "adsl",
      date = "DCTDT", strategy = "treatment policy" },
  },

  alpha = 0.05, conf_level = 0.95, seed = 20190328,
}
