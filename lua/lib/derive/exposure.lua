-- The verb exposure: of the doses of each subject, one row.

local fail = require "ts.error".fail
local options = require "trialsh.options"
local nodes = require "trialsh.relation.nodes"
local common = require "trialsh.derive.common"

local quote = common.quote

-- The verb is added to those that are there.
return function(_, verbs)

local function known(node, name, list)
  if name then return common.need("exposure", node, name).name end
  for _, candidate in ipairs(list) do
    if common.has(node, candidate) then
      return node.columns[candidate:lower()].name
    end
  end
end

-- Whether a row is a dose that was given: it has a date, EXOCCUR is not N, and
-- EXDOSE is above 0, or 0 of a placebo.
local function given(node, date)
  local parts = { date .. " is not null" }
  if common.has(node, "EXOCCUR") then
    parts[2] = "(EXOCCUR is null or EXOCCUR <> 'N')"
  end
  if common.has(node, "EXDOSE") then
    parts[#parts + 1] = "(EXDOSE is null or EXDOSE > 0"
      .. (common.has(node, "EXTRT") and " or lower(EXTRT) like '%placebo%')"
        or ")")
  end
  return table.concat(parts, " and ")
end

-- How many doses were planned: of the arm, where the rows have it and the trial
-- its days; else the rows themselves, where one says what was not given.
local function planned(node, opt, subjects)
  local trial = node.trial or node.study and node.study:trial()
  local arm = known(node, opt.treatment, { "TRT01P", "TRTP", "ARM" })
  if arm and trial and trial.dosing and next(trial.dosing) then
    local list, arms = {}, {}
    for name in pairs(trial.dosing) do arms[#arms + 1] = name end
    table.sort(arms)
    for i, name in ipairs(arms) do
      list[i] = { name, tostring(#trial.dosing[name]) }
    end
    return ("NPLAN = max(%s)"):format(common.case(list, arm))
  elseif opt.treatment then
    fail("not found", "exposure: the trial has no dosing = { ARM = { days } }")
  end
  if common.has(node, "EXOCCUR") then return "NPLAN = count(*)" end
  return subjects
end

--- relation:exposure([opt]) -> relation
-- One row per subject from the rows of its doses: TRTSDT and TRTEDT, the dates of
-- the first and last one; TRTDUR, the days from one to the other, both counted;
-- NDOSE, how many were given. A row is a dose that was given unless EXOCCUR is N or
-- EXDOSE is 0 (of a placebo, as EXTRT says, it may be). NPLAN, how many were
-- planned: where the rows have the arm, as many as the trial's dosing has days
-- for it; else, where EXOCCUR tells those not given, the number of rows; else
-- there is no NPLAN. TRTSDTM, with the time of day of the first one, is there
-- where dates have times.
--   start, finish  "EXSTDTC", "EXENDTC" (or EXSTDT, EXENDT): dates of a row
--   treatment      "TRT01P": the column of arms
--
--   > demo.ex:exposure():head(2)
--      USUBJID   TRTSDT      TRTSDTM           TRTEDT      TRTDUR  NDOSE  NPLAN
--   1  DEMO-001  2017-01-09  2017-01-09T09:30  2017-01-30      22      4      4
--   2  DEMO-002  2017-01-19  2017-01-19T09:30  2017-02-09      22      4      4
--     SIMULATED DATA
--
-- See also: relation:emergent, trial.
function verbs.exposure(node, opt)
  nodes.no_group(node, "exposure")
  opt = options("exposure", opt, { start = { "string" }, finish = { "string" },
    treatment = { "string" } })
  common.need("exposure", node, "USUBJID")
  local start = known(node, opt.start, { "EXSTDTC", "EXSTDT", "ADT" })
  if not start then
    fail("not found", "exposure: no column EXSTDTC nor EXSTDT; start = names "
      .. "that of the dates")
  end
  local finish = known(node, opt.finish, { "EXENDTC", "EXENDT" }) or start
  local column = node.columns[start:lower()]
  if column.type ~= node.columns[finish:lower()].type then
    fail("type", ("exposure: one of %s and %s is text, the other a number")
      :format(start, finish))
  end
  local a, b = quote(start), quote(finish)
  local is = given(node, a)
  local isodates = column.type == "text"
  local function day(x) return isodates and ("substr(%s, 1, 10)"):format(x)
    or x end
  local items = { ("TRTSDT = min(%s) filter (where %s)"):format(day(a), is) }
  if isodates then
    items[2] = ("TRTSDTM = min(%s) filter (where %s and length(%s) > 10)")
      :format(a, is, a)
  end
  items[#items + 1] = ("TRTEDT = max(%s) filter (where %s)"):format(
    day(("coalesce(%s, %s)"):format(b, a)), is)
  items[#items + 1] = ("NDOSE = count(*) filter (where %s)"):format(is)
  items[#items + 1] = planned(node, opt)
  local made = verbs.mutate(verbs.summarise(verbs.by(node, "USUBJID"),
    table.unpack(items)), "TRTDUR = days(TRTSDT, TRTEDT) + 1")
  local names = { "USUBJID", "TRTSDT", isodates and "TRTSDTM" or "TRTEDT" }
  for _, name in ipairs { "TRTEDT", "TRTDUR", "NDOSE", "NPLAN" } do
    if common.has(made, name) and names[#names] ~= name then
      names[#names + 1] = name
    end
  end
  if isodates then
    -- the first dose may have a time where a later one has none
    made = verbs.mutate(made, "TRTSDTM = case when substr(TRTSDTM, 1, 10) = "
      .. "TRTSDT then TRTSDTM end")
  end
  return nodes.derive(verbs.select(made, table.unpack(names)),
    { key = { "USUBJID" } })
end

end
