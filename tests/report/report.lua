-- A report of the simulated IRIS-7 as a browser shall show it: trialsh report.lua
-- FOLDER. Its results are without re-randomisation, which takes longer.
local out = ...
local scripts = "../../scripts/iris7/"
dofile(scripts .. "simulate.lua", out)
local s = study.create(out .. "/iris7.db")
dofile(scripts .. "derive.lua", s, out)
dofile(scripts .. "endpoints.lua")
s:unblind { reason = "test", codes = out .. "/sealed/codes.csv" }
run(s, { rerandomise = false })
local fig, tab = dofile(scripts .. "figures.lua", s), dofile(scripts .. "tables.lua", s)
local page = { out = out, journal = "JCI Insight", tables = { "rtf", "docx" },
  "# Patients & <others>\n\n{{ITT.n}} patients, {{ALC50}} {{ALC@Day 42}}\n\n## Below\n\n- one\n- two",
  tab.baseline, tab.disposition, "# Lymphocytes\n\n" .. ("A long line of words, "):rep(40),
  fig.counts, tab.efficacy, tab.counts, "# Safety", tab.events, fig.cytokines, tab.serious }
report "one" (page)
page.out = out .. "/again"
report "one" (page)
