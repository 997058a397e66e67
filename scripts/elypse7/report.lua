#!/usr/bin/env -S trialsh -q
-- trialsh report.lua [OUT]: simulate, import, derive, analyse on dummy arms, unblind, analyse again; everything goes to OUT.
local out = ... or (arg[0]:match "^.*/" or "") .. "out"
dofile("simulate.lua", out)
os.remove(out .. "/elypse7.db")
local s = study.create(out .. "/elypse7.db")
dofile("derive.lua", s, out)
dofile "endpoints.lua"
print(check(s))
run(s)                                       -- on dummy arms: the dry run
s:unblind { reason = "Database locked; plan signed", codes = out .. "/sealed/codes.csv" }
run(s)
print(s.trial.title)
print(explain "CD4")
print(s.results:where "variation = 'main' and compare is not null":select("endpoint", "compare", "visit", "estimate", "conf_low", "conf_high", "p_value"))
