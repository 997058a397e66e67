-- The functions that expressions have.

local M = {}

-- name -> { least arguments, most, type of the result, [aggregate], [sql] };
-- "same" is the type that all arguments share, "value" that of the first one.
--   ordered  an aggregate whose value depends on the order of rows
--   window   a value beside each row, from the rows of its group: in mutate
--   running  the aggregate that a window function is, up to its row
M.all = {
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
  nullif = { 2, 2, "value" }, iif = { 3, 3, "branch" },
  flag = { 1, 1, "text" }, days = { 2, 2, "real" },
  first_date = { 1, 1, "text" }, last_date = { 1, 1, "text" },
  iso = { 1, 4, "text" }, sasdate = { 1, 1, "real" },
  sasdatetime = { 1, 1, "real" },
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
  first = { 1, 1, "value", aggregate = true, ordered = "1" },
  last = { 1, 1, "value", aggregate = true, ordered = "-1" },
  nth = { 2, 2, "value", aggregate = true, ordered = true },
  row_number = { 0, 0, "real", window = true },
  rank = { 1, 1, "real", window = true },
  dense_rank = { 1, 1, "real", window = true },
  lag = { 1, 3, "value", window = true },
  lead = { 1, 3, "value", window = true },
  cumsum = { 1, 1, "real", window = true, running = "sum" },
  cummean = { 1, 1, "real", window = true, running = "mean" },
  cummin = { 1, 1, "value", window = true, running = "min" },
  cummax = { 1, 1, "value", window = true, running = "max" },
  cumcount = { 0, 1, "real", window = true, running = "count" },
  -- of the verb detect
  _limit_value = { 2, 2, "real" }, _limit_below = { 2, 2, "text" },
  _limit_above = { 2, 2, "text" },
  _digits15 = { 1, 1, "real" }, -- of what derives grades and ranges
  -- one argument: over rows; more: over the arguments
  min = { 1, 100, "same", aggregate = "one" },
  max = { 1, 100, "same", aggregate = "one" },
}

local numeric, textual = {}, {}
for name in ([[abs ceil ceiling floor sign trunc exp ln log10 sqrt power pow
    round sum mean avg median quantile variance stddev sd geomean geosd cumsum
    cummean]]):gmatch "%S+" do numeric[name] = true end
for name in ([[lower upper trim ltrim rtrim replace instr length substr
    substring]]):gmatch "%S+" do textual[name] = true end

--- functions.takes(name, i): "real" or "text" where argument i must be such.
function M.takes(name, i)
  if numeric[name] or name:find "^substr" and i > 1 then return "real" end
  return textual[name] and "text" or nil
end

-- With so many arguments they give a value of the first one: in its unit, of
-- its levels, a date where it is one.
M.keeps = { first = 1, last = 1, nth = 2, lag = 2, lead = 2, cummin = 1,
  cummax = 1, min = 1, max = 1 }

-- What SQL and R call them.
M.elsewhere = { first_value = "first", last_value = "last", nth_value = "nth",
  min_rank = "rank", std = "stddev", var = "variance", ifelse = "iif",
  if_else = "iif", n = "count", concat = "||", percentile = "quantile",
  isnull = "x is null", date = "sasdate", as_date = "sasdate",
  to_date = "sasdate", input = "sasdate", strftime = "iso", put = "iso",
  datediff = "days", julianday = "days" }

--- Names of all that users write, sorted.
function M.names()
  local list = {}
  for name in pairs(M.all) do
    if not name:find "^_" then list[#list + 1] = name end
  end
  table.sort(list)
  return list
end

return M
