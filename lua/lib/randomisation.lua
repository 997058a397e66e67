-- The randomisation that a trial declares, on a study: who was randomised, in
-- which order, and the allocations that could have been instead.

local NA = require "ts.na".NA
local core = require "ts.allocation"
local errors = require "ts.error"
local relation = require "trialsh.relation"
local session = require "trialsh.session"

local fail = errors.fail

local M = {}
local Scheme = {}
Scheme.__index = Scheme

-- Allocations up to this many are all gone through, by what one of them costs: a
-- sum of scores, a table of counts, an analysis done anew; or as many as would be
-- drawn, if that is more. Of more some are drawn.
M.MOST = { scores = 100000, counts = 20000, anew = 5000 }
M.REPLICATES = 999
local SCENARIO = 0x72616e64 -- streams of the seed that nothing else takes

-- The column of the arm to which somebody was randomised.
local function planned(trial, columns)
  if columns.trt01p then return columns.trt01p.name end
  for _, p in ipairs(trial.populations) do
    if p.treatment then return p.treatment end
  end
  return "TRT01P"
end

-- Columns that order the subjects: said, else numbers or dates of randomisation.
local function order_columns(r, columns)
  local list = {}
  for _, name in ipairs(r.order and { r.order } or { "RANDNO", "RANDDT" }) do
    local column = columns[name:lower()]
    if column then list[#list + 1] = column.name end
  end
  if #list == 0 and r[1] == "permuted blocks" and not r.block then
    fail("not found", "randomisation: permuted blocks follow one another, and "
      .. "no column tells the order of randomisation: RANDNO, RANDDT, or "
      .. 'randomisation = { "permuted blocks", order = "COLUMN", ... }')
  end
  return list
end

local function list_of(x)
  if x == nil then return {} end
  return type(x) == "table" and x or { x }
end

-- Missing values come last.
local function before(a, b)
  if a == NA or b == NA then return b == NA and a ~= NA end
  if type(a) ~= type(b) then return type(a) == "number" end
  return a < b
end

local function sort_rows(rows, names, strata)
  local keys = {}
  for _, list in ipairs { strata, names, { "USUBJID" } } do
    for _, name in ipairs(list) do keys[#keys + 1] = name end
  end
  table.sort(rows, function(x, y)
    for _, key in ipairs(keys) do
      if x[key] ~= y[key] then return before(x[key], y[key]) end
    end
    return false
  end)
end

-- Subjects whose place in the order nothing but their name tells.
local function count_ties(rows, names, strata)
  local n = 0
  for i = 2, #rows do
    local same = true
    for _, list in ipairs { names, strata } do
      for _, key in ipairs(list) do
        same = same and rows[i][key] == rows[i - 1][key]
      end
    end
    if same then n = n + 1 end
  end
  return n
end

-- Codes from 0 of the values in some columns, in their order in the rows.
local function codes_of(rows, names)
  if #names == 0 then return nil end
  local codes, seen, n = {}, {}, 0
  for i, row in ipairs(rows) do
    local parts = {}
    for j, name in ipairs(names) do
      parts[j] = type(row[name]) .. tostring(row[name])
    end
    local key = table.concat(parts, "\0")
    if not seen[key] then seen[key], n = n, n + 1 end
    codes[i] = seen[key]
  end
  return codes
end

local function find(columns, name)
  return relation.find("randomisation", columns, name).name
end

-- One row for each subject with an arm of names, and what is known of the scheme.
local function read(data, r, names, arm)
  local node = relation.node_of(data)
  local columns, strata = node.columns, {}
  arm = find(columns, arm)
  for i, name in ipairs(list_of(r.strata)) do strata[i] = find(columns, name) end
  local block = r.block and find(columns, r.block)
  if r.order then find(columns, r.order) end
  local order, select = order_columns(r, columns), { "USUBJID", arm }
  for _, list in ipairs { order, strata, { block } } do
    for _, name in ipairs(list) do select[#select + 1] = name end
  end
  local known, rows, seen, some = {}, {}, {}, {}
  for k, name in ipairs(names) do known[name] = k end
  for _, name in ipairs(select) do
    if not seen[name] then some[#some + 1] = name end
    seen[name] = true
  end
  seen = {}
  for row in data:distinct(table.unpack(some)):rows() do
    if known[row[arm]] then
      rows[#rows + 1] = row
      if seen[row.USUBJID] then
        fail("invalid", ("randomisation: %s has several values of %s"):format(
          tostring(row.USUBJID), table.concat(some, ", ", 2)))
      end
      seen[row.USUBJID] = true
    end
  end
  if #rows == 0 then
    fail("degenerate", ("randomisation: no subject has one of the arms in %s")
      :format(arm))
  end
  return rows, { treatment = arm, order = order, strata = strata,
    block = block, names = names, known = known }
end

-- How it was done, in words, and what is assumed.
local function describe(scheme, r, rows)
  local words = { r[1] }
  if r[1] == "permuted blocks" then
    words[1] = ("permuted blocks of %s"):format(table.concat(r.sizes, " or "))
  end
  if #scheme.strata > 0 then
    words[#words + 1] = "within " .. table.concat(scheme.strata, " and ")
  end
  scheme.words = table.concat(words, " ")
  local notes = {}
  local function add(...) notes[#notes + 1] = string.format(...) end
  if r[1] == "permuted blocks" and not scheme.block then
    local ties = count_ties(rows, scheme.order, scheme.strata)
    if ties > 0 then
      add("%d subject%s %s ordered by USUBJID, as %s does not tell", ties,
        ties == 1 and "" or "s", ties == 1 and "is" or "are",
        table.concat(scheme.order, " and "))
    end
    if #r.sizes > 1 then
      add("the sizes of blocks are not known and are drawn again")
    end
  end
  local odd, first = core.new(scheme.core, {}):odd()
  if odd > 0 and #r.sizes > 1 and not scheme.block then
    add("in %d strat%s the arms are none that blocks of %s can give: they are "
      .. "permuted as they are (the first subject is %s)", odd,
      odd == 1 and "um" or "a", table.concat(r.sizes, " or "),
      scheme.subjects[first])
  elseif odd > 0 then
    add("%d block%s not the scheme's and %s permuted as %s (the first subject "
      .. "is %s)", odd, odd == 1 and " is" or "s are", odd == 1 and "is"
        or "are", odd == 1 and "it is" or "they are", scheme.subjects[first])
  end
  scheme.note = #notes > 0 and table.concat(notes, "; ") or nil
end

--- randomisation.of_data(data, scheme, names, arm, seed) -> scheme, as `of`: data
-- have USUBJID, the column arm with these names, and what the scheme (as a trial
-- has it) asks for.
function M.of_data(data, r, names, arm, seed)
  local rows, scheme = read(data, r, names, arm)
  sort_rows(rows, scheme.order, scheme.strata)
  scheme.subjects, scheme.place, scheme.arm = {}, {}, {}
  local ratio, blocks = {}, r[1] == "permuted blocks"
  for k in ipairs(scheme.names) do ratio[k] = r.ratio and r.ratio[k] or 1 end
  for i, row in ipairs(rows) do
    scheme.subjects[i], scheme.place[row.USUBJID] = row.USUBJID, i
    scheme.arm[i] = scheme.known[row[scheme.treatment]]
  end
  scheme.core = { arm = scheme.arm, ratio = ratio,
    stratum = codes_of(rows, scheme.strata),
    block = blocks and scheme.block and codes_of(rows, { scheme.block }) or nil,
    sizes = blocks and r.sizes or nil }
  scheme.seed = seed or session.seed or 1
  scheme.kept, scheme.allocations = {}, {}
  describe(scheme, r, rows)
  return setmetatable(scheme, Scheme)
end

-- That of a trial.
local function of_trial(s, trial)
  local names = {}
  for _, arm in ipairs(trial.arms) do
    if not arm.pool then names[#names + 1] = arm.name end
  end
  return M.of_data(s.adsl, trial.randomisation, names,
    planned(trial, relation.node_of(s.adsl).columns), trial.seed)
end

--- randomisation.of(study) -> scheme, or nil and why there is none. A scheme
-- has subjects (in the order of randomisation), place[subject], arm (their codes
-- in names), treatment (the column that holds it), words, note, seed.
function M.of(s)
  local trial = s.trial
  if not trial.randomisation then
    return nil, "the trial declares no randomisation"
  end
  local inner = require "trialsh.study".inner(s)
  local generation, kept = inner:generation(), inner.randomisation
  if not kept or kept.generation ~= generation then
    kept = { generation = generation }
    local ok, found = pcall(of_trial, s, trial)
    if not ok and not (errors.is(found) and found.code ~= "interrupted") then
      error(found, 0)
    end
    if ok then kept.scheme = found else kept.why = found.message end
    inner.randomisation = kept
  end
  return kept.scheme, kept.why
end

-- "9.7e+12 allocations" or "all 512 allocations"
local function counted(n)
  if n == math.huge then return "allocations" end
  return n < 1e6 and ("%d allocations"):format(n)
    or ("%.2g allocations"):format(n)
end

--- scheme:dealt(free [, opt]) -> { deals =, exact =, n =, words = }: the
-- allocations of those whose arm is one of free ({ [name] = true }, nil: all),
-- the others keep theirs. All of them where these are few for what they cost
-- (opt.cost: of MOST), else opt.replicates drawn.
function Scheme:dealt(free, opt)
  local kept, parts = {}, {}
  for k, name in ipairs(self.names) do
    kept[k] = free ~= nil and not free[name]
    if kept[k] then parts[#parts + 1] = name end
  end
  local replicates = opt and opt.replicates or M.REPLICATES
  local most = math.max(M.MOST[opt and opt.cost or "anew"], replicates)
  local name = table.concat(parts, "\0")
  local allocation = self.allocations[name] or core.new(self.core, kept)
  self.allocations[name] = allocation
  local number = allocation:number()
  local key = ("%s|%s"):format(name, number <= most and "all" or replicates)
  if self.kept[key] then return self.kept[key] end
  local out = { key = key, exact = number <= most }
  out.deals = out.exact and allocation:all(#self.subjects, most)
    or allocation:draw(#self.subjects, replicates, self.seed, SCENARIO)
  out.n, out.weight = #out.deals, {}
  for i = 1, out.n do out.weight[i] = out.deals:weight(i) end
  local of = #parts > 0 and (" (%s as it was)"):format(
    table.concat(parts, ", ")) or ""
  out.words = out.exact and ("all %s by %s%s"):format(counted(number),
      self.words, of)
    or ("%d of %s by %s%s, seed %d"):format(out.n, counted(number), self.words,
      of, self.seed)
  self.kept[key] = out
  return out
end

--- scheme:as_it_was() -> deals: the allocation that there was, alone.
function Scheme:as_it_was()
  local kept = {}
  for k in ipairs(self.names) do kept[k] = true end
  return core.new(self.core, kept):draw(#self.subjects, 1, self.seed, SCENARIO)
end

-- Relative: the same statistic of another order of rounding.
local SAME = 1e-7

--- randomisation.p(values, seen, dealt) -> P, failed: the share of deals whose
-- value is seen or less; what has none counts so. Of deals that were drawn (b +
-- 1) / (n + 1).
function M.p(values, seen, dealt)
  local most = seen + SAME * math.abs(seen)
  local extreme, total, failed = 0, 0, 0
  for i = 1, dealt.n do
    local weight, value = dealt.weight[i], values[i]
    total = total + weight
    if not value then failed = failed + 1 end
    if not value or value <= most then extreme = extreme + weight end
  end
  if dealt.exact then return extreme / total, failed end
  return (extreme + 1) / (total + 1), failed
end

-- Shares of the deals for each of some numbers: how many have a value that is it
-- or less.
local function shares(least, seen, dealt)
  local out = {}
  for k, value in ipairs(seen) do out[k] = M.p(least[k], value, dealt) end
  return out
end

M.STEP, M.SINGLE = "max-T", "max-T single-step"

--- randomisation.joint(values, seen, dealt, how) -> P of each row for all of them:
-- values[row][deal], seen[row], P of the analyses as a scale that all have. The
-- smallest value of a deal is what counts: step-down (Westfall and Young 1993,
-- algorithm 2.8) of the rows that speak no more than one; or of all.
function M.joint(values, seen, dealt, how)
  local order, least, lists = {}, {}, {}
  for k in ipairs(seen) do order[k] = k end
  table.sort(order, function(a, b)
    if seen[a] ~= seen[b] then return seen[a] < seen[b] end
    return a < b
  end)
  for i = 1, dealt.n do least[i] = math.huge end
  for at = #order, 1, -1 do -- from the largest P on: the smallest so far
    local list = values[order[at]]
    for i = 1, dealt.n do least[i] = math.min(least[i], list[i] or 0) end
    lists[order[at]] = how == M.SINGLE and least
      or table.move(least, 1, dealt.n, 1, {})
  end
  local out, most = shares(lists, seen, dealt), 0
  for _, k in ipairs(order) do
    most = math.max(most, out[k])
    out[k] = most
  end
  return out
end

return M
