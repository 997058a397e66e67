-- What a definition names and the data do not have: arms, words of conditions,
-- visits without a row or a value. None of it is a mistake for certain: data come
-- late.

local NA = require "ts.na".NA
local relation = require "trialsh.relation"
local trial_module = require "trialsh.trial"
local set = require "trialsh.endpoint.set"

local M = {}

-- The values of the column of arms, and those of them that the trial lacks.
local function arms_in(s, e)
  local column, list, other, there = set.treatment_of(e), {}, {}, {}
  for row in s.adsl:distinct(column):where(('"%s" is not null'):format(column))
    :rows() do list[#list + 1] = row[column] end
  local known = {}
  for _, arm in ipairs(e.trial.arms) do known[arm.name] = true end
  for _, name in ipairs(list) do
    there[name] = true
    if not known[name] then other[#other + 1] = name end
  end
  return there, other
end

local function arms(s, e, add)
  local there, other = arms_in(s, e)
  for _, arm in ipairs(e.trial.arms) do
    if not arm.pool and not there[arm.name] then
      add("no subject of adsl has the arm %s in %s%s", arm.name,
        set.treatment_of(e), trial_module.nearest(arm.name, other,
          "it has besides"))
    end
  end
end

local function words(r, add)
  for _, text in ipairs(relation.strange_words(relation.node_of(r))) do
    add("%s", text)
  end
end

local function place_words(e, at)
  local list = { at.parameter, at.visit, e.where }
  local out = {}
  for i = 1, 3 do
    if list[i] then out[#out + 1] = list[i] end
  end
  return table.concat(out, ", ")
end

-- The same of each outcome of a win ratio.
local function outcomes(s, e, add)
  for _, part in ipairs(require "trialsh.endpoint.hierarchy".parts(e)) do
    local r = set.rows(s, part.endpoint, part.at, true)
    words(r, add)
    if not relation.has(relation.node_of(r), { name = "USUBJID" }) then
      add("no row of %s (%s)", set.table_of(part.endpoint, part.at.parameter),
        place_words(part.endpoint, part.at))
    end
  end
end

-- A value in a row of the place, and else a row: where all are missing, those who
-- have none count as nonresponders without a word.
local function values(e, at, r, add)
  local name, place, lacking = set.table_of(e, at.parameter), place_words(e, at), {}
  local with, response = set.response(r, e)
  for _, column in ipairs(response) do
    if not relation.has(relation.node_of(with), { name = column }) then
      lacking[#lacking + 1] = column
    end
  end
  if #lacking == 0 then return end
  if not relation.has(relation.node_of(r), { name = "USUBJID" }) then
    return add("no row of %s (%s)", name, place)
  end
  for _, column in ipairs(lacking) do
    add("no value of %s in %s%s", column, name, place ~= ""
      and (" (%s)"):format(place) or "")
  end
end

-- Words of conditions; and where those are known, places without a row.
local function rows(s, e, add)
  words(set.subjects(s, e), add)
  if e.hierarchy then return outcomes(s, e, add) end
  for _, parameter in ipairs(e.parameters or { false }) do
    for _, visit in ipairs(e.visits or { e.visit or false }) do
      local at = { parameter = parameter or nil, visit = visit or nil }
      local r, n = set.rows(s, e, at, true), 0
      words(r, function(...)
        n = n + 1
        add(...)
      end)
      if n == 0 and e.variable ~= "any" and e.variable ~= "count" then
        values(e, at, r, add)
      end
    end
  end
end

-- Why the trial's randomisation cannot be done again, or how it differs from what
-- there is.
local function randomised(s)
  local trial = s.trial
  if trial == NA or not trial.randomisation then return nil end
  local scheme, why = require "trialsh.randomisation".of(s)
  local words = scheme and scheme.note or why
  return words and "randomisation: " .. words:gsub("^randomisation: ", "")
end

-- What chooses the rows of an endpoint or variation, in words: those of two that
-- share them are looked at once.
local function choice(e)
  local words = {}
  for i, x in ipairs { e.data or "", e.parameters or "", e.visits or e.visit or "",
      e.where or "", e.variable or "", e.population or "", e.method } do
    words[i] = type(x) == "table" and table.concat(x, "\1") or tostring(x)
  end
  for _, event in ipairs(e.events or {}) do
    words[#words + 1] = event.name .. "\1" .. event.strategy
  end
  return table.concat(words, "\0")
end

--- doubts.of_all(study, endpoints) -> lines; what is said of one is not said
-- again of its variations, nor of arms of another endpoint.
function M.of_all(s, list)
  local lines, told = {}, {}
  for _, e in ipairs(list) do
    local said = {}
    local function look(f, v, name, seen)
      f(s, v, function(...)
        local line = string.format(...)
        if not seen[line] then
          seen[line] = true
          lines[#lines + 1] = name and ("%s: %s"):format(name, line) or line
        end
      end)
    end
    look(arms, e, nil, told)
    local known = {}
    local function look_at_rows(v, name)
      local key = choice(v)
      if not known[key] then look(rows, v, name, said) end
      known[key] = true
    end
    look_at_rows(e, e.id)
    for _, v in ipairs(e.variations or {}) do
      look_at_rows(v, e.id .. "/" .. v.variation)
    end
    if e.other then look_at_rows(e.other, e.id .. "/instead") end
  end
  lines[#lines + 1] = randomised(s)
  return lines
end

return M
