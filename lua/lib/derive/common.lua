-- What the verbs that derive share: the trial, columns that are needed and
-- those that are made, rows that must not be, and columns that go again.
-- Functions that make nodes are given the verbs of trialsh.relation.

local fail = require "ts.error".fail
local columns_module = require "trialsh.relation.columns"
local nodes = require "trialsh.relation.nodes"
local literal = require "trialsh.expression".literal
local layers = require "trialsh.relation.layers"

local find, index = columns_module.find, columns_module.index
local copy = columns_module.copy

local M = { literal = literal }

--- common.quote(name): a name as expressions write it.
function M.quote(name)
  if not name:find('"', 1, true) then return '"' .. name .. '"' end
  return name:find("`", 1, true) and "[" .. name .. "]" or "`" .. name .. "`"
end

local quote = M.quote

--- common.trial(who, node [, key]) -> the trial of the study, which has that list
function M.trial(who, node, key)
  local trial = node.trial or node.study and node.study:trial()
  if not trial then
    fail("not found", ("%s reads the trial, and the study has none; s.trial = "
      .. 'trial "ID" { ... } gives it one'):format(who))
  elseif key and (not trial[key] or #trial[key] == 0) then
    fail("not found", ("%s: the trial %s has no %s"):format(who, trial.id, key))
  end
  return trial
end

--- common.need(who, node, name, why): the column, or an error that says what
-- it is for.
function M.need(who, node, name, why)
  local column = type(name) == "string" and node.columns[name:lower()]
  if column then return column end
  local ok, err = pcall(find, who, node.columns, name)
  if ok then return err end
  fail(err.code, why and err.message .. "; " .. why or err.message)
end

--- common.new(who, node, ...): none of these columns is there yet.
function M.new(who, node, ...)
  for _, name in ipairs { ... } do
    local there = node.columns[name:lower()]
    if there then
      fail("exists", ("%s: there is a column %s already; select leaves it out")
        :format(who, there.name))
    end
  end
end

--- common.narrow(verbs, node, group, mark, keys) -> node
-- The column mark is 1 in some rows: it stays in those that come first in their
-- group by the columns keys, { name, desc }, one after the other.
function M.narrow(verbs, node, group, mark, keys)
  for i, key in ipairs(keys) do
    local value, rank = quote("ts key " .. i), quote("ts rank " .. i)
    node = verbs.mutate(verbs.by(node, table.unpack(group)),
      ("%s = case when %s = 1 then %s end"):format(value, quote(mark),
        quote(key.name)),
      ("%s = rank(%s%s)"):format(rank, value, key.desc and " desc" or ""),
      ("%s = case when %s = 1 then 1 end"):format(quote(mark), rank))
    node = M.without(verbs, node, "ts key " .. i, "ts rank " .. i)
  end
  return node
end

--- common.doubled(verbs, node, group, mark): the rows that have the mark when
-- others of their group have it too.
function M.doubled(verbs, node, group, mark)
  return verbs.where(verbs.mutate(verbs.by(node, table.unpack(group)),
    ('"ts n" = count(%s)'):format(quote(mark))),
    ('"ts n" > 1 and %s = 1'):format(quote(mark)))
end

--- common.shown(node, group, ...): columns that tell rows apart in a message.
function M.shown(node, group, ...)
  local list, seen = {}, {}
  local function add(name)
    if M.has(node, name) and not seen[name] then
      seen[name] = true
      list[#list + 1] = name
    end
  end
  for _, name in ipairs(group) do add(name) end
  for _, name in ipairs { ... } do add(name) end
  add(M.has(node, "SEQ") and "SEQ" or "LBSEQ")
  return list
end

--- common.said(name): a name within the format of a message.
function M.said(name) return (name:gsub("%%", "%%%%")) end

--- common.has(node, name)
function M.has(node, name) return node.columns[name:lower()] ~= nil end

--- common.group(who, node [, by]): the columns of one series of values: subject and
-- parameter, or by.
function M.group(who, node, by)
  if type(by) == "string" then by = { by } end
  local list = {}
  if by ~= nil then
    if type(by) ~= "table" or #by == 0 then
      fail("type", who .. ": by is a column or a list of columns")
    end
    for i, name in ipairs(by) do list[i] = find(who, node.columns, name).name end
    return list
  end
  list[1] = M.need(who, node, "USUBJID", "a row is of a subject").name
  list[2] = node.columns.paramcd and node.columns.paramcd.name
  return list
end

--- common.date(who, node [, name]): the column of a row's date, else of its day.
function M.date(who, node, name)
  if name then return find(who, node.columns, name).name end
  for _, known in ipairs { "ADTM", "ADT", "ADY" } do
    if M.has(node, known) then return node.columns[known:lower()].name end
  end
  fail("not found", who .. ": no column ADT, nor ADTM or ADY; date = names the "
    .. "column of dates")
end

--- common.without(verbs, node, ...): all other columns.
function M.without(verbs, node, ...)
  local gone, list = {}, {}
  for _, name in ipairs { ... } do gone[name:lower()] = true end
  for _, column in ipairs(node.columns) do
    if not gone[column.name:lower()] then list[#list + 1] = column.name end
  end
  return verbs.select(node, table.unpack(list))
end

--- common.refuse(node, rows, show, message) -> node
-- Reading the node is an error where rows (a node) has any; %s of the message is
-- their columns show.
function M.refuse(node, rows, show, message)
  return nodes.derive(node, { checks = nodes.joined(node.checks, {
    { kind = "refuse", node = rows, show = show, message = message } }) })
end

--- common.subjects(verbs, who, node) -> node
-- Reading it is an error where a subject has more than one row.
function M.subjects(verbs, who, node)
  M.need(who, node, "USUBJID")
  local one = verbs.mutate(node, '"ts one" = 1')
  return nodes.derive(M.refuse(node, M.doubled(verbs, one, { "USUBJID" },
    "ts one"), { "USUBJID" }, who .. ": more than one row of a subject: %s"),
    { rules = false })
end

--- common.tell(node, rows, message) -> node
-- Reading the node notes how many rows there are: "%d row%s ...".
function M.tell(node, rows, message)
  return nodes.derive(node, { checks = nodes.joined(node.checks, {
    { kind = "tell", node = rows, message = message } }) })
end

--- common.once(node) -> node
-- What its last columns hold is computed once, for all columns that are made of it.
-- It is computed for all rows, those too that are left out later.
function M.once(node)
  return nodes.derive(node, { layer = layers.once(node.layer) })
end

--- common.levels(node, name, levels, by) -> node
-- The order of a column that was made; by: who declares it.
function M.levels(node, name, levels, by)
  local columns = { table.unpack(node.columns) }
  for i, column in ipairs(columns) do
    if column.name == name then
      columns[i] = copy(column, { levels = levels, type = "text",
        declared = by })
    end
  end
  return nodes.derive(node, { columns = index(columns) })
end

--- common.case(list, column): "case when COLUMN = 'a' then x ... end" of pairs { a,
-- SQL }.
function M.case(list, column)
  local parts = { "case" }
  for i, pair in ipairs(list) do
    parts[i + 1] = ("when %s = %s then %s"):format(quote(column),
      literal(pair[1]), pair[2])
  end
  if #list == 0 then return "null" end
  return table.concat(parts, " ") .. " end"
end

return M
