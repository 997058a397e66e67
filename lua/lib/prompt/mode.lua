-- What .mode offers: a relation or frame as text of another kind, all of its
-- rows. csv, tsv, json and jsonl hold values as they are, to be read back; md,
-- html, latex, box and line show them as the screen does.

local text = require "ts.text"
local NA = require "ts.na".NA
local iso = require "trialsh.iso"
local relation = require "trialsh.relation"
local show = require "trialsh.show"

local M = { names = { "table", "box", "line", "csv", "tsv", "json", "jsonl",
  "md", "html", "latex" } }

-- Columns { name =, type =, format =, values = {...} } and how many rows.
local function read(r)
  r = require "trialsh.export".marked(r, { holds = {} })
  local node = relation.node_of(r)
  if node.group then
    require "ts.error".fail("invalid", "rows are grouped; summarise, count or "
      .. "the like comes next")
  end
  local frame = node.frame or relation.ask(node, nil, { quiet = true })
  local columns = {}
  for j, c in ipairs(node.columns) do
    local values = {}
    for i = 1, #frame do values[i] = frame:value(i, j) end
    columns[j] = { name = c.name, type = frame:column(j).type,
      format = c.format, values = values }
  end
  return columns, #frame
end

-- A value as files hold it: a date as ISO text, a number by its shortest text.
local function plain(value, time)
  if type(value) ~= "number" then return value end
  return time and iso.text(time, value) or text.number(value)
end

local function times(columns)
  local list = {}
  for j, c in ipairs(columns) do
    list[j] = c.type == "real" and iso.kind(c.format) or false
  end
  return list
end

-- Lines of cells: cell(value, column) of each.
local function lines(columns, n, separator, cell)
  local out = {}
  for i = 1, n do
    local parts = {}
    for j, c in ipairs(columns) do parts[j] = cell(c.values[i], j) end
    out[i] = table.concat(parts, separator)
  end
  return out
end

local function delimited(separator)
  local function quote(s)
    if s == "" or s == "NA" or s == "." or s:find '[,;\t|"\r\n]'
        or s:find "^[ \xEF]" or s:find " $" or text.parse(s) then
      return '"' .. s:gsub('"', '""') .. '"'
    end
    return s
  end
  return function(columns, n, headers)
    local head, time = {}, times(columns)
    for j, c in ipairs(columns) do head[j] = quote(c.name) end
    local out = lines(columns, n, separator, function(value, j)
      if value == NA then return "" end
      return type(value) == "string" and quote(value) or plain(value, time[j])
    end)
    if headers then table.insert(out, 1, table.concat(head, separator)) end
    return table.concat(out, "\n")
  end
end

local function objects(columns, n)
  local json = require "ts.json"
  local time, known = times(columns), {}
  local function encode(s)
    known[s] = known[s] or json.encode(s)
    return known[s]
  end
  return lines(columns, n, ",", function(value, j)
    local name = encode(columns[j].name) .. ":"
    if value == NA then return name .. "null" end
    local s = plain(value, time[j])
    local number = type(value) == "number" and s:find "^-?%d" and not (time[j]
      and s:find "[:T]" or s:find "%d%-")
    return name .. (number and s or encode(s))
  end)
end

local function jsonl(columns, n)
  local out = objects(columns, n)
  for i, line in ipairs(out) do out[i] = "{" .. line .. "}" end
  return table.concat(out, "\n")
end

local function json(columns, n)
  local out = jsonl(columns, n)
  return n == 0 and "[]" or "[" .. out:gsub("\n", ",\n ") .. "]"
end

-- Cells as the screen shows them, escaped; which columns stand to the right.
local function shown(columns, escape)
  local all = {}
  for j, c in ipairs(columns) do
    local list, right = show.cells(c.values, c.type, c.format)
    for i, s in ipairs(list) do list[i] = escape(s) end
    all[j] = { name = escape(c.name), values = list, right = right }
  end
  return all
end

local function names(columns, before, behind, between)
  local list = {}
  for j, c in ipairs(columns) do list[j] = before .. c.name .. behind end
  return table.concat(list, between)
end

local function itself(value) return value end

local function md(columns, n)
  local all = shown(columns, function(s)
    return (s:gsub("[\\|*`]", "\\%0"):gsub("[<&]", { ["<"] = "&lt;",
      ["&"] = "&amp;" }))
  end)
  local rule = {}
  for j, c in ipairs(all) do rule[j] = c.right and "--:" or ":--" end
  local out = lines(all, n, " | ", itself)
  for i, line in ipairs(out) do out[i] = "| " .. line .. " |" end
  return ("| %s |\n| %s |%s"):format(names(all, "", "", " | "),
    table.concat(rule, " | "), n > 0 and "\n" .. table.concat(out, "\n") or "")
end

local function html(columns, n, headers)
  local all = shown(columns, function(s)
    return (s:gsub('[&<>"]', { ["&"] = "&amp;", ["<"] = "&lt;",
      [">"] = "&gt;", ['"'] = "&quot;" }))
  end)
  local out = lines(all, n, "", function(value, j)
    return (all[j].right and '<td align="right">%s</td>' or "<td>%s</td>")
      :format(value)
  end)
  for i, line in ipairs(out) do out[i] = "<tr>" .. line .. "</tr>" end
  return ("<table>\n%s<tbody>\n%s\n</tbody>\n</table>"):format(headers
    and ("<thead><tr>%s</tr></thead>\n"):format(names(all, "<th>", "</th>", ""))
    or "", table.concat(out, "\n"))
end

local TEX = { ["\\"] = "\\textbackslash{}", ["~"] = "\\textasciitilde{}",
  ["^"] = "\\textasciicircum{}", ["<"] = "\\textless{}",
  [">"] = "\\textgreater{}", ["|"] = "\\textbar{}", ["["] = "{[}",
  ["]"] = "{]}" }

local function latex(columns, n, headers)
  local all = shown(columns, function(s)
    return (s:gsub("[\\~^<>|%[%]_%%&#${}]", function(c)
      return TEX[c] or "\\" .. c
    end))
  end)
  local places = {}
  for j, c in ipairs(all) do places[j] = c.right and "r" or "l" end
  local out = lines(all, n, " & ", itself)
  for i, line in ipairs(out) do out[i] = line .. " \\\\" end
  return ("\\begin{tabular}{%s}\n\\hline\n%s%s\n\\hline\n\\end{tabular}")
    :format(table.concat(places), headers
    and names(all, "", "", " & ") .. " \\\\\n\\hline\n" or "",
    table.concat(out, "\n"))
end

local function line(columns, n)
  local all, width, out = shown(columns, itself), 0, {}
  for _, c in ipairs(all) do
    c.name = text.escape(c.name)
    width = math.max(width, text.width(c.name))
  end
  for i = 1, n do
    local parts = {}
    for j, c in ipairs(all) do
      parts[j] = ("%s%s = %s"):format((" "):rep(width - text.width(c.name)),
        c.name, c.values[i])
    end
    out[i] = table.concat(parts, "\n")
  end
  return table.concat(out, "\n\n")
end

local writers = { csv = delimited ",", tsv = delimited "\t", json = json,
  jsonl = jsonl, md = md, html = html, latex = latex, line = line }

--- mode.text(relation, name, headers): all rows as that kind of text, with the
-- names of columns where they can be left out; head and tail of a table.
function M.text(r, name, headers)
  if name == "box" or name == "table" then
    return show.relation(r, { box = name == "box", headers = headers })
  end
  local columns, n = read(r)
  return writers[name](columns, n, headers)
end

return M
