-- Columns that look at other rows: lag, first, rank, sums so far, aggregates
-- beside rows; against loops in Lua on random tables, and against R.
local lu = require "luaunit"
local NA = require "ts.na".NA
local read = require "trialsh.read".read
local study = require "trialsh.study"
local help = require "tests.lua.relations"

local trials = os.getenv "TRIALSH_LONG" and 3000 or 80
math.randomseed(20180309)

local make, column, refuses = help.make, help.column, help.refuses

local function pick(list) return list[math.random(#list)] end

-- Loops ----------------------------------------------------------------------

-- Rows with ties and missing values; id is their stored order.
local function random_rows()
  local rows = {}
  for i = 1, math.random(1, 25) do
    rows[i] = { id = i, g = pick { "a", "b", "c", NA }, h = pick { "p", "q" },
      x = math.random() < 0.2 and NA or math.random(-3, 3) / 2,
      t = pick { "low", "mid", "high", NA }, k = math.random(4) }
  end
  return rows
end

local NAMES = { "id", "g", "h", "x", "t", "k" }

local function relation_of(rows)
  local arrays = {}
  for j, name in ipairs(NAMES) do
    arrays[j] = {}
    for i, row in ipairs(rows) do arrays[j][i] = row[name] end
  end
  local r = make(NAMES, arrays)
  if math.random() < 0.3 then
    local s = study.memory()
    s.t = r
    r = s.t
  end
  return r:levels { t = { "low", "mid", "high" } }
end

local function groups_of(rows, keys)
  local groups, by_id = {}, {}
  for _, row in ipairs(rows) do
    local id = {}
    for i, key in ipairs(keys) do id[i] = tostring(row[key]) end
    id = table.concat(id, "\0")
    if not by_id[id] then
      by_id[id] = {}
      groups[#groups + 1] = by_id[id]
    end
    table.insert(by_id[id], row)
  end
  return groups
end

local function known(list)
  local out = {}
  for _, v in ipairs(list) do if v ~= NA then out[#out + 1] = v end end
  return out
end

local function reduce(list, f)
  local out = NA
  for _, v in ipairs(known(list)) do out = out == NA and v or f(out, v) end
  return out
end

local function add(a, b) return a + b end

local function mean(list)
  local n = #known(list)
  return n > 0 and reduce(list, add) / n or NA
end

local function median(list)
  local v = known(list)
  table.sort(v)
  local n = #v
  return n == 0 and NA or n % 2 == 1 and v[(n + 1) // 2]
    or (v[n // 2] + v[n // 2 + 1]) / 2
end

local LEVEL = { low = 1, mid = 2, high = 3 }

local function place(value) return LEVEL[value] or value end

-- 1 and how many (distinct ones, if dense) come before.
local function rank(list, value, desc, dense)
  if value == NA then return NA end
  local n, seen = 1, {}
  for _, v in ipairs(known(list)) do
    local a, b = place(v), place(value)
    local before = a < b
    if desc then before = a > b end
    if before and not (dense and seen[v]) then n = n + 1 end
    seen[v] = true
  end
  return n
end

local function pluck(rows, name, to)
  local out = {}
  for i = 1, to or #rows do out[i] = rows[i][name] end
  return out
end

-- What mutate makes, computed row by row: EXPRESSION = f(rows of the group, i).
local expected = {
  { "lag(x)", function(g, i) return i > 1 and g[i - 1].x or NA end },
  { "lead(x, 2, -9)", function(g, i) return i + 2 <= #g and g[i + 2].x or -9 end },
  { "lag(t)", function(g, i) return i > 1 and g[i - 1].t or NA end },
  { "first(x)", function(g) return g[1].x end },
  { "last(t)", function(g) return g[#g].t end },
  { "nth(x, 2)", function(g) return g[2] and g[2].x or NA end },
  { "nth(x, -3)", function(g) return g[#g - 2] and g[#g - 2].x or NA end },
  { "first(x) filter (where x is not null)",
    function(g) return known(pluck(g, "x"))[1] or NA end },
  { "row_number()", function(_, i) return i end },
  { "rank(x)", function(g, i) return rank(pluck(g, "x"), g[i].x) end },
  { "dense_rank(x desc)",
    function(g, i) return rank(pluck(g, "x"), g[i].x, true, true) end },
  { "rank(t)", function(g, i) return rank(pluck(g, "t"), g[i].t) end },
  { "cumsum(x)", function(g, i) return reduce(pluck(g, "x", i), add) end },
  { "cummean(x)", function(g, i) return mean(pluck(g, "x", i)) end },
  { "cummin(x)", function(g, i) return reduce(pluck(g, "x", i), math.min) end },
  { "cummax(x)", function(g, i) return reduce(pluck(g, "x", i), math.max) end },
  { "cumcount(x)", function(g, i) return #known(pluck(g, "x", i)) end },
  { "cumcount()", function(_, i) return i end },
  { "count(*)", function(g) return #g end },
  { "sum(x)", function(g) return reduce(pluck(g, "x"), add) end },
  { "median(x)", function(g) return median(pluck(g, "x")) end },
  { "max(x) filter (where h = 'p')", function(g)
    local list = {}
    for _, row in ipairs(g) do
      if row.h == "p" then list[#list + 1] = row.x end
    end
    return reduce(list, math.max)
  end },
  { "x - mean(x)", function(g, i)
    return g[i].x == NA and NA or g[i].x - mean(pluck(g, "x"))
  end },
  { "coalesce(x, lag(x), 0)", function(g, i)
    if g[i].x ~= NA then return g[i].x end
    return i > 1 and g[i - 1].x ~= NA and g[i - 1].x or 0
  end },
}

-- a before b by these columns, then as they stood; missing last
local function sorted(rows, key, desc)
  local out = table.move(rows, 1, #rows, 1, {})
  table.sort(out, function(a, b)
    local p, q = place(a[key]), place(b[key])
    if p ~= q then
      if p == NA then return false elseif q == NA then return true end
      if desc then return p > q end
      return p < q
    end
    return a.id < b.id
  end)
  return out
end

local function apply(groups, list, to)
  for _, g in ipairs(groups) do
    for i, row in ipairs(g) do
      for j, e in ipairs(list) do row[to .. j] = e[2](g, i) end
    end
  end
end

-- Some of the expressions, named N1, N2, ...
local function some(to)
  local list, texts = {}, {}
  for j = 1, math.random(4) do
    list[j] = pick(expected)
    texts[j] = ("%s%d = %s"):format(to, j, list[j][1])
  end
  return list, texts
end

local function close(a, b)
  if a == b then return true end
  return type(a) == "number" and type(b) == "number"
    and math.abs(a - b) <= 1e-12
end

local function same(relation, rows, names, what)
  local frame = relation:collect()
  lu.assertEquals(#frame, #rows, what)
  for _, name in ipairs(names) do
    for i, row in ipairs(rows) do
      local value = frame[name][i]
      if not close(value, row[name]) then
        lu.fail(("%s, row %d: %s is %s, not %s"):format(what, i, name,
          tostring(value), tostring(row[name])))
      end
    end
  end
end

TestRandomWindow = {}

function TestRandomWindow.test_against_loops()
  for _ = 1, trials do
    local rows = random_rows()
    local r, keys = relation_of(rows), pick { { "g" }, { "g", "h" }, {}, { "k" } }
    local steps = {}
    if math.random() < 0.5 then -- rows left out before
      r = r:where "k > 1"
      local kept = {}
      for _, row in ipairs(rows) do
        if row.k > 1 then kept[#kept + 1] = row end
      end
      rows = kept
      steps[#steps + 1] = "where"
    end
    if math.random() < 0.6 then
      local key, desc = pick { "x", "t", "k" }, math.random() < 0.5
      r = r:order(desc and key .. " desc" or key)
      rows = sorted(rows, key, desc)
      steps[#steps + 1] = "order " .. key
    end
    local names = { "id" }
    for round = 1, math.random(2) do
      local to = ({ "N", "M" })[round]
      local list, texts = some(to)
      steps[#steps + 1] = table.concat(keys, " ") .. ": "
        .. table.concat(texts, "; ")
      if #keys > 0 then r = r:by(table.unpack(keys)) end
      r = r:mutate(table.unpack(texts))
      apply(groups_of(rows, keys), list, to)
      for j in ipairs(list) do names[#names + 1] = to .. j end
    end
    if math.random() < 0.5 then -- and after
      r = r:where "h = 'p'":mutate "id = id"
      local kept = {}
      for _, row in ipairs(rows) do
        if row.h == "p" then kept[#kept + 1] = row end
      end
      rows = kept
      steps[#steps + 1] = "where after"
    end
    same(r, rows, names, table.concat(steps, " | "))
    lu.assertEquals(#r, #rows)
  end
end

function TestRandomWindow.test_where_and_head_in_groups()
  for _ = 1, trials do
    local rows = random_rows()
    local r, n = relation_of(rows), math.random(0, 3)
    rows = sorted(rows, "x", true)
    local firsts, above = {}, {}
    for _, g in ipairs(groups_of(rows, { "g" })) do
      local m = mean(pluck(g, "x"))
      for i, row in ipairs(g) do
        row.first = i <= n
        row.above = row.x ~= NA and row.x >= m
      end
    end
    for _, row in ipairs(rows) do
      if row.first then firsts[#firsts + 1] = row end
      if row.above then above[#above + 1] = row end
    end
    r = r:order "x desc"
    same(r:by "g":head(n), firsts, { "id" }, "head")
    same(r:by "g":where("row_number() <= ?", n), firsts, { "id" }, "where")
    same(r:by "g":where "x >= mean(x)", above, { "id" }, "above the mean")
  end
end

function TestRandomWindow.test_summarise_in_order()
  for _ = 1, trials do
    local rows = random_rows()
    local r = relation_of(rows):order "k desc"
    rows = sorted(rows, "k", true)
    local out = {}
    for _, g in ipairs(groups_of(rows, { "h" })) do
      out[#out + 1] = { h = g[1].h, a = g[1].x, b = g[#g].t,
        c = g[2] and g[2].x or NA, d = known(pluck(g, "x"))[1] or NA }
    end
    table.sort(out, function(a, b) return a.h < b.h end)
    same(r:by "h":summarise("a = first(x)", "b = last(t)", "c = nth(x, 2)",
      "d = first(x) filter (where x is not null)"), out,
      { "h", "a", "b", "c", "d" }, "summarise")
  end
end

-- Digits: what stands beside a row is what summarise gives, to the last bit.
function TestRandomWindow.test_digits_of_summarise()
  local list = { "sum", "mean", "median", "stddev", "variance", "geomean",
    "geosd", "min", "max" }
  local x, g, o = {}, {}, {}
  for i = 1, 3000 do
    x[i] = math.random() < 0.05 and NA or math.random() * 10 ^ math.random(-8, 8)
    g[i], o[i] = "g" .. math.random(12), math.random()
  end
  local s = study.memory()
  s.t = make({ "g", "x", "o" }, { g, x, o })
  local one, beside = {}, {}
  for i, name in ipairs(list) do
    one[i] = ("%s_ = %s(x)"):format(name, name)
    beside[i] = ("%s_ = %s(x)"):format(name, name)
  end
  local sums = s.t:by "g":summarise("q = quantile(x, 0.1)", table.unpack(one))
  local by_group = {}
  for row in sums:rows() do by_group[row.g] = row end
  for _, r in ipairs { s.t, s.t:order "o", s.t:order "o":collect() } do
    local f = r:by "g":mutate("q = quantile(x, 0.1)", table.unpack(beside))
      :collect()
    list[10] = "q"
    for _, name in ipairs(list) do
      local field = name == "q" and "q" or name .. "_"
      local c = f[field]
      for i = 1, #f do
        lu.assertEquals(c[i], by_group[f.g[i]][field], name)
      end
    end
  end
end

-- R --------------------------------------------------------------------------

TestWindowOfR = {}

function TestWindowOfR.test_values()
  local cgd = read "scripts/cgd/cgd.csv"
  local wanted = read "tests/reference/window.csv"
  local r = cgd:mutate("DAYS = case when not (STATUS = 0 and ENUM = 2) then "
      .. "(TSTOP - TSTART) / 7 end")
    :order "ENUM desc":order "ENUM":by "USUBJID":mutate("lag = lag(DAYS)",
      "lead2 = lead(DAYS, 2, -1)", "cumsum = cumsum(DAYS)",
      "cummean = cummean(DAYS)", "cummin = cummin(DAYS)",
      "cummax = cummax(DAYS)", "mean = mean(DAYS)", "stddev = stddev(DAYS)",
      "median = median(DAYS)", "geomean = geomean(DAYS)",
      "q = quantile(DAYS, 0.25)")
    :by "TRT01P":mutate("rank = rank(DAYS)", "dense = dense_rank(DAYS desc)")
  local mine, n = {}, 0
  for row in r:rows() do mine[row.USUBJID .. row.ENUM] = row end
  for row in wanted:rows() do
    for _, name in ipairs { "lag", "lead2", "cumsum", "cummean", "cummin",
        "cummax", "mean", "stddev", "median", "geomean", "q", "rank",
        "dense" } do
      local a, b = mine[row.USUBJID .. row.ENUM][name], row[name]
      lu.assertTrue(a == b or math.abs(a - b) <= 1e-14 * math.abs(b),
        ("%s %s %s: %s, R has %s"):format(row.USUBJID, row.ENUM, name,
          tostring(a), tostring(b)))
      n = n + 1
    end
  end
  lu.assertEquals(n, 203 * 13)
end

-- Manners --------------------------------------------------------------------

TestWindow = {}
local s

function TestWindow:setUp()
  s = study.memory()
  s.adlb = make({ "USUBJID", "AVISIT", "AVISITN", "ADT", "AVAL" }, {
    { "01", "01", "02", "03", "03" },
    { "Day 1", "Day 8", "Day 1", "Day 1", "Day 8" }, { 1, 8, 1, 1, 8 },
    { "2020-01-01", "2020-01-08", "2020-01-03", "2020-01-09", "2020-01-02" },
    { 500, 900, 0, 700, NA } })
  help.forget()
end

function TestWindow.test_groups_hold_for_one_verb()
  local r = s.adlb:by "USUBJID":mutate "P = lag(AVAL)"
  lu.assertEquals(column(r, "P"), { NA, 500, NA, NA, 700 })
  lu.assertEquals(column(r:summarise "n = count(*)", "n"), { 5 })
  lu.assertEquals(column(s.adlb:by "USUBJID":where "AVAL = max(AVAL)"
    :count(), "n"), { 3 })
  refuses('write where "AVAL > 1" before by', function()
    return s.adlb:by "USUBJID":where "AVAL > 1"
  end)
  refuses("write where", function()
    return s.adlb:by "USUBJID":where { AVAL = 1 }
  end)
  refuses("write order before by", function()
    return s.adlb:by "USUBJID":order "AVAL"
  end)
  refuses("grouped by USUBJID, which stays", function()
    return s.adlb:by "USUBJID":mutate "USUBJID = first(USUBJID)"
  end)
end

function TestWindow.test_each_expression_may_use_the_one_before()
  local r = s.adlb:by "USUBJID":mutate("D = AVAL - lag(AVAL)",
    "E = cumsum(D)", "AVAL = first(AVAL)", "F = AVAL", "D = lag(D)")
  lu.assertEquals(column(r, "E"), { NA, 400, NA, NA, NA })
  lu.assertEquals(column(r, "F"), { 500, 500, 0, 700, 700 })
  lu.assertEquals(column(r, "D"), { NA, NA, NA, NA, NA })
  lu.assertEquals(column(s.adlb:mutate("Y = AVAL", "Y = lag(AVAL)"), "Y"),
    { NA, 500, 900, 0, 700 })
end

function TestWindow.test_values_of_a_column_keep_what_it_is()
  s.a = s.adlb:label { AVAL = "Count" }
  local f = s.a:by "USUBJID":mutate("V = lag(AVISIT)", "L = last(AVISIT)")
  lu.assertEquals(f.V.levels, { "Day 1", "Day 8" })
  lu.assertEquals(s.a:by "USUBJID":summarise "L = last(AVISIT)".L.levels,
    { "Day 1", "Day 8" })
  refuses("text with levels", function()
    return s.a:mutate "X = cummax(AVISIT)"
  end)
end

function TestWindow.test_derived_tables()
  s.first = s.adlb:order "ADT":by "USUBJID":mutate("N = row_number()",
    "DEV = AVAL - mean(AVAL)"):where "N = 1"
  lu.assertEquals(column(s.first, "AVISIT"), { "Day 1", "Day 8", "Day 1" })
  s.low = s.adlb:by "USUBJID":head(1):by "AVISIT":summarise "f = first(AVAL)"
  lu.assertEquals(column(s.low, "f"), { 500 })
  s.adlb = make({ "USUBJID", "AVISIT", "AVISITN", "ADT", "AVAL" }, { { "09" },
    { "Day 1" }, { 1 }, { "2020-01-01" }, { 7 } })
  lu.assertEquals(column(s.first, "DEV"), { 0 })
  lu.assertEquals(column(s.low, "f"), { 7 })
end

function TestWindow.test_beside_other_verbs()
  local r = s.adlb:by "USUBJID":mutate "N = row_number()"
  lu.assertEquals(column(r:order "N desc", "N"), { 2, 2, 1, 1, 1 })
  lu.assertEquals(column(r:limit(2), "N"), { 1, 2 })
  lu.assertEquals(column(r:union(r), "N"),
    { 1, 2, 1, 1, 2, 1, 2, 1, 1, 2 })
  lu.assertEquals(column(r:by "USUBJID":summarise "m = max(N)", "m"),
    { 2, 1, 2 })
  lu.assertEquals(column(r:select("USUBJID", "N", "AVISITN"):wider "N", "2"),
    { 8, NA, 8 })
  local m = s.adlb:join(s.adlb:by "USUBJID":summarise "M = last(AVAL)",
    "USUBJID"):by "USUBJID":mutate "D = lag(AVAL) - M"
  lu.assertEquals(column(m, "D"), { NA, -400, NA, NA, NA })
  lu.assertEquals(column(s.adlb:longer { "AVAL", "AVISITN" }:by "USUBJID"
    :mutate "N = row_number()", "N"), { 1, 2, 3, 4, 1, 2, 1, 2, 3, 4 })
  lu.assertEquals(column(r:distinct "N":mutate "S = cumsum(N)", "S"), { 1, 3 })
  lu.assertEquals(r:row(2).N, 2)
  lu.assertStrContains(tostring(r), "Day 8")
  lu.assertStrContains((r:sql()), "over (partition by")
end

function TestWindow.test_no_rows_and_one()
  local none = s.adlb:where "AVAL > 1e9":by "USUBJID":mutate("P = lag(AVAL)",
    "M = median(AVAL)", "F = first(AVAL)")
  lu.assertEquals(#none:collect(), 0)
  lu.assertEquals(s.adlb:where "AVAL > 1e9":summarise("f = first(AVAL)",
    "n = nth(AVAL, 2)"):row(1).f, NA)
  lu.assertEquals(s.adlb:summarise "n = count(*)":mutate("P = lag(n)",
    "F = first(n)"):row(1).F, 5)
  lu.assertEquals(s.adlb:summarise "n = count(*)":summarise "f = first(n)"
    :row(1).f, 5)
end

function TestWindow.test_what_is_refused()
  local g = s.adlb:by "USUBJID"
  refuses("lag gives a value beside each row", g.summarise, g, "x = lag(AVAL)")
  refuses("lag within sum", g.mutate, g, "x = sum(lag(AVAL))")
  refuses("order(\"ADT\"):by(\"USUBJID\")", g.mutate, g,
    "x = sum(AVAL) over (order by ADT)")
  refuses("rank takes a column", g.mutate, g, "x = rank(-AVAL)")
  refuses("n is a number of rows", g.mutate, g, "x = lag(AVAL, -1)")
  refuses("n is a number of rows", g.mutate, g, "x = lag(AVAL, AVISITN)")
  refuses("k is 1, 2", g.mutate, g, "x = nth(AVAL, 0)")
  refuses("lag mixes them", g.mutate, g, "x = lag(AVAL, 1, 'none')")
  refuses("not computed beside rows", g.mutate, g, "x = count(distinct AVISIT)")
  refuses("desc stands in rank", g.mutate, g, "x = lag(AVAL desc)")
  refuses("nearest: lag", g.mutate, g, "x = lga(AVAL)")
  refuses("no aggregate: no distinct and no filter", g.mutate, g,
    "x = lag(AVAL) filter (where AVAL > 1)")
end

function TestWindow.test_what_became_missing_is_counted_by_row()
  s.adlb:by "USUBJID":mutate "G = geomean(AVAL)":collect()
  help.heard("1 value became missing: ln of a value that is not above 0")
  help.forget()
  s.adlb:mutate "G = geomean(AVAL)":collect()
  help.heard("5 values became missing: ln of a value that is not above 0")
end

function TestWindow.test_running_on_between_subjects_is_told()
  s.adlb:mutate "P = lag(AVAL)":collect()
  lu.assertStrContains(table.concat(help.said, "\n"),
    'lag without by runs on from one USUBJID to the next')
  help.forget()
  s.adlb:by "USUBJID":mutate "P = lag(AVAL)":collect()
  s.adlb:where "USUBJID = '01'":mutate "P = lag(AVAL)":collect()
  s.adlb:mutate "P = row_number()":collect()
  lu.assertEquals(help.said, {})
end

os.exit(lu.LuaUnit.run())
