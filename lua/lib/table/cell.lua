-- Cells: a text, and the statistics that it was made of, unrounded.
--   { text = "63.0 (11.5)", stats = { { "mean", 63.01 }, { "sd", 11.52 } } }
-- A statistic is { name, value [, text] }; the text is what a reader sees of it.

local NA = require "ts.na".NA
local fail = require "ts.error".fail
local format = require "trialsh.format"
local p_text = require "trialsh.p_text"

local M = {}

--- cell.text(s): words alone.
function M.text(s) return { text = s, stats = {} } end

--- cell.count(n [, name]): a number of subjects or events without a share.
function M.count(n, name)
  return { text = tostring(n), stats = { { name or "n", n } } }
end

local percent_of = format.share
M.percent = percent_of

--- cell.share(n, of, style): "16 (59 %)", "0"; of = 0: "-". style: { percent =
-- decimals, sign = " %" }
function M.share(n, of, style)
  local stats = { { "n", n }, { "N", of } }
  if of == 0 then return { text = n == 0 and "-" or tostring(n), stats = stats } end
  stats[3] = { "share", n / of }
  if n == 0 then return { text = "0", stats = stats } end
  return { text = ("%d (%s%s)"):format(n, percent_of(n / of, style.percent),
    style.sign), stats = stats }
end

--- cell.p(p, style): P as the journal wants it, or with style.p_digits decimals.
function M.p(p, style)
  local shown
  if p == nil or p == NA then
    return { text = "", stats = {} }
  elseif style.p_digits then
    local least = 10 ^ -style.p_digits
    shown = p > 0.99 and ">0.99" or p < least
      and "<" .. format.fixed(least, style.p_digits)
      or format.fixed(p, style.p_digits)
  elseif not style.journal or style.journal == "plain" then
    shown = format.p(p, 0.0001)
  else
    shown = p_text.number(p, style.journal)
  end
  return { text = shown, stats = { { "p_value", p } } }
end

-- Measurements -------------------------------------------------------------------

-- Each form: its name in the help, what a row of it says, what it is made of
-- and how. m, s, q and d are decimals: of means, of spreads, of quartiles, of
-- the data.
local forms = {
  { "n", "n", "{n}" },
  { "missing", "Missing", "{n_missing}" },
  { "mean (SD)", "mean (SD)", "{mean} ({sd})" },
  { "mean", "Mean", "{mean}" },
  { "sd", "SD", "{sd}" },
  { "mean (SE)", "mean (SE)", "{mean} ({std_error})" },
  { "mean (CI)", "mean (%s CI)", "{mean} ({conf_low} to {conf_high})" },
  { "median", "Median", "{median}" },
  { "median (Q1 to Q3)", "median (Q1 to Q3)", "{median} ({q1} to {q3})" },
  { "median (range)", "median (range)", "{median} ({min} to {max})" },
  { "min", "Min", "{min}" },
  { "max", "Max", "{max}" },
  { "range", "Min to max", "{min} to {max}" },
  { "quartiles", "Q1 to Q3", "{q1} to {q3}" },
  { "geometric mean", "Geometric mean", "{geomean}" },
  { "geometric mean (CV %)", "geometric mean (CV %)", "{geomean} ({geocv})" },
  { "geometric mean (CI)", "geometric mean (%s CI)",
    "{geomean} ({geomean_low} to {geomean_high})" },
}

local decimals_of = { n = "0", n_missing = "0", mean = "m", sd = "s",
  std_error = "s", conf_low = "m", conf_high = "m", median = "q", q1 = "q",
  q3 = "q", min = "d", max = "d", geomean = "m", geocv = "1", geomean_low = "m",
  geomean_high = "m" }

local function plain(word) return (word:lower():gsub("[%s%-_%(%)%%]", "")) end

--- cell.form(who, name): one of the forms above, or an error with the nearest.
function M.form(who, name)
  local names = {}
  for i, form in ipairs(forms) do
    if type(name) == "string" and plain(form[1]) == plain(name) then
      return form
    end
    names[i] = form[1]
  end
  fail("invalid", ("%s: no statistic %s%s"):format(who, tostring(name),
    require "trialsh.names".hint(name, names, names)))
end

--- cell.digits(list of descriptions [, given]) -> decimals by kind, from those of
-- the data; given: a number in their place, or { mean = 1, sd = 2, ... }
function M.digits(descriptions, given)
  local most, spread = 0, 0
  for _, d in ipairs(descriptions) do
    if d.decimals and d.decimals ~= NA then most = math.max(most, d.decimals) end
    if d.sd and d.sd ~= NA then spread = math.max(spread, d.sd) end
  end
  if most > 3 then -- computed, not recorded: three digits of the spread
    most = math.max(0, math.min(6, format.decimals(spread > 0 and spread or NA)
      - 1))
  end
  if type(given) == "number" then most = math.tointeger(given) end
  local q = most
  for _, d in ipairs(descriptions) do
    for _, name in ipairs { "q1", "median", "q3" } do
      local x = d[name]
      if x and x ~= NA and tonumber(format.fixed(x, most)) ~= x then
        q = most + 1
      end
    end
  end
  local out = { m = most + 1, s = most + 1, q = q, d = most, ["0"] = 0,
    ["1"] = 1 }
  if type(given) == "table" then
    out.own = given
  end
  return out
end

--- cell.describe(form, description, digits): "63.0 (11.5)"; "-" where it is not
-- defined.
function M.describe(form, d, digits)
  local stats, defined = {}, true
  local shown = form[3]:gsub("{([%w_]+)}", function(name)
    local x = d[name]
    if x == nil then x = NA end
    stats[#stats + 1] = { name, x }
    if x == NA then
      defined = defined and #stats > 1 -- "5.0 (-)" of a single value
      return "-"
    end
    local places = digits.own and digits.own[name]
      or digits[decimals_of[name]]
    return format.cell(x, places)
  end)
  return { text = defined and shown or "-", stats = stats }
end

--- cell.fixed(name, x, decimals): one number.
function M.fixed(name, x, decimals)
  if x == nil or x == NA then return { text = "-", stats = { { name, NA } } } end
  return { text = format.cell(x, decimals), stats = { { name, x } } }
end

return M
