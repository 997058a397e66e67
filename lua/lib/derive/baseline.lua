-- The verb baseline: which record of a series is its baseline.

local text = require "ts.text"
local fail = require "ts.error".fail
local expression = require "trialsh.expression"
local options = require "trialsh.options"
local nodes = require "trialsh.relation.nodes"
local common = require "trialsh.derive.common"

local quote = common.quote

-- Whether a record is of the time up to that of another column, or of a day: the
-- part of ISO texts that both have is compared, so that times of day count where
-- both are known.
local function in_time(node, date, upto)
  if type(upto) == "number" then
    return ("%s <= %s"):format(quote(date), upto)
  end
  local a, b = node.columns[date:lower()], node.columns[upto:lower()]
  if a.type == "real" and b.type == "real"
      and not (a.format or b.format) then
    return ("%s <= %s"):format(quote(date), quote(upto))
  end
  local x, y = quote(date), quote(upto)
  if a.type == "real" then x = ("iso(%s)"):format(x) end
  if b.type == "real" then y = ("iso(%s)"):format(y) end
  local n = ("min(length(%s), length(%s))"):format(x, y)
  return ("days(%s, %s) > 0 or days(%s, %s) = 0 and substr(%s, 1, %s) <= "
    .. "substr(%s, 1, %s)"):format(quote(date), quote(upto), quote(date),
    quote(upto), x, n, y, n)
end

-- The column of dates; a day of upto is compared with days, not with dates, which
-- are numbers as well.
local function date_of(node, opt)
  if type(opt.upto) ~= "number" then
    return common.date("baseline", node, opt.date)
  end
  local name = opt.date or common.has(node, "ADY") and "ADY"
  local date = common.date("baseline", node, name or nil)
  local column = node.columns[date:lower()]
  if column.type ~= "real" or column.format then
    fail("type", ("baseline: upto = %s is a day, and %s has dates; %s"):format(
      text.number(opt.upto), date, common.has(node, "ADY") and 'date = "ADY"'
      or "study_day makes ADY"))
  end
  return date
end

-- The verb is added to those that are there.
return function(_, verbs)

--- relation:baseline([opt]) -> relation
-- Marks the baseline of each subject and parameter, ABLFL (Y), and puts its
-- value in BASE of all their rows. It is the last AVAL that is not missing on or
-- before the first day of treatment; where both have a time of day, before it.
-- Of two candidates on one date none is taken: an error shows them.
--   rule   "last" (default), "first", or "mean": of all candidates, which are
--          all marked
--   upto   "TRTSDT": the column with the last date that counts, or a day, 1
--   date   "ADTM", else "ADT", else "ADY": the column of dates or days; where
--          upto is a day "ADY"
--   order  a column that orders the records of one date, "SEQ"
--   where  "condition": what a candidate must be besides
--   by     { "USUBJID", "PARAMCD" }
-- Where values can be below a limit (BLQFL), BBLQFL says whether that of the
-- baseline is; BASE is the limit then. A subject without a candidate has no BASE,
-- and a note counts them; another one counts values without a date.
--
--   > lab = demo.adlb:select("USUBJID", "PARAMCD", "ADY", "AVAL"):where "PARAMCD = 'ALC'"
--   > lab:baseline { upto = 1 }:head(3)
--      USUBJID   PARAMCD  ADY  AVAL  ABLFL  BASE
--   1  DEMO-001  ALC        1   929  Y       929
--   2  DEMO-001  ALC        7   836  NA      929
--   3  DEMO-001  ALC       17  1913  NA      929
--     SIMULATED DATA
--
-- See also: relation:change, relation:study_day.
function verbs.baseline(node, opt)
  nodes.no_group(node, "baseline")
  opt = options("baseline", opt, { rule = { { "last", "first", "mean" },
    "last" }, upto = { "any", "TRTSDT" }, date = { "string" },
    order = { "string" }, where = { "string" }, by = { "any" } })
  local group = common.group("baseline", node, opt.by)
  local date = date_of(node, opt)
  local value = common.need("baseline", node, "AVAL")
  if value.type == "text" then
    fail("type", "baseline: AVAL is text; detect makes numbers of it")
  end
  if type(opt.upto) ~= "number" then
    common.need("baseline", node, opt.upto, "upto = names the last date that "
      .. "counts, or is a day")
  end
  local limited = common.has(node, "BLQFL")
  common.new("baseline", node, "ABLFL", "BASE", limited and "BBLQFL" or nil)
  local undated = verbs.where(node, ("AVAL is not null and %s is null"):format(
    quote(date)))
  local mark = "baseline: candidate"
  local made = common.once(verbs.mutate(node, ("%s = case when AVAL is not null "
    .. "and (%s)%s then 1 end"):format(quote(mark), in_time(node, date,
    opt.upto), opt.where and " and (" .. opt.where .. ")" or "")))
  if opt.rule ~= "mean" then
    local keys = { { name = date, desc = opt.rule == "last" } }
    if opt.order then
      keys[2] = { name = common.need("baseline", node, opt.order).name,
        desc = opt.rule == "last" }
    end
    made = common.narrow(verbs, made, group, mark, keys)
    made = common.refuse(made, common.doubled(verbs, made, group, mark),
      common.shown(made, group, date, "AVAL"), "baseline: two candidates on "
      .. "one date: %s; order = names a column that says which is the "
      .. opt.rule .. ', where = "condition" leaves one out')
  end
  local items = { ("ABLFL = case when %s = 1 then 'Y' end"):format(quote(mark)),
    ("BASE = mean(AVAL) filter (where %s = 1)"):format(quote(mark)) }
  if opt.rule ~= "mean" then
    items[2] = ("BASE = max(AVAL) filter (where %s = 1)"):format(quote(mark))
  end
  if limited then
    items[3] = ("BBLQFL = max(BLQFL) filter (where %s = 1)"):format(quote(mark))
  end
  made = verbs.mutate(verbs.by(made, table.unpack(group)), table.unpack(items))
  made = common.without(verbs, made, mark)
  local none = verbs.distinct(verbs.where(made, "BASE is null"),
    table.unpack(group))
  made = common.tell(made, undated, ("baseline: %%d value%%s without %s, which "
    .. "no baseline can be"):format(common.said(date)))
  return common.tell(made, none, "baseline: %d series without a baseline%.0s")
end

end
