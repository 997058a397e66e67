-- Joins that keep the rows of both, beside what loops over the rows find.
local lu = require "luaunit"
local cframe = require "ts.frame"
local relation = require "trialsh.relation"
local relations = require "tests.lua.relations"
local NA = require "ts.na".NA

local make, column, refuses = relations.make, relations.column, relations.refuses

TestJoin = {}

function TestJoin.setUp() relations.forget() end

local function rows(r, names)
  local out = {}
  for row in r:rows() do
    local parts = {}
    for j, name in ipairs(names) do parts[j] = tostring(row[name]) end
    out[#out + 1] = table.concat(parts, " ")
  end
  return out
end

function TestJoin.test_full_keeps_the_rows_of_both()
  local a = make({ "ID", "X" }, { { "1", "2", "3", NA }, { 10, 20, 30, 40 } })
  local b = make({ "Y", "ID", "Z" }, { { "c", "d", "b", "e" },
    { "3", "4", "2", NA }, { 1, 2, 3, 4 } })
  local r = a:join(b, "ID", { how = "full" })
  lu.assertEquals(rows(r, { "ID", "X", "Y", "Z" }), { "1 10 NA NA", "2 20 b 3",
    "3 30 c 1", "NA 40 NA NA", "4 NA d 2", "NA NA e 4" })
  lu.assertEquals(relations.said,
    { "join by ID: 2 of 4 rows matched, 2 of 4 rows of the right used" })
  lu.assertEquals(column(r:where "X is null":order("Z desc"), "Y"), { "e", "d" })
  lu.assertEquals(#r:join(b:select "ID", "ID", { how = "semi" }), 3)
  local twice = make({ "ID", "Y" }, { { "3", "3", "4" }, { "c", "d", "e" } })
  refuses("more than one row on the right for 3", function()
    a:join(twice, "ID", { how = "full" }):collect()
  end)
  lu.assertEquals(rows(a:join(twice, "ID", { how = "full", many = true }),
    { "ID", "Y" }), { "1 NA", "2 NA", "3 c", "3 d", "NA NA", "4 e" })
end

function TestJoin.test_full_has_the_levels_of_both()
  local a = make({ "ARM", "X" }, { { "B", "A" }, { 1, 2 } })
    :levels { ARM = { "B", "A" } }
  local b = make({ "ARM", "Y" }, { { "C", "B" }, { 3, 4 } })
    :levels { ARM = { "C", "B" } }
  local r = a:join(b, "ARM", { how = "full" })
  lu.assertEquals(column(r:order "ARM", "ARM"), { "B", "A", "C" })
end

function TestJoin.test_full_of_random_rows()
  math.randomseed(7)
  for _ = 1, 30 do
    local ka, kb, x, y, here = {}, {}, {}, {}, {}
    for i = 1, math.random(0, 12) do
      ka[i] = math.random(8)
      x[i] = i
    end
    for i, k in ipairs { 3, 1, 4, 7, 9, 2, 6 } do
      if math.random() < 0.6 then
        kb[#kb + 1], y[#y + 1], here[k] = k, 100 + i, 100 + i
      end
    end
    local want, used = {}, {}
    for i, k in ipairs(ka) do
      want[i] = ("%d %d %s"):format(k, x[i], here[k] or "NA")
      used[k] = true
    end
    for j, k in ipairs(kb) do
      if not used[k] then want[#want + 1] = ("%d NA %d"):format(k, y[j]) end
    end
    local r = make({ "K", "X" }, { ka, x }):join(make({ "K", "Y" }, { kb, y }),
      "K", { how = "full" })
    lu.assertEquals(rows(r, { "K", "X", "Y" }), want)
  end
end

function TestJoin.test_dates_are_no_keys_of_numbers()
  local function with(format)
    local f = cframe.build({ "T" }, { { 19725, 19726 } })
    return relation.of_frame(cframe.build({ "T" },
      { cframe.with(f:column(1), { format = format }) }))
  end
  refuses("join: T is a date on the left and a datetime on the right",
    function() return with "DATE9.":join(with "E8601DT.", "T") end)
  refuses("join: T is a plain number on the left and a date on the right",
    function() return with():join(with "DATE9.", "T") end)
  lu.assertEquals(#with "DATE9.":join(with "YYMMDD10.", "T"), 2)
end

-- What the program joins for itself is not told: endpoints do it by the hundred.
function TestJoin.test_only_joins_of_a_script_are_told()
  require "trialsh.endpoint".list = {}
  study.open(demo)
  trial "DEMO" { arms = demo.trial.definition.arms,
    visits = demo.trial.definition.visits,
    parameters = demo.trial.definition.parameters,
    populations = { { "ALL", "all", "AGE > 0" } } }
  endpoint "J" { title = "J", role = "primary", parameter = "ALC",
    visit = "Day 29", variable = "AVAL", missing = "exclude",
    intercurrent = {}, analysis = "ttest",
    compare = "CYT107 HF vs Placebo" }
  relations.forget()
  run(demo, { rerandomise = false })
  for _, line in ipairs(relations.said) do
    lu.assertNotStrContains(line, "join by")
  end
  relations.forget()
  local _ = #demo.dm:join(demo.adsl:select("USUBJID", "SEX2 = SEX"), "USUBJID")
  lu.assertStrContains(relations.said[1], "join by USUBJID: 24 of 24")
end

os.exit(lu.LuaUnit.run())
