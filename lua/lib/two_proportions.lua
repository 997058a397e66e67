-- Events of two groups: differences, ratios, exact tests. The numbers are C's
-- (ts.counts).

local NA = require "ts.na".NA
local core = require "ts.counts"
local text = require "ts.text"
local number = text.number
local fail = require "ts.error".fail
local format = require "trialsh.format"
local options = require "trialsh.options"
local result = require "trialsh.result"
local tabulate = require "trialsh.tabulate"

local M = { specs = {} } -- specs: options by function, also for endpoints

-- Options that all share.
local function spec(more)
  local all = { compare = { "string" }, reference = { "string" },
    event = { "any" },
    alternative = { { "two-sided", "less", "greater" }, "two-sided" },
    conf_level = { "number", 0.95, above = 0, below = 1 } }
  for key, rule in pairs(more) do all[key] = rule end
  return all
end

-- Text ------------------------------------------------------------------------

local function share(events, n)
  return ("%s of %s (%s)"):format(number(events), number(n),
    n == 0 and "-" or format.percent(events / n, n < 200 and 0 or 1))
end

-- "DTHFL = Y", or the condition itself.
local function event_text(set)
  if not set.variable then return nil end
  local name = text.escape(set.variable)
  if set.event == "1" then return name end
  return ("%s = %s"):format(name, text.escape(set.event))
end

-- "14 of 17 (82 %) vs 4 of 10 (40 %)", with names where there are some.
local function shares_text(set)
  local function side(name, events, n)
    return set.counts and share(events, n)
      or ("%s %s"):format(text.escape(name), share(events, n))
  end
  local t = set.sum
  local words = ("%s vs %s"):format(side(set.a, t[1], t[2]),
    side(set.b, t[3], t[4]))
  local event = event_text(set)
  return event and event .. ": " .. words or words
end

-- A ratio with three digits or so: "0.212", "1.53", "62.6", "1413".
local function ratio_text(x)
  if x == NA then return "NA" end
  if x == math.huge then return "Inf" end
  if x == 0 then return "0" end
  if x < 1 then return format.significant(x, 3) end
  return format.cell(x, x < 10 and 2 or x < 100 and 1 or 0)
end

local function ratio_interval(low, high)
  if low == NA or high == NA then return "NA" end
  if low == 0 and high == math.huge then return "0 to Inf" end
  if high == math.huge then return "above " .. ratio_text(low) end
  return ratio_text(low) .. " to " .. ratio_text(high)
end

local function estimate_text(f, how)
  local difference = f.estimate_name == "risk difference"
  local digits = difference and 3
  local estimate = difference and format.cell(f.estimate, digits)
    or ratio_text(f.estimate)
  local interval = difference
    and format.interval(f.conf_low, f.conf_high, digits)
    or ratio_interval(f.conf_low, f.conf_high)
  local name = difference and "difference" or f.estimate_name
  return ("%s %s, %s CI %s (%s)"):format(name, estimate,
    format.level(f.conf_level), interval, how)
end

local function one_sided(o)
  return o.alternative ~= "two-sided" and ("one-sided (%s) "):format(
    o.alternative) or ""
end

-- Lines of a result: shares and what follows, on one line where it fits.
local function lines_of(set, pieces)
  local head = shares_text(set)
  if set.stratum then
    head = ("%s, in %d strata of %s"):format(head, #set.tables,
      text.escape(set.stratum))
  end
  local rest = table.concat(pieces, ", ")
  local width = math.max(100, require "trialsh.show".width())
  if set.counts and #head + #rest + 2 <= width + 10 then
    return { head .. ": " .. rest }
  end
  return { head, rest }
end

-- Fields ----------------------------------------------------------------------

local function finite(x)
  return x ~= NA and (x == math.huge or x == -math.huge) and NA or x
end

local function base(set, o, more)
  local t = set.sum
  local fields = { alternative = o.alternative, conf_level = o.conf_level,
    compare = set.a .. " vs " .. set.b, n = t[2] + t[4], n_1 = t[2], n_2 = t[4],
    events_1 = t[1], events_2 = t[3], n_event = t[1] + t[3],
    estimate_1 = t[2] > 0 and t[1] / t[2] or NA,
    estimate_2 = t[4] > 0 and t[3] / t[4] or NA,
    n_missing = set.n_missing, variable = set.variable or NA,
    event = set.event or NA, group = set.group or NA,
    stratum = set.stratum or NA, simulated = set.simulated,
    std_error = NA, df = NA, statistic = NA }
  for key, value in pairs(more) do fields[key] = value end
  return fields
end

