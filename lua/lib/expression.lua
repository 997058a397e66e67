-- The expressions of where, mutate and summarise: SQLite's, minus its traps.
--
-- A text is parsed into a tree, names are resolved against columns, types and
-- levels are checked, and the tree is written again as SQL. So a wrong name is
-- an error with the nearest, a level that does not exist is no empty result,
-- numbers and text do not compare, and / is division of reals.

local text = require "ts.text"
local fail = require "ts.error".fail
local NA = require "ts.na".NA

local M = {}

-- Functions ------------------------------------------------------------------

-- name -> { least arguments, most, type of the result, [aggregate], [sql] };
-- "same" is the type that all arguments share.
local functions = {
  abs = { 1, 1, "real" }, ceil = { 1, 1, "real" }, ceiling = { 1, 1, "real" },
  floor = { 1, 1, "real" }, sign = { 1, 1, "real" }, trunc = { 1, 1, "real" },
  exp = { 1, 1, "real" }, ln = { 1, 1, "real" }, log10 = { 1, 1, "real" },
  sqrt = { 1, 1, "real" }, power = { 2, 2, "real" },
  pow = { 2, 2, "real", sql = "power" }, round = { 1, 2, "real" },
  lower = { 1, 1, "text" }, upper = { 1, 1, "text" }, trim = { 1, 2, "text" },
  ltrim = { 1, 2, "text" }, rtrim = { 1, 2, "text" },
  replace = { 3, 3, "text" }, substr = { 2, 3, "text" },
  substring = { 2, 3, "text", sql = "substr" },
  instr = { 2, 2, "real" }, length = { 1, 1, "real" },
  coalesce = { 2, 100, "same" }, ifnull = { 2, 2, "same" },
  nullif = { 2, 2, "same" }, iif = { 3, 3, "branch" },
  flag = { 1, 1, "text" }, days = { 2, 2, "real" },
  first_date = { 1, 1, "text" }, last_date = { 1, 1, "text" },
  count = { 0, 1, "real", aggregate = true },
  sum = { 1, 1, "real", aggregate = true },
  mean = { 1, 1, "real", aggregate = true },
  avg = { 1, 1, "real", aggregate = true, sql = "mean" },
  median = { 1, 1, "real", aggregate = true },
  quantile = { 2, 2, "real", aggregate = true },
  variance = { 1, 1, "real", aggregate = true },
  stddev = { 1, 1, "real", aggregate = true },
  sd = { 1, 1, "real", aggregate = true, sql = "stddev" },
  geomean = { 1, 1, "real", aggregate = true },
  geosd = { 1, 1, "real", aggregate = true },
  group_concat = { 1, 2, "text", aggregate = true },
  -- one argument: over rows; more: over the arguments
  min = { 1, 100, "same", aggregate = "one" },
  max = { 1, 100, "same", aggregate = "one" },
}

-- those whose arguments must be numbers
local numeric = {}
for name in ([[abs ceil ceiling floor sign trunc exp ln log10 sqrt power pow
    round sum mean avg median quantile variance stddev sd geomean geosd]])
  :gmatch "%S+" do numeric[name] = true end

