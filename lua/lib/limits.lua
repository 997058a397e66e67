-- Values that are only known to lie below or above a limit, as detect() marks
-- them: BLQFL and ALQFL beside AVAL, which holds the limit then. Here is what
-- statistics share: which rows those are, and a refusal by those that would take
-- a limit for a value.

local NA = require "ts.na".NA
local cframe = require "ts.frame"
local formulas = require "ts.formula"
local fail = require "ts.error".fail
local data_of = require "trialsh.data"

local M = {}

-- Statistics that would take a limit for a value, and how they may be told to.
M.blind = {}
for name in ("ttest mediandiff wilcoxon van_elteren kruskal jonckheere "
  .. "signed_rank sign_test cor describe lm mmrm lmm"):gmatch "%S+" do
  M.blind[name] = true
end
M.rule = { { "half", "limit", "sqrt2", "zero" } }

local flags = { { "BLQFL", -1 }, { "ALQFL", 1 } }

--- limits.columns(data) -> those of BLQFL and ALQFL that it has
function M.columns(data)
  local list = {}
  for _, flag in ipairs(flags) do
    if data_of.has(data, flag[1]) then list[#list + 1] = flag[1] end
  end
  return list
end

local rising = { log = true, ln = true, log10 = true, log2 = true,
  sqrt = true }

--- limits.is_of(response): whether the limit of AVAL is one of the response, as of
-- ln(AVAL): whether it rises with it.
function M.is_of(response)
  local plain = response:gsub("`", "")
  if plain:find "^[%a.][%w._]*$" then return plain == "AVAL" end
  local name, inner = plain:match "^(%a%w*)%(([%a.][%w._]*)%)$"
  return name ~= nil and rising[name] == true and inner == "AVAL"
end

--- limits.check_response(who, response): an error where it is none.
function M.check_response(who, response)
  if M.is_of(response) then return end
  fail("invalid", ("%s: of %s the limits are not known: the response is AVAL, "
    .. "ln(AVAL) or the like"):format(who, response))
end

--- limits.sides(who, frame) -> a column that is -1 where a row of a C frame is
-- below its limit, 1 above one, else 0; how many are of each.
function M.sides(who, frame)
  local side, below, above = {}, 0, 0
  for i = 1, #frame do side[i] = 0 end
  local there = {}
  for _, name in ipairs(frame:names()) do there[name] = true end
  for _, flag in ipairs(flags) do
    local column = there[flag[1]] and frame:column(flag[1])
    for i = 1, column and #frame or 0 do
      local value = column[i]
      if value == "Y" then
        if side[i] ~= 0 then
          fail("invalid", ("%s: row %d is below one limit and above another")
            :format(who, i))
        end
        side[i] = flag[2]
        if flag[2] < 0 then below = below + 1 else above = above + 1 end
      elseif value ~= NA and value ~= "N" then
        fail("invalid", ("%s: %s is Y or N, row %d has %s"):format(who, flag[1],
          i, tostring(value)))
      end
    end
  end
  return cframe.build({ "side" }, { side }):column(1), below, above
end

--- limits.need(who, data): the flags there are; an error without any.
function M.need(who, data)
  local columns = M.columns(data)
  if #columns == 0 then
    fail("not found", ("%s: the data have neither BLQFL nor ALQFL, which say "
      .. "which values are beyond a limit; relation:detect makes them"):format(
        who))
  end
  return columns
end

-- In place of a value below its limit -------------------------------------------

local instead = {
  half = { "AVAL / 2", "half of it", function(x) return x / 2 end },
  limit = { "AVAL", "the limit itself", function(x) return x end },
  sqrt2 = { "AVAL / sqrt(2)", "the limit over the root of 2",
    function(x) return x / math.sqrt(2) end },
  zero = { "0", "0", function() return 0 end },
}

--- limits.replace(relation, rule): AVAL with what blq says of values below their
-- limit.
function M.replace(r, rule)
  return r:mutate(("AVAL = case when BLQFL = 'Y' then %s else AVAL end"):format(
    instead[rule][1]))
end

--- limits.words(rule): "half of it"
function M.words(rule) return instead[rule][2] end

--- limits.replaced(n, of, rule): what a result repeats.
function M.replaced(n, of, rule)
  return ("%d of %d values below their limit counted as %s"):format(n, of,
    instead[rule][2])
end

-- The unit of rows below a limit, where they have one: that of the column, or of a
-- column UNIT.
local function unit_of(frame, side, there)
  local unit = frame:column("AVAL").unit
  if unit ~= nil and unit ~= NA or not there.UNIT then return unit end
  local column, found = frame:column "UNIT", nil
  for i = 1, #frame do
    if side[i] < 0 and column[i] ~= found then
      if found ~= nil then return nil end
      found = column[i]
    end
  end
  return found
end

-- "3.2 or 6.4 pg/mL", "0.5 to 6.4"
local function limits_in(frame, side)
  local there, list, seen = {}, {}, {}
  for _, name in ipairs(frame:names()) do there[name] = true end
  local unit = unit_of(frame, side, there)
  unit = unit ~= nil and unit ~= NA and " " .. tostring(unit) or ""
  local column = frame:column(there.LLOQ and "LLOQ" or "AVAL")
  for i = 1, #frame do
    local x = column[i]
    if side[i] < 0 and x ~= NA and not seen[x] then
      seen[x] = true
      list[#list + 1] = x
    end
  end
  table.sort(list)
  for i, x in ipairs(list) do list[i] = require "ts.text".number(x) end
  return (#list < 4 and table.concat(list, " or ")
    or list[1] .. " to " .. list[#list]) .. unit
end

-- Rows with a value, and how many of them are below and above a limit.
local function count(frame, side)
  local column, n, below, above = frame:column "AVAL", 0, 0, 0
  for i = 1, #frame do
    if column[i] ~= NA then
      n = n + 1
      if side[i] < 0 then below = below + 1 end
      if side[i] > 0 then above = above + 1 end
    end
  end
  return n, below, above
end

--- limits.refuse(who, n, below, above, words): the error; words: what the limits
-- are.
function M.refuse(who, n, below, above, words)
  local function say(k, side)
    return k > 0 and ("%d of %d values of AVAL %s %s %s limit%s"):format(k, n,
      k == 1 and "is" or "are", side, k == 1 and "its" or "their",
      words and side == "below" and (" (%s)"):format(words) or "")
  end
  fail("invalid", ("%s: %s; %s would take them as measured. tobit and "
    .. "peto_prentice use them as they are; { blq = \"half\" } replaces those "
    .. "below and says so in the result"):format(who, say(below, "below")
      or say(above, "above"), who))
end

--- limits.base_words(n, of, what): of covariates that are no measured value.
function M.base_words(n, of, what)
  return ("BASE of %d of %d %s is below its limit and counts as the limit")
    :format(n, of, what)
end

-- Whether a formula has a variable.
local function has_variable(source, wanted)
  for _, alone in ipairs { false, true } do
    local ok, parsed = pcall(formulas.parse, source, alone)
    if ok then
      for _, name in ipairs(parsed.variables) do
        if name == wanted then return true end
      end
      return false
    end
  end
  return false
end

-- The data with other values below limits, and what to say of them.
local function replaced(who, data, frame, side, n, below, above, rule)
  if above > 0 then M.refuse(who, n, 0, above) end
  local words = M.replaced(below, n, rule)
  if getmetatable(data) ~= nil then return M.replace(data, rule), words end
  local out, column = {}, {}
  for name, values in pairs(data) do out[name] = values end
  for i = 1, #frame do
    local x = data.AVAL[i]
    column[i] = side[i] < 0 and x ~= NA and instead[rule][3](x) or x
  end
  out.AVAL = column
  return out, words
end

-- A table of options without blq, and what blq is.
local function split(who, opt)
  if type(opt) ~= "table" or opt.blq == nil then return opt, nil end
  local rest = {}
  for key, value in pairs(opt) do
    if key ~= "blq" then rest[key] = value end
  end
  return rest, require "trialsh.options"(who, { blq = opt.blq },
    { blq = M.rule }).blq
end

-- What is to be said of BASE in a formula, or nil.
local function base_below(source, data)
  if type(source) ~= "string" or not data_of.is(data)
    or not data_of.has(data, "BBLQFL") or not data_of.has(data, "BASE")
    or not has_variable(source, "BASE") then return nil end
  local frame = data_of.frame(data, { "BASE", "BBLQFL" })
  local base, flag, n, below = frame:column "BASE", frame:column "BBLQFL", 0, 0
  for i = 1, #frame do
    if base[i] ~= NA then
      n = n + 1
      if flag[i] == "Y" then below = below + 1 end
    end
  end
  return below > 0 and M.base_words(below, n, "rows") or nil
end

--- limits.told(f) -> the same statistic, whose note says where BASE is a limit.
function M.told(f)
  return function(source, data, ...)
    local r = f(source, data, ...)
    local words = base_below(source, data)
    return words and require "trialsh.result".noted(r, words) or r
  end
end

--- limits.guard(name, f) -> a statistic f(formula, data, opt) that refuses values
-- of AVAL that are beyond a limit, unless the option blq says what to take for
-- those below: "half", "limit", "sqrt2", "zero".
function M.guard(who, f)
  return function(source, data, opt, ...)
    if type(source) ~= "string" or not data_of.is(data) then
      return f(source, data, opt, ...)
    end
    local rest, rule = split(who, opt)
    local columns = M.columns(data)
    if #columns == 0 or not data_of.has(data, "AVAL")
      or not has_variable(source, "AVAL") then
      if rule then
        fail("invalid", ("%s: blq is for values of AVAL, with BLQFL in the data")
          :format(who))
      end
      return f(source, data, opt, ...)
    end
    if who == "describe" and not rule then return f(source, data, opt, ...) end
    columns[#columns + 1] = "AVAL"
    for _, name in ipairs { "LLOQ", "UNIT" } do
      if data_of.has(data, name) then columns[#columns + 1] = name end
    end
    local frame = data_of.frame(data, columns, who)
    local side = M.sides(who, frame)
    local n, below, above = count(frame, side)
    if below + above == 0 then return f(source, data, rest, ...) end
    if not rule then
      M.refuse(who, n, below, above, below > 0 and limits_in(frame, side))
    end
    local other, words = replaced(who, data, frame, side, n, below, above, rule)
    if getmetatable(other) == nil then
      other.BLQFL = nil -- what is replaced is a value
    else
      other = other:mutate "BLQFL = 'N'"
    end
    return require "trialsh.result".noted(f(source, other, rest, ...), words)
  end
end

return M
