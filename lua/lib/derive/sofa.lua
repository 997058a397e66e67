-- The verb sofa: Sequential Organ Failure Assessment (Vincent et al. 1996,
-- Intensive Care Med 22:707), the worst of each day, from its components. The
-- published cuts leave gaps between whole numbers; here each score begins where
-- the next lower one ends.

local fail = require "ts.error".fail
local options = require "trialsh.options"
local nodes = require "trialsh.relation.nodes"
local common = require "trialsh.derive.common"
local unit = require "trialsh.unit"

local quote = common.quote

local COMPONENTS = {
  { "SOFARESP", "SOFA, respiration" }, { "SOFACOAG", "SOFA, coagulation" },
  { "SOFALIV", "SOFA, liver" }, { "SOFACARD", "SOFA, cardiovascular" },
  { "SOFACNS", "SOFA, central nervous system" },
  { "SOFAREN", "SOFA, renal" } }

-- Columns of measurements: the unit that scores are in, the analyte.
local MEASURED = { PAO2 = { "mmHg" }, PLAT = { "10^9/L" },
  BILI = { "umol/L", "bilirubin", also = "mg/dL" },
  CREAT = { "umol/L", "creatinine", also = "mg/dL" } }

-- Cuts of both units, as they were published.
local CUTS = {
  BILI = { ["umol/L"] = { 20, 33, 102, "> 204" },
    ["mg/dL"] = { 1.2, 2, 6, ">= 12" } },
  CREAT = { ["umol/L"] = { 110, 171, 300, "> 440" },
    ["mg/dL"] = { 1.2, 2, 3.5, ">= 5" } } }

-- The verb is added to those that are there.
return function(relations, verbs)

-- The unit that the trial gives a parameter of this name.
local function of_trial(node, name)
  local trial = node.trial or node.study and node.study:trial()
  local parameter = trial and trial.parameters and trial.parameters[name]
  return parameter and parameter.unit
end

-- The value in a unit that scores are in, and that unit.
local function measured(node, name, given)
  local rule, column = MEASURED[name], node.columns[name:lower()]
  local is = given[name] or column.unit or of_trial(node, name)
  if not is then
    fail("invalid", ("sofa: in which unit is %s? units = { %s = \"%s\" }, or a "
      .. "parameter %s of the trial with its unit"):format(name, name, rule[1],
        name))
  end
  if is == rule.also then return ("_digits15(%s)"):format(name), is end
  local times, over = unit.factor(is, rule[1], rule[2])
  if not times then
    fail("invalid", ("sofa: %s is in %s, which does not become %s"):format(name,
      is, rule[1]))
  end
  if times == 1 and over == 1 then
    return ("_digits15(%s)"):format(name), rule[1]
  end
  return ("_digits15(%s * %.17g / %.17g)"):format(name, times, over), rule[1]
end

-- 0 below the first cut, ... 4 beyond the last one.
local function steps(x, cuts)
  return ("case when %s %s then 4 when %s >= %s then 3 when %s >= %s then 2 "
    .. "when %s >= %s then 1 when %s is not null then 0 end"):format(x, cuts[4],
    x, cuts[3], x, cuts[2], x, cuts[1], x)
end

-- The highest of two scores, either of which may be missing.
local function higher(a, b)
  return ("case when (%s) is null then (%s) when (%s) is null then (%s) else "
    .. "max((%s), (%s)) end"):format(a, b, b, a, a, b)
end

local function has(node, name) return common.has(node, name) end

local function respiration(node, units)
  if not (has(node, "PAO2") and has(node, "FIO2")) then return "null + 0" end
  local pao2 = measured(node, "PAO2", units)
  -- a fraction, or per cent
  local ratio = ("_digits15(%s / case when FIO2 > 1 then FIO2 / 100 else FIO2 "
    .. "end)"):format(pao2)
  local with = has(node, "VENT") and "VENT = 'Y'" or "1 = 0"
  return ("case when %s < 100 and %s then 4 when %s < 200 and %s then 3 when %s "
    .. "< 300 then 2 when %s < 400 then 1 when %s is not null then 0 end")
    :format(ratio, with, ratio, with, ratio, ratio, ratio)
end

local function coagulation(node, units)
  if not has(node, "PLAT") then return "null + 0" end
  local x = measured(node, "PLAT", units)
  return ("case when %s < 20 then 4 when %s < 50 then 3 when %s < 100 then 2 "
    .. "when %s < 150 then 1 when %s is not null then 0 end"):format(x, x, x, x,
    x)
end

local function by_cuts(node, name, units)
  if not has(node, name) then return "null + 0" end
  local x, is = measured(node, name, units)
  return steps(x, CUTS[name][is])
end

