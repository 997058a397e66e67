-- Colours of areas that stand side by side: from light to dark for what has an
-- order, from one hue over white to another for what has a middle.

local M = {}

local ramps = {
  blue = { "#E3EEF6", "#86B5D6", "#0B3C6F" },
  grey = { "#EEEEEE", "#ABABAB", "#4A4A4A" },
  grey_scale = { "#FFFFFF", "#888888", "#000000" },
  diverging = { "#0B4F9E", "#7FB2DD", "#FFFFFF", "#F0A07A", "#A3220C" },
}

local function parts(colour)
  return tonumber(colour:sub(2, 3), 16), tonumber(colour:sub(4, 5), 16),
    tonumber(colour:sub(6, 7), 16)
end

--- shades.at(name, f) -> the colour at f, from 0 to 1, of a ramp
function M.at(name, f)
  local ramp = ramps[name]
  local place = math.max(0, math.min(1, f)) * (#ramp - 1)
  local i = math.min(#ramp - 1, math.floor(place) + 1)
  local r1, g1, b1 = parts(ramp[i])
  local r2, g2, b2 = parts(ramp[i + 1])
  local t = place - (i - 1)
  local function mix(a, b) return math.floor(a + (b - a) * t + 0.5) end
  return ("#%02X%02X%02X"):format(mix(r1, r2), mix(g1, g2), mix(b1, b2))
end

--- shades.pale(colour, share) -> that share of it, the rest white
function M.pale(colour, share)
  return (colour:gsub("%x%x", function(part)
    return ("%02X"):format(math.floor(255 - share * (255 - tonumber(part, 16)) + 0.5))
  end))
end

--- shades.text_on(colour) -> black or white, which is read better on it
function M.text_on(colour)
  local r, g, b = parts(colour)
  return 0.299 * r + 0.587 * g + 0.114 * b < 140 and "#FFFFFF" or "#000000"
end

return M
