-- Models as analyses of endpoints: one fit gives all comparisons and the means
-- of the arms.

local analysis = require "trialsh.analysis"
local NA = require "ts.na".NA
local errors = require "ts.error"
local result = require "trialsh.result"

local M = {}

-- Options that are those of the means and their comparisons, not of the fit.
local margins = { { "equal", "proportional", "outer", "cells", "observed" },
  "equal" }

local function with_means(spec)
  spec.margins, spec.at = margins, { "any" }
  spec.pool = { { "equal", "n" }, "equal" }
  spec.alternative = { { "two-sided", "less", "greater" }, "two-sided" }
  spec.mu = { "number" }
  return spec
end

local function lm_spec()
  local spec = with_means(analysis.spec_of("lm", "lm"))
  spec.term, spec.by, spec.slope = { "string" }, { "string" }, { "string" }
  spec.type = { "integer", 3, above = 0, below = 4 }
  return spec
end

-- The fit of a model, with those of the options that are its own.
local function fit(name, formula, data, opt)
  local given = {}
  for key in pairs(analysis.spec_of(name, name)) do given[key] = opt[key] end
  return require("trialsh." .. name)[name](formula, data, given)
end

-- The F test of a term, "TRT01P" or "TRT01P:SEX" in either order.
local function test_of_term(m, name, type)
  local turned = name:gsub("^(.-):(.*)$", "%2:%1")
  for row in m:anova { type = type }:rows() do
    if row.term == name or row.term == turned then
      return { method = ("Linear model, F test of %s (type %s)"):format(name,
        ({ "I", "II", "III" })[type]), statistic = row.statistic,
        df = row.df, p_value = row.p_value, n = m.n, n_missing = m.n_missing,
        note = row.p_value == NA and m:get "note" or nil }
    end
  end
  errors.fail("invalid", ("lm: the model has no term %s"):format(name))
end

-- What means, contrast and slope take of the options; more: at, by.
local function about(opt, more)
  local out = { weights = opt.margins, at = {}, by = more and more.by }
  for key, value in pairs(opt.at or {}) do out.at[key] = value end
  for key, value in pairs(more and more.at or {}) do out.at[key] = value end
  return out
end

local function means_of(m, opt, set, more)
  local rows, frame = {}, nil
  local given = about(opt, more)
  if opt.slope then
    given.by = set.treatment
    frame = m:slope(opt.slope, given)
  else
    frame = m:means(set.treatment, given)
  end
  for row in frame:rows() do
    rows[#rows + 1] = { group = row[set.treatment], method = m.method,
      estimate_name = opt.slope and "slope of " .. opt.slope
        or "least-squares mean", estimate = row.estimate,
      std_error = row.std_error, df = row.df, conf_low = row.conf_low,
      conf_high = row.conf_high, conf_level = m.conf_level, n = row.n,
      note = row.estimate == NA and "the data do not determine it" or nil }
  end
  return rows
end

