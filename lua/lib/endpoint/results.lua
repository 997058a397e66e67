-- The results of run(): how they are stored, what s.results is, and addresses,
-- which name one of them.

local NA = require "ts.na".NA
local fail = require "ts.error".fail
local mark = require "trialsh.mark"
local relation = require "trialsh.relation"
local trial_module = require "trialsh.trial"

local M = {}

-- What a reader looks for first comes first; the rest is for the record. own is
-- Y for the result that the endpoint's or the variation's name alone means.
local result_columns = {}
for name in ([[endpoint variation compare group visit estimate_name estimate
    conf_low conf_high p_value p_rerandomised p_adjusted n n_missing n_event
    parameter role title kind own analysis population variable method std_error statistic df
    conf_level alternative n_1 n_2 events_1 events_2 estimate_1 estimate_2
    multiplicity rejected
    note rerandomised script line
    script_sha256 data_sha256 seed version utc]]):gmatch "%S+" do
  result_columns[#result_columns + 1] = name
end

M.columns = result_columns

local real = {}
for name in ([[estimate std_error statistic df p_value p_rerandomised
    p_adjusted conf_low conf_high conf_level n n_1 n_2 events_1 events_2
    estimate_1 estimate_2 n_missing n_event line seed]]):gmatch "%S+" do real[name] = true end

local function frame_of(rows)
  local arrays = {}
  for j, name in ipairs(result_columns) do
    local list = {}
    for i, row in ipairs(rows) do
      local value = row[name]
      list[i] = value == nil and NA or value
    end
    arrays[j] = list
  end
  return require "ts.frame".build(result_columns, arrays)
end

--- results.store(study's inside, rows): in the place of what was there.
function M.store(inner, rows)
  local frame = frame_of(rows)
  inner.results = nil
  inner:change(function()
    inner.handle:execute "drop table if exists _ts_result"
    inner.handle:write("_ts_result", frame)
    inner.handle:audit { verb = "run", object = "results", rows = #rows }
  end)
end

--- results.forget(study's inside): they are of data that are others by now.
function M.forget(inner)
  if not inner:has_table "_ts_result" then return end
  inner.results = nil
  inner:change(function()
    inner.handle:execute "drop table _ts_result"
    inner.handle:audit { verb = "drop", object = "results" }
  end)
end

--- results.relation(study): what s.results gives.
function M.relation(s)
  local inner = require "trialsh.study".inner(s)
  local columns = {}
  for j, name in ipairs(result_columns) do
    columns[j] = { name = name, type = real[name] and "real" or "text" }
  end
  local handle = inner:store()
  local found = handle:query(
    "select 1 from sqlite_schema where name = '_ts_result'")
  if #found == 0 then
    fail("not found", "there are no results yet; run() makes them")
  end
  local there = {}
  for _, name in ipairs(handle:query
    "select * from _ts_result limit 0":names()) do there[name] = true end
  local select = {}
  for j, name in ipairs(result_columns) do
    -- a column that an older version did not store
    select[j] = (there[name] and '"%s"' or 'null as "%s"'):format(name)
  end
  return relation.of_frame(handle:query("select "
    .. table.concat(select, ", ") .. " from _ts_result", nil, columns),
    { simulated = mark.of_tables(inner:tables_list()),
      print = require "trialsh.endpoint.print" })
end

-- Addresses ------------------------------------------------------------------

-- ID[:PARAM][[A vs B]][@visit][/variation][.field]
--- results.parse(address) -> { id, parameter, compare, visit, variation, field }
local function parse(address)
  if type(address) ~= "string" then
    fail("type", ("the address of a result is text, not a %s"):format(
      type(address)))
  end
  local rest, out = address, {}
  out.id, rest = rest:match "^([%w_%-]+)(.*)$"
  if not out.id then
    fail("invalid", ("'%s' is no address; ID[A vs B]@visit.field"):format(
      address))
  end
  local function take(pattern)
    local found, more = rest:match(pattern)
    if found then rest = more end
    return found
  end
  out.parameter = take "^:([%w_]+)(.*)$"
  out.compare = take "^%[(.-)%](.*)$"
  out.visit = take "^@([^/%[.]+)(.*)$"
  out.variation = take "^/([^.]+)(.*)$"
  out.field = take "^%.([%w_]+)(.*)$"
  if rest ~= "" then
    fail("invalid", ("'%s' in the address %s"):format(rest, address))
  end
  return out
end

M.parse = parse

-- The rows that a part of an address leaves; an error says what there is.
local function narrow(rows, address, what, value, get)
  local left, there, seen = {}, {}, {}
  for _, row in ipairs(rows) do
    local found = get(row)
    if found == value then left[#left + 1] = row end
    if found ~= NA and found ~= nil and not seen[found] then
      seen[found] = true
      there[#there + 1] = tostring(found)
    end
  end
  if #left == 0 then
    fail("not found", ("no result %s; %s: %s"):format(address, what,
      #there > 0 and table.concat(there, ", ") or "none"))
  end
  return left
end

-- The rows of s.results by endpoint, read once per change of the study.
local function by_endpoint(s)
  local inner = require "trialsh.study".inner(s)
  local generation = inner:generation()
  local cache = inner.results
  if not cache or cache.generation ~= generation then
    cache = { generation = generation, ids = {}, rows = {} }
    for row in s.results:rows() do
      local id = row.endpoint
      if not cache.rows[id] then
        cache.rows[id] = {}
        cache.ids[#cache.ids + 1] = id
      end
      table.insert(cache.rows[id], row)
    end
    inner.results = cache
  end
  return cache
end

local function of_endpoint(s, address, id)
  local cache = by_endpoint(s)
  if not cache.rows[id] then
    fail("not found", ("no result %s%s"):format(address,
      trial_module.nearest(id, cache.ids)))
  end
  return cache.rows[id]
end

-- "ITT", "ITT[Placebo]": the subjects of a population, or of an arm in it; nil
-- where the name is not that of a population, or an endpoint has it.
local function population(s, address, a)
  local inner = require "trialsh.study".inner(s)
  local t = inner:trial()
  local p = t and t.populations and t.populations[a.id]
  if not p or a.parameter or a.visit or a.variation then return nil end
  local subjects = require "trialsh.table.source".restrict(s.adsl, p)
  if a.compare then
    local arm = t.arms and t.arms[a.compare]
    subjects = subjects:where { [p.treatment or "TRT01P"] =
      arm and arm.pool or a.compare }
  end
  local found = { population = p.name, label = p.label, n = #subjects }
  if not a.field then return found end
  if a.field ~= "n" then
    fail("not found", ("%s: of a population n is known, its number of subjects")
      :format(address))
  end
  return found.n
end

--- results.find(study, address): where an address leaves something open it is
-- the endpoint's own comparison and visit, and no variation; of several arms
-- one must be named.
function M.find(s, address)
  local a = parse(address)
  local of_population = population(s, address, a)
  if of_population then return of_population end
  local rows = of_endpoint(s, address, a.id)
  rows = narrow(rows, address, "variation", a.variation or "main",
    function(row) return row.variation ~= NA and row.variation or "main" end)
  local own = rows[1]
  for _, row in ipairs(rows) do
    if row.own == "Y" then
      own = row
      break
    end
  end
  rows = narrow(rows, address, "parameter", a.parameter or own.parameter,
    function(row) return row.parameter end)
  rows = narrow(rows, address, "visit", a.visit or own.visit,
    function(row) return row.visit end)
  if a.compare or own.compare ~= NA then
    rows = narrow(rows, address, "comparison or arm", a.compare or own.compare,
      function(row)
        return row.compare ~= NA and row.compare or row.group
      end)
  elseif own.group == NA then -- of all arms at once
    rows = narrow(rows, address, "comparison or arm", "all arms", function(row)
      return row.group ~= NA and row.group or "all arms"
    end)
  elseif #rows > 1 then
    fail("invalid", ("%s has a result for each arm; %s[%s] is one"):format(
      a.id, a.id, rows[1].group))
  end
  if a.field then return rows[1][a.field] end
  local copy = {} -- the row is kept for the next who asks
  for name, value in pairs(rows[1]) do copy[name] = value end
  return setmetatable(copy, getmetatable(rows[1]))
end

return M
