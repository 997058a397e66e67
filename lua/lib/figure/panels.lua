-- figure.panels: figures side by side, each drawn in its own part of one page.
-- They are laid out twice: first to learn what stands around each panel, then
-- with the axes of a row and of a column in line.

local text = require "ts.text"
local fail = require "ts.error".fail
local mark = require "trialsh.mark"
local legend = require "trialsh.figure.legend"
local object = require "trialsh.figure.object"
local source = require "trialsh.figure.source"

local M = {}

local WHO = "figure.panels"

local own_options = { columns = { "integer", nil, least = 1 },
  letters = { "any" }, legend = { { "shared", "each" }, "each" },
  xlabel = { "string" }, gap = { "number", 3, least = 0 }, palette = false }

-- "A", "a", false or a list: the letter of each panel.
local function letters_of(value, n)
  local out = {}
  if value == false then return out end
  if type(value) == "table" then return value end
  if value ~= "A" and value ~= "a" then
    fail("invalid", WHO .. ': letters = "A", "a", false or a list')
  end
  for i = 1, n do
    out[i] = string.char(value:byte() + (i - 1) % 26):rep((i - 1) // 26 + 1)
  end
  return out
end

--- panels.entries(figures) -> those of all, each name once; another look of the same
-- name could mislead, so it is refused.
function M.entries(figures)
  local list, known = {}, {}
  for i, figure in ipairs(figures) do
    for _, e in ipairs(figure.entries or {}) do
      local old = known[e.name]
      if not old then
        known[e.name] = e
        list[#list + 1] = e
      elseif (old.arm and old.arm.colour) ~= (e.arm and e.arm.colour) then
        fail("invalid", ("%s: '%s' has another colour in panel %d; legend = "
          .. '"each", or the same order of arms'):format(WHO, e.name, i))
      end
    end
  end
  return list
end

-- Cells of the grid, from the upper left: { left, bottom, width, height }.
local function grid(n, columns, box, gap)
  local rows = math.ceil(n / columns)
  local width = (box.right - box.left - (columns - 1) * gap) / columns
  local height = (box.top - box.bottom - (rows - 1) * gap) / rows
  local cells = {}
  for i = 1, n do
    local column, row = (i - 1) % columns, (i - 1) // columns
    cells[i] = { left = box.left + column * (width + gap),
      bottom = box.top - (row + 1) * height - row * gap, width = width,
      height = height, row = row, column = column }
  end
  return cells
end

local function region_of(page, cell, shared, letter)
  local region = page:region(cell.left, cell.bottom, cell.width, cell.height)
  region.shared, region.letter = shared, letter
  return region
end

-- What stands around each panel, the most of each row and column.
local function margins_of(page, figures, cells, shared, letters)
  local rows, columns = {}, {}
  local function most(list, key, side, value)
    list[key] = list[key] or {}
    list[key][side] = math.max(list[key][side] or 0, value)
  end
  for i, figure in ipairs(figures) do
    local before = page:mark()
    local region = region_of(page, cells[i], shared, letters[i])
    region.measuring = true
    object.paint(figure, region)
    page:back_to(before)
    local m = region.margins
    if m then
      most(rows, cells[i].row, "bottom", m.bottom)
      most(rows, cells[i].row, "top", m.top)
      most(columns, cells[i].column, "left", m.left)
      most(columns, cells[i].column, "right", m.right)
    end
  end
  return rows, columns
end

--- panels.draw(page, bottom, top, { figures, columns, letters, legend, entries, xlabel,
-- gap })
function M.draw(page, bottom, top, spec)
  local s = page.style
  local box = { left = 0, right = page.width, bottom = bottom, top = top }
  local shared = { legend = spec.legend == "shared", xlabel = spec.xlabel }
  if #spec.entries > 0 and shared.legend then
    local width = page.width - 2 * s.pad
    local height = legend.height_above(page, spec.entries, width)
    legend.draw_above(page, spec.entries, s.pad, box.top, width)
    box.top = box.top - height
  end
  if spec.xlabel then
    local height = page:line_height(s.label)
    for _, line in ipairs(page:wrap(spec.xlabel, page.width - 2 * s.pad, s.label)) do
      page:text(line, page.width / 2, box.bottom + height / 2,
        { size = s.label, align = "center" })
      box.bottom = box.bottom + height
    end
  end
  local cells = grid(#spec.figures, spec.columns, box, spec.gap)
  if cells[1].width < 15 or cells[1].height < 15 then
    fail("invalid", ("%s: %s x %s mm leave no room for %d panels"):format(WHO,
      text.number(page.width), text.number(page.height), #spec.figures))
  end
  local rows, columns = margins_of(page, spec.figures, cells, shared,
    spec.letters)
  for i, figure in ipairs(spec.figures) do
    local region = region_of(page, cells[i], shared, spec.letters[i])
    local row, column = rows[cells[i].row] or {}, columns[cells[i].column] or {}
    region.align = { left = column.left, right = column.right,
      bottom = row.bottom, top = row.top }
    object.paint(figure, region)
  end
end

-- What panels say; what several of them say alike is said once, behind all of
-- their titles.
local function caption_of(figures, letters)
  return function(page)
    local order, titles = {}, {}
    for i, figure in ipairs(figures) do
      local words = figure:words_below(page)
      if not titles[words] then
        order[#order + 1], titles[words] = words, {}
      end
      local letter = letters[i] and "(" .. letters[i] .. ")" or ""
      local title = figure.title and figure.title:gsub("%.?$", ".") or ""
      table.insert(titles[words], (letter .. " " .. title):match "^%s*(.-)%s*$")
    end
    for i, words in ipairs(order) do
      order[i] = table.concat(titles[words], " ") .. " " .. words
    end
    return table.concat(order, " ")
  end
end

--- figure.panels { FIGURE, FIGURE, ..., option = ... } -> figure
-- Several figures as the panels of one: axes of a row and of a column in line.
--   columns   2, or 3 of three figures
--   letters   "A", or "a" of a journal that wants it; false; or a list
--   legend    "each"; "shared": one above all of them
--   xlabel    text that stands once, below all of them
--   gap       3 mm between them
--   title, note, stamp, width (183), height, journal   as in all figures
--
--   > a = figure.survival { demo.adtte }
--   > b = figure.points { demo.adsl, y = "AGE" }
--   > figure.panels { a, b, width = 183 }.width
--   183
--
-- See also: figure.survival, figure.points, figure.journal.
function M.panels(given)
  local figures, rest = {}, { true }
  if type(given) ~= "table" then
    fail("type", WHO .. " takes one table: figure.panels { FIGURE, FIGURE }")
  end
  for i, figure in ipairs(given) do
    if not object.is(figure) then
      fail("type", ("%s: %d is no figure but a %s"):format(WHO, i, type(figure)))
    end
    if figure.parts then
      fail("invalid", ("%s: %d has panels itself"):format(WHO, i))
    end
    figures[i] = figure
  end
  if #figures == 0 then fail("invalid", WHO .. ": no figures") end
  for key, value in pairs(given) do
    if type(key) ~= "number" or key > #figures then rest[key] = value end
  end
  if rest.width == nil then rest.width = "double" end
  local _, opt = source.options(WHO, rest, own_options)
  local columns = opt.columns or #figures == 3 and 3 or math.min(2, #figures)
  if opt.letters == nil then
    opt.letters = opt.journal and opt.journal.letters[1] or "A"
  end
  local letters = letters_of(opt.letters, #figures)
  local marked, words
  local parts = {}
  for i, figure in ipairs(figures) do
    marked = mark.both(marked, figure.mark)
    words = words or figure.words
    parts[i] = { figure = figure, letter = letters[i] or tostring(i) }
  end
  local spec = { figures = figures, columns = columns, letters = letters,
    legend = opt.legend, xlabel = opt.xlabel, gap = opt.gap,
    entries = opt.legend == "shared" and M.entries(figures) or {} }
  local rows = math.ceil(#figures / columns)
  return object.new(opt, { stamp = marked or nil }, { words = words,
    what = #figures .. " panels", height = rows * 65, parts = parts,
    caption = caption_of(figures, letters),
    draw = function(page, bottom, top) M.draw(page, bottom, top, spec) end })
end

return M
