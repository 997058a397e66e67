-- demo: a small made-up study in memory, for the examples of the help.

local embedded = require "ts.embedded"
local trials = require "trialsh.trial"

local types = { lb = { AVALC = "text" } }
local texts = {}
for i, name in ipairs { "adsl", "adlb", "adtte", "adae", "dm", "ex", "lb", "organ",
    "support", "ae" } do
  texts[i] = { name = name, text = embedded("demo/" .. name .. ".csv"),
    types = types[name] }
end

local demo = require "trialsh.study".of_texts(texts)
local defined = trials.current -- endpoints of the user are not of this trial
demo.trial = trials.trial "DEMO" {
  title = "A made-up trial of CYT107",
  arms = {
    { "Placebo", "Placebo", reference = true },
    { "CYT107 LF", "CYT107, once a week" },
    { "CYT107 HF", "CYT107, twice a week" },
    { "CYT107", "CYT107, both frequencies",
      pool = { "CYT107 LF", "CYT107 HF" } },
  },
  compare = { "CYT107 vs Placebo" },
  visits = { choose = "closest", ties = "later",
    { "Baseline", 1, window = { upto = 1 } },
    { "Day 8", 8, window = { 5, 11 } },
    { "Day 15", 15, window = { 12, 18 } },
    { "Day 29", 29, window = { 25, 35 } },
  },
  populations = {
    { "ITT", "All randomised", "RANDDT is not null", treatment = "TRT01P" },
    { "SAF", "All treated", "TRTSDT is not null", treatment = "TRT01P" },
  },
  parameters = {
    { "ALC", "Absolute lymphocyte count", "adlb", unit = "/uL",
      range = { 1000, 4000 }, better = "higher" },
    { "CD4", "CD4+ T cells", "adlb", unit = "/uL", range = { 500, 1500 },
      better = "higher" },
    { "IL6", "Interleukin-6", "adlb", unit = "pg/mL" },
    { "CREAT", "Creatinine", "adlb", unit = "umol/L", range = { 60, 110 },
      better = "lower" },
    { "SOFA", "SOFA score", "adsofa", unit = "points", better = "lower" },
    { "DEATH", "Time to death", "adtte", unit = "days", better = "later" },
  },
  intercurrent = { { "death", "Death", "dm", date = "DTHDT" } },
}
trials.current = defined

--- demo: a small study to try things on
-- 24 made-up patients of three arms, in memory; changes to it are gone at the
-- end. demo.adsl has a row per patient, demo.adlb lymphocyte counts by visit,
-- demo.adtte the time to death, demo.adae adverse events. As an export brings
-- them: demo.dm dates of patients, ex doses, lb results of the laboratory, organ
-- what SOFA is made of, support of organs from day to day, ae adverse events.
-- demo.trial is the definition of the trial.
--
--   > demo.adsl:count()
--       n
--   1  24
--     SIMULATED DATA
--
-- See also: study.open, trial.
return { demo = demo }
