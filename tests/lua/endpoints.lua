-- A small trial that tests of endpoints share, made up: 24 subjects of three
-- arms, two of them pooled. 05, 10, 19 and 21 died on day 6, 20, 60 and 12; 03, 08
-- and 17 stopped on day 15, 4 and 27; 12 and 15 miss visits; 24 had no drug. s has
-- adsl, adlb (a row per visit, with BASE and CHG), adtte and adae, the files of
-- tests/data/endpoint.
local endpoints = require "trialsh.endpoint"

local M = {}

--- The trial; more: further keys of its definition.
function M.trial(more)
  local def = {
    arms = { { "P", "Placebo", reference = true }, { "L", "low" },
      { "H", "high" }, { "Active", "both", pool = { "L", "H" } } },
    compare = { "Active vs P", "H vs P", "L vs P" },
    populations = {
      { "ITT", "all randomised", "RANDDT is not null", treatment = "TRT01P" },
      { "SAF", "all treated", "TRTFL = 'Y'", treatment = "TRT01A" } },
    parameters = {
      { "ALC", "Lymphocytes", "adlb", unit = "/uL", better = "higher" },
      { "SOFA", "SOFA score", "adlb", better = "lower" },
      { "DEATH", "Time to death", "adtte", unit = "days", better = "later" } },
    visits = { { "Day 1", 1, window = { -3, 1 } },
      { "Day 8", 8, window = { 5, 11 } },
      { "Day 29", 29, window = { 26, 35 } } },
    seed = 1,
  }
  for key, value in pairs(more or {}) do def[key] = value end
  return trial "T" (def)
end

--- The study, with its trial; more: further keys of the trial.
function M.study(more)
  endpoints.list = {}
  require "trialsh.multiplicity".list = {}
  local t = M.trial(more)
  local s = require "trialsh.study".memory()
  study.open(s)
  s.trial = t
  for _, name in ipairs { "adsl", "adlb", "adtte", "adae" } do
    s[name] = read(("tests/data/endpoint/%s.csv"):format(name)):collect()
  end
  return s
end

--- The rows of a parameter at a visit beside adsl: what an analysis sees.
function M.rows(s, code, visit)
  return s.adsl:select("USUBJID", "TRT01P", "SEX", "SITEID", "AGE", "DOSE")
    :join(s.adlb:where { PARAMCD = code, AVISIT = visit }
      :select("USUBJID", "AVAL", "BASE", "CHG"), "USUBJID")
end

--- The text of an error, or of what check() says of mistakes.
function M.message(f, ...)
  local ok, err = pcall(f, ...)
  require "luaunit".assertFalse(ok, "no error")
  return tostring(err)
end

return M
