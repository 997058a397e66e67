-- What tests on random data share: numbers with ties, and data and options as
-- text for what fails.
local M = {}

function M.pick(list) return list[math.random(#list)] end

function M.options(opt)
  local words = {}
  for key, value in pairs(opt or {}) do
    words[#words + 1] = key .. " = " .. tostring(value)
  end
  table.sort(words)
  return "{ " .. table.concat(words, ", ") .. " }"
end

function M.list(x)
  local words = {}
  for i, v in ipairs(x) do words[i] = tostring(v) end
  return table.concat(words, " ")
end

-- n whole numbers from 0 to most, times unit.
function M.numbers(n, most, unit)
  local x = {}
  for i = 1, n do x[i] = math.random(0, most) * (unit or 1) end
  return x
end

return M
