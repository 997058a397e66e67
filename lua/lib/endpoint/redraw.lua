-- What one analysis gives for another allocation: units, each of rows of results
-- that one evaluation gives. Nothing but the arms changes: values, visits, events
-- and what is missing stay with the subject.
--
--   unit = { rows = { row, ... }, free = { [arm] = true } or nil,
--            evaluate = function(codes) -> { value or nil, ... },
--            batch = function(deals, from, to) -> { { value of each deal } },
--            together = the same for deals of everybody }
--
-- codes: arms of the scheme's subjects. The smaller a value the more it speaks
-- against no effect: it is the analysis's own P, or where there is a batch that of
-- its statistic in units of its standard deviation over all allocations.

local NA = require "ts.na".NA
local cframe = require "ts.frame"
local errors = require "ts.error"
local text = require "ts.text"
local analysis = require "trialsh.analysis"
local relabel = require "trialsh.endpoint.relabel"
local relation = require "trialsh.relation"
local set = require "trialsh.endpoint.set"
local scores = require "trialsh.analysis.scores"
local trial_module = require "trialsh.trial"

local sorted = require "trialsh.endpoint.definition".sorted

local M = {}

-- Which arms ------------------------------------------------------------------

-- The arms of a comparison: "A vs B", or weights of some.
local function arms_of(e, compare)
  local free = {}
  local function add(name)
    for _, part in ipairs(trial_module.members(e.trial.arms, name)) do
      free[part] = true
    end
  end
  if type(compare) == "table" then
    for name, weight in pairs(compare) do
      if name ~= 1 and weight then add(name) end
    end
  else
    local a, b = trial_module.pair(compare, e.trial.arms)
    add(a)
    add(b)
  end
  return free
end

-- nil where they are all that there are: everybody is dealt again.
local function free_of(e, scheme, compare)
  local free, all = arms_of(e, compare), true
  for _, name in ipairs(scheme.names) do all = all and free[name] end
  return not all and free or nil
end

-- Names of two sides by code and by name of an arm.
local function sides(e, scheme, compare)
  local a, b = trial_module.pair(compare, e.trial.arms)
  local by_code, by_name = {}, {}
  for _, side in ipairs { a, b } do
    for _, part in ipairs(trial_module.members(e.trial.arms, side)) do
      by_name[part] = side
    end
  end
  for k, name in ipairs(scheme.names) do by_code[k] = by_name[name] end
  return a, b, by_code, by_name
end

local function arms_as_they_are(parts, scheme)
  local by_name = {}
  for _, list in ipairs { scheme.names, parts.levels or {} } do
    for _, name in ipairs(list) do by_name[name] = name end
  end
  return scheme.names, by_name, parts.levels or scheme.names
end

-- Units ------------------------------------------------------------------------

local function number(x)
  return x ~= nil and x ~= NA and x or nil
end

