-- Correlations. The numbers are C's (ts.correlation).

local NA = require "ts.na".NA
local core = require "ts.correlation"
local formulas = require "ts.formula"
local text = require "ts.text"
local fail = require "ts.error".fail
local data_of = require "trialsh.data"
local format = require "trialsh.format"
local options = require "trialsh.options"
local result = require "trialsh.result"
local sample = require "trialsh.sample"

local M = {}

local spec = {
  method = { { "Pearson", "Spearman", "Kendall" }, "Pearson" },
  alternative = { { "two-sided", "less", "greater" }, "two-sided" },
  two_sided = { { "absdev", "central" }, "absdev" },
  exact = { "boolean" },
  conf_level = { "number", 0.95, above = 0, below = 1 },
}

M.specs = { cor = spec } -- also for endpoints

local symbols = { Pearson = "r", Spearman = "rho", Kendall = "tau-b" }

local function manner(t, o)
  if o.method == "Pearson" then return "" end
  if t.exact then
    return o.alternative == "two-sided" and o.two_sided == "central"
      and ", exact (central)" or ", exact"
  end
  return o.method == "Kendall" and ", normal approximation"
    or ", t approximation"
end

local function note_of(t, o, a, b, n)
  if t.constant then
    return ("%s or %s has one value only: there is no correlation"):format(a, b)
  end
  if t.line then
    return "all points are on a line: there is no variation to test against"
  end
  local alone = t.p_value == NA
    and "two pairs are always on a line: the test needs three" or nil
  return result.note(alone, not alone and o.method ~= "Kendall" and n < 4
      and "the interval needs four pairs" or nil,
    t.inconsistent and "P and the interval, which is by Fisher's z, disagree "
      .. "about 0" or nil)
end

