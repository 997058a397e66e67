-- Names that an expression must quote: what a message adds where a text holds
-- one of them without its quotes.

local M = {}

local function is_plain(name)
  return name:find "^[%a_\128-\255][%w_\128-\255]*$" ~= nil
end

-- The text without what stands in quotes.
local function bare(source)
  return (source:gsub("'[^']*'", "''"):gsub('"[^"]*"', '""')
    :gsub("`[^`]*`", "``"):gsub("%b[]", "[]"))
end

--- quoting.hint(source, columns) -> '; write "CRP (mg/L)" in double quotes
-- inside the text', or "": the longest name that needs quotes and has none.
function M.hint(source, columns)
  local text, found = bare(source):lower(), nil
  for _, column in ipairs(columns or {}) do
    local name = column.name
    if not is_plain(name) and text:find(name:lower(), 1, true)
        and not (found and #found >= #name) then
      found = name
    end
  end
  if not found then return "" end
  return ('; write %s in %s inside the text')
    :format(found:find '"' and "`" .. found .. "`" or '"' .. found .. '"',
      found:find '"' and "backquotes" or "double quotes")
end

--- quoting.definition(item): what the message adds where the name in front of =
-- is no plain word.
function M.definition(item)
  local name = type(item) == "string" and item:match "^%s*([^=<>!\"`]-)%s*=[^=]"
  if not name or name == "" or is_plain(name) then return "" end
  return ('; such a name stands in double quotes, "%s" = ...'):format(name)
end

return M
