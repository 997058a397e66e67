-- Which patterns of values over visits there are, and how many subjects of each arm
-- have them: a row for each, its states as squares, its subjects as a bar. What
-- figure.missing shows with patterns = true.

local text = require "ts.text"
local legend = require "trialsh.figure.legend"
local object = require "trialsh.figure.object"
local scale = require "trialsh.figure.scale"
local sheet = require "trialsh.figure.sheet"
local strips = require "trialsh.figure.strips"
local mark = require "trialsh.mark"
local note = require "trialsh.note"

local M = {}

-- VALUE, LATER, NONE, DEAD: places in the states of missing.lua
local VALUE, LATER, DEAD = 1, 2, 4

local function said(visit)
  return type(visit) == "number" and text.number(visit) or visit
end

-- What a pattern is in words.
local function words_of(at, visits)
  local last, gaps, dead = 0, false, false
  for j, state in ipairs(at) do
    if state == VALUE then last = j end
    gaps, dead = gaps or state == LATER, dead or state == DEAD
  end
  if last == 0 then return dead and "No value, died" or "No value" end
  local ended = last < #at and (dead and "died after " or "left after ") .. said(visits[last])
  local words = gaps and (ended and "gaps, " .. ended or "gaps") or ended or "all values"
  return words:sub(1, 1):upper() .. words:sub(2)
end

