-- Whether an analysis estimates what its endpoint says: the summary measure,
-- and the strategies for intercurrent events (ICH E9 (R1)).

local analysis = require "trialsh.analysis"

local M = {}

-- Summary measures, with other words for them, and the analysis that has each.
local measures = {
  { "difference of means", "mean difference", "difference in means",
    "difference of least-squares means", by = "ttest or lm" },
  { "ratio of geometric means", "geometric mean ratio",
    by = 'ttest or lm of variable = "ln(AVAL)"' },
  { "difference of proportions", "risk difference",
    "difference in proportions", "absolute risk difference", by = "riskdiff" },
  { "risk ratio", "relative risk", "ratio of proportions", by = "riskratio" },
  { "odds ratio", by = "oddsratio" },
  { "rate ratio", "ratio of rates", "incidence rate ratio", by = "rateratio" },
  { "difference of rates", "rate difference",
    by = 'rateratio with effect = "difference"' },
  { "standardised difference", "standardised mean difference",
    "standardized difference", "standardized mean difference", by = "smd" },
  { "shift", "hodges-lehmann shift", "location shift", by = "wilcoxon" },
  { "hodges-lehmann ratio", by = 'wilcoxon of variable = "ln(AVAL)"' },
  { "difference of medians", "median difference", "difference in medians",
    by = "mediandiff" },
  { "ratio of medians", "median ratio",
    by = 'mediandiff of variable = "ln(AVAL)"' },
  { "difference of cumulative incidence",
    "difference of cumulative incidences", by = "cuminc with at = { 29 }" },
  { "win ratio", by = "winratio" },
  { "hazard ratio", by = "cox" },
  { "difference of restricted mean survival", "restricted mean survival",
    by = "rmst" },
  { "ratio of restricted mean survival", by = 'rmst with effect = "ratio"' },
}

local known, providers = {}, {}
M.words = {} -- all that name a measure
for _, list in ipairs(measures) do
  providers[list[1]] = list.by
  for _, words in ipairs(list) do
    known[words:gsub("[%s%-]", "")] = list[1]
    M.words[#M.words + 1] = words
  end
end

local function with_article(words)
  return (words:find "^[aeiou]" and "an " or "a ") .. words
end

--- estimand.measure(words) -> the name of a summary measure, or nil
function M.measure(words)
  return known[(words:lower():gsub("[%s%-]", ""))]
end

local of_logarithm = { ["difference of means"] = "ratio of geometric means",
  shift = "hodges-lehmann ratio",
  ["difference of medians"] = "ratio of medians" }

-- What a shift is too, of distributions that differ by nothing else.
local also = { shift = "difference of medians",
  ["hodges-lehmann ratio"] = "ratio of medians" }

local function is_log(variable)
  return type(variable) == "string" and variable:find "^%s*ln%s*%b()%s*$"
end

--- estimand.estimated(endpoint) -> the measure that its analysis estimates, or
-- nil for a test alone
function M.estimated(e)
  local method = e.method and analysis.find(e.method)
  if not method or not method.measure or e.overall or e.each then return nil end
  local words = method.measure(e.options or {})
  return words and is_log(e.variable) and of_logarithm[words] or words
end

local function is_condition(e)
  local words = e.variable
  return e.missing == "nonresponder" or type(words) == "string"
    and words:find "[<>=]" ~= nil
end

local function look_at_summary(e, add)
  local estimated = M.estimated(e)
  if e.measure and e.measure ~= estimated
    and e.measure ~= also[estimated] then
    add("%s %s, and the summary is the %s: %s", e.method, estimated
      and "estimates " .. with_article(estimated) or "tests and estimates none",
      e.measure, providers[e.measure])
  end
end

local function look_at_variable(e, add)
  local method = analysis.find(e.method)
  if is_condition(e) and not method.text and not method.survival
    and not method.model then
    add("%s looks at numbers, and %s holds or does not: riskdiff compares "
      .. "proportions", e.method, e.variable or "the variable")
  end
end

-- Of times to which a competing event belongs (CNSR 2) the others are censored
-- at it.
local function censored_at_competing(e, main)
  return main and analysis.find(main.method).competing
    and e.definition.parameter == main.definition.parameter
end

local function look_at_event(e, event, add, main)
  local method = analysis.find(e.method)
  local name, strategy = event.name, event.strategy
  if strategy == "treatment policy" and name == "death" then
    add("death has no treatment policy: there are no values after it; "
      .. "composite, while alive or hypothetical say what is meant")
  elseif (strategy == "while alive" or strategy == "hypothetical")
    and e.missing == "nonresponder" then
    add('%s is "%s", and missing = "nonresponder" counts who is gone as a '
      .. "failure: that is composite", name, strategy)
  elseif method.competing and strategy == "while alive" then
    return
  elseif method.survival and strategy == "while alive" then
    add("%s is while alive, and %s takes who has it as if the time went on: "
      .. "cuminc does not", name, e.method)
  elseif method.survival and strategy == "hypothetical"
    and censored_at_competing(e, main) then
    return
  elseif method.survival and (strategy == "composite"
      or strategy == "hypothetical") then
    add("%s is %s: the times of %s must %s it, which is not looked at here",
      name, strategy, table.concat(e.parameters or { e.data }, ", "),
      strategy == "composite" and "count" or "be censored at")
  elseif strategy == "hypothetical" and not method.likelihood
    and e.missing ~= "LOCF" then
    add('%s is "hypothetical", and %s leaves out who has it: that asks what '
      .. "would be if those were gone by chance alone; a model of all visits "
      .. "(mmrm) needs less", name, e.method)
  elseif strategy == "outcome" and not is_condition(e)
    and not method.survival and e.variable ~= "any" then
    add("%s is the outcome, and %s is no condition on it", name,
      e.variable or "AVAL")
  end
end

--- estimand.remarks(endpoint [, main]) -> list of texts: where the analysis
-- does not implement the stated estimand, and why; main is the endpoint that it
-- varies.
function M.remarks(e, main)
  local list = {}
  local function add(...) list[#list + 1] = string.format(...) end
  look_at_summary(e, add)
  look_at_variable(e, add)
  for _, event in ipairs(e.events or {}) do look_at_event(e, event, add, main) end
  if main and e.kind == "sensitivity" then
    local ours, theirs = M.estimated(e), M.estimated(main)
    if ours and theirs and ours ~= theirs then
      add("it estimates %s, the main analysis %s: another question, which "
        .. "stands under supplementary", with_article(ours),
        with_article(theirs))
    end
  end
  return list
end

--- estimand.of_all(endpoints) -> lines "ID, name: remark"; what is said of an
-- endpoint is not said again of its variations.
function M.of_all(list)
  local lines = {}
  for _, e in ipairs(list) do
    local said = {}
    local function look(v, name, main)
      for _, words in ipairs(M.remarks(v, main)) do
        if not said[words] then
          said[words] = true
          lines[#lines + 1] = ("%s: %s"):format(name, words)
        end
      end
    end
    look(e, e.id)
    for _, v in ipairs(e.variations or {}) do
      look(v, e.id .. "/" .. v.variation, e)
    end
  end
  return lines
end

return M
