-- Values as bytes, to go from one process to another: NA, booleans, numbers to the
-- last bit, texts, and tables of them.

local NA = require "ts.na".NA

local M = {}

local add = {}

local function put(value, parts)
  local kind = value == NA and "NA" or math.type(value) or type(value)
  local f = add[kind]
  if not f then error("a " .. kind .. " cannot be packed") end
  f(value, parts)
end

add["nil"] = function(_, parts) parts[#parts + 1] = "0" end
add.NA = function(_, parts) parts[#parts + 1] = "N" end
add.boolean = function(x, parts) parts[#parts + 1] = x and "T" or "F" end
add.integer = function(x, parts) parts[#parts + 1] = string.pack("<c1j", "I", x) end
add.float = function(x, parts) parts[#parts + 1] = string.pack("<c1d", "D", x) end
add.string = function(x, parts) parts[#parts + 1] = string.pack("<c1s4", "S", x) end

function add.table(t, parts)
  parts[#parts + 1] = "{"
  for key, value in next, t do
    put(key, parts)
    put(value, parts)
  end
  parts[#parts + 1] = "}"
end

--- packed.pack(value) -> bytes
function M.pack(value)
  local parts = {}
  put(value, parts)
  return table.concat(parts)
end

local formats = { I = "<j", D = "<d", S = "<s4" }
local constants = { N = NA, T = true, F = false }

local function get(bytes, at)
  local kind = bytes:sub(at, at)
  if formats[kind] then return string.unpack(formats[kind], bytes, at + 1) end
  if kind ~= "{" then return constants[kind], at + 1 end
  local t, key = {}, nil
  at = at + 1
  while bytes:sub(at, at) ~= "}" do
    key, at = get(bytes, at)
    t[key], at = get(bytes, at)
  end
  return t, at + 1
end

--- packed.unpack(bytes) -> value
function M.unpack(bytes) return (get(bytes, 1)) end

return M
