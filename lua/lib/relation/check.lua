-- What is checked before rows are read, and what is found in them: that a join
-- meets one row, that levels hold; and the rules of rules.lua.

local text = require "ts.text"
local fail = require "ts.error".fail
local NA = require "ts.na".NA
local note = require "trialsh.note"
local expression = require "trialsh.expression"
local columns_module = require "trialsh.relation.columns"
local kept = require "trialsh.relation.kept"
local layers = require "trialsh.relation.layers"
local only = require "trialsh.relation.only"
local nodes = require "trialsh.relation.nodes"

local quote, show_value = expression.quote, columns_module.show_value
local MOST = 1000 -- rows of one rule that are kept

-- M is trialsh.relation; run(node, make [, columns]) asks its store,
-- say_undated(counts) tells of dates that have no order, read_kept(node, layer) takes
-- rows from what is kept for a node.
return function(M, run, say_undated, read_kept)

local checks, judge = {}, {}

local function list_of(names, before)
  local list = {}
  for i, name in ipairs(names) do list[i] = (before or "") .. quote(name) end
  return table.concat(list, ", ")
end

local function row_text(frame, i, n, between)
  local values = {}
  for j = 1, n do values[j] = tostring(frame:value(i, j)) end
  return table.concat(values, between or " ")
end

-- Keys that repeat on both sides multiply rows.
local function warn_of_many(node, join, list, match)
  local function repeated(c, side)
    return ("select %s from (%s) group by %s having count(*) > 1"):format(list,
      c:layer(only(side.layer, join.keys)), list)
  end
  local n = run(node, function(c)
    local left = repeated(c, join.left)
    return ("select count(*) from (%s) a join (%s) b on %s"):format(left,
      repeated(c, join.right), match)
  end):value(1, 1)
  if n > 0 then
    note.warn("join by %s: many to many, %d key%s on both sides",
      table.concat(join.keys, ", "), n, n == 1 and " repeats" or "s repeat")
  end
end

local function match_of(join)
  local on = {}
  for i, key in ipairs(join.keys) do
    on[i] = ("a.%s = b.%s"):format(quote(key), quote(key))
  end
  return table.concat(on, " and ")
end

