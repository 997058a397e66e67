-- multiplicity "ID" { ... }: the order in which endpoints are claimed, and their
-- P-values adjusted for one another.

local NA = require "ts.na".NA
local errors = require "ts.error"
local endpoints = require "trialsh.endpoint"
local trial_module = require "trialsh.trial"

local fail = errors.fail
local nearest = trial_module.nearest

local M = { list = {} }
local Family = { __name = "multiplicity" }

local by_padjust = { "Bonferroni", "Holm", "Hochberg", "Hommel" }
local methods = { "graph", "fixed sequence" }
table.move(by_padjust, 1, #by_padjust, 3, methods)

--- multiplicity.leave(trial) -> the families of others, which are taken off
function M.leave(trial)
  local left = {}
  for i = #M.list, 1, -1 do
    local own = M.list[i].trial
    if own and own.id ~= trial.id then
      table.insert(left, 1, table.remove(M.list, i))
    end
  end
  return left
end

--- multiplicity.take(families): those of the trial that is at hand
function M.take(families)
  table.move(families, 1, #families, #M.list + 1, M.list)
end

-- P-values ---------------------------------------------------------------------

local function fixed_sequence(p)
  local out, most = {}, 0
  for i, x in ipairs(p) do
    most = math.max(most, x)
    out[i] = most
  end
  return out
end

-- What passes on when hypothesis j is rejected (Bretz et al. 2009, algorithm
-- 1): its weight along its arrows, and its arrows to those that point at it.
local function remove(j, left, w, g)
  for l in pairs(left) do
    if l ~= j then w[l] = w[l] + w[j] * g[j][l] end
  end
  local new = {}
  for l in pairs(left) do
    new[l] = {}
    for k in pairs(left) do
      local loop = g[l][j] * g[j][l]
      new[l][k] = l ~= k and l ~= j and k ~= j and loop < 1
        and (g[l][k] + g[l][j] * g[j][k]) / (1 - loop) or 0
    end
  end
  left[j] = nil
  for l in pairs(left) do
    for k in pairs(left) do g[l][k] = new[l][k] end
  end
end

-- Adjusted P-values of a graph: the smallest p / weight goes first.
local function graph(p, weights, arrows)
  local left, w, g, out, most = {}, {}, {}, {}, 0
  for i in ipairs(p) do
    left[i], w[i], g[i] = true, weights[i], {}
    for j in ipairs(p) do g[i][j] = arrows[i][j] or 0 end
  end
  for _ = 1, #p do
    local best, least
    for i = 1, #p do
      if left[i] then
        local q = w[i] > 0 and p[i] / w[i] or math.huge
        if not best or q < least then best, least = i, q end
      end
    end
    most = math.max(most, math.min(1, least))
    out[best] = most
    remove(best, left, w, g)
  end
  return out
end

--- multiplicity.adjusted(method, p, weights, arrows) -> adjusted P-values;
-- arrows[i][j]: the share of i's weight that goes to j. The last two are of
-- "graph".
function M.adjusted(method, p, weights, arrows)
  if method == "graph" then return graph(p, weights, arrows) end
  if method == "fixed sequence" then return fixed_sequence(p) end
  return require "trialsh.padjust".padjust(p, method)
end

-- Definition -------------------------------------------------------------------

--- multiplicity "ID" { "method", { "ENDPOINT", ... }, ... }
-- The endpoints that are claimed, and how their P-values are adjusted for one
-- another: p_adjusted in s.results, and rejected, Y or N at alpha. An entry is
-- an endpoint, which means its own result, or an address such as
-- "ALC[H vs P]@Day 29"; its visits and comparisons are for `adjust`.
--   method  "fixed sequence": in the order given; "graph": by weights and arrows
--           (Bretz, Maurer and others); "Holm", "Hochberg", "Hommel",
--           "Bonferroni"
--   alpha   that of the trial
--   weight  of an entry, graph: the share of alpha it begins with, at most 1 in
--           all
--   to      of an entry, graph: { OTHER = 1/2, THIRD = 1/2 }, what each gets
--           when this one is claimed
--
--   > multiplicity "claims" { "graph", { "ALC", weight = 1, to = { CD4 = 1 } },
--   >   { "CD4" } }
--   multiplicity claims: graph of ALC, CD4
--
-- See also: endpoint, padjust, run. Bretz, Maurer, Brannath and Posch 2009.
function M.multiplicity(id)
  if type(id) ~= "string" then
    fail("type", 'multiplicity "ID" { ... } begins with its name')
  end
  return function(def)
    if type(def) ~= "table" then
      fail("type", ('multiplicity "%s" { ... } takes a table'):format(id))
    end
    local file, line = errors.where()
    local f = setmetatable({ id = id, definition = def, file = file,
      line = line, trial = endpoints.trial() }, Family)
    for i, old in ipairs(M.list) do
      if old.id == id then
        M.list[i] = f
        return f
      end
    end
    M.list[#M.list + 1] = f
    return f
  end
end

function Family.__tostring(f)
  local names = {}
  for i = 2, #f.definition do
    local entry = f.definition[i]
    names[#names + 1] = tostring(type(entry) == "table" and entry[1] or entry)
  end
  return require "ts.text".escape(("multiplicity %s: %s of %s"):format(f.id,
    tostring(f.definition[1]), table.concat(names, ", ")))
end

-- Check ------------------------------------------------------------------------

local function is_share(x)
  return type(x) == "number" and x >= 0 and x <= 1 + 1e-12
end

-- "ALC[H vs P]"
local function example(e, address)
  local compare = address.compare or (e.comparisons or {})[1]
  return address.id .. (type(compare) == "string" and "[" .. compare .. "]" or "")
end

local function read_entry(f, given, problems)
  local entry = type(given) == "string" and { given } or given
  if type(entry) ~= "table" or type(entry[1]) ~= "string" then
    problems:add(nil, nil, "an entry begins with an endpoint: { \"ALC\", weight "
      .. "= 1 }")
    return
  end
  local name = entry[1]
  local ok, address = pcall(require "trialsh.endpoint.results".parse, name)
  if not ok then
    problems:add(nil, name, "%s", address.message)
    return
  end
  local e, ids = endpoints.list[address.id], {}
  for i, other in ipairs(endpoints.list) do ids[i] = other.id end
  if not e then
    problems:add(nil, name, "no endpoint %s%s", address.id,
      nearest(address.id, ids, "there are"))
  elseif e.definition.adjust then
    problems:add(nil, name, "%s has adjust of its own, and no P-value is "
      .. "adjusted twice: leave adjust out of the endpoint and enter here each "
      .. "result that is claimed, such as \"%s\", or leave the endpoint out here",
      address.id, example(e, address))
  end
  for key in pairs(entry) do
    if key ~= 1 and (f.method ~= "graph" or key ~= "weight" and key ~= "to") then
      problems:add(nil, name, "%s: no key %s%s", name, tostring(key),
        (key == "weight" or key == "to") and "; it is for graph"
          or nearest(key, { "weight", "to" }))
    end
  end
  if entry.weight ~= nil and not is_share(entry.weight) then
    problems:add("weight", name, "%s: weight is from 0 to 1", name)
    return
  end
  return { name = name, address = address, weight = entry.weight or 0,
    to = type(entry.to) == "table" and entry.to or {} }
end

local function check_arrows(f, problems)
  local total = 0
  for _, entry in ipairs(f.entries) do
    total = total + entry.weight
    local sum, names = 0, {}
    for i, other in ipairs(f.entries) do names[i] = other.name end
    for to, share in pairs(entry.to) do
      if not f.entries[to] then
        problems:add("to", entry.name, "%s: %s is no entry%s", entry.name,
          tostring(to), nearest(to, names, "there are"))
      elseif to == entry.name or not is_share(share) then
        problems:add("to", entry.name, to == entry.name
          and "%s gives to itself" or "%s: a share is from 0 to 1", entry.name)
      else
        sum = sum + share
      end
    end
    if sum > 1 + 1e-9 then
      problems:add("to", entry.name, "%s gives away %g of its weight",
        entry.name, sum)
    end
  end
  if f.method == "graph" and (total > 1 + 1e-9 or total == 0) then
    problems:add("weight", nil, total == 0 and "no entry has a weight"
      or "the weights sum to %g, more than 1", total)
  end
end

local function read(f, seen)
  local problems, def = trial_module.problems(), f.definition
  f.entries = {}
  local given = def[1]
  f.method = type(given) == "string"
    and require "trialsh.endpoint.definition".word(given, methods)
  if not f.method then
    problems:add(nil, type(given) == "string" and given or nil,
      "no method %s%s", tostring(given), nearest(given, methods, "there are"))
  end
  for key in pairs(def) do
    if type(key) == "string" and key ~= "alpha" then
      problems:add(key, nil, "no key %s%s", key, nearest(key, { "alpha" }))
    end
  end
  f.alpha = def.alpha or f.trial and f.trial.alpha or 0.05
  if type(f.alpha) ~= "number" or f.alpha <= 0 or f.alpha >= 1 then
    problems:add("alpha", nil, "alpha is between 0 and 1")
  end
  if #def < 2 then problems:add(nil, nil, "no endpoint is in it") end
  for i = 2, #def do
    local entry = f.method and read_entry(f, def[i], problems)
    if entry and f.entries[entry.name] or entry and seen[entry.name] then
      problems:add(nil, entry.name, "%s is there twice%s", entry.name,
        seen[entry.name] and ", in " .. seen[entry.name] .. " too" or "")
    elseif entry then
      f.entries[#f.entries + 1], f.entries[entry.name] = entry, entry
    end
  end
  for _, entry in ipairs(f.entries) do seen[entry.name] = f.id end
  check_arrows(f, problems)
  return problems
end

--- multiplicity.problems() -> { { family, problems }, ... }
function M.problems()
  local out, seen = {}, {}
  for i, f in ipairs(M.list) do out[i] = { f, read(f, seen) } end
  return out
end

-- Results ----------------------------------------------------------------------

-- The row that an entry means, among those that run() made.
local function row_of(f, entry, rows)
  local own, found
  local a = entry.address
  local function fits(row)
    return row.endpoint == a.id and row.variation == (a.variation or "main")
  end
  for _, row in ipairs(rows) do
    if fits(row) and row.own == "Y" then own = row end
  end
  for _, row in ipairs(rows) do
    if fits(row) and own and (a.parameter or own.parameter) == row.parameter
      and (a.visit or own.visit) == row.visit
      and (a.compare or own.compare) == row.compare
      and (row == own or a.compare or own.compare) then
      found = found or row
    end
  end
  if not found then
    fail("not found", ("multiplicity %s: there is no result %s"):format(f.id,
      entry.name), { file = f.file, line = f.line })
  end
  return found
end

local function arrows_of(f)
  local weights, arrows = {}, {}
  for i, entry in ipairs(f.entries) do
    weights[i], arrows[i] = entry.weight, {}
    for j, other in ipairs(f.entries) do
      arrows[i][j] = entry.to[other.name] or 0
    end
  end
  return weights, arrows
end

--- multiplicity.apply(rows): sets p_adjusted, multiplicity and rejected of the
-- rows that the families name.
function M.apply(rows)
  for _, f in ipairs(M.list) do
    local of, p = {}, {}
    for i, entry in ipairs(f.entries) do
      of[i] = row_of(f, entry, rows)
      local value = of[i].p_value
      local known = value ~= nil and value ~= NA
      p[i] = known and value or 1
      if not known then
        of[i].note = (of[i].note and of[i].note ~= NA and of[i].note .. "; "
          or "") .. ("%s takes its P as 1: it has none"):format(f.id)
      end
    end
    local adjusted = M.adjusted(f.method, p, arrows_of(f))
    for i, row in ipairs(of) do
      row.p_adjusted, row.multiplicity = adjusted[i], f.id
      row.rejected = adjusted[i] <= f.alpha and "Y" or "N"
    end
  end
end

return M
