-- Files of data: read() into a frame, write a frame, and what an import says
-- about a file. Delimited text is here, other kinds have modules of their own.

local csv = require "ts.csv"
local fail = require "ts.error".fail
local note = require "trialsh.note"
local options = require "trialsh.options"
local relation = require "trialsh.relation"
local xpt = require "trialsh.xpt"
local dsjson = require "trialsh.dsjson"

local M = {}

--- read.options: what read and import take for files, by kind.
M.options = { types = { "table" }, na = { "table" },
  delimiter = { "string" }, encoding = { "string" }, member = { "string" },
  rows = { "integer", least = 0 } }

--- read.open(path, opt) -> file, facts: for an import.
function M.open(path, opt)
  if xpt.is(path) then return xpt.open(path, opt) end
  if dsjson.is(path) then return dsjson.open(path, opt) end
  for _, name in ipairs { "member", "rows" } do
    if opt[name] ~= nil then
      fail("invalid", ("%s: %s is for SAS transport files (.xpt)"):format(path,
        name))
    end
  end
  local file, facts = csv.open(path, { types = opt.types, na = opt.na,
    delimiter = opt.delimiter, encoding = opt.encoding })
  facts.importer = "import_csv"
  return file, facts
end

--- read.columns(facts): as the study enters them.
function M.columns(facts)
  if facts.importer == "import_xpt" then return xpt.columns(facts) end
  if facts.importer == "write" then return dsjson.columns(facts) end
  local columns = {}
  for j, name in ipairs(facts.names) do
    columns[j] = { name = name, type = facts.types[j] }
  end
  return columns
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
  if facts.importer == "import_xpt" then return xpt.say(path, facts, name) end
  if facts.importer == "write" then return dsjson.say(path, facts, name) end
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
-- Reads a CSV, TSV, SAS transport (.xpt) or Dataset-JSON file (.json, .ndjson,
-- .dsjc) into a frame; no study is needed. The type of a column of text files
-- is found from all its values: numbers only (or missing) make it real, else it
-- is text; where at least 90 % are numbers the others are told as an error.
-- Nothing between delimiters is missing, as are NA and . in a real column; ""
-- is empty text. Leading zeros, 0x, 1,000 and more than 17 digits
-- are no numbers. Text keeps its bytes.
--   types      { SITE = "text" }: the type of a column, "text" or "real"
--   na         { "ND" }: further words for missing, in every column
--   delimiter  found from the file by default: comma, semicolon, tab, |
--   encoding   UTF-8 by default, or what a byte-order mark says; "latin1",
--              "windows-1252", "utf-16le" ...
-- Errors name file:line:column.
-- SAS transport files, versions 5 and 8, bring labels, formats and special
-- missing values; dates stay numbers and print as dates. Text has no trailing
-- blanks, and blank text is missing, as in SAS.
--   member     which one, where the file has several
--   encoding   UTF-8 by default; "latin1", "windows-1252" ...
--   rows       how many rows there must be: version 5 does not say it
-- Errors name the byte.
-- Dataset-JSON 1.1 brings types, labels, formats and keys; null is missing, "" is
-- empty text, dates with targetDataType integer are numbers that print as dates.
--
--   > select(2, pcall(read, "no-such.csv"))
--   no-such.csv: No such file or directory
--
--   > demo:export("adsl", "/tmp/trialsh-help.xpt")
--   /tmp/trialsh-help.xpt
--   > #read("/tmp/trialsh-help.xpt", { rows = #demo.adsl }) == #demo.adsl
--   true
--   > os.remove("/tmp/trialsh-help.xpt")
--   true
--
-- See also: study:import, study:export. R: read.csv.
function M.read(path, opt)
  opt = options("read", opt, M.options)
  if type(path) ~= "string" then
    fail("type", "read: the name of a file is text")
  end
  local file, facts = M.open(path, opt)
  local frame = file:frame()
  file:close()
  M.say(path, facts)
  return relation.of_frame(frame)
end

local TEXT = { csv = true, tsv = true, tab = true }
local EXPORT = { version = { "integer", 5 }, member = { "string" },
  label = { "string" }, encoding = { "string" }, created = { "string" } }

--- read.write(relation, path [, opt]): a relation or a frame as the kind of
-- file that the path names.
function M.write(what, path, opt)
  local given = opt
  opt = options("export", opt, EXPORT)
  if not relation.is(what) then
    fail("type", "export takes the name of a table, a relation or a frame")
  end
  local extension = type(path) == "string"
    and (path:lower():match "%.(%w+)$" or "") or ""
  if type(path) == "string" and xpt.is(path) then
    xpt.write(relation.node_of(what), path, opt)
    return path
  elseif type(path) == "string" and dsjson.is(path) then
    if given and (given.version or given.encoding) then
      fail("invalid", "export: version and encoding are for SAS transport "
        .. "files (.xpt)")
    end
    dsjson.write(relation.node_of(what), path, opt)
    return path
  elseif not TEXT[extension] then
    fail("invalid", ("export: %s ends in none of .csv, .tsv, .tab, .xpt, "
      .. ".json, .ndjson, .dsjc")
      :format(tostring(path)))
  end
  for _, name in ipairs { "version", "member", "label", "encoding",
      "created" } do
    if given and given[name] ~= nil then
      fail("invalid", ("export: %s is for SAS transport files (.xpt)"):format(
        name))
    end
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
