-- IRIS-7, simulated: what derive.lua makes of the raw files is what R makes of them,
-- value by value; the files are the same each time, and show what was published.
local lu = require "luaunit"
local reference = require "tests.lua.reference"

local folder = os.tmpname()
os.remove(folder)
local s

local function set_up()
  if s then return end
  os.execute("mkdir " .. folder)
  s = require "trialsh.study".memory()
  study.open(s)
  dofile("../../scripts/iris7/simulate.lua", folder, 29)
  dofile("../../scripts/iris7/derive.lua", s, folder)
  s:unblind { reason = "a test", codes = folder .. "/sealed/codes.csv" }
end

TestIris7 = {}
function TestIris7.setUp() set_up() end

local function text(file)
  local f = assert(io.open(file))
  local all = f:read "a"
  f:close()
  return all
end

function TestIris7.test_the_same_seed_gives_the_same_files()
  local again = folder .. "/again"
  os.execute("mkdir " .. again)
  dofile("../../scripts/iris7/simulate.lua", again, 29)
  for _, name in ipairs { "raw/dm", "raw/lb", "raw/cyto", "sealed/codes" } do
    lu.assertEquals(text(again .. "/" .. name .. ".csv"),
      text(folder .. "/" .. name .. ".csv"), name)
  end
  dofile("../../scripts/iris7/simulate.lua", again, 29, { replicate = 1 })
  lu.assertNotEquals(text(again .. "/raw/lb.csv"), text(folder .. "/raw/lb.csv"))
end

-- The arm stands in the sealed file alone.
function TestIris7.test_the_export_has_no_arm()
  for _, name in ipairs { "dm", "ex", "lb", "flow", "cyto", "ada", "organ",
      "support", "ae", "inf", "ds" } do
    local all = text(folder .. "/raw/" .. name .. ".csv")
    lu.assertNil(all:find "CYT107", name)
    lu.assertNil(all:find "Placebo", name)
  end
end

-- Each number at the top of the simulation says where it is from.
function TestIris7.test_each_number_has_a_source()
  local top = text "scripts/iris7/simulate.lua":match "\nlocal P = {\n(.-)\n}\n"
  local n = 0
  for line in top:gmatch "[^\n]+" do
    if not line:find "^%s*%-%-" then
      n = n + 1
      lu.assertNotNil(line:find "%[[pa]%]", line)
    end
  end
  lu.assertTrue(n > 30)
end

