-- figure.ae: its counts are those of the data, its intervals those of riskdiff.
local lu = require "luaunit"
local check = require "tests.lua.boxes"

local function refuses(words, f, ...)
  local ok, err = pcall(f, ...)
  lu.assertFalse(ok, words)
  lu.assertStrContains(tostring(err), words)
end

local subjects = { USUBJID = {}, TRT01P = {} }
for i = 1, 20 do
  subjects.USUBJID[i], subjects.TRT01P[i] = "S" .. i, i <= 8 and "A" or "B"
end
-- rash: 4 of 8 and 3 of 12, once twice in a subject; fever: 1 and 9; pain: 0 and 1
local events = { USUBJID = {}, AEBODSYS = {}, AEDECOD = {} }
local function add(term, class, ids)
  for _, id in ipairs(ids) do
    local i = #events.USUBJID + 1
    events.USUBJID[i], events.AEBODSYS[i], events.AEDECOD[i] = "S" .. id, class, term
  end
end
add("Rash", "Skin", { 1, 2, 3, 3, 4, 9, 10, 11 })
add("Fever", "General", { 1, 12, 13, 14, 15, 16, 17, 18, 19, 20 })
add("Pain", "General", { 9 })

local function of(more)
  local t = { events, subjects = subjects }
  for key, value in pairs(more or {}) do t[key] = value end
  return figure.ae(t)
end

local function rows_of(figure_)
  local list = {}
  for row in figure_:data():rows() do list[#list + 1] = row end
  return list
end

function test_numbers()
  local f = of { compare = "B vs A" }
  check(f, "ae")
  local rows = rows_of(f)
  -- General first: its difference is the largest
  local expected = { { "General", 1, 10 }, { "Fever", 1, 9 }, { "Pain", 0, 1 },
    { "Skin", 4, 3 }, { "Rash", 4, 3 } }
  lu.assertEquals(#rows, 15)
  for i, e in ipairs(expected) do
    local a, b, d = rows[3 * i - 2], rows[3 * i - 1], rows[3 * i]
    lu.assertEquals({ a.level, a.column, a.n, a.of, a.share },
      { e[1], "A", e[2], 8, e[2] > 0 and e[2] / 8 or 0 })
    lu.assertEquals({ b.level, b.column, b.n, b.of, b.share },
      { e[1], "B", e[3], 12, e[3] / 12 })
    local r = riskdiff { { e[3], 12 }, { e[2], 8 } }
    lu.assertEquals({ d.column, d.risk_difference, d.conf_low, d.conf_high },
      { "B vs A", r.estimate, r.conf_low, r.conf_high })
    lu.assertEquals(a.within, i <= 1 and NA or i <= 3 and "General" or i == 4 and NA
      or "Skin")
  end
end

function test_order_and_cutoff()
  local function order(more)
    local list, last = {}, nil
    more.rows = "AEDECOD"
    for _, row in ipairs(rows_of(of(more))) do
      if row.level ~= last then list[#list + 1] = row.level end
      last = row.level
    end
    return table.concat(list, " ")
  end
  lu.assertEquals(order { sort = "difference", compare = "A vs B" }, "Rash Pain Fever")
  lu.assertEquals(order { sort = "frequency" }, "Fever Rash Pain")
  lu.assertEquals(order { sort = "alphabetical" }, "Fever Pain Rash")
  lu.assertEquals(order { cutoff = 50 }, "Fever Rash")
  lu.assertStrContains(of { cutoff = 50 }.caption, "rows of at least 50 % in any arm")
end

function test_one_arm()
  local f = of { by = false, compare = false }
  check(f, "one arm")
  local n = {}
  for i, row in ipairs(rows_of(f)) do n[i] = row.n end
  lu.assertEquals(n, { 11, 10, 1, 7, 7 })
  refuses("nothing to compare; there is one arm", of, { by = false })
end

function test_refusals()
  refuses("figure.ae has no option cutof; nearest: cutoff", of, { cutof = 5 })
  refuses("nearest: AEDECOD", of, { rows = "AEDECODE" })
  refuses('compare = "A"; it is "A vs B"', of, { compare = "A" })
  refuses("no event reaches the cutoff", of, { cutoff = 90 })
  refuses("two numbers in rising order", of, { difference_xlim = { 1 } })
  refuses("takes events", figure.ae, { "ALC50" })
end

-- An interval beyond the axis ends in an arrow, and the caption says so.
function test_beyond()
  local f = of { difference_xlim = { -20, 20 } }
  check(f, "beyond")
  lu.assertStrContains(f.caption, "arrows")
end

os.exit(lu.LuaUnit.run())
