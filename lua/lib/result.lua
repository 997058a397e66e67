-- What a statistic gives back. Two kinds, one manner: fields by name (NA where
-- they do not exist, an error with the nearest for a name that none has),
-- r:tidy() and r:glance() as frames, and text for the prompt.
--
--   result.comparison(fields [, show])   one estimate with its test
--   result.model(spec)                   several: curves, coefficients, groups
--
-- Results never change: what is printed is rounded, what is stored is not.

local NA = require "ts.na".NA
local because = require "ts.na".because
local fail = require "ts.error".fail
local text = require "ts.text"
local format = require "trialsh.format"

local M = {}

local STATE = {} -- the key under which a result keeps what it holds

-- Fields that every comparison has, in the order in which they are listed.
local standard = { "method", "estimate_name", "estimate", "std_error",
  "statistic", "df", "p_value", "conf_low", "conf_high", "conf_level",
  "alternative", "compare", "n", "n_1", "n_2", "estimate_1", "estimate_2",
  "n_missing", "note" }

local tidy_fields = { "estimate", "std_error", "statistic", "df", "p_value",
  "conf_low", "conf_high" }

--- result.frame(names, arrays [, levels [, simulated]]): the frame that tidy and
-- glance give, which mark it themselves, and other methods.
function M.frame(names, arrays, levels, simulated)
  return require "trialsh.data".wrap(
    require "ts.frame".build(names, arrays, levels), simulated)
end

local function one_row(names, get)
  local arrays = {}
  for i, name in ipairs(names) do
    local value = get(name)
    arrays[i] = { value == nil and NA or value }
  end
  return M.frame(names, arrays)
end

-- Names ----------------------------------------------------------------------

