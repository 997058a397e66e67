-- The random effects of a mixed model: their covariance matrix, and what they
-- are expected to be.

local data_of = require "trialsh.data"
local format = require "trialsh.format"
local show = require "trialsh.show"

local M = {}

--- random.lines(state) -> what print says of the random effects
function M.lines(state)
  local effects = state.core:effects()
  local k, columns = #effects, {}
  local g, p = state.core:effects_matrix(), state.fit.parameters
  local residual = p[#p].estimate
  columns[1] = { name = "", type = "text", values = { table.unpack(effects) } }
  columns[1].values[k + 1] = "residual"
  local sd = { name = "SD", type = "text", right = true, values = {} }
  for i = 1, k do
    sd.values[i] = format.significant(math.sqrt(g[i][i]), 4)
  end
  sd.values[k + 1] = format.significant(math.sqrt(residual), 4)
  columns[2] = sd
  for j = 1, k - 1 do
    local values = {}
    for i = 1, k + 1 do
      local size = i <= k and math.sqrt(g[i][i] * g[j][j]) or 0
      values[i] = i > j and size > 0 and format.fixed(g[i][j] / size, 3)
        or " "
    end
    columns[#columns + 1] = { name = effects[j], type = "text", right = true,
      values = values }
  end
  return { "standard deviations" .. (k > 1 and " and correlations" or "")
    .. " of random effects", (show.table(columns, k + 1, {})) }
end

--- random.note(state) -> what to say of a matrix at its bound, or nil
function M.note(state)
  local g, rank = state.core:effects_matrix()
  if rank == #g then return nil end
  if rank == 0 then
    return "the random effects have no variance: records of a subject are not "
      .. "more alike than others"
  end
  return ("the covariance matrix of the random effects is singular, at its "
    .. "bound: of rank %d for %d effects (a correlation of 1 or -1, or no "
    .. "variance)"):format(rank, #g)
end

--- model:effects() -> frame
-- What the random effects of each subject are expected to be (BLUP): how far
-- its own line is from the one of the fixed effects.
--
--   > m = lmm("log(AVAL) ~ TRT01P * ADY", demo.adlb:where { PARAMCD = "ALC" })
--   > m:effects():head(2)
--      USUBJID   (Intercept)
--   1  DEMO-001     0.390472
--   2  DEMO-002    -0.474764
--     SIMULATED DATA
--
-- See also: lmm. R: lme4::ranef.
function M.effects(state)
  local names, subjects, values = state.core:effects()
  local list, arrays = { state.subject }, { subjects }
  for j, name in ipairs(names) do
    list[j + 1], arrays[j + 1] = name, {}
    for i = 1, #subjects do arrays[j + 1][i] = values[i][j] end
  end
  return data_of.wrap(require "ts.frame".build(list, arrays), state.simulated)
end

return M
