-- relation:detect, results of a laboratory as values, flags and limits.
local lu = require "luaunit"
local relation = require "trialsh.relation"

local folder = os.tmpname()
os.remove(folder)
os.execute("mkdir " .. folder)

local function write(name, content)
  local f = assert(io.open(folder .. "/" .. name, "wb"))
  f:write(content)
  f:close()
  return folder .. "/" .. name
end

local function names_of(r)
  return table.concat(relation.names_of(relation.node_of(r).columns), " ")
end

local function values(column)
  local list = {}
  for i = 1, #column do list[i] = column[i] end
  return list
end

local function refuses(code, words, f, ...)
  local ok, err = pcall(f, ...)
  lu.assertFalse(ok, words)
  lu.assertEquals(err.code, code)
  lu.assertStrContains(err.message, words)
end

local LAB = "ID,AVALC,UNIT\n1,<3.2,mg\n2,12,mg\n3,,mg\n4,\"\",mg\n5,<= 5,mg\n"
  .. "6,-1e-3,mg\n7,\u{2264}0.1,mg\n"

TestDetect = {}

function TestDetect.test_below()
  local lab = read(write("lab.csv", LAB)):detect()
  lu.assertEquals(names_of(lab), "ID AVALC UNIT AVAL BLQFL LLOQ")
  lu.assertEquals(values(lab.AVAL), { 3.2, 12, NA, NA, 5, -0.001, 0.1 })
  lu.assertEquals(values(lab.BLQFL), { "Y", "N", NA, NA, "Y", "N", "Y" })
  lu.assertEquals(values(lab.LLOQ), { 3.2, NA, NA, NA, 5, NA, 0.1 })
end

function TestDetect.test_above()
  for _, text in ipairs { ">1e7", "> 10000000", ">=1e7", "\u{2265} 1e7" } do
    local lab = read(write("lab.csv", LAB .. "8," .. text .. ",mg\n")):detect()
    lu.assertEquals(names_of(lab),
      "ID AVALC UNIT AVAL BLQFL LLOQ ALQFL ULOQ")
    lu.assertEquals(lab.AVAL[8], 1e7)
    lu.assertEquals(values(lab.ALQFL), { "N", "N", NA, NA, "N", "N", "N", "Y" })
    lu.assertEquals(lab.BLQFL[8], "N")
    lu.assertEquals(lab.ULOQ[8], 1e7)
    lu.assertEquals(lab.ULOQ[1], NA)
  end
end

-- As an import with censored has it.
function TestDetect.test_same_as_censored()
  local file = write("lab.csv", (LAB:gsub("AVALC", "AVAL")))
  local f = read(file, { censored = { "AVAL" } })
  local r = read(file):detect "AVAL"
  lu.assertEquals(names_of(r), "ID AVAL UNIT BLQFL LLOQ")
  for _, name in ipairs { "AVAL", "BLQFL", "LLOQ" } do
    lu.assertEquals(values(r[name]), values(f[name]), name)
  end
end

function TestDetect.test_numbers_alone()
  local lab = read(write("lab.csv", "AVALC\n1\n\n3\n")):detect()
  lu.assertEquals(values(lab.AVAL), { 1, NA, 3 })
  lu.assertEquals(values(lab.BLQFL), { "N", NA, "N" })
  lu.assertEquals(values(lab.LLOQ), { NA, NA, NA })
end

function TestDetect.test_errors()
  for _, text in ipairs { "<", "<<3", "3*", "NA", "<NA", "1,5", " 3", "<3 ",
      "3<", "9007199254740993" } do
    refuses("sql", ("A: '%s' is no number and no limit such as <3.2 (row 2);"
      .. ' detect { na = "%s" } makes it missing'):format(text, text),
      function()
        return read(write("lab.csv", ('A\n<1\n"%s"\nx\n'):format(text)))
          :limit(2):detect("A"):collect()
      end)
  end
  local lab = read(write("lab.csv", LAB))
  refuses("not found", "detect: no column AVLAC; nearest: AVALC", lab.detect,
    lab, "AVLAC")
  refuses("exists", "detect: there is a column lloq already",
    function() return lab:mutate("lloq = 1"):detect() end)
  refuses("invalid", "write detect before by", function()
    return lab:by("UNIT"):detect()
  end)
end

function TestDetect.test_words_that_are_missing()
  local lab = read(write("lab.csv", "AVALC,N\nND,1\n<3,2\n5,3\nno sample,4\n"
    .. "ND,5\n"))
  refuses("sql", "AVALC: 'ND' is no number and no limit such as <3.2 (row 1, 2 "
    .. "rows have it);", function() return lab:detect():collect() end)
  for _, r in ipairs { lab:detect { na = { "ND", "no sample" } },
      lab:where("AVALC <> 'no sample'"):union(lab:where "N = 4")
        :order("N"):detect("AVALC", { na = { "no sample", "ND" } }) } do
    lu.assertEquals(values(r.AVAL), { NA, 3, 5, NA, NA })
    lu.assertEquals(values(r.BLQFL), { NA, "Y", "N", NA, NA })
    lu.assertEquals(values(r.AVALC)[1], "ND")
  end
  refuses("type", "detect: na holds texts", lab.detect, lab, { na = { 1 } })
  refuses("invalid", "detect has no option NA", lab.detect, lab, { NA = "x" })
end

-- A derived table is taken apart again when its source has a > all at once.
function TestDetect.test_derived()
  local s = study.create(folder .. "/s.db")
  s:import(write("lab.csv", LAB))
  s.adlb = s.lab:where("UNIT = 'mg'"):detect():where "AVAL > 3"
  lu.assertEquals(values(s.adlb.ID), { 1, 2, 5 })
  write("lab.csv", LAB .. "8,>7,mg\n")
  s:import(folder .. "/lab.csv", { replace = true })
  lu.assertEquals(names_of(s.adlb), "ID AVALC UNIT AVAL BLQFL LLOQ ALQFL ULOQ")
  lu.assertEquals(s.adlb.ULOQ[4], 7)
  s:close()
end

function TestDetect.test_zz_clean() os.execute("rm -r " .. folder) end

os.exit(lu.LuaUnit.run())
