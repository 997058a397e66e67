-- The rows of a forest: those of s.results or of data that an axis can show, in
-- blocks that are measured alike and so share an axis.

local fail = require "ts.error".fail
local NA = require "ts.na".NA
local data = require "trialsh.data"
local efficacy = require "trialsh.table.efficacy"
local note = require "trialsh.note"
local relation = require "trialsh.relation"
local source = require "trialsh.figure.source"

local M = {}

local WHO = "figure.forest"

-- Which rows -------------------------------------------------------------------

-- A row as a plain table, which says nil of what it has not.
local function plain(row, names)
  local copy = {}
  for _, name in ipairs(names) do copy[name] = row[name] end
  return copy
end

local function result_of(row)
  return plain(row, require "trialsh.endpoint.results".columns)
end

-- "ALC50", "ALC50/SEX: F", ...: the rows of s.results that they name; an endpoint
-- comes with its subgroups where it has some.
function M.of_addresses(list, opt)
  local results = require "trialsh.endpoint.results"
  local s = require "trialsh.study".study.open()
  local rows, all = {}, s.results
  for _, address in ipairs(list) do
    if type(address) ~= "string" then
      fail("type", ("%s: %s is no address of a result"):format(WHO,
        tostring(address)))
    end
    local found = results.find(s, address)
    if type(found) ~= "table" or found.endpoint == nil then
      fail("invalid", ("%s: %s is no result with an interval"):format(WHO, address))
    end
    rows[#rows + 1] = result_of(found)
    if opt.subgroups and found.variation == "main" then
      for row in all:where { endpoint = found.endpoint, kind = "subgroup" }:rows() do
        if (row.compare == found.compare or row.compare == NA)
            and (row.visit == found.visit or row.visit == NA)
            and (row.parameter == found.parameter or row.parameter == NA) then
          rows[#rows + 1] = result_of(row)
        end
      end
    end
  end
  return rows, { data = all, stamp = source.stamp(all) }
end

-- Rows of s.results, or of data with the columns of it that are there.
function M.of_data(first, opt)
  local from = source.take(WHO, first)
  local whole = from.data
  if not relation.is(whole) then
    whole = data.wrap(data.frame(whole, nil, WHO), from.stamp)
  end
  local rows = {}
  local columns = relation.node_of(whole).columns
  for _, name in ipairs { "estimate", "conf_low", "conf_high" } do
    if not columns[name] then
      fail("not found", ("%s: the rows have no column %s; s.results has them, or "
        .. "give data with estimate, conf_low and conf_high"):format(WHO, name))
    end
  end
  if not columns.endpoint then
    local label = opt.label or source.by(WHO, whole)
    if not label or not data.has(whole, label) then
      fail("not found", ("%s: label = the column of what each row is"):format(WHO))
    end
    for row in whole:rows() do
      local copy = plain(row, source.names(whole))
      copy.label = row[label]
      rows[#rows + 1] = copy
    end
    return rows, from
  end
  for row in require "trialsh.table.results".whole(WHO, whole):rows() do
    rows[#rows + 1] = result_of(row)
  end
  return efficacy.select(rows, { visits = opt.visits, subgroups = opt.subgroups,
    comparisons = opt.comparisons, variations = opt.variations }), from
end

-- Those that an axis can show, and what was left out.
function M.usable(rows)
  local out, left = {}, {}
  for _, row in ipairs(rows) do
    if row.variation ~= nil and tostring(row.variation):find ": interaction$" then
      out[#out + 1] = row
    elseif row.group ~= nil and row.group ~= NA then
      left[#left + 1] = row.endpoint -- of one arm, which is compared with none
    elseif row.estimate == NA or row.estimate ~= row.estimate
        or row.conf_low == NA and row.conf_high == NA then
      left[#left + 1] = tostring(row.label or row.endpoint)
    else
      out[#out + 1] = row
    end
  end
  if #left > 0 then
    note.say("%s: %s without an estimate of a comparison and its interval not shown: %s", WHO,
      note.plural(#left, "row"), require "trialsh.names".list(left))
  end
  return out
end

-- What each row measures -------------------------------------------------------

-- 1 where more is better for the first arm, -1 where it is worse, 0 if unknown.
local function direction(row, trial, opt)
  if opt.better then return opt.better == "higher" and 1 or -1 end
  local name = tostring(row.estimate_name)
  if name:find "^win" or name:find "net benefit" then return 1 end
  local p = row.parameter ~= nil and row.parameter ~= NA and trial
    and trial.parameters and trial.parameters[row.parameter]
  local better = p and p.better
  if better == "higher" or better == "lower" then
    return better == "higher" and 1 or -1
  elseif better then -- "earlier", "later"
    local of_events = name:find "hazard" or name:find "incidence"
      or name:find "rate" or name:find "risk"
    return (better == "earlier") == (of_events ~= nil) and 1 or -1
  end
  local e = row.endpoint and require "trialsh.endpoint".list[row.endpoint]
  local strategy = e and e.definition.intercurrent
  if type(strategy) == "table" and strategy.death == "outcome" then return -1 end
  return 0
end

local function kind_of(row, trial, opt)
  if opt.xscale then
    return opt.xscale, opt.xlabel or opt.xscale == "log" and "Ratio" or "Estimate"
  end
  local name = tostring(row.estimate_name or "")
  if name:find "ratio" or name:find "odds" then return "log", "Ratio" end
  if name:find "risk" or name:find "incidence" or name:find "proportion"
      or name:find "probab" then
    return "share", "Difference of proportions"
  end
  local p = row.parameter ~= nil and row.parameter ~= NA and trial
    and trial.parameters and trial.parameters[row.parameter]
  local unit = p and p.unit ~= "" and p.unit
  return unit and "unit " .. unit or "plain " .. name,
    unit and ("Difference (%s)"):format(unit)
    or name ~= "" and name ~= "NA" and name:sub(1, 1):upper() .. name:sub(2)
    or "Estimate"
end

-- Blocks of rows that share an axis, in the order in which they come.
function M.blocks_of(rows, trial, opt)
  local list, by, of = {}, {}, {}
  for _, row in ipairs(rows) do
    local interaction = tostring(row.variation):find ": interaction$"
    local key, title = kind_of(row, trial, opt)
    local way = opt.favours and direction(row, trial, opt) or 1
    if interaction then -- stands with the rows of its endpoint
      local block = of[row.endpoint] or list[#list]
      if block then block[#block + 1] = row end
    else
      local name = key .. way
      if not by[name] then
        by[name] = { title = title, log = key == "log", way = way }
        list[#list + 1] = by[name]
      end
      table.insert(by[name], row)
      if row.endpoint then of[row.endpoint] = by[name] end
    end
  end
  for _, block in ipairs(list) do -- one measure names its axis
    local name = block[1].estimate_name
    for _, row in ipairs(block) do
      if not tostring(row.variation):find ": interaction$"
          and row.estimate_name ~= name then name = nil end
    end
    if name and name ~= NA and not opt.xlabel and not block.title:find "%(" then
      block.title = name:sub(1, 1):upper() .. name:sub(2)
    end
    block.title = opt.xlabel or block.title
  end
  return list
end

return M
