-- Design matrices: the columns of R's model.matrix on many formulas, by name
-- and by two sums of each (tests/reference/design.R), and what is refused.
local lu = require "luaunit"
local ref = require "tests.lua.reference"
local near, refuses = ref.near, ref.refuses

-- The data of tests/reference/design.R.
local function data()
  local d = { a = {}, b = {}, c = {}, x = {}, z = {}, k = {}, y = {} }
  for i = 1, 24 do
    d.a[i] = i % 2 == 0 and "low" or "high"
    d.b[i] = ({ "P", "Q", "R" })[1 + i * 7 % 3]
    d.c[i] = ({ "u", "v", "w", "x" })[1 + i // 2 % 4]
    d.x[i] = round(10 * math.sin(i) + i, 3)
    d.z[i] = round(20 + 7 * math.cos(i * i), 2)
    d.k[i], d.y[i] = i % 4, (i * 37) % 11
  end
  local frame = require "ts.frame".build({ "a", "b", "c", "x", "z", "k", "y" },
    { d.a, d.b, d.c, d.x, d.z, d.k, d.y }, { a = { "low", "high" },
      b = { "Q", "P", "R" }, c = { "u", "v", "w", "x" } })
  return require "trialsh.data".wrap(frame)
end

local codings = { ["-"] = {}, ["a sum, b helmert"] = { a = "sum",
  b = "helmert" }, ["b matrix"] = { b = { { 2, 0 }, { -1, 1 }, { -1, -1 } } } }

local function reference()
  local list, at = {}, {}
  for line in io.lines "tests/reference/design.csv" do
    local f, coding, column, cosine, root =
      line:match "^(.-);(.-);(.-);(.-);(.-)$"
    if f ~= "formula" then
      local key = f .. ";" .. coding
      if not at[key] then
        at[key] = { formula = f, coding = coding, columns = {} }
        list[#list + 1] = at[key]
      end
      table.insert(at[key].columns, { name = column, cosine = tonumber(cosine),
        root = tonumber(root) })
    end
  end
  return list
end

-- The contrasts of the variables that the formula names.
local function chosen(case)
  local names = require "ts.formula".variables("~ " .. case.formula)
  local out = {}
  for _, name in ipairs(names) do out[name] = codings[case.coding][name] end
  return out
end

-- R writes x/10, we x / 10
local function renamed(name) return (name:gsub("(%w)/(%w)", "%1 / %2")) end

TestDesign = {}

function TestDesign.test_as_model_matrix()
  local d, count = data(), 0
  for _, case in ipairs(reference()) do
    local m = lm("y ~ " .. case.formula, d, { contrasts = chosen(case) })
    local design = m:design()
    local names, wanted = {}, {}
    for j, c in ipairs(require "trialsh.relation".node_of(design).columns) do
      names[j] = c.name
    end
    for j, c in ipairs(case.columns) do wanted[j] = renamed(c.name) end
    lu.assertEquals(names, wanted, case.formula)
    for j, c in ipairs(case.columns) do
      local x, cosine, root, size = design[names[j]], 0, 0, 0
      for i = 1, 24 do
        cosine = cosine + x[i] * math.cos(i)
        root = root + x[i] * math.sqrt(i)
        size = size + math.abs(x[i]) * 5
      end
      local what = case.formula .. ": " .. c.name
      lu.assertTrue(math.abs(cosine - c.cosine) <= 1e-14 * size, what)
      lu.assertTrue(math.abs(root - c.root) <= 1e-14 * size, what)
    end
    count = count + 1
  end
  lu.assertTrue(count > 80, count)
end

function TestDesign.test_refused()
  local d = data()
  local function no(formula, words, opt)
    refuses(words, lm, formula, d, opt)
  end
  no("y ~ poly(x)^2 + poly(a, 2)", "poly(a, 2): a is text")
  no("y ~ poly(k, 4)", "poly(k, 4): 4 distinct values; a polynomial of degree 4"
    .. " needs 5")
  no("y ~ poly(x, 2.5)", "degree is a whole number from 1 to 20")
  no("y ~ poly(x, dgree = 2)", "no argument dgree; nearest: degree")
  no("y ~ poly(x, 2, raw = 1)", "raw is TRUE or FALSE")
  no("y ~ ns(x, knots = c(5, 5))", "the knots do not increase")
  no("y ~ ns(x, knots = c(5, 500))", "the knots do not increase")
  no("y ~ ns(x, knots = z)", "knots takes numbers, such as c(40, 60)")
  no("y ~ bs(x, df = 2)", "bs(x, df = 2): df is at least 3")
  no("y ~ poly(x, 2, TRUE, 3)", ") after 3 arguments of poly expected")
  no("y ~ ns(x, 3, 4, 5)", "intercept is TRUE or FALSE")
  no("y ~ log(ns(x, 3))", "ns(x, 3) has no value of its own")
  no("y ~ c(1, 2)", "c() is for numbers in poly(), ns() and bs()")
  no("y ~ x + log(offset(x))", "offset() is a term of its own")
  no("y ~ a", "contrasts of a: summ is none of treatment, sum, helmert",
    { contrasts = { a = "summ" } })
  no("y ~ a", "the model has no category x", { contrasts = { x = "sum" } })
  no("y ~ b", "a contrast matrix of 2 rows and 1 columns; its 3 levels need 3 "
    .. "rows and 2 columns", { contrasts = { b = { { 1 }, { -1 } } } })
  no("y ~ b", "with a constant, are not independent",
    { contrasts = { b = { { 1, 2 }, { 1, 2 }, { 0, 0 } } } })
  no("y ~ b", "reference = 'S' is a level of no category", { reference = "S" })
  no("y ~ b", "the reference S is none of its levels",
    { reference = { b = "S" } })
  no("y ~ a", "a has only one level, low, in the rows used",
    { weights = "a == 'low'" })
end

function TestDesign.test_reference()
  local m = lm("y ~ b", data(), { reference = { b = "R" } })
  lu.assertEquals(m:tidy().term[2], "bQ")
  lu.assertEquals(m:tidy().term[3], "bP")
  lu.assertEquals(lm("y ~ b", data(), { reference = "P" }):tidy().term[2], "bQ")
end

os.exit(lu.LuaUnit.run())