-- Drugs in ug/kg/min; a drug that is missing was not given.
local function cardiovascular(node)
  local function dose(name)
    return has(node, name) and ("coalesce(%s, 0)"):format(name) or "0"
  end
  local dopamine, strong = dose "DOPA", ("max(%s, %s)"):format(dose "EPI",
    dose "NOREPI")
  local map = has(node, "MAP") and "MAP" or "(null + 0)"
  return ("case when %s > 15 or %s > 0.1 then 4 when %s > 5 or %s > 0 then 3 "
    .. "when %s > 0 or %s > 0 then 2 when %s < 70 then 1 when %s is not null "
    .. "then 0 end"):format(dopamine, strong, dopamine, strong, dopamine,
    dose "DOBU", map, map)
end

local function nervous(x)
  return ("case when %s < 6 then 4 when %s < 10 then 3 when %s < 13 then 2 when "
    .. "%s < 15 then 1 when %s is not null then 0 end"):format(x, x, x, x, x)
end

local function renal(node, units)
  local creatinine = by_cuts(node, "CREAT", units)
  if not has(node, "URINE") then return creatinine end
  return higher(creatinine, "case when URINE < 200 then 4 when URINE < 500 "
    .. "then 3 when URINE is not null then 0 end")
end

-- GCS as it counts under sedation: column "sofa: gcs".
local function coma(node, opt, time)
  if not has(node, "GCS") then
    return verbs.mutate(node, '"sofa: gcs" = null + 0')
  elseif not has(node, "SEDATED") or opt.sedated == "as scored" then
    return verbs.mutate(node, '"sofa: gcs" = GCS')
  elseif opt.sedated == "normal" then
    return verbs.mutate(node,
      "\"sofa: gcs\" = case when SEDATED = 'Y' then 15 else GCS end")
  end
  -- the count of scores without sedation numbers the stretches that each begins
  local made = verbs.mutate(verbs.order(node, "USUBJID", time),
    "\"sofa: awake\" = case when SEDATED is null or SEDATED <> 'Y' then GCS end")
  made = verbs.mutate(verbs.by(made, "USUBJID"),
    '"sofa: n" = cumcount("sofa: awake")')
  made = verbs.mutate(verbs.by(made, "USUBJID", "sofa: n"),
    '"sofa: before" = first("sofa: awake")')
  return verbs.mutate(made, "\"sofa: gcs\" = case when SEDATED = 'Y' then "
    .. '"sofa: before" else GCS end')
end

-- A missing component, by the rule; the total is missing with it where the rule
-- gives none.
local function fill(node, rule)
  local items, sum, missing = {}, {}, {}
  if rule == "last" then
    local lags = { '"sofa: day before" = lag(ADT)' }
    for i, c in ipairs(COMPONENTS) do
      lags[i + 1] = ('"sofa: last %d" = lag(%s)'):format(i, c[1])
    end
    node = verbs.mutate(verbs.by(node, "USUBJID"), table.unpack(lags))
  end
  for i, c in ipairs(COMPONENTS) do
    missing[i] = ("(%s is null)"):format(c[1])
    items[i] = ('"sofa: used %d" = %s'):format(i, rule == "normal"
      and ("coalesce(%s, 0)"):format(c[1]) or rule == "last"
      and ('case when %s is not null then %s when days("sofa: day before", ADT) '
        .. '= 1 then "sofa: last %d" end'):format(c[1], c[1], i) or c[1])
    sum[i] = ('"sofa: used %d"'):format(i)
  end
  items[7] = "NMISS = " .. table.concat(missing, " + ")
  items[8] = ("SOFA = case when NMISS < 6 then %s end"):format(
    table.concat(sum, " + "))
  return verbs.mutate(node, table.unpack(items))
end

