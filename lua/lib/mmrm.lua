-- Models for repeated measures. The numbers are C's (ts.mixed); here are
-- formulas, options, names, the ladder of structures and text. Means and
-- contrasts are those of linear models, in trialsh.model.*.

local core = require "ts.mixed"
local errors = require "ts.error"
local formulas = require "ts.formula"
local text = require "ts.text"
local clda = require "trialsh.model.clda"
local coding = require "trialsh.model.coding"
local mixed = require "trialsh.model.mixed"
local reader = require "trialsh.model.read"
local repeated = require "trialsh.model.repeated"
local options = require "trialsh.options"
local with_name = require "trialsh.model.call"

local fail = errors.fail

local M = {}

local spec = mixed.options {
  covariance = { "any", "un" }, visit = { "string" }, group = { "string" },
  time = { "string" }, clda = { "any" },
}

local function call(...) return with_name("mmrm", ...) end

-- Structures -----------------------------------------------------------------

local names = { un = "unstructured", cs = "compound symmetry",
  csh = "heterogeneous compound symmetry", ar1 = "autoregressive, AR(1)",
  ar1h = "heterogeneous autoregressive, ARH(1)", toep = "Toeplitz",
  toeph = "heterogeneous Toeplitz", ante1 = "ante-dependence, ANTE(1)",
  sp_pow = "power of time, SP(POW)", sp_exp = "exponential in time, SP(EXP)" }

local words = { "un", "cs", "csh", "ar1", "ar1h", "toep", "toeph", "ante1",
  "sp_pow", "sp_exp" }

-- The structures to try, in order.
local function ladder_of(given)
  local list = type(given) == "table" and given or { given }
  local out = {}
  for i, word in ipairs(list) do
    out[i] = options("mmrm", { covariance = word },
      { covariance = { words } }).covariance
  end
  if #out == 0 then
    fail("invalid", 'mmrm: covariance is one of "' .. table.concat(words,
      '", "') .. '", or a list of them, tried in order')
  end
  return out
end

local function has_time(structure) return structure:sub(1, 3) == "sp_" end

local function fit(state, opt, structure, model, frames)
  return core.fit(model, state.codings, { covariance = structure,
    ml = opt.method == "ML", subject = frames.subject, visit = frames.visit,
    group = frames.group, time = has_time(structure) and frames.time or nil,
    tolerance = opt.tolerance })
end

-- Fits the first structure that the data allow; of those before it why not.
local function climb(state, opt, ladder)
  local failed = {}
  for rung, structure in ipairs(ladder) do
    local ok, out = pcall(fit, state, opt, structure, state.model,
      state.frames)
    if ok then return out, rung, failed end
    local code = errors.is(out) and out.code
    if #ladder == 1 or code ~= "degenerate" and code ~= "convergence" then
      call(error, out, 0)
    end
    failed[rung] = { covariance = structure, reason = out.message }
  end
  local reasons = {}
  for i, f in ipairs(failed) do
    reasons[i] = ("%s: %s"):format(f.covariance, f.reason)
  end
  fail("degenerate", "mmrm: no structure of the ladder can be fitted; "
    .. table.concat(reasons, "; "))
end

-- The result -----------------------------------------------------------------

local function about(state, m)
  local list = { names[m.structure] .. (state.group and ", by "
    .. text.escape(state.group) or "") }
  if state.clda then
    list[2] = text.escape(("%s equal at %s"):format(state.clda.arm,
      state.clda.level))
  end
  return list
end

local order = { "structure", "group", "rung" }

