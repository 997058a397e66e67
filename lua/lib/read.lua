-- Files of data: read() into a frame, and a frame or relation into a file. Each
-- kind of file has a module of its own with the same contract:
--   what, extensions, takes, writes   its name, endings, and options
--   by_name   endings that are data only when asked for by name
--   is(path)  where the ending does not say that it is of that kind
--   open(path, opt) -> file, facts    file: frame(), close(); facts: sha256, n_row
--   columns(facts)   say(path, facts [, table])   store(store, name, file, facts)
--   rejects(file) -> frame, columns   what was set apart, where it can be
--   write(node, path, opt)            where it can be written
--   packed                            whether NAME.EXTENSION.gz is read too
--   write_sheets({ { name =, node = } }, path, opt)   where it holds several
--   holds   what of label, unit, format, levels, special it has a place for

local fail = require "ts.error".fail
local note = require "trialsh.note"
local options = require "trialsh.options"
local export = require "trialsh.export"
local relation = require "trialsh.relation"

local M = {}

local KINDS = { require "trialsh.delimited", require "trialsh.xpt",
  require "trialsh.foreign", require "trialsh.dsjson",
  (require "trialsh.xlsx") }

--- read.options: what read and import take for files, of all kinds.
M.options = {}
local WRITES = {}
for _, kind in ipairs(KINDS) do
  for key, rule in pairs(kind.takes) do M.options[key] = rule end
  for key, rule in pairs(kind.writes or {}) do WRITES[key] = rule end
end

--- read.kind(path, able [, plain]): the kind of file that a name promises and
-- that has the function able, or nil; a .txt or a catalog is taken for data
-- where it is asked for by name alone.
function M.kind(path, able, plain)
  local name, packed = path:lower():gsub("%.gz$", "")
  local extension = name:match "%.([^./]+)$" or ""
  for _, kind in ipairs(KINDS) do
    if kind.extensions[extension] and kind[able]
        and (packed == 0 or kind.packed and able == "open") then
      return not (plain and kind.by_name and kind.by_name[extension]) and kind
        or nil
    end
  end
end

--- read.base_name(path): "adlb" of "raw/ADLB.csv.gz".
function M.base_name(path)
  return (path:match "([^/]+)/*$":lower():gsub("%.gz$", ""):gsub("%.[^.]*$", ""))
end

