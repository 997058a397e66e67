-- Nodes: what a relation is, without being one. See trialsh.relation.

local fail = require "ts.error".fail

local M = {}

-- A node that is like its parent but for changes.
function M.derive(parent, changes)
  local node = {
    study = parent.study, columns = parent.columns, layer = parent.layer,
    group = parent.group, key = parent.key, rules = parent.rules,
    bytes = parent.bytes, checks = parent.checks, words = parent.words,
    generation = parent.generation,
    declared = parent.declared, simulated = parent.simulated,
    trial = parent.trial, read = parent.read,
  }
  for key, value in pairs(changes) do node[key] = value end
  return node
end

--- nodes.no_group(node, verb): groups hold for the verb that follows by.
function M.no_group(node, verb)
  if node.group then
    fail("invalid", ("by(...) holds for the summarise, count, mutate, where, "
      .. "head or expect that follows; write %s before by"):format(verb))
  end
end

-- lag and its like run on from one subject to the next where no by() says
-- that they should not.
local running = { lag = true, lead = true, cumsum = true, cummean = true,
  cummin = true, cummax = true, cumcount = true }

--- nodes.note_subjects(relations, node, name): says so, of the function name.
function M.note_subjects(relations, node, name)
  local subject = node.columns.usubjid
  if node.group or not running[name] or not subject then return end
  if relations.has_several(node, subject) then
    require "trialsh.note".say("%s without by runs on from one %s to the next; "
      .. 'by "%s" keeps them apart', name, subject.name, subject.name)
  end
end

--- nodes.same_study(who, a, b): no query reads two files.
function M.same_study(who, a, b)
  if a.study and b.study and a.study ~= b.study then
    fail("invalid", ("%s: the two are of two studies; collect() makes a frame "
      .. "of the rows of one"):format(who))
  end
end

--- nodes.joined(a, b): two lists one after the other, either may be nil.
function M.joined(a, b)
  if not a or not b then return a or b end
  local out = table.move(a, 1, #a, 1, {})
  return table.move(b, 1, #b, #out + 1, out)
end

return M
