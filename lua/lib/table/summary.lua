-- table.summary: variables of subjects by arm, as in a table of baseline
-- characteristics.

local cframe = require "ts.frame"
local NA = require "ts.na".NA
local fail = require "ts.error".fail
local format = require "trialsh.format"
local make = require "trialsh.table.cell"
local names_module = require "trialsh.names"
local object = require "trialsh.table.object"
local options = require "trialsh.options"
local rows = require "trialsh.table.rows"
local smd = require "trialsh.smd"
local source = require "trialsh.table.source"
local text = require "ts.text"

local M = {}

local WHO = "table.summary"

local own = {
  statistics = { "list", { "auto" } }, digits = { "any" },
  missing = { "any" }, of = { { "known", "all" }, "known" },
  p_value = { "any", false }, tests = { "table" }, smd = { "boolean", false },
  first = { "boolean", false }, results = { "list" },
}
local spec = source.spec(own)

local of_variable = { label = { "string" }, statistics = { "list" },
  digits = { "any" }, test = { "string" }, of = { { "known", "all" } },
  levels = { "list" }, names = { "table" }, categories = { "boolean", false } }

-- The variables, each with its options: "AGE" or { "AGE", label = "Age" }.
local function variables_of(set, list, opt)
  local out, known = {}, set.frame:names()
  local function has(name)
    for _, n in ipairs(known) do if n == name then return true end end
  end
  for i, given in ipairs(list) do
    local name, rest = given, {}
    if type(given) == "table" then
      name = given[1]
      for key, value in pairs(given) do
        if key ~= 1 then rest[key] = value end
      end
    end
    if type(name) ~= "string" then
      fail("type", ("%s: variables are names of columns, or { \"AGE\", label = "
        .. '"Age" }'):format(WHO))
    end
    if not has(name) then
      fail("not found", ("%s: no column %s%s"):format(WHO, name,
        names_module.hint(name, known)))
    end
    local v = options(WHO, rest, of_variable)
    v.name, v.column = name, set.frame:column(name)
    v.values = cframe.values(v.column)
    v.text = v.column.type == "text" or v.categories
    v.label = v.label or source.label(set.frame, name)
    v.statistics = v.statistics or opt.statistics
    if v.digits == nil then v.digits = opt.digits end
    v.of = v.of or opt.of
    out[i] = v
  end
  if #out == 0 then
    fail("invalid", ("%s: no variables; %s { DATA, \"AGE\", \"SEX\" }"):format(WHO,
      WHO))
  end
  return out
end

local function values_of(v, arm) return rows.of_arm(v.values, arm) end

-- P-values and differences ------------------------------------------------------------

local function tests_of(set)
  return set.by and #set.arms >= 2
end

