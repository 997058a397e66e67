-- The verb detect: results of a laboratory as values, flags and limits.

local fail = require "ts.error".fail
local expression = require "trialsh.expression"
local options = require "trialsh.options"
local find = require "trialsh.relation.columns".find
local no_group = require "trialsh.relation.nodes".no_group

-- relations.has comes from trialsh.relation; the verb is added to those that
-- are there.
return function(relations, verbs)

-- Whether the text in some row begins with a >.
local function has_above(node, column, quoted)
  if column.type ~= "text" then return false end
  local name = "above a limit"
  local probe = verbs.mutate(node, ('"%s" = case when substr(%s, 1, 1) in '
    .. "('>', '\u{2265}') then 1 end"):format(name, quoted))
  return relations.has(probe, probe.columns[name])
end

-- The words that are missing values, as a list.
local function words_of(na)
  if type(na) == "string" then na = { na } end
  if na ~= nil and type(na) ~= "table" then
    fail("type", 'detect: na is a text or a list of texts, { "ND", "NR" }')
  end
  for _, word in ipairs(na or {}) do
    if type(word) ~= "string" then
      fail("type", "detect: na holds texts, not a " .. type(word))
    end
  end
  return na or {}
end

--- relation:detect([COL] [, { na = }]) -> relation
-- Results such as 12.5, <3.2, <= 5 and >1e7 of the text column COL, AVALC if it
-- is not named, as numbers with flags: AVAL (the number, or the limit), BLQFL
-- (Y below a limit, else N) and LLOQ (the limit it is below), and where there is
-- a > anywhere, ALQFL and ULOQ. A missing or empty text has none of them. Any
-- other text is an error. The option censored of read and import does the same.
-- tobit, peto_prentice and describe use values below a limit as what they are.
-- ttest, wilcoxon, lm and others, which would take the limit for the value, refuse
-- them unless blq = "half", "limit", "sqrt2" (the limit over the root of 2) or
-- "zero" says what stands for them, and the result repeats it.
--   na   texts that are missing values: "ND", or a list, { "ND", "NOT DONE" }
--
--   > lab = demo.adsl:limit(2):mutate "AVALC = iif(AGE = 63, '<3.2', '12')"
--   > lab:select("USUBJID", "AVALC"):detect()
--      USUBJID   AVALC  AVAL  BLQFL  LLOQ
--   1  DEMO-001  <3.2    3.2  Y       3.2
--   2  DEMO-002  12     12.0  N        NA
--     SIMULATED DATA
--
-- See also: read, study:import.
function verbs.detect(node, name, opt)
  no_group(node, "detect")
  if type(name) == "table" and opt == nil then name, opt = nil, name end
  opt = options("detect", opt, { na = { "any" } })
  local column = find("detect", node.columns, name or "AVALC")
  local quoted = expression.quote(column.name)
  local value = quoted
  for _, word in ipairs(words_of(opt.na)) do
    value = ("nullif(%s, %s)"):format(value, expression.literal(word))
  end
  local function limit(what)
    return ("_limit_%s(%s, %s)"):format(what, value,
      expression.literal(column.name))
  end
  local items = { "BLQFL = " .. limit "below",
    ("LLOQ = case when %s = 'Y' then %s end"):format(limit "below",
      limit "value") }
  if has_above(node, column, quoted) then
    items[3] = "ALQFL = " .. limit "above"
    items[4] = ("ULOQ = case when %s = 'Y' then %s end"):format(limit "above",
      limit "value")
  end
  -- AVAL itself, taken apart, is replaced last: the others read it
  table.insert(items, column.name == "AVAL" and #items + 1 or 1,
    "AVAL = " .. limit "value")
  for _, item in ipairs(items) do
    local made = item:match "^%S+"
    local there = node.columns[made:lower()]
    if there and there ~= column then
      fail("exists", ("detect: there is a column %s already"):format(
        there.name))
    end
  end
  return verbs.mutate(node, table.unpack(items))
end

end
