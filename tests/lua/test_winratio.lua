-- Win ratio: every pair and permutation written out in R (tests/reference/
-- winratio.R), who wins in each case, identities, and data without a winner.
local lu = require "luaunit"
local ref = require "tests.lua.reference"
local near, refuses = ref.near, ref.refuses

local sets, wanted = {}, {}
for line in io.lines "tests/reference/winratio_data.csv" do
  local set, arm, stratum, time, dead, score, days =
    line:match "^(%w+),(%u),(%l),(%d+),(%d),(%w+),([%d.]+)$"
  if set then
    local t = sets[set] or { ARM = {}, S = {}, TIME = {}, DEAD = {}, SCORE = {},
      DAYS = {} }
    sets[set] = t
    local i = #t.ARM + 1
    t.ARM[i], t.S[i], t.TIME[i] = arm, stratum, tonumber(time)
    t.DEAD[i], t.SCORE[i] = tonumber(dead), tonumber(score) or NA
    t.DAYS[i] = tonumber(days)
  end
end
for line in io.lines "tests/reference/winratio.csv" do
  local set, quantity, value = line:match "^(%w+),(.*),(.-)$"
  wanted[set] = wanted[set] or {}
  wanted[set][quantity] = tonumber(value)
end

local hierarchy = { { "Surv(TIME, DEAD)", horizon = 90 },
  { "SCORE", margin = 2 }, { "DAYS", better = "lower" } }

local function of(set, more)
  local opt = { compare = "A vs B", hierarchy = hierarchy,
    strata = (set == "strata" or set == "large") and "S" or nil }
  for key, value in pairs(more or {}) do opt[key] = value end
  return winratio("~ ARM", sets[set], opt)
end

TestWinRatio = {}

function TestWinRatio.test_against_r()
  local fields = { estimate = "ratio", std_error = "log se",
    conf_low = "ratio low", conf_high = "ratio high", net_benefit = "net",
    net_se = "net se", win_odds = "odds", statistic = "z" }
  for set in pairs(sets) do
    local w, r = wanted[set], of(set)
    for field, quantity in pairs(fields) do
      near(r[field], w[quantity], 1e-11, set .. " " .. field)
    end
    lu.assertEquals({ r.wins, r.losses }, { w.wins, w.losses })
    local t = r:tidy()
    for k = 1, 3 do
      lu.assertEquals({ t.wins[k], t.losses[k] },
        { w["wins " .. k], w["losses " .. k] })
    end
    lu.assertEquals(t.ties[3], r.ties)
    near(math.log(r.odds_high / r.win_odds), 1.9599639845400545 * w["odds se"],
      1e-10, set)
    near(of(set, { exact = false }).p_value, w["normal p"], 1e-10, set)
    if w.p then
      lu.assertTrue(r.exact)
      near(r.p_value, w.p, 1e-10, set)
      near(of(set, { alternative = "greater" }).p_value, w.greater, 1e-10, set)
      near(of(set, { alternative = "less" }).p_value, w.less, 1e-10, set)
      near(of(set, { two_sided = "central" }).p_value,
        math.min(1, 2 * math.min(w.greater, w.less)), 1e-10, set)
    end
  end
end

function TestWinRatio.test_other_way_round()
  for set in pairs(sets) do
    local a, b = of(set), of(set, { compare = "B vs A" })
    near(a.estimate * b.estimate, 1, 1e-12)
    near(a.conf_low * b.conf_high, 1, 1e-12)
    near(a.p_value, b.p_value, 1e-13)
    near(a.net_benefit, -b.net_benefit, 1e-13)
    lu.assertEquals(a.wins, b.losses)
  end
end

function TestWinRatio.test_one_number_is_wilcoxon()
  local t = sets.missing
  local x = { ARM = {}, SCORE = {} }
  for i, score in ipairs(t.SCORE) do
    if score ~= NA then
      table.insert(x.ARM, t.ARM[i])
      table.insert(x.SCORE, score)
    end
  end
  local r = winratio("~ ARM", x, { compare = "A vs B", hierarchy = "SCORE" })
  local w = wilcoxon("SCORE ~ ARM", x, { compare = "A vs B",
    two_sided = "absdev" })
  near(r.p_value, w.p_value, 1e-12)
  near(r.wins + r.ties / 2, w.statistic, 1e-12)
end

-- Who wins: two subjects, a against b; 1, -1 or 0.
local function duel(level, a, b)
  local t = { X = { a[1], b[1] }, E = { a[2] or 0, b[2] or 0 }, G = { "a", "b" } }
  local r = winratio("~ G", t, { compare = "a vs b", hierarchy = { level } })
  return r.wins - r.losses
end

