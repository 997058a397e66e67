-- What run() found of endpoints as rows of a table by arms: each comparison stands in
-- the column of its A, those with the same B share their rows.

local NA = require "ts.na".NA
local fail = require "ts.error".fail
local format = require "trialsh.format"
local make = require "trialsh.table.cell"
local object = require "trialsh.table.object"
local options = require "trialsh.options"
local results = require "trialsh.endpoint.results"
local source = require "trialsh.table.source"

local M = {}

-- The results that an address means: all comparisons of its endpoint where it names
-- none.
local function rows_of(s, address)
  local own, list = results.find(s, address), {}
  if type(own) ~= "table" or own.endpoint == nil then
    fail("invalid", ("table.summary: %s is no result of an endpoint"):format(address))
  end
  if results.parse(address).compare or own.compare == NA then return { own } end
  for row in s.results:rows() do
    local same = row.compare ~= NA
    for _, key in ipairs { "endpoint", "variation", "parameter", "visit" } do
      same = same and row[key] == own[key]
    end
    if same then list[#list + 1] = row end
  end
  return list
end

-- The column of A, and B; a result that is of no arm, as a trend, stands in the last.
local function place_of(row, set)
  local last = 1
  for j, arm in ipairs(set.arms) do
    if arm.members then last = j end
    if row.compare ~= NA then
      local b = row.compare:sub(1, #arm.name + 4) == arm.name .. " vs "
        and row.compare:sub(#arm.name + 5)
      if b then return j, b end
    elseif row.group == arm.name then
      return j
    end
  end
  if row.compare ~= NA and row.compare:find(" vs ", 1, true) then
    fail("not found", ("table.summary: results: no column of the arm that is compared "
      .. "in %s; name the comparisons, %s[A vs B], or let pooled = true"):format(
        row.compare, row.endpoint))
  end
  return last
end

-- Rows that a result has: what they are called, their cells.
local kinds = {
  p_value = function(row, _, style)
    return nil, row.p_value ~= NA and make.p(row.p_value, style) or nil
  end,
  estimate = function(row, digits)
    if row.estimate == NA then return nil end
    local shown, stats = format.cell(row.estimate, digits.estimate), {
      { "estimate", row.estimate } }
    if row.std_error ~= NA then
      shown = ("%s (%s)"):format(shown, format.cell(row.std_error, digits.std_error))
      stats[2] = { "std_error", row.std_error }
    end
    return (row.estimate_name ~= NA and row.estimate_name or "estimate")
      .. (row.std_error ~= NA and " (SE)" or ""), { text = shown, stats = stats }
  end,
  interval = function(row, digits)
    local low, high = row.conf_low, row.conf_high
    if low == NA and high == NA then return nil end
    return format.level(row.conf_level) .. " CI", { text = format.interval(low == NA
      and -math.huge or low, high == NA and math.huge or high, digits.estimate),
      stats = { { "conf_low", low }, { "conf_high", high } } }
  end,
}

local function digits_of(row, given)
  local both = row.conf_low ~= NA and row.conf_high ~= NA
  local usual = math.max(0, format.decimals(both and row.conf_high - row.conf_low
    or row.estimate) - 1)
  return { estimate = given.estimate or usual,
    std_error = given.std_error or usual + 1 }
end

-- One result in its column; what it is called is told by the first.
local function add(lines, row, j, entry, set)
  local digits = digits_of(row, entry.digits or {})
  for k, name in ipairs(entry.show) do
    local words, cell = kinds[name](row, digits, set.style)
    lines[k] = lines[k] or { cells = {} }
    lines[k].words = lines[k].words or words
    lines[k].cells[j] = cell
  end
end

local rule = { label = { "string" }, digits = { "table" },
  show = { "list", { "p_value", "estimate", "interval" } } }

local function entry_of(given)
  local rest = {}
  for key, value in pairs(type(given) == "table" and given or {}) do
    if key ~= 1 then rest[key] = value end
  end
  local entry = options("table.summary: results", rest, rule)
  entry.address = type(given) == "table" and given[1] or given
  for _, name in ipairs(entry.show) do
    if not kinds[name] then
      fail("invalid", ("table.summary: results show %s%s"):format(tostring(name),
        require "trialsh.names".hint(name, { "p_value", "estimate", "interval" })))
    end
  end
  return entry
end

-- The groups of an entry: { b, row, lines }, in the order of the results.
local function groups_of(s, entry, set)
  local groups, by = {}, {}
  for _, row in ipairs(rows_of(s, entry.address)) do
    local j, b = place_of(row, set)
    local g = by[b or ""]
    if not g then
      g = { b = b, row = row, lines = {} }
      by[b or ""], groups[#groups + 1] = g, g
    end
    add(g.lines, row, j, entry, set)
  end
  return groups
end

--- compared.add(t, set, list): rows below those of t, for { "ENDPOINT", ... }.
function M.add(t, set, list)
  local s = source.study("table.summary", set.inner)
  for _, given in ipairs(list) do
    local entry = entry_of(given)
    for _, g in ipairs(groups_of(s, entry, set)) do
      local row = g.row
      local title = entry.label or row.title ~= NA and row.title or row.endpoint
      local head = { label = title .. (g.b and " vs " .. g.b or ""), indent = 0,
        cells = {}, heading = true, variable = row.endpoint }
      head.mark = row.method ~= NA and object.note(t, row.method) or nil
      t.rows[#t.rows + 1] = head
      for k, line in ipairs(g.lines) do
        if entry.show[k] == "p_value" then
          head.cells, head.heading = line.cells, nil
          head.label = head.label .. ", P"
        elseif next(line.cells) then
          t.rows[#t.rows + 1] = { label = line.words, indent = 1,
            cells = line.cells, variable = row.endpoint }
        end
      end
    end
  end
end

return M
