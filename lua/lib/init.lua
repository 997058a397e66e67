-- What a script sees: the public names, each loaded when first used, and an
-- error with the nearest name for one that does not exist.

local text = require "ts.text"
local err = require "ts.error"

NA = require "ts.na".NA

-- public name -> module that returns a table holding it
local home = {
  abs = "elementwise",
  barnard = "two_proportions",
  boschloo = "two_proportions",
  check = "endpoint",
  chisq = "contingency",
  cmh = "contingency",
  cor = "correlation",
  cox = "cox",
  cuminc = "cuminc",
  demo = "demo",
  describe = "describe",
  dofile = "script",
  dunnett = "multiple",
  endpoint = "endpoint",
  exp = "elementwise",
  explain = "endpoint.explain",
  figure = "figure",
  fill = "document.fill",
  fisher = "two_proportions",
  help = "help",
  jonckheere = "group_rank",
  km = "survival",
  kruskal = "group_rank",
  lm = "lm",
  lmm = "lmm",
  ln = "elementwise",
  log = "elementwise",
  log10 = "elementwise",
  log_to = "log",
  logrank = "survival",
  mcnemar = "contingency",
  mediandiff = "mediandiff",
  mmrm = "mmrm",
  multiplicity = "multiplicity",
  oddsratio = "two_proportions",
  padjust = "padjust",
  peto_prentice = "peto_prentice",
  proportion = "proportion",
  random = "random",
  rawfiles = "rawfiles",
  rate = "rate",
  rateratio = "rate",
  read = "read",
  report = "document.report",
  rerandomise = "rerandomise",
  riskdiff = "two_proportions",
  riskratio = "two_proportions",
  rmst = "rmst",
  round = "elementwise",
  run = "endpoint",
  sap = "endpoint",
  sessioninfo = "sessioninfo",
  sign_test = "rank",
  signed_rank = "rank",
  smd = "smd",
  sql = "sql",
  sqrt = "elementwise",
  study = "study",
  tobit = "tobit",
  tour = "tour",
  trial = "trial",
  ttest = "ttest",
  tukey = "multiple",
  van_elteren = "group_rank",
  why = "endpoint.why",
  wilcoxon = "rank",
  winratio = "winratio",
}

dofile = nil -- ours looks beside the file that calls it

local function names()
  local list = {}
  for name in pairs(home) do list[#list + 1] = name end
  for name in pairs(_G) do
    if type(name) == "string" and not name:find "^_" then
      list[#list + 1] = name
    end
  end
  table.sort(list)
  return list
end

-- "s:import(...)" of import, or "s.lab" of lab, where the study that is open has
-- such a verb or table; only asked for when a name is unknown.
local function of_study(name)
  local module = package.loaded["trialsh.study"]
  if not module then return nil end
  local at, open = "s", rawget(_G, "s")
  if not module.is(open) then open = module.current() end
  for key, value in next, _G do
    if rawequal(value, open) and type(key) == "string" and key ~= "_" then
      at = key
    end
  end
  if not open then return nil end
  if module.methods[name] then return ("%s:%s(...)"):format(at, name) end
  local ok, tables = pcall(function()
    return module.inner(open):tables_list()
  end)
  if ok and tables[name] then return ("%s.%s"):format(at, name) end
end

setmetatable(_G, { __index = function(_, name)
  local module = home[name]
  if module then
    local value = require("trialsh." .. module)[name]
    local limits = require "trialsh.limits"
    if limits.blind[name] then value = limits.guard(name, value) end
    if limits.blind[name] or name == "tobit" then value = limits.told(value) end
    rawset(_G, name, value)
    return value
  end
  local safe = package.loaded["trialsh.safe"]
  local lacks = safe and safe.lacks(name)
  if lacks then err.fail("refused", lacks) end
  -- libraries installed for Lua at large ask for names that may be unset
  local reader = debug.getinfo(2, "S")
  if reader and reader.source:find "^@/usr/[%w/]*/lua/5%.4/" then return nil end
  local ours = type(name) == "string" and of_study(name)
  if ours then
    err.fail("not found", ("no variable or function '%s'; the study has %s")
      :format(name, ours))
  end
  local advice = require "trialsh.elsewhere".advice(name)
  local near = not advice and text.nearest(name, names())
  err.fail("not found", ("no variable or function '%s'%s"):format(name,
    advice and "; " .. advice or near and "; nearest: " .. near or ""))
end })

-- table.summary{} and its sisters, in the table library of scripts
setmetatable(_G.table, {
  __index = function(library, name)
    return require "trialsh.table".find(library, name)
  end,
  __complete = function(library)
    return require "trialsh.table".names(library)
  end,
})

-- read.csv("x.csv"): a function has no fields.
debug.setmetatable(print, { __index = function(f, field)
  local name = require "trialsh.help".name_of(f)
  err.fail("type", name and ("%s is a function: write %s(...), not %s.%s")
    :format(name, name, name, tostring(field))
    or ("a function has no field %s"):format(tostring(field)))
end })

-- Columns are C; what Lua adds to them is loaded with its first use.
local cframe = require "ts.frame"
local function of_column(name)
  return function(...) return require "trialsh.column"[name](...) end
end
cframe.column_methods(of_column "get")
cframe.column_meta("paired", of_column "paired")
cframe.column_meta("__newindex", of_column "set")
cframe.column_meta("__lt", of_column "lt")
cframe.column_meta("__le", of_column "le")
cframe.column_meta("__tostring", of_column "show")
cframe.column_meta("__complete", of_column "complete")

return { home = home, names = names }
