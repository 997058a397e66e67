-- Blocks side by side in one panel, an arm each, with its name and n above.
-- spec.blocks: { { name, n, from, to }, ... }, from and to in units of x.

local M = {}

-- Names of the arms, broken to fit.
local function headings(page, panel, spec)
  local s, lists, most = page.style, {}, 0
  for k, block in ipairs(spec.blocks) do
    local width = panel:at_x(block.to + 0.4) - panel:at_x(block.from - 0.4)
    lists[k] = block.name and page:wrap(("%s (n = %d)"):format(block.name, block.n),
      width, s.tick_text, true) or {}
    for i, line in ipairs(lists[k]) do
      lists[k][i] = page:fit(line, width, s.tick_text, true)
    end
    most = math.max(most, #lists[k])
  end
  return lists, most
end

local function draw(panel, spec, under)
  local page, s = panel.page, panel.page.style
  local height = page:line_height(s.tick_text)
  local lists, most = headings(page, panel, spec)
  local top = panel.top + under + (page.cells and 0 or 0.8) + most * height
  for k, lines in ipairs(lists) do
    local x = (panel:at_x(spec.blocks[k].from) + panel:at_x(spec.blocks[k].to)) / 2
    for i, line in ipairs(lines) do
      page:text(line, x, top - (i - 0.5) * height,
        { size = s.tick_text, align = "center", bold = true })
    end
  end
end

local function nothing() return 0 end

--- blocks.add(spec [, height [, draw]]): a chart's spec gets the names above its blocks,
-- and between them and the panel height(page) mm, in which draw(panel) draws
function M.add(spec, height, draw_under)
  height = height or nothing
  spec.above = function(page, panel)
    local _, most = headings(page, panel, spec)
    return height(page) + most * page:line_height(page.style.tick_text)
      + (page.cells and 0 or most > 0 and 0.8 or 0)
  end
  spec.draw_above = function(panel)
    if draw_under then draw_under(panel) end
    draw(panel, spec, height(panel.page))
  end
end

return M
