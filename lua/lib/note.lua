-- Notes: one line about what happened to the data. They go to listeners (the
-- log) and to stderr, on a terminal or with --errors=json; never to stdout,
-- never into a result.
-- A listener is called with the line and its kind, "note", "warning" or
-- "record": what only a log is told.

local session = require "trialsh.session"

local M = { listeners = {} }

local gathered -- the list of note.gather(), or nil

local function tell(kind, format, ...)
  local line = select("#", ...) > 0 and format:format(...) or format
  if gathered then
    gathered[#gathered + 1] = { kind, line }
    return nil
  end
  for _, listener in ipairs(M.listeners) do listener(line, kind) end
  return line
end

--- note.say(format, ...): tells everyone who listens.
function M.say(format, ...)
  local line = tell("note", format, ...)
  if line and session.notes then
    session.erase() -- a line of progress may stand there
    session.tell("note", line)
  end
end

--- note.warn(format, ...): a note that ought to be acted on; it counts under
-- --werror and is told wherever stderr goes.
function M.warn(format, ...)
  local line = tell("warning", format, ...)
  if not line then return end
  warn(line)
  if M.log then M.log.hear() end
end

--- note.gather(f) -> list: what f has to tell, for note.tell.
function M.gather(f)
  local before, list = gathered, {}
  gathered = list
  local ok, err = pcall(f)
  gathered = before
  if not ok then error(err, 0) end
  return list
end

--- note.tell(list): tells what was gathered.
function M.tell(list)
  for _, entry in ipairs(list) do
    local say = entry[1] == "warning" and M.warn or M.say
    say("%s", entry[2])
  end
end

--- note.record(format, ...): what only a log is told; M.log is the one that is
-- open.
function M.record(format, ...)
  if M.log then tell("record", format, ...) end
end

--- note.wrote(path): a file was written; a log keeps its hash.
function M.wrote(path)
  if M.log then M.log.wrote(path) end
end

--- note.plural(n, word): "1 row", "2 rows"
function M.plural(n, word)
  return ("%d %s%s"):format(n, word, n == 1 and "" or "s")
end

--- note.counted(columns, key): "AVAL: 2 values, BASE: 1 value" of columns
-- { name =, [key] = n }, or whose number the function key tells; nil for none.
function M.counted(columns, key)
  local list, more = {}, 0
  for _, c in ipairs(columns) do
    local n = type(key) == "function" and key(c) or c[key]
    if n > 0 and #list < 8 then
      list[#list + 1] = c.name .. ": " .. M.plural(n, "value")
    elseif n > 0 then
      more = more + 1
    end
  end
  if more > 0 then
    list[#list + 1] = "and " .. M.plural(more, "more column")
  end
  return #list > 0 and table.concat(list, ", ") or nil
end

return M
