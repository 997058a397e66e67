-- Asking a relation: SQL out, a frame in, with the checks and notes on the
-- way; and what else `.` and `:` do on one.

local text = require "ts.text"
local cframe = require "ts.frame"
local errors = require "ts.error"
local fail = errors.fail
local NA = require "ts.na".NA
local mark = require "trialsh.mark"
local note = require "trialsh.note"
local expression = require "trialsh.expression"
local answers = require "trialsh.relation.answers"
local derive = require "trialsh.relation.nodes".derive
local kept = require "trialsh.relation.kept"
local layers = require "trialsh.relation.layers"
local name_rows = require "trialsh.relation.culprit"
local export = require "trialsh.export"
local only = require "trialsh.relation.only"

local quote = expression.quote

-- The store of frames that belong to no study; one of another process is kept, and
-- not touched.
local scratch, others
local function store_of(node)
  if node.study then return node.study:store() end
  scratch = scratch or require "ts.store".memory()
  return scratch
end

return function(M)
  local node_of, Relation, verbs = M.node_of, M.Relation, M.verbs

  --- relation.new_scratch(): this process is another one than before.
  function M.new_scratch()
    scratch, others = nil, { scratch, others }
  end

  -- Runs what make(compiler) writes; frames are attached only meanwhile. once: nobody
  -- will ask it again.
  local function run(node, make, variables, once)
    local store = store_of(node)
    local compiler = M.compiler(function(frame) return store:attach(frame) end)
    local ok, frame, counts = pcall(function()
      local sql, fields = make(compiler), variables
      if type(variables) == "function" then
        fields = variables(store:origins(sql, compiler.values))
      elseif node.study and not node.name and not once
          and not next(compiler.frames) then
        return answers.ask(node.study, sql, compiler.values, fields)
      end
      return store:query(sql, compiler.values, fields)
    end)
    local text = not ok and errors.is(frame) and frame.message or ""
    local function locate(message)
      return name_rows(message, node.layer, function(source)
        return source.table and quote(source.table)
          or "temp." .. compiler:frame(source.frame)
      end, function(sql, value)
        local found, row = pcall(store.query, store, sql, { value })
        if found then return row:value(1, 1), row:value(1, 2) end
      end)
    end
    local named = locate(text)
    if ok and counts.no_date then -- what was counted may be kept: see answers
      local copy = {}
      for key, n in pairs(counts) do copy[key] = n end
      copy.no_date = locate(counts.no_date)
      counts = copy
    end
    for _, name in pairs(compiler.frames) do store:detach(name) end
    if not ok then
      if named ~= text then fail(frame.code, named) end
      if text:find "^parser stack" or text:find "^at most %d+ tables"
        or text:find "^Expression tree is too large" then
        fail("limit", ("too many verbs for one statement of SQLite (%s); "
          .. "collect() or s.NAME = ... keeps what there is so far"):format(text))
      end
      error(frame, 0)
    end
    return frame, counts, compiler.places
  end

  local reasons = {
    ln = "ln of a value that is not above 0",
    log10 = "log10 of a value that is not above 0",
    sqrt = "sqrt of a value below 0",
    ["/"] = "division by 0",
    power = "a power that is no finite number",
    overflow = "a result beyond 1.8e308",
    cast = "text that is no number",
    date = "a number that is no date or time of ISO 8601",
  }

  -- Dates that have no order, which no condition decides.
  local function say_undated(counts)
    if counts.no_date then
      note.say("%s; %d comparison%s of dates not decided", counts.no_date,
        counts.undated, counts.undated == 1 and "" or "s")
    end
  end

  local function say(counts, places)
    say_undated(counts)
    for i, place in ipairs(places) do
      local n = counts[i - 1]
      if n and place.otherwise then
        note.say("%s in %d row%s, which took else", place.otherwise, n,
          n == 1 and "" or "s")
      elseif n then
        note.say("where %s: not decided for %d row%s, a value is missing%s; "
          .. "left out", place.source, n, n == 1 and "" or "s",
          place.dates and " or no whole date" or "")
      end
    end
    for _, name in ipairs { "ln", "log10", "sqrt", "/", "power", "overflow",
        "cast", "date" } do
      if counts[name] then
        note.say("%d value%s became missing: %s", counts[name],
          counts[name] == 1 and "" or "s", reasons[name])
      end
    end
  end

  -- A layer of a node's study, through what is kept of it.
  local function read_kept(node, layer)
    if not node.study then return layer, {} end
    return kept.layer(node.study, layer, function(inner)
      return run(derive(node, { layer = inner }), function(c)
        return c:layer(inner)
      end, nil, true)
    end)
  end

  local check = require "trialsh.relation.check"(M, run, say_undated, read_kept)
  M.judge, M.single = check.rules, check.single
  M.strange_words = check.strange_words

  -- What is known of the column that SQL takes as it is: by those that the
  -- statement names, else by the study.
  local function column_at(origin, study, named)
    for _, pair in ipairs(named) do
      local column = pair[2].columns[origin.column:lower()]
      if column then return column end
    end
    local t = study and study:facts_of(origin.table)
    for _, column in ipairs(t and study:columns_of(t) or {}) do
      if column.name == origin.column then return column end
    end
  end

  --- relation.select(study, text, values, named): the frame of a statement that
  -- a user wrote, in which named = { { name, node } } are read like tables.
  function M.select(study, text, values, named)
    for _, pair in ipairs(named) do check.before(pair[2]) end
    return (run({ study = study }, function(c)
      local parts = {}
      for i, pair in ipairs(named) do
        parts[i] = ("%s as (%s)"):format(quote(pair[1]),
          c:layer(pair[2].layer, true))
      end
      table.move(values, 1, #values, #c.values + 1, c.values)
      if #parts == 0 then return text end
      local rest, comma = text:gsub("^%s*[wW][iI][tT][hH]%s+", "", 1)
      local recursive
      if comma > 0 then
        rest, recursive = rest:gsub("^[rR][eE][cC][uU][rR][sS][iI][vV][eE]%s+",
          "", 1)
      end
      return ("with %s%s%s%s"):format(recursive == 1 and "recursive " or "",
        table.concat(parts, ", "), comma > 0 and ", " or " ", rest)
    end, function(origins)
      for i, origin in ipairs(origins) do
        local column = origin.column and column_at(origin, study, named)
        origins[i] = { name = origin.name, type = column and column.type,
          levels = column and column.levels, label = column and column.label,
          unit = column and column.unit, format = column and column.format }
      end
      return origins
    end))
  end

  --- relation.distinct_values(node, column): in the order of levels.
  function M.distinct_values(node, column)
    check.before(node)
    local layer = only(node.layer, { column.name })
    local frame = run(node, function(c)
      return ("select distinct %s from (%s) where %s is not null order by 1 "
        .. "limit 2001"):format(quote(column.name), c:layer(layer),
        quote(column.name))
    end, { { name = column.name, type = column.type, levels = column.levels } })
    if #frame > 2000 then
      fail("invalid", ("wider: %s has more than 2000 values"):format(
        column.name))
    end
    local values, there = {}, {}
    for i = 1, #frame do
      local value = frame:value(i, 1)
      values[i] = value == 0 and 0 or value -- -0 is 0
      there[values[i]] = true
    end
    if not column.levels then
      check.say_byte_order(node, column, values, "columns")
      return values
    end
    local ordered, seen = {}, {}
    for _, level in ipairs(column.levels) do
      if there[level] then ordered[#ordered + 1] = level end
      seen[level] = true
    end
    for _, value in ipairs(values) do
      if not seen[value] then ordered[#ordered + 1] = value end
    end
    return ordered
  end

  --- relation.has_several(node, column): whether it has more than one value.
  function M.has_several(node, column)
    return run(node, function(c)
      return ("select min(%s) <> max(%s) from (%s)"):format(quote(column.name),
        quote(column.name), c:layer(only(node.layer, { column.name })))
    end):value(1, 1) == 1
  end

  --- relation.count_missing(node, column): rows without a value.
  function M.count_missing(node, column)
    return run(node, function(c)
      return ("select count(*) from (%s) where %s is null"):format(
        c:layer(only(node.layer, { column.name })), quote(column.name))
    end):value(1, 1)
  end

  --- relation.has(node, column): whether a row has a value there.
  function M.has(node, column)
    return #run(node, function(c)
      return ("select 1 from (%s) where %s is not null limit 1"):format(
        c:layer(only(node.layer, { column.name })), quote(column.name))
    end) > 0
  end

  -- Rows of a table as they are stored: places are row numbers of SQLite, as
  -- tables are written once, from the first row to the last.
  local function as_stored(layer)
    return layer.source.table and #layer.where == 0 and not layer.group
      and not layer.limit and not layer.sorted and not layer.join
      and not layer.places and not layer.window
  end

  -- The frame of those columns (all without names). opt: n and from, for rows
  -- from .. from+n-1, or n and total, for the last of so many; quiet: true, or
  -- "cut" where there are more rows than these.
  local function ask(node, names, opt)
    check.before(node)
    local columns, layer, used = node.columns, read_kept(node, node.layer)
    if names then
      columns, layer = {}, M.wrap(layer)
      layer.outputs = {}
      for i, name in ipairs(names) do
        columns[i] = M.find("data", node.columns, name)
        layer.outputs[i] = { name = columns[i].name }
      end
    end
    local some = opt and opt.n
    if layers.sources_of(layer)[1] then
      local wanted = {}
      for i, output in ipairs(layer.outputs) do wanted[i] = output.name end
      -- what it does not rest on tells nothing where nothing is told
      layer = only(layer, wanted, not (opt and opt.quiet == true))
    end
    if some and as_stored(layer) then
      local from = opt.from or opt.total - opt.n + 1
      layer = M.open_layer(layer, {})
      layer.where[1] = { raw = ("%s between %d and %d"):format(
        layer.source.place, from, from + opt.n - 1) }
      some = false
    elseif some and opt.total then
      layer, some = layers.tail(layer, opt.n), false
    end
    local frame, counts, places = run(node, function(c)
      local sql = c:layer(layer, true)
      if some then
        sql = ("select * from (%s) limit %d offset %d"):format(sql, opt.n,
          opt.from - 1)
      end
      return sql
    end, columns)
    counts, places = kept.counted(counts, places, used)
    local quiet = opt and opt.quiet
    if quiet == "cut" then quiet = #frame == opt.n end
    if not quiet then
      if note.log then require "trialsh.relation.record".kept(M, node) end
      say(counts, places)
      if #frame == 0 then check.say_words(node) end
    end
    check.levels(node, frame, columns)
    check.say_bytes(node, frame, columns)
    return frame
  end
  M.ask = ask

  -- The number of rows. computed: what makes the values of their columns is
  -- told, too, as it is where all of them are read.
  local function count_rows(node, quiet, computed)
    local values, names = { "count(*)" }, {}
    for _, column in ipairs(computed and node.columns or {}) do
      if column.computed then
        names[#names + 1] = column.name
        values[#values + 1] = ("count(%s)"):format(quote(column.name))
      end
    end
    if #values == 1 and as_stored(node.layer) then
      local frame = run(node, function()
        local source = node.layer.source
        return ("select coalesce(max(%s), 0) from %s"):format(source.place,
          quote(source.table))
      end)
      return frame:value(1, 1)
    end
    local layer = node.layer
    if layer.window and #values == 1 then -- what stands beside rows does not change their number
      layer = M.open_layer(layer, {}, layer.window)
      layer.outputs, layer.window = {}, nil
      layer.hidden = { { name = "_ts_o1", sql = "1" } }
    end
    layer = only(layer, names, true)
    local frame, counts, places = run(node, function(c)
      return ("select %s from (%s)"):format(table.concat(values, ", "),
        c:layer(layer))
    end)
    local n = frame:value(1, 1)
    if not quiet then
      if note.log then require "trialsh.relation.record".kept(M, node) end
      say(counts, places)
      if n == 0 then check.say_words(node) end
    end
    return n
  end
  M.count_rows = count_rows

  -- Methods that answer ------------------------------------------------------

  local methods = {}

  --- relation:collect() -> frame
  -- The rows as they are now, kept in memory; a frame never changes.
  --
  --   > #demo.adsl:collect()
  --   24
  --
  -- See also: relation:rows, relation:row.
  function methods.collect(relation)
    local node = node_of(relation)
    if node.frame then return relation end
    check.rules(node)
    local frame = ask(node)
    export.tell_codes(node)
    -- the codes of SAS's missing values, which SQL does not know
    if node.study and node.name and not node.verb then
      node.study:get_missing(node.name, frame)
    end
    return M.of_frame(frame, { key = node.key, simulated = node.simulated,
      rows = M.rows_of(node), read = node.read,
      made = require "trialsh.definition".describe(relation),
      trial = node.trial or node.study and node.study:trial() or nil })
  end

  local function row_table(frame, i, names, marked)
    local row = {}
    for j, name in ipairs(names) do row[name] = frame:value(i, j) end
    return setmetatable(row, { __tostring = function(r)
      local lines, width = {}, 0
      for _, name in ipairs(names) do
        width = math.max(width, text.width(text.escape(name)))
      end
      for i, name in ipairs(names) do
        name = text.escape(name)
        lines[i] = ("%s%s  %s"):format(name, (" "):rep(width - text.width(name)),
          text.escape(tostring(r[names[i]])))
      end
      if marked then lines[#lines + 1] = marked end
      return table.concat(lines, "\n")
    end, __index = function(_, name)
      local near = type(name) == "string" and text.nearest(name, names)
      fail("not found", ("the row has no %s%s"):format(tostring(name),
        near and "; nearest: " .. near or ""))
    end })
  end

  --- relation:row(i) -> table
  -- Row i, from 1, as a table of NAME = value; missing values are NA.
  --
  --   > demo.adsl:row(1).USUBJID
  --   DEMO-001
  --
  -- See also: relation:rows, relation:collect.
  function methods.row(relation, i)
    if math.type(i) ~= "integer" or i < 1 then
      fail("invalid", ("row: %s is no number of a row"):format(tostring(i)))
    end
    local node = node_of(relation)
    local frame = ask(node, nil, { n = 1, from = i })
    if #frame == 0 then
      fail("not found", ("there is no row %d"):format(i))
    end
    return row_table(frame, 1, M.names_of(node.columns), node.simulated)
  end

  --- relation:rows() -> iterator
  -- All rows in order, for a loop: `for row in r:rows() do ... end`.
  --
  --   > n = 0; for row in demo.adsl:rows() do n = n + 1 end; print(n)
  --   24
  --
  -- See also: relation:row.
  function methods.rows(relation)
    local node = node_of(relation)
    local frame = node.frame or ask(node)
    local names, i = M.names_of(node.columns), 0
    return function()
      i = i + 1
      if i <= #frame then return row_table(frame, i, names, node.simulated) end
    end
  end

  --- relation:sql() -> text, values
  -- The SQL that answers the relation, to be read, and the values of its ?.
  --
  --   > demo.adsl:where("AGE > ?", 64):select("USUBJID"):sql()
  --   select "USUBJID" from "adsl" where ("AGE" > ?) order by rowid  64
  --
  -- See also: relation:where.
  function methods.sql(relation)
    local n = 0
    local compiler = M.compiler(function()
      n = n + 1
      return "frame_" .. n
    end, true)
    local sql = compiler:layer(node_of(relation).layer, true)
    return sql, table.unpack(compiler.values)
  end

  M.methods = methods
  require "trialsh.relation.compare"(M, methods)

  -- `.` is data, `:` is a verb ------------------------------------------------

  local function column_of(relation, column)
    local node = node_of(relation)
    local c = node.frame and node.frame:column(column.name)
      or ask(node, { column.name }):column(1)
    cframe.set_rows(c, M.rows_of(node))
    if mark.is_dummy(node.simulated) then mark.mark_column(c) end
    return c
  end

  -- A column named like a verb is data; called, it passes on to the verb.
  local called = setmetatable({}, { __mode = "k" })
  cframe.column_meta("__call", function(column, first, ...)
    local name = called[column]
    if not name or not M.is(first) then
      fail("type", ("%s is a column, no function"):format(column.name))
    end
    if methods[name] then return methods[name](first, ...) end
    return M.apply(name, first, ...)
  end)

  local elsewhere = require "trialsh.relation.elsewhere"

  function Relation.__index(relation, name)
    local node = node_of(relation)
    local column = type(name) == "string" and node.columns[name:lower()]
    if column and (column.name == name or not (verbs[name] or methods[name]))
    then
      local c = column_of(relation, column)
      if verbs[name] or methods[name] then
        called[c] = name
      end
      return c
    end
    if methods[name] then return methods[name] end
    if verbs[name] then
      return function(first, ...)
        if not M.is(first) then
          fail("type", ("%s is a verb: write x:%s(...), with a colon"):format(
            name, name))
        end
        return M.apply(name, first, ...)
      end
    end
    if require "trialsh.study".methods[name] then
      fail("not found", ("no column or verb %s; %s is a verb of the study: "
        .. "s:%s(...)"):format(name, name, name))
    end
    local all = M.names_of(node.columns)
    for verb in pairs(verbs) do all[#all + 1] = verb end
    for method in pairs(methods) do all[#all + 1] = method end
    table.sort(all)
    if math.type(name) == "integer" then
      fail("not found", ("no column or verb %d; data:row(%d) is a row, "
        .. "data.COLUMN[%d] a value"):format(name, name, name))
    end
    local near = type(name) == "string"
      and (elsewhere[name] or text.nearest(name, all))
    fail("not found", ("no column or verb %s%s"):format(tostring(name),
      near and "; nearest: "
        .. require "trialsh.relation.columns".shown(near) or ""))
  end

  function Relation.__newindex(_, name)
    if type(name) ~= "string" then
      fail("invalid", 'a relation is not changed; mutate("COLUMN = ...") makes '
        .. "one with other values")
    end
    fail("invalid", ("%s: a relation is not changed; mutate(\"%s = ...\") "
      .. "makes one that has it"):format(tostring(name), tostring(name)))
  end

  function Relation.__len(relation)
    local node = node_of(relation)
    if node.frame then return #node.frame end
    check.before(node)
    return count_rows(node)
  end

  -- A study's table that is called like a verb of the study passes the call
  -- on: s:import(...) works although there is a table import.
  function Relation.__call(relation, first, ...)
    local node = node_of(relation)
    local study = node.study
    if node.name and study and rawequal(first, study.object) then
      return study:call(node.name, ...)
    end
    if node.name and require "trialsh.study".methods[node.name] then
      fail("type", ("%s is a table; the verb is s:%s(...), with a colon"):format(
        node.name, node.name))
    end
    fail("type", "a relation is no function; for row in data:rows() do ... goes "
      .. "through its rows")
  end

  function Relation.__frame(relation, names)
    local node = node_of(relation)
    if not names then return node.frame or ask(node) end
    if not node.frame then return ask(node, names) end
    local found, columns = {}, {} -- of a frame they are there already
    for i, name in ipairs(names) do
      found[i] = M.find("data", node.columns, name).name
      columns[i] = node.frame:column(found[i])
    end
    return cframe.build(found, columns)
  end

  function Relation.__complete(relation, sep)
    local node, list = node_of(relation), {}
    if sep == "." then return M.names_of(node.columns) end
    for verb in pairs(verbs) do list[#list + 1] = verb end
    for method in pairs(methods) do list[#list + 1] = method end
    table.sort(list)
    return list
  end

  function Relation.__tostring(relation)
    return require "trialsh.show".relation(relation)
  end

  Relation.__name = "relation"
  Relation.__metatable = nil
end
