-- figure.forest: estimates with their intervals, a row each, beside what tables say
-- of them. What is measured alike shares an axis: ratios one of logarithms,
-- differences of proportions one, others one per unit.

local text = require "ts.text"
local fail = require "ts.error".fail
local NA = require "ts.na".NA
local efficacy = require "trialsh.table.efficacy"
local forest_rows = require "trialsh.figure.forest_rows"
local format = require "trialsh.format"
local mark = require "trialsh.mark"
local object = require "trialsh.figure.object"
local p_text = require "trialsh.p_text"
local scale = require "trialsh.figure.scale"
local sheet = require "trialsh.figure.sheet"
local source = require "trialsh.figure.source"
local strips = require "trialsh.figure.strips"

local M = {}

local WHO = "figure.forest"

-- The axis ---------------------------------------------------------------------

-- From the lowest to the highest interval; a very wide one ends in an arrow.
local function range_of(block, opt)
  local null = opt.null or (block.log and 1 or 0)
  local f = block.log and math.log or function(x) return x end
  local halves, low, high = {}, f(null), f(null)
  local ends = { math.huge, -math.huge }
  for _, row in ipairs(block) do
    if row.estimate ~= NA and row.estimate ~= nil then
      local e = f(row.estimate)
      for i, limit in ipairs { row.conf_low, row.conf_high } do
        local v = limit ~= NA and f(limit) or nil
        if v and v == v and math.abs(v) < math.huge then
          halves[#halves + 1] = math.abs(v - e)
          ends[i] = i == 1 and math.min(ends[1], v) or math.max(ends[2], v)
        end
      end
      if math.abs(e) < math.huge then low, high = math.min(low, e), math.max(high, e) end
    end
  end
  table.sort(halves)
  local room = 3 * (halves[(#halves + 1) // 2] or 1)
  low = math.min(low, math.max(ends[1], low - room))
  high = math.max(high, math.min(ends[2], high + room))
  if block.log then low, high = math.exp(low), math.exp(high) end
  if low == high then
    low, high = low - 1, high + 1
    if block.log then low, high = 0.5 * null, 2 * null end
  end
  return low, high, null
end

local function strip_of(block, opt)
  local low, high, null = range_of(block, opt)
  local range, axis = scale.axis(WHO, low, high, { log = block.log,
    limits = opt.xlim, name = "xlim", ticks = opt.ticks })
  local strip = { x = range, log = block.log, ticks = axis.ticks,
    labels = axis.labels, title = block.title }
  if null >= range[1] and null <= range[2] then strip.line = null end
  if opt.favours and block.way ~= 0 then
    local a, b = opt.favours[1], opt.favours[2]
    if block.way < 0 then a, b = b, a end
    strip.ends = { "\u{2190} favours " .. a, "favours " .. b .. " \u{2192}" }
  end
  return strip
end

-- Cells ------------------------------------------------------------------------

-- With a minus sign, not a hyphen.
local function signed(s) return (s:gsub("%-(%d)", "\u{2212}%1")) end

local function is_interaction(row)
  return tostring(row.variation):find ": interaction$" ~= nil
end

local function whole(x)
  return x ~= nil and x ~= NA and text.number(math.tointeger(x) or x) or nil
end

local function p_of(name, head)
  return { head, function(row, style)
    local p = row[name]
    return p ~= nil and p ~= NA and p_text.number(p, style) or nil
  end }
end

local known = {
  n = { "n", function(row) return whole(row.n) end, left = true },
  n_arms = { "n per arm", function(row)
    local a, b = whole(row.n_1), whole(row.n_2)
    return a and b and a .. " / " .. b
  end, left = true },
  estimate = { "Estimate (95 % CI)", function(row)
    if is_interaction(row) then return nil end
    local words = efficacy.estimate(row).text
    return words and signed(words)
  end },
  measure = { "Measure", function(row)
    return row.estimate_name ~= NA and row.estimate_name or nil
  end, left = true },
  p_value = p_of("p_value", "P"),
  p_rerandomised = p_of("p_rerandomised", "P, re-randomised"),
  p_adjusted = p_of("p_adjusted", "P, adjusted"),
  p_interaction = { "P, interaction", function(row, style)
    local p = row.p_value
    return is_interaction(row) and p ~= nil and p ~= NA and p_text.number(p, style) or nil
  end },
}
local known_names = { "n", "n_arms", "measure", "estimate", "p_value",
  "p_rerandomised", "p_adjusted", "p_interaction" }

-- The arms of n per arm, where all rows compare the same two.
local function arms_of(rows)
  local compare
  for _, row in ipairs(rows) do
    local own = row.compare ~= NA and row.compare or nil
    if own and compare and own ~= compare then return nil end
    compare = compare or own
  end
  local a, b = tostring(compare):match "^(.-) vs (.+)$"
  return a and not b:find(" vs ", 1, true) and ("n, %s / %s"):format(a, b) or nil
end

-- The columns asked for; those of n stand before the plot, the rest behind it.
local function columns_of(opt, rows)
  local left, right, chosen = {}, {}, {}
  for _, name in ipairs(opt.columns or { "n", "estimate", "p_value" }) do
    local column = known[name]
    if not column then
      fail("invalid", ("%s: no column %s%s"):format(WHO, tostring(name),
        require "trialsh.names".hint(tostring(name), known_names)))
    end
    local any = opt.columns ~= nil
    for _, row in ipairs(rows) do any = any or column[2](row) ~= nil end
    if any then
      chosen[#chosen + 1] = column[2]
      local head = name == "n_arms" and arms_of(rows) or column[1]
      if name == "estimate" then
        for _, row in ipairs(rows) do
          if row.conf_level ~= nil and row.conf_level ~= NA then
            head = ("Estimate (%s CI)"):format(format.level(row.conf_level))
            break
          end
        end
      end
      table.insert(column.left and left or right, { head = head, cell = #chosen })
    end
  end
  left[#left + 1] = { strip = 1, head = "" }
  return table.move(right, 1, #right, #left + 1, left), chosen
end

-- The rows of the page ---------------------------------------------------------

local function capital(s) return s:sub(1, 1):upper() .. s:sub(2) end

-- "ALC, day 29: CYT107 HF vs Placebo": of it what tells rows apart.
local function label_of(row, rows)
  if row.label ~= nil then return tostring(row.label) end
  local title = row.title ~= NA and row.title or row.endpoint
  for _, key in ipairs { "parameter", "visit", "compare" } do
    local value, differs = row[key], false
    for _, other in ipairs(rows) do
      differs = differs or other.endpoint == row.endpoint
        and other.variation == row.variation and other[key] ~= value
    end
    if differs and value ~= NA then title = ("%s, %s"):format(title, value) end
  end
  return title
end

local function weight_of(row, block, how)
  if how == "equal" then return 1 end
  if how == "n" then
    return row.n ~= nil and row.n ~= NA and row.n or nil
  end
  local low, high = row.conf_low, row.conf_high
  if low == NA or high == NA then return nil end
  if block.log then low, high = math.log(low), math.log(high) end
  local width = high - low
  return width > 0 and width < math.huge and 1 / width ^ 2 or nil
end

-- A row that is drawn; side of its box by the share of the largest weight.
local function drawn(row, label, indent, block, chosen, opt, heaviest)
  local w = weight_of(row, block, opt.weight)
  local side = w and math.max(0.7, 2.1 * math.sqrt(w / heaviest)) or 0.7
  if opt.weight ~= "equal" then row.weight = w and w / heaviest or NA end
  local low = row.conf_low ~= NA and row.conf_low or -math.huge
  local high = row.conf_high ~= NA and row.conf_high or math.huge
  if block.log then low = math.max(low, 1e-300) end
  local cells
  return { label = label, indent = indent,
    row = row, fill = function(style)
      cells = {}
      for j, cell in ipairs(chosen) do cells[j] = cell(row, style) end
      return cells
    end,
    draw = { function(page, at, y, height)
      strips.interval(page, at, y, height, { low = low, high = high,
        estimate = row.estimate, side = side,
        shape = row.overall and "diamond" or nil })
    end } }
end

-- "SEX: F" of subgroups -> "SEX", "F"
local function subgroup_of(row)
  if row.kind ~= "subgroup" then return nil end
  return tostring(row.variation):match "^(.-): (.*)$"
end

local function add_rows(out, rows, block, chosen, opt, indent, heaviest)
  local with_subgroups = {}
  for _, row in ipairs(rows) do
    if subgroup_of(row) then with_subgroups[row.endpoint] = true end
  end
  local last, columns = nil, {}
  for _, cell in ipairs(chosen) do columns[cell] = true end
  local beside = columns[known.p_value[2]] and not columns[known.p_interaction[2]]
  for _, row in ipairs(rows) do
    local name, level = subgroup_of(row)
    if name then
      if name ~= last then
        out[#out + 1] = { label = opt.names and opt.names[name] or name,
          indent = indent + 1 }
        last = name
      end
      if level == "interaction" then
        local heading = #out
        while out[heading].row do heading = heading - 1 end
        local p = row.p_value
        out[heading].fill = function(style)
          local list = {}
          for j, cell in ipairs(chosen) do
            if (cell == known.p_interaction[2] or cell == known.p_value[2] and beside)
                and p ~= NA then
              list[j] = p_text.number(p, style)
            end
          end
          return list
        end
        if p ~= NA and (beside or columns[known.p_interaction[2]]) then
          block.interaction = beside and "P beside the name of a subgroup: of interaction"
            or "interaction"
          block.interaction_method = tostring(row.method):gsub(" of %S+:%S+", "")
        end
      else
        out[#out + 1] = drawn(row, level, indent + 2, block, chosen, opt, heaviest)
      end
    else
      last = nil
      row.overall = with_subgroups[row.endpoint] and opt.diamond
      local label = label_of(row, rows)
      if row.kind == "sensitivity" or row.kind == "supplementary" then
        label = capital(row.variation)
      end
      out[#out + 1] = drawn(row, label, indent
        + ((row.kind == "sensitivity" or row.kind == "supplementary") and 1 or 0),
        block, chosen, opt, heaviest)
    end
  end
end

local ORDER = { "primary", "key secondary", "secondary", "exploratory", "safety" }

-- Groups of rows by a column, roles in the order of a plan.
local function groups_of(rows, by)
  local list, at = {}, {}
  for _, row in ipairs(rows) do
    local value = row[by]
    if value == nil then
      fail("not found", ("%s: the rows have no column %s to group them by"):format(
        WHO, by))
    end
    if value == NA then value = "none" end
    if not at[value] then
      at[value] = { name = tostring(value) }
      list[#list + 1] = at[value]
    end
    table.insert(at[value], row)
  end
  if by == "role" then
    local place = {}
    for i, group in ipairs(list) do place[group] = #ORDER + i end
    for i, name in ipairs(ORDER) do
      if at[name] then place[at[name]] = i end
    end
    table.sort(list, function(a, b) return place[a] < place[b] end)
  end
  return list
end

local function page_blocks(blocks, chosen, opt)
  local out = {}
  for b, block in ipairs(blocks) do
    local rows, heaviest = {}, 0
    for _, row in ipairs(block) do
      heaviest = math.max(heaviest, row.estimate ~= NA
        and weight_of(row, block, opt.weight) or 0)
    end
    for _, group in ipairs(opt.by and groups_of(block, opt.by)
      or { table.move(block, 1, #block, 1, {}) }) do
      if opt.by then
        rows[#rows + 1] = { label = capital(group.name), bold = true }
      end
      add_rows(rows, group, block, chosen, opt, opt.by and 1 or 0, heaviest)
    end
    out[b] = { rows = rows, strips = { strip_of(block, opt) } }
  end
  return out
end

-- Numbers of the CSV, as they are stored.
local csv_names = { "endpoint", "variation", "compare", "visit", "parameter",
  "estimate_name", "estimate", "conf_low", "conf_high", "conf_level", "p_value",
  "p_rerandomised", "p_adjusted", "n", "n_1", "n_2", "weight" }

local function shown(blocks, rows)
  local names, arrays = { "label" }, { {} }
  for _, name in ipairs(csv_names) do
    local any = false
    for _, row in ipairs(rows) do any = any or row[name] ~= nil end
    if any then
      names[#names + 1], arrays[#arrays + 1] = name, {}
    end
  end
  for _, block in ipairs(blocks) do
    for _, row in ipairs(block) do
      local i = #arrays[1] + 1
      arrays[1][i] = row.variation ~= nil and row.variation ~= "main"
        and tostring(row.variation) or label_of(row, block)
      for j = 2, #names do
        local value = row[names[j]]
        arrays[j][i] = value == nil and NA or value
      end
    end
  end
  return names, arrays
end

local function caption_of(blocks, opt, rows)
  local parts = { "Lines: confidence intervals" }
  local level = rows[1].conf_level
  if level ~= nil and level ~= NA then
    parts[1] = ("Lines: %s confidence intervals"):format(format.level(level))
    for _, row in ipairs(rows) do
      if row.conf_level ~= level and row.estimate ~= NA then
        parts[1] = "Lines: confidence intervals of the level of each analysis"
      end
    end
  end
  parts[2] = opt.weight == "precision"
    and "area of the boxes by precision (1 / squared width of the interval)"
    or opt.weight == "n" and "area of the boxes by n" or nil
  local unknown, ways, arrow, diamond = false, {}, false, false
  local interaction, methods, known_method = nil, {}, {}
  for _, block in ipairs(blocks) do
    if block.way == 0 then unknown = true else ways[block.way] = true end
    local x = strip_of(block, opt).x
    interaction = interaction or block.interaction
    local method = block.interaction_method
    if method and not known_method[method] then
      methods[#methods + 1], known_method[method] = method, true
    end
    for _, row in ipairs(block) do
      diamond = diamond or row.overall
      arrow = arrow or row.conf_low ~= NA and row.conf_low ~= nil and row.conf_low < x[1]
        or row.conf_high ~= NA and row.conf_high ~= nil and row.conf_high > x[2]
    end
  end
  if diamond then parts[#parts + 1] = "diamonds: all patients" end
  if arrow then
    parts[#parts + 1] = "arrows: the interval goes on beyond the axis"
  end
  if interaction then
    parts[#parts + 1] = #methods > 0
      and ("%s (%s)"):format(interaction, table.concat(methods, "; ")) or interaction
  end
  if opt.favours and unknown and (ways[1] or ways[-1]) then
    parts[#parts + 1] = "where no side is named the plan says of none that it is better"
  end
  return table.concat(parts, "; ") .. "."
end

local own_options = { by = { "string" }, columns = { "list" },
  favours = { "list" }, better = { { "higher", "lower" } }, label = { "string" },
  names = { "table" }, subgroups = { "boolean", true },
  visits = { "boolean", false }, variations = { "boolean", false },
  comparisons = { { "all", "own" }, "own" }, diamond = { "boolean", true },
  weight = { { "precision", "n", "equal" }, "precision" },
  xscale = { { "log", "linear" } }, xlim = { "table" }, ticks = { "table" },
  null = { "number" }, xlabel = { "string" }, palette = false }

local ADDRESSES = {}

-- { "A", "B", option = ... } -> { { "A", "B" }, option = ... }
local function gathered(given)
  if type(given) ~= "table" or type(given[1]) ~= "string" then return given end
  local out, list = {}, {}
  for key, value in pairs(given) do
    if math.type(key) == "integer" then list[key] = value else out[key] = value end
  end
  out[1] = setmetatable(list, ADDRESSES)
  return out
end

-- Sides that are arms of "A vs B" the other way round would say the contrary of the results.
local function check_sides(rows, favours)
  local less, more = favours[1]:lower(), favours[2]:lower()
  local turned
  for _, row in ipairs(rows) do
    local a, b = tostring(row.compare):lower():match "^(.-) vs (.+)$"
    if a and a ~= less and b ~= more and (a == more or b == less) then return end
    if a and (a == less or b == more) then turned = turned or row.compare end
  end
  if turned then
    local a, b = turned:match "^(.-) vs (.+)$"
    fail("invalid", ('%s: of %s favours = { "%s", "%s" }; where less is better the sides change '
      .. "places by themselves"):format(WHO, turned, b, a))
  end
end

--- figure.forest { RESULTS or "ENDPOINT", "ENDPOINT", ..., option = ... } -> figure
-- Estimates and intervals, a row each, with text beside them. RESULTS are rows of
-- s.results (of each endpoint its own comparison at the visit it claims), or data
-- with estimate, conf_low, conf_high; else addresses such as "ALC50", "ALC[A vs B]@Day
-- 29"; endpoints come with their subgroups. Ratios share an axis of logarithms,
-- differences one per unit.
--   by        "role", "endpoint" or another column: rows under headings
--   columns   { "n", "estimate", "p_value" }; also "n_arms", "measure",
--             "p_rerandomised", "p_adjusted", and "p_interaction", which else stands
--             beside the name of a subgroup
--   favours   { "B", "A" } of A against B: what less and more mean where more is
--             better; where the trial says less is better the sides change places,
--             and such rows have an axis of their own; arms turned round are an error
--   better    "higher", "lower": for all rows, whatever the trial says
--   subgroups   true;  names  { SEX = "Sex" };  diamond  true: all patients
--   visits    false; true: all;  variations  false; true: sensitivity, too
--   comparisons  "own"; "all"
--   label     data: the column that names each row
--   weight    "precision", "n", "equal": area of the boxes, in :data() as parts of the
--             largest of an axis
--   xscale    "log", "linear": one axis for all;  xlim, ticks, null, xlabel
--   title, note, stamp, width 183, height (by its rows), journal   as in all
--
--   > r = { WHAT = { "Men", "Women" }, estimate = { 0.8, 1.3 }, conf_low = { 0.5, 0.6 }, conf_high = { 1.28, 2.8 } }
--   > figure.forest { r, label = "WHAT", xscale = "log", favours = { "A", "B" } }.caption
--   Lines: confidence intervals; area of the boxes by precision (1 / squared width of the interval).
--
-- See also: run, study.results, table.efficacy, figure:save.
function M.forest(given)
  given = gathered(given)
  if type(given) == "table" and given.width == nil then
    local copy = {}
    for key, value in pairs(given) do copy[key] = value end
    copy.width = "double"
    given = copy
  end
  local first, opt = source.options(WHO, given, own_options)
  if opt.favours and (#opt.favours ~= 2 or type(opt.favours[1]) ~= "string"
      or type(opt.favours[2]) ~= "string") then
    fail("invalid", WHO .. ': favours = { "B", "A" }, two names')
  end
  local rows, from
  if getmetatable(first) == ADDRESSES then
    rows, from = forest_rows.of_addresses(first, opt)
  else
    rows, from = forest_rows.of_data(first, opt)
  end
  rows = forest_rows.usable(rows)
  if opt.favours then check_sides(rows, opt.favours) end
  local trial = source.trial(from)
  local blocks = forest_rows.blocks_of(rows, trial, opt)
  if #blocks == 0 then
    fail("degenerate", WHO .. ": no row has an estimate and its interval")
  end
  for _, block in ipairs(blocks) do
    for _, row in ipairs(block) do
      if block.log and row.estimate ~= NA and row.estimate ~= nil
          and row.estimate <= 0 and not is_interaction(row) then
        fail("degenerate", ("%s: %s is %s, which an axis of ratios cannot show")
          :format(WHO, label_of(row, block), text.number(row.estimate)))
      end
    end
  end
  local columns, chosen = columns_of(opt, rows)
  local spec = { who = WHO, columns = columns,
    blocks = page_blocks(blocks, chosen, opt) }
  local function fill(page)
    for _, block in ipairs(spec.blocks) do
      for _, row in ipairs(block.rows) do
        if row.fill then row.cells = row.fill(page.style.p) end
      end
    end
  end
  local above = { title = opt.title, note = opt.note,
    stamp = mark.with(from.stamp, opt.stamp) }
  return object.new(opt, from, { what = "forest plot",
    caption = caption_of(blocks, opt, rows),
    fit = function(width, look)
      return sheet.height(width, look, above, function(page)
        fill(page)
        return strips.height(page, spec)
      end)
    end,
    shown = function() return shown(blocks, rows) end,
    draw = function(page, bottom, top)
      fill(page)
      strips.draw(page, spec, bottom, top)
    end })
end

return M
