-- Tables as XLSX: a sheet that looks like the table, one of its statistics,
-- unrounded, and one of title, notes and origin.

local build = require "ts.frame".build
local layout = require "trialsh.table.layout"
local object = require "trialsh.table.object"
local records = require "trialsh.table.records"
local relation = require "trialsh.relation"

local M = {}

local clean = object.clean

-- Heads are names of columns there: each once, whatever its case, and not empty.
local function unique(names)
  local seen, out = {}, {}
  for i, name in ipairs(names) do
    local base, n = name == "" and "Row" or name, 1
    name = base
    while seen[name:lower()] do
      n = n + 1
      name = ("%s (%d)"):format(base, n)
    end
    seen[name:lower()], out[i] = true, name
  end
  return out
end

local function head_of(c)
  local words = {}
  if c.arm then words[1] = clean(c.arm) end
  if c.n then words[#words + 1] = ("(N = %d)"):format(c.n) end
  if c.head then words[#words + 1] = clean(c.head) end
  return table.concat(words, " ")
end

local function marked(s, x)
  local marks = layout.marks(x)
  return marks and ("%s [%s]"):format(s, marks) or s
end

local function table_frame(t)
  local names, arrays = { clean(t.stub or "") }, { {} }
  for j, column in ipairs(t.columns) do
    names[j + 1], arrays[j + 1] = head_of(column), {}
  end
  for i, row in ipairs(t.rows) do
    arrays[1][i] = ("   "):rep(row.indent or 0) .. marked(clean(row.label), row)
    for j in ipairs(t.columns) do
      local cell = row.cells[j]
      arrays[j + 1][i] = cell and marked(layout.cell(cell), cell) or ""
    end
  end
  return build(unique(names), arrays)
end

local function about_frame(t)
  local what, words = {}, {}
  local function add(name, s)
    if s then what[#what + 1], words[#words + 1] = name, clean(s) end
  end
  add("Title", t.title or t.what)
  add("Population", t.population)
  add("Mark", t.stamp)
  for _, n in ipairs(layout.notes(t)) do
    add("Note", n[1] and ("[%s] %s"):format(n[1], n[2]) or n[2])
  end
  for _, o in ipairs(layout.origin(t)) do add(o[1], o[2]) end
  return build({ "What", "Text" }, { what, words })
end

--- workbook.save(t, file)
function M.save(t, file)
  local sheets = {}
  for i, sheet in ipairs { { "Table", table_frame(t) },
      { "Statistics", relation.node_of(records.frame(t)).frame },
      { "About", about_frame(t) } } do
    sheets[i] = { name = sheet[1], node = relation.node_of(relation.of_frame(
      sheet[2], { simulated = t.stamp })) }
  end
  require "trialsh.xlsx".write_sheets(sheets, file,
    { label = clean(t.title or t.what) })
end

return M
