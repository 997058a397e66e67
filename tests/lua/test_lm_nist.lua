-- Linear models against NIST's Statistical Reference Datasets: digits that
-- agree with the certified values. Sets that the shared data lack (Filip,
-- Wampler 3 to 5, SmLs07 to 09) are given or made here; that their fits agree
-- with what NIST certifies shows that they are right.
local lu = require "luaunit"
local ref = require "tests.lua.reference"

local folder = ref.folder .. "nist/"

-- The rows of numbers behind "Data:" and the headings.
local function read_set(file)
  local handle = io.open(folder .. file)
  if not handle then lu.skip(folder .. file .. " is not there") end
  local rows = {}
  for line in handle:lines() do
    if line:find "^Data:%s+%a" and not line:find "Variable" then rows = {} end
    local row = {}
    for word in line:gmatch "%S+" do
      row[#row + 1] = tonumber(word)
      if not row[#row] then break end
    end
    if #row > 1 and not line:find "%a%a" then rows[#rows + 1] = row end
  end
  handle:close()
  return rows
end

local function columns(rows, names)
  local out = {}
  for j, name in ipairs(names) do
    out[name] = {}
    for i, row in ipairs(rows) do out[name][i] = row[j] end
  end
  return out
end

local function certified(dataset)
  local handle = io.open(folder .. "certified.csv")
  if not handle then lu.skip(folder .. "certified.csv is not there") end
  local out = {}
  for line in handle:lines() do
    local set, quantity, value, error_of =
      line:match "^%w+,(%w+),[^,]*,%d+,(%w+),([^,]*),(.*)$"
    if not set then
      set, quantity, value, error_of =
        line:match "^%w+,(%w+),[^,]*,%d+,([%w_]+),([^,]*),(.*)$"
    end
    if set == dataset then
      out[quantity] = { tonumber(value), tonumber(error_of) }
    end
  end
  handle:close()
  return out
end

-- Correct digits: -log10 of the relative error, 15 at most.
local function digits(x, wanted)
  if x == wanted then return 15 end
  local off = wanted == 0 and math.abs(x) or math.abs(x - wanted) / math.abs(wanted)
  return math.min(15, -math.log(off, 10))
end

local function least(m, values, first)
  local worst, worst_se = 15, 15
  local t = m:tidy()
  for j = 1, #t do
    local v = values["B" .. (j - 1 + first)]
    worst = math.min(worst, digits(t.estimate[j], v[1]))
    if v[2] and v[2] > 0 then
      worst_se = math.min(worst_se, digits(t.std_error[j], v[2]))
    end
  end
  return worst, worst_se
end

local function at_least(found, wanted, what)
  if not (found >= wanted) then
    lu.fail(("%s: %.2f digits, not %.1f"):format(what, found, wanted))
  end
end

local function powers(n)
  local terms = { "x" }
  for k = 2, n do terms[k] = ("I(x^%d)"):format(k) end
  return table.concat(terms, " + ")
end

TestNist = {}

-- digits of coefficients, of their errors, of the residual SD
local linear = {
  { "Norris", "y ~ x", { "y", "x" }, 12, 12, 12 },
  { "Pontius", "y ~ " .. powers(2), { "y", "x" }, 11.5, 11.5, 12 },
  { "NoInt1", "y ~ x - 1", { "y", "x" }, 14, 14, 14 },
  { "Longley", "y ~ x1 + x2 + x3 + x4 + x5 + x6",
    { "y", "x1", "x2", "x3", "x4", "x5", "x6" }, 12, 12, 13 },
  { "Wampler1", "y ~ " .. powers(5), { "y", "x" }, 13, 15, 15 },
  { "Wampler2", "y ~ " .. powers(5), { "y", "x" }, 12.6, 15, 15 },
}

function TestNist.test_linear()
  for _, case in ipairs(linear) do
    local values = certified(case[1])
    local m = lm(case[2], columns(read_set("linear/" .. case[1] .. ".dat"),
      case[3]))
    local coefficients, errors = least(m, values, case[1] == "NoInt1" and 1 or 0)
    at_least(coefficients, case[4], case[1])
    at_least(errors, case[5], case[1] .. " standard errors")
    at_least(digits(m.sigma, values.residual_sd[1]), case[6],
      case[1] .. " residual SD")
    at_least(digits(m.r_squared, values.r_squared[1]), 13, case[1] .. " R2")
    if values.F and values.F[1] then
      at_least(digits(m.statistic, values.F[1]), 12, case[1] .. " F")
    end
    lu.assertEquals(m.df_residual, values.df_res[1])
  end
end

function TestNist.test_perfect_fit()
  local m = lm("y ~ " .. powers(5), columns(read_set "linear/Wampler1.dat",
    { "y", "x" }))
  lu.assertEquals(m.sigma, 0)
  lu.assertEquals(m.statistic, NA)
  lu.assertStrContains(m.note, "the fit is perfect")
end

-- Wampler 3, 4 and 5: errors of 1, 100 and 10,000 times the same size
local wampler = {
  { 760, -2042, 2111, -1684, 3888, 1858, 11379, 17560, 39287, 64382, 113159,
    175108, 273291, 400186, 581243, 811568, 1121004, 1506550, 2002767, 2611612,
    3369180 },
  { 75901, -204794, 204863, -204436, 253665, -200894, 214131, -185192, 221249,
    -138370, 315911, -27644, 455253, 197434, 783995, 608816, 1370781, 1303798,
    2205519, 2408860, 3444321 },
  { 7590001, -20479994, 20480063, -20479636, 25231365, -20476094, 20489331,
    -20460392, 18417449, -20413570, 20591111, -20302844, 18651453, -20077766,
    21059195, -19666384, 26348481, -18971402, 22480719, -17866340, 10958421 },
}

function TestNist.test_wampler()
  local errors = { 2152.32624678170, 2363.55173469681, 779.343524331583,
    101.475507550350, 5.64566512170752, 0.112324854679312 }
  for k, y in ipairs(wampler) do
    local x = {}
    for i = 1, 21 do x[i] = i - 1 end
    local t = lm("y ~ " .. powers(5), { y = y, x = x }):tidy()
    for j = 1, 6 do
      at_least(digits(t.estimate[j], 1), 12, "Wampler" .. (k + 2))
      at_least(digits(t.std_error[j], errors[j] * 100 ^ (k - 1)), 12,
        "Wampler" .. (k + 2) .. " standard error")
    end
  end
end

-- y, x by turns
local filip = { 0.8116, -6.860120914, 0.9072, -4.324130045, 0.9052,
  -4.358625055, 0.9039, -4.358426747, 0.8053, -6.955852379, 0.8377,
  -6.661145254, 0.8667, -6.355462942, 0.8809, -6.118102026, 0.7975,
  -7.115148017, 0.8162, -6.815308569, 0.8515, -6.519993057, 0.8766,
  -6.204119983, 0.8885, -5.853871964, 0.8859, -6.109523091, 0.8959,
  -5.79832982, 0.8913, -5.482672118, 0.8959, -5.171791386, 0.8971,
  -4.851705903, 0.9021, -4.517126416, 0.909, -4.143573228, 0.9139,
  -3.709075441, 0.9199, -3.499489089, 0.8692, -6.300769497, 0.8872,
  -5.953504836, 0.89, -5.642065153, 0.891, -5.031376979, 0.8977, -4.680685696,
  0.9035, -4.329846955, 0.9078, -3.928486195, 0.7675, -8.56735134, 0.7705,
  -8.363211311, 0.7713, -8.107682739, 0.7736, -7.823908741, 0.7775,
  -7.522878745, 0.7841, -7.218819279, 0.7971, -6.920818754, 0.8329,
  -6.628932138, 0.8641, -6.323946875, 0.8804, -5.991399828, 0.7668,
  -8.781464495, 0.7633, -8.663140179, 0.7678, -8.473531488, 0.7697,
  -8.247337057, 0.77, -7.971428747, 0.7749, -7.676129393, 0.7796, -7.352812702,
  0.7897, -7.072065318, 0.8131, -6.774174009, 0.8498, -6.478861916, 0.8741,
  -6.159517513, 0.8061, -6.835647144, 0.846, -6.53165267, 0.8751, -6.224098421,
  0.8856, -5.910094889, 0.8919, -5.598599459, 0.8934, -5.290645224, 0.894,
  -4.974284616, 0.8957, -4.64454848, 0.9047, -4.290560426, 0.9129, -3.885055584,
  0.9209, -3.408378962, 0.9219, -3.13200249, 0.7739, -8.726767166, 0.7681,
  -8.66695597, 0.7665, -8.511026475, 0.7703, -8.165388579, 0.7702, -7.886056648,
  0.7761, -7.588043762, 0.7809, -7.283412422, 0.7961, -6.995678626, 0.8253,
  -6.691862621, 0.8602, -6.392544977, 0.8809, -6.067374056, 0.8301,
  -6.684029655, 0.8664, -6.378719832, 0.8834, -6.065855188, 0.8898,
  -5.752272167, 0.8964, -5.132414673, 0.8963, -4.811352704, 0.9074,
  -4.098269308, 0.9119, -3.66174277, 0.9228, -3.2644011 }

function TestNist.test_filip()
  local y, x = {}, {}
  for i = 1, 82 do y[i], x[i] = filip[2 * i - 1], filip[2 * i] end
  local m = lm("y ~ " .. powers(10), { y = y, x = x })
  local wanted = { -1467.48961422980, -2772.17959193342, -2316.37108160893,
    -1127.97394098372, -354.478233703349, -75.1242017393757, -10.8753180355343,
    -1.06221498588947, -0.670191154593408E-01, -0.246781078275479E-02,
    -0.402962525080404E-04 }
  local errors = { 298.084530995537, 559.779865474950, 466.477572127796,
    227.204274477751, 71.6478660875927, 15.2897178747400, 2.23691159816033,
    0.221624321934227, 0.142363763154724E-01, 0.535617408889821E-03,
    0.896632837373868E-05 }
  local t = m:tidy()
  for j = 1, 11 do
    at_least(digits(t.estimate[j], wanted[j]), 7, "Filip")
    at_least(digits(t.std_error[j], errors[j]), 7, "Filip standard error")
  end
  at_least(digits(m.sigma, 0.334801051324544E-02), 9, "Filip residual SD")
  lu.assertStrContains(m.note, "I(x^10) is nearly given by the columns before")
  -- what R does unless told otherwise
  lu.assertEquals(lm("y ~ " .. powers(10), { y = y, x = x },
    { tolerance = 1e-7 }):term "I(x^10)".estimate, NA)
end

local function check_anova(name, m, values, wanted)
  at_least(digits(m.statistic, values.F), wanted, name .. " F")
  at_least(digits(m.sigma, values.sd), wanted, name .. " residual SD")
  at_least(digits(m.r_squared, values.r2), wanted, name .. " R2")
end

function TestNist.test_anova()
  for name, wanted in pairs { SiRstv = 12.5, SmLs01 = 13.5, AtmWtAg = 9.5,
    SmLs04 = 9.5 } do
    local values = certified(name)
    local m = lm("y ~ factor(g)", columns(read_set("anova/" .. name .. ".dat"),
      { "g", "y" }))
    check_anova(name, m, { F = values.F[1], sd = values.residual_sd[1],
      r2 = values.r_squared[1] }, wanted)
    lu.assertEquals(m.df_residual, values.df_within[1])
  end
end

-- SmLs04 to 09: nine treatments of 21, 201 or 2001 values, base and 0.4, then
-- 0.3 and 0.5 by turns, the treatments a tenth higher or lower by turns. Doubles
-- near 10^12 have four digits left of these decimals.
local function smls(base, size)
  local y, g, first = {}, {}, { 4, 3, 5, 3, 5, 3, 5, 3, 5 }
  for t = 1, 9 do
    for i = 1, size do
      local tenths = first[t] + (i == 1 and 0 or i % 2 == 0 and -1 or 1)
      y[#y + 1] = tonumber(("%d.%d"):format(base + tenths // 10, tenths % 10))
      g[#g + 1] = t
    end
  end
  return { y = y, g = g }
end

function TestNist.test_anova_of_large_values()
  local made, given = smls(1, 21), columns(read_set "anova/SmLs01.dat",
    { "g", "y" })
  lu.assertEquals(made.y, given.y)
  for _, size in ipairs { 21, 201, 2001 } do
    for base, wanted in pairs { [1000000] = 9.5, [1000000000000] = 4 } do
      local m = lm("y ~ factor(g)", smls(base, size))
      local name = ("SmLs %d, %d"):format(base, size)
      at_least(digits(m.statistic, size), wanted, name .. " F")
      at_least(digits(m.sigma, 0.1), wanted, name .. " residual SD")
    end
  end
end

os.exit(lu.LuaUnit.run())