local function plain_words(value)
  if type(value) ~= "table" then return tostring(value) end
  local list = {}
  for _, key in ipairs(sorted(value)) do
    list[#list + 1] = tostring(key) .. "=" .. plain_words(value[key])
  end
  return "{" .. table.concat(list, ",") .. "}"
end

-- What f gives; nil where the data are too few.
local function attempt(f, ...)
  local ok, found = pcall(f, ...)
  if ok then return found end
  if not errors.is(found) or found.code ~= "degenerate"
    and found.code ~= "convergence" and found.code ~= "not found" then
    error(found, 0)
  end
end

local function name_of(compare)
  return type(compare) == "table" and compare[1] or compare
end

local function is_interaction(row)
  return tostring(row.variation):find ": interaction$" ~= nil
end

local function has_p(row) return number(row.p_value) and not is_interaction(row) end

-- Why a P has none beside it.
local function why_not(row)
  if is_interaction(row) then
    return "an interaction is tested: re-randomisation is for no effect at all, not "
      .. "for one that is the same everywhere"
  elseif row.group ~= nil and row.group ~= NA then
    return "one arm is looked at: re-randomisation is for a comparison of arms"
  end
end

--- redraw.say_why_not(rows): in rerandomised of those with a P and nothing else.
function M.say_why_not(rows)
  for _, row in ipairs(rows) do
    if number(row.p_value) and not number(row.p_rerandomised)
      and (row.rerandomised == nil or row.rerandomised == NA) then
      row.rerandomised = why_not(row)
    end
  end
end

local function row_key(row, visit)
  return ("%s\n%s"):format(tostring(row.visit or visit),
    tostring(row.variation))
end

-- The strata of an analysis, where they are columns; nil where they are not.
local function strata_of(task)
  local list, given = {}, task.e.options.strata
  for _, name in ipairs(type(given) == "table" and given or { given }) do
    list[#list + 1] = name
  end
  for inside in (task.e.formula or ""):gmatch "strata%s*(%b())" do
    local name = inside:match "^%(%s*`?([%w_]+)`?%s*%)$"
    if not name then return nil end
    list[#list + 1] = name
  end
  return list
end

-- Other variables than the treatment and the strata.
local function has_covariates(task, strata)
  local known = { [task.bound.treatment] = true }
  for _, name in ipairs(strata) do known[name] = true end
  for _, name in ipairs(set.covariates(task.e)) do
    if not known[name] then return true end
  end
  return false
end

-- All P of a range of deals at once, of an analysis that sums scores; nil for
-- others. The scores are of the two arms alone, whose rows are the same in each
-- deal; together: of all arms, where everybody is dealt again.
local function by_scores(task, parts, scheme, compare, together)
  local make, strata = scores[task.e.method], strata_of(task)
  if not make or not strata or type(compare) ~= "string"
    or analysis.find(task.e.method).covariates
      and has_covariates(task, strata) then
    return nil
  end
  local a, _, by_code, by_name = sides(task.e, scheme, compare)
  local labels = relabel.labels(parts, scheme.arm, by_code, by_name, {})
  local keep, columns = {}, {}
  for i = 1, parts.n do keep[i] = together or labels[i] ~= NA end
  for j, name in ipairs(parts.names) do columns[name] = parts.columns[j] end
  for _, name in ipairs(strata) do if not columns[name] then return nil end end
  local score, stratum, how = make({ n = parts.n,
    frame = cframe.build(parts.names, parts.columns),
    has = function(name) return columns[name] ~= nil end,
    column = function(name) return columns[name] end }, keep,
    task.bound.response, strata, task.options)
  if not score then return nil end
  local list, place, own, codes, side = {}, {}, {}, {}, {}
  local function side_of(name) return name == a and 1 or name and 2 or 0 end
  for i = 1, parts.n do
    if score[i] then
      local at = #list + 1
      list[at], codes[at] = score[i], stratum[i]
      place[at] = parts.own[i] == nil and parts.place[i] or 0
      own[at] = place[at] == 0 and side_of(by_name[parts.own[i]]) or 0
    end
  end
  for k in ipairs(scheme.names) do side[k] = side_of(by_code[k]) end
  local alternative = task.e.options.alternative
  return function(deals, from, to)
    return { deals:scores(from, to, list, place, own, side, alternative, codes,
      how) }
  end
end

-- Two arms and nothing else.
local function pair_units(task, parts, scheme)
  local e, units = task.e, {}
  local entry = analysis.find(e.method)
  for _, compare in ipairs(e.comparisons) do
    local rows = {}
    for _, row in ipairs(task.rows) do
      if row.compare == compare and has_p(row) then rows[#rows + 1] = row end
    end
    if #rows > 0 then
      local a, b, by_code, by_name = sides(e, scheme, compare)
      local find, counts = relabel.statistic(parts, { b, a }, false, function(data)
        return { attempt(function()
          if entry.p_value then
            return number(entry.p_value(task.formula, data, task.options))
          end
          return number(entry.compare(task.formula, data, task.options,
            compare).p_value)
        end) }
      end)
      units[#units + 1] = { rows = rows, free = free_of(e, scheme, compare),
        batch = by_scores(task, parts, scheme, compare), counts = counts,
        together = e.panel and by_scores(task, parts, scheme, compare, true),
        evaluate = function(codes) return find(codes, by_code, by_name) end }
    end
  end
  return units
end

-- The rows of a comparison, and what they are known by.
local function rows_of(task, compare)
  local rows, keys = {}, {}
  for _, row in ipairs(task.rows) do
    if row.compare == name_of(compare) and has_p(row)
      and (row.group == nil or row.group == NA) then
      rows[#rows + 1] = row
      keys[#keys + 1] = row_key(row, task.at.visit)
    end
  end
  return rows, keys
end

-- What two variations share that differ in how errors are found alone.
local function digest(task, parts, compare)
  local words = { task.e.method, task.formula }
  for _, list in ipairs { task.options, task.at.visits or {},
    { compare = type(compare) == "table" and compare or { compare } } } do
    for _, key in ipairs(sorted(list)) do
      if key ~= "df" and key ~= "vcov" and key ~= "conf_level" then
        words[#words + 1] = tostring(key) .. "=" .. plain_words(list[key])
      end
    end
  end
  for j, column in ipairs(parts.columns) do
    words[#words + 1] = parts.names[j]
    for i = 1, parts.n do words[#words + 1] = relabel.written(column[i]) end
  end
  return text.sha256(table.concat(words, "\0"))
end

-- { [key] = P } of a model that is fitted anew, or by what is quicker; what it
-- shares with others.
local function model_statistic(task, parts, compare, levels)
  local e, entry = task.e, analysis.find(task.e.method)
  local about = { comparisons = { compare }, overall = e.overall,
    arms = e.trial.arms, treatment = parts.treatment,
    visits = entry.repeated and task.at.visits or nil,
    visit = e.visit, compared = compare and arms_of(e, compare) }
  local quick = entry.again and entry.again(task.formula,
    relabel.data(parts, cframe.values(parts.columns[parts.at]), levels), task.options, about)
  if quick then
    return function(data)
      local out = {}
      for visit, p in pairs(quick(relation.node_of(data).frame)) do
        out[row_key({ visit = visit ~= "" and visit or nil }, task.at.visit)] = p
      end
      return out
    end, entry.repeated and digest(task, parts, compare) or nil
  end
  return function(data)
    local found, out = attempt(entry.model, task.formula, data, task.options,
      about), {}
    for _, row in ipairs(found or {}) do
      if row.compare == name_of(compare) and has_p(row) then
        out[row_key(row, task.at.visit)] = number(row.p_value)
      end
    end
    return out
  end
end

-- A model of all arms; one unit for each comparison, as those that it leaves
-- alone keep their arms.
local function model_units(task, parts, scheme)
  local e, units = task.e, {}
  local repeated = analysis.find(e.method).repeated
  local by_code, by_name, levels = arms_as_they_are(parts, scheme)
  local function add(compare)
    local rows, keys = rows_of(task, compare)
    if #rows == 0 then return end
    local batch = compare and #rows == 1 and by_scores(task, parts, scheme,
      compare)
    local statistic, same
    if not batch then
      statistic, same = model_statistic(task, parts, compare, levels)
    end
    local find
    local function evaluate(codes) -- of scores where a rule may choose others
      if not find then
        find = relabel.statistic(parts, levels, repeated, statistic
          or model_statistic(task, parts, compare, levels))
      end
      local found, out = find(codes, by_code, by_name), {}
      for i, key in ipairs(keys) do out[i] = found[key] end
      return out
    end
    units[#units + 1] = { rows = rows, same = same,
      free = compare and free_of(e, scheme, compare), evaluate = evaluate,
      batch = batch or nil, together = batch and e.panel
        and by_scores(task, parts, scheme, compare, true) or nil }
  end
  for _, compare in ipairs(e.comparisons) do add(compare) end
  if e.overall or (e.options.term or ""):find(parts.treatment, 1, true) then
    add(nil)
  end
  return units
end

-- All arms at once.
local function overall_units(task, parts, scheme)
  local rows = {}
  for _, row in ipairs(task.rows) do
    if has_p(row) then rows[#rows + 1] = row end
  end
  if #rows == 0 then return {} end
  local by_code, by_name, levels = arms_as_they_are(parts, scheme)
  local entry, options = analysis.find(task.e.method), task.options
  if entry.normal then
    options = { exact = false } -- in the same order, and quick
    for key, value in pairs(task.options) do
      if key ~= "exact" then options[key] = value end
    end
  end
  local find, counts = relabel.statistic(parts, levels, false, function(data)
    return { attempt(function()
      return number(entry.overall(task.formula, data, options).p_value)
    end) }
  end)
  return { { rows = rows, counts = counts, evaluate = function(codes)
    return find(codes, by_code, by_name)
  end } }
end

local ways = { compare = pair_units, model = model_units,
  overall = overall_units }

-- What is tested where that is not that the treatment has no effect.
local function tested_otherwise(e)
  local given, usual = e.options, analysis.find(e.method).options {}
  for _, key in ipairs { "mu", "null" } do
    local x = given[key]
    if x ~= nil and x ~= usual[key] and not (key == "mu" and x == 0) then
      return ("%s = %s is tested: re-randomisation is for no effect at all")
        :format(key, tostring(x))
    end
  end
end

--- redraw.units(task, scheme) -> units, subjects who keep their arm. task: { e,
-- at, bound, frame, way, formula, options, rows }, of one place of an endpoint.
function M.units(task, scheme)
  local make, otherwise = ways[task.way], tested_otherwise(task.e)
  for _, row in ipairs(otherwise and task.rows or {}) do
    if row.compare and has_p(row) then row.rerandomised = otherwise end
  end
  if not make or otherwise then return {}, 0 end
  local treatment = task.bound.treatment
  local parts = relabel.parts(set.of_arms(task.frame, task.e, treatment),
    task.e.trial, treatment, scheme)
  return make(task, parts, scheme), parts.n_own
end

-- The rule that chooses -----------------------------------------------------------

-- Whether a rule of `instead` holds in the arms that codes say; what was found is
-- kept.
local function rule_of(s, e, scheme)
  local instead = require "trialsh.endpoint.instead"
  local treatment = set.treatment_of(e)
  local parts = relabel.parts(instead.data(s, e, set.at(e)), e.trial, treatment,
    scheme)
  local by_code, by_name, levels = arms_as_they_are(parts, scheme)
  local within, labels, kept = {}, {}, {}
  for _, name in ipairs(trial_module.members(e.trial.arms, e.instead.within)) do
    within[name] = true
  end
  return function(codes)
    local inside = {}
    relabel.labels(parts, codes, by_code, by_name, labels)
    for i = 1, parts.n do inside[i] = within[labels[i]] and "1" or "0" end
    local key = table.concat(inside)
    if kept[key] == nil then
      kept[key] = instead.decide(e, relabel.data(parts, labels, levels), treatment)
    end
    return kept[key]
  end
end

local function place_key(row)
  return ("%s\n%s\n%s"):format(tostring(row.compare), tostring(row.parameter),
    row_key(row))
end

--- redraw.choose(study, endpoint, first, other, scheme): makes units of the first
-- and the other analysis of an endpoint those of its rule; is: whether the rows
-- are those of the other.
function M.choose(s, e, first, other, scheme, is)
  local holds, units = rule_of(s, e, scheme), is and other or first
  local at = {} -- what the analysis that was not done says of a row's place
  for _, unit in ipairs(is and first or other) do
    for i, row in ipairs(unit.rows) do at[place_key(row)] = { unit, i } end
  end
  for _, unit in ipairs(units) do
    local own, others = unit.evaluate, {}
    for i, row in ipairs(unit.rows) do others[i] = at[place_key(row)] or false end
    unit.batch, unit.counts, unit.together = nil, nil, nil
    function unit.evaluate(codes)
      if holds(codes) == is then return own(codes) end
      local out = {}
      for i, found in ipairs(others) do
        out[i] = found and found[1].evaluate(codes)[found[2]]
      end
      return out
    end
  end
  return units
end

return M
