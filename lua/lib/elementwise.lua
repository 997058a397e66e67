-- Functions of numbers that also take columns and NA. What has no value (the
-- logarithm of 0) is NA.

local NA = require "ts.na".NA
local cframe = require "ts.frame"
local fail = require "ts.error".fail

local M = {}

local function apply(name, x, digits, compute)
  if x == NA then return NA end
  if cframe.is_column(x) then return cframe.map(x, name, digits) end
  if type(x) ~= "number" then
    fail("type", ("%s: a number or a column is needed, not a %s"):format(name,
      type(x)))
  end
  local y = compute(x)
  if y ~= y or y == math.huge or y == -math.huge then return NA end
  return y
end

--- log(x) -> natural logarithm
-- Of a number, NA, or each value of a column; NA where x is not above 0. In
-- SQL text log is refused: write ln or log10 there.
--
--   > log(1)
--   0
--
-- See also: ln, log10, exp.
function M.log(x) return apply("log", x, nil, math.log) end

--- ln(x) -> natural logarithm
-- The same as log(x).
--
--   > ln(0)
--   NA
--
-- See also: log, log10, exp.
M.ln = M.log

--- log10(x) -> logarithm to base 10
-- Of a number, NA, or each value of a column; NA where x is not above 0.
--
--   > log10(1000)
--   3
--
-- See also: log, exp.
function M.log10(x)
  return apply("log10", x, nil, function(v) return math.log(v, 10) end)
end

--- exp(x) -> e to the power of x
-- Of a number, NA, or each value of a column.
--
--   > exp(0)
--   1
--
-- See also: log.
function M.exp(x) return apply("exp", x, nil, math.exp) end

--- sqrt(x) -> square root
-- Of a number, NA, or each value of a column; NA where x is below 0.
--
--   > sqrt(16)
--   4
--
-- See also: abs, exp.
function M.sqrt(x) return apply("sqrt", x, nil, math.sqrt) end

--- abs(x) -> absolute value
-- Of a number, NA, or each value of a column.
--
--   > abs(-3)
--   3
--
-- See also: round, sqrt.
function M.abs(x) return apply("abs", x, nil, math.abs) end

--- round(x [, digits]) -> x to so many decimals, 0 by default
-- Of a number, NA, or each value of a column. Half is rounded away from zero,
-- of the number as it is written: 2.675 to two decimals is 2.68.
--
--   > round(2.675, 2)
--   2.68
--
-- See also: abs.
function M.round(x, digits)
  if digits ~= nil and math.type(digits) ~= "integer" then
    fail("type", "round: the decimals are a whole number")
  end
  return apply("round", x, digits, function(v)
    return require "ts.text".round(v, digits)
  end)
end

return M
