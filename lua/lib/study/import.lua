-- Files into a study.

local json = require "ts.json"
local errors = require "ts.error"
local text = require "ts.text"
local note = require "trialsh.note"
local options = require "trialsh.options"
local relation = require "trialsh.relation"
local mark = require "trialsh.mark"
local read = require "trialsh.read"
local arms = require "trialsh.study.arms"
local Inner = require "trialsh.study.inner"
local derive = require "trialsh.study.derive"
local replaced = require "trialsh.study.replaced"

local fail = errors.fail

local M = {}

-- A raw table among those of the study, and the event that it came.
local function enter(self, t, verb, detail)
  t.kind = "raw"
  self:companion_levels(t.name, t.columns)
  self:register(t)
  self.handle:audit { verb = verb, object = t.name, rows = t.rows,
    sha256 = t.sha256, detail = detail }
end

-- What was set apart, as a table beside name (adlb_rejects), whose name it
-- gives; one of an import before goes where the new one sets nothing apart.
local function store_rejects(self, name, file, facts, path, simulated)
  if not facts.kind.rejects then return end
  local frame, columns = facts.kind.rejects(file)
  local beside = name .. "_rejects"
  local old = self:table_of(beside)
  if old and (old.definition or {}).rejects_of ~= name then
    if not frame then return end
    fail("exists", ("%s: %s would stand beside %s, but there is such a table; "
      .. "{ as = \"...\" } gives another name"):format(path, beside, name))
  end
  if old then
    self:put_aside(beside)
    self:forget(beside)
    if not frame then
      self.handle:audit { verb = "drop", object = beside, rows = old.rows }
    end
  end
  if frame then
    self.handle:write(beside, frame)
    enter(self, { name = beside, rows = #frame, sha256 = facts.sha256,
      file = path, simulated = simulated, columns = columns,
      definition = { rejects_of = name } }, old and "replace" or "import", path)
  end
  return beside
end

--- import.store(study, name, file, facts, path, simulated, old): as a raw table;
-- the name of the one that stands beside it, if any.
function M.store(self, name, file, facts, path, simulated, old)
  local columns = facts.kind.columns(facts)
  relation.check_names(columns)
  simulated = mark.of_columns(columns, simulated)
  facts.kind.store(self.handle, name, file, facts)
  enter(self, { name = name, rows = facts.n_row,
    sha256 = facts.sha256, file = path, simulated = simulated,
    columns = columns, label = facts.label, member = facts.member,
    dataset = facts.dataset, key = facts.key, definition = facts.given },
    old and "replace" or "import", facts.detail or path)
  arms.guard(self, name)
  return store_rejects(self, name, file, facts, path, simulated)
end

-- The table of that name, which an import may replace, or nil.
local function raw_table(self, path, name)
  local old = self:table_of(name)
  if old and old.kind ~= "raw" then
    fail("exists", ("%s: %s is a derived table; { as = \"...\" } gives "
      .. "another name"):format(path, name))
  end
  return old
end

local function check_replace(path, name, old, opt)
  if old and not opt.replace then
    fail("exists", ("%s, or how it is to be read, differs from what was "
      .. "imported as %s; { replace = true } replaces it"):format(path, name))
  end
end

-- The options that decide what a file's values are; kept with a raw table, so
-- that other ones are not taken for no change.
local function given_options(opt)
  local given = {}
  for key in pairs(read.options) do given[key] = opt[key] end
  return given
end

-- A file as it is to be entered, or nil where it is unchanged.
local function open_file(self, path, opt)
  local name = opt.as or opt.member and opt.member:lower()
    or read.base_name(path)
  self.check_name(name)
  if not read.kind(path, "open") then
    read.refuse(path, "imported", "open")
  end
  local file, facts = read.open(path, opt)
  local old = raw_table(self, path, name)
  facts.given = given_options(opt)
  facts.given.beside = facts.beside -- the hash of a file read with this one
  if old and old.sha256 == facts.sha256 and old.member == facts.member
      and json.encode(old.definition or {}) == json.encode(facts.given) then
    note.say("%s: unchanged since it was imported as %s", path, name)
    return nil
  end
  check_replace(path, name, old, opt)
  return { name = name, path = path, file = file, facts = facts }
