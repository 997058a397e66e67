-- figure.pairs: before and after of each subject, joined by a line, by arm, with
-- the median change and the signed-rank test of each.

local fail = require "ts.error".fail
local NA = require "ts.na".NA
local data = require "trialsh.data"
local format = require "trialsh.format"
local note = require "trialsh.note"
local analysed = require "trialsh.figure.analysed"
local box = require "trialsh.figure.box"
local chart = require "trialsh.figure.chart"
local object = require "trialsh.figure.object"
local scale = require "trialsh.figure.scale"
local source = require "trialsh.figure.source"
local style = require "trialsh.figure.style"

local M = {}

local WHO = "figure.pairs"

-- What is said of a group: change with its interval, P, how many rose or improved.
local function compare(group, opt)
  local d, up, same = {}, 0, 0
  for i, a in ipairs(group.a) do
    local b = group.b[i]
    d[i] = opt.change == "ratio" and math.log(b / a) or b - a
    if opt.better == "lower" and b < a or opt.better ~= "lower" and b > a then
      up = up + 1
    end
    if a == b then same = same + 1 end
  end
  group.up, group.same, group.n = up, same, #d
  if #d == 0 then return end
  local r = require "trialsh.rank".signed_rank(d, { conf_level = opt.conf_level })
  local function shown(x)
    if x == NA or x ~= x then return NA end
    return opt.change == "ratio" and math.exp(x) or x
  end
  group.estimate, group.low, group.high = shown(r.estimate), shown(r.conf_low),
    shown(r.conf_high)
  group.p, group.exact = r.p_value, r.method:find "exact" ~= nil
end

-- Numbers with a minus sign, the interval in a line of its own where it must.
local function estimate_lines(page, group, opt, slot)
  local most = math.max(math.abs(group.estimate),
    group.low ~= NA and math.abs(group.low) < math.huge and math.abs(group.low) or 0)
  local digits = format.decimals(most)
  local known = group.low ~= NA and group.low > -math.huge and group.high < math.huge
  local function signed(s) return (s:gsub("%-(%d)", "\u{2212}%1")) end
  local first = signed((opt.change == "ratio" and "ratio " or "")
    .. format.cell(group.estimate, digits))
  if not known then return { first } end
  local second = signed("(" .. format.interval(group.low, group.high, digits) .. ")")
  local both = first .. " " .. second
  if page:text_width(both, page.style.tick_text) <= slot then return { both } end
  return { first, second }
end

