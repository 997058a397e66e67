-- Comparisons of a model's means (or slopes): "A vs B", pooled arms, weights
-- by name, all pairs; one of them is a result, several are a frame.

local NA = require "ts.na".NA
local errors = require "ts.error"
local text = require "ts.text"
local adjust = require "trialsh.model.adjust"
local compare = require "trialsh.compare"
local comparisons = require "trialsh.model.comparisons"
local estimates = require "trialsh.model.estimates"
local format = require "trialsh.format"
local grid = require "trialsh.model.grid"
local means = require "trialsh.model.means"
local options = require "trialsh.options"
local permute = require "trialsh.model.permute"
local reader = require "trialsh.model.read"
local result = require "trialsh.result"

local fail = errors.fail

local M = {}

local spec = {
  factor = { "string" }, by = { "any" }, at = { "any" },
  weights = { "any", "equal" }, pool = { { "equal", "n" }, "equal" },
  slope = { "string" }, ratio = { "boolean" },
  reference = { "string" },
  conf_level = { "number", nil, above = 0, below = 1 },
  alternative = { { "two-sided", "less", "greater" }, "two-sided" },
  mu = { "number" }, adjust = { adjust.kinds, "none" },
  joint = { "boolean", false },
  permutations = { "any" }, seed = { "integer", nil,
    least = 0 }, strata = { "string" },
}

-- Rows -----------------------------------------------------------------------

-- Adds factor times a side's mean to sum: members alike, or by their n.
local function add_side(sum, s, factor, cells, pool)
  local total, n = 0, 0
  for _, i in ipairs(s.members) do
    n = n + cells[i].n
    total = total + (pool == "n" and cells[i].n or 1)
  end
  for _, i in ipairs(s.members) do
    local share = (pool == "n" and cells[i].n or 1) / total
    if not cells[i].row or total == 0 then return nil, n end
    for j, value in ipairs(cells[i].row) do
      sum[j] = (sum[j] or 0) + factor * share * value
    end
  end
  return sum, n
end

local function side_estimate(state, s, cells, opt)
  local row = add_side({}, s, 1, cells, opt.pool)
  return means.estimate(state, row, opt, opt.slope and 0 or 1).estimate
end

-- The fields of one comparison within the cells of one group.
local function compute(state, c, cells, opt)
  local sum, n_1, n_2, share = {}, NA, NA, 0
  if c.parts then
    for _, s in ipairs(c.parts) do
      sum = sum and add_side(sum, s, s.weight, cells, opt.pool)
      share = share + s.weight
    end
  else
    sum, n_1 = add_side(sum, c.a, 1, cells, opt.pool)
    local both
    both, n_2 = add_side(sum or {}, c.b, -1, cells, opt.pool)
    sum = sum and both
  end
  if opt.slope or math.abs(share) < 1e-12 then share = 0 end
  local fields = means.estimate(state, sum, opt, share)
  fields.row, fields.compare, fields.n_1, fields.n_2 = sum, c.name, n_1, n_2
  if not c.parts then
    fields.estimate_1 = side_estimate(state, c.a, cells, opt)
    fields.estimate_2 = side_estimate(state, c.b, cells, opt)
  end
  return fields
end

