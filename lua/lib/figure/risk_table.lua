-- The table under survival curves: those at risk, events and censorings at the
-- ticks of the axis, by arm.

local text = require "ts.text"
local fail = require "ts.error".fail

local M = {}

-- Those at risk just before t, events (of each kind) and censorings before t:
-- they add up to n, unless some enter later.
local function counts_at(curve, t)
  local now = { ["at risk"] = 0, events = 0, censored = 0, competing = 0 }
  for i, time in ipairs(curve.time) do
    if time >= t then
      now["at risk"] = curve.n_risk[i]
      break
    end
    now.events = now.events + curve.n_event[i]
    now.censored = now.censored + curve.n_censor[i]
    now.competing = now.competing + (curve.n_competing and curve.n_competing[i] or 0)
  end
  if curve.at_risk then now["at risk"] = curve.at_risk(t) end
  return now
end

local usual = { "at risk", "events", "censored" }

--- risk_table.kinds(who, value [, more]) -> list of "at risk", "events",
-- "censored", and of more
function M.kinds(who, value, more)
  local kinds = table.move(more or {}, 1, #(more or {}), #usual + 1,
    table.move(usual, 1, #usual, 1, {}))
  if value == false then return {} end
  if value == true or value == nil then return { "at risk" } end
  if type(value) == "string" then value = { value } end
  if type(value) ~= "table" or #value == 0 then
    fail("type", who .. ": risk_table = true, false or a list of "
      .. '"at risk", "events", "censored"')
  end
  local list = {}
  for i, word in ipairs(value) do
    for _, kind in ipairs(kinds) do
      if type(word) == "string" and word:lower():gsub("[%-_]", " ") == kind then
        list[i] = kind
      end
    end
    if not list[i] then
      local near = type(word) == "string" and text.nearest(word, kinds)
      fail("invalid", ("%s: risk_table has no '%s'; %s"):format(who,
        tostring(word), near and "nearest: " .. near
          or "it has " .. table.concat(kinds, ", ")))
    end
  end
  return list
end

local heads = { ["at risk"] = "At risk", events = "Events",
  censored = "Censored", competing = "Competing" }

-- Rows of the table: { label, arm, bold, numbers = { text per tick } }
local function rows_of(spec)
  local rows = {}
  local function numbers(curve, kind)
    local list = {}
    for i, t in ipairs(spec.ticks) do
      local n = counts_at(curve, t)[kind]
      list[i] = curve.weighted and ("%.1f"):format(n) or text.number(n)
    end
    return list
  end
  local several = #spec.kinds > 1
  if #spec.kinds == 0 then return rows end
  if not several and spec.curves[1].name then
    local kind = spec.kinds[1]
    rows[1] = { label = kind == "at risk" and "No. at risk" or heads[kind] }
  end
  for i, curve in ipairs(spec.curves) do
    if several and curve.name then
      rows[#rows + 1] = { label = curve.name, arm = spec.arms[i], bold = true }
    end
    for _, kind in ipairs(spec.kinds) do
      local alone = not curve.name and (kind == "at risk" and "No. at risk")
      rows[#rows + 1] = { arm = spec.arms[i],
        label = alone or (several or not curve.name) and heads[kind]
          or curve.name, numbers = numbers(curve, kind) }
    end
  end
  return rows
end

--- risk_table.stack(page, rows): names that would take too much of the width
-- stand above their numbers.
function M.stack(page, rows)
  local s, out, most = page.style, {}, 0.3 * page.width
  for _, row in ipairs(rows) do
    if row.numbers
        and page:text_width(row.label, s.table_text, row.bold) > most then
      out[#out + 1] = { label = row.label, arm = row.arm, long = true }
      out[#out + 1] = { label = "", arm = row.arm, numbers = row.numbers }
    else
      out[#out + 1] = row
    end
  end
  return out
end

--- risk_table.rows(spec): those of spec.curves, arms, kinds and ticks
M.rows = rows_of

--- risk_table.width(page, rows) -> what stands left of the axis
function M.width(page, rows)
  local s, widest, first = page.style, 0, 0
  for _, row in ipairs(rows) do
    if row.numbers then
      widest = math.max(widest, page:text_width(row.label, s.table_text, row.bold))
      first = math.max(first, page:text_width(row.numbers[1] or "", s.table_text) / 2)
    end
  end
  return widest > 0 and widest + first + 3 * s.gap or first
end

--- risk_table.draw(page, panel, rows, ticks, top)
function M.draw(page, panel, rows, ticks, top)
  local s = page.style
  local height = page:line_height(s.table_text)
  local labels, widths, bold = {}, {}, {}
  for i, row in ipairs(rows) do -- some may run on to the right edge
    labels[i], bold[i] = row.label, row.bold or false
    widths[i] = (row.long or not row.numbers) and page.width - 2 * s.pad or math.huge
  end
  labels = page:fit_names(labels, widths, s.table_text, bold)
  for i, row in ipairs(rows) do
    local y = top - (i - 0.5) * height
    page:text(labels[i], s.pad, y, { size = s.table_text, bold = row.bold,
      colour = row.arm and row.arm.ink })
    for k, number in ipairs(row.numbers or {}) do
      page:text(number, panel:at_x(ticks[k]), y, { size = s.table_text,
        align = "center", colour = row.arm and row.arm.ink })
    end
  end
end

return M
