-- sql(): statements of SQLite against the study, as the prompt runs them too.

local errors = require "ts.error"
local text = require "ts.text"
local mark = require "trialsh.mark"
local relation = require "trialsh.relation"
local sql_types = require "trialsh.sql_types"

local M = {}

--- sql.words(statement): its names, plain or in double quotes, in order and
-- once each; not what stands in texts and comments.
function M.words(statement)
  local list, seen = {}, {}
  local bare = statement:gsub("'[^']*'?", " ''"):gsub("%-%-[^\n]*", " ")
    :gsub("/%*.-%*/", " ")
  for quoted, word in bare:gmatch '("?)([%a_][^%s"(),;.=<>+*/-]*)' do
    local _ = quoted
    if not seen[word] then
      seen[word] = true
      list[#list + 1] = word
    end
  end
  return list
end

-- The study that is open, and its tables by name and in order.
local function current()
  local study = require "trialsh.study".current()
  return study, study and require "trialsh.study".inner(study):tables_list()
    or {}
end

--- sql.sources(statement): the relations that it names, { { name, relation,
-- stored = true for a table of the study } }; others are in variables.
function M.sources(statement)
  local list, study, tables = {}, current()
  for _, word in ipairs(M.words(statement)) do
    local value = rawget(_G, word)
    local name = tables[word] and word or word:lower()
    if tables[name] then
      list[#list + 1] = { word, study[name], stored = true }
    elseif relation.is(value) then
      list[#list + 1] = { word, value }
    elseif name == "arms" and study then -- no table while they are dummies
      list[#list + 1] = { word, study.arms }
    end
  end
  return list
end

-- The inside of the study that can read all sources.
local function home(sources)
  local found, name
  for _, source in ipairs(sources) do
    local study = relation.node_of(source[2]).study
    if found and study and study ~= found then
      errors.fail("invalid", ("sql: %s and %s are of two studies; collect() "
        .. "makes a frame of the rows of one"):format(name, source[1]))
    end
    if study then found, name = study, source[1] end
  end
  local study = current()
  return found or study and require "trialsh.study".inner(study)
end

-- "no such table: adlbb" with the nearest name.
local function explain(e, statement)
  if not errors.is(e) then return e end
  local study, tables = current()
  if e.message:find "^SQL text only reads" then
    e.message = "SQL only reads; s:import and s.NAME = relation change a study"
  end
  local kind, name = e.message:match "^no such (%a+): ([^%s]+)"
  local known = {}
  if kind == "table" then
    for _, t in ipairs(tables) do known[#known + 1] = t.name end
    for key, value in next, _G do
      if relation.is(value) then known[#known + 1] = key end
    end
  elseif kind == "column" then
    for _, source in ipairs(M.sources(statement)) do
      for _, c in ipairs(relation.node_of(source[2]).columns) do
        known[#known + 1] = c.name
      end
    end
  else
    return e
  end
  local value = kind == "table" and rawget(_G, name)
  if value then
    e.message = ("%s is no table but a %s"):format(name, type(value))
    return e
  end
  local near = text.nearest(name:match "[^.]*$", known)
  e.message = ("no %s %s%s"):format(kind, name, near and "; nearest: " .. near
    or kind == "table" and not study and "; no study is open" or "")
  return e
end

--- sql(statement [, value, ...]) -> frame
-- Runs a statement of SQLite that reads. It sees the tables of the study that
-- is open, and relations and frames in variables by their name; `_` is the last
-- value. Each ? takes a value. A column of text beside a number is an error,
-- as in where. At the prompt
-- `select SEX, avg(AGE) from adsl group by SEX;` is run so: what begins with
-- select or with, up to a semicolon or an empty line.
--
--   > sql("select ? * 7 as answer", 6)
--      answer
--   1      42
--
-- See also: relation:where, relation:sql, study.open.
function M.sql(statement, ...)
  if type(statement) ~= "string" then
    errors.fail("type", "sql takes the text of a statement")
  end
  local sources = M.sources(statement)
  local inner = home(sources)
  local named, simulated = {}, false
  for _, source in ipairs(sources) do
    local node = relation.node_of(source[2])
    simulated = mark.both(simulated, node.simulated)
    -- a variable that is called like its table
    local same = node.name == source[1] and not node.verb
      and node.study == inner and node.layer.source.table
    if not (source.stored or same) then named[#named + 1] = { source[1], node } end
  end
  local values = table.pack(...)
  values.n = nil
  sql_types.check(statement, sources, values)
  local ok, frame = pcall(relation.select, inner,
    (statement:gsub("[%s;]+$", "")), values, named)
  if not ok then error(explain(frame, statement), 0) end
  return relation.of_frame(frame, { simulated = simulated,
    made = { sql = statement, verbs = {} } })
end

return M
