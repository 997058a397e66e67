-- Studies: one SQLite file each. `.` gives a table as a relation, an
-- assignment derives one, `:` changes the study; each change is one
-- transaction and one audit event, with all that depends on it.

local text = require "ts.text"
local json = require "ts.json"
local errors = require "ts.error"
local store_module = require "ts.store"
local NA = require "ts.na".NA
local note = require "trialsh.note"
local options = require "trialsh.options"
local relation = require "trialsh.relation"
local definition = require "trialsh.definition"

local fail = errors.fail

local M = {}
local STATE = {}
local Study = {} -- metatable of what users hold
local Inner = {} -- what relations ask: store, generation, columns
Inner.__index = Inner
local methods = {}
local current -- the study opened last

-- Reading what is there ------------------------------------------------------

local function rows(self, sql, values)
  local frame = self.handle:query(sql, values)
  local names, out = frame:names(), {}
  for i = 1, #frame do
    local row = {}
    for j, name in ipairs(names) do row[name] = frame:value(i, j) end
    out[i] = row
  end
  return out
end

local function known(value) return value ~= NA and value or nil end

-- Forgets what was read before a change, this program's or another's.
local function look(self)
  local seen = self.handle:is_open() and self.handle:version() or self.seen
  if seen ~= self.seen then
    self.seen = seen
    self.version = self.version + 1
    self.tables = nil
  end
end

local function has_table(self, name)
  return #rows(self, "select 1 as x from sqlite_schema where name = ?",
    { name }) > 0
end

-- What tables and columns say beyond what _ts_table and _ts_column hold: the
-- informat of a column, the label and SAS name of a table (column '').
local TABLE_ATTRIBUTES = { "label", "member" }
local COLUMN_ATTRIBUTES = { "informat" }

local function load_attributes(self, tables)
  if not has_table(self, "_ts_attribute") then return end
  for _, a in ipairs(rows(self, "select tbl, name, attribute, value from "
      .. "_ts_attribute")) do
    local t = tables[a.tbl]
    if t and a.name == "" then t[a.attribute] = a.value end
    for _, c in ipairs(t and t.columns or {}) do
      if c.name == a.name then c[a.attribute] = a.value end
    end
  end
end

local function enter_attributes(self, t)
  if has_table(self, "_ts_attribute") then
    self.handle:execute("delete from _ts_attribute where tbl = ?", { t.name })
  end
  local function enter(name, from, list)
    for _, attribute in ipairs(list) do
      if from[attribute] then
        self.handle:execute("create table if not exists _ts_attribute (tbl "
          .. "text not null, name text not null, attribute text not null, "
          .. "value text, primary key (tbl, name, attribute)) strict")
        self.handle:execute("insert into _ts_attribute values (?,?,?,?)",
          { t.name, name, attribute, from[attribute] })
      end
    end
  end
  enter("", t, TABLE_ATTRIBUTES)
  for _, c in ipairs(t.columns) do enter(c.name, c, COLUMN_ATTRIBUTES) end
end

-- Tables by name and in order, with their columns; read once per change.
local function load_tables(self)
  look(self)
  if self.tables then return self.tables end
  local tables = {}
  for i, t in ipairs(rows(self, "select name, kind, rows, key, definition, "
      .. "sources, script, line, sha256, file, simulated from _ts_table "
      .. "order by position")) do
    for name, value in pairs(t) do t[name] = known(value) end
    t.key = t.key and json.decode(t.key)
    t.definition = t.definition and json.decode(t.definition)
    t.sources = t.sources and json.decode(t.sources) or {}
    t.simulated = t.simulated == 1
    t.columns = {}
    tables[i], tables[t.name] = t, t
  end
  for _, c in ipairs(rows(self, "select tbl, name, type, label, unit, format, "
      .. "levels, origin from _ts_column order by tbl, position")) do
    local t = tables[c.tbl]
    if t then
      t.columns[#t.columns + 1] = {
        name = c.name, type = c.type, label = known(c.label),
        unit = known(c.unit), format = known(c.format),
        levels = known(c.levels) and json.decode(c.levels) or nil,
        declared = known(c.origin) }
    end
  end
  load_attributes(self, tables)
  self.tables = tables
  return tables
end

function Inner:store()
  if not self.handle:is_open() then fail("invalid", "the study is closed") end
  return self.handle
