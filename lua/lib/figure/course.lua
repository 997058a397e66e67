-- Values of subjects over time, and what a profile shows of them at each time:
-- n, a centre and an interval for each arm. The statistics are ttest's,
-- describe's and sign_test's; here rows are sorted into arms, subjects, times.

local cframe = require "ts.frame"
local text = require "ts.text"
local fail = require "ts.error".fail
local NA = require "ts.na".NA
local data = require "trialsh.data"
local source = require "trialsh.figure.source"

local M = {}

-- Rows ------------------------------------------------------------------------


-- The columns that are there, each as a list.
local function read(who, x, names)
  local have, list, out = {}, {}, {}
  for _, name in ipairs(source.names(x)) do have[name] = true end
  local seen = {}
  for _, name in ipairs(names) do
    if have[name] and not seen[name] then list[#list + 1] = name end
    seen[name] = true
  end
  local frame = data.frame(x, list, who)
  for _, name in ipairs(list) do
    out[name] = { values = cframe.values(frame:column(name)),
      column = frame:column(name) }
  end
  return out, #frame, frame
end

local function need(who, columns, x, name, what)
  if columns[name] then return columns[name].values end
  local near = text.nearest(name, source.names(x))
  fail("not found", ("%s: no column %s, %s%s"):format(who, name, what,
    near and "; nearest: " .. near or ""))
end

-- The time of each row: days of the trial's visits where all are known, else a
-- column.
local function times_of(who, columns, x, opt, trial)
  if opt.x then return need(who, columns, x, opt.x, "the times"), opt.x end
  local visit = columns.AVISIT and columns.AVISIT.values
  if visit and trial then
    local list, all = {}, true
    for i, name in ipairs(visit) do
      local known = name ~= NA and trial.visits and trial.visits[name]
      list[i] = known and known.day or NA
      all = all and (known or name == NA)
    end
    if all then return list, "AVISIT" end
  end
  for _, name in ipairs { "AVISITN", "ADY" } do
    if columns[name] then return columns[name].values, name end
  end
  fail("invalid", ("%s: x = the column with the times; there is no AVISITN "
    .. "or ADY"):format(who))
end

-- Adds a row to its subject, in the order of subjects.
local function add(group, id, row, who)
  local subject = group.subjects[id]
  if not subject then
    subject = { id = id, x = {}, y = {}, below = {}, at = {} }
    group.subjects[id] = subject
    table.insert(group.order, subject)
  end
  if subject.at[row.x] then
    fail("invalid", ("%s: %s has more than one value at %s; where chooses one, "
      .. "as ANL01FL = 'Y' does"):format(who, id, text.number(row.x)))
  end
  subject.at[row.x] = row
  for key, value in pairs(row.of) do subject[key] = value end
end

local function settle(group)
  for _, subject in ipairs(group.order) do
    local xs = {}
    for x in pairs(subject.at) do xs[#xs + 1] = x end
    table.sort(xs)
    for i, x in ipairs(xs) do
      local row = subject.at[x]
      subject.x[i], subject.y[i], subject.below[i] = x, row.y, row.below
    end
  end
end

--- course.read(who, from, opt, trial) -> { groups, times, x, left_out, limits }
-- groups: { name, order = subjects }, a subject { id, x, y, below, base, died }
function M.read(who, from, opt, trial)
  local x = from.data
  local by = opt.by
  if by == nil then by = from.treatment or source.by(who, x) end
  local columns, n = read(who, x, { opt.y, by or opt.y, opt.id, opt.x or opt.y,
    "AVISIT", "AVISITN", "ADY", "ANL01FL", "BLQFL", "ALQFL", "LLOQ", "BASE", "DTHFL",
    "DTHDY" })
  local y = need(who, columns, x, opt.y, "the values")
  if columns[opt.y].column.type ~= "real" then
    fail("type", ("%s: %s is text; y is a column of numbers"):format(who, opt.y))
  end
  local id = need(who, columns, x, opt.id, "the subjects")
  local times, named = times_of(who, columns, x, opt, trial)
  local function value(name, i)
    return columns[name] and columns[name].values[i]
  end
  local out = { groups = {}, times = {}, x = named, limits = {},
    n_below = 0, n_above = 0, unflagged = 0, missing = 0 }
  local groups = source.groups(data.frame(x, by and { by } or { opt.y }), by)
  local seen, limit_seen = {}, {}
  for k, g in ipairs(groups) do
    local group = { name = g.name, subjects = {}, order = {} }
    for _, i in ipairs(g.rows) do
      local flagged = not columns.ANL01FL or value("ANL01FL", i) == "Y"
      if not flagged then
        out.unflagged = out.unflagged + 1
      elseif y[i] == NA or times[i] == NA or id[i] == NA then
        out.missing = out.missing + 1
      else
        local below = value("BLQFL", i) == "Y"
        if value("ALQFL", i) == "Y" then out.n_above = out.n_above + 1 end
        local limit = below and value("LLOQ", i)
        if below then out.n_below = out.n_below + 1 end
        if limit and limit ~= NA and not limit_seen[limit] then
          limit_seen[limit] = true
          table.insert(out.limits, limit)
        end
        add(group, tostring(id[i]), { x = times[i], y = y[i], below = below,
          of = { base = value("BASE", i), died = value("DTHFL", i) == "Y"
            or nil, died_at = value("DTHDY", i) } }, who)
        if not seen[times[i]] then
          seen[times[i]] = true
          table.insert(out.times, times[i])
        end
      end
    end
    settle(group)
    out.groups[k] = group
  end
  table.sort(out.times)
  table.sort(out.limits)
  out.by = by or nil
  if #out.times == 0 then
    fail("degenerate", ("%s: no value of %s to show"):format(who, opt.y))
  end
  return out
end

--- course.change(who, course, how): values as ratio to or difference from BASE;
-- the first time is that of the baseline: 1 or 0, without an interval.
function M.change(who, course, how)
  local without = 0
  for _, group in ipairs(course.groups) do
    for _, subject in ipairs(group.order) do
      local base = subject.base
      if base == nil then
        fail("not found", who .. ": change needs a column BASE")
      elseif base == NA or how == "ratio" and base <= 0 then
        without = without + 1
        subject.x, subject.y, subject.below = {}, {}, {}
      else
        for i, y in ipairs(subject.y) do
          subject.y[i] = how == "ratio" and y / base or y - base
        end
      end
    end
  end
  course.anchor = { course.times[1], how == "ratio" and 1 or 0 }
  return without
end

-- Statistics --------------------------------------------------------------------

-- Of measured values t's mean; of some below their limit that of a normal
-- distribution by maximum likelihood (tobit).
local function mean_of(values, opt)
  local r = require "trialsh.ttest".ttest(values, { conf_level = opt.conf_level })
  return r.estimate, r.conf_low, r.conf_high
end

local function spread(values, opt)
  local column = cframe.build({ "y" }, { values }):column "y"
  local d = require "ts.describe".describe(column, 2)
  local by = opt.interval == "sd" and d.sd or d.sd / math.sqrt(#values)
  return d.mean, d.mean - by, d.mean + by
end

-- nil where the values do not tell it: too few are measured.
local function censored(values, flags, opt, left)
  local ok, m = pcall(require "trialsh.tobit".tobit, left .. " ~ 1",
    { AVAL = values, BLQFL = flags }, { conf_level = opt.conf_level })
  if not ok then
    if require "ts.error".is(m) and m.code ~= "interrupted" then return NA, NA, NA end
    error(m, 0)
  end
  local t = m:term "(Intercept)"
  if opt.interval == "ci" then return t.estimate, t.conf_low, t.conf_high end
  local by = opt.interval == "sd" and m.sigma or t.std_error
  return t.estimate, t.estimate - by, t.estimate + by
end

local centres = {}

centres["mean"] = function(values, opt, flags)
  if flags then return censored(values, flags, opt, "AVAL") end
  if #values < 2 then return values[1], NA, NA end
  return (opt.interval == "ci" and mean_of or spread)(values, opt)
end

local function exponential(x) return x == NA and NA or math.exp(x) end

centres["geometric mean"] = function(values, opt, flags)
  local m, low, high
  if flags then
    m, low, high = censored(values, flags, opt, "ln(AVAL)")
  else
    local logs = {}
    for i, y in ipairs(values) do logs[i] = math.log(y) end
    m, low, high = centres["mean"](logs, opt)
  end
  return exponential(m), exponential(low), exponential(high)
end

centres["median"] = function(values, opt, flags)
  if flags then -- quantiles by Kaplan-Meier; the sign test knows no limits
    local d = require "trialsh.describe".describe("AVAL",
      { AVAL = values, BLQFL = flags })
    if opt.interval ~= "quartiles" then return d.median, NA, NA end
    return d.median, d.q1, d.q3
  end
  local column = cframe.build({ "y" }, { values }):column "y"
  local d = require "ts.describe".describe(column, 2)
  if opt.interval == "quartiles" then return d.median, d.q1, d.q3 end
  local r = require "trialsh.rank".sign_test(values,
    { conf_level = opt.conf_level })
  return d.median, r.conf_low, r.conf_high
end

-- A number that can be drawn.
local function drawable(x)
  return type(x) == "number" and x == x and math.abs(x) < math.huge and x or NA
end

--- course.centre(who, course, opt): gives each group rows, one per time:
-- { x, n, n_below, estimate, low, high }
function M.centre(who, course, opt)
  local f = centres[opt.centre]
  for _, group in ipairs(course.groups) do
    group.rows = {}
    for i, x in ipairs(course.times) do
      local values, flags, below = {}, {}, 0
      for _, subject in ipairs(group.order) do
        for k, at in ipairs(subject.x) do
          if at == x then
            values[#values + 1] = subject.y[k]
            flags[#values] = subject.below[k] and "Y" or "N"
            if subject.below[k] then below = below + 1 end
          end
        end
      end
      local row = { x = x, n = #values, n_below = below, estimate = NA, low = NA,
        high = NA }
      if opt.centre == "geometric mean" then
        for _, y in ipairs(values) do
          if y <= 0 then
            fail("degenerate", ("%s: a geometric mean is of numbers above 0; %s "
              .. "has %s at %s"):format(who, opt.y, text.number(y),
              text.number(x)))
          end
        end
      end
      local anchored = course.anchor and course.anchor[1] == x
      if anchored and #values > 0 then
        row.estimate = course.anchor[2]
      elseif f and #values > 0 and below * 2 < #values then
        local estimate, low, high = f(values, opt, below > 0 and flags or nil)
        row.estimate = drawable(estimate)
        if opt.interval ~= "none" and #values >= opt.least_n then
          row.low, row.high = drawable(low), drawable(high)
        end
      end
      group.rows[i] = row
    end
  end
end

--- course.bound(who, course, bounds, opt) -> whether an interval was cut: none goes
-- beyond bounds, outside of which no value can be
function M.bound(who, course, bounds, opt)
  local low, high, cut = bounds[1], bounds[2], false
  for _, group in ipairs(course.groups) do
    for _, subject in ipairs(group.order) do
      for _, y in ipairs(subject.y) do
        if y < low or y > high then
          fail("invalid", ("%s: bounds = { %s, %s }, but %s of %s is %s"):format(who,
            text.number(low), text.number(high), opt.y, subject.id, text.number(y)))
        end
      end
    end
    for _, row in ipairs(group.rows) do
      if row.low ~= NA and row.low < low then row.low, cut = low, true end
      if row.high ~= NA and row.high > high then row.high, cut = high, true end
    end
  end
  return cut
end

--- course.died(group, x): how many of its subjects died before time x
function M.died(group, x)
  local n = 0
  for _, subject in ipairs(group.order) do
    local at = subject.died_at
    if at ~= nil and at ~= NA and at < x then n = n + 1 end
  end
  return n
end

return M
