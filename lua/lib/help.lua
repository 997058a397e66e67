-- Help: the comment blocks above the public functions of the embedded library.
-- They are read when help is first asked for. A block begins with "--- TITLE",
-- the title with the name of the topic: ttest(...), relation:where(...), NA.

local embedded = require "ts.embedded"
local text = require "ts.text"
local fail = require "ts.error".fail

local M = {}

-- What stands before the colon of a method, though it is no global.
local kinds = { relation = true, frame = true, column = true, result = true,
  study = true, model = true, figure = true, curve = true, trial = true,
  table = true }

-- The overview, in this order: a heading and the modules below it.
local groups = {
  { "Data", "NA", "study", "read", "relation", "relation_ask", "frame",
    "column", "demo", "data", "sql" },
  { "Statistics", "describe", "smd", "ttest", "mediandiff", "lm", "mmrm", "lmm", "multiple",
    "rank", "group_rank", "correlation", "proportion", "two_proportions",
    "contingency", "rate", "survival", "cox", "rmst", "cuminc", "winratio",
    "tobit", "peto_prentice", "padjust", "rerandomise", "sample", "result", "model" },
  { "Trials and endpoints", "trial", "endpoint", "multiplicity", "run",
    "analysis" },
  { "Figures and tables", "figure", "table", "document" },
  { "Arithmetic", "math", "elementwise" },
  { "Scripts and the prompt", "script", "help",
    "tour", "log_to", "report", "sessioninfo", "random",
    "rawfiles" },
  { "More" },
}

local function is_public(name)
  local root, sep = name:match "^([%a_][%w_]*)([.:]?)"
  if not root then return false end
  if sep == ":" and kinds[root] then return true end
  local home = require "trialsh.init".home[root]
  if sep == "." and home then -- a function has no fields: log.open is ours
    return type(require("trialsh." .. home)[root]) ~= "function"
  end
  return home ~= nil or rawget(_G, root) ~= nil
end

