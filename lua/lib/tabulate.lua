-- From what a user gives to the counts that a statistic takes.
--
--   tabulate.two(who, x, data, opt)     events of two groups, by stratum
--   tabulate.table(who, x, data, opt)   rows by columns, by stratum
--
-- Both take a formula, "y ~ group [+ strata(S)]" with data, or counts.

local NA = require "ts.na".NA
local core = require "ts.counts"
local formula = require "ts.formula"
local fail = require "ts.error".fail
local data_of = require "trialsh.data"
local number = require "ts.text".number
local result = require "trialsh.result"

local M = {}

-- Formulas --------------------------------------------------------------------

--- tabulate.with_strata(who, formula, strata): the option as strata() in it.
function M.with_strata(who, source, strata)
  if strata == nil then return source end
  if type(strata) == "string" then strata = { strata } end
  if type(strata) ~= "table" then
    fail("type", ("%s: strata is a column or a list of them"):format(who))
  end
  for _, name in ipairs(strata) do
    source = ("%s + strata(%s)"):format(source,
      name:find "^[%a.][%w._]*$" and name or "`" .. name .. "`")
  end
  return source
end

-- The model frame of a formula, with names and order of its levels.
local function model_of(who, source, data, opt)
  if data == nil then
    fail("type", ('%s: data is missing: %s("%s", data)'):format(who, who,
      source))
  end
  source = M.with_strata(who, source, opt.strata)
  local parsed = formula.parse(source)
  if not parsed.response then
    fail("invalid", ('%s: "%s" has no response; write "y %s"'):format(who,
      source, source))
  end
  local frame = data_of.frame(data, parsed.variables, who)
  local model = formula.model(source, frame, { groups = true })
  local info = model:info()
  if info.survival then
    fail("type", ("%s: Surv() is for times to events; km and logrank take it")
      :format(who))
  end
  if info.n == 0 then
    fail("degenerate", ("%s: %s has no complete row%s"):format(who,
      info.response[1].name, info.n_row > 0 and " of " .. info.n_row or ""))
  end
  return model, info
end

--- tabulate.ordered(variable): levels that are used, as { name, place, i } in
-- level order.
function M.ordered(variable)
  local list = {}
  for i = 1, variable.n_level do
    local level = variable.levels[i]
    list[i] = { name = level.name, place = level.place, i = i }
  end
  table.sort(list, function(a, b) return a.place < b.place end)
  return list
end

-- The values of the response: { name, score, i } in order.
local function values_of(info, values)
  local y, list = info.response[1], {}
  if values then
    for i, value in ipairs(values) do
      list[i] = { name = number(value), score = value, i = i }
    end
    return list
  end
  for j, level in ipairs(M.ordered(y)) do
    list[j] = { name = level.name, score = j, i = level.i }
  end
  return list
end

-- counts[h][g][y] as a function of places in the model's order.
local function counter(model, info)
  local counts, n_value, values = core.tabulate(model)
  local k = info.group and info.group.n_level or 1
  return function(h, g, y)
    return counts[((h - 1) * k + g - 1) * n_value + y]
  end, values_of(info, values)
end

local function strata_of(info)
  return info.stratum and M.ordered(info.stratum) or { { name = "", i = 1 } }
end

-- Events ----------------------------------------------------------------------

