-- Calls of functions: how many arguments, of which type, and where they may
-- stand. What is found is written into the tree, as check.lua does.

local text = require "ts.text"
local fail = require "ts.error".fail
local functions = require "trialsh.expression.functions"
local NA = require "ts.na".NA
local dates = require "trialsh.expression.dates"

local function plain(node)
  while node[1] == "group" do node = node[2] end
  return node
end

-- Adds to the Checker of check.lua and to its table of what each node asks.
return function(Checker, check, describe)

-- A whole number that is written there or given for ?, or nil.
local function whole(node)
  node = plain(node)
  local sign = 1
  if node[1] == "unary" then
    sign, node = node.op == "-" and -1 or 1, plain(node[2])
  end
  local value = (node[1] == "number" or node[1] == "param") and node.value
  return math.tointeger(sign * (tonumber(value) or 0.5))
end

-- The number that is written there or given for ?, or nil.
local function literal(node)
  node = plain(node)
  return (node[1] == "number" or node[1] == "param") and node.value ~= NA
    and node.value or nil
end

-- What is asked of some arguments beyond their type.
function Checker:arguments(node)
  local name = node.name
  if name == "rank" or name == "dense_rank" then
    if plain(node[2])[1] ~= "column" then
      self:error("%s takes a column, %s(AVAL) or %s(AVAL desc); an expression "
        .. "becomes one in mutate", name, name, name)
    end
  elseif (name == "lag" or name == "lead") and node[3] then
    local rows = whole(node[3])
    if not rows or rows < 0 or rows > 1e9 then
      self:error("%s(x, n): n is a number of rows, 1, 2, ...", name)
    end
    if node[4] then self:alike(node[2], node[4], name) end
  elseif name == "nullif" then
    self:same_type(node[2], node[3])
  elseif name == "round" and node[3] then
    local written = literal(node[3])
    if written and not whole(node[3]) then
      self:error("round(x, digits): the digits are a whole number, not %s",
        written)
    end
  elseif name == "nth" then
    local place = whole(node[3])
    if not place or place == 0 or math.abs(place) > 1e6 then
      self:error "nth(x, k): k is 1, 2, ... or from the end -1, -2, ..."
    end
  elseif name == "cummin" or name == "cummax" then
    self:no_order(node[2], name)
  end
end

-- Where aggregates and window functions may stand.
function Checker:place(node, f)
  local name = node.name
  if node.aggregate and not (self.aggregates or self.windows) then
    self:error("%s is an aggregate: it stands in summarise or mutate", name)
  elseif f.window and not self.windows then
    self:error("%s gives a value beside each row: it stands in mutate, "
      .. 'order("ADT"):by("USUBJID"):mutate("NEW = %s(...)")', name, name)
  elseif self.in_aggregate then
    self:error("%s within %s: mutate makes a column of it first", name,
      self.in_aggregate)
  elseif node.distinct and self.windows then
    self:error("%s(distinct ...) is not computed beside rows; summarise and "
      .. "join it", name)
  end
  if f.ordered then
    self.ordered = true
    node.place = not self.windows
  end
  if self.windows then
    local onward = f.running or name == "lag" or name == "lead"
    self.windowed = onward and name or self.windowed or name
  end
end

function check.call(self, node)
  local name, n = node.name, #node - 1
  if name == "log" then
    fail("invalid", ("log is base 10 in SQL and natural in R; write ln(%s) or "
      .. "log10(%s)"):format(node[2] and describe(node[2]) or "x",
      node[2] and describe(node[2]) or "x"))
  end
  local f = functions.all[name]
  if not f then
    local near = functions.elsewhere[name]
      or text.nearest(name, functions.names())
    fail("not found", ("%s: no function %s()%s"):format(self.who, name,
      self:unquoted() or near and "; nearest: " .. near or ""))
  end
  if n < f[1] or n > f[2] then
    self:error("%s takes %s arguments, not %d", name,
      f[1] == f[2] and f[1] or f[1] .. " to " .. f[2], n)
  end
  node.aggregate = f.aggregate == true or f.aggregate == "one" and n == 1
  if node.star and name ~= "count" and name ~= "cumcount" then
    self:error("%s(*) is no sum", name)
  end
  if name == "count" and n == 0 then node.star = true end
  if (node.distinct or node.filter) and not node.aggregate then
    self:error("%s is no aggregate: no distinct and no filter", name)
  end
  if node.direction and name ~= "rank" and name ~= "dense_rank" then
    self:error("%s stands in rank(x desc) and order", node.direction)
  end
  local rows = node.aggregate or f.window -- it looks at more than its row
  if rows then
    self:place(node, f)
    self.in_aggregate = name
  end
  for i = 2, #node do
    self:walk(node[i])
    local kind = functions.takes(name, i - 1)
    if kind then self:needs(node[i], kind, name) end
    if name == "min" or name == "max" then self:no_order(node[i], name) end
  end
  if name == "flag" or name == "iif" then self:condition(node[2], name) end
  if name == "group_concat" then 
    self:no_date(node[2], name .. " would take its number")
  end
  if node.filter then
    self:walk(node.filter)
    self:condition(node.filter, "filter")
  end
  if rows then self.in_aggregate = false end
  self:arguments(node)
  local from = f[3] == "same" and 2 or f[3] == "branch" and 3
  if from then
    self:shared(table.move(node, from, #node, 1, {}), node, name)
  elseif f[3] == "value" then
    node.type, node.format = node[2].type, node[2].format
  else
    node.type = f[3]
  end
  dates.call(self, node, describe)
end

end
