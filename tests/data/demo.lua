-- Makes the embedded study `demo` (lua/lib/demo/*.csv): 24 made-up patients of
-- a made-up trial in three arms. Everything is simulated from the seed below;
-- no number comes from a patient.
--
--   build/trialsh tests/data/demo.lua lua/lib/demo

local folder = ... or "."
local seed = 20 -- chosen so that the Placebo median of the help's example is 36
math.randomseed(seed, 0)

local arms = { "Placebo", "CYT107 LF", "CYT107 HF" }
local visits = { { "Baseline", 1, 1, 1 }, { "Day 8", 8, 7, 9 },
  { "Day 15", 15, 14, 17 }, { "Day 29", 29, 27, 32 } }
local parameters = {
  { "ALC", "Absolute lymphocyte count (/uL)", 640, 0.35 },
  { "CD4", "CD4+ T cells (/uL)", 230, 0.40 },
}
-- log ratio to baseline that an arm reaches at each visit
local course = {
  ["Placebo"] = { 0, 0.18, 0.25, 0.35 },
  ["CYT107 LF"] = { 0, 0.10, 0.60, 1.05 },
  ["CYT107 HF"] = { 0, 0.15, 0.65, 1.15 },
}
-- hazard of death a day
local hazard = { ["Placebo"] = 0.016, ["CYT107 LF"] = 0.006,
  ["CYT107 HF"] = 0.006 }
local follow_up = 90

local function normal()
  local u, v = 1 - math.random(), math.random()
  return math.sqrt(-2 * math.log(u)) * math.cos(2 * math.pi * v)
end

local function whole(x) return math.floor(x + 0.5) end

local function writer(name, columns)
  local file = assert(io.open(folder .. "/" .. name .. ".csv", "w"))
  file:write(table.concat(columns, ","), "\n")
  return function(row)
    local cells = {}
    for i, column in ipairs(columns) do
      local value = row[column]
      cells[i] = value == nil and "" or tostring(value)
    end
    file:write(table.concat(cells, ","), "\n")
  end, file
end

-- permuted blocks of three
local function allocation(n)
  local list = {}
  for _ = 1, n / 3 do
    local block = { 1, 2, 3 }
    for i = 3, 2, -1 do
      local j = math.random(i)
      block[i], block[j] = block[j], block[i]
    end
    for _, arm in ipairs(block) do list[#list + 1] = arm end
  end
  return list
end

local adsl, f1 = writer("adsl", { "USUBJID", "TRT01P", "TRT01PN", "COUNTRY",
  "AGE", "SEX", "APACHE", "SOFASCR", "DTHFL" })
local adlb, f2 = writer("adlb", { "USUBJID", "TRT01P", "TRT01PN", "PARAMCD",
  "PARAM", "AVISIT", "AVISITN", "ADY", "AVAL", "BASE", "CHG" })
local adtte, f3 = writer("adtte", { "USUBJID", "TRT01P", "TRT01PN", "PARAMCD",
  "PARAM", "AVAL", "CNSR" })

for i, n in ipairs(allocation(24)) do
  local arm = arms[n]
  local id = ("DEMO-%03d"):format(i)
  local death = math.ceil(-math.log(1 - math.random()) / hazard[arm])
  -- a few leave before the end of follow-up
  local last = math.random() < 0.2 and math.random(30, 85) or follow_up
  local died = death <= last
  adsl { USUBJID = id, TRT01P = arm, TRT01PN = n,
    COUNTRY = math.random() < 0.6 and "FRA" or "USA",
    AGE = math.max(18, math.min(84, whole(64 + 12 * normal()))),
    SEX = math.random() < 0.6 and "M" or "F",
    APACHE = math.max(8, whole(23 + 6 * normal())),
    SOFASCR = math.max(2, whole(9.5 + 2.5 * normal())),
    DTHFL = died and "Y" or "N" }
  adtte { USUBJID = id, TRT01P = arm, TRT01PN = n, PARAMCD = "DEATH",
    PARAM = "Time to death (days)", AVAL = died and death or last,
    CNSR = died and 0 or 1 }
  for _, p in ipairs(parameters) do
    local code, label, centre, spread = table.unpack(p)
    local base = whole(centre * math.exp(spread * normal()))
    for k, v in ipairs(visits) do
      local name, number, from, to = table.unpack(v)
      local day = math.random(from, to)
      local value = k == 1 and base
        or whole(base * math.exp(course[arm][k] + 0.25 * normal()))
      -- the tube was lost: the row is there, the value is not
      if k > 1 and math.random() < 0.05 then value = nil end
      if day < death then
        adlb { USUBJID = id, TRT01P = arm, TRT01PN = n, PARAMCD = code,
          PARAM = label, AVISIT = name, AVISITN = number, ADY = day,
          AVAL = value, BASE = base,
          CHG = k > 1 and value and value - base or nil }
      end
    end
  end
end

f1:close()
f2:close()
f3:close()
