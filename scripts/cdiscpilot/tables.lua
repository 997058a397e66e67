-- The published tables, cell by cell: a table is { title =, columns =, row, row, ... }, a row is a
-- list of texts. P-values come from s.results, the rest from adsl, adadas and adae.
local s = study.open(...)
local arms = { "Placebo", "Xanomeline Low Dose", "Xanomeline High Dose" }
local M = {}

-- Numbers as text ----------------------------------------------------------------------------------
local function decimals(x, digits) return ("%%.%df"):format(digits):format(round(x, digits)) end
local function share(n, total, digits)
  if n == 0 then return "0" end
  local percent = 100 * n / total
  if digits == 0 and percent < 1 then return n .. " (<1%)" end
  return ("%d (%s%%)"):format(n, decimals(percent, digits))
end
local function p_text(p, digits) return p > 0.99 and ">.99" or decimals(p, digits) end

local function heads(first, total, last)
  local row = { table.unpack(first) }
  for _, arm in ipairs(arms) do row[#row + 1] = arm end
  if total then row[#row + 1] = "Total" end
  row[#row + 1] = last
  return row
end

-- 14-2.01 ------------------------------------------------------------------------------------------
local measured = { { "AGE", "Age (y)" }, { "MMSETOT", "MMSE" }, { "DURDIS", "Duration of disease" },
  { "EDUCLVL", "Years of education" }, { "WEIGHTBL", "Baseline weight(kg)" },
  { "HEIGHTBL", "Baseline height(cm)" }, { "BMIBL", "Baseline BMI" } }
local grouped = { AGE = "AGEGR1", DURDIS = "DURDSGR1", BMIBL = "BMIBLGR1" }
local statistics = { { "n", "n", 0 }, { "Mean", "mean", 1 }, { "SD", "sd", 2 }, { "Median", "median", 1 },
  { "Min", "min", 1 }, { "Max", "max", 1 } }

local function by_arm(column)
  local out = {}
  for row in describe(column .. " ~ TRT01P", s.adsl):tidy():rows() do out[row.TRT01P] = row end
  out.Total = describe(column .. " ~ 1", s.adsl):tidy():row(1)
  return out
end

local function add_levels(t, column, p_at)
  local n, levels, total = {}, {}, {}
  for row in s.adsl:where(column .. " is not null"):count("TRT01P", column):rows() do
    n[row.TRT01P .. "\0" .. row[column]] = row.n
    total[row.TRT01P] = (total[row.TRT01P] or 0) + row.n
  end
  for row in s.adsl:where(column .. " is not null"):count(column):rows() do levels[#levels + 1] = row end
  for i, level in ipairs(levels) do
    local row, all = { "", level[column] }, 0
    for _, arm in ipairs(arms) do
      row[#row + 1] = share(n[arm .. "\0" .. level[column]] or 0, total[arm], 0)
      all = all + total[arm]
    end
    row[#row + 1] = share(level.n, all, 0)
    row[#row + 1] = i == 1 and p_at and p_text(s:result(column .. ".p_value"), 4) or nil
    t[#t + 1] = row
  end
end

local function add_category(t, column, title)
  local row = { title, "n" }
  for _, arm in ipairs(arms) do row[#row + 1] = tostring(#s.adsl:where { TRT01P = arm }) end
  row[#row + 1] = tostring(#s.adsl)
  row[#row + 1] = p_text(s:result(column .. ".p_value"), 4)
  t[#t + 1] = row
  add_levels(t, column, false)
end

function M.demographics()
  local t = { title = "Table 14-2.01: demographic and baseline characteristics", columns = 7,
    heads({ "", "" }, true, "p-value") }
  for i, variable in ipairs(measured) do
    local column, title = variable[1], variable[2]
    local d = by_arm(column)
    for k, statistic in ipairs(statistics) do
      local row = { k == 1 and title or "", statistic[1] }
      for _, arm in ipairs { arms[1], arms[2], arms[3], "Total" } do
        row[#row + 1] = decimals(d[arm][statistic[2]], statistic[3])
      end
      row[#row + 1] = k == 1 and p_text(s:result(column .. ".p_value"), 4) or nil
      t[#t + 1] = row
    end
    if grouped[column] then add_levels(t, grouped[column], true) end
    if i == 1 then
      add_category(t, "SEX", "Sex")
      add_category(t, "ORIGIN", "Race (Origin)")
    end
  end
  return t
end

-- 14-3.01 ------------------------------------------------------------------------------------------
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
    heads({ "" }) }
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
local function counts(events, ...)
  local out = {}
  for row in events:by("TRTA", ...):summarise("n = count(distinct USUBJID)", "events = count(*)"):rows() do
    local key = {}
    for i, name in ipairs { "TRTA", ... } do key[i] = row[name] end
    out[table.concat(key, "\0")] = row
  end
  return out
end

function M.adverse_events()
  local t = { title = "Table 14-5.01: treatment-emergent adverse events: patients (%), [events], Fisher's exact P",
    columns = 6, heads({ "" }) }
  table.insert(t[1], "P, low")
  table.insert(t[1], "P, high")
  local size, events = {}, s.adae:where "TRTEMFL = 'Y'"
  for row in s.adsl:where "SAFFL = 'Y'":count "TRT01A":rows() do size[row.TRT01A] = row.n end
  local all, organ, term = counts(events), counts(events, "AEBODSYS"), counts(events, "AEBODSYS", "AEDECOD")
  local function add(title, list, rest, id)
    local row = { title }
    for _, arm in ipairs(arms) do
      local found = list[arm .. rest]
      row[#row + 1] = found and ("%s [%d]"):format(share(found.n, size[arm], 1), found.events) or "0"
    end
    for _, arm in ipairs { "Low", "High" } do
      row[#row + 1] = p_text(s:result(("%s[Xanomeline %s Dose vs Placebo].p_value"):format(id, arm)), 3)
    end
    t[#t + 1] = row
  end
  add("ANY BODY SYSTEM", all, "", "TEAE")
  local last, n_organ = nil, 0
  local i = 0
  for row in events:distinct("AEBODSYS", "AEDECOD"):rows() do
    i = i + 1
    if row.AEBODSYS ~= last then
      last, n_organ = row.AEBODSYS, n_organ + 1
      add(last, organ, "\0" .. last, "SOC" .. n_organ)
    end
    add("  " .. row.AEDECOD, term, "\0" .. row.AEBODSYS .. "\0" .. row.AEDECOD, "PT" .. i)
  end
  return t
end

return M