-- The groups of cells that share all but the level of the category.
local function grouped(cells, x)
  local list, at = {}, {}
  for _, c in ipairs(cells) do
    local names, key = {}, {}
    for name in pairs(c.values) do
      if name ~= x.name then names[#names + 1] = name end
    end
    table.sort(names)
    for _, name in ipairs(names) do
      key[#key + 1] = ("%s=%s"):format(name, tostring(c.values[name]))
    end
    key = table.concat(key, "\n")
    if not at[key] then
      at[key] = { cells = {}, values = {} }
      list[#list + 1] = at[key]
      for name, value in pairs(c.values) do
        if name ~= x.name then at[key].values[name] = value end
      end
    end
    at[key].cells[c.codes[x.place]] = c
  end
  return list
end

local function estimate_name(state, opt)
  if opt.slope then return "difference in slopes of " .. opt.slope end
  if state.ratio_name then
    return (opt.ratio and "" or "log ") .. state.ratio_name
  end
  return opt.ratio and reader.of_what(state.response,
    "ratio of geometric means")
    or "difference in least-squares means"
end

-- Output ---------------------------------------------------------------------

local function pooled_words(list, opt)
  for _, c in ipairs(list) do
    for _, s in ipairs(c.parts or { c.a, c.b }) do
      if #s.members > 1 then
        return ("%s: %s"):format(s.name, opt.pool == "n"
          and "by numbers of rows" or "equal average")
      end
    end
  end
end

-- What stands below a single comparison.
local function permuted_lines(fields, opt, words)
  local lines = {}
  if opt.permuted then
    lines[1] = ("by permutation %s"):format(format.p_equals(fields.p_permuted))
    lines[2] = text.escape(opt.permuted)
  end
  if words ~= "" then lines[#lines + 1] = text.escape(words) end
  return lines
end

local function single(state, c, fields, opt, words, given_mu)
  local notes = {}
  if not fields.estimable then
    notes[#notes + 1] = "not estimable: the data have nothing there"
  elseif state.df == NA or fields.std_error == 0 then
    notes[#notes + 1] = state.note ~= NA and state.note or nil
  end
  fields.method = state.method
  fields.estimate_name = estimate_name(state, opt)
  fields.conf_level, fields.alternative = opt.conf_level, opt.alternative
  fields.n, fields.n_missing = state.info.n, state.info.n_missing
  fields.simulated, fields.row, fields.estimable = state.simulated, nil, nil
  fields.ratio = nil
  if fields.df == math.huge and state.statistic then fields.df = NA end
  fields.note = #notes > 0 and table.concat(notes, "; ") or NA
  local two = not c.parts
  if not two then
    fields.estimate_name = c.name
    fields.compare = NA
  end
  local digits = opt.ratio and fields.estimate_1 and fields.estimate_1 ~= NA
    and math.max(0, format.decimals(math.max(fields.estimate_1,
      fields.estimate_2)))
  return result.comparison(fields, { variable = state.response,
    estimate_digits = digits or nil,
    a = two and c.a.name, b = two and c.b.name,
    statistic = (state.statistic or "t") .. (given_mu
      and (" (mu = %s)"):format(text.number(given_mu)) or ""),
    estimates = opt.slope and "slopes" or opt.ratio and
      reader.of_what(state.response, "geometric means")
      or "least-squares means", after = permuted_lines(fields, opt, words),
    reasons = state.reasons })
end

local function same(rows, name)
  for _, row in ipairs(rows) do
    if row[name] ~= rows[1][name] then return false end
  end
  return true
end

local columns = { "compare", "estimate", "std_error", "df", "statistic",
  "p_value", "p_adjusted", "p_permuted", "conf_low", "conf_high", "n_1",
  "n_2" }

local function several(state, rows, about, opt, words)
  local names, levels = means.labels(state, about)
  local shown = { table.unpack(names) }
  local adjusted = opt.adjust ~= "none"
  for _, name in ipairs(columns) do
    if (name ~= "p_adjusted" or adjusted)
      and (name ~= "p_permuted" or opt.permuted)
      and (name ~= "df" or not state.statistic) then
      names[#names + 1] = name
    end
  end
  if #about.names == 0 or not same(rows, "compare") then
    shown[#shown + 1] = "compare"
  end
  for _, name in ipairs { "estimate", "interval", "statistic", "df",
    adjusted and "p_adjusted" or "p_value" } do
    if name ~= "df" or not state.statistic then shown[#shown + 1] = name end
  end
  if opt.permuted then shown[#shown + 1] = "p_permuted" end
  local lines = { (shown[#about.names + 1] == "compare" and ""
    or rows[1].compare .. ": ") .. estimate_name(state, opt)
    .. (words ~= "" and "; " .. words or "") }
  if opt.alternative ~= "two-sided" then
    lines[1] = ("%s; one-sided (%s)"):format(lines[1], opt.alternative)
  end
  if adjusted then
    lines[2] = adjust.words(rows, opt, about.names)
  end
  lines[#lines + 1] = opt.permuted
  return estimates.shown(rows, names, { levels = levels, print = shown,
    heads = { estimate = opt.ratio and "ratio" or opt.slope and "slope"
      or "difference", interval = format.level(opt.conf_level) .. " CI",
      statistic = state.statistic or "t", p_value = "P",
      p_adjusted = "P adjusted",
      p_permuted = "P permuted" },
    lines = lines, simulated = state.simulated })
end

-- Whether the arms are equal there by the model itself.
local function is_equal(state, x, group)
  local c = state.clda
  return c and x.name == c.arm and group.values[c.visit] == c.level
end

-- One test of all comparisons: in each group and, of several, in all of them.
local function joint(state, families, about, words)
  local names, levels = means.labels(state, about)
  local rows, all = {}, {}
  local function add(list, values)
    local l = {}
    for _, fields in ipairs(list) do
      if fields.estimable then l[#l + 1] = fields.row end
    end
    local row = #l > 0 and state.core:hypothesis(l) or { df = 0,
      statistic = NA, p_value = NA }
    row.df_2 = row.df_2 or state.df
    for _, name in ipairs(names) do row[name] = values(name) end
    rows[#rows + 1] = row
  end
  for _, family in ipairs(families) do
    add(family, function(name) return family[1][name] end)
    table.move(family, 1, #family, #all + 1, all)
  end
  if #families > 1 then
    add(all, function(name) return levels[name] and "all" or NA end)
    for name, list in pairs(levels) do
      levels[name] = table.move(list, 1, #list, 1, {})
      table.insert(levels[name], "all")
    end
  end
  for _, name in ipairs { "df", "df_2", "statistic", "p_value" } do
    if name ~= "df_2" or not state.statistic then names[#names + 1] = name end
  end
  return estimates.shown(rows, names, { levels = levels,
    heads = { statistic = state.statistic and "chi-square" or "F",
      p_value = "P" },
    lines = { "test that all differences are 0" .. (words ~= "" and "; "
      .. words or "") }, simulated = state.simulated })
end

-- Adjusts each family; ratios where asked for. All rows, one after another.
local function finish(state, families, list, x, opt)
  local rows = {}
  for _, family in ipairs(families) do
    adjust.apply(state, family, list, x, opt)
    for _, fields in ipairs(family) do
      if opt.ratio then means.to_ratio(state, fields) end
      rows[#rows + 1] = fields
    end
  end
  return rows
end

-- { "trend", A = -1, B = 1 } is one contrast of weights, in single braces too.
local function gather_weights(entries, opt)
  local name = entries[1]
  if #entries ~= 1 or type(name) ~= "string" or name == "pairwise"
    or name == "reference" or compare.split(name) then return end
  for key, value in pairs(opt) do
    if not spec[key] and type(value) == "number" then
      if type(entries[1]) == "string" then entries[1] = { name } end
      entries[1][key], opt[key] = value, nil
    end
  end
end

-- permutations is a number or "all"; what else needs them, or has none.
local function check_permutations(state, opt)
  local n = opt.permutations
  if n == nil then
    for _, name in ipairs { "seed", "strata" } do
      if opt[name] ~= nil then
        fail("invalid", ("%s: %s is for permutations: permutations = 1999")
          :format(state.who, name))
      end
    end
    if permute.is_joint(opt) then
      fail("invalid", ('%s: adjust = "%s" is by permutations: permutations = '
        .. "1999 says how many"):format(state.who, opt.adjust))
    end
  elseif n ~= "all" then
    opt.permutations = options(state.who, { permutations = n }, {
      permutations = type(n) == "string" and { { "all" } }
        or { "integer", nil, above = 0 } }).permutations
  end
  if opt.joint and (n ~= nil or opt.adjust ~= "none") then
    fail("invalid", ("%s: joint is one test: it takes no %s"):format(state.who,
      n ~= nil and "permutations" or "adjust"))
  end
end

-- Entries and options from what is given: text, or a table of both.
local function arguments(state, given, more)
  local entries, opt = {}, {}
  if type(given) == "string" then given = { given } end
  if given ~= nil and type(given) ~= "table" then
    fail("type", ('%s: takes "A vs B", or a table of comparisons and '
      .. "options, not a %s"):format(state.who, type(given)))
  end
  for key, value in pairs(given or {}) do
    if math.type(key) == "integer" then entries[key] = value
    else opt[key] = value end
  end
  for key, value in pairs(more or {}) do opt[key] = value end
  gather_weights(entries, opt)
  if opt.weights == "n" then opt.weights, opt.pool = nil, "n" end
  opt = options(state.who, opt, spec)
  if opt.ratio == nil then
    opt.ratio = state.ratio_name ~= nil and not opt.slope
  end
  check_permutations(state, opt)
  return entries, opt
end

-- Whether differences between levels of x depend on where other variables stand:
-- of means that is said in any case, of ratios only then.
local function depends(state, x)
  for _, term in ipairs(state.ratio_name and state.fit.terms or {}) do
    for _, place in ipairs(#term.variables > 1 and term.variables or {}) do
      if place == x.place then return true end
    end
  end
  return not state.ratio_name
end

-- The comparisons in each group of cells: families, comparisons, the category,
-- the groups' names in about, and where the means are, in words.
local function families_of(state, entries, opt)
  local list, x = comparisons.read(state, entries, opt)
  local cells, about
  if opt.slope then
    local by = means.spec_of(state, opt).by or nil
    by = type(by) == "table" and { table.unpack(by) } or { by }
    by[#by + 1] = x.name
    cells, about = means.slopes(state, opt.slope, { by = by, at = opt.at,
      weights = opt.weights })
  else
    cells, about = grid.cells(state, means.spec_of(state, opt, x.name))
    if #list == 1 then means.say_offset(state, about) end
  end
  local words = depends(state, x) and means.words(about) or ""
  local pooled = pooled_words(list, opt)
  words = pooled and (words ~= "" and words .. "; " or "") .. pooled or words
  local kept = {}
  for _, name in ipairs(about.names) do
    if name ~= x.name then kept[#kept + 1] = name end
  end
  about.names = kept
  local families = {}
  for _, group in ipairs(grouped(cells, x)) do
    local family = {}
    for i, c in ipairs(list) do
      family[i] = compute(state, c, group.cells, opt)
      for name, value in pairs(group.values) do family[i][name] = value end
    end
    if not is_equal(state, x, group) then families[#families + 1] = family end
  end
  return families, list, x, about, words
end

--- contrast.rows(state, { comparison, option = }) -> the rows of the design, each
-- a list of numbers, whose products with the coefficients the comparisons are;
-- false where the data do not determine one.
function M.rows(state, given)
  local entries, opt = arguments(state, given)
  opt.conf_level = opt.conf_level or state.conf_level
  local rows = {}
  for _, family in ipairs((families_of(state, entries, opt))) do
    for _, fields in ipairs(family) do
      rows[#rows + 1] = fields.estimable and fields.row or false
    end
  end
  return rows
end

--- model:contrast(comparisons [, opt]) -> result or frame
-- Differences of least-squares means, A minus B, or their ratios. One
-- comparison gives a result, several (or by) a frame.
--   "A vs B"     levels, or pooled arms of the trial, which are the equal average
--                of their arms (pool = "n": by numbers)
--   { "trend", A = -1, B = 0, C = 1 }  weights by level; beside others in
--                braces of its own
--   "reference"  each against the reference (the default);  "pairwise"
--   ratio        true: ratios of geometric means, of a logarithm; std_error
--                stays that of the logarithm
--   factor       the category, where names do not tell; reference  a level
--   slope        "AGE": slopes are compared instead of means
--   alternative  "two-sided", "less", "greater";  mu  0 (1 for a ratio)
--   adjust       for several comparisons: "Dunnett" (with one control) and "mvt"
--                (any) by their joint distribution, exact by quadrature without
--                covariates and for three comparisons; "Tukey" (all pairs),
--                "Scheffe" (all contrasts there could be), "Bonferroni",
--                "Sidak": p_adjusted and simultaneous intervals;
--                "Holm", "Hochberg", "Hommel", "BH" ...: p_adjusted alone, as in
--                padjust; "max-T" (step-down: Westfall and Young 1993) and
--                "max-T single-step" over all rows, of visits too, by the largest
--                t of permutations
--   joint        true: one F test that all are 0 (in each group, and in all)
--   permutations 1999, say: p_permuted beside P, from the t of as many
--                permutations of the levels compared among subjects (of lm:
--                rows), within strata = "SITE"; seed: else the trial's; "all":
--                each assignment once, if there are 100,000 at most
--   by, at, weights, conf_level  as in model:means; of mmrm by is the visit
-- Where comparisons have degrees of freedom of their own (mmrm), what is joint
-- takes the fewest of them. Options may stand in the table of comparisons.
--
--   > d29 = demo.adlb:where { PARAMCD = "ALC", AVISIT = "Day 29" }
--   > m = lm("log(AVAL) ~ log(BASE) + TRT01P", d29)
--   > m:contrast { "CYT107 HF vs Placebo", ratio = true }
--   Linear model, two-sided: log(AVAL), CYT107 HF (n = 7) vs Placebo (n = 5)
--   geometric means 2162 and 1162
--   ratio of geometric means 1.86, 95 % CI 1.36 to 2.55; t = 4.21, df = 14
--   P = 0.00087
--   at log(BASE) = its mean
--   SIMULATED DATA
--   > m:contrast { "any dose", ["CYT107 LF"] = 0.5, ["CYT107 HF"] = 0.5,
--   >   Placebo = -1, ratio = true }.estimate
--   1.7220324893454069
--   > m:contrast { "pairwise", ratio = true }
--      compare                 ratio  95 % CI            t  df        P
--   1  CYT107 LF vs Placebo    1.594  1.129 to 2.250  2.90  14    0.012
--   2  CYT107 HF vs Placebo    1.860  1.356 to 2.551  4.21  14  0.00087
--   3  CYT107 HF vs CYT107 LF  1.167  0.855 to 1.592  1.07  14    0.304
--   ratio of geometric means; at log(BASE) = its mean
--   SIMULATED DATA
--
-- See also: model:means, model:slope. R: emmeans::contrast. SAS: ESTIMATE.
function M.contrast(state, given, more)
  local entries, opt = arguments(state, given, more)
  means.check_ratio(state, opt.ratio)
  if opt.ratio and opt.slope then
    fail("invalid", ("%s: slopes have no ratio"):format(state.who))
  end
  opt.conf_level = opt.conf_level or state.conf_level
  local given_mu = opt.mu
  if opt.ratio and opt.mu then
    if not (opt.mu > 0) then
      fail("invalid", ("%s: mu is a ratio, above 0"):format(state.who))
    end
    opt.mu = math.log(opt.mu) / math.log(state.base)
  end
  local families, list, x, about, words = families_of(state, entries, opt)
  local kept = about.names
  if opt.joint then return joint(state, families, about, words) end
  if opt.permutations then
    opt.permuted = permute.apply(state, families, list, x, opt)
  end
  local rows = finish(state, families, list, x, opt)
  if #list == 1 and #rows == 1 then
    if state.events and #kept == 0 and not list[1].parts then
      rows[1].events_1 = state.events(x, list[1].a.members)
      rows[1].events_2 = state.events(x, list[1].b.members)
    end
    for i, name in ipairs(kept) do
      kept[i] = ("%s = %s"):format(name, tostring(rows[1][name]))
    end
    if #kept > 0 then
      words = table.concat(kept, ", ") .. (words ~= "" and "; " .. words or "")
    end
    return single(state, list[1], rows[1], opt, words, given_mu)
  end
  return several(state, rows, about, opt, words)
end

return M
