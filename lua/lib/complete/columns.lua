-- What completion knows of data: the columns of a relation, those that the texts
-- of its chain define, those of everything that is open; the values of a column.

local relation = require "trialsh.relation"

local M = {}

--- columns.relation_at("s.adlb:where():mutate"): the relation or frame at the
-- head of it, or nil.
function M.relation_at(path)
  if not path then return nil end
  local head = path:match "^[%s({]*([%a_][%w_.]*)"
  if not head then return nil end
  local value = require "trialsh.complete".walk(head)
  return relation.is(value) and value or nil
end

-- Adds the columns of a relation that are not there yet.
local function add_all(list, r)
  local node = relation.node_of(r)
  for _, column in ipairs(node.columns) do
    if not list.seen[column.name] then
      list.seen[column.name] = true
      list[#list + 1] = { name = column.name, levels = column.levels,
        type = column.type, origin = column.origin, study = node.study }
    end
  end
  return list
end

--- columns.of(relation, strings): its columns, and the new ones that texts of
-- the chain define.
function M.of(r, strings)
  local list = add_all({ seen = {} }, r)
  for _, text in ipairs(strings or {}) do
    local name = text:match "^%s*([%a_][%w_]*)%s*=[^=]"
    if name and not list.seen[name] then
      list.seen[name] = true
      list[#list + 1] = { name = name }
    end
  end
  return list
end

--- columns.of_all(relations): those of { { name, relation }, ... }.
function M.of_all(relations)
  local list = { seen = {} }
  for _, pair in ipairs(relations) do add_all(list, pair[2]) end
  return list
end

--- columns.sources(): the tables of the open study and the relations and frames
-- in variables, { { name, relation } }.
function M.sources()
  local list = {}
  local s = require "trialsh.study".current()
  if s then
    for _, t in ipairs(require "trialsh.study".inner(s):tables_list()) do
      list[#list + 1] = { t.name, s[t.name] }
    end
  end
  local names = {}
  for name, value in next, _G do
    if type(name) == "string" and relation.is(value) then
      names[#names + 1] = name
    end
  end
  table.sort(names)
  for _, name in ipairs(names) do
    list[#list + 1] = { name, rawget(_G, name) }
  end
  return list
end

--- columns.names(list): names of columns or of sources.
function M.names(list)
  local names = {}
  for i, x in ipairs(list) do names[i] = x.name or x[1] end
  return names
end

local LOOKED_AT, OFFERED = 20000, 200 -- rows, values

-- The values in the first rows of a stored table that begin as typed.
local function stored(column, typed)
  local quote = require "trialsh.expression".quote
  local list = {}
  for i, row in ipairs(column.study:rows(("select distinct v from (select %s "
      .. "as v from %s limit %d) where substr(v, 1, ?) = ? order by v limit %d")
      :format(quote(column.origin.name), quote(column.origin.table), LOOKED_AT,
        OFFERED), { utf8.len(typed) or #typed, typed })) do
    list[i] = row.v
  end
  return list
end

--- columns.values(list, name, typed): levels of the column of that name, or the
-- texts it holds.
function M.values(list, name, typed)
  for _, column in ipairs(list) do
    local origin = column.origin
    if column.name:lower() ~= name:lower() then
      goto continue
    elseif column.levels then
      return column.levels
    elseif origin and origin.frame then
      local c = origin.frame:column(origin.name)
      return c.type == "text" and c.levels or {}
    elseif column.type == "text" and origin and origin.table and column.study then
      return stored(column, typed)
    end
    do return {} end
    ::continue::
  end
  return {}
end

return M
