-- Which mark is which arm: inside the panel where there is room, above it
-- where there is none, or at the ends of the lines.

local M = {}

local marks = { "*", "#", "$", "%", "@", "&", "=", "+" } -- of gnuplot's dumb

--- legend.mark(place): the character that a preview draws the line of that place with
function M.mark(place) return marks[place] end

local function key_width(page, e)
  local key = page.style.key
  return not page.cells and e.key == "point" and key / 2 or key
end

--- legend.size(page, entries) -> width, height of a block
-- entries: { { name, arm, place, key, letter } }; an entry without arm is text
-- alone; key: "line" (default), "point" or "both"; letter: its mark in a preview;
-- draw(page, x, y): in place of the key; row: it starts a row above a panel
function M.size(page, entries)
  local s, widest = page.style, 0
  for _, e in ipairs(entries) do
    local w = page:text_width(e.name, s.legend_text)
    if e.arm then w = w + key_width(page, e) + s.gap end
    widest = math.max(widest, w)
  end
  return widest, #entries * page:line_height(s.legend_text)
end

local function draw_key(page, e, x, y)
  local s = page.style
  if page.cells then
    local mark = marks[e.place]
    page:text(e.key == "point" and " " .. e.letter .. " "
      or e.letter and mark .. e.letter .. mark or mark:rep(s.key), x, y, {})
    return
  end
  if e.draw then return e.draw(page, x, y) end
  if e.key ~= "point" then
    page:line(x, y, x + s.key, y, { colour = e.arm.colour, width = s.curve,
      dash = e.arm.dash })
  end
  if e.key then
    page:symbol(x + (e.key == "point" and s.key / 4 or s.key / 2), y,
      { symbol = e.arm.symbol, colour = e.arm.colour, size = 3.2 * e.arm.weight })
  end
end

-- Each at its upper left corner; names are cut at the right edge of the page.
local function draw_at(page, entries, places)
  local s = page.style
  local names, widths, xs = {}, {}, {}
  for i, e in ipairs(entries) do
    xs[i] = places[i][1] + (e.arm and key_width(page, e) + s.gap or 0)
    names[i], widths[i] = e.name, page.width - s.pad - xs[i]
  end
  names = page:fit_names(names, widths, s.legend_text)
  for i, e in ipairs(entries) do
    local y = places[i][2] - page:line_height(s.legend_text) / 2
    if e.arm then draw_key(page, e, places[i][1], y) end
    page:text(names[i], xs[i], y, { size = s.legend_text })
  end
end

--- legend.draw(page, entries, left, top)
function M.draw(page, entries, left, top)
  local places = {}
  for i in ipairs(entries) do
    places[i] = { left, top - (i - 1) * page:line_height(page.style.legend_text) }
  end
  draw_at(page, entries, places)
end

-- Entries side by side, in as many rows as they take.
local function rows_of(page, entries, width)
  local s, rows, used = page.style, { {} }, 0
  for _, e in ipairs(entries) do
    local w = M.size(page, { e })
    if used > 0 and (e.row or used + w > width) then
      rows[#rows + 1], used = {}, 0
    end
    table.insert(rows[#rows], { e, used })
    used = used + w + 3 * s.gap
  end
  return rows
end

--- legend.height_above(page, entries, width)
function M.height_above(page, entries, width)
  return #rows_of(page, entries, width)
    * page:line_height(page.style.legend_text) + page.style.between
end

--- legend.draw_above(page, entries, left, top, width)
function M.draw_above(page, entries, left, top, width)
  local height = page:line_height(page.style.legend_text)
  local list, places = {}, {}
  for i, row in ipairs(rows_of(page, entries, width)) do
    for _, item in ipairs(row) do
      list[#list + 1] = item[1]
      places[#list] = { left + item[2], top - (i - 1) * height }
    end
  end
  draw_at(page, list, places)
end

--- legend.letters(names) -> a letter for each: the first one of its last word, P, L
-- and H of Placebo, CYT107 LF, CYT107 HF, else another one of the name
function M.letters(names)
  local out, used = {}, {}
  for i, name in ipairs(names) do
    local choice = { (name:match "(%w)%w*%W*$" or ""):upper(),
      (name:match "%w" or ""):upper() }
    for c in name:upper():gmatch "%w" do choice[#choice + 1] = c end
    for _, c in ipairs(choice) do
      if not out[i] and c:find "^%w$" and not used[c] then out[i] = c end
    end
    for k = 1, 26 do
      local c = string.char(64 + k)
      if not out[i] and not used[c] then out[i] = c end
    end
    used[out[i]] = true
  end
  return out
end

--- legend.spread(ys, height, low, high) -> ys moved apart to be height apart,
-- as little as is needed, within low and high
function M.spread(ys, height, low, high)
  local order, out = {}, {}
  for i = 1, #ys do order[i] = i end
  table.sort(order, function(a, b)
    if ys[a] ~= ys[b] then return ys[a] < ys[b] end
    return a > b
  end)
  local last = low - height
  for _, i in ipairs(order) do
    out[i] = math.max(ys[i], last + height)
    last = out[i]
  end
  local ceiling = high
  for k = #order, 1, -1 do
    local i = order[k]
    out[i] = math.min(out[i], ceiling)
    ceiling = out[i] - height
  end
  return out
end

return M
