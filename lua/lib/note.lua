-- Notes: one line about what happened to the data. They go to listeners (the
-- log) and, on a terminal, to stderr; never to stdout, never into a result.

local session = require "trialsh.session"

local M = { listeners = {}, terminal = session.terminal }

--- note.say(format, ...): tells everyone who listens.
function M.say(format, ...)
  local line = select("#", ...) > 0 and format:format(...) or format
  for _, listener in ipairs(M.listeners) do listener(line) end
  if M.terminal then
    session.erase() -- a line of progress may stand there
    io.stderr:write("note: ", require "ts.text".escape(line), "\n")
  end
end

--- note.warn(format, ...): a note that ought to be acted on; it counts under
-- --werror and is told wherever stderr goes.
function M.warn(format, ...)
  local line = select("#", ...) > 0 and format:format(...) or format
  for _, listener in ipairs(M.listeners) do listener(line) end
  warn(line)
end

return M
