-- fill "manuscript.md": a text whose {{ADDRESS}} become what run() found.

local errors = require "ts.error"
local note = require "trialsh.note"
local options = require "trialsh.options"
local place = require "trialsh.document.place"

local fail = errors.fail

local M = {}

local tex = { ["\\"] = "\\textbackslash{}", ["&"] = "\\&", ["%"] = "\\%",
  ["$"] = "\\$", ["#"] = "\\#", ["_"] = "\\_", ["{"] = "\\{", ["}"] = "\\}",
  ["~"] = "\\textasciitilde{}", ["^"] = "\\textasciicircum{}",
  ["<"] = "\\textless{}", [">"] = "\\textgreater{}", ["\u{b7}"] = "\\textperiodcentered{}" }

-- How values are written in a kind of text, and where the stamp goes.
local kinds = {
  md = { stamp = function(all, words) return ("**%s**\n\n%s"):format(words, all) end },
  txt = { stamp = function(all, words) return words .. "\n\n" .. all end },
  tex = { escape = function(s) return (s:gsub("[\\&%%$#_{}~^<>\u{b7}]", tex)) end,
    stamp = function(all, words)
      local mark = "\n\\noindent\\textbf{" .. words .. "}\\par\n"
      local from, to = all:find("\\begin{document}", 1, true)
      if not from then return mark:sub(2) .. all end
      return all:sub(1, to) .. mark .. all:sub(to + 1)
    end },
  html = { escape = function(s) return require "trialsh.table.html".escape(s) end,
    stamp = function(all, words)
      local mark = "<p><strong>" .. words .. "</strong></p>"
      local to = select(2, all:lower():find("<body[^>]*>"))
      if not to then return mark .. "\n" .. all end
      return all:sub(1, to) .. "\n" .. mark .. all:sub(to + 1)
    end },
}
kinds.htm = kinds.html
kinds.docx = { docx = true }

local function read(path)
  local file, why = io.open(path, "rb")
  if not file then fail("io", why) end
  local all = file:read "a"
  file:close()
  if not all then fail("io", path .. ": it cannot be read") end
  return all
end

local function fill_text(s, file, out, kind, opt)
  local all = read(file)
  if not utf8.len(all) then
    fail("format", file .. ": it is not UTF-8")
  end
  local filled, n = place.fill(s, all, { name = file, journal = opt.journal,
    escape = kind.escape })
  if opt.stamp then filled = kind.stamp(filled, opt.stamp) end
  require "ts.gnuplot".write(out, filled)
  return n
end

local function fill_docx(s, file, out, opt)
  local entries, n = require "trialsh.document.docx".fill(s, read(file),
    { name = file, journal = opt.journal, stamp = opt.stamp })
  require "ts.zip".write(out, entries)
  return n
end

--- fill(file [, out [, opt]]) -> out, number of places
-- Replaces each {{ADDRESS}} of a manuscript (.docx, .md, .tex, .html, .txt) by what the
-- study's results have there, and writes out, manuscript.filled.md by default.
-- An address that names nothing is an error with its line; then nothing is
-- written. Simulated data and dummy arms are told at the top.
--   {{ALC50}}                  the result as a sentence
--   {{ALC50.estimate}}         a number, with the digits of the tables
--   {{ALC50.estimate, 3}}      with 3 decimals
--   {{ALC50.estimate_1, 0 %}}  as percent
--   {{ITT.n}} {{ITT[Placebo].n}}  subjects of a population, of an arm in it
--   {{trial.title}}            what the trial says of itself
-- Behind "P = " a value such as <0.001 takes the place of the sign too.
--   journal  "plain", NEJM, JAMA, Annals, Lancet: how P-values are written
--   study    the one that is open
--
--   > select(2, pcall(fill, "paper.doc"))
--   paper.doc: fill takes .docx, .md, .tex, .html and .txt, not .doc
--
-- See also: study:result, report.
function M.fill(file, out, opt)
  if type(file) ~= "string" or out ~= nil and type(out) ~= "string" then
    fail("type", 'fill takes the names of files, fill("paper.md", "out.md")')
  end
  opt = options("fill", opt, { study = { "any" },
    journal = { require "trialsh.p_text".journals, "plain" } })
  local stem, extension = file:match "^(.*)%.([^./]+)$"
  local kind = extension and kinds[extension:lower()]
  if not kind then
    fail("invalid", ("%s: fill takes .docx, .md, .tex, .html and .txt%s"):format(file,
      extension and ", not ." .. extension or ""))
  end
  out = out or ("%s.filled.%s"):format(stem, extension)
  if out == file then
    fail("invalid", ("%s: out is the file itself; the places would be gone")
      :format(file))
  end
  local s = require "trialsh.study".study.open(opt.study)
  opt.stamp = require "trialsh.mark".of_tables(
    require "trialsh.study".inner(s):tables_list()) or nil
  local n = kind.docx and fill_docx(s, file, out, opt)
    or fill_text(s, file, out, kind, opt)
  note.wrote(out)
  return out, n
end

return M
