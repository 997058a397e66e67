-- Standardised differences of two groups: how far they are apart in units of a
-- standard deviation, of numbers, of events and of categories.

local NA = require "ts.na".NA
local core = require "ts.standardised"
local data_of = require "trialsh.data"
local fail = require "ts.error".fail
local format = require "trialsh.format"
local formulas = require "ts.formula"
local options = require "trialsh.options"
local result = require "trialsh.result"
local sample = require "trialsh.sample"
local tabulate = require "trialsh.tabulate"
local text = require "ts.text"

local M = {}

local spec = {
  compare = { "string" }, reference = { "string" },
  sd = { { "average", "pooled" }, "average" },
  hedges = { "boolean", false }, event = { "any" },
  conf_level = { "number", 0.95, above = 0, below = 1 },
}
M.specs = { smd = spec } -- also for endpoints

local function method_of(o)
  if o.sd == "pooled" then
    return o.hedges and "Hedges's g, pooled SD" or "Cohen's d, pooled SD"
  end
  return o.hedges and "Hedges's g, average SD"
    or "Standardised mean difference, average SD"
end

local function print_smd(m, set)
  local who = set.variable and text.escape(set.variable) .. ", " or ""
  local lines = { ("%s: %s%s (n = %d) vs %s (n = %d)"):format(m.method, who,
    text.escape(set.a), m.n_1, text.escape(set.b), m.n_2) }
  local pieces = { set.values and set.values(m) }
  pieces[#pieces + 1] = ("standardised difference %s"):format(
    format.cell(m.estimate, 3))
  if m:get "conf_low" ~= NA then
    pieces[#pieces] = ("%s, %s CI %s"):format(pieces[#pieces],
      format.level(m.conf_level), format.interval(m.conf_low, m.conf_high, 3))
  end
  lines[2] = result.lines(pieces)
  if m.note ~= NA then lines[#lines + 1] = text.escape(m.note) end
  lines[#lines + 1] = result.left_out(m.n_missing, set.reasons, set.unit)
  return table.concat(lines, "\n")
end

local order = { "method", "estimate_name", "estimate", "conf_low", "conf_high",
  "conf_level", "compare", "n", "n_1", "n_2", "estimate_1", "estimate_2",
  "n_missing", "note" }

-- set: a, b, variable, group, n_missing, reasons, simulated; values(m): what
-- the groups have, in words.
local function smd_result(set, o, fields)
  fields.estimate_name = "standardised difference"
  fields.compare = set.a .. " vs " .. set.b
  fields.n, fields.n_missing = fields.n_1 + fields.n_2, set.n_missing
  fields.conf_level, fields.variable = o.conf_level, set.variable or NA
  fields.group, fields.simulated = set.group or NA, set.simulated
  for _, name in ipairs(order) do
    if fields[name] == nil then fields[name] = NA end
  end
  return result.model { name = "smd", fields = fields, order = order,
    tidy = function()
      return result.frame({ "term", "estimate", "conf_low", "conf_high" },
        { { fields.compare }, { fields.estimate }, { fields.conf_low },
          { fields.conf_high } })
    end,
    print = function(m) return print_smd(m, set) end,
    hint = function(key)
      return key == "p_value" and "smd has no P-value: groups that were "
        .. "randomised differ by chance; ttest and fisher test others" or nil
    end }
end

-- Numbers ---------------------------------------------------------------------

local function note_of(d, set, o)
  if d.estimate ~= NA then return NA end
  if o.sd == "average" and (#set.x == 1 or #set.y == 1)
    or #set.x + #set.y < 3 then
    return ("%s has one value: it has no standard deviation"):format(
      #set.x == 1 and set.a or set.b)
  elseif o.hedges and #set.x + #set.y < 4 then
    return "Hedges's factor needs two degrees of freedom"
  end
  return "there is no variation to measure the difference by"
end

local function of_numbers(set, o)
  for _, side in ipairs { { set.x, set.a }, { set.y, set.b } } do
    if #side[1] == 0 then
      fail("degenerate", ("smd: %s has no values%s"):format(side[2],
        set.n_missing > 0 and (" (%d missing)"):format(set.n_missing) or ""))
    end
  end
  local d = core.smd(set.x, set.y, { pooled = o.sd == "pooled",
    hedges = o.hedges, conf_level = o.conf_level })
  set.values = function()
    local size = d.sd ~= NA and d.sd or math.max(math.abs(d.estimate_1),
      math.abs(d.estimate_2))
    local digits = format.decimals(size)
    return ("means %s and %s, SD %s and %s"):format(
      format.cell(d.estimate_1, digits), format.cell(d.estimate_2, digits),
      format.cell(d.sd_1, digits), format.cell(d.sd_2, digits))
  end
  return smd_result(set, o, { method = method_of(o), estimate = d.estimate,
    conf_low = d.conf_low, conf_high = d.conf_high, df = d.df, sd = d.sd,
    estimate_1 = d.estimate_1, estimate_2 = d.estimate_2, sd_1 = d.sd_1,
    sd_2 = d.sd_2, n_1 = #set.x, n_2 = #set.y, note = note_of(d, set, o) })
end

-- Events and categories -------------------------------------------------------

-- Squares of differences over those of what both have: for two values (p - q)^2
-- over the mean of p (1 - p) and q (1 - q), for more the distance of Mahalanobis
-- (Yang and Dalton 2012), whose matrix need not be inverted: with the means m of
-- the shares it is a multinomial one less a product of the differences. NA where
-- the groups have no value in common.
local function distance(p, q)
  local apart, common = 0, 0
  for i = 1, #p do
    if p[i] + q[i] > 0 then
      apart = apart + (p[i] - q[i]) ^ 2 / (p[i] + q[i])
      common = common + p[i] * q[i] / (p[i] + q[i])
    end
  end
  if apart == 0 then return 0 end
  return common > 0 and math.sqrt(apart / common) or NA
end

local function shares_of(counts)
  local n, shares = 0, {}
  for _, c in ipairs(counts) do n = n + c end
  for i, c in ipairs(counts) do shares[i] = c / n end
  return shares, n
end

local function of_counts(set, o, a, b, method)
  local p, n_1 = shares_of(a)
  local q, n_2 = shares_of(b)
  if n_1 == 0 or n_2 == 0 then
    fail("degenerate", ("smd: %s has no values"):format(n_1 == 0 and set.a
      or set.b))
  end
  local estimate = distance(p, q)
  local two = set.event ~= nil
  if two and estimate ~= NA and p[1] < q[1] then estimate = -estimate end
  if two then
    set.values = function()
      local share = require "trialsh.two_proportions".share
      return ("%s and %s"):format(share(a[1], n_1), share(b[1], n_2))
    end
  end
  return smd_result(set, o, { method = method, estimate = estimate, n_1 = n_1,
    n_2 = n_2, estimate_1 = two and p[1] or NA, estimate_2 = two and q[1] or NA,
    note = estimate == NA and "the groups have no value in common: there is no "
      .. "variation to measure the difference by" or NA })
end

local function of_events(source, data, o)
  local set = tabulate.two("smd", source, data, { compare = o.compare,
    reference = o.reference, event = o.event, lenient = true },
    "{ events, n }")
  local t = set.sum
  if set.event ~= "1" then set.variable = set.variable .. " = " .. set.event end
  return of_counts(set, o, { t[1], t[2] - t[1] }, { t[3], t[4] - t[3] },
    "Standardised difference of proportions")
end

local function of_categories(source, data, o, model, info)
  local set = sample.choose("smd", info, data, o)
  local grid = tabulate.table("smd", source, data, { compare = set.a .. " vs "
    .. set.b })
  local k, a, b = #grid.columns, {}, {}
  for j = 1, k do a[j], b[j] = grid.counts[j], grid.counts[k + j] end
  return of_counts(set, o, a, b, ("Standardised difference of %d categories")
    :format(k))
end

-- Whether the numbers of a column are events: 0 and 1 alone.
local function are_events(model)
  for _, column in ipairs(model:samples()) do
    for i = 1, #column do
      if column[i] ~= 0 and column[i] ~= 1 then return false end
    end
  end
  return true
end

local function of_formula(source, data, o)
  local parsed = formulas.parse(source)
  if not parsed.response then
    fail("invalid", ('smd: "%s" has no response; write "y %s"'):format(source,
      source))
  end
  local frame = data_of.frame(data, parsed.variables, "smd")
  local model = formulas.model(source, frame, { groups = true })
  local info = model:info()
  if #info.x ~= 1 or info.survival or info.stratum then
    fail("invalid", 'smd compares two groups by one variable, "y ~ group"')
  end
  local y = info.response[1]
  if y.type == "text" and y.n_level > 2 and o.event == nil then
    return of_categories(source, data, o, model, info)
  elseif y.type == "text" or are_events(model) then
    return of_events(source, data, o)
  end
  return of_numbers(sample.sides("smd", model, info, data, o), o)
end

--- smd.of_values(a, b): that of two lists of numbers, NA where there is none.
function M.of_values(a, b)
  local f = require "ts.frame"
  if #a == 0 or #b == 0 then return NA end
  return core.smd(f.build({ "a" }, { a }):column "a",
    f.build({ "b" }, { b }):column "b", {}).estimate
end

--- smd.of_shares(p, q): that of two lists of shares of the same categories.
M.of_shares = distance

--- smd(formula, data [, opt]) -> result
-- Standardised difference of two groups, as tables of baseline have it in place
-- of a P-value: of numbers the difference of the means by a standard deviation,
-- of events and of text with two values that of the proportions, of more
-- categories their distance, without a sign. Arrays do as well: smd(a, b).
--   formula      "y ~ group"
--   compare      "A vs B": A minus B; with two groups the default is against the
--                trial's reference, else the first level
--   sd           "average" (default): the root of the mean of both variances;
--                "pooled": Cohen's d
--   hedges       true: times Hedges's exact factor, for small groups
--   event        the value of y that is an event, where that is not 1 or Y
--   conf_level   0.95: of numbers, by the non-central t, exact if pooled
-- Numbers that are 0 and 1 alone are events. There is no P: a difference of groups
-- that were randomised is by chance.
--
--   > smd("AGE ~ SEX", demo.adsl)
--   Standardised mean difference, average SD: AGE, M (n = 12) vs F (n = 12)
--   means 66.83 and 67.83, SD 6.53 and 8.94
--   standardised difference -0.128, 95 % CI -0.927 to 0.675
--   SIMULATED DATA
--   > smd("DTHFL ~ TRT01P", demo.adsl, { compare = "CYT107 HF vs Placebo" })
--   Standardised difference of proportions: DTHFL = Y, CYT107 HF (n = 8) vs Placebo (n = 8)
--   3 of 8 (38 %) and 7 of 8 (88 %); standardised difference -1.206
--   SIMULATED DATA
--   > smd({0.7, -1.6, -0.2, 3.4}, {1.9, 0.8, 1.1, 4.4}, { sd = "pooled", hedges = true }).estimate
--   -0.6794054823413331
--
-- See also: describe, ttest. Austin 2009, Yang and Dalton 2012, Hedges 1981.
-- R: tableone::ExtractSmd, effectsize::cohens_d.
function M.smd(x, y, opt)
  local kind, given = sample.arguments("smd", x, y, opt)
  local o = options("smd", given, spec)
  if kind == "formula" then return of_formula(x, y, o) end
  for _, key in ipairs { "compare", "event" } do
    if o[key] ~= nil then
      fail("invalid", ("smd: %s is for a formula; arrays are a vs b"):format(
        key))
    end
  end
  if kind == "one" then
    fail("invalid", 'smd compares two groups: smd(a, b) or smd("y ~ group", '
      .. "data)")
  end
  return of_numbers(sample.two("smd", x, y), o)
end

return M
