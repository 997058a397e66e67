-- Models for repeated measures against SAS, at the optimum.
local lu = require "luaunit"
local NA = require "ts.na".NA
local reference = require "tests.lua.reference"

local near, refuses = reference.near, reference.refuses

local fev
local function data()
  fev = fev or reference.read "mmrm/fev_data.csv"
  return fev
end

-- Of PROC MIXED's listings: the formula and what is said beside it.
local whole = "FEV1 ~ ARMCD * AVISIT + RACE + SEX"
local base = { ARMCD = "PBO", RACE = "Asian", SEX = "Male" }
local runs = {
  ["Robust_empirical_us.txt"] = { "FEV1 ~ ARMCD", vcov = "CR0",
    df = "between-within" },
  ["SAS_sas_ar1_reml.txt"] = { "FEV1 ~ 1", covariance = "ar1" },
  ["SAS_sas_cs_reml.txt"] = { "FEV1 ~ 1", covariance = "cs" },
  ["SAS_sas_coef_ci_ml_un.txt"] = { "FEV1 ~ ARMCD + SEX", method = "ML" },
  ["SAS_sas_coef_ci_reml_un.txt"] = { "FEV1 ~ ARMCD + SEX" },
  ["SAS_sas_log_reml.txt"] = { whole },
  ["SAS_sas_log_simple_reml.txt"] = { "FEV1 ~ 1" },
  ["ddfm_covtype_kr1_us.txt"] = { "FEV1 ~ ARMCD",
    df = "Kenward-Roger linear" },
  ["ddfm_covtype_kr_us.txt"] = { "FEV1 ~ ARMCD", df = "Kenward-Roger" },
  ["ddfm_covtype_kr_cs.txt"] = { "FEV1 ~ ARMCD", df = "Kenward-Roger",
    covariance = "cs" },
}

-- SAS has the first visit last where it is the reference.
local last_first = { ["SAS_sas_log_reml.txt"] = true,
  ["SAS_sas_log_simple_reml.txt"] = true }

local function fit(run)
  local opt = { reference = {} }
  for name, level in pairs(base) do
    if run[1]:find(name) then opt.reference[name] = level end
  end
  for key, value in pairs(run) do
    if type(key) == "string" then opt[key] = value end
  end
  return mmrm(run[1], data(), opt)
end

-- SAS's text of a number: half a unit of its last digit, and what its early
-- stop costs (README: 5e-4; of df as much).
local function agrees(x, printed, what, slack)
  local p = printed:match "^<(.*)$"
  if p then
    lu.assertTrue(x < tonumber(p), what)
    return
  end
  local wanted = tonumber(printed)
  local half = 0.5 * 10 ^ -#(printed:match "%.(%d+)" or "")
  if x == NA or not (math.abs(x - wanted)
      <= half * 1.001 + (slack or 5e-4) * math.max(math.abs(wanted), 1)) then
    lu.fail(("%s: %s, SAS printed %s"):format(what, tostring(x), printed))
  end
end

local names = { estimate = "estimate", se = "std_error", df = "df",
  t = "statistic", p = "p_value", lower95 = "conf_low",
  upper95 = "conf_high" }

-- "ARMCD TRT" -> "ARMCDTRT", "AVISIT*ARMCD VIS2 TRT" -> "ARMCDTRT:AVISITVIS2"
local function coefficient_name(term)
  if term == "Intercept" then return "(Intercept)" end
  local visit, arm = term:match "^AVISIT%*ARMCD (%S+) (%S+)$"
  if visit then return ("ARMCD%s:AVISIT%s"):format(arm, visit) end
  return (term:gsub(" ", "", 1))
end

-- A mean or a difference: arm, visit of it and, of a difference, the others.
local function cells_of(term)
  local a, b, c, d = term:match "^AVISIT%*ARMCD (%S+) (%S+) ?(%S*) ?(%S*)$"
  if a then return b, a, d ~= "" and d or nil, c ~= "" and c or nil end
  a, b = term:match "^ARMCD (%S+) ?(%S*)$"
  return a, nil, b ~= "" and b or nil, nil