end

-- In a transaction: the file as a table; what changed goes to the set.
local function enter_file(self, new, opt, changed)
  -- again: another program may have changed the study before we began to
  local name, path, facts = new.name, new.path, new.facts
  local old = raw_table(self, path, name)
  check_replace(path, name, old, opt)
  if old then self:put_aside(name) end
  local beside = M.store(self, name, new.file, facts, path, opt.simulated, old)
  if beside then changed[beside] = true end
  if old then changed[name] = true end
  local columns = old and self:tables_list()[name].columns
  self:after(function()
    facts.kind.say(path, facts, name)
    if old then replaced.say(name, old, columns, facts.given) end
  end)
end

-- The columns of a file, however they are read; nil where it cannot be.
local function columns_in(path, opt)
  local plain = {}
  for key, value in pairs(opt) do plain[key] = value end
  plain.types, plain.censored = nil, nil
  if read.kind(path, "open").takes.lenient then plain.lenient = true end
  local ok, file, facts = pcall(read.open, path, plain)
  if not ok then
    if errors.is(file) and file.code == "interrupted" then error(file, 0) end
    return nil
  end
  local has = {}
  for _, column in ipairs(facts.kind.columns(facts)) do has[column.name] = true end
  file:close()
  return has
end

-- Options that name columns no file has are an error, those that name none as ever.
local function check_named(folder, key, named, all)
  for name in pairs(named) do
    if type(name) == "string" and not all[name] then
      local list = {}
      for known in pairs(all) do list[#list + 1] = known end
      table.sort(list)
      local near = text.nearest(name, list)
      fail("not found", ("%s: %s: no file of that folder has a column %s%s"):format(folder,
        key, name, near and "; nearest: " .. near or ""))
    end
  end
end

-- { [path] = options }: of several files each takes the types and limits of the
-- columns that it has.
local function options_of_each(folder, paths, opt)
  local limits = {}
  for _, name in ipairs(type(opt.censored) == "table" and opt.censored
    or type(opt.censored) == "string" and { opt.censored } or {}) do limits[name] = true end
  if not opt.types and not next(limits) then return {} end
  local of, all, whole = {}, {}, true
  for _, path in ipairs(paths) do
    local has = columns_in(path, opt)
    whole = whole and has ~= nil
    if has then
      local own, types, censored = {}, {}, {}
      for key, value in pairs(opt) do own[key] = value end
      for name in pairs(has) do all[name] = true end
      for name, kind in pairs(opt.types or {}) do
        if has[name] or type(name) ~= "string" then types[name] = kind end
      end
      for name in pairs(limits) do
        if has[name] or type(name) ~= "string" then censored[#censored + 1] = name end
      end
      table.sort(censored, function(a, b) return tostring(a) < tostring(b) end)
      own.types = next(types) and types
      if next(limits) then own.censored = next(censored) and censored end
      of[path] = own
    end
  end
  if whole then
    check_named(folder, "types", opt.types or {}, all)
    check_named(folder, "censored", limits, all)
  end
  return of
end

-- The n-th file and those behind it, of one list.
local function enter_rest(self, paths, n, opt, of, changed)
  for i = n, #paths do
    local ok, err = pcall(function()
      local new = open_file(self, paths[i], of[paths[i]] or opt)
      if new then enter_file(self, new, opt, changed) end
    end)
    if not ok and errors.is(err) and err.code ~= "interrupted" then
      errors.fail(err.code, err.message
        .. "; no file of that folder was imported")
    elseif not ok then
      error(err, 0)
    end
  end
end

-- All files or none. Those that are unchanged need no transaction, which a
-- study that is locked refuses. of[path]: the options of a file.
local function import_files(self, paths, opt, of)
  for i, path in ipairs(paths) do
    local new = open_file(self, path, of[path] or opt)
    if new then
      self:change(function()
        local changed = {}
        enter_file(self, new, opt, changed)
        enter_rest(self, paths, i + 1, opt, of, changed)
        if next(changed) then derive.dependents(self, changed) end
      end)
      self.handle:checkpoint()
      return
    end
  end
end

-- The paths of those files of a folder that are data; no two may become one
-- table.
local function files_of(folder, files)
  local paths, names, other = {}, {}, {}
  for _, file in ipairs(files) do
    local path, name = folder .. "/" .. file, read.base_name(file)
    local kind = read.kind(file, "open", true)
    if kind and kind.is and not kind.is(path) then
      note.say("%s: not %s, left alone", path, kind.what)
    elseif kind and names[name] then
      fail("exists", ("%s: %s and %s would both be table %s; one by one, "
        .. "{ as = \"...\" } gives another name"):format(folder, names[name],
        file, name))
    elseif kind then
      names[name] = file
      paths[#paths + 1] = path
    else
      other[#other + 1] = file
    end
  end
  if #other > 0 then
    note.say("%s: no kind of file that is read, left alone: %s%s", folder,
      table.concat(other, ", ", 1, math.min(#other, 8)),
      #other > 8 and (" and %d more"):format(#other - 8) or "")
  end
  if #paths == 0 then
    fail("not found", folder .. ": no file of data in that folder")
  end
  return paths
end

--- study:import(path [, opt])
-- Reads a CSV, TSV (also .csv.gz), SAS (.xpt, .sas7bdat), SPSS (.sav, .zsav,
-- .por), Stata (.dta) or Dataset-JSON file (.json, .ndjson, .dsjc), or every such
-- file of a folder, into a table that takes the file's base name in lower case.
-- One transaction, all files or none; what was there before an error stays. A
-- file that did not change is left alone; one that did needs replace, which keeps
-- the old rows in the study and derives again what depends on the table; columns
-- that changed their type or are gone are a warning.
--   as          another name for the table
--   simulated   true marks the data, and all that is made of them, as simulated
--   replace     true takes the place of a table imported before
-- Text files, as for read, which says more of each; of a folder each file takes the
-- types and limits of the columns that it has:
--   types       { AGE = "text" }: the type of a column, "text" or "real"
--   na          { "ND" }: further words for missing
--   delimiter   found from the file by default
--   decimal     "," where 1,5 is a number
--   skip        how many lines stand before the header
--   encoding    "latin1", "windows-1252" ... where it is not UTF-8
--   lenient     true: what does not fit goes to a table beside this one, such as
--               adlb_rejects (LINE, COLUMN, VALUE, REASON)
--   censored    { "CRP" } or true: values such as <50, with flags and limits
--   dictionary  of a REDCap export: labels, types, levels for codes
-- Other files:
--   member      which data set of a transport file, whose name the table takes
--   rows        how many rows there must be
--   catalog     a file of value labels of SAS formats
--   labels      false keeps codes as they are
-- Text whose column has a numeric companion (TRT01P and TRT01PN, AVISIT and
-- AVISITN) takes its order from it, as levels; frames of read() do not.
-- A table may be called like a verb: with a table history, s.history is the table
-- and s:history() the verb. audit, results, trial and arms are no names.
-- Labels and formats that a file holds go with the columns; special missing
-- values (.A to .Z, ._) are kept beside the table, and
-- :collect().AVAL.special is { [row] = "A" }. Numbers keep every bit, -0 too
-- (a group takes it for 0). A table has at most 1990 columns.
-- What Dataset-JSON says of the data set and its columns (OIDs, types, lengths,
-- keys, source system) is kept for export; types as for read.
--
--   > select(2, pcall(demo.import, demo, "no-such.csv"))
--   no-such.csv: No such file or directory
--
-- See also: read, study:export, study:drop.
function M.import(s, path, opt)
  local self = Inner.of(s)
  local spec = { as = { "string" }, simulated = { "boolean", false },
    replace = { "boolean", false } }
  for key, rule in pairs(read.options) do spec[key] = rule end
  opt = options("import", opt, spec)
  if type(path) ~= "string" or not path:find "[^/]" then
    fail("type", "import: the path of a file is text")
  end
  local files = require "ts.file".list(path)
  if not files then return import_files(self, { path }, opt, {}) end
  for _, key in ipairs { "as", "member", "rows", "dictionary" } do
    if opt[key] then
      fail("invalid", ("import: %s is for one file, not a folder"):format(key))
    end
  end
  local folder = path:gsub("/+$", "", 1)
  local paths = files_of(folder, files)
  import_files(self, paths, opt, options_of_each(folder, paths, opt))
end

return M
