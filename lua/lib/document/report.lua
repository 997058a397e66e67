-- report "ID" { ... }: text, tables and figures as one page, and as the pieces
-- of a manuscript in a folder beside it.

local files = require "ts.file"
local json = require "ts.json"
local text = require "ts.text"
local errors = require "ts.error"
local figure = require "trialsh.figure.object"
local mark = require "trialsh.mark"
local note = require "trialsh.note"
local options = require "trialsh.options"
local place = require "trialsh.document.place"
local page = require "trialsh.document.page"
local table_object = require "trialsh.table.object"

local fail = errors.fail
local write = require "ts.gnuplot".write

local M = {}

-- What stands in a report ------------------------------------------------------

local function kind_of(id, i, x)
  if type(x) == "string" then return "text" end
  if table_object.is(x) then return "table" end
  if figure.is(x) then return "figure" end
  fail("type", ("report %s: entry %d is a %s; text, tables and figures stand "
    .. "in a report"):format(id, i, type(x)))
end

-- { kind, html or object, number } in order; every place of its texts is filled.
local function entries_of(s, id, list, journal)
  local out, count, wrong = {}, { table = 0, figure = 0, text = 0 }, {}
  for i, x in ipairs(list) do
    local kind = kind_of(id, i, x)
    count[kind] = count[kind] + 1
    local entry = { kind = kind, number = count[kind] }
    if kind == "text" then
      local ok, filled = pcall(place.fill, s, x, { journal = journal,
        name = ("text %d"):format(entry.number) })
      if ok then entry.text = filled else wrong[#wrong + 1] = filled.message end
    else
      entry.object = x
      entry.name = ("%s-%d"):format(kind, entry.number)
    end
    out[i] = entry
  end
  if #wrong > 0 then
    fail("not found", ("report %s: %s"):format(id, table.concat(wrong, "\n")))
  end
  return out
end

-- Pieces ---------------------------------------------------------------------

-- The methods: a paragraph for each endpoint that has results.
local function methods_of(s)
  local ok, words = pcall(function()
    return require "trialsh.endpoint.explain".explain(s.results)
  end)
  return ok and words ~= "" and words or nil
end

local function unique(list, key)
  local seen, out = {}, {}
  for _, x in ipairs(list) do
    local k = key(x)
    if k and not seen[k] then
      seen[k] = true
      out[#out + 1] = x
    end
  end
  table.sort(out, function(a, b) return key(a) < key(b) end)
  return out
end

-- Scripts that defined results and derived tables, with their SHA-256.
local function scripts_of(s, inner)
  local list = {}
  local ok, results = pcall(function() return s.results end)
  if ok then
    for row in results:rows() do
      if type(row.script) == "string" then
        list[#list + 1] = { file = row.script, sha256 = row.script_sha256 }
      end
    end
  end
  for _, t in ipairs(inner:tables_list()) do
    if t.kind == "derived" and t.script and t.sha256 then
      list[#list + 1] = { file = t.script, sha256 = t.sha256 }
    end
  end
  local main = rawget(_G, "arg") and arg[0]
  local sum = main and files.sha256(main)
  if sum then list[#list + 1] = { file = main, sha256 = sum } end
  return unique(list, function(x) return x.file .. " " .. tostring(x.sha256) end)
end

local function inputs_of(inner)
  local list = {}
  for _, t in ipairs(inner:tables_list()) do
    if t.file and t.sha256 and t.kind ~= "derived" then
      list[#list + 1] = { table = t.name, file = t.file, sha256 = t.sha256 }
    end
  end
  return unique(list, function(x) return x.table end)
end

local function manifest(s, id, opt, outputs)
  local inner = require "trialsh.study".inner(s)
  local session = require "trialsh.session"
  local last = s.audit:row(#s.audit)
  local trial = inner:trial()
  return json.encode {
    report = id, title = opt.title, study = inner.handle:path(),
    program = { version = session.version, commit = session.commit },
    seed = trial and trial.seed, inputs = inputs_of(inner),
    scripts = scripts_of(s, inner), outputs = outputs,
    audit = { event = last.seq, sha256 = last.hash },
    mark = opt.stamp,
  }
end

local function content(path)
  local file = assert(io.open(path, "rb"))
  local all = file:read "a"
  file:close()
  return all
end

-- In all formats at once; the page shows the SVG, also where the folder does not
-- keep it.
local function save_figure(entry, stem, opt)
  local list, there = {}, false
  for i, extension in ipairs(opt.figures) do
    list[i] = stem .. extension
    there = there or extension == "svg"
  end
  if not there then list[#list + 1] = stem .. "svg" end
  entry.object:save(list, { journal = opt.journal, beside = opt.figures[1] ~= nil })
end

-- Pieces know nothing of each other, and --jobs may share them out, the largest
-- figures first; not where a log is to hear what was written.
local function save_pieces(folder, entries, opt)
  local list, area = {}, {}
  for _, entry in ipairs(entries) do
    if entry.object then
      list[#list + 1] = entry
      area[entry] = entry.kind == "figure"
        and entry.object.width * entry.object.height or 0
    end
  end
  local function save(i)
    local entry = list[i]
    local stem = ("%s/%s."):format(folder, entry.name)
    if entry.kind == "figure" then
      save_figure(entry, stem, opt)
    else
      for _, extension in ipairs(opt.tables) do entry.object:save(stem .. extension) end
    end
    return ""
  end
  if note.log then
    for i in ipairs(list) do save(i) end
  else
    table.sort(list, function(a, b)
      if area[a] ~= area[b] then return area[a] > area[b] end
      return a.number < b.number
    end)
    require "trialsh.jobs".map(#list, save, "tables and figures")
  end
end

-- Writes every piece; figures keep their SVG, which the page shows.
local function write_pieces(folder, entries, methods, opt)
  save_pieces(folder, entries, opt)
  local keeps_svg = false
  for _, extension in ipairs(opt.figures) do
    keeps_svg = keeps_svg or extension == "svg"
  end
  for _, entry in ipairs(entries) do
    if entry.kind == "figure" then
      local svg = ("%s/%s.svg"):format(folder, entry.name)
      entry.svg = content(svg)
      if not keeps_svg then os.remove(svg) end
    end
  end
  if methods then write(folder .. "/methods.md", methods .. "\n") end
end

local function written(folder)
  local out = {}
  for _, name in ipairs(files.list(folder)) do
    local sum, bytes = files.sha256(folder .. "/" .. name)
    if sum and name ~= "manifest.json" then
      out[#out + 1] = { file = name, bytes = bytes, sha256 = sum }
    end
  end
  return out
end

-- What an earlier report left there is not part of this one.
local function clear(folder)
  for _, name in ipairs(files.list(folder) or {}) do
    if name:find "^table%-%d+%." or name:find "^figure%-%d+%."
        or name == "methods.md" or name == "manifest.json" then
      os.remove(folder .. "/" .. name)
    end
  end
end

local function formats_of(name, given, known)
  local list = given == nil and known or type(given) == "string" and { given }
    or given
  local out = {}
  for i, extension in ipairs(list) do
    local there = false
    for _, k in ipairs(known) do there = there or k == extension end
    if not there then
      fail("invalid", ("report: %s = %s; there are %s"):format(name,
        tostring(extension), table.concat(known, ", ")))
    end
    out[i] = extension
  end
  return out
end

--- report "ID" { option = ..., "Markdown", table, figure, ... } -> file
-- Writes OUT/ID.html, one page that needs nothing else: contents, text, tables
-- and figures in their order, and the methods; and the folder OUT/ID with each
-- table and figure in every format, methods.md, and manifest.json, which has the
-- SHA-256 of inputs, scripts and outputs, the seed, versions and the head of the
-- audit trail. Text is Markdown (# headings, lists, *emphasis*, **strong**,
-- `code`), and {{ADDRESS}} in it stands for results, as in fill. An address that
-- names nothing is an error; then nothing is written. The same study and scripts
-- give the same bytes.
--   out      the folder, "out"
--   title    of the page, the trial's by default
--   journal  widths and text of figures, how P is written: "JCI Insight" ...
--   tables, figures  formats of the pieces, all by default: { "docx", "csv" }
--   methods  true: the paragraphs of explain at the end of the page
--   study    the one that is open
--
--   > select(2, pcall(report "R1", { study = demo, "{{ALC50}}" }))
--   report R1: text 1:1:1: {{ALC50}}: there are no results yet; run() makes them
--
-- See also: fill, explain, table.summary, figure.panels.
function M.report(id)
  if type(id) ~= "string" or not id:find "^[%w_%-]+$" then
    fail("invalid", 'report "ID" { ... } begins with its name: letters, digits, '
      .. "_ and -")
  end
  return function(given)
    if type(given) ~= "table" then
      fail("type", ('report "%s" { ... } takes a table'):format(id))
    end
    local list, named = {}, {}
    for key, value in pairs(given) do
      if math.type(key) ~= "integer" then named[key] = value end
    end
    local last = 0
    for key in pairs(given) do
      if math.type(key) == "integer" then last = math.max(last, key) end
    end
    for i = 1, last do
      if given[i] == nil then
        fail("type", ("report %s: entry %d is nil; a table or figure that is not "
          .. "there?"):format(id, i))
      end
      list[i] = given[i]
    end
    local opt = options("report", named, { out = { "string", "out" },
      title = { "string" }, journal = { "string" }, tables = { "any" },
      figures = { "any" }, methods = { "boolean", true }, study = { "any" } })
    local s = require "trialsh.study".study.open(opt.study)
    local inner = require "trialsh.study".inner(s)
    local trial = inner:trial()
    local journal = require "trialsh.figure.journal".find("report", opt.journal)
    opt.stamp = mark.of_tables(inner:tables_list()) or nil
    opt.title = opt.title or trial and trial.title or id
    opt.tables = formats_of("tables", opt.tables, table_object.extensions)
    opt.figures = formats_of("figures", opt.figures,
      { "svg", "pdf", "png", "eps", "tiff" })
    local entries = entries_of(s, id, list, journal and journal.p[1])
    local methods = methods_of(s)
    if #opt.out > 1 then opt.out = opt.out:gsub("/+$", "") end
    local folder = opt.out .. "/" .. id
    files.make_folder(folder)
    clear(folder)
    write_pieces(folder, entries, methods, opt)
    local html = page.html(opt, entries, opt.methods and methods)
    local path = ("%s/%s.html"):format(opt.out, id)
    write(path, html)
    local outputs = written(folder)
    table.insert(outputs, 1, { file = "../" .. id .. ".html", bytes = #html,
      sha256 = text.sha256(html) })
    write(folder .. "/manifest.json", manifest(s, id, opt, outputs) .. "\n")
    note.wrote(path)
    return path
  end
end

return M
