-- What journals ask of figures. Each value stands beside where it comes from:
-- a guide for authors, or "ours" where none was found. Rules change: the guide
-- of the day counts.

local text = require "ts.text"
local fail = require "ts.error".fail
local style = require "trialsh.figure.style"

local M = {}

local NATURE = "Nature, guide to preparing final artwork"
local BMC = "BMC / Springer Open, preparing figures"
local LANCET = "The Lancet, artwork guidelines"
local MIDLINE = "The Lancet, formatting guidelines: midline decimal points"
local NEJM = "NEJM, statistical reporting guidelines"
local OURS = "ours"

-- { value, source }. single, double: widths in mm; text: points of labels,
-- ticks and notes, smallest last; letters: of panels; p: a style of p_text.
local journals = {
  { "JCI Insight",
    single = { 87, OURS }, double = { 180, OURS }, tallest = { 225, OURS },
    font = { "Liberation Sans", "ours: the metrics of Helvetica and Arial" },
    text = { { 7, 6.5, 6 }, OURS }, letter = { 9, OURS },
    letters = { "A", "its published figures" }, line = { 0.5, OURS },
    palette = { "okabe ito", OURS }, p = { "plain", OURS }, dpi = { 600, OURS } },
  { "Nature",
    single = { 89, NATURE }, double = { 183, NATURE }, tallest = { 170, NATURE },
    font = { "Liberation Sans", NATURE .. ": Arial or Helvetica; ours has "
      .. "their metrics" },
    text = { { 7, 6, 6 }, NATURE .. ": 5 to 7 pt; ours not below 6" },
    letter = { 8, NATURE }, letters = { "a", NATURE },
    line = { 0.5, NATURE .. ": 0.25 to 1 pt" },
    palette = { "okabe ito", NATURE .. ": the palette of Wong" },
    p = { "plain", NATURE .. ": exact P" },
    dpi = { 600, "ours; " .. NATURE .. ": 300 and above" } },
  { "Lancet",
    single = { 75, LANCET }, double = { 154, LANCET }, tallest = { 225, OURS },
    font = { "Liberation Sans", OURS }, text = { { 7, 6.5, 6 }, OURS },
    letter = { 8, OURS }, letters = { "A", "its published figures" },
    line = { 0.5, OURS }, palette = { "okabe ito", OURS },
    p = { "Lancet", MIDLINE }, decimal = { "\u{b7}", MIDLINE },
    dpi = { 600, "ours; " .. LANCET .. ": 300 and above" } },
  { "NEJM",
    single = { 85, OURS }, double = { 175, OURS }, tallest = { 225, OURS },
    font = { "Liberation Sans", OURS }, text = { { 7, 6.5, 6 }, OURS },
    letter = { 8, OURS }, letters = { "A", "its published figures" },
    line = { 0.5, OURS }, palette = { "okabe ito", OURS },
    p = { "NEJM", NEJM }, dpi = { 1200, "ours: what is told of line art" } },
  { "Critical Care",
    single = { 85, BMC }, double = { 170, BMC }, tallest = { 225, BMC },
    font = { "Liberation Sans", OURS },
    text = { { 8, 8, 8 }, BMC .. ": labels of 8 pt and above" },
    letter = { 9, OURS }, letters = { "a", "its published figures" },
    line = { 0.5, BMC .. ": 0.5 pt and above" }, palette = { "okabe ito", OURS },
    p = { "plain", OURS }, dpi = { 600, "ours; " .. BMC .. ": 300 and above" } },
}

local fields = { "single", "double", "tallest", "font", "text", "letter",
  "letters", "line", "palette", "p", "decimal", "dpi" }

local function plain(word) return (word:lower():gsub("[%s%-_]", "")) end

--- journal.find(who, name) -> its entry; nil for nil
function M.find(who, name)
  if name == nil then return nil end
  local known = {}
  for i, j in ipairs(journals) do
    known[i] = j[1]
    if type(name) == "string" and plain(j[1]) == plain(name) then return j end
  end
  local near = type(name) == "string" and text.nearest(name, known)
  fail("invalid", ("%s: no journal %s%s"):format(who, tostring(name), near
    and "; nearest: " .. near or "; there are " .. table.concat(known, ", ")))
end

--- journal.look(entry or nil) -> the style of a page
function M.look(j)
  if not j then return style.paper end
  local t = j.text[1]
  return setmetatable({ title = t[1], label = t[1], tick_text = t[2],
    table_text = t[2], legend_text = t[2], note_text = t[3], stamp_text = t[3],
    letter = j.letter[1], axis_line = j.line[1], thin = j.line[1],
    p = j.p[1], decimal = j.decimal and j.decimal[1] or nil, journal = j[1] }, { __index = style.paper })
end

--- journal.width(who, value, j) -> mm: a number, "single" or "double"
function M.width(who, value, j)
  if type(value) == "number" then
    if value >= 10 and value <= 2000 then return value end
    fail("invalid", ("%s: width = %s is out of its range, 10 to 2000 mm"):format(
      who, text.number(value)))
  end
  if value ~= nil and value ~= "single" and value ~= "double" then
    fail("invalid", ("%s: width is a number of mm, \"single\" or \"double\", "
      .. "not %s"):format(who, tostring(value)))
  end
  if j then return j[value or "single"][1] end
  return value == "double" and 183 or 89
end

--- figure.journal(name) -> frame
-- What a journal asks of figures, and where that is said: widths of one and two
-- columns in mm, the greatest height, font, sizes of text in points, letters of
-- panels, thinnest line, palette, style of P-values, decimal point, resolution. "ours" is a
-- choice of ours where the journal's guide was not found to say. The names are
-- those of the option journal: JCI Insight, Nature, Lancet, NEJM, Critical Care.
--
--   > figure.journal("Nature"):row(1).value
--   89
--
-- See also: figure.panels, figure.survival.
function M.journal(name)
  local j = M.find("figure.journal", name)
  if not j then fail("invalid", 'figure.journal("Nature")') end
  local names, values, sources = {}, {}, {}
  for i, field in ipairs(fields) do
    local rule = j[field] or { ".", OURS }
    local value = rule[1]
    if type(value) == "table" then value = table.concat(value, ", ") end
    names[i], sources[i] = field, rule[2]
    values[i] = type(value) == "number" and text.number(value) or value
  end
  return require "trialsh.data".wrap(require "ts.frame".build(
    { "field", "value", "source" }, { names, values, sources }))
end

return M
