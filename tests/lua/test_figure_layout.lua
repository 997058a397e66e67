-- Nothing overlaps, nothing leaves the page, no text is below 6 points: boxes of
-- text from the font's metrics, for every kind of figure, with short and very
-- long labels, 2 to 6 arms, n from 3 to 3,000, alone and as a panel.
-- A new kind of figure is one line in kinds.
local lu = require "luaunit"
local check = require "tests.lua.boxes"

local state = 1
local function uniform()
  state = (state * 1103515245 + 12345) % 2147483648
  return (state + 0.5) / 2147483648
end

-- What differs between the cases: words is short or long text.
local words = {
  short = { title = "ALC", axis = "Count (/uL)", arm = "Arm",
    note = "ITT.", caption = "Day" },
  long = { title = ("Change of the absolute lymphocyte count "):rep(4),
    axis = "Absolute lymphocyte count of peripheral blood in cells per microlitre "
      .. "as measured by the central laboratory (cells/uL)",
    arm = "Recombinant human interleukin-7 10 micrograms per kilogram, regimen",
    note = ("A note that explains what was left out, and why. "):rep(4),
    caption = "Day of the study since randomisation, end-of-treatment visit" },
}

words.hostile = { title = "'; system('touch PWN') #`touch PWN`\n]]>",
  axis = '"$(touch PWN)"<script>alert(1)</script>{/Arial x}^_@%s%n',
  arm = "'a''b\\U+0022\n!touch PWN", note = "\27[2J\"\\042 EOD",
  caption = "set output '|touch PWN'" }

local function arms_of(case)
  local names = {}
  for k = 1, case.arms do names[k] = words[case.words].arm .. " " .. k end
  return names
end

