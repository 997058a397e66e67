#!/usr/bin/env bash
# describe by 150 groups on 1,000,000 rows, beside R.
set -eu
cd "$(dirname "$0")/../.."
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
awk 'BEGIN { srand(11); print "Y,G"
  for (i = 0; i < 1000000; i++)
    printf "%.6g,g%03d\n", exp(rand() + rand() + rand()), i * 7919 % 150
  }' >"$dir/t.csv"

cat >"$dir/t.lua" <<'LUA'
local d = read(arg[1])
local start = os.clock()
local t = describe("Y ~ G", d):tidy()
print(("trialsh  describe %.2f s  %d groups, medians sum to %.9g"):format(
  os.clock() - start, #t, t.median:sum()))
LUA
"${B:-build}/trialsh" "$dir/t.lua" "$dir/t.csv"

if ! command -v Rscript >/dev/null; then
  echo "R        is not installed"
  exit
fi
cat >"$dir/t.R" <<'R'
d <- read.csv(commandArgs(TRUE)[1], stringsAsFactors = TRUE)
s <- system.time(r <- do.call(rbind, tapply(d$Y, d$G, function(x) {
  q <- quantile(x, c(0.25, 0.5, 0.75), type = 2); l <- log(x); n <- length(x)
  z <- (x - mean(x)) / sd(x); k <- qbinom(0.025, n, 0.5)
  o <- sort(x)
  c(n, mean(x), sd(x), q, range(x), exp(mean(l)), exp(sd(l)),
    100 * sqrt(expm1(var(l))), t.test(x)$conf.int, exp(t.test(l)$conf.int),
    o[k], o[n - k + 1], mad(x, constant = 1), sum(z^3), sum(z^4))
})))
s <- sum(s[1:2])
cat(sprintf("R        describe %.2f s  %d groups, medians sum to %.9g\n", s,
            nrow(r), sum(r[, 5])))
R
Rscript "$dir/t.R" "$dir/t.csv"
