-- What the keys of an endpoint say, read without a study: the endpoint itself
-- and its variations, which are the same with some keys changed.

local errors = require "ts.error"
local trial_module = require "trialsh.trial"
local analysis = require "trialsh.analysis"

local nearest = trial_module.nearest

local M = {}

--- definition.keys: what an endpoint may say, and the type of each.
M.keys = {
  title = "string", role = "string", population = "string",
  parameter = "any", visit = "string", visits = "table", data = "string",
  where = "string", variable = "any", compare = "any", analysis = "any",
  missing = "any", summary = "string", adjust = "string",
  sensitivity = "table", supplementary = "table", subgroups = "any",
  note = "string", better = "string", intercurrent = "table",
  instead = "table",
}
local keys = M.keys

local roles = { "primary", "key secondary", "secondary", "exploratory",
  "safety" }

-- How a subject without a value counts; what the language will have.
local missing_rules = { "exclude", "nonresponder", "LOCF", "worst rank",
  "at random", "tie" }
local missing_later = { "tipping point", "jump to reference" }

function M.sorted(t)
  local list = {}
  for key in pairs(t) do list[#list + 1] = key end
  table.sort(list, function(a, b) return tostring(a) < tostring(b) end)
  return list
end
local sorted = M.sorted

--- "method" or { "method", "~ formula", option = ... }
-- -> method, formula or nil, options
function M.split_analysis(given)
  if type(given) == "string" then return given, nil, {} end
  local opt = {}
  for key, value in pairs(given) do
    if type(key) == "string" then opt[key] = value end
  end
  return given[1], given[2], opt
end

local function contains(list, value)
  for _, v in ipairs(list) do if v == value then return true end end
  return false
end

-- An option of an analysis that stands beside it.
local function misplaced(e, key)
  local given = e.definition.analysis
  local method = type(given) == "table" and given[1] or given
  local names = analysis.with_option(key)
  if #names == 0 then return nil end
  local own = contains(names, method)
  return ("%s is an option of the analysis: analysis = { \"%s\", %s = %s }%s")
    :format(key, own and method or names[1], key,
      type(e.definition[key]) == "string" and ('"%s"'):format(e.definition[key])
        or type(e.definition[key]) == "table" and "{ ... }"
        or tostring(e.definition[key]), own and "" or type(method) == "string"
          and ("; %s has none, %s"):format(method, #names > 1
            and "these have it: " .. table.concat(names, ", ")
            or names[1] .. " has it") or "")
end

local function check_keys(e, problems)
  local def = e.definition
  for _, key in ipairs(sorted(def)) do
    if type(key) ~= "string" then
      problems:add(nil, nil, "a value without a key: %s", tostring(def[key]))
    elseif not keys[key] then
      problems:add(key, nil, "%s", misplaced(e, key) or ("no key %s%s"):format(
        key, nearest(key, sorted(keys))))
    elseif keys[key] ~= "any" and type(def[key]) ~= keys[key] then
      problems:add(key, nil, "%s is a %s, a %s is needed", key,
        type(def[key]), keys[key])
    else
      e[key] = def[key]
    end
  end
end

local function plain(word) return (word:lower():gsub("[%s%-]", "")) end

--- definition.word(given, words) -> the word as the list spells it, or nil
function M.word(given, words)
  for _, w in ipairs(words) do
    if plain(w) == plain(given) then return w end
  end
end

-- One of a list of words; later: those of the language that are not there yet.
local function word(e, key, words, problems, later)
  local given = e[key]
  if not given then return end
  e[key] = M.word(given, words)
  if e[key] then return end
  if M.word(given, later or {}) then
    problems:add(key, given, "%s = \"%s\" is not there yet", key, given)
  else
    problems:add(key, given, "no %s %s%s", key, given,
      nearest(given, words, "there are"))
  end
end

-- Analysis -----------------------------------------------------------------------

local function check_formula(e, formula, problems)
  if type(formula) ~= "string" or not formula:find "^%s*~" then
    problems:add("analysis", type(formula) == "string" and formula or nil,
      'the formula of an endpoint begins with ~: the left side is its variable')
    return
  end
  local ok, err = pcall(require "ts.formula".variables, "y " .. formula)
  if not ok then
    problems:add("analysis", formula, "%s", errors.is(err) and err.message
      or tostring(err))
  else
    e.formula = formula
  end
end

local function check_analysis(e, problems)
  if e.definition.analysis == nil then
    problems:add(nil, nil, "no analysis; it is one of %s",
      table.concat(analysis.names(), ", "))
    return
  end
  local given = e.analysis
  local method, formula, opt
  if type(given) == "string" or type(given) == "table" then
    method, formula, opt = M.split_analysis(given)
  end
  if type(method) ~= "string" or type(given) == "table" and #given > 2 then
    problems:add("analysis", nil, 'analysis is "method" or { "method", '
      .. '"~ formula", option = ... }')
    return
  end
  local a = analysis.find(method)
  if not a then
    problems:add("analysis", method, "%s", analysis.unknown(method))
    return
  end
  e.method = method
  if formula ~= nil then check_formula(e, formula, problems) end
  local ok, found = pcall(a.options, opt)
  if ok then
    e.options = found
  else
    local words = errors.is(found) and found.message or tostring(found)
    problems:add("analysis", words:match "no option ([%w_]+)"
      or words:match "^%w+: ([%w_]+)", "%s", words)
  end
end

-- The variable is text; a rule for missing values may have options, none of which
-- is there yet.
local function check_texts(e, problems)
  if e.variable ~= nil and type(e.variable) ~= "string"
    and type(e.variable) ~= "table" then
    problems:add("variable", nil, "variable is a %s, a string is needed",
      type(e.variable))
  end
  local rule = type(e.missing) == "table" and e.missing[1] or e.missing
  if rule ~= nil and type(rule) ~= "string" then
    problems:add("missing", nil, 'missing is a %s, a rule such as "exclude" is '
      .. "needed", type(rule))
  elseif type(e.missing) == "table" and not M.word(rule, missing_later) then
    problems:add("missing", rule, "missing = \"%s\" has no options", rule)
  end
  e.variable = type(e.variable) == "string" and e.variable or nil
  e.missing = type(rule) == "string" and rule or nil
end

-- What the trial declares --------------------------------------------------------

-- A key whose value, or each of whose values, the trial must declare.
local function known(e, key, what, list, problems)
  local given = e[key]
  if type(given) == "string" then given = { given } end
  if type(given) ~= "table" then
    if given ~= nil then
      problems:add(key, nil, "%s is text, or a list of texts", key)
      e[key] = nil
    end
    return
  end
  if #given == 0 then problems:add(key, nil, "%s is an empty list", key) end
  for _, name in ipairs(given) do
    if #list == 0 then
      problems:add(key, type(name) == "string" and name or nil,
        "the trial declares no %ss", what)
    elseif type(name) ~= "string" or not list[name] then
      problems:add(key, type(name) == "string" and name or nil, "no %s %s%s",
        what, tostring(name),
        nearest(name, trial_module.names(list), "there are"))
    end
  end
end

local function check_visits(e, t, problems)
  if #t.visits > 0 then known(e, "visit", "visit", t.visits, problems) end
  known(e, "visits", "visit", t.visits, problems)
  if e.visits and not e.visit then e.visit = e.visits[#e.visits] end
  if e.visits and #e.visits > 0 and e.visit and t.visits[e.visit]
    and not contains(e.visits, e.visit) then
    problems:add("visit", e.visit, "visit %s is none of visits", e.visit)
  end
end

local ALL, EACH = "all arms", "each arm"

-- { "trend", Placebo = 0, High = 1 }: arms by name and their numbers
local function check_weights(compare, t, problems)
  local known_arms, n = trial_module.names(t.arms), 0
  if type(compare[1]) ~= "string" then
    problems:add("compare", nil, "a comparison by weights begins with its "
      .. 'name: { "trend in doses", Placebo = 0, High = 2 }')
    return
  end
  for _, arm in ipairs(sorted(compare)) do
    if arm ~= 1 then
      n = n + 1
      if not t.arms[arm] then
        problems:add("compare", compare[1], "%s: no arm %s%s", compare[1],
          tostring(arm), nearest(arm, known_arms, "arms:"))
      elseif type(compare[arm]) ~= "number" then
        problems:add("compare", compare[1], "%s: the weight of %s is a %s, a "
          .. "number is needed", compare[1], arm, type(compare[arm]))
      end
    end
  end
  if n < 2 then
    problems:add("compare", compare[1], "%s: two arms or more have weights",
      compare[1])
  end
end

local function check_compare(e, t, problems)
  local compare = e.compare or t.compare or {}
  e.comparisons = {}
  if compare == ALL then
    e.overall = true
    return
  elseif compare == EACH then
    e.each = true
    return
  end
  if type(compare) == "string" then compare = { compare } end
  if type(compare) ~= "table" or #compare == 0 and e.compare then
    problems:add("compare", nil, 'compare is "A vs B", a list of them, "%s" or '
      .. '"%s"', ALL, EACH)
    return
  end
  local texts, kept = {}, {}
  local takes = not e.method or analysis.find(e.method).weights
  for _, entry in ipairs(compare) do
    if type(entry) == "table" and not takes and not e.inherits then
      problems:add("compare", type(entry[1]) == "string" and entry[1] or nil,
        "%s takes no weights of arms; lm does, and jonckheere tests a trend",
        e.method)
    elseif type(entry) == "table" and takes then
      check_weights(entry, t, problems)
      kept[#kept + 1] = entry
    elseif type(entry) ~= "table" then
      texts[#texts + 1], kept[#kept + 1] = entry, entry
    end
  end
  trial_module.check_compare(problems, texts, t.arms)
  e.comparisons = kept
end

local function check_trial(e, t, problems)
  word(e, "role", roles, problems)
  word(e, "missing", missing_rules, problems, missing_later)
  word(e, "better", trial_module.directions, problems)
  if not t then
    problems:add(nil, nil, "no trial is defined; dofile \"trial.lua\" first")
    return
  end
  known(e, "population", "population", t.populations, problems)
  known(e, "parameter", "parameter", t.parameters, problems)
  e.parameters = type(e.parameter) == "table" and e.parameter
    or e.parameter and { e.parameter } or nil
  check_visits(e, t, problems)
  if not e.definition.parameter and not e.definition.data
    and type(e.definition.variable) ~= "table" then
    problems:add(nil, nil, "neither parameter nor data says where the values "
      .. "are")
  end
  check_compare(e, t, problems)
  require "trialsh.endpoint.intercurrent".read(e, t, problems)
end

local function check_subgroups(e, problems)
  if type(e.subgroups) == "string" then e.subgroups = { e.subgroups } end
  local good = e.subgroups == nil or type(e.subgroups) == "table"
  for _, name in ipairs(good and e.subgroups or {}) do
    good = good and type(name) == "string"
  end
  if not good then
    problems:add("subgroups", nil,
      'subgroups is a column of adsl or a list of them, { "SEX", "AGEGR1" }')
    e.subgroups = nil
  end
end

-- By re-randomisation, over all rows of the endpoint.
local function check_panel(e, problems)
  if e.trial and not e.trial.randomisation then
    problems:add("adjust", e.adjust, '%s is by re-randomisation, and the trial '
      .. 'does not say how it was: randomisation = { "permuted blocks", ratio = '
      .. "{ 1, 1 }, sizes = { 4 } }", e.panel)
  elseif e.method and analysis.way(e) == "within" then
    problems:add("adjust", e.adjust, "%s is for comparisons, and %s makes none",
      e.panel, e.method)
  end
end

-- Welch's comparisons at one place.
local function check_t3(e, problems)
  e.t3 = true
  if e.method ~= "ttest" or (e.options or {}).variance == "pooled" then
    problems:add("adjust", e.adjust, "Dunnett's T3 is for Welch's t tests, ttest "
      .. "with variances that differ; of a linear model Dunnett and Tukey are")
  elseif #(e.parameters or {}) > 1 or #(e.visits or {}) > 1 then
    problems:add("adjust", e.adjust, "Dunnett's T3 is for comparisons of arms, "
      .. "not over parameters and visits; Holm is")
  end
end

-- Adjustment within the endpoint: by padjust, or jointly by a model.
local function check_adjust(e, problems)
  if not e.adjust then return end
  local panel = M.word(e.adjust, { "max-T", "max-T single-step" })
  if panel then
    e.panel = panel
    check_panel(e, problems)
    return
  end
  if not e.method then return end
  if M.word(e.adjust, { "Dunnett T3", "T3" }) then
    return check_t3(e, problems)
  end
  local method = analysis.find(e.method)
  local joint = require "trialsh.model.adjust".joint
  e.joint = M.word(e.adjust, joint)
  if e.joint then
    if not M.word(e.adjust, method.joint or {}) then
      problems:add("adjust", e.adjust, "%s is for comparisons of one model; "
        .. "%s is none, lm is; Holm and the others of padjust are for all",
        e.joint, e.method)
    elseif (#(e.parameters or {}) > 1 or #(e.visits or {}) > 1)
      and not method.repeated then
      problems:add("adjust", e.adjust, "%s is for the comparisons of one model, "
        .. "not over parameters and visits; Holm is", e.joint)
    end
    return
  end
  local ok, err = pcall(require "trialsh.padjust".padjust, { 1 }, e.adjust)
  if not ok then
    local words = (errors.is(err) and err.message or tostring(err))
      :gsub("^padjust: method", "adjust")
    local near = not words:find "nearest" and require "ts.text".nearest(e.adjust,
      { "max-T", "Dunnett T3", table.unpack(joint) })
    problems:add("adjust", e.adjust, "%s%s", words, near and "; nearest: " .. near
      or "")
  end
end

-- The summary measure, where it is one that an analysis of ours estimates; what
-- is nearly one is a slip of the pen.
local function check_summary(e, problems)
  local estimand = require "trialsh.endpoint.estimand"
  e.measure = e.summary and estimand.measure(e.summary) or nil
  local near = e.summary and not e.measure
    and require "ts.text".nearest(e.summary, estimand.words)
  if near then
    problems:add("summary", e.summary, "no summary %s; nearest: %s", e.summary,
      near)
  end
end

--- definition.read(endpoint) -> problems
-- Fills in what the keys say: method, formula, options, comparisons, overall,
-- each, parameters, visits, events, hierarchy, variations.
function M.read(e)
  local problems = trial_module.problems()
  for key in pairs(keys) do e[key] = nil end
  e.overall, e.each, e.formula, e.method, e.joint = nil, nil, nil, nil, nil
  e.t3 = nil
  e.panel = nil
  check_keys(e, problems)
  check_texts(e, problems)
  check_analysis(e, problems)
  check_trial(e, e.trial, problems)
  require "trialsh.endpoint.hierarchy".read(e, problems)
  check_subgroups(e, problems)
  check_adjust(e, problems)
  check_summary(e, problems)
  e.variations, e.other = {}, nil
  if e.kind ~= "instead" then
    require "trialsh.endpoint.variation".read(e, problems, M.read)
  end
  return problems
end

return M
