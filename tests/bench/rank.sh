#!/usr/bin/env bash
# Exact rank tests with ties, beside coin and exactRankTests.
set -eu
cd "$(dirname "$0")/../.."
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cat >"$dir/t.lua" <<'LUA'
local x, y = {}, {}
for i = 1, 45 do
  x[i] = math.floor(12 + 8 * math.sin(i) + i / 9)
  y[i] = math.floor(10 + 8 * math.cos(3 * i) + i / 12)
end
local groups = { { 3, 5, 5, 6, 8, 9, 9, 12 }, { 2, 4, 5, 5, 7, 8, 10 },
  { 7, 9, 11, 11, 12, 14, 15 } }
local function timed(what, times, f)
  local start, r = os.clock(), nil
  for _ = 1, times do r = f() end
  print(("trialsh  %-34s %9.4f s  P = %.10g"):format(what,
    (os.clock() - start) / times, r.p_value))
  return r
end
local opt = { two_sided = "absdev" }
timed("wilcoxon 45 + 45, absdev", 10, function() return wilcoxon(x, y, opt) end)
local r = timed("wilcoxon 45 + 45, central", 10, function()
  return wilcoxon(x, y)
end)
print(("         interval %g to %g"):format(r.conf_low, r.conf_high))
timed("kruskal 8 + 7 + 7", 10, function() return kruskal(groups) end)
LUA
"${B:-build}/trialsh" "$dir/t.lua"

if ! command -v Rscript >/dev/null; then
  echo "R        is not installed"
  exit
fi
cat >"$dir/t.R" <<'R'
i <- 1:45
x <- floor(12 + 8 * sin(i) + i / 9); y <- floor(10 + 8 * cos(3 * i) + i / 12)
timed <- function(what, f, p) {
  s <- sum(system.time(r <- f())[1:2])
  cat(sprintf("R        %-34s %9.4f s  P = %.10g\n", what, s, p(r)))
}
g <- factor(rep(1:2, each = 45))
have <- function(p) suppressMessages(suppressWarnings(require(p, quietly = TRUE,
  character.only = TRUE)))
if (have("coin")) {
  timed("coin, no interval", function()
    wilcox_test(c(x, y) ~ g, distribution = "exact"), pvalue)
  timed("coin, interval", function() { w <- wilcox_test(c(x, y) ~ g,
    distribution = "exact", conf.int = TRUE); confint(w); w }, pvalue)
}
if (have("exactRankTests"))
  timed("exactRankTests, interval", function()
    wilcox.exact(x, y, conf.int = TRUE), function(r) r$p.value)
# R has no exact Kruskal-Wallis: one table of counts and rank sums in arrays
y <- c(3, 5, 5, 6, 8, 9, 9, 12, 2, 4, 5, 5, 7, 8, 10, 7, 9, 11, 11, 12, 14, 15)
n <- c(8, 7, 7); g <- rep(1:3, n)
timed("arrays, kruskal 8 + 7 + 7", function() {
  r <- sort(2 * rank(y)); top <- sapply(n[1:2], function(m) sum(tail(r, m)))
  A <- array(0, c(n[1:2] + 1, top + 1)); A[1, 1, 1, 1] <- 1; d <- dim(A)
  for (v in r) {
    B <- A
    if (v < d[3]) B[-1, , (v + 1):d[3], ] <- B[-1, , (v + 1):d[3], ] +
      A[-d[1], , 1:(d[3] - v), ]
    if (v < d[4]) B[, -1, , (v + 1):d[4]] <- B[, -1, , (v + 1):d[4]] +
      A[, -d[2], , 1:(d[4] - v)]
    A <- B
  }
  A <- A[n[1] + 1, n[2] + 1, , ]
  at <- which(A > 0, arr.ind = TRUE) - 1; w <- A[A > 0]
  q <- at[, 1]^2 / n[1] + at[, 2]^2 / n[2] + (sum(r) - at[, 1] - at[, 2])^2 / n[3]
  own <- sum(tapply(2 * rank(y), g, sum)^2 / n)
  sum(w[q >= own - 1e-7]) / sum(w)
}, identity)
R
Rscript "$dir/t.R"
