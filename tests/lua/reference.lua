-- What tests of numbers share: the shared data, where it is there, and
-- comparisons with relative tolerance.
local lu = require "luaunit"

local M = { folder = "../shared/data/" }

--- reference.read(file [, opt]) -> a frame, or the test is skipped
function M.read(file, opt)
  local handle = io.open(M.folder .. file)
  if not handle then lu.skip(M.folder .. file .. " is not there") end
  handle:close()
  return require "trialsh.read".read(M.folder .. file, opt)
end

--- reference.values(file, dataset) -> { [analysis] = { [quantity] = value } }
function M.values(file, dataset)
  local handle = io.open(M.folder .. file)
  if not handle then lu.skip(M.folder .. file .. " is not there") end
  local out = {}
  for line in handle:lines() do
    local set, analysis, quantity, value =
      line:match "^([^,]*),(.*),([^,]*),([^,]*)$"
    if set == dataset then
      out[analysis] = out[analysis] or {}
      out[analysis][quantity] = tonumber(value)
    end
  end
  handle:close()
  return out
end

--- reference.near(x, wanted [, relative]): fails unless they agree.
function M.near(x, wanted, relative, what)
  if type(x) ~= "number" or type(wanted) ~= "number"
    or not (math.abs(x - wanted) <= (relative or 1e-12) * math.abs(wanted)) then
    lu.fail(("%s%s, not %s"):format(what and what .. ": " or "",
      type(x) == "number" and ("%.17g"):format(x) or tostring(x),
      type(wanted) == "number" and ("%.17g"):format(wanted)
        or tostring(wanted)))
  end
end

--- reference.refuses(words, f, ...): f raises an error that says so.
function M.refuses(words, f, ...)
  local ok, err = pcall(f, ...)
  lu.assertFalse(ok, words)
  lu.assertStrContains(tostring(err), words, false)
end

return M
