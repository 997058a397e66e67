#!/usr/bin/env bash
# A linear model of 8 coefficients on 500,000 rows, beside R.
set -eu
cd "$(dirname "$0")/../.."
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
awk 'BEGIN { srand(7); print "y,x1,x2,x3,x4,x5,x6,x7"
  for (i = 0; i < 500000; i++) {
    s = ""; y = 1
    for (j = 1; j <= 7; j++) {
      x = sqrt(-2 * log(1 - rand())) * cos(6.283185307179586 * rand()) + (j == 7) * 50
      y += x / j; s = s sprintf(",%.12g", x)
    }
    printf "%.12g%s\n", y + rand() - rand(), s
  } }' >"$dir/t.csv"

cat >"$dir/t.lua" <<'LUA'
local d = read(arg[1])
local best, m = math.huge, nil
for _ = 1, 5 do
  local start = os.clock()
  m = lm("y ~ x1 + x2 + x3 + x4 + x5 + x6 + x7", d)
  best = math.min(best, os.clock() - start)
end
print(("trialsh  lm       %.3f s  x7 %.15g"):format(best, m:term "x7".estimate))
LUA
"${B:-build}/trialsh" "$dir/t.lua" "$dir/t.csv"

if ! command -v Rscript >/dev/null; then
  echo "R        is not installed"
  exit
fi
cat >"$dir/t.R" <<'R'
d <- read.csv(commandArgs(TRUE)[1])
best <- Inf
for (i in 1:5) {
  s <- system.time(m <- lm(y ~ x1 + x2 + x3 + x4 + x5 + x6 + x7, d))
  best <- min(best, s[["user.self"]] + s[["sys.self"]])
}
cat(sprintf("R        lm       %.3f s  x7 %s\n", best,
            format(coef(m)[["x7"]], digits = 15)))
R
Rscript "$dir/t.R" "$dir/t.csv"
