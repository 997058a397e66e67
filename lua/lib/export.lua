-- What goes into files: the rows of a relation, with the codes of missing values
-- where they are known, and a note of what a kind of file has no place for.

local mark = require "trialsh.mark"
local note = require "trialsh.note"

local M = {}

-- A table of a study as it is, so that its rows are those of the study.
local function is_table(node)
  return node.study and node.name and not node.verb
end

--- export.facts(node): what the study says of a table, or a frame of itself.
function M.facts(node)
  return is_table(node) and node.study:facts_of(node.name) or node
end

--- export.member(node, path): the name of the data set; the table's, or the
-- file's.
function M.member(node, path)
  return M.facts(node).member
    or (node.name or path:match "([^/]+)$":gsub("%.[^.]*$", "")):upper()
end

--- export.codes(node) -> names of columns with special missing values.
function M.codes(node)
  local list = {}
  for _, column in ipairs(node.columns) do
    local origin, n = column.origin, 0
    if origin and origin.frame and column.type == "real" then
      n = next(origin.frame:column(origin.name).special) and 1 or 0
    elseif origin and origin.table and node.study then
      n = node.study:count_missing(origin.table, origin.name)
    end
    if n > 0 then list[#list + 1] = column.name end
  end
  return list
end

--- export.lost_codes(node) -> names of columns whose codes its rows no longer
-- have: those of a table or a frame as it is have them all.
function M.lost_codes(node)
  return (node.frame or is_table(node)) and {} or M.codes(node)
end

--- export.tell_codes(node): a note of them.
function M.tell_codes(node)
  local lost = M.lost_codes(node)
  if #lost > 0 then
    note.say("special missing values (.A to .Z, ._) become . in %s",
      M.columns(lost))
  end
end

--- export.rows(node) -> C frame, with the codes of missing values that it has.
function M.rows(node)
  if node.frame then return node.frame end
  require "trialsh.relation.nodes".no_group(node, "export")
  local frame = require "trialsh.relation".ask(node)
  if is_table(node) then node.study:get_missing(node.name, frame) end
  return frame
end

--- export.marked(relation, kind) -> relation
-- With dummy arms, and a kind of file that has no place for a mark: with a column
-- that says so in each row.
function M.marked(what, kind)
  local node = require "trialsh.relation".node_of(what)
  if not mark.is_dummy(node.simulated) or kind.holds.simulated or node.group
      or node.columns[mark.COLUMN:lower()] then
    return what
  end
  note.say("the arms are dummies: %s says so in each row", mark.COLUMN)
  return what:mutate(("%s = '%s'"):format(mark.COLUMN, mark.DUMMY))
end

--- export.columns(names): "AVAL, BASE", "12 columns" of a long list.
function M.columns(names)
  return #names > 4 and #names .. " columns" or table.concat(names, ", ")
end

local WORDS = { { "label", "labels" }, { "unit", "units" },
  { "format", "formats" }, { "levels", "the order of levels" } }

-- kind.holds says of each whether it has a place for it, or for which values
-- with which options.
local function holds(kind, what, value, opt)
  local test = kind.holds[what]
  if type(test) == "function" then return test(value, opt) end
  return test
end

--- export.tell(node, path, kind, opt): what kind.holds lacks and the columns
-- have.
function M.tell(node, path, kind, opt)
  local lost = {}
  for _, word in ipairs(WORDS) do
    local names = {}
    for _, column in ipairs(node.columns) do
      local value = column[word[1]]
      if value and not holds(kind, word[1], value, opt)
          and not (word[1] == "label" and value == column.name) then
        names[#names + 1] = column.name
      end
    end
    if #names > 0 then
      lost[#lost + 1] = ("%s (%s)"):format(word[2], M.columns(names))
    end
  end
  local codes = kind.holds.special and {} or M.codes(node)
  if #codes > 0 then
    lost[#lost + 1] = ("special missing values (%s)"):format(M.columns(codes))
  end
  if mark.is_simulated(node.simulated) and not kind.holds.simulated then
    lost[#lost + 1] = "the mark " .. mark.SIMULATED
  end
  if #lost > 0 then
    note.say("%s: %s has no place for %s", path, kind.what,
      table.concat(lost, ", "))
  end
end

return M
