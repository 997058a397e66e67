-- table.patient: all that the study knows of one subject, on a page.

local cframe = require "ts.frame"
local NA = require "ts.na".NA
local fail = require "ts.error".fail
local data = require "trialsh.data"
local format = require "trialsh.format"
local make = require "trialsh.table.cell"
local object = require "trialsh.table.object"
local relation = require "trialsh.relation"
local rows = require "trialsh.table.rows"
local source = require "trialsh.table.source"
local show = require "trialsh.show"

local M = {}

local WHO = "table.patient"

local spec = { title = { "string" }, note = { "list" }, columns = { "list" },
  parameters = { "list" } }

-- What is told of a subject, where it is there, in few lines: a page is soon full.
local usual = {
  { "Person", "AGE", "SEX", "RACE", "COUNTRY", "SITE", "SITEID" },
  { "Treatment", "TRT01P", "TRT01A", "RANDDT", "TRTSDT", "TRTEDT", "TRTDUR", "NDOSE",
    "NPLAN" },
  { "End of study", "EOSSTT", "DCSREAS", "DISDT", "DCTDT", "DTHDT", "DTHDY",
    "DTHCAUS", "LSTDT" },
}

local function columns_of(r) return relation.node_of(r).columns end

local function has(r, name) return columns_of(r)[name:lower()] ~= nil end

-- A cell as the prompt shows it; nil where it is missing.
local function shown(frame, name, i)
  local column = frame:column(name)
  local value = cframe.values(column)[i or 1]
  if value == NA or value == "" then return nil end
  if column.type == "text" then return value, value end
  return show.cells({ value }, column.type, column.format ~= NA and column.format
    or nil)[1], value
end

