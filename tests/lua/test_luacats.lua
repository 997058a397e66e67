-- The definitions for editors: Lua that loads, with all public names, and types
-- that are declared.
local lu = require "luaunit"
local help = require "trialsh.help"
local text = require "trialsh.help.luacats".text()

function test_it_is_lua()
  local chunk, problem = load(text, "=trialsh.lua")
  lu.assertNil(problem)
  local env = setmetatable({ table = {} }, { __index = function() return nil end })
  -- run where only a library of Lua is defined, as an editor knows no more
  chunk = load(text, "=trialsh.lua", "t", env)
  chunk()
  lu.assertEquals(type(env.ttest), "function")
  lu.assertEquals(type(env.figure.points), "function")
  lu.assertEquals(type(env.study.open), "function")
  lu.assertNil(env.relation, "kinds are no globals")
end

function test_all_names_are_there()
  local missing = {}
  for name in pairs(require "trialsh.init".home) do
    if not text:find("\nfunction " .. name .. "[%(.]")
        and not text:find("\n" .. name .. " = ") then
      missing[#missing + 1] = name
    end
  end
  for _, topic in ipairs(help.topics()) do
    local verb = topic:match "^relation:(%w+)$"
    if verb and not text:find("function relation:" .. verb .. "(", 1, true) then
      missing[#missing + 1] = topic
    end
  end
  lu.assertEquals(missing, {})
end

-- Every block of the help, of each kind of object too, and no two of one name.
function test_all_blocks_are_there()
  local classes = { study = "study_", figure = "figure_", table = "table_" }
  local missing, seen = {}, {}
  for _, group in ipairs(help.groups()) do
    for i = 2, #group do
      local title = group[i].title
      local name = group[i].name
      local root, sep, last = name:match "^([%w_]+)([.:]?)(.*)$"
      local method = sep == ":" and (classes[root] or root) .. ":" .. last or name
      if not title:find "^[%w_]+: " and name ~= "NA"
          and not text:find("\nfunction " .. method .. "(", 1, true)
          and not text:find("\n---@field " .. last .. " trialsh.", 1, true) then
        missing[#missing + 1] = name
      end
    end
  end
  lu.assertEquals(missing, {})
  for name in text:gmatch "\nfunction ([%w_.:]+)%(" do
    lu.assertNil(seen[name], name)
    seen[name] = true
  end
end

-- What the language server would make of an annotation: the place behind a type,
-- nil where there is none. A type is names, texts, T[], table<K, V>, fun(a: T): T
-- and | between them.
local type_at
local function one_type_at(s, at)
  local to = s:match('^"[^"]*"()', at)
  if to then return to end
  if s:find("^fun%(", at) then
    at = at + 4
    while not s:find("^%)", at) do
      at = s:match("^[%a_][%w_]*%??:%s*()", at)
      at = at and type_at(s, at)
      if not at then return nil end
      at = s:match("^,%s*()", at) or at
    end
    local back = s:match("^%):%s*()", at)
    return back and type_at(s, back) or at + 1
  end
  local name
  name, at = s:match("^([%a_][%w_.]*)()", at)
  if name == "table" and s:find("^<", at) then
    at = type_at(s, at + 1)
    at = at and s:match("^,%s*()", at)
    at = at and type_at(s, at)
    return at and s:match("^>()", at)
  end
  return at
end
function type_at(s, at)
  repeat
    at = one_type_at(s, at)
    while at and s:find("^%[%]", at) do at = at + 2 end
    local more = at and s:match("^|()", at)
    if not more then return at end
    at = more
  until false
end

local function is_type(s, rest)
  local at = type_at(s, 1)
  return at ~= nil and (at > #s or rest == true and s:find("^%s", at) ~= nil)
end

local forms = {
  meta = function(s) return s == "trialsh" end,
  class = function(s)
    local name, parent = s:match "^(trialsh%.[%w_.]+)(.*)$"
    return name and (parent == "" or parent:find "^: trialsh%.[%w_]+$") ~= nil
  end,
  field = function(s)
    local kind = s:match "^[%a_][%w_]*%??%s+(.*)$" or s:match "^%[%l+%]%s+(.*)$"
    return kind ~= nil and is_type(kind, true)
  end,
  alias = function(s)
    local kind = s:match "^trialsh%.[%w_]+%s+(.*)$"
    return kind ~= nil and is_type(kind)
  end,
  operator = function(s)
    local kind = s:match "^%l+:%s+(.*)$" or s:match "^%l+%(any%):%s+(.*)$"
    return kind ~= nil and is_type(kind)
  end,
  type = function(s) return is_type(s) end,
  param = function(s)
    local kind = s:match "^[%a_][%w_]*%??%s+(.*)$" or s:match "^%.%.%.%s+(.*)$"
    return kind ~= nil and is_type(kind)
  end,
  ["return"] = function(s) return is_type((s:gsub("%?$", ""))) end,
}

function test_every_annotation_is_well_formed()
  lu.assertFalse(is_type "table<string,")
  lu.assertFalse(is_type "a b")
  lu.assertTrue(is_type 'fun(x: a|"b", y?: c[]): table<string, any[]>|nil')
  local wrong, n = {}, 0
  for tag, s in text:gmatch "\n%-%-%-@(%l+) ?([^\n]*)" do
    n = n + 1
    if not (forms[tag] and forms[tag](s)) then wrong[#wrong + 1] = tag .. " " .. s end
  end
  lu.assertEquals(wrong, {})
  lu.assertTrue(n > 500)
end

-- Right above a function: its text, what it takes, what it gives.
function test_functions_are_described()
  local lacks, above = {}, {}
  for line in text:gmatch "[^\n]*" do
    local name = line:match "^function ([%w_.:]+)%("
    local all = table.concat(above, "\n")
    if name and not name:find "^column:" and not all:find "^%-%-%-[^@]"
        and not all:find "\n%-%-%-[^@]" then
      lacks[#lacks + 1] = name
    end
    if name and (help.block(name) or { title = "" }).title:find "%->"
        and not all:find "@return " then
      lacks[#lacks + 1] = name .. " gives nothing"
    end
    if line:find "^%-%-%-" then above[#above + 1] = line else above = {} end
  end
  lu.assertEquals(lacks, {})
end

function test_types_are_declared()
  local known, lost = {}, {}
  for name in text:gmatch "%-%-%-@class ([%w_.]+)" do known[name] = true end
  for name in text:gmatch "%-%-%-@alias ([%w_.]+)" do known[name] = true end
  for line in text:gmatch "%-%-%-@[^\n]+" do
    for name in line:gsub('"[^"]*"', ""):gmatch "trialsh%.[%w_.]+" do
      if not known[name] then lost[#lost + 1] = name end
    end
  end
  lu.assertEquals(lost, {})
end

function test_tags_and_order()
  local params, wrong = {}, {}
  for line in text:gmatch "[^\n]+" do
    local tag = line:match "^%-%-%-@(%w+)"
    if tag and not ({ meta = true, class = true, field = true, alias = true,
        operator = true, type = true, param = true, ["return"] = true })[tag] then
      wrong[#wrong + 1] = line
    end
    local param = line:match "^%-%-%-@param ([%w_.]+)"
    if param then params[#params + 1] = param end
    local list = line:match "^function [%w_.:]+%((.-)%)"
    if list and list ~= "..." or list and #params > 0 then
      if table.concat(params, ", ") ~= list then wrong[#wrong + 1] = line end
      params = {}
    end
  end
  lu.assertEquals(wrong, {})
end

-- not by luaunit, which would print all of the text
local function holds(part)
  lu.assertTrue(text:find(part, 1, true) ~= nil, "not there: " .. part)
end

function test_options_have_their_values()
  holds '---@class trialsh.options.ttest\n---@field compare? "A vs B"|any\n'
  holds '---@field variance? "welch"|"pooled"|any'
  holds '---@param opt? trialsh.options.ttest|table'
  holds('---@return trialsh.frame\n---@return any?\n'
    .. 'function read(file, opt) end')
  lu.assertNil(text:find("---@field USUBJID", 1, true))
end

os.exit(lu.LuaUnit.run())
