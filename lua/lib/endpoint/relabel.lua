-- Rows of data with other arms than they had: what stays with a subject, and what
-- is made of a statistic whose rows are of few kinds.

local NA = require "ts.na".NA
local cframe = require "ts.frame"
local intercurrent = require "trialsh.endpoint.intercurrent"
local relation = require "trialsh.relation"

local M = {}

local SUBJECT = "USUBJID"
local CLASSES = 8 -- so many kinds of rows are counted, not listed

--- relabel.parts(data, trial, treatment, scheme): a relation in parts: columns, which of them is the treatment, of each row the
-- subject's place in the scheme, or the arm that it keeps.
function M.parts(data, trial, treatment, scheme)
  local node = relation.node_of(data:collect())
  local frame = node.frame
  local parts = { n = #frame, names = {}, columns = {}, place = {}, own = {},
    n_own = 0, treatment = treatment,
    facts = { simulated = node.simulated, trial = trial } }
  for j, name in ipairs(frame:names()) do
    if not intercurrent.is_mine(name) then
      local at = #parts.names + 1
      parts.names[at], parts.columns[at] = name, frame:column(j)
      if name == treatment then parts.at = at end
    end
  end
  local arm, subject = parts.columns[parts.at], frame:column(SUBJECT)
  local seen = {}
  for i = 1, parts.n do
    local place = scheme.place[subject[i]]
    parts.place[i] = place
    if not place or scheme.names[scheme.arm[place]] ~= arm[i] then
      parts.own[i] = arm[i]
      if not seen[subject[i]] then parts.n_own = parts.n_own + 1 end
      seen[subject[i]] = true
    end
  end
  parts.levels = arm.type == "text" and arm.levels or nil
  return parts
end

--- relabel.labels(parts, codes, by_code, by_name, out) -> out: the arm of each row,
-- by what a code and an arm that is kept are called.
function M.labels(parts, codes, by_code, by_name, out)
  local place, own = parts.place, parts.own
  for i = 1, parts.n do
    local kept = own[i]
    if kept ~= nil then
      out[i] = by_name[kept] or NA
    else
      out[i] = by_code[codes[place[i]]] or NA
    end
  end
  return out
end

--- relabel.data(parts, labels, levels) -> the relation with these arms
function M.data(parts, labels, levels)
  local columns = table.move(parts.columns, 1, #parts.columns, 1, {})
  columns[parts.at] = labels
  return relation.of_frame(cframe.build(parts.names, columns,
    { [parts.treatment] = levels }), parts.facts)
end

-- A value with all of its digits.
local function written(value)
  return math.type(value) == "float" and ("%.17g"):format(value)
    or tostring(value)
end
M.written = written

-- Of which kind each row is, by all of its values but subject and arm; nil where
-- there are many kinds.
local function classes_of(parts)
  local classes, seen, n = {}, {}, 0
  for i = 1, parts.n do
    local values = {}
    for j, column in ipairs(parts.columns) do
      if j ~= parts.at and parts.names[j] ~= SUBJECT then
        values[#values + 1] = written(column[i])
      end
    end
    local key = table.concat(values, "\0")
    if not seen[key] then
      n = n + 1
      seen[key] = n
      if n > CLASSES then return nil end
    end
    classes[i] = seen[key]
  end
  return classes, n
end

-- How many rows of each kind have each label, as a text.
local function key_of(classes, n, labels, place)
  local counts = {}
  for k = 1, n * place.n do counts[k] = 0 end
  for i, class in ipairs(classes) do
    local label = place[labels[i]]
    if label then
      local at = (label - 1) * n + class
      counts[at] = counts[at] + 1
    end
  end
  return table.concat(counts, ",")
end

--- relabel.statistic(parts, levels, repeated, f) -> f(data) by codes; whether it is
-- by counts: where each subject has one row, and rows are of few kinds, their
-- counts say all, and what was found for them is kept.
function M.statistic(parts, levels, repeated, f)
  local classes, n
  if not repeated then classes, n = classes_of(parts) end
  local labels, place, kept = {}, { n = #levels }, {}
  for k, level in ipairs(levels) do place[level] = k end
  return function(codes, by_code, by_name)
    M.labels(parts, codes, by_code, by_name, labels)
    local key = classes and key_of(classes, n, labels, place)
    local found = key and kept[key]
    if not found then
      found = f(M.data(parts, labels, levels))
      if key then kept[key] = found end
    end
    return found
  end, classes ~= nil
end

return M
