-- The mark of data that are not what they look like: made up, or with arms that
-- are dummies while the trial is blinded. It belongs to the data: nodes, results
-- and models carry it as `simulated`, and what is made of two has the marks of
-- both. A mark is false or nil, or the text that stands below each output.

local M = {}

M.SIMULATED = "SIMULATED DATA"
M.DUMMY = "DUMMY TREATMENT"
local BOTH = M.SIMULATED .. ", " .. M.DUMMY

-- What a file says of each row, where it has no other place for it.
M.COLUMN = "DUMMYTRT"

--- mark.of(simulated, dummy) -> mark
function M.of(simulated, dummy)
  return simulated and (dummy and BOTH or M.SIMULATED) or dummy and M.DUMMY
    or false
end

--- mark.is_simulated(mark): true stands for made-up data too.
function M.is_simulated(mark)
  return mark == true or mark == M.SIMULATED or mark == BOTH
end

function M.is_dummy(mark) return mark == M.DUMMY or mark == BOTH end

--- mark.both(a, b) -> the mark of what is made of two
function M.both(a, b)
  return M.of(M.is_simulated(a) or M.is_simulated(b),
    M.is_dummy(a) or M.is_dummy(b))
end

-- Columns of such data, while they are held.
local columns = setmetatable({}, { __mode = "k" })

function M.mark_column(column) columns[column] = M.DUMMY end

--- mark.of_column(column) -> the mark, or nil
function M.of_column(column) return columns[column] end

--- mark.with(mark, words) -> what stands on a figure: no words take its place
function M.with(marked, words)
  return marked and words and ("%s. %s"):format(marked, words) or marked
    or words
end

--- mark.of_tables(tables) -> the mark of all of them
function M.of_tables(tables)
  local found = false
  for _, t in ipairs(tables) do found = M.both(found, t.simulated) end
  return found
end

--- mark.of_columns(columns, mark) -> the mark of data that have these columns:
-- a file that was written with dummy arms says so in one of them.
function M.of_columns(columns, mark)
  local said = false
  for _, c in ipairs(columns) do said = said or c.name == M.COLUMN end
  return M.both(mark, said and M.DUMMY)
end

return M
