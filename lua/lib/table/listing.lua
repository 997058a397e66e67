-- table.listing: rows of data as they are.

local fail = require "ts.error".fail
local NA = require "ts.na".NA
local cframe = require "ts.frame"
local data = require "trialsh.data"
local object = require "trialsh.table.object"
local relation = require "trialsh.relation"
local show = require "trialsh.show"
local source = require "trialsh.table.source"

local M = {}

local WHO = "table.listing"

local spec = { title = { "string" }, note = { "list" }, keys = { "list" },
  labels = { "boolean", true }, missing = { "string", "" },
  where = { "string" } }

-- Columns that are listed: { name, label }, an entry may bring its own label.
local function columns_of(frame, list, opt)
  local out, known = {}, frame:names()
  for i, given in ipairs(#list > 0 and list or known) do
    local name, label = given, nil
    if type(given) == "table" then name, label = given[1], given.label end
    local there = false
    for _, n in ipairs(known) do there = there or n == name end
    if not there then
      fail("not found", ("%s: no column %s%s"):format(WHO, tostring(name),
        require "trialsh.names".hint(name, known)))
    end
    local column = frame:column(name)
    local own = column.label ~= NA and column.label or nil
    out[i] = { name = name, column = column,
      label = label or opt.labels and own or name }
  end
  return out
end

-- What a cell shows: numbers as the prompt shows them, missing as said.
local function texts_of(c, opt)
  local values = cframe.values(c.column)
  local format = c.column.format ~= NA and c.column.format or nil
  local cells = show.cells(values, c.column.type, format)
  for i, value in ipairs(values) do
    if value == NA then cells[i] = opt.missing
    elseif c.column.type == "text" then cells[i] = value end
  end
  return cells, values
end

--- table.listing { DATA, "COL", "COL", ..., option = ... } -> table
-- Rows of data as they are, in their order: a column by name, or { "COL", label =
-- "Head" }; all without a name. A column's label is its head. Repeats of the first
-- column, or of keys, are left blank.
--   where    "AESER = 'Y'": which rows, told below them
--   keys     columns that are blank where they repeat; {}: none
--   labels   false: names of columns as heads
--   missing  "": what stands for a missing value
--   title, note  text
--
--   > table.listing { demo.adae, "TRT01P", "USUBJID", "AEDECOD", "ASTDY", where = "AETOXGR = 5" }
--   TRT01P     USUBJID   AEDECOD       ASTDY
--   CYT107 HF  DEMO-002  Septic shock  27
--   Placebo    DEMO-003  Septic shock  16
--              DEMO-006  Septic shock  18
--              DEMO-008  Septic shock  28
--   CYT107 HF  DEMO-009  Septic shock  24
--   CYT107 LF  DEMO-013  Septic shock  10
--              DEMO-018  Septic shock   5
--   Placebo    DEMO-019  Septic shock  23
--   Rows where AETOXGR = 5.
--   SIMULATED DATA
--
-- See also: table.patient, relation:order.
function M.listing(given)
  local first, list, opt = source.read(WHO, given, spec)
  if first == nil then
    fail("invalid", WHO .. ': no data; table.listing { DATA, "COL", ... }')
  end
  if not relation.is(first) then first = data.wrap(data.frame(first, nil, WHO)) end
  if opt.where then first = first:where(opt.where) end
  local frame = data.frame(first)
  local columns = columns_of(frame, list, opt)
  if #columns == 0 then fail("degenerate", WHO .. ": no columns") end
  local t = object.new { what = "listing", title = opt.title or "Listing",
    titled = opt.title ~= nil, stub = columns[1].label, columns = {},
    stamp = source.stamp(first),
    origin = source.origin(relation.node_of(first).study, first) }
  local key = {}
  for _, name in ipairs(opt.keys or { columns[1].name }) do key[name] = true end
  local texts, values = {}, {}
  for j, c in ipairs(columns) do
    texts[j], values[j] = texts_of(c, opt)
    if j > 1 then
      t.columns[j - 1] = { head = c.label,
        align = c.column.type == "text" and "text" or nil }
    end
  end
  for i = 1, #frame do
    local same, row = i > 1, { indent = 0, cells = {} }
    for j, c in ipairs(columns) do
      same = same and key[c.name] and values[j][i] == values[j][i - 1]
      local shown = same and "" or texts[j][i]
      if j == 1 then
        row.label, row.variable = shown, c.name
        row.level = texts[j][i]
      else
        row.cells[j - 1] = { text = shown, stats = { { c.name, values[j][i] } } }
      end
    end
    t.rows[i] = row
  end
  if opt.where then object.say(t, "Rows where " .. opt.where .. ".") end
  if #frame == 0 then object.say(t, "No rows.") end
  for _, words in ipairs(opt.note or {}) do object.say(t, tostring(words)) end
  return t
end

return M
