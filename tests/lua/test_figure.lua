-- Figures: hostile text stays text, the same bytes each time, exact sizes,
-- nothing overlaps or leaves the page, numbers are those of the statistics.
-- TRIALSH_LONG=1 tries 2,000 figures of 7 hostile texts instead of 15.
local lu = require "luaunit"
local core = require "ts.gnuplot"
local sha256 = require "ts.text".sha256
local font = require "trialsh.figure.font"
local note = require "trialsh.note"
local place = require "trialsh.figure.place"
local legend = require "trialsh.figure.legend"
local scale = require "trialsh.figure.scale"
local swarm = require "trialsh.figure.swarm"

local long = os.getenv "TRIALSH_LONG"
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

local function output(command)
  local pipe = assert(io.popen(command))
  local text = pipe:read "a"
  pipe:close()
  return text
end

local function refuses(words, f, ...)
  local ok, err = pcall(f, ...)
  lu.assertFalse(ok, words)
  lu.assertStrContains(tostring(err), words)
end

local function decode(s)
  s = s:gsub("&lt;", "<"):gsub("&gt;", ">"):gsub("&quot;", '"')
    :gsub("&#(%d+);", function(n) return utf8.char(math.tointeger(n)) end)
  return (s:gsub("&amp;", "&"))
end

-- The texts of an SVG: { text, x, y, size, anchor, turned, bold }, mm.
local function texts_of(svg)
  local list = {}
  local low = tonumber(svg:match 'viewBox="0 ([%d.]+)')
  for x, y, rest, inner in svg:gmatch
      '<g transform="translate%(([%d.-]+),([%d.-]+)%)([^>]*)>%s*<text[^>]*>(.-)</text>' do
    list[#list + 1] = { text = decode(inner), x = x * 25.4 / 72,
      y = (y - low) * 25.4 / 72, size = tonumber(rest:match 'font%-size="([%d.]+)"'),
      anchor = rest:match 'text%-anchor="(%w+)"',
      turned = rest:find "rotate" ~= nil, bold = rest:find 'weight="bold"' ~= nil }
  end
  return list
end

