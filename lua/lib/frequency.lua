-- describe() of text: how many have each value, by group, and what share of
-- which denominator that is.

local NA = require "ts.na".NA
local core = require "ts.counts"
local fail = require "ts.error".fail
local format = require "trialsh.format"
local result = require "trialsh.result"
local tabulate = require "trialsh.tabulate"
local text = require "ts.text"

local M = {}

local MOST = 200 -- values; more are names, not categories

local function by_place(x, y) return x.place < y.place end

-- Values in level order: those that are used, and all of a column with levels of
-- its own; { name, i (place among the counts, or nil) }.
local function values_of(variable, column)
  local list = tabulate.ordered(variable)
  if not (column and column.ordered) then return list end
  local used, all = {}, {}
  for _, v in ipairs(list) do used[v.name] = v.i end
  for j, name in ipairs(column.levels) do all[j] = { name = name, i = used[name] } end
  return all
end

local function groups_of(info)
  local list = {}
  for i, level in ipairs(info.group and info.group.levels or { { n = info.n,
    n_row = info.n_row, place = 1 } }) do
    if level.n_row > 0 then
      list[#list + 1] = { name = level.name, parts = level.parts,
        place = level.place, i = i, n = level.n, N = level.n_row }
    end
  end
  table.sort(list, by_place)
  return list
end

-- counts[j] of the values by group; a group without values is not in the counts.
local function count_all(model, groups, values)
  local counts, n_value = core.tabulate(model)
  for _, g in ipairs(groups) do
    g.counts = {}
    for j, v in ipairs(values) do
      g.counts[j] = g.n > 0 and v.i and counts[(g.i - 1) * n_value + v.i] or 0
    end
  end
end

-- What the share of value j is of.
local function denominator(set, g, j, of)
  if of == "all" then return g.N end
  if of == "known" then return g.n end
  local sum = 0
  for _, other in ipairs(set.groups) do sum = sum + other.counts[j] end
  return sum
end

local function share(count, of) return of > 0 and count / of or NA end

