-- figure.heatmap: markers as rows, subjects or arms as columns, each value a colour
-- of a scale that is white at 0 and reaches as far to either side.

local cframe = require "ts.frame"
local text = require "ts.text"
local fail = require "ts.error".fail
local NA = require "ts.na".NA
local data = require "trialsh.data"
local format = require "trialsh.format"
local mark = require "trialsh.mark"
local bars = require "trialsh.figure.heatmap_bars"
local blocks = require "trialsh.figure.blocks"
local brackets = require "trialsh.figure.brackets"
local chart = require "trialsh.figure.chart"
local heat_columns = require "trialsh.figure.heatmap_columns"
local legend = require "trialsh.figure.legend"
local names_module = require "trialsh.names"
local object = require "trialsh.figure.object"
local shades = require "trialsh.figure.shades"
local sheet = require "trialsh.figure.sheet"
local source = require "trialsh.figure.source"

local M = {}

local WHO = "figure.heatmap"
local GREY = "#C4C4C4"

-- How far the scale goes to either side: given, or a round number that has all.
local function limit_of(list, markers, opt)
  local most = 0
  for _, column in ipairs(list) do
    for _, marker in ipairs(markers) do
      local cell = column.subject.at[marker]
      if cell and cell.value then most = math.max(most, math.abs(cell.value)) end
    end
  end
  local beyond = opt.limit ~= nil and most > opt.limit
  if opt.limit then return opt.limit, beyond end
  if most == 0 then return 1, false end
  local power = 10 ^ math.floor(math.log(most, 10))
  for _, m in ipairs { 1, 1.5, 2, 3, 4, 5, 6, 8, 10 } do
    if most <= m * power * (1 + 1e-12) then
      return tonumber(("%.12g"):format(m * power)), false
    end
  end
end

-- Drawing ----------------------------------------------------------------------

local signs = { "=", "-", ".", "+", "#" }

