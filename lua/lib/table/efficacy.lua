-- table.efficacy: a line per endpoint and comparison, from what run() stored.

local NA = require "ts.na".NA
local fail = require "ts.error".fail
local data = require "trialsh.data"
local format = require "trialsh.format"
local make = require "trialsh.table.cell"
local object = require "trialsh.table.object"
local relation = require "trialsh.relation"
local source = require "trialsh.table.source"
local text = require "ts.text"

local M = {}

local WHO = "table.efficacy"

local spec = {
  title = { "string" }, note = { "list" }, p_digits = { "integer", nil, least = 1,
    below = 9 }, journal = { require "trialsh.p_text".journals, "plain" },
  variations = { "boolean", false }, subgroups = { "boolean", false },
  visits = { "boolean", false }, comparisons = { { "all", "own" }, "all" },
  columns = { "list" },
}

-- What is shown -------------------------------------------------------------------------

local function read_rows(s)
  local list = {}
  for row in s:rows() do list[#list + 1] = row end
  if #list == 0 then fail("degenerate", WHO .. ": there are no results") end
  return list
end

-- Which roles and endpoints are meant; all without a name.
local function wanted_of(rows, names)
  if #names == 0 then return nil end
  local roles, ids, known, wanted = {}, {}, {}, {}
  for _, row in ipairs(rows) do
    for _, key in ipairs { "role", "endpoint" } do
      local value = row[key]
      if value ~= NA and not known[value] then
        known[value] = true
        local list = key == "role" and roles or ids
        list[#list + 1] = value
      end
    end
  end
  for _, name in ipairs(names) do
    if not known[name] then
      local all = table.move(ids, 1, #ids, #roles + 1, { table.unpack(roles) })
      fail("not found", ("%s: %s is neither a role nor an endpoint%s"):format(WHO,
        tostring(name), require "trialsh.names".hint(name, all)))
    end
    wanted[#wanted + 1] = name
  end
  return wanted
end

-- The endpoint's own parameter and visit, by endpoint and variation.
local function own_of(rows)
  local own = {}
  for _, row in ipairs(rows) do
    local key = row.endpoint .. "\0" .. row.variation
    if not own[key] or row.own == "Y" then own[key] = row end
  end
  return own
end

local kinds = { sensitivity = "variations", supplementary = "variations",
  subgroup = "subgroups" }

-- Results of comparisons; of arms where an endpoint has nothing else.
local function select_rows(rows, opt)
  local own, compared, out = own_of(rows), {}, {}
  for _, row in ipairs(rows) do
    if row.group == NA then compared[row.endpoint .. "\0" .. row.variation] = true end
  end
  for _, row in ipairs(rows) do
    local key = row.endpoint .. "\0" .. row.variation
    local mine = own[key]
    local fits = row.kind == "main" or row.kind == NA
      or kinds[row.kind] and opt[kinds[row.kind]]
    fits = fits and (row.group == NA or not compared[key])
    if not opt.visits then
      fits = fits and (row.visit == mine.visit or row.visit == NA)
    end
    if opt.comparisons == "own" then
      fits = fits and (row.compare == mine.compare)
    end
    if fits then out[#out + 1] = row end
  end
  return out
end

M.select = select_rows

-- Cells -----------------------------------------------------------------------------------

local function share_digits(row)
  local name = row.estimate_name ~= NA and row.estimate_name or ""
  return name:find "risk" or name:find "incidence" or name:find "probab"
end

local function estimated(row)
  return row.estimate ~= NA or row.conf_low ~= NA or row.conf_high ~= NA
end

-- "0.72 (0.35 to 0.89)"; "- (above 373)" of a median that is not reached; of a test
-- without an estimate "-".
local function estimate_cell(row)
  local stats = { { "estimate", row.estimate }, { "conf_low", row.conf_low },
    { "conf_high", row.conf_high }, { "conf_level", row.conf_level } }
  if not estimated(row) then
    if row.statistic == NA then return { text = "-", stats = stats } end
    return { text = "-", stats = { { "statistic", row.statistic },
      { "df", row.df } } }
  end
  local low, high = row.conf_low, row.conf_high
  local both = low ~= NA and high ~= NA
  local digits = format.decimals(both and math.abs(high - low) < math.huge
    and high - low or row.estimate ~= NA and row.estimate or low ~= NA and low or high)
  digits = math.max(share_digits(row) and 2 or 0, digits - 1)
  local shown = row.estimate == NA and "-" or format.cell(row.estimate, digits)
  if low ~= NA or high ~= NA then
    shown = ("%s (%s)"):format(shown, format.interval(low == NA and -math.huge
      or low, high == NA and math.huge or high, digits))
  end
  return { text = shown, stats = stats }
end
M.estimate = estimate_cell

-- ", statistic 144, df 3"
local function statistic_of(row)
  if row.statistic == NA then return "" end
  return (", statistic %s%s"):format(format.significant(row.statistic, 3),
    row.df ~= NA and ", df " .. text.number(row.df) or "")
end

local function arm_cell(name)
  return function(row)
    local x = row[name]
    if x == NA then return nil end
    if share_digits(row) and x >= 0 and x <= 1 then
      return { text = make.percent(x, 0) .. " %", stats = { { name, x } } }
    end
    return { text = format.cell(x, math.max(0, format.decimals(x) - 0)),
      stats = { { name, x } } }
  end
end

-- "14/63", or "20" where a subject may have several events
local function events_cell(side)
  return function(row)
    local k, n = row["events_" .. side], row["n_" .. side]
    if row.group ~= NA and side == 1 then k, n = row.n_event, row.n end
    if k == NA then return nil end
    local once = n ~= NA and row.analysis ~= "rateratio" and row.analysis ~= "rate"
    return { text = (once and "%.0f/%.0f" or "%.0f"):format(k, n),
      stats = { { "events_" .. side, k }, { "n_" .. side, n } } }
  end
end

local function p_cell(name)
  return function(row, style)
    if row[name] == nil or row[name] == NA then return nil end
    local cell = make.p(row[name], style)
    cell.stats[1][1] = name
    return cell
  end
end

-- The columns: their name in `columns`, their head, their cells; usual: shown
-- unless columns says else, where there is anything in them.
local columns = {
  { "n", "n", function(row)
    return row.n ~= NA and make.count(math.tointeger(row.n) or row.n) or nil
  end, usual = true },
  { "estimate_1", "A", arm_cell "estimate_1" },
  { "estimate_2", "B", arm_cell "estimate_2" },
  { "events_1", "Events, A", events_cell(1) },
  { "events_2", "Events, B", events_cell(2) },
  { "measure", "Measure", function(row)
    if estimated(row) and row.estimate_name ~= NA then
      return make.text(row.estimate_name)
    end
    return row.method ~= NA and make.text(row.method .. statistic_of(row)) or nil
  end, usual = true, align = "text" },
  { "estimate", "Estimate (95 % CI)", estimate_cell, usual = true },
  { "p_value", "P", p_cell "p_value", usual = true },
  { "p_rerandomised", "P, re-randomised", p_cell "p_rerandomised", usual = true },
  { "p_adjusted", "P, adjusted", p_cell "p_adjusted", usual = true },
  { "claimed", "Claimed", function(row)
    return row.rejected ~= NA and make.text(row.rejected == "Y" and "yes" or "no")
      or nil
  end, usual = true, align = "text" },
  { "method", "Method", function(row)
    return row.method ~= NA and make.text(row.method) or nil
  end, align = "text" },
}

local function chosen_columns(opt, rows)
  local by_name, names, out = {}, {}, {}
  for i, column in ipairs(columns) do
    by_name[column[1]], names[i] = column, column[1]
  end
  for _, name in ipairs(opt.columns or {}) do
    if not by_name[name] then
      fail("invalid", ("%s: no column %s%s"):format(WHO, tostring(name),
        require "trialsh.names".hint(name, names)))
    end
    out[#out + 1] = by_name[name]
  end
  if opt.columns then return out end
  for _, column in ipairs(columns) do
    local any = false
    for _, row in ipairs(column.usual and rows or {}) do
      any = any or column[3](row, { journal = "plain" }) ~= nil
    end
    if any then out[#out + 1] = column end
  end
  return out
end

-- Rows -----------------------------------------------------------------------------------

-- "ALC50[CYT107 vs Placebo]@Day 29/exact": s:result finds the row by it.
local function address_of(row)
  return row.endpoint .. (row.parameter ~= NA and ":" .. row.parameter or "")
    .. (row.compare ~= NA and "[" .. row.compare .. "]"
      or row.group ~= NA and "[" .. row.group .. "]" or "")
    .. (row.visit ~= NA and "@" .. row.visit or "")
    .. (row.variation ~= "main" and "/" .. row.variation or "")
end
M.address = address_of

local function line_of(row, several)
  local parts = {}
  parts[1] = row.compare ~= NA and row.compare or row.group ~= NA and row.group
    or "All arms"
  if several.parameter and row.parameter ~= NA then
    table.insert(parts, 1, row.parameter)
  end
  if several.visit and row.visit ~= NA then parts[#parts + 1] = row.visit end
  return table.concat(parts, ", ")
end

-- Which of parameter and visit differ among rows.
local function several_of(rows)
  local out = {}
  for _, key in ipairs { "parameter", "visit" } do
    for _, row in ipairs(rows) do
      if row[key] ~= rows[1][key] then out[key] = true end
    end
  end
  return out
end

-- What is said of a line, in parts: those that stand in several notes are each said
-- once, by themselves; all: those of every line, which are said of the whole table.
local function notes_of(rows)
  local notes, seen, of_notes, of_rows = {}, {}, {}, {}
  for _, row in ipairs(rows) do
    local note = row.note ~= NA and row.note or ""
    for part in (note .. "; "):gmatch "(.-); " do
      of_rows[part] = (of_rows[part] or 0) + 1
      if not seen[note] then of_notes[part] = (of_notes[part] or 0) + 1 end
    end
    seen[note] = true
  end
  local all, told = {}, {}
  for _, row in ipairs(rows) do
    local note, list = row.note, {}
    local apart = true
    for part in (note ~= NA and note .. "; " or ""):gmatch "(.-); " do
      if #rows > 1 and of_rows[part] >= #rows then
        if not told[part] then all[#all + 1] = part end
        told[part], apart = true, true
      elseif of_notes[part] > 1 or apart then
        list[#list + 1], apart = part, of_notes[part] > 1
      else
        list[#list] = list[#list] .. "; " .. part
      end
    end
    if note ~= NA then notes[note] = list end
  end
  return notes, all
end

local function add_rows(t, rows, chosen, style, indent)
  local several = several_of(rows)
  for _, row in ipairs(rows) do
    local cells = {}
    for j, column in ipairs(chosen) do cells[j] = column[3](row, style) end
    local line = { label = line_of(row, several), indent = indent, cells = cells,
      variable = address_of(row), level = row.kind ~= NA and row.kind or nil }
    local marks = {}
    for i, words in ipairs(style.notes[row.note] or {}) do
      marks[i] = object.note(t, words)
    end
    table.sort(marks, function(a, b) return #a < #b or #a == #b and a < b end)
    if #marks > 0 then line.mark = marks end
    t.rows[#t.rows + 1] = line
  end
end

local variation_words = { sensitivity = "Sensitivity: ",
  supplementary = "Supplementary: ", subgroup = "" }

-- Groups of rows by a key, in the order in which they come.
local function grouped(rows, key)
  local list, by = {}, {}
  for _, row in ipairs(rows) do
    local value = row[key]
    if not by[value] then
      by[value] = { name = value }
      list[#list + 1] = by[value]
    end
    table.insert(by[value], row)
  end
  return list
end

local function add_endpoint(t, rows, chosen, style, indent)
  local title = rows[1].title ~= NA and rows[1].title or rows[1].endpoint
  local visit = rows[1].visit
  for _, row in ipairs(rows) do
    if row.own == "Y" and row.variation == "main" then visit = row.visit end
  end
  if visit ~= NA and not several_of(rows).visit
      and not title:lower():find(visit:lower(), 1, true) then
    title = ("%s, %s"):format(title, visit)
  end
  t.rows[#t.rows + 1] = { label = title, indent = indent, cells = {},
    heading = true, variable = rows[1].endpoint }
  for _, variation in ipairs(grouped(rows, "variation")) do
    local deeper = indent + 1
    if variation.name ~= "main" then
      t.rows[#t.rows + 1] = { label = (variation_words[variation[1].kind] or "")
        .. variation.name, indent = indent + 1, cells = {}, heading = true,
        variable = rows[1].endpoint, level = variation.name }
      deeper = indent + 2
    end
    add_rows(t, variation, chosen, style, deeper)
  end
end

local ORDER = { "primary", "key secondary", "secondary", "exploratory", "safety" }

-- Roles with their rows, in the order asked for, else that of a plan; endpoints
-- that were named stand by themselves.
local function sections(rows, wanted)
  local by_role, out, seen = {}, {}, {}
  for _, role in ipairs(grouped(rows, "role")) do by_role[role.name] = role end
  if not wanted then
    for _, role in ipairs(ORDER) do out[#out + 1] = by_role[role] end
    for _, role in ipairs(grouped(rows, "role")) do
      local known = false
      for _, name in ipairs(ORDER) do known = known or name == role.name end
      if not known then out[#out + 1] = role end
    end
    return out
  end
  for _, name in ipairs(wanted) do
    local section = by_role[name]
    if not section then
      section = { name = false }
      for _, row in ipairs(rows) do
        if row.endpoint == name then section[#section + 1] = row end
      end
      local last = out[#out]
      if last and last.name == false then
        table.move(section, 1, #section, #last + 1, last)
        section = nil
      end
    end
    if section and not seen[name] then out[#out + 1] = section end
    seen[name] = true
  end
  return out
end

--- table.efficacy { "primary", "ENDPOINT", ..., option = ... } -> table
-- What run() stored: a line per endpoint and comparison, with n, estimate,
-- interval and P, and where there are P by re-randomisation, P adjusted and what
-- is claimed. Roles or endpoints are named in order; without a name all.
-- table.efficacy { s.results, ... } takes those rows.
--   variations   true: sensitivity and supplementary analyses below each endpoint
--   subgroups    true: subgroups below it
--   visits       true: all visits, not the claimed one alone
--   comparisons  "all" (default), "own": the first of each endpoint alone
--   columns      "n", "estimate_1", "estimate_2", "events_1", "events_2" (of A and
--                of B), "measure", "estimate", "p_value", "p_rerandomised",
--                "p_adjusted", "claimed", "method", in order
--   journal      "NEJM", "JAMA", "Annals", "Lancet": how P is written;  p_digits
--   title, note  text
-- Each line keeps the address of its result (tidy's variable).
--
--   > r = { endpoint = { "E" }, role = { "primary" }, compare = { "A vs B" }, n = { 20 }, estimate = { 1.5 }, conf_low = { 0.2 }, conf_high = { 2.8 }, p_value = { 0.03 } }
--   > table.efficacy { r, columns = { "n", "estimate", "p_value" } }
--             n   Estimate (95 % CI)  P
--   E
--   A vs B    20  1.5 (0.2 to 2.8)    0.030
--
-- See also: run, study.results, study:result, multiplicity.
function M.efficacy(given)
  local first, names, opt = source.read(WHO, given, spec)
  local inner = first == nil and source.inner(nil) or nil
  local s = first or source.study(WHO, inner).results
  if not relation.is(s) then s = data.wrap(data.frame(s, nil, WHO)) end
  s = require "trialsh.table.results".whole(WHO, s)
  local rows = read_rows(s)
  local wanted = wanted_of(rows, names)
  rows = select_rows(rows, opt)
  local style = { journal = opt.journal, p_digits = opt.p_digits }
  local parts, used = sections(rows, wanted), {}
  for _, part in ipairs(parts) do table.move(part, 1, #part, #used + 1, used) end
  local chosen, of_all = chosen_columns(opt, used), nil
  style.notes, of_all = notes_of(used)
  local t = object.new { what = "efficacy", title = opt.title
    or "Results of the endpoints", titled = opt.title ~= nil, columns = {},
    stamp = source.stamp(s), origin = {
      { "Source", inner and "results of run()" or "data given" },
      { "Program", require "trialsh.sessioninfo".origin() } } }
  for j, column in ipairs(chosen) do
    t.columns[j] = { head = column[2], align = column.align }
  end
  for _, part in ipairs(parts) do
    local indent = 0
    if part.name and #parts > 1 then
      t.rows[#t.rows + 1] = { label = part.name == NA and "No role"
        or part.name:sub(1, 1):upper() .. part.name:sub(2), indent = 0, cells = {},
        heading = true }
      indent = 1
    end
    for _, endpoint in ipairs(grouped(part, "endpoint")) do
      add_endpoint(t, endpoint, chosen, style, indent)
    end
  end
  for _, words in ipairs(of_all) do
    object.say(t, words:sub(1, 1):upper() .. words:sub(2))
  end
  for _, column in ipairs(chosen) do
    if column[1] == "estimate" then
      for _, row in ipairs(used) do
        if row.conf_level ~= NA and row.conf_level ~= 0.95 then
          object.say(t, "Intervals are of the level of each analysis.")
        end
      end
    end
  end
  if inner then
    local row = used[1]
    if row and row.data_sha256 ~= NA then
      t.origin[1][2] = ("results of run(), %s, data SHA-256 %s, seed %s"):format(
        row.script ~= NA and row.script or "no script",
        row.data_sha256:sub(1, 16), row.seed ~= NA and text.number(row.seed)
          or "none")
    end
  end
  for _, words in ipairs(opt.note or {}) do object.say(t, tostring(words)) end
  return t
end

return M
