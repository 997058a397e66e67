-- What stands above the columns of a heat map: bars of what the subjects are, and
-- the tree in which they were joined; that of the markers stands at the right.

local cframe = require "ts.frame"
local text = require "ts.text"
local fail = require "ts.error".fail
local NA = require "ts.na".NA
local data = require "trialsh.data"
local format = require "trialsh.format"
local legend = require "trialsh.figure.legend"
local shades = require "trialsh.figure.shades"
local style = require "trialsh.figure.style"

local M = {}

local GREY = "#C4C4C4"
local TREE = 7 -- mm that a tree takes

-- What the bars show -------------------------------------------------------------

-- Values of a column by subject; two values of one are an error.
local function values_of(who, x, name)
  local frame = data.frame(x, { "USUBJID", name }, who)
  local ids, of = cframe.values(frame:column "USUBJID"), {}
  local column = frame:column(name)
  for i, value in ipairs(cframe.values(column)) do
    local id = ids[i]
    if id ~= NA and value ~= NA then
      if of[id] ~= nil and of[id] ~= value then
        fail("invalid", ("%s: annotate: %s has two values of %s; it is of columns with "
          .. "one per subject"):format(who, tostring(id), name))
      end
      of[id] = value
    end
  end
  return of, column
end

-- One colour per level: those of the arms, dark and light for yes and no, else Tol's.
local function colours_of(who, bar, opt)
  local colours, n = {}, #bar.levels
  if bar.column == opt.arm_column then
    for k, arm in ipairs(style.arms(n, opt.palette)) do colours[k] = arm.colour end
    return colours
  end
  local yes_no = n > 0
  for _, level in ipairs(bar.levels) do yes_no = yes_no and (level == "Y" or level == "N") end
  bar.yes_no = yes_no
  for k, level in ipairs(bar.levels) do
    if yes_no then
      colours[k] = level == "Y" and "#303030" or "#E0E0E0"
    elseif opt.palette == "grey" then
      colours[k] = shades.at("grey", n > 1 and (k - 1) / (n - 1) or 0.5)
    end
  end
  if #colours < n then
    if n > 8 then
      fail("invalid", ("%s: annotate: %s has %d levels; colours tell 8 apart"):format(who,
        bar.column, n))
    end
    for k, look in ipairs(style.arms(n, "tol")) do colours[k] = look.colour end
  end
  return colours
end

