-- The CDISC pilot, from its datasets to its published tables: the values of
-- R to 1e-8, and every number that the tables print.
local lu = require "luaunit"
local NA = require "ts.na".NA
local reference = require "tests.lua.reference"

local folder = reference.folder .. "cdisc"
local arms = { "Placebo", "Xanomeline Low Dose", "Xanomeline High Dose" }
local L, H = arms[2] .. " vs Placebo", arms[3] .. " vs Placebo"
local s, tables

local function set_up()
  if s then return end
  if not require "ts.file".list(folder) then
    lu.skip(folder .. " is not there")
  end
  s = require "trialsh.study".memory()
  study.open(s)
  dofile("../../scripts/cdiscpilot/derive.lua", s, folder)
  dofile("../../scripts/cdiscpilot/endpoints.lua", s)
  check(s)
  run(s)
  tables = dofile("../../scripts/cdiscpilot/tables.lua", s)
end

TestPilot = {}
function TestPilot.setUp() set_up() end

local function values(of)
  return reference.values("published/r_reference_cdisc.csv", of)
end

local function near(address, wanted)
  reference.near(s:result(address), wanted, 1e-8, address)
end

function TestPilot.test_primary_ancova()
  local r = values "14-3.01"
  local a = r.ANCOVA
  for short, compare in pairs { LvP = L, HvP = H,
      HvL = arms[3] .. " vs " .. arms[2] } do
    for field, name in pairs { estimate = "estimate", std_error = "SE",
        conf_low = "lower.CL", conf_high = "upper.CL", p_value = "p.value" } do
      near(("ADAS[%s].%s"):format(compare, field), a[short .. " " .. name])
    end
  end
  for _, arm in ipairs(arms) do
    near(("ADAS[%s].estimate"):format(arm),
      r["ANCOVA lsmean (proportional weights)"][arm])
  end
  near("ADAS/dose response.p_value",
    r["ANCOVA CHG~TRTP+SITEGR1+BASE"]["dose-response p"])
end

function TestPilot.test_demographics()
  local r = values "14-2.01"
  local n = 0
  for analysis, list in pairs(r) do
    for quantity, wanted in pairs(list) do
      if quantity == "ANOVA p" or quantity:find "^chisq p" then
        near(analysis .. ".p_value", wanted)
      else
        local field, arm = quantity:match "^(%w+) (.*)$"
        for row in describe(analysis .. " ~ TRT01P", s.adsl):tidy():rows() do
          if row.TRT01P == arm then
            reference.near(row[field], wanted, 1e-11, analysis .. " " .. quantity)
            n = n + 1
          end
        end
      end
    end
  end
  lu.assertEquals(n, 84)
  -- Hispanic origin as a category of its own
  lu.assertAlmostEquals(s:result "ORIGIN.p_value", 0.6477, 5e-5)
end

function TestPilot.test_cibic()
  local r = values "14-3.13"["CIBIC+ row mean scores CMH by SITEGR1"]
  for _, week in ipairs { 8, 16, 24 } do
    near(("CIBIC@Week %d.p_value"):format(week), r[("week %d p"):format(week)])
    near(("CIBIC@Week %d.statistic"):format(week),
      r[("week %d chisq"):format(week)])
  end
end

function TestPilot.test_adverse_events()
  local r = values "14-5.01"
  local n = 0
  local ids = { ["any TEAE"] = "TEAE" }
  for row in s.results:where "endpoint like 'SOC%'":distinct("endpoint", "title")
      :rows() do
    ids['"' .. row.title .. '"'], ids[row.title] = row.endpoint, row.endpoint
  end
  for analysis, list in pairs(r) do
    local id = ids[analysis]
    lu.assertNotNil(id, analysis)
    near(("%s[%s].p_value"):format(id, L), list["Fisher P v L"])
    near(("%s[%s].p_value"):format(id, H), list["Fisher P v H"])
    n = n + 1
  end
  lu.assertEquals(n, 24)
end

function TestPilot.test_time_to_event()
  local r = values "ADTTE"
  near("TTDE.statistic", r["logrank 3 arms"].chisq)
  for i, arm in ipairs(arms) do
    local median = s:result(("TTDE-KM[%s].estimate"):format(arm))
    lu.assertEquals(median == NA and "NA" or median,
      r.KM["median " .. arm] or "NA", i)
  end