end

function Inner:generation()
  look(self)
  return self.version
end

-- The columns of a table, with the levels that the trial declares.
function Inner:columns_of(t)
  local out = {}
  local trial = self:trial()
  for i, column in ipairs(t.columns) do
    local c = {}
    for key, value in pairs(column) do c[key] = value end
    if trial and c.type == "text" and c.declared ~= "levels{ }" then
      require "trialsh.trial".declare_levels(trial, c, self, t.name)
    end
    out[i] = c
  end
  return out
end

function Inner:base(name)
  local t = load_tables(self)[name]
  if not t then fail("not found", ("there is no table %s any more"):format(name)) end
  return relation.base(self, name, self:columns_of(t), t.key, t.simulated)
end

-- The values of a text column as they are stored; for the trial's levels.
function Inner:values_of(tbl, column)
  local cache = load_tables(self)[tbl]
  cache.values = cache.values or {}
  local values = cache.values[column]
  if not values then
    values = {}
    local q = require "trialsh.expression".quote
    for i, row in ipairs(rows(self, ("select distinct %s as v from %s where "
        .. "v is not null order by 1 limit 1000"):format(q(column), q(tbl)))) do
      values[i] = row.v
    end
    cache.values[column] = values
  end
  return values
end

--- Whether a column holds nothing but missing values.
function Inner:is_empty(tbl, column)
  local q = require "trialsh.expression".quote
  return #self.handle:query(("select 1 from %s where %s is not null limit 1")
    :format(q(tbl), q(column))) == 0
end

--- The special missing values of SAS in a column of a table.
function Inner:count_missing(tbl, column)
  if not has_table(self, "_ts_missing") then return 0 end
  return rows(self, "select count(*) as n from _ts_missing where tbl = ? and "
    .. "column = ?", { tbl, column })[1].n
end

--- They go into a frame of all rows of a table.
function Inner:get_missing(tbl, frame)
  self:store():get_missing(tbl, frame)
end

function Inner:facts_of(name) return load_tables(self)[name] end

function Inner:trial()
  look(self)
  if self.trial_read ~= self.version then
    self.trial_read = self.version
    local found = rows(self,
      "select value from _ts_setting where name = 'trial'")[1]
    self.trial_value = found
      and require "trialsh.trial".from_json(found.value) or nil
  end
  return self.trial_value
end

function Inner:tables_list() return load_tables(self) end

-- Changing -------------------------------------------------------------------

-- Runs f in one transaction: all of it or nothing.
local function change(self, f)
  local handle = self:store()
  if handle:in_transaction() then return f() end
  handle:transaction(f)
end
Inner.change = change

local function check_name(name)
  if type(name) ~= "string" or name == "" or name:find "%z"
      or not text.valid(name) then
    fail("invalid", "a table needs a name")
  elseif name:find "^_" or name:lower():find "^sqlite_" then
    fail("invalid", ("%s: names that begin with _ or sqlite_ are the "
      .. "program's"):format(name))
  elseif name == "trial" or name == "arms" or name == "results"
      or name == "audit" then
    fail("invalid", ("%s is no name for a table: s.%s is always there")
      :format(name, name))
  end
end

local function null(value) return value == nil and NA or value end

-- Enters the table and its columns among those of the study.
local function register(self, t)
  local old = load_tables(self)[t.name]
  local position = old and rows(self,
    "select position from _ts_table where name = ?", { t.name })[1].position
    or rows(self, "select coalesce(max(position), 0) + 1 as p from _ts_table")[1].p
  self.handle:execute("delete from _ts_table where name = ?", { t.name })
  self.handle:execute("delete from _ts_column where tbl = ?", { t.name })
  self.handle:execute("insert into _ts_table values "
    .. "(?,?,?,?,?,?,?,?,?,?,?,?,strftime('%Y-%m-%dT%H:%M:%SZ'))", {
    t.name, t.kind, position, t.rows, null(t.key and json.encode(t.key)),
    null(t.definition and json.encode(t.definition)),
    null(t.sources and json.encode(t.sources)), null(t.script), null(t.line),
    null(t.sha256), null(t.file), t.simulated and 1 or 0 })
  for i, c in ipairs(t.columns) do
    self.handle:execute("insert into _ts_column values (?,?,?,?,?,?,?,?,?)", {
      t.name, i, c.name, c.type or "text", null(c.label), null(c.unit),
      null(c.format), null(c.levels and json.encode(c.levels)),
      null(c.declared) })
  end
  enter_attributes(self, t)
  self.tables = nil
  self.version = self.version + 1
