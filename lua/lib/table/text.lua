-- Tables as text: columns of characters, numbers below each other by their
-- decimal point, wide characters counted as wide.

local text = require "ts.text"
local layout = require "trialsh.table.layout"
local object = require "trialsh.table.object"

local M = {}

local GAP = 2
local clean = object.clean

-- Words in lines of that width; a longer word is cut.
local function wrap(s, width)
  local lines, line = {}, nil
  local function put(word)
    while text.width(word) > width do
      local part, w = {}, 0
      for _, c in utf8.codes(word) do
        local one = utf8.char(c)
        if w + text.width(one) > width and w > 0 then break end
        part[#part + 1], w = one, w + text.width(one)
      end
      local head = table.concat(part)
      if line then lines[#lines + 1] = line end
      lines[#lines + 1], line = head, nil
      word = word:sub(#head + 1)
    end
    if line and text.width(line) + 1 + text.width(word) > width then
      lines[#lines + 1], line = line, word
    else
      line = line and line .. " " .. word or word
    end
  end
  for word in s:gmatch "%S+" do put(word) end
  if line then lines[#lines + 1] = line end
  if #lines == 0 then lines[1] = "" end
  return lines
end
M.wrap = wrap

local function pad(s, width, right)
  local blank = (" "):rep(width - text.width(s))
  return right and blank .. s or s .. blank
end

local function centre(s, width)
  local left = math.max(0, (width - text.width(s)) // 2)
  return pad((" "):rep(left) .. s, width)
end

local function marked(s, x)
  local marks = layout.marks(x)
  return marks and ("%s [%s]"):format(s, marks) or s
end

-- Cells of one column as lists of lines, all of one width.
local function cells_of(t, j, most)
  local column, out = t.columns[j], {}
  local width, head_width, tail_width = 0, 0, 0
  local heads, tails = {}, {}
  for i, row in ipairs(t.rows) do
    local s = marked(layout.cell(row.cells[j]), row.cells[j])
    if layout.is_text(column) then
      out[i] = wrap(s, most)
      for _, line in ipairs(out[i]) do width = math.max(width, text.width(line)) end
    else
      heads[i], tails[i] = layout.split(s)
      head_width = math.max(head_width, text.width(heads[i]))
      tail_width = math.max(tail_width, text.width(tails[i]))
    end
  end
  if layout.is_text(column) then return out, width end
  width = head_width + tail_width
  for i in ipairs(t.rows) do
    out[i] = { heads[i] == "" and ""
      or pad(heads[i], head_width, true) .. tails[i] }
  end
  return out, width
end

local function widest_word(s)
  local w = 0
  for word in s:gmatch "%S+" do w = math.max(w, text.width(word)) end
  return w
end

-- The labels in lines; g.stub becomes as wide as the widest.
local function set_labels(g, stub)
  g.stub = stub
  for i, row in ipairs(g.t.rows) do
    local indent = math.max(0, math.min(2 * (row.indent or 0), stub - 8))
    local label = marked(clean(row.label), row)
    local lines = wrap(label, math.max(stub - indent, 6))
    if #lines > 1 then lines = wrap(label, math.max(stub - indent - 2, 6)) end
    for k, line in ipairs(lines) do
      lines[k] = (" "):rep(indent + (k > 1 and 2 or 0)) .. line
      g.stub = math.max(g.stub, text.width(lines[k]))
    end
    g.labels[i] = lines
  end
end

-- Everything in characters: labels, cells, heads, widths.
local function set(t, width)
  local g = { t = t, labels = {}, cells = {}, widths = {}, heads = {} }
  local longest = 0
  for _, row in ipairs(t.rows) do
    longest = math.max(longest, 2 * (row.indent or 0)
      + text.width(marked(clean(row.label), row)))
  end
  local stub = math.min(longest, math.max(16, width * 2 // 5))
  set_labels(g, math.max(stub, math.min(text.width(clean(t.stub or "")), 24)))
  local spans, heads = object.heads(t)
  g.spans = spans
  local most = math.max(12, (width - g.stub) // 2 - GAP)
  local function one(j, wide)
    local w
    g.cells[j], w = cells_of(t, j, wide or math.min(most, 30))
    local limit, lines = math.max(w, 14), {}
    for k, line in ipairs(heads[j]) do
      if k == #heads[j] then line = marked(line, heads[j]) end
      if text.width(line) <= limit + 4 then limit = math.max(limit, text.width(line)) end
      if widest_word(line) > limit then limit = math.min(widest_word(line), 30) end
      for _, part in ipairs(wrap(line, limit)) do
        lines[#lines + 1] = part
        w = math.max(w, text.width(part))
      end
    end
    g.heads[j], g.widths[j] = lines, w
  end
  local left = width - g.stub
  for j, column in ipairs(t.columns) do
    if not column.wide then
      one(j)
      left = left - GAP - g.widths[j]
    end
  end
  for j, column in ipairs(t.columns) do -- takes what the others leave
    if column.wide then
      one(j, math.max(math.min(24, width - g.stub - GAP), left - GAP))
    end
  end
  local most_wide = math.max(0, table.unpack(g.widths))
  if #g.widths > 0 and g.stub + GAP + most_wide > width then
    set_labels(g, math.max(10, width - GAP - most_wide))
  end
  g.stub_head = wrap(clean(t.stub or ""), g.stub)
  -- spans are no narrower than a word of their name
  g.blocks = layout.blocks(g.widths, g.stub, GAP, width, spans, function(s)
    return math.min(widest_word(s), 30)
  end)
  return g
end

local function total_of(g, block)
  local total = g.stub
  for j = block[1], block[2] do total = total + GAP + g.widths[j] end
  return total
end

local function trimmed(line) return (line:gsub(" +$", "")) end

-- The spans of a block and columns without one, in order: { from, to, width, lines };
-- a span that goes on in another block has its name in both.
local function parts_of(g, block)
  local parts, high, j = {}, 0, block[1]
  while j <= block[2] do
    local own
    for _, s in ipairs(g.spans) do
      if j >= s.from and j <= s.to then own = s end
    end
    local to, w = own and math.min(own.to, block[2]) or j, -GAP
    for i = j, to do w = w + GAP + g.widths[i] end
    local lines = own and wrap(own.text, w) or {}
    high = math.max(high, #lines)
    parts[#parts + 1] = { width = w, lines = lines, named = own ~= nil }
    j = to + 1
  end
  return parts, high
end

-- The lines above the rows: names of spans over a rule, heads set to the bottom.
local function header(g, block)
  local lines, high = {}, 0
  local parts
  if g.spans then parts, high = parts_of(g, block) end
  for k = 1, high > 0 and high + 1 or 0 do
    local line = pad("", g.stub)
    for _, part in ipairs(parts) do
      local s = ""
      if part.named and k == high + 1 then
        s = ("─"):rep(part.width)
      elseif part.named then
        s = centre(part.lines[k - (high - #part.lines)] or "", part.width)
      end
      line = line .. (" "):rep(GAP) .. pad(s, part.width)
    end
    lines[#lines + 1] = trimmed(line)
  end
  high = #g.stub_head
  for j = block[1], block[2] do high = math.max(high, #g.heads[j]) end
  for k = 1, high do
    local line = pad(g.stub_head[k - (high - #g.stub_head)] or "", g.stub)
    for j = block[1], block[2] do
      local of = g.heads[j]
      line = line .. (" "):rep(GAP) .. pad(of[k - (high - #of)] or "", g.widths[j])
    end
    lines[#lines + 1] = trimmed(line)
  end
  return lines
end

local function height_of(g, block)
  return function(i)
    local high = #g.labels[i]
    for j = block[1], block[2] do high = math.max(high, #(g.cells[j][i] or {})) end
    return high
  end
end

-- The lines of a row; again: only its label, which is continued.
local function row_lines(g, block, i, again)
  local lines = {}
  for k = 1, height_of(g, block)(i) do
    local line = pad(g.labels[i][k] or "", g.stub)
    if again then
      line = g.labels[i][k] and trimmed(line) .. (k == #g.labels[i]
        and " (continued)" or "") or nil
    else
      for j = block[1], block[2] do
        line = line .. (" "):rep(GAP)
          .. pad((g.cells[j][i] or {})[k] or "", g.widths[j])
      end
    end
    if line then lines[#lines + 1] = trimmed(line) end
  end
  return lines
end

local function add(list, more)
  table.move(more, 1, #more, #list + 1, list)
end

local function note_lines(t, width)
  local lines = {}
  for _, n in ipairs(layout.notes(t)) do
    local first = n[1] and "[" .. n[1] .. "] " or ""
    for k, line in ipairs(wrap(n[2], width - #first)) do
      lines[#lines + 1] = (k == 1 and first or (" "):rep(#first)) .. line
    end
  end
  return lines
end

local MOST = 150 -- rows at the prompt

-- The first rows of a long table, and how many are left out.
local function head_of(t)
  if #t.rows <= MOST then return t end
  local short = {}
  for key, value in pairs(t) do short[key] = value end
  short.rows = { table.unpack(t.rows, 1, MOST // 2) }
  short.left_out = #t.rows - #short.rows
  return setmetatable(short, getmetatable(t))
end

--- text.prompt(t): as the prompt shows it: rows and notes.
function M.prompt(t)
  t = head_of(t)
  local width = require "trialsh.show".width()
  local g, lines = set(t, width), {}
  if t.title and rawget(t, "titled") then add(lines, wrap(clean(t.title), width)) end
  for b, block in ipairs(g.blocks) do
    if b > 1 then lines[#lines + 1] = "" end
    add(lines, header(g, block))
    for i in ipairs(t.rows) do add(lines, row_lines(g, block, i)) end
  end
  if rawget(t, "left_out") then
    lines[#lines + 1] = ("... %d more rows; t:show() prints all"):format(
      t.left_out)
  end
  local words = {} -- notes of the whole table follow one another
  for _, n in ipairs(layout.notes(t)) do
    if n[1] then break end
    words[#words + 1] = n[2]:find "%.$" and n[2] or n[2] .. "."
  end
  if #words > 0 then add(lines, wrap(table.concat(words, " "), width)) end
  for _, n in ipairs(layout.notes(t)) do
    if n[1] then add(lines, wrap(("[%s] %s"):format(n[1], n[2]), width)) end
  end
  if t.stamp then lines[#lines + 1] = clean(t.stamp) end
  return table.concat(lines, "\n")
end

-- What stands above and below the rows of every page.
local function above(t, width)
  local lines = {}
  if t.title then add(lines, wrap(clean(t.title), width)) end
  if t.population then add(lines, wrap("Population: " .. clean(t.population), width)) end
  if t.stamp then lines[#lines + 1] = clean(t.stamp) end
  return lines
end

local function below(t, width)
  local lines = note_lines(t, width)
  for _, o in ipairs(layout.origin(t)) do
    add(lines, wrap(("%s: %s"):format(o[1], o[2]), width))
  end
  return lines
end

-- The rows of a block between rules, its header above.
local function body(g, block, page, width)
  local rule = ("─"):rep(math.min(width, total_of(g, block)))
  local lines = { rule }
  add(lines, header(g, block))
  lines[#lines + 1] = rule
  for _, i in ipairs(page.again) do add(lines, row_lines(g, block, i, true)) end
  for _, i in ipairs(page.rows) do add(lines, row_lines(g, block, i)) end
  lines[#lines + 1] = rule
  return lines
end

local function joined(lines) return table.concat(lines, "\n") .. "\n" end

-- All of it, blocks of columns below one another.
local function whole(t, g, width)
  local lines = above(t, width)
  for _, block in ipairs(g.blocks) do
    for _, page in ipairs(layout.pages(t.rows, height_of(g, block), math.huge)) do
      add(lines, body(g, block, page, width))
    end
  end
  add(lines, below(t, width))
  return joined(lines)
end

-- Notes that would take more than a third of each page come behind the last one.
local function add_notes(pages, head, foot, most)
  local at, room = 1, math.max(3, most - #head - 1)
  while at <= #foot do
    local lines = { table.unpack(head) }
    add(lines, { table.unpack(foot, at, math.min(#foot, at + room - 1)) })
    pages[#pages + 1] = lines
    at = at + room
  end
end

--- text.pages(t, { width, lines }) -> text. Of pages of so many lines each has all
-- that stands above and below; a form feed parts them.
function M.pages(t, opt)
  local width = opt.width
  local g = set(t, width)
  if not opt.lines then return whole(t, g, width) end
  local head, foot, pages = above(t, width), below(t, width), {}
  local long = #foot > opt.lines // 3
  for _, block in ipairs(g.blocks) do
    local room = math.max(3, opt.lines - #head - (long and 0 or #foot)
      - #header(g, block) - 4)
    for _, page in ipairs(layout.pages(t.rows, height_of(g, block), room)) do
      local lines = { table.unpack(head) }
      add(lines, body(g, block, page, width))
      if not long then add(lines, foot) end
      pages[#pages + 1] = lines
    end
  end
  if long then add_notes(pages, head, foot, opt.lines) end
  for p, lines in ipairs(pages) do
    lines[#lines + 1] = ("Page %d of %d"):format(p, #pages)
    pages[p] = joined(lines)
  end
  return table.concat(pages, "\f")
end

--- text.save(t, file, opt)
function M.save(t, file, opt)
  require "ts.gnuplot".write(file, M.pages(t, opt))
end

return M
