-- A figure: a description that can be drawn on any page.

local core = require "ts.gnuplot"
local text = require "ts.text"
local fail = require "ts.error".fail
local canvas = require "trialsh.figure.canvas"
local note = require "trialsh.note"
local options = require "trialsh.options"

local M = {}

local Figure = {}
Figure.__index = function(self, key)
  if Figure[key] ~= nil then return Figure[key] end
  local known = { "save", "show", "text", "caption", "width", "height", "title" }
  if key == "title" or key == "caption" then return nil end
  local near = type(key) == "string" and text.nearest(key, known)
  fail("not found", ("a figure has no %s%s"):format(tostring(key),
    near and "; nearest: " .. near or "; it has " .. table.concat(known, ", ")))
end
Figure.__name = "figure"

local warned = false

local function warn(page, jailed)
  if not jailed and not warned then
    warned = true
    note.say("the kernel refuses the filter that keeps gnuplot from starting "
      .. "processes; figures are drawn without it")
  end
  local missing = {}
  for c in pairs(page.missing) do missing[#missing + 1] = c end
  table.sort(missing)
  for i, c in ipairs(missing) do missing[i] = ("%s (U+%04X)"):format(c, utf8.codepoint(c)) end
  if #missing > 0 then
    note.say("no installed font has %s: a square is drawn instead",
      table.concat(missing, ", "))
  end
end

local extensions = { "pdf", "svg", "png" }

local function format_of(file)
  local extension = file:match "%.([^./]+)$"
  local lower = extension and extension:lower()
  for _, known in ipairs(extensions) do
    if lower == known then return known end
  end
  fail("invalid", ("%s: a figure is saved as .pdf, .svg or .png%s"):format(file,
    extension and ", not ." .. extension or ""))
end

--- f:save(file [, { width, height, dpi, keep }]) -> file
function Figure:save(file, opt)
  if type(file) ~= "string" then
    fail("type", "save takes the name of a file, \"figure.pdf\"")
  end
  local format = format_of(file)
  opt = options("save", opt, {
    width = { "number", self.width, least = 10 },
    height = { "number", self.height, least = 10 },
    dpi = { "number", 600, least = 36, below = 2400.5 },
    keep = { "boolean", false },
  })
  local page = canvas.paper(opt.width, opt.height, format)
  self.draw(page)
  local commands = page:commands()
  local job = { format = format, width = opt.width, height = opt.height,
    dpi = opt.dpi, origin = require "trialsh.sessioninfo".origin() }
  if opt.keep then
    local beside = file:gsub("%.[^./]+$", "") .. ".gp"
    core.write(beside, ("# gnuplot -d THIS.gp > FIGURE.%s\n"):format(format)
      .. core.script(commands, job))
    note.wrote(beside)
  end
  warn(page, core.save(commands, file, job))
  note.wrote(file)
  return file
end

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
  local page = canvas.terminal(opt.columns, lines)
  self.draw(page)
  local picture, jailed = core.draw(page:commands(), { format = "dumb",
    width = opt.columns, height = lines })
  warn(page, jailed)
  return lines_of(picture)
end

--- f:show([{ columns, lines }]): prints it
function Figure:show(opt)
  io.stdout:write(self:text(opt))
end

function Figure:__tostring()
  local lines = { ("%s%s, %s x %s mm; f:show() here, f:save(\"name.pdf\")"):format(
    self.what, self.title and ": " .. self.title or "",
    text.number(self.width), text.number(self.height)) }
  if self.caption then lines[2] = self.caption end
  return text.escape(table.concat(lines, "  "))
end

--- object.new { what, title, caption, width, height, draw = function(page) }
function M.new(fields)
  return setmetatable(fields, Figure)
end

--- object.is(x)
function M.is(x) return getmetatable(x) == Figure end

return M