-- Boxes that the ink of the texts cannot leave, { left, top, right, bottom }.
local function boxes_of(svg)
  local boxes = {}
  for _, t in ipairs(texts_of(svg)) do
    local width, em = font.width(t.text, t.size, t.bold), t.size * 25.4 / 72
    local before = t.anchor == "middle" and width / 2
      or t.anchor == "end" and width or 0
    local b = { t.x - before, t.y - 0.72 * em, t.x - before + width,
      t.y + 0.2 * em }
    if t.turned then
      b = { t.x - 0.72 * em, t.y - width + before, t.x + 0.2 * em, t.y + before }
    end
    b.text = t.text
    boxes[#boxes + 1] = b
  end
  return boxes
end

local function assert_clean(svg, width, height, what)
  local boxes = boxes_of(svg)
  lu.assertTrue(#boxes > 3)
  for i, a in ipairs(boxes) do
    lu.assertTrue(a[1] >= -0.01 and a[2] >= -0.01 and a[3] <= width + 0.01
      and a[4] <= height + 0.01, ("%s: '%s' leaves the page"):format(what, a.text))
    for j = 1, i - 1 do
      local b = boxes[j]
      lu.assertFalse(a[1] < b[3] and a[3] > b[1] and a[2] < b[4] and a[4] > b[2],
        ("%s: '%s' meets '%s'"):format(what, a.text, b.text))
    end
  end
end

-- Random data, the same each time.
local state = 1
local function uniform()
  state = (state * 1103515245 + 12345) % 2147483648
  return (state + 0.5) / 2147483648
end

local function pick(list) return list[1 + math.floor(uniform() * #list)] end

local function times(n, names, hazard, follow)
  local d = { AVAL = {}, CNSR = {}, TRT01P = {} }
  for i = 1, n do
    local k = (i - 1) % #names + 1
    local t = -math.log(uniform()) / (hazard or 0.02) / k
    local c = follow and uniform() * follow or 1e9
    d.AVAL[i] = math.floor(math.min(t, c) * 10 + 0.5) / 10
    d.CNSR[i] = t <= c and 0 or 1
    d.TRT01P[i] = names[k]
  end
  return d
end

local function values(n, names)
  local d = { AVAL = {}, TRT01P = {} }
  for i = 1, n do
    d.AVAL[i] = math.exp(5 + 2 * (uniform() + uniform() - 1))
    d.TRT01P[i] = names[(i - 1) % #names + 1]
  end
  return d
end

local small = { AVAL = { 5, 10, 20, 30, 60, 61 }, CNSR = { 0, 1, 0, 1, 0, 1 },
  TRT01P = { "A", "B", "A", "B", "A", "B" } }

TestFigure = {}

function TestFigure:setUp()
  if not have "gnuplot" then lu.skip "gnuplot is not installed" end
  -- ten digits, which are all of one width: the names of files are part of
  -- hostile texts, and where those are cut must not differ from run to run
  repeat
    folder = ("/tmp/%010d"):format(math.random(0, 9999999999))
  until os.execute("mkdir -m 700 " .. folder .. " 2>/dev/null")
end

function TestFigure:tearDown()
  if folder then os.execute("rm -rf '" .. folder .. "'") end
  folder = nil
end

-- Hostile text -----------------------------------------------------------------

local fragments = { "'", '"', "`", "''", "\\", "\n", "\r", "\t", "\0", "\27[2J",
  "$", "@foo", "%s%n", "#", ";", "{", "}", "^", "_", "<", ">", "&", "]]>",
  "\\U+0022", "\\042", "EOD", "e", "1", "0501", "!", "|", "]]", "</text>",
  "<script>alert(1)</script>", ' onload="alert(1)"', "&lt;", "&#65;",
  "{/Arial'><script>", "µ", "≥", "日本", "\u{301}", "\u{202E}", "\u{FFFE}",
  "\xff", "\xc3", "\xed\xa0\x80", "system('touch PWN')", "`touch PWN`",
  "!touch PWN", "'; system('touch PWN') #", '".system("touch PWN")."',
  "set output '|touch PWN'", "$(touch PWN)", "word ", " ", 'font-family="'
  .. 'Liberation Sans"', "Liberation Sans:Bold", "é", "\u{1F600}" }

local function hostile(most)
  local parts = {}
  for i = 1, 1 + math.floor(uniform() * most) do
    parts[i] = pick(fragments):gsub("PWN", folder .. "/PWN")
  end
  return table.concat(parts)
end

-- Space is where lines break, and a text that is only space shows nothing.
local function squeeze(s) return (s:gsub("[ \n]+", "")) end

function TestFigure:test_hostile_text_stays_text()
  state = 20180308
  local n = long and 2000 or 15
  for k = 1, n do
    local given = {}
    for i = 1, 7 do given[i] = hostile(i > 5 and 2 or 6) end
    -- two arms must differ, a name is cut where it is too long, and a zero
    -- byte ends the text of a frame
    for i = 6, 7 do
      given[i] = ("AB"):sub(i - 5, i - 5) .. given[i]:gsub("%z", ""):sub(1, 12)
    end
    local data = { AVAL = small.AVAL, CNSR = small.CNSR, TRT01P = {} }
    for i = 1, 6 do data.TRT01P[i] = given[6 + i % 2] end
    local options = { data, title = given[1], ylabel = given[2],
      xlabel = given[3], note = given[4], width = 183, height = 150 }
    local f
    if k % 2 == 0 then
      options.text = given[5]
      f = figure.survival(options)
    else
      options.stamp = given[5]:sub(1, 60)
      given[5] = options.stamp
      f = figure.points(options)
    end
    local path = ("%s/%d.svg"):format(folder, k % 50)
    f:save(path)
    local svg = read(path)
    lu.assertNil(svg:find "<script")
    lu.assertNil(svg:lower():find '<[^>]*[ \t\n]on%a+ *= *"')
    local all = {}
    for _, t in ipairs(texts_of(svg)) do all[#all + 1] = t.text end
    local shown = squeeze(table.concat(all))
    for i, s in ipairs(given) do
      lu.assertTrue(shown:find(squeeze(core.plain(s)), 1, true) ~= nil,
        ("figure %d, text %d: %q is not in %s:\n%s"):format(k, i, s, path, shown))
    end
    if k % (long and 40 or 8) == 0 then f:save(folder .. "/h.pdf") end
    if k % (long and 40 or 8) == 1 then f:save(folder .. "/h.png", { dpi = 72 }) end
  end
  if have "xmllint" then
    lu.assertTrue(os.execute("xmllint --noout " .. folder .. "/*.svg"))
  end
  lu.assertFalse(exists(folder .. "/PWN"))
end

function TestFigure:test_names_that_break_other_shells()
  for _, title in ipairs { "'tis", "a''b", "''", "\\U+0022", "]]>",
    ("^"):rep(1000000), ("x"):rep(5000), ("\n"):rep(50), "" } do
    figure.points { small, title = title, height = 150 }:save(folder .. "/t.svg")
    local f = figure.survival { small, title = title, height = 150 }
    f:save(folder .. "/t.pdf")
    lu.assertTrue(#f:text() > 200)
  end
end

function TestFigure:test_missing_glyphs_are_told()
  local said = {}
  local function listen(line) said[#said + 1] = line end
  note.listeners[#note.listeners + 1] = listen
  figure.points { small, title = "a\u{10F123}b" }:save(folder .. "/g.png", { dpi = 72 })
  table.remove(note.listeners)
  lu.assertStrContains(table.concat(said, "\n"), "(U+10F123)")
  lu.assertEquals(font.drawable "a\u{200B}b\u{FEFF}", "ab")
  lu.assertEquals(font.drawable "µ ≥ \u{2212}", "µ ≥ \u{2212}")
end

function TestFigure:test_the_preview_steers_no_terminal()
  local f = figure.points { small, title = "a\27[2Jb\u{202E}c\u{9B}d\7" }
  local shown = f:text { columns = 60, lines = 20 }
  lu.assertNil(shown:find "[\0-\9\11-\31\127]")
  lu.assertNil(shown:find("\u{202E}", 1, true))
  lu.assertNil(shown:find("\u{9B}", 1, true))
  for line in shown:gmatch "[^\n]+" do lu.assertTrue(#line <= 80, line) end
  lu.assertNil(tostring(f):find "[%c]")
end

-- Files ------------------------------------------------------------------------

function TestFigure:test_same_bytes_twice()
  local data = times(60, { "Placebo", "Active" }, 0.02, 100)
  for _, extension in ipairs { "pdf", "svg", "png", "eps", "tiff" } do
    local hash = {}
    for i = 1, 2 do
      local path = ("%s/%d.%s"):format(folder, i, extension)
      lu.assertEquals(figure.survival { data, title = "Twice" }
        :save(path, { dpi = 150 }), path)
      hash[i] = sha256(read(path))
      if extension == "pdf" and i == 1 then os.execute "sleep 1" end
    end
    lu.assertEquals(hash[1], hash[2])
  end
end

function TestFigure:test_exact_size_and_resolution()
  local f = figure.points { small, width = 89, height = 61.5 }
  f:save(folder .. "/a.svg")
  lu.assertStrContains(read(folder .. "/a.svg"), 'width="89mm" height="61.5mm"')
  f:save(folder .. "/a.pdf")
  lu.assertStrContains(read(folder .. "/a.pdf"), "/MediaBox [ 0 0 252.2835 174.3307 ]")
  f:save(folder .. "/a.png", { dpi = 600 })
  local png = read(folder .. "/a.png")
  local w, h = (">I4I4"):unpack(png, 17)
  lu.assertEquals({ w, h }, { 2102, 1453 })
  local at = png:find("pHYs", 1, true)
  local x, y, unit = (">I4I4B"):unpack(png, at + 4)
  lu.assertEquals({ x, y, unit }, { 23622, 23622, 1 })
  f:save(folder .. "/b.svg", { width = 183, height = 100 })
  lu.assertStrContains(read(folder .. "/b.svg"), 'width="183mm" height="100mm"')
  if have "pdfinfo" then
    lu.assertStrContains(output("pdfinfo " .. folder .. "/a.pdf"),
      "252.283 x 174.331 pts")
    local fonts = output("pdffonts " .. folder .. "/a.pdf")
    local rows = 0
    for line in fonts:gmatch "[^\n]+" do
      if line:find "TrueType" or line:find "Type 1" or line:find "CID" then
        rows = rows + 1
        lu.assertTrue(line:find "%+LiberationSans" ~= nil, line)
        lu.assertTrue(line:find "yes yes yes" ~= nil, line)
      end
    end
    lu.assertTrue(rows >= 1, fonts)
  end
end

function TestFigure:test_keep_rebuilds()
  local f = figure.survival { small, title = "Kept 'as' is" }
  f:save(folder .. "/k.png", { keep = true, dpi = 100 })
  lu.assertTrue(os.execute(("cd %s && gnuplot -d k.gp > again.png 2> err")
    :format(folder)))
  local saved, again = read(folder .. "/k.png"), read(folder .. "/again.png")
  -- what is added to gnuplot's picture: resolution, and what made it
  for _, chunk in ipairs { "pHYs", "iTXt" } do
    local at = saved:find(chunk, 1, true) - 4
    local length = (">I4"):unpack(saved, at) + 12
    saved = saved:sub(1, at - 1) .. saved:sub(at + length)
  end
  lu.assertTrue(saved == again)
  lu.assertEquals(read(folder .. "/err"), "")
  -- the script is there even when gnuplot is not
  if os.getenv "TRIALSH" then
    lu.assertNil(os.execute(([[cd %s && PATH=/nowhere '%s' -e 'figure.points
      { { AVAL = { 1, 2 } }, by = false }:save("n.pdf", { keep = true })' 2> err]])
      :format(folder, os.getenv "TRIALSH")))
    lu.assertStrContains(read(folder .. "/err"), "gnuplot is not installed")
    lu.assertTrue(exists(folder .. "/n.gp"))
    lu.assertFalse(exists(folder .. "/n.pdf"))
  end
end

function TestFigure:test_bad_files()
  local f = figure.points { small }
  refuses("a figure is saved as .pdf, .svg, .png, .eps or .tiff, not .xyz", f.save, f,
    folder .. "/a.xyz")
  refuses("a figure is saved as .pdf", f.save, f, folder .. "/a")
  refuses("takes the name of a file", f.save, f, nil)
  refuses("save has no option dip; nearest: dpi", f.save, f, "a.pdf", { dip = 3 })
  refuses("cannot be written", f.save, f, folder .. "/none/a.svg")
  refuses("dpi = 10 is out of its range", f.save, f, "a.png", { dpi = 10 })
  refuses("nearest: save", function() return f.saves end)
  lu.assertFalse(exists(folder .. "/a.xyz"))
end

function TestFigure:test_file_mode_follows_the_user()
  if not os.getenv "TRIALSH" then lu.skip "TRIALSH is not set" end
  for mask, mode in pairs { ["022"] = "rw-r--r--", ["027"] = "rw-r-----" } do
    os.execute(([[umask %s; '%s' -e 'local _ = figure.points { { AVAL = { 1, 2 } },
      by = false }:save("%s/m.svg")']]):format(mask, os.getenv "TRIALSH", folder))
    lu.assertStrContains(output("ls -l " .. folder .. "/m.svg"), mode)
  end
end

-- Layout -----------------------------------------------------------------------

function TestFigure:test_nothing_meets_or_leaves_the_page()
  state = 7
  local four = { "Placebo", "CYT107 10 µg/kg once a week",
    "CYT107 10 µg/kg twice a week", "Standard of care ≥ 2 antibiotics" }
  local cases = {
    { "one", { times(5, { "x" }), by = false } },
    { "two", { times(80, { "Placebo", "Active" }, 0.02, 90), p_value = true,
      median = true, title = ("A long title "):rep(9) } },
    { "three", { demo.adtte, risk_table = { "at risk", "events", "censored" } } },
    { "four", { times(2000, four, 0.01, 150), note = ("A note. "):rep(30) } },
    { "direct", { times(200, four, 0.02, 120), legend = "direct",
      stamp = "DRAFT", note = "short" } },
    { "above", { times(200, four, 0.02, 120), legend = "above",
      risk_table = false } },
    { "no room inside", { times(40, { "A", "B", "C", "D" }, 1), width = 45,
      height = 60 } },
    { "much text", { times(40, { "A", "B" }, 0.2), width = 60, p_value = true,
      text = { "One line of text", "another line of text", "and a third" } } },
    { "narrow", { times(40, { "A", "B" }, 0.02, 90), width = 40, height = 45 } },
    { "no events", { { AVAL = { 5, 9 }, CNSR = { 1, 1 } }, by = false } },
    { "wide", { times(40, { "A", "B" }, 0.0002), width = 183 } },
    { "long names", { times(40, { ("A"):rep(90), ("B"):rep(90) }, 0.02, 90) } },
  }
  for _, case in ipairs(cases) do
    local f = figure.survival(case[2])
    f:save(folder .. "/l.svg")
    assert_clean(read(folder .. "/l.svg"), f.width, f.height,
      "survival, " .. case[1])
    lu.assertTrue(#f:text { columns = 80, lines = 30 } > 200)
  end
  cases = {
    { "one", { values(3, { "A" }), by = false } },
    { "four", { values(16, four), yscale = "log", hline = { 50, 500 } } },
    { "many", { values(2000, { "A", "B" }), title = ("A title "):rep(20) } },
    { "long words", { values(20, { ("Anti"):rep(12), ("B"):rep(40), "C" }) } },
    { "narrow", { values(20, { "A", "B" }), width = 40, height = 40,
      stamp = "SIMULATED DATA", note = "A note that has to be broken" } },
    { "long axis", { values(20, { "A", "B" }), ylabel = ("label "):rep(20),
      xlabel = ("label "):rep(30) } },
  }
  for _, case in ipairs(cases) do
    local f = figure.points(case[2])
    f:save(folder .. "/l.svg")
    assert_clean(read(folder .. "/l.svg"), f.width, f.height,
      "points, " .. case[1])
    lu.assertTrue(#f:text { columns = 60, lines = 20 } > 200)
  end
  refuses("leave no room", function()
    figure.survival { demo.adtte, width = 30, height = 30 }:save(folder .. "/x.svg")
  end)
end

-- The numbers of those at risk stand under their ticks, and are those of km.
function TestFigure:test_table_of_those_at_risk()
  local f = figure.survival { demo.adtte, ticks = { 0, 28, 60 },
    risk_table = { "at risk", "events", "censored" } }
  f:save(folder .. "/r.svg")
  local texts = texts_of(read(folder .. "/r.svg"))
  local columns, rows = {}, {}
  for _, t in ipairs(texts) do
    if t.anchor == "middle" and not t.turned and t.text:find "^%d+$" then
      local key = ("%.2f"):format(t.x)
      columns[key] = columns[key] or {}
      table.insert(columns[key], t)
      rows[("%.2f"):format(t.y)] = true
    end
  end
  local list = {}
  for _, column in pairs(columns) do
    table.sort(column, function(a, b) return a.y < b.y end)
    local line = {}
    for i, t in ipairs(column) do line[i] = math.tointeger(tonumber(t.text)) end
    list[#list + 1] = line
  end
  table.sort(list, function(a, b) return a[1] < b[1] end)
  lu.assertEquals(#list, 3)
  local fit = km("Surv(AVAL, CNSR == 0) ~ TRT01P", demo.adtte)
  local at = fit:at { 0, 28, 60 }
  for i, line in ipairs(list) do
    lu.assertEquals(#line, 10) -- tick, then three arms of three rows
    for arm = 1, 3 do
      local risk, events, censored = line[3 * arm - 1], line[3 * arm],
        line[3 * arm + 1]
      lu.assertEquals(risk, at.n_risk[3 * (arm - 1) + i])
      lu.assertEquals(risk + events + censored, 8)
    end
  end
end

function TestFigure:test_curves_are_those_of_km()
  local fit = km("Surv(AVAL, CNSR == 0) ~ TRT01P", demo.adtte)
  local f = figure.survival { fit, band = true }
  f:save(folder .. "/c.svg", { keep = true })
  local script = read(folder .. "/c.gp")
  local tidy = fit:tidy()
  local n = 0
  for row in tidy:rows() do
    for _, name in ipairs { "estimate", "conf_low", "conf_high" } do
      local later = row.n_risk > row.n_event + row.n_censor
      if row.n_event > 0 and row[name] ~= NA and (name == "estimate" or later) then
        n = n + 1
        lu.assertStrContains(script, ("\n%.17g %.17g\n"):format(row.time, row[name]))
      end
    end
  end
  lu.assertTrue(n > 30)
  -- drawn as steps from 1
  lu.assertStrContains(script, "\n0 1\n18 1\n18 0.875\n")
end

function TestFigure:test_simulated_data_are_stamped()
  for _, f in ipairs { figure.survival { demo.adtte },
    figure.survival { km("Surv(AVAL, CNSR == 0) ~ TRT01P", demo.adtte) },
    figure.points { demo.adlb:where { PARAMCD = "ALC", AVISIT = "Day 29" } } } do
    f:save(folder .. "/s.svg")
    lu.assertStrContains(read(folder .. "/s.svg"), "SIMULATED DATA")
    lu.assertStrContains(f:text(), "SIMULATED DATA")
  end
  figure.survival { small }:save(folder .. "/s.svg")
  lu.assertNil(read(folder .. "/s.svg"):find "SIMULATED")
end

function TestFigure:test_box_is_of_type_2()
  -- by hand: 1 2 3 4 | 10: quartiles 2 and 4, 10 lies beyond 4 + 1.5 * 2
  figure.points { { AVAL = { 10, 3, 1, 4, 2 } }, by = false }
    :save(folder .. "/b.svg", { keep = true })
  local script = read(folder .. "/b.gp")
  lu.assertStrContains(script, "\n1 4 0 0\n1 2 0 -1\n") -- whiskers end at 4 and 1
  lu.assertStrContains(script, " 2\n1.28 2\n1.28 4\n")
end

-- Options ----------------------------------------------------------------------

function TestFigure:test_wrong_options()
  local survival, points = figure.survival, figure.points
  refuses("there is no figure.survivals; nearest: survival",
    function() return figure.survivals end)
  refuses("figure.survival has no option titel; nearest: title", survival,
    { small, titel = "x" })
  refuses("no column AVALL; nearest: AVAL", points, { small, y = "AVALL" })
  refuses("TRT01P is text", points, { small, y = "TRT01P", by = false })
  refuses("data stand in braces", points, small)
  refuses("no data", survival, {})
  refuses("not a number", survival, { 3 })
  refuses("risk_table has no 'at rsk'; nearest: at risk", survival,
    { small, risk_table = { "at rsk" } })
  refuses("xlim = { from, to }", survival, { small, xlim = { 9, 3 } })
  refuses("a log axis starts above 0", points,
    { small, yscale = "log", ylim = { 0, 10 } })
  refuses("1 value of AVAL is not above 0", points,
    { { AVAL = { 0, 1, 2 } }, by = false, yscale = "log" })
  refuses("no colour such as", survival, { small, palette = { "red", "blue" } })
  refuses("none of grey, okabe ito, tol", survival, { small, palette = "rainbow" })
  refuses("2 groups need 2 colours", survival, { small, palette = { "#000000" } })
  refuses("width", survival, { small, width = 3 })
  refuses("none of ticks is within", points, { small, ticks = { 99 } })
  refuses("no value of AVAL to show", points,
    { { AVAL = { NA, NA } }, by = false })
end

-- An endpoint's name brings its rows, arms, formula and title.
function TestFigure:test_endpoints()
  local s = require "trialsh.study".memory()
  study.open(s)
  local make = function(names, arrays)
    return require "trialsh.data".wrap(require "ts.frame".build(names, arrays))
  end
  local id, arm, time, censored, alc, code, visit = {}, {}, {}, {}, {}, {}, {}
  for i = 1, 12 do
    id[i], arm[i] = ("%02d"):format(i), i % 2 == 0 and "P" or "A"
    time[i], censored[i] = 10 + i * 3 % 17, i % 4 == 0 and 1 or 0
    alc[i], code[i], visit[i] = 400 + 31 * i, "ALC", "Day 29"
  end
  s.adsl = make({ "USUBJID", "TRT01P" }, { id, arm })
  s.adlb = make({ "USUBJID", "PARAMCD", "AVISIT", "AVAL" },
    { id, code, visit, alc })
  for i = 1, 12 do code[i] = "DEATH" end
  s.adtte = make({ "USUBJID", "PARAMCD", "AVAL", "CNSR" },
    { id, code, time, censored })
  trial "T" {
    arms = { { "P", "Placebo", reference = true }, { "A", "Active" } },
    compare = { "A vs P" },
    populations = { { "ITT", "all", "USUBJID is not null", treatment = "TRT01P" } },
    parameters = { { "ALC", "Lymphocytes", "adlb" }, { "DEATH", "Death", "adtte" } },
    visits = { { "Day 29", 29 } },
  }
  endpoint "OS" { title = "Overall survival", parameter = "DEATH",
    analysis = "logrank" }
  endpoint "LYM" { title = "Lymphocytes at day 29", parameter = "ALC",
    visit = "Day 29", variable = "AVAL", analysis = "ttest" }
  figure.survival { "OS" }:save(folder .. "/e.svg", { keep = true })
  local svg = read(folder .. "/e.svg")
  lu.assertStrContains(svg, "<text>Overall survival</text>")
  local fit = km("Surv(AVAL, CNSR == 0) ~ TRT01P", s.adtte:join(s.adsl, "USUBJID"))
  for row in fit:tidy():rows() do
    if row.n_event > 0 then
      lu.assertStrContains(read(folder .. "/e.gp"),
        ("\n%.17g %.17g\n"):format(row.time, row.estimate))
    end
  end
  figure.points { "LYM" }:save(folder .. "/e.svg")
  svg = read(folder .. "/e.svg")
  lu.assertStrContains(svg, "<text>Lymphocytes at day 29</text>")
  lu.assertStrContains(svg, "<text>n = 6</text>")
  refuses("is no time to an event", figure.survival, { "LYM" })
  refuses("nearest: LYM", figure.points, { "LYMM" })
end

-- Parts ------------------------------------------------------------------------

TestParts = {}

function TestParts:test_font_metrics()
  -- advance widths of Liberation Sans are Arial's: 1139 of 2048 for a digit
  lu.assertAlmostEquals(font.width("0000", 72), 4 * 1139 / 2048 * 25.4, 1e-9)
  lu.assertAlmostEquals(font.width("W", 72), 1933 / 2048 * 25.4, 1e-9)
  lu.assertAlmostEquals(font.width("W", 72, true), 1933 / 2048 * 25.4, 1e-9)
  lu.assertAlmostEquals(font.width("i", 72, true), 569 / 2048 * 25.4, 1e-9)
  lu.assertTrue(font.width("µ≥", 7) > 0)
  lu.assertTrue(font.width("日", 72) >= 25.3)
end

function TestParts:test_ticks()
  lu.assertEquals(scale.linear(0, 10, 6), { 0, 2, 4, 6, 8, 10 })
  lu.assertEquals(scale.linear(0, 0.3, 7), { 0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3 })
  lu.assertEquals(scale.linear(-7, 7, 6), { -5, 0, 5 })
  lu.assertEquals((scale.time(90, 7)), { 0, 30, 60, 90 })
  lu.assertEquals((scale.time(28, 7)), { 0, 7, 14, 21, 28 })
  lu.assertEquals((scale.time(365, 7)), { 0, 100, 200, 300 })
  local major, minor = scale.log(1, 100)
  lu.assertEquals(major, { 1, 3, 10, 30, 100 })
  lu.assertEquals(#minor, 14)
  lu.assertEquals((scale.log(0.001, 1000)), { 0.001, 0.01, 0.1, 1, 10, 100, 1000 })
  lu.assertEquals((scale.log(40, 60)), { 40, 45, 50, 55, 60 })
  lu.assertEquals(scale.labels { 0, 0.5, 1 }, { "0.0", "0.5", "1.0" })
  lu.assertEquals(scale.labels { -5, 0, 1000 }, { "\u{2212}5", "0", "1000" })
  for _ = 1, 300 do -- always some ticks, all inside, none twice
    local low = (uniform() - 0.5) * 10 ^ (8 * uniform() - 4)
    local high = low + 10 ^ (8 * uniform() - 4)
    local ticks = scale.linear(low, high, 7)
    lu.assertTrue(#ticks >= 2 and #ticks <= 7)
    for i, x in ipairs(ticks) do
      lu.assertTrue(x >= low - 1e-6 * (high - low) and x <= high + 1e-6 * (high - low))
      lu.assertTrue(i == 1 or x > ticks[i - 1])
    end
  end
end

function TestParts:test_swarm()
  state = 3
  local ys = {}
  for i = 1, 300 do ys[i] = 40 * (uniform() + uniform()) end
  local xs, fits = swarm.place(ys, 0.8, 9)
  lu.assertTrue(fits)
  for i = 1, #xs do
    lu.assertTrue(math.abs(xs[i]) <= 9)
    for j = 1, i - 1 do
      lu.assertTrue((xs[i] - xs[j]) ^ 2 + (ys[i] - ys[j]) ^ 2 > 0.8 ^ 2 * 0.999)
    end
  end
  lu.assertEquals(swarm.place(ys, 0.8, 9), xs)
  lu.assertEquals(swarm.place({ 1, 10, 20 }, 1, 9), { 0, 0, 0 })
  local pair = swarm.place({ 5, 5 }, 1, 9)
  lu.assertAlmostEquals(pair[1] + pair[2], 0, 1e-9)
  local same = {}
  for i = 1, 3000 do same[i] = 1 end
  same[3001] = 30 -- what stands alone is not moved by a crowd elsewhere
  xs, fits = swarm.place(same, 1, 9)
  lu.assertFalse(fits)
  for _, x in ipairs(xs) do lu.assertTrue(math.abs(x) <= 9 + 1e-9) end
  lu.assertEquals(xs[3001], 0)
  lu.assertEquals(swarm.place({}, 1, 9), {})
end

function TestParts:test_room()
  local area = { left = 0, right = 10, bottom = 0, top = 10 }
  local box = place.find(area, 4, 4, { { 6, 6, 10, 10 } }, {})
  lu.assertEquals({ box.left, box.bottom }, { 0, 0 })
  box = place.find(area, 4, 4, {}, { { 6, 6, 10, 10 } })
  lu.assertEquals({ box.left, box.bottom }, { 0, 0 })
  box = place.find(area, 4, 4, {}, { { 0, 0, 10, 10 } })
  lu.assertEquals({ box.left, box.bottom }, { 6, 6 })
  lu.assertNil(place.find(area, 4, 4, { { 3.5, 3.5, 6.5, 6.5 }, { 0, 0, 10, 3 },
    { 0, 7, 10, 10 } }, {}))
  lu.assertNil(place.find(area, 11, 1, {}, {}))
  local ys = legend.spread({ 5, 5.1, 5, 1 }, 2, 0, 10)
  table.sort(ys)
  for i = 2, #ys do lu.assertTrue(ys[i] - ys[i - 1] >= 2 - 1e-9) end
  lu.assertTrue(ys[1] >= 0 and ys[4] <= 10)
end

os.exit(lu.LuaUnit.run())