end

-- Tables -----------------------------------------------------------------------------

-- "65 (75.6%)" -> 65, 75.6 with the size of half a unit of their last digit
local function numbers(cell)
  local list = {}
  for sign, digits in cell:gmatch "(%-?)(%d*%.?%d+)" do
    local part = digits:match "%.(%d+)$"
    list[#list + 1] = { tonumber(sign .. digits), 0.5 * 10 ^ -#(part or "") }
  end
  return list
end

-- Every number of a published row stands in ours, rounded as there or the
-- other way where it lies in the middle.
local function same_row(published, ours, what)
  local a, b = {}, {}
  for _, cell in ipairs(published) do
    table.move(numbers(cell), 1, 99, #a + 1, a)
  end
  for _, cell in ipairs(ours) do
    table.move(numbers(cell), 1, 99, #b + 1, b)
  end
  lu.assertEquals(#b, #a, what .. ": " .. table.concat(ours, " | "))
  for i, x in ipairs(a) do
    lu.assertTrue(math.abs(x[1] - b[i][1]) <= 2 * x[2] + 1e-9, ("%s: %s, not %s")
      :format(what, table.concat(ours, " | "), table.concat(published, " | ")))
  end
end

local function published(file)
  local rows = {}
  for line in io.lines(reference.folder .. "published/cdiscpilot_tables/"
      .. file) do
    local row = {}
    for cell in (line .. "\t"):gmatch "([^\t]*)\t" do row[#row + 1] = cell end
    rows[#rows + 1] = row
  end
  return rows
end

local function cells(row, from, to)
  local list = {}
  for j = from, to do list[#list + 1] = row[j] or "" end
  return list
end

function TestPilot.test_table_14_3_01()
  local ours, n = tables.primary(), 0
  local rows = published "t_14-3.01.tsv"
  for i = 3, #rows do
    same_row(cells(rows[i], 2, 4), cells(ours[i - 1], 2, 4), rows[i][1])
    n = n + 1
  end
  lu.assertEquals(n, #ours - 1)
end

function TestPilot.test_table_14_2_01()
  local ours, rows, n = tables.demographics(), published "t_14-2.01.tsv", 0
  local by_name, block = {}, nil
  for i = 2, #ours do
    block = ours[i][1] ~= "" and ours[i][1] or block
    by_name[block .. "/" .. ours[i][2]] = ours[i]
  end
  local words = { ["<65 yrs"] = "<65", ["65-80 yrs"] = "65-80",
    [">80 yrs"] = ">80", Male = "M", Female = "F", ["<12 months"] = "<12",
    [">=12 months"] = ">=12" }
  for i = 3, #rows do
    block = rows[i][1] ~= "" and rows[i][1] or block
    local name = words[rows[i][2]] or rows[i][2]
    local row = by_name[block .. "/" .. name]
    lu.assertNotNil(row, block .. "/" .. name)
    same_row(cells(rows[i], 3, 7), cells(row, 3, 7), block .. "/" .. name)
    n = n + 1
  end
  lu.assertEquals(n, #ours - 1)
end

function TestPilot.test_table_14_5_01()
  local ours, rows = tables.adverse_events(), published "t_14-5.01.tsv"
  local by_name, organ = {}, nil
  for i = 2, #ours do
    local name = ours[i][1]
    if not name:find "^ " then organ = name end
    by_name[organ .. "/" .. name:gsub("^ +", "")] = ours[i]
  end
  local n = 0
  organ = nil
  for i = 3, #rows do
    local name = rows[i][1]
    if by_name[name .. "/" .. name] then organ = name end
    local row = by_name[(organ or name) .. "/" .. name]
    if row then
      local cell = {}
      for j = 1, 3 do -- patients and [events] stand in two columns there
        cell[j] = rows[i][2 * j] .. " " .. (rows[i][2 * j + 1] or "")
      end
      same_row(cell, cells(row, 2, 4), name)
      for j, p in ipairs { rows[i][8] or "", rows[i][9] or "" } do
        if p:find "%d" then same_row({ p }, { row[4 + j] }, name .. " P") end
      end
      n = n + 1
    end
  end
  lu.assertTrue(n >= 250, n .. " rows compared of " .. #rows)
end

os.exit(lu.LuaUnit.run())
