-- The statistical analysis plan of the simulated IRIS-7. Nothing is computed here; check() reads it, run() does it.
-- Left unsaid: population ITT, comparisons, strategies and seed of trial.lua, the analysed record of a visit, two-sided 5 %.
-- Beside every p-value run() gives the one of re-randomisation within the blocks and strata that were used.
dofile "trial.lua"

-- 1. Does it reverse lymphopenia? ------------------------------------------------------------------------------------------
endpoint "ALC50" {
  title        = "ALC at least 50 % above baseline at day 29",
  role         = "primary",
  parameter    = "ALC", visit = "Day 29",
  variable     = "AVAL >= 1.5 * BASE",
  intercurrent = { death = "composite" },                   -- a patient who died has not responded
  missing      = "nonresponder",
  summary      = "difference of proportions",
  analysis     = { "riskdiff", ci = "Miettinen-Nurminen" },
  sensitivity  = {                                          -- the same question, other assumptions
    { "exact",         analysis = "boschloo" },
    { "by country",    analysis = { strata = "COUNTRY" } }, -- no method named: an option of the main analysis changes
    { "last value",    missing = "LOCF" },
  },
  supplementary = {                                         -- another question
    { "per protocol",  population = "PPROT" },
  },
  subgroups = { "COUNTRY", "SEX", "AGEGR1", "SOFAGR1" },
}

-- The conditional rule registered for IRIS-7 C/D: if placebo recovers too, compare how much. [a] how "recovers" is read.
endpoint "ALCRULE" {
  title        = "Lymphocyte reconstitution by the conditional rule of IRIS-7 C/D",
  role         = "exploratory",
  parameter    = "ALC", visit = "Day 29",
  variable     = "AVAL >= 1.5 * BASE",
  intercurrent = { death = "composite" }, missing = "nonresponder",
  analysis     = "fisher",
  instead      = { when = "median(PCHG) >= 50", within = "Placebo", variable = "PCHG", missing = "worst rank", analysis = "wilcoxon" },
}

-- Counts over time: a mixed model for repeated measures of logarithms, hence ratios of geometric means -----------------------
local after = { "Day 4", "Day 8", "Day 11", "Day 15", "Day 22", "Day 29", "Day 42", "Day 60" }

local function course(code, name, role)
  endpoint(code) {
    title        = name .. " over time",
    role         = role,
    parameter    = code, visits = after, visit = "Day 29",  -- a result at each visit; the endpoint's own is day 29
    variable     = "ln(AVAL)",
    compare      = { "CYT107 vs Placebo", "CYT107 HF vs Placebo", "CYT107 LF vs Placebo",
                     { "trend in doses", Placebo = 0, ["CYT107 LF"] = 5, ["CYT107 HF"] = 8 } },
    intercurrent = { death = "hypothetical" },
    missing      = "at random",
    summary      = "ratio of geometric means",
    analysis     = { "mmrm", "~ ln(BASE) * AVISIT + TRT01P * AVISIT", covariance = { "un", "toeph", "ar1h", "csh", "cs" } },
    sensitivity  = {
      { "Kenward-Roger", analysis = { df = "Kenward-Roger" } },
    },
    supplementary = {                                       -- death in other ways
      { "death worst", intercurrent = { death = "composite" }, missing = "worst rank", summary = "ratio of medians", analysis = "wilcoxon" },
      { "while alive", intercurrent = { death = "while alive" }, missing = "exclude", variable = "ln(mean(AVAL))", analysis = { "lm", "~ ln(BASE) + TRT01P" } },
    },
  }
end
course("ALC", "Absolute lymphocyte count", "key secondary")
course("CD4", "CD4+ T cells", "key secondary")
course("CD8", "CD8+ T cells", "key secondary")