-- What makes the raw files those of a trial: units by country, values below two
-- limits, organs, visits that are missed or far from their day, deaths.
function TestIris7.test_what_the_raw_files_have()
  local function raw(name)
    return read(folder .. "/raw/" .. name .. ".csv", name == "cyto"
      and { types = { RESULT = "text" } } or nil)
  end
  local dm, lb, cyto = raw "dm", raw "lb", raw "cyto"
  lu.assertEquals({ #dm, #dm:distinct "USUBJID", #dm:distinct "SITE" }, { 27, 27, 4 })
  local units = {}
  for row in lb:join(dm, "USUBJID"):count("COUNTRY", "UNIT"):rows() do
    units[#units + 1] = row.COUNTRY .. " " .. row.UNIT
  end
  table.sort(units)
  lu.assertEquals(units, { "FRA 10^9/L", "USA /uL" })
  local limits = {}
  for row in cyto:where "RESULT like '<%' and TESTCD = 'IL6'":count("BATCH", "RESULT")
      :rows() do
    limits[row.BATCH] = row.RESULT
  end
  lu.assertEquals(limits, { A = "<3.2", B = "<6.4" })
  lu.assertEquals(#cyto:distinct("USUBJID", "BATCH"), 27) -- a batch per patient
  local organ = raw "organ"
  for _, name in ipairs { "PAO2", "FIO2", "VENT", "PLAT", "BILI", "MAP", "NOREPI",
      "GCS", "SEDATED", "CREAT", "URINE" } do
    lu.assertTrue(#organ:where(name .. " is not null") > 100, name)
  end
  local ex = raw "ex"
  lu.assertTrue(#ex:where "EXOCCUR = 'N'" > 0)
  lu.assertTrue(#ex:where "EXOCCUR = 'Y'" > 100)
  -- visits: of those who lived to day 90 some lack one; some dates are in no window
  local seen, lived = s.adlb:where "PARAMCD = 'ALC' and ANL01FL = 'Y'"
    :count "USUBJID", s.adsl:where "DTHDT is null"
  local missed = lived:join(seen, "USUBJID"):where "n < 10"
  lu.assertTrue(#missed > 0 and #missed < #lived)
  lu.assertTrue(#s.adlb:where "PARAMCD = 'ALC' and (AVISIT is null or ANL01FL is null)"
    > 0)
  local died = raw "ds":where "DSDECOD = 'DEATH'"
  lu.assertTrue(#died >= 5 and #died <= 15)
  lu.assertEquals(#died, #s.adsl:where "DTHDT is not null")
end

-- Keys of the reference: how each table names a row, and its columns.
local tables = {
  adsl = { { "USUBJID" }, { start = "TRTSDT", ["end"] = "TRTEDT",
    ndose = "NDOSE", nplan = "NPLAN" } },
  adlb = { { "USUBJID", "SEQ" }, {} },
  adsofa = { { "USUBJID", "ADT" }, { SOFA = "AVAL" } },
  adtte = { { "USUBJID", "PARAMCD" }, {} },
  adcc = { { "USUBJID", "PARAMCD" }, {} },
  adae = { { "USUBJID", "AESEQ" }, {} },
}

local function rows_of(name)
  local r, by_key = s[name], {}
  if name == "adsofa" then r = r:where "PARAMCD = 'SOFA'" end
  for row in r:rows() do
    local parts = {}
    for i, column in ipairs(tables[name][1]) do
      parts[i] = tostring(row[column])
    end
    if name == "adlb" and row.PARAMCD == "ALCTWM" then parts[2] = "ALCTWM" end
    by_key[table.concat(parts, " ")] = row
  end
  return by_key
end

function TestIris7.test_every_value_is_that_of_R()
  local rows, n = {}, 0
  for line in io.lines "tests/reference/iris7_derive.csv" do
    local name, key, column, value = line:match "^(.-),(.-),(.-),(.*)$"
    if name ~= "table" then
      rows[name] = rows[name] or rows_of(name)
      local row = rows[name][key]
      lu.assertNotNil(row, line)
      local got = row[tables[name][2][column] or column]
      local wanted = value == "" and NA or tonumber(value) or value
      if type(wanted) == "number" then
        if wanted == 0 then lu.assertEquals(got, 0, line)
        else reference.near(got, wanted, 1e-12, line) end
      else
        lu.assertEquals(got, wanted, line)
      end
      n = n + 1
    end
  end
  lu.assertTrue(n > 3500, n)
  -- what has a time to an event has one there
  lu.assertEquals(#s.adtte, 27 + 2 * #s.adsl:where "TRTSDT is not null")
end

function TestIris7.test_what_was_published()
  lu.assertEquals(#s.adsl:where "TRT01P = 'Placebo'", 10)
  lu.assertEquals(#s.adsl, 27)
  lu.assertEquals(#s.adlb:where "PARAMCD = 'ALC' and ABLFL = 'Y' and AVAL > 900",
    0)
  local fold = s.adlb:where { PARAMCD = "ALC", ANL01FL = "Y",
    AVISIT = { "Day 29", "Day 42" } }
    :mutate "DRUG = flag(TRT01P <> 'Placebo')"
    :by("DRUG"):summarise "F = geomean(R2BASE)"
  local got = {}
  for row in fold:rows() do got[row.DRUG] = row.F end
  lu.assertTrue(got.Y > 2.7 and got.Y < 4.5, got.Y)
  lu.assertTrue(got.N > 1 and got.N < 2.2, got.N)
end

-- The plan is without mistakes, does what its estimands say, and each of its rows
-- has a number.
function TestIris7.test_the_plan()
  local endpoints = require "trialsh.endpoint"
  endpoints.list = {}
  require "trialsh.multiplicity".list = {}
  dofile("../../scripts/iris7/endpoints.lua", s)
  -- nobody has antibodies
  lu.assertStrMatches(tostring(check(s)), "%d+ endpoints, no mistakes\n"
    .. "what the data do not have:\n  ADA: no BLQFL is 'N'; nearest: Y")
  run(s, { rerandomise = false })
  lu.assertEquals(#s.results:where "estimate is null and p_value is null", 0)
  local by_ranks = s.results:where "note like '%no estimate; P is that of%'"
  lu.assertTrue(#by_ranks > 0 and #by_ranks < 20)
  lu.assertEquals(#by_ranks:where "endpoint <> 'CYTO' or p_value is null", 0)
  local responders = s.adlb:where { PARAMCD = "ALC", AVISIT = "Day 29",
    ANL01FL = "Y" }:where "AVAL >= 1.5 * BASE"
  local r = s:result "ALC50"
  for arm, rate in pairs { Placebo = r.estimate_2, CYT107 = r.estimate_1 } do
    local n = arm == "Placebo" and 10 or 17
    lu.assertAlmostEquals(rate, #responders:where(arm == "Placebo"
      and "TRT01P = 'Placebo'" or "TRT01P <> 'Placebo'") / n, 1e-12)
  end
  lu.assertTrue(r.p_value < 0.05)
end

-- Estimates, intervals and P of twenty endpoints, recomputed by R from the tables.
function TestIris7.test_the_endpoints_are_those_of_R()
  if not pcall(function() return s:result "WIN" end) then
    TestIris7.test_the_plan()
  end
  local n, names, n_names = 0, {}, 0
  for line in io.lines "tests/reference/iris7_endpoints.csv" do
    local address, field, value = line:match "^(.*),([%w_]+),([^,]+)$"
    if address ~= "address" then
      local id, wanted = address:match "^[%w_]+", tonumber(value)
      if wanted == 0 then
        lu.assertEquals(s:result(address)[field], 0, address)
      else
        reference.near(s:result(address)[field], wanted, 1e-8,
          address .. "." .. field)
      end
      if not names[id] then n_names = n_names + 1 end
      names[id], n = true, n + 1
    end
  end
  lu.assertTrue(n > 900, n)
  lu.assertTrue(n_names >= 20, n_names)
end

function TestIris7.test_they_are_marked_as_simulated()
  for _, name in ipairs { "adsl", "adlb", "adcy", "adab", "adsofa", "adae",
      "adtte", "adcc" } do
    lu.assertStrContains(tostring(s[name]:head(1)), "SIMULATED DATA")
  end
end

function TestIris7.test_run_again_nothing_changes()
  local before = #s.audit
  dofile("../../scripts/iris7/derive.lua", s, folder)
  lu.assertEquals(#s.audit, before)
end

-- Of trials by the plan hardly one claims what is not there, most what is.
function TestIris7.test_operating()
  local trials = os.getenv "TRIALSH_LONG" and 20 or 0
  lu.skipIf(trials == 0, "TRIALSH_LONG")
  local pipe = io.popen(("$(readlink /proc/$PPID/exe) -q scripts/iris7/"
    .. "operating.lua %d %s/operating 2>/dev/null"):format(trials, folder))
  local shares, of = {}, nil
  for line in pipe:lines() do
    of = line:match "^(%S+ effect)" or of
    local share = line:match "^  ALC  +%d+ +(%S+)" -- with P <= 0.05
    if share then shares[of] = tonumber(share) end
  end
  pipe:close()
  lu.assertTrue(shares["no effect"] <= 0.2)
  lu.assertTrue(shares["published effect"] >= 0.8)
end

-- The figures of figures.lua: nothing overlaps, all are marked, the numbers are
-- those of the results.
function TestIris7.test_figures()
  dofile "../../scripts/iris7/endpoints.lua"
  run(s, { rerandomise = false })
  local fig = dofile("../../scripts/iris7/figures.lua", s)
  local check = require "tests.lua.boxes"
  for _, name in ipairs { "counts", "activation", "cytokines", "outcome",
    "infection" } do
    local page = check(fig[name], name)
    local marked = 0
    for _, box in ipairs(page.boxes) do
      if box.text == "SIMULATED DATA" then marked = marked + 1 end
    end
    lu.assertEquals(marked, 1, name)
  end
  local row = s.results:where { endpoint = "KI67CD4", variation = "main",
    visit = "Day 15", compare = "CYT107 HF vs Placebo" }:row(1)
  lu.assertEquals(require "trialsh.figure.model".stars(row.p_adjusted), "**")
  lu.assertStrContains(fig.activation:describe(), row.method)
end

function TestIris7.test_zz_clean() os.execute("rm -r " .. folder) end

os.exit(lu.LuaUnit.run())
