#!/usr/bin/env bash
# A model for repeated measures: UN, REML, Satterthwaite, 600 subjects at 6
# visits, beside nlme::gls, which has no degrees of freedom; and a trial of 27
# at 7 visits with its contrasts at each visit.
set -eu
cd "$(dirname "$0")/../.."
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
awk 'function normal() { return sqrt(-2 * log(1 - rand())) * cos(6.2831853 * rand()) }
  BEGIN { srand(7); print "USUBJID,AVISIT,TRT,BASE,Y"
  for (i = 1; i <= 600; i++) {
    u = normal(); b = normal(); out = rand() < 0.3 ? 1 + int(rand() * 6) : 7
    for (v = 1; v <= 6; v++) {
      u = 0.7 * u + 0.7 * normal()
      if (v < out)
        printf "S%04d,V%d,%s,%.6f,%.6f\n", i, v, substr("ABC", i % 3 + 1, 1), b, u + b / 2 + 0.3 * normal()
    }
  } }' >"$dir/t.csv"

cat >"$dir/t.lua" <<'LUA'
local data = read(arg[1]):collect()
local function time(what, n, f)
  f()
  local start = os.clock()
  local out
  for _ = 1, n do out = f() end
  print(("trialsh  %-28s %9.2f ms  %s"):format(what,
    (os.clock() - start) / n * 1000, out))
end
local formula = "Y ~ TRT * AVISIT + BASE * AVISIT"
time("600 x 6, coefficients", 5, function()
  return ("-2 log L %.6f"):format(mmrm(formula, data).neg2_log_lik)
end)
time("600 x 6, and contrasts", 5, function()
  local m = mmrm(formula, data)
  return ("df %.4f"):format(m:contrast("B vs A", { at = { AVISIT = "V6" } }).df)
end)
local few = data:where "USUBJID < 'S0028'":collect()
time("27 x 6, and contrasts", 20, function()
  local m = mmrm("Y ~ TRT * AVISIT + BASE", few)
  return ("df %.4f"):format(m:contrast("B vs A", { at = { AVISIT = "V6" } }).df)
end)
LUA
"${B:-build}/trialsh" "$dir/t.lua" "$dir/t.csv"

if ! command -v Rscript >/dev/null; then
  echo "R        is not installed"
  exit
fi
cat >"$dir/t.R" <<'R'
suppressMessages(library(nlme))
d <- read.csv(commandArgs(TRUE)[1], stringsAsFactors = TRUE)
d$V <- as.integer(d$AVISIT)
time <- function(what, formula, d) {
  s <- system.time(m <- gls(formula, d, correlation = corSymm(form = ~ V | USUBJID),
    weights = varIdent(form = ~ 1 | AVISIT), control = glsControl(opt = "optim", msMaxIter = 500)))
  cat(sprintf("R gls    %-28s %9.2f ms  -2 log L %.6f\n", what, sum(s[1:2]) * 1000,
              -2 * as.numeric(logLik(m))))
}
time("600 x 6", Y ~ TRT * AVISIT + BASE * AVISIT, d)
time("27 x 6", Y ~ TRT * AVISIT + BASE, droplevels(subset(d, as.character(USUBJID) < "S0028")))
R
Rscript "$dir/t.R" "$dir/t.csv"
