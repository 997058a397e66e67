-- What a contrast compares: which category, and of its levels "A vs B", weights
-- by name, all pairs, each with the reference.

local compare = require "trialsh.compare"
local fail = require "ts.error".fail
local hint_of = require "trialsh.names".hint
local variables = require "trialsh.model.variables"

local M = {}

-- Which category -------------------------------------------------------------

-- A name in a comparison: a level, or a pooled arm with a level in the model.
local function members_of(x, pools, name)
  for i, level in ipairs(x.levels) do
    if level == name then return { i } end
  end
  local list = {}
  for _, part in ipairs(pools[name] or {}) do
    for i, level in ipairs(x.levels) do
      if level == part then list[#list + 1] = i end
    end
  end
  return #list > 0 and list or nil
end

local function categories(state)
  local list = {}
  for _, x in ipairs(variables.of(state)) do
    if x.category then list[#list + 1] = x end
  end
  if #list == 0 then
    local x = variables.of(state)[1]
    fail("invalid", ("%s: the model has no category to compare%s"):format(
      state.who, x and ("; factor(%s) in the formula makes one of numbers")
        :format(x.name) or ""))
  end
  return list
end

-- The category that knows the names in the entries; of several the one with a
-- reference, the trial's or one that was given; of repeated measures not the
-- visit.
local function find_category(state, entries, opt, pools)
  if opt.factor then return variables.category(state, opt.factor) end
  local list, fitting = categories(state), {}
  for _, x in ipairs(list) do
    local function known(name) return members_of(x, pools, name) end
    local all = true
    for _, entry in ipairs(entries) do
      if type(entry) == "string" and entry ~= "pairwise"
        and entry ~= "reference" then
        local a, b = compare.split(entry, known)
        all = all and a and known(a) and known(b)
      elseif type(entry) == "table" then
        for key in pairs(entry) do
          all = all and (key == 1 or known(key))
        end
      end
    end
    if all then fitting[#fitting + 1] = x end
  end
  if #fitting == 0 and #list == 1 then return list[1] end
  if #fitting > 1 then
    local with = {}
    for _, x in ipairs(fitting) do
      if state.reference[x.name] then with[#with + 1] = x end
    end
    if #with == 1 then return with[1] end
    for i = #fitting, 1, -1 do
      if fitting[i].name == state.by then table.remove(fitting, i) end
    end
  end
  if #fitting == 1 then return fitting[1] end
  local names = {}
  for i, x in ipairs(#fitting > 1 and fitting or list) do names[i] = x.name end
  fail("invalid", ('%s: which category is compared? factor = "%s"%s'):format(
    state.who, names[1], #names > 1 and " or another of " .. table.concat(names,
      ", ") or ""))
end

-- What is compared -----------------------------------------------------------

local function reference_of(state, x, opt)
  local name = opt.reference or state.reference[x.name]
  for i, level in ipairs(x.levels) do
    if level == name then return i end
  end
  if opt.reference then
    fail("not found", ("%s: %s has no '%s'"):format(state.who, x.name,
      opt.reference))
  end
  return 1
end

local function unknown_level(state, x, pools, name)
  local known = { table.unpack(x.levels) }
  for pool in pairs(pools) do known[#known + 1] = pool end
  table.sort(known)
  fail("not found", ("%s: %s has no '%s' in the rows used%s"):format(
    state.who, x.name, name, hint_of(name, known, x.levels)))
end

-- A side: { name, members }; shares are set when the counts are known.
local function side(state, x, pools, name)
  local members = members_of(x, pools, name)
  if not members then unknown_level(state, x, pools, name) end
  return { name = name, members = members }
end

-- "A - B" of two levels: what to write instead.
local function versus(x, pools, entry)
  local from = 1
  while true do
    local start, stop = entry:find("%s*[-/:,]%s*", from)
    if not start then return "" end
    local a, b = entry:sub(1, start - 1), entry:sub(stop + 1)
    if members_of(x, pools, a) and members_of(x, pools, b) then
      return ('; write "%s vs %s"'):format(a, b)
    end
    from = stop + 1
  end
end

local function two_sides(state, x, pools, entry)
  local a, b = compare.split(entry, function(name)
    return members_of(x, pools, name)
  end)
  if not a then
    fail("invalid", ('%s: "%s" is not "A vs B"%s'):format(state.who, entry,
      versus(x, pools, entry)))
  end
  local left, right = side(state, x, pools, a), side(state, x, pools, b)
  for _, i in ipairs(left.members) do
    for _, j in ipairs(right.members) do
      if i == j then
        fail("invalid", ('%s: %s is on both sides of "%s"'):format(state.who,
          x.levels[i], entry))
      end
    end
  end
  return { name = left.name .. " vs " .. right.name, a = left, b = right }
end

-- { "trend", Placebo = -1, High = 1 }
local function by_weights(state, x, pools, entry)
  local names, out = {}, { name = entry[1], parts = {} }
  if type(entry[1]) ~= "string" then
    fail("invalid", ('%s: a contrast of weights begins with its name: { "trend"'
      .. ", %s = -1, ... }"):format(state.who, x.levels[1]))
  end
  for key in pairs(entry) do
    if key ~= 1 then names[#names + 1] = tostring(key) end
  end
  table.sort(names)
  for _, name in ipairs(names) do
    local w = entry[name]
    if type(w) ~= "number" or w ~= w or math.abs(w) == math.huge then
      fail("type", ("%s: %s: the weight of %s is no number"):format(state.who,
        out.name, name))
    end
    local s = side(state, x, pools, name)
    s.weight = w
    out.parts[#out.parts + 1] = s
  end
  if #names == 0 then
    fail("invalid", ("%s: %s has no weights"):format(state.who, out.name))
  end
  return out
end

local function each_against(x, reference, list)
  for i, level in ipairs(x.levels) do
    if i ~= reference then
      list[#list + 1] = { name = level .. " vs " .. x.levels[reference],
        a = { name = level, members = { i } },
        b = { name = x.levels[reference], members = { reference } } }
    end
  end
end

local function all_pairs(x, list)
  for j = 1, #x.levels do
    for i = j + 1, #x.levels do
      list[#list + 1] = { name = x.levels[i] .. " vs " .. x.levels[j],
        a = { name = x.levels[i], members = { i } },
        b = { name = x.levels[j], members = { j } } }
    end
  end
end

local function read_entries(state, x, pools, entries, opt)
  local list, asked = {}, #entries == 0
  for _, entry in ipairs(entries) do asked = asked or entry == "reference" end
  if opt.reference and not asked then
    fail("invalid", ("%s: reference = is for comparisons with it, "
      .. "\"reference\"; these name both sides"):format(state.who))
  end
  if #entries == 0 then each_against(x, reference_of(state, x, opt), list) end
  for _, entry in ipairs(entries) do
    if entry == "pairwise" then
      all_pairs(x, list)
    elseif entry == "reference" then
      each_against(x, reference_of(state, x, opt), list)
    elseif type(entry) == "string" then
      list[#list + 1] = two_sides(state, x, pools, entry)
    elseif type(entry) == "table" then
      list[#list + 1] = by_weights(state, x, pools, entry)
    else
      fail("type", ('%s: a comparison is "A vs B" or { "name", A = -1, B = 1 },'
        .. " not a %s"):format(state.who, type(entry)))
    end
  end
  return list
end

--- comparisons.read(state, entries, opt) -> list, the category
-- A comparison is { name, a, b } with sides { name, members = places of levels },
-- or { name, parts = sides with weight }. opt: factor, reference.
function M.read(state, entries, opt)
  local pools = compare.pools_of(state.trial)
  local x = find_category(state, entries, opt, pools)
  return read_entries(state, x, pools, entries, opt), x
end

return M
