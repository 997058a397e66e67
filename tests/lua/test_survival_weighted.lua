-- Kaplan-Meier curves with case weights and delayed entry, against R's survfit
-- (tests/reference/survival_weighted.R).
local lu = require "luaunit"
local NA = require "ts.na".NA
local near = require "tests.lua.reference".near
local refuses = require "tests.lua.reference".refuses

local function rows_of(file)
  local f, list, names = assert(io.open(file)), {}, nil
  for line in f:lines() do
    local row, i = {}, 0
    for field in line:gmatch "[^,]+" do
      i = i + 1
      if names then row[names[i]] = tonumber(field) or field else row[i] = field end
    end
    if names then list[#list + 1] = row else names = row end
  end
  f:close()
  return list
end

-- By set and group: { time =, event =, entry =, weight =, late = some enter later }
local function data_sets()
  local sets = {}
  for _, row in ipairs(rows_of "tests/data/survival_weighted.csv") do
    local key = row.set .. " " .. row.group
    local set = sets[key] or { time = {}, event = {}, entry = {}, weight = {} }
    sets[key] = set
    for name in pairs(set) do
      if name ~= "late" then table.insert(set[name], row[name]) end
    end
    set.late = set.late or row.entry > 0 or nil
  end
  return sets
end

local function curve_of(set, ci)
  local data = { time = set.time, event = set.event, entry = set.entry,
    weight = set.weight }
  return km(set.late and "Surv(entry, time, event) ~ 1" or "Surv(time, event) ~ 1",
    data, { weights = "weight", ci = ci })
end

-- R has no limits where S is 0, NA and NaN alike; rounding may leave 1e-17 of it.
local function same(x, wanted, what)
  if wanted == "NA" or wanted == "NaN" then return lu.assertTrue(x == NA, what) end
  if math.abs(wanted) < 1e-12 then return lu.assertTrue(math.abs(x) < 1e-12, what) end
  near(x, wanted, 1e-10, what)
end

TestWeighted = {}

function TestWeighted.test_curves()
  local sets, kept, n = data_sets(), {}, {}
  for _, row in ipairs(rows_of "tests/reference/survival_weighted_curves.csv") do
    local key = row.set .. " " .. row.group
    local id = key .. row.ci
    kept[id] = kept[id] or curve_of(sets[key], row.ci):tidy():collect()
    n[id] = (n[id] or 0) + 1
    local here = kept[id]:row(n[id])
    local gone = row.estimate == "NaN" or math.abs(row.estimate) < 1e-12
    for _, name in ipairs { "time", "n_risk", "n_event", "n_censor", "estimate" } do
      same(here[name], row[name], id .. " " .. name)
    end
    for _, name in ipairs { "std_error", "conf_low", "conf_high" } do
      same(here[name], gone and "NA" or row[name], id .. " " .. name)
    end
  end
  for id, frame in pairs(kept) do lu.assertEquals(#frame, n[id], id) end
end

function TestWeighted.test_medians()
  local sets = data_sets()
  for _, row in ipairs(rows_of "tests/reference/survival_weighted_medians.csv") do
    local key = row.set .. " " .. row.group
    local m = curve_of(sets[key], row.ci):median():row(1)
    for _, name in ipairs { "estimate", "conf_low", "conf_high" } do
      same(m[name], row[name], key .. " " .. row.ci .. " " .. name)
    end
  end
end

-- Whole weights are so many rows; a common factor of others changes nothing.
function TestWeighted.test_what_weights_mean()
  local t, e = { 1, 2, 2, 3, 4 }, { 1, 1, 0, 1, 0 }
  local twice = { t = {}, e = {} }
  for i = 1, 5 do
    for _ = 1, 2 do
      table.insert(twice.t, t[i])
      table.insert(twice.e, e[i])
    end
  end
  local a = km("Surv(t, e) ~ 1", { t = t, e = e, w = { 2, 2, 2, 2, 2 } },
    { weights = "w" })
  local b = km("Surv(t, e) ~ 1", twice)
  lu.assertEquals(tostring(a:tidy()), tostring(b:tidy()))
  lu.assertEquals(a.n, 5)
  lu.assertStrContains(tostring(a), "weighted by w")
  local half = km("Surv(t, e) ~ 1", { t = t, e = e, w = { 0.5, 0.5, 0.5, 0.5, 0.5 } },
    { weights = "w" }):tidy()
  local part = km("Surv(t, e) ~ 1", { t = t, e = e, w = { 1.5, 1.5, 1.5, 1.5, 1.5 } },
    { weights = "w" }):tidy()
  for i = 1, 4 do near(half:row(i).std_error, part:row(i).std_error, 1e-14) end
end

-- Between the times, too, and at 0 who enters then.
function TestWeighted.test_those_at_risk()
  local d = { s = { 0, 0, 2, 5, 9 }, t = { 3, 6, 8, 10, 11 }, e = { 1, 1, 0, 1, 1 } }
  local k = km("Surv(s, t, e) ~ 1", d)
  lu.assertEquals(k:at_risk { 0, 1, 2, 2.5, 3, 3.5, 5, 5.5, 9, 9.5, 11, 12 },
    { 2, 2, 2, 3, 3, 2, 2, 3, 1, 2, 1, 0 })
  lu.assertEquals(km("Surv(t, e) ~ 1", d):at_risk { 0, 3, 3.5 }, { 5, 5, 4 })
end

function TestWeighted.test_what_is_said()
  local k = km("Surv(s, t, e) ~ 1", { s = { 0, 0, 5, 5 }, t = { 1, 2, 7, 8 },
    e = { 1, 1, 1, 0 } })
  lu.assertStrContains(k.note, "S is 0 from 2 on")
  lu.assertStrContains(k.note, "at risk from s on")
  k = km("Surv(t, e) ~ 1", { t = { 1, 2, 3 }, e = { 1, 1, 0 }, w = { 1, 0, NA } },
    { weights = "w" })
  lu.assertEquals(k.n, 1)
  lu.assertEquals(k.n_missing, 1)
  lu.assertStrContains(k.note, "weighted by w, 1 row of weight 0 left out")
end

function TestWeighted.test_refusals()
  local d = { s = { 0, 4 }, t = { 3, 4 }, e = { 1, 0 }, w = { -1, 1 },
    g = { "a", "b" } }
  refuses("s is not before t in row 2", km, "Surv(s, t, e) ~ 1", d)
  refuses("the weight w is negative in row 1", km, "Surv(t, e) ~ 1", d,
    { weights = "w" })
  refuses("no column ww; nearest: w", km, "Surv(t, e) ~ 1", d, { weights = "ww" })
  d.s[2] = 1
  refuses("delayed entry, Surv(start, stop, event), is for km", logrank,
    "Surv(s, t, e) ~ g", d)
end

-- A figure counts who is there at its ticks, and says how.
function TestWeighted.test_figure()
  local d = { s = { 0, 0, 2, 5, 9, 0 }, t = { 3, 6, 8, 10, 11, 9 },
    e = { 1, 1, 0, 1, 1, 0 }, w = { 0.5, 1, 1.25, 2, 1, 0.75 } }
  local late = figure.survival { d, formula = "Surv(s, t, e) ~ 1", ticks = { 0, 4, 10 },
    least_at_risk = 0.2 }
  lu.assertStrContains(late.caption, "delayed entry: at risk from s on")
  local share = figure.survival { d, formula = "Surv(t, e) ~ 1", weights = "w",
    band = true, ticks = { 0, 4, 8 } }
  lu.assertStrContains(share.caption, "weighted by w, with robust errors")
  local file = os.tmpname() .. ".svg"
  local function texts(f)
    f:save(file)
    local all = assert(io.open(file)):read "a"
    os.remove(file)
    return all
  end
  for _, n in ipairs { "6.5", "6.0", "5.0" } do
    lu.assertTrue(texts(share):find(">" .. n .. "<", 1, true) ~= nil, n)
  end
  lu.assertTrue(texts(late):find(">3<.*>3<.*>2<") ~= nil) -- of 6
  for _, name in ipairs { "p_value", "hazard_ratio" } do
    refuses(name .. " is not there for curves with delayed entry", figure.survival,
      { d, formula = "Surv(s, t, e) ~ 1", [name] = true })
  end
  refuses("landmark is not there for weighted curves", figure.survival,
    { d, formula = "Surv(t, e) ~ 1", weights = "w", landmark = 2 })
end

os.exit(lu.LuaUnit.run())
