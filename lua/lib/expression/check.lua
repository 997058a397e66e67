-- Names resolved against columns, types and levels checked. What is found is
-- written into the tree: node.column, node.type.

local text = require "ts.text"
local fail = require "ts.error".fail
local NA = require "ts.na".NA
local functions = require "trialsh.expression.functions"
local compare = require "trialsh.expression.parse".compare
local dates = require "trialsh.expression.dates"
local quoting = require "trialsh.expression.quoting"

local M = {}

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

-- Where the text holds a column's name that lacks its quotes: how to write it.
function Checker:unquoted()
  local hint = self.source and quoting.hint(self.source, self.columns) or ""
  return hint ~= "" and hint or nil
end

function M.plain(node)
  while node[1] == "group" do node = node[2] end
  return node
end

-- A declared order of levels makes values and comparisons checkable.
local function levels_of(node)
  node = M.plain(node)
  return node[1] == "column" and node.column and node.column.levels
end

function Checker:level(column, value)
  -- empty text is what raw data may hold where no level applies
  if type(value) ~= "string" or value == "" then return end
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
  local column, value = M.plain(a), M.plain(b)
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

-- A column of nothing but missing values is real for want of better; it may
-- stand where text does, as it would in a later cut of the data.
local function empty(node)
  node = M.plain(node)
  local origin = node[1] == "column" and node.column and node.column.origin
  return origin and origin.empty and origin:empty()
end

function Checker:empty(node) return empty(node) end

-- Text of ISO form beside a date of SAS becomes its number.
function Checker:same_type(a, b, what)
  dates.compare(self, a, b, describe)
  local s, t = a.type, b.type
  if s and t and s ~= t and not empty(a) and not empty(b) then
    local number, word = a, b
    if s == "text" then number, word = b, a end
    self:error("%s is a number and %s is text: %s", describe(number),
      describe(word), dates.hint(a, b, describe) or what
        or "they do not compare")
  end
end

function Checker:needs(node, kind, what)
  if not node.type or node.type == kind or empty(node) then return end
  if kind == "real" then
    self:error("%s is text, %s needs numbers", describe(node), what)
  end
  local at = M.plain(node)
  local name = at[1] == "column" and at.name or "..."
  self:no_date(node, what .. " needs text")
  self:error("%s is a number, %s needs text: cast(%s as text)", describe(node),
    what, name)
end

-- A number turned into text as it prints is harmless, but the number of a date.
function Checker:no_date(node, what)
  local kind, at = dates.kind(node), M.plain(node)
  if kind then
    self:error("%s is a %s of SAS, %s: iso(%s) is ISO text", describe(node),
      kind, what, at[1] == "column" and at.name or "...")
  end
end

function Checker:condition(node, what)
  if node.type == "text" and not empty(node) then
    self:error("%s is text, %s needs a condition", describe(node), what)
  end
end

-- A value that is missing: null, or NA given for ?.
local function missing(node)
  node = M.plain(node)
  return node[1] == "null" and "null"
    or node[1] == "param" and node.value == NA and "?" or nil
end

-- What would never be decided, x < null for one, is an error.
function Checker:decidable(node, what)
  local null = missing(node)
  if null then
    self:error("%s %s is never decided%s: a missing value has no order", what,
      null, null == "?" and " for NA" or "")
  end
end

-- x = null never holds in SQL. Written so it is an error; NA that is given for
-- ? asks for missing values, as where { x = NA } does.
function Checker:equals(node)
  local a, b = node[2], node[3]
  local null = missing(b) or missing(a)
  if null == "null" then
    local other = missing(b) and a or b
    self:error("%s %s null never holds; write %s is %snull", describe(other),
      node.op, describe(other), node.op == "<>" and "not " or "")
  elseif null then
    node[1], node.negate = "is", node.op == "<>"
    require "trialsh.note".say("%s: NA is given for ?: %s where %s is %smissing",
      self.who, self.who == "where" and "rows" or "true",
      describe(missing(b) and a or b), node.negate and "not " or "")
  end
end

-- How a < b orders text, and what the messages of that name.
function Checker:order(a, b)
  local how = dates.order(self, a, b, describe)
  self.dates = self.dates or how ~= nil
  return how and { strict = how == "strict", describe(a), describe(b) }
end

local check = {}

function check.number(_, node) node.type = "real" end

function check.string(_, node) node.type = "text" end

function check.null() end

function check.param(self, node)
  local function kind(v)
    if v == NA then return nil end
    local t = type(v)
    if math.type(v) == "integer" and math.tointeger(v + 0.0) ~= v then
      self:error("? is %d, which cannot be held exactly, as whole numbers can up "
        .. "to 9007199254740992", v)
    end
    if t == "number" or t == "boolean" then return "real" end
    if t == "string" then return "text" end
    self:error("? cannot be a %s", t)
  end
  if type(node.value) == "table" then
    if #node.value == 0 then self:error "? is an empty list" end
    if not self.in_list then self:error "? is a list: it stands in 'in ?'" end
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
    local quoted = self:unquoted()
    fail("not found", ("%s: no column %s%s"):format(self.who, node.name,
      quoted or near and "; nearest: " .. near
        or node.name:upper() == "NA" and "; X is null asks for what is missing"
        or "; a text stands in single quotes, '" .. node.name .. "'"))
  end
  if self.group and not self.in_aggregate
      and not self.group[column.name:lower()] then
    self:error("%s is neither grouped by nor within an aggregate such as "
      .. "mean(%s)", column.name, column.name)
  end
  node.column, node.type = column, column.type
  node.format = column.type == "real" and column.format or nil
  self.used[column.name:lower()] = true
