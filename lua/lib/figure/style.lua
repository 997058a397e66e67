-- How figures look: one colour, symbol and dash per arm, the same in all
-- figures of a paper, so that no reader depends on colour alone. Sizes are
-- those of the Nature group, but no text below 6 points: 6 to 7, lines of 0.25
-- to 1. A journal's are in figure/journal.lua.

local fail = require "ts.error".fail

local M = {}

-- Okabe and Ito 2008; yellow is left out, it does not show on white.
M.palettes = {
  ["okabe ito"] = { "#000000", "#D55E00", "#0072B2", "#009E73", "#CC79A7",
    "#56B4E9", "#E69F00", "#7F7F7F" },
  -- Paul Tol's bright scheme
  tol = { "#4477AA", "#EE6677", "#228833", "#AA3377", "#66CCEE", "#CCBB44",
    "#BBBBBB", "#000000" },
  grey = { "#000000", "#6E6E6E", "#A0A0A0", "#404040", "#8A8A8A", "#C0C0C0",
    "#202020", "#585858" },
}

-- Dashes in half line widths; false is a solid line.
local dashes = { false, { 9, 5 }, { 2, 3 }, { 9, 4, 2, 4 }, { 16, 5 },
  { 5, 3 }, { 16, 4, 2, 4, 2, 4 }, { 3, 6 } }

-- gnuplot's point types or canvas's triangles, and what makes them look alike
local symbols = { { 7, 1 }, { "up", 1.1 }, { 5, 0.86 }, { 13, 1.15 },
  { "down", 1.1 }, { 6, 1 }, { 15, 1 }, { 4, 0.86 } }

-- How bright a colour is, from 0 to 1 (WCAG 2: relative luminance).
local function brightness(colour)
  local sum, weights = 0, { 0.2126, 0.7152, 0.0722 }
  for i = 1, 3 do
    local c = tonumber(colour:sub(2 * i, 2 * i + 1), 16) / 255
    sum = sum + weights[i] * (c <= 0.04045 and c / 12.92 or ((c + 0.055) / 1.055) ^ 2.4)
  end
  return sum
end

--- style.ink(colour) -> it, or as dark as text on white must be: contrast 3 to 1
function M.ink(colour)
  while 1.05 / (brightness(colour) + 0.05) < 3 do
    colour = colour:gsub("%x%x", function(part)
      return ("%02X"):format(math.floor(tonumber(part, 16) * 0.95))
    end)
  end
  return colour
end

--- style.arms(n [, palette]) -> list of { colour, ink, dash, symbol, weight }
-- palette: a name of style.palettes or a list of "#RRGGBB".
function M.arms(n, palette)
  local colours = palette
  if type(palette) ~= "table" then
    colours = M.palettes[(palette or "okabe ito"):lower():gsub("[%-_]", " ")]
    if not colours then
      fail("invalid", ("palette = \"%s\" is none of grey, okabe ito, tol")
        :format(palette))
    end
  end
  for i, colour in ipairs(colours) do
    if type(colour) ~= "string" or not colour:find "^#%x%x%x%x%x%x$" then
      fail("invalid", ("palette[%d] = %s is no colour such as \"#0072B2\"")
        :format(i, tostring(colour)))
    end
  end
  if n > math.min(#colours, #dashes) then
    fail("invalid", ("%d groups need %d colours; the palette has %d")
      :format(n, n, math.min(#colours, #dashes)))
  end
  local arms = {}
  for i = 1, n do
    arms[i] = { colour = colours[i], ink = M.ink(colours[i]), dash = dashes[i], symbol = symbols[i][1],
      weight = symbols[i][2] }
  end
  return arms
end

-- Sizes on paper, in points (text, lines) and mm (the rest). gap is beside
-- things, between is above and below them.
M.paper = {
  title = 7, label = 7, tick_text = 6, table_text = 6, legend_text = 6,
  note_text = 6, stamp_text = 6, letter = 8,
  axis_line = 0.5, curve = 1, box_line = 0.6, thin = 0.5,
  tick = 0.9, gap = 0.7, between = 0.7, pad = 1, censor = 0.75, key = 6,
}

-- The same in character cells.
M.terminal = {
  title = 1, label = 1, tick_text = 1, table_text = 1, legend_text = 1,
  note_text = 1, stamp_text = 1, letter = 1,
  axis_line = 1, curve = 1, box_line = 1, thin = 1,
  tick = 0, gap = 1, between = 0, pad = 0, censor = 0, key = 3,
}

return M
