-- What tests of relations share: frames from arrays, the values of a column,
-- errors and notes by their words.
local lu = require "luaunit"
local note = require "trialsh.note"

local M = { said = {} }

note.listeners[#note.listeners + 1] = function(line)
  M.said[#M.said + 1] = line
end

--- relations.make(names, arrays) -> frame
function M.make(names, arrays)
  return require "trialsh.data".wrap(
    require "ts.frame".build(names, arrays))
end

--- relations.column(relation, name): its values, as a list
function M.column(relation, name)
  local out = {}
  for row in relation:rows() do out[#out + 1] = row[name] end
  return out
end

--- relations.refuses(words, f, ...): f(...) is an error that says so
function M.refuses(words, f, ...)
  local ok, err = pcall(f, ...)
  lu.assertFalse(ok, words)
  lu.assertStrContains(tostring(err), words)
end

--- relations.forget(): what was noted so far
function M.forget() M.said = {} end

--- relations.heard(words): a note since then says so
function M.heard(words)
  lu.assertStrContains(table.concat(M.said, "\n"), words)
end

return M
