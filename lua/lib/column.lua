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

--- column:median() -> number
-- The middle of the values that are not missing, of two the mean; NA of none.
--
--   > demo.adsl.AGE:median()
--   67
--
-- See also: column:quantile, column:mean, describe.

--- column:min() -> number
-- The least of the values that are not missing; NA of none.
--
--   > demo.adsl.AGE:min(), demo.adsl.AGE:max()
--   47  79
--
-- See also: column:max, column:quantile.

--- column:max() -> number
-- The largest of the values that are not missing; NA of none.
--
--   > demo.adsl.AGE:max()
--   79
--
-- See also: column:min, column:quantile.

--- column:sum() -> number
-- The sum of the values that are not missing, compensated.
--
--   > demo.adsl.APACHE:sum()
--   569
--
-- See also: column:mean, relation:summarise.

--- column:mean() -> number
-- The mean of the values that are not missing; NA of none. data.COLUMN is a
-- column of a relation or a frame; data:by("ARM"):summarise "m = mean(COLUMN)"
-- has the mean by group, describe() more of it. A column also has a length,
-- #data.COLUMN, its values, data.COLUMN[1], and name, type, label, unit, levels.
--
--   > demo.adsl.AGE:mean(), #demo.adsl.AGE, demo.adsl.AGE[1]
--   67.33333333333333  24  63
--
-- See also: column:sd, column:median, column:n, relation:summarise, describe.

--- column:sd() -> number
-- The standard deviation, of n - 1, of the values that are not missing; NA of
-- fewer than two.
--
--   > round(demo.adsl.AGE:sd(), 3)
--   7.676
--
-- See also: column:mean, describe.
methods.mean, methods.sd = cdescribe.mean, cdescribe.sd

--- column:n() -> number
-- How many values are not missing. #data.COLUMN is the number of all.
--
--   > demo.adlb.CHG:n(), #demo.adlb.CHG
--   117  172
--
-- See also: column:missing.
methods.n = cdescribe.count

--- column:missing() -> number
-- How many values are missing.
--
--   > demo.adlb.CHG:missing()
--   55
--
-- See also: column:n, NA.
function methods.missing(column) return #column - cdescribe.count(column) end

--- column:quantile(p [, type]) -> number
-- The quantile at p, from 0 to 1, of the values that are not missing.
--   type   2 (default, SAS's), or another of 1 to 9; 7 is R's
--
--   > demo.adsl.AGE:quantile(0.25), demo.adsl.AGE:quantile(0.25, 7)
--   65.5  65.75
--
-- See also: column:median, describe.
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

--- column.set(column): always the error that says what to write.
function M.set(column)
  fail("invalid", ("a column is not changed; data:mutate \"%s = ...\" makes data "
    .. "that have another"):format(column.name))
end

--- column.show(column): one line, as the prompt prints it.
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
  local line = ("%s: %s, %d missing. %s"):format(head,
    require "trialsh.note".plural(#column, "value"), #column - n, body)
    :gsub("%s+$", "")
  local marked = require "trialsh.mark".of_column(column)
  return marked and line .. "\n  " .. marked or line
end

return M
