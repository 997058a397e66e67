-- Tables as Markdown (the pipe tables of GitHub and Pandoc). Spans have no place
-- there: the head of a column names its arm as well.

local layout = require "trialsh.table.layout"
local object = require "trialsh.table.object"
local text = require "ts.text"

local M = {}

local clean = object.clean

--- markdown.escape(s): text in which no sign of Markdown or HTML means anything.
function M.escape(s)
  s = clean(s):gsub("[\\`*_{}%[%]<>|#~$&^@]", "\\%0")
    :gsub("%-%-+", function(dashes) return ("\\-"):rep(#dashes) end)
    :gsub("://", "\\://"):gsub("(www)%.", "%1\\.")
  return s
end
local escape = M.escape

-- The same where a line begins: no list, no quote.
local function paragraph(s)
  return (escape(s):gsub("^([-+])", "\\%1"):gsub("^(%d+)([.)])", "%1\\%2"))
end

local function marked(s, x)
  local marks = layout.marks(x)
  return marks and ("%s ^%s^"):format(s, escape(marks)) or s
end

local function head_of(t, j, heads)
  local c, parts = t.columns[j], {}
  if c.arm and c.head then
    parts[1] = escape(c.arm) .. (c.n and (" (N = %d)"):format(c.n) or "") .. ":"
  end
  for _, line in ipairs(heads[j]) do parts[#parts + 1] = escape(line) end
  return marked(table.concat(parts, " "), heads[j])
end

local function pad(s, width) return s .. (" "):rep(width - text.width(s)) end

--- markdown.table(t) -> text
function M.table(t)
  local _, heads = object.heads(t)
  local grid, widths = { { escape(t.stub or "") } }, {}
  for j in ipairs(t.columns) do grid[1][j + 1] = head_of(t, j, heads) end
  for _, row in ipairs(t.rows) do
    local line = { ("\u{2003}"):rep(row.indent or 0)
      .. marked(escape(row.label), row) }
    for j in ipairs(t.columns) do
      local cell = row.cells[j]
      line[j + 1] = marked(escape(layout.cell(cell)), cell)
    end
    grid[#grid + 1] = line
  end
  for _, line in ipairs(grid) do
    for j, cell in ipairs(line) do
      widths[j] = math.max(widths[j] or 3, text.width(cell))
    end
  end
  local out = {}
  if t.title then out[1] = ("**%s**\n"):format(escape(t.title)) end
  if t.population then
    out[#out + 1] = ("Population: %s\n"):format(escape(t.population))
  end
  if t.stamp then out[#out + 1] = ("**%s**\n"):format(escape(t.stamp)) end
  for i, line in ipairs(grid) do
    for j, cell in ipairs(line) do line[j] = pad(cell, widths[j]) end
    out[#out + 1] = "| " .. table.concat(line, " | ") .. " |"
    if i == 1 then
      local rule = {}
      for j, w in ipairs(widths) do
        rule[j] = (j == 1 or layout.is_text(t.columns[j - 1])) and ":"
          .. ("-"):rep(w - 1) or ("-"):rep(w - 1) .. ":"
      end
      out[#out + 1] = "| " .. table.concat(rule, " | ") .. " |"
    end
  end
  for _, n in ipairs(layout.notes(t)) do
    out[#out + 1] = ("\n%s%s"):format(n[1] and ("^%s^ "):format(escape(n[1]))
      or "", paragraph(n[2]))
  end
  for _, o in ipairs(layout.origin(t)) do
    out[#out + 1] = ("\n%s: %s"):format(escape(o[1]), escape(o[2]))
  end
  return table.concat(out, "\n") .. "\n"
end

--- markdown.save(t, file)
function M.save(t, file) require "ts.gnuplot".write(file, M.table(t)) end

return M