-- Adds a block of the file when its name is public. "name(args): remark" is a
-- note to who reads the source, not help.
local function add_block(lines, file, add)
  local name = lines[1]:match "^[%a_][%w_.:]*"
  local remark = name and lines[1]:find("^%b():", #name + 1)
  name = name and name:gsub("[.:]$", "") -- "demo: a small study"
  if name and not remark and #lines > 1 and is_public(name) then
    add(name, lines, file)
  end
end

local function read_file(file, add)
  local lines
  for line in (embedded(file) .. "\n"):gmatch "([^\n]*)\n" do
    local body = line:match(lines and "^%s*%-%-%s?(.*)" or "^%s*%-%-%-%s(.*)")
    if body then
      lines = lines or {}
      lines[#lines + 1] = body
    elseif lines then
      add_block(lines, file, add)
      lines = nil
    end
  end
end

-- all blocks: { name, title, body = lines, file }, by name and in order
local function blocks()
  if M.cache then return M.cache end
  local cache = { list = {}, by_name = {} }
  for _, file in ipairs(embedded()) do
    if file:find "%.lua$" then
      read_file(file, function(name, lines)
        local block = { name = name, title = table.remove(lines, 1),
          body = lines, file = file }
        while block.body[#block.body] == "" do table.remove(block.body) end
        cache.list[#cache.list + 1] = block
        cache.by_name[name] = cache.by_name[name] or block
      end)
    end
  end
  table.sort(cache.list, function(a, b)
    return a.name:lower() < b.name:lower()
      or a.name:lower() == b.name:lower() and a.name < b.name
  end)
  M.cache = cache
  return cache
end

-- lag, which stands in the list of functions of relation:mutate; sum among the
-- aggregates of relation:summarise.
local function block_of_function(name)
  local f = require "trialsh.expression.functions".all[name]
  return f and blocks().by_name[f.aggregate and not f.ordered
    and "relation:summarise" or "relation:mutate"]
end

-- "where" finds relation:where, "study" study.open and its sisters; a full name
-- finds itself.
local find
function find(name)
  local all = blocks()
  local found = {}
  if all.by_name[name] then return { all.by_name[name] } end
  for _, block in ipairs(all.list) do
    local last = block.name:match "[.:]([%w_]+)$"
    if last == name or block.name:gsub(":", ".") == name then
      found[#found + 1] = block
    end
  end
  if #found > 0 then return found end
  for _, block in ipairs(all.list) do
    local root = block.name:match "^([%w_]+)[.:]"
    if root == name then found[#found + 1] = block end
  end
  if #found == 0 and name:find "^s[.:]%a" then -- as a study is mostly called
    return find("study" .. name:sub(2))
  end
  return found
end

M.find = find -- a list of blocks

local function render(block)
  return block.title .. "\n" .. table.concat(block.body, "\n")
end

-- What help shows: an object, so that a script can print it too.
local page = { __name = "help" }
page.__index = page
page.__tostring = function(self) return self.text end

local function show(s) return setmetatable({ text = s }, page) end
M.page = show

local function group_of(block)
  local first = block.file:match "^[^/]+":gsub("%.lua$", "")
  local root = block.name:match "^[%a_][%w_]*"
  for _, wanted in ipairs { root, first } do
    for _, group in ipairs(groups) do
      for i = 2, #group do
        if group[i] == wanted then return group[1] end
      end
    end
  end
  return "More"
end

local function wrap(words, indent, width)
  local lines, line = {}, indent
  for _, word in ipairs(words) do
    if #line > #indent and #line + #word + 2 > width then
      lines[#lines + 1] = line
      line = indent
    end
    line = line .. (#line > #indent and "  " or "") .. word
  end
  lines[#lines + 1] = line
  return table.concat(lines, "\n")
end

-- The blocks in the order of the overview: { { heading, block, ... }, ... }.
function M.groups()
  local out = {}
  for i, group in ipairs(groups) do out[i] = { group[1] } end
  for _, block in ipairs(blocks().list) do
    local heading = group_of(block)
    for _, group in ipairs(out) do
      if group[1] == heading then group[#group + 1] = block end
    end
  end
  return out
end

local function overview()
  local out = {}
  for _, group in ipairs(M.groups()) do
    if #group > 1 then
      local names = {}
      for i = 2, #group do names[i - 1] = group[i].name end
      out[#out + 1] = group[1]
      out[#out + 1] = wrap(names, "  ", 78)
    end
  end
  out[#out + 1] = "tour() shows first steps."
  out[#out + 1] = "?name shows one of them, ??word searches. An expression"
    .. " prints itself,\na semicolon behind it keeps it off the screen, _ is the"
    .. " last value. Locals stay\nfor the lines that follow. select ...; runs SQL,"
    .. " .help lists commands.\nCtrl-C stops the work, Ctrl-D leaves."
  return show(table.concat(out, "\n"))
end

-- The first sentence of a block, or as many of its words as there is room for.
local function sentence(block, room)
  local line = ""
  for word in table.concat(block.body, " "):gmatch "%S+" do
    if #line + #word + 5 > room then return (line:gsub(",$", "")) .. " ..." end
    line = line .. (line == "" and "" or " ") .. word
    if word:find "[.:]$" then break end
  end
  return (line:gsub("[.:]$", ""))
end

-- "statistics", "figures": what stands below that heading of the overview, with a
-- sentence of each, or nil.
local function listed(name)
  local word, out = name:lower(), {}
  if word == "and" then return nil end
  for _, group in ipairs(M.groups()) do
    if (" " .. group[1]:lower() .. " "):find(" " .. word .. " ", 1, true) then
      local width = 0
      for i = 2, #group do width = math.max(width, #group[i].name) end
      out[#out + 1] = group[1] .. "; ?name says more"
      for i = 2, #group do
        local name = group[i].name
        out[#out + 1] = ("  %s%s  %s"):format(name, (" "):rep(width - #name),
          sentence(group[i], 76 - width))
      end
    end
  end
  return #out > 0 and table.concat(out, "\n") or nil
end

local function unknown(name)
  local absent = require "trialsh.absent".sentence(name)
  if absent then fail("not found", absent) end
  local names = M.topics()
  for _, own in ipairs(require "trialsh.help.own".names()) do
    names[#names + 1] = own
  end
  local near = text.nearest(name, names)
  fail("not found", ("no help on '%s'%s"):format(name, near
    and "; nearest: " .. near or "; ??" .. name .. " searches all of it"))
end

-- The public name whose value f is, if it has help.
local function name_of(f)
  for _, block in ipairs(blocks().list) do
    local value = _G
    local key = block.name
    if not key:find ":" then
      for part in key:gmatch "[^.]+" do
        value = type(value) == "table" and rawget(value, part) or nil
      end
      if value ~= nil and rawequal(value, f) then return key end
    end
  end
end

M.name_of = name_of

--- help.title_of(f): the first line of the help of a function, or nil.
function M.title_of(f)
  local name = name_of(f)
  return name and blocks().by_name[name].title
end

--- help.topics(): all names that have help, methods and fields also alone.
function M.topics()
  local list, seen = {}, {}
  for _, block in ipairs(blocks().list) do
    for _, name in ipairs { block.name, block.name:match "[.:]([%w_]+)$" } do
      if not seen[name] then list[#list + 1] = name end
      seen[name] = true
    end
  end
  return list
end

--- help.topic(name): the page on it; the overview when name is empty; what stands
-- below a heading of the overview.
function M.topic(name)
  local bare = name:match "^%?+%s*(.*)"
  if bare then return name:find "^%?%?." and M.search(bare) or M.topic(bare) end
  if name == "" then return overview() end
  local found = find(name)
  if #found == 0 then found[1] = block_of_function(name) end
  if #found == 0 then
    local own = require "trialsh.help.own".topic(name) or listed(name)
    return own and show(own) or unknown(name)
  end
  local pages = {}
  for i, block in ipairs(found) do
    pages[i] = #found > 3 and block.title or render(block)
  end
  return show(table.concat(pages, #found > 3 and "\n" or "\n\n"))
end

--- help.search(words): titles of the blocks that hold all words, the best
-- first; words of other languages find what we call by another name.
function M.search(words)
  local first = require "trialsh.help.search".titles(blocks().list, words)
  local own = require "trialsh.help.own".search(words)
  table.move(own, 1, #own, #first + 1, first)
  if #first == 0 then
    local near = text.nearest(words, M.topics())
    fail("not found", ("nothing in the help holds '%s'%s"):format(words,
      near and "; nearest: " .. near or ""))
  end
  return show(table.concat(first, "\n"))
end

--- help([topic]) -> page
-- Shows what is known about a function, a method, or the function that is
-- given: of your own functions and endpoints, the comment that stands above them
-- in the script. Without a topic, an overview. At the prompt ?topic and topic? are the
-- same, and ??words searches all titles and texts.
--
--   > help "quit"
--   quit([code])
--   Ends the program, with that exit code; 0 if none is given. exit is the same.
--   At the prompt the bare word does too, and Ctrl-D on an empty line.
--     code   0 to 255; true is 0 and false is 1
--
--   See also: help.
--
-- See also: print.
function M.help(topic)
  if topic == nil then return overview() end
  if type(topic) == "string" then return M.topic(topic) end
  local name = name_of(topic)
  local own = type(topic) == "function" and not name
    and require "trialsh.help.own".of(topic)
  if own then return show(own) end
  if not name then
    -- an object: its kind may have a page, as NA has
    local meta = debug.getmetatable(topic)
    name = type(meta) == "table" and rawget(meta, "__name") or nil
    if type(name) ~= "string" or #find(name) == 0 then
      fail("not found", ("no help on that %s"):format(type(topic)))
    end
  end
  return M.topic(name)
end

--- quit([code])
-- Ends the program, with that exit code; 0 if none is given. exit is the same.
-- At the prompt the bare word does too, and Ctrl-D on an empty line.
--   code   0 to 255; true is 0 and false is 1
--
-- See also: help.

--- NA
-- The missing value. It is equal to itself alone, arithmetic with it gives NA,
-- and a comparison by < or > is an error: nobody knows the answer. In SQL it is
-- NULL. Results hold NA where a number cannot be known, never nil and never NaN.
--
--   > NA == NA, NA + 1
--   true  NA
--   > ({ 1, NA, 3 })[2]
--   NA
--
-- See also: help.

--- math: how numbers and equality behave
-- / divides: 7 / 2 is 3.5; // divides and rounds down: 7 // 2 is 3, -7 // 2 is -4;
-- 1 / 0 and 1 // 0.0 are Inf, 0 / 0 is NaN; 1 // 0 of whole numbers is an error.
-- In SQL text, of where and mutate, / divides too, and what is divided by 0 is
-- missing, with a note. == compares values, never kinds: 1 == 1.0, but "1" ~= 1. A
-- column is never equal to a number, and no rows are chosen by it: where is for
-- that. See NA for what is missing. The library is Lua's: math.floor, math.max ...
--
--   > 7 / 2, 7 // 2, -7 // 2, 7 % 2, 1 / 0
--   3.5  3  -4  1  Inf
--   > 1 == 1.0, "1" == 1, NA == NA
--   true  false  true
--
-- See also: NA, round, abs, relation:mutate.

-- The option that a part of a help line begins with: "  ci  \"log\"".
local function option_of(part)
  return part:match "^%s*([%a_][%w_]*)  "
    or part:match "^%s+([%a_][%w_]*) [\"'{%d]"
    or part:match "^%s+([%a_][%w_]*) true%f[%A]"
    or part:match "^%s+([%a_][%w_]*) false%f[%A]"
end

--- help.options(name): the option names that the help of a function lists, in
-- lines such as "  conf_level   0.95".
function M.options(name)
  local list = {}
  for _, block in ipairs(find(name)) do
    for _, line in ipairs(block.body) do
      local rest = line:match "^  +([%a_][%w_]*  .*)"
      if line:find "^  > " then break end -- what follows is examples
      -- "title, xlabel, ylabel   text"
      local several = line:match "^  +([%a_][%w_]*,%s[%w_, ]-)  "
      for name in (several or ""):gmatch "[%a_][%w_]*" do
        list[#list + 1] = name
      end
      if rest then
        for part in (rest .. ";"):gmatch "([^;]*);" do
          local option = option_of(part)
          if option then list[#list + 1] = option end
        end
      end
    end
  end
  return list
end

--- help.option_values(name, option): the words that the help gives in quotes
-- for an option, in the lines from its name to that of the next.
function M.option_values(name, option)
  local list = {}
  for _, block in ipairs(find(name)) do
    local current
    for _, line in ipairs(block.body) do
      if line:find "^  > " then break end
      local indented = line:match "^  +%S"
      if not indented then current = nil end
      for part in (indented and line .. ";" or ""):gmatch "([^;]*);" do
        current = option_of(part) or current
        if current == option then
          for word in part:gmatch '"([^"]*)"' do list[#list + 1] = word end
        end
      end
    end
  end
  return list
end

-- Examples ---------------------------------------------------------------------

-- As the prompt does: more lines follow when either reading breaks off early.
local function incomplete(code)
  local early = false
  for _, text in ipairs { "return " .. code, code } do
    local chunk, message = load(text)
    if chunk then return false end
    early = early or message:find "<eof>$" ~= nil
  end
  return early
end

-- { code, expected } of a block: lines after "  > " up to the next one or to
-- text that is not indented. An example of many lines has > before each.
local function examples(block)
  local list, now = {}, nil
  for _, line in ipairs(block.body) do
    local code = line:match "^  > (.*)"
    if code and now and #now.expected == 0 and incomplete(now.code) then
      now.code = now.code .. "\n" .. code
    elseif code then
      now = { code = code, expected = {} }
      list[#list + 1] = now
    elseif now and line:find "^  " then
      now.expected[#now.expected + 1] = line:sub(3)
    elseif now and line == "" then
      -- an empty line belongs to the output only if more of it follows
      now.expected[#now.expected + 1] = ""
    else
      now = nil
    end
  end
  for _, example in ipairs(list) do
    local lines = example.expected
    while lines[#lines] == "" do table.remove(lines) end
    example.expected = table.concat(lines, "\n")
  end
  return list
end

-- What the prompt would print for code, in env.
local function output(code, env)
  local out = {}
  env.print = function(...)
    local list = table.pack(...)
    for i = 1, list.n do list[i] = tostring(list[i]) end
    out[#out + 1] = table.concat(list, "\t")
  end
  local run = load("return " .. code, "=(prompt)", "t", env)
  local chunk, message = run, nil
  if not chunk then chunk, message = load(code, "=(prompt)", "t", env) end
  if not chunk then return "error: " .. message end
  local values = table.pack(pcall(chunk))
  if not values[1] then
    local e = values[2]
    out[#out + 1] = "error: " .. (type(e) == "table" and e.message or tostring(e))
  elseif run and values.n > 1 and not code:find ";%s*$" then
    out[#out + 1] = require "trialsh.echo".values(table.unpack(values, 2, values.n))
  end
  return (table.concat(out, "\n"):gsub("[ \t]+\n", "\n"):gsub("%s+$", ""))
end
M.output = output

--- help.check([name]): runs the examples of all blocks, or of one; a list of
-- those whose output differs: { name, code, expected, got }.
function M.check(name)
  local wrong, count = {}, 0
  for _, block in ipairs(blocks().list) do
    if not name or block.name == name then
      local env = setmetatable({}, { __index = _G })
      for _, example in ipairs(examples(block)) do
        local got = output(example.code, env)
        count = count + 1
        if got ~= example.expected then
          wrong[#wrong + 1] = { name = block.name, code = example.code,
            expected = example.expected, got = got }
        end
      end
    end
  end
  return wrong, count
end

--- help.verify(): what --check-help does.
function M.verify()
  local wrong, count = M.check()
  for _, w in ipairs(wrong) do
    print(("%s\n> %s\n%s\nshould be\n%s\n"):format(w.name, w.code, w.got,
      w.expected))
  end
  if #wrong > 0 then
    fail("invalid", ("%d of %d examples differ"):format(#wrong, count))
  end
  print(("%d examples, all as the help says"):format(count))
end

--- help.block(name): { name, title, body, file } or nil.
function M.block(name) return blocks().by_name[name] end

return M
