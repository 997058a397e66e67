-- Help: every public name has a block, every example prints what it says.

local lu = require "luaunit"

-- The options that each function is asked for, by name, as the examples run.
local asked = {}
do
  local options = require "trialsh.options"
  package.loaded["trialsh.options"] = function(who, given, spec)
    asked[who] = asked[who] or {}
    for name in pairs(spec) do asked[who][name] = true end
    return options(who, given, spec)
  end
end

local help = require "trialsh.help"
local home = require "trialsh.init".home

-- ?statistics: what stands below a heading of the overview, a line for each.
function test_headings_list_their_topics()
  local page = tostring(help.topic "statistics")
  for _, name in ipairs { "ttest", "km", "mmrm", "peto_prentice" } do
    lu.assertStrMatches(page, ".*\n  " .. name .. " +%u.*")
  end
  lu.assertStrMatches(page, "Statistics; %?name says more\n.*")
  for line in page:gmatch "[^\n]+" do lu.assertTrue(#line <= 80, line) end
  lu.assertStrContains(tostring(help.topic "Trials"), "endpoint")
  lu.assertStrContains(tostring(help.topic "tables"), "table.ae ")
  lu.assertFalse((pcall(help.topic, "and")))
  lu.assertStrContains(tostring(help.topic "lm"), "Least squares") -- a name first
end

-- The tests of the examples that stand in one block, told together.
function test_examples_print_what_they_say()
  local wrong, count = help.check()
  local out = {}
  for _, w in ipairs(wrong) do
    out[#out + 1] = ("%s: > %s\nexpected:\n%s\ngot:\n%s"):format(w.name, w.code,
      w.expected, w.got)
  end
  lu.assertTrue(count > 20, "only " .. count .. " examples were found")
  lu.assertEquals(#wrong, 0, table.concat(out, "\n\n"))
end

local function text_of(block) return table.concat(block.body, "\n") end

-- What can be read about a function: its block, those of verbs of that name, and
-- for a model those of what is asked of it.
local function help_on(who)
  local parts = {}
  for _, topic in ipairs(help.topics()) do
    local block = help.block(topic)
    local kind, verb = topic:match "^(%w+):([%w_]+)$"
    if block and (topic == who or verb == who
        or kind == "model" and require "trialsh.init".home[who]) then
      parts[#parts + 1] = block.title .. "\n" .. text_of(block)
    end
  end
  return table.concat(parts, "\n")
end

-- runs behind the examples, as luaunit goes by name
function test_every_option_is_in_its_help()
  if not next(asked) then help.check() end
  local missing, n = {}, 0
  for who, names in pairs(asked) do
    local words = help_on((who:gsub("^%w+:", "model:"))) -- lm:means
    for name in pairs(names) do
      n = n + 1
      if not words:find("%f[%w_]" .. name .. "%f[^%w_]") then
        missing[#missing + 1] = who .. ": " .. name
      end
    end
  end
  table.sort(missing)
  lu.assertEquals(missing, {})
  lu.assertTrue(n > 150, "only " .. n .. " options were seen")
end

-- What there is to be seen of a verb or a function by an example.
function test_every_function_has_an_example()
  -- these would end the program, write a file or need a study of their own
  local without = { check = true, dofile = true, quit = true, run = true,
    sap = true, why = true, ["figure:save"] = true }
  local missing = {}
  for _, topic in ipairs(help.topics()) do
    local block = help.block(topic)
    if block and block.name == topic and not without[topic]
        and not ("\n" .. text_of(block)):find "\n  > " then
      missing[#missing + 1] = topic
    end
  end
  lu.assertEquals(missing, {})
end

local function has_block(name)
  if help.block(name) then return true end
  -- a table of functions: study.open stands for study
  for _, topic in ipairs(help.topics()) do
    if topic:sub(1, #name + 1) == name .. "." then return true end
  end
  return false
end

function test_topics_that_users_ask_for()
  for topic, words in pairs { lag = "relation:mutate", cumsum = "relation:mutate",
      stddev = "relation:summarise", audit = "audit trail",
      ["s.audit"] = "audit trail", ["s.results"] = "run()",
      ["s.trial"] = "arms", ["s:import"] = "study:import",
      ["?lag"] = "relation:mutate", ["??TRT01PN"] = "study:import",
      import = "TRT01PN", levels = "TRT01PN" } do
    lu.assertStrContains(tostring(help.topic(topic)), words, topic)
  end
  local ok, err = pcall(help.topic, "?xyzzyx")
  lu.assertFalse(ok)
  lu.assertNotStrContains(tostring(err), "???")
end

function test_every_public_name_has_a_block()
  local missing = {}
  local names = { "NA", "quit" }
  for name in pairs(home) do names[#names + 1] = name end
  table.sort(names)
  for _, name in ipairs(names) do
    if not has_block(name) then missing[#missing + 1] = name end
  end
  lu.assertEquals(missing, {})
end

-- What Tab offers after "demo." and "x:" is public too.
function test_every_verb_has_a_block()
  local missing = {}
  local function need(object, kind)
    local meta = debug.getmetatable(object)
    local complete = meta and rawget(meta, "__complete")
    if not complete then return end
    for _, verb in ipairs(complete(object, ":")) do
      if not help.block(kind .. ":" .. verb)
          and not (kind == "column" and help.block(verb)) then -- log, round
        missing[#missing + 1] = kind .. ":" .. verb
      end
    end
  end
  need(demo.adsl, "relation")
  need(demo.adsl.AGE, "column")
  need(demo, "study")
  lu.assertEquals(missing, {})
  local verbs = require "trialsh.relation".verbs
  for name in pairs(verbs or {}) do
    local verb = type(name) == "string" and name or verbs[name]
    if not help.block("relation:" .. verb) then
      missing[#missing + 1] = "relation:" .. verb
    end
  end
  lu.assertEquals(missing, {})
end

function test_every_key_of_a_definition_is_in_its_help()
  local missing = {}
  local function need(topic, keys)
    local words = text_of(help.block(topic))
    for key in pairs(keys) do
      if not words:find("%f[%w_]" .. key .. "%f[^%w_]") then
        missing[#missing + 1] = topic .. ": " .. key
      end
    end
  end
  need("endpoint", require "trialsh.endpoint.definition".keys)
  need("trial", require "trialsh.trial.check".keys)
  lu.assertEquals(missing, {})
end

function test_every_command_says_what_it_does()
  local command = require "trialsh.prompt.command"
  local list, n = command.run ".help" .. "\n", 0
  for _, name in ipairs(command.names()) do
    n = n + 1
    lu.assertTrue(list:find("%f[%.]%." .. name .. " [^\n]*%l%l%l") ~= nil, name)
  end
  lu.assertTrue(n > 15)
end

function test_a_see_also_leads_somewhere()
  local lost = {}
  for _, topic in ipairs(help.topics()) do
    local block = help.block(topic)
    for _, line in ipairs(block and block.body or {}) do
      local list = line:match "^See also: (.-)%.%f[%s\0]"
      for name in (list or ""):gmatch "[%a_][%w_:.]*" do
        if not pcall(help.topic, name) and not rawget(_G, name) then
          lost[#lost + 1] = topic .. " -> " .. name
        end
      end
    end
  end
  lu.assertEquals(lost, {})
end

function test_topics()
  lu.assertStrContains(tostring(help.topic "where"), "relation:where(")
  lu.assertStrContains(tostring(help.topic "relation.where"), "relation:where(")
  lu.assertStrContains(tostring(help.help(quit)), "Ends the program")
  lu.assertStrContains(tostring(help.help(NA)), "The missing value")
  lu.assertStrContains(tostring(help.help()), "Statistics")
  lu.assertNotStrContains(tostring(help.help()), "\nMore",
    "a module is in none of the groups of lua/lib/help.lua")
  local ok, err = pcall(help.topic, "wher")
  lu.assertFalse(ok)
  lu.assertEquals(err.message, "no help on 'wher'; nearest: where")
  lu.assertFalse(pcall(help.help, {}))
end

function test_search()
  local found = tostring(help.search "WHERE")
  lu.assertStrContains(found:match "^[^\n]*", "where")
  lu.assertTrue(#found > #"relation:where")
  local ok, err = pcall(help.search, "zzzz")
  lu.assertFalse(ok)
  lu.assertStrContains(err.message, "zzzz")
end

function test_search_puts_the_best_first()
  for words, first in pairs { partial = "relation:mutate", impute = "relation:carry",
      window = "relation:visits", undo = "study:history", merge = "relation:join",
      pivot = "relation:wider", filter = "relation:where", lag = "relation:mutate",
      tabulate = "relation:count", rename = "relation:rename", Sort = "relation:order",
      ["group by"] = "relation:by", median = "column:median", km = "km",
      duplicates = "relation:distinct", ancova = "lm", noninferiority = "ttest", load = "read", where = "relation:where",
      ["convert date"] = "relation:convert" } do
    lu.assertEquals(tostring(help.search(words)):match "^[%w_:.]+", first, words)
  end
end

function test_what_is_not_there_yet_is_said()
  local absent = require "trialsh.absent"
  local n = 0
  for _, entry in ipairs(absent.list) do
    local words = { entry[1] }
    for word in entry[4]:gmatch "%S+" do words[#words + 1] = word end
    for _, topic in ipairs(entry.topics) do
      lu.assertNotNil(help.block(topic), entry[1] .. ": " .. topic)
    end
    for _, word in ipairs(words) do
      local page = tostring(help.search(word))
      if rawget(_G, entry[1]) then -- it is there by now
        lu.assertStrContains(page:match "^[^\n]*", entry[1])
      else
        n = n + 1
        lu.assertStrContains(page, entry[1] .. " is not there yet (" .. entry[2])
        for _, topic in ipairs(entry.topics) do
          lu.assertStrContains(page, "\n" .. help.block(topic).title)
        end
      end
    end
  end
  lu.assertTrue(n > 0)
  lu.assertStrContains(tostring(select(2, pcall(help.topic, "bootstrap"))),
    "bootstrap is not there yet")
  lu.assertStrContains(tostring(select(2, pcall(function()
    return bootstrap
  end))), "bootstrap is not there yet")
end

function test_the_columns_of_results_have_help()
  local body = table.concat(help.block "study.results".body, "\n")
  local columns = require "trialsh.endpoint.results".columns
  lu.assertTrue(#columns > 40)
  for _, name in ipairs(columns) do
    lu.assertStrMatches(body, ".*%f[%w_]" .. name .. "%f[^%w_].*")
  end
end

function test_search_leads_to_topics_that_are_there()
  for word, topics in pairs(require "trialsh.help.search".meant) do
    for _, topic in ipairs(topics) do
      lu.assertNotNil(help.block(topic), word .. ": " .. topic)
    end
  end
end

function test_a_wrong_example_is_found()
  -- the runner itself must be able to fail
  local block = help.block "NA"
  local line
  for i, text in ipairs(block.body) do
    if text == "  true  NA" then line = i end
  end
  lu.assertNotNil(line)
  block.body[line] = "  false  NA"
  local wrong = help.check "NA"
  block.body[line] = "  true  NA"
  lu.assertEquals(#wrong, 1)
  lu.assertEquals(wrong[1].got, "true  NA")
end

os.exit(lu.LuaUnit.run())
