-- Rates of events per person-time: one, one per group, and two compared. The
-- numbers are C's (ts.rate).

local NA = require "ts.na".NA
local core = require "ts.rate"
local formulas = require "ts.formula"
local text = require "ts.text"
local number = text.number
local fail = require "ts.error".fail
local data_of = require "trialsh.data"
local format = require "trialsh.format"
local options = require "trialsh.options"
local result = require "trialsh.result"
local tabulate = require "trialsh.tabulate"
local two = require "trialsh.two_proportions"

local level = { "number", 0.95, above = 0, below = 1 }
local sides = { { "two-sided", "less", "greater" }, "two-sided" }

-- specs: the options of each, also for endpoints
local M = { specs = {
  rate = { time = { "string" }, per = { "number", 1, above = 0 },
    null = { "number", above = 0 }, alternative = sides, conf_level = level },
  rateratio = { time = { "string" }, per = { "number", 1, above = 0 },
    effect = { { "ratio", "difference" }, "ratio" },
    two_sided = { { "central", "minlike" }, "central" },
    mid_p = { "boolean", false }, null = { "number" }, strata = { "any" },
    variance = { { "Poisson", "robust" }, "Poisson" },
    compare = { "string" }, reference = { "string" }, alternative = sides,
    conf_level = level },
} }

-- From formulas and counts ------------------------------------------------------

-- The model frame of "y ~ group" with the column of person-time, what it holds,
-- and sum(stratum, group) -> events, time.
local function model_of(who, source, data, o)
  if data == nil then
    fail("type", ('%s: data is missing: %s("%s", data, { time = "TRTDUR" })')
      :format(who, who, source))
  end
  if o.time == nil then
    fail("invalid", ('%s: which column is the person-time? { time = "TRTDUR" }')
      :format(who))
  end
  local parsed = formulas.parse(source)
  if not parsed.response then
    fail("invalid", ('%s: "%s" has no response; write "y %s"'):format(who,
      source, source))
  end
  local time = o.time:find "^%a[%w_.]*$" and o.time or "`" .. o.time .. "`"
  source = tabulate.with_strata(who, source, o.strata)
    .. (" + offset(%s)"):format(time)
  local frame = data_of.frame(data, formulas.variables(source), who)
  local model = formulas.model(source, frame, { groups = true })
  local info = model:info()
  if info.survival then
    fail("type", ("%s: Surv() is for times to events; write the event alone, "
      .. 'and the time as time = "AVAL"'):format(who))
  elseif #info.offset > 1 then
    fail("invalid", ("%s: the person-time is the option time, not offset()")
      :format(who))
  elseif info.n == 0 then
    fail("degenerate", ("%s: %s has no complete row%s"):format(who,
      info.response[1].name, info.n_row > 0 and " of " .. info.n_row or ""))
  end
  local events, times = core.sums(model)
  local k = info.group and info.group.n_level or 1
  return info, function(h, g)
    return events[(h - 1) * k + g], times[(h - 1) * k + g]
  end, model
end

local function is_plain(x) return type(x) == "table" and getmetatable(x) == nil end

-- { events, time }
local function pair_of(who, x)
  if not is_plain(x) or #x ~= 2 then
    fail("type", ("%s: rows are { events, time }"):format(who))
  end
  local events, time = x[1], x[2]
  if type(events) ~= "number" or events < 0 or events % 1 ~= 0 then
    fail("invalid", ("%s: %s is no count of events, a whole number of 0 or more")
      :format(who, type(events) == "number" and number(events)
        or events == NA and "NA" or type(events)))
  elseif type(time) ~= "number" or not (time > 0 and time < math.huge) then
    fail("invalid", ("%s: %s is no person-time, a number above 0"):format(who,
      type(time) == "number" and number(time)
        or time == NA and "NA" or type(time)))
  end
  return events, time
end

-- Options that are for formulas alone.
local function refuse(who, o, ...)
  for _, key in ipairs { ... } do
    if o[key] ~= nil then
      fail("invalid", ("%s: %s is for a formula; rows of counts are { events, "
        .. "time }, A first"):format(who, key))
    end
  end
end

local function two_of_counts(x, o)
  refuse("rateratio", o, "time", "compare", "reference", "strata")
  local strata = x
  if not (is_plain(x[1]) and is_plain(x[1][1])) then strata = { x } end
  local set = { strata = {}, a = "A", b = "B", n_missing = 0, counts = true }
  for h, rows in ipairs(strata) do
    if not is_plain(rows) or #rows ~= 2 then
      fail("type", 'rateratio: a formula, "y ~ group", or { { events, time }, '
        .. "{ events, time } } comes first")
    end
    local e1, t1 = pair_of("rateratio", rows[1])
    local e2, t2 = pair_of("rateratio", rows[2])
    set.strata[h] = { e1, t1, e2, t2 }
  end
  if #strata > 1 then set.stratum = "table" end
  return set
