-- The functions that expressions have.

local M = {}

-- name -> { least arguments, most, type of the result, [aggregate], [sql] };
-- "same" is the type that all arguments share.
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
M.numeric = {}
for name in ([[abs ceil ceiling floor sign trunc exp ln log10 sqrt power pow
    round sum mean avg median quantile variance stddev sd geomean geosd]])
  :gmatch "%S+" do M.numeric[name] = true end

--- Names of all, sorted.
function M.names()
  local list = {}
  for name in pairs(M.all) do list[#list + 1] = name end
  table.sort(list)
  return list
end

return M
