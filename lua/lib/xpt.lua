-- SAS transport files: what an import reads and says, and what is written.

local xpt = require "ts.xpt"
local fail = require "ts.error".fail
local note = require "trialsh.note"
local export = require "trialsh.export"

local M = { what = "SAS transport (.xpt)",
  extensions = { xpt = true, xport = true, xpt5 = true, xpt8 = true },
  takes = { member = { "string" }, encoding = { "string" },
    rows = { "integer", least = 0 } },
  writes = { version = { "integer", 5 }, member = { "string" },
    label = { "string" }, encoding = { "string" }, created = { "string" } },
  holds = { label = true, format = true, special = true } }

--- xpt.open(path, opt) -> file, facts
function M.open(path, opt)
  local file, facts = xpt.open(path, { member = opt.member,
    encoding = opt.encoding, rows = opt.rows })
  facts.which = opt.member and facts.member
  return file, facts
end

local plural = note.plural

--- xpt.say(path, facts [, table]): rows, columns and what cannot be known.
function M.say(path, facts, name)
  note.say("%s: %s read, %s%s", path, note.plural(facts.n_row, "row"),
    note.plural(#facts.columns, "column"), name and ", table " .. name or "")
  local special = note.counted(facts.columns, "n_special")
  local rounded = note.counted(facts.columns, "n_rounded")
  if special then
    note.say("%s: special missing values (.A to .Z, ._) kept in %s", path,
      special)
  end
  if rounded then
    note.say("%s: more digits than a double has, rounded in %s", path, rounded)
  end
  if facts.n_padding > 0 then
    note.say("%s: %s of blanks at the end taken as padding; rows = %d keeps "
      .. "them", path, plural(facts.n_padding, "row"),
      facts.n_row + facts.n_padding)
  end
  if facts.n_lost > 0 then
    note.warn("%s: the file is cut: %s of padding %s missing behind the last "
      .. "row", path, plural(facts.n_lost, "byte"),
      facts.n_lost == 1 and "is" or "are")
  end
  if facts.open_end and facts.n_row == 0 then
    note.say("%s: the file ends behind its header; one that was cut there "
      .. "would look the same, and rows = 0 checks it", path)
  elseif facts.open_end then
    note.say("%s: the file ends with a row; one that was cut there would look "
      .. "the same, and rows = %d checks it", path, facts.n_row)
  end
  if facts.n_zero > 0 then
    note.say("%s: %s at the end with no bit set, read as zeros", path,
      plural(facts.n_zero, "row"))
  end
end

-- The rows of a relation; codes that get lost on the way are told.
local function rows_of(node)
  export.tell_codes(node)
  return export.rows(node)
end

-- "ARM: 1 text" of the columns of a frame whose texts match.
local function texts(frame, node, pattern)
  local list = {}
  for j, c in ipairs(node.columns) do
    local n = 0
    for i = 1, frame:column(j).type == "text" and #frame or 0 do
      local value = frame:value(i, j)
      if value ~= NA and value:find(pattern) then n = n + 1 end
    end
    if n > 0 then list[#list + 1] = c.name .. ": " .. plural(n, "text") end
  end
  return table.concat(list, ", ")
end

-- The name of the data set where none is given.
local function member_of(node, path)
  local name = export.member(node, path)
  if not name:find "^[%a_][%w_]*$" then
    fail("invalid", ("%s: %s cannot be the name of the data set; member = "
      .. "\"NAME\" gives it one"):format(path, name))
  end
  return name
end

--- xpt.write(node, path, opt): the rows of a relation as one member.
function M.write(node, path, opt)
  local facts = export.facts(node)
  local frame = rows_of(node)
  local written = xpt.write(frame, path, {
    version = opt.version, member = opt.member or member_of(node, path),
    encoding = opt.encoding, label = opt.label or facts.label,
    created = opt.created, mode = require "ts.file".mode() })
  if written.n_empty > 0 then
    note.say("%s: text without letters, missing in SAS: %s", path,
      texts(frame, node, "^ *$"))
  end
  if written.n_minus_zero > 0 then
    note.say("%s: %s of -0 written as 0: R takes -0 there for missing", path,
      plural(written.n_minus_zero, "value"))
  end
  if written.n_trimmed > 0 then
    note.say("%s: trailing blanks are lost in %s", path,
      texts(frame, node, "[^ ] +$"))
  end
end

--- xpt.store(store, name, file): the rows go into a table.
function M.store(store, name, file) store:import_xpt(name, file) end

--- xpt.columns(facts): as the study enters them.
function M.columns(facts)
  local columns = {}
  for j, c in ipairs(facts.columns) do
    columns[j] = { name = c.name, type = c.type, label = c.label,
      format = c.format, informat = c.informat }
  end
  return columns
end

return M
