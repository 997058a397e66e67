-- Delimited text files: what an import reads and says, and what is written.

local columns = require "trialsh.relation.columns"
local csv = require "ts.csv"
local fail = require "ts.error".fail
local iso = require "trialsh.iso"
local note = require "trialsh.note"
local export = require "trialsh.export"

local M = { what = "CSV",
  extensions = { csv = true, tsv = true, tab = true, txt = true },
  by_name = { txt = true },
  packed = true, -- also as .csv.gz
  takes = { types = { "table" }, na = { "list" }, delimiter = { "string" },
    encoding = { "string" }, decimal = { { ".", "," } },
    skip = { "integer", least = 0 }, lenient = { "boolean" },
    censored = { "any" }, dictionary = { "string" } },
  writes = { spreadsheet = { "boolean", false },
    dates = { { "iso", "number" } } },
  holds = { format = function(format, opt)
    return opt.dates ~= "number" and iso.kind(format)
  end } }

local function check_censored(censored)
  if type(censored) == "string" then return { censored } end
  if censored == nil or type(censored) == "table"
      or type(censored) == "boolean" then
    return censored
  end
  fail("type", 'censored is a list of columns, { "AVAL" }, or true')
end

--- delimited.open(path, opt) -> file, facts
function M.open(path, opt)
  local given = { types = opt.types, na = opt.na, delimiter = opt.delimiter,
    encoding = opt.encoding, decimal_comma = opt.decimal == ",",
    skip = opt.skip, lenient = opt.lenient,
    censored = check_censored(opt.censored), data = opt.data,
    block = opt.block }
  local dictionary = opt.dictionary
    and require "trialsh.redcap".apply(path, given, opt.dictionary)
  local file, facts = csv.open(path, given)
  facts.dictionary, facts.typed = dictionary, given.types or {}
  facts.labels = given.labels or {}
  if dictionary then
    facts.beside = dictionary.sha256
    facts.detail = ("%s, dictionary %s %s"):format(path, opt.dictionary,
      dictionary.sha256)
  end
  return file, facts
end

--- delimited.columns(facts): as the study enters them.
function M.columns(facts)
  local list = {}
  for j, name in ipairs(facts.names) do
    local levels = facts.levels[name]
    list[j] = { name = name, type = facts.types[j],
      label = facts.labels[name], levels = levels,
      declared = levels and facts.dictionary.by }
  end
  return list
end

--- delimited.store(store, name, file): the rows go into a table.
function M.store(store, name, file) store:import_csv(name, file) end

--- delimited.rejects(file) -> frame, columns
-- What the rows that were read had set apart; nothing without lenient.
function M.rejects(file)
  return file:rejects(), { { name = "LINE", type = "real" },
    { name = "COLUMN", type = "text" }, { name = "VALUE", type = "text" },
    { name = "REASON", type = "text" } }
end

-- Notes ----------------------------------------------------------------------

local SHOWN = 8 -- columns that a note names

local plural = note.plural

-- "AGE, CD4 and 3 more columns"
local function listed(list)
  local more = #list - SHOWN
  if more > 0 then
    list = table.move(list, 1, SHOWN, 1, {})
    list[SHOWN + 1] = "and " .. plural(more, "more column")
  end
  return #list > 0 and table.concat(list, ", ") or nil
end