end

local function drop_table(self, name)
  self.handle:move_missing(name)
  if has_table(self, "_ts_attribute") then
    self.handle:execute("delete from _ts_attribute where tbl = ?", { name })
  end
  self.handle:execute("drop table if exists "
    .. require "trialsh.expression".quote(name))
end

-- A raw table that is replaced stays in the file under another name.
local function put_aside(self, name)
  local q = require "trialsh.expression".quote
  local n = rows(self, "select count(*) as n from sqlite_schema where name "
    .. "like ? escape '\\'", { "\\_ts\\_was\\_%" })[1].n
  local aside = ("_ts_was_%d_%s"):format(n + 1, name)
  self.handle:execute(("alter table %s rename to %s"):format(q(name),
    q(aside)))
  self.handle:move_missing(name, aside)
end

-- Levels of text columns whose numeric companion (AVISIT, AVISITN) orders them.
local function companion_levels(self, name, columns)
  local q = require "trialsh.expression".quote
  local by_name = {}
  for _, c in ipairs(columns) do by_name[c.name] = c end
  for _, c in ipairs(columns) do
    local number = by_name[c.name .. "N"]
    if c.type == "text" and not c.levels and number
        and number.type == "real" then
      local found = rows(self, ("select %s as v, min(%s) as a, max(%s) as b "
        .. "from %s where %s <> '' group by 1 order by 2 limit 1001")
        :format(q(c.name), q(number.name), q(number.name), q(name), q(c.name)))
      local levels, good = {}, #found > 0 and #found <= 1000
      for i, row in ipairs(found) do
        if row.a == NA or row.a ~= row.b or i > 1 and row.a == found[i - 1].a
        then good = false end
        levels[i] = row.v
      end
      if good then
        c.levels, c.declared = levels, number.name
      end
    end
  end
end

-- Derived tables -------------------------------------------------------------

