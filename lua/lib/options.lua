-- The trailing table of options, checked in one place for every function.
--
--   local opt = options("ttest", given, {
--     conf_level = { "number", 0.95, above = 0, below = 1 },
--     alternative = { { "two-sided", "less", "greater" }, "two-sided" },
--     paired = { "boolean", false },
--   })
--
-- A spec is { type or list of words, default }. Words ignore case, spaces and
-- hyphens and come back as the spec spells them. "any" takes what is given; of
-- a "list" a text is the only element.

local text = require "ts.text"
local fail = require "ts.error".fail

local function plain(word)
  return (word:lower():gsub("[%s%-_]", ""))
end

local function keys(spec)
  local list = {}
  for key in pairs(spec) do list[#list + 1] = key end
  table.sort(list)
  return list
end

-- The word whose parts begin with these letters: KR of Kenward-Roger.
local function by_initials(value, words)
  for _, w in ipairs(words) do
    local initials = w:gsub("(%a)%a*[^%a]*", "%1")
    if #initials > 1 and initials:lower() == value:lower() then return w end
  end
end

-- Words that are signs stand in quotes, as they are typed.
local function listed(words)
  if words[1]:find "^%p+$" then
    return 'neither "' .. table.concat(words, '" nor "') .. '"'
  end
  return "none of " .. table.concat(words, ", ")
end

local function word(who, key, value, words)
  if type(value) == "string" then
    for _, w in ipairs(words) do
      if plain(w) == plain(value) then return w end
    end
  end
  local near = type(value) == "string" and not words[1]:find "^%p+$"
    and (by_initials(value, words) or text.nearest(value, words))
  fail("invalid", ("%s: %s = %s is %s%s"):format(who, key,
    type(value) == "string" and '"' .. value .. '"' or tostring(value),
    listed(words), near and "; nearest: " .. near or ""))
end

local function check(who, key, value, rule)
  local kind = rule[1]
  if type(kind) == "table" then return word(who, key, value, kind) end
  if kind == "any" then return value end
  if kind == "list" then
    if type(value) == "string" then return { value } end
    if type(value) == "table" then return value end
    fail("type", ("%s: %s is a %s, a text or a list of them is needed"):format(
      who, key, type(value)))
  end
  local good = type(value) == kind
    or kind == "integer" and math.type(value) == "integer"
    or kind == "integer" and math.type(value) == "float" and value % 1 == 0
  if not good then
    fail("type", ("%s: %s is a %s, %s %s is needed"):format(who, key,
      type(value), kind:match "^[aeiou]" and "an" or "a", kind))
  end
  if rule.above and not (value > rule.above)
    or rule.below and not (value < rule.below)
    or rule.least and not (value >= rule.least) then
    fail("invalid", ("%s: %s = %s is out of its range%s%s%s"):format(who, key,
      text.number(value),
      rule.above and ", above " .. text.number(rule.above) or "",
      rule.least and ", at least " .. text.number(rule.least) or "",
      rule.below and ", below " .. text.number(rule.below) or ""))
  end
  return kind == "integer" and math.tointeger(value) or value
end

return function(who, given, spec)
  local out = {}
  if given ~= nil and type(given) ~= "table" then
    fail("type", ("%s: options are a table, { name = value }, not a %s")
      :format(who, type(given)))
  end
  for key, value in pairs(given or {}) do
    local rule = spec[key]
    if not rule then
      local near = type(key) == "string" and text.nearest(key, keys(spec))
      fail("invalid", ("%s has no option %s%s"):format(who, tostring(key),
        near and "; nearest: " .. near
          or "; it has " .. table.concat(keys(spec), ", ")))
    end
    out[key] = check(who, key, value, rule)
  end
  for key, rule in pairs(spec) do
    if out[key] == nil then out[key] = rule[2] end
  end
  return out
end
