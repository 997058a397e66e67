-- CDISC Dataset-JSON: what an import reads and says, and what is written.

local dsjson = require "ts.dsjson"
local note = require "trialsh.note"
local iso = require "trialsh.iso"

local M = { what = "Dataset-JSON",
  extensions = { json = true, ndjson = true, dsjc = true }, takes = {},
  writes = { member = { "string" }, label = { "string" },
    created = { "string" } } }

-- The columns that the file names as its key, in their order.
local function key_of(facts)
  local key = {}
  for name in pairs(facts.key_sequence) do key[#key + 1] = name end
  table.sort(key, function(a, b)
    return facts.key_sequence[a] < facts.key_sequence[b]
  end)
  return #key > 0 and key or nil
end

--- dsjson.open(path) -> file, facts
function M.open(path)
  local frame, facts = dsjson.read(path)
  facts.frame, facts.n_row = frame, #frame
  facts.label, facts.member = facts.attributes.label, facts.attributes.name
  facts.key = key_of(facts)
  return { frame = function() return frame end, close = function() end }, facts
end

--- dsjson.say(path, facts [, table]): rows and columns.
function M.say(path, facts, name)
  note.say("%s: %d rows read, %d columns%s", path, facts.n_row,
    #facts.frame:names(), name and ", table " .. name or "")
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
      format = c.format ~= NA and c.format or nil }
  end
  return columns
end

--- dsjson.write(node, path, opt): the rows of a relation as a dataset.
function M.write(node, path, opt)
  local facts = node.study and node.name and not node.verb
    and node.study:facts_of(node.name) or {}
  local frame = node.frame or require "trialsh.relation".ask(node)
  local kinds = {}
  for j, name in ipairs(frame:names()) do
    kinds[name] = iso.kind(frame:column(j).format)
  end
  local name = opt.member or facts.member
    or (node.name or path:match "([^/]+)$":gsub("%.[^.]*$", "")):upper()
  dsjson.write(frame, path, require "ts.file".mode(), { name = name,
    label = opt.label or facts.label or name, kinds = kinds,
    created = opt.created or "1960-01-01T00:00:00" })
end

return M
