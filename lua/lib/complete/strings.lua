-- What Tab offers inside a string: columns where a verb or a formula takes
-- them, levels after COL = ', values of options, names of the trial, files.
-- A candidate is { text =, from =, close = }: it replaces what stands from that
-- place of the string to the cursor; close ends it where it is the only one.

local expression = require "trialsh.expression"
local init = require "trialsh.init"

local M = {}

-- Objects ----------------------------------------------------------------------

local function relation_module() return require "trialsh.relation" end

-- The relation or frame at the head of "s.adlb:where():mutate", or nil.
local function relation_at(path)
  if not path then return nil end
  local head = path:match "^[%s({]*([%a_][%w_.]*)"
  if not head then return nil end
  local value = require "trialsh.complete".walk(head)
  return type(value) == "table" and relation_module().is(value) and value or nil
end

local function names_of(columns)
  local list = {}
  for i, column in ipairs(columns) do list[i] = column.name end
  return list
end

-- Columns of a relation, and the new ones that texts of its chain define.
local function columns_of(relation, strings)
  local list, seen = {}, {}
  local function add(column)
    if not seen[column.name] then
      seen[column.name] = true
      list[#list + 1] = column
    end
  end
  local node = relation_module().node_of(relation)
  for _, column in ipairs(node.columns) do add(column) end
  for _, text in ipairs(strings or {}) do
    local name = text:match "^%s*([%a_][%w_]*)%s*=[^=]"
    if name then add { name = name } end
  end
  return list
end

--- strings.columns_at(path, strings): names of the columns there, or nil.
function M.columns_at(path, strings)
  local relation = relation_at(path)
  return relation and names_of(columns_of(relation, strings))
end

-- Columns of all tables of the open study, and of frames in variables.
local function all_columns()
  local list, seen = {}, {}
  local function add(relation)
    for _, column in ipairs(columns_of(relation)) do
      if not seen[column.name] then
        seen[column.name] = true
        list[#list + 1] = column
      end
    end
  end
  local ok, s = pcall(require "trialsh.study".study.open)
  if ok then
    for _, t in ipairs(require "trialsh.study".inner(s):tables_list()) do
      add(s[t.name])
    end
  end
  for _, value in next, _G do
    if type(value) == "table" and relation_module().is(value) then add(value) end
  end
  return list
end

-- Candidates -------------------------------------------------------------------

-- The names that begin as typed, as candidates from that place on. close: what
-- ends the value when it is the only one.
local function from(names, typed, place, close)
  local out, seen = {}, {}
  for _, name in ipairs(names) do
    if name:sub(1, #typed) == typed and not seen[name] then
      seen[name] = true
      out[#out + 1] = { text = name, from = place, close = close }
    end
  end
  table.sort(out, function(a, b) return a.text < b.text end)
  return out
end

-- Names that are the whole of the string, up to its quote.
local function whole(names, text) return from(names, text, 1, true) end

local function sql_name(name)
  return name:find "^[%a_][%w_]*$" and name or '"' .. name .. '"'
end

local function levels_of(columns, name)
  for _, column in ipairs(columns) do
    if column.name:lower() == name:lower() then return column.levels or {} end
  end
  return {}
end

-- Inside SQL: levels after COL = ', else columns and functions.
local function sql(text, columns)
  local quoted = select(2, text:gsub("'", "")) % 2 == 1
  if quoted then
    local before, typed = text:match "^(.*)'([^']*)$"
    local name = before:match '"?([%a_][%w_]*)"?%s*[=<>!]=?%s*$'
      or before:match '"?([%a_][%w_]*)"?%s+[iI][nN]%s*%([^)]*$'
      or before:match '"?([%a_][%w_]*)"?%s+[nN][oO][tT]%s+[iI][nN]%s*%([^)]*$'
    return name and from(levels_of(columns, name), typed, #before + 2, "'")
      or {}
  end
  local typed = text:match "[%w_]*$"
  local names = {}
  for i, column in ipairs(columns) do names[i] = sql_name(column.name) end
  if typed ~= "" then
    for _, f in ipairs(expression.functions) do names[#names + 1] = f end
  end
  return from(names, typed, #text - #typed + 1)
end

-- Inside a formula: columns, in backticks where R would have them so.
local function formula(text, columns)
  local typed = text:match "[%w_.]*$"
  local names = {}
  for i, column in ipairs(columns) do
    names[i] = expression.backtick(column.name)
  end
  return from(names, typed, #text - #typed + 1)
end

local function files(text)
  local folder, typed = text:match "^(.*/)([^/]*)$"
  typed = typed or text
  local file = require "ts.file"
  local found = file.list(folder or ".") or {}
  local out = from(found, typed, #(folder or "") + 1, true)
  for _, candidate in ipairs(out) do
    if file.list((folder or "") .. candidate.text) then
      candidate.text, candidate.close = candidate.text .. "/", nil
    end
  end
  return out
end

-- Which is meant ---------------------------------------------------------------

local in_sql = { where = true, mutate = true, summarise = true, expect = true,
  select = true }
local in_columns = { by = true, count = true, distinct = true, order = true,
  key = true, wider = true, longer = true, join = true, detect = true }
local in_files = { import = true, read = true, dofile = true, open = true,
  create = true, fill = true, save = true, export = true }

-- Candidates of option = " in the { } of a call: the words of its help, or else
-- columns.
local function option(frame, key, text, after)
  if key == "compare" then return whole(M.comparisons(), text) end
  local words = whole(require "trialsh.help".option_values(frame.name, key),
    text)
  return #words > 0 and words
    or whole(names_of(M.data_columns(frame, after)), text)
end

--- strings.comparisons(): those of the trial.
function M.comparisons()
  local ok, s = pcall(require "trialsh.study".study.open)
  local trial = ok and s.trial
  if type(trial) ~= "table" then trial = require "trialsh.trial".current end
  return trial and trial.compare or {}
end

--- strings.data_columns(frame, after): of the relation among the arguments
-- before the cursor, or right behind it, else of everything that is open.
function M.data_columns(frame, after)
  for _, f in ipairs { frame, frame.outer } do
    for _, argument in ipairs(f.arguments) do
      local relation = relation_at(argument)
      if relation then return columns_of(relation) end
    end
  end
  local relation = relation_at(after
    and after:match "^[^,]*,%s*([%a_][%w_.]*)")
  return relation and columns_of(relation) or all_columns()
end

-- endpoint "ID" { parameter = "...": what the trial declares.
local function of_endpoint(key, text)
  local trial = require "trialsh.trial"
  local t = trial.current
  if key == "analysis" then
    return whole(require "trialsh.analysis".names(), text)
  elseif key == "compare" then
    return whole(M.comparisons(), text)
  elseif not t then
    return {}
  end
  local list = ({ parameter = t.parameters, visit = t.visits,
    visits = t.visits, population = t.populations })[key]
  return list and whole(trial.names(list), text) or {}
end

--- strings.candidates(context, after) -> list
function M.candidates(context, after)
  local text, frame = context.string.text, context.frames[#context.frames]
  if not frame or not frame.callee then return files(text) end
  local name = frame.name
  local key = frame.key or frame.list_of
  if frame.callee:find "^endpoint%(" and key then
    return of_endpoint(key, text)
  end
  local relation = relation_at(frame.receiver)
  if frame.open == "[" then
    relation = relation_at(frame.callee)
    return relation and whole(names_of(columns_of(relation)), text) or {}
  end
  if relation then
    local columns = columns_of(relation, frame.strings)
    if frame.open == "{" and key then
      return whole(levels_of(columns, key), text)
    elseif frame.open == "{" and not in_columns[name] then
      return {}
    end
    if in_sql[name] then return sql(text, columns) end
    if in_columns[name] then return whole(names_of(columns), text) end
  end
  if in_files[name] and not frame.key then
    local out = files(text)
    if name == "export" and #frame.arguments == 0 then
      local ok, s = pcall(require "trialsh.study".study.open)
      if ok then
        local names = {}
        for i, t in ipairs(require "trialsh.study".inner(s):tables_list()) do
          names[i] = t.name
        end
        return whole(names, text)
      end
    end
    return out
  end
  if frame.open == "{" and key then return option(frame, key, text, after) end
  if init.home[name] and #frame.arguments == 0 and frame.open ~= "{" then
    return formula(text, M.data_columns(frame, after))
  end
  return files(text)
end

return M
