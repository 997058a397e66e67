-- Locking a study, ending the lock, and whether a study is what it was.

local errors = require "ts.error"
local note = require "trialsh.note"
local options = require "trialsh.options"
local text = require "ts.text"
local Inner = require "trialsh.study.inner"

local fail = errors.fail

local M = {}

local Lock = { __name = "lock" }

function Lock.__index(_, name)
  local near = text.nearest(tostring(name),
    { "who", "utc", "reason", "content", "head", "event" })
  fail("not found", ("a lock has no %s%s"):format(tostring(name),
    near and "; nearest: " .. near or ""))
end

function Lock.__tostring(lock)
  return ("locked by %s on %s UTC: %s\ncontent  %s\naudit    %s (event %d)")
    :format(text.escape(lock.who), lock.utc:sub(1, 19):gsub("T", " "),
      text.escape(lock.reason), lock.content, lock.head, lock.event)
end

--- lock.of(inner study): who locked it, when and why, or nil.
function M.of(self)
  local lock = self:store():get_lock()
  return lock and setmetatable(lock, Lock)
end

local function reason_of(verb, opt)
  local reason = options(verb, opt, { reason = { "string" } }).reason
  if not reason or not reason:find "%S" then
    fail("invalid", ('%s needs a reason: s:%s{ reason = "..." }'):format(verb,
      verb))
  elseif reason:find "%z" or not text.valid(reason) then
    fail("invalid", verb .. ": the reason is no UTF-8 text")
  end
  return reason
end

--- study:lock{ reason } -> lock
-- Ends all change: import, assignment, drop, trial and run() are refused from
-- then on and say who locked the study, when and why. The file becomes
-- read-only, and whole: a copy of it alone is a copy of the study. What it
-- holds is hashed (content), and each opening compares; of the audit trail the
-- hash of its last event (head) stands for all. Whoever can write the file can
-- write all of it, hashes too: only a hash that left the file, in a report,
-- shows that. So print the lock, and compare:
-- study.open("trial.db", { expect = "..." }), or study:verify "...".
-- To go on, unlock the study, or a copy of the file; both stay in its trail.
--
--   > select(2, pcall(demo.lock, demo, {}))
--   lock needs a reason: s:lock{ reason = "..." }
--
-- See also: study:unlock, study:verify, study.open.
function M.lock(s, opt)
  local self = Inner.of(s)
  self:store():lock(reason_of("lock", opt))
  return M.of(self)
end

--- study:unlock{ reason }
-- Ends a lock, once the content was found to be what was locked: an event of
-- the audit trail says who, when and why. The event of the lock, with the hash
-- of what was locked, stays before it.
--
--   > select(2, pcall(demo.unlock, demo, { reason = "late queries" }))
--   :memory: is not locked
--
-- See also: study:lock, study:history.
function M.unlock(s, opt)
  local reason = reason_of("unlock", opt)
  Inner.of(s):store():unlock(reason)
end

-- "iris7.db: 3 events since the one expected"
local function say_since(self, n)
  if n > 0 then
    note.say("%s: %d event%s since what was expected", self.handle:path(), n,
      n == 1 and "" or "s")
  end
end

local function check_hash(who, hash)
  if type(hash) ~= "string" then
    fail("type", ("%s: a hash is text, not a %s"):format(who, type(hash)))
  end
  return (hash:lower():gsub("%s", ""))
end

--- study:verify([hash]) -> number of events
-- Whether the study is what its audit trail says: the file is whole, no event
-- was altered or lost, each table has the rows and labels that the last event
-- about it left, and a locked study holds what was locked. An error names the
-- first that does not. With a hash that a report or study:lock gave: whether
-- an event of the trail, or the content that is locked, has it; that alone
-- finds a trail whose end was cut, or that was written anew.
--
--   > demo:verify() == #demo.audit
--   true
--   > demo:verify(demo.audit.hash[#demo.audit]) == #demo.audit
--   true
--
-- See also: study:lock, study:history, study.open.
function M.verify(s, hash)
  local self = Inner.of(s)
  if hash == nil then return (self:store():verify()) end
  local n, since = self:store():verify(check_hash("verify", hash))
  say_since(self, since)
  return n
end

--- lock.expect(inner study, hash): of study.open; an error when it is another.
function M.expect(self, hash)
  say_since(self, self:store():expect(check_hash("study.open", hash)))
end

--- lock.say(inner study): what to know of a study that is opened.
function M.say(self)
  local lock, altered = M.of(self), self.handle:altered()
  if altered then
    note.warn("%s; what is read may be wrong", altered)
  elseif lock then
    note.say("%s was locked by %s on %s: %s", self.handle:path(), lock.who,
      lock.utc:sub(1, 10), lock.reason)
  end
  if self.handle:is_public() then
    note.say("%s: all users of this computer can read it; chmod o-rwx ends "
      .. "that", self.handle:path())
  end
end

return M
