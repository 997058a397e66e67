-- What a trial's definition may hold, and whether it makes sense: every
-- mistake is collected, and told at once (problems:add).

local text = require "ts.text"

local M = {}
local List = {}

-- A list of entries { name, label, ... } that answers to place and to name.
function List.__index(list, name)
  for i = 1, #list do
    local entry = rawget(list, i)
    if entry.name == name then return entry end
  end
  return nil
end

function M.names(list)
  local out = {}
  for i, entry in ipairs(list or {}) do out[i] = entry.name end
  return out
end

function M.sorted(t)
  local list = {}
  for key in pairs(t) do list[#list + 1] = key end
  table.sort(list, function(a, b) return tostring(a) < tostring(b) end)
  return list
end

function M.nearest(name, list, otherwise)
  local near = type(name) == "string" and text.nearest(name, list)
  return near and "; nearest: " .. near
    or otherwise and #list > 0 and "; " .. otherwise .. " "
      .. table.concat(list, ", ") or ""
end

local names, sorted, nearest = M.names, M.sorted, M.nearest

--- trial_check.keys: what a definition may hold, and the type of each.
M.keys = {
  title = "string", registration = "any", arms = "table", compare = "any",
  randomisation = "table", dosing = "table", visits = "table",
  populations = "table", parameters = "table", intercurrent = "table",
  alpha = "number", conf_level = "number", seed = "number",
}

-- Words that endpoints take as they stand in the trial: which values are better,
-- and what is done about an intercurrent event. outcome: the event is what is
-- counted, as death is of mortality.
M.directions = { "higher", "lower", "later", "earlier" }
M.strategies = { "treatment policy", "composite", "while alive",
  "hypothetical", "outcome", "principal stratum" }

local choices = { "closest", "first", "last", "worst", "mean" }

-- Per list: fields, which stand in place of a key; keys of an entry; options,
-- keys of the list itself. A kind is a type, "a or b", or a list of words.
local lists = {
  arms = { fields = { "label" },
    keys = { label = "string", reference = "boolean", pool = "table" } },
  visits = { fields = { "day" },
    keys = { day = "number", window = "table" },
    options = { choose = choices, ties = { "later", "earlier" },
      order = "string" } },
  populations = { fields = { "label", "condition" },
    keys = { label = "string", condition = "string", treatment = "string" } },
  parameters = { fields = { "label", "table" },
    keys = { label = "string", table = "string", unit = "string",
      limit = "number or string", range = "table", analyte = "string",
      better = M.directions } },
  intercurrent = { fields = { "label", "table" },
    keys = { label = "string", table = "string", date = "string",
      strategy = "string or table" } },
}

local function is_kind(value, kind)
  if type(kind) == "string" then
    for word in kind:gmatch "%a+" do
      if word ~= "or" and type(value) == word then return true end
    end
    return false
  end
  for _, word in ipairs(kind) do
    if word == value then return true end
  end
  return false
end

local function check_value(problems, key, where, name, value, kind)
  if is_kind(value, kind) then return true end
  if type(kind) == "table" then
    problems:add(key, type(value) == "string" and value or nil,
      "%s: no %s %s%s", where, name, tostring(value),
      nearest(value, kind, "there are"))
  else
    problems:add(key, where, "%s: %s is a %s, a %s is needed", where, name,
      type(value), kind)
  end
end

-- One entry as a table of fields; nil where it has no name.
local function entry_of(problems, key, given, spec, i)
  if type(given) ~= "table" or type(given[1]) ~= "string" then
    problems:add(key, nil, "entry %d of %s does not begin with its name", i,
      key)
    return nil
  end
  local out = { name = given[1] }
  local most = #spec.fields + 1
  for j = 2, most do
    local name = spec.fields[j - 1]
    if given[j] ~= nil and check_value(problems, key, out.name, name, given[j],
        spec.keys[name]) then
      out[name] = given[j]
    end
  end
  for _, name in ipairs(sorted(given)) do
    if type(name) == "number" then
      if name > most then
        problems:add(key, out.name, "%s: %s is too much; an entry of %s is "
          .. "{ name, %s }", out.name, tostring(given[name]), key,
          table.concat(spec.fields, ", "))
      end
    elseif not spec.keys[name] then
      problems:add(key, out.name, "%s: no key %s%s", out.name, tostring(name),
        nearest(name, sorted(spec.keys), "there are"))
    elseif check_value(problems, key, out.name, name, given[name],
        spec.keys[name]) then
      out[name] = given[name]
    end
  end
  return out
end

local function entries(problems, key, given)
  local spec = lists[key]
  local list, seen = setmetatable({}, List), {}
  for i, item in ipairs(given or {}) do
    local entry = entry_of(problems, key, item, spec, i)
    if entry then
      if seen[entry.name] then
        problems:add(key, entry.name, "%s has '%s' twice", key, entry.name)
      end
      seen[entry.name] = true
      rawset(list, #list + 1, entry)
    end
  end
  for _, name in ipairs(sorted(given or {})) do
    local kind = spec.options and spec.options[name]
    if type(name) ~= "number" and not kind then
      problems:add(key, nil, "%s: no key %s%s", key, tostring(name),
        spec.options and nearest(name, sorted(spec.options), "there are")
          or "; each entry is { name, ... }")
    elseif kind and check_value(problems, key, key, name, given[name],
        kind) then
      rawset(list, name, given[name])
    end
  end
  return list
end

-- Two numbers, the first the smaller; either may be left out by name.
local function bounds(problems, key, entry, what)
  local given = entry[what]
  if given == nil then return end
  local low, high = given[1] or given.from, given[2] or given.upto
  for name, value in pairs(given) do
    if name ~= 1 and name ~= 2 and name ~= "from" and name ~= "upto"
        or type(value) ~= "number" then
      problems:add(key, entry.name, "%s: %s is { from, upto }, two numbers, or "
        .. "{ from = } or { upto = } alone", entry.name, what)
      entry[what] = nil
      return
    end
  end
  if not low and not high then
    problems:add(key, entry.name, "%s: %s is empty", entry.name, what)
    entry[what] = nil
  elseif low and high and low > high then
    problems:add(key, entry.name, "%s: %s ends at %s, before it begins at %s",
      entry.name, what, text.number(high), text.number(low))
  end
  return low, high
end

--- trial_check.bounds(list): from, upto of { a, b }, { from = } or { upto = }.
function M.bounds(given)
  return given[1] or given.from, given[2] or given.upto
end

local function check_visits(problems, visits)
  local before
  for _, visit in ipairs(visits) do
    if not visit.day then
      problems:add("visits", visit.name, "visit %s has no day", visit.name)
    elseif visit.day == 0 or visit.day % 1 ~= 0 then
      problems:add("visits", visit.name, "visit %s: there is no day %s; the "
        .. "days are ..., -1, 1, 2, ...", visit.name, text.number(visit.day))
    end
    local low, high = bounds(problems, "visits", visit, "window")
    local day = visit.day
    if day and (low and day < low or high and day > high) then
      problems:add("visits", visit.name, "visit %s: day %s lies outside of its "
        .. "window", visit.name, text.number(day))
    end
    if visit.window then
      if before and (not before.high or not low or low <= before.high) then
        problems:add("visits", visit.name, "the windows of %s and %s overlap",
          before.name, visit.name)
      end
      before = { name = visit.name, high = high }
    end
  end
end

local function check_populations(problems, populations)
  for _, p in ipairs(populations) do
    if not p.condition then
      problems:add("populations", p.name,
        "population %s has no condition on ADSL", p.name)
    end
  end
end

local function check_parameters(problems, parameters)
  for _, p in ipairs(parameters) do
    if not p.table then
      problems:add("parameters", p.name, "parameter %s names no table", p.name)
    end
    bounds(problems, "parameters", p, "range")
    if type(p.limit) == "number" and not (p.limit > 0) then
      problems:add("parameters", p.name, "%s: a limit is above 0, or the name "
        .. "of a column", p.name)
    end
  end
end

local function check_intercurrent(problems, events)
  for _, event in ipairs(events) do
    local given = event.strategy
    local word = type(given) == "table" and given[1] or given
    if not event.date then
      problems:add("intercurrent", event.name, '%s has no date: { "%s", '
        .. '"label", "adsl", date = "DTHDT" }', event.name, event.name)
    end
    if given ~= nil and check_value(problems, "intercurrent", event.name,
        "strategy", word, M.strategies) and event.name == "death" then
      problems:add("intercurrent", event.name, "death has no default strategy: "
        .. "each endpoint says what death means")
    end
  end
end

local function is_whole(x) return type(x) == "number" and x % 1 == 0 end

local function is_list(value)
  return type(value) == "table" and #value > 0
end

-- permuted blocks: sizes hold the ratio, a whole number of times
local schemes = { "permuted blocks", "simple", "fixed numbers" }
local scheme_keys = { ratio = "table", sizes = "table",
  strata = "string or table", order = "string", block = "string" }

local function check_strata(r, wrong)
  for _, name in ipairs(type(r.strata) == "table" and r.strata or {}) do
    if type(name) ~= "string" then
      wrong("strata are columns of adsl, not %s", tostring(name))
    end
  end
  for _, key in ipairs { "sizes", "block" } do
    if r[key] ~= nil and r[1] ~= "permuted blocks" then
      wrong('%s is for "permuted blocks", not for "%s"', key, tostring(r[1]))
    end
  end
end

-- What is wrong with a scheme for some arms: wrong(format, ...) is told each.
local function look_at_scheme(r, n_arms, wrong)
  if not is_kind(r[1], schemes) then
    wrong("no scheme %s%s", tostring(r[1]),
      nearest(r[1], schemes, "there are"))
  end
  local sum = 0
  for _, share in ipairs(is_list(r.ratio) and r.ratio or {}) do
    if not is_whole(share) or share < 1 then
      return wrong("the ratio holds whole numbers, not %s", tostring(share))
    end
    sum = sum + share
  end
  if is_list(r.ratio) and #r.ratio ~= n_arms then
    return wrong("the ratio has %d numbers, there are %d arms", #r.ratio,
      n_arms)
  end
  if sum == 0 then sum = n_arms end
  for _, size in ipairs(is_list(r.sizes) and r.sizes or {}) do
    if not is_whole(size) or size < 1 or sum > 0 and size % sum ~= 0 then
      wrong("a block of %s does not hold the ratio, which sums to %d, a whole "
        .. "number of times", tostring(size), sum)
    end
  end
  if r[1] == "permuted blocks" and not is_list(r.sizes) then
    wrong "permuted blocks have sizes, sizes = { 3, 6 }"
  end
  if n_arms < 2 then wrong "there are no two arms to choose from" end
  check_strata(r, wrong)
end

local function check_randomisation(problems, t)
  local r = t.randomisation
  if not r then return end
  local function wrong(format, ...)
    problems:add("randomisation", nil, "randomisation: " .. format, ...)
  end
  for _, name in ipairs(sorted(r)) do
    if name ~= 1 and not scheme_keys[name] then
      wrong("no key %s%s", tostring(name), nearest(name, sorted(scheme_keys),
        "there are"))
    elseif name ~= 1 then
      check_value(problems, "randomisation", "randomisation", name, r[name],
        scheme_keys[name])
    end
  end
  local n_arms = 0
  for _, arm in ipairs(t.arms) do n_arms = n_arms + (arm.pool and 0 or 1) end
  look_at_scheme(r, n_arms, wrong)
end

--- trial_check.randomisation(scheme, n_arms) -> what is wrong with it, texts
function M.randomisation(r, n_arms)
  local list = {}
  local problems = { add = function(_, _, _, format, ...)
    list[#list + 1] = format:format(...)
  end }
  local arms = {}
  for i = 1, n_arms do arms[i] = {} end
  check_randomisation(problems, { randomisation = r, arms = arms })
  for i, words in ipairs(list) do
    list[i] = words:gsub("^randomisation: ", "")
  end
  return list
end

local function check_dosing(problems, t)
  for _, name in ipairs(sorted(t.dosing or {})) do
    local days, before = t.dosing[name], nil
    local arm = t.arms[name]
    if not arm or arm.pool then
      problems:add("dosing", type(name) == "string" and name or nil,
        "dosing: no arm %s%s", tostring(name), nearest(name, names(t.arms)))
    elseif not is_list(days) then
      problems:add("dosing", name, "dosing: the days of %s are a list, "
        .. "{ 1, 8, 15 }", name)
    end
    for _, day in ipairs(is_list(days) and days or {}) do
      if not is_whole(day) or day == 0 or before and day <= before then
        problems:add("dosing", name, "dosing: the days of %s are whole numbers "
          .. "in order, without 0", name)
        break
      end
      before = day
    end
  end
end

-- Arms ------------------------------------------------------------------------

--- "A vs B" -> A, B: the arms decide where a name that holds " vs " is cut.
function M.pair(compare, arms)
  if type(compare) ~= "string" then return nil end
  return require "trialsh.compare".split(compare, function(name)
    return arms[name] ~= nil
  end)
end

--- The arms that a name stands for: itself, or those it pools.
function M.members(arms, name)
  return arms[name] and arms[name].pool or { name }
end

-- An arm on both sides of "A vs B".
local function on_both(arms, a, b)
  for _, part in ipairs(M.members(arms, a)) do
    for _, other in ipairs(M.members(arms, b)) do
      if part == other then return part end
    end
  end
end

function M.compare(problems, list, arms)
  local known = names(arms)
  for _, compare in ipairs(list) do
    local a, b = M.pair(compare, arms)
    local both = a and on_both(arms, a, b)
    if both then
      problems:add("compare", compare, '%s is on both sides of "%s"', both,
        compare)
    end
    if not a then
      problems:add("compare", type(compare) == "string" and compare or nil,
        '"%s" is no comparison; write "A vs B"', tostring(compare))
    else
      for _, arm in ipairs { a, b } do
        if #arms > 0 and not arms[arm] then
          problems:add("compare", compare, "no arm %s%s", arm,
            nearest(arm, known, "arms:"))
        end
      end
    end
  end
end

local function check_arms(problems, t)
  for _, arm in ipairs(t.arms) do
    for _, part in ipairs(arm.pool or {}) do
      if not t.arms[part] then
        problems:add("arms", arm.name, "%s pools %s, which is no arm%s",
          arm.name, tostring(part), nearest(part, names(t.arms)))
      end
    end
    if arm.reference then
      if t.reference then
        problems:add("arms", arm.name, "two references: %s and %s",
          t.reference, arm.name)
      end
      t.reference = arm.name
    end
  end
end

local function check_numbers(problems, t)
  for _, key in ipairs { "alpha", "conf_level" } do
    if t[key] and not (t[key] > 0 and t[key] < 1) then
      problems:add(key, nil, "%s = %s is not between 0 and 1", key,
        text.number(t[key]))
    end
  end
  if t.seed and (t.seed % 1 ~= 0 or t.seed < 0) then
    problems:add("seed", nil, "the seed is a whole number from 0")
  end
  local r = t.registration
  for _, word in ipairs(type(r) == "table" and r or { r }) do
    if type(word) ~= "string" then
      problems:add("registration", nil, "registration is a text or a list of "
        .. "them")
    end
  end
end

--- trial_check.build(id, definition, problems) -> fields of the trial
function M.build(id, def, problems)
  local t = { id = id }
  for _, key in ipairs(sorted(def)) do
    local kind = M.keys[key]
    if not kind then
      problems:add(tostring(key), nil, "no key %s%s", tostring(key),
        nearest(key, sorted(M.keys)))
    elseif kind ~= "any" and type(def[key]) ~= kind then
      problems:add(key, nil, "%s is a %s, a %s is needed", key,
        type(def[key]), kind)
    else
      t[key] = def[key]
    end
  end
  for _, key in ipairs(sorted(lists)) do
    t[key] = entries(problems, key, t[key])
  end
  check_arms(problems, t)
  if type(t.compare) == "string" then t.compare = { t.compare } end
  if t.compare ~= nil and type(t.compare) ~= "table" then
    problems:add("compare", nil, 'compare is a list, { "A vs B", ... }')
    t.compare = nil
  end
  M.compare(problems, t.compare or {}, t.arms)
  check_visits(problems, t.visits)
  check_populations(problems, t.populations)
  check_parameters(problems, t.parameters)
  check_intercurrent(problems, t.intercurrent)
  check_randomisation(problems, t)
  check_dosing(problems, t)
  check_numbers(problems, t)
  t.alpha = t.alpha or 0.05
  t.conf_level = t.conf_level or 0.95
  return t
end

return M
