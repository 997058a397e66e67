-- Rows of numbers joined step by step to a tree, the two that are nearest first.

local M = {}

-- Squared Euclidean distance over the places where both have a value, scaled up to
-- all of them as R's dist does; nil where they share none.
local function squared(a, b, n)
  local sum, used = 0, 0
  for i = 1, n do
    local x, y = a[i], b[i]
    if x and y then
      sum, used = sum + (x - y) ^ 2, used + 1
    end
  end
  return used > 0 and sum * n / used or nil
end

-- d[i][j], i < j: squared distances; or nil and two rows that share no place.
local function distances(rows, n)
  local d = {}
  for i = 1, #rows - 1 do
    d[i] = {}
    for j = i + 1, #rows do
      d[i][j] = squared(rows[i], rows[j], n)
      if not d[i][j] then return nil, i, j end
    end
  end
  return d
end

-- The nearest of the later rows that are still there, the first one of equals.
local function nearest(d, alive, i, n)
  local best, at = math.huge, nil
  for j = i + 1, n do
    if alive[j] and d[i][j] < best then best, at = d[i][j], j end
  end
  return best, at
end

-- Distances from the cluster of i and j, which stays at i (Lance and Williams 1967).
local function join(d, alive, size, i, j, n)
  local between = d[i][j]
  for k = 1, n do
    if alive[k] and k ~= i then
      local a, b, c = math.min(i, k), math.max(i, k), size[k]
      d[a][b] = ((size[i] + c) * d[a][b] + (size[j] + c) * d[math.min(j, k)][math.max(j, k)]
        - c * between) / (size[i] + size[j] + c)
    end
  end
  size[i] = size[i] + size[j]
end

-- Leaves from left to right: a single row before a cluster, an earlier before a later.
local function leaves(node, out)
  if node.row then
    out[#out + 1] = node.row
  else
    leaves(node[1], out)
    leaves(node[2], out)
  end
  return out
end

--- cluster.ward(rows, n) -> tree, order; or nil and two rows that share no value
-- Ward's method with Euclidean distances (R: hclust(dist(x), "ward.D2"); Ward 1963,
-- Murtagh and Legendre 2014). rows: lists of n numbers, false or nil where there is
-- none. tree: { row } or { node, node, height, step }; order: rows from left to right.
function M.ward(rows, n)
  local m = #rows
  local d, a, b = distances(rows, n)
  if not d then return nil, a, b end
  local alive, size, nodes, best, at = {}, {}, {}, {}, {}
  for i = 1, m do
    alive[i], size[i], nodes[i] = true, 1, { row = i, step = i - m }
  end
  for i = 1, m - 1 do best[i], at[i] = nearest(d, alive, i, m) end
  for step = 1, m - 1 do
    local i
    for k = 1, m - 1 do
      if alive[k] and at[k] and (not i or best[k] < best[i]) then i = k end
    end
    local j = at[i]
    local x, y = nodes[i], nodes[j]
    if y.step < x.step then x, y = y, x end
    nodes[i] = { x, y, height = math.sqrt(math.max(0, best[i])), step = step }
    alive[j] = false
    join(d, alive, size, i, j, m)
    for k = 1, m - 1 do -- who was nearest to one of them, or is now near to both
      if alive[k] then
        if k == i or at[k] == i or at[k] == j then
          best[k], at[k] = nearest(d, alive, k, m)
        elseif k < i and d[k][i] < best[k] then
          best[k], at[k] = d[k][i], i
        end
      end
    end
  end
  local tree = nodes[1]
  return tree, leaves(tree, {})
end

return M
