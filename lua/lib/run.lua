-- run(s): binds the endpoints to a study, computes, and stores a row per
-- endpoint, variation, parameter, visit and comparison (or arm) in s.results.

local errors = require "ts.error"
local text = require "ts.text"
local NA = require "ts.na".NA
local endpoints = require "trialsh.endpoint"
local analysis = require "trialsh.analysis"
local expression = require "trialsh.expression"
local limits = require "trialsh.endpoint.limits"
local set = require "trialsh.endpoint.set"
local results = require "trialsh.endpoint.results"
local note = require "trialsh.note"
local options = require "trialsh.options"
local workers = require "trialsh.study.workers"

local fail = errors.fail

local M = {}

-- One data set ---------------------------------------------------------------

-- A note of the endpoint follows that of the statistic.
local function with_note(row, words)
  if words == "" then return end
  row.note = (row.note == nil or row.note == NA) and words
    or row.note .. "; " .. words
end

local function exponential(x)
  if x == nil or x == NA then return x end
  return math.exp(x)
end

local of_ratio = {
  ["difference in means"] = "ratio of geometric means",
  ["difference in least-squares means"] =
    "ratio of geometric least-squares means",
  ["difference in medians"] = "ratio of medians",
  ["shift (Hodges-Lehmann)"] = "ratio (Hodges-Lehmann)",
  ["mean"] = "geometric mean",
  ["least-squares mean"] = "geometric least-squares mean",
}

-- Differences of logarithms are reported as ratios; the standard error stays
-- that of the logarithm.
local function as_ratio(row)
  if row.estimate == nil or row.estimate == NA then return end
  for _, field in ipairs { "estimate", "conf_low", "conf_high", "estimate_1",
      "estimate_2" } do
    row[field] = exponential(row[field])
  end
  row.estimate_name = of_ratio[row.estimate_name]
    or "ratio (" .. row.estimate_name .. " of logarithms)"
end

-- A shift says nothing where some values are only worse than all others.
local function without_estimate(row)
  for _, field in ipairs { "estimate", "conf_low", "conf_high", "estimate_1",
      "estimate_2" } do row[field] = NA end
  with_note(row, "no estimate: the worst rank is no value")
end

-- Too few subjects are no reason to stop: the row says why it is empty.
local function or_note(row, f, ...)
  local ok, found = pcall(f, ...)
  if ok then return found end
  if not errors.is(found) or found.code ~= "degenerate" then
    error(found, 0)
  end
  row.note = found.message
  return row
end

local function name_of(compare)
  return type(compare) == "table" and compare[1] or compare
end

local ways = {}

