-- Relations and frames as text: fits the screen, says what is hidden, keeps
-- numbers by their decimal point and NA apart from empty text.

local text = require "ts.text"
local NA = require "ts.na".NA

local M = {}

local session = require "trialsh.session"
local shown = require "trialsh.relation.columns".shown

--- show.width(): columns of the screen, or of $COLUMNS where there is none.
M.width = session.width

-- Rows of the head and the tail of a long table, and how many make it long: what
-- fits a low screen together with the lines around them.
local function rows_shown()
  local height = session.height()
  if not height then return 10, 5, 30 end
  local room = math.max(3, height - 8)
  local tail = math.min(5, room // 3)
  return math.min(10, room - tail), tail, math.min(30, room + 2)
end

local WHOLE = 2^53 -- up to here doubles hold every whole number

-- Decimals that show every value, as far as seven digits do; nil where no
-- number of them suits all. Whole numbers alone may be identifiers.
local function decimals(values)
  local need, largest, smallest, whole = 0, 0, math.huge, true
  for _, x in ipairs(values) do
    if type(x) == "number" then
      local s = text.number(x)
      local a = math.abs(x)
      whole = whole and a <= WHOLE and a % 1 == 0
      if a > largest then largest = a end
      if a > 0 and a < smallest then smallest = a end
      if s:find "e" then
        need = 15
      else
        need = math.max(need, #(s:match "%.(%d+)$" or ""))
      end
    end
  end
  if whole then return 0 end
  if largest >= 1e15 or smallest < 1e-5 then return nil end
  local before = largest >= 1 and math.floor(math.log(largest, 10)) + 1 or 1
  local digits = math.max(0, 7 - before)
  if smallest < 1 and smallest < math.huge then
    digits = math.max(digits, math.min(7, 2 - math.floor(math.log(smallest, 10))))
  end
  return math.min(need, digits)
end

-- Numbers of many scales to five digits; whole ones to all of theirs where two
-- would look alike.
local function scaled(values)
  local out, value, alike = {}, {}, false
  for i, x in ipairs(values) do
    out[i] = x == NA and "NA" or ("%.5g"):format(x + 0.0) -- no -0
    if x ~= NA and math.abs(x) < math.huge and x % 1 == 0 then
      alike = alike or value[out[i]] and value[out[i]] ~= x
      value[out[i]] = x
    end
  end
  for i, x in ipairs(alike and values or {}) do
    if value[out[i]] and x % 1 == 0 then
      out[i] = math.abs(x) <= WHOLE and ("%.0f"):format(x) or text.number(x)
    end
  end
  return out
end

-- Numbers whose format is a date or a time of SAS, where all are one.
local function dates(values, kind)
  local out = {}
  for i, v in ipairs(values) do
    out[i] = v == NA and "NA" or require "trialsh.iso".text(kind, v)
    if not out[i] then return nil end
  end
  return out
end

--- show.cells(values, kind, format, exact): the cells of a column as text, and
-- whether they are set to the right. exact: texts with blanks around in quotes.
function M.cells(values, kind, format, exact)
  local out = {}
  local time = format and kind == "real"
    and require "trialsh.iso".kind(format)
  if time then
    out = dates(values, time)
    if out then return out, true end
    out = {}
  end
  if kind == "text" then
    for i, v in ipairs(values) do
      out[i] = v == NA and "NA" or (v == "" or v == "NA") and '"' .. v .. '"'
        or exact and shown(text.escape(v)) or text.escape(v)
    end
    return out, false
  end
  local digits = decimals(values)
  if not digits then return scaled(values), true end
  for i, v in ipairs(values) do
    if v == NA then out[i] = "NA"
    elseif math.type(v) == "integer" and digits == 0 then out[i] = ("%d"):format(v)
    else out[i] = require "trialsh.format".fixed(v, digits) end
    if out[i]:find "^%-0%.?0*$" then out[i] = out[i]:sub(2) end
  end
  return out, true
end

--- show.cut(cell, width): the text, with ... where it is wider.
function M.cut(cell, width)
  if text.width(cell) <= width then return cell end
  local out, w = {}, 0
  for _, c in utf8.codes(cell) do
    local s = utf8.char(c)
    w = w + text.width(s)
    if w > width - 3 then break end
    out[#out + 1] = s
  end
  return table.concat(out) .. "..."
end

local cut = M.cut

local function pad(cell, width, right)
  local blank = (" "):rep(width - text.width(cell))
  return right and blank .. cell or cell .. blank
end

-- Columns laid out in a width: how many fit, each with its cells cut to most.
local function lay_out(columns, n, opt, width, most)
  local used, all = #tostring(opt.numbers and opt.numbers[n] or n), {}
  local gap = opt.box and 3 or 2
  if opt.box then used = used + 4 end -- the lines at both sides
  for j, column in ipairs(columns) do
    local list, right = M.cells(column.values, column.type, column.format,
      column.exact)
    local kind = (column.type or "?") .. (column.star and "*" or "")
    local head = text.escape(column.name)
    local w = opt.headers == false and 0
      or math.max(text.width(head), opt.types and #kind or 0)
    for i = 1, n do
      list[i] = cut(list[i], most)
      w = math.max(w, text.width(list[i]))
    end
    if j > 1 and used + gap + w > width then break end
    used = used + gap + w
    all[j] = { head = head, kind = kind, list = list, width = w,
      right = right or column.right }
  end
  return all
end

--- show.table(columns, n, opt) -> text, columns shown
-- columns: { name =, type =, star =, format =, exact =, right =, values = {...} },
-- exact: see show.cells, right: text is set to the right; rows numbered by
-- opt.numbers; types: a row of types; box: with lines around; width: that of the
-- screen; headers = false: no names. Long texts are cut, shorter where more
-- columns fit so.
function M.table(columns, n, opt)
  local width = opt.width or M.width()
  local number = #tostring(opt.numbers and opt.numbers[n] or n)
  local all = lay_out(columns, n, opt, width, opt.whole and math.huge or 40)
  if #all < #columns then all = lay_out(columns, n, opt, width, 28) end
  local lines, shown = {}, #all
  local function line(first, get)
    local parts = { pad(first, number, true) }
    for j = 1, shown do
      parts[j + 1] = pad(get(all[j]), all[j].width, all[j].right)
    end
    lines[#lines + 1] = opt.box and "│ " .. table.concat(parts, " │ ") .. " │"
      or (table.concat(parts, "  "):gsub("%s+$", ""))
  end
  local function rule(left, cross, right)
    if not opt.box then return end
    local parts = { ("─"):rep(number) }
    for j = 1, shown do parts[j + 1] = ("─"):rep(all[j].width) end
    lines[#lines + 1] = left .. "─" .. table.concat(parts, "─" .. cross .. "─")
      .. "─" .. right
  end
  rule("┌", "┬", "┐")
  if opt.headers ~= false then
    line("", function(c) return c.head end)
    if opt.types then line("", function(c) return c.kind end) end
    rule("├", "┼", "┤")
  end
  for i = 1, n do
    line(tostring(opt.numbers and opt.numbers[i] or i),
      function(c) return c.list[i] end)
    if opt.gap == i and opt.box then
      rule("├", "┼", "┤")
    elseif opt.gap == i then
      lines[#lines + 1] = pad("...", number)
    end
  end
  rule("└", "┴", "┘")
  return table.concat(lines, "\n"), shown
end

-- "15 of 254 rows, 6 of 49 columns (not: ...)", nil when all is shown.
local function shown_line(columns, total, rows, shown)
  local parts = {}
  if rows < total then parts[1] = ("%d of %d rows"):format(rows, total) end
  if shown < #columns then
    local rest = {}
    for j = shown + 1, #columns do rest[#rest + 1] = columns[j].name end
    parts[#parts + 1] = ("%d of %d columns"):format(shown, #columns)
    local list = text.escape(table.concat(rest, " "))
    local room = M.width() - 2 - #table.concat(parts, ", ") - #" (not: )"
    if text.width(list) > room then
      list = room > 3 and M.cut(list, room):gsub("%S*$", "") .. "..." or "..."
    end
    if room > #"..." then
      parts[#parts] = parts[#parts] .. (" (not: %s)"):format(list)
    end
  end
  return #parts > 0 and table.concat(parts, ", ") or nil
end

-- "AVAL: Lymphocytes, /uL" of the columns that have a label or a unit.
local function labels_of(columns, shown)
  local list = {}
  for j = 1, shown do
    local c = columns[j]
    local label = c.label and c.label ~= c.name and c.label
    local words = label and c.unit and label .. ", " .. c.unit or label
      or c.unit
    if words then list[#list + 1] = text.escape(c.name .. ": " .. words) end
  end
  return list
end

-- What stands below: rows and columns shown, orders, labels, marks.
local function footer(columns, total, rows, shown, simulated)
  local lines, width = {}, M.width() - 2
  local line = shown_line(columns, total, rows, shown)
  lines[1] = line
  for j = 1, shown do
    local c = columns[j]
    if line and c.levels and #c.levels > 1 and #c.levels <= 8 then
      local order = ("* %s: %s"):format(c.name, table.concat(c.levels, " < "))
      order = text.escape(order)
      if text.width(order) <= width then lines[#lines + 1] = order end
    end
  end
  local labels = labels_of(columns, shown)
  if #labels > 0 then
    local broken = require "trialsh.result".lines(labels, width)
    for part in broken:gmatch "[^\n]+" do
      lines[#lines + 1] = cut(part, width)
    end
  end
  if simulated then lines[#lines + 1] = simulated end
  for i, l in ipairs(lines) do lines[i] = "  " .. l end
  return lines
end

-- The rows of a relation that are shown, in parts { frame =, from =, to =,
-- number = of the first }: all of them, or head and tail; and how many there
-- are. What is noted is that of all rows.
local function rows_of(node, head, tail, all)
  local R = require "trialsh.relation"
  local function part(frame, from, to, number)
    return { frame = frame, from = from, to = to, number = number or from }
  end
  local first = node.frame
  if not first then
    first = R.ask(node, nil, all < math.huge
      and { quiet = "cut", n = all + 1, from = 1 } or nil)
  end
  local total = #first
  if total <= all then return { part(first, 1, total) }, total end
  if node.frame then
    return { part(first, 1, head), part(first, total - tail + 1, total) }, total
  end
  total = R.count_rows(node, false, true)
  local last = R.ask(node, nil, { quiet = true, n = tail, total = total })
  return { part(first, 1, head), part(last, 1, #last, total - #last + 1) },
    total
end

--- show.relation(relation [, opt]) -> text
-- opt.box: with lines around; opt.whole: all rows and columns; opt.headers =
-- false: without the names of columns.
function M.relation(relation, opt)
  opt = opt or {}
  local head, tail, all = rows_shown()
  if opt.whole then all = math.huge end
  local R = require "trialsh.relation"
  local node = R.node_of(relation)
  if node.group then
    return ("rows grouped by %s; summarise, count, mutate, where or head comes "
      .. "next"):format(table.concat(node.group, ", "))
  end
  if node.print then return node.print(relation) end
  local parts, total = rows_of(node, head, tail, all)
  local columns, numbers, rows = {}, {}, 0
  for j, c in ipairs(node.columns) do
    columns[j] = { name = c.name, type = parts[1].frame:column(j).type,
      star = c.levels and true, format = c.format, exact = true, values = {} }
  end
  for _, part in ipairs(parts) do
    for i = part.from, part.to do
      rows = rows + 1
      numbers[rows] = part.number + i - part.from
      for j in ipairs(columns) do
        columns[j].values[rows] = part.frame:value(i, j)
      end
    end
  end
  if #columns == 0 then return "no columns" end
  local long = total > all
  local layout = { numbers = numbers, types = long, gap = long and head or nil,
    box = opt.box, whole = opt.whole, width = opt.whole and math.huge or nil,
    headers = opt.headers }
  local body, shown = M.table(columns, rows, layout)
  if shown < #columns and not long then
    layout.types = true
    body, shown = M.table(columns, rows, layout)
  end
  local lines = footer(node.columns, total, rows, shown, node.simulated)
  table.insert(lines, 1, body)
  if total == 0 then table.insert(lines, 2, "  no rows") end
  return table.concat(lines, "\n")
end

return M
