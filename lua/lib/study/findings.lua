-- What the rules of stored tables found (:key, :expect, :levels,
-- :expect_visits). They stand in _ts_finding, one line per rule (place 0) and
-- one per row that breaks it, written in the transaction that stores the rows.

local fail = require "ts.error".fail
local text = require "ts.text"
local NA = require "ts.na".NA
local mark = require "trialsh.mark"
local options = require "trialsh.options"
local Inner = require "trialsh.study.inner"

local M = {}

local NAMES = { "table", "kind", "rule", "n", "row", "key", "found" }
local RULE_NAMES = { "table", "kind", "rule", "n", "undecided" }

--- findings.forget(study, table): of a table that is dropped or derived again.
function M.forget(self, name)
  if self:has_table("_ts_finding") then
    self.handle:execute("delete from _ts_finding where tbl = ?", { name })
  end
end

--- findings.keep(study, table, findings): what relation.judge found.
function M.keep(self, name, findings)
  M.forget(self, name)
  if #findings == 0 then return end
  self.handle:execute("create table if not exists _ts_finding (tbl text not "
    .. "null, number real not null, place real not null, kind text not null, "
    .. "rule text not null, n real not null, undecided real, row real, key "
    .. "text, found text, primary key (tbl, number, place)) strict")
  local function enter(number, place, finding, row)
    self.handle:execute("insert into _ts_finding values (?,?,?,?,?,?,?,?,?,?)",
      { name, number, place, finding.kind, finding.rule, finding.n,
        finding.undecided or NA, row.row or NA, row.key or NA,
        row.found or NA })
  end
  for i, finding in ipairs(findings) do
    enter(i, 0, finding, {})
    for j, row in ipairs(finding.rows or {}) do enter(i, j, finding, row) end
  end
end

-- The lines of _ts_finding that a condition chooses, tables in their order.
local function lines(self, where, name)
  if not self:has_table("_ts_finding") then return {} end
  return self:rows("select f.* from _ts_finding f join _ts_table t on t.name = "
    .. "f.tbl where " .. where .. (name and " and f.tbl = ?" or "")
    .. " order by t.position, f.number, f.place", { name })
end

local function frame_of(list, names, facts)
  local arrays = {}
  for j, name in ipairs(names) do
    arrays[j] = {}
    for i, line in ipairs(list) do
      arrays[j][i] = line[name == "table" and "tbl" or name]
    end
  end
  return require "trialsh.relation".of_frame(
    require "ts.frame".build(names, arrays), facts)
end

-- "AGE between 18 and 85: 2 rows" and the first of them.
local function one_rule(rule, rows)
  local open = rule.undecided ~= NA and rule.undecided > 0
    and (", %d undecided"):format(rule.undecided) or ""
  local head = ("%s, %s %s: %s%s"):format(rule.tbl, rule.kind, rule.rule,
    rule.n == 0 and "holds" or ("%d row%s"):format(rule.n,
      rule.n == 1 and "" or "s"), open)
  local out = { text.escape(head) }
  if #rows > 0 then
    local columns = { { name = "row", type = "real" },
      { name = "key", type = "text" }, { name = "found", type = "text" } }
    local shown = math.min(#rows, 10)
    for _, column in ipairs(columns) do
      column.values = {}
      for i = 1, shown do column.values[i] = rows[i][column.name] end
    end
    if rows[1].row == NA then table.remove(columns, 1) end
    out[2] = require "trialsh.show".table(columns, shown, {})
    if shown < rule.n then
      out[3] = ("  %d of %d%s"):format(shown, rule.n, #rows < rule.n
        and ("; the first %d are kept"):format(#rows) or "")
    end
  end
  return table.concat(out, "\n")
end

local function printed(rules, rows, simulated)
  if #rules == 0 then
    return "no rules: :key, :expect, :levels and :expect_visits make them"
  end
  local of, out = {}, {}
  for _, row in ipairs(rows) do
    local id = row.tbl .. "\0" .. row.number
    of[id] = of[id] or {}
    table.insert(of[id], row)
  end
  for i, rule in ipairs(rules) do
    out[i] = one_rule(rule, of[rule.tbl .. "\0" .. rule.number] or {})
  end
  if simulated then out[#out + 1] = simulated end
  return table.concat(out, "\n")
end

--- study:findings([table] [, { rules = true }]) -> frame
-- What the rules of stored tables found, a line for each row that breaks one:
-- table, kind (expect, visits), rule, n (how many break it), row (its number in
-- the table, NA where its rows are others by now), key, found (the values that
-- the rule looks at). At most 1000 rows of a rule are kept. Printed, it also
-- names the rules that hold. They are judged as the table is stored, and again
-- when it is derived again; they stop nothing (a broken key or level does).
--   rules   true: a line for each rule instead, with n, 0 where it holds, and
--           undecided, the rows whose missing values leave it open
--
--   > demo.old = demo.adsl:expect "AGE < 78":key "USUBJID"
--   > demo:findings "old"
--   old, expect AGE < 78: 2 rows
--      row  key               found
--   1   10  USUBJID DEMO-010  AGE = 79
--   2   11  USUBJID DEMO-011  AGE = 79
--   old, key USUBJID: holds
--   SIMULATED DATA
--   > demo:drop "old"
--
-- See also: relation:expect, relation:expect_visits, relation:key.
function M.findings(s, name, opt)
  local self = Inner.of(s)
  self:store()
  if type(name) == "table" and opt == nil then name, opt = nil, name end
  opt = options("findings", opt, { rules = { "boolean", false } })
  if name ~= nil and not (type(name) == "string"
      and self:tables_list()[name]) then
    local names = {}
    for i, t in ipairs(self:tables_list()) do names[i] = t.name end
    local near = type(name) == "string" and text.nearest(name, names)
    fail("not found", ("findings: no table %s%s"):format(tostring(name),
      near and "; nearest: " .. near or ""))
  end
  local rules, simulated = lines(self, "f.place = 0", name), false
  for _, rule in ipairs(rules) do -- the mark of made-up data goes along
    simulated = mark.both(simulated, self:tables_list()[rule.tbl].simulated)
  end
  if opt.rules then
    return frame_of(rules, RULE_NAMES, { simulated = simulated })
  end
  local rows = lines(self, "f.place > 0", name)
  return frame_of(rows, NAMES, { simulated = simulated, print = function()
    return printed(rules, rows, simulated)
  end })
end

return M
