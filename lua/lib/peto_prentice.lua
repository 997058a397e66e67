-- Comparing groups of values of which some lie below limits, by ranks. The
-- numbers are C's (ts.nondetect).

local NA = require "ts.na".NA
local core = require "ts.nondetect"
local text = require "ts.text"
local fail = require "ts.error".fail
local data_of = require "trialsh.data"
local format = require "trialsh.format"
local limits = require "trialsh.limits"
local options = require "trialsh.options"
local result = require "trialsh.result"
local sample = require "trialsh.sample"

local M = { specs = { peto_prentice = {
  compare = { "string" }, reference = { "string" },
  weights = { { "Peto-Prentice", "Fleming-Harrington" }, "Peto-Prentice" },
  alternative = { { "two-sided", "less", "greater" }, "two-sided" },
  two_sided = { { "absdev", "central" }, "absdev" }, exact = { "boolean" } } } }

-- The model of a formula, which rows are below a limit; none may be above one.
local function read(source, data)
  if type(source) ~= "string" then
    fail("type", ('peto_prentice: the formula is text, "AVAL ~ TRT01P", not a '
      .. "%s"):format(type(source)))
  elseif data == nil then
    fail("type", ('peto_prentice: data is missing: peto_prentice("%s", data)')
      :format(source))
  end
  local columns = limits.need("peto_prentice", data)
  local model, info, side = sample.model("peto_prentice", source, data,
    { groups = true, strata = true })
  limits.check_response("peto_prentice", info.response[1].name)
  local place, above = model:rows(), 0
  side = limits.sides("peto_prentice", data_of.frame(data, columns))
  for i = 1, #place do
    if side[place[i]] > 0 then above = above + 1 end
  end
  if above > 0 then
    fail("invalid", ("peto_prentice: %d value%s above %s limit (ALQFL); tobit "
      .. "takes both sides"):format(above, above == 1 and "" or "s", above == 1
        and "its" or "their"))
  elseif not info.group then
    fail("invalid", 'peto_prentice compares groups, "AVAL ~ TRT01P"')
  end
  return model, info, side
end

