-- The verb carry: a table in which visits without a value have one that was
-- carried there. It is never mixed with measured rows.

local fail = require "ts.error".fail
local text = require "ts.text"
local options = require "trialsh.options"
local nodes = require "trialsh.relation.nodes"
local common = require "trialsh.derive.common"
local rows = require "trialsh.derive.rows"

local quote, literal = common.quote, common.literal

-- The verb is added to those that are there.
return function(relations, verbs)

-- The visits that are filled: those of the trial after day 1, or those named.
local function visits_of(trial, given)
  local list = {}
  if given == nil then
    for _, visit in ipairs(trial.visits) do
      if visit.day > 1 then list[#list + 1] = visit end
    end
  else
    if type(given) == "string" then given = { given } end
    for i, name in ipairs(given) do
      list[i] = trial.visits[name]
      if not list[i] then
        local names = require "trialsh.trial.check".names(trial.visits)
        local near = type(name) == "string" and text.nearest(name, names)
        fail("not found", ("carry: no visit %s%s"):format(tostring(name),
          near and "; nearest: " .. near or ""))
      end
    end
  end
  if #list == 0 then fail("invalid", "carry: no visits to fill") end
  return list
end

-- A row without a value for each subject, parameter and visit.
local function grid(node, group, visits)
  local items = { DTYPE = "nullif(max(''), '')", AVAL = "max(null + 1)" }
  for _, name in ipairs(rows.measured) do
    local column = node.columns[name:lower()]
    items[name] = column and (column.type == "text" and "nullif(max(''), '')"
      or "max(null + 1)")
  end
  local made = rows.of(verbs, node, group, items)
  made = common.without(verbs, made, "AVISIT", "AVISITN")
  local names, days = {}, {}
  for i, visit in ipairs(visits) do
    names[i] = visit.name
    days[i] = ("%s = %d"):format(quote(visit.name), visit.day)
  end
  made = verbs.mutate(made, table.unpack(days))
  return verbs.longer(made, names, { names = "AVISIT", values = "AVISITN" })
end

-- Who was dead by the day of a visit has no value carried there.
local function alive(node, opt, mark)
  local name = opt.death or common.has(node, "DTHDT") and "DTHDT"
  if opt.past_death or not name then return node end
  local died = common.need("carry", node, name).name
  local origin = common.need("carry", node, opt.origin,
    "origin = names the date of day 1").name
  local day = ("days(%s, %s)"):format(quote(origin), quote(died))
  return verbs.where(node, ("%s is null or %s is null or AVISITN <= %s + "
    .. "(%s >= 0)"):format(mark, quote(died), day, day))
end

-- The worst value up to each row, by the direction of the parameter.
local function worst(node, trial)
  local items, codes = {}, {}
  for _, code in ipairs(relations.distinct_values(node,
      node.columns.paramcd)) do
    local better = trial.parameters[code] and trial.parameters[code].better
    if better ~= "higher" and better ~= "lower" then codes[#codes + 1] = code end
    items[#items + 1] = { code, better == "higher" and '"carry: low"'
      or '"carry: high"' }
  end
  if #codes > 0 then
    fail("not found", ("carry: which value of %s is the worst? better = "
      .. '"higher" or "lower" of the parameter says it'):format(
      table.concat(codes, ", ")))
  end
  return common.case(items, "PARAMCD")
end

-- Of the last row that has a value, this one included.
local function last_of(node, group, names)
  local made = verbs.mutate(verbs.by(node, table.unpack(group)),
    '"carry: n" = cumcount(AVAL)')
  local by, items = { table.unpack(group) }, {}
  by[#by + 1] = "carry: n"
  for i, name in ipairs(names) do
    items[i] = ('"carry: %s" = first(%s)'):format(name, quote(name))
  end
  return verbs.mutate(verbs.by(made, table.unpack(by)), table.unpack(items))
end

local CARRIED = { "AVAL", "AVALC", "BLQFL", "LLOQ", "ALQFL", "ULOQ", "ADT",
  "ADTM", "ADY" }

-- The rows with their gaps filled; mark is 1 in those that were none.
local function fill(node, group, opt, trial)
  local MARK = '"carry: gap"'
  local names, items = {}, {}
  if opt.rule == "BOCF" then
    common.need("carry", node, "BASE", "baseline comes before")
    items[1] = ("AVAL = case when %s = 1 then BASE else AVAL end"):format(MARK)
    if common.has(node, "BBLQFL") then
      items[2] = ("BLQFL = case when %s = 1 then BBLQFL else BLQFL end")
        :format(MARK)
      items[3] = ("LLOQ = case when %s = 1 and BBLQFL = 'Y' then BASE else "
        .. "LLOQ end"):format(MARK)
    end
  elseif opt.rule == "WOCF" then
    node = verbs.mutate(verbs.by(node, table.unpack(group)),
      '"carry: low" = cummin(AVAL)', '"carry: high" = cummax(AVAL)')
    items[1] = ("AVAL = case when %s = 1 then %s else AVAL end"):format(MARK,
      worst(node, trial))
  else
    for _, name in ipairs(CARRIED) do
      if common.has(node, name) then names[#names + 1] = name end
    end
    node = last_of(node, group, names)
    for i, name in ipairs(names) do
      items[i] = ('%s = case when %s = 1 then "carry: %s" else %s end'):format(
        quote(name), MARK, name, quote(name))
    end
  end
  node = verbs.mutate(node, table.unpack(items))
  node = verbs.where(node, ("%s is null or AVAL is not null"):format(MARK))
  local more = { ("DTYPE = case when %s = 1 then %s else DTYPE end"):format(
    MARK, literal(opt.rule)) }
  if common.has(node, "ANL01FL") then
    more[#more + 1] = ("ANL01FL = case when %s = 1 then 'Y' else ANL01FL end")
      :format(MARK)
  end
  for _, change in ipairs { { "CHG", "AVAL - BASE" },
      { "PCHG", "100 * (AVAL - BASE) / abs(BASE)" },
      { "R2BASE", "AVAL / BASE" } } do
    if common.has(node, change[1]) and common.has(node, "BASE") then
      more[#more + 1] = ("%s = case when %s = 1%s then %s else %s end"):format(
        change[1], MARK, common.has(node, "BLQFL") and " and (BLQFL is null or "
        .. "BLQFL <> 'Y')" or "", change[2], change[1])
    end
  end
  return alive(verbs.mutate(node, table.unpack(more)), opt, MARK)
end

--- relation:carry(rule [, opt]) -> relation
-- A table of the analysed records (ANL01FL) at visits, in which a visit without a
-- value has one that was carried there; DTYPE says by which rule. It is for
-- sensitivity analyses: store it under a name of its own, so that no count or mean
-- takes carried values for measured ones.
--   "LOCF"  the last value before the visit
--   "BOCF"  the value at baseline, BASE
--   "WOCF"  the worst value before the visit, by better of the parameter
-- CHG, PCHG and R2BASE follow from the carried value. Nothing is carried to a
-- visit after death (DTHDT), and nothing where there is nothing to carry.
--   visits    those of the trial after day 1, or a list of names
--   baseline  true: values of day 1 and before may be carried too
--   death, origin  "DTHDT", "TRTSDT": dates of death and of day 1
--   past_death  true carries on after it
--
--   > alc = demo.adlb:where "PARAMCD = 'ALC' and AVAL is not null and AVISIT <> 'Day 15'"
--   > locf = alc:select("USUBJID", "PARAMCD", "AVISIT", "AVISITN", "AVAL"):carry "LOCF"
--   > locf:where "USUBJID = 'DEMO-001'"
--      USUBJID   PARAMCD  AVISIT    AVISITN  AVAL  DTYPE
--   1  DEMO-001  ALC      Baseline        1   929  NA
--   2  DEMO-001  ALC      Day 8           8   836  NA
--   3  DEMO-001  ALC      Day 15         15   836  LOCF
--   4  DEMO-001  ALC      Day 29         29  2182  NA
--     SIMULATED DATA
--
-- See also: relation:visits, endpoint.
function verbs.carry(node, rule, opt)
  nodes.no_group(node, "carry")
  opt = options("carry", opt, { visits = { "any" }, baseline = { "boolean",
    false }, death = { "string" }, origin = { "string", "TRTSDT" },
    past_death = { "boolean", false } })
  opt.rule = options("carry", { rule = rule }, { rule = { { "LOCF", "BOCF",
    "WOCF" } } }).rule
  if not opt.rule then
    fail("invalid", 'carry: no rule; "LOCF", "BOCF" or "WOCF"')
  end
  local trial = common.trial("carry", node, "visits")
  for _, name in ipairs { "USUBJID", "AVISIT", "AVISITN", "AVAL" } do
    common.need("carry", node, name, "visits comes before")
  end
  local group = common.group("carry", node)
  local visits = visits_of(trial, opt.visits)
  if not common.has(node, "DTYPE") then
    node = verbs.mutate(node, "DTYPE = nullif('', '')")
  end
  local seen = verbs.where(node, "AVISIT is not null and AVAL is not null"
    .. (common.has(node, "ANL01FL") and " and ANL01FL = 'Y'" or ""))
  local place = table.move(group, 1, #group, 1, {})
  place[#place + 1] = "AVISIT"
  seen = common.refuse(seen, common.doubled(verbs, verbs.mutate(seen,
    '"carry: one" = 1'), place, "carry: one"), common.shown(seen, place, "AVAL"),
    "carry: two records of one visit: %s; visits marks the one analysed")
  if opt.rule == "WOCF" and common.has(node, "BLQFL") then
    seen = common.refuse(seen, verbs.where(seen, "BLQFL = 'Y'"),
      common.shown(seen, place, "AVAL"),
      "carry: which value is the worst, of those below their limit? %s")
  end
  local names = relations.names_of(node.columns)
  local gaps = verbs.join(grid(seen, group, visits), relations.of_base(seen),
    place, { how = "anti" })
  gaps = verbs.mutate(verbs.select(gaps, table.unpack(names)),
    '"carry: gap" = 1')
  local early = opt.baseline and seen or verbs.where(seen, "AVISITN > 1")
  local all = verbs.order(verbs.union(verbs.mutate(early,
    '"carry: gap" = null + 0'), relations.of_base(gaps)), "AVISITN")
  local made = verbs.select(fill(all, group, opt, trial), table.unpack(names))
  if not opt.baseline then
    made = verbs.union(verbs.where(seen, "AVISITN <= 1"),
      relations.of_base(made))
  end
  local order = table.move(group, 1, #group, 1, {})
  order[#order + 1] = "AVISITN"
  return nodes.derive(verbs.order(made, table.unpack(order)),
    { key = place, rules = false })
end

end