-- Of a set of pairs { x, y, a, b, n_missing, reasons, unit }: numbers, note.
local function compute(set, o)
  if #set.x == 0 then
    fail("degenerate", ("cor: %s and %s have no values together%s"):format(
      set.a, set.b, set.n_missing > 0 and (" (%d with one missing)"):format(
        set.n_missing) or ""))
  end
  local t = core.correlate(set.x, set.y, { kind = o.method:lower(),
    alternative = o.alternative, two_sided = o.two_sided, exact = o.exact,
    conf_level = o.conf_level })
  t.note = note_of(t, o, set.a, set.b, #set.x) or NA
  return t
end

local function single(set, o)
  local t = compute(set, o)
  local fields = { method = o.method .. " correlation" .. manner(t, o),
    estimate_name = symbols[o.method], estimate = t.estimate, std_error = NA,
    statistic = t.statistic, df = t.df, z = t.z, p_value = t.p_value,
    p_smallest = t.p_smallest, conf_low = t.conf_low, conf_high = t.conf_high,
    conf_level = o.conf_level, alternative = o.alternative,
    two_sided = o.method ~= "Pearson" and o.two_sided or NA, n = #set.x,
    variable = set.a .. ", " .. set.b, variable_1 = set.a, variable_2 = set.b,
    n_missing = set.n_missing, note = t.note, simulated = set.simulated }
  local by_t = o.method ~= "Kendall" and t.statistic ~= NA
  return result.comparison(fields, { variable = ("%s and %s"):format(set.a,
      set.b), reasons = set.reasons, unit = set.unit, digits = 3,
    statistic = by_t and "t" or nil,
    pieces = { t.z ~= NA and ("z = %s"):format(format.fixed(t.z, 2)) or nil },
    after = { t.p_smallest ~= NA and ("smallest P that these values can give: "
      .. format.p(t.p_smallest)) or nil } })
end

-- From formulas ---------------------------------------------------------------

-- A column's name as formulas have it; an expression stays.
local function quoted(name, frame)
  for _, column in ipairs(frame:names()) do
    if column == name and not name:find "^[%a_][%w_.]*$" then
      return "`" .. name .. "`"
    end
  end
  return name
end

local function pair_of(frame, a, b, data)
  local model = formulas.model(("%s ~ %s"):format(quoted(a, frame),
    quoted(b, frame)), frame)
  local info = model:info()
  for _, v in ipairs { info.response[1], info.x[1] } do
    if v.type == "text" then
      fail("type", ("cor: %s is text, numbers are needed"):format(v.name))
    end
  end
  return { x = model:samples()[1], y = model:values(1), a = a, b = b,
    n_missing = info.n_missing, reasons = result.missing(info),
    simulated = data_of.simulated(data) or nil }
end

-- The pairs that a formula names: the response with each of the right side, or
-- all of the right side where there is no response.
local function pairs_of(source, data)
  local parsed = formulas.parse(source, true)
  if not parsed.right then
    fail("invalid", ('cor: "%s" is one variable; write "y ~ x", or "~ a + b + '
      .. 'c" for all pairs'):format(source))
  end
  local frame = data_of.frame(data, parsed.variables, "cor")
  local info = formulas.model(source, frame):info()
  if info.survival or info.stratum then
    fail("invalid", ('cor: "%s" is not of plain variables'):format(source))
  end
  local list, names = {}, {}
  for i, v in ipairs(info.x) do names[i] = v.name end
  local first = parsed.response
  if not first and #names < 2 then
    fail("invalid", ('cor: "%s" has only one variable'):format(source))
  end
  for i, a in ipairs(first and { first } or names) do
    for j = first and 1 or i + 1, #names do
      list[#list + 1] = pair_of(frame, a, names[j], data)
    end
  end
  return list
end

local columns = { "variable_1", "variable_2", "n", "estimate", "conf_low",
  "conf_high", "p_value" }

local function print_several(m, arrays, o)
  local shown, symbol = {}, symbols[o.method]
  for j, name in ipairs(columns) do
    local values = {}
    for i, x in ipairs(arrays[j]) do
      if name == "p_value" then values[i] = format.p(x)
      elseif j > 3 then values[i] = format.cell(x, 3)
      else values[i] = x end
    end
    local head = name == "estimate" and symbol or name == "p_value" and "P"
      or name
    if o.method ~= "Kendall" or not name:find "^conf" then
      shown[#shown + 1] = { name = head, values = values, right = j > 2,
        type = j == 3 and "real" or "text" }
    end
  end
  local lines = { m.method, (require "trialsh.show".table(shown, #arrays[1],
    {})) }
  if m.note ~= NA then lines[3] = text.escape(m.note) end
  return table.concat(lines, "\n")
end

--- result:matrix([field]) -> frame
-- Of several correlations: variables by variables.
--   field  "estimate" (default), "p_value", "n", "conf_low", "conf_high"
--
--   > cor("~ AGE + APACHE + SOFASCR", demo.adsl):matrix().AGE[2]
--   0.21945146595952897
--
-- See also: cor.
local function matrix(list, arrays, field)
  field = options("matrix", { field = field or "estimate" }, { field = {
    { "estimate", "p_value", "n", "conf_low", "conf_high" } } }).field
  -- rows: the response alone, or all; columns: what it stands with, or all
  local at, rows, heads, cells = nil, {}, {}, {}
  local square = arrays[1][1] ~= arrays[1][#arrays[1]]
  for j, name in ipairs(columns) do if name == field then at = j end end
  local function enter(to, name)
    if not cells[to] then cells[to] = {} end
    if not cells[to][name] then
      to[#to + 1] = name
      cells[to][name] = #to
    end
  end
  for i, a in ipairs(arrays[1]) do
    enter(rows, a)
    if square then enter(rows, arrays[2][i]) end
  end
  if square then heads = rows end
  for _, b in ipairs(arrays[2]) do enter(heads, b) end
  local names, values = { "variable" }, { rows }
  for j, head in ipairs(heads) do
    names[j + 1], values[j + 1] = head, {}
    for i, row in ipairs(rows) do
      values[j + 1][i] = row == head and field ~= "p_value" and field ~= "n"
        and 1 or NA
    end
  end
  for i, x in ipairs(arrays[at]) do
    local a, b = arrays[1][i], arrays[2][i]
    values[cells[heads][b] + 1][cells[rows][a]] = x
    if square then values[cells[heads][a] + 1][cells[rows][b]] = x end
  end
  return result.frame(names, values, nil, list[1].simulated)
end

local function several(list, o)
  local arrays, notes, n_missing = {}, {}, 0
  for j in ipairs(columns) do arrays[j] = {} end
  for i, set in ipairs(list) do
    local t = compute(set, o)
    local row = { set.a, set.b, #set.x, t.estimate, t.conf_low, t.conf_high,
      t.p_value }
    for j, x in ipairs(row) do arrays[j][i] = x end
    n_missing = math.max(n_missing, set.n_missing)
    if t.note ~= NA then
      notes[#notes + 1] = ("%s and %s: %s"):format(set.a, set.b, t.note)
    end
  end
  local method = ("%s correlations of %d pairs of variables"):format(o.method,
    #list)
  return result.model { name = "cor", order = { "method", "alternative",
      "conf_level", "n_missing", "note" },
    fields = { method = method, alternative = o.alternative,
      conf_level = o.conf_level, n_missing = n_missing,
      note = #notes > 0 and table.concat(notes, "; ") or NA,
      simulated = list[1].simulated },
    tidy = function() return result.frame(columns, arrays) end,
    methods = { matrix = function(_, field) return matrix(list, arrays, field) end },
    print = function(m) return print_several(m, arrays, o) end }
end

--- cor(formula, data [, opt]) -> result
-- Correlation of two variables, of those rows that have both. Arrays do as
-- well: cor(a, b).
--   formula      "y ~ x"; "y ~ a + b" has y with each, "~ a + b + c" all pairs:
--                r:tidy() has a row for each, r:matrix() all of them crossed
--   method       "Pearson" (default): t with n - 2 df; "Spearman": of ranks;
--                "Kendall": tau-b
--   exact        Spearman and Kendall are exact, with ties, over all permutations
--                while that takes at most 2e9 steps (some 17 untied pairs, of
--                Kendall some 350), else t or normal; true or false decides
--   two_sided    of exact P: "absdev" (default), all as far from the mean;
--                "central", twice the smaller tail
--   alternative  "two-sided" (default), "less", "greater": both rise together
--   conf_level   0.95, by Fisher's z (SAS); Kendall has no interval
-- Ranks tie as the decimals that they are, as in wilcoxon; R's if identical.
-- Values of AVAL below their limit (BLQFL) are refused, unless blq says what stands
-- for them: relation:detect.
--
--   > cor({ 1, 2, 3, 4, 5, 6 }, { 2, 1, 4, 3, 7, 5 })
--   Pearson correlation, two-sided: a and b, n = 6
--   r 0.792, 95 % CI -0.055 to 0.976; t = 2.59, df = 4; P = 0.061
--   > cor("SOFASCR ~ AGE", demo.adsl, { method = "Kendall" })
--   Kendall correlation, exact, two-sided: SOFASCR and AGE, n = 24
--   tau-b -0.216; P = 0.181
--   smallest P that these values can give: 8.4e-15
--   SIMULATED DATA
--   > cor("~ AGE + APACHE + SOFASCR", demo.adsl, { method = "Spearman" }):tidy().n[1]
--   24
--
-- See also: lm, jonckheere. R: cor.test. SAS: PROC CORR.
function M.cor(x, y, opt)
  local kind, given = sample.arguments("cor", x, y, opt)
  local o = options("cor", given, spec)
  if o.method == "Pearson" and o.exact ~= nil then
    fail("invalid", "cor: exact is for ranks: method = \"Spearman\" or "
      .. "\"Kendall\"")
  end
  if kind == "one" then
    fail("invalid", 'cor: two variables are needed: cor(a, b) or cor("y ~ x", '
      .. "data)")
  end
  if kind == "two" then
    local set = sample.pairs("cor", x, y)
    return single(set, o)
  end
  local list = pairs_of(x, y)
  if #list == 1 then return single(list[1], o) end
  return several(list, o)
end

return M
