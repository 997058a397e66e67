-- s.arms: who has which treatment. Until s:unblind the allocation is not in the
-- study at all: dummy arms are drawn by the scheme of the trial, with a stream of
-- their own, and know nothing of the true ones. From then on it is a table.

local allocation = require "ts.allocation"
local cframe = require "ts.frame"
local random = require "ts.random"
local text = require "ts.text"
local fail = require "ts.error".fail
local NA = require "ts.na".NA
local mark = require "trialsh.mark"
local note = require "trialsh.note"
local coded = require "trialsh.study.coded"
local relation = require "trialsh.relation"

local M = {}

local SUBJECT = "USUBJID"
local SCENARIO = 827 -- of the stream, which nothing else draws from

M.columns = { SUBJECT, "TRT01P", "TRT01A" }

local function quote(name) return require "trialsh.expression".quote(name) end

--- arms.names(trial) -> the arms that a subject can have, in order
function M.names(trial)
  local list = {}
  for _, arm in ipairs(trial.arms or {}) do
    if not arm.pool then list[#list + 1] = arm.name end
  end
  return list
end

--- arms.trial(study) -> its trial, which must have arms
function M.trial(self)
  local trial = self:trial()
  if not trial or #M.names(trial) == 0 then
    fail("not found", "s.arms: the study has no trial with arms; s.trial = "
      .. 'trial "ID" { arms = ... } gives it one')
  end
  return trial
end

-- Subjects ---------------------------------------------------------------------

local function strata_of(trial)
  local strata = (trial.randomisation or {}).strata
  return type(strata) == "string" and { strata } or strata or {}
end

local function has(t, name)
  for _, c in ipairs(t.columns) do
    if c.name == name then return c end
  end
end

local function has_all(t, names)
  if not has(t, SUBJECT) then return false end
  for _, name in ipairs(names) do
    if not has(t, name) then return false end
  end
  return true
end

local function once_each(self, t)
  return #self:rows(("select 1 from %s group by %s having count(*) > 1 limit 1")
    :format(quote(t.name), SUBJECT)) == 0
end

--- arms.source(study) -> the raw table that lists the subjects, or nil: dm, adsl,
-- or the first with each of them once and the strata of the randomisation.
function M.source(self)
  local trial = self:trial()
  if not trial then return nil end
  local strata, tables = strata_of(trial), self:tables_list()
  local list = { tables.dm, tables.adsl }
  if #list == 0 then list = { tables.adsl } end
  for _, t in ipairs(tables) do list[#list + 1] = t end
  for _, t in ipairs(list) do
    if t.kind == "raw" and t.name ~= "arms" and has_all(t, strata)
        and once_each(self, t) then
      return t
    end
  end
end

--- arms.subjects(study) -> { { id =, stratum = } } in the order of their
-- randomisation, and the table that lists them. Who has no date in its RANDDT, if
-- there is one, was not randomised.
function M.subjects(self)
  local trial = M.trial(self)
  local strata, t = strata_of(trial), M.source(self)
  if not t then
    fail("not found", ("s.arms: no raw table lists each subject once, with %s; "
      .. "s:import \"dm.csv\" brings one"):format(table.concat({ SUBJECT,
      table.unpack(strata) }, ", ")))
  end
  local date, select = has(t, "RANDDT"), { SUBJECT .. " as id" }
  local order, said = {}, (trial.randomisation or {}).order
  for _, name in ipairs { said or "RANDNO", "RANDDT", SUBJECT } do
    if has(t, name) then order[#order + 1] = quote(name) end
  end
  for i, name in ipairs(strata) do
    select[i + 1] = ("%s as s%d"):format(quote(name), i)
  end
  local list = self:rows(("select %s from %s where %s is not null%s order by %s")
    :format(table.concat(select, ", "), quote(t.name), SUBJECT,
    date and " and RANDDT is not null" or "", table.concat(order, ", ")))
  for _, subject in ipairs(list) do
    local parts = {}
    for i in ipairs(strata) do
      local value = subject["s" .. i]
      parts[i] = value == NA and "" or tostring(value)
    end
    subject.stratum = table.concat(parts, "\0")
  end
  if #list == 0 then fail("degenerate", t.name .. " has no subjects") end
  return list, t
end

-- An allocation that is in the data ----------------------------------------------

-- The column of a table whose texts are arms of the trial, all of them but those of
-- who was not randomised, and two or more.
local function column_of_arms(self, t, words)
  local marks, none = ("?"):rep(#words, ","), ("?"):rep(#coded.NONE, ",")
  local both = table.move(coded.NONE, 1, #coded.NONE, #words + 1, { table.unpack(
    words) })
  for _, c in ipairs(t.columns) do
    local value = ("lower(trim(%s))"):format(quote(c.name))
    if c.type == "text" and #self:rows(("select 1 from %s where %s is not null "
        .. "and %s not in (%s,%s) limit 1"):format(quote(t.name), quote(c.name),
        value, marks, none), both) == 0
        and self:rows(("select count(distinct %s) as n from %s where %s in (%s)")
          :format(value, quote(t.name), value, marks), words)[1].n > 1 then
      return c.name
    end
  end
