-- Statements and tokens of Lua source: what a log lists, and where a caret goes.
local lu = require "luaunit"
local listing = require "trialsh.listing"

-- The script with a call before each statement, as a log runs it.
local function stepped(source)
  local out, at = {}, 1
  for n, s in ipairs(listing.statements(source)) do
    out[#out + 1] = source:sub(at, s.from - 1) .. ("__step(1,%d);"):format(n)
    at = s.from
  end
  return table.concat(out) .. source:sub(at)
end

local function lines(source)
  local list = {}
  for i, s in ipairs(listing.statements(source)) do
    list[i] = s.first .. "-" .. s.last
  end
  return table.concat(list, " ")
end

function test_statements()
  for source, want in pairs {
    ["local x = 1\nlocal y = 2"] = "1-1 2-2",
    ["f{ 1,\n 2 }\ng 'x'"] = "1-2 3-3",
    ["a = b\n(f)(x)"] = "1-2", -- one statement, as Lua reads it
    ["a = b;\n(f)(x)"] = "1-2", -- two, but no call may stand before a bracket
    ["for i = 1, 3 do\n  g(i)\nend\nwhile x do\nend"] = "1-3 4-5",
    ["if a then\n b()\nelseif c then\n d()\nend e()"] = "1-5",
    ["repeat\n local z = f()\nuntil z == 1\nh()"] = "1-3 4-4",
    ["local function f()\n return 1\nend\nfunction t.a:b() end"] = "1-3 4-4",
    ["x = function() return 1 end\ny = 2"] = "1-1 2-2",
    ["goto out\nx = 1\n::out::"] = "1-1 2-3",
    ["t = { a = 1,\n  ['b'] = { 2 } }\nreturn t,\n  1"] = "1-2 3-4",
    ["s = [==[\n]]\n]==]\nu = 1"] = "1-3 4-4",
    ["--[[ a\nb ]]\nx = 1 -- c\n\n-- d\ny = 2"] = "3-3 6-6",
    ["#!/usr/bin/env trialsh\nx = 1"] = "2-2",
    ["x = '\\\n'\ny = 'a\\z\n   b'"] = "1-2 3-4",
    ["local a <const>, b <close> = 1, nil\nbreak_ = 2"] = "1-1 2-2",
    ["x = not y\nand z\nw = #t .. ...\nq()"] = "1-2 3-3 4-4",
    ["do\n  local x\nend\ndo end"] = "1-3 4-4",
    ["x = 1e+5 y = 0x.8p1\nz = 3"] = "1-1 2-2",
    [""] = "", ["-- nothing"] = "",
  } do
    lu.assertEquals(lines(source), want, source)
    if not source:find "^#" then
      lu.assertEquals(load(source) ~= nil, load(stepped(source)) ~= nil, source)
    end
  end
end

-- All Lua that is at hand goes on loading, line for line.
function test_scripts_at_hand()
  local n = 0
  local function try(name, source)
    n = n + 1
    source = source:gsub("^#", "--")
    lu.assertNotNil(load(source), name)
    lu.assertNotNil(load(stepped(source)), name)
    local at, last = 0, select(2, source:gsub("\n", "\n")) + 1
    for _, s in ipairs(listing.statements(source)) do
      lu.assertTrue(s.first > at and s.last >= s.first and s.last <= last, name)
      at = s.last
    end
  end
  local embedded = require "ts.embedded"
  for _, name in ipairs(embedded()) do
    if name:find "%.lua$" then try(name, embedded(name)) end
  end
  lu.assertTrue(n > 60)
end

-- Damaged source raises nothing and ends; an error may stand in it anywhere.
function test_damaged_source()
  local embedded = require "ts.embedded"
  local source = embedded "listing.lua" .. embedded "report.lua"
  local report = require "trialsh.report".report
  local state = 12345
  local function random(n)
    state = (state * 1103515245 + 12345) % 2^31
    return math.tointeger(state // 65536 % n) + 1
  end
  for _ = 1, 150 do
    local from = random(#source - 400)
    local part = source:sub(from, from + random(400))
    local cut = random(#part)
    part = part:sub(1, cut) .. string.char(random(255)) .. part:sub(cut + 1)
    listing.statements(part)
    local r = report { message = "x: no column AGEE; nearest: AGE",
      code = "not found", file = "a.lua", line = random(12), source = part,
      frames = {} }
    lu.assertStrContains(r.text, "no column AGEE")
    r = report { message = "unexpected symbol near '='", file = "a.lua",
      line = random(12), source = part, frames = {} }
    lu.assertEquals(r.code, "syntax")
  end
end

function test_a_caught_error_has_a_column_on_its_line()
  local path = os.tmpname()
  local f = assert(io.open(path, "w"))
  f:write 'local t = demo.adsl\n  :where "AGE > 1"\n  :select "AGEE"\n'
  f:close()
  local ok, e = pcall(dofile, path)
  os.remove(path)
  lu.assertFalse(ok)
  lu.assertEquals(e.object, "AGEE")
  lu.assertNil(e.column) -- e.line is where the chain begins
  lu.assertNil(e.nosuch)
end

os.exit(lu.LuaUnit.run())
