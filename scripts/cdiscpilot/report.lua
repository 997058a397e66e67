#!/usr/bin/env -S trialsh -q
-- trialsh report.lua FOLDER [study.db]: tables 14-2.01, 14-3.01 and 14-5.01 of the CDISC pilot, as
-- published, from its datasets; FOLDER holds their xpt/ and csv/.
local here = arg and arg[0]:match "^.*/" or ""
local folder, file = ...
if not folder then error("trialsh report.lua FOLDER: that of the pilot's xpt/ and csv/", 0) end
file = file or here .. "out/cdiscpilot.db"
local exists = io.open(file)
local s = exists and study.open(file) or study.create(file)
dofile("derive.lua", s, folder)
dofile("endpoints.lua", s)
run(s)

local tables = dofile("tables.lua", s)

print("\n" .. tables.demographics():text { width = 120 })
print("\n" .. tables.primary():text { width = 120 })
print("\n" .. tables.adverse_events():text { width = 160 })
print("\nThe study with all results: " .. file)
