-- Relations against the same answers computed by loops in Lua, on random
-- tables: missing values, ties, no rows. TRIALSH_LONG=1 tries many more.
local lu = require "luaunit"
local NA = require "ts.na".NA
local data = require "trialsh.data"
local frame = require "ts.frame"
local study = require "trialsh.study"

local trials = os.getenv "TRIALSH_LONG" and 5000 or 100
math.randomseed(20180308)

local function pick(list) return list[math.random(#list)] end

local function random_rows()
  local rows = {}
  for i = 1, math.random(0, 30) do
    rows[i] = { id = i, g = pick { "a", "b", "c", NA },
      x = math.random() < 0.2 and NA or math.random(-3, 3) / 2 }
  end
  return rows
end

local function relation_of(rows, names)
  local arrays = {}
  for j, name in ipairs(names) do
    arrays[j] = {}
    for i, row in ipairs(rows) do arrays[j][i] = row[name] end
  end
  return data.wrap(frame.build(names, arrays))
end

local function answers(relation, names)
  local out = {}
  for row in relation:rows() do
    local line = {}
    for j, name in ipairs(names) do line[j] = row[name] end
    out[#out + 1] = line
  end
  return out
end

local function lines(rows, names)
  local out = {}
  for i, row in ipairs(rows) do
    out[i] = {}
    for j, name in ipairs(names) do out[i][j] = row[name] end
  end
  return out
end

local function same(relation, rows, names)
  lu.assertEquals(answers(relation, names), lines(rows, names))
end

-- Runs one property on frames and on tables of a study in turn.
local function try(property)
  for i = 1, trials do
    local rows = random_rows()
    local r = relation_of(rows, { "id", "g", "x" })
    if i % 20 == 0 and #rows > 0 then
      local s = study.memory()
      s.t = r
      r = s.t
    end
    property(r, rows)
  end
end

TestRandom = {}

function TestRandom.test_where()
  try(function(r, rows)
    local limit, kept = math.random(-3, 3) / 2, {}
    for _, row in ipairs(rows) do
      if row.x ~= NA and row.x > limit or row.g == "b" then
        kept[#kept + 1] = row
      end
    end
    if #rows > 0 then
      same(r:where("x > ? or g = 'b'", limit), kept, { "id" })
    end
  end)
end

-- a before b: missing last, equal ones as they stood
local function before(a, b, key, desc)
  if a[key] == b[key] then return nil end
  if a[key] == NA then return false elseif b[key] == NA then return true end
  if desc then return a[key] > b[key] end
  return a[key] < b[key]
end

function TestRandom.test_order()
  try(function(r, rows)
    local sorted = { table.unpack(rows) }
    table.sort(sorted, function(a, b)
      local first = before(a, b, "x", true)
      if first ~= nil then return first end
      local second = before(a, b, "g", false)
      if second ~= nil then return second end
      return a.id < b.id
    end)
    if #rows > 0 then
      same(r:order("x desc", "g"), sorted, { "id" })
      local n = math.random(0, #rows)
      same(r:order "g":order "x desc":limit(n),
        { table.unpack(sorted, 1, n) }, { "id" })
    end
  end)
end

function TestRandom.test_summarise()
  try(function(r, rows)
    local groups, order = {}, {}
    for _, g in ipairs { "a", "b", "c", NA } do
      local values, n = {}, 0
      for _, row in ipairs(rows) do
        if row.g == g then
          n = n + 1
          if row.x ~= NA then values[#values + 1] = row.x end
        end
      end
      table.sort(values)
      local sum, k = 0, #values
      for _, v in ipairs(values) do sum = sum + v end
      if n > 0 then
        groups[g] = { g = g, n = n, k = k,
          m = k > 0 and sum / k or NA, lo = values[1] or NA,
          med = k == 0 and NA or k % 2 == 1 and values[(k + 1) // 2]
            or (values[k // 2] + values[k // 2 + 1]) / 2 }
        order[#order + 1] = groups[g]
      end
    end
    if #rows > 0 then
      same(r:by "g":summarise("n = count(*)", "k = count(x)", "m = mean(x)",
        "lo = min(x)", "med = median(x)"), order,
        { "g", "n", "k", "m", "lo", "med" })
    end
  end)
end

function TestRandom.test_join()
  try(function(r, rows)
    local right = {}
    for i = 1, 30 do
      if math.random() < 0.5 then
        right[#right + 1] = { id = i, z = math.random(9) }
      end
    end
    if #rows == 0 or #right == 0 then return end
    local by_id = {}
    for _, row in ipairs(right) do by_id[row.id] = row.z end
    local all, inner = {}, {}
    for i, row in ipairs(rows) do
      all[i] = { id = row.id, z = by_id[row.id] or NA }
      if by_id[row.id] then inner[#inner + 1] = all[i] end
    end
    local other = relation_of(right, { "id", "z" })
    same(r:join(other, "id"), all, { "id", "z" })
    same(r:join(other, "id", { how = "inner" }), inner, { "id", "z" })
  end)
end

function TestRandom.test_mutate_select_where()
  try(function(r, rows)
    local kept = {}
    for _, row in ipairs(rows) do
      if row.x ~= NA and row.x * 2 + 1 > 0 then
        kept[#kept + 1] = { id = row.id, y = row.x * 2 + 1, x = -row.x }
      end
    end
    if #rows == 0 then return end
    same(r:mutate("y = x * 2 + 1", "x = -x"):select("x", "y", "id")
      :where "y > 0", kept, { "id", "x", "y" })
  end)
end

-- What checks ask of a relation, some columns alone, holds what these columns
-- hold, in the same order, after any chain of verbs.
local steps = {
  function(r) return r:where "x > -1 or x is null" end,
  function(r) return r:mutate("x = x + 1", "y = coalesce(x, 0) * id") end,
  function(r) return r:by "g":mutate("n = count(*)", "p = lag(x)") end,
  function(r) return r:order("x desc", "id") end,
  function(r) return r:order "g" end,
  function(r) return r:by "g":head(2) end,
  function(r) return r:limit(7) end,
  function(r) return r:union(r:limit(3)) end,
  function(r, all) return r:join(all:by "id":summarise("m = mean(x)"), "id") end,
  function(r, all)
    return r:join(all:where "x > 0":distinct "id", "id", { how = "semi" })
  end,
  function(r) return r:mutate("a = x", "b = id"):longer({ "a", "b" }) end,
}
local drop = { y = true, n = true, p = true, m = true, name = true,
  value = true }

function TestRandom.test_some_columns_alone()
  local relation = require "trialsh.relation"
  local only = require "trialsh.relation.only"
  try(function(all)
    local r = all
    for _ = 1, math.random(0, 6) do
      -- a verb's columns go again, so that it may come once more
      local names = {}
      for i, name in ipairs(relation.names_of(relation.node_of(r).columns)) do
        if not drop[name] or math.random() < 0.4 then
          names[#names + 1] = name
        end
      end
      local next_one = pick(steps)
      local ok, made = pcall(function()
        local x = next_one(r:select(table.unpack(names)), all)
        local _ = #x
        return x
      end)
      if ok then r = made end
    end
    local node = relation.node_of(r)
    local names = {}
    for _, name in ipairs(relation.names_of(node.columns)) do
      if math.random() < 0.4 then names[#names + 1] = name end
    end
    if #names == 0 then names[1] = "id" end
    local some = require "trialsh.relation.nodes".derive(node, {
      layer = only(node.layer, names), checks = false, rules = false })
    lu.assertEquals(answers(relation.of_base(some):select(
      table.unpack(names)), names), answers(r, names))
  end)
end

os.exit(lu.LuaUnit.run())
