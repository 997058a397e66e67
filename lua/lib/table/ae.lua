-- table.ae: subjects with adverse events, by class and term.

local cframe = require "ts.frame"
local NA = require "ts.na".NA
local fail = require "ts.error".fail
local data = require "trialsh.data"
local events = require "trialsh.table.events"
local format = require "trialsh.format"
local make = require "trialsh.table.cell"
local note = require "trialsh.note"
local object = require "trialsh.table.object"
local relation = require "trialsh.relation"
local source = require "trialsh.table.source"

local M = {}

local WHO = "table.ae"

local own = {
  rows = { "list" }, sort = { "list", { "frequency" } },
  any = { "any", "Any adverse event" }, events = { "boolean", false },
  cutoff = { "number", 0, least = 0, below = 100 },
  grade = { { "maximum" } }, grades = { "table" }, grade_column = { "string", "AETOXGR" },
  rates = { { "first", "all" } }, per = { "number", 100, above = 0 },
  time = { "string" }, day = { "string", "ASTDY" },
}
for key, rule in pairs(events.options) do own[key] = rule end
local spec = source.spec(own)

-- Which columns the rows are of.
local function row_columns(set, opt)
  local columns = relation.node_of(set.events).columns
  if opt.rows then
    for i, name in ipairs(opt.rows) do
      opt.rows[i] = relation.find(WHO, columns, name).name
    end
    if #opt.rows == 0 then fail("invalid", WHO .. ": rows names no column") end
    return opt.rows
  end
  local list = {}
  for _, name in ipairs { "AEBODSYS", "AEDECOD" } do
    if columns[name:lower()] then list[#list + 1] = columns[name:lower()].name end
  end
  if #list == 0 then
    fail("not found", WHO .. ": no column AEBODSYS or AEDECOD; rows = { \"COL\" } "
      .. "names those of the rows")
  end
  return list
end

-- Counting -------------------------------------------------------------------------

local function node(name)
  local t = events.tally()
  t.name, t.children, t.by_name, t.worst, t.first = name, {}, {}, {}, {}
  return t
end

local function count(t, subject, arm, grade, day)
  events.add(t, subject, arm)
  local worst = t.worst[subject]
  if worst == nil or worst == NA or grade ~= NA and grade > worst then
    t.worst[subject] = grade
  end
  if day ~= NA then
    t.first[subject] = math.min(t.first[subject] or math.huge, day)
  end
end

local function column_of(frame, name)
  return cframe.values(frame:column(name))
end

-- The events as a tree of counts: all, each class, each term in a class.
local function tree_of(set, opt, columns)
  local names = { table.unpack(columns) }
  if opt.grade then names[#names + 1] = opt.grade_column end
  if opt.rates then names[#names + 1] = opt.day end
  local known = relation.node_of(set.events).columns
  for _, name in ipairs(names) do relation.find(WHO, known, name) end
  local frame, at = events.frame(WHO, set, names)
  local values = {}
  for i, name in ipairs(columns) do values[i] = column_of(frame, name) end
  local grades = opt.grade and column_of(frame, opt.grade_column)
  local days = opt.rates and column_of(frame, opt.day)
  local root = node "all"
  for i = 1, #frame do
    local subject = at[i]
    if subject then
      local arm, grade = set.arm_of[subject], grades and grades[i] or NA
      local day = days and days[i] or NA
      if grade ~= NA and type(grade) ~= "number" then
        grade = tonumber(grade) or fail("type", ("%s: %s = %s is no grade, "
          .. "which is a number; mutate makes one: case %s when ... then 1 ... end")
          :format(WHO, opt.grade_column, grade, opt.grade_column))
      end
      count(root, subject, arm, grade, day)
      local t = root
      for k = 1, #columns do
        local name = values[k][i]
        name = (name == NA or name == "") and "Not coded" or tostring(name)
        local child = t.by_name[name]
        if not child then
          child = node(name)
          t.by_name[name] = child
          t.children[#t.children + 1] = child
        end
        count(child, subject, arm, grade, day)
        t = child
      end
    end
  end
  return root
end

-- keys: one for all depths, or one for each.
local function sort_tree(t, keys, depth)
  local key = keys[depth] or keys[#keys]
  table.sort(t.children, function(a, b)
    local x, y = key(a), key(b)
    if x ~= y then return x > y end
    return a.name < b.name
  end)
  for _, child in ipairs(t.children) do sort_tree(child, keys, depth + 1) end
end

local function sort_key(set, sort)
  local word = tostring(sort):lower()
  if word == "frequency" then return function(t) return t.total end end
  if word == "alphabetical" then return function() return 0 end end
  local names = { "frequency", "alphabetical" }
  for _, arm in ipairs(set.arms) do
    names[#names + 1] = arm.name
    if arm.name == sort then
      return function(t) return events.sum(t.n, arm) end
    end
  end
  fail("invalid", ("%s: sort = %s is neither frequency nor alphabetical nor an "
    .. "arm%s"):format(WHO, tostring(sort), require "trialsh.names".hint(sort, names)))
end

-- Subjects of a row by their worst grade, { [grade] = { [arm] = n } }.
local function by_grade(set, t)
  local out = {}
  for subject, grade in pairs(t.worst) do
    local arm = set.arm_of[subject]
    out[grade] = out[grade] or {}
    out[grade][arm] = (out[grade][arm] or 0) + 1
  end
  return out
end

-- Rates ----------------------------------------------------------------------------

-- Days at risk of each subject, and of each arm.
local function times_of(set, opt)
  local name = opt.time
  if not name then
    for _, usual in ipairs { "TRTDUR", "TRTDURD" } do
      if data.has(set.data, usual) then name = name or usual end
    end
    if not name then
      fail("not found", WHO .. ": rates need the days at risk; time = names the "
        .. "column of subjects that has them")
    end
  end
  name = relation.find(WHO, relation.node_of(set.data).columns, name).name
  local days, total, missing = column_of(set.frame, name), {}, 0
  for i, arm in pairs(set.arm_of) do
    if type(days[i]) ~= "number" then
      missing = missing + 1
    else
      total[arm] = (total[arm] or 0) + days[i]
    end
  end
  if missing > 0 then
    fail("invalid", ("%s: rates: %s is missing for %s"):format(WHO, name,
      note.plural(missing, "subject")))
  end
  return days, total, name
end

local YEAR = 365.25

-- Rate of a row in an arm: of first events, time ending with the event; or of all.
local function rate_cell(set, opt, t, arm)
  local time, n = events.sum(set.time, arm), events.sum(t.n, arm)
  if opt.rates == "first" then
    for subject in pairs(t.seen) do
      if not arm.members or arm.members[set.arm_of[subject]] then
        local full = set.days[subject]
        local first = t.first[subject] or full
        time = time - (full - math.max(0, math.min(full, first)))
      end
    end
  else
    n = events.sum(t.events, arm)
  end
  local stats = { { "events", n }, { "years", time / YEAR } }
  if time <= 0 then return { text = "-", stats = stats } end
  local r = require "trialsh.rate".rate({ n, time / YEAR }, { per = opt.per })
  local digits = format.decimals(r.estimate > 0 and r.estimate or r.conf_high)
  digits = math.max(0, digits - 1)
  table.move({ { "rate", r.estimate }, { "conf_low", r.conf_low },
    { "conf_high", r.conf_high } }, 1, 3, 3, stats)
  return { text = ("%s (%s)"):format(format.cell(r.estimate, digits),
    format.interval(r.conf_low, r.conf_high, digits)), stats = stats }
end

-- Rows ------------------------------------------------------------------------------

local function share_cell(set, opt, counts, occurred, arm)
  local cell = make.share(events.sum(counts, arm), arm.n, set.style)
  if opt.events and occurred then
    local n = events.sum(occurred, arm)
    cell.stats[#cell.stats + 1] = { "events", n }
    if n > 0 then cell.text = ("%s [%d]"):format(cell.text, n) end
  end
  return cell
end

local function add_row(out, set, opt, label, indent, counts, t)
  local cells, j = {}, 0
  for _, arm in ipairs(set.arms) do
    j = j + 1
    cells[j] = share_cell(set, opt, counts, t and t.events, arm)
    if opt.rates then
      j = j + 1
      if t then cells[j] = rate_cell(set, opt, t, arm) end
    end
  end
  events.compare_cells(set.comparisons, counts, opt, set.style, cells, j)
  local row = { label = label, indent = indent, cells = cells }
  out.rows[#out.rows + 1] = row
  return row
end

-- { { "Grade 3-4", 3, 4 }, ... }: each grade by itself where none are given.
local function groups_of(opt)
  if not opt.grades then
    local list = {}
    for grade = 1, 5 do list[grade] = { ("Grade %d"):format(grade), grade } end
    return list
  end
  for _, group in ipairs(opt.grades) do
    local good = type(group) == "table" and type(group[1]) == "string"
      and #group >= 2
    for i = 2, good and #group or 0 do good = good and type(group[i]) == "number" end
    if not good then
      fail("type", WHO .. ': grades are { { "Grade 3-4", 3, 4 }, { "Grade 5", 5 } }')
    end
  end
  return opt.grades
end

local function add_grades(out, set, opt, t, indent)
  local counts = by_grade(set, t)
  for _, group in ipairs(groups_of(opt)) do
    local sum, any = {}, false
    for i = 2, #group do
      for arm, n in pairs(counts[group[i]] or {}) do
        sum[arm], any = (sum[arm] or 0) + n, true
      end
    end
    if any then add_row(out, set, opt, group[1], indent, sum).level = group[1] end
  end
  if counts[NA] then
    add_row(out, set, opt, "Grade missing", indent, counts[NA]).level = "missing"
  end
end

-- Whether a row reaches the cutoff in any arm.
local function frequent(set, opt, t)
  if opt.cutoff == 0 then return true end
  for _, arm in ipairs(set.arms) do
    if arm.n > 0 and 100 * events.sum(t.n, arm) / arm.n >= opt.cutoff then
      return true
    end
  end
  return false
end

local function add_tree(out, set, opt, t, columns, depth)
  for _, child in ipairs(t.children) do
    if frequent(set, opt, child) then
      local row = add_row(out, set, opt, child.name, depth - 1, child.n, child)
      row.variable, row.level = columns[depth], child.name
      if opt.grade then add_grades(out, set, opt, child, depth) end
      add_tree(out, set, opt, child, columns, depth + 1)
    end
  end
end

local function columns_of(set, opt)
  local columns = {}
  for _, arm in ipairs(set.arms) do
    columns[#columns + 1] = { arm = arm.name, n = arm.n,
      head = opt.rates and "n (%)" or nil }
    if opt.rates then
      columns[#columns + 1] = { arm = arm.name, n = arm.n,
        head = "Rate (95 % CI)" }
    end
  end
  local more = events.compare_columns(set.comparisons, opt)
  return table.move(more, 1, #more, #columns + 1, columns)
end

local function notes(t, set, opt, columns)
  events.say(t, set, opt)
  if opt.events then object.say(t, "[ ]: number of events.") end
  if opt.grade then
    object.say(t, "Grades: the highest of a subject in each row.")
  end
  if opt.rates == "first" then
    object.say(t, ("Rate: subjects with an event per %s patient-years at risk, "
      .. "time ending with the first event; exact interval."):format(
      format.cell(opt.per, 0)))
  elseif opt.rates then
    object.say(t, ("Rate: events per %s patient-years; exact interval."):format(
      format.cell(opt.per, 0)))
  end
  if opt.rates and set.undated > 0 then
    object.say(t, ("%s without %s: their time is not ended by the event."):format(
      note.plural(set.undated, "event"), opt.day))
  end
  if opt.cutoff > 0 then
    object.say(t, ("Rows of at least %s %% in any column."):format(
      format.cell(opt.cutoff, opt.cutoff % 1 == 0 and 0 or 1)))
  end
  if #opt.sort == 1 and tostring(opt.sort[1]):lower() == "frequency" then
    object.say(t, "Sorted by number of subjects in all arms, then by name.")
  end
end

--- table.ae { EVENTS, option = ... } -> table
-- Subjects with adverse events by class and term, each counted once in a row;
-- percentages are of all subjects of the arm, with events or without. EVENTS has
-- a row per event; without it: adae of the open study. Events under treatment
-- (TRTEMFL = 'Y') count where there is that column.
--   rows        { "AEBODSYS", "AEDECOD" }, outermost first
--   where       "AESER = 'Y'": which events count instead
--   sort        "frequency" (subjects in all arms, then by name), "alphabetical",
--               or an arm: frequency there; a list has one for each of rows
--   cutoff      5: rows of at least 5 % in any column
--   events      true: [number of events] beside
--   any         "Any adverse event": the first row; false: none
--   grade       "maximum": below each row subjects by their highest grade;
--               grade_column  "AETOXGR";  grades  { { "Grade 3-4", 3, 4 },
--               { "Grade 5", 5 } }: together
--   rates       "first": per patient-years at risk until the first event, "all":
--               of all events; per  100;  time  "TRTDUR", days at risk of a
--               subject;  day  "ASTDY", of an event from the first dose
--   riskdiff    true: differences with intervals (Miettinen-Nurminen)
--   p_value     true: Fisher's exact P, two_sided  "central", "absdev", "minlike"
--   compare     "A vs B" or a list; the trial's, else each arm and the first
--   subjects    who is counted: a row per subject, with USUBJID and the arm;
--               without it adsl
--   population  "SAF" where the trial has it
--   by, total, pooled, percent_digits, percent, p_digits, journal, title, note
--               as in table.summary
--
--   > table.ae { demo.adae, cutoff = 60 }
--                                     Placebo    CYT107 LF  CYT107 HF
--                                     (N = 8)    (N = 8)    (N = 8)
--   Any adverse event                 8 (100 %)  8 (100 %)  8 (100 %)
--   Infections and infestations       6 (75 %)   4 (50 %)   6 (75 %)
--   General disorders and             4 (50 %)   5 (63 %)   6 (75 %)
--     administration site conditions
--     Injection site reaction         2 (25 %)   5 (63 %)   5 (63 %)
--   Skin and subcutaneous tissue      1 (13 %)   4 (50 %)   6 (75 %)
--     disorders
--   Subjects are counted once in each row; percentages are of N. Events that came
--   under treatment (TRTEMFL = Y). Rows of at least 60 % in any column. Sorted by
--   number of subjects in all arms, then by name.
--   SIMULATED DATA
--
-- See also: table.ae_overview, table.summary, relation:emergent, rate, riskdiff.
function M.ae(given)
  local first, list, opt = source.read(WHO, given, spec)
  if #list > 0 then
    fail("invalid", ("%s: rows = { ... } names columns"):format(WHO))
  end
  local set = events.read(WHO, first, opt)
  local columns = row_columns(set, opt)
  set.comparisons = events.comparisons(WHO, set, opt)
  if opt.grades and not opt.grade then opt.grade = "maximum" end
  if opt.rates then set.days, set.time = times_of(set, opt) end
  local root = tree_of(set, opt, columns)
  local keys = {}
  for i, sort in ipairs(opt.sort) do keys[i] = sort_key(set, sort) end
  if #keys == 0 then fail("invalid", WHO .. ": sort is an empty list") end
  sort_tree(root, keys, 1)
  set.undated = 0
  if opt.rates then
    for subject in pairs(root.seen) do
      if not root.first[subject] then set.undated = set.undated + 1 end
    end
  end
  local what = set.emergent and "Treatment-emergent adverse events"
    or "Adverse events"
  if opt.grade then what = what .. " by highest grade" end
  local t = source.begin(set, { what = "ae", title = what,
    columns = columns_of(set, opt) }, opt, set.events)
  if opt.any then
    local row = add_row(t, set, opt, tostring(opt.any), 0, root.n, root)
    row.variable, row.level = "any", "any"
    if opt.grade then add_grades(t, set, opt, root, 1) end
  end
  add_tree(t, set, opt, root, columns, 1)
  notes(t, set, opt, columns)
  return t
end

return M
