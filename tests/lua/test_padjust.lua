-- Adjusted P-values: R's (tests/reference/shape.R), ties, 0, 1 and NA.
local lu = require "luaunit"
local ref = require "tests.lua.reference"
local near, refuses = ref.near, ref.refuses

-- set -> method -> list; "NA" is NA
local sets, heads = {}, nil
for line in io.lines "tests/reference/padjust.csv" do
  local cells = {}
  for cell in line:gmatch "[^,]+" do cells[#cells + 1] = cell end
  if not heads then
    heads = cells
  else
    local set = sets[cells[1]] or {}
    sets[cells[1]] = set
    for j = 2, #heads do
      set[heads[j]] = set[heads[j]] or {}
      table.insert(set[heads[j]], tonumber(cells[j]) or NA)
    end
  end
end

function test_against_r()
  local count = 0
  for name, set in pairs(sets) do
    for method, wanted in pairs(set) do
      if method ~= "p" then
        local got = padjust(set.p, method)
        lu.assertEquals(#got, #set.p)
        for i, x in ipairs(wanted) do
          if x == NA then lu.assertEquals(got[i], NA)
          else near(got[i], x, 1e-12, name .. " " .. method) end
          count = count + 1
        end
      end
    end
  end
  lu.assertTrue(count > 200)
end

-- What holds for any P-values: order is kept, none falls, Hommel is between.
function test_identities()
  math.randomseed(5)
  for _ = 1, 200 do
    local p, m = {}, math.random(12)
    for i = 1, m do p[i] = math.floor(math.random() ^ 3 * 40) / 40 end
    local by = {}
    for _, method in ipairs { "none", "Bonferroni", "Sidak", "Holm",
      "Holm-Sidak", "Hochberg", "Hommel", "BH", "BY" } do
      by[method] = padjust(p, method)
      for i = 1, m do
        lu.assertTrue(by[method][i] >= p[i] - 1e-15 and by[method][i] <= 1)
        for j = 1, m do
          if p[i] == p[j] then lu.assertEquals(by[method][i], by[method][j]) end
          if p[i] < p[j] then
            lu.assertTrue(by[method][i] <= by[method][j])
          end
        end
      end
    end
    for i = 1, m do
      local e = 1e-12
      lu.assertTrue(by.Holm[i] <= by.Bonferroni[i] + e)
      lu.assertTrue(by["Holm-Sidak"][i] <= by.Holm[i] + e)
      lu.assertTrue(by.Hochberg[i] <= by.Holm[i] + e)
      lu.assertTrue(by.Hommel[i] <= by.Hochberg[i] + e)
      lu.assertTrue(by.BH[i] <= by.Hommel[i] + e)
      lu.assertTrue(by.BH[i] <= by.BY[i] + e)
    end
  end
end

function test_what_it_takes()
  lu.assertEquals(padjust({}, "Holm"), {})
  lu.assertEquals(padjust({ NA, NA }, "bh"), { NA, NA })
  lu.assertEquals(padjust({ 0, 1 }, "holm sidak"), { 0, 1 })
  local frame = require "trialsh.data".wrap(require "ts.frame".build({ "p" },
    { { 0.01, 0.5, NA } }))
  lu.assertEquals(padjust(frame.p, "Bonferroni"), { 0.02, 1, NA })
  refuses("which method?", padjust, { 0.1 })
  refuses('method = "Holms" is none of', padjust, { 0.1 }, "Holms")
  refuses("nearest: Holm", padjust, { 0.1 }, "Holms")
  refuses("value 2, 1.5, is no P-value", padjust, { 0.1, 1.5 }, "Holm")
  refuses("value 1, -0.1, is no P-value", padjust, { -0.1 }, "Holm")
  refuses("an array or a column of P-values", padjust, 0.1, "Holm")
  refuses("value 1, x, is no P-value", padjust, { "x" }, "Holm")
end

function test_which_are_rejected()
  local p, yes = padjust({ 0.01, 0.02, 0.03, NA, 0.025 }, "Hochberg", 0.03)
  lu.assertEquals(p[1], 0.03)
  lu.assertEquals(yes, { true, true, true, NA, true })
  p, yes = padjust({ 0.01, 0.02, 0.03, NA, 0.025 }, "Holm", 0.05)
  lu.assertEquals(yes, { true, false, false, NA, false })
  lu.assertEquals(select("#", padjust({ 0.1 }, "Holm")), 1)
  refuses("alpha is a number between 0 and 1, not 5", padjust, { 0.1 }, "Holm", 5)
end

os.exit(lu.LuaUnit.run())
