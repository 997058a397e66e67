-- a:compare(b, keys): the differences between two cuts of the same data. Both are
-- read as frames, so that they may be of two studies; rows are paired by their
-- keys in Lua tables, then compared column by column.

local cframe = require "ts.frame"
local fail = require "ts.error".fail
local text = require "ts.text"
local NA = require "ts.na".NA
local options = require "trialsh.options"
local result = require "trialsh.result"
local columns_module = require "trialsh.relation.columns"
local nodes = require "trialsh.relation.nodes"
local export = require "trialsh.export"

local show_value = columns_module.show_value

-- Reading both ---------------------------------------------------------------

-- What tells each row: the value of one key, or those of several as one text.
local function identities(frame, keys)
  local values = {}
  for j, key in ipairs(keys) do values[j] = cframe.values(frame:column(key)) end
  if #keys == 1 then return values[1] end
  for _, list in ipairs(values) do
    for i, v in ipairs(list) do
      local kind = math.type(v)
      list[i] = kind == "integer" and v or kind and ("%.17g"):format(v)
        or v == NA and "" or "=" .. v
    end
  end
  local out, parts = {}, {}
  for i = 1, #frame do
    for j = 1, #keys do parts[j] = values[j][i] end
    out[i] = table.concat(parts, "\0")
  end
  return out
end

-- One side: its frame, its columns, and what tells its rows.
local function side_of(M, relation, keys)
  local kept = M.methods.collect(relation)
  local frame, node = M.node_of(kept).frame, M.node_of(relation)
  local side = { frame = frame, columns = node.columns, n = #frame, row = {},
    id = identities(frame, keys), lost = {} }
  for _, name in ipairs(export.lost_codes(node)) do
    side.lost[name:lower()] = true
  end
  return side
end

