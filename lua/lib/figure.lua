-- figure.survival{}, figure.points{}, ...: each kind in a file of its own,
-- loaded when first asked for.

local text = require "ts.text"
local fail = require "ts.error".fail

local kinds = {
  "ae",
  "cuminc",
  "flow",
  "forest",
  "graph",
  "heatmap",
  "journal",
  "missing",
  "pairs",
  "panels",
  "points",
  "profile",
  "scatter",
  "states",
  "survival",
  "swimmer",
  "waterfall",
}

local figure = setmetatable({}, {
  __index = function(self, name)
    for _, kind in ipairs(kinds) do
      if kind == name then
        local make = require("trialsh.figure." .. kind)[kind]
        rawset(self, name, make)
        return make
      end
    end
    local near = type(name) == "string" and text.nearest(name, kinds)
    fail("not found", ("there is no figure.%s%s"):format(tostring(name),
      near and "; nearest: " .. near or "; there are " ..
        table.concat(kinds, ", ")))
  end,
  __pairs = function()
    local i = 0
    return function(t)
      i = i + 1
      if kinds[i] then return kinds[i], t[kinds[i]] end
    end, require "trialsh.figure".figure
  end,
})

return { figure = figure }
