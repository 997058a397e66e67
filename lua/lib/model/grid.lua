-- The rows of a design at which means are taken: the levels of some categories
-- (the cells), averaged over the levels of the others, numbers at their means
-- or at what is said.
--
-- A model hands over its state: who (for errors), core (rows and averages of
-- the design: ts.linear), model and info (of ts.formula), frame; of repeated
-- measures subject (a column of original), as n counts subjects there.

local cframe = require "ts.frame"
local describe = require "ts.describe"
local fail = require "ts.error".fail
local formulas = require "ts.formula"
local text = require "ts.text"
local variables = require "trialsh.model.variables"
local weights = require "trialsh.model.weights"

local M = {}

local MOST = 200000 -- rows of a grid

local function list_of(x)
  return type(x) == "table" and x or { x }
end

local function contains(list, x)
  for _, y in ipairs(list) do
    if x == y then return true end
  end
  return false
end

-- What is said ---------------------------------------------------------------

-- The category that a name of `at` sets, if it is one.
local function set_by(state, name)
  local known = false
  for _, x in ipairs(state.variables) do
    if x.category and (x.name == name or x.column == name) then return x end
    if x.category and contains(x.columns, name) then
      fail("invalid", ('%s: at: %s is a part of %s; at = { ["%s"] = "%s" } '
        .. "sets that"):format(state.who, name, x.name, x.name,
        x.levels[#x.levels]))
    end
    known = known or x.name == name or contains(x.columns, name)
  end
  if known then return nil end
  local list, seen = {}, {}
  for _, x in ipairs(state.variables) do
    for _, c in ipairs { x.name, table.unpack(x.columns) } do
      if not seen[c] then list[#list + 1], seen[c] = c, true end
    end
  end
  variables.unknown(state, name, list, "variable")
end

local function check_values(state, name, values)
  local column
  for _, c in ipairs(state.frame:names()) do
    if c == name then column = state.frame:column(c) end
  end
  local kind = column and column.type == "text" and "string" or "number"
  for _, v in ipairs(values) do
    if type(v) ~= kind or v ~= v then
      fail("type", ("%s: at: %s is %s, not %s"):format(state.who, name,
        kind == "number" and "a number" or "text", tostring(v)))
    end
  end
end

-- at: { AGE = 60, SEX = { "F", "M" }, ["log(BASE)"] = 6 }, sorted by name. Of
-- categories: ranges[place] = { places of levels }; of others: a list of
-- { name, values }, a column or a variable of the model.
local function read_at(state, at)
  local ranges, given, names = {}, {}, {}
  if at ~= nil and type(at) ~= "table" then
    fail("type", ("%s: at is a table, { AGE = 60 }"):format(state.who))
  end
  for name in pairs(at or {}) do names[#names + 1] = tostring(name) end
  table.sort(names)
  for _, name in ipairs(names) do
    local values, category = list_of(at[name]), set_by(state, name)
    if #values == 0 then
      fail("invalid", ("%s: at: %s has no value"):format(state.who, name))
    end
    if category then
      local places = {}
      for i, level in ipairs(values) do
        places[i] = variables.level(state, category, level)
      end
      ranges[category.place] = places
    else
      check_values(state, name, values)
      given[#given + 1] = { name = name, values = values }
    end
  end
  return ranges, given
end

-- Numbers --------------------------------------------------------------------

-- How a number is set: { kind = "mean", value }, { kind = "given", k } (the
-- k-th of at, by the variable's own name), or { kind = "evaluated" } from its
-- columns: where one of them is set, or is in another variable too, or is bent.
local function plan_number(g, x)
  local state, alone, set = g.state, true, false
  for k, d in ipairs(g.given) do
    if d.name == x.name then return { kind = "given", k = k } end
  end
  for _, column in ipairs(x.columns) do
    alone = alone and state.variables.used[column] == 1
    set = set or g.by_category[column] ~= nil
    for _, d in ipairs(g.given) do set = set or d.name == column end
  end
  if alone and not set and not x.basis then
    return { kind = "mean", value = describe.mean(state.model:values(x.place)) }
  end
  return { kind = "evaluated", means = {} }
end

local function mean_of(state, column)
  local c = state.frame:column(column)
  if c.type ~= "real" then
    fail("invalid", ("%s: %s is text and has no mean; at = { %s = ... } says "
      .. "where"):format(state.who, column, column))
  end
  return state.model:mean(c)
end

-- The value of a column in a row of the grid; its mean is noted in means.
local function column_value(g, column, row, means)
  for k, d in ipairs(g.given) do
    if d.name == column then return row.numbers[k] end
  end
  local x = g.by_category[column]
  if x then
    local level = x.levels[row.codes[x.place]]
    return x.plain and level or tonumber(level)
  end
  means[column] = means[column] or mean_of(g.state, column)
  return means[column]
end

-- The value of a variable's expression in each row.
local function evaluate(g, x, rows, means)
  local state, names, arrays, levels = g.state, {}, {}, {}
  for c, column in ipairs(x.columns) do
    names[c], arrays[c] = column, {}
    for i, row in ipairs(rows) do
      arrays[c][i] = column_value(g, column, row, means)
    end
    local own = state.frame:column(column)
    if own.type == "text" then levels[column] = own.levels end
  end
  if x.plain then return arrays[1] end
  local model = formulas.model("~ 0 + " .. x.name,
    cframe.build(names, arrays, levels), { right = true })
  if model:info().n < #rows then
    fail("invalid", ("%s: %s has no value there"):format(state.who, x.name))
  end
  return cframe.values(model:values(1))
end

-- The values of every variable in all rows, levels as places.
local function fill(g, rows)
  local arrays = {}
  for j, x in ipairs(g.state.variables) do
    local plan, values = g.plans[j], {}
    if plan and plan.kind == "evaluated" then
      values = evaluate(g, x, rows, plan.means)
    else
      for i, row in ipairs(rows) do
        values[i] = not plan and row.codes[j] or plan.value
          or row.numbers[plan.k]
      end
    end
    arrays[j] = values
  end
  return arrays
end

-- Cells ----------------------------------------------------------------------

-- The categories that make the cells, in the order asked for, and the others.
local function split(g, spec)
  for _, names in ipairs { spec.by or {}, spec.focal or {} } do
    for _, name in ipairs(list_of(names)) do
      local x = variables.category(g.state, name)
      if not contains(g.cell, x) then g.cell[#g.cell + 1] = x end
    end
  end
  for _, x in ipairs(g.state.variables) do
    if x.category and not contains(g.cell, x) then
      g.averaged[#g.averaged + 1] = x
    end
  end
end

-- Dimensions: of the categories listed their levels, or those of at.
local function dimensions_of(list, ranges)
  local out = {}
  for k, x in ipairs(list) do
    local all = {}
    for i in ipairs(x.levels) do all[i] = i end
    out[k] = { variable = x, name = x.name, values = ranges[x.place] or all }
  end
  return out
end

-- Calls f with each combination of one value per dimension, the last fastest.
local function each(dimensions, f)
  local now = {}
  local function go(k)
    if k > #dimensions then return f(now) end
    for _, value in ipairs(dimensions[k].values) do
      now[k] = value
      go(k + 1)
    end
  end
  go(1)
end

local function check_size(g)
  local n = 1
  for _, list in ipairs { g.outer, g.inner } do
    for _, d in ipairs(list) do n = n * #d.values end
  end
  if n > MOST then
    fail("limit", ("%s: more than %d combinations of levels; at = { ... } "
      .. 'fixes some, weights = "observed" needs none'):format(g.state.who,
      MOST))
  end
end

-- A cell: codes and numbers that it sets, and what to call them.
local function new_cell(g, now)
  local c = { codes = {}, numbers = {}, values = {} }
  for k, d in ipairs(g.outer) do
    if d.variable then
      c.codes[d.variable.place] = now[k]
      c.values[d.name] = d.variable.levels[now[k]]
    else
      c.numbers[k - #g.cell] = now[k]
      c.values[d.name] = now[k]
    end
  end
  return c
end

-- Subjects by their combination of levels, of repeated measures; counted once
-- for a model.
local function count_subjects(g)
  local state, seen, counts, columns = g.state, {}, {}, {}
  local frame, rows = state.original, state.model:rows()
  local subject = frame:column(state.subject)
  for k, x in ipairs(g.cell) do
    columns[k] = x.plain and frame:column(x.name)
      or state.model:column(x.place)
  end
  for i = 1, #rows do
    local key = {}
    for k, x in ipairs(g.cell) do
      key[k] = tostring(columns[k][x.plain and rows[i] or i])
    end
    key = table.concat(key, "\n")
    local both = key .. "\n" .. tostring(subject[rows[i]])
    if not seen[both] then
      seen[both], counts[key] = true, (counts[key] or 0) + 1
    end
  end
  return counts
end

-- How many subjects there are, as a function of the place of each variable's
-- level.
local function subjects_of(g)
  local names = {}
  for k, x in ipairs(g.cell) do names[k] = x.name end
  local known = g.state.subjects_of_cells or {}
  local cells = table.concat(names, "\n")
  local counts = known[cells] or count_subjects(g)
  known[cells], g.state.subjects_of_cells = counts, known
  return function(place_of)
    local key = {}
    for k, x in ipairs(g.cell) do key[k] = x.levels[place_of(x)] end
    return counts[table.concat(key, "\n")] or 0
  end
end

-- All rows of the grid, those of a cell one after another.
local function enumerate(g)
  local cells, rows = {}, {}
  local count = g.state.subject and subjects_of(g)
    or weights.counts(g.state, g.cell)
  each(g.outer, function(now)
    local c = new_cell(g, now)
    c.n = count(function(x) return c.codes[x.place] end)
    c.first = #rows + 1
    each(g.inner, function(places)
      local codes = {}
      for j, x in ipairs(g.state.variables) do
        codes[j] = c.codes[j] or x.category and 1
      end
      for k, d in ipairs(g.inner) do codes[d.variable.place] = places[k] end
      rows[#rows + 1] = { codes = codes, numbers = c.numbers }
    end)
    c.last = #rows
    cells[#cells + 1] = c
  end)
  return cells, rows
end

-- Each cell's row as the weighted mean of its rows; none without weight.
local function average(g, cells, rows, arrays)
  local weight = weights.of(g.state, g.weights, g.cell, g.averaged)
  local design = g.state.core:rows(arrays, #rows)
  for _, c in ipairs(cells) do
    local sum, total = {}, 0
    for j = 1, #design[1] do sum[j] = 0 end
    for i = c.first, c.last do
      local w = weight(function(x) return rows[i].codes[x.place] end)
      total = total + w
      for j, value in ipairs(design[i]) do sum[j] = sum[j] + w * value end
    end
    for j, value in ipairs(sum) do sum[j] = value / total end
    c.row = total > 0 and sum or nil
  end
end

-- Whether a number is set in every cell (else it stays as in the data).
local function is_set(g, x)
  local plan, n = g.plans[x.place], 0
  if plan.kind ~= "evaluated" then return plan.kind == "given" end
  for _, c in ipairs(x.columns) do
    if not plan.means[c] then n = n + 1 end
  end
  if n > 0 and n < #x.columns then
    fail("invalid", ('%s: weights = "observed" cannot set a part of %s'):format(
      g.state.who, x.name))
  end
  return n > 0
end

-- Each cell's row as the mean of the design over the rows of the data.
local function average_observed(g, cells, arrays)
  for _, c in ipairs(cells) do
    local set = {}
    for j, x in ipairs(g.state.variables) do
      if x.category then set[j] = c.codes[j] or false
      else set[j] = is_set(g, x) and arrays[j][c.first] or false end
    end
    c.row = g.state.core:average(set)
  end
end

-- In words ------------------------------------------------------------------

-- { "AGE = 60", "log(BASE) = its mean" }, "SEX, SITE" (averaged over).
local function words(g)
  local at, over, seen = {}, {}, {}
  if g.weights == "observed" then return at, "all rows of the data" end
  local function add(name, what)
    if not seen[name] then
      seen[name] = true
      if what then at[#at + 1] = name .. " = " .. what end
    end
  end
  for _, d in ipairs(g.given) do
    local v = d.values[1]
    if type(v) == "number" then v = text.number(v) end
    add(d.name, #d.values == 1 and v)
  end
  for j, x in ipairs(g.state.variables) do
    local plan = g.plans[j]
    if plan and plan.kind == "mean" then add(x.name, "its mean") end
    for _, c in ipairs(plan and plan.kind == "evaluated" and x.columns or {}) do
      if plan.means[c] then add(c, "its mean") end
    end
  end
  for _, d in ipairs(g.inner) do
    if #d.values == 1 then
      add(d.name, d.variable.levels[d.values[1]])
    else
      over[#over + 1] = d.name
    end
  end
  return at, table.concat(over, ", ")
end

--- grid.cells(state, spec) -> cells, { at =, over =, names =, weights = }
-- spec: focal and by (names of categories), at, weights ("equal", ... or a
-- table). A cell is { row = p numbers, or nil where no weight is, codes =
-- { [place] = level }, values = { [name] = level or number }, n = rows of the
-- data in it }; names are those of values, at and over say where it stands.
function M.cells(state, spec)
  variables.of(state)
  local g = { state = state, cell = {}, averaged = {}, plans = {},
    by_category = {}, weights = spec.weights or "equal" }
  local ranges
  ranges, g.given = read_at(state, spec.at)
  split(g, spec)
  for _, x in ipairs(state.variables) do
    if x.category and x.column then g.by_category[x.column] = x end
  end
  for j, x in ipairs(state.variables) do
    g.plans[j] = not x.category and plan_number(g, x) or false
  end
  g.outer = dimensions_of(g.cell, ranges)
  table.move(g.given, 1, #g.given, #g.outer + 1, g.outer)
  local observed = g.weights == "observed"
  g.inner = observed and {} or dimensions_of(g.averaged, ranges)
  check_size(g)
  local cells, rows = enumerate(g)
  local arrays = fill(g, rows)
  if observed then average_observed(g, cells, arrays)
  else average(g, cells, rows, arrays) end
  local names = {}
  for _, d in ipairs(g.outer) do
    if d.variable or #d.values > 1 then names[#names + 1] = d.name end
  end
  local at, over = words(g)
  return cells, { at = at, over = over, names = names, weights = g.weights }
end

return M
