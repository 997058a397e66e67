-- What a figure of values shows of an endpoint: its rows over time, at the visit
-- that it claims, or at each of its visits; and what run() has stored of it. Data
-- that are given go the way of source.take.

local fail = require "ts.error".fail
local text = require "ts.text"
local data = require "trialsh.data"
local source = require "trialsh.figure.source"

local M = {}

-- The parameter that is shown: the endpoint's only one, or the one asked for.
local function code_of(who, e, wanted)
  local codes = e.parameters
  if not codes then
    if wanted then
      fail("invalid", ("%s: endpoint %s has no parameter"):format(who, e.id))
    end
    return nil
  end
  if not wanted then
    if #codes == 1 then return codes[1] end
    fail("invalid", ("%s: which parameter of endpoint %s? parameter = one of %s")
      :format(who, e.id, table.concat(codes, ", ")))
  end
  for _, code in ipairs(codes) do
    if code == wanted then return code end
  end
  local near = text.nearest(wanted, codes)
  fail("not found", ("%s: endpoint %s has no parameter %s%s"):format(who, e.id,
    wanted, near and "; nearest: " .. near or ""))
end

-- Data are of no endpoint.
local function given(who, first, parameter)
  if parameter then
    fail("invalid", ("%s: parameter is of an endpoint; data:where { PARAMCD = %q }")
      :format(who, parameter))
  end
  return source.take(who, first)
end

-- Rows that run() stored, as a list; none where it has not run.
local function results_of(s, condition)
  local list = {}
  local ok, err = pcall(function()
    for row in s.results:where(condition):rows() do list[#list + 1] = row end
  end)
  if not ok and not (require "ts.error".is(err) and err.code == "not found") then
    error(err, 0)
  end
  return list
end

-- Columns of rows over time that a figure can use.
local of_course = { "USUBJID", "AVISIT", "AVISITN", "ADY", "AVAL", "BASE", "CHG",
  "ANL01FL", "BLQFL", "ALQFL", "LLOQ", "DTHFL", "DTHDY", "DISDY" }

-- Rows of a relation with the days of death and of discharge, where dates tell them.
local function with_days(x)
  for _, what in ipairs { "DTH", "DIS" } do
    if data.has(x, what .. "DT") and data.has(x, "TRTSDT")
        and not data.has(x, what .. "DY") then
      x = x:study_day(("%sDY = %sDT"):format(what, what))
    end
  end
  return x
end

local changes = { ["CHG"] = "difference", ["AVAL-BASE"] = "difference",
  ["LN(AVAL/BASE)"] = "ratio", ["LN(R2BASE)"] = "ratio" }

-- The scale that run() analyses on: a change from baseline, "none" of AVAL itself,
-- or "other", on which a profile of AVAL has no place for results.
local function change_of(e)
  local variable = (e.variable or "AVAL"):gsub("%s", ""):upper()
  if variable == "AVAL" or variable == "LN(AVAL)" then return "none" end
  return changes[variable] or "other"
end

--- analysed.course(who, first [, parameter]) -> from: as source.take, but of an endpoint the rows
-- of all its visits and of the baseline, with results = what run() stored, and
-- change = "difference", "ratio", "none" or "other": the scale of these results
function M.course(who, first, parameter)
  if type(first) ~= "string" then
    local from = given(who, first, parameter)
    if require "trialsh.relation".is(from.data) then
      from.data = with_days(from.data)
    end
    return from
  end
  local set = require "trialsh.endpoint.set"
  local e = require "trialsh.endpoint".ready(first)
  local s = require "trialsh.study".study.open()
  if not e.parameters then
    fail("invalid", ("%s: endpoint %s has no parameter, whose values could be "
      .. "shown"):format(who, first))
  end
  local code = code_of(who, e, parameter)
  local rows = with_days(s[set.table_of(e, code)]:where { PARAMCD = code })
  if e.where then rows = rows:where(e.where) end
  if e.visits or e.visit then
    local visits = table.move(e.visits or { e.visit }, 1, 1000, 1, {})
    local baseline = e.trial.visits and e.trial.visits[1]
    if baseline and baseline.day <= 1 then visits[#visits + 1] = baseline.name end
    rows = rows:where { AVISIT = visits }
  end
  local names = {}
  for _, name in ipairs(of_course) do
    if data.has(rows, name) then names[#names + 1] = name end
  end
  local treatment = set.treatment_of(e)
  local joined = set.of_arms(set.subjects(s, e):select("USUBJID", treatment)
    :join(rows:select(table.unpack(names)), "USUBJID", { many = true }):collect(),
    e, treatment)
  return { data = joined, endpoint = e, name = first, treatment = treatment,
    parameter = e.trial.parameters and e.trial.parameters[code],
    log = (e.variable or ""):find "^%s*ln%s*%(" ~= nil, change = change_of(e),
    stamp = source.stamp(joined),
    results = results_of(s, { endpoint = first, variation = "main",
      parameter = code }) }
end

--- analysed.claimed(who, first [, parameter]) -> from: as source.take, but of an endpoint the rows
-- of the visit that it claims, with their baseline
function M.claimed(who, first, parameter)
  if type(first) ~= "string" then return given(who, first, parameter) end
  local from = M.course(who, first, parameter)
  local visit = from.endpoint.visit
  if visit then from.data = from.data:where { AVISIT = visit } end
  if data.has(from.data, "ANL01FL") then
    from.data = from.data:where { ANL01FL = "Y" }
  end
  return from
end

--- analysed.at_visits(who, first [, parameter]) -> from: as source.take, but of an
-- endpoint with several visits parts = { { name, visit, data, response } }: what
-- run() analyses at each; and results = what it stored
function M.at_visits(who, first, parameter)
  if type(first) ~= "string" then return given(who, first, parameter) end
  local set = require "trialsh.endpoint.set"
  local e = require "trialsh.endpoint".ready(first)
  local s = require "trialsh.study".study.open()
  local at = set.at(e)
  at.parameter = code_of(who, e, parameter)
  local bound = set.bind(s, e, at)
  if bound.what ~= "number" and bound.what ~= "log" and bound.what ~= "count" then
    fail("invalid", ("%s: endpoint %s analyses times, lists or yes and no, "
      .. "which are no numbers to show"):format(who, first))
  end
  local from = { data = bound.data, response = bound.response,
    treatment = bound.treatment, endpoint = e, name = first,
    log = bound.what == "log", stamp = source.stamp(bound.data),
    parameter = at.parameter and e.trial.parameters
      and e.trial.parameters[at.parameter],
    results = results_of(s, { endpoint = first, variation = "main",
      parameter = at.parameter }) }
  if not e.visits or #e.visits < 2 or set.sums_up(s, e) then return from end
  from.parts = {}
  for i, visit in ipairs(e.visits) do
    local one = set.bind(s, setmetatable({ visits = { visit } },
      { __index = e }), { parameter = at.parameter, visit = visit })
    from.parts[i] = { name = visit, visit = visit, data = one.data,
      response = one.response }
  end
  return from
end

return M
