-- Clusters of the heat map: heights and order of R's hclust(dist(x), "ward.D2").
local lu = require "luaunit"
local cluster = require "trialsh.figure.cluster"

local function numbers(s)
  local list = {}
  for word in s:gmatch "%S+" do list[#list + 1] = tonumber(word) or false end
  return list
end

local function heights(node, out)
  if not node.row then
    out[node.step] = node.height
    heights(node[1], out)
    heights(node[2], out)
  end
  return out
end

function test_reference()
  local n = 0
  for line in io.lines "tests/reference/cluster.csv" do
    local set, words, high, order = line:match "^([^,]*),([^,]*),([^,]*),(.*)$"
    if set ~= "set" then
      local rows = {}
      for row in words:gmatch "[^;]+" do rows[#rows + 1] = numbers(row) end
      local tree, found = cluster.ward(rows, #rows[1])
      lu.assertEquals(found, numbers(order), set)
      local mine = heights(tree, {})
      for i, h in ipairs(numbers(high)) do
        lu.assertAlmostEquals(mine[i], h, 1e-12 * math.max(1, h), set)
      end
      n = n + 1
    end
  end
  lu.assertEquals(n, 8)
end

function test_few_rows()
  local tree, order = cluster.ward({ { 1, 2 } }, 2)
  lu.assertEquals({ tree.row, order }, { 1, { 1 } })
  local none, a, b = cluster.ward({ { 1, false }, { 2, 3 }, { false, 1 } }, 2)
  lu.assertEquals({ none == nil, a, b }, { true, 1, 3 })
end

-- The order of rows changes no height, the unit of all multiplies each.
function test_invariance()
  local rows, turned = {}, {}
  for i = 1, 12 do
    rows[i] = { (i * 7) % 12.5, (i * i) % 5.25, i % 3 + i / 100 }
    turned[13 - i] = { 10 * rows[i][1], 10 * rows[i][2], 10 * rows[i][3] }
  end
  local a, b = heights(cluster.ward(rows, 3), {}), heights(cluster.ward(turned, 3), {})
  for i = 1, 11 do lu.assertAlmostEquals(10 * a[i], b[i], 1e-10) end
end

os.exit(lu.LuaUnit.run())
