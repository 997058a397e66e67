-- p_rerandomised of the rows of run(): what each analysis gives is compared with
-- what it gives for the allocations that the trial's randomisation could have
-- dealt instead.

local NA = require "ts.na".NA
local randomisation = require "trialsh.randomisation"
local redraw = require "trialsh.endpoint.redraw"
local jobs = require "trialsh.jobs"
local format = require "trialsh.format"

local M = {}
local Plan = {}
Plan.__index = Plan

--- rerandomised.is_wanted(study, opt): whether run() does it.
function M.is_wanted(s, opt)
  return opt.rerandomise ~= false and s.trial ~= NA
    and s.trial.randomisation ~= nil
end

--- rerandomised.start(study, opt) -> plan, or nil where the trial declares no
-- randomisation; why: it cannot be done again.
function M.start(s, opt)
  if not M.is_wanted(s, opt) then return nil end
  local scheme, why = randomisation.of(s)
  return setmetatable({ study = s, scheme = scheme, why = why, units = {},
    opt = { replicates = opt.replicates } }, Plan)
end

--- rerandomised.plan(scheme, opt) -> plan, of a scheme that is there.
function M.plan(scheme, opt)
  return setmetatable({ scheme = scheme, units = {}, opt = opt }, Plan)
end

-- Units of the tasks of an endpoint.
local function units_of(plan, tasks)
  local out = {}
  for _, task in ipairs(tasks) do
    local units, n_own = redraw.units(task, plan.scheme)
    for _, unit in ipairs(units) do
      unit.n_own = n_own
      out[#out + 1] = unit
    end
  end
  return out
end

--- plan:add(endpoint, tasks [, rule]): rows of one endpoint; rule: { first =,
-- other = (tasks), is = (whether the other was done) }, of an endpoint with
-- instead. What the endpoint is adjusted by is for all rows of one call.
function Plan:add(e, tasks, rule)
  if not self.scheme then
    for _, task in ipairs(tasks) do
      for _, row in ipairs(task.rows) do row.rerandomised = self.why end
    end
    return
  end
  local units = rule and redraw.choose(self.study, e,
    units_of(self, rule.first), units_of(self, rule.other), self.scheme,
    rule.is) or units_of(self, tasks)
  for _, unit in ipairs(units) do
    unit.panel = e.panel and not tasks[1].at.subgroup and e or nil
    self.units[#self.units + 1] = unit
  end
end

-- Values -------------------------------------------------------------------------

local CHUNK = 500 -- deals at most, so that it is told how far they are
local CHUNKS = 40 -- at least, if there are as many deals

local function bytes_of(list, n)
  for i = 1, n do list[i] = list[i] or 0 / 0 end
  return string.pack(("d"):rep(n), table.unpack(list, 1, n))
end

-- A number for each deal, row after row of each part; NaN where there is none.
local function evaluate(group, from, to)
  local codes, out, lists, anew = {}, {}, {}, {}
  local deals = group.dealt.deals
  for k, part in ipairs(group.parts) do
    lists[k] = part.batch and part.batch(deals, from, to)
    if not lists[k] then
      lists[k] = {}
      for j = 1, #part.unit.rows do lists[k][j] = {} end
      anew[#anew + 1] = k
    end
  end
  for i = from, #anew > 0 and to or 0 do
    deals:arms(i, codes)
    for _, k in ipairs(anew) do
      local unit = group.parts[k].unit
      local values = unit.evaluate(codes)
      for j = 1, #unit.rows do lists[k][j][i - from + 1] = values[j] or 0 / 0 end
    end
  end
  for k, part in ipairs(group.parts) do
    for j = 1, #part.unit.rows do
      out[#out + 1] = bytes_of(lists[k][j], to - from + 1)
    end
  end
  return table.concat(out)
end

-- part.values[row] = { of each deal }; sizes: how many deals each chunk has
local function spread(group, chunks, sizes)
  local rows = {}
  for _, part in ipairs(group.parts) do
    part.values = {}
    for j in ipairs(part.unit.rows) do
      part.values[j] = {}
      rows[#rows + 1] = part.values[j]
    end
  end
  local from = 0
  for c, chunk in ipairs(chunks) do
    local place, form = 1, ("d"):rep(sizes[c])
    for _, values in ipairs(rows) do
      local list = { string.unpack(form, chunk, place) }
      place = list[sizes[c] + 1]
      for i = 1, sizes[c] do
        values[from + i] = list[i] == list[i] and list[i] or nil
      end
    end
    from = from + sizes[c]
  end
end

-- Units by the allocations that they are evaluated on: their own, and those of
-- everybody where their endpoint is adjusted for all of its rows at once.
local function groups_of(plan)
  local groups, by_key = {}, {}
  local kept = {} -- parts that several units share
  local function add(unit, free, batch)
    local dealt = plan.scheme:dealt(free, { replicates = plan.opt.replicates,
      cost = batch and "scores" or unit.counts and "counts" or "anew" })
    local same = unit.same and unit.same .. dealt.key
    if kept[same] then return kept[same] end
    if not by_key[dealt.key] then
      by_key[dealt.key] = { dealt = dealt, parts = {} }
      groups[#groups + 1] = by_key[dealt.key]
    end
    local part = { unit = unit, batch = batch, dealt = dealt }
    table.insert(by_key[dealt.key].parts, part)
    if same then kept[same] = part end
    return part
  end
  for _, unit in ipairs(plan.units) do
    unit.part = add(unit, unit.free, unit.batch)
    if unit.panel then
      unit.joint = (unit.free or unit.batch) and add(unit, nil, unit.together)
        or unit.part
    end
  end
  return groups
end

local function compute(groups)
  local list = {}
  for g, group in ipairs(groups) do
    local size = math.min(CHUNK, math.max(1, math.ceil(group.dealt.n
      / CHUNKS)))
    for from = 1, group.dealt.n, size do
      list[#list + 1] = { g = g, from = from,
        to = math.min(from + size - 1, group.dealt.n) }
    end
  end
  local found = jobs.map(#list, function(i)
    local share = list[i]
    return evaluate(groups[share.g], share.from, share.to)
  end, "parts of re-randomisation")
  for g, group in ipairs(groups) do
    local chunks, sizes = {}, {}
    for i, share in ipairs(list) do
      if share.g == g then
        chunks[#chunks + 1] = found[i]
        sizes[#sizes + 1] = share.to - share.from + 1
      end
    end
    spread(group, chunks, sizes)
  end
end

-- What the allocation gives that there was.
local function look(plan, part)
  if not part.batch then return part.unit.evaluate(plan.scheme.arm) end
  local seen = {}
  for j, list in ipairs(part.batch(plan.scheme:as_it_was(), 1, 1)) do
    seen[j] = list[1] == list[1] and list[1] or nil
  end
  return seen
end

-- How it was done, beside a P.
local function words_of(plan, unit, p, failed)
  local dealt = unit.part.dealt
  local words = { dealt.words }
  local function add(...) words[#words + 1] = string.format(...) end
  if not dealt.exact then
    add("Monte Carlo error %s", format.significant(
      math.sqrt(p * (1 - p) / (dealt.n + 1)), 2))
  end
  if failed > 0 then
    add("%d of them ha%s no result and count%s as extreme", failed,
      failed == 1 and "s" or "ve", failed == 1 and "s" or "")
  end
  if unit.n_own > 0 then
    add("%d subject%s not given the planned arm keep%s what %s given",
      unit.n_own, unit.n_own == 1 and "" or "s", unit.n_own == 1 and "s" or "",
      unit.n_own == 1 and "was" or "were")
  end
  words[#words + 1] = plan.scheme.note
  return table.concat(words, "; ")
end

-- The panel of an endpoint: all of its rows at once.
local function adjust(e, units)
  local rows, seen, values, dealt = {}, {}, {}, nil
  for _, unit in ipairs(units) do
    for j, row in ipairs(unit.rows) do
      if unit.joint.seen[j] then
        rows[#rows + 1], seen[#seen + 1] = row, unit.joint.seen[j]
        values[#values + 1], dealt = unit.joint.values[j], unit.joint.dealt
      end
    end
  end
  if #rows == 0 then return end
  local adjusted = randomisation.joint(values, seen, dealt, e.panel)
  for k, row in ipairs(rows) do row.p_adjusted = adjusted[k] end
end

--- plan:add_unit(unit): of redraw; turn(values, seen, dealt) -> both as they are
-- compared.
function Plan:add_unit(unit)
  unit.n_own = unit.n_own or 0
  self.units[#self.units + 1] = unit
end

--- plan:finish(): p_rerandomised of all rows that were added, and rerandomised,
-- which says how; p_adjusted of those whose endpoint is adjusted by it.
function Plan:finish()
  if #self.units == 0 then return end
  compute(groups_of(self))
  local panels, order = {}, {}
  for _, unit in ipairs(self.units) do
    unit.part.seen = look(self, unit.part)
    if unit.joint then unit.joint.seen = look(self, unit.joint) end
    for j, row in ipairs(unit.rows) do
      local seen, values = unit.part.seen[j], unit.part.values[j]
      if seen and unit.turn then
        values, seen = unit.turn(values, seen, unit.part.dealt)
      end
      if seen then
        local p, failed = randomisation.p(values, seen, unit.part.dealt)
        row.p_rerandomised = p
        row.rerandomised = words_of(self, unit, p, failed)
      end
    end
    local e = unit.panel
    if e and not panels[e] then
      panels[e] = {}
      order[#order + 1] = e
    end
    if e then table.insert(panels[e], unit) end
  end
  for _, e in ipairs(order) do adjust(e, panels[e]) end
end

return M
