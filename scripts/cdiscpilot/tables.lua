-- The published tables. 14-2.01 and 14-5.01 come from the catalogue of tables; 14-3.01 has a form of
-- its own: { title =, columns =, row, row, ... }, a row is a list of texts. P-values of 14-2.01 and
-- 14-3.01 come from s.results.
local s = study.open(...)
local arms = { "Placebo", "Xanomeline Low Dose", "Xanomeline High Dose" }
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
local function decimals(x, places) return ("%%.%df"):format(places):format(round(x, places)) end
local function p_text(p, places) return p > 0.99 and ">.99" or decimals(p, places) end

local function add_values(t, title, column, week24)
  t[#t + 1] = { title }
  local d = {}
  for row in describe(column .. " ~ TRTP", week24):tidy():rows() do d[row.TRTP] = row end
  local lines = { { "n" }, { "Mean (SD)" }, { "Median (Range)" } }
  for _, arm in ipairs(arms) do
    local x = d[arm]
    table.insert(lines[1], decimals(x.n, 0))
    table.insert(lines[2], ("%s (%s)"):format(decimals(x.mean, 1), decimals(x.sd, 2)))
    table.insert(lines[3], ("%s (%s;%s)"):format(decimals(x.median, 1), decimals(x.min, 0),
      decimals(x.max, 0)))
  end
  table.move(lines, 1, 3, #t + 1, t)
end

-- P, difference and interval of "A vs B" in the column of A.
local function add_comparison(t, title, list)
  local p, difference, interval = { title }, { "Diff of LS Means (SE)" }, { "95% CI" }
  for j, compare in pairs(list) do
    local r = s:result("ADAS[" .. compare .. "]")
    p[j] = p_text(r.p_value, 3)
    difference[j] = ("%s (%s)"):format(decimals(r.estimate, 1), decimals(r.std_error, 2))
    interval[j] = ("(%s;%s)"):format(decimals(r.conf_low, 1), decimals(r.conf_high, 1))
  end
  t[#t + 1], t[#t + 2], t[#t + 3] = p, difference, interval
end

function M.primary()
  local t = { title = "Table 14-3.01: ADAS-Cog (11), change from baseline to week 24, LOCF", columns = 4,
    { "", table.unpack(arms) } }
  local week24 = s.adadas:where { PARAMCD = "ACTOT", AVISIT = "Week 24", EFFFL = "Y", ANL01FL = "Y" }
  add_values(t, "Baseline", "BASE", week24)
  add_values(t, "Week 24", "AVAL", week24)
  add_values(t, "Change from Baseline", "CHG", week24)
  t[#t + 1] = { "p-value(Dose Response)", nil, nil, p_text(s:result "ADAS/dose response.p_value", 3) }
  add_comparison(t, "p-value(Xan - Placebo)", { [3] = "Xanomeline Low Dose vs Placebo",
    [4] = "Xanomeline High Dose vs Placebo" })
  add_comparison(t, "p-value(Xan High - Xan Low)", { [4] = "Xanomeline High Dose vs Xanomeline Low Dose" })
  return t
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
