-- The data and models of tests/reference/lm.R, and R's values.
local ref = require "tests.lua.reference"

local M = {}

local function made()
  local d = { a = {}, b = {}, c = {}, x = {}, y = {} }
  for i = 1, 80 do
    d.a[i] = i * i % 2 == 1 and i % 3 > 0 and "high" or "low"
    d.b[i] = ({ "P", "Q", "R" })[1 + (i * 7 + i // 5) % 3]
    d.c[i] = ({ "u", "v" })[1 + i // 4 % 2]
    d.x[i] = i % 7
    d.y[i] = round(10 * math.sin(i * i) + i % 7 + 5 * (i % 3), 3)
  end
  return require "trialsh.data".wrap(require "ts.frame".build({ "a", "b", "c",
    "x", "y" }, { d.a, d.b, d.c, d.x, d.y }, { a = { "low", "high" } }))
end

local function warpbreaks()
  local d = read "tests/data/warpbreaks.csv"
  local k = {}
  for i = 1, #d do k[i] = i * 7 % 5 + 0.5 end
  return { breaks = d.breaks, wool = d.wool, k = k,
    tension = require "trialsh.data".frame(d:levels { tension = { "L", "M",
      "H" } }, { "tension" }):column(1) }
end

local function airquality() return read "tests/data/airquality.csv" end

-- R's na.omit of all columns, so that rows with another column missing go too
local function whole_airquality()
  return airquality():where [["Ozone" is not null and "Solar.R" is not null]]
end

local function actg()
  return ref.read "hiv/actg175.csv":mutate([[arm = case arms when 0 then 'ZDV'
    when 1 then 'ZDV+ddI' when 2 then 'ZDV+ddC' else 'ddI' end]],
    "sex = case gender when 0 then 'F' else 'M' end")
    :levels { arm = { "ZDV", "ZDV+ddI", "ZDV+ddC", "ddI" } }
end

local sets = {
  warp = { warpbreaks, "breaks ~ wool * tension" },
  ["warp weighted"] = { warpbreaks, "log(breaks) ~ wool + tension",
    { weights = "k" } },
  ["warp log"] = { warpbreaks, "log(breaks) ~ wool + tension" },
  air = { whole_airquality, "Ozone ~ factor(Month) * Temp + Wind" },
  ["air weighted"] = { whole_airquality, "Ozone ~ factor(Month) + Temp + Wind",
    { weights = "Wind" } },
  ["air curves"] = { whole_airquality,
    "log(Ozone) ~ poly(Temp, 2) + ns(Wind, 3) + bs(Solar.R, 4)" },
  ["air offset"] = { whole_airquality, "log(Ozone) ~ Temp + I(Temp^2) + "
    .. "offset(Wind / 20) + factor(Month)" },
  ["air shifted"] = { whole_airquality, "Ozone ~ factor(Month) + Temp + "
    .. "offset(2 * Wind)" },
  ["air shifted log"] = { whole_airquality, "log(Ozone) ~ factor(Month) + "
    .. "offset(Wind / 10)" },
  made = { made, "y ~ a * b + c + x" },
  ["made deep"] = { made, "y ~ a * b * c + a:x + x" },
  ["made nested"] = { made, "y ~ a / x + b - 1" },
  empty = { function() return made():where "not (a = 'high' and b = 'R')" end,
    "y ~ a * b + x" },
  actg = { actg, "cd420 ~ cd40 + arm * sex + factor(str2)" },
  ["actg log"] = { actg, "log(cd420 + 1) ~ log(cd40 + 1) + arm" },
}

local kept = {}

--- lm_sets.fit(set [, opt]) -> the model
function M.fit(set, opt)
  local s = sets[set]
  kept[set] = kept[set] or s[1]()
  local given = {}
  for _, t in ipairs { s[3] or {}, opt or {} } do
    for key, value in pairs(t) do given[key] = value end
  end
  return lm(s[2], kept[set], given)
end

--- lm_sets.values() -> { [set] = { [what] = { [name] = { [field] = number } } } }
function M.values()
  local out = {}
  local function at(t, key)
    t[key] = t[key] or {}
    return t[key]
  end
  for line in io.lines "tests/reference/lm.csv" do
    local set, what, name, field, value =
      line:match "^(.-);(.-);(.-);(.-);(.-)$"
    name = name:gsub("Month", "factor(Month)"):gsub("str2", "factor(str2)")
      :gsub("Solar%.R", "Solar.R")
    at(at(at(out, set), what), name)[field] = tonumber(value) or NA
  end
  return out
end

function M.names()
  local list = {}
  for name in pairs(sets) do list[#list + 1] = name end
  table.sort(list)
  return list
end

return M
