-- Win ratio: pairs of two groups compared by a hierarchy of outcomes. The numbers
-- are C's (ts.win_ratio).

local NA = require "ts.na".NA
local core = require "ts.win_ratio"
local formulas = require "ts.formula"
local text = require "ts.text"
local number = text.number
local fail = require "ts.error".fail
local data_of = require "trialsh.data"
local format = require "trialsh.format"
local options = require "trialsh.options"
local result = require "trialsh.result"
local tabulate = require "trialsh.tabulate"
local two = require "trialsh.two_proportions"

local M = { specs = { winratio = { hierarchy = { "any" }, strata = { "any" },
  compare = { "string" }, reference = { "string" },
  alternative = { { "two-sided", "less", "greater" }, "two-sided" },
  two_sided = { { "absdev", "central" }, "absdev" }, exact = { "boolean" },
  conf_level = { "number", 0.95, above = 0, below = 1 } } } }

-- The hierarchy -----------------------------------------------------------------

local level_spec = { margin = { "number", 0, least = 0 },
  horizon = { "number", above = 0 },
  better = { { "higher", "lower", "later", "earlier" } } }

-- An outcome, "DAYS" or { "Surv(DTHDY, DTHFL == 'Y')", horizon = 90 }, read.
local function read_level(given, i)
  local entry = type(given) == "string" and { given } or given
  if type(entry) ~= "table" or type(entry[1]) ~= "string" or #entry ~= 1 then
    fail("type", ('winratio: outcome %d is "AVAL" or { "Surv(DTHDY, DTHFL == '
      .. "'Y')\", horizon = 90 }"):format(i))
  end
  local given_options = {}
  for key, value in pairs(entry) do
    if key ~= 1 then given_options[key] = value end
  end
  local o = options("winratio", given_options, level_spec)
  local survival = entry[1]:find "^%s*Surv%s*%(" ~= nil
  o.better = o.better or survival and "later" or "higher"
  local of_time = o.better == "later" or o.better == "earlier"
  if survival ~= of_time then
    fail("invalid", ("winratio: outcome %s: better is %s"):format(entry[1],
      survival and '"later" or "earlier"' or '"higher" or "lower"'))
  elseif o.horizon and not survival then
    fail("invalid", ("winratio: outcome %s: a horizon is for Surv(time, event)")
      :format(entry[1]))
  end
  o.source = entry[1]
  o.lower = o.better == "lower" or o.better == "earlier"
  return o
end

local function hierarchy_of(o)
  local given = o.hierarchy
  if type(given) == "string" then given = { given } end
  if type(given) ~= "table" or #given == 0 then
    fail("invalid", "winratio: which outcomes, and in which order? { hierarchy "
      .. "= { { \"Surv(DTHDY, DTHFL == 'Y')\", horizon = 90 }, \"AVAL\" } }")
  end
  local levels = {}
  for i, entry in ipairs(given) do levels[i] = read_level(entry, i) end
  return levels
end

-- Data --------------------------------------------------------------------------