end

local function two_of_formula(source, data, o)
  local info, sum, model = model_of("rateratio", source, data, o)
  if #info.x ~= 1 then
    fail("invalid", 'rateratio compares the groups of one variable, "y ~ group"')
  end
  local set = require "trialsh.sample".choose("rateratio", info, data, o)
  set.strata, set.stratum = {}, info.stratum and info.stratum.name
  set.n_1, set.n_2 = 0, 0
  local sides_of = { tabulate.used(set.members_a, info),
    tabulate.used(set.members_b, info) }
  set.model, set.sides = model, sides_of
  for i, members in ipairs(sides_of) do
    for _, g in ipairs(members) do
      set["n_" .. i] = set["n_" .. i] + info.group.levels[g].n
    end
  end
  for _, stratum in ipairs(info.stratum and tabulate.ordered(info.stratum)
    or { { i = 1 } }) do
    local row = {}
    for _, members in ipairs(sides_of) do
      local events, time = 0, 0
      for _, g in ipairs(members) do
        local e, t = sum(stratum.i, g)
        events, time = events + e, time + t
      end
      row[#row + 1], row[#row + 2] = events, time
    end
    set.strata[#set.strata + 1] = row
  end
  if info.offset[1].n_missing > 0 and o.compare == nil then
    set.reasons = result.missing(info)
  end
  return set
end

-- Text --------------------------------------------------------------------------

-- "7 in 412.5 (1.70 per 100)"
local function rate_text(events, time, o)
  return ("%s in %s (%s per %s)"):format(number(events),
    number(tonumber(format.significant(time, 6))),
    time > 0 and two.ratio_text(events / time * o.per) or "-", number(o.per))
end

local function one_sided(o)
  return o.alternative ~= "two-sided" and ("one-sided (%s) "):format(
    o.alternative) or ""
end

local function lines_of(set, o, pieces)
  local t = set.sum
  local function side(name, events, time)
    local words = rate_text(events, time, o)
    return set.counts and words or text.escape(name) .. " " .. words
  end
  local head = ("%s vs %s"):format(side(set.a, t[1], t[2]),
    side(set.b, t[3], t[4]))
  if set.variable then head = text.escape(set.variable) .. ": " .. head end
  if set.stratum then
    head = ("%s, in %d strata of %s"):format(head, #set.strata,
      text.escape(set.stratum))
  end
  local rest = table.concat(pieces, ", ")
  if set.counts and #head + #rest + 2
    <= math.max(100, require "trialsh.show".width()) + 10 then
    return { head .. ": " .. rest }
  end
  return { head, rest }
end

-- Two rates ---------------------------------------------------------------------

local function finite(x)
  return x ~= NA and (x == math.huge or x == -math.huge) and NA or x
end

local function sum_of(strata)
  local sum, n_used = { 0, 0, 0, 0 }, 0
  for _, row in ipairs(strata) do
    for i = 1, 4 do sum[i] = sum[i] + row[i] end
    if row[2] > 0 and row[4] > 0 then n_used = n_used + 1 end
  end
  return sum, n_used
end

local function fields_of(set, o, more)
  local t = set.sum
  local fields = { compare = set.a .. " vs " .. set.b, per = o.per,
    alternative = o.alternative, conf_level = o.conf_level, std_error = NA,
    statistic = NA, df = NA, n_1 = set.n_1 or NA, n_2 = set.n_2 or NA,
    n = set.n_1 and set.n_1 + set.n_2 or NA, events_1 = t[1], events_2 = t[3],
    time_1 = t[2], time_2 = t[4], n_event = t[1] + t[3],
    estimate_1 = t[2] > 0 and t[1] / t[2] * o.per or NA,
    estimate_2 = t[4] > 0 and t[3] / t[4] * o.per or NA,
    n_missing = set.n_missing, variable = set.variable or NA,
    group = set.group or NA, stratum = set.stratum or NA,
    simulated = set.simulated }
  for key, value in pairs(more) do fields[key] = value end
  return fields
end

local function zero_note(set)
  local t = set.sum
  if t[1] + t[3] == 0 then
    return "no events: there is no rate ratio, P is 1"
  elseif t[3] == 0 then
    return ("no events in %s: the rate ratio is infinite"):format(set.b)
  end
end

local function idle_note(set)
  local idle = #set.strata - set.n_used
  return idle > 0 and ("%d of %d strata lack%s person-time in a group"):format(
    idle, #set.strata, idle == 1 and "s" or "") or nil
end

local function flat(strata)
  local list = {}
  for _, row in ipairs(strata) do table.move(row, 1, 4, #list + 1, list) end
  return list
end

local function show(set, o, fields, lines)
  return result.comparison(fields, { variable = set.variable, a = set.a,
    b = set.b, reasons = set.reasons,
    print = function(f) return lines_of(set, o, lines(f)) end })
end

local function ratio_of(set, o)
  local null = o.null or 1
  if not (null > 0) then
    fail("invalid", ("rateratio: null = %s is no ratio above 0"):format(
      number(null)))
  end
  local t = core.ratio(flat(set.strata), { alternative = o.alternative,
    two_sided = o.two_sided, null = null, conf_level = o.conf_level,
    mid_p = o.mid_p })
  local how = o.mid_p and "mid-p" or "exact"
  local fields = fields_of(set, o, {
    method = ("Rate ratio, conditional %s%s"):format(how,
      set.n_used > 1 and ", common to strata" or ""),
    estimate_name = "rate ratio", estimate = finite(t.estimate),
    conf_low = t.conf_low, conf_high = t.conf_high, p_value = t.p_value,
    p_central = t.p_central, p_minlike = t.p_minlike,
    p_smallest = t.p_smallest, two_sided = o.two_sided, null = null,
    n_stratum = set.stratum and set.n_used or NA,
    note = result.note(zero_note(set), idle_note(set), t.inconsistent
      and ("P and the interval disagree about %s: the ratios that minlike does "
        .. "not reject have a gap"):format(number(null)) or nil) })
  return show(set, o, fields, function(f)
    local rule, p = o.two_sided, one_sided(o) .. format.p_equals(f.p_value)
    if o.alternative == "two-sided" then
      local other = rule == "central" and "minlike" or "central"
      p = ("%s (%s), %s (%s)"):format(p, rule, format.p(f["p_" .. other]),
        other)
    end
    return { ("rate ratio %s, %s CI %s (%s)"):format(
      two.ratio_text(f.estimate), format.level(f.conf_level),
      two.ratio_interval(f.conf_low, f.conf_high), how), p }
  end)
end

local function difference_of(set, o)
  if set.stratum then
    fail("invalid", "rateratio: strata are for the ratio; the difference takes "
      .. "none")
  elseif o.mid_p or o.two_sided ~= "central" then
    fail("invalid", ("rateratio: %s is for the exact ratio, not for the "
      .. "difference"):format(o.mid_p and "mid_p" or "two_sided"))
  end
  local null = o.null or 0
  local t = core.difference(flat(set.strata), { alternative = o.alternative,
    null = null / o.per, conf_level = o.conf_level })
  local fields = fields_of(set, o, {
    method = "Rate difference, Miettinen-Nurminen",
    estimate_name = "rate difference", estimate = t.estimate * o.per,
    statistic = t.z, p_value = t.p_value, conf_low = t.conf_low * o.per,
    conf_high = t.conf_high * o.per, null = null,
    note = result.note(set.sum[1] + set.sum[3] == 0
      and "no events in either group" or nil) })
  return show(set, o, fields, function(f)
    local digits = format.decimals(f.conf_high ~= math.huge and f.conf_low
      ~= -math.huge and f.conf_high - f.conf_low or f.estimate)
    return { ("rate difference %s per %s, %s CI %s (Miettinen-Nurminen)")
      :format(format.cell(f.estimate, digits), number(o.per),
        format.level(f.conf_level), format.interval(f.conf_low, f.conf_high,
          digits)), one_sided(o) .. format.p_equals(f.p_value) }
  end)
end

--- rateratio(formula, data [, opt]) -> result
-- Ratio of two rates of events per person-time, A over B: exact, given all
-- events. Counts do as well, rows are { events, time }: rateratio { { 7, 412 },
-- { 15, 398 } }; a list of such tables is stratified.
--   formula      "EVENTS ~ group [+ strata(S)]": events of each subject, a count
--                or a condition
--   time         the column of person-time;  per  rates are shown per so much
--   compare      "A vs B"; with two groups the default is against the trial's
--                reference, else the first level
--   effect       "ratio" (default), "difference": A minus B, by the score test
--                of Miettinen and Nurminen, per `per`
--   two_sided    "central" (default): twice the smaller tail; "minlike" (R's P,
--                of poisson.test); the interval inverts the one chosen
--   mid_p        true: the observed count counts half
--   strata       a column, or a list: a ratio common to strata
--   null         1, of the difference 0
--   variance     "Poisson" (default, exact); "robust": between subjects, for
--                events that recur more often in some than in others, with t on
--                Welch's degrees of freedom; r.dispersion is 1 of a Poisson process
--   alternative  "two-sided" (default), "less", "greater";  conf_level  0.95
-- The exact ratio takes events for those of a Poisson process: where some subjects
-- have many of them, its intervals are too narrow.
--
--   > rateratio({ { 7, 412.5 }, { 15, 398 } }, { per = 100 })
--   7 in 412.5 (1.70 per 100) vs 15 in 398 (3.77 per 100)
--   rate ratio 0.450, 95 % CI 0.155 to 1.17 (exact), P = 0.113 (central), 0.088 (minlike)
--   > rateratio("CNSR == 0 ~ TRT01P", demo.adtte, { time = "AVAL", per = 100,
--   >   compare = "CYT107 HF vs Placebo" })
--   CNSR == 0: CYT107 HF 3 in 524 (0.573 per 100) vs Placebo 7 in 340 (2.06 per 100)
--   rate ratio 0.278, 95 % CI 0.0464 to 1.22 (exact), P = 0.100 (central), 0.057 (minlike)
--   SIMULATED DATA
--
-- See also: rate, riskratio, logrank. Przyborowski and Wilenski 1940.
-- R: poisson.test.
function M.rateratio(x, data, opt)
  local rows, given = tabulate.arguments("rateratio", x, data, opt)
  local o = options("rateratio", given, M.specs.rateratio)
  if type(x) ~= "string" and (not is_plain(x) or #x == 0) then
    fail("type", 'rateratio: a formula, "y ~ group", or { { events, time }, '
      .. "{ events, time } } comes first")
  end
  local set = type(x) == "string" and two_of_formula(x, rows, o)
    or two_of_counts(x, o)
  set.sum, set.n_used = sum_of(set.strata)
  for i, name in ipairs { set.a, set.b } do
    if set.sum[2 * i] == 0 then
      fail("degenerate", ("rateratio: %s has no person-time"):format(name))
    end
  end
  if o.variance == "robust" then
    return require "trialsh.rate_robust"(set, o, { fields = fields_of,
      show = show, one_sided = one_sided })
  end
  return o.effect == "ratio" and ratio_of(set, o) or difference_of(set, o)
end

-- One rate, or one per group ------------------------------------------------------

local function compute(events, time, o)
  local t = core.rate(events, time, { alternative = o.alternative,
    null = o.null and o.null / o.per, conf_level = o.conf_level })
  for _, key in ipairs { "estimate", "std_error", "conf_low", "conf_high" } do
    t[key] = t[key] * o.per
  end
  return t
end

local function one(set, o)
  local g = set.groups[1]
  local t = compute(g.events, g.time, o)
  local fields = { method = "Rate, exact", estimate_name = "rate",
    estimate = t.estimate, std_error = t.std_error, statistic = NA, df = NA,
    p_value = t.p_value, conf_low = t.conf_low, conf_high = t.conf_high,
    conf_level = o.conf_level, alternative = o.alternative, per = o.per,
    n = g.n or NA, events = g.events, n_event = g.events, time = g.time,
    null = o.null or NA, n_missing = set.n_missing,
    variable = set.variable or NA, simulated = set.simulated, note = NA }
  return result.comparison(fields, { variable = set.variable,
    reasons = set.reasons, print = function(f)
      local words = ("%s%s, %s CI %s (exact)"):format(set.variable
        and text.escape(set.variable) .. ": " or "",
        rate_text(g.events, g.time, o), format.level(o.conf_level),
        two.ratio_interval(f.conf_low, f.conf_high))
      if f.p_value ~= NA then
        words = ("%s, %s%s against %s"):format(words, one_sided(o),
          format.p_equals(f.p_value), number(o.null))
      end
      return { words }
    end })
end

local none = { estimate = NA, std_error = NA, conf_low = NA, conf_high = NA,
  p_value = NA }

local function several(set, o)
  local names = { set.group, "events", "time", "n", "estimate", "std_error",
    "conf_low", "conf_high", "p_value" }
  local arrays, events, n = {}, 0, 0
  for j in ipairs(names) do arrays[j] = {} end
  for i, g in ipairs(set.groups) do
    local t = g.time > 0 and compute(g.events, g.time, o) or none
    for j, value in ipairs { g.name, g.events, g.time, g.n, t.estimate,
      t.std_error, t.conf_low, t.conf_high, t.p_value } do
      arrays[j][i] = value
    end
    events, n = events + g.events, n + g.n
  end
  local fields = { method = "Rate, exact", per = o.per,
    conf_level = o.conf_level, alternative = o.alternative, n = n,
    n_event = events, n_missing = set.n_missing, null = o.null or NA,
    variable = set.variable, group = set.group, simulated = set.simulated,
    note = NA }
  return result.model { name = "rate", fields = fields,
    order = { "method", "n_event", "n", "n_missing", "per", "conf_level",
      "note" },
    tidy = function()
      return result.frame(names, arrays, { [set.group] = arrays[1] })
    end,
    print = function(m)
      local columns = {}
      for j, name in ipairs(names) do
        if name ~= "std_error" and (name ~= "p_value" or o.null) then
          local values = {}
          for i, v in ipairs(arrays[j]) do
            values[i] = j > 4 and v ~= NA and v < math.huge
              and tonumber(format.significant(v, 3)) or v
          end
          columns[#columns + 1] = { name = name == "estimate" and "rate"
            or name, values = values, type = j == 1 and "text" or "real" }
        end
      end
      local lines = { ("%s by %s: rates per %s"):format(
        text.escape(set.variable), text.escape(set.group), number(o.per)),
        (require "trialsh.show".table(columns, #arrays[1], {})),
        ("%s CI: exact"):format(format.level(o.conf_level))
          .. (o.null and ("; P against %s"):format(number(o.null)) or "") }
      lines[#lines + 1] = result.left_out(m.n_missing, set.reasons)
      return table.concat(lines, "\n")
    end }
end

local function groups_of(source, data, o)
  local info, sum = model_of("rate", source, data, o)
  if info.stratum then fail("invalid", "rate has no strata()") end
  local set = { groups = {}, variable = info.response[1].name,
    group = info.group and info.group.name, n_missing = info.n_missing,
    reasons = result.missing(info),
    simulated = data_of.simulated(data) or nil }
  for i, l in ipairs(info.group and tabulate.ordered(info.group)
    or { { i = 1 } }) do
    local events, time = sum(1, l.i)
    set.groups[i] = { name = l.name, events = events, time = time,
      n = info.group and info.group.levels[l.i].n or info.n }
  end
  return set
end

--- rate(formula, data [, opt]) -> result
-- Rate of events per person-time with its exact interval, by group. Counts do as
-- well: rate { 7, 412.5 } is 7 events in 412.5.
--   formula      "EVENTS ~ group", or "EVENTS ~ 1" for one: events of each
--                subject, a count or a condition
--   time         the column of person-time;  per  100: rates per 100
--   null         a rate (per `per`) to test against, by the exact test
--   alternative  "two-sided" (default), "less", "greater";  conf_level  0.95
-- The interval is Garwood's; it takes events for those of a Poisson process.
--
--   > rate({ 7, 412.5 }, { per = 100 })
--   7 in 412.5 (1.70 per 100), 95 % CI 0.682 to 3.50 (exact)
--   > rate("CNSR == 0 ~ TRT01P", demo.adtte, { time = "AVAL", per = 100 })
--   CNSR == 0 by TRT01P: rates per 100
--      TRT01P     events  time  n   rate  conf_low  conf_high
--   1  Placebo         7   340  8  2.060     0.828       4.24
--   2  CYT107 LF       5   455  8  1.100     0.357       2.56
--   3  CYT107 HF       3   524  8  0.573     0.118       1.67
--   95 % CI: exact
--   SIMULATED DATA
--
-- See also: rateratio, proportion. Garwood 1936. R: poisson.test.
function M.rate(x, data, opt)
  local rows, given = tabulate.arguments("rate", x, data, opt)
  local o = options("rate", given, M.specs.rate)
  local set
  if type(x) == "string" then
    set = groups_of(x, rows, o)
  else
    if not is_plain(x) or #x ~= 2 or is_plain(x[1]) then
      fail("type", 'rate: a formula, "y ~ group", or { events, time } comes '
        .. "first")
    end
    refuse("rate", o, "time")
    local events, time = pair_of("rate", x)
    set = { groups = { { events = events, time = time } }, n_missing = 0 }
  end
  if set.group then return several(set, o) end
  if set.groups[1].time == 0 then
    fail("degenerate", ("rate: %s is 0 for all"):format(o.time))
  end
  return one(set, o)
end

return M
