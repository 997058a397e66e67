-- A study keeps results, a script their definitions: what to say where the
-- results are there and the definitions are not.

local NA = require "ts.na".NA
local text = require "ts.text"

local M = {}

-- The results of the open study; none where no study or no result is there.
local function results()
  local ok, found = pcall(function()
    return require "trialsh.study".study.open().results:collect()
  end)
  return ok and found or nil
end

local function script_words(row)
  if row.script == NA then return "it was defined at the prompt" end
  return text.escape(("its script defines it: dofile \"%s\" first (line %d)")
    :format(row.script, row.line))
end

--- loaded.of(id) -> words for an endpoint that has results and no definition,
-- or nil and the names of those that have
function M.of(id)
  local names, seen = {}, {}
  local frame = results()
  for row in (frame and frame:rows() or function() end) do
    if row.endpoint == id then
      return "the study holds its results; " .. script_words(row)
    end
    if not seen[row.endpoint] then names[#names + 1] = row.endpoint end
    seen[row.endpoint] = true
  end
  return nil, names
end

--- loaded.none() -> why no endpoint is defined, and what defines one
function M.none()
  local frame, scripts, seen = results(), {}, {}
  for row in (frame and frame:rows() or function() end) do
    if row.script ~= NA and not seen[row.script] then
      scripts[#scripts + 1] = ('dofile "%s"'):format(text.escape(row.script))
      seen[row.script] = true
    end
  end
  return "no endpoint is defined; " .. (#scripts > 0 and "the study holds "
    .. "results, whose definitions are in a script: "
    .. table.concat(scripts, ", ") or 'endpoint "ID" { ... } is one')
end

return M
