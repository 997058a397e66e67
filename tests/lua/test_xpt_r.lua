-- Our SAS transport files as R's haven and foreign read them: equal values,
-- labels, codes of missing values and dates. R is slow to start: check-long.
local lu = require "luaunit"
local cframe = require "ts.frame"
local relation = require "trialsh.relation"

local folder = os.tmpname()
os.remove(folder)
os.execute("mkdir " .. folder)

local function path(name) return folder .. "/" .. name end

local function put(file, bytes)
  local f = assert(io.open(file, "wb"))
  f:write(bytes)
  f:close()
end

local function content(file)
  local f = assert(io.open(file, "rb"))
  local all = f:read "a"
  f:close()
  return all
end

-- Each column: its name, label, format, then a value a line: doubles in
-- hexadecimal, text as the numbers of its bytes, missing as . or .a
local R = [==[
args <- commandArgs(TRUE)
x <- if (args[1] == "haven") haven::read_xpt(args[2]) else
  foreign::read.xport(args[2])
for (name in names(x)) {
  v <- x[[name]]
  say <- function(what) { a <- attr(v, what, exact = TRUE)
    cat(if (is.null(a)) "" else a, "\n", sep = "") }
  cat(name, "\n", sep = ""); say("label"); say("format.sas")
  # days and seconds since 1970 to haven, since 1960 to SAS
  shift <- if (inherits(v, "Date")) 3653 else
    if (inherits(v, "POSIXct")) 3653 * 86400 else 0
  if (is.factor(v)) v <- as.character(v)
  if (is.numeric(v) || shift) {
    tag <- if (args[1] == "haven" && !shift) haven::na_tag(v) else NA
    v <- as.numeric(v) + shift
    writeLines(ifelse(is.na(v), ifelse(is.na(tag), ".", paste0(".", tag)),
      sprintf("%a", v)))
  } else {
    writeLines(vapply(v, function(t) if (is.na(t)) "." else
      paste(as.integer(charToRaw(sub(" +$", "", t))), collapse = " "), ""))
  }
  cat("-\n")
}
]==]

