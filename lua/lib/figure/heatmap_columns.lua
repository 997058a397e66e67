-- What the columns of a heat map are: subjects with their values as the colours take
-- them, in the order of their arms or of a tree, and what of the arms differs.

local errors = require "ts.error"
local text = require "ts.text"
local NA = require "ts.na".NA
local note = require "trialsh.note"
local brackets = require "trialsh.figure.brackets"
local cluster = require "trialsh.figure.cluster"
local names_module = require "trialsh.names"

local fail = errors.fail

local M = {}

local WHO = "figure.heatmap"

-- Values -----------------------------------------------------------------------

-- One value as the colour scale takes it before it is made relative to others.
local function transformed(value, opt)
  if value == NA then return nil end
  if opt.scale == "log2" or opt.log then
    if value <= 0 then
      fail("degenerate", ("%s: %s is %s, of which there is no logarithm%s"):format(
        WHO, opt.y, text.number(value), opt.scale == "z" and "; log = false" or ""))
    end
    return math.log(value) / math.log(2)
  end
  return value
end

--- columns.read(group, columns, opt) -> subjects { id, at = { [marker] = { raw, value,
-- below } } }, of all rows of an arm
function M.read(group, columns, opt)
  local list, by = {}, {}
  for _, row in ipairs(group.rows) do
    local id, marker = columns.id[row], columns.marker[row]
    if id ~= NA and marker ~= NA then
      local subject = by[id]
      if not subject then
        subject = { id = id, at = {} }
        by[id], list[#list + 1] = subject, subject
      end
      if subject.at[marker] then
        fail("invalid", ("%s: two values of %s of %s; DATA:where chooses a visit")
          :format(WHO, marker, id))
      end
      local raw = columns.y[row]
      subject.at[marker] = { raw = raw, value = transformed(raw, opt),
        below = columns.below and columns.below[row] == "Y" }
    end
  end
  return list
end

--- columns.standardise(groups, markers): each marker's values over all subjects as
-- distances from its mean in SD
function M.standardise(groups, markers)
  local flat = {}
  for _, marker in ipairs(markers) do
    local cells, sum = {}, 0
    for _, group in ipairs(groups) do
      for _, subject in ipairs(group.subjects) do
        local cell = subject.at[marker]
        if cell and cell.value then
          cells[#cells + 1] = cell
          sum = sum + cell.value
        end
      end
    end
    local mean, squares = sum / #cells, 0
    for _, cell in ipairs(cells) do squares = squares + (cell.value - mean) ^ 2 end
    local sd = math.sqrt(squares / (#cells - 1))
    local same = #cells < 2 or not (sd > 1e-12 * math.max(1, math.abs(mean)))
    if same then flat[#flat + 1] = marker end
    for _, cell in ipairs(cells) do
      cell.value = not same and (cell.value - mean) / sd or nil
    end
  end
  if #flat > 0 then
    note.say("%s: no spread, hence no z of %s", WHO, names_module.list(flat))
  end
end

-- Tests --------------------------------------------------------------------------

local function values_of(group, marker)
  local list = {}
  for _, subject in ipairs(group.subjects) do
    local cell = subject.at[marker]
    if cell and cell.value then list[#list + 1] = cell.value end
  end
  return list
end

--- columns.test(groups, markers, opt) -> how many tests: each marker of each later arm
-- against the first one, group.p and group.q[marker], adjusted over all
function M.test(groups, markers, opt)
  local f = brackets.tests[opt.stars].of
  local p, places = {}, {}
  for k = 2, #groups do
    groups[k].p, groups[k].q = {}, {}
    for _, marker in ipairs(markers) do
      local ok, found = pcall(f, values_of(groups[k], marker), values_of(groups[1], marker))
      if not ok and not (errors.is(found) and found.code == "degenerate") then
        error(found, 0)
      end
      if ok and found.p_value ~= NA then -- too few values have no P
        p[#p + 1] = found.p_value
        places[#p] = { groups[k], marker }
      end
    end
  end
  local q = require "trialsh.padjust".padjust(p, opt.adjust)
  for i, place in ipairs(places) do
    place[1].p[place[2]], place[1].q[place[2]] = p[i], q[i]
  end
  return #p
end

--- columns.starred(group, marker): whether it differs from the first arm
function M.starred(group, marker)
  return group and group.q and group.q[marker] and group.q[marker] < 0.05
end

-- Columns ------------------------------------------------------------------------

-- An arm as one column: the mean of its subjects.
local function mean_of(group, markers)
  local one = { id = group.name or "all", at = {} }
  for _, marker in ipairs(markers) do
    local sum, n, below = 0, 0, 0
    for _, subject in ipairs(group.subjects) do
      local cell = subject.at[marker]
      if cell and cell.value then
        sum, n = sum + cell.value, n + 1
        below = below + (cell.below and 1 or 0)
      end
    end
    one.at[marker] = { raw = NA, value = n > 0 and sum / n or nil,
      below = n > 0 and 2 * below > n, n = n }
  end
  return one
end

local function sort_subjects(list, marker)
  local place = {}
  for i, subject in ipairs(list) do place[subject] = i end
  local function key(s) return s.at[marker] and s.at[marker].value or -math.huge end
  table.sort(list, function(a, b)
    local x, y = key(a), key(b)
    if x ~= y then return x > y end
    return place[a] < place[b]
  end)
end

-- What clustering takes: false where there is no value.
local function value_of(column, marker)
  local cell = column.subject.at[marker]
  return cell and cell.value or false
end

-- Items in the order of their tree, by value(item, other) over the others; the tree, and
-- where each of its rows stands. Two that have no value in common are an error.
local function clustered(items, others, value, name)
  local rows, out, places = {}, {}, {}
  for i, item in ipairs(items) do
    rows[i] = {}
    for j, other in ipairs(others) do rows[i][j] = value(item, other) end
  end
  local tree, order, second = cluster.ward(rows, #others)
  if not tree then
    fail("degenerate", ("%s: cluster: %s and %s have no value in common"):format(WHO,
      name(items[order]), name(items[second])))
  end
  for i, k in ipairs(order) do out[i], places[k] = items[k], i end
  return out, tree, places
end

--- columns.cluster_markers(list, markers) -> markers in the order of their tree, by the
-- columns that are shown; the tree, and where each of its rows stands
function M.cluster_markers(list, markers)
  return clustered(markers, list, function(marker, column) return value_of(column, marker) end,
    tostring)
end

--- columns.cluster_subjects(list, markers) -> all subjects in the order of their tree, in
-- one block; that, the tree, and where each of its rows stands
function M.cluster_subjects(list, markers)
  local out, tree, places = clustered(list, markers, value_of,
    function(column) return column.subject.id end)
  for i, column in ipairs(out) do column.x = i end
  return out, { { n = #out, from = 1, to = #out } }, tree, places
end

--- columns.of(groups, markers, opt) -> list { x, subject, group }, and the blocks in which
-- they stand { name, n, from, to, group }
function M.of(groups, markers, opt)
  local list, spans = {}, {}
  local at, gap = 0, 1
  local total = 0
  for _, group in ipairs(groups) do total = total + #group.subjects end
  if opt.columns == "subjects" then
    gap = math.max(0.3, total / (opt.stars and 40 or 60))
  end
  for _, group in ipairs(groups) do
    if #group.subjects > 0 then
      local shown = group.subjects
      if opt.columns == "arms" then shown = { mean_of(group, markers) }
      elseif opt.sort then sort_subjects(shown, opt.sort) end
      spans[#spans + 1] = { name = group.name, n = #group.subjects, from = at + 1,
        to = at + #shown, group = group }
      for i, subject in ipairs(shown) do
        list[#list + 1] = { x = at + i, subject = subject, group = group }
      end
      at = at + #shown + (opt.columns == "arms" and 0.1 or gap)
    end
  end
  if #list == 0 then fail("degenerate", WHO .. ": no subject to show") end
  return list, spans
end

return M
