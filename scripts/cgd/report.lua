#!/usr/bin/env -S trialsh -q
-- trialsh report.lua [cgd.db]: from cgd.csv to tables, figures and a page of them.
local here = arg[0]:match "^.*/" or ""
local out = here .. "out/"
local file = ... or out .. "cgd.db"
local exists = io.open(file)
local s = exists and study.open(file) or study.create(file)

s:import(here .. "cgd.csv")          -- a file that did not change is left alone
dofile("derive.lua", s)
dofile "endpoints.lua"
check()                              -- every mistake at once
run(s)

-- By arm: patients, those with an infection, all infections -------------------
local by_arm = s.adtte:by "TRT01P":summarise(
    "patients = count(*)", "infected = sum(1 - CNSR)")
  :join(s.adinf:by "TRT01P":summarise(
    "infections = sum(AVAL)", "years = sum(DAYS) / 365.25"), "TRT01P")
  :mutate("percent = round(100 * infected / patients, 1)",
    "per_year = round(infections / years, 2)",
    "patient_years = round(years, 1)")
  :select("TRT01P", "patients", "infected", "percent", "infections",
    "patient_years", "per_year")

local per_patient = s.adinf:by "AVAL":summarise(
    "placebo = sum(TRT01P = 'placebo')", "interferon = sum(TRT01P = 'rIFN-g')")
  :select("infections = AVAL", "placebo", "interferon")

local first = "Surv(AVAL, CNSR == 0) ~ TRT01P"
local curve = km(first, s.adtte)

local function section(title, ...)
  print("\n" .. title)
  for _, x in ipairs { ... } do print(x) end
end

print(s.trial.title)
for row in by_arm:rows() do
  print(("%s: %d of %d patients had a serious infection"):format(
    row.TRT01P, row.infected, row.patients))
end
section("By arm", by_arm)
section("Patients by number of infections", per_patient)
section("Time to the first", logrank(first, s.adtte),
  logrank(first .. " + strata(INHERIT)", s.adtte))
section("Free of infection at 100, 200 and 300 days",
  curve:at { 100, 200, 300 })
section("Days until 10, 25 and 50 % are infected",
  curve:quantile { 0.1, 0.25, 0.5 })
section("Endpoints: tests", s.results:where "statistic is not null"
  :select("endpoint", "role", "compare", "statistic", "df", "p_value"))
section("Endpoints: estimates", s.results:where "estimate_name is not null"
  :select("endpoint", "group", "n", "estimate_name", "estimate", "conf_low",
    "conf_high"))

local fig, tab = dofile("figures.lua", s), dofile("tables.lua", s)
section("Tables", tab.baseline, "", tab.infections, "", tab.efficacy)

-- Files -----------------------------------------------------------------------
local wrote = { file,
  report "cgd" { out = out, tables = { "docx", "csv" }, figures = "svg",
    "# Patients\n\n{{ITT.n}} patients were randomised, {{ITT[rIFN-g].n}} of them to "
      .. "interferon gamma and {{ITT[placebo].n}} to placebo.",
    tab.baseline, fig.age,
    "# Serious infections\n\n{{TTINF}} {{TTINF-S}}",
    fig.survival, fig.inheritance, tab.infections, tab.efficacy },
  s:export(by_arm, out .. "by_arm.csv"),
  s:export(curve:at { 100, 200, 300 }, out .. "survival.csv"),
  s:export(s.results:select("endpoint", "title", "role", "analysis", "compare",
    "group", "n", "estimate_name", "estimate", "conf_low", "conf_high",
    "statistic", "df", "p_value"), out .. "results.csv") }
for _, name in ipairs { "survival", "inheritance", "age" } do
  for _, kind in ipairs { "pdf", "svg", "png" } do
    wrote[#wrote + 1] = fig[name]:save(out .. name .. "." .. kind)
  end
end
section("Wrote", table.unpack(wrote))
