#!/usr/bin/env bash
# Hazard ratios of 100,000 subjects: two arms, two covariates, ties by the day and 20
# strata, beside R; and the difference of restricted means.
set -eu
cd "$(dirname "$0")/../.."
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
awk 'BEGIN { srand(9); print "T,E,ARM,AGE,X,S"
  for (i = 0; i < 100000; i++) {
    b = i % 2; age = 40 + int(40 * rand()); x = rand()
    a = -log(1 - rand()) / exp(0.3 * b + 0.02 * (age - 60)); c = 0.7 - log(1 - rand())
    printf "%d,%d,%s,%d,%.6f,%d\n", 1 + 365 * (a < c ? a : c), a < c,
      b ? "B" : "A", age, x, int(20 * rand())
  } }' >"$dir/t.csv"

cat >"$dir/t.lua" <<'LUA'
local d = read(arg[1])
local function timed(what, f)
  local start = os.clock()
  local x = f()
  print(("trialsh  %-8s %.2f s  %.10g"):format(what, os.clock() - start, x))
end
local left = "Surv(T, E) ~ ARM"
timed("cox", function() return cox(left, d):term "ARMB".estimate end)
timed("adjusted", function()
  return cox(left .. " + AGE + X", d):term "ARMB".estimate
end)
timed("strata", function()
  return cox(left .. " + AGE + X + strata(S)", d):term "ARMB".estimate
end)
timed("rmst", function() return rmst(left, d, { horizon = 365 }).estimate end)
LUA
"${B:-build}/trialsh" "$dir/t.lua" "$dir/t.csv"

if ! command -v Rscript >/dev/null; then
  echo "R        is not installed"
  exit
fi
cat >"$dir/t.R" <<'R'
suppressMessages(library(survival))
d <- read.csv(commandArgs(TRUE)[1])
timed <- function(what, f) {
  s <- sum(system.time(x <- f())[1:2])
  cat(sprintf("R        %-8s %.2f s  %.10g\n", what, s, x))
}
hazard <- function(right) function()
  coef(coxph(as.formula(paste("Surv(T, E) ~", right)), d))[1]
timed("cox", hazard("ARM"))
timed("adjusted", hazard("ARM + AGE + X"))
timed("strata", hazard("ARM + AGE + X + strata(S)"))
timed("rmst", function() {
  m <- summary(survfit(Surv(T, E) ~ ARM, d), rmean = 365)$table[, "rmean"]
  m[2] - m[1]
})
R
Rscript "$dir/t.R" "$dir/t.csv"
