-- Cumulative incidence of an event that a competing one may forestall, and
-- Gray's test. The numbers are C's (ts.competing).

local core = require "ts.competing"
local formulas = require "ts.formula"
local text = require "ts.text"
local fail = require "ts.error".fail
local NA = require "ts.na".NA
local data_of = require "trialsh.data"
local format = require "trialsh.format"
local hint_of = require "trialsh.names".hint
local options = require "trialsh.options"
local result = require "trialsh.result"
local tabulate = require "trialsh.tabulate"

local M = { specs = { cuminc = { competing = { "string" }, strata = { "any" },
  compare = { "string" }, at = { "any" },
  test = { { "Gray", "none" }, "Gray" },
  ci = { { "log-log", "log", "plain" }, "log-log" },
  conf_level = { "number", 0.95, above = 0, below = 1 } } } }

local function plural(n, word)
  return ("%d %s%s"):format(n, word, n == 1 and "" or "s")
end

-- The competing event: that of the option, or CNSR == 2 beside CNSR == 0.
local function competing_of(source, o)
  if o.competing then return o.competing end
  local column = source:match "^%s*Surv%b()" and source:match
    ",%s*([%w_.`]+)%s*==%s*0%s*%)"
  if not column then
    fail("invalid", 'cuminc: which event competes? { competing = "CNSR == 2" }')
  end
  return column .. " == 2"
end

