-- What run() shows at the prompt: a table where it fits the screen with all of
-- its names; else the address of a result stands above its comparisons and arms,
-- so that estimate, interval and P are always there.

local NA = require "ts.na".NA
local text = require "ts.text"
local format = require "trialsh.format"
local relation = require "trialsh.relation"
local show = require "trialsh.show"

-- Cells ----------------------------------------------------------------------

-- "1.39 (0.90 to 1.87)"; of a test, which estimates nothing, its statistic.
local function estimate_text(row)
  if row.estimate == NA then
    if row.statistic == NA then return NA end
    return ("statistic %s%s"):format(format.significant(row.statistic, 3),
      row.df ~= NA and ", df " .. text.number(row.df) or "")
  end
  local low, high = row.conf_low, row.conf_high
  local known = low ~= NA and high ~= NA
  local digits = format.decimals(known and high - low or row.estimate)
  local estimate = format.fixed(row.estimate, digits)
  if low == NA and high == NA then return estimate end
  return ("%s (%s to %s)"):format(estimate, format.fixed(low, digits),
    format.fixed(high, digits))
end

-- "ALC", "CYTO:IL6@Day 8", "ALC/pooled": the address without the comparison.
local function address_of(row, several)
  local parameters, visits = several.parameter, several.visit
  return row.endpoint
    .. (parameters[row.endpoint] and row.parameter ~= NA and ":"
      .. row.parameter or "")
    .. (visits[row.endpoint] and row.visit ~= NA and "@" .. row.visit or "")
    .. (row.variation ~= "main" and "/" .. row.variation or "")
end

local function p_of(name)
  return function(row)
    return row[name] == NA and NA or format.p(row[name])
  end
end

-- The columns after the names: the first, which always are there, and those in
-- which there is something to see. The last are left out on a narrow screen.
local shown = {
  { "estimate (CI)", estimate_text },
  { "P", p_of "p_value" },
  { "re-rand.", p_of "p_rerandomised", empty = true },
  { "adjusted", p_of "p_adjusted", empty = true },
  { "claimed", function(row)
    return row.rejected == "Y" and "yes" or row.rejected == "N" and "no" or NA
  end, empty = true },
  { "visit", function(row) return row.visit end, empty = true, last = true },
  { "n", function(row) return row.n end, type = "real", last = true },
}

-- Endpoints that have more than one parameter, and more than one visit.
local function several_of(list)
  local several = {}
  for _, key in ipairs { "parameter", "visit" } do
    local first, more = {}, {}
    for _, row in ipairs(list) do
      local id = row.endpoint
      if first[id] == nil then first[id] = row[key] end
      if first[id] ~= row[key] and row[key] ~= NA then more[id] = true end
    end
    several[key] = more
  end
  return several
end

local function column_of(name, list, get, spec)
  local column = { name = name, type = spec and spec.type or "text",
    values = {}, last = spec and spec.last }
  local any = not (spec and spec.empty)
  for i, row in ipairs(list) do
    column.values[i] = get(row)
    any = any or column.values[i] ~= NA
  end
  column.cells = show.cells(column.values, column.type)
  column.width = text.width(name)
  for _, cell in ipairs(column.cells) do
    column.width = math.max(column.width, text.width(cell))
  end
  return any and column or nil
end

