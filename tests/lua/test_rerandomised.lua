-- p_rerandomised of run(): what R finds by going through every allocation
-- (tests/reference/rerandomise.R), drawn ones near it, the same for any number of
-- jobs and order of rows; rules that choose; what is refused or said.
local lu = require "luaunit"
local reference = require "tests.lua.reference"
local shared = require "tests.lua.endpoints"
local endpoints = require "trialsh.endpoint"
local randomisation = require "trialsh.randomisation"
local session = require "trialsh.session"
local NA = require "ts.na".NA

local schemes = {
  ["blocks of 3"] = { "permuted blocks", ratio = { 1, 1, 1 }, sizes = { 3 },
    strata = "COUNTRY" },
  ["blocks of 4"] = { "permuted blocks", sizes = { 4 } },
  ["fixed numbers"] = { "fixed numbers", strata = "COUNTRY" },
}

local function rows_of(design)
  local list = {}
  for row in read("tests/reference/rerandomise_data.csv",
    { types = { id = "text" } }):where("design = ?", design):rows() do
    local copy = {}
    for _, name in ipairs { "id", "country", "arm", "y", "base", "event", "time",
      "cens" } do copy[name] = row[name] end
    list[#list + 1] = copy
  end
  return list
end

-- The study of a design; change(rows) may alter or turn them, more is of the
-- trial.
local function study_of(design, more, change)
  local list = rows_of(design)
  if change then change(list) end
  local adsl, tte = {}, {}
  for _, name in ipairs { "USUBJID", "TRT01P", "COUNTRY", "RANDNO", "Y", "BASE",
    "EVENT" } do adsl[name] = {} end
  for _, name in ipairs { "USUBJID", "AVAL", "CNSR" } do tte[name] = {} end
  for i, row in ipairs(list) do
    local values = { USUBJID = "S" .. row.id, TRT01P = row.arm,
      COUNTRY = row.country, RANDNO = row.number or tonumber(row.id), Y = row.y,
      BASE = row.base, EVENT = row.event }
    for name, column in pairs(adsl) do column[i] = values[name] end
    tte.USUBJID[i], tte.AVAL[i], tte.CNSR[i] = values.USUBJID, row.time, row.cens
  end
  endpoints.list, require "trialsh.multiplicity".list = {}, {}
  local three = design == "blocks of 3"
  local def = { arms = three and { { "P", reference = true }, { "L" }, { "H" },
      { "Active", pool = { "L", "H" } } } or { { "P", reference = true }, { "H" } },
    compare = three and { "Active vs P", "H vs P", "L vs P" } or { "H vs P" },
    randomisation = schemes[design], seed = 5 }
  for key, value in pairs(more or {}) do def[key] = value or nil end
  local s = require "trialsh.study".memory()
  study.open(s)
  s.trial = trial "T" (def)
  local function frame(t)
    local names, arrays = {}, {}
    for name in pairs(t) do names[#names + 1] = name end
    table.sort(names)
    for j, name in ipairs(names) do arrays[j] = t[name] end
    return require "trialsh.data".wrap(require "ts.frame".build(names, arrays))
  end
  s.adsl, s.adtte = frame(adsl), frame(tte)
  return s
end

local analyses = {
  ttest = { data = "adsl", variable = "Y", analysis = "ttest" },
  wilcoxon = { data = "adsl", variable = "Y", analysis = "wilcoxon" },
  fisher = { data = "adsl", variable = "EVENT", analysis = "fisher" },
  logrank = { data = "adtte", analysis = "logrank" },
  rmst = { data = "adtte", analysis = { "rmst", horizon = 6 } },
  cox = { data = "adtte", analysis = "cox" },
  lm = { data = "adsl", variable = "Y", analysis = { "lm", "~ BASE + TRT01P" } },
}

local function define(names, more)
  endpoints.list = {}
  for _, name in ipairs(names) do
    local def = {}
    for key, value in pairs(analyses[name]) do def[key] = value end
    for key, value in pairs(more or {}) do def[key] = value end
    endpoint(name:upper()) (def)
  end
end

local all = { "ttest", "wilcoxon", "fisher", "logrank", "rmst", "cox", "lm" }

-- { ["TTEST[H vs P]"] = p } of the rows that have one
local function found(s, field)
  local out = {}
  for row in s.results:where { variation = "main" }:rows() do
    if row[field or "p_rerandomised"] ~= NA then
      out[("%s[%s]"):format(row.endpoint, row.compare)] =
        row[field or "p_rerandomised"]
    end
  end
  return out
end

local function reference_rows()
  local list, first = {}, true
  for line in io.lines "tests/reference/rerandomise.csv" do
    local design, statistic, compare, p, n =
      line:match "^(.-),(.-),(.-),(.-),(.*)$"
    if not first then
      list[#list + 1] = { design = design, statistic = statistic,
        compare = compare, p = tonumber(p), n = tonumber(n) }
    end
    first = false
  end
  return list
end

TestRerandomised = {}

function TestRerandomised.test_all_allocations_as_R()
  local n = 0
  for design in pairs(schemes) do
    local s = study_of(design)
    define(all)
    run(s)
    local p, words = found(s), found(s, "rerandomised")
    for _, row in ipairs(reference_rows()) do
      local key = ("%s[%s]"):format(row.statistic:upper(), row.compare)
      if row.design == design and analyses[row.statistic] then
        reference.near(p[key], row.p, 1e-12, design .. ", " .. key)
        lu.assertStrContains(words[key], ("all %d allocations"):format(row.n))
        n = n + 1
        if row.statistic == "logrank" then -- the slope of Cox's likelihood
          lu.assertEquals(p[("COX[%s]"):format(row.compare)], p[key])
        end
      elseif row.design == design and row.statistic == "allocations" then
        lu.assertStrContains(words[design == "blocks of 3"
          and "TTEST[Active vs P]" or "TTEST[H vs P]"],
          ("all %d allocations"):format(row.p))
      end
    end
  end
  lu.assertEquals(n, 30)
end

-- A one-sided test looks to its own side, whatever way it is computed.
function TestRerandomised.test_the_side()
  local s = study_of "blocks of 4"
  s.adx = s.adsl:mutate("AVAL = iif(TRT01P = 'H', 20, 3) + "
    .. "RANDNO / 10.0", "BLQFL = iif(TRT01P = 'P' and RANDNO > 5, 'Y', 'N')",
    "S = iif(RANDNO > 6, 'b', 'a')"):select("USUBJID", "AVAL", "BLQFL", "S")
  for _, given in ipairs { { "ttest", blq = "limit" }, { "wilcoxon", blq =
      "limit" }, { "tobit", "~ TRT01P" }, { "peto_prentice" },
      { "peto_prentice", weights = "Fleming-Harrington" },
      { "peto_prentice", "~ TRT01P + strata(S)" },
      { "van_elteren", "~ TRT01P + strata(S)", blq = "limit" } } do
    local p = {}
    for _, side in ipairs { "greater", "less" } do
      endpoints.list = {}
      given.alternative = side
      endpoint "X" { data = "adx", variable = "AVAL", analysis = given }
      run(s)
      p[side] = s:result "X".p_rerandomised
    end
    lu.assertTrue(p.greater < 0.05, given[1])
    lu.assertTrue(p.less > 0.95, given[1])
  end
end

function TestRerandomised.test_panels_as_R()
  local n = 0
  for _, how in ipairs { "max-T", "max-T single-step" } do
    for design in pairs(schemes) do
      local s = study_of(design)
      define({ "ttest" }, { adjust = how })
      run(s)
      local p = found(s, "p_adjusted")
      for _, row in ipairs(reference_rows()) do
        if row.design == design and row.statistic == how then
          reference.near(p[("TTEST[%s]"):format(row.compare)], row.p, 1e-12,
            design .. ", " .. how)
          n = n + 1
        end
      end
    end
  end
  lu.assertEquals(n, 10)
end

-- Drawn allocations give P within 4 Monte Carlo errors.
function TestRerandomised.test_drawn_ones_are_near()
  local s = study_of "blocks of 3"
  define(all)
  local most = randomisation.MOST
  randomisation.MOST = { scores = 1, counts = 1, anew = 1 }
  run(s, { replicates = 1999 })
  randomisation.MOST = most
  local p, words = found(s), found(s, "rerandomised")
  for _, row in ipairs(reference_rows()) do
    local key = ("%s[%s]"):format(row.statistic:upper(), row.compare)
    if row.design == "blocks of 3" and analyses[row.statistic]
      and row.n > 1999 then
      lu.assertAlmostEquals(p[key], row.p, 4 * math.sqrt(row.p * (1 - row.p)
        / 2000) + 1 / 2000, key)
      lu.assertStrContains(words[key], "1999 of 3888 allocations")
      lu.assertStrContains(words[key], "seed 5; Monte Carlo error 0.0")
    end
  end
end

local function drawn(design, more, change, jobs)
  local s = study_of(design, more, change)
  define(all)
  local most, old = randomisation.MOST, session.jobs
  randomisation.MOST = { scores = 1, counts = 1, anew = 1 }
  session.jobs = jobs
  run(s, { replicates = 299 })
  randomisation.MOST, session.jobs = most, old
  return found(s)
end

function TestRerandomised.test_the_seed_decides_and_nothing_else()
  local p = drawn "blocks of 3"
  lu.assertEquals(drawn("blocks of 3", nil, nil, 3), p)
  lu.assertEquals(drawn("blocks of 3", nil, function(rows)
    for i = 1, #rows // 2 do
      rows[i], rows[#rows + 1 - i] = rows[#rows + 1 - i], rows[i]
    end
  end), p)
  lu.assertNotEquals(drawn("blocks of 3", { seed = 6 }), p)
end

-- Blocks are in the order of randomisation, not of the subjects' names.
function TestRerandomised.test_the_order_of_randomisation()
  local function renamed(rows)
    for i, row in ipairs(rows) do
      row.number = tonumber(row.id)
      row.id = ("%02d"):format((i * 5) % 13)
    end
  end
  local s = study_of("blocks of 3", nil, renamed)
  define(all)
  run(s)
  for _, row in ipairs(reference_rows()) do
    local key = ("%s[%s]"):format(row.statistic:upper(), row.compare)
    if row.design == "blocks of 3" and analyses[row.statistic] then
      reference.near(found(s)[key], row.p, 1e-12, key)
    end
  end
end

-- Other names of arms and countries change nothing, nor do units.
function TestRerandomised.test_names_and_units()
  local s = study_of("blocks of 4", { arms = { { "Placebo", reference = true },
    { "Drug" } }, compare = { "Drug vs Placebo" } }, function(rows)
      for _, row in ipairs(rows) do
        row.arm = row.arm == "P" and "Placebo" or "Drug"
        row.y = 3 * row.y + 100
      end
    end)
  define { "ttest", "wilcoxon", "logrank" }
  run(s)
  for _, row in ipairs(reference_rows()) do
    local key = ("%s[Drug vs Placebo]"):format(row.statistic:upper())
    if row.design == "blocks of 4" and (row.statistic == "ttest"
        or row.statistic == "wilcoxon" or row.statistic == "logrank") then
      reference.near(found(s)[key], row.p, 1e-12, key)
    end
  end
end

-- Under no effect P is what it says: of all allocations that could have been
-- observed those with P <= p have a chance of at most p, and no less where each
-- gives another value.
function TestRerandomised.test_uniform_under_no_effect()
  local rows = rows_of "blocks of 4"
  local core = require "ts.allocation".new({ arm = { 1, 2, 2, 1, 2, 1, 1, 2 },
    ratio = { 1, 1 }, sizes = { 4 } }, {})
  local deals, list = core:all(8, 100), {}
  lu.assertEquals(#deals, 36)
  for k = 1, 36 do
    local codes = deals:arms(k, {})
    local s = study_of("blocks of 4", nil, function(all_rows)
      for i = #all_rows, 1, -1 do
        if i > 8 then table.remove(all_rows, i)
        else all_rows[i].arm = codes[i] == 1 and "P" or "H" end
      end
    end)
    define { "wilcoxon" }
    run(s)
    list[k] = found(s)["WILCOXON[H vs P]"]
  end
  table.sort(list)
  for k, p in ipairs(list) do
    local as_small = 0
    for _, q in ipairs(list) do as_small = as_small + (q <= p + 1e-9 and 1 or 0) end
    lu.assertAlmostEquals(as_small / 36, p, 1e-12, k)
  end
  lu.assertEquals(#rows, 10)
end

-- The rule of instead is asked again for each allocation. By hand: of blocks of 4
-- every allocation, its median, and then the one test or the other.
function TestRerandomised.test_a_rule_chooses_anew()
  local s = study_of "blocks of 4"
  endpoints.list = {}
  endpoint "RULE" { data = "adsl", variable = "Y", analysis = "ttest",
    instead = { when = "median(Y) >= 9.65", within = "P", variable = "Y - BASE",
      analysis = { "ttest", variance = "pooled" } } }
  run(s)
  local rows = rows_of "blocks of 4"
  local arm = {}
  for i, row in ipairs(rows) do arm[i] = row.arm == "P" and 1 or 2 end
  local core = require "ts.allocation".new({ arm = arm, ratio = { 1, 1 },
    sizes = { 4 } }, {})
  local deals = core:all(10, 1000)
  local chosen = { 0, 0 }
  local function value(codes)
    local y, change = { {}, {} }, { {}, {} }
    for i, row in ipairs(rows) do
      table.insert(y[codes[i]], row.y)
      table.insert(change[codes[i]], row.y - row.base)
    end
    local p = table.move(y[1], 1, #y[1], 1, {})
    table.sort(p)
    local middle = (p[(#p + 1) // 2] + p[#p // 2 + 1]) / 2
    chosen[middle >= 9.65 and 2 or 1] = chosen[middle >= 9.65 and 2 or 1] + 1
    if middle >= 9.65 then
      return ttest(change[2], change[1], { variance = "pooled" }).p_value
    end
    return ttest(y[2], y[1]).p_value
  end
  local seen, extreme, total = value(arm), 0, 0
  for k = 1, #deals do
    local w = deals:weight(k)
    total = total + w
    if value(deals:arms(k, {})) <= seen * (1 + 1e-9) then extreme = extreme + w end
  end
  lu.assertTrue(chosen[1] > 10 and chosen[2] > 10)
  reference.near(s:result "RULE.p_rerandomised", extreme / total, 1e-12)
end

-- What a model holds known is what it has without an effect: its t is that of
-- generalised least squares, and P by hand of all allocations is the same.
function TestRerandomised.test_repeated_measures()
  local s = shared.study { randomisation = { "permuted blocks",
    ratio = { 1, 1, 1 }, sizes = { 6 } } }
  endpoint "M" { parameter = "ALC", visits = { "Day 8", "Day 29" },
    variable = "ln(AVAL)",
    analysis = { "mmrm", "~ ln(BASE) + TRT01P * AVISIT", covariance = "cs" },
    sensitivity = { { "KR", analysis = { df = "Kenward-Roger" } } } }
  run(s, { replicates = 199 })
  for row in s.results:where "compare is not null":rows() do
    lu.assertTrue(row.p_rerandomised >= 1 / 200 and row.p_rerandomised <= 1)
    lu.assertAlmostEquals(row.p_rerandomised, row.p_value, 0.15)
    if row.variation == "main" then
      lu.assertEquals(s:result(("M[%s]@%s/KR.p_rerandomised"):format(row.compare,
        row.visit)), row.p_rerandomised)
    end
  end
end

-- Covariance parameters that are held give the fit that they came from.
function TestRerandomised.test_held_parameters()
  local formulas, mixed = require "ts.formula", require "ts.mixed"
  local f = demo.adlb:where { PARAMCD = "ALC" }:where "AVISITN > 1":collect()
  local frame = require "trialsh.data".frame(f)
  local model = formulas.model("log(AVAL) ~ log(BASE) + TRT01P * AVISIT", frame)
  local spec = { covariance = "un",
    subject = formulas.model("~ USUBJID", frame, { groups = true }),
    visit = formulas.model("~ AVISIT", frame, { groups = true }) }
  local m, theta = mixed.fit(model, {}, spec), {}
  for i, p in ipairs(m:info().parameters) do theta[i] = p.estimate end
  spec.hold = theta
  local held = mixed.fit(model, {}, spec)
  lu.assertAlmostEquals(held:info().neg2_log_lik, m:info().neg2_log_lik, 1e-9)
  for j = 1, #m:info().columns do
    local estimate, std_error = m:coefficient(j)
    local estimate_2, std_error_2 = held:coefficient(j)
    reference.near(estimate_2, estimate, 1e-9)
    reference.near(std_error_2, std_error, 1e-9)
  end
  spec.hold = { 1, 2 }
  reference.refuses("2 covariance parameters are held, there are 6",
    mixed.fit, model, {}, spec)
end

-- Blocks that a column names; what simple randomisation is, given the numbers.
function TestRerandomised.test_named_blocks_and_simple()
  local s = study_of("blocks of 4", { randomisation = { "permuted blocks",
    sizes = { 2, 4 }, block = "COUNTRY" } }, function(rows)
      for i, row in ipairs(rows) do
        row.country = ({ "x", "y", "x", "y", "z", "z", "z", "z", "w", "w" })[i]
        row.arm = i % 4 < 2 and "P" or "H"
      end
    end)
  define { "ttest" }
  run(s) -- three blocks of 2 or what is left of 4, one of 4
  local words = s:result "TTEST".rerandomised
  lu.assertStrContains(words, "all 48 allocations")
  s = study_of("blocks of 4", { randomisation = { "simple", ratio = { 1, 1 } } })
  define { "ttest" }
  run(s)
  lu.assertStrContains(s:result "TTEST".rerandomised, "all 252 allocations by "
    .. "simple")
end

-- What is said -----------------------------------------------------------------

function TestRerandomised.test_left_out_where_it_is_not_asked_for()
  local s = study_of "blocks of 4"
  define { "ttest" }
  run(s, { rerandomise = false })
  lu.assertEquals(found(s), {})
  s.trial = trial "T" { arms = { { "P" }, { "H" } }, compare = "H vs P" }
  define { "ttest" }
  run(s)
  lu.assertEquals(found(s), {})
  lu.assertEquals(found(s, "rerandomised"), {})
end

function TestRerandomised.test_what_is_tested_otherwise_has_none()
  local s = study_of "blocks of 4"
  s.adsl = s.adsl:collect():mutate "HALF = iif(RANDNO in (1, 2, 5, 6, 9, 10), 'a', 'b')"
  endpoints.list = {}
  endpoint "MU" { data = "adsl", variable = "Y", analysis = { "ttest", mu = 1 } }
  endpoint "EACH" { data = "adsl", variable = "Y", compare = "each arm",
    analysis = "sign_test" }
  endpoint "NULL" { data = "adsl", variable = "EVENT", analysis = { "riskdiff",
    null = 0.1 } }
  endpoint "BY" { data = "adsl", variable = "Y", subgroups = "HALF",
    analysis = { "lm", "~ TRT01P" } }
  run(s)
  for address, p in pairs(found(s)) do
    lu.assertStrMatches(address, "BY%[H vs P%]")
    lu.assertTrue(p <= 1)
  end
  lu.assertStrContains(s:result "MU".rerandomised, "mu = 1")
  lu.assertStrContains(s:result "NULL".rerandomised, "null = 0.1")
  -- each P without one beside it says why
  local without = s.results:where "p_value is not null and p_rerandomised is null"
  lu.assertEquals(#without:where "rerandomised is null", 0)
  for words, where in pairs { ["an interaction is tested"] = "endpoint = 'BY' "
      .. "and variation = 'HALF: interaction'",
      ["one arm is looked at"] = "endpoint = 'EACH'" } do
    local rows = without:where(where)
    lu.assertTrue(#rows > 0, where)
    for row in rows:rows() do lu.assertStrContains(row.rerandomised, words) end
  end
end

function TestRerandomised.test_blocks_that_are_none_of_the_scheme()
  local s = study_of("blocks of 4", nil, function(rows) rows[1].arm = "H" end)
  define { "ttest" }
  run(s)
  lu.assertStrContains(s:result "TTEST".rerandomised, "1 block is not the "
    .. "scheme's and is permuted as it is (the first subject is S01)")
  lu.assertStrContains(check(s), "randomisation: 1 block is not the scheme's")
end

function TestRerandomised.test_no_order_of_randomisation()
  local s = study_of "blocks of 4"
  s.adsl = s.adsl:collect():select("USUBJID", "TRT01P", "COUNTRY", "Y")
  define { "ttest" }
  run(s)
  lu.assertEquals(found(s), {})
  local words = "no column tells the order of randomisation"
  lu.assertStrContains(s:result "TTEST".rerandomised, words)
  lu.assertStrContains(check(s), words)
end

function TestRerandomised.test_mistakes()
  local s = study_of "blocks of 4"
  define { "ttest" }
  reference.refuses("run has no option rerandomize; nearest: rerandomise", run, s,
    { rerandomize = false })
  reference.refuses("run: replicates = 0 is out of its range", run, s,
    { replicates = 0 })
  define({ "ttest" }, { adjust = "maxt" })
  lu.assertStrContains(check(s), "no mistakes")
  reference.refuses('sizes is for "permuted blocks", not for "simple"', study_of,
    "blocks of 4", { randomisation = { "simple", sizes = { 4 } } })
  local other = study_of("blocks of 4", { randomisation = { "fixed numbers",
    strata = "CUNTRY" } })
  define { "ttest" }
  lu.assertStrContains(check(other), "no column CUNTRY; nearest: COUNTRY")
end

os.exit(lu.LuaUnit.run())