--- mmrm(formula, data [, opt]) -> model for repeated measures
-- A mixed model for repeated measures: fixed effects by a formula as in lm, and
-- a covariance matrix among the visits of a subject, by restricted maximum
-- likelihood, to the optimum (a gradient below 1e-9 standard errors).
--   covariance  "un" (default: unstructured), "toeph", "ar1h", "csh", "ante1",
--               "toep", "ar1", "cs"; over real time "sp_pow", "sp_exp"; or a
--               list: the first that the data allow, and why those before not
--   subject, visit  columns: "USUBJID" and "AVISIT" unless said
--   group       a column: a covariance matrix for each of its levels
--   time        a column of numbers, for "sp_pow" and "sp_exp": "ADY" unless said
--   df          "Satterthwaite" (default), "Kenward-Roger" (as DDFM=KR of SAS),
--               "Kenward-Roger linear" (its first-order form), "between-within",
--               "residual"
--   vcov        "model" (default), or sandwiches by subject, valid when the
--               structure is wrong: "CR0" (EMPIRICAL of SAS), "CR2", "CR3"
--   method      "REML" (default), "ML"
--   clda        { TRT01P = "Baseline" }: the baseline is an outcome, at which the
--               arms are equal; subjects with nothing else count, too
--   weights, reference, contrasts, tolerance, conf_level  as in lm
-- m:means and m:contrast go by visit unless by = false; -2 log likelihood, AIC
-- and BIC are counted as SAS does. Kenward and Roger's correction takes the
-- observed information of the covariance parameters, as SAS; pbkrtest takes the
-- expected one and differs a little. CR2 multiplies a subject's residuals by
-- (I - H)^(-1/2), H the subject's block of the weighted hat matrix, with the fitted
-- covariance as working model (Kauermann and Carroll 2001; FIRORES of SAS GLIMMIX);
-- clubSandwich takes the symmetric matrix that makes up for H as well, which
-- differs in the third digit or later. CR0 and CR3 are those of clubSandwich.
-- Values of AVAL below their limit (BLQFL) are refused, unless blq says what stands
-- for them: relation:detect.
--
--   > alc = demo.adlb:where { PARAMCD = "ALC" }:where "AVISITN > 1"
--   > m = mmrm("log(AVAL) ~ log(BASE) * AVISIT + TRT01P * AVISIT", alc)
--   > m:contrast { "CYT107 HF vs Placebo", ratio = true }
--      AVISIT  ratio  95 % CI             t    df        P
--   1  Day 8   0.819  0.657 to 1.021  -1.89  19.0    0.074
--   2  Day 15  1.753  1.342 to 2.291   4.44  16.7  0.00038
--   3  Day 29  1.777  1.328 to 2.379   4.17  16.4  0.00068
--   CYT107 HF vs Placebo: ratio of geometric means; at log(BASE) = its mean
--   SIMULATED DATA
--
-- See also: model:means, model:contrast, model:anova, model:variances, lm.
-- SAS: PROC MIXED, REPEATED. R: nlme::gls, mmrm.
function M.mmrm(source, data, opt)
  opt = options("mmrm", opt, spec)
  local ladder = ladder_of(opt.covariance)
  local timed = false
  for _, structure in ipairs(ladder) do timed = timed or has_time(structure) end
  local columns = repeated.columns(data, opt, timed)
  local constraint = clda.read(opt.clda, columns.visit)
  if constraint then columns.list[#columns.list + 1] = constraint.arm end
  local function recode(frame) return clda.recode(frame, constraint) end
  local state = reader.read("mmrm", source, data, opt, columns.list, recode)
  state.clda = constraint
  state.subject, state.visit = columns.subject, columns.visit
  state.group = opt.group
  state.reference = coding.references("mmrm", state.info, opt.reference,
    state.trial)
  state.codings = coding.codings("mmrm", state.info, opt, state.reference)
  state.frames = repeated.frames(state.frame, columns)
  state.n_level = state.frames.subject:info().x[1].n_level
  state.core, state.rung, state.failed = climb(state, opt, ladder)
  call(state.core.method, state.core, opt.df, opt.vcov)
  state.core = clda.core(state, state.core, constraint)
  function state.refit(frame)
    frame = recode(frame)
    local m = fit(state, opt, state.structure, formulas.model(source, frame,
      { weights = opt.weights }), repeated.frames(frame, columns))
    m:method(opt.df, opt.vcov)
    return m
  end
  state.structure, state.fit = ladder[state.rung], state.core:info()
  state.by = repeated.visit_variable(state)
  state.title, state.about = "Repeated measures", about
  state.covariance_lines = repeated.covariance_lines
  local notes = {}
  for i, f in ipairs(state.failed) do
    notes[i] = ("%s was not possible: %s"):format(f.covariance, f.reason)
  end
  return mixed.result(state, opt, { order = order, notes = notes,
    methods = { variances = "repeated", parameters = "repeated" },
    fields = { method = ("Repeated measures, %s, %s"):format(
        names[state.structure], opt.method), structure = state.structure,
      group = state.group, rung = state.rung, failed = state.failed,
      visit = state.visit } })
end

--- mmrm.specs: the options of mmrm, for endpoints.
M.specs = { mmrm = spec }

return M