-- Why an estimate of a ratio does not exist.
local function zero_note(set, estimate, what)
  if estimate ~= NA and estimate < math.huge then return nil end
  local t = set.sum
  local empty = t[1] == 0 and t[3] == 0
  if empty then return ("no events: there is no %s"):format(what) end
  if t[1] == t[2] and t[3] == t[4] and what == "odds ratio" then
    return "only events: there is no odds ratio"
  end
  if t[3] == 0 then
    return ("no events in %s: the %s is infinite"):format(set.b, what)
  end
  if t[1] == t[2] and what == "odds ratio" then
    return ("only events in %s: the odds ratio is infinite"):format(set.a)
  end
  return ("there is no %s"):format(what)
end

local function strata_note(set, n_used)
  local idle = #set.tables - n_used
  if idle > 0 then
    return ("%s of %d lack%s one of the groups"):format(
      idle == 1 and "1 stratum" or idle .. " strata", #set.tables,
      idle == 1 and "s" or "")
  end
end

local function flat(tables)
  local list = {}
  for _, t in ipairs(tables) do table.move(t, 1, 4, #list + 1, list) end
  return list
end

-- Differences and ratios ------------------------------------------------------

local effects = {
  riskdiff = { effect = "difference", name = "risk difference", null = 0 },
  riskratio = { effect = "ratio", name = "risk ratio", null = 1 },
  oddsratio = { effect = "odds", name = "odds ratio", null = 1 },
}

local wald_names = {
  riskdiff = { "Wald", "Mantel-Haenszel, Sato" },
  riskratio = { "Wald, logarithm", "Mantel-Haenszel, Greenland-Robins" },
  oddsratio = { "Wald, logarithm",
    "Mantel-Haenszel, Robins-Breslow-Greenland" },
}

local intervals = {
  riskdiff = { "Miettinen-Nurminen", "Newcombe", "Wald" },
  riskratio = { "Miettinen-Nurminen", "Wald" },
  oddsratio = { "Miettinen-Nurminen", "Wald", "exact", "mid-p" },
}

for who, effect in pairs(effects) do
  M.specs[who] = spec { strata = { "any" },
    ci = { intervals[who], "Miettinen-Nurminen" },
    null = { "number", effect.null } }
end

local cores = { ["Miettinen-Nurminen"] = "score", Newcombe = "newcombe",
  Wald = "wald" }

local function exact_odds(who, set, o)
  local t = core.fisher(flat(set.tables), { alternative = o.alternative,
    null = o.null, conf_level = o.conf_level, mid_p = o.ci == "mid-p" })
  local fields = base(set, o, { method = "Odds ratio, conditional "
      .. (o.ci == "mid-p" and "mid-p" or "exact"),
    estimate_name = "odds ratio", estimate = finite(t.estimate),
    conf_low = t.conf_low, conf_high = t.conf_high, p_value = t.p_value,
    ci = o.ci, p_smallest = t.p_smallest,
    note = result.note(zero_note(set, t.estimate, "odds ratio")) })
  local how = o.ci == "mid-p" and "conditional mid-p" or "conditional exact"
  return result.comparison(fields, { variable = set.variable, a = set.a,
    b = set.b, reasons = set.reasons, print = function(f)
      return lines_of(set, { estimate_text(f, how),
        one_sided(o) .. format.p_equals(f.p_value) })
    end })
end

-- The weights of Mantel and Haenszel and of the score test may differ much.
local function outside_note(t)
  local low, high, estimate = t.conf_low, t.conf_high, finite(t.estimate)
  if t.n_used < 2 or low == NA or estimate == NA then return nil end
  if estimate < low and low - estimate > 1e-9 * math.abs(low)
    or estimate > high and estimate - high > 1e-9 * math.abs(high) then
    return "strata differ so much that the estimate, Mantel and Haenszel's, is "
      .. "outside of the interval, which inverts the score test"
  end
end

local function compare_shares(who, x, data, opt)
  local e = effects[who]
  local rows, given = tabulate.arguments(who, x, data, opt)
  local o = options(who, given, M.specs[who])
  local set = tabulate.two(who, x, rows, o, "{ events, n }")
  if o.ci == "exact" or o.ci == "mid-p" then return exact_odds(who, set, o) end
  local t = core.two(flat(set.tables), { effect = e.effect,
    interval = cores[o.ci], alternative = o.alternative, null = o.null,
    conf_level = o.conf_level })
  local how = o.ci
  if o.ci == "Wald" then how = wald_names[who][t.n_used > 1 and 2 or 1] end
  local pooled = t.n_used > 1 and ", Mantel-Haenszel weights" or ""
  local fields = base(set, o, {
    method = ("%s%s, %s"):format(e.name:sub(1, 1):upper(), e.name:sub(2),
      o.ci == "Wald" and how or how .. pooled),
    estimate_name = e.name, estimate = finite(t.estimate),
    std_error = t.std_error, statistic = t.z, p_value = t.p_value,
    conf_low = t.conf_low, conf_high = t.conf_high, ci = o.ci, null = o.null,
    homogeneity = t.homogeneity, homogeneity_df = t.homogeneity_df,
    homogeneity_p = t.homogeneity_p,
    n_stratum = set.stratum and t.n_used or NA,
    note = result.note(zero_note(set, t.estimate, e.name),
      strata_note(set, t.n_used), outside_note(t), t.p_value == NA
        and "no standard error: Wald's interval does not exist") })
  return result.comparison(fields, { variable = set.variable, a = set.a,
    b = set.b, reasons = set.reasons, print = function(f)
      return lines_of(set, { estimate_text(f, how),
        one_sided(o) .. format.p_equals(f.p_value) })
    end })
end

--- riskdiff(formula, data [, opt]) -> result
-- Difference of two proportions. Counts do as well, rows are { events, n }:
-- riskdiff { { 14, 17 }, { 4, 10 } } is A minus B; a list of such tables is
-- stratified.
--   formula      "y ~ group [+ strata(S)]"; y is 0 and 1, a condition such as
--                "AVAL >= 1000", or text with N and Y
--   event        the value of y that is an event, where that is not 1 or Y
--   compare      "A vs B"; with two groups the default is against the trial's
--                reference, else the first level
--   ci           "Miettinen-Nurminen" (default), "Newcombe", "Wald" (R, SAS)
--   strata       a column, or a list: Mantel-Haenszel weights; Wald is Sato's
--   alternative  "two-sided" (default), "less", "greater";  null  0
--   conf_level   0.95
-- P is that of the test which the interval inverts. r.homogeneity_p of several strata
-- tells whether they share the difference: the score test of Gart and Nam, of
-- r.homogeneity, a chi-square with r.homogeneity_df.
--
--   > riskdiff { { 14, 17 }, { 4, 10 } }
--   14 of 17 (82 %) vs 4 of 10 (40 %): difference 0.424, 95 % CI 0.047 to 0.710 (Miettinen-Nurminen), P = 0.027
--   > riskdiff("DTHFL ~ TRT01P", demo.adsl, { compare = "CYT107 HF vs Placebo", strata = "COUNTRY" })
--   DTHFL = Y: CYT107 HF 3 of 8 (38 %) vs Placebo 7 of 8 (88 %), in 2 strata of COUNTRY
--   difference -0.500, 95 % CI -0.807 to 0.023 (Miettinen-Nurminen), P = 0.061
--   SIMULATED DATA
--
-- See also: riskratio, oddsratio, boschloo, fisher, proportion.
-- Miettinen and Nurminen 1985, Gart and Nam 1990. SAS: PROC FREQ, RISKDIFF.
function M.riskdiff(x, data, opt)
  return compare_shares("riskdiff", x, data, opt)
end

--- riskratio(formula, data [, opt]) -> result
-- Ratio of two proportions, A over B; arguments and options as for riskdiff.
--   ci           "Miettinen-Nurminen" (default), "Wald": of the logarithm
--                (Katz), of strata Greenland and Robins
--   event, compare, reference, strata, alternative, conf_level;  null  1
--
--   > riskratio { { 14, 17 }, { 4, 10 } }
--   14 of 17 (82 %) vs 4 of 10 (40 %): risk ratio 2.06, 95 % CI 1.08 to 5.08 (Miettinen-Nurminen), P = 0.027
--
-- See also: riskdiff, oddsratio. SAS: PROC FREQ, RELRISK.
function M.riskratio(x, data, opt)
  return compare_shares("riskratio", x, data, opt)
end

--- oddsratio(formula, data [, opt]) -> result
-- Odds ratio, A over B; arguments and options as for riskdiff.
--   ci           "Miettinen-Nurminen" (default); "Wald": of the logarithm
--                (Woolf), of strata Robins, Breslow and Greenland; "exact" and
--                "mid-p": conditional, as fisher
--   event, compare, reference, strata, alternative, conf_level;  null  1
-- The estimate is ad / bc, of strata that of Mantel and Haenszel; with "exact"
-- and "mid-p" the conditional one (R's fisher.test).
--
--   > oddsratio { { 14, 17 }, { 4, 10 } }
--   14 of 17 (82 %) vs 4 of 10 (40 %): odds ratio 7.00, 95 % CI 1.23 to 40.0 (Miettinen-Nurminen), P = 0.027
--   > oddsratio({ { 14, 17 }, { 4, 10 } }, { ci = "exact" }).conf_low
--   0.896712861342708
--
-- See also: riskdiff, riskratio, fisher, cmh. SAS: PROC FREQ, OR.
function M.oddsratio(x, data, opt)
  return compare_shares("oddsratio", x, data, opt)
end

-- Exact tests -----------------------------------------------------------------

-- "central P = 0.052, minlike P = 0.048 lie on both sides of 0.05"
local function between_note(t, o)
  if o.alternative ~= "two-sided" then return nil end
  local alpha = 1 - o.conf_level
  if (t.p_central <= alpha) == (t.p_minlike <= alpha) then return nil end
  return ("%s lies between the P of both rules"):format(
    format.significant(alpha, 2):gsub("0+$", ""))
end

--- fisher.two: events of two groups, given their sum.
local function fisher_two(set, o)
  local t = core.fisher(flat(set.tables), { alternative = o.alternative,
    two_sided = o.two_sided, null = o.null, conf_level = o.conf_level,
    mid_p = o.mid_p })
  local rule = o.two_sided
  local fields = base(set, o, { method = "Fisher's exact test"
      .. (o.mid_p and ", mid-p" or ""),
    estimate_name = "odds ratio", estimate = finite(t.estimate),
    conf_low = t.conf_low, conf_high = t.conf_high, p_value = t.p_value,
    p_central = t.p_central, p_minlike = t.p_minlike,
    p_smallest = t.p_smallest, two_sided = rule, null = o.null,
    note = result.note(t.fixed and "the margins allow this table only: P is 1",
      not t.fixed and zero_note(set, t.estimate, "odds ratio") or nil,
      between_note(t, o), t.inconsistent and ("P and the interval disagree "
        .. "about %s: the ratios that minlike does not reject have a gap")
        :format(number(o.null))) })
  local function p_text(f)
    if o.alternative ~= "two-sided" then
      return one_sided(o) .. format.p_equals(f.p_value)
    end
    local other = rule == "central" and "minlike" or "central"
    return ("%s (%s), %s (%s)"):format(format.p_equals(f.p_value), rule,
      format.p(f["p_" .. other]), other)
  end
  return result.comparison(fields, { variable = set.variable, a = set.a,
    b = set.b, reasons = set.reasons, print = function(f)
      local lines = lines_of(set, { estimate_text(f, o.alternative
        == "two-sided" and rule or "exact"), p_text(f) })
      lines[#lines + 1] = ("%s; smallest P that these margins can give: %s")
        :format(f.method, format.p(f.p_smallest))
      return lines
    end })
end

M.specs.fisher = spec { strata = { "any" },
  two_sided = { { "central", "minlike" }, "central" },
  null = { "number", 1, above = 0 }, mid_p = { "boolean", false },
  exact = { "boolean" } }

--- fisher(formula, data [, opt]) -> result
-- Fisher's exact test. Counts do as well, rows are { events, others }, A first:
-- fisher { { 7, 2 }, { 1, 8 } }; a list of such tables is stratified; larger
-- tables are rows of counts.
--   formula      "y ~ group [+ strata(S)]"; y of two values, or of more
--   event, compare, reference, strata   as for riskdiff
--   two_sided    "central" (default): twice the smaller tail; "minlike": all
--                tables as improbable (R's and SAS's P; always so for larger
--                tables). Both are printed; the interval inverts the one chosen
--   alternative  "two-sided" (default), "less", "greater";  null  1
--   mid_p        true: the observed table counts half
--   conf_level   0.95
--   exact        larger tables: true, or false for chi-square, beyond 2e9 steps
--                the default
-- r.estimate is the conditional odds ratio (R's), r.p_central and r.p_minlike are
-- both P, r.p_smallest is the smallest that the margins can give.
--
--   > fisher { { 7, 2 }, { 1, 8 } }
--   7 of 9 (78 %) vs 1 of 9 (11 %)
--   odds ratio 21.4, 95 % CI 1.53 to 1413 (central), P = 0.015 (central), 0.015 (minlike)
--   Fisher's exact test; smallest P that these margins can give: 0.00041
--   > fisher("DTHFL ~ TRT01P", demo.adsl)
--   Fisher's exact test: DTHFL by TRT01P, n = 24
--      TRT01P     N  Y
--   1  Placebo    1  7
--   2  CYT107 LF  3  5
--   3  CYT107 HF  5  3
--   P = 0.171 (minlike)
--   SIMULATED DATA
--
-- See also: boschloo, oddsratio, chisq, cmh. R: fisher.test. SAS: PROC FREQ.
function M.fisher(x, data, opt)
  local rows, given = tabulate.arguments("fisher", x, data, opt)
  local o = options("fisher", given, M.specs.fisher)
  local grid = tabulate.table("fisher", x, rows, o)
  if #grid.rows == 2 and #grid.columns <= 2 then
    o.lenient = true
    return fisher_two(tabulate.two("fisher", x, rows, o, "{ events, others }"),
      o)
  end
  return require "trialsh.contingency".fisher_table(grid, o)
end

local function unconditional(who, method, rules, statistic)
  M.specs[who] = spec { two_sided = { rules, "central" } }
  return function(x, data, opt)
    local rows, given = tabulate.arguments(who, x, data, opt)
    local o = options(who, given, M.specs[who])
    local set = tabulate.two(who, x, rows, o, "{ events, n }")
    if #set.tables > 1 then
      fail("invalid", ("%s takes one table, not strata; fisher takes strata")
        :format(who))
    end
    local p, nuisance, own = core.unconditional(set.tables[1], { kind = who,
      alternative = o.alternative, two_sided = o.two_sided })
    local t = set.sum
    local fields = base(set, o, { method = method, p_value = p,
      estimate_name = "risk difference", estimate = t[1] / t[2] - t[3] / t[4],
      conf_low = NA, conf_high = NA, statistic = own, nuisance = nuisance,
      two_sided = o.two_sided })
    return result.comparison(fields, { variable = set.variable, a = set.a,
      b = set.b, reasons = set.reasons, print = function(f)
        local lines = lines_of(set, {
          ("difference %s"):format(format.cell(f.estimate, 3)),
          ("%s = %s"):format(statistic, who == "boschloo"
            and format.p(f.statistic) or format.fixed(f.statistic, 2)),
          one_sided(o) .. format.p_equals(f.p_value) .. (
            o.alternative == "two-sided" and (" (%s)"):format(o.two_sided)
              or "") })
        lines[#lines + 1] = ("%s; P is largest at a common proportion of %s")
          :format(method, format.fixed(nuisance, 3))
        return lines
      end })
  end
end

--- boschloo(formula, data [, opt]) -> result
-- Boschloo's exact unconditional test of two proportions: tables in order of
-- Fisher's one-sided P, P is the largest over all common proportions. It is
-- uniformly more powerful than fisher. Rows are { events, n }.
--   formula, event, compare, reference   as for riskdiff
--   two_sided    "central" (default): twice the smaller one-sided P (scipy);
--                "minlike": in order of Fisher's two-sided P
--   alternative  "two-sided" (default), "less", "greater"
--   conf_level   0.95, of no use: it has an estimate, but no interval
-- riskdiff has an interval. At most 2,000 in all.
--
--   > boschloo { { 14, 17 }, { 4, 10 } }
--   14 of 17 (82 %) vs 4 of 10 (40 %): difference 0.424, Fisher's P = 0.034, P = 0.034 (central)
--   Boschloo's exact test; P is largest at a common proportion of 0.541
--
-- See also: fisher, barnard, riskdiff. Boschloo 1970. R: exact2x2::boschloo.
M.boschloo = unconditional("boschloo", "Boschloo's exact test",
  { "central", "minlike" }, "Fisher's P")

--- barnard(formula, data [, opt]) -> result
-- Barnard's exact unconditional test of two proportions: tables in order of the
-- z with pooled variance. Rows are { events, n }.
--   formula, event, compare, reference   as for riskdiff
--   two_sided    "central" (default): twice the smaller one-sided P;
--                "absdev": in order of |z| (SAS, scipy)
--   alternative  "two-sided" (default), "less", "greater"
--   conf_level   0.95, of no use: it has an estimate, but no interval
-- riskdiff has an interval. At most 2,000 in all.
--
--   > barnard { { 7, 12 }, { 1, 13 } }
--   7 of 12 (58 %) vs 1 of 13 (8 %): difference 0.506, z = 2.71, P = 0.007 (central)
--   Barnard's exact test; P is largest at a common proportion of 0.335
--
-- See also: boschloo, fisher, riskdiff. Barnard 1947. SAS: PROC FREQ, BARNARD.
M.barnard = unconditional("barnard", "Barnard's exact test",
  { "central", "absdev" }, "z")

M.share = share
M.ratio_text = ratio_text
M.ratio_interval = ratio_interval

return M
