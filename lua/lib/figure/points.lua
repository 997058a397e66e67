-- figure.points: every value as a point, by group, over a box of its quartiles;
-- by visit or another column side by side, with brackets of what was compared.

local cframe = require "ts.frame"
local text = require "ts.text"
local fail = require "ts.error".fail
local NA = require "ts.na".NA
local data = require "trialsh.data"
local note = require "trialsh.note"
local analysed = require "trialsh.figure.analysed"
local box = require "trialsh.figure.box"
local brackets = require "trialsh.figure.brackets"
local chart = require "trialsh.figure.chart"
local object = require "trialsh.figure.object"
local scale = require "trialsh.figure.scale"
local source = require "trialsh.figure.source"
local style = require "trialsh.figure.style"
local swarm = require "trialsh.figure.swarm"

local M = {}

local WHO = "figure.points"

-- Groups -----------------------------------------------------------------------

-- The rows of a group within a facet, as values; rows without one are counted.
local function fill(group, rows, columns, out)
  group.values, group.below, group.ids = {}, {}, columns.ids and {} or nil
  for _, row in ipairs(rows) do
    local y = columns.y[row]
    if columns.log and y ~= NA then y = math.exp(y) end
    if y == NA then
      out.missing = out.missing + 1
    else
      group.values[#group.values + 1] = y
      if columns.ids then group.ids[#group.values] = columns.ids[row] end
      if columns.below and columns.below[row] == "Y" then
        group.below[#group.values] = true
        out.n_below = out.n_below + 1
        local limit = columns.limit and columns.limit[row]
        if limit == nil or limit == NA then limit = y end
        if limit then
          out.low_limit = math.min(out.low_limit or limit, limit)
          out.high_limit = math.max(out.high_limit or limit, limit)
        end
      end
    end
  end
  if #group.values > 0 then group.box = box.of(group.values, out.whiskers) end
end

-- One part of the data: { name, data, response } -> its groups, in level order.
local function groups_of(part, by, out)
  local names = { part.response, by or nil }
  for _, name in ipairs { "BLQFL", "LLOQ" } do
    if data.has(part.data, name) and (part.response == "AVAL" or part.log) then
      names[#names + 1] = name
    end
  end
  if data.has(part.data, "USUBJID") and by ~= "USUBJID" then names[#names + 1] = "USUBJID" end
  local frame = data.frame(part.data, names, WHO)
  local column = frame:column(part.response)
  if column.type ~= "real" then
    fail("type", ("%s: %s is text; y is a column of numbers"):format(WHO,
      part.response))
  end
  local have = {}
  for _, name in ipairs(names) do have[name] = true end
  local function column_of(name)
    return have[name] and cframe.values(frame:column(name)) or nil
  end
  local columns = { y = cframe.values(column), log = part.log, ids = column_of "USUBJID",
    below = column_of "BLQFL", limit = column_of "LLOQ" }
  local groups = source.groups(frame, by)
  for _, group in ipairs(groups) do fill(group, group.rows, columns, out) end
  return groups
end

-- The parts of the data that stand side by side: one per visit of an endpoint or
-- level of facet.
local function parts_of(from, opt)
  for _, part in ipairs(from.parts or {}) do part.log = from.log end
  if from.parts then return from.parts end
  local whole = { name = false, data = from.data, response = opt.y,
    log = from.log }
  if not opt.facet then return { whole } end
  local frame = data.frame(from.data, { opt.facet }, WHO)
  local parts = {}
  for _, level in ipairs(source.groups(frame, opt.facet)) do
    if #level.rows > 0 then
      local names = { opt.y, opt.facet }
      for _, name in ipairs { opt.by or opt.y, "BLQFL", "LLOQ", "USUBJID" } do
        if data.has(from.data, name) then names[#names + 1] = name end
      end
      parts[#parts + 1] = { name = level.name, response = opt.y,
        data = source.subset(from.data, names, level.rows) }
    end
  end
  return parts
end

-- All groups with their places on the x axis: alone at 1, 2, ...; in facets
-- close together around the facet's place.
local function place_groups(parts, by, out)
  local facets, all = {}, {}
  for f, part in ipairs(parts) do
    local groups = groups_of(part, by, out)
    for k, group in ipairs(groups) do
      group.k, group.facet = k, part.name
      group.slot = #parts > 1 and 0.84 / #groups or 1
      group.x = #parts > 1 and f + (k - (#groups + 1) / 2) * group.slot or k
      all[#all + 1] = group
    end
    facets[f] = groups
  end
  return facets, all
end

-- Axis -------------------------------------------------------------------------

local function hlines(value)
  if value == nil then return {} end
  if type(value) == "number" then value = { value } end
  for _, y in ipairs(type(value) == "table" and value or { false }) do
    if type(y) ~= "number" then
      fail("type", WHO .. ": hline is a number or a list of numbers")
    end
  end
  return table.move(value, 1, #value, 1, {})
end

local function range_of(groups, opt)
  local low, high, n = math.huge, -math.huge, 0
  local function take(y)
    low, high = math.min(low, y), math.max(high, y)
    if y <= 0 then n = n + 1 end
  end
  for _, group in ipairs(groups) do
    for _, y in ipairs(group.values) do take(y) end
  end
  if low > high then
    fail("degenerate", ("%s: no value of %s to show"):format(WHO, opt.y))
  end
  local of_values = n
  for _, y in ipairs(opt.hline) do take(y) end
  if opt.yscale == "log" and low <= 0 then
    fail("degenerate", ("%s: %s not above 0, which a log axis cannot show")
      :format(WHO, of_values == 0 and "hline is"
        or of_values .. (of_values == 1 and " value of " or " values of ")
          .. opt.y .. (of_values == 1 and " is" or " are")))
  end
  return low, high
end

-- Marks ------------------------------------------------------------------------

-- Points across, smaller where there are many or little room.
local function point_size(panel, spec)
  if panel.page.cells then return 1 end
  local most = 0
  for _, group in ipairs(spec.groups) do most = math.max(most, #group.values) end
  local size = most <= 40 and 3.2 or most <= 150 and 2.5 or most <= 600 and 1.8
    or 1.2
  local unit = (panel.right - panel.left) / (panel.x[2] - panel.x[1])
  local slot = unit * spec.groups[1].slot * 72 / 25.4
  return math.max(0.8, math.min(size, slot / 3))
end

local function draw_points(panel, group, arm, size, opacity)
  local page = panel.page
  local heights, inside, open = {}, {}, {}
  for i, y in ipairs(group.values) do
    if y >= panel.y[1] and y <= panel.y[2] then
      inside[#inside + 1] = y
      heights[#heights + 1] = panel:at_y(y)
      open[#inside] = group.below[i]
    end
  end
  local unit = (panel.right - panel.left) / (panel.x[2] - panel.x[1])
  local across = page.cells and 1 or size * 25.4 / 72 * 1.06
  local offsets = swarm.place(heights, across, 0.42 * unit * group.slot)
  local look = { symbol = arm.symbol, colour = arm.colour,
    size = size * arm.weight, place = group.k, width = 0.25, opacity = opacity }
  local of = { { {}, {} }, { {}, {} } } -- measured, below the limit
  for k, dx in ipairs(offsets) do
    local list = of[open[k] and not page.cells and 2 or 1]
    table.insert(list[1], group.x + dx / unit)
    table.insert(list[2], inside[k])
  end
  panel:points(of[1][1], of[1][2], look)
  if #of[2][1] > 0 then
    panel:points(of[2][1], of[2][2], setmetatable({ open = true },
      { __index = look }))
  end
end

local function draw_groups(panel, spec)
  local size = point_size(panel, spec)
  for _, group in ipairs(spec.groups) do
    if group.box then
      local arm, half = spec.arms[group.k], 0.28 * group.slot
      local crowded = #group.values > 100 -- the box then stands in front
      if crowded then draw_points(panel, group, arm, size, 0.4) end
      if spec.box then box.draw(panel, group.x, group.box, arm, half, group.k) end
      if not crowded then draw_points(panel, group, arm, size) end
    end
  end
end

-- Boxes and points of each group are in the way of a legend.
local function obstacles_of(panel, spec)
  local hard = {}
  local unit = (panel.right - panel.left) / (panel.x[2] - panel.x[1])
  for _, group in ipairs(spec.groups) do
    local low, high = math.huge, -math.huge
    for _, y in ipairs(group.values) do
      low, high = math.min(low, y), math.max(high, y)
    end
    if low <= high then
      local x, half = panel:at_x(group.x), 0.5 * unit * group.slot
      hard[#hard + 1] = { x - half, panel:at_y(math.max(low, panel.y[1])) - 1,
        x + half, panel:at_y(math.min(high, panel.y[2])) + 1 }
    end
  end
  return hard, {}
end

-- The description --------------------------------------------------------------

local own_options = { parameter = { "string" },
  y = { "string" }, by = { "any" }, facet = { "string" }, xlabel = { "string" },
  ylabel = { "string" }, yscale = { { "linear", "log" } },
  ylim = { "table" }, ticks = { "table" }, hline = { "any" },
  box = { "boolean", true }, whiskers = { { "Tukey", "range" }, "Tukey" },
  limit = { "boolean", false },
  brackets = { { "wilcoxon", "ttest", "p_value", "p_adjusted",
    "p_rerandomised" } },
  compare = { "list" }, adjust = { "string", "Holm" },
  hide_ns = { "boolean", false }, labels = { { "p", "stars" } },
  legend = { { "inside", "above", "none" }, "inside" },
}

-- The values that are shown, by facet and group, which of them are below a limit, whose
-- they are, and P of each comparison of their facet.
local function shown(spec, y, by, with_limit, list)
  local facets, groups, values, below, ids = {}, {}, {}, {}, {}
  for _, group in ipairs(spec.groups) do
    for i, value in ipairs(group.values) do
      local k = #values + 1
      facets[k], groups[k], values[k] = group.facet or "", group.name or "all", value
      below[k], ids[k] = group.below[i] and "Y" or "N", group.ids and group.ids[i] or NA
    end
  end
  local names, arrays = { by or "group", y }, { groups, values }
  local function add(name, array)
    names[#names + 1], arrays[#arrays + 1] = name, array
  end
  if #spec.facets > 1 then
    table.insert(names, 1, "facet")
    table.insert(arrays, 1, facets)
  end
  if with_limit then add("below", below) end
  if spec.groups[1].ids then add("USUBJID", ids) end
  for _, column in ipairs(brackets.columns(list)) do
    local p = {}
    for k, facet in ipairs(facets) do p[k] = column[2][facet] or NA end
    add(column[1], p)
  end
  return names, arrays
end

local function brackets_of(from, facets, parts, opt)
  if not opt.brackets then
    for _, key in ipairs { "compare", "labels" } do
      if opt[key] then
        fail("invalid", ("%s: %s is of brackets, which were not asked for"):format(
          WHO, key))
      end
    end
    return {}
  end
  local trial = source.trial(from)
  if brackets.tests[opt.brackets] then
    return brackets.of_test(WHO, opt.brackets, facets, opt, trial)
  end
  if not from.endpoint then
    fail("invalid", ('%s: brackets = "%s" needs an endpoint; of data they are '
      .. '"wilcoxon" or "ttest"'):format(WHO, opt.brackets))
  end
  local groups_at = {}
  for f, part in ipairs(parts) do groups_at[part.visit or false] = facets[f] end
  return brackets.of_results(WHO, from, groups_at, opt, trial)
end

local function caption_of(spec, opt, from, list)
  local parts = { "Points: single values" }
  if opt.box then
    parts[2] = "boxes: median and quartiles (type 2); whiskers: "
      .. (opt.whiskers == "range" and "lowest and highest value"
        or "furthest values within 1.5 interquartile ranges")
  end
  if opt.limit then
    parts[#parts + 1] = "open symbols and dashed line: below the limit of "
      .. "detection, taken as the limit"
  end
  if opt.brackets then
    local e = from.endpoint
    local test = brackets.tests[opt.brackets]
    local adjusted = test and "adjusted (" .. opt.adjust .. ")"
      or opt.brackets == "p_adjusted" and e.adjust
      and "adjusted (" .. e.adjust .. ")"
      or opt.brackets == "p_rerandomised" and "by re-randomisation"
      or "not adjusted"
    if list.n and list.n > 1 then
      adjusted = ("%s over %d comparisons"):format(adjusted, list.n)
    end
    if list.n and opt.brackets == "wilcoxon" then
      adjusted = adjusted .. (list.exact == list.n and ", exact"
        or list.exact > 0 and ", exact where n is small" or ", normal approximation")
    end
    parts[#parts + 1] = ("%sP: %s, %s%s"):format(spec.how == "stars"
      and "*** P < 0.001, ** P < 0.01, * P < 0.05, ns: not significant; " or "",
      test and test.name or list.method, adjusted,
      opt.hide_ns and "; P of 0.05 and above are not shown" or "")
  end
  return table.concat(parts, "; ") .. "."
end

-- Several values of one subject in a group: a test would take them for several subjects.
local function check_once(groups, opt)
  for _, group in ipairs(groups) do
    local seen = {}
    for _, id in ipairs(group.ids or {}) do
      if id ~= NA and seen[id] then
        local words = ("%s: %s has several values in one group, each taken for a subject; "
          .. 'data:where { AVISIT = ..., ANL01FL = "Y" }, or facet = "AVISIT"'):format(WHO, tostring(id))
        if opt.brackets then fail("invalid", words) end
        note.say("%s", words)
        return
      end
      seen[id] = true
    end
  end
end

local function say(groups, range, out, opt)
  if out.missing > 0 then
    note.say("%s: %d missing %s of %s not shown", WHO, out.missing,
      out.missing == 1 and "value" or "values", opt.y)
  end
  local outside = 0
  for _, group in ipairs(groups) do
    for _, y in ipairs(group.values) do
      if y < range[1] or y > range[2] then outside = outside + 1 end
    end
  end
  if outside > 0 then
    note.say("%s: %d of the values lie beyond ylim and are not shown", WHO,
      outside)
  end
end

-- n below the axis: of single groups under their names, of facets as a table.
local function under_of(spec)
  if #spec.facets == 1 then
    local under = {}
    for i, group in ipairs(spec.groups) do
      under[i] = { "n = " .. #group.values }
    end
    return under
  end
  spec.rows = function()
    local rows = { { label = "n" } }
    for k, group in ipairs(spec.facets[1]) do
      local numbers = {}
      for f, groups in ipairs(spec.facets) do
        numbers[f] = groups[k] and text.number(#groups[k].values) or ""
      end
      rows[k + 1] = { label = group.name or "all", arm = spec.arms[k],
        numbers = numbers }
    end
    return rows
  end
end

--- figure.points { DATA or "ENDPOINT", y = "AVAL", option = ... } -> figure
-- Every value as a point, by group, over a box of median and quartiles with n
-- below. Of an endpoint it shows the values that run() analyses, at each of its
-- visits, of ln(AVAL) on a log axis. f:save(file) writes it, f:show() previews it here.
--   y           "AVAL";  by  "TRT01P" where there is one; false: one group
--   facet       a column: its levels side by side, the groups within them
--   yscale      "linear", "log";  ylim  { from, to };  ticks  a list
--   hline       a number or a list: dashed lines across
--   box         true: quartiles of type 2; below 4 values the median
--   whiskers    "Tukey": to the furthest values within 1.5 interquartile ranges;
--               "range": to the lowest and the highest (Prism's default)
--   limit       false; true: values below their limit (BLQFL) as open symbols
--   brackets    of an endpoint "p_adjusted", "p_value", "p_rerandomised" of its
--               results; of data "wilcoxon" or "ttest" of each group against the
--               first: P-values over brackets
--   compare     { "A vs B", ... }: which;  adjust  "Holm": as padjust, over all
--   hide_ns     false; true: not those of 0.05 and above
--   labels      "p", "stars" (in facets)
--   legend      "inside", "above", "none": in facets
--   parameter   of an endpoint that has several
--   title, xlabel, ylabel   text;  width 89, height 65   mm
--   palette     "okabe ito", "tol", "grey" or { "#000000", ... }
--   journal     "Nature" and others: see figure.journal
--   note, stamp  lines under the figure; the mark of simulated data and dummy
--               arms stands there in any case
-- Points that would touch stand beside each other, the same way each time. Several
-- values of a subject in a group are told; with brackets they are an error.
--
--   > figure.points { { Y = { 1, 2, 4 }, ARM = { "A", "A", "B" } }, y = "Y" }.caption
--   Points: single values; boxes: median and quartiles (type 2); whiskers: furthest values within 1.5 interquartile ranges.
--
-- See also: describe, wilcoxon, padjust, figure.survival. Tukey 1977.
function M.points(given)
  local first, opt = source.options(WHO, given, own_options)
  local from = analysed.at_visits(WHO, first, opt.parameter)
  opt.y = opt.y or from.response or "AVAL"
  opt.hline = hlines(opt.hline)
  opt.yscale = opt.yscale or from.log and "log" or "linear"
  local by = opt.by
  if by == nil then by = from.treatment or source.by(WHO, from.data) end
  opt.by = by
  local parts = parts_of(from, opt)
  local out = { missing = 0, n_below = 0, whiskers = opt.whiskers }
  local facets, groups = place_groups(parts, by, out)
  if out.n_below > 0 and not opt.limit then
    fail("invalid", ("%s: %d values of %s are below their limit and would be "
      .. "shown as measured; limit = true shows which"):format(WHO, out.n_below,
        opt.y))
  end
  for _, l in ipairs { out.low_limit, out.high_limit } do
    table.insert(opt.hline, l)
  end
  check_once(groups, opt)
  local low, high = range_of(groups, opt)
  local spec = { who = WHO, what = "the points", x = { 0.5,
    (#facets > 1 and #facets or #groups) + 0.5 }, ylog = opt.yscale == "log",
    hline = opt.hline, xlabel = opt.xlabel, box = opt.box, legend = opt.legend,
    groups = groups, facets = facets, captions = {},
    arms = style.arms(#facets[1], opt.palette) }
  spec.y, spec.yaxis = scale.axis(WHO, low, high, { log = spec.ylog,
    limits = opt.ylim, ticks = opt.ticks,
    title = opt.ylabel or source.ylabel(from, from.log and "AVAL" or opt.y) })
  for i, group in ipairs(#facets > 1 and parts or groups) do
    spec.captions[i] = group.name or ""
  end
  spec.under = under_of(spec)
  if #facets > 1 and by then
    spec.entries = {}
    for k, group in ipairs(facets[1]) do
      spec.entries[k] = { name = group.name, arm = spec.arms[k], place = k,
        key = "point", letter = string.char(64 + k) }
    end
  end
  local list = brackets_of(from, facets, parts, opt)
  spec.how = opt.labels or #facets > 1 and "stars" or "p"
  spec.above = function(page, panel)
    return brackets.height(page, panel, list, spec.how)
  end
  spec.draw_above = function(panel) brackets.draw(panel, list, spec.how) end
  spec.obstacles = function(panel) return obstacles_of(panel, spec) end
  spec.marks = function(panel) draw_groups(panel, spec) end
  say(groups, spec.y, out, opt)
  return object.new(opt, from, { what = "points by group",
    caption = caption_of(spec, opt, from, list), entries = spec.entries,
    height = 65 + 4 * math.min(3, #list) + (spec.rows and 2.6 * #spec.rows() or 0),
    shown = function()
      return shown(spec, from.log and opt.y:match "^%s*ln%s*%((.*)%)%s*$" or opt.y,
        by, out.n_below > 0, list)
    end,
    draw = function(page, bottom, top) chart.draw(page, spec, bottom, top) end })
end

return M
