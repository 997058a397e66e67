-- The audit trail as users see it: s.audit, what happened to a table, the rows
-- that were there before.

local text = require "ts.text"
local fail = require "ts.error".fail
local NA = require "ts.na".NA
local relation = require "trialsh.relation"
local Inner = require "trialsh.study.inner"

local M = {}

local columns = { "seq", "utc", "who", "verb", "object", "rows", "script",
  "detail", "sha256", "content", "previous", "hash" }
local real = { seq = true, rows = true, version = true }

local function of_frame(frame, print)
  return relation.of_frame(frame, { print = print })
end

-- Events as lines: what fits a screen of who, when and what.
local function lines(events, names, most)
  local show = require "trialsh.show"
  local shown, numbers = {}, {}
  local total = #events
  local first = math.max(1, total - most + 1)
  for j, name in ipairs(names) do
    shown[j] = { name = name, type = real[name] and "real" or "text",
      values = {} }
  end
  local n = 0
  for row in events:rows() do
    n = n + 1
    if n >= first then
      numbers[n - first + 1] = n
      for j, name in ipairs(names) do
        local value = row[name]
        if name == "utc" and value ~= NA then
          value = value:sub(1, 19):gsub("T", " ")
        end
        shown[j].values[n - first + 1] = value
      end
    end
  end
  local out = { (show.table(shown, total - first + 1, { numbers = numbers })) }
  if first > 1 then
    out[2] = ("  the last %d of %d events"):format(total - first + 1, total)
  end
  return out
end

local function print_audit(events)
  local out = lines(events, { "utc", "who", "verb", "object", "rows", "script",
    "detail" }, 30)
  local last = events:row(#events)
  out[#out + 1] = ("  event %d has the hash %s"):format(last.seq, last.hash)
  return table.concat(out, "\n")
end

local function print_history(events)
  local names = { "utc", "who", "verb", "rows", "script", "detail" }
  local has = relation.node_of(events).columns
  table.insert(names, 4, has.version and "version" or "object")
  return table.concat(lines(events, names, 30), "\n")
end

--- trail.audit(study): what s.audit is.
function M.audit(s)
  local fields = {}
  for i, name in ipairs(columns) do
    fields[i] = { name = name, type = real[name] and "real" or "text" }
  end
  return of_frame(Inner.of(s):store():query(("select %s from _ts_audit order "
    .. "by seq"):format(table.concat(columns, ", ")), nil, fields),
    print_audit)
end

local function check_name(verb, name)
  if type(name) ~= "string" then
    fail("type", ("%s: a table is named by text, not by a %s"):format(verb,
      type(name)))
  end
end

local function unknown(self, verb, name)
  local names = {}
  for i, row in ipairs(self:rows("select distinct object from _ts_audit where "
      .. "content is not null order by object")) do
    names[i] = row.object
  end
  local near = text.nearest(name, names)
  fail("not found", ("%s: there was never a table %s%s"):format(verb, name,
    near and "; nearest: " .. near or ""))
end

-- "_ts_was_3_lb" was lb; those of a table, the oldest first.
local function replaced(self, name)
  local list = {}
  for _, t in ipairs(self:replaced_list()) do
    local n, original = t.name:match "^_ts_was_(%d+)_(.*)$"
    if original == name then
      list[#list + 1] = { table = t, n = tonumber(n) }
    end
  end
  table.sort(list, function(a, b) return a.n < b.n end)
  return list
end

--- study:history([table]) -> frame
-- The events of the audit trail that concern a table, the oldest first, or
-- all: seq, utc, who, verb, rows, script (the line that asked for it), detail
-- (the file, also of what read() made, or the statement as JSON), sha256 (of file or statement), content
-- (the hash of the table as it was then); for a table also version, which
-- counts what was imported as it.
--
--   > h = demo:history "adsl"
--   > h.verb[1], h.rows[1], h.version[1]
--   import  24  1
--
-- See also: study:version, study:verify.
function M.history(s, name)
  local self = Inner.of(s)
  local fields, select = {}, {}
  local names = { "seq", "utc", "who", "verb", "object", "rows", "script",
    "detail", "sha256", "content" }
  if name ~= nil then
    check_name("history", name)
    names[5] = "version"
  end
  for i, column in ipairs(names) do
    fields[i] = { name = column, type = real[column] and "real" or "text" }
    select[i] = column
  end
  if name ~= nil then
    select[5] = "case when verb in ('import', 'replace') then count(*) filter "
      .. "(where verb in ('import', 'replace')) over (order by seq) end"
  end
  local frame = self:store():query(("select %s from _ts_audit %s order by seq")
    :format(table.concat(select, ", "), name and "where object = ?" or ""),
    { name }, fields)
  if name and #frame == 0 then unknown(self, "history", name) end
  return of_frame(frame, print_history)
end

--- study:version(table, n) -> relation
-- The rows of a raw table as its n-th import left them, with their labels and
-- levels: 1 is the first, and the last is the table itself. What is derived
-- anew keeps no old rows; its old statements are in study:history.
--
--   > #demo:version("adsl", 1)
--   24
--
-- See also: study:history, study:import.
function M.version(s, name, n)
  local self = Inner.of(s)
  check_name("version", name)
  local t = self:tables_list()[name]
  local old = replaced(self, name)
  if not t and #old == 0 then unknown(self, "version", name) end
  if t and t.kind ~= "raw" then
    fail("invalid", ("%s is derived, its earlier rows were not kept; "
      .. "s:history(\"%s\") has its earlier statements"):format(name, name))
  end
  local most = #old + (t and 1 or 0) -- none is there of what was withdrawn
  if math.type(n) ~= "integer" or n < 1 or n > most then
    fail("not found", ("%s has no version %s; it was imported %d time%s")
      :format(name, tostring(n), most, most == 1 and "" or "s"))
  end
  return relation.of_base(self:base(old[n] and old[n].table.name or name))
end

return M
