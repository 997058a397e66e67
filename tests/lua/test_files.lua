-- Every file in ../shared/data/sas and cdisc that trialsh reads by itself: each
-- one is listed here, with what becomes of it, and holds what R's readers find
-- in it (tests/reference/files.csv, made by files.R); the same data set in
-- several formats has the same values. sas7bdat files have their own test.
local lu = require "luaunit"
local NA = require "ts.na".NA
local iso = require "trialsh.iso"
local relation = require "trialsh.relation"
local list = require "ts.file".list

local DATA = "../shared/data/"
local FOLDERS = { "cdisc/csv", "cdisc/dsjson", "cdisc/xpt", "sas/good",
  "sas/made" }

-- file; rows, columns, how to read it; or the words of a refusal
local FILES = {
  { "cdisc/csv/adadas.csv", 12463, 40 },
  { "cdisc/csv/adae.csv", 1191, 55 },
  { "cdisc/csv/adlbh_lym.csv", 2051, 31 },
  { "cdisc/csv/adsl.csv", 254, 49 },
  { "cdisc/csv/adtte.csv", 254, 26 },
  { "cdisc/csv/columns.csv", 381, 7 },
  { "cdisc/dsjson/adae.json", 1191, 55 },
  { "cdisc/dsjson/adsl.dsjc", 254, 49, same = "cdisc/dsjson/adsl.json" },
  { "cdisc/dsjson/adsl.json", 254, 49 },
  { "cdisc/dsjson/adsl.ndjson", 254, 49 },
  { "cdisc/dsjson/dataset.schema.json",
    refused = ":2:5: no key $defs in Dataset-JSON 1.1" },
  { "cdisc/dsjson/i18n_ae_japanese.json", 1191, 36 },
  { "cdisc/dsjson/sdtm_dm.json", 18, 26 },
  { "cdisc/dsjson/sdtm_dm.ndjson", 18, 26 },
  { "cdisc/dsjson/sdtm_dm.xpt", 18, 26 },
  { "cdisc/xpt/adae.xpt", 1191, 55 },
  { "cdisc/xpt/adcibc.xpt", 730, 36 },
  { "cdisc/xpt/adlbh_lym_derived.xpt", 2051, 31 },
  { "cdisc/xpt/adsl.xpt", 254, 49 },
  { "cdisc/xpt/adtte.xpt", 254, 26 },
  { "sas/good/pyr_dates.csv", 50, 3 },
  { "sas/good/pyr_missing_unformatted.csv", 1, 9 },
  { "sas/good/pyr_sample.csv", 5, 7 },
  { "sas/good/pyr_sample.xpt", 5, 7 },
  { "sas/good/pyr_sas.xpt5", 10, 1 },
  { "sas/good/pyr_sas.xpt8", 10, 1 },
  { "sas/made/blank_padding_ambiguity.xpt",
    -- a label of 54 bytes in a field of 40 moves all that follows
    refused = ": byte 560: no NAMESTR header but 'adding        HEADER REC'" },
  { "sas/made/dates.xpt", 4, 3 },
  { "sas/made/ibm_floats.csv", 20, 3 },
  { "sas/made/ibm_floats.xpt", 20, 2 },
  { "sas/made/short_numeric.xpt", 4, 6 },
  { "sas/made/two_members.xpt", refused = ": 2 members, and member = \"NAME\" "
    .. "says which; there are ONE, TWO" },
  { "sas/made/two_members.xpt", 3, 1, member = "ONE" },
  { "sas/made/two_members.xpt", 2, 1, member = "TWO" },
  { "sas/made/zero_obs.xpt", 0, 2 },
}

local function there()
  if not list(DATA .. "cdisc/xpt") then lu.skip(DATA .. " is not there") end
end

local function options_of(case)
  if case.member then return { member = case.member } end
  if case[1]:find "csv$" then return { na = { "NA" } } end
end

local cache = {}
local function frame_of(file, opt)
  local key = file .. (opt and opt.member and ":" .. opt.member or "")
  cache[key] = cache[key] or relation.node_of(read(DATA .. file, opt)).frame
  return cache[key]
end

TestFiles = {}

