-- Ratio of two rates with variances between subjects; the numbers are C's (ts.rate).

local NA = require "ts.na".NA
local core = require "ts.rate"
local number = require "ts.text".number
local fail = require "ts.error".fail
local format = require "trialsh.format"
local result = require "trialsh.result"
local two = require "trialsh.two_proportions"

-- set, o: what rateratio() has read; tools: its fields, show and one_sided.
return function(set, o, tools)
  local function refuse_it(what)
    fail("invalid", ("rateratio: variance = \"robust\" %s"):format(what))
  end
  if not set.model then refuse_it "is for a formula, whose rows are subjects" end
  if set.stratum or o.mid_p or o.two_sided ~= "central"
    or o.effect ~= "ratio" then
    refuse_it(("has no %s"):format(set.stratum and "strata" or o.mid_p and "mid_p"
      or o.effect ~= "ratio" and "difference" or "two_sided"))
  end
  local null = o.null or 1
  if not (null > 0) then
    fail("invalid", ("rateratio: null = %s is no ratio above 0"):format(
      number(null)))
  end
  local t = core.robust(set.model, set.sides, { null = null,
    alternative = o.alternative, conf_level = o.conf_level })
  local few = set.n_1 < 2 and set.a or set.n_2 < 2 and set.b
  local none = set.sum[1] == 0 and set.a or set.sum[3] == 0 and set.b
  local fields = tools.fields(set, o, { method = "Rate ratio, robust variance",
    estimate_name = "rate ratio", estimate = t.estimate,
    std_error = t.std_error, statistic = t.statistic, df = t.df,
    p_value = t.p_value, conf_low = t.conf_low, conf_high = t.conf_high,
    dispersion = t.dispersion, null = null,
    note = result.note(none and ("no events in %s: there is no variance, the "
        .. "exact test needs none"):format(none) or nil,
      not none and few and ("%s has one subject: there is no variance"):format(
        few) or nil,
      not none and not few and t.std_error == NA and "the subjects of each group "
        .. "have the same rate: there is no variance" or nil) })
  return tools.show(set, o, fields, function(f)
    local lines = { ("rate ratio %s"):format(f.estimate ~= NA
      and two.ratio_text(f.estimate) or "NA") }
    if f.std_error == NA then return lines end
    lines[1] = ("%s, %s CI %s (robust)"):format(lines[1],
      format.level(f.conf_level), two.ratio_interval(f.conf_low, f.conf_high))
    lines[2] = ("t = %s, df = %s, %s%s"):format(format.fixed(f.statistic, 2),
      format.fixed(f.df, 1), tools.one_sided(o), format.p_equals(f.p_value))
    lines[3] = ("dispersion %s (1: Poisson)"):format(format.fixed(f.dispersion,
      2))
    return lines
  end)
end
