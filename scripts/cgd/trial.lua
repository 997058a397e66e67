-- CGD: interferon gamma in chronic granulomatous disease. N Engl J Med
-- 1991;324:509-516. The labels of the arms are those of the data.
return trial "CGD" {
  title = "Interferon gamma to prevent infection in chronic granulomatous disease",

  arms = {
    { "placebo", "Placebo", reference = true },
    { "rIFN-g",  "Interferon gamma, 50 ug/m2 three times a week" },
  },
  compare = "rIFN-g vs placebo",

  populations = {
    { "ITT", "All randomised patients", "RANDDT is not null", treatment = "TRT01P" },
  },

  parameters = {
    { "TTINF", "Time to first serious infection", "adtte", unit = "days", better = "later" },
    { "NINF",  "Serious infections",              "adinf", better = "lower" },
  },

  alpha = 0.05, conf_level = 0.95,
}