-- "AGE: 1 value, CD4: 3 values" for the columns whose count is above 0, of one
-- type if it is given.
local function counted(facts, counts, kind)
  local list = {}
  for j, column in ipairs(facts.names) do
    if counts[j] > 0 and (not kind or kind == facts.types[j]) then
      list[#list + 1] = column .. ": " .. plural(counts[j], "value")
    end
  end
  return listed(list)
end

local function say_counted(path, facts, counts, kind, format)
  local list = counted(facts, counts, kind)
  if list then note.say(format, path, list) end
end

-- Limits in columns that are otherwise numeric for the most part.
local function mostly_limits(facts)
  local list = {}
  for j, n in ipairs(facts.limits) do
    local values = facts.n_row - facts.missing[j]
    list[j] = 2 * (n + facts.numbers[j]) >= values and facts.strays[j] == 0
      and n or 0
  end
  return list
end

-- Columns that stay text, though censored asks for their limits.
local function say_strays(path, facts)
  local list = {}
  for j, name in ipairs(facts.names) do
    local stray = facts.stray[j]
    if stray then
      list[#list + 1] = ("%s (%s below or above a limit, %s neither number nor "
        .. "limit, such as '%s' in line %d)"):format(name,
        plural(facts.limits[j], "value"), plural(facts.strays[j], "value"),
        stray[1], stray[2])
    end
  end
  local all = listed(list)
  if all then
    note.say("%s: censored leaves text in %s; na = { words } makes them "
      .. "missing", path, all)
  end
end

-- Names that are data or hold blanks, which nobody sees.
local function say_names(path, facts)
  local blank, numbers = {}, false
  for _, name in ipairs(facts.names) do
    if columns.shown(name) ~= name then
      blank[#blank + 1] = columns.shown(name)
    end
    numbers = numbers or name:find "^%s*[-+]?%d[%d.,]*%s*$" ~= nil
  end
  if numbers then
    note.say("%s: the first row is taken as names: %s", path,
      listed(facts.names))
  end
  if #blank > 0 then
    note.say("%s: blanks around names: %s", path, listed(blank))
  end
  if facts.n_hollow > 0 then
    note.say("%s: %s read, but empty: delimiters alone", path,
      plural(facts.n_hollow, "row"))
  end
end

-- Columns that stay text though half of their values or more are numbers, for
-- values that no other note tells of.
local function say_mixed(path, facts)
  local list = {}
  for j, name in ipairs(facts.names) do
    local numbers = facts.numbers[j]
    local values = facts.n_row - facts.missing[j] - facts.na_words[j]
    local told = 0
    for _, what in ipairs { "commas", "digits", "inexact", "thousands",
      "limits" } do
      told = told + facts[what][j]
    end
    if facts.types[j] == "text" and not facts.typed[name] and numbers > 0
        and 2 * numbers >= values and numbers + told < values then
      list[#list + 1] = ("%s: %d of %d"):format(name, numbers, values)
    end
  end
  local all = listed(list)
  if all then
    note.say("%s: half or more are numbers, but not all: %s; types = { NAME = "
      .. "\"real\" } names the others", path, all)
  end
end

-- What a lenient pass set apart, and where it is.
local function say_rejects(path, facts, name)
  local n = facts.n_reject
  local cells = counted(facts, facts.rejects)
  if n > 0 then
    note.say("%s: %s left out, not as long as the header", path,
      plural(n, "record"))
  end
  if cells then
    note.say("%s: cells that do not fit are missing in %s", path, cells)
  end
  if n > 0 or cells then
    note.say("%s: %s", path, name and ("%s_rejects has what was set apart")
      :format(name) or "the second result of read has what was set apart")
  end
end

-- What the data dictionary does not settle.
local function say_dictionary(path, facts)
  local what, free = facts.dictionary, {}
  local unknown = listed(what.unknown)
  if unknown then
    note.say("%s: %s does not have %s", path, what.by, unknown)
  end
  for j, name in ipairs(facts.names) do
    if what.free[name] and facts.numbers[j] > 0
        and facts.numbers[j] == facts.n_row - facts.missing[j] then
      free[#free + 1] = name
    end
  end
  if #free > 0 then
    note.say("%s: text in %s, though all are numbers: %s; types = { NAME = "
      .. "\"real\" } makes them so", path, what.by, listed(free))
  end
end

--- delimited.say(path, facts [, table]): rows, columns and what was taken as
-- missing.
function M.say(path, facts, name)
  note.say("%s: %s read, %s%s", path, note.plural(facts.n_row, "row"),
    note.plural(#facts.names, "column"), name and ", table " .. name or "")
  say_names(path, facts)
  say_counted(path, facts, facts.na_words, "real",
    "%s: NA or . is missing in %s")
  say_counted(path, facts, facts.quoted, "real", '%s: "" is missing in %s')
  say_counted(path, facts, facts.na_declared, nil,
    "%s: words of na are missing in %s")
  say_counted(path, facts, facts.below, nil,
    "%s: below a limit (<) in %s")
  say_counted(path, facts, facts.above, nil,
    "%s: above a limit (>) in %s")
  say_counted(path, facts, facts.commas, "text",
    '%s: decimal commas stay text in %s; decimal = "," makes them numbers')
  say_counted(path, facts, facts.digits, "text",
    "%s: more than 17 digits stay text in %s; mutate \"NAME = "
    .. "cast(substr(NAME, 1, 17) as real)\" cuts them where none has an "
    .. "exponent, types = { NAME = \"text\" } says it is text")
  say_counted(path, facts, facts.inexact, "text",
    "%s: whole numbers beyond 2^53, which are not all held exactly, stay text "
    .. "in %s; mutate \"NAME = cast(NAME as real)\" rounds them, types = { "
    .. "NAME = \"text\" } says it is text")
  say_counted(path, facts, facts.thousands, "text",
    "%s: commas between thousands stay text in %s; mutate \"NAME = "
    .. "cast(replace(NAME, ',', '') as real)\" makes them numbers")
  say_counted(path, facts, facts.outer, "text",
    "%s: blanks before or behind the text in %s; mutate \"NAME = trim(NAME)\" "
    .. "takes them off")
  say_strays(path, facts)
  say_counted(path, facts, mostly_limits(facts), "text",
    "%s: limits such as <50 stay text in %s; censored = { NAME } reads them")
  say_counted(path, facts, facts.na_words, "text",
    '%s: NA or . stays text in %s; na = { "NA" } makes it missing')
  say_rejects(path, facts, name)
  if facts.dictionary then say_dictionary(path, facts)
  else say_mixed(path, facts) end
end

-- "AVALC: 2 texts, ..." of the counts by column.
local function counted_of(node, counts, word)
  local list = {}
  for j, c in ipairs(node.columns) do
    if counts[j] > 0 then
      list[#list + 1] = c.name .. ": " .. plural(counts[j], word)
    end
  end
  return listed(list)
end

-- The columns that are written as ISO text, NAME = kind, and a list of them.
local function date_columns(frame)
  local kinds, list = {}, {}
  for j, name in ipairs(frame:names()) do
    local column = frame:column(j)
    kinds[name] = column.type == "real" and iso.kind(column.format) or nil
    list[#list + 1] = kinds[name] and name
  end
  return kinds, list
end

local function say_dates(path, node, list, numbers)
  if #list == 0 then return end
  note.say("%s: dates and times as ISO text: %s; dates = \"number\" keeps the "
    .. "numbers of SAS", path, listed(list))
  local other = counted_of(node, numbers, "value")
  if other then
    note.say("%s: values that are no ISO date or time of day stay the numbers "
      .. "of SAS: %s", path, other)
  end
end

--- delimited.write(node, path, opt): the rows of a relation as text.
function M.write(node, path, opt)
  local frame, kinds, dates = (export.rows(node)), nil, {}
  if opt.dates ~= "number" then kinds, dates = date_columns(frame) end
  local written = csv.write(frame, path, { dates = kinds,
    mode = require "ts.file".mode(), spreadsheet = opt.spreadsheet })
  say_dates(path, node, dates, written.numbers)
  if written.doubtful then
    note.say("%s: text that reads back as numbers: %s; types = { NAME = "
      .. "\"text\" } keeps it", path, written.doubtful)
  end
  local risky = counted_of(node, written.formulas, "text")
  if risky and opt.spreadsheet then
    note.say("%s: ' put before what a spreadsheet would take for a formula: %s",
      path, risky)
  elseif risky then
    note.say("%s: a spreadsheet would take for a formula: %s; spreadsheet = "
      .. "true puts ' before them", path, risky)
  end
end

return M