-- Numbers by arm: weights of a contrast when they sum to 0, else doses, and the
-- estimate is the slope of the means over them.
local function trend(compare)
  local names, sum, squares = {}, 0, 0
  for key in pairs(compare) do
    if key ~= 1 then names[#names + 1] = key end
  end
  table.sort(names) -- sums have one order, and so the same last digit
  for _, name in ipairs(names) do sum = sum + compare[name] end
  if math.abs(sum) < 1e-12 then return compare end
  local out, mean = { compare[1] }, sum / #names
  for _, name in ipairs(names) do
    squares = squares + (compare[name] - mean) ^ 2
  end
  for _, name in ipairs(names) do
    out[name] = (compare[name] - mean) / squares
  end
  return out
end

local function entry_of(compare)
  return type(compare) == "table" and trend(compare) or compare
end

local function name_of(compare)
  return type(compare) == "table" and compare[1] or compare
end

-- One comparison; where an arm has nobody, why it has no result.
local function contrast_of(m, entry, given)
  local ok, found = pcall(function()
    return analysis.row_of(m:contrast({ entry }, given))
  end)
  if ok then return found, true end
  if not errors.is(found) or found.code ~= "not found" then error(found, 0) end
  return { note = found.message }, false
end

local function add_joint(m, given, entries, rows, kind)
  given.adjust = kind
  local frame = m:contrast(entries, given)
  for i, row in ipairs(rows) do
    local joint = frame:row(i)
    for _, field in ipairs { "p_adjusted", "conf_low", "conf_high" } do
      local value = joint[field]
      row[field] = (value == math.huge or value == -math.huge) and NA or value
    end
    row.note = (row.note ~= NA and row.note .. "; " or "")
      .. ("P adjusted and CI by %s"):format(kind)
  end
end

local function contrasts_of(m, opt, set, more)
  local given = about(opt, more)
  given.factor, given.slope, given.pool = set.treatment, opt.slope, opt.pool
  given.alternative, given.mu = opt.alternative, opt.mu
  local rows, entries, known = {}, {}, {}
  for i, compare in ipairs(set.comparisons) do
    local entry, is_known = entry_of(compare), nil
    rows[i], is_known = contrast_of(m, entry, given)
    rows[i].compare = name_of(compare)
    if is_known then
      entries[#entries + 1], known[#known + 1] = entry, rows[i]
    end
  end
  if set.adjust and #known > 1 then
    add_joint(m, given, entries, known, set.adjust)
  elseif set.adjust and known[1] then
    known[1].p_adjusted = known[1].p_value
  end
  return rows
end

-- The treatment in each level of by, and whether it differs among them.
local function by_level(m, opt, set, rows)
  local term = set.treatment .. ":" .. opt.by
  local test = test_of_term(m, term, opt.type)
  test.kind, test.variation = "subgroup", opt.by .. ": interaction"
  rows[#rows + 1] = test
  for level in m:means(opt.by):rows() do
    local at = { at = { [opt.by] = level[opt.by] } }
    for _, part in ipairs { contrasts_of(m, opt, set, at),
      means_of(m, opt, set, at) } do
      for _, row in ipairs(part) do
        row.kind = "subgroup"
        row.variation = ("%s: %s"):format(opt.by, tostring(level[opt.by]))
        rows[#rows + 1] = row
      end
    end
  end
end

-- One comparison for other arms of the same rows, where its weights do not depend
-- on them: f(data) -> { [visit or ""] = P }; nil where only a new fit tells.
local function again(name)
  return function(formula, data, opt, set)
    if opt.margins ~= "equal" or opt.pool ~= "equal" or opt.slope or opt.by
      or opt.term or not set.comparisons[1] then return nil end
    local own, given = {}, {}
    for key in pairs(analysis.spec_of(name, name)) do own[key] = opt[key] end
    for i, visit in ipairs(set.visits or { false }) do
      local spec = about(opt, visit and { at = { AVISIT = visit } })
      spec[1], spec.factor = entry_of(set.comparisons[1]), set.treatment
      given[i] = spec
    end
    local test = require "trialsh.model.redraw".tester(name, formula, data, own,
      { treatment = set.treatment, compared = set.compared, given = given,
        alternative = opt.alternative })
    return test and function(frame)
      local out = {}
      for i, p in ipairs(test(frame)) do
        out[set.visits and set.visits[i] or ""] = p or nil
      end
      return out
    end
  end
end

-- Linear models ------------------------------------------------------------------

M.lm = { location = true, covariates = true, weights = true,
  columns = { "by", "slope" }, expressions = { "weights" },
  joint = { "Dunnett", "Tukey", "mvt" },
  measure = function(opt)
    return not (opt.term or opt.slope) and "difference of means" or nil
  end,
  options = analysis.checker("lm", lm_spec),
  model = function(formula, data, opt, set)
    local m = fit("lm", formula, data, opt)
    if opt.term then return { analysis.row_of(m:term(opt.term)) } end
    local rows = {}
    if set.overall then
      rows[1] = test_of_term(m, set.treatment, opt.type)
    elseif not set.each then
      rows = contrasts_of(m, opt, set)
    end
    table.move(means_of(m, opt, set), 1, 1000, #rows + 1, rows)
    if opt.by then by_level(m, opt, set, rows) end
    return rows
  end,
  again = again "lm",
  -- whether the treatment has the same effect in all levels of a column
  interaction = function(formula, data, opt, set, column)
    local m = fit("lm", ("%s + %s + %s:%s"):format(formula, column, set.treatment,
      column), data, opt)
    return test_of_term(m, set.treatment .. ":" .. column, opt.type)
  end,
}

-- Values beyond limits -------------------------------------------------------------

-- The arms of which something is measured, and of the others why they have no
-- mean, by name.
local function measured_arms(data, treatment)
  local n, known, list, why = {}, {}, {}, {}
  local arm, value = data[treatment], data.BLQFL
  local above = require "trialsh.data".has(data, "ALQFL") and data.ALQFL
  for i = 1, #data do
    if arm[i] ~= NA and value[i] ~= NA then
      n[arm[i]] = (n[arm[i]] or 0) + 1
      if value[i] ~= "Y" and not (above and above[i] == "Y") then
        known[arm[i]] = true
      end
    end
  end
  for name, k in pairs(n) do
    if known[name] then list[#list + 1] = name
    else why[name] = ("all %d values of %s are beyond their limit"):format(k,
      name) end
  end
  return list, why
end

-- Why a comparison of arms has no estimate.
local function unknown_side(compare, why, arms)
  if type(compare) == "table" then return nil end
  local trials = require "trialsh.trial"
  for _, side in ipairs { trials.pair(compare, arms) } do
    for _, part in ipairs(trials.members(arms, side)) do
      if why[part] then return why[part] end
    end
  end
end

-- The likelihood has no maximum then, but ranks compare all the same: their P
-- stands where there is no estimate, and the note says so.
local function by_ranks(formula, data, opt, compare, set, why)
  local row = { compare = name_of(compare), note = why .. ": no estimate" }
  if opt.mu and opt.mu ~= 0 then return row end
  local response = formula:match "^(.-)%s*~"
  local ok, r = pcall(require "trialsh.peto_prentice".peto_prentice,
    ("%s ~ `%s`"):format(response, set.treatment), data,
    { compare = compare, alternative = opt.alternative })
  if ok then
    row.method, row.statistic, row.df = r.method, r.statistic, r.df
    row.p_value, row.alternative, row.n = r.p_value, r.alternative, r.n
    row.n_1, row.n_2 = r.n_1, r.n_2
    row.note = row.note .. "; P is that of peto_prentice"
  elseif not errors.is(r) or r.code == "interrupted" then
    error(r, 0)
  end
  return row
end

M.tobit = { location = true, covariates = true, weights = true, limits = true,
  joint = { "Dunnett", "Tukey", "mvt" },
  measure = function() return "difference of means" end,
  options = analysis.checker("tobit", function()
    return with_means(analysis.spec_of("tobit", "tobit"))
  end),
  -- an arm of which nothing is measured has no mean, and does no harm to others
  model = function(formula, data, opt, set)
    local list, why = measured_arms(data, set.treatment)
    local rows, known = {}, {}
    for i, compare in ipairs(set.each and {} or set.comparisons) do
      local words = unknown_side(compare, why, set.arms)
      rows[i] = words and by_ranks(formula, data, opt, compare, set, words)
        or false
      if not words then known[#known + 1] = compare end
    end
    if #known == 0 and #list < 2 and #rows > 0 then return rows end
    if next(why) and #list > 1 then
      data = data:where { [set.treatment] = list }
    end
    local m = fit("tobit", formula, data, opt)
    local found = set.each and {} or contrasts_of(m, opt, setmetatable({
      comparisons = known }, { __index = set }))
    for i in ipairs(rows) do
      if not rows[i] then rows[i] = table.remove(found, 1) end
      rows[i].method, rows[i].n = rows[i].method or m.method, rows[i].n or m.n
    end
    table.move(means_of(m, opt, set), 1, 1000, #rows + 1, rows)
    return rows
  end,
}

-- Hazards ------------------------------------------------------------------------

local function cox_spec()
  local spec = with_means(analysis.spec_of("cox", "cox"))
  spec.strata = { "any" }
  return spec
end

-- Wald's test of a term, in either order of its variables.
local function test_of_hazards(m, name)
  local turned = name:gsub("^(.-):(.*)$", "%2:%1")
  for row in m:anova():rows() do
    if row.term == name or row.term == turned then
      return { method = m.method .. ", Wald's test of " .. name,
        statistic = row.statistic, df = row.df, p_value = row.p_value, n = m.n,
        n_event = m.n_event, n_missing = m.n_missing,
        note = row.p_value == NA and m:get "note" or nil }
    end
  end
  errors.fail("invalid", ("cox: the model has no term %s"):format(name))
end

M.cox = { survival = true, covariates = true, weights = true,
  strata = "formula", columns = { "strata" }, relative = true,
  joint = { "Dunnett", "Tukey", "mvt" },
  measure = function() return "hazard ratio" end,
  options = analysis.checker("cox", cox_spec),
  model = function(formula, data, opt, set)
    local m = fit("cox", formula, data, opt)
    if set.overall then return { test_of_hazards(m, set.treatment) } end
    local rows = contrasts_of(m, opt, set)
    for _, row in ipairs(rows) do
      row.n_event = m.n_event
      -- neither 0 nor infinity is an estimate; the limit that there is stays
      if row.p_value ~= NA and row.std_error == NA then
        local zero = row.estimate == 0
        if zero then row.estimate, row.conf_low = NA, NA end
        row.note = result.note(row.note ~= NA and row.note or nil,
          ("the hazard ratio is %s: CI and P by the profile likelihood"):format(
            zero and "0" or "infinite"))
      end
    end
    return rows
  end,
  interaction = function(formula, data, opt, set, column)
    local m = fit("cox", ("%s + %s + %s:%s"):format(formula, column,
      set.treatment, column), data, opt)
    return test_of_hazards(m, set.treatment .. ":" .. column)
  end,
}

-- Repeated measures --------------------------------------------------------------

local function mmrm_spec()
  local spec = with_means(analysis.spec_of("mmrm", "mmrm"))
  spec.subject, spec.visit = nil, nil
  return spec
end

local function lmm_spec()
  local spec = with_means(analysis.spec_of("lmm", "lmm"))
  spec.subject, spec.slope = nil, { "string" }
  return spec
end

-- Comparisons and means of one visit: n of an arm, n_1 and n_2 are subjects with
-- a value there; n of a comparison those of the model, which all tell of it.
local function at_visit(m, opt, set, visit, n_missing, more)
  more = more or { at = { AVISIT = visit } }
  local rows = set.each and {} or contrasts_of(m, opt, set, more)
  for _, row in ipairs(rows) do
    row.n, row.n_missing = m.n_subject, n_missing
  end
  table.move(means_of(m, opt, set, more), 1, 1000, #rows + 1, rows)
  for _, row in ipairs(rows) do row.visit, row.method = visit, m.method end
  return rows
end

M.mmrm = { location = true, covariates = true, weights = true, repeated = true,
  likelihood = true, columns = { "group", "time" }, expressions = { "weights" },
  joint = { "Dunnett", "Tukey", "mvt" },
  measure = function() return "difference of means" end,
  options = analysis.checker("mmrm", mmrm_spec),
  model = function(formula, data, opt, set)
    local m, rows = fit("mmrm", formula, data, opt), {}
    local n_missing = #data:distinct "USUBJID" - m.n_subject
    for _, visit in ipairs(set.visits) do
      table.move(at_visit(m, opt, set, visit, n_missing), 1, 1000, #rows + 1,
        rows)
    end
    return rows
  end,
  again = again "mmrm",
}

-- The columns of random effects, but the subject.
local function random_columns(opt)
  local random, list = require "trialsh.model.random", {}
  local terms = random.terms(opt.random or "~ 1")
  for _, name in ipairs(random.columns(terms, "USUBJID")) do
    if name ~= "USUBJID" then list[#list + 1] = name end
  end
  return list
end

-- Slopes are of all visits: they stand at the one that is claimed.
M.lmm = { location = true, covariates = true, weights = true, repeated = true,
  likelihood = true, columns = { "slope" }, expressions = { "weights" },
  names = random_columns, joint = { "Dunnett", "Tukey", "mvt" },
  measure = function(opt) return not opt.slope and "difference of means" or nil
  end,
  options = analysis.checker("lmm", lmm_spec),
  model = function(formula, data, opt, set)
    local m, rows = fit("lmm", formula, data, opt), {}
    local n_missing = #data:distinct "USUBJID" - m.n_subject
    for _, visit in ipairs(opt.slope and { set.visit } or set.visits) do
      table.move(at_visit(m, opt, set, visit, n_missing, opt.slope and {}), 1,
        1000, #rows + 1, rows)
    end
    return rows
  end,
  again = again "lmm",
}

return M
