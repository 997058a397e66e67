-- What a study's file lists of its tables and columns, read and checked: it may
-- have been damaged, or written by another hand.

local json = require "ts.json"
local fail = require "ts.error".fail
local mark = require "trialsh.mark"
local NA = require "ts.na".NA

local M = {}

local function known(value) return value ~= NA and value or nil end

local function damaged(self, what, ...)
  fail("format", ("%s is damaged: %s"):format(self.handle:path(),
    what:format(...)))
end

-- The value of a JSON text, or nil for a text that is none.
local function decoded(s)
  local ok, value = pcall(json.decode, s)
  return ok and value or nil
end

local function is_list_of_text(list)
  if type(list) ~= "table" then return false end
  for key in pairs(list) do
    if math.type(key) ~= "integer" then return false end
  end
  for _, x in ipairs(list) do
    if type(x) ~= "string" then return false end
  end
  return true
end

local is_definition

local function is_argument(x)
  return type(x) ~= "table" or not x.relation or is_definition(x.relation)
end

-- { table = name, verbs = { { verb, argument, ... }, ... } }
function is_definition(def)
  if type(def) ~= "table" or type(def.table) ~= "string"
      or type(def.verbs) ~= "table" then
    return false
  end
  for key, call in pairs(def.verbs) do
    if math.type(key) ~= "integer" or type(call) ~= "table"
        or type(call[1]) ~= "string" then
      return false
    end
    for _, x in ipairs(call) do
      if not is_argument(x) then return false end
    end
  end
  return true
end

local function list_of(self, t, what)
  if not known(t[what]) then return nil end
  local list = decoded(t[what])
  if not is_list_of_text(list) then
    damaged(self, "%s of %s are no list of names", what, t.name)
  end
  return list
end

local kinds = { raw = true, derived = true, frame = true, was = true }

local function read_table(self, t)
  if type(t.name) ~= "string" or not kinds[t.kind] then
    damaged(self, "it lists a table %s of kind %s", tostring(t.name),
      tostring(t.kind))
  end
  for name, value in pairs(t) do t[name] = known(value) end
  t.key, t.sources = list_of(self, t, "key"), list_of(self, t, "sources") or {}
  if t.definition then
    t.definition = decoded(t.definition)
    if type(t.definition) ~= "table"
        or t.kind == "derived" and not is_definition(t.definition) then
      damaged(self, "the statement of %s is none", t.name)
    end
  end
  t.simulated = t.simulated == 1
  t.columns = {}
  return t
end

local function read_column(self, c)
  if type(c.name) ~= "string" or c.type ~= "real" and c.type ~= "text" then
    damaged(self, "%s lists a column %s of type %s", c.tbl, tostring(c.name),
      tostring(c.type))
  end
  local levels = known(c.levels) and decoded(c.levels)
  if known(c.levels) and not is_list_of_text(levels) then
    damaged(self, "levels of %s in %s are no list of texts", c.name, c.tbl)
  end
  return { name = c.name, type = c.type, label = known(c.label),
    unit = known(c.unit), format = known(c.format), levels = levels or nil,
    declared = known(c.origin) }
end

-- What tables and columns say beyond that: the informat of a column, the label
-- and SAS name of a table (column ''), that its arms are dummies, and what
-- Dataset-JSON says of both, as JSON.
local TABLE_ATTRIBUTES = { "label", "member", "dataset", "mark" }
local COLUMN_ATTRIBUTES = { "informat", "item" }
local IS_JSON = { dataset = true, item = true }

local function read_attributes(self, ...)
  if not self:has_table "_ts_attribute" then return end
  local owners = {} -- by table and column: what the attribute goes to
  for _, tables in ipairs { ... } do
    for _, t in ipairs(tables) do
      local owner = { [""] = t }
      for _, c in ipairs(t.columns) do owner[c.name] = c end
      owners[t.name] = owner
    end
  end
  for _, a in ipairs(self:rows("select tbl, name, attribute, value from "
      .. "_ts_attribute")) do
    local owner = owners[a.tbl] and owners[a.tbl][a.name]
    local value = a.value
    if IS_JSON[a.attribute] then value = decoded(value) end
    if owner and type(value) ~= (IS_JSON[a.attribute] and "table" or "string")
    then
      damaged(self, "%s of %s %s is none", tostring(a.attribute), a.tbl, a.name)
    end
    if owner then owner[a.attribute] = value end
  end
end

--- catalog.enter_attributes(inner, table): those that it has.
function M.enter_attributes(self, t)
  local there = self:has_table "_ts_attribute"
  if there then
    self.handle:execute("delete from _ts_attribute where tbl = ?", { t.name })
  end
  local function enter(name, from, list)
    for _, attribute in ipairs(list) do
      local value = from[attribute]
      if value and not there then
        self.handle:execute("create table _ts_attribute (tbl text not null, "
          .. "name text not null, attribute text not null, value text, "
          .. "primary key (tbl, name, attribute)) strict")
        there = true
      end
      if value then
        self.handle:execute("insert into _ts_attribute values (?,?,?,?)",
          { t.name, name, attribute,
            IS_JSON[attribute] and json.encode(value) or value })
      end
    end
  end
  local dummy = mark.is_dummy(t.simulated) and mark.DUMMY or nil
  enter("", { label = t.label, member = t.member, dataset = t.dataset,
    mark = dummy }, TABLE_ATTRIBUTES)
  for _, c in ipairs(t.columns) do enter(c.name, c, COLUMN_ATTRIBUTES) end
end

--- catalog.read(inner) -> tables by name and in order, with their columns;
-- .was has those that were replaced, by name and in order.
function M.read(self)
  local tables, was = {}, {}
  local function find(name) return tables[name] or was[name] end
  for _, row in ipairs(self:rows("select name, kind, rows, key, definition, "
      .. "sources, script, line, sha256, file, simulated from _ts_table "
      .. "order by position")) do
    local t = read_table(self, row)
    local list = t.kind == "was" and was or tables
    list[#list + 1], list[t.name] = t, t
  end
  for _, c in ipairs(self:rows("select tbl, name, type, label, unit, format, "
      .. "levels, origin from _ts_column order by tbl, position")) do
    local t = find(c.tbl)
    if t then t.columns[#t.columns + 1] = read_column(self, c) end
  end
  read_attributes(self, tables, was)
  for _, list in ipairs { tables, was } do
    for _, t in ipairs(list) do
      t.simulated = mark.of(t.simulated, t.mark == mark.DUMMY)
    end
  end
  return tables, was
end

return M
