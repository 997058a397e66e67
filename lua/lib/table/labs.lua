-- table.labs: measurements by visit and arm, with the change from baseline.

local NA = require "ts.na".NA
local fail = require "ts.error".fail
local format = require "trialsh.format"
local make = require "trialsh.table.cell"
local object = require "trialsh.table.object"
local source = require "trialsh.table.source"
local values = require "trialsh.table.values"

local M = {}

local WHO = "table.labs"

local own = { subjects = { "any" }, visits = { "list" },
  statistics = { "string", "mean (SD)" }, change = { "boolean", true },
  digits = { "integer", nil, least = 0, below = 9 }, n = { "boolean", true } }
local spec = source.spec(own)

-- Records of a parameter by visit and subject: by[visit][subject] = { value, chg,
-- below, above }.
local function records_of(set, p)
  local frame, at = values.read(WHO, set, p, { "AVISIT" }, { "CHG", "BASE",
    "R2BASE", "ANL01FL", "BLQFL", "ALQFL", "BBLQFL", "ABLFL", "DTYPE", "PARAM" })
  local aval, visit = values.column(frame, "AVAL"), values.column(frame, "AVISIT")
  local chosen = values.column(frame, "ANL01FL")
  local chg, base = values.column(frame, "CHG"), values.column(frame, "BASE")
  local below, above = values.column(frame, "BLQFL"), values.column(frame, "ALQFL")
  local base_below = values.column(frame, "BBLQFL")
  local by, twice = {}, nil
  for i = 1, #frame do
    local v = visit[i]
    if at[i] and v ~= NA and aval[i] ~= NA and (not chosen or chosen[i] == "Y") then
      by[v] = by[v] or {}
      if by[v][at[i]] then twice = { v, at[i] } end
      local b = base and base[i] or NA
      by[v][at[i]] = { value = aval[i], below = below and below[i] == "Y",
        above = above and above[i] == "Y",
        change = chg and chg[i] or b ~= NA and aval[i] - b or NA,
        ratio = b ~= NA and b > 0 and aval[i] / b or NA,
        open = below and below[i] == "Y" or above and above[i] == "Y"
          or base_below and base_below[i] == "Y" }
    end
  end
  if twice then
    fail("invalid", ("%s: %s has two records of a subject at %s; visits marks the "
      .. "one analysed by ANL01FL"):format(WHO, p.name, twice[1]))
  end
  local column = frame:column "AVISIT"
  local order = {}
  for _, level in ipairs(column.levels or {}) do
    if by[level] then order[#order + 1] = level end
  end
  return by, order, values.label(p, frame)
end

-- "<3.2", "18.4": a quantile of which only bounds may be known.
local function bound_text(low, high, digits)
  if low == high then return format.cell(low, digits) end
  if low == -math.huge and high == math.huge then return "?" end
  if high == math.huge then return ">" .. format.cell(low, digits) end
  return "<" .. format.cell(high, digits)
end

-- Median and quartiles of values some of which are limits.
local function limited_cell(records, digits)
  local stats, text = {}, {}
  for i, q in ipairs { { "median", 0.5 }, { "q1", 0.25 }, { "q3", 0.75 } } do
    local low, high = values.bounds(records, q[2])
    text[i] = bound_text(low, high, digits)
    stats[i] = { q[1], low == high and low or NA, text[i] }
  end
  return { text = ("%s (%s to %s)"):format(table.unpack(text)), stats = stats }
end

local function pick(list, key)
  local out = {}
  for _, r in ipairs(list) do
    if r[key] ~= NA then out[#out + 1] = { value = r[key] } end
  end
  return out
end

-- Decimals of a parameter: those of the data over all visits and arms.
local function digits_of(by, order, form, given)
  local all = {}
  for _, visit in ipairs(order) do
    for _, r in pairs(by[visit]) do all[#all + 1] = { value = r.value } end
  end
  return make.digits({ values.describe(all) }, given), form
end

-- What is shown of a visit: columns of an arm.
local function arm_cells(set, p, arm, at_visit, digits, opt, form, state)
  local list, n_below, n_open = {}, 0, 0
  for _, i in ipairs(arm.rows) do
    local r = at_visit[i]
    if r then
      list[#list + 1] = r
      if r.below or r.above then n_below = n_below + 1 end
      if r.open then n_open = n_open + 1 end
    end
  end
  local cells = {}
  if opt.n then cells[1] = make.count(#list) end
  if #list == 0 then
    cells[#cells + 1] = make.text "-"
  elseif p.limited then
    cells[#cells + 1] = limited_cell(list, digits.q)
  else
    cells[#cells + 1] = make.describe(form, values.describe(list), digits)
  end
  if state.limits then
    cells[#cells + 1] = #list > 0 and make.share(n_below, #list, set.style)
      or make.text "-"
  end
  if opt.change then
    local change = state.ratio and pick(list, "ratio") or pick(list, "change")
    if p.baseline[state.visit] or #change == 0 then
      cells[#cells + 1] = make.text ""
    elseif n_open > 0 then
      cells[#cells + 1] = make.text "-"
      state.open = true
    else
      local own = digits
      if state.ratio then own = make.digits({ values.describe(change) }, 1) end
      cells[#cells + 1] = make.describe(p.limited
        and make.form(WHO, "median (Q1 to Q3)") or form, values.describe(change),
        own)
    end
  end
  return cells
end

-- Visits at which nobody has a change, though there are values: the baseline.
local function baselines(by)
  local out = {}
  for visit, subjects in pairs(by) do
    local any = false
    for _, r in pairs(subjects) do
      any = any or r.change ~= NA and r.change ~= 0
    end
    out[visit] = not any
  end
  return out
end

local function columns_of(set, opt, form, state)
  local columns = {}
  for _, arm in ipairs(set.arms) do
    local function add(head)
      columns[#columns + 1] = { arm = arm.name, n = arm.n, head = head }
    end
    if opt.n then add "n" end
    add(form[2]:gsub("%%s", function() return "95 %" end):gsub("^%l", string.upper))
    if state.limits then add "Beyond limit" end
    if opt.change then add(state.ratio and "Ratio to baseline" or "Change") end
  end
  return columns
end

--- table.labs { "PARAMETER", ..., option = ... } -> table
-- Measurements of parameters by visit and arm: n, value, change from baseline. The
-- data are those of the parameter's table in the trial; table.labs { DATA, "ALC" }
-- takes the rows given (USUBJID, PARAMCD, AVISIT, AVAL, CHG). Where there is a
-- column ANL01FL, its records with Y. SOFA and other scores do as well.
--   statistics  "mean (SD)" (default), "median (Q1 to Q3)", "geometric mean (CV %)"
--               (the change is then the ratio to baseline) and the other forms of
--               table.summary
--   visits      a visit or a list of them, in order; all without it
--   change      false: no change;  n  false: no n
--   digits      decimals of the data
--   subjects    a row per subject; adsl, population SAF or the first, without it
--   by, total, pooled, population, percent_digits, percent, title, note
--               as in table.summary; p_digits and journal are of no use here
-- Of a parameter with values beyond a limit of detection (BLQFL, ALQFL) median and
-- quartiles stand in place of means: "<3.2" where it is only known to be less, and a
-- column says how many values were beyond the limit. Changes of such values are not
-- known and left out.
--
--   > table.labs { demo.adlb:where "AVISIT in ('Baseline', 'Day 29')", "ALC" }
--                                            Placebo (N = 8)
--                                    ────────────────────────────────
--                                    n  Mean (SD)       Change
--   Absolute lymphocyte count (/uL)
--     Baseline                       8   709.4 (223.7)
--     Day 29                         5  1383.4 (139.0)  553.6 (213.1)
--
--                                            CYT107 LF (N = 8)
--                                    ──────────────────────────────────
--                                    n  Mean (SD)        Change
--   Absolute lymphocyte count (/uL)
--     Baseline                       8   641.6 (350.7)
--     Day 29                         6  1814.0 (1343.5)  1149.7 (958.8)
--
--                                             CYT107 HF (N = 8)
--                                    ───────────────────────────────────
--                                    n  Mean (SD)        Change
--   Absolute lymphocyte count (/uL)
--     Baseline                       8   799.8 (239.0)
--     Day 29                         7  2646.4 (1474.8)  1877.3 (1260.6)
--   SIMULATED DATA
--
-- See also: table.shift, table.summary, relation:detect, figure.profile.
function M.labs(given)
  local set, parameters, opt = values.begin(WHO, given, spec)
  local form = make.form(WHO, opt.statistics)
  local state = { ratio = opt.statistics:lower():find "geo" ~= nil }
  local relations = {}
  for i, p in ipairs(parameters) do
    relations[i] = p.data
    p.by, p.order, p.label = records_of(set, p)
    p.baseline = baselines(p.by)
    for _, subjects in pairs(p.by) do
      for _, r in pairs(subjects) do p.limited = p.limited or r.below or r.above end
    end
    state.limits = state.limits or p.limited
    if opt.visits then
      for _, visit in ipairs(opt.visits) do
        if not p.by[visit] then
          fail("not found", ("%s: %s has no value at %s%s"):format(WHO, p.name,
            tostring(visit), require "trialsh.names".hint(visit, p.order)))
        end
      end
      p.order = opt.visits
    end
  end
  local t = source.begin(set, { what = "labs", title = "Values by visit",
    columns = columns_of(set, opt, form, state) }, opt, table.unpack(relations))
  for _, p in ipairs(parameters) do
    t.rows[#t.rows + 1] = { label = p.label, indent = 0, cells = {}, heading = true,
      variable = p.name }
    if #p.order == 0 then
      t.rows[#t.rows].mark = object.note(t, "No value of a subject of this table.")
    elseif p.limited then
      t.rows[#t.rows].mark = object.note(t, "Values beyond the limit of detection: "
        .. "median (Q1 to Q3), < where only known to be less.")
    end
    local digits = digits_of(p.by, p.order, form, opt.digits)
    for _, visit in ipairs(p.order) do
      local row = { label = visit, indent = 1, cells = {}, variable = p.name,
        level = visit }
      state.visit = visit
      for _, arm in ipairs(set.arms) do
        local cells = arm_cells(set, p, arm, p.by[visit], digits, opt, form, state)
        table.move(cells, 1, #cells, #row.cells + 1, row.cells)
      end
      t.rows[#t.rows + 1] = row
    end
  end
  if form[3]:find "{q1}" then object.say(t, "Quartiles: type 2 (SAS).") end
  if state.open then
    object.say(t, "Change: - where a value beyond a limit leaves it open.")
  end
  return t
end

return M
