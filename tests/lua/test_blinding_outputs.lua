-- IRIS-7 before it is unblinded: each kind of table, figure and statistic that
-- there is bears the mark. Those that came after this test was written are tried
-- in the usual way: who adds one that needs another call adds it here.
local lu = require "luaunit"
local files = dofile "files.lua"
local folder = files.folder
local DUMMY = "DUMMY TREATMENT"

local s

local function set_up()
  if s then return end
  s = require "trialsh.study".memory()
  study.open(s)
  dofile("../../scripts/iris7/simulate.lua", folder, 29)
  dofile("../../scripts/iris7/derive.lua", s, folder)
  local def = s.trial.definition
  trial "IRIS-7" (def)
  endpoint "ALC" { title = "ALC at day 29", role = "primary", parameter = "ALC",
    visit = "Day 29", variable = "ln(AVAL)", missing = "exclude",
    intercurrent = { death = "while alive" }, analysis = "ttest" }
  endpoint "TTINF" { title = "Infection", role = "secondary", population = "SAF",
    parameter = "TTINF", intercurrent = { death = "while alive" },
    analysis = { "cuminc", test = "Gray", at = 29 } }
  run(s, { rerandomise = false })
end

TestOutputs = {}
function TestOutputs.setUp() set_up() end

local function has(x, what)
  lu.assertStrContains(tostring(x), DUMMY, false, what)
end

function TestOutputs.test_tables()
  local alc = s.adlb:where { PARAMCD = "ALC", ANL01FL = "Y" }
  local made = {
    summary = function() return table.summary { s.adsl, by = "TRT01P", "AGE" } end,
    disposition = function() return table.disposition() end,
    exposure = function() return table.exposure() end,
    ae_overview = function() return table.ae_overview() end,
    ae = function() return table.ae { rows = { "AEBODSYS", "AEDECOD" } } end,
    deaths = function() return table.deaths() end,
    labs = function() return table.labs { "ALC" } end,
    shift = function() return table.shift { "ALC", grade = "CTCAE 5" } end,
    efficacy = function() return table.efficacy() end,
    listing = function() return table.listing { alc:limit(3), "USUBJID", "AVAL" } end,
    patient = function() return table.patient { "IRS-001" } end,
  }
  for _, kind in ipairs(require "trialsh.table".kinds) do
    local ok, t = pcall(made[kind] or table[kind])
    if made[kind] then lu.assertTrue(ok, kind .. ": " .. tostring(t)) end
    if ok then has(t, kind) end
    for _, ending in ipairs(ok and require "trialsh.table.object".extensions
        or {}) do
      local path = ("%s/%s.%s"):format(folder, kind, ending)
      t:save(path)
      local f = assert(io.open(path, "rb"))
      local all = f:read "a"
      f:close()
      if all:sub(1, 2) == "PK" then
        local unzip = io.popen("unzip -p " .. path .. " 2>/dev/null")
        all = unzip:read "a"
        unzip:close()
        if all == "" then all = DUMMY end -- there is no unzip
      end
      lu.assertStrContains(all, DUMMY, false, path)
    end
  end
end

local no_figure = { journal = true } -- what is called so, and draws nothing

function TestOutputs.test_figures()
  local alc = s.adlb:where { PARAMCD = "ALC", ANL01FL = "Y" }
  local day29 = alc:where { AVISIT = "Day 29" }
  local function points() return figure.points { "ALC" } end
  local made = {
    points = points,
    survival = function()
      return figure.survival { s.adtte:where { PARAMCD = "DEATH" } }
    end,
    cuminc = function() return figure.cuminc { "TTINF" } end,
    profile = function() return figure.profile { "ALC" } end,
    pairs = function()
      return figure.pairs { day29, by = "TRT01P" }
    end,
    scatter = function()
      return figure.scatter { day29, x = "BASE", y = "AVAL", by = "TRT01P" }
    end,
    panels = function() return figure.panels { points(), points() } end,
  }
  for kind in pairs(figure) do
    local ok, f = pcall(made[kind] or figure[kind], { "ALC" })
    if made[kind] then lu.assertTrue(ok, kind .. ": " .. tostring(f)) end
    if ok and not no_figure[kind] then
      lu.assertStrContains(f:text(), DUMMY, false, kind)
      lu.assertStrContains(f:describe(), DUMMY, false, kind)
    end
  end
end

