-- Studies: one SQLite file each. `.` gives a table as a relation, an
-- assignment derives one, `:` changes the study; each change is one
-- transaction and one audit event, with all that depends on it.

local text = require "ts.text"
local errors = require "ts.error"
local store_module = require "ts.store"
local NA = require "ts.na".NA
local mark = require "trialsh.mark"
local options = require "trialsh.options"
local relation = require "trialsh.relation"
local Inner = require "trialsh.study.inner"
local derive = require "trialsh.study.derive"
local import = require "trialsh.study.import"
local lock = require "trialsh.study.lock"
local trail = require "trialsh.study.trail"
local unblind = require "trialsh.study.unblind"
local export = require "trialsh.study.export"

local fail = errors.fail

local M = {}
local Study = {} -- metatable of what users hold
local methods = { import = import.import, export = export.export,
  dictionary = require "trialsh.study.dictionary".dictionary,
  findings = require "trialsh.study.findings".findings,
  history = trail.history, version = trail.version, lock = lock.lock,
  unblind = unblind.unblind, unlock = lock.unlock, verify = lock.verify }
local current -- the study opened last

-- Methods --------------------------------------------------------------------

--- study:drop(name [, opt])
-- Removes a derived table. A table that another one is derived from stays.
--   reason   withdraws raw data, for a reason that the audit trail keeps: they
--            leave the tables of the study, not the file, and
--            s:version(name, n) still shows them
--
--   > select(2, pcall(demo.drop, demo, "adsl"))
--   adsl is raw data; { reason = "..." } withdraws them
--
-- See also: study:import, study:version, study:history.
function methods.drop(s, name, opt)
  local self = Inner.of(s)
  opt = options("drop", opt, { reason = { "string" } })
  self:change(function()
    if name == "arms" then
      fail("invalid", "s.arms is always there; unblinding is not undone")
    end
    local t = type(name) == "string" and self:tables_list()[name]
    if not t then M.no_table(self, name) end
    local raw = t.kind == "raw"
    if raw and not (opt.reason and opt.reason:find "%S") then
      fail("invalid", ("%s is raw data; { reason = \"...\" } withdraws them")
        :format(name))
    end
    for _, other in ipairs(self:tables_list()) do
      for _, source in ipairs(other.sources) do
        if source == name then
          fail("invalid", ("%s is derived from %s: drop it first"):format(
            other.name, name))
        end
      end
    end
    if raw then self:put_aside(name) else self:drop_table(name) end
    self:forget(name)
    require "trialsh.study.findings".forget(self, name)
    self.handle:audit { verb = raw and "withdraw" or "drop", object = name,
      rows = t.rows, detail = opt.reason }
  end)
end

--- study:close()
-- Closes the file. Relations of the study answer no more.
--
--   > select(2, pcall(function() demo:clse() end))
--   no table clse; nearest: close
--
-- See also: study.open.
function methods.close(s)
  local self = Inner.of(s)
  self.handle:close()
  if current == s then current = nil end
end

--- study:result(address) -> result
-- The result of run() that an address names: "ID", "ID[A vs B]", "ID@visit";
-- with .field the value alone. Of a population it is n, its number of subjects:
-- "ITT.n", "ITT[Placebo].n".
--
--   > select(2, pcall(demo.result, demo, "ALC29"))
--   there are no results yet; run() makes them
--
-- See also: run, endpoint, fill.
function methods.result(s, address)
  return require "trialsh.endpoint.results".find(s, address)
end

-- `.` ------------------------------------------------------------------------

-- A table called like one of these, or like a verb, is reached all the same: see
-- Inner.check_name and Relation.__call.
local special = {}

--- study.trial -> trial
-- s.trial is the definition of the trial (arms, visits, parameters) that the
-- study holds, NA where it has none; s.trial = trial { ... } gives it one.
--
--   > demo.trial.arms[1].name
--   Placebo
--
-- See also: trial.
function special.trial(s) return Inner.of(s):trial() or NA end

--- study.arms -> relation
-- s.arms says who has which treatment: USUBJID, TRT01P (planned) and TRT01A
-- (given). Until s:unblind the allocation is not in the study, and these are
-- dummies: drawn by the randomisation of the trial from its seed, within the
-- strata, without a look at any outcome. So scripts run before and after as they
-- are: s.adsl = s.dm:join(s.arms, "USUBJID"). All that is made of dummies bears
-- the mark DUMMY TREATMENT, which no option takes away; files without a place for
-- a mark get a column DUMMYTRT.
-- Subjects are those of dm, else adsl, else of the raw table that lists each once
-- with the strata; who has no RANDDT there was not randomised. Where raw data hold
-- arms of the trial there is nothing to blind, and s.arms is an error; a study
-- with dummies refuses such data. So it is with arms by a code: a column called
-- TRT, ARMCD, ALLOCATION or the like with two values or more, no more than there
-- are arms, one for each subject. A column GROUP, EXTRT or the like is a warning.
--
--   > select(2, pcall(function() return demo.arms end))
--   s.arms: adsl holds arms of the trial (TRT01P): they are in the study already, and there is nothing to blind
--
-- See also: study:unblind, trial.
function special.arms(s)
  return relation.of_base(Inner.of(s):base "arms")
