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
