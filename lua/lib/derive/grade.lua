-- The verb grade: how severe a laboratory value is, by a scale.

local text = require "ts.text"
local fail = require "ts.error".fail
local options = require "trialsh.options"
local nodes = require "trialsh.relation.nodes"
local common = require "trialsh.derive.common"
local range = require "trialsh.derive.range"
local scales = require "trialsh.ctcae"
local unit = require "trialsh.unit"

local X, LOW, HIGH = '"grade: x"', '"grade: low"', '"grade: high"'

-- The verb is added to those that are there.
return function(relations, verbs)

-- { parameter, term } of the trial's parameters that a term of the scale is of.
local function terms_of(trial, scale, given)
  local of, names, list = {}, {}, {}
  for name, term in pairs(scale) do
    names[#names + 1] = name
    for _, code in ipairs(term.codes) do of[code] = name end
  end
  table.sort(names)
  for code, name in pairs(given or {}) do
    if not scale[name] then
      local near = text.nearest(tostring(name), names)
      fail("not found", ("grade: no term %s%s"):format(tostring(name),
        near and "; nearest: " .. near or "; there are "
          .. table.concat(names, ", ")))
    elseif not trial.parameters[code] then
      fail("not found", ("grade: the trial has no parameter %s"):format(
        tostring(code)))
    end
    of[code] = name
  end
  for _, p in ipairs(trial.parameters) do
    local name = of[p.name]
    if name then list[#list + 1] = { p = p, term = scale[name] } end
  end
  return list
end

-- Cuts in the unit of the parameter, as SQL.
local function cuts_of(pair, list)
  local out, p = {}, pair.p
  local times, over = 1, 1
  if pair.term.unit then
    if not p.unit then
      fail("not found", ("grade: the trial has no unit of %s, whose grades are "
        .. "in %s"):format(p.name, pair.term.unit))
    end
    local a, b = unit.factor(pair.term.unit, p.unit)
    if not a then
      fail("invalid", ("grade: %s is in %s, its grades are in %s, which do not "
        .. "convert"):format(p.name, p.unit, pair.term.unit))
    end
    times, over = a, b
  end
  for i, cut in ipairs(list) do out[i] = ("%.15g"):format(cut * times / over) end
  return out
end

local function low_case(pair)
  local cuts, parts = cuts_of(pair, pair.term.low), { "case" }
  for i = #cuts, 1, -1 do
    parts[#parts + 1] = ("when %s < %s then %d"):format(X, cuts[i], i + 1)
  end
  parts[#parts + 1] = ("when %s < %s then 1 when %s >= %s then 0 end"):format(X,
    LOW, X, LOW)
  return table.concat(parts, " "), ("case when %s <= %s then %d end"):format(X,
    cuts[#cuts], #cuts + 1)
end

-- The grade above cuts, the last of which is passed first; from: the grade of
-- the first of them.
local function above(cuts, from, first, otherwise)
  local parts = { "case" }
  for i = #cuts, 1, -1 do
    parts[#parts + 1] = ("when %s %s %s then %d"):format(X,
      i == 1 and first or ">", cuts[i], from + i - 1)
  end
  parts[#parts + 1] = otherwise .. " end"
  return table.concat(parts, " ")
end

local function multiples(list, of)
  local out = {}
  for i, m in ipairs(list) do out[i] = ("_digits15(%s * %s)"):format(m, of) end
  return out
end

local function high_case(node, pair)
  local high = pair.term.high
  if high.of ~= "ULN" then
    local cuts, from = cuts_of(pair, high), high.from or 2
    local rest = from == 2 and not high.from
      and ("when %s > %s then 1 when %s <= %s then 0"):format(X, HIGH, X, HIGH)
      or ("when %s is not null then 0"):format(X)
    return above(cuts, from, ">", rest), ("case when %s >= %s then %d end")
      :format(X, cuts[#cuts], from + #cuts - 1)
  end
  local rest = ("when %s > %s then 1 when %s <= %s then 0"):format(X, HIGH, X,
    HIGH)
  local plain = above(multiples(high, HIGH), 2, ">", rest)
  if high.either and common.has(node, "BASE") then
    local also = above(multiples(high.either, "BASE"), high.either.from, ">",
      "else 0")
    plain = ("max(%s, case when ABLFL = 'Y' then 0 else %s end)"):format(plain,
      also)
  end
  if not high.based then return plain, "null + 0" end
  if not common.has(node, "BNRIND") then
    fail("not found", ("grade: the grades of %s depend on its baseline; "
      .. "baseline and ranges come before"):format(pair.p.name))
  end
  local based = above(multiples(high.based, "BASE"), 1, high.based.first,
    ("when %s is not null and BASE is not null then 0"):format(X))
  -- the baseline itself is judged by the range
  return ("case when ABLFL = 'Y' or BNRIND in ('LOW', 'NORMAL') then %s when "
    .. "BNRIND = 'HIGH' then %s end"):format(plain, based), "null + 0"
end

-- One side of the scale as a case over parameters; a value that is only known
-- to lie beyond a limit has a grade where all such values have it.
local function side(node, list, which, flag, other, make)
  local cases, codes = {}, {}
  for _, pair in ipairs(list) do
    if pair.term[which] then
      local grade, sure = make(node, pair)
      if common.has(node, flag) then
        grade = ("case when %s = 'Y' then %s else %s end"):format(flag, sure,
          grade)
      end
      if common.has(node, other) then
        grade = ("case when %s = 'Y' then case when %s = 0 then 0 end else %s "
          .. "end"):format(other, grade, grade)
      end
      cases[#cases + 1] = { pair.p.name, grade }
      codes[#codes + 1] = common.literal(pair.p.name)
    end
  end
  return #cases > 0 and common.case(cases, "PARAMCD") or "null + 0", codes
end

local function check_units(node, list)
  if not common.has(node, "UNIT") then return end
  local found = relations.ask(verbs.count(verbs.where(node,
    "AVAL is not null and UNIT is not null"), "PARAMCD", "UNIT"), nil,
    { quiet = true })
  for _, pair in ipairs(list) do
    for i = 1, #found do
      if found:value(i, 1) == pair.p.name and pair.p.unit
          and found:value(i, 2) ~= pair.p.unit then
        fail("invalid", ("grade: %s is in %s and the trial has it in %s; "
          .. "convert comes before"):format(pair.p.name, found:value(i, 2),
          pair.p.unit))
      end
    end
  end
end

--- relation:grade(scale [, opt]) -> relation
-- The grade of each laboratory value by a scale, "CTCAE 5": ATOXGRL of values too
-- low, ATOXGRH of values too high, 0 to 4, and ATOXGR, whichever is not 0; of a
-- parameter of the trial that the scale has a term for, in any unit that
-- converts. After baseline, BTOXGRL, BTOXGRH and BTOXGR are those of the
-- baseline's record: a shift, not a grade alone, tells what came under treatment.
-- Terms that depend on the baseline (ALT, AST, bilirubin) ask for baseline and
-- ranges before; the baseline's record itself is judged by the range. Where the
-- range is needed and missing there is no grade. 15 significant digits compare.
--   terms  { CODE = "lymphocytes" }: of parameters whose code does not say it;
--          lymphocytes, CD4, leucocytes, neutrophils, platelets, haemoglobin,
--          potassium, INR, ALT, AST, bilirubin, creatinine
--   low, high  columns that hold the range, "A1LO", "A1HI"
--
--   > lab = demo.lb:detect():convert():join(demo.dm, "USUBJID"):baseline():ranges()
--   > lab:grade "CTCAE 5":where "PARAMCD = 'ALC'":select("USUBJID", "AVAL", "ATOXGR", "BTOXGR"):head(3)
--      USUBJID   AVAL  ATOXGR  BTOXGR
--   1  DEMO-001   929       1       1
--   2  DEMO-001   836       1       1
--   3  DEMO-001  1913       0       1
--     SIMULATED DATA
--
-- See also: relation:ranges, relation:convert. NCI 2017, CTCAE version 5.0.
function verbs.grade(node, scale, opt)
  nodes.no_group(node, "grade")
  opt = options("grade", opt, { terms = { "table" }, low = { "string" },
    high = { "string" } })
  local known = {}
  for name in pairs(scales) do known[#known + 1] = name end
  if not scales[scale] then
    fail("not found", ("grade: no scale %s; there are %s"):format(
      tostring(scale), table.concat(known, ", ")))
  end
  local trial = common.trial("grade", node, "parameters")
  common.need("grade", node, "PARAMCD")
  common.need("grade", node, "AVAL")
  local based = common.has(node, "ABLFL")
  common.new("grade", node, "ATOXGRL", "ATOXGRH", "ATOXGR", "BTOXGRL",
    "BTOXGRH", "BTOXGR")
  local list = terms_of(trial, scales[scale], opt.terms)
  if #list == 0 then
    fail("not found", ("grade: %s has no term for a parameter of the trial; "
      .. 'terms = { CODE = "lymphocytes" } says what one is'):format(scale))
  end
  check_units(node, list)
  local from, upto = range("grade", node, opt.low, opt.high)
  local made = common.once(verbs.mutate(node, X .. " = _digits15(AVAL)",
    LOW .. (" = _digits15(%s)"):format(from),
    HIGH .. (" = _digits15(%s)"):format(upto)))
  local low, lows = side(made, list, "low", "BLQFL", "ALQFL", function(_, pair)
    return low_case(pair)
  end)
  local high, highs = side(made, list, "high", "ALQFL", "BLQFL", high_case)
  local function of(codes, column)
    return #codes == 0 and "1 = 0" or ("PARAMCD in (%s)%s"):format(
      table.concat(codes, ", "), column or "")
  end
  made = verbs.mutate(made, "ATOXGRL = " .. low, "ATOXGRH = " .. high,
    ("ATOXGR = case when ATOXGRL > 0 then ATOXGRL when ATOXGRH > 0 then "
    .. "ATOXGRH when %s or %s then null when %s or %s then 0 end"):format(
    of(lows, " and ATOXGRL is null"), of(highs, " and ATOXGRH is null"),
    of(lows), of(highs)))
  made = common.without(verbs, made, "grade: x", "grade: low", "grade: high")
  if not based then return made end
  local items = {}
  for i, name in ipairs { "TOXGRL", "TOXGRH", "TOXGR" } do
    items[i] = ("B%s = max(A%s) filter (where ABLFL = 'Y')"):format(name, name)
  end
  return verbs.mutate(verbs.by(made, table.unpack(common.group("grade", made))),
    table.unpack(items))
end

end