end

--- study.results -> frame
-- s.results is the table of what run() computed and stored, one row per
-- endpoint, variation, parameter, visit and comparison, or arm:
--   endpoint, variation  the name, and "main" or that of the variation or
--              subgroup ("SEX: F", "SEX: interaction")
--   kind       NA for main, else sensitivity, supplementary or subgroup
--   own        Y for the result that the name of the endpoint, or the variation,
--              alone means: its first comparison, at the visit that is claimed
--   compare, group  "A vs B", or the arm that the row is of; both NA for all arms
--   parameter, visit, variable, population, role, title  as the endpoint says
--   estimate_name, estimate, conf_low, conf_high, conf_level  what is estimated,
--              and its interval; of ln(...) a ratio
--   std_error  of the estimate; of a ratio that of its logarithm
--   analysis, method  the statistic, and how it was computed
--   statistic, df, p_value, alternative  of the test
--   p_rerandomised  P by the allocations that the trial's randomisation could have
--              dealt instead, rerandomised: how many of them, and how they are found
--   p_adjusted   by adjust of the endpoint, or by multiplicity, which then also
--   multiplicity, rejected  names, and says Y or N of, what is claimed
--   n, n_missing, n_event  subjects analysed, without a value, with an event; of
--              mmrm those of the model (a comparison), or at the visit (an arm)
--   n_1, n_2, events_1, events_2, estimate_1, estimate_2  of A and B in "A vs B"
--   note       what a reader must know: why there is no number, what was left out
--   script, line, script_sha256  where the endpoint is defined
--   data_sha256, seed, version, utc  of the tables it read; of this run
--
--   > select(2, pcall(demo.result, demo, "ALC29"))
--   there are no results yet; run() makes them
--
-- See also: run, study:result, why, explain.
function special.results(s)
  return require "trialsh.endpoint.results".relation(s)
end

--- study.audit -> frame
-- s.audit is the audit trail: one row per change of the study, with seq, utc, who,
-- verb, object, rows, script, detail, and hashes that make later edits show.
--
--   > demo.audit.verb[1]
--   create
--
-- See also: study:history, study:verify.
special.audit = trail.audit

