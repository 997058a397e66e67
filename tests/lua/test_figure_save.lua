-- What is saved: sizes and resolution of all formats, journals, the data and the
-- caption beside a figure, panels.
local lu = require "luaunit"
local object = require "trialsh.figure.object"

local folder

local function have(program)
  return os.execute("command -v " .. program .. " >/dev/null 2>&1")
end

local function read(path)
  local file = assert(io.open(path, "rb"))
  local bytes = file:read "a"
  file:close()
  return bytes
end

local function exists(path)
  local file = io.open(path)
  if file then file:close() end
  return file ~= nil
end

local function read_rows(path)
  local list = {}
  for line in io.lines(path) do list[#list + 1] = line end
  table.remove(list, 1)
  return list
end

local function refuses(words, f, ...)
  local ok, err = pcall(f, ...)
  lu.assertFalse(ok, words)
  lu.assertStrContains(tostring(err), words)
end

local small = { AVAL = { 5, 10, 20, 30, 60, 61 }, CNSR = { 0, 1, 0, 1, 0, 1 },
  TRT01P = { "A", "B", "A", "B", "A", "B" } }

TestSave = {}

function TestSave:setUp()
  if not have "gnuplot" then lu.skip "gnuplot is not installed" end
  folder = os.tmpname()
  os.remove(folder)
  assert(os.execute("mkdir -m 700 " .. folder))
end

function TestSave:tearDown()
  if folder then os.execute("rm -rf '" .. folder .. "'") end
  folder = nil
end

function TestSave:test_eps_and_tiff()
  local f = figure.survival { small, width = 89, height = 60, band = true,
    title = "Two µ" }
  f:save(folder .. "/a.eps")
  local eps = read(folder .. "/a.eps")
  lu.assertStrContains(eps, "%%HiResBoundingBox: 0 0 252.2835 170.0787\n")
  lu.assertNil(eps:find "CreationDate")
  lu.assertStrContains(eps, "(No. at risk)") -- text, not outlines
  lu.assertStrContains(eps, "/FontName /LiberationSans")
  lu.assertNil(eps:find("\nimage\n", 1, true)) -- no part of it became pixels
  for _, name in ipairs { "a.tiff", "a.tif" } do
    f:save(folder .. "/" .. name, { dpi = 300 })
    local tiff = read(folder .. "/" .. name)
    lu.assertEquals(tiff:sub(1, 4), "II*\0")
    lu.assertStrContains(tiff, ("<I4I4"):pack(300000, 1000))
  end
end

function TestSave:test_data_and_caption_stand_beside()
  local f = figure.points { small, title = "Values", note = "A note." }
  f:save(folder .. "/fig1.svg")
  lu.assertEquals(read(folder .. "/fig1.data.csv"),
    "TRT01P,AVAL\nA,5\nA,20\nA,60\nB,10\nB,30\nB,61\n")
  lu.assertEquals(read(folder .. "/fig1.caption.txt"), "Values. " .. f.caption
    .. " A note.\n")
  f:save(folder .. "/fig2.svg", { beside = false })
  lu.assertFalse(exists(folder .. "/fig2.data.csv"))
  lu.assertFalse(exists(folder .. "/fig2.caption.txt"))
  lu.assertEquals(#f:data(), 6)
  lu.assertEquals(f:data():row(4).AVAL, 10)
  -- commas and quotes of names stay in their cells
  local odd = { AVAL = { 1, 2 }, CNSR = { 0, 0 }, TRT01P = { 'a, "b"', "c" } }
  figure.points { odd }:save(folder .. "/fig3.svg")
  lu.assertStrContains(read(folder .. "/fig3.data.csv"), '"a, ""b""",1\n')
  lu.assertEquals(#read_rows(folder .. "/fig3.data.csv"), 2)
end

-- Some text has no font here: the reader of an SVG may have it.
function TestSave:test_a_list_of_files_is_the_files_one_by_one()
  local f = figure.survival { demo.adtte, title = "a\u{10F123}b", band = true }
  local list = {}
  for _, e in ipairs { "svg", "pdf", "png", "eps", "tiff" } do
    list[#list + 1] = folder .. "/list." .. e
  end
  lu.assertTrue(f:save(list, { dpi = 72, keep = true }) == list)
  for _, name in ipairs(list) do
    local one = f:save(name:gsub("list", "one"), { dpi = 72, beside = false })
    lu.assertTrue(read(name) == read(one), name)
  end
  for _, name in ipairs { "data.csv", "caption.txt", "gp" } do
    lu.assertTrue(exists(folder .. "/list." .. name))
  end
  lu.assertStrContains(read(list[1]), "a\u{10F123}b")
  for _, wrong in ipairs { {}, { folder .. "/x.pdf", 5 }, { folder .. "/x.pdf", "x.jpg" } } do
    lu.assertFalse(pcall(f.save, f, wrong))
  end
  lu.assertFalse(exists(folder .. "/x.pdf"))
end

function TestSave:test_survival_data_are_those_of_km()
  local f = figure.survival { demo.adtte }
  local data = f:data()
  local tidy = km("Surv(AVAL, CNSR == 0) ~ TRT01P", demo.adtte):tidy()
  lu.assertEquals(#data, #tidy)
  for i = 1, #tidy do
    lu.assertEquals(data.estimate[i], tidy.estimate[i])
    lu.assertEquals(data.n_risk[i], tidy.n_risk[i])
  end
  lu.assertStrContains(tostring(data:head(2)), "SIMULATED DATA")
  local turned = figure.survival { demo.adtte, mirror = true }:data()
  for i = 1, #tidy do
    lu.assertAlmostEquals(turned.estimate[i], 1 - tidy.estimate[i], 1e-15)
  end
end

function TestSave:test_journals()
  local f = figure.survival { demo.adtte, p_value = true, journal = "Lancet" }
  lu.assertEquals(f.width, 75)
  f:save(folder .. "/j.svg")
  local svg = read(folder .. "/j.svg")
  lu.assertStrContains(svg, 'width="75mm"')
  lu.assertStrContains(svg, "Log-rank p=0·") -- midline decimals
  lu.assertStrContains(svg, "<text>0·75</text>")
  f:save(folder .. "/j.svg", { journal = "nature" })
  svg = read(folder .. "/j.svg")
  lu.assertStrContains(svg, 'width="89mm"')
  lu.assertStrContains(svg, "Log-rank P = 0.")
  f:save(folder .. "/j.svg", { journal = "Critical Care", width = "double" })
  svg = read(folder .. "/j.svg")
  lu.assertStrContains(svg, 'width="170mm"')
  for size in svg:gmatch 'font%-size="([%d.]+)"' do
    lu.assertTrue(tonumber(size) >= 7) -- the first is gnuplot's own default
  end
  for _, box in ipairs(object.boxes(f, { journal = "Critical Care",
    width = 170, height = 90 }).boxes) do
    lu.assertTrue(box.size >= 8)
  end
  lu.assertEquals(figure.points { small, journal = "JCI-Insight",
    width = "double" }.width, 180)
  refuses("no journal Natur; nearest: Nature", figure.points,
    { small, journal = "Natur" })
  refuses('width is a number of mm, "single" or "double"', figure.points,
    { small, width = "wide" })
  refuses("out of its range", figure.points, { small, width = 3 })
  -- each field says where it comes from
  for _, name in ipairs { "JCI Insight", "Nature", "Lancet", "NEJM",
    "Critical Care" } do
    local sheet = figure.journal(name)
    lu.assertEquals(#sheet, 12)
    for row in sheet:rows() do lu.assertTrue(#row.source >= 4, row.field) end
  end
end

function TestSave:test_panels()
  local a = figure.survival { demo.adtte, title = "Survival" }
  local b = figure.points { demo.adlb:where { PARAMCD = "ALC",
    AVISIT = "Day 29" }, title = "ALC", xlabel = "Arm" }
  local f = figure.panels { a, b, legend = "shared", height = 70,
    letters = "a" }
  lu.assertEquals(f.width, 183)
  f:save(folder .. "/p.svg")
  local svg = read(folder .. "/p.svg")
  for _, s in ipairs { "a", "b", "Survival", "ALC", "SIMULATED DATA" } do
    lu.assertTrue(svg:find("<text>" .. s .. "</text>", 1, true) ~= nil, s)
  end
  local _, stamps = svg:gsub("SIMULATED DATA", "")
  lu.assertEquals(stamps, 1)
  lu.assertTrue(exists(folder .. "/p.a.data.csv"))
  lu.assertTrue(exists(folder .. "/p.b.data.csv"))
  lu.assertStrContains(read(folder .. "/p.caption.txt"), "(a) Survival. Kaplan")
  lu.assertEquals(#f:data "b", 18)
  refuses("which panel", f.data, f)
  -- axes of a row are in line
  local page = object.boxes(f)
  local ticks = {}
  for _, box in ipairs(page.boxes) do
    if box.text == "0.00" or box.text == "0" and box[1] < 130 then
      ticks[#ticks + 1] = box[2]
    end
  end
  lu.assertTrue(#ticks >= 2)
  refuses("no figures", figure.panels, {})
  refuses("is no figure but a string", figure.panels, { "x" })
  refuses("2 has panels itself", figure.panels, { a, f })
  refuses("another colour", figure.panels, { a, figure.survival { demo.adtte,
    palette = "tol" }, legend = "shared" })
  refuses("leave no room", function()
    figure.panels { a, b, a, b, height = 30 }:save(folder .. "/x.svg")
  end)
  lu.assertStrContains(f:text { columns = 70, lines = 20 }, "SIMULATED DATA")
end

-- Without the font gnuplot would silently draw with another one.
function TestSave:test_a_missing_font_is_an_error()
  local loaded, open = package.loaded["trialsh.figure.font"], io.open
  package.loaded["trialsh.figure.font"] = nil
  io.open = function(path, ...)
    if path:find "%.ttf$" then return nil end
    return open(path, ...)
  end
  local ok, err = pcall(function()
    require "trialsh.figure.font".width("a", 7)
  end)
  io.open, package.loaded["trialsh.figure.font"] = open, loaded
  lu.assertFalse(ok)
  lu.assertStrContains(tostring(err), "the font Liberation Sans "
    .. "(LiberationSans-Regular.ttf) is not installed: apt-get install "
    .. "fonts-liberation")
end

os.exit(lu.LuaUnit.run())
