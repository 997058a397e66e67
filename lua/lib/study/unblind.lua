-- s:unblind: the allocation comes into the study, and what was made with dummy
-- arms is made again, in one transaction. The file of codes is read here alone,
-- whole and into memory; no message about it tells an arm of a subject.

local cframe = require "ts.frame"
local text = require "ts.text"
local errors = require "ts.error"
local NA = require "ts.na".NA
local mark = require "trialsh.mark"
local note = require "trialsh.note"
local options = require "trialsh.options"
local read = require "trialsh.read"
local arms = require "trialsh.study.arms"
local derive = require "trialsh.study.derive"
local Inner = require "trialsh.study.inner"
local results = require "trialsh.endpoint.results"

local fail = errors.fail

local M = {}

local SUBJECT, PLANNED, ACTUAL = table.unpack(arms.columns)

-- Who unblinded it, or nil.
local function event_of(self)
  if not self:tables_list().arms then return nil end
  return self:rows("select who, utc, detail from _ts_audit where verb = "
    .. "'unblind' order by seq desc limit 1")[1]
end

--- unblind.line(study): what its print says of it, or nil.
function M.line(self)
  local event = event_of(self)
  if event then
    return text.escape(("unblinded by %s on %s UTC: %s"):format(event.who,
      event.utc:sub(1, 19):gsub("T", " "), event.detail))
  elseif arms.is_blinded(self) then
    return "blinded: the arms are dummies until s:unblind"
  end
end

--- unblind.word(study): "blinded", "unblinded" or nil.
function M.word(self)
  return self:tables_list().arms and "unblinded"
    or arms.is_blinded(self) and "blinded" or nil
end

-- The file --------------------------------------------------------------------------

-- Errors whose words are not of the data; any other may show a value.
local OPEN = { interrupted = true, memory = true, file = true, refused = true }

