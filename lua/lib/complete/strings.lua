-- What Tab offers inside a string: columns where a verb or a formula takes
-- them, levels after COL = ', values of options, names of the trial, files.
-- A candidate is { text =, from =, close = }: it replaces what stands from that
-- place of the string to the cursor; close ends it where it is the only one.

local columns = require "trialsh.complete.columns"
local expression = require "trialsh.expression"
local init = require "trialsh.init"
local sql = require "trialsh.complete.sql"

local M = {}

local from, relation_at = sql.from, columns.relation_at

-- Names that are the whole of the string, up to its quote.
local function whole(names, text) return from(names, text, 1, true) end

--- strings.columns_at(path, strings): names of the columns there, or nil.
function M.columns_at(path, strings)
  local relation = relation_at(path)
  return relation and columns.names(columns.of(relation, strings))
end

-- Candidates -------------------------------------------------------------------

-- Inside a formula: columns, in backticks where R would have them so.
local function formula(text, list)
  local typed = text:match "[%w_.\128-\255]*$"
  local place = #text - #typed + 1
  local open, rest = text:match "()`([^`]*)$"
  if open and select(2, text:gsub("`", "")) % 2 == 1 then
    typed, place = rest, open
  end
  return from(columns.names(list), typed, place, nil, expression.backtick)
end

--- strings.files(text): names of files that begin as typed.
function M.files(text)
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

local function set(words)
  local list = {}
  for word in words:gmatch "%S+" do list[word] = true end
  return list
end

local in_sql = set "where mutate summarise expect select"
local in_columns = set "by count distinct order key wider longer join detect"
local in_files = set "import read dofile open create fill save"
local in_tables = set "export drop history version findings"

-- Names of the tables of the open study.
local function tables()
  local s = require "trialsh.study".current()
  local names = {}
  for i, t in ipairs(s and require "trialsh.study".inner(s):tables_list()
      or {}) do
    names[i] = t.name
  end
  return names
end

-- Candidates of option = " in the { } of a call: the words of its help; columns
-- where it has none, and of data that stand in the same { }.
local function option(frame, key, text, after)
  if key == "compare" then return whole(M.comparisons(), text) end
  local names = require "trialsh.help".option_values(frame.name, key)
  if #names == 0 or not frame.outer then
    local list = M.data_columns(frame, after)
    table.move(columns.names(list), 1, #list, #names + 1, names)
  end
  return whole(names, text)
end

--- strings.comparisons(): those of the trial.
function M.comparisons()
  local s = require "trialsh.study".current()
  local trial = s and s.trial
  if type(trial) ~= "table" then trial = require "trialsh.trial".current end
  return trial and trial.compare or {}
end

--- strings.data_columns(frame, after): of the relation among the arguments
-- before the cursor, or right behind it, else of everything that is open.
function M.data_columns(frame, after)
  for _, f in ipairs { frame, frame.outer } do
    for _, argument in ipairs(f.arguments) do
      local relation = relation_at(argument)
      if relation then return columns.of(relation) end
    end
  end
  local relation = relation_at(after
    and after:match "^[^,]*,%s*([%a_][%w_.]*)")
  if relation then return columns.of(relation) end
  return columns.of_all(columns.sources())
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

-- Inside the call of a verb; nil where that takes no names.
local function of_verb(frame, relation, key, text)
  local list = columns.of(relation, frame.strings)
  if frame.open == "{" and key then
    return whole(columns.values(list, key, text), text)
  elseif frame.open == "{" and not in_columns[frame.name] then
    return {}
  elseif frame.name == "order" and text:find "%s" then
    local typed = text:match "%S*$"
    return from({ "asc", "desc" }, typed, #text - #typed + 1, true)
  elseif in_sql[frame.name] then
    return sql.expression(text, list)
  end
  return in_columns[frame.name] and whole(columns.names(list), text) or nil
end

--- strings.candidates(context, after) -> list
function M.candidates(context, after)
  local text, frame = context.string.text, context.frames[#context.frames]
  if not frame or not frame.callee then return M.files(text) end
  local name = frame.name
  local key = frame.key or frame.list_of
  if frame.callee:find "^endpoint%(" and key then
    return of_endpoint(key, text)
  end
  if frame.open == "[" then
    local names = require "trialsh.complete".data_members(frame.callee)
    return names and whole(names, text) or {}
  end
  local relation = relation_at(frame.receiver)
  local found = relation and of_verb(frame, relation, key, text)
  if found then return found end
  if in_tables[name] and frame.receiver and #frame.arguments == 0 then
    return whole(tables(), text)
  elseif name == "sql" and #frame.arguments == 0 and frame.open ~= "{" then
    return sql.statement(text, after)
  elseif name == "help" then
    return whole(require "trialsh.help".topics(), text)
  elseif in_files[name] and not frame.key then
    return M.files(text)
  elseif frame.open == "{" and key then
    return option(frame, key, text, after)
  elseif init.home[name] and #frame.arguments == 0 and frame.open ~= "{" then
    return formula(text, M.data_columns(frame, after))
  end
  return M.files(text)
end

return M
