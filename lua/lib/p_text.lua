-- P-values as journals want them.
--
--   number(p, "NEJM")   "0.04", "<0.001"
--   equals(p, "JAMA")   "P = .04", "P < .001"

local NA = require "ts.na".NA
local format = require "trialsh.format"
local options = require "trialsh.options"

local M = {}

M.journals = { "plain", "NEJM", "JAMA", "Annals", "Lancet" }

-- So many decimals, but "<0.001" and ">0.99" at the ends.
local function decimals(p, digits)
  if p < 0.001 then return "<0.001" end
  local text = format.fixed(p, digits)
  return tonumber(text) == 1 and ">0.99" or text
end

local rules = {}

function rules.plain(p) return format.p(p) end

-- Above 0.01 two decimals, three down to 0.001.
function rules.NEJM(p) return decimals(p, p > 0.01 and 2 or 3) end

-- Two decimals; three below 0.01, and where two would make 0.05 of less.
function rules.JAMA(p)
  local three = p < 0.01 or p < 0.05 and format.fixed(p, 2) == "0.05"
  return (decimals(p, three and 3 or 2):gsub("0%.", "."))
end

-- Three decimals up to 0.20, two above.
function rules.Annals(p) return decimals(p, p <= 0.2 and 3 or 2) end

-- Two significant digits, at most four decimals, with raised points.
function rules.Lancet(p)
  local text
  if p < 0.0001 then text = "<0.0001"
  elseif p > 0.99 then text = ">0.99"
  else
    text = format.significant(p, 2)
    if #text > 6 then text = format.fixed(p, 4) end
  end
  return (text:gsub("%.", "\u{b7}"))
end

--- p_text.number(p [, journal]): P as text, "0.04", "<0.001", ">0.99".
function M.number(p, journal)
  journal = options("p_text", { journal = journal },
    { journal = { M.journals, "plain" } }).journal
  if p == NA or p ~= p then return "NA" end
  return rules[journal](p)
end

--- p_text.equals(p [, journal]): "P = 0.04", "P < 0.001", Lancet's "p=0·04".
function M.equals(p, journal)
  local sign, text = M.number(p, journal):match "^([<>]?)(.*)$"
  if sign == "" then sign = "=" end
  local lancet = type(journal) == "string" and journal:lower() == "lancet"
  return (lancet and "p%s%s" or "P %s %s"):format(sign, text)
end

return M
