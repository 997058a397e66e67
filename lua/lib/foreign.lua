-- SAS data sets, SPSS and Stata files: what an import reads and says. They are
-- read in a process of their own (ts/readstat.h).

local readstat = require "ts.readstat"
local fail = require "ts.error".fail
local note = require "trialsh.note"
local NA = require "ts.na".NA

local M = { what = "SAS data (.sas7bdat), SPSS (.sav), Stata (.dta)",
  extensions = { sas7bdat = true, sas7bcat = true, sav = true, zsav = true,
    por = true, dta = true },
  -- beside others in a folder they are no data
  by_name = { sas7bcat = true },
  takes = { encoding = { "string" }, catalog = { "string" },
    labels = { "any" }, rows = { "integer", least = 0 } } }

local function check_labels(labels)
  local good = labels == nil or type(labels) == "boolean"
    or type(labels) == "table"
  if good and type(labels) == "table" then
    for _, name in ipairs(labels) do good = good and type(name) == "string" end
    good = good and (#labels > 0 or next(labels) == nil)
  end
  if not good then
    fail("type", 'labels is true, false or a list of columns, { "SEX" }')
  end
end

--- foreign.open(path, opt) -> file, facts
function M.open(path, opt)
  check_labels(opt.labels)
  local frame, facts = readstat.read(path, { encoding = opt.encoding,
    catalog = opt.catalog, labels = opt.labels, rows = opt.rows,
    program = M.program, silence = M.silence, memory = M.memory })
  facts.frame = frame
  facts.beside = facts.catalog_sha256
  for j, name in ipairs(frame:names()) do
    facts.columns[j].name, facts.columns[j].type = name, frame:column(j).type
  end
  return { frame = function() return frame end, close = function() end }, facts
end

-- "SEX, RACE" of the columns that choose() picks; nil for none.
local function names(facts, choose)
  local list, more = {}, 0
  for _, c in ipairs(facts.columns) do
    if choose(c) then
      if #list < 8 then list[#list + 1] = c.name else more = more + 1 end
    end
  end
  if more > 0 then list[#list + 1] = ("and %d more"):format(more) end
  return #list > 0 and table.concat(list, ", ") or nil
end

local function say_labels(path, facts)
  local levels = names(facts, function(c) return c.labels == "levels" end)
  if levels then
    note.say("%s: value labels are the levels of %s", path, levels)
  elseif facts.catalog_sha256
      and not names(facts, function(c) return c.labels end) then
    note.say("%s: no column has a format with value labels in the catalog",
      path)
  end
  local absent = names(facts, function(c) return c.labels == "absent" end)
  if absent then
    note.say("%s: the file does not hold the value labels that it names for %s; "
      .. "its end may be missing", path, absent)
  end
  for _, c in ipairs(facts.columns) do
    if c.labels == "partly" then
      note.say("%s: %s keeps its %s: %s has no label", path, c.name,
        c.type == "real" and "numbers" or "text", c.unlabelled)
    elseif c.labels == "shared" then
      note.say("%s: %s keeps its %s: two of its codes have one label", path,
        c.name, c.type == "real" and "numbers" or "text")
    end
  end
end

local function say_missing(path, facts)
  local special = note.counted(facts.columns, function(c)
    return c.n_special - c.n_lost
  end)
  local lost = note.counted(facts.columns, "n_lost")
  local declared = note.counted(facts.columns, "n_declared")
  if special then
    note.say("%s: special missing values (.A to .Z, ._) kept in %s", path,
      special)
  end
  if lost then
    note.say("%s: special missing values became . where value labels are "
      .. "levels: %s; labels = false keeps them", path, lost)
  end
  if declared then
    note.say("%s: declared missing by the file: %s", path, declared)
  end
end

local warned = false

local function warn_of_jail(facts)
  if not facts.jailed and not warned then
    warned = true
    note.say("the kernel refuses the filter that confines the reader of SAS, "
      .. "SPSS and Stata files; they are read without it")
  end
end

--- foreign.say(path, facts [, table]): rows, columns and what was changed.
function M.say(path, facts, name)
  note.say("%s: %s read, %s%s", path, note.plural(facts.n_row, "row"),
    note.plural(#facts.columns, "column"), name and ", table " .. name or "")
  warn_of_jail(facts)
  if facts.converted then
    note.say("%s: text converted from %s", path, facts.encoding)
  end
  if path:lower():find "%.por$" then
    note.say("%s: numbers in base 30: fractions are right to 15 digits", path)
  end
  say_labels(path, facts)
  say_missing(path, facts)
  local cut = note.counted(facts.columns, "n_cut")
  if cut then
    note.say("%s: text that ended within a character, which is left out: %s",
      path, cut)
  end
  for _, c in ipairs(facts.columns) do
    if c.counts then
      note.say("%s: %s counts %s and is shown as a number", path, c.name,
        c.counts)
    end
  end
  if not facts.counted then
    note.say("%s: the file does not say how many rows it has; one that was cut "
      .. "behind a row would look the same, and rows = %d checks it", path,
      facts.n_row)
  end
end

--- foreign.store(store, name, file, facts): the rows go into a table.
function M.store(store, name, _, facts) store:write(name, facts.frame) end

--- foreign.columns(facts): as the study enters them.
function M.columns(facts)
  local columns = {}
  for j, name in ipairs(facts.frame:names()) do
    local c = facts.frame:column(j)
    columns[j] = { name = name, type = c.type,
      label = c.label ~= NA and c.label or nil,
      format = c.format ~= NA and c.format or nil }
    if facts.columns[j].labels == "levels" then
      columns[j].levels, columns[j].declared = c.levels, "value labels"
    end
  end
  return columns
end

return M
