-- Columns that tell arms by a code (TRT = 1, 2; ARMCD = "A", "B"): no value of
-- them is the name of an arm, so that the name of the column and how its values
-- lie on the subjects must tell.

local M = {}

-- Names of a column of arms, without what says that it is a code or a number;
-- TRT01P and the like besides. Flags, dates and doses (TRTFL, TRTSDT) are none.
local ARM = {}
for word in ([[TRT TREAT TREATMENT ARM ACTARM STUDYARM TRTARM TREATARM
    TREATMENTARM PLANARM PLANNEDARM RANDARM RANDTRT RANDTREAT RANDGRP RANDGROUP
    TRTGRP TRTGROUP TREATGRP TREATGROUP TREATMENTGROUP TX TXGRP TXGROUP ALLOC
    ALLOCATION ALLOCATED]]):gmatch "%S+" do ARM[word] = true end

-- Names that other things have too.
local PERHAPS = { GROUP = true, GRP = true, STUDYGROUP = true, STUDYGRP = true,
  EXTRT = true, ECTRT = true, STUDYDRUG = true, KITTYPE = true }

-- "sure", "perhaps" or nil.
local function sounds_like(name)
  local word = name:upper():gsub("[^%w]", "")
  if word:find "^TRTSEQ[PA]N?$" or word:find "^TRT%d*[PA]N?$" then
    return "sure"
  end
  for _, tail in ipairs { "", "CODE", "CD", "NUM", "NO", "N", "C" } do
    local stem = word:match("^(.+)" .. tail .. "$")
    if stem and ARM[stem] then return "sure" end
    if stem and PERHAPS[stem] then return "perhaps" end
  end
end

-- Who was never randomised has one of these for an arm.
M.NONE = { "", "scrnfail", "screen failure", "notassgn", "not assigned",
  "nottrt", "not treated", "not randomised", "not randomized" }

local YES_NO = { y = true, n = true, yes = true, no = true }

-- How many values a column has, whether a subject has two, and whether they are
-- yes and no; of what CDISC gives those without an arm, nothing.
local function look(self, t, name, subject)
  local quote = require "trialsh.expression".quote
  local value = ("lower(trim(cast(%s as text)))"):format(quote(name))
  local where = ("%s is not null and %s not in (%s)"):format(quote(name), value,
    ("?"):rep(#M.NONE, ","))
  local found = self:rows(("select distinct %s as v from %s where %s limit 20")
    :format(value, quote(t.name), where), M.NONE)
  local flag = true
  for _, row in ipairs(found) do flag = flag and YES_NO[row.v] end
  local two = subject and #self:rows(("select 1 from %s where %s group by %s "
    .. "having count(distinct %s) > 1 limit 1"):format(quote(t.name), where,
    quote(subject), value), M.NONE) > 0
  return #found, two, flag
end

--- coded.column(study, table, subject, n_arm, strata) -> the column that seems to
-- hold arms as codes, how many it has, and whether that is sure; or nil. Each
-- subject has one of them, and there are two to n_arm; strata are none.
function M.column(self, t, subject, n_arm, strata)
  local is_stratum, has_subject = {}, false
  for _, name in ipairs(strata) do is_stratum[name] = true end
  for _, c in ipairs(t.columns) do
    has_subject = has_subject or c.name == subject
  end
  local name, many
  for _, c in ipairs(t.columns) do
    local how = not is_stratum[c.name] and sounds_like(c.name)
    if how and (has_subject or how == "sure") then
      local n, two, flag = look(self, t, c.name, has_subject and subject)
      if n >= 2 and n <= n_arm and not two then
        if how == "sure" and not flag then return c.name, n, true end
        if not name then name, many = c.name, n end
      end
    end
  end
  if name then return name, many, false end
end

return M
