-- Random effects that join more rows than a matrix is kept for: against the
-- definitions with whole matrices, which lme4 agrees with, and themselves.
local lu = require "luaunit"
local NA = require "ts.na".NA
local reference = require "tests.lua.reference"

local near, refuses = reference.near, reference.refuses

-- The data of tests/reference/lmm_many.R.
local function made()
  local seed = 1
  local function uniform()
    seed = seed * 16807 % 2147483647
    return seed / 2147483647
  end
  local function normals(n)
    local list = {}
    for i = 1, n do
      list[i] = uniform() + uniform() + uniform() + uniform() - 2
    end
    return list
  end
  local u, us, r, site = normals(300), normals(300), normals(20), normals(12)
  local d = { S = {}, V = {}, R = {}, SITE = {}, T = {}, Y = {} }
  for i = 1, 1500 do d.R[i] = math.floor(uniform() * 20) + 1 end
  local e = normals(1500)
  for i = 1, 1500 do
    local s, v = (i - 1) // 5 + 1, (i - 1) % 5
    local t, c = s % 2, (s - 1) % 12 + 1
    d.Y[i] = 5 + 0.25 * v + 0.5 * t + u[s] + 0.5 * us[s] * v + r[d.R[i]]
      + 0.5 * site[c] + e[i]
    d.S[i], d.V[i], d.SITE[i], d.T[i] = "s" .. s, v, "c" .. c, t
    d.R[i] = "r" .. d.R[i]
  end
  return d
end

local data = made()
local terms = { "~ V | S", "~ 1 | R", "~ 1 | SITE" }
local function fit(more)
  local opt = { random = terms }
  for key, value in pairs(more or {}) do opt[key] = value end
  return lmm("Y ~ V * T", data, opt)
end
local m = fit()

local function effect(name)
  local of, level, column = name:match "^(%S+) (%S+) (.*)$"
  for row in m:effects(of):rows() do
    if row[of] == of:sub(1, 1):lower():gsub("s", of == "SITE" and "c" or "s")
        .. level then
      return row[column]
    end
  end
end

function test_reference()
  local roger, n = fit { df = "Kenward-Roger" }, 0
  for line in io.lines "tests/reference/lmm_many.csv" do
    local what, name, wanted = line:match "^(.-);(.-);(.-);"
    wanted = tonumber(wanted)
    if what == "neg2_log_lik" then
      near(m.neg2_log_lik, wanted, 1e-12)
    elseif what == "theta" or what == "theta_error" then
      near(m:parameters()[what == "theta" and "estimate" or "std_error"][
        tonumber(name)], wanted, 1e-8, line)
    elseif what == "Kenward-Roger" then
      near(roger:term(name).std_error, wanted, 1e-8, line)
    elseif what == "effect" then
      near(effect(name), wanted, 1e-8, line)
    else
      near(m:term(name)[what], wanted, 1e-8, line)
    end
    n = n + 1
  end
  lu.assertEquals(n, 33)
  lu.assertTrue(m.gradient < 1e-9)
end

-- The order of rows and of terms, the unit, and a term that is one with another.
function test_same()
  local e = {}
  for name, list in pairs(data) do
    e[name] = {}
    for i = 1, 1500 do e[name][i] = list[i * 7 % 1500 + 1] end
  end
  for i = 1, 1500 do e.Y[i] = e.Y[i] / 1000 end
  local other = lmm("Y ~ V * T", e, { random = { terms[3], terms[2], terms[1] } })
  for _, name in ipairs { "V", "T", "V:T" } do
    near(other:term(name).estimate * 1000, m:term(name).estimate, 1e-9)
    near(other:term(name).std_error * 1000, m:term(name).std_error, 1e-10)
    near(other:term(name).df, m:term(name).df, 1e-8)
  end
  local a = m:augment()
  for i = 1, 1500, 100 do
    near(a.fitted[i] + a.residual[i], data.Y[i], 1e-13)
    lu.assertEquals(a.scaled_residual[i], NA)
  end
end

-- A term without variance leaves the model of the others: at its bound.
function test_bound()
  data.NONE = {}
  for i = 1, 1500 do data.NONE[i] = "n" .. (i * 13 % 77) end
  local both = lmm("Y ~ V * T", data, { random = { "~ V | S", "~ 1 | R",
    "~ 1 | SITE", "~ 1 | NONE" } })
  lu.assertStrContains(both.note, "the random effects of NONE have no variance")
  near(both.neg2_log_lik, m.neg2_log_lik, 1e-11)
  for _, field in ipairs { "estimate", "std_error", "df" } do
    near(both:term "V:T"[field], m:term "V:T"[field], 1e-8, field)
  end
end

function test_limits()
  local d = { Y = {}, A = {}, B = {} }
  for i = 1, 2400 do
    d.Y[i], d.A[i], d.B[i] = i * 7 % 13 + i // 800, "a" .. i % 2, "b" .. i % 800
  end
  refuses("join 1200 rows to one block; 1000 are the most for a sandwich", lmm,
    "Y ~ 1", d, { random = "~ 1 | A/B", vcov = "CR2" })
  d = { Y = {}, A = {}, B = {} }
  for i = 1, 4100 do
    d.Y[i], d.A[i], d.B[i] = i * 7 % 13, "a" .. i // 2, "b" .. (i + 1) // 2
  end
  refuses("4100 rows are joined by random effects, of which 2050 cross others; "
    .. "2000 are the most", lmm, "Y ~ 1", d, { random = { "~ 1 | A", "~ 1 | B" } })
end

os.exit(lu.LuaUnit.run())
