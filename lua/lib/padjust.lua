-- P-values adjusted for their number.

local NA = require "ts.na".NA
local cframe = require "ts.frame"
local fail = require "ts.error".fail
local options = require "trialsh.options"
local number = require "ts.text".number

local M = {}

-- log(1 + x) and exp(x) - 1 that keep the digits of a small x (Kahan).
local function log1p(x)
  local u = 1 + x
  if u == 1 then return x end
  return math.log(u) * x / (u - 1)
end

local function expm1(x)
  local u = math.exp(x)
  if u == 1 then return x end
  if u - 1 == -1 then return -1 end
  return (u - 1) * x / math.log(u)
end

-- P that the smallest of k is p or less.
local function sidak(p, k) return p == 1 and 1 or -expm1(k * log1p(-p)) end

-- Each takes the m P-values in increasing order and gives them adjusted.
local methods = {}

local function each(f)
  return function(p)
    local out = {}
    for i, x in ipairs(p) do out[i] = math.min(1, f(x, #p)) end
    return out
  end
end

-- The largest so far of f(p, i, m), from the smallest p on.
local function step_down(f)
  return function(p)
    local out, most = {}, 0
    for i, x in ipairs(p) do
      most = math.max(most, math.min(1, f(x, i, #p)))
      out[i] = most
    end
    return out
  end
end

-- The smallest so far, from the largest p on.
local function step_up(f)
  return function(p)
    local out, least = {}, 1
    for i = #p, 1, -1 do
      least = math.min(least, f(p[i], i, #p))
      out[i] = least
    end
    return out
  end
end

methods.none = each(function(p) return p end)
methods.Bonferroni = each(function(p, m) return m * p end)
methods.Sidak = each(sidak)
methods.Holm = step_down(function(p, i, m) return (m - i + 1) * p end)
methods["Holm-Sidak"] = step_down(function(p, i, m)
  return sidak(p, m - i + 1)
end)
methods.Hochberg = step_up(function(p, i, m) return (m - i + 1) * p end)
methods.BH = step_up(function(p, i, m) return m / i * p end)
methods.BY = function(p)
  local sum = 0
  for i = 1, #p do sum = sum + 1 / i end
  return step_up(function(x, i, m) return sum * m / i * x end)(p)
end

-- Hommel 1988, by the algorithm of Wright 1992: for each size k of the closed
-- test's sets, Simes's P of the largest k, and what smaller ones add.
function methods.Hommel(p)
  local m, out, own = #p, {}, {}
  local first = math.huge
  for i, x in ipairs(p) do first = math.min(first, m * x / i) end
  for i in ipairs(p) do own[i], out[i] = first, first end
  for k = m - 1, 2, -1 do
    local from = m - k + 1 -- the largest k are p[from ..]
    local least = math.huge
    for i = from + 1, m do
      least = math.min(least, k * p[i] / (i - from + 1))
    end
    for i = 1, from do own[i] = math.min(k * p[i], least) end
    for i = from + 1, m do own[i] = own[from] end
    for i = 1, m do out[i] = math.max(out[i], own[i]) end
  end
  for i, x in ipairs(p) do out[i] = math.min(1, math.max(out[i], x)) end
  return out
end

local names = { "none", "Bonferroni", "Sidak", "Holm", "Holm-Sidak",
  "Hochberg", "Hommel", "BH", "BY" }
M.names = names

local function check(p)
  local is_array = cframe.is_column(p)
    or type(p) == "table" and getmetatable(p) == nil
  if not is_array then
    fail("type", ("padjust: an array or a column of P-values comes first, not "
      .. "a %s"):format(type(p)))
  end
  for i = 1, #p do
    local x = p[i]
    if x ~= NA and (type(x) ~= "number" or not (x >= 0 and x <= 1)) then
      fail("invalid", ("padjust: value %d, %s, is no P-value from 0 to 1")
        :format(i, type(x) == "number" and number(x) or tostring(x)))
    end
  end
end

-- Which are rejected at alpha: what is adjusted is so that p <= alpha says it.
local function rejected(adjusted, alpha)
  if type(alpha) ~= "number" or not (alpha > 0 and alpha < 1) then
    fail("invalid", ("padjust: alpha is a number between 0 and 1, not %s"):format(
      type(alpha) == "number" and number(alpha) or type(alpha)))
  end
  local out = {}
  for i, p in ipairs(adjusted) do
    if p == NA then out[i] = NA else out[i] = p <= alpha end
  end
  return out
end

--- padjust(p, method [, alpha]) -> array [, array]
-- P-values adjusted for their number, in the order given; NA stays NA and does
-- not count.
--   p       an array or a column
--   method  "Holm", "Hochberg", "Hommel", "Bonferroni", "Sidak", "Holm-Sidak":
--           for the chance of any error; "BH", "BY": for the false discovery
--           rate; "none"
--   alpha   0.05: then a second array tells which are rejected at that level
-- There is no default: the plan says which. Hochberg, Hommel and BH need tests
-- that are independent or positively dependent; Holm needs nothing.
--
--   > padjust({ 0.01, 0.04, 0.03, NA }, "Holm")
--   { 0.03, 0.06, 0.06, NA }
--   > padjust({ 0.01, 0.04, 0.03 }, "BH")[2]
--   0.04
--   > select(2, padjust({ 0.01, 0.04, 0.03 }, "Holm", 0.05))
--   { true, false, false }
--
-- See also: endpoint. Holm 1979, Benjamini and Hochberg 1995. R: p.adjust.
-- SAS: PROC MULTTEST.
function M.padjust(p, method, alpha)
  check(p)
  if method == nil then
    fail("invalid", "padjust: which method? " .. table.concat(names, ", "))
  end
  method = options("padjust", { method = method },
    { method = { names } }).method
  local order, sorted, out = {}, {}, {}
  for i = 1, #p do
    out[i] = NA
    if p[i] ~= NA then order[#order + 1] = i end
  end
  table.sort(order, function(a, b)
    return p[a] < p[b] or p[a] == p[b] and a < b
  end)
  for rank, i in ipairs(order) do sorted[rank] = p[i] end
  local adjusted = methods[method](sorted)
  for rank, i in ipairs(order) do out[i] = adjusted[rank] end
  if alpha == nil then return out end
  return out, rejected(out, alpha)
end

return M
