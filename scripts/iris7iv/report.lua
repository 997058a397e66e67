#!/usr/bin/env -S trialsh -q
-- trialsh report.lua [OUT]: simulate, import, derive, analyse on dummy arms, unblind, analyse again; everything goes to OUT.
local out = ... or (arg[0]:match "^.*/" or "") .. "out"
dofile("simulate.lua", out)
os.remove(out .. "/iris7iv.db")
local s = study.create(out .. "/iris7iv.db")
dofile("derive.lua", s, out)
dofile "endpoints.lua"
print(check(s))
run(s)                                       -- on dummy arms: the dry run
s:unblind { reason = "Database locked; plan signed", codes = out .. "/sealed/codes.csv" }
run(s)
print(s.trial.title)
print(explain "ALC50")
print(s.results:where "own = 'Y' and variation = 'main'":select("endpoint", "visit", "n", "estimate", "conf_low", "conf_high", "p_value"))