function TestWinRatio.test_who_wins()
  local time, early = { "Surv(X, E)" }, { "Surv(X, E)", better = "earlier" }
  for _, case in ipairs {
    { time, { 5, 1 }, { 3, 1 }, 1 }, { time, { 5, 0 }, { 3, 1 }, 1 },
    { time, { 5, 1 }, { 3, 0 }, 0 }, -- b was lost before
    { time, { 5, 0 }, { 3, 0 }, 0 }, { time, { 4, 1 }, { 4, 1 }, 0 },
    { time, { 4, 0 }, { 4, 1 }, 1 }, -- events before censorings
    { time, { 2, 1 }, { 9, 0 }, -1 },
    { early, { 5, 1 }, { 3, 1 }, -1 }, { early, { 2, 1 }, { 9, 0 }, 1 },
    { { "Surv(X, E)", horizon = 4 }, { 7, 1 }, { 5, 1 }, 0 },
    { { "Surv(X, E)", horizon = 4 }, { 7, 1 }, { 4, 1 }, 1 },
    { { "Surv(X, E)", margin = 3 }, { 7, 1 }, { 5, 1 }, 0 },
    { { "Surv(X, E)", margin = 3 }, { 8, 1 }, { 5, 1 }, 1 },
    { { "X" }, { 2 }, { 1 }, 1 }, { { "X" }, { 2 }, { 2 }, 0 },
    { { "X", better = "lower" }, { 2 }, { 1 }, -1 },
    { { "X", margin = 1 }, { 2 }, { 1 }, 1 },
    { { "X", margin = 1 }, { 1.5 }, { 1 }, 0 },
    { { "X", margin = 0.1 }, { 0.3 }, { 0.2 }, 1 }, -- 0.09999999999999998
    { { "X" }, { NA }, { 1 }, 0 }, { { "X > 1" }, { 2 }, { 1 }, 1 },
  } do
    local level = case[1]
    lu.assertEquals(duel(level, case[2], case[3]), case[4], ("%s %s %s"):format(
      level[1], tostring(case[2][1]), tostring(case[3][1])))
    lu.assertEquals(duel(level, case[3], case[2]), -case[4])
  end
end

function TestWinRatio.test_no_winner_and_no_loser()
  local t = { X = { 1, 1, 1, 1 }, G = { "a", "a", "b", "b" } }
  local r = winratio("~ G", t, { compare = "a vs b", hierarchy = "X" })
  lu.assertIs(r.estimate, NA)
  lu.assertEquals({ r.p_value, r.net_benefit, r.ties }, { 1, 0, 4 })
  lu.assertStrContains(tostring(r), "all pairs are ties")
  t.X = { 3, 4, 1, 2 }
  r = winratio("~ G", t, { compare = "a vs b", hierarchy = "X" })
  lu.assertIs(r.estimate, NA)
  lu.assertStrContains(r.note, "a never loses")
  near(r.p_value, 2 / 6)
  r = winratio("~ G", t, { compare = "b vs a", hierarchy = "X" })
  lu.assertEquals({ r.estimate, r.wins }, { 0, 0 })
  lu.assertIs(r.conf_low, NA)
  r = winratio("~ G", { X = { 3, 4, 1 }, G = { "a", "a", "b" } },
    { compare = "a vs b", hierarchy = "X" })
  lu.assertStrContains(r.note, "one subject")
  lu.assertIs(r.std_error, NA)
end

function TestWinRatio.test_strata_without_a_group_say_nothing()
  local t = { X = { 3, 4, 1, 2, 9, 9 }, G = { "a", "a", "b", "b", "a", "b" },
    S = { "x", "x", "x", "x", "y", NA } }
  local r = winratio("~ G + strata(S)", t, { compare = "a vs b",
    hierarchy = "X" })
  lu.assertEquals({ r.n_pair, r.wins, r.n_missing }, { 4, 4, 1 })
  lu.assertStrContains(r.note, "1 of 2 strata lacks a group")
  refuses("no stratum has both groups", winratio, "~ G", { X = { 1, 2 },
    G = { "a", "b" }, S = { "x", "y" } }, { hierarchy = "X", strata = "S",
      compare = "a vs b" })
end

function TestWinRatio.test_mistakes_are_told()
  local t = sets.small
  refuses("which outcomes, and in which order", winratio, "~ ARM", t)
  refuses("the formula names the groups", winratio, "SCORE ~ ARM", t,
    { hierarchy = "SCORE" })
  refuses("nearest: SCORE", winratio, "~ ARM", t, { hierarchy = "SCOER" })
  refuses("nearest: margin", winratio, "~ ARM", t,
    { hierarchy = { { "SCORE", margn = 2 } } })
  refuses('better is "later" or "earlier"', winratio, "~ ARM", t,
    { hierarchy = { { "Surv(TIME, DEAD)", better = "higher" } } })
  refuses("a horizon is for Surv", winratio, "~ ARM", t,
    { hierarchy = { { "SCORE", horizon = 90 } } })
  refuses("S is text", winratio, "~ ARM", t, { hierarchy = "S" })
  refuses("outcome 2 is", winratio, "~ ARM", t, { hierarchy = { "SCORE", 7 } })
  refuses("nearest: hierarchy", winratio, "~ ARM", t, { hierarchie = "SCORE" })
  refuses("one variable", winratio, "~ ARM + S", t, { hierarchy = "SCORE" })
end

os.exit(lu.LuaUnit.run())
