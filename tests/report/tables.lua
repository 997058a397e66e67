-- Tables that tests/report/tables.sh looks at in other programs: a long one, a wide
-- one, one of every kind of text. Writes them into the folder that is given.
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

for name, t in pairs { long = long, wide = wide, text = text } do
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
