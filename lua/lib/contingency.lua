-- Tables of counts: chi-square, Fisher's test of larger tables, pairs, strata.
-- The numbers are C's (ts.counts).

local NA = require "ts.na".NA
local core = require "ts.counts"
local text = require "ts.text"
local number = text.number
local fail = require "ts.error".fail
local format = require "trialsh.format"
local options = require "trialsh.options"
local result = require "trialsh.result"
local tabulate = require "trialsh.tabulate"
local two = require "trialsh.two_proportions"

local M = { specs = {} } -- specs: options by function, also for endpoints

local ratio_text = two.ratio_text

-- Rows by columns -------------------------------------------------------------

local function total(list)
  local sum = 0
  for _, x in ipairs(list) do sum = sum + x end
  return sum
end

-- "RACE by TRT01P", or "3 x 4 table".
local function head_of(grid)
  if not grid.variable then
    return ("%d x %d table"):format(#grid.rows, #grid.columns)
  end
  return ("%s by %s"):format(text.escape(grid.variable),
    text.escape(grid.group))
end

-- The counts as the prompt shows them.
local function table_text(grid)
  local columns = { { name = grid.group or "row", type = "text",
    values = grid.rows } }
  for j, name in ipairs(grid.columns) do
    local values = {}
    for i in ipairs(grid.rows) do
      values[i] = grid.counts[(i - 1) * #grid.columns + j]
    end
    columns[#columns + 1] = { name = name, type = "real", values = values }
  end
  return (require "trialsh.show".table(columns, #grid.rows, {}))
end

-- A row per cell; more: named lists in the order of the cells.
local function cells_frame(grid, more)
  local names = { grid.group or "row", grid.variable or "column", "n" }
  local arrays = { {}, {}, {} }
  for i, row in ipairs(grid.rows) do
    for j, column in ipairs(grid.columns) do
      local at = (i - 1) * #grid.columns + j
      arrays[1][at], arrays[2][at] = row, column
      arrays[3][at] = grid.counts[at]
    end
  end
  for _, pair in ipairs(more or {}) do
    names[#names + 1], arrays[#arrays + 1] = pair[1], pair[2]
  end
  return result.frame(names, arrays, { [names[1]] = grid.rows,
    [names[2]] = grid.columns })
end

local function table_result(who, grid, fields, pieces, more)
  fields.n, fields.n_missing = total(grid.counts), grid.n_missing
  fields.variable, fields.group = grid.variable or NA, grid.group or NA
  fields.simulated = grid.simulated
  return result.model { name = who, fields = fields,
    order = { "method", "statistic", "df", "p_value", "n", "n_missing",
      "note" },
    tidy = function() return cells_frame(grid, more) end,
    print = function(m)
      local lines = { ("%s: %s, n = %s"):format(m.method, head_of(grid),
        number(m.n)), table_text(grid), table.concat(pieces(m), "; ") }
      if m.note ~= NA then lines[#lines + 1] = text.escape(m.note) end
      lines[#lines + 1] = result.left_out(m.n_missing, grid.reasons)
      return table.concat(lines, "\n")
    end }
end

local function one_table(who, grid)
  if grid.stratum then
    fail("invalid", ("%s takes one table; cmh takes strata"):format(who))
  end
end

-- Rows and columns without counts, which df does not know.
local function empty_note(grid, t)
  local list = {}
  if t.n_row < #grid.rows then
    list[1] = ("%d empty row%s"):format(#grid.rows - t.n_row,
      #grid.rows - t.n_row == 1 and "" or "s")
  end
  if t.n_column < #grid.columns then
    list[#list + 1] = ("%d empty column%s"):format(#grid.columns - t.n_column,
      #grid.columns - t.n_column == 1 and "" or "s")
  end
  if #list > 0 then return table.concat(list, " and ") .. " passed over" end
end

M.specs.chisq = { compare = { "string" }, reference = { "string" },
  correction = { { "none", "Yates", "N-1" }, "none" } }

--- chisq(formula, data [, opt]) -> result
-- Pearson's chi-square test of a table. Counts do as well, as rows:
-- chisq { { 12, 5, 3 }, { 9, 9, 2 } }.
--   formula     "y ~ group"
--   compare     "A vs B": these rows alone;  reference  as for riskdiff
--   correction  "none" (default; SAS), "Yates" (2 x 2; R's default), "N-1"
-- r:tidy() has a row per cell: n, expected, residual (Pearson's) and adjusted,
-- which is about normal where there is no association. A note tells how many
-- cells are expected below 5; nothing is switched by that.
--
--   > chisq { { 12, 5, 3 }, { 9, 9, 2 } }
--   Chi-square test: 2 x 3 table, n = 40
--      row   1  2  3
--   1  1    12  5  3
--   2  2     9  9  2
--   chi-square = 1.77, df = 2; P = 0.412
--   2 of 6 cells are expected below 5 (smallest 2.5): fisher is exact
--   > chisq("SEX ~ TRT01P", demo.adsl).p_value
--   0.6065306597126334
--
-- See also: fisher, cmh. Pearson 1900. R: chisq.test. SAS: PROC FREQ, CHISQ.
function M.chisq(x, data, opt)
  local rows, given = tabulate.arguments("chisq", x, data, opt)
  local o = options("chisq", given, M.specs.chisq)
  local grid = tabulate.table("chisq", x, rows, o)
  one_table("chisq", grid)
  local t = core.chisq(grid.counts, #grid.rows, #grid.columns,
    o.correction:lower())
  local small = t.n_small > 0 and ("%d of %d cells are expected below 5 "
    .. "(smallest %s): fisher is exact"):format(t.n_small, t.n_cell,
      format.fixed(t.least_expected, 1))
  local method = "Chi-square test"
  if o.correction == "Yates" then method = method .. ", Yates's correction" end
  if o.correction == "N-1" then method = method .. ", N - 1" end
  return table_result("chisq", grid, { method = method,
    statistic = t.statistic, df = t.df, p_value = t.p_value,
    least_expected = t.least_expected,
    note = result.note(empty_note(grid, t), small or nil) }, function(m)
      return { ("chi-square = %s, df = %d"):format(
        format.fixed(m.statistic, 2), m.df), format.p_equals(m.p_value) }
    end, { { "expected", t.expected }, { "residual", t.residual },
      { "adjusted", t.adjusted } })
end

--- contingency.fisher_table(grid, opt): Fisher's test of more than 2 x 2.
function M.fisher_table(grid, o)
  one_table("fisher: a table larger than 2 x 2 has no strata; it", grid)
  for _, key in ipairs { "null", "mid_p" } do
    if o[key] ~= nil and o[key] ~= false and o[key] ~= 1 then
      fail("invalid", ("fisher: %s is for two groups and two values"):format(
        key))
    end
  end
  if o.alternative ~= "two-sided" then
    fail("invalid", "fisher: a table larger than 2 x 2 has no sides")
  end
  local p, exact = core.fisher_rxc(grid.counts, #grid.rows, #grid.columns,
    { exact = o.exact })
  return table_result("fisher", grid, {
    method = exact and "Fisher's exact test"
      or "Fisher's test, chi-square approximation",
    statistic = NA, df = NA, p_value = p, two_sided = exact and "minlike" or NA,
    note = exact and NA or o.exact == false and NA
      or "the exact test needs too many steps: P is that of chi-square",
  }, function(m)
    return { format.p_equals(m.p_value) .. (exact and " (minlike)" or "") }
  end)
end

-- Pairs -----------------------------------------------------------------------

-- Pairs { yes-yes, yes-no, no-yes, no-no }, first the rows (x, before), then
-- the columns (y, after).
local function pairs_of(x, data, o)
  local grid = tabulate.table("mcnemar", x, data, o)
  one_table("mcnemar", grid)
  if not grid.variable then
    if #grid.rows ~= 2 or #grid.columns ~= 2 then
      fail("invalid", "mcnemar: counts are { { a, b }, { c, d } }: rows "
        .. "before, columns after")
    end
    local c = grid.counts
    return { a = c[1], b = c[2], c = c[3], d = c[4], first = "rows",
      second = "columns", grid = grid }
  end
  -- a value that only one of both variables has is still one of the two
  local names, place = {}, {}
  for _, list in ipairs { grid.columns, grid.rows } do
    for _, name in ipairs(list) do
      if not place[name] then
        names[#names + 1] = { name = name }
        place[name] = true
      end
    end
  end
  if #names > 2 then
    local words = {}
    for i, v in ipairs(names) do words[i] = v.name end
    fail("invalid", ("mcnemar: %s and %s have more than two values: %s"):format(
      grid.variable, grid.group, table.concat(words, ", ")))
  end
  local event = tabulate.event("mcnemar", grid.variable, names, o.event)
  local cell = {}
  for i, row in ipairs(grid.rows) do
    for j, column in ipairs(grid.columns) do
      local key = (row == event and "y" or "n")
        .. (column == event and "y" or "n")
      cell[key] = grid.counts[(i - 1) * #grid.columns + j]
    end
  end
  -- A is the response, so that AFTER ~ BEFORE is AFTER vs BEFORE
  return { a = cell.yy or 0, b = cell.ny or 0, c = cell.yn or 0,
    d = cell.nn or 0, first = grid.variable, second = grid.group, event = event,
    grid = grid }
end

local function mcnemar_normal(p, o)
  local away = math.abs(p.b - p.c)
  if o.continuity then away = math.max(0, away - 1) end
  local statistic = p.b + p.c > 0 and away ^ 2 / (p.b + p.c) or 0
  return statistic, p.b + p.c > 0 and core.chi_tail(statistic, 1) or 1
end

M.specs.mcnemar = { event = { "any" }, exact = { "boolean", true },
  continuity = { "boolean", false }, mid_p = { "boolean", false },
  alternative = { { "two-sided", "less", "greater" }, "two-sided" },
  conf_level = { "number", 0.95, above = 0, below = 1 } }

--- mcnemar(formula, data [, opt]) -> result
-- McNemar's test of paired proportions, exact. Counts do as well:
-- mcnemar { { a, b }, { c, d } }, rows first and columns second.
--   formula      "AFTER ~ BEFORE", two variables with the same two values
--   event        the value that is an event, where that is not 1 or Y
--   exact        true (default); false for chi-square
--   continuity   false (default; SAS); true corrects chi-square (R)
--   mid_p        true: the observed pairs count half
--   alternative  "two-sided" (default), "less", "greater"
--   conf_level   0.95
-- r.estimate is the conditional odds ratio, first over second: pairs with the
-- event in the first alone over those with it in the second alone; the interval
-- inverts the exact test. r.difference is that of the two proportions.
--
--   > mcnemar { { 20, 11 }, { 3, 16 } }
--   McNemar's test, exact: rows vs columns, 50 pairs
--   31 of 50 (62 %) vs 23 of 50 (46 %); 11 pairs in the first alone, 3 in the second
--   odds ratio 3.67, 95 % CI 0.969 to 20.5 (exact); P = 0.057
--   smallest P that 14 pairs that differ can give: 0.00012
--
-- See also: fisher, cmh. McNemar 1947. R: mcnemar.test. SAS: PROC FREQ, AGREE.
function M.mcnemar(x, data, opt)
  local rows, given = tabulate.arguments("mcnemar", x, data, opt)
  local o = options("mcnemar", given, M.specs.mcnemar)
  local p = pairs_of(x, rows, o)
  local n = p.a + p.b + p.c + p.d
  if n == 0 then fail("degenerate", "mcnemar: there are no pairs") end
  local t = core.mcnemar(p.b, p.c, { alternative = o.alternative,
    conf_level = o.conf_level, mid_p = o.mid_p })
  local statistic, p_value, df = NA, t.p_value, NA
  local method = o.mid_p and "McNemar's test, exact mid-p"
    or "McNemar's test, exact"
  if not o.exact then
    if o.alternative ~= "two-sided" then
      fail("invalid", "mcnemar: chi-square has no sides; the exact test does")
    end
    statistic, p_value = mcnemar_normal(p, o)
    df, method = 1, o.continuity
      and "McNemar's test, chi-square with continuity correction"
      or "McNemar's test, chi-square"
  end
  local infinite = t.estimate == NA or t.estimate == math.huge
  local disagree = not o.exact
    and (p_value <= 1 - o.conf_level) ~= (t.conf_low > 1 or t.conf_high < 1)
  local fields = { method = method, estimate_name = "odds ratio",
    estimate = infinite and NA or t.estimate, std_error = NA,
    statistic = statistic, df = df, p_value = p_value, conf_low = t.conf_low,
    conf_high = t.conf_high, conf_level = o.conf_level,
    alternative = o.alternative, compare = p.first .. " vs " .. p.second,
    n = n, n_1 = n, n_2 = n, estimate_1 = (p.a + p.b) / n,
    estimate_2 = (p.a + p.c) / n, difference = (p.b - p.c) / n,
    n_first_only = p.b, n_second_only = p.c, n_missing = p.grid.n_missing,
    p_smallest = o.exact and t.p_smallest or NA, event = p.event or NA,
    simulated = p.grid.simulated,
    note = result.note(p.b + p.c == 0 and "no pair differs: P is 1"
      or infinite and ("no pair has the event in %s alone: the odds ratio is "
        .. "infinite"):format(p.second),
      disagree and "chi-square and the interval, which is exact, disagree") }
  return result.comparison(fields, { a = p.first, b = p.second,
    reasons = p.grid.reasons, print = function(f)
      local lines = { ("%s: %s vs %s, %s pairs"):format(f.method,
        text.escape(p.first), text.escape(p.second), number(n)) }
      lines[2] = ("%s vs %s; %s pairs in the first alone, %s in the second")
        :format(two.share(p.a + p.b, n), two.share(p.a + p.c, n), number(p.b),
          number(p.c))
      local pieces = { ("odds ratio %s, %s CI %s (exact)"):format(
        ratio_text(f.estimate), format.level(f.conf_level),
        two.ratio_interval(f.conf_low, f.conf_high)) }
      if f.statistic ~= NA then
        pieces[2] = ("chi-square = %s, df = 1"):format(
          format.fixed(f.statistic, 2))
      end
      pieces[#pieces + 1] = format.p_equals(f.p_value)
      lines[3] = result.lines(pieces)
      if f.statistic == NA then
        lines[4] = ("smallest P that %s pairs that differ can give: %s"):format(
          number(p.b + p.c), format.p(f.p_smallest))
      end
      return lines
    end })
end

-- Strata ----------------------------------------------------------------------

local forms = { ["correlation"] = "correlation", ["row means"] = "row_means",
  ["general association"] = "association" }
local form_names = { "correlation", "row means", "general association" }

local function print_cmh(m, grid, t)
  local lines = { ("%s: %s, n = %s in %d strata of %s"):format(m.method,
    head_of(grid), number(m.n), m.n_stratum, text.escape(grid.stratum)) }
  for _, name in ipairs(form_names) do
    local chi = t[forms[name]]
    if #grid.rows > 2 or #grid.columns > 2 or name == "general association" then
      lines[#lines + 1] = ("%-20s chi-square = %s, df = %s; %s"):format(name,
        format.fixed(chi.statistic, 2), chi.df == NA and "NA"
          or ("%d"):format(chi.df), format.p_equals(chi.p_value))
    end
  end
  if m:get "odds_ratio" ~= NA then
    lines[#lines + 1] = ("common odds ratio %s, %s CI %s "
      .. "(Mantel-Haenszel, Robins-Breslow-Greenland): %s"):format(
        ratio_text(m.odds_ratio), format.level(m.conf_level),
        two.ratio_interval(m.conf_low, m.conf_high), text.escape(m.compare))
    if t.breslow_day.p_value ~= NA then
      lines[#lines + 1] = ("Breslow-Day: chi-square = %s, df = %d; %s"):format(
        format.fixed(t.breslow_day.statistic, 2), t.breslow_day.df,
        format.p_equals(t.breslow_day.p_value))
    end
  end
  if m.note ~= NA then lines[#lines + 1] = text.escape(m.note) end
  lines[#lines + 1] = result.left_out(m.n_missing, grid.reasons)
  return table.concat(lines, "\n")
end

-- 2 x 2 tables with A and the event first.
local function orient(x, data, o, grid)
  if not grid.variable then return grid, "row 1 vs row 2" end
  o.lenient = true
  local set = tabulate.two("cmh", x, data, o, "{ events, others }")
  local counts = {}
  for _, t in ipairs(set.tables) do
    for _, cell in ipairs { t[1], t[2] - t[1], t[3], t[4] - t[3] } do
      counts[#counts + 1] = cell
    end
  end
  grid.counts, grid.rows = counts, { set.a, set.b }
  return grid, set.a .. " vs " .. set.b
end

M.specs.cmh = { strata = { "any" }, compare = { "string" },
  reference = { "string" }, event = { "any" },
  test = { form_names, "general association" },
  scores = { { "table", "rank", "ridit", "modridit" }, "table" },
  conf_level = { "number", 0.95, above = 0, below = 1 } }

--- cmh(formula, data [, opt]) -> result
-- Cochran-Mantel-Haenszel tests of a table within strata: correlation of
-- scores, row mean scores, and general association. Counts do as well: a list
-- of tables, cmh { { { a, b }, { c, d } }, ... }.
--   formula   "y ~ group + strata(S)", or strata = "S"
--   strata    a column, or a list
--   test      whose P is r.p_value: "general association" (default), "row
--             means", "correlation"; r:tidy() has all three
--   scores    "table" (default): numbers are their own scores, text counts 1,
--             2, ... in level order; "rank", "ridit", "modridit" within strata
--   compare   "A vs B": these rows alone;  event, reference  of 2 x 2, as for
--             riskdiff
--   conf_level  0.95
-- Of 2 x 2 tables r.odds_ratio is the common odds ratio with conf_low and
-- conf_high, r.breslow_day_p and r.tarone_p tell whether it is common. Nothing
-- is corrected for continuity (R does).
--
--   > cmh("DTHFL ~ SEX", demo.adsl, { strata = "COUNTRY" })
--   Cochran-Mantel-Haenszel test: DTHFL by SEX, n = 24 in 2 strata of COUNTRY
--   general association  chi-square = 0.20, df = 1; P = 0.651
--   common odds ratio 1.50, 95 % CI 0.279 to 8.07 (Mantel-Haenszel, Robins-Breslow-Greenland): M vs F
--   Breslow-Day: chi-square = 0.00, df = 1; P > 0.999
--   SIMULATED DATA
--   > cmh("SOFASCR ~ TRT01P + strata(SEX)", demo.adsl, { test = "row means" }).p_value
--   0.57139493871448
--
-- See also: van_elteren, fisher, oddsratio. Landis, Heyman and Koch 1978.
-- R: mantelhaen.test. SAS: PROC FREQ, CMH.
function M.cmh(x, data, opt)
  local rows, given = tabulate.arguments("cmh", x, data, opt)
  local o = options("cmh", given, M.specs.cmh)
  local grid = tabulate.table("cmh", x, rows, o)
  if not grid.stratum then
    if grid.variable then
      fail("invalid", ('cmh: strata are missing: "%s ~ %s + strata(SITE)"')
        :format(grid.variable, grid.group))
    end
    grid.stratum = "table"
  end
  local compare = NA
  if #grid.rows == 2 and #grid.columns == 2 then
    grid, compare = orient(x, rows, o, grid)
  end
  local t = core.cmh(grid.counts, #grid.rows, #grid.columns, {
    row_score = grid.row_score, column_score = grid.column_score,
    scores = o.scores, conf_level = o.conf_level })
  local chi = t[forms[o.test]]
  local idle = #grid.strata - t.n_used
  local odds = t.odds_ratio
  local disagree = odds ~= NA and t.conf_low ~= NA
    and (t.conf_low > 1 or t.conf_high < 1)
      ~= (t.association.p_value <= 1 - o.conf_level)
  local fields = { method = "Cochran-Mantel-Haenszel test", test = o.test,
    statistic = chi.statistic, df = chi.df, p_value = chi.p_value,
    n = total(grid.counts), n_stratum = t.n_used, n_missing = grid.n_missing,
    conf_level = o.conf_level, scores = o.scores,
    estimate_name = odds ~= NA and "odds ratio" or NA,
    estimate = odds == math.huge and NA or odds, odds_ratio =
      odds == math.huge and NA or odds,
    conf_low = t.conf_low, conf_high = t.conf_high, compare = compare,
    breslow_day = t.breslow_day.statistic, breslow_day_df = t.breslow_day.df,
    breslow_day_p = t.breslow_day.p_value, tarone = t.tarone.statistic,
    tarone_p = t.tarone.p_value, variable = grid.variable or NA,
    group = grid.group or NA, stratum = grid.stratum,
    simulated = grid.simulated,
    note = result.note(idle > 0 and ("%s of %d say%s nothing: fewer than two "
      .. "rows or columns"):format(idle == 1 and "1 stratum" or idle .. " strata",
        #grid.strata, idle == 1 and "s" or ""),
      disagree and "the test and the interval of the odds ratio, which is "
        .. "Wald's, disagree; oddsratio has one that agrees") }
  return result.model { name = "cmh", fields = fields,
    order = { "method", "test", "statistic", "df", "p_value", "odds_ratio",
      "conf_low", "conf_high", "conf_level", "n", "n_stratum", "n_missing",
      "note" },
    tidy = function()
      local names = { "test", "statistic", "df", "p_value" }
      local arrays = { form_names, {}, {}, {} }
      for i, name in ipairs(form_names) do
        local c = t[forms[name]]
        arrays[2][i], arrays[3][i], arrays[4][i] = c.statistic, c.df, c.p_value
      end
      return result.frame(names, arrays)
    end,
    print = function(m) return print_cmh(m, grid, t) end }
end

return M