local function bar_of(who, x, name, opt, ids)
  local of, column = values_of(who, x, name)
  local title = opt.names and opt.names[name] or column.label ~= NA and column.label
    or name == opt.arm_column and "Arm" or name == "DTHFL" and "Died" or name
  local bar = { column = name, title = title, of = of, levels = {} }
  local used, low, high = {}, math.huge, -math.huge
  for _, id in ipairs(ids) do
    local value = of[id]
    if value == nil then
      bar.missing = true
    elseif column.levels then
      used[value] = true
    else
      low, high = math.min(low, value), math.max(high, value)
    end
  end
  if not column.levels then
    bar.low, bar.high, bar.levels = low, high, nil
    return bar
  end
  for _, level in ipairs(column.levels) do
    if used[level] or name == opt.arm_column then bar.levels[#bar.levels + 1] = level end
  end
  bar.colours, bar.letters = colours_of(who, bar, opt), legend.letters(bar.levels)
  bar.place = {}
  for k, level in ipairs(bar.levels) do bar.place[level] = k end
  return bar
end

--- bars.read(who, x, columns, ids, opt) -> bars of these columns of x, a table with
-- USUBJID; opt: { names, palette, arm_column, arms = the table that has it }
function M.read(who, x, columns, ids, opt)
  local list = {}
  for i, name in ipairs(columns) do
    if type(name) ~= "string" then
      fail("type", who .. ': annotate = { "TRT01P", "SITE" }, names of columns')
    end
    list[i] = bar_of(who, name == opt.arm_column and opt.arms or x, name, opt, ids)
  end
  return list
end

-- Colour and letter of a subject in a bar.
local function look_of(bar, id)
  local value = bar.of[id]
  if value == nil then return GREY, "" end
  if bar.levels then
    local k = bar.place[value]
    return bar.colours[k], bar.letters[k]
  end
  local f = bar.high > bar.low and (value - bar.low) / (bar.high - bar.low) or 0.5
  return shades.at("grey", f), ""
end

-- Drawing ------------------------------------------------------------------------

local function height_of(page)
  return page.cells and 1 or page:line_height(page.style.tick_text)
end

--- bars.height(page, spec) -> mm above the cells: spec.bars and spec.columns_tree
function M.height(page, spec)
  local gap = page.cells and 0 or 0.4
  return #spec.bars * (height_of(page) + gap)
    + (spec.columns_tree and not page.cells and TREE + 0.6 or 0)
end

--- bars.width(page, spec) -> mm beside the cells: stars of spec.with_stars and
-- spec.rows_tree
function M.width(page, spec)
  if page.cells then return 0 end
  return (spec.with_stars and 1.8 or 0) + (spec.rows_tree and TREE + 0.6 or 0)
end

local function draw_cells(panel, spec, bar, y)
  local cells = {}
  for x = 0, math.floor(panel.right - panel.left) - 1 do cells[x] = " " end
  for _, column in ipairs(spec.list) do
    local _, letter = look_of(bar, column.subject.id)
    local left = math.floor(panel:at_x(column.x - 0.5) - panel.left)
    local right = math.floor(panel:at_x(column.x + 0.5) - panel.left) - 1
    for x = left, math.max(left, right) do cells[x] = letter == "" and "?" or letter end
  end
  panel.page:text(table.concat(cells, "", 0), panel.left + 1, y, {})
end

-- Letters tell the colours apart in grey, where each has room for its own.
local function with_letters(page, bar, wide)
  for _, letter in ipairs(bar.letters or {}) do
    if page:text_width(letter, page.style.tick_text) + 0.3 > wide then return false end
  end
  return bar.letters ~= nil
end

local function draw_bar(panel, spec, bar, bottom, height)
  local page, size = panel.page, panel.page.style.tick_text
  local middle = bottom + height / 2
  page:text(page:fit(bar.title, panel.left - page.style.pad - page.style.gap, size),
    panel.left - page.style.tick - (page.cells and 1 or page.style.gap), middle,
    { size = size, align = "right" })
  if page.cells then return draw_cells(panel, spec, bar, math.floor(middle)) end
  local letters = with_letters(page, bar, panel:at_x(1.5) - panel:at_x(0.5))
  for _, column in ipairs(spec.list) do
    local fill, letter = look_of(bar, column.subject.id)
    local left, right = panel:at_x(column.x - 0.5), panel:at_x(column.x + 0.5)
    page:box(left, bottom, right, bottom + height, { fill = fill,
      colour = right - left > 1 and "#FFFFFF" or nil, width = 0.25 })
    if letters and letter ~= "" then
      page:text(letter, (left + right) / 2, middle, { size = size, align = "center",
        colour = shades.text_on(fill) })
    end
  end
end

-- A tree as lines; place(leaf) and reach(height) are mm along it and away from it.
local function draw_tree(page, tree, place, reach, line)
  local function walk(node)
    if node.row then return place(node.row), reach(0) end
    local a, low_a = walk(node[1])
    local b, low_b = walk(node[2])
    local top = reach(node.height)
    line(a, low_a, a, top)
    line(a, top, b, top)
    line(b, low_b, b, top)
    return (a + b) / 2, top
  end
  walk(tree)
end

local function highest(tree) return tree.height > 0 and tree.height or 1 end

--- bars.draw(panel, spec): bars upwards from the cells, then the trees
function M.draw(panel, spec)
  local page = panel.page
  local height, gap = height_of(page), page.cells and 0 or 0.4
  local y = panel.top + gap
  for i = #spec.bars, 1, -1 do
    draw_bar(panel, spec, spec.bars[i], y, height)
    y = y + height + gap
  end
  if page.cells then return end
  local pen = { width = 0.4, colour = "#404040" }
  if spec.columns_tree then
    local tree = spec.columns_tree
    draw_tree(page, tree, function(row) return panel:at_x(spec.column_at[row]) end,
      function(h) return y + 0.2 + TREE * h / highest(tree) end,
      function(x1, y1, x2, y2) page:line(x1, y1, x2, y2, pen) end)
  end
  if spec.rows_tree then
    local tree = spec.rows_tree
    draw_tree(page, tree,
      function(row) return panel:at_y(#spec.markers - spec.row_at[row] + 0.5) end,
      function(h)
        return panel.right + (spec.with_stars and 2.2 or 0.4) + TREE * h / highest(tree)
      end,
      function(y1, x1, y2, x2) page:line(x1, y1, x2, y2, pen) end)
  end
end

-- A key as large as the bars, with the letter of the level in it.
local function key(colour, letter)
  return function(page, x, y)
    local s = page.style
    local half = 0.45 * page:line_height(s.tick_text)
    page:box(x, y - half, x + s.key / 2, y + half, { fill = colour })
    page:text(letter, x + s.key / 4, y, { size = s.tick_text, align = "center",
      colour = shades.text_on(colour) })
  end
end

--- bars.entries(bars) -> entries of a legend: of each bar its name and its levels
function M.entries(list)
  local out = {}
  local function say(name, colour, letter)
    out[#out + 1] = { name = name, place = #out % 8 + 1, key = "point", letter = letter,
      arm = { colour = colour, symbol = 5, weight = 1.2 }, draw = key(colour, letter) }
  end
  for _, bar in ipairs(list) do
    out[#out + 1] = { name = bar.title .. ":", row = true }
    for k, level in ipairs(bar.levels or {}) do
      say(bar.yes_no and (level == "Y" and "yes" or "no") or level, bar.colours[k],
        bar.letters[k])
    end
    if not bar.levels and bar.low <= bar.high then
      local digits = format.decimals(math.max(math.abs(bar.low), math.abs(bar.high)))
      local function number(x) return text.number(tonumber(format.fixed(x, digits))) end
      say(number(bar.low), shades.at("grey", bar.high > bar.low and 0 or 0.5), "")
      if bar.high > bar.low then say(number(bar.high), shades.at("grey", 1), "") end
    end
    if bar.missing then say("missing", GREY, "") end
  end
  return out
end

return M
