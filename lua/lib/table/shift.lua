-- table.shift: from a category at baseline to the worst one after it.

local NA = require "ts.na".NA
local fail = require "ts.error".fail
local make = require "trialsh.table.cell"
local object = require "trialsh.table.object"
local relation = require "trialsh.relation"
local source = require "trialsh.table.source"
local text = require "ts.text"
local values = require "trialsh.table.values"

local M = {}

local WHO = "table.shift"

local own = { subjects = { "any" }, grade = { "any" }, visit = { "string" },
  side = { { "both", "low", "high" }, "both" }, percent_digits = false,
  percent = false }
local spec = source.spec(own)

local MISSING = "Missing"

-- Grades -1 to 4 or range indicators of one parameter by subject: base, after.
local function categories(set, p, opt)
  local graded = opt.grade ~= nil and opt.grade ~= false
  local name = "ANRIND"
  if graded then
    local end_of = opt.side == "low" and "L" or opt.side == "high" and "H" or ""
    name = "ATOXGR" .. end_of
    local has = relation.node_of(p.data).columns
    if not has[name:lower()] then
      p.data = p.data:grade(type(opt.grade) == "string" and opt.grade or "CTCAE 5")
    end
  end
  local frame, at = values.read(WHO, set, p, { name, "ABLFL" }, { "ADY", "AVISITN",
    "AVISIT", "PARAM", "ANL01FL" })
  local value, baseline = values.column(frame, name), values.column(frame, "ABLFL")
  local day = values.column(frame, "ADY") or values.column(frame, "AVISITN")
  if not day then
    fail("not found", WHO .. ": no column ADY or AVISITN, which says what came after "
      .. "the baseline")
  end
  local visit = values.column(frame, "AVISIT")
  local flag = values.column(frame, "ANL01FL")
  local base, base_day, after = {}, {}, {}
  for i = 1, #frame do
    if at[i] and baseline[i] == "Y" then
      base[at[i]], base_day[at[i]] = value[i], day[i]
    end
  end
  local seen = false
  for i = 1, #frame do
    local k = at[i]
    local wanted = k and baseline[i] ~= "Y"
    if opt.visit then
      wanted = wanted and visit and visit[i] == opt.visit
        and (not flag or flag[i] == "Y")
      seen = seen or visit and visit[i] == opt.visit
    elseif wanted then
      local from = base_day[k]
      wanted = from == nil or from == NA or day[i] ~= NA and day[i] > from
    end
    if wanted and value[i] ~= NA then
      local old = after[k]
      if graded then
        after[k] = math.max(old or -1, value[i])
      elseif old == nil or old == "NORMAL" then
        after[k] = value[i]
      elseif value[i] ~= "NORMAL" and old ~= value[i] then
        after[k] = "LOW and HIGH"
      end
    end
  end
  if opt.visit and not seen then
    fail("not found", ("%s: %s has no record at %s"):format(WHO, p.name, opt.visit))
  end
  return base, after, graded, values.label(p, frame)
end

local function key_of(value, graded)
  if value == nil or value == NA then return MISSING end
  return graded and "Grade " .. text.number(value) or value
end

