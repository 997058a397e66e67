-- run(s): binds the endpoints to a study, computes, and stores a row per
-- endpoint, variation, parameter, visit and comparison (or arm) in s.results.

local errors = require "ts.error"
local text = require "ts.text"
local NA = require "ts.na".NA
local endpoints = require "trialsh.endpoint"
local analysis = require "trialsh.analysis"
local set = require "trialsh.endpoint.set"
local results = require "trialsh.endpoint.results"
local note = require "trialsh.note"

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

-- { row, ... } of one data set, with compare or group.
local function by_method(e, bound, frame)
  local method = analysis.find(e.method)
  local formula = set.formula(e, bound)
  if method.model then
    return method.model(formula, frame, e.options, {
      comparisons = e.comparisons, overall = e.overall,
      treatment = bound.treatment })
  elseif e.overall or not method.compare and method.overall then
    return { method.overall(formula, frame, e.options) }
  elseif method.arms then
    return method.arms(formula, frame, e.options)
  end
  if #e.comparisons == 0 then
    fail("invalid", "nothing to compare; the trial or the endpoint says "
      .. 'compare = "A vs B"')
  end
  local rows = {}
  for i, compare in ipairs(e.comparisons) do
    rows[i] = method.compare(formula, set.restrict(frame, e, bound.treatment,
      compare), e.options, compare)
    rows[i].compare = compare
  end
  return rows
end

