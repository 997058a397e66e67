-- The edge battery for means, linear models, survival and adjusted P.
local lu = require "luaunit"
local edges = require "tests.lua.edge_sets"

local function means(m) return m:means "g" end
local function pairwise(m) return m:contrast { "pairwise", factor = "g" } end
local function tukey(m)
  return m:contrast { "pairwise", factor = "g", adjust = "Tukey" }
end
local function dunnett(m)
  return m:contrast { "reference", factor = "g", adjust = "Dunnett" }
end
local function holm(m)
  return m:contrast { "pairwise", factor = "g", adjust = "Holm" }
end
local function b_vs_a(m) return m:contrast { "B vs A", factor = "g" } end
local function slope(m) return m:slope "x" end
local function type3(m) return m:anova { type = 3 } end
local function type1(m) return m:anova { type = 1 } end
local function augment(m) return m:augment() end
local function predict(m, data) return m:predict(data) end

local function scheffe(m)
  return m:contrast { "pairwise", factor = "g", adjust = "Scheffe" }
end

local linear = { scheffe, means, pairwise, b_vs_a, tukey, dunnett, holm, type1, type3,
  augment, predict }

function test_means_and_linear_models()
  local calls = { { "ttest", "y ~ g" }, { "ttest", "y ~ g", {
      variance = "pooled" } }, { "ttest", "y ~ 1" }, { "ttest", "y - x ~ 1" },
    { "ttest", "y ~ g", { alternative = "less", mu = 3 } },
    { "ttest", "log(y) ~ g", { ratio = true } },
    { "ttest", "log10(y) ~ 1", { ratio = true, mu = 2 } },
    { "describe", "y ~ g" }, { "describe", "y ~ g + s" },
    { "dunnett", "y ~ g" }, { "tukey", "y ~ g" },
    { "tukey", "y ~ g", { variance = "welch" } }, { "dunnett", "y ~ x + g" },
    { "tukey", "y ~ g", { variance = "T3" } },
    { "dunnett", "y ~ g", { variance = "welch", alternative = "less" } } }
  for _, vcov in ipairs { "classical", "HC0", "HC3", "HC5" } do
    for _, formula in ipairs { "y ~ g", "y ~ g + x", "y ~ g + x + c",
      "y ~ g * x", "e ~ g + s" } do
      calls[#calls + 1] = { "lm", formula, { vcov = vcov }, after = linear }
    end
    calls[#calls + 1] = { "lm", "y ~ x", { vcov = vcov },
      after = { slope, augment, predict, type3 } }
  end
  calls[#calls + 1] = { "lm", "y ~ g + x", { weights = "e" }, after = linear }
  local results, errors = edges.try(calls)
  lu.assertTrue(results > 300, results .. " results")
  lu.assertTrue(errors > 50, errors .. " errors")
end

function test_correlations()
  local calls = {}
  for _, method in ipairs { "Pearson", "Spearman", "Kendall" } do
    for _, formula in ipairs { "y ~ x", "y ~ e", "y ~ y", "x ~ c", "y ~ x + e",
      "~ y + x + e", "log(y) ~ x" } do
      for _, side in ipairs { "two-sided", "less" } do
        calls[#calls + 1] = { "cor", formula, { method = method,
          alternative = side } }
      end
    end
    calls[#calls + 1] = { "cor", "g ~ x", { method = method } }
  end
  local results, errors = edges.try(calls)
  lu.assertTrue(results > 500, results .. " results")
  lu.assertTrue(errors > 100, errors .. " errors")
end

local function median(r) return r:median() end
local function quartile(r) return r:quantile(0.25) end
local function at(r) return r:at { 0, 1, 2.5, 1e300 } end

function test_survival()
  local calls = {}
  for _, ci in ipairs { "log-log", "log", "plain" } do
    for _, right in ipairs { "g", "1", "g + s" } do
      calls[#calls + 1] = { "km", "Surv(t, e) ~ " .. right, { ci = ci },
        after = { median, quartile, at } }
    end
  end
  for _, right in ipairs { "g", "g + strata(s)", "s" } do
    calls[#calls + 1] = { "logrank", "Surv(t, e) ~ " .. right }
  end
  calls[#calls + 1] = { "logrank", "Surv(t, e) ~ g", { compare = "B vs A" } }
  local results, errors = edges.try(calls)
  lu.assertTrue(results > 150, results .. " results")
  lu.assertTrue(errors > 30, errors .. " errors")
end

-- Adjusted P of every method: from 0 to 1, in order, no smaller than they were.
function test_padjust()
  local sets = { {}, { NA }, { 0.5 }, { 0, 0, 0 }, { 1, 1 }, { NA, 0.2, NA },
    { 5e-324, 1e-300, 1 }, { 0.05, 0.05, 0.05, 0.05 }, { -0.0, 1 } }
  for _, method in ipairs(require "trialsh.padjust".names) do
    for _, p in ipairs(sets) do
      local q = padjust(p, method)
      lu.assertEquals(#q, #p)
      for i, x in ipairs(p) do
        if x == NA then
          lu.assertEquals(q[i], NA)
        else
          lu.assertTrue(q[i] >= x * (1 - 1e-15) and q[i] <= 1,
            ("%s of %g: %s"):format(method, x, tostring(q[i])))
        end
      end
    end
    for _, p in ipairs { { 1.1 }, { -0.1 }, { 0 / 0 }, { "0.5" }, { math.huge } } do
      lu.assertFalse(pcall(padjust, p, method), method)
    end
  end
end

os.exit(lu.LuaUnit.run())
