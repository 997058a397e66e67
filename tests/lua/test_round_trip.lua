-- Random frames through every kind of file that is written and read: the values
-- come back bit for bit, with what the kind has a place for, and the note says
-- what it has not. 200 frames, or thousands with TRIALSH_LONG.
local lu = require "luaunit"
local cframe = require "ts.frame"
local note = require "trialsh.note"
local relation = require "trialsh.relation"
local xpt = require "ts.xpt"

local N = os.getenv "TRIALSH_LONG" and 2000 or 200

local said = {}
note.listeners[#note.listeners + 1] = function(line) said[#said + 1] = line end

-- in memory where there is such a folder: thousands of files are synced
local folder = os.tmpname()
os.remove(folder)
if os.execute "test -w /dev/shm" then
  folder = "/dev/shm/" .. folder:match "[^/]+$"
end
os.execute("mkdir " .. folder)

local function path(name) return folder .. "/" .. name end

local function content(file)
  local f = assert(io.open(file, "rb"))
  local all = f:read "a"
  f:close()
  return all
end

-- What is random --------------------------------------------------------------

local random = math.random

local function pick(list) return list[random(#list)] end

-- Bits of any finite double, of all exponents alike.
local function any_double()
  local x = string.unpack("d", string.pack("I8", random(0)))
  return x == x and math.abs(x) < math.huge and x or any_double()
end

-- Those that SAS transport files hold.
local function ibm_double()
  local x = (random() * 2 - 1) * 16.0 ^ random(-63, 62)
  return x == 0 and 1 or x
end

local NUMBERS = { 0, -0.0, 1, -1, 0.1, 0.1 + 0.2, 1 / 3, 2^53, -2^53, 2^53 - 1,
  2^53 + 2, 1e15, 1e16, 123456789.125, 9.5, 1e22, 1e23, 100 }
local ENDS = { 5e-324, 2.2250738585072014e-308, 2.225073858507201e-308,
  1.7976931348623157e308, -1.7976931348623157e308 }
-- kind of the value: where, at the earliest and the latest
local DATES = { ["DATE9."] = { 1, -138061, 2936549 },
  ["DATETIME20."] = { 1, -1e9, 2e9 }, ["TIME8."] = { 1, 0, 86399 },
  ["DATETIME25.3"] = { 0.001, -1e9, 2e9 }, ["TIME12.3"] = { 0.0001, 0, 86399 } }

local function number(sas)
  local which = random(6)
  if which == 1 then return NA end
  if which == 2 then return pick(NUMBERS) end
  if which == 3 then return random(-1000, 1000) end
  if which == 4 then return random(-1000000, 1000000) / 100 end
  if sas then return ibm_double() end
  return random(20) == 1 and pick(ENDS) or any_double()
end

local PIECES = { "a", "B", "7", " ", "  ", "é", "€", "😀", "'", '"', '""', ",",
  ";", "\t", "|", ".", "-", "+", "=", "<", ">", "&", "\\", "/", "#", "NA",
  "null", "1e5", "0", "\u{FEFF}", "\u{202E}", "\u{0301}", "_x0041_" }
local LINES = { "\n", "\r", "\r\n", "\n\n" }
local WORDS = { "", "NA", ".", "0123", "-1.5", "1e5", "007", "<50", "TRUE",
  "2020-01-01", "Inf", "NaN", '"', " ", "null", "sep=;" }
local CONTROLS = { "\1", "\27", "\127", "\u{85}" }

-- what: "csv", "xpt" (without line ends) or "json" (control characters too)
local function text(what)
  local which = random(6)
  if which == 1 then return NA end
  if which == 2 then return pick(WORDS) end
  local parts = {}
  for i = 1, random(0, 8) do
    local piece = pick(PIECES)
    if what == "xpt" and piece == "\t" then piece = "x" end
    if what ~= "xpt" and random(12) == 1 then piece = pick(LINES) end
    if what == "json" and random(12) == 1 then piece = pick(CONTROLS) end
    parts[i] = piece
  end
  return table.concat(parts)
end

local function dates(n, format)
  local unit, low, high = table.unpack(DATES[format])
  local out = {}
  for i = 1, n do
    out[i] = random(5) == 1 and NA
      or random(math.ceil(low / unit), math.floor(high / unit)) * unit
    if random(20) == 1 and format:find "TIME" then
      out[i] = low + random() * (high - low) -- more digits than a date shows
    end
    if random(40) == 1 then out[i] = number(true) end -- no date at all
    if random(40) == 1 then out[i] = -0.0 end
  end
  return out
end

local NAMES = { "AVAL", "USUBJID", "X", "Y1", "_Z", "LONGNAME", "B", "C" }
local ODD_NAMES = { "my name", "a,b", 'q"q', "é", "=1+1", "line\nend", "a'b",
  "select", "0x", "rowid", "a\tb", "NA" }

-- A frame, its formats in the columns; sas: what a transport file can hold.
local function random_frame(what)
  local n, names, columns, seen = random(0, 30), {}, {}, {}
  local sas = what:find "^xpt" ~= nil
  for _ = 1, random(8) do
    local name = random(3) == 1 and not sas and pick(ODD_NAMES) or pick(NAMES)
    if not seen[name:lower()] then
      seen[name:lower()] = true
      names[#names + 1] = name
    end
  end
  for j, name in ipairs(names) do
    local facts, values, levels = {}, {}, nil
    local kind = random(4)
    if kind == 1 then
      facts.format = pick { "DATE9.", "DATETIME20.", "TIME8.", "DATETIME25.3",
        "TIME12.3" }
      values = dates(n, facts.format)
    elseif kind == 2 then
      for i = 1, n do values[i] = number(sas) end
      facts.format = pick { false, "8.2", "BEST12." } or nil
    else
      for i = 1, n do values[i] = text(sas and "xpt" or what) end
      facts.format = pick { false, "$20." } or nil
      if random(3) == 1 then levels = { "zz", "b", "a", "" } end
    end
    facts.label = random(2) == 1 and pick { "A label", "é, \"quoted\"", "x" }
      or nil
    facts.unit = random(4) == 1 and "kg" or nil
    facts.informat = facts.format and random(3) == 1 and facts.format or nil
    if sas and what == "xpt5" and facts.label == "é, \"quoted\"" then
      facts.label = "plain"
    end
    local text_alone = kind > 2 and { [name] = levels or {} } or nil
    local f = cframe.build({ name }, { values }, text_alone)
    columns[j] = cframe.with(f:column(1), facts)
  end
  return cframe.build(names, columns), n
end

-- Equal -----------------------------------------------------------------------

local function bits(x)
  return math.type(x) and string.pack("d", x) or x
end

local function differ(what, name, i, expected, got)
  lu.fail(("%s: %s, row %s: %q is not %q"):format(what, name, i,
    tostring(got), tostring(expected)))
end

-- as(value): what the kind makes of it
local function assert_equal(f, g, what, facts, as)
  lu.assertEquals(g:names(), f:names(), what)
  lu.assertEquals(#g, #f, what)
  for j, name in ipairs(f:names()) do
    local a, b = f:column(j), g:column(j)
    if #f > 0 or what:find "xpt" then
      lu.assertEquals(b.type, a.type, what .. name)
    end
    for _, key in ipairs(facts) do
      lu.assertEquals(b[key], a[key], what .. " " .. name .. " " .. key)
    end
    for i = 1, #f do
      local x = a[i]
      if as and x ~= NA then x = as(x) end
      if bits(b[i]) ~= bits(x) then differ(what, name, i, x, b[i]) end
    end
  end
end

-- The note says what was lost, and of nothing else.
local function assert_told(f, kept, what)
  local words = { label = "labels", unit = "units", format = "formats" }
  local line = ""
  for _, l in ipairs(said) do
    if l:find("has no place for", 1, true) then line = l end
  end
  local has = { levels = false }
  for j, name in ipairs(f:names()) do
    local c = f:column(j)
    for key in pairs(words) do
      if c[key] ~= NA and not (key == "label" and c.label == name) then
        has[key] = true
      end
    end
    has.levels = has.levels or c.ordered
  end
  words.levels = "the order of levels"
  for key, word in pairs(words) do
    lu.assertEquals(line:find(word .. " (", 1, true) ~= nil,
      (has[key] and not kept[key]) or false, what .. ": " .. line)
  end
end

-- Writes, reads, compares; the study's own table gives the same file.
local function round_trip(f, file, opt, given)
  local frame = relation.of_frame(f)
  said = {}
  demo:export(frame, file, opt)
  local first, told = content(file), said
  if random(4) == 1 then
    local s = require "trialsh.study".memory()
    s.t = frame
    s:export("t", file, opt)
    s:close()
    if content(file) ~= first then
      lu.fail(file .. ": not the file of the frame")
    end
  end
  local back = relation.node_of(read(file, given)).frame
  said = told
  return back
end

local function types_of(f)
  local types = {}
  for j, name in ipairs(f:names()) do types[name] = f:column(j).type end
  return types
end

TestRoundTrip = {}

local function seeds(what, f)
  for seed = 1, N do
    math.randomseed(seed, #what)
    local ok, err = pcall(f, ("%s, seed %d"):format(what, seed))
    if not ok then
      error(("%s, seed %d: %s"):format(what, seed, tostring(
        type(err) == "table" and err.msg or err)), 0)
    end
  end
end

function TestRoundTrip.test_csv()
  seeds("csv", function(what)
    local f = random_frame "csv"
    local file = path(random(2) == 1 and "a.csv" or "a.tsv")
    assert_equal(f, round_trip(f, file, { dates = "number" },
      { types = types_of(f) }), what, {})
    assert_told(f, {}, what)
  end)
end

local function json(kind)
  seeds(kind, function(what)
    local f = random_frame "json"
    local back = round_trip(f, path("a." .. kind), { member = "T" })
    assert_equal(f, back, what, { "format" })
    assert_told(f, { label = true, format = true }, what)
    for j, name in ipairs(f:names()) do
      local label = f:column(j).label
      lu.assertEquals(back:column(j).label, label == NA and name or label)
    end
  end)
end

function TestRoundTrip.test_json() json "json" end

function TestRoundTrip.test_ndjson() json "ndjson" end

function TestRoundTrip.test_dsjc() json "dsjc" end

-- SAS has no trailing blanks, and no text without letters; -0 is written as 0.
local function as_sas(x)
  if type(x) == "number" then return x == 0 and 0 or x end
  x = x:gsub(" +$", "")
  return x == "" and NA or x
end

-- Codes of missing values are read, never typed: into the bytes of the file.
local function with_codes(f)
  local codes = {}
  for j, name in ipairs(f:names()) do
    local c = f:column(j)
    codes[name] = {}
    for i = 1, #f do
      if c.type == "real" and c[i] == NA and random(2) == 1 then
        codes[name][i] = pick { "_", "A", "K", "Z" }
      end
    end
  end
  return codes
end

local function sas(version)
  seeds("xpt" .. version, function(what)
    local f, n = random_frame("xpt" .. version)
    local opt = { version = version, member = "T",
      encoding = version == 5 and "utf-8" or nil }
    local file = path "a.xpt"
    local ok, back = pcall(round_trip, f, file, opt,
      { rows = n, encoding = "utf-8" })
    if not ok then -- blank rows at the end are padding to version 5
      lu.assertEquals(version, 5)
      lu.assertStrContains(tostring(back), "the last one, is missing")
      return
    end
    assert_equal(f, back, what, { "format", "informat", "label" }, as_sas)
    assert_told(f, { label = true, format = true }, what)
  end)
end

function TestRoundTrip.test_xpt_5() sas(5) end

function TestRoundTrip.test_xpt_8() sas(8) end

-- Frames with codes come of files alone: the first byte of a missing number.
function TestRoundTrip.test_codes_of_missing_values()
  for seed = 1, N // 4 do
    math.randomseed(seed, 99)
    local n, values = random(1, 20), {}
    for i = 1, n do values[i] = random(2) == 1 and NA or ibm_double() end
    values[1] = 1
    local f = cframe.build({ "X" }, { values })
    local file = path "c.xpt"
    local version = random(2) == 1 and 5 or 8
    xpt.write(f, file, { version = version, mode = 384, member = "C" })
    local bytes = content(file)
    local at = #bytes - math.ceil(n * 8 / 80) * 80
    local codes = with_codes(f).X
    local list = { bytes:sub(1, at) }
    for i = 1, n do
      local cell = bytes:sub(at + 8 * i - 7, at + 8 * i)
      list[#list + 1] = codes[i] and codes[i] .. ("\0"):rep(7) or cell
    end
    list[#list + 1] = bytes:sub(at + 8 * n + 1)
    local out = assert(io.open(file, "wb"))
    out:write(table.concat(list))
    out:close()
    local s = require "trialsh.study".memory()
    s:import(file, { rows = n })
    lu.assertEquals(s.c:collect().X.special, codes)
    s:export("c", path "d.xpt", { version = version })
    lu.assertTrue(content(path "d.xpt") == content(file), seed)
    said = {}
    s:export("c", path "d.csv")
    lu.assertEquals(#said, next(codes) and 1 or 0)
    if next(codes) then
      lu.assertStrContains(said[1], "special missing values (X)")
    end
    s:close()
  end
end

local code = lu.LuaUnit.run()
os.execute("rm -rf '" .. folder .. "'")
os.exit(code)
