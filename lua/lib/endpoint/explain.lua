-- explain(x): a paragraph for the methods section, from the definition.

local NA = require "ts.na".NA
local errors = require "ts.error"
local text = require "ts.text"
local relation = require "trialsh.relation"
local analysis = require "trialsh.analysis"
local endpoints = require "trialsh.endpoint"
local estimand = require "trialsh.endpoint.estimand"
local results = require "trialsh.endpoint.results"
local set = require "trialsh.endpoint.set"
local sorted = require "trialsh.endpoint.definition".sorted

local fail = errors.fail

local M = {}

-- What each analysis is called in a text.
local names = {
  ttest = "a t test", mediandiff = "their medians",
  smd = "the standardised difference", wilcoxon = "a Wilcoxon-Mann-Whitney test",
  van_elteren = "van Elteren's test", kruskal = "a Kruskal-Wallis test",
  jonckheere = "a Jonckheere-Terpstra test of trend",
  signed_rank = "Wilcoxon's signed-rank test", sign_test = "a sign test",
  describe = "descriptive statistics", riskdiff = "the risk difference",
  riskratio = "the risk ratio", oddsratio = "the odds ratio",
  boschloo = "Boschloo's exact test", barnard = "Barnard's exact test",
  fisher = "Fisher's exact test", chisq = "a chi-square test",
  cmh = "a Cochran-Mantel-Haenszel test", mcnemar = "McNemar's test",
  proportion = "the proportion", rate = "the rate of events",
  rateratio = "rates of events", logrank = "a log-rank test",
  km = "Kaplan-Meier curves", cuminc = "cumulative incidence and Gray's test",
  cox = "Cox regression", rmst = "restricted mean survival time",
  lm = "a linear model",
  mmrm = "a model for repeated measures", lmm = "a linear mixed model",
  tobit = "a Tobit model of values beyond limits",
  peto_prentice = "the Peto-Prentice test of values below limits",
  winratio = "the win ratio",
  cor = "the correlation",
}

