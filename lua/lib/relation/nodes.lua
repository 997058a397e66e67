-- Nodes: what a relation is, without being one. See trialsh.relation.

local fail = require "ts.error".fail

local M = {}

-- A node that is like its parent but for changes.
function M.derive(parent, changes)
  local node = {
    study = parent.study, columns = parent.columns, layer = parent.layer,
    group = parent.group, key = parent.key, expects = parent.expects,
    joins = parent.joins, once = parent.once, words = parent.words,
    generation = parent.generation,
    declared = parent.declared, simulated = parent.simulated,
  }
  for key, value in pairs(changes) do node[key] = value end
  return node
end

--- nodes.no_group(node, verb): grouped rows wait for summarise or count.
function M.no_group(node, verb)
  if node.group then
    fail("invalid", ("by(...) is followed by summarise or count, not by %s")
      :format(verb))
  end
end

return M
