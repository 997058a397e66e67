-- Delimited text files: what an import reads and says, and what is written.

local csv = require "ts.csv"
local note = require "trialsh.note"

local M = { what = "CSV",
  extensions = { csv = true, tsv = true, tab = true, txt = true },
  by_name = { txt = true },
  takes = { types = { "table" }, na = { "table" }, delimiter = { "string" },
    encoding = { "string" } },
  writes = {} }

--- delimited.open(path, opt) -> file, facts
function M.open(path, opt) return csv.open(path, opt) end

--- delimited.columns(facts): as the study enters them.
function M.columns(facts)
  local columns = {}
  for j, name in ipairs(facts.names) do
    columns[j] = { name = name, type = facts.types[j] }
  end
  return columns
end

--- delimited.store(store, name, file): the rows go into a table.
function M.store(store, name, file) store:import_csv(name, file) end

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

--- delimited.say(path, facts [, table]): rows, columns and what was taken as
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

--- delimited.write(relation, path): the rows of a relation as text.
function M.write(node, path)
  local doubtful = csv.write(node.frame or require "trialsh.relation".ask(node),
    path, require "ts.file".mode())
  if doubtful then
    note.say("%s: text that reads back as numbers: %s; types = { NAME = "
      .. "\"text\" } keeps it", path, doubtful)
  end
end

return M
