-- Derived tables: s.NAME = relation stores rows, verbs and sources; what depends
-- on a table that changes is derived again, in order.

local text = require "ts.text"
local json = require "ts.json"
local errors = require "ts.error"
local mark = require "trialsh.mark"
local note = require "trialsh.note"
local kept = require "trialsh.relation.kept"
local relation = require "trialsh.relation"
local definition = require "trialsh.definition"
local arms = require "trialsh.study.arms"
local findings = require "trialsh.study.findings"
local export = require "trialsh.export"

local fail = errors.fail

local M = {}

-- The hash of a derived table: of its definition and of what it is made from.
local function derived_hash(self, def, sources)
  local parts = { json.encode(def) }
  for _, name in ipairs(sources) do
    parts[#parts + 1] = name .. " " .. (self:facts_of(name).sha256 or "")
  end
  local trial = self:trial()
  if trial then parts[#parts + 1] = require "trialsh.trial".for_tables(trial) end
  return text.sha256(table.concat(parts, "\n"))
end

-- Whether the rows of a frame are those of a file.
local function as_read(made) return made and made.file and #made.verbs == 0 end

-- Computes a relation and stores its rows as a table.
local function materialise(self, name, node, facts)
  local found, frame
  kept.during(self, function()
    found = relation.judge(node, ('s:findings "%s" lists them'):format(name))
    frame = node.frame or relation.ask(node)
  end)
  if node.verb then export.tell_codes(node) end
  local columns = {}
  for j, c in ipairs(node.columns) do
    local column = frame:column(j)
    columns[j] = { name = c.name, type = column.type, label = c.label,
      unit = c.unit, format = c.format, informat = c.informat, item = c.item,
      levels = c.levels, declared = c.levels and (c.declared or "levels{ }") }
  end
  self:drop_table(name)
  self.handle:write(name, frame)
  self:companion_levels(name, columns)
  self:register({
    name = name, kind = facts.kind, rows = #frame, key = node.key,
    definition = facts.definition, sources = facts.sources,
    script = facts.script, line = facts.line, sha256 = facts.sha256,
    file = facts.made and facts.made.file,
    simulated = mark.both(node.simulated, mark.of(facts.simulated)),
    columns = columns })
  findings.keep(self, name, found)
  self:after(function()
    note.record("%s: %s, %s, stored%s", name, note.plural(#frame, "row"),
      note.plural(#columns, "column"), facts.sources and #facts.sources > 0
        and ", from " .. table.concat(facts.sources, ", ") or "")
  end)
  self.handle:audit { verb = facts.verb or "derive", object = name,
    rows = #frame, sha256 = facts.sha256,
    detail = as_read(facts.made) and facts.made.file
      or json.encode(facts.definition or facts.made) }
end

-- Everything that a table depends on, itself included.
local function closure(self, name, set)
  if set[name] then return end
  set[name] = true
  local t = self:tables_list()[name]
  for _, source in ipairs(t and t.sources or {}) do
    closure(self, source, set)
  end
end

-- An error says which table it is that cannot be derived again, and where its
-- statement stands: the line that runs is that of import or another table.
local function derive_again(self, t)
  local ok, err = pcall(function()
    local r
    kept.forget(self)
    kept.during(self, function()
      r = definition.rebuild(self.object, t.definition)
    end)
    materialise(self, t.name, relation.node_of(r), { kind = "derived",
      verb = "derive again", definition = t.definition, sources = t.sources,
      script = t.script, line = t.line,
      simulated = mark.is_simulated(t.simulated),
      sha256 = derived_hash(self, t.definition, t.sources) })
  end)
  if ok then return end
  if errors.is(err) and err.code ~= "interrupted" then
    fail(err.code, ("%s, derived again%s: %s; nothing was changed"):format(
      t.name, t.script and (" from %s:%d"):format(t.script, t.line) or "",
      err.message))
  end
  error(err, 0)
end

-- Derives again, in order, what depends on the tables in the set.
function M.dependents(self, set)
  local done, subjects = {}, arms.source(self)
  if subjects and set[subjects.name] and not self:tables_list().arms then
    set.arms = true -- the dummies are drawn for those subjects
  end
  local function visit(name)
    if done[name] ~= nil then return done[name] end
    done[name] = false
    local t, stale = self:tables_list()[name], false
    for _, source in ipairs(t.sources) do
      if set[source] or self:tables_list()[source] and visit(source) then
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
  for i, t in ipairs(self:tables_list()) do names[i] = t.name end
  for _, name in ipairs(names) do
    if not set[name] and visit(name) then
      self:after(function() note.say("%s derived again", name) end)
    end
  end
end

-- Whether a table is what its statement gives now: the trial may have changed.
local function is_stale(self, t)
  if t.kind ~= "derived" or not t.definition then return false end
  local ok, hash = pcall(derived_hash, self, t.definition, t.sources)
  return not ok or hash ~= t.sha256
end

--- derive.stale(study) -> names of tables that their statements would make anew
function M.stale(self)
  local list, known = {}, {}
  self:trial() -- one that is damaged is an error
  local function judge(t)
    if t and known[t.name] == nil then
      known[t.name] = is_stale(self, t)
      for _, source in ipairs(t.sources) do
        known[t.name] = judge(self:tables_list()[source]) or known[t.name]
      end
    end
    return t and known[t.name]
  end
  for _, t in ipairs(self:tables_list()) do
    if judge(t) then list[#list + 1] = t.name end
  end
  return list
end

-- Runs f; where it fails nothing of what it did stays, and all else does.
local function attempt(self, f, ...)
  self.handle:execute "savepoint derive_again"
  local ok, err = pcall(f, ...)
  if not ok and not (errors.is(err) and err.code ~= "interrupted") then
    error(err, 0)
  end
  if not ok then
    self.handle:execute "rollback to derive_again"
    self.tables, self.version = nil, self.version + 1
  end
  self.handle:execute "release derive_again"
  return ok, err
end

--- derive.by_trial(study): the trial is another one. What cannot be derived by
-- it stays as it was, which a warning says: its statement may be next to change.
function M.by_trial(self)
  local names, failed, why = {}, {}, nil
  for i, t in ipairs(self:tables_list()) do names[i] = t.name end
  local done = {}
  local function visit(name)
    local t = self:tables_list()[name]
    if done[name] or not t then return end
    done[name] = true
    local ok, err = true, nil
    for _, source in ipairs(t.sources) do
      visit(source)
      ok = ok and not failed[source]
    end
    t = self:tables_list()[name]
    if ok and not is_stale(self, t) then return end
    if ok then ok, err = attempt(self, derive_again, self, t) end
    if ok then
      self:after(function() note.say("%s derived again", name) end)
    else
      failed[#failed + 1], failed[name] = name, true
      why = why or err.message
    end
  end
  for _, name in ipairs(names) do visit(name) end
  if #failed > 0 then
    self:after(function()
      note.warn("derived with the trial as it was: %s (%s)",
        table.concat(failed, ", "), (why:gsub("; nothing was changed$", "")))
    end)
  end
end

-- What stands against deriving name so; the table that is there, and the hash.
local function check_assignment(self, name, def, sources)
  local old = self:table_of(name)
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

--- derive.assign(study, name, relation): s.NAME = relation.
function M.assign(self, name, value)
  self.check_name(name)
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
  self:change(function()
    -- again: another program may have changed the study before we began to
    old, hash = check_assignment(self, name, def, sources)
    local node = relation.node_of(value)
    local made = not def and definition.describe(value) or nil
    materialise(self, name, node, { made = made,
      kind = def and "derived" or "frame", definition = def, sources = sources,
      script = file, line = line, sha256 = hash or as_read(made) and made.sha256
        or text.sha256(json.encode(made)) })
    if not def then arms.guard(self, name) end
    if old then M.dependents(self, { [name] = true }) end
    if made and made.file then
      self:after(function()
        note.say("%s: the history has the name and hash of %s%s; s:import "
          .. "keeps the options it was read with too", name, made.file,
          as_read(made) and "" or " and the verbs")
      end)
    end
  end)
end

return M
