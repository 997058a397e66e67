-- Tables that tests/report/tables.sh looks at in other programs: a long one, a wide
-- one, one of every kind of text, one of six arms whose columns need several pages.
-- Writes them into the folder that is given.
local out = ...

-- 120 terms in 10 classes, three arms of 60.
local subjects = { USUBJID = {}, TRT01P = {} }
local arms = { "Placebo", "Low dose", "High dose" }
for i = 1, 180 do
  subjects.USUBJID[i], subjects.TRT01P[i] = ("S%03d"):format(i), arms[i % 3 + 1]
end
local events = { USUBJID = {}, AEBODSYS = {}, AEDECOD = {} }
local state = 1
for i = 1, 2500 do
  state = (state * 1103515245 + 12345) % 2147483648
  local term = state // 97 % 120
  events.USUBJID[i] = ("S%03d"):format(1 + state // 13 % 180)
  events.AEBODSYS[i] = ("Class of disorders %d"):format(term // 12)
  events.AEDECOD[i] = ("Preferred term %03d"):format(term)
end
local long = table.ae { events, subjects = subjects, events = true, title = "Long table" }

local wide = table.ae { demo.adae, rates = "first", riskdiff = true, p_value = true,
  title = "Wide table" }

local odd = { ARM = { "A & B", "A & B", "C < D", "C < D" },
  X = { "=1+1", "é ≥ µ", "100 % {\\x}", "_y_ | #1 ~ ^ $ **b** <i>" } }
local text = table.summary { odd, by = "ARM", title = "Text: \\ { } $ & # % _ ^ ~ < > ≥",
  { "X", label = "'quoted \"text\" -- [a]", statistics = "n" } }

-- Six arms with four columns each, labels that are longer than a column.
local arms6 = { "Placebo & 5 % {x}", "Low <dose>", "Mid_dose #1", "High ^ ~ $",
  "A name of an arm that is too long for the columns that stand below it", "F \\ \"q\"" }
local people = { USUBJID = {}, ARM = {} }
local values = { USUBJID = {}, PARAMCD = {}, PARAM = {}, AVISIT = {}, AVISITN = {},
  AVAL = {}, CHG = {}, BLQFL = {}, LLOQ = {} }
for i = 1, 36 do
  people.USUBJID[i], people.ARM[i] = ("S%02d"):format(i), arms6[i % 6 + 1]
  for v, visit in ipairs { "Baseline", "Day 29, the end of a treatment that was long" } do
    local k = 2 * i - 2 + v
    values.USUBJID[k], values.PARAMCD[k] = people.USUBJID[i], "IL6"
    values.PARAM[k], values.AVISIT[k], values.AVISITN[k] = "IL-6 & <pg/mL>", visit, v
    values.AVAL[k] = i % 5 == v and 3.2 or i % 11 == 0 and NA or 3.2 + i * v
    values.CHG[k] = v == 1 and 0 or values.AVAL[k] == NA and NA or i
    values.BLQFL[k], values.LLOQ[k] = i % 5 == v and "Y" or NA, 3.2
  end
end
local many = table.labs { values, "IL6", subjects = people, by = "ARM",
  title = "Many columns" }

for name, t in pairs { long = long, wide = wide, text = text, many = many } do
  for _, extension in ipairs { "rtf", "docx", "xlsx", "html", "tex", "md" } do
    t:save(("%s/%s.%s"):format(out, name, extension))
  end
  -- what must be seen: the label and the cells of each row
  local f = io.open(("%s/%s.rows"):format(out, name), "w")
  for i, row in ipairs(t.rows) do
    f:write(row.label, "\n")
    for j in ipairs(t.columns) do f:write("\t", t:cell(i, j), "\n") end
  end
  f:close()
end