end

-- The first of the tables that were brought in, or the one given, of which f
-- finds a column, and that; dummies are none.
local function first(self, only, f)
  for _, tables in ipairs { only and { only } or self:tables_list(),
      only and {} or self:replaced_list() } do
    for _, t in ipairs(tables) do
      if t.kind ~= "derived" and t.name ~= "arms"
          and not mark.is_dummy(t.simulated) then
        local column = f(t)
        if column then return t, column end
      end
    end
  end
end

--- arms.held(study [, table]) -> the first table that was brought in and holds
-- arms of the trial, and its column; dummies are none.
function M.held(self, only)
  local trial = self:trial()
  local words, seen = {}, {}
  for _, arm in ipairs(trial and trial.arms or {}) do
    for _, word in ipairs { arm.name:lower(), (arm.label or ""):lower() } do
      if word ~= "" and not seen[word] then
        seen[word], words[#words + 1] = true, word
      end
    end
  end
  if #words == 0 then return nil end
  return first(self, only, function(t) return column_of_arms(self, t, words) end)
end

-- The first table that was brought in and seems to hold them by a code, and what
-- that is; what may as well be something else is a warning, told once.
local function held_coded(self, only)
  local trial = self:trial()
  local n_arm, how = trial and #M.names(trial) or 0, nil
  local t = n_arm > 1 and first(self, only, function(t)
    local column, n, sure = coded.column(self, t, SUBJECT, n_arm,
      strata_of(trial))
    if not column then return nil end
    how = ("%s (%d values, one for each subject)"):format(column, n)
    local where = (t.file or t.name) .. ": " .. how
    self.warned = self.warned or {}
    if not sure and not self.warned[where] then
      self.warned[where] = true
      note.warn("%s: if it tells the arms, the study is not blinded", where)
    end
    return sure and column
  end)
  return t or nil, how
end

--- arms.is_blinded(study): whether its tables hold dummy arms.
function M.is_blinded(self)
  return mark.is_dummy(mark.of_tables(self:tables_list()))
end

--- arms.guard(study, table): refuses data that hold arms of the trial, where the
-- study is blinded.
function M.guard(self, name)
  if not M.is_blinded(self) then return end
  local t, column = M.held(self, self:tables_list()[name])
  if t then
    fail("refused", ("%s: %s holds arms of the trial, and the study is blinded; "
      .. "s:unblind { reason = ..., codes = ... } brings them"):format(
      t.file or t.name, column))
  end
  t, column = held_coded(self, self:tables_list()[name])
  if t then
    fail("refused", ("%s: %s tells arms of the trial by a code, as it seems, and "
      .. "the study is blinded; s:unblind { reason = ..., codes = ... } brings "
      .. "them. A column of something else needs another name"):format(
      t.file or t.name, column))
  end
end

-- Dummies --------------------------------------------------------------------------

-- An arm for each subject, as codes, such that each stratum has them by the ratio;
-- of simple randomisation by lot.
local function filled(scheme, n_arm, subjects, stream)
  local cycle, codes, seen = {}, {}, {}
  for i = 1, n_arm do
    for _ = 1, scheme.ratio[i] do cycle[#cycle + 1] = i end
  end
  for i, subject in ipairs(subjects) do
    local n = seen[subject.stratum] or 0
    seen[subject.stratum] = n + 1
    codes[i] = cycle[scheme[1] == "simple" and stream:below(#cycle)
      or n % #cycle + 1]
  end
  return codes
end

-- Dummy arms by subject: what the scheme could have dealt.
local function draw(trial, subjects)
  local names, given = M.names(trial), trial.randomisation or {}
  local scheme = { given[1], ratio = given.ratio, sizes = given.sizes }
  if not scheme.ratio then
    scheme.ratio = {}
    for i in ipairs(names) do scheme.ratio[i] = 1 end
  end
  local strata, n, seed = {}, 0, trial.seed or 0
  scheme.stratum = {}
  for i, subject in ipairs(subjects) do
    if not strata[subject.stratum] then
      strata[subject.stratum], n = n, n + 1
    end
    scheme.stratum[i] = strata[subject.stratum]
  end
  scheme.arm = filled(scheme, #names, subjects, random.stream(seed, SCENARIO))
  local arms = allocation.new(scheme, {}):draw(#subjects, 1, seed, SCENARIO)
    :arms(1, {})
  for i, code in ipairs(arms) do arms[i] = names[code] end
  return arms
end

-- What the dummies depend on: the raw tables and the trial.
local function state_of(self)
  local parts = { require "trialsh.trial".to_json(M.trial(self)) }
  for _, t in ipairs(self:tables_list()) do
    if t.kind ~= "derived" then
      parts[#parts + 1] = t.name .. " " .. (t.sha256 or "")
    end
  end
  return table.concat(parts, "\n")
end

local function make_dummies(self)
  local trial = M.trial(self)
  local held, column = M.held(self)
  if held then
    fail("invalid", ("s.arms: %s holds arms of the trial (%s): they are in the "
      .. "study already, and there is nothing to blind"):format(held.name, column))
  end
  held, column = held_coded(self)
  if held then
    fail("invalid", ("s.arms: %s tells arms of the trial by a code, as it seems: "
      .. "%s. A study that is to be blinded is made of data without it; a column "
      .. "of something else needs another name"):format(held.name, column))
  end
  local subjects, t = M.subjects(self)
  local arms = draw(trial, subjects)
  local ids, parts = {}, {}
  for i, subject in ipairs(subjects) do
    ids[i] = subject.id
    parts[i] = ("%s\t%s"):format(tostring(subject.id), arms[i])
  end
  local names = M.names(trial)
  return { sha256 = text.sha256(table.concat(parts, "\n")),
    simulated = mark.both(t.simulated, mark.DUMMY),
    frame = cframe.build(M.columns, { ids, arms, arms },
      { TRT01P = names, TRT01A = names }) }
end

-- Drawn once for a state of the study.
local function dummies(self)
  local state = state_of(self)
  if not self.dummies or self.dummies.state ~= state then
    self.dummies = make_dummies(self)
    self.dummies.state = state
  end
  return self.dummies
end

--- arms.facts(study): what the list of tables would say of the dummies.
function M.facts(self)
  local found = dummies(self)
  return { name = "arms", kind = "arms", rows = #found.frame,
    sha256 = found.sha256, simulated = found.simulated, columns = {},
    sources = {} }
end

--- arms.node(study): the node of s.arms while there is no such table.
function M.node(self)
  local found = dummies(self)
  local generation = self:generation()
  if found.node and found.node.generation == generation then
    return found.node
  end
  local node = relation.node_of(relation.of_frame(found.frame,
    { key = { SUBJECT }, simulated = found.simulated }))
  -- a table of the study, for who asks; its rows are those of the frame
  found.node = { study = self, name = "arms", columns = node.columns,
    layer = node.layer, key = node.key, simulated = node.simulated,
    generation = generation }
  return found.node
end

return M
