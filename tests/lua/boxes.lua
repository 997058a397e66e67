-- That no text of a figure meets another, leaves the page or is below 6 points,
-- by the boxes of text from the font's metrics.
local lu = require "luaunit"
local object = require "trialsh.figure.object"

return function(figure, what)
  local page = object.boxes(figure)
  local boxes = page.boxes
  lu.assertTrue(#boxes > 3, what)
  for i, a in ipairs(boxes) do
    lu.assertTrue(a[1] >= -0.01 and a[2] >= -0.01 and a[3] <= page.width + 0.01
      and a[4] <= page.height + 0.01, ("%s: '%s' leaves the page"):format(what,
        a.text))
    lu.assertTrue(a.size >= 6, ("%s: '%s' is of %g points"):format(what, a.text,
      a.size))
    for j = 1, i - 1 do
      local b = boxes[j]
      lu.assertFalse(a[1] < b[3] and a[3] > b[1] and a[2] < b[4] and a[4] > b[2],
        ("%s: '%s' meets '%s'"):format(what, a.text, b.text))
    end
  end
  return page
end
