-- From text to a tree. A node is { kind, operands ..., fields }: see what each
-- method of the parser builds.

local text = require "ts.text"
local fail = require "ts.error".fail
local quoting = require "trialsh.expression.quoting"

local M = {}

-- Tokens ---------------------------------------------------------------------

local keywords = {}
for word in ([[and or not in between like glob is null isnull notnull case when
    then else end cast as distinct filter where escape exists select from
    collate over]]):gmatch "%S+" do keywords[word] = true end

local Parser = {}
Parser.__index = Parser

function Parser:error(what, at, hint)
  local left = self.source:sub(at or self.at)
  local quote = quoting.hint(self.source, self.columns)
  fail("invalid", ("%s: %s in '%s'%s%s"):format(self.who, what, self.source,
    left ~= "" and #left < #self.source
      and (" at '%s'"):format(#left > 30 and left:sub(1, 30) .. "..." or left)
      or "", quote == "" and hint and hint ~= "" and "; " .. hint or quote))
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
    if tonumber(s:sub(at, last)) == math.huge then
      self:error "a number beyond 1.8e308"
    end
    local digits = s:sub(at, last)
    if digits:find "^%d+$" and ("%.0f"):format(tonumber(digits .. ".0"))
        ~= digits:gsub("^0+(%d)", "%1") then
      self:error(digits .. " cannot be held exactly, as whole numbers can up to "
        .. "9007199254740992,")
    end
    return take("number", digits, last)
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
  if c == "." then
    self:error 'a point: a name that holds one stands in double quotes, "A.B"'
  end
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

-- A condition, or an argument, which keeps how it is written: notes show it.
function Parser:written()
  local at = self.at
  local node = self:expression()
  node.text = self.source:sub(at, self.at - 1):gsub("%s+$", "")
  return node
end

function Parser:list()
  local list = {}
  repeat list[#list + 1] = self:written() until not self:accept("op", ",")
  return list
end

-- rank(x desc)
function Parser:direction()
  local word = self:is("name") and self.value:lower()
  if word ~= "desc" and word ~= "asc" then return nil end
  self:scan()
  return word
end

function Parser:call(name, at)
  local node = { "call", name = name:lower(), at = at }
  if self:accept("op", "*") then
    node.star = true
  elseif not self:is("op", ")") then
    node.distinct = self:accept("word", "distinct") and true
    for i, arg in ipairs(self:list()) do node[i + 1] = arg end
    node.direction = self:direction()
  end
  self:expect("op", ")", "',' or ')'")
  if self:accept("word", "filter") then
    self:expect("op", "(")
    self:expect("word", "where")
    node.filter = self:expression()
    self:expect("op", ")")
  end
  if self:is("word", "over") then
    self:error('no "over" here: order("ADT"):by("USUBJID"):mutate(...) says '
      .. "which rows, and in which order")
  end
  return node
end

function Parser:case()
  local node = { "case" }
  if not self:is("word", "when") then node.operand = self:written() end
  while self:accept("word", "when") do
    local condition = self:written()
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
    return { "param", value = value, nth = self.n_param }
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
  local missing = self.source:match "is%.na%s*%(%s*([%w_]+)%s*%)"
  self:error("expected a value", nil, missing
    and ("%s is null says what is missing"):format(missing) or self:meaning())
end

-- What is meant by a word or a sign of another language, where what stands
-- before it and at it tell.
local meant = {
  { "=%s*$", "^>", "at least is >=" }, { "=%s*$", "^<", "at most is <=" },
  { "%*$", "^%*", "power(a, b) is a to the power of b" },
  { "[^%s]%s*$", "^~=", "not equal is <>" },
  { "", "^%%in%%", "X in ('a', 'b') is one of them" },
}

function Parser:meaning()
  local before = self.source:sub(1, self.at - 1)
  for _, m in ipairs(meant) do
    if before:find(m[1]) and self.source:find(m[2], self.at) then
      return m[3]
    end
  end
  -- two words in a row, the first no column: a text without its quotes
  local word = before:match "([%a_][%w_]*)%s+$"
  local more = word and self.source:match("^[%w_ ]*[%w_]", self.at)
  for _, column in ipairs(self.columns or {}) do
    if more and column.name:lower() == word:lower() then more = nil end
  end
  if not more or keywords[word:lower()] then return "" end
  for _, stop in ipairs { " and ", " or ", " AND ", " OR " } do
    more = (more .. " "):match("^(.-)" .. stop) or more
  end
  return ("a text stands in single quotes, '%s %s'"):format(word, more)
end

-- An operand of and, or, not: a number or a text by itself decides nothing.
function Parser:condition(node, at)
  local inner = node
  while inner[1] == "group" do inner = inner[2] end
  if inner[1] == "number" or inner[1] == "string" then
    local shown = inner[1] == "number" and inner.value
      or "'" .. inner.value:gsub("'", "''") .. "'"
    self:error(("%s by itself is no condition"):format(shown), at,
      ("X in (..., %s) is one of several"):format(shown))
  end
  return node
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
  local meaning = self:is("op", "%") and self:meaning() or ""
  if meaning ~= "" then
    self:error("expected an operator", nil, meaning)
  elseif self:is("op", "%") then
    self:error "% drops the decimals in SQL; write a - b * floor(a / b)"
  elseif self:is("op", "^") then
    self:error "^ is no operator of SQL; write power(a, b)"
  elseif self.kind == "op" and (self.value:find "^[&|]$"
      or self.value == "<<" or self.value == ">>") then
    self:error "bit operators have no use here; and, or, not combine conditions"
  end
  return a
end

M.compare = {
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
    if self.kind == "op" and M.compare[self.value] then
      local op = M.compare[self:accept "op"]
      a = binary(op, a, self:arithmetic(#levels))
      if self.kind == "op" and M.compare[self.value] then
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
  if self:accept("word", "not") then
    local at = self.at
    return { "not", self:condition(self:negation(), at) }
  end
  return self:comparison()
end

-- Operands of a word, each by that method.
function Parser:joined(word, method)
  local at = self.at
  local a = method(self)
  while self:is("word", word) do
    self:condition(a, at)
    self:scan()
    at = self.at
    a = { word, a, self:condition(method(self), at) }
  end
  return a
end

function Parser:conjunction() return self:joined("and", Parser.negation) end

function Parser:expression()
  self.depth = self.depth + 1
  if self.depth > 100 then self:error "too many brackets" end
  local a = self:joined("or", Parser.conjunction)
  self.depth = self.depth - 1
  return a
end

-- Trees of the texts that were read last, as they were before names were resolved
-- in them: a set of endpoints asks for the same few hundred over and over.
local MOST_KEPT = 1000
local kept, n_kept = {}, 0

-- A tree of its own, with those values of ?.
local function copy(tree, values)
  local out = {}
  for key, part in next, tree do
    out[key] = type(part) == "table" and copy(part, values) or part
  end
  if tree.nth then out.value = values[tree.nth] end
  return out
end

local function keep(source, tree, n_param)
  if n_kept == MOST_KEPT then kept, n_kept = {}, 0 end
  kept[source] = { tree = copy(tree, {}), n_param = n_param }
  n_kept = n_kept + 1
end

-- The highest number of a value that is given.
local function count(values)
  local given = 0
  for i in pairs(values) do given = math.max(given, i) end
  return given
end

-- What was kept of a text; nil where there is nothing, or an error to tell.
local function recall(source, values)
  local found = kept[source]
  if not found or count(values) ~= found.n_param then return nil end
  for i = 1, found.n_param do
    if values[i] == nil then return nil end
  end
  return copy(found.tree, values)
end

--- expression.parse(who, source [, values [, columns]]) -> tree
-- who stands in front of every message; values are those of ?; columns are
-- those whose names a message may have to quote.
function M.parse(who, source, values, columns)
  if type(source) ~= "string" then
    fail("type", ("%s: an expression is text, not a %s"):format(who,
      type(source)))
  end
  if not text.valid(source) or source:find "\0" then
    fail("invalid", ("%s: '%s' is not UTF-8 text"):format(who,
      text.escape(source)))
  end
  values = values or {}
  local known = recall(source, values)
  if known then return known end
  local p = setmetatable({ who = who, source = source, next_at = 1,
    values = values, n_param = 0, depth = 0, columns = columns }, Parser)
  p:scan()
  local tree = p:expression()
  if p.kind ~= "end" then
    p:error(p:is("op", "=") and "expected the end (one = is enough)"
      or "expected an operator or the end", nil, p:meaning())
  end
  local given = count(values)
  if p.n_param < given then
    fail("invalid", ("%s: %d values for %d ? in '%s'"):format(who, given,
      p.n_param, source))
  end
  tree.source = source
  keep(source, tree, p.n_param)
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

return M