function ways.model(e, bound, frame, formula, opt, at)
  local row = {}
  local rows = or_note(row, analysis.find(e.method).model, formula, frame, opt,
    { comparisons = e.comparisons, overall = e.overall, each = e.each,
      treatment = bound.treatment, adjust = e.joint, visits = at.visits,
      visit = e.visit, arms = e.trial.arms })
  if rows ~= row then return rows end
  rows = {} -- no fit: each comparison tells why
  for _, visit in ipairs(at.visits or { false }) do
    for _, compare in ipairs(#e.comparisons > 0 and e.comparisons or { false })
    do
      rows[#rows + 1] = { compare = compare and name_of(compare) or nil,
        visit = visit or nil, note = row.note }
    end
  end
  return rows
end

function ways.overall(e, _, frame, formula, opt)
  return { or_note({}, analysis.find(e.method).overall, formula, frame, opt) }
end

function ways.compare(e, bound, frame, formula, opt)
  local rows = {}
  for i, compare in ipairs(e.comparisons) do
    rows[i] = or_note({}, analysis.find(e.method).compare, formula,
      set.restrict(frame, e, bound.treatment, compare), opt, compare)
    rows[i].compare = compare
  end
  return rows
end

-- "~ 1" takes all subjects together, else each arm has its result.
function ways.within(e, bound, frame, formula, opt)
  local within = analysis.find(e.method).within
  if e.formula and e.formula:find "^%s*~%s*1%s*$" and not e.each then
    return { within(formula, frame, opt) }
  end
  local rows = {}
  for _, arm in ipairs(set.arms(frame, e, bound.treatment)) do
    local data = set.arm(frame, e, bound.treatment, arm)
    if #data > 0 then
      rows[#rows + 1] = or_note({ n = 0, n_missing = #data }, within, formula,
        data, opt)
      rows[#rows].group = arm
    end
  end
  return rows
end

-- The rows of results at one parameter, visit and subgroup, what is said of them,
-- and what re-randomisation needs to do it again.
local function compute_at(s, e, at)
  local bound = set.bind(s, e, at)
  -- kept once for all comparisons; notes on it are said once
  local frame = bound.data:collect()
  set.check_values(frame, e, bound.response, at)
  local beyond = limits.check(frame, e, bound)
  note.record("endpoint %s%s%s%s: %s analysed", e.id,
    at.parameter and ", " .. at.parameter or "",
    at.visit and " at " .. at.visit or "",
    at.subgroup and (", %s %s"):format(at.subgroup[1], tostring(at.subgroup[2]))
      or "", note.plural(#frame, "row"))
  local notes = { bound.note ~= "" and bound.note or nil }
  notes[#notes + 1] = beyond
  notes[#notes + 1] = set.without_arm(frame, e, bound.treatment)
  local words, way = table.concat(notes, "; "), analysis.way(e)
  local formula, opt = set.formula(e, bound, way), set.options(e)
  local rows = ways[way](e, bound, set.of_arms(frame, e, bound.treatment),
    formula, opt, at)
  for _, row in ipairs(rows) do
    if bound.what == "log" and analysis.find(e.method).location then
      as_ratio(row)
    end
    if bound.worst then without_estimate(row) end
    row.parameter, row.visit = at.parameter, row.visit or at.visit
    row.analysis, row.variable = e.method, e.variable or e.hierarchy
      and require "trialsh.endpoint.hierarchy".words(e) or nil
    with_note(row, words)
  end
  return rows, words, { e = e, at = at, bound = bound, frame = frame, way = way,
    formula = formula, options = opt, rows = rows }
end

-- One endpoint ---------------------------------------------------------------

local function say(e, words)
  if words ~= "" then note.say("endpoint %s: %s", e.id, words) end
end

-- Within the endpoint: over its parameters, visits and comparisons.
local function adjust(e, rows, plan)
  if not e.adjust or e.joint then return end
  if e.panel then -- the plan does it
    for _, row in ipairs(plan and {} or rows) do
      if row.compare and not row.kind then
        with_note(row, e.panel .. " is left out with re-randomisation")
      end
    end
    return
  end
  local p, of = {}, {}
  for _, row in ipairs(rows) do
    if row.compare and not row.kind and row.p_value ~= nil
      and row.p_value ~= NA then
      p[#p + 1], of[#of + 1] = row.p_value, row
    end
  end
  if #p == 0 then return end
  if e.t3 then
    return require "trialsh.model.unequal".adjust(of, {
      alternative = e.options.alternative, conf_level = e.options.conf_level,
      ratio = of[1].estimate_name:find "^ratio" ~= nil })
  end
  local adjusted = require "trialsh.padjust".padjust(p, e.adjust)
  for i, row in ipairs(of) do row.p_adjusted = adjusted[i] end
end

-- Whether a row is what the name of the endpoint alone means.
local function is_own(e, row)
  local own = name_of(e.comparisons[1])
  return not row.kind
    and (not e.parameters or row.parameter == e.parameters[1])
    and (not e.visit or row.visit == nil or row.visit == e.visit)
    and (row.compare == nil or row.compare == (own or row.compare))
end

-- The places of an endpoint's results.
local function places(s, e)
  local list = {}
  local at_once = set.sums_up(s, e) or analysis.find(e.method).repeated
  for _, parameter in ipairs(e.parameters or { false }) do
    for _, visit in ipairs(at_once and { false } or e.visits
        or { e.visit or false }) do
      local at = set.at(e, at_once)
      at.parameter, at.visit = parameter or nil, visit or nil
      list[#list + 1] = at
    end
  end
  return list, at_once
end

-- Everywhere; quiet: without a word.
local function compute_all(s, e, quiet)
  local out, tasks = {}, {}
  for _, at in ipairs(places(s, e)) do
    local rows, words, task = compute_at(s, e, at)
    if not quiet then say(e, words) end
    table.move(rows, 1, #rows, #out + 1, out)
    tasks[#tasks + 1] = task
  end
  return out, tasks
end

-- The analysis that the rule of an endpoint did not choose, which it may choose
-- in another allocation; none where the data are too few for it.
local function not_chosen(s, e)
  local found = or_note({}, function()
    return { select(2, compute_all(s, e, true)) }
  end)
  return found[1] or {}
end

local function compute(s, e, plan)
  local whole, instead, holds = e, nil, nil
  if e.other then
    holds, instead = require "trialsh.endpoint.instead".holds(s, e, set.at(e))
    if holds then e = e.other end
  end
  local out, tasks = compute_all(s, e)
  if plan and not whole.other then
    plan:add(e, tasks)
  elseif plan then
    local other = not_chosen(s, holds and whole or whole.other)
    plan:add(whole, tasks, { first = holds and other or tasks,
      other = holds and tasks or other, is = holds })
  end
  adjust(e, out, plan)
  local own = false
  for _, row in ipairs(out) do
    if not own and is_own(e, row) then
      own = true
      row.own = "Y"
    end
    if instead then with_note(row, instead) end
  end
  return out
end

-- That of two arms in tables: of each comparison.
local function homogeneity(s, e, at, column)
  local treatment = expression.backtick(set.treatment_of(e))
  local with = setmetatable({ formula = ("~ %s + %s"):format(treatment,
    expression.backtick(column)) }, { __index = e })
  local bound, rows = set.bind(s, with, at), {}
  local frame = set.of_arms(bound.data:collect(), e, bound.treatment)
  for i, compare in ipairs(e.comparisons) do
    rows[i] = or_note({}, analysis.find(e.method).homogeneous,
      set.formula(e, bound, "compare"), set.restrict(frame, e, bound.treatment, compare),
      set.options(e), compare, expression.backtick(column))
    rows[i].variation, rows[i].compare = column .. ": interaction", compare
  end
  return rows
end

-- Whether the treatment has one effect in all levels of a column, where the
-- analysis has such a test.
local function interaction(s, e, at, column)
  local entry = analysis.find(e.method)
  local f = entry.interaction
  if entry.homogeneous and not e.options.strata then return homogeneity(s, e, at, column) end
  if not f or e.options.term or e.each then return {} end
  local with = setmetatable({ formula = (e.formula or "~ "
    .. expression.backtick(set.treatment_of(e))) .. " + "
    .. expression.backtick(column) }, { __index = e })
  local bound = set.bind(s, with, at)
  local row = or_note({}, f, set.formula(e, bound, "model"),
    set.of_arms(bound.data:collect(), e, bound.treatment), set.options(e),
    { treatment = bound.treatment }, expression.backtick(column))
  row.variation = column .. ": interaction"
  return { row }
end

-- The main analysis in each level of a column of adsl.
local function compute_subgroups(s, e, plan)
  local out, at_once = {}, nil
  if e.subgroups then at_once = select(2, places(s, e)) end
  for _, column in ipairs(e.subgroups or {}) do
    local function add(rows, name)
      for _, row in ipairs(rows) do
        row.kind, row.variation = "subgroup", row.variation
          or ("%s: %s"):format(column, name)
        out[#out + 1] = row
      end
    end
    for level in set.subjects(s, e):distinct(column):rows() do
      local value = level[column]
      local at = set.at(e, at_once)
      at.subgroup = { column, value }
      local rows = or_note({ compare = name_of(e.comparisons[1]),
        parameter = at.parameter, visit = at.visit }, function()
          local found, _, task = compute_at(s, e, at)
          if plan then plan:add(e, { task }) end
          return found
        end)
      add(rows.note and { rows } or rows, value == NA and "missing"
        or tostring(value))
    end
    add(interaction(s, e, set.at(e, at_once), column))
  end
  return out
end

-- Errors of one endpoint carry its place in the script.
local function computed(compute_it, s, e, plan)
  local ok, rows = pcall(compute_it, s, e, plan)
  if ok then return rows end
  local err = rows
  if errors.is(err) and err.code ~= "interrupted" then
    local message = set.told(err.message)
    fail(err.code, ("endpoint %s%s: %s"):format(e.id, e.variation ~= "main"
      and ", " .. e.kind .. " " .. e.variation or "", message),
      { file = e.file, line = e.file and e.line })
  end
  error(err, 0)
end

-- Of a script; hashes keeps those of one run.
local function file_hash(path, hashes)
  if not path or hashes[path] then return hashes[path] end
  local f = io.open(path, "rb")
  if not f then return nil end
  hashes[path] = text.sha256(f:read "a")
  f:close()
  return hashes[path]
end

local function complete(row, e, inner, hashes)
  local population = set.population_of(e)
  row.endpoint, row.title, row.role = e.id, e.title, e.role
  row.group = row.group ~= nil and tostring(row.group) or nil
  row.variation, row.kind = row.variation or e.variation, row.kind or e.kind
  row.analysis = row.analysis or e.method
  row.population = population and population.name
  row.variable = row.variable or e.variable
  row.script, row.line = e.file, e.line
  row.script_sha256 = file_hash(e.file, hashes)
  row.data_sha256 = set.hash(inner, e, row)
  row.seed = e.trial.seed
  row.version = require "trialsh.version".text
  row.utc = os.date "!%Y-%m-%dT%H:%M:%SZ"
end

-- What is computed, in order: { rows of, endpoint or variation }; the first of an
-- endpoint names it.
local function parts_of(list)
  local parts = {}
  for _, e in ipairs(list) do
    local good = #endpoints.problems_of(e) == 0 -- which reads it
    parts[#parts + 1] = { compute, e, endpoint = e }
    for _, v in ipairs(good and e.variations or {}) do
      parts[#parts + 1] = { compute, v }
    end
    if good and e.subgroups then parts[#parts + 1] = { compute_subgroups, e } end
  end
  return parts
end

-- Several processes check and compute at once; whether there are mistakes is asked
-- first. Nothing where that is not possible: see workers.map. What re-randomisation
-- is to do stays in the process that found it, which then finds all.
local function share(s, inner, parts)
  local known = endpoints.is_good(s)
  return workers.map(inner, #parts, function(i)
    local part, out = parts[i], {}
    if part.endpoint and not known then
      out.mistakes = workers.outcome(endpoints.mistakes, s, part.endpoint)
    end
    out.rows = workers.outcome(computed, part[1], s, part[2])
    return out
  end, "endpoints")
end

-- The rows of all endpoints, and what re-randomisation is to do.
local function compute_endpoints(s, inner, opt)
  local parts, mistakes = parts_of(endpoints.list), {}
  local rerandomised = require "trialsh.endpoint.rerandomised"
  local found = not rerandomised.is_wanted(s, opt) and share(s, inner, parts)
  for i, part in ipairs(found and parts or {}) do
    if part.endpoint then mistakes[part.endpoint] = found[i].mistakes end
  end
  local _, remarks = endpoints.checked(s, false, function(e)
    return mistakes[e] and workers.value(mistakes[e])
  end)
  local stale = require "trialsh.study.derive".stale(inner)
  if #stale > 0 then
    note.warn("derived with another trial than that of the study: %s",
      table.concat(stale, ", "))
  end
  for _, words in ipairs(remarks) do note.say("%s", words) end
  local plan = rerandomised.start(s, opt)
  local all, hashes = {}, {}
  for i, part in ipairs(parts) do
    local rows = found and workers.value(found[i].rows)
      or computed(part[1], s, part[2], plan)
    for _, row in ipairs(rows) do
      complete(row, part[2], inner, hashes)
      all[#all + 1] = row
    end
  end
  return all, plan
end

local spec = { rerandomise = { "boolean", true },
  replicates = { "integer", require "trialsh.randomisation".REPLICATES,
    above = 0, below = 1e6 } }

--- run([s [, opt]]) -> results
-- Checks all endpoints, computes each on the study (the one that is open by
-- default) and stores a row per endpoint, variation, parameter, visit and
-- comparison, or arm, in s.results, which it gives back. Nothing is stored
-- when one fails. p_adjusted is that of the endpoint's adjust; a subgroup too
-- small for the analysis has a row that says so. Of variables ln(...) the
-- estimates are ratios, and std_error that of the logarithm.
-- Where the trial declares its randomisation, p_rerandomised stands beside each P
-- of a comparison: the share of the allocations that could have been dealt, for
-- which the analysis gives as small a P. Subjects are dealt again within the
-- strata and blocks that were used; arms that are not compared stay as they were;
-- a rule of instead chooses anew in each. Rank tests and log-rank tests compare
-- their statistic in standard deviations of all allocations, mmrm the t that it has
-- with the covariance matrix of a model without the comparison; all others their P.
-- All allocations are gone through where they are few (100,000 of ranks, 20,000 of
-- counts, 5,000 of what is computed anew, or replicates if that is more), else some
-- are drawn by the trial's seed, and P is (b + 1) / (n + 1): rerandomised says
-- which. --jobs shares the work. A test of interaction, of one arm alone, and one of
-- mu or null has no such P, and rerandomised says why.
--   rerandomise  true; false leaves it out
--   replicates   999: allocations that are drawn where there are too many
--
-- See also: check, endpoint, trial, study:result.
function M.run(s, opt)
  opt = options("run", opt, spec)
  s = require "trialsh.study".study.open(s)
  if #endpoints.list == 0 then
    fail("not found", require "trialsh.endpoint.loaded".none())
  end
  endpoints.of_study(s)
  local inner = require "trialsh.study".inner(s)
  inner:change(function() end) -- a locked study is no place for results
  local all, plan
  inner:hold(function() all, plan = compute_endpoints(s, inner, opt) end)
  if plan then
    plan:finish()
    require "trialsh.endpoint.redraw".say_why_not(all)
  end
  require "trialsh.multiplicity".apply(all)
  results.store(inner, all)
  return s.results
end

--- The rows that an endpoint analyses, for figures.
function M.data(s, e)
  e = endpoints.ready(e)
  local bound = set.bind(s, e, set.at(e))
  return { data = bound.data, response = bound.response,
    treatment = bound.treatment, formula = set.formula(e, bound), endpoint = e,
    survival = analysis.find(e.method).survival or false }
end

return M
