-- Values beyond a limit in an endpoint: an analysis that takes them as what they
-- are gets their flags beside the response; another refuses them, unless its
-- option blq says what stands for those below.

local expression = require "trialsh.expression"
local relation = require "trialsh.relation"
local analysis = require "trialsh.analysis"
local limits = require "trialsh.limits"
local fail = require "ts.error".fail
local NA = require "ts.na".NA

local M = {}

-- Whether a variable is made of AVAL as a number; of conditions, times and counts
-- of rows the limit is no value.
local function is_number(e, columns)
  local variable = e.variable or "AVAL"
  if variable == "any" or variable == "count"
    or analysis.find(e.method).survival then return false end
  local tree = expression.parse("variable", variable, nil, columns)
  return expression.mentions(tree, "AVAL")
    and not expression.is_condition(tree)
end

--- limits.known(rows, endpoint): an error where an analysis of values beyond limits
-- has not what it needs.
function M.known(r, e)
  if not analysis.find(e.method).limits then return end
  local columns = relation.node_of(r).columns
  if not columns.blqfl and not columns.alqfl then
    fail("not found", ("%s: the rows have neither BLQFL nor ALQFL, which say "
      .. "which values are beyond a limit; relation:detect makes them"):format(
        e.method))
  end
  limits.check_response(e.method, e.variable or "AVAL")
end

--- limits.rows(rows, endpoint) -> rows, the flags that the response needs, words
function M.rows(r, e)
  local columns, flags = relation.node_of(r).columns, {}
  for _, name in ipairs { "BLQFL", "ALQFL" } do
    if columns[name:lower()] then flags[#flags + 1] = name end
  end
  local rule = e.options.blq
  if #flags == 0 or not is_number(e, columns) then return r, {} end
  if not rule or not columns.blqfl then return r, flags end
  local n = #r:where "BLQFL = 'Y' and AVAL is not null"
  local words = n > 0 and limits.replaced(n, #r:where "AVAL is not null", rule)
  return limits.replace(r, rule), columns.alqfl and { "ALQFL" } or {},
    words or nil
end

--- limits.base(rows, endpoint, names) -> words, where BASE is analysed and is below
-- its limit in some rows, which it then is in the model; names: of covariates.
function M.base(r, e, names)
  local columns, used = relation.node_of(r).columns, false
  if not columns.bblqfl or not columns.base or e.hierarchy then return nil end
  for _, name in ipairs(names) do used = used or name:upper() == "BASE" end
  if not used and e.variable then
    local ok, tree = pcall(expression.parse, "variable", e.variable, nil, columns)
    used = ok and expression.mentions(tree, "BASE")
  end
  if not used then return nil end
  local all, below, n, n_below = {}, {}, 0, 0
  for row in r:where "BASE is not null":distinct("USUBJID", "BBLQFL"):rows() do
    local id = row.USUBJID
    if not all[id] then all[id], n = true, n + 1 end
    if row.BBLQFL == "Y" and not below[id] then below[id], n_below = true, n_below + 1 end
  end
  return n_below > 0 and limits.base_words(n_below, n, "subjects") or nil
end

--- limits.check(frame, endpoint, bound) -> words: how many of the values that are
-- analysed are beyond a limit; an error where the analysis does not take them.
function M.check(frame, e, bound)
  if #bound.flags == 0 then return nil end
  local response, n, beyond = frame[bound.response], 0, { BLQFL = 0, ALQFL = 0 }
  for i = 1, #frame do
    if response[i] ~= NA then n = n + 1 end
  end
  for _, name in ipairs(bound.flags) do
    local flag = frame[name]
    for i = 1, #frame do
      if flag[i] == "Y" and response[i] ~= NA then
        beyond[name] = beyond[name] + 1
      end
    end
  end
  local below, above = beyond.BLQFL, beyond.ALQFL
  if below + above == 0 then
    return nil
  elseif not analysis.find(e.method).limits then
    limits.refuse(e.method, n, below, above)
  end
  return ("%d of %d values %s%s their limit"):format(below + above, n, below > 0
    and "below" or "", above == 0 and "" or below > 0 and " or above"
      or "above")
end

return M