-- tidy: a row per group and value, and one for what is missing.
local function tidy(set, of)
  local names, arrays, levels = {}, {}, {}
  for _, by in ipairs(set.by) do
    names[#names + 1] = by
    if not set.numeric[by] then
      local seen, list = {}, {}
      for _, g in ipairs(set.groups) do
        local part = g.parts[#names]
        if not seen[part] then list[#list + 1], seen[part] = part, true end
      end
      levels[by] = list
    end
  end
  local fixed = #names
  for _, name in ipairs { set.variable, "n", "of", "proportion" } do
    names[#names + 1] = name
  end
  for i = 1, #names do arrays[i] = {} end
  local function add(g, value, n, denominator_of)
    local at = #arrays[1] + 1
    for i = 1, fixed do
      local by = set.by[i]
      arrays[i][at] = set.numeric[by] and tonumber(g.parts[i]) or g.parts[i]
    end
    for i, x in ipairs { value, n, denominator_of, share(n, denominator_of) } do
      arrays[fixed + i][at] = x
    end
  end
  levels[set.variable] = {}
  for j, v in ipairs(set.values) do levels[set.variable][j] = v.name end
  for _, g in ipairs(set.groups) do
    for j, v in ipairs(set.values) do
      add(g, v.name, g.counts[j], denominator(set, g, j, of))
    end
    add(g, NA, g.N - g.n, g.N)
  end
  return result.frame(names, arrays, levels)
end

-- "5 (63 %)", "0"; of nobody "-"
local function cell(n, of, digits)
  if n == 0 then return of == 0 and "-" or "0" end
  return ("%d (%s %%)"):format(n, format.share(n / of, digits))
end

local words = { known = "percentages of those with a value",
  all = "percentages of all in the group",
  value = "percentages of those with the value" }

local function table_of(set, o)
  local n, missing = 0, 0
  for _, g in ipairs(set.groups) do
    n, missing = n + g.N, missing + g.N - g.n
  end
  local digits = format.share_digits(n, o.journal)
  local cells = { { "" }, { "N" } }
  for j, v in ipairs(set.values) do cells[j + 2] = { text.escape(v.name) } end
  local last = { "missing" }
  for i, g in ipairs(set.groups) do
    cells[1][i + 1] = g.name and text.escape(g.name) or "n (%)"
    cells[2][i + 1] = tostring(g.N)
    for j in ipairs(set.values) do
      cells[j + 2][i + 1] = cell(g.counts[j], denominator(set, g, j, o.of), digits)
    end
    last[i + 1] = o.of == "all" and cell(g.N - g.n, g.N, digits)
      or tostring(g.N - g.n)
  end
  if missing > 0 or o.of == "all" then cells[#cells + 1] = last end
  return cells
end

local function print_counts(set, o, fields)
  local head = text.escape(set.variable)
  if #set.by > 0 then
    head = head .. " by " .. text.escape(table.concat(set.by, ", ")) .. ", n (%)"
  end
  local foot = { words[o.of] }
  if set.no_group > 0 then
    foot[2] = ("%d row%s without %s left out"):format(set.no_group,
      set.no_group == 1 and "" or "s", table.concat(set.by, " or "))
  end
  if fields.note ~= NA then foot[#foot + 1] = fields.note end
  return head .. "\n" .. format.grid(table_of(set, o))
    .. "\n" .. result.lines(foot)
end

local counts_result

-- One group of several, as a result.
local function group_of(set, o, name)
  local names = {}
  for i, g in ipairs(set.groups) do
    if g.name == name then
      local one = setmetatable({ groups = { g }, no_group = 0 },
        { __index = set })
      return counts_result(one, o)
    end
    names[i] = g.name
  end
  fail("not found", ("describe: no group %s%s"):format(tostring(name),
    #names == 0 and "; there are none" or require "trialsh.names".hint(name,
      names)))
end

function counts_result(set, o)
  local fields = { method = "counts", variable = set.variable, of = o.of,
    by = #set.by > 0 and table.concat(set.by, ", ") or NA, n = 0,
    n_missing = set.no_group, simulated = set.simulated, note = NA }
  for _, g in ipairs(set.groups) do
    fields.n, fields.n_missing = fields.n + g.n, fields.n_missing + g.N - g.n
  end
  if fields.n == 0 then fields.note = "no values" end
  return result.model { name = "describe", fields = fields,
    order = { "method", "variable", "by", "n", "n_missing", "of", "note" },
    tidy = function() return tidy(set, o.of) end,
    print = function() return print_counts(set, o, fields) end,
    methods = { group = function(_, name) return group_of(set, o, name) end },
    hint = function(key)
      return ("describe: %s is text, which has no %s: r:tidy() has a row for "
        .. "each value"):format(set.variable, key)
    end }
end

--- frequency.of(model, info, frame, opt) -> the counts of a response that is text
-- opt: of, journal, simulated.
function M.of(model, info, frame, o)
  local y = info.response[1]
  if y.n_level > MOST then
    fail("limit", ("describe: %s has %d values, too many to count each"):format(
      y.name, y.n_level))
  end
  local column
  for _, name in ipairs(frame:names()) do
    if name == y.name then column = frame:column(name) end
  end
  local set = { variable = y.name, by = {}, numeric = {}, no_group = 0,
    values = values_of(y, column), groups = groups_of(info),
    simulated = o.simulated }
  if info.group then
    set.no_group = info.n_row
    for i, v in ipairs(info.x) do
      set.by[i], set.numeric[v.name] = v.name, v.type ~= "text"
    end
    for _, g in ipairs(set.groups) do set.no_group = set.no_group - g.N end
  end
  count_all(model, set.groups, set.values)
  return counts_result(set, o)
end

return M
