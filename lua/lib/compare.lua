-- "A vs B": which groups a statistic compares. Every difference is A minus B,
-- every ratio A over B.
--
--   local a, b = compare.choose { who = "ttest", variable = "TRT01P",
--     levels = model:info().group.levels, compare = opt.compare, data = data }
--   a.name, a.members (places in levels), a.n, a.n_row

local text = require "ts.text"
local fail = require "ts.error".fail
local names = require "trialsh.names"

local M = {}

--- compare.split(s, known) -> A, B: known(name) decides where a name that
-- holds " vs " itself is cut; nil when s is no comparison.
function M.split(s, known)
  local first_a, first_b
  local from = 1
  while true do
    local start, stop = s:find("%s+vs%.?%s+", from)
    if not start then return first_a, first_b end
    local a = s:sub(1, start - 1):gsub("^%s+", "")
    local b = s:sub(stop + 1):gsub("%s+$", "")
    if a ~= "" and b ~= "" then
      if known and known(a) and known(b) then return a, b end
      first_a, first_b = first_a or a, first_b or b
    end
    from = start + 1
  end
end

--- compare.trial_of(data): the trial of a relation's study, or nil; it says
-- what is the reference and which arms are pooled.
function M.trial_of(data)
  local meta = type(data) == "table" and getmetatable(data)
  if not (meta and meta.__frame) then return nil end
  local node = require "trialsh.relation".node_of(data)
  local study = node and node.study
  return node and node.trial or study and study.trial and study:trial() or nil
end

local function names_of(levels)
  local list = {}
  for i, level in ipairs(levels) do list[i] = level.name end
  return list
end

--- compare.pools_of(trial): { [name of a pooled arm] = { arms } }
function M.pools_of(trial)
  local pools = {}
  for _, arm in ipairs(trial and trial.arms or {}) do
    if arm.pool then pools[arm.name] = arm.pool end
  end
  return pools
end

local function find(levels, pools, name)
  for i, level in ipairs(levels) do
    if level.name == name then return { i } end
  end
  if not pools[name] then return nil end
  local members = {}
  for _, part in ipairs(pools[name]) do
    for i, level in ipairs(levels) do
      if level.name == part then members[#members + 1] = i end
    end
  end
  return #members > 0 and members or nil
end

local function side(spec, pools, name)
  local members = find(spec.levels, pools, name)
  if not members then
    local known = names_of(spec.levels)
    for pool in pairs(pools) do known[#known + 1] = pool end
    table.sort(known)
    fail("not found", ("%s: %s has no '%s'%s"):format(spec.who, spec.variable,
      name, names.hint(name, known, names_of(spec.levels))))
  end
  local group = { name = name, members = members, n = 0, n_row = 0 }
  for _, i in ipairs(members) do
    group.n = group.n + spec.levels[i].n
    group.n_row = group.n_row + spec.levels[i].n_row
  end
  return group
end

local function given(spec, pools)
  if type(spec.compare) ~= "string" then
    fail("type", ('%s: compare is text, "A vs B", not a %s'):format(spec.who,
      type(spec.compare)))
  end
  local a, b = M.split(spec.compare, function(name)
    return find(spec.levels, pools, name)
  end)
  if not a then
    fail("invalid", ('%s: compare = "%s" is not "A vs B"'):format(spec.who,
      spec.compare))
  end
  local left, right = side(spec, pools, a), side(spec, pools, b)
  for _, i in ipairs(left.members) do
    for _, j in ipairs(right.members) do
      if i == j then
        fail("invalid", ("%s: %s is on both sides of \"%s\""):format(spec.who,
          text.escape(spec.levels[i].name), spec.compare))
      end
    end
  end
  return left, right
end

-- Levels that some row has, in their order.
local function present(levels)
  local list = {}
  for _, level in ipairs(levels) do
    if level.n_row > 0 then list[#list + 1] = level end
  end
  table.sort(list, function(x, y) return x.place < y.place end)
  return list
end

--- compare.choose(spec) -> A, B: those of spec.compare, else, of two groups,
-- the other against the reference (spec.reference, the trial's, or the first).
function M.choose(spec)
  local trial = M.trial_of(spec.data)
  local pools = M.pools_of(trial)
  if spec.compare ~= nil then return given(spec, pools) end
  local groups = present(spec.levels)
  if #groups < 2 then
    fail("degenerate", ("%s: two groups are needed, %s has %s"):format(spec.who,
      spec.variable, #groups == 1 and "only " .. text.escape(groups[1].name)
        or "none"))
  end
  if #groups > 2 then
    fail("invalid", ('%s: %s has %d groups (%s); compare = "%s vs %s" says which')
      :format(spec.who, spec.variable, #groups, names.list(names_of(groups)),
        text.escape(groups[2].name), text.escape(groups[1].name)))
  end
  local reference = spec.reference or trial and trial.reference
  local a, b = groups[2], groups[1]
  if a.name == reference then a, b = b, a end
  return side(spec, pools, a.name), side(spec, pools, b.name)
end

return M
