-- The inside of a study: its tables and columns as the file lists them, read
-- once per change, and how a table is entered, dropped or put aside. Relations
-- ask it for columns and the store; study.lua is what users see.

local text = require "ts.text"
local json = require "ts.json"
local errors = require "ts.error"
local NA = require "ts.na".NA
local mark = require "trialsh.mark"
local relation = require "trialsh.relation"
local arms = require "trialsh.study.arms"
local catalog = require "trialsh.study.catalog"

local fail = errors.fail

local Inner = {} -- handle (ts.store), object (what the user holds), version
Inner.__index = Inner
Inner.STATE = {} -- the key under which a study keeps its inside

--- inner.of(study): the inside of what a user holds.
function Inner.of(s) return rawget(s, Inner.STATE) end

-- Reading what is there ------------------------------------------------------

function Inner:rows(sql, values)
  local frame = self.handle:query(sql, values)
  local names, out = frame:names(), {}
  for i = 1, #frame do
    local row = {}
    for j, name in ipairs(names) do row[name] = frame:value(i, j) end
    out[i] = row
  end
  return out
end

-- Forgets what was read before a change, this program's or another's.
function Inner:look()
  local seen = self.handle:is_open() and self.handle:version() or self.seen
  if seen ~= self.seen then
    self.seen = seen
    self.version = self.version + 1
    self.tables = nil
  end
end

local function is_there(self, name)
  return #self:rows("select 1 as x from sqlite_schema where name = ?",
    { name }) > 0
end

-- Asked for each column that is read: known until the file changes.
function Inner:has_table(name)
  if self.handle:in_transaction() then return is_there(self, name) end
  local now, kept = self.handle:version(), self.there
  if not kept or kept.version ~= now then
    kept = { version = now, names = {} }
    self.there = kept
  end
  if kept.names[name] == nil then kept.names[name] = is_there(self, name) end
  return kept.names[name]
end

-- Tables by name and in order, with their columns; read once per change.
function Inner:tables_list()
  self:look()
  if not self.tables then self.tables, self.was = catalog.read(self) end
  return self.tables
end

-- Raw tables that were replaced, by name and in order.
function Inner:replaced_list()
  self:tables_list()
  return self.was
end

function Inner:store()
  if not self.handle:is_open() then fail("invalid", "the study is closed") end
  return self.handle
end

function Inner:generation()
  self:look()
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

-- The node of a table, kept until the study changes.
function Inner:base(name)
  local t = self:tables_list()[name] or self.was[name]
  if not t and name == "arms" then return arms.node(self) end
  if not t then fail("not found", ("there is no table %s any more"):format(name)) end
  if not t.node or t.node.generation ~= self:generation() then
    t.node = relation.base(self, name, self:columns_of(t), t.key, t.simulated)
  end
  return t.node
end

