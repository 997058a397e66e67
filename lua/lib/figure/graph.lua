-- figure.graph: a multiplicity as a graph. Nodes are what is claimed, with the share
-- of alpha each begins with; arrows say where a share goes once its node is claimed.

local text = require "ts.text"
local fail = require "ts.error".fail
local NA = require "ts.na".NA
local errors = require "ts.error"
local multiplicity = require "trialsh.multiplicity"
local names = require "trialsh.names"
local object = require "trialsh.figure.object"
local source = require "trialsh.figure.source"

local M = {}

local WHO = "figure.graph"

-- The family of that name, read and without a mistake.
local function family_of(id)
  local known = {}
  local all = multiplicity.problems()
  for i, found in ipairs(all) do
    known[i] = found[1].id
    if found[1].id == id then
      if #found[2] > 0 then
        fail("invalid", ("%s: multiplicity %s has mistakes; check() says which")
          :format(WHO, id))
      end
      return found[1]
    end
  end
  fail("not found", ("%s: no multiplicity %s%s"):format(WHO, tostring(id),
    #known > 0 and names.hint(tostring(id), known) or "; none is defined"))
end

-- Weights and arrows; Holm and Bonferroni are graphs too, with equal shares.
local function shape_of(f)
  local weights, arrows, n = {}, {}, #f.entries
  for i, entry in ipairs(f.entries) do
    arrows[i] = {}
    weights[i] = entry.weight
    for j, other in ipairs(f.entries) do
      arrows[i][j] = entry.to[other.name] or 0
      if f.method == "fixed sequence" then
        weights[i], arrows[i][j] = i == 1 and 1 or 0, j == i + 1 and 1 or 0
      elseif f.method == "Holm" then
        weights[i], arrows[i][j] = 1 / n, i ~= j and n > 1 and 1 / (n - 1) or 0
      elseif f.method == "Bonferroni" then
        weights[i] = 1 / n
      elseif f.method ~= "graph" then
        fail("invalid", ("%s: %s is no graph of weights and arrows"):format(WHO,
          f.method))
      end
    end
  end
  return weights, arrows
end

-- The rows that run() stored of the family, by entry; none where it has not run.
local function results_of(f)
  local study = require "trialsh.study".current()
  local ok, found = pcall(function() return study and study.results end)
  if not ok then
    if errors.is(found) and found.code == "not found" then return {} end
    error(found, 0)
  end
  local out = {}
  if not found then return out end
  for row in found:where { multiplicity = f.id }:rows() do
    for i, entry in ipairs(f.entries) do
      local a = entry.address
      if row.endpoint == a.id and row.variation == (a.variation or "main")
          and (not a.compare or a.compare == row.compare)
          and (not a.visit or a.visit == row.visit)
          and (not a.parameter or a.parameter == row.parameter) then
        out[i] = row
      end
    end
  end
  out.stamp = source.stamp(found)
  return out
end

-- Places -----------------------------------------------------------------------

-- Rows of nodes, each as far from those that begin with a share as its arrows are;
-- nil where an arrow would then run past another node.
local function levels_of(weights, arrows)
  local n, level, queue = #weights, {}, {}
  for i = 1, n do
    if weights[i] > 0 then
      level[i] = 1
      queue[#queue + 1] = i
    end
  end
  local at = 1
  while queue[at] do
    local i = queue[at]
    for j = 1, n do
      if arrows[i][j] > 0 and not level[j] then
        level[j] = level[i] + 1
        queue[#queue + 1] = j
      end
    end
    at = at + 1
  end
  local rows = {}
  for i = 1, n do
    local l = level[i]
    if not l then return nil end
    rows[l] = rows[l] or {}
    table.insert(rows[l], i)
  end
  local place = {}
  for _, row in ipairs(rows) do
    if #row > 4 then return nil end
    for k, i in ipairs(row) do place[i] = k end
  end
  for i = 1, n do
    for j = 1, n do
      if arrows[i][j] > 0 and (math.abs(level[i] - level[j]) > 1
          or level[i] == level[j] and math.abs(place[i] - place[j]) > 1) then
        return nil
      end
    end
  end
  return rows
end

-- Middles of the nodes, in mm.
local function places_of(weights, arrows, box, width, height)
  local rows, out = levels_of(weights, arrows), {}
  if rows then
    local step = #rows > 1 and (box.top - box.bottom - height) / (#rows - 1) or 0
    for l, row in ipairs(rows) do
      local y = #rows > 1 and box.top - height / 2 - (l - 1) * step
        or (box.top + box.bottom) / 2
      for k, i in ipairs(row) do
        out[i] = { box.left + (box.right - box.left) * (k - 0.5) / #row, y }
      end
    end
    return out, rows
  end
  local rx = (box.right - box.left - width) / 2
  local ry = (box.top - box.bottom - height) / 2
  for i = 1, #weights do
    local a = 2 * math.pi * (0.25 - (i - 1) / #weights)
    out[i] = { (box.left + box.right) / 2 + rx * math.cos(a),
      (box.top + box.bottom) / 2 + ry * math.sin(a) }
  end
  return out
end

-- Where a line leaves a node: it starts beside the middle and runs that way.
local function edge(middle, way, beside, width, height)
  local f = math.huge
  for i, half in ipairs { width / 2, height / 2 } do
    if way[i] ~= 0 then
      f = math.min(f, ((way[i] > 0 and half or -half) - beside[i]) / way[i])
    end
  end
  return { middle[1] + beside[1] + f * way[1], middle[2] + beside[2] + f * way[2] }
end

-- Whether a line between two points runs through a box.
local function crosses(a, b, box)
  local from, to = 0, 1
  for i = 1, 2 do
    local d = b[i] - a[i]
    local low, high = box[i], box[i + 2]
    if d == 0 then
      if a[i] <= low or a[i] >= high then return false end
    else
      local t, u = (low - a[i]) / d, (high - a[i]) / d
      if t > u then t, u = u, t end
      from, to = math.max(from, t), math.min(to, u)
    end
  end
  return from < to
end

local function meets(a, list)
  for _, b in ipairs(list) do
    if a[1] < b[3] and a[3] > b[1] and a[2] < b[4] and a[4] > b[2] then return true end
  end
  return false
end

-- Drawing ----------------------------------------------------------------------

local function lines_of(page, spec, i, width)
  local size, out = page.style.table_text, {}
  local function say(words, bold)
    for _, line in ipairs(page:wrap(words, width - 2, size, bold)) do
      out[#out + 1] = { page:fit(line, width - 2, size, bold), bold }
    end
  end
  say(spec.names[i], true)
  say("share " .. text.number(tonumber(("%.3g"):format(spec.weights[i]))))
  local row = spec.results[i]
  if row and row.p_adjusted ~= NA then
    say("adjusted " .. page:p(row.p_adjusted))
    say(row.rejected == "Y" and "claimed" or "not claimed")
  end
  return out
end

local function list(page, spec, top)
  local y = top - 1
  local function say(words, indent)
    if y < 1 then return end
    page:text(page:fit(words, page.width - indent, 1), indent, y, { size = 1 })
    y = y - 1
  end
  for i, name in ipairs(spec.names) do
    local line = {}
    for k, words in ipairs(lines_of(page, spec, i, page.width)) do
      if k > 1 then line[#line + 1] = words[1] end
    end
    say(name .. ": " .. table.concat(line, ", "), 0)
    for j, share in ipairs(spec.arrows[i]) do
      if share > 0 then
        say(("-> %s: %s"):format(spec.names[j],
          text.number(tonumber(("%.3g"):format(share)))), 2)
      end
    end
  end
end

local function draw_arrow(page, spec, i, j, m)
  local a, b = m.at[i], m.at[j]
  local dx, dy = b[1] - a[1], b[2] - a[2]
  local length = math.sqrt(dx * dx + dy * dy)
  local shift = spec.arrows[j][i] > 0 and 1.6 or 0 -- two ways stand side by side
  local ox, oy = -dy / length * shift, dx / length * shift
  local from = edge(a, { dx, dy }, { ox, oy }, m.width, m.height)
  local to = edge(b, { -dx, -dy }, { ox, oy }, m.width, m.height)
  page:arrow(from[1], from[2], to[1], to[2], { width = page.style.box_line,
    head = 1.8 })
  m.labels[#m.labels + 1] = { from = from, to = to,
    words = text.number(tonumber(("%.3g"):format(spec.arrows[i][j]))),
    nx = -dy / length, ny = dx / length }
end

-- Beside its arrow, where nothing else stands and, if that can be, no arrow runs.
local function draw_label(page, label, all, taken)
  local size = page.style.table_text
  local width, height = page:text_width(label.words, size), page:line_height(size)
  local second
  local function free(box)
    local wide = { box[1] - 0.4, box[2] - 0.2, box[3] + 0.4, box[4] + 0.2 }
    for _, other in ipairs(all) do
      if crosses(other.from, other.to, wide) then return false end
    end
    return true
  end
  local function put(box)
    taken[#taken + 1] = box
    page:text(label.words, (box[1] + box[3]) / 2, (box[2] + box[4]) / 2,
      { size = size, align = "center" })
  end
  for _, t in ipairs { 0.5, 0.4, 0.6, 0.3, 0.7, 0.2, 0.8 } do
    for _, side in ipairs { 1, -1, 2, -2 } do
      local reach = math.abs(label.nx) * width / 2 + math.abs(label.ny) * height / 2
        + 0.5 + (math.abs(side) - 1) * 2
      local way = side > 0 and 1 or -1
      local x = label.from[1] + t * (label.to[1] - label.from[1])
        + way * reach * label.nx
      local y = label.from[2] + t * (label.to[2] - label.from[2])
        + way * reach * label.ny
      local box = { x - width / 2, y - height / 2, x + width / 2, y + height / 2 }
      if box[1] > 0 and box[3] < page.width and not meets(box, taken) then
        if free(box) then return put(box) end
        second = second or box
      end
    end
  end
  if second then return put(second) end
  fail("invalid", ("%s: %s x %s mm leave no room for the shares at the arrows"):format(
    WHO, text.number(page.width), text.number(page.height)))
end

local function draw(page, spec, bottom, top)
  if page.cells then return list(page, spec, top) end
  local s = page.style
  local box = { left = s.pad, right = page.width - s.pad, bottom = bottom + 1,
    top = top - 1 }
  local n, rows = #spec.names, levels_of(spec.weights, spec.arrows)
  local most = 1
  for _, row in ipairs(rows or {}) do most = math.max(most, #row) end
  if not rows then most = n <= 4 and 3 or 4 end
  local widest = 0
  for _, name in ipairs(spec.names) do
    widest = math.max(widest, page:text_width(name, s.table_text, true) + 2.2)
  end
  local m = { labels = {}, height = 0,
    width = math.min(math.max(widest, 29), (box.right - box.left) / most - 7) }
  if m.width < 9 then
    fail("invalid", ("%s: %s mm leave no room for %d nodes; width = more"):format(WHO,
      text.number(page.width), n))
  end
  local lines, line = {}, page:line_height(s.table_text)
  for i = 1, n do
    lines[i] = lines_of(page, spec, i, m.width)
    m.height = math.max(m.height, #lines[i] * line + 2)
  end
  m.at = places_of(spec.weights, spec.arrows, box, m.width, m.height)
  local taken = {}
  for i, at in ipairs(m.at) do
    local b = { at[1] - m.width / 2, at[2] - m.height / 2, at[1] + m.width / 2,
      at[2] + m.height / 2 }
    if meets({ b[1] - 3, b[2] - 4, b[3] + 3, b[4] + 4 }, taken) or b[2] < bottom
        or b[4] > top then
      fail("invalid", ("%s: %s x %s mm are too small for %d nodes; height = or "
        .. "width = more"):format(WHO, text.number(page.width),
        text.number(page.height), n))
    end
    taken[i] = b
  end
  for i = 1, n do
    for j = 1, n do
      if spec.arrows[i][j] > 0 then draw_arrow(page, spec, i, j, m) end
    end
  end
  for i, at in ipairs(m.at) do
    local b, claimed = taken[i], spec.results[i] and spec.results[i].rejected == "Y"
    page:box(b[1], b[2], b[3], b[4], { colour = "#000000",
      width = claimed and 1.4 or s.box_line })
    local y = at[2] + #lines[i] * line / 2
    for k, words in ipairs(lines[i]) do
      page:text(words[1], at[1], y - (k - 0.5) * line, { size = s.table_text,
        align = "center", bold = words[2] })
    end
  end
  for _, label in ipairs(m.labels) do draw_label(page, label, m.labels, taken) end
end

-- The description --------------------------------------------------------------

local function shown(spec)
  local out = { {}, {}, {}, {}, {}, {} }
  local function add(...)
    local i = #out[1] + 1
    for j, value in ipairs { ... } do out[j][i] = value end
  end
  for i, name in ipairs(spec.names) do
    local row = spec.results[i]
    add(name, NA, spec.weights[i], row and row.p_value or NA,
      row and row.p_adjusted or NA, row and row.rejected or NA)
  end
  for i, name in ipairs(spec.names) do
    for j, share in ipairs(spec.arrows[i]) do
      if share > 0 then add(name, spec.names[j], share, NA, NA, NA) end
    end
  end
  return { "node", "to", "share", "p_value", "p_adjusted", "claimed" }, out
end

--- figure.graph "MULTIPLICITY" -> figure
-- A multiplicity as nodes and arrows: in each node the share of alpha that its
-- endpoint begins with, at each arrow what part of it goes on once that is claimed.
-- After run() also the adjusted P, and thick borders around what is claimed.
-- figure.graph { "MULTIPLICITY", option = ... }:
--   results   true; false: the plan alone
--   title, note, stamp, width 89, height   mm, journal   as in all figures
--
--   > _ = multiplicity "two" { "fixed sequence", "A", "B" }
--   > select(2, pcall(figure.graph, "tow"))
--   figure.graph: no multiplicity tow; nearest: two
--
-- See also: multiplicity, run. Bretz, Maurer, Brannath and Posch 2009.
function M.graph(given)
  if type(given) == "string" then given = { given } end
  local id, opt = source.options(WHO, given, { results = { "boolean", true },
    palette = false })
  if type(id) ~= "string" then
    fail("type", WHO .. ' takes the name of a multiplicity: figure.graph "claims"')
  end
  local f = family_of(id)
  local weights, arrows = shape_of(f)
  local spec = { names = {}, weights = weights, arrows = arrows,
    results = opt.results and results_of(f) or {} }
  for i, entry in ipairs(f.entries) do spec.names[i] = entry.name end
  local tested = spec.results[1] ~= nil
  local rows = levels_of(weights, arrows)
  return object.new(opt, { stamp = tested and spec.results.stamp or nil }, {
    what = "graph of claims",
    height = 8 + (rows and 22 * #rows or 30 + 9 * #weights),
    caption = ("Boxes: shares of alpha = %s (%s); arrows: the part of a share that "
      .. "goes on once its box is claimed%s."):format(text.number(f.alpha), f.method,
      tested and "; thick borders: claimed" or ""),
    shown = function() return shown(spec) end,
    draw = function(page, bottom, top) draw(page, spec, bottom, top) end })
end

return M
