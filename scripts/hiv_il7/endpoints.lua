-- What A5214 asked, on simulated data. [p] published; [a] assumed.
dofile "trial.lua"

-- [p] safety of each level: dose-limiting toxicity
endpoint "DLT" {
  title        = "Dose-limiting toxicity within 28 days",
  role         = "primary",
  data         = "adae", where = "AEDLT = 'Y' and ASTDY <= 28",
  variable     = "any", compare = "each arm",
  intercurrent = { death = "while alive" },
  analysis     = { "proportion", ci = "Clopper-Pearson" },
}

-- [a] does the count rise with the dose?
for _, code in ipairs { "CD4", "CD8" } do
  endpoint(code) {
    title        = code .. "+ T cells at day 14 against day 1, by dose",
    role         = "secondary",
    parameter    = code, visit = "Day 14",
    variable     = "R2BASE", compare = "all arms",
    intercurrent = { death = "while alive" }, missing = "exclude",
    analysis     = "jonckheere",
  }
end