end

local function mean_row(m, arm, visit)
  for row in m:means(visit and { "ARMCD", "AVISIT" } or "ARMCD",
      { by = not visit and false or nil }):rows() do
    if row.ARMCD == arm and (not visit or row.AVISIT == visit) then
      return row
    end
  end
end

local check = {}

function check.dimension(m, term, _, value, what)
  if term == "Number of Observations Used" then
    lu.assertEquals(m.n, tonumber(value))
  elseif term == "Covariance Parameters" then
    lu.assertEquals(m.n_parameters, tonumber(value), what)
  else
    return false
  end
end

function check.fit(m, term, _, value, what)
  if term == "-2 log likelihood (last iteration)" then
    lu.assertTrue(m.neg2_log_lik < tonumber(value) + 1e-7, what)
    agrees(m.neg2_log_lik, value, what, 1e-4 / 3000)
  elseif term == "AIC" or term == "AICC" or term == "BIC" then
    agrees(m[term:lower()], value, what, 1e-7)
  else
    return false
  end
end

-- A covariance is as exact as the standard deviations beside it are.
function check.covparm(m, term, statistic, value, what, source)
  if statistic ~= "estimate" then return false end
  local i, j = term:match "^UN%((%d),(%d)%)$"
  if i and last_first[source] then
    i, j = i % 4 + 1, j % 4 + 1
    term = ("UN(%d,%d)"):format(math.max(i, j), math.min(i, j))
  end
  local of = {}
  for row in m:parameters():rows() do of[row.parameter] = row.estimate end
  local size = i and math.sqrt(of[("UN(%d,%d)"):format(i, i)]
    * of[("UN(%d,%d)"):format(j, j)]) or of.Residual
  agrees(of[term], value, what, 5e-4 * size / math.max(math.abs(of[term]), 1))
end

function check.fixed(m, term, statistic, value, what)
  agrees(m:term(coefficient_name(term))[names[statistic]], value, what)
end

function check.type3(m, term, statistic, value, what)
  local field = ({ num_df = "df", den_df = "df_2", F = "statistic",
    p_F = "p_value" })[statistic]
  if not field then return false end
  term = term == "AVISIT*ARMCD" and "ARMCD:AVISIT" or term
  for row in m:anova():rows() do
    if row.term == term then return agrees(row[field], value, what) end
  end
  lu.fail(what)
end

function check.lsmean(m, term, statistic, value, what)
  local arm, visit = cells_of(term)
  if statistic == "t" or statistic == "p" then return false end
  agrees(mean_row(m, arm, visit)[names[statistic]], value, what)
end

-- Of the differences those of arms within a visit; the others are differences
-- of these.
function check.lsmean_diff(m, term, statistic, value, what)
  local arm, visit, other, at = cells_of(term)
  if visit ~= at then return false end
  local c = m:contrast({ arm .. " vs " .. other }, { by = not visit and false
    or nil, at = visit and { AVISIT = visit } or nil })
  agrees(c[names[statistic]], value, what)
end

TestSas = {}

function TestSas.test_listings()
  local r = reference.read("mmrm/sas_reference.csv", {
    types = { value = "text" } })
  local models, n = {}, 0
  for row in r:rows() do
    local run = runs[row.source]
    lu.assertNotNil(run, row.source)
    models[row.source] = models[row.source] or fit(run)
    local what = ("%s %s %s %s"):format(row.source, row.section, row.term,
      row.statistic)
    local f = check[row.section]
    if f and f(models[row.source], row.term, row.statistic, row.value, what,
        row.source)
        ~= false then
      n = n + 1
    end
  end
  lu.assertEquals(n, 459)
end

os.exit(lu.LuaUnit.run())
