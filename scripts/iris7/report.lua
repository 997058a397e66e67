#!/usr/bin/env -S trialsh -q
-- trialsh report.lua [OUT]: simulate, import, derive, analyse on dummy arms, unblind, analyse again, and say what came of it.
-- Everything goes to OUT.
local here = arg[0]:match "^.*/" or ""
local out = ... or here .. "out"
dofile("simulate.lua", out)                  -- raw files, and the allocation in sealed/
local file = out .. "/iris7.db"
os.remove(file)
local s = study.create(file)
dofile("derive.lua", s, out)
dofile "endpoints.lua"
print(s.trial.title)
print(check(s))                              -- every mistake at once; and where an analysis does not do what its estimand says

local function results(which)
  return s.results:where "own = 'Y' and variation = 'main'":where(which):select("endpoint", "estimate", "conf_low",
    "conf_high", "p_value", "p_rerandomised")
end
run(s, { rerandomise = false })              -- still dummy arms: the dry run
print(results "role = 'primary'")
s:unblind { reason = "Database locked; plan signed", codes = out .. "/sealed/codes.csv" }
run(s)                                       -- tables that hold arms were derived again by unblind
local r = s:result "ALC50"
print(("%s: %.0f %% against %.0f %%, difference %.2f (%.2f to %.2f), P = %.5f, by re-randomisation %.3f"):format(r.title,
  100 * r.estimate_1, 100 * r.estimate_2, r.estimate, r.conf_low, r.conf_high, r.p_value, r.p_rerandomised))
print("re-randomisation: " .. r.rerandomised)
print(results "1 = 1")
print(file, s:export(s.results, out .. "/results.csv"))

local fig, tab = dofile("figures.lua", s), dofile("tables.lua", s)
print(report "iris7" {
  out     = out,                             -- OUT/iris7.html, and the pieces of the manuscript in OUT/iris7/
  title   = "CYT107 in septic shock: a simulated IRIS-7",
  journal = "JCI Insight",

  "# Patients",
  "{{ITT.n}} patients were randomised, {{SAF.n}} treated.",
  fig.flow, tab.baseline, tab.disposition, tab.exposure, fig.support, fig.values,

  "# Lymphocytes",
  "{{ALC50}} By re-randomisation P = {{ALC50.p_rerandomised}}. {{ALC@Day 29}} At day 42 the ratio was {{ALC@Day 42.estimate}}.",
  fig.counts, fig.activation, tab.efficacy, fig.forest, fig.subgroups, tab.counts, tab.shift,

  "# Safety",
  "{{AE34}} {{ADA}}",
  tab.overview, tab.events, fig.events, tab.grades, tab.rates, tab.deaths, tab.serious, fig.cytokines, fig.markers, tab.cytokines,

  "# Outcome",
  "{{DEATH28}} {{OSFD28}} {{WIN}}",
  fig.outcome, fig.infection, fig.organs, tab.sofa, tab.patient, fig.claims,
})
print((fill(here .. "manuscript.md", out .. "/manuscript.md")))
