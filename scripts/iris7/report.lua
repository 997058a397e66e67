#!/usr/bin/env -S trialsh -q
-- trialsh report.lua [OUT]: simulate, import, derive, analyse, and say what came of it. Everything goes to OUT.
local here = arg[0]:match "^.*/" or ""
local out = ... or here .. "out"
dofile("simulate.lua", out)                  -- raw files, and the allocation in sealed/
local file = out .. "/iris7.db"
os.remove(file)
local s = study.create(file)
dofile("derive.lua", s, out)
dofile "endpoints.lua"
local mistakes = check(s)                    -- every mistake at once; and where an analysis does not do what its estimand says
run(s)

local own = s.results:where "own = 'Y' and variation = 'main'"
print(s.trial.title .. ": SIMULATED DATA")
print(mistakes)
local r = s:result "ALC50"
print(("%s: %.0f %% against %.0f %%, difference %.2f (%.2f to %.2f), P = %.5f"):format(r.title, 100 * r.estimate_1,
  100 * r.estimate_2, r.estimate, r.conf_low, r.conf_high, r.p_value))
print(own:select("endpoint", "visit", "n", "estimate", "conf_low", "conf_high", "p_value"))
print(file, s:export(own, out .. "/endpoints.csv"))
