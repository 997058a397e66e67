-- Workbooks of spreadsheets: what is written. They are not read.

local note = require "trialsh.note"
local export = require "trialsh.export"
local iso = require "trialsh.iso"
local mark = require "trialsh.mark"

local M = { what = "XLSX", extensions = { xlsx = true }, takes = {},
  writes = { member = { "string" }, label = { "string" },
    created = { "string" } },
  holds = { label = true, unit = true, format = iso.kind, simulated = true } }

-- "ADT: 2 values, ADTM: 1 value" of the columns with counts for which test()
-- holds.
local function listed(node, counts, test)
  local list = {}
  for j, column in ipairs(node.columns) do
    if test(counts[j]) then
      list[#list + 1] = counts[j] < 0 and column.name
        or ("%s: %d value%s"):format(column.name, counts[j],
          counts[j] == 1 and "" or "s")
    end
  end
  return #list > 0 and table.concat(list, ", ")
end

local function say_dates(path, node, counts)
  local early = listed(node, counts, function(n) return n > 0 end)
  local other = listed(node, counts, function(n) return n < 0 end)
  if early then
    note.say("%s: dates before 1900-03-01, which spreadsheets lack, are ISO "
      .. "text: %s", path, early)
  end
  if other then
    note.say("%s: values that are not all dates stay the numbers of SAS: %s",
      path, other)
  end
end

-- Sheets behind the others, one for each mark, name those that bear it.
local function add_marks(list)
  local names, order, all = {}, {}, false
  for _, sheet in ipairs(list) do
    local of = sheet.mark
    if of and not names[of] then
      names[of], order[#order + 1] = {}, of
    end
    if of then table.insert(names[of], sheet.name) end
    all = mark.both(all, of)
  end
  for _, of in ipairs(order) do
    list[#list + 1] = { name = of, mark = of,
      frame = require "ts.frame".build({ of }, { names[of] }) }
  end
  return all or nil
end

--- xlsx.write_sheets(sheets, path, opt): sheets are { name =, node = }.
function M.write_sheets(sheets, path, opt)
  local list = {}
  for i, sheet in ipairs(sheets) do
    local frame, kinds = export.rows(sheet.node), {}
    for j, name in ipairs(frame:names()) do
      kinds[name] = iso.kind(frame:column(j).format)
    end
    list[i] = { name = sheet.name, frame = frame, kinds = kinds,
      mark = sheet.node.simulated or nil }
  end
  local all = add_marks(list)
  local counts = require "ts.xlsx".write(path, list, {
    title = opt.label or export.facts(sheets[1].node).label,
    creator = require "trialsh.version".text,
    keywords = all,
    created = opt.created, mode = require "ts.file".mode() })
  for i, sheet in ipairs(sheets) do
    say_dates(path, sheet.node, counts[i])
  end
end

-- The base name of a file as the name of a sheet, of at most 31 letters.
local function base_name(path)
  local name = path:match "([^/]+)$":gsub("%.[^.]*$", "")
  if not require "ts.text".valid(name) then return "data" end
  name = name:gsub("[\xF0-\xF4][\x80-\xBF]+", "_"):gsub("[%[%]:*?/\\%c]", "_")
  local last = utf8.offset(name, 32)
  return (name:sub(1, last and last - 1):gsub("^'", "_"):gsub("'$", "_"))
end

--- xlsx.write(node, path, opt): one sheet.
function M.write(node, path, opt)
  local name = opt.member or node.name or base_name(path)
  M.write_sheets({ { name = name, node = node } }, path, opt)
end

return M