-- What is wrong with a file may be a cell of it: the place alone is told.
local function refuse_unread(path, err)
  if not errors.is(err) or OPEN[err.code] then error(err, 0) end
  local place = err.message:sub(#path + 1):match "^:%d+" or ""
  fail(err.code, ("%s%s: no table that can be read; what stands there is not "
    .. "shown"):format(path, place))
end

-- The codes as { column =, ... } of arrays, with how many rows and the hash.
local function read_codes(path)
  if not read.kind(path, "open") then read.refuse(path, "read", "open") end
  local types = {}
  local ok, file, facts = pcall(function()
    if read.kind(path, "open").takes.types then
      -- no cell is to be judged by its type, which an error would show
      local first, found = read.open(path, { types = {}, lenient = true })
      for _, name in ipairs(found.names or {}) do types[name] = "text" end
      first:close()
    end
    return read.open(path, { types = next(types) and types or nil })
  end)
  if not ok then refuse_unread(path, file) end
  local frame = file:frame()
  file:close()
  local codes = { n = #frame, sha256 = facts.sha256 }
  for j, name in ipairs(frame:names()) do
    codes[j] = name
    codes[name] = cframe.values(frame:column(j))
  end
  return codes
end

-- What is wrong, a line for each, the first ten; all of it counts.
local function problems_of(path)
  local list = {}
  function list.add(row, format, ...)
    list[#list + 1] = ("%s%s: %s"):format(path, row and (":%d"):format(row + 1)
      or "", format:format(...))
  end
  return list
end

-- A file without a header has an arm and a subject where names should be.
local function check_columns(codes, trial, known, problems)
  local there, held = {}, arms.names(trial)
  for _, subject in ipairs(known) do held[#held + 1] = tostring(subject.id) end
  for i, word in ipairs(held) do
    held[i] = "%f[%w]" .. word:lower():gsub("%p", "%%%0") .. "%f[%W]"
  end
  local function is_data(name)
    for _, pattern in ipairs(held) do
      if name:lower():find(pattern) then return true end
    end
  end
  for _, name in ipairs(codes) do
    there[name] = true
    local wanted = name == SUBJECT or name == PLANNED or name == ACTUAL
    if not wanted and is_data(name) then
      return problems.add(0, "no names of columns; %s, %s are needed", SUBJECT,
        PLANNED)
    elseif not wanted then
      problems.add(nil, "column %s; codes have %s, %s and, where another "
        .. "treatment was given, %s", name, SUBJECT, PLANNED, ACTUAL)
    end
  end
  for _, name in ipairs { SUBJECT, PLANNED } do
    if not there[name] then problems.add(nil, "no column %s", name) end
  end
end

-- The places of the subjects in the file, each once.
local function check_subjects(codes, known, problems)
  local place, list = {}, {}
  for _, subject in ipairs(known) do list[tostring(subject.id)] = true end
  for i, id in ipairs(codes[SUBJECT]) do
    id = id ~= NA and tostring(id) or NA
    if id == NA then
      problems.add(i, "no %s", SUBJECT)
    elseif place[id] then
      problems.add(i, "%s again, after line %d", id, place[id] + 1)
    elseif not list[id] then
      problems.add(i, "%s is no subject of the study", id)
    end
    if id ~= NA then place[id] = place[id] or i end
  end
  for _, subject in ipairs(known) do
    if not place[tostring(subject.id)] then
      problems.add(nil, "no line for %s", tostring(subject.id))
    end
  end
  return place
end

local function check_arms(codes, trial, problems)
  local names, is = arms.names(trial), {}
  for _, name in ipairs(names) do is[name] = true end
  for _, column in ipairs { PLANNED, ACTUAL } do
    for i, value in ipairs(codes[column] or {}) do
      if value == NA and column == PLANNED then
        problems.add(i, "no %s", column)
      elseif value ~= NA and not is[value] then
        problems.add(i, "%s is no arm of the trial, which has %s", column,
          table.concat(names, ", "))
      end
    end
  end
end

-- A subject given nothing has no actual treatment; without such a column all were
-- given what was planned.
local function frame_of(codes, known, place, trial)
  local ids, planned, actual = {}, {}, {}
  for i, subject in ipairs(known) do
    local k = place[tostring(subject.id)]
    ids[i], planned[i] = subject.id, codes[PLANNED][k]
    actual[i] = (codes[ACTUAL] or codes[PLANNED])[k]
  end
  local names = arms.names(trial)
  return cframe.build(arms.columns, { ids, planned, actual },
    { [PLANNED] = names, [ACTUAL] = names })
end

local function refuse(problems)
  if #problems == 0 then return end
  local most = math.min(#problems, 10)
  local message = table.concat(problems, "\n", 1, most)
  if most < #problems then
    message = ("%s\nand %d more"):format(message, #problems - most)
  end
  fail("invalid", message .. "\nnothing was changed")
end

-- The allocation as a frame, and its hash.
local function allocation(self, path)
  local trial = arms.trial(self)
  local known, source = arms.subjects(self)
  local codes, problems = read_codes(path), problems_of(path)
  check_columns(codes, trial, known, problems)
  refuse(problems)
  local place = check_subjects(codes, known, problems)
  check_arms(codes, trial, problems)
  refuse(problems)
  return frame_of(codes, known, place, trial), codes.sha256,
    mark.is_simulated(source.simulated)
end

-- The study --------------------------------------------------------------------------

local function check_state(self)
  local event = event_of(self)
  if event then
    fail("invalid", ("%s was unblinded by %s on %s UTC: %s"):format(
      self.handle:path(), event.who, event.utc:sub(1, 19):gsub("T", " "),
      event.detail))
  end
  local held, column = arms.held(self)
  if held then
    fail("invalid", ("unblind: %s holds arms of the trial (%s): there is "
      .. "nothing to unblind"):format(held.name, column))
  end
end

-- Tables that no statement can make again keep their dummies.
local function say_frozen(self)
  local list = {}
  for _, t in ipairs(self:tables_list()) do
    if mark.is_dummy(t.simulated) then list[#list + 1] = t.name end
  end
  if #list > 0 then
    note.warn("%s: made of rows that were collected, and still with dummy arms; "
      .. "make %s again, or s:drop", table.concat(list, ", "),
      #list == 1 and "it" or "them")
  end
end

-- An error of a statement may show values that it came upon.
local function derive_again(self)
  local ok, err = pcall(derive.dependents, self, { arms = true })
  if ok then return end
  if not errors.is(err) or OPEN[err.code] then error(err, 0) end
  local what = err.message:match "^(.-, derived again[^:]*:?%d*)" or "a table"
  fail(err.code, ("unblind: %s: an error with the arms of the codes, which is "
    .. "not shown; nothing was changed"):format(what))
end

-- Runs f as one change that stands in memory until it is whole: pages that SQLite
-- wrote before, to the journal or to what it sorts, would be on the disk though it
-- were rolled back.
local function change_at_once(self, f)
  local handle = self.handle
  handle:execute "pragma cache_spill = off"
  handle:execute "pragma temp_store = memory"
  local ok, err = pcall(self.change, self, f)
  -- it is done by now, whatever becomes of these
  pcall(handle.execute, handle, "pragma cache_spill = on")
  pcall(handle.execute, handle, "pragma temp_store = default")
  if not ok then error(err, 0) end
end

local function enter(self, frame, facts)
  self.handle:write("arms", frame)
  local columns = {}
  for j, name in ipairs(arms.columns) do
    local c = frame:column(j)
    columns[j] = { name = name, type = c.type,
      levels = j > 1 and c.levels or nil, declared = j > 1 and "the trial" or nil }
  end
  self:register { name = "arms", kind = "raw", rows = #frame,
    key = { SUBJECT }, sha256 = facts.sha256, file = facts.path,
    simulated = mark.of(facts.simulated), columns = columns }
  self.handle:audit { verb = "unblind", object = "arms", rows = #frame,
    sha256 = facts.sha256, detail = facts.reason }
end

-- Refused -----------------------------------------------------------------------------

-- What was asked for and refused stays in the trail: when, by whom, with which
-- reason and file, and at which step. Neither the message nor the hash of the
-- file, which is short enough to be guessed until it fits, is kept.
local function enter_refused(self, opt, step)
  local function said(key)
    local word = type(opt) == "table" and opt[key]
    return type(word) == "string" and word:find "%S" and text.valid(word)
      and not word:find "%z" and word or "no " .. key
  end
  self:change(function()
    self.handle:audit { verb = "unblind refused", object = "arms",
      detail = ("%s; %s: %s"):format(said "reason", said "codes", step) }
  end)
end

local STEP = { call = "the call was not complete", state = "nothing to unblind",
  codes = "the file of codes was not taken",
  tables = "tables could not be made with the codes" }

local function check_call(opt)
  opt = options("unblind", opt, { reason = { "string" }, codes = { "string" } })
  for _, name in ipairs { "reason", "codes" } do
    if not opt[name] or not opt[name]:find "%S" then
      fail("invalid", ("unblind needs %s: s:unblind{ reason = \"...\", codes = "
        .. "\"...\" }"):format(name == "reason" and "a reason"
        or "the file of codes"))
    end
  end
  if opt.reason:find "%z" or not text.valid(opt.reason) then
    fail("invalid", "unblind: the reason is no UTF-8 text")
  end
  return opt
end

-- All of it; at.step says how far it came.
local function unblind(self, opt, at)
  at.step = STEP.call
  opt = check_call(opt)
  at.step = STEP.state
  self:change(function() check_state(self) end) -- before the codes are looked at
  at.step = STEP.codes
  local frame, sha256, simulated = allocation(self, opt.codes)
  at.step = STEP.tables
  change_at_once(self, function()
    check_state(self) -- again: another program may have changed the study
    enter(self, frame, { path = opt.codes, sha256 = sha256,
      simulated = simulated, reason = opt.reason })
    results.forget(self)
    derive_again(self)
    self:after(function() say_frozen(self) end)
  end)
end

--- study:unblind{ reason, codes }
-- Brings in the allocation, which is outside the study until then: a file with
-- USUBJID, TRT01P and, where not all were given what was planned, TRT01A. In one
-- transaction s.arms becomes what the file says, tables made with dummy arms are
-- derived again, and the results of the dry run are gone: run() makes the true
-- ones. The audit trail keeps who, when, the reason and the SHA-256 of the file.
-- It must have each randomised subject once, and arms of the trial; what is wrong
-- is told with its line, but never with an arm, and nothing is changed but the
-- audit trail, where the attempt stands as "unblind refused" with the reason and
-- the name of the file. A study that is locked takes not even that and is unlocked
-- first; unblinding is not undone.
--   reason   why, and why now
--   codes    the path of the file
--
--   > select(2, pcall(demo.unblind, demo, { codes = "codes.csv" }))
--   unblind needs a reason: s:unblind{ reason = "...", codes = "..." }
--
-- See also: study.arms, study:lock, study:history.
function M.unblind(s, opt)
  local self, at = Inner.of(s), {}
  self:store()
  local ok, err = pcall(unblind, self, opt, at)
  if not ok then
    pcall(enter_refused, self, opt, at.step) -- a study that is locked takes none
    error(err, 0)
  end
  self.handle:checkpoint()
end

return M
