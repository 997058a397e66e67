-- Named changes of an endpoint: sensitivity, supplementary, and what is done
-- instead when a rule holds. Each is an endpoint of its own with some keys
-- changed.

local definition = require "trialsh.endpoint.definition"
local trial_module = require "trialsh.trial"

local M = {}

local sorted = definition.sorted

-- A sensitivity variation asks the same question under other assumptions.
local assumptions = { analysis = true, missing = true, adjust = true,
  note = true }

-- What a rule may change besides.
local rule = { when = true, within = true, variable = true, missing = true,
  analysis = true, summary = true, note = true }

local function is_named(t)
  return type(t) == "table" and next(t) ~= nil and t[1] == nil
end

-- A table with names changes just these of the main one, all else replaces.
local function merge(key, base, change)
  if not is_named(change) then return change end
  local out = {}
  if key == "analysis" and type(base) == "string" then base = { base } end
  for k, v in pairs(type(base) == "table" and base or {}) do out[k] = v end
  for k, v in pairs(change) do out[k] = v end
  return out
end

local function varied(e, entry)
  local def = {}
  for key, value in pairs(e.definition) do def[key] = value end
  def.sensitivity, def.supplementary, def.subgroups = nil, nil, nil
  def.instead = nil
  if entry.parameter then def.data = nil end -- it finds a table of its own
  for key, value in pairs(entry) do
    if key ~= 1 then def[key] = merge(key, def[key], value) end
  end
  return def
end

-- What the changes lead to; what was wrong before is told of the main alone.
local function make(e, name, kind, entry, before, problems, read)
  local v = setmetatable({ id = e.id, definition = varied(e, entry),
    file = e.file, line = e.line, trial = e.trial, variation = name,
    kind = kind }, getmetatable(e))
  -- a comparison that it keeps and cannot do is left out, not wrong
  v.inherits = v.definition.compare == e.definition.compare
  local key = kind == "instead" and e.kind ~= "main" and e.kind or kind
  for _, p in ipairs(read(v)) do
    if not before[p.text] then
      problems:add(key, kind == "instead" and p.value or name, "%s: %s", name,
        p.text)
    end
  end
  return v
end

local function add(e, kind, before, problems, read)
  local given = e.definition[kind]
  for i, entry in ipairs(type(given) == "table" and given or {}) do
    local name = type(entry) == "table" and entry[1]
    if type(name) ~= "string" or name == "main" or name:find "[./]" then
      problems:add(kind, nil, "entry %d of %s begins with its name, without "
        .. ". and /: { \"exact\", analysis = \"fisher\" }", i, kind)
    elseif e.variations[name] then
      problems:add(kind, name, "two variations are called %s", name)
    else
      for _, key in ipairs(sorted(entry)) do
        if kind == "sensitivity" and key ~= 1 and not assumptions[key] then
          problems:add(kind, name, "%s changes %s, which is another question: "
            .. "it stands under supplementary", name, tostring(key))
        end
      end
      local v = make(e, name, kind, entry, before, problems, read)
      e.variations[#e.variations + 1], e.variations[name] = v, v
    end
  end
  for _, key in ipairs(sorted(type(given) == "table" and given or {})) do
    if math.type(key) ~= "integer" then
      problems:add(kind, nil, "%s is a list of entries that begin with their "
        .. 'name, { { "exact", %s = ... } }', kind, tostring(key))
    end
  end
end

-- The rule of instead: an expression over the rows of one arm.
local function add_rule(e, before, problems, read)
  local given = e.instead
  if type(given) ~= "table" then return end
  local good = true
  local function wrong(...)
    problems:add("instead", ...)
    good = false
  end
  for _, key in ipairs(sorted(given)) do
    if not rule[key] then
      wrong(nil, "instead: no key %s%s", tostring(key),
        trial_module.nearest(key, sorted(rule)))
    end
  end
  if type(given.when) ~= "string" or type(given.within) ~= "string" then
    wrong(nil, 'instead: when = "median(PCHG) >= 50" is a condition, within = '
      .. '"Placebo" the arm in which it is asked')
  elseif e.trial and not e.trial.arms[given.within] then
    wrong(given.within, "instead: no arm %s%s", given.within,
      trial_module.nearest(given.within, trial_module.names(e.trial.arms),
        "arms:"))
  end
  if not good then return end
  local change = {}
  for key, value in pairs(given) do
    if key ~= "when" and key ~= "within" then change[key] = value end
  end
  e.other = make(e, "instead", "instead", change, before, problems, read)
  e.other.variation = e.variation
end

--- variation.read(endpoint, problems, read): fills in variations, and other:
-- what the rule of instead puts in its place. read is definition.read.
function M.read(e, problems, read)
  local before = {}
  for _, p in ipairs(problems) do before[p.text] = true end
  add_rule(e, before, problems, read)
  if e.kind == "main" then
    add(e, "sensitivity", before, problems, read)
    add(e, "supplementary", before, problems, read)
  end
end

return M