-- Which of the values is the event; lenient: the last, where nothing says.
local function event_of(who, name, values, event, lenient)
  local known = {}
  for _, v in ipairs(values) do known[v.name] = v end
  if event ~= nil then
    local wanted = type(event) == "number" and number(event) or tostring(event)
    if not known[wanted] then
      local names = {}
      for i, v in ipairs(values) do names[i] = v.name end
      fail("not found", ("%s: %s has no '%s'%s"):format(who, name, wanted,
        require "trialsh.names".hint(wanted, names)))
    end
    return wanted, known[wanted]
  end
  local only = function(a, b)
    for _, v in ipairs(values) do
      if v.name ~= a and v.name ~= b then return false end
    end
    return true
  end
  for _, pair in ipairs { { "1", "0" }, { "Y", "N" }, { "Yes", "No" },
    { "yes", "no" } } do
    if only(pair[1], pair[2]) then return pair[1], known[pair[1]] end
  end
  if lenient and #values <= 2 then
    return values[#values].name, values[#values]
  end
  fail("invalid", ('%s: which value of %s is the event? { event = "%s" }, or '
    .. 'a condition, "%s == %s ~ group"'):format(who, name,
      values[#values].name, name,
      values[#values].score == tonumber(values[#values].name)
        and values[#values].name or "'" .. values[#values].name .. "'"))
end

--- tabulate.event(who, name, values, event): the name of the value that is an
-- event; values: { { name = }, ... }.
function M.event(who, name, values, event)
  return (event_of(who, name, values, event, true))
end

local function sum_over(count, h, members, y)
  local sum = 0
  for _, g in ipairs(members) do sum = sum + count(h, g, y) end
  return sum
end

-- Events and number of the groups A and B in one stratum.
local function table_of(count, h, a, b, values, event)
  local function both(members)
    local events, n = 0, 0
    for _, v in ipairs(values) do
      local c = sum_over(count, h, members, v.i)
      n = n + c
      if v == event then events = events + c end
    end
    return events, n
  end
  local events_1, n_1 = both(a)
  local events_2, n_2 = both(b)
  return { events_1, n_1, events_2, n_2 }
end

-- Levels of the group with rows that are used.
function M.used(members, info)
  local list = {}
  for _, i in ipairs(members) do
    if i <= info.group.n_level then list[#list + 1] = i end
  end
  return list
end

local function sum_tables(tables)
  local sum = { 0, 0, 0, 0 }
  for _, t in ipairs(tables) do
    for i = 1, 4 do sum[i] = sum[i] + t[i] end
  end
  return sum
end

local function two_of_formula(who, source, data, opt)
  local model, info = model_of(who, source, data, opt)
  if #info.x ~= 1 then
    fail("invalid", ('%s compares the groups of one variable, "y ~ group"')
      :format(who))
  end
  local set = require "trialsh.sample".choose(who, info, data, opt)
  local count, values = counter(model, info)
  set.event, set.event_value = event_of(who, set.variable, values, opt.event,
    opt.lenient)
  set.tables, set.strata = {}, {}
  local a, b = M.used(set.members_a, info), M.used(set.members_b, info)
  for _, stratum in ipairs(strata_of(info)) do
    set.tables[#set.tables + 1] = table_of(count, stratum.i, a, b, values,
      set.event_value)
    set.strata[#set.strata + 1] = stratum.name
  end
  set.stratum = info.stratum and info.stratum.name or nil
  set.sum = sum_tables(set.tables)
  return set
end

-- Counts ----------------------------------------------------------------------

local function is_plain(x)
  return type(x) == "table" and getmetatable(x) == nil
end

local function count_of(who, x, what)
  if type(x) ~= "number" or x < 0 or x % 1 ~= 0 or x > 2 ^ 53 then
    fail("invalid", ("%s: %s is no count: a whole number of 0 or more"):format(
      who, type(x) == "number" and number(x)
        or what .. " (" .. (x == NA and "NA" or type(x)) .. ")"))
  end
  return x
end

-- { {e, n}, {e, n} }, rows of one table as four numbers.
local function pair_of(who, x, form)
  if not is_plain(x) or #x ~= 2 or not is_plain(x[1]) or not is_plain(x[2])
    or #x[1] ~= 2 or #x[2] ~= 2 then
    fail("invalid", ("%s: a table is { %s, %s }"):format(who, form, form))
  end
  local out = {}
  for i = 1, 2 do
    for j = 1, 2 do out[#out + 1] = count_of(who, x[i][j], "a cell") end
  end
  return out
end

-- form: "{ events, n }" or "{ events, others }".
local function two_of_counts(who, x, form)
  local tables = x
  if not (is_plain(x[1]) and is_plain(x[1][1])) then tables = { x } end
  local set = { tables = {}, strata = {}, a = "A", b = "B", n_missing = 0,
    counts = true }
  for h, given in ipairs(tables) do
    local t = pair_of(who, given, form)
    if form == "{ events, n }" then
      for i = 1, 3, 2 do
        if t[i] > t[i + 1] then
          fail("invalid", ("%s: %s events of %s: rows are { events, n }")
            :format(who, number(t[i]), number(t[i + 1])))
        end
      end
    else
      t[2], t[4] = t[1] + t[2], t[3] + t[4]
    end
    set.tables[h], set.strata[h] = t, tostring(h)
  end
  if #tables > 1 then set.stratum = "table" end
  set.sum = sum_tables(set.tables)
  return set
end

--- tabulate.two(who, x, data, opt, form) -> set
-- { tables = { { events_1, n_1, events_2, n_2 }, ... }, sum = (all of them),
-- strata = names, stratum, a, b, variable, group, event, n_missing, reasons,
-- simulated }. opt: compare, reference, event, strata.
function M.two(who, x, data, opt, form)
  if type(x) == "string" then return two_of_formula(who, x, data, opt) end
  if not is_plain(x) or #x == 0 then
    fail("type", ('%s: a formula, "y ~ group", or counts, { %s, %s }, come '
      .. "first"):format(who, form, form))
  end
  for _, key in ipairs { "compare", "event", "strata" } do
    if opt[key] ~= nil then
      fail("invalid", ("%s: %s is for a formula; of counts the first row is "
        .. "A"):format(who, key))
    end
  end
  return two_of_counts(who, x, form)
end

-- One sample or groups --------------------------------------------------------

--- tabulate.groups(who, x, data, opt) -> set of events by group
-- { groups = { { name, events, n, n_missing }, ... }, group (nil: one sample),
-- variable, event, n_missing, reasons, simulated }. opt: event.
function M.groups(who, x, data, opt)
  if type(x) ~= "string" then
    if not is_plain(x) or #x ~= 2 or is_plain(x[1]) then
      fail("type", ('%s: a formula, "y ~ group", or { events, n } comes first')
        :format(who))
    end
    local events, n = count_of(who, x[1], "events"), count_of(who, x[2], "n")
    if events > n then
      fail("invalid", ("%s: %s events of %s"):format(who, number(events),
        number(n)))
    end
    return { groups = { { events = events, n = n } }, n_missing = 0 }
  end
  local model, info = model_of(who, x, data, opt)
  if info.stratum then fail("invalid", ("%s has no strata()"):format(who)) end
  local count, values = counter(model, info)
  local set = { groups = {}, variable = info.response[1].name,
    group = info.group and info.group.name, n_missing = info.n_missing,
    reasons = result.missing(info),
    simulated = data_of.simulated(data) or nil }
  local event
  set.event, event = event_of(who, set.variable, values, opt.event)
  local levels = {}
  for i, level in ipairs(info.group and info.group.levels
    or { { name = "all", n_row = info.n_row, n = info.n, place = 1 } }) do
    if level.n_row > 0 then
      levels[#levels + 1] = { name = level.name, place = level.place, i = i,
        used = level.n > 0, n_missing = level.n_row - level.n }
    end
  end
  table.sort(levels, function(a, b) return a.place < b.place end)
  for j, level in ipairs(levels) do
    local g = { name = level.name, events = 0, n = 0,
      n_missing = level.n_missing }
    for _, v in ipairs(level.used and values or {}) do
      local c = count(1, level.i, v.i)
      g.n = g.n + c
      if v == event then g.events = g.events + c end
    end
    set.groups[j] = g
  end
  return set
end

-- Rows by columns -------------------------------------------------------------

-- The rows of a table as lists of levels: all groups, or A and B. Their scores
-- are their numbers where all are numbers, else 1, 2, ...
local function rows_of(who, info, data, opt, set)
  local rows = {}
  if opt.compare then
    local two = require "trialsh.sample".choose(who, info, data, opt)
    set.rows = { two.a, two.b }
    set.n_missing, set.reasons = two.n_missing, two.reasons
    rows = { M.used(two.members_a, info), M.used(two.members_b, info) }
  else
    for i, level in ipairs(M.ordered(info.group)) do
      set.rows[i], rows[i] = level.name, { level.i }
    end
  end
  local all = true
  for i, name in ipairs(set.rows) do
    set.row_score[i] = tonumber(name) or i
    all = all and tonumber(name) ~= nil
  end
  if not all then
    for i in ipairs(set.rows) do set.row_score[i] = i end
  end
  return rows
end

local function grid_of_formula(who, source, data, opt)
  local model, info = model_of(who, source, data, opt)
  if #info.x ~= 1 then
    fail("invalid", ('%s takes two variables, "y ~ x"'):format(who))
  end
  local count, values = counter(model, info)
  local set = { rows = {}, columns = {}, row_score = {}, column_score = {},
    counts = {}, strata = {}, variable = info.response[1].name,
    group = info.x[1].name, n_missing = info.n_missing,
    reasons = result.missing(info),
    simulated = data_of.simulated(data) or nil,
    stratum = info.stratum and info.stratum.name or nil }
  local rows = rows_of(who, info, data, opt, set)
  for j, v in ipairs(values) do
    set.columns[j], set.column_score[j] = v.name, v.score
  end
  for _, stratum in ipairs(strata_of(info)) do
    set.strata[#set.strata + 1] = stratum.name
    for _, members in ipairs(rows) do
      for _, v in ipairs(values) do
        set.counts[#set.counts + 1] = sum_over(count, stratum.i, members, v.i)
      end
    end
  end
  return set
end

local function grid_of_counts(who, x)
  local tables = x
  if not (is_plain(x[1]) and is_plain(x[1][1])) then tables = { x } end
  local set = { rows = {}, columns = {}, row_score = {}, column_score = {},
    counts = {}, strata = {}, n_missing = 0, given = true,
    stratum = #tables > 1 and "table" or nil }
  local r, c = #tables[1], is_plain(tables[1][1]) and #tables[1][1] or 0
  for h, t in ipairs(tables) do
    set.strata[h] = tostring(h)
    for i = 1, math.max(r, #t) do
      if not is_plain(t[i]) or #t[i] ~= c or #t ~= r or c == 0 then
        fail("invalid", ("%s: a table is a list of rows of equal length")
          :format(who))
      end
      for j = 1, c do
        set.counts[#set.counts + 1] = count_of(who, t[i][j], "a cell")
      end
    end
  end
  for i = 1, r do set.rows[i], set.row_score[i] = tostring(i), i end
  for j = 1, c do set.columns[j], set.column_score[j] = tostring(j), j end
  return set
end

--- tabulate.table(who, x, data, opt) -> set
-- { counts = list by stratum, row, column; rows, columns, strata = names;
-- row_score, column_score; variable, group, stratum, n_missing, reasons,
-- simulated }. opt: strata.
function M.table(who, x, data, opt)
  if type(x) == "string" then return grid_of_formula(who, x, data, opt) end
  if not is_plain(x) or not is_plain(x[1]) then
    fail("type", ('%s: a formula, "y ~ x", or counts, { { 7, 2 }, { 1, 8 } }, '
      .. "come first"):format(who))
  end
  if opt.strata ~= nil then
    fail("invalid", ("%s: strata is for a formula; of counts give a list of "
      .. "tables"):format(who))
  end
  return grid_of_counts(who, x)
end

--- tabulate.arguments(x, data, opt) -> data, options: counts have their options
-- second.
function M.arguments(who, x, data, opt)
  if type(x) == "string" then return data, opt end
  if opt ~= nil then
    fail("type", ("%s: counts come alone, options second"):format(who))
  end
  return nil, data
end

return M
