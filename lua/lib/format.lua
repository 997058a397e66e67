-- Numbers as people read them. Rounding is decimal, half away from zero, on
-- the shortest text that reads back as the number: 2.675 is 2.68, though the
-- double nearest to it lies below.

local NA = require "ts.na".NA
local text = require "ts.text"
local number = text.number

local M = {}

-- sign, digits and the place of the point: x = sign 0.digits * 10^point
local function split(x)
  local sign, whole, part, exponent =
    number(x):match "^(%-?)(%d+)%.?(%d*)e?([+-]?%d*)$"
  local digits = whole .. part
  local point = #whole + (tonumber(exponent) or 0)
  local zeros = #digits:match "^0*"
  if zeros == #digits then return sign, "0", 1 end
  return sign, digits:sub(zeros + 1), point - zeros
end

-- digits rounded to `keep` of them (0: to none); a carry moves the point
local function round(digits, point, keep)
  if keep >= #digits then return digits, point end
  if keep < 0 then return "0", 1 end
  local up = digits:byte(keep + 1) >= 53
  local list = { digits:sub(1, keep):byte(1, -1) }
  for i = keep, 1, -1 do
    if not up then break end
    if list[i] == 57 then
      list[i] = 48
    else
      list[i] = list[i] + 1
      up = false
    end
  end
  local text = string.char(table.unpack(list))
  if up then return "1" .. text, point + 1 end
  if text == "" then return "0", 1 end
  return text, point
end

local function special(x)
  if x == NA or x ~= x then return "NA" end
  if x == math.huge then return "Inf" end
  if x == -math.huge then return "-Inf" end
end

local function plain(sign, digits, point, decimals)
  if point < 1 then
    digits = ("0"):rep(1 - point) .. digits
    point = 1
  end
  digits = digits .. ("0"):rep(point + decimals - #digits)
  local text = digits:sub(1, point)
  if decimals > 0 then
    text = text .. "." .. digits:sub(point + 1, point + decimals)
  end
  return text:find "[1-9]" and sign .. text or text
end

local function fixed(x, decimals, shift)
  local sign, digits, point = split(x)
  if digits ~= "0" then point = point + shift end
  digits, point = round(digits, point, point + decimals)
  return plain(sign, digits, point, decimals)
end

--- format.fixed(x, decimals): "2.68"; "NA", "Inf"; no minus before zero.
function M.fixed(x, decimals)
  return special(x) or fixed(x, decimals, 0)
end

--- format.percent(share, decimals): "82 %" of 0.824.
function M.percent(x, decimals)
  return (special(x) or fixed(x, decimals or 0, 2)) .. " %"
end

--- format.share_digits(n, journal): decimals of percentages of n in all: none
-- below 200 (Annals), for the Lancet below 100, else one.
function M.share_digits(n, journal)
  return n < (journal == "Lancet" and 100 or 200) and 0 or 1
end

--- format.share(share, decimals): percent, "63"; "<1" of what would round to 0,
-- ">99" of what would round to 100.
function M.share(x, decimals)
  local shown, least = M.fixed(100 * x, decimals), 10 ^ -decimals
  if x > 0 and tonumber(shown) == 0 then
    shown = "<" .. M.fixed(least, decimals)
  elseif x < 1 and tonumber(shown) == 100 then
    shown = ">" .. M.fixed(100 - least, decimals)
  end
  return shown
end

--- format.significant(x, n): n significant digits, in plain decimals from
-- 1e-6 to 1e15, else "2.8e-19".
function M.significant(x, n)
  local text = special(x)
  if text then return text end
  local sign, digits, point = split(x)
  if digits == "0" then return "0" end
  digits, point = round(digits, point, n)
  digits = (digits .. ("0"):rep(n)):sub(1, n)
  if point > -6 and point <= 15 then
    return plain(sign, digits, point, math.max(0, n - point))
  end
  local rest = digits:sub(2)
  return ("%s%s%se%d"):format(sign, digits:sub(1, 1),
    rest ~= "" and "." .. rest or "", point - 1)
end

--- format.cell(x, decimals): fixed, but "1.500e300" or "2.1e-13" where plain
-- decimals would be a row of zeros.
function M.cell(x, decimals)
  local text = special(x)
  if text then return text end
  local size = math.abs(x)
  if size >= 1e15 or decimals >= 12 or size > 0 and size < 0.5 * 10 ^ -decimals
    and size < 1e-5 then
    return M.significant(x, 4)
  end
  return fixed(x, decimals, 0)
end

--- format.p(p [, smallest]): "0.043", "0.00031", "2.8e-19", "<1e-300",
-- ">0.999"; smallest = 0.001 makes "<0.001" of what is below it.
function M.p(p, smallest)
  local text = special(p)
  if text then return text end
  if p == 1 then return "1" end
  if p < (smallest or 1e-300) then return "<" .. number(smallest or 1e-300) end
  if p < 0.001 then return M.significant(p, 2) end
  text = M.fixed(p, 3)
  return text == "1.000" and ">0.999" or text
end

--- format.p_equals(p): "P = 0.043", "P < 1e-300".
function M.p_equals(p, smallest)
  local sign, text = M.p(p, smallest):match "^([<>]?)(.*)$"
  return ("P %s %s"):format(sign == "" and "=" or sign, text)
end

--- format.decimals(size): so many that a number of that size shows three
-- digits: 2 for 3.57, 0 for 357; size may be NA.
function M.decimals(size)
  if size == NA or size ~= size or size == 0 or math.abs(size) == math.huge then
    return 3
  end
  local _, _, point = split(size)
  return math.max(0, math.min(12, 3 - point))
end

--- format.interval(low, high, decimals): "0.337 to 1.254", "below 1.254".
function M.interval(low, high, decimals)
  if low == NA or high == NA then return "NA" end
  if low == -math.huge and high == math.huge then return "-Inf to Inf" end
  if low == -math.huge then return "below " .. M.cell(high, decimals) end
  if high == math.huge then return "above " .. M.cell(low, decimals) end
  return M.cell(low, decimals) .. " to " .. M.cell(high, decimals)
end

--- format.level(conf_level): "95 %" of 0.95, "99.9 %" of 0.999.
function M.level(level)
  local sign, digits, point = split(level)
  return plain(sign, digits, point + 2, math.max(0, #digits - point - 2))
    .. " %"
end

-- Tables ---------------------------------------------------------------------

local function transpose(cells)
  local out = {}
  for j = 1, #cells[1] do
    out[j] = {}
    for i = 1, #cells do out[j][i] = cells[i][j] end
  end
  return out
end

-- First column to the left, the others to the right.
local function layout(cells)
  local widths, lines, total = {}, {}, 0
  for j = 1, #cells[1] do
    widths[j] = 0
    for i = 1, #cells do
      widths[j] = math.max(widths[j], text.width(cells[i][j]))
    end
    total = total + widths[j] + (j > 1 and 2 or 0)
  end
  for i, row in ipairs(cells) do
    local parts = {}
    for j, cell in ipairs(row) do
      local blank = (" "):rep(widths[j] - text.width(cell))
      parts[j] = j == 1 and cell .. blank or blank .. cell
    end
    lines[i] = (table.concat(parts, "  "):gsub("%s+$", ""))
  end
  return table.concat(lines, "\n"), total
end

--- format.grid(cells): rows of texts as a table; turned where that is narrower and
-- the screen asks for it.
function M.grid(cells)
  local body, width = layout(cells)
  if width > require "trialsh.show".width() then
    local turned, turned_width = layout(transpose(cells))
    if turned_width < width then body = turned end
  end
  return body
end

return M
