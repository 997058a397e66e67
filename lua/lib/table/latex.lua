-- Tables as LaTeX: a longtable with the rules of booktabs, for \input. Each column
-- of numbers is two, so that decimal points stand below each other; columns that the
-- text is too narrow for follow in a longtable of their own, with the same stub.
--   \usepackage{booktabs,longtable,array}

local font = require "trialsh.figure.font"
local text = require "ts.text"
local layout = require "trialsh.table.layout"
local object = require "trialsh.table.object"

local M = {}

M.WIDTH = 78 -- letters: the text of article on A4 or letter paper, of any size

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

-- Widths are in em of the table's own font, \footnotesize. They are those of Arial:
-- its digits are a tenth wider than TeX's, its bold letters as wide, but capitals.
local GAP = 0.8 -- between columns: two \tabcolsep
-- What stub, words and heads take in one line at most; what does not fit is tried
-- narrower before it is split.
local usual = { stub = 18, words = 10, head = 6 }
local narrow = { stub = 12, words = 7, head = 5 }

local function wide(s) return font.width(s, 10) / (10 * 25.4 / 72) end
local function words_wide(s) return 1.1 * font.width(s, 10, true) / (10 * 25.4 / 72) end

-- TeX breaks behind hyphens.
local function longest_word(s)
  local most = 0
  for word in s:gmatch "[^%s%-]+%-*" do most = math.max(most, words_wide(word)) end
  return most
end

