-- The statistics that an endpoint may name. An entry says how each gives rows
-- of results for one data set:
--
--   compare  (formula, data, opt, "A vs B") -> row: the two arms are in data
--   overall  (formula, data, opt) -> row: all arms at once
--   within   (formula, data, opt) -> row: those of one arm are in data
--   model    (formula, data, opt, set) -> rows: one fit for all comparisons;
--            set: comparisons, overall, each, treatment, adjust (of a kind in
--            joint), visits and visit where it is repeated
--   normal   exact P are in the order of those with exact = false
--   p_value  (formula, data, opt) -> P of compare alone, where that is quicker
--   again    (formula, data, opt, set) -> f(frame) -> { [visit or ""] = P }: one
--            comparison for other arms of the same rows, of a model; nil where
--            only a new fit tells; set: as for model, compared ({ [arm] = true })
--   options  (opt) -> opt, checked and with defaults, without data
--   survival the response is a time and an event; competing: with another one
--            that may come first; text: it may be text
--   events   the response is 0 and 1, a condition, or text
--   location what is estimated moves with the values: of logarithms, ratios
--   columns  options that name columns of the data; expressions: that are one;
--            names: (opt) -> columns that options have in a way of their own
--   strata   "option": it has that option; "formula": an endpoint gives it as
--            strata(), which the option of that name adds; needs_strata
--   needs_time  the option time names the column of person-time
--   needs_horizon  the option horizon says up to which time it looks
--   relative  of a model: it compares arms and says nothing of one alone
--   before   the formula names what stands beside the response: "~ BASE"
--   covariates  the formula may have more than the treatment
--   weights  comparisons may be weights of arms by name
--   joint    kinds of adjust that the model itself does
--   repeated all visits of a subject are in data, with their AVISIT
--   measure  (opt) -> what is estimated, in the words of `summary`; nil: a test
--   hierarchy  its variable is a list of outcomes
--   limits   it takes values below and above their limit as what they are
--   likelihood  subjects whose values are missing at random do no harm

local options = require "trialsh.options"
local text = require "ts.text"
local NA = require "ts.na".NA

local M = {}

-- The fields that a row of results takes from a result.
local fields = { "method", "estimate_name", "estimate", "std_error",
  "statistic", "df", "p_value", "conf_low", "conf_high", "conf_level",
  "alternative", "n", "n_1", "n_2", "events_1", "events_2", "estimate_1",
  "estimate_2", "n_missing", "n_event", "note" }

--- analysis.row_of(result) -> row
function M.row_of(result)
  local row = {}
  for _, field in ipairs(fields) do
    local value = result:get(field)
    -- the open end of a one-sided interval is no number to store
    if value == math.huge or value == -math.huge then value = NA end
    row[field] = value
  end
  return row
end

--- analysis.spec_of(module, name): the options of a statistic, without those
-- that an endpoint has keys for, or that only arrays take.
function M.spec_of(module, name)
  local spec = {}
  for key, rule in pairs(require("trialsh." .. module).specs[name]) do
    spec[key] = rule
  end
  spec.compare, spec.reference, spec.paired = nil, nil, nil
  local limits = require "trialsh.limits"
  if limits.blind[name] then spec.blq = limits.rule end
  return spec
end

--- analysis.checker(name, spec) -> (opt) -> opt
function M.checker(name, spec)
  return function(opt) return options(name, opt, spec()) end
end

local methods

local function all()
  if not methods then
    methods = {}
    for _, part in ipairs { "tests", "models" } do
      for name, entry in pairs(require("trialsh.analysis." .. part)) do
        methods[name] = entry
      end
    end
  end
  return methods
end

--- analysis.find(name) -> its entry, or nil
function M.find(name) return all()[name] end