function M.no_table(self, name)
  local names = {}
  for i, t in ipairs(self:tables_list()) do names[i] = t.name end
  local tables = table.concat(names, ", ")
  for method in pairs(methods) do names[#names + 1] = method end
  local near = type(name) == "string" and text.nearest(name, names)
  fail("not found", ("no table %s%s"):format(tostring(name),
    near and "; nearest: " .. near
      or tables ~= "" and "; there are " .. tables or "; the study is empty"))
end

-- A verb as users get it: s.import("x.csv") lacks the study.
local verbs = setmetatable({}, { __index = function(list, name)
  list[name] = methods[name] and function(s, ...)
    if not M.is(s) then
      fail("type", ("%s is a verb: write s:%s(...), with a colon"):format(name,
        name))
    end
    return methods[name](s, ...)
  end
  return list[name]
end })

function Study.__index(s, name)
  local self = Inner.of(s)
  if self:tables_list()[name] and type(name) == "string" then
    return relation.of_base(self:base(name))
  end
  if special[name] then return special[name](s) end
  if methods[name] then return verbs[name] end
  M.no_table(self, name)
end

function Study.__newindex(s, name, value)
  local self = Inner.of(s)
  if name == "trial" then
    return require "trialsh.trial".set(self, value)
  end
  derive.assign(self, name, value)
end

-- A table may be called like a method: s:import() then comes through here.
function Inner:call(name, ...)
  if methods[name] then return methods[name](self.object, ...) end
  fail("invalid", ("%s is a table, no verb"):format(name))
end

function Study.__tostring(s)
  local self = Inner.of(s)
  local list = self:tables_list()
  local columns = {
    { name = "table", type = "text", values = {} },
    { name = "rows", type = "real", values = {} },
    { name = "columns", type = "real", values = {} },
    { name = "key", type = "text", values = {} },
    { name = "made by", type = "text", values = {} },
  }
  local all = mark.of_tables(list)
  for i, t in ipairs(list) do
    columns[1].values[i] = t.name
    columns[2].values[i] = t.rows
    columns[3].values[i] = #t.columns
    columns[4].values[i] = t.key and table.concat(t.key, " ") or "-"
    columns[5].values[i] = t.kind == "raw" and (t.file or "import")
      or t.script and ("%s:%d"):format(t.script, t.line) or "the prompt"
  end
  for _, kind in ipairs { { "simulated", mark.is_simulated },
      { "dummy arms", mark.is_dummy } } do
    if kind[2](all) then
      local values = {}
      for i, t in ipairs(list) do
        values[i] = kind[2](t.simulated) and "yes" or "no"
      end
      columns[#columns + 1] = { name = kind[1], type = "text",
        values = values }
    end
  end
  local lines = {}
  if #list == 0 then
    lines[1] = "no tables yet; s:import \"file.csv\" brings one"
  else
    lines[1] = require "trialsh.show".table(columns, #list, {})
  end
  if all then lines[#lines + 1] = all end
  lines[#lines + 1] = unblind.line(self)
  local stale = derive.stale(self)
  if #stale > 0 then
    lines[#lines + 1] = "derived with another trial than that of the study: "
      .. table.concat(stale, ", ")
  end
  local locked, altered = lock.of(self), self.handle:altered()
  if altered then lines[#lines + 1] = "ALTERED: " .. text.escape(altered) end
  if locked then lines[#lines + 1] = tostring(locked):match "[^\n]+" end
  return table.concat(lines, "\n")
end

function Study.__len(s) return #Inner.of(s):tables_list() end

function Study.__complete(s, sep)
  local list = {}
  if sep == "." then
    for i, t in ipairs(Inner.of(s):tables_list()) do list[i] = t.name end
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
  self.object = setmetatable({ [Inner.STATE] = self }, Study)
  return self.object
end

function M.is(x) return type(x) == "table" and getmetatable(x) == Study end

--- The study opened last, or nil.
function M.current() return current end

function M.inner(s) return Inner.of(s) end

--- A study in memory that is not the one open() answers with.
function M.memory() return wrap(store_module.memory()) end

--- The demo study: tables from CSV texts in the binary.
function M.of_texts(texts)
  local s = M.memory()
  local self = Inner.of(s)
  self:change(function()
    for _, t in ipairs(texts) do
      local file, facts = require "trialsh.read".open(t.name .. ".csv",
        { data = t.text, types = t.types })
      import.store(self, t.name, file, facts, t.name .. ".csv", true)
    end
  end)
  return s
end

local study = {}

--- study.open([file [, opt]]) -> study
-- Opens the study in a file; never makes one. Without a file: the study that
-- is open. A study is given back as it is, so that a script may begin with
-- `local s = study.open(...)` and be run alone, with -d, or by dofile. A study
-- that was altered since it was locked is refused.
--   expect   a hash that study:lock or the audit trail gave: an error unless an
--            event of the trail, or the content that is locked, has it
--   altered  true opens a study that was altered since, for reading
--
--   > select(2, pcall(study.open, "no-such.db"))
--   there is no no-such.db: study.create "no-such.db" makes one
--
-- See also: study.create, study:lock, read.
function study.open(file, opt)
  opt = options("study.open", opt, { expect = { "string" },
    altered = { "boolean", false } })
  local s = file
  if file == nil then
    if not current then
      fail("not found", "no study is open: study.open \"file.db\", "
        .. "or trialsh -d file.db")
    end
    s = current
  elseif file == "" then
    fail("invalid", "study.open takes the name of a file")
  elseif type(file) == "string" then
    s = wrap(store_module.open(file, opt.altered))
  elseif not M.is(file) then
    fail("type", ("study.open takes the name of a file, not a %s"):format(
      type(file)))
  end
  if opt.expect then lock.expect(Inner.of(s), opt.expect) end
  if s ~= file and s ~= current then lock.say(Inner.of(s)) end
  current = s
  return s
end

--- study.create(file) -> study
-- Makes a new study in a file that is not there yet, and opens it; ":memory:"
-- is a study that is gone at the end of the session.
--
--   > select(2, pcall(study.create, 1))
--   study.create takes the name of a file
--
-- See also: study.open, study:import.
function study.create(file)
  if type(file) ~= "string" or file == "" then
    fail("type", "study.create takes the name of a file")
  end
  current = file == ":memory:" and M.memory()
    or wrap(store_module.create(file))
  return current
end

M.study = setmetatable(study, { __index = function(_, name)
  local near = text.nearest(tostring(name), { "open", "create" })
  fail("not found", ("study has no %s%s"):format(tostring(name),
    near and "; nearest: " .. near or "; it has open and create"))
end })

M.methods = methods
return M