-- Text for a column of that width: longer words may break anywhere.
local function breakable(s, width)
  return (s:gsub("[^ %-]*%-*", function(word)
    if words_wide(word) <= width then return escape(word) end
    local parts = {}
    for _, c in utf8.codes(word) do parts[#parts + 1] = escape(utf8.char(c)) end
    return table.concat(parts, "\\allowbreak{}")
  end))
end

local function width_of(t, g, j)
  local column, before, width = t.columns[j], 0, 0
  for _, row in ipairs(t.rows) do
    before = math.max(before, text.width((layout.split(layout.cell(row.cells[j])))))
  end
  for _, row in ipairs(t.rows) do
    local shown = layout.cell(row.cells[j])
    local marks = layout.marks(row.cells[j]) or ""
    if layout.is_text(column) then
      width = math.max(width, math.min(words_wide(shown .. marks), g.limits.words),
        math.min(longest_word(shown), g.most))
    else
      local push = before - text.width((layout.split(shown)))
      width = math.max(width, wide(("0"):rep(push) .. shown .. marks))
    end
  end
  for _, line in ipairs(g.heads[j]) do
    width = math.max(width, math.min(words_wide(line), g.limits.head),
      math.min(longest_word(line), g.most))
  end
  return width
end

-- Widths of columns, and the columns that fit beside the stub.
local function set(t, room, limits)
  local g = { widths = {}, limits = limits }
  g.spans, g.heads = object.heads(t)
  g.stub = words_wide(clean(t.stub or ""))
  for _, row in ipairs(t.rows) do
    g.stub = math.max(g.stub, 1.2 * (row.indent or 0) + words_wide(clean(row.label)
      .. (layout.marks(row) or "")))
  end
  g.stub = math.max(1, math.min(g.stub, limits.stub, 0.45 * room))
  g.most = room - g.stub - GAP
  local left = g.most
  for j, column in ipairs(t.columns) do
    if not column.wide then
      g.widths[j] = width_of(t, g, j)
      left = left - GAP - g.widths[j]
    end
  end
  for j, column in ipairs(t.columns) do -- takes what the others leave
    if column.wide then g.widths[j] = math.max(limits.words, left) end
  end
  g.blocks = layout.blocks(g.widths, g.stub, GAP, room, g.spans, function(s)
    return math.min(words_wide(s), limits.words)
  end)
  return g
end

local function cells_of(t, g, block, row)
  local parts = {}
  for j = block[1], block[2] do
    local shown = layout.cell(row.cells[j])
    if layout.is_text(t.columns[j]) then
      parts[#parts + 1] = breakable(shown, g.widths[j]) .. mark_of(row.cells[j])
    else
      local head, tail = layout.split(shown)
      parts[#parts + 1] = escape(head)
      parts[#parts + 1] = escape(tail):gsub("^ ", "\\ ")
        .. mark_of(row.cells[j])
    end
  end
  return parts
end

-- The columns of LaTeX at which those of a block begin, and how many there are.
local function places(t, block)
  local at, n = {}, 1
  for j = block[1], block[2] do
    at[j] = n + 1
    n = n + (layout.is_text(t.columns[j]) and 1 or 2)
  end
  at[block[2] + 1] = n + 1
  return at, n
end

-- Columns in one, its text in lines of that width.
local function merged(n, how, width, words)
  return ("\\multicolumn{%d}{>{\\%s\\arraybackslash}b{%.2fem}}{%s}"):format(n, how,
    width, words)
end

local function spans_of(g, block, at)
  local parts, rules, j = { "" }, {}, block[1]
  while j <= block[2] do
    local own
    for _, s in ipairs(g.spans) do if j >= s.from and j <= s.to then own = s end end
    local to, width = own and math.min(own.to, block[2]) or j, -GAP
    for k = j, to do width = width + GAP + g.widths[k] end
    parts[#parts + 1] = merged(at[to + 1] - at[j], "centering", width,
      own and breakable(own.text, width) or "")
    if own then
      rules[#rules + 1] = ("\\cmidrule(lr){%d-%d}"):format(at[j], at[to + 1] - 1)
    end
    j = to + 1
  end
  return table.concat(parts, " & ") .. " \\\\\n" .. table.concat(rules, " ")
end

-- The lines of heads.
local function head(t, g, block)
  local at, out = places(t, block), {}
  if g.spans then out[1] = spans_of(g, block, at) end
  local parts = { breakable(clean(t.stub or ""), g.stub) }
  for j = block[1], block[2] do
    local lines = {}
    for k, line in ipairs(g.heads[j]) do lines[k] = breakable(line, g.widths[j]) end
    parts[#parts + 1] = merged(at[j + 1] - at[j],
      layout.is_text(t.columns[j]) and "raggedright" or "centering", g.widths[j],
      table.concat(lines, "\\newline ") .. mark_of(g.heads[j]))
  end
  out[#out + 1] = table.concat(parts, " & ") .. " \\\\"
  return out
end

local function label_of(g, row)
  local label, indent = clean(row.label), 1.2 * (row.indent or 0)
  if label == "" then return mark_of(row) end
  return ("\\hangindent=%.1fem %s%s%s"):format(indent + 1, indent > 0
    and ("\\hspace*{%.1fem}"):format(indent) or "",
    breakable(label, g.stub - indent - 1), mark_of(row))
end

-- Columns of the table as one longtable; all but the first have no number.
local function add_block(t, g, b, add)
  local block = g.blocks[b]
  local form, _, n = { ("@{}>{\\raggedright\\arraybackslash}p{%.2fem}"):format(
    g.stub) }, places(t, block)
  for j = block[1], block[2] do
    form[#form + 1] = layout.is_text(t.columns[j])
      and (">{\\raggedright\\arraybackslash}p{%.2fem}"):format(g.widths[j])
      or "r@{}l"
  end
  if b > 1 then add "\\addtocounter{table}{-1}" end
  add("\\begin{longtable}{" .. table.concat(form) .. "@{}}")
  local title = { escape(t.title or t.what) .. (b > 1 and " (continued)" or "") }
  if t.population and b == 1 then
    title[2] = "Population: " .. escape(t.population)
  end
  if t.stamp then title[#title + 1] = "\\textbf{" .. escape(t.stamp) .. "}" end
  add(("\\caption%s{%s}\\\\"):format(b > 1 and "*" or "",
    table.concat(title, ". ")))
  local lines = head(t, g, block)
  add "\\toprule"
  for _, line in ipairs(lines) do add(line) end
  add "\\midrule\n\\endfirsthead"
  add(("\\multicolumn{%d}{@{}l}{\\textit{(continued)}%s} \\\\"):format(n,
    t.stamp and " \\textbf{" .. escape(t.stamp) .. "}" or ""))
  add "\\toprule"
  for _, line in ipairs(lines) do add(line) end
  add "\\midrule\n\\endhead\n\\bottomrule\n\\endfoot"
  add "\\bottomrule\n\\endlastfoot"
  for i, row in ipairs(t.rows) do
    local parts, below = cells_of(t, g, block, row), t.rows[i + 1]
    table.insert(parts, 1, label_of(g, row))
    add(table.concat(parts, " & ") .. (below -- headings go with their first row
      and (below.indent or 0) > (row.indent or 0) and " \\\\*" or " \\\\"))
  end
  add "\\end{longtable}"
end

--- latex.table(t, width) -> text; width: letters, each half an em
function M.table(t, width)
  local g = set(t, width / 2, usual)
  local other = #g.blocks > 1 and set(t, width / 2, narrow)
  if other and #other.blocks < #g.blocks then g = other end
  local out = { "% needs \\usepackage{booktabs,longtable,array} and, for"
    .. " quotation marks, \\usepackage{textcomp} and \\usepackage[T1]{fontenc}" }
  local function add(line) out[#out + 1] = line end
  add("\\begingroup\\footnotesize\\setlength{\\tabcolsep}{0.4em}"
    .. "\\setlength{\\LTcapwidth}{0.9\\linewidth}"
    .. "\\setlength{\\LTleft}{0pt}\\setlength{\\LTright}{0pt plus 1fill}")
  for b in ipairs(g.blocks) do add_block(t, g, b, add) end
  add "\\endgroup"
  local function below(start, words) -- an SHA-256 may be longer than what is left
    add(("\\par\\noindent{\\footnotesize\\raggedright %s%s\\par}"):format(start,
      breakable(words, 20)))
  end
  for _, note in ipairs(layout.notes(t)) do
    below(note[1] and ("\\textsuperscript{%s} "):format(escape(note[1])) or "",
      note[2])
  end
  for _, o in ipairs(layout.origin(t)) do below(escape(o[1]) .. ": ", o[2]) end
  return table.concat(out, "\n") .. "\n"
end

--- latex.save(t, file, opt)
function M.save(t, file, opt)
  require "ts.gnuplot".write(file, M.table(t, opt.width))
end

return M