-- The groups to compare, with their levels: B and A, or all that have values.
local function groups_of(info, data, o)
  local used = {}
  for _, level in ipairs(require "trialsh.tabulate".ordered(info.group)) do
    used[#used + 1] = { name = level.name, members = { level.i } }
  end
  if not o.compare and #used ~= 2 then
    if #used < 2 then
      fail("degenerate", ("peto_prentice: two groups are needed, %s has %s")
        :format(info.group.name, #used == 1 and "only " .. used[1].name
          or "none"))
    elseif o.alternative ~= "two-sided" or o.exact then
      fail("invalid", ("peto_prentice: %s is for two groups; compare = \"A vs "
        .. "B\" chooses them"):format(o.exact and "an exact test"
          or "a one-sided test"))
    end
    return used, { n_missing = info.n_missing, reasons = result.missing(info) }
  end
  local set = sample.choose("peto_prentice", info, data, o)
  return { { name = set.b, members = set.members_b },
    { name = set.a, members = set.members_a } }, set
end

local function note_of(t, groups, is_stratified)
  if t.n_measured == 0 then
    return "all values are below their limit: there is nothing to compare, P "
      .. "is 1"
  elseif t.df == 0 then
    return ("no value is larger than another%s for certain: there is nothing to "
      .. "compare, P is 1"):format(is_stratified and " of its stratum" or "")
  end
  local list = {}
  for i, group in ipairs(groups) do
    if t.n_below[i] == t.n[i] then list[#list + 1] = group.name end
  end
  local notes = {}
  if #list > 0 then
    notes[1] = ("all values of %s are below their limit"):format(
      table.concat(list, ", "))
  end
  if t.n_idle_stratum > 0 then
    notes[#notes + 1] = ("%s with measured values but one group only say nothing")
      :format(t.n_idle_stratum == 1 and "1 stratum"
        or t.n_idle_stratum .. " strata")
  end
  return #notes > 0 and table.concat(notes, "; ") or nil
end

local function print_test(m, names, arrays, left_out, smallest)
  local columns = {}
  for j, name in ipairs(names) do
    local values = {}
    for i, x in ipairs(arrays[j]) do
      values[i] = (name == "observed" or name == "expected")
        and tonumber(format.fixed(x, 2)) or x
    end
    columns[j] = { name = name == "n_below" and "below" or name,
      values = values, type = j == 1 and "text" or "real" }
  end
  local lines = { ("%s: %s, %d values, %d below %s"):format(m.method,
    text.escape(m.variable), m.n, m.n_below, m.n_below == 1 and "its limit"
      or "theirs") }
  lines[2] = require "trialsh.show".table(columns, #arrays[1], {})
  local pieces = { ("chi-square = %s, df = %d"):format(
    format.fixed(m.statistic, 2), m.df) }
  if m:get "z" ~= NA then
    pieces[2] = ("z = %s (%s)"):format(format.fixed(m.z, 2),
      text.escape(m.compare))
  end
  pieces[#pieces + 1] = ("%s%s%s"):format(m.alternative ~= "two-sided"
    and ("one-sided (%s) "):format(m.alternative) or "",
    format.p_equals(m.p_value), m.exact and " (permutation)" or "")
  lines[3] = result.lines(pieces)
  if smallest then
    lines[4] = ("smallest P that these values can give: %s"):format(
      format.p(smallest))
  end
  if m.note ~= NA then lines[#lines + 1] = text.escape(m.note) end
  lines[#lines + 1] = left_out
  return table.concat(lines, "\n")
end

--- peto_prentice(formula, data [, opt]) -> result
-- Test that values have the same distribution in groups, some of them below their
-- limit (BLQFL is Y, AVAL the limit): a generalised Wilcoxon test. Limits may
-- differ between rows, as long as they do so alike in all groups.
--   formula      "AVAL ~ group [+ strata(S)]"; ln(AVAL) gives the same; with
--                strata groups are compared within them
--   compare      "A vs B"; of more than two groups all are compared without it
--   exact        of two groups: by all ways to choose the members of one, unless
--                there are too many (30 + 30 values, say, without ties); false:
--                the normal test, true: an error where it cannot be had
--   two_sided    "absdev" (default), "central"
--   weights      "Peto-Prentice" (default), "Fleming-Harrington": the test of
--                NADA and of survdiff(rho = 1)
--   alternative  "two-sided" (default), "less", "greater": A is larger
-- r.statistic is chi-square, r.p_asymptotic its P, r.z its root: above 0 when A
-- has larger values. r:tidy() has n, n_below, and weighted sums of measured values,
-- observed and expected, by group. Without a value below a limit it is close to
-- wilcoxon.
--
--   > t = { AVAL = { 3.2, 7.5, 12, 3.2, 9.1, 6.4, 21, 33 },
--   >   BLQFL = { "Y", "N", "N", "Y", "N", "Y", "N", "N" },
--   >   ARM = { "B", "B", "B", "B", "A", "A", "A", "A" } }
--   > peto_prentice("AVAL ~ ARM", t, { compare = "A vs B" })
--   Peto-Prentice test of values below limits, exact: AVAL, 8 values, 3 below theirs
--      ARM  n  below  observed  expected
--   1  B    4      2      1.11      2.00
--   2  A    4      1      2.22      1.33
--   chi-square = 1.42, df = 1; z = 1.19 (A vs B); P = 0.314 (permutation)
--   smallest P that these values can give: 0.029
--
-- See also: tobit, wilcoxon, relation:detect, logrank. Prentice 1978, Latta 1981.
-- R: survival::survdiff of the turned values.
function M.peto_prentice(source, data, opt)
  local o = options("peto_prentice", opt, M.specs.peto_prentice)
  local model, info, side = read(source, data)
  local groups, set = groups_of(info, data, o)
  local members = {}
  for i, g in ipairs(groups) do
    members[i] = require "trialsh.tabulate".used(g.members, info)
  end
  local t = core.peto_prentice(model, side, members, o)
  local n, n_below, names = 0, 0, {}
  for i, g in ipairs(groups) do
    n, n_below, names[i] = n + t.n[i], n_below + t.n_below[i], g.name
  end
  local pair = #groups == 2
  local fields = { method = ("%s test of values below limits, %s%s"):format(
      o.weights, t.exact and "exact" or "chi-square", info.stratum
      and ", stratified by " .. info.stratum.name or ""),
    variable = info.response[1].name, group = info.group.name,
    statistic = t.statistic, df = t.df, p_value = t.p_value,
    p_asymptotic = t.p_asymptotic, p_smallest = t.p_smallest, exact = t.exact,
    alternative = o.alternative, n = n, n_below = n_below,
    n_measured = t.n_measured, n_missing = set.n_missing,
    note = result.note(note_of(t, groups, info.stratum ~= nil)),
    simulated = data_of.simulated(data) or nil }
  if pair then
    fields.compare = ("%s vs %s"):format(names[2], names[1])
    fields.z, fields.n_1, fields.n_2 = t.z, t.n[2], t.n[1]
    fields.below_1, fields.below_2 = t.n_below[2], t.n_below[1]
  end
  local columns = { info.group.name, "n", "n_below", "observed", "expected" }
  local arrays = { names, t.n, t.n_below, t.observed, t.expected }
  local left_out = result.left_out(set.n_missing, set.reasons)
  return result.model { name = "peto_prentice", fields = fields,
    order = { "method", "statistic", "df", "p_value", "p_asymptotic", "exact",
      "alternative", "n", "n_below", "n_missing", "note" },
    tidy = function() return result.frame(columns, arrays) end,
    print = function(m)
      return print_test(m, columns, arrays, left_out, t.p_smallest ~= NA
        and t.p_smallest)
    end }
end

return M
