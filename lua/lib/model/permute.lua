-- Permutation of the treatment assignment beside a model's own inference: the
-- levels that a comparison is about change places among subjects, within
-- strata, the model is fitted again, and its t is compared with the one seen.
-- All else stays with the subject: values, visits, what is missing.

local NA = require "ts.na".NA
local cframe = require "ts.frame"
local random = require "ts.random"
local progress = require "ts.interrupt".progress
local fail = require "ts.error".fail
local errors = require "ts.error"
local data_of = require "trialsh.data"
local session = require "trialsh.session"

local M = {}

-- The largest t of all comparisons: step-down (Westfall and Young 1993), and of
-- all together.
M.step, M.single = "max-T", "max-T single-step"

--- permute.is_joint(opt): whether all comparisons have one distribution
function M.is_joint(opt) return opt.adjust == M.step or opt.adjust == M.single end

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

-- Adds the levels that have a weight in a comparison to a set.
local function add_levels(set, x, c)
  for _, side in ipairs(c.parts or { c.a, c.b }) do
    if not c.parts or side.weight ~= 0 then
      for _, i in ipairs(side.members) do set[x.levels[i]] = true end
    end
  end
  return set
end

-- Assignments ------------------------------------------------------------------

local MOST = 100000 -- fits, when all assignments are asked for

-- The next order of a list of numbers, by size; false after the last one, which
-- the first then follows.
local function next_order(list)
  local i = #list - 1
  while i > 0 and list[i] >= list[i + 1] do i = i - 1 end
  local from, to = i + 1, #list
  while from < to do
    list[from], list[to] = list[to], list[from]
    from, to = from + 1, to - 1
  end
  if i <= 0 then return false end
  local j = i + 1
  while list[j] <= list[i] do j = j + 1 end
  list[i], list[j] = list[j], list[i]
  return true
end

