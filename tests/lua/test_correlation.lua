-- cor from formulas and arrays: pairs of variables, what is left out, notes,
-- what cannot be asked. Its numbers are in test_agree.
local lu = require "luaunit"
local ref = require "tests.lua.reference"
local near, refuses = ref.near, ref.refuses

local function data()
  return { y = { 3, 1, 4, 1, 5, 9, 2 }, a = { 2, 7, 1, 8, 2, NA, 8 },
    b = { 1, 1, 2, 3, 5, 8, NA }, t = { "u", "v", "u", "v", "u", "v", "u" },
    one = { 4, 4, 4, 4, 4, 4, 4 } }
end

TestCor = {}

function TestCor.test_arrays_and_formulas()
  local d = data()
  local r, f = cor(d.y, d.a), cor("y ~ a", d)
  lu.assertEquals({ r.estimate, r.p_value, r.n, r.n_missing },
    { f.estimate, f.p_value, 6, 1 })
  lu.assertEquals({ f.variable_1, f.variable_2, f.estimate_name },
    { "y", "a", "r" })
  lu.assertStrContains(tostring(f), "y and a, n = 6")
  lu.assertStrContains(tostring(f), "1 row left out: a missing in 1")
  lu.assertStrContains(tostring(r), "1 pair left out")
  local l = cor("log(y) ~ a", d)
  lu.assertEquals(l.variable_1, "log(y)")
  -- t of the slope is t of the correlation
  near(f.p_value, lm("y ~ a", d):term "a".p_value, 1e-12)
  lu.assertEquals(cor("y ~ a", d, { method = "spearman" }).estimate,
    cor("a ~ y", d, { method = "SPEARMAN" }).estimate)
end

-- Rows are left out pair by pair, as SAS and R's "pairwise" do.
function TestCor.test_several()
  local d = data()
  local r = cor("~ y + a + b", d, { method = "Kendall" })
  local t = r:tidy()
  lu.assertEquals(#t, 3)
  lu.assertEquals({ t.variable_1[2], t.variable_2[2], t.n[1], t.n[2], t.n[3] },
    { "y", "b", 6, 6, 5 })
  lu.assertEquals(t.estimate[3], cor("a ~ b", d, { method = "Kendall" }).estimate)
  lu.assertEquals(t.conf_low[1], NA)
  lu.assertStrContains(tostring(r), "tau-b")
  lu.assertEquals(r.n_missing, 2)
  t = cor("y ~ a + b", d):tidy()
  lu.assertEquals({ #t, t.variable_1[2], t.variable_2[2] }, { 2, "y", "b" })
  lu.assertStrContains(cor("y ~ a + one", d).note,
    "y and one: y or one has one value only")
  local odd = { ["my y"] = d.y, ["x-1"] = d.b }
  lu.assertEquals(cor("`my y` ~ `x-1`", odd).estimate, cor("y ~ b", d).estimate)
  lu.assertEquals(cor("~ `my y` + `x-1`", odd).estimate,
    cor("y ~ b", d).estimate)
end

function TestCor.test_notes()
  local d = data()
  lu.assertStrContains(cor("y ~ one", d).note, "there is no correlation")
  lu.assertEquals(cor("y ~ one", d).estimate, NA)
  lu.assertStrContains(cor({ 1, 2, 3, 4 }, { 2, 4, 6, 8 }).note, "on a line")
  lu.assertStrContains(cor({ 1, 2 }, { 2, 4 }).note, "on a line")
  local r = cor({ 1, 2, 3 }, { 2, 4, 3 })
  lu.assertStrContains(r.note, "the interval needs four pairs")
  lu.assertEquals(r.conf_low, NA)
  r = cor({ 1, 2, 3, 4, 5, 6 }, { 2, 1, 4, 3, 7, 5 }, { method = "Spearman" })
  lu.assertStrContains(r.note, "disagree about 0")
  lu.assertStrContains(tostring(r), "smallest P that these values can give")
  lu.assertStrContains(tostring(cor("AGE ~ APACHE", demo.adsl)),
    "SIMULATED DATA")
  lu.assertStrContains(tostring(cor("~ AGE + APACHE + SOFASCR", demo.adsl)),
    "SIMULATED DATA")
end

function TestCor.test_what_cannot_be_asked()
  local d = data()
  refuses("exact is for ranks", cor, "y ~ a", d, { exact = true })
  refuses('method = "Speerman" is none of Pearson, Spearman, Kendall', cor,
    "y ~ a", d, { method = "Speerman" })
  refuses("two variables are needed", cor, d.y)
  refuses('"y" is one variable', cor, "y", d)
  refuses("has only one variable", cor, "~ y", d)
  refuses("t is text, numbers are needed", cor, "y ~ t", d)
  refuses("no column z", cor, "y ~ z", d)
  refuses("cannot be paired", cor, { 1, 2 }, { 1, 2, 3 })
  refuses("two pairs are needed", cor, { 1 }, { 1 })
  refuses("infinite", cor, { 1, math.huge, 3 }, { 1, 2, 3 })
  refuses("y and e have no values together (2 with one missing)", cor, "y ~ e", { y = { NA, 1 }, e = { 1, NA } })
end

function test_matrix()
  local d = { a = { 1, 2, 3, 4 }, b = { 2, 1, 4, 3 }, c = { 4, 2, NA, 1 } }
  local r = cor("~ a + b + c", d)
  local m, p, n = r:matrix(), r:matrix "p_value", r:matrix "n"
  lu.assertEquals(#m, 3)
  lu.assertEquals({ m.variable[3], m.a[1], m.c[3], p.b[2], n.c[1] }, { "c", 1,
    1, NA, 3 })
  lu.assertEquals({ m.c[2], m.b[3] }, { cor("b ~ c", d).estimate,
    cor("b ~ c", d).estimate })
  local one = cor("a ~ b + c", d):matrix "conf_low"
  lu.assertEquals({ #one, one.variable[1], one.b[1] }, { 1, "a",
    cor("a ~ b", d).conf_low })
  lu.assertErrorMsgContains("none of estimate, p_value", r.matrix, r, "tau")
  lu.assertStrContains(tostring(cor("~ AGE + APACHE + SOFASCR",
    demo.adsl):matrix()), "SIMULATED DATA")
end

os.exit(lu.LuaUnit.run())
