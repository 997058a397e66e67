-- Estimates with their errors: inference on a row of a design, and tables of
-- them as people read them. A model that has rows, estimates and degrees of
-- freedom shares them.

local NA = require "ts.na".NA
local linear = require "ts.linear"
local text = require "ts.text"
local format = require "trialsh.format"

local M = {}

--- estimates.infer(estimate, std_error, df, opt) -> the fields of a test; opt:
-- conf_level, and if wanted mu, alternative.
function M.infer(estimate, std_error, df, opt)
  local out = { estimate = estimate, std_error = std_error, df = df,
    statistic = NA, p_value = NA, conf_low = NA, conf_high = NA }
  if estimate == NA or std_error == NA or df == NA then return out end
  local t = linear.inference(estimate, std_error, df, opt)
  for key, value in pairs(t) do out[key] = value end
  return out
end

-- Printing -------------------------------------------------------------------

local rounded = { estimate = true, std_error = true, conf_low = true,
  conf_high = true }
local p_values = { p_value = true, p_adjusted = true, p_permuted = true }
local numbers = { statistic = true, df = true, df_2 = true, sum_sq = true, mean_sq = true }

-- Decimals that show three digits of the standard error.
local function decimals_of(row)
  local size = row.std_error
  if row.ratio and row.conf_low ~= NA then
    size = (row.conf_high - row.conf_low) / 4
  elseif size == nil or size == NA or size == 0 then
    size = row.estimate
  end
  return size and format.decimals(size) or 3
end

-- Those of the largest error, where all rows are of one kind.
local function common_decimals(rows)
  local least
  for _, row in ipairs(rows) do
    if row.estimate ~= NA then
      least = math.min(least or 12, decimals_of(row))
    end
  end
  return least or 3
end

local function cell(name, row, digits)
  local value = row[name]
  if name == "interval" then
    return row.conf_low ~= NA
      and format.interval(row.conf_low, row.conf_high, digits) or NA
  end
  if value == NA or value == nil then return NA end
  if rounded[name] then return format.cell(value, digits) end
  if name == "statistic" then return format.cell(value, 2) end
  if name == "df" or name == "df_2" then return format.fixed(value, value % 1 == 0 and 0 or 1) end
  if name == "p_adjusted" and (row.accuracy or 0) > 4e-4 then
    -- three digits would be more than is known
    return format.significant(value, row.accuracy > 4e-3 and 1 or 2)
  end
  if p_values[name] then return format.p(value) end
  if numbers[name] then return format.significant(value, 4) end
  return value
end

-- Texts of numbers get blanks behind them, so that their points stand in line.
local function align(values)
  local most, tail = 0, {}
  for i, value in ipairs(values) do
    tail[i] = value ~= NA and #(value:match "%.[^e]*$" or "") or 0
    most = math.max(most, tail[i])
  end
  for i, value in ipairs(values) do
    if value ~= NA then values[i] = value .. (" "):rep(most - tail[i]) end
  end
end

--- estimates.table(rows, names [, heads [, common]]) -> text, columns shown
-- rows: { estimate =, std_error =, ... }, each rounded to what its error is
-- worth, or all alike (common); names: the columns, of which "interval" is
-- "conf_low to conf_high"; heads: what stands above them.
function M.table(rows, names, heads, common)
  local columns, digits = {}, common and common_decimals(rows)
  for j, name in ipairs(names) do
    local number = rounded[name] or numbers[name]
    local column = { name = heads and heads[name] or name, type = "text",
      right = number or p_values[name], values = {} }
    for i, row in ipairs(rows) do
      column.values[i] = cell(name, row, digits or decimals_of(row))
      if type(column.values[i]) == "number" then column.type = "real" end
    end
    if number then align(column.values) end
    columns[j] = column
  end
  return require "trialsh.show".table(columns, #rows, {})
end

-- What a narrow screen does without, first to last: the last columns are P.
local droppable = { { "df" }, { "interval" }, { "df", "interval" } }
local with_adjusted = { { "df" }, { "p_permuted" }, { "df", "p_permuted" },
  { "interval" }, { "df", "interval" } }

local function without(names, less)
  local kept, left = {}, {}
  for _, name in ipairs(less) do left[name] = true end
  for _, name in ipairs(names) do
    if not left[name] then kept[#kept + 1] = name end
  end
  return kept
end

-- The table, without columns that it can do without where it is too wide.
local function fitted(rows, names, heads)
  local wide, shown = M.table(rows, names, heads, true)
  local adjusted = #without(names, { "p_adjusted" }) < #names
  for _, less in ipairs(adjusted and with_adjusted or droppable) do
    if shown == #names then break end
    local kept = without(names, less)
    local narrow, n = M.table(rows, kept, heads, true)
    if n == #kept then return narrow end
  end
  return wide
end

--- estimates.frame(rows, names [, levels]) -> a C frame of them
function M.frame(rows, names, levels)
  local arrays = {}
  for j, name in ipairs(names) do
    arrays[j] = {}
    for i, row in ipairs(rows) do
      local value = row[name]
      arrays[j][i] = value == nil and NA or value
    end
  end
  return require "ts.frame".build(names, arrays, levels)
end

--- estimates.shown(rows, names, opt) -> a frame that prints as a table
-- opt: heads, levels, simulated, lines (what stands below), each (every row is
-- rounded by its own error).
function M.shown(rows, names, opt)
  return require "trialsh.relation".of_frame(
    M.frame(rows, names, opt.levels), { simulated = opt.simulated,
      print = function()
        local lines = { not opt.each and opt.print
          and fitted(rows, opt.print, opt.heads)
          or (M.table(rows, opt.print or names, opt.heads, not opt.each)) }
        for _, line in ipairs(opt.lines or {}) do
          lines[#lines + 1] = text.escape(line)
        end
        if opt.simulated then lines[#lines + 1] = opt.simulated end
        return table.concat(lines, "\n")
      end })
end

return M