-- The rows of A and B of "A vs B", which may be pooled arms, B first.
local function pair_of(full, frame, data, o)
  local info = formulas.model(full, frame, { groups = true }):info()
  local name = #info.x == 1 and info.x[1].name
  local column
  for _, other in ipairs(frame:names()) do
    if other == name then column = frame:column(name) end
  end
  if not column then
    fail("invalid", "cuminc: compare is for the groups of one column, \"Surv(...) "
      .. "~ TRT01P\"")
  end
  local a, b = require "trialsh.compare".choose { who = "cuminc",
    variable = name, levels = info.group.levels, data = data,
    compare = o.compare }
  local side, rows = {}, {}
  for _, s in ipairs { a, b } do
    for _, i in ipairs(s.members) do side[info.group.levels[i].name] = s.name end
  end
  for i = 1, #frame do
    local value = column[i]
    if value ~= NA and side[type(value) == "number" and text.number(value)
      or value] then rows[#rows + 1] = i end
  end
  local names, arrays = frame:names(), {}
  for j, other in ipairs(names) do
    local from, list = frame:column(j), {}
    for k, i in ipairs(rows) do
      local value = from[i]
      if other == name then
        value = side[type(value) == "number" and text.number(value) or value]
      end
      list[k] = value
    end
    arrays[j] = list
  end
  for _, s in ipairs { a, b } do
    if s.n == 0 then
      fail("degenerate", ("cuminc: no complete row in %s"):format(s.name))
    end
  end
  return require "ts.frame".build(names, arrays, { [name] = { b.name,
    a.name } })
end

-- The model frame with the competing event as its offset.
local function model_of(source, data, o)
  if type(source) ~= "string" then
    fail("type", ('cuminc: the formula is text, "Surv(AVAL, CNSR == 0) ~ '
      .. 'TRT01P", not a %s'):format(type(source)))
  end
  local full = tabulate.with_strata("cuminc", source, o.strata)
    .. (" + offset(%s)"):format(competing_of(source, o))
  local frame = data_of.frame(data, formulas.variables(full), "cuminc")
  if o.compare then frame = pair_of(full, frame, data, o) end
  local model = formulas.model(full, frame, { groups = true })
  local info = model:info()
  if not info.survival or #info.response ~= 2 then
    fail("invalid", ("cuminc: the left side of \"%s\" must be Surv(time, event)")
      :format(source))
  elseif #info.offset ~= 1 then
    fail("invalid", "cuminc: offset() is no part of it")
  end
  local response = formulas.parse(source).response
  if info.n == 0 then
    fail("degenerate", ("cuminc: %s has no complete row%s"):format(response,
      info.n_row > 0 and " of " .. info.n_row or ""))
  end
  return model, info, response
end

--- cuminc.times(x): a number, a list or a column as a list of numbers of 0 or
-- above.
function M.times(x)
  local list = {}
  if type(x) == "number" then x = { x } end
  if type(x) ~= "table" and type(x) ~= "userdata" or x == NA or #x == 0 then
    fail("type", "cuminc: at takes a number or a list of numbers")
  end
  for i = 1, #x do
    if type(x[i]) ~= "number" or not (x[i] >= 0 and x[i] < math.huge) then
      fail("invalid", ("cuminc: at: %s is no number of 0 or above"):format(
        type(x[i]) == "number" and text.number(x[i]) or tostring(x[i])))
    end
    list[i] = x[i]
  end
  return list
end

-- Groups that a name or a list of names asks for; all without.
local function chosen(groups, wanted)
  if wanted == nil then return groups end
  local list, known = {}, {}
  for _, g in ipairs(groups) do
    known[#known + 1], known[g.name] = g.name, g
  end
  for i, name in ipairs(type(wanted) == "table" and wanted or { wanted }) do
    list[i] = known[tostring(name)]
    if not list[i] then
      fail("not found", ("cuminc: no group '%s'%s"):format(tostring(name),
        hint_of(tostring(name), known)))
    end
  end
  return list
end

-- Frames ------------------------------------------------------------------------

-- A frame: the groups' variables, then columns; row(g, add) adds rows of a group.
local function frame_of(info, groups, names, each)
  local heads, arrays, levels = {}, {}, {}
  for j, x in ipairs(info.x) do
    heads[j], arrays[j], levels[x.name] = x.name, {}, {}
    for _, level in ipairs(tabulate.ordered(x)) do
      table.insert(levels[x.name], level.name)
    end
  end
  for _, name in ipairs(names) do
    heads[#heads + 1], arrays[#arrays + 1] = name, {}
  end
  local n = 0
  for _, g in ipairs(groups) do
    each(g, function(...)
      n = n + 1
      for j in ipairs(info.x) do arrays[j][n] = g.parts[j] end
      for j = 1, #names do arrays[#info.x + j][n] = (select(j, ...)) end
    end)
  end
  return result.frame(heads, arrays, levels)
end

-- What is known at a time: at risk just before, and the incidence.
local function point(g, time)
  local low, high = 0, #g.time
  while low < high do -- the last time at or before
    local middle = (low + high + 1) // 2
    if g.time[middle] <= time then low = middle else high = middle - 1 end
  end
  local n_risk = low == 0 and g.n or 0
  if low > 0 and g.time[low] == time then
    n_risk = g.n_risk[low]
  elseif low > 0 and low < #g.time then
    n_risk = g.n_risk[low + 1]
  end
  if low == 0 then return n_risk, 0, 0, NA, NA end
  -- beyond the last time nothing is known, unless nobody is left to be known
  if low == #g.time and time > g.last and g.survival[low] > 1e-12 then
    return n_risk, NA, NA, NA, NA
  end
  return n_risk, g.estimate[low], g.std_error[low], g.conf_low[low],
    g.conf_high[low]
end

local columns_at = { "time", "n_risk", "estimate", "std_error", "conf_low",
  "conf_high" }

local function at(info, groups, times)
  return frame_of(info, groups, columns_at, function(g, add)
    for _, time in ipairs(times) do add(time, point(g, time)) end
  end)
end

local columns_of_time = { "time", "n_risk", "n_events", "n_competed",
  "n_censor", "estimate", "std_error", "conf_low", "conf_high" }

local function tidy(info, groups)
  local names = { "time", "n_risk", "n_event", "n_competing",
    table.unpack(columns_of_time, 5) }
  return frame_of(info, groups, names, function(g, add)
    for i = 1, #g.time do
      local row = {}
      for j, name in ipairs(columns_of_time) do row[j] = g[name][i] end
      add(table.unpack(row, 1, #columns_of_time))
    end
  end)
end

-- The groups' variables as columns to print.
local function variables(info, groups)
  local columns = {}
  for j, x in ipairs(info.x) do
    local values = {}
    for i, g in ipairs(groups) do values[i] = g.parts[j] end
    columns[j] = { name = x.name, type = "text", values = values }
  end
  return columns
end

-- A minus B at given times, with the interval of a normal difference.
local columns_of_difference = { "time", "estimate", "std_error", "conf_low",
  "conf_high", "estimate_1", "estimate_2" }

local function differences(groups, times, conf_level)
  local arrays = {}
  for j in ipairs(columns_of_difference) do arrays[j] = {} end
  for i, time in ipairs(times) do
    local _, f_1, se_1 = point(groups[2], time)
    local _, f_2, se_2 = point(groups[1], time)
    local known = f_1 ~= NA and f_2 ~= NA
    local d = known and f_1 - f_2 or NA
    local se = known and (se_1 ^ 2 + se_2 ^ 2) ^ 0.5 or NA
    local t = known and se > 0 and require "ts.linear".inference(d, se,
      math.huge, { conf_level = conf_level }) or { conf_low = NA,
        conf_high = NA }
    for j, value in ipairs { time, d, se, t.conf_low, t.conf_high, f_1, f_2 } do
      arrays[j][i] = value
    end
  end
  return arrays
end

-- Gray's test ---------------------------------------------------------------------

local function test_line(t)
  return result.lines { t.z ~= NA and ("Gray's test: chi-square = %s, df = %d, "
    .. "z = %s"):format(format.fixed(t.statistic, 2), t.df, format.fixed(t.z, 2))
    or ("Gray's test: chi-square = %s, df = %d"):format(
      format.fixed(t.statistic, 2), t.df), format.p_equals(t.p_value) }
end

local function gray(model, info, groups, fields)
  local t = core.gray(model)
  local names = { "n", "observed", "expected" }
  local function frame()
    return frame_of(info, groups, names, function(g, add)
      add(t.n[g.place], t.observed[g.place], t.expected[g.place])
    end)
  end
  local note = t.n_event == 0 and "no events: there is nothing to compare, P is 1"
    or t.df == 0 and "no event when two groups are at risk: there is nothing to "
      .. "compare, P is 1"
    or t.df < #groups - 1 and ("not all groups meet at an event: df is %d")
      :format(t.df) or NA
  return result.model { name = "Gray's test",
    fields = { method = "Gray's test" .. (info.stratum
        and ", stratified by " .. info.stratum.name or ""),
      statistic = t.statistic, df = t.df, p_value = t.p_value, z = t.z,
      n = info.n, n_event = t.n_event, n_competing = t.n_competing,
      n_missing = info.n_missing, note = note,
      simulated = fields.simulated },
    order = { "method", "statistic", "df", "p_value", "n", "n_event",
      "n_competing", "n_missing", "note" },
    tidy = frame,
    print = function(m)
      local columns = variables(info, groups)
      for _, name in ipairs(names) do
        local values = {}
        for i, g in ipairs(groups) do
          local x = t[name][g.place]
          values[i] = name == "expected" and tonumber(format.fixed(x, 2)) or x
        end
        columns[#columns + 1] = { name = name, values = values, type = "real" }
      end
      local lines = { ("%s: %s, %s"):format(m.method, plural(m.n, "subject"),
        plural(m.n_event, "event")),
        (require "trialsh.show".table(columns, #groups, {})), test_line(m) }
      if m.note ~= NA then lines[#lines + 1] = text.escape(m.note) end
      return table.concat(lines, "\n")
    end }
end

-- Print ---------------------------------------------------------------------------

local function print_cuminc(m, info, groups, times, left_out)
  local heads, columns = { "n", "events", "competing" }, variables(info, groups)
  for j, key in ipairs { "n", "n_event", "n_competing" } do
    local values = {}
    for i, g in ipairs(groups) do values[i] = g[key] end
    columns[#columns + 1] = { name = heads[j], type = "real", values = values }
  end
  for _, time in ipairs(times or {}) do
    local values = {}
    for i, g in ipairs(groups) do
      local _, f, _, low, high = point(g, time)
      values[i] = f == NA and NA or low == NA and format.fixed(f, 3)
        or ("%s (%s)"):format(format.fixed(f, 3), format.interval(low, high, 3))
    end
    columns[#columns + 1] = { name = "at " .. text.number(time), type = "text",
      values = values }
  end
  local lines = { ("%s: %s, %s, %s"):format(m.method, text.escape(m.response),
    plural(m.n, "subject"), plural(m.n_event, "event")),
    (require "trialsh.show".table(columns, #groups, {})) }
  local pieces = { "competing: " .. text.escape(m.competing) }
  if times then
    table.insert(pieces, 1, ("%s CI: %s"):format(format.level(m.conf_level),
      m.ci))
  end
  lines[3] = result.lines(pieces)
  if m:get "compare" ~= NA and times then
    local d, words = differences(groups, times, m.conf_level), {}
    for i, time in ipairs(times) do
      words[i] = ("at %s %s%s"):format(text.number(time), d[2][i] == NA and "NA"
        or format.fixed(d[2][i], 3), d[4][i] == NA and "" or (" (%s)"):format(
          format.interval(d[4][i], d[5][i], 3)))
    end
    words[1] = ("%s minus %s: %s"):format(text.escape(groups[2].name),
      text.escape(groups[1].name), words[1])
    lines[#lines + 1] = result.lines(words)
  end
  if m.test ~= NA then lines[#lines + 1] = test_line(m.test) end
  if m.note ~= NA then lines[#lines + 1] = text.escape(m.note) end
  lines[#lines + 1] = left_out
  return table.concat(lines, "\n")
end

--- cuminc.p_value(formula, data, opt): that of Gray's test alone.
function M.p_value(formula, rows, opt)
  return core.gray((model_of(formula, rows, options("cuminc", opt,
    M.specs.cuminc)))).p_value
end

local function groups_of(model, info, o)
  local groups, n_event, n_competing = core.cuminc(model, o.ci, o.conf_level),
    0, 0
  for i, g in ipairs(groups) do
    local level = info.group and info.group.levels[i]
    g.name, g.parts, g.place = level and level.name or "all",
      level and level.parts or {}, i
    g.order = level and level.place or 1
    g.n_missing = level and level.n_row - level.n or info.n_missing
    n_event, n_competing = n_event + g.n_event, n_competing + g.n_competing
  end
  table.sort(groups, function(a, b) return a.order < b.order end)
  return groups, n_event, n_competing
end

--- cuminc(formula, data [, opt]) -> cumulative incidence
-- Probability of having had an event by a time, where another one may come first
-- (Aalen and Johansen), by group, and Gray's test of equal incidence.
--   formula    "Surv(time, event) ~ group [+ strata(S)]"; event is 1 for an
--              event; "~ 1" for one curve
--   competing  the competing event, a condition: "CNSR == 2" where the event is
--              CNSR == 0
--   compare    "A vs B": these two groups, or pooled arms of the trial, alone;
--              r:difference { 28, 90 } is A minus B, with the interval of a
--              normal difference
--   at         { 28, 90 }: times that are shown
--   test       "Gray" (default), "none"
--   strata     a column, or a list: the test is within its levels; curves are not
--   ci         "log-log" (default), "log", "plain";  conf_level  0.95
-- r:tidy() has a row per group and time, r:at { 28, 90 } the incidence at given
-- times as estimate; both take a group as second argument. r.test is Gray's test;
-- r.statistic, r.df, r.p_value are its. With two groups r.test.z is above 0 when
-- the second has more events than expected. Kaplan-Meier curves, which take who
-- had the competing event for censored, lie above.
--
--   > t = { AVAL = { 3, 5, 5, 8, 9, 12, 2, 4, 6, 7, 10, 12 },
--   >   CNSR = { 0, 0, 2, 0, 1, 0, 2, 2, 1, 0, 2, 1 },
--   >   ARM = { "A", "A", "A", "A", "A", "A", "B", "B", "B", "B", "B", "B" } }
--   > cuminc("Surv(AVAL, CNSR == 0) ~ ARM", t, { at = { 6, 10 } })
--   Cumulative incidence: Surv(AVAL, CNSR == 0), 12 subjects, 5 events
--      ARM  n  events  competing  at 6                    at 10
--   1  A    6       4          1  0.333 (0.032 to 0.704)  0.500 (0.078 to 0.829)
--   2  B    6       1          3  0.000                   0.222 (0.003 to 0.682)
--   95 % CI: log-log; competing: CNSR == 2
--   Gray's test: chi-square = 2.27, df = 1, z = -1.51; P = 0.132
--   > cuminc("Surv(AVAL, CNSR == 0) ~ ARM", t, { compare = "B vs A" }):difference(10)
--      time   estimate  std_error   conf_low  conf_high  estimate_1  estimate_2
--   1    10  -0.277778   0.328107  -0.920856   0.365300    0.222222         0.5
--
-- See also: km, logrank. Aalen and Johansen 1978, Gray 1988. R: cmprsk::cuminc.
function M.cuminc(formula, rows, opt)
  local o = options("cuminc", opt, M.specs.cuminc)
  local times = o.at and M.times(o.at)
  local model, info, response = model_of(formula, rows, o)
  local groups, n_event, n_competing = groups_of(model, info, o)
  local simulated = data_of.simulated(rows) or nil
  local empty, notes = {}, {}
  for i, level in ipairs(info.group and info.group.levels or {}) do
    if i > info.group.n_level then empty[#empty + 1] = level.name end
  end
  notes[1] = #empty > 0 and ("no complete row in %s %s"):format(info.group.name,
    table.concat(empty, ", ")) or nil
  if n_event == 0 then notes[#notes + 1] = "no events: the incidence is 0" end
  if n_competing == 0 then
    notes[#notes + 1] = "no competing events: the incidence is 1 minus "
      .. "Kaplan-Meier's survival"
  end
  local fields = { method = "Cumulative incidence", response = response,
    competing = info.offset[1].name, n = info.n, n_event = n_event,
    n_competing = n_competing, n_missing = info.n_missing,
    conf_level = o.conf_level, ci = o.ci, groups = groups,
    simulated = simulated }
  if o.compare then
    fields.compare = ("%s vs %s"):format(groups[2].name, groups[1].name)
    fields.n_1, fields.n_2 = groups[2].n, groups[1].n
  end
  if o.test == "Gray" and #groups > 1 then
    local t = gray(model, info, groups, fields)
    fields.test, fields.statistic, fields.df = t, t.statistic, t.df
    fields.p_value = t.p_value
    if t.note ~= NA and n_event > 0 then notes[#notes + 1] = t.note end
  else
    fields.test, fields.statistic, fields.df, fields.p_value = NA, NA, NA, NA
  end
  fields.note = result.note(table.unpack(notes))
  local left_out = result.left_out(info.n_missing, result.missing(info))
  local function answer(frame)
    return simulated and data_of.wrap(require "trialsh.relation".node_of(frame)
      .frame, simulated) or frame
  end
  return result.model { name = "cuminc", fields = fields,
    order = { "method", "statistic", "df", "p_value", "n", "n_event",
      "n_competing", "n_missing", "conf_level", "ci", "note" },
    methods = {
      tidy = function(_, group)
        return answer(tidy(info, chosen(groups, group)))
      end,
      at = function(_, at_times, group)
        return answer(at(info, chosen(groups, group), M.times(at_times)))
      end,
      difference = function(_, at_times)
        if #groups ~= 2 then
          fail("invalid", ('cuminc: a difference is of two groups, there %s %d; '
            .. 'compare = "A vs B" chooses them'):format(#groups == 1 and "is"
              or "are", #groups))
        end
        return answer(result.frame(columns_of_difference, differences(groups,
          M.times(at_times), o.conf_level)))
      end,
    },
    print = function(m)
      return print_cuminc(m, info, groups, times, left_out)
    end }
end

return M
