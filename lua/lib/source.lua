-- Where a key of a definition stands: Lua knows only the first line of a
-- call, so the text of the file is searched for the key from there on.

local M = {}

-- The text of a definition that begins on that line: up to the brace that
-- closes its first one, texts and comments skipped.
local function block(lines, first)
  local depth, last = 0, #lines
  for i = first, #lines do
    local line = lines[i]:gsub("%-%-.*", ""):gsub('\\"', "")
      :gsub('"[^"]*"', '""'):gsub("'[^']*'", "''")
    for c in line:gmatch "[{}]" do
      depth = depth + (c == "{" and 1 or -1)
      if depth == 0 then return i end
    end
  end
  return last
end

--- source.line(file, first, key [, value]) -> line
-- The line of `key =` in the definition that begins at first (or of the text
-- value, where that is given and found); first when the file cannot be read.
function M.line(file, first, key, value)
  local f = file and io.open(file)
  if not f then return first end
  local lines = {}
  for line in f:lines() do lines[#lines + 1] = line end
  f:close()
  local last = block(lines, first)
  local from = first
  if key then
    local pattern = "%f[%w_]" .. key:gsub("%p", "%%%0") .. "%f[^%w_]%s*\"?%]?%s*="
    for i = first, last do
      if lines[i]:find(pattern) then
        from = i
        if not value then return i end
        break
      end
    end
  end
  for _, text in ipairs(value and { '"' .. value .. '"', value } or {}) do
    for i = from, last do
      if lines[i]:find(text, 1, true) then return i end
    end
  end
  return from
end

return M
