-- Names that other languages have, and what is written here: for who types them
-- first. Each is an error's hint, never a second name for the same thing.

local M = {}

local function each(words, advice, to)
  for word in words:gmatch "%S+" do to[word] = advice end
end

local functions = {}
each("ls who whos objects", ".tables lists the tables of a study, and its name "
  .. "alone does too", functions)
each("head tail View view", "data:head(6), with a colon", functions)
each("names colnames str glimpse contents attributes", "the name of the data "
  .. "alone shows them; .schema data lists columns", functions)
each("nrow length len NROW", "#data is the number of rows", functions)
each("ncol dim", "#data is the number of rows, .schema data lists columns",
  functions)
each("mean median sd var min max sum quantile std average avg",
  "data.COLUMN:mean() and its sisters, or summarise and describe", functions)
each("summary means freq tabulate", 'describe("AGE ~ TRT01P", data), or '
  .. 'data:count "SEX"', functions)
each("filter subset where", 'data:where "AGE > 60"', functions)
each("mutate transform within assign", 'data:mutate "NEW = AGE / 10"', functions)
each("group_by aggregate tapply ddply summarise summarize",
  'data:by "TRT01P":summarise "m = mean(AGE)"', functions)
each("arrange sort order", 'data:order "AGE desc"', functions)
each("merge left_join inner_join full_join join", 'data:join(other, "USUBJID")',
  functions)
each("pivot_wider spread reshape", "data:wider(names, values)", functions)
each("plot hist boxplot ggplot barplot points lines graph", 'figure.points { '
  .. 'data, y = "AVAL" }; ?figure lists them', functions)
each("library require_package install pacman use", "everything is there; help "
  .. "lists it", functions)
each("t ttest_ind TTEST t_test", "ttest", functions)
each("wilcox ranksum mannwhitney mannwhitneyu", "wilcoxon", functions)
each("chisq_test chi2 prop proptest", "chisq or riskdiff", functions)
each("survfit kaplan Surv", 'km("Surv(AVAL, CNSR == 0) ~ TRT01P", data)',
  functions)
each("survdiff", "logrank", functions)
each("coxph phreg stcox", 'cox("Surv(AVAL, CNSR == 0) ~ TRT01P", data)',
  functions)
each("aov reg regress", "lm", functions)
each("anova coef confint residuals predict emmeans lsmeans", "m = lm(...), then "
  .. "m:anova(), m:tidy(), m:means(), m:contrast(), m:predict()", functions)
each("binom binomial_test", "proportion { 5, 10 } is 5 events of 10", functions)
each("is", "x == NA asks whether a value is missing; in a condition, X is null",
  functions)
each("ifelse case_when iif", 'data:mutate "OLD = case when AGE >= 65 then \'Y\' '
  .. 'else \'N\' end"', functions)
each("paste paste0 concat", 'text is joined by .., in a condition by ||',
  functions)
each("getwd pwd dir", "!pwd and !ls, commands of the system", functions)
each("rm clear cls", "x = nil forgets a variable, Ctrl-L clears the screen",
  functions)
each("save write export write_csv to_csv", 's:export("adsl", "file.csv")',
  functions)
each("sapply lapply apply map", "for row in data:rows() do ... end", functions)
each("factor levels as", 'data:levels { SEX = { "F", "M" } } orders the values of '
  .. 'a column; data:mutate "X = cast(Y as real)" makes numbers', functions)
each("rbind cbind append bind_rows", "data:union(other) adds rows, "
  .. 'data:join(other, "USUBJID") columns', functions)
each("c list vector array", "a list stands in braces, { 1, 2, 3 }", functions)
each("cat echo printf display put", "print", functions)
each("source include", 'dofile "script.lua"', functions)
each("import load_csv readcsv fread read_csv proc_import infile", 'read "file.csv"'
  .. ', or s:import "file.csv" into a study', functions)
each("data_frame tibble DataFrame", "read makes data of a file", functions)
each("null None NULL NaN missing", "NA is a missing value, nil is nothing",
  functions)
each("TRUE True T", "true", functions)
each("FALSE False F", "false", functions)
each("setwd chdir cd", "start trialsh in the folder of the study", functions)
each("q bye logout", "quit", functions)
each("man doc info", "help, or ?name", functions)
each("set seed set_seed", "trialsh --seed N", functions)
each("proc run_sql", "select ...; runs SQL at the prompt, sql in a script",
  functions)

--- elsewhere.advice(name) -> text or nil
function M.advice(name)
  local absent = require "trialsh.absent".sentence(name)
  if absent then return absent end
  local advice = functions[name]
  if advice and advice:find "^%a+$" then return "nearest: " .. advice end
  if advice then return advice end
  -- columns, as ADaM names them
  if type(name) == "string" and name:find "^%u[%u%d_]+$" then
    return ('a column is named in text, data:where "%s > 0", or behind its table, '
      .. "data.%s"):format(name, name)
  end
end

return M
