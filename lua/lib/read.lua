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

--- read.say(path, facts [, table]): rows, columns and what was taken as
-- missing.
function M.say(path, facts, name)
  note.say("%s: %d rows read, %d columns%s", path, facts.n_row, #facts.names,
    name and ", table " .. name or "")
  for j, column in ipairs(facts.names) do
    local n = facts.na_words[j]
    if n > 0 and facts.types[j] == "real" then
      note.say("%s: NA or . is missing in %s: %d value%s", path, column, n,
        n == 1 and "" or "s")
    elseif n > 0 then
      note.say("%s: %s is text and says NA or . %d time%s; na = { \"NA\" } "
        .. "makes that missing", path, column, n, n == 1 and "" or "s")
    end
  end
end

--- read(file [, opt]) -> frame
-- Reads a CSV or TSV file into a frame; no study is needed. The type of a
-- column is found from all its values: numbers only (or missing) make it real,
-- else it is text; where at least 90 % are numbers the others are told as an
-- error. Nothing between delimiters is missing, as are NA and . in a real
-- column. Leading zeros, 0x, 1,000 and more than 17 digits are no numbers.
--   types      { SITE = "text" }: the type of a column, "text" or "real"
--   na         { "ND" }: further words for missing
--   delimiter  found from the file by default: comma, semicolon, tab, |
--   encoding   UTF-8 by default, or what a byte-order mark says; "latin1" ...
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

--- read.write(relation, path): a relation or a frame as CSV.
function M.write(what, path)
  if not relation.is(what) then
    fail("type", "export takes the name of a table, a relation or a frame")
  elseif type(path) ~= "string" or not path:lower():find "%.csv$" then
    fail("invalid", ("export: %s does not end in .csv"):format(tostring(path)))
  end
  local node = relation.node_of(what)
  csv.write(node.frame or relation.ask(node), path,
    require "ts.file".mode())
  return path
end

return M
