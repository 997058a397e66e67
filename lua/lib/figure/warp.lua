-- A panel whose y axis is neither linear nor logarithmic: it takes values in their own
-- units and hands a panel with a linear axis what they are on that scale.

local M = {}

--- warp.asinh(cofactor) -> { to, from }: linear near 0, logarithmic far from it on both
-- sides, the one or the other at about cofactor
function M.asinh(cofactor)
  return {
    to = function(y)
      local v = math.abs(y) / cofactor
      v = math.log(v + math.sqrt(v * v + 1))
      return y < 0 and -v or v
    end,
    from = function(v) return cofactor * (math.exp(v) - math.exp(-v)) / 2 end,
  }
end

local function all(f, ys)
  local out = {}
  for i, y in ipairs(ys) do out[i] = y and f(y) end -- false: between two lines
  return out
end

--- warp.panel(inner, range, f) -> a panel for values; the y of inner is on f's scale
function M.panel(inner, range, f)
  local outer = { y = range }
  for _, name in ipairs { "lines", "area", "points" } do
    outer[name] = function(_, xs, ys, opt) inner[name](inner, xs, all(f.to, ys), opt) end
  end
  function outer.segments(_, x1, y1, x2, y2, opt)
    inner:segments(x1, all(f.to, y1), x2, all(f.to, y2), opt)
  end
  function outer.at_y(_, y) return inner:at_y(f.to(y)) end
  function outer.from_y(_, at) return f.from(inner:from_y(at)) end
  return setmetatable(outer, { __index = inner })
end

return M
