-- What is asked of one study by several processes. Connections of SQLite do not
-- survive a fork: each child reads a copy in memory.

local errors = require "ts.error"
local jobs = require "trialsh.jobs"
local note = require "trialsh.note"
local packed = require "trialsh.packed"

local M = {}

local MOST = 256 * 1024 * 1024 -- bytes of a study that is read into memory

--- workers.outcome(f, ...) -> a table for workers.value: what f gives, what it tells,
-- and how it failed.
function M.outcome(f, ...)
  local given, arguments = {}, table.pack(...)
  given.notes = note.gather(function()
    local ok, value = pcall(f, table.unpack(arguments, 1, arguments.n))
    if ok then
      given.value = value
    elseif errors.is(value) then
      given.failed = {}
      for key, x in next, value do given.failed[key] = x end
    else
      given.crashed = tostring(value)
    end
  end)
  return given
end

--- workers.value(outcome): as if f were called here.
function M.value(given)
  note.tell(given.notes)
  if given.crashed then error(given.crashed, 0) end
  local failed = given.failed
  if failed then errors.fail(failed.code, failed.message, failed) end
  return given.value
end

--- workers.map(inner, n, f, what) -> { f(1), ... f(n) }: f reads the study and
-- changes nothing that is looked at later. nil, and nothing is done, where the work
-- cannot be shared: with one job, a log, or a very large study.
function M.map(inner, n, f, what)
  local store, process = inner:store(), jobs.process()
  local image <close> = jobs.count() > 1 and not note.log and store:image(MOST)
    or nil
  if not image then return nil end
  local own
  local found = jobs.map(n, function(i)
    if not own and jobs.process() ~= process then
      own = true
      store:become(image)
    end
    return packed.pack(f(i))
  end, what)
  for i, bytes in ipairs(found) do found[i] = packed.unpack(bytes) end
  return found
end

return M
