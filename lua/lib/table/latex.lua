-- Tables as LaTeX: a longtable with the rules of booktabs, for \input. Each column
-- of numbers is two, so that decimal points stand below each other:
--   \usepackage{booktabs,longtable,array}

local layout = require "trialsh.table.layout"
local object = require "trialsh.table.object"

local M = {}

local clean = object.clean
local signs = { ["\\"] = "\\textbackslash{}", ["{"] = "\\{", ["}"] = "\\}",
  ["$"] = "\\$", ["&"] = "\\&", ["#"] = "\\#", ["%"] = "\\%", ["_"] = "\\_",
  ["^"] = "\\textasciicircum{}", ["~"] = "\\textasciitilde{}",
  ["<"] = "\\textless{}", [">"] = "\\textgreater{}", ["|"] = "\\textbar{}",
  ['"'] = "\\textquotedbl{}", ["`"] = "\\textasciigrave{}",
  ["'"] = "\\textquotesingle{}", ["["] = "{[}", ["]"] = "{]}", ["*"] = "{*}" }
-- of those that the usual encodings lack
local letters = { ["≥"] = "\\ensuremath{\\geq}", ["≤"] = "\\ensuremath{\\leq}",
  ["≠"] = "\\ensuremath{\\neq}", ["µ"] = "\\ensuremath{\\mu}",
  ["μ"] = "\\ensuremath{\\mu}", ["±"] = "\\ensuremath{\\pm}",
  ["×"] = "\\ensuremath{\\times}", ["·"] = "\\ensuremath{\\cdot}",
  ["−"] = "\\ensuremath{-}", ["°"] = "\\ensuremath{^{\\circ}}",
  ["–"] = "\\textendash{}", ["—"] = "\\textemdash{}" }

--- latex.escape(s): text in which no sign means anything to TeX.
function M.escape(s)
  s = clean(s):gsub("[%z\1-\127]", signs):gsub(utf8.charpattern, letters)
  -- no ligatures
  return (s:gsub("%-%-+", function(dashes) return ("-{}"):rep(#dashes) end)
    :gsub(",,+", function(commas) return (",{}"):rep(#commas) end))
end
local escape = M.escape

local function mark_of(x)
  local marks = layout.marks(x)
  return marks and ("\\textsuperscript{%s}"):format(escape(marks)) or ""
end

local function cells_of(t, row)
  local parts = {}
  for j, column in ipairs(t.columns) do
    local shown = layout.cell(row.cells[j])
    if layout.is_text(column) then
      parts[#parts + 1] = escape(shown) .. mark_of(row.cells[j])
    else
      local head, tail = layout.split(shown)
      parts[#parts + 1] = escape(head)
      parts[#parts + 1] = escape(tail):gsub("^ ", "\\ ")
        .. mark_of(row.cells[j])
    end
  end
  return parts
end

local function places(t)
  local at, n = {}, 1
  for j, column in ipairs(t.columns) do
    at[j] = n + 1
    n = n + (layout.is_text(column) and 1 or 2)
  end
  at[#at + 1] = n + 1
  return at, n
end

-- The lines of heads.
local function head(t)
  local spans, heads = object.heads(t)
  local at, out = places(t), {}
  if spans then
    local parts, rules, j = { "" }, {}, 1
    while j <= #t.columns do
      local own
      for _, s in ipairs(spans) do if s.from == j then own = s end end
      local to = own and own.to or j
      parts[#parts + 1] = ("\\multicolumn{%d}{c}{%s}"):format(at[to + 1] - at[j],
        own and escape(own.text) or "")
      if own then
        rules[#rules + 1] = ("\\cmidrule(lr){%d-%d}"):format(at[j], at[to + 1] - 1)
      end
      j = to + 1
    end
    out[1] = table.concat(parts, " & ") .. " \\\\"
    out[2] = table.concat(rules, " ")
  end
  local high = 1
  for j in ipairs(t.columns) do high = math.max(high, #heads[j]) end
  for k = 1, high do
    local parts = { k == high and escape(t.stub or "") or "" }
    for j, column in ipairs(t.columns) do
      local line = heads[j][k - (high - #heads[j])]
      local shown = line and escape(line) or ""
      if line and k == high then shown = shown .. mark_of(heads[j]) end
      local wide = at[j + 1] - at[j]
      parts[#parts + 1] = ("\\multicolumn{%d}{%s}{%s}"):format(wide,
        layout.is_text(column) and "l" or "c", shown)
    end
    out[#out + 1] = table.concat(parts, " & ") .. " \\\\"
  end
  return out
end

--- latex.table(t) -> text
function M.table(t)
  local form, _, n = { "l" }, places(t)
  for _, column in ipairs(t.columns) do
    form[#form + 1] = layout.is_text(column)
      and ">{\\raggedright\\arraybackslash}p{9em}" or "r@{}l"
  end
  local out = { "% needs \\usepackage{booktabs,longtable,array} and, for"
    .. " quotation marks, \\usepackage{textcomp} and \\usepackage[T1]{fontenc}" }
  local title = { escape(t.title or t.what) }
  if t.population then title[2] = "Population: " .. escape(t.population) end
  if t.stamp then title[#title + 1] = "\\textbf{" .. escape(t.stamp) .. "}" end
  local function add(line) out[#out + 1] = line end
  add("\\begingroup\\setlength{\\LTcapwidth}{0.9\\linewidth}"
    .. "\\setlength{\\LTleft}{0pt}\\setlength{\\LTright}{0pt plus 1fill}")
  add("\\begin{longtable}{" .. table.concat(form) .. "}")
  add("\\caption{" .. table.concat(title, ". ") .. "}\\\\")
  local lines = head(t)
  add "\\toprule"
  for _, line in ipairs(lines) do add(line) end
  add "\\midrule\n\\endfirsthead"
  add(("\\multicolumn{%d}{l}{\\textit{(continued)}%s} \\\\"):format(n,
    t.stamp and " \\textbf{" .. escape(t.stamp) .. "}" or ""))
  add "\\toprule"
  for _, line in ipairs(lines) do add(line) end
  add "\\midrule\n\\endhead\n\\bottomrule\n\\endfoot"
  add "\\bottomrule\n\\endlastfoot"
  for _, row in ipairs(t.rows) do
    local parts = cells_of(t, row)
    local indent = row.indent or 0
    table.insert(parts, 1, (indent > 0 and ("\\hspace{%gem}"):format(1.2 * indent)
      or "") .. escape(row.label) .. mark_of(row))
    add(table.concat(parts, " & ") .. " \\\\")
  end
  add "\\end{longtable}\n\\endgroup"
  local function below(s)
    add("\\par\\noindent{\\footnotesize " .. s .. "\\par}")
  end
  for _, note in ipairs(layout.notes(t)) do
    below((note[1] and ("\\textsuperscript{%s} "):format(escape(note[1])) or "")
      .. escape(note[2]))
  end
  for _, o in ipairs(layout.origin(t)) do
    below(("%s: %s"):format(escape(o[1]), escape(o[2])))
  end
  return table.concat(out, "\n") .. "\n"
end

--- latex.save(t, file)
function M.save(t, file) require "ts.gnuplot".write(file, M.table(t)) end

return M
