-- {{ADDRESS}} in a text: what stands there instead.
--
--   {{ALC50}}                     the result as a sentence
--   {{ALC50.estimate}}            a number of it, with the digits of tables
--   {{ALC50.estimate, 3}}         with 3 decimals
--   {{ALC50.estimate_1, 0 %}}     as percent without decimals
--   {{ITT.n}}  {{ITT[Placebo].n}} subjects of a population, of an arm of it
--   {{trial.title}}               what the trial says of itself

local NA = require "ts.na".NA
local text = require "ts.text"
local errors = require "ts.error"
local format = require "trialsh.format"
local sentence = require "trialsh.document.sentence"

local fail = errors.fail

local M = {}

local function value_of(s, address, journal, digits, percent)
  local results = require "trialsh.endpoint.results"
  local own = address:match "^trial%.([%w_]+)$"
  if own then
    local t = s.trial
    if own == "id" then return t.id end
    local value = t[own]
    if type(value) == "table" then value = table.concat(value, ", ") end
    if value == nil then fail("not found", "the trial has no " .. own) end
    return tostring(value)
  end
  local field = results.parse(address).field
  if not field then
    return sentence.of(s:result(address), journal)
  end
  local row = s:result(address:sub(1, #address - #field - 1))
  local x = row[field]
  if x == nil then
    fail("not found", ("%s: of a population n is known, its number of subjects")
      :format(address))
  end
  if x == NA then
    fail("degenerate", ("%s is NA%s"):format(address, row.note ~= nil
      and row.note ~= NA and ": " .. row.note or ""))
  end
  if type(x) ~= "number" then
    if digits then
      fail("type", ("%s is text and has no decimals"):format(address))
    end
    return text.escape(tostring(x))
  end
  if percent then return format.percent(x, digits) end
  if digits then return format.fixed(x, digits) end
  return sentence.number(row, field, journal)
end

-- { from, to, address, digits, percent } of all places of a text.
local function places(all)
  local list, at = {}, 1
  while true do
    local from, to, inside = all:find("{{(.-)}}", at)
    if not from then return list end
    local address, digits, percent = inside:match "^%s*(.-)%s*,%s*(%d+)%s*(%%?)%s*$"
    list[#list + 1] = { from = from, to = to,
      address = address or inside:match "^%s*(.-)%s*$",
      digits = tonumber(digits), percent = percent == "%" }
    at = to + 1
  end
end

local function position(all, at)
  local line, start = 1, 1
  for newline in all:gmatch "()\n" do
    if newline >= at then break end
    line, start = line + 1, newline + 1
  end
  return line, utf8.len(all:sub(start, at - 1)) + 1
end

--- place.fill(s, all, { journal, escape, name, open }) -> text, number of places
-- Every place that cannot be filled is told at once, with its line; name is that
-- of the text in such an error, escape(text) sets values in its language.
function M.fill(s, all, opt)
  local parts, at, wrong = {}, 1, {}
  local list = places(all)
  for _, p in ipairs(list) do
    local ok, value = pcall(value_of, s, p.address, opt.journal, p.digits,
      p.percent)
    if ok then
      local before = all:sub(at, p.from - 1)
      -- "P = {{...}}" of a value "<0.001" is P < 0.001
      local sign, rest = value:match "^([<>])%s?(.*)$"
      if sign and before:find "=%s*$" then
        before = before:gsub("=(%s*)$", sign .. "%1")
        value = rest
      end
      -- a sentence ends by itself
      if all:sub(p.to + 1, p.to + 1) == "." then value = value:gsub("%.$", "") end
      parts[#parts + 1] = before
      parts[#parts + 1] = opt.escape and opt.escape(value) or value
    else
      local line, column = position(all, p.from)
      local message = type(value) == "table" and value.message or tostring(value)
      wrong[#wrong + 1] = ("%s:%d:%d: {{%s}}: %s"):format(opt.name, line, column,
        text.escape(p.address), message)
    end
    at = p.to + 1
  end
  if #wrong > 0 then fail("not found", table.concat(wrong, "\n")) end
  parts[#parts + 1] = all:sub(at)
  return table.concat(parts), #list
end

return M
