-- figure.ae: adverse events as dots of each arm's percentage, or as bars to the left
-- and to the right, beside differences with their intervals. The counts are those of
-- table.ae, whose rows it draws.

local fail = require "ts.error".fail
local NA = require "ts.na".NA
local canvas = require "trialsh.figure.canvas"
local data = require "trialsh.data"
local format = require "trialsh.format"
local journal = require "trialsh.figure.journal"
local legend = require "trialsh.figure.legend"
local object = require "trialsh.figure.object"
local scale = require "trialsh.figure.scale"
local shades = require "trialsh.figure.shades"
local source = require "trialsh.figure.source"
local strips = require "trialsh.figure.strips"
local style = require "trialsh.figure.style"

local M = {}

local WHO = "figure.ae"

-- What goes on to table.ae as it is.
local passed = { rows = { "list" }, where = { "string" }, subjects = { "any" },
  population = { "string" }, by = { "any" },
  cutoff = { "number", 0, least = 0, below = 100 } }

local own_options = { compare = { "any" },
  sort = { { "difference", "frequency", "alphabetical" }, "difference" },
  layout = { { "dots", "butterfly" }, "dots" }, serious = { "any" },
  xlim = { "table" }, difference_xlim = { "table" } }
for key, rule in pairs(passed) do own_options[key] = rule end

local function table_of(first, opt)
  local given = { first, any = false, riskdiff = opt.compare ~= false,
    sort = opt.sort == "alphabetical" and "alphabetical" or "frequency" }
  for key in pairs(passed) do given[key] = opt[key] end
  if opt.compare then given.compare = opt.compare end
  return require "trialsh.table.ae".ae(given)
end

-- Which of the events that count are serious.
local function condition_of(first, opt)
  local count = opt.where
  if not count then
    local events = first or require "trialsh.study".study.open().adae
    count = data.has(events, "TRTEMFL") and "TRTEMFL = 'Y'" or nil
  end
  local condition = opt.serious == true and "AESER = 'Y'" or opt.serious
  return count and ("(%s) and (%s)"):format(count, condition) or condition
end

-- Where a row stands among its classes, as one text.
local function key_of(path, row)
  path[row.indent + 1] = row.label
  return table.concat(path, "\0", 1, row.indent + 1)
end

local function stats_of(cell)
  local out = {}
  for _, s in ipairs(cell and cell.stats or {}) do out[s[1]] = s[2] end
  out.of = out.N
  return out
end

