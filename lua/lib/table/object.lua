-- A table: what stands in it, apart from how it is written.
--
--   what      "summary", the kind;  title, population   text
--   columns   { { arm =, n =, head = }, ... }: columns of one arm stand together
--             below its name and N; head is what one of them shows
--   rows      { { label =, indent =, cells = { cell or nil, ... }, variable =,
--             level =, heading = true }, ... }
--   cells     table/cell.lua: text, and the statistics it was made of
--   notes     { { text =, mark = "a" or nil }, ... }, below the table
--   origin    { { "Source", "adsl ..." }, ... }, what it was made of
--   stamp     the mark of the data (trialsh.mark) or nil
--
-- Writers (table/text.lua, html.lua, ...) read these fields and change nothing.

local fail = require "ts.error".fail
local text = require "ts.text"
local note = require "trialsh.note"
local options = require "trialsh.options"

local M = {}

local Table = {}

local fields = { "what", "title", "population", "stub", "columns", "rows",
  "notes", "origin", "stamp" }
local methods = { "save", "show", "text", "tidy", "cell" }

Table.__index = function(_, key)
  if Table[key] ~= nil then return Table[key] end
  for _, name in ipairs(fields) do
    if key == name then return nil end
  end
  local known = { table.unpack(fields) }
  table.move(methods, 1, #methods, #known + 1, known)
  fail("not found", ("a table has no %s%s"):format(tostring(key),
    require "trialsh.names".hint(key, known)))
end
Table.__name = "table"

Table.__complete = function(_, separator)
  return separator == "." and fields or methods
end

-- Which file writes a format: extension -> module, function.
local writers = { txt = "text", md = "markdown", html = "html", htm = "html",
  tex = "latex", rtf = "rtf", docx = "docx", xlsx = "workbook", csv = "records",
  json = "records" }
M.extensions = { "txt", "md", "html", "tex", "rtf", "docx", "xlsx", "csv",
  "json" }

local function writer_of(file)
  local extension = file:match "%.([^./]+)$"
  local name = extension and writers[extension:lower()]
  if name then return require("trialsh.table." .. name), extension:lower() end
  fail("invalid", ("%s: a table is saved as .%s%s"):format(file,
    table.concat(M.extensions, ", .", 1, #M.extensions - 1) .. " or ."
      .. M.extensions[#M.extensions],
    extension and ", not ." .. extension or ""))
end

--- table:save(file [, opt]) -> file
-- Writes a table: .txt, .md, .html, .tex (longtable and booktabs), .rtf
-- (landscape, its header on every page, page x of y), .docx, .xlsx; .csv and
-- .json have a row per statistic with its context, unrounded. Title, population,
-- source, program and the mark of made-up data are in every one; the same table
-- gives the same bytes.
--   width, lines  of a page of .txt: 100 letters, no pages; width of .tex: 78, the
--                 text of article, and about 130 of it in landscape; what is wider
--                 stands in blocks of columns
--   paper         "letter", "a4": of .rtf and .docx, which are landscape
--   spreadsheet   true: ' before texts of .csv that look like formulas
--
--   > table.summary { demo.adsl, by = "TRT01P", "AGE" }:save "/tmp/table.pdf"
--   error: /tmp/table.pdf: a table is saved as .txt, .md, .html, .tex, .rtf, .docx, .xlsx, .csv or .json, not .pdf
--
-- See also: table.summary, table:tidy.
function Table:save(file, opt)
  if type(file) ~= "string" then
    fail("type", 'save takes the name of a file, "table.rtf"')
  end
  local writer, extension = writer_of(file)
  opt = options("save", opt, {
    width = { "integer", writer.WIDTH or 100, least = 40, below = 501 },
    lines = { "integer", nil, least = 12, below = 10001 },
    spreadsheet = { "boolean", false },
    paper = { { "letter", "a4" }, "letter" },
  })
  opt.extension = extension
  writer.save(self, file, opt)
  note.wrote(file)
  return file
end

--- table:text([opt]) -> text
-- The table as text, with title, notes and what it was made of; t:show() prints
-- it as wide as the screen.
--   width  100, columns of a page;  lines  of a page: the header on each
--
--   > t = table.summary { demo.adsl, by = "TRT01P", "SEX" }
--   > t:text { width = 60 }:match "[^\n]*"
--   Summary of variables
--
-- See also: table:save.
function Table:text(opt)
  opt = options("text", opt, {
    width = { "integer", 100, least = 40, below = 501 },
    lines = { "integer", nil, least = 12, below = 10001 },
  })
  return require "trialsh.table.text".pages(self, opt)
end

-- t:show() prints it.
function Table:show()
  io.stdout:write(require "trialsh.table.text".pages(self,
    { width = require "trialsh.show".width() }))
end

--- table:tidy() -> frame
-- A row per statistic of the table: row, label, variable, level, arm, column,
-- N of the arm, statistic, value, and the cell's text. Nothing is rounded.
--
--   > t = table.summary { demo.adsl, by = "TRT01P", "AGE" }
--   > t:tidy():where "statistic = 'mean'":select("arm", "n_arm", "value")
--      arm        n_arm  value
--   1  Placebo        8  66.25
--   2  CYT107 LF      8  68.50
--   3  CYT107 HF      8  67.25
--     SIMULATED DATA
--
-- See also: table:save, table:cell.
function Table:tidy()
  return require "trialsh.table.records".frame(self)
end

local function nth(list, key, get, what)
  if math.type(key) == "integer" and list[key] then return key end
  local names = {}
  for i, item in ipairs(list) do
    names[i] = get(item)
    if names[i] == key then return i end
  end
  fail("not found", ("the table has no %s %s%s"):format(what, tostring(key),
    require "trialsh.names".hint(key, names)))
end

--- table:cell(row, column) -> text
-- What stands in a cell; row and column by number or by name.
--
--   > table.summary { demo.adsl, by = "TRT01P", "AGE" }:cell(1, "Placebo")
--   66.3 (10.9)
--
-- See also: table:tidy.
function Table:cell(row, column)
  local i = nth(self.rows, row, function(r) return r.label end, "row")
  local j = nth(self.columns, column, function(c) return c.head or c.arm end,
    "column")
  local cell = self.rows[i].cells[j]
  return cell and cell.text or ""
end

function Table:__tostring()
  return require "trialsh.table.text".prompt(self)
end

--- object.new(fields) -> table
function M.new(t)
  t.rows, t.notes, t.origin = t.rows or {}, t.notes or {}, t.origin or {}
  return setmetatable(t, Table)
end

--- object.is(x)
function M.is(x) return getmetatable(x) == Table end

--- object.note(t, words) -> mark: a note that rows, columns or cells refer to;
-- equal words are one note.
function M.note(t, words)
  local n = 0
  for _, known in ipairs(t.notes) do
    if known.text == words and known.mark then return known.mark end
    if known.mark then n = n + 1 end
  end
  local mark = string.char(97 + n % 26):rep(1 + n // 26)
  t.notes[#t.notes + 1] = { text = words, mark = mark }
  return mark
end

--- object.say(t, words): a note of the whole table.
function M.say(t, words)
  for _, known in ipairs(t.notes) do
    if known.text == words then return end
  end
  t.notes[#t.notes + 1] = { text = words }
end

--- object.clean(s): text as one line that no control character is in.
function M.clean(s)
  return (text.escape((tostring(s):gsub("[\n\r\t\f\v]+", " "))))
end

--- object.heads(t) -> spans { text, from, to } over columns, or nil where there
-- are none; heads { list of lines } by column.
function M.heads(t)
  local spans, heads = {}, {}
  for j, c in ipairs(t.columns) do
    local arm = c.arm and M.clean(c.arm)
    local of = c.n and ("(N = %d)"):format(c.n) or nil
    if c.arm and c.head then
      local last = spans[#spans]
      if last and last.arm == c.arm and last.to == j - 1 then
        last.to = j
      else
        spans[#spans + 1] = { text = of and arm .. " " .. of or arm, arm = c.arm,
          from = j, to = j }
      end
      heads[j] = { M.clean(c.head) }
    else
      heads[j] = { arm or M.clean(c.head or ""), of }
    end
    heads[j].mark = c.mark
  end
  return #spans > 0 and spans or nil, heads
end

return M
