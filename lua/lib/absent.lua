-- Statistics that the language is to have and has not yet: what to say to who
-- asks for one, at the prompt, in the help, or as the analysis of an endpoint. An
-- entry counts until a function of its name is there.

local M = {}

-- name, what it is, topics of the help that come next to it, words for it
local list = {
  { "glm", "logistic regression and other generalised linear models",
    "oddsratio riskdiff cmh rateratio lm",
    "logistic logit poisson binomial probit genmod loglinear" },
  { "gee", "generalised estimating equations", "mmrm cmh", "geeglm geepack" },
  { "ordinal", "a model of proportional odds", "wilcoxon cmh", "polr" },
  { "fine_gray", "regression of subdistribution hazards", "cuminc cox",
    "finegray subdistribution" },
  { "mcf", "the mean number of recurrent events over time", "rateratio",
    "recurrent recurrence" },
  { "sace", "the effect in those who would survive under both arms",
    "endpoint", "survivor" },
  { "nls", "nonlinear least squares", "lm", "nonlinear nlin" },
  { "brunner_munzel", "the Brunner-Munzel test", "wilcoxon", "brunner" },
  { "friedman", "Friedman's test", "signed_rank kruskal", "" },
  { "bootstrap", "intervals by resampling", "describe", "resampling" },
  { "power", "power and sample sizes", "", "samplesize", analysis = false },
}

local by_name, by_word = {}, {}
for _, entry in ipairs(list) do
  entry.topics = {}
  for topic in entry[3]:gmatch "%S+" do
    entry.topics[#entry.topics + 1] = topic
  end
  by_name[entry[1]], by_word[entry[1]] = entry, entry
  for word in entry[4]:gmatch "%S+" do by_word[word] = entry end
end

--- absent.list: all of it, { name, what, topics =, ... }
M.list = list

local function still(entry)
  return entry and rawget(_G, entry[1]) == nil and entry or nil
end

--- absent.topics(word): of what is there instead, or of the function that the
-- word means and that is there by now; nil for other words
function M.topics(word)
  local entry = by_word[word]
  if not entry then return nil end
  return still(entry) and entry.topics or { entry[1] }
end

--- absent.is_analysis(name): whether an endpoint will be able to name it.
function M.is_analysis(name)
  local entry = still(by_name[name])
  return entry ~= nil and entry.analysis ~= false
end

--- absent.sentence(word) -> "gee is not there yet (generalised ...)", or nil
function M.sentence(word)
  local entry = type(word) == "string" and still(by_word[word:lower()])
  if not entry then return nil end
  local there = {}
  for _, topic in ipairs(entry.topics) do there[#there + 1] = "?" .. topic end
  return ("%s is not there yet (%s)%s"):format(entry[1], entry[2], #there > 0
    and "; there is " .. table.concat(there, ", ") or "")
end

return M
