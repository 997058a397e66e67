-- endpoint "ID" { ... }: what is analysed, as data. Nothing is computed here:
-- check() reads the whole set, run() binds it to a study.

local errors = require "ts.error"
local text = require "ts.text"
local trial_module = require "trialsh.trial"
local source = require "trialsh.source"
local definition = require "trialsh.endpoint.definition"

local fail = errors.fail
local nearest = trial_module.nearest
local sorted = definition.sorted

local M = { list = {} }
local Endpoint = {}

--- Everything wrong with an endpoint that can be said without a study.
function M.problems_of(e) return definition.read(e) end

-- The endpoints and families of the trials that are not at hand, by their id.
local kept = {}

-- Endpoints are those of one trial. Those of another wait, with its families,
-- until an endpoint of it is defined or a study of it is asked for.
local function turn_to(trial)
  local before = M.list[1] and M.list[1].trial
  if not (before and trial) or before.id == trial.id then return end
  local families = require "trialsh.multiplicity"
  kept[before.id] = { table.move(M.list, 1, #M.list, 1, {}),
    families.leave(trial) }
  for key in pairs(M.list) do M.list[key] = nil end
  local own = kept[trial.id] or { {}, {} }
  for i, e in ipairs(own[1]) do M.list[i], M.list[e.id] = e, e end
  families.take(own[2])
  return before
end

--- endpoint.trial() -> the trial of what is defined now: the last one, else that of
-- the study that is open; nil without any.
function M.trial()
  if trial_module.current then return trial_module.current end
  local s = require "trialsh.study".current()
  return s and trial_module.is(s.trial) and s.trial or nil
end

local function begin_trial(trial)
  local n = #M.list
  local before = turn_to(trial)
  if not before then return end
  require "trialsh.note".say("%d endpoint%s of %s kept for a study of it; "
    .. "endpoints are now those of %s", n, n == 1 and "" or "s", before.id,
    trial.id)
end

--- endpoint.of_study(s): the endpoints of its trial are those at hand; an error
-- where there are only those of another one.
function M.of_study(s)
  local trial, first = s.trial, M.list[1]
  local other = first and first.trial
  if not trial_module.is(trial) or not other or other.id == trial.id then return end
  if not kept[trial.id] then
    fail("invalid", ("no endpoint of %s, the trial of the study, is defined: the "
      .. "%d at hand %s of %s%s"):format(trial.id, #M.list, #M.list == 1
      and "is" or "are", other.id, first.file and (" (%s:%d)"):format(first.file,
      first.line) or ""))
  end
  turn_to(trial)
end

--- endpoint "ID" { keys }
-- Defines an endpoint of the trial defined last, or of the open study's; those of
-- another trial wait for a study of it. Defining an ID again replaces it. Nothing is computed before run().
--   title      text
--   role       primary, key secondary, secondary, exploratory, safety
--   population one of the trial's; the first by default
--   parameter, visit   find table and rows; data and where for the rest:
--   data       a table;  where  a condition that chooses rows. With a visit and
--              a column ANL01FL only rows with 'Y' there count, unless where
--              names that column: where = "ANL01FL is null or ANL01FL = 'Y'"
--   visits     a result at each of these; visit is the one claimed (the last)
--   variable   "AVAL", "ln(AVAL / BASE)" (reported as ratios), a condition
--              "AVAL >= 1000" (responders), "mean(AVAL)" or another aggregate:
--              one value per subject over the visits, "any" or "count" of rows
--              of events; for times to events (km, logrank, cox, rmst, cuminc)
--              left out: the time AVAL and censoring CNSR; of winratio a list of parameters, the most
--              important first: { { "DEATH", horizon = 90 }, { "ALC", visit =
--              "Day 29", margin = 100 } }, and nothing else finds rows
--   compare    "A vs B" or a list, those of the trial by default; "all arms" at
--              once; "each arm" by itself; lm: { "trend", P = 0, H = 3 } as well,
--              weights that sum to 0, or doses
--   analysis   "ttest" or { "ttest", variance = "pooled" }; a formula "~ TRT01P
--              + strata(SITE)" may follow; the names are those of statistics.
--              strata = "SITE" does the same. Of lm: term, by, at, slope,
--              margins, type, pool as well; mmrm and lmm take all visits at
--              once; tobit and peto_prentice take values below a limit (BLQFL),
--              which others refuse without blq = "half" or the like
--   missing    "exclude" (default); "nonresponder", of a condition; "LOCF", of
--              the visits after baseline; "worst rank", of tests of ranks; "at
--              random", of mmrm and lmm; "tie", of winratio
--   better     "higher", "lower", "later", "earlier", as in the parameter
--   intercurrent  { death = "composite" }: for each event of the trial
--              "treatment policy", "composite" (not responded, the worst rank, or
--              { "composite", AVAL = 24 }; of several that came the one that the
--              trial declares first), "while alive" and "hypothetical" (values
--              after it are not used), or "outcome"; death has no default
--   instead    { when = "median(PCHG) >= 50", within = "Placebo", variable =,
--              missing =, analysis = }: what is done where that holds
--   adjust     "Holm" or another of padjust: p_adjusted, over parameters, visits
--              and comparisons; of lm "Dunnett", "Tukey", "mvt"; of ttest
--              "Dunnett T3"; "max-T": by the smallest P over re-randomised
--              allocations of all arms, step-down (Westfall and Young 1993), or
--              "max-T single-step"
--   subgroups  columns of adsl: the analysis again in each of their levels; of lm, cox,
--              riskdiff and riskratio with a test of interaction
--   sensitivity     { { "name", analysis = { ... } }, ... }: the same question
--              with other analysis, missing or adjust; named options change,
--              the others stay
--   supplementary   the same for what changes the question (any key)
--   summary    the measure, "difference of proportions": check() compares it
--   note       text
-- The study holds adsl, a row per subject with USUBJID and the treatment
-- (TRT01P, or that of the population); other tables have USUBJID too, PARAMCD
-- where a parameter chooses rows, and AVISIT where a visit does.
--
--   > endpoint "ALC29" { parameter = "ALC", visit = "Day 29",
--   >   variable = "ln(AVAL / BASE)", analysis = "ttest" }.id
--   ALC29
--
-- See also: trial, check, run, multiplicity, sap, padjust.
function M.endpoint(id)
  if type(id) ~= "string" or not id:find "^[%w_%-]+$" then
    fail("invalid", ('endpoint %s: its name is text of letters, digits, "_" and '
      .. '"-", as what follows a "." in an address is a field'):format(
      type(id) == "string" and '"' .. id .. '"' or tostring(id)))
  end
  return function(def)
    if type(def) ~= "table" then
      fail("type", ('endpoint "%s" { ... } takes a table'):format(id))
    end
    local file, line = errors.where()
    local own = M.trial()
    begin_trial(own)
    local e = setmetatable({ id = id, definition = def, file = file,
      line = line, trial = own, variation = "main",
      kind = "main" }, Endpoint)
    for i, old in ipairs(M.list) do
      if old.id == id then
        M.list[i], M.list[id] = e, e
        return e
      end
    end
    M.list[#M.list + 1], M.list[id] = e, e
    return e
  end
end

function M.is(x) return type(x) == "table" and getmetatable(x) == Endpoint end

function M.find(id)
  local e = M.list[id]
  if e then return e end
  local held, ids = require "trialsh.endpoint.loaded".of(id)
  if held then
    fail("not found", ("endpoint %s is not defined here: %s"):format(id, held))
  end
  for _, other in ipairs(M.list) do ids[#ids + 1] = other.id end
  fail("not found", ("no endpoint %s%s"):format(id,
    nearest(id, ids, "there are")))
end

--- endpoint.ready(id or endpoint) -> the endpoint, read and without mistakes
function M.ready(e)
  e = M.is(e) and e or M.find(e)
  local problems = M.problems_of(e)
  if #problems > 0 then
    fail("invalid", ("endpoint %s: %s"):format(e.id, problems[1].text))
  end
  return e
end

Endpoint.__name = "endpoint"

function Endpoint.__tostring(e)
  local parts = { ("endpoint %s%s"):format(e.id,
    e.definition.title and ": " .. e.definition.title or "") }
  for _, key in ipairs(sorted(e.definition)) do
    local value = e.definition[key]
    if key ~= "title" and type(value) ~= "table" then
      parts[#parts + 1] = ("  %-10s %s"):format(key, tostring(value))
    elseif type(value) == "table" then
      local words = {}
      for _, v in ipairs(value) do words[#words + 1] = tostring(v) end
      for _, k in ipairs(sorted(value)) do
        if type(k) == "string" then
          words[#words + 1] = ("%s = %s"):format(k, tostring(value[k]))
        end
      end
      parts[#parts + 1] = ("  %-10s %s"):format(key, table.concat(words, ", "))
    end
  end
  for i, part in ipairs(parts) do parts[i] = text.escape(part) end
  return table.concat(parts, "\n")
end

-- check ----------------------------------------------------------------------

-- The problems of a set, one line each with its place in the file.
local function lines_of(e, problems, what)
  local lines = {}
  for _, p in ipairs(problems) do
    local line = source.line(e.file, e.line, p.key, p.value)
    lines[#lines + 1] = { file = e.file, line = line,
      text = ("%s %s: %s"):format(what or "endpoint", e.id, p.text) }
  end
  table.sort(lines, function(a, b)
    if a.line ~= b.line then return (a.line or 0) < (b.line or 0) end
    return a.text < b.text
  end)
  return lines
end

local function raise(lines)
  local message = lines[1].text
  for i = 2, #lines do
    local l = lines[i]
    message = ("%s\n%s%s"):format(message,
      l.file and ("%s:%d: "):format(l.file, l.line) or "", l.text)
  end
  fail("invalid", message, { file = lines[1].file,
    line = lines[1].file and lines[1].line })
end

-- Of an endpoint and its variations, which have been read.
local function study_problems(s, e, whole)
  local found = require "trialsh.endpoint.check".problems
  local problems, wrong = found(s, e, whole), {}
  for _, p in ipairs(problems) do wrong[p.key or ""] = true end
  -- a key that is wrong is told once, not for each variation that keeps it
  local function add(v, name, kind)
    for _, p in ipairs(found(s, v, whole)) do
      local kept = p.key and v.definition[p.key] == e.definition[p.key]
      if not (kept and wrong[p.key]) then
        problems:add(kind, name, "%s: %s", name, p.text)
      end
    end
  end
  if e.other then add(e.other, "instead", "instead") end
  for _, v in ipairs(e.variations) do add(v, v.variation, v.kind) end
  return problems
end

-- Of what endpoints take from their trial, where it can be looked at.
local function trial_lines(s)
  local list = {}
  for _, e in ipairs(M.list) do
    if #M.problems_of(e) == 0 then
      list[#list + 1] = e
      table.move(e.variations, 1, #e.variations, #list + 1, list)
    end
  end
  local trial = list[1] and list[1].trial
  if not trial or not pcall(function() return s.adsl end) then return {} end
  return lines_of({ id = trial.id, file = rawget(trial, "file"),
    line = rawget(trial, "line") },
    require "trialsh.endpoint.check".trial_problems(s, list), "trial")
end

local function add_remarks(lines, remarks, one, several)
  if #remarks == 0 then return end
  lines[#lines + 1] = #remarks == 1 and one or several
  for _, words in ipairs(remarks) do lines[#lines + 1] = "  " .. words end
end

-- The definitions that a check found good, and on which state of which study:
-- run() need not look again at what check() has just looked at.
local good

local function definitions()
  local list = table.move(M.list, 1, #M.list, 1, {})
  local families = require "trialsh.multiplicity".list
  return table.move(families, 1, #families, #list + 1, list)
end

--- endpoint.is_good(study): whether check() has found no mistake since it changed.
function M.is_good(s)
  local inner = require "trialsh.study".inner(s)
  local list = definitions()
  if not good or good.inner ~= inner or good.generation ~= inner:generation()
      or #good.list ~= #list then
    return false
  end
  for i, definition in ipairs(list) do
    if good.list[i] ~= definition then return false end
  end
  return true
end

--- endpoint.mistakes(study or nil, endpoint [, whole]) -> its lines { file, line,
-- text } of what check() would say of it
function M.mistakes(s, e, whole)
  local lines = lines_of(e, M.problems_of(e))
  if #lines > 0 or not s then return lines end
  return lines_of(e, study_problems(s, e, whole))
end

--- endpoint.checked(study or nil [, whole [, find]]) -> what check() says, list of
-- remarks; whole: also what only the rows tell, which run() finds itself. find(e)
-- gives the mistakes of an endpoint where they have been looked for elsewhere.
function M.checked(s, whole, find)
  if s and not whole and M.is_good(s) then return good.text, good.remarks end
  local all = s and trial_lines(s) or {}
  if #all > 0 then raise(all) end
  for _, e in ipairs(M.list) do
    local lines = find and find(e) or M.mistakes(s, e, whole)
    table.move(lines, 1, #lines, #all + 1, all)
  end
  for _, found in ipairs(require "trialsh.multiplicity".problems()) do
    local lines = lines_of(found[1], found[2], "multiplicity")
    table.move(lines, 1, #lines, #all + 1, all)
  end
  if #all > 0 then raise(all) end
  if #M.list == 0 then return require "trialsh.endpoint.loaded".none(), {} end
  local remarks = require "trialsh.endpoint.estimand".of_all(M.list)
  local lines = { ("%d endpoint%s, no mistakes%s"):format(#M.list,
    #M.list == 1 and "" or "s", s and "" or "; no study is open, so columns "
      .. "were not looked at") }
  add_remarks(lines, remarks, "an analysis that is not what its estimand says:",
    "analyses that are not what their estimand says:")
  if s and whole then
    add_remarks(lines, require "trialsh.endpoint.doubts".of_all(s, M.list),
      "what the data do not have:", "what the data do not have:")
  end
  local said = table.concat(lines, "\n")
  if s then
    local inner = require "trialsh.study".inner(s)
    good = { inner = inner, generation = inner:generation(),
      list = definitions(), text = said, remarks = remarks }
  end
  return said, remarks
end

--- check([s]) -> text
-- Reads all endpoints and tells every mistake at once, each with its line:
-- unknown keys, arms, populations, parameters, visits, analyses and options;
-- with an open study also tables, columns, conditions, and several rows of a
-- subject where one is needed. Then it names what the data do not have (arms,
-- words of conditions, visits without a row or a value), which may come later,
-- and the analyses that do not implement their stated estimand: another summary
-- measure, a strategy for an intercurrent event that the data or the analysis do
-- not have. Computes nothing.
--
-- See also: run, endpoint, sap.
function M.check(s)
  if s == nil then
    local ok, open = pcall(require "trialsh.study".study.open)
    s = ok and open or nil
  else
    s = require "trialsh.study".study.open(s)
  end
  if not s then return (M.checked(nil, true)) end
  M.of_study(s)
  local said
  require "trialsh.study".inner(s):hold(function() said = M.checked(s, true) end)
  return said
end

local function words_of(value)
  if type(value) ~= "table" then return value end
  local words = {}
  for i, v in ipairs(value) do words[i] = tostring(v) end
  for _, key in ipairs(sorted(value)) do
    if type(key) == "string" then
      words[#words + 1] = ("%s = %s"):format(key, tostring(value[key]))
    end
  end
  return table.concat(words, ", ")
end

local plan_columns = { "endpoint", "variation", "role", "title", "population",
  "parameter", "visit", "variable", "compare", "intercurrent", "summary",
  "analysis", "missing", "adjust", "subgroups", "note" }

local function compare_of(compare)
  if type(compare) ~= "table" then return compare end
  local words = {}
  for i, entry in ipairs(compare) do words[i] = words_of(entry) end
  return table.concat(words, "; ")
end

local function events_of(e)
  local words = {}
  for i, event in ipairs(e.events or {}) do
    words[i] = require "trialsh.endpoint.intercurrent".words(event)
  end
  return #words > 0 and table.concat(words, "; ") or nil
end

local function plan_row(e)
  local d, t = e.definition, e.trial
  local compare = d.compare or t and t.compare
  return { endpoint = e.id, variation = e.variation, role = d.role,
    title = d.title, population = d.population
      or t and t.populations[1] and t.populations[1].name,
    parameter = words_of(d.parameter or d.data),
    visit = words_of(d.visits or d.visit), variable = e.hierarchy
      and require "trialsh.endpoint.hierarchy".words(e) or d.variable,
    compare = compare_of(compare), analysis = words_of(d.analysis), missing = d.missing,
    adjust = d.adjust, subgroups = words_of(d.subgroups), note = d.note,
    summary = d.summary, intercurrent = events_of(e) }
end

--- sap() -> frame
-- The definitions as a table: the plan, a row per endpoint and variation.
--
-- See also: endpoint, check.
function M.sap()
  if #M.list == 0 then
    fail("not found", require "trialsh.endpoint.loaded".none())
  end
  local NA = require "ts.na".NA
  local arrays, n = {}, 0
  for j in ipairs(plan_columns) do arrays[j] = {} end
  local function add(e)
    local row = plan_row(e)
    n = n + 1
    for j, name in ipairs(plan_columns) do
      arrays[j][n] = row[name] == nil and NA or row[name]
    end
  end
  for _, e in ipairs(M.list) do
    M.problems_of(e) -- reads the variations
    add(e)
    for _, v in ipairs(e.variations) do add(v) end
  end
  return require "trialsh.data".wrap(
    require "ts.frame".build(plan_columns, arrays))
end

function M.run(s, opt) return require "trialsh.run".run(s, opt) end

--- endpoint.data(id): what a figure draws: the rows that run() analyses, and
-- the names of its columns.
function M.data(id, s)
  s = s or require "trialsh.study".study.open()
  M.of_study(s)
  return require "trialsh.run".data(s, M.find(id))
end

return M