-- The categories that occur, in order; missing last.
local function order_of(list, graded)
  local used, out = {}, {}
  for _, by in ipairs(list) do for key in pairs(by) do used[key] = true end end
  local all = graded and {} or { "LOW", "NORMAL", "HIGH", "LOW and HIGH" }
  for g = 0, graded and 5 or -1 do all[#all + 1] = "Grade " .. g end
  for _, key in ipairs(all) do
    if used[key] or not graded and key ~= "LOW and HIGH" then
      out[#out + 1] = key
    end
    used[key] = nil
  end
  local more = {}
  for key in pairs(used) do if key ~= MISSING then more[#more + 1] = key end end
  table.sort(more)
  table.move(more, 1, #more, #out + 1, out)
  if used[MISSING] then out[#out + 1] = MISSING end
  return out
end

local function head_of(key)
  if key == MISSING or key:find "^Grade" then return key end
  return key == "LOW and HIGH" and "Low and high"
    or key:sub(1, 1) .. key:sub(2):lower()
end

--- table.shift { "PARAMETER", ..., option = ... } -> table
-- Subjects of each arm by their category at baseline (rows) and the worst after it
-- (columns): by range, low, normal and high, or by grade. The data are those of the
-- parameter's table in the trial, or table.shift { DATA, "ALC" }, with ABLFL, ADY
-- and ANRIND or ATOXGR.
--   grade     "CTCAE 5": grades, computed where they are not there; true: those of
--             the data
--   side      "both" (default), "low", "high": of grades
--   visit     "Day 29": the category then, not the worst
--   subjects  a row per subject; adsl, population SAF or the first, without it
--   by, total, pooled, population, title, note  as in table.summary; p_digits and
--             journal are of no use here
-- Who has no value at baseline or after it stands under Missing, so that an arm sums
-- to its N.
--
--   > lab = demo.lb:detect():convert():join(demo.dm, "USUBJID"):study_day():baseline():ranges()
--   > table.shift { lab, "ALC", grade = "CTCAE 5", side = "low", subjects = demo.adsl, by = "TRT01P" }
--                                                  Placebo (N = 8)
--                                    ───────────────────────────────────────────
--   Baseline                         Grade 0  Grade 1  Grade 2  Grade 3  Missing
--   Absolute lymphocyte count (/uL)
--     Grade 0                        1        0        0        0        0
--     Grade 1                        0        1        0        0        0
--     Grade 2                        0        3        1        0        0
--     Grade 3                        0        0        1        1        0
--     Grade 4                        0        0        0        0        0
--
--                                                 CYT107 LF (N = 8)
--                                    ───────────────────────────────────────────
--   Baseline                         Grade 0  Grade 1  Grade 2  Grade 3  Missing
--   Absolute lymphocyte count (/uL)
--     Grade 0                        1        0        0        0        0
--     Grade 1                        0        1        0        0        0
--     Grade 2                        0        2        0        1        1
--     Grade 3                        0        0        0        1        0
--     Grade 4                        0        0        0        1        0
--
--                                                 CYT107 HF (N = 8)
--                                    ───────────────────────────────────────────
--   Baseline                         Grade 0  Grade 1  Grade 2  Grade 3  Missing
--   Absolute lymphocyte count (/uL)
--     Grade 0                        1        1        0        0        0
--     Grade 1                        0        1        2        0        0
--     Grade 2                        0        1        1        0        0
--     Grade 3                        0        0        1        0        0
--     Grade 4                        0        0        0        0        0
--   Grades: CTCAE 5, of values too low.
--   SIMULATED DATA
--
-- See also: relation:grade, relation:ranges, table.labs.
function M.shift(given)
  local set, parameters, opt = values.begin(WHO, given, spec)
  local all_base, all_after, relations = {}, {}, {}
  local graded
  for i, p in ipairs(parameters) do
    local base, after, label
    base, after, graded, label = categories(set, p, opt)
    p.label, p.base, p.after, relations[i] = label, {}, {}, p.data
    all_base[i], all_after[i] = {}, {}
    for k = 1, #set.frame do
      p.base[k], p.after[k] = key_of(base[k], graded), key_of(after[k], graded)
      all_base[i][p.base[k]], all_after[i][p.after[k]] = true, true
    end
  end
  local rows, columns = order_of(all_base, graded), order_of(all_after, graded)
  local heads = {}
  for _, arm in ipairs(set.arms) do
    for _, key in ipairs(columns) do
      heads[#heads + 1] = { arm = arm.name, n = arm.n, head = head_of(key) }
    end
  end
  local t = source.begin(set, { what = "shift", title = opt.visit
    and ("Shift from baseline to %s"):format(opt.visit)
    or "Shift from baseline to the worst value after it", stub = "Baseline",
    columns = heads }, opt, table.unpack(relations))
  for _, p in ipairs(parameters) do
    t.rows[#t.rows + 1] = { label = p.label, indent = 0, cells = {}, heading = true,
      variable = p.name }
    for _, from in ipairs(rows) do
      local row = { label = head_of(from), indent = 1, cells = {}, variable = p.name,
        level = from }
      for _, arm in ipairs(set.arms) do
        for _, to in ipairs(columns) do
          local n = 0
          for _, k in ipairs(arm.rows) do
            if p.base[k] == from and p.after[k] == to then n = n + 1 end
          end
          row.cells[#row.cells + 1] = make.count(n)
        end
      end
      t.rows[#t.rows + 1] = row
    end
  end
  if graded then
    object.say(t, ("Grades: %s%s."):format(type(opt.grade) == "string" and opt.grade
      or "of the data", opt.side ~= "both" and ", of values too " .. opt.side or ""))
  end
  return t
end

return M