-- The hash of a derived table: of its definition and of what it is made from.
local function derived_hash(self, def, sources)
  local parts = { json.encode(def) }
  local tables = load_tables(self)
  for _, name in ipairs(sources) do
    parts[#parts + 1] = name .. " " .. (tables[name].sha256 or "")
  end
  local trial = self:trial()
  if trial then parts[#parts + 1] = require "trialsh.trial".to_json(trial) end
  return text.sha256(table.concat(parts, "\n"))
end

-- Computes a relation and stores its rows as a table.
local function materialise(self, name, node, facts)
  relation.check(node)
  local frame = node.frame or relation.ask(node)
  local columns = {}
  for j, c in ipairs(node.columns) do
    local column = frame:column(j)
    columns[j] = { name = c.name, type = column.type, label = c.label,
      unit = c.unit, format = c.format, informat = c.informat,
      levels = c.levels, declared = c.levels and (c.declared or "levels{ }") }
  end
  drop_table(self, name)
  self.handle:write(name, frame)
  companion_levels(self, name, columns)
  register(self, {
    name = name, kind = facts.kind, rows = #frame, key = node.key,
    definition = facts.definition, sources = facts.sources,
    script = facts.script, line = facts.line, sha256 = facts.sha256,
    simulated = node.simulated or facts.simulated, columns = columns })
  self.handle:audit { verb = facts.verb or "derive", object = name,
    rows = #frame, sha256 = facts.sha256,
    detail = facts.definition and json.encode(facts.definition) }
end

-- Everything that a table depends on, itself included.
local function closure(self, name, set)
  if set[name] then return end
  set[name] = true
  local t = load_tables(self)[name]
  for _, source in ipairs(t and t.sources or {}) do
    closure(self, source, set)
  end
end

-- An error says which table it is that cannot be derived again, and where its
-- statement stands: the line that runs is that of import or another table.
local function derive_again(self, t)
  local ok, err = pcall(function()
    local r = definition.rebuild(self.object, t.definition)
    materialise(self, t.name, relation.node_of(r), { kind = "derived",
      verb = "derive again", definition = t.definition, sources = t.sources,
      script = t.script, line = t.line, simulated = t.simulated,
      sha256 = derived_hash(self, t.definition, t.sources) })
  end)
  if ok then return end
  if errors.is(err) and err.code ~= "interrupted" then
    fail(err.code, ("%s, derived again%s: %s"):format(t.name, t.script
      and (" from %s:%d"):format(t.script, t.line) or "", err.message))
  end
  error(err, 0)
end

-- Derives again, in order, what depends on the tables in the set.
local function derive_dependents(self, set)
  local done = {}
  local function visit(name)
    if done[name] ~= nil then return done[name] end
    done[name] = false
    local t, stale = load_tables(self)[name], false
    for _, source in ipairs(t.sources) do
      if set[source] or load_tables(self)[source] and visit(source) then
        stale = true
      end
    end
    if stale and t.definition then
      derive_again(self, t)
      done[name] = true
    end
    return done[name]
  end
  local names = {}
  for i, t in ipairs(load_tables(self)) do names[i] = t.name end
  for _, name in ipairs(names) do
    if not set[name] and visit(name) then
      note.say("%s derived again", name)
    end
  end
end
Inner.derive_dependents = derive_dependents

-- SQLite takes names that differ only in case for one: the table that is there
-- would be gone.
local function table_of(self, name)
  local tables = load_tables(self)
  for _, t in ipairs(tables) do
    if t.name:lower() == name:lower() and t.name ~= name then
      fail("exists", ("%s: there is %s, which differs only in case"):format(
        name, t.name))
    end
  end
  return tables[name]
end

-- What stands against deriving name so; the table that is there, and the hash.
local function check_assignment(self, name, def, sources)
  local old = table_of(self, name)
  if old and old.kind == "raw" then
    fail("exists", ("%s is raw data; a derived table takes another name")
      :format(name))
  end
  for _, source in ipairs(sources) do
    local set = {}
    closure(self, source, set)
    if set[name] then
      fail("invalid", ("%s cannot be derived from itself%s"):format(name,
        source ~= name and ", through " .. source or ""))
    end
  end
  return old, def and derived_hash(self, def, sources)
end

local function assign(self, name, value)
  check_name(name)
  if not relation.is(value) then
    fail("type", ("s.%s = ... takes a relation or a frame, not a %s"):format(
      name, type(value)))
  end
  local study = relation.node_of(value).study
  if study and study ~= self then
    fail("invalid", ("s.%s = ...: a relation of another study; collect() "
      .. "makes a frame of its rows"):format(name))
  end
  local def, sources = definition.of(value)
  local old, hash = check_assignment(self, name, def, sources)
  if old and hash and old.sha256 == hash then return end
  local file, line = errors.where()
  change(self, function()
    -- again: another program may have changed the study before we began to
    old, hash = check_assignment(self, name, def, sources)
    materialise(self, name, relation.node_of(value), {
      kind = def and "derived" or "frame", definition = def, sources = sources,
      script = file, line = line, sha256 = hash })
    if old then derive_dependents(self, { [name] = true }) end
  end)
end

-- Methods --------------------------------------------------------------------

local function store_file(self, name, file, facts, path, simulated, old)
  local columns = require "trialsh.read".columns(facts)
  relation.check_names(columns)
  local importer = self.handle[facts.importer or "import_csv"]
  importer(self.handle, name, facts.frame or file)
  companion_levels(self, name, columns)
  register(self, { name = name, kind = "raw", rows = facts.n_row,
    sha256 = facts.sha256, file = path, simulated = simulated,
    columns = columns, label = facts.label, member = facts.member,
    key = facts.key, definition = facts.given })
  self.handle:audit { verb = old and "replace" or "import", object = name,
    rows = facts.n_row, sha256 = facts.sha256, detail = path }
end

-- The table of that name, which an import may replace, or nil.
local function raw_table(self, path, name)
  local old = table_of(self, name)
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
  for _, key in ipairs { "types", "na", "delimiter", "encoding", "member",
      "rows" } do given[key] = opt[key] end
  return given
end

local function import_file(self, path, opt)
  local name = opt.as or opt.member and opt.member:lower()
    or path:match "([^/]+)$":gsub("%.[^.]*$", ""):lower()
  check_name(name)
  local extension = (path:match "%.([^./]+)$" or ""):lower()
  if not ({ csv = 1, tsv = 1, tab = 1, txt = 1 })[extension]
      and not require "trialsh.xpt".is(path)
      and not require "trialsh.dsjson".is(path) then
    fail("invalid", ("%s: CSV, TSV, SAS transport (.xpt) and Dataset-JSON "
      .. "files can be imported, %s cannot"):format(path, extension == ""
        and "a file without extension" or "." .. extension))
  end
  local csv, facts = require "trialsh.read".open(path, opt)
  local old = raw_table(self, path, name)
  facts.given = given_options(opt)
  if old and old.sha256 == facts.sha256 and old.member == facts.member
      and json.encode(old.definition or {}) == json.encode(facts.given) then
    note.say("%s: unchanged since it was imported as %s", path, name)
    return
  end
  check_replace(path, name, old, opt)
  change(self, function()
    -- again: another program may have changed the study before we began to
    old = raw_table(self, path, name)
    check_replace(path, name, old, opt)
    if old then put_aside(self, name) end
    store_file(self, name, csv, facts, path, opt.simulated, old)
    if old then derive_dependents(self, { [name] = true }) end
  end)
  self.handle:checkpoint()
  require "trialsh.read".say(path, facts, name)
end

--- study:import(path [, opt])
-- Reads a CSV, TSV, SAS transport (.xpt) or Dataset-JSON file (.json, .ndjson,
-- .dsjc), or every such file of a folder, into a table that takes the file's
-- base name in lower case. One transaction; what was there before an error
-- stays. A file that did not change is left alone; one that did needs replace,
-- which keeps the old rows in the file and derives again what depends on the
-- table.
--   as         another name for the table
--   simulated  true marks the data, and all that is made of them, as simulated
--   replace    true takes the place of a table imported before
--   types      { AGE = "text" }: the type of a column, "text" or "real"
--   na         { "ND" }: further words for missing
--   delimiter, encoding, rows  as for read
--   member     of a transport file that has several; the table takes its name
-- SQL types and the rules of typing are those of read. Labels and formats that
-- a file holds go with the columns; special missing values (.A to .Z, ._)
-- are kept beside the table, and :collect().AVAL.special is { [row] = "A" }.
--
--   > select(2, pcall(demo.import, demo, "no-such.csv"))
--   no-such.csv: No such file or directory
--
-- See also: read, study:export, study:drop.
function methods.import(s, path, opt)
  local self = s[STATE]
  local spec = { as = { "string" }, simulated = { "boolean", false },
    replace = { "boolean", false } }
  for key, rule in pairs(require "trialsh.read".options) do spec[key] = rule end
  opt = options("import", opt, spec)
  if type(path) ~= "string" or not path:find "[^/]" then
    fail("type", "import: the path of a file is text")
  end
  local files = require "ts.file".list(path)
  if not files then return import_file(self, path, opt) end
  for _, key in ipairs { "as", "member", "rows" } do
    if opt[key] then
      fail("invalid", ("import: %s is for one file, not a folder"):format(key))
    end
  end
  local n = 0
  for _, file in ipairs(files) do
    local extension = (file:match "%.([^./]+)$" or ""):lower()
    if extension == "csv" or extension == "tsv"
        or require "trialsh.xpt".is(file) or require "trialsh.dsjson".is(file)
    then
      import_file(self, path:gsub("/$", "") .. "/" .. file, opt)
      n = n + 1
    end
  end
  if n == 0 then
    fail("not found", ("%s: no CSV, TSV, SAS transport or Dataset-JSON file "
      .. "in that folder"):format(path))
  end
end

--- study:drop(name)
-- Removes a derived table. Raw data stay, and so does a table that another
-- one is derived from.
--
--   > select(2, pcall(demo.drop, demo, "adsl"))
--   adsl is raw data, which stay
--
-- See also: study:import.
function methods.drop(s, name)
  local self = s[STATE]
  change(self, function()
    local t = type(name) == "string" and load_tables(self)[name]
    if not t then M.no_table(self, name) end
    if t.kind == "raw" then
      fail("invalid", ("%s is raw data, which stay"):format(name))
    end
    for _, other in ipairs(load_tables(self)) do
      for _, source in ipairs(other.sources) do
        if source == name then
          fail("invalid", ("%s is derived from %s: drop it first"):format(
            other.name, name))
        end
      end
    end
    drop_table(self, name)
    self.handle:execute("delete from _ts_table where name = ?", { name })
    self.handle:execute("delete from _ts_column where tbl = ?", { name })
    self.handle:audit { verb = "drop", object = name, rows = t.rows }
  end)
end

--- study:export(what, file [, opt]) -> file
-- Writes a table (by name), a relation or a frame as CSV or TSV: exact numbers,
-- missing as nothing, empty text as "", -0 as 0 once a study held it. A name
-- that ends in .xpt makes a SAS transport file, with labels, formats and
-- special missing values; numbers are exact, or refused from 7.2e75 and below
-- 5.4e-79. One that ends in .json, .ndjson or .dsjc makes Dataset-JSON 1.1, with
-- labels and formats. The same data give the same bytes. The file appears whole
-- or not at all.
--   version   5 (default: names of 8 letters, labels of 40 bytes, text of
--             200, ASCII) or 8 (32, 256, 32767, UTF-8)
--   member    the name of the data set; the table's, or the file's
--   label     of the data set, at most 40 bytes
--   encoding  "utf-8", "latin1" ... for letters beyond ASCII in version 5
--   created   "2026-11-24T03:12:43", the time in the header; 1960-01-01, so
--             that the bytes do not depend on the day
--
--   > select(2, pcall(demo.export, demo, "adsl", "adsl.doc"))
--   export: adsl.doc ends in none of .csv, .tsv, .tab, .xpt, .json, .ndjson, .dsjc
--
--   > decades = demo.adsl:mutate "AGEDECADES = AGE / 10"
--   > select(2, pcall(demo.export, demo, decades, "adsl.xpt"))
--   AGEDECADES: a name of 10 bytes; version 5 has at most 8, version = 8 has 32
--
-- See also: study:import, read.
function methods.export(s, what, file, opt)
  if type(what) == "string" then what = s[what] end
  return require "trialsh.read".write(what, file, opt)
end

--- study:verify() -> number of events
-- Recomputes the chain of the audit trail; an error names the first event
-- that was altered.
--
--   > demo:verify() == #demo.audit
--   true
--
-- See also: study.open.
function methods.verify(s) return s[STATE]:store():verify() end

--- study:close()
-- Closes the file. Relations of the study answer no more.
--
--   > select(2, pcall(function() demo:clse() end))
--   no table clse; nearest: close
--
-- See also: study.open.
function methods.close(s)
  local self = s[STATE]
  self.handle:close()
  if current == s then current = nil end
end

--- study:result(address) -> result
-- The result of run() that an address names: "ID", "ID[A vs B]", "ID@visit";
-- with .field the value alone.
--
--   > select(2, pcall(demo.result, demo, "ALC29"))
--   there are no results yet; run() makes them
--
-- See also: run, endpoint.
function methods.result(s, address)
  return require "trialsh.run".result(s, address)
end

-- `.` ------------------------------------------------------------------------

local special = {}

function special.trial(s) return s[STATE]:trial() or NA end

function special.results(s)
  return require "trialsh.run".results(s)
end

function special.audit(s)
  local self = s[STATE]
  local columns = {}
  for i, name in ipairs { "seq", "utc", "who", "verb", "object", "rows",
      "sha256", "detail", "previous", "hash" } do
    columns[i] = { name = name,
      type = (name == "seq" or name == "rows") and "real" or "text" }
  end
  return relation.of_frame(self:store():query(
    "select * from _ts_audit order by seq", nil, columns))
end

function M.no_table(self, name)
  local names = {}
  for i, t in ipairs(load_tables(self)) do names[i] = t.name end
  local tables = table.concat(names, ", ")
  for method in pairs(methods) do names[#names + 1] = method end
  local near = type(name) == "string" and text.nearest(name, names)
  fail("not found", ("no table %s%s"):format(tostring(name),
    near and "; nearest: " .. near
      or tables ~= "" and "; there are " .. tables or "; the study is empty"))
end

function Study.__index(s, name)
  local self = rawget(s, STATE)
  if load_tables(self)[name] and type(name) == "string" then
    return relation.of_base(self:base(name))
  end
  if special[name] then return special[name](s) end
  if methods[name] then return methods[name] end
  M.no_table(self, name)
end

function Study.__newindex(s, name, value)
  local self = s[STATE]
  if name == "trial" then
    return require "trialsh.trial".set(self, value)
  end
  assign(self, name, value)
end

-- A table may be called like a method: s:import() then comes through here.
function Inner:call(name, ...)
  if methods[name] then return methods[name](self.object, ...) end
  fail("invalid", ("%s is a table, no verb"):format(name))
end

function Study.__tostring(s)
  local self = s[STATE]
  local list, raw = {}, {}
  for _, t in ipairs(load_tables(self)) do list[#list + 1] = t end
  local columns = {
    { name = "table", type = "text", values = {} },
    { name = "rows", type = "real", values = {} },
    { name = "columns", type = "real", values = {} },
    { name = "key", type = "text", values = {} },
    { name = "made by", type = "text", values = {} },
  }
  local simulated
  for i, t in ipairs(list) do
    columns[1].values[i] = t.name
    columns[2].values[i] = t.rows
    columns[3].values[i] = #t.columns
    columns[4].values[i] = t.key and table.concat(t.key, " ") or "-"
    columns[5].values[i] = t.kind == "raw" and (t.file or "import")
      or t.script and ("%s:%d"):format(t.script, t.line) or "the prompt"
    simulated = simulated or t.simulated
    raw[i] = t
  end
  local lines = {}
  if #list == 0 then
    lines[1] = "no tables yet; s:import \"file.csv\" brings one"
  else
    lines[1] = require "trialsh.show".table(columns, #list, {})
  end
  if simulated then lines[#lines + 1] = "SIMULATED DATA" end
  return table.concat(lines, "\n")
end

function Study.__complete(s, sep)
  local list = {}
  if sep == "." then
    for i, t in ipairs(load_tables(s[STATE])) do list[i] = t.name end
    for name in pairs(special) do list[#list + 1] = name end
  else
    for name in pairs(methods) do list[#list + 1] = name end
  end
  table.sort(list)
  return list
end

Study.__name = "study"

-- Opening --------------------------------------------------------------------

local function wrap(handle)
  local self = setmetatable({ handle = handle, version = 1 }, Inner)
  local s = setmetatable({ [STATE] = self }, Study)
  self.object = s
  return s
end

function M.is(x) return type(x) == "table" and getmetatable(x) == Study end

function M.inner(s) return s[STATE] end

--- A study in memory that is not the one open() answers with.
function M.memory() return wrap(store_module.memory()) end

--- The demo study: tables from CSV texts in the binary.
function M.of_texts(texts)
  local s = M.memory()
  local self = s[STATE]
  change(self, function()
    for _, t in ipairs(texts) do
      local csv, facts = require "ts.csv".open(t.name .. ".csv",
        { data = t.text })
      store_file(self, t.name, csv, facts, t.name .. ".csv", true)
    end
  end)
  return s
end

local study = {}

--- study.open([file]) -> study
-- Opens the study in a file; never makes one. Without a file: the study that
-- is open. A study is given back as it is, so that a script may begin with
-- `local s = study.open(...)` and be run alone, with -d, or by dofile.
--
--   > select(2, pcall(study.open, "no-such.db"))
--   there is no no-such.db: study.create "no-such.db" makes one
--
-- See also: study.create, read.
function study.open(file)
  if M.is(file) then
    current = file
    return file
  elseif file == nil then
    if not current then
      fail("not found", "no study is open: study.open \"file.db\", "
        .. "or trialsh -d file.db")
    end
    return current
  elseif type(file) ~= "string" then
    fail("type", ("study.open takes the name of a file, not a %s"):format(
      type(file)))
  end
  current = wrap(store_module.open(file))
  return current
end

--- study.create(file) -> study
-- Makes a new study in a file that is not there yet, and opens it.
--
--   > select(2, pcall(study.create, 1))
--   study.create takes the name of a file
--
-- See also: study.open, study:import.
function study.create(file)
  if type(file) ~= "string" then
    fail("type", "study.create takes the name of a file")
  end
  current = wrap(store_module.create(file))
  return current
end

M.study = setmetatable(study, { __index = function(_, name)
  local near = text.nearest(tostring(name), { "open", "create" })
  fail("not found", ("study has no %s%s"):format(tostring(name),
    near and "; nearest: " .. near or "; it has open and create"))
end })

M.methods = methods
return M
