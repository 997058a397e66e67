-- The verb convert: values in the units of the trial.

local text = require "ts.text"
local fail = require "ts.error".fail
local note = require "trialsh.note"
local options = require "trialsh.options"
local nodes = require "trialsh.relation.nodes"
local common = require "trialsh.derive.common"
local unit = require "trialsh.unit"

local quote, literal = common.quote, common.literal

-- The verb is added to those that are there.
return function(relations, verbs)

-- The pairs of parameter and unit that occur, with their rows.
local function pairs_of(node, name)
  local frame = relations.ask(verbs.count(verbs.where(node,
    ("PARAMCD is not null and AVAL is not null")), "PARAMCD", name), nil,
    { quiet = true })
  local list, NA = {}, require "ts.na".NA
  for i = 1, #frame do
    local from = frame:value(i, 2)
    list[i] = { code = frame:value(i, 1), from = from ~= NA and from ~= ""
      and from or nil, n = frame:value(i, 3) }
  end
  return list
end

-- The analyte of a parameter: that of the trial, else what CDISC's code means.
local function analyte_of(p)
  if not p.analyte then return unit.analyte(p.name) end
  local known = unit.analytes()
  for _, name in ipairs(known) do
    if name == p.analyte then return name end
  end
  local near = text.nearest(p.analyte, known)
  fail("not found", ("convert: no molar mass of %s is known%s"):format(
    p.analyte, near and "; nearest: " .. near or "; there are "
      .. table.concat(known, ", ")))
end

local function refuse(pair, p, a, b)
  if not a and b then
    fail("invalid", ("convert: %s is in '%s', which is no unit that is known; "
      .. "the trial has it in %s"):format(pair.code, text.escape(pair.from),
      p.unit))
  elseif not a or not b then
    fail("invalid", ("convert: %s is in '%s' and the trial has it in %s: they "
      .. "do not convert"):format(pair.code, text.escape(pair.from), p.unit))
  end
  fail("invalid", ("convert: %s is in %s (%s) and the trial has it in %s (%s)%s")
    :format(pair.code, pair.from, a, p.unit, b, (a:gsub("mass", "amount") == b
      or a:gsub("amount", "mass") == b) and "; analyte = of the parameter names "
      .. "the substance, of " .. table.concat(unit.analytes(), ", ") or ""))
end

--- relation:convert([opt]) -> relation
-- AVAL in the unit that the trial has for its parameter, and UNIT: that unit.
-- Limits and ranges of the row (LLOQ, ULOQ, ANRLO, ANRHI, A1LO, A1HI) go with it.
-- Each pair of units must measure the same: mass per volume does not become a
-- number per volume. Mass becomes an amount of substance only of what the
-- parameter measures, creatinine, bilirubin, lactate or glucose, as its code or
-- analyte = says. A note tells what was converted. Parameters that the trial does
-- not have, or without a unit there, stay as they are; a value that the trial has
-- a unit for and that has none is an error. Values keep 15 significant digits.
--   unit  "UNIT": the column of units
--
--   > demo.lb:where "PARAMCD = 'ALC'":detect():count "UNIT"
--      UNIT     n
--   1  /uL     30
--   2  10^9/L  56
--     SIMULATED DATA
--   > demo.lb:where "PARAMCD = 'ALC'":detect():convert():by("UNIT"):summarise("n = count(*)", "low = min(AVAL)")
--      UNIT   n  low
--   1  /uL   86  191
--     SIMULATED DATA
--
-- See also: trial, relation:detect, relation:ranges.
function verbs.convert(node, opt)
  nodes.no_group(node, "convert")
  opt = options("convert", opt, { unit = { "string", "UNIT" } })
  local trial = common.trial("convert", node, "parameters")
  common.need("convert", node, "PARAMCD")
  local value = common.need("convert", node, "AVAL", "detect comes before")
  if value.type == "text" then
    fail("type", "convert: AVAL is text; detect makes numbers of it")
  end
  local name = common.need("convert", node, opt.unit,
    "unit = names the column of units").name
  local times, over, units = { "case" }, { "case" }, { "case" }
  for _, pair in ipairs(pairs_of(node, name)) do
    local p = trial.parameters[pair.code]
    if p and p.unit then
      if not pair.from then
        fail("invalid", ("convert: %s of %s without a unit; the trial has it in "
          .. "%s"):format(note.plural(pair.n, "value"), pair.code, p.unit))
      end
      local t, o, b = unit.factor(pair.from, p.unit, analyte_of(p))
      if not t then refuse(pair, p, o, b) end
      if pair.from ~= p.unit then
        local when = ("when PARAMCD = %s and %s = %s then "):format(
          literal(pair.code), quote(name), literal(pair.from))
        if t ~= 1 then times[#times + 1] = when .. ("%.17g"):format(t) end
        if o ~= 1 then over[#over + 1] = when .. ("%.17g"):format(o) end
        units[#units + 1] = when .. literal(p.unit)
        note.say("convert: %s of %s from %s to %s, %s%s%s",
          note.plural(pair.n, "value"), pair.code, pair.from, p.unit,
          t ~= 1 and "times " .. text.number(t) or "", t ~= 1 and o ~= 1
            and ", " or "", o ~= 1 and "divided by " .. text.number(o)
              or t == 1 and "the same" or "")
      end
    end
  end
  if #units == 1 then return nodes.derive(node, {}) end
  local function case(list, otherwise)
    if #list == 1 then return otherwise end
    return table.concat(list, " ") .. " else " .. otherwise .. " end"
  end
  local items = { '"convert: times" = ' .. case(times, "1"),
    '"convert: over" = ' .. case(over, "1") }
  for _, c in ipairs { "AVAL", "LLOQ", "ULOQ", "ANRLO", "ANRHI", "A1LO",
      "A1HI" } do
    local column = node.columns[c:lower()]
    if column and column.type ~= "text" then
      items[#items + 1] = ('%s = case when "convert: times" = 1 and "convert: '
        .. 'over" = 1 then %s else _digits15(%s * "convert: times" / "convert: '
        .. 'over") end'):format(c, c, c)
    end
  end
  items[#items + 1] = ("%s = %s"):format(quote(name), case(units, quote(name)))
  return common.without(verbs, verbs.mutate(node, table.unpack(items)),
    "convert: times", "convert: over")
end

end