-- The patterns, those of most subjects first: { at, words, n = by arm, all }
local function count(arms, visits)
  local list, by = {}, {}
  for k, arm in ipairs(arms) do
    for _, subject in ipairs(arm.list) do
      local key = table.concat(subject.at)
      local p = by[key]
      if not p then
        p = { key = key, at = subject.at, words = words_of(subject.at, visits), n = {},
          all = 0 }
        for i in ipairs(arms) do p.n[i] = 0 end
        by[key], list[#list + 1] = p, p
      end
      p.n[k], p.all = p.n[k] + 1, p.all + 1
    end
  end
  table.sort(list, function(a, b)
    if a.all ~= b.all then return a.all > b.all end
    return a.key < b.key
  end)
  return list
end

-- Those beyond the first ones are one row without squares; all rows sum to n.
local function folded(list, most, n_arms)
  if #list <= most then return list end
  local out, rest = table.move(list, 1, most - 1, 1, {}), { n = {}, all = 0 }
  for k = 1, n_arms do rest.n[k] = 0 end
  for i = most, #list do
    rest.all = rest.all + list[i].all
    for k, n in ipairs(list[i].n) do rest.n[k] = rest.n[k] + n end
  end
  rest.words = ("%d other patterns"):format(#list - most + 1)
  out[most] = rest
  return out
end

-- A square for each visit.
local function squares(at, states)
  return function(page, place, y, height)
    for j, state in ipairs(at) do
      local left, right = place:at_x(j - 0.46), place:at_x(j + 0.46)
      if page.cells then
        page:text(states[state].letter, (left + right) / 2, y, { align = "center" })
      else
        page:box(left, y - 0.44 * height, right, y + 0.44 * height,
          { fill = states[state].fill, colour = "#7F7F7F",
            width = page.style.thin })
      end
    end
  end
end

-- A number under each visit, those that stand apart.
local function numbers(list)
  return function(page, place, y)
    local size, last = page.style.table_text, -math.huge
    for j, n in ipairs(list) do
      local words, x = text.number(n), place:at_x(j)
      local half = page:text_width(words, size) / 2
      if x - half > last then
        page:text(words, x, y, { size = size, align = "center" })
        last = x + half + (page.cells and 1 or 0.4)
      end
    end
  end
end

-- Grey, for the colours are those of the states.
local function bar(n)
  return function(page, place, y, height)
    local left, right = place:at_x(0), place:at_x(n)
    if page.cells then
      local from = math.floor(left + 0.5)
      page:text(("="):rep(math.floor(right + 0.5) - from), from, y, {})
    else
      page:box(left, y - 0.32 * height, right, y + 0.32 * height, { fill = "#7F7F7F" })
    end
  end
end

-- Columns of n: one for each arm where there is room for their names, else of all.
local function has_room(page, arms)
  local used, size = 0, page.style.table_text
  for _, arm in ipairs(arms) do
    used = used + page:text_width(arm.name or "n", size, true) + 2.5
  end
  return not page.cells and used < 0.3 * page.width
end

local function cells_of(n, each)
  local cells, sum = {}, 0
  for k, x in ipairs(n) do cells[k], sum = text.number(x), sum + x end
  return each and cells or { text.number(sum) }
end

local function spec_of(page, list, arms, visits, states, opt)
  local columns, rows, widest = { { head = opt.xlabel or "", strip = 1 } }, {}, 1
  local each = #arms > 1 and has_room(page, arms)
  for k, arm in ipairs(each and arms or { { name = "n" } }) do
    columns[k + 1] = { head = arm.name, cell = k }
  end
  columns[#columns + 1] = { head = "Subjects", strip = 2 }
  for i, p in ipairs(list) do
    local cells = cells_of(p.n, each)
    rows[i] = { label = p.words, cells = cells,
      draw = { p.at and squares(p.at, states), bar(p.all) } }
    widest = math.max(widest, p.all)
  end
  local with, n = {}, {}
  for j in ipairs(visits) do with[j] = 0 end
  for k, arm in ipairs(arms) do
    n[k] = #arm.list
    for _, subject in ipairs(arm.list) do
      for j, state in ipairs(subject.at) do
        if state == VALUE then with[j] = with[j] + 1 end
      end
    end
  end
  rows[#rows + 1] = { label = "With a value", bold = true, cells = cells_of(n, each),
    draw = { numbers(with) } }
  local places, labels = {}, {}
  for j, visit in ipairs(visits) do
    places[j] = j
    labels[j] = said(visit)
  end
  local ticks = scale.linear(0, widest, 5)
  local whole = {}
  for _, x in ipairs(ticks) do
    if x == math.floor(x) then whole[#whole + 1] = x end
  end
  return { who = opt.who, columns = columns, blocks = { { rows = rows, strips = {
    { x = { 0.5, #visits + 0.5 }, ticks = places, labels = labels },
    { x = { 0, 1.08 * widest }, ticks = whole, labels = scale.labels(whole) } } } } }
end

-- The data: a row per pattern and arm, with a column per visit.
local function shown(list, arms, visits, states, by)
  local names = { "pattern", "words", by or "group", "n" }
  local arrays = { {}, {}, {}, {} }
  for j, visit in ipairs(visits) do
    names[4 + j] = "at " .. said(visit)
    arrays[4 + j] = {}
  end
  for i, p in ipairs(list) do
    for k, arm in ipairs(arms) do
      local row = #arrays[1] + 1
      arrays[1][row], arrays[2][row] = i, p.words
      arrays[3][row], arrays[4][row] = arm.name or "all", p.n[k]
      for j in ipairs(visits) do
        arrays[4 + j][row] = p.at and states[p.at[j]].name or ""
      end
    end
  end
  return names, arrays
end

--- patterns.figure(opt, from, { arms, visits, states, entries, by, who, xlabel }) ->
-- figure; entries: the legend of the states
function M.figure(opt, from, f)
  local all = count(f.arms, f.visits)
  local list = folded(all, opt.most, #f.arms)
  local entries, n = opt.legend == "above" and f.entries or {}, 0
  for _, arm in ipairs(f.arms) do n = n + #arm.list end
  local function spec(page)
    return spec_of(page, list, f.arms, f.visits, f.states, { who = f.who,
      xlabel = f.xlabel })
  end
  local function above(page)
    return #entries > 0
      and legend.height_above(page, entries, page.width - 2 * page.style.pad) or 0
  end
  local frame = { title = opt.title, note = opt.note,
    stamp = mark.with(from.stamp, opt.stamp) }
  return object.new(opt, from, { what = "patterns of missing values",
    caption = ("Rows: %s of values over the visits, by number of subjects, n = %d%s.")
      :format(note.plural(#all, "pattern"), n, #all > #list
        and "; the last one: all others" or ""),
    fit = function(width, look)
      return sheet.height(width, look, frame, function(page)
        return strips.height(page, spec(page)) + above(page)
      end)
    end,
    shown = function() return shown(list, f.arms, f.visits, f.states, f.by) end,
    draw = function(page, bottom, top)
      if #entries > 0 then
        legend.draw_above(page, entries, page.style.pad, top,
          page.width - 2 * page.style.pad)
      end
      strips.draw(page, spec(page), bottom, top - above(page))
    end })
end

return M
