-- The data dictionary: what the columns of a study are and what they hold, as
-- a frame that prints, computes and exports like any other.

local cframe = require "ts.frame"
local fail = require "ts.error".fail
local number = require "ts.text".number
local NA = require "ts.na".NA
local describe = require "ts.describe"
local iso = require "trialsh.iso"
local relation = require "trialsh.relation"
local Inner = require "trialsh.study.inner"

local M = {}

-- The columns of a dictionary, and which are numbers.
local NAMES = { "table", "position", "name", "label", "type", "length", "unit",
  "format", "levels", "key", "n", "missing", "distinct", "min", "max" }
local REAL = { position = true, length = true, key = true, n = true,
  missing = true, distinct = true }

local AT_ONCE = 16 -- columns that are read together

-- How Define-XML calls it: text, integer, float, date, time, datetime.
local function type_of(column, kind, profile)
  if column.type == "text" then return "text" end
  if kind then return kind end
  return profile.n > 0 and profile.whole and "integer" or "float"
end

-- A smallest or largest value as text; that of a date of SAS as a date.
local function bound(kind, value)
  if value == nil or value == NA then return NA end
  if type(value) == "string" then return value end
  return kind and iso.text(kind, value) or number(value == 0 and 0 or value)
end

local function key_places(node)
  local places = {}
  for i, name in ipairs(node.key or {}) do places[name] = i end
  return places
end

-- The line of one column; values is the column of the rows.
local function line_of(node, j, values, places)
  local column = node.columns[j]
  local profile = describe.profile(values)
  local kind = values.type == "real" and iso.kind(column.format) or nil
  return { table = node.name or NA, position = j, name = column.name,
    label = column.label or NA,
    type = type_of({ type = column.type or values.type }, kind, profile),
    length = profile.longest or NA, unit = column.unit or NA,
    format = column.format or NA,
    levels = column.levels and table.concat(column.levels, " < ") or NA,
    key = places[column.name] or NA, n = profile.n,
    missing = profile.n_missing, distinct = profile.n_distinct,
    min = bound(kind, profile.min), max = bound(kind, profile.max) }
end

local function add_table(lines, node)
  local places = key_places(node)
  for from = 1, #node.columns, AT_ONCE do
    local to, names = math.min(from + AT_ONCE - 1, #node.columns), {}
    for j = from, to do names[j - from + 1] = node.columns[j].name end
    local frame = relation.ask(node, names, { quiet = true })
    for j = from, to do
      lines[#lines + 1] = line_of(node, j, frame:column(j - from + 1), places)
    end
  end
end

-- Printed without the columns that say nothing here.
local function printed(frame, lines)
  if #lines == 0 then return "no columns yet" end
  local told, shown = { name = true, n = true }, {}
  for i, line in ipairs(lines) do
    for _, name in ipairs(NAMES) do
      told[name] = told[name] or line[name] ~= NA
    end
    told.several = told.several or line.table ~= lines[1].table
    told.places = told.places or line.position ~= i
  end
  if not told.several then told.table = nil end
  if not told.places then told.position = nil end
  for _, name in ipairs(NAMES) do
    if told[name] then shown[#shown + 1] = name end
  end
  return tostring(frame:select(table.unpack(shown)))
end

local function frame_of(lines, simulated)
  local arrays, text = {}, {}
  for i, name in ipairs(NAMES) do
    local values, empty = {}, true
    for k, line in ipairs(lines) do
      values[k] = line[name]
      empty = empty and values[k] == NA
    end
    arrays[i] = values
    -- nothing but NA would be taken for numbers
    if empty and not REAL[name] then text[name] = {} end
  end
  return relation.of_frame(cframe.build(NAMES, arrays, text),
    { simulated = simulated,
      print = function(frame) return printed(frame, lines) end })
end

--- study:dictionary([what]) -> frame
-- The data dictionary of all tables, of one by its name, or of a relation or
-- frame: a line per column, in their order, in the spirit of Define-XML.
--   table, position, name, label
--   type      text, integer (whole numbers only), float, or date, time and
--             datetime by a format of SAS
--   length    bytes of the longest text
--   unit, format; levels in their order; key: the place in the table's key
--   n, missing, distinct   values that are there, that are not, different ones
--   min, max  as text: numbers, dates as ISO, the first and last text by bytes
-- Export makes a file of it; a sheet beside the data:
-- s:export({ "adsl", dictionary = s:dictionary "adsl" }, "adsl.xlsx").
--
--   > demo:dictionary "adsl":select("name", "type", "n", "distinct", "min", "max"):head(5)
--      name     type      n  distinct  min        max
--   1  USUBJID  text     24        24  DEMO-001   DEMO-024
--   2  TRT01P   text     24         3  CYT107 HF  Placebo
--   3  TRT01PN  integer  24         3  1          3
--   4  COUNTRY  text     24         2  FRA        USA
--   5  AGE      integer  24        15  47         79
--     SIMULATED DATA
--
-- See also: study:export, describe.
function M.dictionary(s, what)
  local self = Inner.of(s)
  self:store()
  local nodes = {}
  if what == nil then
    for i, t in ipairs(self:tables_list()) do nodes[i] = self:base(t.name) end
  else
    if type(what) == "string" then what = s[what] end
    if not relation.is(what) then
      fail("type", ("dictionary takes the name of a table, a relation or a "
        .. "frame, not a %s"):format(type(what)))
    end
    nodes[1] = relation.node_of(what)
  end
  local lines, simulated = {}, false
  for _, node in ipairs(nodes) do
    add_table(lines, node)
    simulated = require "trialsh.mark".both(simulated, node.simulated)
  end
  return frame_of(lines, simulated)
end

return M