function M.names()
  local list = {}
  for name in pairs(all()) do list[#list + 1] = name end
  table.sort(list)
  return list
end

-- What is a statistic, but no analysis of an endpoint, and what is instead.
local others = {
  rerandomise = "run() does it beside each P, where the trial declares its "
    .. "randomisation",
  padjust = 'it is the key adjust = "Holm", or multiplicity',
  dunnett = '{ "lm", "~ TRT01P" } with adjust = "Dunnett" is',
  tukey = '{ "lm", "~ TRT01P" } with adjust = "Tukey" is',
  cor = "it compares no groups",
  round = "it changes a variable: write it there",
}
for name in ("abs exp ln log log10 sqrt"):gmatch "%S+" do
  others[name] = "it changes a variable: write it there"
end

--- analysis.with_option(key) -> names of the analyses that have an option, or
-- take strata in their formula
function M.with_option(key)
  local list = {}
  for _, name in ipairs(M.names()) do
    local entry = M.find(name)
    local ok, err = pcall(entry.options, { [key] = {} })
    if key == "strata" and entry.strata or ok
      or not tostring(err):find("no option " .. key, 1, true) then
      list[#list + 1] = name
    end
  end
  return list
end

--- analysis.unknown(name): why there is no such analysis, in words.
function M.unknown(name)
  if others[name] then
    return ("%s is no analysis of an endpoint: %s"):format(name, others[name])
  end
  local there = "; there are " .. table.concat(M.names(), ", ")
  if require "trialsh.absent".is_analysis(name) then
    return ("the analysis %s is not there yet%s"):format(name, there)
  end
  local near = text.nearest(name, M.names())
  return ("no analysis %s%s"):format(name, near and "; nearest: " .. near
    or there)
end

-- Which way ---------------------------------------------------------------------

-- Of entries that cannot compare two arms: which do.
local compares = { kruskal = "wilcoxon", jonckheere = "wilcoxon",
  describe = "ttest", signed_rank = "wilcoxon", sign_test = "wilcoxon",
  proportion = "riskdiff", mcnemar = "riskdiff", km = "logrank",
  rate = "rateratio",
  cor = "lm" }
local at_once = { ttest = "lm", mediandiff = "kruskal", smd = "lm", wilcoxon = "kruskal", van_elteren = "kruskal",
  riskdiff = "chisq", riskratio = "chisq", oddsratio = "chisq",
  boschloo = "fisher", barnard = "fisher", km = "logrank", describe = "lm",
  signed_rank = "kruskal", sign_test = "kruskal", proportion = "chisq",
  mcnemar = "chisq", mmrm = "lm", lmm = "lm", rmst = "logrank",
  cor = "lm" }
local alone = { wilcoxon = "signed_rank", mediandiff = "describe", smd = "describe", van_elteren = "signed_rank",
  kruskal = "describe", jonckheere = "describe", riskdiff = "proportion",
  riskratio = "proportion", oddsratio = "proportion", boschloo = "proportion",
  barnard = "proportion", fisher = "proportion", chisq = "proportion",
  cmh = "proportion", logrank = "km", cox = "km",
  rateratio = "rate" }

local function refused(e, words, other)
  return nil, ("%s %s%s"):format(e.method, words,
    other and "; " .. other .. " does" or "")
end

--- analysis.way(endpoint) -> "model", "compare", "overall" or "within"; nil and
-- why not. What the endpoint says decides; what the trial compares is no reason
-- to refuse.
function M.way(e)
  local entry = M.find(e.method)
  if e.each then
    if entry.model and not entry.relative then return "model" end
    if entry.within then return "within" end
    return refused(e, "has no result for each arm", alone[e.method])
  elseif e.overall then
    if entry.model and not entry.repeated then return "model" end
    if entry.overall then return "overall" end
    return refused(e, "does not take all arms at once", at_once[e.method])
  elseif e.formula and e.formula:find "^%s*~%s*1%s*$" and entry.within then
    return "within"
  elseif entry.model then
    return "model"
  elseif entry.compare then
    return "compare"
  elseif e.compare then
    return refused(e, ("does not compare two arms (compare = \"%s\" is what it "
      .. "does)"):format(entry.within and "each arm" or "all arms"),
      compares[e.method])
  end
  return entry.within and "within" or "overall"
end

return M
