-- Definitions for editors, from the help's own blocks: a file in the annotations
-- of LuaCATS, by which the Lua language server (VS Code, Neovim) completes and
-- checks scripts. `make doc` writes it.

local help = require "trialsh.help"
local session = require "trialsh.session"

local M = {}

-- What there is besides the blocks: kinds, and how they behave.
local head = [[
---@meta trialsh
-- Definitions of trialsh %s for editors; trialsh itself does not read them.

---A missing value; equal to itself alone.
---@class trialsh.NA
NA = {}

---@alias trialsh.data trialsh.relation|table<string, any[]>
---@alias trialsh.number number|trialsh.NA

---One variable of a relation or a frame.
---@class trialsh.column
---@field [integer] number|string|trialsh.NA
---@field label string|trialsh.NA
---@field unit string|trialsh.NA
---@field levels string[]|nil
---@operator len: integer
---@operator add(any): trialsh.column
---@operator sub(any): trialsh.column
---@operator mul(any): trialsh.column
---@operator div(any): trialsh.column
---@operator pow(any): trialsh.column
---@operator unm: trialsh.column
local column = {}

---A question to a study; nothing is read until it is needed.
---@class trialsh.relation
---@field [string] trialsh.column
---@operator len: integer
local relation = {}

---Rows kept in memory; it has the verbs of a relation.
---@class trialsh.frame: trialsh.relation

---@class trialsh.result
---@field method string
---@field estimate trialsh.number
---@field estimate_name string
---@field std_error trialsh.number
---@field statistic trialsh.number
---@field df trialsh.number
---@field p_value trialsh.number
---@field conf_low trialsh.number
---@field conf_high trialsh.number
---@field conf_level trialsh.number
---@field n integer
---@field n_missing integer
---@field compare string
---@field note string|trialsh.NA
---@field [string] any
local result = {}

---@class trialsh.model: trialsh.result
local model = {}

---@class trialsh.curve
---@field [string] any
local curve = {}

---@class trialsh.figure
---@field caption string
local figure_ = {}

---@class trialsh.table
---@field title string
---@field rows table[]
---@field columns table[]
local table_ = {}

---@class trialsh.trial
---@field [string] any

---@class trialsh.endpoint
---@field id string

---@class trialsh.page

---A study: one file, its tables as relations.
---@class trialsh.study
---@field [string] trialsh.relation
%slocal study_ = {}

---Makes and opens studies.
study = {}

---Draws figures.
figure = {}

---The study that -d opens.
---@type trialsh.study
s = nil
]]

-- Classes by the kind before a colon.
local tables = { relation = "relation", study = "study_", model = "model",
  result = "result", column = "column", curve = "curve", figure = "figure_",
  table = "table_" }

-- Types of arguments by their name.
local types = { formula = "string|table|number[]|trialsh.column",
  data = "trialsh.data|table|number[]", file = "string", path = "string",
  other = "trialsh.relation", keys = "string|string[]", n = "integer",
  i = "integer", digits = "integer", code = "integer|boolean",
  page = "integer", condition = "string|table", statement = "string",
  method = "string", hash = "string", address = "string", name = "string",
  journal = "string", s = "trialsh.study", reason = "string",
  variable = "string", table = "string", word = "string" }

-- Types of results by the word they begin with in a title.
local returns = { result = "trialsh.result", frame = "trialsh.frame",
  relation = "trialsh.relation", study = "trialsh.study",
  figure = "trialsh.figure", page = "trialsh.page", text = "string",
  file = "string", array = "number[]", table = "trialsh.table", trial = "trialsh.trial",
  survival = "trialsh.curve", linear = "trialsh.model", model = "trialsh.model",
  number = "integer", groups = "trialsh.relation", description = "trialsh.result",
  absolute = "any", natural = "any", logarithm = "any", square = "any" }