--- relation:sofa(opt) -> relation
-- SOFA scores of 1996 from what was measured, a row per assessment: the worst of
-- each component in each day, and their sum. Rows are USUBJID ADT PARAMCD PARAM
-- AVAL NMISS: PARAMCD SOFA with the number NMISS of components that were not
-- measured that day, and SOFARESP, SOFACOAG, SOFALIV, SOFACARD, SOFACNS, SOFAREN
-- as they were measured. Columns that are read where they are there: PAO2, FIO2
-- (a fraction or per cent), VENT (Y with respiratory support, without which the
-- score is 2 at most), PLAT, BILI, MAP in mmHg, DOPA, DOBU, EPI, NOREPI in
-- ug/kg/min (missing: not given), GCS, SEDATED (Y), CREAT, URINE in mL a day.
--   missing  what a component that was not measured that day is: "normal" (0),
--            "last", that of the day before, else the sum is missing, or
--            "missing"; it has no default, as results depend on it
--   sedated  "last score before sedation", "normal" or "as scored"; no default
--            where there is a column SEDATED
--   units    { PAO2 = "mmHg", PLAT = "10^9/L", BILI = "umol/L", CREAT = "mg/dL" },
--            where neither the columns nor parameters of the trial of these names
--            have them
--   version  1996;  hours  24, the days of the calendar
--   date     "ADTM", else "ADT": ISO text
--
--   > u = { PAO2 = "mmHg", PLAT = "10^9/L", BILI = "umol/L", CREAT = "umol/L" }
--   > sofa = demo.organ:sofa { missing = "normal", sedated = "last score before sedation", units = u }
--   > sofa:where "USUBJID = 'DEMO-001'":wider("ADT", "AVAL"):select("PARAMCD", "2017-01-08", "2017-01-09", "2017-01-16"):head(3)
--      PARAMCD   2017-01-08  2017-01-09  2017-01-16
--   1  SOFA              13          12           4
--   2  SOFARESP           3           3           2
--   3  SOFACOAG           2           1           0
--     SIMULATED DATA
--
-- See also: relation:auc, relation:days_free. Vincent 1996.
function verbs.sofa(node, opt)
  nodes.no_group(node, "sofa")
  opt = options("sofa", opt, { version = { "integer", 1996 },
    hours = { "integer", 24 }, missing = { { "normal", "last", "missing" } },
    sedated = { { "last score before sedation", "normal", "as scored" } },
    units = { "table", {} }, date = { "string" } })
  if opt.version ~= 1996 then
    fail("invalid", ("sofa: there is no version %d; there is 1996"):format(
      opt.version))
  elseif opt.hours ~= 24 then
    fail("invalid", "sofa: hours is 24, a day of the calendar")
  elseif not opt.missing then
    fail("invalid", 'sofa: missing = "normal", "last" or "missing" says what a '
      .. "component that was not measured is")
  elseif not opt.sedated and has(node, "SEDATED") and has(node, "GCS") then
    fail("invalid", 'sofa: sedated = "last score before sedation", "normal" or '
      .. '"as scored" says which GCS counts under sedation')
  end
  for name in pairs(opt.units) do
    if not MEASURED[name] then
      local near = require "ts.text".nearest(tostring(name), { "PAO2", "PLAT",
        "BILI", "CREAT" })
      fail("invalid", ("sofa: units has no %s%s"):format(tostring(name), near
        and "; nearest: " .. near or "; it has PAO2, PLAT, BILI, CREAT"))
    end
  end
  common.need("sofa", node, "USUBJID")
  local time = opt.date or has(node, "ADTM") and "ADTM" or "ADT"
  local date = common.need("sofa", node, time, "date = names the date")
  if date.type ~= "text" then
    fail("type", ("sofa: %s is a number; ISO text is needed, iso(%s)"):format(
      date.name, date.name))
  end
  local any = false
  for _, name in ipairs { "PAO2", "PLAT", "BILI", "MAP", "GCS", "CREAT",
      "URINE" } do
    any = any or has(node, name)
  end
  if not any then
    fail("not found", "sofa: no column PAO2, PLAT, BILI, MAP, GCS, CREAT or "
      .. "URINE")
  end
  local scores = { respiration(node, opt.units),
    coagulation(node, opt.units), by_cuts(node, "BILI", opt.units),
    cardiovascular(node), nervous '"sofa: gcs"', renal(node, opt.units) }
  local made, items = coma(node, opt, date.name), {}
  for i, c in ipairs(COMPONENTS) do
    items[i] = ('"sofa: %d" = %s'):format(i, scores[i])
  end
  items[7] = ('"sofa: date" = substr(%s, 1, 10)'):format(quote(date.name))
  made = verbs.mutate(made, table.unpack(items))
  made = common.refuse(made, verbs.where(made, '"sofa: date" is null'),
    { "USUBJID" }, "sofa: a row without a date: %s")
  local sums = {}
  for i, c in ipairs(COMPONENTS) do
    sums[i] = ('%s = max("sofa: %d")'):format(c[1], i)
  end
  made = verbs.summarise(verbs.by(verbs.select(made, "USUBJID",
    'ADT = "sofa: date"', "sofa: 1", "sofa: 2", "sofa: 3", "sofa: 4",
    "sofa: 5", "sofa: 6"), "USUBJID", "ADT"), table.unpack(sums))
  made = fill(made, opt.missing)
  local names, labels = { "SOFA" }, { { "SOFA", "'SOFA score (1996)'" } }
  for i, c in ipairs(COMPONENTS) do
    names[i + 1] = c[1]
    labels[i + 1] = { c[1], common.literal(c[2]) }
  end
  made = verbs.longer(verbs.select(made, "USUBJID", "ADT", "NMISS",
    table.unpack(names)), names, { names = "PARAMCD", values = "AVAL" })
  made = verbs.mutate(made, "PARAM = " .. common.case(labels, "PARAMCD"),
    "NMISS = case when PARAMCD = 'SOFA' then NMISS end")
  return nodes.derive(verbs.select(made, "USUBJID", "ADT", "PARAMCD", "PARAM",
    "AVAL", "NMISS"), { key = { "USUBJID", "PARAMCD", "ADT" }, rules = false })
end

end
