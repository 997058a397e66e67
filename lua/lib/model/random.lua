-- The random effects of a mixed model: terms as they are written, their
-- covariance matrices, and what they are expected to be.

local errors = require "ts.error"
local formulas = require "ts.formula"
local text = require "ts.text"
local data_of = require "trialsh.data"
local format = require "trialsh.format"
local show = require "trialsh.show"
local with_name = require "trialsh.model.call"

local fail = errors.fail

local M = {}

local function call(...) return with_name("lmm", ...) end

-- Terms ----------------------------------------------------------------------

-- Parts of text between separators that are not within backquotes.
local function split(source, separator)
  local parts, from, quoted = {}, 1, false
  for at = 1, #source do
    local c = source:sub(at, at)
    if c == "`" then
      quoted = not quoted
    elseif c == separator and not quoted then
      parts[#parts + 1], from = source:sub(from, at - 1), at + 1
    end
  end
  parts[#parts + 1] = source:sub(from)
  return parts
end

local function refuse(given, what)
  fail("invalid", ('lmm: random = "%s"; %s'):format(given, what))
end

-- A column behind the bar.
local function name_in(given, part)
  local name = part:match "^%s*(.-)%s*$"
  name = name:match "^`([^`]+)`$" or name
  if name == "" or name:find "[%s()+*|`]" then
    refuse(given, 'columns are needed behind the bar, such as "~ 1 | SITEID", '
      .. '"~ 1 | SITEID/USUBJID" or "~ 1 | SITEID:RATER"')
  end
  return name
end

-- "a/b:c" -> { { "a" }, { "a", "b", "c" } }
local function nested(given, groups)
  local list, names = {}, {}
  for _, level in ipairs(split(groups, "/")) do
    for _, part in ipairs(split(level, ":")) do
      local name = name_in(given, part)
      for _, other in ipairs(names) do
        if other == name then
          refuse(given, text.escape(name) .. " is there twice")
        end
      end
      names[#names + 1] = name
    end
    list[#list + 1] = { table.unpack(names) }
  end
  return list
end

local function add_terms(list, given)
  if type(given) ~= "string" then
    fail("invalid", 'lmm: random is text such as "~ ADY" or "~ 1 | SITEID", or '
      .. "a list of these")
  end
  local parts = split(given, "|")
  if #parts > 2 then refuse(given, "one bar at most is in a term") end
  local parsed = call(formulas.parse, parts[1], true)
  if not parsed.right or parsed.response then
    refuse(given, 'a right side is needed, such as "~ 1" or "~ ADY"')
  end
  local right = parts[1]:match "^%s*(.-)%s*$"
  for _, groups in ipairs(parts[2] and nested(given, parts[2]) or { false }) do
    list[#list + 1] = { right = right, variables = parsed.variables,
      groups = groups or nil }
  end
end

--- random.terms(given) -> { { right, variables, groups }, ... }; groups: the
-- columns behind the bar, nil where there is none
function M.terms(given)
  local list = {}
  for _, one in ipairs(type(given) == "table" and given or { given }) do
    add_terms(list, one)
  end
  if #list == 0 then fail("invalid", "lmm: random is an empty list") end
  if #list > 8 then
    fail("limit", ("lmm: %d terms of random effects; 8 are the most"):format(
      #list))
  end
  return list
end

--- random.columns(terms, subject) -> names of all columns; terms without a bar
-- are of subjects from here
function M.columns(terms, subject)
  local list = {}
  for _, term in ipairs(terms) do
    term.groups = term.groups or { subject }
    term.name = table.concat(term.groups, ":")
    for _, names in ipairs { term.variables, term.groups } do
      table.move(names, 1, #names, #list + 1, list)
    end
  end
  return list
end

--- random.single(terms) -> the column whose levels all terms are of
function M.single(terms)
  local first = terms[1].groups
  for _, term in ipairs(terms) do
    if #term.groups > 1 or term.groups[1] ~= first[1] then return nil end
  end
  return first[1]
end

--- random.frames(terms, frame) -> { { design, groups }, ... } model frames
function M.frames(terms, frame)
  local list = {}
  for i, term in ipairs(terms) do
    local names = {}
    for k, name in ipairs(term.groups) do names[k] = ("`%s`"):format(name) end
    list[i] = {
      design = call(formulas.model, term.right, frame, { right = true }),
      groups = call(formulas.model, "~ " .. table.concat(names, " + "), frame,
        { groups = true, right = true }) }
  end
  return list
end

--- random.text(terms) -> "~ 1 | SITEID, ~ ADY | USUBJID"
function M.text(terms)
  local list = {}
  for i, term in ipairs(terms) do
    list[i] = ("%s | %s"):format(term.right, term.name)
  end
  return table.concat(list, ", ")
end

--- random.name(state): parameters of several terms with the names of these;
-- state.units: what is counted in the print; state.n_subject where a term has
-- their column
function M.name(state)
  local units, seen = {}, {}
  for e, term in ipairs(state.random) do
    local _, n = state.core:effect_names(e)
    if not seen[term.name] then
      units[#units + 1] = ("%d level%s of %s"):format(n, n == 1 and "" or "s",
        text.escape(term.name))
    end
    seen[term.name] = true
    for _, name in ipairs(term.groups) do
      if name == state.subject then
        state.n_subject = math.min(n, state.n_subject or n)
      end
    end
  end
  if not state.n_level then
    state.units = units
    local _, n = state.core:effect_names(1)
    -- as SAS counts: blocks, if there is one the levels of the first term
    state.n_level = state.fit.n_subject > 1 and state.fit.n_subject or n
  end
  for _, p in ipairs(#state.random > 1 and state.fit.parameters or {}) do
    local term = state.random[p.effect]
    if term then p.name = ("%s %s"):format(p.name, term.name) end
  end
end

--- random.about(state) -> "random effects of USUBJID: ~ DAY"
function M.about(state)
  local terms = state.random
  return #terms == 1 and ("random effects of %s: %s"):format(text.escape(
    terms[1].name), text.escape(terms[1].right)) or "random effects "
    .. text.escape(M.text(terms))
end

-- Covariances ----------------------------------------------------------------

-- Rows of a term in what print shows: name, effect, SD, correlations with those
-- before it.
local function add_rows(state, e, list)
  local effects = state.core:effect_names(e)
  local g = state.core:effects_matrix(e)
  for i, name in ipairs(effects) do
    local row = { i == 1 and state.random[e].name or " ", name,
      format.significant(math.sqrt(g[i][i]), 4) }
    for j = 1, i - 1 do
      local size = math.sqrt(g[i][i] * g[j][j])
      row[3 + j] = size > 0 and format.fixed(g[i][j] / size, 3) or " "
    end
    list[#list + 1] = row
  end
  return effects
end

--- random.lines(state) -> what print says of the random effects
function M.lines(state)
  local rows, names, p = {}, {}, state.fit.parameters
  for e = 1, #state.random do
    local effects = add_rows(state, e, rows)
    if #effects > #names then names = effects end
  end
  local several = #state.random > 1
  local residual = format.significant(math.sqrt(p[#p].estimate), 4)
  rows[#rows + 1] = several and { "residual", " ", residual }
    or { " ", "residual", residual }
  local columns = {}
  for k = several and 1 or 2, 2 + #names do
    local values = {}
    for i, row in ipairs(rows) do values[i] = row[k] or " " end
    columns[#columns + 1] = { type = "text", right = k > 2, values = values,
      name = k < 3 and "" or k == 3 and "SD" or several and "corr."
        or names[k - 3] }
  end
  return { "standard deviations" .. (#names > 1 and " and correlations" or "")
    .. " of random effects", (show.table(columns, #rows, {})) }
end

--- random.note(state) -> what to say of matrices at their bound, or nil
function M.note(state)
  local notes = {}
  for e, term in ipairs(state.random) do
    local g, rank = state.core:effects_matrix(e)
    local of = #state.random > 1 and " of " .. term.name or ""
    if rank == 0 then
      notes[#notes + 1] = ("the random effects%s have no variance, its bound: "
        .. "records of a %s are not more alike than others"):format(of,
        term.name == state.subject and "subject" or "level")
    elseif rank < #g then
      notes[#notes + 1] = ("the covariance matrix of the random effects%s is "
        .. "singular, at its bound: of rank %d for %d effects (a correlation of "
        .. "1 or -1, or no variance)"):format(of, rank, #g)
    end
  end
  return #notes > 0 and table.concat(notes, "; ") or nil
end

--- model:effects([term]) -> frame
-- What the random effects of each subject are expected to be (BLUP): how far
-- its own line is from the one of the fixed effects. Where the model has several
-- terms of random effects, term is a place (1) or what they are of ("SITEID").
--
--   > m = lmm("log(AVAL) ~ TRT01P * ADY", demo.adlb:where { PARAMCD = "ALC" })
--   > m:effects():head(2)
--      USUBJID   (Intercept)
--   1  DEMO-001     0.390472
--   2  DEMO-002    -0.474764
--     SIMULATED DATA
--
-- See also: lmm. R: lme4::ranef.
function M.effects(state, given)
  local e = nil
  for k, term in ipairs(state.random) do
    if given == k or given == term.name and not e then e = k end
  end
  if not e and (given ~= nil or #state.random > 1) then
    local names = {}
    for k, term in ipairs(state.random) do names[k] = term.name end
    local near = type(given) == "string" and text.nearest(given, names)
    fail("invalid", ("lmm: effects: which term? There are %s%s"):format(
      table.concat(names, ", "), near and "; nearest: " .. near or ""))
  end
  e = e or 1
  local names = state.core:effect_names(e)
  local levels, values = state.core:effects(e)
  local list, arrays = { state.random[e].name }, { levels }
  for j, name in ipairs(names) do
    list[j + 1], arrays[j + 1] = name, {}
    for i = 1, #levels do arrays[j + 1][i] = values[i][j] end
  end
  return data_of.wrap(require "ts.frame".build(list, arrays), state.simulated)
end

return M
