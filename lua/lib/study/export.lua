-- Tables, relations and frames of a study into files.

local fail = require "ts.error".fail
local read = require "trialsh.read"
local relation = require "trialsh.relation"

local M = {}

local function relation_of(s, what, name)
  if type(what) == "string" then what = s[what] end
  if not relation.is(what) then
    fail("type", ("export: %s is no name of a table, relation or frame, but a "
      .. "%s"):format(name, type(what)))
  end
  return what
end

-- { "adsl", "adae", extra = relation } as sheets: the list first, then names in
-- their order.
local function sheets_of(s, list)
  local sheets, names = {}, {}
  for i, what in ipairs(list) do
    local r = relation_of(s, what, ("sheet %d"):format(i))
    local name = relation.node_of(r).name
    if not name then
      fail("invalid", ("export: sheet %d is no table of the study and has no "
        .. "name; { NAME = relation } gives it one"):format(i))
    end
    sheets[i] = { name = name, relation = r }
  end
  for name in pairs(list) do
    if type(name) == "string" then
      names[#names + 1] = name
    elseif not (math.type(name) == "integer" and name >= 1 and name <= #list)
    then
      fail("type", ("export: %s names no sheet"):format(tostring(name)))
    end
  end
  table.sort(names)
  for _, name in ipairs(names) do
    sheets[#sheets + 1] = { name = name,
      relation = relation_of(s, list[name], name) }
  end
  if #sheets == 0 then fail("invalid", "export: an empty list of sheets") end
  return sheets
end

--- study:export(what, file [, opt]) -> file
-- Writes a table (by name), a relation or a frame; the ending of the file says
-- as what. The file appears whole or not at all, and the same data give the
-- same bytes. What the kind of file has no place for (labels, levels, codes of
-- missing values, the mark of simulated data) is told in a note; what it cannot
-- hold without change is an error that names column and row.
-- CSV (.csv; .tsv has tabs): exact numbers, missing as nothing, empty text as
-- "", dates and times of SAS as ISO text (2014-01-02, 2014-01-02T03:04:05,
-- 03:04:05). A note counts texts that a spreadsheet would take for formulas.
--   dates     "iso", or "number": dates stay the numbers of SAS
--   spreadsheet  true puts ' before text, names included, that begins with
--             = + - @, tab, line end or a full-width = + - @; numbers stay
-- SAS transport (.xpt): labels, formats, special missing values. Numbers are
-- exact, or refused from 7.2e75 and below 5.4e-79; -0 is written as 0.
--   version   5 (default: names of 8 letters, labels of 40 bytes, text of
--             200, ASCII) or 8 (32, 256, 32767, UTF-8)
--   member    the name of the data set; the table's, or the file's
--   label     of the data set, at most 40 bytes
--   encoding  "utf-8", "latin1" ... for letters beyond ASCII in version 5
--   created   "2026-11-24T03:12:43", the time in the header; 1960-01-01, so
--             that the bytes do not depend on the day
-- Dataset-JSON 1.1 (.json, .ndjson, .dsjc): labels and formats, and all that an
-- imported one said, its time too; member, label and created as above.
-- XLSX: a sheet with names in row 1, which stays in view; a label and a unit
-- are the comment of their name. Text is never a formula, numbers are exact in
-- the file (a spreadsheet shows 15 digits and has no -0), dates and times of
-- SAS are those of spreadsheets, ISO text before 1900-03-01. Simulated data
-- are marked on the tab, above printed pages, in the properties and on a last
-- sheet. A list { "adsl", "adae", extra = relation } makes several sheets.
--   member    the name of the sheet;  label  the title of the file;  created
--
--   > select(2, pcall(demo.export, demo, "adsl", "adsl.doc"))
--   adsl.doc: CSV, SAS transport (.xpt), Dataset-JSON and XLSX files can be written, .doc cannot
--
--   > decades = demo.adsl:mutate "AGEDECADES = AGE / 10"
--   > select(2, pcall(demo.export, demo, decades, "adsl.xpt"))
--   AGEDECADES: a name of 10 bytes; version 5 has at most 8, version = 8 has 32
--
-- See also: study:import, read.
function M.export(s, what, file, opt)
  if type(what) == "table" and not relation.is(what)
      and getmetatable(what) == nil then
    return read.write_sheets(sheets_of(s, what), file, opt)
  end
  return read.write(relation_of(s, what, tostring(what)), file, opt)
end

return M
