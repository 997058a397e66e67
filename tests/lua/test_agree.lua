-- Calls and the numbers that R has for them (tests/reference/agree.R): every
-- statistic of ranks, counts and samples on several sets of data, with ties,
-- zeros and few values among them.
local lu = require "luaunit"

-- Names of sets, and the program's own.
local known = setmetatable({}, { __index = _G })
local results, wanted = {}, {}

local function compiled(code) return assert(load(code, code, "t", known)) end

for line in io.lines "tests/reference/agree.tsv" do
  local kind, what, field, value, tolerance =
    line:match "^(%w+)\t([^\t]*)\t([^\t]*)\t([^\t]*)\t([^\t]*)$"
  if kind == "set" then
    known[what] = compiled("return " .. field)()
  else
    wanted[#wanted + 1] = { call = what, field = field,
      value = value == "Inf" and math.huge or value == "-Inf" and -math.huge
        or value == "NA" and NA or tonumber(value),
      tolerance = tonumber(tolerance) }
  end
end

local function same(x, w)
  if x == w.value then return true end
  return type(x) == "number" and type(w.value) == "number"
    and math.abs(x - w.value) <= w.tolerance * math.abs(w.value)
end

local function check(name)
  local off, count = {}, 0
  for _, w in ipairs(wanted) do
    if w.call:match "^[%w_]+" == name then
      count = count + 1
      local r = results[w.call] or compiled("return " .. w.call)()
      results[w.call] = r
      local x = compiled("local r = ... return r"
        .. (w.field:find "^[:%[]" and w.field or "." .. w.field))(r)
      if not same(x, w) then
        off[#off + 1] = ("%s: %s is %s, not %s"):format(w.call, w.field,
          tostring(x), tostring(w.value))
      end
    end
  end
  lu.assertTrue(count > 0)
  if #off > 0 then lu.fail(table.concat(off, "\n")) end
end

local seen = {}
for _, w in ipairs(wanted) do
  local name = w.call:match "^[%w_]+"
  if not seen[name] then
    seen[name] = true
    _G["test_" .. name] = function() check(name) end
  end
end

function test_all_of_it_is_there() lu.assertTrue(#wanted > 2000, #wanted) end

os.exit(lu.LuaUnit.run())
