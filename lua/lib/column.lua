-- What a column can do beyond arithmetic: summaries, elementwise functions,
-- and the text that the prompt shows. A column views one variable; rows are
-- chosen by where(), so < and > on it are refused.

local NA = require "ts.na".NA
local cframe = require "ts.frame"
local cdescribe = require "ts.describe"
local fail = require "ts.error".fail
local format = require "trialsh.format"
local text = require "ts.text"

local M = {}

local methods = {}

-- Fields of describe() that are methods as well.
for _, name in ipairs { "median", "min", "max", "sum" } do
  methods[name] = function(column) return cdescribe.describe(column)[name] end
end

methods.mean, methods.sd = cdescribe.mean, cdescribe.sd

methods.n = cdescribe.count

function methods.missing(column) return #column - cdescribe.count(column) end

--- column:quantile(p [, type]), type 2 by default
function methods.quantile(column, p, kind)
  if type(p) ~= "number" then
    fail("type", ("quantile: p is a number from 0 to 1, not a %s"):format(
      type(p)))
  end
  return cdescribe.quantile(column, p, kind)
end

for _, name in ipairs { "log", "exp", "sqrt", "abs", "round", "log10" } do
  methods[name] = function(column, digits)
    return cframe.map(column, name, digits)
  end
end

local fields = { "name", "type", "label", "unit", "format",
  "informat", "levels", "ordered", "special" }

--- column.get(column, key): a method, or an error with the nearest.
function M.get(column, key)
  if methods[key] then return methods[key] end
  local names = { table.unpack(fields) }
  for name in pairs(methods) do names[#names + 1] = name end
  table.sort(names)
  local near = text.nearest(key, names)
  fail("not found", ("a column has no %s%s"):format(key,
    near and "; nearest: " .. near
      or "; it has " .. table.concat(names, ", ")))
end

--- column.complete(column, separator): what Tab offers behind "." and ":".
function M.complete(_, separator)
  if separator == "." then return fields end
  local names = {}
  for name in pairs(methods) do names[#names + 1] = name end
  table.sort(names)
  return names
end

local function operand(x)
  if type(x) == "number" then return text.number(x) end
  if cframe.is_column(x) then return x.name end
  return type(x) == "string" and "'" .. x:gsub("'", "''") .. "'" or tostring(x)
end

-- Lua turns a > b into b < a; either side may be the column.
local function refuse(a, b, sign, turned)
  if not cframe.is_column(a) then
    return refuse(b, a, turned, sign)
  end
  fail("invalid", ("a column cannot choose rows by %s; write  "
    .. 'data:where "%s %s %s"'):format(sign, a.name, sign, operand(b)))
end

--- column.lt(a, b), column.le(a, b): always the error that says what to write.
function M.lt(a, b) refuse(a, b, "<", ">") end

function M.le(a, b) refuse(a, b, "<=", ">=") end

--- column.paired(a, b): arithmetic met columns of other rows. Which row belongs
-- to which is not known then, only their places.
function M.paired(a, b)
  require "trialsh.note".warn("%s and %s are of two relations: paired by place, "
    .. "the first with the first; a join pairs them by key", a.name, b.name)
end

-- Text -----------------------------------------------------------------------

local function show_numbers(column)
  local d = cdescribe.describe(column)
  if d.n == 0 then return "" end
  local digits = cdescribe.decimals(column, 3)
  if digits > 3 then
    digits = format.decimals(d.max - d.min > 0 and d.max - d.min or d.max)
  end
  local function exact(x)
    local s = format.cell(x, digits)
    return tonumber(s) == x and s or format.cell(x, digits + 1)
  end
  return ("min %s, Q1 %s, median %s, Q3 %s, max %s; mean %s, SD %s"):format(
    exact(d.min), exact(d.q1), exact(d.median), exact(d.q3), exact(d.max),
    format.cell(d.mean, digits + 1), format.cell(d.sd, digits + 1))
end

-- The first and the last of dates and times of SAS.
local function show_dates(column, kind)
  local iso = require "trialsh.iso"
  local d = cdescribe.describe(column)
  local first, last = iso.text(kind, d.min), iso.text(kind, d.max)
  return first and last and ("from %s to %s"):format(first, last)
end

local function show_levels(column)
  local count, list = {}, {}
  for i = 1, #column do
    local value = column[i]
    if value ~= NA then count[value] = (count[value] or 0) + 1 end
  end
  local levels = column.levels
  if not column.ordered then table.sort(levels) end
  for _, level in ipairs(levels) do
    if #list == 8 then
      list[9] = "..."
      break
    end
    list[#list + 1] = ("%s %d"):format(text.escape(level), count[level] or 0)
  end
  return ("%d level%s: %s"):format(#levels, #levels == 1 and "" or "s",
    table.concat(list, ", "))
end

--- column.show(column): one line, as the prompt prints it.
function M.set(column)
  fail("invalid", ("a column is not changed; data:mutate \"%s = ...\" makes data "
    .. "that have another"):format(column.name))
end

function M.show(column)
  local head = text.escape(column.name)
  if column.unit ~= NA then head = head .. ", " .. text.escape(column.unit) end
  local n = cdescribe.count(column)
  local body = ""
  if n > 0 then
    local kind = column.type == "real" and column.format ~= NA
      and require "trialsh.iso".kind(column.format)
    body = kind and show_dates(column, kind)
      or (column.type == "real" and show_numbers or show_levels)(column)
  end
  return (("%s: %s, %d missing. %s"):format(head, require "trialsh.note".plural(#column, "value"), #column - n,
    body):gsub("%s+$", ""))
end

return M