local function sorted(set)
  local list = {}
  for name in pairs(set) do list[#list + 1] = name end
  table.sort(list)
  return list
end

function M.backtick(name)
  return name:find "^[%a.][%w._]*$" and name or "`" .. name .. "`"
end

--- expression.functions: names that can be used, for completion.
M.functions = sorted(functions)

-- Tokens ---------------------------------------------------------------------

local keywords = {}
for word in ([[and or not in between like glob is null isnull notnull case when
    then else end cast as distinct filter where escape exists select from
    collate over]]):gmatch "%S+" do keywords[word] = true end

local Parser = {}
Parser.__index = Parser

function Parser:error(what, at)
  local left = self.source:sub(at or self.at)
  fail("invalid", ("%s: %s in '%s'%s"):format(self.who, what, self.source,
    left ~= "" and #left < #self.source
      and (" at '%s'"):format(#left > 30 and left:sub(1, 30) .. "..." or left)
      or ""))
end

local closing = { ['"'] = '"', ["`"] = "`", ["["] = "]" }

-- Reads one token: kind, value. Kinds: number, string, name, word (keyword),
-- op, param, end.
function Parser:scan()
  local s, at = self.source, self.next_at
  at = s:find("%S", at) or #s + 1
  self.at = at
  local c = s:sub(at, at)
  local function take(kind, value, last)
    self.kind, self.value, self.next_at = kind, value, last + 1
  end
  if c == "" then return take("end", "the end", #s) end
  if c:find "%d" or c == "." and s:find("^%d", at + 1) then
    local _, last = s:find("^%d*%.?%d*", at)
    local _, e = s:find("^[eE][+-]?%d+", last + 1)
    last = e or last
    if s:find("^[%w_]", last + 1) then self:error "a malformed number" end
    return take("number", s:sub(at, last), last)
  end
  if c == "'" then
    local last = at
    repeat
      last = s:find("'", last + 1, true)
      if not last then self:error "a text that does not end" end
      local double = s:sub(last + 1, last + 1) == "'"
      if double then last = last + 1 end
    until not double
    return take("string", (s:sub(at + 1, last - 1):gsub("''", "'")), last)
  end
  if closing[c] then
    local last = s:find(closing[c], at + 1, true)
    if not last then self:error("a " .. c .. " without its end") end
    return take("name", s:sub(at + 1, last - 1), last)
  end
  if c:find "[%a_\128-\255]" then
    local _, last = s:find("^[%w_\128-\255]*", at)
    local name = s:sub(at, last)
    local low = name:lower()
    if keywords[low] then return take("word", low, last) end
    return take("name", name, last)
  end
  if c == "?" then return take("param", "?", at) end
  for _, op in ipairs { "||", "<=", ">=", "<>", "!=", "==", "<<", ">>" } do
    if s:sub(at, at + 1) == op then return take("op", op, at + 1) end
  end
  if c:find "[-+*/%%<>=(),&|~^]" then return take("op", c, at) end
  self:error(("a character '%s' that no expression has"):format(
    text.escape(s:match("^[%z\1-\127\194-\244][\128-\191]*", at) or c)))
end

function Parser:is(kind, value)
  return self.kind == kind and (value == nil or self.value == value)
end

function Parser:accept(kind, value)
  if not self:is(kind, value) then return nil end
  local got = self.value
  self:scan()
  return got
end

function Parser:expect(kind, value, what)
  local got = self:accept(kind, value)
  if got == nil then
    self:error(("expected %s"):format(what or "'" .. value .. "'"))
  end
  return got
end

-- Grammar --------------------------------------------------------------------

local function binary(op, a, b) return { "binary", op = op, a, b } end

function Parser:list()
  local list = {}
  repeat list[#list + 1] = self:expression() until not self:accept("op", ",")
  return list
end

function Parser:call(name, at)
  local node = { "call", name = name:lower(), at = at }
  if self:accept("op", "*") then
    node.star = true
  elseif not self:is("op", ")") then
    node.distinct = self:accept("word", "distinct") and true
    for i, arg in ipairs(self:list()) do node[i + 1] = arg end
  end
  self:expect("op", ")", "',' or ')'")
  if self:accept("word", "filter") then
    self:expect("op", "(")
    self:expect("word", "where")
    node.filter = self:expression()
    self:expect("op", ")")
  end
  if self:is("word", "over") then
    self:error "window functions cannot be used here"
  end
  return node
end

function Parser:case()
  local node = { "case" }
  if not self:is("word", "when") then node.operand = self:expression() end
  while self:accept("word", "when") do
    local condition = self:expression()
    self:expect("word", "then")
    node[#node + 1] = { condition, self:expression() }
  end
  if #node == 1 then self:error "expected 'when'" end
  if self:accept("word", "else") then node.otherwise = self:expression() end
  self:expect("word", "end")
  return node
end

function Parser:primary()
  local at = self.at
  if self:is("number") then
    return { "number", value = self:accept "number" }
  elseif self:is("string") then
    return { "string", value = self:accept "string" }
  elseif self:is("param") then
    self:scan()
    self.n_param = self.n_param + 1
    local value = self.values[self.n_param]
    if value == nil then
      self:error(("no value for ? number %d"):format(self.n_param), at)
    end
    return { "param", value = value }
  elseif self:is("name") then
    local name = self:accept "name"
    if self:accept("op", "(") then return self:call(name, at) end
    return { "column", name = name, at = at }
  elseif self:accept("op", "(") then
    if self:is("word", "select") then
      self:error "a query within an expression; write a join"
    end
    local node = { "group", self:expression() }
    self:expect("op", ")")
    return node
  elseif self:accept("word", "null") then
    return { "null" }
  elseif self:accept("word", "case") then
    return self:case()
  elseif self:accept("word", "cast") then
    self:expect("op", "(")
    local node = { "cast", self:expression() }
    self:expect("word", "as")
    local kind = self:expect("name", nil, "real, integer or text"):lower()
    local known = { real = "real", integer = "integer", text = "text" }
    node.to = known[kind]
    if not node.to then self:error "expected real, integer or text" end
    self:expect("op", ")")
    return node
  elseif self:is("word", "exists") then
    self:error "a query within an expression; write a join"
  end
  self:error "expected a value"
end

function Parser:unary()
  local op = self:accept("op", "-") or self:accept("op", "+")
  if op then return { "unary", op = op, self:unary() } end
  if self:is("op", "~") then self:error "bit operators have no use here" end
  return self:primary()
end

-- Left-associative levels, tightest first.
local levels = {
  { ["||"] = true },
  { ["*"] = true, ["/"] = true },
  { ["+"] = true, ["-"] = true },
}

function Parser:arithmetic(level)
  if level == 0 then return self:unary() end
  local a = self:arithmetic(level - 1)
  while self.kind == "op" and levels[level][self.value] do
    local op = self:accept "op"
    a = binary(op, a, self:arithmetic(level - 1))
  end
  if self:is("op", "%") then
    self:error "% drops the decimals in SQL; write a - b * floor(a / b)"
  elseif self:is("op", "^") then
    self:error "^ is no operator of SQL; write power(a, b)"
  elseif self.kind == "op" and (self.value:find "^[&|]$"
      or self.value == "<<" or self.value == ">>") then
    self:error "bit operators have no use here; and, or, not combine conditions"
  end
  return a
end

local compare = {
  ["="] = "=", ["=="] = "=", ["<>"] = "<>", ["!="] = "<>",
  ["<"] = "<", ["<="] = "<=", [">"] = ">", [">="] = ">=",
}

function Parser:membership(a, negate)
  local node = { "in", a, negate = negate }
  if self:accept("op", "(") then
    if self:is("word", "select") then
      self:error "a query within an expression; write a join"
    end
    for i, item in ipairs(self:list()) do node[i + 2] = item end
    self:expect("op", ")", "',' or ')'")
  else
    node[3] = self:is("param") and self:primary()
      or self:error "expected '(' or ?"
  end
  return node
end

function Parser:comparison()
  local a = self:arithmetic(#levels)
  while true do
    local negate = false
    if self.kind == "op" and compare[self.value] then
      local op = compare[self:accept "op"]
      a = binary(op, a, self:arithmetic(#levels))
      if self.kind == "op" and compare[self.value] then
        self:error "two comparisons in a row; write x between a and b, or and"
      end
    elseif self:accept("word", "isnull") then
      a = { "is", a, { "null" } }
    elseif self:accept("word", "notnull") then
      a = { "is", a, { "null" }, negate = true }
    elseif self:accept("word", "is") then
      negate = self:accept("word", "not") and true
      if self:accept("word", "distinct") then
        self:expect("word", "from")
        negate = not negate
      end
      a = { "is", a, self:arithmetic(#levels), negate = negate }
    else
      if self:is("word", "not") then
        self:scan()
        negate = true
        if self:accept("word", "null") then
          a = { "is", a, { "null" }, negate = true }
          goto continue
        end
      end
      if self:accept("word", "in") then
        a = self:membership(a, negate)
      elseif self:accept("word", "between") then
        local low = self:arithmetic(#levels)
        self:expect("word", "and")
        a = { "between", a, low, self:arithmetic(#levels), negate = negate }
      elseif self:is("word", "like") or self:is("word", "glob") then
        local op = self:accept "word"
        a = { "like", a, self:arithmetic(#levels), op = op, negate = negate }
        if self:accept("word", "escape") then a[4] = self:unary() end
      elseif negate then
        self:error "expected in, between, like or null"
      else
        return a
      end
    end
    ::continue::
  end
end

function Parser:negation()
  if self:accept("word", "not") then return { "not", self:negation() } end
  return self:comparison()
end

function Parser:conjunction()
  local a = self:negation()
  while self:accept("word", "and") do a = { "and", a, self:negation() } end
  return a
end

function Parser:expression()
  self.depth = self.depth + 1
  if self.depth > 100 then self:error "too many brackets" end
  local a = self:conjunction()
  while self:accept("word", "or") do a = { "or", a, self:conjunction() } end
  self.depth = self.depth - 1
  return a
end

--- expression.parse(who, source [, values]) -> tree
-- who stands in front of every message; values are those of ?.
function M.parse(who, source, values)
  if type(source) ~= "string" then
    fail("type", ("%s: an expression is text, not a %s"):format(who,
      type(source)))
  end
  if not text.valid(source) or source:find "\0" then
    fail("invalid", ("%s: '%s' is not UTF-8 text"):format(who,
      text.escape(source)))
  end
  values = values or {}
  local p = setmetatable({ who = who, source = source, next_at = 1,
    values = values, n_param = 0, depth = 0 }, Parser)
  p:scan()
  local tree = p:expression()
  if p.kind ~= "end" then
    p:error(p:is("op", "=") and "expected the end (one = is enough)"
      or "expected an operator or the end")
  end
  local given = 0
  for i in pairs(values) do given = math.max(given, i) end
  if p.n_param < given then
    fail("invalid", ("%s: %d values for %d ? in '%s'"):format(who, given,
      p.n_param, source))
  end
  return tree
end

--- expression.definition(who, source) -> name, rest
-- Splits "NEW = expression"; name is nil when there is no "NEW =".
function M.definition(who, source)
  if type(source) ~= "string" then
    fail("type", ('%s: a new column is text, "NEW = expression", not a %s')
      :format(who, type(source)))
  end
  local name, rest = source:match "^%s*([%a_\128-\255][%w_.\128-\255]*)%s*=([^=].*)$"
  if not name then name, rest = source:match '^%s*"([^"]+)"%s*=([^=].*)$' end
  if not name then name, rest = source:match "^%s*`([^`]+)`%s*=([^=].*)$" end
  return name, rest
end

-- Checking -------------------------------------------------------------------

local function describe(node)
  if node[1] == "column" then return node.name end
  if node[1] == "string" then return "'" .. node.value .. "'" end
  if node[1] == "number" then return node.value end
  if node[1] == "call" then return node.name .. "(...)" end
  if node[1] == "group" then return describe(node[2]) end
  if node[1] == "param" then
    return type(node.value) == "string" and "'" .. node.value .. "'"
      or tostring(node.value)
  end
  return "the expression"
end

-- Checks one tree against columns; see M.check.
local Checker = {}
Checker.__index = Checker

function Checker:error(format, ...)
  fail("invalid", self.who .. ": " .. format:format(...))
end

local function plain(node)
  while node[1] == "group" do node = node[2] end
  return node
end

-- A declared order of levels makes values and comparisons checkable.
local function levels_of(node)
  node = plain(node)
  return node[1] == "column" and node.column and node.column.levels
end

function Checker:level(column, value)
  if type(value) ~= "string" then return end
  for _, level in ipairs(column.levels) do
    if level == value then return end
  end
  local near = text.nearest(value, column.levels)
  local some = table.concat(column.levels, ", ", 1,
    math.min(#column.levels, 12))
  fail("not found", ("%s has no '%s'; %s%s"):format(column.name, value,
    near and "nearest: " .. near or "it has " .. some,
    column.declared and "; " .. column.declared .. " declares them" or ""))
end

-- Words compared with a column: checked against its levels, else kept, to be
-- looked for if no row is found.
function Checker:literal_level(a, b)
  local column, value = plain(a), plain(b)
  if not levels_of(column) then
    if column[1] == "column" and column.type == "text" then
      local list = value[1] == "string" and { value.value }
        or value[1] == "param" and (type(value.value) == "table"
          and value.value or { value.value }) or {}
      for _, word in ipairs(list) do
        self.words[#self.words + 1] = { column = column.column, word = word }
      end
    end
    return
  end
  if value[1] == "string" then
    self:level(column.column, value.value)
  elseif value[1] == "param" then
    local list = type(value.value) == "table" and value.value
      or { value.value }
    for _, v in ipairs(list) do self:level(column.column, v) end
  end
end

function Checker:same_type(a, b, what)
  local s, t = a.type, b.type
  if s and t and s ~= t then
    local number, word = a, b
    if s == "text" then number, word = b, a end
    self:error("%s is a number and %s is text: %s", describe(number),
      describe(word), what or "they do not compare")
  end
end

function Checker:needs(node, kind, what)
  if node.type and node.type ~= kind then
    self:error("%s is %s, %s needs %s", describe(node),
      node.type == "real" and "a number" or "text", what,
      kind == "real" and "numbers" or "text")
  end
end

local check = {}

function check.number(_, node) node.type = "real" end

function check.string(_, node) node.type = "text" end

function check.null() end

function check.param(self, node)
  local function kind(v)
    if v == NA then return nil end
    local t = type(v)
    if t == "number" or t == "boolean" then return "real" end
    if t == "string" then return "text" end
    self:error("? cannot be a %s", t)
  end
  if type(node.value) == "table" then
    if #node.value == 0 then self:error "? is an empty list" end
    for _, v in ipairs(node.value) do node.type = node.type or kind(v) end
  else
    node.type = kind(node.value)
  end
end

function check.column(self, node)
  local column = self.columns[node.name:lower()]
  if not column then
    local names = {}
    for i, c in ipairs(self.columns) do names[i] = c.name end
    local near = text.nearest(node.name, names)
    fail("not found", ("%s: no column %s%s"):format(self.who, node.name,
      near and "; nearest: " .. near
        or "; a text stands in single quotes, '" .. node.name .. "'"))
  end
  if self.group and not self.in_aggregate
      and not self.group[column.name:lower()] then
    self:error("%s is neither grouped by nor within an aggregate such as "
      .. "mean(%s)", column.name, column.name)
  end
  node.column, node.type = column, column.type
  self.used[column.name:lower()] = true
end

function check.group(self, node)
  self:walk(node[2])
  node.type = node[2].type
end

function check.unary(self, node)
  self:walk(node[2])
  self:needs(node[2], "real", "a sign")
  node.type = "real"
end

local ordering = { ["<"] = true, ["<="] = true, [">"] = true, [">="] = true }

function Checker:no_order(node, op)
  if levels_of(node) then
    self:error("%s is text with levels, %s would compare letters; name the "
      .. "levels, %s in (...)", describe(node), op, describe(node))
  end
end

function check.binary(self, node)
  local a, b = node[2], node[3]
  self:walk(a)
  self:walk(b)
  local op = node.op
  if op == "||" then
    node.type = "text"
  elseif compare[op] then
    self:same_type(a, b)
    self:literal_level(a, b)
    self:literal_level(b, a)
    if ordering[op] then
      self:no_order(a, op)
      self:no_order(b, op)
    end
    node.type = "real"
  else
    self:needs(a, "real", "'" .. op .. "'")
    self:needs(b, "real", "'" .. op .. "'")
    node.type = "real"
  end
end

check["and"] = function(self, node)
  self:walk(node[2])
  self:walk(node[3])
  for i = 2, 3 do self:needs(node[i], "real", "'" .. node[1] .. "'") end
  node.type = "real"
end
check["or"] = check["and"]

check["not"] = function(self, node)
  self:walk(node[2])
  self:needs(node[2], "real", "'not'")
  node.type = "real"
end

check["is"] = function(self, node)
  self:walk(node[2])
  self:walk(node[3])
  self:same_type(node[2], node[3])
  self:literal_level(node[2], node[3])
  node.type = "real"
end

check["in"] = function(self, node)
  self:walk(node[2])
  for i = 3, #node do
    self:walk(node[i])
    self:same_type(node[2], node[i])
    self:literal_level(node[2], node[i])
  end
  node.type = "real"
end

function check.between(self, node)
  for i = 2, 4 do self:walk(node[i]) end
  self:same_type(node[2], node[3])
  self:same_type(node[2], node[4])
  self:no_order(node[2], "between")
  node.type = "real"
end

function check.like(self, node)
  for i = 2, #node do
    self:walk(node[i])
    self:needs(node[i], "text", node.op)
  end
  node.type = "real"
end

function check.cast(self, node)
  self:walk(node[2])
  node.type = node.to == "text" and "text" or "real"
end

function check.case(self, node)
  if node.operand then self:walk(node.operand) end
  for i = 2, #node do
    local when, value = node[i][1], node[i][2]
    self:walk(when)
    if node.operand then
      self:same_type(node.operand, when)
      self:literal_level(node.operand, when)
    end
    self:walk(value)
    if node.result then self:same_type(node.result, value, "case mixes them") end
    if value.type then node.result = value end
  end
  if node.otherwise then
    self:walk(node.otherwise)
    if node.result then
      self:same_type(node.result, node.otherwise, "case mixes them")
    end
    if node.otherwise.type then node.result = node.otherwise end
  end
  node.type = node.result and node.result.type
end

local function shared_type(self, node, from)
  local first
  for i = from, #node do
    if first then
      self:same_type(first, node[i], node.name .. " mixes them")
    end
    if node[i].type then first = node[i] end
  end
  return first and first.type
end

function check.call(self, node)
  local name, n = node.name, #node - 1
  if name == "log" then
    fail("invalid", ("log is base 10 in SQL and natural in R; write ln(%s) or "
      .. "log10(%s)"):format(node[2] and describe(node[2]) or "x",
      node[2] and describe(node[2]) or "x"))
  end
  local f = functions[name]
  if not f then
    local near = text.nearest(name, M.functions)
    fail("not found", ("%s: no function %s()%s"):format(self.who, name,
      near and "; nearest: " .. near or ""))
  end
  if n < f[1] or n > f[2] then
    self:error("%s takes %s arguments, not %d", name,
      f[1] == f[2] and f[1] or f[1] .. " to " .. f[2], n)
  end
  node.aggregate = f.aggregate == true or f.aggregate == "one" and n == 1
  if node.star and name ~= "count" then self:error("%s(*) is no sum", name) end
  if name == "count" and n == 0 then node.star = true end
  if (node.distinct or node.filter) and not node.aggregate then
    self:error("%s is no aggregate: no distinct and no filter", name)
  end
  if node.aggregate then
    if not self.aggregates then
      self:error("%s is an aggregate: it stands in summarise", name)
    end
    if self.in_aggregate then
      self:error("%s within an aggregate", name)
    end
    self.in_aggregate = true
  end
  for i = 2, #node do
    self:walk(node[i])
    if numeric[name] then self:needs(node[i], "real", name) end
    if name == "min" or name == "max" then self:no_order(node[i], name) end
  end
  if node.filter then self:walk(node.filter) end
  if node.aggregate then self.in_aggregate = false end
  if f[3] == "same" then node.type = shared_type(self, node, 2)
  elseif f[3] == "branch" then node.type = shared_type(self, node, 3)
  else node.type = f[3] end
end

function Checker:walk(node) check[node[1]](self, node) end

--- expression.check(who, tree, columns [, opt])
-- -> type, columns used, words compared with columns that have no levels
-- columns: a list of { name, type, levels, ... } that also answers to the
-- name in lower case. opt.aggregates allows them; opt.group: the names, in
-- lower case, that may stand outside of one.
function M.check(who, tree, columns, opt)
  local self = setmetatable({ who = who, columns = columns, used = {},
    words = {}, aggregates = opt and opt.aggregates, group = opt and opt.group }, Checker)
  self:walk(tree)
  return tree.type, self.used, self.words
end

-- Writing --------------------------------------------------------------------

--- expression.quote(name): a name of SQL.
function M.quote(name)
  return '"' .. name:gsub('"', '""') .. '"'
end

local function literal(value)
  return "'" .. value:gsub("'", "''") .. "'"
end
M.literal = literal

local emit = {}

local function write(node, out) return emit[node[1]](node, out) end

local function bind(value, out)
  out[#out + 1] = value
  return "?"
end

function emit.number(node) return node.value end

function emit.string(node) return literal(node.value) end

function emit.null() return "null" end

function emit.param(node, out)
  if type(node.value) ~= "table" then return bind(node.value, out) end
  local marks = {}
  for i, v in ipairs(node.value) do marks[i] = bind(v, out) end
  return "(" .. table.concat(marks, ", ") .. ")"
end

function emit.column(node) return M.quote(node.column.name) end

function emit.group(node, out) return "(" .. write(node[2], out) .. ")" end

-- in brackets: two minus signs in a row begin a comment of SQL
function emit.unary(node, out)
  return "(" .. node.op .. write(node[2], out) .. ")"
end

local function as_text(node, out)
  local sql = write(node, out)
  return node.type == "text" and sql or "_text(" .. sql .. ")"
end

function emit.binary(node, out)
  local a, b = node[2], node[3]
  if node.op == "/" then
    local x = write(a, out)
    return ("_divide(%s, %s)"):format(x, write(b, out))
  elseif node.op == "||" then
    local x = as_text(a, out)
    return ("(%s || %s)"):format(x, as_text(b, out))
  end
  local x = write(a, out)
  return ("%s %s %s"):format(x, node.op, write(b, out))
end

emit["and"] = function(node, out)
  local a = write(node[2], out)
  return ("%s %s %s"):format(a, node[1], write(node[3], out))
end
emit["or"] = emit["and"]

emit["not"] = function(node, out) return "not " .. write(node[2], out) end

emit["is"] = function(node, out)
  local a = write(node[2], out)
  return ("%s is %s%s"):format(a, node.negate and "not " or "",
    write(node[3], out))
end

emit["in"] = function(node, out)
  local a, items = write(node[2], out), {}
  for i = 3, #node do
    local item = node[i]
    if item[1] == "param" and type(item.value) == "table" then
      for _, v in ipairs(item.value) do items[#items + 1] = bind(v, out) end
    else
      items[#items + 1] = write(item, out)
    end
  end
  return ("%s %sin (%s)"):format(a, node.negate and "not " or "",
    table.concat(items, ", "))
end

function emit.between(node, out)
  local a = write(node[2], out)
  local low = write(node[3], out)
  return ("%s %sbetween %s and %s"):format(a, node.negate and "not " or "",
    low, write(node[4], out))
end

function emit.like(node, out)
  local a = write(node[2], out)
  local b = write(node[3], out)
  return ("%s %s%s %s%s"):format(a, node.negate and "not " or "", node.op, b,
    node[4] and " escape " .. write(node[4], out) or "")
end

function emit.cast(node, out)
  local a = write(node[2], out)
  if node.to == "text" then return "_text(" .. a .. ")" end
  return (node.to == "integer" and "trunc(_number(%s))" or "_number(%s)")
    :format(a)
end

function emit.case(node, out)
  local parts = { "case" }
  if node.operand then parts[2] = write(node.operand, out) end
  for i = 2, #node do
    parts[#parts + 1] = "when " .. write(node[i][1], out)
    parts[#parts + 1] = "then " .. write(node[i][2], out)
  end
  if node.otherwise then
    parts[#parts + 1] = "else " .. write(node.otherwise, out)
  end
  return table.concat(parts, " ") .. " end"
end

function emit.call(node, out)
  local args = {}
  for i = 2, #node do args[i - 1] = write(node[i], out) end
  local name = functions[node.name].sql or node.name
  return ("%s(%s%s)%s"):format(name, node.distinct and "distinct " or "",
    node.star and "*" or table.concat(args, ", "),
    node.filter and " filter (where " .. write(node.filter, out) .. ")" or "")
end

--- expression.sql(tree, values) -> SQL; values of ? are appended to values.
function M.sql(tree, values) return write(tree, values) end

--- expression.column(tree): the column when the tree is nothing else.
function M.column(tree)
  tree = plain(tree)
  return tree[1] == "column" and tree.column or nil
end

return M