endpoint "ALCTWM" {
  title        = "ALC, time-weighted mean of days 1 to 42",
  role         = "secondary",
  parameter    = "ALCTWM",
  variable     = "ln(AVAL)",
  intercurrent = { death = "while alive" }, missing = "exclude",
  summary      = "ratio of geometric means",
  analysis     = { "lm", "~ ln(BASE) + TRT01P" },
}

endpoint "FOLD" {
  title        = "Fold change from baseline, in and after treatment",
  role         = "secondary",
  parameter    = { "ALC", "CD4", "CD8" }, visits = { "Day 29", "Day 42", "Day 60" }, visit = "Day 29",
  variable     = "ln(R2BASE)",
  intercurrent = { death = "while alive" }, missing = "exclude",
  summary      = "ratio of medians",
  analysis     = "wilcoxon",
  adjust       = "Holm",                                    -- over parameters, visits and comparisons
  supplementary = { { "each arm", compare = "each arm", summary = "geometric mean of the fold change", analysis = "ttest" } },
}

endpoint "TTALC" {
  title        = "Time to an ALC of at least 1000/uL, death competing",
  role         = "secondary",
  parameter    = "TTALC",
  intercurrent = { death = "while alive" },
  analysis     = { "cuminc", test = "Gray", at = { 29, 60 } },
  supplementary = {
    { "cause-specific hazard", intercurrent = { death = "hypothetical" }, analysis = { "cox", ties = "Efron" } },
  },
}

-- 2. Does it make T cells proliferate and activate? --------------------------------------------------------------------------
for _, code in ipairs { "KI67CD4", "KI67CD8", "PD1CD8", "MHLADR" } do
  endpoint(code) {
    title     = code .. " during treatment",
    role      = "exploratory",
    parameter = code, visits = { "Day 8", "Day 15", "Day 29" }, visit = "Day 15",
    variable  = "AVAL",
    intercurrent = { death = "while alive" }, missing = "exclude",
    analysis  = "wilcoxon",
    adjust    = "Holm",                                     -- over the visits and comparisons of this endpoint
  }
end

-- 3. Is it safe? -------------------------------------------------------------------------------------------------------------
endpoint "CYTO" {
  title     = "Plasma cytokines: no storm",
  role      = "safety", population = "SAF",
  parameter = { "IL6", "IL8", "IL10", "TNF", "IFNG" }, visits = { "Day 4", "Day 8", "Day 15", "Day 29" }, visit = "Day 8",
  variable  = "ln(AVAL)",
  intercurrent = { death = "while alive" }, missing = "exclude",
  summary   = "ratio of geometric means",
  analysis  = { "tobit", "~ TRT01A" },                      -- likelihood with values below several limits
  adjust    = "max-T",                                      -- over the whole panel, by re-randomisation
  sensitivity   = { { "half the limit", analysis = { "ttest", blq = "half" } } },
  supplementary = { { "ranks", summary = "order of the values", analysis = "peto_prentice" } },
}

local icu_visits = { "Day 4", "Day 8", "Day 15", "Day 22", "Day 29" }
endpoint "SOFA" {
  title     = "Change of SOFA by day 8, death as 24 points",
  role      = "secondary",
  parameter = "SOFA", visit = "Day 8",
  variable  = "CHG",
  intercurrent = { death = { "composite", AVAL = 24 }, discharge = { "composite", AVAL = 0 } },
  missing   = "exclude",
  analysis  = "wilcoxon",
  supplementary = {                                         -- an aggregate gives one value per patient, over the visits
    { "mean while alive", visits = icu_visits, intercurrent = { death = "while alive" }, variable = "mean(AVAL)", analysis = { "lm", "~ BASE + TRT01P" } },
    { "worst",            visits = icu_visits, variable = "max(AVAL)" },
  },
}

endpoint "SOFATWM" {
  title     = "SOFA by its area under the curve of days 1 to 8, over the days alive",
  role      = "secondary",
  parameter = "SOFATWM", variable = "AVAL",
  intercurrent = { death = "while alive" }, missing = "exclude",
  summary   = "difference of means",
  analysis  = { "lm", "~ BASE + TRT01P" },
}

