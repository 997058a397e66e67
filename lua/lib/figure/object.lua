-- A figure: a description that can be drawn on any page, and saved with the
-- data behind it and the sentence that goes below it.

local core = require "ts.gnuplot"
local cframe = require "ts.frame"
local text = require "ts.text"
local fail = require "ts.error".fail
local canvas = require "trialsh.figure.canvas"
local journal = require "trialsh.figure.journal"
local mark = require "trialsh.mark"
local note = require "trialsh.note"
local options = require "trialsh.options"
local sheet = require "trialsh.figure.sheet"

local M = {}

local Figure = {}
local known = { "save", "show", "text", "data", "caption", "width", "height",
  "title" }
local maybe = { title = true, caption = true, note = true, stamp = true,
  words = true, mark = true, entries = true, journal = true, shown = true, parts = true, fit = true, fixed = true }
Figure.__index = function(self, key)
  if Figure[key] ~= nil then return Figure[key] end
  if maybe[key] then return nil end
  local near = type(key) == "string" and text.nearest(key, known)
  fail("not found", ("a figure has no %s%s"):format(tostring(key),
    near and "; nearest: " .. near or "; it has " .. table.concat(known, ", ")))
end
Figure.__name = "figure"

--- object.new(opt, from, fields) -> figure
-- opt: the options as source.options gives them; from: what source.take gives;
-- fields: { what, caption, height, draw = function(page, bottom, top),
-- entries, shown = function() -> names, arrays, fit = function(width, look) -> mm in
-- place of height where what is shown makes it }, title where none is in opt.
function M.new(opt, from, fields)
  fields.title = opt.title or fields.title
    or from.endpoint and from.endpoint.title
  if fields.title == "" then fields.title = nil end
  fields.note = opt.note
  fields.words, fields.mark = opt.stamp or fields.words, from.stamp
  fields.stamp = mark.with(fields.mark, fields.words)
  fields.width, fields.height = opt.width, opt.height or fields.height
  fields.fixed = opt.height ~= nil
  if opt.height then fields.fit = nil end
  if fields.fit then
    fields.height = fields.fit(opt.width, journal.look(opt.journal))
  end
  fields.journal = opt.journal
  return setmetatable(fields, Figure)
end

--- object.is(x)
function M.is(x) return getmetatable(x) == Figure end

--- object.paint(figure, page): draws it on a page, or a region of one
function M.paint(figure, page)
  local hosted = page.shared -- a panel: the page has the stamp
  local bottom, top = sheet.frame(page, { title = figure.title,
    note = figure.note, stamp = not hosted and figure.stamp or nil })
  figure.draw(page, bottom, top)
end

-- Millimetres: of a page of A4; what a panel has at the least, and where a figure is
-- made taller for it.
local TALLEST, LEAST, ROOM = 247, 15, 30

local function paper_of(figure, width, height, j, least)
  local page = canvas.paper(width, height, journal.look(j))
  page.least = least
  M.paint(figure, page)
  return page
end

-- The page of a figure. Where nobody asked for its height it is as tall as labels and
-- tables make it.
local function page_of(figure, width, height, j, fixed)
  if fixed then return paper_of(figure, width, height, j) end
  local most = math.max(height, j and j.tallest[1] or TALLEST)
  local ok, first = pcall(paper_of, figure, width, height, j, LEAST)
  for _, least in ipairs(ok and {} or { ROOM, LEAST, false }) do
    for tall = least and height + 10 or height, most, 10 do
      local good, page = pcall(paper_of, figure, width, tall, j, least or nil)
      if good then
        if width == figure.width then figure.height = tall end
        return page
      elseif not tostring(page):find("leave no room", 1, true) then
        error(page, 0)
      end
    end
  end
  return ok and first or error(first, 0)
end

-- The height asked for, else what the figure takes at that width.
local function height_of(figure, height, width, j)
  return height or figure.fit and figure.fit(width, journal.look(j))
    or figure.height
end

--- object.boxes(figure [, { width, height, journal }]) -> page
-- The page without drawing it: page.boxes holds where text stands.
function M.boxes(figure, opt)
  opt = opt or {}
  local j = opt.journal and journal.find("boxes", opt.journal) or figure.journal
  local width = opt.width or figure.width
  return page_of(figure, width, height_of(figure, opt.height, width, j), j,
    opt.height or figure.fixed)
end

local warned = false

local function warn_of_jail(jailed)
  if jailed or warned then return end
  warned = true
  note.say("the kernel refuses the filter that keeps gnuplot from starting "
    .. "processes; figures are drawn without it")
end

