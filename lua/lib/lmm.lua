-- Linear mixed models: random effects of subjects, or of levels nested and
-- crossed. The numbers are C's (ts.mixed), the rest is shared with mmrm.

local core = require "ts.mixed"
local fail = require "ts.error".fail
local formulas = require "ts.formula"
local coding = require "trialsh.model.coding"
local data_of = require "trialsh.data"
local mixed = require "trialsh.model.mixed"
local random = require "trialsh.model.random"
local reader = require "trialsh.model.read"
local repeated = require "trialsh.model.repeated"
local options = require "trialsh.options"
local with_name = require "trialsh.model.call"

local M = {}

local spec = mixed.options { random = { "any", "~ 1" } }

local function call(...) return with_name("lmm", ...) end

-- What stands in the second line of the print.
local function about(state) return { random.about(state) } end

-- The column of subjects, where rows of one are counted once: nil where terms
-- name their levels and the data have no subjects.
local function subject_of(data, opt, terms)
  local named = true
  for _, term in ipairs(terms) do named = named and term.groups ~= nil end
  if named and not opt.subject and not data_of.has(data, "USUBJID") then
    return #terms == 1 and #terms[1].groups == 1 and terms[1].groups[1] or nil
  end
  return repeated.subject(data, opt, "lmm")
end

--- lmm(formula, data [, opt]) -> linear mixed model
-- Random effects of subjects: each has a line of its own about what the formula
-- says, and records scatter around it with one variance. By restricted maximum
-- likelihood, to the optimum.
--   random   "~ 1" (default): an intercept; "~ ADY": intercept and slope, with
--            their correlation; any right side. Of what, if not of subjects,
--            comes behind a bar: "~ 1 | SITEID"; nested "~ 1 | SITEID/USUBJID";
--            two columns together "~ 1 | SITEID:RATER". A list has several
--            terms, independent of each other, nested or crossed:
--            { "~ 1 | SITEID", "~ ADY | USUBJID" }, { "~ 1", "~ ADY - 1" }
--   subject  a column: "USUBJID" unless said
--   df, vcov, method  as in mmrm; Kenward-Roger and its linear form are the same
--            here
--   weights, reference, contrasts, tolerance, conf_level  as in lm
-- Where the best covariance matrix of the random effects is at its bound (a
-- variance of 0, a correlation of 1) the note says so, and degrees of freedom
-- are those of fewer parameters, as SAS has them. Any number of rows may be
-- joined by levels that they share; but what crosses the term of most levels, and
-- all that is nested in it, may have 2,000 effects (of several subjects with their
-- raters and sites: raters and sites). Sandwiches and scaled residuals are for
-- blocks of 1,000 rows at most.
-- Values of AVAL below their limit (BLQFL) are refused, unless blq says what stands
-- for them: relation:detect.
--
--   > m = lmm("log(AVAL) ~ TRT01P * ADY", demo.adlb:where { PARAMCD = "ALC" })
--   > m:slope("ADY", { by = "TRT01P" })
--      TRT01P       slope  std_error    df  conf_low  conf_high
--   1  Placebo    0.01715    0.00535  60.3   0.00646    0.02785
--   2  CYT107 LF  0.03772    0.00506  61.7   0.02760    0.04784
--   3  CYT107 HF  0.04563    0.00459  59.7   0.03646    0.05481
--   slope of ADY
--   SIMULATED DATA
--
-- See also: mmrm, model:effects, model:means, model:slope, model:contrast.
-- R: lme4::lmer, lmerTest. SAS: PROC MIXED, RANDOM.
function M.lmm(source, data, opt)
  opt = options("lmm", opt, spec)
  local terms = random.terms(opt.random)
  local subject = subject_of(data, opt, terms)
  local columns = random.columns(terms, subject)
  columns[#columns + 1] = subject
  local state = reader.read("lmm", source, data, opt, columns)
  state.subject, state.random = subject, terms
  state.reference = coding.references("lmm", state.info, opt.reference,
    state.trial)
  local codings = coding.codings("lmm", state.info, opt, state.reference)
  local single = random.single(terms)
  local function fit(frame, model)
    local frames = single and repeated.frames(frame, { subject = single }) or {}
    local m = call(core.fit, model, codings, { covariance = "random",
      ml = opt.method == "ML", subject = frames.subject,
      effects = random.frames(terms, frame), tolerance = opt.tolerance })
    call(m.method, m, opt.df, opt.vcov)
    return m, frames.subject and frames.subject:info().x[1].n_level
  end
  state.core, state.n_level = fit(state.frame, state.model)
  function state.refit(frame)
    return (fit(frame, formulas.model(source, frame,
      { weights = opt.weights })))
  end
  state.fit = state.core:info()
  random.name(state)
  state.title, state.about = "Mixed model", about
  state.covariance_lines = random.lines
  return mixed.result(state, opt, { order = { "random" }, notes = {
      random.note(state) },
    methods = { effects = "random", parameters = "repeated" },
    fields = { method = "Linear mixed model, " .. opt.method,
      random = random.text(terms) } })
end

--- lmm.specs: the options of lmm, for endpoints.
M.specs = { lmm = spec }

return M
