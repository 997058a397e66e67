-- CDISC Dataset-JSON: what an import reads and says, and what is written.

local dsjson = require "ts.dsjson"
local note = require "trialsh.note"
local export = require "trialsh.export"
local iso = require "trialsh.iso"

local M = { what = "Dataset-JSON",
  extensions = { json = true, ndjson = true, dsjc = true },
  takes = { types = { "table" } },
  writes = { member = { "string" }, label = { "string" },
    created = { "string" } },
  holds = { label = true, format = true } }

-- The columns that are the key, in their order; items say what the file says
-- of each column.
local function key_of(items)
  local keys, names = {}, {}
  for _, item in ipairs(items) do
    if item.keySequence then keys[#keys + 1] = item end
  end
  table.sort(keys, function(a, b) return a.keySequence < b.keySequence end)
  for i, item in ipairs(keys) do names[i] = item.name end
  return #names > 0 and names or nil
end

--- dsjson.is(path): not some other JSON, such as a schema or a manifest.
function M.is(path)
  local f = io.open(path, "rb")
  local head = f and f:read(4096) or ""
  if f then f:close() end
  return not head:find "^[%s\xEF\xBB\xBF]*[%[{\"]"
    or head:find('"datasetJSON', 1, true) ~= nil
end

--- dsjson.open(path, opt) -> file, facts
function M.open(path, opt)
  local frame, facts = dsjson.read(path, opt.types)
  facts.frame, facts.n_row = frame, #frame
  facts.dataset = facts.attributes
  facts.label, facts.member = facts.dataset.label, facts.dataset.name
  facts.dataset.label, facts.dataset.name = nil, nil
  facts.key = key_of(facts.items)
  return { frame = function() return frame end, close = function() end }, facts
end

--- dsjson.say(path, facts [, table]): rows and columns.
function M.say(path, facts, name)
  note.say("%s: %s read, %s%s", path, note.plural(facts.n_row, "row"),
    note.plural(#facts.frame:names(), "column"), name and ", table " .. name or "")
end

--- dsjson.store(store, name, file, facts): the rows go into a table.
function M.store(store, name, _, facts) store:write(name, facts.frame) end

--- dsjson.columns(facts): as the study enters them.
function M.columns(facts)
  local NA = require "ts.na".NA
  local columns = {}
  for j, name in ipairs(facts.frame:names()) do
    local c = facts.frame:column(j)
    columns[j] = { name = name, type = c.type,
      label = c.label ~= NA and c.label or nil,
      format = c.format ~= NA and c.format or nil,
      item = facts.items[j] }
  end
  return columns
end

-- What is written of each column: what the file that it came from said, as
-- long as it kept its name, else the kind of its dates; and the key.
local function items_of(node)
  local items, known = {}, {}
  for _, c in ipairs(node.columns) do
    local item = c.item and c.item.name == c.name and c.item
    known[#known + 1] = item or nil
    items[c.name] = {}
    for name, value in pairs(item or { dataType = iso.kind(c.format) }) do
      items[c.name][name] = value
    end
  end
  local was, key = key_of(known), node.key
  if key and table.concat(key, "\0") ~= table.concat(was or {}, "\0") then
    for _, item in pairs(items) do item.keySequence = nil end
    for i, name in ipairs(key) do
      if items[name] then items[name].keySequence = i end
    end
  end
  return items
end

--- dsjson.write(node, path, opt): the rows of a relation as a dataset.
function M.write(node, path, opt)
  local facts, frame = export.facts(node), export.rows(node)
  local dataset = facts.dataset or {}
  local name = opt.member or export.member(node, path)
  local created = opt.created or dataset.datasetJSONCreationDateTime
    or "1960-01-01"
  if created:find "^%d%d%d%d%-%d%d%-%d%d$" then
    created = created .. "T00:00:00"
  end
  dsjson.write(frame, path, require "ts.file".mode(), { name = name,
    label = opt.label or facts.label or name, attributes = dataset,
    items = items_of(node), created = created })
end

return M
