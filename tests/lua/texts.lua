-- The texts of a figure, a line each, in the order in which they are drawn.
local object = require "trialsh.figure.object"

return function(figure, opt)
  local list = {}
  for _, box in ipairs(object.boxes(figure, opt).boxes) do list[#list + 1] = box.text end
  return table.concat(list, "\n")
end
