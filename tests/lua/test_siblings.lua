-- The siblings of IRIS-7, simulated: their primary endpoints, as published, are
-- what plain counting in the raw files gives.
local lu = require "luaunit"
local relations = require "tests.lua.relations"

local folder = os.tmpname()
os.remove(folder)

-- A sibling with its results, run once; folder/NAME/raw has what was imported.
local ran = {}
local function sibling(name)
  if ran[name] then return ran[name] end
  local to = folder .. "/" .. name
  local scripts = "../../scripts/" .. name
  local s = require "trialsh.study".memory()
  study.open(s)
  dofile(scripts .. "/simulate.lua", to)
  dofile(scripts .. "/derive.lua", s, to)
  dofile(scripts .. "/endpoints.lua")
  if name ~= "hiv_il7" then
    s:unblind { reason = "test", codes = to .. "/sealed/codes.csv" }
  end
  lu.assertStrMatches(check(s), "%d+ endpoints, no mistakes.*")
  run(s, { rerandomise = false })
  ran[name] = s
  return s
end

-- The rows of a raw file, and the arm of each subject.
local function rows(name, file)
  local list = {}
  for row in read(("%s/%s/%s.csv"):format(folder, name, file)):rows() do
    list[#list + 1] = row
  end
  return list
end

local function arms(name)
  local of = {}
  for _, row in ipairs(rows(name, "sealed/codes")) do of[row.USUBJID] = row.TRT01P end
  return of
end

local function days(from, to)
  local function time(text)
    local y, m, d = text:match "^(%d+)-(%d+)-(%d+)"
    return os.time { year = y, month = m, day = d, hour = 12 }
  end
  return math.floor((time(to) - time(from)) / 86400 + 0.5) + 1
end

TestSiblings = {}

-- [p] 15 and 6 patients; the baseline is the mean of two values of at most 900
-- that are 12 hours apart; 50 % more at day 29.
function TestSiblings.test_iris7iv()
  local s, arm = sibling "iris7iv", arms "iris7iv"
  lu.assertEquals(#s.adsl:where "TRT01P = 'CYT107'", 15)
  lu.assertEquals(#s.adsl:where "TRT01P = 'Placebo'", 6)
  lu.assertEquals(#s:findings(), 0)
  local start = {}
  for _, row in ipairs(rows("iris7iv", "raw/dm")) do start[row.USUBJID] = row.RANDDT end
  local base, best = {}, {}
  for _, row in ipairs(rows("iris7iv", "raw/lb")) do
    local id, day = row.USUBJID, days(start[row.USUBJID], row.ADTM)
    if row.SEQ <= 2 then
      lu.assertTrue(row.RESULT <= 900)
      base[id] = (base[id] or 0) + row.RESULT / 2
    elseif day >= 26 and day <= 35 then
      lu.assertNil(best[id])
      best[id] = row.RESULT
    end
  end
  for row in s.adlb:where "PARAMCD = 'ALC'":rows() do
    lu.assertAlmostEquals(row.BASE, base[row.USUBJID], 1e-9)
  end
  local n, response = { CYT107 = 0, Placebo = 0 }, { CYT107 = 0, Placebo = 0 }
  for id, a in pairs(arm) do
    n[a] = n[a] + 1
    if best[id] and best[id] >= 1.5 * base[id] then response[a] = response[a] + 1 end
  end
  local f = fisher { { response.CYT107, n.CYT107 - response.CYT107 },
    { response.Placebo, n.Placebo - response.Placebo } }
  local r = s:result "ALC50"
  lu.assertEquals(r.estimate, f.estimate)
  lu.assertEquals(r.p_value, f.p_value)
  lu.assertStrContains(r.method, "Fisher")
  lu.assertStrContains(explain "ALC50", "median(PCHG) >= 50 in Placebo")
end

-- The rule the other way: where placebo recovers, percent increases are compared.
function TestSiblings.test_iris7iv_where_placebo_recovers()
  local s = sibling "iris7iv"
  endpoint "RECOVERED" { parameter = "ALC", visit = "Day 29",
    variable = "AVAL >= 1.5 * BASE", intercurrent = { death = "composite" },
    missing = "nonresponder", analysis = "fisher",
    instead = { when = "median(PCHG) >= -99", within = "Placebo", variable = "PCHG",
      missing = "worst rank", analysis = "wilcoxon" } }
  run(s, { rerandomise = false })
  lu.assertStrContains(s:result "RECOVERED".method, "Wilcoxon")
end

-- [p] CD4 from day 0 to day 21, percent, by what was given before chemotherapy.
function TestSiblings.test_elypse7()
  local s, arm = sibling "elypse7", arms "elypse7"
  local start, first, at = {}, {}, {}
  for _, row in ipairs(rows("elypse7", "raw/dm")) do start[row.USUBJID] = row.RANDDT end
  for _, row in ipairs(rows("elypse7", "raw/lb")) do
    local id, day = row.USUBJID, days(start[row.USUBJID], row.ADT)
    if row.PARAMCD == "CD4" and day == 1 then first[id] = row.AVAL end
    if row.PARAMCD == "CD4" and day >= 15 and day <= 30 then at[id] = row.AVAL end
  end
  local with, without = {}, {}
  for id, a in pairs(arm) do
    local list = a:sub(1, 1) == "C" and with or without
    if at[id] then list[#list + 1] = 100 * (at[id] / first[id] - 1) end
  end
  local w, r = wilcoxon(with, without), s:result "CD4"
  lu.assertAlmostEquals(r.estimate, w.estimate, 1e-9)
  lu.assertAlmostEquals(r.p_value, w.p_value, 1e-12)
  lu.assertEquals(r.n, #with + #without)
  lu.assertTrue(r.estimate > 50)
  -- both factors and their interaction in one model
  lu.assertEquals(#s.results:where "endpoint = 'CD4FACTORS' and compare is not null", 3)
end

-- [p] dose levels in turn, 3:1, until the rule stops: toxicities by arm.
function TestSiblings.test_hiv_il7()
  local s, arm = sibling "hiv_il7", arms "hiv_il7"
  local n, toxic = {}, {}
  for _, a in pairs(arm) do n[a] = (n[a] or 0) + 1 end
  for _, row in ipairs(rows("hiv_il7", "raw/ae")) do
    local a = arm[row.USUBJID]
    if row.AEDLT == "Y" then toxic[a] = (toxic[a] or 0) + 1 end
  end
  local seen = 0
  for row in s.results:where "endpoint = 'DLT'":rows() do
    local p = proportion({ toxic[row.group] or 0, n[row.group] }, { ci = "Clopper-Pearson" })
    lu.assertEquals(row.n, n[row.group])
    lu.assertAlmostEquals(row.estimate, p.estimate, 1e-12)
    lu.assertAlmostEquals(row.conf_high, p.conf_high, 1e-12)
    seen = seen + 1
  end
  lu.assertEquals(seen, 5)
  local levels = s.levels:order "LEVEL":collect()
  for i = 1, #levels - 1 do lu.assertEquals(levels.NEXT[i], "open") end
  lu.assertEquals(levels.NEXT[#levels], "stop")
  lu.assertEquals(levels.NDOSE[1], 6)
end

TestRawFiles = {}

function TestRawFiles.test_cells_are_read_as_they_were()
  local f = rawfiles { t = { "A", "B", "C" } }
  f:add("t", 'say "yes", or\nno', 0.1, "x")
  f:add("t", NA, 1 / 3, nil)
  f:add("t", "plain")
  f:write(folder .. "/t o")
  local t = read(folder .. "/t o/t.csv")
  lu.assertEquals(t.A[1], 'say "yes", or\nno')
  lu.assertEquals(t.A[2], NA)
  lu.assertEquals(t.B[1], 0.1)
  lu.assertEquals(t.C[2], NA)
  lu.assertEquals(t.B[3], NA)
end

function TestRawFiles.test_mistakes()
  relations.refuses("no table dn; there are t", function() rawfiles { t = { "A" } }:add "dn" end)
  relations.refuses("t has 1 columns, the row 2 values", function() rawfiles { t = { "A" } }:add("t", 1, 2) end)
  relations.refuses("NAME = {", rawfiles, { t = {} })
  relations.refuses("no table", rawfiles, {})
  relations.refuses("a folder has letters", function() rawfiles { t = { "A" } }:write "x'; true" end)
end

function TestRawFiles.test_draws()
  local r = random(5)
  for _ = 1, 200 do
    local x = r:between(0, 1, 1, 2)
    lu.assertTrue(x >= 1 and x <= 2)
    lu.assertTrue(r:lognormal(2, 0.1) > 0)
    lu.assertTrue(r:waiting(3) > 0)
    lu.assertEquals(r:pick { "a" }, "a")
  end
  lu.assertTrue(r:chance(1))
  lu.assertFalse(r:chance(0))
  relations.refuses("nothing lies between", r.between, r, 0, 1, 2, 1)
end

local function of_two(id)
  return trial(id) { arms = { { "A", "A" }, { "B", "B" } }, compare = "A vs B" }
end

local function age(id)
  endpoint(id) { data = "adsl", variable = "AGE", analysis = "ttest" }
end

-- Endpoints are those of one trial; those of the trial before wait for it.
function TestSiblings.test_endpoints_of_another_trial_are_kept()
  of_two "ONE"
  age "X1"
  multiplicity "claims" { "Holm", { "X1" } }
  age "X2"
  of_two "TWO"
  relations.forget()
  age "Y"
  relations.heard "2 endpoints of ONE kept for a study of it; endpoints are now those of TWO"
  lu.assertEquals(#sap(), 1)
  lu.assertEquals(#require "trialsh.multiplicity".list, 0)
  relations.refuses("no endpoint X1", explain, "X1")
  of_two "ONE"
  age "X2"
  lu.assertEquals(#sap(), 2)
  lu.assertEquals(#require "trialsh.multiplicity".list, 1)
  lu.assertStrContains(explain "X1", "X1")
end

-- Two studies in turn: each has what its own trial defines.
function TestSiblings.test_two_studies_in_turn()
  local function study_of(id, n)
    local s = require "trialsh.study".memory()
    s.trial = of_two(id)
    local ids, arms, ages = {}, {}, {}
    for i = 1, n do
      ids[i], arms[i], ages[i] = "S" .. i, i % 2 == 0 and "A" or "B", i * i % 7
    end
    s.adsl = require "trialsh.data".wrap(require "ts.frame".build({ "USUBJID",
      "TRT01P", "AGE" }, { ids, arms, ages }))
    return s
  end
  local one = study_of("ONE", 10)
  require "trialsh.endpoint".list = {}
  age "X1"
  age "X2"
  run(one)
  lu.assertEquals(#one.results, 2)
  local two = study_of("THREE", 12)
  for _, f in ipairs { run, check } do
    relations.refuses("no endpoint of THREE, the trial of the study, is defined: "
      .. "the 2 at hand are of ONE (", f, two)
  end
  lu.assertEquals(#one.results, 2)
  age "X1"
  run(two)
  lu.assertEquals({ #two.results, two:result "X1".n }, { 1, 12 })
  run(one)
  lu.assertEquals({ #one.results, one:result "X2".n }, { 2, 10 })
  lu.assertStrContains(tostring(check(two)), "1 endpoint, no mistakes")
  lu.assertStrContains(tostring(check(one)), "2 endpoints, no mistakes")
end

-- A study that is opened brings its trial along.
function TestSiblings.test_the_trial_of_the_open_study()
  local trials = require "trialsh.trial"
  local s = require "trialsh.study".memory()
  s.trial = of_two "FOUR"
  local before = trials.current
  trials.current = nil
  study.open(s)
  require "trialsh.endpoint".list = {}
  age "X"
  lu.assertEquals(require "trialsh.endpoint".list[1].trial.id, "FOUR")
  trials.current = before
end

TestZTidy = {}
function TestZTidy.test_tidy()
  os.execute(("rm -rf '%s'"):format(folder))
end
os.exit(lu.LuaUnit.run())