local function r_reads(reader, file)
  put(path "r.R", R)
  local p = io.popen(("Rscript --vanilla %s %s %s 2>%s"):format(path "r.R",
    reader, file, path "r.err"))
  local columns, order, list = {}, {}, nil
  for line in p:lines() do
    if not list then
      list = { name = line }
      columns[line], order[#order + 1] = list, line
    elseif line == "-" then
      list = nil
    elseif not list.label then
      list.label = line
    elseif not list.format then
      list.format = line
    else
      list[#list + 1] = line
    end
  end
  if not p:close() then error(content(path "r.err")) end
  return columns, order
end

local function has_r(package)
  if not os.getenv "TRIALSH_LONG" then lu.skip "TRIALSH_LONG=1 runs it" end
  local ok = os.execute(("Rscript --vanilla -e 'library(%s)' >/dev/null 2>&1")
    :format(package))
  if not ok then lu.skip("R with " .. package .. " is not there") end
end

local ROWS = 2000

-- Doubles of all that IBM's form holds, edges first.
local function numbers()
  local edges = { 0, -0.0, 1, -1, 0.1, 1 / 3, 2^53, -2^53, 2^53 + 2, 1e-78,
    5.397605346934028e-79, 7.237005577332261e75, -7.2e75, 1e75, 16^-64, 255 / 256,
    NA, 1e15, 100, -7.25 }
  math.randomseed(20201109)
  for i = #edges + 1, ROWS do
    edges[i] = math.random(10) == 1 and NA
      or (math.random() * 2 - 1) * 16.0 ^ math.random(-63, 62)
  end
  return edges
end

local function texts(ascii)
  local list, pieces = {}, { "a", "Z", "7", " ", ",", "'", '"', ";", "é", "€" }
  for i = 1, ROWS do
    local parts = {}
    for k = 1, math.random(0, 12) do
      parts[k] = pieces[math.random(ascii and 8 or 10)]
    end
    list[i] = i % 50 == 0 and NA or table.concat(parts)
  end
  list[1], list[2], list[3] = "NA", ".", "  lead"
  return list
end

local function frame(version)
  local days, seconds, small = {}, {}, {}
  for i = 1, ROWS do
    days[i] = i % 7 == 0 and NA or math.random(-138061, 100000)
    seconds[i] = i % 9 == 0 and NA or math.random(-1000000000, 2000000000)
    small[i] = i % 3 == 0 and NA or i
  end
  local f = cframe.build({ "X", "T", "ADT", "ADTM", "N" }, { numbers(),
    texts(version == 5), days, seconds, small })
  return cframe.build(f:names(), {
    cframe.with(f:column(1), { label = "Value", format = "8.2" }),
    cframe.with(f:column(2), { label = version == 5 and "Text of it"
      or "Text of it, é and " .. ("long "):rep(30) .. "." }),
    cframe.with(f:column(3), { label = "Date", format = "DATE9." }),
    cframe.with(f:column(4), { format = "DATETIME20." }), f:column(5) })
end

-- .K, .A and ._ for every third number of N, as a file of SAS would have them
local function put_codes(file, version)
  local bytes = content(file)
  local row = 8 * 4 -- numbers; T stands between, of as many bytes as it needs
  local _, facts = require "ts.xpt".open(file, { rows = ROWS })
  local length = facts.columns[2].length
  row = row + length
  local at = #bytes - math.ceil(row * ROWS / 80) * 80
  local codes, list, from = {}, {}, 1
  for i = 3, ROWS, 3 do
    local cell = at + row * i - 8
    local code = ({ "K", "A", "_" })[i // 3 % 4]
    if code then
      lu.assertEquals(bytes:byte(cell + 1), 0x2E)
      list[#list + 1] = bytes:sub(from, cell) .. code
      from, codes[i] = cell + 2, code
    end
  end
  list[#list + 1] = bytes:sub(from)
  put(file, table.concat(list))
  lu.assertEquals(version, facts.version)
  return codes
end

local function assert_values(f, columns, reader, codes)
  for j, name in ipairs(f:names()) do
    local got, c = columns[name], f:column(j)
    lu.assertEquals(#got, #c, name)
    for i = 1, #c do
      local x, y, good = c[i], got[i], nil
      if type(x) == "number" then
        good = tonumber(y) == x
      elseif c.type == "real" then
        local code = reader == "haven" and name == "N" and codes[i]
        good = y == (code and "." .. code:lower() or ".")
      else
        local text = {}
        for byte in y:gmatch "%d+" do text[#text + 1] = string.char(byte) end
        -- no text is "" to R
        good = table.concat(text) == (x == NA and "" or x:gsub(" +$", ""))
      end
      if not good then
        lu.fail(("%s, %s, row %d: %s is not %s"):format(reader, name, i, y,
          tostring(x)))
      end
    end
    if reader == "haven" then
      lu.assertEquals(got.label, c.label == NA and "" or c.label)
      lu.assertEquals((got.format:gsub("%.$", "")),
        c.format == NA and "" or (c.format:gsub("%.$", "")))
    end
  end
end

local function check(reader, version)
  has_r(reader)
  local f, file = frame(version), path(reader .. version .. ".xpt")
  demo:export(relation.of_frame(f), file, { version = version, member = "TOR" })
  local codes = put_codes(file, version)
  -- we read what R reads
  local ours = read(file, { rows = ROWS })
  lu.assertEquals(relation.node_of(ours).frame:column("N").special, codes)
  local columns, order = r_reads(reader, file)
  lu.assertEquals(order, f:names())
  assert_values(f, columns, reader, codes)
  -- a study gives the same bytes again
  local s = require "trialsh.study".memory()
  s:import(file, { as = "tor", rows = ROWS })
  s:export("tor", path "again.xpt", { version = version })
  lu.assertTrue(content(path "again.xpt") == content(file))
  s:close()
end

TestXptInR = {}

function TestXptInR.test_haven_reads_version_5() check("haven", 5) end
function TestXptInR.test_haven_reads_version_8() check("haven", 8) end
function TestXptInR.test_foreign_reads_version_5() check("foreign", 5) end

local code = lu.LuaUnit.run()
os.execute("rm -rf '" .. folder .. "'")
os.exit(code)
