-- What tables of measurements share: parameters with the table that holds them,
-- the records of each subject, values that are only known to be below or above a
-- limit.

local cframe = require "ts.frame"
local NA = require "ts.na".NA
local fail = require "ts.error".fail
local data = require "trialsh.data"
local note = require "trialsh.note"
local relation = require "trialsh.relation"
local source = require "trialsh.table.source"

local M = {}

local function columns_of(r) return relation.node_of(r).columns end

-- { { name, label, unit, data = relation }, ... }: those named, of the data given or
-- the trial's tables
local function parameters_of(who, first, names, inner, trial)
  local out = {}
  if #names == 0 then
    if not first then
      fail("invalid", ('%s: which parameters? %s { "ALC", ... }'):format(who, who))
    end
    for row in first:distinct "PARAMCD":rows() do names[#names + 1] = row.PARAMCD end
  end
  local known = {}
  for i, p in ipairs(trial and trial.parameters or {}) do known[i] = p.name end
  for i, name in ipairs(names) do
    if type(name) ~= "string" then
      fail("type", who .. ": parameters are texts, \"ALC\"")
    end
    local p = trial and trial.parameters and trial.parameters[name]
    local r = first
    if not r then
      if not p then
        fail("not found", ("%s: no parameter %s%s"):format(who, name,
          require "trialsh.names".hint(name, known)))
      end
      r = source.table(who, inner, p.table)
    end
    relation.find(who, columns_of(r), "PARAMCD")
    relation.find(who, columns_of(r), "AVAL")
    relation.find(who, columns_of(r), "USUBJID")
    local own = r:where { PARAMCD = name }
    out[i] = { name = name, label = p and p.label, unit = p and p.unit,
      data = own }
  end
  return out
end

--- values.label(p, frame): "Lymphocytes (/uL)"
function M.label(p, frame)
  local label = p.label
  if not label then
    for _, name in ipairs(frame:names()) do
      local levels = name == "PARAM" and frame:column(name).levels
      if levels and #levels == 1 then return levels[1] end
    end
  end
  return (label or p.name) .. (p.unit and (" (%s)"):format(p.unit) or "")
end

--- values.read(who, set, p, names, optional) -> frame, at: the records of a
-- parameter; optional columns that are there are in it too
function M.read(who, set, p, names, optional)
  local list, has = { "USUBJID", "AVAL" }, columns_of(p.data)
  for _, name in ipairs(names) do
    list[#list + 1] = relation.find(who, has, name).name
  end
  for _, name in ipairs(optional) do
    if has[name:lower()] then list[#list + 1] = has[name:lower()].name end
  end
  local frame = data.frame(p.data, list, who)
  if #frame == 0 then
    fail("degenerate", ("%s: no row of %s"):format(who, p.name))
  end
  local at, out = {}, 0
  for i, id in ipairs(cframe.values(frame:column "USUBJID")) do
    at[i] = set.place[id]
    if not at[i] then out = out + 1 end
  end
  if out > 0 then
    note.say("%s: %s, %s of subjects who are not in the table left out", who,
      p.name, note.plural(out, "record"))
  end
  return frame, at
end

--- values.column(frame, name) -> its values, or nil where it is not there
function M.column(frame, name)
  for _, n in ipairs(frame:names()) do
    if n == name then return cframe.values(frame:column(n)) end
  end
end

-- The place of each subject by USUBJID.
local function places_of(who, set)
  relation.find(who, relation.node_of(set.data).columns, "USUBJID")
  local place = {}
  for i, id in ipairs(cframe.values(set.frame:column "USUBJID")) do
    place[id] = i
  end
  return place
end

--- values.begin(who, given, spec) -> set, parameters, opt: the subjects, and the
-- parameters that are named in what a table is given
function M.begin(who, given, spec)
  local first, names, opt = source.read(who, given, spec)
  if first ~= nil and not relation.is(first) then
    first = data.wrap(data.frame(first, nil, who))
  end
  local inner = source.inner(first)
  if first and not inner and not opt.subjects then
    fail("invalid", who .. ": subjects = a relation with a row per subject")
  end
  local set = source.subjects(who, opt.subjects, opt, { inner = inner,
    usual = "SAF" })
  set.place = places_of(who, set)
  return set, parameters_of(who, first, names, inner, set.trial), opt
end

local HUGE = math.huge

-- A quantile of type 2 of a sorted list.
local function quantile(list, p)
  local n = #list
  local h = n * p
  local k = math.floor(h + 1e-12)
  if math.abs(h - k) < 1e-9 and k >= 1 and k < n then
    local a, b = list[k], list[k + 1]
    return a == b and a or a == -HUGE and -HUGE or b == HUGE and HUGE
      or (a + b) / 2
  end
  return list[math.min(n, math.max(1, math.ceil(h - 1e-12)))]
end

--- values.bounds(records, p) -> low, high: what a quantile can be, when values with
-- below or above = true are only known to be less or more
function M.bounds(records, p)
  local low, high = {}, {}
  for i, r in ipairs(records) do
    low[i] = r.below and -HUGE or r.value
    high[i] = r.above and HUGE or r.value
  end
  table.sort(low)
  table.sort(high)
  return quantile(low, p), quantile(high, p)
end

--- values.describe(list of records) -> description of ts.describe
function M.describe(records)
  local list = {}
  for i, r in ipairs(records) do list[i] = r.value end
  return require "trialsh.table.rows".describe(list, 0)
end

return M
