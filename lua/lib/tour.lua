-- tour(): first steps on the demo study, a page at a time. Lines that begin with
-- > are run when the page is shown, so that what stands below them is true.

local fail = require "ts.error".fail
local help = require "trialsh.help"

local M = {}

local pages = {
  { "Look", [[
demo is a small study: 24 made-up patients of three arms. Its name alone lists
its tables; a table prints its head and tail, as much as the screen takes.

> demo.adsl:head(2)

Tab completes: try demo.<Tab>, demo.adsl.<Tab> and demo.adsl:<Tab>. A point
gives data (demo.adsl.AGE is a column), a colon asks for something to be done.

> demo.adsl.AGE:median()]] },
  { "Choose and order", [[
where chooses rows by a condition, as SQL writes it; select chooses columns,
order sorts. Each gives a new table, the old one stays as it was.

> old = demo.adsl:where "AGE > 76 and SEX = 'F'"
> old:select("USUBJID", "AGE"):order "AGE desc"

Values that may come from elsewhere stand for ?, or in a table:

> visit = "Day 29"
> #demo.adlb:where("PARAMCD = ? and AVISIT = ?", "ALC", visit)
> #demo.adlb:where { PARAMCD = "ALC", AVISIT = { "Day 8", "Day 15" } }]] },
  { "Summarise", [[
by sets groups, for the summarise or count that follows. describe is a table of
the usual numbers.

> alc = demo.adlb:where { PARAMCD = "ALC", AVISIT = "Day 29" }
> alc:by "TRT01P":summarise("n = count(AVAL)", "mean = avg(AVAL)")
> describe("AGE ~ SEX", demo.adsl)]] },
  { "Test", [[
Statistics take a formula, "response ~ group", and a table. A difference is A
minus B of "A vs B", so no sign is left to guess.

> alc = demo.adlb:where { PARAMCD = "ALC", AVISIT = "Day 29" }
> ttest("CHG ~ TRT01P", alc, { compare = "CYT107 HF vs Placebo" })

A result has fields: _ is the last value, _.p_value its P. ttest is one of many:
? alone lists them, ?ttest shows options and an example.]] },
  { "Times to events", [[
> curve = km("Surv(AVAL, CNSR == 0) ~ TRT01P", demo.adtte)
> curve
> logrank("Surv(AVAL, CNSR == 0) ~ TRT01P", demo.adtte).p_value]] },
  { "Draw", [[
A figure is made of a table or an endpoint, and is saved as PDF, SVG or PNG.

> alc = demo.adlb:where { PARAMCD = "ALC", AVISIT = "Day 29" }
> f = figure.points { alc, y = "AVAL", by = "TRT01P" }
> f

f:show() draws it here in letters, f:save "alc.pdf" in print.]] },
  { "Tables", [[
A table is made of rows, each kind in its own way; ?table lists the kinds.

> t = table.summary { demo.adsl, by = "TRT01P", total = true, "AGE", "SEX" }
> t

table.ae { demo.adae } counts adverse events, table.labs values by visit.
t:save "table1.docx" writes it, or .html, .rtf, .tex and more; t:tidy() has its
numbers, a row for each.]] },
  { "When something is wrong", [[
A mistake costs nothing: the line says what it is, and often what was meant.

> demo.adsl:where "AGEE > 60"
> ttest("CHG ~ TRT01P", demo.adlb, { compair = "CYT107 HF vs Placebo" })
> demo.adsl.AGE > 60

Ctrl-C stops what takes too long, or empties the line; the up arrow brings back
what was typed; ??word looks for a word in all of the help.]] },
  { "Your own data", [[
A study is one file. It keeps what was imported as it was, and who changed what:

    s = study.create "trial.db"        later: study.open, or trialsh -d trial.db
    s:import "adsl.csv"                s.adsl is the table
    s.old = s.adsl:where "AGE >= 65"   a derived table, kept
    s.audit                            all that was done

read "adsl.csv" gives a table without a study. What is worth repeating belongs
in a script: trialsh script.lua; with --log FILE it leaves a log for a reviewer.
?trial and ?endpoint show how the analyses of a trial are written down.
That was the tour.]] },
}

-- The text of a page with what its lines print.
local function run(page, number)
  local out = { ("%d of %d  %s"):format(number, #pages, page[1]), "" }
  local env = setmetatable({}, { __index = _G })
  for line in (page[2] .. "\n"):gmatch "([^\n]*)\n" do
    out[#out + 1] = line
    local code = line:match "^> (.*)"
    local shown = code and help.output(code, env) or ""
    if shown ~= "" then out[#out + 1] = shown end
  end
  if number < #pages then
    out[#out + 1] = ""
    out[#out + 1] = ("tour() goes on: %s"):format(pages[number + 1][1])
  end
  return table.concat(out, "\n")
end

local last = 0 -- the page that was shown last

--- tour([page]) -> page
-- First steps on the demo study, a page at a time: tour() shows the next one,
-- tour(1) begins again. What is shown is computed then and there.
--
--   > tostring(tour(1)):match "[^\n]+"
--   1 of 9  Look
--
-- See also: help, demo.
function M.tour(number)
  if number == nil then number = last % #pages + 1 end
  if math.type(number) ~= "integer" or not pages[number] then
    fail("invalid", ("tour: the pages are 1 to %d, not %s"):format(#pages,
      tostring(number)))
  end
  last = number
  return help.page(run(pages[number], number))
end

return M
