-- ??words: the blocks that hold all words, the best first. Words that the help
-- does not use, or uses in many places, lead to what they mean here.

local absent = require "trialsh.absent"
local verbs = require "trialsh.relation.elsewhere"
local functions = require "trialsh.expression.functions"

local M = {}

-- Topics by the words that people look for, the best first.
M.meant = {}
for _, pair in ipairs {
  { "relation:mutate relation:where", "partial incomplete" },
  { "relation:carry relation:mutate endpoint", "impute imputation locf" },
  { "relation:visits trial relation:mutate", "window windows windowing" },
  { "relation:mutate",
    "date dates recode replace transform derive ifelse cumulative running "
    .. "lagged previous" },
  { "study:history study:version", "undo revert restore rollback earlier" },
  { "relation:join", "merge lookup match vlookup" },
  { "relation:wider relation:longer", "pivot reshape transpose crosstab" },
  { "relation:longer", "gather melt unpivot" },
  { "relation:wider", "spread dcast" },
  { "relation:where", "filter subset condition" },
  { "relation:select", "keep drop reorder" },
  { "relation:count describe relation:wider chisq",
    "tabulate tabulation freq frequency frequencies crosstabulate proc_freq" },
  { "relation:order", "sort arrange ranking" },
  { "relation:by relation:summarise", "group groups aggregate" },
  { "relation:summarise relation:by describe", "summarize summary" },
  { "relation:summarise describe", "percentile percentiles" },
  { "relation:union", "append bind stack concatenate rbind" },
  { "relation:distinct relation:key relation:head",
    "duplicate duplicates unique dedupe" },
  { "relation:levels relation:order", "factor factors category categories" },
  { "relation:expect relation:key relation:expect_visits study:findings",
    "validate validation rule rules" },
  { "relation:compare", "diff difference changes" },
  { "read study:import", "load import open" },
  { "study:export figure.points", "save write" },
  { "figure.points figure.survival", "plot graph chart draw" },
  { "lm", "regression ancova anova" },
  { "ttest riskdiff model:contrast",
    "noninferiority non-inferiority inferiority equivalence superiority tost" },
  { "smd", "cohen hedges standardised standardized balance" },
  { "mediandiff wilcoxon", "medians" },
  { "mmrm lmm", "mixed repeated longitudinal" },
  { "km logrank", "survival lifetest survfit" },
  { "cox", "hazard hazards hr phreg coxph coxreg" },
  { "rmst", "restricted" },
  { "endpoint", "sap plan estimand intercurrent" },
  { "relation:detect tobit", "blq lloq censored detection nondetects" },
  { "NA relation:where relation:mutate", "null missing nan" },
} do
  local list = {}
  for topic in pair[1]:gmatch "%S+" do list[#list + 1] = topic end
  for word in pair[2]:gmatch "%S+" do M.meant[word] = list end
end

-- How well a block answers to a word; nil where it does not hold it.
local function score(block, word)
  for place, name in ipairs(absent.topics(word) or M.meant[word] or {}) do
    if block.name == name then return 1000 - place end
  end
  local verb = verbs[word]
  if verb and block.name == "relation:" .. verb then return 900 end
  local name = block.name:lower()
  if name:match "[%w_]+$" == word then return 2000 end
  local f = functions.all[word]
  if f and block.name == (f.aggregate and "relation:summarise"
      or "relation:mutate") then
    return 800
  end
  local points = name:find(word, 1, true) and 300
    or block.title:lower():find(word, 1, true) and 200 or 0
  local body = table.concat(block.body, "\n"):lower()
  local whole = select(2, body:gsub("%f[%w_]" .. word:gsub("%p", "%%%0")
    .. "%f[^%w_]", ""))
  if points == 0 and not body:find(word, 1, true) then return nil end
  local first = (block.body[1] or ""):lower():find(word, 1, true) and 20 or 0
  return points + first + math.min(whole, 9)
end

-- The blocks that hold all words, or any of them, with their points.
local function find(blocks, words, any)
  local found = {}
  for place, block in ipairs(blocks) do
    local sum, all = nil, true
    for word in words:lower():gmatch "%S+" do
      local points = score(block, word)
      all = all and points ~= nil
      sum = points and (sum or 0) + points or sum
    end
    if sum and (all or any) then
      found[#found + 1] = { title = block.title, points = sum, place = place }
    end
  end
  return found
end

-- Of a statistic that is not there, what is instead and nothing else.
local function instead(blocks, word)
  local titles = { absent.sentence(word) }
  for _, topic in ipairs(titles[1] and absent.topics(word:lower()) or {}) do
    for _, block in ipairs(blocks) do
      if block.name == topic then titles[#titles + 1] = block.title end
    end
  end
  return titles
end

--- search.titles(blocks, words): the titles of the blocks that hold all words, or
-- else of those that hold some; first that a statistic is not there yet.
function M.titles(blocks, words)
  local given = instead(blocks, words)
  if #given > 0 then return given end
  local found = find(blocks, words)
  if #found == 0 then found = find(blocks, words, true) end
  table.sort(found, function(a, b)
    if a.points ~= b.points then return a.points > b.points end
    return a.place < b.place
  end)
  local titles = {}
  for i, f in ipairs(found) do titles[i] = f.title end
  return titles
end

return M