local function lines_of(page, group, opt, slot)
  local lines = { group.name, "n = " .. group.n }
  if group.n == 0 then return lines end
  if group.estimate ~= NA then
    for _, line in ipairs(estimate_lines(page, group, opt, slot)) do
      lines[#lines + 1] = line
    end
  end
  if group.p ~= NA then lines[#lines + 1] = page:p(group.p) end
  lines[#lines + 1] = ("%d of %d (%s) %s"):format(group.up, group.n,
    format.percent(group.up / group.n, 0), opt.better and "improved" or "rose")
  return lines
end

-- Those lines, broken to fit the place above a group.
local function blocks_of(page, panel, spec)
  local s, most, blocks = page.style, 0, {}
  local slot = (panel.right - panel.left) / #spec.groups - 2 * s.gap
  for k, group in ipairs(spec.groups) do
    blocks[k] = {}
    for i, line in ipairs(lines_of(page, group, spec, slot)) do
      local bold = i == 1 and group.name ~= nil
      for _, part in ipairs(page:wrap(line, slot, s.tick_text, bold)) do
        table.insert(blocks[k], { part, bold })
      end
    end
    most = math.max(most, #blocks[k])
  end
  return blocks, most
end

local function height_above(page, panel, spec)
  local _, most = blocks_of(page, panel, spec)
  return most * page:line_height(page.style.tick_text)
    + (page.cells and 0 or 0.8)
end

local function draw_above(panel, spec)
  local page, s = panel.page, panel.page.style
  local blocks, most = blocks_of(page, panel, spec)
  local height = page:line_height(s.tick_text)
  local top = panel.top + (page.cells and 0 or 0.8) + most * height
  for k, block in ipairs(blocks) do
    for i, line in ipairs(block) do
      page:text(line[1], panel:at_x(2 * k - 0.5), top - (i - 0.5) * height,
        { size = s.tick_text, align = "center", bold = line[2] })
    end
  end
end

local GREY = "#9F9F9F" -- of those who did not change

local function draw_lines(panel, k, group, arm)
  local xs, ys, still_x, still_y = {}, {}, {}, {}
  for i, a in ipairs(group.a) do
    local to_x = group.b[i] == a and still_x or xs
    local to_y = group.b[i] == a and still_y or ys
    for _, p in ipairs { { 2 * k - 0.85, a }, { 2 * k - 0.15, group.b[i] },
      { false, false } } do
      to_x[#to_x + 1], to_y[#to_y + 1] = p[1], p[2]
    end
  end
  panel:lines(xs, ys, { colour = arm.colour, opacity = 0.6, width = 0.4, place = k })
  panel:lines(still_x, still_y, { colour = GREY, width = 0.4, place = k })
end

local function draw(panel, spec)
  for k, group in ipairs(spec.groups) do
    local arm = spec.arms[k]
    draw_lines(panel, k, group, arm)
    for side, values in ipairs { group.a, group.b } do
      local x = 2 * k - (side == 1 and 0.85 or 0.15)
      if spec.box and #values > 0 then
        box.draw(panel, x + (side == 1 and -0.24 or 0.24), box.of(values), arm,
          0.1, k)
      end
      local px, py = {}, {}
      for _, y in ipairs(values) do
        if y >= panel.y[1] and y <= panel.y[2] then
          px[#px + 1], py[#py + 1] = x, y
        end
      end
      panel:points(px, py, { symbol = arm.symbol, colour = arm.colour,
        size = 2.6 * arm.weight, place = k, width = 0.25 })
    end
  end
end

local own_options = { parameter = { "string" },
  before = { "string", "BASE" }, after = { "string", "AVAL" }, by = { "any" },
  names = { "table" }, change = { { "difference", "ratio" }, "difference" },
  box = { "boolean", true }, better = { { "higher", "lower" } },
  yscale = { { "linear", "log" }, "linear" },
  ylim = { "table" }, ticks = { "table" }, xlabel = { "string" },
  ylabel = { "string" }, conf_level = { "number", 0.95, above = 0, below = 1 },
}

local function range_of(groups, opt)
  local low, high, wrong = math.huge, -math.huge, 0
  for _, group in ipairs(groups) do
    for _, list in ipairs { group.a, group.b } do
      for _, y in ipairs(list) do
        low, high = math.min(low, y), math.max(high, y)
        if y <= 0 then wrong = wrong + 1 end
      end
    end
  end
  if low > high then
    fail("degenerate", ("%s: no pair of %s and %s to show"):format(WHO, opt.before,
      opt.after))
  end
  if wrong > 0 and (opt.yscale == "log" or opt.change == "ratio") then
    fail("degenerate", ("%s: %s not above 0, of which there is no %s"):format(WHO,
      wrong == 1 and "1 value is" or wrong .. " values are",
      opt.change == "ratio" and "ratio" or "logarithm"))
  end
  return low, high
end

local function names_of(opt)
  if opt.names == nil then return { "Before", "After" } end
  for i = 1, 2 do
    if type(opt.names[i]) ~= "string" then
      fail("type", WHO .. ': names = { "Before", "After" }, two texts')
    end
  end
  return opt.names
end

-- Better is what the option, else the trial's parameter says, where it is about values.
local function better_of(from, opt)
  local p = source.parameter(from)
  local said = opt.better or p and p.better
  return (said == "higher" or said == "lower") and said or nil
end

-- Several pairs of one subject, as of several visits, would be taken for several subjects.
local function check_once(groups)
  local seen = {}
  for _, group in ipairs(groups) do
    for _, id in ipairs(group.more.USUBJID or {}) do
      if id ~= NA and seen[id] then
        fail("invalid", ("%s: %s has several rows; each subject has one pair: "
          .. "data:where { AVISIT = ..., ANL01FL = \"Y\" }"):format(WHO, tostring(id)))
      end
      seen[id] = true
    end
  end
end

-- A row per pair: both values, the change, which way it went, and who it is.
local function shown(groups, by, opt)
  local names = { by or "group", opt.before, opt.after, opt.change, "direction", "USUBJID" }
  local arrays = { {}, {}, {}, {}, {}, {} }
  for _, group in ipairs(groups) do
    for i, a in ipairs(group.a) do
      local b, k = group.b[i], #arrays[1] + 1
      local way = a == b and "unchanged" or b > a and "rose" or "fell"
      if opt.better and a ~= b then
        way = (b > a) == (opt.better == "higher") and "improved" or "worsened"
      end
      for j, value in ipairs { group.name or "all", a, b,
        opt.change == "ratio" and b / a or b - a, way,
        group.more.USUBJID and group.more.USUBJID[i] or NA } do
        arrays[j][k] = value
      end
    end
  end
  if not groups[1].more.USUBJID then names[6], arrays[6] = nil, nil end
  return names, arrays
end

local function caption_of(groups, opt)
  local exact, other, same = false, false, 0
  for _, group in ipairs(groups) do
    same = same + group.same
    if group.exact ~= nil then exact, other = exact or group.exact, other or not group.exact end
  end
  local parts = { "Lines: single subjects" .. (same > 0
    and (", grey where nothing changed (%d)"):format(same) or "") }
  if opt.box then parts[2] = "boxes: median and quartiles (type 2)" end
  parts[#parts + 1] = ("above: n, %s (Hodges-Lehmann) with %s confidence interval, P of the "
    .. "signed-rank test%s%s, how many %s"):format(
    opt.change == "ratio" and "ratio" or "median change", format.level(opt.conf_level),
    opt.change == "ratio" and " of logarithms" or "",
    exact and other and " (exact where n is small)" or exact and " (exact)" or "",
    opt.better and ("improved (to %s values)"):format(opt.better) or "rose")
  return table.concat(parts, "; ") .. "."
end

--- figure.pairs { DATA or "ENDPOINT", option = ... } -> figure
-- Two values of each subject, joined by a line, by arm, of an endpoint at the visit
-- that it claims; above each arm n, the
-- Hodges-Lehmann change with its interval, P of the signed-rank test, and how
-- many improved, or rose where nothing says what is better. A row per subject:
-- several are an error. f:save(file) writes it, f:show() previews it here.
--   before, after  "BASE", "AVAL": the columns;  names  { "Before", "After" }
--   by          "TRT01P" where there is one; false: one group
--   change      "difference"; "ratio": the test is of logarithms
--   better      "higher", "lower"; the trial's, of its parameter
--   box         true: median and quartiles (type 2) beside
--   conf_level  0.95
--   yscale      "linear", "log";  ylim  { from, to };  ticks  a list
--   parameter   of an endpoint that has several
--   title, xlabel, ylabel   text;  width 89, height   mm
--   palette     "okabe ito", "tol", "grey" or { "#000000", ... }
--   journal     "Nature" and others: see figure.journal
--   note, stamp  lines under the figure; the mark of simulated data and dummy
--               arms stands there in any case
--
--   > d = demo.adlb:where { PARAMCD = "ALC", AVISIT = "Day 29" }
--   > figure.pairs { d, yscale = "log", change = "ratio" }.what
--   before and after
--
-- See also: signed_rank, figure.points, figure:save.
function M.pairs(given)
  local first, opt = source.options(WHO, given, own_options)
  local from = analysed.claimed(WHO, first, opt.parameter)
  local by = opt.by
  if by == nil then by = from.treatment or source.by(WHO, from.data) end
  local groups, missing = source.numbers(WHO, from, opt.before, opt.after, by,
    data.has(from.data, "USUBJID") and { "USUBJID" } or nil)
  check_once(groups)
  opt.better = better_of(from, opt)
  local low, high = range_of(groups, opt)
  local names, captions = names_of(opt), {}
  for k, group in ipairs(groups) do
    compare(group, opt)
    captions[2 * k - 1], captions[2 * k] = names[1], names[2]
  end
  local spec = { who = WHO, what = "the pairs", groups = groups, box = opt.box,
    change = opt.change, better = opt.better, arms = style.arms(#groups, opt.palette),
    x = { 0.5, 2 * #groups + 0.5 }, ylog = opt.yscale == "log",
    captions = captions, xlabel = opt.xlabel }
  spec.y, spec.yaxis = scale.axis(WHO, low, high, { log = spec.ylog,
    limits = opt.ylim, ticks = opt.ticks,
    title = opt.ylabel or source.ylabel(from, opt.after) })
  spec.above = function(page, panel) return height_above(page, panel, spec) end
  spec.draw_above = function(panel) draw_above(panel, spec) end
  spec.marks = function(panel) draw(panel, spec) end
  if missing > 0 then
    note.say("%s: %s without both values not shown", WHO,
      note.plural(missing, "row"))
  end
  return object.new(opt, from, { what = "before and after",
    caption = caption_of(groups, opt), height = 75,
    shown = function() return shown(groups, by, opt) end,
    draw = function(page, bottom, top) chart.draw(page, spec, bottom, top) end })
end

return M
