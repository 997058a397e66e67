-- The CGD trial, from its file to R's survdiff and survfit, to 1e-8
-- (tests/reference/cgd.R), and the published numbers of patients.
local lu = require "luaunit"
local NA = require "ts.na".NA
local study = require "trialsh.study"

local s = study.memory()
s:import "scripts/cgd/cgd.csv"
dofile("../../scripts/cgd/derive.lua", s)
dofile "../../scripts/cgd/endpoints.lua"

local first = "Surv(AVAL, CNSR == 0) ~ TRT01P"

-- Lines of the reference file for one test: { arm, at, quantity, value }
local function reference(test)
  local list = {}
  for line in io.lines "tests/reference/cgd.csv" do
    local t, arm, at, quantity, value =
      line:match "^([^,]*),([^,]*),([^,]*),([^,]*),([^,]*)$"
    if t == test then
      list[#list + 1] = { arm = arm, at = tonumber(at), quantity = quantity,
        value = tonumber(value) or NA }
    end
  end
  assert(#list > 0, test)
  return list
end

local function close(got, want, what)
  if want == NA or got == NA then
    lu.assertEquals(got, want, what)
  else
    lu.assertTrue(math.abs(got - want) <= 1e-8 * math.abs(want),
      ("%s: %.17g, R has %.17g"):format(what, got, want))
  end
end

local function by_arm(relation)
  local out = {}
  for row in relation:rows() do out[row.TRT01P] = row end
  return out
end

function test_published_numbers()
  lu.assertEquals(#s.cgd, 203)
  lu.assertEquals(#s.adsl, 128)
  local arm = by_arm(s.adtte:by "TRT01P":summarise(
    "n = count(*)", "infected = sum(1 - CNSR)"))
  lu.assertEquals({ arm["rIFN-g"].infected, arm["rIFN-g"].n }, { 14, 63 })
  lu.assertEquals({ arm.placebo.infected, arm.placebo.n }, { 30, 65 })
end

function test_all_infections()
  local arm = by_arm(s.adinf:by "TRT01P":summarise("n = count(*)",
    "n_event = sum(AVAL > 0)", "infections = sum(AVAL)", "days = sum(DAYS)"))
  for _, r in ipairs(reference "counts") do
    lu.assertEquals(arm[r.arm][r.quantity], r.value, r.arm .. r.quantity)
  end
end

local function check_logrank(result, test)
  local arm = by_arm(result:tidy())
  for _, r in ipairs(reference(test)) do
    local got = r.arm == "" and result or arm[r.arm]
    close(got[r.quantity], r.value, test .. " " .. r.quantity)
  end
end

function test_logrank()
  check_logrank(logrank(first, s.adtte), "logrank")
end

function test_stratified_logrank()
  check_logrank(logrank(first .. " + strata(INHERIT)", s.adtte),
    "logrank_stratified")
end

local quantile = { quantile = "estimate", quantile_low = "conf_low",
  quantile_high = "conf_high" }

-- tidy() has a row per time; the one that holds at a time
local function row_at(curve, arm, time)
  local found
  for row in curve:tidy(arm):rows() do
    if row.time <= time then found = row end
  end
  return found
end

function test_curves()
  for _, ci in ipairs { "log-log", "log", "plain" } do
    local curve = km(first, s.adtte, { ci = ci })
    for _, r in ipairs(reference(ci)) do
      local row
      if quantile[r.quantity] then
        row = curve:quantile(r.at, r.arm):row(1)
      elseif r.quantity == "std_error" then
        row = row_at(curve, r.arm, r.at)
      else
        row = curve:at(r.at, r.arm):row(1)
      end
      close(row[quantile[r.quantity] or r.quantity], r.value,
        ("%s %s %s at %s"):format(ci, r.arm, r.quantity, r.at))
    end
  end
end

function test_endpoints()
  lu.assertStrContains(check(s), "no mistakes")
  lu.assertEquals(#sap(), 7)
  run(s)
  for _, r in ipairs(reference "logrank") do
    if r.quantity == "p_value" then
      close(s:result "TTINF.p_value", r.value, "TTINF")
      lu.assertEquals(s:result "TTINF.compare", "rIFN-g vs placebo")
    end
  end
  for _, r in ipairs(reference "logrank_stratified") do
    if r.quantity == "statistic" then
      close(s:result "TTINF-S.statistic", r.value, "TTINF-S")
    end
  end
  for _, name in ipairs { "hazard ratio", "adjusted", "restricted mean" } do
    local row = s:result("TTINF/" .. name)
    for _, r in ipairs(reference(name)) do
      close(row[r.quantity], r.value, name .. " " .. r.quantity)
    end
  end
  for _, id in ipairs { "TTINF", "TTINF-S", "TTINF/hazard ratio" } do
    local r = s:result(id)
    lu.assertEquals({ r.events_1, r.n_1, r.events_2, r.n_2 }, { 14, 63, 30, 65 })
  end
  lu.assertEquals(table.efficacy({ "TTINF", columns = { "events_1", "events_2" } })
    :cell(2, "Events, B"), "30/65")
  local t = table.efficacy { "TTINF-KM", columns = { "events_1", "measure", "estimate" } }
  lu.assertEquals({ t:cell(3, 1), t:cell(3, 2), t:cell(3, 3) },
    { "14/63", "median", "- (above 373)" })
  close(s:result "TTINF-KM[placebo].estimate", 304, "median")
  lu.assertEquals(s:result "TTINF-KM[rIFN-g].estimate", NA)
  close(s:result "NINF[placebo].estimate", 56 / 65, "infections per patient")
end

os.exit(lu.LuaUnit.run())
