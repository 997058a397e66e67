-- Where ticks stand and what they say.

local text = require "ts.text"
local fail = require "ts.error".fail

local M = {}

-- Multiples of step within [low, high], exact in the decimals of step.
local function multiples(low, high, step)
  local list = {}
  for i = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) do
    list[#list + 1] = tonumber(("%.15g"):format(i * step))
  end
  return list
end

--- scale.linear(low, high, most) -> ticks, step: 1, 2 or 5 times a power of ten
function M.linear(low, high, most)
  local span = high - low
  local power = 10 ^ math.floor(math.log(span / most, 10))
  for _, m in ipairs { 1, 2, 5, 10, 20 } do
    local ticks = multiples(low, high, m * power)
    if #ticks <= most then return ticks, m * power end
  end
end

-- Steps of time that divide a follow-up: weeks, months, years in days or months
local spans = { 1, 2, 3, 4, 5, 6, 7, 10, 12, 14, 15, 20, 24, 25, 28, 30, 50, 60,
  84, 90, 100, 120, 150, 180, 182, 200, 250, 300, 365, 500, 730, 1000, 1825,
  2000, 5000, 10000 }

--- scale.time(high, most) -> ticks from 0: if some span divides the range into
-- 3 to 6 parts, that one, else a round number
function M.time(high, most)
  local best
  for _, step in ipairs(spans) do
    local parts = high / step
    if parts >= 3 and parts <= math.min(6, most - 1)
        and math.abs(parts - math.floor(parts + 0.5)) < 1e-9 then
      best = step
    end
  end
  if best then return multiples(0, high, best), best end
  return M.linear(0, high, most)
end

--- scale.log(low, high) -> ticks with a number, ticks without
-- Decades, with 2 and 5 where there are few.
function M.log(low, high)
  local major, minor = {}, {}
  local first = math.floor(math.log(low, 10) - 1e-9)
  local last = math.ceil(math.log(high, 10) + 1e-9)
  local decades = math.log(high / low, 10)
  local function inside(x)
    return x >= low * (1 - 1e-9) and x <= high * (1 + 1e-9)
  end
  local labelled = decades > 3.2 and { 1 } or decades > 1.4 and { 1, 3 }
    or { 1, 2, 5 }
  local every = math.max(1, math.ceil(decades / 9))
  for d = first, last do
    for m = 1, 9 do
      local x = tonumber(("%de%d"):format(m, d))
      if inside(x) then
        local shown = false
        for _, l in ipairs(labelled) do
          shown = shown or l == m and d % every == 0
        end
        table.insert(shown and major or minor, x)
      end
    end
  end
  if #major < 2 then return M.linear(low, high, 6), {} end
  return major, minor
end

-- Powers of 2, for what doubles and halves.
local function doubling(low, high)
  local list = {}
  local first, last = math.ceil(math.log(low, 2) - 1e-9),
    math.floor(math.log(high, 2) + 1e-9)
  local every = math.max(1, math.ceil((last - first) / 7))
  for i = first, last do
    if i % every == 0 then list[#list + 1] = 2.0 ^ i end
  end
  if #list < 2 then return M.linear(low, high, 6), {} end
  return list, {}
end

--- scale.asinh(who, low, high, cofactor, warp, { limits, title }) -> range, axis: 0 and
-- the decades on both sides of it that stand apart
function M.asinh(who, low, high, cofactor, warp, opt)
  local range = M.limits(who, "ylim", opt.limits)
  if not range then
    local a, b = warp.to(low), warp.to(high)
    local pad = math.max(0.04 * (b - a), 0.05)
    range = { warp.from(a - pad), warp.from(b + pad) }
  end
  local major, minor = {}, {}
  local function add(list, x)
    if x >= range[1] and x <= range[2] then list[#list + 1] = x end
  end
  local first = math.ceil(math.log(cofactor, 10) + 0.3)
  local last = math.ceil(math.log(math.max(math.abs(range[1]), math.abs(range[2])), 10))
  add(major, 0)
  for d = first - 1, last do
    for m = 1, 9 do
      local x = tonumber(("%de%d"):format(m, d))
      for _, sign in ipairs { 1, -1 } do
        if m == 1 and d >= first then add(major, sign * x)
        elseif x > cofactor then add(minor, sign * x) end
      end
    end
  end
  if #major < 3 then major, minor = M.linear(range[1], range[2], 6), {} end
  table.sort(major)
  return range, { ticks = major, minor = minor, labels = M.labels(major, true),
    title = opt.title }
end

--- scale.axis(who, low, high, { log, limits, name, doubling, ticks, title }) ->
-- range, axis: around what is shown, ended by ticks where it is linear
function M.axis(who, low, high, opt)
  local range, major, minor = M.limits(who, opt.name or "ylim",
    opt.limits, opt.log), nil, nil
  if opt.log then
    if not range then
      local pad = math.max((high / low) ^ 0.04, 1.02)
      range = { low / pad, high * pad }
    end
    if opt.doubling and range[2] / range[1] < 2 ^ 15 then
      major, minor = doubling(range[1], range[2])
    else
      major, minor = M.log(range[1], range[2])
    end
  elseif range then
    major = M.linear(range[1], range[2], 7)
  else
    if low == high then
      local d = low == 0 and 1 or math.abs(low) * 0.1
      low, high = low - d, high + d
    end
    local step
    major, step = M.linear(low, high, 7)
    local function tick(i, x)
      table.insert(major, i, tonumber(("%.15g"):format(x)))
    end
    if major[1] > low then tick(1, major[1] - step) end
    if major[#major] < high then tick(#major + 1, major[#major] + step) end
    local clear = 0.03 * (major[#major] - major[1])
    range = { math.min(major[1], low - clear), math.max(major[#major], high + clear) }
  end
  if opt.ticks then major, minor = M.ticks(who, "ticks", opt.ticks, range), {} end
  return range, { ticks = major, minor = minor,
    labels = M.labels(major, opt.log), title = opt.title }
end

--- scale.labels(ticks) -> texts with equal decimals; thousands in full
function M.labels(ticks, log)
  local decimals, largest = 0, 0
  for _, x in ipairs(ticks) do
    local digits = text.number(x):match "^%-?%d+%.(%d+)$"
    decimals = math.max(decimals, digits and #digits or 0)
    largest = math.max(largest, math.abs(x))
  end
  local out = {}
  for i, x in ipairs(ticks) do
    if log or largest >= 1e7 or decimals > 6 then
      out[i] = text.number(x)
    else
      out[i] = ("%." .. decimals .. "f"):format(x)
      if tonumber(out[i]) == 0 then out[i] = out[i]:gsub("^%-", "") end
    end
    out[i] = out[i]:gsub("^%-", "\u{2212}") -- a minus sign, not a hyphen
  end
  return out
end

--- scale.limits(who, name, value): { from, to } as given, or nil
function M.limits(who, name, value, log)
  if value == nil then return nil end
  local a, b = type(value) == "table" and value[1], type(value) == "table" and value[2]
  if type(a) ~= "number" or type(b) ~= "number" or not (a < b)
      or a ~= a or b - a == math.huge then
    fail("invalid", ("%s: %s = { from, to }, two numbers in rising order")
      :format(who, name))
  end
  if log and a <= 0 then
    fail("invalid", ("%s: %s starts at %s; a log axis starts above 0")
      :format(who, name, text.number(a)))
  end
  return { a, b }
end

--- scale.ticks(who, name, value, range): ticks as given, those in range
function M.ticks(who, name, value, range)
  local list = {}
  for i, x in ipairs(value) do
    if type(x) ~= "number" then
      fail("type", ("%s: %s[%d] is no number"):format(who, name, i))
    end
    if x >= range[1] and x <= range[2] then list[#list + 1] = x end
  end
  if #list == 0 then
    fail("invalid", ("%s: none of %s is within %s to %s"):format(who, name,
      text.number(range[1]), text.number(range[2])))
  end
  table.sort(list)
  return list
end

return M