-- The values of a text column as they are stored; for the trial's levels.
function Inner:values_of(tbl, column)
  local cache = self:tables_list()[tbl]
  cache.values = cache.values or {}
  local values = cache.values[column]
  if not values then
    values = {}
    local q = require "trialsh.expression".quote
    for i, row in ipairs(self:rows(("select distinct %s as v from %s where "
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

--- Whether a column has no missing value; known until the study changes.
function Inner:is_whole(tbl, column)
  if self.handle:in_transaction() then return false end
  local generation, kept = self:generation(), self.whole
  if not kept or kept.generation ~= generation then
    kept = { generation = generation }
    self.whole = kept
  end
  local key = tbl .. "\0" .. column
  if kept[key] == nil then
    local q = require "trialsh.expression".quote
    kept[key] = #self.handle:query(("select 1 from %s where %s is null limit 1")
      :format(q(tbl), q(column))) == 0
  end
  return kept[key]
end

--- The special missing values of SAS in a column of a table.
function Inner:count_missing(tbl, column)
  if not self:has_table("_ts_missing") then return 0 end
  return self:rows("select count(*) as n from _ts_missing where tbl = ? and "
    .. "column = ?", { tbl, column })[1].n
end

--- They go into a frame of all rows of a table.
function Inner:get_missing(tbl, frame)
  self:store():get_missing(tbl, frame)
end

function Inner:facts_of(name)
  return self:tables_list()[name] or self.was[name]
    or name == "arms" and arms.facts(self) or nil
end

function Inner:trial()
  self:look()
  if self.trial_read ~= self.version then
    local found = self:rows(
      "select value from _ts_setting where name = 'trial'")[1]
    local ok, trial = pcall(require "trialsh.trial".from_json,
      found and found.value or "null")
    if found and not ok then
      local why = errors.is(trial) and trial or { message = "it is none" }
      if why.code == "interrupted" then error(trial, 0) end
      fail("format", ("%s is damaged: the definition of the trial: %s"):format(
        self.handle:path(), why.message))
    end
    self.trial_value, self.trial_read = found and trial or nil, self.version
  end
  return self.trial_value
end


-- Changing -------------------------------------------------------------------

-- Runs f in one transaction: all of it or nothing. What f has to tell waits for
-- its end: nobody is told what is undone.
function Inner:change(f)
  local handle = self:store()
  if handle:in_transaction() then return f() end
  local later, empty = {}, {}
  self.later = later
  handle:transaction(f)
  -- it is in the file by now: no memory to say so is no error, nor is anything
  -- made here that could lack memory
  self.later = empty
  for _, say in ipairs(later) do pcall(say) end
end

--- inner:hold(f): f reads the study as it is now, whatever other programs change
-- meanwhile, and does not change it.
function Inner:hold(f) self:store():hold(f) end

-- Runs f once the change that is under way is in the file.
function Inner:after(f) self.later[#self.later + 1] = f end

function Inner.check_name(name)
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

local function null(value) return value or NA end

-- Enters the table and its columns among those of the study.
function Inner:register(t)
  local old = self:tables_list()[t.name]
  local position = old and self:rows(
    "select position from _ts_table where name = ?", { t.name })[1].position
    or self:rows("select coalesce(max(position), 0) + 1 as p from _ts_table")[1].p
  self.handle:execute("delete from _ts_table where name = ?", { t.name })
  self.handle:execute("delete from _ts_column where tbl = ?", { t.name })
  self.handle:execute("insert into _ts_table values "
    .. "(?,?,?,?,?,?,?,?,?,?,?,?,strftime('%Y-%m-%dT%H:%M:%SZ'))", {
    t.name, t.kind, position, t.rows, null(t.key and json.encode(t.key)),
    null(t.definition and json.encode(t.definition)),
    null(t.sources and json.encode(t.sources)), null(t.script), null(t.line),
    null(t.sha256), null(t.file), mark.is_simulated(t.simulated) and 1 or 0 })
  for i, c in ipairs(t.columns) do
    self.handle:execute("insert into _ts_column values (?,?,?,?,?,?,?,?,?)", {
      t.name, i, c.name, c.type or "text", null(c.label), null(c.unit),
      null(c.format), null(c.levels and json.encode(c.levels)),
      null(c.declared) })
  end
  catalog.enter_attributes(self, t)
  self.tables = nil
  self.version = self.version + 1
end

function Inner:drop_table(name)
  self.handle:move_missing(name)
  if self:has_table("_ts_attribute") then
    self.handle:execute("delete from _ts_attribute where tbl = ?", { name })
  end
  self.handle:execute("drop table if exists "
    .. require "trialsh.expression".quote(name))
end

-- Takes a table off the list of those that the study has.
function Inner:forget(name)
  self.handle:execute("delete from _ts_table where name = ?", { name })
  self.handle:execute("delete from _ts_column where tbl = ?", { name })
  self.tables = nil
end

-- A raw table that is replaced stays in the file under another name, with all
-- that is known of it.
function Inner:put_aside(name)
  local q = require "trialsh.expression".quote
  local aside = ("_ts_was_%d_%s"):format(#self:replaced_list() + 1, name)
  local function execute(sql, ...) self.handle:execute(sql, { ... }) end
  execute(("alter table %s rename to %s"):format(q(name), q(aside)))
  self.handle:move_missing(name, aside)
  execute("insert into _ts_table select ?, 'was', position, rows, key, "
    .. "definition, sources, script, line, sha256, file, simulated, created "
    .. "from _ts_table where name = ?", aside, name)
  execute("update _ts_column set tbl = ? where tbl = ?", aside, name)
  if self:has_table "_ts_attribute" then
    execute("update _ts_attribute set tbl = ? where tbl = ?", aside, name)
  end
  self.tables = nil
end

-- Levels of text columns whose numeric companion (AVISIT, AVISITN) orders them.
function Inner:companion_levels(name, columns)
  local q = require "trialsh.expression".quote
  local by_name = {}
  for _, c in ipairs(columns) do by_name[c.name] = c end
  for _, c in ipairs(columns) do
    local number = by_name[c.name .. "N"]
    if c.type == "text" and not c.levels and number
        and number.type == "real" then
      local found = self:rows(("select %s as v, min(%s) as a, max(%s) as b "
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

-- SQLite takes names that differ only in case for one: the table that is there
-- would be gone.
function Inner:table_of(name)
  local tables = self:tables_list()
  for _, t in ipairs(tables) do
    if t.name:lower() == name:lower() and t.name ~= name then
      fail("exists", ("%s: there is %s, which differs only in case"):format(
        name, t.name))
    end
  end
  return tables[name]
end

return Inner