-- Gives the rows of the table how many subjects had a serious one, by arm.
local function add_serious(first, opt, t, n_arms)
  local given = { first, any = false }
  for key in pairs(passed) do given[key] = opt[key] end
  given.cutoff, given.where = nil, condition_of(first, opt)
  local found, path = {}, {}
  for _, row in ipairs(require "trialsh.table.ae".ae(given).rows) do
    found[key_of(path, row)] = row
  end
  path = {}
  for _, row in ipairs(t.rows) do
    local other = found[key_of(path, row)]
    for j = 1, n_arms do
      local stats, of = row.cells[j].stats, stats_of(row.cells[j]).of
      local n = stats_of(other and other.cells[j]).n or 0
      stats[#stats + 1] = { "n_serious", n }
      if of and of > 0 then stats[#stats + 1] = { "share_serious", n / of } end
    end
  end
end

-- The rows of the table as a tree: { label, arms, differences, children }.
local function tree_of(t, n_arms)
  local root = { children = {} }
  local path = { [0] = root }
  for _, row in ipairs(t.rows) do
    local item = { label = row.label, variable = row.variable, depth = row.indent,
      arms = {}, differences = {}, children = {} }
    for j = 1, #t.columns do
      local into = j <= n_arms and item.arms or item.differences
      into[#into + 1] = stats_of(row.cells[j])
    end
    local parent = path[row.indent]
    item.within = parent.label
    table.insert(parent.children, item)
    path[row.indent + 1] = item
  end
  return root
end

-- The largest difference first; equal ones stay in the order of frequency.
local function sort_by_difference(item)
  local place = {}
  for i, child in ipairs(item.children) do
    place[child] = i
    sort_by_difference(child)
  end
  table.sort(item.children, function(a, b)
    local x = a.differences[1].risk_difference
    local y = b.differences[1].risk_difference
    if x ~= y then return x > y end
    return place[a] < place[b]
  end)
end

local function flat(item, out)
  for _, child in ipairs(item.children) do
    out[#out + 1] = child
    flat(child, out)
  end
  return out
end

-- Arms and comparisons, each with its look: a comparison has that of its arm.
local function looks_of(t, opt)
  local arms, comparisons = {}, {}
  for _, column in ipairs(t.columns) do
    local into = column.n and arms or comparisons
    into[#into + 1] = { name = column.arm, n = column.n }
  end
  local looks = style.arms(#arms, opt.palette)
  for i, arm in ipairs(arms) do arm.arm = looks[i] end
  local used = {}
  for _, c in ipairs(comparisons) do
    for _, arm in ipairs(arms) do
      if #comparisons > 1 and c.name:sub(1, #arm.name + 4) == arm.name .. " vs "
          and not used[arm] then
        c.arm, used[arm] = arm.arm, true
        break
      end
    end
  end
  local more = 0
  for _, c in ipairs(comparisons) do
    if not c.arm and #comparisons > 1 then
      more = more + 1
      c.arm = style.arms(#arms + more, opt.palette)[#arms + more]
    end
    c.arm = c.arm or { colour = "#000000", symbol = 5, weight = 0.86 }
  end
  return arms, comparisons
end

-- Drawing ----------------------------------------------------------------------

-- Where the k-th of n marks of a row stands.
local function dodged(y, height, k, n)
  return y + (n > 1 and 0.6 * height * (0.5 - (k - 0.5) / n) or 0)
end

-- Letters in the cells of a preview, "*" where two meet.
local function letters_at(page, at, y, marks)
  local cells, width = {}, math.floor(at.right) - math.floor(at.left)
  for i = 0, width do cells[i] = " " end
  for _, m in ipairs(marks) do
    local i = math.floor(at:at_x(m.value) + 0.5) - math.floor(at.left)
    i = math.max(0, math.min(width, i))
    cells[i] = cells[i] == " " and m.letter or "*"
  end
  local s = table.concat(cells, "", 0, width)
  local before = #s:match "^ *"
  page:text(s:sub(before + 1):gsub(" +$", ""), math.floor(at.left) + before, y, {})
end

local function guide(page, at, y)
  page:line(at.left, y, at.right, y, { colour = "#DDDDDD", width = 0.4, back = true })
end

-- The share of all events is pale where serious ones are shown.
local PALE = 0.38

-- Marks of a row that are within the axis; of a butterfly the first arm is at the left,
-- and bars end with the axis.
local function marks_of(item, arms, letters, at, opt)
  local marks = {}
  local function add(k, share, serious, letter)
    local value = share and 100 * share
    if value and opt.butterfly then
      value = math.min(value, at.x[2]) * (k == 1 and -1 or 1)
    end
    if value and value >= at.x[1] and value <= at.x[2] then
      local colour = arms[k].arm.colour
      marks[#marks + 1] = { value = value, letter = letter, k = k, arm = arms[k].arm,
        colour = colour, fill = opt.serious and not serious and shades.pale(colour, PALE) }
    end
  end
  for k in ipairs(arms) do
    local of = item.arms[k]
    add(k, of.share, false, letters[k])
    if (of.n_serious or 0) > 0 then add(k, of.share_serious, true, letters[k]:lower()) end
  end
  return marks
end

local function draw_shares(item, arms, letters, opt)
  return function(page, at, y, height)
    local marks = marks_of(item, arms, letters, at, opt)
    if page.cells then return letters_at(page, at, y, marks) end
    if not opt.butterfly then guide(page, at, y) end
    for _, m in ipairs(marks) do
      if opt.butterfly then
        local n = math.max(1, #arms - 1)
        local half = 0.36 * height / n
        local middle = m.k == 1 and y or y + 0.72 * height * (0.5 - (m.k - 1.5) / n)
        if m.k == 1 then half = math.min(0.36 * height, math.max(half, 0.8)) end
        page:box(at:at_x(0), middle - half, at:at_x(m.value), middle + half,
          { fill = m.fill or m.colour })
      else
        local x, middle = at:at_x(m.value), dodged(y, height, m.k, #arms)
        local size = 3.4 * m.arm.weight
        page:symbol(x, middle, { symbol = m.arm.symbol, colour = m.colour, size = size })
        if m.fill then -- pale within an edge
          page:symbol(x, middle, { symbol = m.arm.symbol, colour = m.fill, size = 0.65 * size })
        end
      end
    end
  end
end

local function draw_differences(item, comparisons)
  return function(page, at, y, height)
    if not page.cells then guide(page, at, y) end
    for k, c in ipairs(comparisons) do
      local d = item.differences[k]
      if d.risk_difference and (k == 1 or not page.cells) then
        strips.interval(page, at, dodged(y, height, k, #comparisons), height, {
          low = 100 * d.conf_low, high = 100 * d.conf_high,
          estimate = 100 * d.risk_difference, colour = c.arm.colour,
          side = #comparisons > 1 and 0.9 or 1.2 })
      end
    end
  end
end

local function range_of(list, part, from)
  local low, high = from, from
  for _, item in ipairs(list) do
    for _, s in ipairs(item[part]) do
      for _, name in ipairs { "share", "conf_low", "conf_high" } do
        if s[name] then
          low, high = math.min(low, 100 * s[name]), math.max(high, 100 * s[name])
        end
      end
    end
  end
  return low, high > low and high or low + 1
end

-- The axis of a butterfly: as far to either side, without a sign.
local function mirrored(list, limits)
  local _, most = range_of(list, "arms", 0)
  local range, axis = scale.axis(WHO, 0, most, { limits = limits and { 0, limits[2] },
    name = "xlim" })
  local ticks, labels = {}, {}
  for i = #axis.ticks, 1, -1 do
    if axis.ticks[i] > 0 then
      ticks[#ticks + 1], labels[#labels + 1] = -axis.ticks[i], axis.labels[i]
    end
  end
  for i, x in ipairs(axis.ticks) do
    ticks[#ticks + 1], labels[#labels + 1] = x, axis.labels[i]
  end
  return { x = { -range[2], range[2] }, ticks = ticks, labels = labels, line = 0 }
end

local function strip(list, part, limits, name, title)
  local low, high = range_of(list, part, 0)
  local range, axis = scale.axis(WHO, low, high, { limits = limits, name = name })
  if not limits then -- labels of two axes stand apart
    local clear = 0.03 * (range[2] - range[1])
    range = { range[1] - clear, range[2] + clear }
  end
  return { x = range, ticks = axis.ticks, labels = axis.labels, title = title }
end

local function page_spec(list, arms, comparisons, opt)
  local names = {}
  for k, arm in ipairs(arms) do names[k] = arm.name end
  local letters, rows = legend.letters(names), {}
  local columns = { { strip = 1, head = "Subjects with the event, %" } }
  local axes = { opt.butterfly and mirrored(list, opt.xlim)
    or strip(list, "arms", opt.xlim, "xlim") }
  if opt.butterfly then
    axes[1].ends = { "\u{2190} " .. names[1], table.concat(names, ", ", 2) .. " \u{2192}" }
  end
  if opt.cutoff > 0 then
    axes[1].dashed = { opt.cutoff, opt.butterfly and -opt.cutoff or nil }
  end
  if #comparisons > 0 then
    local one = #comparisons == 1 and comparisons[1].name or nil
    columns[2] = { strip = 2, head = "Difference, % points (95 % CI)" }
    axes[2] = strip(list, "differences", opt.difference_xlim, "difference_xlim", one)
    axes[2].line = axes[2].x[1] <= 0 and axes[2].x[2] >= 0 and 0 or nil
  end
  columns[#columns + 1] = { head = "", cell = 1 } -- room for the last label
  local deepest = 0
  for _, item in ipairs(list) do deepest = math.max(deepest, item.depth) end
  for i, item in ipairs(list) do
    rows[i] = { label = item.label, indent = item.depth,
      bold = item.depth < deepest, draw = { draw_shares(item, arms, letters, opt),
        #comparisons > 0 and draw_differences(item, comparisons) or nil } }
  end
  return { who = WHO, columns = columns,
    blocks = { { rows = rows, strips = axes } } }, letters
end

-- Keys: the arms, pale and dark, and lines of the comparisons where there are several.
local function entries_of(arms, comparisons, letters, opt)
  local arm_keys, all = {}, {}
  for k, arm in ipairs(arms) do
    local look = opt.butterfly and { symbol = 5, weight = 1.2, colour = arm.arm.colour }
      or arm.arm
    arm_keys[k] = { name = ("%s (N = %d)"):format(arm.name, arm.n), arm = look,
      place = k, key = "point", letter = letters[k] }
    all[k] = arm_keys[k]
  end
  for i, word in ipairs(opt.serious and { "any", opt.serious_word } or {}) do
    all[#all + 1] = { name = word, place = #arms + i, key = "point",
      letter = i == 1 and "A" or "a", arm = { symbol = 5, weight = 1.2,
        colour = i == 1 and shades.pale("#404040", PALE) or "#404040" } }
  end
  for k, c in ipairs(#comparisons > 1 and comparisons or {}) do
    all[#all + 1] = { name = c.name, arm = { colour = c.arm.colour }, place = k,
      row = k == 1 }
  end
  return arm_keys, all
end

local function draw(page, spec, keys, bottom, top)
  local s = page.style
  if page.cells then
    local some = {}
    for i, e in ipairs(keys) do some[i] = e.key and e or nil end
    keys = some
  end
  local width = page.width - 2 * s.pad
  legend.draw_above(page, keys, s.pad, top, width)
  strips.draw(page, spec, bottom, top - legend.height_above(page, keys, width)
    - s.between)
end

-- Beside it --------------------------------------------------------------------

local known = { "n", "of", "share", "n_serious", "share_serious", "risk_difference",
  "conf_low", "conf_high" }

local function shown(list, arms, comparisons, opt)
  local numbers = {}
  for _, name in ipairs(known) do
    if opt.serious or not name:find "serious" then numbers[#numbers + 1] = name end
  end
  local names, arrays = { "variable", "level", "within", "column" }, { {}, {}, {}, {} }
  for _, name in ipairs(numbers) do
    names[#names + 1], arrays[#arrays + 1] = name, {}
  end
  local function add(item, column, stats)
    local i = #arrays[1] + 1
    arrays[1][i], arrays[2][i] = item.variable, item.label
    arrays[3][i], arrays[4][i] = item.within or NA, column
    for j, name in ipairs(numbers) do
      local value = stats[name]
      arrays[4 + j][i] = value == nil and NA or value
    end
  end
  for _, item in ipairs(list) do
    for k, arm in ipairs(arms) do add(item, arm.name, item.arms[k]) end
    for k, c in ipairs(comparisons) do add(item, c.name, item.differences[k]) end
  end
  return names, arrays
end

local function caption_of(t, list, comparisons, opt)
  local parts = { t.title .. "; subjects counted once in each row" }
  if opt.serious then
    parts[#parts + 1] = ("pale: any event, dark: %s"):format(opt.serious_word)
  end
  local beyond, limits = 0, opt.xlim or { 0, 100 }
  for _, item in ipairs(list) do
    for _, arm in ipairs(item.arms) do
      local share = 100 * (arm.share or limits[1] / 100)
      if share < limits[1] or share > limits[2] then beyond = beyond + 1 end
    end
  end
  if beyond > 0 then
    parts[#parts + 1] = (opt.butterfly and "bars that reach the end go on beyond the axis "
      .. "(%d)" or "beyond the axis and not shown: %d of the percentages"):format(beyond)
  end
  if #comparisons > 0 then
    parts[#parts + 1] = "differences with 95 % confidence intervals (Miettinen-Nurminen), "
      .. "not adjusted for multiplicity"
  end
  local x, arrows = opt.difference_xlim, false
  for _, item in ipairs(x and list or {}) do
    for _, d in ipairs(item.differences) do
      if d.conf_low and (100 * d.conf_low < x[1] or 100 * d.conf_high > x[2]) then
        arrows = true
      end
    end
  end
  if arrows then
    parts[#parts + 1] = "arrows: the interval goes on beyond the axis"
  end
  if opt.cutoff > 0 then
    parts[#parts + 1] = ("rows of at least %s %% in any arm (dashed)"):format(
      format.cell(opt.cutoff, opt.cutoff % 1 == 0 and 0 or 1))
  end
  parts[#parts + 1] = opt.sort == "difference"
    and "sorted by difference" .. (#comparisons > 1
      and (" (%s)"):format(comparisons[1].name) or "")
    or opt.sort == "frequency" and "sorted by number of subjects in all arms" or nil
  return table.concat(parts, "; ") .. "."
end

--- figure.ae { EVENTS, option = ... } -> figure
-- Adverse events by class and term: the percentage of each arm as dots, at right
-- differences with their intervals (Miettinen-Nurminen). Counts are those of
-- table.ae: a subject once in each row; EVENTS adae of the open study where none
-- are given.
--   rows        { "AEBODSYS", "AEDECOD" }, outermost first; one column: no classes
--   sort        "difference" (of the first comparison), "frequency", "alphabetical",
--               within a class too
--   cutoff      5: rows of at least 5 % in any arm, with a dashed line there
--   layout      "dots"; "butterfly": bars, the first arm to the left, others to the right
--   serious     true: subjects with a serious event (AESER = 'Y') darker, all pale;
--               "AETOXGR >= 3" or another condition
--   compare     "A vs B" or a list; the trial's, else each arm and the first; false:
--               no differences
--   where, subjects, population, by   as in table.ae
--   xlim, difference_xlim   { from, to } in %
--   title, note, stamp, palette, width 183, height (by its rows), journal   as in all
--
--   > figure.ae { demo.adae, rows = "AEDECOD", cutoff = 40, sort = "frequency" }:data().level[1]
--   Injection site reaction
--
-- See also: table.ae, riskdiff, figure.forest, figure:save.
function M.ae(given)
  local first, opt = source.options(WHO, source.wide(given), own_options)
  if type(first) == "string" then
    fail("type", WHO .. ": takes events, a row each, not the name of an endpoint")
  end
  if opt.compare ~= nil and opt.compare ~= false and type(opt.compare) ~= "string"
      and type(opt.compare) ~= "table" then
    fail("type", WHO .. ': compare is "A vs B", a list of them or false')
  end
  if opt.compare == false and opt.sort == "difference" then opt.sort = "frequency" end
  opt.difference_xlim = scale.limits(WHO, "difference_xlim", opt.difference_xlim)
  opt.xlim = scale.limits(WHO, "xlim", opt.xlim)
  opt.butterfly = opt.layout == "butterfly"
  if opt.serious ~= nil and type(opt.serious) ~= "boolean"
      and type(opt.serious) ~= "string" then
    fail("type", WHO .. ": serious is true or a condition on events, \"AETOXGR >= 3\"")
  end
  opt.serious_word = opt.serious == true and "serious" or opt.serious
  local t = table_of(first, opt)
  if #t.rows == 0 then
    fail("degenerate", WHO .. (opt.cutoff > 0
      and ": no event reaches the cutoff" or ": no event to show"))
  end
  local arms, comparisons = looks_of(t, opt)
  if opt.butterfly and #arms < 2 then
    fail("degenerate", WHO .. ": a butterfly has arms at both sides; there is one")
  end
  if opt.serious then add_serious(first, opt, t, #arms) end
  local tree = tree_of(t, #arms)
  if opt.sort == "difference" then sort_by_difference(tree) end
  local list = flat(tree, {})
  local spec, letters = page_spec(list, arms, comparisons, opt)
  local entries, keys = entries_of(arms, comparisons, letters, opt)
  local sheet = canvas.paper(opt.width, 10, journal.look(opt.journal))
  return object.new(opt, { data = first, stamp = t.stamp }, {
    what = "adverse events", entries = entries,
    caption = caption_of(t, list, comparisons, opt),
    height = math.ceil(strips.height(sheet, spec) + 10
      + #list * 0.9 * math.max(0, math.max(#arms - 2, #comparisons - 1))
      + legend.height_above(sheet, keys, opt.width - 2)
      + (opt.title and 4 or 0) + (opt.note and 6 or 0)),
    shown = function() return shown(list, arms, comparisons, opt) end,
    draw = function(page, bottom, top) draw(page, spec, keys, bottom, top) end })
end

return M
