-- Type I error of repeated measures in trials like IRIS-7: 10, 8 and 9 patients,
-- five visits, growing variances, four who leave. No treatment has an effect.
-- TRIALSH_LONG: 5,000 trials and the issue's three standard errors; else a few,
-- to keep the code alive.
local lu = require "luaunit"
local random = require "ts.random"

local long = os.getenv "TRIALSH_LONG"
local TRIALS, SEED, VISITS = long and 5000 or 100, 20180308, 5

local arms, id, visit, trt = { 10, 8, 9 }, {}, {}, {}
for arm, n in ipairs(arms) do
  for _ = 1, n do
    local subject = #id / VISITS + 1
    for v = 1, VISITS do
      id[#id + 1], visit[#visit + 1] = ("S%02d"):format(subject), "V" .. v
      trt[#trt + 1] = ({ "Placebo", "LF", "HF" })[arm]
    end
  end
end

-- One trial: errors with correlation 0.7^lag and SD 0.3 to 0.6; four subjects
-- leave before the third, fourth or fifth visit.
local function trial(k)
  local s = random.stream(SEED, 0, k)
  local y, base, order = {}, {}, {}
  for i = 1, 27 do order[i] = i end
  s:shuffle(order)
  for i = 1, 27 do
    local b, e = s:normal(), s:normal()
    for v = 1, VISITS do
      if v > 1 then e = 0.7 * e + math.sqrt(1 - 0.49) * s:normal() end
      y[#y + 1] = 0.5 * b + 0.2 * v + e * (0.225 + 0.075 * v)
      base[#base + 1] = b
    end
  end
  for j = 1, 4 do
    for v = 2 + s:below(3), VISITS do y[(order[j] - 1) * VISITS + v] = NA end
  end
  return { USUBJID = id, AVISIT = visit, TRT = trt, Y = y, BASE = base }
end

-- P of the comparison at the last visit, by each method.
local function p_values(k)
  local out, data = {}, trial(k)
  for _, df in ipairs { "Satterthwaite", "Kenward-Roger" } do
    local m = mmrm("Y ~ BASE + TRT * AVISIT", data, { df = df,
      reference = "Placebo" })
    out[df] = m:contrast("HF vs Placebo", { at = { AVISIT = "V5" } }).p_value
  end
  return out
end

function test_level()
  local n = { Satterthwaite = { 0, 0 }, ["Kenward-Roger"] = { 0, 0 } }
  local level = { 0.05, 0.01 }
  for k = 1, TRIALS do
    for df, p in pairs(p_values(k)) do
      for i, alpha in ipairs(level) do
        if p < alpha then n[df][i] = n[df][i] + 1 end
      end
    end
  end
  for df, counts in pairs(n) do
    for i, alpha in ipairs(level) do
      local error_of = math.sqrt(alpha * (1 - alpha) / TRIALS)
      local share = counts[i] / TRIALS
      print(("# %s at %g: %.4f"):format(df, alpha, share))
      lu.assertTrue(math.abs(share - alpha) < 3 * error_of,
        ("%s at %g: %.4f"):format(df, alpha, share))
    end
  end
end

os.exit(lu.LuaUnit.run())
