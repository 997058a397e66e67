-- What repeated measures have beside other models: columns that name subject
-- and visit, the covariance matrix among visits, subjects without a record.

local NA = require "ts.na".NA
local errors = require "ts.error"
local formulas = require "ts.formula"
local text = require "ts.text"
local data_of = require "trialsh.data"
local estimates = require "trialsh.model.estimates"
local format = require "trialsh.format"
local show = require "trialsh.show"

local fail = errors.fail

local M = {}

local SUBJECT, VISIT, TIME = "USUBJID", "AVISIT", "ADY"
local MOST = 12 -- visits whose matrix is printed

-- Columns --------------------------------------------------------------------

local function column_of(who, data, given, usual, what)
  if given then return given end
  if data_of.has(data, usual) then return usual end
  fail("invalid", ('%s: which column is the %s? %s = "..." says it; the data '
    .. "have no %s"):format(who, what, what, usual))
end

--- repeated.subject(data, opt, who) -> the name of the subjects' column
function M.subject(data, opt, who)
  return column_of(who, data, opt.subject, SUBJECT, "subject")
end

--- repeated.columns(data, opt, timed) -> { subject, visit, group, time, list }:
-- the names of columns, said in opt or CDISC's.
function M.columns(data, opt, timed)
  local out = { subject = M.subject(data, opt, "mmrm"),
    group = opt.group }
  if timed then
    out.time = opt.time or data_of.has(data, TIME) and TIME or nil
  end
  if timed and not out.time then
    fail("invalid", 'mmrm: a structure over time needs time = "...": the data have no ADY')
  end
  if not timed or opt.visit or data_of.has(data, VISIT) then
    out.visit = column_of("mmrm", data, opt.visit, VISIT, "visit")
  end
  out.list = {}
  for _, key in ipairs { "subject", "visit", "group", "time" } do
    out.list[#out.list + 1] = out[key]
  end
  return out
end

--- repeated.frames(frame, columns) -> a model frame for each of them
function M.frames(frame, columns)
  local out = {}
  for _, key in ipairs { "subject", "visit", "group", "time" } do
    if columns[key] then
      out[key] = formulas.model(("~ `%s`"):format(columns[key]), frame,
        key == "time" and { right = true } or { groups = true })
    end
  end
  return out
end

--- repeated.visit_variable(state) -> the name of the visit in the model, or nil
function M.visit_variable(state)
  for _, v in ipairs(state.info.x) do
    if v.type == "text" and (v.name == state.visit
        or v.name == ("factor(%s)"):format(state.visit)) then
      return v.name
    end
  end
end

-- Covariances ----------------------------------------------------------------

local function matrices(state)
  if state.structure:sub(1, 3) == "sp_" then return {} end
  local list = {}
  for g, name in ipairs(state.fit.groups) do
    list[g] = { name = name, v = state.core:matrix(g) }
  end
  return list
end

-- SD of each visit, and correlations with those before it.
local function matrix_text(state, v)
  local visits = state.fit.visits
  local columns = { { name = "", type = "text", values = visits },
    { name = "SD", type = "text", right = true, values = {} } }
  local least = math.huge
  for i in ipairs(visits) do least = math.min(least, math.sqrt(v[i][i])) end
  for i in ipairs(visits) do
    columns[2].values[i] = format.cell(math.sqrt(v[i][i]),
      format.decimals(least))
  end
  for j = 1, #visits - 1 do
    local values = {}
    for i in ipairs(visits) do
      values[i] = i > j and format.fixed(v[i][j] / math.sqrt(v[i][i] * v[j][j]),
        3) or " "
    end
    columns[#columns + 1] = { name = visits[j], type = "text", right = true,
      values = values }
  end
  return (show.table(columns, #visits, {}))
end

-- "Residual 88.99, AR(1) 0.427"
local function parameter_text(state)
  local list = {}
  for i, p in ipairs(state.fit.parameters) do
    local group = state.group and state.fit.groups[p.group] .. " " or ""
    list[i] = ("%s%s %s"):format(group, p.name, format.significant(p.estimate,
      4))
  end
  return require "trialsh.result".lines(list)
end

--- repeated.covariance_lines(state) -> what print says of the matrix
function M.covariance_lines(state)
  local lines, list = {}, matrices(state)
  if #list == 0 then return { parameter_text(state) } end
  if #state.fit.visits > MOST then
    return { ("covariance among %d visits: m:variances()"):format(
      #state.fit.visits) }
  end
  for _, m in ipairs(list) do
    lines[#lines + 1] = "standard deviations and correlations" .. (state.group
      and ", " .. text.escape(m.name) or "")
    lines[#lines + 1] = matrix_text(state, m.v)
  end
  return lines
end

--- model:variances() -> frame
-- The covariance matrix among the visits of a subject: a row and a column for
-- each visit; with group, for each group.
--
--   > alc = demo.adlb:where { PARAMCD = "ALC" }:where "AVISITN > 1"
--   > mmrm("log(AVAL) ~ TRT01P * AVISIT", alc, { covariance = "cs" }):variances()
--      AVISIT     Day 8    Day 15    Day 29
--   1  Day 8   0.229098  0.158055  0.158055
--   2  Day 15  0.158055  0.229098  0.158055
--   3  Day 29  0.158055  0.158055  0.229098
--     SIMULATED DATA
--
-- See also: mmrm, model:parameters. R: nlme::getVarCov.
function M.variances(state)
  local list, visits = matrices(state), state.fit.visits
  if #list == 0 then
    fail("invalid", "mmrm: covariances over time have no matrix of visits; "
      .. "m:parameters() has what there is")
  end
  local names, arrays = {}, {}
  local function add(name, values)
    names[#names + 1], arrays[#arrays + 1] = name, values
  end
  if state.group then add(state.group, {}) end
  add(state.visit, {})
  for _, name in ipairs(visits) do add(name, {}) end
  local first = #names - #visits
  for _, m in ipairs(list) do
    for i, visit in ipairs(visits) do
      local at = #arrays[first] + 1
      if state.group then arrays[1][at] = m.name end
      arrays[first][at] = visit
      for j in ipairs(visits) do arrays[first + j][at] = m.v[i][j] end
    end
  end
  return data_of.wrap(require "ts.frame".build(names, arrays), state.simulated)
end

--- model:parameters() -> frame
-- The covariance parameters as SAS names and defines them: variances (not
-- standard deviations), covariances, correlations; standard errors from the
-- observed information.
--
--   > alc = demo.adlb:where { PARAMCD = "ALC" }:where "AVISITN > 1"
--   > mmrm("log(AVAL) ~ TRT01P * AVISIT", alc, { covariance = "cs" }):parameters()
--      parameter  estimate  std_error
--   1  Residual   0.071043   0.017419
--   2  CS         0.158055   0.058953
--     SIMULATED DATA
--
-- See also: mmrm, model:variances.
function M.parameters(state)
  local rows, names = {}, { "parameter", "estimate", "std_error" }
  if state.group then table.insert(names, 1, state.group) end
  for i, p in ipairs(state.fit.parameters) do
    rows[i] = { parameter = p.name, estimate = p.estimate,
      std_error = p.std_error }
    if state.group then rows[i][state.group] = state.fit.groups[p.group] end
  end
  return data_of.wrap(estimates.frame(rows, names), state.simulated)
end

-- Subjects -------------------------------------------------------------------

--- repeated.unused_line(state) -> "2 subjects have no record that is used: ..."
function M.unused_line(state)
  if state.units then return nil end
  local n = state.n_level - state.fit.n_subject
  if n == 0 then return nil end
  local list = state.core:unused(7)
  if n > 6 then list[7] = "..." end
  return ("%d subject%s without a record that is used: %s"):format(n,
    n == 1 and "" or "s", text.escape(table.concat(list, ", ")))
end

return M
