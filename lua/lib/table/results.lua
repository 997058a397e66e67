-- Rows of results with all columns of s.results; those that are not there are NA.

local NA = require "ts.na".NA
local fail = require "ts.error".fail
local cframe = require "ts.frame"
local relation = require "trialsh.relation"

local M = {}

local words = { variation = "main", kind = "main" }

--- results.whole(who, r) -> relation
function M.whole(who, r)
  local node = relation.node_of(r)
  if not node.columns.endpoint then
    fail("not found", ("%s: the rows have no column endpoint; s.results has them")
      :format(who))
  end
  local frame = require "trialsh.data".frame(r)
  local there, names, arrays = {}, {}, {}
  for _, name in ipairs(frame:names()) do
    there[name] = true
    names[#names + 1], arrays[#arrays + 1] = name, frame:column(name)
  end
  local wanted = { "p_rerandomised" } -- of results that were stored without
  for _, name in ipairs(require "trialsh.endpoint.results".columns) do
    if name ~= wanted[1] then wanted[#wanted + 1] = name end
  end
  for _, name in ipairs(wanted) do
    if not there[name] then
      local list = {}
      for i = 1, #frame do list[i] = words[name] or NA end
      names[#names + 1], arrays[#arrays + 1] = name, list
    end
  end
  return relation.of_frame(cframe.build(names, arrays),
    { simulated = node.simulated })
end

return M