-- Arms that are compared: not the pooled ones, not the total.
local function compared(set)
  local list = {}
  for _, arm in ipairs(set.arms) do
    if arm.members and arm.members[arm.name] then list[#list + 1] = arm end
  end
  return list
end

local defaults = { real = "lm", text = "chisq" }
local known_tests = { "lm", "ttest", "wilcoxon", "kruskal", "chisq", "fisher" }

local function call_test(name, v, set)
  local formula = ("`%s` ~ `%s`"):format(v.name, set.by)
  if name == "lm" then
    return require "trialsh.lm".lm(formula, set.data).p_value
  elseif name == "ttest" then
    return require "trialsh.ttest".ttest(formula, set.data).p_value
  elseif name == "wilcoxon" then
    return require "trialsh.rank".wilcoxon(formula, set.data).p_value
  elseif name == "kruskal" then
    return require "trialsh.group_rank".kruskal(formula, set.data).p_value
  elseif name == "chisq" then
    return require "trialsh.contingency".chisq(formula, set.data).p_value
  end
  return require "trialsh.two_proportions".fisher(formula, set.data).p_value
end

local test_names = { lm = "analysis of variance", ttest = "t test",
  wilcoxon = "Wilcoxon-Mann-Whitney test", kruskal = "Kruskal-Wallis test",
  chisq = "chi-square test", fisher = "Fisher's exact test" }

-- P of a variable and the note that says where it comes from.
local function p_of(v, set, opt)
  local given = v.test or opt.tests and opt.tests[v.name]
  if opt.p_value == "results" or given and given:find "%." then
    local address = given or v.name .. ".p_value"
    local row = require "trialsh.endpoint.results".find(
      source.study(WHO, set.inner), (address:gsub("%.p_value$", "")))
    return row.p_value, ("P of %s: results of run()"):format(
      row.method ~= NA and row.method or address)
  end
  local any = false
  for _, value in ipairs(v.values) do any = any or value ~= NA end
  if not any then return NA, ("no P of %s: it has no value"):format(v.label) end
  local name = given or defaults[v.text and "text" or "real"]
  local known = options(WHO, { test = name }, { test = { known_tests } }).test
  local ok, p = pcall(call_test, known, v, set)
  if not ok then
    if type(p) == "table" and p.code == "degenerate" then
      return NA, ("no P of %s: %s"):format(v.label, p.message)
    end
    error(p, 0)
  end
  return p, "P: " .. test_names[known]
end

-- Standardised differences of two arms.
local function shares(values, levels)
  local out = {}
  for i, level in ipairs(levels) do
    local n = 0
    for _, value in ipairs(values) do if value == level then n = n + 1 end end
    out[i] = #values > 0 and n / #values or 0
  end
  return out
end

local function smd_text(a, b, levels)
  if #a == 0 or #b == 0 then return NA end
  local p, q = shares(a, levels), shares(b, levels)
  local x = smd.of_shares(p, q)
  -- of two levels with a sign, of the second
  return x ~= NA and #levels == 2 and p[2] < q[2] and -x or x
end

-- Rows -----------------------------------------------------------------------------------

local function levels_of(v, set)
  if v.levels then return v.levels end
  local levels, used, out = v.column.levels, {}, {}
  for _, arm in ipairs(set.arms) do
    for _, value in ipairs(values_of(v, arm)) do used[value] = true end
  end
  local ordered = v.column.ordered
  if not levels then levels = {} end
  if v.categories and v.column.type ~= "text" then
    for value in pairs(used) do levels[#levels + 1] = value end
    table.sort(levels)
    return levels
  end
  for _, level in ipairs(levels) do
    if used[level] or ordered then out[#out + 1] = level end
  end
  if not ordered then table.sort(out) end
  return out
end

local function missing_shown(opt, n)
  if opt.missing == nil then return n > 0 end
  if type(opt.missing) ~= "boolean" then
    fail("type", WHO .. ": missing is true or false; left out: where there is any")
  end
  return opt.missing
end

local function missing_of(v, arm)
  return arm.n - #values_of(v, arm)
end

-- The cells beside those of the arms: P, standardised differences.
local function extra_cells(t, v, set, opt, levels)
  local cells, j = {}, #set.arms
  if opt.smd then
    local arms = compared(set)
    for k = 2, #arms do
      j = j + 1
      local a, b = values_of(v, arms[k]), values_of(v, arms[1])
      local x
      if v.text then x = smd_text(a, b, levels) else x = smd.of_values(a, b) end
      cells[j] = make.fixed("smd", x, 2)
    end
  end
  if opt.p_value then
    local p, words = p_of(v, set, opt)
    cells[j + 1] = make.p(p, set.style)
    cells[j + 1].mark = object.note(t, words)
  end
  return cells
end

-- What a row of a form says; intervals say their level.
local function head_of(form)
  return (form[2]:gsub("%%s", function() return "95 %" end))
end

local function add_real(t, v, set, opt)
  local all, descriptions, n_missing = nil, {}, 0
  for i, arm in ipairs(set.arms) do
    local values = values_of(v, arm)
    descriptions[i] = rows.describe(values, arm.n - #values)
    n_missing = math.max(n_missing, descriptions[i].n_missing)
  end
  local statistics = v.statistics
  if statistics[1] == "auto" then
    local whole = {}
    for _, value in ipairs(v.values) do
      if value ~= NA then whole[#whole + 1] = value end
    end
    all = rows.describe(whole, 0)
    local long = all.skewness ~= NA and math.abs(all.skewness) > 1
    statistics = { long and "median (Q1 to Q3)" or "mean (SD)" }
  end
  local digits, extra = make.digits(descriptions, v.digits),
    extra_cells(t, v, set, opt)
  local function row(label, form, indent)
    local cells = {}
    for i in ipairs(set.arms) do
      cells[i] = make.describe(form, descriptions[i], digits)
    end
    t.rows[#t.rows + 1] = { label = label, indent = indent, cells = cells,
      variable = v.name, statistic = form[1] }
    if form[3]:find "{q[13]}" or form[3]:find "{median}" then
      object.say(t, "Quartiles: type 2 (SAS).")
    end
    return cells
  end
  if #statistics == 1 then
    local form = make.form(WHO, statistics[1])
    local cells = row(("%s, %s"):format(v.label, head_of(form)), form, 0)
    for j, cell in pairs(extra) do cells[j] = cell end
    if missing_shown(opt, n_missing) then
      row("Missing", make.form(WHO, "missing"), 1)
    end
    return
  end
  t.rows[#t.rows + 1] = { label = v.label, indent = 0, cells = extra,
    variable = v.name, heading = true }
  local told = false
  for _, name in ipairs(statistics) do
    local form = make.form(WHO, name)
    told = told or form[1] == "missing" or form[1] == "n"
    row(head_of(form), form, 1)
  end
  if not told and missing_shown(opt, n_missing) or opt.missing == true then
    row("Missing", make.form(WHO, "missing"), 1)
  end
end

local function counts_of(values)
  local n = {}
  for _, value in ipairs(values) do n[value] = (n[value] or 0) + 1 end
  return n
end

local function add_text(t, v, set, opt)
  local levels = levels_of(v, set)
  local counts, known, n_missing = {}, {}, 0
  for i, arm in ipairs(set.arms) do
    local values = values_of(v, arm)
    counts[i], known[i] = counts_of(values), #values
    n_missing = math.max(n_missing, arm.n - #values)
  end
  local function of(i) return v.of == "all" and set.arms[i].n or known[i] end
  local function row(label, level, indent)
    local cells = {}
    for i in ipairs(set.arms) do
      cells[i] = make.share(counts[i][level] or 0, of(i), set.style)
    end
    t.rows[#t.rows + 1] = { label = label, indent = indent, cells = cells,
      variable = v.name, level = level }
    return cells
  end
  local extra = extra_cells(t, v, set, opt, levels)
  local function name(level)
    return v.names and v.names[level] or type(level) == "number"
      and text.number(level) or tostring(level)
  end
  local shown = missing_shown(opt, n_missing)
  local with_n = false
  for _, word in ipairs(v.statistics) do with_n = with_n or word == "n" end
  if #levels == 2 and not shown and not with_n and not v.levels
      and (levels[1] == "N" or levels[2] ~= "N") or #levels == 1 and not with_n
      and not shown then
    -- of two levels one says both
    local level = levels[1] == "N" and levels[2] or opt.first and levels[1]
      or levels[#levels]
    local cells = row(("%s, %s"):format(v.label, name(level)), level, 0)
    for j, cell in pairs(extra) do cells[j] = cell end
    return
  end
  t.rows[#t.rows + 1] = { label = v.label, indent = 0, cells = extra,
    variable = v.name, heading = true }
  if with_n then
    local cells = {}
    for i in ipairs(set.arms) do cells[i] = make.count(known[i]) end
    t.rows[#t.rows + 1] = { label = "n", indent = 1, cells = cells,
      variable = v.name, statistic = "n" }
  end
  for _, level in ipairs(levels) do row(name(level), level, 1) end
  if shown then
    local cells = {}
    for i, arm in ipairs(set.arms) do
      local n = missing_of(v, arm)
      cells[i] = v.of == "all" and make.share(n, arm.n, set.style)
        or make.count(n, "n_missing")
    end
    t.rows[#t.rows + 1] = { label = "Missing", indent = 1, cells = cells,
      variable = v.name, statistic = "missing" }
    if v.of ~= "all" and n_missing > 0 then
      object.say(t, "Percentages are of subjects with a value.")
    end
  end
end

local function columns_of(set, opt)
  local columns = {}
  for i, arm in ipairs(set.arms) do columns[i] = { arm = arm.name, n = arm.n } end
  if opt.smd then
    local arms = compared(set)
    if #arms < 2 then
      fail("invalid", WHO .. ": smd compares arms; there are fewer than two")
    end
    for k = 2, #arms do
      columns[#columns + 1] = { head = #arms == 2 and "SMD"
        or ("SMD, %s vs %s"):format(arms[k].name, arms[1].name) }
    end
  end
  if opt.p_value then
    if not tests_of(set) then
      fail("invalid", WHO .. ": p_value compares arms; there are fewer than two")
    end
    columns[#columns + 1] = { head = "P" }
  end
  return columns
end

--- table.summary { DATA, "AGE", "SEX", option = ... } -> table
-- Variables by arm: numbers as mean (SD) or median (Q1 to Q3), text as n (%), with
-- N of each arm and what is missing. DATA has a row per subject; without it: adsl of
-- the open study, its first population.
--   by           "TRT01P" where there is one; false: one column
--   total        true: a column of all;  pooled  true: pooled arms of the trial
--   population   "SAF": only these subjects of DATA
--   statistics   "auto" (default): mean (SD), but median (Q1 to Q3) of a long
--                tail, skewness beyond 1; or a list: "n", "missing", "mean",
--                "sd", "mean (SD)", "mean (SE)", "mean (CI)", "median",
--                "median (Q1 to Q3)", "median (range)", "quartiles", "min",
--                "max", "range", "geometric mean", "geometric mean (CV %)",
--                "geometric mean (CI)"
--   digits       decimals of the data: a number, or { mean = 1, sd = 2 }
--   missing      true: a row in any case; false: none
--   of           "known" (default), "all": what percentages are of
--   first        true: of two levels the first is shown, not the last
--   p_value      true: by tests; "results": of the endpoints of that name
--   tests        { AGE = "kruskal", SEX = "fisher" }: "lm" (of numbers),
--                "ttest", "wilcoxon", "kruskal", "chisq" (of text), "fisher",
--                or the address of a result, "AGE1.p_value"
--   results      { "ADAS", { "AGE/ranks", show = "p_value" } }: below, what run() found
--                of endpoints: P, estimate (SE), interval, each in the column of A of
--                "A vs B"; show = { "p_value", "estimate", "interval" }, label =,
--                digits = { estimate = 1, std_error = 2 }
--   smd          true: standardised differences from the first arm
--   percent_digits, p_digits   decimals; percent  "joined": 16% and not 16 %
--   journal      "NEJM", "JAMA", "Annals", "Lancet": how P is written
--   title, note  text
-- A variable may be { "AGE", label = "Age", statistics =, digits =, test =, of =,
-- levels = { in order }, names = { M = "Male" }, categories = true (numbers as
-- n (%)) }. P-values say nothing about a
-- randomised trial (CONSORT 2010, item 15), so there are none unless asked for.
--
--   > table.summary { demo.adsl, by = "TRT01P", total = true, "AGE", "SEX", "APACHE" }
--                      Placebo      CYT107 LF   CYT107 HF   Total
--                      (N = 8)      (N = 8)     (N = 8)     (N = 24)
--   AGE, mean (SD)     66.3 (10.9)  68.5 (7.3)  67.3 (4.3)  67.3 (7.7)
--   SEX, M              3 (38 %)     5 (63 %)    4 (50 %)   12 (50 %)
--   APACHE, mean (SD)  23.4 (6.5)   24.3 (3.5)  23.5 (6.3)  23.7 (5.4)
--   SIMULATED DATA
--
-- See also: table:save, describe, figure.points. SMD: Yang and Dalton 2012.
function M.summary(given)
  local first, list, opt = source.read(WHO, given, spec)
  if opt.p_value ~= true and opt.p_value ~= false then
    opt.p_value = options(WHO, { p_value = opt.p_value },
      { p_value = { { "results" } } }).p_value
  end
  local set = source.subjects(WHO, first, opt)
  local variables = variables_of(set, list, opt)
  local t = source.begin(set, { what = "summary", title = "Summary of variables",
    columns = columns_of(set, opt) }, opt)
  for _, v in ipairs(variables) do
    if v.text then add_text(t, v, set, opt) else add_real(t, v, set, opt) end
  end
  if opt.results then require "trialsh.table.compared".add(t, set, opt.results) end
  if opt.smd then
    object.say(t, ("SMD: standardised mean difference from %s."):format(
      compared(set)[1].name))
  end
  return t
end

return M
