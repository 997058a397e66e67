-- The verb visits: which record of a window is that of the visit.

local fail = require "ts.error".fail
local options = require "trialsh.options"
local source = require "trialsh.source"
local nodes = require "trialsh.relation.nodes"
local common = require "trialsh.derive.common"
local rows = require "trialsh.derive.rows"
local trial_check = require "trialsh.trial.check"

local quote, literal = common.quote, common.literal
local MARK, WORST = "visits: candidate", "visits: worst"

-- The verb is added to those that are there.
return function(relations, verbs)

-- AVISIT, AVISITN and AWTDIFF as cases over the windows of the trial.
local function place(node, trial, day)
  local names, days, targets = { "case" }, { "case" }, {}
  for i, visit in ipairs(trial.visits) do
    if not visit.window then
      fail("not found", ("visits: the trial has no window of %s; { \"%s\", %s, "
        .. "window = { from, upto } }"):format(visit.name, visit.name,
        math.tointeger(visit.day)))
    end
    local low, high = trial_check.bounds(visit.window)
    local when = ("when %s%s%s"):format(
      low and ("%s >= %s"):format(quote(day), low) or "", low and high
        and " and " or "", high and ("%s <= %s"):format(quote(day), high) or "")
    names[i + 1] = ("%s then %s"):format(when, literal(visit.name))
    days[i + 1] = ("%s then %d"):format(when, visit.day)
    targets[i] = visit.name
  end
  -- there is no day 0 between -1 and 1
  local made = common.once(verbs.mutate(common.once(node),
    "AVISIT = " .. table.concat(names, " ") .. " end",
    "AVISITN = " .. table.concat(days, " ") .. " end"))
  made = verbs.mutate(made,
    ("AWTDIFF = abs(%s - AVISITN) - (sign(%s) <> sign(AVISITN))"):format(
      quote(day), quote(day)))
  return common.levels(made, "AVISIT", targets, trial.file
    and ("%s:%d"):format(trial.file, source.line(trial.file, trial.line,
      "visits")) or "the trial")
end

