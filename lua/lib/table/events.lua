-- What tables of adverse events share: the events that count, the subjects they are
-- counted in, numbers by arm for any part of them.
--
-- A count is kept by the arm of a subject, { [arm] = n }; a column sums its members.

local cframe = require "ts.frame"
local NA = require "ts.na".NA
local fail = require "ts.error".fail
local data = require "trialsh.data"
local note = require "trialsh.note"
local relation = require "trialsh.relation"
local source = require "trialsh.table.source"

local M = {}

M.options = { subjects = { "any" }, where = { "string" },
  compare = { "list" }, riskdiff = { "boolean", false },
  p_value = { "boolean", false },
  two_sided = { { "central", "absdev", "minlike" }, "central" } }

local function has(columns, name) return columns[name:lower()] ~= nil end

-- The events that count: where says, else those that came under treatment.
local function chosen(r, opt)
  if opt.where then return r:where(opt.where), nil end
  if has(relation.node_of(r).columns, "TRTEMFL") then
    return r:where "TRTEMFL = 'Y'", true
  end
  return r, nil
end

--- events.read(who, first, opt) -> set: source.subjects' and
-- { events = relation, rows = its frame, at = { subject's place of each row },
-- emergent, size = { [arm] = N } }
function M.read(who, first, opt)
  local inner = source.inner(first)
  local r = first or source.table(who, inner, "adae")
  if not relation.is(r) then r = data.wrap(data.frame(r)) end
  if opt.subjects == nil and not inner then
    fail("invalid", ("%s: subjects = a relation with a row per subject; the "
      .. "events alone do not say who had none"):format(who))
  end
  local set = source.subjects(who, opt.subjects, opt, { inner = inner,
    usual = "SAF" })
  if not has(relation.node_of(set.data).columns, "USUBJID") then
    fail("not found", ("%s: subjects have no column USUBJID"):format(who))
  end
  relation.find(who, relation.node_of(r).columns, "USUBJID")
  set.all_events = r
  set.events, set.emergent = chosen(r, opt)
  local place, arm_of, size = {}, {}, {}
  local by = set.by and cframe.values(set.frame:column(set.by))
  for i, id in ipairs(cframe.values(set.frame:column "USUBJID")) do
    place[id] = i
    local arm = by and by[i] or "All"
    if arm ~= NA then
      arm_of[i] = arm
      size[arm] = (size[arm] or 0) + 1
    end
  end
  set.place, set.arm_of, set.size = place, arm_of, size
  return set
end

--- events.frame(who, set, names): reads these columns; at[i] is the place of the
-- subject of row i, nil for one who is not in the table.
function M.frame(who, set, names)
  local list = { "USUBJID" }
  for _, name in ipairs(names) do list[#list + 1] = name end
  local frame = data.frame(set.events, list, who)
  local at, out = {}, 0
  for i, id in ipairs(cframe.values(frame:column "USUBJID")) do
    local k = set.place[id]
    at[i] = k and set.arm_of[k] and k or nil
    if not at[i] then out = out + 1 end
  end
  if out > 0 then
    note.say("%s: %s of subjects who are not in the table left out", who,
      note.plural(out, "event"))
  end
  return frame, at
end

--- events.tally() -> what counts one row of a table
function M.tally()
  return { n = {}, events = {}, seen = {}, total = 0 }
end

--- events.add(tally, subject, arm) -> true for the first event of a subject
function M.add(t, subject, arm)
  t.events[arm] = (t.events[arm] or 0) + 1
  if t.seen[subject] then return false end
  t.seen[subject] = true
  t.n[arm] = (t.n[arm] or 0) + 1
  t.total = t.total + 1
  return true
end

--- events.sum(counts, arm): of the members of a column
function M.sum(counts, arm)
  local n = 0
  for name, count in pairs(counts) do
    if not arm.members or arm.members[name] then n = n + count end
  end
  return n
end

-- Comparisons --------------------------------------------------------------------

local function group_of(who, set, name)
  local members = { [name] = true }
  for _, arm in ipairs(set.trial and set.trial.arms or {}) do
    if arm.name == name and arm.pool then
      members = {}
      for _, one in ipairs(arm.pool) do members[one] = true end
    end
  end
  local n = M.sum(set.size, { members = members })
  if n == 0 then
    local names = {}
    for arm in pairs(set.size) do names[#names + 1] = arm end
    table.sort(names)
    fail("not found", ("%s: compare: no arm %s%s"):format(who, name,
      require "trialsh.names".hint(name, names)))
  end
  return { name = name, members = members, n = n }
end

-- "A vs B" -> A, B; the arms decide where a name that holds " vs " is cut.
local function split(set, compare)
  if type(compare) ~= "string" then return nil end
  return require "trialsh.compare".split(compare, function(name)
    local arms = set.trial and set.trial.arms
    return set.size[name] ~= nil or arms ~= nil and arms[name] ~= nil
  end)
end

--- events.comparisons(who, set, opt) -> { { name = "A vs B", a =, b = }, ... }:
-- those that are asked for, the trial's, or each arm against the first
function M.comparisons(who, set, opt)
  if not (opt.riskdiff or opt.p_value) then return {} end
  local list, out = opt.compare, {}
  if not list then
    list = {}
    for _, compare in ipairs(set.trial and set.trial.compare or {}) do
      if type(compare) == "string" then
        local a, b = split(set, compare)
        local fits = true
        for _, name in ipairs { a, b } do
          fits = fits and pcall(group_of, who, set, name)
        end
        if fits then list[#list + 1] = compare end
      end
    end
    local first = set.arms[1]
    for k = 2, #list == 0 and #set.arms or 0 do
      local arm = set.arms[k]
      if arm.members and arm.members[arm.name] then
        list[#list + 1] = arm.name .. " vs " .. first.name
      end
    end
  end
  for i, compare in ipairs(list) do
    local a, b = split(set, compare)
    if not a then
      fail("invalid", ('%s: compare = "%s"; it is "A vs B"'):format(who,
        tostring(compare)))
    end
    out[i] = { name = compare, a = group_of(who, set, a),
      b = group_of(who, set, b) }
  end
  if #out == 0 then
    fail("invalid", who .. ": nothing to compare; there is one arm")
  end
  return out
end

--- events.compare_columns(comparisons, opt) -> columns of a table
function M.compare_columns(comparisons, opt)
  local columns = {}
  for _, c in ipairs(comparisons) do
    if opt.riskdiff then
      columns[#columns + 1] = { arm = c.name, head = "Difference, % (95 % CI)" }
    end
    if opt.p_value then
      columns[#columns + 1] = { arm = c.name, head = "P" }
    end
  end
  return columns
end

--- events.compare_cells(comparisons, counts, opt, style, cells, j): the cells of
-- such columns, from column j + 1 on; nothing where nobody has the event.
function M.compare_cells(comparisons, counts, opt, style, cells, j)
  local make = require "trialsh.table.cell"
  local two = require "trialsh.two_proportions"
  local format = require "trialsh.format"
  for _, c in ipairs(comparisons) do
    local x, y = M.sum(counts, c.a), M.sum(counts, c.b)
    local some = x + y > 0
    if opt.riskdiff then
      j = j + 1
      if some then
        local r = two.riskdiff { { x, c.a.n }, { y, c.b.n } }
        cells[j] = { text = ("%s (%s)"):format(format.fixed(100 * r.estimate, 1),
          format.interval(100 * r.conf_low, 100 * r.conf_high, 1)),
          stats = { { "risk_difference", r.estimate },
            { "conf_low", r.conf_low }, { "conf_high", r.conf_high } } }
      end
    end
    if opt.p_value then
      j = j + 1
      if some then
        cells[j] = make.p(two.fisher({ { x, c.a.n - x }, { y, c.b.n - y } },
          { two_sided = opt.two_sided }).p_value, style)
      end
    end
  end
end

--- events.say(t, set, opt): the notes that all such tables have.
function M.say(t, set, opt)
  local object = require "trialsh.table.object"
  object.say(t, "Subjects are counted once in each row; percentages are of N.")
  if set.emergent then
    object.say(t, "Events that came under treatment (TRTEMFL = Y).")
  elseif opt.where then
    object.say(t, "Events where " .. opt.where .. ".")
  end
  if opt.riskdiff then
    object.say(t, "Difference: percentage points, interval of Miettinen and "
      .. "Nurminen, not adjusted for multiplicity.")
  end
  if opt.p_value then
    object.say(t, ("P: Fisher's exact test (%s), not adjusted for multiplicity.")
      :format(opt.two_sided))
  end
end

return M
