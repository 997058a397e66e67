-- The tables that iris7_endpoints.R reads: trialsh tests/reference/iris7_tables.lua
-- DIR simulates IRIS-7 by seed 29, derives, unblinds and exports them to DIR.
local dir = assert(..., "which folder?")
local scripts = "../../scripts/iris7/"
dofile(scripts .. "simulate.lua", dir, 29)
os.remove(dir .. "/iris7.db")
local s = study.create(dir .. "/iris7.db")
dofile(scripts .. "derive.lua", s, dir)
s:unblind { reason = "a reference", codes = dir .. "/sealed/codes.csv" }
for _, name in ipairs { "adsl", "adlb", "adcy", "adab", "adsofa", "adae", "adtte",
  "adcc" } do s:export(name, ("%s/%s.csv"):format(dir, name)) end
