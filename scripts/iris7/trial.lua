-- IRIS-7: CYT107 (interleukin-7) in septic shock with severe lymphopenia. JCI Insight 2018;3(5):e98960.
-- [p] published or registered; [a] assumed by us for the simulated trial, not taken from the protocol.
return trial "IRIS-7" {
  title        = "Interleukin-7 (CYT107) in septic shock with severe lymphopenia",
  registration = { "NCT02640807", "NCT02797431" },                            -- [p] two registrations, one analysis

  arms = {                                                                     -- in protocol order, as TRT01P has them
    { "Placebo",   "Placebo", reference = true },
    { "CYT107 LF", "CYT107 10 ug/kg, twice in week 1, then weekly" },          -- [a] calendar and dose
    { "CYT107 HF", "CYT107 10 ug/kg, twice a week" },                          -- [a]
    { "CYT107",    "CYT107, both frequencies", pool = { "CYT107 LF", "CYT107 HF" } },
  },
  compare = { "CYT107 vs Placebo", "CYT107 HF vs Placebo", "CYT107 LF vs Placebo" },   -- the first is an endpoint's own result
  randomisation = { "permuted blocks", ratio = { 1, 1, 1 }, sizes = { 3 }, strata = "COUNTRY" },          -- [a]
  dosing = { ["CYT107 LF"] = { 1, 4, 8, 15, 22 }, ["CYT107 HF"] = { 1, 4, 8, 11, 15, 18, 22, 25 } },      -- [a]

  visits = { choose = "closest", ties = "later",                               -- [a] all but the four weeks of treatment
    { "Baseline", 1,  window = { -3, 1 } },
    { "Day 4",    4,  window = { 2, 5 } },
    { "Day 8",    8,  window = { 6, 9 } },
    { "Day 11",   11, window = { 10, 12 } },
    { "Day 15",   15, window = { 13, 18 } },
    { "Day 22",   22, window = { 19, 25 } },
    { "Day 29",   29, window = { 26, 35 } },
    { "Day 42",   42, window = { 36, 50 } },
    { "Day 60",   60, window = { 51, 75 } },
    { "Day 90",   90, window = { 76, 104 } },
  },

  populations = {                                                              -- conditions on ADSL; the first is the default
    { "ITT", "All randomised patients",                     "RANDDT is not null", treatment = "TRT01P" },
    { "SAF", "Patients with at least one injection",        "TRTSDT is not null", treatment = "TRT01A" },
    { "PPROT", "Three quarters of the doses, no major deviation", "NDOSE >= 0.75 * NPLAN and MAJDEV = 0", treatment = "TRT01P" },
  },

  parameters = {                                                               -- code, name, table; ranges and limits [a]
    { "ALC",     "Absolute lymphocyte count",   "adlb", unit = "/uL",   range = { 1000, 4000 }, better = "higher" },
    { "ALCTWM",  "ALC, time-weighted mean of days 1 to 42", "adlb", unit = "/uL", better = "higher" },
    { "CD4",     "CD4+ T cells",                "adlb", unit = "/uL",   range = { 500, 1500 },  better = "higher" },
    { "CD8",     "CD8+ T cells",                "adlb", unit = "/uL",   range = { 200, 900 },   better = "higher" },
    { "KI67CD4", "Ki67+ of CD4+ T cells",       "adlb", unit = "%",     range = { 0, 100 } },
    { "KI67CD8", "Ki67+ of CD8+ T cells",       "adlb", unit = "%",     range = { 0, 100 } },
    { "PD1CD8",  "PD-1+ of CD8+ T cells",       "adlb", unit = "%",     range = { 0, 100 } },
    { "MHLADR",  "Monocyte HLA-DR",             "adlb", unit = "AB/cell", range = { 15000, 60000 }, better = "higher" },
    { "IL6",     "Interleukin-6",               "adcy", unit = "pg/mL", limit = "LLOQ" },   -- LLOQ: a column, one limit per batch
    { "IL8",     "Interleukin-8",               "adcy", unit = "pg/mL", limit = "LLOQ" },
    { "IL10",    "Interleukin-10",              "adcy", unit = "pg/mL", limit = "LLOQ" },
    { "TNF",     "Tumour necrosis factor",      "adcy", unit = "pg/mL", limit = "LLOQ" },
    { "IFNG",    "Interferon gamma",            "adcy", unit = "pg/mL", limit = "LLOQ" },
    { "PAO2",    "Arterial oxygen pressure",    "organ", unit = "mmHg" },       -- what SOFA is made of, as the export has it
    { "PLAT",    "Platelets",                   "organ", unit = "10^9/L" },
    { "BILI",    "Bilirubin",                   "organ", unit = "umol/L" },
    { "CREAT",   "Creatinine",                  "organ", unit = "umol/L" },
    { "SOFA",    "SOFA score (1996)",           "adsofa", unit = "points", range = { 0, 24 }, better = "lower" },
    { "SOFATWM", "SOFA score, time-weighted mean of days 1 to 8", "adsofa", unit = "points", better = "lower" },
    { "DEATH",   "Time to death",               "adtte", unit = "days", better = "later" },
    { "TTALC",   "Time to ALC of 1000/uL",      "adtte", unit = "days", better = "earlier" },
    { "TTINF",   "Time to secondary infection", "adtte", unit = "days", better = "later" },
    { "OSFD28",  "Days alive and free of organ support, to day 28", "adcc", unit = "days", better = "higher" },
    { "ICUFD28", "Days alive and out of intensive care, to day 28", "adcc", unit = "days", better = "higher" },
    { "ADA",     "Antibodies against CYT107",   "adab", unit = "titre" },
  },

  intercurrent = {                                                             -- what may break the link of treatment and outcome
    { "death",           "Death from any cause",     "adsl", date = "DTHDT" },     -- no default: each endpoint must say
    { "discontinuation", "Study drug stopped early", "adsl", date = "DCTDT", strategy = "treatment policy" },
    { "discharge",       "Discharge from hospital",  "adsl", date = "DISDT", strategy = "treatment policy" },
  },

  alpha = 0.05, conf_level = 0.95, seed = 20180308,                            -- two-sided; every random number comes from this seed
}
