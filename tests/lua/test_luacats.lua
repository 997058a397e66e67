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
