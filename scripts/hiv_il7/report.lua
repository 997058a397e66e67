#!/usr/bin/env -S trialsh -q
-- trialsh report.lua [OUT]: simulate, import, derive, analyse; everything goes to OUT.
local out = ... or (arg[0]:match "^.*/" or "") .. "out"
dofile("simulate.lua", out)
os.remove(out .. "/hiv_il7.db")
local s = study.create(out .. "/hiv_il7.db")
dofile("derive.lua", s, out)
dofile "endpoints.lua"
print(check(s))
run(s)
print(s.trial.title .. ": SIMULATED DATA")
print(explain "DLT")
print(s.results:where "variation = 'main'":select("endpoint", "visit", "group", "n", "estimate", "conf_low", "conf_high", "p_value"))
