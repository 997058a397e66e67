#!/usr/bin/env bash
# Fisher's test of a 3 x 4 table of 100, beside R.
set -eu
cd "$(dirname "$0")/../.."
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cat >"$dir/t.lua" <<'LUA'
local sets = { { "3 x 4 of 100", { { 8, 10, 5, 7 }, { 6, 9, 9, 8 },
  { 3, 7, 14, 14 } } }, { "4 x 4 of 104", { { 1, 3, 10, 6 }, { 2, 3, 10, 7 },
  { 1, 6, 14, 12 }, { 0, 1, 9, 11 } } } }
for _, set in ipairs(sets) do
  local start, p = os.clock(), nil
  for _ = 1, 50 do p = fisher(set[2]).p_value end
  print(("trialsh  fisher %-14s %9.2f ms  P = %.12g"):format(set[1],
    (os.clock() - start) / 50 * 1000, p))
end
LUA
"${B:-build}/trialsh" "$dir/t.lua"

if ! command -v Rscript >/dev/null; then
  echo "R        is not installed"
  exit
fi
cat >"$dir/t.R" <<'R'
a <- matrix(c(8, 10, 5, 7, 6, 9, 9, 8, 3, 7, 14, 14), 3, byrow = TRUE)
b <- matrix(c(1, 2, 1, 0, 3, 3, 6, 1, 10, 10, 14, 9, 6, 7, 12, 11), 4, 4)
for (set in list(list("3 x 4 of 100", a), list("4 x 4 of 104", b))) {
  s <- system.time(for (i in 1:50) p <- fisher.test(set[[2]])$p.value)
  cat(sprintf("R        fisher %-14s %9.2f ms  P = %.12g\n", set[[1]],
              sum(s[1:2]) / 50 * 1000, p))
}
R
Rscript "$dir/t.R"
