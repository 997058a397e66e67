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

-- Serious: rash of 1 and 9, and fever of 1.
events.AESER = {}
for i, id in ipairs(events.USUBJID) do
  events.AESER[i] = (id == "S1" or id == "S9" and events.AEDECOD[i] == "Rash") and "Y" or "N"
end

function test_serious()
  for _, condition in ipairs { true, "AESER = 'Y'" } do
    local f = of { serious = condition, cutoff = 20, compare = "B vs A" }
    check(f, "serious")
    local found = {}
    for _, row in ipairs(rows_of(f)) do
      if row.column ~= "B vs A" then
        found[#found + 1] = ("%s %s %d/%d %d %.4f"):format(row.level, row.column, row.n,
          row.of, row.n_serious, row.share_serious)
      else
        lu.assertEquals(row.n_serious, NA)
      end
    end
    lu.assertEquals(table.concat(found, "; "), "General A 1/8 1 0.1250; "
      .. "General B 10/12 0 0.0000; Fever A 1/8 1 0.1250; Fever B 9/12 0 0.0000; "
      .. "Skin A 4/8 1 0.1250; Skin B 3/12 1 0.0833; Rash A 4/8 1 0.1250; "
      .. "Rash B 3/12 1 0.0833")
    lu.assertStrContains(f.caption, "pale: any event, dark: "
      .. (condition == true and "serious" or condition))
    lu.assertStrContains(f.caption, "at least 20 % in any arm (dashed)")
  end
  lu.assertNil(pcall(function() return of():data().n_serious end) and 1 or nil)
end

-- The first arm reaches to the left as far as its share, the other to the right.
function test_butterfly()
  local f = of { layout = "butterfly", rows = "AEDECOD", sort = "frequency", serious = true }
  local texts = {}
  for i, box in ipairs(check(f, "butterfly").boxes) do texts[i] = box.text end
  local all = table.concat(texts, "\n")
  lu.assertStrContains(all, "\u{2190} A")
  lu.assertStrContains(all, "B \u{2192}")
  lu.assertStrContains(all, "80\n60\n40\n20\n0\n20\n40\n60\n80")
  lu.assertStrContains(of { layout = "butterfly", xlim = { 0, 30 } }.caption,
    "bars that reach the end go on beyond the axis (4)")
  lu.assertStrContains(of { xlim = { 0, 30 } }.caption,
    "beyond the axis and not shown: 4 of the percentages")
  refuses("a butterfly has arms at both sides; there is one", of, { by = false,
    compare = false, layout = "butterfly" })
  refuses("serious is true or a condition", of, { serious = 3 })
  refuses("nearest: AESER", of, { serious = "AESERR = 'Y'" })
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