local function warn_of_fonts(page)
  local missing = {}
  for c in pairs(page.missing) do missing[#missing + 1] = c end
  table.sort(missing)
  for i, c in ipairs(missing) do missing[i] = ("%s (U+%04X)"):format(c, utf8.codepoint(c)) end
  if #missing > 0 then
    note.say("no installed font has %s: a square is drawn instead",
      table.concat(missing, ", "))
  end
end

-- Saving ---------------------------------------------------------------------

local extensions = { "pdf", "svg", "png", "eps", "tiff", "tif" }

local function format_of(file)
  local extension = file:match "%.([^./]+)$"
  local lower = extension and extension:lower()
  for _, e in ipairs(extensions) do
    if lower == e then return e == "tif" and "tiff" or e end
  end
  fail("invalid", ("%s: a figure is saved as .pdf, .svg, .png, .eps or .tiff%s")
    :format(file, extension and ", not ." .. extension or ""))
end

-- A figure of one column stays one of one column.
local function width_for(figure, opt, j)
  if opt.width or not opt.journal then
    return journal.width("save", opt.width or figure.width, j)
  end
  return journal.width("save", figure.width <= 120 and "single" or "double", j)
end

local function quoted(s)
  return s:find '[,"\r\n]' and '"' .. s:gsub('"', '""') .. '"' or s
end

local function cell(x)
  if x == nil or x == require "ts.na".NA or x ~= x then return "" end
  return type(x) == "number" and text.number(x) or quoted(tostring(x))
end

-- Numbers of dummy arms say so in each row.
local function csv(marked, names, arrays)
  local lines, heads = {}, {}
  for j, name in ipairs(names) do heads[j] = quoted(name) end
  local dummy = mark.is_dummy(marked)
  if dummy then heads[#heads + 1] = mark.COLUMN end
  lines[1] = table.concat(heads, ",")
  for i = 1, #arrays[1] do
    local row = {}
    for j in ipairs(names) do row[j] = cell(arrays[j][i]) end
    if dummy then row[#row + 1] = mark.DUMMY end
    lines[i + 1] = table.concat(row, ",")
  end
  return table.concat(lines, "\n") .. "\n"
end

-- The parts of a figure with data of their own: itself, or its panels.
local function parts_of(figure)
  return not figure.shown and figure.parts or { { figure = figure } }
end

local function write_beside(figure, stem, page)
  for _, part in ipairs(parts_of(figure)) do
    if part.figure.shown then
      local path = ("%s%s.data.csv"):format(stem,
        part.letter and "." .. part.letter or "")
      core.write(path, csv(figure.mark, part.figure.shown()))
      note.wrote(path)
    end
  end
  local words = figure:describe(page)
  core.write(stem .. ".caption.txt", words .. "\n")
  note.wrote(stem .. ".caption.txt")
end

-- What each file is drawn as, and whether a font for its texts must be here.
local function jobs_of(files, fields)
  local jobs, needs_fonts = {}, false
  for i, file in ipairs(files) do
    local job = { path = file, format = format_of(file) }
    needs_fonts = needs_fonts or job.format ~= "svg"
    jobs[i] = setmetatable(job, { __index = fields })
  end
  return jobs, needs_fonts
end

local function stem_of(file) return (file:gsub("%.[^./]+$", "")) end

--- figure:save(file [, options]) -> file
-- Writes a figure as .pdf, .svg, .png, .eps or .tiff, in exact mm with embedded
-- fonts; beside it NAME.data.csv, the numbers it shows (one file per panel), and
-- NAME.caption.txt, the sentences that go below it. Equal figures have equal
-- bytes. A list of files, { "f.pdf", "f.png", "f.tiff" }, takes half the time of
-- one after another.
--   journal     "JCI Insight", "Nature", "Lancet", "NEJM", "Critical Care":
--               widths, sizes of text, style of P-values (figure.journal)
--   width, height   mm; width also "single" or "double", of the journal
--   dpi         600, or the journal's: of .png and .tiff, which record it
--   beside      true: the data and the caption too
--   keep        false; true: the gnuplot script NAME.gp as well
--
-- See also: figure.journal, figure.panels.
function Figure:save(file, opt)
  local files = type(file) == "table" and file or { file }
  for i = 1, math.max(1, #files) do
    if type(files[i]) ~= "string" then
      fail("type", 'save takes the name of a file, "figure.pdf", or a list of names')
    end
  end
  opt = options("save", opt, {
    width = { "any" }, height = { "number", nil, least = 10 },
    dpi = { "number", nil, least = 36, below = 2400.5 },
    keep = { "boolean", false }, journal = { "string" },
    beside = { "boolean", true },
  })
  local j = journal.find("save", opt.journal) or self.journal
  local width = width_for(self, opt, j)
  local page = page_of(self, width, height_of(self, opt.height, width, j), j,
    opt.height or self.fixed)
  local height = page.height
  local jobs, needs_fonts = jobs_of(files, { width = width, height = height,
    dpi = opt.dpi or j and j.dpi[1] or 600,
    origin = require "trialsh.sessioninfo".origin() })
  if j and height > j.tallest[1] then
    note.say("%s: %s takes figures of %s mm at most; this one is %s mm tall",
      files[1], j[1], text.number(j.tallest[1]), text.number(height))
  end
  local commands = page:commands()
  local seen = {}
  for _, job in ipairs(opt.keep and jobs or {}) do
    local beside = stem_of(job.path) .. ".gp"
    if not seen[beside] then
      seen[beside] = true
      core.write(beside, ("# gnuplot -d THIS.gp > FIGURE.%s\n"):format(job.format)
        .. core.script(commands, job))
      note.wrote(beside)
    end
  end
  warn_of_jail(core.save(commands, jobs))
  if needs_fonts then warn_of_fonts(page) end
  for _, name in ipairs(files) do
    note.wrote(name)
    local stem = stem_of(name)
    if opt.beside and not seen[stem] then write_beside(self, stem, page) end
    seen[stem] = true
  end
  return file
end

--- figure:words_below([page]): caption and note as one text; a page knows how a
-- journal writes them.
function Figure:words_below(page)
  local words, caption = {}, self.caption
  page = page or canvas.paper(self.width, self.height,
    journal.look(self.journal))
  if type(caption) == "function" then caption = caption(page) end
  -- word by word, for a label has a longest length and a caption has not
  words[1] = caption and caption:gsub("%S+", function(word) return page:plain(word) end)
  words[#words + 1] = self.note
  return table.concat(words, " ")
end

--- figure:describe([page]): title, caption, note and stamp as one text.
function Figure:describe(page)
  local words = {}
  if self.title then words[1] = self.title:gsub("%.?$", ".") end
  words[#words + 1] = self:words_below(page)
  if self.stamp then words[#words + 1] = self.stamp .. "." end
  return table.concat(words, " ")
end

--- figure:data([panel]) -> frame
-- The numbers that a figure shows, as they are saved beside it; of panels those
-- of the one with that letter or number.
--
--   > #figure.points { demo.adsl, y = "AGE" }:data()
--   24
--
-- See also: figure:save.
function Figure:data(panel)
  local parts = parts_of(self)
  local found
  for i, part in ipairs(parts) do
    if panel == nil and #parts == 1 or panel == i or panel == part.letter then
      found = part.figure
    end
  end
  if not found then
    fail("not found", ("data: which panel? 1 to %d"):format(#parts))
  end
  if not found.shown then fail("not found", "data: it shows none") end
  return require "trialsh.data".wrap(cframe.build(found.shown()),
    self.mark)
end

-- The preview ----------------------------------------------------------------

local function lines_of(s)
  local out = {}
  for line in (s:gsub("\f", "") .. "\n"):gmatch "(.-)\n" do
    out[#out + 1] = text.escape((line:gsub("%s+$", "")))
  end
  while #out > 0 and out[#out] == "" do out[#out] = nil end
  while #out > 0 and out[1] == "" do table.remove(out, 1) end
  return table.concat(out, "\n") .. "\n"
end

--- f:text([{ columns, lines }]) -> the figure as text
function Figure:text(opt)
  opt = options("text", opt, {
    columns = { "integer", math.tointeger(tonumber(os.getenv "COLUMNS")) or 80,
      least = 40, below = 501 },
    lines = { "integer", nil, least = 10, below = 301 },
  })
  local lines = opt.lines or math.min(30,
    math.max(16, (math.tointeger(tonumber(os.getenv "LINES")) or 30) - 3))
  local out = {}
  for _, part in ipairs(self.parts or parts_of(self)) do -- one below the other
    local page = canvas.terminal(opt.columns, lines)
    page.letter = not self.shown and part.letter or nil
    local figure = part.figure
    if figure ~= self and self.stamp then
      figure = setmetatable({ stamp = self.stamp }, { __index = figure })
    end
    M.paint(figure, page)
    local picture, jailed = core.draw(page:commands(), { format = "dumb",
      width = opt.columns, height = lines })
    warn_of_jail(jailed)
    out[#out + 1] = lines_of(picture)
  end
  return table.concat(out, "\n")
end

--- f:show([{ columns, lines }]): prints it
function Figure:show(opt)
  io.stdout:write(self:text(opt))
end

function Figure:__tostring()
  local lines = { ("%s%s, %s x %s mm; f:show() here, f:save(\"name.pdf\")"):format(
    self.what, self.title and ": " .. self.title or "",
    text.number(self.width), text.number(self.height)) }
  if type(self.caption) == "string" then lines[2] = self.caption end
  return text.escape(table.concat(lines, "  "))
end

return M