-- A second match is an error.
local function one_match(node, join)
  local list, b_list = list_of(join.keys), list_of(join.keys, "b.")
  local twice = run(node, function(c)
    local left = c:layer(only(join.left.layer, join.keys))
    return ("select %s from (select distinct %s from (%s)) a join (%s) b "
      .. "on %s group by %s having count(*) > 1 limit 4"):format(b_list, list,
      left, c:layer(only(join.right.layer, join.keys)), match_of(join), b_list)
  end)
  if #twice == 0 then return end
  local found = {}
  for i = 1, math.min(#twice, 3) do
    found[i] = row_text(twice, i, #join.keys)
  end
  fail("exists", ("join by %s: more than one row on the right for %s%s; "
    .. "{ many = true } takes them all"):format(table.concat(join.keys, ", "),
    table.concat(found, ", "), #twice > 3 and " and others" or ""))
end

-- What matched is said once.
function checks.join(node, join)
  local list, match = list_of(join.keys), match_of(join)
  if not join.many then one_match(node, join) end
  if join.quiet then return end
  local function matched(a, b)
    local frame = run(node, function(c)
      local left = c:layer(only(a.layer, join.keys))
      return ("select count(*), count(_ts_hit) from (%s) a left join (select "
        .. "distinct %s, 1 as _ts_hit from (%s)) b on %s"):format(left, list,
        c:layer(only(b.layer, join.keys)), match)
    end)
    return frame:value(1, 1), frame:value(1, 2)
  end
  local n, hit = matched(join.left, join.right)
  local m, used = matched(join.right, join.left)
  local say = hit == 0 and n > 0 and m > 0 and note.warn or note.say
  say("join by %s: %d of %d rows matched, %d of %d rows of the right "
    .. "used", table.concat(join.keys, ", "), hit, n, used, m)
  if join.many then warn_of_many(node, join, list, match) end
end

-- Where no two values stand in one row, a column that differs from value to
-- value (a day, a date) was left to name rows.
local function note_lone_values(wider)
  local rows = table.move(wider.keys, 1, #wider.keys - 1, 1, {})
  if #rows == 0 or wider.n < 2 then return end
  local most = run(wider.left, function(c)
    return ("select max(n) from (select count(*) as n from (%s) where %s is "
      .. "not null group by %s)"):format(c:layer(wider.left.layer),
      quote(wider.keys[#wider.keys]), list_of(rows))
  end):value(1, 1)
  if most == 1 then
    note.say("wider: each row holds one value, as %s name%s the rows; select "
      .. "before wider leaves columns out", table.concat(rows, ", "),
      #rows == 1 and "s" or "")
  end
end

-- Two rows for one place are an error that shows it.
function checks.wider(_, wider)
  local names = list_of(wider.keys)
  local twice = run(wider.left, function(c)
    return ("select %s from (%s) group by %s having count(*) > 1 limit 1")
      :format(names, c:layer(wider.left.layer), names)
  end)
  if #twice > 0 then
    fail("exists", ("wider: more than one value for %s"):format(
      row_text(twice, 1, #wider.keys, ", ")))
  end
  note_lone_values(wider)
end

-- Rows that there should not be, as a verb that derives says: an error that
-- shows them, or a note of their number.
function checks.refuse(_, check)
  local columns, plain, names = {}, {}, {}
  for i, name in ipairs(check.show) do
    columns[i] = check.node.columns[name:lower()]
    plain[i], names[i] = columns[i].name, quote(columns[i].name)
  end
  local frame = run(check.node, function(c)
    return ("select %s from (%s) limit 5"):format(table.concat(names, ", "),
      c:layer(only(check.node.layer, plain)))
  end, columns)
  if #frame == 0 then return end
  local rows = {}
  for i = 1, math.min(#frame, 4) do
    local parts = {}
    for j, column in ipairs(columns) do
      parts[j] = column.name .. " " .. show_value(column, frame:value(i, j))
    end
    rows[i] = table.concat(parts, ", ")
  end
  fail("invalid", check.message:format(table.concat(rows, "; ")
    .. (#frame > 4 and "; and others" or "")))
end

function checks.tell(_, check)
  local n = run(check.node, function(c)
    return ("select count(*) from (%s)"):format(c:layer(only(check.node.layer,
      {})))
  end):value(1, 1)
  if n > 0 then note.say(check.message, n, n == 1 and "" or "s") end
end

local found = {}

local SIDES = { "node", "left", "right" } -- what a check looks at

-- What is worth to be kept for the checks and rules of a node and its own rows.
local function keep(node)
  local asked = { node.layer }
  for _, check in ipairs(node.checks or {}) do
    for _, side in ipairs(check.checked and {} or SIDES) do
      asked[#asked + 1] = check[side] and check[side].layer
    end
  end
  for _, rule in ipairs(node.rules or {}) do
    if rule.kind == "key" then asked[#asked + 1] = rule.node.layer end
  end
  if node.study and #asked > 3 then kept.choose(node.study, asked) end
end

-- A check or a rule that reads from what is kept.
local function through(check)
  local out = setmetatable({}, { __index = check })
  for _, side in ipairs(SIDES) do
    if check[side] then
      out[side] = nodes.derive(check[side], {
        layer = (read_kept(check[side], check[side].layer)) })
    end
  end
  return out
end

local function see_checks(node)
  for _, check in ipairs(node.checks or {}) do
    if not check.checked then
      checks[check.kind](node, through(check))
      check.checked = true
    end
  end
end

local words = { expect = "expect %s: does not hold for %d row%s%s",
  visits = "expect_visits %s: %d row%s missing%s" }

-- A key that is broken is judged anew each time, as it is an error.
local function judged(rule, node, where)
  local finding = judge[rule.kind](rule.kind == "key" and through(rule) or rule,
    node)
  finding.kind, finding.rule = rule.kind, rule.rule
  rule.judged = true
  if finding.n > 0 then
    note.warn(words[rule.kind], rule.rule, finding.n,
      finding.n == 1 and "" or "s", where and "; " .. where or "")
  end
  return finding
end

--- check.single(node): raises where one of its joins meets several rows;
-- nothing is told.
function found.single(node)
  for _, check in ipairs(node.checks or {}) do
    if check.kind == "join" and not check.many then one_match(node, check) end
  end
end

--- check.before(node): what must hold for its rows to be read, and the rules
-- that it carries; seen to once, as a study that changed makes other nodes.
function found.before(node)
  keep(node)
  see_checks(node)
  for _, rule in ipairs(node.rules or {}) do
    if not rule.judged then judged(rule, node) end
  end
end

--- check.levels(node, frame, columns): a text beside the declared levels is an
-- error that shows it.
function found.levels(node, frame, columns)
  for i, column in ipairs(columns) do
    if node.declared and node.declared[column.name] and column.levels then
      local levels = frame:column(i).levels
      if #levels > #column.levels then
        fail("invalid", ("%s has '%s', which its levels (%s) lack"):format(
          column.name, levels[#column.levels + 1],
          table.concat(column.levels, ", ")))
      end
    end
  end
end

-- The values of the column that a word is compared with; nil where it is of no
-- table or frame, or has very many.
local function values_beside(node, origin)
  if origin.table and node.study:tables_list()[origin.table] then
    local values = node.study:values_of(origin.table, origin.name)
    return #values < 1000 and values or nil
  end
  local values = run(node, function(c)
    return ("select distinct %s from %s where %s is not null limit 500")
      :format(quote(origin.name), c:source(origin), quote(origin.name))
  end):column(1).levels or {}
  table.sort(values)
  return #values < 500 and values or nil
end

--- check.strange_words(node) -> texts: the words of its conditions that stand
-- nowhere in their column.
function found.strange_words(node)
  local list = {}
  for _, w in ipairs(node.words or {}) do
    local origin = w.column.origin
    local values = origin and type(w.word) == "string"
      and values_beside(node, origin)
    local there = not values
    for _, v in ipairs(values or {}) do there = there or v == w.word end
    if not there then
      local near = text.nearest(w.word, values)
      list[#list + 1] = ("no %s is '%s'; %s"):format(origin.name, w.word,
        near and "nearest: " .. near or "it is " .. table.concat(values, ", ",
          1, math.min(8, #values)))
    end
  end
  return list
end

--- check.say_words(node): no row was found; words that stand nowhere in their
-- column are told.
function found.say_words(node)
  for _, words in ipairs(found.strange_words(node)) do note.say("%s", words) end
end

-- Columns whose order was told, by study; frames share one.
local told = setmetatable({}, { __mode = "k" })

-- "IRS-001", "IRS-002": the order of bytes is that of the numbers.
local function one_shape(values)
  local shape = values[1]:gsub("%d", "0")
  for _, value in ipairs(values) do
    if value:gsub("%d", "0") ~= shape then return false end
  end
  return true
end

--- check.say_byte_order(node, column, values, what): texts without levels come
-- in the order of their bytes; told once for a column, and not of many values.
function found.say_byte_order(node, column, values, what)
  if column.type ~= "text" or #values < 2 or #values > 50
      or one_shape(values) then
    return
  end
  local study = node.study or M
  told[study] = told[study] or {}
  if told[study][column.name] then return end
  told[study][column.name] = true
  note.say("%s has no levels: %s in byte order, '%s' first; :levels{ %s = "
    .. "{ ... } } gives another", column.name, what, values[1],
    require "trialsh.echo".key(column.name))
end

--- check.say_bytes(node, frame, columns): of the columns that were grouped by.
function found.say_bytes(node, frame, columns)
  for i, column in ipairs(node.bytes and columns or {}) do
    for _, name in ipairs(node.bytes) do
      if name == column.name and not column.levels then
        found.say_byte_order(node, column, frame:column(i).levels or {},
          "groups")
      end
    end
  end
end

-- Rules ----------------------------------------------------------------------

-- A broken key is an error.
function judge.key(rule)
  local names = list_of(rule.key)
  local twice = run(rule.node, function(c)
    return ("select %s, count(*) from (%s) group by %s having count(*) > 1 "
      .. "or %s limit 4"):format(names, c:layer(only(rule.node.layer,
      rule.key)), names,
      names:gsub(", ", " is null or ") .. " is null")
  end)
  if #twice == 0 then return { n = 0 } end
  local n, others = #rule.key, #twice > 1 and ", and there are others" or ""
  local key, rows = table.concat(rule.key, " "), twice:value(1, n + 1)
  for j, name in ipairs(rule.key) do
    if twice:value(1, j) == NA then
      fail("exists", ("key %s: %s no %s%s"):format(key,
        rows == 1 and "1 row has" or rows .. " rows have", name, others))
    end
  end
  fail("exists", ("key %s: %d rows are '%s'%s"):format(key, rows,
    row_text(twice, 1, n), others))
end

-- The columns that tell which row it is, and those that the rule looks at.
local function columns_of(rule, key)
  local names, shown = {}, {}
  for _, name in ipairs(key or {}) do
    local column = rule.node.columns[name:lower()]
    if column then names[#names + 1] = column end
  end
  if #names < #(key or { "" }) then
    names = { rule.node.columns.usubjid }
  end
  local is_key = {}
  for _, column in ipairs(names) do is_key[column] = true end
  for _, column in ipairs(rule.node.columns) do
    if rule.used[column.name:lower()] and not is_key[column] then
      shown[#shown + 1] = column
    end
  end
  return names, shown
end

-- A missing value is NA; the text NA, and none at all, stand in quotes.
local function word(column, value)
  if value == "NA" or value == "" then return '"' .. value .. '"' end
  return columns_module.shown(show_value(column, value))
end

-- The rows for which a condition does not hold: number, key, values.
local function broken_rows(rule, node)
  local key, shown = columns_of(rule, node.key)
  local columns = table.move(shown, 1, #shown, #key + 1, { table.unpack(key) })
  local names, more = {}, {}
  for i, column in ipairs(columns) do names[i] = quote(column.name) end
  for i, call in ipairs(rule.calls) do -- lag(ADT) beside ADT
    local from = expression.source(call.tree)
    more[i] = { name = "_ts_v" .. i, tree = call.tree }
    names[#names + 1] = more[i].name
    columns[#columns + 1] = { name = call.text, type = call.tree.type,
      format = from and from.format }
  end
  names[#names + 1] = "_ts_row"
  local variables = { table.unpack(columns) }
  variables[#variables + 1] = { name = "_ts_row", type = "real" }
  local frame = run(rule.node, function(c)
    return ("select %s from (%s) where not _ts_holds order by _ts_row limit %d")
      :format(table.concat(names, ", "), c:layer(layers.with_rows(rule.layer,
        more)), MOST)
  end, variables)
  local same, rows = M.rows_of(rule.node) == M.rows_of(node), {}
  for i = 1, #frame do
    local parts = {}
    for j, column in ipairs(columns) do
      parts[j] = column.name .. (j > #key and " = " or " ")
        .. word(column, frame:value(i, j))
    end
    rows[i] = { row = same and frame:value(i, #columns + 1) or NA,
      key = #key > 0 and table.concat(parts, ", ", 1, #key) or NA,
      found = table.concat(parts, ", ", #key + 1) }
  end
  return rows
end

function judge.expect(rule, node)
  local frame, counts = run(rule.node, function(c)
    -- limit: the condition is computed once for each row
    return ("select count(*) filter (where not _ts_holds), count(*) filter "
      .. "(where _ts_holds is null) from (select * from (%s) limit -1 offset 0)")
      :format(c:layer(rule.layer))
  end)
  say_undated(counts)
  local n = frame:value(1, 1)
  return { n = n, undecided = frame:value(1, 2),
    rows = n > 0 and broken_rows(rule, node) or nil }
end

-- The combinations of columns that occur, as a list of lists of texts.
local function combinations(node, names)
  local frame = M.ask(M.verbs.distinct(node, table.unpack(names)), nil,
    { quiet = true })
  local list = {}
  for i = 1, #frame do
    list[i] = {}
    for j, name in ipairs(names) do
      list[i][j] = show_value(node.columns[name:lower()], frame:value(i, j))
    end
  end
  return list
end

-- The last day of each subject, where the rule has one.
local function last_days(rule, subjects, own)
  if not rule.upto then return {} end
  local days = M.ask(M.verbs.summarise(M.verbs.by(subjects,
    table.unpack(own)), ('_last = max("%s")'):format(rule.upto)), nil,
    { quiet = true })
  local out = {}
  for i = 1, #days do
    local id = {}
    for j, name in ipairs(own) do
      id[j] = show_value(subjects.columns[name:lower()], days:value(i, j))
    end
    local last = days:value(i, #own + 1)
    if last ~= NA then out[table.concat(id, "\0")] = last end
  end
  return out
end

-- Each combination of the subjects' columns with each of the other ones.
function judge.visits(rule)
  local subjects, own, other = rule.of or rule.node, {}, {}
  for _, name in ipairs(rule.by) do
    local list = subjects.columns[name:lower()] and own or other
    list[#list + 1] = name
  end
  local there = {}
  local all = table.move(own, 1, #own, 1, {})
  table.move(other, 1, #other, #all + 1, all)
  all[#all + 1] = rule.column
  for _, row in ipairs(combinations(rule.node, all)) do
    there[table.concat(row, "\0")] = true
  end
  local last = last_days(rule, subjects, own)
  local others = #other > 0 and combinations(rule.node, other) or { {} }
  local n, rows = 0, {}
  for _, subject in ipairs(combinations(subjects, own)) do
    local day = last[table.concat(subject, "\0")]
    for _, rest in ipairs(others) do
      local id, words = nodes.joined(subject, rest), {}
      for j, value in ipairs(id) do words[j] = all[j] .. " " .. value end
      local key = table.concat(id, "\0")
      for _, visit in ipairs(rule.visits) do
        if not there[key .. "\0" .. visit.name]
            and not (day and visit.day > day) then
          n = n + 1
          rows[#rows + 1] = n <= MOST and { row = NA,
            key = table.concat(words, ", "), found = "no " .. visit.name }
            or nil
        end
      end
    end
  end
  return { n = n, rows = rows }
end

-- "AVISIT: Day 1, Day 8"; that they hold is seen when the rows are read.
local function level_rules(node)
  local list = {}
  for name in pairs(node.declared or {}) do
    local column = node.columns[name:lower()]
    if column and column.levels then
      list[#list + 1] = { kind = "levels", n = 0,
        rule = ("%s: %s"):format(name, table.concat(column.levels, ", ")) }
    end
  end
  table.sort(list, function(a, b) return a.rule < b.rule end)
  return list
end

--- check.rules(node [, where]) -> findings
-- Judges the rules that a relation carries: { kind, rule, n, undecided, rows },
-- one for each; rows holds the first 1000 of n, { row, key, found }. What does
-- not hold is a warning, and where says who lists it.
function found.rules(node, where)
  local list = {}
  keep(node)
  see_checks(node)
  for i, rule in ipairs(node.rules or {}) do
    list[i] = judged(rule, node, where)
  end
  return nodes.joined(list, level_rules(node))
end

return found

end