--- read.refuse(path, verb, able): an error with the kinds that have the
-- function able: "x.doc: CSV, ... files can be read, .doc cannot".
function M.refuse(path, verb, able)
  local extension = path:match "%.([^./]+)$"
  if able == "open" and not extension and not require "ts.file".exists(path) then
    fail("not found", path .. ": No such file or directory") -- a folder, most likely
  end
  local list = {}
  for _, kind in ipairs(KINDS) do
    if kind[able] then list[#list + 1] = kind.what end
  end
  fail("invalid", ("%s: %s and %s files can be %s, %s cannot"):format(path,
    table.concat(list, ", ", 1, #list - 1), list[#list], verb,
    extension and "." .. extension:lower() or "one without extension"))
end

-- Options of other kinds of files are an error that names them.
local function check_options(who, kind, given, field)
  local names = {}
  for name in pairs(given) do names[#names + 1] = name end
  table.sort(names)
  for _, name in ipairs(names) do
    if not (kind[field] or {})[name] then
      local whose = {}
      for _, other in ipairs(KINDS) do
        if other[field] and other[field][name] then
          whose[#whose + 1] = other.what
        end
      end
      if #whose > 0 then
        fail("invalid", ("%s: %s is for %s files, not for %s"):format(who, name,
          table.concat(whose, ", "), kind.what))
      end
    end
  end
end

-- Stata and Dataset-JSON know columns whose names differ in case only.
local function check_names(path, columns)
  local seen = {}
  for _, column in ipairs(columns) do
    local twin = seen[column.name:lower()]
    if twin then
      fail("invalid", ("%s: columns %s and %s: here names that differ in case "
        .. "only are one; rename one of them where the file was made"):format(
        path, twin, column.name))
    end
    seen[column.name:lower()] = column.name
  end
end

--- read.open(path, opt) -> file, facts: facts.kind is the module of its kind.
function M.open(path, opt)
  local kind = M.kind(path, "open") or KINDS[1]
  check_options(path, kind, opt, "takes")
  local file, facts = kind.open(path, opt)
  check_names(path, kind.columns(facts))
  facts.kind = kind
  return file, facts
end

--- read(file [, opt]) -> frame [, rejects]
-- Reads a CSV, TSV, SAS (.xpt, .sas7bdat), SPSS (.sav, .zsav, .por), Stata
-- (.dta) or Dataset-JSON file (.json, .ndjson, .dsjc) into a frame; no study is
-- needed. Text files may be compressed (.csv.gz). The type of a column is found
-- from all its values: numbers only (or missing) make it real, else it is text;
-- where at least 90 % are numbers the others are told as an error. Nothing
-- between delimiters is missing, as are "", NA and . in a real column; "" in a
-- text is empty text. Leading zeros, 0x, 1,000, more than 17 digits, and whole
-- numbers that cannot be held exactly (9007199254740993) are no numbers. Text
-- keeps its bytes. Errors name file:line:column.
--   types       { SITE = "text" }: the type of a column, "text" or "real"
--   na          "NA" or { "NA", "ND" }: further words for missing, in every column
--   delimiter   found from the file by default: comma, semicolon, tab, |
--   decimal     "," where 1,5 is a number ("1,5" in quotes where commas separate
--               the cells), "." by default
--   skip        how many lines stand before the header
--   encoding    UTF-8 by default, or what a byte-order mark says: "latin1",
--               "windows-1252", "utf-16le" ...
--   lenient     true: cells that do not fit a column of numbers become missing,
--               records longer or shorter than the header are left out, and a
--               second result has them (LINE, COLUMN, VALUE, REASON)
--   censored    { "CRP" }, or true for every column: values may be <50, > 1e7,
--               <=5. The limit becomes the value; columns CRP_BLQFL (Y or N) and
--               CRP_LLOQ stand beside it, and CRP_ALQFL, CRP_ULOQ where there is
--               a >. Those of AVAL are BLQFL, LLOQ, ALQFL, ULOQ
--   dictionary  the data dictionary (CSV) of a raw REDCap export: its labels,
--               types, and the choices as levels in place of their codes
-- SAS transport files, versions 5 and 8, bring labels, formats and special
-- missing values; dates stay numbers and print as dates. Text has no trailing
-- blanks, and blank text is missing, as in SAS.
--   member      which one, where the file has several
--   encoding    UTF-8 by default: "latin1", "windows-1252" ...
--   rows        how many rows there must be: version 5 does not say it
-- Errors name the byte.
-- SAS data sets, SPSS and Stata files are read by a process of its own, which may
-- do nothing else. Dates, times and formats become SAS's and print as dates. A
-- column whose values all have value labels becomes text with these as levels;
-- else it keeps its numbers, as does one where two codes share a label.
-- SAS's .A to .Z and Stata's .a to .z stay special missing values; what SPSS
-- declares missing is missing. SAS files with deleted rows are refused. Of texts
-- in SAS, SPSS and Stata files "" is missing, and blanks at the end are not kept.
--   catalog     "formats.sas7bcat": value labels of SAS formats
--   labels      false keeps codes as they are; { "SEX" } labels only these
--   encoding    what the file says by default
--   rows        how many rows there must be
-- A catalog (.sas7bcat) by itself is a frame of FORMAT, CODE and LABEL.
-- Dataset-JSON 1.1 brings types, labels, formats and keys; null is missing, "" is
-- empty text, dates with targetDataType integer are numbers that print as dates.
-- A file that CDISC's schema refuses is an error with its path, rows[3][7].
--   types       of decimal columns with more digits than a number has: "text"
--               keeps them, "real" rounds
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
--   > crp = demo.adsl:limit(1):mutate "CRP = '<0.3'"
--   > demo:export(crp:select("USUBJID", "CRP"), "/tmp/trialsh-help.csv")
--   /tmp/trialsh-help.csv
--   > read("/tmp/trialsh-help.csv", { censored = { "CRP" } }).CRP_LLOQ[1]
--   0.3
--   > os.remove("/tmp/trialsh-help.csv")
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
  local rejects = facts.kind.rejects and facts.kind.rejects(file)
  file:close()
  facts.kind.say(path, facts)
  -- where the rows are from goes with them, for the trail of a study
  local from = { path = path, sha256 = facts.sha256 }
  frame = relation.of_frame(frame, { items = facts.items, member = facts.member,
    label = facts.label, dataset = facts.dataset, read = from })
  if rejects then return frame, relation.of_frame(rejects, { read = from }) end
  return frame
end

-- The kind of file that is written there, and its options.
local function prepare(path, given, able)
  local opt = options("export", given, WRITES)
  if type(path) ~= "string" then
    fail("type", "export: the name of a file is text")
  end
  local kind = M.kind(path, "write", true)
  if not kind then M.refuse(path, "written", "write") end
  if not kind[able] then
    fail("invalid", ("%s: a list of tables makes the sheets of an XLSX file, "
      .. "not %s"):format(path, kind.what))
  end
  check_options("export", kind, given or {}, "writes")
  return kind, opt
end

--- read.write(relation, path [, opt]): a relation or a frame as the kind of
-- file that the path names.
function M.write(what, path, opt)
  local kind, all = prepare(path, opt, "write")
  local node = relation.node_of(export.marked(what, kind))
  kind.write(node, path, all)
  export.tell(node, path, kind, all)
  note.wrote(path)
  return path
end

--- read.write_sheets({ { name =, relation = } }, path [, opt]): several.
function M.write_sheets(sheets, path, opt)
  local kind, all = prepare(path, opt, "write_sheets")
  if all.member then
    fail("invalid", "export: member names one sheet; { NAME = relation } names "
      .. "one of several")
  end
  for _, sheet in ipairs(sheets) do
    sheet.node = relation.node_of(sheet.relation)
  end
  kind.write_sheets(sheets, path, all)
  note.wrote(path)
  for _, sheet in ipairs(sheets) do
    export.tell(sheet.node, ("%s, %s"):format(path, sheet.name), kind, all)
  end
  return path
end

return M
