-- Widths of text from the font file itself, so that layout knows what it
-- places before gnuplot draws it. Without the file gnuplot would silently take
-- another font, hence the error.

local fail = require "ts.error".fail
local text = require "ts.text"

local M = {}

local MM = 25.4 / 72 -- of a point

local folders = { "/usr/share/fonts/truetype/liberation/",
  "/usr/share/fonts/truetype/liberation2/",
  "/usr/share/fonts/liberation-fonts/", "/usr/share/fonts/liberation/",
  "/usr/share/fonts/liberation-sans/", "/usr/share/fonts/TTF/" }

local function read(name)
  for _, folder in ipairs(folders) do
    local file = io.open(folder .. name, "rb")
    if file then
      local bytes = file:read "a"
      file:close()
      return bytes
    end
  end
  fail("not found", ("the font Liberation Sans (%s) is not installed: "
    .. "apt-get install fonts-liberation"):format(name))
end

-- Places of the tables of a TrueType file (ISO/IEC 14496-22).
local function tables_of(bytes)
  local place = {}
  local n = (">I2"):unpack(bytes, 5)
  for i = 0, n - 1 do
    local tag, _, offset = (">c4I4I4"):unpack(bytes, 13 + 16 * i)
    place[tag] = offset + 1
  end
  return place
end

-- The subtable of cmap in format 4: the basic multilingual plane.
local function unicode_map(bytes, cmap)
  local n = (">I2"):unpack(bytes, cmap + 2)
  for i = 0, n - 1 do
    local platform, encoding, offset = (">I2I2I4"):unpack(bytes, cmap + 4 + 8 * i)
    if platform == 3 and encoding == 1
        and (">I2"):unpack(bytes, cmap + offset) == 4 then
      return cmap + offset
    end
  end
end

local function open(name)
  local bytes = read(name)
  local place = tables_of(bytes)
  local font = { bytes = bytes, advance = {}, glyphs = {} }
  font.em = (">I2"):unpack(bytes, place.head + 18)
  font.n_metric = (">I2"):unpack(bytes, place.hhea + 34)
  font.hmtx = place.hmtx
  font.map = unicode_map(bytes, place.cmap)
  font.n_segment = (">I2"):unpack(bytes, font.map + 6) // 2
  return font
end

local fonts = {}

local function font_of(bold)
  local name = bold and "LiberationSans-Bold.ttf" or "LiberationSans-Regular.ttf"
  fonts[name] = fonts[name] or open(name)
  return fonts[name]
end

-- The glyph of a character; 0 when the font has none.
local function glyph_of(font, c)
  local known = font.glyphs[c]
  if known then return known end
  local bytes, map, n = font.bytes, font.map, font.n_segment
  local ends, glyph = map + 14, 0
  local starts = ends + 2 * n + 2
  for i = 0, n - 1 do
    if c <= (">I2"):unpack(bytes, ends + 2 * i) then
      local first = (">I2"):unpack(bytes, starts + 2 * i)
      if c >= first then
        local delta = (">I2"):unpack(bytes, starts + 2 * n + 2 * i)
        local at = starts + 4 * n + 2 * i
        local range = (">I2"):unpack(bytes, at)
        if range == 0 then
          glyph = (c + delta) & 0xFFFF
        else
          glyph = (">I2"):unpack(bytes, at + range + 2 * (c - first))
          if glyph ~= 0 then glyph = (glyph + delta) & 0xFFFF end
        end
      end
      break
    end
  end
  font.glyphs[c] = glyph
  return glyph
end

local function advance(font, glyph)
  local i = math.min(glyph, font.n_metric - 1)
  return (">I2"):unpack(font.bytes, font.hmtx + 4 * i) / font.em
end

-- Characters another font must give take one em, wide ones as on a terminal.
local function width_of(font, c)
  local known = font.advance[c]
  if known then return known end
  local glyph = glyph_of(font, c)
  local w
  if glyph ~= 0 then
    w = advance(font, glyph)
  else
    w = text.width(utf8.char(c)) / 2 + (text.width(utf8.char(c)) == 1 and 0.2 or 0)
  end
  font.advance[c] = w
  return w
end

--- font.width(s, points [, bold]) -> mm
function M.width(s, points, bold)
  local font, sum = font_of(bold), 0
  for _, c in utf8.codes(s) do sum = sum + width_of(font, c) end
  return sum * points * MM
end

--- font.height(points) -> mm from line to line
function M.height(points) return 1.2 * points * MM end

local function invisible(c)
  return c >= 0x200B and c <= 0x200F or c >= 0x2028 and c <= 0x202E
    or c >= 0x2060 and c <= 0x206F or c == 0xFEFF or c == 0xAD
    or c >= 0xFE00 and c <= 0xFE0F or c >= 0xE0000 and c <= 0xE0FFF
end

local elsewhere = {} -- code point -> whether another font has it

-- Asks for all characters of s that this font lacks, at once.
local function ask(s, font)
  local list = {}
  for _, c in utf8.codes(s) do
    if elsewhere[c] == nil and not invisible(c)
        and (c >= 0x10000 or glyph_of(font, c) == 0) then
      list[#list + 1] = c
    end
  end
  if #list == 0 then return end
  local has = require "ts.gnuplot".has_glyph(list)
  for i, c in ipairs(list) do elsewhere[c] = has[i] end
end

--- font.drawable(s) -> text, list of characters that no installed font has
-- gnuplot draws such a character as a black page: a white square stands for it.
function M.drawable(s)
  local font, missing, out = font_of(false), {}, {}
  ask(s, font)
  for _, c in utf8.codes(s) do
    if not invisible(c) then
      local good = c < 0x10000 and glyph_of(font, c) ~= 0 or elsewhere[c]
      if not good then missing[#missing + 1] = utf8.char(c) end
      out[#out + 1] = good and utf8.char(c) or "\u{25A1}"
    end
  end
  return table.concat(out), missing
end

return M
