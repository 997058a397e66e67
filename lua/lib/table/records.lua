-- A table as data: a row per statistic with its context, unrounded. Cells of
-- words alone have one row without a statistic.

local NA = require "ts.na".NA
local layout = require "trialsh.table.layout"
local object = require "trialsh.table.object"

local M = {}

local columns = { "row", "label", "variable", "level", "arm", "n_arm", "column",
  "statistic", "value", "text" }

-- "Cardiac disorders / Palpitations": a label below those it stands under.
local function path_of(t, i)
  local parts = {}
  for _, k in ipairs(layout.parents(t.rows, i)) do
    parts[#parts + 1] = t.rows[k].label
  end
  parts[#parts + 1] = t.rows[i].label
  return object.clean(table.concat(parts, " / "))
end

local function clean(s) return s ~= nil and object.clean(s) or nil end

--- records.list(t) -> { { row =, label =, ... }, ... }
function M.list(t)
  local list = {}
  for i, row in ipairs(t.rows) do
    local label = path_of(t, i)
    local variable, level = clean(row.variable), clean(row.level)
    for j, column in ipairs(t.columns) do
      local cell = row.cells[j]
      local stats = cell and cell.stats or {}
      for k = 1, cell and math.max(1, #stats) or 0 do
        local stat = stats[k] or {}
        list[#list + 1] = { row = i, label = label, variable = variable,
          level = level, arm = clean(column.arm), n_arm = column.n,
          column = clean(column.head), statistic = clean(stat[1]),
          value = type(stat[2]) == "number" and stat[2] or nil,
          text = clean(cell.text) }
      end
    end
  end
  return list
end

--- records.frame(t): the frame that table:tidy gives.
function M.frame(t)
  local list, arrays = M.list(t), {}
  for j, name in ipairs(columns) do
    arrays[j] = {}
    for i, record in ipairs(list) do
      arrays[j][i] = record[name] == nil and NA or record[name]
    end
  end
  return require "trialsh.relation".of_frame(require "ts.frame".build(columns,
    arrays), { simulated = t.stamp })
end

-- What is not in the rows: title, population, notes, origin, stamp.
local function context(t)
  local notes, origin = {}, {}
  for i, n in ipairs(layout.notes(t)) do
    notes[i] = n[1] and ("[%s] %s"):format(n[1], n[2]) or n[2]
  end
  for _, o in ipairs(layout.origin(t)) do origin[o[1]:lower()] = o[2] end
  return { table = t.what, title = clean(t.title),
    population = clean(t.population), notes = notes, origin = origin,
    mark = t.stamp }
end
M.context = context

local function save_json(t, file)
  local out = context(t)
  out.statistics = M.list(t)
  require "ts.gnuplot".write(file, require "ts.json".encode(out) .. "\n")
end

--- records.save(t, file, opt): .csv or .json
function M.save(t, file, opt)
  if opt.extension == "json" then return save_json(t, file) end
  local frame = M.frame(t)
  local c = context(t)
  local more = { { "title", c.title }, { "population", c.population },
    { "mark", c.mark }, { "source", c.origin.source },
    { "program", c.origin.program } }
  local names, arrays = { table.unpack(columns) }, {}
  local inner = require "trialsh.relation".node_of(frame).frame
  for j, name in ipairs(columns) do arrays[j] = inner:column(name) end
  for _, pair in ipairs(more) do
    names[#names + 1] = pair[1]
    local list = {}
    for i = 1, #inner do list[i] = pair[2] or NA end
    arrays[#arrays + 1] = list
  end
  local relation = require "trialsh.relation"
  local whole = relation.of_frame(require "ts.frame".build(names, arrays))
  require "trialsh.delimited".write(relation.node_of(whole), file,
    { spreadsheet = opt.spreadsheet })
end

return M
