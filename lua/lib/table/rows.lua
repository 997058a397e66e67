-- Rows of subjects: how many of each arm are so, and what is measured of them.

local cframe = require "ts.frame"
local cdescribe = require "ts.describe"
local NA = require "ts.na".NA
local fail = require "ts.error".fail
local make = require "trialsh.table.cell"
local relation = require "trialsh.relation"

local M = {}

--- rows.values(set, name): a column of the subjects
function M.values(set, name) return cframe.values(set.frame:column(name)) end

--- rows.has(set, name)
function M.has(set, name)
  return relation.node_of(set.data).columns[name:lower()] ~= nil
end

--- rows.column(who, set, name): its exact name, or an error with the nearest
function M.column(who, set, name)
  return relation.find(who, relation.node_of(set.data).columns, name).name
end

--- rows.usual(who, set, given, names): the column that is given, none where given is
-- false, else the first of names that is there
function M.usual(who, set, given, names)
  if given ~= nil then return given and M.column(who, set, given) or nil end
  for _, name in ipairs(names) do
    if M.has(set, name) then return M.column(who, set, name) end
  end
end

--- rows.n(arm, flags) -> subjects of an arm that have the flag
function M.n(arm, flags)
  local n = 0
  for _, i in ipairs(arm.rows) do if flags[i] then n = n + 1 end end
  return n
end

--- rows.count(t, set, label, indent, flags [, of]) -> row: n (%) of N, or of those
-- that have the flags `of`
function M.count(t, set, label, indent, flags, of)
  local cells = {}
  for j, arm in ipairs(set.arms) do
    cells[j] = make.share(M.n(arm, flags), of and M.n(arm, of) or arm.n, set.style)
  end
  local row = { label = label, indent = indent, cells = cells }
  t.rows[#t.rows + 1] = row
  return row
end

--- rows.describe(values, n_missing) -> description of a list without NA
function M.describe(values, n_missing)
  local column = cframe.build({ "y" }, { values }):column "y"
  local d = cdescribe.describe(column, 2, 0.95)
  d.n_missing, d.std_error = n_missing or 0, d.se
  d.decimals = cdescribe.decimals(column, 3)
  return d
end

--- rows.of_arm(values, arm) -> the values of an arm without NA
function M.of_arm(values, arm)
  local list = {}
  for _, i in ipairs(arm.rows) do
    if values[i] ~= NA then list[#list + 1] = values[i] end
  end
  return list
end

--- rows.measure(t, set, label, indent, values, form [, digits]) -> row: one form of
-- numbers; digits: decimals of the data
function M.measure(who, t, set, label, indent, values, form, given)
  local descriptions, cells = {}, {}
  for j, arm in ipairs(set.arms) do
    local list = M.of_arm(values, arm)
    for _, x in ipairs(list) do
      if type(x) ~= "number" then
        fail("type", ("%s: %s is no number"):format(who, tostring(x)))
      end
    end
    descriptions[j] = M.describe(list, arm.n - #list)
  end
  local digits = make.digits(descriptions, given)
  form = make.form(who, form)
  for j in ipairs(set.arms) do
    cells[j] = make.describe(form, descriptions[j], digits)
  end
  local row = { label = label, indent = indent, cells = cells,
    statistic = form[1] }
  t.rows[#t.rows + 1] = row
  return row
end

--- rows.heading(t, label, indent)
function M.heading(t, label, indent)
  t.rows[#t.rows + 1] = { label = label, indent = indent or 0, cells = {},
    heading = true }
end

--- rows.levels(set, name, flags) -> levels of a text column that occur among those
-- with the flags, in level order or by frequency
function M.levels(set, name, flags)
  local column, n, out = set.frame:column(name), {}, {}
  for i, value in ipairs(cframe.values(column)) do
    if value ~= NA and (not flags or flags[i]) then
      if not n[value] then out[#out + 1] = value end
      n[value] = (n[value] or 0) + 1
    end
  end
  local place = {}
  for i, level in ipairs(column.ordered and column.levels or {}) do
    place[level] = i
  end
  table.sort(out, function(a, b)
    if place[a] and place[b] then return place[a] < place[b] end
    if n[a] ~= n[b] then return n[a] > n[b] end
    return tostring(a) < tostring(b)
  end)
  return out
end

--- rows.sentence("LOST TO FOLLOW-UP"): "Lost to follow-up", where all is capital
function M.sentence(s)
  s = tostring(s)
  if s:find "%l" or not s:find "%u%u" then return s end
  return s:sub(1, 1) .. s:sub(2):lower()
end

return M
