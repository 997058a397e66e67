-- The line that a prompt opens with: the study, its trial and patients, and what
-- one must know before looking at a number.

local mark = require "trialsh.mark"
local note = require "trialsh.note"
local Inner = require "trialsh.study.inner"

local M = {}

local function n_patients(self)
  local tables = self:tables_list()
  local t = tables.adsl or tables.arms or require "trialsh.study.arms"
    .source(self)
  return t and note.plural(t.rows, "patient")
end

--- opening.line(study, name): "iris7.db: IRIS-7, 27 patients, SIMULATED DATA,
-- unblinded. "
function M.line(s, name)
  local self = Inner.of(s)
  local trial = self:trial()
  local list = { trial and trial.id }
  list[#list + 1] = n_patients(self)
  list[#list + 1] = mark.of_tables(self:tables_list()) or nil
  list[#list + 1] = require "trialsh.study.unblind".word(self)
  list[#list + 1] = self.handle:get_lock() and "locked" or nil
  return name .. (#list > 0 and ": " .. table.concat(list, ", ") or "")
end

return M
