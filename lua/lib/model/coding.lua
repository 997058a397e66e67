-- How the categories of a model are coded, and which level is the reference.

local fail = require "ts.error".fail
local text = require "ts.text"

local M = {}

--- coding.categories(info) -> the categories of a right side
function M.categories(info)
  local list = {}
  for _, v in ipairs(info.x) do
    if v.type == "text" then list[#list + 1] = v end
  end
  return list
end

local function find_category(who, info, name, what)
  local names = {}
  for _, v in ipairs(M.categories(info)) do
    names[#names + 1] = v.name
    if v.name == name or v.name == ("factor(%s)"):format(name) then return v end
  end
  fail("not found", ("%s: %s: the model has no category %s%s"):format(who, what,
    tostring(name), require "trialsh.names".hint(name, names)))
end

local function has_level(v, name)
  for _, level in ipairs(v.levels) do
    if level.name == name then return true end
  end
  return false
end

--- coding.references(who, info, given, trial) -> the level that each category
-- is compared with, by name of the variable: what is said, else the trial's
-- reference where all levels are arms of the trial.
function M.references(who, info, given, trial)
  local out = {}
  if trial and trial.reference then
    local arms = {}
    for _, arm in ipairs(trial.arms) do arms[arm.name] = true end
    for _, v in ipairs(M.categories(info)) do
      local all = true
      for i = 1, v.n_level do all = all and arms[v.levels[i].name] end
      for i = 1, v.n_level do
        if all and v.levels[i].name == trial.reference then
          out[v.name] = trial.reference
        end
      end
    end
  end
  if type(given) == "string" then
    local found
    for _, v in ipairs(M.categories(info)) do
      if has_level(v, given) then
        out[v.name], found = given, true
      end
    end
    if not found then
      local names = {}
      for _, v in ipairs(M.categories(info)) do
        for i = 1, v.n_level do names[#names + 1] = v.levels[i].name end
      end
      fail("not found", ("%s: reference = '%s' is a level of no category%s")
        :format(who, given, require "trialsh.names".hint(given, names)))
    end
  elseif type(given) == "table" then
    for name, level in pairs(given) do
      out[find_category(who, info, name, "reference").name] = tostring(level)
    end
  elseif given ~= nil then
    fail("type", who .. ': reference is a level, or { TRT01P = "Placebo" }')
  end
  return out
end

local kinds = { "treatment", "sum", "helmert" }

local function contrast_of(who, v, given)
  if type(given) == "table" then
    return { variable = v.name, kind = "user", matrix = given }
  end
  for _, kind in ipairs(kinds) do
    if type(given) == "string" and given:lower() == kind then
      return { variable = v.name, kind = kind }
    end
  end
  local near = type(given) == "string" and text.nearest(given, kinds)
  fail("invalid", ("%s: contrasts of %s: %s is none of %s, nor a matrix%s")
    :format(who, v.name, tostring(given), table.concat(kinds, ", "),
      near and "; nearest: " .. near or ""))
end

--- coding.codings(who, info, opt, base) -> what ts.linear takes as contrasts;
-- opt: contrasts; base: of references.
function M.codings(who, info, opt, base)
  local chosen, list = {}, {}
  if opt.contrasts ~= nil and type(opt.contrasts) ~= "table" then
    fail("type", who .. ': contrasts are by variable: { TRT01P = "sum" }')
  end
  for name, given in pairs(opt.contrasts or {}) do
    local v = find_category(who, info, name, "contrasts")
    chosen[v.name] = contrast_of(who, v, given)
  end
  for _, v in ipairs(M.categories(info)) do
    local c = chosen[v.name]
    if not c and base[v.name] then
      c = { variable = v.name, kind = "treatment" }
    end
    if c and c.kind == "treatment" then c.base = base[v.name] end
    list[#list + 1] = c
  end
  return list
end

--- coding.names(info) -> the names of the categories
function M.names(info)
  local list = {}
  for i, v in ipairs(M.categories(info)) do list[i] = v.name end
  return list
end

local function names_of(columns, places)
  local list = {}
  for i, place in ipairs(places) do list[i] = columns[place].name end
  if #list > 6 then
    list = { list[1], list[2], list[3], "...", list[#list] }
  end
  return table.concat(list, ", ")
end

--- coding.alias_notes(fit) -> what to say of columns without a coefficient, or
-- nearly so; fit: info() of ts.linear or ts.mixed.
function M.alias_notes(fit)
  local notes = {}
  local function add(...) notes[#notes + 1] = string.format(...) end
  for _, alias in ipairs(fit.aliases) do
    local name = fit.columns[alias.column].name
    if #alias.others == 0 then
      add("%s is 0 in all rows: it has no coefficient", name)
    else
      add("%s has no coefficient of its own: it is given by %s", name,
        names_of(fit.columns, alias.others))
    end
  end
  if fit.nearest < 1e-7 then
    add("%s is nearly given by the columns before it: all but %.1g of it",
      fit.columns[fit.nearest_column].name, fit.nearest)
  end
  return notes
end

return M