endpoint "TTINF" {
  title     = "Adjudicated secondary infection to day 90, death competing",
  role      = "secondary", population = "SAF",
  parameter = "TTINF",
  intercurrent = { death = "while alive" },
  analysis  = { "cuminc", test = "Gray", at = { 29, 90 } },
}

endpoint "AE34" {
  title     = "Any treatment-emergent adverse event of grade 3 or 4",
  role      = "safety", population = "SAF",
  data      = "adae", where = "TRTEMFL = 'Y' and AETOXGR in (3, 4)",
  variable  = "any",                                        -- the patient has at least one such row
  intercurrent = { death = "while alive" },
  analysis  = { "riskdiff", ci = "Miettinen-Nurminen" },
  supplementary = { { "per 100 patient-days", variable = "count", analysis = { "rateratio", time = "TRTDUR", per = 100 } } },
}

endpoint "AERATE" {
  title     = "Treatment-emergent adverse events per 100 patient-days",
  role      = "safety", population = "SAF",
  data      = "adae", where = "TRTEMFL = 'Y'",
  variable  = "count",
  intercurrent = { death = "while alive" },
  summary   = "rate ratio",
  analysis  = { "rateratio", time = "TRTDUR", per = 100, variance = "robust" },     -- some patients have many
  sensitivity = { { "Poisson", analysis = { variance = "Poisson" } } },
}

endpoint "ADA" {
  title     = "Antibodies against CYT107 after baseline",
  role      = "safety", population = "SAF",
  parameter = "ADA", where = "ADY > 1 and BLQFL = 'N'",
  variable  = "any",
  intercurrent = { death = "while alive" },
  analysis  = { "riskdiff", ci = "Miettinen-Nurminen" },    -- none in either arm still has an interval
}

-- 4. Does it matter to the patient? --------------------------------------------------------------------------------------------
for _, day in ipairs { 28, 90 } do
  endpoint("DEATH" .. day) {
    title     = "Death within " .. day .. " days",
    role      = day == 28 and "secondary" or "exploratory",
    data      = "adsl", variable = "DTH" .. day .. "FL = 'Y'",
    intercurrent = { death = "outcome" },                   -- here death is what is counted
    missing   = "exclude",                                  -- lost to follow-up before that day
    analysis  = { "riskdiff", ci = "Miettinen-Nurminen" },
    supplementary = { { "restricted mean survival", parameter = "DEATH", variable = "AVAL", analysis = { "rmst", horizon = day } } },
  }
end

for _, code in ipairs { "OSFD28", "ICUFD28" } do
  endpoint(code) {
    title     = code .. ": days alive and free, death worst",
    role      = "secondary",
    parameter = code, variable = "AVAL",
    intercurrent = { death = "composite" },
    analysis  = "wilcoxon",
  }
end

endpoint "WIN" {
  title     = "Win ratio: death, then infection, then organ support, then ALC",
  role      = "secondary",
  variable  = {                                             -- the first difference decides; trial.lua says which is better
    { "DEATH",  horizon = 90 },
    { "TTINF",  horizon = 90 },
    { "OSFD28", margin = 1 },
    { "ALC",    visit = "Day 29", margin = 100 },
  },
  intercurrent = { death = "composite" }, missing = "tie",
  analysis  = { "winratio", strata = "COUNTRY" },
}

-- 5. Order of claims -----------------------------------------------------------------------------------------------------------
multiplicity "claims" { "graph", alpha = 0.05,
  { "ALC50", weight = 1, to = { ALC = 1 } },
  { "ALC",               to = { CD4 = 1/2, CD8 = 1/2 } },
  { "CD4",               to = { CD8 = 1 } },
  { "CD8",               to = { CD4 = 1 } },
}