function TestFiles.test_every_file_is_listed()
  there()
  local known = {}
  for _, case in ipairs(FILES) do known[case[1]] = true end
  for _, folder in ipairs(FOLDERS) do
    for _, name in ipairs(list(DATA .. folder)) do
      local file = folder .. "/" .. name
      lu.assertTrue(known[file] or name:find "%.sas7b[cd]at$" ~= nil,
        file .. " is not in the table of this test")
      known[file] = nil
    end
  end
  lu.assertNil(next(known), "a file of the table is not there")
end

function TestFiles.test_rows_and_columns()
  there()
  for _, case in ipairs(FILES) do
    if case.refused then
      local ok, err = pcall(read, DATA .. case[1])
      lu.assertFalse(ok, case[1])
      local words = DATA .. case[1] .. case.refused
      lu.assertEquals(err.message:sub(1, #words), words)
    else
      local f = frame_of(case[1], options_of(case))
      lu.assertEquals({ #f, #f:names() }, { case[2], case[3] }, case[1])
    end
  end
end

-- "BEST12" and "DATE" is how ReadStat says BEST12. and DATE9., which is 9 wide
local function format_is(ours, theirs)
  ours = ours == NA and "" or ours
  return ours:gsub("%.$", "") == theirs:gsub("%.$", "")
end

local function column_sums(column, n)
  local missing, sum, distinct, seen, lost = 0, 0, 0, {}, 0
  for i = 1, n do
    local v = column[i]
    if v == NA then
      missing = missing + 1
    else
      if not seen[v] then distinct = distinct + 1 end
      seen[v] = true
      local x = type(v) == "string" and #v or v
      local total = sum + x -- compensated, as R's sum is in long double
      lost = lost + (math.abs(sum) >= math.abs(x) and sum - total + x
        or x - total + sum)
      sum = total
    end
  end
  return missing, sum + lost, distinct
end

local function check_column(f, r, what)
  local column, n = f:column(r.column), #f
  local missing, sum, distinct = column_sums(column, n)
  lu.assertEquals({ n, column.type, missing, distinct },
    { r.n, r.type, r.missing, r.distinct }, what)
  lu.assertAlmostEquals(sum, r.sum, 1e-14 * math.abs(r.sum), what)
  for place, v in pairs { first = n > 0 and column[1],
      last = n > 0 and column[n] } do
    local expected = r[place]
    if expected == NA or v == false then
      lu.assertTrue(v == NA or v == false, what)
    elseif type(v) == "number" then
      lu.assertTrue(v == tonumber(expected), what)
    else
      lu.assertEquals(v, expected, what)
    end
  end
  local label = r.label == NA and "" or r.label
  lu.assertEquals(column.label == NA and "" or column.label, label, what)
  lu.assertTrue(format_is(column.format, r.format == NA and "" or r.format),
    ("%s: format %s, not %s"):format(what, tostring(column.format),
      tostring(r.format)))
end

function TestFiles.test_columns_are_those_of_r()
  there()
  local reference = read("tests/reference/files.csv", { types = {
    first = "text", last = "text", label = "text", format = "text" } })
  local by_file, n = {}, 0
  for i = 1, #reference do
    local r = reference:row(i)
    by_file[r.file] = by_file[r.file] or {}
    table.insert(by_file[r.file], r)
  end
  for _, case in ipairs(FILES) do
    local columns = by_file[case.same or case[1] .. (case.member
      and ":" .. case.member or "")]
    if not case.refused then
      local f = frame_of(case[1], options_of(case))
      lu.assertEquals(#columns, case[3], case[1])
      for j, r in ipairs(columns) do
        lu.assertEquals(f:names()[j], r.column, case[1])
        check_column(f, r, case[1] .. " " .. r.column)
        n = n + 1
      end
    end
  end
  lu.assertEquals(n, 718 + 49)
end

-- The same data in two formats. Blank text is missing in SAS, dates are texts
-- in CSV, and codes of digits are numbers there.
local function same_value(v, w, kind)
  if v == "" then v = NA end
  if w == "" then w = NA end
  if kind and type(v) == "number" and type(w) == "string" then
    v = iso.text(kind, v)
  end
  if type(v) == "number" and type(w) == "string" then w = tonumber(w) end
  if type(v) == "string" and type(w) == "number" then v = tonumber(v) end
  return v == w
end

local TWINS = {
  { "cdisc/xpt/adsl.xpt", "cdisc/csv/adsl.csv", 49 },
  { "cdisc/xpt/adsl.xpt", "cdisc/dsjson/adsl.json", 49 },
  { "cdisc/xpt/adsl.xpt", "cdisc/dsjson/adsl.ndjson", 49 },
  { "cdisc/xpt/adsl.xpt", "cdisc/dsjson/adsl.dsjc", 49 },
  { "cdisc/xpt/adae.xpt", "cdisc/csv/adae.csv", 55 },
  { "cdisc/xpt/adae.xpt", "cdisc/dsjson/adae.json", 55 },
  { "cdisc/xpt/adtte.xpt", "cdisc/csv/adtte.csv", 26 },
  { "cdisc/xpt/adlbh_lym_derived.xpt", "cdisc/csv/adlbh_lym.csv", 31 },
  { "cdisc/dsjson/sdtm_dm.xpt", "cdisc/dsjson/sdtm_dm.json", 26 },
  { "cdisc/dsjson/sdtm_dm.xpt", "cdisc/dsjson/sdtm_dm.ndjson", 26 },
  { "sas/good/pyr_sas.xpt5", "sas/good/pyr_sas.xpt8", 1 },
}

function TestFiles.test_twins_are_equal()
  there()
  for _, twin in ipairs(TWINS) do
    local f = frame_of(twin[1], options_of(twin))
    local g = frame_of(twin[2], options_of { twin[2] })
    lu.assertEquals(#f, #g)
    local by_name, n = {}, 0
    for j, name in ipairs(g:names()) do by_name[name:upper()] = j end
    for j, name in ipairs(f:names()) do
      local a, b = f:column(j), g:column(by_name[name])
      local kind = iso.kind(a.format)
      for i = 1, #f do
        if not same_value(a[i], b[i], kind) then
          lu.fail(("%s and %s: %s, row %d: %s and %s"):format(twin[1], twin[2],
            name, i, tostring(a[i]), tostring(b[i])))
        end
      end
      n = n + 1
    end
    lu.assertEquals(n, twin[3])
  end
end

-- Labels and formats are those that columns.csv lists, in every format; SAS
-- was given other labels for these.
local OTHER_LABELS = {
  ADURN = "Analysis Duration (N)", ADURU = "Analysis Duration Units",
  AOCCFL = "1st Occurrence within Subject Flag", SRCDOM = "Source Data",
  STARTDT = "Time-to-Event Origin Date for Subject" }

function TestFiles.test_labels_and_formats()
  there()
  local columns = read(DATA .. "cdisc/csv/columns.csv")
  local by_name, n = {}, 0
  for i = 1, #columns do
    local r = columns:row(i)
    by_name[r.dataset .. "." .. r.name] = r
  end
  for dataset, files in pairs {
    adsl = { "xpt/adsl.xpt", "dsjson/adsl.json", "dsjson/adsl.ndjson",
      "dsjson/adsl.dsjc" },
    adae = { "xpt/adae.xpt", "dsjson/adae.json" },
    adtte = { "xpt/adtte.xpt" } } do
    for _, file in ipairs(files) do
      local f = frame_of("cdisc/" .. file)
      for j, name in ipairs(f:names()) do
        local r = by_name[dataset .. "." .. name]
        lu.assertEquals(f:column(j).label,
          file:find "xpt$" and OTHER_LABELS[name] or r.label)
        if r.displayFormat ~= NA then
          lu.assertEquals(f:column(j).format, r.displayFormat)
        end
        lu.assertEquals(f:column(j).type, (r.targetDataType == "integer"
          or r.dataType == "integer" or r.dataType == "float"
          or r.dataType == "decimal") and "real" or "text", file .. name)
        n = n + 1
      end
    end
  end
  lu.assertEquals(n, 4 * 49 + 2 * 55 + 26)
end

-- All of them go into one study, and out of it as they came.
function TestFiles.test_a_study_takes_them_all()
  there()
  local s, began, n = require "trialsh.study".memory(), os.clock(), 0
  for i, case in ipairs(FILES) do
    local opt = options_of(case) or {}
    opt.as = "t" .. i
    if case.refused then
      lu.assertFalse(pcall(s.import, s, DATA .. case[1], opt))
    else
      s:import(DATA .. case[1], opt)
      lu.assertEquals(#s["t" .. i], case[2])
      n = n + 1
    end
  end
  lu.assertTrue(os.clock() - began < 4) -- the limit of the whole is 2 s
  lu.assertEquals(s:verify() >= n, true)
  for i, case in ipairs(FILES) do
    if not case.refused then
      local f, g = frame_of(case[1], options_of(case)), s["t" .. i]:collect()
      for j, name in ipairs(f:names()) do
        local a, b = f:column(j), g[name]
        for k = 1, #f, 7 do
          if a[k] ~= b[k] then
            lu.fail(("%s: %s, row %d"):format(case[1], name, k))
          end
        end
      end
    end
  end
  s:close()
end

-- R finds in what we write what it found in the file itself.
local R = [==[
suppressMessages({ library(haven); library(jsonlite); library(foreign) })
pairs <- readLines(commandArgs(TRUE)[1])
sorted <- function(x) if (is.list(x) && !is.null(names(x)))
  lapply(x[order(names(x))], sorted) else x
plain <- function(d) lapply(d, function(x) {
  attr(x, "label") <- sub(" +$", "", paste(attr(x, "label"), ""))
  x
})
for (line in pairs) {
  file <- strsplit(line, "\t")[[1]]
  same <- if (grepl("json$", file[1])) identical(
    sorted(fromJSON(file[1])), sorted(fromJSON(file[2]))) else all.equal(plain(read_xpt(file[1])),
    plain(read_xpt(file[2])), tolerance = 0)
  if (!isTRUE(same)) cat(file, same, sep = "\n")
  # foreign knows no version 8, and not every file of version 5
  if (length(file) == 3) {
    ours <- read.xport(file[2])
    theirs <- tryCatch(read.xport(file[1]), error = function(e) NULL)
    same <- is.null(theirs) || isTRUE(all.equal(theirs, ours, tolerance = 0))
    if (!same) cat("foreign", file, sep = "\n")
  }
}
cat("compared", length(pairs), "\n")
]==]

function TestFiles.test_r_reads_what_we_write()
  if not os.getenv "TRIALSH_LONG" then lu.skip "TRIALSH_LONG=1 runs it" end
  there()
  local folder, pairs, n = os.tmpname(), {}, 0
  os.remove(folder)
  os.execute("mkdir " .. folder)
  local s = require "trialsh.study".memory()
  for i, case in ipairs(FILES) do
    local file, endings = case[1], {}
    if file:find "%.xpt" then endings = { "5.xpt", "8.xpt" } end
    if file:find "%.json$" then endings = { ".json" } end
    -- haven reads one member, and no rows of three members are no rows
    if case.refused or case.member then endings = {} end
    for _, ending in ipairs(endings) do
      local out = ("%s/t%d%s"):format(folder, i, ending)
      local name = file:find "xpt8" and "8" or "5"
      if not (ending == "5.xpt" and name == "8") then
        if not pcall(function() return s["t" .. i] end) then
          s:import(DATA .. file, { as = "t" .. i })
        end
        s:export("t" .. i, out, ending:find "xpt"
          and { version = tonumber(ending:sub(1, 1)) } or nil)
        n = n + 1
        pairs[n] = DATA .. file .. "\t" .. out
          .. (ending == "5.xpt" and "\tforeign" or "")
      end
    end
  end
  local f = assert(io.open(folder .. "/pairs", "w"))
  f:write(table.concat(pairs, "\n"), "\n")
  f:close()
  f = assert(io.open(folder .. "/r.R", "w"))
  f:write(R)
  f:close()
  local p = io.popen(("Rscript --vanilla %s/r.R %s/pairs 2>&1"):format(folder,
    folder))
  local said = p:read "a"
  p:close()
  os.execute("rm -r " .. folder)
  if said:find "no package called" or said:find "not found" then
    lu.skip "R with haven, foreign and jsonlite is not there"
  end
  lu.assertEquals(said, ("compared %d \n"):format(n))
end

os.exit(lu.LuaUnit.run())