-- The rows of results at one parameter, visit and subgroup.
local function compute_at(s, e, at)
  local bound = set.bind(s, e, at)
  -- kept once for all comparisons; notes on it are said once
  local frame = bound.data:collect()
  set.check_values(frame, e, bound.response, at)
  note.record("endpoint %s%s%s%s: %s analysed", e.id,
    at.parameter and ", " .. at.parameter or "",
    at.visit and " at " .. at.visit or "",
    at.subgroup and (", %s %s"):format(at.subgroup[1], tostring(at.subgroup[2]))
      or "", note.plural(#frame, "row"))
  local notes = { bound.note ~= "" and bound.note or nil }
  notes[#notes + 1] = set.without_arm(frame, e, bound.treatment)
  local words = table.concat(notes, "; ")
  local rows = by_method(e, bound, frame)
  for _, row in ipairs(rows) do
    if bound.what == "log" and analysis.find(e.method).location then
      as_ratio(row)
    end
    row.parameter, row.visit = at.parameter, at.visit
    with_note(row, words)
  end
  return rows, words
end

-- One endpoint ---------------------------------------------------------------

local function say(e, words)
  if words ~= "" then note.say("endpoint %s: %s", e.id, words) end
end

-- Within the endpoint: over its parameters, visits and comparisons.
local function adjust(e, rows)
  if not e.adjust then return end
  local p, of = {}, {}
  for _, row in ipairs(rows) do
    if row.compare and row.p_value ~= nil and row.p_value ~= NA then
      p[#p + 1], of[#of + 1] = row.p_value, row
    end
  end
  if #p == 0 then return end
  local adjusted = require "trialsh.padjust".padjust(p, e.adjust)
  for i, row in ipairs(of) do row.p_adjusted = adjusted[i] end
end

-- Whether a row is what the name of the endpoint alone means.
local function is_own(e, row)
  return (not e.parameters or row.parameter == e.parameters[1])
    and (not e.visit or row.visit == e.visit)
    and (row.compare == nil or row.compare == (e.comparisons[1] or row.compare))
end

local function compute(s, e)
  local out = {}
  for _, parameter in ipairs(e.parameters or { false }) do
    for _, visit in ipairs(e.visits or { e.visit or false }) do
      local rows, words = compute_at(s, e, { parameter = parameter or nil,
        visit = visit or nil })
      say(e, words)
      table.move(rows, 1, #rows, #out + 1, out)
    end
  end
  adjust(e, out)
  local own = false
  for _, row in ipairs(out) do
    if not own and is_own(e, row) then
      own = true
      row.own = "Y"
    end
  end
  return out
end

-- The main analysis in each level of a column of adsl. Too few subjects in one
-- of them are no reason to stop: its row says why it is empty.
local function compute_subgroups(s, e)
  local out = {}
  for _, column in ipairs(e.subgroups or {}) do
    for level in set.subjects(s, e):distinct(column):rows() do
      local value = level[column]
      local at = { parameter = e.parameters and e.parameters[1],
        visit = e.visit, subgroup = { column, value } }
      local ok, rows = pcall(compute_at, s, e, at)
      if not ok then
        if not errors.is(rows) or rows.code ~= "degenerate" then
          error(rows, 0)
        end
        rows = { { compare = e.comparisons[1], parameter = at.parameter,
          visit = at.visit, note = rows.message } }
      end
      for _, row in ipairs(rows) do
        row.kind = "subgroup"
        row.variation = ("%s: %s"):format(column,
          value == NA and "missing" or tostring(value))
        out[#out + 1] = row
      end
    end
  end
  return out
end

-- Errors of one endpoint carry its place in the script.
local function computed(compute_it, s, e)
  local ok, rows = pcall(compute_it, s, e)
  if ok then return rows end
  local err = rows
  if errors.is(err) and err.code ~= "interrupted" then
    local message = err.message:gsub("^join by USUBJID: more than one row on "
      .. "the right for (.-); { many = true }.*$", "more than one row for %1; "
      .. "visit, where or data choose one row per subject")
    fail(err.code, ("endpoint %s%s: %s"):format(e.id, e.variation ~= "main"
      and ", " .. e.kind .. " " .. e.variation or "", message),
      { file = e.file, line = e.file and e.line })
  end
  error(err, 0)
end

local function file_hash(path)
  local f = path and io.open(path, "rb")
  if not f then return nil end
  local all = f:read "a"
  f:close()
  return text.sha256(all)
end

local function complete(row, e, inner)
  local population = set.population_of(e)
  row.endpoint, row.title, row.role = e.id, e.title, e.role
  row.group = row.group ~= nil and tostring(row.group) or nil
  row.variation, row.kind = row.variation or e.variation, row.kind or e.kind
  row.analysis = e.method
  row.population = population and population.name
  row.variable = e.variable
  row.script, row.line = e.file, e.line
  row.script_sha256 = file_hash(e.file)
  row.data_sha256 = set.hash(inner, e, row)
  row.seed = e.trial.seed
  row.version = require "trialsh.version".text
  row.utc = os.date "!%Y-%m-%dT%H:%M:%SZ"
end

--- run([s]) -> results
-- Checks all endpoints, computes each on the study (the one that is open by
-- default) and stores a row per endpoint, variation, parameter, visit and
-- comparison, or arm, in s.results, which it gives back. Nothing is stored
-- when one fails. p_adjusted is that of the endpoint's adjust; a subgroup too
-- small for the analysis has a row that says so. Of variables ln(...) the
-- estimates are ratios, and std_error that of the logarithm.
--
-- See also: check, endpoint, sap, study:result.
function M.run(s)
  s = require "trialsh.study".study.open(s)
  if #endpoints.list == 0 then
    fail("not found", 'no endpoint is defined; endpoint "ID" { ... } is one')
  end
  local inner = require "trialsh.study".inner(s)
  inner:change(function() end) -- a locked study is no place for results
  endpoints.check(s)
  local all = {}
  local function add(rows, e)
    for _, row in ipairs(rows) do
      complete(row, e, inner)
      all[#all + 1] = row
    end
  end
  for _, e in ipairs(endpoints.list) do
    add(computed(compute, s, e), e)
    for _, v in ipairs(e.variations) do add(computed(compute, s, v), v) end
    add(computed(compute_subgroups, s, e), e)
  end
  results.store(inner, all)
  return s.results
end

--- The rows that an endpoint analyses, for figures.
function M.data(s, e)
  local problems = endpoints.problems_of(e)
  if #problems > 0 then
    fail("invalid", ("endpoint %s: %s"):format(e.id, problems[1].text))
  end
  local bound = set.bind(s, e, { parameter = e.parameters and e.parameters[1],
    visit = e.visit })
  return { data = bound.data, response = bound.response,
    treatment = bound.treatment, formula = set.formula(e, bound), endpoint = e,
    survival = analysis.find(e.method).survival or false }
end

return M
