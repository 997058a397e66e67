#!/usr/bin/env bash
# A linear mixed model with random intercepts and slopes, 5,000 subjects of 8
# records, and one of 4,000 subjects of 4, crossed with 60 raters, beside lme4.
set -eu
cd "$(dirname "$0")/../.."
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
awk 'function normal() { return sqrt(-2 * log(1 - rand())) * cos(6.2831853 * rand()) }
  BEGIN { srand(11); print "USUBJID,DAY,TRT,Y"
  for (i = 1; i <= 5000; i++) {
    a = normal(); b = 0.3 * normal()
    for (d = 0; d < 8; d++)
      printf "S%05d,%d,%s,%.6f\n", i, d, substr("AB", i % 2 + 1, 1), 5 + a + (0.2 + b) * d + 0.5 * normal()
  } }' >"$dir/t.csv"
awk 'function normal() { return sqrt(-2 * log(1 - rand())) * cos(6.2831853 * rand()) }
  BEGIN { srand(12); print "USUBJID,RATER,DAY,TRT,Y"
  for (k = 1; k <= 60; k++) r[k] = 0.6 * normal()
  for (i = 1; i <= 4000; i++) {
    a = normal(); b = 0.3 * normal()
    for (d = 0; d < 4; d++) {
      k = 1 + int(60 * rand())
      printf "S%05d,R%02d,%d,%s,%.6f\n", i, k, d, substr("AB", i % 2 + 1, 1), 5 + a + (0.2 + b) * d + r[k] + 0.7 * normal()
    }
  } }' >"$dir/crossed.csv"

cat >"$dir/t.lua" <<'LUA'
local data = read(arg[1]):collect()
for _, df in ipairs { "Satterthwaite", "Kenward-Roger" } do
  local start = os.clock()
  local m = lmm("Y ~ DAY * TRT", data, { random = "~ DAY", df = df })
  print(("trialsh  %-14s %8.2f ms  -2 log L %.6f, df %.3f"):format(df,
    (os.clock() - start) * 1000, m.neg2_log_lik, m:term "DAY:TRTB".df))
end
data = read(arg[2]):collect()
local start = os.clock()
local m = lmm("Y ~ DAY * TRT", data, { random = { "~ DAY | USUBJID",
  "~ 1 | RATER" } })
print(("trialsh  %-14s %8.2f ms  -2 log L %.6f, df %.3f"):format("crossed",
  (os.clock() - start) * 1000, m.neg2_log_lik, m:term "DAY:TRTB".df))
LUA
"${B:-build}/trialsh" "$dir/t.lua" "$dir/t.csv" "$dir/crossed.csv"

if ! command -v Rscript >/dev/null; then
  echo "R        is not installed"
  exit
fi
cat >"$dir/t.R" <<'R'
suppressMessages(library(lme4))
time <- function(what, file, formula) {
  d <- read.csv(file, stringsAsFactors = TRUE)
  s <- system.time(m <- lmer(formula, d))
  cat(sprintf("lme4     %-14s %8.2f ms  -2 log L %.6f\n", what, sum(s[1:2]) * 1000,
              -2 * as.numeric(logLik(m))))
}
time("without df", commandArgs(TRUE)[1], Y ~ DAY * TRT + (DAY | USUBJID))
time("crossed", commandArgs(TRUE)[2], Y ~ DAY * TRT + (DAY | USUBJID) + (1 | RATER))
R
Rscript "$dir/t.R" "$dir/t.csv" "$dir/crossed.csv"
