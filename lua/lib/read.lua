-- Delimited text files: read() into a frame, write a frame, and what an import
-- says about a file.

local csv = require "ts.csv"
local fail = require "ts.error".fail
local note = require "trialsh.note"
local options = require "trialsh.options"
local relation = require "trialsh.relation"

local M = {}

--- read.open(path, opt) -> csv, facts: for an import.
function M.open(path, opt)
  return csv.open(path, { types = opt.types, na = opt.na,
    delimiter = opt.delimiter, encoding = opt.encoding })
end

local SHOWN = 8 -- columns that a note names

-- "AGE: 1 value, CD4: 3 values" for the columns that choose() picks.
local function counted(facts, counts, choose)
  local list, more = {}, 0
  for j, column in ipairs(facts.names) do
    local n = counts[j]
    if n > 0 and choose(facts.types[j]) then
      if #list < SHOWN then
        list[#list + 1] = ("%s: %d value%s"):format(column, n,
          n == 1 and "" or "s")
      else
        more = more + 1
      end
    end
  end
  if more > 0 then list[#list + 1] = ("and %d more columns"):format(more) end
  return #list > 0 and table.concat(list, ", ") or nil
end

local function is_real(kind) return kind == "real" end
local function is_text(kind) return kind == "text" end
local function any() return true end

--- read.say(path, facts [, table]): rows, columns and what was taken as
-- missing.
function M.say(path, facts, name)
  note.say("%s: %d rows read, %d columns%s", path, facts.n_row, #facts.names,
    name and ", table " .. name or "")
  local real = counted(facts, facts.na_words, is_real)
  local text = counted(facts, facts.na_words, is_text)
  local declared = counted(facts, facts.na_declared, any)
  if real then note.say("%s: NA or . is missing in %s", path, real) end
  if declared then
    note.say("%s: words of na are missing in %s", path, declared)
  end
  local commas = counted(facts, facts.commas, any)
  if commas then
    note.say("%s: decimal commas stay text in %s", path, commas)
  end
  if text then
    note.say("%s: NA or . stays text in %s; na = { \"NA\" } makes it missing",
      path, text)
  end
end

--- read(file [, opt]) -> frame
-- Reads a CSV or TSV file into a frame; no study is needed. The type of a
-- column is found from all its values: numbers only (or missing) make it real,
-- else it is text; where at least 90 % are numbers the others are told as an
-- error. Nothing between delimiters is missing, as are NA and . in a real
-- column; "" is empty text. Leading zeros, 0x, 1,000 and more than 17 digits
-- are no numbers. Text keeps its bytes.
--   types      { SITE = "text" }: the type of a column, "text" or "real"
--   na         { "ND" }: further words for missing, in every column
--   delimiter  found from the file by default: comma, semicolon, tab, |
--   encoding   UTF-8 by default, or what a byte-order mark says; "latin1",
--              "windows-1252", "utf-16le" ...
-- Errors name file:line:column.
--
--   > select(2, pcall(read, "no-such.csv"))
--   no-such.csv: No such file or directory
--
-- See also: study:import, study:export. R: read.csv.
function M.read(path, opt)
  opt = options("read", opt, { types = { "table" }, na = { "table" },
    delimiter = { "string" }, encoding = { "string" } })
  if type(path) ~= "string" then
    fail("type", "read: the name of a file is text")
  end
  local file, facts = M.open(path, opt)
  local frame = file:frame()
  file:close()
  M.say(path, facts)
  return relation.of_frame(frame)
end

--- read.write(relation, path): a relation or a frame as CSV or, by the name
-- of the file, TSV.
function M.write(what, path)
  if not relation.is(what) then
    fail("type", "export takes the name of a table, a relation or a frame")
  elseif type(path) ~= "string"
    or not ({ csv = 1, tsv = 1, tab = 1 })[path:lower():match "%.(%w+)$"] then
    fail("invalid", ("export: %s ends in none of .csv, .tsv, .tab")
      :format(tostring(path)))
  end
  local node = relation.node_of(what)
  local doubtful = csv.write(node.frame or relation.ask(node), path,
    require "ts.file".mode())
  if doubtful then
    note.say("%s: text that reads back as numbers: %s; types = { NAME = "
      .. "\"text\" } keeps it", path, doubtful)
  end
  return path
end

return M
