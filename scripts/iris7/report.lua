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

local fig = dofile("figures.lua", s)         -- each with the numbers it shows and its caption beside it
for _, name in ipairs { "counts", "activation", "cytokines", "outcome" } do
  print(fig[name]:save(out .. "/" .. name .. ".pdf"))
end
for _, t in ipairs(dofile("tables.lua", s)) do
  t[2]:save(out .. "/" .. t[1] .. ".html")
  print(t[2]:save(out .. "/" .. t[1] .. ".docx"))
end
