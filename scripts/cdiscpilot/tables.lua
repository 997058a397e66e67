-- The published tables. P-values of 14-2.01 and comparisons of 14-3.01 come from s.results.
local s = study.open(...)
local M = {}

-- 14-2.01 ------------------------------------------------------------------------------------------
local measured = { "n", "mean", "sd", "median", "min", "max" }
local digits = { mean = 1, sd = 2, median = 1, min = 1, max = 1 }

function M.demographics()
  local function number(name, label)
    return { name, label = label, statistics = measured, digits = digits }
  end
  return table.summary { s.adsl, by = "TRT01P", total = true, p_value = "results", p_digits = 4,
    percent = "joined", percent_digits = 0, missing = false,
    title = "Table 14-2.01: demographic and baseline characteristics",
    number("AGE", "Age (y)"),
    { "AGEGR1", label = "Age group (y)" },
    { "SEX", label = "Sex", statistics = "n", levels = { "M", "F" }, names = { M = "Male", F = "Female" } },
    { "ORIGIN", label = "Race (Origin)", statistics = "n" },
    number("MMSETOT", "MMSE"),
    number("DURDIS", "Duration of disease"),
    { "DURDSGR1", label = "Duration of disease (months)", levels = { "<12", ">=12" } },
    number("EDUCLVL", "Years of education"),
    number("WEIGHTBL", "Baseline weight(kg)"),
    number("HEIGHTBL", "Baseline height(cm)"),
    number("BMIBL", "Baseline BMI"),
    { "BMIBLGR1", label = "Baseline BMI group" },
  }
end

-- 14-3.01 ------------------------------------------------------------------------------------------
function M.primary()
  local measured = { "n", "mean (SD)", "median (range)" }
  local digits = { mean = 1, sd = 2, median = 1, min = 0, max = 0 }
  local week24 = s.adadas:where { PARAMCD = "ACTOT", AVISIT = "Week 24", EFFFL = "Y", ANL01FL = "Y" }
  return table.summary { week24, by = "TRTP", statistics = measured, digits = digits, p_digits = 3,
    title = "Table 14-3.01: ADAS-Cog (11), change from baseline to week 24, LOCF",
    { "BASE", label = "Baseline" },
    { "AVAL", label = "Week 24" },
    { "CHG", label = "Change from Baseline" },
    results = { { "ADAS/dose response", label = "Dose response", show = "p_value" },
      { "ADAS", label = "Change", digits = { estimate = 1, std_error = 2 } } },
  }
end

-- 14-5.01 ------------------------------------------------------------------------------------------
function M.adverse_events()
  return table.ae { s.adae, population = "SAF", rows = { "AEBODSYS", "AEDECOD" }, events = true,
    any = "ANY BODY SYSTEM", sort = { "alphabetical", "Xanomeline High Dose" }, percent = "joined", percent_digits = 1,
    p_value = true, two_sided = "minlike", p_digits = 3,
    compare = { "Xanomeline Low Dose vs Placebo", "Xanomeline High Dose vs Placebo" },
    title = "Table 14-5.01: treatment-emergent adverse events" }
end

return M
