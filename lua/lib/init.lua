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
  demo = "demo",
  describe = "describe",
  dofile = "script",
  endpoint = "endpoint",
  exp = "elementwise",
  figure = "figure",
  fisher = "two_proportions",
  help = "help",
  jonckheere = "group_rank",
  km = "survival",
  kruskal = "group_rank",
  lm = "lm",
  ln = "elementwise",
  log = "elementwise",
  log10 = "elementwise",
  logrank = "survival",
  mcnemar = "contingency",
  oddsratio = "two_proportions",
  proportion = "proportion",
  read = "read",
  riskdiff = "two_proportions",
  riskratio = "two_proportions",
  round = "elementwise",
  run = "endpoint",
  sap = "endpoint",
  sign_test = "rank",
  signed_rank = "rank",
  sqrt = "elementwise",
  study = "study",
  trial = "trial",
  ttest = "ttest",
  van_elteren = "group_rank",
  wilcoxon = "rank",
}

dofile = nil -- ours looks beside the file that calls it

local function names()
  local list = {}
  for name in pairs(home) do list[#list + 1] = name end
  for name in pairs(_G) do
    if type(name) == "string" then list[#list + 1] = name end
  end
  table.sort(list)
  return list
end

setmetatable(_G, { __index = function(_, name)
  local module = home[name]
  if module then
    local value = require("trialsh." .. module)[name]
    rawset(_G, name, value)
    return value
  end
  -- libraries installed for Lua at large ask for names that may be unset
  local reader = debug.getinfo(2, "S")
  if reader and reader.source:find "^@/usr/[%w/]*/lua/5%.4/" then return nil end
  local near = text.nearest(name, names())
  err.fail("not found", ("no variable or function '%s'%s"):format(name,
    near and "; nearest: " .. near or ""))
end })

-- Columns are C; what Lua adds to them is loaded with its first use.
local cframe = require "ts.frame"
local function of_column(name)
  return function(...) return require "trialsh.column"[name](...) end
end
cframe.column_methods(of_column "get")
cframe.column_meta("paired", of_column "paired")
cframe.column_meta("__lt", of_column "lt")
cframe.column_meta("__le", of_column "le")
cframe.column_meta("__tostring", of_column "show")
cframe.column_meta("__complete", of_column "complete")

return { home = home, names = names }