local function add(t, label, indent, day, words, detail, variable, value)
  local row = { label = label, indent = indent, variable = variable, cells = {
    { text = day or "", stats = {} },
    { text = words or "", stats = value ~= nil and { { variable, value } } or {} },
    { text = detail or "", stats = {} } } }
  t.rows[#t.rows + 1] = row
end

-- What is told of a column: label, text, unit, value; nil where it is missing.
local function told(frame, name)
  local words, value = shown(frame, name)
  if not words then return nil end
  local column = frame:column(name)
  return column.label ~= NA and column.label or name, words,
    column.unit ~= NA and column.unit or nil, value
end

-- Columns that are named have a line each.
local function add_named(t, frame, names)
  for _, name in ipairs(names) do
    local label, words, unit, value = told(frame, name)
    if label then add(t, label, 1, nil, words, unit, name, value) end
  end
end

local function add_usual(t, frame, r)
  for _, group in ipairs(usual) do
    local parts, stats = {}, {}
    for k = 2, #group do
      local name = has(r, group[k]) and columns_of(r)[group[k]:lower()].name
      local label, words, unit, value
      if name then label, words, unit, value = told(frame, name) end
      if label then
        parts[#parts + 1] = ("%s: %s%s"):format(label, words, unit and " " .. unit or "")
        stats[#stats + 1] = { name, value }
      end
    end
    if #parts > 0 then
      add(t, group[1], 1, nil, table.concat(parts, "; "))
      t.rows[#t.rows].cells[2].stats = stats
    end
  end
end

local function add_subject(t, r, names)
  local frame = data.frame(r)
  rows.heading(t, "Subject")
  if names then add_named(t, frame, names) else add_usual(t, frame, r) end
end

-- "27 to 29", "27, ongoing", "" of first and last day.
local function days(from, to)
  if from == NA then return to ~= NA and "until " .. format.cell(to, 0) or "" end
  local first = format.cell(from, 0)
  if to == NA or to == nil then return first .. ", ongoing" end
  return to == from and first or ("%s to %s"):format(first, format.cell(to, 0))
end

local function add_events(t, r, id)
  local own = r:where { USUBJID = id }
  if has(own, "ASTDY") then own = own:order "ASTDY" end
  local frame = data.frame(own)
  rows.heading(t, "Adverse events")
  local function of(name, i)
    return has(own, name) and cframe.values(frame:column(columns_of(own)
      [name:lower()].name))[i] or NA
  end
  for i = 1, #frame do
    local parts = {}
    local function word(name, words)
      local value = of(name, i)
      if value ~= NA and value ~= "" then parts[#parts + 1] = words(value) end
    end
    word("AESER", function(v) return v == "Y" and "serious" or nil end)
    word("AEREL", function(v)
      v = tostring(v)
      return v == "Y" and "related" or v == "N" and "not related"
        or rows.sentence(v):lower()
    end)
    word("AEOUT", function(v) return rows.sentence(v):lower() end)
    word("TRTEMFL", function(v) return v ~= "Y" and "not under treatment" or nil end)
    local grade = of("AETOXGR", i)
    add(t, tostring(of("AEDECOD", i) ~= NA and of("AEDECOD", i) or "Not coded"), 1,
      days(of("ASTDY", i), of("AENDY", i)),
      grade ~= NA and "grade " .. show.cells({ grade }, type(grade) == "number"
        and "real" or "text")[1] or "", table.concat(parts, ", "), "AEDECOD",
      of("AEDECOD", i))
  end
  if #frame == 0 then add(t, "None", 1) end
end

-- One line per parameter: "day 1: 638, day 8: <3.2".
local function add_parameter(t, p, r, id)
  local own = r:where { USUBJID = id, PARAMCD = p.name }
  local at = has(own, "ADY") and "ADY" or has(own, "AVISITN") and "AVISITN"
  if at then own = own:order(at) end
  local frame = data.frame(own)
  local aval = cframe.values(frame:column "AVAL")
  local day = at and cframe.values(frame:column(at))
  local visit = not day and has(own, "AVISIT")
    and cframe.values(frame:column "AVISIT")
  local below = has(own, "BLQFL") and cframe.values(frame:column "BLQFL")
  local above = has(own, "ALQFL") and cframe.values(frame:column "ALQFL")
  local list = {}
  for i = 1, #frame do
    if aval[i] ~= NA then
      local when = day and day[i] ~= NA and "day " .. format.cell(day[i], 0)
        or visit and visit[i] ~= NA and visit[i] or nil
      local value = (below and below[i] == "Y" and "<"
        or above and above[i] == "Y" and ">" or "")
        .. show.cells({ aval[i] }, "real")[1]
      list[#list + 1] = when and when .. ": " .. value or value
    end
  end
  if #list > 0 then
    add(t, p.label or p.name, 1, nil, table.concat(list, ", "), p.unit, p.name)
  end
end

local function add_values(t, inner, trial, id, opt)
  local first = true
  local list = opt.parameters
  if not list then
    list = {}
    for i, p in ipairs(trial and trial.parameters or {}) do list[i] = p.name end
  end
  for _, name in ipairs(list) do
    local p = trial and trial.parameters and trial.parameters[name]
    if not p then
      local known = {}
      for i, q in ipairs(trial and trial.parameters or {}) do known[i] = q.name end
      fail("not found", ("%s: no parameter %s%s"):format(WHO, tostring(name),
        require "trialsh.names".hint(name, known)))
    end
    if inner:tables_list()[p.table] then
      local r = source.table(WHO, inner, p.table)
      if has(r, "USUBJID") and has(r, "PARAMCD") and has(r, "AVAL")
          and not has(r, "CNSR") then
        if first then rows.heading(t, "Values") end
        first = false
        add_parameter(t, p, r, id)
      end
    end
  end
end

local function add_times(t, inner, id)
  if not inner:tables_list().adtte then return end
  local r = source.table(WHO, inner, "adtte")
  if not (has(r, "PARAMCD") and has(r, "CNSR")) then return end
  local frame = data.frame(r:where { USUBJID = id })
  if #frame == 0 then return end
  rows.heading(t, "Times to events")
  local label = has(r, "PARAM") and "PARAM" or "PARAMCD"
  for i = 1, #frame do
    local cnsr = cframe.values(frame:column "CNSR")[i]
    local words = shown(frame, "AVAL", i)
    add(t, shown(frame, label, i) or "", 1, nil, words,
      cnsr == 0 and "event" or cnsr == 2 and "competing event"
        or cnsr == NA and "" or "censored",
      cframe.values(frame:column "PARAMCD")[i],
      cframe.values(frame:column "AVAL")[i])
  end
end

--- table.patient { "SUBJECT", option = ... } -> table
-- A page on one subject: who, treatment and end of it, adverse events, values by
-- day, times to events; of the open study, or of that of table.patient { s.adsl,
-- "SUBJECT" }.
--   columns     of adsl that are told, a line each; without it the usual ones in
--               three lines
--   parameters  whose values are told; all of the trial without it
--   title, note  text
--
--   > t = table.patient { demo.adsl, "DEMO-003", parameters = { "ALC" } }
--   > t
--   Subject DEMO-003
--                                Day          Value
--   Subject
--     Person                                  AGE: 72; SEX: M;
--                                             COUNTRY: FRA
--     Treatment                               TRT01P: Placebo; TRTDUR:
--                                             15; NDOSE: 3; NPLAN: 4
--     End of study                            EOSSTT: DISCONTINUED;
--                                             DCSREAS: DEATH; DTHDY:
--                                             18
--   Adverse events
--     Delirium                   3 to 12      grade 3
--     Septic shock               16 to 18     grade 5
--     Pyrexia                    17, ongoing  grade 1
--   Values
--     Absolute lymphocyte count               day 1: 453, day 9: 596,
--                                             day 14: 449
--   Times to events
--     Time to death (days)                    18
--
--                                Detail
--   Subject
--     Person
--     Treatment
--     End of study
--   Adverse events
--     Delirium                   serious, not related,
--                                recovered/resolved
--     Septic shock               serious, not related,
--                                fatal
--     Pyrexia                    not related, not
--                                recovered/not resolved
--   Values
--     Absolute lymphocyte count  /uL
--   Times to events
--     Time to death (days)       event
--   SIMULATED DATA
--
-- See also: table.listing.
function M.patient(given)
  local first, list, opt = source.read(WHO, given, spec)
  local inner = source.inner(first)
  if not inner then
    fail("invalid", WHO .. ": the subjects are those of a study, { s.adsl, \"ID\" }")
  end
  if #list ~= 1 or type(list[1]) ~= "string" then
    fail("invalid", WHO .. ': one subject, table.patient { "ID" }')
  end
  local id, adsl = list[1], first or source.table(WHO, inner, "adsl")
  local own = adsl:where { USUBJID = id }
  if #own ~= 1 then
    local ids = {}
    for row in adsl:rows() do ids[#ids + 1] = row.USUBJID end
    fail("not found", ("%s: %s subject %s%s"):format(WHO, #own == 0 and "no"
      or "more than one row of", id, #own == 0
      and require "trialsh.names".hint(id, ids) or ""))
  end
  local names = opt.columns
  for i, name in ipairs(names or {}) do
    names[i] = relation.find(WHO, columns_of(own), name).name
  end
  local t = object.new { what = "patient", title = opt.title or "Subject " .. id,
    titled = true, columns = { { head = "Day", align = "text" },
      { head = "Value", align = "text", wide = true },
      { head = "Detail", align = "text" } },
    stamp = source.stamp(own), origin = source.origin(inner, adsl) }
  add_subject(t, own, names)
  local used = { own }
  if inner:tables_list().adae then
    local events = source.table(WHO, inner, "adae")
    used[#used + 1] = events
    add_events(t, events, id)
  end
  add_values(t, inner, inner:trial(), id, opt)
  add_times(t, inner, id)
  t.stamp = source.stamp(table.unpack(used))
  for _, words in ipairs(opt.note or {}) do object.say(t, tostring(words)) end
  return t
end

return M