-- Leaves out last columns while there is less room beside them than is needed;
-- how much there is.
local function room_beside(columns, hidden, need)
  local room = show.width()
  for _, c in ipairs(columns) do room = room - 2 - c.width end
  while room < need and columns[#columns].last do
    local c = table.remove(columns)
    room = room + 2 + c.width
    table.insert(hidden, 1, c.name)
  end
  return room
end

-- Below one another ----------------------------------------------------------

-- "Xanomeline Hi...Low Dose": more of what it begins with.
local function shorten(name, width)
  if text.width(name) <= width then return name end
  local list = {}
  for _, c in utf8.codes(name) do list[#list + 1] = utf8.char(c) end
  local head, tail, w, i, j = "", "", 3, 1, #list
  while i <= j do
    local front = 2 * #head <= 3 * #tail
    local c = front and list[i] or list[j]
    w = w + text.width(c)
    if w > width then break end
    if front then head, i = head .. c, i + 1 else tail, j = c .. tail, j - 1 end
  end
  return head .. "..." .. tail
end

-- Names as long as there is room for; whole where some would look alike.
local function shortened(names, width)
  local out, from = {}, {}
  for i, name in ipairs(names) do
    local short = shorten(name, width)
    if (from[short] or name) ~= name then return names end
    out[i], from[short] = short, name
  end
  return out
end

local LEAST = 16 -- columns for a name beside its numbers

local function widest(list, most)
  local width = 0
  for _, cell in ipairs(list) do
    local w = text.width(cell)
    if w <= most then width = math.max(width, w) end
  end
  return width
end

-- The lines of the results: addresses, and below them what is compared.
local function blocks(addresses, names, columns, hidden)
  local n, count = #addresses, #tostring(#addresses)
  local labels = {}
  for i, name in ipairs(names) do
    labels[i] = name == NA and text.escape(addresses[i])
      or "  " .. text.escape(name)
  end
  local margin = (" "):rep(count + 2)
  local room = room_beside(columns, hidden, #margin
    + widest(labels, math.huge)) - #margin
  labels = room >= LEAST and shortened(labels, room) or labels
  local width = widest(labels, room)
  local function pad(cell, w) return cell .. (" "):rep(w - text.width(cell)) end
  local function numbers(i)
    local parts = {}
    for j, c in ipairs(columns) do
      local cell = i and c.cells[i] or c.name
      parts[j] = c.type == "real" and (" "):rep(c.width - text.width(cell))
        .. cell or pad(cell, c.width)
    end
    return "  " .. table.concat(parts, "  ")
  end
  local lines = { margin .. pad("", width) .. numbers() }
  for i = 1, n do
    if names[i] ~= NA and addresses[i] ~= addresses[i - 1] then
      lines[#lines + 1] = margin .. text.escape(addresses[i])
    end
    local number = ("%" .. count .. "d  "):format(i)
    if text.width(labels[i]) > width then
      lines[#lines + 1] = number .. labels[i]
      lines[#lines + 1] = margin .. pad("", width) .. numbers(i)
    else
      lines[#lines + 1] = number .. pad(labels[i], width) .. numbers(i)
    end
  end
  for i, line in ipairs(lines) do lines[i] = line:gsub("%s+$", "") end
  return table.concat(lines, "\n")
end

-- All of it ------------------------------------------------------------------

-- Where the rest is, with as many names as there is room for.
local function all_columns(hidden)
  local line = "  s.results has all columns: "
  for _, name in ipairs(table.move({ "estimate_name", "conf_low",
      "statistic", "note" }, 1, 4, #hidden + 1, { table.unpack(hidden) })) do
    if text.width(line .. name) + #", ..." > show.width() then break end
    line = line .. name .. (name == "note" and " " or ", ")
  end
  return line .. "..."
end

--- print(results) -> text
return function(results)
  local list = {}
  for row in results:rows() do list[#list + 1] = row end
  local several, hidden, columns = several_of(list), {}, {}
  columns[1] = column_of("result", list, function(row)
    return address_of(row, several)
  end)
  columns[2] = column_of("comparison or arm", list, function(row)
    return row.compare ~= NA and row.compare or row.group
  end)
  for _, spec in ipairs(shown) do
    columns[#columns + 1] = column_of(spec[1], list, spec[2], spec)
  end
  local all = { table.unpack(columns) }
  local lines = {}
  local number = #tostring(#list)
  if room_beside(columns, hidden, number) >= number then
    lines[1] = show.table(columns, #list, { whole = true })
  else
    hidden = {}
    lines[1] = blocks(all[1].values, all[2].values, { table.unpack(all, 3) },
      hidden)
  end
  local said = {}
  for _, row in ipairs(list) do
    local line = row.note ~= NA and ("  %s: %s"):format(
      address_of(row, several), row.note)
    if line and not said[line] then
      said[line] = true
      lines[#lines + 1] = text.escape(line)
    end
  end
  lines[#lines + 1] = all_columns(hidden)
  local mark = relation.node_of(results).simulated
  if mark then lines[#lines + 1] = "  " .. mark end
  return table.concat(lines, "\n")
end