-- { name, optional } of "formula, data [, opt]"; "..." for what has no name.
local function arguments(text)
  local list, depth = {}, 0
  for mark, word in text:gmatch '([%[%]]?)([^%[%]]*)' do
    if mark == "[" then depth = depth + 1 end
    if mark == "]" then depth = depth - 1 end
    word = word:gsub('%b""', "..."):gsub("%b{}", "opt")
    for name in word:gmatch "[%a_][%w_]*%f[^%w_]" do
      list[#list + 1] = { name:lower(), depth > 0 }
    end
    if word:find "%.%.%." then list[#list + 1] = { "...", true } end
  end
  local out, seen = {}, {}
  for _, a in ipairs(list) do
    if seen["..."] then break end
    if not seen[a[1]] then out[#out + 1] = a end
    seen[a[1]] = true
  end
  return out
end

local function comment(out, block)
  local inside = false
  for _, line in ipairs(block.body) do
    local code = line:find "^  " ~= nil
    if code ~= inside and line ~= "" then
      out[#out + 1] = code and "---```text" or "---```"
      inside = code
    end
    out[#out + 1] = "---" .. line
  end
  if inside then out[#out + 1] = "---```" end
end

-- The class of the options of a block, or nil.
local function options_of(block)
  local names = help.options(block.name)
  if #names == 0 or not block.title:find "[{%[]" then return nil end
  local class = "trialsh.options." .. block.name:gsub("[.:]", "_")
  local out, seen = { "---@class " .. class }, { opt = true }
  for name in block.title:gsub("%b{}", ""):gmatch "[%a_][%w_]*" do
    seen[name] = true -- an argument of its own
  end
  for _, name in ipairs(names) do
    if not seen[name] then
      seen[name] = true
      local values, known = {}, {}
      for _, v in ipairs(help.option_values(block.name, name)) do
        if not known[v] then values[#values + 1] = ("%q|"):format(v) end
        known[v] = true
      end
      out[#out + 1] = ("---@field %s? %sany"):format(name, table.concat(values))
    end
  end
  out[#out + 1] = ""
  return class, table.concat(out, "\n")
end

local function add_returns(out, text)
  local optional = false
  for part in (text .. ","):gmatch "([^,]*)," do
    local word = part:match "%a+"
    local kind = returns[word or ""]
    if not kind then
      if #text > 0 then
        out[#out + 1] = "---@return any" .. (optional and "?" or "")
      end
      return
    end
    out[#out + 1] = "---@return " .. kind .. (optional and "?" or "")
    optional = part:find "%[" ~= nil
    if not text:find "%[" then return end
  end
end

-- The definition of one block as lines.
local function define(block)
  local name, rest = block.title:match "^([%a_][%w_.:]*)%s*(.*)$"
  if not name or block.title:find "^[%w_]+: " then return nil end
  local given, back = rest:match "^(.-)%s*%->%s*(.*)$"
  given, back = given or rest, back or ""
  local class, fields = options_of(block)
  local out = { fields or nil }
  comment(out, block)
  local params = {}
  if given:find '^"ID"' then -- endpoint "ID" { ... }
    out[#out + 1] = "---@param id string"
    out[#out + 1] = ("---@return fun(definition: %s|table): any"):format(
      class or "table")
    params[1] = "id"
  else
    local list = given:find "^%s*{" and { { "definition", false } }
      or arguments(given:match "^%((.*)%)$" or "")
    for i, a in ipairs(list) do
      local kind = types[a[1]] or "any"
      if a[1] == "opt" or a[1] == "definition" then
        kind = class and class .. "|table" or "table"
      end
      out[#out + 1] = ("---@param %s%s %s"):format(a[1],
        a[2] and a[1] ~= "..." and "?" or "", kind)
      params[i] = a[1]
    end
    add_returns(out, back)
  end
  local root, sep, last = name:match "^([%w_]+)([.:]?)(.*)$"
  local target = sep == ":" and tables[root] .. ":" .. last or name
  out[#out + 1] = ("function %s(%s) end"):format(target,
    table.concat(params, ", "))
  return table.concat(out, "\n")
end

-- "study.audit -> frame" and its sisters are fields of a study.
local function field(block)
  local root, name, kind = block.title:match "^(%w+)%.([%w_]+) %-> (%w+)"
  if root ~= "study" then return nil end
  return ("---@field %s %s %s\n"):format(name, returns[kind] or "any",
    block.body[1] or "")
end

local function column_methods(out)
  local complete = debug.getmetatable(
    require "trialsh.demo".demo.adsl.AGE).__complete
  for _, name in ipairs(complete(require "trialsh.demo".demo.adsl.AGE, ":")) do
    if not help.block("column:" .. name) then -- elementwise: the function's page
      out[#out + 1] = ("---@return trialsh.column\nfunction column:%s(...) end")
        :format(name)
    end
  end
end

--- luacats.text(): the file.
function M.text()
  local fields, out = {}, { "" }
  for _, group in ipairs(help.groups()) do
    for i = 2, #group do
      local block = group[i]
      local of_study = field(block)
      if of_study then
        fields[#fields + 1] = of_study
      elseif block.title:find "^demo: " then
        local text = {}
        comment(text, block)
        text[#text + 1] = "---@type trialsh.study\ndemo = nil"
        out[#out + 1] = table.concat(text, "\n")
      elseif block.name ~= "NA" then
        out[#out + 1] = define(block)
      end
    end
  end
  column_methods(out)
  out[1] = head:format(session.version, table.concat(fields))
  return table.concat(out, "\n\n") .. "\n"
end

return M
