#!/usr/bin/env bash
# A million subjects in three arms: Kaplan-Meier and log-rank, beside R.
set -eu
cd "$(dirname "$0")/../.."
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
awk 'BEGIN { srand(7); print "T,E,ARM"
  for (i = 0; i < 1000000; i++) {
    a = -log(1 - rand()); c = -2 * log(1 - rand())
    printf "%.12g,%d,%s\n", a < c ? a : c, a < c, substr("ABC", i % 3 + 1, 1)
  } }' >"$dir/t.csv"

cat >"$dir/t.lua" <<'LUA'
local d = read(arg[1])
local function timed(what, f)
  local start = os.clock()
  local x = f()
  print(("trialsh  %-8s %.2f s  %s"):format(what, os.clock() - start, x))
end
timed("km", function()
  return "median of A " .. km("Surv(T, E) ~ ARM", d):median("A").estimate[1]
end)
timed("logrank", function()
  return "chi-square " .. logrank("Surv(T, E) ~ ARM", d).statistic
end)
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
  cat(sprintf("R        %-8s %.2f s  %s\n", what, s, x))
}
timed("survfit", function() {
  f <- survfit(Surv(T, E) ~ ARM, d, conf.type = "log-log")
  paste("median of A", format(quantile(f, 0.5)$quantile[1], digits = 12))
})
timed("survdiff", function()
  paste("chi-square", format(survdiff(Surv(T, E) ~ ARM, d)$chisq, digits = 12)))
R
Rscript "$dir/t.R" "$dir/t.csv"
