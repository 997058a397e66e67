-- Work in parts that know nothing of each other, shared by as many processes as
-- --jobs says.

local core = require "ts.jobs"
local session = require "trialsh.session"

local M = {}

M.process = core.process

--- jobs.count() -> how many processes may share the work
function M.count() return session.jobs or 1 end

-- Until it is closed garbage waits: a child that looked for it would have to copy all
-- that it has from its parent. What is there is collected now, so that no connection
-- is closed in a child.
local function lazy()
  local pause = collectgarbage("setpause", 400)
  collectgarbage()
  return setmetatable({}, { __close = function()
    collectgarbage("setpause", pause)
  end })
end

--- jobs.map(n, f, what) -> { f(1), ... f(n) }, texts. f may run in another process:
-- it changes nothing that is looked at later, and asks no study.
function M.map(n, f, what)
  local here, own = core.process(), false
  local jobs = M.count()
  local pause <close> = jobs > 1 and lazy() or nil
  return core.map(jobs, n, function(i)
    if not own and core.process() ~= here then
      own = true
      require "trialsh.relation".new_scratch()
    end
    return f(i)
  end, what)
end

return M