-- A statistic of two groups, three or more, times, counts and pairs.
function TestOutputs.test_statistics()
  local day29 = s.adlb:where { PARAMCD = "ALC", ANL01FL = "Y",
    AVISIT = "Day 29" }
  local two = day29:where "TRT01P <> 'CYT107 LF'"
    :mutate("UP = AVAL > 1000", "N = 1", "T = 30")
  local il6 = s.adcy:where { PARAMCD = "IL6", ANL01FL = "Y", AVISIT = "Day 8" }
  local deaths = s.adtte:where { PARAMCD = "DEATH" }
  local courses = s.adlb:where { PARAMCD = "ALC", ANL01FL = "Y",
    AVISIT = { "Day 4", "Day 8" } }
  local vs = { compare = "CYT107 HF vs Placebo" }
  local made = {
    boschloo = function() return boschloo("UP ~ TRT01P", two, vs) end,
    barnard = function() return barnard("UP ~ TRT01P", two, vs) end,
    chisq = function() return chisq("UP ~ TRT01P", two) end,
    cmh = function() return cmh("UP ~ TRT01P + strata(SEX)", two) end,
    cor = function() return cor("AVAL ~ BASE", day29) end,
    cuminc = function() return cuminc("Surv(AVAL, CNSR == 0) ~ TRT01P",
      s.adtte:where { PARAMCD = "TTINF" }, { competing = "CNSR == 2" }) end,
    describe = function() return describe("AVAL ~ TRT01P", day29) end,
    fisher = function() return fisher("UP ~ TRT01P", two, vs) end,
    jonckheere = function() return jonckheere("AVAL ~ TRT01P", day29) end,
    km = function() return km("Surv(AVAL, CNSR == 0) ~ TRT01P", deaths) end,
    kruskal = function() return kruskal("AVAL ~ TRT01P", day29) end,
    lm = function() return lm("AVAL ~ TRT01P", day29) end,
    lmm = function() return lmm("AVAL ~ TRT01P", courses) end,
    logrank = function()
      return logrank("Surv(AVAL, CNSR == 0) ~ TRT01P", deaths)
    end,
    mcnemar = function()
      return mcnemar("UP ~ HIGH", two:mutate "HIGH = BASE > 800")
    end,
    mediandiff = function() return mediandiff("AVAL ~ TRT01P", day29, vs) end,
    smd = function() return smd("AVAL ~ TRT01P", day29, vs) end,
    winratio = function() return winratio("~ TRT01P", day29,
      { hierarchy = { "AVAL" }, compare = vs.compare }) end,
    mmrm = function()
      return mmrm("AVAL ~ TRT01P * AVISIT", courses, { covariance = "cs" })
    end,
    oddsratio = function() return oddsratio("UP ~ TRT01P", two, vs) end,
    proportion = function() return proportion("UP ~ TRT01P", two) end,
    peto_prentice = function() return peto_prentice("AVAL ~ TRT01P", il6, vs) end,
    rate = function() return rate("N ~ TRT01P", two, { time = "T" }) end,
    rateratio = function()
      return rateratio("N ~ TRT01P", two, { time = "T", compare = vs.compare })
    end,
    rerandomise = function()
      return rerandomise("AVAL ~ TRT01P", day29, vs)
    end,
    riskdiff = function() return riskdiff("UP ~ TRT01P", two, vs) end,
    riskratio = function() return riskratio("UP ~ TRT01P", two, vs) end,
    sign_test = function() return sign_test("CHG ~ 1", day29) end,
    signed_rank = function() return signed_rank("CHG ~ 1", day29) end,
    tobit = function() return tobit("AVAL ~ TRT01P", il6) end,
    ttest = function() return ttest("AVAL ~ TRT01P", day29, vs) end,
    tukey = function() return tukey("AVAL ~ TRT01P", day29) end,
    dunnett = function() return dunnett("AVAL ~ TRT01P", day29) end,
    van_elteren = function()
      return van_elteren("AVAL ~ TRT01P + strata(SEX)", day29, vs)
    end,
    wilcoxon = function() return wilcoxon("AVAL ~ TRT01P", day29, vs) end,
  }
  local tried, wrong = 0, {}
  for name, f in pairs(made) do
    local ok, r = pcall(f)
    if ok then
      has(r, name)
      if not require "trialsh.relation".is(r) then has(r:tidy(), name) end
    else
      wrong[#wrong + 1] = name .. ": " .. tostring(r)
    end
    tried = tried + 1
  end
  local help = require "trialsh.help"
  for name in pairs(require "trialsh.init".home) do
    local block = help.block(name)
    if block and block.title:find "^[%w_]+%(formula, data" and not made[name]
    then
      local ok, r = pcall(_G[name], "AVAL ~ TRT01P", day29, vs)
      if ok then has(r, name) end
    end
  end
  lu.assertEquals(table.concat(wrong, "\n"), "")
  lu.assertTrue(tried >= 30, tried)
end

function TestOutputs.test_results()
  has(s.results, "results")
  has(s:result "ALC", "result")
  has(why "ALC", "why")
  has(s.results:where "endpoint = 'ALC'":select "estimate", "chosen")
end

files.run()
