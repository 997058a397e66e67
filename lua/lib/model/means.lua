-- Least-squares means and slopes of a model, and the frames that hold them.

local NA = require "ts.na".NA
local errors = require "ts.error"
local text = require "ts.text"
local estimates = require "trialsh.model.estimates"
local grid = require "trialsh.model.grid"
local options = require "trialsh.options"
local reader = require "trialsh.model.read"
local variables = require "trialsh.model.variables"

local fail = errors.fail

local M = {}

M.spec = {
  by = { "any" }, at = { "any" }, weights = { "any", "equal" },
  ratio = { "boolean", false },
  conf_level = { "number", nil, above = 0, below = 1 },
}

-- "Proportional" -> "proportional"; tables as they are.
function M.check_weights(state, given)
  if type(given) == "table" then return given end
  return options(state.who, { weights = given }, { weights = { { "equal",
    "proportional", "outer", "cells", "observed" }, "equal" } }).weights
end

--- means.spec_of(state, opt, focal): what grid.cells takes. Models of repeated
-- measures (state.by) go by visit unless by says otherwise; by = false: not.
function M.spec_of(state, opt, focal)
  local by = opt.by
  if by == nil then by = state.by end
  return { focal = focal, by = by, at = opt.at,
    weights = M.check_weights(state, opt.weights) }
end

function M.check_ratio(state, ratio)
  if ratio and not state.base then
    fail("invalid", ("%s: ratio = true is for a response that is a logarithm, "
      .. "such as log(AVAL); it is %s"):format(state.who, state.response))
  end
end

-- The mean of the model's offsets, which are no part of a row; or 0.
local function offset_of(state)
  state.offset = state.offset or state.model:offset() or 0
  return state.offset
end

--- means.estimate(state, row, opt, share) -> fields: those of a row's estimate
-- and of so many offsets, 1 for a mean, 0 for a difference; of a ratio from its
-- logarithm, whose error stays.
function M.estimate(state, row, opt, share)
  local estimate, std_error, estimable, df = NA, NA, false, nil
  if row then estimate, std_error, estimable, df = state.core:estimate(row) end
  local shift = estimate ~= NA and share ~= 0 and share * offset_of(state) or 0
  if shift ~= 0 then estimate = estimate + shift end
  local out = estimates.infer(estimate, std_error, df or state.df or NA, opt)
  if row and state.infer then out = state.infer(row, out, opt, shift) end
  out.estimable = estimable
  return out
end

