-- What was published of ELYPSE-7, on simulated data. [p] published; [a] assumed.
dofile "trial.lua"

-- [p] CD4 before chemotherapy: +148.1 % against +9.9 %, Wilcoxon P = 0.002
endpoint "CD4" {
  title        = "Percent change of CD4+ T cells from day 0 to day 21, before chemotherapy",
  role         = "primary",
  parameter    = "CD4", visit = "D21",
  variable     = "PCHG",
  compare      = "CYT107 before vs Placebo before",
  intercurrent = { death = "while alive" }, missing = "exclude",
  analysis     = "wilcoxon",
}

-- The same of what is given during chemotherapy, over both of what was given before
endpoint "CD4CHEMO" {
  title        = "Percent change of CD4+ T cells to the end of chemotherapy",
  role         = "secondary",
  parameter    = "CD4", visits = { "D57", "D78" }, visit = "D57",
  variable     = "PCHG",
  compare      = "CYT107 during vs Placebo during",
  intercurrent = { death = "while alive" }, missing = "exclude",
  analysis     = "wilcoxon",
}

-- [a] both factors in one model, and whether one changes what the other does
endpoint "CD4FACTORS" {
  title        = "CD4+ T cells at day 57 by both factors",
  role         = "exploratory",
  parameter    = "CD4", visit = "D57",
  variable     = "ln(AVAL)",
  compare      = { "CYT107 before vs Placebo before", "CYT107 during vs Placebo during",
                   { "interaction", ["C-C"] = 1, ["C-P"] = -1, ["P-C"] = -1, ["P-P"] = 1 } },
  intercurrent = { death = "while alive" }, missing = "exclude",
  summary      = "ratio of geometric means",
  analysis     = { "lm", "~ ln(BASE) + TRT01P" },
}