-- The column by which the worst value comes first.
local function worst(node, trial)
  local signs, unknown = {}, {}
  local codes = common.has(node, "PARAMCD") and relations.distinct_values(node,
    node.columns.paramcd) or {}
  for _, code in ipairs(codes) do
    local p = trial.parameters[code]
    if not p or p.better ~= "higher" and p.better ~= "lower" then
      unknown[#unknown + 1] = code
    else
      signs[#signs + 1] = { code, p.better == "higher" and "AVAL" or "-AVAL" }
    end
  end
  if not common.has(node, "PARAMCD") or #unknown > 0 then
    fail("not found", ("visits: which value of %s is the worst? better = "
      .. '"higher" or "lower" of the parameter says it'):format(#unknown == 0
      and "AVAL" or table.concat(unknown, ", ")))
  end
  return verbs.mutate(node, ("%s = %s"):format(quote(WORST), #signs > 0
    and common.case(signs, "PARAMCD") or "null + 0"))
end

-- A row with the mean of the candidates of a visit that has several; the dates
-- are the last ones. Of values below a limit the mean is below that of limits.
local function averages(node, group)
  local items = { AVAL = "mean(AVAL)", DTYPE = "'AVERAGE'", ANL01FL = "'Y'",
    ADT = "max(ADT)", ADTM = "max(ADTM)", ADY = "max(ADY)",
    AVALC = "nullif(max(''), '')", AWTDIFF = "max(null + 1)",
    BLQFL = "max(BLQFL)",
    LLOQ = "case when max(BLQFL) = 'Y' then mean(AVAL) end" }
  return relations.of_base(rows.of(verbs, node, group, items))
end

local function choose(node, group, opt, trial, day)
  local date = common.date("visits", node, opt.date)
  if opt.choose == "mean" then
    common.new("visits", node, "DTYPE")
    local made = verbs.mutate(verbs.by(node, table.unpack(group)),
      ('"visits: n" = count(%s)'):format(quote(MARK)))
    made = verbs.mutate(made, ('ANL01FL = case when %s = 1 and "visits: n" = 1 '
      .. "then 'Y' end"):format(quote(MARK)), "DTYPE = nullif('', '')")
    local several = verbs.where(made, ('%s = 1 and "visits: n" > 1'):format(
      quote(MARK)))
    return common.without(verbs, verbs.union(made, averages(several, group)),
      MARK, "visits: n")
  end
  local later = opt.ties == "later"
  local keys = {}
  if opt.choose == "closest" then keys[1] = { name = "AWTDIFF" }
  elseif opt.choose == "worst" then
    node, keys[1] = worst(node, trial), { name = WORST }
  end
  if opt.choose == "first" or opt.choose == "last" then
    later = opt.choose == "last"
  end
  local decided = opt.ties or #keys == 0
  if decided then
    keys[#keys + 1] = { name = date, desc = later }
    if opt.order then
      keys[#keys + 1] = { name = common.need("visits", node, opt.order).name,
        desc = later }
    end
  end
  node = common.narrow(verbs, node, group, MARK, keys)
  local message = decided and 'one date; order = names a column that says '
      .. 'which is later, in visits{ } or the trial'
    or opt.choose == "worst" and 'one value; ties = "later" or "earlier" says '
      .. 'which counts'
    or 'one distance from the day of the visit; ties = "later" or "earlier" '
      .. "says which counts"
  local show = common.shown(node, group, date, day, "AVAL")
  node = common.refuse(node, common.doubled(verbs, node, group, MARK), show,
    "visits: two records with " .. message .. ": %s")
  node = verbs.mutate(node, ("ANL01FL = case when %s = 1 then 'Y' end"):format(
    quote(MARK)))
  return common.without(verbs, node, MARK, WORST)
end

--- relation:visits([opt]) -> relation
-- The visit of each record by the windows of the trial: AVISIT, its day
-- AVISITN, and AWTDIFF, how many days the record is away from it. ANL01FL is Y
-- for the one record of a subject, parameter and visit that is analysed, of
-- those with an AVAL. Records outside of all windows have no visit. What the
-- trial says in visits = { choose =, ties =, order =, ... } may be said here too.
--   choose  "closest" (default), "first", "last", "worst" (by better of the
--           parameter), or "mean": where there are several, a row of their mean
--           is added, with DTYPE AVERAGE, and is the one analysed
--   ties    "later" or "earlier": which of two equally close or bad ones counts;
--           without it they are an error that shows them
--   order   a column that orders the records of one date, "SEQ"
--   day, date  "ADY"; "ADTM", else "ADT", else the day
--   by      { "USUBJID", "PARAMCD" }
--
--   > lab = demo.lb:detect():join(demo.dm, "USUBJID"):study_day()
--   > lab:visits():select("USUBJID", "PARAMCD", "ADY", "AVISIT", "AVISITN", "AWTDIFF", "ANL01FL"):head(3)
--      USUBJID   PARAMCD  ADY  AVISIT    AVISITN  AWTDIFF  ANL01FL
--   1  DEMO-001  ALC        1  Baseline        1        0  Y
--   2  DEMO-001  ALC        7  Day 8           8        1  Y
--   3  DEMO-001  ALC       17  Day 15         15        2  Y
--     SIMULATED DATA
--
-- See also: trial, relation:study_day, relation:baseline.
function verbs.visits(node, opt)
  nodes.no_group(node, "visits")
  local trial = common.trial("visits", node, "visits")
  local said = trial.visits
  opt = options("visits", opt, {
    choose = { { "closest", "first", "last", "worst", "mean" },
      rawget(said, "choose") or "closest" },
    ties = { { "later", "earlier" }, rawget(said, "ties") },
    order = { "string", rawget(said, "order") }, day = { "string", "ADY" },
    date = { "string" }, by = { "any" } })
  local day = common.need("visits", node, opt.day, "study_day comes before")
  if day.type == "text" then
    fail("type", ("visits: %s is text, a day of the study is needed"):format(
      day.name))
  end
  local group = common.group("visits", node, opt.by)
  common.new("visits", node, "AVISIT", "AVISITN", "AWTDIFF", "ANL01FL")
  local made = place(node, trial, day.name)
  made = verbs.mutate(made, ("%s = case when AVISIT is not null%s then 1 end")
    :format(quote(MARK), common.has(node, "AVAL") and " and AVAL is not null"
      or ""))
  group[#group + 1] = "AVISIT"
  return choose(made, group, opt, trial, day.name)
end

end
