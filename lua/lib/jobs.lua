-- Work in parts that know nothing of each other, shared by as many processes as
-- --jobs says.

local core = require "ts.jobs"
local session = require "trialsh.session"

local M = {}

--- jobs.map(n, f, what) -> { f(1), ... f(n) }, texts. f may run in another process:
-- it changes nothing that is looked at later, and asks no study.
function M.map(n, f, what)
  local here, own = core.process(), false
  local jobs = session.jobs or 1
  if jobs > 1 then collectgarbage() end -- no connection is closed in a child
  return core.map(jobs, n, function(i)
    if not own and core.process() ~= here then
      own = true
      require "trialsh.relation".new_scratch()
    end
    return f(i)
  end, what)
end

return M
