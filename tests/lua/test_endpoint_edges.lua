-- Every analysis on data in which there is too little: a number or a reason in
-- each row, never a crash, NaN or infinity.
local lu = require "luaunit"
local NA = require "ts.na".NA
local shared = require "tests.lua.endpoints"
local endpoints = require "trialsh.endpoint"
local analysis = require "trialsh.analysis"

local s

TestEdges = {}

function TestEdges.setUp()
  if s then return end
  -- blocks of sizes that are not known, so that all are drawn
  s = shared.study { randomisation = { "permuted blocks", ratio = { 1, 1, 1 },
    sizes = { 3, 6 }, order = "USUBJID" } }
  s.adlim = s.adlb:where "PARAMCD = 'ALC'":mutate "BLQFL = flag(AVAL < 600)"
end

local numbers = { "estimate", "std_error", "statistic", "df", "p_value",
  "p_adjusted", "p_rerandomised", "conf_low", "conf_high", "n", "n_missing",
  "estimate_1", "estimate_2" }

-- What each analysis asks for besides.
local needs = {
  van_elteren = { strata = "SITEID" }, cmh = { strata = "SITEID" },
  mcnemar = { [2] = "~ I(BASE >= 600)" }, lm = { [2] = "~ BASE + TRT01P" },
  cor = { [2] = "~ BASE" }, mmrm = { [2] = "~ BASE + TRT01P * AVISIT" },
  lmm = { [2] = "~ BASE + TRT01P * AVISIT" },
  rate = { time = "AGE" }, rateratio = { time = "AGE" },
  cuminc = { at = { 10, 30 } }, rmst = { horizon = 30 },
}

local function define(name, where, variable)
  local entry = analysis.find(name)
  local given = { name }
  for key, value in pairs(needs[name] or {}) do given[key] = value end
  local survival = entry.survival
  if entry.limits then variable = "ln(AVAL)" end
  endpoints.list = {}
  if entry.hierarchy then
    endpoint "E" { variable = { "DEATH", { "ALC", visit = "Day 29", margin = 50 } },
      population = "ITT", analysis = given, subgroups = "SEX", adjust = "Holm" }
    return
  end
  endpoint "E" { parameter = survival and "DEATH" or not entry.limits and "ALC"
      or nil, data = entry.limits and "adlim" or nil,
    visits = not survival and { "Day 8", "Day 29" } or nil,
    variable = not survival and (variable or entry.text and "AVAL >= 600"
      or "AVAL") or nil, where = where, analysis = given, subgroups = "SEX",
    adjust = "Holm" }
end

local sets = {
  { "one subject", "USUBJID = '01'" },
  { "one subject in each arm", "USUBJID in ('01', '02', '03')" },
  { "one arm alone", "USUBJID in ('03', '06', '09', '18')" },
  { "two arms", "USUBJID in ('01', '02', '04', '08', '11', '13', '14')" },
  { "equal values", "USUBJID < '20'", "0 * AVAL", "0 * AVAL > 1" },
  { "everybody responds", "USUBJID > '00'", "AVAL", "AVAL > 0" },
}

function TestEdges.test_each_row_has_a_number_or_a_reason()
  local n, wrong = 0, {}
  for _, name in ipairs(analysis.names()) do
    for _, set in ipairs(sets) do
      local entry = analysis.find(name)
      define(name, set[2], entry.text and set[4] or set[3])
      local what = name .. ", " .. set[1]
      local ok, err = pcall(run, s, { replicates = 9 })
      if not ok then wrong[#wrong + 1] = what .. ": " .. tostring(err) end
      for row in (ok and s.results or s.adsl:where "1 = 0"):rows() do
        for _, field in ipairs(numbers) do
          local x = row[field]
          if x ~= NA and not (x == x and math.abs(x) < math.huge) then
            wrong[#wrong + 1] = ("%s: %s is %s"):format(what, field, tostring(x))
          end
        end
        local p = row.p_rerandomised
        if p ~= NA and (p < 0.1 - 1e-12 or p > 1 or row.p_value == NA) then
          wrong[#wrong + 1] = ("%s: p_rerandomised is %s"):format(what, p)
        end
        if row.estimate == NA and row.p_value == NA and row.note == NA then
          wrong[#wrong + 1] = ("%s, %s: neither a number nor a reason"):format(
            what, row.variation)
        end
        n = n + 1
      end
    end
  end
  lu.assertEquals(table.concat(wrong, "\n"), "")
  lu.assertTrue(n > 1000, n)
end

function TestEdges.test_nobody_is_an_error_that_says_so()
  for _, name in ipairs(analysis.names()) do
    if not analysis.find(name).hierarchy then -- it has no where
      define(name, "USUBJID = 'x'")
      lu.assertStrContains(shared.message(run, s), "no subject of population ITT "
        .. "has a value of")
    end
  end
end

os.exit(lu.LuaUnit.run())
