-- The edge battery: every statistic of ranks and counts on every awkward set.
local lu = require "luaunit"
local edges = require "tests.lua.edge_sets"

local calls = {
  { "wilcoxon", "y ~ g" }, { "wilcoxon", "y ~ g", { exact = false } },
  { "wilcoxon", "y ~ g", { two_sided = "absdev", alternative = "two-sided" } },
  { "wilcoxon", "y ~ g", { alternative = "less", conf_level = 0.8 } },
  { "signed_rank", "y ~ 1" }, { "signed_rank", "y ~ 1", { zeros = "pratt" } },
  { "signed_rank", "y ~ 1", { exact = false } }, { "sign_test", "y ~ 1" },
  { "kruskal", "y ~ g" }, { "kruskal", "y ~ g", { exact = false } },
  { "jonckheere", "y ~ g" }, { "jonckheere", "y ~ g", { exact = false } },
  { "van_elteren", "y ~ g + strata(s)" },
  { "van_elteren", "y ~ g + strata(s)", { exact = false } },
  { "fisher", "e ~ g" }, { "fisher", "e ~ g", { two_sided = "minlike" } },
  { "fisher", "e ~ g", { strata = "s" } }, { "fisher", "y ~ g" },
  { "chisq", "e ~ g" }, { "chisq", "y ~ g", { correction = "N-1" } },
  { "mcnemar", "e ~ b" }, { "mcnemar", "e ~ b", { exact = false } },
  { "cmh", "e ~ g", { strata = "s" } },
  { "cmh", "y ~ g", { strata = "s", scores = "modridit" } },
  { "proportion", "e ~ 1", { null = 0.5 } }, { "proportion", "e ~ g" },
  { "riskdiff", "e ~ g" }, { "riskdiff", "e ~ g", { strata = "s" } },
  { "riskdiff", "e ~ g", { ci = "Newcombe" } },
  { "riskdiff", "e ~ g", { ci = "Wald" } },
  { "riskdiff", "e ~ g", { ci = "Wald", strata = "s" } },
  { "riskratio", "e ~ g" }, { "riskratio", "e ~ g", { ci = "Wald" } },
  { "riskratio", "e ~ g", { strata = "s" } },
  { "oddsratio", "e ~ g" }, { "oddsratio", "e ~ g", { ci = "exact" } },
  { "oddsratio", "e ~ g", { ci = "mid-p" } },
  { "oddsratio", "e ~ g", { ci = "Wald" } },
  { "oddsratio", "e ~ g", { strata = "s" } },
  { "boschloo", "e ~ g" }, { "boschloo", "e ~ g", { two_sided = "minlike" } },
  { "barnard", "e ~ g" }, { "barnard", "e ~ g", { two_sided = "absdev" } },
  { "describe", "y ~ g" }, { "describe", "y" }, { "describe", "g ~ s" },
  { "describe", "g ~ e + s", { of = "value" } }, { "ttest", "y ~ g" },
  { "mediandiff", "y ~ g" }, { "mediandiff", "log(y) ~ g", { ratio = true } },
  { "smd", "y ~ g" }, { "smd", "e ~ g" }, { "smd", "s ~ g" },
  { "smd", "y ~ g", { sd = "pooled", hedges = true } },
  { "mediandiff", "y ~ g", { alternative = "greater", mu = 2 } },
}
for _, ci in ipairs { "Clopper-Pearson", "mid-p", "Jeffreys", "Agresti-Coull",
  "Wald" } do
  calls[#calls + 1] = { "proportion", "e ~ 1", { ci = ci, null = 0.3 } }
end

function test_every_call_on_every_set()
  local results, errors = edges.try(calls)
  lu.assertTrue(results > 600, results .. " results")
  lu.assertTrue(errors > 100, errors .. " errors")
end

-- Each statistic of means, ranks and counts is in one of the tables of calls.
function test_every_statistic_is_tried()
  local tried, count = {}, 0
  for _, name in ipairs { "", "_models" } do
    local file = assert(io.open("tests/lua/test_edges" .. name .. ".lua"))
    for word in file:read "a":gmatch '{ "([%w_]+)", "' do tried[word] = true end
    file:close()
  end
  local modules = { describe = true, smd = true, ttest = true,
    mediandiff = true, lm = true, multiple = true, rank = true,
    group_rank = true, correlation = true, proportion = true,
    two_proportions = true, contingency = true }
  for name, module in pairs(require "trialsh.init".home) do
    if modules[module] then
      count = count + 1
      lu.assertTrue(tried[name], name .. " is in no table of calls")
    end
  end
  lu.assertTrue(count >= 24, count)
end

-- A million rows, and P beyond doubles.
function test_large()
  local n = os.getenv "TRIALSH_LONG" and 1000000 or 100000
  local y, e, g = {}, {}, {}
  for i = 1, n do
    y[i] = (i * 7919) % 1000 + (i % 2) * 300
    e[i] = i % 2 == 0 and (i % 10 == 0 and 1 or 0) or (i % 3 == 0 and 1 or 0)
    g[i] = i % 2 == 0 and "A" or "B"
  end
  local data = { y = y, e = e, g = g }
  local r = wilcoxon("y ~ g", data)
  lu.assertEquals(r.p_value, 0)
  lu.assertStrContains(tostring(r), "P < 1e-300")
  lu.assertEquals(r.estimate, 301)
  lu.assertStrContains(tostring(riskdiff("e ~ g", data)), "P < 1e-300")
  lu.assertStrContains(tostring(fisher("e ~ g", data)), "P < 1e-300")
  lu.assertTrue(chisq("e ~ g", data).p_value < 1e-300)
  lu.assertEquals(signed_rank("y ~ 1", data).p_value, 0)
  lu.assertTrue(kruskal("y ~ g", data).p_value < 1e-300)
  lu.assertStrContains(tostring(jonckheere("y ~ g", data)), "P < 1e-300")
  lu.assertEquals(proportion("e ~ g", data):tidy().n[1], n / 2)
end

os.exit(lu.LuaUnit.run())
