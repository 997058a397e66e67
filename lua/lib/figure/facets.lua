-- One figure of several like ones side by side, a level of a column each: their axes
-- in line, one legend above them, their data together.

local data = require "trialsh.data"
local object = require "trialsh.figure.object"
local panels = require "trialsh.figure.panels"
local source = require "trialsh.figure.source"

local M = {}

--- facets.with(from, column) -> from with that column; of an endpoint, whose data have
-- what its analysis needs, that of its subjects
function M.with(from, column)
  if not from.endpoint or data.has(from.data, column) then return from end
  local subjects = require "trialsh.endpoint.set".subjects(
    require "trialsh.study".study.open(), from.endpoint)
  if not data.has(subjects, column) then return from end
  return setmetatable({ data = from.data:join(subjects:select("USUBJID", column),
    "USUBJID") }, { __index = from })
end

--- facets.levels(who, from, column, names) -> list of from: each has level, the name
-- of one, and the rows of it; names: the columns that are shown
function M.levels(who, from, column, names)
  local frame, list = data.frame(from.data, { column }, who), {}
  for _, level in ipairs(source.groups(frame, column)) do
    if #level.rows > 0 then
      list[#list + 1] = setmetatable({ level = level.name,
        data = source.subset(from.data, names, level.rows, true) }, { __index = from })
    end
  end
  return list
end

--- facets.columns(n) -> how many stand side by side
function M.columns(n) return n == 4 and 2 or math.min(3, n) end

--- facets.part(opt, own) -> the options of one panel: own before opt, false for none
function M.part(opt, own)
  return setmetatable({}, { __index = function(_, key)
    if own[key] ~= nil then return own[key] or nil end
    return opt[key]
  end })
end

-- The data of each, with its level.
local function shown(figures, name)
  local names, arrays = { name }, { {} }
  for _, figure in ipairs(figures) do
    local more, columns = figure.shown()
    for i = 1, #columns[1] do
      table.insert(arrays[1], figure.title)
      for j in ipairs(more) do
        names[j + 1], arrays[j + 1] = more[j], arrays[j + 1] or {}
        arrays[j + 1][#arrays[1]] = columns[j][i]
      end
    end
  end
  return names, arrays
end

-- Fewer of them side by side where so many have no room.
local function draw(page, bottom, top, spec)
  local before, first = page:mark(), nil
  for columns = spec.columns, 1, -1 do
    local ok, err = pcall(panels.draw, page, bottom, top,
      setmetatable({ columns = columns }, { __index = spec }))
    if ok then return end
    first = first or err
    if not tostring(err):find("leave no room", 1, true) then break end
    page:back_to(before)
  end
  error(first, 0)
end

--- facets.new(opt, from, { figures, facet, what, caption [, shown] }) -> figure
-- figures: those of the levels, whose titles these are; facet: the column's name
function M.new(opt, from, fields)
  local figures, tallest, parts = fields.figures, 0, {}
  for i, figure in ipairs(figures) do
    tallest = math.max(tallest, figure.height)
    parts[i] = { figure = figure, letter = figure.title }
  end
  local spec = { figures = figures, columns = M.columns(#figures), letters = {},
    legend = "shared", gap = 3, entries = panels.entries(figures) }
  local rows = math.ceil(#figures / spec.columns)
  return object.new(opt, from, { what = fields.what, caption = fields.caption,
    height = rows * (tallest + 3) + 3 + (opt.title and 4 or 0), parts = parts,
    entries = spec.entries,
    shown = fields.shown or function() return shown(figures, fields.facet) end,
    draw = function(page, bottom, top) draw(page, bottom, top, spec) end })
end

return M
