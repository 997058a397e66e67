-- figure.heatmap: colours of values on a scale that is symmetric around 0.
local lu = require "luaunit"
local check = require "tests.lua.boxes"
local shades = require "trialsh.figure.shades"

local function refuses(words, f, ...)
  local ok, err = pcall(f, ...)
  lu.assertFalse(ok, words)
  lu.assertStrContains(tostring(err), words)
end

local data = { USUBJID = { "1", "2", "3", "1", "2", "3" },
  ARM = { "A", "A", "B", "A", "A", "B" }, PARAMCD = { "X", "X", "X", "Y", "Y", "Y" },
  AVAL = { 1, 2, 4, 5, NA, 7 }, BLQFL = { "Y", "N", "N", "N", "N", "N" } }

local function of(more)
  local t = { data, by = "ARM" }
  for key, value in pairs(more or {}) do t[key] = value end
  return figure.heatmap(t)
end

local function values(f)
  local list = {}
  for row in f:data():rows() do
    list[#list + 1] = row.colour_value == NA and "NA"
      or ("%.6f"):format(row.colour_value)
  end
  return table.concat(list, " ")
end

-- log 1, 2, 4 are -1, 0, 1 SD from their mean; of two values z is 1 / sqrt(2)
function test_z()
  local f = of()
  check(f, "heatmap")
  lu.assertEquals(values(f), "-1.000000 -0.707107 0.000000 NA 1.000000 0.707107")
  lu.assertEquals(f.caption, "Colours: z of log AVAL over all subjects; columns: "
    .. "subjects; corner: below the limit of quantification.")
  -- 1, 2, 4 have mean 7/3 and variance 7/3
  lu.assertEquals(values(of { log = false }):match "^(%S+) ",
    ("%.6f"):format((1 - 7 / 3) / math.sqrt(7 / 3)))
end

function test_other_scales()
  lu.assertEquals(values(of { scale = "log2", order = { "X" } }),
    "0.000000 1.000000 2.000000")
  lu.assertEquals(values(of { scale = "none", order = { "Y" } }),
    "5.000000 NA 7.000000")
  lu.assertEquals(values(of { scale = "none", columns = "arms" }),
    "1.500000 5.000000 4.000000 7.000000")
  lu.assertStrContains(of { scale = "none", limit = 3 }.caption,
    "values beyond \u{B1}3 have its colour")
end

function test_order()
  local function ids(f)
    local list = {}
    for row in f:data():rows() do list[#list + 1] = row.USUBJID end
    return table.concat(list, " ")
  end
  lu.assertEquals(ids(of { sort = "X", order = { "X" } }), "2 1 3")
end

-- Three subjects of each arm; B is far above A in X, and like it in Y.
local two = { USUBJID = {}, ARM = {}, PARAMCD = {}, AVAL = {} }
local who = { USUBJID = {}, SITE = {}, DTHFL = {}, AGE = {} }
for i = 1, 10 do
  who.USUBJID[i], who.AGE[i] = "S" .. i, 40 + i
  who.SITE[i], who.DTHFL[i] = i % 3 == 0 and "Lyon" or "Limoges", i == 4 and "Y" or "N"
  for k, marker in ipairs { "X", "Y", "Z" } do
    local j = #two.AVAL + 1
    two.USUBJID[j], two.ARM[j], two.PARAMCD[j] = "S" .. i, i <= 5 and "A" or "B", marker
    two.AVAL[j] = k == 1 and i + (i > 5 and 100 or 0) or k == 2 and (i * 7) % 11 or i % 5
  end
end

local function of_two(more)
  local t = { two, by = "ARM", subjects = who, scale = "none" }
  for key, value in pairs(more) do t[key] = value end
  return figure.heatmap(t)
end

local function texts_of(f)
  local all = {}
  for i, box in ipairs(check(f, "heatmap").boxes) do all[i] = box.text end
  return "\n" .. table.concat(all, "\n") .. "\n"
end

-- The order is that of R: hclust(dist(x), "ward.D2")$order, with x the numbers above;
-- that of the markers is not the one that is given.
function test_cluster()
  local f = of_two { cluster = "both", annotate = { "SITE", "DTHFL", "AGE" },
    order = { "Y", "X", "Z" } }
  local subjects, markers, seen = {}, {}, {}
  for row in f:data():rows() do
    if not seen[row.USUBJID] then subjects[#subjects + 1] = row.USUBJID end
    seen[row.USUBJID] = true
    if #subjects == 1 then markers[#markers + 1] = row.PARAMCD end
  end
  lu.assertEquals(table.concat(subjects, " "), "S6 S9 S8 S7 S10 S2 S5 S4 S1 S3")
  lu.assertEquals(table.concat(markers, " "), "X Y Z")
  lu.assertEquals(f.caption, "Colours: AVAL; columns: subjects (n = 10); subjects and "
    .. "markers clustered by Euclidean distances of these values and Ward's method "
    .. "(Ward.D2).")
  local row = f:data():row(1)
  lu.assertEquals({ row.USUBJID, row.ARM, row.SITE, row.DTHFL, row.AGE },
    { "S6", "B", "Lyon", "N", 46 })
  local texts = texts_of(f)
  for _, words in ipairs { "\nArm:\n", "\nSITE\n", "\nDied\n", "\nyes\n", "\n41\n", "\n50\n" } do
    lu.assertStrContains(texts, words)
  end
end

-- Missing values: of subjects who share none no distance is known.
function test_cluster_without_values()
  refuses("cluster: 2 and 3 have no value in common", figure.heatmap, { { USUBJID = { "1",
    "1", "2", "3" }, PARAMCD = { "X", "Y", "X", "Y" }, AVAL = { 1, 2, 3, 4 } }, by = false,
    scale = "none", cluster = "subjects" })
end

-- q of BH over the three markers: p.adjust(p, "BH").
function test_stars()
  local f = of_two { stars = "wilcoxon" }
  local p, q = {}, {}
  for row in f:data():rows() do
    if row.ARM == "A" then
      lu.assertEquals({ row.p_value, row.q_value }, { NA, NA })
    else
      p[row.PARAMCD], q[row.PARAMCD] = row.p_value, row.q_value
    end
  end
  local function values(marker, from)
    local list = {}
    for i, m in ipairs(two.PARAMCD) do
      if m == marker and (two.ARM[i] == from) then list[#list + 1] = two.AVAL[i] end
    end
    return list
  end
  local list = {}
  for i, marker in ipairs { "X", "Y", "Z" } do
    list[i] = wilcoxon(values(marker, "B"), values(marker, "A")).p_value
    lu.assertEquals(p[marker], list[i])
  end
  lu.assertAlmostEquals(p.X, 2 / 252, 1e-15) -- the extreme one of choose(10, 5), twice
  local adjusted = padjust(list, "BH")
  lu.assertEquals({ q.X, q.Y, q.Z }, adjusted)
  lu.assertStrContains(f.caption, "*: q < 0.05, Wilcoxon-Mann-Whitney test against A, "
    .. "adjusted over 3 tests (BH)")
  -- one value of an arm, and values without spread, have no t test
  local few = { USUBJID = { "1", "2", "3", "1", "2", "3" }, ARM = { "A", "A", "B", "A", "A", "B" },
    PARAMCD = { "X", "X", "X", "Y", "Y", "Y" }, AVAL = { 1, 2, 3, 1, 1, 2 } }
  for row in figure.heatmap { few, by = "ARM", scale = "none", stars = "ttest" }:data():rows() do
    lu.assertEquals({ row.p_value, row.q_value }, { NA, NA })
  end
  lu.assertStrContains(texts_of(of_two { stars = "ttest", columns = "arms" }), "*\n")
  lu.assertFalse(texts_of(of_two { columns = "arms" }):find("*", 1, true) ~= nil)
end

function test_bars_and_stars_refuse()
  refuses("annotate says what subjects are", of_two, { columns = "arms", annotate = "SITE" })
  refuses('columns are arms; cluster = "markers"', of_two, { columns = "arms",
    cluster = "both" })
  refuses("sort or cluster", of_two, { sort = "X", cluster = "subjects" })
  refuses("stars stand beside arms", of_two, { stars = "ttest", cluster = "both" })
  refuses("stars compare arms; there is one", of_two, { stars = "ttest", by = false })
  refuses("nearest: SITE", of_two, { annotate = "SITES" })
  refuses("annotate: S1 has two values of PARAMCD", of_two, { subjects = false,
    annotate = "PARAMCD" })
  refuses('palette is "grey"', of_two, { palette = "tol" })
  refuses("subjects is a table with a row per USUBJID", of_two, { subjects = { A = { 1 } },
    annotate = "A" })
end

function test_colours()
  lu.assertEquals(shades.at("diverging", 0.5), "#FFFFFF")
  lu.assertEquals(shades.at("diverging", -1), shades.at("diverging", 0))
  lu.assertEquals(shades.text_on(shades.at("diverging", 0)), "#FFFFFF")
  lu.assertEquals(shades.text_on("#FFFFFF"), "#000000")
end

function test_refusals()
  refuses("figure.heatmap has no option palete", of, { palete = 1 })
  refuses("order: no marker XX; nearest: X", of, { order = { "XX" } })
  refuses("sort: no marker Z", of, { sort = "Z" })
  refuses("takes data of several markers", figure.heatmap, { "ALC50" })
  refuses("two values of X of 1", figure.heatmap, { { USUBJID = { "1", "1" },
    PARAMCD = { "X", "X" }, AVAL = { 1, 2 } }, by = false })
  refuses("AVAL is 0, of which there is no logarithm; log = false", figure.heatmap, {
    { USUBJID = { "1", "2" }, PARAMCD = { "X", "X" }, AVAL = { 0, 2 } }, by = false,
    log = true })
  refuses("no value to show", figure.heatmap, { { USUBJID = { "1", "2" },
    PARAMCD = { "X", "X" }, AVAL = { 2, 2 } }, by = false })
end

os.exit(lu.LuaUnit.run())