-- The models of groups and outcomes, on the same rows.
local function models_of(source, data, o, levels)
  if type(source) ~= "string" or not source:find "^%s*~" then
    fail("type", 'winratio: the formula names the groups, "~ TRT01P"')
  elseif data == nil then
    fail("type", ('winratio: data is missing: winratio("%s", data, { hierarchy '
      .. "= { ... } })"):format(source))
  end
  source = tabulate.with_strata("winratio", source, o.strata)
  local variables, seen = {}, {}
  local function add(list)
    for _, name in ipairs(list) do
      if not seen[name] then
        seen[name] = true
        variables[#variables + 1] = name
      end
    end
  end
  add(formulas.variables(source))
  for _, level in ipairs(levels) do
    add(formulas.variables(level.source .. " ~ 1"))
  end
  local frame = data_of.frame(data, variables, "winratio")
  local model = formulas.model(source, frame, { groups = true })
  for _, level in ipairs(levels) do
    level.model = formulas.model(level.source .. " ~ 1", frame,
      { groups = true })
    level.n_missing = level.model:info().n_missing
  end
  return model
end

local function sides_of(info, data, o)
  if #info.x ~= 1 then
    fail("invalid", 'winratio compares the groups of one variable, "~ TRT01P"')
  end
  local a, b = require "trialsh.compare".choose { who = "winratio",
    variable = info.group.name, levels = info.group.levels, data = data,
    compare = o.compare, reference = o.reference }
  for _, side in ipairs { a, b } do
    if side.n == 0 then
      fail("degenerate", ("winratio: %s has no subject"):format(side.name))
    end
  end
  return a, b
end

-- Results -----------------------------------------------------------------------

local function finite(x)
  return x ~= NA and (x == math.huge or x == -math.huge) and NA or x
end

local function notes_of(t, levels, a, b, info)
  local notes = {}
  if t.win + t.loss == 0 then
    notes[1] = "all pairs are ties: there is no win ratio, P is 1"
  elseif t.loss == 0 then
    notes[1] = ("%s never loses: the win ratio is infinite"):format(a.name)
  end
  if t.lone then
    notes[#notes + 1] = "a group has one subject in a stratum: there is no "
      .. "standard error"
  end
  local missing = {}
  for _, level in ipairs(levels) do
    if level.n_missing > 0 then
      missing[#missing + 1] = ("%s in %d"):format(level.source:gsub("`", ""),
        level.n_missing)
    end
  end
  if #missing > 0 then
    notes[#notes + 1] = "missing values tie: " .. table.concat(missing, ", ")
  end
  local idle = info.stratum and info.stratum.n_level - t.n_stratum or 0
  if idle > 0 then
    notes[#notes + 1] = ("%d of %d strata lack%s a group"):format(idle,
      info.stratum.n_level, idle == 1 and "s" or "")
  end
  return result.note(table.unpack(notes))
end

local function tidy_of(levels, wins, losses, t)
  local names, win, loss, tie, left = {}, {}, {}, {}, t.n_pair
  for i, level in ipairs(levels) do
    left = left - wins[i] - losses[i]
    names[i], win[i], loss[i], tie[i] = level.source, wins[i], losses[i], left
  end
  return { "outcome", "wins", "losses", "ties" }, { names, win, loss, tie }
end

local function print_winratio(m, names, arrays, left_out)
  local columns = {}
  for j, name in ipairs(names) do
    columns[j] = { name = name, values = arrays[j],
      type = j == 1 and "text" or "real" }
  end
  local a, b = m.compare_a, m.compare_b
  local lines = { ("Win ratio: %s (n = %d) vs %s (n = %d), %s pairs%s"):format(
    text.escape(a), m.n_1, text.escape(b), m.n_2, number(m.n_pair),
    m.stratum ~= NA and (" in %d strata of %s"):format(m.n_stratum,
      text.escape(m.stratum)) or ""),
    (require "trialsh.show".table(columns, #arrays[1], {})) }
  local function with(name, x, low, high, show)
    local interval = low ~= NA and (" (%s)"):format(show
      and format.interval(low, high, 3) or two.ratio_interval(low, high)) or ""
    return ("%s %s%s"):format(name, show and format.fixed(x, 3)
      or two.ratio_text(x), interval)
  end
  lines[3] = result.lines {
    with("win ratio", m.estimate, m.conf_low, m.conf_high),
    with("net benefit", m.net_benefit, m.net_low, m.net_high, true),
    with("win odds", m.win_odds, m.odds_low, m.odds_high),
    ("%s CI"):format(format.level(m.conf_level)) }
  lines[4] = ("z = %s, %s%s (%s of wins less losses)"):format(
    format.fixed(m.statistic, 2), m.alternative ~= "two-sided"
      and ("one-sided (%s) "):format(m.alternative) or "",
    format.p_equals(m.p_value), m.exact and "exact permutation"
      or "normal approximation")
  if m.note ~= NA then lines[#lines + 1] = text.escape(m.note) end
  lines[#lines + 1] = left_out
  return table.concat(lines, "\n")
end

--- winratio(formula, data, { hierarchy = ... }) -> result
-- Win ratio of two groups: each subject of A is compared with each of B by the
-- first outcome that tells them apart. Data have a row per subject.
--   formula      "~ group [+ strata(S)]"
--   hierarchy    outcomes, the most important first: "AVAL", or { "AVAL", better
--                = "lower", margin = 1 }, a time { "Surv(DTHDY, DTHFL == 'Y')",
--                horizon = 90 }. better is "higher" or "lower", of times "later"
--                (default) or "earlier"; margin the least difference that
--                counts; horizon the last time that is looked at
--   compare      "A vs B"; with two groups the default is against the trial's
--                reference, else the first level
--   strata       a column, or a list: pairs are within its levels, which weigh
--                1/n
--   alternative  "two-sided" (default), "less", "greater";  conf_level  0.95
--   two_sided    "absdev" (default), "central"
--   exact        true, or false for the normal test, beyond 2e9 steps the default
-- Of times who is known to be free of the event for longer wins; a missing value
-- ties. r.estimate is the win ratio, r.net_benefit wins less losses over pairs,
-- r.win_odds counts ties half; r:tidy() has wins and losses by outcome.
-- Intervals are of U-statistics; P permutes the groups (Finkelstein and
-- Schoenfeld).
--
--   > t = { TIME = { 5, 9, 9, 4, 7, 9, 9, 9 }, DEAD = { 1, 0, 0, 1, 1, 0, 0, 1 },
--   >   SCORE = { 3, 8, 5, 2, NA, 4, 6, 6 },
--   >   ARM = { "B", "A", "A", "B", "A", "B", "A", "B" } }
--   > winratio("~ ARM", t, { compare = "A vs B",
--   >   hierarchy = { "Surv(TIME, DEAD)", { "SCORE", margin = 2 } } })
--   Win ratio: A (n = 4) vs B (n = 4), 16 pairs
--      outcome           wins  losses  ties
--   1  Surv(TIME, DEAD)    11       2     3
--   2  SCORE                2       0     1
--   win ratio 6.50 (0.473 to 89.3); net benefit 0.688 (0.096 to 1.000)
--   win odds 5.40 (0.572 to 50.9); 95 % CI
--   z = 1.62, P = 0.143 (exact permutation of wins less losses)
--   missing values tie: SCORE in 1
--
-- See also: wilcoxon, logrank, cuminc. Pocock et al. 2012.
function M.winratio(formula, data, opt)
  local o = options("winratio", opt, M.specs.winratio)
  local levels = hierarchy_of(o)
  local model = models_of(formula, data, o, levels)
  local info = model:info()
  local a, b = sides_of(info, data, o)
  local t, wins, losses = core.compare(model, levels, a.members, b.members, o)
  local names, arrays = tidy_of(levels, wins, losses, t)
  local n_missing = a.n_row - a.n + b.n_row - b.n + info.x[1].n_missing
  local fields = { method = "Win ratio" .. (info.stratum
      and ", stratified by " .. info.stratum.name or ""),
    estimate_name = "win ratio", estimate = finite(t.win_ratio),
    std_error = t.log_se, statistic = t.z, df = NA, p_value = t.p_value,
    p_smallest = t.p_smallest, conf_low = t.ratio_low, conf_high = t.ratio_high,
    conf_level = o.conf_level, alternative = o.alternative,
    compare = a.name .. " vs " .. b.name, compare_a = a.name, compare_b = b.name,
    n = a.n + b.n, n_1 = a.n, n_2 = b.n, n_missing = n_missing,
    n_pair = t.n_pair, wins = t.win, losses = t.loss, ties = t.tie,
    net_benefit = t.net_benefit, net_se = t.net_se, net_low = t.net_low,
    net_high = t.net_high, win_odds = finite(t.win_odds), odds_low = t.odds_low,
    odds_high = t.odds_high, exact = t.exact, group = info.group.name,
    stratum = info.stratum and info.stratum.name or NA,
    n_stratum = info.stratum and t.n_stratum or NA,
    note = notes_of(t, levels, a, b, info),
    simulated = data_of.simulated(data) or nil }
  local left_out = result.left_out(n_missing, n_missing > 0
    and { "no group or stratum" } or nil)
  return result.model { name = "winratio", fields = fields,
    order = { "method", "estimate_name", "estimate", "std_error", "statistic",
      "p_value", "conf_low", "conf_high", "conf_level", "alternative", "compare",
      "n", "n_1", "n_2", "n_missing", "wins", "losses", "ties", "net_benefit",
      "win_odds", "note" },
    tidy = function() return result.frame(names, arrays) end,
    print = function(m)
      return print_winratio(m, names, arrays, left_out)
    end }
end

return M