local function sorted_keys(t)
  local list = {}
  for key in pairs(t) do list[#list + 1] = key end
  table.sort(list)
  return list
end

-- The standard fields, then those of this result alone, by name.
local function names_of(state)
  local names, seen = {}, {}
  for i, name in ipairs(state.order) do names[i], seen[name] = name, true end
  for _, name in ipairs(sorted_keys(state.fields)) do
    if not seen[name] then names[#names + 1] = name end
  end
  return names
end

-- What other programs call the fields, where this result has them.
local elsewhere = { p = "p_value", pvalue = "p_value", t = "statistic",
  z = "statistic", se = "std_error", ci = "conf_low", coef = "estimate",
  coefficients = "estimate" }

local function known_as(key, names)
  for _, name in ipairs(names) do
    if name == elsewhere[key:lower()] then return name end
  end
end

local function unknown(state, key)
  local hint = state.hint and state.hint(key)
  if hint then fail("not found", hint) end
  local names = names_of(state)
  for _, name in ipairs(sorted_keys(state.methods)) do
    names[#names + 1] = name
  end
  local near = type(key) == "string" and (known_as(key, names)
    or text.nearest(key, names))
  fail("not found", ("the result of %s has no %s%s"):format(state.name,
    tostring(key), near and "; nearest: " .. near
      or "; it has " .. table.concat(names, ", ")))
end

-- Both kinds -----------------------------------------------------------------

local Result = { __name = "result" }

local methods = {}

--- r:get(field): the field, or NA for one that this result has not.
function methods.get(r, key)
  local value = rawget(r, STATE).fields[key]
  return value == nil and NA or value
end

--- result:p_text([journal]) -> text
-- The P-value as a journal wants it.
--   journal  "plain" (default), "NEJM", "JAMA", "Annals", "Lancet"
--
--   > fisher({ { 7, 2 }, { 1, 8 } }):p_text "NEJM"
--   P = 0.02
--   > fisher({ { 7, 2 }, { 1, 8 } }):p_text "JAMA"
--   P = .02
--
-- See also: fisher, wilcoxon.
function methods.p_text(r, journal)
  return require "trialsh.p_text".equals(methods.get(r, "p_value"), journal)
end

-- The mark of made-up data goes with all that is computed from them: a result
-- has it when its fields say simulated = mark (trialsh.mark).
local function marked(r, frame)
  if not rawget(r, STATE).fields.simulated then return frame end
  local relation = require "trialsh.relation"
  return relation.of_frame(relation.node_of(frame).frame, { simulated = rawget(r, STATE).fields.simulated })
end

function methods.tidy(r) return marked(r, rawget(r, STATE).tidy(r)) end

function methods.glance(r) return marked(r, rawget(r, STATE).glance(r)) end

function Result.__index(r, key)
  local state = rawget(r, STATE)
  local value = state.fields[key]
  if value == nil then
    if state.methods[key] then return state.methods[key] end
    if not state.known[key] then unknown(state, key) end
    value = NA
  end
  if value == NA then
    local note = state.fields.note
    because(note and note ~= NA and note
      or ("%s has no %s here"):format(state.name, key))
  end
  return value
end

function Result.__newindex(_, key)
  fail("read-only", ("results do not change: %s is not set"):format(
    tostring(key)))
end

function Result.__pairs(r)
  local state = rawget(r, STATE)
  local names, i = names_of(state), 0
  return function()
    i = i + 1
    local name = names[i]
    if name then
      local value = state.fields[name]
      return name, value == nil and NA or value
    end
  end
end

function Result.__tostring(r)
  local state = rawget(r, STATE)
  local body = state.print(r, state)
  return state.fields.simulated and body .. "\n" .. state.fields.simulated or body
end

-- What Tab offers behind "." and ":".
function Result.__complete(r, separator)
  local state = rawget(r, STATE)
  return separator == "." and names_of(state) or sorted_keys(state.methods)
end

local function new(state)
  state.known = { simulated = true }
  for _, name in ipairs(state.order) do state.known[name] = true end
  return setmetatable({ [STATE] = state }, Result)
end

--- result.noted(r, words) -> the same result with more in its note.
function M.noted(r, words)
  local state, fields = {}, {}
  for key, value in pairs(rawget(r, STATE)) do state[key] = value end
  for key, value in pairs(state.fields) do fields[key] = value end
  local note = fields.note
  fields.note = M.note(note ~= NA and note or nil, words)
  state.fields = fields
  return setmetatable({ [STATE] = state }, Result)
end

--- result.is(x): whether x is a result.
function M.is(x) return getmetatable(x) == Result end

-- Text -----------------------------------------------------------------------

--- result.lines(pieces [, width]): pieces joined by "; ", broken between them
-- where a line would be wider than the screen.
function M.lines(pieces, width)
  width = width or require "trialsh.show".width()
  local lines, line = {}, nil
  for _, piece in ipairs(pieces) do
    local longer = line and line .. "; " .. piece
    if longer and text.width(longer) > width then
      lines[#lines + 1] = line
      line = piece
    else
      line = longer or piece
    end
  end
  lines[#lines + 1] = line
  return table.concat(lines, "\n")
end

--- result.note(...): the texts among the arguments, joined; NA where there is
-- none. nil and false say nothing.
function M.note(...)
  local list = {}
  for i = 1, select("#", ...) do
    local text_of = select(i, ...)
    if text_of then list[#list + 1] = text_of end
  end
  return #list > 0 and table.concat(list, "; ") or NA
end

--- result.left_out(n, reasons [, what]): "3 rows left out: CHG missing in 2".
function M.left_out(n, reasons, what)
  if n == 0 or n == NA or n == nil then return nil end
  return ("%d %s%s left out%s"):format(n, what or "row", n == 1 and "" or "s",
    reasons and #reasons > 0 and ": " .. table.concat(reasons, ", ") or "")
end

--- result.missing(info): why rows of a model frame are left out, in words;
-- info is that of ts.formula's model:info().
function M.missing(info)
  local reasons = {}
  local function add(v)
    if v.n_undefined > 0 then
      reasons[#reasons + 1] = ("%s undefined in %d"):format(v.name, v.n_undefined)
    end
    if v.n_missing > v.n_undefined then
      reasons[#reasons + 1] = ("%s missing in %d"):format(v.name,
        v.n_missing - v.n_undefined)
    end
  end
  for _, v in ipairs(info.response) do add(v) end
  for _, v in ipairs(info.x) do add(v) end
  if info.stratum then add(info.stratum) end
  for _, v in ipairs(info.offset) do add(v) end
  if info.weight then add(info.weight) end
  return reasons
end

local function headline(f, show)
  local who = {}
  if show.variable then who[1] = text.escape(show.variable) end
  if f.compare and f.compare ~= NA then
    who[#who + 1] = ("%s (n = %d) vs %s (n = %d)"):format(text.escape(show.a),
      f.n_1, text.escape(show.b), f.n_2)
  else
    who[#who + 1] = ("n = %d"):format(f.n)
  end
  local test = f.method
  if f.alternative and f.alternative ~= NA then
    test = test .. ", " .. (f.alternative == "two-sided" and "two-sided"
      or "one-sided (" .. f.alternative .. ")")
  end
  return test .. ": " .. table.concat(who, ", ")
end

-- The size that decides how many decimals estimate and interval show.
local function size_of(f)
  local low, high = f.conf_low, f.conf_high
  if low and low ~= NA and high ~= NA and high - low < math.huge then
    return high - low
  end
  if f.std_error and f.std_error ~= NA then return 4 * f.std_error end
  return f.estimate or NA
end

-- What stands below the numbers: more lines, the note, what is left out.
local function with_notes(lines, f, show)
  for _, line in ipairs(show.after or {}) do lines[#lines + 1] = line end
  if f.note and f.note ~= NA then lines[#lines + 1] = text.escape(f.note) end
  lines[#lines + 1] = M.left_out(f.n_missing, show.reasons, show.unit)
  return table.concat(lines, "\n")
end

local function print_comparison(_, state)
  local f, show = state.fields, state.show
  if show.print then return with_notes(show.print(f), f, show) end
  local digits = show.digits or format.decimals(size_of(f))
  local pieces = {}
  if show.estimates and f.estimate_2 and f.estimate_2 ~= NA then
    local own = show.estimate_digits or digits
    pieces[1] = ("%s %s and %s"):format(show.estimates,
      format.cell(f.estimate_1, own), format.cell(f.estimate_2, own))
  end
  local estimate = f.estimate and f.estimate_name and ("%s %s"):format(
    f.estimate_name, format.cell(f.estimate, digits))
  if estimate and f.conf_low and f.conf_low ~= NA then
    estimate = ("%s, %s CI %s"):format(estimate, format.level(f.conf_level),
      format.interval(f.conf_low, f.conf_high, digits))
  end
  pieces[#pieces + 1] = estimate
  if f.statistic and f.statistic ~= NA and show.statistic then
    local df = f.df and f.df ~= NA
      and (", df = " .. format.fixed(f.df, f.df % 1 == 0 and 0 or 1)) or ""
    pieces[#pieces + 1] = ("%s = %s%s"):format(show.statistic,
      format.fixed(f.statistic, 2), df)
  end
  for _, piece in ipairs(show.pieces or {}) do pieces[#pieces + 1] = piece end
  if f.p_value ~= nil then pieces[#pieces + 1] = format.p_equals(f.p_value) end
  return with_notes({ headline(f, show), M.lines(pieces) }, f, show)
end

-- Comparisons ----------------------------------------------------------------

local function tidy_comparison(r)
  local state = rawget(r, STATE)
  local names = { "term", table.unpack(tidy_fields) }
  return one_row(names, function(name)
    if name ~= "term" then return state.fields[name] end
    local compare = state.fields.compare
    return compare and compare ~= NA and compare or state.show.variable
  end)
end

local function glance_comparison(r)
  local state = rawget(r, STATE)
  local names, skip = {}, { simulated = true } -- the frame is marked itself
  for _, name in ipairs(tidy_fields) do skip[name] = true end
  for _, name in ipairs(names_of(state)) do
    if not skip[name] then names[#names + 1] = name end
  end
  return one_row(names, function(name) return state.fields[name] end)
end

--- result.comparison(fields, show) -> result
-- fields: any of the standard ones and more. show: variable, a, b (names of
-- the groups), estimates ("means"), estimate_digits, statistic ("t"), digits,
-- pieces (more text before P), after (lines behind them), reasons (why rows are
-- left out), unit (what a row is: "pair"); print: function(fields) -> lines in
-- place of all but the notes.
function M.comparison(fields, show)
  return new { name = fields.method, fields = fields, show = show or {},
    order = standard, methods = methods, print = print_comparison,
    tidy = tidy_comparison, glance = glance_comparison }
end

-- Models ---------------------------------------------------------------------

local Terms = {} -- m:term(name), for models that have terms

function Terms.term(r, name)
  local state = rawget(r, STATE)
  local names = {}
  for i, term in ipairs(state.terms) do
    if term.term == name then
      local fields = { method = state.fields.method, n = state.fields.n,
        n_missing = state.fields.n_missing,
        conf_level = state.fields.conf_level }
      for key, value in pairs(term) do fields[key] = value end
      return M.comparison(fields, { variable = name,
        statistic = term.statistic_name })
    end
    names[i] = term.term
  end
  local near = type(name) == "string" and text.nearest(name, names)
  fail("not found", ("%s has no term %s; %s"):format(state.name, tostring(name),
    near and "nearest: " .. near or "it has " .. table.concat(names, ", ")))
end

local function tidy_terms(r)
  local state = rawget(r, STATE)
  local names = { "term", table.unpack(tidy_fields) }
  local arrays = {}
  for j, name in ipairs(names) do
    arrays[j] = {}
    for i, term in ipairs(state.terms) do
      arrays[j][i] = term[name] == nil and NA or term[name]
    end
  end
  return M.frame(names, arrays)
end

local function glance_model(r)
  local state = rawget(r, STATE)
  return one_row(state.order, function(name) return state.fields[name] end)
end

--- result.model(spec) -> model
--   name     for errors: "km"
--   fields   method, n, n_missing, conf_level, ...
--   order    names of the fields that glance() shows, in order
--   terms    list of { term =, estimate =, ... }: m:term, m:tidy
--   tidy     function(m) -> frame, where the rows are no terms
--   methods  more of them: { median = function(m, ...) }
--   print    function(m) -> text
--   hint     function(key) -> what to say of a field that it has not, or nil
function M.model(spec)
  local all = {}
  for key, value in pairs(methods) do all[key] = value end
  if spec.terms then all.term = Terms.term end
  for key, value in pairs(spec.methods or {}) do all[key] = value end
  return new { name = spec.name, fields = spec.fields, order = spec.order,
    terms = spec.terms, methods = all, print = spec.print,
    hint = spec.hint, tidy = spec.tidy or tidy_terms, glance = glance_model }
end

return M