local function listed(words, last)
  if #words < 2 then return words[1] or "" end
  return table.concat(words, ", ", 1, #words - 1) .. (last or " and ")
    .. words[#words]
end

local function value_words(value)
  if type(value) ~= "table" then return tostring(value) end
  local words = {}
  for i, v in ipairs(value) do words[i] = value_words(v) end
  for _, key in ipairs(sorted(value)) do
    if type(key) == "string" then
      words[#words + 1] = ("%s = %s"):format(key, value_words(value[key]))
    end
  end
  return table.concat(words, ", ")
end

-- Sentences ----------------------------------------------------------------------

-- Variables that are of the rows there are, not of their values.
local rows_words = { any = "whether there is any row", count = "the number of rows" }

local function what(e)
  if e.hierarchy then
    return "a hierarchy of outcomes, of which the first that tells two subjects "
      .. "apart decides: " .. require "trialsh.endpoint.hierarchy".words(e)
  end
  local survival = analysis.find(e.method).survival
  local words = { rows_words[e.variable] or e.variable or not survival and "AVAL"
    or nil }
  local parameters = {}
  for i, code in ipairs(e.parameters or {}) do
    local p = e.trial.parameters[code]
    parameters[i] = ("%s (%s)"):format(p.label or code, code)
  end
  local from = #parameters > 0 and listed(parameters) or e.data
  words[#words + 1] = #words > 0 and "of " .. from or from
  if e.where then words[#words + 1] = "where " .. e.where end
  local visits = e.visits or e.visit and { e.visit }
  if visits then
    words[#words + 1] = "at " .. listed(visits)
    if #visits > 1 and e.visit then
      words[#words + 1] = ("(%s is the one claimed)"):format(e.visit)
    end
  end
  return table.concat(words, " ")
end

local function opening(e)
  local population = set.population_of(e)
  local who = population and ("%s (%s)"):format(population.label
    or population.name, population.name) or "all subjects of adsl"
  return ("The %sendpoint%s was %s, in %s."):format(e.role and e.role .. " "
    or "", e.title and ", " .. e.title .. "," or " " .. e.id, what(e), who)
end

-- What only the open study tells; nothing where none is.
local function flag_sentence(e)
  local open, s = pcall(require "trialsh.study".study.open)
  local known, flagged
  if open then known, flagged = pcall(set.flagged, s, e, set.at(e)) end
  return known and flagged and "Of the records of a visit those flagged for "
    .. "analysis (ANL01FL = 'Y') were used." or nil
end

-- The same of baselines that are no measured value.
local function base_sentence(e)
  local open, s = pcall(require "trialsh.study".study.open)
  if not open then return nil end
  local known, words = pcall(function()
    local at = set.at(e)
    return set.base_below(e, (set.rows(s, e, at, true)), set.subjects(s, e, at))
  end)
  return known and words and words .. "." or nil
end

local function event_name(event)
  return event.label and ("%s (%s)"):format(event.name, event.label)
    or event.name
end

-- Those that change nothing are told together.
local function policy_sentence(events)
  local names = {}
  for _, event in ipairs(events) do
    if event.strategy == "treatment policy" then
      names[#names + 1] = event_name(event)
    end
  end
  return #names > 0 and ("Values counted regardless of %s (treatment policy).")
    :format(listed(names)) or nil
end

local function event_sentence(e, event)
  local name = event_name(event)
  if event.strategy == "treatment policy" then
    return nil
  elseif event.strategy == "while alive" and analysis.find(e.method).competing
  then
    return ("%s competes with the event (while alive)."):format(name)
  elseif event.strategy == "while alive" then
    return ("Values up to %s were used (while alive)."):format(name)
  elseif event.strategy == "hypothetical" then
    return ("Values after %s were not used, as if it had not happened "
      .. "(hypothetical)."):format(name)
  elseif event.strategy == "outcome" then
    return ("%s is part of what is counted."):format(name)
  elseif e.hierarchy then
    return ("%s counts where it is one of the outcomes (composite)."):format(
      name)
  elseif analysis.find(e.method).survival then
    return ("%s counts as an event (composite)."):format(name)
  end
  local ranks = require "trialsh.endpoint.missing".ranks[e.method]
  return ("Subjects with %s counted as %s (composite)."):format(name,
    event.value and ("%s = %s"):format(event.column, text.number(event.value))
      or ranks and not (e.variable or ""):find "[<>=]" and "worse than all others"
      or "not responding")
end

local missing_words = {
  exclude = "Subjects without a value were left out.",
  nonresponder = "Subjects without a value counted as nonresponders.",
  tie = "Values that are missing tie.",
  LOCF = "The last value after baseline was carried forward.",
  ["worst rank"] = "Subjects without a value had a rank worse than all others.",
  ["at random"] = "Values were taken to be missing at random.",
}

local function comparisons(e)
  local way = analysis.way(e)
  if way == "overall" or e.overall then return "All arms were compared at once" end
  if way == "within" or e.each then return "Each arm was summarised" end
  local words = {}
  for i, compare in ipairs(e.comparisons) do
    if type(compare) == "table" then
      words[i] = ("the arms by weights (%s)"):format(value_words(compare))
    else
      local a, b = require "trialsh.trial".pair(compare, e.trial.arms)
      words[i] = i == 1 and ("%s was compared with %s"):format(a, b)
        or ("%s with %s"):format(a, b)
    end
  end
  return listed(words)
end

-- Options that are not the defaults.
local function options_words(e)
  local entry, words = analysis.find(e.method), {}
  local defaults = entry.options {}
  for _, key in ipairs(sorted(e.options)) do
    local value = e.options[key]
    if key == "strata" then
      words[#words + 1] = "stratified by " .. value_words(value)
    elseif key == "blq" then
      words[#words + 1] = "values below their limit as "
        .. require "trialsh.limits".words(value)
    elseif key ~= "conf_level" and key ~= "hierarchy" and value ~= defaults[key] then
      words[#words + 1] = ("%s %s"):format(key:gsub("_", " "),
        value_words(value))
    end
  end
  return words
end

local function how(e)
  local words = { ("%s by %s"):format(comparisons(e), names[e.method]
    or e.method) }
  local more = options_words(e)
  if e.formula then table.insert(more, 1, "formula " .. e.formula) end
  if #more > 0 then words[2] = "(" .. table.concat(more, "; ") .. ")" end
  local measure = estimand.estimated(e)
  local level = e.options.conf_level
  words[#words + 1] = measure and level and ("; the %s has a %s confidence "
    .. "interval"):format(measure, require "trialsh.format".level(level)) or nil
  local sentence = table.concat(words, " "):gsub(" ;", ";")
  local side = e.options.alternative
  if side then
    sentence = sentence .. (side == "two-sided" and "; tests were two-sided"
      or "; tests were one-sided (%s)"):format(side)
  end
  return sentence .. "."
end

local function families(e)
  local words = {}
  for _, f in ipairs(require "trialsh.multiplicity".list) do
    for i = 2, #f.definition do
      local entry = f.definition[i]
      local name = type(entry) == "table" and entry[1] or entry
      if type(name) == "string" and results.parse(name).id == e.id then
        words[#words + 1] = ("It is one of the endpoints of %s, whose P-values "
          .. "are adjusted for one another (%s).")
          :format(f.id, tostring(f.definition[1]))
        break
      end
    end
  end
  return words
end

-- "observed (missing: exclude), ..."
local function variations(e, kind)
  local words = {}
  for _, entry in ipairs(e.definition[kind] or {}) do
    local changes = {}
    for _, key in ipairs(sorted(entry)) do
      if key ~= 1 then
        changes[#changes + 1] = ("%s: %s"):format(key, value_words(entry[key]))
      end
    end
    words[#words + 1] = ("%s (%s)"):format(entry[1],
      table.concat(changes, "; "))
  end
  return words
end

-- How p_rerandomised comes about, where there is one.
local function randomised_again(e)
  local r = e.trial.randomisation
  if not r or analysis.way(e) == "within" or e.each then return nil end
  local words = { r[1] }
  if r.sizes then words[1] = ("%s of %s"):format(r[1], listed(r.sizes, " or ")) end
  if r.strata then
    words[2] = "within " .. listed(type(r.strata) == "table" and r.strata
      or { r.strata })
  end
  return ("Beside each P-value of a comparison stands that of re-randomisation "
    .. "(%s): the share of the allocations that could have been dealt to the "
    .. "arms compared, for which the analysis is as extreme."):format(
      table.concat(words, " "))
end

local function closing(e, add)
  local again = randomised_again(e)
  if again then add("%s", again) end
  if e.adjust then
    local over = { #(e.parameters or {}) > 1 and "parameters" or nil }
    if #(e.visits or {}) > 1 then over[#over + 1] = "visits" end
    over[#over + 1] = "comparisons"
    add("P-values over its %s were adjusted by %s%s.", listed(over), e.adjust,
      e.panel and ", the distribution of the smallest of them over allocations "
        .. "of all arms" or "")
  end
  for _, sentence in ipairs(families(e)) do add("%s", sentence) end
  local rule = e.other and e.instead
  if rule then
    add("If %s in %s, %s by %s took its place.", rule.when, rule.within,
      e.other.variable or "the variable", names[e.other.method]
        or e.other.method)
  end
  if e.subgroups then
    add("The analysis was repeated in subgroups of %s.", listed(e.subgroups))
  end
  for _, kind in ipairs { "sensitivity", "supplementary" } do
    local list = variations(e, kind)
    if #list > 0 then
      add("%s%s analyses: %s.", kind:sub(1, 1):upper(), kind:sub(2),
        listed(list))
    end
  end
  for _, words in ipairs(estimand.remarks(e)) do
    add("It is not what is stated: %s.", words)
  end
end

-- The sentences of an endpoint, in order.
local function sentences(e)
  local words = {}
  local function add(...) words[#words + 1] = string.format(...) end
  add("%s", opening(e))
  local flag = flag_sentence(e)
  if flag then add("%s", flag) end
  for _, event in ipairs(e.events or {}) do
    local sentence = event_sentence(e, event)
    if sentence then add("%s", (sentence:gsub("^%l", string.upper))) end
  end
  local policy = policy_sentence(e.events or {})
  if policy then add("%s", policy) end
  add("%s", rows_words[e.variable]
    and "Subjects without such a row count as having none."
    or missing_words[e.hierarchy and "tie" or e.missing
      or analysis.find(e.method).likelihood and "at random" or "exclude"])
  add("%s", how(e))
  local base = base_sentence(e)
  if base then add("%s", base) end
  closing(e, add)
  if e.note then
    add("%s%s", (e.note:gsub("^%l", string.upper)), e.note:find "[.!?]$" and "" or ".")
  end
  return words
end

local function paragraph(e) return table.concat(sentences(e), " ") end

-- The endpoint or variation of an address, a result or an endpoint.
local function find(x)
  local id, variation = x, "main"
  if type(x) == "string" then
    local parsed = results.parse(x)
    id, variation = parsed.id, parsed.variation or "main"
  elseif endpoints.is(x) then
    id, variation = x.id, x.variation
  elseif not pcall(function() id, variation = x.endpoint, x.variation end)
    or type(id) ~= "string" then
    fail("type", 'explain takes an endpoint, a result of run(), or its address, '
      .. '"ALC", not a ' .. type(x))
  end
  local e = endpoints.ready(id)
  return e.variations[variation] or e
end

-- The endpoints of results, and whether any P is one of re-randomisation.
local function endpoints_of(rows)
  local list, seen, again = {}, {}, false
  for row in rows:rows() do
    if not seen[row.endpoint] then
      seen[row.endpoint] = true
      list[#list + 1] = endpoints.ready(row.endpoint)
    end
    again = again or row.p_rerandomised ~= NA
  end
  return list, again
end

-- What the trial does in every analysis, and what most endpoints do: the sentence,
-- and how it begins where it is said once.
local function said_once(list, count)
  local once, most = {}, missing_words.exclude
  for _, e in ipairs(list) do
    for _, f in ipairs { flag_sentence, randomised_again } do
      local sentence = f(e)
      if sentence then once[sentence] = "" end
    end
    local policy = policy_sentence(e.events or {})
    if policy and (most == missing_words.exclude or count[policy] > count[most]) then
      most = policy
    end
  end
  for _, sentence in ipairs { most, missing_words.exclude } do
    once[sentence] = count[sentence] == #list and "" or "Where nothing else is said, "
  end
  return once
end

-- A paragraph for each endpoint; what is said once stands behind them.
local function of_results(rows)
  local list, again = endpoints_of(rows)
  local lists, count = {}, {}
  for i, e in ipairs(list) do
    lists[i] = sentences(e)
    for _, sentence in ipairs(lists[i]) do
      count[sentence] = (count[sentence] or 0) + 1
    end
  end
  local once = said_once(list, count)
  local paragraphs, shared, told = {}, {}, {}
  for i, e in ipairs(list) do
    local own = {}
    if not again then told[randomised_again(e) or ""] = true end
    for _, sentence in ipairs(lists[i]) do
      if told[sentence] then -- nothing more
      elseif count[sentence] > 1 and (once[sentence] or count[sentence] == #list) then
        local start = once[sentence] or ""
        told[sentence] = true
        shared[#shared + 1] = start .. (start == "" and sentence
          or sentence:gsub("^%u", string.lower))
      else
        own[#own + 1] = sentence
      end
    end
    paragraphs[i] = table.concat(own, " ")
  end
  if #shared > 0 then paragraphs[#paragraphs + 1] = table.concat(shared, " ") end
  return table.concat(paragraphs, "\n\n")
end

--- explain(x) -> text
-- A paragraph for the methods section: what an endpoint is, in whom, what
-- intercurrent events and missing values count as, how arms are compared and
-- P-values adjusted, and what else is done. Written from the definition.
--   x   an endpoint, its name, an address "ALC@Day 29/pooled", a result, or
--       s.results, of which each endpoint has a paragraph; what holds of all is
--       said once, in the last
--
--   > t = trial "T1" { arms = { { "Placebo" }, { "Active" } },
--   >   compare = "Active vs Placebo", parameters = { { "ALC", "Lymphocytes",
--   >   "adlb" } }, visits = { { "Day 29", 29 } } }
--   > e = endpoint "ALC29" { parameter = "ALC", visit = "Day 29",
--   >   variable = "ln(AVAL)", analysis = "ttest" }
--   > explain(e)
--   The endpoint ALC29 was ln(AVAL) of Lymphocytes (ALC) at Day 29, in all subjects of adsl. Subjects without a value were left out. Active was compared with Placebo by a t test; the ratio of geometric means has a 95 % confidence interval; tests were two-sided.
--
-- See also: why, endpoint, sap.
function M.explain(x)
  if relation.is(x) and relation.node_of(x).columns.endpoint then
    return of_results(x)
  end
  return paragraph(find(x))
end

return M