-- n subjects in turn over the arms.
local function subjects(case)
  local d = { USUBJID = {}, TRT01P = {} }
  local arms = arms_of(case)
  for i = 1, case.n do
    d.USUBJID[i] = ("S%05d"):format(i)
    d.TRT01P[i] = arms[(i - 1) % #arms + 1]
  end
  return d
end

local function times(case)
  local d = subjects(case)
  d.AVAL, d.CNSR = {}, {}
  for i = 1, case.n do
    local t, c = -60 * math.log(uniform()), 120 * uniform()
    d.AVAL[i] = math.floor(math.min(t, c)) + 1
    d.CNSR[i] = t <= c and (i % 3 == 0 and 2 or 0) or 1
  end
  return d
end

local function values(case)
  local d = subjects(case)
  d.AVAL = {}
  for i = 1, case.n do d.AVAL[i] = math.exp(5 + 2 * (uniform() + uniform() - 1)) end
  return d
end

-- Some visits of each subject, some values below a limit, some deaths.
local function visits(case)
  local d = { USUBJID = {}, TRT01P = {}, AVISITN = {}, AVAL = {}, BASE = {},
    BLQFL = {}, LLOQ = {}, DTHDY = {}, DISDY = {} }
  local s = subjects(case)
  for i, id in ipairs(s.USUBJID) do
    local base, dies = math.exp(2 + 2 * uniform()), uniform() < 0.2 and 20 or NA
    for _, day in ipairs { 1, 4, 8, 11, 15, 22, 29, 42 } do
      if day == 1 or uniform() < 0.9 and (dies == NA or day < dies) then
        local y = day == 1 and base or base * math.exp(2 * uniform() - 1.2)
        local k = #d.AVAL + 1
        d.USUBJID[k], d.TRT01P[k], d.AVISITN[k] = id, s.TRT01P[i], day
        d.AVAL[k], d.BLQFL[k] = math.max(y, 5), y < 5 and "Y" or "N"
        d.LLOQ[k], d.BASE[k], d.DTHDY[k] = y < 5 and 5 or NA, base, dies
        d.DISDY[k] = i % 3 == 0 and 15 or NA
      end
    end
  end
  return d
end

-- Data as a frame with its mark, where the case has one.
local function marked(case, data)
  if not case.mark then return data end
  local names, arrays = {}, {}
  for name in pairs(data) do names[#names + 1] = name end
  table.sort(names)
  for j, name in ipairs(names) do arrays[j] = data[name] end
  return require "trialsh.data".wrap(require "ts.frame".build(names, arrays),
    case.mark)
end

local function with(case, data, more)
  local w = words[case.words]
  local t = { marked(case, data), title = w.title, ylabel = w.axis, note = w.note,
    journal = case.journal, width = case.width, height = case.height }
  for key, value in pairs(more or {}) do t[key] = value or nil end
  return t
end

-- A row per arm with an interval, some far beyond the others.
local function estimates(case)
  local d = { endpoint = {}, title = {}, role = {}, compare = {}, estimate = {},
    conf_low = {}, conf_high = {}, p_value = {}, n = {}, variation = {}, kind = {},
    estimate_name = {} }
  local arms = arms_of(case)
  for i, arm in ipairs(arms) do
    for k = 0, 2 do
      local j, x = #d.n + 1, math.exp(2 * uniform() - 1)
      local f = math.exp((j % 5 == 0 and 9 or 1) * uniform())
      d.endpoint[j], d.title[j] = "E" .. i, arm
      d.role[j] = i == 1 and "primary" or "secondary"
      d.variation[j] = k == 0 and "main" or "SEX: " .. ("FM"):sub(k, k)
      d.kind[j] = k == 0 and "main" or "subgroup"
      d.compare[j] = arms[#arms] .. " vs " .. arms[1]
      d.estimate_name[j] = i == 2 and "risk difference" or "hazard ratio"
      d.estimate[j], d.conf_low[j], d.conf_high[j] = x, x / f, x * f
      d.p_value[j], d.n[j] = uniform(), case.n
    end
  end
  return d
end

-- Adverse events of some, and the subjects they are of.
local function events(case)
  local s = subjects(case)
  local d = { USUBJID = {}, AEBODSYS = {}, AEDECOD = {} }
  for i, id in ipairs(s.USUBJID) do
    for k = 1, i < 3 and 8 or math.floor(6 * uniform()) do
      local class = i < 3 and k % 3 or math.floor(3 * uniform())
      d.USUBJID[#d.USUBJID + 1] = id
      d.AEBODSYS[#d.USUBJID] = ("%s %d"):format(words[case.words].caption, class)
      d.AEDECOD[#d.USUBJID] = ("%s %d"):format(words[case.words].arm,
        class + 3 * (k % 2))
    end
  end
  return d, s
end

-- Where a point each would take too long: the same figure of fewer.
local function fewer(case, most)
  if case.n <= most then return case end
  return setmetatable({ n = most }, { __index = case })
end

local kinds = {
  { "missing", function(case)
    case = fewer(case, 600)
    return figure.missing(with(case, visits(case), { subjects = subjects(case),
      by = "TRT01P", ylabel = case.words == "short" and "Subjects" or false,
      width = case.width or 183 })) end },
  { "patterns of missing values", function(case)
    case = fewer(case, 600)
    return figure.missing(with(case, visits(case), { subjects = subjects(case),
      by = "TRT01P", patterns = true, ylabel = false, height = false,
      width = case.width or 183 })) end },
  { "heatmap", function(case)
    case = fewer(case, 60)
    local s, d = subjects(case), { USUBJID = {}, TRT01P = {}, PARAMCD = {}, AVAL = {} }
    for i, id in ipairs(s.USUBJID) do
      for k = 1, 9 do
        local j = #d.USUBJID + 1
        d.USUBJID[j], d.TRT01P[j], d.AVAL[j] = id, s.TRT01P[i], 1 + uniform()
        d.PARAMCD[j] = words[case.words].arm .. k
      end
    end
    return figure.heatmap(with(case, d, { ylabel = false, height = false,
      columns = case.arms == 3 and "arms" or nil, width = case.width or 183,
      stars = case.n > 3 and "ttest" or nil })) end },
  { "heatmap with bars and trees", function(case)
    case = fewer(case, 60)
    local s, d = subjects(case), { USUBJID = {}, TRT01P = {}, PARAMCD = {}, AVAL = {} }
    s.SITE, s.DTHFL, s.AGE = {}, {}, {}
    for i, id in ipairs(s.USUBJID) do
      s.SITE[i], s.DTHFL[i] = words[case.words].caption .. i % 4, i % 3 == 0 and "Y" or "N"
      s.AGE[i] = i % 7 == 3 and NA or 40 + i
      for k = 1, 9 do
        local j = #d.USUBJID + 1
        d.USUBJID[j], d.TRT01P[j], d.AVAL[j] = id, s.TRT01P[i], 1 + uniform()
        d.PARAMCD[j] = words[case.words].arm .. k
      end
    end
    return figure.heatmap(with(case, d, { ylabel = false, height = 150,
      cluster = case.arms == 3 and "markers" or "both", subjects = s,
      stars = case.arms == 3 and case.n > 6 and "wilcoxon" or nil, width = case.width or 183,
      palette = case.n == 3000 and "grey" or nil,
      annotate = { "TRT01P", "SITE", "DTHFL", "AGE" } })) end },
  { "states", function(case)
    case = fewer(case, 300)
    return figure.states(with(case, visits(case), { breaks = { 10, 20, 40 },
      dead = words[case.words].caption, discharged = words[case.words].axis .. ".",
      palette = case.arms == 2 and "grey" or nil, ylabel = false,
      width = case.width or 183 })) end },
  { "ae", function(case)
    local d, s = events(case)
    return figure.ae(with(case, d, { subjects = marked(case, s), by = "TRT01P",
      ylabel = false, width = case.width or 183, height = false })) end },
  { "ae as a butterfly", function(case)
    local d, s = events(case)
    d.AESER = {}
    for i in ipairs(d.USUBJID) do d.AESER[i] = i % 4 == 0 and "Y" or "N" end
    return figure.ae(with(case, d, { subjects = marked(case, s), by = "TRT01P",
      layout = case.n == 30 and "dots" or "butterfly", serious = true, cutoff = 5,
      ylabel = false, width = case.width or 183, height = false,
      palette = case.arms == 2 and "grey" or nil })) end },
  { "survival", function(case) return figure.survival(with(case, times(case),
    { p_value = true, xlabel = words[case.words].axis })) end },
  { "survival, table", function(case) return figure.survival(with(case,
    times(case), { risk_table = { "at risk", "events", "censored" },
      legend = "direct" })) end },
  { "survival in facets", function(case)
    local d = times(case)
    d.SEX = {}
    for i = 1, case.n do
      d.SEX[i] = words[case.words].arm .. (i // case.arms % 2 == 0 and " F" or " M")
    end
    return figure.survival(with(case, d, { facet = "SEX", p_value = true, median = true,
      least_at_risk = 0.2, beyond = "pale", risk_table = { "at risk", "censored" },
      width = case.width or 183, ylabel = words[case.words].axis })) end },
  { "cuminc", function(case) return figure.cuminc(with(case, times(case),
    { risk_table = { "at risk", "competing" } })) end },
  { "cuminc by cause", function(case) return figure.cuminc(with(case, times(case),
    { competing_as = "dashes", event_label = words[case.words].caption,
      competing_label = words[case.words].arm, legend = "above" })) end },
  { "cuminc, stacked", function(case) return figure.cuminc(with(case, times(case),
    { competing_as = "stacked", event_label = words[case.words].caption,
      competing_label = words[case.words].arm, width = case.width or 183,
      risk_table = { "at risk", "competing" } })) end },
  { "points", function(case) return figure.points(with(case, values(case),
    { yscale = "log", xlabel = words[case.words].axis })) end },
  { "points in facets", function(case)
    case = fewer(case, 600)
    local d = visits(case)
    d.AVISIT, d.USUBJID = {}, nil -- days share a facet, in which a subject has one value
    for i, day in ipairs(d.AVISITN) do
      d.AVISIT[i] = (day < 10 and "Day " .. day or words[case.words].caption) .. " "
        .. (day < 15 and "" or "15")
    end
    return figure.points(with(case, d, { facet = "AVISIT", limit = true,
      yscale = "log", brackets = case.n > 100 and "ttest" or "wilcoxon",
      labels = "p" })) end },
  { "points with brackets", function(case)
    local arms = arms_of(case)
    for k = #arms, case.n + 1, -1 do arms[k] = nil end
    return figure.points(with(case, values(case), { brackets = "ttest",
      compare = { arms[2] .. " vs " .. arms[1], arms[#arms] .. " vs " .. arms[1],
        arms[#arms] .. " vs " .. arms[2 % #arms + 1] } })) end },
  { "pairs", function(case)
    case = fewer(case, 300)
    local d = values(case)
    d.BASE = values(case).AVAL
    d.BASE[1] = d.AVAL[1]
    return figure.pairs(with(case, d, { change = "ratio", yscale = "log", better = "higher",
      width = case.arms * 40, height = 120 })) end },
  { "scatter", function(case)
    local d = values(case)
    d.BASE = values(case).AVAL
    return figure.scatter(with(case, d, { x = "BASE", xscale = "log",
      xlabel = words[case.words].axis })) end },
  { "scatter with limits", function(case)
    local d = values(case)
    d.BASE, d.BLQFL = values(case).AVAL, {}
    for i = 1, case.n do d.BLQFL[i] = i % 4 == 0 and "Y" or "N" end
    return figure.scatter(with(case, d, { x = "BASE", identity = true, rug = case.n < 100,
      limit = { AVAL = { below = "BLQFL" }, BASE = { above = "BLQFL" } } })) end },
  { "profile", function(case) return figure.profile(with(case, visits(case),
    { limit = true, centre = "median", yscale = "log", deaths = true })) end },
  { "profile of change", function(case)
    local arms = arms_of(case)
    return figure.profile(with(case, visits(case), { change = "ratio",
      limit = true, lines = case.n < 100, dosing = { [arms[1]] = { 1, 8 },
        [arms[2]] = { 1, 4, 8, 11 } } })) end },
  { "profile around 0", function(case)
    local d = visits(case)
    for i, y in ipairs(d.AVAL) do d.AVAL[i], d.BLQFL[i] = (y - 20) ^ 3 / 100, "N" end
    return figure.profile(with(case, d, { yscale = "asinh", centre = "median",
      lines = case.n < 100, range = { -10, 100 } })) end },
  { "forest", function(case) return figure.forest(with(case, estimates(case),
    { by = "role", ylabel = false, favours = { words[case.words].arm, "B" } })) end },
  { "waterfall", function(case)
    local d = values(case)
    d.CHG, d.AVAL, d.DTHFL = {}, nil, {}
    local all = subjects(case)
    all.DTHFL = {}
    for i = 1, case.n do
      d.CHG[i], all.DTHFL[i] = i % 7 == 6 and NA or 100 * uniform() - 40,
        i % 2 == 0 and "Y" or "N"
    end
    d.DTHFL = all.DTHFL
    all.RESP = {}
    for i = 1, case.n do all.RESP[i] = i % 5 == 0 and NA or words[case.words].caption .. i % 4 end
    return figure.waterfall(with(case, d, { subjects = all, hline = 50,
      symbol = case.n < 100 and case.arms < 6 and "RESP" or nil,
      xlabel = words[case.words].axis })) end },
  { "flow", function(case)
    local d, all = subjects(case), { USUBJID = {}, WHY = {} }
    d.TRTSDT, d.EOSSTT, d.DCSREAS = {}, {}, {}
    for i = 1, 2 * case.n do
      all.USUBJID[i] = ("S%05d"):format(i)
      all.WHY[i] = i % 3 == 0 and words[case.words].caption or "AGE"
    end
    for i = 1, case.n do
      d.TRTSDT[i] = i % 5 == 4 and NA or "2020-01-01"
      d.EOSSTT[i] = i % 2 == 0 and "COMPLETED" or "DISCONTINUED"
      d.DCSREAS[i] = i % 2 == 0 and NA or i % 3 == 0 and words[case.words].caption
        or "Death"
    end
    return figure.flow(with(case, d, { ylabel = false, screened = all,
      why = { treatment = "DCSREAS" },
      reasons = "WHY", width = 183, height = false })) end },
  { "graph", function(case)
    local all = { "graph" }
    for i = 1, case.arms do
      local id = words[case.words].title:gsub("%W", ""):sub(1, 30) .. i
      endpoint(id) { analysis = "wilcoxon" }
      all[i + 1] = { id, weight = 1 / case.arms }
    end
    for i = 1, case.arms do
      local to = {}
      for j = 1, case.arms do
        to[all[j + 1][1]] = i ~= j and 1 / (case.arms - 1) or nil
      end
      all[i + 1].to = to
    end
    multiplicity "layout"(all)
    local w = words[case.words]
    return figure.graph { "layout", title = w.title, note = w.note, width = 183,
      height = case.arms == 6 and 160 or 120, journal = case.journal,
      stamp = case.mark and require "trialsh.mark".with(case.mark) } end },
  { "swimmer", function(case)
    case = fewer(case, 150)
    local d, w = subjects(case), words[case.words]
    local parts = { USUBJID = {}, SUPPORT = {}, STDT = {}, ENDT = {} }
    d.LSTDT, d.DTHDT, d.DISDT = {}, {}, {}
    for i, id in ipairs(d.USUBJID) do
      d.LSTDT[i] = math.floor(90 * uniform()) + 1
      d.DTHDT[i] = i % 4 == 0 and d.LSTDT[i] or NA
      d.DISDT[i] = i % 3 == 0 and d.LSTDT[i] // 2 + 1 or NA
      for k = 1, 2 do
        local j = #parts.USUBJID + 1
        parts.USUBJID[j], parts.SUPPORT[j] = id, w.caption .. k
        parts.STDT[j], parts.ENDT[j] = k, k == 1 and d.LSTDT[i] or NA
      end
    end
    return figure.swimmer(with(case, d, { segments = parts,
      events = { { w.axis, "DISDT" }, { w.caption, parts, "STDT" } }, xlabel = w.axis,
      discharge = case.arms == 3 and "DISDT" or nil,
      ylabel = w.arm })) end },
  { "panels", function(case)
    case = fewer(case, 600)
    local a = figure.survival { marked(case, times(case)), title = words[case.words].title }
    local b = figure.points { marked(case, values(case)), ylabel = words[case.words].axis }
    return figure.panels { a, b, a, b, legend = "shared", xlabel = "Day",
      journal = case.journal, height = case.height, note = words[case.words].note }
  end },
}

-- Each journal's sizes of text somewhere.
local journals = {
  short = { [2] = "Critical Care", [3] = "JCI Insight", [6] = "Lancet" },
  long = { [2] = "Critical Care", [3] = "Nature", [6] = "NEJM" },
}

local cases = {}
for _, w in ipairs { "short", "long" } do
  for _, arms in ipairs { 2, 3, 6 } do
    for _, n in ipairs { 3, 30, 3000 } do
      cases[#cases + 1] = { words = w, arms = arms, n = n,
        height = w == "long" and 190 or nil, width = w == "long" and 120 or nil,
        journal = n == 30 and journals[w][arms] or nil }
      if n == 3000 and (arms == 3 or arms == 2 and w == "long") then
        cases[#cases] = nil -- of many, some are enough
      end
    end
  end
end

-- In one column, as tall as they are by themselves.
for _, arms in ipairs(os.getenv "TRIALSH_LONG" and { 2, 3, 6 } or { 6 }) do
  for _, n in ipairs(os.getenv "TRIALSH_LONG" and { 3, 30 } or { 30 }) do
    cases[#cases + 1] = { words = "long", arms = arms, n = n, width = 89 }
  end
end

TestLayout = {}

for _, kind in ipairs(kinds) do
  TestLayout["test_" .. kind[1]:gsub("%W+", "_")] = function()
    state = 7
    local from = os.clock()
    for _, case in ipairs(cases) do
      local what = ("%s, %s words, %d arms, n = %d"):format(kind[1], case.words,
        case.arms, case.n)
      local made = kind[2](case)
      check(made, what)
      if case.n == 30 and case.arms == 3 then -- the preview holds too
        lu.assertTrue(#made:text { columns = 100, lines = 30 } > 100, what)
      end
    end
    if os.getenv "TRIALSH_TIMES" then print(kind[1], os.clock() - from) end
  end
end

-- A height is taken as it is given; without one labels make a figure taller, and once
-- it is saved it says so.
function TestLayout.test_as_tall_as_labels_need()
  local case = { words = "long", arms = 6, n = 30 }
  local function curves(height)
    return figure.survival { times(case), width = 89, height = height }
  end
  local function two(height)
    return figure.panels { curves(), curves(), width = 89, height = height }
  end
  lu.assertEquals(two().height, 65)
  local made = two()
  local page = check(made, "panels of six arms")
  lu.assertTrue(page.height > 90 and page.height < 130, page.height)
  lu.assertEquals(made.height, page.height)
  lu.assertFalse(pcall(check, two(65), "of a height that was given"))
  case = { words = "short", arms = 2, n = 30 }
  lu.assertEquals(check(two(), "two arms").height, 65)
end

-- Names that differ at their ends are not cut there.
function TestLayout.test_names_that_are_cut_stay_apart()
  local page = require "trialsh.figure.canvas".paper(89, 60,
    require "trialsh.figure.journal".look())
  local names = { "Interleukin-7 of the first regimen, low",
    "Interleukin-7 of the first regimen, high", "Placebo" }
  local cut = page:fit_names(names, { 30, 30, 30 }, 7)
  lu.assertEquals(cut[3], "Placebo")
  lu.assertNotEquals(cut[1], cut[2])
  for i, tail in ipairs { "low", "high" } do
    lu.assertStrMatches(cut[i], "Inter.*\u{2026}.*" .. tail)
    lu.assertTrue(page:text_width(cut[i], 7) <= 30)
  end
  cut = page:fit_names({ "Low dose of interleukin-7", "High dose of interleukin-7" },
    { 20, 20 }, 7)
  lu.assertStrMatches(cut[1], "Low dose.*\u{2026}")
end

-- In the widths and sizes of text of each journal, and in grey.
function TestLayout.test_journals()
  for _, kind in ipairs(kinds) do
    for _, name in ipairs { "JCI Insight", "Nature", "Lancet", "NEJM", "Critical Care" } do
      state = 7
      local made = kind[2] { words = "short", arms = 3, n = 12, journal = name }
      check(made, ("%s of %s"):format(kind[1], name))
    end
  end
end

-- Simulated data and dummy arms are marked on each kind, on paper and in the
-- preview; no option takes it away.
function TestLayout.test_marks()
  local mark = require "trialsh.mark"
  for _, kind in ipairs(kinds) do
    state = 7
    local made = kind[2] { words = "short", arms = 2, n = 12,
      mark = mark.of(true, true) }
    local found = false
    for _, box in ipairs(check(made, kind[1]).boxes) do
      found = found or box.text == "SIMULATED DATA, DUMMY TREATMENT"
    end
    lu.assertTrue(found, kind[1])
    lu.assertStrContains(made:text(), "SIMULATED DATA, DUMMY TREATMENT")
    lu.assertStrContains(made:describe(), "SIMULATED DATA, DUMMY TREATMENT.")
  end
end

-- No text becomes a command or markup, in any kind.
function TestLayout.test_hostile_text()
  local folder = os.tmpname()
  os.remove(folder)
  assert(os.execute("mkdir -m 700 " .. folder))
  for _, kind in ipairs(kinds) do
    state = 7
    local made = kind[2] { words = "hostile", arms = 2, n = 12, width = 183,
      height = 180 }
    made:save(folder .. "/a.svg", { beside = false })
    local file = assert(io.open(folder .. "/a.svg"))
    local svg = file:read "a"
    file:close()
    lu.assertNil(svg:find "<script")
    lu.assertNil(svg:find "\27")
    made:save(folder .. "/a.eps", { beside = false })
  end
  os.execute("rm -rf " .. folder)
end

-- Each kind gives its numbers, and the same bytes twice.
function TestLayout.test_data_and_bytes()
  local folder = os.tmpname()
  os.remove(folder)
  assert(os.execute("mkdir -m 700 " .. folder))
  for _, kind in ipairs(kinds) do
    local bytes = {}
    for i = 1, 2 do
      state = 7
      local made = kind[2] { words = "short", arms = 2, n = 12 }
      for _, part in ipairs(made.parts or { { figure = made } }) do
        local names, arrays = part.figure.shown()
        lu.assertEquals(#names, #arrays, kind[1])
        lu.assertTrue(#arrays[1] > 0, kind[1])
      end
      made:save(folder .. "/a.pdf", { beside = false })
      local file = assert(io.open(folder .. "/a.pdf", "rb"))
      bytes[i] = file:read "a"
      file:close()
    end
    lu.assertTrue(bytes[1] == bytes[2], kind[1])
  end
  os.execute("rm -rf " .. folder)
end

os.exit(lu.LuaUnit.run())