--- means.say_offset(state, about): adds where the offsets stand.
function M.say_offset(state, about)
  for _, v in ipairs(state.info.offset) do
    about.at[#about.at + 1] = ("offset(%s) = its mean"):format(v.name)
  end
end

--- means.to_ratio(state, fields): from the logarithm to what it is of.
function M.to_ratio(state, fields)
  for _, key in ipairs { "estimate", "conf_low", "conf_high", "estimate_1",
    "estimate_2" } do
    if type(fields[key]) == "number" then
      fields[key] = state.base ^ fields[key]
    end
  end
  fields.ratio = true
  return fields
end

local function weight_words(weights)
  return type(weights) == "table" and "given weights" or weights .. " weights"
end

-- "at log(BASE) = its mean; averaged over SEX with equal weights"
function M.words(about)
  local parts = {}
  if #about.at > 0 then parts[1] = "at " .. table.concat(about.at, ", ") end
  if about.over ~= "" then
    local how = about.weights ~= "observed"
      and " with " .. weight_words(about.weights) or ""
    parts[#parts + 1] = "averaged over " .. about.over .. how
  end
  return table.concat(parts, ", ")
end

-- Columns and levels of the cells, for a frame.
function M.labels(state, about)
  local levels = {}
  for _, name in ipairs(about.names) do
    for _, x in ipairs(variables.of(state)) do
      if x.name == name and x.category then levels[name] = x.levels end
    end
  end
  return { table.unpack(about.names) }, levels
end

local function not_estimable(rows)
  for _, row in ipairs(rows) do
    if not row.estimable then
      return "NA: not estimable, as the data have nothing there"
    end
  end
end

--- means.frame(state, rows, about, opt) -> the frame of estimates
function M.frame(state, rows, about, opt)
  local names, levels = M.labels(state, about)
  local shown = { table.unpack(names) }
  local heads = { estimate = opt.head }
  for _, name in ipairs { "estimate", "std_error", "df", "conf_low",
    "conf_high" } do
    names[#names + 1] = name
    if name ~= "std_error" or not opt.ratio then shown[#shown + 1] = name end
  end
  names[#names + 1] = "n"
  local words = M.words(about)
  local lines = {}
  for line in require "trialsh.result".lines { opt.title
    .. (words ~= "" and " " .. words or ""), opt.tail }:gmatch "[^\n]+" do
    lines[#lines + 1] = line
  end
  lines[#lines + 1] = not_estimable(rows)
  if state.df == NA then lines[#lines + 1] = state.note end
  return estimates.shown(rows, names, { heads = heads, levels = levels,
    print = shown, lines = lines, simulated = state.simulated })
end

local function add_labels(fields, cell)
  for name, value in pairs(cell.values) do fields[name] = value end
  fields.n = cell.n
  return fields
end

--- model:means(factor [, opt]) -> frame
-- Least-squares means: what the model expects for each level of a category when
-- all else is the same. Numbers stand at their means over the rows used (a
-- column in several terms, or in poly() and splines, at the mean of the
-- column), other categories are averaged over.
--   factor      "TRT01P", or { "TRT01P", "SEX" } for each combination
--   by          more categories, which come first: "SEX"; of mmrm the visit,
--               unless by = false, which averages over visits
--   at          { AGE = 60, SEX = "F" } instead; lists give a row for each
--   weights     "equal" (default; as SAS and emmeans), "proportional" to the
--               counts of the combinations averaged over (SAS: OM), "outer": to
--               the product of their margins, "cells": within each cell, a
--               table { SEX = { F = 0.4, M = 0.6 } }, or "observed": the mean
--               prediction when all rows get the level (g-computation)
--   ratio       true: geometric means, of a response that is a logarithm
--   conf_level  that of the model
-- offset() stands at its mean over the rows used. A condition, I(AGE > 65), is a
-- category, TRUE and FALSE, averaged over like others, also when AGE is a term:
-- weights = "observed" keeps the two together. (emmeans puts AGE at its mean and
-- so the condition at what is true there; it averages over a column of the
-- condition, as here.) A mean that the data do not determine is NA.
--
--   > d29 = demo.adlb:where { PARAMCD = "ALC", AVISIT = "Day 29" }
--   > lm("log(AVAL / BASE) ~ log(BASE) + TRT01P", d29):means "TRT01P"
--      TRT01P     estimate  std_error  df  conf_low  conf_high
--   1  Placebo       0.524      0.114  14     0.279      0.769
--   2  CYT107 LF     0.990      0.107  14     0.762      1.219
--   3  CYT107 HF     1.145      0.095  14     0.941      1.349
--   least-squares means at log(BASE) = its mean
--   logarithms: exp() gives ratios of (AVAL / BASE)
--   SIMULATED DATA
--
-- See also: model:contrast, model:slope. R: emmeans. SAS: LSMEANS.
function M.means(state, factor, opt)
  opt = options(state.who, opt, M.spec)
  if type(factor) ~= "string" and type(factor) ~= "table" then
    fail("type", ('%s takes a category, such as "TRT01P"'):format(
      state.who))
  end
  M.check_ratio(state, opt.ratio)
  opt.conf_level = opt.conf_level or state.conf_level
  local cells, about = grid.cells(state, M.spec_of(state, opt, factor))
  M.say_offset(state, about)
  local rows = {}
  for i, cell in ipairs(cells) do
    local fields = M.estimate(state, cell.row, opt, 1)
    if opt.ratio then M.to_ratio(state, fields) end
    rows[i] = add_labels(fields, cell)
  end
  local tail = not opt.ratio and state.base
    and reader.of_what(state.response, "logarithms: exp() gives ratios") or nil
  return M.frame(state, rows, about, { ratio = opt.ratio,
    title = opt.ratio and reader.of_what(state.response,
      "geometric least-squares means")
      or "least-squares means", tail = tail })
end

-- Slopes ---------------------------------------------------------------------

-- Points and factors of a derivative: of a straight line exactly; else by five
-- points, exact up to the fourth power.
local function stencil(state, name, at)
  local straight, basis, found = true, false, false
  for _, x in ipairs(variables.of(state)) do
    local holds = x.name == name
    for _, column in ipairs(x.columns) do holds = holds or column == name end
    if holds and x.category then
      fail("type", ("%s: %s is a category; contrast compares its levels")
        :format(state.who, x.name))
    end
    found = found or holds
    straight = straight and (not holds or x.name == name)
    basis = basis or holds and x.basis
  end
  if straight or not found then
    return { { at, -1 }, { at + 1, 1 } }
  end
  local column = state.frame:column(name)
  local h = require "ts.describe".sd(column) * 2 ^ (basis and -14 or -8)
  return { { at - 2 * h, 1 / (12 * h) }, { at - h, -8 / (12 * h) },
    { at + h, 8 / (12 * h) }, { at + 2 * h, -1 / (12 * h) } }
end

local function copy_at(at)
  local out = {}
  for key, value in pairs(at or {}) do out[key] = value end
  return out
end

-- Cells whose rows are derivatives.
local function slopes(state, name, opt)
  local at = copy_at(opt.at)
  local point = at[name]
  if point == nil then
    local ok, column = pcall(state.frame.column, state.frame, name)
    point = ok and column.type == "real" and state.model:mean(column) or 0
  end
  if type(point) ~= "number" then
    fail("type", ("%s: at: %s is one number for a slope"):format(state.who,
      name))
  end
  local cells, about
  for _, p in ipairs(stencil(state, name, point)) do
    at[name] = p[1]
    local spec = M.spec_of(state, opt, {})
    spec.at = at
    local part, words = grid.cells(state, spec)
    if not cells then
      cells, about = part, words
      for _, c in ipairs(cells) do c.sum = {} end
    end
    for i, c in ipairs(part) do
      for j, value in ipairs(c.row or {}) do
        cells[i].sum[j] = (cells[i].sum[j] or 0) + p[2] * value
      end
      cells[i].void = cells[i].void or not c.row
    end
  end
  local kept = {}
  for _, s in ipairs(about.at) do
    if s:sub(1, #name + 3) ~= name .. " = " then kept[#kept + 1] = s end
  end
  about.at = kept
  for _, c in ipairs(cells) do c.row = not c.void and c.sum or nil end
  return cells, about, point
end
M.slopes = slopes

--- model:slope(variable [, opt]) -> frame
-- What the model expects of one unit more of a number, by category if it
-- interacts with one.
--   variable    "AGE", or a variable of the model: "log(BASE)"
--   by          "TRT01P": a slope for each level
--   at          { AGE = 60 }: where a curve is looked at, else at the mean
--   weights, conf_level  as in model:means
-- model:contrast with slope = "AGE" compares slopes.
--
--   > m = lm("AVAL ~ BASE * TRT01P", demo.adlb:where { PARAMCD = "ALC",
--   >   AVISIT = "Day 29" })
--   > m:slope("BASE", { by = "TRT01P" })
--      TRT01P     slope  std_error  df  conf_low  conf_high
--   1  Placebo     0.12       1.38  12     -2.88       3.13
--   2  CYT107 LF   3.13       0.56  12      1.91       4.35
--   3  CYT107 HF   5.56       0.87  12      3.66       7.46
--   slope of BASE
--   SIMULATED DATA
--
-- See also: model:means, model:contrast. R: emmeans::emtrends.
function M.slope(state, name, opt)
  opt = options(state.who, opt, { by = M.spec.by, at = M.spec.at,
    weights = M.spec.weights, conf_level = M.spec.conf_level })
  if type(name) ~= "string" then
    fail("type", ('%s takes a variable, such as "AGE"'):format(
      state.who))
  end
  opt.conf_level = opt.conf_level or state.conf_level
  local cells, about = slopes(state, name, opt)
  local rows = {}
  for i, cell in ipairs(cells) do
    rows[i] = add_labels(M.estimate(state, cell.row, opt, 0), cell)
  end
  return M.frame(state, rows, about, { title = "slope of "
    .. text.escape(name), head = "slope" })
end

return M
