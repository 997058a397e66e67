-- Permutation of the treatment assignment beside a model's own inference: the
-- levels that a comparison is about change places among subjects, within
-- strata, the model is fitted again, and its t is compared with the one seen.
-- All else stays with the subject: values, visits, what is missing.

local NA = require "ts.na".NA
local cframe = require "ts.frame"
local random = require "ts.random"
local fail = require "ts.error".fail
local errors = require "ts.error"
local data_of = require "trialsh.data"
local session = require "trialsh.session"

local M = {}

-- Which rows of the frame are one unit: subjects, else rows.
local function units_of(state)
  local frame, list, at = state.original, {}, {}
  local names = state.subject and frame:column(state.subject)
  for i = 1, #frame do
    local key = names and names[i] or i
    if key ~= NA then
      if not at[key] then
        at[key] = { key = key, rows = {} }
        list[#list + 1] = at[key]
      end
      table.insert(at[key].rows, i)
    end
  end
  return list
end

-- The one value of a column in the rows of a unit.
local function value_of(state, column, unit, name)
  local value = column[unit.rows[1]]
  for _, i in ipairs(unit.rows) do
    if column[i] ~= value then
      fail("invalid", ("%s: permutations: %s changes within a subject, in rows "
        .. "%d and %d"):format(state.who, name, unit.rows[1], i))
    end
  end
  return value
end

-- The stratum of each subject, or row: read from the data, as the model may not
-- have it.
local function strata_of(state, name)
  local columns = { name, state.subject ~= name and state.subject or nil }
  local frame = data_of.frame(state.data, columns, state.who)
  local column, out = frame:column(name), {}
  local subject = state.subject and frame:column(state.subject)
  for i = 1, #frame do
    local key = subject and subject[i] or i
    if out[key] ~= nil and out[key] ~= column[i] then
      fail("invalid", ("%s: permutations: %s changes within %s"):format(
        state.who, name, tostring(key)))
    end
    out[key] = column[i]
  end
  return out
end

-- Units that have a level, by stratum: lists of units, each with its level.
local function groups_of(state, x, opt)
  local level = state.original:column(x.column)
  local strata = opt.strata and strata_of(state, opt.strata)
  local list, at = {}, {}
  for _, unit in ipairs(units_of(state)) do
    unit.level = value_of(state, level, unit, x.column)
    local key = strata and strata[unit.key] or 1
    if unit.level ~= NA then
      if not at[key] then
        at[key] = {}
        list[#list + 1] = at[key]
      end
      table.insert(at[key], unit)
    end
  end
  return list
end

-- The levels that have a weight in a comparison, as a set.
local function levels_of(x, c)
  local set = {}
  for _, side in ipairs(c.parts or { c.a, c.b }) do
    if not c.parts or side.weight ~= 0 then
      for _, i in ipairs(side.members) do set[x.levels[i]] = true end
    end
  end
  return set
end

-- The frame with another assignment.
local function reassigned(state, x, groups, set, stream)
  local frame, names, columns, levels = state.original, {}, {}, {}
  local changed = {}
  local old = frame:column(x.column)
  for i = 1, #frame do changed[i] = old[i] end
  for _, group in ipairs(groups) do
    local units, labels = {}, {}
    for _, unit in ipairs(group) do
      if set[tostring(unit.level)] then
        units[#units + 1], labels[#labels + 1] = unit, unit.level
      end
    end
    stream:shuffle(labels)
    for k, unit in ipairs(units) do
      for _, i in ipairs(unit.rows) do changed[i] = labels[k] end
    end
  end
  for j, name in ipairs(frame:names()) do
    names[j], columns[j] = name, name == x.column and changed
      or frame:column(name)
  end
  if old.type == "text" then levels[x.column] = old.levels end
  return cframe.build(names, columns, levels)
end

-- Larger means farther from the null hypothesis.
local function size_of(t, alternative)
  if alternative == "less" then return -t end
  return alternative == "greater" and t or math.abs(t)
end

-- P of the rows of one comparison (one for each group), by n permutations.
local function test(state, rows, c, x, groups, opt, seed, place)
  local set, seen = levels_of(x, c), {}
  local failed = 0
  for k, row in ipairs(rows) do
    seen[k] = { n = 0, size = row.statistic ~= NA
      and size_of(row.statistic, opt.alternative) }
  end
  for replicate = 1, opt.permutations do
    local frame = reassigned(state, x, groups, set,
      random.stream(seed, place, replicate))
    local ok, core = pcall(state.refit, frame)
    if not ok and errors.is(core) and core.code == "interrupted" then
      error(core, 0)
    end
    if not ok then failed = failed + 1 end
    for k, row in ipairs(rows) do
      local estimate, std_error
      if ok and row.row then estimate, std_error = core:estimate(row.row) end
      -- what cannot be computed counts against the treatment
      if not (ok and estimate ~= NA and std_error ~= NA and std_error > 0)
        or seen[k].size and size_of(estimate / std_error, opt.alternative)
          >= seen[k].size * (1 - 1e-9 * (seen[k].size > 0 and 1 or -1)) then
        seen[k].n = seen[k].n + 1
      end
    end
  end
  for k, row in ipairs(rows) do
    row.p_permuted = seen[k].size and (seen[k].n + 1) / (opt.permutations + 1)
      or NA
  end
  return failed
end

local function check(state, x, opt)
  if not state.refit then
    fail("invalid", ("%s has no permutations"):format(state.who))
  end
  if not x.column then
    fail("invalid", ("%s: permutations: %s is no column"):format(state.who,
      x.name))
  end
  if opt.slope or opt.mu or opt.weights ~= "equal" or opt.pool ~= "equal" then
    fail("invalid", ("%s: permutations are for differences of means with equal "
      .. "weights, and of no difference"):format(state.who))
  end
end

--- permute.apply(state, families, list, x, opt) -> what was done, in words
-- Sets p_permuted of rows: families[g][i] is comparison i of list in group g.
function M.apply(state, families, list, x, opt)
  check(state, x, opt)
  local seed = opt.seed or state.trial and state.trial.seed or session.seed or 1
  local groups, failed = groups_of(state, x, opt), 0
  for i, c in ipairs(list) do
    local rows = {}
    for g, family in ipairs(families) do rows[g] = family[i] end
    failed = failed + test(state, rows, c, x, groups, opt, seed, i)
  end
  return ("P permuted: t of %d permutations of %s%s%s, seed %d%s"):format(
    opt.permutations, x.column, state.subject and " among subjects" or "",
    opt.strata and " within " .. opt.strata or "", seed, failed > 0
      and ("; %d fits failed and count as extreme"):format(failed) or "")
end

return M
