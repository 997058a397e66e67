-- The raw files that a simulation writes, as an export of a trial would be.

local fail = require "ts.error".fail
local NA = require "ts.na".NA

local M = {}
local Files = {}
Files.__index = Files
Files.__name = "rawfiles"

local function cell(x)
  if x == nil or x == NA then return "" end
  local s = tostring(x)
  if s == "" or s:find '[,"\r\n]' then s = '"' .. s:gsub('"', '""') .. '"' end
  return s
end

--- rawfiles { NAME = { "COLUMN", ... }, ... } -> files
-- Tables that a simulation fills row by row and writes as CSV.
--   f:add(name, value, ...)  a row; nil and NA are missing
--   f:write(folder)          FOLDER/NAME.csv, each; the folder is made. The
--                            same rows give the same bytes
--
--   > f = rawfiles { dm = { "USUBJID", "AGE" } }
--   > f:add("dm", "X-001", 64)
--   > select(2, pcall(f.add, f, "dn", "X-002", 70))
--   rawfiles: no table dn; there are dm
--   > select(2, pcall(f.add, f, "dm", "X-002", 70, "M"))
--   rawfiles: dm has 2 columns, the row 3 values
--
-- See also: random, study:import.
function M.rawfiles(columns)
  local self = setmetatable({ names = {} }, Files)
  for name, list in pairs(type(columns) == "table" and columns or {}) do
    if type(name) ~= "string" or not name:find "^[%w_]+$"
        or type(list) ~= "table" or #list == 0 then
      fail("type", "rawfiles: tables are written NAME = { \"COLUMN\", ... }")
    end
    self[name] = { n = #list, table.concat(list, ",") }
    self.names[#self.names + 1] = name
  end
  if #self.names == 0 then
    fail("type", "rawfiles: no table; rawfiles { dm = { \"USUBJID\" } }")
  end
  table.sort(self.names)
  return self
end

function Files:add(name, ...)
  local lines = rawget(self, name)
  if name == "names" or not lines then
    fail("not found", ("rawfiles: no table %s; there are %s"):format(
      tostring(name), table.concat(self.names, ", ")))
  end
  local n = select("#", ...)
  if n > lines.n then
    fail("invalid", ("rawfiles: %s has %d columns, the row %d values"):format(
      name, lines.n, n))
  end
  local cells = {}
  for i = 1, lines.n do cells[i] = cell((select(i, ...))) end
  lines[#lines + 1] = table.concat(cells, ",")
end

function Files:write(folder)
  if type(folder) ~= "string" or folder:find "[^%w_./ -]" then
    fail("invalid", "rawfiles: a folder has letters, digits, _ . / - and "
      .. "blanks in its name")
  end
  os.execute(("mkdir -p -- '%s'"):format(folder))
  for _, name in ipairs(self.names) do
    local path = ("%s/%s.csv"):format(folder, name)
    local file, err = io.open(path, "w")
    if not file then fail("io", err) end
    file:write(table.concat(self[name], "\n"), "\n")
    file:close()
  end
end

return M