-- What may change places: in each stratum the units with a level of the set, and
-- their levels; the number of ways.
local function pools_of(groups, set)
  local list, ways = {}, 1
  for _, group in ipairs(groups) do
    local pool, code, n, m = { units = {}, labels = {}, order = {},
      names = {} }, {}, {}, 0
    for _, unit in ipairs(group) do
      if set[tostring(unit.level)] then
        local k = code[unit.level]
        if not k then
          k = #pool.names + 1
          code[unit.level], pool.names[k], n[k] = k, unit.level, 0
        end
        pool.units[#pool.units + 1] = unit
        pool.labels[#pool.labels + 1], pool.order[#pool.order + 1] = unit.level, k
        n[k], m = n[k] + 1, m + 1
        ways = ways * m / n[k]
      end
    end
    table.sort(pool.order)
    list[#list + 1] = pool
  end
  return list, ways
end

-- A function that gives each assignment: the labels of the units of each pool;
-- nil after the last.
local function assignments(state, pools, ways, opt, seed, place)
  local replicate, first = 0, true
  if opt.permutations ~= "all" then
    return function()
      replicate = replicate + 1
      if replicate > opt.permutations then return nil end
      local stream, out = random.stream(seed, place, replicate), {}
      for k, pool in ipairs(pools) do
        out[k] = table.move(pool.labels, 1, #pool.labels, 1, {})
        stream:shuffle(out[k])
      end
      return out
    end
  end
  if ways > MOST then
    fail("limit", ("%s: permutations: there are %.3g assignments; all of %d are "
      .. "the most, permutations = 9999 draws some"):format(state.who, ways,
      MOST))
  end
  return function()
    local more = first
    for _, pool in ipairs(pools) do
      if not more then more = next_order(pool.order) end
    end
    if not more then return nil end
    first = false
    local out = {}
    for k, pool in ipairs(pools) do
      out[k] = {}
      for i, code in ipairs(pool.order) do out[k][i] = pool.names[code] end
    end
    return out
  end
end

-- The frame with another assignment.
local function reassigned(state, x, pools, labels)
  local frame, names, columns, levels = state.original, {}, {}, {}
  local changed = {}
  local old = frame:column(x.column)
  for i = 1, #frame do changed[i] = old[i] end
  for k, pool in ipairs(pools) do
    for j, unit in ipairs(pool.units) do
      for _, i in ipairs(unit.rows) do changed[i] = labels[k][j] end
    end
  end
  for j, name in ipairs(frame:names()) do
    names[j], columns[j] = name, name == x.column and changed
      or frame:column(name)
  end
  if old.type == "text" then levels[x.column] = old.levels end
  return cframe.build(names, columns, levels)
end

-- Tests ------------------------------------------------------------------------

-- Larger means farther from the null hypothesis.
local function size_of(t, alternative)
  if alternative == "less" then return -t end
  return alternative == "greater" and t or math.abs(t)
end

-- The sizes of rows in a fit; what cannot be computed counts against the
-- treatment.
local function sizes_of(core, rows, opt)
  local out = {}
  for k, row in ipairs(rows) do
    local estimate, std_error
    if core then estimate, std_error = core:estimate(row.row) end
    out[k] = core and estimate ~= NA and std_error ~= NA and std_error > 0
      and size_of(estimate / std_error, opt.alternative) or math.huge
  end
  return out
end

-- Whether a size is as far as one that was seen, but for rounding.
local function as_far(size, seen)
  return size >= seen - 1e-9 * math.abs(seen)
end

-- Of rows from the largest size to the smallest the largest of those from there
-- on (step-down), or of all.
local function add_largest(rows, order, sizes, single)
  local most = -math.huge
  for i = #order, 1, -1 do most = math.max(most, sizes[order[i]]) end
  local all = most
  most = -math.huge
  for i = #order, 1, -1 do
    local row = rows[order[i]]
    most = math.max(most, sizes[order[i]])
    if as_far(single and all or most, row.size) then
      row.n_largest = row.n_largest + 1
    end
  end
end

local function is_interrupt(e)
  return errors.is(e) and e.code == "interrupted"
end

-- P of rows by assignments of the levels in set. Returns how many fits failed, and
-- how many assignments there were.
local function test(state, rows, set, x, groups, opt, seed, place)
  local kept, order = {}, {}
  for _, row in ipairs(rows) do
    row.p_permuted = NA
    if row.statistic ~= NA and row.row then
      kept[#kept + 1], order[#order + 1] = row, #order + 1
      row.size = size_of(row.statistic, opt.alternative)
      row.n_far, row.n_largest = 0, 0
    end
  end
  table.sort(order, function(a, b)
    if kept[a].size ~= kept[b].size then return kept[a].size > kept[b].size end
    return a < b
  end)
  local pools, ways = pools_of(groups, set)
  local n, failed = 0, 0
  local total = opt.permutations == "all" and ways or opt.permutations
  local function refit(labels)
    local ok, core = pcall(state.refit, reassigned(state, x, pools, labels))
    if not ok and is_interrupt(core) then error(core, 0) end
    if not ok then failed = failed + 1 end
    return sizes_of(ok and core, kept, opt)
  end
  for labels in assignments(state, pools, ways, opt, seed, place) do
    progress("permutations", n, total)
    local ok, sizes = pcall(refit, labels)
    if not ok and is_interrupt(sizes) then progress("permutations", n, total) end
    if not ok then error(sizes, 0) end
    n = n + 1
    for k, row in ipairs(kept) do
      if as_far(sizes[k], row.size) then row.n_far = row.n_far + 1 end
    end
    add_largest(kept, order, sizes, opt.adjust == M.single)
  end
  local itself = opt.permutations == "all" and 0 or 1
  local least = 0
  for _, k in ipairs(order) do
    local row = kept[k]
    row.p_permuted = (row.n_far + itself) / (n + itself)
    least = math.max(least, (row.n_largest + itself) / (n + itself))
    if M.is_joint(opt) then row.p_adjusted = least end
    row.size, row.n_far, row.n_largest = nil, nil, nil
  end
  return failed, n
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
-- Sets p_permuted of rows: families[g][i] is comparison i of list in group g. With
-- max-T all have the same assignments, of all their levels, and p_adjusted.
function M.apply(state, families, list, x, opt)
  check(state, x, opt)
  local seed = opt.seed or state.trial and state.trial.seed or session.seed or 1
  local groups, failed, n = groups_of(state, x, opt), 0, 0
  if M.is_joint(opt) then
    local rows, set = {}, {}
    for _, c in ipairs(list) do add_levels(set, x, c) end
    for _, family in ipairs(families) do
      table.move(family, 1, #family, #rows + 1, rows)
    end
    failed, n = test(state, rows, set, x, groups, opt, seed, 1)
  end
  for i, c in ipairs(M.is_joint(opt) and {} or list) do
    local rows, more = {}, nil
    for g, family in ipairs(families) do rows[g] = family[i] end
    more, n = test(state, rows, add_levels({}, x, c), x, groups, opt, seed, i)
    failed = failed + more
  end
  local all = opt.permutations == "all"
  return ("P permuted: t of %s permutations of %s%s%s%s%s"):format(
    all and (M.is_joint(opt) or #list == 1) and "all " .. n or all and "all"
      or tostring(n), x.column, state.subject and " among subjects" or "",
    opt.strata and " within " .. opt.strata or "",
    all and "" or (", seed %d"):format(seed), failed > 0
      and ("; %d fits failed and count as extreme"):format(failed) or "")
end

return M