end

function check.group(self, node)
  self:walk(node[2])
  node.type, node.format = node[2].type, node[2].format
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
    self:no_date(a, "'||' would take its number")
    self:no_date(b, "'||' would take its number")
    node.type = "text"
  elseif compare[op] then
    self:same_type(a, b)
    self:literal_level(a, b)
    self:literal_level(b, a)
    if ordering[op] then
      self:no_order(a, op)
      self:no_order(b, op)
      self:decidable(a, op)
      self:decidable(b, op)
      node.dates = self:order(a, b)
    else
      self:equals(node)
    end
    node.type = "real"
  else
    if op == "-" then dates.compare(self, a, b, describe) end
    self:needs(a, "real", "'" .. op .. "'")
    self:needs(b, "real", "'" .. op .. "'")
    node.type = "real"
    dates.arithmetic(node)
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
    self.in_list = true
    self:walk(node[i])
    self.in_list = false
    self:same_type(node[2], node[i])
    self:literal_level(node[2], node[i])
    if missing(node[i]) == "null" then
      local name = describe(node[2])
      self:error("null in a list never matches; write (%s %sin (...) %s %s is "
        .. "%snull)", name, node.negate and "not " or "",
        node.negate and "and" or "or", name, node.negate and "not " or "")
    end
  end
  for i = 3, #node do self:same_type(node[2], node[i]) end
  node.type = "real"
end

function check.between(self, node)
  for i = 2, 4 do self:walk(node[i]) end
  self:same_type(node[2], node[3])
  self:same_type(node[2], node[4])
  self:same_type(node[2], node[3]) -- the second may have made a date of it
  self:no_order(node[2], "between")
  for i = 2, 4 do self:decidable(node[i], "between") end
  node.low = self:order(node[3], node[2])
  node.high = self:order(node[2], node[4])
  node.type = "real"
end

function check.like(self, node)
  for i = 2, #node do
    self:walk(node[i])
    self:needs(node[i], "text", node.op)
    self:decidable(node[i], node.op)
  end
  node.type = "real"
end

function check.cast(self, node)
  self:walk(node[2])
  if node.to == "text" then self:no_date(node[2], "cast would give its number") end
  node.type = node.to == "text" and "text" or "real"
end

function check.case(self, node)
  local values = {}
  if node.operand then self:walk(node.operand) end
  for i = 2, #node do
    local when = node[i][1]
    self:walk(when)
    if node.operand then
      self:same_type(node.operand, when)
      self:literal_level(node.operand, when)
      if missing(when) then
        local name = describe(node.operand)
        self:error("case %s when %s never holds; write case when %s is null",
          name, missing(when), name)
      end
    else
      self:condition(when, "when")
    end
    self:walk(node[i][2])
    values[#values + 1] = node[i][2]
  end
  if node.otherwise then
    self:walk(node.otherwise)
    values[#values + 1] = node.otherwise
  end
  self:shared(values, node, "case")
end

-- Both can be values of one column: of one type, and dates only among dates.
function Checker:alike(a, b, name)
  local how = a.type == "real" and b.type == "real" and dates.mixed(
    dates.kind(a), describe(a), dates.kind(b), describe(b))
  if how and not empty(a) and not empty(b) then
    self:error("%s mixes %s, a %s, with %s, a %s; %s", name, describe(a),
      dates.kind(a) or "plain number", describe(b),
      dates.kind(b) or "plain number", how)
  end
  self:same_type(a, b, name .. " mixes them")
end

-- The type that all values of a node have, and the format of their dates.
function Checker:shared(values, node, name)
  for i, value in ipairs(values) do
    for j = 1, i - 1 do self:alike(values[j], value, name) end
  end
  for _, value in ipairs(values) do node.type = node.type or value.type end
  node.format = dates.shared(self, values)
end

require "trialsh.expression.check_call"(Checker, check, describe)

function Checker:walk(node) check[node[1]](self, node) end

--- expression.check(who, tree, columns [, opt])
-- -> type, columns used, words compared with columns that have no levels, seen
-- columns: a list of { name, type, levels, ... } that also answers to the
-- name in lower case. opt.aggregates allows them, opt.windows lets them and
-- window functions stand beside rows; opt.group: the names, in lower case, that
-- may stand outside of an aggregate. seen.windowed is the first function found
-- that looks at other rows, seen.ordered says that one asks for their order.
function M.check(who, tree, columns, opt)
  opt = opt or {}
  local self = setmetatable({ who = who, source = tree.source,
    columns = columns, used = {}, words = {}, aggregates = opt.aggregates, windows = opt.windows,
    group = opt.group }, Checker)
  self:walk(tree)
  return tree.type, self.used, self.words,
    { windowed = self.windowed, ordered = self.ordered, dates = self.dates }
end

return M