local function draw_cells(panel, spec)
  local page = panel.page
  for y = math.floor(panel.bottom) + 1, math.ceil(panel.top) - 1 do
    local share = (panel.top - y) / (panel.top - panel.bottom)
    local marker = spec.markers[math.min(#spec.markers,
      math.floor(share * #spec.markers) + 1)]
    local cells = {}
    for x = 0, math.floor(panel.right - panel.left) - 1 do cells[x] = " " end
    for _, column in ipairs(spec.list) do
      local cell = column.subject.at[marker]
      local f = cell and cell.value and (cell.value / spec.limit + 1) / 2
      local sign = f and signs[math.max(1, math.min(5, math.floor(5 * f) + 1))] or "?"
      local left = math.floor(panel:at_x(column.x - 0.5) - panel.left)
      local right = math.floor(panel:at_x(column.x + 0.5) - panel.left) - 1
      for x = left, math.max(left, right) do cells[x] = sign end
    end
    page:text(table.concat(cells, "", 0), panel.left + 1, y, {})
  end
end

-- A star of three lines, as large as there is room.
local function draw_star(page, x, y, half, colour)
  for k = 0, 2 do
    local dx, dy = half * math.sin(k * math.pi / 3), half * math.cos(k * math.pi / 3)
    page:line(x - dx, y - dy, x + dx, y + dy, { width = 0.6, colour = colour })
  end
end

-- Labels of the markers only as close as they stand apart.
local function thin_labels(panel, spec)
  local page = panel.page
  local height = (panel.top - panel.bottom) / #spec.markers
  local every = math.ceil(page:line_height(page.style.tick_text) / height - 1e-9)
  for i = 1, #spec.markers do
    if (i - 1) % every > 0 then spec.yaxis.labels[i] = "" end
  end
end

local function draw_one(panel, spec, column, i, cell)
  local page, s = panel.page, panel.page.style
  local left, right = panel:at_x(column.x - 0.5), panel:at_x(column.x + 0.5)
  local low, high = panel:at_y(#spec.markers - i), panel:at_y(#spec.markers - i + 1)
  local edge = right - left > 1 and high - low > 1 and "#FFFFFF" or nil
  local fill = GREY
  if cell and cell.value then
    fill = shades.at(spec.ramp, (cell.value / spec.limit + 1) / 2)
  end
  page:box(left, low, right, high, { fill = fill, colour = edge, width = 0.25 })
  local ink, fits = shades.text_on(fill), false
  local star = spec.arms and heat_columns.starred(column.group, spec.markers[i])
  if cell and cell.value and spec.labels then
    local words = format.fixed(cell.value, 1):gsub("^%-", "\u{2212}")
    words = star and words .. "*" or words
    fits = page:text_width(words, s.tick_text) + 1 < right - left
      and page:line_height(s.tick_text) <= high - low
    if fits then
      page:text(words, (left + right) / 2, (low + high) / 2,
        { size = s.tick_text, align = "center", colour = ink })
    end
  end
  if star and not fits then
    draw_star(page, (left + right) / 2, (low + high) / 2,
      math.min(0.8, 0.4 * (high - low)), ink)
  end
  if cell and cell.below then
    local size = math.min(0.4 * (right - left), 0.4 * (high - low), 0.8)
    page:polygon({ left, low, left + 2 * size, low, left, low + 2 * size },
      { fill = ink })
  end
end

local function draw(panel, spec)
  local page = panel.page
  if page.cells then return draw_cells(panel, spec) end
  thin_labels(panel, spec)
  for _, column in ipairs(spec.list) do
    for i, marker in ipairs(spec.markers) do
      draw_one(panel, spec, column, i, column.subject.at[marker])
    end
  end
  for _, block in ipairs(spec.blocks) do
    page:box(panel:at_x(block.from - 0.5), panel.bottom, panel:at_x(block.to + 0.5),
      panel.top, { colour = "#7F7F7F", width = 0.4 })
    for i, marker in ipairs(not spec.arms and spec.markers or {}) do
      if heat_columns.starred(block.group, marker) then -- beside the rows of the arm
        local half = math.min(0.6, 0.4 * (panel.top - panel.bottom) / #spec.markers)
        draw_star(page, panel:at_x(block.to + 0.5) + 0.9,
          panel:at_y(#spec.markers - i + 0.5), half)
      end
    end
  end
end

-- The scale as keys, from its lowest to its highest value.
local function entries_of(spec, any_missing)
  local list = {}
  for k = 1, 5 do
    local f = (k - 1) / 4
    local colour = shades.at(spec.ramp, f)
    local words = text.number(spec.limit * (2 * f - 1)):gsub("^%-", "\u{2212}")
    list[k] = { name = words, place = k, key = "point", letter = signs[k], arm = {
      symbol = colour == "#FFFFFF" and 4 or 5, weight = 1.2,
      colour = colour == "#FFFFFF" and "#7F7F7F" or colour } }
  end
  if any_missing then
    list[6] = { name = "no value", place = 6, key = "point", letter = "?",
      arm = { symbol = 5, colour = GREY, weight = 1.2 } }
  end
  return list
end

local own_options = { y = { "string", "AVAL" }, marker = { "string", "PARAMCD" },
  by = { "any" }, columns = { { "subjects", "arms" }, "subjects" },
  scale = { { "z", "log2", "none" }, "z" }, log = { "boolean" },
  order = { "list" }, names = { "table" }, sort = { "string" },
  limit = { "number", nil, above = 0 }, labels = { "boolean" },
  cluster = { { "markers", "subjects", "both" } }, annotate = { "list" },
  subjects = { "any" }, stars = { { "wilcoxon", "ttest" } },
  adjust = { "string", "BH" },
  legend = { { "above", "none" }, "above" }, xlabel = { "string" } }

-- Options that contradict one another.
local function check(opt)
  local of_subjects = opt.cluster == "subjects" or opt.cluster == "both"
  local function refuse(condition, words)
    if condition then fail("invalid", WHO .. ": " .. words) end
  end
  refuse(opt.columns == "arms" and opt.annotate,
    "annotate says what subjects are, and columns are arms")
  refuse(opt.columns == "arms" and of_subjects, 'columns are arms; cluster = "markers"')
  refuse(of_subjects and opt.sort, "sort or cluster, not both")
  refuse(of_subjects and opt.stars, "stars stand beside arms, which clustering takes "
    .. 'apart; cluster = "markers"')
  refuse(opt.palette and opt.palette ~= "grey" and not opt.journal,
    'palette is "grey", or none')
  return of_subjects
end

local function markers_of(column, opt)
  if not column.levels then
    fail("type", ("%s: marker = %s is a column of numbers; names are text"):format(
      WHO, opt.marker))
  end
  local list, seen = source.distinct(column), {}
  for _, name in ipairs(list) do seen[name] = true end
  for _, name in ipairs(opt.order or {}) do
    if not seen[name] then
      fail("not found", ("%s: order: no marker %s%s"):format(WHO, tostring(name),
        names_module.hint(tostring(name), list)))
    end
  end
  if opt.order then list = table.move(opt.order, 1, #opt.order, 1, {}) end
  if #list == 0 then fail("degenerate", WHO .. ": no marker to show") end
  if opt.sort then
    local known = false
    for _, name in ipairs(list) do known = known or name == opt.sort end
    if not known then
      fail("not found", ("%s: sort: no marker %s%s"):format(WHO, opt.sort,
        names_module.hint(opt.sort, list)))
    end
  end
  return list
end

-- Bars of the columns that are asked for; the arms come by themselves where clustering
-- takes them apart.
local function bars_of(from, opt, by, list, of_subjects)
  local columns, known = {}, false
  for i, name in ipairs(opt.annotate or {}) do
    columns[i] = name
    known = known or name == by
  end
  if of_subjects and by and not known then table.insert(columns, 1, by) end
  local ids = {}
  for i, column in ipairs(list) do ids[i] = column.subject.id end
  local x = opt.subjects or from.data
  if not data.is(x) or not data.has(x, "USUBJID") then
    fail("invalid", WHO .. ": subjects is a table with a row per USUBJID, like adsl")
  end
  return bars.read(WHO, x, columns, ids, { names = opt.names, palette = opt.palette,
    arm_column = by, arms = from.data })
end

local function caption_of(opt, spec, beyond, below)
  local what = opt.scale == "log2" and "log2 of " .. opt.y
    or opt.scale == "none" and opt.y or ("z of %s%s over all subjects"):format(
      opt.log and "log " or "", opt.y)
  local parts = { ("Colours: %s%s"):format(opt.columns == "arms" and "mean by arm of "
    or "", what) }
  if spec.columns_tree then
    parts[2] = "columns: subjects (n = " .. #spec.list .. ")"
  elseif opt.columns == "subjects" then
    parts[2] = opt.sort and "columns: subjects, sorted by " .. opt.sort
      or "columns: subjects"
  end
  if spec.columns_tree or spec.rows_tree then
    parts[#parts + 1] = ("%s clustered by Euclidean distances of these values and Ward's "
      .. "method (Ward.D2)%s"):format(spec.columns_tree and spec.rows_tree
      and "subjects and markers" or spec.columns_tree and "subjects" or "markers",
      spec.any_missing and ", missing ones left out" or "")
  end
  if opt.stars then
    parts[#parts + 1] = ("*: %s < 0.05, %s against %s, adjusted over %d tests (%s)"):format(
      opt.adjust:upper():sub(1, 1) == "B" and #opt.adjust == 2 and "q" or "P",
      brackets.tests[opt.stars].name, spec.reference, spec.n_tests, opt.adjust)
  end
  if beyond then
    parts[#parts + 1] = ("values beyond \u{B1}%s have its colour"):format(
      text.number(spec.limit))
  end
  if below then
    parts[#parts + 1] = opt.columns == "arms"
      and "corner: more than half below the limit of quantification"
      or "corner: below the limit of quantification"
  end
  return table.concat(parts, "; ") .. "."
end

-- A row per cell, in the order of the figure.
local function shown(spec, opt, by)
  local names = { by or "group", "USUBJID", opt.marker, opt.y, "colour_value", "below" }
  if opt.columns == "arms" then names[2], names[4] = "column", "n" end
  if opt.stars then
    names[7], names[8] = "p_value", opt.adjust == "BH" and "q_value" or "p_adjusted"
  end
  local first, more = #names, {}
  for _, bar in ipairs(spec.bars) do
    if bar.column ~= by then more[#more + 1] = bar end
  end
  for k, bar in ipairs(more) do names[first + k] = bar.column end
  local arrays = {}
  for j in ipairs(names) do arrays[j] = {} end
  for _, column in ipairs(spec.list) do
    for _, marker in ipairs(spec.markers) do
      local cell, group = column.subject.at[marker] or { raw = NA, n = 0 }, column.group
      local i = #arrays[1] + 1
      local row = { group.name or "all", column.subject.id, marker,
        opt.columns == "arms" and cell.n or cell.raw, cell.value or NA,
        cell.below and "Y" or "N" }
      if opt.stars then
        row[7], row[8] = group.p and group.p[marker] or NA, group.q and group.q[marker] or NA
      end
      for k, bar in ipairs(more) do
        local value = bar.of[column.subject.id]
        row[first + k] = value == nil and NA or value
      end
      for j = 1, #names do arrays[j][i] = row[j] end
    end
  end
  return names, arrays
end

local function none_or_log(groups_y, opt)
  if opt.log ~= nil or opt.scale ~= "z" then return opt.log end
  for _, v in ipairs(groups_y) do
    if v ~= NA and v <= 0 then return false end
  end
  return true
end

-- What it takes between title and note: rows of 4.5 mm, and what stands above them.
local function height_on(page, spec)
  local s, lines = page.style, 0
  local width = 0.72 * page.width / spec.x[2] -- of a column, names of markers apart
  for _, block in ipairs(spec.blocks) do
    local words = block.name and ("%s (n = %d)"):format(block.name, block.n)
    lines = math.max(lines, words and #page:wrap(words,
      width * (block.to - block.from + 0.8), s.tick_text, true) or 0)
  end
  return 4.5 * math.max(4, #spec.markers) + bars.height(page, spec)
    + lines * page:line_height(s.tick_text) + 6
    + (spec.legend == "above" and legend.height_above(page, spec.entries,
      0.8 * page.width) or 0)
    + (spec.xlabel and 2 * page:line_height(s.label) or 0)
end

--- figure.heatmap { DATA, option = ... } -> figure
-- Markers as rows, subjects in the order of their arms as columns (or the arms), each
-- value as a colour: white is 0, blue below, red above, as far to either side. DATA
-- have a row per subject and marker: one visit.
--   y           "AVAL";  marker  "PARAMCD": the column that names the markers
--   scale       "z": of each marker over all subjects, of logarithms where all values
--               are above 0 (log = false, true); "log2": of ratios such as R2BASE;
--               "none": as they are, such as a change
--   columns     "subjects"; "arms": the mean of each
--   order       { "IL6", "IL8" }: from the top;  names  { IL6 = "Interleukin-6" }
--   sort        "IL6": subjects of an arm from the highest value on
--   limit       where the colours end; without it a round number that has all
--   labels      numbers in the cells: true for arms
--   cluster     "markers", "subjects", "both": in the order of a tree, which is drawn
--               (Euclidean distances of the values that are shown, Ward.D2); subjects
--               leave the blocks of their arms then
--   annotate    { "TRT01P", "DTHFL", "SITE" }: bars above of what the subjects are, from
--               these columns of subjects (adsl), else of DATA
--   stars       "wilcoxon", "ttest" of each arm against the first: a star where q is
--               below 0.05;  adjust  "BH": as padjust, over all markers and arms
--   by          "TRT01P" where there is one; false: one group
--   legend      "above", "none";  title, xlabel   text;  width 183, height (by its
--               rows), journal, note, stamp   as in all;  palette  "grey": from white
--               to black
-- Values below the limit of quantification (BLQFL = 'Y') have a corner, missing ones
-- are grey.
--
--   > figure.heatmap { demo.adlb:where { AVISIT = "Day 29" } }.caption
--   Colours: z of log AVAL over all subjects; columns: subjects.
--
-- See also: figure.points, figure.profile, figure:save. Ward 1963; Murtagh and Legendre
-- 2014. R: hclust(dist(x), "ward.D2"), p.adjust.
function M.heatmap(given)
  local first, opt = source.options(WHO, source.wide(given), own_options)
  local of_subjects = check(opt)
  if type(first) == "string" then
    fail("type", WHO .. ": takes data of several markers, not the name of an endpoint")
  end
  local from = source.take(WHO, first)
  local by = opt.by
  if by == nil then by = source.by(WHO, from.data) end
  local want = { "USUBJID", opt.marker, opt.y }
  if by then want[#want + 1] = by end
  local with_limit = data.has(from.data, "BLQFL")
  if with_limit then want[#want + 1] = "BLQFL" end
  local frame = data.frame(from.data, want, WHO)
  if frame:column(opt.y).type ~= "real" then
    fail("type", ("%s: %s is text; a column of numbers is needed"):format(WHO, opt.y))
  end
  local markers = markers_of(frame:column(opt.marker), opt)
  local columns = { id = cframe.values(frame:column "USUBJID"),
    marker = cframe.values(frame:column(opt.marker)),
    y = cframe.values(frame:column(opt.y)),
    below = with_limit and cframe.values(frame:column "BLQFL") or nil }
  opt.log = none_or_log(columns.y, opt)
  local groups = source.groups(frame, by)
  for _, group in ipairs(groups) do group.subjects = heat_columns.read(group, columns, opt) end
  if opt.scale == "z" then heat_columns.standardise(groups, markers) end
  local list, spans = heat_columns.of(groups, markers, opt)
  local spec = { who = WHO, what = "the colours", legend = opt.legend,
    labels = opt.labels, arms = opt.columns == "arms", y = { 0, #markers },
    captions = {}, xlabel = opt.xlabel,
    ramp = opt.palette == "grey" and "grey_scale" or "diverging" }
  if spec.labels == nil then spec.labels = spec.arms end
  if opt.stars then
    if #groups < 2 then fail("degenerate", WHO .. ": stars compare arms; there is one") end
    spec.n_tests = heat_columns.test(groups, markers, opt)
    spec.reference = groups[1].name
  end
  if of_subjects and #list > 1 then
    list, spans, spec.columns_tree, spec.column_at =
      heat_columns.cluster_subjects(list, markers)
  end
  if (opt.cluster == "markers" or opt.cluster == "both") and #markers > 1 then
    markers, spec.rows_tree, spec.row_at = heat_columns.cluster_markers(list, markers)
  end
  spec.list, spec.blocks, spec.markers = list, spans, markers
  spec.x = { 0.5, spans[#spans].to + 0.5 }
  spec.bars = bars_of(from, opt, by, list, of_subjects)
  local beyond, any_missing, below, any = nil, false, false, false
  spec.limit, beyond = limit_of(list, markers, opt)
  for _, column in ipairs(list) do
    for _, marker in ipairs(markers) do
      local cell = column.subject.at[marker]
      any = any or cell and cell.value ~= nil
      any_missing = any_missing or not (cell and cell.value)
      below = below or cell and cell.below
    end
  end
  if not any then fail("degenerate", WHO .. ": no value to show") end
  spec.any_missing = any_missing
  spec.entries = entries_of(spec, any_missing)
  local more = bars.entries(spec.bars)
  table.move(more, 1, #more, #spec.entries + 1, spec.entries)
  blocks.add(spec, function(page) return bars.height(page, spec) end,
    function(panel) bars.draw(panel, spec) end)
  spec.with_stars = opt.stars and not spec.arms
  spec.beside = function(page) return bars.width(page, spec) end
  spec.marks = function(panel) draw(panel, spec) end
  return object.new(opt, from, { what = "heat map", entries = spec.entries,
    fit = function(width, look)
      return math.max(45, sheet.height(width, look, { title = opt.title, note = opt.note,
        stamp = mark.with(from.stamp, opt.stamp) }, function(page)
        return height_on(page, spec)
      end))
    end,
    caption = caption_of(opt, spec, beyond, below),
    shown = function() return shown(spec, opt, by) end,
    draw = function(page, bottom, top)
      local axis = { ticks = {}, labels = {} }
      for i, marker in ipairs(markers) do
        axis.ticks[i] = #markers - i + 0.5 -- labels behind those of ticks make room
        axis.labels[i] = page:fit(opt.names and opt.names[marker] or marker,
          0.3 * page.width, page.style.tick_text)
      end
      for i, bar in ipairs(spec.bars) do
        axis.labels[#markers + i] = page:fit(bar.title, 0.3 * page.width,
          page.style.tick_text)
      end
      spec.yaxis = axis
      chart.draw(page, spec, bottom, top)
    end })
end

return M
