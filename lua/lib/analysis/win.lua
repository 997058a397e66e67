-- The win ratio as an analysis of endpoints: the row that a result of winratio is
-- stored as. What each outcome decided, and the net benefit, stand in its note.

local NA = require "ts.na".NA
local analysis = require "trialsh.analysis"
local format = require "trialsh.format"
local number = require "ts.text".number
local result = require "trialsh.result"

local M = {}

-- "DEATH" of "Surv(`DEATH`, `DEATH event`)"
local function plain(source)
  return source:match "^Surv%(`(.-)`" or source:match "^Surv%(([%w_.]+)"
    or (source:gsub("`", ""))
end

local function decided(r)
  local words = {}
  for row in r:tidy():rows() do
    words[#words + 1] = ("%s %s and %s"):format(plain(row.outcome),
      number(row.wins), number(row.losses))
  end
  return ("%s won and %s lost of %s pairs: %s"):format(number(r.wins),
    number(r.losses), number(r.n_pair), table.concat(words, ", "))
end

local function net(r)
  local words = "net benefit " .. format.fixed(r.net_benefit, 3)
  return r:get "net_low" == NA and words or ("%s (%s)"):format(words,
    format.interval(r.net_low, r.net_high, 3))
end

local check = analysis.checker("winratio", function()
  local spec = analysis.spec_of("winratio", "winratio")
  spec.hierarchy = nil
  return spec
end)

M.entry = { strata = "option", columns = { "strata" }, hierarchy = true,
  options = check,
  measure = function() return "win ratio" end,
  compare = function(formula, data, opt, compare)
    local given = { compare = compare }
    for key, value in pairs(opt) do given[key] = value end
    local r = require "trialsh.winratio".winratio(formula, data, given)
    local row = analysis.row_of(r)
    row.method = row.method .. (r.exact and ", exact permutation"
      or ", normal approximation")
    row.note = result.note(decided(r), net(r), r:get "note" ~= NA and r.note
      or nil)
    return row
  end }

return M