-- Rows by their key; a key of two rows is an error that names some.
local function index_rows(side, name, keys)
  local twice, seen = {}, {}
  for i, id in ipairs(side.id) do
    if not side.row[id] then
      side.row[id] = i
    elseif not seen[id] then
      seen[id] = true
      local words = {}
      for j, key in ipairs(keys) do
        words[j] = show_value(side.columns[key:lower()],
          side.frame:column(key)[i])
      end
      twice[#twice + 1] = table.concat(words, " ")
    end
  end
  if #twice > 0 then
    fail("exists", ("compare by %s: %s has more than one row for %s%s"):format(
      table.concat(keys, ", "), name,
      table.concat(twice, ", ", 1, math.min(3, #twice)),
      #twice > 3 and (" and %d others"):format(#twice - 3) or ""))
  end
end

-- Frames ---------------------------------------------------------------------

-- The columns of those rows, with all that they say of themselves.
local function pick(side, names, rows)
  local picked = {}
  for j, name in ipairs(names) do
    local column = side.frame:column(name)
    local values, out = cframe.values(column), {}
    for k, i in ipairs(rows) do out[k] = values[i] end
    local made = cframe.build({ name }, { out },
      column.ordered and { [name] = column.levels } or nil):column(1)
    local facts = { name = name }
    for _, field in ipairs { "label", "unit", "format", "informat" } do
      facts[field] = column[field] ~= NA and column[field] or nil
    end
    picked[j] = cframe.with(made, facts)
  end
  return picked
end

local function names_of(side) return columns_module.names_of(side.columns) end

-- Columns --------------------------------------------------------------------

local function levels_text(column)
  return column and column.levels and table.concat(column.levels, " < ") or NA
end

-- A label that is the name says nothing: Dataset-JSON must have one.
local function said(column, field)
  local value = column[field]
  if field == "label" and value == column.name then return nil end
  return value
end

-- What two columns of one name say otherwise: "type, label".
local function changes(a, b)
  local list = {}
  for _, field in ipairs { "name", "type", "label", "unit", "format" } do
    if said(a, field) ~= said(b, field) then list[#list + 1] = field end
  end
  if levels_text(a) ~= levels_text(b) then list[#list + 1] = "levels" end
  return #list > 0 and table.concat(list, ", ") or NA
end

-- All columns, those of a first: { name, a, b, changed, n }.
local function list_columns(a, b)
  local list = {}
  for _, column in ipairs(a.columns) do
    local twin = b.columns[column.name:lower()]
    list[#list + 1] = { name = column.name, a = column, b = twin,
      changed = twin and changes(column, twin) or NA, n = twin and 0 or NA }
  end
  for _, column in ipairs(b.columns) do
    if not a.columns[column.name:lower()] then
      list[#list + 1] = { name = column.name, b = column, changed = NA, n = NA }
    end
  end
  return list
end

local function columns_frame(list)
  local names = { "column", "status", "type_a", "type_b", "label_a", "label_b",
    "levels_a", "levels_b", "changed", "n_different" }
  local arrays = {}
  for j in ipairs(names) do arrays[j] = {} end
  for i, c in ipairs(list) do
    local function of(column, field) return column and column[field] or NA end
    local row = { c.name,
      c.a and c.b and "both" or c.a and "only a" or "only b",
      of(c.a, "type"), of(c.b, "type"), of(c.a, "label"), of(c.b, "label"),
      levels_text(c.a), levels_text(c.b), c.changed, c.n }
    for j in ipairs(names) do arrays[j][i] = row[j] end
  end
  return names, arrays
end

-- Values ---------------------------------------------------------------------

-- Whether two values that are not the same still count as equal.
local function near(x, y, tolerance)
  if not tolerance or type(x) ~= "number" or type(y) ~= "number" then
    return false
  end
  local gap = math.abs(x - y)
  return gap <= (tolerance.absolute or 0)
    or gap <= (tolerance.relative or 0) * math.max(math.abs(x), math.abs(y))
end

-- The values of a column, missing ones of SAS by their codes, unless verbs
-- made them plain missing values on a side.
local function values_of(side, column, lost)
  local c = side.frame:column(column.name)
  local values = cframe.values(c)
  for i, code in pairs(lost and {} or c.special) do values[i] = { code } end
  return values
end

local function same(x, y, tolerance)
  if type(x) == "table" and type(y) == "table" then return x[1] == y[1] end
  return near(x, y, tolerance)
end

local function word(column, value)
  if type(value) == "table" then return "." .. value[1] end
  return value == NA and NA or show_value(column, value)
end

-- The cells of one column that differ go to out.
local function compare_column(c, a, b, both, tolerance, out)
  local name = c.a.name:lower()
  local lost = a.lost[name] or b.lost[name]
  local va, vb = values_of(a, c.a, lost), values_of(b, c.b, lost)
  -- another type is told once; values count as they are written
  local as_text, rows_a, rows_b = c.a.type ~= c.b.type, both.a, both.b
  for k = 1, #rows_a do
    local i = rows_a[k]
    local x, y = va[i], vb[rows_b[k]]
    if x ~= y and not same(x, y, tolerance)
        and not (as_text and word(c.a, x) == word(c.b, y)) then
      c.n = c.n + 1
      local n = #out.row + 1
      out.row[n], out.column[n] = i, c.name
      out.value_a[n], out.value_b[n] = word(c.a, x), word(c.b, y)
      out.difference[n] = type(x) == "number" and type(y) == "number" and x - y
        or NA
    end
  end
end

-- The keys beside a cell: their names, but for what stands there already.
local function key_names(keys)
  local taken, out = { column = true, value_a = true, value_b = true,
    difference = true }, {}
  for j, key in ipairs(keys) do
    out[j] = taken[key:lower()] and key .. "_key" or key
  end
  return out
end

local function differences_frame(found, a, keys)
  local names, columns = key_names(keys), pick(a, keys, found.row)
  for j, name in ipairs(names) do
    columns[j] = cframe.with(columns[j], { name = name })
  end
  for _, name in ipairs { "column", "value_a", "value_b", "difference" } do
    names[#names + 1] = name
    columns[#columns + 1] = found[name]
  end
  return names, columns
end

-- Text -----------------------------------------------------------------------

local function plural(n, what)
  return ("%d %s%s"):format(n, what, n == 1 and "" or "s")
end

-- The first rows of a frame, indented below a heading.
local function first_rows(lines, heading, relation, most, names)
  local frame = getmetatable(relation).__frame(relation)
  local shown = math.min(most, #frame)
  if shown == 0 then return end
  local columns = {}
  for j, name in ipairs(names) do
    local column = frame:column(name)
    columns[j] = { name = name, type = column.type, exact = true,
      format = column.format ~= NA and column.format or nil, values = {} }
    for i = 1, shown do columns[j].values[i] = column[i] end
  end
  lines[#lines + 1] = heading .. (shown < #frame
    and (", the first %d"):format(shown) or "") .. ":"
  lines[#lines + 1] = require "trialsh.show".table(columns, shown, {})
end

local function some(names)
  if #names <= 12 then return table.concat(names, ", ") end
  return ("%s and %d others"):format(table.concat(names, ", ", 1, 12),
    #names - 12)
end

local function print_columns(lines, list)
  local alone, changed, both = { a = {}, b = {} }, {}, 0
  for _, c in ipairs(list) do
    if c.a and c.b then both = both + 1
    else
      local where = alone[c.a and "a" or "b"]
      where[#where + 1] = c.name
    end
    if c.changed ~= NA then
      changed[#changed + 1] = ("%s (%s)"):format(c.name, c.changed)
    end
  end
  local parts = { plural(both, "column") .. " in both" }
  for _, which in ipairs { "a", "b" } do
    if #alone[which] > 0 then
      parts[#parts + 1] = ("only in %s: %s"):format(which, some(alone[which]))
    end
  end
  if #changed > 0 then
    parts[#parts + 1] = "changed: " .. some(changed)
  end
  lines[#lines + 1] = text.escape(result.lines(parts)):gsub("\\x0A", "\n")
end

local function print_counts(lines, list, f)
  local columns = { { name = "column", type = "text", values = {} },
    { name = "different", type = "real", values = {} } }
  for _, c in ipairs(list) do
    if c.n ~= NA and c.n > 0 then
      table.insert(columns[1].values, c.name)
      table.insert(columns[2].values, c.n)
    end
  end
  local n = #columns[1].values
  lines[#lines + 1] = f.n_different == 0 and "no value differs"
    or ("%s in %s differ%s%s"):format(plural(f.n_different, "value"),
      plural(f.n_rows_different, "row"), f.n_different == 1 and "s" or "",
      f.tolerance ~= NA and " by more than " .. f.tolerance or "")
  if n > 0 then
    lines[#lines + 1] = require "trialsh.show".table(columns, n, {})
  end
end

local function print_all(f, list, keys)
  local by = table.concat(keys, ", ")
  if f.equal then
    return ("equal: %s, %s, by %s%s"):format(plural(f.n_a, "row"),
      plural(#list, "column"), by, f.tolerance ~= NA
        and "; numbers within " .. f.tolerance or "")
  end
  local lines = { ("compare by %s: a has %s, b has %d; %d in both, %d only in "
    .. "a, %d only in b"):format(by, plural(f.n_a, "row"), f.n_b, f.n_common,
    f.n_only_a, f.n_only_b) }
  print_columns(lines, list)
  print_counts(lines, list, f)
  local names = key_names(keys)
  table.move({ "column", "value_a", "value_b" }, 1, 3, #names + 1, names)
  first_rows(lines, "differences", f.differences, 10, names)
  first_rows(lines, "rows only in a", f.only_a, 5, keys)
  first_rows(lines, "rows only in b", f.only_b, 5, keys)
  return table.concat(lines, "\n")
end

-- The verb -------------------------------------------------------------------

-- { relative = 1e-9 } or { absolute = 0.01 } or both; in words.
local function tolerance_of(given)
  if given == nil then return nil, NA end
  if type(given) ~= "table" then
    fail("type", "compare: tolerance says of which kind it is, { relative = "
      .. "1e-9 } or { absolute = 0.01 }")
  end
  local t = options("compare: tolerance", given, {
    relative = { "number", nil, least = 0 },
    absolute = { "number", nil, least = 0 } })
  local words = {}
  for _, kind in ipairs { "relative", "absolute" } do
    if t[kind] then words[#words + 1] = text.number(t[kind]) .. " " .. kind end
  end
  if #words == 0 then return nil, NA end
  return t, table.concat(words, " and ")
end

-- M is trialsh.relation; the method is added to those that answer.
return function(M, methods)

--- relation:compare(other, keys [, opt]) -> comparison
-- What differs between two cuts of the same data, a and b: relations, frames,
-- tables of two studies. Rows are paired by the keys, a name or a list; a key
-- that a or b has twice is an error. Missing equals missing and differs from any
-- value; special missing values by their code.
--   tolerance   numbers are equal to the last bit; { relative = 1e-9 } (of the
--               larger one) or { absolute = 0.01 } lets them differ so much
-- The result prints itself; its fields are
--   differences   a frame with the keys, column, value_a and value_b as text,
--                 difference (a minus b, of numbers)
--   only_a only_b   the rows without a partner
--   columns       a frame with column, status (both, only a, only b), types,
--                 labels, levels, changed (what of these), n_different
--   equal         true when nothing differs, names and labels included
--   n_a n_b n_common n_only_a n_only_b n_different n_rows_different
--
--   > old = demo.adsl:where "AGE < 78":mutate "AGE = AGE + (USUBJID = 'DEMO-003')"
--   > demo.adsl:compare(old, "USUBJID")
--   compare by USUBJID: a has 24 rows, b has 22; 22 in both, 2 only in a, 0 only in b
--   17 columns in both
--   1 value in 1 row differs
--      column  different
--   1  AGE             1
--   differences:
--      USUBJID   column  value_a  value_b
--   1  DEMO-003  AGE     72       73
--   rows only in a:
--      USUBJID
--   1  DEMO-010
--   2  DEMO-011
--   SIMULATED DATA
--
-- See also: relation:join, study:findings. SAS: PROC COMPARE.
function methods.compare(relation, other, keys, opt)
  if not M.is(other) then
    fail("type", "compare: the first argument is a relation or a frame, not a "
      .. type(other))
  end
  opt = options("compare", opt, { tolerance = { "any" } })
  local tolerance, words = tolerance_of(opt.tolerance)
  local left, right = M.node_of(relation), M.node_of(other)
  nodes.no_group(left, "compare")
  nodes.no_group(right, "compare")
  keys = columns_module.shared_keys("compare", left.columns, right.columns,
    keys)
  local a, b = side_of(M, relation, keys), side_of(M, other, keys)
  index_rows(a, "a", keys)
  index_rows(b, "b", keys)
  local both, only_a, only_b = { a = {}, b = {} }, {}, {}
  for i, id in ipairs(a.id) do
    local j = b.row[id]
    if j then
      both.a[#both.a + 1], both.b[#both.b + 1] = i, j
    else
      only_a[#only_a + 1] = i
    end
  end
  for j, id in ipairs(b.id) do
    if not a.row[id] then only_b[#only_b + 1] = j end
  end
  local list = list_columns(a, b)
  local found = { row = {}, column = {}, value_a = {}, value_b = {},
    difference = {} }
  local same_columns = true
  for _, c in ipairs(list) do
    if c.a and c.b then compare_column(c, a, b, both, tolerance, found) end
    same_columns = same_columns and c.a and c.b and c.changed == NA
  end
  local rows, n_rows = {}, 0
  for _, i in ipairs(found.row) do
    n_rows = n_rows + (rows[i] and 0 or 1)
    rows[i] = true
  end
  local simulated = require "trialsh.mark".both(left.simulated,
    right.simulated) or nil
  local function frame(names, arrays)
    return M.of_frame(cframe.build(names, arrays), { simulated = simulated })
  end
  local fields = { method = "comparison", n_a = a.n, n_b = b.n,
    n_common = #both.a, n_only_a = #only_a, n_only_b = #only_b,
    n_different = #found.row, n_rows_different = n_rows, tolerance = words,
    differences = frame(differences_frame(found, a, keys)),
    only_a = frame(names_of(a), pick(a, names_of(a), only_a)),
    only_b = frame(names_of(b), pick(b, names_of(b), only_b)),
    columns = frame(columns_frame(list)), simulated = simulated,
    equal = same_columns and #found.row == 0 and #only_a == 0 and #only_b == 0
      and true or false }
  return result.model { name = "compare", fields = fields,
    order = { "n_a", "n_b", "n_common", "n_only_a", "n_only_b", "n_different",
      "n_rows_different", "equal" },
    tidy = function() return fields.differences end,
    print = function() return print_all(fields, list, keys) end }
end

end
